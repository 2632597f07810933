// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"example.org/parley/internal/link"
)

// Net is a network in memory for real links: what link.Config.Listen opens is a socket of it. In testing/synctest all
// of a link runs on it in simulated time. Fields are changed through Set.
type Net struct {
	Delay   time.Duration                                // of every packet, one way
	Filter  func(from, to netip.AddrPort, b []byte) bool // false: lost
	Largest int                                          // datagrams of more bytes are lost; 0: none
	NAT     map[netip.AddrPort]netip.AddrPort            // outside address of an inside one
	Bytes   map[netip.AddrPort]int                       // sent by, with 28 bytes of headers each

	mu    sync.Mutex
	socks map[netip.AddrPort]*memSock
}

// NewNet makes a network whose packets take a millisecond.
func NewNet() *Net {
	return &Net{socks: map[netip.AddrPort]*memSock{}, Delay: time.Millisecond, NAT: map[netip.AddrPort]netip.AddrPort{},
		Bytes: map[netip.AddrPort]int{}}
}

// Listen opens a socket at an address; it takes the place of the one that had it.
func (n *Net) Listen(at netip.AddrPort) (link.Socket, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := &memSock{n: n, addr: at, in: make(chan memPacket, 4096), closed: make(chan struct{})}
	n.socks[at] = s
	return s, nil
}

// Set changes the network while it runs.
func (n *Net) Set(f func(*Net)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(n)
}

func (n *Net) send(from, to netip.AddrPort, b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.Bytes[from] += len(b) + 28
	if out, ok := n.NAT[from]; ok {
		from = out
	}
	for in, out := range n.NAT { // back through the NAT
		if out == to {
			to = in
		}
	}
	s := n.socks[to]
	if s == nil || n.Filter != nil && !n.Filter(from, to, b) || n.Largest > 0 && len(b) > n.Largest {
		return
	}
	p := memPacket{from, append([]byte(nil), b...)}
	time.AfterFunc(n.Delay, func() {
		select {
		case s.in <- p:
		default:
		}
	})
}

type memSock struct {
	n      *Net
	addr   netip.AddrPort
	in     chan memPacket
	closed chan struct{}
	once   sync.Once
}

type memPacket struct {
	from netip.AddrPort
	b    []byte
}

func (s *memSock) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	var p memPacket
	select {
	case p = <-s.in: // also of a socket that is closed: what had arrived can be looked at
	default:
		select {
		case p = <-s.in:
		case <-s.closed:
			return 0, netip.AddrPort{}, net.ErrClosed
		}
	}
	return copy(b, p.b), p.from, nil
}

func (s *memSock) WriteMsgUDPAddrPort(b, _ []byte, to netip.AddrPort) (int, int, error) {
	s.n.send(s.addr, to, b)
	return len(b), 0, nil
}

func (s *memSock) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(s.addr) }

// SetReadDeadline is called when QUIC ends its reader, and never else.
func (s *memSock) SetReadDeadline(t time.Time) error {
	if !t.IsZero() {
		s.Close()
	}
	return nil
}

func (s *memSock) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}
