// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// world is a line with a short record, as its two parties hold it.
type world struct {
	t      testing.TB
	keys   map[string]party.Keys
	sheets []*party.Sheet
	g      *party.Genesis
	terms  []byte
	o      record.Options
	a, b   *record.Record
	wa, wb *record.Run
	rand   io.Reader
	now    time.Time
}

func newWorld(t testing.TB, terms ...byte) *world {
	w := newParties(t)
	w.terms = terms
	w.found()
	d, err := register.GenesisDraft(w.g.Hash, w.g.Note)
	w.must(err)
	w.state(w.a, w.wa, d)
	w.state(w.b, w.wb, d)
	return w
}

// newParties makes the keys and the first sheets of both; A's stands first.
func newParties(t testing.TB) *world {
	w := &world{t: t, keys: map[string]party.Keys{}, rand: rand.NewChaCha8([32]byte{5}), now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	for _, name := range []string{"aurelia", "borealia"} {
		k, err := party.NewKeys(w.rand)
		w.must(err)
		s := &party.Sheet{Party: name, Issue: 1, Sign: party.Public(k.Sign), Link: party.Public(k.Link),
			Paths: []party.SheetPath{{Label: "1", Kind: "udp", Address: "192.0.2.1:7443"}}}
		w.must(s.SignSheet(k.Party))
		w.keys[name], w.sheets = k, append(w.sheets, s)
	}
	if !w.sheets[0].IsPartyA(w.sheets[1]) {
		slices.Reverse(w.sheets)
	}
	return w
}

// found signs the genesis of the line under the newest sheets and opens a run of each.
func (w *world) found() {
	w.t.Helper()
	a, b := w.newest(w.sheets[0].Party), w.newest(w.sheets[1].Party)
	var err error
	if w.terms == nil {
		w.terms, err = party.DefaultTerms().Encode([32]byte{9})
		w.must(err)
	}
	w.g, err = party.NewGenesis("north", [2]*party.Sheet{a, b}, [2][32]byte{{1}, {2}}, [32]byte{3}, w.terms)
	w.must(err)
	for _, p := range w.g.Parties {
		w.must(w.g.SignNext(w.keys[p.Party].Sign))
	}
	w.o = record.Options{Genesis: w.g.Hash, Kinds: statement.Record(Kinds)}
	letters := w.g.Letters()
	for i, s := range []*party.Sheet{a, b} {
		w.o.Parties[i] = record.Party{Name: s.Party, Letter: letters[i], Keys: []ed25519.PublicKey{s.Sign}}
	}
	w.a, w.b = record.New(w.o), record.New(w.o)
	w.wa, w.wb = w.run(w.a, "aurelia", "first"), w.run(w.b, "borealia", "first")
}

// newest gives the newest sheet of a party.
func (w *world) newest(name string) *party.Sheet {
	var s *party.Sheet
	for _, o := range w.sheets {
		if o.Party == name {
			s = o
		}
	}
	return s
}

// reissue makes the next sheet of a party, with a new sign key.
func (w *world) reissue(name string, ends ...party.KeyEnd) {
	w.t.Helper()
	fresh, err := party.NewKeys(w.rand)
	w.must(err)
	k, next := w.keys[name], *w.newest(name)
	next.Before, next.Issue, next.Sign, next.Ends = next.Hash, next.Issue+1, party.Public(fresh.Sign), ends
	w.must(next.SignSheet(k.Party))
	k.Sign = fresh.Sign
	w.keys[name], w.sheets = k, append(w.sheets, &next)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run(r *record.Record, name, why string) *record.Run {
	return r.OpenRun(record.RunConfig{Party: name, Station: "main", Why: why, Run: record.NewRunName(w.rand), Key: w.keys[name].Sign})
}

func (w *world) tick() time.Time { w.now = w.now.Add(time.Second); return w.now }

// state states a draft and gives it to the other, who receipts it.
func (w *world) state(r *record.Record, run *record.Run, d record.Draft) *record.Entry {
	w.t.Helper()
	e, err := run.Append(d, w.tick(), record.PeerClock{}, w.rand)
	w.must(err)
	to, by := w.b, w.wb
	if r == w.b {
		to, by = w.a, w.wa
	}
	a, err := to.Add(e.Pieces())
	w.must(err)
	name := "borealia"
	if r == w.b {
		name = "aurelia"
	}
	rc, err := to.Receipt(a.Entry, name, by.Name(), 1, w.tick(), w.keys[name].Sign)
	w.must(err)
	to.ApplyReceipt(rc)
	w.receive(r, rc.Note())
	return e
}

// receive takes in a receipt as it came.
func (w *world) receive(r *record.Record, note []byte) {
	w.t.Helper()
	rc, err := w.o.CheckReceipt(note)
	w.must(err)
	r.ApplyReceipt(rc)
}

func officer(name string) record.Draft {
	d, err := new(register.Register).OfficerDraft("aurelia", register.Officer{Name: name, Account: "amaro", Langs: []string{"en"}}, "", nil)
	if err != nil {
		panic(err)
	}
	d.Text = &record.Text{Lang: "en", Text: "enrolled"}
	return d
}

// The tests change exports as what they say, not as pieces.
type (
	export struct {
		Genesis, Terms []byte
		Sheets         [][]byte
		Logs           []log
	}
	log struct {
		Name     string
		Entries  []entry
		Receipts [][]byte
	}
	entry struct{ Note, Facts, Text []byte }
)

// What is published tells nobody where a party is reached: the same record HOLDS without the pieces that say so, and not with
// others.
//
// SPEC: REC-913
func TestVerifyNeedsNeitherAddressesNorTelephones(t *testing.T) {
	w := newWorld(t)
	for what, change := range map[string]func(b []byte) []byte{
		"whole": func(b []byte) []byte { return b }, "bare": party.Bare,
		"changed": func(b []byte) []byte {
			n := len(party.Bare(b))
			return append(slices.Clone(b[:n]), bytes.Replace(b[n:], []byte("A"), []byte("B"), 1)...)
		},
	} {
		var sheets [][]byte
		for _, s := range w.sheets {
			sheets = append(sheets, change(s.Note))
		}
		var b bytes.Buffer
		w.must(FromRecord(w.g.Note, change(w.terms), sheets, w.a, func(*record.Entry) bool { return true }, func(*record.Entry) bool { return false })(&b))
		if tells := bytes.Contains(b.Bytes(), []byte("192.0.2.1")); tells == (what == "bare") {
			t.Errorf("%s: an address is in it: %v", what, tells)
		}
		if r := Verify(&b, Expected{}); (r.Verdict == Holds) == (what == "changed") {
			t.Errorf("%s: %s", what, r)
		}
	}
}

func (w *world) export() (x export) {
	var sheets [][]byte
	for _, s := range w.sheets {
		sheets = append(sheets, s.Note)
	}
	var b bytes.Buffer
	w.must(FromRecord(w.g.Note, w.terms, sheets, w.a, func(*record.Entry) bool { return true }, func(*record.Entry) bool { return false })(&b))
	pieces, err := Read(&b)
	w.must(err)
	var l *log
	var e *entry
	for _, p := range pieces {
		switch p.Kind {
		case "genesis":
			x.Genesis = p.Bytes
		case "terms":
			x.Terms = p.Bytes
		case "sheet":
			x.Sheets = append(x.Sheets, p.Bytes)
		case "log":
			x.Logs = append(x.Logs, log{Name: string(p.Bytes)})
			l = &x.Logs[len(x.Logs)-1]
		case "entry":
			l.Entries = append(l.Entries, entry{Note: p.Bytes})
			e = &l.Entries[len(l.Entries)-1]
		case "facts":
			e.Facts = p.Bytes
		case "text":
			e.Text = p.Bytes
		case "receipt":
			l.Receipts = append(l.Receipts, p.Bytes)
		}
	}
	return x
}

func (w *world) file(x export) []byte {
	w.t.Helper()
	var ps []Piece
	piece := func(kind string, b []byte) {
		if b != nil {
			ps = append(ps, Piece{kind, b})
		}
	}
	piece("genesis", x.Genesis)
	piece("terms", x.Terms)
	for _, s := range x.Sheets {
		piece("sheet", s)
	}
	for _, l := range x.Logs {
		piece("log", []byte(l.Name))
		for _, e := range l.Entries {
			piece("entry", e.Note)
			piece("facts", e.Facts)
			piece("text", e.Text)
		}
		for _, rc := range l.Receipts {
			piece("receipt", rc)
		}
	}
	return fileOf(w.t, ps)
}

func fileOf(t testing.TB, pieces []Piece) []byte {
	var b bytes.Buffer
	if err := Write(&b, func(yield func(Piece)) error {
		for _, p := range pieces {
			yield(p)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func judged(b []byte, o Expected) Report { return Verify(bytes.NewReader(b), o) }

// SPEC: REC-030 REC-031 REC-032
func TestVerifyAcceptsUntouchedExport(t *testing.T) {
	w := newWorld(t)
	w.state(w.a, w.wa, officer("Lt Amaro"))
	f := w.file(w.export())
	rep := judged(f, Expected{})
	if rep.Verdict != Holds || rep.Exit() != 0 || len(rep.Logs) != 2 || rep.Logs[0].Size != 2 || rep.Logs[0].ReceiptedTo != 2 {
		t.Fatalf("%s", rep)
	}
	if len(rep.Unchecked) != 2 || !strings.Contains(rep.Unchecked[0], "whether this is all") || !strings.Contains(rep.Unchecked[1], "whose keys") {
		t.Errorf("what it could not check is not named:\n%s", rep)
	}
	for i, s := range w.sheets {
		if rep := judged(f, Expected{Party: s.PartyHash()}); rep.Verdict != Holds || !strings.Contains(rep.Unchecked[1], w.sheets[1-i].Party) {
			t.Errorf("%s", rep)
		}
	}
	if rep := judged(f, Expected{Party: wire.Sum(nil)}); rep.Verdict != DoesNotHold || rep.Exit() != 1 {
		t.Errorf("another party expected:\n%s", rep)
	}
	x, err := Read(bytes.NewReader(f))
	w.must(err)
	if !bytes.Equal(fileOf(t, x), f) {
		t.Error("read and written, it is another file")
	}
}

// No single byte can be changed, cut or added, with or without a fitting last line.
//
// SPEC: REC-031
func TestVerifyRefusesEveryChangedByte(t *testing.T) {
	w := newWorld(t)
	f := w.file(w.export())
	tail := bytes.LastIndex(f, []byte("end "))
	fit := func(b []byte) []byte {
		sum := wire.Hash(sha256.Sum256(b))
		return append(bytes.Clone(b), "end "+sum.String()+"\n"...)
	}
	if judged(fit(f[:tail]), Expected{}).Verdict != Holds {
		t.Fatal("the file does not hold untouched")
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	for i := 0; i < len(f); i += step {
		for _, bit := range []byte{0x01, 0x20, 0x80} {
			b := bytes.Clone(f)
			b[i] ^= bit
			if judged(b, Expected{}).Verdict == Holds {
				t.Errorf("byte %d, bit %#x: holds", i, bit)
			}
			if i < tail && bit == 1<<(i%3) || i < tail && bit == 0x01 {
				if rep := judged(fit(b[:tail]), Expected{}); rep.Verdict == Holds {
					t.Errorf("byte %d, bit %#x, last line made to fit: holds", i, bit)
				}
			}
		}
	}
	for _, i := range []int{0, 10, tail / 2, tail - 1, len(f) - 1} {
		if judged(f[:i], Expected{}).Verdict == Holds {
			t.Errorf("cut at %d: holds", i)
		}
	}
	if judged(append(bytes.Clone(f), '\n'), Expected{}).Verdict == Holds {
		t.Error("a byte more: holds")
	}
}

// What is taken out or put in knowingly.
//
// SPEC: REC-031
func TestVerifyNamesForgeries(t *testing.T) {
	w := newWorld(t)
	e := w.state(w.a, w.wa, officer("Lt Amaro"))
	w.state(w.b, w.wb, officer("Cdr Boreas"))
	last := w.state(w.a, w.wa, officer("Lt Corvo"))
	logOf := func(x *export, name string) *log {
		for i := range x.Logs {
			if strings.HasPrefix(x.Logs[i].Name, name) {
				return &x.Logs[i]
			}
		}
		t.Fatal("no log of", name)
		return nil
	}
	other := newWorld(t)
	for _, c := range []struct {
		name string
		want string
		do   func(x *export)
	}{
		{"nothing", Holds, func(*export) {}},
		{"a body for another", DoesNotHold, func(x *export) { logOf(x, "aurelia").Entries[1].Facts = last.Facts() }},
		{"words taken out", CannotBeKnown, func(x *export) { logOf(x, "aurelia").Entries[1].Text = nil }},
		{"an entry taken out", CannotBeKnown, func(x *export) {
			l := logOf(x, "aurelia")
			l.Entries = slices.Delete(l.Entries, 1, 2)
		}},
		{"the last one taken out, still receipted", CannotBeKnown, func(x *export) {
			l := logOf(x, "aurelia")
			l.Entries = l.Entries[:2]
		}},
		{"receipts taken out", Holds, func(x *export) { logOf(x, "aurelia").Receipts = nil }},
		{"a log under another's name", DoesNotHold, func(x *export) { x.Logs[0].Name = x.Logs[1].Name }},
		{"a receipt in another log", DoesNotHold, func(x *export) { x.Logs[0].Receipts, x.Logs[1].Receipts = x.Logs[1].Receipts, x.Logs[0].Receipts }},
		{"a log taken out", CannotBeKnown, func(x *export) { x.Logs = x.Logs[:1] }},
		{"a log of which nothing is here", CannotBeKnown, func(x *export) { x.Logs = append(x.Logs, log{Name: "aurelia/9.zzzzzz"}) }},
		{"an entry twice", DoesNotHold, func(x *export) {
			l := logOf(x, "aurelia")
			l.Entries = append(l.Entries, l.Entries[0])
		}},
		{"a statement signed by the other", DoesNotHold, func(x *export) {
			n, _ := wire.ParseNote(e.Note(), wire.MaxNote)
			bad, err := wire.SignNote(n.Text, "aurelia/sign", w.keys["borealia"].Sign)
			w.must(err)
			logOf(x, "aurelia").Entries[1].Note = bad
		}},
		{"a second text at one place", DoesNotHold, func(x *export) {
			n, _ := wire.ParseNote(last.Note(), wire.MaxNote)
			text := strings.Replace(string(n.Text), "mark actual", "mark exercise", 1)
			bad, err := wire.SignNote([]byte(text), "aurelia/sign", w.keys["aurelia"].Sign)
			w.must(err)
			l := logOf(x, "aurelia")
			_, facts, body := last.Pieces()
			l.Entries = append(l.Entries, entry{bad, facts, body})
		}},
		{"a receipt of another root", DoesNotHold, func(x *export) {
			l := logOf(x, "aurelia")
			rc, err := record.ParseReceipt(l.Receipts[0][:bytes.Index(l.Receipts[0], []byte("\n\n"))+1])
			w.must(err)
			rc.Root = wire.Sum([]byte("x"))
			bad, err := wire.SignNote(rc.Encode(), "borealia/sign", w.keys["borealia"].Sign)
			w.must(err)
			l.Receipts = append(l.Receipts, bad)
		}},
		{"another line's genesis", DoesNotHold, func(x *export) { x.Genesis = other.g.Note[:len(other.g.Note)-1] }},
		{"other terms", DoesNotHold, func(x *export) { x.Terms = bytes.Replace(x.Terms, []byte("24/7"), []byte("25/7"), 1) }},
		{"a sheet left out", DoesNotHold, func(x *export) { x.Sheets = x.Sheets[:1] }},
		{"a sheet of a third", DoesNotHold, func(x *export) {
			k := w.keys["aurelia"]
			s := &party.Sheet{Party: "cordelia", Issue: 1, Sign: party.Public(k.Sign), Link: party.Public(k.Link)}
			if s.SignSheet(k.Party) == nil {
				x.Sheets = append(x.Sheets, s.Note)
			} else {
				x.Sheets = nil
			}
		}},
	} {
		x := w.export()
		c.do(&x)
		if rep := judged(w.file(x), Expected{}); rep.Verdict != c.want {
			t.Errorf("%s: want %s:\n%s", c.name, c.want, rep)
		}
	}
	// What a party writes about itself need not be valid to be signed.
	next := func(x *export, change func(st *record.Statement)) {
		l := w.a.Logs()[1]
		st := record.Statement{Head: record.Head{Log: &l.Name, Index: l.Size, Prev: l.Root, Time: w.tick(), Kind: "message.shown", Class: "substantive", Mark: "actual"}}
		change(&st)
		note, err := wire.SignNote(st.Encode(), "borealia/sign", w.keys["borealia"].Sign)
		w.must(err)
		logOf(x, "borealia").Entries = append(logOf(x, "borealia").Entries, entry{Note: note})
	}
	for name, change := range map[string]func(st *record.Statement){
		"it names a text that is not the one here": func(st *record.Statement) { st.Re = []record.Ref{{Place: e.Place(), Leaf: wire.Sum(nil)}} },
		"the words of one that is not valid taken out": func(st *record.Statement) {
			st.Time = st.Time.Add(-24 * time.Hour)
			st.Text = &record.Body{Len: 9, Hash: wire.Sum(nil)}
		},
	} {
		x := w.export()
		next(&x, change)
		if rep := judged(w.file(x), Expected{}); rep.Verdict != CannotBeKnown {
			t.Errorf("%s: %s", name, rep)
		}
	}
	if rep := judged([]byte("parley/v2 export\n"), Expected{}); rep.Verdict != CannotBeKnown || rep.Exit() != 2 {
		t.Errorf("another version: %s", rep)
	}
	kinds := statement.Record(Kinds)
	delete(kinds, "officer.added")
	if rep := judged(w.file(w.export()), Expected{Kinds: kinds}); rep.Verdict != CannotBeKnown {
		t.Errorf("a kind unknown: %s", rep)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, os.ErrPermission }

func TestVerifyCannotKnowWhatItCannotRead(t *testing.T) {
	if rep := Verify(failing{}, Expected{}); rep.Verdict != CannotBeKnown {
		t.Errorf("%s", rep)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(Magic + "\ngenesis 1\nx\nterms 0\n\nsheet 1\nx\nlog 1\nx\nend "))
	f.Add([]byte(fmt.Sprint(Magic, "\ngenesis 3\nabc\n")))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		if out := fileOf(t, x); !bytes.Equal(out, b) {
			t.Errorf("%q read, %q written", b, out)
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

// What cannot be read back from the disk is missing: the export says which, and has no last line.
//
// SPEC: REC-030 STO-018
func TestAnExportWithAHoleDoesNotEndAsAWholeOne(t *testing.T) {
	for what, lose := range map[string]func(w *world, e *record.Entry){
		"the receipt of statement ": func(w *world, e *record.Entry) { w.a.Receipts(e)[0].OnDisk(2) },
		"statement ": func(w *world, e *record.Entry) {
			e.OnDisk(1)
			for i := range 100 { // so much on disk that the bytes of the first leave the memory
				d := officer("Lt Amaro")
				d.Text.Text = strings.Repeat("word ", 12<<10)
				w.state(w.a, w.wa, d).OnDisk(3 + i)
			}
		},
	} {
		w := newParties(t)
		w.found()
		w.o.Rows = deadDisk{}
		w.a = record.New(w.o)
		w.wa = w.run(w.a, "aurelia", "first")
		e := w.state(w.a, w.wa, officer("Lt Amaro"))
		lose(w, e)
		var b bytes.Buffer
		err := FromRecord(w.g.Note, w.terms, [][]byte{w.sheets[0].Note}, w.a, func(*record.Entry) bool { return true }, func(*record.Entry) bool { return false })(&b)
		if err == nil || !strings.Contains(err.Error(), what+e.Place().String()) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := Read(&b); err == nil {
			t.Errorf("an export without %s%s reads as a whole one", what, e.Place())
		}
	}
}
