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
	G722 = "g722" // between two telephones, opaque to a node: WideBytes a frame
	ULaw = "pcmu" // of telephones, and of what a node makes itself: tones
)

// WideBytes is the size of a frame of G.722: its RTP payload behind one byte of 0, so that its size tells it from G.711.
const WideBytes = FrameBytes + 1

// fits reports whether a frame may be of a codec, by its size.
func fits(codec string, size int) bool {
	return (size == FrameBytes) == (codec == ULaw) && (size == WideBytes) == (codec == G722)
}

// Meters are one direction's figures of a call, over all sources: what we sent, and what we heard of theirs.
type Meters struct {
	Sent         uint64
	Received     uint64 // different frames, late ones included
	Lost         uint64 // numbers that never came
	LongestGapMS int    // longest stretch with nothing to play of source 0, which speaks all the time
	Late         uint64 // came after their time
	Duplicates   uint64 // copies over another path
	Bytes        uint64
	NotConstant  uint64  // frames of another size than the first: sizes leak speech
	Strange      uint64  // numbers no sender can have reached, a source beyond the last, or too long
	LevelDB      float64 // µ-law only: of source 0's last second, 0 is a full-scale sine
}

// Silent is the level of no sound at all.
const Silent = -99

// Sources is how many speakers of one end are told apart: 0 is the desk that has the call.
const Sources = 4

// Port is one end of a call on the lane. Out is for one goroutine a source (its microphone), In for any
// number (its paths' readers); the rest may be called from anywhere. The zero Port is shut.
type Port struct {
	// gate is which call may send and be heard, and 0 for none. It is one word, read once a frame: closing it is
	// immediate, whoever holds which lock, and opening it for a call shuts every other one out.
	gate atomic.Uint32
	seq  [Sources]atomic.Uint32 // number of each source's next frame out

	mu    sync.Mutex // guards what is heard; held for one frame at a time, never with another lock
	heard [Sources]struct {
		rx   receiver
		size int
		ear  Ear
	}
	bytes   uint64
	odd     uint64
	alien   uint64 // frames too long, empty, or of a source that no call has
	codec   string
	changed bool      // in the call
	end     time.Time // when the call was closed; meters stand still from then
}

// Beside the number of the call, in a gate.
const (
	mayHear = 1 << 16
	maySend = 1 << 17
)

// locked does something under mu, and lets go of it whatever comes of that.
func (p *Port) locked(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// Open begins a call: meters at zero, frames numbered from zero, only this call let through.
func (p *Port) Open(call uint16, codec string) {
	p.gate.Store(0)
	p.locked(func() {
		clear(p.heard[:])
		p.bytes, p.odd, p.alien, p.codec, p.changed, p.end = 0, 0, 0, codec, false, time.Time{}
	})
	for i := range p.seq {
		p.seq[i].Store(0)
	}
	p.gate.Store(uint32(call) | mayHear | maySend)
}

// Use changes the codec of the call that is open; true: it was another.
//
// SPEC: CAL-021
func (p *Port) Use(codec string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.codec == codec {
		return false
	}
	p.codec, p.changed = codec, true
	for i := range p.heard {
		p.heard[i].size = 0
	}
	return true
}

// Allow changes what the open call may do: hold sends and hears nothing, a listener sends nothing.
// The time on hold is no gap.
func (p *Port) Allow(call uint16, send, hear bool) {
	p.locked(func() {
		for i := range p.heard {
			rx := &p.heard[i].rx
			rx.resync = rx.started
		}
	})
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
	p.locked(func() {
		if p.end.IsZero() {
			p.end = at
		}
	})
	return p.Meters(at)
}

// Out numbers a frame of a source of ours; false says that it goes nowhere.
//
// SPEC: VOX-001
func (p *Port) Out(source byte, size int) (call uint16, seq uint32, ok bool) {
	gate := p.gate.Load()
	if gate&maySend == 0 || size == 0 || size > MaxFrame || source >= Sources {
		return 0, 0, false
	}
	return uint16(gate), p.seq[source].Add(1) - 1, true
}

// In takes a frame off the lane; true says that the desk should play it. Every copy of every frame
// comes through here.
//
// SPEC: VOX-006 VOX-007 VOX-008
func (p *Port) In(call uint16, source byte, seq uint32, frame []byte, at time.Time) bool {
	gate := p.gate.Load()
	if gate == 0 || uint16(gate) != call {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(frame) == 0 || len(frame) > MaxFrame || source >= Sources {
		p.alien++
		return false
	}
	of := &p.heard[source]
	before := of.rx.received
	play := of.rx.take(seq, at)
	if gate&mayHear == 0 { // it was on its way when the call was held: it is not lost, and not heard
		play, of.rx.resync = false, of.rx.started
	}
	if of.rx.received == before {
		return false
	}
	p.bytes += uint64(len(frame))
	if !fits(p.codec, len(frame)) && (p.changed || p.codec != ULaw) {
		return false // while a call changes its codec, frames of both are on their way
	}
	if of.size == 0 {
		of.size = len(frame)
	} else if of.size != len(frame) {
		p.odd++
	}
	if p.codec == ULaw {
		of.ear.Hear(seq, frame)
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
	first := &p.heard[0]
	m := Meters{LongestGapMS: int(first.rx.gap(at) / time.Millisecond), Bytes: p.bytes, NotConstant: p.odd, Strange: p.alien, LevelDB: first.ear.Level()}
	for i := range p.heard {
		rx := &p.heard[i].rx
		m.Sent += uint64(p.seq[i].Load())
		m.Received += rx.received
		m.Lost += rx.lost(at)
		m.Late += rx.late
		m.Duplicates += rx.duplicates
		m.Strange += rx.strange
	}
	return m
}

// Heard measures the tone in the last second of a source's µ-law; not ok where there was none.
func (p *Port) Heard(source byte) (hz, levelDB float64, ok bool) {
	var ear Ear
	p.locked(func() { ear = p.heard[source].ear })
	return ear.Tone()
}

func decibel(amplitude float64) float64 {
	if amplitude < 1 {
		return Silent
	}
	return max(Silent, 20*math.Log10(amplitude/fullScale))
}
