// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/voice"
)

func TestSDP(t *testing.T) {
	// SPEC: PHN-020 PHN-021
	s, err := parseSDP([]byte("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=video 5000 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 8 0 97\r\nc=IN IP4 192.0.2.7\r\na=rtpmap:97 telephone-event/8000\r\na=sendonly\r\nm=audio 4002 RTP/SAVP 0\r\n"), inClear)
	if err != nil || s.to != netip.MustParseAddrPort("192.0.2.7:4000") || s.events != 97 || s.law != alawType || !s.held() {
		t.Fatalf("%+v %v", s, err)
	}
	ours := describe(sound, 1, 2, &s, nil, false)
	for _, want := range []string{"m=video 0 RTP/AVP 96\r\n", "m=audio 16384 RTP/AVP 8 97\r\n", "a=rtpmap:8 PCMA/8000\r\n", "a=recvonly\r\n", "m=audio 0 RTP/SAVP 0\r\n"} {
		if !strings.Contains(ours, want) {
			t.Errorf("our answer lacks %q:\n%s", want, ours)
		}
	}
	if ours := describe(sound, 1, 2, nil, nil, false); !strings.Contains(ours, "RTP/AVP 0 8 101\r\n") {
		t.Errorf("our offer does not name both laws:\n%s", ours)
	}
	if s, err := parseSDP([]byte(strings.ReplaceAll(theirSDP, "IN IP4 192.0.2.20", "IN IP4 0.0.0.0")), inClear); err != nil || !s.held() {
		t.Errorf("the old way of holding: %+v %v", s, err)
	}
	for _, bad := range []string{"", "v=0\r\n", strings.Replace(theirSDP, "AVP 0 8", "AVP 3 18", 1), strings.Replace(theirSDP, "audio 20000", "audio 0", 1), strings.Replace(theirSDP, "RTP/AVP", "RTP/SAVP", 1),
		strings.ReplaceAll(theirSDP, "IN IP4 192.0.2.20", "IN IP4 pbx.example"), strings.ReplaceAll(theirSDP, "192.0.2.20", "239.1.1.1"), theirSDP + strings.Repeat("a=x\r\n", maxSDP), theirSDP + strings.Repeat("m=audio 1 RTP/AVP 0\r\n", maxSections)} {
		if s, err := parseSDP([]byte(bad), inClear); err == nil {
			t.Errorf("taken: %+v of %.200q", s, bad)
		}
	}
}

func FuzzSDP(f *testing.F) {
	f.Add([]byte(theirSDP))
	f.Add([]byte(strings.Replace(theirSDP, "RTP/AVP", "RTP/SAVP", 1) + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat("A", 40) + "|2^31\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, sealed := range []string{inClear, mayBeSealed, isSealed} {
			s, err := parseSDP(b, sealed)
			if err != nil {
				continue
			}
			var key []byte
			if s.key != nil {
				key = newKey()
			}
			if again, err := parseSDP([]byte(describe(sound, 1, 1, &s, key, false)), sealed); err != nil || again.to != sound || len(again.sections) != len(s.sections) || !bytes.Equal(again.key, key) {
				t.Errorf("our answer to %q is not one: %v", b, err)
			}
		}
	})
}

// rtp makes a packet.
func rtp(kind uint8, seq uint16, at, source uint32, payload []byte) []byte {
	b := make([]byte, rtpHeader, rtpHeader+len(payload))
	b[0], b[1] = 2<<6, kind
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], at)
	binary.BigEndian.PutUint32(b[8:], source)
	return append(b, payload...)
}

// hearing is a telephone's sound without a socket.
func hearing() (m *media, frames *int, keys *string) {
	frames, keys = new(int), new(string)
	m = &media{trunk: pbxAt.Addr(), onFrame: func([]byte) { *frames++ }, onKey: func(k byte) { *keys += string(k) }}
	m.to.Store(&session{to: netip.MustParseAddrPort("192.0.2.30:4000"), events: 101, dir: "sendrecv"})
	return m, frames, keys
}

func TestPackets(t *testing.T) {
	// SPEC: PHN-030 PHN-032
	m, frames, keys := hearing()
	now, frame := began, make([]byte, frameSize)
	from := pbxAt
	take := func(b []byte) bool { now = now.Add(10 * time.Millisecond); return m.take(b, from, now) }
	for n := range uint16(4) {
		if !take(rtp(0, 65534+n, 0, 1, frame[:80])) { // a telephone that sends each 10 ms, over the end of its numbers
			t.Fatal("refused")
		}
	}
	if *frames != 2 {
		t.Errorf("%d frames of four halves", *frames)
	}
	for what, b := range map[string][]byte{"an older one": rtp(0, 1, 0, 1, frame), "another sender's": rtp(0, 9, 0, 2, frame), "another codec's": rtp(9, 10, 0, 1, frame), "none": {1, 2, 3}, "RTCP": append([]byte{2<<6 | 1, 201, 0, 7}, make([]byte, 28)...), "RTCP that is cut short": {2<<6 | 31, 200, 255, 255, 0, 0, 0, 1, 0, 0, 0, 0, 0}, "an empty one": rtp(0, 11, 0, 1, nil), "a key that is none": rtp(101, 12, 0, 1, []byte{77, 0, 0, 0})} {
		if take(b) {
			t.Errorf("taken: %s", what)
		}
	}
	from = netip.MustParseAddrPort("192.0.2.99:4000")
	if take(rtp(0, 20, 0, 1, frame)) {
		t.Error("taken: a stranger's")
	}
	from = netip.MustParseAddrPort("192.0.2.30:4002")
	for i, k := range []byte("**7867") {
		for rep := range uint16(5) { // each packet of a key says the same key
			code := strings.IndexByte("0123456789*#", k)
			take(rtp(101, uint16(30+10*i)+rep, uint32(i), 1, []byte{byte(code), byte(rep>>2) << 7, 0, 0}))
		}
	}
	if *keys != "**7867" || *frames != 2 {
		t.Errorf("keyed: %q, %d frames", *keys, *frames)
	}
	now = now.Add(time.Second)
	if !take(rtp(8, 200, 0, 1, bytes.Repeat([]byte{0xd5}, frameSize))) || *frames != 3 || m.in.part[1] != 0xfe {
		t.Errorf("silence in A-law is %d frames, %x", *frames, m.in.part[1:4])
	}
	now = now.Add(time.Second)
	if !take(rtp(0, 5, 0, 7, frame)) {
		t.Error("a sender that takes over after a pause is refused")
	}
	from = netip.MustParseAddrPort("192.0.2.30:4000")
	if !take(rtp(0, 1, 0, 8, frame)) {
		t.Error("the sender at the very place that the description names waits for a stray one")
	}
	from = pbxAt
	if take(rtp(0, 6, 0, 7, frame)) {
		t.Error("and the stray one is taken again")
	}
	from = netip.MustParseAddrPort("192.0.2.30:4000")
	if n := testing.AllocsPerRun(200, func() { now = now.Add(time.Second); m.take(rtpFixed[:], from, now) }); n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

var rtpFixed = [rtpHeader + frameSize]byte{0: 2 << 6, 11: 99}

// TestKeysAreHeard: the other end hears the two tones of a key as long as it is down, however far apart its packets come, and
// nothing of what the telephone sends beside it.
func TestKeysAreHeard(t *testing.T) {
	// SPEC: PHN-032
	for _, every := range []uint16{160, 400} { // 20 ms, 50 ms
		m, frames, keys := hearing()
		var heard []byte
		m.onFrame = func(f []byte) { *frames++; heard = append(heard, f...) }
		now, seq := began, uint16(0)
		take := func(b []byte) bool {
			seq++
			binary.BigEndian.PutUint16(b[2:], seq)
			return m.take(b, pbxAt, now)
		}
		last := uint16(8000) // a second
		for d := every; d <= last; d += every {
			now = now.Add(time.Duration(every) * time.Second / 8000)
			if !take(rtp(101, 0, 77, 1, []byte{5, 10, byte(d >> 8), byte(d)})) || !take(rtp(0, 0, uint32(d), 1, make([]byte, frameSize))) {
				t.Fatal("refused")
			}
		}
		for range 3 {
			take(rtp(101, 0, 77, 1, []byte{5, 0x8a, byte(last >> 8), byte(last)}))
		}
		if *frames != 50 || *keys != "5" {
			t.Fatalf("%d ms: %d frames of %q", every/8, *frames, *keys)
		}
		for _, hz := range []float64{770, 1336} {
			if db := voice.Goertzel(heard, hz); db < -13 || db > -11 {
				t.Errorf("%d ms: %.0f Hz is heard at %.1f dB", every/8, hz, db)
			}
		}
		if take(rtp(0, 0, 9000, 1, make([]byte, frameSize))); *frames != 51 {
			t.Error("what is said after a key is not heard")
		}
		for n := range 2000 { // a flood of keys of the longest kind
			take(rtp(101, 0, 1000+uint32(n), 1, []byte{5, 10, 255, 255}))
		}
		if *frames > 51+2000*keyAtOnce {
			t.Errorf("%d frames of 2000 packets", *frames)
		}
	}
	for i, key := range []byte("123A456B789C*0#D") {
		var f [voice.FrameBytes]byte
		toneOf(key, 0, &f)
		low, high := []float64{697, 770, 852, 941}[i/4], []float64{1209, 1336, 1477, 1633}[i%4]
		if a, b := voice.Goertzel(f[:], low), voice.Goertzel(f[:], high); a < -15 || b < -15 {
			t.Errorf("%c: %.1f and %.1f dB", key, a, b)
		}
	}
	// What keys sound like, said with the microphone, reaches the other end as it came, and is no key; the same keys as events are.
	m, _, keys := hearing()
	var heard []byte
	m.onFrame = func(f []byte) { heard = append(heard, f...) }
	var f [voice.FrameBytes]byte
	var said []byte
	for i, key := range []byte(stopKeys) {
		toneOf(key, 0, &f)
		said = append(said, f[:]...)
		m.take(rtp(0, uint16(1+i), uint32(i)*frameSize, 1, f[:]), pbxAt, began)
	}
	if *keys != "" || !bytes.Equal(heard, said) {
		t.Errorf("tones within sound are the keys %q, and %d of %d bytes are heard", *keys, len(heard), len(said))
	}
	for i, key := range []byte(stopKeys) {
		m.take(rtp(101, uint16(50+i), uint32(100+i)*frameSize, 1, []byte{byte(strings.IndexByte("0123456789*#", key)), 0x80, 0, 160}), pbxAt, began)
	}
	if *keys != stopKeys {
		t.Errorf("the events are the keys %q", *keys)
	}
}

func FuzzPacket(f *testing.F) {
	f.Add(rtp(0, 1, 1, 1, make([]byte, 160)), rtp(101, 2, 1, 1, []byte{10, 0, 0, 0}))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		m, frames, keys := hearing()
		m.take(a, pbxAt, began)
		m.take(b, pbxAt, began.Add(20*time.Millisecond))
		if *frames > (len(a)+len(b))/frameSize+2+2*keyAtOnce || len(*keys) > 2 {
			t.Errorf("%d frames and %q of two packets", *frames, *keys)
		}
	})
}

func TestNumbering(t *testing.T) {
	// SPEC: PHN-031
	var n voice.Numbering
	seq, at, fresh, ok := n.Place(5, 100, frameSize, 0)
	for i := range uint32(10) {
		s, a, f, o := n.Place(5, 101+i, frameSize, int64(20+20*i))
		if s != seq+uint16(i)+1 || a != at+160*(i+1) || f || !o || !fresh || !ok {
			t.Fatalf("frame %d: %d %d", i, s, a)
		}
	}
	s, a, _, _ := n.Place(5, 109, frameSize, 200) // late, in its own place
	if s != seq+9 || a != at+9*160 {
		t.Errorf("a late frame: %d %d", s-seq, a-at)
	}
	s, a, f, _ := n.Place(6, 0, frameSize, 700) // another source half a second later
	if s != seq+11 || a != at+10*160+25*160 || !f {
		t.Errorf("another source: %d %d %v", s-seq, (a-at)/160, f)
	}
	if _, _, _, ok := n.Place(6, 0xffffff00, frameSize, 720); ok {
		t.Error("a frame of long ago is placed")
	}
}

// TestMixed: two who speak at once are heard at once, each at his pitch.
func TestMixed(t *testing.T) {
	// SPEC: PHN-034
	ears, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer ears.Close()
	m, err := openMedia(&Config{Bind: netip.MustParseAddrPort("127.0.0.1:0"), Media: 39000}, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	m.to.Store(&session{to: ears.LocalAddr().(*net.UDPAddr).AddrPort(), dir: "sendrecv"})
	var heard []byte
	buf := make([]byte, 1500)
	for n := range uint32(60) {
		for source, hz := range map[byte]float64{2: 440, 2 * voice.Sources: 1000} {
			var b [frameSize]byte
			(voice.Tone{Hz: hz, LevelDB: -15}).Frame(n, &b)
			if err := m.WriteAt(1, source, n, b[:]); err != nil {
				t.Fatal(err)
			}
		}
		m.fill(time.Now())
	}
	for len(heard) < 50*frameSize {
		_ = ears.SetReadDeadline(time.Now().Add(5 * time.Second))
		k, err := ears.Read(buf)
		if err != nil {
			t.Fatalf("%d frames: %v", len(heard)/frameSize, err)
		}
		p, _ := readRTP(buf[:k])
		heard = append(heard, p.payload...)
	}
	heard = heard[10*frameSize:]
	for _, hz := range []float64{440, 1000} {
		if db := voice.Goertzel(heard, hz); db < -16.5 || db > -13.5 {
			t.Errorf("%.0f Hz is heard at %.1f dB", hz, db)
		}
	}
}

func TestKeypad(t *testing.T) {
	// SPEC: PHN-040
	type step struct {
		keys  string
		after time.Duration // before the first
		again bool
		said  string
	}
	for name, steps := range map[string][]step{
		"twice":               {{"**7867", 0, true, ""}, {"**7867", 3 * time.Second, false, stopKeys}},
		"something before it": {{"12***7867", 0, true, ""}, {"5**7867", time.Second, false, stopKeys}},
		"too late":            {{"**7867", 0, true, ""}, {"**7867", 30 * time.Second, true, ""}},
		"other keys":          {{"**7867", 0, true, ""}, {"**8378", time.Second, true, ""}, {"**8378", time.Second, false, testKeys}},
		"too slow":            {{"**78", 0, false, ""}, {"67", 6 * time.Second, false, ""}},
		"a slip":              {{"**7868", 0, false, ""}},
	} {
		var k keypad
		now := began
		for i, s := range steps {
			now = now.Add(s.after)
			again, said := false, ""
			for _, b := range []byte(s.keys) {
				now = now.Add(300 * time.Millisecond)
				if a, w := k.press(b, now); a || w != "" {
					again, said = a, w
				}
			}
			if again != s.again || said != s.said {
				t.Errorf("%s, step %d: %v %q", name, i, again, said)
			}
		}
	}
}

func TestGone(t *testing.T) {
	// SPEC: PHN-033
	m, _, _ := hearing()
	if m.gone(began, began.Add(29*time.Second), false) || !m.gone(began, began.Add(31*time.Second), false) {
		t.Error("a telephone that never sends")
	}
	m.take(rtp(0, 1, 0, 1, make([]byte, 160)), pbxAt, began)
	if m.gone(began, began.Add(9*time.Second), false) || !m.gone(began, began.Add(11*time.Second), false) {
		t.Error("a telephone that is gone")
	}
	held := *m.to.Load()
	held.dir = "sendonly"
	m.to.Store(&held)
	if m.gone(began, began.Add(time.Hour), false) {
		t.Error("a telephone on hold")
	}
	if m.gone(began, began.Add(time.Hour+9*time.Second), true) || !m.gone(began, began.Add(time.Hour+11*time.Second), true) {
		t.Error("a telephone that holds, of a trunk that is down")
	}
}
