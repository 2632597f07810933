// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"crypto/ed25519"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"example.org/parley/wire"
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
			held := p.tick().Add(time.Duration(rnd.IntN(5)-2) * time.Hour) // of any date, under either sheet
			if rc, err := r.Receipt(e, w.c.Party, w.Name(), 1+rnd.IntN(2), held, p.keys[w.c.Party]); err == nil {
				r.ApplyReceipt(rc)
				set = append(set, thing{note: rc.Note()})
			}
		case w.l != nil && w.l.at(w.l.Size) == nil && rnd.IntN(3) == 0: // its time goes back, or its form is none
			st := w.statement(Draft{Kind: "message.question", Class: "service", Mark: "actual"}, p.tick(), PeerClock{})
			if st.Time = st.Time.Add(-24 * time.Hour); rnd.IntN(2) == 0 {
				st.Time, st.Mark = p.tick(), "none of ours"
			}
			note, err := wire.SignNote(st.Encode(), w.c.Party+"/sign", p.keys[w.c.Party])
			if err != nil {
				p.t.Fatal(err)
			}
			if a, err := r.Add(note, nil, nil); err == nil {
				keep(a.Entry)
				all = append(all, a.Entry)
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

// endOf ends the key of aurelia past one of its statements.
func endOf(p *pair, set []thing, seed uint64) []Cutoff {
	r := New(p.o)
	for _, x := range set {
		_, _ = r.Add(x.note, x.facts, x.text) // a receipt is none
	}
	for _, l := range r.Logs() {
		if l.Name.Party == "aurelia" && l.Size > 0 {
			return []Cutoff{{Key: p.keys["aurelia"].Public().(ed25519.PublicKey), Past: Place{LogID: l.Name.LogID, Index: int(seed) % l.Size}, Issue: 2}}
		}
	}
	return nil
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
		ends := endOf(p, set, seed)
		var want string
		for order := range uint64(12) {
			rnd := rand.New(rand.NewPCG(seed, order))
			mixed := slices.Clone(set)
			rnd.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			o := p.o
			if order%2 == 0 { // else the sheet that ends a key comes in between
				o.Ends = map[string][]Cutoff{"aurelia": ends}
			}
			r := New(o)
			full := false
			for i, x := range mixed {
				if i == len(mixed)/2 {
					r.SetEnds("aurelia", ends)
				}
				if bytes.HasPrefix(x.note, []byte("parley/v1 receipt")) {
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

// A receipt that ends below two texts of one place speaks for neither; one of exactly one of them, later dated, decides, in
// whatever order all of them come.
//
// SPEC: REC-011 REC-015 REC-034
func TestAReceiptBelowAForkDecidesNothing(t *testing.T) {
	for which := range 2 {
		p := newPair(t)
		a, b := New(p.o), New(p.o)
		wa := p.run(a, "aurelia", "first")
		for range 3 {
			give(t, b, p.say(wa, "message.question", "x"))
		}
		set := []thing{{note: p.receipt(b, p.run(b, "borealia", "first"), a.Logs()[0].chain[2]).Note()}}
		var texts [2]*Entry
		for i := range texts { // the memory is copied, and both go on
			c := New(p.o)
			for _, x := range statements(a) {
				deliver(t, c, x)
			}
			w := c.OpenRun(wa.c)
			w.l, w.last = c.Log(wa.l.Name.LogID), wa.last
			texts[i] = p.say(w, "message.question", []string{"y", "z"}[i])
			if i == which {
				give(t, b, texts[i])
				set = append(set, thing{note: p.receipt(b, p.run(b, "borealia", "first"), texts[i]).Note()})
			}
			set = append(set, texts[i].load().thing())
		}
		r := allOrders(t, p.o, append(set, statements(a)...))
		if e := r.Log(wa.l.Name.LogID).at(3); e == nil || e.Leaf != texts[which].Leaf {
			t.Errorf("the text that was receipted does not stand: %v", e)
		}
	}
}
