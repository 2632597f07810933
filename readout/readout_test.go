// SPDX-License-Identifier: Apache-2.0

package readout

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

var (
	t0    = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	amaro = statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account"}
)

type said struct {
	t *testing.T
	n int
}

func (s *said) entry(party, kind string, f any, re ...*record.Entry) *record.Entry {
	s.t.Helper()
	b, err := wire.EncodeBody(f, [32]byte{1})
	if err != nil {
		s.t.Fatal(err)
	}
	s.n++
	h := record.Head{Log: &record.LogName{LogID: record.LogID{Party: party, Number: 1, Run: "aaaaaa"}}, Index: s.n, Time: t0.Add(time.Duration(s.n) * time.Minute), Kind: kind, Class: "service", Mark: "actual"}
	for _, r := range re {
		h.Re = append(h.Re, r.Ref())
	}
	e := record.NewEntry(h, nil, b, nil)
	e.Leaf = wire.Sum([]byte{byte(s.n)})
	return e
}

func points(texts ...string) Readout {
	r := Readout{Lang: "en", By: amaro}
	for _, s := range texts {
		p, _ := ReadPoint(s)
		r.Points = append(r.Points, p)
	}
	return r
}

// SPEC: RDO-001 RDO-002 RDO-003 RDO-004
func TestReadoutsRefuse(t *testing.T) {
	s := &said{t: t}
	meeting := s.entry("aurelia", "contact.made", map[string]string{})
	filed := s.entry("borealia", KindFiled, points("raised: fuel"), meeting)
	mk := func(change func(*Readout)) Readout { r := points("raised: fuel"); change(&r); return r }
	day := statement.Day(t0)
	for want, e := range map[string]*record.Entry{
		"it names the contact":            s.entry("aurelia", KindFiled, points("raised: fuel")),
		"of the other party":              s.entry("aurelia", KindFiled, points("raised: fuel"), meeting, filed),
		"0 points":                        s.entry("aurelia", KindFiled, points(), meeting),
		"none of: raised":                 s.entry("aurelia", KindFiled, mk(func(r *Readout) { r.Points[0].Sort = "merged" }), meeting),
		"direction":                       s.entry("aurelia", KindFiled, mk(func(r *Readout) { r.Points[0].Text = "a\u202eb" }), meeting),
		"4000":                            s.entry("aurelia", KindFiled, mk(func(r *Readout) { r.Points[0].Text = strings.Repeat("x", 10_000) }), meeting),
		"it needs a person":               s.entry("aurelia", KindFiled, mk(func(r *Readout) { r.By = statement.Author{Known: "unattributed"} }), meeting),
		"only a readout that was shown":   s.entry("aurelia", "readout.published", Step{To: "press", By: amaro}, filed),
		"publishes its own":               s.entry("aurelia", "readout.published", Step{By: amaro}, filed),
		"to the other side's":             s.entry("borealia", "readout.excepted", Step{Point: 1, Text: "no", Lang: "en", By: amaro}, filed),
		"has no point 2":                  s.entry("aurelia", "readout.excepted", Step{Point: 2, Text: "no", Lang: "en", By: amaro}, filed),
		"an exception names a point":      s.entry("aurelia", "readout.excepted", Step{Point: 1, By: amaro}, filed),
		"what it names is no readout":     s.entry("aurelia", "readout.shown", Step{To: "press", By: amaro}, meeting),
		"an exception has no date of its": s.entry("aurelia", "readout.excepted", Step{Point: 1, Text: "no", Lang: "en", On: &day, By: amaro}, filed),
	} {
		var begin *record.Entry
		if len(e.Re) > 0 && e.Kind != KindFiled {
			begin = map[wire.Hash]*record.Entry{meeting.Leaf: meeting, filed.Leaf: filed}[e.Re[0].Leaf]
		}
		k, _ := statement.Find(Kinds, e.Kind)
		if err := k.Validate(e, begin); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, s := range []string{"", "raised", "raised:", "rumour: x", "x"} {
		if _, err := ReadPoint(s); err == nil {
			t.Errorf("%q is read as a point", s)
		}
	}
	if p, err := ReadPoint("Answered/detained citizens: none: they said"); err != nil || p != (Point{"answered", "detained citizens", "none: they said"}) {
		t.Errorf("%+v %v", p, err)
	}
}

// alone: every contact was stated once.
func alone(r record.Ref) record.Ref { return r }

// knows is a past in which b knew a where it is listed.
type knows [][2]*record.Entry

func (k knows) Before(a, b *record.Entry) bool { return slices.Contains(k, [2]*record.Entry{a, b}) }

// SPEC: RDO-005 RDO-006
func TestReadoutIsAFunctionOfTheSetAndKnowsItsVersions(t *testing.T) {
	s := &said{t: t}
	meeting := s.entry("aurelia", "contact.made", map[string]string{})
	ours := s.entry("aurelia", KindFiled, points("raised: fuel", "said: later"), meeting)
	theirs := s.entry("borealia", KindFiled, points("said: nothing"), meeting)
	next := s.entry("aurelia", KindFiled, points("raised: fuel and water"), meeting, ours)
	steps := []*record.Entry{ours, s.entry("aurelia", "readout.shown", Step{To: "press", By: amaro}, ours),
		s.entry("borealia", "readout.excepted", Step{Point: 2, Text: "never said", Lang: "en", By: amaro}, ours), s.entry("aurelia", "readout.published", Step{By: amaro}, ours)}
	for range 20 {
		rand.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		r := Fold(&record.Item{Begin: ours, Entries: slices.Clone(steps)})
		got := fmt.Sprintf("%s %d %d %d %d %s", r.Party, len(r.Points), len(r.Of("shown")), len(r.Of("except")), len(r.Of("publish")), r.Of("except")[0].Text)
		if got != "aurelia 2 1 1 1 never said" {
			t.Fatal(got)
		}
	}
	if Fold(&record.Item{Entries: steps[:0]}) != nil {
		t.Error("a readout without its beginning")
	}
	one := func(e *record.Entry) *Readout { return Fold(&record.Item{Begin: e, Entries: []*record.Entry{e}}) }
	list := Versions([]*Readout{one(next), one(theirs), one(ours)}, alone, knows{{theirs, next}})
	if list[0].Later != next || list[2].Later != nil || len(list[2].Knew) != 1 || list[2].Knew[0] != theirs || len(list[1].Knew) != 0 {
		t.Errorf("%+v", list)
	}
}

// FuzzFacts: whatever a peer files, folding it is harmless.
func FuzzFacts(f *testing.F) {
	salt := `{"salt":"` + wire.Sum(nil).String() + `",`
	f.Add(0, salt+`"lang":"en","points":[{"sort":"raised","text":"fuel"}],"by":{"officer":"aurelia/1.k7qx3m 1","known":"account"}}`)
	f.Add(3, salt+`"point":1,"text":"no","lang":"en","by":{"officer":"aurelia/1.k7qx3m 1","known":"account"}}`)
	f.Fuzz(func(t *testing.T, n int, body string) {
		k := Kinds[uint(n)%uint(len(Kinds))]
		e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: "aurelia"}}, Kind: k.Name, Class: "service", Mark: "actual", Re: make([]record.Ref, 1)}, nil, []byte(body), nil)
		if k.Validate(e, nil) == nil && k.Begins && Fold(&record.Item{Begin: e, Entries: []*record.Entry{e}}) == nil {
			t.Errorf("valid, and no readout: %s", body)
		}
	})
}
