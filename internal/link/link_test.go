// SPDX-License-Identifier: Apache-2.0

package link

import (
	"crypto/ed25519"
	"crypto/sha256"
	"net/netip"
	"testing"
	"time"
)

func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// node is one end in a test: a link and all that it told.
type node struct {
	*Link
	t      *testing.T
	name   string
	events chan Event
}

func base(name string) Config {
	other := map[string]string{"aurelia": "borealia", "borealia": "aurelia"}[name]
	return Config{
		Run: name[:1] + "1xxxx", Key: testKey(name), First: name == "aurelia", Tag: sha256.Sum256([]byte("tag")),
		Peers:    []ed25519.PublicKey{testKey(other).Public().(ed25519.PublicKey)},
		Greeting: func() []byte { return []byte("hello from " + name) },
	}
}

func start(t *testing.T, name string, cfg Config, socks ...socket) *node {
	t.Helper()
	var l *Link
	var err error
	if socks != nil {
		l, err = open(cfg, socks)
	} else {
		l, err = Open(cfg)
	}
	if err != nil {
		t.Fatal(err)
	}
	n := &node{Link: l, t: t, name: name, events: make(chan Event, 4096)}
	go func() {
		for ev := range l.Events() {
			n.events <- ev
		}
		close(n.events)
	}()
	t.Cleanup(func() { l.Close("test over") })
	return n
}

// wait takes events until one fits.
func wait[E Event](n *node, fits func(E) bool) E {
	n.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case ev, ok := <-n.events:
			if !ok {
				n.t.Fatalf("%s: events ended while waiting for %T", n.name, *new(E))
			}
			if e, ok := ev.(E); ok && (fits == nil || fits(e)) {
				return e
			}
		case <-timeout:
			n.t.Fatalf("%s: no %T; paths %+v", n.name, *new(E), n.Paths())
		}
	}
}

// direct makes two ends without anything between them.
func direct(t *testing.T) (a, b *node) {
	ca, cb := base("aurelia"), base("borealia")
	pa, pb := freePort(t), freePort(t)
	ca.Binds, cb.Binds = []netip.AddrPort{pa}, []netip.AddrPort{pb}
	ca.Paths, cb.Paths = []PathConfig{{Label: "one", Remote: pb}}, []PathConfig{{Label: "one", Remote: pa}}
	return start(t, "aurelia", ca), start(t, "borealia", cb)
}

func TestConnect(t *testing.T) {
	a, b := direct(t)
	for _, n := range []*node{a, b} {
		up := wait[SessionUp](n, nil)
		if up.Path != 0 || len(up.Greeting) < 10 {
			t.Errorf("%s: %+v", n.name, up)
		}
	}
	ua, ub := wait[StreamUp](a, nil), wait[StreamUp](b, nil)
	if ua.ID != ub.ID {
		t.Error("the ends name the stream differently")
	}
	if !a.SendStream([]byte("one")) || !a.SendStream([]byte("two")) || !b.SendStream([]byte("three")) {
		t.Error("stream took nothing")
	}
	for n, want := range map[*node][]string{a: {"three"}, b: {"one", "two"}} {
		for _, w := range want {
			if got := wait[Stream](n, nil); string(got.Payload) != w {
				t.Errorf("%s got %q, want %q", n.name, got.Payload, w)
			}
		}
	}
	b.Signal(16, []byte("ring"))
	if got := wait[Lane](a, nil); string(got.Payload) != "ring" || got.Kind != 16 {
		t.Errorf("%+v", got)
	}
	a.Repeat("x", 17, [][]byte{[]byte("p1"), []byte("p2")})
	for i := range 6 {
		want := []string{"p1", "p2"}[i%2]
		if got := wait[Lane](b, nil); string(got.Payload) != want {
			t.Errorf("%+v", got)
		}
	}
	a.Done("x")
	a.Close("going home")
	if down := wait[SessionDown](b, nil); !down.Bye || down.Reason != "going home" {
		t.Errorf("%+v", down)
	}
}
