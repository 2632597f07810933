// SPDX-License-Identifier: Apache-2.0

package party

import (
	"bytes"

	"example.org/parley/wire"
)

// A sheet's addresses and the telephones of terms stand in a piece of their own: one salted line of JSON, which their text
// names by its hash. It stands behind the text wherever that goes; who publishes the text leaves it out, and tells nobody
// where a party is reached.

// maxPiece bounds a piece.
const maxPiece = 4096

// apart takes a sheet or terms and the piece behind them apart; it is nil where there is none.
func apart(b []byte) (text, piece []byte) {
	i := bytes.LastIndex(b, []byte("\n{"))
	switch {
	case i < 0:
		return b, nil
	case b[0] == '{': // terms
		return b[:i], b[i+1:]
	}
	piece, whole := bytes.CutSuffix(b[i+1:], []byte("\n"))
	if !whole {
		return b, nil
	}
	return b[:i+1], piece
}

// Bare gives a sheet or terms without the piece that tells addresses or telephones: what may be published.
//
// SPEC: REC-913
func Bare(b []byte) []byte {
	text, _ := apart(b)
	return text
}

// open reads a piece into v where it is the one of that hash.
func open(piece []byte, hash wire.Hash, v any) error {
	if wire.Sum(piece) != hash {
		return wire.ErrBody
	}
	return wire.DecodeStrict(piece, maxPiece, v)
}
