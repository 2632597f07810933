// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"slices"
	"strings"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/record"
	"example.org/parley/stop"
	"example.org/parley/words"
)

// maxCopies bounds the STOPs that are kept of which only the peer's unsigned copy is here.
const maxCopies = 32

// stops keeps what rides the session before any statement: the unsigned first copies, ours and theirs.
type stops struct {
	l      *Line
	copies map[string][]stop.Copy // by party and id, in order of arrival
	order  []string
	resent map[string]time.Time // our open STOPs: when they were said last
}

func newStops(l *Line) *stops {
	return &stops{l: l, copies: map[string][]stop.Copy{}, resent: map[string]time.Time{}}
}

// stopKey is the key of the STOP's item.
func stopKey(party, id string) string { return "stop " + party + "#" + id }

// states lists every STOP in the order in which they came: as stated, then those heard of which no statement is here.
func (s *stops) states() []stop.State { return s.of(s.l.keys("stop")) }

// of gives the STOPs of a list, and those heard of which no statement is here.
func (s *stops) of(list []*stamp) (out []stop.State) {
	for _, k := range list {
		if st, ok := fold[stop.State](s.l, k.key); ok {
			out = append(out, s.with(st))
		}
	}
	for _, k := range s.order {
		if s.l.sorted().listOf(k) == "" {
			out = append(out, stop.Heard(s.copies[k]))
		}
	}
	return out
}

// with adds what was heard: a step from an end that cannot record counts all the same.
func (s *stops) with(st stop.State) stop.State {
	if c := s.copies[stopKey(st.From, st.ID)]; len(c) > 0 {
		return st.With(c)
	}
	return st
}

// find gives a STOP by short ID of any of its statements, or by its random id, or "" for the newest that stands.
func (s *stops) find(id string) (stop.State, error) {
	if id == "" {
		for _, st := range slices.Backward(s.of(slices.SortedFunc(slices.Values(s.l.open("stop")), byArrival))) {
			if st.Open && st.Class != "test" {
				return st, nil
			}
		}
		return stop.State{}, hint.New("see: parley status", "no STOP stands")
	}
	for _, st := range s.states() {
		if st.ID == id || len(id) >= 6 && strings.HasPrefix(st.ID, id) {
			return st, nil
		}
	}
	e, err := s.l.find(id)
	if err != nil {
		return stop.State{}, err
	}
	if st, ok := fold[stop.State](s.l, s.l.rec.ItemOf(e)); ok {
		return s.with(st), nil
	}
	return stop.State{}, hint.New("see: parley status", "%s is not a STOP", id)
}

// say sends the unsigned copy of what a draft states, at once and until the far node has it. It waits for no disk. SPEC: NOD-001
func (s *stops) say(st stop.State, d record.Draft, who act.Who) {
	c := st.Copy(d, s.l.cfg.Us.Name, s.l.officerName(who), s.l.now)
	b, err := c.Marshal()
	if err != nil {
		s.l.log.Error("couldn't write the first copy of a STOP", "err", err)
		return
	}
	s.keep(c)
	s.l.repeat("s"+c.ID+c.Step, append([]byte{sigStop}, b...))
}

// keep remembers a copy, each step of a STOP once.
func (s *stops) keep(c stop.Copy) {
	k := stopKey(c.Party, c.ID)
	had := s.copies[k]
	if len(had) >= 16 || slices.ContainsFunc(had, func(o stop.Copy) bool { return o.Step == c.Step && o.Time.Equal(c.Time) }) {
		return
	}
	if len(had) == 0 {
		s.order = append(s.order, k)
	}
	s.copies[k] = append(had, c)
	s.trim()
	s.l.dirty = true
}

// trim forgets the oldest STOP of the peer's word alone where there are too many; however many it invents, what was
// pressed here stays.
func (s *stops) trim() {
	theirs := slices.DeleteFunc(slices.Clone(s.order), func(k string) bool {
		c := s.copies[k][0]
		return c.Party == s.l.cfg.Us.Name && c.Step == stop.Sent
	})
	if len(theirs) > maxCopies {
		delete(s.copies, theirs[0])
		s.order = slices.DeleteFunc(s.order, func(k string) bool { return k == theirs[0] })
	}
}

// fromPeer takes a copy over the session, or the far node's word that it has ours.
func (s *stops) fromPeer(op byte, b []byte) {
	if op == sigStopGot {
		s.l.done("s" + string(b))
		return
	}
	c, err := stop.ParseCopy(b)
	if err != nil {
		return
	}
	// Only its own party sends and lifts a STOP; only the other takes, effects or refuses it.
	ours := c.Step != stop.Sent && c.Step != stop.Lifted
	if (c.Party == s.l.cfg.Us.Name) != ours {
		return
	}
	s.keep(c)
	s.l.say(append([]byte{sigStopGot}, c.ID+c.Step...))
}

// tick says our open STOPs again until somebody there takes them.
func (s *stops) tick() {
	for _, k := range s.order {
		c := s.copies[k][0]
		if c.Party != s.l.cfg.Us.Name || c.Step != stop.Sent || c.Class == "test" {
			continue
		}
		if s.l.now.Sub(s.resent[k]) < 5*time.Second {
			continue
		}
		s.resent[k] = s.l.now
		st, err := s.find(c.ID)
		if err != nil || st.Status != stop.Sent && st.Status != stop.Held {
			continue
		}
		if b, err := c.Marshal(); err == nil {
			s.l.say(append([]byte{sigStop}, b...))
		}
	}
}

var stopActs = []handler{on((*Line).stop), on((*Line).stopStep)}

// stop is two presses of the red key: no sign-in, no release, no disk before it is said.
func (l *Line) stop(who act.Who, lang string, a act.SendStop) (act.Reply, error) {
	id := ""
	if a.Class != "" && a.Class != "test" {
		return act.Reply{}, hint.New("", "a STOP is substantive, or a test of a telephone's keys")
	}
	for _, st := range l.stops.of(l.open("stop")) {
		if a.Class == "" && st.From == l.cfg.Us.Name && st.Open && st.Class != "test" {
			id = st.ID // presses while one of ours is open are its steps
		}
	}
	if id == "" {
		var err error
		if id, err = stop.NewID(l.cfg.Rand); err != nil {
			return act.Reply{}, err
		}
	}
	d, err := stop.Draft(record.Draft{Class: a.Class, Mark: l.mark(a.Mark)}, stop.Said{ID: id, Reason: a.Reason, Lang: lang, Place: a.Place, By: l.author(who)})
	if err != nil {
		return act.Reply{}, err
	}
	return l.stopState(stop.State{From: l.cfg.Us.Name, ID: id}, d, who, lang)
}

func (l *Line) stopStep(who act.Who, lang string, a act.StopStep) (act.Reply, error) {
	st, err := l.stops.find(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	d, err := stop.StepDraft(st, l.actor(who), a.Step, a.Reason, lang, "")
	if err != nil {
		return act.Reply{}, err
	}
	return l.stopState(st, d, who, lang)
}

// stopState says the copy first and states it beside; while the store fails the copy is all there is.
func (l *Line) stopState(st stop.State, d record.Draft, who act.Who, lang string) (act.Reply, error) {
	l.stops.say(st, d, who)
	said := act.Reply{ID: st.ID, Text: words.Say(lang, "said over the session; UNRECORDED HERE")}
	if l.cfg.Alone {
		said.Text = words.Say(lang, "UNRECORDED HERE") + ". " + l.stopAlone(lang)
	}
	r, e, err := l.stated(d, nil)
	if l.cfg.Alone && d.Kind == "stop.sent" {
		r.Text = recorded(lang, r).Text + ". " + l.stopAlone(lang)
	}
	if err != nil {
		l.later(d, nil)
		return said, nil
	}
	l.tx.draw = func(_ context.Context, onDisk bool) (act.Reply, error) {
		if onDisk {
			return recorded(lang, r), nil
		}
		return said, nil
	}
	l.tx.then(func() {}, func(error) { l.later(d, e) })
	return r, nil
}
