// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/wire"
)

// Magic is the first line of an export.
const Magic = "parley/v1 export"

// Piece is one part of an export. In their order: the genesis, the terms and the sheets of a line; then of each log its
// name (party/number.run), its entries by index, each a note with the bodies that are held, and what receipts it.
type Piece struct {
	Kind  string // genesis terms sheet claim log entry facts text receipt
	Bytes []byte
}

// FromRecord lists what a record holds on disk, as onDisk says, and gives what writes it as an export, beside whoever
// goes on with the record; the bodies of what is withheld, being sealed, are left out. Each piece is read when it is written.
//
// SPEC: REC-030
func FromRecord(genesis, terms []byte, sheets [][]byte, r *record.Record, onDisk, withheld func(*record.Entry) bool) func(io.Writer) error {
	return write(Magic, head(genesis, terms, sheets), listed(r, func(l *record.Log) listing {
		out := listing{shut: map[*record.Entry]bool{}, receipts: r.LogReceipts(l.Name.LogID)}
		for _, e := range r.Entries(l.Name.LogID, 0) {
			if onDisk(e) {
				out.entries, out.shut[e] = append(out.entries, e), withheld(e)
			}
		}
		return out
	}))
}

// listing is what a file says of one log.
type listing struct {
	id       record.LogID
	entries  []*record.Entry
	shut     map[*record.Entry]bool // its bodies are left out
	bare     bool                   // every text is
	words    *record.Entry          // but that of this one
	receipts []*record.Receipt
}

// listed lists the logs of a record of which a file says something.
func listed(r *record.Record, of func(*record.Log) listing) (logs []listing) {
	for _, l := range r.Logs() {
		if x := of(l); len(x.entries) > 0 {
			x.id = l.Name.LogID
			for i, e := range x.entries {
				if e.Absent != "" { // a body may come while this is written
					as := *e
					x.entries[i], x.shut[&as] = &as, x.shut[e]
				}
			}
			logs = append(logs, x)
		}
	}
	return logs
}

// head is what a file says of the line.
func head(genesis, terms []byte, sheets [][]byte) (out []Piece) {
	out = append(out, Piece{"genesis", genesis}, Piece{"terms", terms})
	for _, s := range sheets {
		out = append(out, Piece{"sheet", s})
	}
	return slices.DeleteFunc(out, func(p Piece) bool { return p.Bytes == nil })
}

func write(magic string, head []Piece, logs []listing) func(io.Writer) error {
	return func(w io.Writer) error {
		return writeAs(magic, w, func(yield func(Piece)) error {
			piece := func(kind string, b []byte) {
				if b != nil {
					yield(Piece{kind, b})
				}
			}
			for _, p := range head {
				yield(p)
			}
			for _, l := range logs {
				piece("log", []byte(l.id.String()))
				if e := record.Await(l.entries, func(e *record.Entry, note, facts, text []byte) {
					piece("entry", note)
					if !l.shut[e] {
						piece("facts", facts)
					}
					if !l.shut[e] && (!l.bare || e == l.words) {
						piece("text", text)
					}
				}); e != nil {
					return fmt.Errorf("couldn't read statement %s back", e.Place())
				}
				if rc := record.Await(l.receipts, func(_ *record.Receipt, note, _, _ []byte) { piece("receipt", note) }); rc != nil {
					return fmt.Errorf("couldn't read the receipt of statement %s back", rc.Of().Place)
				}
			}
			return nil
		})
	}
}

// Write writes an export. Where not all pieces can be had it has no last line, so that nobody takes it for the whole.
//
// SPEC: REC-030
func Write(w io.Writer, pieces func(yield func(Piece)) error) error { return writeAs(Magic, w, pieces) }

func writeAs(magic string, w io.Writer, pieces func(yield func(Piece)) error) error {
	bw, sum := bufio.NewWriterSize(w, 64<<10), sha256.New()
	out := io.MultiWriter(bw, sum)
	fmt.Fprintln(out, magic)
	var line []byte
	err := pieces(func(p Piece) {
		line = append(strconv.AppendInt(append(append(line[:0], p.Kind...), ' '), int64(len(p.Bytes)), 10), '\n')
		for _, b := range [][]byte{line, p.Bytes, []byte("\n")} {
			_, _ = out.Write(b) // what bw could not write, its Flush says
		}
	})
	if err == nil {
		fmt.Fprintln(bw, "end", wire.Hash(sum.Sum(nil)))
		err = bw.Flush()
	}
	if err != nil {
		return fmt.Errorf("couldn't write the export: %w", err)
	}
	return nil
}

// The limits of the pieces: no length is believed beyond them.
var limits = map[string]int{
	"genesis": wire.MaxNote, "terms": wire.MaxBody, "sheet": party.MaxSheet,
	"claim": 256, "log": 64, "entry": wire.MaxNote, "facts": wire.MaxBody, "text": wire.MaxBody, "receipt": wire.MaxNote,
}

// Which piece may follow which.
var follows = map[string]string{
	"genesis": "begin", "terms": "genesis", "sheet": "terms sheet", "log": "sheet log entry facts text receipt",
	"entry": "log entry facts text", "facts": "entry", "text": "entry facts", "receipt": "log entry facts text receipt",
	"end": "sheet log entry facts text receipt",
}

// Which may in the file of a claim, where that is another.
var followsClaim = map[string]string{
	"claim": "sheet", "log": "claim entry facts text receipt", "entry": "log entry facts text", "text": "facts", "receipt": "entry facts text receipt", "end": "entry facts text receipt",
}

// ErrFile says that a file is not an export in its one form; ErrVersion, that it is of another version.
var (
	ErrFile    = errors.New("not an export in its form")
	ErrVersion = errors.New("an export of a version unknown here")
)

// Read reads an export in its one form.
//
// SPEC: REC-030
func Read(r io.Reader) (pieces []Piece, err error) {
	d := newReader(r)
	for {
		p, err := d.next()
		if err == io.EOF {
			return pieces, nil
		}
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, p)
	}
}

// reader reads an export piece by piece.
type reader struct {
	br    *bufio.Reader
	sum   hash.Hash
	at    int    // bytes read
	claim bool   // it is the file of a claim
	last  string // kind of the piece before, "" where there is none yet
}

func newReader(r io.Reader) *reader {
	return &reader{br: bufio.NewReaderSize(r, 64<<10), sum: sha256.New()}
}

func (d *reader) bad(what string) error { return fmt.Errorf("%w: byte %d: %s", ErrFile, d.at, what) }

// fail tells a file that ends from a disk that fails.
func (d *reader) fail(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return d.bad("it ends too early")
	}
	return fmt.Errorf("couldn't read the export: %w", err)
}

// line reads one; that of the end is no part of the sum.
func (d *reader) line() (string, error) {
	b, err := d.br.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return "", d.fail(err)
	}
	if d.at += len(b); len(b) > 64 {
		return "", d.bad("a line too long")
	}
	if !bytes.HasPrefix(b, []byte("end ")) {
		d.sum.Write(b)
	}
	return string(b[:len(b)-1]), nil
}

// begin reads the first line.
func (d *reader) begin() error {
	first, err := d.line()
	switch {
	case err != nil:
		return err
	case first == ClaimMagic:
		d.claim = true
	case strings.HasPrefix(first, "parley/v") && strings.HasSuffix(first, " export") && first != Magic:
		return ErrVersion
	case first != Magic:
		return d.bad("its first line")
	}
	d.last = "begin"
	return nil
}

// next reads the next piece; after the last, whose sum is right, it gives io.EOF.
func (d *reader) next() (p Piece, err error) {
	if d.last == "" {
		if err := d.begin(); err != nil {
			return p, err
		}
	}
	s, err := d.line()
	if err != nil {
		return p, err
	}
	name, arg, _ := strings.Cut(s, " ")
	after, other := followsClaim[name]
	if !other || !d.claim {
		after = follows[name]
	}
	if !strings.Contains(" "+after+" ", " "+d.last+" ") {
		return p, d.bad("no such piece here")
	}
	if name == "end" {
		if arg != wire.Hash(d.sum.Sum(nil)).String() {
			return p, d.bad("its last line is not the sum of what stands above")
		}
		if _, err := d.br.ReadByte(); !errors.Is(err, io.EOF) {
			return p, d.bad("more after its end")
		}
		return p, io.EOF
	}
	n, err := wire.ParseNumber(arg)
	if err != nil || n > limits[name] {
		return p, d.bad("length")
	}
	b := make([]byte, n+1)
	if _, err := io.ReadFull(d.br, b); err != nil {
		return p, d.fail(err)
	}
	d.at += n + 1
	d.sum.Write(b)
	if b[n] != '\n' {
		return p, d.bad("no LF after a piece")
	}
	if _, err := record.ParseLogID(string(b[:n])); name == "log" && err != nil {
		return p, d.bad("no name of a log")
	}
	d.last = name
	return Piece{name, b[:n:n]}, nil
}
