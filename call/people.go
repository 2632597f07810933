// SPDX-License-Identifier: Apache-2.0

package call

import (
	"cmp"
	"slices"
	"time"

	"example.org/parley/statement"
)

// Who somebody is in a call.
const (
	Holder    = "officer" // who has the call: source 0
	Linguist  = "linguist"
	Principal = "principal"
	Listener  = "listener" // he never speaks
)

// Parts are what somebody who joins can be.
var Parts = []string{Linguist, Principal, Listener}

// WaitsFor are those for whom an end can wait.
var WaitsFor = []string{Holder, Linguist, Principal}

// Limits of who is in a call.
const (
	maxPeople   = 4                // of an end at a time: one a source
	maxJoined   = 8                // that one call.closed names
	deputyTakes = 60 * time.Second // of a hold or a wait: the first deputy rings, and after as long again the next
	handWithin  = 30 * time.Second // a desk that a call is handed to rings so long
)

// Person is somebody of one end in a call, at his desk. His frames bear his source.
type Person struct {
	Source  int              `json:"source,omitempty"`
	Desk    string           `json:"desk"`
	Officer string           `json:"officer,omitempty"`
	Part    string           `json:"part"` // Holder, Linguist, Principal or Listener
	Speaks  bool             `json:"speaks,omitempty"`
	By      statement.Author `json:"-"` // of ours
	Since   time.Time        `json:"-"`
	list    int              // of ours the newest that named him, of theirs the first
}

// Roster is how one end of a call stands.
type Roster struct {
	People  []Person  // of ours those whom the other end has seen, of theirs by their word; by source
	Held    time.Time // since when it is on hold, by our clock; zero: it is not
	Holds   int       // the source of who holds it
	Waiting string    // the part of whom it waits for
	Waits   time.Time // since when
	were    []Person  // of theirs, the newest of those who are no more, or have another source
}

// Ever gives those whose letters may still come: who was in the call, and who is.
func (r Roster) Ever() []Person { return slices.Concat(r.were, r.People) }

// Joined is what call.closed says of one of those who were in the call, where an end had more than one.
type Joined struct {
	By     statement.Author `json:"by"`
	Part   string           `json:"part"` // officer linguist principal listener
	Speaks bool             `json:"speaks,omitempty"`
	From   time.Time        `json:"from"`
	Until  time.Time        `json:"until"`
}

// Acts of people in a call that do not fit.
var (
	ErrIn      = statement.Refuse("", "this desk is not in the call")
	ErrHas     = statement.Refuse("", "this desk has the call")
	ErrPeople  = statement.Refuse("end the call and ring again", "no more can join: %d of a party at a time, %d in all", maxPeople, maxJoined)
	ErrNoDesk  = statement.Refuse("see: parley desk list", "no such desk of ours is armed")
	ErrNotHeld = statement.Refuse("", "the call is not on hold, and waits for nobody")
)

// Told are those of ours whom the newest roster names, seen by the other end or not yet.
func (l *Live) Told() []Person { return l.told }

// Bell are the desks of ours that ring now.
func (l *Live) Bell() []string { return l.bell }

// Later reports whether a call rings here, and not yet at a desk of ours, whose turn as a deputy is still to come.
func (l *Live) Later(desk string) bool {
	return l.State == RingingHere && slices.Contains(l.later, desk)
}

// Rings reports whether a call that is up rings at a desk of ours, for it to take it.
func (l *Live) Rings(desk string) bool {
	return l.State == Connected && slices.Contains(l.bell, desk)
}

// RingsWide reports whether a call rings here from a desk that speaks G.722.
func (l *Live) RingsWide() bool { return l.State == RingingHere && l.only[1] == G722 }

// at gives the place in a roster of who sits at a desk, -1 for nobody.
func at(ps []Person, desk string) int {
	return slices.IndexFunc(ps, func(p Person) bool { return p.Desk == desk })
}

// talking gives the call that is up.
func (m *Machine) talking() (*Live, error) {
	if l := m.cur; l != nil && l.State == Connected {
		return l, nil
	}
	return nil, ErrNoCall
}

// full reports whether call.closed could not name one more.
func (l *Live) full() bool { return len(l.joined)+len(l.told) >= maxJoined }

// Join is a person's act: his desk enters the call beside the one that has it, or speaks or listens from now on where it is
// in it. Nobody is heard, or hears, before the other end has said that it shows him.
//
// SPEC: CAL-022
func (m *Machine) Join(by statement.Author, part string, listens bool, now time.Time) Out {
	m.begin(now)
	l, err := m.talking()
	if err != nil {
		return m.cannot(err)
	}
	if by.Desk == l.told[0].Desk {
		return m.cannot(ErrHas)
	}
	if l.full() {
		return m.cannot(ErrPeople)
	}
	l.bell = slices.DeleteFunc(slices.Clone(l.bell), func(d string) bool { return d == by.Desk })
	told := slices.Clone(l.told)
	p := Person{Desk: by.Desk, Officer: by.Officer, Part: cmp.Or(part, Linguist), By: by, Speaks: !listens && part != Listener}
	i := at(told, by.Desk)
	if i >= 0 {
		p.Source = told[i].Source
		p.Part = cmp.Or(part, told[i].Part)
		told[i] = p
	} else {
		for p.Source = 1; slices.ContainsFunc(told, func(q Person) bool { return q.Source == p.Source }); p.Source++ {
		}
		if told = append(told, p); len(told) > maxPeople {
			return m.cannot(ErrPeople)
		}
		slices.SortFunc(told, func(a, b Person) int { return cmp.Compare(a.Source, b.Source) })
	}
	return m.tell(l, told)
}

// tell says who is in the call at this end, and whether it is on hold. Who is new in it waits for the other end's word.
func (m *Machine) tell(l *Live, told []Person) Out {
	if l.Codec == G722 && (len(told) > 1 || told[0].Desk != l.told[0].Desk) { // SPEC: CAL-035
		l.next = ULaw
	}
	s := Signal{Kind: SigPeople, Version: l.version + 1, People: told, Waiting: l.Side[0].Waiting, Codec: l.next}
	if !l.Side[0].Held.IsZero() {
		s.Held = 1 + l.Side[0].Holds
	}
	if _, err := s.Encode(); err != nil {
		return m.cannot(ErrAct)
	}
	l.told, l.version = told, s.Version
	stay := slices.DeleteFunc(slices.Clone(l.Side[0].People), func(p Person) bool { i := at(told, p.Desk); return i < 0 && p.Source != 0 })
	for i, p := range stay { // who is to listen speaks no more, seen or not; who is to speak waits
		if j := at(told, p.Desk); j >= 0 {
			stay[i].Speaks = p.Speaks && told[j].Speaks
		}
	}
	m.admit(l, stay) // who left is out at once
	m.quiet(l, SigPeople)
	m.send(l, s)
	m.changed()
	return m.out
}

// admit makes ps the people of ours who speak and hear, and keeps who was in the call until now.
func (m *Machine) admit(l *Live, ps []Person) {
	ps = slices.Clone(ps)
	same := func(a, b Person) bool { return a.Desk == b.Desk && a.Part == b.Part && a.Speaks == b.Speaks }
	for _, was := range l.Side[0].People {
		if i := slices.IndexFunc(ps, func(p Person) bool { return same(p, was) }); i >= 0 {
			ps[i].Since = was.Since
		} else {
			l.joined = append(l.joined, Joined{was.By, was.Part, was.Speaks, whole(was.Since), whole(m.now)})
		}
	}
	for i := range ps {
		ps[i].Since = cmp.Or(ps[i].Since, m.now)
		if j := at(l.told, ps[i].Desk); j >= 0 && l.told[j].Source == ps[i].Source {
			ps[i].list = l.version
		}
	}
	if l.Side[0].People = ps; len(ps) > 0 && ps[0].Source == 0 {
		l.By = ps[0].By
	}
	m.changed()
}

// gotPeople takes the other end's word on who is in the call there.
func (m *Machine) gotPeople(l *Live, s Signal) {
	if l.State != Connected {
		if l.State == closing {
			m.ack(l, SigPeople)
		}
		return // our answer, or theirs, is on its way: it comes again
	}
	if s.Version > l.theirs {
		l.theirs = s.Version
		side := Roster{People: slices.Clone(s.People), Waiting: s.Waiting}
		was := l.Side[1]
		for i, p := range side.People {
			side.People[i].Since, side.People[i].list = m.now, s.Version
			if j := at(was.People, p.Desk); j >= 0 {
				side.People[i].Since = was.People[j].Since
				if was.People[j].Source == p.Source {
					side.People[i].list = was.People[j].list
				}
			}
		}
		for _, p := range was.People {
			if i := at(side.People, p.Desk); i < 0 || side.People[i].Source != p.Source {
				was.were = append(was.were, p)
			}
		}
		side.were = slices.Clone(was.were[max(0, len(was.were)-maxJoined):])
		if s.Held > 0 {
			side.Held, side.Holds = cmp.Or(was.Held, m.now), s.Held-1
		}
		if s.Waiting != "" {
			side.Waits = cmp.Or(was.Waits, m.now)
		}
		l.Side[1] = side
		l.There, l.ThereBy = s.People[0].Desk, s.People[0].Officer
		if s.Codec == ULaw { // SPEC: CAL-021
			l.turned = l.turned || l.Codec == Opus
			l.Codec = ULaw
		} else if s.Codec == Opus && l.turned && l.next != ULaw {
			l.turned, l.Codec = false, Opus
		}
		m.changed()
	}
	m.once(l.ID, Signal{Kind: SigAck, Of: SigPeople, What: Talking, Version: s.Version})
}

// Narrow makes a call in G.722 one in G.711: something is to be heard in it that is that, or is recorded.
//
// SPEC: CAL-035
func (m *Machine) Narrow(now time.Time) Out {
	m.begin(now)
	l, err := m.talking()
	if err != nil || l.Codec != G722 || l.next != "" {
		return m.out
	}
	l.next = ULaw
	return m.tell(l, l.told)
}

// Hold is a person's act: no frame goes or is heard while it lasts, and at both ends a clock runs.
//
// SPEC: CAL-024
func (m *Machine) Hold(by statement.Author, now time.Time) Out {
	return m.pause(by, now, func(s *Roster, who int) { s.Held, s.Holds = cmp.Or(s.Held, m.now), who })
}

// Waiting is a person's act: this end says for whom it waits, and sound goes on.
func (m *Machine) Waiting(by statement.Author, part string, now time.Time) Out {
	return m.pause(by, now, func(s *Roster, _ int) { s.Waiting, s.Waits = part, m.now })
}

// Resume is a person's act: the end of both.
func (m *Machine) Resume(by statement.Author, now time.Time) Out {
	if l, err := m.talking(); err == nil && l.Side[0].Held.IsZero() && l.Side[0].Waiting == "" {
		m.begin(now)
		return m.cannot(ErrNotHeld)
	}
	return m.pause(by, now, func(s *Roster, _ int) { *s = Roster{People: s.People} })
}

func (m *Machine) pause(by statement.Author, now time.Time, set func(s *Roster, who int)) Out {
	m.begin(now)
	l, err := m.talking()
	if err != nil {
		return m.cannot(err)
	}
	i := at(l.told, by.Desk)
	if i < 0 {
		return m.cannot(ErrIn)
	}
	set(&l.Side[0], l.told[i].Source)
	if l.Side[0].Held.IsZero() && l.Side[0].Waiting == "" && l.called > 0 {
		l.bell, l.called = nil, 0
	}
	return m.tell(l, l.told)
}

// HandOver is a person's act: a desk of ours that is in the call has it from now on, another one rings, and has it once it
// answers. Until then nothing changes.
//
// SPEC: CAL-025
func (m *Machine) HandOver(by statement.Author, desk string, now time.Time) Out {
	m.begin(now)
	l, err := m.talking()
	switch {
	case err != nil:
		return m.cannot(err)
	case at(l.told, by.Desk) < 0:
		return m.cannot(ErrIn)
	case desk == l.told[0].Desk:
		return m.cannot(ErrHas)
	}
	if l.full() {
		return m.cannot(ErrPeople)
	}
	i := at(l.told, desk)
	if i >= 0 && l.told[i].Speaks {
		return m.take(l, l.told[i].By)
	}
	if i < 0 && !slices.Contains(m.armed, desk) && !slices.Contains(m.deputies, desk) {
		return m.cannot(ErrNoDesk)
	}
	l.bell, l.handed = merge(l.bell, []string{desk}), m.now
	m.changed()
	return m.out
}

// take gives the call to a person at a desk of ours. Who had it speaks on until the other end has seen who has it now. A
// hold stands until he resumes.
func (m *Machine) take(l *Live, by statement.Author) Out {
	told := slices.DeleteFunc(slices.Clone(l.told), func(p Person) bool { return p.Desk == by.Desk })
	first := Person{Desk: by.Desk, Officer: by.Officer, Part: Holder, By: by, Speaks: true}
	if len(told) > 0 && told[0].Source == 0 {
		told = told[1:]
	}
	if had := l.Side[0].People; l.next == ULaw && l.Codec == Opus && m.Wide && len(had) > 0 && had[0].Desk == by.Desk {
		l.next = Opus // laid down at once
	}
	l.Side[0].Holds, l.bell, l.handed = 0, nil, time.Time{}
	return m.tell(l, append([]Person{first}, told...))
}

// back gives who had the call until now, where the other end has not seen yet that another desk of ours took it; nil: it has.
func (l *Live) back(desk string) *Person {
	if had := l.Side[0].People; len(had) > 0 && had[0].Source == 0 && had[0].Desk != desk {
		return &had[0]
	}
	return nil
}

// Gone says that a desk of ours in the call is no more: he has left, or where he had the call, it goes on with one of ours
// who speaks; with nobody, it has failed.
//
// SPEC: CAL-023
func (m *Machine) Gone(desk string, now time.Time) Out {
	m.begin(now)
	l, err := m.talking()
	if err != nil {
		return m.out
	}
	switch i := at(l.told, desk); {
	case i < 0:
	case l.told[i].Source != 0:
		return m.leaves(l, desk)
	case l.back(desk) != nil:
		return m.take(l, l.back(desk).By)
	default:
		if j := slices.IndexFunc(l.told, func(p Person) bool { return p.Source != 0 && p.Speaks }); j >= 0 {
			return m.take(l, l.told[j].By)
		}
		m.fail(l, CauseMedia, m.Us)
	}
	return m.out
}

func (m *Machine) leaves(l *Live, desk string) Out {
	if i := at(l.told, desk); i >= 0 && l.Side[0].Holds == l.told[i].Source {
		l.Side[0].Holds = 0 // who has the call holds it now
	}
	return m.tell(l, slices.DeleteFunc(slices.Clone(l.told), func(p Person) bool { return p.Desk == desk }))
}

// everybody, SPEC: CAL-026, is who was in l, for call.closed; nobody where it was one all the time.
func (m *Machine) everybody(l *Live) []Joined {
	out := l.joined
	for _, p := range l.Side[0].People {
		out = append(out, Joined{p.By, p.Part, p.Speaks, whole(p.Since), whole(m.now)})
	}
	if len(out) < 2 {
		return nil
	}
	return out[max(0, len(out)-maxJoined):]
}

// tickPeople runs the clocks of a call that is up: a desk that it is handed to does not answer; it has been on hold, or
// waits, for so long that a deputy is to take it.
func (m *Machine) tickPeople(l *Live) {
	over := func(since time.Time, d time.Duration) bool { return !since.IsZero() && m.now.Sub(since) >= d }
	s := l.Side[0]
	switch {
	case l.called < min(max(m.turns(s.Held, deputyTakes, deputyTakes), m.turns(s.Waits, deputyTakes, deputyTakes)), len(m.deputies)):
		if d := m.deputies[l.called]; at(l.told, d) < 0 {
			l.bell = merge(slices.Clone(l.bell), []string{d})
		}
		l.called++
		m.changed()
	case over(l.handed, handWithin):
		l.handed = time.Time{}
		if l.called == 0 {
			l.bell = nil
		}
		m.changed()
	}
}
