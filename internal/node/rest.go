// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
)

// idleTick is how long a line that waits for nothing goes without a look at its clocks: what is overdue is seen so late at
// most.
const idleTick = 5 * time.Minute

// after runs f in the loop once d has passed.
func (l *Line) after(d time.Duration, f func()) { l.cfg.After(d, func() { l.post(f) }) }

// Rest reports whether all that has happened to the line is dealt with, and by when it is to have its next tick. Who gives
// it its ticks skips the time between. SPEC: NOD-028
func (l *Line) Rest() (quiet bool, next time.Time) {
	_ = l.between(context.Background(), func() {
		quiet = len(l.events)+len(l.more)+len(l.link.Events())+len(l.disk.waiting) == 0 && !l.disk.reopening && !l.recalls
		since := l.tickWall
		live := l.checks.m.Live(since)
		next = since.Add(idleTick)
		switch {
		case live.Slot != check.Slot{}, l.calls.m.Live().State != call.Idle, len(l.got) > 0, l.disk.dead != nil, l.joining != nil && len(l.joining.todo) > 0:
			next = since.Add(tickEvery)
		case !live.Due.IsZero() && live.Due.Before(next):
			next = live.Due
		}
	})
	return quiet, next
}
