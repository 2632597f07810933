// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"time"

	"example.org/parley/internal/fault"
	"example.org/parley/internal/store"
	"example.org/parley/record"
)

// stored is a row of the store, read: its statement or its receipt.
type stored struct {
	store.Row
	checked *record.Checked
	receipt *record.Receipt
	err     error
}

// batchRows is how many rows one goroutine reads at a time.
const batchRows = 256

// read makes the record's state from what the store holds, through the same Add as live statements. The store, the
// reading of the rows and the adding go on beside each other; signatures were checked before the rows were
// written, and are checked again by audit. It touches nothing that the loop owns.
func (l *Line) read(m *memory, now time.Time) error {
	l.disk.rows[0].Store(0)
	l.disk.rows[1].Store(int64(l.store.Rows()))
	batches := make(chan chan []stored, 2*runtime.GOMAXPROCS(0))
	var err error
	go func() { // ends with the store's rows, at the latest when the store is closed
		defer close(batches)
		var rows []store.Row
		hand := func() {
			out, of := make(chan []stored, 1), rows
			rows = nil
			batches <- out
			go func() { out <- l.parse(of) }()
		}
		err = l.store.Replay(func(r store.Row) error {
			if rows = append(rows, r); len(rows) == batchRows {
				hand()
			}
			return nil
		})
		hand()
	}()
	for out := range batches {
		for _, s := range <-out {
			l.disk.rows[0].Add(1)
			if altered, bad := l.disk.altered[s.N]; s.N > 0 && bad {
				if altered {
					m.left = append(m.left, store.Row{Kind: s.Kind, Log: s.Log, Index: s.Index})
				}
				continue
			}
			l.add(m, s)
		}
		l.index(m, now)
	}
	return err
}

func (l *Line) parse(rows []store.Row) []stored {
	out := make([]stored, len(rows))
	for i, r := range rows {
		s := stored{Row: r}
		switch r.Kind {
		case store.KindEntry:
			s.checked, s.err = l.opts.Load().CheckStored(r.A, r.B, r.C)
		case store.KindPrivate:
			s.checked, s.err = l.privOpts.Load().CheckStored(r.A, r.B, r.C)
		case store.KindReceipt:
			s.receipt, s.err = l.opts.Load().CheckStoredReceipt(r.A)
		}
		out[i] = s
	}
	return out
}

// add takes one row into the memory.
func (l *Line) add(m *memory, s stored) {
	defer fault.Caught(l.log, "a row of the record", func() {
		l.log.Error("the record is read without a row: this program cannot take it in", "row", s.N, "log", s.Log, "index", s.Index)
		m.bad.add(s.N, errPoison)
	})
	var a record.Added
	switch {
	case s.err != nil:
	case s.Kind == store.KindEntry:
		a, s.err = m.rec.AddStored(s.checked, s.N)
	case s.Kind == store.KindPrivate:
		a, s.err = m.priv.AddStored(s.checked, s.N)
	case s.Kind == store.KindReceipt:
		for _, e := range m.rec.ApplyReceipt(s.receipt) {
			m.touched[m.rec.ItemOf(e)] = struct{}{}
		}
		s.receipt.OnDisk(s.N)
		if s.receipt.By == l.cfg.Us.Name {
			m.keepOurs(s.receipt)
		}
	case s.Kind == store.KindLocal:
		m.local = append(m.local, s.Row)
	}
	for _, key := range a.Touched {
		m.touched[key] = struct{}{}
	}
	if s.err != nil {
		l.log.Error("a stored row is not sound", "row", s.N, "log", s.Log, "index", s.Index, "err", s.err)
	}
}

// audit checks, once and slowly, the signatures and bodies of what was read. A row that was altered on the disk is named,
// and the record is read again without it: what the other end holds of it comes back. SPEC: NOD-014
func (l *Line) audit(m *memory, known map[int]bool) {
	for n, end, found := 0, int(l.disk.rows[1].Load()), false; ; {
		var rows []store.Row
		err := l.store.Read(n, batchRows, func(r store.Row) error { rows = append(rows, r); return nil })
		if err != nil {
			return // the store failed: it is read, and audited, anew
		}
		if len(rows) == 0 || n >= end {
			if found {
				l.post(func() { l.readAnew(m) })
			}
			return
		}
		began := time.Now()
		for _, r := range rows {
			n = r.N
			if _, before := known[n]; before {
				continue
			}
			if err := sound(l.opts.Load(), l.privOpts.Load(), r); err != nil {
				l.log.Error("a row of the record was altered on the disk", "file", l.cfg.DB, "row", n, "log", r.Log, "index", r.Index, "err", err)
				m.bad.add(n, record.ErrAltered)
				found = true
			}
		}
		select {
		case <-l.quit:
			return
		case <-time.After(9 * time.Since(began)): // a tenth of one core at most: who sends meanwhile waits no longer
		}
	}
}

// hungDisk is how long reading back waits for a disk before the store counts as failed: ringing and voice wait as long.
const hungDisk = time.Second

// busyDisk is how long reading back waits for who can wait, as an export.
const busyDisk = time.Minute

// unread is what could not be read back of what a memory stands on. Any goroutine may add to it.
type unread struct {
	mu      sync.Mutex
	altered map[int]bool // rows; false: it is this program that cannot take them in
	err     error        // the disk failed: nothing more is read from it
}

// errPoison: a row is what was signed, and this program fails at it. It is left out as one that was altered is, and is no
// evidence against anybody. SPEC: NOD-044
var errPoison = fmt.Errorf("this program fails at it: %w", record.ErrAltered)

func (u *unread) add(n int, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if errors.Is(err, record.ErrAltered) {
		if u.altered == nil {
			u.altered = map[int]bool{}
		}
		u.altered[n] = !errors.Is(err, errPoison)
	} else if u.err == nil {
		u.err = fmt.Errorf("couldn't read row %d back: %w", n, err)
	}
}

func (u *unread) failed() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}

// Row reads back what the record does not hold in memory. A disk that has failed once is waited for no more.
func (m *memory) Row(n int) (note, facts, text []byte, err error) {
	if err := m.bad.failed(); err != nil {
		return nil, nil, nil, err
	}
	r, err := m.l.store.Row(n, hungDisk)
	return r.A, r.B, r.C, err
}

// Rows reads many back, for who is patient: what a row holds does not change, and a store that failed is opened anew.
func (m *memory) Rows(ns []int, buf []byte) func(func(i int, note, facts, text []byte)) ([]byte, error) {
	answer := m.l.store.Several(ns, buf)
	return func(each func(i int, note, facts, text []byte)) ([]byte, error) {
		for end := time.Now().Add(busyDisk); ; {
			rows, grown, err := answer(busyDisk)
			for i, r := range rows {
				if r.N > 0 {
					each(i, r.A, r.B, r.C)
				}
			}
			if err == nil || time.Now().After(end) {
				return grown, err
			}
			select {
			case <-m.l.quit:
				return nil, err
			case <-time.After(hungDisk):
			}
			answer = m.l.store.Several(ns, nil) // who hangs may yet write to what was lent
		}
	}
}

// Unread begins again with what the disk holds: without the row where the disk has altered it.
func (m *memory) Unread(n int, err error) {
	m.bad.add(n, err)
	go m.l.post(func() { m.l.readAnew(m) })
}

// readAnew throws a memory away that rests on what cannot be read back, unless another has taken its place or will.
func (l *Line) readAnew(m *memory) {
	if l.memory != m || l.disk.dead != nil {
		return
	}
	if err := l.leaveOut(m); err != nil {
		l.fail(err)
	}
}

// leaveOut says why a memory cannot be gone on with, nil where it can; the rows that the disk altered are left out of
// the next.
func (l *Line) leaveOut(m *memory) error {
	m.bad.mu.Lock()
	defer m.bad.mu.Unlock()
	if len(m.bad.altered) == 0 {
		return m.bad.err
	}
	l.disk.altered = maps.Clone(l.disk.altered)
	maps.Copy(l.disk.altered, m.bad.altered)
	return fmt.Errorf("%s: %d rows were altered on the disk or are left out by a fault of this program: the record is read without them (%w)", l.cfg.DB, len(l.disk.altered), record.ErrAltered)
}

// item gives an item of either record, and that record.
func (m *memory) item(key string) (*record.Item, *record.Record) {
	if it := m.priv.Item(key); it != nil {
		return it, m.priv
	}
	return m.rec.Item(key), m.rec
}
