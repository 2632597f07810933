// SPDX-License-Identifier: Apache-2.0

package record

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// storm is a line whose two parties both run copied memories, at several stations, receipting
// whatever they happen to hold: the worst set that two sides can make.
func storm(p *pair, seed uint64) []thing {
	rnd := rand.New(rand.NewPCG(seed, 1))
	recs, runs := []*Record{}, []*Run{}
	for i := range 4 {
		r := New(p.o)
		recs = append(recs, r)
		runs = append(runs, p.run(r, []string{"aurelia", "borealia"}[i%2], "first"))
	}
	var set []thing
	keep := func(e *Entry) { set = append(set, e.load().thing()) }
	var all []*Entry
	for range 60 {
		i := rnd.IntN(len(recs))
		r, w := recs[i], runs[i]
		switch n := rnd.IntN(10); {
		case n < 4: // state something, perhaps about what is held
			kind, re := "message.question", []*Entry(nil)
			if len(all) > 0 && rnd.IntN(2) == 0 {
				if b := r.ByRef(all[rnd.IntN(len(all))].Ref()); b != nil && b.Kind == "message.question" && b.valid() {
					kind, re = "message.shown", []*Entry{b}
				}
			}
			if w.l != nil && w.l.at(w.l.Size) != nil {
				continue // a fork of its own log stands next: it would refuse
			}
			e := p.say(w, kind, "x", re...)
			keep(e)
			all = append(all, e)
		case n < 7 && len(all) > 0: // take in something of another
			e := all[rnd.IntN(len(all))]
			_, _ = r.Add(e.Pieces())
		case n < 9 && len(all) > 0: // receipt something
			e := all[rnd.IntN(len(all))].in(r)
			if e == nil {
				continue
			}
			if rc, err := r.Receipt(e, w.c.Party, w.Name(), 1, p.tick(), p.keys[w.c.Party]); err == nil {
				r.ApplyReceipt(rc)
				set = append(set, thing{note: rc.Note()})
			}
		case w.l != nil && len(runs) < 8: // the memory is copied, the copy goes on
			c := New(p.o)
			for _, x := range statements(r) {
				_, _ = c.Add(x.note, x.facts, x.text)
			}
			cw := c.OpenRun(w.c)
			cw.l, cw.last = c.Log(w.l.Name.LogID), w.last
			if cw.l.Root == w.l.Root {
				recs, runs = append(recs, c), append(runs, cw)
			}
		}
	}
	return set
}

// Whatever liars, thieves and copied memories state, the state is a function of the set.
//
// SPEC: REC-015 REC-011
func TestStorm(t *testing.T) {
	seeds := uint64(30)
	if testing.Short() {
		seeds = 5
	}
	evidence := 0
	for seed := range seeds {
		p := newPair(t)
		set := storm(p, seed)
		var want string
		for order := range uint64(12) {
			rnd := rand.New(rand.NewPCG(seed, order))
			mixed := slices.Clone(set)
			rnd.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			r := New(p.o)
			full := false
			for _, x := range mixed {
				if x.facts == nil {
					deliver(t, r, x)
				} else if _, err := r.Add(x.note, x.facts, x.text); err != nil {
					full = true // a limit of what is kept, which may depend on the order
				}
			}
			if full {
				continue
			}
			evidence += len(r.Evidence())
			got := string(dump(r))
			if want == "" {
				want = got
			} else if got != want {
				t.Fatalf("seed %d, order %d:\n%s\nwant\n%s", seed, order, got, want)
			}
		}
	}
	if evidence == 0 {
		t.Error("no evidence in any storm")
	}
}
