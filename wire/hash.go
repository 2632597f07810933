// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// Hash is a SHA-256 value as it stands in signed texts.
type Hash [32]byte

// Sum is SHA-256 over b.
func Sum(b []byte) Hash { return sha256.Sum256(b) }

// ErrHash says that a text is not the one spelling of a hash.
var ErrHash = errors.New("not a hash in standard base64 of 44 characters")

// String gives standard base64 with padding, 44 characters (record: common bytes).
func (h Hash) String() string { return base64.StdEncoding.EncodeToString(h[:]) }

// Name gives base64url without padding, 43 characters: only the genesis inside log names.
func (h Hash) Name() string { return base64.RawURLEncoding.EncodeToString(h[:]) }

// IsZero reports whether h was never set.
func (h Hash) IsZero() bool { return h == Hash{} }

var (
	hashForm = base64.StdEncoding.Strict()
	nameForm = base64.RawURLEncoding.Strict()
)

// ParseHash accepts only the spelling that String gives.
func ParseHash(s string) (Hash, error) { return parse(s, hashForm, 44) }

// ParseHashName accepts only the spelling that Name gives.
func ParseHashName(s string) (Hash, error) { return parse(s, nameForm, 43) }

func parse(s string, form *base64.Encoding, n int) (Hash, error) {
	var b [33]byte // room for a padded one as the decoder counts
	if len(s) == n {
		if n, err := form.Decode(b[:], []byte(s)); err == nil && n == len(Hash{}) {
			return Hash(b[:n]), nil
		}
	}
	return Hash{}, ErrHash
}
