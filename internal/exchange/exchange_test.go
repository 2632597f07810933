// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/wire"
)

var (
	rnd  = rand.NewChaCha8([32]byte{1})
	keys = map[string]ed25519.PrivateKey{"aurelia": newKey(1), "borealia": newKey(2)}
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

func newKey(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)) }

func options() record.Options {
	o := record.Options{Kinds: map[string]record.Kind{"message.question": {Name: "message.question", Begins: true}, "readout.sealed": {Name: "readout.sealed", Begins: true, Sealed: true}}}
	for i, n := range []string{"aurelia", "borealia"} {
		o.Parties[i] = record.Party{Name: n, Letter: string(rune('A' + i)), Keys: []ed25519.PublicKey{keys[n].Public().(ed25519.PublicKey)}}
	}
	return o
}

// end is one party: its record, and its exchange over a stream that never fails.
type end struct {
	name     string
	rec      *record.Record
	x        *Exchange
	run      *record.Run
	volatile map[*record.Entry]bool
	sent     int
	asked    int // times that the other end wanted a span
	told     Told
}

func newEnd(name string) *end {
	e := &end{name: name, rec: record.New(options()), volatile: map[*record.Entry]bool{}}
	e.x = New(e.rec, name)
	e.run = e.rec.OpenRun(record.RunConfig{Party: name, Station: "main", Why: "first", Run: record.NewRunName(rnd), Key: keys[name]})
	return e
}

func (e *end) state(t testing.TB, text string) *record.Entry {
	t.Helper()
	s, err := e.run.Append(record.Draft{Kind: "message.question", Class: "substantive", Mark: "actual", Facts: struct{}{}, Text: &record.Text{Lang: "en", Text: text}}, noon, record.PeerClock{}, rnd)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (e *end) durable(s *record.Entry) bool { return !e.volatile[s] }

// receipt takes a receipt as it came.
func (e *end) receipt(t testing.TB, note []byte) {
	t.Helper()
	o := options()
	rc, err := o.CheckReceipt(note)
	if err != nil {
		t.Fatal(err)
	}
	e.rec.ApplyReceipt(rc)
}

// digest writes down all that must not depend on the order of arrival.
func digest(r *record.Record) string {
	var b strings.Builder
	for _, l := range r.Logs() {
		fmt.Fprintln(&b, l.Name, l.Size, l.Root, l.Whole)
		for _, e := range r.Entries(l.Name.LogID, 0) {
			held := wire.Hash{}
			if e.Receipt != nil {
				held = e.Receipt.Leaf()
			}
			fmt.Fprintln(&b, e.Ref(), e.Joined, e.Inert, e.Evidence, held, r.ItemOf(e))
		}
	}
	for _, k := range r.Items() {
		for _, e := range r.Item(k).Entries {
			fmt.Fprintln(&b, "item", k, e.Ref())
		}
	}
	for _, ev := range r.Evidence() {
		fmt.Fprintln(&b, ev)
	}
	return b.String()
}

// take gives the other end's frame to this one; what it answers with is given back at once.
func (e *end) take(t testing.TB, from *end, f wire.Frame) {
	t.Helper()
	f, err := wire.ParseFrame(wire.AppendFrame(nil, f))
	if err != nil {
		t.Fatal(err)
	}
	switch f.Kind {
	case wire.FrameHave:
		told, err := e.x.TheyHave(f.Parts[0], "")
		if err != nil {
			t.Fatal(err)
		}
		e.told.Lost += told.Lost
		e.told.Unreceipted = append(e.told.Unreceipted, told.Unreceipted...)
		for _, g := range told.Unreceipted {
			for _, rc := range e.rec.LogReceipts(g) {
				from.receipt(t, rc.Note())
			}
		}
	case wire.FrameWant:
		e.asked++
		if err := e.x.Wanted(f.Parts[0]); err != nil {
			t.Fatal(err)
		}
	case wire.FrameEntry:
		a, err := e.rec.Add(f.Parts[0], f.Parts[1], f.Parts[2])
		if err != nil {
			t.Fatal(err)
		}
		if a.Entry.Log.Party == e.name {
			return
		}
		for _, s := range Answers(e.rec, []*record.Entry{a.Entry}) {
			rc, err := e.rec.Receipt(s, e.name, "9dm2aa", 1, noon, keys[e.name])
			if err != nil {
				t.Fatal(err)
			}
			e.rec.ApplyReceipt(rc)
			from.receipt(t, rc.Note())
		}
	}
}

// meet brings a stream up between two ends and lets it run until both are quiet.
func meet(t testing.TB, a, b *end) {
	t.Helper()
	fa, fb := a.x.StreamUp(), b.x.StreamUp()
	a.take(t, b, fb)
	b.take(t, a, fa)
	run(t, a, b)
}

func run(t testing.TB, a, b *end) {
	t.Helper()
	for quiet := false; !quiet; {
		quiet = true
		for _, p := range [][2]*end{{a, b}, {b, a}} {
			if f, s, ok := p[0].x.Next(p[0].durable); ok {
				p[0].x.Sent(s)
				if s != nil {
					p[0].sent++
				}
				p[1].take(t, p[0], f)
				quiet = false
			}
		}
	}
}

func same(t testing.TB, a, b *end, n int) {
	t.Helper()
	if digest(a.rec) != digest(b.rec) {
		t.Error("they hold different records")
	}
	got := 0
	for _, l := range a.rec.Logs() {
		got += l.Size
		for _, s := range a.rec.Entries(l.Name.LogID, 0) {
			if s.Receipt == nil {
				t.Errorf("%s is not held", a.rec.Short(s))
			}
		}
	}
	if got != n {
		t.Errorf("%d statements, not %d", got, n)
	}
}

// SPEC: EXC-003 EXC-004 EXC-006 EXC-007
func TestBothComeToHoldTheSame(t *testing.T) {
	a, b := newEnd("aurelia"), newEnd("borealia")
	for i := range 70 {
		a.state(t, fmt.Sprint(i))
		if i%7 == 0 {
			b.state(t, fmt.Sprint(i))
		}
	}
	last := a.state(t, "not on disk yet")
	a.volatile[last] = true
	meet(t, a, b)
	if b.rec.At(last.Place()) != nil {
		t.Fatal("what was not durable was offered")
	}
	delete(a.volatile, last)
	run(t, a, b)
	same(t, a, b, 81)
	if a.sent != 71 || b.sent != 10 {
		t.Errorf("%d and %d sent", a.sent, b.sent)
	}
	meet(t, a, b)
	if a.sent != 71 || b.sent != 10 {
		t.Error("what both hold was sent again")
	}
}

// SPEC: EXC-004
func TestALostDiskIsGivenBack(t *testing.T) {
	a, b := newEnd("aurelia"), newEnd("borealia")
	for i := range 10 {
		a.state(t, fmt.Sprint(i))
		b.state(t, fmt.Sprint(i))
	}
	meet(t, a, b)
	a = newEnd("aurelia")
	meet(t, a, b)
	n := 0
	for _, l := range a.rec.Logs() {
		n += l.Size
	}
	if n != 20 {
		t.Errorf("%d of 20 came back", n)
	}
	a = newEnd("aurelia")
	fa, fb := a.x.StreamUp(), b.x.StreamUp()
	for x, f := range map[*Exchange]wire.Frame{a.x: fb, b.x: fa} {
		if _, err := x.TheyHave(f.Parts[0], ""); err != nil {
			t.Fatal(err)
		}
	}
	for {
		f, e, ok := b.x.Next(b.durable)
		if !ok {
			break
		}
		b.x.Sent(e)
		if _, err := a.rec.Add(f.Parts[0], f.Parts[1], f.Parts[2]); err != nil {
			t.Fatal(err)
		}
		if _, e, ok := a.x.Next(a.durable); ok {
			t.Fatalf("%s is sent back to who has sent it", e.Place())
		}
	}
}

// What the peer states on a stream is nothing to offer: however much it is, no step looks through it.
// SPEC: EXC-004
func TestWhatThePeerStatesIsNotLookedThrough(t *testing.T) {
	a, b := newEnd("aurelia"), newEnd("borealia")
	meet(t, a, b)
	var before, after runtime.MemStats
	for range 2000 {
		if _, err := b.rec.Add(a.state(t, "word").Pieces()); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&before)
	for range 100 {
		b.x.turn = 1 // as after a statement
		if _, e, ok := b.x.Next(b.durable); ok || e != nil {
			t.Fatal("what the peer has stated is offered to it")
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 400_000 {
		t.Errorf("%d bytes were copied to find that nothing is to be offered", n)
	}
}

// After a failed commit the record is replayed: the stream goes on, and what was taken and not kept is offered again.
// SPEC: EXC-003
func TestResetGoesOnOnTheSameStream(t *testing.T) {
	a, b := newEnd("aurelia"), newEnd("borealia")
	meet(t, a, b)
	b.state(t, "one")
	_, s, _ := b.x.Next(b.durable)
	b.x.Sent(s) // and a's store fails before it is on disk
	a.state(t, "two")
	a.x.Reset(a.rec)
	b.take(t, a, a.x.Have())
	run(t, a, b)
	same(t, a, b, 2)
}

// SPEC: EXC-005
func TestWhatTheListTells(t *testing.T) {
	a := newEnd("aurelia")
	a.state(t, "one")
	a.x.StreamUp()
	l := a.rec.Logs()[0]
	one, two := "aurelia "+l.Name.Local(), "aurelia 9.k7qx3m"
	other := wire.Leaf([]byte("other"))
	for line, want := range map[string]string{
		fmt.Sprintf("aurelia %s 1 %s 1 0\n", l.Name.Local(), l.Root): "",
		fmt.Sprintf("aurelia %s 2 %s 2 0\n", l.Name.Local(), other):  "they hold more of our log than we do",
		fmt.Sprintf("aurelia %s 1 %s 1 0\n", l.Name.Local(), other):  "another root at a size that we hold",
		fmt.Sprintf("borealia 1.9dm2aa 4 %s 4 0\n", other):           "",
	} {
		told, err := a.x.TheyHave([]byte(line), "")
		if err != nil || len(told.Found) != min(1, len(want)) || want != "" && told.Found[0].Why != want {
			t.Errorf("%s: %v %v", line, told, err)
		}
	}
	h := " " + other.String()
	for _, bad := range []string{"aurelia", one + " 01" + h + " 0 0", one + " 1 x 0 0", one + " 1" + h + " 2 0", one + " -1" + h + " 0 0",
		"aurelia x 1" + h + " 0 0", one + " 1" + h + " 1", one + " 1" + h + " 1 01", one + " 1" + h + " 1 0\n" + one + " 1" + h + " 1 0",
		"aurelia 9.k7qx3m 1.k7qx3m" + h, two + " 9.k7qx3m" + h + "\n" + two + " 1" + h + " 1 0", two + " 9.k7qx3m\n" + one + " 1" + h + " 1 0",
		one + " 1" + h + " 1 0\n" + two + " 9.k7qx3m", strings.Repeat("x\n", 2000)} {
		if _, err := a.x.TheyHave([]byte(bad), ""); !errors.Is(err, ErrHave) {
			t.Errorf("%q is read", bad)
		}
	}
	for _, bad := range []string{"", "aurelia", "aurelia x 1.k7qx3m", "aurelia 2.k7qx3m 1.k7qx3m", "aurelia 1.k7qx3m 01.k7qx3m", "aurelia 1.k7qx3m 1.k7qx3m "} {
		if a.x.Wanted([]byte(bad)) == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// begin opens a run and states one thing in it.
func (e *end) begin(t testing.TB, text string) *record.Entry {
	t.Helper()
	e.run = e.rec.OpenRun(record.RunConfig{Party: e.name, Station: "main", Why: "restart", Run: record.NewRunName(rnd), Key: keys[e.name]})
	return e.state(t, text)
}

// However many closed logs both ends hold, a list fits one message, and what is new is exchanged.
// SPEC: EXC-003 EXC-011 EXC-010
func TestThousandsOfClosedLogsAreExchangedAsSums(t *testing.T) {
	a, b := newEnd("aurelia"), newEnd("borealia")
	const n = 1_100
	for i := range n {
		a.begin(t, fmt.Sprint(i))
		b.begin(t, fmt.Sprint(i))
	}
	meet(t, a, b)
	same(t, a, b, 2*n)
	list := a.x.Have().Parts[0]
	if len(list) > 20_000 || a.asked+b.asked != 0 {
		t.Errorf("a list of %d bytes, %d times asked for more", len(list), a.asked+b.asked)
	}
	a.begin(t, "routine of aurelia")
	b.state(t, "routine of borealia")
	a.sent, b.sent = 0, 0
	meet(t, a, b)
	same(t, a, b, 2*n+2)
	if a.sent != 1 || b.sent != 1 || a.asked+b.asked != 0 {
		t.Errorf("%d and %d sent, %d times asked", a.sent, b.sent, a.asked+b.asked)
	}

	// One closed log of thousands grows at one end: that one is found, and nothing else is sent.
	old := a.rec.Logs()[n/3]
	lost := newEnd("borealia")
	for _, l := range b.rec.Logs() {
		for _, e := range b.rec.Entries(l.Name.LogID, 0) {
			if l.Name.LogID == old.Name.LogID {
				continue
			}
			if _, err := lost.rec.Add(e.Pieces()); err != nil {
				t.Fatal(err)
			}
		}
		for _, rc := range b.rec.LogReceipts(l.Name.LogID) {
			lost.rec.ApplyReceipt(rc)
		}
	}
	a.sent, a.asked = 0, 0
	meet(t, a, lost)
	if digest(a.rec) != digest(lost.rec) || a.sent != 1 || a.asked+lost.asked > 8 {
		t.Errorf("one log is lacking: %d statements sent, %d times asked", a.sent, a.asked+lost.asked)
	}

	// And one receipt that one end has not.
	g := lost.rec.Logs()[n/2]
	rc, err := lost.rec.Receipt(lost.rec.Entries(g.Name.LogID, 0)[0], "borealia", "9dm2aa", 1, noon.Add(-time.Hour), keys["borealia"])
	if err != nil {
		t.Fatal(err)
	}
	g.Held-- // as where its receipt was lost
	a.told, lost.told = Told{}, Told{}
	a.rec.Log(g.Name.LogID).Held--
	lost.rec.ApplyReceipt(rc)
	meet(t, a, lost)
	if l := lost.told; len(l.Unreceipted) != 1 || a.rec.Log(g.Name.LogID).Held != 1 {
		t.Errorf("a receipt is lacking: %v", l.Unreceipted)
	}
}

// After a lost disk what was stated last comes first; the old logs do not hold it up.
// SPEC: EXC-004 EXC-010
func TestTheNewestLogIsOfferedFirst(t *testing.T) {
	a, b := newEnd("aurelia"), newEnd("borealia")
	for i := range 100 {
		a.begin(t, fmt.Sprint(i))
	}
	b.state(t, "hello")
	meet(t, a, b)
	flash := a.begin(t, "flash")
	lost := newEnd("borealia")
	a.x.StreamUp()
	told, err := a.x.TheyHave(lost.x.StreamUp().Parts[0], "")
	if err != nil || told.Lost != 1 {
		t.Errorf("%d statements of theirs are lost there: %v", told.Lost, err)
	}
	if _, e, ok := a.x.Next(a.durable); !ok || e != flash {
		t.Errorf("the first that is offered is %v", e)
	}
}

// Over a gap each statement is answered for itself, below it the highest answers all.
// SPEC: EXC-007
func TestAnswers(t *testing.T) {
	a, b := newEnd("aurelia"), newEnd("borealia")
	var got []*record.Entry
	for i := range 6 {
		s := a.state(t, fmt.Sprint(i))
		if i == 3 {
			continue
		}
		r, err := b.rec.Add(s.Pieces())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Entry)
	}
	var places []int
	for _, e := range Answers(b.rec, got) {
		places = append(places, e.Index)
	}
	if !slices.Equal(places, []int{2, 4, 5}) {
		t.Errorf("answered at %v", places)
	}
}

// SPEC: EXC-002 EXC-008
func TestFragments(t *testing.T) {
	a, b := newEnd("aurelia"), newEnd("borealia")
	if _, ok := Urgent(a.state(t, string(bytes.Repeat([]byte("x"), 6000)))); ok {
		t.Error("a statement that does not fit was cut up")
	}
	cut := func() [][]byte {
		p, ok := Urgent(a.state(t, string(bytes.Repeat([]byte("x"), 3000))))
		if !ok || len(p) < 3 || len(p) > wire.MaxFragments {
			t.Fatalf("%d fragments", len(p))
		}
		return p
	}
	one := cut()
	for i, p := range []int{len(one) - 1, 0, 0, len(one) - 1} { // backwards, and some again
		if _, ok := b.x.Fragment(one[p]); ok {
			t.Fatalf("whole after %d pieces", i+1)
		}
	}
	for _, bad := range [][]byte{nil, {1}, one[1][:5], append(slices.Clone(one[1]), bytes.Repeat([]byte{0}, 2000)...)} {
		if _, ok := b.x.Fragment(bad); ok {
			t.Error("a malformed piece was taken")
		}
	}
	whole := false
	for _, p := range one {
		f, ok := b.x.Fragment(p)
		if ok && !whole {
			whole = true
			b.take(t, a, f)
		}
	}
	if !whole {
		t.Fatal("not whole")
	}
	var all [][][]byte
	for range MaxHalf + 1 {
		p := cut()
		all = append(all, p)
		b.x.Fragment(p[0])
	}
	if len(b.x.half) != MaxHalf {
		t.Errorf("%d half-received ones are kept", len(b.x.half))
	}
	done := func(p [][]byte) (ok bool) {
		for _, b2 := range p[1:] {
			_, ok = b.x.Fragment(b2)
		}
		return ok
	}
	if !done(all[MaxHalf]) || !done(all[1]) || done(all[0]) {
		t.Error("not the oldest gave way")
	}
}

// What a long time apart has left is offered in a time that grows with it, not with its square.
func TestMany(t *testing.T) {
	a, b := newEnd("aurelia"), newEnd("borealia")
	const n = 5_000
	for range n {
		a.state(t, "again")
	}
	a.x.StreamUp()
	if _, err := a.x.TheyHave(b.x.StreamUp().Parts[0], ""); err != nil {
		t.Fatal(err)
	}
	got := 0
	for began := time.Now(); ; got++ {
		_, s, ok := a.x.Next(a.durable)
		if !ok {
			t.Log(got, "in", time.Since(began))
			break
		}
		a.x.Sent(s)
	}
	if got != n {
		t.Errorf("%d of %d", got, n)
	}
}

func FuzzParseList(f *testing.F) {
	a := newEnd("aurelia")
	a.state(f, "one")
	f.Add(a.x.StreamUp().Parts[0])
	f.Add(fmt.Appendf(nil, "aurelia 1.k7qx3m 9.k7qx3m\naurelia 1.k7qx3m 7.k7qx3m %s", wire.Leaf(nil)))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := parseList(b)
		if err == nil && len(l.logs)+len(l.sums) > maxLines {
			t.Fatal("too many")
		}
		a.x.StreamUp()
		_, _ = a.x.TheyHave(b, "")
		_ = a.x.Wanted(b)
		for f, e, ok := a.x.Next(a.durable); ok; f, e, ok = a.x.Next(a.durable) {
			if len(wire.AppendFrame(nil, f)) > wire.MaxFrame {
				t.Fatal("longer than a message may be")
			}
			a.x.Sent(e)
		}
	})
}

func FuzzFragment(f *testing.F) {
	a := newEnd("aurelia")
	p, _ := Urgent(a.state(f, "one"))
	f.Add(p[0])
	f.Fuzz(func(t *testing.T, b []byte) {
		a.x.Fragment(b)
		if len(a.x.half) > MaxHalf {
			t.Fatal("too many halves")
		}
	})
}

// deadDisk is a disk that gives nothing back.
type deadDisk struct{}

func (deadDisk) Row(int) (note, facts, text []byte, err error) {
	return nil, nil, nil, io.ErrUnexpectedEOF
}

func (deadDisk) Rows([]int, []byte) func(func(int, []byte, []byte, []byte)) ([]byte, error) {
	return func(func(int, []byte, []byte, []byte)) ([]byte, error) { return nil, io.ErrUnexpectedEOF }
}
func (deadDisk) Unread(int, error) {}

// A statement that cannot be read back from the disk is not sent empty, and does not count as sent.
// SPEC: EXC-004 STO-018
func TestWhatCannotBeReadBackIsNotSent(t *testing.T) {
	o := options()
	o.Rows = deadDisk{}
	a, b := &end{name: "aurelia", rec: record.New(o)}, newEnd("borealia")
	a.x = New(a.rec, a.name)
	first := a.begin(t, "first")
	first.OnDisk(1)
	for i := range 100 { // so much on disk that the bytes of the first leave the memory
		a.state(t, strings.Repeat("word ", 12<<10)).OnDisk(2 + i)
	}
	a.x.StreamUp()
	if _, err := a.x.TheyHave(b.x.StreamUp().Parts[0], ""); err != nil {
		t.Fatal(err)
	}
	if f, e, ok := a.x.Next(a.durable); ok || a.x.cursor[first.Log.LogID] != 0 {
		t.Errorf("%v goes out as %q", e, f.Parts)
	}
	if p, ok := Urgent(first); ok {
		t.Errorf("it is urgent, and goes out as %q", p)
	}
}

// A sealed statement goes without its bodies, holds up nothing, and is offered with them once it is released, at each stream
// until it is held.
//
// SPEC: EXC-012
func TestSealedStatementGoesWithoutItsBodiesUntilItIsReleased(t *testing.T) {
	a, b := newEnd("aurelia"), newEnd("borealia")
	shut := true
	a.x.Withheld = func(e *record.Entry) bool { return e.Sealed() && shut }
	seal := func() *record.Entry {
		s, err := a.run.Append(record.Draft{Kind: "readout.sealed", Class: "service", Mark: "actual", Facts: struct{}{}}, noon, record.PeerClock{}, rnd)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a.state(t, "before")
	sealed := seal()
	after := a.state(t, "after")
	meet(t, a, b)
	there := b.rec.At(sealed.Place())
	if there == nil || there.Facts() != nil || after.Receipt == nil || sealed.Receipt != nil {
		t.Fatalf("sealed: %+v, after it held by %v", there, after.Receipt)
	}
	sent := a.sent
	meet(t, a, b)
	if a.sent != sent {
		t.Errorf("%d statements sent again on a new stream because of a sealed one", a.sent-sent)
	}
	shut = false
	a.x.Release(sealed)
	a.x.Release(sealed)
	run(t, a, b)
	if a.sent != sent+1 || b.rec.At(sealed.Place()).Facts() == nil || sealed.Receipt == nil {
		t.Errorf("released: sent %d, held by %v", a.sent-sent, sealed.Receipt)
	}
	a.x.Release(sealed)
	run(t, a, b)
	if a.sent != sent+1 {
		t.Error("it is offered though it is held")
	}
	same(t, a, b, 3)

	// Released while no stream is up, or before its turn: it comes once, with its bodies.
	shut = true
	next := seal()
	shut = false
	a.x.StreamDown()
	a.x.Release(next)
	fa, fb := a.x.StreamUp(), b.x.StreamUp()
	a.take(t, b, fb)
	b.take(t, a, fa)
	a.x.Release(next)
	run(t, a, b)
	same(t, a, b, 4)

	// A receipt that was lost: it is offered again on the next stream.
	shut = true
	lost := seal()
	run(t, a, b)
	shut = false
	a.x.Release(lost)
	if f, s, ok := a.x.Next(a.durable); !ok || s != lost || len(f.Parts[1]) == 0 {
		t.Fatal("it is not offered")
	}
	a.x.Sent(lost)
	fa, fb = a.x.StreamUp(), b.x.StreamUp()
	a.take(t, b, fb)
	b.take(t, a, fa)
	a.x.Release(lost)
	run(t, a, b)
	same(t, a, b, 5)
}
