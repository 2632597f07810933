// SPDX-License-Identifier: Apache-2.0

package link

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"example.org/parley/internal/fault"
	"example.org/parley/wire"

	"github.com/quic-go/quic-go"
)

// Socket is what the link asks of a UDP socket; *net.UDPConn has it.
type Socket interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteMsgUDPAddrPort(b, oob []byte, to netip.AddrPort) (n, oobn int, err error)
	LocalAddr() net.Addr
	SetReadDeadline(time.Time) error
	Close() error
}

// udpBind is one local address of the line: a socket, QUIC on it, and our packets beside.
//
// As a net.PacketConn it is all of the socket that quic-go sees, and no more on purpose: quic-go reads and writes past a
// wrapper that also looks like a *net.UDPConn (SyscallConn, ReadMsgUDP, WriteMsgUDP), and strangers would get an answer.
// The two buffer methods only keep it from complaining.
//
// Its address may not be on this machine yet: an interface that comes up after the node, a port that another process still
// holds. Until it is, nothing is sent and nothing heard there; the other paths are not held up. SPEC: LNK-023
type udpBind struct {
	l    *Link
	at   netip.AddrPort
	sock atomic.Pointer[Socket] // nil until it is open
	dscp []byte                 // control message that marks lane packets as EF
	tr   *quic.Transport
	ln   *quic.Listener
	from atomic.Pointer[net.UDPAddr] // of the newest packet of QUIC
	bufs sync.Pool

	mu     sync.Mutex // of opening
	why    error      // why it is not open
	next   time.Time
	closed bool
	over   bool // QUIC has ended its reader
}

const (
	listenEvery = time.Second // how often an address that is missing is tried again
	bufferSize  = 7 << 20     // of a socket, as QUIC wants it
)

var errNotHere = errors.New("the address is not here yet")

// socket gives the open socket, trying to open it when it is time again.
func (b *udpBind) socket() (Socket, error) {
	if s := b.sock.Load(); s != nil {
		return *s, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now, s := time.Now(), b.sock.Load()
	switch {
	case s != nil:
		return *s, nil
	case b.closed:
		return nil, net.ErrClosed
	case b.over:
		return nil, os.ErrDeadlineExceeded
	case now.Before(b.next):
		return nil, errNotHere
	}
	b.next = now.Add(listenEvery)
	sock, err := b.l.cfg.Listen(b.at)
	if err != nil {
		if sys := new(os.SyscallError); errors.As(err, &sys) {
			err = sys.Err
		}
		was := b.why
		if b.why = fmt.Errorf("couldn't listen on %v: %w", b.at, err); was == nil || was.Error() != b.why.Error() {
			b.l.log.Warn("a local address is missing", "err", b.why)
		}
		return nil, errNotHere
	}
	if u, ok := sock.(*net.UDPConn); ok {
		_, _ = u.SetReadBuffer(bufferSize), u.SetWriteBuffer(bufferSize) // as far as the system lets us
	}
	b.why = nil
	b.sock.Store(&sock)
	return sock, nil
}

// down says why nothing can be sent from here, nil where it can.
func (b *udpBind) down() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.why
}

func (b *udpBind) write(p, oob []byte, to netip.AddrPort) error {
	s, err := b.socket()
	if err == nil {
		_, _, err = s.WriteMsgUDPAddrPort(p, oob, to)
	}
	return err
}

// ReadFrom is the reader of the bind: it runs in quic-go's one read loop and returns only what is QUIC's.
// SPEC: LNK-002
func (b *udpBind) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		var n int
		var from netip.AddrPort
		s, err := b.socket()
		if err == nil {
			n, from, err = s.ReadFromUDPAddrPort(p)
		}
		if err != nil {
			var ne net.Error
			if errors.Is(err, net.ErrClosed) || errors.As(err, &ne) && ne.Timeout() {
				return n, nil, err
			}
			time.Sleep(10 * time.Millisecond) // an interface that comes and goes must not end the line
			continue
		}
		if n == 0 {
			continue
		}
		from = unmap(from)
		switch {
		case wire.IsLane(p[0]):
			b.l.receive(b, p[:n], from)
		case isTrailed(p[0]):
			body, ok := b.l.strip(p[:n], from)
			if !ok {
				b.l.strangers.Add(1)
				continue
			}
			b.l.knocked(b, from)
			if len(body) > 0 && body[0]&0x80 != 0 && len(body) <= len(p) {
				return copy(p, body), b.netAddr(from), nil
			}
		case p[0]&0x40 != 0: // short header
			return n, b.netAddr(from), nil
		}
	}
}

// strip is the trailer's, in the reader of the socket. SPEC: NOD-044
func (l *Link) strip(b []byte, from netip.AddrPort) (body []byte, ok bool) {
	defer fault.Caught(l.log, "a packet of a stranger or the other end")
	return l.trailer.strip(b, from)
}

// knocked remembers that the other end's greeting came from the far address of a path, whatever becomes of our answer. The
// reader waits for nobody: another greeting comes soon. SPEC: LNK-040
func (l *Link) knocked(b bind, from netip.AddrPort) {
	if !l.mu.TryLock() {
		return
	}
	defer l.mu.Unlock()
	for _, p := range l.paths {
		if p.bind == b && p.leadsTo(from) {
			p.knock.Store(int64(l.now()))
		}
	}
}

// leadsTo reports whether the path's far end is at an address. Under mu.
func (p *path) leadsTo(a netip.AddrPort) bool {
	return p.cfg.Remote == a || p.cfg.TCP && p.cfg.Remote.Addr() == a.Addr()
}

// unmap gives an IPv4 address that is written as an IPv6 one (::ffff:192.0.2.1) in its own form.
func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// netAddr makes a net.Addr. While packets come from one address, it is the one made before: nothing is allocated.
func (b *udpBind) netAddr(a netip.AddrPort) net.Addr {
	if u := b.from.Load(); u != nil && u.AddrPort() == a {
		return u
	}
	u := net.UDPAddrFromAddrPort(a)
	b.from.Store(u)
	return u
}

// WriteTo adds our trailer to every long header.
func (b *udpBind) WriteTo(p []byte, to net.Addr) (int, error) {
	u, ok := to.(*net.UDPAddr)
	if !ok || len(p) == 0 {
		return 0, net.InvalidAddrError("not UDP")
	}
	a := unmap(u.AddrPort())
	var err error
	write := func(p []byte) { err = b.write(p, nil, a) }
	if p[0]&0x80 != 0 {
		buf := b.bufs.Get().(*[]byte)
		defer b.bufs.Put(buf)
		b.l.trailer.dress(*buf, p, a, write)
	} else {
		write(p)
	}
	if errors.Is(err, net.ErrClosed) {
		return 0, err
	}
	return len(p), nil // an error here (unreachable for now) would make quic-go end the connection: it counts as a lost packet
}

func (b *udpBind) LocalAddr() net.Addr {
	if s := b.sock.Load(); s != nil {
		return (*s).LocalAddr()
	}
	return net.UDPAddrFromAddrPort(b.at)
}

func (b *udpBind) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	if s := b.sock.Load(); s != nil {
		return (*s).Close()
	}
	return nil
}

// SetReadDeadline is how QUIC ends its reader, and waits until it has ended.
func (b *udpBind) SetReadDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = !t.IsZero()
	if s := b.sock.Load(); s != nil {
		return (*s).SetReadDeadline(t)
	}
	return nil
}

func (b *udpBind) SetDeadline(t time.Time) error    { return b.SetReadDeadline(t) }
func (b *udpBind) SetWriteDeadline(time.Time) error { return nil }
func (b *udpBind) SetReadBuffer(int) error          { return nil } // socket has set them
func (b *udpBind) SetWriteBuffer(int) error         { return nil }

// listenQUIC opens a socket, if its address is here, and starts QUIC on it. The other binds are opened all the same.
func (l *Link) listenQUIC(at netip.AddrPort) (_ bind, err error) {
	b := &udpBind{l: l, at: at, dscp: dscp(at.Addr().Unmap().Is4())}
	_, _ = b.socket()
	b.bufs.New = func() any { p := make([]byte, 0, 2048); return &p }
	b.tr = &quic.Transport{Conn: b, ConnectionIDLength: 8, DisableVersionNegotiationPackets: true}
	if b.ln, err = b.tr.Listen(l.tlsConfig(l.accepts()), quicConfig()); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// The windows bound what is in flight when the lane calls a path down.
// SPEC: LNK-021
const bulkWindow = 64 << 10

func quicConfig() *quic.Config {
	return &quic.Config{
		Versions:                       []quic.Version{quic.Version1},
		HandshakeIdleTimeout:           6 * time.Second,
		MaxIdleTimeout:                 30 * time.Minute,
		KeepAlivePeriod:                10 * time.Second,
		InitialPacketSize:              1200,
		DisablePathMTUDiscovery:        true,
		InitialStreamReceiveWindow:     bulkWindow,
		MaxStreamReceiveWindow:         bulkWindow,
		InitialConnectionReceiveWindow: 2 * bulkWindow,
		MaxConnectionReceiveWindow:     2 * bulkWindow,
		MaxIncomingStreams:             8,
		MaxIncomingUniStreams:          -1,
	}
}
