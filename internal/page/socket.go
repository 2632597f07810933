// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/fault"
	"example.org/parley/words"
)

// The browser hatches what has had no heartbeat for staleAfter (static/page.js, as is the handling of keys and of
// what is shown). SPEC: PAG-013 PAG-014 PAG-029
const (
	beatEvery  = 2 * time.Second
	staleAfter = 5 * time.Second
	settle     = 30 * time.Millisecond // after a change: those within it are drawn together
	maxInMsg   = 64 << 10
	actTimeout = 15 * time.Second
	maxActs    = 16 // under way in one tab
)

// fromBrowser is what a browser says.
type fromBrowser struct {
	T        string              `json:"t"` // hello beat act form preview close lang offer letters
	N        int                 `json:"n"`
	openForm                     // of form
	Seq      uint64              `json:"seq"`
	Lang     string              `json:"lang"`
	Forms    map[string]openForm `json:"forms"`
	Verb     string              `json:"verb"`
	Args     json.RawMessage     `json:"args"`
	Times    map[string]string   `json:"times"` // of an act's arguments, as they were typed
	Slot     string              `json:"slot"`
	SDP      string              `json:"sdp"`
	Text     string              `json:"text"`  // of letters: the line as it stands
	Done     bool                `json:"done"`  // and it is finished
	Audio    bool                `json:"audio"` // of a beat: its sound runs
	Why      string              `json:"why"`   // what is wrong with it
	Busy     bool                `json:"busy"`  // its person is in a call on another line
}

// toBrowser is a panel on its way to a browser, or the answer to an act, an offer or a form.
type toBrowser struct {
	T     string            `json:"t,omitempty"` // reply say letters parts busy beat link reload; "" is a panel
	Seq   uint64            `json:"seq,omitempty"`
	Panel string            `json:"panel,omitempty"`
	HTML  string            `json:"html,omitempty"`
	Close bool              `json:"close,omitempty"` // a form was closed: put it even over an open form
	N     int               `json:"n,omitempty"`
	ID    string            `json:"id,omitempty"`
	Text  string            `json:"text,omitempty"`
	SDP   string            `json:"sdp,omitempty"`
	Error string            `json:"error,omitempty"`
	Hint  string            `json:"hint,omitempty"`
	Slot  string            `json:"slot,omitempty"`
	Parts map[string]string `json:"parts,omitempty"` // of a form, by element
	Now   time.Time         `json:"now,omitzero"`
}

// conn is one socket of a tab. Its loop is the only one that writes.
type conn struct {
	s     *Server
	ws    *websocket.Conn
	end   context.CancelFunc
	t     *tab
	sent  uint64 // the newest panel that was sent
	link  link
	out   chan toBrowser // answers from acts under way
	slots chan struct{}
	heard time.Time

	draw func(t *tab) error // anew, what changed; the caller holds t.mu
	act  func(ctx context.Context, m fromBrowser, r *toBrowser) error
}

// socket joins a browser to its tab.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	l, ok := s.session(r)
	if !ok {
		http.Error(w, "this desk needs a link: parley open", http.StatusUnauthorized)
		return
	}
	c := &conn{s: s, link: l, draw: s.changes}
	c.act = c.do
	changed, done := s.cfg.Node.Subscribe(l.Who.Desk)
	defer done()
	c.serve(w, r, changed)
}

// changes are the panels of a desk that changed.
func (s *Server) changes(t *tab) error {
	sh := s.sheet(t)
	t.closeDead(sh.Desk)
	return s.redraw(t, sh)
}

// serve takes up a browser, and is the loop of its socket: what the browser says, what changed, the heartbeat.
func (c *conn) serve(w http.ResponseWriter, r *http.Request, changed <-chan struct{}) {
	if c.s.foreign(r) {
		c.s.refuse(w, r, http.StatusForbidden, "a socket of another origin")
		return
	}
	if !c.s.room(c.link.ID) {
		c.s.refuse(w, r, http.StatusServiceUnavailable, "too many sockets")
		return
	}
	defer c.s.left(c.link.ID)
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	ws.SetReadLimit(maxInMsg)
	defer ws.CloseNow()
	c.ws, c.out, c.slots, c.heard = ws, make(chan toBrowser, maxActs+4), make(chan struct{}, maxActs), c.s.cfg.Now()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	c.end = cancel
	in := make(chan fromBrowser)
	go c.read(ctx, cancel, in)
	hello, ok := <-in
	if !ok || hello.T != "hello" {
		return
	}
	err = c.hello(ctx, r.URL.Query().Get("tab"), hello)
	c.s.enter(c.link.Who)
	defer c.s.leave(c.link.Who)
	c.s.arm(c.t, hello)
	defer func() {
		if c.t.left(c) {
			c.s.arm(c.t, fromBrowser{})
			c.s.listens(c.link)
		}
	}()
	beat, look := time.NewTicker(beatEvery), time.NewTicker(watchTime)
	defer beat.Stop()
	defer look.Stop()
	news, settled := changed, (<-chan time.Time)(nil)
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-in:
			if !ok {
				return
			}
			err = c.take(ctx, m)
		case m := <-c.out: // what the act has changed comes first
			if err = c.redraw(ctx); err == nil {
				err = c.send(ctx, m)
			}
		case <-news: // drawn at once: what rings is not to wait
			news, settled = nil, time.After(settle)
			err = c.redraw(ctx)
		case <-settled:
			news = changed
		case <-look.C:
			if !c.s.stands(c.link) { // SPEC: PAG-076
				c.s.rise(c.link.Who)
				_ = c.send(ctx, toBrowser{T: "reload"})
				return
			}
		case <-beat.C:
			if c.s.cfg.Now().Sub(c.heard) > staleAfter {
				c.s.arm(c.t, fromBrowser{}) // a newer socket of its tab would have ended this one
			}
			c.s.seat(c.link.Who)
			if err = c.send(ctx, toBrowser{T: "beat", Now: c.s.cfg.Now().UTC()}); err == nil {
				err = c.redraw(ctx)
			}
		}
	}
	if !errors.Is(err, context.Canceled) {
		c.s.cfg.Log.Debug("page socket", "err", err)
	}
}

// read hands the browser's messages to the loop; it ends with the socket.
func (c *conn) read(ctx context.Context, cancel func(), in chan<- fromBrowser) {
	defer cancel()
	defer close(in)
	defer fault.Caught(c.s.cfg.Log, "a socket of the page")
	for {
		_, b, err := c.ws.Read(ctx)
		if err != nil {
			return
		}
		var m fromBrowser
		if json.Unmarshal(b, &m) != nil {
			return
		}
		select {
		case in <- m:
		case <-ctx.Done():
			return
		}
	}
}

// hello takes the browser up where it was; a socket that it left behind, of which nobody has told us yet, ends. To a server
// that does not know the tab, it says which forms it has open.
func (c *conn) hello(ctx context.Context, id string, m fromBrowser) error {
	t, known := c.s.resume(id, c.link.Who, m.Lang)
	c.t = t
	t.mu.Lock()
	if t.socket != nil {
		t.socket.end()
	}
	t.socket = c
	t.root = c.link.root
	from := m.Seq
	if known && from > t.seq { // since then the browser was another person's tab: nothing of what stands there is known
		known, t.drawn, t.open = false, map[string]toBrowser{}, map[string]openForm{}
	}
	if !known {
		from = 0
		for where, f := range m.Forms {
			if where == slot(f.Form) {
				t.open[where] = f
			}
		}
		t.seq = max(t.seq, m.Seq)
	}
	c.sent = from
	t.mu.Unlock()
	return c.redraw(ctx)
}

// redraw sends the panels that are newer than what was sent. SPEC: PAG-009
func (c *conn) redraw(ctx context.Context) error {
	c.t.mu.Lock()
	if c.t.socket != c {
		c.t.mu.Unlock()
		return context.Canceled
	}
	err := c.draw(c.t)
	out := c.t.since(c.sent)
	c.sent = c.t.seq
	c.t.mu.Unlock()
	if err != nil {
		return err
	}
	if len(out) == 0 {
		return nil
	}
	return c.send(ctx, out) // the browser draws them at once
}

func (c *conn) send(ctx context.Context, m any) error {
	ctx, cancel := context.WithTimeout(ctx, staleAfter)
	defer cancel()
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return c.ws.Write(ctx, websocket.MessageText, b)
}

// take does what the browser says.
func (c *conn) take(ctx context.Context, m fromBrowser) error {
	switch m.T {
	case "beat":
		c.heard = c.s.cfg.Now()
		if c.s.arm(c.t, m) {
			return c.send(ctx, toBrowser{T: "link"})
		}
	case "form":
		return c.form(ctx, m)
	case "preview":
		parts, err := c.s.preview(c.t, m)
		if err != nil { // half typed is no error of the person's, and what he sends is judged anyway
			return nil
		}
		return c.send(ctx, toBrowser{T: "parts", Parts: parts})
	case "close":
		c.t.mu.Lock()
		c.t.closeForm(m.Slot)
		c.t.mu.Unlock()
		return c.redraw(ctx)
	case "lang":
		c.t.mu.Lock()
		c.t.lang = m.Lang
		c.t.mu.Unlock()
		return c.redraw(ctx)
	case "letters": // beside the loop they would overtake each other
		if c.s.stands(c.link) {
			c.s.cfg.Node.Letters(c.t.who, m.Text, m.Done, func(err error) {
				e := c.refusal(err)
				go c.push(ctx, toBrowser{T: "letters", Error: e.What, Hint: e.Hint})
			})
		}
	case "act", "offer":
		select {
		case c.slots <- struct{}{}:
			go c.aside(ctx, m)
		default:
			return c.send(ctx, toBrowser{T: "reply", N: m.N, Error: c.refusal(hint.New("", "too many acts are under way here")).What})
		}
	}
	return nil
}

// form opens one.
func (c *conn) form(ctx context.Context, m fromBrowser) error {
	c.t.mu.Lock()
	html, where, ok, err := c.s.openForm(c.t, m.openForm)
	c.t.mu.Unlock()
	var refusal *hint.Error
	switch {
	case errors.As(err, &refusal):
		refusal = c.refusal(err)
		return c.send(ctx, toBrowser{T: "say", Error: refusal.What, Hint: refusal.Hint})
	case err != nil:
		return err
	case !ok:
		return c.send(ctx, toBrowser{T: "busy", Slot: where})
	}
	if err := c.redraw(ctx); err != nil { // first the item goes, then its form comes
		return err
	}
	c.t.mu.Lock()
	c.t.put(where, html, false)
	c.t.mu.Unlock()
	return c.redraw(ctx)
}

// aside carries out an act or an offer beside the loop, since it waits for the disk; the answer goes through the loop.
func (c *conn) aside(ctx context.Context, m fromBrowser) {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	r := toBrowser{T: "reply", N: m.N}
	err := c.kept(ctx, m, &r)
	if err != nil {
		e := c.refusal(err)
		r.Error, r.Hint = e.What, e.Hint
	}
	<-c.slots
	c.push(ctx, r)
}

// kept does one of them; a panic ends it alone. SPEC: NOD-044
func (c *conn) kept(ctx context.Context, m fromBrowser, r *toBrowser) (err error) {
	defer fault.Caught(c.s.cfg.Log, "an act of the page", func() { err = hint.New("", "this could not be done: a fault of this program, its log says where") })
	if m.T == "offer" {
		before := c.s.takes(c.t.who, c.t.id)
		if r.SDP, err = c.s.cfg.Node.Offer(c.t.who.Desk, m.SDP); err != nil {
			c.s.takes(c.t.who, before)
		}
		return err
	}
	return c.act(ctx, m, r)
}

// refusal says an error in the language of the tab.
func (c *conn) refusal(err error) *hint.Error {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	return refusal(err, c.t.lang)
}

// refusal says an error as the page says it: its way out without the verb of the shell, and none where it was that alone.
// SPEC: PAG-058
func refusal(err error, lang string) *hint.Error {
	e := hint.Of(err).In(lang, words.Say)
	if way, _, shell := strings.Cut(e.Hint, "parley "); shell {
		if e.Hint = strings.TrimRight(way, ": "); !strings.Contains(e.Hint, " ") { // what is left says "see" or "as"
			e.Hint = ""
		}
	}
	return e
}

// push hands something to the loop, which may have ended.
func (c *conn) push(ctx context.Context, out ...toBrowser) {
	for _, m := range out {
		select {
		case c.out <- m:
		case <-ctx.Done():
		}
	}
}

// do decodes and does one act; the form that it came from closes when it was done. SPEC: PAG-007
func (c *conn) do(ctx context.Context, m fromBrowser, r *toBrowser) error {
	args, err := act.Timed(m.Args, m.Times, c.s.cfg.Now())
	if err != nil {
		return err
	}
	a, err := act.Decode(m.Verb, args)
	if err != nil {
		return err
	}
	if _, ok := a.(act.SetDesk); ok { // with every heartbeat, by what the browser says of its sound. SPEC: PAG-015
		return hint.New("", "a desk is armed by its sound")
	}
	if !c.s.stands(c.link) { // ended in another tab, at the shell, or with its officer
		c.push(ctx, toBrowser{T: "reload"})
		return hint.New("parley open", "this desk is signed off")
	}
	c.t.mu.Lock()
	lang := c.t.lang
	c.t.mu.Unlock()
	res, err := c.s.cfg.Node.Do(ctx, c.t.who, lang, a)
	if err != nil {
		return err
	}
	r.ID, r.Text = res.ID, res.Text
	c.t.mu.Lock()
	c.t.closeForm(m.Slot)
	c.t.mu.Unlock()
	if a == act.SignOff {
		c.s.rose(c.link.Who) // the node has just been told
		c.s.signOff(c.link)
		c.push(ctx, toBrowser{T: "reload"})
	}
	return nil
}
