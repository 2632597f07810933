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

// marks notes in a page when it hears that it rings, begins to sound, has drawn it, and when the picture of it stands.
const marks = `(() => { window.rang = {};
	const mark = what => { rang[what] ||= Date.now(); }, Real = WebSocket;
	window.WebSocket = class extends Real { constructor(u) { super(u); this.addEventListener('message', e => { if (e.data.includes('data-sound=\\"ring\\"')) mark('hears'); }); } };
	addEventListener('DOMContentLoaded', () => {
		const ring = Sound.ring;
		Sound.ring = on => { ring(on); if (on) mark('sounds'); };
		new MutationObserver(() => { if (!rang.drawn && document.querySelector('#c-answer')) { mark('drawn'); requestAnimationFrame(() => setTimeout(() => mark('stands'))); } }).observe(document.querySelector('#p-call'), { childList: true });
	});
})()`

// TestRingOnEveryDesk rings three desks and the page of a phone at once, each on a machine of its own; the first to answer has
// the call, and the others ring no more.
//
// SPEC: PAG-061 PAG-064 PAG-078
func TestRingOnEveryDesk(t *testing.T) {
	if os.Getenv("PARLEY_BENCH") == "" {
		t.Skip("make bench: five browsers at once take two cores more than a minute")
	}
	f := newFar(t)
	var desks []*screen
	for i, party := range []string{a, b, b, b, b} {
		wide, high := int64(1366), int64(768)
		if i == 4 {
			wide, high = 390, 844
		}
		s := f.page(f.browser(f.machine(), hz, db, party), party, wide, high, chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := page.AddScriptToEvaluateOnNewDocument(marks).Do(ctx)
			return err
		}))
		arm(t, s)
		desks = append(desks, s)
	}
	caller, far := desks[0], desks[1]
	node := control.To(home.Home{Dir: filepath.Join(f.dir, b)})
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
	time.Sleep(5 * time.Second) // what opening five browsers began is over
	var pressed int64
	caller.eval(t, "", `(() => { const t = Date.now(); document.querySelector('#c-ring').click(); return t; })()`, &pressed)
	rings := (<-told).UnixMilli()
	time.Sleep(2 * time.Second) // nothing asks the pages meanwhile
	var worst int64
	for i, s := range desks[1:] {
		s.is(t, "", `rang.sounds && rang.stands`)
		var rang map[string]int64
		s.eval(t, "", `rang`, &rang)
		t.Logf("of which: page %d hears of it %d ms after the press, sounds after %d, has drawn it after %d, and the picture stands after %d", i+1, rang["hears"]-pressed, rang["sounds"]-pressed, rang["drawn"]-pressed, rang["stands"]-pressed)
		worst = max(worst, rang["sounds"]-pressed, rang["stands"]-pressed)
	}
	t.Logf("of which: their node rings %d ms after the press", rings-pressed)
	t.Logf("figure: a ring drawn and sounded on three desks and a phone's page %d ms after the press, at most 300 and one way", worst)
	far.pick(t, "", "#c-answer", call("connected"))
	for _, s := range desks[2:] {
		s.is(t, "", `document.querySelector('#p-state > i').dataset.sound !== 'ring'`)
	}
	caller.pick(t, "", "#c-end", call("ended"))
}
