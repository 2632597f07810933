// SPDX-License-Identifier: Apache-2.0

package link

import (
	"net/netip"

	"example.org/parley/wire"
)

// What the outside tests may see of the inside.

// Counted is Refused in its order: strangers, wrong keys, altered, late.
func (l *Link) Counted() (strangers, wrongKeys, altered, late uint64) {
	n := l.Refused()
	return n["strangers"], n["wrong_keys"], n["altered"], n["late"]
}

// Conns says who dialled the living connections of a path.
func (l *Link) Conns(path int) (byA []bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.paths[path].conns {
		byA = append(byA, c.byA)
	}
	return byA
}

// Sessions counts the lane sessions of a path.
func (l *Link) Sessions(path int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.paths[path].sessions)
}

// KillConns ends the QUIC connections of a path as an error would.
func (l *Link) KillConns(path int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.paths[path].conns {
		go c.q.end(codeStuck, "killed by a test")
	}
}

func (l *Link) K() int {
	l.voiceTx.mu.Lock()
	defer l.voiceTx.mu.Unlock()
	return l.voiceTx.k
}

func (l *Link) SetK(k int) {
	l.voiceTx.mu.Lock()
	defer l.voiceTx.mu.Unlock()
	l.voiceTx.k = k
}

// Flood sends n signals at once on a path, caps or not.
func (l *Link) Flood(path, n int) {
	l.mu.Lock()
	s := l.paths[path].current
	l.mu.Unlock()
	for range n {
		s.send([]byte{wire.LaneSignal, 'x'}, nil)
	}
}

// SendRaw seals any body.
func (l *Link) SendRaw(path int, body []byte) {
	l.mu.Lock()
	s := l.paths[path].current
	l.mu.Unlock()
	s.send(body, nil)
}

// Guests counts the connections over TCP whose other end is not known yet.
func (l *Link) Guests() (n int) {
	for _, b := range l.binds {
		if b, ok := b.(*tcpBind); ok {
			b.mu.Lock()
			n += len(b.guests)
			b.mu.Unlock()
		}
	}
	return n
}

// Beside is what is under way of the stream of a path over TCP of which most is, in bytes.
func (l *Link) Beside(path int) (most int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.paths[path].conns {
		m := c.q.(*mux)
		m.mu.Lock()
		for _, s := range m.streams {
			most = max(most, bulkWindow-s.credit)
		}
		m.mu.Unlock()
	}
	return most
}

const KeepOld, DownAfter = keepOld, downAfter

// Addrs are the local addresses, with the ports that the system chose.
func (l *Link) Addrs() (as []netip.AddrPort) {
	for _, b := range l.binds {
		as = append(as, b.addr())
	}
	return as
}
