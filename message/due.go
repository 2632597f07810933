// SPDX-License-Identifier: Apache-2.0

package message

import (
	"slices"
	"time"

	"example.org/parley/statement"
)

// usual are the allowances of the steps by precedence: held from recorded, the others from held, awaiting-linguist
// from the step that said so.
var usual = map[string]map[string]time.Duration{
	"FLASH":     {Held: 15 * time.Second, Shown: 30 * time.Second, Acknowledged: 2 * time.Minute, Responded: 5 * time.Minute, Linguist: 10 * time.Minute},
	"IMMEDIATE": {Held: time.Minute, Shown: 2 * time.Minute, Acknowledged: 10 * time.Minute, Responded: 20 * time.Minute, Linguist: 30 * time.Minute},
	"PRIORITY":  {Held: 2 * time.Minute, Shown: 10 * time.Minute, Acknowledged: 30 * time.Minute, Responded: time.Hour},
	"ROUTINE":   {Held: 10 * time.Minute, Shown: time.Hour, Acknowledged: 4 * time.Hour, Responded: 8 * time.Hour},
}

// Allowances are the times that both parties signed in the genesis terms instead of the usual ones: seconds, by
// precedence and step.
type Allowances map[string]map[string]int

// of gives the time that a step is allowed, 0 where there is none.
//
// SPEC: MSG-024
func (a Allowances) of(precedence, step string) time.Duration {
	if s, ok := a[precedence][step]; ok {
		return time.Duration(s) * time.Second
	}
	return usual[precedence][step]
}

// Due lists the clocks of a message as they stand at one side: ours says that we are its sender. *Held* runs there,
// by his clock, from recorded; the others run at both ends from held of the receipt. A step done after its time is
// Late (overdue on arrival). Awaiting the linguist stops the receipt clock and starts its own; where the
// table has none (PRIORITY, ROUTINE) the receipt clock goes on, so that nothing ever waits unseen.
//
// SPEC: MSG-024, MSG-025
func Due(s State, ours bool, agreed Allowances, now time.Time) []statement.Clock {
	if !s.Whole || s.Held == nil && !ours {
		return nil
	}
	allow := func(step string) time.Duration { return agreed.of(s.Facts.Precedence, step) }
	held := s.Recorded.At.Add(allow(Held))
	if s.Held == nil {
		return []statement.Clock{statement.NewClock(Held, held, nil, now)}
	}
	start := statement.Begun(s.Held.At, s.Recorded.At, now)
	cs := []statement.Clock{
		statement.NewClock(Held, held, []time.Time{s.Held.At}, now),
		statement.NewClock(Shown, start.Add(allow(Shown)), times(s.Shown), now),
		s.receipt(start.Add(allow(Acknowledged)), allow(Linguist), now),
	}
	if s.Facts.Respond {
		cs = append(cs, statement.NewClock(Responded, start.Add(allow(Responded)), times(s.Responded, s.Complied), now))
	}
	if s.Response != nil && s.Response.How == Standby && len(s.Complied) == 0 {
		cs = append(cs, statement.NewClock(Standby, s.Response.Until, nil, now))
	}
	return cs
}

// receipt is the clock of the acknowledgement, or of the linguist once one is awaited.
func (s State) receipt(due time.Time, linguist time.Duration, now time.Time) statement.Clock {
	var waiting, understood []time.Time
	for _, a := range s.Acknowledged {
		if a.Read == Linguist {
			waiting = append(waiting, a.At)
		} else {
			understood = append(understood, a.At)
		}
	}
	if linguist == 0 || len(waiting) == 0 {
		return statement.NewClock(Acknowledged, due, understood, now)
	}
	first := slices.MinFunc(waiting, time.Time.Compare)
	name := Linguist
	if len(understood) > 0 {
		name = Acknowledged
	}
	c := statement.NewClock(name, first.Add(linguist), understood, now)
	// Understood in time by the receipt clock itself: the linguist's clock has nothing to add.
	if c.Done && !slices.MinFunc(understood, time.Time.Compare).After(due) {
		c.Due, c.Late = due, false
	} else if c.Done && first.After(due) {
		c.Late = true
	}
	return c
}

func times(lists ...[]Step) (ts []time.Time) {
	for _, s := range slices.Concat(lists...) {
		ts = append(ts, s.At)
	}
	return ts
}
