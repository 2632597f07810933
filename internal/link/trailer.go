// SPDX-License-Identifier: Apache-2.0

package link

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"hash"
	"sync"
)

// The trailer of a datagram with a QUIC long header: 12 bytes of nonce, 16 of MAC over role, datagram and nonce.
// Long headers are all that a stranger could make QUIC answer: with no stateless reset key a short header of an
// unknown connection is dropped. The role byte says who sent it, so nothing comes back as ours.
const (
	nonceSize   = 12
	trailerSize = nonceSize + 16
	nonceCache  = 16384 // some 2,000 handshakes; what is older than that may be played again, once
)

type trailer struct {
	send, recv byte // 'A' or 'B'
	hashes     sync.Pool

	mu    sync.Mutex
	seen  map[[nonceSize]byte]struct{}
	order [][nonceSize]byte
	next  int
}

func newTrailer(tag [32]byte, first bool) *trailer {
	t := &trailer{send: 'B', recv: 'A', seen: map[[nonceSize]byte]struct{}{}}
	if first {
		t.send, t.recv = 'A', 'B'
	}
	t.hashes.New = func() any { return hmac.New(sha256.New, tag[:]) }
	return t
}

func (t *trailer) mac(out []byte, role byte, body, nonce []byte) []byte {
	h := t.hashes.Get().(hash.Hash)
	defer t.hashes.Put(h)
	h.Reset()
	h.Write([]byte{role})
	h.Write(body)
	h.Write(nonce)
	return h.Sum(out)
}

// append adds a trailer to the datagram b.
func (t *trailer) append(b []byte) []byte {
	var nonce [nonceSize]byte
	rand.Read(nonce[:]) // never fails
	var sum [sha256.Size]byte
	m := t.mac(sum[:0], t.send, b, nonce[:])
	return append(append(b, nonce[:]...), m[:16]...)
}

// strip checks and removes the trailer; ok is false for strangers and for what was seen before.
// SPEC: LNK-004
func (t *trailer) strip(b []byte) (body []byte, ok bool) {
	n := len(b) - trailerSize
	if n < 1 {
		return nil, false
	}
	var sum [sha256.Size]byte
	m := t.mac(sum[:0], t.recv, b[:n], b[n:n+nonceSize])
	if !hmac.Equal(m[:16], b[n+nonceSize:]) {
		return nil, false
	}
	return b[:n], t.fresh([nonceSize]byte(b[n : n+nonceSize]))
}

func (t *trailer) fresh(n [nonceSize]byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
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
