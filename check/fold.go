// SPDX-License-Identifier: Apache-2.0

package check

import (
	"slices"
	"strings"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// folding is a State in the making.
type folding struct {
	State
	past statement.Past
}

// Fold gives what the set of statements about one slot says. The order of it.Entries does not matter.
//
// SPEC: CHK-010
func Fold(it *record.Item, past statement.Past) State {
	s := folding{State{Mark: "actual", Outcome: Pending}, past}
	statement.Fold(Kinds, &s, it)
	slices.SortFunc(s.Ends, func(a, b End) int { return strings.Compare(a.Party, b.Party) })
	s.join()
	return s.State
}

// of gives the end that an entry is of.
func (s *folding) of(e *record.Entry, slot Slot) *End {
	s.Slot = slot
	if e.Mark == "exercise" {
		s.Mark = e.Mark
	}
	return s.end(e.Log.Party)
}

func (s *folding) opened(e *record.Entry, f Opened) {
	if end := s.of(e, f.Slot); end.Opened == nil || s.past.Before(e, end.Opened) {
		end.Opened, end.Facts = e, f
	}
}

// closed: the later counts; of two that do not know each other the worse.
func (s *folding) closed(e *record.Entry, f Closed) {
	end := s.of(e, f.Slot)
	worse := func() bool { return slices.Index(worst, f.Outcome) < slices.Index(worst, end.Result.Outcome) }
	if end.Closed == nil || s.past.Before(end.Closed, e) || !s.past.Before(e, end.Closed) && worse() {
		end.Closed, end.Result = e, f
	}
}

// worst orders outcomes, the worst first: the joint one is the worst of the two.
var worst = []string{Failed, Declined, NoOperator, Passed}

func (s *State) end(party string) *End {
	for i := range s.Ends {
		if s.Ends[i].Party == party {
			return &s.Ends[i]
		}
	}
	s.Ends = append(s.Ends, End{Party: party})
	return &s.Ends[len(s.Ends)-1]
}

// Of gives one party's word; its zero value where it said nothing.
func (s State) Of(party string) End {
	s.Ends = slices.Clone(s.Ends)
	return *s.end(party)
}

// join compares the two ends.
//
// SPEC: CHK-004
func (s *State) join() {
	if t, ok := s.Slot.Time(); ok {
		s.Due = t
	} else {
		s.Opener = s.Slot.By
		for _, e := range s.Ends { // by its opener's word, else the other's
			if e.Opened != nil && (s.Due.IsZero() || e.Party == s.Opener) {
				s.Due = e.Facts.At
			} else if e.Closed != nil && s.Due.IsZero() {
				s.Due = e.Result.At
			}
		}
	}
	if len(s.Ends) != 2 || s.Ends[0].Closed == nil || s.Ends[1].Closed == nil {
		return
	}
	a, b := s.Ends[0], s.Ends[1]
	s.Ended = a.Result.At
	if b.Result.At.After(s.Ended) {
		s.Ended = b.Result.At
	}
	s.Outcome = worst[min(slices.Index(worst, a.Result.Outcome), slices.Index(worst, b.Result.Outcome))]
	s.Which = append(slices.Clone(a.Result.Which), b.Result.Which...)
	if swapped(a, b) || swapped(b, a) {
		s.Outcome, s.Which = Failed, append(s.Which, PartQuestion)
	}
	slices.Sort(s.Which)
	s.Which = slices.Compact(s.Which)
}

// swapped reports whether an end answered another question than the other end chose for it.
func swapped(asked, asker End) bool {
	for _, r := range asked.Result.Parts {
		if r.Part == PartQuestion && r.Answer != "" && asker.Opened != nil && r.ID != asker.Facts.Question {
			return true
		}
	}
	return false
}

// View says how the slot stands at a time: a slot that an end has not closed by twice the officers' time and
// five minutes failed at its station; one that should have both ends in it, or be over, is overdue.
//
// SPEC: CHK-005
func (s State) View(sch Schedule, now time.Time) SlotView {
	v := SlotView{Slot: s.Slot, Due: s.Due, Outcome: s.Outcome, Which: s.Which}
	if s.Outcome != Pending {
		return v
	}
	joined := len(s.Ends) == 2
	end := s.Due.Add(2*sch.window() + 5*time.Minute)
	switch {
	case now.After(end):
		v.Outcome, v.Which, v.Overdue = Failed, []string{PartStation}, true
		for _, e := range s.Ends {
			v.Which = append(v.Which, e.Result.Which...)
		}
		slices.Sort(v.Which)
		v.Which = slices.Compact(v.Which)
	case !joined && now.After(s.Due.Add(sch.window())):
		v.Overdue = true
	}
	return v
}

// Days makes the figures of the checks since the line began (or any later time), as of now.
//
// SPEC: CHK-011
func Days(states []State, sch Schedule, from, now time.Time) Figures {
	f := Figures{From: from.UTC(), Now: now.UTC()}
	scheduled := map[time.Time]SlotView{}
	ends := map[time.Time]int{}
	var views []SlotView
	due := sch.Slots(from, now)
	sorted := slices.Clone(states)
	slices.SortFunc(sorted, func(a, b State) int { return strings.Compare(a.Slot.Key(), b.Slot.Key()) })
	for _, s := range sorted {
		_, timed := s.Slot.Time()
		if s.Due.After(now) || s.Due.Before(from) || timed && !slices.Contains(due, s.Due) {
			continue // not of this window, or a time that nobody agreed on
		}
		if !timed {
			views = append(views, s.View(sch, now))
		} else if n := len(s.Ends); n > ends[s.Due] { // one slot under two names: the one that more ends are in
			scheduled[s.Due], ends[s.Due] = s.View(sch, now), n
		}
	}
	for _, t := range due {
		if _, ok := scheduled[t]; !ok {
			v := SlotView{Slot: Slot{ID: t.Format(slotForm)}, Due: t, Outcome: Pending}
			if now.After(t.Add(sch.window())) {
				v.Outcome, v.Overdue = Missed, true
			}
			scheduled[t] = v
		}
	}
	for _, v := range scheduled {
		views = append(views, v)
	}
	slices.SortFunc(views, func(a, b SlotView) int {
		if c := a.Due.Compare(b.Due); c != 0 {
			return c
		}
		return strings.Compare(a.Slot.Key(), b.Slot.Key())
	})
	f.days(views, sch)
	return f
}

// days puts slots, oldest first, into days and counts.
func (f *Figures) days(views []SlotView, sch Schedule) {
	next := 0
	for d := f.From.Truncate(24 * time.Hour); !d.After(f.Now); d = d.Add(24 * time.Hour) {
		day := Day{Date: d.Format("2006-01-02")}
		for ; next < len(views) && views[next].Due.Before(d.Add(24*time.Hour)); next++ {
			v := views[next]
			day.Slots = append(day.Slots, v)
			if v.Outcome == Passed {
				day.Passed, day.Tested, f.LastPassed = day.Passed+1, true, v.Due
			}
			if v.Outcome == Missed {
				f.Missed++
			}
			if v.Outcome != Pending {
				f.Last = &views[next]
			}
		}
		if day.Tested {
			f.Tested++
		}
		f.Days = append(f.Days, day)
	}
	f.streak(sch)
	if n := len(views); n > 0 { // only the newest business: an old one was a matter of its day
		for _, v := range views[max(0, n-2):] {
			if v.Overdue && (f.LastPassed.IsZero() || f.LastPassed.Before(v.Due)) {
				f.Overdue = append(f.Overdue, v)
			}
		}
	}
}

// streak counts the tested days running up to today, or to yesterday while today may yet be tested.
//
// SPEC: CHK-012
func (f *Figures) streak(sch Schedule) {
	for i := len(f.Days) - 1; i >= 0; i-- {
		d := f.Days[i]
		open := len(d.Slots) == 0 || slices.ContainsFunc(d.Slots, func(v SlotView) bool { return v.Outcome == Pending })
		later := len(sch.Slots(f.Now, f.Now.Truncate(24*time.Hour).Add(24*time.Hour-1))) > 0
		switch {
		case d.Tested:
			f.Streak++
		case i == len(f.Days)-1 && (open || later):
		default:
			return
		}
	}
}

// Alarming gives the slots for which A3 stands, at both ends: overdue, or the newest that is over failed or
// found no operator. It ends with the next passed slot. Declined is an act and no alarm.
//
// SPEC: CHK-013
func (f Figures) Alarming() []SlotView {
	out := slices.Clone(f.Overdue)
	if l := f.Last; l != nil && (l.Outcome == Failed || l.Outcome == NoOperator || l.Outcome == Missed) &&
		!slices.ContainsFunc(out, func(v SlotView) bool { return v.Slot == l.Slot }) && !f.LastPassed.After(l.Due) {
		out = append(out, *l)
	}
	return out
}
