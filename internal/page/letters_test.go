// SPDX-License-Identifier: Apache-2.0

package page

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"example.org/parley/call"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
)

// Each letter goes to the node as it is typed and in its order, Enter finishes the line, the field stays where it is while
// the panel above it moves, and a screen reader is told of their lines when they are finished, not of letters.
//
// SPEC: PAG-085
func TestTextBesideACall(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.show(fixtureCall)
	w := browser(t, 1366, 768)
	link, err := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	if err != nil {
		t.Fatal(err)
	}
	typed := func(want ...string) {
		t.Helper()
		wait(t, "the letters", func() bool {
			n.mu.Lock()
			defer n.mu.Unlock()
			return slices.Equal(n.typed, want)
		})
	}
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#l-type", chromedp.ByQuery), chromedp.SendKeys("#l-type", "noo", chromedp.ByQuery))
	typed("n", "no", "noo")
	w.is(t, `document.querySelectorAll('#p-letters li.us').length === 1 && document.querySelector('#p-letters del').textContent.endsWith('elicottero')`)
	w.is(t, `document.querySelector('#say-lines').textContent.includes('Cpt Bruni') && !document.querySelector('#say-lines').textContent.includes('Quota')`)
	w.run(t, press("Backspace", "Backspace", 8, 0), press("Enter", "Enter", 13, 0))
	typed("n", "no", "noo", "no", "no\n")
	w.is(t, `document.querySelector('#l-type').value === ''`)
	w.run(t, chromedp.SendKeys("#l-type", "y", chromedp.ByQuery))
	n.show(func(us, them, lang string) view.Desk {
		d := fixtureCall(us, them, lang)
		last := &d.Call.Text[2]
		last.State, last.Runs = "finished", []view.Stretch{{Text: "<b>Corretto</b>"}}
		return d
	})
	w.is(t, `document.querySelector('#say-lines').lastChild.textContent === 'Cpt Bruni: <b>Corretto</b>'`)
	w.is(t, `document.querySelector('#l-type').value === 'y' && document.activeElement.id === 'l-type'`)
	w.run(t, press("Enter", "Enter", 13, input.ModifierCtrl)) // answers, and finishes nothing
	typed("n", "no", "noo", "no", "no\n", "y")
	n.mu.Lock()
	n.fail = call.ErrListens
	n.mu.Unlock()
	w.run(t, chromedp.Click("#l-end", chromedp.ByQuery))
	w.is(t, `document.querySelector('#p-said').textContent.includes('a listener types nothing') && document.querySelector('#l-type').value === 'y'`)
	n.mu.Lock()
	n.fail = call.ErrLongLine
	n.mu.Unlock()
	w.run(t, chromedp.SetValue("#l-type", strings.Repeat("é", 121), chromedp.ByQuery), chromedp.Click("#l-end", chromedp.ByQuery)) // 242 bytes
	w.is(t, `document.querySelector('#p-said').textContent.includes('240 bytes') && document.querySelector('#l-type').value.length === 121`)
	w.clean(t)
}

// A page that is loaded again while a line is typed goes on with it.
func TestLineGoesOnAfterAReload(t *testing.T) {
	// SPEC: PAG-085
	r := newRig(t)
	n := r.nodes[0]
	n.show(func(us, them, lang string) view.Desk {
		d := fixtureCall(us, them, lang)
		d.Call.Text = append(d.Call.Text, view.TypedLine{Ours: true, Name: "Lt Amaro", State: "typing", Key: "mine", Stands: "two ships", Runs: []view.Stretch{{Text: "two ships"}}})
		return d
	})
	w := browser(t, 1366, 768)
	link, err := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	if err != nil {
		t.Fatal(err)
	}
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#l-type", chromedp.ByQuery))
	w.is(t, `document.querySelector('#l-type').value === 'two ships'`)
	w.clean(t)
}
