// SPDX-License-Identifier: Apache-2.0

package page

import (
	"crypto/rand"
	"encoding/json"
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
	inviteLife   = 10 * time.Minute
	maxInvites   = 32
	maxWrong     = 20 // codes that open nothing, in a minute
	maxCeremony  = 64
	ceremonyLife = 3 * time.Minute
	maxBody      = 16 << 10
)

// invite is what a slip's code opens: a passkey for an officer, or a desk.
type invite struct {
	officer act.Staff
	anew    bool
	desk    enrolled
	until   time.Time
}

// slip is what is printed of an invitation.
type slip struct {
	Code  string    `json:"code"`
	URL   string    `json:"url"`
	Until time.Time `json:"until"`
}

// invites keeps what was given out: in memory alone, since ten minutes outlive no restart.
type invites struct {
	of    map[string]invite // by the code's hash
	wrong int               // codes that opened nothing, since
	since time.Time
}

// write gives a slip. SPEC: PAG-070
func (s *Server) write(i invite) (slip, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	maps.DeleteFunc(s.invites.of, func(_ string, i invite) bool { return now.After(i.until) })
	if len(s.invites.of) >= maxInvites {
		return slip{}, hint.New("use one of them, or wait ten minutes", "too many invitations wait to be used")
	}
	code := rand.Text()[:12]
	i.until = now.Add(inviteLife).UTC().Truncate(time.Second)
	s.invites.of[key(code)] = i
	return slip{Code: code[:4] + "-" + code[4:8] + "-" + code[8:], URL: s.origin(s.cfg.Hosts[0]) + "/join#" + code, Until: i.until}, nil
}

// opens gives what a code opens. Whoever tries many is told of none for the rest of the minute, right or wrong. SPEC: PAG-070
func (s *Server) opens(r *http.Request, code string) (k string, i invite, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	if now.Sub(s.invites.since) > time.Minute {
		s.invites.wrong, s.invites.since = 0, now
	}
	if s.invites.wrong >= maxWrong {
		s.guard.tell("too many wrong codes", r.RemoteAddr)
		return "", i, hint.Later("wait a minute", "too many wrong codes were tried")
	}
	k = key(strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(code)))
	i, ok := s.invites.of[k]
	if !ok || now.After(i.until) {
		s.invites.wrong++
		s.guard.tell("a code that opens nothing", r.RemoteAddr)
		return "", i, hint.New("ask for another slip; each works once, within ten minutes", "this code opens nothing")
	}
	return k, i, nil
}

// used takes a code away, once.
func (s *Server) used(k string) (i invite, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok = s.invites.of[k]
	delete(s.invites.of, k)
	return i, ok
}

// posted reads what a page of ours posts; what comes from a page of elsewhere, or is too long, is refused.
func (s *Server) posted(w http.ResponseWriter, r *http.Request) (b []byte, ok bool) {
	if s.foreign(r) || r.Header.Get("Content-Type") != "application/json" {
		s.refuse(w, r, http.StatusForbidden, "a request of another origin")
		return nil, false
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.refuse(w, r, http.StatusRequestEntityTooLarge, "a request too long")
		return nil, false
	}
	return b, true
}

// reply answers what a page of ours posted: a refusal in the person's language, or what comes of it.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, what any, err error) {
	status := http.StatusOK
	if err != nil {
		status = http.StatusForbidden
		e := refusal(err, words.Lang(firstLang(r)))
		what = map[string]string{"error": e.What, "hint": e.Hint}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(what) // whoever asked may have gone
}

// joinPage is where the code of a slip is typed.
func (s *Server) joinPage(w http.ResponseWriter, r *http.Request) {
	lang := words.Lang(firstLang(r))
	s.answer(w, http.StatusOK, "join", lang, lang, nil)
}

// join takes a code: a desk is enrolled at once, an officer makes a passkey first. SPEC: PAG-070 PAG-071 PAG-077
func (s *Server) join(w http.ResponseWriter, r *http.Request) {
	b, ok := s.posted(w, r)
	if !ok {
		return
	}
	var said struct {
		Code string `json:"code"`
	}
	err := json.Unmarshal(b, &said)
	k, i, no := "", invite{}, error(hint.New("", "the code could not be read"))
	if err == nil {
		k, i, no = s.opens(r, said.Code)
	}
	switch {
	case no != nil:
		s.reply(w, r, nil, no)
	case i.desk.Name != "":
		if _, ok := s.used(k); !ok {
			s.reply(w, r, nil, errUsed)
			return
		}
		c, err := s.enrol(i.desk)
		if err == nil {
			http.SetCookie(w, c)
		}
		s.reply(w, r, map[string]string{"desk": i.desk.Name}, err)
	default:
		options, err := s.askForPasskey(r, k, i)
		s.reply(w, r, options, err)
	}
}

var errUsed = hint.New("ask for another slip; each works once, within ten minutes", "this code was used already")
