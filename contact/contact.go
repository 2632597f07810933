// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"slices"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Kinds lists the kinds of this package.
var Kinds = []statement.Kind{
	kind(KindMade, true, (*State).made),
	kind(KindConfirmed, false, (*State).heard), kind(KindDisputed, false, (*State).heard),
	kind(KindRaised, false, (*State).raised), kind("concern.answered", false, (*State).heard), kind("concern.overtaken", false, (*State).heard),
	kind(KindPlaced, true, (*State).placed), kind(KindTried, false, (*State).tried), kind(KindOutcome, false, (*State).outcome),
	kind("request.confirmed", false, (*State).heard), kind("request.disputed", false, (*State).heard), kind(KindWithdrawn, false, (*State).heard),
	kind(KindAssessed, true, (*State).assessed),
}

func kind[F statement.Validator](name string, begins bool, fold func(*State, *record.Entry, F)) statement.Kind {
	return statement.New(statement.Kind{Kind: record.Kind{Name: name, Begins: begins}, Class: "service"}, fold)
}

// State is what an item of this package is: exactly one of the three is set, or none while the beginning
// is not here.
type State struct {
	Contact    *Contact
	Request    *Request
	Assessment *Assessment

	accounts []*Contact // every contact.made of the item
	tries    []Attempt
	results  []Result
	verdicts []Verdict
	concerns []Concern
	firsts   map[record.Place]record.Place
}

// Fold gives the state of a contact or a request as a function of the set of its statements.
//
// SPEC: CNT-008
func Fold(it *record.Item, past statement.Past) (s State) {
	if it == nil {
		return s
	}
	statement.Fold(Kinds, &s, it)
	s.firsts = statement.Firsts(it)
	for _, c := range s.accounts {
		if c.Entry == it.Begin {
			s.Contact = c
			for _, e := range statement.Again(it) {
				c.also = append(c.also, e.Ref())
			}
			c.settle(&s, past)
		}
	}
	if r := s.Request; r != nil {
		r.settle(&s, past)
	}
	return s
}

// Column is the column of a figure that an outcome belongs to. Columns are counted separately.
//
// SPEC: CNT-012
func Column(outcome string) string {
	if outcome == Lapsed {
		return NoReply
	}
	return outcome
}

// The kinds of statement that say yes or no to another.
const (
	KindConfirmed = "contact.confirmed"
	KindDisputed  = "contact.disputed"
	KindWithdrawn = "request.withdrawn" // by the party that placed it
)

// Verdict is what is said of a statement in a few words, by its kind alone: contact.confirmed and contact.disputed of the
// other party's account, request.confirmed and request.disputed of its word on an attempt (the second re), request.withdrawn,
// concern.answered and concern.overtaken (the second re names the concern).
type Verdict struct {
	Entry *record.Entry `json:"-"`

	Reason string           `json:"-" said:"reason,480"`
	By     statement.Author `json:"by"`
}

// Validate judges one of them.
//
// SPEC: CNT-017 CNT-020 CNT-024
func (v Verdict) Validate(e, begin *record.Entry) error {
	about := begins[statement.About(e.Kind)]
	of := ""
	switch {
	case e.Kind == KindConfirmed || e.Kind == KindDisputed:
		of = e.Re[0].Party
	case e.Kind == "request.confirmed" || e.Kind == "request.disputed":
		of = second(e).Party
	}
	return statement.First(statement.If(begin != nil && begin.Kind != about, "what it names is no %s", about),
		statement.If(begin != nil && begin.Mark != e.Mark, "its mark is not that of what it is about"),
		statement.If(e.Kind != KindConfirmed && e.Kind != KindDisputed && e.Kind != KindWithdrawn && len(e.Re) != 2, "it does not name what it is about"),
		statement.If(of == e.Log.Party, "nobody confirms or disputes his own word"),
		statement.If(e.Kind == KindWithdrawn && e.Re[0].Party != e.Log.Party, "a request is withdrawn by the party that placed it"),
		v.By.Validate())
}

// begins gives what each word of a kind is about.
var begins = map[string]string{"contact": KindMade, "concern": KindMade, "request": KindPlaced}

// second is the second statement that an entry names.
func second(e *record.Entry) (p record.Place) {
	if len(e.Re) > 1 {
		p = e.Re[1].Place
	}
	return p
}

// second is the second statement that an entry names, by the place at which it folds.
func (s *State) second(e *record.Entry) record.Place {
	p := second(e)
	if first, again := s.firsts[p]; again {
		return first
	}
	return p
}

func (s *State) heard(e *record.Entry, v Verdict) {
	v.Entry = e
	s.verdicts = append(s.verdicts, v)
}

// newest gives the newest of a list by proof of knowledge; where several knew nothing of each other, the first of them and
// that they differ, if same says that they do.
func newest[T any](list []T, entry func(T) *record.Entry, past statement.Past, same func(a, b T) bool) (last *T, differ bool) {
	all := statement.NewestOf(list, entry, past)
	for i := range all {
		if differ = differ || !same(all[0], all[i]); i == 0 {
			last = &all[0]
		}
	}
	return last, differ
}

// Whose word something is.
const (
	ByUs      = "us"
	ByThem    = "them"
	Both      = "both"
	Differing = "disputed"
)

// KindAssessed is our own reading of a request or a contact. It is stated in a private log alone.
const KindAssessed = "assessment.made"

// Assessment is what a party makes of something, for itself: the facts of assessment.made. Its words are the statement's.
type Assessment struct {
	Entry *record.Entry `json:"-"`

	About string           `json:"about"`           // place of the statement that it is about
	Basis string           `json:"basis,omitempty"` // place of the statement that it rests on
	By    statement.Author `json:"by"`
}

// Validate judges assessment.made.
//
// SPEC: CNT-025
func (a Assessment) Validate(e, _ *record.Entry) error {
	_, err := record.ParsePlace(a.About)
	return statement.First(alone(e), statement.If(err != nil || !e.WantText, "it is about no statement, or has no words"), place("what it rests on", a.Basis), a.By.Validate())
}

func (s *State) assessed(e *record.Entry, a Assessment) {
	a.Entry = e
	s.Assessment = &a
}

// AssessedDraft makes assessment.made, for a private log.
func AssessedDraft(party string, a Assessment, mark string, text *record.Text) (record.Draft, error) {
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: KindAssessed, Mark: mark, Facts: a, Text: text},
		"as: parley assess A1-9 'they fear what it would admit' --basis A1-12")
}

func alone(e *record.Entry) error { return statement.If(len(e.Re) > 0, "it begins its own item") }

// place judges a place that may be left out.
func place(what, s string) error {
	if s == "" {
		return nil
	}
	_, err := record.ParsePlace(s)
	return statement.If(err != nil, "%s is no statement: %q", what, s)
}

// remark makes a Verdict of a kind; the mark is that of what it is about.
func remark(kind, party string, begin *record.Entry, of []record.Ref, v Verdict, text *record.Text, way string) (record.Draft, error) {
	return statement.Draft(Kinds, party, begin, record.Draft{Kind: kind, Mark: begin.Mark, Re: append([]record.Ref{begin.Ref()}, of...), Facts: v, Text: text}, way)
}

// VerdictDraft makes contact.confirmed or contact.disputed of the other party's account of a contact, or the same of its word
// on an attempt of a request.
func VerdictDraft(party string, begin, of *record.Entry, confirm bool, v Verdict) (record.Draft, error) {
	kind, refs := statement.About(begin.Kind)+".disputed", []record.Ref(nil)
	if confirm {
		kind = statement.About(begin.Kind) + ".confirmed"
	}
	if begin.Kind == KindPlaced {
		refs = []record.Ref{of.Ref()}
	}
	return remark(kind, party, begin, refs, v, nil, "name what the other side stated; your own word is corrected: parley contact correct, parley request outcome")
}

// Concern is what was raised at a contact: the statement concern.raised, whose words say what, and what came of it.
type Concern struct {
	Entry  *record.Entry `json:"-"`
	Status string        `json:"-"` // open answered overtaken
	Answer *record.Entry `json:"-"` // nil while it is open

	By statement.Author `json:"by"`
}

// KindRaised is what was raised at a contact.
const KindRaised = "concern.raised"

// Status of a concern.
const (
	Answered  = "answered"
	Overtaken = "overtaken"
)

// Validate judges concern.raised.
//
// SPEC: CNT-020
func (c Concern) Validate(e, begin *record.Entry) error {
	return statement.First(statement.If(begin != nil && begin.Kind != KindMade, "what it names is no %s", KindMade),
		statement.If(begin != nil && begin.Mark != e.Mark, "its mark is not that of what it is about"),
		statement.If(!e.WantText, "what was raised is missing"), c.By.Validate())
}

func (s *State) raised(e *record.Entry, c Concern) {
	c.Entry, c.Status = e, Open
	s.concerns = append(s.concerns, c)
}

// RaisedDraft makes concern.raised at a contact.
func RaisedDraft(party string, c *Contact, f Concern, text *record.Text) (record.Draft, error) {
	return statement.Draft(Kinds, party, c.Entry, record.Draft{Kind: KindRaised, Mark: c.Mark, Re: []record.Ref{c.Entry.Ref()}, Facts: f, Text: text},
		"as: parley concern raise A1-9 'citizens who are held'")
}

// SettledDraft makes concern.answered or concern.overtaken.
func SettledDraft(party string, c *Contact, concern *record.Entry, how string, v Verdict, text *record.Text) (record.Draft, error) {
	return remark("concern."+how, party, c.Entry, []record.Ref{concern.Ref()}, v, text, "name a concern: parley raised")
}

// settle says what came of each concern: of several answers the newest, as far as one can be proved.
func (c *Concern) settle(s *State, past statement.Past) {
	mine := slices.DeleteFunc(slices.Clone(s.verdicts), func(v Verdict) bool {
		return statement.About(v.Entry.Kind) != "concern" || s.second(v.Entry) != c.Entry.Place()
	})
	if v, _ := newest(mine, verdictEntry, past, func(a, b Verdict) bool { return true }); v != nil {
		c.Answer, c.Status = v.Entry, v.Entry.Kind[len("concern."):]
	}
}

func verdictEntry(v Verdict) *record.Entry { return v.Entry }
