// SPDX-License-Identifier: Apache-2.0

package record

import (
	"testing"
)

// A conversation of two records: stated, given, receipted, held.
func TestConversation(t *testing.T) {
	p := newPair(t)
	a, b := New(p.o), New(p.o)
	wa, wb := p.run(a, "aurelia", "first"), p.run(b, "borealia", "first")
	q := p.say(wa, "message.question", "where?")
	if got := a.Short(q); got != "A1-0" {
		t.Errorf("short ID %s", got)
	}
	add := give(t, b, q)
	if !add.New || len(add.Touched) != 1 || !add.Entry.Joined || add.Entry.Inert != "" {
		t.Fatalf("added: %+v", add)
	}
	rc := p.receipt(b, wb, q, a)
	if q.Receipt == nil || q.Receipt.Leaf() != rc.Leaf() || rc.All != 1 || rc.Whole != 1 {
		t.Fatalf("not held: %+v", q.Receipt)
	}
	s := p.say(wb, "message.shown", "", q)
	if len(s.Header().Seen) != 1 || s.Header().Seen[0].Size != 1 || s.Header().Why != "first" {
		t.Fatalf("seen %v", s.Header().Seen)
	}
	give(t, a, s)
	it := a.Item(a.ItemOf(q))
	if it == nil || it.Begin != q || len(it.Entries) != 2 {
		t.Fatalf("item %+v", it)
	}
	if !a.Before(q, a.ByRef(s.Ref())) || a.Before(a.ByRef(s.Ref()), q) {
		t.Error("order not proven")
	}
	e, err := a.Find("B1-0")
	if err != nil || e.Leaf != s.Leaf {
		t.Errorf("find: %v", err)
	}
	if logLines(a) != logLines(b) || digest(a) != digest(b) {
		t.Errorf("two records of one set differ")
	}
	if w := a.Wanted(); len(w) != 0 {
		t.Errorf("wanted %v", w)
	}
}
