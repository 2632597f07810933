// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/sys/unix"
)

// takeLock holds path for this process; the kernel lets go when the process ends, however it ends.
// SPEC: STO-004
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		b, _ := os.ReadFile(path)
		f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("couldn't take the lock %s: %w", path, err)
		}
		holder := strings.TrimSpace(string(b))
		if holder == "" {
			holder = "another process"
		}
		return nil, &Locked{Path: strings.TrimSuffix(path, ".lock"), Holder: holder}
	}
	return f, nil
}

// signLock writes our name into the lock, once the record is there: a lock with a name beside no record says that the
// record has gone. Without the name the lock still holds; a full disk must not keep the line shut.
func signLock(f *os.File) {
	me := fmt.Sprintf("process %d (%s)\n", os.Getpid(), filepath.Base(os.Args[0]))
	_ = f.Truncate(0)
	if _, err := f.WriteAt([]byte(me), 0); err != nil {
		_ = f.Truncate(0)
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// walFile is the WAL beside SQLite's back, while SQLite has nothing in it.
type walFile interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	Close() error
}

type osFile struct{ *os.File }

// Sync flushes what was written, and the size where it changed.
func (f osFile) Sync() error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// openWAL opens the WAL if there is one.
func (s *Store) openWAL() (walFile, error) {
	if s.o.wal != nil {
		return s.o.wal(s.path + "-wal")
	}
	f, err := os.OpenFile(s.path+"-wal", os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return osFile{f}, err
}

// rewriteWAL makes the disk hold what the page cache shows of the WAL. In place: a sector that tears is
// one that the disk did not have.
// SPEC: STO-016
func (s *Store) rewriteWAL() error {
	f, err := s.openWAL()
	if f == nil || err != nil {
		return err
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, math.MaxInt64))
	if err == nil && len(b) > 0 {
		_, err = f.WriteAt(b, 0)
		err = errors.Join(err, f.Sync())
	}
	return errors.Join(err, f.Close())
}

// extendWAL gives the empty WAL its blocks, so that a flush need not write the file's size too: half as much
// again in rate. Zeros are no frames to SQLite. It is no harm if it fails, and not done where room is short.
func (s *Store) extendWAL() {
	if free := s.free(); s.full.Load() || free >= 0 && free < 4*walIdle {
		return
	}
	f, err := s.openWAL()
	if f == nil || err != nil {
		return
	}
	defer f.Close()
	if _, err := f.ReadAt(make([]byte, 1), 0); errors.Is(err, io.EOF) && writeZeros(f, walIdle+walIdle/4) == nil {
		_ = f.Sync()
	}
}

// NoRoom says that an error means: the disk is full.
func NoRoom(err error) bool {
	return errors.Is(err, sqlite3.FULL) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || code(err, "53100")
}

// oneDisk reports whether two directories are on one file system.
func oneDisk(a, b string) bool {
	var of [2]unix.Stat_t
	return unix.Stat(a, &of[0]) == nil && unix.Stat(b, &of[1]) == nil && of[0].Dev == of[1].Dev
}

// reserving is held while a reserve is made or given back: stores share it.
var reserving sync.Mutex

// reserved reports whether the reserve is there, whole.
func (s *Store) reserved() bool {
	st, err := os.Stat(s.o.ReserveFile)
	return err == nil && st.Size() == s.o.Reserve
}

// free is the disk's room for us, or -1 where it cannot be asked.
func (s *Store) free() int64 {
	var st unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(s.path), &st); err != nil {
		return -1
	}
	return int64(st.Bavail) * st.Bsize
}

// low is the room below which the disk counts as full: an eighth of the reserve, so that the reserve
// is given back before a commit fails and not after.
func (s *Store) low() int64 { return s.o.Reserve / 8 }

// makeRoom gives the reserve back if the disk is full.
// SPEC: STO-005
func (s *Store) makeRoom() {
	if s.o.Reserve < 0 {
		return
	}
	reserving.Lock()
	defer reserving.Unlock()
	if f := s.free(); f >= 0 && f < s.low() {
		s.full.Store(true)
	}
	if s.full.Load() {
		_ = os.Remove(s.o.ReserveFile)
	}
}

// refill makes the reserve where it is missing and there is room for it, after a full disk for twice
// as much; then the disk is full no longer. The blocks are allocated, not only promised, so a quota counts too.
func (s *Store) refill() {
	if s.o.Reserve < 0 {
		s.full.Store(false)
		return
	}
	reserving.Lock()
	defer reserving.Unlock()
	if s.reserved() {
		s.full.Store(false)
		return
	}
	room := s.o.Reserve
	if s.full.Load() {
		room *= 2
	}
	f := s.free()
	if (f < 0 || f >= room+s.low()) && allocate(s.o.ReserveFile, room, s.o.Reserve) == nil {
		s.full.Store(false)
		return
	}
	_ = os.Remove(s.o.ReserveFile)
	s.full.Store(true)
}

// space is asked by the writer before each commit (two system calls): the disk is full too once another store has given
// back the reserve that both share, and is so no longer once it is there again.
func (s *Store) space() {
	if s.o.Reserve < 0 {
		return
	}
	switch there, full := s.reserved(), s.full.Load(); {
	case full && (there || s.free() >= 2*s.o.Reserve+s.low()):
		s.refill()
	case full:
	case !there:
		s.full.Store(true)
	default:
		s.makeRoom()
	}
}

// allocate makes a file whose n blocks are really there, then cuts it to keep.
func allocate(path string, n, keep int64) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	err = unix.Fallocate(int(f.Fd()), 0, 0, n)
	if errors.Is(err, unix.EOPNOTSUPP) {
		err = writeZeros(f, n)
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(keep), f.Sync())
}

func writeZeros(f io.WriterAt, n int64) error {
	zero := make([]byte, 1<<20)
	for off := int64(0); off < n; off += int64(len(zero)) {
		if _, err := f.WriteAt(zero[:min(int64(len(zero)), n-off)], off); err != nil {
			return err
		}
	}
	return nil
}
