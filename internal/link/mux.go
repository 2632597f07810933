// SPDX-License-Identifier: Apache-2.0

package link

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"example.org/parley/internal/fault"
	"example.org/parley/wire"

	"github.com/quic-go/quic-go"
)

// A frame of the mux is: kind (1), length (2), content of at most 1,200 bytes. SPEC: LNK-043
const (
	muxLane   byte = 'l' // a sealed packet
	muxData   byte = 'd' // stream (4), bytes of it; the first opens it: odd numbers by who dialled, even ones by the other end
	muxCredit byte = 'w' // stream (4), how many more bytes of it may come (4)
	muxReset  byte = 'r' // stream (4): nothing more of it, either way
	muxEnd    byte = 'x' // code (1), why: the connection ends

	muxHead   = 3
	muxMax    = wire.LaneMax
	muxChunk  = muxMax - 4
	muxVoice  = 4        // packets of voice that wait; the newest go
	muxUrgent = 64       // others of the lane that wait
	muxTaken  = 8        // streams of the peer's at a time, as QUIC is told
	muxOwed   = 4 << 10  // bytes that were read, when it is said
	muxBeside = 16 << 10 // bytes of a stream under way at most, beside voice
	muxStuck  = 10 * time.Second
	muxLinger = 500 * time.Millisecond
)

// mux is the connection of a path over TCP: one goroutine reads it, one writes what is to go next.
type mux struct {
	l        *Link
	tc       *tls.Conn
	raw      net.Conn
	from     netip.AddrPort
	incoming chan *muxStream
	begun    chan struct{} // closed when both ends have greeted
	gone     chan struct{} // closed with err
	sent     func() error  // waits until the kernel has sent what it was given

	mu      sync.Mutex // everything below; nobody calls out under it
	changed sync.Cond
	urgent  packets
	voice   packets
	voiced  time.Time    // when voice last went out
	streams []*muxStream // that live; the writer takes turns
	ours    uint32       // number of our next stream
	theirs  uint32       // of the newest of theirs
	refuse  []uint32     // streams whose end is to be said
	goodbye []byte       // the last frame, once we end it
	err     error        // why it has ended
	freed   func() bool  // the link's end means nothing to it any more
}

// packets wait in the order in which they came; where they are too many the oldest goes. The buffers are kept.
type packets struct {
	kept [][]byte
	kind []byte
	n    int // that wait
}

// put keeps a copy. What else of its kind waits is stale where only the newest counts.
func (q *packets) put(kind byte, b []byte, most int, newest bool) {
	if i := slices.Index(q.kind[:q.n], kind); newest && i >= 0 {
		q.drop(i)
	}
	if q.n == most {
		q.drop(0)
	}
	if q.n == len(q.kept) {
		q.kept, q.kind = append(q.kept, make([]byte, 0, muxMax)), append(q.kind, 0)
	}
	q.kept[q.n], q.kind[q.n] = append(q.kept[q.n][:0], b...), kind
	q.n++
}

// drop takes one out; its buffer goes behind the others.
func (q *packets) drop(i int) {
	b := q.kept[i]
	copy(q.kept[i:], q.kept[i+1:])
	copy(q.kind[i:], q.kind[i+1:])
	q.n--
	q.kept[len(q.kept)-1] = b
}

// muxStream is one stream. Fields are under mux.mu.
type muxStream struct {
	m               *mux
	id              uint32
	in              []byte // came, and is not read
	owed            int    // read, and not said
	out             []byte // the next frame's
	credit          int    // that we may send
	ended           bool
	gone            chan struct{} // closed with ended
	readBy, writeBy time.Time
}

func (l *Link) newMux(tc *tls.Conn, raw net.Conn, from netip.AddrPort, dialled bool) *mux {
	m := &mux{l: l, tc: tc, raw: raw, from: from, incoming: make(chan *muxStream, muxTaken), begun: make(chan struct{}),
		gone: make(chan struct{}), sent: oneAhead(raw), ours: 2}
	if dialled {
		m.ours = 1
	}
	m.changed.L = &m.mu
	m.free()
	l.wg.Go(m.read)
	l.wg.Go(m.write)
	return m
}

// free has the connection end with its link.
func (m *mux) free() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.freed = context.AfterFunc(m.l.ctx, func() { m.end(codeReplaced, "") })
}

func (m *mux) state() tls.ConnectionState { return m.tc.ConnectionState() }
func (m *mux) remote() netip.AddrPort     { return m.from }
func (m *mux) lane() lane                 { return m }
func (m *mux) greeted()                   { close(m.begun) }

// send leaves a sealed packet to the writer. What is late already is dropped for what is new. SPEC: LNK-044
func (m *mux) send(kind byte, b []byte, _ netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if kind == wire.LaneVoice {
		m.voice.put(kind, b, muxVoice, false)
		m.voiced = time.Now()
	} else {
		m.urgent.put(kind, b, muxUrgent, kind == wire.LaneProbe)
	}
	m.changed.Broadcast()
}

// next is the frame that goes first, nil where none waits: what is urgent, then voice, then the streams in turn. Under mu.
func (m *mux) next(b []byte) []byte {
	frame := func(kind byte, stream uint32, content []byte) []byte {
		n := len(content)
		if stream != 0 {
			n += 4
		}
		b = binary.BigEndian.AppendUint16(append(b, kind), uint16(n))
		if stream != 0 {
			b = binary.BigEndian.AppendUint32(b, stream)
		}
		return append(b, content...)
	}
	for _, q := range []*packets{&m.urgent, &m.voice} {
		if q.n > 0 {
			b = frame(muxLane, 0, q.kept[0])
			q.drop(0)
			return b
		}
	}
	if len(m.refuse) > 0 {
		id := m.refuse[0]
		m.refuse = m.refuse[1:]
		return frame(muxReset, id, nil)
	}
	for i, s := range m.streams {
		if s.owed < muxOwed && len(s.out) == 0 {
			continue
		}
		m.streams = append(slices.Delete(m.streams, i, i+1), s)
		if n := uint32(s.owed); n >= muxOwed {
			s.owed = 0
			return frame(muxCredit, s.id, binary.BigEndian.AppendUint32(nil, n))
		}
		b = frame(muxData, s.id, s.out)
		s.out = s.out[:0]
		m.changed.Broadcast()
		return b
	}
	if m.goodbye != nil {
		return frame(muxEnd, 0, m.goodbye)
	}
	return nil
}

// write sends frame after frame until the connection ends; which one is decided when the kernel has sent the one before. A
// peer that does not read ends it.
func (m *mux) write() {
	for room := make([]byte, 0, muxHead+muxMax); ; {
		_ = m.raw.SetWriteDeadline(time.Now().Add(muxStuck))
		if err := m.sent(); err != nil {
			m.fail(err, nil)
			m.raw.Close()
			return
		}
		b := m.await(room[:0])
		if b == nil {
			return
		}
		_ = m.raw.SetWriteDeadline(time.Now().Add(muxStuck))
		if _, err := m.tc.Write(b); err != nil {
			m.fail(err, nil)
			m.raw.Close()
			return
		}
		if b[0] == muxEnd {
			_ = m.tc.CloseWrite()
			return
		}
	}
}

// await waits for the next frame; nil: the connection has ended.
func (m *mux) await(room []byte) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.next(room)
	for b == nil && m.err == nil {
		m.changed.Wait()
		b = m.next(room)
	}
	return b
}

// read takes frame after frame until the connection ends; the lane's packets at once, whatever the streams wait for.
func (m *mux) read() {
	defer fault.Caught(m.l.log, "a connection to the other end", func() {
		m.fail(errControl, nil)
		m.raw.Close()
	})
	r, body := bufio.NewReaderSize(m.tc, 4<<10), make([]byte, muxMax)
	for {
		kind, b, err := readFrame(r, body)
		if err == nil {
			if kind == muxLane {
				m.l.receive(m, b, m.from)
				continue
			}
			err = m.taken(kind, b)
		}
		if err != nil {
			m.fail(err, nil)
			m.raw.Close()
			return
		}
	}
}

// readFrame reads a frame into room.
func readFrame(r io.Reader, room []byte) (kind byte, b []byte, err error) {
	var head [muxHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := int(binary.BigEndian.Uint16(head[1:]))
	if n > len(room) {
		return 0, nil, errControl
	}
	_, err = io.ReadFull(r, room[:n])
	return head[0], room[:n], err
}

// taken takes a frame that is none of the lane's.
func (m *mux) taken(kind byte, b []byte) error {
	if kind == muxEnd && len(b) > 0 {
		return &quic.ApplicationError{Remote: true, ErrorCode: quic.ApplicationErrorCode(b[0]), ErrorMessage: string(b[1:])}
	}
	if len(b) < 4 {
		return errControl
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.changed.Broadcast()
	id, b := binary.BigEndian.Uint32(b), b[4:]
	own, s := id%2 == m.ours%2, m.stream(id)
	if m.err == nil && (own && id >= m.ours || !own && id > m.theirs) { // it has not begun
		living := slices.DeleteFunc(slices.Clone(m.streams), func(o *muxStream) bool { return o.id%2 == m.ours%2 })
		if !own && kind == muxReset && len(b) == 0 { // it was given up before anything went out
			m.theirs = id
			return nil
		}
		if own || kind != muxData || len(living) >= muxTaken || len(m.refuse) > muxUrgent {
			return errControl
		}
		s = m.begin(id)
		m.theirs = id
		select {
		case m.incoming <- s:
		default: // of those that have ended nobody took so many
			return errControl
		}
	}
	if s == nil { // it has ended here
		s = &muxStream{ended: true}
	}
	switch {
	case id == 0:
		return errControl
	case kind == muxData && len(s.in)+s.owed+len(b) > bulkWindow:
		return errControl
	case kind == muxData && !s.ended:
		s.in = append(s.in, b...)
	case kind == muxCredit && len(b) == 4:
		if s.credit += int(binary.BigEndian.Uint32(b)); s.credit > bulkWindow {
			return errControl
		}
	case kind == muxReset && len(b) == 0:
		m.close(s)
	case kind != muxData:
		return errControl
	}
	return nil
}

// stream finds one that lives. Under mu.
func (m *mux) stream(id uint32) *muxStream {
	if i := slices.IndexFunc(m.streams, func(s *muxStream) bool { return s.id == id }); i >= 0 {
		return m.streams[i]
	}
	return nil
}

// begin makes a stream. Under mu.
func (m *mux) begin(id uint32) *muxStream {
	s := &muxStream{m: m, id: id, credit: bulkWindow, gone: make(chan struct{})}
	m.streams = append(m.streams, s)
	return s
}

// close ends a stream, either way; what came can still be read. Under mu.
func (m *mux) close(s *muxStream) {
	if !s.ended {
		s.ended, s.out = true, nil
		close(s.gone)
		m.streams = slices.DeleteFunc(m.streams, func(o *muxStream) bool { return o == s })
	}
}

func (m *mux) open() (stream, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, m.err
	}
	s := m.begin(m.ours)
	m.ours += 2
	return s, nil
}

func (m *mux) take(ctx context.Context) (stream, error) {
	select {
	case s := <-m.incoming:
		return s, nil
	case <-m.gone:
		return nil, m.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fail ends the connection, once, for a reason that is ours alone or came from there, and with a last frame where one is given.
func (m *mux) fail(err error, goodbye []byte) (first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.changed.Broadcast()
	if m.err != nil {
		return false
	}
	m.err, m.goodbye = err, goodbye
	m.freed()
	close(m.gone)
	for len(m.streams) > 0 {
		m.close(m.streams[0])
	}
	return true
}

// end says why and ends: the last frame goes out behind what is urgent, if the peer reads, and soon.
func (m *mux) end(code quic.ApplicationErrorCode, why string) {
	goodbye := append([]byte{byte(code)}, why[:min(len(why), 200)]...)
	if m.fail(&quic.ApplicationError{ErrorCode: code, ErrorMessage: why}, goodbye) {
		time.AfterFunc(muxLinger, func() { m.raw.Close() })
	}
}

func (s *muxStream) done() <-chan struct{} { return s.gone }

func (s *muxStream) cancel() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if !s.ended {
		s.in = nil
		s.m.close(s)
		s.m.refuse = append(s.m.refuse, s.id)
	}
	s.m.changed.Broadcast()
}

// wait waits for a change until a time. Under mu.
func (s *muxStream) wait(by *time.Time) error {
	switch {
	case s.ended && s.m.err != nil:
		return s.m.err
	case s.ended:
		return io.EOF
	case !by.IsZero() && !time.Now().Before(*by):
		return os.ErrDeadlineExceeded
	}
	s.m.changed.Wait()
	return nil
}

func (s *muxStream) Read(b []byte) (int, error) {
	m := s.m
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(s.in) == 0 {
		if err := s.wait(&s.readBy); err != nil {
			return 0, err
		}
	}
	n := copy(b, s.in)
	s.in = s.in[n:]
	if s.owed += n; s.owed >= muxOwed {
		m.changed.Broadcast()
	}
	return n, nil
}

// room is how many bytes may be sent: fewer beside voice, which waits behind what is under way. Under mu. SPEC: LNK-044
func (s *muxStream) room() int {
	if time.Since(s.m.voiced) < time.Second {
		return max(s.credit-bulkWindow+muxBeside, 0)
	}
	return s.credit
}

// Write returns when the writer has all but the last frame.
func (s *muxStream) Write(b []byte) (n int, err error) {
	m := s.m
	m.mu.Lock()
	defer m.mu.Unlock()
	for n < len(b) {
		for s.ended || len(s.out) > 0 || s.room() == 0 {
			if err := s.wait(&s.writeBy); err != nil {
				return n, err
			}
		}
		k := min(len(b)-n, muxChunk, s.room())
		s.out = append(s.out, b[n:n+k]...)
		s.credit -= k
		n += k
		m.changed.Broadcast()
	}
	return n, nil
}

func (s *muxStream) SetReadDeadline(t time.Time) error  { return s.until(&s.readBy, t) }
func (s *muxStream) SetWriteDeadline(t time.Time) error { return s.until(&s.writeBy, t) }

func (s *muxStream) until(by *time.Time, t time.Time) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if *by = t; !t.IsZero() {
		time.AfterFunc(time.Until(t), func() { // with the lock: who looks at the time is then waiting already
			s.m.mu.Lock()
			defer s.m.mu.Unlock()
			s.m.changed.Broadcast()
		})
	}
	return nil
}
