// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestRingOnEveryDesk rings three desks and the page of a phone at once; the first to answer has the call, and the others
// ring no more.
//
// SPEC: PAG-078
func TestRingOnEveryDesk(t *testing.T) {
	if os.Getenv("PARLEY_BENCH") == "" {
		t.Skip("make bench: five browsers at once take two cores more than a minute")
	}
	w := demo(t)
	var desks []*screen
	for i, party := range []string{a, b, b, b, b} {
		wide, high := int64(1366), int64(768)
		if i == 4 {
			wide, high = 390, 844
		}
		s := tab(t, browser(t, hz, db, chromedp.Flag("autoplay-policy", "no-user-gesture-required")), wide, high, "dark")
		s.wanted = func(string) bool { return true }
		s.run(t, chromedp.Navigate(w.link(t, party)))
		soundOn(t, s)
		desks = append(desks, s)
	}
	caller, far := desks[0], desks[1]
	for _, s := range desks[1:] {
		s.is(t, "", `(window.rang = 0, new MutationObserver(() => { if (document.querySelector('#p-state > i').dataset.sound === 'ring') rang ||= Date.now(); }).observe(document.querySelector('#p-state'), { childList: true }), true)`)
	}
	caller.is(t, "", `[...document.querySelectorAll('#p-liveness .layer.armed')].length === 2`)
	var pressed, rang, worst int64
	caller.eval(t, "", `(() => { const t = Date.now(); document.querySelector('#c-ring').click(); return t; })()`, &pressed)
	for _, s := range desks[1:] {
		s.is(t, "", `rang > 0`)
		s.eval(t, "", `rang`, &rang)
		worst = max(worst, rang-pressed)
	}
	t.Logf("figure: a ring drawn and sounded on three desks and a phone's page %d ms after the press, at most 300 and one way", worst)
	far.pick(t, "", "#c-answer", call("connected"))
	for _, s := range desks[2:] {
		s.is(t, "", `document.querySelector('#p-state > i').dataset.sound !== 'ring'`)
	}
	caller.pick(t, "", "#c-end", call("ended"))
}
