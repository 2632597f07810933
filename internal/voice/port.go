// SPDX-License-Identifier: Apache-2.0

package voice

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// MaxFrame is the longest frame that the lane carries; a browser's are 80 bytes, a tone's 160.
const MaxFrame = 200

// What a call's frames are, as its answer says.
const (
	Opus = "opus" // between browsers, constant bit rate; opaque to a node
	ULaw = "pcmu" // what a node makes itself: tones
)

// Meters are one direction's figures of a call: what we sent, and what we heard of theirs.
type Meters struct {
	Sent         uint64
	Received     uint64 // different frames, late ones included
	Lost         uint64 // numbers that never came
	LongestGapMS int    // longest stretch with nothing to play
	Late         uint64 // came after their time
	Duplicates   uint64 // copies over another path
	Bytes        uint64
	NotConstant  uint64  // frames of another size than the first: sizes leak speech
	Strange      uint64  // numbers no sender can have reached, or too long
	LevelDB      float64 // µ-law only: of the last second, 0 is a full-scale sine
}

// Silent is the level of no sound at all.
const Silent = -99

// Port is one desk's end of the lane. Out is for one goroutine (its microphone), In for any
// number (its paths' readers); the rest may be called from anywhere. The zero Port is shut.
type Port struct {
	// gate is which call may send and be heard, and 0 for none. It is one word, read once a frame: closing it is
	// immediate, whoever holds which lock, and opening it for a call shuts every other one out.
	gate atomic.Uint32
	seq  atomic.Uint32 // number of the next frame out

	mu    sync.Mutex // guards what is heard; held for one frame at a time, never with another lock
	rx    receiver
	size  int
	bytes uint64
	odd   uint64
	long  uint64
	codec string
	ear   Ear
	end   time.Time // when the call was closed; meters stand still from then
}

// Beside the number of the call, in a gate.
const (
	mayHear = 1 << 16
	maySend = 1 << 17
)

// Open begins a call: meters at zero, frames numbered from zero, only this call let through.
func (p *Port) Open(call uint16, codec string) {
	p.gate.Store(0)
	p.mu.Lock()
	p.rx, p.size, p.bytes, p.odd, p.long, p.codec = receiver{}, 0, 0, 0, 0, codec
	p.end = time.Time{}
	p.ear = Ear{}
	p.mu.Unlock()
	p.seq.Store(0)
	p.gate.Store(uint32(call) | mayHear | maySend)
}

// Allow changes what the open call may do: hold sends and hears nothing, a listener sends nothing.
// The time on hold is no gap.
func (p *Port) Allow(call uint16, send, hear bool) {
	p.mu.Lock()
	p.rx.resync = p.rx.started
	p.mu.Unlock()
	w := uint32(call)
	if send {
		w |= maySend
	}
	if hear {
		w |= mayHear
	}
	p.gate.Store(w)
}

// Close shuts the gate at once and gives the call's figures, which stand still from then on.
func (p *Port) Close(at time.Time) Meters {
	p.gate.Store(0)
	p.mu.Lock()
	if p.end.IsZero() {
		p.end = at
	}
	p.mu.Unlock()
	return p.Meters(at)
}

// Out numbers a frame of ours; false says that it goes nowhere.
//
// SPEC: VOX-001
func (p *Port) Out(size int) (call uint16, seq uint32, ok bool) {
	gate := p.gate.Load()
	if gate&maySend == 0 || size == 0 || size > MaxFrame {
		return 0, 0, false
	}
	return uint16(gate), p.seq.Add(1) - 1, true
}

// In takes a frame off the lane; true says that the desk should play it. Every copy of every frame
// comes through here.
//
// SPEC: VOX-006 VOX-007
func (p *Port) In(call uint16, seq uint32, frame []byte, at time.Time) bool {
	if gate := p.gate.Load(); gate&mayHear == 0 || uint16(gate) != call {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(frame) == 0 || len(frame) > MaxFrame {
		p.long++
		return false
	}
	before := p.rx.received
	play := p.rx.take(seq, at)
	if p.rx.received == before {
		return false
	}
	p.bytes += uint64(len(frame))
	if p.size == 0 {
		p.size = len(frame)
	} else if p.size != len(frame) {
		p.odd++
	}
	if p.codec == ULaw {
		p.ear.Hear(seq, frame)
	}
	return play
}

// Meters gives the figures so far.
//
// SPEC: VOX-005
func (p *Port) Meters(at time.Time) Meters {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.end.IsZero() {
		at = p.end
	}
	return Meters{
		Sent: uint64(p.seq.Load()), Received: p.rx.received, Lost: p.rx.lost(at),
		LongestGapMS: int(p.rx.gap(at) / time.Millisecond), Late: p.rx.late, Duplicates: p.rx.duplicates,
		Bytes: p.bytes, NotConstant: p.odd, Strange: p.rx.strange + p.long, LevelDB: p.ear.Level(),
	}
}

// Heard measures the tone in the last second of µ-law; not ok where there was none.
func (p *Port) Heard() (hz, levelDB float64, ok bool) {
	p.mu.Lock()
	ear := p.ear
	p.mu.Unlock()
	return ear.Tone()
}

func decibel(amplitude float64) float64 {
	if amplitude < 1 {
		return Silent
	}
	return max(Silent, 20*math.Log10(amplitude/fullScale))
}
