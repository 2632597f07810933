// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestALinguistInTheCall puts a third person into a call of two: three browsers on machines of their own, each with a tone of its own. Each tone is
// heard at both other desks and not at its own, not before both ends show who joined, and none on hold.
//
// SPEC: CAL-022 CAL-024 PAG-061 PAG-064 PAG-081 VOX-034
func TestALinguistInTheCall(t *testing.T) {
	f := newFar(t)
	tones := []float64{440, 1000, 1700}
	var desks []*screen
	for i, party := range []string{a, b, a} {
		desks = append(desks, f.open(f.browser(f.machine(), tones[i], db, party), party, 1366, 768))
	}
	officer, far, linguist := desks[0], desks[1], desks[2]
	// hears waits until a desk hears these tones and no other one.
	hears := func(what string, s *screen, want ...float64) {
		t.Helper()
		var level [3]float64
		ok := false
		for end := time.Now().Add(time.Minute); !ok && time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
			ok = true
			for i, hz := range tones {
				level[i] = s.heard(t, "", hz).tone
				there := false
				for _, x := range want {
					there = there || x == hz
				}
				ok = ok && (there && level[i] > db-3 && level[i] < db+3 || !there && level[i] < db-25)
			}
		}
		t.Logf("%s: %.1f dB", what, level)
		if !ok {
			t.Errorf("%s: hears %v of %v, not %v alone", what, level, tones, want)
		}
	}
	people := func(s *screen, n int) {
		s.is(t, "", fmt.Sprintf(`document.querySelectorAll('#p-people li[data-part]').length === %d`, n))
	}
	ring(t, officer, far)
	hears("officer", officer, 1000)
	hears("far", far, 440)
	hears("linguist, not in it", linguist)
	linguist.pick(t, "", "#c-join", `document.querySelector('#c-leave')`)
	for _, s := range desks {
		people(s, 3)
	}
	hears("officer, of three", officer, 1000, 1700)
	hears("far, of three", far, 440, 1700)
	hears("linguist, of three", linguist, 440, 1000)
	officer.key(t, "F9", 0)
	far.is(t, "", `document.querySelector('#p-people .pause').textContent.startsWith('ON HOLD there, by ')`)
	hears("officer, on hold", officer)
	hears("far, on hold", far)
	officer.key(t, "F9", 0)
	hears("far, again", far, 440, 1700)
	linguist.pick(t, "", "#c-leave", `document.querySelector('#c-listen')`)
	linguist.pick(t, "", "#c-listen", `document.querySelector('#c-leave')`)
	people(far, 3)
	hears("a listener", linguist, 440, 1000)
	hears("far, of a listener", far, 440)
	hears("officer, of a listener", officer, 1000)
	far.pick(t, "", "#c-end", call("ended"))
	for _, s := range desks {
		s.is(t, "", call("ended"))
		s.clean(t)
	}
}

// TestLettersBesideACall types at one desk of a call what the other one sees letter by letter, with what was erased; the line
// is in the record of both, and one that the end of the call breaks off is said so at both.
//
// SPEC: CAL-031 CAL-032 CAL-033 PAG-085
func TestLettersBesideACall(t *testing.T) {
	f := newFar(t)
	var desks []*screen
	for i, party := range []string{a, b} {
		desks = append(desks, f.open(f.browser(f.machine(), []float64{440, 1000}[i], db, party), party, 1366, 768))
	}
	officer, far := desks[0], desks[1]
	ring(t, officer, far)
	line := func(s *screen, state, says string) {
		t.Helper()
		s.is(t, "", fmt.Sprintf(`(l => l && l.classList.contains(%q) && l.querySelector('.say').textContent === %q)(document.querySelector('#p-letters li:last-child'))`, state, says))
	}
	far.is(t, "", `(window.seen = [], new MutationObserver(() => { const s = document.querySelector('#p-letters .say'); if (s) seen[s.textContent.length] ||= Date.now(); }).observe(document.querySelector('#p-letters'), { childList: true }), true)`)
	officer.is(t, "", `(window.typed = [], document.addEventListener('input', e => { typed[e.target.value.length] = Date.now(); }), true)`)
	officer.run(t, chromedp.WaitVisible("#l-type", chromedp.ByQuery))
	for _, c := range "two shpis" {
		officer.run(t, chromedp.SendKeys("#l-type", string(c), chromedp.ByQuery), chromedp.Sleep(300*time.Millisecond))
	}
	line(far, "typing", "two shpis")
	var typed, seen []int64
	officer.run(t, chromedp.Evaluate(`typed.map(x => x || 0)`, &typed))
	far.run(t, chromedp.Evaluate(`Array.from(seen, x => x || 0)`, &seen))
	var took []int64
	for n := 1; n < len(typed) && n < len(seen); n++ {
		if seen[n] == 0 {
			t.Errorf("letter %d was never seen alone", n)
		}
		took = append(took, seen[n]-typed[n])
	}
	slices.Sort(took)
	t.Logf("figure: a letter typed beside a call drawn at the other end after %d ms, at most 500 (median of %v)", took[len(took)/2], took)
	for range 4 {
		officer.key(t, "Backspace", 0)
	}
	officer.run(t, chromedp.SendKeys("#l-type", "hips", chromedp.ByQuery))
	officer.key(t, "Enter", 0)
	for _, s := range desks {
		line(s, "recorded", "two serased: hpiships")
	}
	far.run(t, chromedp.SendKeys("#l-type", "ours, they", chromedp.ByQuery))
	line(officer, "typing", "ours, they")
	far.pick(t, "", "#c-end", call("ended"))
	for _, s := range desks {
		line(s, "broken", "ours, they")
		s.clean(t)
	}
}
