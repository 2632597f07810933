// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// Sealed ends the name of a file that is encrypted.
const Sealed = ".sealed"

const maxPart = 1 << 20

// seal encrypts what is written together as a part of its own: its length in four bytes, then a file of age. A node that is
// killed leaves whole parts. SPEC: RCD-007
func seal(b []byte, to age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	out.Write(make([]byte, 4))
	w, err := age.Encrypt(&out, to)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't encrypt a recording: %w", err)
	}
	binary.BigEndian.PutUint32(out.Bytes(), uint32(out.Len()-4))
	return out.Bytes(), nil
}

// ErrCut says that a file ends within a part, or in what a power cut left of one: what comes before that was opened.
var ErrCut = errors.New("the recording ends in the midst of a part")

// Open decrypts a recording, part by part. SPEC: RCD-007
func Open(w io.Writer, r io.Reader, with ...age.Identity) error {
	for {
		var head [4]byte
		switch _, err := io.ReadFull(r, head[:]); {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return ErrCut
		case err != nil:
			return fmt.Errorf("couldn't read the recording: %w", err)
		}
		n := binary.BigEndian.Uint32(head[:])
		if n == 0 {
			return ErrCut
		}
		if n > maxPart {
			return errors.New("this is no encrypted recording: a part of more than 1 MiB")
		}
		part, err := io.ReadAll(io.LimitReader(r, int64(n)))
		if err != nil {
			return fmt.Errorf("couldn't read the recording: %w", err)
		}
		if len(part) < int(n) {
			return ErrCut
		}
		plain, err := age.Decrypt(bytes.NewReader(part), with...)
		if err == nil {
			_, err = io.Copy(w, plain)
		}
		if err != nil {
			return fmt.Errorf("couldn't open the recording: %w", err)
		}
	}
}

// OpenAll opens the files of a call's recording into another directory, and gives their names there. A WAV is given its
// length, which was not known while it was written. What is damaged is opened as far as it goes, and err names the damage of
// each file. SPEC: RCD-011
func OpenAll(from, to string, with ...age.Identity) (names []string, err error) {
	all, err := os.ReadDir(from)
	if err == nil {
		err = os.MkdirAll(to, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't open the recording: %w", err)
	}
	for _, f := range all {
		name := strings.TrimSuffix(f.Name(), Sealed)
		if ext := filepath.Ext(name); ext != ".ogg" && ext != ".wav" {
			continue
		}
		name = filepath.Join(to, name)
		some, e := openOne(filepath.Join(from, f.Name()), name, with)
		if err = errors.Join(err, e); some {
			names = append(names, name)
		}
	}
	if names == nil && err == nil {
		return nil, fmt.Errorf("there is no recording in %s", from)
	}
	return names, err
}

// openOne opens a file, and reports whether anything of it is there.
func openOne(from, to string, with []age.Identity) (some bool, err error) {
	in, err := os.Open(from)
	if err != nil {
		return false, fmt.Errorf("couldn't open the recording: %w", err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, fmt.Errorf("couldn't open the recording: %w", err)
	}
	if strings.HasSuffix(from, Sealed) {
		err = Open(out, in, with...)
	} else {
		_, err = io.Copy(out, in)
	}
	st, e := out.Stat()
	if some = e == nil && st.Size() > 0; some && strings.HasSuffix(to, ".wav") && st.Size() >= wavHeadBytes {
		_, e = out.WriteAt(wavHead(uint32(min(st.Size()-wavHeadBytes, unknown))), 0)
	}
	if !some {
		_ = os.Remove(to)
	}
	if err = errors.Join(err, e, out.Close()); err != nil {
		err = fmt.Errorf("%s: %w", filepath.Base(from), err)
	}
	return some, err
}
