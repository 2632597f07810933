// SPDX-License-Identifier: Apache-2.0

package call

import (
	"flag"
	"math/rand"
	"strings"
	"testing"
	"time"

	"example.org/parley/statement"
)

var seeds = flag.Int("seeds", 300, "random worlds to play")

// TestRandomWorlds plays random acts of two persons over a channel that loses, delays, reorders, repeats
// and is cut, and holds both ends to outcomes that can both be true.
//
// SPEC: CAL-003 CAL-009 CAL-014 CAL-022
func TestRandomWorlds(t *testing.T) {
	played := []int64{3267, 3573, 13783} // restarts that forgot an answer under way, of the called end and of the caller; and a ring that was over
	for seed := range int64(*seeds) {
		played = append(played, seed)
	}
	for _, seed := range played {
		rnd := rand.New(rand.NewSource(seed))
		w := newWorld(seed)
		w.delay = time.Duration(1+rnd.Intn(300)) * time.Millisecond
		w.jit = time.Duration(rnd.Intn(800)) * time.Millisecond
		w.lose, w.dup = rnd.Float64()*0.5, rnd.Float64()*0.5
		cuts := seed%2 == 1
		for _, e := range w.ends {
			e.desks = [3][]string{{e.name[:1] + "1", e.name[:1] + "2"}}
			e.tellDesks(e.desks)
			e.step(line(true))
			e.step(peerRun("r1"))
		}
		for range 24 {
			w.randomAct(rnd, cuts)
		}
		w.run(60 * time.Second)
		w.setCut(false)
		differ := ""
		w.at(170*time.Second, func() { differ = w.agree() })
		w.at(180*time.Second, func() {
			if e := w.ends[seed%2]; e.m.Live().State == Connected {
				e.step(hangUp(statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account", Desk: e.m.cur.told[0].Desk}, ""))
			}
		})
		w.run(240 * time.Second)
		if differ != "" || len(w.unseen) > 0 {
			t.Fatalf("seed %d: %s, unseen %v\n%s", seed, differ, w.unseen, strings.Join(w.log, "\n"))
		}
		if why := w.wrong(cuts); why != "" {
			t.Fatalf("seed %d: %s\n%s\n%s", seed, why, strings.Join(w.log, "\n"), strings.Join(w.judge(), "\n"))
		}
	}
}

func (w *world) randomAct(rnd *rand.Rand, cuts bool) {
	at := time.Duration(rnd.Intn(40000)) * time.Millisecond
	if rnd.Intn(2) == 0 { // acts in the same moment are what races are made of
		at = at.Truncate(10 * time.Second)
		at += time.Duration(rnd.Intn(1200)) * time.Millisecond
	}
	e := w.ends[rnd.Intn(2)]
	by := statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account", Desk: e.name[:1] + "1"}
	other, third := by, by
	other.Desk, third.Desk = e.name[:1]+"2", e.name[:1]+"3"
	holds := by
	if at.Milliseconds()%2 == 1 {
		holds = other
	}
	acts := []func(){
		func() { e.step(ring(by, "", "", "")) },
		func() { e.step(ring(by, "test", "", "")) },
		func() { e.step(answer(by, "")) },
		func() { e.step(answer(by, "")) },
		func() { e.step(answer(by, "")) },
		func() { e.step(decline(by, "no", time.Time{})) },
		func() { e.step(hangUp(by, "")) },
		func() { e.step(hangUp(by, "")) },
		func() { e.tellDesks([3][]string{}) },
		func() { e.tellDesks(e.desks) },
		func() {
			e.step(func(m *Machine, now time.Time) Out { return m.Join(other, "", rnd.Intn(2) == 0, now) })
		},
		func() { e.step(func(m *Machine, now time.Time) Out { return m.Join(third, Listener, true, now) }) },
		func() { e.step(hangUp(other, "")) },
		func() { e.step(func(m *Machine, now time.Time) Out { return m.Hold(holds, now) }) },
		func() { e.step(func(m *Machine, now time.Time) Out { return m.Waiting(other, Linguist, now) }) },
		func() { e.step(func(m *Machine, now time.Time) Out { return m.Resume(by, now) }) },
		func() { e.step(func(m *Machine, now time.Time) Out { return m.HandOver(by, other.Desk, now) }) },
		func() { e.step(answer(other, "")) },
		func() { e.step(func(m *Machine, now time.Time) Out { return m.Gone(by.Desk, now) }) },
	}
	n := rnd.Intn(len(acts))
	if cuts && rnd.Intn(12) == 0 {
		w.at(at, func() { e.say("restarts"); w.restart(e) })
		return
	}
	if cuts && rnd.Intn(4) == 0 {
		long := time.Duration(rnd.Intn(25000)) * time.Millisecond
		w.at(at, func() { w.setCut(true) })
		w.at(at+long, func() { w.setCut(false) })
		return
	}
	w.at(at, func() { e.say("act %d", n); acts[n]() })
}

// wrong says what is wrong with a world that has come to rest.
func (w *world) wrong(cuts bool) string {
	for i, e := range w.ends {
		if len(e.repeat) > 0 || e.m.Open() || len(e.media) > 0 {
			return e.name + " is not at rest"
		}
		for id, opener := range e.begun {
			if n := len(e.closed[id]); n != 1 && (n == 0 || e.life == 1) {
				return e.name + " has not closed " + id + " once"
			}
			a, b := last(e.closed[id]), last(w.ends[1-i].closed[id])
			if opener != e.name || len(b) == 0 {
				continue
			}
			how := Compare(a[0], b[0])
			if how == Differs || !cuts && w.lose < 0.3 && how != Same && a[0].Became == "" && a[0].Cause != CauseMedia && b[0].Cause != CauseMedia { // a desk that goes is a fault of one end
				return "outcomes " + a[0].What + " and " + b[0].What + ": " + how
			}
			if a[0].What == Crossed {
				if cid, _ := ParseID(id); e.opened[cid.Voice()] {
					return "a crossed call had sound at the caller"
				}
			}
		}
		for id, cs := range e.closed {
			if e.begun[id] == "" && (len(cs) != 1 && e.life == 1 || cs[0].What == Answered) {
				return e.name + " closed what it never began"
			}
		}
	}
	return ""
}

func last(cs []Closed) []Closed { return cs[max(len(cs)-1, 0):] }

// SPEC: CAL-018
func TestAPeerThatRingsWithoutEnd(t *testing.T) {
	m := machine("aurelia", "borealia", false)
	m.Line(true, epoch)
	m.Desks([]string{"a1"}, nil, nil, epoch)
	drafts, policy := 0, 0
	for i := range 500 {
		id := ID{byte(i >> 8), byte(i), 1}
		for _, s := range []Signal{ringOf(id), {Kind: SigCancel, ID: id, What: Cancelled}} {
			out := m.Got(s, epoch)
			drafts += len(out.Drafts)
			for _, fx := range out.Send {
				if fx.Cause == CausePolicy && fx.Kind == SigBusy {
					policy++
				}
			}
		}
	}
	if drafts > 2*ringsAMinute || policy != 500-ringsAMinute || len(m.over) > 64 || m.Open() {
		t.Errorf("%d drafts, %d answered by policy, %d kept", drafts, policy, len(m.over))
	}
}

// SPEC: CAL-018
func TestAPeerThatRingsAllDay(t *testing.T) {
	m := machine("aurelia", "borealia", false)
	m.Line(true, epoch)
	m.Desks([]string{"a1"}, nil, nil, epoch)
	drafts := 0
	for i := range 24 * 60 * 15 { // fifteen a minute
		id, now := ID{byte(i >> 8), byte(i), 1}, epoch.Add(time.Duration(i)*4*time.Second)
		for _, s := range []Signal{ringOf(id), {Kind: SigCancel, ID: id, What: Cancelled}} {
			drafts += len(m.Got(s, now).Drafts)
		}
	}
	if most := 24 * 6 * ringsAMinute * 2; drafts > most+2*6*ringsAMinute || drafts < most/2 || len(m.rung) > 6*ringsAMinute {
		t.Errorf("%d statements in a day, at most %d", drafts, most)
	}
}
