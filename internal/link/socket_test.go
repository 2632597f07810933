// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/parley/internal/link"
	"example.org/parley/internal/link/linktest"

	"github.com/quic-go/quic-go"
)

// Ten thousand strange packets of every shape, a real QUIC client, and a link that lacks the tag: not one byte back.
// SPEC: LNK-004
func TestSilentToStrangers(t *testing.T) {
	t.Parallel()
	a, b := direct(t)
	wait(a, link.SessionUp, nil)
	to := net.UDPAddrFromAddrPort(b.Addrs()[0])
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	buf := make([]byte, 1400)
	for i := range 10_000 {
		rand.Read(buf)
		n := []int{1, 20, 40, 64, 600, 1200, 1252, 1400}[i%8]
		switch i / 8 % 5 {
		case 0:
			buf[0] |= 0xc0 // Initial, Handshake, 0-RTT, Retry
			copy(buf[1:5], "\x00\x00\x00\x01")
		case 1:
			buf[0] |= 0xc0
			copy(buf[1:5], "\x0a\x0a\x0a\x0a") // asks for version negotiation
		case 2:
			buf[0] = buf[0]&0x3f | 0x40 // short header: asks for a stateless reset
		case 3:
			buf[0] = 0x08 | buf[0]&7
		}
		c.WriteTo(buf[:n], to)
		if i%64 == 0 {
			time.Sleep(time.Millisecond) // or the socket's buffer answers for us
		}
	}
	tr := &quic.Transport{Conn: c}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	got := make(chan int, 1)
	raw := &countingConn{UDPConn: c, got: got}
	tr.Conn = raw
	if _, err := tr.Dial(ctx, to, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"parley/1"}}, nil); err == nil {
		t.Error("a stranger's QUIC client was let in")
	}
	tr.Close()
	if n := raw.count(); n != 0 {
		t.Errorf("%d packets came back to strangers", n)
	}
	if strangers, _, _, stale := b.Counted(); strangers < 3000 || stale < 1000 {
		t.Errorf("only %d and %d strange packets were seen", strangers, stale)
	}
	if p := a.Paths()[0]; !p.WeHear || !p.TheyHear {
		t.Errorf("%+v", p)
	}
}

// countingConn counts what comes in; quic-go reads through ReadMsgUDP or ReadFrom of it.
type countingConn struct {
	*net.UDPConn
	got chan int
	mu  sync.Mutex
	n   int
}

func (c *countingConn) ReadMsgUDP(b, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, oobn, flags, addr, err = c.UDPConn.ReadMsgUDP(b, oob)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.n++
	}
	return
}

func (c *countingConn) count() int {
	c.mu.Lock()
	n := c.n
	c.mu.Unlock()
	c.UDPConn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	for buf := make([]byte, 2000); ; n++ {
		if _, _, err := c.UDPConn.ReadFromUDP(buf); err != nil {
			return n
		}
	}
}

// Who knows the tag but holds another key gets in on neither side.
// SPEC: LNK-005
func TestWrongKey(t *testing.T) {
	t.Parallel()
	ca, cb := base("aurelia"), base("borealia")
	pa, pb := freePort(t), freePort(t)
	ca.Binds, cb.Binds = []netip.AddrPort{pa}, []netip.AddrPort{pb}
	ca.Paths, cb.Paths = []link.PathConfig{{Remote: pb}}, []link.PathConfig{{Remote: pa}}
	cb.Key = testKey("mallory")
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	eventually(t, "a wrong key is seen", func() bool {
		_, wrong, _, _ := a.Counted()
		return wrong > 0
	})
	time.Sleep(500 * time.Millisecond)
	if count(a, link.SessionUp, nil)+count(b, link.SessionUp, nil) != 0 || a.Paths()[0].Session {
		t.Error("a session with the wrong key")
	}
}

// A peer that has new keys is let in under the present one until it has come with the newest; after that only so. A link that
// another one replaces says no goodbye.
// SPEC: SHT-004 SHT-007
func TestNewestKeyEndsTheOneBefore(t *testing.T) {
	t.Parallel()
	ca, cb := base("aurelia"), base("borealia")
	pa, pb := freePort(t), freePort(t)
	ca.Binds, cb.Binds = []netip.AddrPort{pa}, []netip.AddrPort{pb}
	ca.Paths, cb.Paths = []link.PathConfig{{Remote: pb}}, []link.PathConfig{{Remote: pa}}
	ca.Peers = []ed25519.PublicKey{testKey("renewed").Public().(ed25519.PublicKey), testKey("borealia").Public().(ed25519.PublicKey)}
	var renewed atomic.Int32
	ca.Renewed = func(key ed25519.PublicKey) {
		if key.Equal(ca.Peers[0]) {
			renewed.Add(1)
		}
	}
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	wait(a, link.SessionUp, nil)
	wait(b, link.SessionUp, nil)
	b.Close("")
	cb.Key = testKey("renewed")
	c := start(t, "renewed", cb)
	if renewed.Load() != 0 {
		t.Error("told under the key of before")
	}
	wait(c, link.SessionUp, nil)
	wait(a, link.SessionUp, nil)
	eventually(t, "it is told", func() bool { return renewed.Load() == 1 })
	if ev := wait(c, link.PathChange, func(ev link.Event) bool { return ev.WeHear && ev.TheyHear }); ev.Kind == "" || count(a, link.SessionDown, func(ev link.Event) bool { return ev.Bye }) != 0 {
		t.Error("a link that gave its place to the next said goodbye")
	}
	c.Close("")
	cb.Key = testKey("borealia")
	d := start(t, "borealia", cb)
	_, before, _, _ := a.Counted()
	eventually(t, "the key before the newest is refused", func() bool {
		_, wrong, _, _ := a.Counted()
		return wrong > before
	})
	if count(d, link.SessionUp, nil) != 0 {
		t.Error("the key before the newest was let in")
	}
}

// Whoever stands in a session under a key of before loses it, on whatever path, once the peer has come with the newest; and who
// is not let in any more is told why.
// SPEC: SHT-013
func TestSessionsUnderTheKeyOfBeforeEnd(t *testing.T) {
	t.Parallel()
	for _, tcp := range []bool{false, true} {
		ca, cb := base("aurelia"), base("borealia")
		var as, bs []netip.AddrPort
		for i := range 2 {
			as, bs = append(as, freePort(t)), append(bs, freePort(t))
			if tcp {
				as[i], bs[i] = tcpPort(t), tcpPort(t)
			}
			ca.Paths = append(ca.Paths, link.PathConfig{Bind: i, Remote: bs[i], TCP: tcp})
		}
		ca.Binds = as
		ca.Peers = []ed25519.PublicKey{testKey("renewed").Public().(ed25519.PublicKey), testKey("borealia").Public().(ed25519.PublicKey)}
		cb.Binds, cb.Paths = bs[1:], []link.PathConfig{{Remote: as[1], TCP: tcp}}
		a, thief := start(t, "aurelia", ca), start(t, "borealia", cb)
		whole(t, 0, thief)
		cb.Key, cb.Binds, cb.Paths = testKey("renewed"), bs[:1], []link.PathConfig{{Remote: as[0], TCP: tcp}}
		b := start(t, "renewed", cb)
		whole(t, 0, a, b)
		eventually(t, "the session under the key of before is wiped", func() bool { return a.Sessions(1) == 0 && !a.Paths()[1].WeHear })
		eventually(t, "who held it is told", func() bool {
			p := thief.Paths()[0]
			return !p.WeHear && errors.Is(p.Why, link.ErrRefused)
		})
		for _, n := range []*node{a, thief, b} {
			n.Close("")
		}
	}
}

// A host name is looked up anew at every dial: where it led elsewhere, or nowhere, the path comes up once it is right.
// SPEC: LNK-025
func TestHostNameIsLookedUpAnew(t *testing.T) {
	t.Parallel()
	ca, cb := base("aurelia"), base("borealia")
	pa, pb := freePort(t), freePort(t)
	ca.Binds, cb.Binds = []netip.AddrPort{pa}, []netip.AddrPort{pb}
	ca.Paths, cb.Paths = []link.PathConfig{{Host: "there.example:" + strconv.Itoa(int(pb.Port()))}}, []link.PathConfig{{}}
	var asked atomic.Int32
	ca.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		if host != "there.example" {
			t.Errorf("%q is looked up", host)
		}
		if asked.Add(1) == 1 {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return []netip.Addr{netip.MustParseAddr("::1"), pb.Addr()}, nil
	}
	a := start(t, "aurelia", ca)
	eventually(t, "the path says why it is down", func() bool { return a.Paths()[0].Why != nil })
	b := start(t, "borealia", cb)
	wait(a, link.SessionUp, nil)
	wait(b, link.SessionUp, nil)
	eventually(t, "the path is up and says nothing", func() bool { p := a.Paths()[0]; return p.WeHear && p.Why == nil && p.Remote == pb })
}

// Both dial at once over two cables: one connection a path stays, the one dialled by A.
// SPEC: LNK-015
func TestBothDial(t *testing.T) {
	t.Parallel()
	ca, cb, fs := cabled(t, 2)
	for _, f := range fs {
		f.Delay(linktest.Both, 300*time.Millisecond) // B dials before A's handshake is over
	}
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	wait(a, link.SessionUp, nil)
	wait(b, link.SessionUp, nil)
	one := []bool{true}
	eventually(t, "one connection a path, dialled by A", func() bool {
		return slices.Equal(a.Conns(0), one) && slices.Equal(b.Conns(0), one) &&
			slices.Equal(a.Conns(1), one) && slices.Equal(b.Conns(1), one)
	})
	eventually(t, "a message", func() bool { // what was on a connection that lost is lost
		b.SendStream([]byte("x"))
		return count(a, link.Stream, nil) > 0
	})
}

// Two local addresses on one port number, and only B can dial.
// SPEC: LNK-002
func TestTwoBinds(t *testing.T) {
	t.Parallel()
	ca, cb := base("aurelia"), base("borealia")
	pa, pb := freePort(t), freePort(t)
	pa2 := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), pa.Port())
	pb2 := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), pb.Port())
	ca.Binds, cb.Binds = []netip.AddrPort{pa, pa2}, []netip.AddrPort{pb, pb2}
	ca.Paths = []link.PathConfig{{Label: "one"}, {Label: "two", Bind: 1}}
	cb.Paths = []link.PathConfig{{Label: "one", Remote: pa}, {Label: "two", Bind: 1, Remote: pa2}}
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	for _, n := range []*node{a, b} {
		eventually(t, "both paths up", func() bool {
			ps := n.Paths()
			return ps[0].WeHear && ps[1].WeHear && ps[0].TheyHear && ps[1].TheyHear
		})
	}
	if r := a.Paths()[1].Remote; r != pb2 {
		t.Errorf("path two leads to %v", r)
	}
}

// talk sends frames both ways every 2 ms (ten times as fast as speech) until stop, and returns what arrived at each end.
type heard struct {
	mu  sync.Mutex
	got map[uint32]int
	max uint32
}

func (h *heard) frame(_ uint16, _ byte, seq uint32, _ []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got[seq]++
	h.max = max(h.max, seq)
}

func (h *heard) missing(sent uint32) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for seq := uint32(1); seq <= sent; seq++ {
		if h.got[seq] == 0 {
			n++
		}
	}
	return n
}

// One of two paths is cut mid-call twenty times in each direction: no frame is lost after merging.
// SPEC: LNK-017
func TestCutsMidCall(t *testing.T) {
	t.Parallel()
	ca, cb, fs := cabled(t, 2)
	ha, hb := &heard{got: map[uint32]int{}}, &heard{got: map[uint32]int{}}
	ca.OnFrame, cb.OnFrame = ha.frame, hb.frame
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	for _, n := range []*node{a, b} {
		eventually(t, "both paths up", func() bool { ps := n.Paths(); return ps[0].WeHear && ps[1].WeHear })
	}
	stop, done := make(chan struct{}), make(chan uint32)
	go func() {
		frame := make([]byte, 80)
		seq := uint32(0)
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-tick.C:
				seq++
				a.SendFrame(7, 0, seq, frame)
				b.SendFrame(7, 0, seq, frame)
			case <-stop:
				done <- seq
				return
			}
		}
	}()
	for i := range 40 {
		time.Sleep(40 * time.Millisecond)
		d := []linktest.Direction{linktest.AToB, linktest.BToA}[i/20]
		f := fs[i%2]
		f.Cut(d)
		time.Sleep(60 * time.Millisecond)
		f.Restore(d)
	}
	close(stop)
	sent := <-done
	time.Sleep(100 * time.Millisecond)
	if m := ha.missing(sent) + hb.missing(sent); m != 0 {
		t.Errorf("%d of %d frames lost", m, 2*sent)
	}
	t.Logf("%d frames each way, 40 cuts, 0 lost", sent)
}

// A third of all packets lost on the only path: redundancy follows the loss and saves nearly all frames.
// SPEC: LNK-018
func TestRedundancy(t *testing.T) {
	t.Parallel()
	ca, cb, fs := cabled(t, 1)
	hb := &heard{got: map[uint32]int{}}
	cb.OnFrame = hb.frame
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	wait(a, link.SessionUp, nil)
	wait(b, link.SessionUp, nil)
	fs[0].Loss(linktest.AToB, 0.35)
	frame := make([]byte, 80)
	var seq uint32
	for range 600 {
		seq++
		a.SendFrame(7, 0, seq, frame)
		time.Sleep(4 * time.Millisecond)
	}
	if k := a.K(); k != 3 {
		t.Errorf("k is %d at 35 %% loss, want 3", k)
	}
	first := hb.missing(300)
	if m := hb.missing(seq-3) - first; m > 16 {
		t.Errorf("%d of the last 300 frames lost", m)
	}
	if p := b.Paths()[0]; p.LossPct < 10 || p.LossPct > 50 {
		t.Errorf("loss measured as %v", p.LossPct)
	}
}

// Bulk goes on over another path when its own is cut, and little of it is in flight.
// SPEC: LNK-020 LNK-021
func TestBulk(t *testing.T) {
	t.Parallel()
	ca, cb, fs := cabled(t, 2)
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	up := wait(a, link.StreamUp, nil)
	wait(b, link.StreamUp, func(e link.Event) bool { return e.ID == up.ID })
	msg := make([]byte, 200<<10)
	sent := 0
	for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
		if a.SendStream(slices.Clone(msg)) {
			sent++
		} else {
			wait(a, link.StreamRoom, nil)
		}
	}
	eventually(t, "all arrived", func() bool { return count(b, link.Stream, nil) == sent })
	t.Logf("%d kB in 0.5 s", sent*200)

	fs[up.Path].Delay(linktest.AToB, time.Hour) // all of it stays in flight
	ab, _ := fs[up.Path].Counts()
	for range 2 {
		a.SendStream(slices.Clone(msg))
	}
	time.Sleep(500 * time.Millisecond)
	fs[up.Path].Cut(linktest.Both)
	now, _ := fs[up.Path].Counts()
	if flight := now.Bytes - ab.Bytes; flight > 64<<10+20_000 {
		t.Errorf("%d bytes in flight on a path that answers no more", flight)
	}
	wait(a, link.StreamDown, func(e link.Event) bool { return e.ID == up.ID })
	again := wait(a, link.StreamUp, nil)
	wait(b, link.StreamUp, func(e link.Event) bool { return e.ID == again.ID })
	if again.Path == up.Path {
		t.Error("the stream is on the cut path")
	}
	if b.SendStream(make([]byte, link.MaxMessage+1)) || !b.SendStream(make([]byte, link.MaxMessage)) {
		t.Error("the limit of a message")
	}
	wait(a, link.Stream, func(e link.Event) bool { return e.ID == again.ID && len(e.Payload) == link.MaxMessage })
}

// A user who takes no events stops the bulk stream and loses lane packets, and nothing grows.
// SPEC: LNK-030
func TestStuckUser(t *testing.T) {
	t.Parallel()
	ca, cb, _ := cabled(t, 1)
	a := start(t, "aurelia", ca)
	b, err := link.Open(cb) // nobody reads its events
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close("")
	wait(a, link.SessionUp, nil)
	// B's end of the stream is not told, but A's is.
	wait(a, link.StreamUp, nil)
	msg := make([]byte, 250<<10)
	took := 0
	for end := time.Now().Add(700 * time.Millisecond); time.Now().Before(end); {
		if a.SendStream(slices.Clone(msg)) {
			took++
		} else {
			time.Sleep(10 * time.Millisecond)
		}
		a.Signal(16, []byte("x"))
	}
	if total := took * len(msg); total > 3<<20 {
		t.Errorf("%d bytes taken that nobody read", total)
	}
	if p := b.Paths()[0]; !p.WeHear || !p.TheyHear {
		t.Errorf("%+v", p)
	}
	got := 0
	for range 5 { // and then it goes on
		select {
		case <-b.Events():
			got++
		case <-time.After(2 * time.Second):
		}
	}
	if got < 4 {
		t.Error("no events after the pause")
	}
}

// The tag of another line, or of a pairing with other digits, leads nowhere.
// SPEC: LNK-004
func TestOtherTag(t *testing.T) {
	t.Parallel()
	ca, cb := base("aurelia"), base("borealia")
	pa, pb := freePort(t), freePort(t)
	ca.Binds, cb.Binds = []netip.AddrPort{pa}, []netip.AddrPort{pb}
	ca.Paths, cb.Paths = []link.PathConfig{{Remote: pb}}, []link.PathConfig{{Remote: pa}}
	cb.Tag = sha256.Sum256([]byte("other digits"))
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	eventually(t, "strangers counted", func() bool { s, _, _, _ := b.Counted(); return s > 0 })
	time.Sleep(300 * time.Millisecond)
	if count(a, link.SessionUp, nil)+count(b, link.SessionUp, nil) != 0 {
		t.Error("a session without the tag")
	}
}

func TestBadConfig(t *testing.T) {
	for name, change := range map[string]func(*link.Config){
		"run":   func(c *link.Config) { c.Run = "No Run" },
		"key":   func(c *link.Config) { c.Key = nil },
		"peer":  func(c *link.Config) { c.Peers = []ed25519.PublicKey{} },
		"paths": func(c *link.Config) { c.Paths = nil },
		"bind":  func(c *link.Config) { c.Paths[0].Bind = 3 },
	} {
		cfg := base("aurelia")
		cfg.Binds = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
		cfg.Paths = []link.PathConfig{{}}
		change(&cfg)
		if l, err := link.Open(cfg); err == nil {
			l.Close("")
			t.Error(name, "was taken")
		}
	}
}

// Messages of the stream are prepared beside each other and handed on in the order in which they were sent, however
// long each took.
// SPEC: LNK-030
func TestMessagesArePreparedBesideEachOtherAndKeepTheirOrder(t *testing.T) {
	t.Parallel()
	ca, cb, _ := cabled(t, 1)
	var busy, most atomic.Int32
	made := make(chan byte, 100)
	cb.Prepare = func(b []byte) func() {
		n := busy.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Duration(b[0]%3) * 5 * time.Millisecond)
		busy.Add(-1)
		return func() { made <- b[0] }
	}
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	wait(a, link.StreamUp, nil)
	for i := range 60 {
		for !a.SendStream([]byte{byte(i)}) {
			time.Sleep(time.Millisecond)
		}
	}
	for i := range 60 {
		wait(b, link.Stream, nil).Then()
		if got := <-made; got != byte(i) {
			t.Fatalf("message %d came in the place of %d", got, i)
		}
	}
	if most.Load() != 2 {
		t.Errorf("%d were prepared at once", most.Load())
	}
}
