// SPDX-License-Identifier: Apache-2.0

package call

import (
	"cmp"
	"slices"
	"time"

	"example.org/parley/statement"
)

// cancel takes our own ring back: by a person, in time (soft: an answer that was under way still connects),
// by a fault. How it ended is stated when the called end has said how it stands there, or after Bounds.Close.
//
// SPEC: CAL-006
func (m *Machine) cancel(l *leg, o Outcome, by, cause string) {
	m.quiet(l)
	m.silence(l)
	l.phase, l.outcome, l.endedBy, l.until = closing, o, by, m.now.Add(m.cfg.Bounds.Close)
	l.soft = o.What == NoAnswer
	m.send(l, Signal{Kind: SigCancel, What: o.What, Cause: cmp.Or(cause, o.Cause), Seconds: o.Seconds})
	m.drop(l)
	m.closing = append(m.closing, l)
	m.remember(l)
	m.changed()
}

// end hangs up an answered call; cause is the fault as the peer is to see it.
func (m *Machine) end(l *leg, o Outcome, by, cause string) {
	m.quiet(l)
	s := Signal{Kind: SigHangUp, What: o.What, Cause: cause}
	if o.What == Answered {
		s.Desk, s.Officer = l.by.Desk, l.by.Officer
	}
	o.Desk, o.Desks = l.outcome.Desk, l.rang
	if !l.out && !l.sure && o.What == Answered { // the caller may have cancelled: its ack says
		m.send(l, s)
		m.doubt(l, o, by)
		return
	}
	m.send(l, s)
	m.finish(l, o, by)
}

// doubt ends an answered call of which the caller may not have had our answer: its next ack says how it stands there.
func (m *Machine) doubt(l *leg, o Outcome, by string) {
	m.silence(l)
	l.phase, l.unsure, l.outcome, l.endedBy, l.until = closing, true, o, by, m.now.Add(m.cfg.Bounds.Close)
	m.drop(l)
	m.closing = append(m.closing, l)
	m.remember(l)
	m.changed()
}

// silence ends the sound of l, and reads its meters.
func (m *Machine) silence(l *leg) {
	if l.phase == Connected {
		m.out.Close = true
		if m.cfg.Meters != nil {
			v := m.cfg.Meters(l.id.Voice())
			l.meters = &v
		}
	}
}

// drop makes l no longer the current call.
func (m *Machine) drop(l *leg) {
	if m.cur == l {
		m.cur = nil
	}
}

// finish states how l ended, once, and keeps its grave. A last signal of ours may still be repeated.
func (m *Machine) finish(l *leg, o Outcome, by string) {
	if l.stated {
		return
	}
	m.silence(l)
	m.drop(l)
	if o.What == Answered && o.Became == "" && l.meters.silent() {
		o.What = NoSound
	}
	l.stated, l.phase, l.outcome, l.endedBy = true, closing, o, by
	m.quiet(l, SigRing, SigAnswer, SigStill, SigCancel)
	m.state(KindClosed, l, m.closed(l))
	m.bury(grave{id: l.id, out: l.outcome})
	m.closing = slices.DeleteFunc(m.closing, func(c *leg) bool { return c == l })
	if len(l.open) > 0 {
		l.until = m.now.Add(m.cfg.Bounds.Close)
		m.closing = append(m.closing, l)
	}
	m.remember(l)
	m.changed()
}

func (m *Machine) closed(l *leg) Closed {
	c := Closed{Opener: m.opener(l), Call: l.id.String(), Outcome: l.outcome, There: l.there, EndedBy: l.endedBy,
		Began: whole(l.began), Ended: whole(m.now)}
	if l.by != (statement.Author{}) {
		by := l.by
		c.By = &by
	}
	if !l.answered.IsZero() {
		c.Codec, c.Answered, c.Meters = l.codec, whole(l.answered), l.meters
	}
	return c
}

func (m *Machine) remember(l *leg) {
	o := l.outcome
	m.last = &Ended{ID: l.id, Out: l.out, Outcome: o, EndedBy: l.endedBy, At: m.now, Began: l.began, Class: l.class,
		Again: l.out && (o.What == NoAnswer || o.What == Failed || o.What == BusyWithUs || o.What == BusyElsewhere) || o.What == Crossed}
}

// bury keeps the newest 64 graves.
func (m *Machine) bury(g grave) {
	m.graves = append(m.graves, g)
	if len(m.graves) > 64 {
		m.graves = slices.Clone(m.graves[1:])
	}
}

// tick runs the clocks.
//
// SPEC: CAL-010
func (m *Machine) tick() {
	for _, l := range slices.Clone(m.closing) {
		if m.now.Before(l.until) {
			continue
		}
		m.quiet(l)
		m.closing = slices.DeleteFunc(m.closing, func(c *leg) bool { return c == l })
		if l.unsure && !l.stated { // nobody will ever say whether the caller had our answer
			l.outcome.What, l.outcome.Cause, l.endedBy = Failed, CausePath, ""
		}
		m.finish(l, l.outcome, l.endedBy)
	}
	gap := m.now.Sub(m.ticked)
	m.ticked = m.now
	l, b := m.cur, m.cfg.Bounds
	if l == nil {
		return
	}
	if gap > b.LineRinging && l.phase != Calling && l.phase != RingingThere { // we slept: it may be long over there
		m.still(l)
		return
	}
	over := func(since time.Time, d time.Duration) bool { return !since.IsZero() && m.now.Sub(since) >= d }
	fail := func(cause string) { m.fail(l, cause, "") }
	switch l.phase {
	case Calling:
		if over(m.down, b.LineRinging) {
			fail(CausePath)
		} else if over(l.began, b.Reply) {
			fail(CauseFarNode)
		}
	case RingingThere:
		if over(m.down, b.LineRinging) {
			fail(CausePath)
		} else if over(l.rings, b.NoAnswer) {
			m.cancel(l, Outcome{What: NoAnswer, Seconds: m.seconds(l), Desks: l.rang}, "", "")
		}
	case RingingHere:
		switch {
		case over(m.down, b.LineRinging):
			fail(CausePath)
		case over(l.asked, b.Still):
			fail(CauseFarNode)
		case over(m.bare, b.ComeBack):
			r := Signal{Kind: SigNobody, ID: l.id}
			m.send(nil, r)
			m.finish(l, Outcome{What: NobodyArmed}, "")
		case over(l.rings, b.Called):
			m.finish(l, Outcome{What: NoAnswer, Seconds: m.seconds(l), Desks: l.rang}, "")
		case !l.deputies && len(m.desks.Deputies) > 0 && over(l.rings, b.Deputy):
			l.deputies = true
			m.bell(l)
		}
	case Connected:
		switch {
		case over(m.down, b.LineTalking):
			fail(CausePath)
		case m.down.IsZero() && over(l.asked, b.Still):
			fail(CauseFarNode)
		case !l.silent.IsZero() && over(l.checked, b.Still):
			m.still(l)
		}
	}
}

// fail ends a call that cannot go on.
func (m *Machine) fail(l *leg, cause, by string) {
	o := Outcome{What: Failed, Cause: cause, Seconds: m.seconds(l), Desks: l.rang}
	switch {
	case l.phase == Connected:
		m.end(l, o, by, cause)
	case l.out:
		m.cancel(l, o, by, "")
	default:
		m.finish(l, o, by)
	}
}

// line keeps since when no path lives.
func (m *Machine) line(up bool) {
	switch {
	case !up && m.down.IsZero():
		m.down = m.now
	case up && !m.down.IsZero():
		m.down = time.Time{}
		if l := m.cur; l != nil && (l.phase == Connected || l.phase == RingingHere) {
			m.still(l)
		}
	default:
		return
	}
	m.changed()
}

// peerRun asks whether the peer still holds our call; a ring is rung anew (it knows a ring that it has).
func (m *Machine) peerRun(run string) {
	if run == m.run {
		return
	}
	first := m.run == ""
	m.run, m.newest, m.newestC = run, 0, ID{}
	l := m.cur
	switch {
	case l == nil || first:
	case l.phase == Calling || l.phase == RingingThere:
		m.quiet(l, SigRing)
		m.send(l, ringSignal(l))
	default:
		m.still(l)
	}
}

// still asks the peer whether it still holds l, once at a time.
func (m *Machine) still(l *leg) {
	if l.asked.IsZero() {
		l.asked = m.now
		m.send(l, Signal{Kind: SigStill})
	}
}

// goodbye ends what the peer's node can no longer carry.
func (m *Machine) goodbye() {
	l := m.cur
	if l == nil {
		return
	}
	m.quiet(l)
	m.finish(l, Outcome{What: Failed, Cause: CauseFarNode, Seconds: m.seconds(l), Desks: l.rang}, m.cfg.Them)
}

// stop ends everything at once: this node goes. The peer sees a far node fail.
func (m *Machine) stop() {
	if l := m.cur; l != nil {
		o := Outcome{What: Failed, Cause: CauseNearNode, Seconds: m.seconds(l), Desks: l.rang}
		kind := SigHangUp
		if l.out && l.phase != Connected {
			kind = SigCancel
		}
		m.quiet(l)
		m.send(nil, Signal{Kind: kind, ID: l.id, What: Failed, Cause: CauseFarNode})
		m.finish(l, o, m.cfg.Us)
	}
	for _, l := range slices.Clone(m.closing) {
		m.quiet(l)
		m.finish(l, l.outcome, l.endedBy)
	}
	m.closing = nil
}
