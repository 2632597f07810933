// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"example.org/parley/internal/link"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/node"
)

// sockets is two cables of linktest between two real links.
type sockets struct {
	line   *line
	binds  [2]netip.AddrPort
	cables [2]*linktest.Forwarder
}

func newSockets(t *testing.T, l *line) *sockets {
	t.Helper()
	n := &sockets{line: l}
	for i := range n.binds {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		n.binds[i] = c.LocalAddr().(*net.UDPAddr).AddrPort()
		c.Close()
	}
	at := netip.MustParseAddrPort("127.0.0.1:0")
	for i := range n.cables {
		f, err := linktest.NewForwarder(at, at, n.binds[0], n.binds[1], uint64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		n.cables[i] = f
		t.Cleanup(func() { f.Close() })
	}
	return n
}

func (n *sockets) open(who int, c link.Config) (node.Link, error) {
	n.line.ends(&c, who)
	c.Binds = n.binds[who : who+1]
	for i, f := range n.cables {
		remote := f.PortA()
		if who == 1 {
			remote = f.PortB()
		}
		c.Paths = append(c.Paths, link.PathConfig{Label: string(rune('1' + i)), Remote: remote})
	}
	return link.Open(c)
}

func (n *sockets) cut(p int, d linktest.Direction)                    { n.cables[p].Cut(d) }
func (n *sockets) restore(p int, d linktest.Direction)                { n.cables[p].Restore(d) }
func (n *sockets) delay(p int, d linktest.Direction, b time.Duration) { n.cables[p].Delay(d, b) }
func (n *sockets) loss(p int, d linktest.Direction, s float64)        { n.cables[p].Loss(d, s) }
func (n *sockets) kill(int)                                           {}
func (n *sockets) freeze(int, bool)                                   {}

// The short conversations again: the same files, on real sockets, real cables and real time. A question is asked until
// it is answered as the file says, five seconds at most.
// SPEC: NOD-001 NOD-004 EXC-003 EXC-004 EXC-009
func TestConversationsOnSockets(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, name := range []string{"short-flash", "short-cut", "short-call"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 5, 0)
			w.real, w.net = true, newSockets(t, w.line)
			time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
			w.start = time.Now().Truncate(time.Second)
			defer func() {
				w.close()
				if t.Failed() {
					t.Log("the nodes said:\n" + w.logs.String())
				}
			}()
			play(w, name+".txt")
		})
	}
}
