// SPDX-License-Identifier: Apache-2.0

// Package linktest has three stand-ins for a network. World is a line in memory: two ends with the methods of
// link.Link, whose paths are cut, delayed and lossy by the same rules (down after 2.0 s, repeats at once on return,
// one bulk stream on the first path that is heard both ways), all by timers, so that it runs in testing/synctest and an
// idle year costs nothing. Forwarder is a real UDP relay for two real ends: the cable of tests and of the demo.
//
// Net is a network in memory for real links.
//
// World models what the node sees and nothing below: no keys, no packets, no probes.
package linktest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"example.org/parley/internal/link"
)

// Direction is one way of a path, or both.
type Direction int

// The directions of a path.
const (
	AToB Direction = 1 << iota
	BToA
	Both = AToB | BToA
)

// The times of the model, as in package link.
const (
	downAfter = 2 * time.Second
	probeLag  = 50 * time.Millisecond // a mean wait for the next probe
)

// World is the network between the two ends of one line.
type World struct {
	mu    sync.Mutex
	rand  *rand.Rand
	start time.Time
	ends  [2]*End // A, B; nil: not there
	paths []*cable
	bulk  *stream
	next  uint64 // stream ID
	tie   time.Duration
}

// cable is one path of a World.
type cable struct {
	num     int
	cut     [2]bool // from A, from B
	delay   [2]time.Duration
	loss    [2]float64
	session [2]*End // the ends that greeted each other
	dialing bool
	side    [2]side
}

// side is what one end thinks of a path.
type side struct {
	weHear, theyHear bool
	telling          bool
	since, lastHeard time.Time
	goodbye          string
}

// NewWorld makes a network of n paths without delay.
func NewWorld(n int, seed uint64) *World {
	w := &World{rand: rand.New(rand.NewPCG(seed, 0)), start: time.Now()}
	for i := range n {
		w.paths = append(w.paths, &cable{num: i})
	}
	return w
}

// Pair opens both ends on a World of as many paths as the longer list in the two configs, at least one.
func Pair(a, b link.Config) (*World, *End, *End) {
	w := NewWorld(max(1, len(a.Paths), len(b.Paths)), 1)
	a.First, b.First = true, false
	return w, w.Open(a), w.Open(b)
}

// Open brings an end to life: of Config it reads Run, First, Greeting, OnFrame and the labels of Paths. An end that was
// there is killed.
func (w *World) Open(cfg link.Config) *End {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := &End{w: w, cfg: cfg, run: cfg.Run, kick: make(chan struct{}, 1), stop: make(chan struct{}), out: make(chan link.Event),
		agesAt: time.Now()}
	if !cfg.First {
		e.who = 1
	}
	if old := w.ends[e.who]; old != nil {
		old.die()
	}
	w.ends[e.who] = e
	go e.pump()
	for _, p := range w.paths {
		p.side[e.who] = side{since: time.Now()}
		w.handshake(p)
	}
	return e
}

// Cut stops one way of a path, or both; Restore undoes it.
func (w *World) Cut(path int, d Direction)     { w.set(path, d, true) }
func (w *World) Restore(path int, d Direction) { w.set(path, d, false) }

func (w *World) set(path int, d Direction, cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.paths[path]
	for who := range 2 {
		if d&(1<<who) != 0 {
			p.cut[who] = cut
		}
	}
	w.changed()
}

// Delay sets the one-way delay of a path; Loss the share of packets lost. Streams lose nothing.
func (w *World) Delay(path int, d Direction, by time.Duration) {
	w.each(path, d, func(p *cable, who int) { p.delay[who] = by })
}

// Loss sets the share of lane packets that are lost, 0–1.
func (w *World) Loss(path int, d Direction, share float64) {
	w.each(path, d, func(p *cable, who int) { p.loss[who] = share })
}

func (w *World) each(path int, d Direction, set func(*cable, int)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for who := range 2 {
		if d&(1<<who) != 0 {
			set(w.paths[path], who)
		}
	}
}

// after runs f under the lock later; what is due together runs in the order of the calls.
func (w *World) after(d time.Duration, f func()) {
	w.tie = (w.tie + 1) % 100_000
	time.AfterFunc(d+w.tie, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		f()
	})
}

// open reports whether packets of one end get through now.
func (w *World) open(p *cable, from int) bool {
	e := w.ends[from]
	return e != nil && !e.dead && !e.frozen && !p.cut[from]
}

// handshake begins a session where there is none between the two ends as they are.
func (w *World) handshake(p *cable) {
	a, b := w.ends[0], w.ends[1]
	if p.dialing || a == nil || b == nil || p.session == [2]*End{a, b} || !w.open(p, 0) || !w.open(p, 1) {
		return
	}
	p.dialing = true
	w.after(p.delay[0]*2+p.delay[1]+time.Millisecond, func() {
		p.dialing = false
		if w.ends != [2]*End{a, b} || !w.open(p, 0) || !w.open(p, 1) {
			w.handshake(p)
			return
		}
		p.session = [2]*End{a, b}
		for who, e := range p.session {
			o := p.session[1-who]
			e.peerRun = o.run
			e.put(link.SessionUp{Path: p.num, Run: o.run, Greeting: o.greet(), Exporter: exporter(a.run, b.run, p.num)})
			p.side[who] = side{since: time.Now()}
			w.hears(p, who, true)
			p.side[who].theyHear = true
		}
		w.changed()
	})
}

// changed looks at every path again after anything moved.
func (w *World) changed() {
	for _, p := range w.paths {
		w.handshake(p)
		for who := range 2 {
			w.judge(p, who)
			w.tell(p, who)
		}
	}
	w.flow()
}

// judge starts what will make an end's belief true: 2 s to lose it, a delay and a probe to win it.
func (w *World) judge(p *cable, who int) {
	e, s := w.ends[who], &p.side[who]
	want := p.session[who] == e && e != nil && p.session[1-who] == w.ends[1-who] && w.open(p, 1-who)
	if e == nil || e.frozen || want == s.weHear {
		return
	}
	wait := downAfter
	if want {
		wait = p.delay[1-who] + probeLag
	} else {
		s.lastHeard = time.Now()
	}
	w.after(wait, func() {
		now := p.session[who] == e && w.ends[who] == e && p.session[1-who] == w.ends[1-who] && w.open(p, 1-who)
		if w.ends[who] == e && now == want && s.weHear != want {
			w.hears(p, who, want)
			w.changed()
		}
	})
}

// hears sets what an end hears. Who hears nothing of the other on any path cannot know what that one hears.
func (w *World) hears(p *cable, who int, yes bool) {
	s := &p.side[who]
	if s.weHear != yes {
		s.weHear, s.since = yes, time.Now()
		if !yes && w.quickest(1-who) == nil {
			s.theyHear = false
		}
		w.pathChange(p, who)
	}
	w.tell(p, who)
}

// tell lets the other end know what this one hears, as long as any path leads there.
func (w *World) tell(p *cable, who int) {
	s, o := &p.side[who], &p.side[1-who]
	q, e := w.quickest(who), w.ends[who]
	if s.telling || q == nil || o.theyHear == s.weHear {
		return
	}
	s.telling = true
	w.after(q.delay[who]+probeLag, func() {
		s.telling = false
		if w.ends[who] == e && w.open(q, who) {
			w.told(p, 1-who, s.weHear)
		}
	})
}

// quickest is the open path of the least delay from an end.
func (w *World) quickest(from int) (best *cable) {
	for _, q := range w.paths {
		if w.open(q, from) && q.session[from] == w.ends[from] && (best == nil || q.delay[from] < best.delay[from]) {
			best = q
		}
	}
	return best
}

func (w *World) told(p *cable, who int, yes bool) {
	if s := &p.side[who]; s.theyHear != yes && w.ends[who] != nil && (p.session[who] == w.ends[who] || !yes) {
		s.theyHear, s.since = yes, time.Now()
		w.pathChange(p, who)
		w.changed()
	}
}

func (w *World) pathChange(p *cable, who int) {
	e := w.ends[who]
	if e == nil {
		return
	}
	e.put(link.PathChange{Path: p.num, State: w.state(p, who)})
	if p.side[who].weHear || p.side[who].theyHear {
		for _, r := range e.repeats {
			r.round(p)
		}
	}
}

func (w *World) state(p *cable, who int) link.PathState {
	s, e := p.side[who], w.ends[who]
	st := link.PathState{Label: fmt.Sprint("path ", p.num+1), Session: p.session[who] == e, Connected: p.session[who] == e && s.weHear,
		WeHear: s.weHear, TheyHear: s.theyHear, Since: s.since, LastHeard: s.lastHeard, RTT: p.delay[0] + p.delay[1],
		Loss: p.loss[1-who], LossOut: p.loss[who], Goodbye: s.goodbye}
	if p.num < len(e.cfg.Paths) {
		st.Label, st.Remote = e.cfg.Paths[p.num].Label, e.cfg.Paths[p.num].Remote
	}
	if s.weHear {
		st.LastHeard = time.Now()
	}
	if o := w.ends[1-who]; o != nil {
		st.PeerTickAge, st.PeerCommitAge = o.tick+time.Since(o.agesAt), o.commit+time.Since(o.agesAt)
	}
	return st
}

// packet carries one lane packet of e over p.
func (w *World) packet(p *cable, e *End, arrive func(to *End)) {
	to := w.ends[1-e.who]
	if p.session[e.who] != e || to == nil || !w.open(p, e.who) || w.rand.Float64() < p.loss[e.who] {
		return
	}
	w.after(p.delay[e.who], func() {
		if w.ends[1-e.who] == to && !to.dead && !to.frozen && !p.cut[e.who] {
			arrive(to)
		}
	})
}
