// SPDX-License-Identifier: Apache-2.0

package record

import (
	"slices"
	"testing"
)

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
