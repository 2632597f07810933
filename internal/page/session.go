// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/words"
)

const (
	linkLife    = 10 * time.Minute
	sessionLife = 24 * time.Hour
	maxLinks    = 256
	maxSessions = 128
	maxKept     = 60 << 10 // of a file of the page: a home reads no more than 64 KiB
)

// link is a person's way to a desk: for a while the one-time link that was given out, then the session of its cookie.
type link struct {
	ID    string             `json:"id"` // of the session
	Who   act.Who            `json:"who"`
	Lang  string             `json:"lang"`
	At    time.Time          `json:"at"`
	From  string             `json:"from,omitempty"` // the address that it was begun from
	Until time.Time          `json:"until"`
	Desk  string             `json:"desk,omitempty"`  // ID of the enrolled desk at which it was begun, and where alone it holds
	Lines map[string]act.Who `json:"lines,omitempty"` // of a board: who its person is on each

	root string  // under which a board has the page: /line/NAME
	of   *Server // whose session it is, where that is a board's
}

var b64 = base64.RawURLEncoding

// The files that the page keeps.
const (
	keptSessions = "page.sessions"
	keptDesks    = "page.desks"
	keptPasskeys = "page.passkeys"
)

// change changes what the page keeps in a file: f does it in memory and gives all of it, nil where nothing changed. It is on
// disk when change returns. A disk that hangs holds up who changes, and no desk: f alone holds s.mu.
func (s *Server) change(name string, f func() any) error {
	s.disk.Lock()
	defer s.disk.Unlock()
	s.mu.Lock()
	what := f()
	b, err := json.Marshal(what)
	s.mu.Unlock()
	if what == nil || s.cfg.Keep == nil {
		return nil
	}
	if err == nil && len(b) > maxKept {
		err = fmt.Errorf("over %d bytes", maxKept)
	}
	if err == nil {
		err = s.cfg.Keep.SetState(name, b)
	}
	if err != nil { // it is known until the node ends
		s.cfg.Log.Error("the page could not keep what it must know when the node starts again", "file", name, "err", err)
	}
	return err
}

// restore reads what was kept. A file that cannot be read stops the page: it would let nobody in, and forget everybody.
func (s *Server) restore() error {
	if s.cfg.Keep == nil {
		return nil
	}
	for name, into := range map[string]any{keptSessions: &s.sessions, keptDesks: &s.enrolled, keptPasskeys: &s.passkeys} {
		b, err := s.cfg.Keep.State(name)
		if err == nil && b != nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			return fmt.Errorf("couldn't read what the page keeps in %s: %w", name, err)
		}
	}
	for _, p := range s.passkeys {
		if p == nil {
			return fmt.Errorf("couldn't read what the page keeps in %s", keptPasskeys)
		}
	}
	if s.sessions == nil || s.passkeys == nil { // the file says null
		return fmt.Errorf("couldn't read what the page keeps: it is empty")
	}
	return nil
}

// begin makes a session and gives its cookie: on disk before it is given, but for a disk that takes nothing. SPEC: PAG-006
func (s *Server) begin(r *http.Request, l link) *http.Cookie {
	token := rand.Text()
	now := s.cfg.Now().UTC().Truncate(time.Second)
	l.ID, l.At, l.Until, l.From = strings.ToLower(rand.Text()[:6]), now, now.Add(sessionLife), hostOf(r.RemoteAddr)
	_ = s.change(keptSessions, func() any {
		maps.DeleteFunc(s.sessions, func(_ string, l link) bool { return now.After(l.Until) })
		if len(s.sessions) >= maxSessions {
			oldest := slices.MinFunc(slices.Collect(maps.Keys(s.sessions)), func(a, b string) int { return s.sessions[a].At.Compare(s.sessions[b].At) })
			delete(s.sessions, oldest)
		}
		s.sessions[key(token)] = l
		return s.sessions
	})
	return s.cookie(s.cookieName(), token, sessionLife)
}

// end ends sessions for good, and says how many there were. SPEC: PAG-006 PAG-074
func (s *Server) end(which func(link) bool) (n int) {
	_ = s.change(keptSessions, func() any {
		n = len(s.sessions)
		maps.DeleteFunc(s.sessions, func(_ string, l link) bool { return which(l) })
		if n -= len(s.sessions); n == 0 {
			return nil
		}
		return s.sessions
	})
	return n
}

// stands reports whether a session, or the desk that has none, opens anything still.
func (s *Server) stands(l link) bool {
	if s.cfg.Node == nil && l.of == nil && l.Lines == nil { // the demo's own page
		return true
	}
	if l.of != nil && l.of != s {
		return l.of.stands(l)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.Desk != "" && !slices.ContainsFunc(s.enrolled, func(d enrolled) bool { return d.ID == l.Desk && d.Name == l.Who.Desk }) {
		return false
	}
	if l.ID == "" { // nobody is signed on there
		return l.Desk != ""
	}
	return slices.ContainsFunc(slices.Collect(maps.Values(s.sessions)), func(x link) bool { return x.ID == l.ID && !s.cfg.Now().After(x.Until) })
}

// signOff ends every session of a person at this page, at whichever desk; of one without a name, that session. SPEC: PAG-074
func (s *Server) signOff(l link) {
	if l.of != nil {
		s = l.of
	}
	s.end(func(x link) bool {
		return x.ID == l.ID || l.Who.Officer != "" && l.Lines == nil && x.Who.Officer == l.Who.Officer
	})
}

// Link gives a one-time link to the page of a person; the desk that it opens is who.Desk, or a new one.
// SPEC: PAG-005
func (s *Server) Link(who act.Who, lang string) (string, error) {
	return s.give(link{Who: seated(who)}, lang)
}

// seated is a person at a desk of the page.
func seated(who act.Who) act.Who {
	if !strings.HasPrefix(who.Desk, "page-") {
		who.Desk = "page-" + strings.ToLower(rand.Text()[:3])
	}
	if who.Officer != "" {
		who.Known = "account + link"
	}
	return who
}

// give makes a link of what it opens.
func (s *Server) give(l link, lang string) (string, error) {
	token := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	maps.DeleteFunc(s.links, func(_ string, l link) bool { return now.After(l.Until) })
	if len(s.links) >= maxLinks {
		return "", hint.New("use one of them, or wait ten minutes", "too many links wait to be used")
	}
	l.Lang, l.Until = words.Lang(lang), now.Add(linkLife)
	s.links[key(token)] = l
	return s.origin(s.cfg.Hosts[0]) + "/in?token=" + token, nil
}

// key is how a token is kept: the table alone opens nothing.
func key(token string) string {
	h := sha256.Sum256([]byte(token))
	return b64.EncodeToString(h[:])
}

// in takes a link, once, and gives the cookie.
func (s *Server) in(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead { // a look at a link, by a chat or a scanner, uses nothing up
		return
	}
	k := key(r.URL.Query().Get("token"))
	s.mu.Lock()
	l, ok := s.links[k]
	delete(s.links, k)
	s.mu.Unlock()
	if !ok || s.cfg.Now().After(l.Until) {
		s.guard.tell("a link that opens nothing", r.RemoteAddr)
		s.turnAway(w, r, http.StatusForbidden)
		return
	}
	if d, at := s.deskHere(r); at && l.Lines == nil {
		l.Who.Desk, l.Who.Stays, l.Desk = d.Name, true, d.ID
	}
	http.SetCookie(w, s.begin(r, l))
	http.Redirect(w, r, "/?lang="+l.Lang, http.StatusSeeOther)
}

// cookieName is of one node; over TLS browsers keep a cookie of this name only where it is Secure and of this host alone.
// SPEC: PAG-068
func (s *Server) cookieName() string {
	if s.cfg.TLS {
		return "__Host-parley-" + s.cfg.Name
	}
	return "parley-" + s.cfg.Name
}

// cookie makes a cookie of a token; it goes to no other site and no script reads it.
func (s *Server) cookie(name, token string, life time.Duration) *http.Cookie {
	return &http.Cookie{Name: name, Value: token, Path: "/", HttpOnly: true, Secure: s.cfg.TLS, SameSite: http.SameSiteStrictMode, MaxAge: int(life / time.Second)}
}

// session reads who asks, and from which desk: a person's session, else an enrolled desk at which nobody is signed on. A
// session that was begun at an enrolled desk holds there alone: its cookie opens nothing elsewhere. SPEC: PAG-006 PAG-077
func (s *Server) session(r *http.Request) (l link, ok bool) {
	if l, ok = r.Context().Value(deskKey{}).(link); ok { // the board has asked who it is
		return l, s.stands(l)
	}
	d, at := s.deskHere(r)
	if c, err := r.Cookie(s.cookieName()); err == nil {
		s.mu.Lock()
		l, ok = s.sessions[key(c.Value)]
		s.mu.Unlock()
		ok = ok && !s.cfg.Now().After(l.Until)
		if ok && l.Desk != "" && (!at || d.ID != l.Desk) {
			s.guard.tell("a session away from its desk", r.RemoteAddr)
			ok = false
		}
	}
	switch {
	case !ok && at:
		l = link{Who: act.Who{Known: "unattributed"}, At: d.Made}
		fallthrough
	case ok && at && l.Lines == nil:
		l.Desk, l.Who.Desk, l.Who.Stays, ok = d.ID, d.Name, true, true
	}
	return l, ok
}

// list tells who is signed on at the page, the newest first. SPEC: PAG-074
func (s *Server) list() (out []link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.sessions {
		if !s.cfg.Now().After(l.Until) {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b link) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	return out
}
