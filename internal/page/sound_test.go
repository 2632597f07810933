// SPDX-License-Identifier: Apache-2.0

package page

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"example.org/parley/internal/act"
)

// The sound panel: devices are chosen apart, the level shows while idle, ring and microphone are tried, a muted desk says
// so in words; keys of one character can be turned off. SPEC: PAG-047 PAG-048
func TestSoundPanel(t *testing.T) {
	r := newRig(t)
	r.nodes[0].show(fixtureIdle)
	w := browser(t, 1366, 768)
	w.begin(t, `window.locks = 0; if (navigator.wakeLock) navigator.wakeLock.request = async () => { locks++; return {}; }`)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery), chromedp.Click("#sound-on", chromedp.ByQuery))
	wait(t, "the desk to be armed", func() bool { return armedIs(r.nodes[0], true) })
	w.is(t, `locks === 1`)
	w.run(t, chromedp.Click("#d-sound summary", chromedp.ByQuery), chromedp.WaitVisible("#s-mic", chromedp.ByQuery))
	w.is(t, `document.querySelector('#s-mic').length > 1 && document.querySelector('#s-ringer').length > 1 && document.querySelector('#no-sinks').hidden`)
	w.is(t, `+document.querySelector('[data-meter=idle]').dataset.level > 0`)
	w.is(t, `Sound.state().out === 0`) // nothing of it is sent
	w.run(t, chromedp.Evaluate(`for (const id of ['#s-mic', '#s-speaker', '#s-ringer']) { const s = document.querySelector(id); s.selectedIndex = 1; s.dispatchEvent(new Event('change', { bubbles: true })); } 0`, nil))
	w.is(t, `['mic', 'speaker', 'ringer'].every(n => Sound.kept(n)) && document.querySelector('#sound-remote').sinkId === Sound.kept('speaker') && Sound.state().mic`)
	w.run(t, chromedp.Click("#test-ring", chromedp.ByQuery), chromedp.Click("#test-sound", chromedp.ByQuery))
	w.is(t, `getComputedStyle(document.querySelector('.muted-only')).display === 'none'`)
	w.run(t, press("F4", "F4", 115, 0))
	w.is(t, `document.querySelector('.sound').innerText.includes('MUTED: they do not hear you')`)
	wait(t, "the node to know that the desk is muted", func() bool {
		r.nodes[0].mu.Lock()
		defer r.nodes[0].mu.Unlock()
		return slices.Contains(r.nodes[0].acts, act.Act(act.SetDesk{Armed: true, Sound: act.Muted}))
	})
	w.run(t, press("F4", "F4", 115, 0), press("?", "Slash", 191, 8))
	w.is(t, `document.body.dataset.page === 'keys'`)
	w.run(t, chromedp.Click("#chars", chromedp.ByQuery), press("?", "Slash", 191, 8))
	w.is(t, `document.querySelector('#chars').getAttribute('aria-pressed') === 'false' && document.body.dataset.page === 'keys'`)
	w.clean(t)
}
