// SPDX-License-Identifier: Apache-2.0

package call

import (
	"cmp"
	"io"
	"slices"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Bounds are the times that a machine keeps. Both ends may differ in them: no outcome rests on their being equal.
type Bounds struct {
	Reply       time.Duration // a ring without any reply: failed
	Deputy      time.Duration // the deputy desks ring too
	NoAnswer    time.Duration // the caller gives up
	Called      time.Duration // the called end gives up, should the caller have vanished
	LineRinging time.Duration // no path lives while it rings: failed
	LineTalking time.Duration // no path lives in a call: failed
	Still       time.Duration // a question whether the peer still holds the call: unanswered, it failed
	ComeBack    time.Duration // it rings here and no desk is armed any more: nobody armed
	Close       time.Duration // the last signal of a call is repeated at most so long
	Rings       int           // rings of the peer a minute that are stated and rung; more are answered: policy
}

// DefaultBounds are the rulings' numbers.
func DefaultBounds() Bounds {
	s := time.Second
	return Bounds{Reply: 10 * s, Deputy: 20 * s, NoAnswer: 60 * s, Called: 75 * s, LineRinging: 5 * s,
		LineTalking: 15 * s, ComeBack: 5 * s / 2, Still: 15 * s, Close: 10 * s, Rings: 20}
}

// Config is what a machine is told once.
type Config struct {
	Us, Them string // the parties' names
	First    bool   // we are party A: our ring stays where two cross
	Bounds   Bounds // zero: DefaultBounds
	Rand     io.Reader
	Meters   func(voice uint16) Meters // read once, when a call's sound is closed; nil: none
}

// How a call stands at this end.
const (
	Idle         = "idle"
	Calling      = "calling"       // we ring; no word from there yet
	RingingThere = "ringing-there" // we ring, and it rings there
	RingingHere  = "ringing-here"
	Connected    = "connected"
	closing      = "closing" // over for our person; the peer has not yet said how it stands there
)

// leg is one call at this end.
type leg struct {
	id          ID
	out         bool // we are the caller
	phase       string
	class, mark string
	priority    string
	by          statement.Author // our person
	codec       string
	there       string // their desk, as they said
	thereBy     string // their officer, as they said
	rang        []string
	bell        []string // desks that ring now
	deputies    bool
	began       time.Time
	rings       time.Time // first ringing
	answered    time.Time
	sure        bool // called end: the caller has our answer
	silent      time.Time
	asked       time.Time // a still of ours is unanswered since
	checked     time.Time // it was last answered
	soft        bool      // closing for want of an answer: an answer still connects
	unsure      bool      // closing, hung up before the caller had our answer
	outcome     Outcome
	endedBy     string
	until       time.Time // closing: our last signal is repeated until then
	stated      bool
	open        map[SignalKind]bool // repetitions running
	meters      *Meters
}

// grave is what is kept of a call that is over, so that what comes late is answered as it was.
type grave struct {
	id    ID
	out   Outcome
	reply *Signal // what a ring that comes again gets
}

// Machine is one end of the calls of one line: one call at a time. It is owned by the line's loop.
//
// SPEC: CAL-003
type Machine struct {
	cfg     Config
	seq     uint32
	cur     *leg
	closing []*leg
	graves  []grave
	desks   Desks
	down    time.Time // no path since; zero: some path lives
	bare    time.Time // no desk of ours is armed since; zero: one is
	run     string
	newest  uint32 // of the peer's signals that show which call is its current one, the newest
	newestC ID     // and that call
	rung    []time.Time
	last    *Ended
	voice   uint16 // of the newest call: the next one's differs
	ticked  time.Time
	now     time.Time
	out     Out
}

// New makes a machine of a line whose paths are down until Line says otherwise.
func New(cfg Config, now time.Time) *Machine {
	if cfg.Bounds == (Bounds{}) {
		cfg.Bounds = DefaultBounds()
	}
	return &Machine{cfg: cfg, down: now}
}

// Live is how the call stands at this end, for views.
type Live struct {
	State          string // idle calling ringing-there ringing-here connected
	ID             ID
	Out            bool // we rang
	Class, Mark    string
	Priority       string
	By             statement.Author // our person
	There, ThereBy string           // their desk and officer, as they said
	Rang           []string
	Bell           []string // our desks that ring now
	Began          time.Time
	Answered       time.Time
	Silent         time.Time // nothing is heard of them since; zero: heard, or not expected
	Asked          time.Time // unanswered question since: do you still hold this call?
	Voice          uint16
	Codec          string
	LineDown       time.Time
	Last           *Ended // the call that ended last
}

// Ended is a call that is over, as this end saw it.
type Ended struct {
	ID      ID
	Out     bool
	Outcome Outcome
	EndedBy string
	At      time.Time
	Began   time.Time
	Class   string
	Again   bool // ring again is offered
}

// Live gives how the call stands.
func (m *Machine) Live() Live {
	v := Live{State: Idle, LineDown: m.down, Last: m.last}
	if l := m.cur; l != nil {
		v.State, v.ID, v.Out, v.Class, v.Mark, v.Priority = l.phase, l.id, l.out, l.class, l.mark, l.priority
		v.By, v.There, v.ThereBy, v.Rang = l.by, l.there, l.thereBy, slices.Clone(l.rang)
		if l.phase == RingingHere {
			v.Bell = slices.Clone(l.bell)
		}
		v.Began, v.Answered, v.Silent, v.Asked, v.Voice, v.Codec = l.began, l.answered, l.silent, l.asked, l.id.Voice(), l.codec
	}
	return v
}

// Open reports whether anything runs here: a call, or a last signal that is not answered yet.
func (m *Machine) Open() bool { return m.cur != nil || len(m.closing) > 0 }

// Step takes one event and says what is to be done. It never fails: what does not fit is dropped, or answered to the
// person by Err.
func (m *Machine) Step(ev Event, now time.Time) Out {
	m.now, m.out = now.UTC(), Out{}
	switch e := ev.(type) {
	case Ring:
		m.ring(e)
	case Answer:
		m.answer(e)
	case Decline:
		m.decline(e)
	case HangUp:
		m.hangUp(e)
	case Got:
		m.got(e.Signal)
	case Desks:
		m.setDesks(e)
	case Line:
		m.line(e.Up)
	case PeerRun:
		m.peerRun(e.Run)
	case Heard:
		if l := m.cur; l != nil && l.phase == Connected && l.id.Voice() == e.Voice {
			l.silent, l.sure = time.Time{}, true
			m.changed()
		}
	case Silent:
		if l := m.cur; l != nil && l.phase == Connected && l.id.Voice() == e.Voice && l.silent.IsZero() {
			l.silent = m.now
			m.still(l)
			m.changed()
		}
	case Broken:
		if l := m.cur; l != nil && l.phase != RingingHere {
			m.fail(l, e.Cause, m.cfg.Us)
		}
	case Goodbye:
		m.goodbye()
	case Stop:
		m.stop()
	case Tick:
		m.tick()
	}
	return m.out
}

func (m *Machine) changed()         { m.out.Changed = true }
func (m *Machine) cannot(err error) { m.out.Err = err }

// send gives s its sequence number and sends it; repeated kinds until it is answered.
func (m *Machine) send(l *leg, s Signal) {
	m.seq++
	s.Seq = m.seq
	if l != nil {
		s.ID = l.id
	}
	row, _ := s.Kind.row()
	fx := Send{Signal: s}
	if row.Repeated && l != nil {
		fx.Repeat = repeatID(s.Kind, s.ID)
		if l.open == nil {
			l.open = map[SignalKind]bool{}
		}
		l.open[s.Kind] = true
	}
	m.out.Send = append(m.out.Send, fx)
}

func repeatID(k SignalKind, id ID) string { return "call/" + k.String() + "/" + id.String() }

// quiet ends repetitions of l: those named, or all.
//
// SPEC: CAL-009
func (m *Machine) quiet(l *leg, kinds ...SignalKind) {
	if len(kinds) == 0 {
		for _, r := range Signals {
			kinds = append(kinds, r.Kind)
		}
	}
	for _, k := range kinds {
		if l.open[k] {
			delete(l.open, k)
			m.out.Quiet = append(m.out.Quiet, repeatID(k, l.id))
		}
	}
}

func (m *Machine) ack(id ID, of SignalKind, what, cause string) {
	if what == NoSound { // a matter of the record: to the signals it was answered
		what = Answered
	}
	m.send(nil, Signal{Kind: SigAck, ID: id, Of: of, What: what, Cause: cause})
}

// ring is the person's act.
func (m *Machine) ring(e Ring) {
	if m.cur != nil && m.cur.phase == RingingHere {
		m.answer(Answer{By: e.By, Codec: e.Codec}) // both want to talk
		return
	}
	e.Class, e.Mark = cmp.Or(e.Class, "substantive"), cmp.Or(e.Mark, "actual")
	l := &leg{out: true, phase: Calling, class: e.Class, mark: e.Mark, priority: e.Priority, by: e.By,
		codec: cmp.Or(e.Codec, "opus"), began: m.now}
	for l.id.Voice() == m.voice || l.id == (ID{}) {
		id, err := NewID(m.cfg.Rand)
		if err != nil {
			m.cannot(ErrRandom)
			return
		}
		l.id = id
	}
	s := ringSignal(l)
	if _, err := s.Encode(); err != nil {
		m.cannot(ErrAct)
		return
	}
	m.state(KindPlaced, l, Placed{Opener: m.cfg.Us, Call: l.id.String(), By: l.by, Priority: l.priority, At: whole(m.now)})
	switch {
	case m.cur != nil:
		m.finish(l, Outcome{What: BusyWithUs}, "")
	case !m.down.IsZero():
		m.finish(l, Outcome{What: Failed, Cause: CausePath}, "")
	default:
		m.cur, m.voice = l, l.id.Voice()
		m.send(l, s)
	}
	m.changed()
}

func ringSignal(l *leg) Signal {
	return Signal{Kind: SigRing, ID: l.id, Desk: l.by.Desk, Officer: l.by.Officer, Class: l.class, Mark: l.mark, Priority: l.priority}
}

// answer is the person's act, or ours where two rings crossed.
func (m *Machine) answer(e Answer) {
	l := m.cur
	if l == nil || l.phase != RingingHere {
		m.cannot(ErrNotRinging)
		return
	}
	s := Signal{Kind: SigAnswer, ID: l.id, Desk: e.By.Desk, Officer: e.By.Officer, Codec: cmp.Or(e.Codec, "opus")}
	if _, err := s.Encode(); err != nil {
		m.cannot(ErrAct)
		return
	}
	l.by, l.codec = e.By, s.Codec
	m.send(l, s)
	m.connect(l)
}

// connect opens the sound.
func (m *Machine) connect(l *leg) {
	l.phase, l.answered = Connected, m.now
	l.outcome.Desk = l.there
	if !l.out {
		l.outcome.Desk = l.by.Desk
	}
	m.out.Open = true
	m.changed()
}

func (m *Machine) decline(e Decline) {
	l := m.cur
	if l == nil || l.phase != RingingHere {
		m.cannot(ErrNotRinging)
		return
	}
	s := Signal{Kind: SigDecline, ID: l.id, Desk: e.By.Desk, Officer: e.By.Officer, Reason: e.Reason, StandBy: whole(e.StandBy)}
	if _, err := s.Encode(); err != nil {
		m.cannot(ErrAct)
		return
	}
	l.by = e.By
	m.send(l, s)
	m.finish(l, Outcome{What: Declined, Desk: e.By.Desk, Reason: e.Reason, StandBy: s.StandBy, Seconds: m.seconds(l), Desks: l.rang}, m.cfg.Us)
}

func (m *Machine) hangUp(e HangUp) {
	l := m.cur
	if l == nil || l.phase == RingingHere || e.Class != "" && !slices.Contains(statement.Classes, e.Class) {
		m.cannot(ErrNoCall)
		return
	}
	l.class = cmp.Or(e.Class, l.class)
	if l.phase != Connected {
		m.cancel(l, Outcome{What: Cancelled, Seconds: m.seconds(l), Desks: l.rang}, m.cfg.Us, "")
		return
	}
	l.by = e.By
	m.end(l, Outcome{What: Answered}, m.cfg.Us, "")
}

// state drafts a statement about l.
func (m *Machine) state(kind string, l *leg, facts any) {
	m.out.Drafts = append(m.out.Drafts, record.Draft{Kind: kind, Class: l.class, Mark: l.mark, Facts: facts})
}

// seconds is how long l rang.
func (m *Machine) seconds(l *leg) int {
	if l.rings.IsZero() {
		return 0
	}
	until := m.now
	if !l.answered.IsZero() {
		until = l.answered
	}
	return int(until.Sub(l.rings) / time.Second)
}

func (m *Machine) opener(l *leg) string {
	if l.out {
		return m.cfg.Us
	}
	return m.cfg.Them
}

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
