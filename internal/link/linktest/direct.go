// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"slices"
	"sync"
	"time"

	"example.org/parley/internal/link"
	"example.org/parley/wire"
)

// Direct stands in for the sessions between two nodes that are played on a time of their own: what an end says the other has
// at once, in order, once; nothing is lost but where an end is full or not open. It has no goroutine and waits for nobody.
type Direct struct {
	Paths []string // labels
	Now   func() time.Time

	mu      sync.Mutex
	ends    [2]*DirectEnd // nil: not open
	streams uint64
	moved   uint64
}

// maxUnread is how much an end takes that its node has not read.
const maxUnread = 8192

// DirectEnd is one node's end of a Direct: a node.Link.
type DirectEnd struct {
	p      *Direct
	who    int
	c      link.Config
	since  time.Time
	events chan link.Event
	repeat map[string][]link.Event // until done, for an end that opens later; under Direct.mu
}

// Open opens the end of a node; with the second the sessions come up.
func (p *Direct) Open(who int, c link.Config) *DirectEnd {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := &DirectEnd{p: p, who: who, c: c, since: p.Now(), events: make(chan link.Event, maxUnread), repeat: map[string][]link.Event{}}
	p.ends[who] = e
	other := p.ends[1-who]
	if other == nil {
		return e
	}
	p.streams++
	for _, x := range p.ends {
		for n := range p.Paths {
			p.give(x, p.ends[1-x.who].greeted(link.SessionUp, n))
			p.give(x, link.Event{Kind: link.PathChange, Path: n, WeHear: true, TheyHear: true})
		}
		p.give(x, link.Event{Kind: link.StreamUp, ID: p.streams})
	}
	for _, id := range sorted(other.repeat) {
		for _, ev := range other.repeat[id] {
			p.give(e, ev)
		}
	}
	return e
}

func sorted(m map[string][]link.Event) (ids []string) {
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Moved counts what was said: what has not changed while both nodes were at rest stays at rest.
func (p *Direct) Moved() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.moved
}

// give hands an event to an end, under mu; false where it is full or not open.
func (p *Direct) give(to *DirectEnd, ev link.Event) bool {
	if to == nil {
		return false
	}
	select {
	case to.events <- ev:
		p.moved++
		return true
	default:
		return false
	}
}

func (e *DirectEnd) greeted(kind string, path int) link.Event {
	return link.Event{Kind: kind, Path: path, Run: e.c.Run, Greeting: e.c.Greeting()}
}

// say gives the other end something.
func (e *DirectEnd) say(ev link.Event) bool {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	return e.p.ends[e.who] == e && e.p.give(e.p.ends[1-e.who], ev)
}

// Events is of node.Link, as all that follows.
func (e *DirectEnd) Events() <-chan link.Event { return e.events }

func lane(path int, kind byte, b []byte) link.Event {
	return link.Event{Kind: link.Lane, Path: path, Lane: kind, Payload: slices.Clone(b)}
}

// Signal says it by the first path: of several copies the first counts.
func (e *DirectEnd) Signal(kind byte, b []byte) { e.say(lane(0, kind, b)) }

// SignalOn says it by one path.
func (e *DirectEnd) SignalOn(path int, kind byte, b []byte) { e.say(lane(path, kind, b)) }

// Repeat says it once, and again to an end that opens later.
func (e *DirectEnd) Repeat(id string, kind byte, pieces [][]byte) {
	var evs []link.Event
	for _, b := range pieces {
		evs = append(evs, lane(0, kind, b))
		e.say(evs[len(evs)-1])
	}
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	e.repeat[id] = evs
}

// Done ends a Repeat.
func (e *DirectEnd) Done(id string) {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	delete(e.repeat, id)
}

// SendStream does the other node's costly work at once.
func (e *DirectEnd) SendStream(b []byte) bool {
	e.p.mu.Lock()
	to, id := e.p.ends[1-e.who], e.p.streams
	e.p.mu.Unlock()
	return to != nil && e.say(link.Event{Kind: link.Stream, ID: id, Then: to.c.Prepare(b)})
}

// SendFrame gives the other end a frame of voice.
func (e *DirectEnd) SendFrame(call uint16, source byte, seq uint32, frame []byte) {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	if to := e.p.ends[1-e.who]; to != nil {
		to.c.OnFrame(call, source, seq, frame)
	}
}

// SetAges tells nobody: the other end sees a node that answers.
func (e *DirectEnd) SetAges(_, _ time.Duration) {}

// Paths says that all are heard both ways while both ends are open.
func (e *DirectEnd) Paths() (ps []wire.PathState) {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	up := e.p.ends[1-e.who] != nil
	for _, l := range e.p.Paths {
		ps = append(ps, wire.PathState{Label: l, WeHear: up, TheyHear: up, Session: up, Connected: up, Since: e.since, LastHeard: e.p.Now()})
	}
	return ps
}

// Heard gives the other end's run; both have one clock.
func (e *DirectEnd) Heard() (run string, clock time.Time, ok bool) {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	if to := e.p.ends[1-e.who]; to != nil {
		return to.c.Run, e.p.Now(), true
	}
	return "", time.Time{}, false
}

// Regreet greets under another run.
func (e *DirectEnd) Regreet(run string) {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	e.c.Run = run
	for n := range e.p.Paths {
		e.p.give(e.p.ends[1-e.who], e.greeted(link.Greeted, n))
	}
}

// Close says goodbye.
func (e *DirectEnd) Close(reason string) error {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	if e.p.ends[e.who] != e {
		return nil
	}
	e.p.ends[e.who] = nil
	to := e.p.ends[1-e.who]
	p := e.p
	p.give(to, link.Event{Kind: link.StreamDown, ID: p.streams})
	for n := range p.Paths {
		p.give(to, link.Event{Kind: link.SessionDown, Path: n, Reason: reason, Bye: true})
		p.give(to, link.Event{Kind: link.PathChange, Path: n})
	}
	return nil
}
