// SPDX-License-Identifier: Apache-2.0

package link

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/internal/fault"
	"example.org/parley/wire"

	"github.com/quic-go/quic-go"
)

// SPEC: LNK-003
func TestWindow(t *testing.T) {
	var w window
	seen := map[uint64]bool{}
	top := uint64(0)
	for i, c := range []uint64{1, 2, 2, 5, 3, 4, 2048, 2049, 1, 2, 5000, 2953, 2952, 5000, 4999, 1 << 40, 5001, 1<<40 - 2047, 1<<40 - 2048} {
		want := !seen[c] && (c > top || top-c < windowSize)
		if got := w.fresh(c); got != want {
			t.Errorf("%d: %d fresh: %v", i, c, got)
		}
		if want {
			seen[c], top = true, max(top, c)
			w.take(c)
		}
	}
}

// dressed is the one datagram that p goes out as.
func dressed(t *trailer, p string) (out []byte) {
	t.dress(make([]byte, 0, 2048), []byte(p), netip.AddrPort{}, func(b []byte) { out = bytes.Clone(b) })
	return out
}

// SPEC: LNK-004
func TestTrailerKeepsOutStrangersAndReplays(t *testing.T) {
	tag := [32]byte{1}
	from := netip.AddrPort{}
	a, b := newTrailer(tag, true), newTrailer(tag, false)
	pkt := dressed(a, "\xc0 a datagram")
	if _, ok := a.strip(bytes.Clone(pkt), from); ok {
		t.Error("A takes its own packet back")
	}
	if _, ok := newTrailer([32]byte{2}, false).strip(bytes.Clone(pkt), from); ok {
		t.Error("another tag")
	}
	for i := range pkt {
		bad := bytes.Clone(pkt)
		bad[i] ^= 1
		if _, ok := b.strip(bad, from); ok {
			t.Error("changed at", i)
		}
	}
	if body, ok := b.strip(bytes.Clone(pkt), from); !ok || string(body) != "\xc0 a datagram" {
		t.Error("refused", body)
	}
	if _, ok := b.strip(pkt, from); ok {
		t.Error("twice")
	}
	for range nonceCache + 10 {
		b.strip(dressed(a, "\xc0x"), from)
	}
	if len(b.seen) != nonceCache || len(b.order) != nonceCache {
		t.Error("the cache grows", len(b.seen))
	}
}

// Who pairs over TCP comes from a new port each time, and takes no place among those who pair over UDP.
// SPEC: LNK-024 LNK-041
func TestPairingOverTCPKeepsNobodyOut(t *testing.T) {
	tag := [32]byte{7}
	a, b := newTrailer([32]byte{1}, true), newTrailer(tag, false)
	a.pairing.Store(hmacs(tag))
	for i := range 2 * maxGuests {
		if !a.knows(b.name(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(i+1)))) {
			t.Fatal("a name of the pairing is not known")
		}
	}
	udp := netip.MustParseAddrPort("192.0.2.1:700")
	if _, ok := a.strip(dressed(b, "\xc0 a datagram"), udp); !ok || !a.isGuest(udp) {
		t.Error("who pairs over UDP is not answered")
	}
}

// ended is a connection that tells when it is ended.
type ended struct {
	carrier
	after chan time.Duration
	began time.Time
}

func (e ended) end(quic.ApplicationErrorCode, string) { e.after <- time.Since(e.began) }

// A connection that another one has replaced goes on over TCP for as long as an old session receives: what the other end still
// sends by it arrives. Over UDP the session needs no connection, and one of another run is ended at once.
// SPEC: LNK-006
func TestReplacedConnectionOverTCP(t *testing.T) {
	for _, c := range []struct {
		tcp   bool
		run   string
		after time.Duration
	}{{true, "b1", keepOld}, {true, "b0", 0}, {false, "b1", 0}} {
		synctest.Test(t, func(t *testing.T) {
			l, old := looped(t, &blackhole{})
			p := l.paths[0]
			l.cfg.IsPartyA, l.peerRun, p.cfg.TCP = true, "b1", c.tcp
			q := ended{after: make(chan time.Duration, 1), began: time.Now()}
			old.conn = &conn{l: l, path: p, q: q, run: c.run, up: true, sess: old}
			s := &session{path: p, conn: &conn{l: l, path: p, run: "b1", up: true, born: time.Hour}}
			s.ready.Store(true)
			p.sessions, p.conns = append(p.sessions, s), []*conn{old.conn, s.conn}
			p.choose()
			if after := <-q.after; p.current != s || after != c.after {
				t.Errorf("%+v: ended after %v", c, after)
			}
		})
	}
}

// A datagram of 1,200 bytes goes in two of at most 1,200, in any order; of pieces that never meet few are kept.
// SPEC: LNK-022
func TestTrailerCutsWhatIsTooLong(t *testing.T) {
	a, b := newTrailer([32]byte{1}, true), newTrailer([32]byte{1}, false)
	whole := append([]byte{0xc0}, bytes.Repeat([]byte("0123456789"), 120)[:1199]...)
	cut := func() (out [][]byte) {
		a.dress(make([]byte, 0, 2048), whole, netip.AddrPort{}, func(p []byte) { out = append(out, bytes.Clone(p)) })
		return out
	}
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		out := cut()
		if len(out) != 2 || len(out[0]) > 1200 || len(out[1]) > 1200 {
			t.Fatal(len(out), "datagrams")
		}
		first, ok := b.strip(out[order[0]], netip.AddrPort{})
		if !ok || first != nil {
			t.Error("a piece alone gives", first, ok)
		}
		if got, ok := b.strip(out[order[1]], netip.AddrPort{}); !ok || !bytes.Equal(got, whole) {
			t.Errorf("joined to %d bytes, %v", len(got), ok)
		}
	}
	for range 3 * maxHalves {
		b.strip(cut()[0], netip.AddrPort{})
	}
	if len(b.halves) > maxHalves {
		t.Error(len(b.halves), "pieces are kept")
	}
}

// SPEC: LNK-018
func TestRedundancyRule(t *testing.T) {
	for p, want := range map[float64]int{0: 0, 0.01: 0, 0.05: 1, 0.09: 1, 0.15: 2, 0.2: 2, 0.22: 3, 0.9: 3} {
		if k := redundancy(p); k != want {
			t.Errorf("%v: %d, want %d", p, k, want)
		}
	}
	var v voiceTx
	v.told(50, 0)
	if v.told(100, 30*time.Millisecond); v.k != 2 {
		t.Error("k rose while the delay rose", v.k)
	}
	if v.told(100, 30*time.Millisecond); v.k != 3 {
		t.Error("k did not rise", v.k)
	}
}

// The loss of primary copies is what is missing 200 ms later, whatever the order.
func TestVoiceLoss(t *testing.T) {
	var r voiceRx
	for seq := uint32(0); seq < 2000; seq += 2 {
		r.count(1, 0, seq+1, 0)
		if seq%10 != 0 {
			r.count(1, 0, seq, 0) // late by one
		}
	}
	if r.loss < 0.07 || r.loss > 0.13 {
		t.Error(r.loss)
	}
}

// Sources that speak at once have redundancy, loss and caps of their own.
//
// SPEC: LNK-009 LNK-011 LNK-018
func TestSourcesKeepApart(t *testing.T) {
	sock := &blackhole{}
	l, s := looped(t, sock)
	heard := map[byte][]uint32{}
	l.cfg.OnFrame = func(_ uint16, source byte, seq uint32, f []byte) {
		if f[0] != source {
			t.Errorf("frame %d of source %d holds source %d's", seq, source, f[0])
		}
		heard[source] = append(heard[source], seq)
	}
	l.voiceTx.k = 1
	from := netip.MustParseAddrPort("127.0.0.1:9")
	for seq := uint32(1); seq <= 3; seq++ {
		for source := range byte(wire.VoiceSources + 1) { // the last is none of ours to send
			sock.last = nil
			if l.SendFrame(9, source, seq, []byte{source}); sock.last != nil {
				l.receive(s.via, sock.last, from)
			}
		}
	}
	for source := range byte(wire.VoiceSources) {
		if !slices.Equal(heard[source], []uint32{1, 1, 2, 2, 3}) {
			t.Errorf("of source %d came %v", source, heard[source])
		}
	}
	if len(heard) != wire.VoiceSources || l.voiceRx.loss != 0 {
		t.Errorf("%d sources, loss %v", len(heard), l.voiceRx.loss)
	}
	fresh, err := newSession(make([]byte, 88), true)
	if err != nil {
		t.Fatal(err)
	}
	passed := func(body []byte, n int) (passed int) { // at one moment
		for range n {
			if c := fresh.capOf(body); c.packets.take(0, 1) && c.bits.take(0, 5400) { // µ-law with k = 3
				passed++
			}
		}
		return passed
	}
	for _, body := range [][]byte{wire.AppendVoice(nil, 9, 0, 1, 0), wire.AppendVoice(nil, 9, 3, 1, 0), {wire.LaneSignal}} {
		if n := passed(body, 1000); n != 512_000/5400 {
			t.Errorf("of 1000 packets %x at once %d pass", body, n)
		}
	}
	for _, body := range [][]byte{wire.AppendVoice(nil, 9, 200, 1, 0), {wire.LaneVoice}} { // of none: they share what is left of the rest
		if n := passed(body, 1000); n != 0 {
			t.Errorf("of 1000 packets %x %d pass beside", body, n)
		}
	}
}

// A gap of the link's own clock says nothing of the peer.
// SPEC: LNK-019
func TestStoodStill(t *testing.T) {
	l := &Link{cfg: Config{Now: time.Now}, queue: newQueue()}
	l.out.Store(&[]*session{})
	l.table.Store(&map[uint32]*session{})
	p := newPath(l, 0, PathConfig{})
	l.paths = []*path{p}
	p.current = &session{path: p}
	p.current.remote.Store(&netip.AddrPort{})
	p.lastRx.Store(int64(time.Second))
	p.report.at = time.Second
	p.judge(time.Second)
	l.stoodStill(10 * time.Second)
	if p.judge(11100 * time.Millisecond); !p.weHear || !p.theyHear {
		t.Error("we froze, and call the peer dead")
	}
	if p.judge(13100 * time.Millisecond); p.weHear {
		t.Error("and then never")
	}
}

func TestQueueBounds(t *testing.T) {
	q := newQueue()
	for range 3 * maxLaneEvents {
		q.put(Event{Kind: Lane})
		q.put(Event{Kind: PathChange, Path: 1})
	}
	if len(q.urgent) != maxLaneEvents+1 {
		t.Error(len(q.urgent))
	}
	q.put(Event{Kind: StreamUp, ID: 5})
	q.put(Event{Kind: StreamDown, ID: 5})
	if q.put(Event{Kind: Stream, ID: 5}) {
		t.Error("a message after its stream's end")
	}
	for range maxControlEvents {
		q.put(Event{Kind: SessionUp})
	}
	if !q.stuck() {
		t.Error("not stuck")
	}
}

func FuzzControl(f *testing.F) {
	f.Add(appendMessage(nil, msgHello, hello{1, 2, "a1", []byte("hi")}.append(nil)))
	f.Add(appendMessage(nil, msgGreet, appendGreet(nil, "a1", nil)))
	f.Fuzz(func(t *testing.T, b []byte) {
		typ, body, err := readMessage(bytes.NewReader(b))
		if err != nil {
			return
		}
		if h, err := parseHello(body); err == nil {
			if again := appendMessage(nil, typ, h.append(nil)); !bytes.HasPrefix(b, again) {
				t.Errorf("%x reads as %+v", body, h)
			}
		}
		if run, greeting, err := parseGreet(body); err == nil && !bytes.Equal(appendGreet(nil, run, greeting), body) {
			t.Errorf("%x reads as %s %x", body, run, greeting)
		}
		printable(body)
	})
}

func FuzzTrailer(f *testing.F) {
	tr := newTrailer([32]byte{1}, true)
	f.Add([]byte("\xc0 something with a trailer of twenty-eight bytes"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, ok := tr.strip(b, netip.AddrPort{}); ok {
			t.Error("forged")
		}
	})
}

// blackhole is a socket that leads nowhere.
type blackhole struct {
	n    int
	last []byte
}

func (*blackhole) ReadFromUDPAddrPort([]byte) (int, netip.AddrPort, error) { select {} }
func (b *blackhole) WriteMsgUDPAddrPort(p, _ []byte, _ netip.AddrPort) (int, int, error) {
	b.n += len(p)
	b.last = p
	return len(p), 0, nil
}
func (*blackhole) LocalAddr() net.Addr             { return &net.UDPAddr{} }
func (*blackhole) SetReadDeadline(time.Time) error { return nil }
func (*blackhole) Close() error                    { return nil }

// looped is a link with one session whose packets it can open itself.
func looped(tb testing.TB, sock Socket) (*Link, *session) {
	l := &Link{start: time.Now(), queue: newQueue(), cfg: Config{Now: time.Now, OnFrame: func(uint16, byte, uint32, []byte) {}}}
	l.out.Store(&[]*session{})
	p := newPath(l, 0, PathConfig{})
	l.paths = []*path{p}
	s, err := newSession(make([]byte, 88), true) // all keys zero: both directions alike
	if err != nil {
		tb.Fatal(err)
	}
	b := &udpBind{l: l, dscp: dscp(true)}
	b.sock.Store(&sock)
	s.path, s.via, s.conn, s.index, s.txIndex = p, b, &conn{path: p}, 5, 5
	a := netip.MustParseAddrPort("127.0.0.1:9")
	s.remote.Store(&a)
	s.ready.Store(true)
	s.up.Store(true)
	for i := range s.caps {
		s.caps[i] = laneCap{full(1e12), full(1e15)}
	}
	p.current, p.sessions = s, []*session{s}
	l.table.Store(&map[uint32]*session{5: s})
	l.out.Store(&[]*session{s})
	p.lastRx.Store(1)
	p.silent.Store(false)
	return l, s
}

// FuzzLaneBody gives what an authentic peer may seal to the whole way in.
func FuzzLaneBody(f *testing.F) {
	l, s := looped(f, &blackhole{})
	for k := range byte(6) {
		f.Add(append([]byte{k}, make([]byte, 23)...))
	}
	from := netip.MustParseAddrPort("127.0.0.1:9")
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) == 0 || len(body) > wire.LanePayload+1 || body[0] == wire.LaneBye {
			return
		}
		pkt := s.seal(&s.lane, body)
		l.receive(s.via, pkt, from)
		for len(l.queue.urgent) > 0 {
			l.queue.take()
		}
	})
}

// The queue's urgent events pass 1 MiB of the stream that came before them; each kind keeps its own order.
//
// SPEC: LNK-031
func TestLanePacketsGoBeforeTheStreamsBacklog(t *testing.T) {
	q := newQueue()
	q.put(Event{Kind: StreamUp, ID: 7})
	for range maxStreamBytes / MaxMessage {
		q.reserve(MaxMessage)
		q.put(Event{Kind: Stream, ID: 7, Payload: make([]byte, MaxMessage)})
	}
	q.put(Event{Kind: StreamDown, ID: 7})
	q.put(Event{Kind: SessionUp, Run: "r2"}) // a lane's packets never come before the session that they came by
	q.put(Event{Kind: Lane, Lane: wire.LaneUrgent})
	q.put(Event{Kind: Lane, Lane: wire.LaneSignal})
	next := func() Event {
		ev, ok := q.take()
		if !ok {
			t.Fatal("the queue is closed")
		}
		return ev
	}
	for _, want := range []Event{{Kind: SessionUp}, {Kind: Lane, Lane: wire.LaneUrgent}, {Kind: Lane, Lane: wire.LaneSignal}} {
		if ev := next(); ev.Kind != want.Kind || ev.Lane != want.Lane {
			t.Errorf("%s %d came next, want %s %d", ev.Kind, ev.Lane, want.Kind, want.Lane)
		}
	}
	for _, want := range []string{StreamUp, Stream, Stream} {
		if ev := next(); ev.Kind != want {
			t.Errorf("%s came next, want %s", ev.Kind, want)
		}
	}
	q.put(Event{Kind: Lane, Lane: wire.LaneReceipt}) // in the middle of the backlog too
	for _, want := range []string{Lane, Stream, Stream, StreamDown} {
		if ev := next(); ev.Kind != want {
			t.Errorf("%s came next, want %s", ev.Kind, want)
		}
	}
	if q.lane != 0 || q.bytes != 0 || q.control != 0 {
		t.Errorf("%d packets, %d bytes, %d rare events are counted in an empty queue", q.lane, q.bytes, q.control)
	}
}

// SPEC: LNK-017
func TestFrameAllocations(t *testing.T) {
	sock := &blackhole{}
	l, _ := looped(t, sock)
	l.voiceTx.k = 2
	frame := make([]byte, 80)
	seq := uint32(0)
	if n := testing.AllocsPerRun(1000, func() { seq++; l.SendFrame(1, 0, seq, frame) }); n != 0 {
		t.Errorf("%v allocations a frame sent", n)
	}
	l3, s3 := looped(t, sock)
	m := &mux{l: l3}
	m.changed.L, s3.via = &m.mu, m
	room := make([]byte, 0, muxHead+muxMax)
	if n := testing.AllocsPerRun(1000, func() { seq++; l3.SendFrame(1, 0, seq, frame); m.next(room) }); n != 0 {
		t.Errorf("%v allocations a frame sent over TCP", n)
	}
	l2, s2 := looped(t, sock)
	from := netip.MustParseAddrPort("127.0.0.1:9")
	body := wire.AppendVoiceFrame(wire.AppendVoice(nil, 1, 0, 1, 0), frame)
	if n := testing.AllocsPerRun(1000, func() { l2.receive(s2.via, s2.seal(&s2.lane, body), from) }); n != 0 {
		t.Errorf("%v allocations a frame received", n)
	}
	s3.txIndex = s3.index
	if n := testing.AllocsPerRun(1000, func() { l3.receive(m, s3.seal(&s3.lane, body), from) }); n != 0 {
		t.Errorf("%v allocations a frame received over TCP", n)
	}
}

// BenchmarkFrame is seal, send, receive and open of a frame over loopback, and its ratio to the same bytes over a bare
// socket, measured in turns of 256 so that the machine's mood falls on both.
func BenchmarkFrame(b *testing.B) {
	out, in := sockets(b)
	l, s := looped(b, out)
	to := in.LocalAddr().(*net.UDPAddr).AddrPort()
	s.remote.Store(&to)
	frame, bare, buf := make([]byte, 80), make([]byte, 117), make([]byte, 1500)
	var ours, theirs time.Duration
	seq := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		for range 256 {
			seq++
			l.SendFrame(1, 0, seq, frame)
			n, _, _ := in.ReadFromUDPAddrPort(buf)
			l.receive(s.via, buf[:n], to)
		}
		half := time.Now()
		for range 256 {
			out.WriteMsgUDPAddrPort(bare, nil, to)
			in.ReadFromUDPAddrPort(buf)
		}
		ours, theirs = ours+half.Sub(began), theirs+time.Since(half)
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N)/256, "ns/frame")
	b.ReportMetric(float64(ours)/float64(theirs), "×bareUDP")
}

func sockets(tb testing.TB) (out, in *net.UDPConn) {
	for _, c := range []**net.UDPConn{&out, &in} {
		var err error
		if *c, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { (*c).Close() })
	}
	return out, in
}

// What goes wrong with one packet, message or connection is over with it.
// SPEC: NOD-044
func TestAPanicIsKeptWithWhatMadeIt(t *testing.T) {
	l := &Link{log: slog.New(slog.DiscardHandler), cfg: Config{Prepare: func([]byte) func() { panic("a message") }}}
	before := fault.Count()
	l.receive(nil, bytes.Repeat([]byte{wire.LaneFirst}, wire.LaneMin), netip.AddrPort{}) // there is no table
	if _, ok := l.strip(make([]byte, 100), netip.AddrPort{}); ok {                       // nor a trailer
		t.Error("taken")
	}
	l.prepare(nil)()
	if err := (&conn{l: l}).kept(func() error { panic("a connection") }); err != errControl {
		t.Errorf("a connection that made us panic ends by %v", err)
	}
	if l.pinned(tls.ConnectionState{NegotiatedProtocol: "x", PeerCertificates: []*x509.Certificate{nil}}) != ErrPeer {
		t.Error("a handshake that made us panic is taken")
	}
	if n := fault.Count() - before; n != 5 {
		t.Errorf("%d were counted", n)
	}
}
