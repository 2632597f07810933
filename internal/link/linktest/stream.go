// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"time"

	"example.org/parley/internal/link"
)

// stream is the bulk stream of a World.
type stream struct {
	id    uint64
	path  *cable
	ends  [2]*End
	up    bool
	ended bool
	queue [2][]item // from A, from B
	bytes [2]int
	owed  [2]bool // StreamRoom
}

type item struct {
	b  []byte
	at time.Time // when it would arrive on an open path
}

const maxQueued = 512 << 10

// flow keeps the stream on the first path heard both ways by both ends, and moves what is due.
func (w *World) flow() {
	if k := w.bulk; k != nil {
		if !w.good(k.path) || k.ends != w.ends {
			w.endStream(k)
		} else {
			w.drain(k)
		}
	}
	if w.bulk != nil {
		return
	}
	for _, p := range w.paths {
		if !w.good(p) {
			continue
		}
		w.next++
		k := &stream{id: w.next, path: p, ends: w.ends}
		w.bulk = k
		w.after(p.delay[0]+p.delay[1]+time.Millisecond, func() { w.openStream(k) })
		return
	}
}

func (w *World) good(p *cable) bool {
	a, b := p.side[0], p.side[1]
	return p.session == w.ends && w.ends[0] != nil && w.ends[1] != nil && a.weHear && a.theyHear && b.weHear && b.theyHear
}

func (w *World) openStream(k *stream) {
	if k.ended {
		return
	}
	k.up = true
	for who, e := range k.ends {
		o := k.ends[1-who]
		e.put(link.StreamUp{ID: k.id, Path: k.path.num, Run: o.run, Greeting: o.greet(),
			Exporter: exporter(k.ends[0].run, k.ends[1].run, k.path.num)})
	}
}

func (w *World) endStream(k *stream) {
	k.ended = true
	w.bulk = nil
	for _, e := range k.ends {
		if k.up && e != nil {
			e.put(link.StreamDown{ID: k.id})
		}
	}
}

// SendStream is as link.Link's.
func (e *End) SendStream(b []byte) bool {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	k := e.w.bulk
	if k == nil || !k.up || k.ends[e.who] != e || len(b) > link.MaxMessage {
		return false
	}
	if k.bytes[e.who] > 0 && k.bytes[e.who]+len(b) > maxQueued {
		k.owed[e.who] = true
		return false
	}
	d := k.path.delay[e.who]
	k.bytes[e.who] += len(b)
	k.queue[e.who] = append(k.queue[e.who], item{b, time.Now().Add(d)})
	e.w.after(d, e.w.flow)
	return true
}

// drain delivers what has arrived, in order; a cut path holds everything back.
func (w *World) drain(k *stream) {
	for from := range 2 {
		if !w.open(k.path, from) || k.ends[1-from].frozen {
			continue
		}
		for q := k.queue[from]; len(q) > 0 && !q[0].at.After(time.Now()); q = k.queue[from] {
			k.ends[1-from].put(link.Stream{ID: k.id, Payload: q[0].b})
			k.bytes[from] -= len(q[0].b)
			k.queue[from] = q[1:]
		}
		if k.owed[from] && k.bytes[from] < maxQueued/2 {
			k.owed[from] = false
			k.ends[from].put(link.StreamRoom{ID: k.id})
		}
	}
}
