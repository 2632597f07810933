// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/user"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/cert"
	"example.org/parley/internal/edge/phone"
	"example.org/parley/internal/edge/web"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link"
	"example.org/parley/internal/node"
	"example.org/parley/internal/page"
	"example.org/parley/internal/view"
	"example.org/parley/words"
)

// face is a line in service as its people meet it: the node, its page and the browsers' sound. To the socket it
// is the node; only `open` is answered by the page.
type face struct {
	*node.Line
	pairing *pairDriver // beside a line alone; nil: none
	trunk   *atomic.Pointer[phone.Trunk]
	link    *atomic.Pointer[link.Link]
	demo    bool // accounts are the story's own

	mu   sync.Mutex
	edge *web.Edge    // nil while there is none; guarded by mu
	page *page.Server // nil while there is none; guarded by mu
	why  error        // why there is no page; guarded by mu
}

var (
	errOpening = hint.Later("ask again", "the page is being opened")
	errNoPage  = hint.New(`set [page] at = "127.0.0.1:7480" in config.toml`, "this line has no page")
)

func (f *face) set(p *page.Server, edge *web.Edge, why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.page, f.edge, f.why = p, edge, why
}

func (f *face) now() (*page.Server, *web.Edge, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.page, f.edge, f.why
}

// keep opens the page and the sound of a line, where its config names an address for them, and again when they end,
// until ctx does. The line goes on meanwhile.
func (f *face) keep(ctx context.Context, s *service, l *home.Line) {
	if l.Config.Page.At == "" {
		f.set(nil, nil, errNoPage)
		<-ctx.Done()
		return
	}
	for said := ""; ctx.Err() == nil; pause(ctx, tryAgain) {
		if err := f.serve(ctx, s, l); ctx.Err() == nil && err.Error() != said {
			said = err.Error()
			s.log.Error("the page is down", "line", l.Name, "err", err)
		}
	}
}

// serve opens the page and the sound of a line, and says why they ended.
func (f *face) serve(ctx context.Context, s *service, l *home.Line) (err error) {
	sound, ok := l.Config.Sound()
	cfg := page.Config{Node: f, Silent: !ok, Name: l.Ours.Party + "-" + l.Name, Hosts: l.Config.Page.Hosts(l.Ours.Party), Frame: s.frame, Keep: l, Log: s.log, TLS: !l.Config.Page.Loopback()}
	cfg.Hosts = slices.Concat(s.pageHosts, cfg.Hosts)
	var edge *web.Edge
	defer func() {
		why := hint.New("it is tried again by itself; the verbs of the shell work", "%v", err)
		if errors.Is(err, syscall.EADDRINUSE) {
			err = hint.New("find who has the address: ss -lntup; or write another at under [page], and another edge, in config.toml, and start the node anew", "%v", err)
		}
		if known := hint.Of(err); known.Hint != "" {
			why = why.Way("%v; it is tried again by itself", errors.New(known.Hint))
		}
		f.set(nil, nil, why)
		if edge != nil {
			edge.Close()
		}
	}()
	if ok {
		if edge, err = web.New(sound, f.soundState, s.log); err != nil {
			return fmt.Errorf("couldn't open the browsers' sound: %w", err)
		}
	}
	p, err := page.New(cfg)
	if err != nil {
		return fmt.Errorf("couldn't open the page: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return servePage(ctx, s.home, l.Config.Page, p, s.log, func(c *cert.Certificate) {
		f.set(p, edge, nil)
		go p.Watch(ctx)
		if c != nil {
			go f.watchCertificate(ctx, c, s.log)
		}
	})
}

// servePage serves a page until ctx ends, over TLS where it is not loopback's, and says why it ended; up is called once it
// can be asked. SPEC: PAG-061 PAG-065
func servePage(ctx context.Context, of home.Home, at home.Page, h http.Handler, log *slog.Logger, up func(*cert.Certificate)) error {
	var c *cert.Certificate
	if !at.Loopback() {
		c = cert.Of(of, at.Name())
		if _, err := c.Current(); err != nil {
			return err
		}
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at.Listen())
	if err != nil {
		return fmt.Errorf("couldn't open the page: %w", err)
	}
	srv := page.Guard(h, log)
	ctx, end := context.WithCancel(ctx) // with it end the sockets, of which the server knows nothing any more
	defer end()
	srv.BaseContext = func(net.Listener) context.Context { return ctx }
	if c != nil {
		srv.TLSConfig = c.TLS()
		ln = tls.NewListener(ln, srv.TLSConfig)
	}
	defer srv.Close()
	defer context.AfterFunc(ctx, func() { srv.Close() })()
	up(c)
	return fmt.Errorf("the page ended: %w", srv.Serve(ln))
}

// lookAtCertificate is how often the end of a page's certificate is looked at.
const lookAtCertificate = time.Minute

// watchCertificate tells the line when the certificate of its page ends, and the log why it is not made anew, until ctx ends.
// SPEC: PAG-066
func (f *face) watchCertificate(ctx context.Context, c *cert.Certificate, log *slog.Logger) {
	for said := ""; ctx.Err() == nil; pause(ctx, lookAtCertificate) {
		if ends, err := c.Ends(); err == nil {
			f.Line.Certificate(c.Name, ends)
		}
		if _, _, err := c.Stands(); err != nil && err.Error() != said {
			said = err.Error()
			log.Error("the certificate of the page is not renewed", "name", c.Name, "err", err)
		}
	}
}

// Do hands the act to the node; a link to the page comes from the page.
//
// SPEC: CLI-033
func (f *face) Do(ctx context.Context, who act.Who, lang string, a act.Act) (act.Reply, error) {
	if x, ok := a.(act.OfficerAdd); ok && x.Account != "" && !f.demo {
		if _, err := user.Lookup(x.Account); err != nil {
			return act.Reply{}, hint.New("the Unix account that the officer works from; without --account it is yours", "there is no account %q on this machine", x.Account)
		}
	}
	if _, ok := a.(act.Confirm); ok && f.pairing != nil {
		return f.pairing.Do(ctx, who, lang, a)
	}
	p, _, why := f.now()
	if a != act.Open {
		if mine, err := f.may(who, a); err != nil {
			return act.Reply{}, err
		} else if mine && why != nil {
			return act.Reply{}, why
		} else if mine {
			r, _, err := p.Does(who, lang, a)
			return r, err
		}
		r, err := f.Line.Do(ctx, who, lang, a)
		if a == act.Status && err == nil {
			r = noPage(r, lang, why)
		}
		return r, err
	}
	switch {
	case why != nil:
		return act.Reply{}, why
	case who.Officer == "":
		return act.Reply{}, hint.New("sign on first: parley sign-on", "a link is given to a person")
	}
	url, err := p.Link(who, lang)
	if err != nil {
		return act.Reply{}, err
	}
	return act.Reply{Text: url, Data: map[string]string{"url": url}}, nil
}

// noPage adds to an answer why the page of the line is down, if it is. SPEC: CLI-033
func noPage(r act.Reply, lang string, why error) act.Reply {
	d, ok := r.Data.(view.Desk)
	if !ok || why == nil || errors.Is(why, errOpening) || errors.Is(why, errNoPage) {
		return r
	}
	e := hint.Of(why).In(lang, words.Say)
	d.NoPage = fmt.Sprintf(words.Say(lang, "the page of this line is down: %s"), e.Error())
	r.Data, r.Text = d, r.Text+d.NoPage+"\n"+e.Hint+"\n"
	return r
}

// may says whether an act is the page's, and refuses it to whom it is not: invitations, desks and the sessions of others are
// for the account of the node and for technicians; an officer may invite himself and end what is his. SPEC: PAG-075
func (f *face) may(who act.Who, a act.Act) (mine bool, err error) {
	verb := a.Verb()
	if !slices.Contains([]string{"officer.invite", "session.list", "session.end", "desk.list", "desk.invite", "desk.rename", "desk.end"}, verb) {
		return false, nil
	}
	me, err := user.Current()
	if f.demo || err == nil && who.Account == me.Username || act.Anybodys(a) {
		return true, nil
	}
	if who.Officer == "" {
		return true, hint.New("sign on first: parley sign-on", "this needs a person")
	}
	p, err := f.Line.Staff(who.Officer)
	if err != nil || p.Role == "technician" {
		return true, err
	}
	if i, ok := a.(act.Invite); ok {
		if of, err := f.Line.Staff(i.Officer); err == nil && of.ID == p.ID {
			return true, nil
		}
	}
	if page, _, _ := f.now(); verb == act.SessionEnd.Do && page != nil && page.Mine(who, a) {
		return true, nil
	}
	return true, hint.New("", "the role %s does not allow this", hint.Term(p.Role)).Way("who may: %s", "technician, "+me.Username)
}

// Offer joins a browser's sound with the node's desk.
func (f *face) Offer(desk, sdp string) (string, error) {
	_, edge, _ := f.now()
	if edge == nil {
		return "", hint.New("ring, messages and STOP work without it", "this node carries no sound to browsers")
	}
	answer, _, err := edge.Offer(desk, sdp, func(frame []byte) { f.Line.Microphone(desk, frame) })
	if err != nil {
		return "", err
	}
	for p := edge.Peer(desk); p != nil; { // of two offers at once the one that was taken last is the desk's ear, whichever comes here last
		f.Line.Sound(desk, p)
		last := p
		if p = edge.Peer(desk); p == last {
			break
		}
	}
	return answer, nil
}

// hiccup is how long a browser's sound may stand still before its desk is no longer armed.
const hiccup = time.Second

// Carries reports whether a desk's sound comes.
func (f *face) Carries(desk string) bool {
	p := f.browser(desk)
	if p == nil {
		return false
	}
	st := p.Sound()
	return st.Media == web.Live || st.Media == web.Stalled && time.Since(st.Since) < hiccup
}

// browser gives the desk's present sound, or nil.
func (f *face) browser(desk string) *web.Browser {
	_, edge, _ := f.now()
	if edge == nil {
		return nil
	}
	return edge.Peer(desk)
}

// soundState tells the page of a desk's sound, and takes the desk's ear away when no connection has taken the place of
// one that ended.
func (f *face) soundState(desk string, st web.Sound) {
	after := time.Duration(0)
	if st.Media == web.Stalled {
		after = hiccup
	}
	time.AfterFunc(after, func() {
		if p, _, _ := f.now(); p != nil {
			p.SoundChanged(desk)
		}
	})
	if st.Media == web.Closed && f.browser(desk) == nil {
		f.Line.Sound(desk, nil)
	}
}
