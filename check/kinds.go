// SPDX-License-Identifier: Apache-2.0

package check

import (
	"slices"

	"example.org/parley/record"
	"example.org/parley/statement"
)

const (
	maxRows = 40
	maxText = 64
)

// Kinds lists the kinds of this package; slots group them.
//
// SPEC: CHK-008
var Kinds = []statement.Kind{kind(KindOpened, (*State).opened), kind(KindJoined, (*State).opened), kind(KindClosed, (*State).closed), kind(KindNoted, (*State).noted)}

func kind[F statement.Validator](name string, fold func(*State, *record.Entry, F)) statement.Kind {
	return statement.New(statement.Kind{Kind: record.Kind{Name: name, Begins: true}, Class: "test", Max: 16 << 10, NoText: true, Urgent: name != KindNoted}, fold)
}

// Item groups the statements of one slot.
func (f OpenedFacts) Item(*record.Entry) (party, id string) { return f.Slot.By, f.Slot.ID }
func (f ClosedFacts) Item(*record.Entry) (party, id string) { return f.Slot.By, f.Slot.ID }

// Validate judges check.opened and check.joined, from themselves alone.
func (f OpenedFacts) Validate(*record.Entry, *record.Entry) error {
	return statement.First(f.Slot.validate(), statement.Text("question", f.Question, maxText), statement.Must("at", f.At), f.By.Validate())
}

// Validate judges check.closed: its outcome is what its rows say.
//
// SPEC: CHK-009
func (f ClosedFacts) Validate(*record.Entry, *record.Entry) error {
	if err := statement.First(f.Slot.validate(), statement.Must("at", f.At), statement.If(len(f.Parts) > maxRows, "over %d rows", maxRows)); err != nil {
		return err
	}
	for _, p := range f.Parts {
		if err := p.validate(); err != nil {
			return err
		}
	}
	out, which := judge(f.Parts)
	return statement.If(out != f.Outcome || !slices.Equal(which, f.Which), "its parts say %s %v, not %s %v", out, which, f.Outcome, f.Which)
}

func (r Part) validate() error {
	for _, s := range []string{r.Path, r.Why, r.ID, r.Lang} {
		if err := statement.Optional("a text of a part", s, maxText); err != nil {
			return err
		}
	}
	return statement.First(r.By.Validate(), statement.OneOf("part", r.Name, []string{PartStation, PartPath, PartStop, PartVoice, PartRing, PartQuestion}),
		statement.OneOf("result", r.Result, []string{OK, Bad, None}), statement.OneOf("answer", r.Answer, []string{"", "a", "b", "c", "d"}),
		statement.If(min(r.MS, r.Sent, r.Back) < 0, "a measure below nothing"))
}

// judge gives one end's outcome from its parts, and which failed.
//
// SPEC: CHK-003
func judge(parts []Part) (outcome string, which []string) {
	declined := false
	done := map[string]bool{}
	for _, r := range parts {
		if r.Result == Bad {
			which = append(which, r.Name)
		}
		done[r.Name] = done[r.Name] || r.Result == OK
		declined = declined || r.Why == Declined && r.Result == None
	}
	for _, p := range []string{PartStation, PartPath, PartVoice, PartStop} { // what is not there did not pass
		if !done[p] {
			which = append(which, p)
		}
	}
	// what was left undone beside an answered ring is a question that was not answered
	undone := func(r Part) bool { return r.Name == PartQuestion && r.Result == None && r.Why == "" }
	switch {
	case len(which) > 0:
		return Failed, set(which)
	case declined:
		return Declined, nil
	case !done[PartRing] || slices.ContainsFunc(parts, undone):
		return NoOperator, nil
	}
	return Passed, nil
}
