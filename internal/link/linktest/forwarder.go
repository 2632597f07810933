// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"container/heap"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Way says what a Forwarder does to packets of one direction.
type Way struct {
	Cut     bool
	Delay   time.Duration
	Loss    float64       // share dropped, 0–1
	Reorder float64       // share held back by Jitter
	Jitter  time.Duration // 0: 20 ms
}

// Count is what a Forwarder carried in one direction.
type Count struct{ Packets, Bytes, Dropped uint64 }

// Forwarder is a cable: a UDP relay with a port for each end. A sends to PortA and hears from it, B likewise; each end
// believes its port to be the other. Everything may be changed while it runs.
type Forwarder struct {
	socks [2]*net.UDPConn // towards A, towards B
	wg    sync.WaitGroup

	mu     sync.Mutex
	ways   [2]Way // AToB, BToA
	counts [2]Count
	ends   [2]netip.AddrPort
	learn  [2]bool // the end's address is the one it last sent from
	rand   *rand.Rand
	queue  queue
	order  uint64
	closed bool
	kick   chan struct{}
}

// NewForwarder listens on two addresses (port 0: any) between the ends a and b. An invalid end is learnt from what it
// sends, as a NAT would.
func NewForwarder(atA, atB, a, b netip.AddrPort, seed uint64) (*Forwarder, error) {
	f := &Forwarder{ends: [2]netip.AddrPort{a, b}, learn: [2]bool{!a.IsValid(), !b.IsValid()},
		rand: rand.New(rand.NewPCG(seed, seed)), kick: make(chan struct{}, 1)}
	for i, at := range []netip.AddrPort{atA, atB} {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.socks[i] = c
	}
	for i := range 2 {
		f.wg.Go(func() { f.read(i) })
	}
	f.wg.Go(f.deliver)
	return f, nil
}

// PortA is where A sends to; PortB where B does.
func (f *Forwarder) PortA() netip.AddrPort { return f.socks[0].LocalAddr().(*net.UDPAddr).AddrPort() }

// PortB is the other one.
func (f *Forwarder) PortB() netip.AddrPort { return f.socks[1].LocalAddr().(*net.UDPAddr).AddrPort() }

// SetEnd moves an end (AToB: A): packets for it go there from now on.
func (f *Forwarder) SetEnd(d Direction, to netip.AddrPort) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range 2 {
		if d&(1<<i) != 0 {
			f.ends[i] = to
		}
	}
}

// Set changes what happens to packets of a direction.
func (f *Forwarder) Set(d Direction, change func(*Way)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range 2 {
		if d&(1<<i) != 0 {
			change(&f.ways[i])
		}
	}
}

// Cut and Restore pull and plug the cable in a direction or both. Packets under way are lost.
func (f *Forwarder) Cut(d Direction) {
	f.Set(d, func(w *Way) { w.Cut = true })
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := f.queue[:0]
	for _, p := range f.queue {
		if d&(1<<p.from) == 0 {
			kept = append(kept, p)
		}
	}
	f.queue = kept
	heap.Init(&f.queue)
}

// Restore plugs it in again.
func (f *Forwarder) Restore(d Direction) { f.Set(d, func(w *Way) { w.Cut = false }) }

// Delay sets the one-way delay; Loss the share lost; Reorder the share held back by 20 ms.
func (f *Forwarder) Delay(d Direction, by time.Duration) { f.Set(d, func(w *Way) { w.Delay = by }) }

// Loss sets the share of packets dropped, 0–1.
func (f *Forwarder) Loss(d Direction, share float64) { f.Set(d, func(w *Way) { w.Loss = share }) }

// Reorder sets the share of packets that others overtake.
func (f *Forwarder) Reorder(d Direction, share float64) { f.Set(d, func(w *Way) { w.Reorder = share }) }

// Counts says what was carried AToB and BToA.
func (f *Forwarder) Counts() (aToB, bToA Count) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[0], f.counts[1]
}

// Close ends the cable.
func (f *Forwarder) Close() error {
	f.mu.Lock()
	closed := f.closed
	f.closed = true
	f.mu.Unlock()
	if closed {
		return nil
	}
	for _, c := range f.socks {
		if c != nil {
			c.Close()
		}
	}
	f.wake()
	f.wg.Wait()
	return nil
}

func (f *Forwarder) wake() {
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

// read takes packets from an end (0: A).
func (f *Forwarder) read(from int) {
	buf := make([]byte, 65536)
	for {
		n, addr, err := f.socks[from].ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			f.take(from, addr, buf[:n])
		}
	}
}

func (f *Forwarder) take(from int, addr netip.AddrPort, b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.learn[from] {
		f.ends[from] = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	}
	w, c := &f.ways[from], &f.counts[from]
	if w.Cut || f.rand.Float64() < w.Loss || len(f.queue) > 20_000 {
		c.Dropped++
		return
	}
	c.Packets++
	c.Bytes += uint64(len(b))
	delay := w.Delay
	if f.rand.Float64() < w.Reorder {
		if delay += w.Jitter; w.Jitter == 0 {
			delay += 20 * time.Millisecond
		}
	}
	if delay == 0 {
		f.send(from, b)
		return
	}
	f.order++
	heap.Push(&f.queue, packet{time.Now().Add(delay), f.order, from, append([]byte(nil), b...)})
	if f.queue[0].order == f.order {
		f.wake()
	}
}

func (f *Forwarder) send(from int, b []byte) {
	if to := f.ends[1-from]; to.IsValid() {
		f.socks[1-from].WriteToUDPAddrPort(b, to)
	}
}

// deliver sends what was delayed, when it is due.
func (f *Forwarder) deliver() {
	for {
		f.mu.Lock()
		wait := time.Hour
		for len(f.queue) > 0 {
			if wait = time.Until(f.queue[0].at); wait > 0 {
				break
			}
			p := heap.Pop(&f.queue).(packet)
			f.send(p.from, p.b)
			wait = time.Hour
		}
		closed := f.closed
		f.mu.Unlock()
		if closed {
			return
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-f.kick:
		}
		t.Stop()
	}
}

type packet struct {
	at    time.Time
	order uint64
	from  int
	b     []byte
}

type queue []packet

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].order < q[j].order
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(packet)) }
func (q *queue) Pop() any {
	old := *q
	p := old[len(old)-1]
	*q = old[:len(old)-1]
	return p
}
