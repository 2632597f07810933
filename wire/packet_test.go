// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"net/netip"
	"testing"
	"time"
)

// SPEC: LNK-001
func TestLaneHeaderIsReadAsItWasWritten(t *testing.T) {
	b := make([]byte, LaneMin)
	PutLaneHeader(b, 5, 0xabcdef, 1<<40+7)
	if e, i, c, ok := ParseLaneHeader(b); e != 5 || i != 0xabcdef || c != 1<<40+7 || !ok {
		t.Error(e, i, c, ok)
	}
	for first := range 256 { // never QUIC (0x40, 0x80), STUN (0–3), ZRTP (16–19), DTLS (20–63)
		if IsLane(byte(first)) != (first >= 8 && first <= 15) {
			t.Error(first)
		}
	}
	if _, _, _, ok := ParseLaneHeader(b[:LaneMin-1]); ok {
		t.Error("too short")
	}
	if _, _, _, ok := ParseLaneHeader(append(b, make([]byte, LaneMax)...)); ok {
		t.Error("too long")
	}
}

// SPEC: LNK-010
func TestProbeIsReadAsItWasWritten(t *testing.T) {
	p := Probe{Heard: 1234 * time.Millisecond, Other: 7, OtherHeard: 160 * time.Millisecond, Stamp: 0xfffffe, Echo: 5,
		Hold: 300 * time.Millisecond, Tick: 20 * time.Millisecond, Commit: time.Minute, Clock: 1 << 31, Loss: 3, Voice: 255,
		Queue: 40 * time.Millisecond}
	b := AppendProbe(nil, p)
	if got, err := ParseProbe(b); len(b) != ProbeSize || err != nil || got != p {
		t.Errorf("%d %+v %v", len(b), got, err)
	}
	p.Heard, p.Tick, p.Hold = 100*time.Hour, 100*time.Hour, -5
	got, _ := ParseProbe(AppendProbe(nil, p))
	if got.Heard != 65535*time.Millisecond || got.Tick != 655350*time.Millisecond || got.Hold != 0 {
		t.Errorf("%+v", got)
	}
	if StampAge(5, 0xfffffe) != 7*ProbeUnit || StampAge(0xfffffe, 5) != -7*ProbeUnit {
		t.Error("stamps do not wrap")
	}
}

// SPEC: LNK-011
func TestVoiceIsReadAsItWasWritten(t *testing.T) {
	frames := [][]byte{bytes.Repeat([]byte{1}, 80), bytes.Repeat([]byte{2}, 255), {3}}
	b := AppendVoice(nil, 9, 3, 1<<31, 2)
	for _, f := range frames {
		b = AppendVoiceFrame(b, f)
	}
	v, err := ParseVoice(b)
	if err != nil || v.Call != 9 || v.Source != 3 || v.Seq != 1<<31 || v.N != 3 {
		t.Fatalf("%+v %v", v, err)
	}
	for i, f := range frames {
		if !bytes.Equal(v.Frames[i], f) {
			t.Error(i)
		}
	}
	for i := range b {
		if _, err := ParseVoice(b[:i]); err == nil {
			t.Error("cut at", i)
		}
	}
	if _, err := ParseVoice(append(b, 0)); err == nil {
		t.Error("longer")
	}
}

func FuzzLanePacket(f *testing.F) {
	f.Add([]byte("\x08\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01 and the rest of it"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, i, c, ok := ParseLaneHeader(b)
		if !ok {
			return
		}
		var h [LaneHeader]byte
		if PutLaneHeader(h[:], e, i, c); !bytes.Equal(h[:], b[:LaneHeader]) {
			t.Errorf("%x reads as %x", b[:LaneHeader], h)
		}
	})
}

func FuzzProbe(f *testing.F) {
	f.Add(AppendProbe(nil, Probe{Stamp: 1, Clock: 2}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := ParseProbe(b); err == nil && !bytes.Equal(AppendProbe(nil, p), b) {
			t.Errorf("%x reads as %+v", b, p)
		}
	})
}

func FuzzReport(f *testing.F) {
	f.Add(AppendReport(nil, []Sight{{Label: "1", Hears: true, From: netip.MustParseAddrPort("192.0.2.1:7443"), Sent: 7}, {Label: "sat", Deaf: true, Heard: time.Hour}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if ps, err := ParseReport(b); err == nil && !bytes.Equal(AppendReport(nil, ps), b) {
			t.Errorf("%x reads as %+v", b, ps)
		}
	})
}

func FuzzVoice(f *testing.F) {
	f.Add(AppendVoiceFrame(AppendVoice(nil, 1, 5, 2, 0), []byte("frame")))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseVoice(b)
		if err != nil {
			return
		}
		again := AppendVoice(nil, v.Call, v.Source, v.Seq, v.N-1)
		for i := range v.N {
			again = AppendVoiceFrame(again, v.Frames[i])
		}
		if !bytes.Equal(again, b) {
			t.Errorf("%x reads as %+v", b, v)
		}
	})
}
