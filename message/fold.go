// SPDX-License-Identifier: Apache-2.0

package message

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Step is one fact on the ladder: a statement, or (held) the receiver's receipt.
type Step struct {
	Name  string        // recorded held shown acknowledged responded complied relayed
	Entry *record.Entry // nil of held
	At    time.Time     // its author's word; held of the receipt
	StepFacts
}

// State is what one message has come to: a function of the set of its statements and receipts.
type State struct {
	Key     string
	Begin   *record.Entry
	Ref     record.Ref
	From    string       // the sending party
	Kind    string       // warning information intention question answer request incident
	ReplyTo *record.Ref  // the beginning of the message that this one replies to: its first re
	Replies []record.Ref // messages that reply to this one
	Class   string       // its author's
	Said    string       // the class that its receiver states, "" for none
	Mark    string
	Facts   Facts
	HasText bool
	Whole   bool // the beginning and its facts are here

	Recorded Step
	Held     *Step
	Steps    map[string][]Step // the receiver's, by name, in canonical order; several when several desks stated one

	Understood *Step // the acknowledgement that counts: read in the original or a translation
	Awaiting   *Step // received, not yet understood: set only while nobody has understood it
	Response   *Step // the response that counts
	// Contradicted: the receiver said different things and nothing proves which came last
	// (or it said that it cannot comply after it had complied); views show them all.
	Contradicted bool
}

// Fold gives what a message has come to, from the set of its statements and its receipt.
// It asks r only what the record proves; the order in which entries stand or came is of no account.
//
// SPEC: MSG-022, MSG-023
func Fold(it *record.Item, r statement.Past) State {
	s := State{Key: it.Key, Begin: it.Begin, Steps: map[string][]Step{}}
	if b := it.Begin; b != nil {
		s.begin(b)
	}
	statement.Fold(Kinds, &s, it)
	s.weigh(r)
	return s
}

func (s *State) begin(b *record.Entry) {
	s.Ref, s.From, s.Kind = b.Ref(), b.Log.Party, strings.TrimPrefix(b.Kind, "message.")
	s.Class, s.Mark, s.HasText = b.Class, b.Mark, b.WantText
	if len(b.Re) > 0 {
		s.ReplyTo = &b.Re[0]
	}
	f, here, err := statement.Read[Facts](b)
	s.Facts, s.Whole = f, here && err == nil
	s.Recorded = Step{Name: Recorded, Entry: b, At: b.Time, StepFacts: StepFacts{By: f.By}}
	if rc := b.Receipt; rc != nil {
		s.Held = &Step{Name: Held, At: rc.Held}
	}
}

// reply keeps a message that replies to this one: its item is its own.
func (s *State) reply(e *record.Entry, _ Facts) {
	if e != s.Begin {
		s.Replies = append(s.Replies, e.Ref())
	}
}

// step keeps a step of a message whose beginning is here.
func (s *State) step(e *record.Entry, f StepFacts) {
	if f.Read == "translation" && f.Translator == "" {
		f.Translator = f.By.Officer
	}
	if name := strings.TrimPrefix(e.Kind, "message."); s.Whole {
		s.Steps[name] = append(s.Steps[name], Step{name, e, e.Time, f})
	}
}

// weigh chooses what counts where several steps compete: the table of pairs in words.
func (s *State) weigh(r statement.Past) {
	understood := slices.DeleteFunc(slices.Clone(s.Steps[Acknowledged]), func(a Step) bool { return a.Read == Linguist })
	if len(understood) > 0 {
		s.Understood = &statement.Oldest(understood, before(r))[0]
	} else if len(s.Steps[Acknowledged]) > 0 {
		s.Awaiting = &statement.Oldest(s.Steps[Acknowledged], before(r))[0]
	}
	for _, c := range statement.Newest(s.Steps[Classed], before(r)) {
		if s.Said == "" || slices.Index(statement.Classes, c.Entry.Class) < slices.Index(statement.Classes, s.Said) {
			s.Said = c.Entry.Class
		}
	}
	if len(s.Steps[Responded]) == 0 {
		return
	}
	last := statement.Newest(s.Steps[Responded], before(r))
	slices.SortStableFunc(last, func(a, b Step) int {
		return cmp.Or(cmp.Compare(strictness(b), strictness(a)), a.Until.Compare(b.Until))
	})
	s.Response = &last[0]
	s.Contradicted = last[len(last)-1].How != last[0].How
	if c := s.Steps[Complied]; len(c) > 0 && strictness(last[0]) >= slices.Index(Responses, "not-ours") {
		before := slices.ContainsFunc(c, func(c Step) bool { return r.Before(last[0].Entry, c.Entry) })
		s.Contradicted = s.Contradicted || !before
	}
}

func strictness(s Step) int { return slices.Index(Responses, s.How) }

func before(r statement.Past) func(a, b Step) bool {
	return func(a, b Step) bool { return r.Before(a.Entry, b.Entry) }
}

// Waits reports whether a step of the message is still to come, at either end: what a desk must not lose from sight.
func (s State) Waits() bool {
	asked := s.Facts.Respond && s.Response == nil
	promised := s.Response != nil && (s.Response.How == Standby || s.Response.How == Responses[0]) && len(s.Steps[Complied]) == 0
	return s.Held == nil || s.Understood == nil || asked || promised
}

// Expired reports whether the message is of no use any more, by the reader's clock.
func (s State) Expired(now time.Time) bool {
	return !s.Facts.NotAfter.IsZero() && now.After(s.Facts.NotAfter)
}

// Ladder lists the rungs to draw, from recorded upwards: each by the step that stands for it, without a time while it
// is not reached. Responded and complied are there only where asked or stated, relayed only where stated.
func (s State) Ladder() []Step {
	rungs := make([]Step, 0, 7)
	head := func(name string) *Step {
		if len(s.Steps[name]) == 0 {
			return nil
		}
		return &s.Steps[name][0]
	}
	answers := s.Facts.Respond || s.Response != nil
	for _, r := range []struct {
		name   string
		step   *Step
		always bool
	}{{Recorded, &s.Recorded, true}, {Held, s.Held, true}, {Shown, head(Shown), true}, {Acknowledged, s.Understood, true},
		{Responded, s.Response, answers}, {Complied, head(Complied), answers}, {Relayed, head(Relayed), false}} {
		if r.step != nil {
			rungs = append(rungs, *r.step)
		} else if r.always {
			rungs = append(rungs, Step{Name: r.name})
		}
	}
	return rungs
}
