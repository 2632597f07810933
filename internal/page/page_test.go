// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/message/phrase"
	"example.org/parley/words"
)

const host = "127.0.0.1:7480"

func testServer(t *testing.T, cfg Config) (*Server, *fakeNode) {
	t.Helper()
	n := newFake("aurelia", "borealia", fixture)
	cfg.Node, cfg.Name, cfg.Hosts = n, "aurelia-north", []string{host}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, n
}

// ask makes a request as a browser on this machine does.
func ask(h http.Handler, target string, change func(r *http.Request)) *http.Response {
	r := httptest.NewRequest("GET", target, nil)
	r.Host, r.RemoteAddr = host, "127.0.0.1:40000"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// enter uses a link and gives its cookie.
func enter(t *testing.T, s *Server) *http.Cookie {
	t.Helper()
	url, err := s.Link(act.Who{Officer: "A7-2", Account: "amaro"}, "en")
	if err != nil {
		t.Fatal(err)
	}
	res := ask(s, strings.TrimPrefix(url, "http://"+host), nil)
	if res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 1 {
		t.Fatalf("a link gave %s and %d cookies", res.Status, len(res.Cookies()))
	}
	return res.Cookies()[0]
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// SPEC: PAG-003 PAG-004
func TestStrangersAndHeaders(t *testing.T) {
	s, _ := testServer(t, Config{})
	for name, change := range map[string]func(r *http.Request){
		"another name":    func(r *http.Request) { r.Host = "evil.example:7480" },
		"another port":    func(r *http.Request) { r.Host = "127.0.0.1:80" },
		"another machine": func(r *http.Request) { r.RemoteAddr = "192.0.2.7:40000" },
	} {
		if res := ask(s, "/", change); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s was let in: %s", name, res.Status)
		}
	}
	res := ask(s, "/", nil)
	csp := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy lacks %s: %s", want, csp)
		}
	}
	if strings.Contains(csp, "unsafe") || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers: %v", res.Header)
	}
	framed, _ := testServer(t, Config{Frame: "http://demo.localhost:7000"})
	if csp := ask(framed, "/", nil).Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors http://demo.localhost:7000") {
		t.Errorf("the demo's page may not frame it: %s", csp)
	}
}

// SPEC: PAG-005 PAG-006
func TestLinks(t *testing.T) {
	now := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	s, _ := testServer(t, Config{Now: func() time.Time { return now }})
	url, err := s.Link(act.Who{Officer: "A7-2", Account: "amaro", Known: "account"}, "it")
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(url, "http://"+host)
	res := ask(s, path, nil)
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/?lang=it" {
		t.Fatalf("a link gave %s to %s", res.Status, res.Header.Get("Location"))
	}
	c := res.Cookies()[0]
	if c.Name != "parley-aurelia-north" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" {
		t.Errorf("cookie: %+v", c)
	}
	if again := ask(s, path, nil); again.StatusCode != http.StatusForbidden || len(again.Cookies()) != 0 {
		t.Errorf("a link worked twice: %s", again.Status)
	}
	late, _ := s.Link(act.Who{Officer: "A7-2"}, "en")
	with := func(c *http.Cookie) func(r *http.Request) { return func(r *http.Request) { r.AddCookie(c) } }
	if page := body(t, ask(s, "/", with(c))); !strings.Contains(page, `id="p-messages"`) {
		t.Errorf("the cookie opens no desk: %.200s", page)
	}
	forged := *c
	forged.Value = "A" + c.Value[1:] + "A"
	if res := ask(s, "/", with(&forged)); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a forged cookie gave %s", res.Status)
	}
	other, _ := testServer(t, Config{})
	if res := ask(other, "/", with(c)); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("another node's cookie gave %s", res.Status)
	}
	now = now.Add(11 * time.Minute)
	if res := ask(s, strings.TrimPrefix(late, "http://"+host), nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("a link of eleven minutes gave %s", res.Status)
	}
	now = now.Add(24 * time.Hour)
	if res := ask(s, "/", with(c)); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a cookie of a day gave %s", res.Status)
	}
}

// A node that was killed and comes back with its key knows the desks that it let in. SPEC: PAG-006
func TestCookieOutlivesItsNode(t *testing.T) {
	kept := keeper{}
	s, _ := testServer(t, Config{Keep: kept})
	c := enter(t, s)
	s2, _ := testServer(t, Config{Keep: kept})
	if res := ask(s2, "/", func(r *http.Request) { r.AddCookie(c) }); res.StatusCode != http.StatusOK {
		t.Errorf("after a restart the desk got %s", res.Status)
	}
	// A sign-off at the desk is known after a restart, too.
	session, _ := s2.session(&http.Request{Header: http.Header{"Cookie": {c.String()}}})
	if s2.signOff(session); session.ID == "" {
		t.Fatal(session)
	}
	s3, _ := testServer(t, Config{Keep: kept})
	if res := ask(s3, "/", func(r *http.Request) { r.AddCookie(c) }); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the cookie of a session that was signed off got %s after a restart", res.Status)
	}
}

// keeper is a node's disk.
type keeper map[string][]byte

func (k keeper) State(name string) ([]byte, error)    { return k[name], nil }
func (k keeper) SetState(name string, b []byte) error { k[name] = b; return nil }

// A chat program or a scanner that looks at a link takes it from nobody. SPEC: PAG-005
func TestHeadLeavesALinkUnused(t *testing.T) {
	s, _ := testServer(t, Config{})
	link, err := s.Link(act.Who{Officer: "A7-2"}, "en")
	if err != nil {
		t.Fatal(err)
	}
	link = strings.TrimPrefix(link, "http://"+host)
	if res := ask(s, link, func(r *http.Request) { r.Method = http.MethodHead }); len(res.Cookies()) != 0 {
		t.Error("HEAD gave a cookie")
	}
	if res := ask(s, link, nil); res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 1 {
		t.Errorf("after HEAD the link gave %s", res.Status)
	}
}

// soundOf is an edge that carries sound, or not.
type soundOf struct{ carries atomic.Bool }

func (*soundOf) Offer(string, string) (string, error) { return "", nil }
func (e *soundOf) Carries(string) bool                { return e.carries.Load() }

// talker is a browser's socket in a test.
type talker struct {
	t  *testing.T
	ws *websocket.Conn
}

// live serves s and gives the cookie and address that a browser would have.
func live(t *testing.T, s *Server) (base string, c *http.Cookie) {
	t.Helper()
	c = enter(t, s)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = host // the tests' port is not the one that is configured
		if o := r.Header.Get("Origin"); o == "" || strings.Contains(o, "127.0.0.1") {
			r.Header.Set("Origin", "http://"+host)
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, c
}

func dial(t *testing.T, base string, c *http.Cookie, path string, origin string) (*talker, *http.Response, error) {
	t.Helper()
	h := http.Header{"Cookie": {c.String()}}
	if origin != "" {
		h.Set("Origin", origin)
	}
	ws, res, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(base, "http")+path, &websocket.DialOptions{HTTPHeader: h})
	if err != nil {
		return nil, res, err
	}
	ws.SetReadLimit(1 << 20)
	t.Cleanup(func() { ws.CloseNow() })
	return &talker{t, ws}, res, nil
}

func (k *talker) say(m map[string]any) {
	k.t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		k.t.Fatal(err)
	}
	if err := k.ws.Write(k.t.Context(), websocket.MessageText, b); err != nil {
		k.t.Fatal(err)
	}
}

// heard is what the server says.
type heard struct {
	T, Panel, HTML, Text, Error, Hint, Slot string
	N                                       int
	Seq                                     uint64
	Close                                   bool
}

// until reads up to the first message that fits, and gives all that came.
func (k *talker) until(what string, fits func(heard) bool) (all []heard) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, b, err := k.ws.Read(ctx)
		if err != nil {
			k.t.Fatalf("waiting for %s: %v", what, err)
		}
		ms := make([]heard, 1)
		if b[0] == '[' { // panels
			err = json.Unmarshal(b, &ms)
		} else {
			err = json.Unmarshal(b, &ms[0])
		}
		if err != nil {
			k.t.Fatal(err)
		}
		if all = append(all, ms...); slices.ContainsFunc(ms, fits) {
			return all
		}
	}
}

func isPanel(name string) func(heard) bool { return func(m heard) bool { return m.Panel == name } }
func isBeat(m heard) bool                  { return m.T == "beat" }

// open loads the page and joins its socket.
func open(t *testing.T, base string, c *http.Cookie) (k *talker, tab, seq, page string) {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), "GET", base+"/?lang=en", nil)
	req.AddCookie(c)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page = body(t, res)
	m := regexp.MustCompile(`data-ws="(/ws\?tab=[^"]+)" data-root="" data-seq="(\d+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no socket in the page: %.300s", page)
	}
	k, _, err = dial(t, base, c, m[1], "")
	if err != nil {
		t.Fatal(err)
	}
	return k, m[1], m[2], page
}

// Desks that see the same share what is drawn of it, but for who sits there; where values are read back they are hidden at
// that desk alone. SPEC: PAG-011 PAG-017
func TestDesksThatSeeTheSameShareItsPicture(t *testing.T) {
	s, n := testServer(t, Config{})
	n.draw = fixture
	look := func(tab *tab) (all string) {
		tab.mu.Lock()
		defer tab.mu.Unlock()
		if err := s.redraw(tab, s.sheet(tab)); err != nil {
			t.Fatal(err)
		}
		for _, m := range tab.drawn {
			all += m.HTML
		}
		return all
	}
	a, b := s.addTab("a", act.Who{Officer: "A7-2", Desk: "page-a"}, "en"), s.addTab("b", act.Who{Officer: "A7-2", Desk: "page-b"}, "en")
	first := look(a)
	shared := s.pictures.of["en"]
	if look(b) == "" || s.pictures.of["en"] != shared {
		t.Error("a desk that sees the same was drawn anew")
	}
	a.open["fmsg"] = openForm{"ack", fixture("aurelia", "borealia", "en").Messages[0].ID}
	if out := look(a); strings.Contains(out, "54.20N") || !strings.Contains(first, "54.20N") {
		t.Error("the values stand on the desk that reads them back")
	}
	if out := look(b); !strings.Contains(out, "54.20N") {
		t.Error("the values are hidden at another desk")
	}
	delete(a.open, "fmsg")
	if out := look(a); !strings.Contains(out, "54.20N") {
		t.Error("the values did not come back")
	}
	n.show(func(us, them, lang string) view.Desk {
		d := fixture(us, them, lang)
		d.Alarms = nil
		return d
	})
	if look(b); s.pictures.of["en"] == shared {
		t.Error("what changed was not drawn")
	}
}

// SPEC: PAG-008 PAG-009
func TestSocketResumes(t *testing.T) {
	s, n := testServer(t, Config{})
	base, c := live(t, s)
	k, tab, seq, _ := open(t, base, c)
	k.say(map[string]any{"t": "hello", "seq": json.Number(seq), "lang": "en"})
	for _, m := range k.until("a beat", isBeat) {
		if m.Panel != "" {
			t.Errorf("panel %s came again though nothing changed", m.Panel)
		}
	}
	n.show(fixtureIdle)
	all := k.until("the call's panel", isPanel("call"))
	last := all[len(all)-1]
	all = append(all, k.until("a beat", isBeat)...)
	newest := last.Seq
	for _, m := range all {
		newest = max(newest, m.Seq)
	}
	k.ws.CloseNow()

	n.show(fixtureCall) // while nobody looks
	k2, _, err := dial(t, base, c, tab, "")
	if err != nil {
		t.Fatal(err)
	}
	k2.say(map[string]any{"t": "hello", "seq": newest, "lang": "en"})
	got := k2.until("a beat", isBeat)
	names := map[string]bool{}
	for _, m := range got {
		if m.Panel != "" {
			names[m.Panel] = true
			if m.Seq <= newest {
				t.Errorf("panel %s has the number %d, the browser has %d", m.Panel, m.Seq, newest)
			}
		}
	}
	if !names["call"] || !names["meters"] || names["messages"] || names["header"] {
		t.Errorf("after a cut came %v", names)
	}

	// A server that does not know the tab draws all of it anew, and knows the forms that are open.
	s.mu.Lock()
	clear(s.tabs)
	s.mu.Unlock()
	k3, _, err := dial(t, base, c, tab, "")
	if err != nil {
		t.Fatal(err)
	}
	n.show(fixture)
	k3.say(map[string]any{"t": "hello", "seq": 9999, "lang": "en", "forms": map[string]any{"fmsg": map[string]any{"form": "ack", "id": "B7-42"}}})
	all = k3.until("a beat", isBeat)
	names = map[string]bool{}
	for _, m := range all {
		names[m.Panel] = true
		if m.Panel == "messages" && strings.Contains(m.HTML, "54.20N") {
			t.Error("the values that are being read back are on the screen")
		}
	}
	if !names["header"] || !names["messages"] || names["fmsg"] {
		t.Errorf("to a stranger's tab came %v", names)
	}
}

// SPEC: PAG-004
func TestSocketRefusesAnotherOrigin(t *testing.T) {
	s, _ := testServer(t, Config{})
	base, c := live(t, s)
	if _, res, err := dial(t, base, c, "/ws?tab=x", "http://evil.example"); err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("another origin's socket: %v %v", res, err)
	}
	if _, res, err := dial(t, base, &http.Cookie{Name: "parley-aurelia-north", Value: "x.y"}, "/ws?tab=x", ""); err == nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a socket without a session: %v %v", res, err)
	}
}

// SPEC: PAG-007 PAG-010 PAG-011 PAG-015 PAG-030 PAG-035
func TestActsAndForms(t *testing.T) {
	s, n := testServer(t, Config{Lingers: 2 * time.Second})
	n.carries.Store(false)
	base, c := live(t, s)
	k, _, seq, _ := open(t, base, c)
	k.say(map[string]any{"t": "hello", "seq": json.Number(seq), "lang": "en"})

	k.say(map[string]any{"t": "act", "n": 1, "verb": "ring", "args": map[string]any{"class": "test"}})
	k.until("an answer", func(m heard) bool { return m.N == 1 && m.Text == "Done: ring" })
	n.mu.Lock()
	for i, a := range n.acts {
		if ring, ok := a.(act.Ring); ok && (ring.Class != "test" || n.who[i].Officer != "A7-2" || n.who[i].Known != "account + link" || !strings.HasPrefix(n.who[i].Desk, "page-")) {
			t.Errorf("the node got %#v of %+v", ring, n.who[i])
		}
	}
	n.mu.Unlock()
	k.say(map[string]any{"t": "act", "n": 2, "verb": "ring", "args": map[string]any{"officer": "B7-1"}})
	k.until("a refusal of an unknown member", func(m heard) bool { return m.N == 2 && m.Error != "" })

	k.say(map[string]any{"t": "form", "form": "ack", "id": "B7-42"})
	all := k.until("the form", isPanel("fmsg"))
	if form := all[len(all)-1].HTML; !strings.Contains(form, `name="fields.place"`) || strings.Contains(form, "18.40E</") {
		t.Errorf("form: %s", form)
	}
	hidden := false
	for _, m := range all {
		hidden = hidden || m.Panel == "messages" && !strings.Contains(m.HTML, "54.20N") && strings.Contains(m.HTML, "Hidden while")
	}
	if !hidden {
		t.Error("the item is on the screen while its values are read back")
	}
	k.say(map[string]any{"t": "form", "form": "respond", "id": "B7-42"})
	k.until("busy", func(m heard) bool { return m.T == "busy" && m.Slot == "fmsg" })

	n.mu.Lock()
	n.fail = &hint.Error{What: "place differs", Hint: "read it again"}
	n.mu.Unlock()
	k.say(map[string]any{"t": "act", "n": 3, "slot": "fmsg", "verb": "ack", "args": map[string]any{"id": "B7-42", "read": "original", "fields": map[string]string{"place": "1"}}})
	for _, m := range k.until("the reason", func(m heard) bool { return m.N == 3 && m.Error == "place differs" && m.Hint == "read it again" }) {
		if m.Panel == "fmsg" {
			t.Error("a form was replaced while it is open")
		}
	}
	n.mu.Lock()
	n.fail = nil
	n.mu.Unlock()
	k.say(map[string]any{"t": "act", "n": 4, "slot": "fmsg", "verb": "ack", "args": map[string]any{"id": "B7-42", "read": "original"}})
	again := func(m heard) bool { return m.Panel == "messages" && strings.Contains(m.HTML, "54.20N") }
	if came := k.until("the form's end", func(m heard) bool { return m.Panel == "fmsg" && m.Close && m.HTML == "" }); !slices.ContainsFunc(came, again) {
		k.until("the item again", again)
	}

	// A page cannot say that its desk is armed: its sound does.
	k.say(map[string]any{"t": "act", "n": 5, "verb": "desk", "args": map[string]any{"armed": true}})
	k.until("the refusal", func(m heard) bool { return m.N == 5 && m.Error == "a desk is armed by its sound" })

	// A page that says that its sound runs is believed when sound comes; until then it is told to connect.
	k.say(map[string]any{"t": "beat", "audio": true})
	k.until("the word to connect", func(m heard) bool { return m.T == "link" })
	if armedIs(n, true) {
		t.Error("armed without sound")
	}
	n.carries.Store(true)
	s.SoundChanged(n.who[0].Desk)
	wait(t, "the desk to be armed", func() bool { return armedIs(n, true) })
	if n.done("sign-on") != 1 || n.done("sign-off") != 0 {
		t.Errorf("while a page is open: %d sign-ons, %d sign-offs", n.done("sign-on"), n.done("sign-off"))
	}
	// Its page is there, and no sound passes to the node, or from it: it is said so.
	last := n.lastDesk
	n.carries.Store(false)
	s.SoundChanged(n.who[0].Desk)
	wait(t, "the word that it cannot speak", func() bool { return last() == act.SetDesk{Sound: act.CannotSpeak} })
	n.carries.Store(true)
	k.say(map[string]any{"t": "beat", "audio": true, "why": act.CannotHear})
	wait(t, "the word that it cannot hear", func() bool { return last() == act.SetDesk{Sound: act.CannotHear} })
	k.say(map[string]any{"t": "beat", "audio": true})
	wait(t, "the desk to be armed again", func() bool { return armedIs(n, true) })
	n.carries.Store(false) // as a browser ends its sound with its page
	k.ws.CloseNow()
	wait(t, "the desk to be disarmed", func() bool { return last() == act.SetDesk{} })
	wait(t, "its officer to be gone", func() bool { return n.done("sign-off") == 1 })
}

// An officer sits at his desk until no page of it has been open for a while, however often one was closed before. SPEC: PAG-030
func TestAnOfficerStaysThroughReloads(t *testing.T) {
	const lingers = 2 * time.Second
	s, n := testServer(t, Config{Lingers: lingers})
	base, c := live(t, s)
	var closed time.Time
	for range 2 {
		k, _, seq, _ := open(t, base, c)
		k.say(map[string]any{"t": "hello", "seq": json.Number(seq), "lang": "en"})
		wait(t, "the officer to sit there", func() bool { return n.done("sign-on") == 1 })
		closed = time.Now()
		k.ws.CloseNow()
		time.Sleep(lingers / 2)
	}
	for n.done("sign-off") == 0 && time.Since(closed) < time.Minute {
		time.Sleep(10 * time.Millisecond)
	}
	if took := time.Since(closed); n.done("sign-off") != 1 || took < lingers {
		t.Errorf("signed off %d times, %v after his last page was closed", n.done("sign-off"), took)
	}
}

// lastDesk is what the node was told last of its desk.
func (n *fakeNode) lastDesk() (d act.SetDesk) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range n.acts {
		if x, ok := a.(act.SetDesk); ok {
			d = x
		}
	}
	return d
}

// A desk is away, and not gone, while a page of it is being loaded, or its sound comes though its page says nothing; whose session
// has ended is gone with it. SPEC: CAL-020 PAG-076
func TestADeskIsAwayUntilNeitherPageNorSoundOfItIsThere(t *testing.T) {
	s, n := testServer(t, Config{})
	n.carries.Store(false)
	base, c := live(t, s)
	is := func(what string, want act.SetDesk) {
		t.Helper()
		wait(t, what, func() bool { return n.lastDesk() == want })
	}
	armed := act.SetDesk{Armed: true, Sound: "ok"}
	load := func() *talker {
		k, _, seq, _ := open(t, base, c)
		k.say(map[string]any{"t": "hello", "seq": json.Number(seq), "lang": "en"})
		is("a page that answers", act.SetDesk{Page: act.Here})
		return k
	}
	k := load()
	k.say(map[string]any{"t": "beat", "audio": true})
	n.carries.Store(true)
	s.SoundChanged(n.who[0].Desk)
	is("its sound", armed)
	k.ws.CloseNow()
	is("its sound alone", act.SetDesk{Page: act.Away})
	n.carries.Store(false)
	s.SoundChanged(n.who[0].Desk)
	is("neither", act.SetDesk{})

	k = load()
	again, _, _, _ := open(t, base, c) // a reload: the page is asked for before the old one goes, which says a last word
	again.ws.CloseNow()
	k.say(map[string]any{"t": "beat"})
	k.ws.CloseNow()
	is("a page that is being loaded", act.SetDesk{Page: act.Away})
	is("one that never answered", act.SetDesk{})

	k = load()
	k.say(map[string]any{"t": "beat", "audio": true})
	n.carries.Store(true)
	s.SoundChanged(n.who[0].Desk)
	is("its sound again", armed)
	k.ws.CloseNow()
	is("its sound alone again", act.SetDesk{Page: act.Away})
	s.signOff(s.list()[0])
	is("nobody's sound", act.SetDesk{})
}

func armedIs(n *fakeNode, want bool) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := len(n.acts) - 1; i >= 0; i-- {
		if d, ok := n.acts[i].(act.SetDesk); ok {
			return d.Armed == want
		}
	}
	return false
}

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 1500 { // a busy machine is no fault
		if done() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// Whoever opens a page is seen as signed on from its first picture, and a node that does not take him yet, because it
// reads its record still, is asked until it does: so it is with the desk's sound. SPEC: PAG-030 PAG-015
func TestOfficerIsSeatedBeforeTheFirstPictureAndUntilItIsTaken(t *testing.T) {
	s, n := testServer(t, Config{})
	n.show(func(us, them, lang string) view.Desk {
		d := fixtureIdle(us, them, lang)
		if !slices.ContainsFunc(n.acts, func(a act.Act) bool { return a.Verb() == "sign-on" }) {
			d.Header.Officer, d.Header.Word = "", "nobody signed on"
		}
		return d
	})
	base, c := live(t, s)
	k, _, seq, page := open(t, base, c)
	if strings.Contains(page, "nobody signed on") || !strings.Contains(page, "Lt Amaro") {
		t.Error("the first picture says that nobody is signed on")
	}
	k.say(map[string]any{"t": "hello", "seq": json.Number(seq), "lang": "en"})
	k.until("a beat", isBeat)
	k.ws.CloseNow()

	s, n = testServer(t, Config{})
	n.fail = &hint.Error{What: "starting, 3 of 9"}
	base, c = live(t, s)
	k, _, seq, _ = open(t, base, c)
	k.say(map[string]any{"t": "hello", "seq": json.Number(seq), "lang": "en"})
	beats := func() {
		k.until("a beat", isBeat)
		k.say(map[string]any{"t": "beat", "audio": true})
	}
	for beats(); n.done("desk") == 0; {
		beats()
	}
	n.mu.Lock()
	n.fail, n.acts = nil, nil
	n.mu.Unlock()
	for range 3 {
		beats()
	}
	wait(t, "the officer and his desk to be taken", func() bool { return n.done("sign-on") == 1 && armedIs(n, true) })
}

// A sign-off ends the session for good. SPEC: PAG-006
func TestSignOff(t *testing.T) {
	s, n := testServer(t, Config{})
	base, c := live(t, s)
	k, tab, seq, _ := open(t, base, c)
	k.say(map[string]any{"t": "hello", "seq": json.Number(seq)})
	other, _, seq2, _ := open(t, base, c)
	other.say(map[string]any{"t": "hello", "seq": json.Number(seq2)})
	defer func() {
		other.say(map[string]any{"t": "act", "n": 2, "verb": "stop"})
		if other.until("reload", func(m heard) bool { return m.T == "reload" }); n.done("stop") != 0 {
			t.Error("another tab went on acting")
		}
	}()
	k.say(map[string]any{"t": "act", "n": 1, "verb": "sign-off"})
	k.until("reload", func(m heard) bool { return m.T == "reload" })
	if _, res, err := dial(t, base, c, tab, ""); err == nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the sign-off the socket gave %v %v", res, err)
	}
}

// Each template's words are in the tables, and no panel draws markup of the other party. SPEC: PAG-001 PAG-028
func TestTemplates(t *testing.T) {
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`\bt "([^"]+)"`)
	for _, f := range files {
		b, err := templateFiles.ReadFile("templates/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(b), -1) {
			if _, ok := words.Get("en", m[1]); !ok {
				t.Errorf("%s: no words for %q", f.Name(), m[1])
			}
		}
		for _, word := range []string{`(?i)\bunanswered\b`, `(?i)\bposition\b`, `(?i)\brefused\b`, `(?i)>sent<`, ` style=`, ` on[a-z]+=`} {
			if regexp.MustCompile(word).Match(b) {
				t.Errorf("%s has %s", f.Name(), word)
			}
		}
	}
	d := fixture("aurelia", "borealia", "en")
	d.Messages[0].Spans = []phrase.Span{{Text: `<img src=x onerror=alert(1)>"'`}}
	d.Messages[0].By, d.Messages[0].ID = `<b>`, `"><script>`
	d.Call.OutcomeWas, d.Alarms[0].Cause = "</p><script>", "<i>"
	out := stillOf(t, d, nil)
	for _, bad := range []string{"<img", "<b>", "<script>", "<i>ONE"} {
		if strings.Contains(strings.ReplaceAll(out, `<b class`, ""), bad) && bad != "<b>" {
			t.Errorf("the other party's %s is markup here", bad)
		}
	}
}

// SPEC: PAG-012
func TestTones(t *testing.T) {
	for _, x := range []struct {
		draw func(us, them, lang string) view.Desk
		want string
	}{{fixtureIdle, ""}, {fixture, "high"}, {fixtureStop, "high"}, {ringOnly, "ring"}, {alarmOnly, "alarm"}} {
		if got := (sheet{Desk: x.draw("aurelia", "borealia", "en")}).Tone(); got != x.want {
			t.Errorf("tone %q, want %q", got, x.want)
		}
	}
}

func ringOnly(us, them, lang string) view.Desk {
	d := fixture(us, them, lang)
	d.Messages = nil
	return d
}

func alarmOnly(us, them, lang string) view.Desk {
	d := ringOnly(us, them, lang)
	d.Call.State = "idle"
	return d
}

// A browser that comes back leaves a socket behind that nobody has closed: it ends, takes no change from the new one, and
// what it last knew of the sound does not disarm the desk.
// SPEC: PAG-009 PAG-015
func TestATabHasOneSocket(t *testing.T) {
	s, n := testServer(t, Config{})
	base, c := live(t, s)
	first, _, err := dial(t, base, c, "/ws?tab=one", "")
	if err != nil {
		t.Fatal(err)
	}
	n.show(ringOnly)
	drawn := func(what string) func(heard) bool { return func(h heard) bool { return h.Panel == what } }
	first.say(map[string]any{"t": "hello"})
	first.say(map[string]any{"t": "beat", "audio": true})
	first.until("its panels", drawn("call"))
	second, _, err := dial(t, base, c, "/ws?tab=one", "")
	if err != nil {
		t.Fatal(err)
	}
	second.say(map[string]any{"t": "hello"})
	second.say(map[string]any{"t": "beat", "audio": true})
	second.until("its panels", drawn("call"))
	for i := range 20 {
		n.show(map[bool]func(us, them, lang string) view.Desk{true: alarmOnly, false: ringOnly}[i%2 == 0])
		second.until("a change of the call", drawn("call"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for err == nil {
		_, _, err = first.ws.Read(ctx)
	}
	if ctx.Err() != nil {
		t.Error("the socket that was left behind stands")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	armed := false
	for _, a := range n.acts {
		if d, ok := a.(act.SetDesk); ok && armed && !d.Armed {
			t.Errorf("the desk was disarmed: %+v", n.acts)
		} else if ok {
			armed = d.Armed
		}
	}
	if !armed {
		t.Error("the desk was never armed")
	}
}

// A page that is closed after a sign-off says of its desk that it is gone, and not in the name of who sat there: the node would
// sign him on. SPEC: PAG-074
func TestAPageThatIsClosedSignsNobodyOn(t *testing.T) {
	s, n := testServer(t, Config{Lingers: time.Minute})
	base, c := live(t, s)
	k, _, err := dial(t, base, c, "/ws?tab=one", "")
	if err != nil {
		t.Fatal(err)
	}
	k.say(map[string]any{"t": "hello"})
	k.until("its panels", func(h heard) bool { return h.Panel == "call" })
	k.say(map[string]any{"t": "act", "n": 1, "verb": "sign-off", "args": map[string]any{}})
	k.until("the sign-off", func(h heard) bool { return h.T == "reply" })
	k.ws.CloseNow()
	for end := time.Now().Add(20 * time.Second); n.done("desk") == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the node is not told that the page is gone")
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	off := false
	for i, a := range n.acts {
		if off = off || a == act.SignOff; off && a != act.SignOff && n.who[i].Officer != "" {
			t.Errorf("after the sign-off %+v of %+v", a, n.who[i])
		}
	}
	if !off {
		t.Error("nobody signed off")
	}
}

// SPEC: PAG-016
func TestDemoPage(t *testing.T) {
	r := newRig(t)
	get := func(path string, c *http.Cookie) *http.Response {
		base := strings.SplitN(strings.Replace(r.url, "demo.localhost", "127.0.0.1", 1), "/?", 2)[0]
		req, _ := http.NewRequestWithContext(t.Context(), "GET", base+path, nil)
		if c != nil {
			req.AddCookie(c)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	if res := get("/", nil); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the token: %s", res.Status)
	}
	if res := get("/?token=no", nil); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("with a wrong token: %s", res.Status)
	}
	res := get(r.url[strings.Index(r.url, "/?"):], nil)
	if res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 1 {
		t.Fatalf("with the token: %s", res.Status)
	}
	res = get("/", res.Cookies()[0])
	if p := res.Header.Get("Permissions-Policy"); !strings.Contains(p, `microphone=(self "http://aurelia.demo.localhost:`) || !strings.Contains(p, `"http://borealia.demo.localhost:`) {
		t.Errorf("the policy names no desk: %s", p)
	}
	page := body(t, res)
	if strings.Count(page, `allow="microphone; autoplay"`) != 2 || strings.Count(page, "/in?token=") != 2 {
		t.Errorf("two frames with fresh links: %s", page)
	}
}

// Of two tabs of a desk the one that took the sound last is told to connect while none comes; the other would take it from a
// connection that is only being made. When that tab's sound is off or the tab gone, the other is told.
// SPEC: PAG-035
func TestOnlyTheTabThatTookTheSoundIsToldToConnect(t *testing.T) {
	s, n := testServer(t, Config{})
	n.carries.Store(false)
	who := act.Who{Desk: "page-1", Officer: "A7-2"}
	first, second := &tab{id: "1", who: who}, &tab{id: "2", who: who}
	told := func(t *tab) bool { return s.arm(t, fromBrowser{T: "beat", Audio: true}) }
	if !told(first) || !told(second) {
		t.Error("nobody has the sound, and a tab is not told to connect")
	}
	s.takes(who, second.id)
	if told(first) || !told(second) {
		t.Error("the second tab is connecting, and the first is told to take the sound from it")
	}
	s.arm(second, fromBrowser{})
	if !told(first) {
		t.Error("the second tab is gone, and the first is not told to connect")
	}
}

// Deputies have their turns in the order in which they became desks, and one whose turn is to come makes no sound.
//
// SPEC: PAG-079 PAG-086
func TestDeputiesHaveTurns(t *testing.T) {
	s, _ := testServer(t, Config{})
	s.enrolled = []enrolled{{Name: "Ops"}, {Name: "Night", Deputy: true}, {Name: "Annex", Deputy: true}}
	for desk, want := range map[string]int{"Ops": 0, "Night": 1, "Annex": 2, "nowhere": 0} {
		if n := s.turn(desk); n != want {
			t.Errorf("%s: turn %d, not %d", desk, n, want)
		}
	}
	for want, c := range map[string]view.Call{"ring": {State: "ringing-here"}, "": {State: "ringing-later"}, "priority": {State: "ringing-here", Priority: "danger"}} {
		if tone := (sheet{Desk: view.Desk{Call: c}}).Tone(); tone != want {
			t.Errorf("%+v sounds %q, not %q", c, tone, want)
		}
	}
}

// What goes wrong with one act of a browser is over with it, and it is told.
func TestAPanicEndsOneAct(t *testing.T) {
	// SPEC: NOD-044
	s, _ := testServer(t, Config{})
	var r toBrowser
	if err := (&conn{s: s}).kept(t.Context(), fromBrowser{T: "act"}, &r); err == nil { // it has no tab
		t.Error("an act that made us panic is told as done")
	}
}
