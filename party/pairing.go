// SPDX-License-Identifier: Apache-2.0

package party

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"example.org/parley/wire"
)

// Commit binds a side (0: A) to its nonce before it has seen the other's: nobody can grind the numbers.
func Commit(place int, party string, nonce [32]byte) wire.Hash {
	return wire.Sum(fmt.Appendf(nil, "parley/v1 pairing commit\n%c %s\n%s", 'A'+place, party, nonce[:]))
}

// PairingTag keys the silent handshake while the two sheets, A's first, are all that the ends share.
func PairingTag(sheets [2]*Sheet) [32]byte {
	return wire.Sum([]byte(named("tag", sheets)))
}

func named(what string, sheets [2]*Sheet) string {
	return fmt.Sprintf("parley/v1 pairing %s\n%s\n%s\n", what, sheets[0].Hash, sheets[1].Hash)
}

// Numbers derives the two six-digit numbers of a session from both nonces, both sheets (A's first) and the session's
// TLS exporter. A's screen shows the first, B's the second; each types the other's.
// They always differ: one's own number can never pass for the other's.
//
// SPEC: REC-911
func Numbers(nonces [2][32]byte, sheets [2]*Sheet, exporter []byte) (n [2]string, err error) {
	x, err := hkdf.Key(sha256.New, exporter, slices.Concat(nonces[0][:], nonces[1][:]), named("numbers", sheets), 128)
	if err != nil {
		return n, fmt.Errorf("couldn't derive the pairing numbers: %w", err)
	}
	six := func(i int) string { return fmt.Sprintf("%06d", binary.BigEndian.Uint64(x[8*i:])%1_000_000) }
	for i := 1; i < 16; i++ {
		if n = [2]string{six(0), six(i)}; n[0] != n[1] {
			return n, nil
		}
	}
	return [2]string{}, errors.New("couldn't derive two different pairing numbers")
}
