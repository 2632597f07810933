// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// answerWithin is how long PostgreSQL may take for one commit or reading before it counts as failed: a standby that is
// waited for may be gone.
const answerWithin = 10 * time.Second

// Remote is a failure of PostgreSQL, not of a disk of this machine.
type Remote struct{ error }

func (r Remote) Unwrap() error { return r.error }

// Fenced says that another node has taken the record over. Nothing is committed by this one any more, and it does not
// take it back: only a start does.
type Fenced struct {
	Holder string
	Since  time.Time
}

func (f *Fenced) Error() string {
	return fmt.Sprintf("the record was taken over by %s at %s", f.Holder, f.Since.UTC().Format("2006-01-02 15:04:05Z"))
}

// postgres is a record in PostgreSQL: a connection for the writer, one for who reads.
//
// SPEC: STO-020 STO-021
type postgres struct {
	name, run string
	mu        sync.Mutex // held from a commit's first row to the end of its flush
	write     *pgx.Conn
	read      *pgx.Conn // guarded by Store.disk
	warned    atomic.Pointer[string]
	ctx       context.Context // ends when it is closed
	cancel    func()
}

// CheckPostgres says what is wrong with the URL of a database, without a connection: over a network nobody but its server
// may read or write what goes there.
func CheckPostgres(url string) error {
	_, err := postgresConfig(url)
	return err
}

func postgresConfig(url string) (*pgx.ConnConfig, error) {
	c, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	hosts := []pgconn.FallbackConfig{{Host: c.Host, TLSConfig: c.TLSConfig}}
	for _, f := range c.Fallbacks {
		hosts = append(hosts, *f)
	}
	for _, h := range hosts {
		a, err := netip.ParseAddr(h.Host)
		local := strings.HasPrefix(h.Host, "/") || h.Host == "localhost" || err == nil && a.IsLoopback()
		if !local && (h.TLSConfig == nil || h.TLSConfig.InsecureSkipVerify) {
			return nil, fmt.Errorf("the database at %s is reached without a proven server: sslmode=verify-full, with sslrootcert, is needed", h.Host)
		}
	}
	c.RuntimeParams["application_name"] = "parley"
	c.RuntimeParams["synchronous_commit"] = "on" // whatever is set for the database: a commit is on disk, and on the standby
	c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = answerWithin / 2
	}
	return c, nil
}

// openPostgres takes the record over, the first time, or finds that it is still ours. The commit that says so waits for
// the standby as every one does, so all that is read then is there too.
//
// SPEC: STO-020 STO-021 STO-022
func (s *Store) openPostgres() error {
	c, err := postgresConfig(s.o.Postgres)
	if err != nil {
		return err
	}
	p := &postgres{name: s.o.Name, run: s.me}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Severity == "WARNING" {
			p.warned.Store(&n.Message)
		}
	}
	made := false
	err = p.within(func(ctx context.Context) (err error) {
		if p.write, err = pgx.ConnectConfig(ctx, c); err == nil {
			p.read, err = pgx.ConnectConfig(ctx, c)
		}
		if err == nil && !s.o.Look {
			made, err = p.take(ctx, s.taken)
		}
		return err
	})
	if err == nil && !s.o.Look && !s.taken {
		err = s.moveIn(p)
	}
	if err != nil {
		_ = p.close()
		return err
	}
	if st, err := s.lock.Stat(); err == nil && st.Size() > 0 && made {
		s.lost.Store(true)
	}
	signLock(s.lock)
	s.db, s.taken = p, true
	s.full.Store(false)
	return nil
}

// take writes our run into the record's row; with held it must stand there already.
func (p *postgres) take(ctx context.Context, held bool) (made bool, err error) {
	schema, err := schemas.ReadFile("schema/postgres.sql")
	if err != nil {
		return false, err
	}
	var fsync string
	if err = p.write.QueryRow(ctx, "SELECT current_setting('fsync')").Scan(&fsync); err == nil && fsync != "on" {
		err = errors.New("the server runs with fsync off: what it has committed may be lost")
	}
	if err == nil {
		_, err = p.write.Exec(ctx, "BEGIN; SELECT pg_advisory_xact_lock(1347570777);"+string(schema)) // one at a time makes the tables
	}
	if err != nil {
		return false, err
	}
	var f Fenced
	var run string
	var has int
	switch err = p.write.QueryRow(ctx, "SELECT run, holder, since, schema FROM parley_record WHERE name = $1 FOR UPDATE", p.name).Scan(&run, &f.Holder, &f.Since, &has); {
	case errors.Is(err, pgx.ErrNoRows):
		made = true
	case err != nil:
		return false, err
	case has > schemaVersion:
		return false, fmt.Errorf("schema %d is newer than this program's %d: run the newer program", has, schemaVersion)
	case held && run != p.run:
		return false, &f
	}
	host, _ := os.Hostname()
	_, err = p.write.Exec(ctx, `INSERT INTO parley_record (name, schema, run, holder, since) VALUES ($1, $2, $3, $4, now())
		ON CONFLICT (name) DO UPDATE SET run = $3, holder = $4, since = CASE WHEN parley_record.run = $3 THEN parley_record.since ELSE now() END`,
		p.name, schemaVersion, p.run, fmt.Sprintf("process %d on %s", os.Getpid(), host))
	if err != nil {
		return false, err
	}
	return made, p.end(ctx)
}

// end commits what was begun. A wait for the standby that was broken off ends with a warning, and is a failure.
func (p *postgres) end(ctx context.Context) error {
	p.warned.Store(nil)
	return p.ended(p.write.Exec(ctx, "COMMIT"))
}

func (p *postgres) ended(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("the commit ended as %s", tag)
	}
	if w := p.warned.Load(); err == nil && w != nil {
		err = errors.New(*w)
	}
	return err
}

// within does something that may not take longer than answerWithin; what fails is a failure of the database.
func (p *postgres) within(do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(p.ctx, answerWithin)
	defer cancel()
	err := do(ctx)
	if f := new(Fenced); err != nil && !errors.As(err, &f) {
		err = Remote{err}
	}
	return err
}

const intoRow = "INSERT INTO parley_row (name, n, kind, log, idx, leaf, a, b, c) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"

func (p *postgres) fields(r *Row) []any {
	return []any{p.name, r.N, int(r.Kind), r.Log, r.Index, r.Leaf[:], r.A, r.B, r.C}
}

func (p *postgres) put(b *pgx.Batch, r *Row) {
	switch {
	case r.Kind != KindLocal:
		b.Queue(intoRow, p.fields(r)...)
	case r.A == nil:
		b.Queue("DELETE FROM parley_local WHERE name = $1 AND key = $2", p.name, r.Log)
	default:
		b.Queue("INSERT INTO parley_local (name, key, value) VALUES ($1, $2, $3) ON CONFLICT (name, key) DO UPDATE SET value = $3", p.name, r.Log, r.A)
	}
}

// stillOurs fails, with a division by zero, where the record's row does not name our run; else it keeps the row from another's hand
// until the transaction has ended.
const stillOurs = "WITH r AS (SELECT run FROM parley_record WHERE name = $1 FOR SHARE) SELECT 1 / count(*) FROM r WHERE run = $2"

// commit sends all rows at once, and PostgreSQL's COMMIT with them, as its flush: one way there and back. Our run is looked at in the
// same transaction.
//
// SPEC: STO-006 STO-021
func (p *postgres) commit(bs []batch, _ func()) (flush func() error, err error) {
	b := &pgx.Batch{}
	b.Queue("BEGIN")
	b.Queue(stillOurs, p.name, p.run)
	for _, of := range bs {
		for i := range of.rows {
			p.put(b, &of.rows[i])
		}
	}
	b.Queue("COMMIT")
	p.mu.Lock()
	return func() error {
		defer p.mu.Unlock()
		return p.within(func(ctx context.Context) error {
			p.warned.Store(nil)
			out := p.write.SendBatch(ctx, b)
			var tag pgconn.CommandTag
			var err error
			for i := 0; i < b.Len() && err == nil; i++ {
				tag, err = out.Exec()
			}
			err = p.ended(tag, errors.Join(err, out.Close()))
			if e := new(pgconn.PgError); errors.As(err, &e) && e.Code == "22012" {
				err = p.fenced(ctx, err)
			}
			return err // what was begun ends with the connection
		})
	}, nil
}

// fenced says who has the record, after a commit that found that we have not.
func (p *postgres) fenced(ctx context.Context, why error) error {
	var f Fenced
	_, err := p.write.Exec(ctx, "ROLLBACK")
	if err == nil {
		err = p.write.QueryRow(ctx, "SELECT holder, since FROM parley_record WHERE name = $1", p.name).Scan(&f.Holder, &f.Since)
	}
	if err != nil {
		return errors.Join(why, err)
	}
	return &f
}

// SPEC: STO-009
func (p *postgres) rows(n, max int, like Row) (out []Row, err error) {
	end := math.MaxInt
	if like.Kind != 0 {
		end = n + 8*max
	}
	err = p.within(func(ctx context.Context) error {
		rows, err := p.read.Query(ctx, `SELECT n, kind, log, idx, leaf, a, b, c FROM parley_row WHERE name = $1 AND n > $2 AND n <= $3
			AND ($4::int = 0 OR n = $2 + 1 OR kind = $4 AND log = $5) ORDER BY n LIMIT $6`, p.name, n, end, int(like.Kind), like.Log, max)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Row, err error) {
			var leaf []byte
			err = row.Scan(&r.N, &r.Kind, &r.Log, &r.Index, &leaf, &r.A, &r.B, &r.C)
			copy(r.Leaf[:], leaf)
			return r, err
		})
		return err
	})
	return out, err
}

// SPEC: STO-009
func (p *postgres) several(ns []int, buf []byte) (out []Row, _ []byte, err error) {
	out = make([]Row, len(ns))
	err = p.within(func(ctx context.Context) error {
		rows, err := p.read.Query(ctx, "SELECT n, a, b, c FROM parley_row WHERE name = $1 AND n = ANY($2)", p.name, ns)
		if err != nil {
			return err
		}
		var r Row
		_, err = pgx.ForEachRow(rows, []any{&r.N, &r.A, &r.B, &r.C}, func() error {
			for i, n := range ns {
				if n == r.N {
					out[i] = r
				}
			}
			return nil
		})
		return err
	})
	return out, buf, err
}

// SPEC: STO-009
func (p *postgres) local() (out []Row, err error) {
	err = p.within(func(ctx context.Context) error {
		rows, err := p.read.Query(ctx, `SELECT key, value FROM parley_local WHERE name = $1 ORDER BY key COLLATE "C"`, p.name)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Row, err error) {
			r.Kind = KindLocal
			return r, row.Scan(&r.Log, &r.A)
		})
		return err
	})
	return out, err
}

func (p *postgres) last() (n int, err error) {
	err = p.within(func(ctx context.Context) error {
		return p.read.QueryRow(ctx, "SELECT coalesce(max(n), 0) FROM parley_row WHERE name = $1", p.name).Scan(&n)
	})
	return n, err
}

// PostgreSQL copies its own log back.
func (p *postgres) behind() int       { return 0 }
func (p *postgres) checkpoint() error { return nil }
func (p *postgres) truncate() error   { return nil }

// close breaks off what is under way.
func (p *postgres) close() error {
	p.cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, c := range []*pgx.Conn{p.write, p.read} {
		if c != nil {
			_ = c.Close(ctx)
		}
	}
	return nil
}

// moveIn takes what a file of SQLite at our path holds into an empty record, all of it or nothing, and puts the file aside:
// a record that moves here, or one that was restored from a backup. A file beside a record that does not begin with it is
// another record.
//
// SPEC: STO-023
func (s *Store) moveIn(p *postgres) error {
	if st, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0 {
		return nil
	} else if err != nil {
		return err
	}
	if err := s.rewriteWAL(); err != nil {
		return err
	}
	d, err := openDB(s.path, Options{})
	if err != nil {
		return err
	}
	defer d.close()
	if _, err := d.prepare(); err != nil {
		return err
	}
	last, err := d.last()
	here, e := p.last()
	if err = errors.Join(err, e); err != nil {
		return err
	}
	if here == 0 {
		err = p.fill(d, last)
	} else if err = same(p, d, last); err == nil && here < last {
		err = errors.New("it ends before the file does")
	}
	if err != nil {
		return fmt.Errorf("couldn't take the rows of %s into the database: %w", s.path, err)
	}
	if err := d.truncate(); err != nil {
		return err
	}
	return errors.Join(os.Rename(s.path, s.path+".moved"), syncDir(filepath.Dir(s.path)))
}

// fill writes all rows of a file in one transaction, however long that takes.
func (p *postgres) fill(d *db, last int) error {
	tx, err := p.write.Begin(p.ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(p.ctx) }() // of one that was committed it does nothing
	for n := 0; n < last; {
		rows, err := d.rows(n, maxRows, Row{})
		if err == nil && len(rows) == 0 {
			err = fmt.Errorf("there is no row after %d", n)
		}
		if err != nil {
			return err
		}
		n = rows[len(rows)-1].N
		_, err = tx.CopyFrom(p.ctx, pgx.Identifier{"parley_row"}, []string{"name", "n", "kind", "log", "idx", "leaf", "a", "b", "c"},
			pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return p.fields(&rows[i]), nil }))
		if err != nil {
			return err
		}
	}
	local, err := d.local()
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	for i := range local {
		p.put(b, &local[i])
	}
	if err := tx.SendBatch(p.ctx, b).Close(); err != nil {
		return err
	}
	return p.within(p.end)
}

// same reports whether the database has the newest row of a file.
func same(p *postgres, d *db, last int) error {
	a, err := d.rows(last-1, 1, Row{})
	b, e := p.rows(last-1, 1, Row{})
	if err = errors.Join(err, e); err == nil && len(a) == 1 && (len(b) == 0 || b[0].N != a[0].N || b[0].Leaf != a[0].Leaf || string(b[0].A) != string(a[0].A)) {
		err = errors.New("there is another record under its name: move the file away, or empty the database")
	}
	return err
}

// code reports whether PostgreSQL has answered with an error of that code.
func code(err error, is string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == is
}

// Erase deletes a record from PostgreSQL, for good.
func Erase(o Options) error {
	c, err := postgresConfig(o.Postgres)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 6*answerWithin)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, t := range []string{"parley_record", "parley_row", "parley_local"} {
			if _, err := tx.Exec(ctx, "DELETE FROM "+t+" WHERE name = $1", o.Name); err != nil {
				return err
			}
		}
		return nil
	})
}
