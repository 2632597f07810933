// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"filippo.io/edwards25519"
)

// Note is a signed text: the text to its last LF, and the lines that sign it.
type Note struct {
	Text []byte
	Sigs []Sig
}

// Sig is one signature line.
type Sig struct {
	Name string
	Key  uint32 // first four bytes of SHA-256(name LF 0x01 key)
	Sig  []byte // 64 bytes of Ed25519
}

// MaxText is the limit of a signed text.
const MaxText = 4096

// MaxNote is the limit of a signed text with its signature lines.
const MaxNote = MaxText + 512

// The errors of notes.
var (
	ErrNote      = errors.New("not a signed note in its strict form")
	ErrSignature = errors.New("not signed by the key that it must be signed by")
)

const sigPrefix = "— " // an em dash and a space

// ParseNote splits a note and accepts only its strict form, of at most max bytes.
// It verifies no signature.
//
// SPEC: REC-001
func ParseNote(b []byte, max int) (Note, error) {
	if len(b) > max {
		return Note{}, fmt.Errorf("%w: over %d bytes", ErrNote, max)
	}
	cut := bytes.Index(b, []byte("\n\n"))
	if cut < 0 {
		return Note{}, fmt.Errorf("%w: no empty line", ErrNote)
	}
	n := Note{Text: b[: cut+1 : cut+1]}
	if err := CheckText(n.Text); err != nil {
		return Note{}, err
	}
	rest := string(b[cut+2:])
	for rest != "" {
		line, more, ok := strings.Cut(rest, "\n")
		if !ok || len(n.Sigs) == 4 {
			return Note{}, fmt.Errorf("%w: signature lines", ErrNote)
		}
		s, err := parseSig(line)
		if err != nil {
			return Note{}, err
		}
		n.Sigs, rest = append(n.Sigs, s), more
	}
	if len(n.Sigs) == 0 {
		return Note{}, fmt.Errorf("%w: no signature line", ErrNote)
	}
	return n, nil
}

// CheckText accepts lines of 0x20–0x7E, each ended by LF, none empty, with one space between
// fields and none at an end, of at most MaxText bytes.
//
// SPEC: REC-001
func CheckText(text []byte) error {
	if len(text) == 0 || len(text) > MaxText || text[len(text)-1] != '\n' {
		return fmt.Errorf("%w: length or end", ErrNote)
	}
	last := byte('\n')
	for _, c := range text {
		switch {
		case c == '\n' && (last == '\n' || last == ' '), c == ' ' && (last == '\n' || last == ' '):
			return fmt.Errorf("%w: an empty line or a space too many", ErrNote)
		case c != '\n' && (c < 0x20 || c > 0x7e):
			return fmt.Errorf("%w: byte %#02x", ErrNote, c)
		}
		last = c
	}
	return nil
}

func parseSig(line string) (Sig, error) {
	bad := fmt.Errorf("%w: signature line", ErrNote)
	rest, ok := strings.CutPrefix(line, sigPrefix)
	if !ok {
		return Sig{}, bad
	}
	name, b64, ok := strings.Cut(rest, " ")
	if !ok || !validName(name) || len(b64) != 92 {
		return Sig{}, bad
	}
	raw, err := hashForm.DecodeString(b64)
	if err != nil || len(raw) != 4+ed25519.SignatureSize {
		return Sig{}, bad
	}
	return Sig{Name: name, Key: binary.BigEndian.Uint32(raw), Sig: raw[4:]}, nil
}

func validName(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool { return r <= 0x20 || r > 0x7e || r == '+' })
}

// KeyHash is the number by which a signature line names a key.
func KeyHash(name string, pub ed25519.PublicKey) uint32 {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte{'\n', 1})
	h.Write(pub)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// KeyText is how a public key stands in a text: base64 of 0x01 and the key.
func KeyText(pub ed25519.PublicKey) string {
	return base64.StdEncoding.EncodeToString(append([]byte{1}, pub...))
}

// ParseKeyText accepts only the spelling that KeyText gives, and no weak key: under the identity and the
// other points of small order one signature fits every text.
//
// SPEC: REC-912
func ParseKeyText(s string) (ed25519.PublicKey, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 1+ed25519.PublicKeySize || b[0] != 1 || base64.StdEncoding.EncodeToString(b) != s {
		return nil, errors.New("not an Ed25519 key in base64")
	}
	p, err := new(edwards25519.Point).SetBytes(b[1:])
	if err != nil || !bytes.Equal(p.Bytes(), b[1:]) || p.MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return nil, errors.New("a weak key: no point of the curve in its one spelling, or one of small order")
	}
	return ed25519.PublicKey(b[1:]), nil
}

// Verify reports whether exactly one line is by name, and that line is a valid signature of pub.
//
// SPEC: REC-002
func (n Note) Verify(name string, pub ed25519.PublicKey) error {
	var found *Sig
	for i := range n.Sigs {
		if n.Sigs[i].Name != name {
			continue
		}
		if found != nil {
			return fmt.Errorf("%w: two lines of %s", ErrSignature, name)
		}
		found = &n.Sigs[i]
	}
	if found == nil || len(pub) != ed25519.PublicKeySize || found.Key != KeyHash(name, pub) || !ed25519.Verify(pub, n.Text, found.Sig) {
		return fmt.Errorf("%w: %s", ErrSignature, name)
	}
	return nil
}

// SignNote signs a text and gives the whole note.
func SignNote(text []byte, name string, key ed25519.PrivateKey) ([]byte, error) {
	if err := CheckText(text); err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(text)+len(name)+128)
	out = append(out, text...)
	out = append(out, '\n')
	return appendSig(out, text, name, key)
}

// AddSignature signs the text of a note once more, by another name.
func AddSignature(note []byte, name string, key ed25519.PrivateKey) ([]byte, error) {
	n, err := ParseNote(note, MaxNote)
	if err != nil {
		return nil, err
	}
	for _, s := range n.Sigs {
		if s.Name == name {
			return nil, fmt.Errorf("%w: already signed by %s", ErrNote, name)
		}
	}
	return appendSig(bytes.Clone(note), n.Text, name, key)
}

func (s Sig) append(out []byte) []byte {
	raw := append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+ed25519.SignatureSize), s.Key), s.Sig...)
	out = append(append(append(out, sigPrefix...), s.Name...), ' ')
	return append(base64.StdEncoding.AppendEncode(out, raw), '\n')
}

func appendSig(out, text []byte, name string, key ed25519.PrivateKey) ([]byte, error) {
	if !validName(name) {
		return nil, fmt.Errorf("%w: name %q", ErrNote, name)
	}
	pub, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: key", ErrNote)
	}
	return Sig{name, KeyHash(name, pub), ed25519.Sign(key, text)}.append(out), nil
}

// Leaf is the hash and identity of a signed text: SHA-256 of 0x00 and the text to its last LF.
//
// SPEC: REC-003
func Leaf(text []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(text)
	var out Hash
	h.Sum(out[:0])
	return out
}
