// SPDX-License-Identifier: Apache-2.0

package voice

import (
	"slices"
	"time"
)

// The loop of the daily check: the near node sends a tone as numbered frames, the far node sends
// back every copy it gets under a number that also says over which path that copy came, and the
// near node measures each path by the copies that went and came over it.

// LoopPaths is how many paths a loop can tell apart, LoopFrames how long it may be.
const (
	LoopPaths  = 8
	LoopFrames = 512
)

// EchoSeq is the number under which the far node returns frame seq that came over its path; not
// ok where the number or the path is none of a loop's: such a frame is not returned.
//
// SPEC: VOX-012
func EchoSeq(path int, seq uint32) (echo uint32, ok bool) {
	if path < 0 || path >= LoopPaths || seq >= LoopFrames {
		return 0, false
	}
	return seq*LoopPaths + uint32(path), true
}

// Loop is the near end. It is not safe for concurrent use.
type Loop struct {
	tone  Tone
	sent  []time.Time
	limit int
	paths [LoopPaths]loopPath
}

type loopPath struct {
	back [LoopFrames]bool
	trip []time.Duration
	ear  Ear
}

// Looped is what one path did to the tone, out and back.
type Looped struct {
	Sent, Back int
	LossPct    float64
	RoundTrip  time.Duration // median
	Hz         float64
	LevelDB    float64 // as heard; the tone was sent at Loop's level
	Same       bool    // frequency within 1 Hz and level within 1 dB of what was sent
}

// NewLoop prepares a loop of that many frames of a tone; 100 is two seconds.
func NewLoop(tone Tone, frames int) *Loop {
	frames = min(max(frames, 0), LoopFrames)
	l := &Loop{tone: tone, limit: frames, sent: make([]time.Time, 0, frames)}
	for i := range l.paths {
		l.paths[i].trip = make([]time.Duration, 0, frames)
	}
	return l
}

// Next writes the next frame to send; false when all are out. The caller sends one each FrameTime.
func (l *Loop) Next(at time.Time, dst *[FrameBytes]byte) (seq uint32, ok bool) {
	if len(l.sent) == l.limit {
		return 0, false
	}
	seq = uint32(len(l.sent))
	l.sent = append(l.sent, at)
	l.tone.Frame(seq, dst)
	return seq, true
}

// Back takes a copy that came over our path; echo says over which path it had gone. Copies that
// changed path on the way say nothing of either and are ignored, as is anything never sent.
func (l *Loop) Back(path int, echo uint32, frame []byte, at time.Time) {
	seq := echo / LoopPaths
	if path < 0 || path >= LoopPaths || int(echo%LoopPaths) != path || int(seq) >= len(l.sent) {
		return
	}
	p := &l.paths[path]
	if p.back[seq] {
		return
	}
	p.back[seq] = true
	p.trip = append(p.trip, at.Sub(l.sent[seq]))
	p.ear.Hear(seq, frame)
}

// Result measures one path.
func (l *Loop) Result(path int) Looped {
	if path < 0 || path >= LoopPaths {
		return Looped{LevelDB: Silent}
	}
	p := &l.paths[path]
	r := Looped{Sent: len(l.sent), Back: len(p.trip), LevelDB: Silent}
	if r.Sent > 0 {
		r.LossPct = 100 * float64(r.Sent-r.Back) / float64(r.Sent)
	}
	if r.Back == 0 {
		return r
	}
	trips := slices.Sorted(slices.Values(p.trip))
	r.RoundTrip = trips[len(trips)/2]
	var ok bool
	r.Hz, r.LevelDB, ok = p.ear.Tone()
	r.Same = ok && abs(r.Hz-l.tone.Hz) <= 1 && abs(r.LevelDB-l.tone.LevelDB) <= 1
	return r
}

func abs(x float64) float64 { return max(x, -x) }
