// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/words"
)

const (
	deskLife  = 400 * 24 * time.Hour // browsers keep no cookie longer; it begins anew whenever the page is opened
	maxDesks  = 32
	watchTime = 500 * time.Millisecond
)

// enrolled is a browser that is a desk of this line, signed on or not.
type enrolled struct {
	ID     string    `json:"id"`
	Key    string    `json:"key"` // hash of what its cookie holds
	Name   string    `json:"name"`
	Deputy bool      `json:"deputy,omitempty"`
	Made   time.Time `json:"made"`
	By     string    `json:"by,omitempty"` // short ID of whoever invited it, "" the account of the node
}

func (s *Server) deskCookie() string { return s.cookieName() + "-desk" }

// deskHere is the desk whose browser asks.
func (s *Server) deskHere(r *http.Request) (enrolled, bool) {
	c, err := r.Cookie(s.deskCookie())
	if err != nil {
		return enrolled{}, false
	}
	k := key(c.Value)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.enrolled, func(d enrolled) bool { return d.Key == k }); i >= 0 {
		return s.enrolled[i], true
	}
	return enrolled{}, false
}

// again gives a desk its cookie anew, so that it ends only where its browser is not used for a year.
func (s *Server) again(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.deskHere(r); ok {
		c, _ := r.Cookie(s.deskCookie()) // it is there
		http.SetCookie(w, s.cookie(s.deskCookie(), c.Value, deskLife))
	}
}

// enrol makes a desk, on disk before its cookie is given. SPEC: PAG-077
func (s *Server) enrol(d enrolled) (*http.Cookie, error) {
	token := rand.Text()
	d.ID, d.Key, d.Made = strings.ToLower(rand.Text()[:6]), key(token), s.cfg.Now().UTC().Truncate(time.Second)
	if err := s.setDesks(func(all []enrolled) ([]enrolled, error) { return append(all, d), s.freeName(d.Name) }); err != nil {
		return nil, err
	}
	s.cfg.Log.Info("page: a desk was enrolled", "desk", d.Name, "deputy", d.Deputy)
	return s.cookie(s.deskCookie(), token, deskLife), nil
}

// setDesks changes the desks, or refuses to; what cannot be kept is as it was.
func (s *Server) setDesks(f func(all []enrolled) ([]enrolled, error)) (refused error) {
	var was []enrolled
	if err := s.change(keptDesks, func() any {
		var all []enrolled
		if all, refused = f(slices.Clone(s.enrolled)); refused != nil {
			return nil
		}
		was, s.enrolled = s.enrolled, all
		return all
	}); err != nil {
		s.mu.Lock()
		s.enrolled = was
		s.mu.Unlock()
		return hint.New("make room on the disk, then try again", "the desks could not be kept")
	}
	return refused
}

// freeName refuses a name that no desk can have. The caller holds s.mu.
func (s *Server) freeName(name string) error {
	low := strings.ToLower(name)
	switch {
	case !act.NamesDesk(name):
		return hint.New("'Ops room left': 32 letters at most, in one line, without /", "%q cannot name a desk", name)
	case strings.HasPrefix(low, "page-"), strings.HasPrefix(low, "session-"), strings.HasPrefix(low, "tty"):
		return hint.New("'Ops room left'", "%q reads like a desk that has no name", name)
	case slices.ContainsFunc(s.enrolled, func(d enrolled) bool { return strings.EqualFold(d.Name, name) }):
		return hint.New("see: parley desk list", "there is a desk already that is called %q", name)
	case len(s.enrolled) >= maxDesks:
		return hint.New("end one that is not used: parley desk end", "this line has %d desks, and no more", maxDesks)
	}
	return nil
}

// find gives the place of a desk by its name. The caller holds s.mu.
func (s *Server) find(name string) (int, error) {
	i := slices.IndexFunc(s.enrolled, func(d enrolled) bool { return strings.EqualFold(d.Name, strings.TrimSpace(name)) })
	if i < 0 {
		return i, hint.New("see: parley desk list", "there is no desk %q", name)
	}
	return i, nil
}

// Does carries out the acts that are the page's: invitations, desks and sessions; ok says whether an act is one. Who may do
// it has been looked at. SPEC: PAG-070 PAG-074 PAG-077
func (s *Server) Does(who act.Who, lang string, a act.Act) (r act.Reply, ok bool, err error) {
	switch a := a.(type) {
	case act.Invite:
		r, err = s.inviteOfficer(who, lang, a)
	case act.DeskInvite:
		r, err = s.inviteDesk(who, lang, a)
	case act.DeskRename:
		r, err = s.renameDesk(lang, a)
	case act.Item:
		switch a.Do {
		case act.SessionEnd.Do:
			r, err = s.endSession(lang, a.ID)
		case act.DeskEnd.Do:
			r, err = s.endDesk(lang, a.ID)
		default:
			return r, false, nil
		}
	case act.Plain:
		switch a {
		case act.SessionList:
			r, err = s.listSessions(lang)
		case act.DeskList:
			r, err = s.listDesks(lang)
		default:
			return r, false, nil
		}
	default:
		return r, false, nil
	}
	return r, true, err
}

func (s *Server) inviteOfficer(who act.Who, lang string, a act.Invite) (act.Reply, error) {
	p, err := s.cfg.Node.Staff(a.Officer)
	if err == nil && p.ID == "" {
		err = hint.Later("try again in a moment", "the record is being read")
	}
	if err != nil {
		return act.Reply{}, err
	}
	i, err := s.write(invite{officer: p, anew: a.Anew})
	if err != nil {
		return act.Reply{}, err
	}
	if a.Anew { // what he has lost opens nothing from now on, whether or not he comes
		s.forget(p.ID)
	}
	s.cfg.Log.Info("page: an officer was invited", "officer", p.ID, "by", cmp.Or(who.Officer, who.Account))
	return act.Reply{Text: fmt.Sprintf(words.Say(lang, "%s, before %s: open %s and make a passkey. If the code is asked for: %s. It works once."), p.Name, i.Until.Format("15:04:05Z"), i.URL, i.Code), Data: i}, nil
}

// forget takes an officer's passkeys and sessions away.
func (s *Server) forget(officer string) {
	if o := s.ownerOf(officer); o != nil {
		_ = s.change(keptPasskeys, func() any {
			delete(s.passkeys, b64.EncodeToString(o.handle))
			return s.passkeys
		})
	}
	s.end(func(l link) bool { return l.Who.Officer == officer && l.Who.Known == "passkey" })
}

func (s *Server) inviteDesk(who act.Who, lang string, a act.DeskInvite) (act.Reply, error) {
	s.mu.Lock()
	err := s.freeName(a.Name)
	s.mu.Unlock()
	if err != nil {
		return act.Reply{}, err
	}
	i, err := s.write(invite{desk: enrolled{Name: a.Name, Deputy: a.Deputy, By: who.Officer}})
	if err != nil {
		return act.Reply{}, err
	}
	return act.Reply{Text: fmt.Sprintf(words.Say(lang, "In the browser that is to be the desk %s, before %s: open %s. If the code is asked for: %s. It works once."), a.Name, i.Until.Format("15:04:05Z"), i.URL, i.Code), Data: i}, nil
}

func (s *Server) renameDesk(lang string, a act.DeskRename) (act.Reply, error) {
	was := ""
	err := s.setDesks(func(all []enrolled) ([]enrolled, error) {
		i, err := s.find(a.Desk)
		if err != nil {
			return nil, err
		}
		if err := s.freeName(a.Name); err != nil && !strings.EqualFold(a.Name, all[i].Name) {
			return nil, err
		}
		was, all[i].Name = all[i].Name, a.Name
		return all, nil
	})
	return act.Reply{Text: fmt.Sprintf(words.Say(lang, "%s is called %s from now on"), was, a.Name)}, err
}

func (s *Server) endDesk(lang, name string) (act.Reply, error) {
	var d enrolled
	if err := s.setDesks(func(all []enrolled) ([]enrolled, error) {
		i, err := s.find(name)
		if err != nil {
			return nil, err
		}
		d = all[i]
		return slices.Delete(all, i, i+1), nil
	}); err != nil {
		return act.Reply{}, err
	}
	s.end(func(l link) bool { return l.Desk == d.ID })
	s.cfg.Log.Info("page: a desk was ended", "desk", d.Name)
	return act.Reply{Text: fmt.Sprintf(words.Say(lang, "%s is a desk no more"), d.Name)}, nil
}

func (s *Server) endSession(lang, id string) (act.Reply, error) {
	if s.end(func(l link) bool { return l.ID == id }) == 0 {
		return act.Reply{}, hint.New("see: parley session list", "there is no session %q", id)
	}
	return act.Reply{Text: fmt.Sprintf(words.Say(lang, "the session %s is ended"), id)}, nil
}

// Mine reports whether the session that an act ends is of the officer who asks.
func (s *Server) Mine(who act.Who, a act.Act) bool {
	i, ok := a.(act.Item)
	return ok && slices.ContainsFunc(s.list(), func(l link) bool { return l.ID == i.ID && l.Who.Officer == who.Officer })
}

// sessionRow is a session as it is listed.
type sessionRow struct {
	ID      string    `json:"id"`
	Officer string    `json:"officer,omitempty"`
	Known   string    `json:"known"`
	Desk    string    `json:"desk"`
	Since   time.Time `json:"since"`
	From    string    `json:"from,omitempty"`
}

func (s *Server) listSessions(lang string) (act.Reply, error) {
	rows, lines := []sessionRow{}, []string{}
	for _, l := range s.list() {
		r := sessionRow{l.ID, l.Who.Officer, l.Who.Known, l.Who.Desk, l.At, l.From}
		if p, err := s.cfg.Node.Staff(l.Who.Officer); err == nil && p.Name != "" {
			r.Officer = p.Name
		}
		rows = append(rows, r)
		lines = append(lines, strings.Join([]string{r.ID, r.Officer, words.Or(lang, "known", r.Known), view.DeskName(lang, r.Desk), r.Since.Format("2006-01-02 15:04Z"), r.From}, "  "))
	}
	if len(rows) == 0 {
		lines = append(lines, words.Say(lang, "nobody is signed on at the page"))
	}
	return act.Reply{Text: strings.Join(lines, "\n"), Data: rows}, nil
}

// deskRow is a desk as it is listed.
type deskRow struct {
	Name   string    `json:"name"`
	Deputy bool      `json:"deputy,omitempty"`
	Armed  bool      `json:"armed"`
	Pages  int       `json:"pages"` // open now
	Made   time.Time `json:"made"`
	Word   string    `json:"word"`
}

func (s *Server) listDesks(lang string) (act.Reply, error) {
	rows, lines := []deskRow{}, []string{}
	s.mu.Lock()
	for _, e := range s.enrolled {
		r := deskRow{Name: e.Name, Deputy: e.Deputy, Made: e.Made}
		if d := s.desks[e.Name]; d != nil {
			r.Armed, r.Pages = d.told.Armed, d.pages
		}
		switch {
		case r.Armed:
			r.Word = words.T(lang, "desk.armed")
		case r.Pages > 0:
			r.Word = words.T(lang, "desk.silent")
		default:
			r.Word = words.T(lang, "desk.closed")
		}
		if r.Deputy {
			r.Word += ", " + words.T(lang, "desk.deputy")
		}
		rows, lines = append(rows, r), append(lines, r.Name+"  "+r.Word+"  "+r.Made.Format("2006-01-02"))
	}
	s.mu.Unlock()
	if len(rows) == 0 {
		lines = append(lines, words.Say(lang, "no browser is a desk of this line: parley desk invite 'Ops room left'"))
	}
	return act.Reply{Text: strings.Join(lines, "\n"), Data: rows}, nil
}

// Watch ends the sessions of whoever is an officer no more, until ctx does. SPEC: PAG-076
func (s *Server) Watch(ctx context.Context) {
	t := time.NewTicker(watchTime)
	defer t.Stop()
	for {
		of := map[string]bool{}
		for _, l := range s.list() {
			of[l.Who.Officer] = l.Who.Officer != ""
		}
		for officer, is := range of {
			if !is {
				continue
			}
			if _, err := s.cfg.Node.Staff(officer); err != nil {
				n := s.end(func(l link) bool { return l.Who.Officer == officer })
				s.cfg.Log.Info("page: sessions of an officer no more are ended", "officer", officer, "sessions", n)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
