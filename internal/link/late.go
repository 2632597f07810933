// SPDX-License-Identifier: Apache-2.0

package link

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// listenEvery is how often an address that is missing is tried again.
const listenEvery = time.Second

// lateSocket is the socket of an address that may not be on this machine yet: an interface that comes up after
// the node, a port that another process still holds. Until it is, nothing is sent and nothing heard there; the other
// paths are not held up. SPEC: LNK-023
type lateSocket struct {
	addr   netip.AddrPort
	listen func(netip.AddrPort) (Socket, error)

	mu     sync.Mutex
	s      Socket // nil until it is open
	why    error  // why it is not
	next   time.Time
	closed bool
	over   bool // QUIC has ended its reader
}

var errNotHere = errors.New("the address is not here yet")

// socket gives the open socket, trying to open it when it is time again.
func (c *lateSocket) socket() (Socket, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch now := time.Now(); {
	case c.closed:
		return nil, net.ErrClosed
	case c.s == nil && c.over:
		return nil, os.ErrDeadlineExceeded
	case c.s == nil && now.Before(c.next):
		return nil, errNotHere
	case c.s == nil:
		c.next = now.Add(listenEvery)
		if c.s, c.why = c.listen(c.addr); c.why != nil {
			c.s, c.why = nil, listenError(c.addr, c.why)
			return nil, errNotHere
		}
	}
	return c.s, nil
}

func listenError(a netip.AddrPort, err error) error {
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		err = sys.Err
	}
	return fmt.Errorf("couldn't listen on %v: %w", a, err)
}

func (c *lateSocket) down() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why
}

func (c *lateSocket) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	s, err := c.socket()
	if err != nil {
		return 0, netip.AddrPort{}, err
	}
	return s.ReadFromUDPAddrPort(b)
}

func (c *lateSocket) WriteMsgUDPAddrPort(b, oob []byte, to netip.AddrPort) (int, int, error) {
	s, err := c.socket()
	if err != nil {
		return 0, 0, err
	}
	return s.WriteMsgUDPAddrPort(b, oob, to)
}

func (c *lateSocket) LocalAddr() net.Addr {
	if s, err := c.socket(); err == nil {
		return s.LocalAddr()
	}
	return net.UDPAddrFromAddrPort(c.addr)
}

// SetReadDeadline is how QUIC ends its reader, and waits until it has ended.
func (c *lateSocket) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over = !t.IsZero(); c.s == nil {
		return nil
	}
	return c.s.SetReadDeadline(t)
}

func (c *lateSocket) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.s == nil {
		return nil
	}
	return c.s.Close()
}
