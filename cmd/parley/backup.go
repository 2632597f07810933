// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/backup"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/node"
	"example.org/parley/internal/store"
)

// backup makes a backup of the home, or of one line of it, while its node runs or not.
func (a *app) backup() *cobra.Command {
	return &cobra.Command{Use: "backup [FILE]", Short: "Copy keys, configuration and records into one file, while the node runs, and read it back.", Args: nargs(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			names, err := a.linesMeant()
			if err != nil {
				return err
			}
			now, file, keep := time.Now(), "", 0
			if len(args) > 0 {
				file = args[0]
			} else if file, keep, err = a.backupPlace(names, now); err != nil {
				return err
			}
			if file, err = filepath.Abs(file); err != nil {
				return fmt.Errorf("couldn't find the file: %w", err)
			}
			made, err := backup.Make(a.home(), names, file, now, a.rows(c.Context()))
			if err != nil {
				return err
			}
			for db := range made.Rows {
				a.noteBackup(c.Context(), db, made.Made)
			}
			st, err := os.Stat(file)
			if err != nil {
				return fmt.Errorf("couldn't look at the file: %w", err)
			}
			if err := thin(file, keep); err != nil {
				return err
			}
			return a.say(map[string]any{"file": file, "bytes": st.Size(), "lines": made.Lines(), "rows": made.Rows, "made": made.Made},
				"%s: %d bytes, lines: %s. It was read back: every key, every signature.\nWhoever has it has the keys: keep it where nobody else reads it, on another machine. On the day: parley restore FILE\n", file, st.Size(), strings.Join(made.Lines(), ", "))
		}}
}

// madeAt is the time in the name of a backup that is given none.
const madeAt = "20060102-150405"

// backupPlace names a backup that is given no name, in the place of the first line that has one, and says how many stay there.
func (a *app) backupPlace(names []string, now time.Time) (file string, keep int, err error) {
	for _, n := range names {
		if l, err := a.home().Load(n); err == nil && l.Config.Backup.Place != "" {
			return filepath.Join(l.Config.Backup.Place, l.Config.Party+"-"+now.UTC().Format(madeAt)+".backup"), l.Config.Backup.Keep, nil
		}
	}
	return "", 0, hint.Usage("parley backup FILE; or name the directory once, in config.toml: [backup] place = \"/srv/backup\"", "backup: into which file?")
}

// thin erases the oldest of the backups beside the newest that were named as it was, until keep stand; all do where keep is 0.
// One that was given a name by a person stays.
func thin(newest string, keep int) error {
	if keep == 0 {
		return nil
	}
	dir, name := filepath.Split(newest)
	files, err := os.ReadDir(dir) // in the order of their names: of their times
	files = slices.DeleteFunc(files, func(f os.DirEntry) bool {
		n, party := f.Name(), max(0, len(name)-len(madeAt+".backup"))
		if len(n) != len(name) || n[:party] != name[:party] || n >= name {
			return true
		}
		_, bad := time.Parse(madeAt+".backup", n[party:])
		return bad != nil
	})
	for ; len(files) >= keep && err == nil; files = files[1:] {
		err = os.Remove(filepath.Join(dir, files[0].Name()))
	}
	if err != nil {
		return fmt.Errorf("the backup is made, and an older one could not be erased: %w", err)
	}
	return nil
}

// rows asks the node for the rows of a record, or reads them where none runs.
func (a *app) rows(ctx context.Context) backup.Source {
	return func(line, db string, put func(func() (store.Row, error)) error) error {
		r, w := io.Pipe()
		failed := make(chan error, 1)
		go func() { // ends with the rows, or with who reads them
			_, err := a.node().Save(ctx, w, line, a.lang, act.Backup{DB: db})
			if errors.Is(err, control.ErrNotRunning) {
				err = a.openRows(line, db, w)
			}
			w.CloseWithError(err)
			failed <- err
		}()
		in := json.NewDecoder(r)
		err := put(func() (row store.Row, err error) {
			if err = in.Decode(&row); errors.Is(err, io.ErrUnexpectedEOF) {
				err = hint.New("try again", "the rows of the record did not come to their end")
			}
			return row, err
		})
		r.CloseWithError(err)
		if e := <-failed; e != nil && err == nil {
			err = e
		}
		return err
	}
}

// openRows reads the rows of a record that no node of this home has open.
func (a *app) openRows(line, db string, w io.Writer) error {
	l, err := a.home().Load(line)
	if err != nil {
		return err
	}
	if l.Alone != nil && filepath.Base(l.Alone.DB()) == db {
		l = l.Alone
	}
	c, err := node.Of(l, nil)
	if err != nil {
		return err
	}
	return node.OpenRows(c, w)
}

// noteBackup tells the node, or the record of one that does not run, when the newest backup was made.
func (a *app) noteBackup(ctx context.Context, db string, made time.Time) {
	p := strings.Split(db, "/")
	_, err := a.node().Do(ctx, p[1], a.lang, act.Backup{DB: p[2], Made: made})
	if errors.Is(err, control.ErrNotRunning) {
		err = node.NoteBackup(filepath.Join(a.home().Dir, db), made, false)
	}
	if err != nil {
		a.complain(hint.New("the backup is whole; the alarm about it goes on until the next one", "the line %s could not be told of its backup: %v", p[1], err))
	}
}

// restore makes the lines of an empty home of a backup.
func (a *app) restore() *cobra.Command {
	return &cobra.Command{Use: "restore FILE", Short: "Make the lines of an empty home of a backup, on the machine that takes the place of the lost one.", Args: nargs(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			h := a.home()
			if h.Dir == "" {
				_, err := h.Lines()
				return err
			}
			err := os.MkdirAll(h.Dir, 0o700)
			if err == nil {
				err = h.Owned()
			}
			if err != nil {
				return err
			}
			end, err := control.Hold(h)
			if err != nil {
				return err
			}
			defer end()
			made, err := backup.Restore(h, args[0])
			if err != nil {
				return err
			}
			var out bytes.Buffer
			for _, n := range made.Lines() {
				l, err := h.Load(n)
				if err != nil {
					return err
				}
				for _, p := range a.absent(l) {
					fmt.Fprintf(&out, a.tr("Path %s of the line %s: this machine has no address %s. Give it that address; or take its own once the node runs: parley path set %s --bind IP:PORT\n"), p.Label, n, p.At(), p.Label)
				}
			}
			return a.sayNext(map[string]any{"home": h.Dir, "lines": made.Lines(), "made": made.Made, "rows": made.Rows},
				"Restored from the backup of %s: %s.\n%sNext: parley serve. The other end gives back what it holds; both boards say that this is an older copy. The old machine must never run again.\n", made.Made.Format("2006-01-02 15:04Z"), strings.Join(made.Lines(), ", "), out.String())
		}}
}

// absent gives the paths of a line whose address this machine has not.
func (a *app) absent(l *home.Line) (ps []home.Path) {
	for _, p := range l.Config.Paths {
		if !here(p.At()) {
			ps = append(ps, p)
		}
	}
	return ps
}
