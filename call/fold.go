// SPDX-License-Identifier: Apache-2.0

package call

import (
	"slices"
	"time"

	"example.org/parley/record"
)

// Fold gives what the set of statements about one call says. The order of it.Entries does not matter.
//
// SPEC: CAL-013
func Fold(it *record.Item, past Past) State {
	s := State{Mark: "actual"}
	sides := map[bool]*End{true: &s.Caller, false: &s.Called}
	closed := map[bool][]*record.Entry{}
	class := map[bool][]*record.Entry{}
	for _, e := range it.Entries {
		opener, id, f, err := facts(e)
		if err != nil {
			continue
		}
		s.Opener, s.Call = opener, id
		out := e.Log.Party == opener
		end := sides[out]
		end.Party = e.Log.Party
		if e.Mark == "exercise" {
			s.Mark = e.Mark
		}
		switch f := f.(type) {
		case Placed:
			end.Began, s.Priority = earlier(end.Began, e, past), f.Priority
		case Rang:
			end.Began = earlier(end.Began, e, past)
			if s.Priority == "" {
				s.Priority = f.Priority
			}
		case Closed:
			closed[out] = append(closed[out], e)
			class[out] = append(class[out], e)
		case ClassFacts:
			class[out] = append(class[out], e)
		}
	}
	s.Caller.Party = or(s.Caller.Party, s.Opener)
	for out, end := range sides {
		end.read(closed[out], class[out], past)
	}
	s.join()
	return s
}

// earlier keeps of two beginnings the one in the other's past.
func earlier(a, b *record.Entry, past Past) *record.Entry {
	if a == nil || past.Before(b, a) {
		return b
	}
	return a
}

// read takes one end's closings and words about the class.
func (end *End) read(closed, class []*record.Entry, past Past) {
	for _, e := range closed { // the newest: a call that went on after a restart is closed twice
		if !slices.ContainsFunc(closed, func(o *record.Entry) bool { return o != e && past.Before(e, o) }) {
			_, _, f, _ := facts(e)
			c := f.(Closed)
			if end.Closed == nil {
				end.Closed, end.Facts = e, c
			} else if c.What != end.Facts.What {
				end.Unsure = true
			}
		}
	}
	for _, e := range class { // the newest word; of two that do not know each other the higher
		newest := !slices.ContainsFunc(class, func(o *record.Entry) bool { return o != e && past.Before(e, o) })
		if newest && (end.Class == "" || higher(e.Class, end.Class)) {
			end.Class = e.Class
		}
	}
}

func higher(a, b string) bool { return slices.Index(classes, a) < slices.Index(classes, b) }

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
		if a.Facts.What == Crossed || a.Facts.Became != "" || b.Facts.Cause == CauseNearNode {
			s.Outcome = a.Facts.Outcome
		}
		s.Differ = Compare(a.Facts, b.Facts) == Differs
	case a.Closed != nil:
		s.Outcome = a.Facts.Outcome
	case b.Closed != nil:
		s.Outcome = b.Facts.Outcome
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
	case one && s.Outcome.What != Answered:
		s.Class = or(a.Class, b.Class)
	default:
		s.Class = "substantive"
	}
	s.times()
}

func (s *State) times() {
	a, b := s.Caller, s.Called
	for _, e := range []*record.Entry{a.Began, b.Began} {
		if e == nil || !s.Began.IsZero() {
			continue
		}
		switch _, _, f, _ := facts(e); f := f.(type) {
		case Placed:
			s.Began = f.At
		case Rang:
			s.Began = f.At
		}
	}
	for _, e := range []End{a, b} {
		if e.Closed == nil {
			continue
		}
		s.Began = firstTime(s.Began, e.Facts.Began)
		s.Answered = firstTime(s.Answered, e.Facts.Answered)
		s.Ended = firstTime(s.Ended, e.Facts.Ended)
	}
	s.Voice[0] = direction(a, b)
	s.Voice[1] = direction(b, a)
}

func firstTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

// direction joins the sender's and the receiver's meters.
func direction(from, to End) Direction {
	d := Direction{From: from.Party, Sent: -1, Received: -1, Lost: -1, GapMS: -1}
	if m := from.Facts.Meters; m != nil {
		d.Sent = m.Sent
	}
	if m := to.Facts.Meters; m != nil {
		d.Received, d.Lost, d.GapMS = m.Received, m.Lost, m.GapMS
	}
	return d
}

// How two ends' outcomes stand to each other.
const (
	Same    = "same"
	Fits    = "fits"    // both can be true: one end could not know more
	Differs = "differs" // A13
)

// fits names, for the caller's and the called end's outcome, the unequal pairs that can both be true.
// Every pair that is not here differs.
var fits = map[[2]string]string{
	{Cancelled, Failed}:        "the cancel did not get through; there the line was down",
	{Cancelled, NoAnswer}:      "the cancel did not get through; there it rang to its end",
	{NoAnswer, Failed}:         "there the line was down before the end of the ringing",
	{NoAnswer, Cancelled}:      "the time ran out at one end and was heard as a cancel at the other",
	{Failed, NoAnswer}:         "the caller lost the line; there it rang to its end",
	{Failed, Cancelled}:        "the caller's end failed, and the called end took it as a cancel",
	{Failed, Declined}:         "the decline did not get through",
	{Cancelled, Declined}:      "the decline did not get through",
	{NoAnswer, Declined}:       "the decline did not get through",
	{Failed, NobodyArmed}:      "the reply did not get through",
	{Failed, BusyElsewhere}:    "the reply did not get through",
	{Cancelled, NobodyArmed}:   "the reply did not get through",
	{Cancelled, BusyElsewhere}: "the reply did not get through",
	{Cancelled, Crossed}:       "the answer did not get through to the caller",
	{Crossed, Failed}:          "the called end never heard that its answer crossed",
	{Answered, Failed}:         "connected at both ends; one end lost it and the other hung up",
	{Failed, Answered}:         "connected at both ends; one end lost it and the other hung up",
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
	if _, ok := fits[[2]string{caller.What, called.What}]; !ok {
		return Differs
	}
	for _, c := range [][2]Closed{{caller, called}, {called, caller}} { // a failed call was a call only where it was answered
		if c[0].What == Failed && c[1].What == Answered && c[0].Answered.IsZero() {
			return Differs
		}
	}
	return Fits
}

// Column says in which column of a figure an outcome counts; the columns are never added up.
// A ring that became another call counts with that one.
//
// SPEC: CAL-017
func (o Outcome) Column() string {
	if o.Became != "" {
		return ColumnNone
	}
	switch o.What {
	case Answered:
		return ColumnAnswered
	case Declined:
		return ColumnDeclined
	case NoAnswer:
		return ColumnNoReply
	case NobodyArmed, BusyElsewhere, Failed:
		return ColumnNotReached
	}
	return ColumnNone
}
