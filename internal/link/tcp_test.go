// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.org/parley/internal/link"
	"example.org/parley/internal/link/linktest"
)

// tcpPort is an address for TCP whose port no other test has.
func tcpPort(t *testing.T) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.3"), freePort(t).Port())
}

// overTCP makes two configs with one path over TCP, both of which can dial.
func overTCP(t *testing.T) (ca, cb link.Config) {
	ca, cb = base("aurelia"), base("borealia")
	addTCP(t, &ca, &cb)
	return ca, cb
}

// addTCP adds a path over TCP at both ends.
func addTCP(t *testing.T, ca, cb *link.Config) {
	pa, pb := tcpPort(t), tcpPort(t)
	ca.Paths = append(ca.Paths, link.PathConfig{Label: "tcp", Bind: len(ca.Binds), Remote: pb, TCP: true})
	cb.Paths = append(cb.Paths, link.PathConfig{Label: "tcp", Bind: len(cb.Binds), Remote: pa, TCP: true})
	ca.Binds, cb.Binds = append(ca.Binds, pa), append(cb.Binds, pb)
}

func whole(t *testing.T, path int, ns ...*node) {
	t.Helper()
	for _, n := range ns {
		eventually(t, "the path is up", func() bool { p := n.Paths()[path]; return p.WeHear && p.TheyHear })
	}
}

// All that a session carries goes over TCP as over UDP: greetings, the stream both ways, lane packets, repeats, a goodbye.
// SPEC: LNK-043
func TestTheSameSessionOverTCP(t *testing.T) {
	t.Parallel()
	ca, cb := overTCP(t)
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	exchanged(t, a, b)
	for _, n := range []*node{a, b} {
		eventually(t, "one connection, dialled by A", func() bool { return slices.Equal(n.Conns(0), []bool{true}) })
	}
	a.KillConns(0)
	eventually(t, "another one", func() bool { return a.Paths()[0].WeHear && b.Paths()[0].WeHear && len(a.Conns(0)) == 1 })
	a.Close("going home")
	if down := wait(b, link.SessionDown, func(e link.Event) bool { return e.Bye }); down.Reason != "going home" {
		t.Errorf("%+v", down)
	}
	if p := b.Paths()[0]; p.WeHear || p.Session {
		t.Errorf("a session without its connection: %+v", p)
	}
}

// Only one end can be dialled: behind a router the other one has no address of its own.
// SPEC: LNK-043
func TestOneListensForTCP(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		ca, cb := overTCP(t)
		if first {
			ca.Paths[0].Remote = netip.AddrPort{}
		} else {
			cb.Paths[0].Remote = netip.AddrPort{}
		}
		a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
		whole(t, 0, a, b)
		a.Close("")
		b.Close("")
	}
}

// No UDP passes from the start and the line lives by TCP, in a call too; then TCP is cut and UDP carries all, and back.
// Nothing is lost between the nodes while one path lives.
// SPEC: LNK-017 LNK-043
func TestPathsOfBothKinds(t *testing.T) {
	t.Parallel()
	ca, cb, fs := cabled(t, 1)
	addTCP(t, &ca, &cb)
	ha, hb := &heard{got: map[uint32]int{}}, &heard{got: map[uint32]int{}}
	ca.OnFrame, cb.OnFrame = ha.frame, hb.frame
	fs[0].Cut(linktest.Both)
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	whole(t, 1, a, b)
	if p := a.Paths()[0]; p.WeHear || p.Session {
		t.Fatalf("UDP is cut: %+v", p)
	}
	var seq uint32
	talk := func(frames int) {
		for i := range frames {
			if i%4 == 3 { // a writer that gets no turn on a busy machine drops what is late: it is given its turn
				eventually(t, "the frames until now", func() bool { return ha.missing(seq)+hb.missing(seq) == 0 })
			}
			seq++
			a.SendFrame(7, 0, seq, make([]byte, 80))
			b.SendFrame(7, 0, seq, make([]byte, 80))
			time.Sleep(5 * time.Millisecond)
		}
	}
	talk(100)
	a.Repeat("flash", 17, [][]byte{[]byte("FLASH")})
	if ev := wait(b, link.Lane, nil); string(ev.Payload) != "FLASH" {
		t.Errorf("%+v", ev)
	}
	a.Done("flash")
	wait(a, link.StreamUp, func(e link.Event) bool { return e.Path == 1 })
	fs[0].Restore(linktest.Both)
	whole(t, 0, a, b)
	for range 5 {
		talk(10)
		a.KillConns(1)
		b.KillConns(1)
		talk(20)
	}
	eventually(t, "TCP is back", func() bool { return a.Paths()[1].WeHear && b.Paths()[1].WeHear })
	fs[0].Cut(linktest.Both)
	talk(100)
	eventually(t, "the last frames", func() bool { return ha.missing(seq)+hb.missing(seq) == 0 })
	t.Logf("%d frames each way, 0 lost", seq)
}

// Strangers get not one byte over TCP: no banner, no TLS alert, no certificate; nor does a real TLS client, nor a node that
// lacks the line's tag, nor one that plays back a first message that it saw.
// SPEC: LNK-041
func TestSilentToStrangersOverTCP(t *testing.T) {
	t.Parallel()
	ca, cb := overTCP(t)
	cb.Paths[0].Remote = netip.AddrPort{}
	b := start(t, "borealia", cb)
	at := b.Paths()[0].Local.String()
	seen := make(chan []byte, 1)
	ca.Paths[0].Remote = relayed(t, at, &relay{see: seen})
	a := start(t, "aurelia", ca)
	whole(t, 0, a, b)
	hello := <-seen
	for name, first := range map[string][]byte{"noise": make([]byte, 600), "http": []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "replay": hello} {
		if n := answer(t, at, func(c net.Conn) { c.Write(first) }); n != 0 {
			t.Errorf("%s: %d bytes came back", name, n)
		}
	}
	for _, name := range []string{"", "parley", "line.example.org"} {
		n := answer(t, at, func(c net.Conn) {
			tc := tls.Client(c, &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: []string{"parley/1"}})
			if err := tc.Handshake(); err == nil {
				t.Error("a stranger's TLS client was let in")
			}
		})
		if n != 0 {
			t.Errorf("a TLS client got %d bytes", n)
		}
	}
	if strangers, _, _, _ := b.Counted(); strangers < 4 {
		t.Errorf("%d strangers are counted", strangers)
	}
	if p := a.Paths()[0]; !p.WeHear || !p.TheyHear {
		t.Errorf("%+v", p)
	}
}

// counting counts what comes back over a connection.
type counting struct {
	net.Conn
	n *int
}

func (c counting) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	*c.n += n
	return n, err
}

// answer is how many bytes come back to what say says, before the other end closes.
func answer(t *testing.T, at string, say func(net.Conn)) (n int) {
	t.Helper()
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	cc := counting{c, &n}
	say(cc)
	if _, err := io.Copy(io.Discard, cc); errors.Is(err, errTimeout) {
		t.Error("the connection stays open")
	}
	return n
}

var errTimeout, errRefused = os.ErrDeadlineExceeded, syscall.ECONNREFUSED

// The tag alone opens nothing: who holds another key gets no session over TCP.
// SPEC: LNK-005
func TestWrongKeyOverTCP(t *testing.T) {
	t.Parallel()
	ca, cb := overTCP(t)
	cb.Key = testKey("mallory")
	a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
	eventually(t, "a wrong key is seen", func() bool {
		_, wrong, _, _ := a.Counted()
		return wrong > 0
	})
	if count(a, link.SessionUp, nil)+count(b, link.SessionUp, nil) != 0 || a.Paths()[0].Session {
		t.Error("a session with the wrong key")
	}
}

// Strangers that connect and say nothing, or a byte at a time, hold a bounded number of connections, and keep nobody out.
// SPEC: LNK-042
func TestDrippingStrangersKeepNobodyOut(t *testing.T) {
	t.Parallel()
	ca, cb := overTCP(t)
	cb.Paths[0].Remote = netip.AddrPort{}
	b := start(t, "borealia", cb)
	at := b.Paths()[0].Local
	come := func(i byte) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, i)}}
		c, err := d.Dial("tcp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.Write([]byte{22})
	}
	held := func(most int) { // looks while the connections are taken
		t.Helper()
		for range 50 {
			if n := b.Guests(); n > most {
				t.Fatalf("%d strangers are held, of %d at most", n, most)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	for range 20 {
		come(255)
	}
	held(8)
	for i := range 200 {
		come(byte(i / 5))
	}
	held(64)
	a := start(t, "aurelia", ca)
	whole(t, 0, a, b)
	eventually(t, "they are dismissed", func() bool { return b.Guests() == 0 })
}

// relay is a TCP cable whose bytes can be seen and slowed.
type relay struct {
	see chan []byte   // the first bytes of who connects
	per time.Duration // what a kilobyte takes, each way
}

func relayed(t *testing.T, to string, r *relay) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			d, err := net.Dial("tcp", to)
			if err != nil {
				c.Close()
				continue
			}
			go r.carry(d, c, true)
			go r.carry(c, d, false)
		}
	}()
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

func (r *relay) carry(to, from net.Conn, there bool) {
	defer to.Close()
	defer from.Close()
	b, next := make([]byte, 1500), time.Now()
	for first := there; ; first = false {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if first && r.see != nil {
			select {
			case r.see <- slices.Clone(b[:n]):
			default:
			}
		}
		if late := time.Now().Add(-20 * time.Millisecond); next.Before(late) {
			next = late
		}
		next = next.Add(r.per * time.Duration(n) / 1024)
		time.Sleep(time.Until(next))
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// Twenty megabytes go over TCP beside a call, on loopback and through 8 Mbit/s: they arrive whole and in order, so do the frames
// that are not dropped, and never is more of the stream under way than stands before a frame at most. The delay is told.
// SPEC: LNK-044
func TestBulkBesideVoiceOverTCP(t *testing.T) {
	for _, c := range []struct {
		name  string
		bytes int
		slow  time.Duration
	}{{"loopback", 20 << 20, 0}, {"8 Mbit/s", 3 << 20, time.Millisecond}} {
		if testing.Short() {
			c.bytes /= 4
		}
		t.Run(c.name, func(t *testing.T) {
			ca, cb := overTCP(t)
			cb.Paths[0].Remote = netip.AddrPort{}
			v := &spoken{sent: map[uint32]time.Time{}, stop: make(chan struct{}), done: make(chan struct{})}
			cb.OnFrame = v.frame
			b := start(t, "borealia", cb)
			if c.slow > 0 {
				ca.Paths[0].Remote = relayed(t, b.Paths()[0].Local.String(), &relay{per: c.slow})
			}
			a := start(t, "aurelia", ca)
			whole(t, 0, a, b)
			wait(a, link.StreamUp, nil)
			go v.speak(t, a)
			began, messages := time.Now(), c.bytes/(200<<10)
			for i := range messages {
				for message := bytes.Repeat([]byte{byte(i)}, 200<<10); !a.SendStream(message); {
					time.Sleep(time.Millisecond)
				}
			}
			for i := range messages {
				if got := wait(b, link.Stream, nil).Payload; !bytes.Equal(got, bytes.Repeat([]byte{byte(i)}, 200<<10)) {
					t.Fatalf("message %d has %d bytes", i, len(got))
				}
			}
			took := time.Since(began)
			eventually(t, "a frame arrives", func() bool { return v.arrived() > 0 })
			close(v.stop)
			<-v.done
			v.mu.Lock()
			defer v.mu.Unlock()
			if v.behind > 0 && count(a, link.SessionUp, nil) == 1 {
				t.Errorf("%d frames came behind later ones", v.behind)
			}
			slices.Sort(v.delays)
			n := len(v.delays)
			t.Logf("%d MB in %v; %d of %d frames, delay p50 %v, p99 %v, max %v; %d bytes of the stream under way at most", c.bytes>>20,
				took.Round(time.Millisecond), n, v.seq, v.delays[n/2], v.delays[n*99/100], v.delays[n-1], v.beside)
		})
	}
}

// spoken is what is spoken at one end, and what the other hears of it.
type spoken struct {
	stop, done chan struct{}
	beside     int    // bytes of a stream under way at most, while frames went out
	seq        uint32 // newest said
	mu         sync.Mutex
	sent       map[uint32]time.Time // that have not arrived
	delays     []time.Duration
	newest     uint32 // that has arrived
	behind     int    // frames that came behind a newer one
}

func (v *spoken) frame(_ uint16, _ byte, seq uint32, _ []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	at, ok := v.sent[seq]
	if !ok {
		return
	}
	if seq < v.newest {
		v.behind++
	}
	v.newest, v.delays = max(v.newest, seq), append(v.delays, time.Since(at))
	delete(v.sent, seq)
}

func (v *spoken) arrived() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.delays)
}

// speak says a frame every 20 ms. What is under way is looked at once it has been little, and for as long as no pause is so
// long that it may be more.
func (v *spoken) speak(t *testing.T, n *node) {
	defer close(v.done)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for last, little := time.Now(), false; ; {
		select {
		case <-tick.C:
		case <-v.stop:
			return
		}
		now := time.Now()
		v.seq++
		v.mu.Lock()
		v.sent[v.seq] = now
		v.mu.Unlock()
		n.SendFrame(7, 0, v.seq, make([]byte, 80))
		under := n.Beside(0)
		if little = little && time.Since(last) < time.Second/2; little && under > 16<<10 {
			t.Errorf("%d bytes of a stream are under way beside voice", under)
		}
		if little || under <= 16<<10 {
			little, v.beside = true, max(v.beside, under)
		}
		last = now
	}
}

// An address of TCP that cannot be listened on holds up no other path, says why, and so does one where nobody answers.
// SPEC: LNK-023
func TestWhyAPathOverTCPIsDown(t *testing.T) {
	t.Parallel()
	ca, _ := overTCP(t)
	taken, err := net.Listen("tcp", ca.Binds[0].String())
	if err != nil {
		t.Fatal(err)
	}
	a := start(t, "aurelia", ca)
	if why := a.Paths()[0].Why; why == nil || !a.Paths()[0].Shut || why.Error() != fmt.Sprintf("couldn't listen on tcp:%v: address already in use", ca.Binds[0]) {
		t.Errorf("%v", why)
	}
	taken.Close()
	eventually(t, "it is tried again, and nobody answers", func() bool {
		why := a.Paths()[0].Why
		return why != nil && errors.Is(why, errRefused)
	})
}

// A path over UDP whose port another program holds is down, because; when the port is free it comes by itself.
// SPEC: LNK-023
func TestWhyAPathOverUDPIsDown(t *testing.T) {
	t.Parallel()
	cfg := base("aurelia")
	at := freePort(t)
	cfg.Binds, cfg.Paths = []netip.AddrPort{at}, []link.PathConfig{{Remote: freePort(t)}}
	taken, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	a := start(t, "aurelia", cfg)
	if why := a.Paths()[0].Why; why == nil || !strings.Contains(why.Error(), "address already in use") {
		t.Errorf("%v", why)
	}
	taken.Close()
	eventually(t, "it is tried again", func() bool {
		why := a.Paths()[0].Why
		return why == nil || !strings.Contains(why.Error(), "address already in use")
	})
}
