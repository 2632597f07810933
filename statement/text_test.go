// SPDX-License-Identifier: Apache-2.0

package statement

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"example.org/parley/hint"
	"example.org/parley/record"
)

// SPEC: MSG-005
func TestTextRefusesWhatIsNotSeen(t *testing.T) {
	for name, s := range map[string]string{
		"empty": "", "too long": strings.Repeat("x", 41), "not UTF-8": "a\xffb", "lost text": "a\ufffdb", "space before": " a", "space after": "a ",
		"line": "a\nb", "tab": "a\tb", "escape": "a\x1b[31mb", "C1": "a\u009bb", "left-to-right mark": "a\u200eb", "right-to-left mark": "a\u200fb", "Arabic mark": "a\u061cb",
		"embedding": "a\u202bb", "override": "a\u202eb", "isolate": "a\u2067b", "zero width": "a\u200bb", "joiner": "a\u200db", "byte order": "a\ufeffb", "soft hyphen": "a\u00adb",
		"line separator": "a\u2028b", "no-break space": "a\u00a0b", "em space": "a\u2003b", "Hangul filler": "a\u3164b", "variation": "a\ufe0fb", "grapheme joiner": "a\u034fb",
		"tag": "a\U000e0041b", "private": "a\ue000b", "unassigned": "a\u0378b", "noncharacter": "a\uffffb",
	} {
		if Text("x", s, 40) == nil {
			t.Errorf("%s: %q stands", name, s)
		}
		if tidy := Tidy(s, 40); tidy != "" && Text("x", tidy, 40) != nil {
			t.Errorf("%s: %q is tidied to %q", name, s, tidy)
		}
	}
	for _, s := range []string{"Lt Amaro", "Lt José Амаро", "الملازم", "少尉 山田", "54°12′30″N", "e\u0301", "𝒜 → Ω 5 €"} {
		if err := Text("x", s, 40); err != nil || Tidy(s, 40) != s {
			t.Errorf("%q: %v, tidied %q", s, err, Tidy(s, 40))
		}
	}
	for s, ok := range map[string]bool{"two\nlines": true, "\u202bעברית\u202c": true, "a\xffb": false, "a\ufffdb": false, "a\x07b": false} {
		if (Words(s) == nil) != ok {
			t.Errorf("words %q: %v", s, Words(s))
		}
	}
}

func FuzzTidy(f *testing.F) {
	f.Add(" a\u202e b\xff", 10)
	f.Fuzz(func(t *testing.T, s string, max int) {
		if out := Tidy(s, max%300); out != "" && Text("x", out, max%300) != nil || !utf8.ValidString(out) {
			t.Fatalf("%q becomes %q: %v", s, out, Text("x", out, max%300))
		}
	})
}

// SPEC: MSG-012
func TestReadInstantTakesWhatPeopleWrite(t *testing.T) {
	want := time.Date(2022, 2, 18, 14, 5, 0, 0, time.UTC)
	for _, s := range []string{"2022-02-18T14:05Z", "2022-02-18T14:05:00Z", "2022-02-18 15:05+01:00", "2022-02-18t09:05-0500", "2022-02-18T16:05+02", "181405Z FEB 22", "181405zfeb22", " 181405Z Feb 22 "} {
		if got, err := ReadInstant(s); err != nil || got != want {
			t.Errorf("%q: %v %v", s, got, err)
		}
	}
	for _, s := range []string{"", "2022-02-18", "2022-02-18T14:05", "2022-02-18T14:05:00.5Z", "14:05Z", "181405 FEB 22", "311405Z FEB 22", "18.02.2022 14:05Z"} {
		if got, err := ReadInstant(s); err == nil {
			t.Errorf("%q was read as %v", s, got)
		}
	}
	if w, err := ReadWhen("2022-02-18T15:05+01:00"); err != nil || w.String() != "2022-02-18T14:05:00Z" {
		t.Error(w, err)
	}
	var he *hint.Error
	if _, err := ReadWhen("18.02.2022"); !errors.As(err, &he) || he.Hint == "" {
		t.Errorf("a refusal without the way out: %v", err)
	}
}

type word struct {
	Word string `json:"word"`
}

func (w word) Validate(_, _ *record.Entry) error { return OneOf("word", w.Word, []string{"yes"}) }

func (w word) Urgent() bool { return w.Word == "yes" }

// A draft is refused for exactly what the other end would find not valid. SPEC: MSG-002
func TestDraftRefusesWhatTheOtherEndWould(t *testing.T) {
	kinds := []Kind{New(Kind{Kind: record.Kind{Name: "a.said", Begins: true}, Class: "service", Max: 100, NoText: true}, func(n *int, _ *record.Entry, _ word) { *n++ })}
	good := record.Draft{Kind: "a.said", Facts: word{"yes"}}
	d, err := Draft(kinds, "aurelia", nil, good, "write yes")
	if err != nil || d.Class != "service" || d.Mark != "actual" {
		t.Fatal(d, err)
	}
	e, err := Trial("aurelia", d)
	if err != nil || !kinds[0].Goes(e) {
		t.Errorf("%v: it does not go at once", err)
	}
	n := 0
	Fold(kinds, &n, &record.Item{Begin: e, Entries: []*record.Entry{e, e}})
	for name, change := range map[string]func(*record.Draft){
		"kind": func(d *record.Draft) { d.Kind = "a.heard" }, "class": func(d *record.Draft) { d.Class = "test" }, "no class": func(d *record.Draft) { d.Class = "secret" },
		"mark": func(d *record.Draft) { d.Mark = "drill" }, "word": func(d *record.Draft) { d.Facts = word{"no"} }, "no facts": func(d *record.Draft) { d.Facts = nil },
		"text": func(d *record.Draft) { d.Text = &record.Text{Lang: "en", Text: "x"} }, "member": func(d *record.Draft) { d.Facts = map[string]string{"word": "yes", "x": "1"} },
		"size": func(d *record.Draft) { d.Facts = word{strings.Repeat("y", 100)} },
	} {
		bad := good
		change(&bad)
		var he *hint.Error
		if _, err := Draft(kinds, "aurelia", nil, bad, "write yes"); !errors.As(err, &he) || he.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
		if e, err := Trial("aurelia", bad); err == nil && name != "kind" && bad.Mark == "" {
			e.Mark = "actual"
			Fold(kinds, &n, &record.Item{Begin: e, Entries: []*record.Entry{e}})
		}
	}
	if n != 1 {
		t.Errorf("%d statements folded, one is valid", n)
	}
}

// A refusal names the thing in the person's language too, and leaves what he typed as it is. SPEC: MSG-005
func TestRefusalsAreSaidInOtherLanguages(t *testing.T) {
	say := func(_, english string) string {
		return strings.NewReplacer("name", "nome", "is over", "supera", "there is no", "non c'è", "post", "carica").Replace(english)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{Text("name", "xxxxx", 4), "nome supera 4 bytes"},
		{Choose("post", "post", []string{"Minister"}), `non c'è carica "post"`},
	} {
		if got := hint.Of(c.err).In("it", say).What; got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
