// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/quic-go/quic-go"
)

// bind is one local address of the line and what is there: a UDP socket with QUIC on it, or a TCP listener.
type bind interface {
	dial(ctx context.Context, to netip.AddrPort) (carrier, error)
	accept(ctx context.Context) (carrier, error)
	addr() netip.AddrPort
	down() error // why nothing can be sent from here, nil where it can
	shut()
}

// carrier is one connection to the peer, after its handshake: of QUIC, or TLS on TCP with a mux of ours.
type carrier interface {
	open() (stream, error)
	take(ctx context.Context) (stream, error) // what the peer opened
	state() tls.ConnectionState
	remote() netip.AddrPort
	greeted() // both ends have; called once
	end(code quic.ApplicationErrorCode, why string)
	lane() lane
}

// lane is where the sealed packets of a session go out: a UDP socket, or the one TCP connection that they end with. b belongs
// to the caller again when send returns.
type lane interface {
	send(kind byte, b []byte, to netip.AddrPort)
}

// stream is one stream of a carrier.
type stream interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	done() <-chan struct{} // nothing more can be written
	cancel()
}

type quicConn struct {
	*quic.Conn
	b *udpBind
}

func (q quicConn) open() (stream, error) {
	st, err := q.OpenStream()
	return quicStream{st}, err
}

func (q quicConn) take(ctx context.Context) (stream, error) {
	st, err := q.AcceptStream(ctx)
	return quicStream{st}, err
}

func (q quicConn) state() tls.ConnectionState { return q.ConnectionState().TLS }
func (q quicConn) remote() netip.AddrPort     { return unmap(q.RemoteAddr().(*net.UDPAddr).AddrPort()) }
func (q quicConn) lane() lane                 { return q.b }
func (q quicConn) greeted()                   {}
func (q quicConn) end(code quic.ApplicationErrorCode, why string) {
	_ = q.CloseWithError(code, why)
}

type quicStream struct{ *quic.Stream }

func (s quicStream) done() <-chan struct{} { return s.Context().Done() }
func (s quicStream) cancel() {
	s.CancelRead(1)
	s.CancelWrite(1)
}

func (b *udpBind) dial(ctx context.Context, to netip.AddrPort) (carrier, error) {
	q, err := b.tr.Dial(ctx, net.UDPAddrFromAddrPort(to), b.l.tlsConfig([]string{b.l.speaks()}), quicConfig())
	return quicConn{q, b}, err
}

func (b *udpBind) accept(ctx context.Context) (carrier, error) {
	q, err := b.ln.Accept(ctx)
	return quicConn{q, b}, err
}

// send leaves an error unsaid: the path notices it as silence.
func (b *udpBind) send(_ byte, p []byte, to netip.AddrPort) { _ = b.write(p, b.dscp, to) }

func (b *udpBind) addr() netip.AddrPort { return b.LocalAddr().(*net.UDPAddr).AddrPort() }

func (b *udpBind) shut() {
	b.ln.Close()
	b.tr.Close()
	b.Close()
}
