// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"slices"

	"example.org/parley/line"
	"example.org/parley/record"
)

// Fold gives the state of a contact or a request as a function of the set of its statements.
// SPEC: CNT-008
func Fold(it *record.Item, past Past) State {
	if it == nil || it.Begin == nil {
		return State{}
	}
	switch it.Begin.Kind {
	case KindMade:
		return State{Contact: foldContact(it.Begin)}
	case KindPlaced:
		return State{Request: foldRequest(it, past)}
	}
	return State{}
}

func foldContact(b *record.Entry) *Contact {
	f, here, err := decode[MadeFacts](b)
	if err != nil || !here {
		return nil
	}
	c := &Contact{MadeFacts: f, Entry: b, Party: b.Log.Party, Mark: b.Mark, Private: b.Log.Private}
	for _, s := range f.Participants {
		if p, err := line.ParsePlace(s); err == nil {
			c.Posts = append(c.Posts, p)
		}
	}
	return c
}

func foldRequest(it *record.Item, past Past) *Request {
	b := it.Begin
	f, here, err := decode[PlacedFacts](b)
	if err != nil || !here {
		return nil
	}
	r := &Request{PlacedFacts: f, Entry: b, Party: b.Log.Party, Mark: b.Mark}
	r.FromPost, _ = line.ParsePlace(f.From)
	r.WithPost, _ = line.ParsePlace(f.With)
	said := outcomesOf(it, b)
	for _, s := range said {
		if about(s, said) == nil {
			r.Attempts = append(r.Attempts, attempt(s, said, f.When, past))
		}
	}
	r.judge(past)
	return r
}

// stated is one request.outcome, decoded.
type stated struct {
	e *record.Entry
	f OutcomeFacts
}

func outcomesOf(it *record.Item, begin *record.Entry) (out []stated) {
	for _, e := range it.Entries {
		if e.Kind != KindOutcome || lawfulOutcome(e, begin) != nil {
			continue
		}
		if f, here, err := decode[OutcomeFacts](e); here && err == nil {
			out = append(out, stated{e, f})
		}
	}
	return out
}

// about gives the outcome of the other party that s confirms or disputes; nil where s is an attempt of its
// own, also while what it names is not here.
func about(s stated, all []stated) *record.Entry {
	if s.f.Attempt == "" {
		return nil
	}
	for _, o := range all {
		if o.f.Attempt == "" && o.e.Place().String() == s.f.Attempt {
			return o.e
		}
	}
	return nil
}

// attempt is one outcome with what the other party says of it: its newest word, as far as one can be proved.
// SPEC: CNT-009 CNT-010
func attempt(s stated, all []stated, placed When, past Past) Attempt {
	a := Attempt{OutcomeFacts: s.f, When: placed, Entry: s.e, Party: s.e.Log.Party, Standing: Stated}
	if s.f.On != nil {
		a.When = *s.f.On
	}
	var others []stated
	for _, o := range all {
		if about(o, all) == s.e {
			others = append(others, o)
		}
	}
	for _, o := range newest(others, func(x, y stated) bool { return past.Before(x.e, y.e) }) {
		if a.Standing == Disputed {
			break
		}
		f := o.f
		a.Other, a.OtherBy, a.Standing = &f, o.e, Confirmed
		if o.f.Outcome != s.f.Outcome {
			a.Standing = Disputed
		}
	}
	return a
}

// newest gives those that no other is later than: more than one where neither of them knew the other.
func newest[T any](all []T, later func(than, x T) bool) (out []T) {
	for _, s := range all {
		if !slices.ContainsFunc(all, func(o T) bool { return later(s, o) }) {
			out = append(out, s)
		}
	}
	return out
}

// judge sets the status of the whole request: that of its newest attempt, whatever was confirmed since.
// Attempts are ordered by their dates; of those whose dates overlap the later is the one that knew the other.
// SPEC: CNT-011
func (r *Request) judge(past Past) {
	knew := func(than, x Attempt) bool { return past.Before(than.Entry, x.Entry) }
	last := newest(r.Attempts, func(than, x Attempt) bool {
		if than.When.Overlaps(x.When) {
			return knew(than, x)
		}
		return than.When.Latest().Before(x.When.Latest())
	})
	if len(last) == 0 { // dates and knowledge go round in a circle
		last = newest(r.Attempts, knew)
	}
	r.Status = Open
	for i, a := range last {
		if i > 0 && a.Outcome != r.Status || a.Standing == Disputed {
			r.Status = Differs
			break
		}
		r.Status = a.Outcome
	}
	all := !slices.ContainsFunc(r.Attempts, func(a Attempt) bool { return a.Outcome != Declined })
	if r.Standing && r.Status == Declined && all {
		r.Status = DeclinedSoFar
	}
	switch r.Status {
	case Open, Deferred, CounterProposed, Differs:
		r.Sought = true
	default:
		r.Sought = r.Standing
	}
}
