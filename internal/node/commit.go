// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"example.org/parley/contact"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/store"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/wire"
)

// tx is what one step wants: rows for the disk, and effects that wait for them.
type tx struct {
	rows  []store.Row
	of    []interface{ OnDisk(row int) } // of each row, the statement or receipt in it; nil: a value of this node alone
	after []func(error)                  // what happens once the rows are on disk (nil), or when they never will be
	seq   uint64                         // of the step, once its rows are handed to the writer
	// draw makes the answer of an act, in the goroutine of who asked. The act is answered though its commit fails:
	// nothing was to be recorded, or the session has said it.
	draw func(ctx context.Context, recorded bool) (act.Reply, error)
}

// end carries out the effects of a step: its rows are on disk, or err says why they never will be.
func (t *tx) end(err error) {
	for _, f := range t.after {
		f(err)
	}
}

func (t *tx) write(of interface{ OnDisk(row int) }, r store.Row) {
	t.rows, t.of = append(t.rows, r), append(t.of, of)
}

// entry writes a statement with the bodies that are here.
func (t *tx) entry(e *record.Entry, kind store.RowKind, reserve bool) {
	note, facts, text := e.Pieces()
	t.write(e, store.Row{Kind: kind, Log: e.Log.String(), Index: e.Index, Leaf: e.Leaf, A: note, B: facts, C: text, Reserve: reserve})
}

func (t *tx) receipt(rc *record.Receipt) {
	t.write(rc, store.Row{Kind: store.KindReceipt, Log: rc.Log.String(), Index: rc.Index, A: rc.Note(), Reserve: true})
}

// then adds an effect: do once the rows are on disk, else fail, which may be nil.
func (t *tx) then(do func(), fail func(error)) {
	t.after = append(t.after, func(err error) {
		if err == nil {
			do()
		} else if fail != nil {
			fail(err)
		}
	})
}

// abandon is called when an act is refused: acts decide before they write, so there is nothing to take back.
func (t *tx) abandon(l *Line) {
	if len(t.rows) > 0 {
		l.log.Error("an act was refused after it had written", "rows", len(t.rows))
	}
}

// disk is how the store stands, the steps that wait for it, and what it could not take.
type disk struct {
	seq       uint64    // of the newest step that wrote
	upTo      uint64    // the newest step that is on disk
	waiting   []tx      // steps whose rows are not known to be on disk
	dead      error     // why nothing can be committed, nil while the store works
	since     time.Time // of dead; zero while it is only the start
	retryAt   time.Time
	commitAt  time.Time // newest successful commit
	checkedAt time.Time // its room was
	reopening bool      // the store is tried again, beside the loop
	missed    int       // statements that could not be recorded since the store failed
	owed      []func()  // of them, those that are stated when the store works again

	unread  bool            // the record of the disk has not been read in this life: memory is empty
	isRead  chan struct{}   // closed when it has been
	rows    [2]atomic.Int64 // of it: read, in all
	altered map[int]bool    // rows that are left out, true: the disk altered them; written only while nothing is read
}

// commit hands the step's rows to the writer and keeps its effects until they are durable.
// A step without rows has waited for nothing. SPEC: NOD-001
func (l *Line) commit() {
	t := l.tx
	l.tx = tx{}
	if len(t.rows) == 0 {
		t.end(nil)
		return
	}
	if l.disk.dead != nil {
		t.end(l.disk.unrecorded())
		return
	}
	l.disk.seq++
	t.seq = l.disk.seq
	l.disk.waiting = append(l.disk.waiting, t)
	l.store.Append(l.disk.seq, t.rows)
}

// committed releases the effects of what is on disk, or begins again after a commit that failed.
func (l *Line) committed(c store.Commit) {
	if c.Err != nil {
		l.fail(c.Err)
		return
	}
	l.disk.commitAt, l.disk.upTo = l.now, c.UpTo
	l.release()
}

// maxReleased is how many steps' effects one step of the loop carries out: a commit of bulk holds up nothing.
const maxReleased = 16

// release carries out the effects of steps that are on disk, in their order. What is left comes as a step of its own.
// SPEC: NOD-027
func (l *Line) release() (more bool) {
	n := 0
	for n < min(len(l.disk.waiting), maxReleased) && l.disk.waiting[n].seq <= l.disk.upTo {
		n++
	}
	ready := l.disk.waiting[:n:n]
	l.disk.waiting = l.disk.waiting[n:]
	for _, w := range ready {
		w.end(nil)
	}
	l.sort(maxSorted) // while what is new needs not be read back
	for _, w := range ready {
		for i, of := range w.of {
			if e, ok := of.(*record.Entry); of != nil && !(ok && !l.durable(e)) { // a later row holds it whole
				of.OnDisk(w.rows[i].N)
			}
		}
	}
	l.dirty = l.dirty || n > 0
	if more = len(l.disk.waiting) > 0 && l.disk.waiting[0].seq <= l.disk.upTo; more {
		l.goOn()
	}
	return more
}

// goOn lets another step do what this one leaves: whoever waits for the loop comes between.
func (l *Line) goOn() {
	select {
	case l.more <- struct{}{}:
	default:
	}
}

// fail throws the record's state away: what was signed and not committed never leaves memory.
// Calls and sessions go on; the next run says why it began. SPEC: NOD-002
func (l *Line) fail(err error) {
	for l.release() {
	}
	if l.disk.dead == nil {
		l.disk.since = l.now
		l.log.Error("nothing is recorded until the record has been read anew", "err", err)
	}
	l.disk.dead, l.disk.retryAt = err, l.now.Add(time.Second)
	l.superseded(err)
	waitingNow := l.disk.waiting
	l.disk.waiting, l.run, l.why = nil, nil, "failed"
	for _, w := range waitingNow {
		w.end(l.disk.unrecorded())
	}
	l.dirty = true
	l.tellState()
}

// errStarting stands in for the store while the record is read for the first time.
var errStarting = errors.New("the node is starting")

// early refuses what needs the record before it has been read; ringing, STOP and arming a desk need none.
func (d *disk) early(a act.Act) error {
	rule := act.RuleOf(a)
	if !d.unread || rule&act.Early != 0 || rule&act.Failed != 0 && !d.since.IsZero() {
		return nil
	}
	return d.unrecorded()
}

// starting says how far the start has come, as 5/10, "" when it is over or has failed.
func (d *disk) starting() string {
	if !d.unread || !d.since.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d/%d", d.rows[0].Load(), d.rows[1].Load())
}

// unrecorded is the answer to an act that needs the record while nothing can be committed.
func (d *disk) unrecorded() error {
	if s := d.starting(); s != "" {
		n, of, _ := strings.Cut(s, "/")
		return hint.Later("ring and STOP work; this is possible in a moment", "starting: %s of %s rows of the record are read", n, of)
	}
	if d.unread {
		return hint.New("", "this could not be done: %s", storeWords(d.dead, true)).Way("ringing, voice and STOP work, unrecorded; %v", wayOut(d.dead)).Because(d.dead)
	}
	return hint.New("", "this could not be recorded: %s", storeWords(d.dead, false)).Way("ringing, voice and STOP go on; %v", wayOut(d.dead)).Because(d.dead)
}

// storeWords says to an officer why nothing is recorded; what the disk said is in the log, and in an error's cause.
// SPEC: NOD-017
func storeWords(err error, unread bool) alarm.Detail {
	switch {
	case errors.Is(err, record.ErrAltered):
		return alarm.Say("at.anew")
	case errors.Is(err, errGivenUp):
		return alarm.Say("at.fault")
	case store.NoRoom(err):
		return alarm.Say("at.full")
	case unread || store.Garbled(err):
		return alarm.Say("at.unreadable")
	}
	return alarm.Say("at.store")
}

// wayOut says what an operator can do about a store that fails.
func wayOut(err error) error {
	switch {
	case errors.Is(err, errGivenUp):
		return hint.New("", "the node reads its record again by itself; its log says where the fault was")
	case errors.As(err, new(store.Remote)):
		return hint.New("", "see to the database that keeps the record, and to the way to it; the node tries again by itself")
	case store.Garbled(err):
		return hint.New("", "put the file back from a backup, or move it away: what the other end holds comes back, the private log and who was signed on do not, the node tries again by itself")
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES):
		return hint.New("", "make the file and its directory writable, the node tries again by itself")
	}
	return hint.New("", "free the disk or mend it, the node tries again by itself")
}

// reopen tries the store again, beside the loop: neither a disk that hangs nor a long record holds up a call.
// Recovery is the normal path, the replay of Open. SPEC: NOD-002
func (l *Line) reopen() {
	if l.disk.dead == nil || l.disk.reopening || l.now.Before(l.disk.retryAt) {
		return
	}
	l.disk.reopening = true
	now := l.now
	go func() {
		err := l.store.Reopen()
		m := l.empty()
		if err == nil {
			err = l.read(m, now)
		}
		l.post(func() { l.reopened(m, err) })
		if frugal.Load() {
			debug.SetGCPercent(50)
		}
		debug.FreeOSMemory() // what reading has left behind
	}()
}

// superseded says that another node has taken the record over: this one is to end, or two would speak as one party.
//
// SPEC: NOD-043
func (l *Line) superseded(err error) {
	if f := new(store.Fenced); errors.As(err, &f) && l.fenced.Load() == nil {
		l.fenced.Store(f)
		close(l.over)
	}
}

// Superseded is closed once another node has taken the record over; Successor then says which.
func (l *Line) Superseded() <-chan struct{} { return l.over }

// Successor is the node that has taken the record over, nil while this one has it.
func (l *Line) Successor() *store.Fenced { return l.fenced.Load() }

// lockedFor is how long a start waits for a node of this home that is still ending, before the line is unrecorded.
const lockedFor = 10 * time.Second

func (l *Line) reopened(m *memory, err error) {
	l.disk.reopening = false
	l.dirty = true
	if err == nil {
		err = l.leaveOut(m)
	}
	if held := new(store.Locked); l.disk.unread && errors.As(err, &held) && l.now.Sub(l.started) < lockedFor {
		l.log.Info("waiting for the record: a node that is ending still holds it", "holder", held.Holder)
		l.disk.retryAt = l.now.Add(time.Second / 2)
		return
	}
	l.superseded(err)
	if err != nil {
		if l.disk.since.IsZero() {
			l.disk.since = l.now
			l.log.Error("couldn't read the record: ringing, voice and STOP work, unrecorded", "err", err)
			l.tellState()
		}
		if l.disk.unread {
			l.disk.dead = err
		}
		l.disk.retryAt = l.now.Add(2 * time.Second)
		return
	}
	since, first := l.disk.since, l.disk.unread
	l.disk.dead, l.disk.since, l.disk.unread = nil, time.Time{}, false
	l.adopt(m, first)
	if first {
		l.checks = newChecks(l)
		l.orphans()
		l.checks.begin()
	} else {
		l.endRun("failed")
	}
	go l.audit(m, l.disk.altered)
	l.joining = nil
	l.join()
	l.reoffer()
	l.saveAlarms()
	l.repaired(since)
	l.tellState()
	if first {
		close(l.disk.isRead)
	}
}

// memory is what a store's rows say: the record's state, before the loop goes on with it.
type memory struct {
	l         *Line
	bad       unread
	rec, priv *record.Record
	receipts  map[wire.Hash]struct{}           // of the peer, on their way to the disk
	newest    map[record.LogID]*record.Receipt // that we gave
	local     []store.Row
	touched   map[string]struct{} // items that changed since they were sorted
	left      []store.Row         // that the disk altered, by their places
	behind    []string            // of these, those of a step that changed very many: they are sorted a few a step
	items     *items
	book      *contact.Book
	weighed   []*record.Entry       // of the record, messages, STOPs and words on their class, as far as was looked
	looked    int                   // how many of those that arrived
	tally     contact.Figures       // of the board
	tallied   time.Time             // the minute of tally; zero: something changed since
	cache     map[string]any        // the state of an item, dropped when it is touched
	reg       *register.Register    // nil: to be built again
	volatile  map[*record.Entry]int // commits that an entry still waits for: its header, a body that came later
	showing   map[string]bool       // messages whose *shown* is on its way to the disk
	unheld    []*record.Entry       // ours that the peer does not hold, of which the urgent ones are to be repeated
	toRepeat  int                   // of these, so many at most
	got       []*record.Entry       // entries of the peer that need a receipt
	urgent    bool                  // one of them came by lane, so do their receipts
	answered  time.Time             // when the span of answerEvery began
	answers   int                   // how often was answered in it
}

// empty is the memory of a record without a statement.
func (l *Line) empty() *memory {
	m := &memory{l: l, receipts: map[wire.Hash]struct{}{}, newest: map[record.LogID]*record.Receipt{}, touched: map[string]struct{}{},
		cache: map[string]any{}, volatile: map[*record.Entry]int{}, showing: map[string]bool{}}
	m.book = contact.NewBook(l.cfg.Us.Name, l.cfg.Them.Name)
	m.items = &items{stamps: map[string]*stamp{}, lists: map[string][]*stamp{}, open: map[string][]*stamp{}}
	shared, private := *l.opts.Load(), *l.privOpts.Load()
	shared.Rows, private.Rows = m, m
	m.rec, m.priv = record.New(shared), record.New(private)
	return m
}

// adopt goes on with what was read.
func (l *Line) adopt(m *memory, first bool) {
	l.memory, l.run, l.privRun = m, nil, nil
	for _, p := range []string{l.cfg.Us.Name, l.cfg.Them.Name} { // a sheet may have been taken while it was read
		l.touch(l.rec.SetEnds(p, l.cfg.Ends[p])...)
	}
	l.agree()
	l.issued.look = true
	if first { // later the alarms in memory are newer than those of the disk
		for _, r := range m.local {
			l.restoreLocal(r)
		}
	}
	m.local = nil
	for _, g := range l.rec.Logs() { // the receipt of what came last may not have been made
		if g.Name.Party == l.cfg.Them.Name && g.Held < g.Whole {
			l.got = append(l.got, l.rec.At(record.Place{LogID: g.Name.LogID, Index: g.Whole - 1}))
		}
	}
	l.x.Reset(l.rec)
	if l.peer.streams {
		l.peer.toStream(l.x.Have())
	}
	if l.peer.list != nil {
		l.have(l.peer.list)
	}
	l.peer.list = nil
	if !l.spoke() && l.why == "restart" {
		l.why = "first"
	}
}

// keepOurs remembers the newest receipt that we gave of a log.
func (m *memory) keepOurs(rc *record.Receipt) {
	if n := m.newest[rc.Log.LogID]; n == nil || rc.Whole >= n.Whole {
		m.newest[rc.Log.LogID] = rc
	}
}
