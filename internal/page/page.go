// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/words"
)

// Node is what the page needs of a line's node and of its sound.
type Node interface {
	Do(ctx context.Context, who act.Who, lang string, a act.Act) (act.Reply, error)
	View(lang, desk string) view.Desk
	// Subscribe gives a channel that says that something changed, and its end.
	Subscribe(desk string) (<-chan struct{}, func())
	// Staff gives one of our people in office; while it cannot be known nobody, and no error.
	Staff(ref string) (act.Staff, error)
	// Letters takes what stands in the line that a desk types beside its call, and whether it is finished, in its order.
	Letters(who act.Who, text string, done bool, refused func(error))
	// Offer takes a browser's offer of sound and gives the answer.
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
	Silent  bool             // no sound is configured: no page is asked to connect its own
	Name    string           // of the node, for its cookie: aurelia-north
	Hosts   []string         // host:port under which it may be asked; the first stands in links
	TLS     bool             // it is asked over TLS, and from other machines
	Frame   string           // origin of the demo's page, the only one that may frame it; "": none may
	Keep    Keeper           // of the cookies' key and the sessions that were signed off; nil: forgotten with the node
	Lingers time.Duration    // how long a desk without an open page keeps its officer; 0: 20 s
	Now     func() time.Time // nil: the clock
	Log     *slog.Logger     // nil: none
}

// Server serves the desks of one node.
type Server struct {
	cfg Config
	mux *http.ServeMux
	rp  *webauthn.WebAuthn // nil: no passkey can be here

	guard *guard

	disk       sync.Mutex // held while a file of the page is written; taken before mu
	mu         sync.Mutex // guards what follows
	links      map[string]link
	sessions   map[string]link   // by the hash of what their cookie holds
	enrolled   []enrolled        // the desks of this page
	passkeys   map[string]*owner // by handle
	ceremonies map[string]ceremony
	invites    invites
	tabs       map[string]*tab
	desks      map[string]*desk
	// sockets are counted by session.
	sockets map[string]int

	pictures struct { // by language, the newest
		sync.Mutex
		of map[string]*picture
	}
}

// New makes the page of a node.
func New(cfg Config) (*Server, error) {
	if cfg.Node == nil || cfg.Name == "" || len(cfg.Hosts) == 0 {
		return nil, fmt.Errorf("couldn't make a page: it needs a node, a name and a host")
	}
	s := newServer(cfg)
	if err := s.restore(); err != nil {
		return nil, err
	}
	s.mux.HandleFunc("GET /{$}", s.desk)
	s.mux.HandleFunc("GET /in", s.in)
	s.mux.HandleFunc("GET /ws", s.socket)
	s.mux.HandleFunc("GET /ask/{verb}", s.ask)
	s.mux.HandleFunc("GET /export", s.export)
	s.mux.HandleFunc("GET /join", s.joinPage)
	s.mux.HandleFunc("POST /join", s.join)
	s.mux.HandleFunc("POST /join/passkey", s.madePasskey)
	s.mux.HandleFunc("POST /signon", s.askForOfficer)
	s.mux.HandleFunc("POST /signon/passkey", s.shownPasskey)
	var err error
	if s.rp, err = relying(s.cfg, s.origin); err != nil {
		s.cfg.Log.Warn("this page takes no passkeys", "err", err)
	}
	return s, nil
}

// newServer makes what serves a page, with what a config leaves out.
func newServer(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Lingers = cmp.Or(cfg.Lingers, lingers)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), links: map[string]link{}, sessions: map[string]link{}, passkeys: map[string]*owner{}, ceremonies: map[string]ceremony{}, invites: invites{of: map[string]invite{}}, tabs: map[string]*tab{}, desks: map[string]*desk{}, sockets: map[string]int{}, guard: newGuard(cfg.Log)}
	s.pictures.of = map[string]*picture{}
	s.mux.Handle("GET /static/", http.FileServerFS(staticFiles))
	return s
}

// ServeHTTP gives every answer its headers.
// SPEC: PAG-003 PAG-004
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	harden(w.Header(), cmp.Or(s.cfg.Frame, "'none'"), "microphone=(self)", "")
	s.serve(w, r)
}

// serve lets in what comes over loopback, or over TLS, under one of our names.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if why := s.stranger(r); why != "" {
		s.refuse(w, r, http.StatusForbidden, why)
		return
	}
	if s.cfg.TLS { // SPEC: PAG-068
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerFor)) // a socket has its own
	s.mux.ServeHTTP(w, r)
}

// refuse answers a request that is not let in, and says so in the log.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	s.guard.tell(why, r.RemoteAddr)
	http.Error(w, why, status)
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
	l, ok := s.session(r)
	if !ok {
		s.turnAway(w, r, http.StatusUnauthorized)
		return
	}
	s.again(w, r)
	s.enter(l.Who) // before the first picture
	defer s.leave(l.Who)
	s.loads(l.Who)
	t := s.addTab(rand.Text(), l.Who, firstLang(r))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.root = l.root
	sh := s.sheet(t)
	if err := s.redraw(t, sh); err != nil {
		s.answer(w, http.StatusOK, "", "", nil, err)
		return
	}
	sh.Framer, sh.Enrolled = s.cfg.Frame, l.Desk != ""
	t.fill(&sh)
	s.answer(w, http.StatusOK, "desk", t.lang, sh, nil)
}

// turnAway says to whom has no way in how he gets one.
func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, status int) {
	lang := words.Lang(firstLang(r))
	s.answer(w, status, "signin", lang, lang, nil)
}

// answer gives a page, made by a template.
func (s *Server) answer(w http.ResponseWriter, status int, name, lang string, data any, err error) {
	out := ""
	if err == nil {
		out, err = render(name, lang, data)
	}
	if err != nil {
		s.cfg.Log.Error("page", "err", err)
		http.Error(w, "the page could not be drawn", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, out)
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
