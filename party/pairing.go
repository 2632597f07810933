// SPDX-License-Identifier: Apache-2.0

package party

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"example.org/parley/wire"
)

// Commit binds a side to its nonce before it has seen the other's: nobody can grind the numbers.
// Role is "A" or "B".
func Commit(role, party string, nonce [32]byte) wire.Hash {
	return wire.Sum(append([]byte("parley/v1 pairing commit\n"+role+" "+party+"\n"), nonce[:]...))
}

// PairingTag keys the silent handshake while the two sheets are all that the ends share.
func PairingTag(a, b *Sheet) [32]byte {
	return wire.Sum([]byte("parley/v1 pairing tag\n" + a.Hash.String() + "\n" + b.Hash.String() + "\n"))
}

// Numbers derives the two six-digit numbers of a session from both nonces, both sheets and the
// session's TLS exporter. A's screen shows the first, B's the second; each types the other's.
// They always differ: one's own number can never pass for the other's.
//
// SPEC: REC-911
func Numbers(nonceA, nonceB [32]byte, a, b *Sheet, exporter []byte) (forA, forB string, err error) {
	salt := append(append([]byte(nil), nonceA[:]...), nonceB[:]...)
	info := "parley/v1 pairing numbers\n" + a.Hash.String() + "\n" + b.Hash.String() + "\n"
	x, err := hkdf.Key(sha256.New, exporter, salt, info, 128)
	if err != nil {
		return "", "", fmt.Errorf("couldn't derive the pairing numbers: %w", err)
	}
	six := func(i int) string { return fmt.Sprintf("%06d", binary.BigEndian.Uint64(x[8*i:])%1_000_000) }
	forA = six(0)
	for i := 1; i < 16; i++ {
		if forB = six(i); forB != forA {
			return forA, forB, nil
		}
	}
	return "", "", fmt.Errorf("couldn't derive two different pairing numbers")
}
