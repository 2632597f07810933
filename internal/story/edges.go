// SPDX-License-Identifier: Apache-2.0

package story

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/internal/voice"
)

// Heard is what one edge heard of another through both nodes, as --json prints it: one of each way of a pair.
type Heard struct {
	Pair         string   `json:"pair"` // who rings → who answers
	From         string   `json:"from,omitempty"`
	To           string   `json:"to,omitempty"`
	SentHz       float64  `json:"sent_hz"`
	HeardHz      float64  `json:"heard_hz"`
	LevelDB      float64  `json:"level_db"`              // what was sent has SpokenDB
	Unbroken     int      `json:"frames_unbroken"`       // of 200, the most that were heard running, none of them silent
	Measured     int      `json:"measured"`              // how often: again where it was not whole
	CutByLoad    bool     `json:"cut_by_load,omitempty"` // the machine did each time: fewer than 200 say nothing of the line
	FramesLost   *uint64  `json:"frames_lost,omitempty"` // between the nodes; none where both are of one house, whose sound does not go there
	LongestGapMS *float64 `json:"longest_gap_ms,omitempty"`
	OK           bool     `json:"ok"`
	LeftOut      string   `json:"left_out,omitempty"` // why it was not measured
}

// edge is where somebody speaks and hears: a telephone, or a desk's page in a browser.
type edge struct {
	side int
	what string
	hz   float64 // that it speaks
	ring func() error
	lift func() error
	down func() error // hangs up
	ear  func(hz float64) (heard, db float64, unbroken int, err error)
}

// Edges has telephones and browsers call each other in every pair, pulls one of the two cables in each call and tells what each
// heard. Phones must be there; where no browser is, the tone that a node makes stands in for it, by that name.
func (w *World) Edges(ctx context.Context, tell func(Heard)) error {
	var phones, pages [2]*edge
	var tabs [2]*tab
	for i, p := range w.Phones {
		w.Disarm(i) // telephones, and browsers, are the only desks
		phones[i] = &edge{i, "phone", p.Hz, p.Dial, p.Lift, p.Down,
			func(hz float64) (float64, float64, int, error) {
				if _, _, _, err := p.Hears(hz, heardFrames/8, true); err != nil { // it has begun
					return 0, 0, 0, err
				}
				return p.Hears(hz, heardFrames, false)
			}}
	}
	if err := w.both(ctx, "armed (1)  armed (1)"); err != nil { // each knows it of the other too
		return err
	}
	if err := w.call(ctx, phones[0], phones[1], tell); err != nil {
		return err
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		return w.withoutBrowser(ctx, phones[1], tell)
	}
	for i, hz := range []float64{600, 1500} {
		t, err := w.openTab(ctx, i, hz)
		if err != nil {
			return err
		}
		defer t.close()
		click := func(on string) func() error {
			return func() error { return t.eval("document.querySelector('"+on+"')?.click(), true", new(bool)) }
		}
		rings := func() error { // a press in the moment in which the page is drawn anew is lost
			return t.is(ctx, "(s => { if (s === 'ringing-there' || s === 'calling') return true; if (!(performance.now() - window.pressed < 2000)) { window.pressed = performance.now(); document.querySelector('#c-ring')?.click(); } })(document.querySelector('#p-state > i')?.dataset.call)")
		}
		pages[i] = &edge{i, "browser", hz, rings, click("#c-answer"), click("#c-end"), func(hz float64) (float64, float64, int, error) { return t.hears(ctx, hz) }}
		tabs[i] = t
		if err := w.both(ctx, "armed (2)"); err != nil {
			return err
		}
	}
	for _, p := range [][2]*edge{{pages[0], phones[1]}, {phones[1], pages[0]}, {pages[0], pages[1]}} {
		if err := w.call(ctx, p[0], p[1], tell); err != nil {
			return err
		}
	}
	return w.people(ctx, phones, pages, tabs[0], tell)
}

// people has two telephones speak, a linguist join them at a browser, the call handed over to him and back to the telephone,
// and the telephone hold it; and a call of two browsers, in Opus, handed over to the telephone.
func (w *World) people(ctx context.Context, phones, pages [2]*edge, t *tab, tell func(Heard)) error {
	page := pages[0]
	press := func(verb string, args map[string]any) error {
		b, _ := json.Marshal(args)
		return t.eval(fmt.Sprintf("(b => { b.dataset.verb = %q; b.dataset.args = %q; document.body.append(b); b.click(); b.remove(); return true; })(document.createElement('button'))", verb, b), new(bool))
	}
	extension := fmt.Sprintf("extension %s, Duty officer", w.Phones[0].Number)
	to := func(mine bool) func() error { // hands the call over to the page, or to the telephone
		return func() error {
			v, err := data[view.Desk](w.Act(w.Sites[0], act.Status))
			for _, desk := range v.Call.Others {
				if (desk != extension) == mine {
					return press("hand-over", map[string]any{"desk": desk})
				}
			}
			return errors.Join(errors.New("no desk to hand over to"), err)
		}
	}
	toPhone := func() error {
		err := to(false)()
		for end := time.Now().Add(patience); err == nil; time.Sleep(200 * time.Millisecond) {
			if v, e := data[view.Desk](w.Act(w.Sites[0], act.Status)); e == nil && len(v.Call.People) > 0 && v.Call.People[0].Name == extension {
				break
			}
			if err = phones[0].lift(); time.Now().After(end) {
				err = errors.New("the call is not taken over by a telephone")
			}
		}
		return err
	}
	two := func(a, b *edge) [][2]*edge { return [][2]*edge{{a, b}, {b, a}} }
	both := func(v view.Call) bool { return len(v.People) == 2 && !v.People[0].Pending }
	for _, step := range []struct {
		does  func() error
		shows func(view.Call) bool // what both ends then show
		pair  string
		ways  [][2]*edge
	}{
		{func() error { return w.connect(ctx, phones[0], phones[1]) }, func(v view.Call) bool { return len(v.People) == 2 }, "", nil},
		{func() error { return press("join", nil) }, func(v view.Call) bool { return len(v.People) == 3 && !v.People[1].Pending },
			"phone → phone, a linguist at a browser", [][2]*edge{{phones[0], phones[1]}, {page, phones[1]}, {phones[1], phones[0]}, {page, phones[0]}, {phones[0], page}, {phones[1], page}}},
		{to(true), both, "handed over to a browser", two(page, phones[1])},
		{toPhone, both, "handed over to a phone", two(phones[0], phones[1])},
		{func() error { return w.Phones[0].Does("hold", "") }, func(v view.Call) bool { return len(v.Pauses) == 1 }, "", nil},
		{func() error { return w.Phones[0].Does("resume", "") }, func(v view.Call) bool { return len(v.Pauses) == 0 }, "held by a phone, and resumed", [][2]*edge{{phones[0], phones[1]}}}, // baresip keeps nothing of what it hears after a hold
		{phones[0].down, func(v view.Call) bool { return v.State != "connected" }, "", nil},
		{func() error { return w.connect(ctx, pages[0], pages[1]) }, both, "", nil},
		{toPhone, both, "browser → browser, handed over to a phone", two(phones[0], pages[1])},
		{phones[0].down, func(v view.Call) bool { return v.State != "connected" }, "", nil},
	} {
		if err := step.does(); err != nil {
			return err
		}
		for _, s := range w.Sites {
			for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
				v, err := data[view.Desk](w.Act(s, act.Status))
				if err == nil && step.shows(v.Call) {
					break
				}
				if ctx.Err() != nil || time.Now().After(end) {
					return errors.Join(fmt.Errorf("%s's node does not show %s: %+v", s.Name, step.pair, v.Call), ctx.Err(), err)
				}
			}
		}
		for _, way := range step.ways {
			if err := w.listens(step.pair, way[0], way[1], tell); err != nil {
				return err
			}
		}
	}
	return nil
}

// withoutBrowser says what is left out, and has the node's own tone ring the telephone.
func (w *World) withoutBrowser(ctx context.Context, phone *edge, tell func(Heard)) error {
	for _, pair := range []string{"browser → phone", "phone → browser", "browser → browser", "phone → phone, a linguist at a browser",
		"handed over to a browser", "handed over to a phone", "held by a phone, and resumed", "browser → browser, handed over to a phone"} {
		tell(Heard{Pair: pair, LeftOut: "no chromium here: apt install chromium"})
	}
	if err := w.Arm(0); err != nil {
		return err
	}
	do := func(a act.Act) func() error {
		return func() error { _, err := w.Act(w.Sites[0], a); return err }
	}
	return w.call(ctx, &edge{0, "node's own tone", 440, do(act.Ring{Class: "test", Sound: "tone 440"}), nil, do(act.HangUp{}), nil}, phone, tell)
}

// call has one edge ring another, which lifts; the first cable is pulled while they speak.
func (w *World) call(ctx context.Context, from, to *edge, tell func(Heard)) error {
	if err := w.connect(ctx, from, to); err != nil {
		return err
	}
	if _, err := w.Change([]string{"cut", "1"}); err != nil {
		return err
	}
	for _, way := range [][2]*edge{{from, to}, {to, from}} {
		if err := w.listens(from.what+" → "+to.what, way[0], way[1], tell); err != nil {
			return err
		}
	}
	if err := from.down(); err != nil {
		return err
	}
	if _, err := w.Change([]string{"restore", "1"}); err != nil {
		return err
	}
	if err := w.both(ctx, "READY"); err != nil {
		return err
	}
	return w.both(ctx, "up on 2 of 2")
}

// connect has one edge ring another, which lifts.
func (w *World) connect(ctx context.Context, from, to *edge) error {
	err := from.ring()
	if err == nil {
		err = w.shows(ctx, to.side, "RINGING HERE")
	}
	for end := time.Now().Add(patience); err == nil; time.Sleep(200 * time.Millisecond) { // it may not ring yet where the line does
		if err = to.lift(); err != nil || w.shown(to.side, "CONNECTED") {
			break
		}
		if time.Now().After(end) {
			err = fmt.Errorf("%s's %s does not lift", w.Sites[to.side].Name, to.what)
		}
	}
	if err == nil {
		err = w.both(ctx, "CONNECTED")
	}
	time.Sleep(2 * time.Second)
	return err
}

// heardFrames are measured of each way of a call, each time, and so often at most: browsers and telephones of one machine can lack it
// for a moment that nothing here sees, and what the line breaks it breaks each time.
const (
	heardFrames = 200
	measures    = 3
)

// listens measures what one edge of a call that is up hears of another. What is not heard whole is measured again, and told how often.
func (w *World) listens(pair string, from, to *edge, tell func(Heard)) (err error) {
	h := Heard{Pair: pair, From: w.Sites[from.side].Name + "'s " + from.what, To: w.Sites[to.side].Name + "'s " + to.what, SentHz: from.hz}
	if to.ear == nil {
		return nil
	}
	whole := func() bool {
		return h.Unbroken == heardFrames && math.Abs(h.HeardHz-h.SentHz) <= h.SentHz/100 && math.Abs(h.LevelDB-SpokenDB) <= 1.5
	}
	for h.CutByLoad = true; h.Measured < measures && !whole(); h.Measured++ {
		cut := w.load(from.side)
		h.HeardHz, h.LevelDB, h.Unbroken, err = to.ear(h.SentHz)
		if h.CutByLoad = cut() && h.CutByLoad; err != nil { // each time, or it is no excuse
			return err
		}
	}
	h.CutByLoad = h.CutByLoad && !whole()
	v, err := data[view.Desk](w.Act(w.Sites[to.side], act.Status))
	if err != nil || v.Call.In == nil {
		return errors.Join(fmt.Errorf("the call of %s is over", pair), err)
	}
	h.HeardHz, h.LevelDB = math.Round(10*h.HeardHz)/10, math.Round(100*h.LevelDB)/100
	h.OK = whole() || h.CutByLoad
	if from.side != to.side {
		h.FramesLost, h.LongestGapMS = &v.Call.In.Lost, &v.Call.In.LongestGapMS
		h.OK = h.OK && v.Call.In.Lost == 0
	}
	tell(h)
	return nil
}

// load watches the machine, and says then whether it cut what was measured meanwhile: what spoke at that side gave its node
// fewer frames than the time has, or a clock of this process was a frame late.
func (w *World) load(side int) func() bool {
	sent := func() (n uint64, at time.Time) {
		if v, err := data[view.Desk](w.Act(w.Sites[side], act.Status)); err == nil && v.Call.Out != nil {
			n = v.Call.Out.Frames
		}
		return n, time.Now()
	}
	before, began := sent()
	end, late := make(chan struct{}), make(chan bool, 1)
	go func() {
		for was, slow := time.Now(), false; ; was = time.Now() {
			select {
			case <-end:
				late <- slow
				return
			case <-time.After(voice.FrameTime):
				slow = slow || time.Since(was) > 2*voice.FrameTime
			}
		}
	}()
	return func() bool {
		close(end)
		after, now := sent()
		after = max(after, before) // it could not be asked
		due := now.Sub(began).Seconds() * float64(time.Second/voice.FrameTime)
		speakers := math.Max(1, math.Round(float64(after-before)/due))
		return <-late || float64(after-before) < speakers*due-3
	}
}

// both waits until both sides' status has a word.
func (w *World) both(ctx context.Context, word string) error {
	for side := range w.Sites {
		if err := w.shows(ctx, side, word); err != nil {
			return err
		}
	}
	return nil
}

// shows waits until a side's status has a word.
func (w *World) shows(ctx context.Context, side int, word string) error {
	for end := time.Now().Add(patience); !w.shown(side, word); time.Sleep(50 * time.Millisecond) {
		if ctx.Err() != nil || time.Now().After(end) {
			return errors.Join(fmt.Errorf("%s's node does not show %q", w.Sites[side].Name, word), ctx.Err())
		}
	}
	return nil
}

func (w *World) shown(side int, word string) bool {
	r, err := w.Act(w.Sites[side], act.Status)
	return err == nil && strings.Contains(r.Text, word)
}

// tab is a desk's page in a Chromium that is driven over its pipe: JSON, each message ended by a zero. Its microphone is a tone.
type tab struct {
	cmd     *exec.Cmd
	in      *os.File
	out     *bufio.Reader
	session string
	asked   int
}

// openTab opens a side's page and arms it with sound.
func (w *World) openTab(ctx context.Context, side int, hz float64) (_ *tab, err error) {
	v, err := data[struct {
		URL string `json:"url"`
	}](w.Act(w.Sites[side], act.Open))
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(w.Dir, w.Sites[side].Name+"-browser")
	wav := filepath.Join(dir, "microphone.wav")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(wav, []byte(toneWAV(hz, voice.Rate)), 0o600)); err != nil {
		return nil, err
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	t := &tab{in: ourOut, out: bufio.NewReader(ourIn)}
	t.cmd = exec.Command("chromium", v.URL)
	for _, flag := range []string{"headless=new", "no-sandbox", "remote-debugging-pipe", "user-data-dir=" + dir, "no-first-run", "disable-dev-shm-usage", "window-size=1366,768",
		"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding", "autoplay-policy=no-user-gesture-required",
		"use-fake-device-for-media-stream", "use-fake-ui-for-media-stream", "use-file-for-fake-audio-capture=" + wav, "allow-loopback-in-peer-connection"} {
		t.cmd.Args = append(t.cmd.Args, "--"+flag)
	}
	t.cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	err = t.cmd.Start()
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		return nil, fmt.Errorf("couldn't start chromium: %w", err)
	}
	if err = t.attach(); err == nil {
		err = t.is(ctx, "(s => { if (!s.ok && !s.joining) { localStorage.setItem('source', 'headset'); document.querySelector('#sound-on').click(); } return s.connected && s.mic; })(Sound.state())")
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *tab) close() {
	_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL)
	_ = t.cmd.Wait()
	t.in.Close()
}

// attach finds the page.
func (t *tab) attach() error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var found struct {
			TargetInfos []struct{ TargetID, Type string }
		}
		if err := t.command("Target.getTargets", nil, &found); err != nil {
			return err
		}
		for _, x := range found.TargetInfos {
			if x.Type == "page" {
				var got struct{ SessionID string }
				err := t.command("Target.attachToTarget", map[string]any{"targetId": x.TargetID, "flatten": true}, &got)
				t.session = got.SessionID
				return err
			}
		}
	}
	return errors.New("chromium opens no page")
}

// command asks Chromium for something and waits for its answer.
func (t *tab) command(method string, params, answer any) error {
	t.asked++
	ask := map[string]any{"id": t.asked, "method": method}
	if params != nil {
		ask["params"] = params
	}
	if t.session != "" {
		ask["sessionId"] = t.session
	}
	b, err := json.Marshal(ask)
	if err == nil {
		_, err = t.in.Write(append(b, 0))
	}
	for err == nil {
		var got struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if b, err = t.out.ReadBytes(0); err != nil {
			break
		}
		switch err = json.Unmarshal(b[:len(b)-1], &got); {
		case err != nil || got.ID != t.asked:
		case got.Error != nil:
			return errors.New(got.Error.Message)
		default:
			return json.Unmarshal(got.Result, answer)
		}
	}
	return fmt.Errorf("chromium does not answer: %w", err)
}

// is waits until an expression of the page is true.
func (t *tab) is(ctx context.Context, js string) error {
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		ok := false
		err := t.eval("!!("+js+")", &ok)
		if ok || ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(end) {
			return fmt.Errorf("the page never came to it: %s: %v", js, err)
		}
	}
}

// eval gives what an expression of the page comes to, as if a person had just pressed something.
func (t *tab) eval(js string, v any) error {
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Text string }
	}
	err := t.command("Runtime.evaluate", map[string]any{"expression": js, "userGesture": true, "awaitPromise": true, "returnByValue": true}, &got)
	switch {
	case err != nil:
		return err
	case got.ExceptionDetails != nil:
		return errors.New(got.ExceptionDetails.Text)
	}
	return json.Unmarshal(got.Result.Value, v)
}

// hears waits until the page plays a tone, looks at as many frames as are measured, and gives the strongest tone near hz, its level,
// and how many frames running were not silent.
func (t *tab) hears(ctx context.Context, hz float64) (heard, db float64, most int, err error) {
	var v [3]float64
	for began, frames := time.Now(), 34; ctx.Err() == nil; {
		if err := t.eval(fmt.Sprintf("%s(%g, %d)", pageHears, hz, frames), &v); err != nil {
			return 0, 0, 0, err
		}
		if frames == heardFrames {
			break
		}
		if math.Abs(v[1]-SpokenDB) <= 1.5 && v[2] >= 34 {
			frames = heardFrames
		} else if time.Since(began) > patience {
			return v[0], v[1], most, fmt.Errorf("the browser hears %.0f Hz at %.2f dB, %g frames running", v[0], v[1], v[2])
		}
	}
	return v[0], v[1], int(v[2]), ctx.Err()
}

// pageHears gives what the page plays of the others in the call: its strongest tone within a tenth of hz, its level in dB, and how many
// frames of 20 ms it has played running up to now, n at most, of which none was silent. It looks at the last 34 at a time, over and over before
// they are gone, in halves: a silent frame has one.
const pageHears = `(async (hz, n) => { const c = window.earContext ??= new AudioContext({ sampleRate: 48000 }), of = window.earOf ??= new Set();
  window.ear ??= Object.assign(c.createAnalyser(), { fftSize: 32768 });
  let wait = 0; for (const { srcObject: s } of document.querySelectorAll('[id^=sound-remote]')) if (s && !of.has(s)) { of.add(s); c.createMediaStreamSource(s).connect(window.ear); wait = 900; }
  await new Promise(r => setTimeout(r, wait));
  const rms = y => 10 * Math.log10(2 * y.reduce((s, v) => s + v * v, 0) / y.length + 1e-9), x = new Float32Array(32768);
  let from = -1, last = 0, frames = 0; for (let k = 0; k < n / 16 + 1 && frames < n; k++) { if (k) await new Promise(r => setTimeout(r, 300));
    const now = c.currentTime; window.ear.getFloatTimeDomainData(x);
    let quiet = 0; for (let i = 0; i + 480 <= x.length; i += 480) if (rms(x.subarray(i, i + 480)) < -50) quiet++;
    if (quiet) from = -1; else if (from < 0 || now - last > 0.6) from = now;
    last = now; frames = quiet ? 0 : Math.min(n, Math.floor(34 + (now - from) * 50)); }
  const g = f => { const k = 2 * Math.cos(2 * Math.PI * f / 48000); let a = 0, b = 0; for (const v of x) { [a, b] = [v + k * a - b, a]; } return 20 * Math.log10(2 * Math.sqrt(Math.max(0, a * a + b * b - k * a * b)) / x.length + 1e-9); };
  let best = 0, db = -99; for (let f = hz * 0.9; f < hz * 1.1; f += 1) { const l = g(f); if (l > db) { best = f; db = l; } }
  return [best, db, frames]; })`
