// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"example.org/parley/call"
)

// Kept is the recording of one call on this disk.
type Kept struct {
	Call  string            `json:"call"`
	At    time.Time         `json:"at"` // when it was written last
	Hold  bool              `json:"hold,omitempty"`
	Files []call.RecordFile `json:"files"`
}

// Place is the directory of a line that has its recordings.
const Place = "recordings"

// hold is the file that keeps a recording from being erased.
const hold = "hold"

// List gives the recordings of a directory; hashed says whether the files are read for their hashes.
func List(dir string, hashed bool) (out []Kept, err error) {
	ds, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, d := range ds {
		if _, bad := call.ParseID(d.Name()); bad != nil || !d.IsDir() {
			continue
		}
		k, e := list(dir, d.Name(), hashed)
		if err = errors.Join(err, e); e == nil {
			out = append(out, k)
		}
	}
	return out, err
}

// Of gives the recording of one call as it lies on the disk; none is no error.
func Of(dir, id string) (Kept, error) {
	k, err := list(dir, id, true)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return k, err
}

func list(dir, id string, hashed bool) (k Kept, err error) {
	k.Call = id
	fs, err := os.ReadDir(filepath.Join(dir, id))
	if err != nil {
		return k, fmt.Errorf("couldn't read the recording: %w", err)
	}
	for _, f := range fs {
		st, err := f.Info()
		if err != nil {
			return k, fmt.Errorf("couldn't read the recording: %w", err)
		}
		if f.Name() == hold {
			k.Hold = true
			continue
		}
		if at := st.ModTime(); at.After(k.At) {
			k.At = at
		}
		if !call.RecordName.MatchString(f.Name()) {
			continue
		}
		file := call.RecordFile{Name: f.Name(), Bytes: int(st.Size())}
		if hashed {
			if file.SHA256, err = sum(filepath.Join(dir, id, f.Name())); err != nil {
				return k, err
			}
		}
		k.Files = append(k.Files, file)
	}
	return k, nil
}

func sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("couldn't read the recording: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("couldn't read the recording: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// size is how many bytes the recordings of a directory take, as far as they can be read.
func size(dir string) (n int64) {
	all, _ := List(dir, false)
	for _, k := range all {
		for _, f := range k.Files {
			n += int64(f.Bytes)
		}
	}
	return n
}

// Hold keeps a recording from being erased, or gives it free again. SPEC: RCD-010
func Hold(dir, id string, on bool) error {
	name := filepath.Join(dir, id, hold)
	if !on {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("couldn't give the recording free: %w", err)
		}
		return nil
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		return fmt.Errorf("couldn't hold the recording: %w", err)
	}
	return nil
}

// Erase removes what was recorded longer ago than it is kept (a directory without files may be that of a call that is up), and gives the calls whose recording is gone. SPEC: RCD-010
func Erase(dir string, keep time.Duration, now time.Time) (gone []string, err error) {
	all, err := List(dir, false)
	for _, k := range all {
		if k.Hold || len(k.Files) == 0 || now.Sub(k.At) < keep {
			continue
		}
		if e := os.RemoveAll(filepath.Join(dir, k.Call)); e != nil {
			err = errors.Join(err, fmt.Errorf("couldn't erase the recording of %s: %w", k.Call, e))
			continue
		}
		gone = append(gone, k.Call)
	}
	return gone, err
}
