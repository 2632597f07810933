// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
)

// steps notes when a page first hears that it rings.
const steps = `(() => { const Real = WebSocket; window.WebSocket = class extends Real { constructor(u) { super(u);
	this.addEventListener('message', e => { if (window.rang && e.data.includes('data-sound=\\"ring\\"')) rang[0] ||= Date.now(); }); } }; })()`

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
		s.run(t, chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := page.AddScriptToEvaluateOnNewDocument(steps).Do(ctx)
			return err
		}))
		s.run(t, chromedp.Navigate(w.link(t, party)))
		soundOn(t, s)
		desks = append(desks, s)
	}
	caller, far := desks[0], desks[1]
	for _, s := range desks[1:] {
		s.is(t, "", `(window.rang = [], new MutationObserver(() => { if (document.querySelector('#p-state > i').dataset.sound === 'ring') rang[1] ||= Date.now(); }).observe(document.querySelector('#p-state'), { childList: true }), window.sounds = Sound.ring, Sound.ring = on => { sounds(on); if (on) rang[2] ||= Date.now(); }, true)`)
	}
	node := control.To(home.Home{Dir: filepath.Join(w.dir, b)})
	_, changed, err := node.Watch(t.Context(), "north", "en", act.Status)
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan time.Time, 1) // when their node rings
	go func() {
		for range changed {
			if r, err := node.Do(t.Context(), "north", "en", act.Status); err == nil && strings.Contains(string(r.Data.(json.RawMessage)), `"ringing-here"`) {
				told <- time.Now()
				return
			}
		}
	}()
	caller.is(t, "", `[...document.querySelectorAll('#p-liveness .layer.armed')].length === 2`)
	var pressed int64
	var worst [3]int64
	caller.eval(t, "", `(() => { const t = Date.now(); document.querySelector('#c-ring').click(); return t; })()`, &pressed)
	for _, s := range desks[1:] {
		s.is(t, "", `rang[0] > 0 && rang[1] > 0 && rang[2] > 0`)
		var rang [3]int64
		s.eval(t, "", `rang`, &rang)
		for i := range rang {
			worst[i] = max(worst[i], rang[i]-pressed)
		}
	}
	t.Logf("of which: their node rings %d ms after the press; the last page hears of it after %d, has drawn it after %d, sounds after %d", (<-told).UnixMilli()-pressed, worst[0], worst[1], worst[2])
	t.Logf("figure: a ring drawn and sounded on three desks and a phone's page %d ms after the press, at most 300 and one way", max(worst[1], worst[2]))
	far.pick(t, "", "#c-answer", call("connected"))
	for _, s := range desks[2:] {
		s.is(t, "", `document.querySelector('#p-state > i').dataset.sound !== 'ring'`)
	}
	caller.pick(t, "", "#c-end", call("ended"))
}
