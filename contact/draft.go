// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"fmt"
	"slices"
	"strings"

	"example.org/parley/hint"
	"example.org/parley/record"
)

// MadeDraft makes contact.made; channel "" is the usual one of the kind, mark "" is actual.
func MadeDraft(f MadeFacts, mark string, text *record.Text) (record.Draft, error) {
	if c := channels[f.Kind]; f.Channel == "" && c != nil {
		f.Channel = c[0]
	}
	if channels[f.Kind] == nil {
		return record.Draft{}, refuse(fmt.Sprintf("there is no kind of contact %q", f.Kind), "one of: "+strings.Join(Sorts, ", "))
	}
	return draft(KindMade, mark, f, text, f.lawful(),
		"as: parley contact add call --when 2022-02-18 --with A1-4 --with A1-5 --basis own")
}

// PlacedDraft makes request.placed; for "" is a call.
func PlacedDraft(f PlacedFacts, mark string, text *record.Text) (record.Draft, error) {
	if f.For == "" {
		f.For = Call
	}
	return draft(KindPlaced, mark, f, text, f.lawful(),
		"as: parley request record --by Minister --with 'their Minister' --when 2022-02-24 --standing --basis own")
}

// OutcomeDraft makes request.outcome about a request, or about an outcome that the other party stated of it:
// the same outcome confirms it, another disputes it. The mark is the request's.
func OutcomeDraft(r *Request, about *record.Entry, author string, f OutcomeFacts) (record.Draft, error) {
	f.Attempt = ""
	if about != nil && about.Kind == KindOutcome {
		if about.Log.Party == author {
			return record.Draft{}, refuse("this outcome is your own side's: only the other side can confirm or dispute it", "name the request for a new attempt")
		}
		f.Attempt = about.Place().String()
	}
	if !slices.Contains(Outcomes, f.Outcome) {
		return record.Draft{}, refuse(fmt.Sprintf("there is no outcome %q", f.Outcome), "one of: "+strings.Join(Outcomes, ", "))
	}
	d, err := draft(KindOutcome, r.Mark, f, nil, f.lawful(), "as: parley request outcome A1-9 declined --told-by 'their desk' --on 2022-03-01")
	d.Re = []record.Ref{r.Entry.Ref()}
	return d, err
}

func draft(kind, mark string, facts any, text *record.Text, err error, way string) (record.Draft, error) {
	if mark == "" {
		mark = "actual"
	}
	if mark != "actual" && mark != "exercise" {
		return record.Draft{}, refuse(fmt.Sprintf("there is no mark %q", mark), "one of: actual, exercise")
	}
	if err != nil {
		return record.Draft{}, refuse(strings.ReplaceAll(err.Error(), "\n", "; "), way)
	}
	return record.Draft{Kind: kind, Class: "service", Mark: mark, Facts: facts, Text: text}, nil
}

func refuse(what, way string) error { return &hint.Error{What: what, Hint: way} }
