// SPDX-License-Identifier: Apache-2.0

package readout

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// The kinds that begin a readout. The bodies of a sealed one follow its header when both sides' headers are in, or after
// the time that the terms say.
const (
	KindFiled  = "readout.filed"
	KindSealed = "readout.sealed"
)

// Sorts are what a point can be, in the order in which they are drawn.
var Sorts = []string{"raised", "answered", "agreed", "said", "observed"}

// Steps are the words in which a person asks for what follows a readout, and what he states by each.
var Steps = map[string]string{"publish": "readout.published", "shown": "readout.shown", "except": "readout.excepted"}

const (
	maxPoints = 64
	maxText   = 4000
	maxTopic  = 80
	maxTo     = 240
)

// Kinds lists the kinds of this package.
var Kinds = []statement.Kind{
	statement.New(statement.Kind{Kind: record.Kind{Name: KindFiled, Begins: true}, Class: "service", NoText: true}, (*Readout).filed),
	statement.New(statement.Kind{Kind: record.Kind{Name: KindSealed, Begins: true, Sealed: true}, Class: "service", NoText: true}, (*Readout).filed),
	statement.New(statement.Kind{Kind: record.Kind{Name: "readout.published"}, Class: "service", NoText: true}, (*Readout).step),
	statement.New(statement.Kind{Kind: record.Kind{Name: "readout.shown"}, Class: "service", NoText: true}, (*Readout).step),
	statement.New(statement.Kind{Kind: record.Kind{Name: "readout.excepted"}, Class: "service", NoText: true}, (*Readout).step),
}

// Point is one point of a readout.
type Point struct {
	Sort  string `json:"sort"` // raised answered agreed said observed
	Topic string `json:"topic,omitempty"`
	Text  string `json:"text"`
}

// Readout is one side's account of a contact: the facts of readout.filed, and what its fold adds.
type Readout struct {
	Entry    *record.Entry   `json:"-"`
	Party    string          `json:"-"`
	About    record.Ref      `json:"-"` // the contact or call
	Replaces *record.Ref     `json:"-"` // the version before it
	Later    *record.Entry   `json:"-"` // of Versions: the version that replaces it
	Knew     []*record.Entry `json:"-"` // of Versions: what the other side had filed of it, which its author held when he filed
	Steps    []Step          `json:"-"` // in canonical order

	Lang   string           `json:"lang"` // of the points
	Points []Point          `json:"points"`
	By     statement.Author `json:"by"`
}

// Step is what followed a readout: the facts of its kind, and what the fold adds.
type Step struct {
	Entry *record.Entry `json:"-"`

	To    string           `json:"to,omitempty" must:"shown"`         // whom it was shown to
	On    *statement.When  `json:"on,omitempty" of:"shown published"` // when; absent: when it was stated
	Point int              `json:"point,omitempty" must:"excepted"`   // from 1
	Text  string           `json:"text,omitempty" must:"excepted"`
	Lang  string           `json:"lang,omitempty" of:"excepted"`
	By    statement.Author `json:"by"`
}

// Validate judges readout.filed.
//
// SPEC: RDO-001 RDO-002
func (f Readout) Validate(e, _ *record.Entry) error {
	err := statement.First(f.By.Person(), statement.Lang(f.Lang),
		statement.If(len(e.Re) < 1 || len(e.Re) > 2, "it names the contact that it is about, and at most the version that it replaces"),
		statement.If(len(f.Points) < 1 || len(f.Points) > maxPoints, "%d points, not 1 to %d", len(f.Points), maxPoints))
	if err == nil && len(e.Re) == 2 {
		err = statement.If(e.Re[1].Party != e.Log.Party, "it replaces a readout of the other party")
	}
	for _, p := range f.Points {
		err = statement.First(err, statement.OneOf("point", p.Sort, Sorts), statement.Optional("topic", p.Topic, maxTopic), statement.Text("point", p.Text, maxText))
	}
	return err
}

// Validate judges what followed a readout.
//
// SPEC: RDO-003 RDO-004
func (f Step) Validate(e, begin *record.Entry) error {
	_, what, _ := strings.Cut(e.Kind, ".")
	shown, excepted := what == "shown", what == "excepted"
	if err := statement.First(f.By.Person(), statement.Optional("to", f.To, maxTo), statement.Optional("text", f.Text, maxText),
		statement.If(shown != (f.To != ""), "only a readout that was shown says to whom"),
		statement.If(excepted && f.On != nil, "an exception has no date of its own"),
		statement.If(excepted != (f.Text != "") || excepted != (f.Lang != "") || excepted != (f.Point > 0), "an exception names a point and says what is wrong, in a language; nothing else does")); err != nil {
		return err
	}
	if excepted {
		if err := statement.Lang(f.Lang); err != nil {
			return err
		}
	}
	if begin == nil {
		return nil
	}
	r, here, err := statement.Read[Readout](begin)
	return statement.First(statement.If(begin.Kind != KindFiled && begin.Kind != KindSealed, "what it names is no readout"), err,
		statement.If(what == "published" && begin.Log.Party != e.Log.Party, "a side publishes its own readout"),
		statement.If(excepted && begin.Log.Party == e.Log.Party, "an exception is to the other side's readout; a new version replaces one's own"),
		statement.If(excepted && here && f.Point > len(r.Points), "the readout has no point %d", f.Point))
}

// Fold gives a readout as a function of the set of its statements; nil while its beginning is not here. Of one whose bodies
// are withheld it gives what the header says, without points.
//
// SPEC: RDO-005
func Fold(it *record.Item) *Readout {
	r := &Readout{}
	statement.Fold(Kinds, r, it)
	if b := it.Begin; r.Entry == nil && b != nil && b.Kind == KindSealed && len(b.Re) > 0 {
		r.filed(b, Readout{})
	}
	if r.Entry == nil {
		return nil
	}
	return r
}

func (r *Readout) filed(e *record.Entry, f Readout) {
	f.Entry, f.Party, f.About, f.Steps = e, e.Log.Party, e.Re[0], r.Steps
	if len(e.Re) == 2 {
		f.Replaces = &e.Re[1]
	}
	*r = f
}

func (r *Readout) step(e *record.Entry, f Step) {
	f.Entry = e
	r.Steps = append(r.Steps, f)
}

// Sealed reports whether its bodies follow later than its header.
func (r *Readout) Sealed() bool { return r.Entry.Kind == KindSealed }

// Shut reports whether its bodies are not here.
func (r *Readout) Shut() bool { return len(r.Points) == 0 }

// heldAt reports whether the other side held the bodies at an instant: of a sealed one only its receipt of them says so, by the second.
func (r *Readout) heldAt(t time.Time) bool {
	return !r.Sealed() || r.Entry.Receipt != nil && r.Entry.Receipt.Held.Before(t.Truncate(time.Second))
}

// Released reports whether the bodies of a sealed readout go to the other side: it has filed one of its own about the same,
// or the time is up. Counts gives the statement as which what a readout is about counts: each side may have stated it.
//
// SPEC: RDO-008 RDO-010
func (r *Readout) Released(all []*Readout, counts func(record.Ref) record.Ref, until, now time.Time) bool {
	return !now.Before(until) || slices.ContainsFunc(all, func(o *Readout) bool { return o.Party != r.Party && counts(o.About) == counts(r.About) })
}

// Of gives the steps of one word: publish, shown or except.
func (r *Readout) Of(step string) (out []Step) {
	for _, s := range r.Steps {
		if s.Entry.Kind == Steps[step] {
			out = append(out, s)
		}
	}
	return out
}

// Versions says of each readout which one replaces it, and what of the other side's about the same its author held when he
// filed it. Each is about the statement as which its contact counts.
//
// SPEC: RDO-006 RDO-010
func Versions(list []*Readout, counts func(record.Ref) record.Ref, past statement.Past) []*Readout {
	same := map[record.Ref][]*Readout{} // of one contact
	for _, r := range list {
		same[counts(r.About)] = append(same[counts(r.About)], r)
	}
	out := make([]*Readout, 0, len(list))
	for _, r := range list {
		c := *r
		c.About = counts(r.About)
		for _, o := range same[c.About] {
			switch {
			case o.Party == r.Party && o.Replaces != nil && o.Replaces.Leaf == r.Entry.Leaf && (c.Later == nil || o.Entry.Place().Compare(c.Later.Place()) < 0):
				c.Later = o.Entry
			case o.Party != r.Party && past.Before(o.Entry, r.Entry) && o.heldAt(r.Entry.Time):
				c.Knew = append(c.Knew, o.Entry)
			}
		}
		out = append(out, &c)
	}
	slices.SortStableFunc(out, func(a, b *Readout) int {
		return cmp.Or(a.Entry.Time.Compare(b.Entry.Time), a.Entry.Place().Compare(b.Entry.Place()))
	})
	return out
}

// ReadPoint reads a point as a person types it: SORT: TEXT, or SORT/TOPIC: TEXT.
func ReadPoint(s string) (p Point, err error) {
	head, text, ok := strings.Cut(s, ":")
	sort, topic, _ := strings.Cut(head, "/")
	p = Point{strings.ToLower(strings.TrimSpace(sort)), strings.TrimSpace(topic), strings.TrimSpace(text)}
	if !ok || p.Text == "" || !slices.Contains(Sorts, p.Sort) {
		return p, statement.Refuse("as: --point 'raised: …', --point 'answered/detained citizens: …'", "%q is no point: it begins with raised, answered, agreed, said or observed", statement.Tidy(s, 80))
	}
	return p, nil
}

// FiledDraft makes a readout of a party about a contact or call; before is its version that this one replaces, nil: none.
func FiledDraft(party, kind string, about record.Ref, before *Readout, f Readout, mark string) (record.Draft, error) {
	d := record.Draft{Kind: kind, Mark: mark, Facts: f, Re: []record.Ref{about}}
	if before != nil {
		d.Re = append(d.Re, before.Entry.Ref())
	}
	return statement.Draft(Kinds, party, nil, d, "as: parley readout file ID --point 'raised: …' --point 'observed: …'")
}

// StepDraft makes what follows a readout, by the word of Steps.
func StepDraft(party, step string, r *Readout, f Step) (record.Draft, error) {
	return statement.Draft(Kinds, party, r.Entry, record.Draft{Kind: Steps[step], Mark: r.Entry.Mark, Facts: f, Re: []record.Ref{r.Entry.Ref()}},
		"as: parley readout shown ID --to 'a news organisation', parley readout except ID POINT TEXT")
}
