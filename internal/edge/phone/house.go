// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"context"
	"net/netip"
	"time"

	"example.org/parley/call"
	"example.org/parley/internal/act"
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
	acting  bool      // the line is asked to answer, or to ring
	refused call.ID   // the ring that it did not take
	back    time.Time // it is no desk until then
	armed   bool      // as the line was told
	telling bool
	tellAt  time.Time
	keys    keypad
	stops   bool // its leg was dialled for STOP alone
}

func (h *handset) who() act.Who { return act.Who{Desk: h.Desk, Known: "unattributed", Stays: true} }

// openSound takes a port for the sound of a call that comes in.
func (e *Trunk) openSound() (netip.AddrPort, error) {
	m, err := openMedia(&e.cfg, nil, nil)
	if err != nil {
		return netip.AddrPort{}, err
	}
	e.opened = m
	return m.addr(), nil
}

// takes gives a leg and its sound to an extension.
func (e *Trunk) takes(h *handset, l *leg, m *media) {
	h.leg, h.media, h.keys, h.stops, h.since = l, m, keypad{}, false, time.Time{}
	m.onFrame = func(f []byte) { e.line.Microphone(h.Desk, f) }
	m.onKey = func(k byte) { e.post(func() { e.key(h, l, k) }) }
	e.wait.Go(m.read)
	e.wait.Go(m.pace)
}

// do has the line do an act of an extension, beside the loop.
func (e *Trunk) do(h *handset, a act.Act, then func(error)) {
	e.wait.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), actWithin)
		_, err := e.line.Do(ctx, h.who(), "en", a)
		cancel()
		e.post(func() { then(err) })
	})
}

func nothing(error) {}

// arm tells the line whether an extension can ring. SPEC: PHN-050
func (e *Trunk) arm(h *handset) {
	can := e.a.trunk.up && !e.a.now.Before(h.back) && h.refused == (call.ID{})
	if h.telling || can == h.armed || e.a.now.Before(h.tellAt) {
		return
	}
	h.telling, h.tellAt = true, e.a.now.Add(tellAgain)
	e.do(h, act.SetDesk{Armed: can, Sound: "ok"}, func(err error) {
		h.telling = false
		if err == nil {
			h.armed, h.tellAt = can, time.Time{}
		}
	})
}

// look brings every extension to what the line's call is now: it rings while the line rings here, and is in the call while its
// desk is. SPEC: PHN-051 PHN-052
func (e *Trunk) look() {
	v := e.line.Live()
	e.lookAt = e.a.now
	for _, h := range e.phones {
		if h.refused != (call.ID{}) && (v.State != call.RingingHere || v.ID != h.refused) {
			h.refused = call.ID{}
		}
		has := v.State == call.Connected && v.ID == h.call && v.By.Desk == h.Desk
		switch l := h.leg; {
		case l == nil:
			if v.State == call.RingingHere && h.armed && e.a.trunk.up && h.refused != v.ID && e.lifted != v.ID {
				e.ring(h, v.ID)
			}
		case h.acting || h.stops || has && l.state == up:
		case l.out && l.state != up && v.State == call.RingingHere && v.ID == h.call:
		case l.state == asked && has:
			e.hears(h)
			l.accept()
		case l.state == asked && v.ID == h.call && v.State == call.RingingThere:
			l.rings()
		case l.state == asked && v.ID == h.call && v.State == call.Calling:
		case l.state == asked:
			l.off(statusOf(v, h.call))
		default:
			l.off(480, "")
		}
	}
}

// ring rings an extension for a ring of the line.
func (e *Trunk) ring(h *handset, id call.ID) {
	m, err := openMedia(&e.cfg, nil, nil)
	if err != nil {
		e.log.Warn("an extension cannot ring", "extension", h.Number, "err", err)
		h.refused = id
		return
	}
	h.call = id
	e.takes(h, e.a.call(h.Number, m.addr()), m)
}

// hears opens the sound of an extension to the line.
func (e *Trunk) hears(h *handset) {
	h.since = e.a.now
	if l := h.leg; l.theirs.to.IsValid() {
		s := l.theirs
		h.media.to.Store(&s)
	}
	e.line.Hear(h.Desk, h.media)
}

// happened takes an event of the agent.
func (e *Trunk) happened(l *leg, what string) {
	if l == nil {
		r := e.a.trunk
		e.stands.Store(&Standing{r.up, r.why})
		if r.up {
			e.log.Info("the telephones' trunk is up", "trunk", e.cfg.Trunk)
		} else {
			e.log.Warn("the telephones' trunk is down", "trunk", e.cfg.Trunk, "why", r.why)
		}
		return
	}
	var h *handset
	for _, x := range e.phones {
		if x.Number == l.number {
			h = x
		}
	}
	switch {
	case h == nil: // an ordinary telephone that is tested
	case what == "asked":
		e.asked(h, l)
	case h.leg != l:
	case what == "answered":
		e.answered(h)
	case what == "media" && !h.since.IsZero():
		s := l.theirs
		h.media.to.Store(&s)
	case what == "over":
		e.ended(h)
	}
}

// answered: an extension lifted for a ring. The first has it, the others stop. SPEC: PHN-051
func (e *Trunk) answered(h *handset) {
	if e.lifted == h.call {
		h.leg.off(0, "")
		return
	}
	e.lifted = h.call
	for _, other := range e.phones {
		if other != h && other.leg != nil && other.leg.out && other.call == h.call {
			other.leg.off(0, "")
		}
	}
	e.hears(h)
	l := h.leg
	h.acting = true
	e.do(h, act.Answer{Sound: Sounds}, func(err error) {
		if h.acting = false; err != nil {
			l.off(0, "")
		}
		e.look()
	})
}

// Sounds is what an act says of a telephone's sound: G.711 µ-law.
const Sounds = "telephone"

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
		s := l.theirs
		h.since = e.a.now
		m.to.Store(&s)
		for _, k := range []byte(dialled) {
			e.key(h, l, k)
		}
		return
	}
	h.acting, h.call = true, call.ID{}
	e.do(h, act.Ring{Sound: Sounds}, func(err error) {
		v := e.line.Live()
		h.acting = false
		switch {
		case err != nil || h.leg != l:
			l.off(503, "Service Unavailable")
		case v.By.Desk == h.Desk && v.State != call.Idle:
			h.call = v.ID
		case v.Last != nil && v.Last.By.Desk == h.Desk:
			h.call = v.Last.ID
		}
		e.look()
	})
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
		e.log.Info("packets of an extension's sound were refused", "extension", h.Number, "packets", n)
	}
	e.line.Hear(h.Desk, nil)
	h.leg, h.media = nil, nil
	switch {
	case l.why == "by us" || h.stops:
	case l.was == up || l.was == asked:
		e.do(h, act.HangUp{}, nothing)
	case l.code == 603:
		h.refused = h.call
		e.do(h, act.Decline{}, nothing)
	default: // busy, not there, no reply: it does not ring, the others do
		e.log.Info("an extension did not ring", "extension", h.Number, "code", l.code)
		h.refused = h.call
	}
}

// watch ends a leg whose telephone is gone. SPEC: PHN-033
func (e *Trunk) watch(h *handset) {
	if h.leg == nil || h.leg.state != up || h.since.IsZero() || !h.media.gone(h.since, e.a.now) {
		return
	}
	broke := h.media.lastPacket.Load() != 0
	h.leg.off(0, "")
	if broke {
		h.back = e.a.now.Add(backAfter) // a desk that is gone: the call fails by its media
		return
	}
	e.do(h, act.HangUp{}, nothing)
}

// key takes a key of a telephone: STOP is keyed twice. SPEC: PHN-040
func (e *Trunk) key(h *handset, l *leg, k byte) {
	if h.leg != l || l.state != up {
		return
	}
	again, keys := h.keys.press(k, e.a.now)
	switch {
	case again:
		h.media.play(askSignal)
	case keys != "":
		stop := act.SendStop{}
		if keys == testKeys {
			stop.Class = "test"
		}
		e.do(h, stop, func(err error) {
			if h.leg != l {
				return
			}
			if h.media.play(sentSignal); err != nil {
				h.media.play(failSignal)
			}
		})
	}
}
