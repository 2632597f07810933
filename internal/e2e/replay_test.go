// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/parley/internal/story"
)

// recorded is a line whose parties agreed at the pairing to record their calls, with an officer signed on at each end.
func recorded(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-tape-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(dir) })
	w := &world{dir: filepath.Join(dir, "d"), bin: filepath.Join(dir, "parley")}
	if out, err := exec.Command("go", "build", "-o", w.bin, "example.org/parley/cmd/parley").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := &story.World{Dir: w.dir, Bin: w.bin}
	if err := s.Make(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, party := range []string{a, b} {
		config := filepath.Join(w.dir, party, "lines", "north", "config.toml")
		text, err := os.ReadFile(config)
		if off := []byte("Record = false"); err == nil && !bytes.Contains(text, off) {
			t.Fatalf("the terms in %s do not say whether calls are recorded", config)
		} else if err == nil {
			err = os.WriteFile(config, bytes.Replace(text, off, []byte("Record = true"), 1), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Play(t.Context(), func(story.Scene) {}, story.Seat); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestSayAgain holds a call that is recorded, of Chromium and Firefox. What one desk said while its microphone was on is heard
// again at the other one that asks for it, as the tone that it was; the desk that said it hears nothing of that. It ends when
// it is ended.
//
// SPEC: RCD-009 RCD-012
func TestSayAgain(t *testing.T) {
	w := recorded(t)
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
