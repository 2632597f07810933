// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/home"
	"example.org/parley/internal/store"
	"example.org/parley/record"
)

// backups is what is known of copies of this record: the newest that was made of it, and the one that it was restored from.
type backups struct {
	Made time.Time `json:"made,omitzero"`
	Copy time.Time `json:"copy,omitzero"` // when the copy was made that this record was restored from
	Told time.Time `json:"told,omitzero"` // of Copy: when a session with the other end was up
}

// backupKey is the local value under which backups are kept.
const backupKey = "backup"

func (b backups) row() store.Row {
	v, _ := json.Marshal(b) // times: cannot fail
	return store.Local(backupKey, v)
}

func (l *Line) saveBackups() {
	if l.disk.dead == nil {
		l.tx.write(nil, l.backups.row())
	}
}

var backupActs = []handler{on((*Line).backup)}

// backup gives every row of a record while the line goes on, or takes note that a copy of them was made and read back.
//
// SPEC: BAK-001 BAK-004
func (l *Line) backup(_ act.Who, _ string, a act.Backup) (act.Reply, error) {
	if l.disk.dead != nil {
		return act.Reply{}, l.disk.unrecorded()
	}
	if !a.Made.IsZero() {
		l.backups.Made, l.dirty = a.Made, true
		l.saveBackups()
		return act.Reply{}, nil
	}
	if before := l.cfg.Before; before != nil && a.DB == filepath.Base(before.DB) {
		return act.Reply{File: func(w io.Writer) error { return OpenRows(*before, w) }}, nil
	}
	if a.DB != filepath.Base(l.cfg.DB) {
		return act.Reply{}, hint.New("", "this line has no record %q", a.DB)
	}
	altered := l.disk.altered // replaced, never changed
	return act.Reply{File: func(w io.Writer) error { return writeRows(l.store, w, altered) }}, nil
}

// writeRows writes every row as a line of JSON. What is committed meanwhile comes with it as far as it has come.
// Rows that the disk altered are left out, as they are of the memory.
func writeRows(s *store.Store, w io.Writer, altered map[int]bool) error {
	out := json.NewEncoder(w)
	return s.Replay(func(r store.Row) error {
		if _, bad := altered[r.N]; bad && r.N > 0 {
			return nil
		}
		return out.Encode(r)
	})
}

// OpenRows is what a node answers to act.Backup, of a record that no node has open.
func OpenRows(c Config, w io.Writer) error {
	return opened(c.DB, func(s *store.Store) error { return writeRows(s, w, nil) }, c.Store)
}

// opened does something with a record that no node has open.
func opened(db string, do func(*store.Store) error, of ...store.Options) error {
	o := store.Options{Reserve: -1}
	if len(of) > 0 && of[0].Postgres != "" {
		o = of[0]
		o.Look = true
	}
	s, err := store.Open(db, o)
	if err != nil {
		return err
	}
	err = do(s)
	return errors.Join(err, s.Close())
}

// put writes rows and waits until they are on disk.
func put(s *store.Store, seq uint64, rows []store.Row) error {
	s.Append(seq, rows)
	for c := range s.Durable() {
		if c.Err != nil || c.UpTo >= seq {
			return c.Err
		}
	}
	return store.ErrClosed
}

// putRows is how many rows of a copy are written with one flush.
const putRows = 1024

// CopyRows writes a new record of what next gives, until io.EOF.
func CopyRows(db string, next func() (store.Row, error)) error {
	return opened(db, func(s *store.Store) error {
		var rows []store.Row
		for seq := uint64(1); ; {
			r, err := next()
			if err == nil {
				r.Reserve = false
				rows = append(rows, r)
			}
			if len(rows) == putRows || errors.Is(err, io.EOF) && len(rows) > 0 {
				if err := put(s, seq, rows); err != nil {
					return err
				}
				seq, rows = seq+1, nil
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
}

// CheckRecord reads a record that no node has open as an audit does, every signature and body, and counts its statements
// and receipts.
func CheckRecord(c Config, db string) (rows int, err error) {
	opts, priv := c.options(false), c.options(true)
	err = opened(db, func(s *store.Store) error {
		return s.Replay(func(r store.Row) error {
			if r.Kind != store.KindLocal {
				rows++
			}
			if err := sound(&opts, &priv, r); err != nil {
				return fmt.Errorf("row %d of %s is not sound: %w", r.N, filepath.Base(db), err)
			}
			return nil
		})
	})
	return rows, err
}

// NoteBackup says to a record that no node has open that a copy of it was made; with restored, that it is that copy.
//
// SPEC: BAK-008
func NoteBackup(db string, made time.Time, restored bool) error {
	return opened(db, func(s *store.Store) error {
		var b backups
		err := s.Replay(func(r store.Row) error {
			if r.Kind == store.KindLocal && r.Log == backupKey {
				return json.Unmarshal(r.A, &b)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if b.Made = made; restored {
			b.Copy, b.Told = made, time.Time{}
		}
		return put(s, 1, []store.Row{b.row()})
	})
}

// restoredFor is how long the other end is told that this record is an older copy: its alarm stands until a person there
// has acknowledged it.
const restoredFor = time.Hour

// tickBackups ends what was to be told of the copy that this record was restored from.
func (l *Line) tickBackups() {
	if b := &l.backups; !b.Told.IsZero() && l.now.Sub(b.Told) > restoredFor {
		b.Copy, b.Told = time.Time{}, time.Time{}
		l.saveBackups()
		l.tellState()
	}
}

// tellCopy: a session is up, and with it the other end learns of which time our record is.
func (l *Line) tellCopy() {
	if b := &l.backups; !b.Copy.IsZero() && b.Told.IsZero() {
		b.Told = l.now
		l.saveBackups()
	}
}

// backupConditions say that the newest backup is too old, and that an end was restored from one. SPEC: BAK-005 BAK-008
func (l *Line) backupConditions(add func(id, key string, w alarm.Detail)) {
	b := l.backups
	switch every := l.cfg.BackupEvery; {
	case every == 0 || l.disk.unread:
	case !b.Made.IsZero():
		if l.now.Sub(b.Made) > every {
			add("A9", "backup", alarm.Say("at.backup", b.Made.Format("2006-01-02 15:04Z")))
		}
	case l.now.Sub(l.began()) > every:
		add("A9", "backup", alarm.Say("at.backup.none"))
	}
	if !b.Copy.IsZero() {
		add("A9", "restored "+l.cfg.Us.Name, alarm.Say("at.restored", l.cfg.Us.Name, b.Copy.Format("2006-01-02 15:04Z")))
	}
	if c := l.peer.state.Copy; !c.IsZero() && l.peer.up {
		add("A9", "restored "+l.cfg.Them.Name, alarm.Say("at.restored", l.cfg.Them.Name, c.Format("2006-01-02 15:04Z")))
	}
}

// sound says what is wrong with a row, its signature included.
func sound(opts, priv *record.Options, r store.Row) (err error) {
	var c *record.Checked
	switch r.Kind {
	case store.KindEntry:
		c, err = opts.Check(r.A, r.B, r.C)
	case store.KindPrivate:
		c, err = priv.Check(r.A, r.B, r.C)
	case store.KindReceipt:
		_, err = opts.CheckReceipt(r.A)
	}
	if err == nil && c != nil && c.BadBody() {
		err = record.ErrAltered
	}
	return err
}

// EraseDatabase deletes what a line keeps in PostgreSQL, for good; of one that keeps its record in a file it deletes nothing.
func EraseDatabase(l *home.Line) error {
	if l == nil || l.Genesis == nil || l.Config.Store == "" {
		return nil
	}
	c, err := Of(l, nil)
	if err != nil {
		return err
	}
	return store.Erase(c.Store)
}

// LeftAt reads from a record that no node has open when our party left the line, zero where it has not, or has resumed it.
func LeftAt(c Config) (left time.Time, err error) {
	c.Store.Reserve, c.Store.Look = -1, true
	r, err := readAlone(&c)
	if err != nil {
		return left, err
	}
	var newest time.Time
	for _, g := range r.Logs() {
		for _, e := range r.Entries(g.Name.LogID, 0) {
			if back := e.Kind == "line.resumed"; g.Name.Party == c.Us.Name && e.Inert == "" && (back || e.Kind == "line.left") && !e.Time.Before(newest) {
				if newest, left = e.Time, e.Time; back {
					left = time.Time{}
				}
			}
		}
	}
	return left, nil
}
