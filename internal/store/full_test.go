// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a real file system of a few MiB, in a child with its own mounts.
func smallDisk(t *testing.T, size string) string {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("couldn't mount a small disk here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func fill(t *testing.T, path string) {
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for b := make([]byte, 4096); ; {
		if _, err := f.Write(b); err != nil {
			return
		}
	}
}

// The disk fills: the reserve is given back, what is marked goes on, everything else is refused; and back.
// SPEC: STO-005
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, "8m")
	path := filepath.Join(dir, "record.db")
	s := open(t, path, Options{Reserve: 2 << 20})
	s.Append(1, []Row{entry(0)})
	wait(t, s, 1)
	if s.Full() {
		t.Fatal("full too early")
	}
	fill(t, filepath.Join(dir, "junk"))
	urgent := entry(1)
	urgent.Reserve = true
	s.Append(2, []Row{urgent})
	wait(t, s, 2) // the first one already passes: the reserve was given back before it
	if _, err := os.Stat(s.o.ReserveFile); !s.Full() || err == nil {
		t.Fatalf("full %v, reserve %v", s.Full(), err)
	}
	s.Append(3, []Row{entry(2)})
	if c := <-s.Durable(); !errors.Is(c.Err, ErrFull) || c.UpTo != 2 {
		t.Fatalf("an unmarked row: %+v", c)
	}
	if err := s.Reopen(); err != nil || !s.Full() {
		t.Fatalf("reopen on a full disk: %v, full %v", err, s.Full())
	}
	urgent = entry(2)
	urgent.Reserve = true
	for seq := uint64(4); seq < 104; seq++ {
		s.Append(seq, []Row{urgent})
		wait(t, s, seq)
	}
	os.Remove(filepath.Join(dir, "junk"))
	s.Check()
	s.Append(200, []Row{urgent})
	wait(t, s, 200)
	for range 500 { // the reserve is made by the writer, beside what it commits
		if !s.Full() {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if st, err := os.Stat(s.o.ReserveFile); s.Full() || err != nil || st.Size() != 2<<20 {
		t.Errorf("room again: full %v, %v", s.Full(), err)
	}
	s.Append(201, []Row{entry(3)})
	wait(t, s, 201)
	if n := len(rows(t, s)); n != 104 {
		t.Errorf("%d rows", n)
	}
}

// Two lines of a home share one reserve: it is given back once, both are full then, and both recover.
// SPEC: STO-005
func TestTwoStoresShareOneReserve(t *testing.T) {
	dir := smallDisk(t, "64m") // an empty WAL gives back 5 MiB
	shared := filepath.Join(dir, "reserve")
	var stores [2]*Store
	for i := range stores {
		of := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(of, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(of, "record.db.reserve"), make([]byte, 100), 0o600); err != nil { // of before
			t.Fatal(err)
		}
		stores[i] = open(t, filepath.Join(of, "record.db"), Options{Reserve: 12 << 20, ReserveFile: shared})
		if _, err := os.Stat(filepath.Join(of, "record.db.reserve")); err == nil {
			t.Error("it has a reserve of its own too")
		}
		stores[i].Append(1, []Row{entry(0)})
		wait(t, stores[i], 1)
	}
	fill(t, filepath.Join(dir, "junk"))
	urgent := entry(1)
	urgent.Reserve = true
	for i, s := range stores {
		s.Append(2, []Row{urgent})
		wait(t, s, 2)
		if _, err := os.Stat(shared); !s.Full() || err == nil {
			t.Fatalf("store %d: full %v, reserve %v", i, s.Full(), err)
		}
		s.Append(3, []Row{entry(2)})
		if c := <-s.Durable(); !errors.Is(c.Err, ErrFull) {
			t.Fatalf("store %d: an unmarked row eats the reserve: %+v", i, c)
		}
		if err := s.Reopen(); err != nil || !s.Full() {
			t.Fatalf("store %d: %v, full %v", i, err, s.Full())
		}
	}
	os.Remove(filepath.Join(dir, "junk"))
	for i, s := range stores {
		for n := 0; s.Full() && n < 500; n++ {
			s.Check()
			time.Sleep(10 * time.Millisecond)
		}
		if st, err := os.Stat(shared); s.Full() || err != nil || st.Size() != 12<<20 {
			t.Errorf("store %d: full %v, %v", i, s.Full(), err)
		}
		s.Append(4, []Row{entry(3)})
		wait(t, s, 4)
	}
}

// On another disk than the store's a reserve is of no use to it.
func TestAReserveIsOnTheStoresDisk(t *testing.T) {
	s := open(t, filepath.Join(smallDisk(t, "32m"), "record.db"), Options{Reserve: 1 << 20, ReserveFile: filepath.Join(t.TempDir(), "reserve")})
	if s.o.ReserveFile != s.path+".reserve" {
		t.Error(s.o.ReserveFile)
	}
}

// The reserve is used up too: nothing can be committed, the store says so and comes back when there is room.
// SPEC: STO-005 STO-008
func TestReserveUsedUp(t *testing.T) {
	dir := smallDisk(t, "4m")
	s := open(t, filepath.Join(dir, "record.db"), Options{})
	n, seq := 0, uint64(0)
	fill(t, filepath.Join(dir, "junk"))
	r := entry(0)
	r.Reserve, r.C = true, make([]byte, 32<<10)
	for failed := false; !failed; {
		seq++
		s.Append(seq, []Row{r})
		c := <-s.Durable()
		if failed = c.Err != nil; !failed {
			n++
		}
	}
	if n == 0 || n > 40 {
		t.Errorf("%d rows of 32 KiB out of a reserve of 1 MiB", n)
	}
	_ = s.Reopen() // may fail: there is no room even to copy the WAL back
	os.Remove(filepath.Join(dir, "junk"))
	if err := s.Reopen(); err != nil {
		t.Fatal(err)
	}
	if got := len(rows(t, s)); got < n || got > n+1 {
		t.Errorf("%d rows, %d were acknowledged", got, n)
	}
	s.Append(seq+1, []Row{r})
	wait(t, s, seq+1)
}

// A limit on the size of files fails commits as a disk does; nothing that was acknowledged is lost.
// SPEC: STO-008
func TestFileSizeLimit(t *testing.T) {
	if os.Getenv("PARLEY_STORE_LIMIT") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFileSizeLimit$", "-test.v")
		cmd.Env = append(os.Environ(), "PARLEY_STORE_LIMIT=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	s := open(t, filepath.Join(t.TempDir(), "record.db"), Options{Reserve: -1})
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	limit := func(n uint64) {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: n, Max: was.Max}); err != nil {
			t.Fatal(err)
		}
	}
	limit(256 << 10)
	acked, seq := 0, uint64(0)
	for {
		seq++
		s.Append(seq, []Row{entry(acked)})
		if c := <-s.Durable(); c.Err != nil {
			t.Log(c.Err)
			break
		}
		acked++
	}
	err := s.Reopen() // the file may have to grow past the limit, or not
	t.Logf("reopened under the limit: %v", err)
	limit(was.Cur)
	if err := s.Reopen(); err != nil {
		t.Fatal(err)
	}
	if n := len(rows(t, s)); n < acked || n > acked+1 {
		t.Errorf("%d rows, %d acknowledged", n, acked)
	}
	s.Append(seq+1, []Row{entry(acked)})
	wait(t, s, seq+1)
}
