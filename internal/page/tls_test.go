// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"example.org/parley/internal/act"
	"example.org/parley/internal/cert"
	"example.org/parley/internal/home"
	"example.org/parley/internal/view"
)

const houseName = "line.ops.example"

// house is a page over TLS at a real port of this machine, and a client that finds it there by its name.
type house struct {
	t      *testing.T
	s      *Server
	n      *fakeNode
	cert   *cert.Certificate
	root   *x509.Certificate
	addr   string
	origin string
	log    *logged
}

// logged keeps what was logged.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newHouse(t *testing.T) *house { t.Helper(); return houseAt(t, houseName, nil) }

// houseAt is a page of a name, with what was kept of it.
func houseAt(t *testing.T, name string, kept Keeper) *house {
	t.Helper()
	h := &house{t: t, log: &logged{}, cert: cert.Of(home.Home{Dir: t.TempDir()}, name)}
	var err error
	if h.root, err = h.cert.Own(); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	h.addr, h.origin = ln.Addr().String(), "https://"+name+":"+port
	h.n = newFake("aurelia", "borealia", fixture)
	log := slog.New(slog.NewTextHandler(h.log, nil))
	h.s, err = New(Config{Node: h.n, Name: "aurelia-north", Hosts: []string{name + ":" + port}, TLS: true, Log: log, Keep: kept})
	if err != nil {
		t.Fatal(err)
	}
	srv := Guard(h.s, log)
	srv.TLSConfig = h.cert.TLS()
	go srv.Serve(tls.NewListener(ln, srv.TLSConfig))
	t.Cleanup(func() { srv.Close() })
	return h
}

// client trusts our root and finds the name at our port.
func (h *house) client(change func(*tls.Config)) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(h.root)
	c := &tls.Config{RootCAs: pool}
	if change != nil {
		change(c)
	}
	tr := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", h.addr)
	}}
	h.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// enter uses a link of an officer and gives the cookie.
func (h *house) enter() *http.Cookie {
	h.t.Helper()
	url, err := h.s.Link(act.Who{Officer: "A7-2", Account: "amaro"}, "en")
	if err != nil || !strings.HasPrefix(url, h.origin+"/in?token=") {
		h.t.Fatal(url, err)
	}
	res, err := h.client(nil).Get(url)
	if err != nil || len(res.Cookies()) == 0 {
		h.t.Fatal(res, err)
	}
	res.Body.Close()
	return res.Cookies()[0]
}

// socket joins one, as a browser of an origin does.
func (h *house) socket(c *http.Cookie, origin string) (*websocket.Conn, *http.Response, error) {
	return h.dial(c.Name+"="+c.Value, origin)
}

func (h *house) socketOf(cs ...*http.Cookie) (*websocket.Conn, *http.Response, error) {
	var all []string
	for _, c := range cs {
		all = append(all, c.Name+"="+c.Value)
	}
	return h.dial(strings.Join(all, "; "), h.origin)
}

func (h *house) dial(cookies, origin string) (*websocket.Conn, *http.Response, error) {
	ws, res, err := websocket.Dial(h.t.Context(), "wss"+strings.TrimPrefix(h.origin, "https")+"/ws?tab="+rand.Text()[:16], &websocket.DialOptions{HTTPClient: h.client(nil), HTTPHeader: http.Header{"Cookie": {cookies}, "Origin": {origin}}})
	if err == nil {
		h.t.Cleanup(func() { ws.CloseNow() })
		ws.SetReadLimit(1 << 20)
		err = ws.Write(h.t.Context(), websocket.MessageText, []byte(`{"t":"hello","seq":0}`))
	}
	return ws, res, err
}

func (h *house) open() (n int) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	for _, k := range h.s.sockets {
		n += k
	}
	return n
}

// SPEC: PAG-003 PAG-061 PAG-068
func TestPageOverTLS(t *testing.T) {
	h := newHouse(t)
	get := func(c *http.Client, change func(*http.Request)) (*http.Response, error) {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", h.origin+"/", nil)
		if change != nil {
			change(r)
		}
		res, err := c.Do(r)
		if err == nil {
			res.Body.Close()
		}
		return res, err
	}
	res, err := get(h.client(nil), nil)
	if err != nil || res.ProtoMajor != 2 || res.TLS.Version != tls.VersionTLS13 || res.StatusCode != http.StatusUnauthorized {
		t.Fatal(res, err)
	}
	if hsts := res.Header.Get("Strict-Transport-Security"); hsts != "max-age=31536000" {
		t.Errorf("HSTS %q", hsts)
	}
	c := h.enter()
	if c.Name != "__Host-parley-aurelia-north" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie: %+v", c)
	}
	if res, err := get(h.client(nil), func(r *http.Request) { r.AddCookie(c) }); err != nil || res.StatusCode != http.StatusOK {
		t.Error(res, err)
	}
	for what, change := range map[string]func(*tls.Config){
		"TLS 1.2":      func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 },
		"another name": func(c *tls.Config) { c.ServerName = "bank.example"; c.InsecureSkipVerify = true },
		"another root": func(c *tls.Config) { c.RootCAs = x509.NewCertPool() },
	} {
		if res, err := get(h.client(change), nil); err == nil {
			t.Errorf("%s: %s", what, res.Status)
		}
	}
	for _, host := range []string{"evil.example", strings.TrimPrefix(h.origin, "https://") + ".evil.example", "127.0.0.1"} { // DNS rebinding
		if res, err := get(h.client(nil), func(r *http.Request) { r.Host = host; r.AddCookie(c) }); err != nil || res.StatusCode != http.StatusForbidden {
			t.Errorf("under the name %s: %v %v", host, res, err)
		}
	}
	plain, err := http.Get("http://" + h.addr + "/")
	if err != nil || plain.StatusCode != http.StatusBadRequest {
		t.Error("plain HTTP:", plain, err)
	}
	if log := h.log.String(); !strings.Contains(log, "page: refused") || !strings.Contains(log, "not served under that name") || strings.Contains(log, c.Value) || strings.Contains(log, "token") {
		t.Errorf("the log says: %s", log)
	}
}

// SPEC: PAG-004 PAG-067
func TestSocketsOverTLSAreBounded(t *testing.T) {
	h := newHouse(t)
	c := h.enter()
	for _, origin := range []string{"https://evil.example", strings.Replace(h.origin, "https", "http", 1), "null", "https://" + houseName} {
		if _, res, err := h.socket(c, origin); err == nil || res == nil || res.StatusCode != http.StatusForbidden {
			t.Errorf("a socket of %s: %v %v", origin, res, err)
		}
	}
	all := []*http.Cookie{c}
	for len(all) < 8 {
		all = append(all, h.enter())
	}
	opened, refused, stood := 0, 0, []*websocket.Conn{}
	for i := range 200 {
		ws, res, err := h.socket(all[i/25], h.origin)
		switch {
		case err == nil:
			opened++
			stood = append(stood, ws)
		case res != nil && res.StatusCode == http.StatusServiceUnavailable:
			refused++
		default:
			t.Fatal(i, res, err)
		}
	}
	if opened != maxSockets || refused != 200-maxSockets || h.open() != maxSockets {
		t.Errorf("of 200 sockets %d were taken, %d refused, %d stand", opened, refused, h.open())
	}
	// A frame too long ends its socket and no other.
	if err := stood[0].Write(t.Context(), websocket.MessageText, append(append([]byte(`{"t":"beat","why":"`), bytes.Repeat([]byte("x"), maxInMsg)...), `"}`...)); err != nil {
		t.Fatal(err)
	}
	wait(t, "the long frame's socket ends", func() bool { return h.open() == maxSockets-1 })
	for _, ws := range stood {
		ws.CloseNow()
	}
	wait(t, "all sockets end", func() bool { return h.open() == 0 })
	if log := h.log.String(); !strings.Contains(log, "too many sockets") || !strings.Contains(log, "a socket of another origin") || strings.Contains(log, c.Value) {
		t.Errorf("the log says: %s", log)
	}
}

// A browser that reads no more holds nothing for long. SPEC: PAG-067
func TestSlowReaderLosesItsSocket(t *testing.T) {
	h := newHouse(t)
	if _, _, err := h.socket(h.enter(), h.origin); err != nil { // and never reads
		t.Fatal(err)
	}
	wait(t, "it stands", func() bool { return h.open() == 1 })
	big := strings.Repeat("Position uncertain. ", 4000)
	for i := 0; h.open() > 0; i++ {
		if i > 3000 {
			t.Fatal("it holds its socket still")
		}
		h.n.show(func(us, them, lang string) view.Desk {
			d := fixture(us, them, lang)
			d.Sentences = []string{big + time.Duration(i).String()}
			return d
		})
		time.Sleep(20 * time.Millisecond)
	}
}

// SPEC: PAG-067
func TestConnectionsOfOneAddressAreBounded(t *testing.T) {
	h := newHouse(t)
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range maxOfOne + 40 {
		c, err := net.Dial("tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	wait(t, "it is said", func() bool { return strings.Contains(h.log.String(), "too many connections") })
	closed := 0
	for _, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); err == io.EOF || err != nil && !isTimeout(err) {
			closed++
		}
	}
	if closed < 40 {
		t.Errorf("%d of %d connections of one address are closed", closed, len(conns))
	}
	for _, c := range conns {
		c.Close()
	}
	conns = nil
	wait(t, "others are let in again", func() bool {
		res, err := h.client(nil).Get(h.origin + "/")
		return err == nil && res.Body.Close() == nil
	})
}

func isTimeout(err error) bool { n, ok := err.(net.Error); return ok && n.Timeout() }
