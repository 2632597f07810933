// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/srtp/v3"

	"example.org/parley/internal/fault"
	"example.org/parley/internal/voice"
)

const (
	stallAfter = 500 * time.Millisecond // without a packet
	closeAfter = 10 * time.Second       // stalled so long: the telephone is gone
	startIn    = 30 * time.Second       // no packet since the answer: it is hung up
	changeIn   = 200 * time.Millisecond // after which another sender of sound is taken for the telephone's
	fillAfter  = 60 * time.Millisecond  // with nothing to play a telephone gets silence
	speaksFor  = 250 * time.Millisecond // a speaker's newest frame, and he still speaks
	keyLasts   = 200 * time.Millisecond // after a packet that says that a key is down, it still is
	keyAtOnce  = 3                      // frames of a key that one packet of it gives: some come each 50 ms
	maxQueue   = 4                      // frames that wait to be mixed
)

// media is the sound of one leg: a UDP port. What comes is cut into frames of 20 ms; what goes is numbered anew.
type media struct {
	conn    *net.UDPConn
	trunk   netip.Addr
	done    chan struct{}
	onFrame func([]byte)
	onKey   func(byte)
	to      atomic.Pointer[session]
	wide    atomic.Bool // the call is in G.722: as the line said

	log        *slog.Logger
	broken     atomic.Bool   // a packet of it made our code panic: its call is over
	refused    atomic.Uint64 // packets from elsewhere, without sound that fits, out of order
	lastPacket atomic.Int64  // Unix nanoseconds; 0: none yet

	in struct { // owned by the reader
		source    uint32
		begun     bool
		named     bool // it comes from where the telephone hears
		seq       uint16
		eventAt   uint32
		eventSeen bool
		keyFrames uint32    // of the newest key that the other end has been given
		keyDown   time.Time // when it was last said to be down; zero: it is not
		tone      [voice.FrameBytes]byte
		part      [voice.WideBytes]byte // the first is there for G.722 alone
		wasWide   bool
		filled    int
		opened    [1500]byte
	}
	out struct {
		sync.Mutex
		numbers voice.Numbering
		ssrc    uint32
		last    time.Time
		filler  uint32
		// 0 to 3 are the other end's, 4 to 7 our own others, 8 is what the node says itself
		speakers [2*voice.Sources + 1]speaker
		signal   [][voice.FrameBytes]byte
		packet   [rtpHeader + voice.MaxFrame]byte
		sealed   [rtpHeader + voice.MaxFrame + 16]byte
	}
}

// errNoPort says that every port of the sound is in use.
var errNoPort = errors.New("no port of the telephones' sound is free")

// openMedia takes a free port of those that the configuration names.
func openMedia(cfg *Config, log *slog.Logger, onFrame func([]byte), onKey func(byte)) (*media, error) {
	first := rand.IntN(maxLegs) // who still speaks to a port of before is not heard in another's call
	for i := range maxLegs {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(cfg.Bind.Addr(), cfg.Media+2*uint16((first+i)%maxLegs))))
		if err == nil {
			m := &media{log: log, conn: conn, done: make(chan struct{}), trunk: cfg.Trunk.Addr(), onFrame: onFrame, onKey: onKey}
			m.out.ssrc, m.out.numbers.Seq, m.out.numbers.Time = rand.Uint32(), uint16(rand.Uint32()), rand.Uint32()
			return m, nil
		}
	}
	return nil, errNoPort
}

func (m *media) addr() netip.AddrPort { return m.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// speaks takes what a leg's telephone says of its sound. Under the key of before, what was counted of it stands: a packet that
// came before is known for one.
//
// SPEC: PHN-022
func (m *media) speaks(l *leg) {
	s, was := l.theirs, cmp.Or(m.to.Load(), &session{})
	if s.key != nil {
		if s.in, s.out = was.in, was.out; !bytes.Equal(was.key, s.key) {
			s.in, _ = srtp.CreateContext(s.key[:16], s.key[16:], srtp.ProtectionProfileAes128CmHmacSha1_80, srtp.SRTPReplayProtection(128)) // of this length they fit
		}
		if s.out == nil {
			s.out, _ = srtp.CreateContext(l.key[:16], l.key[16:], srtp.ProtectionProfileAes128CmHmacSha1_80)
		}
	}
	m.to.Store(&s)
}

// Use says in which codec the line's call is. SPEC: PHN-024
func (m *media) Use(codec string) { m.wide.Store(codec == voice.G722) }

// breaks ends the sound, and the call with it. SPEC: NOD-044
func (m *media) breaks() { m.broken.Store(true) }

// read takes the telephone's packets until the port is closed.
func (m *media) read() {
	defer fault.Caught(m.log, "a telephone's sound", m.breaks)
	buf := make([]byte, 1500)
	for {
		n, from, err := m.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil && !m.take(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), time.Now()) {
			m.refused.Add(1)
		}
	}
}

// mayCome reports whether a sender is the telephone's, or may follow it: the first from where their description says, and
// who comes when nothing came for a while.
func (m *media) mayCome(s *session, source uint32, from netip.AddrPort, now time.Time) bool {
	in := &m.in
	return !in.begun || source == in.source || from == s.to && !in.named || now.UnixNano()-m.lastPacket.Load() >= int64(changeIn)
}

// take takes one packet: sound or a key, of the sender that is the telephone's, and newer than what came.
//
// SPEC: PHN-023 PHN-030 PHN-032
func (m *media) take(b []byte, from netip.AddrPort, now time.Time) bool {
	s := m.to.Load()
	if s == nil || from.Addr() != m.trunk && from.Addr() != s.to.Addr() {
		return false
	}
	if len(b) < rtpHeader || !m.mayCome(s, binary.BigEndian.Uint32(b[8:]), from, now) {
		return false // before it is opened: what shows a replay is kept for each sender
	}
	if s.in != nil {
		opened, err := s.in.DecryptRTP(m.in.opened[:0], b, nil)
		if err != nil { // not sealed by their key, or it came before
			return false
		}
		b = opened
	}
	p, ok := readRTP(b)
	wide := p.kind == wideType && s.law == wideType
	sound := wide || p.kind == ulawType || p.kind == alawType
	if !ok || !sound && (p.kind != s.events || s.events == 0) {
		return false
	}
	in := &m.in
	if in.begun && p.source != in.source {
		in.begun, in.filled, in.eventSeen = false, 0, false
	}
	if in.begun && int16(p.seq-in.seq) <= 0 {
		return false
	}
	in.begun, in.source, in.seq, in.named = true, p.source, p.seq, from == s.to
	m.lastPacket.Store(now.UnixNano())
	if !sound {
		return m.presses(p, now)
	}
	if now.Sub(in.keyDown) < keyLasts {
		return true // what a telephone sends beside a key
	}
	if wide != m.wide.Load() {
		return true // the call changes its codec: the other end could not play it
	}
	if wide != in.wasWide {
		in.wasWide, in.filled = wide, 0
	}
	part, frame := in.part[1:], in.part[1:]
	if wide {
		frame = in.part[:]
	}
	for len(p.payload) > 0 {
		n := copy(part[in.filled:], p.payload)
		if p.kind == alawType {
			voice.FromALaw(part[in.filled : in.filled+n])
		}
		p.payload = p.payload[n:]
		if in.filled += n; in.filled < len(part) {
			continue
		}
		in.filled = 0
		m.onFrame(frame)
	}
	return true
}

// presses takes a packet of a key. The other end hears its two tones as long as it is down.
//
// SPEC: PHN-032
func (m *media) presses(p packet, now time.Time) bool {
	in := &m.in
	key, ok := keyOf(p.payload)
	if !ok {
		return false
	}
	if !in.eventSeen || in.eventAt != p.at {
		in.eventSeen, in.eventAt, in.keyFrames = true, p.at, 0
		m.onKey(key)
	}
	if in.keyDown = now; p.payload[1]&0x80 != 0 { // it is up
		in.keyDown = time.Time{}
	}
	if m.wide.Load() {
		return true // its tones are heard once the call is in G.711
	}
	for end := min(uint32(binary.BigEndian.Uint16(p.payload[2:]))/frameSize, in.keyFrames+keyAtOnce); in.keyFrames < end; in.keyFrames++ {
		toneOf(key, in.keyFrames, &in.tone)
		m.onFrame(in.tone[:])
	}
	return true
}

// speaker is one source of a call towards a telephone.
type speaker struct {
	last  time.Time
	queue [][voice.FrameBytes]byte // to be mixed
}

// WriteAt plays frame n of a speaker of a call where it belongs in time; where another speaks too, the two are mixed. The
// frame is copied.
//
// SPEC: PHN-031 PHN-034
func (m *media) WriteAt(call uint32, source byte, n uint32, frame []byte) error {
	wide := len(frame) == voice.WideBytes
	if !wide && len(frame) != voice.FrameBytes || int(source) >= len(m.out.speakers) {
		return nil
	}
	now := time.Now()
	m.out.Lock()
	defer m.out.Unlock()
	if len(m.out.signal) > 0 {
		return nil // a signal plays
	}
	me := &m.out.speakers[source]
	me.last = now
	for i := range m.out.speakers {
		if other := &m.out.speakers[i]; other != me && !wide && now.Sub(other.last) < speaksFor {
			if len(me.queue) == maxQueue {
				me.queue = me.queue[:copy(me.queue, me.queue[1:])]
			}
			me.queue = append(me.queue, [voice.FrameBytes]byte(frame))
			return nil
		}
	}
	return m.write(1<<31|call<<4|uint32(source), n, frame, now)
}

// write sends a frame, in the law in which the telephone hears; the caller holds m.out.
//
// SPEC: PHN-023
func (m *media) write(source, n uint32, frame []byte, now time.Time) error {
	s := m.to.Load()
	wide := len(frame) == voice.WideBytes
	if s == nil || s.held() || s.to.Addr().IsUnspecified() || wide && s.law != wideType {
		return nil
	}
	if wide {
		frame = frame[1:]
	} else if s.law == wideType { // until the telephone speaks G.711 too it hears nothing: bytes of ff are that in both
		frame = silence[:]
	}
	seq, at, fresh, ok := m.out.numbers.Place(source, n, frameSize, now.UnixMilli())
	if !ok {
		return nil
	}
	b := m.out.packet[:rtpHeader+len(frame)]
	b[0], b[1] = 2<<6, s.law
	if fresh {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], at)
	binary.BigEndian.PutUint32(b[8:], m.out.ssrc)
	if copy(b[rtpHeader:], frame); s.law == alawType {
		voice.ToALaw(b[rtpHeader:])
	}
	m.out.last = now
	if s.out != nil {
		var err error
		if b, err = s.out.EncryptRTP(m.out.sealed[:0], b, nil); err != nil {
			return err
		}
	}
	_, err := m.conn.WriteToUDPAddrPort(b, s.to)
	return err
}

// fill plays who speak at once, or the next frame of a signal, or silence where nothing came for a while: a trunk ends a call in which nothing
// comes. It is called each 20 ms.
func (m *media) fill(now time.Time) {
	m.out.Lock()
	defer m.out.Unlock()
	frame := silence
	mixed := false
	for i := range m.out.speakers {
		if s := &m.out.speakers[i]; len(s.queue) > 0 {
			voice.Mix(&frame, s.queue[0][:])
			s.queue, mixed = s.queue[:copy(s.queue, s.queue[1:])], true
		}
	}
	if len(m.out.signal) > 0 {
		frame = m.out.signal[0]
		m.out.signal = m.out.signal[1:]
	} else if now.Sub(m.out.last) < fillAfter && m.out.numbers.Source != 0 && !mixed {
		return
	}
	m.out.filler++
	_ = m.write(0, m.out.filler, frame[:], now) // a frame that cannot go now is worthless later
}

// pace fills until the sound is closed.
func (m *media) pace() {
	defer fault.Caught(m.log, "a telephone's sound", m.breaks)
	tick := time.NewTicker(frameMS * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-m.done:
			return
		case now := <-tick.C:
			m.fill(now)
		}
	}
}

func (m *media) close() {
	close(m.done)
	m.conn.Close()
}

// play plays a signal to the telephone in place of the call.
func (m *media) play(signal [][voice.FrameBytes]byte) {
	m.out.Lock()
	m.out.signal = signal
	m.out.Unlock()
}

// gone reports whether the telephone's sound stands still for good: on hold nothing need come, while the trunk is up.
//
// SPEC: PHN-033
func (m *media) gone(since, now time.Time, down bool) bool {
	if m.broken.Load() {
		return true
	}
	s := m.to.Load()
	if s == nil || s.dir != "sendrecv" && !down {
		m.lastPacket.Store(now.UnixNano())
		return false
	}
	last := m.lastPacket.Load()
	if last == 0 {
		return now.Sub(since) > startIn
	}
	return now.UnixNano()-last > int64(closeAfter)
}
