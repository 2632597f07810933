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

// The times that a machine keeps. Both ends may differ in them: no outcome rests on their being equal.
const (
	replyWithin    = 10 * time.Second        // a ring without any reply: failed
	deputyAfter    = 20 * time.Second        // the first deputy desk rings too
	deputyNext     = 10 * time.Second        // and after it one more at a time
	deputyAll      = 50 * time.Second        // until all of them do
	noAnswerAfter  = 60 * time.Second        // the caller gives up
	calledGivesUp  = 75 * time.Second        // the called end, should the caller have vanished
	lineRinging    = 5 * time.Second         // no path lives while it rings: failed
	lineTalking    = 15 * time.Second        // no path lives in a call: failed
	stillWithin    = 15 * time.Second        // a question whether the peer still holds the call: unanswered, it failed
	silentAfter    = 2500 * time.Millisecond // no frame went or came since the answer: no sound
	comeBackWithin = 2500 * time.Millisecond // it rings here and no desk is armed any more: nobody armed
	closeWithin    = 10 * time.Second        // the last signal of a call is repeated at most so long
	ringsAMinute   = 20                      // rings of the peer that are stated and rung; more are answered: policy
	ringsAnHour    = 6 * ringsAMinute
)

// How a call stands at this end.
const (
	Idle         = "idle"
	Calling      = "calling"       // we ring; no word from there yet
	RingingThere = "ringing-there" // we ring, and it rings there
	RingingHere  = "ringing-here"
	Connected    = "connected"
	closing      = "closing" // over for our person; the peer has not yet said how it stands there
)

// Live is one call as it stands at this end: what views show of it, and what the machine keeps of it.
type Live struct {
	State          string // idle calling ringing-there ringing-here connected
	ID             ID
	Out            bool // we rang
	Class, Mark    string
	Priority       string
	By             statement.Author // our person
	Codec          string           // of the call, once it is answered
	There, ThereBy string           // their desk and officer, as they said
	Rang           []string         // desks that rang
	Began          time.Time
	Answered       time.Time
	Outcome        Outcome   // of one that is over
	Ended          time.Time // of one that is over
	Last           *Live     // of Machine.Live: the call that ended last
	Side           [2]Roster // of one that is connected: ours, theirs

	only     [2]string // what our desk, and theirs, is limited to: ULaw; G722, that or G.711; "": nothing
	next     string    // the codec that the newest roster of ours changes the call to; "": none
	turned   bool      // theirs changed it from Opus
	told     []Person  // ours, by the newest roster that we sent
	version  int       // of it
	theirs   int       // of their newest
	joined   []Joined  // ours who are in it no more
	handed   time.Time // a desk rings that the call is handed to, since
	called   int       // deputies whose turn it was, for it is on hold or waits
	bell     []string  // our desks that ring now
	deputies int       // whose turn it was
	later    []string  // whose turn is still to come
	rings    time.Time // first ringing
	sure     bool      // called end: the caller has our answer
	silent   time.Time // nothing is heard of them since; zero: heard, or not expected
	asked    time.Time // a still of ours is unanswered since
	checked  time.Time // it was last answered
	soft     bool      // closing for want of an answer: an answer still connects
	unsure   bool      // closing, hung up before the caller had our answer
	endedBy  string
	until    time.Time // closing: our last signal is repeated until then
	stated   bool
	counted  bool                // whether its sound works was looked at
	open     map[SignalKind]bool // repetitions running
	meters   *Counts
	reply    *Signal // over before it rang here: what a ring that comes again gets
}

// Machine is one end of the calls of one line: one call at a time. It is owned by the line's loop. It never fails: what
// does not fit is dropped, or answered to the person by Out.Err.
//
// SPEC: CAL-003
type Machine struct {
	Us, Them string // the parties' names
	IsPartyA bool   // we are party A: our ring stays where two cross
	Rand     io.Reader
	Meters   func() Counts // of the call's sound
	Wide     bool          // the other end knows G.722: to another it is never named
	Down     time.Time     // no path since, at first since the start; zero: some path lives
	Began    time.Time     // a ring just after may be a late one, of a call that was closed before: the caller is asked

	seq                   uint32
	cur                   *Live
	closing               []*Live
	over                  []*Live // so that what comes late is answered as it was
	armed, busy, deputies []string
	bare                  time.Time // no desk of ours is armed since; zero: one is
	run                   string
	newest                uint32 // of the peer's signals that show which call is its current one, the newest
	newestC               ID     // and that call
	rung                  []time.Time
	last                  *Live
	voice                 uint16 // of the newest call: the next one's differs
	ticked                time.Time
	now                   time.Time
	out                   Out
}

// Out is what a Machine asks of its node, in this order. Nothing of it waits for a disk.
type Out struct {
	Quiet   []string       // repetitions that end: answered, or their time is over
	Send    []Signal       // over every live path
	Close   bool           // the desk's sound and the frames of the call that was
	Open    bool           // the desk's sound and the frames of the call that is, as Live says
	Drafts  []record.Draft // to be stated; it may fail or wait: the call goes on
	Changed bool           // Live gives something new
	Err     error          // an act that does not fit, for the person who did it
}

// Acts that do not fit.
var (
	ErrNotRinging = statement.Refuse("ring the other end: parley ring", "nothing rings here")
	ErrNoCall     = statement.Refuse("ring the other end: parley ring", "there is no call")
	ErrAct        = statement.Refuse("", "the act names what a signal cannot carry")
	ErrRandom     = statement.Refuse("", "no randomness for a call's id")
	ErrCodec      = statement.Refuse("answer at another desk", "this desk and theirs have no way of coding sound in common")
)

// Live gives how the call stands.
func (m *Machine) Live() Live {
	v := Live{State: Idle}
	if m.cur != nil {
		v = *m.cur
		v.Rang = slices.Clone(v.Rang)
	}
	v.Last = m.last
	return v
}

// begin begins a step: what it says is to be done is in m.out at its end.
func (m *Machine) begin(now time.Time) { m.now, m.out = now.UTC(), Out{} }

func (m *Machine) changed() { m.out.Changed = true }

func (m *Machine) cannot(err error) Out {
	m.out.Err = err
	return m.out
}

// once gives a signal its sequence number and sends it.
func (m *Machine) once(id ID, s Signal) {
	m.seq++
	s.Seq, s.ID = m.seq, id
	m.out.Send = append(m.out.Send, s)
}

// send sends a signal about l; repeated kinds until it is answered.
func (m *Machine) send(l *Live, s Signal) {
	if signals[s.Kind-1].repeated {
		s.Repeat = repeatID(s.Kind, l.ID)
		l.open[s.Kind] = true
	}
	m.once(l.ID, s)
}

func repeatID(k SignalKind, id ID) string { return "call/" + k.String() + "/" + id.String() }

// quiet ends repetitions of l: those named, or all.
//
// SPEC: CAL-009
func (m *Machine) quiet(l *Live, kinds ...SignalKind) {
	for _, r := range signals {
		if l.open[r.kind] && (len(kinds) == 0 || slices.Contains(kinds, r.kind)) {
			delete(l.open, r.kind)
			m.out.Quiet = append(m.out.Quiet, repeatID(r.kind, l.ID))
		}
	}
}

// ack says that we have a signal about l, and how l stands here.
func (m *Machine) ack(l *Live, of SignalKind) {
	s := Signal{Kind: SigAck, Of: of, What: Ringing, Cause: l.Outcome.Cause}
	switch {
	case l.State == Connected:
		s.What = Talking
	case l.State == closing && l.Outcome.What == NoSound: // a matter of the record: to the signals it was answered
		s.What = Answered
	case l.State == closing:
		s.What = l.Outcome.What
	}
	m.once(l.ID, s)
}

// Ring is a person's act: ring the other end, in a class ("" is substantive), mark ("" is actual) and priority. While the
// other end rings here it answers. Only is what this desk is limited to, as Live says.
func (m *Machine) Ring(by statement.Author, class, mark, priority, only string, now time.Time) Out {
	m.begin(now)
	if only == G722 && !m.Wide {
		only = ULaw
	}
	if m.cur != nil && m.cur.State == RingingHere {
		return m.answer(by, only) // both want to talk
	}
	l := &Live{Out: true, State: Calling, Class: cmp.Or(class, "substantive"), Mark: cmp.Or(mark, "actual"), Priority: priority, By: by,
		only: [2]string{only}, Began: m.now, open: map[SignalKind]bool{}}
	for l.ID.Voice() == m.voice || l.ID == (ID{}) {
		if _, err := io.ReadFull(m.Rand, l.ID[:]); err != nil {
			return m.cannot(ErrRandom)
		}
	}
	s := ringSignal(l)
	if _, err := s.Encode(); err != nil {
		return m.cannot(ErrAct)
	}
	m.state(KindPlaced, l, Word{Opener: m.Us, Call: l.ID.String(), By: &by, Priority: l.Priority, At: whole(m.now)})
	switch {
	case m.cur != nil:
		m.finish(l, Outcome{What: BusyWithUs}, "")
	case !m.Down.IsZero():
		m.finish(l, Outcome{What: Failed, Cause: CausePath}, "")
	default:
		m.cur, m.voice = l, l.ID.Voice()
		m.send(l, s)
	}
	m.changed()
	return m.out
}

func ringSignal(l *Live) Signal {
	return Signal{Kind: SigRing, Desk: l.By.Desk, Officer: l.By.Officer, Class: l.Class, Mark: l.Mark, Codec: l.only[0], Priority: l.Priority}
}

// Answer is a person's act; only is the one codec that this desk speaks, "" where it speaks both.
func (m *Machine) Answer(by statement.Author, only string, now time.Time) Out {
	m.begin(now)
	return m.answer(by, only)
}

// answer is the person's act, or ours where two rings crossed.
//
// SPEC: CAL-021
func (m *Machine) answer(by statement.Author, only string) Out {
	l := m.cur
	if l != nil && l.State == Connected && slices.Contains(l.bell, by.Desk) {
		was := l.next
		if _, ok := common(only, l.Codec); !ok && (only != ULaw || l.only[1] == Opus) {
			return m.cannot(ErrCodec)
		} else if !ok {
			l.next = ULaw
		}
		out := m.take(l, by)
		if out.Err != nil {
			l.next = was
		}
		return out
	}
	if l == nil || l.State != RingingHere {
		return m.cannot(ErrNotRinging)
	}
	codec, ok := common(only, l.only[1])
	if !ok {
		return m.cannot(ErrCodec)
	}
	s := Signal{Kind: SigAnswer, Desk: by.Desk, Officer: by.Officer, Codec: codec}
	if _, err := s.Encode(); err != nil {
		return m.cannot(ErrAct)
	}
	l.By, l.Codec = by, s.Codec
	m.send(l, s)
	m.connect(l)
	return m.out
}

// common gives the codec of two desks of which each speaks one alone, or both (""). What speaks G.722 speaks G.711 too.
func common(a, b string) (codec string, ok bool) {
	if narrow := map[string]string{G722: ULaw}; a != b {
		a, b = cmp.Or(narrow[a], a), cmp.Or(narrow[b], b)
	}
	return cmp.Or(a, b, Opus), a == "" || b == "" || a == b
}

// connect opens the sound.
func (m *Machine) connect(l *Live) {
	l.State, l.Answered, l.bell = Connected, m.now, nil
	l.told = []Person{{Desk: l.By.Desk, Officer: l.By.Officer, Part: Holder, Speaks: true, By: l.By}}
	m.admit(l, l.told)
	l.Side[1].People = []Person{{Desk: l.There, Officer: l.ThereBy, Part: Holder, Speaks: true, Since: m.now}}
	l.Outcome.Desk = l.There
	if !l.Out {
		l.Outcome.Desk = l.By.Desk
	}
	m.out.Open = true
	m.changed()
}

// Decline is a person's act.
func (m *Machine) Decline(by statement.Author, reason string, standBy, now time.Time) Out {
	m.begin(now)
	l := m.cur
	if l != nil && l.State == Connected && slices.Contains(l.bell, by.Desk) { // who has the call keeps it
		l.bell = slices.DeleteFunc(slices.Clone(l.bell), func(d string) bool { return d == by.Desk })
		m.changed()
		return m.out
	}
	if l == nil || l.State != RingingHere {
		return m.cannot(ErrNotRinging)
	}
	s := Signal{Kind: SigDecline, Desk: by.Desk, Officer: by.Officer, Reason: reason, StandBy: whole(standBy)}
	if _, err := s.Encode(); err != nil {
		return m.cannot(ErrAct)
	}
	l.By = by
	m.send(l, s)
	m.finish(l, m.declined(l, s), m.Us, SigDecline)
	return m.out
}

// HangUp is a person's act; while one's own ring is out it cancels, and who joined leaves. Class, where given, is what he says of the call.
func (m *Machine) HangUp(by statement.Author, class string, now time.Time) Out {
	m.begin(now)
	l := m.cur
	if l == nil || l.State == RingingHere || class != "" && !slices.Contains(statement.Classes, class) {
		return m.cannot(ErrNoCall)
	}
	if i := at(l.told, by.Desk); l.State == Connected && i < 0 {
		return m.cannot(ErrIn) // it is for those who talk to end it
	} else if l.State == Connected && l.told[i].Source != 0 {
		return m.leaves(l, by.Desk)
	} else if had := l.back(by.Desk); l.State == Connected && had != nil {
		return m.take(l, had.By)
	}
	l.Class = cmp.Or(class, l.Class)
	if l.State != Connected {
		m.cancel(l, m.rang(l, Cancelled, ""), m.Us, "")
		return m.out
	}
	l.By = by
	m.end(l, Outcome{What: Answered}, m.Us, "")
	return m.out
}

// Desks says which desks of ours are armed, which of them are in a call on another line, and which ring later, in the order
// of their turns, whenever one of the three changes.
func (m *Machine) Desks(armed, busy, deputies []string, now time.Time) Out {
	m.begin(now)
	m.armed, m.busy, m.deputies = armed, busy, deputies
	if len(armed) > 0 {
		m.bare = time.Time{}
	} else if m.bare.IsZero() {
		m.bare = m.now
	}
	if l := m.cur; l != nil && l.State == RingingHere {
		m.bell(l)
		m.changed()
	}
	return m.out
}

// Hears says that frames of the call come (again), or that none came for 5 seconds.
func (m *Machine) Hears(voice uint16, heard bool, now time.Time) Out {
	m.begin(now)
	l := m.cur
	switch {
	case l == nil || l.State != Connected || l.ID.Voice() != voice:
	case heard:
		l.silent, l.sure = time.Time{}, true
		m.changed()
	case l.silent.IsZero():
		l.silent = m.now
		m.still(l)
		m.changed()
	}
	return m.out
}

// Broken says that this end cannot carry the call's sound any more: media, microphone or speaker.
func (m *Machine) Broken(cause string, now time.Time) Out {
	m.begin(now)
	if l := m.cur; l != nil && l.State != RingingHere {
		m.fail(l, cause, m.Us)
	}
	return m.out
}

// Line says whether any path lives.
func (m *Machine) Line(up bool, now time.Time) Out {
	m.begin(now)
	if up == m.Down.IsZero() {
		return m.out
	}
	m.changed()
	if m.Down = m.now; up {
		m.Down = time.Time{}
		if l := m.cur; l != nil && (l.State == Connected || l.State == RingingHere) {
			m.still(l)
		}
	}
	return m.out
}

// PeerRun says that a session of another run of the peer is up, which may have forgotten everything. A ring is rung anew
// (it knows a ring that it has); of another call it is asked whether the peer still holds it.
func (m *Machine) PeerRun(run string, now time.Time) Out {
	m.begin(now)
	if run == m.run {
		return m.out
	}
	first := m.run == ""
	m.run, m.newest, m.newestC = run, 0, ID{}
	l := m.cur
	switch {
	case l == nil || first:
	case l.State == Calling || l.State == RingingThere:
		m.quiet(l, SigRing)
		m.send(l, ringSignal(l))
	default:
		m.still(l)
	}
	return m.out
}

// Goodbye says that the peer's node has said that it stops.
func (m *Machine) Goodbye(now time.Time) Out {
	m.begin(now)
	if l := m.cur; l != nil {
		m.finish(l, m.rang(l, Failed, CauseFarNode), m.Them)
	}
	return m.out
}

// Stop says that this node stops in an orderly way: everything ends at once. The peer sees a far node fail.
func (m *Machine) Stop(now time.Time) Out {
	m.begin(now)
	if l := m.cur; l != nil {
		kind := SigHangUp
		if l.Out && l.State != Connected {
			kind = SigCancel
		}
		m.once(l.ID, Signal{Kind: kind, What: Failed, Cause: CauseFarNode})
		m.finish(l, m.rang(l, Failed, CauseNearNode), m.Us)
	}
	for _, l := range slices.Clone(m.closing) {
		m.quiet(l)
		m.finish(l, l.Outcome, l.endedBy)
	}
	m.closing = nil
	return m.out
}

// state drafts a statement about l.
func (m *Machine) state(kind string, l *Live, facts any) {
	d, _ := statement.Say(record.Draft{Kind: kind, Class: l.Class, Mark: l.Mark, Facts: facts}) // a reason is judged with its signal
	m.out.Drafts = append(m.out.Drafts, d)
}

// rang is an outcome with how long l rang and where.
func (m *Machine) rang(l *Live, what, cause string) Outcome {
	return Outcome{What: what, Cause: cause, Seconds: m.seconds(l), Desks: l.Rang}
}

// declined is the outcome of a decline, ours or theirs.
func (m *Machine) declined(l *Live, s Signal) Outcome {
	o := m.rang(l, Declined, "")
	o.Desk, o.Reason, o.StandBy = s.Desk, s.Reason, s.StandBy
	return o
}

// seconds is how long l rang.
func (m *Machine) seconds(l *Live) int {
	if l.rings.IsZero() {
		return 0
	}
	return int(cmp.Or(l.Answered, m.now).Sub(l.rings) / time.Second)
}

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
