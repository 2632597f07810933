// SPDX-License-Identifier: Apache-2.0

package link

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/wire"

	"github.com/quic-go/quic-go"
)

// keyed is a link whose peer has the same key.
func keyed(t *testing.T) *Link {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := bareCert(key)
	if err != nil {
		t.Fatal(err)
	}
	l, _ := looped(t, &blackhole{})
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.cert, l.cfg.Peers = cert, []ed25519.PublicKey{pub}
	return l
}

// piped is a mux and the other end of its TLS connection, which reads and writes frames by hand. Nothing lies between: what
// the mux has written and nobody has read holds it up.
func piped(t *testing.T) (m *mux, other *tls.Conn) {
	t.Helper()
	ours, theirs := net.Pipe()
	return muxed(t, ours, theirs)
}

// muxed makes both ends over what lies between.
func muxed(t *testing.T, ours, theirs net.Conn) (m *mux, other *tls.Conn) {
	t.Helper()
	l := keyed(t)
	cfg := l.tlsConfig([]string{alpnLine})
	other = tls.Server(theirs, cfg)
	made := make(chan error, 1)
	go func() { made <- other.Handshake() }()
	tc := tls.Client(ours, cfg)
	if err := errors.Join(tc.Handshake(), <-made); err != nil {
		t.Fatal(err)
	}
	m = l.newMux(tc, ours, netip.MustParseAddrPort("192.0.2.1:443"), true)
	t.Cleanup(func() {
		theirs.Close()
		l.wg.Wait()
	})
	return m, other
}

// visited is a bind whose connections are taken, and a way to make the handshake with it from an address.
func visited(t *testing.T) (b *tcpBind, visit func(from string) *tls.Conn) {
	l := keyed(t)
	l.trailer = newTrailer([32]byte{1}, false)
	b = &tcpBind{l: l, ready: make(chan carrier)}
	l.wg.Go(func() { l.accept(b) })
	return b, func(from string) *tls.Conn {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { theirs.Close() })
		g := &guest{Conn: ours, from: netip.MustParseAddrPort(from)}
		b.admit(g)
		l.wg.Go(func() { b.greet(g) })
		cfg := l.tlsConfig([]string{alpnLine})
		cfg.ServerName = newTrailer([32]byte{1}, true).name(g.from)
		other := tls.Client(theirs, cfg)
		if err := other.Handshake(); err != nil {
			t.Fatal(err)
		}
		return other
	}
}

// Who has made the handshake, and is silent or says his greeting a byte at a time, is counted and ended as any guest is.
// SPEC: LNK-042
func TestNoGreetingAfterTheHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, visit := visited(t)
		defer b.l.wg.Wait()
		defer b.l.cancel()
		b.l.binds = []bind{b}
		began := time.Now()
		var open atomic.Int32
		for i := range 20 {
			other := visit("192.0.2.1:443")
			open.Add(1)
			go func() {
				io.Copy(io.Discard, other)
				open.Add(-1)
			}()
			if i%2 == 0 {
				go func() {
					_, err := other.Write(frame(muxData, word(1), []byte{streamControl}))
					for ; err == nil; time.Sleep(time.Second) {
						_, err = other.Write(frame(muxData, word(1), []byte{msgHello}))
					}
				}()
			}
			synctest.Wait()
			if n := b.l.Guests(); n != int(open.Load()) || n > maxOfAddress {
				t.Fatalf("%d connections are open, %d counted", open.Load(), n)
			}
		}
		time.Sleep(guestLasts + muxLinger - time.Since(began))
		synctest.Wait()
		if n := b.l.Guests(); n != 0 || open.Load() != 0 {
			t.Errorf("after %v %d connections are open, %d counted", time.Since(began), open.Load(), n)
		}
	})
}

// A link that ends does not wait for who has not greeted.
// SPEC: LNK-042
func TestEndBeforeTheGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, visit := visited(t)
		visit("192.0.2.1:443").Write(frame(muxData, word(1), []byte{streamControl}))
		synctest.Wait()
		began := time.Now()
		b.l.cancel()
		if b.l.wg.Wait(); time.Since(began) > muxLinger {
			t.Errorf("it took %v", time.Since(began))
		}
	})
}

// Where guests are too many the oldest stranger gives way, of the newest one's address first; who knows the tag stays.
// SPEC: LNK-042
func TestWhoGivesWay(t *testing.T) {
	b := &tcpBind{}
	come := func(from string, spoken bool) *guest {
		c, _ := net.Pipe()
		g := &guest{Conn: c, from: netip.MustParseAddrPort(from)}
		g.spoken.Store(spoken)
		if b.admit(g); len(b.guests) > 64 || !slices.Contains(b.guests, g) {
			t.Fatalf("%d guests", len(b.guests))
		}
		return g
	}
	peer := come("192.0.2.1:1", true)
	first := come("192.0.2.2:1", false)
	for i := range 20 {
		come(fmt.Sprint("192.0.2.1:", i+2), false)
		if n := len(b.guests); n > 9 {
			t.Fatalf("%d guests of one address", n-1)
		}
	}
	if !slices.Contains(b.guests, first) {
		t.Error("one of another address gave way")
	}
	for i := range 200 {
		come(fmt.Sprintf("198.51.100.%d:1", i), false)
	}
	if len(b.guests) != 64 || !slices.Contains(b.guests, peer) || slices.Contains(b.guests, first) {
		t.Errorf("%d guests; the peer among them: %v", len(b.guests), slices.Contains(b.guests, peer))
	}
	for i := range 8 {
		come(fmt.Sprint("192.0.2.1:", 100+i), true)
	}
	if slices.Contains(b.guests, peer) {
		t.Error("the oldest of eight that know the tag stays")
	}
}

func frame(kind byte, content ...[]byte) []byte {
	c := bytes.Join(content, nil)
	return append(binary.BigEndian.AppendUint16([]byte{kind}, uint16(len(c))), c...)
}

func word(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func next(t *testing.T, r io.Reader) (kind byte, b []byte) {
	t.Helper()
	kind, b, err := readFrame(r, make([]byte, muxMax))
	if err != nil {
		t.Fatal(err)
	}
	return kind, b
}

// However much of a stream waits, a STOP and a frame of voice go behind one frame of it at most, the STOP first.
// SPEC: LNK-044
func TestOneFrameAheadOverTCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, other := piped(t)
		st, err := m.open()
		if err != nil {
			t.Fatal(err)
		}
		go st.Write(make([]byte, 1<<20))
		for range 5 {
			if kind, b := next(t, other); kind != muxData || len(b) > muxMax {
				t.Fatalf("%c, %d bytes", kind, len(b))
			}
		}
		synctest.Wait()
		m.send(wire.LaneVoice, []byte("voice"), m.from)
		m.send(wire.LaneUrgent, []byte("STOP"), m.from)
		if kind, _ := next(t, other); kind != muxData {
			t.Errorf("%c was on its way", kind)
		}
		for _, want := range []string{"STOP", "voice"} {
			if kind, b := next(t, other); kind != muxLane || string(b) != want {
				t.Errorf("%c %q comes next, want %s", kind, b, want)
			}
		}
	})
}

// What nobody reads waits in bounds: of voice the newest, of probes one, of urgent packets the newest; what is late is gone.
// Beside voice little of a stream is under way. A peer that does not read loses the connection.
// SPEC: LNK-044
func TestLateIsDroppedOverTCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, other := piped(t)
		m.send(wire.LaneSignal, []byte{0xff}, m.from)
		synctest.Wait() // it hangs in the pipe
		for i := range byte(200) {
			m.send(wire.LaneVoice, []byte{i}, m.from)
			m.send(wire.LaneProbe, []byte{i}, m.from)
			m.send(wire.LaneUrgent, []byte{i}, m.from)
		}
		st, err := m.open()
		if err != nil {
			t.Fatal(err)
		}
		go st.Write(make([]byte, 1<<20))
		synctest.Wait()
		if _, b := next(t, other); b[0] != 0xff {
			t.Fatal("the first")
		}
		want := []byte{}
		for i := range byte(muxUrgent - 1) {
			want = append(want, 200-muxUrgent+1+i)
		}
		want = append(want[:muxUrgent-2], 199, 199) // the newest probe, between the last urgent ones
		for i := range byte(muxVoice) {
			want = append(want, 200-muxVoice+i)
		}
		got := []byte{}
		for range want {
			kind, b := next(t, other)
			if kind != muxLane {
				t.Fatalf("%c", kind)
			}
			got = append(got, b[0])
		}
		if !bytes.Equal(got, want) {
			t.Errorf("came:\n%v, want\n%v", got, want)
		}
		under := 0
		for range muxBeside/muxChunk + 1 {
			_, b := next(t, other)
			under += len(b) - 4
		}
		synctest.Wait()
		m.mu.Lock()
		if under != muxBeside || len(m.streams[0].out) != 0 {
			t.Errorf("%d bytes are under way beside voice", under)
		}
		m.mu.Unlock()
		m.send(wire.LaneSignal, []byte{1}, m.from)
		time.Sleep(muxStuck + time.Second)
		if m.mu.Lock(); m.err == nil {
			t.Error("a peer that does not read keeps its connection")
		}
		m.mu.Unlock()
	})
}

// What breaks the rules of the frames ends this connection, and nothing more.
// SPEC: LNK-043
func TestHostileFrames(t *testing.T) {
	data := func(id uint32, n int) []byte { return frame(muxData, word(id), make([]byte, n)) }
	opened := func(id uint32) [][]byte { return [][]byte{data(id, 1), frame(muxReset, word(id))} }
	for name, frames := range map[string][][]byte{
		"too long":           {binary.BigEndian.AppendUint16([]byte{muxLane}, muxMax+1)},
		"unknown kind":       {data(2, 1), frame('?', word(2))},
		"unknown, no stream": {frame('?', word(2))},
		"number nought":      {data(0, 1)},
		"not begun, theirs":  {frame(muxCredit, word(2), word(1))},
		"not begun, ours":    {frame(muxCredit, word(1), word(1))},
		"reset with more":    {data(2, 1), frame(muxReset, word(2), []byte{1})},
		"no stream":          {frame(muxData, []byte{1})},
		"our number":         {data(99, 1)},
		"beyond the window":  bytes.SplitAfterN(bytes.Repeat(data(2, muxChunk), 56), nil, 1),
		"too many streams":   {data(2, 1), data(4, 1), data(6, 1), data(8, 1), data(10, 1), data(12, 1), data(14, 1), data(16, 1), data(18, 1)},
		"that nobody takes":  slices.Concat(opened(2), opened(4), opened(6), opened(8), opened(10), opened(12), opened(14), opened(16), opened(18)),
		"credit beyond":      {data(2, 1), frame(muxCredit, word(2), word(1))},
		"credit of no width": {data(2, 1), frame(muxCredit, word(2), []byte{1})},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, other := piped(t)
				go io.Copy(io.Discard, other)
				for _, f := range frames {
					if _, err := other.Write(f); err != nil {
						break
					}
				}
				synctest.Wait()
				select {
				case <-m.gone:
				default:
					t.Error("the connection lives on")
				}
				if _, err := m.take(t.Context()); err == nil { // what came before may be taken; it is over too
					_, _ = m.open()
				}
				if _, err := m.open(); !errors.Is(err, errControl) {
					t.Error(err)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) { // half a frame, for ever: it holds nothing but itself
		m, other := piped(t)
		go other.Write(frame(muxLane, make([]byte, 100))[:50])
		time.Sleep(time.Hour)
		m.send(wire.LaneSignal, []byte("x"), m.from)
		if kind, _ := next(t, other); kind != muxLane {
			t.Error(kind)
		}
	})
}

// A stream that was ended is ended at both ends, what it carried before comes first, and a connection says why it ends.
// SPEC: LNK-043
func TestStreamsAndTheirEndOverTCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, other := piped(t)
		go other.Write(append(frame(muxData, word(2), []byte("last words")), frame(muxReset, word(2))...))
		st, err := m.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(st); string(b) != "last words" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		if _, err := other.Write(slices.Concat(frame(muxReset, word(4)), frame(muxData, word(4), []byte("late")))); err != nil {
			t.Fatal(err) // given up before it began: that ends nothing else
		}
		st, _ = m.open()
		st.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := st.Read(make([]byte, 1)); err == nil {
			t.Error("no deadline")
		}
		st.cancel()
		if kind, b := next(t, other); kind != muxReset || !bytes.Equal(b, word(1)) {
			t.Errorf("%c %v", kind, b)
		}
		go func() { _, _ = other.Write(frame(muxEnd, []byte{byte(codeBye)}, []byte("why"))) }()
		synctest.Wait()
		var app *quic.ApplicationError
		if _, err := m.open(); !errors.As(err, &app) || !app.Remote || app.ErrorCode != codeBye || app.ErrorMessage != "why" {
			t.Error(err)
		}
	})
}

// FuzzMuxFrames gives a mux what a peer may write; what waits of it stays in bounds.
func FuzzMuxFrames(f *testing.F) {
	f.Add(bytes.Join([][]byte{frame(muxData, word(2), []byte("c")), frame(muxCredit, word(2), word(7)), frame(muxReset, word(2)), frame(muxEnd, []byte{1})}, nil))
	f.Add(frame(muxLane, make([]byte, 40)))
	var many []byte
	for id := uint32(2); id < 20; id += 2 { // of which nobody takes one
		many = append(append(many, frame(muxData, word(id), []byte("cc"))...), frame(muxReset, word(id))...)
	}
	f.Add(many)
	l, _ := looped(f, &blackhole{})
	f.Fuzz(func(t *testing.T, b []byte) {
		m := &mux{l: l, incoming: make(chan *muxStream, muxTaken), gone: make(chan struct{}), ours: 1}
		m.changed.L = &m.mu
		r, room := bytes.NewReader(b), make([]byte, muxMax)
		for {
			kind, b, err := readFrame(r, room)
			if err != nil {
				return
			}
			if kind == muxLane {
				l.receive(m, b, m.from)
				continue
			}
			if err := m.taken(kind, b); err != nil {
				return
			}
			if len(m.streams) > muxTaken {
				t.Fatalf("%d streams", len(m.streams))
			}
			for _, s := range m.streams {
				if len(s.in) > bulkWindow || s.credit > bulkWindow {
					t.Fatalf("%d bytes wait, %d may be sent", len(s.in), s.credit)
				}
			}
			if len(b)%7 == 0 {
				select {
				case s := <-m.incoming:
					s.cancel()
				default:
				}
			}
			for m.next(nil) != nil {
			}
		}
	})
}
