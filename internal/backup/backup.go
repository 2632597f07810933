// SPDX-License-Identifier: Apache-2.0

// Package backup makes one file of a home while its node runs, and a home of such a file on another machine.
//
// The file is a tar: backup.json, which lists every other member with its size and hash, then of each line its keys,
// configuration, sheets, genesis and terms, and its records as SQLite files; and the certificates of the desks' page. Anybody can look into it with tar; whoever
// has it has the keys.
//
// Order of making, which leaves at FILE either what was there or a whole backup, whenever it is killed:
//
//  1. copy each line's files, and the rows of its records, which the node goes on writing, into a directory beside FILE
//  2. read that copy as a node would: keys, sheets, genesis, every row's signature
//  3. write the tar, flush it, read it back against its own list
//  4. compare with the backup that stands at FILE: one of another party, or with more in it, is not replaced
//  5. rename
//
// Order of restoring: unpack into HOME/.restore, read that as above, say in each record that it is a copy, flush, rename
// to HOME/lines. It knows no act and no verb. Its spec is spec/backup.md.
package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sys/unix"

	"example.org/parley/hint"
	"example.org/parley/internal/home"
	"example.org/parley/internal/node"
	"example.org/parley/internal/store"
	"example.org/parley/wire"
)

// Format is what the list of a backup says that it is.
const Format = "parley/v1 backup"

const (
	listName = "backup.json"
	maxList  = 1 << 20
	maxFiles = 4096
	maxSmall = 256 << 10 // of a file that is no record
)

// Contents is the list of a backup.
type Contents struct {
	Format string         `json:"format"`
	Made   time.Time      `json:"made"`
	Rows   map[string]int `json:"rows"` // statements and receipts, by lines/NAME/record.db
	Files  []member       `json:"files"`
}

type member struct {
	Name string `json:"name"` // lines/NAME/FILE, tls/NAME/FILE
	Size int64  `json:"size"`
	Hash string `json:"sha256"`
}

// Lines names the lines that are in it.
func (c *Contents) Lines() (names []string) {
	for _, f := range c.Files {
		if p := strings.Split(f.Name, "/"); p[0] == "lines" {
			names = append(names, p[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// hash gives that of a file, "" where it is not in it.
func (c *Contents) hash(name string) string {
	if i := slices.IndexFunc(c.Files, func(f member) bool { return f.Name == name }); i >= 0 {
		return c.Files[i].Hash
	}
	return ""
}

// Source gives the rows of a line's record, one after the other, until io.EOF; db is the name of its file.
type Source func(line, db string, put func(next func() (store.Row, error)) error) error

// Make writes a backup of lines of a home to a file, and gives what is in it once it was read back.
//
// SPEC: BAK-001 BAK-002 BAK-003
func Make(h home.Home, lines []string, file string, now time.Time, from Source) (*Contents, error) {
	if d := filepath.Dir(file); !isDir(d) {
		return nil, hint.New("", "there is no directory %s", d).Way("make it: install -d -m 700 %s", d)
	}
	dir := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".new")
	unlock, err := scratch(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, name := range lines {
		if err := copyLine(h, name, dir, from); err != nil {
			return nil, fmt.Errorf("couldn't copy the line %s: %w", name, err)
		}
	}
	if err := copyCertificates(h, dir); err != nil {
		return nil, fmt.Errorf("couldn't copy the certificates of the page: %w", err)
	}
	c := &Contents{Format: Format, Made: now.UTC().Truncate(time.Second)}
	if c.Rows, err = check(home.Home{Dir: dir}); err != nil {
		return nil, fmt.Errorf("the copy cannot be read back: %w", err)
	}
	made := filepath.Join(dir, "backup")
	if err := pack(c, dir, made); err != nil {
		return nil, fmt.Errorf("couldn't write %s: %w", file, err)
	}
	if _, err := readFile(made, ""); err != nil {
		return nil, fmt.Errorf("the backup cannot be read back: %w", err)
	}
	if err := mayReplace(file, c); err != nil {
		return nil, err
	}
	if err := os.Rename(made, file); err != nil {
		return nil, fmt.Errorf("couldn't write %s: %w", file, err)
	}
	return c, home.SyncDir(filepath.Dir(file))
}

func isDir(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.IsDir()
}

// scratch makes an empty directory for one process alone. What a killed one left there goes: there are keys in it.
func scratch(dir string) (end func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("couldn't write there: %w", err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("couldn't write there: %w", err)
	}
	if err := unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		d.Close()
		return nil, hint.New("wait until it has ended", "another backup or restore is writing to %s", dir)
	}
	es, err := os.ReadDir(dir)
	for _, e := range es {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("couldn't write there: %w", err)
	}
	return func() {
		_ = os.RemoveAll(dir) // what is left of it, the next one removes
		d.Close()
	}, nil
}

// records are the files that only a node may copy.
var records = []string{"record.db", "alone.db"}

// copyLine copies a line's files, and its records row by row.
func copyLine(h home.Home, name, dir string, from Source) error {
	was, to := filepath.Join(h.Dir, "lines", name), filepath.Join(dir, "lines", name)
	es, err := os.ReadDir(was)
	if err == nil {
		err = os.MkdirAll(to, 0o700)
	}
	if err != nil {
		return err
	}
	for _, e := range es {
		switch f := filepath.Join(to, e.Name()); {
		case slices.Contains(records, e.Name()):
			err = from(name, e.Name(), func(next func() (store.Row, error)) error { return node.CopyRows(f, next) })
		case e.Type().IsRegular() && !strings.Contains(e.Name(), ".db") && !strings.HasPrefix(e.Name(), "."):
			err = copySmall(filepath.Join(was, e.Name()), f)
		}
		if err != nil {
			return err
		}
	}
	return copyRemote(h, name, to, from)
}

// copyRemote copies the records of a line that PostgreSQL keeps: there is no file of them to see.
func copyRemote(h home.Home, name, to string, from Source) error {
	l, err := h.Load(name)
	if err != nil {
		return err
	}
	for _, is := range []*home.Line{l, l.Alone} {
		if is == nil || is.Genesis == nil || is.Config.Store == "" {
			continue
		}
		db := filepath.Base(is.DB())
		if _, err := os.Stat(filepath.Join(to, db)); err == nil {
			continue // not moved yet
		}
		if err := from(name, db, func(next func() (store.Row, error)) error { return node.CopyRows(filepath.Join(to, db), next) }); err != nil {
			return err
		}
	}
	return nil
}

// copyCertificates copies those of the desks' page, by the names that they are for.
func copyCertificates(h home.Home, dir string) error {
	names, err := os.ReadDir(filepath.Join(h.Dir, "tls"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, n := range names {
		var es []fs.DirEntry
		if err == nil && n.IsDir() {
			es, err = os.ReadDir(filepath.Join(h.Dir, "tls", n.Name()))
		}
		for _, e := range es {
			if of := filepath.Join("tls", n.Name()); err == nil && e.Type().IsRegular() && e.Name()[0] != '.' {
				if err = os.MkdirAll(filepath.Join(dir, of), 0o700); err == nil {
					err = copySmall(filepath.Join(h.Dir, of, e.Name()), filepath.Join(dir, of, e.Name()))
				}
			}
		}
	}
	return err
}

func copySmall(from, to string) error {
	st, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if st.Size() > maxSmall {
		return hint.New("it is none of the node's: move it away", "%s is too large for a file of a line", from)
	}
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, st.Mode().Perm())
	}
	return err
}

// check reads a home as a node would, every row of its records with its signature, and counts those.
func check(h home.Home) (map[string]int, error) {
	names, err := h.Lines()
	rows := map[string]int{}
	for _, name := range names {
		l, e := h.Load(name)
		if e != nil {
			return nil, e
		}
		for _, is := range []*home.Line{l, l.Alone} {
			if is == nil || is.Genesis == nil {
				continue
			}
			if _, e := os.Stat(is.DB()); errors.Is(e, fs.ErrNotExist) {
				continue
			}
			c, e := node.Of(is, nil)
			n := 0
			if e == nil {
				n, e = node.CheckRecord(c, is.DB())
			}
			if e != nil {
				return nil, e
			}
			rows[path.Join("lines", name, filepath.Base(is.DB()))] = n
		}
	}
	return rows, err
}

// pack writes what is under a directory as a backup.
func pack(c *Contents, dir, file string) error {
	var files []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && (!strings.Contains(d.Name(), ".db") || slices.Contains(records, d.Name())) {
			files = append(files, p)
		}
		return err
	})
	for _, p := range files {
		if err == nil {
			var m member
			m, err = listed(dir, p)
			c.Files = append(c.Files, m)
		}
	}
	if err != nil {
		return err
	}
	list, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		return err
	}
	return home.WriteFrom(file, func(w io.Writer) error {
		t := tar.NewWriter(w)
		err := add(t, c.Made, listName, int64(len(list)), bytes.NewReader(list))
		for i, p := range files {
			if err == nil {
				var f *os.File
				if f, err = os.Open(p); err == nil {
					err = errors.Join(add(t, c.Made, c.Files[i].Name, c.Files[i].Size, f), f.Close())
				}
			}
		}
		return errors.Join(err, t.Close())
	})
}

func add(t *tar.Writer, made time.Time, name string, size int64, r io.Reader) error {
	if err := t.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: made}); err != nil {
		return err
	}
	_, err := io.Copy(t, r)
	return err
}

// listed is what the list says of a file.
func listed(dir, p string) (m member, err error) {
	f, err := os.Open(p)
	if err != nil {
		return m, err
	}
	defer f.Close()
	sum := sha256.New()
	rel, _ := filepath.Rel(dir, p) // it is under it
	m.Name = filepath.ToSlash(rel)
	m.Size, err = io.Copy(sum, f)
	m.Hash = hex.EncodeToString(sum.Sum(nil))
	return m, err
}

// mayReplace says why what stands at a file must not be replaced by a new backup: it is none, or a better one.
//
// SPEC: BAK-003
func mayReplace(file string, by *Contents) error {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("couldn't look at what is there: %w", err)
	}
	defer f.Close()
	was, err := unpack(f, "")
	if errors.Is(err, errNone) {
		return hint.New("choose another name: nothing but an older backup is replaced", "%s is there and is no backup", file)
	}
	if err != nil {
		return nil // it is damaged
	}
	for _, name := range was.Lines() {
		same := func(file string) bool { // the party key may be kept elsewhere, and the sheet made anew until the pairing
			h := was.hash(path.Join("lines", name, file))
			return h != "" && h == by.hash(path.Join("lines", name, file))
		}
		if !same("party.key") && !same("sheet.ours") {
			return hint.New("choose another name", "%s is a backup with another party's line, or with a line %s that this one has not", file, name)
		}
	}
	for db, n := range was.Rows {
		if by.Rows[db] < n {
			return hint.New("find out what became of the record: parley status; to keep both choose another name", "%s holds more than there is now: %d rows of %s, now %d", file, n, db, by.Rows[db])
		}
	}
	return nil
}

func readFile(file, dir string) (*Contents, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the backup: %w", err)
	}
	defer f.Close()
	return unpack(f, dir)
}

// errNone says that something is no backup; errDamaged that one was changed or is not whole.
var (
	errNone    = errors.New("this is no backup")
	errDamaged = errors.New("the backup is damaged or not whole")
)

// unpack reads a backup, each byte of it against its list, and puts its files under dir where one is given.
//
// SPEC: BAK-002 BAK-007
func unpack(r io.Reader, dir string) (*Contents, error) {
	t := tar.NewReader(r)
	c, err := readList(t)
	if err != nil {
		return nil, err
	}
	for _, m := range c.Files {
		h, err := t.Next()
		if err != nil || h.Name != m.Name || h.Size != m.Size || h.Typeflag != tar.TypeReg {
			return nil, errors.Join(errDamaged, fmt.Errorf("%s is not there: %w", m.Name, err))
		}
		sum := sha256.New()
		if dir == "" {
			_, err = io.Copy(sum, t)
		} else {
			err = unpackFile(filepath.Join(dir, filepath.FromSlash(m.Name)), io.TeeReader(t, sum))
		}
		if err != nil {
			return nil, errors.Join(errDamaged, err)
		}
		if hex.EncodeToString(sum.Sum(nil)) != m.Hash {
			return nil, errors.Join(errDamaged, fmt.Errorf("%s is another", m.Name))
		}
	}
	if _, err := t.Next(); !errors.Is(err, io.EOF) {
		return nil, errDamaged
	}
	return c, nil
}

// plain is the name of a machine, which a certificate is for.
var plain = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,252}$`)

// readList reads what a backup says that is in it. Names lead nowhere but into a line's own directory.
func readList(t *tar.Reader) (*Contents, error) {
	h, err := t.Next()
	if err != nil || h.Name != listName || h.Size > maxList {
		return nil, errNone
	}
	b, err := io.ReadAll(io.LimitReader(t, maxList))
	if err != nil {
		return nil, errDamaged
	}
	c := &Contents{}
	if err := json.Unmarshal(b, c, json.RejectUnknownMembers(true)); err != nil || c.Format != Format || len(c.Files) > maxFiles {
		return nil, errNone
	}
	for _, m := range c.Files {
		p := strings.Split(m.Name, "/")
		if len(p) != 3 || !(p[0] == "lines" && wire.ValidName(p[1]) || p[0] == "tls" && plain.MatchString(p[1])) || p[2] == "" || p[2][0] == '.' || strings.ContainsAny(p[2], "\\\x00") || m.Size < 0 || m.Size > maxSmall && !slices.Contains(records, p[2]) {
			return nil, errDamaged
		}
	}
	return c, nil
}

func unpackFile(p string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

// Restore makes the lines of a home of a backup, whole or not at all. The caller holds the home.
//
// SPEC: BAK-007 BAK-008
func Restore(h home.Home, file string) (*Contents, error) {
	lines := filepath.Join(h.Dir, "lines")
	if es, err := os.ReadDir(lines); err == nil && len(es) > 0 {
		return nil, hint.New("restore into an empty home: --home DIR; a line that is here is moved away first, with its whole directory", "the home %s has lines already", h.Dir)
	}
	dir := filepath.Join(h.Dir, ".restore")
	unlock, err := scratch(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	c, err := readFile(file, dir)
	if err != nil {
		return nil, hint.New("take another copy of it, or an older backup", "%s cannot be restored: %v", file, err)
	}
	made := home.Home{Dir: dir}
	rows, err := check(made)
	for db, n := range c.Rows {
		if err == nil && rows[db] != n {
			err = fmt.Errorf("%s has %d rows and not %d", db, rows[db], n)
		}
	}
	if err != nil {
		return nil, hint.New("take another copy of it, or an older backup", "%s cannot be restored: %v", file, err)
	}
	for db := range c.Rows {
		if err := node.NoteBackup(filepath.Join(dir, db), c.Made, true); err != nil {
			return nil, fmt.Errorf("couldn't write the record: %w", err)
		}
	}
	if err := settle(dir); err != nil {
		return nil, fmt.Errorf("couldn't write the home: %w", err)
	}
	if err := os.Rename(filepath.Join(dir, "tls"), filepath.Join(h.Dir, "tls")); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) { // what is there stays
		return nil, fmt.Errorf("couldn't make the certificates of the home: %w", err)
	}
	if err := os.Remove(lines); err != nil && !errors.Is(err, fs.ErrNotExist) { // it is empty
		return nil, fmt.Errorf("couldn't make the lines of the home: %w", err)
	}
	if err := os.Rename(filepath.Join(dir, "lines"), lines); err != nil {
		return nil, fmt.Errorf("couldn't make the lines of the home: %w", err)
	}
	return c, home.SyncDir(h.Dir)
}

// settle removes what a node's disk makes beside a record, and flushes the directories.
func settle(dir string) error {
	dirs := []string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			dirs = append(dirs, p)
		case strings.Contains(d.Name(), ".db") && !slices.Contains(records, d.Name()):
			return os.Remove(p)
		}
		return nil
	})
	for _, d := range dirs {
		err = errors.Join(err, home.SyncDir(d))
	}
	return err
}
