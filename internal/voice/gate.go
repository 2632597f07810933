// SPDX-License-Identifier: Apache-2.0

package voice

import "sync/atomic"

// Gate says which call may send and be heard. It is one word, read once a frame: closing it is
// immediate, whoever holds which lock. The zero Gate is shut.
type Gate struct{ word atomic.Uint32 }

const (
	mayHear = 1 << 16
	maySend = 1 << 17
)

// Open lets one call through; any other call is shut out by the same store.
func (g *Gate) Open(call uint16, send, hear bool) {
	w := uint32(call)
	if send {
		w |= maySend
	}
	if hear {
		w |= mayHear
	}
	g.word.Store(w)
}

// Shut lets nothing through.
func (g *Gate) Shut() { g.word.Store(0) }

// Sends gives the call that our sound may go to, if there is one.
//
// SPEC: VOX-001
func (g *Gate) Sends() (call uint16, ok bool) {
	w := g.word.Load()
	return uint16(w), w&maySend != 0
}

// Hears reports whether a frame of that call may reach our desk.
func (g *Gate) Hears(call uint16) bool {
	w := g.word.Load()
	return w&mayHear != 0 && uint16(w) == call
}
