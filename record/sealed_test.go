// SPDX-License-Identifier: Apache-2.0

package record

import "testing"

// One sealed body holds up no receipt of what follows it, and the sealed one is held only by a receipt that names its bodies,
// whatever order all of them come in.
//
// SPEC: REC-035 REC-017 REC-018 REC-015
func TestSealedBodiesHoldUpNoReceipt(t *testing.T) {
	p := newPair(t)
	a, b := New(p.o), New(p.o)
	wa, wb := p.run(a, "aurelia", "first"), p.run(b, "borealia", "first")
	var set []thing
	first := p.say(wa, "message.question", "before")
	sealed := p.say(wa, "readout.sealed", "what they said")
	about := p.say(wa, "message.shown", "about it", sealed)
	after := p.say(wa, "message.question", "after")
	give(t, b, first)
	header, err := b.Add(sealed.Note(), nil, nil)
	if err != nil || header.Entry.Inert != "" || b.ItemOf(header.Entry) == "" || !header.Entry.Sealed() {
		t.Fatalf("the header alone: %v %+v", err, header.Entry)
	}
	give(t, b, about)
	give(t, b, after)
	rc := p.receipt(b, wb, after, a)
	set = append(set, thing{note: rc.Note()})
	if rc.Whole != 4 || after.Receipt == nil || first.Receipt == nil || about.Receipt == nil {
		t.Errorf("whole %d: a sealed body holds up what follows", rc.Whole)
	}
	if sealed.Receipt != nil {
		t.Error("a sealed statement is held by a receipt that does not name its bodies")
	}
	shut := p.receipt(b, wb, sealed, a)
	set = append(set, thing{note: shut.Note()})
	if shut.Bodies != "none" || sealed.Receipt != nil {
		t.Errorf("held by %q", shut.Bodies)
	}
	if it := b.Item(b.ItemOf(header.Entry)); it == nil || it.Begin != header.Entry || len(it.Entries) != 2 {
		t.Errorf("its item: %+v", it)
	}
	if add, err := b.Add(sealed.Note(), []byte(`{"salt":"","word":"another"}`), nil); err != nil || !add.BadBody || add.Bodies {
		t.Errorf("bodies that do not match its header: %v %+v", err, add)
	}
	give(t, b, sealed)
	open := p.receipt(b, wb, sealed, a)
	set = append(set, thing{note: open.Note()})
	if open.Bodies != "facts" || sealed.Receipt == nil || sealed.Receipt.Leaf() != open.Leaf() {
		t.Errorf("released: %+v, held by %v", open, sealed.Receipt)
	}
	for _, e := range []*Entry{first, sealed, about, after} {
		set = append(set, e.load().thing())
	}
	if r := allOrders(t, p.o, set); digest(r) != digest(a) || digest(r) != digest(b) {
		t.Error("the authors' own state differs")
	}
}

// A sealed body that is not valid makes its statement inert once it is here; until then its header folds.
//
// SPEC: REC-035
func TestSealedBodyIsJudgedWhenItComes(t *testing.T) {
	p := newPair(t)
	a, b := New(p.o), New(p.o)
	e := p.say(p.run(a, "aurelia", "first"), "readout.sealed", "x")
	add, _ := b.Add(e.Note(), nil, nil)
	if b.ItemOf(add.Entry) == "" {
		t.Error("its header does not fold")
	}
	if add, _ = b.Add(e.Pieces()); add.Entry.Inert != "" || len(add.Touched) == 0 {
		t.Errorf("with its body: %+v", add)
	}
}
