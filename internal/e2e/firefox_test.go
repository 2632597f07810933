// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/coder/websocket"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/view"
)

// firefox is a running Firefox, spoken to by WebDriver BiDi.
type firefox struct {
	ws      *websocket.Conn
	profile string
	n       int
}

// foxTab is one tab of it.
type foxTab struct {
	*firefox
	id string
}

// prefs: a microphone that sounds a tone of 440 Hz, given without a question. All else is as Debian has it.
const prefs = `user_pref("media.navigator.streams.fake", true);
user_pref("media.navigator.audio.fake_frequency", %d);
user_pref("permissions.default.microphone", 1);
user_pref("remote.prefs.recommended", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.normandy.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
`

// startFirefox starts one on a sound device of its own. It ends with the test.
func startFirefox(t *testing.T, hz int) *firefox {
	t.Helper()
	return firefoxAt(t, "firefox-esr", fmt.Sprintf(prefs, hz), "0")
}

// firefoxAt starts a program that is Firefox, with these preferences; it is spoken to at that port.
func firefoxAt(t *testing.T, program, prefs, port string) *firefox {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-firefox-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(dir) })
	// Without a sound device Firefox starts no audio at all.
	sound := filepath.Join(dir, "sound.socket")
	child(t, "pulseaudio", dir, nil, "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-L", "module-null-sink",
		"-L", "module-native-protocol-unix auth-anonymous=1 socket="+sound)
	for _, err = os.Stat(sound); err != nil && t.Context().Err() == nil; _, err = os.Stat(sound) {
		time.Sleep(50 * time.Millisecond)
	}
	if err := os.WriteFile(filepath.Join(dir, "user.js"), []byte(prefs), 0o600); err != nil {
		t.Fatal(err)
	}
	said := child(t, program, dir, []string{"PULSE_SERVER=unix:" + sound}, "--headless", "--no-remote", "--profile", dir, "--remote-debugging-port", port, "--marionette")
	f := &firefox{profile: dir}
	for line := range said {
		if _, at, ok := strings.Cut(line, "WebDriver BiDi listening on "); ok {
			if at += "/session"; strings.Contains(prefs, "softtoken") {
				at = f.authenticator(t)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if f.ws, _, err = websocket.Dial(ctx, at, nil); err != nil {
				t.Fatal(at, err)
			}
			break
		}
	}
	if f.ws == nil {
		t.Fatal("Firefox ended")
	}
	f.ws.SetReadLimit(16 << 20)
	go func() { // it says more; a full pipe would stop it
		for range said {
		}
	}()
	if strings.Contains(prefs, "softtoken") { // its session was begun for the authenticator
		return f
	}
	if err := f.do("session.new", has{"capabilities": has{}}, nil); err != nil {
		t.Fatal(err)
	}
	return f
}

// authenticator begins a session by Firefox's other protocol, which alone can give it a virtual authenticator: lengths and
// JSON over TCP. It gives the session's address.
func (f *firefox) authenticator(t *testing.T) string {
	t.Helper()
	var port []byte
	for port == nil && t.Context().Err() == nil {
		port, _ = os.ReadFile(filepath.Join(f.profile, "MarionetteActivePort"))
		time.Sleep(50 * time.Millisecond)
	}
	c, err := net.Dial("tcp", "127.0.0.1:"+strings.TrimSpace(string(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	in := bufio.NewReader(c)
	read := func() []byte {
		n, err := in.ReadString(':')
		size, err2 := strconv.Atoi(strings.TrimSuffix(n, ":"))
		if err = errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(in, b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	read() // its greeting
	ask := func(n int, command string, params any) (result struct {
		Capabilities struct{ WebSocketURL string }
	}) {
		b, _ := json.Marshal([]any{0, n, command, params})
		fmt.Fprintf(c, "%d:%s", len(b), b)
		answer := read()
		var parts []json.RawMessage
		if err := json.Unmarshal(answer, &parts); err != nil || len(parts) != 4 || string(parts[2]) != "null" {
			t.Fatalf("%s: %s", command, answer)
		}
		_ = json.Unmarshal(parts[3], &result)
		return result
	}
	at := ask(1, "WebDriver:NewSession", has{"webSocketUrl": true}).Capabilities.WebSocketURL
	ask(2, "WebAuthn:AddVirtualAuthenticator", has{"protocol": "ctap2_1", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true, "isUserConsenting": true, "isUserVerified": true})
	return at
}

// open opens a tab.
func (f *firefox) open(t *testing.T, url string) *screen {
	t.Helper()
	var made struct{ Context string }
	err := f.do("browsingContext.create", has{"type": "tab"}, &made)
	if err == nil {
		err = f.do("browsingContext.navigate", has{"context": made.Context, "url": url, "wait": "complete"}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &screen{fox: &foxTab{f, made.Context}}
}

// close closes the tab, as a person does.
func (f *foxTab) close(t *testing.T) {
	t.Helper()
	if err := f.do("browsingContext.close", has{"context": f.id}, nil); err != nil {
		t.Fatal(err)
	}
}

type has map[string]any

// child starts a program that ends with the test, and gives the lines that it says.
func child(t *testing.T, name, home string, env []string, args ...string) <-chan string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		need(t, name, "no "+name+" here: apt install "+name)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(append(os.Environ(), "HOME="+home, "XDG_RUNTIME_DIR="+home), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		out.Close()
	})
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			lines <- in.Text()
		}
	}()
	return lines
}

// do sends one command and waits for its answer; events are passed over.
func (f *firefox) do(method string, params, out any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	f.n++
	b, err := json.Marshal(has{"id": f.n, "method": method, "params": params})
	if err != nil {
		return err
	}
	if err := f.ws.Write(ctx, websocket.MessageText, b); err != nil {
		return err
	}
	for {
		_, b, err := f.ws.Read(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		var r struct {
			ID             int
			Error, Message string
			Result         json.RawMessage
		}
		if err := json.Unmarshal(b, &r); err != nil || r.ID != f.n {
			continue
		}
		if r.Error != "" {
			return fmt.Errorf("%s: %s: %s", method, r.Error, r.Message)
		}
		if out == nil {
			return nil
		}
		return json.Unmarshal(r.Result, out)
	}
}

// in evaluates in the page.
func (f *foxTab) in(js string, out any) error {
	quoted, err := json.Marshal(js)
	if err != nil {
		return err
	}
	var r struct {
		Type             string
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	js = "(async () => JSON.stringify(await eval(" + string(quoted) + ")) ?? 'null')()"
	if err := f.do("script.evaluate", has{"expression": js, "awaitPromise": true, "target": has{"context": f.id}}, &r); err != nil {
		return err
	}
	if r.Type != "success" {
		return errors.New(r.ExceptionDetails.Text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal([]byte(r.Result.Value), out)
}

// press presses and lets go the mouse at a place in the page.
func (f *foxTab) press(x, y float64) error {
	if err := f.do("browsingContext.activate", has{"context": f.id}, nil); err != nil {
		return err
	}
	return f.do("input.performActions", has{"context": f.id, "actions": []has{{"type": "pointer", "id": "mouse", "actions": []has{
		{"type": "pointerMove", "x": int(x), "y": int(y)}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}}}}}, nil)
}

// TestBrowsers rings, answers and hears the tone both ways: Firefox with Firefox, then Firefox with Chromium. It ends
// desks as people do: a second tab that took the sound is closed, and a tab is closed in a call.
//
// SPEC: VOX-020 VOX-030 VOX-035 PAG-015 PAG-035 CAL-020 CAL-021
func TestBrowsers(t *testing.T) {
	w, f := demo(t), startFirefox(t, hz)
	fa, fb := f.open(t, w.link(t, a)), f.open(t, w.link(t, b))
	for _, s := range []*screen{fa, fb} {
		soundOn(t, s)
	}
	tones(t, fa, fb)

	// A call with what speaks G.711 alone: the desk changes its codec, and back for the next call.
	if _, err := control.To(home.Home{Dir: filepath.Join(w.dir, a)}).Do(t.Context(), "north", "en", act.Ring{Class: "test", Sound: "tone 700"}); err != nil {
		t.Fatal(err)
	}
	fb.is(t, "", call("ringing-here"))
	fb.pick(t, "", "#c-answer", call("connected"))
	fb.is(t, "", "ear.pure(700) >= 0.5")
	heard := &view.Meter{}
	for end := time.Now().Add(30 * time.Second); math.Abs(heard.Hz-hz) > 2 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if in := status(t, w, a).Call.In; in != nil {
			heard = in
		}
	}
	if math.Abs(heard.Hz-hz) > 2 || heard.Codec != "pcmu" {
		t.Errorf("the node hears %+v", heard)
	}
	fb.pick(t, "", "#c-end", call("ended"))
	tones(t, fb, fa)

	// A second tab of a desk takes the sound; when it is closed the first has it again, and the desk stays armed.
	second := f.open(t, w.page(t, fa))
	soundOn(t, second)
	fa.is(t, "", `!Sound.state().connected`)
	second.fox.close(t)
	fa.is(t, "", `Sound.state().connected`)
	fb.is(t, "", `[...document.querySelectorAll('#p-liveness .layer.armed')].length === 2`)

	fb.fox.close(t)
	c := tab(t, browser(t, hz, db), 683, 768, "dark")
	c.run(t, chromedp.Navigate(w.link(t, b)))
	soundOn(t, c)
	tones(t, c, fa)
	ring(t, fa, c)
	c.run(t, chromedp.Navigate("about:blank"))
	fa.is(t, "", call("ended")+` && document.querySelector('#p-call .outcome.failed') !== null`)
	if o := status(t, w, b).Call.Outcome; o != "failed" {
		t.Errorf("there the call ended %q", o)
	}
}

// soundOn turns a desk's sound on, waits until it can ring, and listens to what it hears.
func soundOn(t *testing.T, s *screen) {
	t.Helper()
	arm(t, s)
	s.eval(t, "", ear, nil)
}

func arm(t *testing.T, s *screen) {
	t.Helper()
	s.is(t, "", `document.querySelector('#c-ring')`)
	s.eval(t, "", `localStorage.setItem('source', 'headset'); 0`, nil)
	s.click(t, "", "#sound-on")
	s.is(t, "", `Sound.state().connected && Sound.state().mic && document.querySelector('.sound .off-only')?.checkVisibility() === false`)
}

// ring rings at one desk and answers at the other.
func ring(t *testing.T, from, to *screen) {
	t.Helper()
	from.is(t, "", `[...document.querySelectorAll('#p-liveness .layer.armed')].length === 2`)
	from.pick(t, "", "#c-ring", call("calling")+"||"+call("ringing-there"))
	to.is(t, "", call("ringing-here"))
	to.pick(t, "", "#c-answer", call("connected"))
	from.is(t, "", call("connected"))
}

// tones rings and hears the tone of each desk at the other.
func tones(t *testing.T, from, to *screen) {
	t.Helper()
	ring(t, from, to)
	for _, s := range []*screen{from, to} {
		s.is(t, "", fmt.Sprintf("ear.pure(%v) >= 0.5", hz))
		s.is(t, "", `document.querySelector('#p-call .key.connected')`)
	}
	from.pick(t, "", "#c-end", call("ended"))
	to.is(t, "", call("ended"))
}

// page is the address of a desk that is open in a tab.
func (w *world) page(t *testing.T, s *screen) (url string) {
	t.Helper()
	s.eval(t, "", "location.origin + '/'", &url)
	return url
}
