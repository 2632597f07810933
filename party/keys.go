// SPDX-License-Identifier: Apache-2.0

package party

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"strings"

	"example.org/parley/wire"
)

// Keys are what a party holds in secret for one line.
type Keys struct {
	Party ed25519.PrivateKey // signs sheets; may be kept off the machine
	Sign  ed25519.PrivateKey // signs statements, receipts and the genesis
	Link  ed25519.PrivateKey // proves the node to its peer
}

// NewKeys draws the three keys of a line.
func NewKeys(rand io.Reader) (Keys, error) {
	var k Keys
	for _, p := range []*ed25519.PrivateKey{&k.Party, &k.Sign, &k.Link} {
		seed, err := Draw(rand)
		if err != nil {
			return k, err
		}
		*p = ed25519.NewKeyFromSeed(seed[:])
	}
	return k, nil
}

// Public gives the public half of a private key.
func Public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

const secretPrefix = "PARLEY-SECRET-KEY "

// ErrSecret says that a key file does not have its one form.
var ErrSecret = errors.New("not a secret key of parley")

// EncodeSecret is the text of a key file: its role and its seed. It must never leave the machine.
func EncodeSecret(role string, k ed25519.PrivateKey) []byte {
	return []byte(secretPrefix + role + " " + base64.StdEncoding.EncodeToString(k.Seed()) + "\n")
}

// DecodeSecret reads what EncodeSecret wrote, for that role only.
func DecodeSecret(role string, b []byte) (ed25519.PrivateKey, error) {
	s, ok := strings.CutPrefix(string(b), secretPrefix+role+" ")
	if !ok {
		return nil, ErrSecret
	}
	h, err := wire.ParseHash(strings.TrimSuffix(s, "\n"))
	if err != nil {
		return nil, ErrSecret
	}
	return ed25519.NewKeyFromSeed(h[:]), nil
}

// Hash names a party for ever: SHA-256 of its party-key line with the LF.
//
// SPEC: REC-903
func Hash(partyKey ed25519.PublicKey) wire.Hash {
	return sha256.Sum256([]byte("party-key " + wire.KeyText(partyKey) + "\n"))
}
