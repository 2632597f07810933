// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// watch keeps what a desk is shown of its call, and when what it hears began and ended to be silent.
const watch = `(window.calls = new Set(), window.away = '', window.gap = [0, 0], new MutationObserver(() => {
	const { call, callid } = document.querySelector('#p-state > i').dataset;
	calls.add(call + ' ' + callid);
	for (const p of document.querySelectorAll('#p-people .pause b')) away += p.textContent + '|';
}).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true }),
setInterval(() => { if (ear.silent()) gap[0] ||= Date.now(); else if (gap[0]) gap[1] ||= Date.now(); }, 4), true)`

// A page that is loaded again in a call is back in it with its sound, and the other party's call goes on: it sees who was away. So
// it does where a browser says nothing for a while, its socket is lost, and its sound still comes. A browser that is killed
// ends the call at both ends. So it is where the page is open in Firefox.
//
// SPEC: CAL-020 PAG-038 PAG-064
func TestReloadInACall(t *testing.T) {
	f := newFar(t)
	ctx := f.browser(f.machine(), hz, db, a)
	sa, sb := f.open(ctx, a, 1366, 768), f.open(f.browser(f.machine(), hz, db, b), b, 1366, 768)
	sa.run(t, chromedp.ActionFunc(func(ctx context.Context) error { // it listens from the first moment of a page that is loaded again
		_, err := page.AddScriptToEvaluateOnNewDocument(ear + `; ear.listen()`).Do(ctx)
		return err
	}))
	ring(t, sa, sb)
	both := func() {
		t.Helper()
		for _, s := range []*screen{sa, sb} {
			s.within(t, 3*time.Minute, "", fmt.Sprintf("ear.pure(%v) >= 0.5", hz)) // two cores may carry much
			s.is(t, "", call("connected"))
		}
	}
	stood := func(what string) {
		t.Helper()
		var calls []string
		var away string
		if sb.eval(t, "", `[...calls]`, &calls); len(calls) != 1 || !strings.HasPrefix(calls[0], "connected ") {
			t.Errorf("%s: the other party saw the calls %q", what, calls)
		}
		if sb.eval(t, "", `away`, &away); away == "" {
			t.Errorf("%s: the other party did not see who was away", what)
		}
		sb.is(t, "", `!document.querySelector('#p-people .pause')`)
		t.Logf("%s: the other party saw %.60q", what, away)
		sb.eval(t, "", `(calls.clear(), away = '', gap.fill(0), 0)`, nil)
	}
	both()
	sb.is(t, "", watch)
	// A browser that is held up: its socket is lost, it says nothing for nine seconds, and its sound comes all the while.
	sa.eval(t, "", `(Desk.again(), setTimeout(() => { for (const end = Date.now() + 9000; Date.now() < end;); }, 50), 0)`, nil)
	time.Sleep(10 * time.Second)
	stood("held up")
	reload := func(what string) {
		t.Helper()
		began := time.Now()
		sa.eval(t, "", `(window.before = true, setTimeout(() => location.reload()), 0)`, nil)
		sa.within(t, 3*time.Minute, "", `!window.before && ear.first() > 0`)
		both()
		var here int64
		var there [2]int64
		sa.eval(t, "", `Math.round(ear.first())`, &here)
		sb.is(t, "", `gap[1] > 0`)
		sb.eval(t, "", `gap`, &there)
		t.Logf("figure: sound both ways %v after a page was loaded again in a call, at most 3 s (%s)", (time.Duration(max(here, there[1])-began.UnixMilli()) * time.Millisecond).Round(10*time.Millisecond), what)
		t.Logf("of which: heard again here after %d ms, there after %d, where nothing was heard for %d", here-began.UnixMilli(), there[1]-began.UnixMilli(), there[1]-there[0])
		stood("a reload")
	}
	reload("Chromium")
	reload("Chromium, again")
	if p := chromedp.FromContext(ctx).Browser.Process(); p == nil {
		t.Fatal("no browser's process")
	} else if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	took := sb.within(t, time.Minute, "", call("ended")+` && document.querySelector('#p-call .outcome.failed') !== null`)
	t.Logf("figure: both ends say how a call ended %v after a desk in it was killed, at most 3 s", took.Round(10*time.Millisecond))
	if o := status(t, &f.world, a).Call.Outcome; o != "failed" {
		t.Errorf("there the call ended %q", o)
	}
	fox := f.firefox(f.machine(), hz, a)
	f.opens(a)
	if err := fox.do("script.addPreloadScript", has{"functionDeclaration": "() => {" + ear + "; ear.listen(); }"}, nil); err != nil {
		t.Fatal(err)
	}
	sa = fox.open(t, f.link(t, a))
	arm(t, sa)
	ring(t, sa, sb)
	sb.eval(t, "", `(calls.clear(), away = '', gap.fill(0), 0)`, nil)
	both()
	reload("Firefox")
}
