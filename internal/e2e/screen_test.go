// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser starts a Chromium whose microphone is a WAV file with that tone.
func browser(t *testing.T, hz, db float64, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		need(t, "chromium", "no chromium here: apt install chromium")
	}
	dir, err := os.MkdirTemp("", "parley-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(dir) })
	wav := filepath.Join(dir, "microphone.wav")
	if err := os.WriteFile(wav, toneWAV(hz, db, 60), 0o600); err != nil {
		t.Fatal(err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(dir, "profile")), chromedp.NoSandbox,
		chromedp.Flag("headless", "new"), chromedp.Flag("mute-audio", false), chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-audio-capture", wav), chromedp.Flag("allow-loopback-in-peer-connection", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(opts, more...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 20*time.Minute)
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// removeAll deletes a browser's directory: the last of its killed processes may still write there.
func removeAll(dir string) {
	for range 20 {
		if os.RemoveAll(dir) == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func toneWAV(hz, db float64, seconds int) []byte {
	const rate = 48000
	b := make([]byte, 44, 44+2*rate*seconds)
	copy(b, "RIFF....WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	binary.LittleEndian.PutUint32(b[4:], uint32(cap(b)-8))
	binary.LittleEndian.PutUint32(b[24:], rate)
	binary.LittleEndian.PutUint32(b[28:], 2*rate)
	copy(b[32:], "\x02\x00\x10\x00data")
	binary.LittleEndian.PutUint32(b[40:], uint32(cap(b)-44))
	for i := range rate * seconds {
		v := 32767 * math.Pow(10, db/20) * math.Sin(2*math.Pi*hz*float64(i)/rate)
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(v)))
	}
	return b
}

// screen is one tab. What is in its frames is asked by the first word of the frame's host: aurelia, borealia; the
// page itself is "".
type screen struct {
	ctx    context.Context
	fox    *foxTab // the tab is one of Firefox's, else of Chromium
	mu     sync.Mutex
	worlds map[string]runtime.ExecutionContextID
	bad    []string
	wanted func(string) bool // what is not bad just now
}

// tab opens a tab of that size, and keeps all that it says and asks for.
func tab(t *testing.T, ctx context.Context, wide, high int64, scheme string) *screen {
	t.Helper()
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	s := &screen{ctx: ctx, worlds: map[string]runtime.ExecutionContextID{}}
	chromedp.ListenTarget(ctx, s.hear)
	s.run(t, network.Enable(), log.Enable())
	s.size(t, wide, high, scheme)
	return s
}

func (s *screen) size(t *testing.T, wide, high int64, scheme string) {
	t.Helper()
	s.run(t, emulation.SetDeviceMetricsOverride(wide, high, 1, false),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

func (s *screen) hear(ev any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bad := ""
	switch ev := ev.(type) {
	case *runtime.EventExecutionContextCreated:
		var aux struct{ IsDefault bool }
		u, err := url.Parse(ev.Context.Origin)
		if json.Unmarshal(ev.Context.AuxData, &aux) == nil && aux.IsDefault && err == nil {
			where, _, _ := strings.Cut(u.Hostname(), ".")
			s.worlds[where] = ev.Context.ID
		}
	case *runtime.EventExceptionThrown:
		bad = "exception: " + ev.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		bad = fmt.Sprint("console: ", ev.Type, " ", ev.Args)
	case *log.EventEntryAdded:
		bad = "log: " + ev.Entry.Text + " " + ev.Entry.URL
	case *network.EventRequestWillBeSent:
		bad = outside(ev.Request.URL)
	case *network.EventWebSocketCreated:
		bad = outside(ev.URL)
	}
	if bad != "" && (s.wanted == nil || !s.wanted(bad)) {
		s.bad = append(s.bad, bad)
	}
}

// outside tells of a request that leaves this machine and its house.
func outside(raw string) string {
	u, err := url.Parse(raw)
	if err == nil && (u.Scheme == "data" || strings.HasSuffix(u.Hostname(), ".localhost") || strings.HasSuffix(u.Hostname(), ".ops.example") || u.Hostname() == "127.0.0.1") {
		return ""
	}
	return "request: " + raw
}

// clean fails for everything that a page said or asked for.
func (s *screen) clean(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.bad {
		t.Error(b)
	}
	s.bad = nil
}

func (s *screen) run(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(s.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// in evaluates in a frame.
func (s *screen) in(where, js string, out any) error {
	if s.fox != nil {
		return s.fox.in(js, out)
	}
	return chromedp.Run(s.ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		p := runtime.Evaluate(js).WithReturnByValue(true).WithAwaitPromise(true)
		if where != "" {
			s.mu.Lock()
			id, ok := s.worlds[where]
			s.mu.Unlock()
			if !ok {
				return fmt.Errorf("no frame of %s", where)
			}
			p = p.WithContextID(id)
		}
		r, exc, err := p.Do(ctx)
		if err != nil {
			return err
		}
		if exc != nil {
			return exc
		}
		if out == nil || r.Value == nil {
			return nil
		}
		return json.Unmarshal(r.Value, out)
	}))
}

func (s *screen) eval(t *testing.T, where, js string, out any) {
	t.Helper()
	if err := s.in(where, js, out); err != nil {
		t.Fatalf("%s: %s: %v", where, js, err)
	}
}

// is waits until an expression is true in a frame; the limits are generous, two cores carry much.
func (s *screen) is(t *testing.T, where, js string) {
	t.Helper()
	s.within(t, 45*time.Second, where, js)
}

func (s *screen) within(t *testing.T, d time.Duration, where, js string) time.Duration {
	t.Helper()
	began := time.Now()
	for {
		var ok bool
		err := s.in(where, "!!("+js+")", &ok)
		if ok {
			return time.Since(began)
		}
		if time.Since(began) > d {
			var seen string
			_ = s.in(where, `document.body.innerText.replace(/\s*\n\s*/g, ' | ').slice(0, 1500)`, &seen)
			t.Fatalf("%s: never true: %s (%v)\n%s", where, js, err, seen)
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// spot is the middle of an element in the window, once it can be hit.
func (s *screen) spot(where, sel string) (x, y float64, err error) {
	var at struct {
		X, Y float64
		Hit  string
	}
	js := fmt.Sprintf(`(() => { const e = document.querySelector(%q); if (!e) return {hit: 'nothing there'};
		const look = () => { const r = e.getBoundingClientRect(), x = r.left + r.width / 2, y = r.top + r.height / 2, at = document.elementFromPoint(x, y);
			return {x, y, hit: !at ? 'outside' : at === e || e.contains(at) ? '' : 'hidden by ' + at.outerHTML.slice(0, 80)}; };
		if (!look().hit) return look();
		e.scrollIntoView({block: 'center', behavior: 'instant'}); return look(); })()`, sel)
	if err := s.in(where, js, &at); err != nil {
		return 0, 0, err
	}
	if at.Hit != "" {
		return 0, 0, fmt.Errorf("%s: %s", sel, at.Hit)
	}
	if where != "" {
		var off struct{ X, Y float64 }
		if err := s.in("", fmt.Sprintf(`(() => { const f = document.querySelector('#p-frame%d iframe'); if (!f) return {x: 0, y: 0}; const r = f.getBoundingClientRect(); return {x: r.left, y: r.top}; })()`, strings.Index("abl", where[:1])), &off); err != nil {
			return 0, 0, err
		}
		at.X, at.Y = at.X+off.X, at.Y+off.Y
	}
	return at.X, at.Y, nil
}

// click presses the mouse on an element, as soon as it can be hit.
func (s *screen) click(t *testing.T, where, sel string) {
	t.Helper()
	var err error
	for end := time.Now().Add(45 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var x, y float64
		if x, y, err = s.spot(where, sel); err == nil {
			if s.fox == nil {
				s.run(t, chromedp.MouseClickXY(x, y))
			} else if err := s.fox.press(x, y); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	var seen string
	_ = s.in(where, `document.body.innerText.replace(/\s*\n\s*/g, ' | ').slice(0, 1500)`, &seen)
	t.Fatalf("%s: %v\n%s", where, err, seen)
}

// pick clicks until something is so: what is drawn anew may slip away under the pointer.
func (s *screen) pick(t *testing.T, where, sel, js string) {
	t.Helper()
	for range 4 {
		s.click(t, where, sel)
		for range 40 {
			var ok bool
			if _ = s.in(where, "!!("+js+")", &ok); ok {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	s.is(t, where, js)
}

// write clicks into a field and types.
func (s *screen) write(t *testing.T, where, sel, text string) {
	t.Helper()
	s.pick(t, where, sel, fmt.Sprintf("document.activeElement === document.querySelector(%q)", sel))
	s.run(t, chromedp.KeyEvent(text))
}

// choose takes a value of a list, as a keyboard would.
func (s *screen) choose(t *testing.T, where, sel, value string) {
	t.Helper()
	s.is(t, where, fmt.Sprintf(`(() => { const e = document.querySelector(%q); if (!e) return false; e.value = %q; e.dispatchEvent(new Event('change', {bubbles: true})); return e.value === %q; })()`, sel, value, value))
}

// key presses a key, wherever the focus is.
func (s *screen) key(t *testing.T, key string, mods ...input.Modifier) {
	t.Helper()
	vk := map[string]int64{"Backspace": 8, "Enter": 13, "F2": 113, "F4": 115, "F8": 119, "F9": 120}[key]
	var m input.Modifier
	for _, x := range mods {
		m |= x
	}
	for _, kind := range []input.KeyType{input.KeyRawDown, input.KeyUp} {
		s.run(t, input.DispatchKeyEvent(kind).WithKey(key).WithCode(key).WithWindowsVirtualKeyCode(vk).WithModifiers(m))
	}
}

func (s *screen) shoot(t *testing.T, file string) {
	t.Helper()
	var png []byte
	s.run(t, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		png, err = page.CaptureScreenshot().Do(ctx)
		return err
	}))
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}
