// SPDX-License-Identifier: Apache-2.0

// Package linktest joins real links without a real network between machines. Forwarder is a UDP relay between real sockets:
// the cable of the demo and of tests on real time. It carries packets over a Cable, which is cut, slow or lossy in either
// direction, as package memnet does. Direct stands in for the links themselves, where two nodes are played on a time of
// their own.
//
// It knows nothing of what the packets hold.
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

// Way is one direction of a cable: what happens to packets, and what was carried.
type Way struct {
	Cut                     bool
	Delay                   time.Duration
	Loss                    float64 // share dropped, 0–1
	Packets, Bytes, Dropped uint64
}

// Cable is one path: what happens to packets of either direction, and those under way. Everything may be changed while it
// carries.
type Cable struct {
	send func(from int, b []byte) // delivers at the other end; under mu

	mu     sync.Mutex
	ways   [2]Way // AToB, BToA
	rand   *rand.Rand
	queue  []packet // under way, by the time at which they are due
	closed bool
}

// packet is one under way from an end (0: A).
type packet struct {
	at   time.Time
	from int
	b    []byte
}

// NewCable makes a cable that hands over what it carries by send, one at a time.
func NewCable(seed uint64, send func(from int, b []byte)) *Cable {
	return &Cable{send: send, rand: rand.New(rand.NewPCG(seed, seed))}
}

// set changes what happens to packets of a direction.
func (c *Cable) set(d Direction, change func(*Way)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.ways {
		if d&(1<<i) != 0 {
			change(&c.ways[i])
		}
	}
	c.queue = slices.DeleteFunc(c.queue, func(p packet) bool { return c.ways[p.from].Cut })
}

// Cut pulls the cable in a direction or both: packets under way are lost. Restore plugs it in again.
func (c *Cable) Cut(d Direction) { c.set(d, func(w *Way) { w.Cut = true }) }

// Restore plugs it in again.
func (c *Cable) Restore(d Direction) { c.set(d, func(w *Way) { w.Cut = false }) }

// Delay sets the one-way delay.
func (c *Cable) Delay(d Direction, by time.Duration) { c.set(d, func(w *Way) { w.Delay = by }) }

// Loss sets the share of packets dropped, 0–1.
func (c *Cable) Loss(d Direction, share float64) { c.set(d, func(w *Way) { w.Loss = share }) }

// Counts says what was carried AToB and BToA.
func (c *Cable) Counts() (aToB, bToA Way) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ways[0], c.ways[1]
}

// Carry takes a packet from an end (0: A).
func (c *Cable) Carry(from int, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &c.ways[from]
	if w.Cut || c.rand.Float64() < w.Loss || len(c.queue) > 20_000 {
		w.Dropped++
		return
	}
	w.Packets++
	w.Bytes += uint64(len(b))
	if w.Delay == 0 {
		c.send(from, b)
		return
	}
	at := time.Now().Add(w.Delay)
	i, _ := slices.BinarySearchFunc(c.queue, at, func(p packet, at time.Time) int { return cmp.Or(p.at.Compare(at), -1) })
	c.queue = slices.Insert(c.queue, i, packet{at, from, slices.Clone(b)})
	time.AfterFunc(w.Delay, c.deliver)
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
