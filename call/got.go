// SPDX-License-Identifier: Apache-2.0

package call

import (
	"cmp"
	"slices"
	"time"

	"example.org/parley/statement"
)

// got takes one signal of the peer's. The peer may be hostile: nothing here panics, grows without
// bound, or opens sound that our own person has not asked for.
func (m *Machine) got(s Signal) {
	if _, ok := s.Kind.row(); !ok {
		return
	}
	if l := m.leg(s.ID); l != nil {
		m.mark(s)
		m.gotFor(l, s)
		return
	}
	if g := m.grave(s.ID); g != nil {
		m.gotDead(g, s)
		return
	}
	switch s.Kind {
	case SigRing:
		m.gotRing(s)
	case SigCancel: // its ring may yet come by a slower path
		m.bury(grave{id: s.ID, out: Outcome{What: Cancelled}})
		m.ack(s.ID, s.Kind, Unknown, "")
	case SigAnswer, SigDecline, SigHangUp, SigStill:
		m.ack(s.ID, s.Kind, Unknown, "")
	}
}

func (m *Machine) leg(id ID) *leg {
	if m.cur != nil && m.cur.id == id {
		return m.cur
	}
	for _, l := range m.closing {
		if l.id == id {
			return l
		}
	}
	return nil
}

func (m *Machine) grave(id ID) *grave {
	for i := range m.graves {
		if m.graves[i].id == id {
			return &m.graves[i]
		}
	}
	return nil
}

// mark keeps which call the peer last showed to be its current one.
func (m *Machine) mark(s Signal) {
	if (s.Kind == SigRing || s.Kind == SigRinging || s.Kind == SigAnswer) && s.Seq >= m.newest {
		m.newest, m.newestC = s.Seq, s.ID
	}
}

// gotRing takes a ring that is new here.
//
// SPEC: CAL-008
func (m *Machine) gotRing(s Signal) {
	if s.Seq < m.newest && m.newestC != s.ID {
		return // overtaken: the peer has been in another call since; a cancel of this one is on its way
	}
	m.mark(s)
	l := &leg{id: s.ID, phase: RingingHere, class: s.Class, mark: s.Mark, priority: s.Priority, there: s.Desk,
		thereBy: s.Officer, began: m.now, rings: m.now}
	switch c := m.cur; {
	case c == nil:
		m.incoming(l)
	case c.out && c.phase != Connected && m.cfg.First: // two rings cross: ours stays, theirs learns it from our ring
		m.send(nil, withID(ringSignal(c), c.id))
	case c.out && c.phase != Connected:
		m.crossing(c, l)
	case c.phase == RingingHere: // they have left their earlier ring for this one
		m.finish(c, Outcome{What: Cancelled, Seconds: m.seconds(c), Desks: c.rang}, m.cfg.Them)
		m.incoming(l)
	case !c.out && !c.sure: // they may have left it before our answer came: their ack of it says
		m.doubt(c, Outcome{What: Answered, Desk: c.outcome.Desk, Desks: c.rang}, m.cfg.Them)
		m.incoming(l)
	default: // they have left our call: their hang-up is on its way, or was lost with a restart
		m.quiet(c)
		m.finish(c, Outcome{What: Answered, Desk: c.outcome.Desk, Desks: c.rang}, m.cfg.Them)
		m.incoming(l)
	}
}

func withID(s Signal, id ID) Signal { s.ID = id; return s }

// incoming rings our desks, or says at once why it cannot.
//
// SPEC: CAL-018
func (m *Machine) incoming(l *leg) {
	m.rung = slices.DeleteFunc(m.rung, func(t time.Time) bool { return m.now.Sub(t) >= time.Hour })
	n := m.cfg.Bounds.Rings                                                           // a minute; an hour has no more than six such minutes
	if k := len(m.rung); k >= 6*n || k >= n && m.now.Sub(m.rung[k-n]) < time.Minute { // not stated: a peer must not write our record by ringing
		r := Signal{Kind: SigBusy, What: Failed, Cause: CausePolicy}
		m.send(nil, withID(r, l.id))
		m.bury(grave{id: l.id, out: Outcome{What: Failed, Cause: CausePolicy}, reply: &r})
		return
	}
	m.rung = append(m.rung, m.now)
	no := func(o Outcome, r Signal) {
		m.send(nil, withID(r, l.id))
		m.finish(l, o, "")
		m.graves[len(m.graves)-1].reply = &r
	}
	free := slices.DeleteFunc(slices.Clone(m.desks.Armed), func(d string) bool { return slices.Contains(m.desks.Busy, d) })
	switch {
	case len(m.desks.Armed) == 0:
		l.phase = closing
		no(Outcome{What: NobodyArmed}, Signal{Kind: SigNobody})
	case len(free) == 0 && l.priority == "":
		l.phase = closing
		no(Outcome{What: BusyElsewhere}, Signal{Kind: SigBusy, What: BusyElsewhere})
	default:
		m.cur, m.voice = l, l.id.Voice()
		m.bell(l)
		m.state(KindRang, l, Rang{Opener: m.cfg.Them, Call: l.id.String(), From: l.there, Desks: l.rang, Priority: l.priority, At: whole(m.now)})
		m.changed()
	}
}

// bell rings the desks that can ring now, and tells the caller which do.
func (m *Machine) bell(l *leg) {
	var desks []string
	for _, d := range m.desks.Armed {
		if l.priority != "" || !slices.Contains(m.desks.Busy, d) {
			desks = append(desks, d)
		}
	}
	if l.deputies {
		desks = append(desks, m.desks.Deputies...)
	}
	desks = merge(nil, desks)
	l.rang = merge(l.rang, desks)
	l.bell = desks
	m.send(l, Signal{Kind: SigRinging, Desks: desks})
}

// merge adds what is valid and new, as many as a signal carries.
func merge(to, more []string) []string {
	for _, d := range more {
		if len(to) < maxDesks && statement.Text("desk", d, maxName) == nil && !slices.Contains(to, d) {
			to = append(to, d)
		}
	}
	return to
}

func (m *Machine) setDesks(d Desks) {
	m.desks = d
	if len(d.Armed) > 0 {
		m.bare = time.Time{}
	} else if m.bare.IsZero() {
		m.bare = m.now
	}
	if l := m.cur; l != nil && l.phase == RingingHere {
		m.bell(l)
		m.changed()
	}
}

// crossing: both rang. A's ring stays, so ours, B's, becomes it, and is answered by the desk that rang.
//
// SPEC: CAL-007
func (m *Machine) crossing(ours, theirs *leg) {
	m.quiet(ours)
	m.send(ours, Signal{Kind: SigCancel, What: Answered, Became: theirs.id})
	m.finishBecame(ours, theirs.id)
	theirs.rang = merge(nil, []string{ours.by.Desk})
	m.cur, m.voice = theirs, theirs.id.Voice()
	m.state(KindRang, theirs, Rang{Opener: m.cfg.Them, Call: theirs.id.String(), From: theirs.there, Desks: theirs.rang, Priority: theirs.priority, At: whole(m.now)})
	m.answer(Answer{By: ours.by, Codec: ours.codec})
}

// finishBecame ends a ring that became another call; its cancel goes on being repeated.
func (m *Machine) finishBecame(l *leg, into ID) {
	cancelling := l.open[SigCancel]
	delete(l.open, SigCancel)
	m.finish(l, Outcome{What: Answered, Became: into.String()}, "")
	if cancelling {
		l.open[SigCancel], l.until = true, m.now.Add(m.cfg.Bounds.Close)
		m.closing = append(m.closing, l)
	}
}

// gotFor takes a signal about a call that is open here.
func (m *Machine) gotFor(l *leg, s Signal) {
	if l.out == (s.Kind == SigRing || s.Kind == SigCancel) && s.Kind != SigHangUp && s.Kind != SigStill && s.Kind != SigAck {
		return // a caller's signal from the called end, or the other way round
	}
	switch s.Kind {
	case SigRing:
		m.ringAgain(l)
	case SigRinging:
		m.ringing(l, s)
	case SigAnswer:
		m.answered(l, s)
	case SigDecline:
		m.ack(l.id, s.Kind, Declined, "")
		m.settle(l, Outcome{What: Declined, Desk: s.Desk, Reason: s.Reason, StandBy: s.StandBy, Seconds: m.seconds(l), Desks: l.rang}, s)
	case SigBusy:
		if s.What == BusyElsewhere || s.What == BusyWithUs || s.What == Failed {
			m.settle(l, Outcome{What: s.What, Cause: s.Cause}, s)
		}
	case SigNobody:
		m.settle(l, Outcome{What: NobodyArmed}, s)
	case SigCancel:
		m.cancelled(l, s)
	case SigHangUp:
		m.hungUp(l, s)
	case SigStill:
		m.ack(l.id, s.Kind, standing(l), l.outcome.Cause)
	case SigAck:
		m.acked(l, s)
	}
}

// standing says how l stands here, as an ack carries it.
func standing(l *leg) string {
	switch {
	case l.phase == Connected:
		return Talking
	case l.phase == closing:
		return l.outcome.What
	}
	return Ringing
}

func (m *Machine) ringAgain(l *leg) {
	switch {
	case l.phase == RingingHere:
		m.send(l, Signal{Kind: SigRinging, Desks: l.rang})
	case l.phase == closing && !l.open[SigDecline]:
		m.ack(l.id, SigRing, l.outcome.What, l.outcome.Cause)
	}
}

func (m *Machine) ringing(l *leg, s Signal) {
	if l.phase != Calling && l.phase != RingingThere {
		return
	}
	m.quiet(l, SigRing)
	if l.phase == Calling {
		l.phase, l.rings = RingingThere, m.now
	}
	l.rang = merge(l.rang, s.Desks)
	m.changed()
}

// answered: the called end has answered. Our person may have cancelled meanwhile.
//
// SPEC: CAL-005
func (m *Machine) answered(l *leg, s Signal) {
	late := l.phase == closing && !l.stated
	switch {
	case l.phase == Connected:
	case late && l.soft && m.cur == nil, l.phase == Calling, l.phase == RingingThere:
		m.quiet(l)
		m.silence(l)
		m.closing = slices.DeleteFunc(m.closing, func(c *leg) bool { return c == l })
		m.cur, l.soft, l.outcome, l.endedBy = l, false, Outcome{}, ""
		l.there, l.thereBy, l.codec = s.Desk, s.Officer, s.Codec
		m.connect(l)
	case late && (l.outcome.What == Cancelled || l.outcome.What == NoAnswer):
		l.there, l.thereBy = s.Desk, s.Officer
		m.finish(l, Outcome{What: Crossed, Desk: s.Desk, Seconds: l.outcome.Seconds, Desks: l.rang}, l.endedBy)
	case late:
		m.finish(l, l.outcome, l.endedBy)
	}
	m.ack(l.id, SigAnswer, standing(l), l.outcome.Cause)
}

// settle takes the called end's decision on a ring of ours that is not connected.
func (m *Machine) settle(l *leg, o Outcome, s Signal) {
	if l.phase == Connected || l.stated {
		return
	}
	l.there, l.thereBy = cmp.Or(s.Desk, l.there), cmp.Or(s.Officer, l.thereBy)
	m.quiet(l)
	by := ""
	if o.What == Declined {
		by = m.cfg.Them
	}
	m.finish(l, o, by)
}

// cancelled: the caller rings no longer. What our desk did before stands.
//
// SPEC: CAL-004
func (m *Machine) cancelled(l *leg, s Signal) {
	o := Outcome{What: s.What, Cause: s.Cause, Seconds: m.seconds(l), Desks: l.rang}
	by := ""
	switch s.What {
	case Cancelled:
		by = m.cfg.Them
	case NoAnswer, Failed:
	default: // became another call
		o = Outcome{What: Answered}
		if s.Became != (ID{}) {
			o.Became = s.Became.String()
		}
	}
	open := !l.stated && (l.phase == Connected && !l.sure || l.unsure)
	switch {
	case l.phase == RingingHere:
		m.finish(l, o, by)
	case open && s.What == Cancelled:
		o.What, o.Desk = Crossed, l.by.Desk
		m.quiet(l)
		m.finish(l, o, by)
	case open && s.What == Failed:
		m.quiet(l)
		m.finish(l, o, by)
	}
	m.ack(l.id, SigCancel, standing(l), l.outcome.Cause)
}

// hungUp: the peer has ended an answered call.
func (m *Machine) hungUp(l *leg, s Signal) {
	o := Outcome{What: Answered, Desk: l.outcome.Desk, Desks: l.rang}
	if s.What == Failed {
		o = Outcome{What: Failed, Cause: s.Cause, Desk: l.outcome.Desk, Desks: l.rang}
	}
	switch {
	case l.stated:
	case l.phase == RingingHere: // nobody here had answered
		m.finish(l, Outcome{What: Cancelled, Seconds: m.seconds(l), Desks: l.rang}, m.cfg.Them)
	case l.phase == closing && l.outcome.What == Cancelled:
		l.there = cmp.Or(s.Desk, l.there)
		m.finish(l, Outcome{What: Crossed, Desk: s.Desk, Seconds: l.outcome.Seconds, Desks: l.rang}, l.endedBy)
	case l.phase == closing && l.outcome.What == Failed, l.phase == closing && l.unsure:
		m.quiet(l)
		m.finish(l, l.outcome, l.endedBy)
	default:
		l.there = cmp.Or(l.there, s.Desk)
		o.Desk = cmp.Or(o.Desk, l.there)
		m.quiet(l)
		m.finish(l, o, m.cfg.Them)
	}
	m.ack(l.id, SigHangUp, standing(l), l.outcome.Cause)
}

// acked takes the peer's word how the call stands there.
func (m *Machine) acked(l *leg, s Signal) {
	if !l.open[s.Of] {
		return // nobody asked, or it was said before
	}
	m.quiet(l, s.Of)
	if l.stated {
		m.closing = slices.DeleteFunc(m.closing, func(c *leg) bool { return c == l && len(l.open) == 0 })
		return
	}
	switch {
	case s.Of == SigCancel && s.What == Talking: // its answer is on its way, repeated
	case s.Of == SigCancel && s.What == Answered && l.outcome.What == Cancelled:
		m.finish(l, Outcome{What: Crossed, Seconds: l.outcome.Seconds, Desks: l.rang}, l.endedBy)
	case s.Of == SigCancel:
		m.finish(l, adopt(s, l.outcome), l.endedBy)
	case l.unsure && (s.What == Crossed || s.What == Cancelled):
		m.finish(l, Outcome{What: Crossed, Desk: l.by.Desk, Desks: l.rang}, m.cfg.Them)
	case l.unsure:
		m.finish(l, adopt(s, l.outcome), l.endedBy)
	case l.phase == closing:
	case s.What == Talking || s.What == Ringing:
		l.asked, l.checked = time.Time{}, m.now
		l.sure = l.sure || s.Of == SigAnswer
		m.changed()
	case s.What == Unknown:
		m.quiet(l)
		m.finish(l, Outcome{What: Failed, Cause: CauseFarNode, Seconds: m.seconds(l), Desks: l.rang}, "")
	default: // it is over there
		m.quiet(l)
		by := ""
		if s.What == Answered {
			by = m.cfg.Them
		}
		o := adopt(s, Outcome{Desk: l.outcome.Desk, Seconds: m.seconds(l), Desks: l.rang})
		if l.phase == Connected && o.What == Cancelled {
			o.What, by = Crossed, m.cfg.Them
		}
		m.finish(l, o, by)
	}
}

// adopt gives what the peer says that became of l; without a word of its own, ours.
func adopt(s Signal, ours Outcome) Outcome {
	switch s.What {
	case Unknown, Ringing, Talking, "":
		return ours
	case Failed:
		if ours.What == Failed {
			return ours
		}
	}
	ours.What, ours.Cause = s.What, s.Cause
	return ours
}

// gotDead answers what comes late about a call that is over.
func (m *Machine) gotDead(g *grave, s Signal) {
	switch {
	case s.Kind == SigRing && g.reply != nil:
		m.send(nil, withID(*g.reply, g.id))
	case s.Kind == SigRinging, s.Kind == SigBusy, s.Kind == SigNobody, s.Kind == SigAck:
	default:
		m.ack(g.id, s.Kind, g.out.What, g.out.Cause)
	}
}
