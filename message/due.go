// SPDX-License-Identifier: Apache-2.0

package message

import "time"

// Allowance gives the time that a step is allowed by a message's precedence: held from recorded,
// the others from held, awaiting-linguist from the step that said so.
//
// SPEC: MSG-024
func Allowance(precedence, step string) (time.Duration, bool) {
	var held, shown, acknowledged, responded, linguist time.Duration
	switch precedence {
	case "FLASH":
		held, shown, acknowledged, responded, linguist = 15*time.Second, 30*time.Second, 2*time.Minute, 5*time.Minute, 10*time.Minute
	case "IMMEDIATE":
		held, shown, acknowledged, responded, linguist = time.Minute, 2*time.Minute, 10*time.Minute, 20*time.Minute, 30*time.Minute
	case "PRIORITY":
		held, shown, acknowledged, responded = 2*time.Minute, 10*time.Minute, 30*time.Minute, time.Hour
	case "ROUTINE":
		held, shown, acknowledged, responded = 10*time.Minute, time.Hour, 4*time.Hour, 8*time.Hour
	}
	var d time.Duration
	switch step {
	case Held:
		d = held
	case Shown:
		d = shown
	case Acknowledged:
		d = acknowledged
	case Responded:
		d = responded
	case Linguist:
		d = linguist
	}
	return d, d > 0
}

// Due lists the clocks of a message as they stand at one side. *Held* runs at the sender, by his clock, from
// recorded; the others run at both ends from held of the receipt. A step done after its time is Late
// (overdue on arrival). Awaiting the linguist stops the receipt clock and starts its own; where the
// table has none (PRIORITY, ROUTINE) the receipt clock goes on, so that nothing ever waits unseen.
//
// SPEC: MSG-024, MSG-025
func Due(s State, side Side, now time.Time) []Clock {
	if !s.Whole {
		return nil
	}
	allow := func(step string) time.Duration { d, _ := Allowance(s.Facts.Precedence, step); return d }
	if s.Held == nil {
		if side == Receiver {
			return nil
		}
		return []Clock{clock(Held, s.Recorded.At.Add(allow(Held)), nil, now)}
	}
	start := begun(s.Held.At, s.Recorded.At, now)
	cs := []Clock{
		clock(Held, s.Recorded.At.Add(allow(Held)), []Step{*s.Held}, now),
		clock(Shown, start.Add(allow(Shown)), s.Shown, now),
		s.receipt(start.Add(allow(Acknowledged)), now),
	}
	if s.Facts.Respond {
		done := append(append([]Step(nil), s.Responded...), s.Complied...)
		cs = append(cs, clock(Responded, start.Add(allow(Responded)), done, now))
	}
	if s.Response != nil && s.Response.How == Standby && len(s.Complied) == 0 {
		cs = append(cs, clock(Standby, s.Response.Until, nil, now))
	}
	return cs
}

// ahead is how far a receipt's time may lie ahead of our clock: what alarm A6 lets pass.
const ahead = 30 * time.Second

// begun is when the clocks begin that run from a receipt. One that is dated ahead would keep them from ever
// running out: then they run from recorded.
func begun(held, recorded, now time.Time) time.Time {
	if held.After(now.Add(ahead)) {
		return recorded
	}
	return held
}

// receipt is the clock of the acknowledgement, or of the linguist once one is awaited.
func (s State) receipt(due time.Time, now time.Time) Clock {
	var waiting, understood []Step
	for _, a := range s.Acknowledged {
		if a.Read == Linguist {
			waiting = append(waiting, a)
		} else {
			understood = append(understood, a)
		}
	}
	own, ok := Allowance(s.Facts.Precedence, Linguist)
	if !ok || len(waiting) == 0 {
		return clock(Acknowledged, due, understood, now)
	}
	first := earliest(waiting)
	name := Linguist
	if len(understood) > 0 {
		name = Acknowledged
	}
	c := clock(name, first.Add(own), understood, now)
	// Understood in time by the receipt clock itself: the linguist's clock has nothing to add.
	if len(understood) > 0 && !earliest(understood).After(due) {
		c.Due, c.Late = due, false
	} else if c.Done && first.After(due) {
		c.Late = true
	}
	return c
}

func clock(step string, due time.Time, done []Step, now time.Time) Clock {
	c := Clock{Step: step, Due: due, Done: len(done) > 0}
	if c.Done {
		c.Late = earliest(done).After(due)
	} else {
		c.Overdue = now.After(due)
	}
	return c
}

func earliest(steps []Step) time.Time {
	t := steps[0].At
	for _, s := range steps[1:] {
		if s.At.Before(t) {
			t = s.At
		}
	}
	return t
}
