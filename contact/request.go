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

// PlacedFacts are those of request.placed.
type PlacedFacts struct {
	For      string           `json:"for"`  // call meeting
	From     string           `json:"from"` // place of the post.added on whose behalf it is sought
	With     string           `json:"with"` // place of the post.added that is sought
	When     statement.When   `json:"when"` // since when, or when, it was placed
	Standing bool             `json:"standing,omitempty"`
	Basis    string           `json:"basis"`
	ToldBy   string           `json:"told_by,omitempty"`
	By       statement.Author `json:"by"`
}

// OutcomeFacts are those of request.outcome; its first `re` names the request.placed.
type OutcomeFacts struct {
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

// Request is one request and what became of its attempts.
type Request struct {
	PlacedFacts
	FromPost, WithPost record.Place
	Entry              *record.Entry
	Party              string
	Mark               string
	Attempts           []Attempt // in canonical order of their statements
	Status             string    // an outcome, or open, declined-so-far, differs
	Sought             bool      // still sought
}

// Attempt is one attempt of a request and its outcome.
type Attempt struct {
	OutcomeFacts
	When     statement.When // On, else the request's own
	Entry    *record.Entry
	Party    string // who states it
	Standing string // stated confirmed disputed
	Other    *OutcomeFacts
	OtherBy  *record.Entry // the other party's statement about it, nil while stated by one side
}

// Validate judges request.placed.
//
// SPEC: CNT-004 CNT-006
func (f PlacedFacts) Validate(e, _ *record.Entry) error {
	_, err1 := record.ParsePlace(f.From)
	_, err2 := record.ParsePlace(f.With)
	return statement.First(alone(e), statement.OneOf("what a request is for", f.For, Sought),
		statement.If(err1 != nil || err2 != nil || f.From == f.With, "a request is from one post with another"), how(f.When, f.Basis, f.ToldBy, f.By))
}

// Validate judges request.outcome: it names a request, has its mark, is not dated before it, and confirms only what
// the other party stated.
//
// SPEC: CNT-007 CNT-010
func (f OutcomeFacts) Validate(e, begin *record.Entry) error {
	if begin != nil {
		if begin.Kind != KindPlaced || begin.Mark != e.Mark {
			return statement.First(statement.If(begin.Kind != KindPlaced, "what it names is no request"), statement.If(true, "its mark is not that of its request"))
		}
		p, here, err := statement.Read[PlacedFacts](begin)
		if err == nil && here && f.On != nil && f.On.Latest().Before(p.When.Earliest()) {
			return statement.If(true, "its date %s is before that of its request, %s", f.On, p.When)
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

func (s *folding) placed(e *record.Entry, f PlacedFacts) {
	r := &Request{PlacedFacts: f, Entry: e, Party: e.Log.Party, Mark: e.Mark}
	r.FromPost, _ = record.ParsePlace(f.From)
	r.WithPost, _ = record.ParsePlace(f.With)
	s.Request = r
}

func (s *folding) outcome(e *record.Entry, f OutcomeFacts) {
	s.said = append(s.said, Attempt{OutcomeFacts: f, Entry: e, Party: e.Log.Party, Standing: Stated})
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
		a.Other, a.OtherBy, a.Standing = &o.OutcomeFacts, o.Entry, Confirmed
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
func PlacedDraft(party string, f PlacedFacts, mark string, text *record.Text) (record.Draft, error) {
	if f.For == "" {
		f.For = Call
	}
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: KindPlaced, Mark: mark, Facts: f, Text: text},
		"as: parley request record --by Minister --with 'their Minister' --when 2022-02-24 --standing --basis own")
}

// OutcomeDraft makes request.outcome about a request, or about an outcome that the other party stated of it:
// the same outcome confirms it, another disputes it. The mark is the request's.
func OutcomeDraft(r *Request, about *record.Entry, author string, f OutcomeFacts) (record.Draft, error) {
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
