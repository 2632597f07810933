// SPDX-License-Identifier: Apache-2.0

package page

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
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
)

// link is a person's way to a desk: for a while the one-time link that was given out, then what its cookie says, signed.
type link struct {
	ID    string             `json:"id"` // of the session
	Who   act.Who            `json:"who"`
	Lang  string             `json:"lang"`
	Until time.Time          `json:"until"`
	Lines map[string]act.Who `json:"lines,omitempty"` // of a board: who its person is on each

	root string // under which a board has the page: /line/NAME
}

var b64 = base64.RawURLEncoding

// restore reads what was kept, and draws a key where there is none.
func (s *Server) restore() (err error) {
	var off []byte
	if k := s.cfg.Keep; k != nil {
		if s.key, err = k.State("page.key"); err == nil {
			off, err = k.State("page.off")
		}
		if err == nil && off != nil {
			err = json.Unmarshal(off, &s.gone)
		}
		if err != nil {
			return fmt.Errorf("couldn't read what the page keeps: %w", err)
		}
	}
	if len(s.key) == 32 {
		return nil
	}
	s.key = make([]byte, 32)
	rand.Read(s.key)
	if s.cfg.Keep == nil {
		return nil
	}
	return s.cfg.Keep.SetState("page.key", s.key)
}

// signOff ends a session for good. SPEC: PAG-006
func (s *Server) signOff(session string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	maps.DeleteFunc(s.gone, func(_ string, until time.Time) bool { return now.After(until) })
	s.gone[session] = now.Add(sessionLife)
	if s.cfg.Keep == nil {
		return nil
	}
	b, _ := json.Marshal(s.gone) // plain data: it cannot fail
	return s.cfg.Keep.SetState("page.off", b)
}

// signedOff reports whether a session was.
func (s *Server) signedOff(session string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.gone[session].IsZero()
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
	l.ID, l.Lang, l.Until = rand.Text(), words.Lang(lang), now.Add(linkLife)
	s.links[key(token)] = l
	return s.origin(s.cfg.Hosts[0]) + "/in?token=" + token, nil
}

// key is how a token is kept: the table alone opens nothing.
func key(token string) string {
	h := sha256.Sum256([]byte(token))
	return string(h[:])
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
		s.turnAway(w, r, http.StatusForbidden)
		return
	}
	l.Until = s.cfg.Now().Add(sessionLife).UTC().Truncate(time.Second)
	http.SetCookie(w, s.cookie(l))
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

func (s *Server) mac(body string) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte("parley page cookie\n" + s.cookieName() + "\n" + body))
	return b64.EncodeToString(m.Sum(nil))
}

// cookie makes the signed cookie; it goes to no other site and no script reads it.
func (s *Server) cookie(l link) *http.Cookie {
	b, _ := json.Marshal(l) // plain data: it cannot fail
	body := b64.EncodeToString(b)
	return &http.Cookie{Name: s.cookieName(), Value: body + "." + s.mac(body), Path: "/", HttpOnly: true, Secure: s.cfg.TLS,
		SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLife / time.Second)}
}

// session reads who asks. SPEC: PAG-006
func (s *Server) session(r *http.Request) (l link, ok bool) {
	if l, ok = r.Context().Value(deskKey{}).(link); ok { // the board has asked who it is
		return l, !s.signedOff(l.ID)
	}
	c, err := r.Cookie(s.cookieName())
	if err != nil {
		return l, false
	}
	body, sig, _ := strings.Cut(c.Value, ".")
	if !hmac.Equal([]byte(sig), []byte(s.mac(body))) {
		return l, false
	}
	b, err := b64.DecodeString(body)
	if err != nil || json.Unmarshal(b, &l) != nil {
		return l, false
	}
	return l, !s.cfg.Now().After(l.Until) && !s.signedOff(l.ID)
}
