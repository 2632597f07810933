// SPDX-License-Identifier: Apache-2.0

package page

import (
	"testing"

	"github.com/chromedp/chromedp"

	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
)

// Whatever can be pressed, chosen or typed into is reached by Tab alone, in the order in which it is drawn, and a call, a
// message and a STOP are done without a pointer. SPEC: PAG-014 PAG-054
func TestEverythingIsReachedByTab(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.reply = asking()
	w := browser(t, 1366, 768)
	w.begin(t, `document.addEventListener('focusin', e => { e.target.reached = walked.push(e.target); }); window.walked = []; window.there = () => [...document.querySelectorAll('button, summary, input, select, textarea, a[href]')].filter(e => !e.disabled && e.type !== 'hidden' && e.checkVisibility({ visibilityProperty: true }) && e.getBoundingClientRect().width > 0 && !e.closest('fieldset:disabled'));`)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	tab := press("Tab", "Tab", 9, 0)
	walk := func(name string) {
		t.Helper()
		var many int
		w.run(t, chromedp.Evaluate(`if (document.activeElement) document.activeElement.blur(); document.querySelectorAll('*').forEach(e => { delete e.reached; }); walked.length = 0; there().length`, &many))
		for range many + 30 { // what scrolls in itself is a stop too
			w.run(t, tab)
		}
		var missed, order string
		w.run(t, chromedp.Evaluate(`there().filter(e => !e.reached && !(e.type === 'radio' && there().some(o => o.name === e.name && o.reached))).map(e => e.outerHTML.slice(0, 100)).join('\n')`, &missed),
			chromedp.Evaluate(`(() => { const once = [...new Set(walked)].filter(e => e.isConnected); const at = once.indexOf(document.querySelector('.skip')); const from = [...once.slice(at), ...once.slice(0, at)]; const i = from.findIndex((e, k) => k && !(from[k - 1].compareDocumentPosition(e) & 4)); return at < 0 ? 'no way past the head' : i > 0 ? from[i - 1].outerHTML.slice(0, 80) + ' before ' + from[i].outerHTML.slice(0, 80) : ''; })()`, &order))
		if missed != "" || order != "" {
			t.Errorf("%s: not reached by Tab:\n%s\nout of order: %s", name, missed, order)
		}
	}
	to := func(sel string) {
		t.Helper()
		for range 120 {
			var on bool
			if w.run(t, chromedp.Evaluate(`document.activeElement.matches('`+sel+`')`, &on)); on {
				return
			}
			w.run(t, tab)
		}
		t.Fatalf("%s is not reached", sel)
	}
	n.show(fixtureStop)
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery))
	walk("a STOP")
	n.show(fixtureCall)
	w.is(t, `!!document.querySelector('#c-end')`)
	walk("a call")
	n.show(fixture)
	w.is(t, `!!document.querySelector('#c-answer')`)
	walk("a ring and a FLASH")
	to("[id^=now-]")
	w.run(t, chromedp.KeyEvent("\r"), chromedp.WaitVisible("#rb-place", chromedp.ByQuery))
	walk("a read-back")
	to("#rb-place")
	w.run(t, chromedp.KeyEvent("54.20N 018.40E"))
	to("#p-fmsg [value=original]")
	w.run(t, chromedp.KeyEvent(" "))
	w.is(t, `!document.querySelector('#p-fmsg [type=submit]').disabled`)
	to("#p-fmsg [type=submit]")
	w.run(t, chromedp.KeyEvent("\r"))
	wait(t, "the acknowledgement", func() bool { return n.done("ack") == 1 })
	n.show(fixtureIdle)
	w.is(t, `!!document.querySelector('#c-ring')`)
	to("#c-ring")
	w.run(t, chromedp.KeyEvent("\r"))
	wait(t, "the ring", func() bool { return n.done("ring") == 1 })
	to("#p-fmsg [data-close], #b-write")
	w.run(t, chromedp.Evaluate(`document.querySelector('#p-fmsg [data-close]')?.click(); 0`, nil))
	w.is(t, `!document.querySelector('#p-fmsg form')`)
	to("#b-write")
	w.run(t, chromedp.KeyEvent("\r"), chromedp.WaitVisible("#w-text", chromedp.ByQuery))
	walk("the composer")
	to("#w-text")
	w.run(t, chromedp.KeyEvent("by keys alone"))
	w.is(t, `!document.querySelector('#w-send').disabled`)
	to("#w-send")
	w.run(t, chromedp.KeyEvent("\r"))
	wait(t, "the message", func() bool { return n.done("send") == 1 })
	n.show(func(us, them, lang string) view.Desk {
		d := fixtureStop(us, them, lang)
		d.Stops[0].Ours, d.Stops[0].Acts = true, []string{"lift"}
		return d
	})
	w.is(t, `!!document.querySelector('[id^=st-lift]')`)
	to("[id^=st-lift]")
	w.run(t, chromedp.KeyEvent("\r"), chromedp.WaitVisible("#l-reason", chromedp.ByQuery), chromedp.KeyEvent("all boats are clear\r"))
	wait(t, "the lifting of a STOP", func() bool { return n.done("stop.step") == 1 })
	n.show(fixtureIdle)
	w.is(t, `!document.querySelector('.stopcard')`)
	w.run(t, chromedp.Evaluate(`document.querySelector('#p-fstop form')?.querySelector('[data-close]').click(); 0`, nil))
	to("#ck-now")
	w.run(t, chromedp.KeyEvent("\r"))
	wait(t, "a check", func() bool { return n.done("check.now") == 1 })
	n.show(fixtureRead)
	for _, page := range []string{"counterparts", "record"} {
		to("#page-" + page)
		w.run(t, chromedp.KeyEvent("\r"))
		w.is(t, `document.body.dataset.page === '`+page+`'`)
		walk(page)
	}
	w.clean(t)
}

// The keys of the demo beside its desks, cables and the forged word among them, are reached and pressed by keys alone. SPEC: PAG-014 PAG-016
func TestDemoByKeysInABrowser(t *testing.T) {
	r := newRig(t)
	w := browser(t, 1366, 768)
	w.run(t, chromedp.Navigate(r.url), chromedp.WaitVisible("#pull-1", chromedp.ByQuery))
	for sel, want := range map[string]string{"#pull-1": `!!document.querySelector('.cable.cut')`, "#forge": `document.querySelector('#p-wire').textContent.includes('54.21N')`} {
		w.run(t, chromedp.Evaluate(`document.querySelectorAll('iframe').forEach(f => { f.tabIndex = -1; }); document.activeElement.blur(); 0`, nil)) // each desk has a walk of its own
		on := false
		for range 40 {
			if w.run(t, press("Tab", "Tab", 9, 0), chromedp.Evaluate(`document.activeElement.matches('`+sel+`')`, &on)); on {
				break
			}
		}
		if !on {
			t.Fatalf("%s is not reached", sel)
		}
		w.run(t, chromedp.KeyEvent("\r"))
		w.is(t, want)
	}
}
