// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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
	o := record.Options{Kinds: map[string]record.Kind{"message.question": {Name: "message.question", Begins: true}}}
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
}

func newEnd(name string) *end {
	e := &end{name: name, rec: record.New(options()), volatile: map[*record.Entry]bool{}}
	e.x = New(e.rec, name)
	e.run = e.rec.OpenRun(record.RunConfig{Party: name, Station: "main", Why: "first", Run: record.NewRunName(rnd), Key: keys[name]})
	return e
}

func (e *end) state(t testing.TB, text string) *record.Entry {
	t.Helper()
	s, err := e.run.Append(record.Draft{Kind: "message.question", Class: "substantive", Mark: "actual", Facts: struct{}{}, Text: &record.Text{Lang: "en", Text: text}}, noon, record.Heard{}, rnd)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (e *end) durable(s *record.Entry) bool { return !e.volatile[s] }

// take gives the other end's frame to this one; what it answers with is given back at once.
func (e *end) take(t testing.TB, from *end, f wire.Frame) {
	t.Helper()
	f, err := wire.ParseFrame(wire.AppendFrame(nil, f))
	if err != nil {
		t.Fatal(err)
	}
	switch f.Kind {
	case wire.FrameHave:
		if _, err := e.x.TheyHave(f.Parts[0]); err != nil {
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
			if _, _, err := from.rec.AddReceipt(rc.Note); err != nil {
				t.Fatal(err)
			}
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
				p[0].sent++
				p[1].take(t, p[0], f)
				quiet = false
			}
		}
	}
}

func same(t testing.TB, a, b *end, n int) {
	t.Helper()
	if a.rec.Digest() != b.rec.Digest() {
		t.Error("they hold different records")
	}
	got := 0
	for _, l := range a.rec.Logs() {
		got += l.Size
		for _, s := range a.rec.Entries(l.Name.Party, l.Name.LogID, 0) {
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
	other := wire.Leaf([]byte("other"))
	for line, want := range map[string]string{
		fmt.Sprintf("aurelia %s 1 %s 1\n", l.Name.LogID, l.Root): "",
		fmt.Sprintf("aurelia %s 2 %s 2\n", l.Name.LogID, other):  "they hold more of our log than we do",
		fmt.Sprintf("aurelia %s 1 %s 1\n", l.Name.LogID, other):  "another root at a size that we hold",
		fmt.Sprintf("borealia 1.9dm2aa 4 %s 4\n", other):         "",
	} {
		found, err := a.x.TheyHave([]byte(line))
		if err != nil || len(found) != min(1, len(want)) || want != "" && found[0].Why != want {
			t.Errorf("%s: %v %v", line, found, err)
		}
	}
	for _, bad := range []string{"aurelia", "aurelia 1.k7qx3m 01 " + other.String() + " 0", "aurelia 1.k7qx3m 1 x 0",
		"aurelia 1.k7qx3m 1 " + other.String() + " 2", "aurelia 1.k7qx3m -1 " + other.String() + " 0", "aurelia x 1 " + other.String() + " 0"} {
		if _, err := a.x.TheyHave([]byte(bad)); !errors.Is(err, ErrHave) {
			t.Errorf("%q is read", bad)
		}
	}
}

// SPEC: EXC-004
func TestWanted(t *testing.T) {
	a, b := newEnd("aurelia"), newEnd("borealia")
	for i := range 5 {
		a.state(t, fmt.Sprint(i))
	}
	meet(t, a, b)
	id := a.rec.Logs()[0].Name.LogID
	if err := a.x.Wanted(want("aurelia", id, 2).Parts[0]); err != nil {
		t.Fatal(err)
	}
	run(t, a, b)
	if a.sent != 8 {
		t.Errorf("%d sent", a.sent)
	}
	for _, bad := range []string{"", "aurelia", "aurelia x 1", "aurelia 1.k7qx3m 01", "aurelia 1.k7qx3m -1"} {
		if a.x.Wanted([]byte(bad)) == nil {
			t.Errorf("%q is read", bad)
		}
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
		r, err := b.rec.Add(s.Note, s.FactsB, s.TextB)
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
	if _, err := a.x.TheyHave(b.x.StreamUp().Parts[0]); err != nil {
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

func FuzzParseHave(f *testing.F) {
	a := newEnd("aurelia")
	a.state(f, "one")
	f.Add(a.x.StreamUp().Parts[0])
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := ParseHave(b)
		if err == nil && len(list) > MaxLogs {
			t.Fatal("too many")
		}
		_, _ = a.x.TheyHave(b)
		_ = a.x.Wanted(b)
		a.x.Next(a.durable)
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

// want asks for a log again from a place; Wanted obeys it.
func want(party string, id record.LogID, from int) wire.Frame {
	return wire.Frame{Kind: wire.FrameWant, Parts: [][]byte{fmt.Appendf(nil, "%s %d.%s %d", party, id.Number, id.Run, from)}}
}
