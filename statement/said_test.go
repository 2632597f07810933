// SPDX-License-Identifier: Apache-2.0

package statement

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"example.org/parley/record"
	"example.org/parley/wire"
)

// spoken are facts with words of each sort.
type spoken struct {
	Code   string            `json:"code"`
	Reason string            `json:"-" said:"reason,40"`
	People []who             `json:"people,omitempty"`
	Titles map[string]string `json:"-" said:"titles,40"`
}

type who struct {
	Post  string   `json:"post"`
	Names []string `json:"-" said:"names,40"`
}

func (spoken) Validate(*record.Entry, *record.Entry) error { return nil }

type heard struct{ facts []spoken }

func (h *heard) add(_ *record.Entry, f spoken) { h.facts = append(h.facts, f) }

var saying = []Kind{New(Kind{Kind: record.Kind{Name: "said.so", Begins: true}}, (*heard).add)}

func stated(t *testing.T, d record.Draft) *record.Entry {
	e, err := Trial("aurelia", d)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestWordsStandInTheTextAndFactsHoldCodesOnly: what a person says in words is no part of the facts, is given back by the fold
// where the text is here, and is missing where it is not; nothing else differs.
//
// SPEC: CLM-007
func TestWordsStandInTheTextAndFactsHoldCodesOnly(t *testing.T) {
	f := spoken{Code: "x", Reason: "they said no", People: []who{{Post: "p", Names: []string{"A. One", "B. Two"}}, {Post: "q"}}, Titles: map[string]string{"en": "Madam"}}
	d, err := Draft(saying, "aurelia", nil, record.Draft{Kind: "said.so", Facts: f}, "")
	if err != nil || d.Text == nil {
		t.Fatal(err, d.Text)
	}
	e := stated(t, d)
	for _, w := range []string{"said no", "One", "Madam"} {
		if bytes.Contains(e.Facts(), []byte(w)) {
			t.Errorf("%q stands in the facts: %s", w, e.Facts())
		}
	}
	var got heard
	Fold(saying, &got, &record.Item{Begin: e, Entries: []*record.Entry{e}})
	if len(got.facts) != 1 || !reflect.DeepEqual(got.facts[0], f) || e.Words() != nil {
		t.Errorf("it reads %+v, words %v", got.facts, e.Words())
	}
	bare := record.NewEntry(e.Head, nil, e.Facts(), nil)
	got = heard{}
	Fold(saying, &got, &record.Item{Begin: bare, Entries: []*record.Entry{bare}})
	if len(got.facts) != 1 || got.facts[0].Reason != "" || got.facts[0].Code != "x" {
		t.Errorf("without its text it reads %+v", got.facts)
	}
}

// SPEC: CLM-007
func TestWordsThatDoNotStandAreRefusedToTheirAuthorAndNotDrawnOfAPeer(t *testing.T) {
	for _, s := range []string{"a\u202eb", "two\nlines", strings.Repeat("x", 41)} {
		if _, err := Draft(saying, "aurelia", nil, record.Draft{Kind: "said.so", Facts: spoken{Reason: s}}, ""); err == nil {
			t.Errorf("%q was drafted", s)
		}
		e := stated(t, record.Draft{Kind: "said.so", Class: "service", Mark: "actual", Facts: spoken{Code: "x"}, Text: &record.Text{Lang: "en", Words: map[string]string{"reason": s, "titles.en": s, "unknown": "y"}}})
		var got heard
		Fold(saying, &got, &record.Item{Begin: e, Entries: []*record.Entry{e}})
		if len(got.facts) != 1 || got.facts[0].Reason != "" || len(got.facts[0].Titles) != 0 {
			t.Errorf("%q: %+v", s, got.facts)
		}
	}
}

// FuzzWords: whatever words a peer gives with its facts, reading them is harmless.
func FuzzWords(f *testing.F) {
	salt := `{"salt":"` + wire.Sum(nil).String() + `",`
	f.Add(salt+`"code":"x","people":[{"post":"p"}]}`, salt+`"lang":"en","text":"","words":{"reason":"no","people.0.names":"A; B"}}`)
	f.Fuzz(func(t *testing.T, facts, text string) {
		e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: "aurelia"}}, Kind: "said.so", Class: "service", Mark: "actual"}, nil, []byte(facts), []byte(text))
		Fold(saying, new(heard), &record.Item{Begin: e, Entries: []*record.Entry{e}})
	})
}
