// SPDX-License-Identifier: Apache-2.0

package store

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/ncruces/go-sqlite3"
)

//go:embed schema/*.sql
var schemas embed.FS

const (
	schemaVersion = 1          // the number of the newest file in schema/
	appID         = 0x50524c59 // "PRLY"
	pageSize      = 4096
)

// db is the open file: one connection, exclusive, so that there is no shared memory file and no reader
// that could hold a checkpoint up; one MiB of cache.
// SPEC: STO-011 STO-013
type db struct {
	conn                   *sqlite3.Conn
	begin, end, undo       *sqlite3.Stmt
	insert, upsert, forget *sqlite3.Stmt
	next, one              *sqlite3.Stmt
	locals, newest         *sqlite3.Stmt
	statements             []*sqlite3.Stmt         // all of them
	openWAL                func() (walFile, error) // nil: SQLite flushes each commit itself
	walFile                walFile                 // the WAL, opened with the first commit
	wal                    int                     // bytes in the WAL that are not copied back yet, as SQLite last said
}

// open makes the file what the package promises before anything is read from it.
//
//  0. take the lock, once
//  1. give the reserve back if the disk is full, so that the next steps have room
//  2. create the file 0600
//  3. write the WAL over itself and sync it: after a sync that failed, the kernel may hold pages for
//     clean that never reached the disk; copied back half-way from such a WAL, a power cut would leave
//     a torn file and nothing to mend it with (found by the crash test)
//  4. open: WAL, exclusive
//  5. wal_checkpoint(TRUNCATE) must succeed: what we read is on disk, not only in a page cache
//  6. migrate, after a copy of a file of an earlier schema
//  7. sync the directory: the names are on disk too
//  8. make the reserve again where there is room
//
// SPEC: STO-002 STO-003
func (s *Store) open() (err error) {
	defer func() {
		if err != nil {
			var locked *Locked
			if !errors.As(err, &locked) {
				err = fmt.Errorf("couldn't open %s: %w", s.path, err)
			}
		}
	}()
	if s.lock == nil {
		if s.lock, err = takeLock(s.path + ".lock"); err != nil {
			return err
		}
	}
	if s.o.Postgres != "" {
		return s.openPostgres()
	}
	s.makeRoom()
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(f.Chmod(0o600), f.Close())
	if err != nil {
		return err
	}
	if err := s.rewriteWAL(); err != nil {
		return fmt.Errorf("couldn't make the WAL sure: %w", err)
	}
	d, err := openDB(s.path, s.o)
	if err != nil {
		return err
	}
	if s.o.flushes() {
		d.openWAL = s.openWAL
	}
	s.extendWAL() // now that it is empty, and before the first commit of this connection
	made, err := d.prepare()
	if err != nil {
		_ = d.close()
		return err
	}
	if st, err := s.lock.Stat(); err == nil && st.Size() > 0 && made {
		s.lost.Store(true)
	}
	signLock(s.lock)
	if err := syncDir(filepath.Dir(s.path)); err != nil {
		_ = d.close()
		return err
	}
	s.db = d
	s.refill()
	return nil
}

func openDB(path string, o Options) (*db, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{"modeof": {abs}} // the WAL gets the mode of the file
	if o.VFS != "" {
		q.Set("vfs", o.VFS)
	}
	conn, err := sqlite3.Open((&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	d := &db{conn: conn}
	if err := d.configure(o); err != nil {
		_ = d.close()
		return nil, err
	}
	return d, nil
}

func (d *db) configure(o Options) error {
	sync := cmp.Or(o.synchronous, "FULL")
	if o.flushes() {
		sync = "NORMAL" // for what else SQLite writes: when it copies the WAL back, and when it begins it anew
	}
	// locking_mode before journal_mode: then the WAL's index lives in our memory.
	err := d.conn.Exec(`
		PRAGMA locking_mode = EXCLUSIVE;
		PRAGMA cache_size = -1024;
		PRAGMA temp_store = MEMORY;
		PRAGMA trusted_schema = OFF;
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = ` + sync)
	if err != nil {
		return err
	}
	if mode, err := d.pragma("journal_mode"); err != nil || mode != "wal" {
		return errors.Join(err, fmt.Errorf("journal mode is %q, not wal", mode))
	}
	// Closing must change nothing: after a failure the next open finds what a kill would have left.
	if _, err := d.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		return err
	}
	// One plan for a statement, whatever is bound: SQLite would prepare it anew at each run.
	if _, err := d.conn.Config(sqlite3.DBCONFIG_ENABLE_QPSG, true); err != nil {
		return err
	}
	// Our own hook replaces SQLite's automatic checkpoint: the writer does it after the report.
	d.conn.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error {
		d.wal = pages * pageSize
		return nil
	})
	return d.truncate()
}

// pragma reads one value.
func (d *db) pragma(name string) (string, error) {
	st, _, err := d.conn.Prepare("PRAGMA " + name)
	if err != nil {
		return "", err
	}
	defer st.Close()
	if !st.Step() {
		return "", st.Err()
	}
	return st.ColumnText(0), st.Err()
}

// truncate copies the whole WAL back and empties it, or fails.
func (d *db) truncate() error {
	if _, _, err := d.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE); err != nil {
		return fmt.Errorf("couldn't empty the WAL: %w", err)
	}
	d.wal = 0
	return nil
}

// checkpoint copies the WAL back; the next commit writes from its beginning again.
func (d *db) checkpoint() error {
	log, copied, err := d.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE)
	if err != nil || copied < log {
		return errors.Join(err, fmt.Errorf("couldn't copy the WAL back: %d of %d pages", copied, log))
	}
	d.wal = 0
	return nil
}

// prepare migrates and compiles the statements.
func (d *db) prepare() (made bool, err error) {
	if made, err = d.migrate(schemas, schemaVersion); err != nil {
		return made, err
	}
	for _, p := range []struct {
		st  **sqlite3.Stmt
		sql string
	}{
		{&d.begin, "BEGIN IMMEDIATE"}, {&d.end, "COMMIT"}, {&d.undo, "ROLLBACK"},
		{&d.insert, "INSERT INTO row (n, kind, log, idx, leaf, a, b, c) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
		{&d.upsert, "INSERT INTO local (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2"},
		{&d.forget, "DELETE FROM local WHERE key = ?"},
		{&d.next, "SELECT n, kind, log, idx, leaf, a, b, c FROM row WHERE n > ?1 AND n <= ?2 AND (?3 = 0 OR n = ?1 + 1 OR kind = ?3 AND log = ?4) ORDER BY n LIMIT ?5"},
		{&d.one, "SELECT a, b, c FROM row WHERE n = ?"},
		{&d.locals, "SELECT key, value FROM local ORDER BY key"},
		{&d.newest, "SELECT max(n) FROM row"},
	} {
		st, _, err := d.conn.PrepareFlags(p.sql, sqlite3.PREPARE_PERSISTENT)
		if err != nil {
			return made, err
		}
		*p.st = st
		d.statements = append(d.statements, st)
	}
	return made, nil
}

// migrate brings the schema up to number ours, one file of dir a transaction, and says whether there was none. A file of
// an earlier schema is copied first, beside itself: the program that wrote it opens the copy.
// SPEC: STO-012
func (d *db) migrate(dir fs.FS, ours int) (made bool, err error) {
	v, err := d.pragma("user_version")
	if err != nil {
		return false, err
	}
	var have int
	if _, err := fmt.Sscan(v, &have); err != nil {
		return false, err
	}
	if have > ours {
		return false, fmt.Errorf("schema %d is newer than this program's %d: run the newer program", have, ours)
	}
	if have > 0 && have < ours {
		if err := d.keepCopy(fmt.Sprintf("schema%d", have)); err != nil {
			return false, fmt.Errorf("couldn't copy the record before its schema changes from %d to %d: %w", have, ours, err)
		}
	}
	for n := have + 1; n <= ours; n++ {
		sql, err := fs.ReadFile(dir, fmt.Sprintf("schema/%d.sql", n))
		if err != nil {
			return false, err
		}
		err = d.conn.Exec(fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA user_version = %d; PRAGMA application_id = %d; COMMIT", sql, n, appID))
		if err != nil {
			_ = d.conn.Exec("ROLLBACK")
			return false, fmt.Errorf("couldn't migrate to schema %d: %w", n, err)
		}
	}
	return have == 0, nil
}

// keepCopy writes the whole file, as it stands, to the same name with ending as its end. A copy that is there is
// replaced, and only by a whole one that is on disk.
func (d *db) keepCopy(ending string) error {
	path := d.conn.Filename("main").String()
	to, part := path+"."+ending, path+"."+ending+".part"
	if err := errors.Join(os.RemoveAll(part), os.WriteFile(part, nil, 0o600)); err != nil {
		return err
	}
	into, _, err := d.conn.Prepare("VACUUM INTO ?")
	if err != nil {
		return err
	}
	defer into.Close()
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, do := range []func() error{
		func() error { return into.BindText(1, part) }, into.Exec, f.Sync,
		func() error { return os.Rename(part, to) },
		func() error { return syncDir(filepath.Dir(to)) },
	} {
		if err := do(); err != nil {
			return errors.Join(err, os.RemoveAll(part))
		}
	}
	return nil
}

// commit writes into the WAL; the flush is of that.
func (d *db) commit(bs []batch, next func()) (flush func() error, err error) {
	if err := d.begin.Exec(); err != nil {
		return nil, err
	}
	for _, b := range bs {
		for i := range b.rows {
			next()
			if err := d.put(&b.rows[i]); err != nil {
				_ = d.undo.Exec()
				return nil, err
			}
		}
	}
	err = d.end.Exec()
	if err != nil && !d.conn.GetAutocommit() {
		_ = d.undo.Exec()
	}
	if err != nil || d.openWAL == nil {
		return nil, err
	}
	if d.walFile == nil {
		f, err := d.openWAL()
		if d.walFile = f; err != nil || f == nil {
			return nil, errors.Join(err, errors.New("there is no WAL"))
		}
	}
	return d.walFile.Sync, nil
}

func (d *db) behind() int { return d.wal }

func (d *db) put(r *Row) error {
	if r.Kind == KindLocal {
		if r.A == nil {
			return errors.Join(d.forget.BindText(1, r.Log), d.forget.Exec())
		}
		return errors.Join(d.upsert.BindText(1, r.Log), d.upsert.BindBlob(2, r.A), d.upsert.Exec())
	}
	st := d.insert
	err := errors.Join(st.BindInt(1, r.N), st.BindInt(2, int(r.Kind)), st.BindText(3, r.Log), st.BindInt(4, r.Index), st.BindBlob(5, r.Leaf[:]))
	for i, b := range [][]byte{r.A, r.B, r.C} {
		if b == nil {
			err = errors.Join(err, st.BindNull(6+i))
		} else {
			err = errors.Join(err, st.BindBlob(6+i, b))
		}
	}
	if err != nil {
		return err
	}
	return st.Exec()
}

// SPEC: STO-009
func (d *db) rows(n, max int, like Row) (out []Row, err error) {
	end := math.MaxInt
	if like.Kind != 0 {
		end = n + 8*max
	}
	for i, v := range []int{n, end, int(like.Kind)} {
		err = errors.Join(err, d.next.BindInt(i+1, v))
	}
	err = errors.Join(err, d.next.BindText(4, like.Log), d.next.BindInt(5, max), d.each(d.next, func(st *sqlite3.Stmt) {
		r := Row{N: st.ColumnInt(0), Kind: RowKind(st.ColumnInt(1)), Log: st.ColumnText(2), Index: st.ColumnInt(3)}
		copy(r.Leaf[:], st.ColumnRawBlob(4))
		r.A, r.B, r.C = blob(st, 5), blob(st, 6), blob(st, 7)
		out = append(out, r)
	}))
	return out, err
}

// SPEC: STO-009
func (d *db) several(ns []int, buf []byte) (out []Row, _ []byte, err error) {
	out, buf = make([]Row, len(ns)), slices.Grow(buf, 64<<10)
	for i, n := range ns {
		r := &out[i]
		err := errors.Join(d.one.BindInt(1, n), d.each(d.one, func(st *sqlite3.Stmt) {
			r.N = n
			for k, to := range []*[]byte{&r.A, &r.B, &r.C} {
				if from := len(buf); st.ColumnType(k) != sqlite3.NULL {
					buf = append(buf, st.ColumnRawBlob(k)...)
					*to = buf[from:len(buf):len(buf)]
				}
			}
		}))
		if err != nil {
			return out, nil, err
		}
	}
	return out, buf, nil
}

// SPEC: STO-009
func (d *db) local() (out []Row, err error) {
	err = d.each(d.locals, func(st *sqlite3.Stmt) { out = append(out, Local(st.ColumnText(0), blob(st, 1))) })
	return out, err
}

func (d *db) last() (n int, err error) {
	err = d.each(d.newest, func(st *sqlite3.Stmt) { n = st.ColumnInt(0) })
	return n, err
}

func (d *db) each(st *sqlite3.Stmt, do func(*sqlite3.Stmt)) error {
	for st.Step() {
		do(st)
	}
	return errors.Join(st.Err(), st.Reset())
}

// blob copies a column; nil stays nil.
func blob(st *sqlite3.Stmt, col int) []byte {
	if st.ColumnType(col) == sqlite3.NULL {
		return nil
	}
	return append([]byte{}, st.ColumnRawBlob(col)...)
}

func (d *db) close() error {
	for _, st := range d.statements {
		_ = st.Close()
	}
	err := d.conn.Close()
	if d.walFile != nil {
		err = errors.Join(err, d.walFile.Close())
	}
	return err
}
