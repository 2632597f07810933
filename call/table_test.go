// SPDX-License-Identifier: Apache-2.0

package call

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"example.org/parley/statement"
)

// in brings a machine into a state; the call there is theID, or the machine's own.
func in(t *testing.T, state string) *Machine {
	t.Helper()
	m := New(Config{Us: "aurelia", Them: "borealia", First: true, Rand: rand.New(rand.NewSource(1))}, epoch)
	step := func(evs ...Event) {
		for _, e := range evs {
			m.Step(e, epoch)
		}
	}
	by := statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account", Desk: "a1"}
	step(Line{true}, Desks{Armed: []string{"a1"}})
	ours := func(k SignalKind, s Signal) Got {
		s.Kind, s.ID, s.Seq = k, m.Live().ID, 2
		return Got{s}
	}
	switch state {
	case Idle:
	case Calling:
		step(Ring{By: by})
	case RingingThere:
		step(Ring{By: by})
		step(ours(SigRinging, Signal{Desks: []string{"b1"}}))
	case RingingHere:
		step(Got{ringOf(theID)})
	case Connected + ", as caller":
		step(Ring{By: by})
		step(ours(SigAnswer, Signal{Desk: "b1", Codec: "opus"}))
	case Connected + ", answer not acked":
		step(Got{ringOf(theID)}, Answer{By: by})
	case "cancelling":
		step(Ring{By: by}, HangUp{By: by})
	case "giving up":
		step(Ring{By: by})
		m.cancel(m.cur, Outcome{What: NoAnswer}, "", "")
	default:
		t.Fatal(state)
	}
	return m
}

// TestStates puts every event to every state and writes what comes of it into the spec.
//
// SPEC: CAL-003
func TestStates(t *testing.T) {
	states := []string{Idle, Calling, RingingThere, RingingHere, Connected + ", as caller", Connected + ", answer not acked", "cancelling", "giving up"}
	by := statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account", Desk: "a1"}
	events := []struct {
		name string
		ev   func(id ID) Event
	}{
		{"act: ring", func(ID) Event { return Ring{By: by} }},
		{"act: answer", func(ID) Event { return Answer{By: by} }},
		{"act: decline", func(ID) Event { return Decline{By: by} }},
		{"act: hang up", func(ID) Event { return HangUp{By: by} }},
		{"their ring, new", func(ID) Event {
			return Got{Signal{Kind: SigRing, ID: ID{7}, Seq: 9, Desk: "b1", Class: "test", Mark: "actual"}}
		}},
	}
	for _, r := range Signals {
		for _, what := range []string{"", Talking, Cancelled, NoAnswer, Failed} {
			s := Signal{Kind: r.Kind, Seq: 9, Desk: "b1", Class: "test", Mark: "actual", Codec: "opus", Of: SigStill, What: what, Cause: map[string]string{Failed: CausePath}[what]}
			has := slices.Contains(r.Must, "stands")
			if has != (what != "") || r.Kind == SigCancel && what == Talking || r.Kind == SigHangUp && what != Failed && what != "" ||
				r.Kind == SigBusy && what != Failed || r.Kind == SigAck && what != Talking && what != Cancelled {
				continue
			}
			events = append(events, struct {
				name string
				ev   func(id ID) Event
			}{strings.TrimSpace("their " + r.Name + " " + what), func(id ID) Event { s.ID = id; return Got{s} }})
		}
	}
	events = append(events, struct {
		name string
		ev   func(id ID) Event
	}{"their hang-up answered", func(id ID) Event { return Got{Signal{Kind: SigHangUp, ID: id, Seq: 9, What: Answered}} }},
		struct {
			name string
			ev   func(id ID) Event
		}{"goodbye", func(ID) Event { return Goodbye{} }})
	var b strings.Builder
	b.WriteString("| event | " + strings.Join(states, " | ") + " |\n|---" + strings.Repeat("|---", len(states)) + "|\n")
	for _, e := range events {
		fmt.Fprintf(&b, "| %s ", e.name)
		for _, st := range states {
			m := in(t, st)
			id := theID
			if m.cur != nil {
				id = m.cur.id
			} else if len(m.closing) > 0 {
				id = m.closing[0].id
			}
			fmt.Fprintf(&b, "| %s ", result(m, m.Step(e.ev(id), epoch)))
		}
		b.WriteString("|\n")
	}
	golden(t, "states", b.String())
}

// result says what came of an event: signals sent, what is stated, the state after.
func result(m *Machine, out Out) string {
	var p []string
	for _, f := range out.Send {
		w := f.Signal.Kind.String()
		if f.Signal.Kind == SigAck {
			w += " " + f.Signal.What
		}
		p = append(p, w)
	}
	for _, f := range out.Drafts {
		if c, ok := f.Facts.(Closed); ok {
			p = append(p, "*"+strings.TrimSpace(c.What+" "+c.Cause)+"*")
		}
	}
	switch {
	case out.Err != nil:
		return "cannot"
	case len(p) == 0 && !out.Changed && len(out.Quiet) == 0:
		return "·"
	}
	return strings.Join(append(p, "→ "+m.Live().State), ", ")
}
