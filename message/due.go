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

// Due lists the clocks of a message as they stand at one side: ours says that we are its sender. *Held* runs there,
// by his clock, from recorded; the others run at both ends from held of the receipt. A step done after its time is
// Late (overdue on arrival). Awaiting the linguist stops the receipt clock and starts its own; where the
// table has none (PRIORITY, ROUTINE) the receipt clock goes on, so that nothing ever waits unseen.
//
// What both parties signed in the terms of the genesis instead of the usual times (agreed: seconds, by precedence and
// step) goes before them.
//
// SPEC: MSG-024, MSG-025
func Due(s State, ours bool, agreed map[string]map[string]int, now time.Time) []statement.Clock {
	if !s.Whole || s.Held == nil && !ours {
		return nil
	}
	allow := func(step string) time.Duration {
		if n, ok := agreed[s.Facts.Precedence][step]; ok {
			return time.Duration(n) * time.Second
		}
		return usual[s.Facts.Precedence][step]
	}
	held := s.Recorded.At.Add(allow(Held))
	if s.Held == nil {
		return []statement.Clock{statement.NewClock(Held, held, nil, now)}
	}
	start := statement.Begun(s.Held.At, s.Recorded.At, now)
	cs := []statement.Clock{
		statement.NewClock(Held, held, []time.Time{s.Held.At}, now),
		statement.NewClock(Shown, start.Add(allow(Shown)), times(s.Steps[Shown], s.Steps[Acknowledged]), now),
		s.receipt(start.Add(allow(Acknowledged)), allow(Linguist), now),
	}
	if s.Facts.Respond {
		cs = append(cs, statement.NewClock(Responded, start.Add(allow(Responded)), times(s.Steps[Responded], s.Steps[Complied]), now))
	}
	if s.Response != nil && s.Response.How == Standby && len(s.Steps[Complied]) == 0 {
		cs = append(cs, statement.NewClock(Standby, s.Response.Until, nil, now))
	}
	return cs
}

// receipt is the clock of the acknowledgement, or of the linguist once one is awaited.
func (s State) receipt(due time.Time, linguist time.Duration, now time.Time) statement.Clock {
	var waiting, understood []time.Time
	for _, a := range s.Steps[Acknowledged] {
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
