// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	gowebauthn "github.com/go-webauthn/webauthn/webauthn"

	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
)

// has does an act of the page's and gives its answer.
func (h *house) has(who act.Who, a act.Act) act.Reply {
	h.t.Helper()
	r, ok, err := h.s.Does(who, "en", a)
	if !ok || err != nil {
		h.t.Fatal(a.Verb(), ok, err)
	}
	return r
}

func (h *house) slip(a act.Act) slip { return h.has(act.Who{Account: "parley"}, a).Data.(slip) }

// post sends what the page's script sends.
func (h *house) post(path string, what any, change func(*http.Request), cookies ...*http.Cookie) (status int, answer map[string]any, got []*http.Cookie) {
	h.t.Helper()
	b, _ := json.Marshal(what)
	r, _ := http.NewRequestWithContext(h.t.Context(), "POST", h.origin+path, strings.NewReader(string(b)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", h.origin)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	if change != nil {
		change(r)
	}
	res, err := h.client(nil).Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	_ = json.NewDecoder(res.Body).Decode(&answer) // a refusal in plain text has none
	return res.StatusCode, answer, res.Cookies()
}

// page gets the desk with cookies and gives its status and text.
func (h *house) page(cookies ...*http.Cookie) (int, string) {
	h.t.Helper()
	r, _ := http.NewRequestWithContext(h.t.Context(), "GET", h.origin+"/?lang=en", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	res, err := h.client(nil).Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode, body(h.t, res)
}

// enrol makes a desk of a name and gives its cookie.
func (h *house) enrol(name string) *http.Cookie {
	h.t.Helper()
	status, _, got := h.post("/join", map[string]string{"code": h.slip(act.DeskInvite{Name: name}).Code}, nil)
	if status != http.StatusOK || len(got) != 1 {
		h.t.Fatal(status, got)
	}
	return got[0]
}

// SPEC: PAG-070 PAG-077
func TestSlipsWorkOnceAndForTenMinutes(t *testing.T) {
	h := newHouse(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h.s.cfg.Now = func() time.Time { return now }
	s := h.slip(act.DeskInvite{Name: "Ops room left"})
	if !strings.HasPrefix(s.URL, h.origin+"/join#") || len(s.Code) != 14 || !s.Until.Equal(now.Add(10*time.Minute)) {
		t.Fatalf("%+v", s)
	}
	code := map[string]string{"code": strings.ToLower(s.Code)}
	for what, change := range map[string]func(*http.Request){
		"another origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"another site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a form":         func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
		"another name":   func(r *http.Request) { r.Host = "evil.example" },
	} {
		if status, _, got := h.post("/join", code, change); status != http.StatusForbidden || len(got) > 0 {
			t.Errorf("%s: %d %v", what, status, got)
		}
	}
	if status, _, _ := h.post("/join", map[string]string{"code": strings.Repeat("x", maxBody)}, nil); status != http.StatusRequestEntityTooLarge {
		t.Error("a body too long:", status)
	}
	status, answer, got := h.post("/join", code, nil)
	if status != http.StatusOK || answer["desk"] != "Ops room left" || len(got) != 1 || got[0].Name != "__Host-parley-aurelia-north-desk" || !got[0].Secure || !got[0].HttpOnly || got[0].SameSite != http.SameSiteStrictMode {
		t.Fatal(status, answer, got)
	}
	if status, answer, again := h.post("/join", code, nil); status != http.StatusForbidden || len(again) > 0 || answer["error"] != "this code opens nothing" {
		t.Error("a second time:", status, answer, again)
	}
	h.n.show(fixtureNobody)
	if status, text := h.page(got[0]); status != http.StatusOK || !strings.Contains(text, "data-enrolled") || !strings.Contains(text, "data-signon") {
		t.Errorf("the desk without anybody signed on: %d %.200s", status, text)
	}
	late := h.slip(act.DeskInvite{Name: "Ops room right"})
	now = now.Add(11 * time.Minute)
	if status, _, got := h.post("/join", map[string]string{"code": late.Code}, nil); status != http.StatusForbidden || len(got) > 0 {
		t.Error("after eleven minutes:", status)
	}
	// Whoever tries codes is shut out for the minute, with a right one too; then a right one works.
	right := h.slip(act.DeskInvite{Name: "Ops room right"})
	for range maxWrong {
		h.post("/join", map[string]string{"code": "AAAA-BBBB-CCCC"}, nil)
	}
	if status, answer, _ := h.post("/join", map[string]string{"code": right.Code}, nil); status != http.StatusForbidden || answer["error"] != "too many wrong codes were tried" {
		t.Error("after twenty wrong codes:", status, answer)
	}
	now = now.Add(61 * time.Second)
	if status, _, _ := h.post("/join", map[string]string{"code": right.Code}, nil); status != http.StatusOK {
		t.Error("a minute later:", status)
	}
	if log := h.log.String(); !strings.Contains(log, "a code that opens nothing") || strings.Contains(log, right.Code[:4]) || strings.Contains(log, got[0].Value) {
		t.Errorf("the log says: %s", log)
	}
}

// SPEC: PAG-077 PAG-078
func TestDesksHaveNamesAndEnd(t *testing.T) {
	h := newHouse(t)
	left, right := h.enrol("Ops room left"), h.enrol("Ops room right")
	keeper := act.Who{Account: "parley"}
	for _, name := range []string{"", "ops room LEFT", "page-abc", "tty1", "two\nlines", "pts/3", strings.Repeat("x", 33), "\u202etfel", " x"} {
		if _, _, err := h.s.Does(keeper, "en", act.DeskInvite{Name: name}); err == nil {
			t.Errorf("a desk may be called %q", name)
		}
	}
	if got := h.has(keeper, act.DeskList).Text; !strings.Contains(got, "Ops room left  not open") || !strings.Contains(got, "Ops room right") {
		t.Error(got)
	}
	ws, _, err := h.socket(left, h.origin)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, "it is open", func() bool {
		return strings.Contains(h.has(keeper, act.DeskList).Text, "Ops room left  open, cannot ring")
	})
	if err := ws.Write(t.Context(), 1, []byte(`{"t":"beat","audio":true}`)); err != nil {
		t.Fatal(err)
	}
	wait(t, "it is armed under its name, with nobody signed on", func() bool {
		h.n.mu.Lock()
		defer h.n.mu.Unlock()
		for i, a := range h.n.acts {
			if d, ok := a.(act.SetDesk); ok && d.Armed && h.n.who[i] == (act.Who{Desk: "Ops room left", Known: "unattributed", Stays: true}) {
				return true
			}
		}
		return false
	})
	for _, a := range []string{`{"t":"act","n":1,"verb":"ring"}`, `{"t":"act","n":2,"verb":"answer","args":{"sound":"microphone"}}`, `{"t":"act","n":3,"verb":"stop"}`} {
		if err := ws.Write(t.Context(), 1, []byte(a)); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, "it rings, answers and sends STOP", func() bool { return h.n.done("ring") == 1 && h.n.done("answer") == 1 && h.n.done("stop") == 1 })
	h.has(keeper, act.DeskRename{Desk: "ops room right", Name: "Watch officer"})
	if _, text := h.page(right); !strings.Contains(text, "data-enrolled") {
		t.Error("a desk that was renamed opens nothing")
	}
	began := time.Now()
	h.has(keeper, act.DeskEnd.Of("Ops room left"))
	wait(t, "its socket ends", func() bool { return h.open() == 0 })
	t.Logf("figure: the socket of an ended desk is closed after %v, at most 1 s", time.Since(began).Round(time.Millisecond))
	if status, _ := h.page(left); status != http.StatusUnauthorized {
		t.Error("the cookie of an ended desk opens", status)
	}
	if _, _, err := h.socket(left, h.origin); err == nil {
		t.Error("the socket of an ended desk")
	}
}

// asks is a browser's request with its cookies.
func asks(cs ...*http.Cookie) *http.Request {
	r, _ := http.NewRequest("GET", "/", nil)
	for _, c := range cs {
		r.AddCookie(c)
	}
	return r
}

// SPEC: PAG-006 PAG-074 PAG-076 PAG-077
func TestSessionsEndForGoodAndEverywhere(t *testing.T) {
	h := newHouse(t)
	kept := keeper{}
	h.s.cfg.Keep = kept
	left, right := h.enrol("Ops room left"), h.enrol("Ops room right")
	begin := func(officer string, desk *http.Cookie) *http.Cookie {
		r, _ := http.NewRequest("GET", "/", nil)
		r.RemoteAddr = "192.0.2.7:4000"
		l := link{Who: act.Who{Officer: officer, Known: "passkey"}}
		if desk != nil {
			r.AddCookie(desk)
			d, _ := h.s.deskHere(r)
			l.Desk, l.Who.Desk = d.ID, d.Name
		}
		return h.s.begin(r, l)
	}
	a, b, c := begin("A7-2", left), begin("A7-2", right), begin("A7-3", right)
	if status, _ := h.page(a); status != http.StatusUnauthorized {
		t.Error("a cookie that was taken from a desk opens", status)
	}
	if status, text := h.page(a, left); status != http.StatusOK || !strings.Contains(text, "data-enrolled") {
		t.Error("at its desk it opens", status)
	}
	if l, ok := h.s.session(asks(a, right)); !ok || l.Who != (act.Who{Desk: "Ops room right", Known: "unattributed", Stays: true}) || !strings.Contains(h.log.String(), "a session away from its desk") || strings.Contains(h.log.String(), a.Value) {
		t.Error("at another desk it is", l.Who)
	}
	list := h.has(act.Who{}, act.SessionList)
	if rows := list.Data.([]sessionRow); len(rows) != 3 || rows[0].From != "192.0.2.7" || !strings.Contains(list.Text, "passkey  Ops room left") {
		t.Errorf("%+v", list)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go h.s.Watch(ctx)
	join := func(cs ...*http.Cookie) {
		t.Helper()
		if _, _, err := h.socketOf(cs...); err != nil {
			t.Fatal(err)
		}
	}
	join(a, left)
	join(b, right)
	wait(t, "both are seated", func() bool { return h.n.done("sign-on") >= 2 })
	ws, _, err := h.socketOf(c, right)
	if err != nil {
		t.Fatal(err)
	}
	// Signing off at one desk ends it at the other.
	off, _, err := h.socketOf(a, left)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := off.Write(t.Context(), 1, []byte(`{"t":"act","n":1,"verb":"sign-off"}`)); err != nil {
		t.Fatal(err)
	}
	wait(t, "the officer's sessions end, and no other", func() bool { rows := h.has(act.Who{}, act.SessionList).Data.([]sessionRow); return len(rows) == 1 })
	wait(t, "their sockets end", func() bool { return h.open() == 1 })
	t.Logf("figure: the sockets of an ended session are closed after %v, at most 1 s", time.Since(began).Round(time.Millisecond))
	// An officer who is one no more loses the rest, by himself.
	began = time.Now()
	h.n.leave("A7-3")
	wait(t, "his session ends", func() bool { return len(h.has(act.Who{}, act.SessionList).Data.([]sessionRow)) == 0 })
	before := h.n.done("send")
	_ = ws.Write(t.Context(), 1, []byte(`{"t":"act","n":1,"verb":"send","args":{"text":"late"}}`)) // its socket may have ended
	wait(t, "his socket ends", func() bool { return h.open() == 0 })
	t.Logf("figure: sessions of an officer no more are closed after %v, at most 1 s", time.Since(began).Round(time.Millisecond))
	if h.n.done("send") != before {
		t.Error("an act of an ended session passed")
	}
	for _, x := range []*http.Cookie{a, b, c} {
		if l, ok := h.s.session(asks(x, left)); !ok || l.Who.Officer != "" {
			t.Error("an ended session is signed on:", l)
		}
	}
	// What stands outlives the node; what ended stays ended.
	d := begin("A7-2", left)
	n := newFake("aurelia", "borealia", fixture)
	again, err := New(Config{Node: n, Name: "aurelia-north", Hosts: h.s.cfg.Hosts, TLS: true, Keep: kept})
	if err != nil {
		t.Fatal(err)
	}
	if l, ok := again.session(asks(d, left)); !ok || l.Who.Officer != "A7-2" || l.Who.Desk != "Ops room left" {
		t.Error("after a restart the session is", l, ok)
	}
	if l, ok := again.session(asks(c, right)); !ok || l.Who.Officer != "" || l.Who.Desk != "Ops room right" {
		t.Error("after a restart an ended session is", l, ok)
	}
	if b := string(kept[keptSessions]) + string(kept[keptDesks]); strings.Contains(b, d.Value) || strings.Contains(b, left.Value) {
		t.Error("what a cookie holds is on the disk")
	}
}

// A page that is open when the day of its session is over is that person's no longer. SPEC: PAG-006
func TestAnOpenPageLosesItsSessionInTime(t *testing.T) {
	h := newHouse(t)
	var later atomic.Int64
	h.s.cfg.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	ws, _, err := h.socketOf(h.enter())
	if err != nil {
		t.Fatal(err)
	}
	wait(t, "he sits", func() bool { return h.n.done("sign-on") == 1 })
	later.Store(int64(sessionLife - time.Minute))
	if err := ws.Write(t.Context(), 1, []byte(`{"t":"act","n":1,"verb":"send","args":{"text":"in time"}}`)); err != nil {
		t.Fatal(err)
	}
	wait(t, "he acts in time", func() bool { return h.n.done("send") == 1 })
	later.Store(int64(sessionLife + time.Minute))
	_ = ws.Write(t.Context(), 1, []byte(`{"t":"act","n":2,"verb":"send","args":{"text":"late"}}`)) // its socket may have ended
	wait(t, "its socket ends", func() bool { return h.open() == 0 })
	if h.n.done("send") != 1 {
		t.Error("an act passed after the session's time")
	}
}

// virtual gives a browser an authenticator of its own, and a way to ask it.
func (w *watched) virtual(t *testing.T) (id webauthn.AuthenticatorID) {
	t.Helper()
	w.run(t, webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		id, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}).Do(ctx)
		return err
	}))
	return id
}

func awaits(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// An officer makes a passkey with a slip, signs off, and signs on with it at an enrolled desk; what is recorded says so. What
// he showed once opens nothing twice, and a passkey of another page opens nothing here. SPEC: PAG-071 PAG-072 PAG-073
func TestOfficerMakesAPasskeyAndSignsOnWithIt(t *testing.T) {
	h := newHouse(t)
	h.s.cfg.Keep = keeper{}
	root := chromedp.Flag("ignore-certificate-errors", true)
	w := browser(t, 1366, 768, chromedp.Flag("host-resolver-rules", "MAP "+houseName+" 127.0.0.1"), root)
	authenticator := w.virtual(t)
	s := h.slip(act.Invite{Officer: "A7-2"})
	w.run(t, chromedp.Navigate(s.URL))
	w.is(t, `document.querySelector('#code').value.length === 12 && location.hash === ''`)
	w.run(t, chromedp.Click("#go"))
	w.is(t, `!!document.querySelector('#p-messages') && !!document.querySelector('#off')`)
	is := func(what string, last act.Who) {
		t.Helper()
		wait(t, what, func() bool {
			h.n.mu.Lock()
			defer h.n.mu.Unlock()
			for i, a := range h.n.acts {
				if a.Verb() == "sign-on" && h.n.who[i].Officer == last.Officer && h.n.who[i].Known == last.Known && (last.Desk == "" || h.n.who[i].Desk == last.Desk) {
					return true
				}
			}
			return false
		})
	}
	is("he sits, known by his passkey", act.Who{Officer: "A7-2", Known: "passkey"})
	if status, answer, _ := h.post("/join", map[string]string{"code": s.Code}, nil); status != http.StatusForbidden {
		t.Error("the slip works twice:", answer)
	}
	w.run(t, chromedp.Click("#off"))
	w.is(t, `!!document.querySelector('main.alone [data-signon]')`)
	// The browser becomes a desk; nobody is signed on there until he shows his passkey.
	w.run(t, chromedp.Navigate(h.slip(act.DeskInvite{Name: "Ops room left"}).URL), chromedp.Click("#go"))
	h.n.show(fixtureNobody)
	w.is(t, `!!document.querySelector('#on') && 'enrolled' in document.body.dataset`)
	w.run(t, chromedp.Evaluate(`window.same = true`, nil), chromedp.Click("#on"))
	is("he sits at the desk", act.Who{Officer: "A7-2", Known: "passkey", Desk: "Ops room left"})
	w.is(t, `window.same === true && !document.body.classList.contains('stale')`) // the page, and its sound, went on
	h.n.show(fixture)
	w.is(t, `!!document.querySelector('#off')`)
	// Signing off leaves the desk as it is, with nobody at it.
	w.run(t, chromedp.Click("#off"))
	wait(t, "nobody sits", func() bool { return len(h.has(act.Who{}, act.SessionList).Data.([]sessionRow)) == 0 })
	h.n.show(fixtureNobody)
	w.is(t, `window.same === true && !!document.querySelector('#on')`)
	h.replays(w)
	h.copies(w, authenticator)
	if log := h.log.String(); strings.Contains(log, s.Code[:4]+s.Code[5:9]) || !strings.Contains(log, "a passkey was made") {
		t.Errorf("the log says: %s", log)
	}
}

// The page gets another name: desks and passkeys of the old one open nothing, and both are made anew as doc/operate.md says.
// SPEC: PAG-072 PAG-077
func TestAHouseWithAnotherName(t *testing.T) {
	kept := keeper{}
	old := houseAt(t, houseName, kept)
	w := browser(t, 1366, 768, chromedp.Flag("host-resolver-rules", "MAP *.ops.example 127.0.0.1"), chromedp.Flag("ignore-certificate-errors", true))
	w.virtual(t)
	joins := func(h *house, anew bool) {
		t.Helper()
		w.run(t, chromedp.Navigate(h.slip(act.Invite{Officer: "A7-2", Anew: anew}).URL), chromedp.Click("#go"))
		w.is(t, `!!document.querySelector('#off')`)
		w.run(t, chromedp.Navigate(h.slip(act.DeskInvite{Name: "Ops room left"}).URL), chromedp.Click("#go"))
		w.is(t, `'enrolled' in document.body.dataset`)
	}
	joins(old, false)
	h := houseAt(t, "watch.ops.example", kept)
	w.run(t, chromedp.Navigate(h.origin+"/?lang=en"))
	w.is(t, `!!document.querySelector('main.alone [data-signon]') && !('enrolled' in document.body.dataset)`)
	w.run(t, chromedp.Click("[data-signon]"))
	w.is(t, `document.body.innerText.includes('No passkey was given')`)
	if _, _, err := h.s.Does(act.Who{Account: "parley"}, "en", act.DeskInvite{Name: "Ops room left"}); err == nil {
		t.Error("two desks of one name")
	}
	h.has(act.Who{Account: "parley"}, act.DeskEnd.Of("Ops room left"))
	joins(h, true)
	w.run(t, chromedp.Click("#off"))
	h.n.show(fixtureNobody)
	w.is(t, `!!document.querySelector('#on')`)
	w.run(t, chromedp.Click("#on"))
	wait(t, "he signs on with the new one", func() bool {
		rows := h.has(act.Who{}, act.SessionList).Data.([]sessionRow)
		return len(rows) == 1 && rows[0].Known == "passkey" && rows[0].Desk == "Ops room left"
	})
}

func fixtureNobody(us, them, lang string) (d view.Desk) {
	d = fixture(us, them, lang)
	d.Header.Officer, d.Header.KnownHow = "", "unattributed"
	return d
}

// replays shows one answer of an authenticator twice, under another challenge, and one that was made for another page.
func (h *house) replays(w *watched) {
	t := h.t
	t.Helper()
	const get = `(async () => { const o = await (await fetch('/signon', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})).json();
		return JSON.stringify((await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o.publicKey)})).toJSON()); })()`
	var one string
	w.run(t, chromedp.Evaluate(get, &one, awaits))
	answer := func(s string) (int, []*http.Cookie) {
		t.Helper()
		status, _, got := h.post("/signon/passkey", json.RawMessage(s), nil)
		return status, got
	}
	if status, got := answer(one); status != http.StatusOK || len(got) != 1 {
		t.Fatal("an answer of the authenticator:", status)
	}
	if status, got := answer(one); status != http.StatusForbidden || len(got) > 0 {
		t.Error("the same answer a second time:", status)
	}
	for what, change := range map[string]func(*Server){
		"of another origin": func(s *Server) { s.rp.Config.RPOrigins = []string{"https://other.ops.example"} },
		"of another name": func(s *Server) {
			s.mu.Lock()
			defer s.mu.Unlock()
			for k, c := range s.ceremonies {
				c.data.RelyingPartyID = "other.ops.example"
				s.ceremonies[k] = c
			}
		},
	} {
		other := *h.s.rp.Config
		w.run(t, chromedp.Evaluate(get, &one, awaits))
		change(h.s)
		if status, got := answer(one); status != http.StatusForbidden || len(got) > 0 {
			t.Errorf("a passkey %s: %d", what, status)
		}
		*h.s.rp.Config = other
	}
	h.n.leave("A7-2")
	w.run(t, chromedp.Evaluate(get, &one, awaits))
	if status, got := answer(one); status != http.StatusForbidden || len(got) > 0 {
		t.Error("a passkey of an officer no more:", status)
	}
	h.n.leave("")
}

// copies: a passkey whose counter went back is a copy's, and one that was taken away opens nothing.
func (h *house) copies(w *watched, authenticator webauthn.AuthenticatorID) {
	t := h.t
	t.Helper()
	h.s.mu.Lock()
	for _, o := range h.s.passkeys {
		o.Keys[0].Authenticator.SignCount += 1000
	}
	h.s.mu.Unlock()
	w.run(t, chromedp.Click("#on"))
	w.is(t, `document.querySelector('#p-said').textContent.includes('this passkey opens nothing here')`)
	h.s.mu.Lock()
	for _, o := range h.s.passkeys {
		o.Keys[0].Authenticator.SignCount = 0
	}
	h.s.mu.Unlock()
	h.slip(act.Invite{Officer: "A7-2", Anew: true})
	w.run(t, chromedp.Evaluate(`document.querySelector('#p-said').textContent = ''`, nil), chromedp.Click("#on"))
	w.is(t, `document.querySelector('#p-said').textContent.includes('this passkey opens nothing here')`)
	w.run(t, webauthn.RemoveVirtualAuthenticator(authenticator))
}

// failing is a disk that takes nothing, or hangs.
type failing struct {
	keeper
	hangs chan struct{}
}

func (f failing) SetState(string, []byte) error {
	if f.hangs != nil {
		<-f.hangs
	}
	return errors.New("no space left on device")
}

// On a disk that takes nothing no desk and no passkey is made, and an officer is let in all the same; one that hangs holds up
// no desk. What is kept never grows beyond what is read back. SPEC: PAG-006 PAG-071 PAG-077
func TestADiskThatTakesNothingHoldsUpNobody(t *testing.T) {
	h := newHouse(t)
	desk := h.enrol("Ops room left")
	h.s.cfg.Keep = failing{}
	if status, answer, got := h.post("/join", map[string]string{"code": h.slip(act.DeskInvite{Name: "Ops room right"}).Code}, nil); status != http.StatusForbidden || len(got) > 0 || answer["error"] != "the desks could not be kept" {
		t.Error(status, answer)
	}
	if err := h.s.addKey(&owner{Officer: "A7-2", handle: []byte("x")}, credential(32), false); err == nil || len(h.s.passkeys) != 0 {
		t.Error("a passkey that could not be kept:", err)
	}
	if c := h.enter(); c.Value == "" {
		t.Error("a link opens nothing")
	}
	hangs := failing{hangs: make(chan struct{})}
	h.s.cfg.Keep = hangs
	done := make(chan struct{})
	go func() { defer close(done); h.s.end(func(link) bool { return true }) }()
	wait(t, "it hangs", func() bool { return !h.s.disk.TryLock() || func() bool { h.s.disk.Unlock(); return false }() })
	ws, _, err := h.socket(desk, h.origin)
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.Write(t.Context(), 1, []byte(`{"t":"beat","audio":true}`)); err != nil {
		t.Fatal(err)
	}
	wait(t, "the desk is armed meanwhile", func() bool { return armedIs(h.n, true) })
	close(hangs.hangs)
	<-done
	kept := keeper{}
	h.s.cfg.Keep = kept
	for n := 0; ; n++ {
		if n > maxKeys {
			t.Fatal("no end of passkeys")
		}
		if err := h.s.addKey(&owner{Officer: "A7-2", handle: []byte{byte(n)}}, credential(700), false); err != nil {
			break
		}
	}
	if len(kept[keptPasskeys]) > maxKept {
		t.Error("a file that is not read back:", len(kept[keptPasskeys]))
	}
	if _, err := New(Config{Node: h.n, Name: "aurelia-north", Hosts: h.s.cfg.Hosts, TLS: true, Keep: kept}); err != nil {
		t.Error(err)
	}
}

// credential is a passkey whose public key is so long.
func credential(n int) (c gowebauthn.Credential) {
	c.ID, c.PublicKey = bytes.Repeat([]byte("i"), 64), bytes.Repeat([]byte("k"), n)
	return c
}

// What is kept on the disk may be anything: the page opens with it, or says that it cannot. SPEC: PAG-006
func FuzzKept(f *testing.F) {
	f.Add([]byte(`{"x":{"id":"a","who":{"officer":"A7-2"}}}`), []byte(`[{"id":"a","name":"Ops room left"}]`), []byte(`{"aGk":{"officer":"A7-2","keys":[{}]}}`))
	f.Add([]byte(`null`), []byte(`null`), []byte(`{"a":null}`))
	f.Add([]byte(`null`), []byte(`null`), []byte(`null`))
	f.Fuzz(func(t *testing.T, sessions, desks, passkeys []byte) {
		n := newFake("aurelia", "borealia", fixture)
		s, err := New(Config{Node: n, Name: "aurelia-north", Hosts: []string{houseName + ":8443"}, TLS: true, Keep: keeper{keptSessions: sessions, keptDesks: desks, keptPasskeys: passkeys}})
		if err != nil {
			return
		}
		s.list()
		_ = s.ownerOf("A7-2")
		_, _, _ = s.Does(act.Who{}, "en", act.DeskList)
		_ = s.begin(asks(), link{Who: act.Who{Officer: "A7-2"}})
	})
}

// On this machine alone, without TLS, passkeys work under the party's name, and under an address it is said where they do.
// SPEC: PAG-071 PAG-072
func TestPasskeysWorkOnThisMachineAlone(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	h := &house{t: t, log: &logged{}, addr: ln.Addr().String(), origin: "http://aurelia.localhost:" + port}
	h.n = newFake("aurelia", "borealia", fixture)
	if h.s, err = New(Config{Node: h.n, Name: "aurelia-north", Hosts: []string{"aurelia.localhost:" + port, "127.0.0.1:" + port}}); err != nil {
		t.Fatal(err)
	}
	srv := Guard(h.s, slog.New(slog.DiscardHandler))
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
	r, _ := http.NewRequestWithContext(t.Context(), "POST", "http://127.0.0.1:"+port+"/signon", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if said := body(t, res); res.StatusCode != http.StatusForbidden || !strings.Contains(said, "open http://aurelia.localhost:"+port+"/") {
		t.Error("under an address:", res.Status, said)
	}
	res.Body.Close()
	w := browser(t, 390, 844)
	w.virtual(t)
	w.run(t, chromedp.Navigate(h.slip(act.Invite{Officer: "A7-2"}).URL), chromedp.Click("#go"))
	w.is(t, `!!document.querySelector('#off')`)
	w.run(t, chromedp.Navigate(h.slip(act.DeskInvite{Name: "Ops room left"}).URL), chromedp.Click("#go"))
	w.is(t, `'enrolled' in document.body.dataset && !!document.querySelector('#off')`) // he is signed on there still
	// Without a policy file the browser sounds after a press alone: opened without one, the desk says so.
	w.run(t, chromedp.Navigate("about:blank"), chromedp.Navigate(h.origin+"/?lang=en"))
	w.is(t, `document.body.dataset.snd === 'off' && document.querySelector('#sound-why').textContent.includes('arm it')`)
	if rows := h.has(act.Who{}, act.SessionList).Data.([]sessionRow); len(rows) != 1 || rows[0].Known != "passkey" {
		t.Errorf("%+v", rows)
	}
}
