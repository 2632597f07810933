// SPDX-License-Identifier: Apache-2.0

package stop

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/message/phrase"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// State is what one STOP has come to.
type State struct {
	Key    string
	From   string // the party that sent it
	ID     string
	Class  string
	Mark   string
	Reason string // of the newest press that gives one, else the first's
	Lang   string
	Place  string
	Check  string

	Recorded time.Time // of the first press by its author's word; zero while only steps are here
	HeardAt  time.Time // when its first copy over the session says that it was sent; zero without one
	Held     *Step
	Steps    map[string][]Step // by name; how many sent there are is the count of presses

	// Status is the one word: sent · held · taken · in-effect · refused · lifted.
	Status string
	// Open until its party has lifted every press of it.
	Open bool
}

// Step is one statement about a STOP.
type Step struct {
	Name  string        // sent held taken relayed in-effect refused lifted
	Entry *record.Entry // nil of held and of a copy
	At    time.Time
	Said
	Copy bool   // said over the session only: no statement of this step is here
	Who  string // of a copy: the officer's name as his node gave it
}

// Fold gives what a STOP has come to, from the set of its statements and receipts.
//
// SPEC: MSG-032, MSG-033
func Fold(it *record.Item, r statement.Past) State {
	s := State{Key: it.Key, Status: Sent, Class: "test", Steps: map[string][]Step{}}
	statement.Fold(Kinds, &s, it)
	s.tell(r)
	return s
}

// add keeps a statement about the STOP that its party and id name; another STOP's is passed over.
func (s *State) add(e *record.Entry, f Said) {
	from, id := f.Item(e)
	if s.ID != "" && (from != s.From || id != s.ID) {
		return
	}
	s.From, s.ID = from, id
	if e.Class != "test" {
		s.Class = e.Class
	}
	if s.Mark != "actual" {
		s.Mark = e.Mark
	}
	name := strings.TrimPrefix(e.Kind, "stop.")
	s.Steps[name] = append(s.Steps[name], Step{Name: name, Entry: e, At: e.Time, Said: f})
	if name != Sent {
		return
	}
	if s.Recorded.IsZero() || e.Time.Before(s.Recorded) {
		s.Recorded = e.Time
	}
	s.Check = cmp.Or(f.Check, s.Check)
	if rc := e.Receipt; rc != nil && (s.Held == nil || rc.Held.Before(s.Held.At)) {
		s.Held = &Step{Name: Held, At: rc.Held}
	}
}

// tell chooses the words: refused beats in effect beats taken; lifted only when every press is in a lift's past.
func (s *State) tell(r statement.Past) {
	for _, p := range statement.Newest(s.Steps[Sent], func(a, b Step) bool { return r.Before(a.Entry, b.Entry) }) {
		if s.Place == "" {
			s.Place = p.Place
		}
		if s.Reason == "" || s.Reason == UsualReason {
			s.Reason, s.Lang = p.Reason, p.Lang
		}
	}
	lifted := len(s.Steps[Lifted]) > 0
	for _, p := range s.Steps[Sent] {
		lifted = lifted && slices.ContainsFunc(s.Steps[Lifted], func(l Step) bool { return r.Before(p.Entry, l.Entry) })
	}
	s.word(lifted)
}

func (s *State) word(lifted bool) {
	s.Open = !lifted
	switch {
	case lifted:
		s.Status = Lifted
	case len(s.Steps[Refused]) > 0:
		s.Status = Refused
	case len(s.Steps[InEffect]) > 0:
		s.Status = InEffect
	case len(s.Steps[Taken]) > 0:
		s.Status = Taken
	case s.Held != nil:
		s.Status = Held
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
	ends := slices.Concat(s.Steps[InEffect], s.Steps[Refused])
	add(Taken, start.Add(time.Minute), slices.Concat(s.Steps[Taken], ends))
	add("effect", start.Add(5*time.Minute), ends)
	return cs
}
