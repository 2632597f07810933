// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/words"
)

// DemoActions is what the demo's page asks of the demo that runs the two nodes.
type DemoActions interface {
	// State gives what can be broken, in the order in which it is drawn, and which of the numbered tries were done: ring
	// flash pull forge.
	State() (parts []DemoPart, done []string)
	// Subscribe gives a channel that says that the state changed, and its end.
	Subscribe() (<-chan struct{}, func())
	// Do breaks something, or mends it: the same verb undoes it. Verbs: pull (target: the cable's label), freeze,
	// kill, spoil (target: the party), forge (no target). What was done is said by the words demo.said and its code.
	Do(ctx context.Context, verb, target string) (said string, err error)
	// Desk gives a fresh one-time link to a party's desk, or to its linguist's.
	Desk(kind, party string) (url string, err error)
}

// DemoPart is what can be broken: a party's node, a cable, the forged copy of the record.
type DemoPart struct {
	Kind   string // party linguist cable forge
	Name   string // of a party, of a forged statement its author; label of a cable
	State  string // of a party: running frozen killed starting; of a forgery the statement
	Broken bool   // a party's disk is full, a cable is pulled, a word of the record is forged
	RTTms  float64
	Lie    [2]string // the word that was signed, and the one in its place
	Holds  bool      // verify on the copy
	// Life of a party grows when its desk must be opened anew, with a new link; a desk whose node comes back with the
	// same Config.Keep finds its way by itself.
	Life int
}

// demo is the handler of the demo's page, which frames the desks.
type demo struct {
	*Server
	of    DemoActions
	desks []string // origins of the two desks, and of the linguist's
	token string   // good while the demo runs
}

// Demo makes the demo's page and its address. Of the config it needs the hosts.
func Demo(cfg Config, of DemoActions, desks []string) (h http.Handler, address string) {
	d := &demo{newServer(cfg), of, desks, rand.Text()}
	d.mux.HandleFunc("GET /{$}", d.page)
	d.mux.HandleFunc("GET /ws", d.socket)
	return d, "http://" + cfg.Hosts[0] + "/?token=" + d.token
}

// ServeHTTP names the desks in the policy of the microphone: without it none could use it. SPEC: PAG-016
func (d *demo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	may := "(self \"" + strings.Join(d.desks, "\" \"") + "\")"
	harden(w.Header(), "'none'", "microphone="+may+", autoplay="+may, strings.Join(d.desks, " "))
	d.serve(w, r)
}

func (d *demo) same(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(d.token)) == 1
}

// in lets in whoever has the token, and says to others how to come by it.
func (d *demo) in(w http.ResponseWriter, r *http.Request) bool {
	c, err := r.Cookie("parley-demo")
	ok := err == nil && d.same(c.Value)
	if !ok {
		http.Error(w, "open the address that the demo printed", http.StatusUnauthorized)
	}
	return ok
}

func (d *demo) page(w http.ResponseWriter, r *http.Request) {
	if token := r.URL.Query().Get("token"); token != "" && d.same(token) {
		http.SetCookie(w, &http.Cookie{Name: "parley-demo", Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if !d.in(w, r) {
		return
	}
	t := d.addTab(rand.Text(), act.Who{Desk: "demo"}, firstLang(r))
	t.mu.Lock()
	defer t.mu.Unlock()
	sh := d.sheet(t)
	err := d.changes(t)
	t.fill(&sh)
	d.answer(w, http.StatusOK, "demo", t.lang, sh, err)
}

func (d *demo) sheet(t *tab) sheet {
	sh := sheet{Desk: view.Desk{Lang: t.lang}}
	sh.Parts, sh.Done = d.of.State()
	return sh
}

// changes are the wire and the tries, and a frame only when its desk must be opened anew; the linguist's once it was asked
// for. The caller holds t.mu.
func (d *demo) changes(t *tab) error {
	sh := d.sheet(t)
	for _, p := range []string{"tries", "wire"} {
		if err := t.draw(p, p, sh); err != nil {
			return err
		}
	}
	_, third := t.lives["frame2"]
	n := 0
	for _, p := range sh.Parts {
		if p.Kind != "party" && (p.Kind != "linguist" || !third) {
			continue
		}
		frame := fmt.Sprintf("frame%d", n)
		n++
		if life, stands := t.lives[frame]; stands && life == p.Life || p.State == "starting" {
			continue
		}
		link, err := d.of.Desk(p.Kind, p.Name)
		if err != nil {
			continue // not running: what stands there stays, and says itself that it is stale
		}
		if u, err := url.Parse(link); err != nil || !slices.Contains(d.desks, u.Scheme+"://"+u.Host) {
			return fmt.Errorf("the link to the desk of %s is of another origin", p.Name)
		}
		html, err := render("frame", t.lang, map[string]string{"Name": p.Name, "Kind": p.Kind, "URL": link})
		if err != nil {
			return err
		}
		t.lives[frame] = p.Life
		t.put(frame, html, true)
	}
	return nil
}

func (d *demo) socket(w http.ResponseWriter, r *http.Request) {
	if !d.in(w, r) {
		return
	}
	changed, done := d.of.Subscribe()
	defer done()
	c := &conn{s: d.Server, link: link{Who: act.Who{Desk: "demo"}}, draw: d.changes}
	c.act = func(ctx context.Context, m fromBrowser, r *toBrowser) error { return d.do(ctx, c.t, m, r) }
	c.serve(w, r, changed)
}

// do breaks or mends something, and says so in the language of the tab.
func (d *demo) do(ctx context.Context, t *tab, m fromBrowser, r *toBrowser) error {
	var a struct {
		Target string `json:"target"`
	}
	if err := json.Unmarshal(m.Args, &a); err != nil {
		return err
	}
	if m.Verb == "linguist" {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.lives["frame2"] = -1
		return d.changes(t)
	}
	said, err := d.of.Do(ctx, m.Verb, a.Target)
	if err != nil || said == "" {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Text = words.T(t.lang, "demo.said."+said, strings.ToUpper(a.Target))
	return nil
}
