// SPDX-License-Identifier: Apache-2.0

package page

import (
	"html/template"
	"os"
	"path/filepath"
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
			out := stillOf(t, f("aurelia", "borealia", lang), nil)
			if dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name+"-"+lang+".html"), []byte(out), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
