// SPDX-License-Identifier: Apache-2.0

package message

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/stop"
)

var update = flag.Bool("update", false, "write the tables of steps into the specification")

// Rule says what two steps of one item come to.
type Rule string

// The rules; each is tried, in every order and side by side, by a test.
const (
	Both       Rule = "both"       // both stand; neither weighs on the other
	Same       Rule = "same"       // said twice: both kept, the earlier proven one is drawn
	Understood Rule = "understood" // understood beats awaiting, whichever came first
	Last       Rule = "last"       // the later proven response counts; unproven, the stricter, and *contradicted*
	Undone     Rule = "undone"     // complied stands; a refusing response not proven before it is *contradicted*
	Inert      Rule = "inert"      // one of the two is not this party's to state: not valid, it folds to nothing
	Count      Rule = "count"      // one STOP, one more press
	Lift       Rule = "lift"       // lifted where every press is in the lift's past; a press that the lift did not know stays open
	Beats      Rule = "beats"      // refused beats in effect beats taken, whichever came first
	Beside     Rule = "beside"     // lifted; the other step is shown beside the lift
	Two        Rule = "two"        // two STOPs, one of each party
)

// Meaning puts each rule in words.
var Meaning = map[Rule]string{
	Both: "both stand, neither weighs on the other", Same: "said twice: both are kept, the earlier proven one is drawn",
	Understood: "understood beats awaiting, whichever came first",
	Last:       "the later proven response counts; where nothing proves which was later, the stricter one, marked contradicted if they differ",
	Undone:     "complied stands; a refusing response that is not proven to come before it is marked contradicted",
	Inert:      "one of the two is not this party's to state: it is not valid and folds to nothing",
	Count:      "one STOP with one press more",
	Lift:       "lifted if the press is in the lift's past; a press that the lift did not know stays open",
	Beats:      "refused beats in effect beats taken, whichever came first", Beside: "lifted; the other step is shown beside the lift",
	Two: "two STOPs, one of each party",
}

// Table holds a rule for every unordered pair of steps: row i, column j ≤ i. One: both of one party (where the two
// parties may state different steps, of the party that may); Two: the row's step by one party, the column's by the other.
type Table struct {
	Steps []string
	One   [][]Rule
	Two   [][]Rule
}

// MessagePairs: all steps are the receiver's; stated by the sender they are inert, so two parties never compete.
//
// SPEC: MSG-023
var MessagePairs = Table{
	Steps: []string{"shown", "acknowledged", "awaiting-linguist", "will-comply", "standby", "not-ours", "cannot-comply", "complied", "relayed"},
	One: [][]Rule{
		{Same},
		{Both, Same},
		{Both, Understood, Same},
		{Both, Both, Both, Last},
		{Both, Both, Both, Last, Last},
		{Both, Both, Both, Last, Last, Last},
		{Both, Both, Both, Last, Last, Last, Last},
		{Both, Both, Both, Both, Both, Undone, Undone, Same},
		{Both, Both, Both, Both, Both, Both, Both, Both, Both},
	},
	Two: [][]Rule{
		{Inert},
		{Inert, Inert},
		{Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert, Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert, Inert, Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert, Inert, Inert, Inert, Inert, Inert},
	},
}

// StopPairs: sent and lifted are the sender's, the rest the receiver's.
//
// SPEC: MSG-032
var StopPairs = Table{
	Steps: []string{stop.Sent, stop.Taken, stop.Relayed, stop.InEffect, stop.Refused, stop.Lifted},
	One: [][]Rule{
		{Count},
		{Inert, Same},
		{Inert, Both, Both},
		{Inert, Beats, Both, Same},
		{Inert, Beats, Both, Beats, Same},
		{Lift, Inert, Inert, Inert, Inert, Same},
	},
	Two: [][]Rule{
		{Two},
		{Both, Inert},
		{Both, Inert, Inert},
		{Both, Inert, Inert, Inert},
		{Both, Inert, Inert, Inert, Inert},
		{Inert, Beside, Beside, Beside, Beside, Inert},
	},
}

// Markdown draws a table for the specification.
func (t Table) Markdown() string {
	var b strings.Builder
	used := map[Rule]bool{}
	for _, half := range []struct {
		title string
		cells [][]Rule
	}{{"Both steps of one party", t.One}, {"The row's step by one party, the column's by the other", t.Two}} {
		fmt.Fprintf(&b, "\n%s:\n\n| | %s |\n|---|%s\n", half.title, strings.Join(t.Steps, " | "), strings.Repeat("---|", len(t.Steps)))
		for i, row := range half.cells {
			fmt.Fprintf(&b, "| **%s** |", t.Steps[i])
			for j := range t.Steps {
				cell := " "
				if j < len(row) {
					cell = " " + string(row[j]) + " "
					used[row[j]] = true
				}
				b.WriteString(cell + "|")
			}
			b.WriteString("\n")
		}
	}
	var rules []string
	for r := range used {
		rules = append(rules, fmt.Sprintf("- **%s**: %s.", r, Meaning[r]))
	}
	slices.Sort(rules)
	return b.String() + "\n" + strings.Join(rules, "\n") + "\n"
}

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
	want := "# What two steps come to\n\nWritten by `go test ./message -update` from the tables in `message/pairs_test.go`; each cell is tried with either step\nproven first and with neither. Requirements: MSG-023, MSG-032.\n\n## A message\n" +
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
		d, err = RelayDraft(s, a, "borealia/1.bbbbbb 7", "Cpt Bruni")
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
func TestPairsOfStepsComeToWhatTheTableSays(t *testing.T) {
	for i, row := range MessagePairs.One {
		for j := range row {
			for _, other := range []bool{false, true} {
				w := &world{t: t}
				begin := held(w.must("aurelia", t0)(question().draft("aurelia", t0)), t0)
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

// count gives how many steps there are of all names.
func count[S any](steps map[string][]S) (n int) {
	for _, list := range steps {
		n += len(list)
	}
	return n
}

func steps(s State) int {
	return count(s.Steps)
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
		f, _, _ := statement.Read[StepFacts](e)
		return slices.Index(Responses, f.How)
	}
	switch r {
	case Both:
		return steps(s) == 2 && !s.Contradicted
	case Same:
		drawn := []*record.Entry{one(s.Understood), one(s.Awaiting), nil, nil}
		for i, list := range [][]Step{s.Steps[Shown], s.Steps[Complied]} {
			if o := statement.Oldest(list, before(p)); len(o) > 0 {
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
		return len(s.Steps[Complied]) == 1 && s.Contradicted == !p.Before(refusing, complied)
	case Inert:
		return steps(s) == 1
	}
	return false
}

func stopEntry(w *world, name, party, from string) *record.Entry {
	if name == stop.Sent {
		return w.must(party, t0)(stop.Draft(record.Draft{}, stop.Said{ID: theID, By: amaro}))
	}
	s := stop.State{From: from, ID: theID, Class: "substantive", Mark: "actual", Open: true}
	a := atB
	if (name == stop.Lifted) == (from == "aurelia") {
		a = atA
	}
	to := ""
	if name == stop.Relayed {
		to = "the brigade"
	}
	reason := ""
	switch name {
	case stop.Refused:
		reason = "not-our-forces"
	case stop.Lifted:
		reason = "the danger is over"
	}
	return w.must(party, t0.Add(time.Second))(stop.StepDraft(s, a, name, reason, "", to))
}

func stopSteps(s stop.State) int {
	return count(s.Steps)
}

// SPEC: MSG-032, MSG-033
func TestPairsOfStopStepsComeToWhatTheTableSays(t *testing.T) {
	for i, row := range StopPairs.One {
		for j := range row {
			for _, two := range []bool{false, true} {
				x, y := StopPairs.Steps[i], StopPairs.Steps[j]
				// Each step by the party whose it is, then as the table's half says: both of one party, or of two.
				of := func(step string) string {
					if step == stop.Sent || step == stop.Lifted {
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
				if x == stop.Sent {
					from = px
				} else if y == stop.Sent {
					from = py
				}
				w := &world{t: t}
				a, b := stopEntry(w, x, px, from), stopEntry(w, y, py, from)
				for how, p := range orders(a, b) {
					if !stopRule(a, b, rule, p) {
						t.Errorf("%s (%s) %s %s (%s): not %q: %+v", x, px, how, y, py, rule, stop.Fold(&record.Item{Entries: []*record.Entry{a, b}}, p))
					}
				}
			}
		}
	}
}

func stopRule(a, b *record.Entry, r Rule, p past) bool {
	s := stop.Fold(&record.Item{Entries: []*record.Entry{a, b}}, p)
	switch r {
	case Both:
		return stopSteps(s) == 2 && s.Open
	case Same:
		return stopSteps(s) == 2
	case Count:
		return len(s.Steps[stop.Sent]) == 2 && s.Open && s.Status == stop.Sent
	case Beats:
		word := stop.InEffect
		if len(s.Steps[stop.Refused]) > 0 {
			word = stop.Refused
		}
		return stopSteps(s) == 2 && s.Status == word && s.Open
	case Beside:
		return stopSteps(s) == 2 && s.Status == stop.Lifted && !s.Open
	case Lift: // a is the lift, b the press
		return s.Open == !p.Before(b, a)
	case Inert:
		return validate(a, nil) != nil || validate(b, nil) != nil
	case Two:
		ka, _ := statement.Find(stop.Kinds, a.Kind)
		kb, _ := statement.Find(stop.Kinds, b.Kind)
		pa, ia, _ := ka.ItemID(a)
		pb, ib, _ := kb.ItemID(b)
		return ia == ib && pa != pb
	}
	return false
}
