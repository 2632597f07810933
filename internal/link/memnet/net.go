// SPDX-License-Identifier: Apache-2.0

// Package memnet is a network in memory for real links, for tests alone: in testing/synctest all of a link runs on it in
// simulated time. It knows nothing of what the packets hold.
package memnet

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"example.org/parley/internal/link"
	"example.org/parley/internal/link/linktest"
)

// Net is the network: what link.Config.Listen opens is a socket of it. Fields are changed through Set.
type Net struct {
	Delay   time.Duration                                // of every packet, one way
	Filter  func(from, to netip.AddrPort, b []byte) bool // false: lost
	Largest int                                          // datagrams of more bytes are lost; 0: none
	NAT     map[netip.AddrPort]netip.AddrPort            // outside address of an inside one
	Bytes   map[netip.AddrPort]int                       // sent by, with 28 bytes of headers each

	mu     sync.Mutex
	socks  map[netip.AddrPort]*memSock
	cables map[[2]netip.AddrPort]func([]byte) // between two addresses, from the first to the second
}

// New makes a network whose packets take a millisecond.
func New() *Net {
	return &Net{socks: map[netip.AddrPort]*memSock{}, Delay: time.Millisecond, NAT: map[netip.AddrPort]netip.AddrPort{},
		Bytes: map[netip.AddrPort]int{}, cables: map[[2]netip.AddrPort]func([]byte){}}
}

// Lay joins two addresses by a cable of the network's delay.
func (n *Net) Lay(a, b netip.AddrPort, seed uint64) *linktest.Cable {
	n.mu.Lock()
	defer n.mu.Unlock()
	ends := [2]netip.AddrPort{a, b}
	c := linktest.NewCable(seed, func(from int, b []byte) { n.deliver(ends[from], ends[1-from], b) })
	c.Delay(linktest.Both, n.Delay)
	for from := range ends {
		n.cables[[2]netip.AddrPort{ends[from], ends[1-from]}] = func(b []byte) { c.Carry(from, b) }
	}
	return c
}

// Unplug takes the socket at an address off the network, as a power cut does: nothing leaves it, nothing reaches it.
func (n *Net) Unplug(at netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.socks[at]; s != nil {
		s.off = true
		delete(n.socks, at)
	}
}

func (n *Net) deliver(from, to netip.AddrPort, b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.socks[to]; s != nil {
		select {
		case s.in <- datagram{from, b}:
		default:
		}
	}
}

// Listen opens a socket at an address; it takes the place of the one that had it.
func (n *Net) Listen(at netip.AddrPort) (link.Socket, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := &memSock{n: n, addr: at, in: make(chan datagram, 4096), closed: make(chan struct{})}
	n.socks[at] = s
	return s, nil
}

// Set changes the network while it runs.
func (n *Net) Set(f func(*Net)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(n)
}

func (n *Net) send(s *memSock, to netip.AddrPort, b []byte) {
	n.mu.Lock()
	from := s.addr
	n.Bytes[from] += len(b) + 28
	if out, ok := n.NAT[from]; ok {
		from = out
	}
	for in, out := range n.NAT { // back through the NAT
		if out == to {
			to = in
		}
	}
	lost := s.off || n.Filter != nil && !n.Filter(from, to, b) || n.Largest > 0 && len(b) > n.Largest
	cable := n.cables[[2]netip.AddrPort{from, to}]
	delay := n.Delay
	n.mu.Unlock()
	switch {
	case lost:
	case cable != nil:
		cable(b)
	default:
		b = append([]byte(nil), b...)
		time.AfterFunc(delay, func() { n.deliver(from, to, b) })
	}
}

type memSock struct {
	n      *Net
	addr   netip.AddrPort
	in     chan datagram
	closed chan struct{}
	off    bool // under Net.mu
	once   sync.Once
}

type datagram struct {
	from netip.AddrPort
	b    []byte
}

func (s *memSock) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	var p datagram
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
	s.n.send(s, to, b)
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
