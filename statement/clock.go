// SPDX-License-Identifier: Apache-2.0

package statement

import (
	"slices"
	"time"
)

// Clock is a step of an item that is due, or was.
type Clock struct {
	Step    string
	Due     time.Time
	Done    bool
	Overdue bool // not done and past due
	Late    bool // done after its time: overdue on arrival
}

// NewClock gives the clock of a step that is due and was done at these times.
func NewClock(step string, due time.Time, done []time.Time, now time.Time) Clock {
	c := Clock{Step: step, Due: due, Done: len(done) > 0}
	if c.Done {
		c.Late = slices.MinFunc(done, time.Time.Compare).After(due)
	} else {
		c.Overdue = now.After(due)
	}
	return c
}

// ahead is how far a receipt's time may lie ahead of our clock: what alarm A6 lets pass.
const ahead = 30 * time.Second

// Begun is when the clocks begin that run from a receipt. One that is dated ahead would keep them from ever
// running out: then they run from recorded.
func Begun(held, recorded, now time.Time) time.Time {
	if held.After(now.Add(ahead)) {
		return recorded
	}
	return held
}
