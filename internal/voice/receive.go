// SPDX-License-Identifier: Apache-2.0

package voice

import "time"

const (
	// FrameTime is how much sound a frame holds.
	FrameTime = 20 * time.Millisecond
	// Window is how many frames back a copy is still known for one (2.5 s).
	Window = 128
	// Newest is how many frames a browser is given when many come at once: older ones would only
	// raise its own delay for the next quarter of a minute.
	Newest = 3
	// settleAfter frames behind the newest a frame cannot come in time any more.
	settleAfter = 8
	// jumpSlack is how far ahead of the clock a frame's number may be.
	jumpSlack = 250
)

// What is known of one frame number.
const (
	unseen byte = iota
	inTime
	tooLate
)

// receiver places frames in time. It is not safe for concurrent use: Port locks it.
type receiver struct {
	started       bool
	first, newest uint32
	seen          [Window]byte // by number modulo Window, for newest-Window < n ≤ newest
	origin        time.Time    // arrival of the first frame
	base          time.Duration
	lateSince     time.Time     // arrival of the first of a run of newest frames that were all too late
	leastLate     time.Duration // the least lateness in that run
	inLateRun     bool
	resync        bool // the next frame sets the schedule anew: the call was on hold

	settled uint32 // every number before it stands in run and worst
	run     int    // frames in a row that could not be played
	worst   int

	received, late, duplicates, strange uint64
}

// take places one frame; true says that it may be played.
//
// A frame's lateness is its arrival against the schedule of the earliest ones (base). More than
// Newest frames late is too late, which of a burst after a stall leaves the newest three. A burst
// is soon over: frames that go on being late for as long again have a slower path, or a sender
// that paused, and the schedule follows them.
//
// SPEC: VOX-002 VOX-003 VOX-004
func (r *receiver) take(seq uint32, at time.Time) bool {
	if !r.started {
		*r = receiver{started: true, first: seq, newest: seq, settled: seq, origin: at, received: 1}
		r.seen[seq%Window] = inTime
		return true
	}
	ahead := int32(seq - r.newest)
	switch {
	case ahead > 0:
		if int64(ahead) > int64(r.due(at)-r.newest)+jumpSlack {
			r.strange++
			return false
		}
		r.advance(seq)
	case ahead <= -Window || int32(seq-r.first) < 0:
		r.late++
		return false
	case r.seen[seq%Window] != unseen:
		r.duplicates++
		return false
	}
	r.received++
	lateness := at.Sub(r.origin) - time.Duration(seq-r.first)*FrameTime
	if r.onTime(lateness, at, ahead > 0) && int32(seq-r.settled) >= 0 {
		r.seen[seq%Window] = inTime
		return true
	}
	r.seen[seq%Window] = tooLate
	r.late++
	return false
}

// due is the number of the frame that should be arriving now, never less than the newest.
func (r *receiver) due(at time.Time) uint32 {
	n := (at.Sub(r.origin) - r.base) / FrameTime
	if n < 0 || int32(r.first+uint32(n)-r.newest) < 0 {
		return r.newest
	}
	return r.first + uint32(n)
}

// onTime judges a lateness and lets the schedule follow: at once to an earlier one, slowly to clock
// drift, and after Newest frames' time to what stays late.
func (r *receiver) onTime(lateness time.Duration, at time.Time, isNewest bool) bool {
	over := lateness - r.base
	switch {
	case over < 0, r.resync && isNewest:
		r.base, r.resync = lateness, false
	case over <= Newest*FrameTime:
		r.base += over / 256
	case !isNewest:
		return false
	case !r.inLateRun:
		r.inLateRun, r.lateSince, r.leastLate = true, at, lateness
		return false
	default:
		r.leastLate = min(r.leastLate, lateness)
		if at.Sub(r.lateSince) < Newest*FrameTime {
			return false
		}
		r.worst = max(r.worst, int((r.leastLate-r.base)/FrameTime))
		r.base = r.leastLate
		r.inLateRun = false
		return lateness-r.base <= Newest*FrameTime
	}
	if isNewest {
		r.inLateRun = false
	}
	return true
}

// advance makes seq the newest number; what falls out of reach is settled.
func (r *receiver) advance(seq uint32) {
	for n := r.newest + 1; ; n++ {
		for int32(n-r.settled) > settleAfter {
			r.settle(&r.run, &r.worst, r.settled)
			r.settled++
		}
		r.seen[n%Window] = unseen
		if n == seq {
			break
		}
	}
	r.newest = seq
}

func (r *receiver) settle(run, worst *int, n uint32) {
	if r.seen[n%Window] == inTime {
		*run = 0
		return
	}
	*run++
	*worst = max(*worst, *run)
}

// gap is the longest stretch without a frame to play, up to now, with the three frames that a
// browser holds back taken off. It changes nothing.
func (r *receiver) gap(at time.Time) time.Duration {
	if !r.started {
		return 0
	}
	run, worst := r.run, r.worst
	due := r.due(at)
	if r.resync {
		due = r.newest
	}
	for n := r.settled; int32(due-n) > Newest; n++ {
		if int32(n-r.newest) > 0 {
			worst = max(worst, run+int(due-n)-Newest)
			break
		}
		r.settle(&run, &worst, n)
	}
	return time.Duration(worst) * FrameTime
}

// lost counts the numbers between first and newest that never came; the newest few may still come.
func (r *receiver) lost(at time.Time) uint64 {
	if !r.started {
		return 0
	}
	span := uint64(r.newest-r.first) + 1
	for n := r.newest; n != r.first && r.newest-n < settleAfter && r.due(at)-n < settleAfter; n-- {
		if r.seen[n%Window] == unseen {
			span--
		}
	}
	return span - r.received
}
