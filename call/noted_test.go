// SPDX-License-Identifier: Apache-2.0

package call

import (
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

type noOrder struct{}

func (noOrder) Before(_, _ *record.Entry) bool { return false }

// A call on the ordinary telephone is use by the class that its author chose, or the higher that the other party states.
func TestNotedCallIsUseByItsClass(t *testing.T) {
	// SPEC: CHK-035 CHK-022
	id, by := ID{7}.String(), statement.Author{Officer: "aurelia/1.abc123 1", Known: "account"}
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	entry := func(party string, d record.Draft) *record.Entry {
		t.Helper()
		e, err := statement.Trial(party, d)
		if err != nil {
			t.Fatal(err)
		}
		e.Time = at.Add(time.Hour)
		return e
	}
	note := func(class string) *record.Entry {
		d, err := NoteDraft("aurelia", class, "actual", Noted{Opener: "aurelia", Call: id, At: at, Seconds: 120, With: []string{"aurelia/1.abc123 2"}, By: by}, &record.Text{Lang: "en", Text: "the two colonels"})
		if err != nil {
			t.Fatal(err)
		}
		return entry("aurelia", d)
	}
	fold := func(es ...*record.Entry) State { return Fold(&record.Item{Entries: es}, noOrder{}) }
	for _, c := range []struct{ class, theirs, want string }{{"", "", "substantive"}, {"service", "", "service"}, {"service", "substantive", "substantive"}, {"substantive", "service", "substantive"}} {
		es := []*record.Entry{note(c.class)}
		if c.theirs != "" {
			d, err := ClassDraft("borealia", fold(es...), c.theirs, by)
			if err != nil {
				t.Fatal(err)
			}
			es = append(es, entry("borealia", d))
		}
		s := fold(es...)
		used, disputed := s.Substance()
		if s.Class != c.want || s.Outcome.What != Answered || !s.Telephone || s.Differ || s.Open || used.IsZero() != (c.want != "substantive") || disputed != (c.theirs != "") || !s.Began.Equal(at) || !s.Ended.Equal(at.Add(2*time.Minute)) {
			t.Errorf("%+v: %+v", c, s)
		}
	}
	for name, f := range map[string]Noted{
		"another party": {Opener: "borealia", Call: id, At: at, With: []string{"aurelia/1.abc123 2"}, By: by}, "nobody spoke": {Opener: "aurelia", Call: id, At: at, By: by},
		"no time": {Opener: "aurelia", Call: id, With: []string{"aurelia/1.abc123 2"}, By: by}, "a post by name": {Opener: "aurelia", Call: id, At: at, With: []string{"Minister"}, By: by},
		"ahead": {Opener: "aurelia", Call: id, At: at.Add(2 * time.Hour), With: []string{"aurelia/1.abc123 2"}, By: by}, "unattributed": {Opener: "aurelia", Call: id, At: at, With: []string{"aurelia/1.abc123 2"}, By: statement.Author{Known: "unattributed"}},
	} {
		if f.Validate(entry("aurelia", record.Draft{Kind: KindNoted, Class: "test", Mark: "actual", Facts: f}), nil) == nil {
			t.Errorf("%s is valid", name)
		}
	}
}

// What is stated of a recording that was erased says which and by which rule, and stands apart from the call.
//
// SPEC: RCD-010
func TestErased(t *testing.T) {
	id := ID{7}.String()
	for f, ok := range map[Erased]bool{{id, 30}: true, {id, 0}: false, {"7", 30}: false} {
		if _, err := statement.Draft(Kinds, "aurelia", nil, record.Draft{Kind: KindErased, Class: "service", Mark: "actual", Facts: f}, ""); (err == nil) != ok {
			t.Errorf("%+v: %v", f, err)
		}
	}
}
