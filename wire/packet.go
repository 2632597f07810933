// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"
)

// A lane packet on the wire (spec/link.md):
//
//	0      0x08 + epoch (0–7): neither QUIC, STUN, ZRTP nor DTLS
//	1–3    index, chosen by the receiver
//	4–11   counter, big endian, never used twice under a key
//	12–    sealed: kind, then what the kind says
//	last 16  tag of ChaCha20-Poly1305; bytes 0–11 are its additional data
const (
	LaneFirst   = 0x08 // first byte of epoch 0
	LaneEpochs  = 8
	LaneHeader  = 12
	LaneTag     = 16
	LaneMax     = 1200                               // bytes of UDP payload
	LanePayload = LaneMax - LaneHeader - LaneTag - 1 // what a kind may carry
	LaneMin     = LaneHeader + 1 + LaneTag           // a kind alone
)

// Kinds of a lane packet. Those below 16 are the link's own; the others carry a payload of the node.
const (
	LaneVoice     byte = 1
	LaneProbe     byte = 2
	LaneChallenge byte = 3
	LaneResponse  byte = 4
	LaneBye       byte = 5
	LaneWide      byte = 6 // a number, and as much behind it as a packet may hold: does it pass?
	LaneReport    byte = 7
	LaneSignal    byte = 16 // calls, the first copy of a STOP, letters, unrecorded
	LaneUrgent    byte = 17 // a piece of an urgent statement
	LaneReceipt   byte = 18
)

// IsLane reports whether a UDP payload that begins with b is a lane packet.
func IsLane(b byte) bool { return b&^(LaneEpochs-1) == LaneFirst }

// PutLaneHeader writes the first twelve bytes of a packet.
func PutLaneHeader(b []byte, epoch byte, index uint32, counter uint64) {
	_ = b[LaneHeader-1]
	b[0] = LaneFirst + epoch&(LaneEpochs-1)
	b[1], b[2], b[3] = byte(index>>16), byte(index>>8), byte(index)
	binary.BigEndian.PutUint64(b[4:], counter)
}

// ParseLaneHeader reads them; ok is false for anything that cannot be a lane packet.
// SPEC: LNK-001
func ParseLaneHeader(b []byte) (epoch byte, index uint32, counter uint64, ok bool) {
	if len(b) < LaneMin || len(b) > LaneMax || !IsLane(b[0]) {
		return 0, 0, 0, false
	}
	return b[0] - LaneFirst, uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]), binary.BigEndian.Uint64(b[4:]), true
}

// ErrPacket says that the opened body of a lane packet is malformed.
var ErrPacket = errors.New("malformed lane packet")

// ProbeSize is the whole sealed body of a probe, kind included: ten a second are 6.4 kbit/s on IPv4, 8 on IPv6.
const ProbeSize = 24

// ProbeUnit is the resolution of the stamps of a probe.
const ProbeUnit = 100 * time.Microsecond

const stampMask = 1<<24 - 1

// Probe says what its sender hears and how it is.
type Probe struct {
	Heard      time.Duration // since the sender heard anything of this path; up to 65 s
	Other      byte          // low byte of the addressee's index of another path
	OtherHeard time.Duration // the same of that path; up to 4 s
	Stamp      uint32        // sender's clock in ProbeUnit, 24 bits
	Echo       uint32        // newest stamp that it got of this path
	Hold       time.Duration // how long ago that was; up to 6.5 s, and then not to be used
	Tick       time.Duration // age of the loop's last tick, up to 655 s
	Commit     time.Duration // age of the last commit, up to 655 s
	Clock      uint32        // sender's wall clock, Unix seconds
	Loss       byte          // of this path towards the sender, in 1/255
	Voice      byte          // of voice towards the sender, merged over all paths, without redundancy
	Queue      time.Duration // one-way delay over its own minimum, up to 1 s
}

// AppendProbe appends the body of p, kind included.
func AppendProbe(b []byte, p Probe) []byte {
	b = append(b, LaneProbe)
	b = binary.BigEndian.AppendUint16(b, units(p.Heard, time.Millisecond))
	b = append(b, p.Other, small(p.OtherHeard, 16*time.Millisecond))
	b = append(b, byte(p.Stamp>>16), byte(p.Stamp>>8), byte(p.Stamp))
	b = append(b, byte(p.Echo>>16), byte(p.Echo>>8), byte(p.Echo))
	b = binary.BigEndian.AppendUint16(b, units(p.Hold, ProbeUnit))
	b = binary.BigEndian.AppendUint16(b, units(p.Tick, 10*time.Millisecond))
	b = binary.BigEndian.AppendUint16(b, units(p.Commit, 10*time.Millisecond))
	b = binary.BigEndian.AppendUint32(b, p.Clock)
	return append(b, p.Loss, p.Voice, small(p.Queue, 4*time.Millisecond))
}

// ParseProbe reads the body of a probe, kind included.
// SPEC: LNK-010
func ParseProbe(b []byte) (Probe, error) {
	if len(b) != ProbeSize || b[0] != LaneProbe {
		return Probe{}, ErrPacket
	}
	at := func(i int, unit time.Duration) time.Duration {
		return time.Duration(binary.BigEndian.Uint16(b[i:])) * unit
	}
	return Probe{
		Heard: at(1, time.Millisecond), Other: b[3], OtherHeard: time.Duration(b[4]) * 16 * time.Millisecond,
		Stamp: uint32(b[5])<<16 | uint32(b[6])<<8 | uint32(b[7]),
		Echo:  uint32(b[8])<<16 | uint32(b[9])<<8 | uint32(b[10]),
		Hold:  at(11, ProbeUnit), Tick: at(13, 10*time.Millisecond), Commit: at(15, 10*time.Millisecond),
		Clock: binary.BigEndian.Uint32(b[17:]), Loss: b[21], Voice: b[22], Queue: time.Duration(b[23]) * 4 * time.Millisecond,
	}, nil
}

// Stamp is the 24-bit stamp of a moment on the sender's clock.
func Stamp(since time.Duration) uint32 { return uint32(since/ProbeUnit) & stampMask }

// StampAge is the time between two stamps less than 14 minutes apart; negative if then is the later.
func StampAge(now, then uint32) time.Duration {
	d := (now - then) & stampMask
	if d > stampMask/2 {
		return time.Duration(int64(d)-(stampMask+1)) * ProbeUnit
	}
	return time.Duration(d) * ProbeUnit
}

func units(d, unit time.Duration) uint16 { return uint16(min(max(d/unit, 0), 65535)) }
func small(d, unit time.Duration) byte   { return byte(min(max(d/unit, 0), 255)) }

// Voice: call (2), source (1), newest frame (4), k (1), then k+1 × (length (1), frame), newest first.
const (
	VoiceHeader  = 9
	VoiceSources = 4 // speakers of one end, told apart by their source: 0 is the desk that has the call
	VoiceMaxK    = 3
	VoiceMaxData = 255
)

// AppendVoice appends the head of a voice packet, kind included; AppendVoiceFrame follows k+1 times.
func AppendVoice(b []byte, call uint16, source byte, seq uint32, k int) []byte {
	b = append(b, LaneVoice, byte(call>>8), byte(call), source)
	b = binary.BigEndian.AppendUint32(b, seq)
	return append(b, byte(k))
}

// AppendVoiceFrame appends one frame of at most VoiceMaxData bytes.
func AppendVoiceFrame(b, frame []byte) []byte {
	return append(append(b, byte(len(frame))), frame...)
}

// Voice is an opened voice packet; its frames lie in the packet's own bytes.
type Voice struct {
	Call   uint16
	Source byte
	Seq    uint32 // of Frames[0]; Frames[i] is Seq-i
	N      int
	Frames [VoiceMaxK + 1][]byte
}

// ParseVoice reads the body of a voice packet, kind included.
// SPEC: LNK-011
func ParseVoice(b []byte) (v Voice, err error) {
	if len(b) < VoiceHeader || b[0] != LaneVoice || b[8] > VoiceMaxK {
		return v, ErrPacket
	}
	v.Call, v.Source, v.Seq, v.N = binary.BigEndian.Uint16(b[1:]), b[3], binary.BigEndian.Uint32(b[4:]), int(b[8])+1
	b = b[VoiceHeader:]
	for i := range v.N {
		if len(b) < 1 || len(b) < 1+int(b[0]) || b[0] == 0 {
			return Voice{}, ErrPacket
		}
		v.Frames[i] = b[1 : 1+int(b[0])]
		b = b[1+int(b[0]):]
	}
	if len(b) != 0 {
		return Voice{}, ErrPacket
	}
	return v, nil
}

// Sight is what one end says of one path: the other end cannot know it by itself.
type Sight struct {
	Label   string         `json:"-"`
	Hears   bool           `json:"hears"`            // it hears the other end there
	Deaf    bool           `json:"deaf,omitempty"`   // it cannot listen at its own address
	From    netip.AddrPort `json:"from,omitzero"`    // where it finds the other end; zero: nowhere yet
	Heard   time.Duration  `json:"heard,omitempty"`  // since it heard anything there, to the second; 65,535 s: longer, or never
	Knocked time.Duration  `json:"knocked,omitzero"` // the same of a greeting from the path's far address
	Sent    uint16         `json:"-"`                // number of its newest wide packet
	Got     uint16         `json:"-"`                // of the newest of the other end's that it got
	At      time.Time      `json:"at,omitzero"`      // when it said so, on the clock of who was told; not on the wire
}

// maxReports paths are as many as a line has, with labels that are no longer than a name.
const (
	maxReports = 16
	maxLabel   = 16
)

// AppendReport appends the body of a report, kind included: of each path label (1+n) · flags (1) · sent (2) · got (2) · heard, s
// (2) · greeted, s (2) · port (2) · address (1+n).
func AppendReport(b []byte, paths []Sight) []byte {
	b = append(b, LaneReport)
	for _, p := range paths[:min(len(paths), maxReports)] {
		flags := byte(0)
		if p.Hears {
			flags |= 1
		}
		if p.Deaf {
			flags |= 2
		}
		label := p.Label[:min(len(p.Label), maxLabel)]
		b = append(append(append(b, byte(len(label))), label...), flags)
		for _, n := range []uint16{p.Sent, p.Got, units(p.Heard, time.Second), units(p.Knocked, time.Second), p.From.Port()} {
			b = binary.BigEndian.AppendUint16(b, n)
		}
		a := p.From.Addr().Unmap().AsSlice()
		b = append(append(b, byte(len(a))), a...)
	}
	return b
}

// ParseReport reads the body of a report, kind included.
// SPEC: LNK-047
func ParseReport(b []byte) (paths []Sight, err error) {
	if len(b) < 1 || b[0] != LaneReport {
		return nil, ErrPacket
	}
	for b = b[1:]; len(b) > 0; {
		n := int(b[0])
		if n > maxLabel || len(b) < n+13 || len(paths) == maxReports {
			return nil, ErrPacket
		}
		p := Sight{Label: string(b[1 : 1+n]), Hears: b[1+n]&1 != 0, Deaf: b[1+n]&2 != 0}
		at := func(i int) uint16 { return binary.BigEndian.Uint16(b[2+n+2*i:]) }
		p.Sent, p.Got, p.Heard, p.Knocked = at(0), at(1), time.Duration(at(2))*time.Second, time.Duration(at(3))*time.Second
		port, size := at(4), int(b[n+12])
		if b[1+n] > 3 || len(b) < n+13+size {
			return nil, ErrPacket
		}
		a, ok := netip.AddrFromSlice(b[n+13 : n+13+size])
		if ok != (size > 0) || a != a.Unmap() || !ok && port != 0 {
			return nil, ErrPacket
		}
		if ok {
			p.From = netip.AddrPortFrom(a, port)
		}
		b, paths = b[n+13+size:], append(paths, p)
	}
	return paths, nil
}

// PathState is how one path of a line stands: the link measures it, a board shows it.
type PathState struct {
	Label         string         `json:"label"`
	WeHear        bool           `json:"we_hear"`   // something authentic came within 2.0 s
	TheyHear      bool           `json:"they_hear"` // they say the same of us, and said so within 2.0 s
	Since         time.Time      `json:"since,omitzero"`
	RTTms         float64        `json:"rtt_ms,omitempty"`
	LossPct       float64        `json:"loss_pct,omitempty"` // of what they send
	LastHeard     time.Time      `json:"last_heard,omitzero"`
	Knocked       time.Time      `json:"knocked,omitzero"`     // of a path that is not whole: when a greeting of theirs came from its far address
	NarrowOut     bool           `json:"narrow_out,omitempty"` // of what we send, packets of full size do not arrive
	NarrowIn      bool           `json:"narrow_in,omitempty"`  // of what they send
	They          *Sight         `json:"they,omitempty"`       // what they last said of it; nil: nothing yet
	Word          string         `json:"word"`                 // in the reader's language, by who shows it
	Reason        string         `json:"reason,omitempty"`     // why nothing goes there, in words
	Local         netip.AddrPort `json:"-"`
	Remote        netip.AddrPort `json:"-"`
	Session       bool           `json:"-"` // there are keys
	Connected     bool           `json:"-"` // there is a living QUIC connection
	PeerTickAge   time.Duration  `json:"-"` // since the peer's loop last turned
	PeerCommitAge time.Duration  `json:"-"` // and since its last commit
	BitsOut       float64        `json:"-"` // a second, IP and UDP headers included, over the last second
	Goodbye       string         `json:"-"` // what the peer said when it left
	Shut          bool           `json:"-"` // our address cannot be listened on
	Why           error          `json:"-"` // why, or why nothing goes there; nil when it does
}
