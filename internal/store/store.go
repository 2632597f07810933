// SPDX-License-Identifier: Apache-2.0

// Package store keeps one line's record on disk: bytes and places, in the order in which they were committed.
//
// It is one SQLite file (WAL, flushed with each commit) with one connection and one writer goroutine. The loop of
// a line appends numbered rows and never waits; the writer commits all that wait together with one flush
// and reports the highest number that is on disk. Effects that tell anybody about a row wait for that
// report: remember, then say, then show.
//
// What it is not: it knows no kinds and judges nothing; every view is rebuilt from Replay. It is no queue
// and no index: look-ups are by place, in the record's memory.
//
// Crash order, which everything here serves:
//   - A row is on disk when the WAL was flushed after its commit; nothing is reported before.
//   - After a kill or a failed sync the page cache may show what the disk has not. So every open makes
//     wal_checkpoint(TRUNCATE) succeed before a single row is handed out; else there is no store.
//   - A failed commit may have persisted all the same, and what was signed behind it stands on it. So it fails
//     everything queued behind it, and the writer takes nothing until Reopen; what then turns up is Replay's.
//   - A full disk: a reserve file is given back to the disk, and rows marked Reserve go on being committed.
//
// Spec: spec/store.md.
package store

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"example.org/parley/wire"
)

// RowKind says what a row holds. The numbers are on disk: never renumber.
type RowKind int

const (
	KindEntry   RowKind = 1 // shared statement: A note, B facts, C text (absent bodies nil)
	KindReceipt RowKind = 2 // A note
	KindSheet   RowKind = 3 // A note
	KindLocal   RowKind = 4 // Log is a key, A its newest value; A nil forgets the key
	KindPrivate RowKind = 5 // as KindEntry, of a private log
)

// Row is what is stored: bytes and their place. The store never looks into A, B and C.
type Row struct {
	N       int // order of commit: given by Append
	Kind    RowKind
	Log     string
	Index   int
	Leaf    wire.Hash
	A, B, C []byte
	// Reserve: this row is still taken when the disk is full (STOP, call outcomes, steps, receipts of those).
	Reserve bool
}

// Local makes the row that remembers a value of this node alone: alarms, desks, series.
func Local(key string, value []byte) Row { return Row{Kind: KindLocal, Log: key, A: value} }

// Commit reports what is on disk. With Err nil everything numbered up to UpTo is. With Err the writer has
// stopped: everything after UpTo is not known to be on disk, and nothing is taken until Reopen.
type Commit struct {
	UpTo uint64
	Err  error
}

// Options of a store. The zero value is right for a node.
type Options struct {
	// Reserve is the size of the file that is given back to a full disk: 64 MiB if 0, none if negative.
	Reserve int64
	// ReserveFile is that file where several stores of one disk share it, "" for one beside the store. On another disk than
	// the store's it would be of no use, and the store has its own.
	ReserveFile string
	// VFS is the name of a registered SQLite VFS, "" for the operating system's.
	VFS string
	// Postgres is the URL of a database of PostgreSQL that keeps the record in place of a file, "" for none. Name is the
	// record's name there; what is at path is then the lock of this machine alone.
	Postgres, Name string
	// Look opens a record of PostgreSQL for reading alone: it is taken from nobody, and takes no rows.
	Look bool

	synchronous string                        // "" and FULL: each commit is flushed; tests hold controls against it
	wal         func(string) (walFile, error) // of a VFS that is not the operating system's
}

// flushes reports that each commit ends with a flush of the WAL. It is ours, not SQLite's: fdatasync, since the WAL
// has its blocks, and while the disk is free for who reads. A VFS whose WAL we cannot open flushes by itself.
func (o Options) flushes() bool {
	return (o.synchronous == "" || o.synchronous == "FULL") && (o.VFS == "" || o.wal != nil)
}

var (
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store is closed")
	// ErrFull: the disk is full and the row was not marked Reserve.
	ErrFull = errors.New("disk is full: only STOP, call outcomes and steps are still recorded")
	// ErrReopen: the store is between a failure and a successful Reopen.
	ErrReopen = errors.New("store must be reopened")
)

// Locked is the refusal of a second process on one line.
type Locked struct {
	Path   string
	Holder string // "process 4711 (parley)", or "another process"
}

func (l *Locked) Error() string {
	return fmt.Sprintf("couldn't open %s: %s holds it", l.Path, l.Holder)
}

// Store is one line's disk. Its methods are safe for concurrent use.
type Store struct {
	path    string
	o       Options
	lock    *os.File
	durable chan Commit
	wake    chan struct{}
	quit    chan struct{} // closed by Close
	done    chan struct{} // closed by the writer at its end
	full    atomic.Bool
	lost    atomic.Bool
	me      string // of PostgreSQL: by which a later node is told from this one
	taken   bool   // of PostgreSQL: this run has had the record. Guarded by disk

	mu     sync.Mutex // guards what follows, never held over a disk operation
	queue  []batch
	life   int    // counts Reopen; written under disk and mu
	failed error  // why nothing is taken
	last   uint64 // highest number known to be on disk
	next   int    // N of the next row
	closed bool
	near   [2]window // read last, each in their order: rows are often asked for one after the other, by one who sends and one who sorts
	older  int       // of near, what was read before the other

	disk lock // held by one who writes, reads much, opens or closes
	use  lock // guards db, held beside disk; one who writes lets those pass who read one row
	db   database
}

// database is what the writer commits to and Replay reads: a file of SQLite, or a server of PostgreSQL.
type database interface {
	// commit writes all rows of all batches in one transaction. They are on disk once flush, where there is one, has
	// succeeded; flush is called at once, and others read meanwhile. Where others could not read beside the rows, commit
	// calls next before each of them and lets them.
	commit(bs []batch, next func()) (flush func() error, err error)
	// rows reads at most max rows above n; where like is a row, of those after the next only what stands in its log as it
	// does, and only from the next 8 × max, so that nothing waits long for the disk.
	rows(n, max int, like Row) ([]Row, error)
	// several reads rows by number, in the order asked: A, B and C, whose bytes are added to buf.
	several(ns []int, buf []byte) (rows []Row, grown []byte, err error)
	local() ([]Row, error)    // the local values by key
	last() (n int, err error) // the N of the newest row
	behind() int              // bytes that checkpoint would copy to where they belong
	checkpoint() error
	truncate() error // copies all of them, or fails
	close() error
}

// lock is a mutex that simulated time runs on for: a disk is slow, and to wait for a sync.Mutex stops testing/synctest's clock.
type lock chan struct{}

func (l lock) Lock()   { l <- struct{}{} }
func (l lock) Unlock() { <-l }

type batch struct {
	life    int
	seq     uint64
	rows    []Row
	reserve bool // every row is marked Reserve
	bytes   int
}

// New gives the store at path, not open yet, and starts its writer: like one that failed, it is opened by Reopen.
func New(path string, o Options) *Store {
	if o.Postgres != "" {
		o.Reserve = -1 // another machine's disk
	} else if o.Reserve == 0 {
		o.Reserve = 64 << 20
	}
	if own := path + ".reserve"; o.ReserveFile == "" || !oneDisk(filepath.Dir(path), filepath.Dir(o.ReserveFile)) {
		o.ReserveFile = own
	} else if o.ReserveFile != own {
		_ = os.Remove(own) // of before it was shared
	}
	s := &Store{
		path: path, o: o, failed: ErrReopen,
		durable: make(chan Commit, 64), wake: make(chan struct{}, 1),
		quit: make(chan struct{}), done: make(chan struct{}), disk: make(lock, 1), use: make(lock, 1), me: rand.Text(),
	}
	go s.run() // ends with Close
	return s
}

// Open opens or makes the store at path, for this process alone.
// A *Locked error names who holds it.
// SPEC: STO-001
func Open(path string, o Options) (*Store, error) {
	s := New(path, o)
	if err := s.Reopen(); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Append hands numbered rows to the writer; it never blocks. Numbers rise. The rows and their bytes
// belong to the store from now on. After a failure and until Reopen rows are dropped: nothing numbered
// after the failed Commit's UpTo is reported. Each row that is no local value is given its N.
// SPEC: STO-007
func (s *Store) Append(seq uint64, rows []Row) {
	b := batch{seq: seq, rows: rows, reserve: true}
	for i := range rows {
		b.reserve = b.reserve && rows[i].Reserve
		b.bytes += len(rows[i].A) + len(rows[i].B) + len(rows[i].C)
	}
	s.mu.Lock()
	if s.failed == nil && !s.closed {
		b.life = s.life
		for i := range rows {
			if rows[i].Kind != KindLocal {
				rows[i].N = s.next
				s.next++
			}
		}
		s.queue = append(s.queue, b)
	}
	s.mu.Unlock()
	s.poke()
}

// Durable reports commits in order. After a Commit with Err nothing follows until Reopen.
// SPEC: STO-015
func (s *Store) Durable() <-chan Commit { return s.durable }

// Failed says why the writer takes nothing, nil while it does.
func (s *Store) Failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// Lost reports that a record had been here before and was gone, or empty, when it was opened. SPEC: STO-017
func (s *Store) Lost() bool { return s.lost.Load() }

// Full reports that the disk is full and the reserve given back: sign only what may be marked Reserve.
func (s *Store) Full() bool { return s.full.Load() }

// Spare reports that rows may be marked Reserve for more than our own last words: what the reserve gave back is not
// yet down to the eighth of it that is kept for those.
func (s *Store) Spare() bool {
	f := s.free()
	return !s.full.Load() || f < 0 || f >= s.low()
}

// Check lets the writer look at the disk's free space when it is idle: it makes the reserve again
// where there is room, and Full becomes false. Call it on a slow tick.
func (s *Store) Check() { s.poke() }

// Reopen closes the file and opens it as if the process had just started. Whatever was queued is dropped;
// what turns up although its commit failed is for Replay. It is called once the failed Commit was read;
// on an error the store stays failed and may be reopened again.
// SPEC: STO-008
func (s *Store) Reopen() error {
	s.stop(ErrReopen)
	defer s.hold()()
	if s.db != nil {
		_ = s.db.close() // its own error changes nothing: what is on disk is asked again below
		s.db = nil
	}
	if s.ended() {
		return ErrClosed
	}
	err, rows := s.open(), 0
	if err == nil {
		rows, err = s.db.last()
	}
	if err != nil {
		s.stop(err)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed, s.next, s.near = nil, rows+1, [2]window{}
	s.life++
	return nil
}

// stop drops the queue and takes nothing more.
func (s *Store) stop(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue, s.failed = nil, why
}

// Read hands out at most max rows that follow row n, in order of commit. The disk is free again when they are.
func (s *Store) Read(n, max int, each func(Row) error) error {
	var rows []Row
	err := s.held(func(d database) (err error) { rows, err = d.rows(n, max, Row{}); return err })
	for _, r := range rows {
		if err == nil {
			err = each(r)
		}
	}
	return err
}

// window is rows that were read at once, and those that follow, while they are read.
type window struct {
	rows []Row
	next chan reading // nil: nobody reads them
}

type reading struct {
	rows []Row
	buf  []byte // that holds their bytes, where it was lent
	err  error
}

// like is what the rows that follow are to be like, where one log is gone through.
func (w *window) like() (r Row) {
	if k := len(w.rows); w.rows[0].Kind == w.rows[k-1].Kind && w.rows[0].Log == w.rows[k-1].Log {
		r = w.rows[k-1]
	}
	return r
}

func (w *window) at(n int) int {
	return slices.IndexFunc(w.rows, func(r Row) bool { return r.N == n })
}

// Row reads one row. It waits so long at most, for whoever uses the disk and for the disk itself; a flush uses neither.
func (s *Store) Row(n int, wait time.Duration) (Row, error) {
	r, at, next, again := s.look(n)
	late, err := (<-chan time.Time)(nil), error(nil)
	for range 2 { // what was read ahead may not have it
		if r.N == n {
			return r, nil
		}
		if next == nil {
			next = again()
		}
		if late == nil {
			late = time.After(wait)
		}
		select {
		case got := <-next:
			w := window{rows: got.rows}
			if next, err = nil, got.err; w.at(n) >= 0 {
				r = w.rows[w.at(n)]
				s.mu.Lock()
				s.near[at], s.older = w, 1-at
				s.mu.Unlock()
			}
		case <-late:
			return Row{}, hangs(wait)
		}
	}
	if r.N == n {
		return r, nil
	}
	return Row{}, cmp.Or(err, noRow(n))
}

// look gives a row that has been read, and has those read that follow; else where it is to be kept, who reads it already, and
// what reads it.
func (s *Store) look(n int) (r Row, at int, next chan reading, read func() chan reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	max, like := 1, Row{}
	at = s.older
	for i := range s.near {
		w := &s.near[i]
		k := len(w.rows)
		if k == 0 {
			continue
		}
		if j := w.at(n); j >= 0 {
			if k == ahead && w.next == nil {
				w.next = s.fetch(following(w.rows[k-1].N, ahead, w.like()))
			}
			return w.rows[j], i, nil, nil
		}
		if n > w.rows[0].N && n <= w.rows[k-1].N+8*ahead {
			at, max, like, next = i, ahead, w.like(), w.next
		}
	}
	if next != nil {
		s.near[at].next = nil // it has one reader
	}
	return r, at, next, func() chan reading { return s.fetch(following(n-1, max, like)) }
}

// Several begins to read rows by number, in the order asked: A, B and C, whose bytes are added to buf. What it gives waits
// for them as Row does. With an error there are those that were read, and who lent buf gives it up.
func (s *Store) Several(ns []int, buf []byte) (answer func(wait time.Duration) (rows []Row, grown []byte, err error)) {
	read := s.fetch(func(d database) (r reading) {
		r.rows, r.buf, r.err = d.several(ns, buf)
		for i, n := range ns {
			if r.err == nil && r.rows[i].N == 0 {
				r.err = noRow(n)
			}
		}
		return r
	})
	return func(wait time.Duration) ([]Row, []byte, error) {
		late := time.NewTimer(wait)
		defer late.Stop()
		select {
		case got := <-read:
			return got.rows, got.buf, got.err
		case <-late.C:
			return nil, nil, hangs(wait)
		}
	}
}

func noRow(n int) error { return fmt.Errorf("there is no row %d", n) }

func hangs(wait time.Duration) error { return fmt.Errorf("the disk has not answered for %s", wait) }

// following reads at most max rows that follow row n.
func following(n, max int, like Row) func(database) reading {
	return func(d database) (r reading) { r.rows, r.err = d.rows(n, max, like); return r }
}

// fetch reads rows, beside who asks.
func (s *Store) fetch(read func(database) reading) chan reading {
	out := make(chan reading, 1)
	go func() { // ends when the disk answers
		s.use.Lock() // and not disk: it is read between two rows of a commit
		defer s.use.Unlock()
		var r reading
		r.err = s.opened(func(d database) error { r = read(d); return r.err })
		out <- r
	}()
	return out
}

// ahead is how many rows are read at once where they are asked for in their order: to wait for the disk costs more than
// to read a row.
const ahead = 32

// hold takes the disk alone, until what it gives is called.
func (s *Store) hold() (free func()) {
	s.disk.Lock()
	s.use.Lock()
	return func() { s.use.Unlock(); s.disk.Unlock() }
}

// letRead lets those pass who wait to read one row: by one who writes, between two rows.
func (s *Store) letRead() { s.use.Unlock(); s.use.Lock() }

// held does something with the open file, which nobody writes meanwhile.
func (s *Store) held(do func(database) error) error {
	defer s.hold()()
	return s.opened(do)
}

func (s *Store) opened(do func(database) error) error {
	if s.db == nil {
		return ErrReopen
	}
	return do(s.db)
}

// Rows is how many rows Replay hands out, the local values left out.
func (s *Store) Rows() (n int) {
	_ = s.held(func(d database) (err error) { n, err = d.last(); return err })
	return n
}

// Garbled reports that an error means: the file is there and is no record, or no longer a whole one.
func Garbled(err error) bool {
	return errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.CORRUPT) || code(err, "XX001") || code(err, "XX002")
}

func (s *Store) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Replay hands out every row in order of commit, then the local values by key. Close ends it.
func (s *Store) Replay(each func(Row) error) error {
	for n, last := 0, -1; n > last; {
		last = n
		err := s.Read(n, maxRows, func(r Row) error {
			if n = r.N; s.ended() {
				return ErrClosed
			}
			return each(r)
		})
		if err != nil {
			return err
		}
	}
	var local []Row
	err := s.held(func(d database) (err error) { local, err = d.local(); return err })
	for _, r := range local {
		if err == nil {
			err = each(r)
		}
	}
	return err
}

// Close commits what is queued, empties the WAL and lets the lock go.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	close(s.quit)
	<-s.done
	defer s.hold()()
	var err error
	if s.db != nil {
		if s.Failed() == nil {
			err = s.db.truncate()
		}
		err = errors.Join(err, s.db.close())
		s.db = nil
	}
	if s.lock != nil {
		_ = s.lock.Close() // the file stays: removing it could let two processes in
	}
	return err
}

func (s *Store) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
