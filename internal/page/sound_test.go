// SPDX-License-Identifier: Apache-2.0

package page

import (
	"math"
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
	// What sounds where: each element that was sent to a device, what goes straight to the usual one, and how loud a stream is within some seconds.
	w.begin(t, `window.sent = new Set(); window.usual = new Set(); window.played = []; window.away = '';
		const M = HTMLMediaElement.prototype, N = AudioNode.prototype, D = MediaDevices.prototype, sink = M.setSinkId, play = M.play, connect = N.connect, disconnect = N.disconnect, list = D.enumerateDevices;
		M.setSinkId = function (id) { sent.add(this); return sink.call(this, id); };
		M.play = function () { played.push(this); return play.call(this); };
		N.connect = function (to, ...r) { if (to === this.context.destination) usual.add(this); return connect.call(this, to, ...r); };
		N.disconnect = function (...r) { usual.delete(this); return disconnect.call(this, ...r); };
		D.enumerateDevices = async function () { return (await list.call(this)).filter(d => d.deviceId !== away); };
		window.loud = async (stream, seconds) => { const c = new AudioContext(), a = c.createAnalyser(), d = new Float32Array(a.fftSize); c.createMediaStreamSource(stream).connect(a);
			for (let most = 0, until = Date.now() + 1000 * seconds; ; await new Promise(ok => setTimeout(ok, 20))) { a.getFloatTimeDomainData(d); most = d.reduce((m, x) => Math.max(m, Math.abs(x)), most);
				if (Date.now() > until) { c.close(); return most; } } };
		window.ringer = () => [...sent].find(e => !e.id); window.pull = id => { away = id; navigator.mediaDevices.dispatchEvent(new Event('devicechange')); };`)
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
	// Ring and alarms go to their own device, at their own volume, and never under 30 % of it; the test of the ring sounds there.
	w.is(t, `ringer().sinkId === Sound.kept('ringer') && !ringer().paused && usual.size === 0`)
	volume := func(v string) (most float64) {
		t.Helper()
		w.run(t, chromedp.Evaluate(`Sound.choose('volume', '`+v+`')`, nil, awaits))
		for n := 0; most < 0.01 && n < 10; n++ { // a busy machine may begin to listen when the ring is over
			w.run(t, chromedp.Click("#test-ring", chromedp.ByQuery), chromedp.Evaluate(`loud(ringer().srcObject, 2)`, &most, awaits))
		}
		return most
	}
	if full, half, least := volume("100"), volume("50"), volume("5"); full < 0.1 || math.Abs(half/full-0.5) > 0.12 || math.Abs(least/full-0.3) > 0.12 {
		t.Errorf("the ring is %.2f loud, at 50 %% %.2f, at the least %.2f", full, half, least)
	}
	// What the microphone hears is played from the loudspeaker that was chosen.
	var heard float64
	for n := 0; heard < 0.01 && n < 10; n++ {
		w.run(t, chromedp.Evaluate(`played = []`, nil), chromedp.Click("#test-sound", chromedp.ByQuery))
		w.is(t, `played.length > 0`)
		w.run(t, chromedp.Evaluate(`loud(played[0].srcObject, 4)`, &heard, awaits))
	}
	w.is(t, `played[0].sinkId === Sound.kept('speaker')`)
	if heard < 0.01 {
		t.Errorf("the test of the sound is %.3f loud", heard)
	}
	// A device that is pulled out: it rings where the machine sounds, and says so, until it is back.
	says := func(of string) string {
		return `getComputedStyle(document.querySelector('[data-of=` + of + `]')).display !== 'none'`
	}
	w.is(t, `!(`+says("ringer")+`) && !(`+says("speaker")+`)`)
	w.run(t, chromedp.Evaluate(`pull(Sound.kept('ringer'))`, nil))
	w.is(t, says("ringer")+` && ringer().paused && ringer().sinkId === '' && usual.size === 1 && Sound.state().ok`)
	w.is(t, says("speaker")+` && document.querySelector('#sound-remote').sinkId === ''`) // it was the same device
	w.run(t, chromedp.Evaluate(`pull('')`, nil))
	w.is(t, `!(`+says("ringer")+`) && ringer().sinkId === Sound.kept('ringer') && !ringer().paused && usual.size === 0`)
	w.run(t, chromedp.Evaluate(`Sound.choose('volume', '100')`, nil, awaits))
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
