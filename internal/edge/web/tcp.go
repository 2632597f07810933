// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/ice/v4"
)

// What strangers may cost at the TCP port.
const (
	maxTCP      = 64
	maxTCPOf    = 16 // of one address
	firstWithin = 3 * time.Second
	tcpBuffer   = 16 << 10 // towards a browser that reads slowly, some hundred frames; what finds no room is dropped
)

// listenTCP opens the way for browsers to which no UDP passes.
//
// SPEC: VOX-029
func (e *Edge) listenTCP(at netip.AddrPort) (ice.TCPMux, error) {
	address := at.String()
	if at.Addr().IsUnspecified() { // both families
		address = fmt.Sprint(":", at.Port())
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the sound's TCP port: %w", err)
	}
	return ice.NewTCPMuxDefault(ice.TCPMuxParams{Listener: &door{Listener: ln, from: map[string]int{}}, Logger: e.quiet.NewLogger("ice"),
		ReadBufferSize: 64, WriteBufferSize: tcpBuffer, FirstStunBindTimeout: firstWithin, AliveDurationForConnFromStun: firstWithin}), nil
}

// door lets in so many at a time: pion counts nobody.
type door struct {
	net.Listener
	mu   sync.Mutex
	all  int
	from map[string]int // by address
}

// Accept gives the next that finds room.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil { // too many files, say; pion would accept no more
			time.Sleep(watchEvery)
			continue
		}
		from, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		if !d.count(from, 1) {
			c.Close()
			continue
		}
		return &visitor{Conn: c, left: sync.OnceFunc(func() { d.count(from, -1) })}, nil
	}
}

// count keeps who comes and goes, and reports whether one who comes finds room.
func (d *door) count(from string, more int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if more > 0 && (d.all >= maxTCP || d.from[from] >= maxTCPOf) {
		return false
	}
	d.all += more
	if d.from[from] += more; d.from[from] == 0 {
		delete(d.from, from)
	}
	return true
}

// visitor is a connection that was let in.
type visitor struct {
	net.Conn
	left func()
}

// Close gives the place back.
func (v *visitor) Close() error {
	v.left()
	return v.Conn.Close()
}
