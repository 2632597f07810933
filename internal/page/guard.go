// SPDX-License-Identifier: Apache-2.0

package page

import (
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// What strangers and browsers may cost. SPEC: PAG-067
const (
	maxConns    = 512 // TCP connections of all, before anything of them is read
	maxOfOne    = 128 // and of one address
	maxHeader   = 16 << 10
	maxSockets  = 128 // WebSockets of all
	maxOfPerson = 24  // and of one session
	answerFor   = 30 * time.Second
)

// guard bounds connections, and tells of what was refused: a sentence of a sort once a second, with how many there were.
// No address that was asked, no header and no cookie is in it.
type guard struct {
	log *slog.Logger

	mu    sync.Mutex // guards what follows
	conns map[string]int
	all   int
	said  map[string]time.Time
	more  map[string]int // not said since, by sort
}

func newGuard(log *slog.Logger) *guard {
	return &guard{log: log, conns: map[string]int{}, said: map[string]time.Time{}, more: map[string]int{}}
}

// tell logs that something was refused. The sorts are few and ours.
func (g *guard) tell(why, from string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); now.Sub(g.said[why]) >= time.Second {
		g.log.Warn("page: refused", "why", why, "from", hostOf(from), "more", g.more[why])
		g.said[why], g.more[why] = now, 0
		return
	}
	g.more[why]++
}

func hostOf(addr string) string {
	host, _, _ := net.SplitHostPort(addr)
	return host
}

// count closes a connection too many before anything of it is read. One that became a socket is counted there.
func (g *guard) count(c net.Conn, state http.ConnState) {
	from, more := hostOf(c.RemoteAddr().String()), 0
	switch state {
	case http.StateNew:
		more = 1
	case http.StateClosed, http.StateHijacked:
		more = -1
	default:
		return
	}
	g.mu.Lock()
	g.all += more
	g.conns[from] += more
	over := more > 0 && (g.all > maxConns || g.conns[from] > maxOfOne)
	if g.conns[from] == 0 {
		delete(g.conns, from)
	}
	g.mu.Unlock()
	if over {
		g.tell("too many connections", c.RemoteAddr().String())
		c.Close()
	}
}

// Guard makes the server of a page, with what its clients may cost.
func Guard(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: answerFor, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), ConnState: newGuard(log).count}
}

// stranger says why a request is not let in, "" when it is. A foreign name in Host is how a page of elsewhere reaches a
// server on loopback, or one of the house. SPEC: PAG-003
func (s *Server) stranger(r *http.Request) string {
	if s.cfg.TLS != (r.TLS != nil) {
		return "this page is not served that way"
	}
	if ip := net.ParseIP(hostOf(r.RemoteAddr)); !s.cfg.TLS && (ip == nil || !ip.IsLoopback()) {
		return "this page is served over loopback only"
	}
	if !slices.Contains(s.cfg.Hosts, strings.ToLower(r.Host)) {
		return "this page is not served under that name"
	}
	return ""
}

// foreign reports whether a request came from a page of elsewhere. What is no browser says no origin, and has no cookie
// that it was not given. SPEC: PAG-004
func (s *Server) foreign(r *http.Request) bool {
	o := r.Header.Get("Origin")
	return o != "" && o != s.origin(r.Host) || slices.Contains([]string{"cross-site", "same-site"}, r.Header.Get("Sec-Fetch-Site"))
}

// origin is the page under one of its hosts, as browsers name it.
func (s *Server) origin(host string) string {
	if s.cfg.TLS {
		return "https://" + strings.ToLower(host)
	}
	return "http://" + strings.ToLower(host)
}

// room counts a socket of a session, or refuses one too many; left gives the place back. SPEC: PAG-067
func (s *Server) room(session string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := 0
	for _, n := range s.sockets {
		all += n
	}
	if all >= maxSockets || s.sockets[session] >= maxOfPerson {
		return false
	}
	s.sockets[session]++
	return true
}

func (s *Server) left(session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sockets[session]--; s.sockets[session] == 0 {
		delete(s.sockets, session)
	}
}

// patient writes a file that may take long, as long as its reader goes on reading.
type patient struct {
	http.ResponseWriter
	out *http.ResponseController
}

func (p patient) Write(b []byte) (int, error) {
	_ = p.out.SetWriteDeadline(time.Now().Add(answerFor))
	return p.ResponseWriter.Write(b)
}
