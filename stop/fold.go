// SPDX-License-Identifier: Apache-2.0

package stop

import (
	"slices"
	"strings"
	"time"

	"example.org/parley/message/phrase"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// State is what one STOP has come to.
type State struct {
	Key     string
	From    string // the party that sent it
	ID      string
	Class   string
	Mark    string
	Presses []Step // every stop.sent of this id; its length is the count
	Reason  string // of the newest press that gives one, else the first's
	Lang    string
	Place   string
	Check   string

	Recorded time.Time // of the first press by its author's word; zero while only steps are here
	HeardAt  time.Time // when its first copy over the session says that it was sent; zero without one
	Held     *Step
	Taken    []Step
	Relayed  []Step
	Effect   []Step
	Refused  []Step
	Lifts    []Step

	// Status is the one word: sent · held · taken · in-effect · refused · lifted.
	Status string
	// Open until its party has lifted every press of it.
	Open bool
}

// Step is one statement about a STOP.
type Step struct {
	Name   string // sent held taken relayed in-effect refused lifted
	Party  string
	Ref    record.Ref
	Entry  *record.Entry
	At     time.Time
	Reason string
	Lang   string // of own words
	Place  string
	To     string
	By     statement.Author
	Copy   bool   // said over the session only: no statement of this step is here
	Who    string // of a copy: the officer's name as his node gave it
}

// Fold gives what a STOP has come to, from the set of its statements and receipts.
//
// SPEC: MSG-032, MSG-033
func Fold(it *record.Item, r statement.Past) State {
	s := State{Key: it.Key, Status: Sent, Class: "test"}
	statement.Fold(Kinds, &s, it)
	s.tell(r)
	return s
}

func (s *State) sent(e *record.Entry, f Facts) {
	if st, ok := s.add(e, e.Log.Party, f.ID, Step{Reason: f.Reason, Lang: f.Lang, Place: f.Place, By: f.By}); ok {
		s.press(st, f)
	}
}

func (s *State) step(e *record.Entry, f StepFacts) {
	s.add(e, f.Party, f.ID, Step{Reason: f.Reason, Lang: f.Lang, To: f.To, By: f.By})
}

// add keeps a step of the STOP that a party's id names; ok is false where it is another one's.
func (s *State) add(e *record.Entry, from, id string, st Step) (Step, bool) {
	if s.ID != "" && (from != s.From || id != s.ID) {
		return st, false
	}
	st.Name, st.Party, st.Ref, st.Entry, st.At = strings.TrimPrefix(e.Kind, "stop."), e.Log.Party, e.Ref(), e, e.Time
	s.From, s.ID = from, id
	if e.Class != "test" {
		s.Class = e.Class
	}
	if s.Mark != "actual" {
		s.Mark = e.Mark
	}
	list := s.list(st.Name)
	*list = append(*list, st)
	return st, true
}

// list gives the steps of a name.
func (s *State) list(step string) *[]Step {
	return map[string]*[]Step{Sent: &s.Presses, Taken: &s.Taken, Relayed: &s.Relayed, InEffect: &s.Effect,
		Refused: &s.Refused, Lifted: &s.Lifts}[step]
}

// press adds one stop.sent and the receipt that covers it.
func (s *State) press(step Step, f Facts) {
	if s.Recorded.IsZero() || step.At.Before(s.Recorded) {
		s.Recorded = step.At
	}
	if f.Check != "" {
		s.Check = f.Check
	}
	rc := step.Entry.Receipt
	if rc != nil && (s.Held == nil || rc.Held.Before(s.Held.At)) {
		s.Held = &Step{Name: Held, Party: rc.By, At: rc.Held}
	}
}

// tell chooses the words: refused beats in effect beats taken; lifted only when every press is in a lift's past.
func (s *State) tell(r statement.Past) {
	for _, p := range statement.Newest(s.Presses, func(a, b Step) bool { return r.Before(a.Entry, b.Entry) }) {
		if s.Place == "" {
			s.Place = p.Place
		}
		if s.Reason == "" || s.Reason == UsualReason {
			s.Reason, s.Lang = p.Reason, p.Lang
		}
	}
	lifted := len(s.Lifts) > 0
	for _, p := range s.Presses {
		known := false
		for _, l := range s.Lifts {
			known = known || r.Before(p.Entry, l.Entry)
		}
		lifted = lifted && known
	}
	s.word(lifted)
}

func (s *State) word(lifted bool) {
	s.Open = !lifted
	for _, c := range []struct {
		when bool
		word string
	}{{lifted, Lifted}, {len(s.Refused) > 0, Refused}, {len(s.Effect) > 0, InEffect}, {len(s.Taken) > 0, Taken}, {s.Held != nil, Held}} {
		if c.when {
			s.Status = c.word
			return
		}
	}
}

// Line draws the reason and place of a STOP in a language.
func (s State) Line(lang string) string {
	words := phrase.Reason(lang, s.Reason)
	if s.Place != "" {
		words += " · " + s.Place
	}
	return words
}

// Due lists the clocks of a STOP: held runs at its sender (ours) from recorded, the others at both ends from held.
// Of one of which only the copy is here they run at the receiver from the time that the copy names.
// One of class test belongs to its check and ends with it: only held is awaited.
//
// SPEC: MSG-034
func Due(s State, ours bool, now time.Time) (cs []statement.Clock) {
	add := func(step string, due time.Time, done []Step) {
		var at []time.Time
		for _, d := range done {
			at = append(at, d.At)
		}
		c := statement.NewClock(step, due, at, now)
		if c.Overdue = c.Overdue && s.Open; c.Done || s.Open {
			cs = append(cs, c)
		}
	}
	held := s.Recorded.Add(5 * time.Second)
	start := s.HeardAt
	if s.Held != nil {
		start = statement.Begun(s.Held.At, s.Recorded, now)
		add(Held, held, []Step{*s.Held})
	} else if ours || start.IsZero() {
		if ours && !s.Recorded.IsZero() {
			add(Held, held, nil)
		}
		return cs
	}
	if s.Class == "test" {
		return cs
	}
	ends := slices.Concat(s.Effect, s.Refused)
	add(Taken, start.Add(time.Minute), slices.Concat(s.Taken, ends))
	add("effect", start.Add(5*time.Minute), ends)
	return cs
}
