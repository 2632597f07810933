// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// crashDisk is a disk in memory behind SQLite's file interface. Writes go to a page cache; a sync brings
// them to the disk; a power cut keeps of what was not synced any 512-byte sectors it likes.
// A kill (of the process) loses nothing of the cache; every handle of the dead process fails.
type crashDisk struct {
	mu    sync.Mutex
	rnd   *rand.Rand
	files map[string]*image
	life  int // handles of an earlier life fail
	// after counts down to the trouble; 0: none is planned
	after   int
	trouble trouble
	syncs   int
}

type trouble int

const (
	powerCut     trouble = iota // all that was not synced is at the mercy of the disk
	kill                        // the process ends, the page cache stays
	syncFails                   // an error, the cache is clean, the disk has nothing (as Linux does it)
	syncPersists                // an error although all was written
	writeFails                  // no room
	troubles
)

func (t trouble) String() string {
	return []string{"power cut", "kill", "sync fails", "sync fails yet persists", "write fails"}[t]
}

type image struct {
	cache, disk []byte
	pending     []change
}

type change struct {
	off  int64
	data []byte // nil: truncate to off
}

func newCrashDisk(seed uint64) *crashDisk {
	return &crashDisk{rnd: rand.New(rand.NewPCG(seed, 1)), files: map[string]*image{}}
}

// plan lets trouble come at the n-th write or sync from now.
func (d *crashDisk) plan(n int, t trouble) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.after, d.trouble = n, t
}

// cut is a power cut now.
func (d *crashDisk) cut() {
	d.life++
	keep := d.rnd.IntN(4) // 0: nothing of it, 1: all of it, else any sectors
	for _, im := range d.files {
		for _, c := range im.pending {
			im.disk = apply(im.disk, d.survives(c, keep))
		}
		im.pending, im.cache = nil, slices.Clone(im.disk)
	}
}

// survives gives the parts of an unsynced change that reached the disk.
func (d *crashDisk) survives(c change, keep int) []change {
	switch {
	case keep == 0, c.data == nil && keep > 1 && d.rnd.IntN(2) == 0:
		return nil
	case keep == 1, c.data == nil:
		return []change{c}
	}
	var out []change
	for i := 0; i < len(c.data); {
		n := min(512-int(c.off+int64(i))%512, len(c.data)-i)
		if d.rnd.IntN(2) == 0 {
			out = append(out, change{c.off + int64(i), c.data[i : i+n]})
		}
		i += n
	}
	return out
}

func apply(b []byte, cs []change) []byte {
	for _, c := range cs {
		switch end := int(c.off) + len(c.data); {
		case c.data == nil && int(c.off) <= len(b):
			b = b[:c.off]
			continue
		case end > len(b):
			b = append(b, make([]byte, end-len(b))...)
		}
		copy(b[c.off:], c.data)
	}
	return b
}

// due reports that the planned trouble has come with this operation.
func (d *crashDisk) due(sync bool) bool {
	if d.after == 0 || d.trouble == writeFails && sync || (d.trouble == syncFails || d.trouble == syncPersists) && !sync {
		return false
	}
	d.after--
	return d.after == 0
}

func (d *crashDisk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	im := d.files[name]
	if im == nil {
		if flags&vfs.OPEN_CREATE == 0 {
			return nil, flags, sqlite3.CANTOPEN
		}
		im = &image{}
		d.files[name] = im
	}
	return &handle{d, im, d.life}, flags, nil
}

// wal is the WAL for those who go behind SQLite's back. Of what extends it it takes 64 KiB, so that
// these tests do not spend their time on five MiB of zeros.
func (d *crashDisk) wal(name string) (walFile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	im := d.files[name]
	if im == nil {
		return nil, nil
	}
	return walHandle{&handle{d, im, d.life}}, nil
}

type walHandle struct{ *handle }

func (h walHandle) Sync() error { return h.handle.Sync(0) }

func (h walHandle) WriteAt(p []byte, off int64) (int, error) {
	if len(bytes.Trim(p, "\x00")) > 0 {
		return h.handle.WriteAt(p, off)
	}
	if off < 64<<10 {
		if _, err := h.handle.WriteAt(p[:min(len(p), 64<<10)], off); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (d *crashDisk) Delete(name string, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, name)
	return nil
}

func (d *crashDisk) Access(name string, _ vfs.AccessFlag) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[name] != nil, nil
}

func (d *crashDisk) FullPathname(name string) (string, error) { return name, nil }

// handle is an open file of one life of the process.
type handle struct {
	d    *crashDisk
	im   *image
	life int
}

func (h *handle) enter() error {
	h.d.mu.Lock()
	if h.life != h.d.life {
		h.d.mu.Unlock()
		return sqlite3.IOERR
	}
	return nil
}

func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	if err := h.enter(); err != nil {
		return 0, err
	}
	defer h.d.mu.Unlock()
	if off >= int64(len(h.im.cache)) {
		return 0, io.EOF
	}
	n := copy(p, h.im.cache[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) WriteAt(p []byte, off int64) (int, error) {
	if err := h.change(change{off, append([]byte{}, p...)}); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (h *handle) Truncate(size int64) error { return h.change(change{off: size}) }

func (h *handle) change(c change) error {
	if err := h.enter(); err != nil {
		return err
	}
	defer h.d.mu.Unlock()
	due := h.d.due(false)
	if due && h.d.trouble == writeFails {
		return sqlite3.FULL
	}
	h.im.cache = apply(h.im.cache, []change{c})
	h.im.pending = append(h.im.pending, c)
	return h.trouble(due)
}

func (h *handle) Sync(vfs.SyncFlag) error {
	if err := h.enter(); err != nil {
		return err
	}
	defer h.d.mu.Unlock()
	h.d.syncs++
	due := h.d.due(true)
	if due && h.d.trouble == syncFails {
		h.im.pending = nil
		return sqlite3.IOERR_FSYNC
	}
	if due && h.d.trouble != syncPersists {
		return h.trouble(due) // it strikes before the sync is through
	}
	h.im.disk = apply(h.im.disk, h.im.pending)
	h.im.pending = nil
	if due {
		return sqlite3.IOERR_FSYNC
	}
	return nil
}

func (h *handle) trouble(due bool) error {
	switch {
	case !due:
		return nil
	case h.d.trouble == kill:
		h.d.life++
	case h.d.trouble == powerCut:
		h.d.cut()
	}
	return sqlite3.IOERR
}

func (h *handle) Size() (int64, error) {
	if err := h.enter(); err != nil {
		return 0, err
	}
	defer h.d.mu.Unlock()
	return int64(len(h.im.cache)), nil
}

func (h *handle) Close() error                     { return nil }
func (h *handle) Lock(vfs.LockLevel) error         { return nil }
func (h *handle) Unlock(vfs.LockLevel) error       { return nil }
func (h *handle) CheckReservedLock() (bool, error) { return false, nil }
func (h *handle) SectorSize() int                  { return 4096 }

func (h *handle) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return vfs.IOCAP_POWERSAFE_OVERWRITE // as the real one says of itself
}
