// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"example.org/parley/wire"
)

// The second implementation of RFC 6962 finds the same roots.
//
// SPEC: REC-009
func TestRootsAgainstMerkle(t *testing.T) {
	f := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	rng := f.NewEmptyRange(0)
	var tree []wire.Hash
	var root wire.Hash
	for i := range 600 {
		leaf := wire.Leaf([]byte(fmt.Sprint("leaf ", i)))
		tree, root = growTree(tree, i, leaf)
		if err := rng.Append(rfc6962.DefaultHasher.HashLeaf([]byte(fmt.Sprint("leaf ", i))), nil); err != nil {
			t.Fatal(err)
		}
		want, err := rng.GetRootHash(nil)
		if err != nil || !bytes.Equal(want, root[:]) {
			t.Fatalf("size %d: %x, want %x (%v)", i+1, root, want, err)
		}
	}
}

// thing is a statement or a receipt, to be delivered in any order.
type thing struct{ note, facts, text []byte }

func (p *pieces) thing() thing { return thing{p.note, p.facts, p.text} }

func statements(r *Record) (out []thing) {
	for _, l := range r.Logs() {
		for _, e := range r.Entries(l.Name.LogID, 0) {
			out = append(out, e.load().thing())
		}
	}
	return out
}

func deliver(t testing.TB, r *Record, x thing) {
	t.Helper()
	if bytes.HasPrefix(x.note, []byte("parley/v1 receipt")) {
		if _, _, err := addReceipt(r, x.note); err != nil {
			t.Fatal(err)
		}
		return
	}
	if _, err := r.Add(x.note, x.facts, x.text); err != nil {
		t.Fatalf("%v", err)
	}
}

// allOrders delivers the same set in 200 random orders and wants one state.
func allOrders(t *testing.T, o Options, set []thing) *Record {
	t.Helper()
	var first *Record
	for i := range uint64(200) {
		r := New(o)
		order := slices.Clone(set)
		rnd := mrand.New(mrand.NewPCG(i, 7))
		rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, x := range order {
			// Bodies may come later, too.
			if x.facts != nil && rnd.IntN(3) == 0 {
				deliver(t, r, thing{note: x.note})
			}
			deliver(t, r, x)
		}
		if first == nil {
			first = r
		} else if digest(r) != digest(first) {
			var a, b bytes.Buffer
			for _, l := range first.sorted {
				dumpLog(l, &a)
			}
			for _, l := range r.sorted {
				dumpLog(l, &b)
			}
			t.Fatalf("order %d gives another state:\n%s\n%v\n%v\nwant\n%s\n%v\n%v", i, b.String(), r.Items(), r.Evidence(), a.String(), first.Items(), first.Evidence())
		}
	}
	return first
}

// conversation is two parties over three logs, with steps, a STOP, a reply, inert ones, receipts.
func conversation(p *pair) (a, b *Record, set []thing) {
	a, b = New(p.o), New(p.o)
	wa, wb := p.run(a, "aurelia", "first"), p.run(b, "borealia", "first")
	both := func(from, to *Record, by *Run, e *Entry) {
		give(p.t, to, e)
		set = append(set, thing{note: p.receipt(to, by, e, from).Note()})
	}
	q := p.say(wa, "message.question", "where?")
	both(a, b, wb, q)
	s := p.say(wb, "message.shown", "", q)
	both(b, a, wa, s)
	re := p.say(wb, "message.warning", "a reply", q)
	both(b, a, wa, re)
	both(a, b, wb, p.say(wa, "message.shown", "", re))
	stop := Draft{Kind: "stop.pressed", Class: "substantive", Mark: "actual", Facts: testFacts{Party: "aurelia", ID: "r1"}}
	taken := Draft{Kind: "stop.taken", Class: "substantive", Mark: "actual", Facts: testFacts{Party: "aurelia", ID: "r1"}}
	tk := p.state(wb, taken) // stated before the press arrived
	pr := p.state(wa, stop)
	both(a, b, wb, pr)
	both(b, a, wa, tk)
	both(b, a, wa, p.say(wb, "stop.taken", "", pr)) // names it by re
	wa = p.run(a, "aurelia", "restart")
	both(a, b, wb, p.say(wa, "message.cancelled", "", q, re))
	for _, bad := range []*Entry{p.inert(wa, "message.shown", "not-valid", q), p.inert(wa, "weather.fine", "x")} {
		both(a, b, wb, bad)
	}
	both(a, b, wb, p.inert(wa, "message.shown", "", s)) // its first re is no beginning
	set = append(set, statements(a)...)
	return a, b, set
}

// inert states what Append would refuse.
func (p *pair) inert(w *Run, kind, word string, re ...*Entry) *Entry {
	p.t.Helper()
	d := Draft{Kind: kind, Class: "service", Mark: "actual", Facts: testFacts{Word: word}}
	for _, e := range re {
		d.Re = append(d.Re, e.Ref())
	}
	if _, err := w.Append(d, p.tick(), PeerClock{}, p.rand); err == nil { // SPEC: REC-021
		p.t.Fatalf("%s %s: written though inert", kind, word)
	}
	facts, _, _ := d.encode(p.rand)
	st := w.statement(d, p.tick(), PeerClock{})
	st.Facts = bodyOf(facts)
	st.Seen = w.seen(&st, len(facts))
	c, err := w.sign(&st, facts, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	a, err := w.r.AddChecked(c)
	if err != nil || a.Entry.Inert == "" {
		p.t.Fatalf("%s: %v", kind, err)
	}
	return a.Entry
}

// State is a function of the set.
//
// SPEC: REC-015 REC-013 REC-014
func TestOrders(t *testing.T) {
	p := newPair(t)
	a, b, set := conversation(p)
	r := allOrders(t, p.o, set)
	if digest(a) != digest(r) || digest(b) != digest(r) {
		t.Error("the authors' own state differs")
	}
	if n := len(r.Item("stop aurelia#r1").Entries); n != 3 || r.Item("stop aurelia#r1").Begin == nil {
		t.Errorf("the STOP has %d statements", n)
	}
	q := r.At(Place{a.Logs()[0].Name.LogID, 0})
	if it := r.Item(r.ItemOf(q)); len(it.Entries) != 4 || it.Begin != q { // itself, shown, the reply, the cancelling
		t.Errorf("the question has %d statements", len(it.Entries))
	}
}

// fork gives two statements at one place of a log, and what stands above each.
func forked(p *pair) (a1, a2 *Record, common, one, two *Entry) {
	a1, a2 = New(p.o), New(p.o)
	w1 := p.run(a1, "aurelia", "first")
	common = p.say(w1, "message.question", "common")
	give(p.t, a2, common)
	w2 := a2.OpenRun(w1.c)
	w2.l, w2.last = a2.Log(common.Log.LogID), common.Time // a copied memory
	one = p.say(w1, "message.question", "one")
	two = p.say(w2, "message.question", "two")
	p.say(w1, "message.question", "above one")
	p.say(w2, "message.question", "above two")
	return a1, a2, common, one, two
}

// SPEC: REC-010 REC-011
func TestEvidence(t *testing.T) {
	p := newPair(t)
	a1, a2, common, one, two := forked(p)
	b := New(p.o)
	wb := p.run(b, "borealia", "first")
	give(t, b, common)
	give(t, b, one)
	rc := p.receipt(b, wb, one)
	add := give(t, b, two)
	if add.Evidence == nil || !strings.Contains(add.Evidence.by, one.Leaf.String()) || !strings.Contains(add.Evidence.by, two.Leaf.String()) || len(add.Touched) != 0 {
		t.Fatalf("no evidence: %+v", add)
	}
	if got := b.ByRef(one.Ref()); !got.Joined || b.ItemOf(got) == "" || got.Receipt == nil {
		t.Error("what was receipted must fold")
	}
	if got := b.ByRef(two.Ref()); got.Joined || b.ItemOf(got) != "" || got.Receipt != nil {
		t.Error("the second text must fold to nothing")
	}
	if _, err := b.Receipt(b.ByRef(two.Ref()), "borealia", wb.Name(), 1, p.tick(), p.keys["borealia"]); err == nil {
		t.Error("the second text was receipted") // SPEC: REC-019
	}
	set := append(statements(a1), statements(a2)...)
	set = append(set, thing{note: rc.Note()})
	r := allOrders(t, p.o, set)
	if !r.ByRef(one.Ref()).Joined || r.ItemOf(r.ByRef(one.Ref())) == "" || r.ItemOf(r.ByRef(two.Ref())) != "" {
		t.Error("the receipt must decide, never the order of arrival")
	}
	if l := r.Log(common.Log.LogID); l.Size != 3 || l.Stored != 5 || l.Receipted != 2 {
		t.Errorf("%+v", l)
	}
	// Nobody receipted either: neither folds, in any order.
	r = allOrders(t, p.o, append(statements(a1), statements(a2)...))
	if r.ItemOf(r.ByRef(one.Ref())) != "" || r.ItemOf(r.ByRef(two.Ref())) != "" || len(r.Evidence()) != 2 {
		t.Errorf("neither folds: %v", r.Evidence())
	}
	// Both were receipted before anybody held both: both fold.
	b2 := New(p.o)
	wb2 := p.run(b2, "borealia", "first")
	give(t, b2, common)
	give(t, b2, two)
	rc2 := p.receipt(b2, wb2, two)
	r = allOrders(t, p.o, append(set, thing{note: rc2.Note()}))
	if r.ItemOf(r.ByRef(one.Ref())) == "" || r.ItemOf(r.ByRef(two.Ref())) == "" {
		t.Error("both were receipted before the evidence")
	}
}

// An entry whose prev does not fit is evidence, and ends what joins.
//
// SPEC: REC-010
func TestAnEntryWhosePrevDoesNotFitIsEvidence(t *testing.T) {
	p := newPair(t)
	a1, a2, common, _, _ := forked(p)
	id := common.Log.LogID
	set := statements(a1)
	set = append(set, statements(a2)[2]) // above two, without two
	r := allOrders(t, p.o, set[:3])
	if len(r.Evidence()) != 0 {
		t.Fatal("evidence too early")
	}
	r = New(p.o)
	for _, x := range []thing{set[0], set[1], set[3]} {
		deliver(t, r, x)
	}
	ev := r.Evidence()
	if len(ev) != 1 || ev[0].Why != misfits || r.Log(id).Size != 2 {
		t.Fatalf("%v", ev)
	}
	if e := r.At(Place{id, 2}); r.ItemOf(e) != "" || e.valid() {
		t.Error("it folds")
	}
	deliver(t, r, set[2]) // the one that fits
	if l := r.Log(id); l.Size != 3 || r.Evidence()[0].Why != twoTexts {
		t.Errorf("%+v %v", l, r.Evidence())
	}
	allOrders(t, p.o, set)
}

// What is over a gap folds at its place, within limits; what is below joins it.
//
// SPEC: REC-010 REC-016
func TestOverAGapAnEntryFoldsAndDoesNotJoin(t *testing.T) {
	p := newPair(t)
	a := New(p.o)
	var es []*Entry
	w := p.run(a, "aurelia", "first")
	for i := range 70 {
		es = append(es, p.say(w, "message.question", str(i)))
	}
	r := New(p.o)
	for _, e := range es[1:65] {
		if add := give(t, r, e); add.Entry.Joined || r.ItemOf(add.Entry) == "" {
			t.Fatalf("over a gap it must fold and not join: %+v", add.Entry)
		}
	}
	if _, err := r.Add(es[65].Note(), es[65].Facts(), nil); !errors.Is(err, ErrGap) {
		t.Fatalf("65 over a gap: %v", err)
	}
	l := r.Logs()[0]
	if l.Size != 0 || l.Stored != 64 || l.Claimed != 65 || len(r.Wanted()) != 1 {
		t.Errorf("%+v", l)
	}
	rc, err := r.Receipt(r.At(es[3].Place()), "borealia", "9dm2aa", 1, p.tick(), p.keys["borealia"])
	if err != nil || rc.All != 0 || rc.Root != emptyRoot || rc.Whole != 0 {
		t.Errorf("receipt over a gap: %v %+v", err, rc)
	}
	give(t, r, es[0])
	if l.Size != 65 || l.Whole != 65 || l.Root != es[65].Prev || len(r.Wanted()) != 0 {
		t.Errorf("joined: %+v", l)
	}
	// 256 a peer.
	r = New(p.o)
	for i := range 5 {
		w := p.run(a, "aurelia", "restart")
		p.say(w, "message.question", "not given")
		for j := range 60 {
			e := p.say(w, "message.question", "x")
			_, err := r.Add(e.Note(), e.Facts(), nil)
			if full := i*60+j >= maxGapParty; full != errors.Is(err, ErrGap) {
				t.Fatalf("%d of log %d: %v", j, i, err)
			}
		}
	}
}

// Evidence is kept, but no more than proves it.
//
// SPEC: REC-016
func TestTwinsBounded(t *testing.T) {
	p := newPair(t)
	a := New(p.o)
	first := p.say(p.run(a, "aurelia", "first"), "message.question", "0")
	r := New(p.o)
	give(t, r, first)
	n, _ := wire.ParseNote(first.Note(), wire.MaxNote)
	var last error
	for i := range 12 {
		text := strings.Replace(string(n.Text), "mark actual", "mark exercise", 1)
		text = strings.Replace(text, "01.500000Z", fmt.Sprintf("02.%06dZ", i), 1)
		_, last = r.Add(p.sign(text), nil, nil)
		if want := i >= maxTwins; want != errors.Is(last, ErrTwins) {
			t.Fatalf("text %d: %v", i, last)
		}
	}
}

// Bodies come beside the header or later; a receipt says which.
//
// SPEC: REC-018
func TestBodiesAndReceipts(t *testing.T) {
	p := newPair(t)
	a, b := New(p.o), New(p.o)
	wa, wb := p.run(a, "aurelia", "first"), p.run(b, "borealia", "first")
	d := Draft{Kind: "message.question", Class: "substantive", Mark: "actual", Facts: testFacts{Word: "x"}, Text: &Text{Lang: "en", Text: "Where are you?"}}
	e := p.state(wa, d)
	if e.Words() == nil || e.Words().Text != "Where are you?" {
		t.Error("its words")
	}
	add, err := b.Add(e.Note(), e.Facts(), nil)
	if err != nil || add.Entry.Absent != "later" || b.ItemOf(add.Entry) == "" {
		t.Fatalf("without its text: %v %+v", err, add.Entry)
	}
	rc := p.receipt(b, wb, e, a)
	if rc.Bodies != "facts" || rc.All != 1 || rc.Whole != 0 || e.Receipt != nil {
		t.Errorf("held without its text: %+v", rc)
	}
	add, err = b.Add(e.Note(), nil, []byte("another body"))
	if err != nil || !add.BadBody || add.Bodies {
		t.Errorf("another body: %v %+v", err, add)
	}
	add, err = b.Add(e.Note(), nil, e.load().text)
	if err != nil || add.New || !add.Bodies || add.Entry.Absent != "" {
		t.Errorf("a later body: %v %+v", err, add)
	}
	second := p.say(wa, "message.question", "y")
	give(t, b, second)
	rc = p.receipt(b, wb, second, a)
	if rc.Bodies != "facts" || rc.Whole != 2 || e.Receipt == nil || e.Receipt.Leaf() != rc.Leaf() || second.Receipt == nil {
		t.Errorf("one receipt answers several: %+v", rc)
	}
	// The earliest held counts, whichever run of the party said so, whenever it arrives.
	early, err := b.Receipt(b.ByRef(second.Ref()), "borealia", "aaaaaa", 1, p.now.Add(-time.Minute), p.keys["borealia"])
	if err != nil {
		t.Fatal(err)
	}
	_, changed, err := addReceipt(a, early.Note())
	if err != nil || len(changed) != 2 || e.Receipt.ByRun != "aaaaaa" {
		t.Errorf("the earlier held: %v %d", err, len(changed))
	}
	if _, changed, _ = addReceipt(a, early.Note()); changed != nil {
		t.Error("the same again changed something")
	}
	// Facts absent: it waits, and folds when they come.
	x := p.say(wa, "message.question", "z")
	add, _ = b.Add(x.Note(), nil, nil)
	if add.Entry.Inert != "" || b.ItemOf(add.Entry) != "" {
		t.Errorf("without facts: %+v", add.Entry)
	}
	if add, _ = b.Add(x.Note(), x.Facts(), nil); len(add.Touched) != 1 || b.ItemOf(add.Entry) == "" {
		t.Errorf("with them: %+v", add)
	}
	// A receipt of a root that we do not hold is a disagreement, and still names its entry.
	lie := *early
	lie.Root, lie.leaf, lie.Held = wire.Sum([]byte("x")), wire.Hash{}, lie.Held.Add(-time.Hour)
	note, _ := wire.SignNote(lie.Encode(), "borealia/sign", p.keys["borealia"])
	if _, changed, err := addReceipt(a, note); err != nil || len(changed) != 1 || len(a.Evidence()) != 1 || a.Evidence()[0].Against != "borealia" {
		t.Errorf("another root: %v %v %v", err, changed, a.Evidence())
	}
}

// SPEC: REC-012
func TestBefore(t *testing.T) {
	p := newPair(t)
	a, b := New(p.o), New(p.o)
	wa, wb := p.run(a, "aurelia", "first"), p.run(b, "borealia", "first")
	a0 := p.say(wa, "message.question", "0")
	give(t, b, a0)
	b0 := p.say(wb, "message.question", "0")
	a1 := p.say(wa, "message.question", "1") // beside b0
	give(t, b, a1)
	b1 := p.say(wb, "message.question", "1")
	for _, e := range []*Entry{b0, b1} {
		give(t, a, e)
	}
	at := func(e *Entry) *Entry { return a.ByRef(e.Ref()) }
	for _, c := range []struct {
		x, y *Entry
		want bool
	}{
		{a0, b0, true}, {b0, a0, false}, {a1, b0, false}, {b0, a1, false}, {a1, b1, true}, {a0, b1, true},
		{a0, a1, true}, {b0, b1, true}, {a0, a0, false}, {b1, a1, false},
	} {
		if got := a.Before(at(c.x), at(c.y)); got != c.want {
			t.Errorf("%s before %s: %t", c.x.Place(), c.y.Place(), got)
		}
	}
	// Through a log of a third run, and over a gap by re alone.
	w2 := p.run(a, "aurelia", "restart")
	a2 := p.say(w2, "message.question", "2")
	if !a.Before(b1.in(a), a2) || !a.Before(b0.in(a), a2) || !a.Before(a0, a2) {
		t.Error("a new run knows what its station knew")
	}
	r := New(p.o)
	step := p.say(wb, "message.shown", "", a1)
	give(t, r, step)
	if r.Before(a1.in(r), step.in(r)) {
		t.Error("before what is not here")
	}
	give(t, r, a1)
	if !r.Before(a1.in(r), step.in(r)) {
		t.Error("a reference is a cause of its own")
	}
}

func (e *Entry) in(r *Record) *Entry { return r.ByRef(e.Ref()) }

// A line of seen with another root counts for nothing and is kept as a disagreement.
//
// SPEC: REC-011
func TestSeenAnotherRoot(t *testing.T) {
	p := newPair(t)
	a1, a2, _, one, two := forked(p)
	b := New(p.o)
	for _, x := range statements(a1) {
		deliver(t, b, x)
	}
	wb := p.run(b, "borealia", "first")
	saw := p.say(wb, "message.question", "saw one")
	give(t, a2, saw)
	if ev := a2.Evidence(); len(ev) != 1 || ev[0].Why != badSeen || ev[0].Against != "borealia" {
		t.Errorf("%v", ev)
	}
	if a2.Before(two, saw.in(a2)) || !b.Before(one.in(b), saw) {
		t.Error("another root proves nothing")
	}
	allOrders(t, p.o, append(statements(a2), statements(b)...))
}

// SPEC: REC-020 REC-022
func TestSeenRules(t *testing.T) {
	p := newPair(t)
	a, b := New(p.o), New(p.o)
	wb := p.run(b, "borealia", "first")
	var last *Entry
	for range 20 { // twenty runs of the peer, none knowing the other
		r := New(p.o)
		last = p.say(p.run(r, "borealia", "first"), "message.question", "x")
		give(t, a, last)
	}
	w := p.run(a, "aurelia", "first")
	e := p.say(w, "message.question", "x")
	if len(e.Header().Seen) != MaxSeen {
		t.Fatalf("%d named at once", len(e.Header().Seen))
	}
	if e2 := p.say(w, "message.question", "y"); len(e2.Header().Seen) != 4 {
		t.Errorf("%d named next", len(e2.Header().Seen))
	}
	if e3 := p.say(w, "message.question", "z"); len(e3.Header().Seen) != 0 {
		t.Errorf("named again: %v", e3.Header().Seen)
	}
	// A restart names its own earlier log first; the peer's follow from it.
	w = p.run(a, "aurelia", "restart")
	e = p.say(w, "message.question", "after")
	if len(e.Header().Seen) != 1 || e.Header().Seen[0].Party != "aurelia" || e.Header().Why != "restart" || e.Log.Number != 2 {
		t.Errorf("%+v", e.Header())
	}
	// What follows from a log that is named is left out.
	c := New(p.o)
	give(t, c, e)
	wc := c.OpenRun(RunConfig{"borealia", "main", "first", "cccccc", p.keys["borealia"]})
	f := p.say(wc, "message.question", "f")
	give(t, a, f)
	w = a.OpenRun(RunConfig{"aurelia", "second", "first", "dddddd", p.keys["aurelia"]}) // knows nothing yet
	g := p.say(w, "message.question", "g")
	if slices.ContainsFunc(g.Header().Seen, func(s Seen) bool { return s.Run == e.Log.Run }) {
		t.Error("named what follows from the peer's log")
	}
	if !a.Before(e, g) {
		t.Error("and yet it is in its past")
	}
	_ = wb
}

// An urgent statement names only as many seen as fit.
//
// SPEC: REC-022
func TestUrgentFits(t *testing.T) {
	p := newPair(t)
	a := New(p.o)
	for range 20 {
		give(t, a, p.say(p.run(New(p.o), "borealia", "first"), "message.question", "x"))
	}
	w := p.run(a, "aurelia", "first")
	d := Draft{Kind: "message.question", Class: "substantive", Mark: "actual", Facts: testFacts{Word: strings.Repeat("x", maxUrgentBodies-80)}}
	e := p.state(w, d)
	if size := len(e.Note()) + len(e.Facts()) + len(e.load().text); size > MaxUrgent || len(e.Header().Seen) == 0 || len(e.Header().Seen) == MaxSeen {
		t.Errorf("%d bytes, %d seen", size, len(e.Header().Seen))
	}
}

// Time never decreases in a run; a header whose time does is inert.
//
// SPEC: REC-013
func TestTimeNeverDecreasesInARun(t *testing.T) {
	p := newPair(t)
	a := New(p.o)
	w := p.run(a, "aurelia", "first")
	e := p.say(w, "message.question", "x")
	p.now = p.now.Add(-time.Hour)
	if f := p.say(w, "message.question", "y"); f.Time.Before(e.Time) {
		t.Error("the run's time decreased")
	}
	w.last = time.Time{}
	st := w.statement(Draft{Kind: "message.question", Class: "test", Mark: "actual"}, e.Time.Add(-time.Hour), PeerClock{})
	c, err := w.sign(&st, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if add, err := a.AddChecked(c); err != nil || add.Entry.Inert == "" {
		t.Errorf("a decreasing time: %v", err)
	}
}

// A log opened from an older copy is shown, and numbers that are double are told apart.
//
// SPEC: REC-023 REC-024
func TestRestored(t *testing.T) {
	p := newPair(t)
	old, b := New(p.o), New(p.o)
	w := p.run(old, "aurelia", "first")
	first := p.say(w, "message.question", "kept")
	backup := New(p.o)
	give(t, backup, first)
	give(t, b, first)
	wb := p.run(b, "borealia", "first")
	p.receipt(b, wb, first)
	lost := p.say(w, "message.question", "lost")
	give(t, b, lost)
	p.receipt(b, wb, lost)
	w2 := p.run(old, "aurelia", "restart")
	lost2 := p.say(w2, "message.question", "lost too")
	give(t, b, lost2)
	p.receipt(b, wb, lost2)

	w3 := p.run(backup, "aurelia", "restore")
	e := p.say(w3, "message.question", "after the restore")
	give(t, b, e)
	for _, l := range b.Logs() {
		if want := l.Name.Run == w3.Name(); b.Restored()[l] != want {
			t.Errorf("%s restored: %t", l.Name.LogID, !want)
		}
	}
	if e.Log.Number != lost2.Log.Number {
		t.Fatalf("numbers %d %d", e.Log.Number, lost2.Log.Number)
	}
	_, err := b.Find("A2-0")
	_, list, several := strings.Cut(str(err), "A2-0 names several: ")
	names := strings.Split(list, ", ")
	if !several || len(names) != 2 {
		t.Fatalf("a bare double: %v", err)
	}
	for _, n := range names {
		got, err := b.Find(n)
		if err != nil || b.Short(got) != n || len(n) < len("A2.kk-0") {
			t.Errorf("%s: %v", n, err)
		}
	}
	for _, bad := range []string{"", "A", "A2", "A2-", "A02-0", "C1-0", "A1-9", "A2.xxxxxxx-0", "A1.-0x"} {
		if _, err := b.Find(bad); err == nil {
			t.Errorf("%q found", bad)
		}
	}
	// What the other side still holds comes back and stays in force.
	give(t, backup, lost)
	give(t, backup, lost2)
	if backup.ItemOf(lost2.in(backup)) == "" {
		t.Error("fetched back, and does not fold")
	}
	if !knownRun(backup, w2) {
		t.Error("its run is not known")
	}
}

// Private logs have the same form, their own domain, and no receipts.
//
// SPEC: REC-025
func TestPrivate(t *testing.T) {
	p := newPair(t)
	p.o.Private = true
	r := New(p.o)
	w := p.run(r, "aurelia", "first")
	e := p.say(w, "message.question", "a draft")
	if !strings.HasPrefix(string(e.Note()), "parley/v1 private\nlog aurelia/") || !strings.Contains(string(e.Note()), "/private\nindex 0\n") {
		t.Errorf("%s", e.Note())
	}
	if r.Short(e) != "Ap1-0" {
		t.Error(r.Short(e))
	}
	shared := p.o
	shared.Private = false
	names := New(shared)
	give(t, names, p.say(p.run(New(shared), "aurelia", "first"), "message.question", "shared"))
	if got := names.Short(e); got != "Ap1-0" {
		t.Errorf("beside the shared record it is drawn as %s", got)
	}
	if got, err := r.Find("Ap1-0"); err != nil || got != e {
		t.Error(err)
	}
	if _, err := r.Receipt(e, "borealia", "9dm2aa", 1, p.now, p.keys["borealia"]); err == nil {
		t.Error("a receipt for a private statement")
	}
	o := p.o
	o.Private = false
	if _, err := New(o).Add(e.Note(), e.Facts(), nil); err == nil {
		t.Error("a private statement in a shared record")
	}
	r2 := New(p.o)
	if give(t, r2, e); digest(r2) != digest(r) {
		t.Error("replayed, and differs")
	}
}

// What the peer merely names spends none of our numbers and makes none of our short IDs double.
//
// SPEC: REC-020 REC-023
func TestNamedOnly(t *testing.T) {
	p := newPair(t)
	r, b := New(p.o), New(p.o)
	mine := p.say(p.run(r, "aurelia", "first"), "message.question", "x")
	wb := p.run(b, "borealia", "first")
	d := Draft{Kind: "message.question", Class: "test", Mark: "actual", Re: []Ref{
		{Place{LogID{"aurelia", 1<<31 - 1, "zzzzzz"}, 0}, wire.Sum(nil)}, {Place{LogID{"aurelia", 1, "zzzzzz"}, 0}, wire.Sum(nil)},
	}}
	give(t, r, p.state(wb, d))
	if got := r.Short(mine); got != "A1-0" {
		t.Error(got)
	}
	if e := p.say(p.run(r, "aurelia", "restart"), "message.question", "y"); e.Log.Number != 2 {
		t.Errorf("log %d", e.Log.Number)
	}
}

// A run writes one log, numbered above its own, and states nothing that its key did not sign.
//
// SPEC: REC-020 REC-021
func TestARunWritesOneLogAndNothingThatItsReaderRefuses(t *testing.T) {
	p := newPair(t)
	r := New(p.o)
	w := p.run(r, "aurelia", "first")
	if w.l != nil || knownRun(r, w) {
		t.Error("its log is open before it said anything")
	}
	p.say(w, "message.question", "x")
	if w.l.Size != 1 || !knownRun(r, w) {
		t.Error("its log is not open")
	}
	for name, d := range map[string]Draft{
		"no class":   {Kind: "message.question", Mark: "actual"},
		"bad kind":   {Kind: "Message", Class: "test", Mark: "actual"},
		"bad text":   {Kind: "message.question", Class: "test", Mark: "actual", Text: &Text{Lang: "en", Text: "\xff"}},
		"no lang":    {Kind: "message.question", Class: "test", Mark: "actual", Text: &Text{Text: "x"}},
		"a fraction": {Kind: "message.question", Class: "test", Mark: "actual", Facts: map[string]any{"word": 1.5}},
		"unknown":    {Kind: "message.question", Class: "test", Mark: "actual", Facts: map[string]any{"x": "y"}},
		"no begin":   {Kind: "message.shown", Class: "test", Mark: "actual"},
	} {
		before := digest(r)
		if _, err := w.Append(d, p.tick(), PeerClock{}, p.rand); err == nil || digest(r) != before {
			t.Errorf("%s: %v", name, err)
		}
	}
	if e := p.say(w, "message.question", "goes on"); e.Index != 1 {
		t.Errorf("at %d", e.Index)
	}
	heard := PeerClock{"9dm2aa", time.Date(2026, 11, 23, 9, 41, 19, 5, time.UTC)}
	e, err := w.Append(Draft{Kind: "message.question", Class: "test", Mark: "exercise"}, p.tick(), heard, p.rand)
	if err != nil || e.Header().Heard.Time.Second() != 10 {
		t.Errorf("heard: %v", err)
	}
	seen := map[string]bool{}
	for range 100 {
		n := NewRunName(p.rand)
		if !wire.ValidRun(n) || seen[n] {
			t.Errorf("run %q", n)
		}
		seen[n] = true
	}
}

// TestItemsOfTwoSortsNeverMeet: a party and an id name one item of each sort: what shares them with a call, and is a check,
// takes nothing away from the call.
//
// SPEC: REC-014
func TestItemsOfTwoSortsNeverMeet(t *testing.T) {
	p := newPair(t)
	id := func(*Entry) (string, string, error) { return "aurelia", "x", nil }
	p.o.Kinds["call.closed"] = Kind{Name: "call.closed", Begins: true, ItemID: id}
	p.o.Kinds["check.opened"] = Kind{Name: "check.opened", Begins: true, ItemID: id}
	r := New(p.o)
	w := p.run(r, "aurelia", "first")
	a := p.state(w, Draft{Kind: "check.opened", Class: "test", Mark: "actual", Facts: testFacts{Word: "x"}})
	b := p.state(w, Draft{Kind: "call.closed", Class: "substantive", Mark: "actual", Facts: testFacts{Word: "x"}})
	if r.ItemOf(a) == r.ItemOf(b) || r.Item(r.ItemOf(b)).Begin != b {
		t.Errorf("a call and a check are one item: %s", r.ItemOf(b))
	}
}
