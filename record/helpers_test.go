// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/wire"
)

// pair is a line of two parties, for tests.
type pair struct {
	t    testing.TB
	keys map[string]ed25519.PrivateKey
	o    Options
	rand io.Reader
	now  time.Time
	runs int
}

func newPair(t testing.TB) *pair {
	p := &pair{t: t, keys: map[string]ed25519.PrivateKey{}, now: time.Date(2026, 11, 23, 9, 41, 0, 0, time.UTC)}
	p.rand = mrand.NewChaCha8(sha256.Sum256([]byte(t.Name())))
	p.o = Options{Genesis: wire.Sum([]byte("genesis")), Kinds: testKinds()}
	for i, name := range []string{"aurelia", "borealia"} {
		seed := sha256.Sum256([]byte(name))
		k := ed25519.NewKeyFromSeed(seed[:])
		p.keys[name] = k
		p.o.Parties[i] = Party{name, string(name[0] - 32), []ed25519.PublicKey{k.Public().(ed25519.PublicKey)}}
	}
	return p
}

type testFacts struct {
	Word  string `json:"word,omitempty"`
	Party string `json:"party,omitempty"`
	ID    string `json:"id,omitempty"`
}

func testKinds() map[string]Kind {
	decode := func(e *Entry) (f testFacts, err error) {
		if e.Facts() == nil {
			return f, nil
		}
		return f, wire.DecodeStrict(e.Facts(), wire.MaxBody, &f)
	}
	valid := func(e, begin *Entry) error {
		f, err := decode(e)
		if err == nil && f.Word == "not-valid" {
			err = errors.New("not-valid")
		}
		return err
	}
	anew := func(e *Entry) *Anew {
		f, err := decode(e)
		if leaf, says, ok := strings.Cut(f.Word, " before: "); err == nil && ok {
			return &Anew{ID: e.Log.Party + " " + leaf, Says: says}
		}
		return nil
	}
	id := func(e *Entry) (string, string, error) { f, err := decode(e); return f.Party, f.ID, err }
	m := map[string]Kind{}
	for _, k := range []Kind{
		{Name: "message.warning", Begins: true, Validate: valid},
		{Name: "message.question", Begins: true, Validate: valid, Anew: anew},
		{Name: "message.shown", Validate: valid},
		{Name: "readout.sealed", Begins: true, Sealed: true, Validate: valid},
		{Name: "message.cancelled", Two: true, Validate: valid},
		{Name: "stop.pressed", Begins: true, Validate: valid, ItemID: id},
		{Name: "stop.taken", Validate: valid, ItemID: id},
	} {
		m[k.Name] = k
	}
	return m
}

func (p *pair) tick() time.Time { p.now = p.now.Add(1500 * time.Millisecond); return p.now }

func (p *pair) run(r *Record, party, why string) *Run {
	p.runs++
	return r.OpenRun(RunConfig{party, "main", why, NewRunName(p.rand), p.keys[party]})
}

func (p *pair) say(w *Run, kind, word string, re ...*Entry) *Entry {
	p.t.Helper()
	d := Draft{Kind: kind, Class: "substantive", Mark: "actual", Facts: testFacts{Word: word}}
	for _, e := range re {
		d.Re = append(d.Re, e.Ref())
	}
	return p.state(w, d)
}

func (p *pair) state(w *Run, d Draft) *Entry {
	p.t.Helper()
	e, err := w.Append(d, p.tick(), PeerClock{}, p.rand)
	if err != nil {
		p.t.Fatalf("append %s: %v", d.Kind, err)
	}
	return e
}

// give adds an entry of one record to another.
func give(t testing.TB, to *Record, e *Entry) Added {
	t.Helper()
	a, err := to.Add(e.Pieces())
	if err != nil {
		t.Fatalf("add %s: %v", e.Place(), err)
	}
	return a
}

// receipt makes to's receipt of an entry and gives it to both.
func (p *pair) receipt(holder *Record, by *Run, e *Entry, others ...*Record) *Receipt {
	p.t.Helper()
	h := holder.ByRef(e.Ref())
	rc, err := holder.Receipt(h, by.c.Party, by.c.Run, 1, p.tick(), p.keys[by.c.Party])
	if err != nil {
		p.t.Fatal(err)
	}
	for _, r := range append([]*Record{holder}, others...) {
		if _, _, err := addReceipt(r, rc.Note()); err != nil {
			p.t.Fatal(err)
		}
	}
	return rc
}

// header builds and signs a text that Append would refuse.
func (p *pair) sign(text string) []byte {
	p.t.Helper()
	note, err := wire.SignNote([]byte(text), "aurelia/sign", p.keys["aurelia"])
	if err != nil {
		p.t.Fatal(err)
	}
	return note
}

func str(v any) string { return fmt.Sprint(v) }

// addReceipt takes in a receipt as it came.
func addReceipt(r *Record, note []byte) (*Receipt, []*Entry, error) {
	rc, err := r.o.CheckReceipt(note)
	if err != nil {
		return nil, nil, err
	}
	return rc, r.ApplyReceipt(rc), nil
}

// knownRun reports whether a log of that run is known, held or not.
func knownRun(r *Record, w *Run) bool {
	for id := range r.logs {
		if id.Run == w.c.Run {
			return true
		}
	}
	return false
}

// digest is a hash over the whole state: equal wherever the same set was added, in any order.
func digest(r *Record) wire.Hash { return wire.Sum(dump(r)) }

// dump writes down all that must not depend on the order of arrival.
func dump(r *Record) []byte {
	var b bytes.Buffer
	for _, l := range r.sorted {
		dumpLog(l, &b)
	}
	for _, k := range r.Items() {
		it := r.items[k]
		b.WriteString("item " + k + "\n")
		for _, e := range it.Entries {
			b.WriteString(e.Ref().String() + "\n")
		}
	}
	for _, ev := range r.Evidence() {
		b.WriteString(ev.String() + "\n")
	}
	return b.Bytes()
}

func logLine(l *Log) string { return fmt.Sprintf("%s %d %s %d\n", l.Name, l.Size, l.Root, l.Whole) }

// logLines is what a list of the logs says, sorted.
func logLines(r *Record) (s string) {
	for _, l := range r.sorted {
		s += logLine(l)
	}
	return s
}

func dumpLog(l *Log, b *bytes.Buffer) {
	b.WriteString(logLine(l))
	texts := slices.Concat(l.chain, l.twins)
	for _, e := range l.gap {
		texts = append(texts, e)
	}
	slices.SortFunc(texts, compareEntries)
	for _, e := range texts {
		held := "-"
		if e.Receipt != nil {
			held = e.Receipt.Leaf().String()
		}
		fmt.Fprintf(b, "%d %s %t %q %q %t %s %s %d\n", e.Index, e.Leaf, e.Joined, e.Inert, e.Evidence, e.valid(), held, e.item, e.Disowned)
	}
}
