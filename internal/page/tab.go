// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"maps"
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

	mu    sync.Mutex // guards what follows
	lang  string
	seq   uint64
	drawn map[string]drawn
	open  map[string]openForm // by slot
	lives map[string]string   // of the frames of the demo
}

// drawn is a panel as it was last sent.
type drawn struct {
	seq   uint64
	html  string
	close bool
}

// panelMsg is a panel on its way to the browser.
type panelMsg struct {
	Seq   uint64 `json:"seq"`
	Panel string `json:"panel"`
	HTML  string `json:"html"`
	Close bool   `json:"close,omitempty"` // a form was closed: put it even over an open form
}

func (s *Server) newTab(who act.Who, lang string) (*tab, error) {
	id, err := s.random(9)
	if err != nil {
		return nil, err
	}
	return s.addTab(id, who, lang), nil
}

func (s *Server) addTab(id string, who act.Who, lang string) *tab {
	t := &tab{id: id, who: who, lang: words.Lang(lang), drawn: map[string]drawn{}, open: map[string]openForm{}, lives: map[string]string{}}
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
	if t != nil && t.who == who {
		t.used = s.cfg.Now()
		s.mu.Unlock()
		return t, true
	}
	s.mu.Unlock()
	if t != nil || len(id) > 32 {
		id, _ = s.random(9) // another person's tab, or no name of ours
	}
	return s.addTab(id, who, lang), false
}

// sheet asks the node what this desk sees now.
func (s *Server) sheet(t *tab) sheet {
	return sheet{Desk: s.cfg.Node.View(t.lang, t.who.Desk), Langs: words.Langs(), open: t.open}
}

// redraw draws every panel and numbers those that changed. The caller holds t.mu. SPEC: PAG-008
func (s *Server) redraw(t *tab, sh sheet) ([]panelMsg, error) {
	var out []panelMsg
	for _, p := range panels() {
		html, err := render(p, t.lang, sh)
		if err != nil {
			return nil, err
		}
		if old, ok := t.drawn[p]; ok && old.html == html {
			continue
		}
		out = append(out, t.put(p, html, false))
	}
	return out, nil
}

// put numbers a panel. The caller holds t.mu.
func (t *tab) put(panel, html string, closed bool) panelMsg {
	t.seq++
	t.drawn[panel] = drawn{t.seq, html, closed}
	return panelMsg{t.seq, panel, html, closed}
}

// since gives the panels newer than a number, oldest first. The caller holds t.mu. SPEC: PAG-009
func (t *tab) since(seq uint64) []panelMsg {
	var out []panelMsg
	for p, d := range t.drawn {
		if d.seq > seq {
			out = append(out, panelMsg{d.seq, p, d.html, d.close})
		}
	}
	slices.SortFunc(out, func(a, b panelMsg) int { return cmp.Compare(a.Seq, b.Seq) })
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
	sh.openForm, sh.Compose, sh.Prec = f, view.Composer(t.lang), "ROUTINE"
	if f.ID == "flash" {
		sh.Prec = "FLASH"
	}
	sh.Reply, _ = strings.CutPrefix(f.ID, "reply ")
	if sh.Reply == f.ID {
		sh.Reply = ""
	}
	for i := range sh.Messages {
		if sh.Messages[i].ID == f.ID {
			sh.Msg = &sh.Messages[i]
		}
	}
	html, err = render("form-"+f.Form, t.lang, sh)
	if err != nil {
		return "", where, false, err
	}
	if html == "" {
		return "", where, false, hint.New("", "that item is not on this desk")
	}
	t.open[where] = f
	return html, where, true, nil
}

// closeForm empties a slot. The caller holds t.mu.
func (t *tab) closeForm(where string) []panelMsg {
	if _, ok := t.open[where]; !ok {
		return nil
	}
	delete(t.open, where)
	return []panelMsg{t.put(where, "", true)}
}

// closeDead closes forms whose matter is over: a ring that is no longer there, a question that was answered.
// The caller holds t.mu.
func (t *tab) closeDead(d view.Desk) (out []panelMsg) {
	if t.open["fcall"].Form == "decline" && d.Call.State != "ringing-here" {
		out = append(out, t.closeForm("fcall")...)
	}
	if _, ok := t.open["fcheck"]; ok && d.Check.Question == nil {
		out = append(out, t.closeForm("fcheck")...)
	}
	return out
}
