// SPDX-License-Identifier: Apache-2.0

package link

import (
	"encoding/binary"
	"time"

	"example.org/parley/internal/fault"
)

// MaxMessage bounds one message of the bulk stream.
const MaxMessage = 256 << 10

const (
	maxQueued  = 512 << 10              // bytes that SendStream takes ahead
	bulkAgain  = 200 * time.Millisecond // between two openings
	stuckAfter = 10 * time.Second       // a write without progress on a living path, to a peer whose loop lives
)

// bulk is the one bulk stream. A opens it on the best path, and another when that is lost; the newer replaces the older.
// Fields without a note are under Link.mu.
type bulk struct {
	id    uint64
	conn  *conn
	st    stream
	up    bool // both greeted
	ended bool

	out     [][]byte
	bytes   int
	refused bool          // StreamRoom is owed
	kick    chan struct{} // to the writer
	writing time.Duration // since when a write has hung; 0: none
}

// SendStream sends a message of at most MaxMessage bytes, in order and reliably while the stream lives; b belongs to
// the link from here on. False: there is no stream (StreamUp will follow) or its queue is full (StreamRoom will).
func (l *Link) SendStream(b []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.bulk
	if k == nil || !k.up || len(b) > MaxMessage {
		return false
	}
	if k.bytes > 0 && k.bytes+len(b) > maxQueued {
		k.refused = true
		return false
	}
	k.out = append(k.out, b)
	k.bytes += len(b)
	select {
	case k.kick <- struct{}{}:
	default:
	}
	return true
}

// bulkDue lets A open a stream where there is none, and ends a connection that hangs. Under mu.
func (l *Link) bulkDue(now time.Duration) {
	if k := l.bulk; k != nil {
		p := k.conn.path
		loopLives := p.peerAges[0] < 2*time.Second
		if c := l.bestConn(); l.cfg.IsPartyA && p.narrow() && c != nil && !c.path.narrow() {
			l.endBulk(k) // what it carries does not pass
			return
		}
		if k.writing != 0 && now-k.writing > stuckAfter && p.weHear && p.theyHear && loopLives {
			k.writing = now
			go k.conn.q.end(codeStuck, "no progress")
		}
		return
	}
	if !l.cfg.IsPartyA || l.closed || now < l.bulkTry {
		return
	}
	if c := l.bestConn(); c != nil {
		l.bulkTry = now + bulkAgain
		st, err := c.q.open()
		if err != nil {
			return
		}
		l.bulkID++
		id := l.bulkID
		l.wg.Go(func() { l.runBulk(c, st, id) })
	}
}

// bestConn is the living connection of the cleanest path that is heard both ways.
func (l *Link) bestConn() (best *conn) {
	cost := func(p *path) float64 {
		loss := max(p.loss, p.lossOut)
		if p.narrow() {
			loss += 100
		}
		return loss*10 + (p.rtt + p.delay.over).Seconds()
	}
	for _, p := range l.paths {
		if c := p.best(); c != nil && p.weHear && p.theyHear && !c.stale {
			if c.gen < p.gen && l.now()-p.since < dialEvery { // its successor is on the way
				continue
			}
			if best == nil || cost(p) < cost(best.path) {
				best = c
			}
		}
	}
	return best
}

// endBulk says StreamDown once. Under mu.
func (l *Link) endBulk(k *bulk) {
	if k.ended {
		return
	}
	k.ended = true
	k.st.cancel()
	k.out, k.bytes = nil, 0
	if l.bulk == k {
		l.bulk = nil
	}
	if k.up {
		l.queue.put(Event{Kind: StreamDown, ID: k.id})
	}
}

// runBulk is the life of one stream at either end: greet, read, until it ends.
// SPEC: LNK-020
func (l *Link) runBulk(c *conn, st stream, id uint64) {
	k := &bulk{id: id, conn: c, st: st, kick: make(chan struct{}, 1)}
	run, ok := k.begin(l)
	if !ok {
		st.cancel()
		return
	}
	var head []byte
	if l.cfg.IsPartyA {
		head = binary.BigEndian.AppendUint64([]byte{streamBulk}, id)
	}
	body := appendGreet(nil, run, l.greeting())
	head = append(binary.BigEndian.AppendUint32(head, uint32(len(body))), body...)
	l.wg.Go(func() { k.write(l, head) })
	defer l.locked(func() { l.endBulk(k) })
	defer fault.Caught(l.log, "a stream to the other end")
	k.read(l)
}

// begin takes the place of the stream that was, unless that one goes on; run is ours.
func (k *bulk) begin(l *Link) (run string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.bulk
	if l.closed || !k.conn.up || (old != nil && (old.id >= k.id && old.conn.run == k.conn.run || l.cfg.IsPartyA)) {
		return "", false
	}
	if old != nil {
		l.endBulk(old)
	}
	l.bulk = k
	return l.run, true
}

// bulkWorkers messages of the bulk stream are prepared side by side; bulkAhead at most are under way, or wait for room in
// the queue of events.
const (
	bulkWorkers = 2
	bulkAhead   = 32
)

// read hands on what comes, prepared, in the order of the stream. SPEC: LNK-030
func (k *bulk) read(l *Link) {
	type job struct {
		b    []byte
		then chan func()
	}
	order, busy := make(chan job, bulkAhead), make(chan struct{}, bulkWorkers)
	defer close(order)
	l.wg.Go(func() {
		for j := range order {
			l.queue.put(Event{Kind: Stream, ID: k.id, Payload: j.b, Then: <-j.then})
		}
	})
	for first := true; ; first = false {
		b, err := readSized(k.st, MaxMessage)
		if err != nil {
			return
		}
		if !first {
			l.queue.reserve(len(b))
			j := job{b, make(chan func(), 1)}
			busy <- struct{}{}
			l.wg.Go(func() {
				j.then <- l.prepare(j.b)
				<-busy
			})
			order <- j
			continue
		}
		run, greeting, err := parseGreet(b)
		if err != nil {
			return
		}
		k.greeted(l, run, greeting)
	}
}

// greeted tells the node that the stream is up.
func (k *bulk) greeted(l *Link, run string, greeting []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k.ended || k.up {
		return
	}
	k.up = true
	k.conn.run, l.peerRun = run, run
	tls := k.conn.q.state()
	l.queue.put(Event{Kind: StreamUp, ID: k.id, Path: k.conn.path.num, Run: run, Greeting: greeting, Exporter: tls.ExportKeyingMaterial})
}

// prepare checks a message beside the node's loop; one that makes that panic does nothing there. SPEC: NOD-044
func (l *Link) prepare(b []byte) (then func()) {
	defer fault.Caught(l.log, "a message of the other end", func() { then = func() {} })
	return l.cfg.Prepare(b)
}

// write sends head, then what SendStream queued.
func (k *bulk) write(l *Link, head []byte) {
	if !k.hang(l, head) {
		return
	}
	for {
		b := k.next(l)
		if b == nil {
			select {
			case <-k.kick:
				continue
			case <-k.st.done():
				return
			}
		}
		if !k.hang(l, append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)) { // one write: one packet where it fits
			return
		}
	}
}

// next takes the next message of the queue, nil where there is none.
func (k *bulk) next(l *Link) (b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(k.out) == 0 {
		return nil
	}
	b, k.out[0] = k.out[0], nil
	k.out = k.out[1:]
	k.bytes -= len(b)
	if k.refused && k.bytes < maxQueued/2 {
		k.refused = false
		l.queue.put(Event{Kind: StreamRoom, ID: k.id})
	}
	return b
}

// hang writes, and lets the clock see since when it has hung. It writes in pieces so that progress shows.
func (k *bulk) hang(l *Link, b []byte) bool {
	for len(b) > 0 {
		n := min(len(b), 16<<10)
		l.locked(func() { k.writing = l.now() })
		if _, err := k.st.Write(b[:n]); err != nil {
			l.locked(func() { l.endBulk(k) })
			return false
		}
		b = b[n:]
	}
	l.locked(func() { k.writing = 0 })
	return true
}
