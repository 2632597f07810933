// SPDX-License-Identifier: Apache-2.0

package check

import (
	"io"
	"slices"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

const (
	waitOpen    = 20 * time.Second // party B opens a scheduled slot when A has not
	waitReceipt = 5 * time.Second
	waitLoop    = 10 * time.Second
	waitStop    = 30 * time.Second
	joinsAnHour = 12 // SPEC: CHK-014: checks asked for by the peer; more are not joined: a peer must not write our record
)

// Limits of a tone that came back well.
const (
	toneDB    = -12 // as sent
	offDB     = 6
	lossTenth = 1 // of ten frames at most
)

// Config is what a machine is told once.
type Config struct {
	Us, Them string
	First    bool // we are party A: we open scheduled slots
	Schedule Schedule
	From     time.Time // the line began: no slot is due before
	Mark     string    // actual, in a demo exercise
	Rand     io.Reader
}

// run is the slot that runs at this end.
type run struct {
	slot     Slot
	began    time.Time // for us: its deadline counts from here
	mark     string
	recorded bool // our opened or joined is on our disk
	joined   bool // the other end's is here
	question string
	rows     []Row     // Result "" while it runs
	sent     time.Time // of the row that runs
	ringing  bool
	rang     time.Time
	asked    string // the language of the question, "" while none is asked
	state    State  // as last said by the record
}

// loop is a voice number that is sent back.
type loop struct {
	slot  Slot
	voice uint16
	until time.Time
}

// Machine is one end of the checks of one line, one slot at a time. It is owned by the line's loop.
type Machine struct {
	cfg   Config
	cur   *run
	known map[Slot]State // slots that are open in the record
	done  map[Slot]time.Time
	paths []string
	loops []loop
	joins []time.Time
	now   time.Time
	out   Out
}

// New makes a machine.
func New(cfg Config) *Machine {
	if cfg.Mark == "" {
		cfg.Mark = "actual"
	}
	return &Machine{cfg: cfg, known: map[Slot]State{}, done: map[Slot]time.Time{}}
}

// Live is how the running slot stands at this end, for views.
type Live struct {
	Running  bool
	Slot     Slot
	Began    time.Time
	Until    time.Time
	Mark     string
	Rows     []Row // Result "": not yet
	Ringing  bool
	Rang     time.Time // since when
	Question string    // the question's id, "" while none is asked
	Lang     string    // the language in which it is asked
	Due      time.Time // the next scheduled slot
}

// Live gives how the slot stands.
func (m *Machine) Live(now time.Time) Live {
	v := Live{Due: m.cfg.Schedule.Next(now)}
	if c := m.cur; c != nil {
		v.Running, v.Slot, v.Began, v.Mark, v.Ringing, v.Rang, v.Lang = true, c.slot, c.began, c.mark, c.ringing, c.rang, c.asked
		v.Until, v.Rows = c.began.Add(m.cfg.Schedule.window()), slices.Clone(c.rows)
		if c.asked != "" {
			v.Question = c.question
		}
	}
	return v
}

// Voice is the voice number of a party's tones in a slot.
func Voice(s Slot, party string) uint16 {
	h := wire.Sum([]byte("parley check " + s.Key() + " " + party))
	return max(uint16(h[0])<<8|uint16(h[1]), 1)
}

// Step takes one event and says what is to be done.
func (m *Machine) Step(ev Event, now time.Time) Out {
	m.now, m.out = now.UTC(), Out{}
	switch e := ev.(type) {
	case Now:
		m.checkNow(e.By)
	case Stated:
		m.stated(e.State)
	case Paths:
		m.paths = slices.Clone(e.Labels)
	case Receipt:
		m.receipt(e.Path)
	case Loop:
		m.looped(e)
	case StopHeld:
		m.end(PartStop, "", func(r *Row) { r.Result, r.ID = OK, e.ID })
	case RingAnswered:
		m.answerRing(e)
	case Answered:
		m.answer(e)
	case DeclinedBy:
		m.declined(e.By)
	case Tick:
		m.tick()
	}
	m.advance()
	return m.out
}

func (m *Machine) changed()         { m.out.Changed = true }
func (m *Machine) cannot(err error) { m.out.Err = err }

// state asks for a statement about a slot.
func (m *Machine) state(kind, mark string, facts any) {
	m.out.Drafts = append(m.out.Drafts, record.Draft{Kind: kind, Class: "test", Mark: mark, Facts: facts})
	m.changed()
}

// Returns reports whether frames of a voice number are sent back on the path that they came by.
func (m *Machine) Returns(voice uint16) bool {
	return slices.ContainsFunc(m.loops, func(l loop) bool { return l.voice == voice })
}

func (m *Machine) checkNow(by statement.Author) {
	if m.cur != nil {
		m.cannot(ErrRunning)
		return
	}
	s, err := nowSlot(m.cfg.Us, m.cfg.Rand)
	if err != nil {
		m.cannot(ErrRandom)
		return
	}
	m.open(s, KindOpened, &by)
}

// open begins a slot at this end; by is nil where no person asked for it.
//
// SPEC: CHK-002
func (m *Machine) open(s Slot, kind string, by *statement.Author) {
	m.begin(s, m.now, m.cfg.Mark)
	q := m.choose()
	m.state(kind, m.cur.mark, Opened{Slot: s, At: whole(m.now), Question: q, By: by})
}

// choose draws the question for the other end's officer.
func (m *Machine) choose() string {
	var b [1]byte
	_, _ = io.ReadFull(m.cfg.Rand, b[:]) // without randomness it is the first
	return Questions[int(b[0])%len(Questions)].ID
}

// begin sets a slot up, with a row for each part.
func (m *Machine) begin(s Slot, at time.Time, mark string) {
	c := &run{slot: s, began: at, mark: mark}
	for _, p := range m.paths {
		c.rows = append(c.rows, Row{Part: PartPath, Path: p})
	}
	c.rows = append(c.rows, Row{Part: PartStation})
	for _, p := range m.paths {
		c.rows = append(c.rows, Row{Part: PartVoice, Path: p})
	}
	c.rows = append(c.rows, Row{Part: PartStop}, Row{Part: PartRing}, Row{Part: PartQuestion})
	m.cur = c
	m.loops = append(m.loops, loop{slot: s, voice: Voice(s, m.cfg.Them), until: at.Add(m.cfg.Schedule.window() + time.Minute)})
	m.changed()
}

// stated takes how a slot stands in the record.
//
// SPEC: CHK-007
func (m *Machine) stated(s State) {
	ours, theirs := s.Of(m.cfg.Us), s.Of(m.cfg.Them)
	switch {
	case ours.Closed != nil:
		m.done[s.Slot] = m.now
		delete(m.known, s.Slot)
		if m.cur != nil && m.cur.slot == s.Slot {
			m.stopRing()
			m.cur = nil
		}
		if theirs.Closed != nil {
			m.closeLoops(s.Slot)
		}
		return
	case m.cur != nil && m.cur.slot == s.Slot:
		m.update(s, ours, theirs)
		return
	}
	if _, over := m.done[s.Slot]; !over && len(m.known) < 64 {
		m.known[s.Slot] = s
	}
}

// update takes what the record says of the running slot.
func (m *Machine) update(s State, ours, theirs End) {
	c := m.cur
	c.state = s
	if ours.Opened != nil && !c.recorded {
		c.recorded, c.sent = true, time.Time{}
		m.changed()
	}
	if theirs.Opened != nil && !c.joined {
		c.joined, c.question = true, theirs.Facts.Question
		m.end(PartStation, "", func(r *Row) { r.Result, r.MS = OK, ms(m.now.Sub(c.began)) })
	}
}

// pick takes up a slot of the record that waits for us: one that we opened before a restart, or one to join.
func (m *Machine) pick() {
	var slots []Slot
	for s := range m.known {
		slots = append(slots, s)
	}
	slices.SortFunc(slots, func(a, b Slot) int { // theirs first: they wait in them
		if a, b := m.opened(a), m.opened(b); a != b {
			return a - b
		}
		return m.known[a].Due.Compare(m.known[b].Due)
	})
	for _, s := range slots {
		st := m.known[s]
		delete(m.known, s)
		ours, theirs := st.Of(m.cfg.Us), st.Of(m.cfg.Them)
		switch {
		case ours.Opened != nil:
			m.begin(s, ours.Facts.At, st.Mark)
			m.update(st, ours, theirs)
			return
		case theirs.Opened == nil || m.now.Sub(st.Due) > m.cfg.Schedule.window() || st.Due.Sub(m.now) > time.Minute:
			m.done[s] = m.now
		case m.mayJoin(s, st):
			m.begin(s, m.now, st.Mark)
			m.update(st, ours, theirs)
			m.state(KindJoined, st.Mark, Opened{Slot: s, At: whole(m.now), Question: m.choose()})
			return
		}
	}
}

// opened is 1 for a slot that we opened.
func (m *Machine) opened(s Slot) int {
	if m.known[s].Of(m.cfg.Us).Opened != nil {
		return 1
	}
	return 0
}

// yield sets our slot aside where each end has opened one and waits in it for the other: A's goes first.
func (m *Machine) yield() {
	c := m.cur
	if c == nil || m.cfg.First || c.joined || !c.recorded {
		return
	}
	for s, st := range m.known {
		if m.opened(s) == 0 && st.Of(m.cfg.Them).Opened != nil {
			m.closeLoops(c.slot)
			m.known[c.slot], m.cur = c.state, nil
			return
		}
	}
}

// mayJoin holds the peer to the schedule, and to a dozen checks an hour beside it.
func (m *Machine) mayJoin(s Slot, st State) bool {
	if t, ok := s.Time(); ok {
		return s.By == m.partyA() && slices.Contains(m.cfg.Schedule.Slots(t.Add(-time.Second), t), t)
	}
	m.joins = slices.DeleteFunc(m.joins, func(t time.Time) bool { return m.now.Sub(t) >= time.Hour })
	if s.By != m.cfg.Them || len(m.joins) >= joinsAnHour {
		return false
	}
	m.joins = append(m.joins, m.now)
	return true
}

func (m *Machine) partyA() string {
	if m.cfg.First {
		return m.cfg.Us
	}
	return m.cfg.Them
}

// schedule opens a slot that is due: A at once, B when A has not.
func (m *Machine) schedule() {
	due := m.cfg.Schedule.Slots(maxTime(m.cfg.From, m.now.Add(-m.cfg.Schedule.window())), m.now)
	if len(due) == 0 {
		return
	}
	t := due[len(due)-1]
	s := Slot{By: m.partyA(), ID: t.Format(slotForm)}
	if _, over := m.done[s]; over || !m.cfg.First && m.now.Sub(t) < waitOpen {
		return
	}
	m.open(s, KindOpened, nil)
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (m *Machine) tick() {
	for s, t := range m.done {
		if m.now.Sub(t) > 48*time.Hour {
			delete(m.done, s)
		}
	}
	for _, l := range slices.Clone(m.loops) {
		if !m.now.Before(l.until) {
			m.closeLoops(l.slot)
		}
	}
	m.yield()
	if m.cur == nil {
		m.pick()
	}
	if m.cur == nil {
		m.schedule()
	}
	if c := m.cur; c != nil && !m.now.Before(c.began.Add(m.cfg.Schedule.window())) {
		m.finish()
	}
}

func (m *Machine) closeLoops(s Slot) {
	m.loops = slices.DeleteFunc(m.loops, func(l loop) bool { return l.slot == s })
}

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func ms(d time.Duration) int { return max(int(d/time.Millisecond), 0) }
