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
		if f.Name() == erased {
			k.Erased = st.ModTime()
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
	if len(k.Files) == 0 && k.Erased.After(k.At) {
		k.At = k.Erased
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

// ErrHeld says that a recording is not to be erased, ErrErased that it was, or is being.
var (
	ErrHeld   = errors.New("it is kept, as somebody said")
	ErrErased = errors.New("it has been erased")
)

// there reports whether one of the files that are no sound stands in a recording.
func there(dir, id, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, id, name))
	return err == nil
}

// Hold keeps a recording from being erased, or gives it free again. Who holds and who erases each write their file and then
// look for the other's: one of the two gives way. SPEC: RCD-010
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
	if there(dir, id, erased) {
		return fmt.Errorf("couldn't hold the recording: %w", errors.Join(ErrErased, os.Remove(name)))
	}
	return nil
}

// Over gives the recordings that were written last so long ago, and those that are marked. SPEC: RCD-010
func Over(dir string, keep time.Duration, now time.Time) ([]Kept, error) {
	all, err := List(dir, false)
	return slices.DeleteFunc(all, func(k Kept) bool { return len(k.Files) == 0 || k.Erased.IsZero() && (k.Hold || now.Sub(k.At) < keep) }), err
}

// Mark decides that a recording is erased: nobody can hold it from then on. One that is held is not marked. SPEC: RCD-010
func Mark(dir, id string) error {
	name := filepath.Join(dir, id, erased)
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		return fmt.Errorf("couldn't mark the recording of %s: %w", id, err)
	}
	if there(dir, id, hold) {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("couldn't take the mark from the recording of %s: %w", id, err)
		}
		return ErrHeld
	}
	return nil
}

// Erase removes a recording that is marked; its directory says that it was there.
func Erase(dir, id string) error {
	at := filepath.Join(dir, id)
	fs, err := os.ReadDir(at)
	for _, f := range fs {
		if f.Name() != erased {
			err = errors.Join(err, os.RemoveAll(filepath.Join(at, f.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("couldn't erase the recording of %s: %w", id, err)
	}
	return nil
}
