// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Direction is one way of a path, or both.
type Direction int

// The directions of a path.
const (
	AToB Direction = 1 << iota
	BToA
	Both = AToB | BToA
)

// Way says what a cable does to packets of one direction.
type Way struct {
	Cut     bool
	Delay   time.Duration
	Loss    float64       // share dropped, 0–1
	Reorder float64       // share held back by Jitter
	Jitter  time.Duration // 0: 20 ms
}

// Carried is what a cable carried in one direction.
type Carried struct{ Packets, Bytes, Dropped uint64 }

// packet is one that is under way, from an end (0: A).
type packet struct {
	at   time.Time
	from int
	b    []byte
}

// Cable is one path: what happens to packets of either direction, and those under way. Everything may be changed while it
// carries.
type Cable struct {
	send func(from int, b []byte) // delivers at the other end; under mu

	mu     sync.Mutex
	ways   [2]Way // AToB, BToA
	counts [2]Carried
	rand   *rand.Rand
	queue  []packet // by time
	closed bool
}

func newCable(seed uint64, send func(from int, b []byte)) *Cable {
	return &Cable{send: send, rand: rand.New(rand.NewPCG(seed, seed))}
}

// Set changes what happens to packets of a direction.
func (c *Cable) Set(d Direction, change func(*Way)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range 2 {
		if d&(1<<i) != 0 {
			change(&c.ways[i])
		}
	}
}

// Cut and Restore pull and plug the cable in a direction or both. Packets under way are lost.
func (c *Cable) Cut(d Direction) {
	c.Set(d, func(w *Way) { w.Cut = true })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = slices.DeleteFunc(c.queue, func(p packet) bool { return d&(1<<p.from) != 0 })
}

// Restore plugs it in again.
func (c *Cable) Restore(d Direction) { c.Set(d, func(w *Way) { w.Cut = false }) }

// Delay sets the one-way delay; Loss the share lost; Reorder the share held back by 20 ms.
func (c *Cable) Delay(d Direction, by time.Duration) { c.Set(d, func(w *Way) { w.Delay = by }) }

// Loss sets the share of packets dropped, 0–1.
func (c *Cable) Loss(d Direction, share float64) { c.Set(d, func(w *Way) { w.Loss = share }) }

// Reorder sets the share of packets that others overtake.
func (c *Cable) Reorder(d Direction, share float64) { c.Set(d, func(w *Way) { w.Reorder = share }) }

// Counts says what was carried AToB and BToA.
func (c *Cable) Counts() (aToB, bToA Carried) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[0], c.counts[1]
}

// take takes a packet from an end (0: A). Under mu.
func (c *Cable) take(from int, b []byte) {
	w, n := &c.ways[from], &c.counts[from]
	if w.Cut || c.rand.Float64() < w.Loss || len(c.queue) > 20_000 {
		n.Dropped++
		return
	}
	n.Packets++
	n.Bytes += uint64(len(b))
	delay := w.Delay
	if c.rand.Float64() < w.Reorder {
		if delay += w.Jitter; w.Jitter == 0 {
			delay += 20 * time.Millisecond
		}
	}
	if delay == 0 {
		c.send(from, b)
		return
	}
	at := time.Now().Add(delay)
	i, _ := slices.BinarySearchFunc(c.queue, at, func(p packet, at time.Time) int { return cmp.Or(p.at.Compare(at), -1) })
	c.queue = slices.Insert(c.queue, i, packet{at, from, slices.Clone(b)})
	time.AfterFunc(delay, c.deliver)
}

// deliver sends what is due, in order.
func (c *Cable) deliver() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed && len(c.queue) > 0 && time.Until(c.queue[0].at) <= 0 {
		p := c.queue[0]
		c.queue = slices.Delete(c.queue, 0, 1)
		c.send(p.from, p.b)
	}
}
