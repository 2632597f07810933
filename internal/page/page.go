// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"crypto/rand"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/words"
)

// Node is what the page needs of a line's node.
type Node interface {
	Do(ctx context.Context, who act.Who, lang string, a act.Act) (act.Reply, error)
	View(lang, desk string) view.Desk
	// Subscribe gives a channel that says that something changed, and its end.
	Subscribe(desk string) (<-chan struct{}, func())
}

// Edge takes a browser's offer of sound and gives the answer.
type Edge interface {
	Offer(desk, sdp string) (answer string, err error)
	// Carries reports whether sound of that desk comes; Server.SoundChanged is called when that changes.
	Carries(desk string) bool
}

// Keeper keeps what a page must know when its node starts again.
type Keeper interface {
	State(name string) ([]byte, error) // nil: nothing is kept under that name
	SetState(name string, b []byte) error
}

// Config is what one node's page is given.
type Config struct {
	Node    Node
	Edge    Edge               // nil: desks without sound
	Name    string             // of the node, for its cookie: aurelia-north
	Hosts   []string           // host:port under which it may be asked; the first stands in links
	Frame   string             // origin of the demo's page, the only one that may frame it; "": none may
	Keep    Keeper             // of the cookies' key and the sessions that were signed off; nil: forgotten with the node
	Alive   func(act.Who) bool // whether that person is still signed on at that desk; nil: always
	Lingers time.Duration      // how long a desk without an open page keeps its officer; 0: 20 s
	Now     func() time.Time   // nil: the clock
	Rand    io.Reader          // nil: the system's
	Log     *slog.Logger       // nil: none
}

// Server serves the desks of one node.
type Server struct {
	cfg Config
	mux *http.ServeMux
	key []byte // signs the cookies

	mu    sync.Mutex // guards what follows
	links map[string]grant
	gone  map[string]time.Time // sessions that were signed off, until their cookies end
	tabs  map[string]*tab
	desks map[string]*desk
}

// New makes the page of a node.
func New(cfg Config) (*Server, error) {
	if cfg.Node == nil || cfg.Name == "" || len(cfg.Hosts) == 0 {
		return nil, fmt.Errorf("couldn't make a page: it needs a node, a name and a host")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Lingers == 0 {
		cfg.Lingers = lingers
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), links: map[string]grant{}, gone: map[string]time.Time{},
		tabs: map[string]*tab{}, desks: map[string]*desk{}}
	if err := s.restore(); err != nil {
		return nil, err
	}
	s.mux.HandleFunc("GET /{$}", s.desk)
	s.mux.HandleFunc("GET /in", s.in)
	s.mux.HandleFunc("GET /ws", s.socket)
	s.mux.Handle("GET /static/", statics())
	return s, nil
}

func statics() http.Handler {
	sub, _ := fs.Sub(staticFiles, ".")
	return http.FileServerFS(sub)
}

// ServeHTTP lets in what comes over loopback under one of our names, and gives every answer its headers.
// SPEC: PAG-003 PAG-004
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	frame, mic := "'none'", "microphone=(self)"
	if s.cfg.Frame != "" {
		frame = s.cfg.Frame
	}
	harden(w.Header(), frame, mic, "")
	if why := stranger(r, s.cfg.Hosts); why != "" {
		http.Error(w, why, http.StatusForbidden)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// stranger says why a request is not let in, "" when it is. A foreign name in Host is how a page of
// elsewhere reaches a server on loopback.
func stranger(r *http.Request, hosts []string) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return "this page is served over loopback only"
	}
	if !slices.Contains(hosts, strings.ToLower(r.Host)) {
		return "this page is not served under that name"
	}
	return ""
}

// harden sets the headers of every answer: own scripts and styles only, no outside request, no cache.
func harden(h http.Header, ancestors, mic, frames string) {
	csp := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; " +
		"form-action 'none'; base-uri 'none'; frame-ancestors " + ancestors
	if frames != "" {
		csp += "; frame-src " + frames
	}
	h.Set("Content-Security-Policy", csp)
	h.Set("Permissions-Policy", mic+", camera=(), geolocation=(), usb=(), serial=(), payment=(), display-capture=()")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-site")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// desk draws a whole desk for whoever holds its cookie.
func (s *Server) desk(w http.ResponseWriter, r *http.Request) {
	lang := words.Lang(firstLang(r))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	who, _, ok := s.session(r)
	if !ok {
		w.WriteHeader(http.StatusUnauthorized)
		out, err := render("signin", lang, lang)
		s.write(w, out, err)
		return
	}
	t, err := s.newTab(who, lang)
	if err != nil {
		s.write(w, "", err)
		return
	}
	out, err := s.whole(t)
	s.write(w, out, err)
}

func (s *Server) write(w http.ResponseWriter, out string, err error) {
	if err != nil {
		s.cfg.Log.Error("page", "err", err)
		http.Error(w, "the page could not be drawn", http.StatusInternalServerError)
		return
	}
	io.WriteString(w, out)
}

// whole draws the page with all its panels, numbered so that the socket goes on from there.
func (s *Server) whole(t *tab) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sh := s.sheet(t)
	if _, err := s.redraw(t, sh); err != nil {
		return "", err
	}
	sh.Tab, sh.Seq, sh.Framer, sh.Panels = t.id, t.seq, s.cfg.Frame, map[string]template.HTML{}
	for _, p := range panels() {
		sh.Panels[p] = template.HTML(t.drawn[p].html)
	}
	return render("desk", t.lang, sh)
}

// firstLang is the language asked for: ?lang=it, else the browser's first that we have.
func firstLang(r *http.Request) string {
	if l := r.URL.Query().Get("lang"); l != "" {
		return l
	}
	for p := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		l, _, _ := strings.Cut(strings.TrimSpace(p), ";")
		l, _, _ = strings.Cut(l, "-")
		if slices.Contains(words.Langs(), l) {
			return l
		}
	}
	return "en"
}
