// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/ncruces/go-sqlite3/vfs"

	"example.org/parley/internal/store/storetest"
)

// Each row can be read again by its number, in any order, while others are committed and after a new start.
//
// SPEC: STO-009
func TestRowsAreReadAgainByNumber(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		path := filepath.Join(t.TempDir(), "record.db")
		s := open(t, path, o)
		const all = 20 * ahead // the receipts lie further apart than is read ahead
		row := func(i int) Row {
			r := entry(i)
			if i%(9*ahead) == 1 {
				r.Kind = KindReceipt
			} else if i%3 == 0 {
				r.Log = "another"
			}
			return r
		}
		var numbers []int
		for i := range all {
			rows := []Row{Local("key", []byte{byte(i)}), row(i)}
			s.Append(uint64(i+1), rows)
			numbers = append(numbers, rows[1].N)
		}
		for c := (Commit{}); c.UpTo < all; {
			if c = <-s.Durable(); c.Err != nil {
				t.Fatal(c.Err)
			}
		}
		check := func(at int, how string) {
			t.Helper()
			r, err := s.Row(numbers[at], time.Minute)
			want := row(at)
			if err != nil || r.N != numbers[at] || r.Kind != want.Kind || r.Log != want.Log || string(r.A) != string(want.A) {
				t.Fatalf("row %d, %s: %+v, %v", at, how, r, err)
			}
		}
		for range 2 {
			for _, of := range []int{0, 1, 2} { // a log is gone through, then the next
				for at := range all {
					if r := row(at); r.Kind == KindReceipt && of == 2 || r.Kind == KindEntry && (r.Log == "another") == (of == 1) {
						check(at, "log by log")
					}
				}
			}
			for _, step := range []int{1, 2, 5, -1, all/2 + 1} {
				for i := range all {
					at := ((i*step)%all + all) % all
					check(at, fmt.Sprintf("each %d-th", step))
				}
			}
			if _, err := s.Row(all+1, time.Minute); err == nil {
				t.Fatal("a row that was never written was read")
			}
			if err := s.Reopen(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Many are read at once, in the order asked, what is empty told from what is not there; one that is not there is named, and
// the others are given.
//
// SPEC: STO-009
func TestManyRowsAreReadAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		s := open(t, filepath.Join(t.TempDir(), "record.db"), o)
		const all = 40
		var rows []Row
		for i := range all {
			r := entry(i)
			if r.B = nil; i%2 == 0 {
				r.B = []byte{}
			}
			rows = append(rows, r)
		}
		s.Append(1, rows)
		if c := <-s.Durable(); c.Err != nil {
			t.Fatal(c.Err)
		}
		var buf []byte
		for _, ns := range [][]int{{1, 2, 3}, {40, 7, 8, 7}, {5}, {}} {
			got, grown, err := s.Several(ns, buf[:0])(time.Minute)
			if err != nil || len(got) != len(ns) {
				t.Fatalf("%v: %d rows, %v", ns, len(got), err)
			}
			for i, n := range ns {
				want := entry(n - 1)
				if r := got[i]; r.N != n || !bytes.Equal(r.A, want.A) || (r.B == nil) != (n%2 == 0) || !bytes.Equal(r.C, want.C) {
					t.Errorf("row %d came back as %+v", n, r)
				}
			}
			buf = grown
		}
		got, _, err := s.Several([]int{3, all + 1}, nil)(time.Minute)
		if err == nil || !strings.Contains(err.Error(), "41") || len(got) != 2 || got[0].N != 3 || got[1].N != 0 {
			t.Errorf("beside one that was never written: %+v, %v", got, err)
		}
	})
}

// Who reads a row waits for a disk that hangs no longer than he says.
func TestRowWaitsNoLongerThanItIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		s := open(t, filepath.Join(t.TempDir(), "record.db"), o)
		s.use.Lock()
		defer s.use.Unlock()
		if _, err := s.Row(1, 10*time.Millisecond); err == nil || !strings.Contains(err.Error(), "answered") {
			t.Fatalf("while the disk was used: %v", err)
		}
		if _, _, err := s.Several([]int{1}, nil)(10 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "answered") {
			t.Fatalf("while the disk was used, many: %v", err)
		}
	})
}

// Nor for a disk that hangs while it reads, or for a database.
func TestRowWaitsForNoDiskThatHangsWhileItReads(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		d := newCrashDisk(1)
		vfs.Register(t.Name(), d)
		rowHangs(t, Options{VFS: t.Name(), Reserve: -1, wal: d.wal}, func() func() { d.mu.Lock(); return d.mu.Unlock })
	})
	t.Run("postgres", func(t *testing.T) {
		p := storetest.Primary(t, false)
		rowHangs(t, Options{Postgres: storetest.URL(p), Name: "aurelia/1"}, func() func() {
			other, err := pgx.Connect(t.Context(), storetest.URL(p))
			if err == nil {
				_, err = other.Exec(t.Context(), "BEGIN; LOCK TABLE parley_row IN ACCESS EXCLUSIVE MODE")
			}
			if err != nil {
				t.Fatal(err)
			}
			return func() { _ = other.Close(t.Context()) }
		})
	})
}

// rowHangs reads a row while hang holds all reading up, until what it gives is called.
func rowHangs(t *testing.T, o Options, hang func() func()) {
	s := open(t, filepath.Join(t.TempDir(), "record.db"), o)
	big := Row{Kind: KindEntry, Log: "x", A: bytes.Repeat([]byte("x"), 64<<10)}
	s.Append(1, []Row{big})
	if c := <-s.Durable(); c.Err != nil {
		t.Fatal(c.Err)
	}
	if err := s.Reopen(); err != nil { // no page of it is in memory
		t.Fatal(err)
	}
	free := hang()
	answered := make(chan error, 1)
	go func() { _, err := s.Row(1, 10*time.Millisecond); answered <- err }()
	select {
	case err := <-answered:
		if err == nil {
			t.Error("a disk that hangs has answered")
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for the disk")
	}
	free()
	if r, err := s.Row(1, time.Minute); err != nil || !bytes.Equal(r.A, big.A) {
		t.Errorf("once the disk answers: %d bytes, %v", len(r.A), err)
	}
}

// One row is read while a commit of many goes on: between two of its rows.
func TestRowIsReadWhileManyAreWritten(t *testing.T) {
	onBoth(t, rowMidway)
}

func rowMidway(t *testing.T, o Options) {
	s := open(t, filepath.Join(t.TempDir(), "record.db"), o)
	rows := slices.Repeat([]Row{{Kind: KindEntry, Log: "x", A: []byte("x")}}, maxRows)
	s.Append(1, rows[:1])
	if c := <-s.Durable(); c.Err != nil {
		t.Fatal(c.Err)
	}
	d := &midway{s: s, read: make(chan error, 1)}
	if err := s.Reopen(); err != nil { // nothing is kept of what was read
		t.Fatal(err)
	}
	free := s.hold()
	d.database, s.db = s.db, d
	free()
	s.Append(2, rows)
	if c := <-s.Durable(); c.Err != nil || d.put != maxRows {
		t.Fatal(c.Err, d.put)
	}
	if d.err != nil {
		t.Errorf("in the midst of a commit: %v", d.err)
	}
	if r, err := s.Row(maxRows+1, time.Minute); err != nil || r.N != maxRows+1 {
		t.Errorf("row %d, %v", r.N, err)
	}
}

// midway is a database in the midst of whose commits a row is read by another, whom the commit lets pass.
type midway struct {
	database
	s    *Store
	put  int
	read chan error
	err  error
}

func (d *midway) commit(bs []batch, next func()) (func() error, error) {
	if _, is := d.database.(*postgres); is { // which sends them all as its flush: before that a row is read beside it
		flush, err := d.database.commit(bs, next)
		return func() error {
			_, d.err = d.s.Row(1, time.Minute)
			d.put = maxRows
			return flush()
		}, err
	}
	return d.database.commit(bs, func() {
		if d.put++; d.put != maxRows/2 {
			next()
			return
		}
		go func() { _, err := d.s.Row(1, time.Minute); d.read <- err }()
		for done := false; !done; {
			next()
			select {
			case d.err = <-d.read:
				done = true
			default:
			}
		}
	})
}
