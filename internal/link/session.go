// SPDX-License-Identifier: Apache-2.0

package link

import (
	"crypto/cipher"
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"example.org/parley/wire"

	"golang.org/x/crypto/chacha20poly1305"
)

const exporterLabel = "EXPORTER-parley-lane-v1"

// session is one keying of the lane of one path.
type session struct {
	path  *path
	via   lane
	conn  *conn // whose handshake keyed it; may be dead while the session lives
	index uint32
	epoch byte
	born  time.Duration

	ready  atomic.Bool // the peer's index is known: we may send
	up     atomic.Bool // SessionUp was told: packets for the node may pass
	dead   atomic.Bool // wiped
	remote atomic.Pointer[netip.AddrPort]

	// receiving: owned by the reader of via
	rx        cipher.AEAD
	rxIV      [12]byte
	rxNonce   [12]byte
	window    window
	caps      [1 + wire.VoiceSources]laneCap // of all that is no voice of a source, then of each source's voice
	candidate struct {                       // an address from which newer authentic packets come; it is used after it has answered a challenge
		addr     netip.AddrPort
		token    [8]byte
		in, out  int // bytes: never more than three times out of in
		lastSent time.Duration
	}
	rxCount atomic.Uint64 // authentic packets
	rxTop   atomic.Uint64 // highest counter so far
	firstRx atomic.Int64  // link clock of the first of them
	lastRx  atomic.Int64  // and of the last

	// sending
	tx      cipher.AEAD
	txIV    [12]byte
	txIndex uint32
	txEpoch byte
	counter atomic.Uint64
	laneMu  sync.Mutex
	lane    [sealRoom]byte // for probes, signals, repeats: under laneMu
	voice   [sealRoom]byte // for frames: under Link.voiceTx.mu
}

// sealRoom is the size of the buffer that a packet is sealed in, with its nonce: sealing allocates nothing.
const sealRoom = wire.LaneMax + chacha20poly1305.NonceSize

// newSession takes 88 bytes of keying material; the dialling end sends with the first half.
func newSession(material []byte, dialled bool) (*session, error) {
	k1, k2, iv1, iv2 := material[:32], material[32:64], material[64:76], material[76:88]
	if !dialled {
		k1, k2, iv1, iv2 = k2, k1, iv2, iv1
	}
	s := &session{}
	for i := range s.caps {
		s.caps[i] = laneCap{full(400), full(512_000)}
	}
	var err error
	if s.tx, err = chacha20poly1305.New(k1); err != nil {
		return nil, err
	}
	if s.rx, err = chacha20poly1305.New(k2); err != nil {
		return nil, err
	}
	copy(s.txIV[:], iv1)
	copy(s.rxIV[:], iv2)
	clear(material)
	return s, nil
}

func nonce(dst []byte, iv *[12]byte, counter uint64) {
	copy(dst, iv[:])
	binary.BigEndian.PutUint64(dst[4:], counter^binary.BigEndian.Uint64(iv[4:]))
}

// seal makes a packet of body in room, which belongs to the caller meanwhile.
func (s *session) seal(room *[sealRoom]byte, body []byte) []byte {
	c, n := s.counter.Add(1), room[wire.LaneMax:]
	wire.PutLaneHeader(room[:], s.txEpoch, s.txIndex, c)
	nonce(n, &s.txIV, c)
	return s.tx.Seal(room[:wire.LaneHeader], n, body, room[:wire.LaneHeader])
}

// send seals and sends a body that is no voice, to the session's address or to another one.
func (s *session) send(body []byte, to *netip.AddrPort) {
	if len(body) > wire.LanePayload+1 || s.dead.Load() || !s.ready.Load() {
		return
	}
	if to == nil {
		to = s.remote.Load()
	}
	s.laneMu.Lock()
	defer s.laneMu.Unlock()
	s.write(body[0], s.seal(&s.lane, body), *to)
}

// write counts and sends a sealed packet.
func (s *session) write(kind byte, b []byte, to netip.AddrPort) {
	s.path.bytesOut.Add(uint64(len(b) + overhead(to)))
	s.via.send(kind, b, to)
}

// overhead is what IP and UDP add to a packet, in bytes.
func overhead(a netip.AddrPort) int {
	if a.Addr().Is4() || a.Addr().Is4In6() {
		return 28
	}
	return 48
}

// window is the replay window of one receiver, 2,048 counters.
const windowSize = 2048

type window struct {
	top  uint64 // highest counter taken
	bits [windowSize / 64]uint64
}

// SPEC: LNK-003
func (w *window) fresh(c uint64) bool {
	if c > w.top {
		return true
	}
	return w.top-c < windowSize && w.bits[c/64%(windowSize/64)]&(1<<(c%64)) == 0
}

// take marks an authentic counter and reports whether it is the newest.
func (w *window) take(c uint64) (newest bool) {
	if c > w.top {
		newest = true
		if c-w.top >= windowSize {
			clear(w.bits[:])
		} else {
			for i := w.top + 1; i <= c; i++ {
				w.bits[i/64%(windowSize/64)] &^= 1 << (i % 64)
			}
		}
		w.top = c
	}
	w.bits[c/64%(windowSize/64)] |= 1 << (c % 64)
	return newest
}

// laneCap bounds one share of what a session passes.
type laneCap struct{ packets, bits bucket }

// capOf gives the share that an opened body is counted in. SPEC: LNK-009
func (s *session) capOf(body []byte) *laneCap {
	if len(body) > 3 && body[0] == wire.LaneVoice && body[3] < wire.VoiceSources {
		return &s.caps[1+body[3]]
	}
	return &s.caps[0]
}

// bucket is a token bucket on the link's own clock; it holds what a second brings.
type bucket struct {
	rate, level float64 // a second; tokens
	at          time.Duration
}

func full(rate float64) bucket { return bucket{rate: rate, level: rate} }

func (b *bucket) take(now time.Duration, n float64) bool {
	b.level = min(b.rate, b.level+b.rate*(now-b.at).Seconds())
	b.at = now
	if b.level < n {
		return false
	}
	b.level -= n
	return true
}
