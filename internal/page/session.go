// SPDX-License-Identifier: Apache-2.0

package page

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
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

// grant is a one-time link that was given out.
type grant struct {
	who   act.Who
	lang  string
	until time.Time
}

// pass is what a cookie says, signed.
type pass struct {
	ID    string    `json:"id"`
	Who   act.Who   `json:"who"`
	Until time.Time `json:"until"`
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
	if _, err := io.ReadFull(s.cfg.Rand, s.key); err != nil {
		return fmt.Errorf("couldn't draw a key for the cookies: %w", err)
	}
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
	b, err := json.Marshal(s.gone)
	if err != nil {
		return fmt.Errorf("couldn't write the sessions that are signed off: %w", err)
	}
	return s.cfg.Keep.SetState("page.off", b)
}

// signedOff reports whether a session was.
func (s *Server) signedOff(session string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.gone[session].IsZero()
}

// random gives n random bytes as text.
func (s *Server) random(n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.cfg.Rand, b); err != nil {
		return "", fmt.Errorf("couldn't draw random bytes: %w", err)
	}
	return b64.EncodeToString(b), nil
}

// Link gives a one-time link to the page of a person; the desk that it opens is who.Desk, or a new one.
// SPEC: PAG-005
func (s *Server) Link(who act.Who, lang string) (string, error) {
	token, err := s.random(32)
	if err != nil {
		return "", err
	}
	if who.Desk == "" || !strings.HasPrefix(who.Desk, "page-") {
		b := make([]byte, 3)
		if _, err := io.ReadFull(s.cfg.Rand, b); err != nil {
			return "", fmt.Errorf("couldn't name a desk: %w", err)
		}
		for i := range b {
			b[i] = "0123456789abcdefghjkmnpqrstvwxyz"[b[i]%32]
		}
		who.Desk = "page-" + string(b)
	}
	if who.Officer != "" {
		who.Known = "account + link"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	for k, g := range s.links {
		if now.After(g.until) {
			delete(s.links, k)
		}
	}
	if len(s.links) >= maxLinks {
		return "", hint.New("use one of them, or wait ten minutes", "too many links wait to be used")
	}
	s.links[key(token)] = grant{who, words.Lang(lang), now.Add(linkLife)}
	return "http://" + s.cfg.Hosts[0] + "/in?token=" + token, nil
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
	g, ok := s.links[k]
	delete(s.links, k)
	s.mu.Unlock()
	if !ok || s.cfg.Now().After(g.until) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusForbidden)
		lang := words.Lang(firstLang(r))
		out, err := render("signin", lang, lang)
		s.write(w, out, err)
		return
	}
	id, err := s.random(12)
	if err != nil {
		s.write(w, "", err)
		return
	}
	c, err := s.cookie(pass{ID: id, Who: g.who, Until: s.cfg.Now().Add(sessionLife).UTC().Truncate(time.Second)})
	if err != nil {
		s.write(w, "", err)
		return
	}
	http.SetCookie(w, c)
	http.Redirect(w, r, "/?lang="+g.lang, http.StatusSeeOther)
}

func (s *Server) cookieName() string { return "parley-" + s.cfg.Name }

func (s *Server) mac(body string) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte("parley page cookie\n" + s.cookieName() + "\n" + body))
	return b64.EncodeToString(m.Sum(nil))
}

// cookie makes the signed cookie; it goes to no other site and no script reads it.
func (s *Server) cookie(p pass) (*http.Cookie, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("couldn't write a cookie: %w", err)
	}
	body := b64.EncodeToString(b)
	return &http.Cookie{Name: s.cookieName(), Value: body + "." + s.mac(body), Path: "/", HttpOnly: true,
		SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLife / time.Second)}, nil
}

// session reads who asks. SPEC: PAG-006
func (s *Server) session(r *http.Request) (act.Who, string, bool) {
	c, err := r.Cookie(s.cookieName())
	if err != nil {
		return act.Who{}, "", false
	}
	body, sig, _ := strings.Cut(c.Value, ".")
	if !hmac.Equal([]byte(sig), []byte(s.mac(body))) {
		return act.Who{}, "", false
	}
	b, err := b64.DecodeString(body)
	if err != nil {
		return act.Who{}, "", false
	}
	var p pass
	if json.Unmarshal(b, &p) != nil || s.cfg.Now().After(p.Until) {
		return act.Who{}, "", false
	}
	if s.signedOff(p.ID) || (s.cfg.Alive != nil && !s.cfg.Alive(p.Who)) {
		return act.Who{}, "", false
	}
	return p.Who, p.ID, true
}
