// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"

	"example.org/parley/internal/act"
)

// DemoActions is what the demo's page asks of the demo that runs the two nodes.
type DemoActions interface {
	State() DemoState
	// Subscribe gives a channel that says that the state changed, and its end.
	Subscribe() (<-chan struct{}, func())
	// Do breaks something, or mends it: the same verb undoes it. Verbs: pull (target: the cable's label), freeze,
	// kill, spoil (target: the party), forge (no target). The text is for the person.
	Do(ctx context.Context, verb, target string) (text string, err error)
	// Desk gives a fresh one-time link to a party's desk.
	Desk(party string) (url string, err error)
}

// DemoState is what the demo's page draws.
type DemoState struct {
	Parties [2]DemoParty `json:"parties"`
	Cables  []DemoCable  `json:"cables"`
	Forge   DemoForge    `json:"forge"`
	Done    []string     `json:"done"` // of the numbered tries: ring flash pull forge
}

// DemoParty is one of the two nodes.
type DemoParty struct {
	Name    string `json:"name"`
	State   string `json:"state"` // running frozen killed starting
	Spoiled bool   `json:"spoiled,omitempty"`
	// Life grows when the desk must be opened anew, with a new link; a desk whose node comes back with the
	// same Config.Keep finds its way by itself.
	Life int `json:"life"`
}

// DemoCable is one path's cable.
type DemoCable struct {
	Label  string  `json:"label"`
	Pulled bool    `json:"pulled"`
	RTTms  float64 `json:"rtt_ms,omitempty"`
}

// DemoForge is the forged copy of the record, and what verify says of it.
type DemoForge struct {
	Forged bool   `json:"forged"`
	Holds  bool   `json:"holds"`
	Word   string `json:"word"` // verify's own sentence
}

// DemoConfig is what the demo's page is given.
type DemoConfig struct {
	Actions DemoActions
	Hosts   []string  // host:port; the first stands in the address
	Token   string    // good while the demo runs
	Desks   [2]string // origins of the two desks
	Rand    io.Reader
	Log     *slog.Logger
}

// demo is the handler of the demo's page; it keeps its tabs as a Server does.
type demo struct {
	cfg   DemoConfig
	pages *Server // tabs, randomness and templates only; it has no node and serves nothing
	mux   *http.ServeMux
}

const demoCookie = "parley-demo"

// Demo makes the demo's page, which frames the two desks.
func Demo(cfg DemoConfig) (http.Handler, error) {
	if cfg.Actions == nil || cfg.Token == "" || len(cfg.Hosts) == 0 {
		return nil, fmt.Errorf("couldn't make the demo's page: it needs actions, a token and a host")
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d := &demo{cfg: cfg, mux: http.NewServeMux(), pages: &Server{
		cfg: Config{Rand: cfg.Rand, Log: cfg.Log, Now: time.Now, Name: "demo"}, tabs: map[string]*tab{}}}
	d.mux.HandleFunc("GET /{$}", d.page)
	d.mux.HandleFunc("GET /ws", d.socket)
	d.mux.Handle("GET /static/", statics())
	return d, nil
}

// DemoURL is the address that the demo prints.
func DemoURL(cfg DemoConfig) string { return "http://" + cfg.Hosts[0] + "/?token=" + cfg.Token }

// ServeHTTP names both desks in the policy of the microphone: without it neither could use it. SPEC: PAG-016
func (d *demo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mic := fmt.Sprintf("microphone=(self %q %q), autoplay=(self %q %q)", d.cfg.Desks[0], d.cfg.Desks[1], d.cfg.Desks[0], d.cfg.Desks[1])
	harden(w.Header(), "'none'", mic, strings.Join(d.cfg.Desks[:], " "))
	if why := stranger(r, d.cfg.Hosts); why != "" {
		http.Error(w, why, http.StatusForbidden)
		return
	}
	d.mux.ServeHTTP(w, r)
}

func (d *demo) same(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(d.cfg.Token)) == 1
}

func (d *demo) in(r *http.Request) bool {
	c, err := r.Cookie(demoCookie)
	return err == nil && d.same(c.Value)
}

func (d *demo) page(w http.ResponseWriter, r *http.Request) {
	if token := r.URL.Query().Get("token"); token != "" && d.same(token) {
		http.SetCookie(w, &http.Cookie{Name: demoCookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if !d.in(r) {
		http.Error(w, "open the address that the demo printed", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	t, err := d.pages.newTab(act.Who{Desk: "demo"}, firstLang(r))
	if err != nil {
		d.pages.write(w, "", err)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err = d.redraw(t); err != nil {
		d.pages.write(w, "", err)
		return
	}
	sh := d.sheet(t)
	sh.Tab, sh.Seq, sh.Panels = t.id, t.seq, map[string]template.HTML{}
	for p, dr := range t.drawn {
		sh.Panels[p] = template.HTML(dr.html)
	}
	out, err := render("demo", t.lang, sh)
	d.pages.write(w, out, err)
}

// demoSheet is what the demo's templates are given.
type demoSheet struct {
	S      DemoState
	Lang   string
	Tab    string
	Seq    uint64
	Panels map[string]template.HTML
	Name   string
	URL    string
	Tries  []demoTry
}

type demoTry struct {
	Key  string
	Done bool
}

func (d *demo) sheet(t *tab) demoSheet {
	sh := demoSheet{S: d.cfg.Actions.State(), Lang: t.lang}
	for _, k := range []string{"ring", "flash", "pull", "forge"} {
		sh.Tries = append(sh.Tries, demoTry{k, slices.Contains(sh.S.Done, k)})
	}
	return sh
}

// redraw draws the wire and the tries, and a frame only when its desk must be opened anew. The caller holds t.mu.
func (d *demo) redraw(t *tab) (out []panelMsg, err error) {
	sh := d.sheet(t)
	for _, p := range []string{"tries", "wire"} {
		html, err := render(p, t.lang, sh)
		if err != nil {
			return nil, err
		}
		if t.drawn[p].html != html {
			out = append(out, t.put(p, html, false))
		}
	}
	for i, p := range sh.S.Parties {
		name, life := fmt.Sprintf("frame%d", i), fmt.Sprint(p.Life)
		if t.lives[name] == life || p.State == "starting" {
			continue
		}
		if sh.URL, err = d.cfg.Actions.Desk(p.Name); err != nil {
			continue // not running: what stands there stays, and says itself that it is stale
		}
		if u, err := url.Parse(sh.URL); err != nil || !slices.Contains(d.cfg.Desks[:], u.Scheme+"://"+u.Host) {
			return nil, fmt.Errorf("the link to the desk of %s is of another origin", p.Name)
		}
		sh.Name = p.Name
		html, err := render("frame", t.lang, sh)
		if err != nil {
			return nil, err
		}
		t.lives[name] = life
		out = append(out, t.put(name, html, true))
	}
	return out, nil
}

func (d *demo) socket(w http.ResponseWriter, r *http.Request) {
	if !d.in(r) {
		http.Error(w, "open the address that the demo printed", http.StatusUnauthorized)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	ws.SetReadLimit(maxInMsg)
	defer ws.CloseNow()
	c := &conn{s: d.pages, ws: ws, out: make(chan any, maxActs), slots: make(chan struct{}, maxActs)}
	if err := d.serve(r.Context(), c, r.URL.Query().Get("tab")); err != nil && !errors.Is(err, context.Canceled) {
		d.cfg.Log.Debug("demo socket", "err", err)
	}
}

// serve is the loop of one socket of the demo's page.
func (d *demo) serve(ctx context.Context, c *conn, id string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := make(chan inMsg)
	go c.read(ctx, cancel, in)
	hello, ok := <-in
	if !ok || hello.T != "hello" {
		return errors.New("no hello")
	}
	if err := c.hello(ctx, id, act.Who{Desk: "demo"}, hello); err != nil {
		return err
	}
	changed, done := d.cfg.Actions.Subscribe()
	defer done()
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case m, ok := <-in:
			if !ok {
				return nil
			}
			if m.T == "act" {
				go d.do(ctx, c, m)
			}
			continue
		case m := <-c.out:
			err = c.send(ctx, m)
		case <-changed:
			err = d.push(ctx, c)
		case <-beat.C:
			if err = c.send(ctx, reply{T: "beat", Now: time.Now().UTC()}); err == nil {
				err = d.push(ctx, c)
			}
		}
		if err != nil {
			return err
		}
	}
}

func (d *demo) push(ctx context.Context, c *conn) error {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	out, err := d.redraw(c.t)
	for _, p := range out {
		if err := c.send(ctx, p); err != nil {
			return err
		}
	}
	return err
}

// do breaks or mends something, beside the loop.
func (d *demo) do(ctx context.Context, c *conn, m inMsg) {
	var a struct {
		Target string `json:"target"`
	}
	r := reply{T: "reply", N: m.N}
	err := json.Unmarshal(m.Args, &a)
	if err == nil {
		r.Text, err = d.cfg.Actions.Do(ctx, m.Verb, a.Target)
	}
	if err != nil {
		r.Error = err.Error()
	}
	c.push(ctx, r)
}
