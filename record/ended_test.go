// SPDX-License-Identifier: Apache-2.0

package record

import (
	"crypto/ed25519"
	"strings"
	"testing"
)

// thief is a record in which a thief with aurelia's key writes beside it, before and after borealia has taken the sheet that
// ends the key.
type thief struct {
	p                     *pair
	set                   []thing
	end                   Cutoff
	old                   ed25519.PublicKey
	before, last          *Entry // aurelia's own, the second the last that stands
	held, void, late, own *Entry // the thief's, receipted before, never, and after; aurelia's under the new key
}

func newThief(t *testing.T) *thief {
	p := newPair(t)
	x := &thief{p: p, old: p.o.Parties[0].Keys[0]}
	a, b := New(p.o), New(p.o)
	wa, wb := p.run(a, "aurelia", "first"), p.run(b, "borealia", "first")
	x.before = p.say(wa, "message.question", "before")
	give(t, b, x.before)
	x.set = append(x.set, thing{note: p.receipt(b, wb, x.before, a).Note()})
	wa = p.run(a, "aurelia", "restart")
	x.last = p.say(wa, "message.shown", "the last that stands", x.before)
	give(t, b, x.last)
	x.set = append(x.set, thing{note: p.receipt(b, wb, x.last, a).Note()})

	stolen := p.run(a, "aurelia", "restore")
	x.held = p.say(stolen, "message.warning", "by the thief, and held")
	give(t, b, x.held)
	x.set = append(x.set, thing{note: p.receipt(b, wb, x.held, a).Note()})
	x.void = p.say(stolen, "message.warning", "by the thief")
	x.late = p.say(stolen, "message.shown", "", x.void)

	_, fresh, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	x.end = Cutoff{x.old, x.last.Place(), 2}
	keys := []ed25519.PublicKey{fresh.Public().(ed25519.PublicKey), x.old}
	for _, r := range []*Record{a, b} {
		r.o.Parties[0].Keys = keys
		r.SetEnds("aurelia", []Cutoff{x.end})
	}
	p.o.Parties[0].Keys, p.o.Ends = keys, map[string][]Cutoff{"aurelia": {x.end}}
	p.keys["aurelia"] = fresh
	give(t, b, x.void)
	give(t, b, x.late)
	rc, err := b.Receipt(b.ByRef(x.late.Ref()), "borealia", wb.c.Run, 2, p.tick(), p.keys["borealia"])
	if err != nil {
		t.Fatal(err)
	}
	x.set = append(x.set, thing{note: rc.Note()})
	x.own = p.say(p.run(a, "aurelia", "key"), "message.question", "under the new key")
	x.set = append(x.set, statements(a)...)
	return x
}

func (x *thief) check(t *testing.T, r *Record) {
	t.Helper()
	at := func(e *Entry) *Entry { return r.ByRef(e.Ref()) }
	for what, e := range map[string]*Entry{"before the end": x.before, "the last that stands": x.last, "receipted before the sheet": x.held, "under the new key": x.own} {
		if at(e).Inert != "" || r.ItemOf(at(e)) == "" {
			t.Errorf("%s: %q", what, at(e).Inert)
		}
	}
	for what, e := range map[string]*Entry{"never receipted": x.void, "receipted after the sheet": x.late} {
		if !strings.Contains(at(e).Inert, "use of a stolen key: sheet issue 2") || r.ItemOf(at(e)) != "" {
			t.Errorf("%s: %q in %q", what, at(e).Inert, r.ItemOf(at(e)))
		}
	}
	for e, want := range map[*Entry]int{x.before: 0, x.last: 0, x.held: 2, x.void: 0, x.own: 0} {
		if got := at(e).Disowned; got != want {
			t.Errorf("%s disowned by %d, want %d", e.Place(), got, want)
		}
	}
}

// What a stolen key signs past its end is kept and folds into nothing, but for what the other party had receipted before;
// whatever order all of it comes in.
//
// SPEC: REC-036 REC-015
func TestEndedKeySignsNothingMore(t *testing.T) {
	x := newThief(t)
	x.check(t, allOrders(t, x.p.o, x.set))
}

// The end of a key that comes once everything is here says the same, and can be taken back by a re-reading without it.
//
// SPEC: REC-036
func TestEndOfAKeyComesToALivingRecord(t *testing.T) {
	x := newThief(t)
	o := x.p.o
	o.Ends = nil
	r := allOrders(t, o, x.set)
	if e := r.ByRef(x.void.Ref()); e.Inert != "" {
		t.Errorf("void with no end: %q", e.Inert)
	}
	r.SetEnds("aurelia", []Cutoff{x.end})
	x.check(t, r)
	want := New(x.p.o)
	for _, s := range x.set {
		deliver(t, want, s)
	}
	if digest(r) != digest(want) {
		t.Error("the record differs from one that knew the end from the beginning")
	}
}

// Where the entry that an end names is not here, nothing can be said of what is past it, and nothing is void.
//
// SPEC: REC-036
func TestEndAtWhatIsNotHereSaysNothing(t *testing.T) {
	x := newThief(t)
	o := x.p.o
	o.Ends = map[string][]Cutoff{"aurelia": {{x.old, Place{x.last.Log.LogID, 7}, 2}}}
	r := New(o)
	for _, s := range x.set {
		deliver(t, r, s)
	}
	if e := r.ByRef(x.void.Ref()); e.Inert != "" {
		t.Errorf("void past an end that is not here: %q", e.Inert)
	}
}
