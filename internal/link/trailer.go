// SPDX-License-Identifier: Apache-2.0

package link

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"hash"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"example.org/parley/wire"
)

// The trailer of a datagram with a QUIC long header: 12 bytes of nonce, 16 of MAC over role, datagram and nonce.
// Long headers are all that a stranger could make QUIC answer: with no stateless reset key a short header of an
// unknown connection is dropped. The role byte says who sent it, so nothing comes back as ours.
//
// QUIC makes datagrams of 1,200 bytes while it greets. What would exceed 1,200 with its trailer goes in two pieces,
// each a datagram with a trailer of its own: 0x10 or 0x11, half of the bytes, and nonces that differ in the last bit.
const (
	nonceSize   = 12
	trailerSize = nonceSize + 16
	nonceCache  = 32768 // some 2,000 handshakes; what is older than that may be played again, once
	pieceFirst  = 0x10
	maxHalves   = 64 // pieces that wait for the other one
	maxGuests   = 16 // addresses that are answered under the pairing's tag
)

type trailer struct {
	send, recv byte
	line       *sync.Pool                // of HMACs under the line's tag
	pairing    atomic.Pointer[sync.Pool] // and under the pairing's, as long as that is answered

	mu     sync.Mutex
	seen   map[[nonceSize]byte]struct{}
	order  [][nonceSize]byte
	next   int
	halves map[[nonceSize]byte][]byte
	guests map[netip.AddrPort]struct{} // heard under the pairing's tag last
}

func newTrailer(tag [32]byte, first bool) *trailer {
	t := &trailer{send: 'B', recv: 'A', line: hmacs(tag), seen: map[[nonceSize]byte]struct{}{},
		halves: map[[nonceSize]byte][]byte{}, guests: map[netip.AddrPort]struct{}{}}
	if first {
		t.send, t.recv = 'A', 'B'
	}
	return t
}

func hmacs(tag [32]byte) *sync.Pool {
	return &sync.Pool{New: func() any { return hmac.New(sha256.New, tag[:]) }}
}

func mac(out []byte, p *sync.Pool, role byte, body, nonce []byte) []byte {
	h := p.Get().(hash.Hash)
	defer p.Put(h)
	h.Reset()
	h.Write([]byte{role})
	h.Write(body)
	h.Write(nonce)
	return h.Sum(out)
}

// isTrailed tells by its first byte whether a datagram has to carry a trailer.
func isTrailed(b byte) bool { return b&0x80 != 0 || b&^1 == pieceFirst }

// dress gives write the datagram p with its trailer, in two pieces where it would be too long. buf is for its use.
// SPEC: LNK-022
func (t *trailer) dress(buf, p []byte, to netip.AddrPort, write func([]byte)) {
	var n [nonceSize]byte
	rand.Read(n[:]) // never fails
	if len(p)+trailerSize <= wire.LaneMax {
		write(t.append(append(buf[:0], p...), n, to))
		return
	}
	half := (len(p) + 1) / 2
	for i, piece := range [][]byte{p[:half], p[half:]} {
		n[nonceSize-1] = n[nonceSize-1]&^1 | byte(i)
		write(t.append(append(append(buf[:0], pieceFirst|byte(i)), piece...), n, to))
	}
}

// append adds a trailer to the datagram b.
func (t *trailer) append(b []byte, n [nonceSize]byte, to netip.AddrPort) []byte {
	key := t.line
	if p := t.pairing.Load(); p != nil && t.isGuest(to) {
		key = p
	}
	var sum [sha256.Size]byte
	m := mac(sum[:0], key, t.send, b, n[:])
	return append(append(b, n[:]...), m[:16]...)
}

// named is what a server name says of its author, in the place of a datagram.
var named = []byte("\xfft")

// name is a server name for the first message of TLS, which is in the clear: the other end knows by it who is there, before
// it says anything. SPEC: LNK-041
func (t *trailer) name(to netip.AddrPort) string {
	var n [nonceSize]byte
	rand.Read(n[:]) // never fails
	return strings.ToLower(names.EncodeToString(t.append(bytes.Clone(named), n, to)))
}

// knows reports whether a server name is one that the other end made, and new.
func (t *trailer) knows(name string) bool {
	b, err := names.DecodeString(strings.ToUpper(name))
	if err != nil {
		return false
	}
	body, ok := t.strip(b, netip.AddrPort{}) // no datagram will go where it came from
	return ok && bytes.Equal(body, named)
}

var names = base32.HexEncoding.WithPadding(base32.NoPadding)

func (t *trailer) isGuest(a netip.AddrPort) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.guests[a]
	return ok
}

// strip checks and removes the trailer; ok is false for strangers and for what was seen before. A first piece gives
// no body yet.
// SPEC: LNK-004
func (t *trailer) strip(b []byte, from netip.AddrPort) (body []byte, ok bool) {
	n := len(b) - trailerSize
	if n < 2 {
		return nil, false
	}
	nonce := [nonceSize]byte(b[n : n+nonceSize])
	fits := func(key *sync.Pool) bool {
		var sum [sha256.Size]byte
		return hmac.Equal(mac(sum[:0], key, t.recv, b[:n], nonce[:])[:16], b[n+nonceSize:])
	}
	guest := false
	if !fits(t.line) {
		p := t.pairing.Load()
		if guest = p != nil && fits(p); !guest {
			return nil, false
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.fresh(nonce) {
		return nil, false
	}
	if delete(t.guests, from); guest && from.IsValid() && len(t.guests) < maxGuests {
		t.guests[from] = struct{}{}
	}
	if b[0]&0x80 != 0 {
		return b[:n], true
	}
	return t.join(b[:n], nonce), true
}

// join puts two pieces together. Under mu.
func (t *trailer) join(b []byte, nonce [nonceSize]byte) []byte {
	nonce[nonceSize-1] &^= 1
	other, ok := t.halves[nonce]
	if !ok {
		if len(t.halves) >= maxHalves { // their second pieces were lost
			clear(t.halves)
		}
		t.halves[nonce] = bytes.Clone(b)
		return nil
	}
	delete(t.halves, nonce)
	if b[0] == other[0] {
		return nil
	}
	if b[0] == pieceFirst {
		b, other = other, b
	}
	return append(bytes.Clone(other[1:]), b[1:]...)
}

// fresh remembers a nonce. Under mu.
func (t *trailer) fresh(n [nonceSize]byte) bool {
	if _, ok := t.seen[n]; ok {
		return false
	}
	if len(t.order) < nonceCache {
		t.order = append(t.order, n)
	} else {
		delete(t.seen, t.order[t.next])
		t.order[t.next] = n
		t.next = (t.next + 1) % nonceCache
	}
	t.seen[n] = struct{}{}
	return true
}
