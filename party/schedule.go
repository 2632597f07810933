// SPDX-License-Identifier: Apache-2.0

package party

import (
	"slices"
	"time"
)

// Schedule is when the line is checked.
type Schedule struct {
	Checks  []string `json:"checks"`  // UTC times of day, 09:00
	Officer int      `json:"officer"` // minutes that the officer's parts may take

	Changes []Change `json:"-" toml:"-"` // agreed since, oldest first: each holds from its time
}

// Change is another schedule from a time.
type Change struct {
	From time.Time
	Schedule
}

// At is the schedule that is in force at an instant.
//
// SPEC: TRM-006
func (s Schedule) At(t time.Time) Schedule {
	for _, c := range slices.Backward(s.Changes) {
		if !c.From.After(t) {
			return c.Schedule
		}
	}
	s.Changes = nil
	return s
}

// Window is the time that a check may take.
func (s Schedule) Window() time.Duration { return time.Duration(max(s.Officer, 1)) * time.Minute }

// Slots gives the scheduled times after from, up to and with to, oldest first.
//
// SPEC: CHK-001
func (s Schedule) Slots(from, to time.Time) (out []time.Time) {
	for i, part := range append([]Change{{Schedule: s}}, s.Changes...) {
		begin, end := from, to
		if i > 0 && begin.Before(part.From) {
			begin = part.From.Add(-1) // a slot at the very time is of the new schedule
		}
		if i < len(s.Changes) && !end.Before(s.Changes[i].From) {
			end = s.Changes[i].From.Add(-1)
		}
		out = append(out, part.slots(begin, end)...)
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.Compact(out)
}

func (s Schedule) slots(from, to time.Time) (out []time.Time) {
	for d := from.UTC().Truncate(24 * time.Hour); !d.After(to) && len(s.Checks) > 0; d = d.Add(24 * time.Hour) {
		for _, c := range s.Checks {
			if at, err := time.Parse("15:04", c); err == nil {
				if t := d.Add(time.Duration(at.Hour()*60+at.Minute()) * time.Minute); t.After(from) && !t.After(to) {
					out = append(out, t)
				}
			}
		}
	}
	return out
}

// Next is the first scheduled time after now; zero where the schedule is empty.
func (s Schedule) Next(now time.Time) time.Time {
	if ts := s.Slots(now, now.Add(48*time.Hour)); len(ts) > 0 {
		return ts[0]
	}
	return time.Time{}
}
