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
	read      *pgx.Conn // guarded by Store.disk; nil: not connected
	reading   *pgx.ConnConfig
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
	for k, v := range map[string]string{ // whatever is set for the database or the role
		"synchronous_commit":                  "on",      // a commit is on disk, and on the standby
		"client_min_messages":                 "warning", // or no warning would come
		"idle_in_transaction_session_timeout": "10s", "idle_session_timeout": "0",
		// A machine that vanished in a commit holds the record's row no longer than this, in seconds and milliseconds.
		"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "tcp_user_timeout": "10000",
	} {
		c.RuntimeParams[k] = v
	}
	c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = answerWithin / 4 // of each host
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
		if n.SeverityUnlocalized == "WARNING" {
			p.warned.Store(&n.Message)
		}
	}
	if err := s.takePostgres(p, c); err != nil {
		_ = p.close()
		return err
	}
	signLock(s.lock)
	s.db = p
	s.full.Store(false)
	return nil
}

// takePostgres connects, and takes the record over the first time. A file that does not belong to the record is refused
// before: the node that has it now goes on.
func (s *Store) takePostgres(p *postgres, c *pgx.ConnConfig) error {
	err := p.within(func(ctx context.Context) (err error) {
		p.write, err = pgx.ConnectConfig(ctx, c)
		return err
	})
	if err == nil {
		p.reading = c
		err = p.within(p.prepare)
	}
	if err != nil || s.o.Look {
		return err
	}
	var file *db
	if !s.taken {
		if file, err = s.beside(p); err != nil {
			return err
		}
	}
	if file != nil {
		defer file.close()
	}
	made := false
	err = p.within(func(ctx context.Context) (err error) {
		made, err = p.take(ctx, s.taken)
		return err
	})
	if err == nil {
		s.taken = true
		err = p.ours() // of the server that is read, which must be the one that was written to
	}
	if err != nil {
		return err
	}
	if file != nil {
		return s.moveIn(p, file)
	}
	if st, err := s.lock.Stat(); err == nil && st.Size() > 0 && made {
		s.lost.Store(true)
	}
	return nil
}

// prepare makes the tables where they are missing. A server that may forget what it has committed is refused.
func (p *postgres) prepare(ctx context.Context) error {
	schema, err := schemas.ReadFile("schema/postgres.sql")
	if err != nil {
		return err
	}
	var fsync string
	if err = p.write.QueryRow(ctx, "SELECT current_setting('fsync')").Scan(&fsync); err == nil && fsync != "on" {
		err = errors.New("the server runs with fsync off: what it has committed may be lost")
	}
	if err == nil { // one at a time makes the tables
		_, err = p.write.Exec(ctx, "BEGIN; SELECT pg_advisory_xact_lock(1347570777);"+string(schema))
	}
	if err != nil {
		return err
	}
	return p.end(ctx)
}

// take writes our run into the record's row; with held it must stand there already.
func (p *postgres) take(ctx context.Context, held bool) (made bool, err error) {
	if _, err := p.write.Exec(ctx, "BEGIN"); err != nil {
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

// ours looks whether the record still bears our run.
func (p *postgres) ours() error {
	return p.ask(func(ctx context.Context, c *pgx.Conn) error {
		var f Fenced
		var run string
		err := c.QueryRow(ctx, "SELECT run, holder, since FROM parley_record WHERE name = $1", p.name).Scan(&run, &f.Holder, &f.Since)
		if err == nil && run != p.run {
			err = &f
		}
		return err
	})
}

// ask reads, over a new connection where the server has ended the last one.
func (p *postgres) ask(do func(context.Context, *pgx.Conn) error) error {
	return p.within(func(ctx context.Context) (err error) {
		if p.read == nil || p.read.IsClosed() {
			if p.read, err = pgx.ConnectConfig(ctx, p.reading); err != nil {
				return err
			}
		}
		return do(ctx, p.read)
	})
}

// end commits what was begun. A wait for the standby that was broken off ends with a warning, and is a failure.
func (p *postgres) end(ctx context.Context) error {
	p.warned.Store(nil)
	tag, err := p.write.Exec(ctx, "COMMIT")
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

// commit sends all rows at once; its flush is PostgreSQL's COMMIT. Our run is looked at in the same transaction, and its
// row kept from another's hand until that has ended.
//
// SPEC: STO-006 STO-021
func (p *postgres) commit(bs []batch) (flush func() error, err error) {
	return p.commitIn(bs, true)
}

// commitIn is commit in a transaction that is to be begun, or has been.
func (p *postgres) commitIn(bs []batch, begin bool) (flush func() error, err error) {
	p.mu.Lock()
	b := &pgx.Batch{}
	b.Queue(map[bool]string{true: "BEGIN", false: "SELECT 1"}[begin])
	b.Queue("SELECT run, holder, since FROM parley_record WHERE name = $1 FOR SHARE", p.name)
	for _, of := range bs {
		for i := range of.rows {
			p.put(b, &of.rows[i])
		}
	}
	err = p.within(func(ctx context.Context) error {
		var f Fenced
		var run string
		out := p.write.SendBatch(ctx, b)
		_, err := out.Exec()
		if err == nil {
			err = out.QueryRow().Scan(&run, &f.Holder, &f.Since)
		}
		e := out.Close()
		if err == nil && run != p.run {
			return &f // whose rows have our numbers
		}
		if err == nil {
			err = e
		}
		return err
	})
	if err != nil {
		p.mu.Unlock()
		return nil, err // what was begun ends with the connection
	}
	return func() error {
		defer p.mu.Unlock()
		return p.within(p.end)
	}, nil
}

// SPEC: STO-009
func (p *postgres) rows(n, max int, like Row) (out []Row, err error) {
	end := math.MaxInt
	if like.Kind != 0 {
		end = n + 8*max
	}
	err = p.ask(func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, `SELECT n, kind, log, idx, leaf, a, b, c FROM parley_row WHERE name = $1 AND n > $2 AND n <= $3
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
func (p *postgres) local() (out []Row, err error) {
	err = p.ask(func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, `SELECT key, value FROM parley_local WHERE name = $1 ORDER BY key COLLATE "C"`, p.name)
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
	err = p.ask(func(ctx context.Context, c *pgx.Conn) error {
		return c.QueryRow(ctx, "SELECT coalesce(max(n), 0) FROM parley_row WHERE name = $1", p.name).Scan(&n)
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

// beside opens the file of SQLite at our path, nil where there is none, and looks whether it may go into the record: into an
// empty one, or it is a part of it that has moved already, or an older copy of it. Another record is refused.
//
// SPEC: STO-023
func (s *Store) beside(p *postgres) (d *db, err error) {
	if st, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0 {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := s.rewriteWAL(); err != nil {
		return nil, err
	}
	if d, err = openDB(s.path, Options{}); err != nil {
		return nil, err
	}
	if _, err = d.prepare(); err == nil {
		err = p.fits(d)
	}
	if err != nil {
		_ = d.close()
		return nil, fmt.Errorf("couldn't take the rows of %s into the database: %w", s.path, err)
	}
	return d, nil
}

// fits reports whether the record is empty or has the newest row of a file, by what is in it: a restored copy may have left
// out rows that a disk had altered.
func (p *postgres) fits(d *db) error {
	here, err := p.last()
	last, e := d.last()
	if err = errors.Join(err, e); err != nil || here == 0 || last == 0 {
		return err
	}
	row, err := d.rows(last-1, 1, Row{})
	if err != nil || len(row) != 1 {
		return errors.Join(err, errors.New("its newest row cannot be read"))
	}
	n := 0
	err = p.ask(func(ctx context.Context, c *pgx.Conn) error {
		return c.QueryRow(ctx, "SELECT count(*) FROM parley_row WHERE name = $1 AND kind = $2 AND log = $3 AND idx = $4 AND leaf = $5 AND a IS NOT DISTINCT FROM $6",
			p.name, int(row[0].Kind), row[0].Log, row[0].Index, row[0].Leaf[:], row[0].A).Scan(&n)
	})
	if err == nil && n == 0 {
		err = errors.New("the database has another record under its name, or an older one: move the file away, or name another database")
	}
	return err
}

// moveIn takes what a file holds into an empty record, all of it or nothing, and puts the file aside.
func (s *Store) moveIn(p *postgres, d *db) error {
	here, err := p.last()
	last, e := d.last()
	if err = errors.Join(err, e); err == nil && here == 0 {
		err = p.fill(d, last)
	}
	if err != nil {
		return fmt.Errorf("couldn't take the rows of %s into the database: %w", s.path, err)
	}
	if err := d.truncate(); err != nil {
		return err
	}
	aside := s.path + ".moved"
	for i := 2; ; i++ { // what was put aside before stays
		if _, err := os.Stat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
		aside = fmt.Sprintf("%s.moved.%d", s.path, i)
	}
	return errors.Join(os.Rename(s.path, aside), syncDir(filepath.Dir(s.path)))
}

// fill writes all rows of a file in one transaction.
func (p *postgres) fill(d *db, last int) error {
	err := p.within(func(ctx context.Context) error {
		_, err := p.write.Exec(ctx, "BEGIN")
		return err
	})
	for n := 0; err == nil && n < last; {
		rows, e := d.rows(n, maxRows, Row{})
		if e == nil && len(rows) == 0 {
			e = fmt.Errorf("there is no row after %d", n)
		}
		if e != nil {
			return e // what was begun ends with the connection
		}
		n = rows[len(rows)-1].N
		err = p.within(func(ctx context.Context) error {
			_, err := p.write.CopyFrom(ctx, pgx.Identifier{"parley_row"}, []string{"name", "n", "kind", "log", "idx", "leaf", "a", "b", "c"},
				pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return p.fields(&rows[i]), nil }))
			return err
		})
	}
	local, e := d.local()
	if err = errors.Join(err, e); err != nil {
		return err
	}
	flush, err := p.commitIn([]batch{{rows: local}}, false)
	if err != nil {
		return err
	}
	return flush()
}

// code reports whether PostgreSQL has answered with an error of that code.
func code(err error, is string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == is
}

// Erase deletes records from PostgreSQL, for good: all of them or none. All are in the database of the first.
func Erase(of ...Options) error {
	c, err := postgresConfig(of[0].Postgres)
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
		for _, o := range of {
			for _, t := range []string{"parley_record", "parley_row", "parley_local"} {
				if _, err := tx.Exec(ctx, "DELETE FROM "+t+" WHERE name = $1", o.Name); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
