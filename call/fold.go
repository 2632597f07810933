// SPDX-License-Identifier: Apache-2.0

package call

import (
	"cmp"
	"slices"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Fold gives what the set of statements about one call says. The order of it.Entries does not matter.
//
// SPEC: CAL-013
func Fold(it *record.Item, past statement.Past) State {
	s := State{past: past}
	statement.Fold(Kinds, &s, it)
	s.Mark = cmp.Or(s.Mark, "actual")
	s.Caller.Party = cmp.Or(s.Caller.Party, s.Opener)
	s.Caller.read(s.ends[0], past)
	s.Called.read(s.ends[1], past)
	s.join()
	slices.SortFunc(s.Lines, func(a, b LineEntry) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Entry.Log.Party, b.Entry.Log.Party), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Entry.Place().String(), b.Entry.Place().String()))
	})
	s.ends, s.past = [2][]End{}, nil
	return s
}

// of gives the end that an entry is of, 0 the caller's.
func (s *State) of(e *record.Entry, opener, call string) (end *End, i int) {
	s.Opener, s.Call = opener, call
	if s.Mark == "" || e.Mark == "actual" { // one statement makes no exercise of a call
		s.Mark = e.Mark
	}
	if end = &s.Caller; e.Log.Party != opener {
		end, i = &s.Called, 1
	}
	end.Party = e.Log.Party
	return end, i
}

func (s *State) word(e *record.Entry, f Word) {
	end, i := s.of(e, f.Opener, f.Call)
	switch e.Kind {
	case KindSilent:
		if end.silent = true; end.mute.IsZero() {
			end.mute = f.At
		}
	case KindClass:
		s.ends[i] = append(s.ends[i], End{Began: e})
	default: // of two beginnings the earlier: the one that is in the other's past
		if end.Began == nil || s.past.Before(e, end.Began) {
			end.Began, end.at = e, f.At
		}
		if s.Priority == "" || i == 0 {
			s.Priority = f.Priority
		}
	}
}

func (s *State) closed(e *record.Entry, f Closed) {
	_, i := s.of(e, f.Opener, f.Call)
	s.ends[i] = append(s.ends[i], End{Began: e, Closed: e, Facts: f})
}

// written is a line that was typed beside the call; it says nothing of how the call went.
func (s *State) written(e *record.Entry, f Written) {
	s.Opener, s.Call = f.Opener, f.Call
	s.Lines = append(s.Lines, LineEntry{f, e})
}

// noted is a call that was answered on another telephone: one end states it, the other may state its class.
func (s *State) noted(e *record.Entry, f Noted) {
	_, i := s.of(e, f.Opener, f.Call)
	s.Telephone = true
	s.ends[i] = append(s.ends[i], End{Began: e, Closed: e, Facts: Closed{Outcome: Outcome{What: Answered}, By: &f.By, Began: f.At, Answered: f.At, Ended: f.At.Add(time.Duration(f.Seconds) * time.Second)}})
}

// read takes one end's closings and words about the class.
func (end *End) read(all []End, past statement.Past) {
	began := func(e End) *record.Entry { return e.Began }
	closed := slices.DeleteFunc(slices.Clone(all), func(e End) bool { return e.Closed == nil })
	for _, c := range statement.NewestOf(closed, began, past) { // a call that went on after a restart is closed twice
		if end.Closed == nil {
			end.Closed, end.Facts = c.Closed, c.Facts
		} else if c.Facts.What != end.Facts.What {
			end.Unsure = true
		}
	}
	for _, w := range statement.NewestOf(all, began, past) { // the newest word; of two that do not know each other the higher
		if end.Class == "" || higher(w.Began.Class, end.Class) {
			end.Class = w.Began.Class
		}
	}
}

// Substance is when the call used the line for substance, zero where it did not, and whether its ends differ about that.
//
// SPEC: CHK-022
func (s State) Substance() (at time.Time, disputed bool) {
	talked := sounded(s.Outcome.What)
	at = s.Began
	for _, end := range []End{s.Caller, s.Called} { // neither end alone makes it none, or one of another time
		if talked = talked || end.Closed != nil && sounded(end.Facts.What); end.at.After(at) {
			at = end.at
		}
	}
	if !talked || s.Class != statement.Classes[0] || s.Mark != "actual" {
		at = time.Time{}
	}
	return at, s.ClassDisputed
}

func sounded(outcome string) bool { return outcome == Answered || outcome == NoSound }

func higher(a, b string) bool {
	return slices.Index(statement.Classes, a) < slices.Index(statement.Classes, b)
}

// join compares the two ends.
//
// SPEC: CAL-014
func (s *State) join() {
	a, b := &s.Caller, &s.Called
	s.Open = a.Began != nil && a.Closed == nil || b.Began != nil && b.Closed == nil
	if a.Closed == nil && b.Closed == nil {
		s.Open = true
	}
	switch {
	case a.Closed != nil && b.Closed != nil:
		s.Outcome = b.Facts.Outcome
		if a.Facts.What == Crossed || a.Facts.Became != "" || b.Facts.Cause == CauseNearNode || a.Facts.What == NoSound && b.Facts.What == Answered {
			s.Outcome = a.Facts.Outcome
		}
		s.Differ = Compare(a.Facts, b.Facts) == Differs
	case a.Closed != nil:
		s.Outcome = a.Facts.Outcome
	case b.Closed != nil:
		s.Outcome = b.Facts.Outcome
	case a.silent || b.silent:
		s.Outcome = Outcome{What: NoSound}
	}
	s.Differ = s.Differ || a.Unsure || b.Unsure
	// SPEC: CAL-015
	one := a.Closed == nil != (b.Closed == nil) && (a.Began == nil || b.Began == nil) // the other end never knew of it
	switch {
	case a.Class != "" && b.Class != "":
		s.Class, s.ClassDisputed = a.Class, a.Class != b.Class
		if higher(b.Class, a.Class) {
			s.Class = b.Class
		}
	case s.Telephone:
		s.Class = cmp.Or(a.Class, b.Class)
	case one && s.Outcome.What != Answered && s.Outcome.What != NoSound:
		s.Class = cmp.Or(a.Class, b.Class)
	default:
		s.Class = "substantive"
	}
	s.times()
}

func (s *State) times() {
	a, b := s.Caller, s.Called
	s.Began = cmp.Or(a.at, b.at)
	for _, e := range []End{a, b} {
		if e.Closed != nil {
			s.Began, s.Answered, s.Ended = cmp.Or(s.Began, e.Facts.Began), cmp.Or(s.Answered, e.Facts.Answered), cmp.Or(s.Ended, e.Facts.Ended)
		}
	}
	s.Began = cmp.Or(s.Began, a.mute, b.mute)
	for i, m := range []*Counts{a.Facts.Meters, b.Facts.Meters} { // what an end sent, and what it heard of the other
		s.Voice[i].Sent = -1
		from := &s.Voice[1-i]
		from.Received, from.Lost, from.GapMS = -1, -1, -1
		if m != nil {
			s.Voice[i].Sent, from.Received, from.Lost, from.GapMS = m.Sent, m.Received, m.Lost, m.GapMS
		}
	}
}

// How two ends' outcomes stand to each other.
const (
	Same    = "same"
	Fits    = "fits"    // both can be true: one end could not know more
	Differs = "differs" // A13
)

// fits names, for the caller's outcome, the other outcomes of the called end that can be true as well. Every pair that is
// not here differs.
var fits = map[string][]string{
	// The cancel, the answer to it or the reply before it did not get through, or there the line was down.
	Cancelled: {Failed, NoAnswer, Declined, NobodyArmed, BusyElsewhere, Crossed},
	// There the line was down before the end of the ringing, the decline did not get through, or the end of the caller's
	// time was heard as a cancel.
	NoAnswer: {Failed, Declined, Cancelled},
	// The caller lost the line: there it rang to its end or was taken for a cancel, or the decline or reply did not get
	// through. Connected at both ends, one lost it and the other hung up.
	Failed: {NoAnswer, Cancelled, Declined, NobodyArmed, BusyElsewhere, Answered, NoSound},
	// The called end never heard that its answer crossed.
	Crossed: {Failed},
	// The sound went one way only, or one end lost the call and the other hung up.
	Answered: {NoSound, Failed},
	NoSound:  {Answered, Failed},
}

// Compare says how the caller's and the called end's closings stand to each other.
func Compare(caller, called Closed) string {
	if caller.What == called.What {
		return Same
	}
	if caller.Became != "" {
		return Fits // its caller knows that it became another call; the called end may have met it before that
	}
	if caller.Cause == CauseNearNode || called.Cause == CauseNearNode {
		return Fits // the end whose node stopped in the call cannot know how it went on
	}
	if !slices.Contains(fits[caller.What], called.What) {
		return Differs
	}
	for _, c := range [][2]Closed{{caller, called}, {called, caller}} { // a failed call was a call only where it was answered
		if c[0].What == Failed && (c[1].What == Answered || c[1].What == NoSound) && c[0].Answered.IsZero() {
			return Differs
		}
	}
	return Fits
}
