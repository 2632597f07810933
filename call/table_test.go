// SPDX-License-Identifier: Apache-2.0

package call

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/statement"
)

// in brings a machine into a state; the call there is theID, or the machine's own.
func in(t *testing.T, state string) *Machine {
	t.Helper()
	m := machine("aurelia", "borealia", true)
	step := func(evs ...does) {
		for _, e := range evs {
			e(m, epoch)
		}
	}
	by := statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account", Desk: "a1"}
	step(line(true), armed("a1"))
	ours := func(k SignalKind, s Signal) does {
		s.Kind, s.ID, s.Seq = k, m.Live().ID, 2
		return got(s)
	}
	switch state {
	case Idle:
	case Calling:
		step(ring(by, "", "", ""))
	case RingingThere:
		step(ring(by, "", "", ""))
		step(ours(SigRinging, Signal{Desks: []string{"b1"}}))
	case RingingHere:
		step(got(ringOf(theID)))
	case Connected + ", as caller":
		step(ring(by, "", "", ""))
		step(ours(SigAnswer, Signal{Desk: "b1", Codec: "opus"}))
	case Connected + ", answer not acked":
		step(got(ringOf(theID)), answer(by, ""))
	case "cancelling":
		step(ring(by, "", "", ""), hangUp(by, ""))
	case "giving up":
		step(ring(by, "", "", ""))
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
		ev   func(id ID) does
	}{
		{"act: ring", func(ID) does { return ring(by, "", "", "") }},
		{"act: answer", func(ID) does { return answer(by, "") }},
		{"act: decline", func(ID) does { return decline(by, "", time.Time{}) }},
		{"act: hang up", func(ID) does { return hangUp(by, "") }},
		{"their ring, new", func(ID) does {
			return got(Signal{Kind: SigRing, ID: ID{7}, Seq: 9, Desk: "b1", Class: "test", Mark: "actual"})
		}},
	}
	for _, r := range signals {
		for _, what := range []string{"", Talking, Cancelled, NoAnswer, Failed} {
			s := Signal{Kind: r.kind, Seq: 9, Desk: "b1", Class: "test", Mark: "actual", Codec: "opus", Of: SigStill, What: what, Version: 1, People: []Person{{Desk: "b1", Part: Holder, Speaks: true}}, Cause: map[string]string{Failed: CausePath}[what]}
			has := slices.Contains(r.must, "stands")
			if has != (what != "") || r.kind == SigCancel && what == Talking || r.kind == SigHangUp && what != Failed && what != "" ||
				r.kind == SigBusy && what != Failed || r.kind == SigAck && what != Talking && what != Cancelled {
				continue
			}
			events = append(events, struct {
				name string
				ev   func(id ID) does
			}{strings.TrimSpace("their " + r.name + " " + what), func(id ID) does { s.ID = id; return got(s) }})
		}
	}
	events = append(events, struct {
		name string
		ev   func(id ID) does
	}{"their hang-up answered", func(id ID) does { return got(Signal{Kind: SigHangUp, ID: id, Seq: 9, What: Answered}) }},
		struct {
			name string
			ev   func(id ID) does
		}{"goodbye", func(ID) does { return (*Machine).Goodbye }})
	var b strings.Builder
	b.WriteString("| event | " + strings.Join(states, " | ") + " |\n|---" + strings.Repeat("|---", len(states)) + "|\n")
	for _, e := range events {
		fmt.Fprintf(&b, "| %s ", e.name)
		for _, st := range states {
			m := in(t, st)
			id := theID
			if m.cur != nil {
				id = m.cur.ID
			} else if len(m.closing) > 0 {
				id = m.closing[0].ID
			}
			fmt.Fprintf(&b, "| %s ", result(m, e.ev(id)(m, epoch)))
		}
		b.WriteString("|\n")
	}
	golden(t, "states", b.String())
}

// result says what came of an event: signals sent, what is stated, the state after.
func result(m *Machine, out Out) string {
	var p []string
	for _, f := range out.Send {
		w := f.Kind.String()
		if f.Kind == SigAck {
			w += " " + f.What
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
