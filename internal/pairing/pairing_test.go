// SPDX-License-Identifier: Apache-2.0

package pairing

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"example.org/parley/internal/home"
	"example.org/parley/party"
)

// lines makes two lines that hold each other's sheet; the first is A.
func lines(t testing.TB) (a, b *home.Line) {
	t.Helper()
	mk := func(name string) *home.Line {
		l, err := home.Home{Dir: t.TempDir()}.Init("north", home.DefaultConfig(name, 0), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	a, b = mk("aurelia"), mk("borealia")
	if err := errors.Join(a.SetTheirs(b.Ours.Note, false), b.SetTheirs(a.Ours.Note, false)); err != nil {
		t.Fatal(err)
	}
	if !a.IsPartyA() {
		a, b = b, a
	}
	a.Config.Terms.Fallback = map[string][]string{a.Ours.Party: {"+39 1"}}
	b.Config.Terms.Fallback = map[string][]string{b.Ours.Party: {"+39 2"}}
	return a, b
}

// ends are two machines and what lies between them.
type ends struct {
	t    testing.TB
	m    [2]*Pairing
	kept [2]*Made
	done [2]bool
	end  bool
	wire [][2]any // to, bytes
	mitm func(to int, b []byte) []byte
}

func newEnds(t testing.TB) *ends {
	a, b := lines(t)
	e := &ends{t: t}
	for i, l := range []*home.Line{a, b} {
		m, err := New(Config{Line: l.Name, Ours: l.Ours, Theirs: l.Theirs, Key: l.Keys.Sign, Terms: l.Config.Terms, Rand: rand.Reader}, nil)
		if err != nil {
			t.Fatal(err)
		}
		e.m[i] = m
	}
	return e
}

func (e *ends) carry(i int, o Effects) {
	if o.Keep != nil {
		e.kept[i] = o.Keep
	}
	for _, b := range o.Send {
		e.wire = append(e.wire, [2]any{1 - i, b})
	}
	e.done[i] = e.done[i] || o.Done
	e.end = e.end || o.End
}

// up begins a session; each end sees what it sees.
func (e *ends) up(xa, xb [][]byte) error {
	e.end = false
	e.carry(0, e.m[0].Session(xa))
	e.carry(1, e.m[1].Session(xb))
	return e.deliver()
}

// number is what this end reads out.
func (p *Pairing) number() string { return p.s.numbers[p.place] }

func (e *ends) deliver() error {
	for len(e.wire) > 0 {
		to, b := e.wire[0][0].(int), e.wire[0][1].([]byte)
		e.wire = e.wire[1:]
		if e.mitm != nil {
			b = e.mitm(to, b)
		}
		o, err := e.m[to].Receive(b)
		e.carry(to, o)
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *ends) kind(i int, number string) bool {
	o, ok, err := e.m[i].Type(number)
	if err != nil {
		e.t.Fatal(err)
	}
	e.carry(i, o)
	if err := e.deliver(); err != nil {
		e.t.Fatal(err)
	}
	return ok
}

var x1, x2, x3 = []byte(strings.Repeat("1", 32)), []byte(strings.Repeat("2", 32)), []byte(strings.Repeat("3", 32))

// SPEC: CLI-040 CLI-041 CLI-043
func TestPairingEndsInOneGenesis(t *testing.T) {
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		e := newEnds(t)
		if err := e.up([][]byte{x1, x2}, [][]byte{x2, x3}); err != nil || !e.m[0].Ready() || !e.m[1].Ready() {
			t.Fatal("not ready:", err)
		}
		nums := [2]string{e.m[0].number(), e.m[1].number()}
		if nums[0] == nums[1] {
			t.Fatal("the two numbers are the same")
		}
		for _, i := range order {
			if e.kept[0] != nil || e.kept[1] != nil {
				t.Fatal("a genesis before both confirmed")
			}
			if !e.kind(i, nums[1-i]) {
				t.Fatal("the right number is wrong")
			}
		}
		if !e.done[0] || !e.done[1] || string(e.kept[0].Note) != string(e.kept[1].Note) {
			t.Fatal("not the same genesis at both ends")
		}
		g, err := party.ParseGenesis(e.kept[0].Note)
		terms, err2 := party.ParseTerms(e.kept[0].Terms)
		if err != nil || err2 != nil || g.Sigs != 2 || len(terms.Fallback) != 2 {
			t.Fatal(err, err2, g.Sigs, terms.Fallback)
		}
	}
}

// SPEC: CLI-041 CLI-042
func TestOwnNumberIsWrongAndThreeWrongOnesLock(t *testing.T) {
	e := newEnds(t)
	for i := range 3 {
		if err := e.up([][]byte{x1}, [][]byte{x1}); err != nil {
			t.Fatal(err)
		}
		before := e.m[0].number()
		who := i % 2
		if e.kind(who, e.m[who].number()) {
			t.Fatal("one's own number is right")
		}
		if !e.end || e.m[0].cfg.Wrong != i+1 || e.m[1].cfg.Wrong != i+1 || e.m[0].Ready() || e.m[1].Ready() {
			t.Fatal("a wrong number does not end the session at both ends")
		}
		_, _ = e.m[0].Drop(), e.m[1].Drop()
		if e.m[0].number() == before {
			t.Fatal("the number stays")
		}
	}
	if err := e.up([][]byte{x1}, [][]byte{x1}); err != nil || !e.m[0].Locked() || !e.m[1].Locked() || e.m[0].Ready() || e.m[1].Ready() {
		t.Fatal("not locked", err)
	}
}

// SPEC: CLI-040
func TestPairingRefusesAManInTheMiddle(t *testing.T) {
	for name, f := range map[string]func(m *message){
		"nonce":  func(m *message) { m.Value[0] ^= 1 },
		"draft":  func(m *message) { m.Note = []byte(strings.Replace(string(m.Note), "line north", "line south", 1)) },
		"commit": func(m *message) { m.Value[0] ^= 1 },
	} {
		e := newEnds(t)
		e.mitm = func(to int, b []byte) []byte {
			m, err := decode(b)
			if err != nil || m.T != name || to != 1 {
				return b
			}
			f(&m)
			return m.encode()[0]
		}
		err := e.up([][]byte{x1}, [][]byte{x1})
		if name == "draft" { // shown, and then A signs another
			if err != nil {
				t.Fatal(err)
			}
			o, _, _ := e.m[0].Type(e.m[1].number())
			_, err = e.m[1].Receive(o.Send[0])
		}
		if !errors.Is(err, ErrPairing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := newEnds(t) // two sessions with the man between them: the numbers differ, what is heard is wrong
	if err := e.up([][]byte{x1}, [][]byte{x1}); err != nil {
		t.Fatal(err)
	}
	n := e.m[1].number()
	_, _ = e.m[0].Drop(), e.m[1].Drop()
	if err := e.up([][]byte{x2}, [][]byte{x2}); err != nil || e.m[1].number() == n {
		t.Fatal("numbers of two sessions are alike", err)
	}
	if err := newEnds(t).up([][]byte{x1}, [][]byte{x2}); err != nil {
		t.Fatal("no common session is no failure:", err)
	}
}

// SPEC: CLI-043
func TestBHandsTheGenesisOverInALaterSession(t *testing.T) {
	e := newEnds(t)
	if err := e.up([][]byte{x1}, [][]byte{x1}); err != nil {
		t.Fatal(err)
	}
	na, nb := e.m[0].number(), e.m[1].number()
	if !e.kind(0, nb) {
		t.Fatal("wrong")
	}
	o, ok, err := e.m[1].Type(na)
	if !ok || err != nil || o.Keep == nil {
		t.Fatal(ok, err)
	}
	_, _ = e.m[0].Drop(), e.m[1].Drop() // done is lost
	e.kept[1] = o.Keep
	if err := e.up([][]byte{x2}, [][]byte{x2}); err != nil || !e.done[0] || !e.done[1] || e.kept[0] == nil {
		t.Fatal("B's genesis never came over", err)
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte(`{"t":"hello","ids":["AAAA"],"value":"AAAA"}`))
	e := newEnds(f)
	e.mitm = func(_ int, b []byte) []byte { f.Add(b); return b }
	_ = e.up([][]byte{x1}, [][]byte{x1})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range newFuzzEnds(t, e) {
			if o, _ := m.Receive(b); o.Keep != nil || o.Done || o.Wrong {
				_, _ = decode(b) // a lone message can count as wrong, never make a line
				if o.Keep != nil || o.Done {
					t.Fatal("one message makes a line")
				}
			}
		}
	})
}

func newFuzzEnds(t *testing.T, e *ends) [2]*Pairing {
	var out [2]*Pairing
	for i, m := range e.m {
		n, err := New(m.cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		n.Session([][]byte{x1})
		out[i] = n
	}
	return out
}
