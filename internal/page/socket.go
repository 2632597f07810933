// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/words"
)

// The browser hatches what has had no heartbeat for staleAfter (static/page.js, as is the handling of keys and of
// what is shown). SPEC: PAG-013 PAG-014 PAG-029
const (
	beatEvery  = 2 * time.Second
	staleAfter = 5 * time.Second
	settle     = 30 * time.Millisecond // changes within it are drawn together
	maxInMsg   = 64 << 10
	actTimeout = 15 * time.Second
	maxActs    = 16 // under way in one tab
)

// inMsg is what a browser says.
type inMsg struct {
	T     string              `json:"t"` // hello beat act form close lang offer
	N     int                 `json:"n"`
	Seq   uint64              `json:"seq"`
	Lang  string              `json:"lang"`
	Forms map[string]openForm `json:"forms"`
	Verb  string              `json:"verb"`
	Args  json.RawMessage     `json:"args"`
	Slot  string              `json:"slot"`
	Form  string              `json:"form"`
	ID    string              `json:"id"`
	SDP   string              `json:"sdp"`
	Armed armed               `json:"armed"`
}

// reply is the answer to an act, an offer or a form.
type reply struct {
	T     string    `json:"t"`
	N     int       `json:"n,omitempty"`
	ID    string    `json:"id,omitempty"`
	Text  string    `json:"text,omitempty"`
	SDP   string    `json:"sdp,omitempty"`
	Error string    `json:"error,omitempty"`
	Hint  string    `json:"hint,omitempty"`
	Slot  string    `json:"slot,omitempty"`
	Now   time.Time `json:"now,omitzero"`
}

// conn is one socket of a tab. Its loop is the only one that writes.
type conn struct {
	s       *Server
	ws      *websocket.Conn
	t       *tab
	session string
	out     chan any // answers from acts under way
	slots   chan struct{}
	heard   time.Time
}

// socket joins a browser to its tab.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	who, session, ok := s.session(r)
	if !ok {
		http.Error(w, "this desk needs a link: parley open", http.StatusUnauthorized)
		return
	}
	ws, err := websocket.Accept(w, r, nil) // refuses an Origin that is not its Host
	if err != nil {
		return
	}
	ws.SetReadLimit(maxInMsg)
	defer ws.CloseNow()
	c := &conn{s: s, ws: ws, session: session, out: make(chan any, maxActs+4), slots: make(chan struct{}, maxActs), heard: s.cfg.Now()}
	if err := c.serve(r.Context(), r.URL.Query().Get("tab"), who); err != nil && !errors.Is(err, context.Canceled) {
		s.cfg.Log.Debug("page socket", "err", err)
	}
}

// serve is the loop of one socket: what the browser says, what changed, the heartbeat.
func (c *conn) serve(ctx context.Context, id string, who act.Who) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := make(chan inMsg)
	go c.read(ctx, cancel, in)
	hello, ok := <-in
	if !ok || hello.T != "hello" {
		return errors.New("no hello")
	}
	if err := c.hello(ctx, id, who, hello); err != nil {
		return err
	}
	changed, done := c.s.cfg.Node.Subscribe(who.Desk)
	defer done()
	c.s.enter(who)
	defer c.s.leave(who)
	defer c.disarm()
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	if err := c.redraw(ctx); err != nil {
		return err
	}
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case m, ok := <-in:
			if !ok {
				return nil
			}
			err = c.take(ctx, m)
		case m := <-c.out:
			err = c.send(ctx, m)
		case <-changed:
			time.Sleep(settle)
			err = c.redraw(ctx)
		case <-beat.C:
			if c.s.cfg.Now().Sub(c.heard) > staleAfter {
				c.disarm()
			}
			if alive := c.s.cfg.Alive; alive != nil && !alive(who) {
				return c.send(ctx, reply{T: "reload"})
			}
			if err = c.send(ctx, reply{T: "beat", Now: c.s.cfg.Now().UTC()}); err == nil {
				err = c.redraw(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
}

// read hands the browser's messages to the loop; it ends with the socket.
func (c *conn) read(ctx context.Context, cancel func(), in chan<- inMsg) {
	defer cancel()
	defer close(in)
	for {
		_, b, err := c.ws.Read(ctx)
		if err != nil {
			return
		}
		var m inMsg
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

// hello takes the browser up where it was. To a server that does not know the tab, it says which forms it has open.
func (c *conn) hello(ctx context.Context, id string, who act.Who, m inMsg) error {
	t, known := c.s.resume(id, who, m.Lang)
	c.t = t
	t.mu.Lock()
	defer t.mu.Unlock()
	from := m.Seq
	if !known {
		from = 0
		for where, f := range m.Forms {
			if where == slot(f.Form) {
				t.open[where] = f
			}
		}
		t.seq = max(t.seq, m.Seq)
	}
	for _, p := range t.since(from) {
		if err := c.send(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// redraw sends the panels that changed.
func (c *conn) redraw(ctx context.Context) error {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	sh := c.s.sheet(c.t)
	out := c.t.closeDead(sh.Desk)
	more, err := c.s.redraw(c.t, sh)
	if err != nil {
		return err
	}
	for _, p := range append(out, more...) {
		if err := c.send(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) send(ctx context.Context, m any) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, staleAfter)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, b)
}

// take does what the browser says.
func (c *conn) take(ctx context.Context, m inMsg) error {
	switch m.T {
	case "beat":
		c.heard = c.s.cfg.Now()
		if c.s.arm(c.t, &m.Armed) {
			return c.send(ctx, reply{T: "link"})
		}
		return nil
	case "form", "close":
		return c.form(ctx, m)
	case "lang":
		c.t.mu.Lock()
		c.t.lang = m.Lang
		c.t.mu.Unlock()
		return c.redraw(ctx)
	case "act", "offer":
		select {
		case c.slots <- struct{}{}:
			go c.do(ctx, m)
			return nil
		default:
			return c.send(ctx, reply{T: "reply", N: m.N, Error: "too many acts are under way here"})
		}
	}
	return nil
}

// form opens or closes one.
func (c *conn) form(ctx context.Context, m inMsg) error {
	c.t.mu.Lock()
	if m.T == "close" {
		out := c.t.closeForm(m.Slot)
		c.t.mu.Unlock()
		for _, p := range out {
			if err := c.send(ctx, p); err != nil {
				return err
			}
		}
		return c.redraw(ctx)
	}
	html, where, ok, err := c.s.openForm(c.t, openForm{m.Form, m.ID})
	c.t.mu.Unlock()
	var refusal *hint.Error
	switch {
	case errors.As(err, &refusal):
		refusal = c.refusal(err)
		return c.send(ctx, reply{T: "say", Error: refusal.What, Hint: refusal.Hint})
	case err != nil:
		return err
	case !ok:
		return c.send(ctx, reply{T: "busy", Slot: where})
	}
	if err := c.redraw(ctx); err != nil { // first the item goes, then its form comes
		return err
	}
	c.t.mu.Lock()
	p := c.t.put(where, html, false)
	c.t.mu.Unlock()
	return c.send(ctx, p)
}

// do carries out an act beside the loop, since it waits for the disk; the answer goes through the loop.
func (c *conn) do(ctx context.Context, m inMsg) {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	r := reply{T: "reply", N: m.N}
	var err error
	if m.T == "offer" {
		r.SDP, err = c.offer(m.SDP)
	} else {
		err = c.act(ctx, m, &r)
	}
	if err != nil {
		e := c.refusal(err)
		r.Error, r.Hint = e.What, e.Hint
	}
	<-c.slots
	c.push(ctx, r)
}

// refusal says an error in the language of the tab.
func (c *conn) refusal(err error) *hint.Error {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	return hint.Of(err).In(c.t.lang, words.Say)
}

// push hands something to the loop, which may have ended.
func (c *conn) push(ctx context.Context, m any) {
	select {
	case c.out <- m:
	case <-ctx.Done():
	}
}

func (c *conn) offer(sdp string) (string, error) {
	if c.s.cfg.Edge == nil {
		return "", hint.New("ring, messages and STOP work without it", "this node carries no sound to browsers")
	}
	return c.s.cfg.Edge.Offer(c.t.who.Desk, sdp)
}

// act decodes and does one act; the form that it came from closes when it was done. SPEC: PAG-007
func (c *conn) act(ctx context.Context, m inMsg, r *reply) error {
	a, err := act.Decode(m.Verb, m.Args)
	if err != nil {
		return err
	}
	if c.s.signedOff(c.session) { // in another tab
		c.push(ctx, reply{T: "reload"})
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
	if m.Slot != "" {
		c.t.mu.Lock()
		out := c.t.closeForm(m.Slot)
		c.t.mu.Unlock()
		for _, p := range out {
			c.push(ctx, p)
		}
	}
	if a == act.SignOff {
		if err := c.s.signOff(c.session); err != nil {
			return err
		}
		c.push(ctx, reply{T: "reload"})
	}
	return nil
}
