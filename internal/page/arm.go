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

// armed is a tab's proof that its desk can ring.
type armed struct {
	Visible bool   `json:"visible"`
	Audio   bool   `json:"audio"`
	Mic     bool   `json:"mic"`
	Why     string `json:"why"`
}

func (c *conn) disarm() { c.s.arm(c.t, nil) }

// arm keeps a tab's proof, and tells the node when that changes whether its desk can ring: it can while any tab of
// it proves so, and its sound comes. link says that the tab's sound is on and none of this desk comes: the tab that
// had the connection was closed, or the node lost it. SPEC: PAG-015 PAG-035
func (s *Server) arm(t *tab, proof *armed) (link bool) {
	s.mu.Lock()
	d := s.deskOf(t.who)
	if proof == nil {
		delete(d.tabs, t.id)
	} else {
		d.tabs[t.id] = *proof
	}
	s.mu.Unlock()
	s.SoundChanged(t.who.Desk)
	return proof != nil && proof.Audio && s.cfg.Edge != nil && !s.cfg.Edge.Carries(t.who.Desk)
}

// SoundChanged looks again whether a desk can ring.
func (s *Server) SoundChanged(desk string) {
	carries := s.cfg.Edge != nil && s.cfg.Edge.Carries(desk)
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.desks[desk]
	if d == nil {
		return
	}
	d.carries = carries
	if is, sound := d.canRing(); is == d.told && sound == d.sound || d.busy {
		return
	}
	d.busy = true
	go s.tell(d)
}

// tell brings the node to what the desk can do now; one at a time a desk.
func (s *Server) tell(d *desk) {
	for {
		s.mu.Lock()
		is, sound := d.canRing()
		if is == d.told && sound == d.sound {
			d.busy = false
			s.mu.Unlock()
			return
		}
		d.told, d.sound = is, sound
		who := d.who
		s.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), actTimeout)
		if _, err := s.cfg.Node.Do(ctx, who, "en", act.SetDesk{Armed: is, Sound: sound}); err != nil {
			s.cfg.Log.Warn("desk not armed", "desk", who.Desk, "err", err)
		}
		cancel()
	}
}

// lingers is how long a desk without any page open still has its officer: a reload takes less.
const lingers = 20 * time.Second

// enter tells the node that an officer sits at a desk, when its first page opens: a node that came back knows
// nothing of him. SPEC: PAG-030
func (s *Server) enter(who act.Who) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.deskOf(who)
	if d.pages++; d.pages == 1 && !d.seated && who.Officer != "" {
		d.seated = true
		go s.seat(who, act.SignOn{Officer: who.Officer})
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
		if gone {
			d.seated = false
		}
		s.mu.Unlock()
		if gone {
			s.seat(who, act.SignOff)
		}
	})
}

func (s *Server) seat(who act.Who, a act.Act) {
	ctx, cancel := context.WithTimeout(context.Background(), actTimeout)
	defer cancel()
	if _, err := s.cfg.Node.Do(ctx, who, "en", a); err != nil {
		s.cfg.Log.Warn("desk of the page", "act", a.Verb(), "desk", who.Desk, "err", err)
	}
}

// deskOf gives the desk of a person, new if need be. The caller holds s.mu.
func (s *Server) deskOf(who act.Who) *desk {
	d := s.desks[who.Desk]
	if d == nil {
		d = &desk{tabs: map[string]armed{}}
		s.desks[who.Desk] = d
	}
	d.who = who
	return d
}

// desk is what the tabs of one desk prove, and what the node was told of it. Owned by Server.mu.
type desk struct {
	who     act.Who
	carries bool // its sound comes
	pages   int
	seated  bool // the node was told that its officer sits there
	tabs    map[string]armed
	told    bool
	sound   string
	busy    bool
}

// canRing says whether a desk proves that it can ring, and how its sound is.
func (d *desk) canRing() (bool, string) {
	for _, id := range slices.Sorted(maps.Keys(d.tabs)) {
		if a := d.tabs[id]; a.Audio && d.carries {
			return true, cmp.Or(a.Why, "ok")
		}
	}
	return false, ""
}
