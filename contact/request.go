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
	KindPlaced  = "request.placed"  // begins it, and is its first attempt
	KindTried   = "request.tried"   // a further attempt
	KindOutcome = "request.outcome" // what became of one attempt: of the second that it names, else of the first
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

// Ways by which a request is placed, and on whose behalf it is answered.
var (
	Ways    = []string{ByLine, ByTelephone, ByLetter, "embassy", Press}
	Behalfs = []string{"desk", "office", "principal"}
)

// Status of a request beyond its outcomes.
const (
	Open          = "open"            // no outcome yet
	DeclinedSoFar = "declined-so-far" // standing, every attempt declined: still sought
	Differs       = "differs"         // the two sides, or two statements neither of which knew the other, differ
	Withdrawn     = "withdrawn"
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
	Status             string        `json:"-"` // an outcome, or open, declined-so-far, differs, withdrawn
	Sought             bool          `json:"-"` // still sought
	Scheduled          time.Time     `json:"-"` // for when it was accepted, zero: for no time
	Near               time.Time     `json:"-"` // from when that is near: AgreedBefore it, or since it was accepted
	Withdrawal         *Verdict      `json:"-"`

	For      string           `json:"for"`  // call meeting
	From     string           `json:"from"` // place of the post.added on whose behalf it is sought
	With     string           `json:"with"` // place of the post.added that is sought
	When     statement.When   `json:"when"` // since when, or when, it was placed
	Standing bool             `json:"standing,omitempty"`
	Way      string           `json:"way,omitempty"`
	Basis    string           `json:"basis"`
	Source   string           `json:"-" said:"source,240"`
	By       statement.Author `json:"by"`
}

// Attempt is one attempt of a request, and what became of it: the facts of request.tried, and what its fold adds.
type Attempt struct {
	Entry    *record.Entry `json:"-"` // request.placed of the first, else request.tried
	Outcome  string        `json:"-"` // "" while nobody states one
	Standing string        `json:"-"` // stated confirmed disputed
	Result   *Result       `json:"-"` // what is stated of it; where both state something, by the party that sought
	Other    *Result       `json:"-"` // what the other party states, nil while one side alone does
	Verdict  *Verdict      `json:"-"` // the other party's newest word, where it is a yes or no

	When   statement.When   `json:"when"`
	Way    string           `json:"way,omitempty"`
	Basis  string           `json:"basis"`
	Source string           `json:"-" said:"source,240"`
	By     statement.Author `json:"by"`
}

// Result is what became of an attempt, as one side states it: the facts of request.outcome.
type Result struct {
	Entry *record.Entry `json:"-"`

	Outcome string           `json:"outcome"`
	On      statement.When   `json:"on,omitzero"`      // when it came about; absent: when it was tried
	At      time.Time        `json:"at,omitzero"`      // of accepted and counter-proposed: for when
	Until   time.Time        `json:"until,omitzero"`   // of deferred: until when
	Who     string           `json:"-" said:"who,120"` // who answered
	Behalf  string           `json:"behalf,omitempty"` // for whom: desk office principal
	ToldBy  string           `json:"-" said:"told_by,240"`
	Reason  string           `json:"-" said:"reason,480"` // as they gave it
	By      statement.Author `json:"by"`
}

// Validate judges request.placed.
//
// SPEC: CNT-004 CNT-006
func (f Request) Validate(e, _ *record.Entry) error {
	_, err1 := record.ParsePlace(f.From)
	_, err2 := record.ParsePlace(f.With)
	return statement.First(alone(e), statement.OneOf("what a request is for", f.For, Sought), way(f.Way),
		statement.If(err1 != nil || err2 != nil || f.From == f.With, "a request is from one post with another"), how(e, f.When, f.Basis, f.By))
}

func way(s string) error {
	if s == "" {
		return nil
	}
	return statement.OneOf("way of a request", s, Ways)
}

// of judges that a statement is about a request, of its mark, and not dated before it.
func of(e, begin *record.Entry, on statement.When) error {
	if begin == nil {
		return nil
	}
	r, here, _ := statement.Read[Request](begin)
	return statement.First(statement.If(begin.Kind != KindPlaced, "what it names is no request"),
		statement.If(begin.Mark != e.Mark, "its mark is not that of its request"),
		statement.If(here && !on.IsZero() && on.Latest().Before(r.When.Earliest()), "its date %s is before that of its request, %s", on, r.When))
}

// Validate judges request.tried.
//
// SPEC: CNT-021
func (f Attempt) Validate(e, begin *record.Entry) error {
	return statement.First(of(e, begin, f.When), statement.If(len(e.Re) > 1, "it names more than its request"), way(f.Way), how(e, f.When, f.Basis, f.By))
}

// Validate judges request.outcome.
//
// SPEC: CNT-007 CNT-022
func (f Result) Validate(e, begin *record.Entry) error {
	behalf := error(nil)
	if f.Behalf != "" {
		behalf = statement.OneOf("on whose behalf", f.Behalf, Behalfs)
	}
	return statement.First(of(e, begin, f.On), statement.If(len(e.Re) > 2, "it names more than its request and an attempt"), behalf,
		statement.OneOf("outcome", f.Outcome, Outcomes), statement.Time("until", f.Until), statement.Time("for when", f.At),
		statement.If(!f.Until.IsZero() && f.Outcome != Deferred && f.Outcome != CounterProposed, "only what is deferred or counter-proposed has a time until which"),
		statement.If(!f.At.IsZero() && f.Outcome != Accepted && f.Outcome != CounterProposed, "only what is accepted or counter-proposed has a time for which"),
		f.By.Validate())
}

func (s *State) placed(e *record.Entry, r Request) {
	r.Entry, r.Party, r.Mark = e, e.Log.Party, e.Mark
	r.FromPost, _ = record.ParsePlace(r.From)
	r.WithPost, _ = record.ParsePlace(r.With)
	s.Request = &r
	s.tries = append(s.tries, Attempt{Entry: e, When: r.When, Way: r.Way, Basis: r.Basis, Source: r.Source, By: r.By})
}

func (s *State) tried(e *record.Entry, a Attempt) {
	a.Entry = e
	s.tries = append(s.tries, a)
}

func (s *State) outcome(e *record.Entry, r Result) {
	r.Entry = e
	s.results = append(s.results, r)
}

// settle gives each attempt what became of it, and the request its status.
//
// SPEC: CNT-009 CNT-010
func (r *Request) settle(s *State, past statement.Past) {
	results, verdicts := map[record.Place][]Result{}, map[record.Place][]Verdict{}
	for _, x := range s.results {
		at := s.second(x.Entry)
		if at == (record.Place{}) {
			at = r.Entry.Place()
		}
		results[at] = append(results[at], x)
	}
	var left []Verdict
	for _, v := range s.verdicts {
		if v.Entry.Kind == KindWithdrawn {
			left = append(left, v)
		} else {
			verdicts[s.second(v.Entry)] = append(verdicts[s.second(v.Entry)], v)
		}
	}
	for _, a := range s.tries {
		a.settle(r.Party, results[a.Entry.Place()], verdicts, past)
		r.Attempts = append(r.Attempts, a)
	}
	for _, v := range statement.NewestOf(left, verdictEntry, past) {
		again := slices.ContainsFunc(s.tries, func(a Attempt) bool { return a.Entry.Kind == KindTried && past.Before(v.Entry, a.Entry) })
		if r.Withdrawal == nil && !again { // what is tried again by somebody who knew is sought again
			r.Withdrawal = &v
		}
	}
	r.judge(past)
}

// word is the newest that one side says of an attempt: its own outcome, or a yes or no to the other's; outcome "" is a no.
type word struct {
	entry   *record.Entry
	outcome string
	verdict *Verdict
}

// settle finds the word of each side, its own outcome or its yes or no to the other's, and what stands between them.
func (a *Attempt) settle(sought string, results []Result, verdicts map[record.Place][]Verdict, past statement.Past) {
	var words [2][]word // of the party that sought, of the other
	var last [2][]Result
	side := func(e *record.Entry) int {
		if e.Log.Party == sought {
			return 0
		}
		return 1
	}
	for _, x := range results {
		i := side(x.Entry)
		words[i], last[i] = append(words[i], word{x.Entry, x.Outcome, nil}), append(last[i], x)
		for _, v := range verdicts[x.Entry.Place()] {
			w := word{v.Entry, "", &v}
			if v.Entry.Kind == "request.confirmed" {
				w.outcome = x.Outcome
			}
			words[side(v.Entry)] = append(words[side(v.Entry)], w)
		}
	}
	var said [2]*word
	var own [2]*Result
	split := false
	for i := range 2 {
		var differ bool
		said[i], differ = newest(words[i], func(w word) *record.Entry { return w.entry }, past, func(a, b word) bool { return a.outcome == b.outcome })
		own[i], _ = newest(last[i], func(x Result) *record.Entry { return x.Entry }, past, func(Result, Result) bool { return true })
		split = split || differ
	}
	if a.Result, a.Other = own[0], own[1]; a.Result == nil {
		a.Result, a.Other = own[1], nil
	}
	if a.Result == nil {
		return
	}
	a.Outcome, a.Standing = a.Result.Outcome, Stated
	for _, w := range said {
		if w != nil && w.verdict != nil {
			a.Verdict = w.verdict
		}
	}
	switch {
	case split:
		a.Standing = Disputed
	case said[0] == nil || said[1] == nil:
	case said[0].outcome == said[1].outcome && said[0].outcome != "":
		a.Outcome, a.Standing = said[0].outcome, Confirmed
	default:
		a.Standing = Disputed
	}
}

// judge sets the status of the whole request: that of its newest attempt, whatever was confirmed since.
// Attempts are ordered by their dates; of those whose dates overlap the later is the one that knew the other.
//
// SPEC: CNT-011 CNT-023
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
		status := a.Outcome
		if status == "" {
			status = Open
		}
		if i > 0 && status != r.Status || a.Standing == Disputed {
			r.Status = Differs
			break
		}
		if r.Status = status; status == Accepted {
			if r.Scheduled, r.Near = a.Result.At, a.Result.At.Add(-AgreedBefore); r.Near.Before(a.Result.Entry.Time) {
				r.Near = a.Result.Entry.Time
			}
		}
	}
	all := !slices.ContainsFunc(r.Attempts, func(a Attempt) bool { return a.Outcome != Declined })
	if r.Standing && r.Status == Declined && all {
		r.Status = DeclinedSoFar
	}
	r.Sought = r.Standing || slices.Contains([]string{Open, Deferred, CounterProposed, Differs}, r.Status)
	if r.Withdrawal != nil {
		r.Status, r.Sought, r.Scheduled = Withdrawn, false, time.Time{}
	}
}

// PlacedDraft makes request.placed of a party; for "" is a call.
func PlacedDraft(party string, f Request, mark string, text *record.Text) (record.Draft, error) {
	if f.For == "" {
		f.For = Call
	}
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: KindPlaced, Mark: mark, Facts: f, Text: text},
		"as: parley request record --by Minister --with 'their Minister' --when 2022-02-24 --standing --basis own")
}

// draft makes a statement about a request, of its mark.
func (r *Request) draft(kind, party string, re []record.Ref, facts any, way string) (record.Draft, error) {
	return statement.Draft(Kinds, party, r.Entry, record.Draft{Kind: kind, Mark: r.Mark, Re: append([]record.Ref{r.Entry.Ref()}, re...), Facts: facts}, way)
}

// TriedDraft makes request.tried: a further attempt, which also takes up again what was withdrawn.
func TriedDraft(r *Request, author string, f Attempt, renew bool) (record.Draft, error) {
	if (r.Withdrawal != nil) != renew {
		if renew {
			return record.Draft{}, statement.Refuse("a further attempt: parley request again", "this request was not withdrawn")
		}
		return record.Draft{}, statement.Refuse("take it up again: parley request renew", "this request was withdrawn")
	}
	return r.draft(KindTried, author, nil, f, "as: parley request again A1-9 --when 2022-03-01 --basis own")
}

// OutcomeDraft makes request.outcome of an attempt of a request, which is named by its own statement, by any of its outcomes,
// or as the newest by the request.
func OutcomeDraft(r *Request, about *record.Entry, author string, f Result) (record.Draft, error) {
	if r.Withdrawal != nil {
		return record.Draft{}, statement.Refuse("take it up again first: parley request renew", "this request was withdrawn")
	}
	a := r.Attempt(about)
	re := []record.Ref(nil)
	if a.Entry.Place() != r.Entry.Place() {
		re = []record.Ref{a.Entry.Ref()}
	}
	return r.draft(KindOutcome, author, re, f, "as: parley request outcome A1-9 declined --told-by 'their desk' --on 2022-03-01")
}

// Attempt gives the attempt that a statement of the request is about: the newest, where it is the request itself.
func (r *Request) Attempt(about *record.Entry) (a Attempt) {
	for _, x := range r.Attempts {
		named := about != nil && about.Kind != KindPlaced && (x.Entry.Place() == about.Place() || second(about) == x.Entry.Place())
		if x.Entry.Kind == KindPlaced && about != nil && about.Kind == KindOutcome && second(about) == (record.Place{}) {
			named = true
		}
		if named {
			return x
		}
	}
	for i, x := range r.Attempts {
		if i == 0 || !x.When.Latest().Before(a.When.Latest()) {
			a = x
		}
	}
	return a
}

// WithdrawnDraft makes request.withdrawn.
func WithdrawnDraft(r *Request, party string, v Verdict) (record.Draft, error) {
	if r.Withdrawal != nil {
		return record.Draft{}, statement.Refuse("see: parley requests", "this request was withdrawn already")
	}
	return remark(KindWithdrawn, party, r.Entry, nil, v, nil, "as: parley request withdraw A1-9 'they spoke'")
}
