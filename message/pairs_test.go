// SPDX-License-Identifier: Apache-2.0

package message

import (
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"example.org/parley/record"
)

var update = flag.Bool("update", false, "write the tables of steps into the specification")

// SPEC: MSG-023, MSG-032
func TestTablesAreFullAndWritten(t *testing.T) {
	for name, table := range map[string]Table{"message": MessagePairs, "stop": StopPairs} {
		for _, half := range [][][]Rule{table.One, table.Two} {
			if len(half) != len(table.Steps) {
				t.Errorf("%s: %d rows for %d steps", name, len(half), len(table.Steps))
			}
			for i, row := range half {
				if len(row) != i+1 {
					t.Errorf("%s: row %s has %d cells", name, table.Steps[i], len(row))
				}
				for j, r := range row {
					if Meaning[r] == "" {
						t.Errorf("%s: cell %s, %s is empty or means nothing", name, table.Steps[i], table.Steps[j])
					}
				}
			}
		}
	}
	want := "# What two steps come to\n\nWritten by `go test ./message -update` from the tables in `message/pairs.go`; each cell is tried with either step\nproven first and with neither. Requirements: MSG-023, MSG-032.\n\n## A message\n" +
		MessagePairs.Markdown() + "\n## A STOP\n" + StopPairs.Markdown()
	const file = "../spec/message-steps.md"
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the tables say (%v): go test ./message -update", file, err)
	}
}

// orders are the three ways in which two steps can stand to each other.
func orders(a, b *record.Entry) map[string]past {
	return map[string]past{"before": {{a, b}: true}, "after": {{b, a}: true}, "beside": {}}
}

func messageStep(w *world, s State, name string, party string) *record.Entry {
	a := atB
	d, err := record.Draft{}, error(nil)
	switch name {
	case "shown":
		d, err = ShownDraft(s, a)
	case "acknowledged":
		d, err = AckDraft(s, a, "original", "", map[string]string{"place": "54.20N 18.40E", "heading": "045"})
	case "awaiting-linguist":
		d, err = AckDraft(s, a, Linguist, "", nil)
	case "relayed":
		d, err = RelayDraft(s, a, "borealia/1.bbbbbb 7")
	default:
		s.Understood = &Step{}
		until := time.Time{}
		if name == Standby {
			until = t0.Add(time.Hour)
		}
		d, err = RespondDraft(s, a, name, until, nil, t0)
	}
	return w.must(party, t0.Add(time.Minute))(d, err)
}

// SPEC: MSG-022, MSG-023
func TestMessagePairs(t *testing.T) {
	for i, row := range MessagePairs.One {
		for j := range row {
			for _, other := range []bool{false, true} {
				w := &world{t: t}
				begin := held(w.must("aurelia", t0)(NewDraft(question(), t0)), t0)
				s := Fold(item(begin), nowhere)
				a := messageStep(w, s, MessagePairs.Steps[i], "borealia")
				party := "borealia"
				if other {
					party = "aurelia"
				}
				b := messageStep(w, s, MessagePairs.Steps[j], party)
				rule := row[j]
				if other {
					rule = MessagePairs.Two[i][j]
				}
				for how, p := range orders(a, b) {
					st := Fold(item(begin, a, b), p)
					if !messageRule(st, rule, a, b, p) {
						t.Errorf("%s %s %s (two parties %v): not %q: %+v", MessagePairs.Steps[i], how, MessagePairs.Steps[j], other, rule, st)
					}
				}
			}
		}
	}
}

func steps(s State) int {
	return len(s.Shown) + len(s.Acknowledged) + len(s.Responded) + len(s.Complied) + len(s.Relayed)
}

// messageRule reports whether a state is what a rule says of a and b.
func messageRule(s State, r Rule, a, b *record.Entry, p past) bool {
	one := func(st *Step) *record.Entry {
		if st == nil {
			return nil
		}
		return st.Entry
	}
	firstOf := a
	if p[[2]*record.Entry{b, a}] {
		firstOf = b
	}
	how := func(e *record.Entry) int {
		f, _, _ := decode[RespondFacts](e)
		return slices.Index(Responses, f.How)
	}
	switch r {
	case Both:
		return steps(s) == 2 && !s.Contradicted
	case Same:
		drawn := []*record.Entry{one(s.Understood), one(s.Awaiting), nil, nil}
		for i, list := range [][]Step{s.Shown, s.Complied} {
			if o := oldest(list, p); len(o) > 0 {
				drawn[2+i] = o[0].Entry
			}
		}
		return steps(s) == 2 && slices.Contains(drawn, firstOf) && !s.Contradicted
	case Understood:
		return steps(s) == 2 && s.Understood != nil && s.Awaiting == nil
	case Last:
		want := b
		proven := len(p) > 0
		if p[[2]*record.Entry{b, a}] || !proven && how(a) > how(b) {
			want = a
		}
		if !proven && how(a) == how(b) {
			want = s.Response.Entry
		}
		return s.Response.Entry == want && s.Contradicted == (!proven && how(a) != how(b))
	case Undone:
		refusing, complied := a, b
		if a.Kind == "message.complied" {
			refusing, complied = b, a
		}
		return len(s.Complied) == 1 && s.Contradicted == !p.Before(refusing, complied)
	case Inert:
		return steps(s) == 1
	}
	return false
}

func stopEntry(w *world, name, party, from string) *record.Entry {
	if name == StopWasSent {
		return w.must(party, t0)(StopDraft(NewStop{ID: theID, By: amaro}))
	}
	s := StopState{From: from, ID: theID, Class: "substantive", Mark: "actual", Open: true}
	a := atB
	if (name == StopWasLifted) == (from == "aurelia") {
		a = atA
	}
	to := ""
	if name == StopWasRelayed {
		to = "the brigade"
	}
	reason := ""
	if name == StopWasRefused {
		reason = "not-our-forces"
	}
	return w.must(party, t0.Add(time.Second))(StopStepDraft(s, a, name, reason, "", to))
}

func stopSteps(s StopState) int {
	return len(s.Presses) + len(s.Taken) + len(s.Relayed) + len(s.Effect) + len(s.Refused) + len(s.Lifts)
}

// SPEC: MSG-032, MSG-033
func TestStopPairs(t *testing.T) {
	for i, row := range StopPairs.One {
		for j := range row {
			for _, two := range []bool{false, true} {
				x, y := StopPairs.Steps[i], StopPairs.Steps[j]
				// Each step by the party whose it is, then as the table's half says: both of one party, or of two.
				of := func(step string) string {
					if step == StopWasSent || step == StopWasLifted {
						return "aurelia"
					}
					return "borealia"
				}
				px, py := of(x), of(y)
				rule := row[j]
				if two {
					rule = StopPairs.Two[i][j]
					if px == py {
						py = map[string]string{"aurelia": "borealia", "borealia": "aurelia"}[py]
					}
				} else if px != py {
					py = px
				}
				from := "aurelia" // whose STOP the steps are about
				if x == StopWasSent {
					from = px
				} else if y == StopWasSent {
					from = py
				}
				w := &world{t: t}
				a, b := stopEntry(w, x, px, from), stopEntry(w, y, py, from)
				for how, p := range orders(a, b) {
					if !stopRule(a, b, rule, p) {
						t.Errorf("%s (%s) %s %s (%s): not %q: %+v", x, px, how, y, py, rule, FoldStop(&record.Item{Entries: []*record.Entry{a, b}}, p))
					}
				}
			}
		}
	}
}

func stopRule(a, b *record.Entry, r Rule, p past) bool {
	s := FoldStop(&record.Item{Entries: []*record.Entry{a, b}}, p)
	switch r {
	case Both:
		return stopSteps(s) == 2 && s.Open
	case Same:
		return stopSteps(s) == 2
	case Count:
		return len(s.Presses) == 2 && s.Open && s.Status == StopWasSent
	case Beats:
		word := StopIsInEffect
		if len(s.Refused) > 0 {
			word = StopWasRefused
		}
		return stopSteps(s) == 2 && s.Status == word && s.Open
	case Beside:
		return stopSteps(s) == 2 && s.Status == StopWasLifted && !s.Open
	case Lift: // a is the lift, b the press
		return s.Open == !p.Before(b, a)
	case Inert:
		return lawfulStop(a, nil) != nil || lawfulStop(b, nil) != nil
	case Two:
		pa, ia, _ := stopID(a)
		pb, ib, _ := stopID(b)
		return ia == ib && pa != pb
	}
	return false
}
