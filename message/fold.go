// SPDX-License-Identifier: Apache-2.0

package message

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/record"
)

// Fold gives what a message has come to, from the set of its statements and its receipt.
// It asks r only what the record proves; the order in which entries stand or came is of no account.
//
// SPEC: MSG-022, MSG-023
func Fold(it *record.Item, r Past) State {
	s := State{Key: it.Key, Begin: it.Begin}
	if b := it.Begin; b != nil {
		s.begin(b)
	}
	for _, e := range canonical(it.Entries) {
		if IsMessage(e.Kind) && e != it.Begin {
			s.Replies = append(s.Replies, e.Ref())
		} else if e != it.Begin && lawfulStep(e, it.Begin) == nil && e.FactsB != nil && s.Whole {
			s.add(e)
		}
	}
	s.weigh(r)
	return s
}

func (s *State) begin(b *record.Entry) {
	s.Ref, s.From, s.Kind = b.Ref(), b.Log.Party, strings.TrimPrefix(b.Kind, "message.")
	s.Class, s.Mark, s.HasText = b.Class, b.Mark, b.Text != nil
	if len(b.Re) > 0 {
		s.ReplyTo = &b.Re[0]
	}
	f, here, err := decode[Facts](b)
	s.Facts, s.Whole = f, here && err == nil
	s.Recorded = Step{Name: Recorded, Party: s.From, Ref: s.Ref, Entry: b, At: b.Time, By: f.By}
	if rc := b.Receipt; rc != nil {
		s.Held = &Step{Name: Held, Party: rc.By, At: rc.Held}
	}
}

func (s *State) add(e *record.Entry) {
	st := Step{Name: strings.TrimPrefix(e.Kind, "message."), Party: e.Log.Party, Ref: e.Ref(), Entry: e, At: e.Time}
	switch st.Name {
	case Shown, Complied:
		f, _, _ := decode[ShownFacts](e)
		st.By = f.By
		if st.Name == Shown {
			s.Shown = append(s.Shown, st)
		} else {
			s.Complied = append(s.Complied, st)
		}
	case Acknowledged:
		f, _, _ := decode[AckFacts](e)
		st.By, st.Read, st.Whose = f.By, f.Read, f.Translator
		if f.Read == "translation" && st.Whose == "" {
			st.Whose = f.By.Officer
		}
		if f.Read != Linguist {
			st.ReadBack = s.Facts.ReadBack
		}
		s.Acknowledged = append(s.Acknowledged, st)
	case Responded:
		f, _, _ := decode[RespondFacts](e)
		st.By, st.How, st.Until = f.By, f.How, f.Until
		s.Responded = append(s.Responded, st)
	case Relayed:
		f, _, _ := decode[RelayFacts](e)
		st.By, st.To = f.By, f.To
		s.Relayed = append(s.Relayed, st)
	}
}

// weigh chooses what counts where several steps compete: the table of pairs in words.
func (s *State) weigh(r Past) {
	understood := slices.DeleteFunc(slices.Clone(s.Acknowledged), func(a Step) bool { return a.Read == Linguist })
	if len(understood) > 0 {
		s.Understood = &oldest(understood, r)[0]
	} else if len(s.Acknowledged) > 0 {
		s.Awaiting = &oldest(s.Acknowledged, r)[0]
	}
	if len(s.Responded) == 0 {
		return
	}
	last := newest(s.Responded, entryOf, r)
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

func entryOf(s Step) *record.Entry { return s.Entry }

// oldest gives the steps that nothing else in the list precedes, in canonical order.
func oldest(steps []Step, r Past) (out []Step) {
	for _, a := range steps {
		if !slices.ContainsFunc(steps, func(b Step) bool { return b.Entry != a.Entry && r.Before(b.Entry, a.Entry) }) {
			out = append(out, a)
		}
	}
	return out
}

// newest gives the elements that precede no other in the list, in canonical order.
func newest[T any](list []T, entry func(T) *record.Entry, r Past) (out []T) {
	for _, a := range list {
		if !slices.ContainsFunc(list, func(b T) bool { return entry(b) != entry(a) && r.Before(entry(a), entry(b)) }) {
			out = append(out, a)
		}
	}
	return out
}

// canonical sorts entries by party, log and index, and drops what stands twice.
func canonical(entries []*record.Entry) []*record.Entry {
	out := slices.Clone(entries)
	slices.SortFunc(out, func(a, b *record.Entry) int {
		return cmp.Or(strings.Compare(a.Log.Party, b.Log.Party), cmp.Compare(a.Log.Number, b.Log.Number),
			strings.Compare(a.Log.Run, b.Log.Run), cmp.Compare(a.Index, b.Index))
	})
	return slices.Compact(out)
}

// Expired reports whether the message is of no use any more, by the reader's clock.
func (s State) Expired(now time.Time) bool {
	return !s.Facts.NotAfter.IsZero() && now.After(s.Facts.NotAfter)
}

// Ladder lists the rungs to draw, from recorded upwards; responded and complied only where asked or stated,
// relayed only where stated.
func (s State) Ladder() []Rung {
	rung := func(name string, steps []Step, first *Step) Rung {
		g := Rung{Step: name, Count: len(steps), Done: first != nil}
		if first != nil {
			g.First = *first
		}
		return g
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
	gs := []Rung{rung(Recorded, []Step{s.Recorded}, &s.Recorded), rung(Held, held, s.Held),
		rung(Shown, s.Shown, head(s.Shown)), rung(Acknowledged, s.Acknowledged, s.Understood)}
	if s.Facts.Respond || s.Response != nil {
		gs = append(gs, rung(Responded, s.Responded, s.Response))
	}
	if s.Facts.Respond || s.Response != nil || len(s.Complied) > 0 {
		gs = append(gs, rung(Complied, s.Complied, head(s.Complied)))
	}
	if len(s.Relayed) > 0 {
		gs = append(gs, rung(Relayed, s.Relayed, head(s.Relayed)))
	}
	return gs
}
