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

// desk is what the tabs of one desk prove, and what the node was told of it. Owned by Server.mu.
type desk struct {
	who     act.Who
	carries bool // its sound comes
	pages   int
	seated  bool              // the node was told that its officer sits there
	sounds  map[string]string // by tab whose sound runs, what is wrong with it; "" is nothing
	told    act.SetDesk
	busy    bool
}

// ability is whether a desk proves that it can ring, and how its sound is.
func (d *desk) ability() act.SetDesk {
	if len(d.sounds) == 0 || !d.carries {
		return act.SetDesk{}
	}
	return act.SetDesk{Armed: true, Sound: cmp.Or(d.sounds[slices.Min(slices.Collect(maps.Keys(d.sounds)))], "ok")}
}

// deskOf gives the desk of a person, new if need be. The caller holds s.mu.
func (s *Server) deskOf(who act.Who) *desk {
	d := s.desks[who.Desk]
	if d == nil {
		d = &desk{sounds: map[string]string{}}
		s.desks[who.Desk] = d
	}
	d.who = who
	return d
}

// arm keeps whether a tab's sound runs, and tells the node when that changes whether its desk can ring: it can while any
// tab of it proves so, and its sound comes. link says that the tab's sound is on and none of this desk comes: the tab that
// had the connection was closed, or the node lost it. SPEC: PAG-015 PAG-035
func (s *Server) arm(t *tab, runs bool, why string) (link bool) {
	if s.cfg.Node == nil { // the demo's own page is no desk
		return false
	}
	s.mu.Lock()
	d := s.deskOf(t.who)
	if runs {
		d.sounds[t.id] = why
	} else {
		delete(d.sounds, t.id)
	}
	s.mu.Unlock()
	s.SoundChanged(t.who.Desk)
	return runs && !s.cfg.Silent && !s.cfg.Node.Carries(t.who.Desk)
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
	if !d.busy && d.ability() != d.told {
		d.busy = true
		go s.tell(d)
	}
}

// tell brings the node to what the desk can do now; one at a time a desk.
func (s *Server) tell(d *desk) {
	for {
		s.mu.Lock()
		now, who := d.ability(), d.who
		d.busy = now != d.told
		if !d.busy {
			s.mu.Unlock()
			return
		}
		d.told = now
		s.mu.Unlock()
		s.do(who, now)
	}
}

// enter tells the node that an officer sits at a desk, when its first page opens: a node that came back knows
// nothing of him. SPEC: PAG-030
func (s *Server) enter(who act.Who) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.deskOf(who)
	if d.pages++; d.pages == 1 && !d.seated && who.Officer != "" {
		d.seated = true
		go s.do(who, act.SignOn{Officer: who.Officer})
	}
}

// leave tells the node, a little after the last page of a desk was closed, that nobody sits there. SPEC: PAG-030
func (s *Server) leave(who act.Who) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deskOf(who).pages--
	time.AfterFunc(s.cfg.Lingers, func() {
		s.mu.Lock()
		d := s.deskOf(who)
		gone := d.pages == 0 && d.seated
		d.seated = d.seated && !gone
		s.mu.Unlock()
		if gone {
			s.do(who, act.SignOff)
		}
	})
}

// do tells the node of a desk.
func (s *Server) do(who act.Who, a act.Act) {
	ctx, cancel := context.WithTimeout(context.Background(), actTimeout)
	defer cancel()
	if _, err := s.cfg.Node.Do(ctx, who, "en", a); err != nil {
		s.cfg.Log.Warn("desk of the page", "act", a.Verb(), "desk", who.Desk, "err", err)
	}
}
