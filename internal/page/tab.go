// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"html/template"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/words"
)

// maxTabs bounds the tabs that are remembered; the one unused for longest goes first.
const maxTabs = 64

// tab is one drawn page of a desk: what stands on it, and by which number. It lives on while its socket is
// cut, so that a browser that comes back gets what is newer than its number and nothing else.
type tab struct {
	id   string
	who  act.Who
	used time.Time // owned by Server.mu

	mu     sync.Mutex // guards what follows
	socket *conn      // the one that it has now, nil: none
	root   string     // of a desk that a board frames
	lang   string
	seq    uint64
	drawn  map[string]toBrowser // panels, as they were last sent
	open   map[string]openForm  // by slot
	lives  map[string]int       // of the frames of the demo
}

func (s *Server) addTab(id string, who act.Who, lang string) *tab {
	t := &tab{id: id, who: who, lang: words.Lang(lang), drawn: map[string]toBrowser{}, open: map[string]openForm{}, lives: map[string]int{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.used = s.cfg.Now()
	if len(s.tabs) >= maxTabs {
		oldest := slices.MinFunc(slices.Collect(maps.Values(s.tabs)), func(a, b *tab) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.id, b.id)) })
		delete(s.tabs, oldest.id)
	}
	s.tabs[id] = t
	return t
}

// resume finds the tab that a browser comes back as, or begins a new one under the same name.
func (s *Server) resume(id string, who act.Who, lang string) (t *tab, known bool) {
	s.mu.Lock()
	t = s.tabs[id]
	known = t != nil && t.who == who
	if known {
		t.used = s.cfg.Now()
	}
	s.mu.Unlock()
	switch {
	case known:
		return t, true
	case t != nil || len(id) > 32: // another person's tab, or no name of ours
		id = rand.Text()
	}
	return s.addTab(id, who, lang), false
}

// sheet asks the node what this desk sees now. The caller holds t.mu.
func (s *Server) sheet(t *tab) sheet {
	sh := sheet{Desk: s.cfg.Node.View(t.lang, t.who.Desk), Langs: words.Langs(), Root: t.root, Passkeys: s.rp != nil, open: t.open}
	if t.who.Stays {
		sh.Named = t.who.Desk
	}
	return sh
}

// fill gives a sheet the panels that are drawn, numbered so that the socket goes on from there. The caller holds t.mu.
func (t *tab) fill(sh *sheet) {
	sh.Tab, sh.Seq, sh.Panels = t.id, t.seq, map[string]template.HTML{}
	for p, m := range t.drawn {
		sh.Panels[p] = template.HTML(m.HTML)
	}
}

// picture is what all desks draw alike who see the same: every panel but the head, which names who sits there.
type picture struct {
	of   view.Desk
	html map[string]string
}

// picture draws what a desk shares with others, or takes what another drew of the same; a desk at which values are read back
// draws for itself. SPEC: PAG-011 PAG-017
func (s *Server) picture(lang string, sh sheet) (map[string]string, error) {
	of := sh.Desk
	h := of.Header
	of.Header = view.Header{Party: h.Party, Peer: h.Peer, NoSound: h.NoSound}
	of.AsOf = of.AsOf.Truncate(24 * time.Hour) // times of today are written as such
	own := sh.open["fmsg"].Form == "ack"
	s.pictures.Lock()
	defer s.pictures.Unlock()
	if p := s.pictures.of[lang]; !own && p != nil && reflect.DeepEqual(p.of, of) {
		return p.html, nil
	}
	p := &picture{of: of, html: map[string]string{}}
	for _, name := range panels() {
		if name == "header" {
			continue
		}
		if old := s.pictures.of[lang]; old != nil && slices.Contains([]string{"enter", "find", "help", "foot"}, name) { // words alone
			p.html[name] = old.html[name]
			continue
		}
		html, err := render(name, lang, sh)
		if err != nil {
			return nil, err
		}
		p.html[name] = html
	}
	if !own {
		s.pictures.of[lang] = p
	}
	return p.html, nil
}

// redraw draws every panel and numbers those that changed. The caller holds t.mu. SPEC: PAG-008
func (s *Server) redraw(t *tab, sh sheet) error {
	shared, err := s.picture(t.lang, sh)
	if err != nil {
		return err
	}
	for _, p := range panels() {
		if p != "header" {
			t.changed(p, shared[p])
		} else if err := t.draw(p, p, sh); err != nil {
			return err
		}
	}
	return nil
}

// draw draws one panel by a template. The caller holds t.mu.
func (t *tab) draw(panel, name string, sh sheet) error {
	html, err := render(name, t.lang, sh)
	if err == nil {
		t.changed(panel, html)
	}
	return err
}

// changed numbers a panel anew where it is not what was drawn last. The caller holds t.mu.
func (t *tab) changed(panel, html string) {
	if old, ok := t.drawn[panel]; !ok || old.HTML != html {
		t.put(panel, html, false)
	}
}

// put numbers a panel: its socket sends what is newer than it has sent. The caller holds t.mu.
func (t *tab) put(panel, html string, closed bool) {
	t.seq++
	t.drawn[panel] = toBrowser{Seq: t.seq, Panel: panel, HTML: html, Close: closed}
}

// since gives the panels newer than a number, oldest first. The caller holds t.mu. SPEC: PAG-009
func (t *tab) since(seq uint64) (out []toBrowser) {
	for _, m := range t.drawn {
		if m.Seq > seq {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b toBrowser) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

// openForm draws a form for its slot; ok is false where one is open there already. The caller holds t.mu.
func (s *Server) openForm(t *tab, f openForm) (html, where string, ok bool, err error) {
	where = slot(f.Form)
	if where == "" {
		return "", "", false, hint.New("", "there is no such form")
	}
	if _, busy := t.open[where]; busy {
		return "", where, false, nil
	}
	sh := s.sheet(t)
	sh.openForm, sh.Compose, sh.Send = f, view.Composer(t.lang), act.Send{Precedence: "ROUTINE", Mark: sh.Usual(), Respond: f.ID == "flash"}
	if f.ID == "flash" {
		sh.Send.Precedence = "FLASH"
	}
	sh.Preview = sh.Desk.Preview(sh.Send)
	if re, is := strings.CutPrefix(f.ID, "reply "); is {
		sh.Reply = re
	}
	switch f.Form {
	case "act":
		verb, item, _ := strings.Cut(f.ID, " ")
		if v, ok := act.Of(verb); ok && v.Name != "" {
			sh.Fields = s.fields(t.who, t.lang, verb, item)
		}
	case "compose":
		sh.Fields = s.fields(t.who, t.lang, "send", "", "to", "info", "not_after")
	}
	if i := slices.IndexFunc(sh.Messages, func(m view.Message) bool { return m.ID == f.ID }); i >= 0 {
		sh.Msg = &sh.Messages[i]
	}
	html, err = render("form-"+f.Form, t.lang, sh)
	if err == nil && html == "" {
		err = hint.New("", "that item is not on this desk")
	}
	if err == nil {
		t.open[where] = f
	}
	return html, where, err == nil, err
}

// preview says what a form holds so far: what each value was understood as, and of a message what each side will read. It
// gives parts of the form, by element. SPEC: PAG-050 PAG-051
func (s *Server) preview(t *tab, m fromBrowser) (parts map[string]string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sh := s.sheet(t)
	parts = map[string]string{}
	part := func(id, name string, data any) {
		if err == nil {
			parts[id], err = render(name, t.lang, data)
		}
	}
	echo := func(prefix string, list []view.Echo) {
		for _, e := range list {
			part("x-"+prefix+e.Name, "echo", e)
		}
	}
	for name, typed := range m.Times {
		part("x-"+name, "echo", view.EchoTime(t.lang, typed, sh.AsOf))
	}
	switch m.Form {
	case "compose":
		a, err := act.Decode("send", m.Args)
		if err != nil {
			return nil, err
		}
		sh.Send = a.(act.Send)
		sh.Preview = sh.Desk.Preview(sh.Send)
		echo("f-"+sh.Send.Phrase+"-", sh.Preview.Echoes)
		part("w-preview", "preview", sh)
		part("w-send", "sends", sh)
		parts["w-asks"] = template.HTMLEscapeString(sh.Preview.Asks)
	case "ack":
		var typed struct {
			Fields map[string]string `json:"fields"`
		}
		if err := json.Unmarshal(m.Args, &typed); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(sh.Messages, func(x view.Message) bool { return x.ID == m.ID }); i >= 0 {
			echo("rb-", view.Echoes(t.lang, sh.Messages[i].ReadBack, typed.Fields, sh.Messages[i].At))
		}
	}
	return parts, err
}

// closeForm empties a slot. The caller holds t.mu.
func (t *tab) closeForm(where string) {
	if _, ok := t.open[where]; ok {
		delete(t.open, where)
		t.put(where, "", true)
	}
}

// closeDead closes forms whose matter is over: a ring that is no longer there, a question that was answered.
// The caller holds t.mu.
func (t *tab) closeDead(d view.Desk) {
	if t.open["fcall"].Form == "decline" && d.Call.State != "ringing-here" {
		t.closeForm("fcall")
	}
	if d.Check.Question == nil {
		t.closeForm("fcheck")
	}
}

// left reports whether a socket that ends was the tab's, which has none now.
func (t *tab) left(c *conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.socket == c
	if was {
		t.socket = nil
	}
	return was
}
