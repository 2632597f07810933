// SPDX-License-Identifier: Apache-2.0

package check

import (
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"time"

	"example.org/parley/statement"
)

const slotForm = "2006-01-02T15:04:05Z"

// Key is the slot as one text, the same as the key of its item.
func (s Slot) Key() string { return s.By + "#" + s.ID }

// Time is the time of a scheduled slot; ok is false for one that was asked for now.
func (s Slot) Time() (t time.Time, ok bool) {
	t, err := time.Parse(slotForm, s.ID)
	return t, err == nil && t.Format(slotForm) == s.ID
}

// validate says why a slot has neither of its two forms.
func (s Slot) validate() error {
	_, timed := s.Time()
	return statement.First(statement.Text("the slot's party", s.By, maxText),
		statement.If(!timed && (len(s.ID) != 32 || strings.Trim(s.ID, "0123456789abcdef") != ""), "%q names no slot", s.ID))
}

// nowSlot names a check that party asks for.
func nowSlot(party string, r io.Reader) (Slot, error) {
	var b [16]byte
	_, err := io.ReadFull(r, b[:])
	return Slot{By: party, ID: hex.EncodeToString(b[:])}, err
}

func (s Schedule) window() time.Duration { return time.Duration(max(s.Officer, 1)) * time.Minute }

// minutes gives the schedule's times of day, in minutes, sorted.
func (s Schedule) minutes() []int {
	var ms []int
	for _, c := range s.Checks {
		if t, err := time.Parse("15:04", c); err == nil {
			ms = append(ms, t.Hour()*60+t.Minute())
		}
	}
	slices.Sort(ms)
	return slices.Compact(ms)
}

// Slots gives the scheduled times after from, up to and with to.
//
// SPEC: CHK-001
func (s Schedule) Slots(from, to time.Time) []time.Time {
	var out []time.Time
	ms := s.minutes()
	for d := from.UTC().Truncate(24 * time.Hour); !d.After(to) && len(ms) > 0; d = d.Add(24 * time.Hour) {
		for _, m := range ms {
			if t := d.Add(time.Duration(m) * time.Minute); t.After(from) && !t.After(to) {
				out = append(out, t)
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
