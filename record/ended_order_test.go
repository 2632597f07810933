// SPDX-License-Identifier: Apache-2.0

package record

import (
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/wire"
)

// none is a statement that is signed and means nothing: its form is none, or its time goes back.
func (p *pair) none(w *Run, facts []byte, change func(*Statement)) *Entry {
	p.t.Helper()
	st := w.statement(Draft{Kind: "message.question", Class: "service", Mark: "actual"}, p.tick(), PeerClock{})
	st.Facts = bodyOf(facts)
	change(&st)
	note, err := wire.SignNote(st.Encode(), w.c.Party+"/sign", p.keys[w.c.Party])
	if err != nil {
		p.t.Fatal(err)
	}
	a, err := w.r.Add(note, facts, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	w.l = a.Entry.log
	return a.Entry
}

func late(st *Statement) { st.Time = st.Time.Add(-time.Hour) }

// What means nothing and was receipted before its key ended is disowned as all that was: no end of a key makes it void.
//
// SPEC: REC-036 REC-015
func TestWhatMeansNothingIsDisownedToo(t *testing.T) {
	for name, change := range map[string]func(*Statement){
		"form": func(st *Statement) { st.Mark = "none" }, "time": late, "kind": func(st *Statement) { st.Kind = "nobody.knows" },
	} {
		p := newPair(t)
		a, b := New(p.o), New(p.o)
		wa := p.run(a, "aurelia", "first")
		last := p.say(wa, "message.question", "the last that stands")
		e := p.none(wa, nil, change)
		give(t, b, last)
		give(t, b, e)
		rc := p.receipt(b, p.run(b, "borealia", "first"), e)
		o := p.o
		o.Ends = map[string][]Cutoff{"aurelia": {{p.keys["aurelia"].Public().(ed25519.PublicKey), last.Place(), 2}}}
		r := allOrders(t, o, []thing{last.load().thing(), e.load().thing(), {note: rc.Note()}})
		if got := r.ByRef(e.Ref()); got.Disowned != 2 || got.Stands() == nil || got.Inert == "" || r.Void() != nil {
			t.Errorf("%s: disowned by %d, by receipt %v, inert %q; void: %v", name, got.Disowned, got.Stands(), got.Inert, r.Void())
		}
	}
}

// A time is compared with the latest of the log below it: no statement that means nothing lets time go back.
//
// SPEC: REC-013 REC-015
func TestNoStatementLetsTimeGoBack(t *testing.T) {
	p := newPair(t)
	wa := p.run(New(p.o), "aurelia", "first")
	set := []thing{p.say(wa, "message.question", "below").load().thing()}
	for _, change := range []func(*Statement){late, func(st *Statement) { st.Mark = "none" }} {
		set = append(set, p.none(wa, nil, change).load().thing())
		back := p.none(wa, nil, func(st *Statement) { st.Time = st.Time.Add(-time.Minute) })
		if set = append(set, back.load().thing()); !strings.Contains(back.Inert, "its time is before") {
			t.Errorf("%s goes back: %q", back.Place(), back.Inert)
		}
	}
	if e := p.say(wa, "message.question", "goes on"); e.Inert != "" {
		t.Error(e.Inert)
	}
	allOrders(t, p.o, set)
}

// Which of two that were stated anew under one leaf stands is one for every order: one that was valid over a gap, and is not once
// it is joined or once its key has ended, does not keep its place before the other.
//
// SPEC: ALN-029 REC-015
func TestStatedAnewIsOneForEveryOrder(t *testing.T) {
	for _, end := range []bool{false, true} {
		p := newPair(t)
		a := New(p.o)
		wa := p.run(a, "aurelia", "first")
		last := p.say(wa, "message.question", "below")
		change := late
		if end {
			change = func(*Statement) {}
		}
		facts, _, err := Draft{Facts: testFacts{Word: "leaf before: a lie"}}.encode(p.rand)
		if err != nil {
			t.Fatal(err)
		}
		set := []thing{last.load().thing(), p.none(wa, facts, change).load().thing()}
		b := New(p.o)
		give(t, b, last)
		o := p.o
		wb := p.run(b, "aurelia", "restart")
		if end {
			p.keys["aurelia"] = ed25519.NewKeyFromSeed(make([]byte, 32))
			wb.c.Key = p.keys["aurelia"]
			o.Ends = map[string][]Cutoff{"aurelia": {{o.Parties[0].Keys[0], last.Place(), 2}}}
			o.Parties[0].Keys = append([]ed25519.PublicKey{wb.c.Key.Public().(ed25519.PublicKey)}, o.Parties[0].Keys...)
		}
		e := p.say(wb, "message.question", "leaf before: the truth")
		r := allOrders(t, o, append(set, e.load().thing()))
		if got := r.ByRef(e.Ref()); got.Inert != "" {
			t.Errorf("key ended %v: the one that is valid is not: %s", end, got.Inert)
		}
	}
}

// What stands rests on logs that are only named yet, too: of a second station, known only by what the other party has seen.
//
// SPEC: REC-036 REC-015
func TestEndRestsOnLogsThatComeLater(t *testing.T) {
	p := newPair(t)
	a, b := New(p.o), New(p.o)
	other := a.OpenRun(RunConfig{"aurelia", "relay", "first", NewRunName(p.rand), p.keys["aurelia"]})
	far := p.say(other, "message.question", "of the second station")
	give(t, b, far)
	seen := p.say(p.run(b, "borealia", "first"), "message.question", "has seen it")
	main := New(p.o) // knows of the second station by borealia alone
	give(t, main, seen)
	last := p.say(p.run(main, "aurelia", "first"), "message.question", "the last that stands")
	o := p.o
	o.Ends = map[string][]Cutoff{"aurelia": {{p.o.Parties[0].Keys[0], last.Place(), 2}}}
	set := []thing{last.load().thing(), far.load().thing(), seen.load().thing()}
	r := New(o)
	for _, x := range set {
		deliver(t, r, x)
	}
	if e := r.ByRef(far.Ref()); e.Inert != "" {
		t.Errorf("in the past of the last that stands: %q", e.Inert)
	}
	allOrders(t, o, set)
}

// A receipt may name a size that is not here yet: once it is, what it covers stands.
//
// SPEC: REC-036 REC-015
func TestReceiptThatWaitsBringsIntoForce(t *testing.T) {
	p := newPair(t)
	a, b := New(p.o), New(p.o)
	last := p.say(p.run(a, "aurelia", "first"), "message.question", "the last that stands")
	wa := p.run(a, "aurelia", "restart")
	var all []*Entry
	for _, word := range []string{"one", "two", "three"} {
		all = append(all, p.say(wa, "message.question", word))
	}
	for _, e := range append([]*Entry{last}, all...) {
		give(t, b, e)
	}
	rc := p.receipt(b, p.run(b, "borealia", "first"), all[2])
	o := p.o
	o.Ends = map[string][]Cutoff{"aurelia": {{p.o.Parties[0].Keys[0], last.Place(), 2}}}
	set := []thing{last.load().thing(), all[0].load().thing(), all[1].load().thing(), {note: rc.Note()}, all[2].load().thing()}
	r := New(o)
	for _, x := range set {
		deliver(t, r, x)
	}
	for _, e := range all {
		if e := r.ByRef(e.Ref()); e.Disowned != 2 || e.Inert != "" {
			t.Errorf("%s: %q, disowned by %d", e.Place(), e.Inert, e.Disowned)
		}
	}
	allOrders(t, o, set)
}

// A thief forks the log of the end itself: which branch stands, and so what is past the end, is one for every order.
//
// SPEC: REC-036 REC-015
func TestForkOfTheLogOfAnEnd(t *testing.T) {
	for range 8 { // the smaller leaf of two decides while none is receipted
		p := newPair(t)
		a, b := New(p.o), New(p.o)
		wa := p.run(a, "aurelia", "first")
		first := p.say(wa, "message.question", "one")
		last := p.say(wa, "message.question", "two, the last that stands")
		past := p.say(p.run(a, "aurelia", "restart"), "message.question", "past it")
		for _, e := range []*Entry{first, last, past} {
			give(t, b, e)
		}
		twin := thing{note: p.second(first)}
		rc := p.receipt(b, p.run(b, "borealia", "first"), first)
		o := p.o
		o.Ends = map[string][]Cutoff{"aurelia": {{p.o.Parties[0].Keys[0], last.Place(), 2}}}
		set := []thing{twin, first.load().thing(), last.load().thing(), past.load().thing()}
		allOrders(t, o, set)
		allOrders(t, o, slices.Concat(set, []thing{{note: rc.Note()}}))
	}
}
