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
	"slices"
	"time"

	"example.org/parley/call"
)

// Kept is the recording of one call on this disk.
type Kept struct {
	Call  string            `json:"call"`
	At    time.Time         `json:"at"` // when it was written last
	Hold  bool              `json:"hold,omitempty"`
	Files []call.RecordFile `json:"files"`

	Erased time.Time `json:"erased,omitzero"` // zero: it was not
}

// Place is the directory of a line that has its recordings.
const Place = "recordings"

// The files of a recording that are no sound: one keeps it from being erased, one says that it was, and when.
const (
	hold   = "hold"
	erased = "erased"
)

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
		if f.Name() == erased {
			k.Erased = st.ModTime()
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

// Over gives the recordings that were written last so long ago. SPEC: RCD-010
func Over(dir string, keep time.Duration, now time.Time) ([]Kept, error) {
	all, err := List(dir, false)
	return slices.DeleteFunc(all, func(k Kept) bool { return k.Hold || len(k.Files) == 0 || now.Sub(k.At) < keep }), err
}

// Erase removes a recording; its directory says that it was there. SPEC: RCD-010
func Erase(dir, id string) error {
	at := filepath.Join(dir, id)
	err := os.RemoveAll(at)
	if err == nil {
		err = os.Mkdir(at, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(at, erased), nil, 0o600)
	}
	if err != nil {
		return fmt.Errorf("couldn't erase the recording of %s: %w", id, err)
	}
	return nil
}
