// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"cmp"
	"errors"
	"strconv"
	"sync"

	"example.org/parley/wire"
)

// Rows is the disk under a record: where the bytes of statements and receipts lie that nobody uses now.
type Rows interface {
	// Row reads back what a row holds.
	Row(n int) (note, facts, text []byte, err error)
	// Rows begins to read back what many rows hold, and gives what waits for it, as long as a busy disk takes. The bytes
	// are added to buf.
	Rows(ns []int, buf []byte) (answer func(each func(i int, note, facts, text []byte)) (grown []byte, err error))
	// Unread is told of a row that could not be read back, or that is no longer what was written: the whole is then
	// to be read anew. Any goroutine may call it.
	Unread(n int, err error)
}

// shelfSize is how many bytes that lie on disk too are kept in memory: of what came last, or was read back last.
const shelfSize = 4 << 20

// pieces are the bytes of a statement or a receipt as they came. Nobody changes them, nor what was read of the text.
type pieces struct {
	note, facts, text []byte
	made, read        any // of the facts, of the text; nil: not yet; kept only where the bytes leave the memory some time
}

func (p *pieces) size() int { return len(p.note) + len(p.facts) + len(p.text) }

// signed gives the text that the note signs.
func (p *pieces) signed() []byte { return p.note[:bytes.Index(p.note, []byte("\n\n"))+1] }

// shelf holds the bytes that are in memory though they are on disk too; the oldest give way.
type shelf struct {
	rows  Rows
	mu    sync.Mutex // guards what follows, and every bytesOf of the record
	queue []shelved
	size  int
}

type shelved struct {
	of   *bytesOf
	size int
}

// bytesOf finds the bytes of one statement or receipt, in memory or on disk. Any goroutine may read them.
type bytesOf struct {
	shelf *shelf // nil where it stands in no record
	mem   *pieces
	row   int32 // 0: not on disk, as a whole
}

// keep puts what was read back from a row on the shelf, unless the bytes are here or lie elsewhere since.
func (b *bytesOf) keep(p *pieces, row int32) {
	b.shelf.mu.Lock()
	defer b.shelf.mu.Unlock()
	if b.mem == nil && b.row == row {
		b.mem = p
		b.shelf.push(b)
	}
}

// push makes room for bytes that are in memory and on disk; mu is held.
func (s *shelf) push(b *bytesOf) {
	s.queue, s.size = append(s.queue, shelved{b, b.mem.size()}), s.size+b.mem.size()
	for s.size > shelfSize && len(s.queue) > 1 {
		if old := s.queue[0]; old.of.row != 0 {
			old.of.mem = nil
		}
		s.queue, s.size = s.queue[1:], s.size-s.queue[0].size
	}
}

// set puts other bytes in the place of those that were; row is where they lie on disk.
func (b *bytesOf) set(p *pieces, row int32) {
	b.shelf.mu.Lock()
	defer b.shelf.mu.Unlock()
	b.mem, b.row = p, row
}

func (b *bytesOf) get() (*pieces, int32) {
	if b.shelf != nil {
		b.shelf.mu.Lock()
		defer b.shelf.mu.Unlock()
	}
	return b.mem, b.row
}

// load gives the bytes, from the disk where they are not in memory: then they must be those that were written. What
// cannot be read is told to the disk's owner, and is nothing here.
//
// SPEC: STO-018
func (b *bytesOf) load(check func(*pieces) error) (p *pieces, row int32) {
	p, row = b.get()
	if p != nil {
		return p, 0
	}
	p = new(pieces)
	if row == 0 {
		return p, 0 // made by hand, without bytes
	}
	var err error
	if p.note, p.facts, p.text, err = b.shelf.rows.Row(int(row)); err == nil {
		err = check(p)
	}
	if err != nil {
		b.shelf.rows.Unread(int(row), err)
		return new(pieces), 0
	}
	return p, row
}

// ErrAltered says that a row of the disk is not what was written.
var ErrAltered = errors.New("it is not what was written")

// load gives the bytes of an entry; what was read back is kept for a while. It may be a copy, made before a body came.
func (e *Entry) load() *pieces {
	p, row := e.bytes.load(e.check)
	if row != 0 {
		e.bytes.keep(p, row)
	}
	return p
}

// check says whether what was read back is what was written.
func (e *Entry) check(p *pieces) error {
	text := p.signed()
	if wire.Leaf(text) != e.Leaf {
		return ErrAltered
	}
	for _, b := range []struct {
		here bool
		name string
		body []byte
	}{{e.facts, "facts", p.facts}, {e.text, "text", p.text}} {
		if b.here && b.body == nil || b.body != nil && !bytes.Contains(text, []byte("\n"+b.name+" "+strconv.Itoa(len(b.body))+" "+wire.Sum(b.body).String()+"\n")) {
			return ErrAltered
		}
	}
	return nil
}

func (e *Entry) kept() *bytesOf { return e.bytes }

// given gives those of its bodies that are here.
func (e *Entry) given(p *pieces) (note, facts, text []byte) {
	if e.facts {
		facts = p.facts
	}
	if e.text {
		text = p.text
	}
	return p.note, facts, text
}

// InMemory reports whether the bytes can be had without the disk.
func (e *Entry) InMemory() bool {
	p, row := e.bytes.get()
	return p != nil || row == 0
}

// Pieces gives the signed note and the bodies that are here, byte for byte as they came.
func (e *Entry) Pieces() (note, facts, text []byte) { return e.given(e.load()) }

// Note gives the signed note, byte for byte as it came.
func (e *Entry) Note() []byte { return e.load().note }

// Facts gives the JSON body, nil where it is not here.
func (e *Entry) Facts() []byte {
	if !e.facts {
		return nil
	}
	return e.load().facts
}

// Once gives what read makes of the facts, here where they are. It is made once for as long as their bytes are in memory: nobody
// may change what it holds.
func Once[T any](e *Entry, read func(facts []byte) (T, error)) (t T, here bool, err error) {
	if !e.facts {
		return t, false, nil
	}
	p := e.load()
	t, err = once(e.bytes, &p.made, p.facts, read)
	return t, p.facts != nil, err
}

// once reads a body, and keeps at a place beside it what was read, where its bytes may leave the memory.
func once[T any](b *bytesOf, at *any, body []byte, read func([]byte) (T, error)) (t T, err error) {
	s := b.shelf
	if s == nil || s.rows == nil || body == nil {
		return read(body)
	}
	s.mu.Lock()
	t, made := (*at).(T)
	s.mu.Unlock()
	if made {
		return t, nil
	}
	if t, err = read(body); err == nil {
		s.mu.Lock()
		*at = t
		s.mu.Unlock()
	}
	return t, err
}

// Words gives the free words of the text body, nil where there are none, or it is not here or malformed. No fold may decide by
// them.
func (e *Entry) Words() *Text {
	if t := e.words(); t != nil && (t.Text != "" || len(t.Words) == 0) {
		return t
	}
	return nil
}

// Whole gives the text as it was stated, words beside the facts too; nil: it has none.
func (e *Entry) Whole() *Text { return e.words() }

// Said gives what was said in words beside the facts, by name.
func (e *Entry) Said() map[string]string {
	if t := e.words(); t != nil {
		return t.Words
	}
	return nil
}

func (e *Entry) words() *Text {
	if !e.text || e.barren {
		return nil
	}
	p := e.load()
	t, _ := once(e.bytes, &p.read, p.text, decodeText) // views ask for the same words again and again
	return t
}

// Header gives the whole header as it was signed.
func (e *Entry) Header() Statement {
	n, err := wire.ParseNote(e.Note(), wire.MaxNote)
	if err != nil {
		return Statement{Head: e.Head}
	}
	st, _, _ := ParseHeader(n.Text)
	return st
}

// OnDisk says that a row of the disk holds the note and all bodies that are here: from now on they are read back
// from there. Without Rows they stay in memory.
func (e *Entry) OnDisk(row int) {
	s := e.bytes.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows != nil {
		if e.bytes.row = int32(row); e.bytes.mem != nil {
			s.push(e.bytes)
		}
	}
}

// OnDisk says that a row of the disk holds the receipt's note.
func (rc *Receipt) OnDisk(row int) {
	if s := rc.bytes.shelf; s != nil && s.rows != nil { // else it was here before
		rc.bytes.set(nil, int32(row))
	}
}

// Note gives the signed note, byte for byte as it came.
func (rc *Receipt) Note() []byte {
	p, _ := rc.bytes.load(rc.check)
	return p.note
}

func (rc *Receipt) check(p *pieces) error {
	if wire.Leaf(p.signed()) != rc.leaf {
		return ErrAltered
	}
	return nil
}

func (rc *Receipt) kept() *bytesOf { return rc.bytes }

func (rc *Receipt) given(p *pieces) (note, facts, text []byte) { return p.note, nil, nil }

// atOnce is how many rows are read at once by one who goes through a record.
const atOnce = 256

// batch is what some statements or receipts hold, from which rows it was read back, and why not all of it was.
type batch struct {
	pieces []pieces
	rows   []int // 0: it was in memory
	err    error
}

// keeper is a statement or a receipt.
type keeper interface {
	kept() *bytesOf
	check(*pieces) error
	given(*pieces) (note, facts, text []byte)
}

// Await hands out in order what statements or receipts hold, and gives the first that cannot be read back, which ends it.
// It is for one who can wait for a disk that is busy: many rows are read at once, the next beside what is done with those.
// The bytes are each's until it returns.
//
// SPEC: STO-018
func Await[T keeper](all []T, each func(of T, note, facts, text []byte)) (unread T) { // nil: all were read
	var b batch
	var bufs [2][]byte // one is read into while the other is handed out
	next := readBack(all[:min(len(all), atOnce)], nil)
	for i, x := range all {
		at, turn := i%atOnce, i/atOnce%2
		if at == 0 {
			b, bufs[turn] = next()
			rest := all[min(len(all), i+atOnce):]
			next = readBack(rest[:min(len(rest), atOnce)], bufs[1-turn][:0])
		}
		if row := b.rows[at]; row != 0 {
			err := x.check(&b.pieces[at])
			if b.pieces[at].note == nil {
				err = cmp.Or(b.err, err)
			}
			if err != nil {
				x.kept().shelf.rows.Unread(row, err)
				return x
			}
		}
		note, facts, text := x.given(&b.pieces[at])
		each(x, note, facts, text)
	}
	return unread
}

// readBack begins to read what is not in memory, whose bytes are added to buf.
func readBack[T keeper](some []T, buf []byte) (answer func() (b batch, grown []byte)) {
	b := batch{pieces: make([]pieces, len(some)), rows: make([]int, len(some))}
	var rows Rows
	var ns, at []int
	for i, x := range some {
		if p, row := x.kept().get(); p != nil {
			b.pieces[i] = pieces{note: p.note, facts: p.facts, text: p.text}
		} else if row != 0 {
			rows, b.rows[i] = x.kept().shelf.rows, int(row)
			ns, at = append(ns, int(row)), append(at, i)
		}
	}
	if len(ns) == 0 {
		return func() (batch, []byte) { return b, buf }
	}
	read := rows.Rows(ns, buf)
	return func() (_ batch, grown []byte) {
		grown, b.err = read(func(i int, note, facts, text []byte) { b.pieces[at[i]] = pieces{note: note, facts: facts, text: text} })
		return b, grown
	}
}

// NewEntry makes an entry that stands in no record: a draft on trial, or a test's. Bodies that are not nil are here.
func NewEntry(h Head, note, facts, text []byte) *Entry {
	e := &Entry{Head: h, Bodies: len(facts) + len(text), WantFacts: facts != nil, WantText: text != nil, facts: facts != nil, text: text != nil, bytes: &bytesOf{mem: &pieces{note: note, facts: facts, text: text}}}
	return e
}
