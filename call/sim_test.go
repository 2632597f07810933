// SPDX-License-Identifier: Apache-2.0

package call

import (
	"cmp"
	"container/heap"
	"fmt"
	"math/rand"
	"slices"
	"sort"
	"strings"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// world is two machines on a simulated channel that loses, delays, reorders and repeats.
type world struct {
	now    time.Duration
	queue  jobs
	n      int
	ends   [2]*end
	rnd    *rand.Rand
	lose   float64
	dup    float64
	delay  time.Duration
	jit    time.Duration
	cut    bool
	drop   map[string]bool // "aurelia ring": these never arrive
	log    []string
	unseen []string
}

type job struct {
	at time.Duration
	n  int
	do func()
}

type jobs []job

func (q jobs) Len() int           { return len(q) }
func (q jobs) Less(i, j int) bool { return q[i].at < q[j].at || q[i].at == q[j].at && q[i].n < q[j].n }
func (q jobs) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *jobs) Push(x any)        { *q = append(*q, x.(job)) }
func (q *jobs) Pop() any {
	j := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return j
}

type end struct {
	w      *world
	i      int
	name   string
	m      *Machine
	life   int
	frozen bool
	repeat map[string]int
	desks  [3][]string // armed, busy, deputies
	media  map[uint16]bool
	opened map[uint16]bool
	heard  time.Duration
	silent bool
	frames int // that it counts as heard
	closed map[string][]Closed
	begun  map[string]string
	all    []record.Draft
}

var epoch = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func newWorld(seed int64) *world {
	w := &world{rnd: rand.New(rand.NewSource(seed)), delay: 50 * time.Millisecond, drop: map[string]bool{}}
	for i, name := range []string{"aurelia", "borealia"} {
		w.ends[i] = &end{w: w, i: i, name: name, closed: map[string][]Closed{}, begun: map[string]string{}, opened: map[uint16]bool{}}
		w.ends[i].start()
	}
	return w
}

func (e *end) start() {
	e.life++
	e.frames = 1
	e.repeat, e.media = map[string]int{}, map[uint16]bool{}
	names := []string{"aurelia", "borealia"}
	e.m = &Machine{Us: names[e.i], Them: names[1-e.i], IsPartyA: e.i == 0, Rand: e.w.rnd,
		Meters: func() Counts { return Counts{Sent: 1, Received: e.frames} }, Down: e.w.time()}
}

func (w *world) time() time.Time { return epoch.Add(w.now) }

func (w *world) at(d time.Duration, do func()) {
	w.n++
	heap.Push(&w.queue, job{d, w.n, do})
}

// run plays until end; both machines tick every 100 ms.
func (w *world) run(until time.Duration) {
	for t := w.now; t < until; t += 100 * time.Millisecond {
		w.at(t, func() {
			for _, e := range w.ends {
				e.sound()
				e.step((*Machine).Tick)
			}
		})
	}
	for len(w.queue) > 0 {
		j := w.queue[0]
		if j.at > until {
			break
		}
		heap.Pop(&w.queue)
		w.now = j.at
		j.do()
	}
	w.now = until
}

func (e *end) other() *end { return e.w.ends[1-e.i] }

// sound models the frames: heard while both ends have the number open.
func (e *end) sound() {
	if e.frozen {
		return
	}
	for v := range e.media {
		if e.other().media[v] && !e.w.cut && !e.other().frozen {
			e.heard = e.w.now
			if e.silent {
				e.silent = false
			}
			e.step(hears(v, true))
		} else if !e.silent && e.w.now-e.heard >= 5*time.Second {
			e.silent = true
			e.step(hears(v, false))
		}
	}
}

func (e *end) say(f string, a ...any) {
	e.w.log = append(e.w.log, fmt.Sprintf("%7.2f %-8s %s", e.w.now.Seconds(), e.name, fmt.Sprintf(f, a...)))
}

// tellDesks says which desks of this end are armed.
func (e *end) tellDesks(desks [3][]string) {
	e.step(func(m *Machine, now time.Time) Out { return m.Desks(desks[0], desks[1], desks[2], now) })
}

func (e *end) step(ev does) {
	if e.frozen {
		return
	}
	was := e.m.Live()
	out := ev(e.m, e.w.time())
	for _, id := range out.Quiet {
		delete(e.repeat, id)
	}
	for _, fx := range out.Send {
		e.send(fx)
	}
	is := e.m.Live()
	bell := func(l Live) string {
		if l.State != RingingHere {
			return "off"
		}
		return cmp.Or(strings.Join(l.bell, " "), "off")
	}
	if bell(was) != bell(is) {
		e.say("bell %s", bell(is))
	}
	if (was.State == RingingThere) != (is.State == RingingThere) {
		e.say("ringback %v", is.State == RingingThere)
	}
	if w, is := roster(was), roster(is); w != is {
		e.say("in the call: %s", cmp.Or(is, "nobody"))
	}
	if was.State == Connected && is.State == Connected && was.Codec != is.Codec {
		e.say("sound is %s", is.Codec)
	}
	e.unseen(is)
	if out.Close {
		clear(e.media)
		e.say("sound closed")
	}
	if out.Open {
		e.media[is.ID.Voice()], e.opened[is.ID.Voice()], e.heard, e.silent = true, true, e.w.now, false
		e.say("sound open %s at %s", is.Codec, is.By.Desk)
	}
	for _, d := range out.Drafts {
		e.draft(d)
	}
	if out.Err != nil {
		e.say("cannot: %v", out.Err)
	}
}

// roster says who is in the call, ours before theirs: the source, the desk, and + where he speaks.
func roster(l Live) string {
	if l.State != Connected {
		return ""
	}
	var out []string
	for _, s := range l.Side {
		for _, p := range s.People {
			out = append(out, fmt.Sprint(p.Source, p.Desk, map[bool]string{true: "+"}[p.Speaks]))
		}
		if !s.Held.IsZero() {
			out = append(out, fmt.Sprint("held by ", s.Holds))
		}
		if s.Waiting != "" {
			out = append(out, "waiting for "+s.Waiting)
		}
		out = append(out, "/")
	}
	return strings.Join(out[:len(out)-1], " ")
}

// unseen notes where somebody here, beside who has the call, speaks or hears whom the other end does not show so.
func (e *end) unseen(l Live) {
	o := e.other().m.Live()
	if l.State != Connected || o.State != Connected || l.ID != o.ID {
		return
	}
	for _, p := range l.Side[0].People {
		if p.Source != 0 && !slices.ContainsFunc(o.Side[1].People, func(q Person) bool { return q.Desk == p.Desk && (q.Speaks || !p.Speaks) }) {
			e.w.unseen = append(e.w.unseen, fmt.Sprintf("%v %s: %+v", e.w.now, e.name, p))
		}
	}
}

// agree says where the two ends of one call differ on who is in it, or on a hold.
func (w *world) agree() string {
	a, b := w.ends[0].m.Live(), w.ends[1].m.Live()
	if a.State != Connected || b.State != Connected || a.ID != b.ID {
		return ""
	}
	a.Side[0], a.Side[1] = a.Side[1], a.Side[0]
	if x, y := roster(a), roster(b); x != y {
		return x + " is not " + y
	}
	return ""
}

func (e *end) send(fx Signal) {
	b, err := fx.Encode()
	if err != nil {
		panic(fmt.Sprintf("%v: %+v", err, fx))
	}
	e.say("sends %s", words(fx))
	if fx.Repeat == "" {
		e.transmit(b)
		return
	}
	e.w.n++
	token := e.w.n
	e.repeat[fx.Repeat] = token
	e.again(fx.Repeat, token, e.life, 0, b)
}

// Open reports whether anything runs here: a call, or a last signal that is not answered yet.
func (m *Machine) Open() bool { return m.cur != nil || len(m.closing) > 0 }

func (e *end) draft(fx record.Draft) {
	e.all = append(e.all, fx)
	switch f := fx.Facts.(type) {
	case Word:
		if fx.Kind != KindSilent {
			e.begun[f.Call] = f.Opener
		}
		e.say("states %s", strings.TrimSpace(fx.Kind+" "+map[string]string{KindPlaced: fx.Class}[fx.Kind]))
	case Closed:
		e.closed[f.Call] = append(e.closed[f.Call], f)
		e.say("states call.closed %s", outcomeWords(f))
	}
}

// again sends now, and after 50, 100, 200, 400, 800 ms and then every second, until the repetition is ended.
func (e *end) again(id string, token, life, n int, b []byte) {
	if e.life != life || e.repeat[id] != token {
		return
	}
	if !e.frozen {
		e.transmit(b)
	}
	e.w.at(e.w.now+time.Duration(min(50<<min(n, 10), 1000))*time.Millisecond, func() { e.again(id, token, life, n+1, b) })
}

// transmit puts one packet on the channel.
func (e *end) transmit(b []byte) {
	w := e.w
	s, err := Decode(b)
	if err != nil {
		panic(err)
	}
	copies := 1
	if w.rnd.Float64() < w.dup {
		copies = 2
	}
	for range copies {
		if w.cut || w.rnd.Float64() < w.lose || w.drop[e.name+" "+s.Kind.String()] {
			continue
		}
		d := w.delay
		if w.jit > 0 {
			d += time.Duration(w.rnd.Int63n(int64(w.jit)))
		}
		to, life := e.other(), e.other().life
		w.at(w.now+d, func() {
			if to.life == life {
				to.step(got(s))
			}
		})
	}
}

func words(s Signal) string {
	p := []string{s.Kind.String()}
	if s.Kind == SigAck {
		p = append(p, "of", s.Of.String())
	}
	for _, v := range []string{s.What, s.Cause, s.Desk, strings.Join(s.Desks, "+")} {
		if v != "" {
			p = append(p, v)
		}
	}
	if s.Became != (ID{}) {
		p = append(p, "became another")
	}
	return strings.Join(p, " ")
}

func outcomeWords(c Closed) string {
	p := []string{c.What}
	if c.Cause != "" {
		p = append(p, c.Cause)
	}
	if c.Desk != "" {
		p = append(p, "desk="+c.Desk)
	}
	if c.Reason != "" {
		p = append(p, fmt.Sprintf("%q", c.Reason))
	}
	if c.Seconds > 0 {
		p = append(p, fmt.Sprintf("after=%ds", c.Seconds))
	}
	if len(c.Desks) > 0 {
		p = append(p, "rang="+strings.Join(c.Desks, "+"))
	}
	if c.Became != "" {
		p = append(p, "became")
	}
	if c.EndedBy != "" {
		p = append(p, "by="+c.EndedBy)
	}
	return strings.Join(p, " ")
}

// judge gives, for every call, how the two ends' words stand to each other.
func (w *world) judge() []string {
	var ids []string
	for _, e := range w.ends {
		for id := range e.begun {
			ids = append(ids, id)
		}
		for id := range e.closed {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var out []string
	for _, id := range slices.Compact(ids) {
		out = append(out, w.judgeOne(id))
	}
	sort.Strings(out)
	return out
}

func (w *world) judgeOne(id string) string {
	word := func(e *end) string {
		var ps []string
		for _, c := range e.closed[id] {
			ps = append(ps, strings.TrimSpace(c.What+" "+c.Cause))
		}
		if ps == nil {
			ps = []string{"nothing"}
		}
		return e.name + ": " + strings.Join(ps, " AND ")
	}
	a, b := w.ends[0].closed[id], w.ends[1].closed[id]
	how := "one end only"
	if len(a) > 0 && len(b) > 0 {
		caller, called := a[0], b[0]
		if caller.Opener == "borealia" {
			caller, called = called, caller
		}
		how = Compare(caller, called)
	}
	return fmt.Sprintf("%s · %s · %s", word(w.ends[0]), word(w.ends[1]), how)
}

// does is one event of a machine.
type does func(m *Machine, now time.Time) Out

func ring(by statement.Author, class, mark, priority string) does {
	return func(m *Machine, now time.Time) Out { return m.Ring(by, class, mark, priority, "", now) }
}

func answer(by statement.Author, only string) does {
	return func(m *Machine, now time.Time) Out { return m.Answer(by, only, now) }
}

func decline(by statement.Author, reason string, standBy time.Time) does {
	return func(m *Machine, now time.Time) Out { return m.Decline(by, reason, standBy, now) }
}

func hangUp(by statement.Author, class string) does {
	return func(m *Machine, now time.Time) Out { return m.HangUp(by, class, now) }
}

func got(s Signal) does { return func(m *Machine, now time.Time) Out { return m.Got(s, now) } }

func armed(desks ...string) does {
	return func(m *Machine, now time.Time) Out { return m.Desks(desks, nil, nil, now) }
}

func hears(voice uint16, heard bool) does {
	return func(m *Machine, now time.Time) Out { return m.Hears(voice, heard, now) }
}

func line(up bool) does { return func(m *Machine, now time.Time) Out { return m.Line(up, now) } }

func peerRun(run string) does {
	return func(m *Machine, now time.Time) Out { return m.PeerRun(run, now) }
}

// machine is one of a line whose paths are down.
func machine(us, them string, first bool) *Machine {
	return &Machine{Us: us, Them: them, IsPartyA: first, Rand: rand.New(rand.NewSource(1)), Meters: func() Counts { return Counts{Sent: 1, Received: 1} }, Down: epoch}
}
