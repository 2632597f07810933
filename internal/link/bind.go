// SPDX-License-Identifier: Apache-2.0

package link

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

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

// bind is one local address of the line: a socket, QUIC on it, and our packets beside.
//
// As a net.PacketConn it is all of the socket that quic-go sees, and no more on purpose: quic-go reads and writes past a
// wrapper that also looks like a *net.UDPConn (SyscallConn, ReadMsgUDP, WriteMsgUDP), and strangers would get an answer.
// The two buffer methods only keep it from complaining.
type bind struct {
	l    *Link
	num  int
	sock Socket
	dscp []byte // control message that marks lane packets as EF
	tr   *quic.Transport
	ln   *quic.Listener
	from atomic.Pointer[net.UDPAddr] // of the newest packet of QUIC
	bufs sync.Pool
}

// ReadFrom is the reader of the bind: it runs in quic-go's one read loop and returns only what is QUIC's.
// SPEC: LNK-002
func (b *bind) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := b.sock.ReadFromUDPAddrPort(p)
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
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		switch {
		case wire.IsLane(p[0]):
			b.l.receive(b, p[:n], from)
		case isTrailed(p[0]):
			body, ok := b.l.trailer.strip(p[:n], from)
			if !ok {
				b.l.strangers.Add(1)
			} else if len(body) > 0 && body[0]&0x80 != 0 && len(body) <= len(p) {
				return copy(p, body), b.addr(from), nil
			}
		case p[0]&0x40 != 0: // short header
			return n, b.addr(from), nil
		}
	}
}

// addr makes a net.Addr, mostly the one made last.
func (b *bind) addr(a netip.AddrPort) net.Addr {
	if u := b.from.Load(); u != nil && u.AddrPort() == a {
		return u
	}
	u := net.UDPAddrFromAddrPort(a)
	b.from.Store(u)
	return u
}

// WriteTo adds our trailer to every long header.
func (b *bind) WriteTo(p []byte, to net.Addr) (int, error) {
	u, ok := to.(*net.UDPAddr)
	if !ok || len(p) == 0 {
		return 0, net.InvalidAddrError("not UDP")
	}
	a := netip.AddrPortFrom(u.AddrPort().Addr().Unmap(), u.AddrPort().Port())
	var err error
	write := func(p []byte) { _, _, err = b.sock.WriteMsgUDPAddrPort(p, nil, a) }
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
	return len(p), nil // unreachable for now is a lost packet; quic-go would end the connection
}

func (b *bind) Close() error                      { return b.sock.Close() }
func (b *bind) LocalAddr() net.Addr               { return b.sock.LocalAddr() }
func (b *bind) SetDeadline(t time.Time) error     { return b.sock.SetReadDeadline(t) }
func (b *bind) SetReadDeadline(t time.Time) error { return b.sock.SetReadDeadline(t) }
func (b *bind) SetWriteDeadline(time.Time) error  { return nil }
func (b *bind) SetReadBuffer(n int) error {
	if s, ok := b.sock.(interface{ SetReadBuffer(int) error }); ok {
		return s.SetReadBuffer(n)
	}
	return nil
}
func (b *bind) SetWriteBuffer(n int) error {
	if s, ok := b.sock.(interface{ SetWriteBuffer(int) error }); ok {
		return s.SetWriteBuffer(n)
	}
	return nil
}

// openBind starts QUIC on a socket.
func (l *Link) openBind(num int, sock Socket) (*bind, error) {
	b := &bind{l: l, num: num, sock: sock}
	if a, ok := sock.LocalAddr().(*net.UDPAddr); ok {
		b.dscp = dscp(a.AddrPort().Addr().Unmap().Is4())
	}
	b.bufs.New = func() any { p := make([]byte, 0, 2048); return &p }
	b.tr = &quic.Transport{Conn: b, ConnectionIDLength: 8, DisableVersionNegotiationPackets: true}
	var err error
	if b.ln, err = b.tr.Listen(l.tlsConfig(l.accepts()), quicConfig()); err != nil {
		sock.Close()
		return nil, err
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
