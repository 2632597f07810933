// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/exchange"
	"example.org/parley/internal/store"
	"example.org/parley/record"
	"example.org/parley/wire"
)

// tx is what one step wants: rows for the disk, and effects that wait for them.
type tx struct {
	rows  []store.Row
	after []effect
	got   []*record.Entry // entries of the peer that need a receipt
	lane  bool            // they came by lane, so does the receipt
	said  *act.Reply      // what the act answers though its commit fails: the session has said it
}

// effect is one thing that happens once the step's rows are on disk, or what happens when they never will be.
type effect struct {
	do   func()
	fail func(error)
}

// waiting are the effects of one committed step.
type waiting struct {
	seq   uint64
	after []effect
}

func (w waiting) fail(err error) {
	for _, e := range w.after {
		if e.fail != nil {
			e.fail(err)
		}
	}
}

func (t *tx) write(rows ...store.Row) { t.rows = append(t.rows, rows...) }

func (t *tx) then(do func(), fail func(error)) { t.after = append(t.after, effect{do, fail}) }

// abandon is called when an act is refused: acts decide before they write, so there is nothing to take back.
func (t *tx) abandon(l *Line) {
	if len(t.rows) > 0 {
		l.log.Error("an act was refused after it had written", "rows", len(t.rows))
	}
}

// commit hands the step's rows to the writer and keeps its effects until they are durable.
// A step without rows has waited for nothing. SPEC: NOD-001
func (l *Line) commit() {
	t := l.tx
	l.tx = tx{}
	if len(t.rows) == 0 {
		for _, e := range t.after {
			e.do()
		}
		return
	}
	if l.dead != nil {
		waiting{after: t.after}.fail(l.unrecorded())
		return
	}
	l.seq++
	l.waiting = append(l.waiting, waiting{l.seq, t.after})
	l.store.Append(l.seq, t.rows)
}

// committed releases the effects of what is on disk, or begins again after a commit that failed.
func (l *Line) committed(c store.Commit) {
	if c.Err != nil {
		l.fail(c.Err)
		return
	}
	l.commitAt, l.commitDur = l.now, c.Took
	n := 0
	for n < len(l.waiting) && l.waiting[n].seq <= c.UpTo {
		n++
	}
	ready := l.waiting[:n:n]
	l.waiting = l.waiting[n:]
	for _, w := range ready {
		for _, e := range w.after {
			e.do()
		}
	}
	l.dirty = true
}

// fail throws the record's state away: what was signed and not committed never leaves memory.
// Calls and sessions go on; the next run says why it began. SPEC: NOD-002
func (l *Line) fail(err error) {
	if l.dead == nil {
		l.deadSince = l.now
		l.log.Error("couldn't commit: nothing is recorded until the store works again", "err", err)
	}
	l.dead, l.retryAt = err, l.now.Add(time.Second)
	waitingNow := l.waiting
	l.waiting, l.run, l.why = nil, nil, "failed"
	for _, w := range waitingNow {
		w.fail(l.unrecorded())
	}
	l.dirty = true
	l.tellState()
}

// unrecorded is the answer to an act that states something while nothing can be committed.
func (l *Line) unrecorded() error {
	return &act.Error{
		What: fmt.Sprintf("this could not be recorded: the store fails (%v)", l.dead),
		Hint: "ringing, voice and STOP go on; free the disk or mend it, the node tries again by itself",
	}
}

// reopen tries the store again: recovery is the normal path, the replay of Open.
func (l *Line) reopen() {
	if l.dead == nil || l.now.Before(l.retryAt) {
		return
	}
	if err := l.store.Reopen(); err != nil {
		l.retryAt = l.now.Add(2 * time.Second)
		return
	}
	if err := l.replay(); err != nil {
		l.log.Error("couldn't replay the store", "err", err)
		l.retryAt = l.now.Add(5 * time.Second)
		return
	}
	l.log.Info("the store works again", "unrecorded_since", l.deadSince)
	since := l.deadSince
	l.dead = nil
	l.endRun("failed")
	l.reoffer()
	l.repaired(since)
	l.tellState()
	l.dirty = true
}

// replay makes the record's state from what the store holds, through the same Add as live statements.
func (l *Line) replay() error {
	l.replaying = true
	defer func() { l.replaying = false }()
	l.opts = l.options(false)
	rec, priv := record.New(l.opts), record.New(l.options(true))
	l.receipts, l.showing = map[wire.Hash]struct{}{}, map[string]bool{}
	l.ours, l.newest = map[record.Place]*record.Receipt{}, map[record.LogName]*record.Receipt{}
	l.volatile, l.cache, l.run, l.privRun = map[*record.Entry]struct{}{}, map[string]any{}, nil, nil
	l.items, l.touched = nil, map[string]struct{}{}
	err := l.store.Replay(func(r store.Row) error {
		switch r.Kind {
		case store.KindEntry:
			if _, err := rec.Add(r.A, r.B, r.C); err != nil {
				l.log.Error("a stored entry is not sound", "log", r.Log, "index", r.Index, "err", err)
			}
		case store.KindPrivate:
			if _, err := priv.Add(r.A, r.B, r.C); err != nil {
				l.log.Error("a stored private entry is not sound", "log", r.Log, "err", err)
			}
		case store.KindReceipt:
			rc, _, err := rec.AddReceipt(r.A)
			if err != nil {
				l.log.Error("a stored receipt does not fit", "log", r.Log, "err", err)
				return nil
			}
			l.receipts[rc.Leaf()] = struct{}{}
			if rc.By == l.cfg.Us.Name {
				l.keepOurs(rc)
			}
		case store.KindBody:
			e := rec.At(place(r))
			if e == nil || e.Leaf != r.Leaf {
				return nil
			}
			_, _ = rec.Add(e.Note, r.B, r.C)
		case store.KindLocal:
			return l.restoreLocal(r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.rec, l.priv = rec, priv
	if l.x == nil {
		l.x = exchange.New(rec, l.cfg.Us.Name)
	} else {
		l.x.Reset(rec)
		if l.streamUp {
			l.toStream(l.x.Have())
		}
	}
	if !l.spoke() && l.why == "restart" {
		l.why = "first"
	}
	return nil
}

// place is where a row's entry stands; a name that the store cannot have written gives no place.
func place(r store.Row) record.Place {
	n, err := record.ParseLogName(r.Log)
	if err != nil {
		return record.Place{}
	}
	return record.Place{Party: n.Party, LogID: n.LogID, Index: r.Index}
}

// keepOurs remembers a receipt that we gave, to send it again whenever its statement comes again.
func (l *Line) keepOurs(rc *record.Receipt) {
	l.ours[rc.Entry.Place] = rc
	if n := l.newest[rc.Log]; n == nil || rc.Whole >= n.Whole {
		l.newest[rc.Log] = rc
	}
}
