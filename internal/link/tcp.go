// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.org/parley/internal/fault"
)

// tcpBind is one local address on which the peer's TLS connections are taken, and from which ours are dialled.
type tcpBind struct {
	l     *Link
	at    netip.AddrPort
	ready chan carrier

	mu     sync.Mutex
	ln     net.Listener // nil until it is open
	why    error        // why it is not
	closed bool
	guests []*guest // that have not greeted yet, the oldest first
}

// guest is a connection whose other end is not known yet, or has not greeted. Nothing is said to it, no TLS alert either, until its first message
// shows that it knows the line's tag. SPEC: LNK-041
type guest struct {
	net.Conn
	from   netip.AddrPort
	spoken atomic.Bool
}

func (g *guest) Write(b []byte) (int, error) {
	if !g.spoken.Load() {
		return len(b), nil
	}
	return g.Conn.Write(b)
}

// What guests can hold: so many connections, so many of one address, for so long.
const (
	maxGuestConns = 64
	maxOfAddress  = 8
	guestLasts    = 6 * time.Second
)

func (l *Link) listenTCP(at netip.AddrPort) bind {
	b := &tcpBind{l: l, at: at, ready: make(chan carrier)}
	_ = b.listen()
	l.wg.Go(b.run)
	return b
}

// listen opens the listener, if its address is here.
func (b *tcpBind) listen() error {
	ln, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(b.at))
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		if sys := new(os.SyscallError); errors.As(err, &sys) {
			err = sys.Err
		}
		was := b.why
		if b.why = fmt.Errorf("couldn't listen on tcp:%v: %w", b.at, err); was == nil || was.Error() != b.why.Error() {
			b.l.log.Warn("a local address is missing", "err", b.why)
		}
		return err
	}
	if b.closed {
		return errors.Join(net.ErrClosed, ln.Close())
	}
	b.ln, b.why = ln, nil
	return nil
}

func (b *tcpBind) listener() net.Listener {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ln
}

// run takes connections, once there is an address to take them on, until the link ends. SPEC: LNK-023
func (b *tcpBind) run() {
	for b.l.ctx.Err() == nil {
		ln, err := b.listener(), error(nil)
		if ln == nil {
			if err = b.listen(); err == nil {
				continue
			}
		}
		if ln == nil {
			select {
			case <-time.After(listenEvery):
			case <-b.l.ctx.Done():
			}
			continue
		}
		c, err := ln.Accept()
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of descriptors, perhaps
			continue
		}
		g := &guest{Conn: c, from: unmap(c.RemoteAddr().(*net.TCPAddr).AddrPort())}
		b.admit(g)
		b.l.wg.Go(func() { b.greet(g) })
	}
}

// admit counts a guest in. Where they are too many, of its own address first, the oldest goes that has not shown the tag, else
// the oldest. SPEC: LNK-042
func (b *tcpBind) admit(g *guest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.guests = append(b.guests, g)
	of, most := slices.DeleteFunc(slices.Clone(b.guests), func(o *guest) bool { return o.from.Addr() != g.from.Addr() }), maxOfAddress
	if len(of) <= most {
		of, most = b.guests, maxGuestConns
	}
	if n := len(of) - 1; n >= most {
		i := slices.IndexFunc(of[:n], func(o *guest) bool { return !o.spoken.Load() })
		old := of[max(i, 0)]
		old.Close()
		b.guests = slices.DeleteFunc(b.guests, func(o *guest) bool { return o == old })
	}
}

// greet makes the handshake with a guest and waits for its greeting; then it is a guest no more.
func (b *tcpBind) greet(g *guest) {
	defer fault.Caught(b.l.log, "a handshake of a guest", func() { g.Close() })
	ctx, cancel := context.WithTimeout(b.l.ctx, guestLasts)
	defer cancel()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.guests = slices.DeleteFunc(b.guests, func(o *guest) bool { return o == g })
	}()
	cfg := b.l.tlsConfig(b.l.accepts())
	cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if !b.l.trailer.knows(hello.ServerName) {
			b.l.strangers.Add(1)
			return nil, ErrPeer
		}
		g.spoken.Store(true)
		b.l.knocked(b, g.from)
		return nil, nil
	}
	tc := tls.Server(g, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		g.Close()
		return
	}
	m := b.l.newMux(tc, g.Conn, g.from, false)
	select {
	case b.ready <- m:
	case <-ctx.Done():
	}
	select {
	case <-m.begun:
	case <-m.gone:
	case <-ctx.Done():
		m.end(codeReplaced, "")
	}
}

func (b *tcpBind) accept(ctx context.Context) (carrier, error) {
	select {
	case c := <-b.ready:
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *tcpBind) dial(ctx context.Context, to netip.AddrPort) (carrier, error) {
	d := net.Dialer{}
	if ip := b.at.Addr(); !ip.IsUnspecified() {
		d.LocalAddr = &net.TCPAddr{IP: ip.AsSlice(), Zone: ip.Zone()}
	}
	c, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	cfg := b.l.tlsConfig([]string{b.l.speaks()})
	cfg.ServerName = b.l.trailer.name(to)
	tc := tls.Client(c, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return b.l.newMux(tc, c, to, true), nil
}

func (b *tcpBind) addr() netip.AddrPort {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ln != nil {
		return b.ln.Addr().(*net.TCPAddr).AddrPort()
	}
	return b.at
}

func (b *tcpBind) down() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.why
}

func (b *tcpBind) shut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	if b.ln != nil {
		b.ln.Close()
	}
}
