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
	Name     string // recorded held shown acknowledged responded complied relayed
	Party    string
	Ref      record.Ref // zero for held
	Entry    *record.Entry
	At       time.Time // its author's word; held of the receipt
	By       statement.Author
	Read     string   // acknowledged: original translation awaiting-linguist
	Whose    string   // acknowledged in a translation: place of the translating officer
	ReadBack []string // acknowledged: the fields read back, which matched
	How      string   // responded: will-comply standby cannot-comply not-ours
	Until    time.Time
	To       string // relayed: place of the post
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
	Class   string
	Mark    string
	Facts   Facts
	HasText bool
	Whole   bool // the beginning and its facts are here

	Recorded     Step
	Held         *Step
	Shown        []Step // each list: canonical order; more than one when several desks stated it
	Acknowledged []Step
	Responded    []Step
	Complied     []Step
	Relayed      []Step

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
	s := State{Key: it.Key, Begin: it.Begin}
	if b := it.Begin; b != nil {
		s.begin(b)
	}
	statement.Fold(Kinds, &s, it)
	s.weigh(r)
	return s
}

func (s *State) begin(b *record.Entry) {
	s.Ref, s.From, s.Kind = b.Ref(), b.Log.Party, strings.TrimPrefix(b.Kind, "message.")
	s.Class, s.Mark, s.HasText = b.Class, b.Mark, b.Text != nil
	if len(b.Re) > 0 {
		s.ReplyTo = &b.Re[0]
	}
	f, here, err := statement.Read[Facts](b)
	s.Facts, s.Whole = f, here && err == nil
	s.Recorded = Step{Name: Recorded, Party: s.From, Ref: s.Ref, Entry: b, At: b.Time, By: f.By}
	if rc := b.Receipt; rc != nil {
		s.Held = &Step{Name: Held, Party: rc.By, At: rc.Held}
	}
}

// reply keeps a message that replies to this one: its item is its own.
func (s *State) reply(e *record.Entry, _ Facts) {
	if e != s.Begin {
		s.Replies = append(s.Replies, e.Ref())
	}
}

// add keeps a step of a message whose beginning is here.
func (s *State) add(list *[]Step, e *record.Entry, st Step) {
	if s.Whole {
		st.Name, st.Party, st.Ref, st.Entry, st.At = strings.TrimPrefix(e.Kind, "message."), e.Log.Party, e.Ref(), e, e.Time
		*list = append(*list, st)
	}
}

func (s *State) shown(e *record.Entry, f ShownFacts)    { s.add(&s.Shown, e, Step{By: f.By}) }
func (s *State) complied(e *record.Entry, f ShownFacts) { s.add(&s.Complied, e, Step{By: f.By}) }
func (s *State) relayed(e *record.Entry, f RelayFacts) {
	s.add(&s.Relayed, e, Step{By: f.By, To: f.To})
}
func (s *State) responded(e *record.Entry, f RespondFacts) {
	s.add(&s.Responded, e, Step{By: f.By, How: f.How, Until: f.Until})
}

func (s *State) acknowledged(e *record.Entry, f AckFacts) {
	st := Step{By: f.By, Read: f.Read, Whose: f.Translator}
	if f.Read == "translation" && st.Whose == "" {
		st.Whose = f.By.Officer
	}
	if f.Read != Linguist {
		st.ReadBack = s.Facts.ReadBack
	}
	s.add(&s.Acknowledged, e, st)
}

// weigh chooses what counts where several steps compete: the table of pairs in words.
func (s *State) weigh(r statement.Past) {
	understood := slices.DeleteFunc(slices.Clone(s.Acknowledged), func(a Step) bool { return a.Read == Linguist })
	if len(understood) > 0 {
		s.Understood = &statement.Oldest(understood, before(r))[0]
	} else if len(s.Acknowledged) > 0 {
		s.Awaiting = &statement.Oldest(s.Acknowledged, before(r))[0]
	}
	if len(s.Responded) == 0 {
		return
	}
	last := statement.Newest(s.Responded, before(r))
	slices.SortStableFunc(last, func(a, b Step) int {
		return cmp.Or(cmp.Compare(strictness(b), strictness(a)), a.Until.Compare(b.Until))
	})
	s.Response = &last[0]
	s.Contradicted = last[len(last)-1].How != last[0].How
	if len(s.Complied) > 0 && strictness(last[0]) >= strictness(Step{How: "not-ours"}) {
		before := slices.ContainsFunc(s.Complied, func(c Step) bool { return r.Before(last[0].Entry, c.Entry) })
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
	promised := s.Response != nil && (s.Response.How == Standby || s.Response.How == Responses[0]) && len(s.Complied) == 0
	return s.Held == nil || len(s.Shown) == 0 || s.Understood == nil || asked || promised
}

// Expired reports whether the message is of no use any more, by the reader's clock.
func (s State) Expired(now time.Time) bool {
	return !s.Facts.NotAfter.IsZero() && now.After(s.Facts.NotAfter)
}

// Rung is one row of the ladder as a person sees it.
type Rung struct {
	Step  string
	Done  bool
	First Step // representative, when Done
	Count int
}

// Ladder lists the rungs to draw, from recorded upwards; responded and complied only where asked or stated,
// relayed only where stated.
func (s State) Ladder() []Rung {
	gs := make([]Rung, 0, 7)
	rung := func(name string, steps []Step, first *Step) {
		g := Rung{Step: name, Count: len(steps), Done: first != nil}
		if first != nil {
			g.First = *first
		}
		gs = append(gs, g)
	}
	head := func(steps []Step) *Step {
		if len(steps) == 0 {
			return nil
		}
		return &steps[0]
	}
	var held []Step
	if s.Held != nil {
		held = []Step{*s.Held}
	}
	rung(Recorded, []Step{s.Recorded}, &s.Recorded)
	rung(Held, held, s.Held)
	rung(Shown, s.Shown, head(s.Shown))
	rung(Acknowledged, s.Acknowledged, s.Understood)
	if s.Facts.Respond || s.Response != nil {
		rung(Responded, s.Responded, s.Response)
	}
	if s.Facts.Respond || s.Response != nil || len(s.Complied) > 0 {
		rung(Complied, s.Complied, head(s.Complied))
	}
	if len(s.Relayed) > 0 {
		rung(Relayed, s.Relayed, head(s.Relayed))
	}
	return gs
}
