// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
)

// newBoard is a board of three lines, of which the third is not in service.
func newBoard(t testing.TB) (b *Board, nodes [2]*fakeNode, url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	lines := []BoardLine{{Name: "north"}, {Name: "river"}, {Name: "strait", Why: hint.New("it is tried again by itself", "the line %s is not in service", "strait")}}
	for i, them := range []string{"borealia", "cassia"} {
		nodes[i] = newFake("aurelia", them, fixtureIdle)
		p, err := New(Config{Node: nodes[i], Name: "aurelia-" + lines[i].Name, Hosts: []string{"127.0.0.1:1"}})
		if err != nil {
			t.Fatal(err)
		}
		lines[i].Node, lines[i].Page = nodes[i], p
	}
	if b, err = NewBoard(Config{Name: "aurelia", Hosts: []string{at}, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}, func() []BoardLine { return lines }); err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: b}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return b, nodes, "http://" + at
}

// whom is an officer of the first line, and nobody on the others.
func whom(line string) act.Who {
	if line == "north" {
		return act.Who{Officer: "A7-2", Account: "amaro", Desk: "pts/3"}
	}
	return act.Who{Account: "amaro", Desk: "pts/3", Known: "unattributed"}
}

// One link and one cookie hold for every line; on each its person is who is signed on there. SPEC: PAG-040 PAG-043
func TestOneSessionHoldsForEveryLine(t *testing.T) {
	b, nodes, url := newBoard(t)
	link, err := b.BoardLink(whom, "en")
	if err != nil {
		t.Fatal(err)
	}
	at := func(r *http.Request) { r.Host = strings.TrimPrefix(url, "http://") }
	if res := ask(b, "/line/north/", at); res.StatusCode != http.StatusUnauthorized {
		t.Fatalf("a desk without a session: %s", res.Status)
	}
	res := ask(b, strings.TrimPrefix(link, url), at)
	if len(res.Cookies()) != 1 {
		t.Fatalf("the link gave %s", res.Status)
	}
	with := func(r *http.Request) { at(r); r.AddCookie(res.Cookies()[0]) }
	board := ask(b, "/", with)
	if csp := board.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("the policy of the board: %s", csp)
	}
	text := body(t, board)
	for _, want := range []string{"2 OF 3 LINES UP", "STRAIT: NOT IN SERVICE", `src="/line/river/?lang=en"`, "STOP to all 3 lines", "the line strait is not in service"} {
		if !strings.Contains(text, want) {
			t.Errorf("the board does not say %q: %s", want, text[:min(len(text), 300)])
		}
	}
	desk := ask(b, "/line/river/", with)
	if csp := desk.Header.Get("Content-Security-Policy"); desk.StatusCode != http.StatusOK || !strings.Contains(csp, "frame-ancestors 'self'") {
		t.Errorf("the desk of a line: %s %s", desk.Status, csp)
	}
	if text := body(t, desk); !strings.Contains(text, `data-ws="/line/river/ws?tab=`) || !strings.Contains(text, "data-toboard") {
		t.Error("the desk of a line does not know that a board frames it")
	}
	body(t, ask(b, "/line/north/", with))
	if nodes[0].done("sign-on") != 1 || nodes[1].done("sign-on") != 0 {
		t.Error("the officer of one line sits on both, or on none")
	}
	if res := ask(b, "/line/strait/", with); res.StatusCode != http.StatusOK || !strings.Contains(body(t, res), "the line strait is not in service") {
		t.Errorf("a line that is not in service: %s", res.Status)
	}
	b.signOff(b.mustSession(t, with))
	if res := ask(b, "/line/north/", with); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a desk after the sign-off from the board: %s", res.Status)
	}
}

func (b *Board) mustSession(t *testing.T, with func(*http.Request)) link {
	t.Helper()
	r, _ := http.NewRequest("GET", "/", nil)
	with(r)
	l, ok := b.session(r)
	if !ok {
		t.Fatal("there is no session")
	}
	return l
}

// STOP to all lines goes to each at once and says of each what came of it; one that fails is no success.
// SPEC: PAG-044 CLI-046
func TestStopToAllLinesSaysWhatCameOfEach(t *testing.T) {
	b, nodes, _ := newBoard(t)
	nodes[1].fail = errors.New("the disk is full")
	out := Each(context.Background(), b.lines(), whom, "en", act.SendStop{})
	if len(out) != 3 || out[0].Error != nil || out[0].ID != "A7-50" || out[1].Error == nil || out[2].Error == nil || out[2].Error.What != "the line strait is not in service" {
		t.Fatalf("outcomes: %+v", out)
	}
	if nodes[0].done("stop") != 1 || nodes[0].who[0].Officer != "A7-2" || nodes[1].who[0].Officer != "" {
		t.Errorf("who stopped: %+v %+v", nodes[0].who, nodes[1].who)
	}
	c := &conn{s: b.Server, t: b.addTab("x", act.Who{Desk: "page-x"}, "en"), out: make(chan toBrowser, 4)}
	var r toBrowser
	if err := b.do(context.Background(), c, fromBrowser{Verb: "stop"}, &r); err != nil || !strings.Contains(r.Error, "river: the disk is full · strait: the line strait is not in service") || !strings.HasPrefix(r.Hint, "north: A7-50") {
		t.Errorf("the board says %+v, %v", r, err)
	}
	if err := b.do(context.Background(), c, fromBrowser{Verb: "stop", Args: []byte(`{"line":"north"}`)}, &r); err != nil || nodes[0].done("stop") != 3 || nodes[1].done("stop") != 2 {
		t.Errorf("STOP to one line: %v, %d and %d in all", err, nodes[0].done("stop"), nodes[1].done("stop"))
	}
}

// The title says how much waits, of a board on all its lines. SPEC: PAG-046
func TestTitleCountsWhatWaits(t *testing.T) {
	of := func(f func(us, them, lang string) view.Desk) sheet {
		return sheet{Desk: f("aurelia", "borealia", "en")}
	}
	for want, s := range map[string]sheet{"AURELIA · Parley": of(fixtureIdle), "(3) AURELIA · RINGING HERE · Parley": of(fixture), "(4) AURELIA · RINGING HERE · Parley": of(fixtureStop)} {
		if got := s.Title(); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	full := of(fixture)
	if full.MoreWait = 9; full.Title() != "(12) AURELIA · RINGING HERE · Parley" { // what waits and found no room
		t.Errorf("%s of a full desk", full.Title())
	}
	s := sheet{Desk: view.Desk{Lang: "en", Header: view.Header{Party: "aurelia"}}, Rows: []row{{sheet: of(fixtureIdle)}, {sheet: of(fixture)}, {sheet: of(fixtureStop)}}}
	if got := s.Title(); got != "(7) AURELIA · Board · Parley" {
		t.Errorf("%s of the board", got)
	}
}

// The board as a watch officer uses it: a ring on the line that is not open is heard and seen, digits choose, STOP goes to
// the line that it names, STOP to all has two presses of its own. SPEC: PAG-040 PAG-041 PAG-042 PAG-044 PAG-045
func TestBoardInABrowser(t *testing.T) {
	b, nodes, _ := newBoard(t)
	w := browser(t, 1366, 768, chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	link, err := b.BoardLink(whom, "en")
	if err != nil {
		t.Fatal(err)
	}
	axe := func(name string) { // TestAxe says where there is none
		b, err := os.ReadFile(os.Getenv("PARLEY_AXE"))
		if err != nil {
			return
		}
		for _, scheme := range []string{"dark", "light"} {
			var out string
			w.run(t, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}), chromedp.Evaluate(string(b)+";0", nil),
				chromedp.Evaluate(`axe.run(document, {iframes: false}).then(r => (r.passes.length < 15 ? 'axe saw too little\n' : '') + r.violations.map(v => v.id + ': ' + v.help + '\n' + v.nodes.map(n => '   ' + n.html.slice(0,160) + ' | ' + n.any.concat(n.all,n.none).map(x => x.message).join('; ').slice(0,200)).join('\n')).join('\n'))`, &out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
			if out != "" {
				t.Errorf("%s %s:\n%s", name, scheme, out)
			}
		}
	}
	const river = `document.querySelector('[data-frame=river]').contentWindow`
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#l-1", chromedp.ByQuery))
	w.is(t, `!!`+river+`.Desk && document.querySelector('#stop small').textContent.includes('borealia')`)
	axe("board")
	drawn(t, w, "board")

	// Any press arms the desk of every line.
	w.run(t, press("x", "KeyX", 88, 0))
	wait(t, "both desks to be armed", func() bool { return armedIs(nodes[0], true) && armedIs(nodes[1], true) })

	// 1–9 choose; STOP names its line and goes there, with two presses.
	w.run(t, press("2", "Digit2", 50, 0))
	w.is(t, `document.querySelector('#stop small').textContent.includes('cassia') && document.querySelector('.line.sel').dataset.line === 'river'`)
	w.run(t, press("F2", "F2", 113, 0))
	w.is(t, `document.querySelector('#stop').classList.contains('armed')`)
	w.run(t, press("1", "Digit1", 49, 0), press("F2", "F2", 113, 0)) // another line: the press before was not for it
	time.Sleep(300 * time.Millisecond)
	if nodes[0].done("stop")+nodes[1].done("stop") != 0 {
		t.Fatal("two presses for two lines sent a STOP")
	}
	w.run(t, press("2", "Digit2", 50, 0), press("F2", "F2", 113, 0), press("F2", "F2", 113, 0))
	wait(t, "STOP on the river line alone", func() bool { return nodes[1].done("stop") == 1 && nodes[0].done("stop") == 0 })
	w.run(t, chromedp.Click("#stop-all", chromedp.ByQuery))
	// A busy machine may take longer than the three seconds between two presses: then the first is pressed again.
	const first = `(() => { const b = document.querySelector('#stop-all'); if (!b.classList.contains('armed')) b.click(); return b; })()`
	w.is(t, first+`.classList.contains('armed') && !document.querySelector('#stop').classList.contains('armed')`)
	if nodes[0].done("stop") != 0 {
		t.Error("one press was a STOP to all")
	}
	w.run(t, chromedp.Evaluate(first+`.click()`, nil))
	wait(t, "STOP on both lines", func() bool { return nodes[1].done("stop") == 2 && nodes[0].done("stop") == 1 })
	w.is(t, `document.querySelector('#p-said').textContent.includes('strait: the line strait is not in service')`)

	// The desk of the first line is in view; the second rings: it is seen above that desk, heard, and answered from there.
	w.run(t, press("1", "Digit1", 49, 0), press("Enter", "Enter", 13, 0))
	w.is(t, `document.body.dataset.view === 'desk' && !document.querySelector('[data-frame=north]').hidden`)
	nodes[1].show(func(us, them, lang string) view.Desk {
		d := fixture(us, them, lang)
		d.Messages, d.Alarms = nil, nil
		d.Answers[2] = view.Glance{Tone: "ring", Mark: "bell", Word: "CASSIA RINGS"}
		return d
	})
	w.is(t, `document.querySelector('#tab-2.tone-ring') !== null && document.title.startsWith('(1) ')`)
	w.is(t, river+`.document.querySelector('#p-state > i').dataset.sound === 'ring'`)
	axe("desk")
	drawn(t, w, "board-desk")
	w.run(t, press("Enter", "Enter", 13, 2))
	wait(t, "the ring of the other line to be answered", func() bool { return nodes[1].done("answer") == 1 && nodes[0].done("answer") == 0 })
	w.is(t, `!document.querySelector('[data-frame=river]').hidden`)
	w.run(t, press("0", "Digit0", 48, 0))
	w.is(t, `document.body.dataset.view === 'board' && document.querySelector('#g-2').textContent.includes('ANSWER')`)
	axe("rings")
	drawn(t, w, "board-rings")

	// In a call on the first line this person is busy on the second, where a priority ring sounds as one, and one press takes
	// it and holds the other call. SPEC: PAG-086
	nodes[0].show(func(us, them, lang string) view.Desk {
		d := fixtureCall(us, them, lang)
		d.Call.Talks, d.Call.Speaks = "opus", true
		return d
	})
	wait(t, "the second desk to be busy", func() bool {
		a, ok := nodes[1].last("desk").(act.SetDesk)
		return ok && a.Armed && a.Busy
	})
	nodes[1].show(func(us, them, lang string) view.Desk {
		d := fixture(us, them, lang)
		d.Messages, d.Alarms = nil, nil
		d.Call.State, d.Call.Priority, d.Call.Acts = "ringing-here", "danger", []string{"answer", "decline"}
		return d
	})
	w.is(t, river+`.document.querySelector('#p-state > i').dataset.sound === 'priority' && `+river+`.document.querySelector('#p-ring').textContent.includes('PRIORITY: danger')`)
	w.run(t, press("Enter", "Enter", 13, 2))
	wait(t, "the ring taken, and the other call held", func() bool { return nodes[1].done("answer") == 2 && nodes[0].done("hold") == 1 })
	if nodes[0].done("hang-up") != 0 || nodes[1].done("hold") != 0 {
		t.Error("a priority ring ended or held what it should not")
	}
	// The microphone is off there until the node holds the call; nobody is told before that it does.
	const north, board = `document.querySelector('[data-frame=north]').contentWindow`, `document.querySelector('#p-said').textContent`
	w.is(t, north+`.Desk.muted() && !`+board+`.includes('on hold')`)
	nodes[0].show(func(us, them, lang string) view.Desk {
		d := fixtureCall(us, them, lang)
		d.Call.Talks, d.Call.Speaks, d.Call.Pauses = "opus", true, []view.Layer{{State: "held", Word: "ON HOLD"}}
		return d
	})
	w.is(t, `!`+north+`.Desk.muted() && `+board+`.includes('borealia is on hold')`)

	// Of a hold that the node refuses nobody is told that it holds.
	nodes[0].mu.Lock()
	nodes[0].fail = errors.New("the disk is full")
	nodes[0].mu.Unlock()
	nodes[0].show(func(us, them, lang string) view.Desk {
		d := fixtureCall(us, them, lang)
		d.Call.Talks, d.Call.Speaks = "opus", true
		return d
	})
	w.is(t, `!`+north+`.Desk.state().onhold`)
	w.run(t, press("Enter", "Enter", 13, 2))
	wait(t, "the ring taken, and a hold refused", func() bool { return nodes[1].done("answer") == 3 && nodes[0].done("hold") == 2 })
	w.is(t, north+`.Desk.muted() && !`+river+`.Desk.muted() && `+board+`.includes('borealia is muted')`)
	w.clean(t)
}

// A deputy before its turn may answer, and declines for nobody; what rings here goes before what rings elsewhere.
//
// SPEC: PAG-041 PAG-079
func TestDeputyBeforeItsTurnDeclinesNothing(t *testing.T) {
	b, nodes, _ := newBoard(t)
	w := browser(t, 1366, 768, chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	link, err := b.BoardLink(whom, "en")
	if err != nil {
		t.Fatal(err)
	}
	rings := func(state string, acts ...string) func(us, them, lang string) view.Desk {
		return func(us, them, lang string) view.Desk {
			d := fixtureIdle(us, them, lang)
			d.Call.State, d.Call.Acts = state, acts
			return d
		}
	}
	shows := func(line, state string) {
		t.Helper()
		w.is(t, `!!document.querySelector('[data-frame=`+line+`]').contentWindow.Desk && document.querySelector('[data-frame=`+line+`]').contentWindow.Desk.state().call === '`+state+`'`)
	}
	nodes[0].show(rings("ringing-later", "answer"))
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#l-1", chromedp.ByQuery))
	shows("north", "ringing-later")
	w.run(t, press("1", "Digit1", 49, 0), press("Enter", "Enter", 13, 0), press("Enter", "Enter", 13, 2|8))
	nodes[1].show(rings("ringing-here", "answer", "decline"))
	shows("river", "ringing-here")
	w.run(t, press("Enter", "Enter", 13, 2))
	wait(t, "what rings here to be answered", func() bool { return nodes[1].done("answer") == 1 })
	if nodes[0].done("answer") != 0 {
		t.Error("what rings elsewhere was answered")
	}
	nodes[1].show(fixtureIdle)
	shows("river", "idle")
	w.run(t, press("1", "Digit1", 49, 0), press("Enter", "Enter", 13, 2|8), press("Enter", "Enter", 13, 2))
	wait(t, "what rings elsewhere to be answered", func() bool { return nodes[0].done("answer") == 1 })
	if n := nodes[0].done("decline") + nodes[0].done("hang-up"); n != 0 {
		t.Errorf("%d acts ended the call of every desk", n)
	}
	w.clean(t)
}
