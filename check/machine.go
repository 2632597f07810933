// SPDX-License-Identifier: Apache-2.0

package check

import (
	"cmp"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"time"

	"example.org/parley/party"
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

// Running is the slot that runs at this end: what views show of it, and what the machine keeps of it.
type Running struct {
	Slot     Slot // none: no slot runs
	Began    time.Time
	Until    time.Time
	Mark     string
	Parts    []Part // Result "": not yet
	Ringing  bool
	Rang     time.Time // since when
	Question string    // the question's id, "" while none is asked
	Lang     string    // the language in which it is asked
	Due      time.Time // the next scheduled slot

	recorded bool      // our opened or joined is on our disk
	joined   bool      // the other end's is here
	sent     time.Time // of the part that runs
	state    State     // as last said by the record
}

// Machine is one end of the checks of one line, one slot at a time. It is owned by the line's loop.
type Machine struct {
	Us, Them string
	IsPartyA bool // we are party A: we open scheduled slots
	Schedule party.Schedule
	From     time.Time // the line began: no slot is due before
	Mark     string    // actual, in a demo exercise
	Rand     io.Reader
	Away     func(time.Time) string // why the line is out of service at an instant, "" in service; nil: never

	cur   *Running
	known map[Slot]State // slots that are open in the record
	done  map[Slot]time.Time
	paths []string
	loops map[uint16]time.Time // voice numbers that are sent back, and until when
	joins []time.Time
	now   time.Time
	out   Out
}

// Out is what a Machine asks of its node. Which desks' ring and whose tones it sends back, Live and Returns say.
type Out struct {
	Drafts  []record.Draft    // to be stated
	Over    string            // send our opened or joined again over this path alone
	Tone    string            // one second of tone over this path, under the slot's voice number, and then Looped
	Stop    bool              // a STOP of class test, of the slot
	Take    *statement.Author // he takes the other end's STOP of the slot
	Slot    Slot              // of Tone, Stop and Take
	Mark    string
	Changed bool  // Live gives something new
	Err     error // an act that does not fit
}

// Acts that do not fit.
var (
	ErrRunning = statement.Refuse("see: parley checks", "a check is running")
	ErrAway    = statement.Refuse("see: parley status", "the line is out of service: no check is run")
	ErrNothing = statement.Refuse("see: parley checks", "no check waits for this")
	ErrAnswer  = statement.Refuse("parley check confirm a|b|c|d", "an answer is a, b, c or d")
	ErrRandom  = statement.Refuse("", "no randomness for a check's id")
)

// Live gives how the running slot stands.
func (m *Machine) Live(now time.Time) Running {
	var v Running
	if m.cur != nil {
		v = *m.cur
		v.Parts = slices.Clone(v.Parts)
		if v.Lang == "" {
			v.Question = ""
		}
	}
	v.Due = m.Schedule.Next(now)
	return v
}

// Voice is the voice number of a party's tones in a slot.
func Voice(s Slot, party string) uint16 {
	h := wire.Sum([]byte("parley check " + s.Key() + " " + party))
	return max(uint16(h[0])<<8|uint16(h[1]), 1)
}

// Returns reports whether frames of a voice number are sent back on the path that they came by.
func (m *Machine) Returns(voice uint16) bool {
	_, ok := m.loops[voice]
	return ok
}

// step does one thing and what comes of it.
func (m *Machine) step(now time.Time, do func()) Out {
	if m.known == nil {
		m.known, m.done, m.loops = map[Slot]State{}, map[Slot]time.Time{}, map[uint16]time.Time{}
	}
	m.now, m.out = now.UTC(), Out{}
	do()
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

// Now is a person's act: check now.
func (m *Machine) Now(by statement.Author, now time.Time) Out {
	return m.step(now, func() {
		var id [16]byte
		if m.cur != nil {
			m.cannot(ErrRunning)
		} else if at(m.Away, m.now) != "" {
			m.cannot(ErrAway)
		} else if _, err := io.ReadFull(m.Rand, id[:]); err != nil {
			m.cannot(ErrRandom)
		} else {
			m.open(Slot{By: m.Us, ID: hex.EncodeToString(id[:])}, &by)
		}
	})
}

// Paths names every configured path, at the start and when they change.
func (m *Machine) Paths(labels []string, now time.Time) Out {
	return m.step(now, func() { m.paths = labels })
}

// open opens a slot; by is nil where no person asked for it.
//
// SPEC: CHK-002
func (m *Machine) open(s Slot, by *statement.Author) {
	m.begin(s, m.now, m.Mark)
	m.state(KindOpened, m.Mark, OpenedFacts{Slot: s, At: whole(m.now), Question: m.choose(), By: by})
}

// choose draws the question for the other end's officer.
func (m *Machine) choose() string {
	var b [1]byte
	_, _ = io.ReadFull(m.Rand, b[:]) // without randomness it is the first
	return Questions[int(b[0])%len(Questions)].ID
}

// begin sets a slot up, with its parts in the order of work.
func (m *Machine) begin(s Slot, at time.Time, mark string) {
	m.cur = &Running{Slot: s, Began: at, Until: at.Add(m.Schedule.At(at).Window()), Mark: mark}
	each := func(name string, paths ...string) {
		for _, p := range paths {
			m.cur.Parts = append(m.cur.Parts, Part{Name: name, Path: p})
		}
	}
	each(PartPath, m.paths...)
	each(PartStation, "")
	each(PartVoice, m.paths...)
	each(PartStop, "")
	each(PartRing, "")
	each(PartQuestion, "")
	m.loops[Voice(s, m.Them)] = m.cur.Until.Add(time.Minute)
	m.changed()
}

// Stated says how a slot stands in the record, whenever that changes, and once for each after a start: the machine has no
// memory of its own that a restart could lose.
//
// SPEC: CHK-007
func (m *Machine) Stated(s State, now time.Time) Out {
	return m.step(now, func() {
		ours, theirs := s.Of(m.Us), s.Of(m.Them)
		runs := m.cur != nil && m.cur.Slot == s.Slot
		_, over := m.done[s.Slot]
		switch {
		case ours.Closed != nil:
			m.done[s.Slot] = m.now
			delete(m.known, s.Slot)
			if runs {
				m.stopRing()
				m.cur = nil
			}
			if theirs.Closed != nil {
				m.endLoop(s.Slot)
			}
		case runs:
			m.update(s)
		case !over && len(m.known) < 64:
			m.known[s.Slot] = s
		}
	})
}

// update takes what the record says of the running slot.
func (m *Machine) update(s State) {
	c, ours, theirs := m.cur, s.Of(m.Us), s.Of(m.Them)
	c.state = s
	if ours.Opened != nil && !c.recorded {
		c.recorded, c.sent = true, time.Time{}
		m.changed()
	}
	if theirs.Opened != nil && !c.joined {
		c.joined, c.Question = true, theirs.Facts.Question
		m.end(PartStation, "", func(p *Part) { p.Result, p.MS = OK, ms(m.now.Sub(c.Began)) })
	}
}

// pick takes up a slot of the record that waits for us: one that we opened before a restart, or one to join.
func (m *Machine) pick() {
	theirsFirst := func(a, b Slot) int { // they wait in them
		return cmp.Or(m.opened(a)-m.opened(b), m.known[a].Due.Compare(m.known[b].Due))
	}
	for _, s := range slices.SortedFunc(maps.Keys(m.known), theirsFirst) {
		st := m.known[s]
		delete(m.known, s)
		ours, theirs := st.Of(m.Us), st.Of(m.Them)
		switch {
		case ours.Opened != nil:
			m.begin(s, ours.Facts.At, st.Mark)
			m.update(st)
			return
		case theirs.Opened == nil || m.now.Sub(st.Due) > m.Schedule.At(st.Due).Window() || st.Due.Sub(m.now) > time.Minute:
			m.done[s] = m.now
		case at(m.Away, m.now) == "" && m.mayJoin(s, st):
			m.begin(s, m.now, st.Mark)
			m.update(st)
			m.state(KindJoined, st.Mark, OpenedFacts{Slot: s, At: whole(m.now), Question: m.choose()})
			return
		}
	}
}

// opened is 1 for a slot that we opened.
func (m *Machine) opened(s Slot) int {
	if m.known[s].Of(m.Us).Opened != nil {
		return 1
	}
	return 0
}

// yield sets our slot aside where each end has opened one and waits in it for the other: A's goes first.
func (m *Machine) yield() {
	c := m.cur
	if c == nil || m.IsPartyA || c.joined || !c.recorded {
		return
	}
	for s, st := range m.known {
		if m.opened(s) == 0 && st.Of(m.Them).Opened != nil {
			m.endLoop(c.Slot)
			m.known[c.Slot], m.cur = c.state, nil
			return
		}
	}
}

// mayJoin holds the peer to the schedule, and to a dozen checks an hour beside it.
func (m *Machine) mayJoin(s Slot, st State) bool {
	if t, ok := s.Time(); ok {
		return s.By == m.partyA() && slices.Contains(m.Schedule.Slots(t.Add(-time.Second), t), t)
	}
	m.joins = slices.DeleteFunc(m.joins, func(t time.Time) bool { return m.now.Sub(t) >= time.Hour })
	if s.By != m.Them || len(m.joins) >= joinsAnHour {
		return false
	}
	m.joins = append(m.joins, m.now)
	return true
}

func (m *Machine) partyA() string {
	if m.IsPartyA {
		return m.Us
	}
	return m.Them
}

// schedule opens a slot that is due: A at once, B when A has not.
func (m *Machine) schedule() {
	due := m.Schedule.Slots(slices.MaxFunc([]time.Time{m.From, m.now.Add(-m.Schedule.At(m.now).Window())}, time.Time.Compare), m.now)
	if len(due) == 0 || at(m.Away, m.now) != "" {
		return
	}
	t := due[len(due)-1]
	s := Slot{By: m.partyA(), ID: t.Format(slotForm)}
	if _, over := m.done[s]; over || !m.IsPartyA && m.now.Sub(t) < waitOpen {
		return
	}
	m.open(s, nil)
}

// Tick comes at least every few seconds.
func (m *Machine) Tick(now time.Time) Out {
	return m.step(now, func() {
		maps.DeleteFunc(m.done, func(_ Slot, t time.Time) bool { return m.now.Sub(t) > 48*time.Hour })
		maps.DeleteFunc(m.loops, func(_ uint16, until time.Time) bool { return !m.now.Before(until) })
		m.yield()
		if m.cur == nil {
			m.pick()
		}
		if m.cur == nil {
			m.schedule()
		}
		if m.cur != nil && (!m.now.Before(m.cur.Until) || at(m.Away, m.now) != "") {
			m.finish()
		}
	})
}

func (m *Machine) endLoop(s Slot) { delete(m.loops, Voice(s, m.Them)) }

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func ms(d time.Duration) int { return max(int(d/time.Millisecond), 0) }
