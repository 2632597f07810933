// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

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

// ErrCut says that a file ends within a part: what comes before that was opened.
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
