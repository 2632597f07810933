// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// ear measures what a desk hears of the other: an analyser on what came over the line, nothing that the desk sounds
// itself. It keeps when the first sound came after a key was pressed.
const ear = `window.ear = (() => {
  const c = new AudioContext({ sampleRate: 48000 }), [long, short] = [32768, 2048].map(n => Object.assign(c.createAnalyser(), { fftSize: n }));
  const from = [], nodes = [];
  let first = 0, up = 0, on = false;
  const look = () => document.querySelectorAll('[id^=sound-remote]').forEach((a, i) => { const s = a.srcObject; if (!s || s === from[i]) return; // all that the page plays
    if (nodes[i]) nodes[i].disconnect(); nodes[i] = c.createMediaStreamSource(s); nodes[i].connect(long); nodes[i].connect(short); from[i] = s; });
  const x = new Float32Array(2048);
  setInterval(() => { look(); if (!on || first) return; if (!up && document.querySelector('#p-state > i')?.dataset.call === 'connected') up = Date.now();
    short.getFloatTimeDomainData(x);
    const i = x.findIndex(v => Math.abs(v) > 0.02); if (i >= 0) first = Date.now() - (x.length - i) / 48; }, 4);
  const goertzel = (x, hz) => { const c = 2 * Math.cos(2 * Math.PI * hz / 48000); let a = 0, b = 0;
    for (const v of x) { [a, b] = [v + c * a - b, a]; } return 20 * Math.log10(2 * Math.sqrt(a * a + b * b - c * a * b) / x.length + 1e-9); };
  const rms = x => 10 * Math.log10(2 * x.reduce((s, v) => s + v * v, 0) / x.length + 1e-9);
  return { listen: () => { first = up = 0; on = true; }, first: () => first, up: () => up,
    silent: () => { short.getFloatTimeDomainData(x); return rms(x) < -60; },
    // pure is the share of 60 ms pieces that hold the tone and little else: a busy browser stretches what it plays.
    pure: hz => { const x = new Float32Array(32768), n = 2880; long.getFloatTimeDomainData(x); let pure = 0, all = 0;
      for (let i = 0; i + n <= x.length; i += n, all++) { const p = x.subarray(i, i + n), db = goertzel(p, hz); if (db > -40 && db > rms(p) - 1.5) pure++; }
      return pure / all; },
    hear: hz => { const x = new Float32Array(32768); long.getFloatTimeDomainData(x); let quiet = 0;
      for (let i = 0; i + 960 <= x.length; i += 960) if (rms(x.subarray(i, i + 960)) < -50) quiet++;
      return [goertzel(x, hz), Math.max(goertzel(x, hz * 1.02), goertzel(x, hz * 0.98)), rms(x), quiet]; } };
})(); addEventListener('keydown', e => { if (e.key === 'Enter' && e.ctrlKey) window.pressed = Date.now(); }, true); 0`

// heard is 0.7 s of the far end's sound at a desk.
type heard struct{ tone, beside, power, quiet float64 }

func (s *screen) heard(t *testing.T, where string, hz float64) heard {
	t.Helper()
	var v [4]float64
	s.eval(t, where, fmt.Sprintf("ear.hear(%v)", hz), &v)
	return heard{v[0], v[1], v[2], v[3]}
}

// isTone waits until the desk hears the tone: alone, as loud as it was said within 1.5 dB, without a hole. Where two
// cores carry much, the browsers' own buffers stretch and cut what they play, so a window may be spoilt.
func (s *screen) isTone(t *testing.T, where string, hz, db float64) {
	t.Helper()
	var h heard
	for try := range 40 {
		time.Sleep(700 * time.Millisecond)
		h = s.heard(t, where, hz)
		if math.Abs(h.tone-db) < 1.5 && h.beside < db-18 && h.quiet == 0 {
			t.Logf("%s hears %v Hz at %.2f dB (beside it %.0f dB, all %.2f dB) in window %d", where, hz, h.tone, h.beside, h.power, try+1)
			return
		}
	}
	t.Errorf("%s hears %+v", where, h)
}

// isSilent waits until the desk hears nothing.
func (s *screen) isSilent(t *testing.T, where string) {
	t.Helper()
	s.is(t, where, `ear.hear(440)[2] <= -60`)
}

// isVoice says that it hears something else: the other desk's test voice.
func (s *screen) isVoice(t *testing.T, where string, hz float64) {
	t.Helper()
	var h heard
	for range 40 {
		if h = s.heard(t, where, hz); h.power > -40 && h.tone < h.power-6 {
			return
		}
		time.Sleep(700 * time.Millisecond)
	}
	t.Errorf("%s hears no voice: %+v", where, h)
}
