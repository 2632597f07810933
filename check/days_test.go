// SPDX-License-Identifier: Apache-2.0

package check

import (
	"testing"
	"time"
)

// passedOn is a slot of the daily schedule that is over at both ends.
func passedOn(d int, outcome string) State {
	t := day(d, 9, 0)
	return State{Slot: Slot{By: "aurelia", ID: t.Format(slotForm)}, Due: t, Outcome: outcome, Ended: t.Add(time.Minute), Ends: make([]Account, 2)}
}

// Days are counted from the first slot that was due; today counts once it is over, or has passed.
// SPEC: CHK-012 CHK-020
func TestTestedDaysAreCountedFromTheFirstSlot(t *testing.T) {
	states := []State{passedOn(2, Passed), passedOn(3, Passed), passedOn(4, Failed), passedOn(6, Passed)}
	pending := passedOn(7, Pending)
	for _, c := range []struct {
		name                 string
		states               []State
		from, now            time.Time
		tested, days, streak int
		gap                  time.Duration
	}{
		{"nothing was due yet", nil, day(1, 12, 0), day(2, 8, 0), 0, 0, 0, 0},
		{"the first slot runs", []State{{Slot: pending.Slot, Due: pending.Due, Outcome: Pending, Ends: pending.Ends}}, day(6, 12, 0), day(7, 9, 5), 0, 0, 0, 5 * time.Minute},
		{"before today's slot", states, day(1, 12, 0), day(7, 8, 0), 3, 5, 1, 72 * time.Hour},
		{"while it runs", append(states, pending), day(1, 12, 0), day(7, 9, 5), 3, 5, 1, 72 * time.Hour},
		{"after it passed", append(states, passedOn(7, Passed)), day(1, 12, 0), day(7, 9, 5), 4, 6, 2, 72 * time.Hour},
		{"after nobody opened it", states, day(1, 12, 0), day(7, 10, 0), 3, 6, 0, 72 * time.Hour},
		{"long after", states, day(1, 12, 0), day(11, 8, 0), 3, 9, 0, 119 * time.Hour},
		{"since a later day", states, day(4, 0, 0), day(7, 8, 0), 1, 3, 1, 48 * time.Hour},
	} {
		f := Days(c.states, daily, nil, c.from, c.now)
		if f.Tested != c.tested || f.Days != c.days || f.Streak != c.streak || f.Gap[1].Sub(f.Gap[0]) != c.gap {
			t.Errorf("%s: tested %d of %d days, %d in a row, gap %v", c.name, f.Tested, f.Days, f.Streak, f.Gap[1].Sub(f.Gap[0]))
		}
	}
}
