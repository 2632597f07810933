// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/message/phrase"
	"example.org/parley/words"
)

// need skips a test whose tool is missing, or fails where PARLEY_REQUIRE names that tool.
func need(t *testing.T, tool, reason string) {
	t.Helper()
	if slices.Contains(strings.Fields(os.Getenv("PARLEY_REQUIRE")), tool) {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// watched is a browser whose console and requests are kept.
type watched struct {
	ctx context.Context
	mu  sync.Mutex
	bad []string
}

func browser(t *testing.T, wide, high int64, more ...chromedp.ExecAllocatorOption) *watched {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		need(t, "chromium", "no chromium here: apt install chromium")
	}
	dir, err := os.MkdirTemp("", "parley-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the last of a killed browser's processes may still write
		for range 20 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(dir, "profile")), chromedp.NoSandbox,
		chromedp.Flag("headless", "new"), chromedp.Flag("mute-audio", false), chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("disable-component-update", true), chromedp.WindowSize(int(wide), int(high)))
	opts = append(opts, more...)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute) // a busy machine is no fault
	t.Cleanup(cancel)
	w := &watched{ctx: ctx}
	chromedp.ListenTarget(ctx, func(ev any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			w.bad = append(w.bad, "exception: "+ev.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			w.bad = append(w.bad, "console: "+ev.Entry.Text+" "+ev.Entry.URL)
		case *network.EventRequestWillBeSent:
			if u := ev.Request.URL; !strings.Contains(u, ".localhost:") && !strings.HasPrefix(u, "http://127.0.0.1:") && !strings.HasPrefix(u, "https://"+houseName+":") && !strings.HasPrefix(u, "data:") {
				w.bad = append(w.bad, "request: "+u)
			}
		}
	})
	if err := chromedp.Run(ctx, network.Enable(), log.Enable(), emulation.SetDeviceMetricsOverride(wide, high, 1, false)); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watched) run(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(w.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// begin runs a script in every page before the page's own.
func (w *watched) begin(t *testing.T, script string) {
	t.Helper()
	w.run(t, chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	}))
}

// is waits until an expression is true in the page.
func (w *watched) is(t *testing.T, js string) {
	t.Helper()
	var ok bool
	poll := func() error {
		return chromedp.Run(w.ctx, chromedp.Poll(js, &ok, chromedp.WithPollingTimeout(45*time.Second)))
	}
	err := poll()
	for range 20 { // while the page is loaded again there is nothing to ask
		if err == nil || strings.Contains(err.Error(), "timeout") {
			break
		}
		time.Sleep(100 * time.Millisecond)
		err = poll()
	}
	if err != nil {
		var page string
		_ = chromedp.Run(w.ctx, chromedp.Evaluate(`document.body.innerText.slice(0, 1500)`, &page))
		t.Fatalf("never true: %s (%v)\n%s", js, err, page)
	}
}

// press presses a key with modifiers, as the keyboard does.
func press(key, code string, vk int64, mods input.Modifier) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for _, kind := range []input.KeyType{input.KeyRawDown, input.KeyUp} {
			if err := input.DispatchKeyEvent(kind).WithKey(key).WithCode(code).WithWindowsVirtualKeyCode(vk).WithModifiers(mods).Do(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *watched) clean(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.bad {
		t.Error(b)
	}
}

// The keys work while a text field has the focus, and what was typed stays. SPEC: PAG-010 PAG-014
func TestKeysInAField(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.show(fixture)
	w := browser(t, 1366, 768)
	link, err := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	if err != nil {
		t.Fatal(err)
	}
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery))
	w.is(t, `document.querySelector('[data-clock]').textContent.endsWith('Z')`)
	w.run(t, chromedp.Click("#b-write", chromedp.ByQuery), chromedp.WaitVisible("#w-text", chromedp.ByQuery))
	w.is(t, `document.activeElement.id === 'w-text'`)
	w.run(t, chromedp.SendKeys("#w-text", "half a sentence", chromedp.ByQuery))

	enter := func(mods input.Modifier) chromedp.Action { return press("Enter", "Enter", 13, mods) }
	w.run(t, enter(input.ModifierCtrl))
	wait(t, "an answer", func() bool { return n.done("answer") == 1 })
	w.run(t, enter(input.ModifierCtrl|input.ModifierShift))
	wait(t, "a decline", func() bool { return n.done("decline") == 1 })
	w.run(t, press("F8", "F8", 119, 0))
	wait(t, "an acknowledged alarm", func() bool { return n.done("alarm.ack") == 1 })
	n.show(fixtureCall)
	w.is(t, `document.querySelector('#c-end') !== null`)
	w.run(t, enter(input.ModifierCtrl|input.ModifierShift))
	wait(t, "a hang-up", func() bool { return n.done("hang-up") == 1 })
	w.run(t, press("F2", "F2", 113, 0))
	w.is(t, `document.querySelector('#stop').textContent.includes('PRESS AGAIN')`)
	if n.done("stop") != 0 {
		t.Error("one press was a STOP")
	}
	w.run(t, press("F2", "F2", 113, 0))
	wait(t, "a STOP", func() bool { return n.done("stop") == 1 })
	w.run(t, press("F4", "F4", 115, 0))
	w.is(t, `Sound.state().muted === true`)
	if n.done("send") != 0 {
		t.Error("a key sent what was half typed")
	}
	w.is(t, `document.activeElement.id === 'w-text' && document.activeElement.value === 'half a sentence'`)
	w.run(t, chromedp.Click("#w-prec .PRIORITY", chromedp.ByQuery), chromedp.Click("#p-compose button[type=submit]", chromedp.ByQuery))
	wait(t, "the message", func() bool { return n.done("send") == 1 })
	n.mu.Lock()
	for _, a := range n.acts {
		if s, ok := a.(act.Send); ok && (s.Text != "half a sentence" || s.Precedence != "PRIORITY" || s.Lang != "en" || s.Kind != "information" || s.Phrase != "") {
			t.Errorf("the form became %+v", s)
		}
	}
	n.mu.Unlock()
	w.is(t, `document.querySelector('#p-compose').innerHTML === '' && document.activeElement.id === 'b-write'`)
	w.clean(t)
}

// A second press of a key that is gone does nothing: focus never moves by itself onto the key that came in its place.
// SPEC: PAG-093
func TestASecondEnterDoesNothing(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.show(fixtureIdle)
	w := browser(t, 1366, 768)
	link, err := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	if err != nil {
		t.Fatal(err)
	}
	enter, call := chromedp.KeyEvent("\r"), func(acts ...string) func(us, them, lang string) view.Desk {
		return func(us, them, lang string) view.Desk {
			d := fixtureCall(us, them, lang)
			if d.Call.Acts = acts; acts[0] == "hang-up" && len(acts) == 1 {
				d.Call.State = "ringing-there"
			}
			return d
		}
	}
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery), chromedp.Focus("#c-ring", chromedp.ByQuery), enter)
	wait(t, "a ring", func() bool { return n.done("ring") == 1 })
	for _, x := range []struct {
		draw       func(us, them, lang string) view.Desk
		focus, key string
	}{
		{call("hang-up"), "", "#c-cancel"}, {call("hang-up", "hold"), "#c-cancel", "#c-end"}, {call("hang-up", "resume"), "#c-hold", "#c-resume"},
		{fixtureStop, "", "#st-take-b743"}, {func(us, them, lang string) view.Desk {
			d := fixtureStop(us, them, lang)
			d.Stops[0].Acts = []string{"in-effect", "refuse"}
			return d
		}, "#st-take-b743", "#st-in-effect-b743"},
	} {
		if x.focus != "" {
			w.run(t, chromedp.Focus(x.focus, chromedp.ByQuery))
		}
		n.show(x.draw)
		w.is(t, `!!document.querySelector('`+x.key+`')`)
		w.is(t, `document.activeElement.tagName !== 'BUTTON'`)
		w.run(t, enter)
	}
	time.Sleep(300 * time.Millisecond)
	for _, verb := range []string{"hang-up", "hold", "resume", "stop.step"} {
		if n.done(verb) != 0 {
			t.Errorf("a second Enter was %s", verb)
		}
	}
	w.clean(t)
}

// whole says what hides an element of the page as it stands, all of it or its lower edge.
const whole = `(s => { const e = s.tagName ? s : document.querySelector(s); if (!e) return s + ' is not there'; const r = e.getBoundingClientRect(), covers = [r.top + r.height / 2, r.bottom - 4].map(y => document.elementFromPoint(r.left + r.width / 2, y)).find(x => !e.contains(x)), is = s.tagName ? e.innerText : s;
	return r.width < 24 || r.left < -1 || r.top < -1 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1 ? is + ' is not whole: ' + JSON.stringify(r) : e.scrollWidth > e.clientWidth + 1 ? is + ' is cut' : covers !== undefined ? is + ' is covered by ' + (covers && covers.outerHTML.slice(0, 80)) : ''; })`

// At 390 the keys of a call stand whole on the screen as it opens, and MUTED for as long as it is; at 1366×768 what each end
// sees of the other stays in view in a call. SPEC: PAG-094
func TestKeysOfACallAreInView(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	state := func(state string, acts ...string) func(us, them, lang string) view.Desk {
		return func(us, them, lang string) view.Desk {
			d := fixtureCall(us, them, lang)
			d.Call.State, d.Call.Acts, d.Call.Talks = state, acts, "opus"
			d.Calls = append(append(d.Calls, d.Calls...), d.Calls...)
			return d
		}
	}
	for _, lang := range words.Langs() {
		w := browser(t, 390, 844)
		link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, lang)
		n.show(state("connected", "hang-up", "hold", "waiting", "replay", "hand-over"))
		w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#c-end", chromedp.ByQuery), press("F4", "F4", 115, 0))
		see := func(sels ...string) {
			t.Helper()
			for _, s := range sels {
				var bad string
				if w.run(t, chromedp.Evaluate(whole+"('"+s+"')", &bad)); bad != "" {
					t.Errorf("%s: %s", lang, bad)
				}
			}
		}
		w.is(t, `document.querySelector('#mute').getAttribute('aria-pressed') === 'true'`)
		see("#c-end", "#c-hold", "#mute", ".callkey .muted-only", "#stop")
		for _, x := range [][3]string{{"ringing-there", "hang-up", "#c-cancel"}, {"ringing-here", "decline", "#c-decline"}, {"connected", "leave", "#c-leave"}} {
			n.show(state(x[0], x[1]))
			w.is(t, `!!document.querySelector('`+x[2]+`')`)
			see(x[2], "#stop")
		}
		n.show(state("connected", "hang-up", "hold", "waiting", "replay", "hand-over"))
		w.run(t, chromedp.EmulateViewport(1366, 768), chromedp.WaitVisible("#c-end", chromedp.ByQuery))
		see("#c-end", "#c-hold", "#mute", "#p-liveness thead", "#p-liveness tbody tr:first-child", "#p-liveness tbody tr:last-child")
		w.clean(t)
	}
}

// Who is in a call, in which part, stands in view before anybody speaks: on a screen, a telephone, and in the demo's frame, for the
// desk that has the call and for one that may join it. SPEC: PAG-081
func TestPeopleOfACallAreInView(t *testing.T) {
	r := newRig(t)
	for _, lang := range words.Langs() {
		w := browser(t, 1366, 768)
		link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, lang)
		w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery))
		for _, state := range []struct {
			name string
			acts []string
		}{{"has", []string{"hang-up", "hold", "waiting", "hand-over"}}, {"joined", []string{"leave", "hold"}}, {"apart", []string{"join", "hang-up"}}} {
			r.nodes[0].show(func(us, them, lang string) view.Desk {
				d := fixtureCall(us, them, lang)
				d.Call.Acts, d.Call.Talks, d.Call.Elsewhere, d.Call.ID = state.acts, "opus", state.name == "apart", state.name
				speaks, pending := words.T(lang, "in.speaks"), words.T(lang, "in.pending")
				d.Call.People = []view.InCall{{Ours: true, Name: "Lt Amaro", Part: "officer", Word: speaks}, {Ours: true, Name: "Sgt Vela", Part: "linguist", Word: pending, Pending: true}, {Name: "Cpt Bruni", Part: "officer", Word: speaks}, {Name: "Dr Ferri", Part: "linguist", Word: speaks}}
				return d
			})
			w.is(t, `document.querySelector('#p-state > i')?.dataset.callid === '`+state.name+`'`)
			w.is(t, `document.querySelectorAll('.people li').length === 4`)
			for _, size := range [][2]int64{{1366, 768}, {579, 710}, {576, 623}, {390, 844}} {
				for _, scheme := range []string{"dark", "light"} {
					var bad string
					w.run(t, chromedp.EmulateViewport(size[0], size[1]), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
						chromedp.Evaluate(`[...document.querySelectorAll('.people li')].map(`+whole+`).join('')`, &bad))
					if bad != "" {
						t.Errorf("%s, %s, %s, %d×%d: %s", lang, state.name, scheme, size[0], size[1], bad)
					}
					if dir := os.Getenv("PARLEY_STILLS"); dir != "" && lang == "en" {
						photograph(t, w, filepath.Join(dir, fmt.Sprintf("people-%s-%d-%s.webp", state.name, size[0], scheme)))
					}
				}
			}
		}
		w.clean(t)
	}
}

// At the head a name of more than 20 letters stands whole in two lines, at every size; at the foot what a press of Ring was
// answered stands no longer than the call is so. SPEC: PAG-057
func TestLongNamesAtTheHeadAndTheFootOfACall(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	w := browser(t, 1366, 768)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	for i, name := range []string{"CPT BRUNI-WESTERHOLT VAN DAM", "OFFICER OF THE WATCH FERRI"} {
		n.show(func(us, them, lang string) view.Desk {
			d := fixtureIdle(us, them, lang)
			d.Answers[1].Word, d.Call.ID = words.T(lang, "ans.there", name), fmt.Sprint("name-", i)
			return d
		})
		if i == 0 {
			w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#c-ring", chromedp.ByQuery))
		}
		w.is(t, fmt.Sprintf(`document.querySelector('#p-state > i').dataset.callid === 'name-%d'`, i))
		for _, size := range [][2]int64{{1366, 768}, {1366, 650}, {1920, 1080}, {579, 710}, {390, 844}} {
			for _, scheme := range []string{"dark", "light"} {
				var bad string
				w.run(t, chromedp.EmulateViewport(size[0], size[1]), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
					chromedp.Evaluate(`(b => b.scrollWidth > b.clientWidth || b.scrollHeight > b.clientHeight + 2 ? 'it is cut' : b.innerText !== '`+words.T("en", "ans.there", name)+`' ? b.innerText : `+whole+`(b))(document.querySelectorAll('.answer b')[1])`, &bad))
				if bad != "" {
					t.Errorf("%s, %d×%d: %s", name, size[0], size[1], bad)
				}
				if dir := os.Getenv("PARLEY_STILLS"); dir != "" {
					photograph(t, w, filepath.Join(dir, fmt.Sprintf("name-%d-%d-%d-%s.webp", i, size[0], size[1], scheme)))
				}
			}
		}
	}
	w.run(t, chromedp.EmulateViewport(1366, 768), chromedp.Click("#c-ring", chromedp.ByQuery))
	w.is(t, `document.querySelector('#p-said').textContent === 'Done: ring'`)
	n.show(fixtureCall)
	w.is(t, `document.querySelector('#c-end') && document.querySelector('#p-said').textContent === ''`)
	w.clean(t)
}

// A phrase is found by typing, each value is echoed as it was understood, they read it in their language, a draft outlives a
// reload, and Enter sends nothing. SPEC: PAG-010 PAG-050 PAG-051 PAG-052
func TestWritingAsDrawn(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.show(fixtureIdle)
	w := browser(t, 1366, 768)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	n.reply = asking()
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery), chromedp.Click("#b-write", chromedp.ByQuery), chromedp.WaitVisible("#w-text", chromedp.ByQuery))
	w.is(t, `document.querySelector('#w-send').disabled && document.querySelector('#w-preview').textContent.includes('still missing: Text')`)
	w.run(t, chromedp.SendKeys("#w-find", "keep cl", chromedp.ByQuery))
	w.is(t, `[...document.querySelectorAll('#w-phrase option')].filter(o => !o.hidden).map(o => o.value).join() === 'KEEP_CLEAR'`)
	w.run(t, press("Enter", "Enter", 13, 0))
	w.is(t, `document.activeElement.id === 'f-KEEP_CLEAR-place' && document.querySelector('#w-phrase').value === 'KEEP_CLEAR'`)
	w.run(t, chromedp.SendKeys("#f-KEEP_CLEAR-place", "54.20N 018.40E", chromedp.ByQuery), chromedp.SendKeys("#f-KEEP_CLEAR-radius", "5 km", chromedp.ByQuery), chromedp.SendKeys("#f-KEEP_CLEAR-until", "2230", chromedp.ByQuery))
	w.is(t, `document.querySelector('#x-f-KEEP_CLEAR-until .ok bdi')?.textContent === '242230Z NOV 26' && document.querySelector('#x-f-KEEP_CLEAR-until').textContent.includes('in 8 h')`)
	w.is(t, `document.querySelector('#x-f-KEEP_CLEAR-place').textContent.includes('54° 12.0′ N') && !!document.querySelector('#x-f-KEEP_CLEAR-radius .no') && document.querySelector('#w-send').disabled`)
	w.run(t, press("Enter", "Enter", 13, 0), chromedp.Evaluate(`document.querySelector('#f-KEEP_CLEAR-radius').select()`, nil), chromedp.SendKeys("#f-KEEP_CLEAR-radius", "5000 m", chromedp.ByQuery),
		chromedp.Click("[name='read_back[]'][value=place]:enabled", chromedp.ByQuery), chromedp.Click("[name='read_back[]'][value=until]:enabled", chromedp.ByQuery), chromedp.Click("#w-prec .PRIORITY", chromedp.ByQuery))
	w.is(t, `document.querySelector('.prev[lang=it] .said').textContent.startsWith('Restate lontani') && document.querySelector('#w-preview').textContent.includes('nothing missing') && !document.querySelector('#w-send').disabled && document.querySelector('#w-send').textContent === 'Send PRIORITY to BOREALIA'`)
	drawn(t, w, "compose")
	w.run(t, chromedp.Click("#w-more summary", chromedp.ByQuery), chromedp.SetValue("#e-to", "A7-5", chromedp.ByQuery), chromedp.Click("[name='info[]'][value='A7-5']", chromedp.ByQuery), chromedp.SendKeys("#e-not_after", "2300", chromedp.ByQuery))
	w.is(t, `document.querySelector('#x-not_after .ok bdi')?.textContent === '242300Z NOV 26'`)
	w.clean(t) // the browser says of a page that is loaded again that it starts no sound by itself
	w.run(t, press("Enter", "Enter", 13, 0), chromedp.Reload(), chromedp.WaitVisible("#b-write.kept", chromedp.ByQuery), chromedp.Click("#b-write", chromedp.ByQuery), chromedp.WaitVisible("#f-KEEP_CLEAR-until", chromedp.ByQuery))
	w.is(t, `document.querySelector('#f-KEEP_CLEAR-until').value === '2230' && document.querySelector('#w-more').open && document.querySelector('#e-not_after').value === '2300' && document.querySelector('#p-compose [data-kept]').textContent.includes('draft kept') && !document.querySelector('#w-send').disabled`)
	if n.done("send") != 0 {
		t.Error("Enter sent a message")
	}
	w.run(t, chromedp.Click("#w-send", chromedp.ByQuery))
	wait(t, "the phrase", func() bool { return n.done("send") == 1 })
	n.mu.Lock()
	for _, a := range n.acts {
		if s, ok := a.(act.Send); ok && (s.Phrase != "KEEP_CLEAR" || s.Fields["until"] != "2230" || len(s.Fields) != 3 || s.Precedence != "PRIORITY" || fmt.Sprint(s.ReadBack) != "[place until]" || s.To != "A7-5" || fmt.Sprint(s.Info) != "[A7-5]" || s.NotAfter.Format("1504") != "2300" || s.Text != "" || s.Respond) {
			t.Errorf("the form became %+v", s)
		}
	}
	n.mu.Unlock()
	w.is(t, `!document.querySelector('#b-write.kept') && document.activeElement.id === 'b-write'`)
	// Whoever signs off leaves nothing written behind, and is told so before: the first press loses nothing.
	w.run(t, chromedp.Click("#b-write", chromedp.ByQuery), chromedp.WaitVisible("#w-text", chromedp.ByQuery), chromedp.SendKeys("#w-text", "for my relief", chromedp.ByQuery), chromedp.Click("#off", chromedp.ByQuery))
	w.is(t, `document.querySelector('#p-said.bad')?.textContent.startsWith('Drafts that wait here: 1.') && Object.keys(localStorage).some(k => k.startsWith('draft '))`)
	if n.done("sign-off") != 0 {
		t.Error("the first press signed off and a draft was left")
	}
	w.run(t, chromedp.Click("#off", chromedp.ByQuery))
	w.is(t, `document.body.innerText.includes('parley open') && !Object.keys(localStorage).some(k => k.startsWith('draft '))`)
	if n.done("sign-off") != 1 {
		t.Error("the second press did not sign off")
	}
}

// While values are read back only these are hidden; the key opens when each is understood and a way of reading is chosen, and
// then comes the response, of which nothing is chosen. SPEC: PAG-011 PAG-050
func TestReadingBackAsDrawn(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.show(fixture)
	w := browser(t, 1366, 768)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("[id^=now-]", chromedp.ByQuery), chromedp.Click("[id^=now-]", chromedp.ByQuery), chromedp.WaitVisible("#rb-place", chromedp.ByQuery))
	w.is(t, `!document.body.innerHTML.includes('54.20N') && document.activeElement.id === 'rb-place' && document.querySelector('.slab .said').textContent.includes('Is this yours?')`)
	w.is(t, `document.querySelector('#p-fmsg [type=submit]').disabled && !document.querySelector('#p-fmsg :checked') && !!document.querySelector('#p-fmsg fieldset:disabled [name=how]')`)
	w.run(t, chromedp.SendKeys("#rb-place", "54.26N", chromedp.ByQuery))
	w.is(t, `!!document.querySelector('#x-rb-place .no')`)
	w.run(t, chromedp.SendKeys("#rb-place", " 018.52E", chromedp.ByQuery))
	w.is(t, `document.querySelector('#x-rb-place .ok')?.textContent.includes('54° 15.6′ N, 18° 31.2′ E')`)
	w.run(t, press("Enter", "Enter", 13, 0), chromedp.Click("#p-fmsg [value=original]", chromedp.ByQuery))
	w.is(t, `!document.querySelector('#p-fmsg [type=submit]').disabled`)
	drawn(t, w, "acknowledge")
	n.mu.Lock()
	n.fail = hint.New("read the message again and type it as it stands there; if it still differs, ring and ask", "not acknowledged: the read-back differs in %s", "place")
	n.mu.Unlock()
	w.run(t, chromedp.Click("#p-fmsg [type=submit]", chromedp.ByQuery))
	w.is(t, `document.querySelector('#p-fmsg .why').firstChild?.textContent.endsWith('place') && !!document.querySelector('#p-fmsg .why small') && document.querySelector('#rb-place').value === '54.26N 018.52E' && !document.body.innerHTML.includes('54.20N')`)
	n.mu.Lock()
	n.fail = nil
	n.mu.Unlock()
	w.run(t, chromedp.Click("#p-fmsg [type=submit]", chromedp.ByQuery), chromedp.WaitVisible("#re-text", chromedp.ByQuery))
	w.is(t, `document.querySelector('#p-fmsg [type=submit]').disabled && !document.querySelector('#p-fmsg :checked') && document.querySelector('#re-until').disabled`)
	w.run(t, chromedp.Click("#p-fmsg [value=standby]", chromedp.ByQuery))
	w.is(t, `document.querySelector('#p-fmsg [type=submit]').disabled && !document.querySelector('#re-until').disabled`)
	w.run(t, chromedp.SendKeys("#re-until", "1425", chromedp.ByQuery))
	w.is(t, `document.querySelector('#x-until .ok')?.textContent.includes('241425Z NOV 26')`)
	drawn(t, w, "respond")
	w.run(t, press("Enter", "Enter", 13, 0), chromedp.Click("#p-fmsg [type=submit]", chromedp.ByQuery))
	wait(t, "the response", func() bool { return n.done("respond") == 1 })
	n.mu.Lock()
	for _, a := range n.acts {
		if s, ok := a.(act.Respond); ok && (s.How != "standby" || s.Until.Format("1504") != "1425") {
			t.Errorf("the form became %+v", s)
		}
	}
	n.mu.Unlock()
	w.run(t, chromedp.Click("[id^=now-]", chromedp.ByQuery), chromedp.WaitVisible("#rb-place", chromedp.ByQuery), chromedp.SendKeys("#rb-place", "5", chromedp.ByQuery), chromedp.Click("#p-fmsg .row [data-close]", chromedp.ByQuery))
	w.is(t, `document.body.innerHTML.includes('54.20N') && !document.querySelector('#rb-place')`)
	w.clean(t)
}

// drawn keeps the pictures of a state for doc/desk, where PARLEY_STILLS names a place for them.
func drawn(t *testing.T, w *watched, name string) {
	t.Helper()
	dir := os.Getenv("PARLEY_STILLS")
	if dir == "" {
		return
	}
	for _, size := range [][2]int64{{1366, 768}, {1920, 1080}, {390, 844}} {
		for _, scheme := range []string{"dark", "light"} {
			w.run(t, chromedp.EmulateViewport(size[0], size[1]), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}), chromedp.Sleep(200*time.Millisecond))
			photograph(t, w, filepath.Join(dir, fmt.Sprintf("%s-%d-%s.webp", name, size[0], scheme)))
		}
	}
	w.run(t, chromedp.EmulateViewport(1366, 768))
}

func photograph(t *testing.T, w *watched, file string) {
	t.Helper()
	w.run(t, chromedp.ActionFunc(func(ctx context.Context) error {
		b, err := page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatWebp).WithQuality(35).Do(ctx)
		if err != nil {
			return err
		}
		return os.WriteFile(file, b, 0o644)
	}))
}

// What is not on a visible page was not shown; what is urgent stands above. SPEC: PAG-029 PAG-032
func TestShown(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.show(fixtureIdle)
	w := browser(t, 390, 844)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery))
	n.show(func(us, them, lang string) view.Desk {
		d := fixture(us, them, lang)
		late := d.Messages[0]
		late.Urgent = false
		d.Messages = append(d.Messages[1:2:2], d.Messages[1], d.Messages[1], late)
		return d
	})
	w.is(t, `document.querySelector('[data-shown]') !== null`)
	time.Sleep(300 * time.Millisecond)
	if n.done("shown") != 0 {
		t.Error("a message below the edge of the page was stated as shown")
	}
	w.run(t, chromedp.ScrollIntoView("[data-shown]", chromedp.ByQuery))
	wait(t, "the message to be shown", func() bool { return n.done("shown") == 1 })
	// A text taller than two screens fills the view: nobody sees half of it at once.
	n.show(func(us, them, lang string) view.Desk {
		d := fixture(us, them, lang)
		tall := d.Messages[0]
		tall.ID, tall.Urgent, tall.Spans = "B7-99", false, []phrase.Span{{Text: strings.Repeat("unbelievably ", 1500)}}
		d.Messages = []view.Message{tall}
		return d
	})
	w.is(t, `document.querySelector('[data-shown=B7-99]')?.getBoundingClientRect().height > 2 * innerHeight`)
	w.run(t, chromedp.ScrollIntoView("[data-shown=B7-99]", chromedp.ByQuery))
	w.run(t, chromedp.Evaluate(`document.querySelector('[data-shown=B7-99]').scrollIntoView({block: 'start'}); 0`, nil))
	wait(t, "the tall message to be shown", func() bool { return n.done("shown") == 2 })
	n.show(fixture)
	w.is(t, `document.querySelector('.flash .said bdi') && document.querySelector('.flash').getBoundingClientRect().top < document.querySelector('#p-call').getBoundingClientRect().top`)
	time.Sleep(time.Second) // a key that has just shifted takes no press for half a second
	w.run(t, chromedp.Click("[id^=now-]", chromedp.ByQuery), chromedp.WaitVisible("#rb-place", chromedp.ByQuery))
	w.is(t, `!document.querySelector('.flash') && !document.body.innerHTML.includes('54.20N')`)
	w.clean(t)
}

// A text of which the last lines were seen counts as shown, however little of it stands on the page then; of one whose
// first lines alone were seen nothing is stated. SPEC: PAG-029
func TestTallTextIsShownWhenItsEndWasSeen(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.show(func(us, them, lang string) view.Desk {
		d := fixtureIdle(us, them, lang)
		tall := fixture(us, them, lang).Messages[0]
		tall.Urgent, tall.Spans = false, []phrase.Span{{Text: strings.Repeat("unbelievably ", 1500)}}
		d.Messages = []view.Message{tall}
		return d
	})
	w := browser(t, 390, 844)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("[data-shown]", chromedp.ByQuery), chromedp.Evaluate(`document.body.style.padding = '500px 0 3000px'; 0`, nil))
	scroll := func(edge string, at int) { // so that the text's upper or lower edge stands at so many pixels; what is above may still settle
		w.is(t, fmt.Sprintf(`(at => { scrollTo(0, scrollY + at() - %d); return Math.abs(at() - %[1]d) < 2; })(() => document.querySelector('[data-shown]').getBoundingClientRect().%s)`, at, edge))
	}
	scroll("top", 844-100)
	time.Sleep(time.Second)
	if n.done("shown") != 0 {
		t.Error("a text was stated as shown of which the first lines alone were seen")
	}
	scroll("bottom", 100)
	wait(t, "the text whose end was seen to be shown", func() bool { return n.done("shown") == 1 })
	w.clean(t)
}

// Whoever reloads the page of an armed desk finds it armed where the browser gives sound without a press; elsewhere the
// page says that a press arms it, and meanwhile the desk is not armed. SPEC: PAG-015 PAG-038
func TestReloadArmsAgainOrSaysPressToArm(t *testing.T) {
	// A browser may give a page sound without a press, by its policy; strict is as one does that never gives any before.
	const strict = `const Real = AudioContext, pressed = () => navigator.userActivation.hasBeenActive;
		window.AudioContext = class extends Real {
			constructor(o) { super(o); if (!pressed()) this.suspend(); }
			resume() { return pressed() ? super.resume() : new Promise(() => {}); }
		}`
	for name, script := range map[string]string{"by itself": "0", "at a press": strict} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			n := r.nodes[0]
			w := browser(t, 1366, 768, chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
			w.begin(t, script)
			link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
			w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery))
			w.is(t, `document.body.innerText.includes('Press any key')`)
			w.run(t, chromedp.Click("#sound-on", chromedp.ByQuery))
			wait(t, "the desk to be armed", func() bool { return armedIs(n, true) })
			w.is(t, `!document.body.innerText.includes('Press any key')`)
			gone := time.Now()
			w.run(t, chromedp.Reload(), chromedp.WaitVisible("#b-write", chromedp.ByQuery))
			if name == "by itself" {
				w.is(t, `Sound.state().audio`)
				wait(t, "the desk to be armed again", func() bool { return n.done("desk") >= 3 && armedIs(n, true) })
				return
			}
			wait(t, "the desk to be known as not armed", func() bool { return armedIs(n, false) })
			t.Logf("figure: not armed %.1f s after the reload, at most 3 on a quiet machine", time.Since(gone).Seconds())
			w.is(t, `document.body.innerText.includes('Press any key') && !Sound.state().audio`)
		})
	}
}

// A browser that starts its sound slowly leaves no desk silent without a word: it says so, is not armed, and is once the
// sound has started after all. SPEC: PAG-039
func TestSoundThatStartsSlowlyIsSaidAndArmsLate(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	w := browser(t, 1366, 768)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	w.begin(t, `const Real = AudioContext, started = new Promise(ok => { window.startSound = ok; });
		window.AudioContext = class extends Real {
			constructor(o) { super(o); this.suspend(); }
			resume() { return started.then(() => super.resume()); }
		}`)
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery), chromedp.Click("#sound-on", chromedp.ByQuery))
	w.is(t, `Sound.state().why === 'no sound: the browser starts none'`)
	if armedIs(n, true) {
		t.Error("armed without sound")
	}
	w.is(t, `document.querySelector('#sound-why').textContent.startsWith('The browser starts no sound')`)
	w.run(t, chromedp.Evaluate(`startSound(); 0`, nil))
	wait(t, "the desk to be armed", func() bool { return armedIs(n, true) })
	w.is(t, `Sound.state().ok`)
}

// A microphone that was lost in use is said, and the next press tries it again. SPEC: PAG-039
func TestLostMicrophoneIsTriedAgainAtTheNextPress(t *testing.T) {
	r := newRig(t)
	w := browser(t, 1366, 768)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	w.begin(t, `window.tracks = []; const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
		navigator.mediaDevices.getUserMedia = async c => { const s = await ask(c); tracks.push(...s.getTracks()); return s; }`)
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery), chromedp.Click("#sound-on", chromedp.ByQuery))
	w.is(t, `Sound.state().mic && tracks.length === 1`)
	w.run(t, chromedp.Evaluate(`tracks[0].stop(); tracks[0].dispatchEvent(new Event('ended')); 0`, nil)) // as when a headset is pulled out
	w.is(t, `!Sound.state().mic && document.querySelector('#p-sound [data-code="microphone lost"]').textContent.startsWith('The microphone is lost')`)
	w.run(t, press("a", "KeyA", 65, 0))
	w.is(t, `Sound.state().mic && tracks.length === 2`)
}

// Without a heartbeat nothing looks alive, and a server that comes back is taken up by itself. SPEC: PAG-013
func TestStale(t *testing.T) {
	r := newRig(t)
	w := browser(t, 683, 768)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery))
	w.is(t, `document.querySelector('#stale').hidden`)
	r.pause[0].Store(true)
	w.is(t, `document.body.classList.contains('stale') && document.querySelector('#stale').textContent.startsWith('STALE since ')`)
	r.pause[0].Store(false)
	r.nodes[0].show(fixtureCall)
	w.is(t, `!document.body.classList.contains('stale') && document.querySelector('#stale').hidden && document.querySelector('#c-end') !== null`)
}

// In the demo's frame at 1366×768 every key of the call of a quiet desk is whole, in every language. SPEC: PAG-057
func TestKeysAreWholeInTheDemosFrame(t *testing.T) {
	r := newRig(t)
	for _, lang := range words.Langs() {
		w := browser(t, 579, 710)
		link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, lang)
		w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#c-priority", chromedp.ByQuery))
		w.is(t, `[...document.querySelectorAll('.key button')].every(b => { const r = b.getBoundingClientRect(); return r.bottom <= document.querySelector('.voice').getBoundingClientRect().bottom && b.scrollWidth <= b.clientWidth; })`)
		w.run(t, chromedp.EmulateViewport(576, 623)) // of a window of 1366×681
		w.is(t, `(k => k.scrollHeight <= k.clientHeight + 1 && [...k.children].every(c => c.getBoundingClientRect().top >= k.getBoundingClientRect().top && c.getBoundingClientRect().bottom <= k.getBoundingClientRect().bottom))(document.querySelector('.callkey'))`)
	}
}

// A step without a column of its own is never broken inside a word, a text without blanks stays in what they will read, and
// the link to the call changes with the language. SPEC: PAG-057
func TestNothingRunsOut(t *testing.T) {
	r := newRig(t)
	r.nodes[0].show(func(us, them, lang string) view.Desk {
		d := fixtureIdle(us, them, lang)
		d.Messages[0].Steps = append(d.Messages[0].Steps, view.Progress{Step: "complied", Word: words.T(lang, "rung.complied"), State: "open"})
		return d
	})
	w := browser(t, 1366, 768)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery))
	w.is(t, `document.querySelector('.msg .named') && document.querySelector('.msg .named').getClientRects()[0].height < 30`)
	w.run(t, chromedp.Click("#b-write", chromedp.ByQuery), chromedp.WaitVisible("#w-text", chromedp.ByQuery),
		chromedp.Evaluate(`(e => { e.value = 'w'.repeat(2000); e.dispatchEvent(new Event('input', { bubbles: true })); })(document.querySelector('#w-text'))`, nil))
	w.is(t, `document.querySelector('.prev .said').textContent.length > 1500`)
	w.is(t, `(e => e.scrollWidth <= e.clientWidth + 1 && e.getBoundingClientRect().right <= innerWidth)(document.querySelector('.prev .said'))`)
	w.run(t, chromedp.Click("#p-compose [data-discard]", chromedp.ByQuery), chromedp.Click("#lang-it", chromedp.ByQuery))
	w.is(t, `document.querySelector('.skip').textContent === '`+words.T("it", "skip")+`'`)
	w.clean(t)
}

// The demo's page: two desks, a cable that is pulled and plugged in by the same key. SPEC: PAG-016
func TestDemoInABrowser(t *testing.T) {
	r := newRig(t)
	w := browser(t, 1366, 768)
	w.run(t, chromedp.Navigate(r.url), chromedp.WaitVisible("#pull-1", chromedp.ByQuery))
	w.is(t, `document.querySelectorAll('iframe').length === 2`)
	// One press arms both desks.
	w.run(t, chromedp.Click("#sound-on", chromedp.ByQuery))
	wait(t, "both desks to be armed", func() bool { return armedIs(r.nodes[0], true) && armedIs(r.nodes[1], true) })
	w.is(t, `document.querySelector('#sound-on').hidden`)
	w.run(t, chromedp.Click("#pull-1", chromedp.ByQuery))
	w.is(t, `document.querySelector('.cable.cut .state')?.textContent === 'PULLED' && document.activeElement.id === 'pull-1' && document.querySelector('.tries .done') !== null`)
	w.run(t, chromedp.Click("#pull-1", chromedp.ByQuery))
	w.is(t, `document.querySelector('.cable.cut') === null`)
	// A linguist's desk of the first party, with a session of its own, in the officer's place where there is no room for three.
	w.run(t, chromedp.Click("#third", chromedp.ByQuery))
	const seen = `[0, 1, 2].map(n => document.querySelector('#p-frame' + n + ' iframe')?.checkVisibility({ visibilityProperty: true })).join()`
	w.is(t, seen+` === 'false,true,true' && new URL(document.querySelector('#p-frame2 iframe').src).hostname === 'linguist.aurelia.demo.localhost'`)
	wait(t, "the linguist's desk", func() bool {
		r.nodes[0].mu.Lock()
		defer r.nodes[0].mu.Unlock()
		return len(r.nodes[0].subs) > 1
	})
	w.run(t, chromedp.EmulateViewport(1920, 1080))
	w.is(t, seen+` === 'true,true,true'`)
	w.run(t, chromedp.EmulateViewport(1366, 768), chromedp.Click("#third", chromedp.ByQuery))
	w.is(t, seen+` === 'true,true,false'`)
	w.clean(t)
}

// TestStills draws the pictures of the documentation: PARLEY_STILLS=DIR.
func TestStills(t *testing.T) {
	dir := os.Getenv("PARLEY_STILLS")
	if dir == "" {
		t.Skip("set PARLEY_STILLS to a directory")
	}
	r := newRig(t)
	for _, scheme := range []string{"dark", "light"} {
		for _, size := range [][2]int64{{1366, 768}, {390, 844}} {
			w := browser(t, size[0], size[1])
			media := emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}})
			for name, draw := range map[string]func(us, them, lang string) view.Desk{"ring": fixture, "idle": fixtureIdle, "call": fixtureCall, "stop": fixtureStop} {
				r.nodes[0].show(draw)
				link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
				shoot(t, w, filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", name, scheme, size[0])), media, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery))
			}
			r.nodes[0].show(fixture)
			shoot(t, w, filepath.Join(dir, fmt.Sprintf("ack-%s-%d.png", scheme, size[0])), chromedp.Click("#ack-b742", chromedp.ByQuery), chromedp.WaitVisible("#rb-place", chromedp.ByQuery), chromedp.ScrollIntoView("#rb-place", chromedp.ByQuery))
			shoot(t, w, filepath.Join(dir, fmt.Sprintf("write-%s-%d.png", scheme, size[0])), chromedp.Click("#p-fmsg [data-close]", chromedp.ByQuery), chromedp.Click("#b-write", chromedp.ByQuery), chromedp.WaitVisible("#w-text", chromedp.ByQuery), chromedp.ScrollIntoView("#w-class", chromedp.ByQuery))
			r.nodes[0].show(fixtureIdle)
			r.nodes[1].show(fixture)
			shoot(t, w, filepath.Join(dir, fmt.Sprintf("demo-%s-%d.png", scheme, size[0])), chromedp.Navigate(r.url), chromedp.WaitVisible("#pull-1", chromedp.ByQuery), chromedp.Sleep(time.Second))
		}
	}
}

func shoot(t *testing.T, w *watched, file string, before ...chromedp.Action) {
	t.Helper()
	var png []byte
	before = append(before, chromedp.Sleep(200*time.Millisecond), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		png, err = page.CaptureScreenshot().Do(ctx)
		return err
	}))
	w.run(t, before...)
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}
