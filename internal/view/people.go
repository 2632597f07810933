// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"time"

	"example.org/parley/call"
)

// InCall is somebody in a call: his name, who he is in it, and what he does.
type InCall struct {
	Ours    bool      `json:"ours,omitempty"`
	Name    string    `json:"name"`
	Part    string    `json:"part"` // officer linguist principal listener
	Word    string    `json:"word"` // speaking, listening; of ours whom the other end does not show yet, that
	Since   time.Time `json:"since,omitzero"`
	Until   time.Time `json:"until,omitzero"` // of a call that is over
	Pending bool      `json:"pending,omitempty"`
}

// does says what somebody in a call does.
func (b builder) does(speaks bool) string {
	if speaks {
		return b.t("in.speaks")
	}
	return b.t("in.listens")
}

// inCall lists who is in a call that is up, ours first; what keeps it waiting, at either end, with its clock; and what this
// desk has to do with it. SPEC: CAL-022 CAL-024 CAL-025 PAG-081
func (b builder) inCall(c *Call) {
	l := b.Live
	told := l.Told()
	for _, p := range told {
		x := InCall{Ours: true, Name: b.there(p.Officer, p.Desk), Part: p.Part, Word: b.does(p.Speaks)}
		if i := slices.IndexFunc(l.Side[0].People, func(q call.Person) bool { return q.Desk == p.Desk && q.Speaks == p.Speaks }); i >= 0 {
			x.Since = l.Side[0].People[i].Since
		} else {
			x.Word, x.Pending = b.t("in.pending"), true
		}
		c.People = append(c.People, x)
	}
	for _, p := range l.Side[1].People {
		c.People = append(c.People, InCall{Name: b.there(p.Officer, p.Desk), Part: p.Part, Word: b.does(p.Speaks), Since: p.Since})
	}
	for i, s := range l.Side {
		where := []string{"", ".there"}[i]
		if !s.Held.IsZero() {
			by := ""
			if j := slices.IndexFunc(s.People, func(p call.Person) bool { return p.Source == s.Holds }); j >= 0 {
				by = b.there(s.People[j].Officer, s.People[j].Desk)
			}
			c.Pauses = append(c.Pauses, Layer{State: "held" + where, Word: b.t("held"+where, by), Since: s.Held})
		}
		if s.Waiting != "" {
			c.Pauses = append(c.Pauses, Layer{State: "waiting" + where, Word: b.t("waiting"+where, b.or("part", s.Waiting)), Since: s.Waits})
		}
	}
	if len(c.Pauses) > 0 {
		c.Word = c.Pauses[0].Word
	}
	here := b.Desk.Desk
	if i := slices.IndexFunc(l.Side[0].People, func(p call.Person) bool { return p.Desk == here }); i >= 0 {
		c.Talks, c.Speaks = l.Codec, l.Side[0].People[i].Speaks
	}
	in := slices.IndexFunc(told, func(p call.Person) bool { return p.Desk == here })
	switch {
	case l.Rings(here): // it is handed over to this desk, or waits too long for another
		c.State, c.Word, c.Acts = call.RingingHere, b.t("call.handed"), []string{"answer", "decline"}
	case here == "" || len(told) == 0:
	case in < 0:
		c.Acts = append(c.Acts, "join")
	default:
		if c.Acts[0] = "hang-up"; told[in].Source != 0 {
			c.Acts[0] = "leave"
		}
		held, waits := !l.Side[0].Held.IsZero(), l.Side[0].Waiting != ""
		if !held {
			c.Acts = append(c.Acts, "hold")
		}
		if held || waits {
			c.Acts = append(c.Acts, "resume")
		} else {
			c.Acts = append(c.Acts, "waiting")
		}
		c.Acts = append(c.Acts, "hand-over")
	}
}

// wereIn names who was in a call that is over, of each end by its word.
func (b builder) wereIn(s call.State) (out []InCall, said string) {
	us, them := b.ends(s)
	for _, end := range []call.End{us, them} {
		for _, j := range end.Facts.With {
			x := InCall{Ours: end.Party == b.Us, Name: b.author(j.By), Part: j.Part, Word: b.does(j.Speaks), Since: j.From, Until: j.Until}
			out = append(out, x)
			said = join(said, b.t("in.was", x.Name, b.or("part", x.Part), x.Word, b.when(x.Since), b.when(x.Until)))
		}
	}
	return out, said
}
