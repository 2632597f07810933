// SPDX-License-Identifier: Apache-2.0

package check

import (
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

var update = flag.Bool("update", false, "write the tables into the spec anew")

func entry(party string, index int, kind string, facts any) *record.Entry {
	b, err := wire.EncodeBody(facts, [32]byte{byte(index + 1)})
	if err != nil {
		panic(err)
	}
	return record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: party}}, Index: index, Kind: kind, Class: "test", Mark: "exercise"}, nil, b, nil)
}

func validate(e *record.Entry) error {
	k, ok := statement.Find(Kinds, e.Kind)
	if !ok {
		return errors.New("no such kind")
	}
	return k.Validate(e, nil)
}

func rows(result string) []Part {
	var out []Part
	for _, p := range []string{PartStation, PartPath, PartVoice, PartStop, PartRing, PartQuestion} {
		out = append(out, Part{Name: p, Result: OK})
	}
	switch result {
	case Failed:
		out[1].Result = Bad
	case NoOperator:
		out[4].Result, out[5].Result = None, None
	case Declined:
		out[4].Result, out[4].Why, out[5].Result = None, Declined, None
	}
	return out
}

func closing(slot Slot, result string) ClosedFacts {
	c := ClosedFacts{Slot: slot, At: began, Parts: rows(result)}
	c.Outcome, c.Which = judge(c.Parts)
	return c
}

// TestJoint walks all pairs of the two ends' outcomes, and writes the table into the spec.
//
// SPEC: CHK-004
func TestJoint(t *testing.T) {
	var b strings.Builder
	b.WriteString("| one end ∥ the other | " + strings.Join(worst, " | ") + " |\n|---|---|---|---|---|\n")
	slot := Slot{By: "aurelia", ID: "2026-11-24T09:00:00Z"}
	for _, x := range worst {
		fmt.Fprintf(&b, "| %s ", x)
		for _, y := range worst {
			a, c := entry("aurelia", 0, KindClosed, closing(slot, x)), entry("borealia", 0, KindClosed, closing(slot, y))
			s := Fold(&record.Item{Entries: []*record.Entry{a, c}}, order{})
			r := Fold(&record.Item{Entries: []*record.Entry{c, a}}, order{})
			if !reflect.DeepEqual(s, r) || s.Mark != "exercise" {
				t.Errorf("%s ∥ %s: %+v, %+v", x, y, s, r)
			}
			fmt.Fprintf(&b, "| %s ", s.Outcome)
		}
		b.WriteString("|\n")
	}
	golden(t, "../spec/check.md", "joint", b.String())
}

// TestOrders folds one slot in 200 random orders of delivery.
//
// SPEC: CHK-010
func TestOrders(t *testing.T) {
	slot := Slot{By: "aurelia", ID: "2026-11-24T09:00:00Z"}
	es := []*record.Entry{
		entry("aurelia", 0, KindOpened, OpenedFacts{Slot: slot, At: began, Question: "q01"}),
		entry("aurelia", 3, KindOpened, OpenedFacts{Slot: slot, At: began.Add(time.Second), Question: "q02"}),
		entry("borealia", 0, KindJoined, OpenedFacts{Slot: slot, At: began, Question: "q03"}),
		entry("borealia", 1, KindClosed, closing(slot, Passed)),
		entry("aurelia", 1, KindClosed, closing(slot, Failed)),
		entry("aurelia", 2, KindClosed, closing(slot, Passed)),
	}
	want := Fold(&record.Item{Entries: es}, order{})
	if want.Outcome != Passed || want.Of("aurelia").Facts.Question != "q01" {
		t.Fatalf("%+v", want)
	}
	rnd := rand.New(rand.NewSource(1))
	for range 200 {
		rnd.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
		if got := Fold(&record.Item{Entries: es}, order{}); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v\nwant %+v", got, want)
		}
	}
}

// SPEC: CHK-004
func TestAnotherQuestionThanChosen(t *testing.T) {
	slot := Slot{By: "aurelia", ID: "2026-11-24T09:00:00Z"}
	c := closing(slot, Passed)
	c.Parts[5].ID, c.Parts[5].Answer = "q01", "c"
	s := Fold(&record.Item{Entries: []*record.Entry{
		entry("aurelia", 0, KindOpened, OpenedFacts{Slot: slot, At: began, Question: "q05"}),
		entry("aurelia", 1, KindClosed, closing(slot, Passed)),
		entry("borealia", 0, KindClosed, c),
	}}, order{})
	if s.Outcome != Failed || fmt.Sprint(s.Which) != "[question]" {
		t.Errorf("%+v", s)
	}
}

// SPEC: CHK-008 CHK-009
func TestValidate(t *testing.T) {
	slot := Slot{By: "aurelia", ID: "2026-11-24T09:00:00Z"}
	for _, k := range Kinds {
		if !k.Begins || (k.ItemID == nil) != (k.Name == KindNoted) { // a test of the telephone is no slot
			t.Error(k.Name)
		}
	}
	good := closing(slot, Passed)
	lie := good
	lie.Parts = rows(Failed)
	short := good
	short.Parts = good.Parts[:1]
	bidi := closing(slot, Passed)
	bidi.Parts[0].Why = "a\u202eb"
	text := entry("aurelia", 0, KindOpened, OpenedFacts{Slot: slot, At: began, Question: "q01"})
	text.WantText = true
	substantive := entry("aurelia", 0, KindOpened, OpenedFacts{Slot: slot, At: began, Question: "q01"})
	substantive.Class = "substantive"
	for name, c := range map[string]struct {
		e  *record.Entry
		ok bool
	}{
		"closed":         {entry("aurelia", 0, KindClosed, good), true},
		"opened":         {entry("aurelia", 0, KindOpened, OpenedFacts{Slot: slot, At: began, Question: "q01"}), true},
		"a lie":          {entry("aurelia", 0, KindClosed, lie), false},
		"parts missing":  {entry("aurelia", 0, KindClosed, short), false},
		"direction":      {entry("aurelia", 0, KindClosed, bidi), false},
		"text":           {text, false},
		"substantive":    {substantive, false},
		"slot":           {entry("aurelia", 0, KindOpened, OpenedFacts{Slot: Slot{"aurelia", "9"}, At: began, Question: "q01"}), false},
		"slot's time":    {entry("aurelia", 0, KindOpened, OpenedFacts{Slot: Slot{"aurelia", "2026-11-24T09:00:00.5Z"}, At: began, Question: "q01"}), false},
		"no question":    {entry("aurelia", 0, KindOpened, OpenedFacts{Slot: slot, At: began}), false},
		"unknown member": {entry("aurelia", 0, KindOpened, map[string]any{"slot": slot, "more": 1}), false},
	} {
		if err := validate(c.e); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzValidate(f *testing.F) {
	slot := Slot{By: "aurelia", ID: "2026-11-24T09:00:00Z"}
	f.Add(KindClosed, entry("aurelia", 0, KindClosed, closing(slot, Passed)).Facts())
	f.Add(KindOpened, entry("aurelia", 0, KindOpened, OpenedFacts{Slot: slot, At: began, Question: "q01"}).Facts())
	f.Fuzz(func(t *testing.T, kind string, b []byte) {
		e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: "aurelia"}}, Kind: kind, Class: "test", Mark: "actual"}, nil, b, nil)
		if validate(e) != nil {
			return
		}
		m := &Machine{Us: "borealia", Them: "aurelia", Mark: "actual", Rand: rand.New(rand.NewSource(1)), Schedule: daily}
		m.Paths([]string{"1"}, began)
		s := Fold(&record.Item{Entries: []*record.Entry{e}}, order{})
		m.Stated(s, began)
		for i := range 5 {
			m.Tick(began.Add(time.Duration(i) * time.Hour))
		}
		Days([]State{s}, daily, nil, began, began.Add(48*time.Hour))
	})
}

// golden holds a table in a spec to what the code says.
func golden(t *testing.T, file, name, want string) {
	t.Helper()
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

// A slot that was due while the line was suspended is no fault: its day is named apart, and neither goes on nor breaks
// the days running.
//
// SPEC: CHK-015
func TestSlotsOfASuspendedLineAreNoFaults(t *testing.T) {
	began := time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC)
	daily := party.Schedule{Checks: []string{"09:00"}, Officer: 30}
	passed := func(day int) State {
		due := time.Date(2026, 3, day, 9, 0, 0, 0, time.UTC)
		return State{Slot: Slot{By: "aurelia", ID: due.Format(slotForm)}, Due: due, Outcome: Passed, Ends: []Account{{Party: "aurelia"}, {Party: "borealia"}}}
	}
	alone := passed(3) // one end opened it before it heard of the suspension
	alone.Outcome, alone.Ends = Pending, []Account{{Party: "borealia"}}
	away := func(at time.Time) string {
		return map[int]string{2: Suspended, 3: Suspended, 4: Maintenance}[at.Day()]
	}
	now := time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
	f := Days([]State{passed(1), alone, passed(5)}, daily, away, began, now)
	if f.Days != 5 || f.Tested != 2 || f.Streak != 2 || f.Away[Suspended] != 2 || f.Away[Maintenance] != 1 || len(f.Alarming()) != 0 {
		t.Errorf("%d of %d days, %d running, away %v, alarming %v", f.Tested, f.Days, f.Streak, f.Away, f.Alarming())
	}
	if f = Days([]State{passed(1), alone, passed(5)}, daily, nil, began, now); f.Streak != 1 || len(f.Away) != 0 {
		t.Errorf("in service: %d running, away %v", f.Streak, f.Away)
	}
}
