// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"errors"
	"net"
	"net/netip"
	"sync"
)

// Forwarder is a cable between real sockets: a UDP relay with a port for each end. A sends to PortA and hears from it, B
// likewise; each end believes its port to be the other.
type Forwarder struct {
	*Cable
	socks [2]*net.UDPConn // towards A, towards B
	wg    sync.WaitGroup

	ends [2]netip.AddrPort
}

// NewForwarder listens on two addresses (port 0: any) between the ends a and b.
func NewForwarder(atA, atB, a, b netip.AddrPort, seed uint64) (*Forwarder, error) {
	f := &Forwarder{ends: [2]netip.AddrPort{a, b}}
	f.Cable = NewCable(seed, func(from int, b []byte) { f.socks[1-from].WriteToUDPAddrPort(b, f.ends[1-from]) })
	for i, at := range []netip.AddrPort{atA, atB} {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.socks[i] = c
	}
	for i := range 2 {
		f.wg.Go(func() { f.read(i) })
	}
	return f, nil
}

// PortA is where A sends to; PortB where B does.
func (f *Forwarder) PortA() netip.AddrPort { return f.socks[0].LocalAddr().(*net.UDPAddr).AddrPort() }

// PortB is the other one.
func (f *Forwarder) PortB() netip.AddrPort { return f.socks[1].LocalAddr().(*net.UDPAddr).AddrPort() }

// Close ends the cable.
func (f *Forwarder) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	for _, c := range f.socks {
		if c != nil {
			c.Close()
		}
	}
	f.wg.Wait()
	return nil
}

// read takes packets from an end (0: A).
func (f *Forwarder) read(from int) {
	buf := make([]byte, 65536)
	for {
		n, _, err := f.socks[from].ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		f.Carry(from, buf[:n])
	}
}
