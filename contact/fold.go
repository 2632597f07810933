// SPDX-License-Identifier: Apache-2.0

package contact

import (
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
	r.judge(said, past)
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
	for _, o := range newest(others, past) {
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

// newest gives the statements that no other of them had before it: more than one where neither knew the other.
func newest(all []stated, past Past) (out []stated) {
	for _, s := range all {
		later := false
		for _, o := range all {
			later = later || o.e != s.e && past.Before(s.e, o.e)
		}
		if !later {
			out = append(out, s)
		}
	}
	return out
}

// judge sets the status of the whole request.
// SPEC: CNT-011
func (r *Request) judge(said []stated, past Past) {
	r.Status = Open
	for i, s := range newest(said, past) {
		if i > 0 && s.f.Outcome != r.Status {
			r.Status = Differs
			break
		}
		r.Status = s.f.Outcome
	}
	declined := len(r.Attempts) > 0
	for _, a := range r.Attempts {
		declined = declined && a.Outcome == Declined && a.Standing != Disputed
	}
	if r.Standing && declined {
		r.Status = DeclinedSoFar
	}
	switch r.Status {
	case Open, Deferred, CounterProposed, Differs:
		r.Sought = true
	default:
		r.Sought = r.Standing
	}
}
