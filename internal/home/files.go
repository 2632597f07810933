// SPDX-License-Identifier: Apache-2.0

package home

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"example.org/parley/hint"
)

const maxFile = 64 << 10

// read reads a file of the line, of a size that it may have.
func (l *Line) read(name string) (b []byte, err error) {
	f, err := os.Open(filepath.Join(l.Dir, name))
	if err == nil {
		defer f.Close()
		b, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	}
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("over %d bytes", maxFile)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", name, err)
	}
	return b, nil
}

// secret reads a key file; one that others could read is refused: they may have.
//
// SPEC: CLI-003
func (l *Line) secret(name string) ([]byte, error) {
	path := filepath.Join(l.Dir, name)
	st, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", name, err)
	}
	if !st.Mode().IsRegular() || st.Mode().Perm()&0o077 != 0 {
		return nil, hint.New("", "%s has mode %04o: others may have read it", path, st.Mode().Perm()).Way("if you are sure that nobody has: chmod 600 %s; else make a new line", path)
	}
	return l.read(name)
}

// write replaces a file at once or not at all, with mode 0600, and is on disk when it returns.
func (l *Line) write(name string, b []byte) error {
	return WriteFile(filepath.Join(l.Dir, name), b)
}

// file is a file of a line, and what is to stand in it.
type file struct {
	name string
	text []byte
}

// writeAll writes files in their order; after one that cannot be written it writes none.
func (l *Line) writeAll(fs ...file) error {
	for _, f := range fs {
		if err := l.write(f.name, f.text); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile replaces a file at once or not at all, with mode 0600, and is on disk when it returns.
func WriteFile(path string, b []byte) error {
	return WriteFrom(path, func(w io.Writer) error { _, err := w.Write(b); return err })
}

// WriteFrom is WriteFile of what write gives.
func WriteFrom(path string, write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-")
	if err != nil {
		return fmt.Errorf("couldn't write %s: %w", filepath.Base(path), err)
	}
	defer os.Remove(f.Name())
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = SyncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("couldn't write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// SyncDir flushes the names in a directory.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// State reads a small file of the line that another package owns (pairing.json); nil where there is none.
func (l *Line) State(name string) ([]byte, error) {
	b, err := l.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// SetState writes such a file.
func (l *Line) SetState(name string, b []byte) error { return l.write(name, b) }
