// SPDX-License-Identifier: Apache-2.0

package call

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/statement"
)

// Got takes a signal of the peer's, decoded, from an authenticated session. The peer may be hostile: nothing here panics,
// grows without bound, or opens sound that our own person has not asked for.
func (m *Machine) Got(s Signal, now time.Time) Out {
	m.begin(now)
	is := func(l *Live) bool { return l.ID == s.ID }
	if m.cur != nil && is(m.cur) {
		m.mark(s)
		m.gotFor(m.cur, s)
	} else if i := slices.IndexFunc(m.closing, is); i >= 0 {
		m.mark(s)
		m.gotFor(m.closing[i], s)
	} else if i := slices.IndexFunc(m.over, is); i >= 0 {
		m.gotDead(m.over[i], s)
	} else {
		m.gotNew(s)
	}
	return m.out
}

// gotNew takes a signal about a call that is not known here.
func (m *Machine) gotNew(s Signal) {
	switch s.Kind {
	case SigRing:
		m.gotRing(s)
	case SigCancel: // its ring may yet come by a slower path
		m.keep(&Live{ID: s.ID, State: closing, Outcome: Outcome{What: Cancelled}})
		fallthrough
	case SigAnswer, SigDecline, SigHangUp, SigStill, SigPeople:
		m.once(s.ID, Signal{Kind: SigAck, Of: s.Kind, What: Unknown})
	}
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
	l := &Live{ID: s.ID, State: RingingHere, Class: s.Class, Mark: s.Mark, Priority: s.Priority, There: s.Desk,
		ThereBy: s.Officer, only: [2]string{"", s.Codec}, Began: m.now, rings: m.now, open: map[SignalKind]bool{}}
	switch c := m.cur; {
	case c == nil:
		m.incoming(l)
	case c.Out && c.State != Connected && m.IsPartyA: // two rings cross: ours stays, theirs learns it from our ring
		m.once(c.ID, ringSignal(c))
	case c.Out && c.State != Connected:
		m.crossing(c, l)
	case c.State == RingingHere: // they have left their earlier ring for this one
		m.finish(c, m.rang(c, Cancelled, ""), m.Them)
		m.incoming(l)
	case !c.Out && !c.sure: // they may have left it before our answer came: their ack of it says
		m.doubt(c, talked(c), m.Them)
		m.incoming(l)
	default: // they have left our call: their hang-up is on its way, or was lost with a restart
		m.finish(c, talked(c), m.Them)
		m.incoming(l)
	}
	if m.cur == l && l.State == RingingHere && m.now.Sub(m.Began) < closeWithin {
		m.still(l)
	}
}

// talked is the outcome of a call that was answered.
func talked(l *Live) Outcome {
	return Outcome{What: Answered, Desk: l.Outcome.Desk, Desks: l.Rang}
}

// incoming rings our desks, or says at once why it cannot.
//
// SPEC: CAL-018
func (m *Machine) incoming(l *Live) {
	m.rung = slices.DeleteFunc(m.rung, func(t time.Time) bool { return m.now.Sub(t) >= time.Hour })
	no := func(s Signal, o Outcome) {
		m.once(l.ID, s)
		l.reply, l.State, l.Outcome = &s, closing, o
	}
	if k := len(m.rung); k >= ringsAnHour || k >= ringsAMinute && m.now.Sub(m.rung[k-ringsAMinute]) < time.Minute {
		no(Signal{Kind: SigBusy, What: Failed, Cause: CausePolicy}, Outcome{What: Failed, Cause: CausePolicy})
		m.keep(l) // not stated: a peer must not write our record by ringing
		return
	}
	m.rung = append(m.rung, m.now)
	switch {
	case len(m.armed) == 0:
		no(Signal{Kind: SigNobody}, Outcome{What: NobodyArmed})
	case len(m.rings(l)) == 0:
		no(Signal{Kind: SigBusy, What: BusyElsewhere}, Outcome{What: BusyElsewhere})
	default:
		m.cur, m.voice = l, l.ID.Voice()
		m.bell(l)
		m.stateRang(l)
		m.changed()
		return
	}
	m.finish(l, l.Outcome, "")
}

func (m *Machine) stateRang(l *Live) {
	m.state(KindRang, l, Word{Opener: m.Them, Call: l.ID.String(), From: l.There, Desks: l.Rang, Priority: l.Priority, At: whole(m.now)})
}

// rings gives the armed desks that can ring now: a ring with a priority rings those in another call too.
//
// SPEC: CAL-034
func (m *Machine) rings(l *Live) (desks []string) {
	for _, d := range m.armed {
		if l.Priority != "" || !slices.Contains(m.busy, d) {
			desks = append(desks, d)
		}
	}
	return desks
}

// bell rings the desks that can ring now, and tells the caller which do.
func (m *Machine) bell(l *Live) {
	desks := m.rings(l)
	n := min(l.deputies, len(m.deputies))
	desks = merge(nil, append(desks, m.deputies[:n]...))
	l.later = slices.Clone(m.deputies[n:])
	l.Rang = merge(l.Rang, desks)
	l.bell = desks
	m.send(l, Signal{Kind: SigRinging, Desks: desks})
}

// merge adds what is valid and new, as many as a signal carries: 32, and fewer where quotes and backslashes in names take
// twice their room.
func merge(to, more []string) []string {
	size := func(ds []string) (n int) {
		for _, d := range ds {
			n += len(d) + strings.Count(d, `"`) + strings.Count(d, `\`)
		}
		return n
	}
	for _, d := range more {
		if len(to) < maxDesks && statement.Text("desk", d, maxName) == nil && !slices.Contains(to, d) && size(to)+size([]string{d}) <= maxDesks*maxName {
			to = append(to, d)
		}
	}
	return to
}

// crossing: both rang. A's ring stays, so ours, B's, becomes it, and is answered by the desk that rang; where the two have no
// codec in common, it rings here as any other.
//
// SPEC: CAL-007
func (m *Machine) crossing(ours, theirs *Live) {
	m.quiet(ours)
	m.send(ours, Signal{Kind: SigCancel, What: Answered, Became: theirs.ID})
	m.finish(ours, Outcome{What: Answered, Became: theirs.ID.String()}, "", SigCancel)
	theirs.Rang = merge(nil, []string{ours.By.Desk})
	m.cur, m.voice = theirs, theirs.ID.Voice()
	if _, ok := common(ours.only[0], theirs.only[1]); !ok {
		m.bell(theirs)
	}
	m.stateRang(theirs)
	if len(theirs.bell) == 0 {
		m.answer(ours.By, ours.only[0])
	}
}

// gotFor takes a signal about a call that is open here.
func (m *Machine) gotFor(l *Live, s Signal) {
	if l.Out == (s.Kind == SigRing || s.Kind == SigCancel) && s.Kind != SigHangUp && s.Kind != SigStill && s.Kind != SigAck && s.Kind != SigPeople {
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
		m.once(l.ID, Signal{Kind: SigAck, Of: SigDecline, What: Declined})
		m.settle(l, m.declined(l, s), s)
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
		m.ack(l, SigStill)
	case SigAck:
		m.acked(l, s)
	case SigPeople:
		m.gotPeople(l, s)
	}
}

func (m *Machine) ringAgain(l *Live) {
	switch {
	case l.State == RingingHere:
		m.send(l, Signal{Kind: SigRinging, Desks: l.Rang})
	case l.State == closing && !l.open[SigDecline]:
		m.ack(l, SigRing)
	}
}

func (m *Machine) ringing(l *Live, s Signal) {
	if l.State == Connected { // late, or its node began again and has its answer forgotten: it says
		m.still(l)
	}
	if l.State != Calling && l.State != RingingThere {
		return
	}
	m.quiet(l, SigRing)
	if l.State == Calling {
		l.State, l.rings = RingingThere, m.now
	}
	l.Rang = merge(l.Rang, s.Desks)
	m.changed()
}

// answered: the called end has answered. Our person may have cancelled meanwhile.
//
// SPEC: CAL-005
func (m *Machine) answered(l *Live, s Signal) {
	late := l.State == closing && !l.stated
	switch {
	case l.State == Connected:
	case late && l.soft && m.cur == nil, l.State == Calling, l.State == RingingThere:
		m.quiet(l)
		m.leave(l)
		m.cur, l.soft, l.Outcome, l.endedBy = l, false, Outcome{}, ""
		l.There, l.ThereBy, l.Codec = s.Desk, s.Officer, s.Codec
		if codec, ok := common(l.only[0], s.Codec); !ok || codec != s.Codec { // no call that nobody would hear
			m.fail(l, CauseMedia, m.Them)
			break
		}
		m.connect(l)
	case late && (l.Outcome.What == Cancelled || l.Outcome.What == NoAnswer):
		l.There, l.ThereBy = s.Desk, s.Officer
		m.crossed(l, s.Desk)
	case late:
		m.finish(l, l.Outcome, l.endedBy)
	}
	m.ack(l, SigAnswer)
}

// crossed ends a ring that we took back and they had answered.
func (m *Machine) crossed(l *Live, desk string) {
	m.finish(l, Outcome{What: Crossed, Desk: desk, Seconds: l.Outcome.Seconds, Desks: l.Rang}, l.endedBy)
}

// settle takes the called end's decision on a ring of ours that is not connected.
func (m *Machine) settle(l *Live, o Outcome, s Signal) {
	if l.State == Connected || l.stated {
		return
	}
	l.There, l.ThereBy = cmp.Or(s.Desk, l.There), cmp.Or(s.Officer, l.ThereBy)
	by := ""
	if o.What == Declined {
		by = m.Them
	}
	m.finish(l, o, by)
}

// cancelled: the caller rings no longer. What our desk did before stands.
//
// SPEC: CAL-004
func (m *Machine) cancelled(l *Live, s Signal) {
	o := m.rang(l, s.What, s.Cause)
	by := ""
	switch s.What {
	case Cancelled:
		by = m.Them
	case NoAnswer, Failed:
	default: // became another call
		o = Outcome{What: Answered}
		if s.Became != (ID{}) {
			o.Became = s.Became.String()
		}
	}
	open := !l.stated && (l.State == Connected && !l.sure || l.unsure)
	switch {
	case l.State == RingingHere:
		m.finish(l, o, by)
	case open && s.What == Cancelled:
		o.What, o.Desk = Crossed, l.By.Desk
		m.finish(l, o, by)
	case open && s.What == Failed:
		m.finish(l, o, by)
	}
	m.ack(l, SigCancel)
}

// hungUp: the peer has ended an answered call.
func (m *Machine) hungUp(l *Live, s Signal) {
	o := talked(l)
	if s.What == Failed {
		o.What, o.Cause = Failed, s.Cause
	}
	switch {
	case l.stated:
	case l.State == RingingHere: // they have our answer: we gave it before a restart
		m.finish(l, m.rang(l, Failed, CauseNearNode), m.Them)
	case l.State == closing && l.Outcome.What == Cancelled:
		l.There = cmp.Or(s.Desk, l.There)
		m.crossed(l, s.Desk)
	case l.State == closing && l.Outcome.What == Failed, l.State == closing && l.unsure:
		m.finish(l, l.Outcome, l.endedBy)
	default:
		l.There = cmp.Or(l.There, s.Desk)
		o.Desk = cmp.Or(o.Desk, l.There)
		m.finish(l, o, m.Them)
	}
	m.ack(l, SigHangUp)
}

// acked takes the peer's word how the call stands there.
func (m *Machine) acked(l *Live, s Signal) {
	if !l.open[s.Of] || s.Of == SigPeople && s.What == Talking && s.Version != l.version {
		return // nobody asked, or it was said before
	}
	m.quiet(l, s.Of)
	if l.stated {
		if len(l.open) == 0 {
			m.leave(l)
		}
		return
	}
	switch {
	case s.Of == SigCancel && s.What == Talking: // its answer is on its way, repeated
	case s.Of == SigCancel && s.What == Answered && l.Outcome.What == Cancelled:
		m.crossed(l, "")
	case s.Of == SigCancel:
		m.finish(l, adopt(s, l.Outcome), l.endedBy)
	case l.unsure && (s.What == Crossed || s.What == Cancelled):
		m.finish(l, Outcome{What: Crossed, Desk: l.By.Desk, Desks: l.Rang}, m.Them)
	case l.unsure && s.What == Unknown: // it began again: nobody knows whether the caller had our answer
		m.finish(l, Outcome{What: Failed, Cause: CauseFarNode, Desks: l.Rang}, "")
	case l.unsure:
		m.finish(l, adopt(s, l.Outcome), l.endedBy)
	case l.State == closing:
	case l.State == Connected && l.Out && s.Of == SigStill && s.What == Ringing: // its node began again, and has its answer forgotten
		m.fail(l, CauseFarNode, "")
	case s.What == Talking || s.What == Ringing:
		l.asked, l.checked = time.Time{}, m.now
		l.sure = l.sure || s.Of == SigAnswer
		if s.Of == SigPeople {
			if l.next == ULaw {
				l.Codec = ULaw
			}
			m.admit(l, l.told)
		}
		m.changed()
	case s.What == Unknown:
		m.finish(l, m.rang(l, Failed, CauseFarNode), "")
	default: // it is over there
		by := ""
		if s.What == Answered {
			by = m.Them
		}
		o := m.rang(l, "", "")
		o.Desk = l.Outcome.Desk
		o = adopt(s, o)
		if l.State == Connected && o.What == Cancelled {
			o.What, by = Crossed, m.Them
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
func (m *Machine) gotDead(l *Live, s Signal) {
	switch {
	case s.Kind == SigRing && l.reply != nil:
		m.once(l.ID, *l.reply)
	case s.Kind == SigRinging, s.Kind == SigBusy, s.Kind == SigNobody, s.Kind == SigAck:
	default:
		m.ack(l, s.Kind)
	}
}
