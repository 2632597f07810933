// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// disk is the operating system's, only that a flush takes simulated time and that it can be spoilt.
// What is written and not flushed is in the files all the same, as after a kill -9; power cuts are the store's own tests.
type disk struct {
	vfs.VFSFilename
	name  string
	flush time.Duration // what a sync takes
	write time.Duration // what a write takes: then a kill finds half of a commit
	read  atomic.Int64  // what a read takes: then a start, or an export, takes long
	mood  atomic.Int32
}

// Moods of a disk.
const (
	works      = iota
	fails      // nothing can be written
	failsAfter // a sync says that it failed, and all is on disk
)

var disks atomic.Int64

func newDisk(t testing.TB, flush time.Duration) *disk {
	d := &disk{VFSFilename: vfs.Find("os").(vfs.VFSFilename), name: fmt.Sprint("sim", disks.Add(1)), flush: flush}
	vfs.Register(d.name, d)
	t.Cleanup(func() { vfs.Unregister(d.name) })
	return d
}

func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if d.mood.Load() == fails {
		return nil, flags, sqlite3.CANTOPEN
	}
	f, out, err := d.VFSFilename.OpenFilename(name, flags)
	if err != nil {
		return nil, out, err
	}
	return file{f, d}, out, nil
}

type file struct {
	vfs.File
	d *disk
}

func (f file) WriteAt(p []byte, off int64) (int, error) {
	if f.d.mood.Load() == fails {
		return 0, sqlite3.IOERR_WRITE
	}
	if f.d.write > 0 {
		time.Sleep(f.d.write)
	}
	return f.File.WriteAt(p, off)
}

func (f file) ReadAt(p []byte, off int64) (int, error) {
	time.Sleep(time.Duration(f.d.read.Load()))
	return f.File.ReadAt(p, off)
}

// Sync reaches no platter: a test loses no power. The time that it takes is that of the bubble.
func (f file) Sync(vfs.SyncFlag) error {
	time.Sleep(f.d.flush)
	if f.d.mood.Load() != works {
		return sqlite3.IOERR_FSYNC
	}
	return nil
}

// copyFiles gives another life the files as the one before left them.
func copyFiles(t testing.TB, from, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"record.db", "record.db-wal"} {
		b, err := os.ReadFile(filepath.Join(from, n))
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, n), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
