// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"time"

	"example.org/parley/internal/link"
)

// End is one end of a World; it has the methods of link.Link. Fields are under World.mu unless noted.
type End struct {
	w       *World
	cfg     link.Config
	who     int // 0: A
	run     string
	peerRun string
	dead    bool
	frozen  bool
	repeats []*repeat
	agesAt  time.Time
	tick    time.Duration
	commit  time.Duration

	frameMu sync.Mutex // one OnFrame at a time

	evMu sync.Mutex // list
	list []link.Event
	kick chan struct{}
	stop chan struct{}
	out  chan link.Event
}

func (e *End) put(ev link.Event) {
	if e.dead {
		return
	}
	e.evMu.Lock()
	e.list = append(e.list, ev)
	e.evMu.Unlock()
	select {
	case e.kick <- struct{}{}:
	default:
	}
}

func (e *End) pump() {
	defer close(e.out)
	for {
		e.evMu.Lock()
		list := e.list
		e.list = nil
		e.evMu.Unlock()
		for _, ev := range list {
			select {
			case e.out <- ev:
			case <-e.stop:
				return
			}
		}
		if len(list) > 0 {
			continue
		}
		select {
		case <-e.kick:
		case <-e.stop:
			return
		}
	}
}

func (e *End) greet() []byte {
	if e.cfg.Greeting == nil {
		return nil
	}
	return e.cfg.Greeting()
}

func exporter(a, b string, path int) link.Exporter {
	return func(label string, context []byte, n int) ([]byte, error) {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %s %x", a, b, path, label, context))
		return bytes.Repeat(sum[:], n/len(sum)+1)[:n], nil
	}
}

// die ends e without a word; under mu.
func (e *End) die() {
	if e.dead {
		return
	}
	e.dead = true
	for _, r := range e.repeats {
		r.ended = true
	}
	e.repeats = nil
	close(e.stop)
	if e.w.ends[e.who] == e {
		e.w.ends[e.who] = nil
	}
}

// Kill ends e without goodbye, as kill -9 does. World.Open brings it back under a new run.
func (e *End) Kill() {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.die()
	e.w.changed()
}

// Freeze stops e as SIGSTOP does: nothing leaves it, nothing reaches it, until Thaw.
func (e *End) Freeze(yes bool) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.frozen = yes
	e.w.changed()
}

// Close says goodbye and ends e.
func (e *End) Close(reason string) error {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	if e.dead {
		return nil
	}
	for _, p := range e.w.paths {
		run := e.run
		e.w.packet(p, e, func(to *End) {
			s := &p.side[to.who]
			s.goodbye, s.weHear, s.theyHear, s.since = reason, false, false, time.Now()
			p.session[to.who] = nil
			to.put(link.SessionDown{Path: p.num, Run: run, Reason: reason, Bye: true})
			e.w.pathChange(p, to.who)
			e.w.changed()
		})
	}
	e.die()
	e.w.changed()
	return nil
}

// Events is as link.Link's.
func (e *End) Events() <-chan link.Event { return e.out }

// SetAges is as link.Link's.
func (e *End) SetAges(tick, commit time.Duration) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.tick, e.commit, e.agesAt = tick, commit, time.Now()
}

// Heard is as link.Link's; the clock is the World's own while any path is heard.
func (e *End) Heard() (run string, clock time.Time, ok bool) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	for _, p := range e.w.paths {
		s := p.side[e.who]
		if s.weHear {
			return e.peerRun, time.Now().UTC().Truncate(time.Second), true
		}
		if s.lastHeard.After(clock) {
			clock = s.lastHeard.UTC().Truncate(time.Second)
		}
	}
	return e.peerRun, clock, !clock.IsZero()
}

// Paths is as link.Link's.
func (e *End) Paths() []link.PathState {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	if e.w.ends[e.who] != e {
		return nil
	}
	var states []link.PathState
	for _, p := range e.w.paths {
		states = append(states, e.w.state(p, e.who))
	}
	return states
}

// Regreet is as link.Link's.
func (e *End) Regreet(run string) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.run = run
	g := e.greet()
	for _, p := range e.w.paths {
		e.w.packet(p, e, func(to *End) {
			to.peerRun = run
			to.put(link.Greeted{Path: p.num, Run: run, Greeting: g})
		})
	}
}

// live are the paths to send on.
func (e *End) live() (live []*cable) {
	for _, p := range e.w.paths {
		if s := p.side[e.who]; p.session[e.who] == e && (s.weHear || s.theyHear) {
			live = append(live, p)
		}
	}
	if live == nil {
		return e.w.paths
	}
	return live
}

// Signal is as link.Link's.
func (e *End) Signal(kind byte, b []byte) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	for _, p := range e.live() {
		e.lane(p, kind, b)
	}
}

// SignalOn is as link.Link's.
func (e *End) SignalOn(path int, kind byte, b []byte) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	if p := e.w.paths[path]; p.session[e.who] == e {
		e.lane(p, kind, b)
	}
}

func (e *End) lane(p *cable, kind byte, b []byte) {
	b = bytes.Clone(b)
	e.w.packet(p, e, func(to *End) { to.put(link.Lane{Path: p.num, Kind: kind, Payload: b}) })
}

// SendFrame is as link.Link's, without redundancy.
func (e *End) SendFrame(call uint16, seq uint32, frame []byte) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	frame = bytes.Clone(frame)
	for _, p := range e.live() {
		e.w.packet(p, e, func(to *End) {
			if to.cfg.OnFrame != nil {
				go to.frame(link.Frame{Call: call, Seq: seq, Path: p.num, Data: frame})
			}
		})
	}
}

func (e *End) frame(f link.Frame) {
	e.frameMu.Lock()
	defer e.frameMu.Unlock()
	e.cfg.OnFrame(f)
}

// repeat is an item said again until Done; a path where nobody hears anybody has no timer.
type repeat struct {
	e      *End
	id     string
	kind   byte
	pieces [][]byte
	ended  bool
	chain  map[*cable]int // which chain of timers is the living one
}

// Repeat is as link.Link's.
func (e *End) Repeat(id string, kind byte, pieces [][]byte) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.done(id)
	r := &repeat{e: e, id: id, kind: kind, chain: map[*cable]int{}}
	for _, b := range pieces {
		r.pieces = append(r.pieces, bytes.Clone(b))
	}
	e.repeats = append(e.repeats, r)
	for _, p := range e.w.paths {
		r.round(p)
	}
}

// round starts to repeat on p from the first wait.
func (r *repeat) round(p *cable) {
	r.chain[p]++
	r.say(p, r.chain[p], 50*time.Millisecond)
}

func (r *repeat) say(p *cable, chain int, wait time.Duration) {
	s := p.side[r.e.who]
	if r.ended || r.chain[p] != chain || !s.weHear && !s.theyHear {
		return
	}
	for _, b := range r.pieces {
		r.e.lane(p, r.kind, b)
	}
	r.e.w.after(wait, func() { r.say(p, chain, min(2*wait, time.Second)) })
}

// Done is as link.Link's.
func (e *End) Done(id string) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.done(id)
}

func (e *End) done(id string) {
	e.repeats = slices.DeleteFunc(e.repeats, func(r *repeat) bool {
		if r.id == id {
			r.ended = true
		}
		return r.id == id
	})
}
