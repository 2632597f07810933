// SPDX-License-Identifier: Apache-2.0

package page

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
)

// TestAxe runs axe-core over what TestEveryStateOfTheDesk does not reach: forms, what is folded, the pages that are read, those of
// invitations and of signing in, and the demo, at both sizes, dark and light. PARLEY_AXE is the path of axe.min.js.
// SPEC: PAG-031
func TestAxe(t *testing.T) {
	b, err := os.ReadFile(os.Getenv("PARLEY_AXE"))
	if err != nil {
		need(t, "axe", "PARLEY_AXE names no axe.min.js: make test has it")
	}
	r := newRig(t)
	r.nodes[0].reply = asking()
	w := browser(t, 1366, 844)
	axe := func(name string) {
		t.Helper()
		var there bool
		if w.run(t, chromedp.Evaluate(`!!window.axe`, &there)); !there {
			w.run(t, chromedp.Evaluate(string(b)+";0", nil))
		}
		for _, width := range []int64{390, 1366} {
			for _, scheme := range []string{"dark", "light"} {
				var out string
				w.run(t, chromedp.EmulateViewport(width, 844), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
					chromedp.Evaluate(`axe.run(document, {iframes: false}).then(r => (r.passes.length < 15 ? 'axe saw too little\n' : '') + r.violations.map(v => v.id + ': ' + v.help + '\n' + v.nodes.map(n => '   ' + n.html.slice(0,160) + ' | ' + n.any.concat(n.all,n.none).map(x => x.message).join('; ').slice(0,200)).join('\n')).join('\n'))`, &out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
				if out != "" {
					t.Errorf("%s %s %d:\n%s", name, scheme, width, out)
				}
			}
		}
	}
	open := func(draw func(us, them, lang string) view.Desk) {
		r.nodes[0].show(draw)
		link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "it")
		w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery), chromedp.Evaluate(`document.querySelectorAll('details').forEach(d => d.open = true)`, nil))
	}
	open(fixtureCall)
	axe("call")
	open(fixture) // a message and a form are read in the place of the list: one after the other
	w.run(t, chromedp.Click("#ack-b742", chromedp.ByQuery), chromedp.WaitVisible("#rb-place", chromedp.ByQuery), chromedp.Click("#c-decline", chromedp.ByQuery), chromedp.WaitVisible("#d-reason", chromedp.ByQuery))
	axe("ack")
	w.run(t, chromedp.Click("#p-fmsg .keys-of [data-close]", chromedp.ByQuery), chromedp.Click("#b-flash", chromedp.ByQuery), chromedp.WaitVisible("#w-text", chromedp.ByQuery), chromedp.Click("#w-more summary", chromedp.ByQuery))
	axe("compose")
	open(fixtureRead) // the pages that are read
	for page, asks := range map[string]string{"record": "#f-find [type=submit]", "counterparts": "#cp-contacts"} {
		w.run(t, chromedp.Click("#page-"+page, chromedp.ByQuery), chromedp.WaitVisible("#p-"+map[string]string{"record": "log", "counterparts": "counterparts"}[page]+" table", chromedp.ByQuery))
		axe(page)
		drawn(t, w, page)
		w.run(t, chromedp.Click(asks, chromedp.ByQuery), chromedp.WaitVisible(".found table", chromedp.ByQuery))
		axe(page + " asked")
		drawn(t, w, map[string]string{"record": "search", "counterparts": "dealings"}[page])
	}
	w.run(t, chromedp.Click("#page-counterparts", chromedp.ByQuery), chromedp.Evaluate(`document.querySelector('#d-enter').open = true; 0`, nil), chromedp.Click(`[id="en-contact.add"]`, chromedp.ByQuery), chromedp.WaitVisible("#e-kind", chromedp.ByQuery))
	axe("form")
	drawn(t, w, "entry")
	for name, path := range map[string]string{"join": "/join#ABCDEFGHJKLM", "sign in": "/?lang=it"} { // of whom nobody knows yet
		w.run(t, chromedp.Navigate(r.urls[0]+path), chromedp.WaitVisible("main.alone", chromedp.ByQuery))
		axe(name)
		drawn(t, w, strings.ReplaceAll(name, " ", "-"))
	}
	w.run(t, chromedp.Navigate(r.url), chromedp.WaitVisible("#pull-1", chromedp.ByQuery))
	axe("demo")
}
