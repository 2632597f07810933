// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"example.org/parley/internal/link"
	"example.org/parley/internal/link/linktest"
)

func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// node is one end in a test: a link and all that it told.
type node struct {
	*link.Link
	t      *testing.T
	name   string
	mu     sync.Mutex
	events []link.Event
	taken  int
	more   chan struct{}
}

func base(name string) link.Config {
	other := map[string]string{"aurelia": "borealia", "borealia": "aurelia"}[name]
	return link.Config{
		Run: name[:1] + "1xxxx", Key: testKey(name), First: name == "aurelia", Tag: sha256.Sum256([]byte("tag")),
		Peers:    []ed25519.PublicKey{testKey(other).Public().(ed25519.PublicKey)},
		Greeting: func() []byte { return []byte("hello from " + name) },
	}
}

func start(t *testing.T, name string, cfg link.Config, socks ...link.Socket) *node {
	t.Helper()
	var l *link.Link
	var err error
	if socks != nil {
		l, err = link.OpenOn(cfg, socks...)
	} else {
		l, err = link.Open(cfg)
	}
	if err != nil {
		t.Fatal(err)
	}
	n := &node{Link: l, t: t, name: name, more: make(chan struct{}, 1)}
	go func() {
		for ev := range l.Events() {
			n.mu.Lock()
			n.events = append(n.events, ev)
			n.mu.Unlock()
			select {
			case n.more <- struct{}{}:
			default:
			}
		}
	}()
	t.Cleanup(func() { l.Close("test over") })
	return n
}

// wait takes events until one fits.
func wait[E link.Event](n *node, fits func(E) bool) E {
	n.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		n.mu.Lock()
		for n.taken < len(n.events) {
			ev := n.events[n.taken]
			n.taken++
			if e, ok := ev.(E); ok && (fits == nil || fits(e)) {
				n.mu.Unlock()
				return e
			}
		}
		n.mu.Unlock()
		select {
		case <-n.more:
		case <-timeout:
			n.t.Fatalf("%s: no %T; paths %+v", n.name, *new(E), n.Paths())
		}
	}
}

// count counts all events of a kind so far.
func count[E link.Event](n *node, fits func(E) bool) (c int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, ev := range n.events {
		if e, ok := ev.(E); ok && (fits == nil || fits(e)) {
			c++
		}
	}
	return c
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if cond() {
			return
		}
	}
	t.Fatal("never: " + what)
}

var nextPort = struct {
	sync.Mutex
	n int
}{n: 20000 + os.Getpid()%200*40}

// freePort finds a UDP port that nobody has on 127.0.0.1 and 127.0.0.2; below the range that the kernel gives away.
func freePort(t *testing.T) netip.AddrPort {
	t.Helper()
	nextPort.Lock()
	defer nextPort.Unlock()
	for range 1000 {
		nextPort.n++
		free := true
		for _, ip := range []byte{1, 2} {
			c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, ip), Port: nextPort.n})
			if free = free && err == nil; err == nil {
				c.Close()
			}
		}
		if free {
			return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(nextPort.n))
		}
	}
	t.Fatal("no free port")
	return netip.AddrPort{}
}

// direct makes two ends without anything between them.
func direct(t *testing.T) (a, b *node) {
	ca, cb := base("aurelia"), base("borealia")
	pa, pb := freePort(t), freePort(t)
	ca.Binds, cb.Binds = []netip.AddrPort{pa}, []netip.AddrPort{pb}
	ca.Paths, cb.Paths = []link.PathConfig{{Label: "one", Remote: pb}}, []link.PathConfig{{Label: "one", Remote: pa}}
	return start(t, "aurelia", ca), start(t, "borealia", cb)
}

// cabled makes two configs with n cables between them.
func cabled(t *testing.T, n int) (ca, cb link.Config, fs []*linktest.Forwarder) {
	t.Helper()
	ca, cb = base("aurelia"), base("borealia")
	pa, pb := freePort(t), freePort(t)
	ca.Binds, cb.Binds = []netip.AddrPort{pa}, []netip.AddrPort{pb}
	for i := range n {
		f, err := linktest.NewForwarder(freePort(t), freePort(t), pa, pb, uint64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		fs = append(fs, f)
		ca.Paths = append(ca.Paths, link.PathConfig{Label: fmt.Sprint("cable ", i+1), Remote: f.PortA()})
		cb.Paths = append(cb.Paths, link.PathConfig{Label: fmt.Sprint("cable ", i+1), Remote: f.PortB()})
	}
	return ca, cb, fs
}

// memNet is a network in memory for links in a synctest bubble.
type memNet struct {
	mu     sync.Mutex
	socks  map[netip.AddrPort]*memSock
	delay  time.Duration
	rand   *rand.Rand
	filter func(from, to netip.AddrPort, b []byte) bool // false: lost; under mu
	nat    map[netip.AddrPort]netip.AddrPort            // outside address of an inside one
	bytes  map[netip.AddrPort]int                       // sent by, with 28 bytes of headers each
}

type memSock struct {
	n      *memNet
	addr   netip.AddrPort
	in     chan memPacket
	closed chan struct{}
	once   sync.Once
}

type memPacket struct {
	from netip.AddrPort
	b    []byte
}

func newMemNet() *memNet {
	return &memNet{socks: map[netip.AddrPort]*memSock{}, delay: time.Millisecond, rand: rand.New(rand.NewPCG(1, 1)),
		nat: map[netip.AddrPort]netip.AddrPort{}, bytes: map[netip.AddrPort]int{}}
}

func (n *memNet) listen(addr string) *memSock {
	n.mu.Lock()
	defer n.mu.Unlock()
	a := netip.MustParseAddrPort(addr)
	s := &memSock{n: n, addr: a, in: make(chan memPacket, 4096), closed: make(chan struct{})}
	n.socks[a] = s
	return s
}

func (n *memNet) set(f func(*memNet)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(n)
}

func (n *memNet) send(from, to netip.AddrPort, b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.bytes[from] += len(b) + 28
	if out, ok := n.nat[from]; ok {
		from = out
	}
	for in, out := range n.nat { // back through the NAT
		if out == to {
			to = in
		}
	}
	if n.filter != nil && !n.filter(from, to, b) {
		return
	}
	s := n.socks[to]
	if s == nil {
		return
	}
	p := memPacket{from, append([]byte(nil), b...)}
	time.AfterFunc(n.delay, func() {
		select {
		case s.in <- p:
		default:
		}
	})
}

func (s *memSock) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case p := <-s.in:
		return copy(b, p.b), p.from, nil
	case <-s.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (s *memSock) WriteMsgUDPAddrPort(b, _ []byte, to netip.AddrPort) (int, int, error) {
	s.n.send(s.addr, to, b)
	return len(b), 0, nil
}

func (s *memSock) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(s.addr) }
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

const memA, memB = "10.0.0.1:700", "10.0.0.2:700"

// memConfigs are two configs whose paths run between memA+i and memB+i.
func memConfigs(paths int) (ca, cb link.Config, at func(*memNet) (as, bs []link.Socket)) {
	ca, cb = base("aurelia"), base("borealia")
	for i := range paths {
		ra, rb := fmt.Sprint(memA, i), fmt.Sprint(memB, i)
		ca.Paths = append(ca.Paths, link.PathConfig{Label: fmt.Sprint(i), Bind: i, Remote: netip.MustParseAddrPort(rb)})
		cb.Paths = append(cb.Paths, link.PathConfig{Label: fmt.Sprint(i), Bind: i, Remote: netip.MustParseAddrPort(ra)})
	}
	return ca, cb, func(n *memNet) (as, bs []link.Socket) {
		for i := range paths {
			as, bs = append(as, n.listen(fmt.Sprint(memA, i))), append(bs, n.listen(fmt.Sprint(memB, i)))
		}
		return as, bs
	}
}
