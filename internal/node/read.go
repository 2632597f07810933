// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"time"

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
	l.rows[0].Store(0)
	l.rows[1].Store(int64(l.store.Rows()))
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
			l.rows[0].Add(1)
			if _, bad := l.altered[s.N]; s.N > 0 && bad {
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
			s.checked, s.err = l.opts.CheckStored(r.A, r.B, r.C)
		case store.KindPrivate:
			s.checked, s.err = l.privOpts.CheckStored(r.A, r.B, r.C)
		case store.KindReceipt:
			s.receipt, s.err = l.opts.CheckStoredReceipt(r.A)
		}
		out[i] = s
	}
	return out
}

// add takes one row into the memory.
func (l *Line) add(m *memory, s stored) {
	switch {
	case s.err != nil:
	case s.Kind == store.KindEntry:
		var a record.Added
		a, s.err = m.rec.AddStored(s.checked, s.N)
		for _, key := range a.Touched {
			m.touched[key] = struct{}{}
		}
	case s.Kind == store.KindPrivate:
		_, s.err = m.priv.AddStored(s.checked, s.N)
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
	if s.err != nil {
		l.log.Error("a stored row is not sound", "row", s.N, "log", s.Log, "index", s.Index, "err", s.err)
	}
}

// audit checks, once and slowly, the signatures of what was read. A row that was altered on the disk is named, and
// the record is read again without it: what the other end holds of it comes back. SPEC: NOD-014
func (l *Line) audit(known map[int]struct{}) {
	altered := maps.Clone(known)
	for n, end := 0, int(l.rows[1].Load()); n < end; {
		var rows []store.Row
		err := l.store.Read(n, batchRows, func(r store.Row) error { rows = append(rows, r); return nil })
		if err != nil || len(rows) == 0 {
			return // the store failed: it is read, and audited, anew
		}
		began := time.Now()
		for _, r := range rows {
			var err error
			switch r.Kind {
			case store.KindEntry:
				_, err = l.opts.Check(r.A, r.B, r.C)
			case store.KindPrivate:
				_, err = l.privOpts.Check(r.A, r.B, r.C)
			case store.KindReceipt:
				_, err = l.opts.CheckReceipt(r.A)
			}
			if _, before := known[r.N]; err != nil && !before {
				l.log.Error("a row of the record was altered on the disk", "file", l.cfg.DB, "row", r.N, "log", r.Log, "index", r.Index, "err", err)
				altered[r.N] = struct{}{}
			}
			n = r.N
		}
		select {
		case <-l.quit:
			return
		case <-time.After(9 * time.Since(began)): // a tenth of one core at most: who sends meanwhile waits no longer
		}
	}
	if len(altered) > len(known) {
		l.post(func() { l.foundAltered(altered) })
	}
}

// foundAltered begins again without the rows that were altered on the disk.
func (l *Line) foundAltered(rows map[int]struct{}) {
	if l.dead != nil {
		return // it is read, and audited, anew
	}
	l.altered = rows
	l.fail(fmt.Errorf("%s: %d rows were altered on the disk, the record is read without them", l.cfg.DB, len(rows)))
}

// hungDisk is how long reading back waits for a disk before the store counts as failed: ringing and voice wait as long.
const hungDisk = time.Second

// Row reads back what the record does not hold in memory.
func (l *Line) Row(n int) (note, facts, text []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), hungDisk)
	defer cancel()
	r, err := l.store.Row(ctx, n)
	return r.A, r.B, r.C, err
}

// Unread begins again with what the disk holds: without the row where the disk has altered it.
func (l *Line) Unread(n int, err error) {
	go l.post(func() {
		switch {
		case l.dead != nil: // it is read anew
		case errors.Is(err, record.ErrAltered):
			altered := maps.Clone(l.altered)
			altered[n] = struct{}{}
			l.foundAltered(altered)
		default:
			l.fail(fmt.Errorf("couldn't read row %d back: %w", n, err))
		}
	})
}
