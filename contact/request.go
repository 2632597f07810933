// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"slices"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// The kinds of statement about a request.
const (
	KindPlaced  = "request.placed"  // begins it
	KindOutcome = "request.outcome" // what became of one attempt of it
)

// Outcomes of an attempt.
const (
	Accepted        = "accepted"
	Declined        = "declined" // an act; the only one that may be called a refusal
	Deferred        = "deferred"
	CounterProposed = "counter-proposed"
	Lapsed          = "lapsed"      // no answer in its time: column no reply
	NoReply         = "no-reply"    // could have answered: column no reply
	NotReached      = "not-reached" // nobody armed, path or station down, failed
)

// Outcomes lists them in the order of the columns.
var Outcomes = []string{Accepted, Declined, Deferred, CounterProposed, Lapsed, NoReply, NotReached}

// Status of a request beyond its outcomes.
const (
	Open          = "open"            // no outcome yet
	DeclinedSoFar = "declined-so-far" // standing, every attempt declined: still sought
	Differs       = "differs"         // the two sides, or two statements neither of which knew the other, differ
)

// Standing of an attempt's outcome between the parties.
const (
	Stated    = "stated" // by one side only
	Confirmed = "confirmed"
	Disputed  = "disputed"
)

// Request is one request and what became of its attempts: the facts of request.placed, and what its fold adds.
type Request struct {
	FromPost, WithPost record.Place  `json:"-"`
	Entry              *record.Entry `json:"-"`
	Party              string        `json:"-"`
	Mark               string        `json:"-"`
	Attempts           []Attempt     `json:"-"` // in canonical order of their statements
	Status             string        `json:"-"` // an outcome, or open, declined-so-far, differs
	Sought             bool          `json:"-"` // still sought

	For      string           `json:"for"`  // call meeting
	From     string           `json:"from"` // place of the post.added on whose behalf it is sought
	With     string           `json:"with"` // place of the post.added that is sought
	When     statement.When   `json:"when"` // since when, or when, it was placed
	Standing bool             `json:"standing,omitempty"`
	Basis    string           `json:"basis"`
	ToldBy   string           `json:"told_by,omitempty"`
	By       statement.Author `json:"by"`
}

// Attempt is one attempt of a request and its outcome: the facts of request.outcome, whose first `re` names the
// request.placed, and what its fold adds.
type Attempt struct {
	When     statement.When `json:"-"` // On, else the request's own
	Entry    *record.Entry  `json:"-"`
	Party    string         `json:"-"` // who states it
	Standing string         `json:"-"` // stated confirmed disputed
	Other    *Attempt       `json:"-"` // the other party's statement about it, nil while stated by one side

	Outcome string `json:"outcome"`
	// Attempt is the place of the other party's request.outcome that this one confirms or disputes;
	// "": an attempt of its own.
	Attempt string           `json:"attempt,omitempty"`
	On      *statement.When  `json:"on,omitempty"`   // when it came about; absent: when the request was placed
	Until   time.Time        `json:"until,omitzero"` // of deferred: until when
	ToldBy  string           `json:"told_by,omitempty"`
	Reason  string           `json:"reason,omitempty"` // as they gave it
	By      statement.Author `json:"by"`
}

// Validate judges request.placed.
//
// SPEC: CNT-004 CNT-006
func (f Request) Validate(e, _ *record.Entry) error {
	_, err1 := record.ParsePlace(f.From)
	_, err2 := record.ParsePlace(f.With)
	return statement.First(alone(e), statement.OneOf("what a request is for", f.For, Sought),
		statement.If(err1 != nil || err2 != nil || f.From == f.With, "a request is from one post with another"), how(f.When, f.Basis, f.ToldBy, f.By))
}

// Validate judges request.outcome: it names a request, has its mark, is not dated before it, and confirms only what
// the other party stated.
//
// SPEC: CNT-007 CNT-010
func (f Attempt) Validate(e, begin *record.Entry) error {
	if begin != nil {
		r, here, _ := statement.Read[Request](begin)
		if err := statement.First(statement.If(begin.Kind != KindPlaced, "what it names is no request"),
			statement.If(begin.Mark != e.Mark, "its mark is not that of its request"),
			statement.If(here && f.On != nil && f.On.Latest().Before(r.When.Earliest()), "its date %s is before that of its request, %s", f.On, r.When)); err != nil {
			return err
		}
	}
	at, err := record.ParsePlace(f.Attempt)
	return statement.First(
		statement.If(f.Attempt != "" && (err != nil || at.Party == e.Log.Party), "only the other party's outcome can be confirmed or disputed"),
		statement.OneOf("outcome", f.Outcome, Outcomes), statement.Time("until", f.Until),
		statement.If(!f.Until.IsZero() && f.Outcome != Deferred && f.Outcome != CounterProposed, "only what is deferred or counter-proposed has a time until which"),
		statement.If(f.On != nil && f.On.IsZero(), "its date is missing"),
		statement.Optional("told by", f.ToldBy, maxBasis), statement.Optional("reason", f.Reason, maxReason), f.By.Validate())
}

func (s *State) placed(e *record.Entry, r Request) {
	r.Entry, r.Party, r.Mark = e, e.Log.Party, e.Mark
	r.FromPost, _ = record.ParsePlace(r.From)
	r.WithPost, _ = record.ParsePlace(r.With)
	s.Request = &r
}

func (s *State) outcome(e *record.Entry, a Attempt) {
	a.Entry, a.Party, a.Standing = e, e.Log.Party, Stated
	s.said = append(s.said, a)
}

// about gives the outcome of the other party that a confirms or disputes; nil where a is an attempt of its
// own, also while what it names is not here.
func about(a Attempt, all []Attempt) *record.Entry {
	for _, o := range all {
		if a.Attempt != "" && o.Attempt == "" && o.Entry.Place().String() == a.Attempt {
			return o.Entry
		}
	}
	return nil
}

// attempt is one outcome with what the other party says of it: its newest word, as far as one can be proved.
//
// SPEC: CNT-009 CNT-010
func attempt(a Attempt, all []Attempt, placed statement.When, past statement.Past) Attempt {
	if a.When = placed; a.On != nil {
		a.When = *a.On
	}
	others := slices.DeleteFunc(slices.Clone(all), func(o Attempt) bool { return about(o, all) != a.Entry })
	for _, o := range statement.Newest(others, func(x, y Attempt) bool { return past.Before(x.Entry, y.Entry) }) {
		if a.Standing == Disputed {
			break
		}
		a.Other, a.Standing = &o, Confirmed
		if o.Outcome != a.Outcome {
			a.Standing = Disputed
		}
	}
	return a
}

// judge sets the status of the whole request: that of its newest attempt, whatever was confirmed since.
// Attempts are ordered by their dates; of those whose dates overlap the later is the one that knew the other.
//
// SPEC: CNT-011
func (r *Request) judge(past statement.Past) {
	knew := func(x, y Attempt) bool { return past.Before(x.Entry, y.Entry) }
	last := statement.Newest(r.Attempts, func(x, y Attempt) bool {
		if x.When.Overlaps(y.When) {
			return knew(x, y)
		}
		return x.When.Latest().Before(y.When.Latest())
	})
	if len(last) == 0 { // dates and knowledge go round in a circle
		last = statement.Newest(r.Attempts, knew)
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
	r.Sought = r.Standing || slices.Contains([]string{Open, Deferred, CounterProposed, Differs}, r.Status)
}

// PlacedDraft makes request.placed of a party; for "" is a call.
func PlacedDraft(party string, f Request, mark string, text *record.Text) (record.Draft, error) {
	if f.For == "" {
		f.For = Call
	}
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: KindPlaced, Mark: mark, Facts: f, Text: text},
		"as: parley request record --by Minister --with 'their Minister' --when 2022-02-24 --standing --basis own")
}

// OutcomeDraft makes request.outcome about a request, or about an outcome that the other party stated of it:
// the same outcome confirms it, another disputes it. The mark is the request's.
func OutcomeDraft(r *Request, about *record.Entry, author string, f Attempt) (record.Draft, error) {
	f.Attempt = ""
	if about != nil && about.Kind == KindOutcome {
		if about.Log.Party == author {
			return record.Draft{}, statement.Refuse("name the request for a new attempt", "this outcome is your own side's: only the other side can confirm or dispute it")
		}
		f.Attempt = about.Place().String()
	}
	return statement.Draft(Kinds, author, r.Entry, record.Draft{Kind: KindOutcome, Mark: r.Mark, Re: []record.Ref{r.Entry.Ref()}, Facts: f},
		"as: parley request outcome A1-9 declined --told-by 'their desk' --on 2022-03-01")
}
