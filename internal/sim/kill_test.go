// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/node"
	"example.org/parley/internal/view"
)

// person works at a side's desk without a pause, and remembers what he was told and shown.
type person struct {
	s     *side
	line  *node.Line // the life that he saw
	rnd   *rand.Rand
	mu    sync.Mutex
	blind bool            // the node was killed: what still comes is of no world
	knows map[string]bool // "A1-7", "A1-7 held", "A1-7 acknowledged"
}

func (p *person) learn(facts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range facts {
		if !p.blind && f != "" {
			p.knows[f] = true
		}
	}
}

func (p *person) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blind
}

func (p *person) told() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blind = true
	return p.knows
}

// seen is every fact that a view shows and that may never be taken back.
func seen(v view.Desk) (facts []string) {
	for _, r := range v.Log {
		facts = append(facts, r.ID)
		if r.State == "held" {
			facts = append(facts, r.ID+" held")
		}
	}
	for _, m := range v.Messages {
		for _, st := range m.Steps {
			if st.State == "done" || st.State == "late" {
				facts = append(facts, m.ID+" "+st.Step)
			}
		}
	}
	return facts
}

// work does what people do, until the node is gone.
func (p *person) work() {
	for n := 0; !p.over() && n < 30; n++ {
		time.Sleep(time.Duration(p.rnd.IntN(15_000)) * time.Microsecond)
		var line string
		v := p.line.View("en", p.s.desk.Desk)
		switch p.rnd.IntN(6) {
		case 0:
			line = fmt.Sprintf("send --kind information Number %d", n)
		case 1:
			line = fmt.Sprintf("send --precedence FLASH --kind warning Number %d", n)
		case 2:
			line = "stop"
		default:
			for _, m := range v.Messages {
				if !m.Ours && len(m.Acts) > 0 && m.Acts[0] == "shown" {
					line = "ack " + m.ID + " --read original"
				}
			}
		}
		if line == "" {
			continue
		}
		r, err := p.s.actOn(p.line, line)
		if err != nil && strings.Contains(err.Error(), "the node is stopping") {
			return
		}
		if err == nil {
			p.learn(r.ID)
		}
	}
}

func (p *person) look() {
	ch, end := p.line.Subscribe(p.s.desk.Desk)
	defer end()
	for !p.over() {
		v := p.line.View("en", p.s.desk.Desk)
		if v.Line == "" {
			return // the node is gone
		}
		p.learn(seen(v)...)
		select {
		case <-ch:
		case <-time.After(10 * time.Second):
			return
		}
	}
}

// Twenty kills at random instants, in the middle of commits, of one or both ends: whatever a person was told or
// shown, and whatever the peer has a receipt or a copy of, is there after the restart, before any peer can give it back.
// SPEC: NOD-001 NOD-003 EXC-004 EXC-006 EXC-007
func TestKillAtRandomInstants(t *testing.T) {
	t.Parallel()
	for round := range uint64(20) {
		simulate(t, 1000+round, func(w *world) {
			rnd := rand.New(rand.NewPCG(round, 7))
			for _, s := range w.sides {
				s.disk.write = 50 * time.Microsecond
			}
			w.watch()
			time.Sleep(time.Second)
			var people [2]*person
			var wg sync.WaitGroup
			for i, s := range w.sides {
				p := &person{s: s, line: s.line, rnd: rand.New(rand.NewPCG(round, uint64(i))), knows: map[string]bool{}}
				people[i] = p
				wg.Go(p.work)
				wg.Go(p.look)
			}
			time.Sleep(time.Duration(rnd.IntN(300_000)) * time.Microsecond)
			victim := w.sides[rnd.IntN(2)]
			other := w.sides[1-victim.who]
			knows, theirs := people[victim.who].told(), people[other.who].told()
			victim.kill()
			for p := range 2 {
				w.net.cut(p, linktest.Both)
			}
			if rnd.IntN(3) == 0 { // and the other one a moment later
				time.Sleep(time.Duration(rnd.IntN(5_000)) * time.Microsecond)
				other.kill()
				other.open()
				w.mustKnow(other, theirs)
			}
			// What the other end holds of the victim, or has the victim's receipt for, the victim has.
			for _, f := range seen(other.whole()) {
				id, held, _ := strings.Cut(f, " ")
				if id[:1] == strings.ToUpper(victim.name[:1]) || held == "held" && !strings.HasPrefix(id, strings.ToUpper(victim.name[:1])) {
					knows[id] = true
				}
			}
			victim.open()
			w.mustKnow(victim, knows)
			for p := range 2 {
				w.net.restore(p, linktest.Both)
			}
			for _, s := range w.sides {
				if _, err := s.act(act.SetDesk{Armed: true, Sound: "ok"}); err != nil {
					t.Error(err)
				}
			}
			id := victim.must("send --precedence FLASH --kind warning We are back")
			time.Sleep(10 * time.Second)
			a, b := seeRecord(w.sides[0].whole(), w, ""), seeRecord(w.sides[1].whole(), w, "")
			if strings.Join(a, "\n") != strings.Join(b, "\n") || !strings.Contains(strings.Join(a, "\n"), id) {
				t.Errorf("round %d: they hold different records:\n%s\nand\n%s", round, strings.Join(a, "\n"), strings.Join(b, "\n"))
			}
			w.close()
			wg.Wait()
		})
	}
}

// whole is a view with the whole record.
func (s *side) whole() view.Desk {
	v := s.view()
	r, err := s.act(act.ReadLog{Last: 1000})
	if err != nil {
		s.w.t.Fatal(err)
	}
	v.Log = r.Data.(view.Desk).Log
	return v
}

func (w *world) mustKnow(s *side, facts map[string]bool) {
	w.t.Helper()
	now := map[string]bool{}
	for _, f := range seen(s.whole()) {
		now[f] = true
	}
	for f := range facts {
		if !now[f] {
			w.t.Errorf("%s was told or shown %q and does not know it any more", s.name, f)
		}
	}
}
