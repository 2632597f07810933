// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"example.org/parley/internal/fault"
)

// Why a connection is closed, to the peer.
const (
	codeBye      quic.ApplicationErrorCode = 1
	codeReplaced quic.ApplicationErrorCode = 2
	codeProtocol quic.ApplicationErrorCode = 3
	codeStuck    quic.ApplicationErrorCode = 4
)

// AnotherRun is the Reason of a SessionDown where the peer says that a session of another run of ours took the place.
const AnotherRun = "another run took its place"

// conn is one connection of a path. Fields without a note are set before it is up, or under Link.mu.
type conn struct {
	l     *Link
	path  *path
	q     carrier
	ctl   stream
	ctlMu sync.Mutex // one writer of ctl at a time
	sess  *session
	byA   bool // dialled by A
	born  time.Duration
	gen   uint64

	run    string // the peer's, newest greeted here
	newest bool   // by the newest of the peer's keys
	up     bool   // greeted both ways, and living
	dead   bool
	stale  bool // the peer's address changed under it
	bye    bool // the peer said goodbye
	why    string
}

// lookup finds where the peer's host is now: an address of the sort that the path's own is of.
// SPEC: LNK-025
func (l *Link) lookup(ctx context.Context, b bind, hostport string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return netip.AddrPort{}, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	as, err := l.cfg.Lookup(ctx, host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for _, a := range as {
		if a = a.Unmap(); a.Is4() == b.addr().Addr().Unmap().Is4() {
			return netip.AddrPortFrom(a, uint16(n)), nil
		}
	}
	return netip.AddrPort{}, &net.DNSError{Err: "no address that this path reaches", Name: host, IsNotFound: true}
}

// dial makes one attempt, and is the goroutine of the connection that comes of it.
func (l *Link) dial(ctx context.Context, n int, p *path, to netip.AddrPort, host string) {
	var q carrier
	var err error
	if host != "" {
		to, err = l.lookup(ctx, p.bind, host)
		l.locked(func() {
			if p.unfound = err; err == nil {
				p.cfg.Remote = to
			}
		})
	}
	if err == nil {
		q, err = p.bind.dial(ctx, to)
	}
	l.locked(func() {
		if p.cfg.TCP && !errors.Is(err, context.Canceled) {
			p.unfound = err
		}
		p.dials[n]()
		delete(p.dials, n)
	})
	if err != nil {
		l.log.Debug("dial failed", "path", p.cfg.Label, "err", err)
		return
	}
	c := &conn{l: l, q: q, path: p, byA: l.cfg.IsPartyA}
	c.end(c.kept(c.dialled))
}

// accept takes what was dialled to us on b.
func (l *Link) accept(b bind) {
	for {
		q, err := b.accept(l.ctx)
		if err != nil {
			return
		}
		c := &conn{l: l, q: q, byA: !l.cfg.IsPartyA}
		l.wg.Go(func() { c.end(c.kept(func() error { return c.accepted(b) })) })
	}
}

// kept runs our end of a connection; a panic ends it alone. SPEC: NOD-044
func (c *conn) kept(run func() error) (err error) {
	defer fault.Caught(c.l.log, "a connection to the other end", func() { err = errControl })
	return run()
}

// dialled runs our end of a connection that we dialled: our hello goes in the first flight.
func (c *conn) dialled() error {
	s, err := c.newSession(true)
	if err != nil {
		return err
	}
	if c.ctl, err = c.q.open(); err != nil {
		return err
	}
	if _, err := c.ctl.Write(appendMessage([]byte{streamControl}, msgHello, c.l.hello(s.index, s.epoch))); err != nil {
		return err
	}
	c.ctl.SetReadDeadline(time.Now().Add(dialLasts))
	h, err := c.readHello()
	if err != nil {
		return err
	}
	if err := c.begin(h); err != nil {
		return err
	}
	return c.serve()
}

// accepted runs our end of a connection that the peer dialled.
func (c *conn) accepted(b bind) error {
	by := time.Now().Add(dialLasts)
	ctx, cancel := context.WithDeadline(c.l.ctx, by)
	defer cancel()
	var err error
	if c.ctl, err = c.q.take(ctx); err != nil {
		return err
	}
	c.ctl.SetReadDeadline(by)
	var typ [1]byte
	if _, err := io.ReadFull(c.ctl, typ[:]); err != nil || typ[0] != streamControl {
		return errors.Join(errControl, err)
	}
	h, err := c.readHello()
	if err != nil {
		return err
	}
	if c.q.state().NegotiatedProtocol != c.l.speaks() {
		return c.answerPairing()
	}
	c.path = c.l.pathOf(b, c.q.remote())
	if c.path == nil {
		return errors.New("no path of ours has this local address")
	}
	s, err := c.newSession(false)
	if err != nil {
		return err
	}
	if err := c.begin(h); err != nil {
		return err
	}
	if err := c.say(msgHello, c.l.hello(s.index, s.epoch)); err != nil {
		return err
	}
	return c.serve()
}

// answerPairing greets an end that pairs still, though we are in service: the greeting shows it that we hold the genesis.
// The connection carries nothing else and is the other end's to close.
// SPEC: LNK-024
func (c *conn) answerPairing() error {
	if err := c.say(msgHello, c.l.hello(0, 0)); err != nil {
		return err
	}
	c.ctl.SetReadDeadline(time.Now().Add(dialLasts))
	_, _, err := readMessage(c.ctl)
	return err
}

// readHello reads the other end's hello by the deadline that is set, which ends with it.
func (c *conn) readHello() (hello, error) {
	typ, body, err := readMessage(c.ctl)
	if err != nil || typ != msgHello {
		return hello{}, errors.Join(errControl, err)
	}
	c.ctl.SetReadDeadline(time.Time{})
	return parseHello(body)
}

func (c *conn) say(typ byte, body []byte) error {
	c.ctlMu.Lock()
	defer c.ctlMu.Unlock()
	c.ctl.SetWriteDeadline(time.Now().Add(dialLasts))
	_, err := c.ctl.Write(appendMessage(nil, typ, body))
	return err
}

// pathOf finds the path of a connection that came in: by address; else, behind a NAT, one of the same local address
// and the same host, or one that waits, or the first.
func (l *Link) pathOf(b bind, from netip.AddrPort) *path {
	l.mu.Lock()
	defer l.mu.Unlock()
	tests := []func(*path) bool{
		func(p *path) bool { return p.leadsTo(from) },
		func(p *path) bool { return p.current != nil && *p.current.remote.Load() == from },
		func(p *path) bool { return p.cfg.Remote.Addr() == from.Addr() && !p.weHear },
		func(p *path) bool { return !p.weHear },
		func(p *path) bool { return true },
	}
	for _, fits := range tests {
		for _, p := range l.paths {
			if p.bind == b && fits(p) {
				return p
			}
		}
	}
	return nil
}

// newSession keys a lane by the connection's exporter; from here on we can receive.
func (c *conn) newSession(dialled bool) (*session, error) {
	tls := c.q.state()
	material, err := tls.ExportKeyingMaterial(exporterLabel, nil, 88)
	if err != nil {
		return nil, err
	}
	s, err := newSession(material, dialled)
	if err != nil {
		return nil, err
	}
	l := c.l
	l.mu.Lock()
	defer l.mu.Unlock()
	s.path, s.via, s.conn, s.born = c.path, c.q.lane(), c, l.now()
	addr := c.q.remote()
	s.remote.Store(&addr)
	if s.index, err = l.newIndex(); err != nil {
		return nil, err
	}
	c.path.epoch = (c.path.epoch + 1) & 7
	s.epoch = c.path.epoch
	c.sess = s
	c.path.sessions = append(c.path.sessions, s)
	l.setTable(s, true)
	return s, nil
}

// begin brings the connection up: both indexes are known.
func (c *conn) begin(h hello) error {
	l, p, s := c.l, c.path, c.sess
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.queue.stuck() {
		return errors.New("nobody takes the events")
	}
	s.txIndex, s.txEpoch = h.index, h.epoch
	s.ready.Store(true)
	if key, ok := c.q.state().PeerCertificates[0].PublicKey.(ed25519.PublicKey); ok && key.Equal(l.cfg.Peers[0]) {
		c.newest = true
		l.renew()
	}
	p.unfound = nil
	now := l.now()
	c.run, c.born, c.gen, c.up = h.run, now, p.gen, true
	if l.peerRun != h.run {
		l.peerRun, l.clock = h.run, time.Time{}
	}
	p.conns = append(p.conns, c)
	c.q.greeted()
	if n := len(p.conns) - 6; n > 0 {
		go p.conns[0].q.end(codeReplaced, "too many")
	}
	for _, cancel := range p.dials { // they are no longer needed, and would only replace this one
		cancel()
	}
	p.goodbye = ""
	p.lastRx.Store(int64(now))
	s.lastRx.Store(int64(now))
	p.report.heard, p.report.at = 0, now
	p.choose()
	if p.current == s { // else choose has preferred another session already
		p.told = true
		tls := c.q.state()
		l.queue.put(Event{Kind: SessionUp, Path: p.num, Run: c.run, From: s.remote.Load().String(), Greeting: h.greeting, Exporter: tls.ExportKeyingMaterial})
	}
	s.up.Store(true)
	p.judge(now)
	return nil
}

// renew: the peer has come with its newest key. Whatever stands under one before it ends, on every path. Under mu.
// SPEC: SHT-013
func (l *Link) renew() {
	if l.renewed.Swap(true) {
		return
	}
	if len(l.cfg.Peers) > 1 && l.cfg.Renewed != nil {
		l.wg.Go(func() { l.cfg.Renewed(l.cfg.Peers[0]) })
	}
	for _, p := range l.paths {
		for _, c := range p.conns {
			if !c.newest {
				go c.q.end(codeReplaced, "the key of before")
			}
		}
		p.drop(func(s *session) bool { return s.ready.Load() && !s.conn.newest })
		p.choose()
		p.judge(l.now())
	}
}

// serve reads the control stream, and takes bulk streams beside, until the connection ends.
func (c *conn) serve() error {
	if c.l.trailer.pairing.Swap(nil) != nil { // the first session under the line's tag ends the answers under the pairing's
		c.l.cfg.Paired()
	}
	c.l.wg.Go(c.acceptBulk)
	for {
		typ, body, err := readMessage(c.ctl)
		if err != nil {
			return err
		}
		switch typ {
		case msgGreet:
			run, greeting, err := parseGreet(body)
			if err != nil {
				return err
			}
			c.regreeted(run, greeting)
		case msgBye:
			c.l.locked(func() { c.bye, c.why = true, printable(body) })
		default:
			return errControl
		}
	}
}

func (c *conn) regreeted(run string, greeting []byte) {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	c.run, c.l.peerRun = run, run
	if !c.l.queue.stuck() {
		c.l.queue.put(Event{Kind: Greeted, Path: c.path.num, Run: run, Greeting: greeting})
	}
}

// end takes the connection down for the reason err. Its session lives on if it ever greeted, but over TCP.
// SPEC: LNK-007
func (c *conn) end(err error) {
	code := codeReplaced
	if errors.Is(err, errControl) {
		code = codeProtocol
	}
	c.q.end(code, "")
	l, p := c.l, c.path
	l.mu.Lock()
	defer l.mu.Unlock()
	c.up, c.dead = false, true
	if p == nil {
		return
	}
	if c.explain(err); refused(err) && p.best() == nil {
		p.unfound = ErrRefused
	}
	p.conns = slices.DeleteFunc(p.conns, func(o *conn) bool { return o == c })
	if k := l.bulk; k != nil && k.conn == c {
		l.endBulk(k)
	}
	if s := c.sess; s != nil && (!s.ready.Load() || any(s.via) == any(c.q)) { // never greeted, or over TCP
		p.drop(func(o *session) bool { return o == s })
	}
	if c.bye {
		p.left(c.run, c.why)
	}
	p.choose()
	if p.told && p.best() == nil {
		p.told = false
		l.queue.put(Event{Kind: SessionDown, Path: p.num, Run: c.run, Reason: c.why, Bye: c.bye})
	}
	if !l.closed {
		p.tellChange()
	}
}

// explain says in words why the connection ended.
func (c *conn) explain(err error) {
	var app *quic.ApplicationError
	switch {
	case c.bye:
	case errors.As(err, &app) && app.Remote && app.ErrorCode == codeBye:
		c.bye, c.why = true, printable([]byte(app.ErrorMessage))
	case errors.As(err, &app) && app.ErrorCode == codeReplaced:
		c.why = printable([]byte(app.ErrorMessage))
	case err != nil:
		c.why = printable([]byte(err.Error()))
	}
}

// maxGreeting bounds what Config.Greeting may return.
const maxGreeting = maxControl - 64

// greeting asks the node; what is too long would end the connection at the other end, so it is left out.
func (l *Link) greeting() []byte {
	g := l.cfg.Greeting()
	if len(g) > maxGreeting {
		l.log.Error("greeting left out: too long", "bytes", len(g))
		return nil
	}
	return g
}

// hello is ours, for a session.
func (l *Link) hello(index uint32, epoch byte) []byte {
	var run string
	l.locked(func() { run = l.run })
	return hello{index, epoch, run, l.greeting()}.append(nil)
}

// Regreet greets again over every living connection, under the run given (perhaps the same).
func (l *Link) Regreet(run string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.run = run
	for _, p := range l.paths {
		for _, c := range p.conns {
			if c.up {
				l.wg.Go(func() { c.say(msgGreet, appendGreet(nil, run, l.greeting())) })
			}
		}
	}
}

// acceptBulk takes the streams that A opens beside the control stream.
func (c *conn) acceptBulk() {
	for {
		st, err := c.q.take(c.l.ctx)
		if err != nil {
			return
		}
		c.l.wg.Go(func() {
			defer fault.Caught(c.l.log, "a stream of the other end", st.cancel)
			var head [9]byte
			st.SetReadDeadline(time.Now().Add(dialLasts))
			if _, err := io.ReadFull(st, head[:]); err != nil || head[0] != streamBulk || c.l.cfg.IsPartyA {
				st.cancel()
				return
			}
			st.SetReadDeadline(time.Time{})
			c.l.runBulk(c, st, binary.BigEndian.Uint64(head[1:]))
		})
	}
}
