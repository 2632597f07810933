// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"example.org/parley/internal/store/storetest"
	"example.org/parley/wire"
)

const testReserve = 1 << 20

func entry(n int) Row {
	note := fmt.Appendf(nil, "note %d %s", n, strings.Repeat("x", 480))
	return Row{Kind: KindEntry, Log: "aurelia/1.k7qx3m", Index: n, Leaf: wire.Sum(note), A: note, B: []byte(`{}`)}
}

func open(t testing.TB, path string, o Options) *Store {
	t.Helper()
	if o.Reserve == 0 {
		o.Reserve = testReserve
	}
	s, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// wait reads reports until number seq is on disk.
func wait(t testing.TB, s *Store, seq uint64) Commit {
	t.Helper()
	for {
		c := <-s.Durable()
		if c.Err != nil {
			t.Fatalf("commit up to %d: %v", c.UpTo, c.Err)
		}
		if c.UpTo >= seq {
			return c
		}
	}
}

func rows(t testing.TB, s *Store) []Row {
	t.Helper()
	var out []Row
	if err := s.Replay(func(r Row) error { out = append(out, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// onBoth runs a test on a file of SQLite, and on PostgreSQL. On a file alone stay, beside crash_test.go and full_test.go, whose
// subject is a disk that loses, fails or fills: TestFilesArePrivate and TestWALStaysSmall (the files), TestFirstSchemaStaysReadable
// and TestAnEarlierSchemaIsCopiedBeforeItChanges (the schemas of files), TestInsideABubble, TestSimulatedTimeRunsOnWhileAReaderWaitsForTheDisk
// and TestRowWaitsForNoDiskThatHangsWhileItReads's disk (simulated time and its disks end at a socket: on PostgreSQL a lock of another's
// holds the reading up). What is only of PostgreSQL is in postgres_test.go, a failed commit too.
func onBoth(t *testing.T, test func(t *testing.T, o Options)) {
	t.Run("sqlite", func(t *testing.T) { test(t, Options{}) })
	t.Run("postgres", func(t *testing.T) {
		test(t, Options{Postgres: storetest.URL(storetest.Primary(t, false)), Name: "aurelia/" + t.Name()})
	})
}

// SPEC: STO-001 STO-003 STO-009 STO-020
func TestReplayInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		path := filepath.Join(t.TempDir(), "record.db")
		s := open(t, path, o)
		in := []Row{
			entry(0),
			{Kind: KindReceipt, Log: "borealia/1.9dm2aa", Index: 3, A: []byte("receipt")},
			{Kind: KindSheet, A: []byte("sheet")},
			{Kind: KindPrivate, Log: "aurelia/1.k7qx3m/private", A: []byte("note"), C: []byte("words")},
			putBody("aurelia/1.k7qx3m", 0, entry(0).Leaf, nil, []byte("later words")),
		}
		for i, r := range in {
			s.Append(uint64(i+1), []Row{r})
		}
		s.Append(6, []Row{Local("desks", []byte("1")), Local("alarms", []byte("a")), Local("gone", []byte("g"))})
		s.Append(7, []Row{Local("desks", []byte("2")), Local("gone", nil)})
		wait(t, s, 7)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		want := append(in, Local("alarms", []byte("a")), Local("desks", []byte("2")))
		got := rows(t, open(t, path, o))
		if len(got) != len(want) {
			t.Fatalf("%d rows, want %d", len(got), len(want))
		}
		for i := range want {
			g, w := got[i], want[i]
			if g.Kind != w.Kind || g.Log != w.Log || g.Index != w.Index || g.Leaf != w.Leaf ||
				!bytes.Equal(g.A, w.A) || !bytes.Equal(g.B, w.B) || !bytes.Equal(g.C, w.C) || (g.B == nil) != (w.B == nil) {
				t.Errorf("row %d: %+v, want %+v", i, g, w)
			}
		}
	})
}

// SPEC: STO-004
func TestSecondOpenNamesTheHolder(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		path := filepath.Join(t.TempDir(), "record.db")
		s := open(t, path, o)
		o.Reserve = testReserve
		_, err := Open(path, o)
		var l *Locked
		if !errors.As(err, &l) || !strings.Contains(err.Error(), fmt.Sprintf("process %d (", os.Getpid())) {
			t.Fatalf("second open: %v", err)
		}
		s.Close()
		open(t, path, o)
	})
}

// SPEC: STO-002
func TestFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "record.db"), Options{})
	s.Append(1, []Row{entry(0)})
	wait(t, s, 1)
	es, err := os.ReadDir(dir)
	if err != nil || len(es) != 4 {
		t.Fatalf("%v %v", es, err)
	}
	for _, e := range es {
		if i, _ := e.Info(); i.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", e.Name(), i.Mode().Perm())
		}
	}
	if st, err := os.Stat(s.o.ReserveFile); err != nil || st.Size() != testReserve {
		t.Errorf("reserve: %v %v", st, err)
	}
}

// What waits together is committed together, by one flush.
// SPEC: STO-006 STO-007
func TestGroupCommit(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		s := open(t, filepath.Join(t.TempDir(), "record.db"), o)
		s.disk.Lock() // the disk is busy
		for i := range 500 {
			s.Append(uint64(i+1), []Row{entry(i)})
		}
		s.disk.Unlock()
		commits := 0
		for c := range s.Durable() {
			commits++
			if c.Err != nil {
				t.Fatal(c.Err)
			}
			if c.UpTo == 500 {
				break
			}
		}
		if commits > 3 {
			t.Errorf("%d commits for 500 waiting rows", commits)
		}
	})
}

// The WAL does not grow without end under load, and is small after a rest.
// SPEC: STO-010
func TestWALStaysSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.db")
	s := open(t, path, Options{})
	r := entry(0)
	r.C = make([]byte, 60<<10)
	const n = 800 // 48 MB
	go func() {
		for i := range n {
			s.Append(uint64(i+1), []Row{r})
		}
	}()
	wait(t, s, n)
	st, err := os.Stat(path + "-wal")
	if err != nil || st.Size() > walMax+2*maxBytes {
		t.Errorf("WAL %d bytes, %v", st.Size(), err)
	}
	s.Close()
	if st, err := os.Stat(path + "-wal"); err == nil && st.Size() > 0 {
		t.Errorf("WAL holds %d bytes after Close", st.Size())
	}
}

// SPEC: STO-012
func TestFirstSchemaStaysReadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.db")
	frozen, err := os.ReadFile("testdata/first.sql") // as the first release wrote it, with two rows
	if err != nil {
		t.Fatal(err)
	}
	raw := openRaw(t, path)
	if err := raw.Exec(string(frozen)); err != nil {
		t.Fatal(err)
	}
	raw.Close()
	s := open(t, path, Options{})
	got := rows(t, s)
	if len(got) != 2 || string(got[0].A) != "note" || got[0].Log != "aurelia/1.k7qx3m" || got[1].Log != "alarms" {
		t.Fatalf("%+v", got)
	}
	v, _ := s.db.(*db).pragma("user_version")
	if v != fmt.Sprint(schemaVersion) {
		t.Errorf("schema %s", v)
	}
	s.Close()
	raw = openRaw(t, path)
	raw.Exec("PRAGMA user_version = 99")
	raw.Close()
	if _, err := Open(path, Options{Reserve: testReserve}); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("a newer schema: %v", err)
	}
}

// A record of an earlier schema is copied before it is changed; where the copy or the change fails nothing is changed.
// SPEC: STO-012
func TestAnEarlierSchemaIsCopiedBeforeItChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.db")
	s := open(t, path, Options{})
	for i := range 40 {
		s.Append(uint64(i+1), []Row{entry(i)})
	}
	wait(t, s, 40)
	before := rows(t, s)
	s.Close()
	version := func(path string) string {
		raw := openRaw(t, path)
		defer raw.Close()
		v, err := (&db{conn: raw}).pragma("user_version")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	change := func(second string) error {
		raw := openRaw(t, path)
		defer raw.Close()
		_, err := (&db{conn: raw}).migrate(fstest.MapFS{"schema/2.sql": {Data: []byte(second)}}, 2)
		return err
	}
	if err := os.MkdirAll(path+".schema1/in the way", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := change("CREATE TABLE extra (a)"); err == nil || version(path) != "1" {
		t.Fatalf("changed without a copy: %v, schema %s", err, version(path))
	}
	if err := os.RemoveAll(path + ".schema1"); err != nil {
		t.Fatal(err)
	}
	if err := change("CREATE TABLE extra (a); CREATE TABLE row (a)"); err == nil || version(path) != "1" {
		t.Fatalf("half a change was taken: %v, schema %s", err, version(path))
	}
	if err := change("CREATE TABLE extra (a)"); err != nil || version(path) != "2" {
		t.Fatalf("%v, schema %s", err, version(path))
	}
	if st, err := os.Stat(path + ".schema1"); err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("the copy: %v %v", st, err)
	}
	if left, _ := filepath.Glob(path + "*.part"); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	s = open(t, path+".schema1", Options{})
	if got := rows(t, s); !reflect.DeepEqual(got, before) {
		t.Errorf("the copy has %d rows of %d, or others", len(got), len(before))
	}
}

// Look-ups are by place; an index on hashes would take three quarters of the write rate.
// SPEC: STO-011
func TestNoIndex(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		s := open(t, filepath.Join(t.TempDir(), "record.db"), o)
		if p, is := s.db.(*postgres); is { // its primary key is the place
			var all string
			if err := p.read.QueryRow(t.Context(), "SELECT string_agg(indexdef, '; ') FROM pg_indexes WHERE tablename = 'parley_row'").Scan(&all); err != nil || !strings.HasSuffix(all, "USING btree (name, n)") {
				t.Errorf("parley_row has the indexes %s: %v", all, err)
			}
			return
		}
		v, err := s.db.(*db).pragma("index_list(row)")
		if err != nil || v != "" {
			t.Errorf("row has an index: %q %v", v, err)
		}
	})
}

// SPEC: STO-014
func TestInsideABubble(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.db")
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(path, Options{Reserve: testReserve})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for i := range 100 {
			s.Append(uint64(i+1), []Row{entry(i)})
			wait(t, s, uint64(i+1))
			time.Sleep(24 * time.Hour)
		}
		if time.Since(start) != 100*24*time.Hour {
			t.Error("the store moved the clock")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// Who waits for the disk must not stop simulated time: whoever has it may be waiting for a slow disk there.
func TestSimulatedTimeRunsOnWhileAReaderWaitsForTheDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.db")
	synctest.Test(t, func(t *testing.T) {
		s := open(t, path, Options{})
		s.Append(1, []Row{entry(0)})
		wait(t, s, 1)
		read, nothing := make(chan error, 1), func(Row) error { return nil }
		err := s.Replay(func(Row) error {
			go func() { read <- s.Read(0, 1, nothing) }()
			time.Sleep(time.Second)
			return nil
		})
		if err := errors.Join(err, <-read); err != nil {
			t.Error(err)
		}
	})
}

func TestManyWriters(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		s := open(t, filepath.Join(t.TempDir(), "record.db"), o)
		var mu sync.Mutex
		seq := uint64(0)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range 50 {
					mu.Lock()
					seq++
					s.Append(seq, []Row{entry(int(seq))})
					mu.Unlock()
				}
			})
		}
		wait(t, s, 800)
		wg.Wait()
		for i, r := range rows(t, s) {
			if r.Index != i+1 {
				t.Fatalf("row %d is entry %d", i, r.Index)
			}
		}
	})
}

// Close commits what is queued, though nobody listens.
func TestCloseFlushes(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		path := filepath.Join(t.TempDir(), "record.db")
		s := open(t, path, o)
		for i := range 3000 {
			s.Append(uint64(i+1), []Row{entry(i)})
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if n := len(rows(t, open(t, path, o))); n != 3000 {
			t.Errorf("%d rows", n)
		}
	})
}

// SPEC: STO-013
func TestMemory(t *testing.T) {
	if os.Getenv("PARLEY_STORE_RSS") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMemory$", "-test.v")
		cmd.Env = append(os.Environ(), "PARLEY_STORE_RSS=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "RSS") {
				t.Log(strings.TrimSpace(line))
			}
		}
		return
	}
	onBoth(t, func(t *testing.T, o Options) {
		before := rss(t)
		s := open(t, filepath.Join(t.TempDir(), "record.db"), o)
		for i := range 200 {
			s.Append(uint64(i+1), []Row{entry(i)})
			wait(t, s, uint64(i+1))
		}
		after := rss(t)
		t.Logf("RSS %d KiB before, %d KiB with a store", before>>10, after>>10)
		if after-before > 20<<20 {
			t.Errorf("a store costs %d KiB", (after-before)>>10)
		}
	})
}

func rss(t *testing.T) int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	var size, res int64
	fmt.Sscan(string(b), &size, &res)
	return res * int64(os.Getpagesize())
}

// putBody makes the row for bodies that arrived after their entry; nil for what did not come.
func putBody(log string, index int, leaf wire.Hash, facts, text []byte) Row {
	return Row{Kind: KindEntry, Log: log, Index: index, Leaf: leaf, B: facts, C: text}
}
