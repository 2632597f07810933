// SPDX-License-Identifier: Apache-2.0

package link

import (
	"slices"
	"time"

	"example.org/parley/wire"
)

// repeatAfter are the waits between one sending of an item on a path and the next; the last one stays.
var repeatAfter = [...]time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond,
	400 * time.Millisecond, 800 * time.Millisecond, time.Second}

// maxRepeats bounds what is said again; the oldest goes first.
const maxRepeats = 256

// repeat is one item said again until it is answered. Under Link.mu.
type repeat struct {
	id     string
	pieces [][]byte
	next   []time.Duration // by path: when it is due
	sent   []int           // by path: how often
}

// Signal sends a packet once, over every live path, or over all where none is live.
func (l *Link) Signal(kind byte, b []byte) { l.SignalOn(-1, kind, b) }

// SignalOn sends a packet once over one path, by its number, whether or not it is live: what a check of that path needs.
func (l *Link) SignalOn(path int, kind byte, b []byte) {
	body := append([]byte{kind}, b...)
	for _, s := range *l.out.Load() {
		if path < 0 || s.path.num == path {
			s.send(body, nil)
		}
	}
}

// Repeat sends the pieces (each at most wire.LanePayload bytes) now, after 50, 100, 200, 400, 800 ms and then each
// second over every live path, and at once over a path that returns, until Done. A second call under the same id
// replaces the first.
// SPEC: LNK-016
func (l *Link) Repeat(id string, kind byte, pieces [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done(id)
	if len(l.repeats) >= maxRepeats {
		l.repeats = slices.Delete(l.repeats, 0, 1)
	}
	r := &repeat{id: id, next: make([]time.Duration, len(l.paths)), sent: make([]int, len(l.paths))}
	for _, b := range pieces {
		r.pieces = append(r.pieces, append([]byte{kind}, b...))
	}
	l.repeats = append(l.repeats, r)
	l.repeatDue(l.now())
}

// Done ends a Repeat.
func (l *Link) Done(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done(id)
}

func (l *Link) done(id string) {
	l.repeats = slices.DeleteFunc(l.repeats, func(r *repeat) bool { return r.id == id })
}

// repeatDue sends what is due, on each path under a budget that leaves room for voice within the receiver's caps. What was
// sent least often goes first, and of that the newest: a new FLASH does not wait behind what is repeated.
func (l *Link) repeatDue(now time.Duration) {
	for _, p := range l.paths {
		if !p.live() {
			continue
		}
		due := slices.DeleteFunc(slices.Clone(l.repeats), func(r *repeat) bool { return now < r.next[p.num] })
		slices.Reverse(due)
		slices.SortStableFunc(due, func(a, b *repeat) int { return a.sent[p.num] - b.sent[p.num] })
		for _, r := range due {
			size := 0
			for _, b := range r.pieces {
				size += len(b) + wire.LaneHeader + wire.LaneTag + 48
			}
			if !p.repeatBits.take(now, float64(8*size)) || !p.repeatPackets.take(now, float64(len(r.pieces))) {
				break
			}
			for _, b := range r.pieces {
				p.current.send(b, nil)
			}
			r.next[p.num] = now + repeatAfter[min(r.sent[p.num], len(repeatAfter)-1)]
			r.sent[p.num]++
		}
	}
}
