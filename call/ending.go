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
func (m *Machine) cancel(l *Live, o Outcome, by, cause string) {
	m.quiet(l)
	m.send(l, Signal{Kind: SigCancel, What: o.What, Cause: cmp.Or(cause, o.Cause), Seconds: o.Seconds})
	l.soft = o.What == NoAnswer
	m.wait(l, o, by)
}

// end hangs up an answered call; cause is the fault as the peer is to see it.
func (m *Machine) end(l *Live, o Outcome, by, cause string) {
	m.quiet(l)
	s := Signal{Kind: SigHangUp, What: o.What, Cause: cause}
	if o.What == Answered {
		s.Desk, s.Officer = l.By.Desk, l.By.Officer
	}
	o.Desk, o.Desks = l.Outcome.Desk, l.Rang
	m.send(l, s)
	if !l.Out && !l.sure && o.What == Answered { // the caller may have cancelled: its ack says
		m.doubt(l, o, by)
		return
	}
	m.finish(l, o, by, SigHangUp)
}

// doubt ends an answered call of which the caller may not have had our answer: its next ack says how it stands there.
func (m *Machine) doubt(l *Live, o Outcome, by string) {
	l.unsure = true
	m.wait(l, o, by)
}

// wait ends a call for our person; how it ended is stated later.
func (m *Machine) wait(l *Live, o Outcome, by string) {
	m.close(l, o, by)
	m.closing = append(m.closing, l)
}

// silence ends the sound of l, and reads its meters.
func (m *Machine) silence(l *Live) {
	if l.State == Connected {
		m.out.Close = true
		v := m.Meters()
		l.meters = &v
	}
}

// close makes l a call that is over.
func (m *Machine) close(l *Live, o Outcome, by string) {
	m.silence(l)
	if m.cur == l {
		m.cur = nil
	}
	l.State, l.Outcome, l.endedBy, l.until, l.Ended = closing, o, by, m.now.Add(closeWithin), m.now
	last := *l
	m.last = &last
	m.changed()
}

// leave ends the wait for the peer's word on l.
func (m *Machine) leave(l *Live) {
	m.closing = slices.DeleteFunc(m.closing, func(c *Live) bool { return c == l })
}

// finish states how l ended, once, and keeps it; a last signal of ours goes on being repeated.
func (m *Machine) finish(l *Live, o Outcome, by string, last ...SignalKind) {
	if l.stated {
		return
	}
	m.silence(l)
	if o.What == Answered && o.Became == "" && l.meters.silent() {
		o.What = NoSound
	}
	l.stated = true
	m.close(l, o, by)
	for _, r := range signals {
		if !slices.Contains(last, r.kind) {
			m.quiet(l, r.kind)
		}
	}
	c := Closed{Opener: m.Them, Call: l.ID.String(), Outcome: o, There: l.There, EndedBy: by, Began: whole(l.Began), Ended: whole(m.now)}
	if l.Out {
		c.Opener = m.Us
	}
	if l.By != (statement.Author{}) {
		author := l.By
		c.By = &author
	}
	if !l.Answered.IsZero() {
		c.Codec, c.Answered, c.Meters, c.With = l.Codec, whole(l.Answered), l.meters, m.everybody(l)
	}
	m.state(KindClosed, l, c)
	m.keep(l)
	m.leave(l)
	if len(l.open) > 0 {
		m.closing = append(m.closing, l)
	}
}

// keep keeps the newest 64 calls that are over.
func (m *Machine) keep(l *Live) {
	m.over = append(m.over, l)
	if len(m.over) > 64 {
		m.over = slices.Delete(m.over, 0, 1)
	}
}

// Tick runs the clocks. It comes at least once a second, while anything is open every 100 ms.
//
// SPEC: CAL-010
func (m *Machine) Tick(now time.Time) Out {
	m.begin(now)
	for _, l := range slices.Clone(m.closing) {
		if m.now.Before(l.until) {
			continue
		}
		m.quiet(l)
		m.leave(l)
		if l.unsure && !l.stated { // nobody will ever say whether the caller had our answer
			l.Outcome.What, l.Outcome.Cause, l.endedBy = Failed, CausePath, ""
		}
		m.finish(l, l.Outcome, l.endedBy)
	}
	gap := m.now.Sub(m.ticked)
	m.ticked = m.now
	l := m.cur
	if l == nil {
		return m.out
	}
	if gap > lineRinging && l.State != Calling && l.State != RingingThere { // we slept: it may be long over there
		m.still(l)
		return m.out
	}
	over := func(since time.Time, d time.Duration) bool { return !since.IsZero() && m.now.Sub(since) >= d }
	if l.State == Connected && !l.counted && over(l.Answered, silentAfter) && l.Side[0].Held.IsZero() && l.Side[1].Held.IsZero() {
		l.counted = true
		if v := m.Meters(); v.silent() {
			c := Word{Opener: m.Them, Call: l.ID.String(), At: whole(m.now)}
			if l.Out {
				c.Opener = m.Us
			}
			m.state(KindSilent, l, c)
			m.changed()
		}
	}
	limit := lineRinging
	if l.State == Connected {
		limit = lineTalking
		m.tickPeople(l)
	}
	switch {
	case over(m.Down, limit):
		m.fail(l, CausePath, "")
	case l.State == Calling && over(l.Began, replyWithin),
		l.State == RingingHere && over(l.asked, stillWithin),
		l.State == Connected && m.Down.IsZero() && over(l.asked, stillWithin):
		m.fail(l, CauseFarNode, "")
	case l.State == RingingThere && over(l.rings, noAnswerAfter):
		m.cancel(l, m.rang(l, NoAnswer, ""), "", "")
	case l.State == RingingHere && over(m.bare, comeBackWithin):
		m.once(l.ID, Signal{Kind: SigNobody})
		m.finish(l, Outcome{What: NobodyArmed}, "")
	case l.State == RingingHere && over(l.rings, calledGivesUp):
		m.finish(l, m.rang(l, NoAnswer, ""), "")
	case l.State == RingingHere && l.deputies < min(m.turns(l.rings, deputyAfter, deputyNext), len(m.deputies)):
		if l.deputies++; over(l.rings, deputyAll) {
			l.deputies = len(m.deputies)
		}
		m.bell(l)
	case l.State == Connected && !l.silent.IsZero() && over(l.checked, stillWithin):
		m.still(l)
	}
	return m.out
}

// turns is how many deputies have their turn: one after a time, and one more after each further time.
func (m *Machine) turns(since time.Time, first, next time.Duration) int {
	d := m.now.Sub(since)
	if since.IsZero() || d < first {
		return 0
	}
	return 1 + int((d-first)/next)
}

// fail ends a call that cannot go on.
func (m *Machine) fail(l *Live, cause, by string) {
	o := m.rang(l, Failed, cause)
	switch {
	case l.State == Connected:
		m.end(l, o, by, cause)
	case l.Out:
		m.cancel(l, o, by, "")
	default:
		m.finish(l, o, by)
	}
}

// still asks the peer whether it still holds l, once at a time.
func (m *Machine) still(l *Live) {
	if l.asked.IsZero() {
		l.asked = m.now
		m.send(l, Signal{Kind: SigStill})
	}
}
