// SPDX-License-Identifier: Apache-2.0

package voice

import (
	"slices"
	"time"
)

// LoopFrames is how many frames a loop has at most; a far node returns no higher number.
const LoopFrames = 512

// Loop is the near end of a check's loop over one path: it sends a tone as numbered frames, the far node returns each frame
// by the path that it came by, and what comes back is measured. It is not safe for concurrent use.
type Loop struct {
	Tone   Tone
	Frames int // 50 are a second

	sent []time.Time
	trip []time.Duration // there and back; -1 while the frame is not back
	ear  Ear
}

// Next writes the next frame to send; false when all are out. The caller sends one each FrameTime.
//
// SPEC: VOX-012
func (l *Loop) Next(at time.Time, dst *[FrameBytes]byte) (seq uint32, ok bool) {
	n := len(l.sent)
	if n == min(l.Frames, LoopFrames) {
		return 0, false
	}
	l.sent, l.trip = append(l.sent, at), append(l.trip, -1)
	l.Tone.Frame(uint32(n), dst)
	return uint32(n), true
}

// Back takes a frame that came back; what was never sent, or came before, is ignored.
func (l *Loop) Back(seq uint32, frame []byte, at time.Time) {
	if int(seq) < len(l.sent) && l.trip[seq] < 0 {
		l.trip[seq] = at.Sub(l.sent[seq])
		l.ear.Hear(seq, frame)
	}
}

// Result is what the path did to the tone: frames sent and back, the median round trip, and the tone as it came back.
func (l *Loop) Result() (sent, back int, trip time.Duration, hz, levelDB float64) {
	trips := slices.DeleteFunc(slices.Sorted(slices.Values(l.trip)), func(d time.Duration) bool { return d < 0 })
	if len(trips) > 0 {
		trip = trips[len(trips)/2]
	}
	hz, levelDB, _ = l.ear.Tone()
	return len(l.sent), len(trips), trip, hz, levelDB
}
