// SPDX-License-Identifier: Apache-2.0

package page

import (
	"html/template"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
				for _, form := range []string{"ack", "respond", "compose", "refuse", "decline"} {
					h, err := render("form-"+form, lang, sheet{Desk: d, openForm: openForm{form, "B7-42"}, Compose: view.Composer(lang), Prec: "PRIORITY", Msg: &d.Messages[0]})
					if err != nil {
						t.Fatal(err)
					}
					at := `<div id="p-` + slot(form) + `">`
					if err := os.WriteFile(filepath.Join(dir, form+"-"+lang+".html"), []byte(strings.Replace(out, at, at+h, 1)), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			if dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name+"-"+lang+".html"), []byte(out), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
