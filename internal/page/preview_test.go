// SPDX-License-Identifier: Apache-2.0

package page

import (
	"html/template"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/words"
)

// stillOf draws a whole desk as it stands in the page's first answer.
func stillOf(t testing.TB, d view.Desk, forms map[string]openForm) string {
	t.Helper()
	s := sheet{Desk: d, Langs: words.Langs(), Tab: "x", open: forms, Panels: map[string]template.HTML{}}
	for _, p := range panels() {
		h, err := render(p, s.Lang, s)
		if err != nil {
			t.Fatal(err)
		}
		s.Panels[p] = template.HTML(h)
	}
	out, err := render("desk", s.Lang, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryPanelIsDrawn(t *testing.T) {
	dir := os.Getenv("PARLEY_STILLS")
	for _, lang := range words.Langs() {
		for name, f := range map[string]func(us, them, lang string) view.Desk{"ring": fixture, "idle": fixtureIdle, "call": fixtureCall, "stop": fixtureStop} {
			d := f("aurelia", "borealia", lang)
			out := stillOf(t, d, nil)
			if name == "ring" && dir != "" {
				d.Header.Reads = map[string]string{"en": "it", "it": "en"}[lang]
				send := act.Send{Precedence: "PRIORITY", Phrase: "KEEP_CLEAR", Fields: map[string]string{"place": "54.20N 18.40E", "radius": "5000", "until": "2230"}, ReadBack: []string{"place", "until"}, Mark: "actual", Respond: true}
				for _, form := range []string{"ack", "respond", "compose", "refuse", "decline"} {
					h, err := render("form-"+form, lang, sheet{Desk: d, openForm: openForm{form, "B7-42"}, Compose: view.Composer(lang), Send: send, Preview: d.Preview(send), Msg: &d.Messages[0]})
					if err != nil {
						t.Fatal(err)
					}
					at := `<div id="p-` + slot(form) + `">`
					if err := os.WriteFile(filepath.Join(dir, form+"-"+lang+".html"), []byte(strings.Replace(out, at, at+h, 1)), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			if name == "idle" && dir != "" {
				readingStills(t, dir, lang)
			}
			if dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name+"-"+lang+".html"), []byte(out), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// readingStills writes the pages that are read, and the forms that are made of the table of verbs.
func readingStills(t *testing.T, dir, lang string) {
	t.Helper()
	s := &Server{cfg: Config{Node: &fakeNode{reply: asking()}}}
	d := fixtureRead("aurelia", "borealia", lang)
	out := stillOf(t, d, nil)
	put := func(name, page, slot, html string) {
		out := strings.Replace(strings.Replace(out, `data-page="desk">`, `data-page="`+page+`">`, 1), slot, slot+html, 1)
		if err := os.WriteFile(filepath.Join(dir, name+"-"+lang+".html"), []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	draw := func(name string, sh sheet) string {
		html, err := render(name, lang, sh)
		if err != nil {
			t.Fatal(err)
		}
		return html
	}
	found := `<div id="found" class="found" aria-live="polite">`
	put("record", "record", found, "")
	put("counterparts", "counterparts", found, "")
	d.Older, d.Back = "A7-3", at("10:00:00")
	put("search", "record", found, draw("ask-log", sheet{Desk: d}))
	put("show", "record", found, draw("ask-show", sheet{Desk: d}))
	put("sheet", "record", `<section id="sheet" hidden>`, draw("sheet-log", sheet{Desk: d}))
	for _, verb := range append(entries(), "ring", "stop") {
		put("enter-"+verb, "desk", `<div id="p-entry">`, draw("form-act", sheet{Desk: d, openForm: openForm{"act", verb}, Fields: s.fields(act.Who{}, lang, verb, "")}))
	}
}
