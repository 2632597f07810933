// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"example.org/parley/internal/link"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/link/memnet"
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
		Run: name[:1] + "1xxxx", Key: testKey(name), IsPartyA: name == "aurelia", Tag: sha256.Sum256([]byte("tag")),
		Peers:    []ed25519.PublicKey{testKey(other).Public().(ed25519.PublicKey)},
		Greeting: func() []byte { return []byte("hello from " + name) },
	}
}

func start(t *testing.T, name string, cfg link.Config) *node {
	t.Helper()
	l, err := link.Open(cfg)
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
func wait(n *node, kind string, fits func(link.Event) bool) link.Event {
	n.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		n.mu.Lock()
		for n.taken < len(n.events) {
			ev := n.events[n.taken]
			n.taken++
			if ev.Kind == kind && (fits == nil || fits(ev)) {
				n.mu.Unlock()
				return ev
			}
		}
		n.mu.Unlock()
		select {
		case <-n.more:
		case <-timeout:
			n.t.Fatalf("%s: no %s; paths %+v", n.name, kind, n.Paths())
		}
	}
}

// count counts all events of a kind so far.
func count(n *node, kind string, fits func(link.Event) bool) (c int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, ev := range n.events {
		if ev.Kind == kind && (fits == nil || fits(ev)) {
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

// freePort finds a UDP port that nobody has on 127.0.0.1 and 127.0.0.2; below the range that the kernel gives away. The same
// port of TCP is held for as long as the test runs, so that no other process that tests takes it meanwhile.
func freePort(t *testing.T) netip.AddrPort {
	t.Helper()
	nextPort.Lock()
	defer nextPort.Unlock()
	for range 1000 {
		nextPort.n++
		hold, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", nextPort.n))
		if err != nil {
			continue
		}
		t.Cleanup(func() { hold.Close() })
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

const memA, memB = "10.0.0.1:700", "10.0.0.2:700"

// memConfigs are two configs whose paths run between memA+i and memB+i of a network in memory.
func memConfigs(n *memnet.Net, paths int) (ca, cb link.Config) {
	ca, cb = base("aurelia"), base("borealia")
	ca.Listen, cb.Listen = n.Listen, n.Listen
	for i := range paths {
		ra, rb := netip.MustParseAddrPort(fmt.Sprint(memA, i)), netip.MustParseAddrPort(fmt.Sprint(memB, i))
		ca.Binds, cb.Binds = append(ca.Binds, ra), append(cb.Binds, rb)
		ca.Paths = append(ca.Paths, link.PathConfig{Label: fmt.Sprint(i), Bind: i, Remote: rb})
		cb.Paths = append(cb.Paths, link.PathConfig{Label: fmt.Sprint(i), Bind: i, Remote: ra})
	}
	return ca, cb
}
