// SPDX-License-Identifier: Apache-2.0

package voice

import (
	"slices"
	"sync"
	"time"
)

// RecallFor is how far back what the other end said can be heard again.
const RecallFor = time.Minute

// Recall keeps the last minute of what the other end said, in memory alone: of four speakers at once, no more. Keep is for
// the goroutines that hear; it costs no allocation.
type Recall struct {
	mu      sync.Mutex
	said    [Sources * int(RecallFor/FrameTime)]Recalled
	next    int
	wrapped bool // it has come round
}

// Recalled is a frame that was heard.
type Recalled struct {
	At     time.Time
	Seq    uint32
	Source byte
	n      byte
	data   [MaxFrame]byte
}

// Frame is its bytes.
func (s *Recalled) Frame() []byte { return s.data[:s.n] }

// Keep takes a copy of a frame.
func (r *Recall) Keep(source byte, seq uint32, frame []byte, at time.Time) {
	if len(frame) > MaxFrame {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.said[r.next]
	s.At, s.Seq, s.Source, s.n = at, seq, source, byte(len(frame))
	copy(s.data[:], frame)
	if r.next++; r.next == len(r.said) {
		r.next, r.wrapped = 0, true
	}
}

// Last gives what was heard in the last minute, the oldest first. SPEC: RCD-012
func (r *Recall) Last(now time.Time) []Recalled {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := slices.Clone(r.said[:r.next])
	if r.wrapped {
		out = append(slices.Clone(r.said[r.next:]), out...)
	}
	return slices.DeleteFunc(out, func(s Recalled) bool { return now.Sub(s.At) > RecallFor })
}
