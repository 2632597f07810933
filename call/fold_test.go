// SPDX-License-Identifier: Apache-2.0

package call

import (
	"errors"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// order is the past of a record in which each end saw nothing of the other: only a log's own order.
type order struct{}

func (order) Before(a, b *record.Entry) bool { return a.Log.Party == b.Log.Party && a.Index < b.Index }

var theID = ID{1, 2, 3}

func entry(party string, index int, kind, class string, facts any) *record.Entry {
	b, err := wire.EncodeBody(facts, [32]byte{byte(index + 1)})
	if err != nil {
		panic(err)
	}
	return record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: party}}, Index: index, Time: epoch, Kind: kind, Class: class, Mark: "actual"}, nil, b, nil)
}

func closed(o Outcome) Closed {
	if o.What == Failed && o.Cause == "" {
		o.Cause = CausePath
	}
	c := Closed{Opener: "aurelia", Call: theID.String(), Outcome: o, Began: epoch, Ended: epoch}
	if o.What == NoSound {
		c.Meters = &Counts{Sent: 100}
	}
	return c
}

func placed() Word {
	return Word{Opener: "aurelia", Call: theID.String(), By: &statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account", Desk: "a1"}, At: epoch}
}

func rang() Word {
	return Word{Opener: "aurelia", Call: theID.String(), From: "a1", Desks: []string{"b1"}, At: epoch}
}

func validate(e *record.Entry) error {
	k, ok := statement.Find(Kinds, e.Kind)
	if !ok {
		return errors.New("no such kind")
	}
	return k.Validate(e, nil)
}

func fold(es ...*record.Entry) State { return Fold(&record.Item{Entries: es}, order{}) }

// TestPairs walks all pairs of outcomes of the two ends, writes the table into the spec, and holds every
// pair that differs to A13 with both kept.
//
// SPEC: CAL-014 CAL-013
func TestPairs(t *testing.T) {
	all := outcomes
	var b strings.Builder
	b.WriteString("| caller ∥ called | " + strings.Join(all, " | ") + " |\n|---" + strings.Repeat("|---", len(all)) + "|\n")
	for _, x := range all {
		fmt.Fprintf(&b, "| %s ", x)
		for _, y := range all {
			a, c := closed(Outcome{What: x}), closed(Outcome{What: y})
			if slices.Contains([]string{x, y}, Answered) || slices.Contains([]string{x, y}, NoSound) {
				a.Answered, c.Answered = epoch, epoch
			}
			how := Compare(a, c)
			s := fold(entry("aurelia", 0, KindClosed, "test", a), entry("borealia", 0, KindClosed, "test", c))
			if s.Differ != (how == Differs) || s.Caller.Facts.What != x || s.Called.Facts.What != y {
				t.Errorf("%s ∥ %s: %+v", x, y, s)
			}
			if (x == NoSound && y == Answered || x == Answered && y == NoSound) && s.Outcome.What != NoSound {
				t.Errorf("%s ∥ %s stands as %s", x, y, s.Outcome.What)
			}
			if how == Differs {
				how = "**differs**"
			}
			fmt.Fprintf(&b, "| %s ", how)
		}
		b.WriteString("|\n")
	}
	for a, bs := range fits {
		for _, b := range bs {
			if !slices.Contains(all, a) || !slices.Contains(all, b) || a == b {
				t.Error(a, b)
			}
		}
	}
	golden(t, "pairs", b.String())
	never := closed(Outcome{What: Failed})
	if Compare(never, closed(Outcome{What: Answered})) != Differs {
		t.Error("answered at one end, never connected at the other: that differs")
	}
}

// An open call of which an end has stated that it carries no sound stands as one without sound until it is closed.
//
// SPEC: CAL-019
func TestOpenCallStandsAsSilent(t *testing.T) {
	es := []*record.Entry{entry("aurelia", 0, KindPlaced, "test", placed()), entry("borealia", 0, KindRang, "test", rang())}
	if s := fold(es...); !s.Open || s.Outcome.What != "" {
		t.Errorf("%+v", s)
	}
	es = append(es, entry("borealia", 1, KindSilent, "test", Word{Opener: "aurelia", Call: theID.String(), At: epoch}))
	if s := fold(es...); !s.Open || s.Outcome.What != NoSound {
		t.Errorf("%+v", s)
	}
	answered := closed(Outcome{What: Answered})
	answered.Answered = epoch
	es = append(es, entry("aurelia", 1, KindClosed, "test", answered), entry("borealia", 2, KindClosed, "test", answered))
	if s := fold(es...); s.Open || s.Outcome.What != Answered {
		t.Errorf("%+v", s)
	}
}

// SPEC: CAL-013 CAL-014
func TestOrders(t *testing.T) {
	ca := closed(Outcome{What: Answered, Desk: "b1"})
	ca.Meters, ca.Answered = &Counts{Sent: 10, Received: 8, Lost: 1, GapMS: 40}, epoch
	cb := ca
	cb.Meters = &Counts{Sent: 9, Received: 10}
	es := []*record.Entry{
		entry("aurelia", 0, KindPlaced, "test", placed()),
		entry("aurelia", 1, KindClosed, "test", ca),
		entry("borealia", 0, KindRang, "test", rang()),
		entry("borealia", 4, KindSilent, "test", Word{Opener: "aurelia", Call: theID.String(), At: epoch}),
		entry("borealia", 1, KindClosed, "test", closed(Outcome{What: Failed, Cause: CauseNearNode})),
		entry("borealia", 2, KindClosed, "test", cb),
		entry("borealia", 3, KindClass, "substantive", Word{Opener: "aurelia", Call: theID.String(), By: &statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account"}}),
	}
	want := fold(es...)
	if want.Outcome.What != Answered || want.Differ || want.Open || want.Class != "substantive" || !want.ClassDisputed || want.Opener != "aurelia" {
		t.Fatalf("%+v", want)
	}
	if want.Voice != [2]Counts{{10, 10, 0, 0}, {9, 8, 1, 40}} {
		t.Errorf("%+v", want.Voice)
	}
	rnd := rand.New(rand.NewSource(1))
	for range 200 {
		rnd.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
		if got := fold(es...); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v\nwant %+v", got, want)
		}
	}
}

// none is a record that proves no order at all.
type none struct{}

func (none) Before(_, _ *record.Entry) bool { return false }

// SPEC: CAL-013
func TestAnEndThatStatesTwoOutcomes(t *testing.T) {
	s := Fold(&record.Item{Entries: []*record.Entry{
		entry("aurelia", 0, KindClosed, "test", closed(Outcome{What: Cancelled})),
		entry("aurelia", 1, KindClosed, "test", closed(Outcome{What: NoAnswer})),
	}}, none{})
	if !s.Caller.Unsure || !s.Differ {
		t.Errorf("%+v", s)
	}
}

// SPEC: CAL-015
func TestOfTwoClassesTheHigherCounts(t *testing.T) {
	a, b := entry("aurelia", 0, KindClosed, "test", closed(Outcome{What: Answered})), entry("borealia", 0, KindClosed, "service", closed(Outcome{What: Answered}))
	if s := fold(a, b); s.Class != "service" || !s.ClassDisputed {
		t.Errorf("%+v", s)
	}
	if s := fold(a); s.Class != "substantive" || s.ClassDisputed {
		t.Errorf("one end says nothing: %+v", s)
	}
	if s := fold(entry("aurelia", 0, KindPlaced, "test", placed()), entry("aurelia", 1, KindClosed, "test", closed(Outcome{What: Failed}))); s.Class != "test" || s.Open {
		t.Errorf("a ring that never reached the other end: %+v", s)
	}
	d, err := ClassDraft("borealia", fold(a, b), "test", statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account"})
	if err != nil || validate(entry("borealia", 1, d.Kind, d.Class, d.Facts)) != nil {
		t.Error(d, err)
	}
	if _, err := ClassDraft("borealia", fold(a, b), "secret", statement.Author{}); err == nil {
		t.Error("any class goes")
	}
}

// SPEC: CAL-016
func TestACallOfAnEarlierLifeIsClosedOnce(t *testing.T) {
	s := fold(entry("aurelia", 0, KindPlaced, "service", placed()), entry("borealia", 0, KindRang, "service", rang()), entry("borealia", 1, KindClosed, "service", closed(Outcome{What: Cancelled})))
	if !s.Open {
		t.Error("it is open")
	}
	d, ok := Orphan(s, "aurelia", epoch)
	if !ok || d.Class != "service" || d.Facts.(Closed).Cause != CauseNearNode || validate(entry("aurelia", 1, d.Kind, d.Class, d.Facts)) != nil {
		t.Error(d, ok)
	}
	if _, ok := Orphan(s, "borealia", epoch); ok {
		t.Error("closed twice")
	}
}

// SPEC: CAL-011 CAL-012
func TestValidate(t *testing.T) {
	for _, k := range Kinds {
		if !k.Begins || k.ItemID == nil || k.Validate == nil {
			t.Error(k.Name)
		}
	}
	reason := entry("borealia", 0, KindClosed, "test", closed(Outcome{What: Declined}))
	reason.WantText = true
	stray := entry("borealia", 0, KindClosed, "test", closed(Outcome{What: Answered}))
	stray.WantText = true
	text := entry("aurelia", 0, KindPlaced, "test", placed())
	text.WantText = true
	local := placed()
	local.At = epoch.In(time.FixedZone("x", 3600))
	for name, c := range map[string]struct {
		e  *record.Entry
		ok bool
	}{
		"placed":           {entry("aurelia", 0, KindPlaced, "test", placed()), true},
		"rang":             {entry("borealia", 0, KindRang, "test", rang()), true},
		"silent":           {entry("borealia", 0, KindSilent, "test", Word{Opener: "aurelia", Call: theID.String(), At: epoch}), true},
		"silent, no time":  {entry("borealia", 0, KindSilent, "test", Word{Opener: "aurelia", Call: theID.String()}), false},
		"silent, by one":   {entry("borealia", 0, KindSilent, "test", Word{Opener: "aurelia", Call: theID.String(), At: epoch, By: placed().By}), false},
		"placed by nobody": {entry("aurelia", 0, KindPlaced, "test", Word{Opener: "aurelia", Call: theID.String(), At: epoch}), false},
		"placed from":      {entry("aurelia", 0, KindPlaced, "test", Word{Opener: "aurelia", Call: theID.String(), At: epoch, By: placed().By, From: "a1"}), false},
		"class, a time":    {entry("aurelia", 0, KindClass, "test", Word{Opener: "aurelia", Call: theID.String(), At: epoch, By: placed().By}), false},
		"declined":         {entry("borealia", 0, KindClosed, "test", closed(Outcome{What: Declined, Reason: "non ora", StandBy: epoch})), true},
		"not the opener":   {entry("borealia", 0, KindPlaced, "test", placed()), false},
		"rang by opener":   {entry("aurelia", 0, KindRang, "test", rang()), false},
		"no class":         {entry("aurelia", 0, KindPlaced, "", placed()), false},
		"a reason":         {reason, true},
		"a stray reason":   {stray, false},
		"unknown outcome":  {entry("borealia", 0, KindClosed, "test", closed(Outcome{What: "refused"})), false},
		"talking":          {entry("borealia", 0, KindClosed, "test", closed(Outcome{What: Talking})), false},
		"a cause too many": {entry("borealia", 0, KindClosed, "test", closed(Outcome{What: Answered, Cause: CausePath})), false},
		"became itself":    {entry("aurelia", 0, KindClosed, "test", closed(Outcome{What: Answered, Became: theID.String()})), false},
		"text":             {text, false},
		"local time":       {entry("aurelia", 0, KindPlaced, "test", local), false},
		"id":               {entry("aurelia", 0, KindPlaced, "test", Word{Opener: "aurelia", Call: "1", At: epoch}), false},
		"unknown member":   {entry("aurelia", 0, KindPlaced, "test", map[string]any{"opener": "aurelia", "x": 1}), false},
	} {
		if err := validate(c.e); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// golden holds a table in the spec to what the code says.
func golden(t *testing.T, name, want string) {
	t.Helper()
	const file = "../spec/call.md"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	from, to := "<!-- table "+name+" -->\n", "<!-- end "+name+" -->"
	before, rest, ok := strings.Cut(string(raw), from)
	got, after, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table %s", file, name)
	}
	if got == want {
		return
	}
	if !*update {
		t.Fatalf("%s: the table %s is not what the code says; run with -update", file, name)
	}
	if err := os.WriteFile(file, []byte(before+from+want+to+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestNeitherEndAloneHidesACall: of a call that the other end states as answered, no word of one end alone makes an exercise, an
// unanswered one, or one of another time.
//
// SPEC: CHK-022 CLM-020
func TestNeitherEndAloneHidesACall(t *testing.T) {
	early := placed()
	early.At = epoch.AddDate(-1, 0, 0)
	exercise := entry("aurelia", 2, KindClass, "substantive", Word{Opener: "aurelia", Call: theID.String(), By: placed().By})
	exercise.Mark = "exercise"
	s := fold(entry("aurelia", 0, KindPlaced, "substantive", early), entry("aurelia", 1, KindClosed, "test", closed(Outcome{What: Cancelled})), exercise,
		entry("borealia", 0, KindRang, "substantive", rang()), entry("borealia", 1, KindClosed, "substantive", closed(Outcome{What: Answered})))
	if at, _ := s.Substance(); at.Before(rang().At) {
		t.Errorf("it was used at %s: %+v", at, s)
	}
}
