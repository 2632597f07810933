// SPDX-License-Identifier: Apache-2.0

package check

import (
	"slices"
	"strings"
	"time"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// Fold gives what the set of statements about one slot says. The order of it.Entries does not matter.
//
// SPEC: CHK-010
func Fold(it *record.Item, past statement.Past) State {
	s := State{Mark: "actual", Outcome: Pending, past: past}
	statement.Fold(Kinds, &s, it)
	slices.SortFunc(s.Ends, func(a, b Account) int { return strings.Compare(a.Party, b.Party) })
	s.join()
	s.past = nil
	return s
}

// of gives the end that an entry is of.
func (s *State) of(e *record.Entry, slot Slot) *Account {
	s.Slot = slot
	if e.Mark == "exercise" {
		s.Mark = e.Mark
	}
	return s.end(e.Log.Party)
}

func (s *State) opened(e *record.Entry, f OpenedFacts) {
	if end := s.of(e, f.Slot); end.Opened == nil || s.past.Before(e, end.Opened) {
		end.Opened, end.Facts = e, f
	}
}

// closed: the later counts; of two that do not know each other the worse.
func (s *State) closed(e *record.Entry, f ClosedFacts) {
	end := s.of(e, f.Slot)
	worse := func() bool { return slices.Index(worst, f.Outcome) < slices.Index(worst, end.Result.Outcome) }
	if end.Closed == nil || s.past.Before(end.Closed, e) || !s.past.Before(e, end.Closed) && worse() {
		end.Closed, end.Result = e, f
	}
}

// worst orders outcomes, the worst first: the joint one is the worst of the two.
var worst = []string{Failed, Declined, NoOperator, Passed}

func (s *State) end(party string) *Account {
	i := slices.IndexFunc(s.Ends, func(e Account) bool { return e.Party == party })
	if i < 0 {
		i = len(s.Ends)
		s.Ends = append(s.Ends, Account{Party: party})
	}
	return &s.Ends[i]
}

// Of gives one party's word; its zero value where it said nothing.
func (s State) Of(party string) Account {
	for _, e := range s.Ends {
		if e.Party == party {
			return e
		}
	}
	return Account{Party: party}
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
	s.Which = set(s.Which)
}

func set(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// swapped reports whether an end answered another question than the other end chose for it.
func swapped(asked, asker Account) bool {
	for _, r := range asked.Result.Parts {
		if r.Name == PartQuestion && r.Answer != "" && asker.Opened != nil && r.ID != asker.Facts.Question {
			return true
		}
	}
	return false
}

// View says how the slot stands at a time: a slot that an end has not closed by twice the officers' time and
// five minutes failed at its station; one that should have both ends in it, or be over, is overdue.
//
// SPEC: CHK-005
func (s State) View(sch party.Schedule, now time.Time) State {
	switch {
	case s.Outcome == Passed && slices.ContainsFunc(s.Ends, func(e Account) bool { return e.Closed != nil && !s.timely(sch, e.Result.At) }):
		s.Outcome, s.Which = Failed, []string{PartStation} // a day is not filled by a slot of another
	case s.Outcome != Pending:
	case now.After(s.Due.Add(late(sch, s.Due))):
		s.Outcome, s.Which, s.Overdue = Failed, []string{PartStation}, true
		for _, e := range s.Ends {
			s.Which = append(s.Which, e.Result.Which...)
		}
		s.Which = set(s.Which)
	default:
		s.Overdue = len(s.Ends) < 2 && now.After(s.Due.Add(sch.At(s.Due).Window()))
	}
	return s
}

// late is how long after it was due a slot is over, whatever its ends say.
func late(sch party.Schedule, due time.Time) time.Duration {
	return 2*sch.At(due).Window() + 5*time.Minute
}

// timely reports whether a slot can have been closed at a time: clocks may be a minute apart.
//
// SPEC: CLM-016 CLM-018
func (s State) timely(sch party.Schedule, at time.Time) bool {
	return !at.Before(s.Due.Add(-time.Minute)) && !at.After(s.Due.Add(late(sch, s.Due)))
}

// Days makes the figures of the checks since the line began (or any later time), as of now.
//
// away says of an instant whether the line was Suspended then or in Maintenance, "" in service; nil: it always was.
//
// SPEC: CHK-011 CHK-015
func Days(states []State, sch party.Schedule, away func(time.Time) string, from, now time.Time) Summary {
	f := Summary{From: from.UTC(), Now: now.UTC(), Away: map[string]int{}, Tests: Noted(states, from, now)}
	scheduled := map[time.Time]State{}
	ends := map[time.Time]int{}
	due := sch.Slots(from, now)
	sorted := slices.Clone(states)
	slices.SortFunc(sorted, func(a, b State) int { return strings.Compare(a.Slot.Key(), b.Slot.Key()) })
	for _, s := range sorted {
		_, timed := s.Slot.Time()
		if s.Test != "" || s.Due.After(now) || s.Due.Before(from) || timed && !among(due, s.Due) {
			continue // not of this window, or a time that nobody agreed on
		}
		if !timed {
			f.Slots = append(f.Slots, s.View(sch, now))
		} else if n := len(s.Ends); n > ends[s.Due] { // one slot under two names: the one that more ends are in
			scheduled[s.Due], ends[s.Due] = s.View(sch, now), n
		}
	}
	for _, t := range due {
		v, ok := scheduled[t]
		if !ok {
			v = none(t, sch, now)
		}
		f.Slots = append(f.Slots, v)
	}
	return f.done(sch, away)
}

// none is a due time of which nothing is stated.
func none(t time.Time, sch party.Schedule, now time.Time) State {
	v := State{Slot: Slot{ID: t.Format(slotForm)}, Due: t, Outcome: Pending}
	if now.After(t.Add(sch.At(t).Window())) {
		v.Outcome, v.Overdue = Missed, true
	}
	return v
}

func (f Summary) done(sch party.Schedule, away func(time.Time) string) Summary {
	for i := range f.Slots {
		f.Slots[i].excuse(sch, away)
	}
	slices.SortFunc(f.Slots, inTime)
	f.count(sch)
	return f
}

func among(rising []time.Time, t time.Time) bool {
	_, is := slices.BinarySearchFunc(rising, t, time.Time.Compare)
	return is
}

// excuse takes a slot out of the faults that was due, or was ended, while the line was out of service.
func (s *State) excuse(sch party.Schedule, away func(time.Time) string) {
	times := []time.Time{s.Due}
	for _, e := range s.Ends {
		if e.Closed != nil && s.timely(sch, e.Result.At) {
			times = append(times, e.Result.At)
		}
	}
	for _, t := range times {
		if word := at(away, t); word != "" && s.Outcome != Passed {
			s.Outcome, s.Which, s.Overdue = word, nil, false
			return
		}
	}
}

func at(away func(time.Time) string, t time.Time) string {
	if away == nil {
		return ""
	}
	return away(t)
}

// apart is the word for a day on which no slot was due while the line was in service.
func apart(day []State) (word string) {
	for _, v := range day {
		if v.Outcome != Suspended && v.Outcome != Maintenance {
			return ""
		}
		word = v.Outcome
	}
	return word
}

// count goes through the slots by UTC days, from that of the first on. The streak is the tested days running up to today,
// or to the last day that is over.
//
// SPEC: CHK-012 CHK-020
func (f *Summary) count(sch party.Schedule) {
	slots := f.Slots
	if len(slots) == 0 {
		return
	}
	for d := slots[0].Due.UTC().Truncate(24 * time.Hour); !d.After(f.Now); d = d.Add(24 * time.Hour) {
		n := slices.IndexFunc(slots, func(v State) bool { return !v.Due.Before(d.Add(24 * time.Hour)) })
		if n < 0 {
			n = len(slots)
		}
		day := slots[:n]
		slots = slots[n:]
		today := d.Add(24 * time.Hour).After(f.Now)
		tested, open := false, today && (n == 0 || len(sch.Slots(f.Now, d.Add(24*time.Hour-1))) > 0)
		for i, v := range day {
			if v.Outcome == Passed {
				tested, f.LastPassed = true, v.Due
			}
			switch v.Outcome {
			case Pending:
				open = true
			case Suspended, Maintenance:
			default:
				f.Last = &day[i]
			}
		}
		switch {
		case tested:
			f.Days, f.Tested, f.Streak = f.Days+1, f.Tested+1, f.Streak+1
		case !open && apart(day) != "":
			f.Days++
			f.Away[apart(day)]++ // it neither goes on nor breaks
		case !open:
			f.Days, f.Streak = f.Days+1, 0
		}
	}
	f.gap()
	for _, v := range f.Slots[max(0, len(f.Slots)-2):] { // only the newest business: an old one was a matter of its day
		if v.Overdue && (f.LastPassed.IsZero() || f.LastPassed.Before(v.Due)) {
			f.Overdue = append(f.Overdue, v)
		}
	}
}

// Gaps finds when the last of some slots passed, and the longest time without one.
func Gaps(slots []State, now time.Time) Summary {
	f := Summary{Now: now, Slots: slots}
	for _, s := range slots {
		if s.Outcome == Passed {
			f.LastPassed = s.Due
		}
	}
	f.gap()
	return f
}

// gap finds the longest time without a slot that passed.
//
// SPEC: CHK-020
func (f *Summary) gap() {
	if len(f.Slots) == 0 {
		return
	}
	from := f.Slots[0].Due
	till := func(to time.Time) {
		if to.Sub(from) > f.Gap[1].Sub(f.Gap[0]) {
			f.Gap = [2]time.Time{from, to}
		}
		from = to
	}
	for _, v := range f.Slots {
		if v.Outcome == Passed {
			till(v.Due)
		}
	}
	till(f.Now)
}

// Between gives how many of the UTC days from one time to another had a slot that passed, of those that had slots which are
// over and were not all out of service.
//
// SPEC: CNT-029
func (f Summary) Between(from, to time.Time) (passed, of int) {
	i, _ := slices.BinarySearchFunc(f.Slots, from.Truncate(24*time.Hour), func(s State, t time.Time) int { return s.Due.Compare(t) })
	best := map[time.Time]int{} // of a day: 1 a slot over, 2 one passed
	for _, s := range f.Slots[i:] {
		switch day := s.Due.UTC().Truncate(24 * time.Hour); {
		case s.Due.After(to):
			return passed, of
		case s.Outcome == Passed && best[day] < 2:
			passed, of, best[day] = passed+1, of+1-best[day], 2
		case s.Outcome != Pending && s.Outcome != Suspended && s.Outcome != Maintenance && best[day] == 0:
			of, best[day] = of+1, 1
		}
	}
	return passed, of
}

// Alarming gives the slots for which A3 stands, at both ends: overdue, or the newest that is over failed or
// found no operator. It ends with the next passed slot. Declined is an act and no alarm.
//
// SPEC: CHK-013
func (f Summary) Alarming() []State {
	out := slices.Clone(f.Overdue)
	if l := f.Last; l != nil && slices.Contains([]string{Failed, NoOperator, Missed, NoReply, NotReached}, l.Outcome) &&
		!slices.ContainsFunc(out, func(v State) bool { return v.Slot == l.Slot }) && !f.LastPassed.After(l.Due) {
		out = append(out, *l)
	}
	return out
}
