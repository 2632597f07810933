// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/store/storetest"
)

// reopen opens a store again until the servers answer.
func reopen(t *testing.T, s *Store) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err := s.Reopen()
		if err == nil {
			return
		}
		if time.Since(begun) > time.Minute {
			t.Fatal(err)
		}
	}
}

// The primary is killed while rows are committed, at another moment each time, and the standby promoted. All that was
// reported is there, in its order, and the writer goes on.
//
// SPEC: STO-022
func TestNothingReportedIsLostWithThePrimary(t *testing.T) { primaries(t, 2) } // twenty in a soak

func TestSoakNothingReportedIsLostWithThePrimary(t *testing.T) {
	if os.Getenv("PARLEY_SOAK") == "" {
		t.Skip("make soak")
	}
	primaries(t, 20)
}

func primaries(t *testing.T, rounds int) {
	for n := range rounds {
		primary := storetest.Primary(t, true)
		standby := primary.Standby(t)
		s := open(t, filepath.Join(t.TempDir(), "record.db"), Options{Postgres: storetest.URL(primary, standby), Name: "aurelia/1"})
		die := uint64(1 + rand.N(400))
		stop, shown := make(chan struct{}), uint64(0)
		go func() {
			for i := 1; ; i++ {
				select {
				case <-stop:
					return
				default:
					s.Append(uint64(i), []Row{entry(i), Local("newest", []byte{byte(i)})})
					time.Sleep(50 * time.Microsecond)
				}
			}
		}()
		for killed := false; ; {
			c := <-s.Durable()
			if shown = c.UpTo; c.Err != nil {
				break
			}
			if shown >= die && !killed {
				killed = true
				go primary.Kill()
			}
		}
		close(stop)
		if err := s.Failed(); err == nil || errors.As(err, new(*Fenced)) {
			t.Fatalf("the primary is gone, and the store says %v", err)
		}
		standby.Promote(t)
		reopen(t, s)
		got := rows(t, s)
		if n := len(got) - 1; uint64(n) < shown || got[n].Kind != KindLocal {
			t.Fatalf("%d rows were reported, %d are there", shown, n)
		}
		for i, r := range got[:len(got)-1] {
			if r.N != i+1 || r.Index != i+1 || string(r.A) != string(entry(i+1).A) {
				t.Fatalf("row %d is %d, entry %d", i+1, r.N, r.Index)
			}
		}
		s.Append(1<<32, []Row{entry(len(got))})
		wait(t, s, 1<<32)
		t.Logf("%d primaries were killed: what was reported is there", n+1)
	}
}

// A commit that the standby has not confirmed is no commit, though PostgreSQL calls it one with a warning.
//
// SPEC: STO-022
func TestACommitWithoutItsStandbyFails(t *testing.T) {
	primary := storetest.Primary(t, true)
	standby := primary.Standby(t)
	s := open(t, filepath.Join(t.TempDir(), "record.db"), Options{Postgres: storetest.URL(primary), Name: "aurelia/1"})
	s.Append(1, []Row{entry(1)})
	wait(t, s, 1)
	standby.Kill()
	s.Append(2, []Row{entry(2)})
	for waits := false; !waits; time.Sleep(10 * time.Millisecond) { // somebody breaks off the wait
		waits = primary.Count(t, "SELECT count(*) FROM (SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep') AS s") > 0
	}
	if c := <-s.Durable(); c.Err == nil || c.UpTo != 1 || !strings.Contains(c.Err.Error(), "synchronous replication") {
		t.Fatalf("%+v", c)
	}
}

// A commit that the database refuses fails all that is queued behind it, and one that refuses at every open leaves no store until it
// is mended; the writer then goes on.
//
// SPEC: STO-008
func TestADatabaseThatRefusesFailsWhatIsQueued(t *testing.T) {
	p := storetest.Primary(t, false)
	s := open(t, filepath.Join(t.TempDir(), "record.db"), Options{Postgres: storetest.URL(p), Name: "aurelia/1"})
	s.Append(1, []Row{entry(0)})
	wait(t, s, 1)
	p.Ask(t, "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql")
	p.Ask(t, "CREATE TRIGGER refuse BEFORE INSERT ON parley_row EXECUTE FUNCTION refuse()")
	p.Ask(t, "CREATE TRIGGER refuse BEFORE UPDATE ON parley_record EXECUTE FUNCTION refuse()")
	s.Append(2, []Row{entry(1)})
	if c := <-s.Durable(); c.Err == nil || c.UpTo != 1 || s.Failed() == nil {
		t.Fatalf("%+v", c)
	}
	s.Append(3, []Row{entry(2)}) // signed over the failed one: must never stand
	select {
	case c := <-s.Durable():
		t.Fatalf("a failed writer went on: %+v", c)
	default:
	}
	if err := s.Reopen(); err == nil || errors.As(err, new(*Fenced)) {
		t.Fatalf("reopened: %v", err)
	}
	if err := s.Replay(func(Row) error { return nil }); !errors.Is(err, ErrReopen) {
		t.Errorf("replay of no store: %v", err)
	}
	p.Ask(t, "DROP FUNCTION refuse CASCADE")
	if err := s.Reopen(); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, s); len(got) != 1 {
		t.Fatalf("%d rows are there", len(got))
	}
	s.Append(4, []Row{entry(1)})
	wait(t, s, 4)
	if got := rows(t, s); len(got) != 2 || got[1].Index != 1 {
		t.Errorf("%+v", got)
	}
}

// Two nodes open one record: the later one has it, and the first one commits nothing more and does not take it back.
//
// SPEC: STO-021
func TestALaterNodeFencesTheFirst(t *testing.T) {
	o := Options{Postgres: storetest.URL(storetest.Primary(t, false)), Name: "aurelia/1"}
	first := open(t, filepath.Join(t.TempDir(), "record.db"), o)
	first.Append(1, []Row{entry(1)})
	wait(t, first, 1)
	later := open(t, filepath.Join(t.TempDir(), "record.db"), o)
	first.Append(2, []Row{entry(2)})
	var f *Fenced
	if c := <-first.Durable(); !errors.As(c.Err, &f) || f.Holder == "" || c.UpTo != 1 {
		t.Fatalf("%+v", c)
	}
	if err := first.Reopen(); !errors.As(err, &f) {
		t.Fatalf("reopened: %v", err)
	}
	later.Append(1, []Row{entry(3)})
	wait(t, later, 1)
	if got := rows(t, later); len(got) != 2 || got[1].Index != 3 {
		t.Fatalf("%+v", got)
	}
	another := open(t, filepath.Join(t.TempDir(), "record.db"), Options{Postgres: o.Postgres, Name: "borealia/1"})
	if got := rows(t, another); len(got) != 0 {
		t.Errorf("another record has %d rows of this one", len(got))
	}
}

// A file moves into the database once, whenever the move is broken off, and is put aside; the file of another record is
// refused.
//
// SPEC: STO-023
func TestAFileMovesIntoTheDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.db")
	s := open(t, path, Options{})
	var want []Row
	for i := range 2*maxRows + 7 {
		want = append(want, entry(i))
		s.Append(uint64(i+1), []Row{entry(i), Local("desks", []byte("2"))})
	}
	wait(t, s, uint64(len(want)))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Postgres: storetest.URL(storetest.Primary(t, false)), Name: "aurelia/1"}
	for _, again := range []bool{false, true} { // the second time as if the file had not been put aside
		if again {
			if err := os.WriteFile(path, before, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := open(t, path, o)
		if got := rows(t, s); len(got) != len(want)+1 || string(got[7].A) != string(want[7].A) || string(got[len(want)].A) != "2" {
			t.Fatalf("%d rows of %d", len(got), len(want))
		}
		s.Append(1, []Row{entry(len(want))})
		wait(t, s, 1)
		want = append(want, entry(len(want)))
		s.Close()
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("the file is still there: %v", err)
		}
	}
	s = open(t, path, Options{})
	s.Append(1, []Row{entry(77)})
	wait(t, s, 1)
	s.Close()
	if _, err := Open(path, o); err == nil || !strings.Contains(err.Error(), "another record") {
		t.Fatalf("the file of another record: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("what was refused is gone: %v", err)
	}
}

// Nothing goes to a database whose server is not proven, or that may forget what it has committed.
//
// SPEC: STO-020
func TestAnUnsafeDatabaseIsRefused(t *testing.T) {
	for url, ok := range map[string]bool{
		"postgres://parley@192.0.2.1/parley":                                                false,
		"postgres://parley@192.0.2.1/parley?sslmode=require":                                false,
		"postgres://parley@db.example,db2.example/parley?sslmode=verify-full":               true,
		"postgres://parley@127.0.0.1,192.0.2.1/parley?sslmode=prefer":                       false,
		"postgres:///parley?host=/run/postgresql":                                           true,
		"postgres://parley@db.example/parley?sslmode=verify-full&sslrootcert=/no/such/file": false,
	} {
		if err := CheckPostgres(url); (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
	}
	p := storetest.Primary(t, false)
	p.Ask(t, "ALTER SYSTEM SET fsync = off")
	p.Ask(t, "SELECT pg_reload_conf()")
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		_, err := Open(filepath.Join(t.TempDir(), "record.db"), Options{Postgres: storetest.URL(p), Name: "aurelia/1"})
		if err != nil && strings.Contains(err.Error(), "fsync") {
			break
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("fsync is off: %v", err)
		}
	}
}
