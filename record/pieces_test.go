// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// paper is a disk for tests: rows by number, and what could not be read back.
type paper struct {
	rows   map[int]pieces
	read   int // rows
	asked  int // how often for many at once
	unread map[int]error
	during func() // what happens once while the next row is read
}

func (d *paper) Rows(ns []int, buf []byte) func(func(i int, note, facts, text []byte)) ([]byte, error) {
	d.asked++
	return func(each func(i int, note, facts, text []byte)) ([]byte, error) {
		for i, n := range ns {
			note, facts, text, err := d.Row(n)
			if err != nil {
				return buf, err
			}
			each(i, note, facts, text)
		}
		return buf, nil
	}
}

func (d *paper) Row(n int) (note, facts, text []byte, err error) {
	d.read++
	if f := d.during; f != nil {
		d.during = nil
		f()
	}
	r, ok := d.rows[n]
	if !ok {
		return nil, nil, nil, errors.New("no such row")
	}
	return r.note, r.facts, r.text, nil
}

func (d *paper) Unread(n int, err error) { d.unread[n] = err }

// onPaper is a record of n statements with words, each on disk and receipted.
func onPaper(t *testing.T, n int) (p *pair, d *paper, r *Record, all []*Entry) {
	p, d = newPair(t), &paper{rows: map[int]pieces{}, unread: map[int]error{}}
	p.o.Rows = d
	r = New(p.o)
	w, by := p.run(r, "aurelia", "first"), p.run(r, "borealia", "first")
	for range n {
		e := p.state(w, Draft{Kind: "message.question", Class: "substantive", Mark: "actual", Facts: testFacts{Word: "x"}, Text: &Text{Lang: "en", Text: strings.Repeat("word ", 200)}})
		rc := p.receipt(r, by, e)
		row := 2*len(all) + 1
		d.rows[row], d.rows[row+1] = *e.load(), pieces{note: rc.Note()}
		e.OnDisk(row)
		r.Receipts(e)[0].OnDisk(row + 1)
		all = append(all, e)
	}
	return p, d, r, all
}

// SPEC: STO-018
func TestBytesOnDiskAreReadBackAsTheyCame(t *testing.T) {
	_, d, r, all := onPaper(t, shelfSize/1000)
	if r.shelf.size > shelfSize || all[0].bytes.mem != nil || all[len(all)-1].bytes.mem == nil {
		t.Fatalf("%d bytes are in memory, first %v, last %v", r.shelf.size, all[0].bytes.mem, all[len(all)-1].bytes.mem != nil)
	}
	before := digest(r)
	for i, e := range all {
		note, facts, text := e.Pieces()
		want := d.rows[2*i+1]
		if !bytes.Equal(note, want.note) || !bytes.Equal(facts, want.facts) || !bytes.Equal(text, want.text) || e.Words() == nil {
			t.Fatalf("%s came back as %q %q %q", e.Place(), note, facts, text)
		}
		if got := r.Receipts(e)[0].Note(); !bytes.Equal(got, d.rows[2*i+2].note) {
			t.Fatalf("the receipt of %s came back as %q", e.Place(), got)
		}
	}
	if d.read < len(all) || len(d.unread) != 0 || digest(r) != before || r.shelf.size > shelfSize {
		t.Errorf("%d rows read, %v not, %d bytes in memory", d.read, d.unread, r.shelf.size)
	}
}

// What the disk has altered since is nothing, and its row is named.
//
// SPEC: STO-018
func TestAlteredBytesOnDiskAreRefused(t *testing.T) {
	_, d, r, all := onPaper(t, shelfSize/1000)
	for row, alter := range map[int]func(x *pieces){
		1: func(x *pieces) { x.note = bytes.Replace(x.note, []byte("mark actual"), []byte("mark exercise"), 1) },
		2: func(x *pieces) { x.note = bytes.Replace(x.note, []byte("whole 1"), []byte("whole 0"), 1) },
		3: func(x *pieces) { x.facts = bytes.Replace(x.facts, []byte(`"x"`), []byte(`"y"`), 1) },
		5: func(x *pieces) { x.text = nil },
		7: func(x *pieces) { x.note = nil },
	} {
		x := d.rows[row]
		alter(&x)
		d.rows[row] = x
	}
	delete(d.rows, 9)
	for i := range 5 {
		e := all[i]
		if note, facts, text := e.Pieces(); note != nil || facts != nil || text != nil || d.unread[2*i+1] == nil {
			t.Errorf("%s came back as %q %q %q, %v", e.Place(), note, facts, text, d.unread)
		}
	}
	if note := r.Receipts(all[0])[0].Note(); note != nil || !errors.Is(d.unread[2], ErrAltered) {
		t.Errorf("the receipt came back as %q, %v", note, d.unread[2])
	}
	if len(d.unread) != 6 || !errors.Is(d.unread[7], ErrAltered) || errors.Is(d.unread[9], ErrAltered) {
		t.Errorf("not read: %v", d.unread)
	}
}

// Who goes through a record has many rows read at once, and leaves in memory what was there. What cannot be read back, or
// has been altered, ends it, and is named.
//
// SPEC: STO-018
func TestManyAreReadBackAtOnce(t *testing.T) {
	_, d, r, all := onPaper(t, shelfSize/1000)
	before, size := all[len(all)-1].bytes.mem, r.shelf.size
	receipts := make([]*Receipt, len(all))
	for i, e := range all {
		receipts[i] = r.Receipts(e)[0]
	}
	n := 0
	if unread := Await(all, func(e *Entry, note, facts, text []byte) {
		if want := d.rows[2*n+1]; e != all[n] || !bytes.Equal(note, want.note) || !bytes.Equal(facts, want.facts) || !bytes.Equal(text, want.text) {
			t.Errorf("%s came as %q %q %q", e.Place(), note, facts, text)
		}
		n++
	}); unread != nil || n != len(all) {
		t.Fatalf("%d of %d, then %v", n, len(all), unread)
	}
	if unread := Await(receipts, func(rc *Receipt, note, facts, text []byte) {
		if n--; !bytes.Equal(note, d.rows[2*(len(all)-n)].note) || facts != nil || text != nil {
			t.Errorf("the receipt of %s came as %q", rc.Of().Place, note)
		}
	}); unread != nil || n != 0 {
		t.Fatalf("%d left, %v", n, unread)
	}
	if most := 2 * (len(all)/atOnce + 1); d.asked > most || all[len(all)-1].bytes.mem != before || r.shelf.size != size || all[0].bytes.mem != nil {
		t.Errorf("the disk was asked %d times, at most %d; %d bytes in memory, %d before", d.asked, most, r.shelf.size, size)
	}
	for row, lose := range map[int]func(x *pieces){
		2*atOnce + 5:  func(x *pieces) { x.facts = bytes.Replace(x.facts, []byte(`"x"`), []byte(`"y"`), 1) },
		2*atOnce + 11: nil,
	} {
		was := d.rows[row]
		if x := was; lose == nil {
			delete(d.rows, row)
		} else {
			lose(&x)
			d.rows[row] = x
		}
		n = 0
		unread := Await(all, func(*Entry, []byte, []byte, []byte) { n++ })
		if n != row/2 || unread != all[n] || errors.Is(d.unread[row], ErrAltered) != (lose != nil) || d.unread[row] == nil {
			t.Errorf("row %d: ended after %d with %v, %v", row, n, unread, d.unread)
		}
		d.rows[row] = was
	}
}

// Words are decoded once for as long as their bytes are in memory, and go with them.
func TestWordsAreDecodedOnce(t *testing.T) {
	_, _, _, all := onPaper(t, shelfSize/1000)
	first := all[0].Words()
	if first == nil || first.Text == "" || all[0].Words() != first {
		t.Fatalf("%+v, then %p and not %p", first, all[0].Words(), first)
	}
	for _, e := range all {
		e.Words()
	}
	if again := all[0].Words(); again == first || again.Text != first.Text {
		t.Errorf("they stay though their bytes have left the memory: %+v", again)
	}
}

// So are facts; what could not be read is read again.
func TestFactsAreReadOnce(t *testing.T) {
	_, _, _, all := onPaper(t, shelfSize/1000)
	reads := 0
	once := func(e *Entry, err error) {
		t.Helper()
		f, here, got := Once(e, func(b []byte) (string, error) { reads++; return string(b), err })
		if !here || f != string(e.Facts()) || got != err {
			t.Errorf("%q, %v, %v", f, here, got)
		}
	}
	for i, err := range []error{errForm, errForm, nil, nil, nil} {
		if once(all[0], err); reads != min(i+1, 3) {
			t.Errorf("read %d times when asked %d times", reads, i+1)
		}
	}
	for _, e := range all {
		e.Words()
	}
	if once(all[0], nil); reads != 4 {
		t.Errorf("they stay though their bytes have left the memory: read %d times", reads)
	}
	p := newPair(t) // a record that has no disk under it keeps nothing beside its bytes
	free := p.state(p.run(New(p.o), "aurelia", "first"), Draft{Kind: "message.question", Class: "substantive", Mark: "actual", Facts: testFacts{Word: "x"}, Text: &Text{Lang: "en", Text: "word"}})
	once(free, nil)
	if once(free, nil); reads != 6 || free.bytes.mem.made != nil || free.Words() == free.Words() {
		t.Errorf("without a disk: read %d times", reads)
	}
	if _, here, err := Once(&Entry{}, func([]byte) (int, error) { return 1, nil }); here || err != nil {
		t.Error("facts that are not here were read")
	}
}

// A body that comes after its statement lies in another row: until that is on disk it stays in memory.
//
// SPEC: STO-018
func TestLaterBodiesStayInMemoryUntilTheyAreOnDisk(t *testing.T) {
	p, d, _, all := onPaper(t, 1)
	to := New(p.o)
	e := all[0]
	note, facts, text := e.Pieces()
	c, err := p.o.Check(note, facts, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := to.AddStored(c, 1); err != nil {
		t.Fatal(err)
	}
	a, err := to.Add(note, nil, text)
	if err != nil || !a.Bodies || a.Entry.bytes.row != 0 {
		t.Fatalf("%+v, %v", a, err)
	}
	c, err = p.o.Check(note, nil, text) // a row of its own for the words alone does not hold the whole
	if err != nil {
		t.Fatal(err)
	}
	if _, err := to.AddStored(c, 3); err != nil || a.Entry.bytes.row != 0 {
		t.Fatalf("row %d, %v", a.Entry.bytes.row, err)
	}
	d.rows[5] = pieces{note: note, facts: facts, text: text}
	a.Entry.OnDisk(5)
	a.Entry.bytes.mem = nil
	if _, f, x := a.Entry.Pieces(); !bytes.Equal(f, facts) || !bytes.Equal(x, text) {
		t.Errorf("came back as %q %q, %v", f, x, d.unread)
	}
}

// laterWords is a record that holds a statement without its words, on disk in row 1 and read back from there, and what
// then brings them.
func laterWords(t *testing.T) (d *paper, e *Entry, words func() Added) {
	t.Helper()
	p, d, _, all := onPaper(t, 1)
	to := New(p.o)
	note, facts, text := all[0].Pieces()
	d.rows[1] = pieces{note: note, facts: facts}
	d.rows[5] = pieces{note: note, facts: facts, text: text}
	c, err := p.o.Check(note, facts, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := to.AddStored(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	a.Entry.bytes.mem = nil
	return d, a.Entry, func() Added {
		a, err := to.Add(note, nil, text)
		if err != nil {
			t.Error(err)
		}
		return a
	}
}

// Words that come while another goroutine reads the row without them back, for a copy of the statement, stay.
//
// SPEC: STO-018
func TestReadingBackReplacesNothingThatCameMeanwhile(t *testing.T) {
	d, e, words := laterWords(t)
	before := *e
	d.during = func() { words() }
	if before.Note() == nil {
		t.Error("the row was not read back")
	}
	if e.Words() == nil {
		t.Error("the words that came meanwhile are gone")
	}
}

// A copy of a statement that was made before its words came shows none, and takes them from nobody.
//
// SPEC: STO-018
func TestACopyWithoutWordsTakesThemFromNobody(t *testing.T) {
	d, e, words := laterWords(t)
	before := *e
	words()
	if _, _, text := before.Pieces(); text != nil {
		t.Error("the copy shows words that came after it, and may not be on disk")
	}
	e.OnDisk(5)
	e.bytes.mem = nil
	if note, _, text := before.Pieces(); note == nil || text != nil {
		t.Errorf("the copy reads %q and words %q", note, text)
	}
	if e.Words() == nil || len(d.unread) > 0 {
		t.Errorf("the words are gone: %v", d.unread)
	}
}

// Words that come to a statement that cannot be read back are not taken: the record is read anew, and they come again.
//
// SPEC: STO-018
func TestWordsOfAStatementThatCannotBeReadBackAreNotTaken(t *testing.T) {
	d, e, words := laterWords(t)
	delete(d.rows, 1)
	if a := words(); a.Bodies || e.text || e.complete() || d.unread[1] == nil {
		t.Errorf("taken: %+v, %v", a, d.unread)
	}
}

// Evidence is looked at four times a second: that reads nothing back from the disk.
//
// SPEC: REC-011
func TestEvidenceIsFoundWithoutReadingTheDisk(t *testing.T) {
	p := newPair(t)
	_, _, common, one, two := forked(p)
	d := &paper{unread: map[int]error{}}
	p.o.Rows = d
	r := New(p.o)
	for i, e := range []*Entry{common, one, two} {
		e = give(t, r, e).Entry
		e.OnDisk(i + 1)
		e.bytes.mem = nil
	}
	d.read = 0
	if n := len(r.Evidence()); n != 1 || d.read > 0 {
		t.Errorf("%d pieces of evidence, %d rows were read", n, d.read)
	}
}
