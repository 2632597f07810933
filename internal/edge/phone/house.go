// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"example.org/parley/call"
	"example.org/parley/internal/act"
	"example.org/parley/internal/voice"
)

const (
	backAfter = 5 * time.Second // a telephone whose sound broke is a desk again
	tellAgain = 2 * time.Second // what the line did not take
)

// handset is an extension as a desk of the line. Owned by the loop.
type handset struct {
	Extension
	leg     *leg
	media   *media
	since   time.Time // its leg has sound
	call    call.ID   // the line's call of the leg
	rung    bool      // its leg came to us, and the line was asked to ring
	doing   *act.Act  // answer, ring or hang-up, until the line's call shows it; nil: none
	doer    *leg      // for which
	refused call.ID   // the ring that it did not take
	back    time.Time // it is no desk until then
	armed   bool      // as the line was told
	telling bool
	tellAt  time.Time
	keys    keypad
	saying  map[string]bool // a STOP is under way, by its keys
	stops   bool            // its leg was dialled for STOP alone
	holds   bool            // it holds the line's call, as the line was told
	holding bool            // that is being said
}

// deaf is the ear of a telephone that is in no call. That the desk hears by one tells the line that it speaks G.711.
type deaf struct{}

func (deaf) WriteAt(uint32, byte, uint32, []byte) error { return nil }
func (deaf) Use(string)                                 {}

func (h *handset) who() act.Who { return act.Who{Desk: h.Desk, Known: "unattributed", Stays: true} }

// openSound takes a port for the sound of a call that comes in.
func (e *Trunk) openSound() (netip.AddrPort, error) {
	m, err := openMedia(&e.cfg, e.log, nil, nil)
	if err != nil {
		return netip.AddrPort{}, err
	}
	e.opened = m
	return m.addr(), nil
}

// takes gives a leg and its sound to an extension.
func (e *Trunk) takes(h *handset, l *leg, m *media) {
	h.leg, h.media, h.keys, h.stops, h.rung, h.holds, h.since = l, m, keypad{}, false, false, false, time.Time{}
	m.onFrame = func(f []byte) { e.line.Microphone(h.Desk, f) }
	m.onKey = func(k byte) { e.post(func() { e.key(h, l, k) }) }
	e.wait.Go(m.read)
	e.wait.Go(m.pace)
}

// do has the line do an act of an extension, beside the loop. It waits for the disk: a STOP however long that takes.
func (e *Trunk) do(h *handset, a act.Act, then func(error)) {
	e.wait.Go(func() {
		ctx, cancel := context.WithTimeout(e.life, actWithin)
		if _, stop := a.(act.SendStop); stop {
			ctx = e.life
		}
		_, err := e.line.Do(ctx, h.who(), "en", a)
		cancel()
		e.post(func() { then(err) })
	})
}

func nothing(error) {}

// have has the line do an act of the extension's call. Until the line's call shows it, or it is refused, it does no other.
//
// SPEC: PHN-053
func (e *Trunk) have(h *handset, a act.Act) {
	l, doing := h.leg, &a
	h.doing, h.doer = doing, l
	e.do(h, a, func(err error) {
		if e.look(); h.doing != doing {
			return
		}
		h.doing = nil
		v := e.line.Live()
		switch {
		case l == nil || h.leg != l:
		case err != nil && !errors.Is(err, context.DeadlineExceeded):
			l.off(503, "Service Unavailable")
		case l.state == asked && v.Last != nil && v.Last.By.Desk == h.Desk: // over at once
			h.call = v.Last.ID
		}
		if err == nil {
			e.look()
		}
	})
}

// shows takes what the extension was doing as done where the line's call shows it; ours: the call is its desk's.
func (h *handset) shows(v call.Live, ours bool) {
	if h.doing == nil {
		return
	}
	switch (*h.doing).(type) {
	case act.Ring:
		if ours && h.doer == h.leg {
			h.call = v.ID
		}
	case act.Answer:
		ours = ours && v.ID == h.call
	case act.HangUp:
		ours = !ours
	}
	if ours {
		h.doing = nil
	}
}

// arm tells the line whether an extension can ring. SPEC: PHN-050
func (e *Trunk) arm(h *handset) {
	back := !e.a.now.Before(h.back)
	can := e.a.trunk.up && back && (h.refused == (call.ID{}) || e.line.Live().State == call.Connected) // a hand over refused is no desk less
	calls := h.leg != nil && (h.leg.state == up || h.leg.state == asked)
	if h.telling || can == h.armed || e.a.now.Before(h.tellAt) || h.armed && calls && back { // a call stands as long as its sound
		return
	}
	h.telling, h.tellAt = true, e.a.now.Add(tellAgain)
	if can && h.leg == nil {
		e.line.Hear(h.Desk, deaf{})
	}
	e.do(h, act.SetDesk{Armed: can, Sound: "ok"}, func(err error) {
		h.telling = false
		if err == nil {
			h.armed, h.tellAt = can, time.Time{}
		}
	})
}

// look brings every extension to what the line's call is now: it rings while the line rings here, and is in the call while its
// desk is. A call that stands may ring it too, to be handed over. A call of its desk that has no telephone is hung up.
//
// SPEC: PHN-051 PHN-052 PHN-053 PHN-054
func (e *Trunk) look() {
	v := e.line.Live()
	e.lookAt = e.a.now
	for _, h := range e.phones {
		handed := v.Rings(h.Desk)
		rings := handed || v.State == call.RingingHere
		if h.refused != (call.ID{}) && (!rings || v.ID != h.refused) {
			h.refused = call.ID{}
		}
		ours := v.By.Desk == h.Desk && v.State != call.Idle && v.State != call.RingingHere || toHave(&v, h.Desk)
		if last := v.Last; ours && last != nil && last.ID == h.call && last.Outcome.Became == v.ID.String() {
			h.call = v.ID // both rang: theirs stays
		}
		h.shows(v, ours)
		l := h.leg
		has := ours && l != nil && v.ID == h.call
		switch free := h.doing == nil; {
		case ours && !has && free && !e.a.now.Before(h.back):
			e.have(h, act.HangUp{Call: v.ID.String()})
		case l == nil:
			if free && rings && h.armed && e.a.trunk.up && h.refused != v.ID && (handed || e.lifted != v.ID) {
				e.ring(h, &v)
			}
		case h.stops:
		case has && l.state == up && v.State == call.Connected:
			e.hold(h)
			if wide := v.Codec == voice.G722; l.wide && !wide { // SPEC: PHN-024
				l.narrow()
			} else if wide && !l.wide {
				e.line.Narrow()
			}
		case l.out && l.state != up && rings && v.ID == h.call:
		case l.state == asked && free && !h.rung && !ours:
			h.rung = true
			e.have(h, act.Ring{Sound: l.sounds()})
		case l.state == asked && has && v.State == call.Connected:
			l.wide = v.Codec == voice.G722
			l.accept()
			e.hears(h)
		case l.state == asked && has && v.State == call.RingingThere:
			l.rings()
		case l.state == asked && has || !free:
		case l.state == asked:
			l.off(statusOf(v, h.call))
		case v.State == call.Connected && v.ID == h.call:
			l.off(200, "")
		default:
			l.off(480, "")
		}
	}
}

// toHave reports whether a desk has the call that is up once the other end has seen that it does.
func toHave(v *call.Live, desk string) bool {
	told := v.Told()
	return v.State == call.Connected && len(told) > 0 && told[0].Desk == desk
}

// hold tells the line that a telephone in its call holds it, or does no more. SPEC: PHN-035
func (e *Trunk) hold(h *handset) {
	l, holds := h.leg, h.leg.theirs.held()
	if h.holding || holds == h.holds {
		return
	}
	h.holding = true
	a := act.Hold
	if !holds {
		a = act.Resume
	}
	e.do(h, a, func(err error) {
		if h.holding = false; h.leg == l && (err == nil || !holds) { // somebody else may have resumed it
			h.holds = holds
		}
	})
}

// ring rings an extension for a ring of the line. A desk that rings from there with G.722 is answered with it, where it can be.
func (e *Trunk) ring(h *handset, v *call.Live) {
	id := v.ID
	m, err := openMedia(&e.cfg, e.log, nil, nil)
	if err != nil {
		e.log.Warn("an extension cannot ring", "extension", h.Number, "err", err)
		h.refused = id
		return
	}
	h.call = id
	e.takes(h, e.a.call(h.Number, m.addr(), v.RingsWide()), m)
}

// hears opens the sound of an extension to the line.
func (e *Trunk) hears(h *handset) {
	h.since = e.a.now
	if l := h.leg; l.theirs.to.IsValid() {
		h.media.speaks(l)
	}
	e.line.Hear(h.Desk, h.media)
}

// happened takes an event of the agent.
func (e *Trunk) happened(l *leg, what string) {
	if l == nil {
		r := e.a.trunk
		if e.down = e.a.now; r.up {
			e.down = time.Time{}
			e.log.Info("the telephones' trunk is up", "trunk", e.cfg.Trunk)
		} else {
			e.log.Warn("the telephones' trunk is down", "trunk", e.cfg.Trunk, "why", r.why)
			if e.over != nil { // a connection over which nothing comes any more
				e.ends(e.over)
			}
		}
		return
	}
	if t := e.trial; t != nil && t.l == l { // an ordinary telephone that is tested
		if what == "media" && !t.answered.IsZero() {
			t.m.speaks(l)
		}
		return
	}
	if (what == "answered" || what == "asked") && e.cfg.sealed() == mayBeSealed && l.key == nil {
		e.log.Warn("the sound of a call goes in the clear: the trunk seals none; srtp = true in [phone] refuses such calls", "extension", l.number)
	}
	var h *handset
	for _, x := range e.phones {
		if x.Number == l.number {
			h = x
		}
	}
	switch {
	case h == nil: // one whose test is over
	case what == "asked":
		e.asked(h, l)
	case h.leg != l:
	case what == "answered":
		e.answered(h)
	case what == "media" && !h.since.IsZero():
		h.media.speaks(l)
		e.look() // it may hold the call
	case what == "over":
		e.ended(h)
	}
}

// answered: an extension lifted for a ring. The first has it, the others stop. SPEC: PHN-051
func (e *Trunk) answered(h *handset) {
	v := e.line.Live()
	handed := v.Rings(h.Desk)
	if e.lifted == h.call && !handed {
		h.leg.off(0, "")
		return
	}
	e.lifted = h.call
	// Who lifts wants to speak: nobody else of ours could resume it.
	h.holds = handed && !v.Side[0].Held.IsZero()
	for _, other := range e.phones { // who has the call until the other end has seen who takes it speaks on
		if other != h && other.leg != nil && other.leg.out && other.leg.state != up && other.call == h.call {
			other.leg.off(200, "")
		}
	}
	e.hears(h)
	e.have(h, act.Answer{Sound: h.leg.sounds(), Call: h.call.String()})
}

// Sounds is what an act says of a telephone's sound: G.711 µ-law; with the name of G.722 behind it, that too.
const Sounds = "telephone"

func (l *leg) sounds() string {
	if l.theirs.law == wideType {
		return Sounds + " " + voice.G722
	}
	return Sounds
}

// asked: an extension calls the line. It rings the other party. SPEC: PHN-041 PHN-052
func (e *Trunk) asked(h *handset, l *leg) {
	m := e.opened
	e.opened = nil
	if h.leg != nil {
		m.close()
		l.off(486, "Busy Here")
		return
	}
	e.takes(h, l, m)
	dialled := l.request.req.Recipient.User
	if to := l.request.req.To().Address.User; to == stopKeys || to == testKeys { // a PBX addresses whom it registered
		dialled = to
	}
	if dialled == stopKeys || dialled == testKeys {
		h.stops = true
		l.accept()
		h.since = e.a.now
		m.speaks(l)
		for _, k := range []byte(dialled) {
			e.key(h, l, k)
		}
		return
	}
	h.call = call.ID{}
	e.look()
}

// statusOf is what an extension is answered whose ring came to nothing, by the outcome.
//
// SPEC: PHN-060
func statusOf(v call.Live, id call.ID) (code int, reason string) {
	if v.Last == nil || v.Last.ID != id {
		return 480, "Temporarily Unavailable"
	}
	switch o := v.Last.Outcome; o.What {
	case call.Declined:
		return 603, "Decline"
	case call.BusyWithUs, call.BusyElsewhere:
		return 486, "Busy Here"
	case call.Cancelled, call.Crossed:
		return 487, "Request Terminated"
	case call.Failed:
		return 503, "Service Unavailable"
	}
	return 480, "Temporarily Unavailable" // no answer, nobody armed
}

// ended: a leg of an extension is over. What the telephone did the line is told. SPEC: PHN-060
func (e *Trunk) ended(h *handset) {
	l := h.leg
	h.media.close()
	if n := h.media.refused.Load(); n > 0 {
		e.unheard.Add(n)
		e.log.Info("packets of an extension's sound were refused", "extension", h.Number, "packets", n)
	}
	e.line.Hear(h.Desk, deaf{})
	h.leg, h.media, e.lookAt = nil, nil, time.Time{} // what is left of its call is hung up
	v := e.line.Live()
	switch handed := v.Rings(h.Desk); {
	case l.why == "by us" || !l.out || l.was == up && l.why != "no sound":
	case l.code == 603 || handed: // who hands it over hears at once that it does not ring here
		h.refused = h.call
		if (handed || v.State == call.RingingHere) && v.ID == h.call {
			e.do(h, act.Decline{Call: h.call.String()}, nothing)
		}
	default: // busy, not there, no reply: it does not ring, the others do
		e.log.Info("an extension did not ring", "extension", h.Number, "code", l.code)
		h.refused = h.call
	}
}

// watch ends a leg whose telephone is gone. SPEC: PHN-033
func (e *Trunk) watch(h *handset) {
	if h.leg == nil || h.leg.state != up || h.since.IsZero() || !h.media.gone(h.since, e.a.now, !e.down.IsZero() && e.a.now.Sub(e.down) > startIn) {
		return
	}
	if h.media.lastPacket.Load() != 0 && !h.stops {
		h.back = e.a.now.Add(backAfter) // a desk that is gone: the call fails by its media
	}
	h.leg.off(0, "")
}

// key takes a key of a telephone: STOP is keyed twice. SPEC: PHN-040
func (e *Trunk) key(h *handset, l *leg, k byte) {
	if h.leg != l || l.state != up {
		return
	}
	if h.media.wide.Load() {
		e.line.Narrow()
	}
	again, keys := h.keys.press(k, e.a.now)
	switch {
	case again:
		h.media.play(says(askSignal, e.cfg.Prompt, "stop"))
	case keys != "" && !h.saying[keys]:
		stop := act.SendStop{}
		if keys == testKeys {
			stop.Class = "test"
		}
		h.saying[keys] = true
		e.do(h, stop, func(err error) {
			if delete(h.saying, keys); h.leg != l {
				return
			}
			if err == nil {
				h.media.play(says(sentSignal, e.cfg.Prompt, "sent"))
			} else {
				h.media.play(says(failSignal, e.cfg.Prompt, "failed"))
			}
		})
	}
}
