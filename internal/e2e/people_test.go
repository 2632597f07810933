// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestALinguistInTheCall puts a third person into a call of two: three browsers, each with a tone of its own. Each tone is
// heard at both other desks and not at its own, not before both ends show who joined, and none on hold.
//
// SPEC: CAL-022 CAL-024 PAG-081 VOX-034
func TestALinguistInTheCall(t *testing.T) {
	w := demo(t)
	tones := []float64{440, 1000, 1700}
	var desks []*screen
	for i, party := range []string{a, b, a} {
		s := tab(t, browser(t, tones[i], db), 1366, 768, "dark")
		s.run(t, chromedp.Navigate(w.link(t, party)))
		soundOn(t, s)
		desks = append(desks, s)
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
				for _, f := range want {
					there = there || f == hz
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
		s.is(t, "", fmt.Sprintf(`document.querySelectorAll('#p-call .people tr[data-part]').length === %d`, n))
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
	far.is(t, "", `document.querySelector('#p-call .pause').textContent.startsWith('ON HOLD there, by ')`)
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
