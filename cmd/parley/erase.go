// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/parley/hint"
	"example.org/parley/internal/backup"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/node"
)

// leftFor is how long a line that was left is kept at least: the other party may still ask for what stands in it.
const leftFor = 7 * 24 * time.Hour

// erase removes a line of the home, keys and record, once it was left and archived.
//
// SPEC: CLI-063
func (a *app) erase() *cobra.Command {
	var archive string
	c := &cobra.Command{Use: "erase NAME --archive FILE", Short: "Remove a line, keys and record, 7 days after we left it, once it is archived; its name is typed.", Args: nargs(1, 1)}
	c.Flags().StringVar(&archive, "archive", "", "the backup of it that is made first, and read back: a file that is not there yet")
	c.RunE = func(c *cobra.Command, args []string) error {
		name, err := a.home().Pick(args[0])
		if err != nil {
			return err
		}
		if archive == "" {
			return hint.Usage("parley line erase NAME --archive FILE", "line erase: where is it archived?")
		}
		if _, err := os.Lstat(archive); err == nil {
			return hint.New("choose another name: nothing is overwritten", "%s is already there", archive)
		}
		end, err := control.Hold(a.home())
		if err != nil {
			return err
		}
		defer end()
		l, err := a.home().Load(name)
		if err == nil {
			err = mayErase(l, time.Now())
		}
		if err != nil {
			return err
		}
		if archive, err = filepath.Abs(archive); err != nil {
			return fmt.Errorf("couldn't find the file: %w", err)
		}
		if strings.HasPrefix(archive, l.Dir+"/") {
			return hint.New("another directory, if possible on another machine", "the archive would be erased with the line")
		}
		if _, err := backup.Make(a.home(), []string{name}, archive, time.Now(), a.rows(c.Context())); err != nil {
			return err
		}
		for _, is := range []*home.Line{l, l.Alone} {
			if err := node.EraseDatabase(is); err != nil {
				return hint.New("the archive is made, nothing of the line was removed from this machine: erase it once the database answers", "couldn't erase the record in the database: %v", err)
			}
		}
		gone := filepath.Join(filepath.Dir(l.Dir), ".erased-"+name) // after a kill no half of a line is there under its name
		err = os.RemoveAll(gone)
		if err == nil {
			err = os.Rename(l.Dir, gone)
		}
		if err == nil {
			err = os.RemoveAll(gone)
		}
		if err != nil {
			return fmt.Errorf("couldn't erase the line: %w", err)
		}
		return a.say(map[string]string{"line": name, "archive": archive},
			"The line %s is erased here. The archive %s has its keys and its record; the other party keeps its own record.\n", name, archive)
	}
	return c
}

// mayErase says why a line is kept: it was not left, or not for long enough. What was never signed by two may go.
func mayErase(l *home.Line, now time.Time) error {
	is := l
	if l.Genesis == nil {
		is = l.Alone
	}
	if is == nil {
		return nil
	}
	c, err := node.Of(is, nil)
	if err != nil {
		return err
	}
	left, err := node.LeftAt(c)
	switch {
	case err != nil:
		return err
	case left.IsZero():
		return hint.New("while its node runs: parley line leave", "the line %s has not been left", l.Name)
	case now.Sub(left) < leftFor:
		return hint.New("", "the line %s was left on %s", l.Name, left.Format("2006-01-02 15:04Z")).Way("it can be erased from %s on", left.Add(leftFor).Format("2006-01-02 15:04Z"))
	}
	return nil
}
