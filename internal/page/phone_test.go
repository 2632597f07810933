// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"example.org/parley/internal/act"
)

// small gives what of a phone's page a thumb cannot press: smaller than 44 by 44, or under another once it is scrolled to.
const small = `(() => { const bad = [], top = scrollY;
	for (const e of document.querySelectorAll('button, summary, select, textarea, input')) {
		if (!e.checkVisibility({ visibilityProperty: true }) || e.disabled || e.closest('[inert]')) continue;
		const of = e.matches('[type=radio], [type=checkbox]') ? e.closest('label') || e : e, what = (e.id || e.className || e.tagName) + ' ' + of.textContent.trim().slice(0, 20);
		of.scrollIntoView({ block: 'center' });
		const r = of.getBoundingClientRect(), over = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
		if (r.width < 43.9 || r.height < 43.9) bad.push(what + ' is ' + Math.round(r.width) + '×' + Math.round(r.height));
		if (r.left < -1 || r.right > innerWidth + 1) bad.push(what + ' is not on the screen');
		if (!over || !(of.contains(over) || over.contains(of))) bad.push(what + ' is under ' + (over && (over.id || over.className || over.tagName)));
	}
	scrollTo(0, top);
	return bad; })()`

// phone is the browser of a phone, which is held and touched.
func phone(t *testing.T) *watched {
	t.Helper()
	w := browser(t, 390, 844)
	w.run(t, emulation.SetDeviceMetricsOverride(390, 844, 3, true), emulation.SetTouchEmulationEnabled(true))
	return w
}

// tap is a thumb on the middle of an element.
func (w *watched) tap(t *testing.T, sel string) {
	t.Helper()
	var at [2]float64
	w.is(t, fmt.Sprintf(`document.querySelector(%q)?.checkVisibility()`, sel))
	w.run(t, chromedp.Evaluate(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; })()`, sel), &at),
		chromedp.ActionFunc(func(ctx context.Context) error {
			p := []*input.TouchPoint{{X: at[0], Y: at[1]}}
			if err := input.DispatchTouchEvent(input.TouchStart, p).Do(ctx); err != nil {
				return err
			}
			return input.DispatchTouchEvent(input.TouchEnd, []*input.TouchPoint{}).Do(ctx)
		}))
}

// A desk in the browser of a phone is used by a thumb: it rings, answers, ends, writes, acknowledges and sends STOP. Hidden
// it cannot ring, and says so; one that is in a call goes on. SPEC: PAG-059
func TestPhone(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.show(fixtureIdle)
	w := phone(t)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	n.reply = asking()
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery))
	w.is(t, `matchMedia('(pointer: coarse)').matches`)
	shows := func(name string) {
		t.Helper()
		time.Sleep(600 * time.Millisecond) // what has just come under a thumb takes no press for half a second
		var bad []string
		w.run(t, chromedp.Evaluate(small, &bad))
		for _, b := range bad {
			t.Errorf("%s: %s", name, b)
		}
		if dir := os.Getenv("PARLEY_PICTURES"); dir != "" {
			photograph(t, w, filepath.Join(dir, "phone-"+name+".webp"))
		}
	}
	does := func(verb string, times int) {
		t.Helper()
		wait(t, "the act "+verb, func() bool { return n.done(verb) == times })
	}
	w.tap(t, "#sound-on")
	wait(t, "the desk to be armed", func() bool { return armedIs(n, true) })
	shows("idle")
	w.tap(t, "#c-ring")
	does("ring", 1)
	n.show(fixture) // it rings, and a FLASH waits
	w.is(t, `!!document.querySelector('#c-answer')`)
	shows("ringing")
	w.tap(t, "#c-answer")
	does("answer", 1)
	n.show(fixtureCall)
	w.is(t, `!!document.querySelector('#c-end')`)
	shows("call")
	w.tap(t, "#mute")
	w.is(t, `document.body.dataset.muted === 'true'`)
	w.tap(t, "#mute")

	// Hidden in a call it goes on; hidden without one it is not armed, until it is seen again.
	hide := func(hidden bool) {
		t.Helper()
		w.run(t, chromedp.Evaluate(fmt.Sprintf(`Object.defineProperty(document, 'hidden', { configurable: true, get: () => %v }); document.dispatchEvent(new Event('visibilitychange')); 0`, hidden), nil))
	}
	hide(true)
	time.Sleep(500 * time.Millisecond)
	if !armedIs(n, true) {
		t.Error("a phone that is in a call is not armed because it is hidden")
	}
	n.show(fixtureIdle)
	wait(t, "the hidden phone to be disarmed after its call", func() bool { return armedIs(n, false) })
	hide(false)
	wait(t, "the phone to be armed again", func() bool { return armedIs(n, true) })

	w.tap(t, "#stop")
	w.is(t, `document.querySelector('#stop').classList.contains('armed')`)
	w.tap(t, "#stop")
	does("stop", 1)
	w.tap(t, "#b-write")
	w.run(t, chromedp.WaitVisible("#w-text", chromedp.ByQuery))
	shows("write")
	w.run(t, chromedp.SendKeys("#w-text", "from the quay", chromedp.ByQuery))
	w.is(t, `!document.querySelector('#w-send').disabled`)
	w.tap(t, "#w-send")
	does("send", 1)
	n.show(fixture)
	for open := false; !open; w.run(t, chromedp.Evaluate(`!!document.querySelector('#rb-place')`, &open)) {
		time.Sleep(time.Second) // a key that has just moved takes no press
		w.tap(t, "[id^=now-]")
		time.Sleep(time.Second)
	}
	shows("read")
	w.clean(t)
}

// The page of a real tab that another hides is not armed at a phone, and stays so at a desk, which rings all the same.
// SPEC: PAG-059
func TestAHiddenPageIsArmedAtADeskAlone(t *testing.T) {
	for _, thumb := range []bool{false, true} {
		r := newRig(t)
		n := r.nodes[0]
		n.show(fixtureIdle)
		w := browser(t, 390, 844)
		if thumb {
			w = phone(t)
		}
		link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
		w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery), chromedp.Click("#sound-on", chromedp.ByQuery))
		wait(t, "the desk to be armed", func() bool { return armedIs(n, true) })
		other, cancel := chromedp.NewContext(w.ctx)
		if err := chromedp.Run(other, chromedp.Navigate("about:blank"), chromedp.ActionFunc(func(ctx context.Context) error {
			return target.ActivateTarget(chromedp.FromContext(other).Target.TargetID).Do(ctx)
		})); err != nil {
			t.Fatal(err)
		}
		var hidden bool
		for began := time.Now(); !hidden && time.Since(began) < time.Minute; time.Sleep(50 * time.Millisecond) {
			w.run(t, chromedp.Evaluate(`document.hidden`, &hidden))
		}
		if !hidden {
			t.Fatal("the browser hides no page")
		}
		if thumb {
			wait(t, "the hidden phone to be disarmed", func() bool { return armedIs(n, false) })
		} else if time.Sleep(3 * beatEvery); !armedIs(n, true) {
			t.Error("a desk whose page is hidden is not armed")
		}
		cancel()
	}
}
