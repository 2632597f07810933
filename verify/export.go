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

	"example.org/parley/record"
	"example.org/parley/wire"
)

// Magic is the first line of an export.
const Magic = "parley/v1 export"

// Export is what one party shows of a line.
type Export struct {
	Genesis, Terms []byte
	Sheets         [][]byte
	Logs           []Log
}

// Log is one log: its name (party/number.run), its entries by index, and what receipts it.
type Log struct {
	Name     string
	Entries  []Entry
	Receipts [][]byte
}

// Entry is a statement's note with the bodies that are held.
type Entry struct{ Note, Facts, Text []byte }

// FromRecord lists what a record holds on disk, as onDisk says, and gives what writes it as an export, beside whoever
// goes on with the record: each piece is read when it is written.
//
// SPEC: REC-030
func FromRecord(genesis, terms []byte, sheets [][]byte, r *record.Record, onDisk func(*record.Entry) bool) func(io.Writer) error {
	type log struct {
		id       record.LogID
		entries  []*record.Entry
		receipts []*record.Receipt
	}
	var logs []log
	for _, l := range r.Logs() {
		es := slices.DeleteFunc(r.Entries(l.Name.LogID, 0), func(e *record.Entry) bool { return !onDisk(e) })
		if len(es) > 0 {
			logs = append(logs, log{l.Name.LogID, es, r.LogReceipts(l.Name.LogID)})
		}
	}
	return func(w io.Writer) error {
		p := begin(w, genesis, terms, sheets)
		for _, l := range logs {
			p.piece("log", []byte(l.id.String()))
			for _, e := range l.entries {
				note, facts, text := e.Pieces()
				p.entry(Entry{note, facts, text})
			}
			for _, rc := range l.receipts {
				p.piece("receipt", rc.Note())
			}
		}
		return p.end()
	}
}

// Write writes an export.
//
// SPEC: REC-030
func Write(w io.Writer, x Export) error {
	p := begin(w, x.Genesis, x.Terms, x.Sheets)
	for _, l := range x.Logs {
		p.piece("log", []byte(l.Name))
		for _, e := range l.Entries {
			p.entry(e)
		}
		for _, rc := range l.Receipts {
			p.piece("receipt", rc)
		}
	}
	return p.end()
}

// writer writes the pieces of an export. It keeps its first error.
type writer struct {
	bw  *bufio.Writer
	sum hash.Hash
	out io.Writer // both
}

func begin(w io.Writer, genesis, terms []byte, sheets [][]byte) writer {
	p := writer{bw: bufio.NewWriter(w), sum: sha256.New()}
	p.out = io.MultiWriter(p.bw, p.sum)
	fmt.Fprintln(p.out, Magic)
	p.piece("genesis", genesis)
	p.piece("terms", terms)
	for _, s := range sheets {
		p.piece("sheet", s)
	}
	return p
}

// piece writes one; nil is none.
func (p writer) piece(name string, b []byte) {
	if b != nil {
		fmt.Fprintf(p.out, "%s %d\n%s\n", name, len(b), b)
	}
}

func (p writer) entry(e Entry) {
	p.piece("entry", e.Note)
	p.piece("facts", e.Facts)
	p.piece("text", e.Text)
}

func (p writer) end() error {
	fmt.Fprintln(p.bw, "end", end(p.sum))
	if err := p.bw.Flush(); err != nil {
		return fmt.Errorf("couldn't write the export: %w", err)
	}
	return nil
}

func end(sum hash.Hash) wire.Hash {
	var h wire.Hash
	sum.Sum(h[:0])
	return h
}

// The limits of the pieces: no length is believed beyond them.
var limits = map[string]int{
	"genesis": wire.MaxNote, "terms": wire.MaxBody, "sheet": wire.MaxNote,
	"log": 64, "entry": wire.MaxNote, "facts": wire.MaxBody, "text": wire.MaxBody, "receipt": wire.MaxNote,
}

// Which piece may follow which.
var follows = map[string]string{
	"genesis": "begin", "terms": "genesis", "sheet": "terms sheet", "log": "sheet log entry facts text receipt",
	"entry": "log entry facts text", "facts": "entry", "text": "entry facts", "receipt": "log entry facts text receipt",
	"end": "sheet log entry facts text receipt",
}

// ErrFile says that a file is not an export in its one form; ErrVersion, that it is of another version.
var (
	ErrFile    = errors.New("not an export in its form")
	ErrVersion = errors.New("an export of a version unknown here")
)

// Read reads an export in its one form.
//
// SPEC: REC-030
func Read(r io.Reader) (Export, error) {
	d := reader{br: bufio.NewReader(r), sum: sha256.New()}
	var x Export
	first, err := d.line()
	switch {
	case err != nil:
		return x, err
	case strings.HasPrefix(first, "parley/v") && strings.HasSuffix(first, " export") && first != Magic:
		return x, ErrVersion
	case first != Magic:
		return x, d.bad("its first line")
	}
	for last := "begin"; ; {
		name, b, err := d.piece(last)
		if err != nil {
			return x, err
		}
		if name == "end" {
			return x, nil
		}
		x.take(name, b)
		last = name
	}
}

// take puts a piece where it belongs.
func (x *Export) take(name string, b []byte) {
	var l *Log
	var e *Entry
	if n := len(x.Logs); n > 0 {
		l = &x.Logs[n-1]
		if m := len(l.Entries); m > 0 {
			e = &l.Entries[m-1]
		}
	}
	switch name {
	case "genesis":
		x.Genesis = b
	case "terms":
		x.Terms = b
	case "sheet":
		x.Sheets = append(x.Sheets, b)
	case "log":
		x.Logs = append(x.Logs, Log{Name: string(b)})
	case "entry":
		l.Entries = append(l.Entries, Entry{Note: b})
	case "facts":
		e.Facts = b
	case "text":
		e.Text = b
	case "receipt":
		l.Receipts = append(l.Receipts, b)
	}
}

// isLog accepts party/number.run in its one spelling.
func isLog(s string) bool {
	_, err := record.ParseLogID(s)
	return err == nil
}

type reader struct {
	br  *bufio.Reader
	sum hash.Hash
	at  int // bytes read
}

func (d *reader) bad(what string) error { return fmt.Errorf("%w: byte %d: %s", ErrFile, d.at, what) }

// fail tells a file that ends from a disk that fails.
func (d *reader) fail(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return d.bad("it ends too early")
	}
	return fmt.Errorf("couldn't read the export: %w", err)
}

func (d *reader) line() (string, error) {
	var b []byte
	for len(b) < 64 {
		c, err := d.br.ReadByte()
		if err != nil {
			return "", d.fail(err)
		}
		d.at++
		b = append(b, c)
		if c == '\n' {
			if !bytes.HasPrefix(b, []byte("end ")) {
				d.sum.Write(b)
			}
			return string(b[:len(b)-1]), nil
		}
	}
	return "", d.bad("a line too long")
}

// piece reads the next one; the last is the end with its sum.
func (d *reader) piece(last string) (string, []byte, error) {
	s, err := d.line()
	if err != nil {
		return "", nil, err
	}
	name, arg, _ := strings.Cut(s, " ")
	if !strings.Contains(" "+follows[name]+" ", " "+last+" ") {
		return "", nil, d.bad("no such piece here")
	}
	if name == "end" {
		if arg != end(d.sum).String() {
			return "", nil, d.bad("its last line is not the sum of what stands above")
		}
		if _, err := d.br.ReadByte(); !errors.Is(err, io.EOF) {
			return "", nil, d.bad("more after its end")
		}
		return name, nil, nil
	}
	n, err := strconv.Atoi(arg)
	if err != nil || n < 0 || n > limits[name] || strconv.Itoa(n) != arg {
		return "", nil, d.bad("length")
	}
	b := make([]byte, n+1)
	if _, err := io.ReadFull(d.br, b); err != nil {
		return "", nil, d.fail(err)
	}
	d.at += n + 1
	d.sum.Write(b)
	if b[n] != '\n' {
		return "", nil, d.bad("no LF after a piece")
	}
	if name == "log" && !isLog(string(b[:n])) {
		return "", nil, d.bad("no name of a log")
	}
	return name, b[:n:n], nil
}
