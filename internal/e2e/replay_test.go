// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/parley/internal/story"
)

// paired is a line of two nodes, with an officer signed on at each end and, where they are given, a telephone at each. What
// stands in their configurations before they pair is changed by the pairs of old and new.
func paired(t *testing.T, phones [2]*story.Handset, change ...string) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-pair-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(dir) })
	w := &world{dir: filepath.Join(dir, "d"), bin: filepath.Join(dir, "parley")}
	parley(t, w.bin)
	s := &story.World{Dir: w.dir, Bin: w.bin, Phones: phones}
	if err := s.Make(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, party := range []string{a, b} {
		config := filepath.Join(w.dir, party, "lines", "north", "config.toml")
		text, err := os.ReadFile(config)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(change); i += 2 {
			if !strings.Contains(string(text), change[i]) {
				t.Fatalf("%s has no %s", config, change[i])
			}
		}
		if err := os.WriteFile(config, []byte(strings.NewReplacer(change...).Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Play(t.Context(), func(story.Scene) {}, story.Seat); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestSoakSayAgain holds a call that is recorded, of Chromium and Firefox. What one desk said while its microphone was on is heard
// again at the other one that asks for it, as the tone that it was; the desk that said it hears nothing of that. It ends when
// it is ended.
//
// SPEC: RCD-009 RCD-012
func TestSoakSayAgain(t *testing.T) { // a minute of sound, in two browsers
	if os.Getenv("PARLEY_SOAK") == "" {
		t.Skip("make soak")
	}
	w := paired(t, [2]*story.Handset{}, "Record = false", "Record = true")
	chrome := tab(t, browser(t, hz, db), 1366, 768, "dark")
	chrome.run(t, chromedp.Navigate(w.link(t, a)))
	fox := startFirefox(t, 1000).open(t, w.link(t, b))
	said := map[*screen]int{chrome: hz, fox: 1000}
	for s := range said {
		soundOn(t, s)
	}
	ring(t, chrome, fox)
	for s := range said {
		s.is(t, "", `document.querySelector('#c-recording.both')`)
	}
	hears := func(s *screen, hz int) {
		t.Helper()
		s.is(t, "", fmt.Sprintf(`ear.pure(%d) >= 0.5`, hz))
	}
	hears(chrome, 1000)
	hears(fox, hz)
	for _, party := range []string{a, b} { // so long is the tone that is heard again, at least
		for end := time.Now().Add(time.Minute); status(t, w, party).Call.In.Frames < 15*50; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("no sound of 15 seconds comes")
			}
		}
	}
	for s := range said {
		s.pick(t, "", "#mute", `document.querySelector('#mute').getAttribute('aria-pressed') === 'true'`)
	}
	for s := range said {
		s.isSilent(t, "")
	}
	for _, two := range [][2]*screen{{chrome, fox}, {fox, chrome}} {
		asks, other := two[0], two[1]
		pressed := func(yes bool) string {
			return fmt.Sprintf(`document.querySelector('#c-replay')?.getAttribute('aria-pressed') === '%t'`, yes)
		}
		asks.pick(t, "", "#c-replay", pressed(true))
		hears(asks, said[other])
		for range 10 {
			if h := other.heard(t, "", float64(said[other])); h.power > -60 {
				t.Errorf("the desk that said it hears %+v", h)
			}
			time.Sleep(100 * time.Millisecond)
		}
		other.is(t, "", pressed(false))
		asks.pick(t, "", "#c-replay", pressed(false))
		asks.isSilent(t, "")
	}
	chrome.pick(t, "", "#c-end", call("ended"))
	fox.is(t, "", call("ended"))
	chrome.clean(t)
}

// TestTelephoneStill draws the picture of doc/telephones.md: a desk's page in a call with a telephone of the other house.
// PARLEY_STILLS=DIR, as root, with baresip.
func TestTelephoneStill(t *testing.T) {
	stills := os.Getenv("PARLEY_STILLS")
	if stills == "" {
		t.Skip("set PARLEY_STILLS to a directory")
	}
	var phones [2]*story.Handset
	for i, number := range []string{"201", "301"} {
		var err error
		if phones[i], err = story.Plug(t.TempDir(), number, "manual", 1000, 8000, nil); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(phones[i].Unplug)
	}
	w := paired(t, phones)
	s := tab(t, browser(t, hz, db), 1366, 768, "dark")
	s.run(t, chromedp.Navigate(w.link(t, a)))
	soundOn(t, s)
	s.is(t, "", `document.querySelectorAll('#p-liveness .layer.armed').length === 2 && document.querySelector('#p-liveness').innerText.includes('armed (2)')`)
	s.pick(t, "", "#c-ring", call("ringing-there"))
	if err := phones[1].Lift(); err != nil {
		t.Fatal(err)
	}
	s.is(t, "", call("connected"))
	s.is(t, "", `ear.pure(1000) >= 0.5`)
	s.is(t, "", `[...document.querySelectorAll('[data-meter]')].every(e => e.dataset.level > 2)`)
	s.shoot(t, filepath.Join(stills, "telephone-desk.png"))
	s.pick(t, "", "#c-end", call("ended"))
}
