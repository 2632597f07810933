// SPDX-License-Identifier: Apache-2.0

package story

import (
	"bytes"
	"fmt"
	"os"
	"slices"

	"example.org/parley/record"
	"example.org/parley/verify"
	"example.org/parley/wire"
)

// lies are words that somebody might like to change afterwards: a place, an outcome.
var lies = [][2]string{{"54.20N", "54.21N"}, {`"declined"`, `"accepted"`}}

// Forge copies an export with one word of a statement changed, and mends all that needs no key: the hash of the body in the
// statement's header and the checksum of the file. It says which word became which, and in what statement.
func Forge(from, to string) (lie [2]string, at record.Place, err error) {
	in, err := os.Open(from)
	if err != nil {
		return lie, at, err
	}
	defer in.Close()
	pieces, err := verify.Read(in)
	if err != nil {
		return lie, at, err
	}
	for _, lie = range lies {
		for i, p := range slices.Backward(pieces) {
			if p.Kind != "facts" || !bytes.Contains(p.Bytes, []byte(lie[0])) {
				continue
			}
			n, err := wire.ParseNote(pieces[i-1].Bytes, wire.MaxNote)
			if err != nil {
				return lie, at, err
			}
			st, _, err := record.ParseHeader(n.Text)
			if err != nil {
				return lie, at, err
			}
			forged, note := bytes.Replace(p.Bytes, []byte(lie[0]), []byte(lie[1]), 1), &pieces[i-1].Bytes
			*note = bytes.Replace(*note, []byte(wire.Sum(p.Bytes).String()), []byte(wire.Sum(forged).String()), 1)
			pieces[i].Bytes = forged
			var out bytes.Buffer
			if err := verify.Write(&out, func(yield func(verify.Piece)) error {
				for _, p := range pieces {
					yield(p)
				}
				return nil
			}); err != nil {
				return lie, at, err
			}
			return lie, record.Place{LogID: st.Log.LogID, Index: st.Index}, os.WriteFile(to, out.Bytes(), 0o600)
		}
	}
	return lie, at, fmt.Errorf("couldn't forge %s: no word in it is worth a lie", from)
}
