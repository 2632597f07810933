// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"example.org/parley/internal/act"
)

// lingers is how long a desk without any page open still has its officer: a reload takes less.
const lingers = 20 * time.Second

// moment is how long a page waits for the node to take its officer.
const moment = time.Second

// desk is what the tabs of one desk prove, and what the node was told of it. Owned by Server.mu.
type desk struct {
	who     act.Who
	carries bool // its sound comes
	turn    int  // among the deputies, from 1: it rings later than the others
	busy    bool // its person is in a call on another line of the same page
	pages   int
	goes    *time.Timer       // since its last page was closed: then nobody sits there
	here    map[string]bool   // tabs that answer
	comes   time.Time         // until when one that is being loaded is waited for
	ended   bool              // its session: sound that still comes is nobody's
	seated  string            // the officer whom the node knows to sit there
	seating bool              // it is being told
	sounds  map[string]string // by tab whose sound runs, what is wrong with it; "" is nothing
	taker   string            // the tab that connected its sound last
	begun   time.Time         // when the first of its sounds began to run
	told    act.SetDesk
	telling bool // the node is being told, of one thing at a time
}

// connects is how long a page has to join its sound before its desk is said to be unable to speak, and to answer once it was drawn.
const connects = 5 * time.Second

// page is whether a page of a desk answers; where none does it is away while one is being loaded, or its sound comes. A browser
// that is held up sounds on while its page says nothing. SPEC: CAL-020
func (d *desk) page(now time.Time) string {
	switch {
	case len(d.here) > 0:
		return act.Here
	case d.carries && !d.ended || now.Before(d.comes):
		return act.Away
	}
	return ""
}

// ability is whether a desk proves that it can ring, and how its sound is; of one that cannot, why, where a page of it is
// there and its sound is on. SPEC: PAG-015
func (d *desk) ability(now time.Time) act.SetDesk {
	if len(d.sounds) == 0 {
		return act.SetDesk{Page: d.page(now)}
	}
	why, ok := d.sounds[d.taker] // it has the connection; others know nothing of it
	if !ok {
		why = d.sounds[slices.Min(slices.Collect(maps.Keys(d.sounds)))]
	}
	switch {
	case !d.carries && d.told.Sound == "" && now.Sub(d.begun) < connects:
		return act.SetDesk{Page: act.Here}
	case !d.carries:
		return act.SetDesk{Sound: act.CannotSpeak}
	case why == act.CannotHear:
		return act.SetDesk{Sound: why}
	}
	return act.SetDesk{Armed: true, Turn: d.turn, Busy: d.busy, Sound: cmp.Or(why, "ok")}
}

// turn is that of a deputy, in the order of their enrolment; 0 for any other desk. The caller holds s.mu.
func (s *Server) turn(desk string) (n int) {
	for _, e := range s.enrolled {
		if e.Deputy {
			n++
		}
		if e.Name == desk && e.Deputy {
			return n
		}
	}
	return 0
}

// by is who a desk speaks for: an officer only while he sits there, since what the desk says of itself would sign him on.
func (d *desk) by() act.Who {
	who := d.who
	if who.Officer != d.seated {
		who.Officer = ""
	}
	return who
}

// deskOf gives the desk of a person, new if need be. The caller holds s.mu.
func (s *Server) deskOf(who act.Who) *desk {
	d := s.desks[who.Desk]
	if d == nil {
		d = &desk{sounds: map[string]string{}, here: map[string]bool{}}
		s.desks[who.Desk] = d
	}
	d.who = who
	d.turn = s.turn(who.Desk)
	return d
}

// arm keeps what a tab says of itself, or that it says nothing any more (no message), and tells the node when that changes
// whether its desk can ring: it can while any tab of it proves so, and its sound comes. link says that the tab's sound is on and none of this desk comes: the tab that
// had the connection was closed, or the node lost it. While the tab that took the sound last is there, it alone is told so:
// another would take the sound from a connection that is only being made. SPEC: PAG-015 PAG-035
func (s *Server) arm(t *tab, m fromBrowser) (link bool) {
	if s.cfg.Node == nil { // the demo's own page is no desk
		return false
	}
	runs := m.Audio && !s.cfg.Silent
	s.mu.Lock()
	d := s.deskOf(t.who)
	if m.T == "" {
		delete(d.here, t.id)
	} else {
		d.here[t.id], d.ended = true, false
	}
	switch {
	case m.T == "hello": // the page that was waited for, not the last word of the one before; how its sound is its first heartbeat says
		d.comes = time.Time{}
	case runs:
		if len(d.sounds) == 0 {
			d.begun = s.cfg.Now()
		}
		d.sounds[t.id] = m.Why
		d.busy = m.Busy
	default:
		delete(d.sounds, t.id)
	}
	_, there := d.sounds[d.taker]
	others := there && d.taker != t.id
	s.mu.Unlock()
	s.SoundChanged(t.who.Desk)
	return runs && !others && !s.cfg.Node.Carries(t.who.Desk)
}

// loads keeps that a page of a desk was asked for: it is waited for. SPEC: CAL-020
func (s *Server) loads(who act.Who) {
	s.mu.Lock()
	s.deskOf(who).comes = s.cfg.Now().Add(connects)
	s.mu.Unlock()
	s.SoundChanged(who.Desk)
	time.AfterFunc(connects, func() { s.SoundChanged(who.Desk) })
}

// listens looks, while sound alone comes of a desk, whether the session of its last page stands still. SPEC: PAG-076
func (s *Server) listens(l link) {
	if s.cfg.Node == nil {
		return
	}
	over := !s.stands(l)
	s.mu.Lock()
	d := s.deskOf(l.Who)
	again := len(d.here) == 0 && d.carries && !d.ended
	d.ended = d.ended || over && len(d.here) == 0
	s.mu.Unlock()
	s.SoundChanged(l.Who.Desk)
	if again {
		time.AfterFunc(watchTime, func() { s.listens(l) })
	}
}

// takes keeps which tab of a desk connects its sound now, and gives the one before.
func (s *Server) takes(who act.Who, tab string) (before string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.deskOf(who)
	before, d.taker = d.taker, tab
	return before
}

// SoundChanged looks again whether a desk can ring.
func (s *Server) SoundChanged(desk string) {
	carries := s.cfg.Node.Carries(desk)
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.desks[desk]
	if d == nil {
		return
	}
	d.carries = carries
	if !d.telling && d.ability(s.cfg.Now()) != d.told {
		d.telling = true
		go s.tell(d)
	}
}

// tell brings the node to what the desk can do now; one at a time a desk. What the node does not take, because it still
// starts, it is told again at the next heartbeat.
func (s *Server) tell(d *desk) {
	for {
		s.mu.Lock()
		now, who := d.ability(s.cfg.Now()), d.by()
		d.telling = now != d.told
		if !d.telling {
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		taken := s.do(who, now)
		s.mu.Lock()
		if taken {
			d.told = now
		} else {
			d.telling = false
		}
		s.mu.Unlock()
		if !taken {
			return
		}
	}
}

// enter counts a page of a desk, and leave, a little after the last one was closed, tells the node that nobody sits there.
// SPEC: PAG-030
func (s *Server) enter(who act.Who) {
	s.mu.Lock()
	s.deskOf(who).pages++
	s.mu.Unlock()
	s.seat(who)
}

func (s *Server) leave(who act.Who) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.deskOf(who)
	d.pages--
	if d.goes != nil {
		d.goes.Stop()
	}
	d.goes = time.AfterFunc(s.cfg.Lingers, func() {
		s.mu.Lock()
		d := s.deskOf(who)
		gone := d.pages == 0 && d.seated != ""
		if gone {
			d.seated = ""
		}
		s.mu.Unlock()
		if gone {
			s.do(who, act.SignOff)
		}
	})
}

// rise tells the node at once that an officer sits at a desk no more. SPEC: PAG-074 PAG-076
func (s *Server) rise(who act.Who) {
	if s.rose(who) {
		s.do(who, act.SignOff)
	}
}

// rose keeps that an officer sits at a desk no more, and reports whether he did.
func (s *Server) rose(who act.Who) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.desks[who.Desk]
	if d == nil || who.Officer == "" || d.seated != who.Officer {
		return false
	}
	d.seated = ""
	return true
}

// seat tells the node that an officer sits at a desk, at each heartbeat until the node takes it: one that came back
// knows nothing of him. It waits a moment, so that the first picture shows him. SPEC: PAG-030
func (s *Server) seat(who act.Who) {
	s.mu.Lock()
	d := s.deskOf(who)
	if d.seated == who.Officer || d.seating || who.Officer == "" {
		s.mu.Unlock()
		return
	}
	d.seating = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		taken := s.do(who, act.SignOn{Officer: who.Officer})
		s.mu.Lock()
		if d.seating = false; taken {
			d.seated = who.Officer
		}
		s.mu.Unlock()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(moment):
	}
}

// do tells the node of a desk, and reports whether it took it.
func (s *Server) do(who act.Who, a act.Act) bool {
	ctx, cancel := context.WithTimeout(context.Background(), actTimeout)
	defer cancel()
	_, err := s.cfg.Node.Do(ctx, who, "en", a)
	if err != nil {
		s.cfg.Log.Warn("desk of the page", "act", a.Verb(), "desk", who.Desk, "err", err)
	}
	return err == nil
}
