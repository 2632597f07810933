// SPDX-License-Identifier: Apache-2.0

package party

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"strings"

	"example.org/parley/wire"
)

// Side is one party as the genesis names it.
type Side struct {
	Party string
	Sheet wire.Hash // hash of its sheet
	Sign  ed25519.PublicKey
	Rand  [32]byte // its own random bytes: no line is ever made twice
}

// Genesis is the beginning of a line, written by A and signed by both.
type Genesis struct {
	Line    string
	A, B    Side      // A is the party with the smaller party hash
	Tag     wire.Hash // SHA-256 of the silent handshake's key, which stays secret
	TermLen int
	Terms   wire.Hash // of the terms' bytes

	Note []byte    // as signed so far, byte for byte
	Hash wire.Hash // of its text: names the line in every log
	Sigs int       // good signatures: 0, 1 (A's) or 2
}

// ErrGenesis is wrapped by every reason why a text is no genesis.
var ErrGenesis = errors.New("not a genesis")

func notGenesis(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrGenesis, fmt.Sprintf(format, a...))
}

// MaxTerms bounds the body of the terms.
const MaxTerms = 4096

// First reports whether the party of sheet s is A beside the other sheet.
func First(s, other *Sheet) bool {
	a, b := s.PartyHash(), other.PartyHash()
	return bytes.Compare(a[:], b[:]) < 0
}

// NewGenesis drafts the genesis of a line from both sheets; it is A's to write.
//
// SPEC: REC-906
func NewGenesis(line string, a, b *Sheet, randA, randB, tagKey [32]byte, terms []byte) (*Genesis, error) {
	if !First(a, b) {
		return nil, notGenesis("A is the party with the smaller party hash")
	}
	g := &Genesis{Line: line, Tag: wire.Sum(tagKey[:]), TermLen: len(terms), Terms: wire.Sum(terms),
		A: Side{a.Party, a.Hash, a.Sign, randA}, B: Side{b.Party, b.Hash, b.Sign, randB}}
	if _, err := ParseTerms(terms); err != nil {
		return nil, err
	}
	return ParseGenesis(g.Text())
}

// Text is the one spelling of the genesis, without signatures.
func (g *Genesis) Text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "parley/v1 genesis\nline %s\n", g.Line)
	for i, s := range []Side{g.A, g.B} {
		fmt.Fprintf(&b, "%c %s %s %s %s\n", 'A'+i, s.Party, s.Sheet, wire.KeyText(s.Sign), wire.Hash(s.Rand))
	}
	fmt.Fprintf(&b, "tag %s\nterms %d %s\n", g.Tag, g.TermLen, g.Terms)
	return []byte(b.String())
}

func (g *Genesis) check() error {
	switch {
	case !ValidName(g.Line):
		return notGenesis("line %q", g.Line)
	case !ValidName(g.A.Party) || !ValidName(g.B.Party) || g.A.Party == g.B.Party:
		return notGenesis("two parties with two names")
	case g.A.Rand == g.B.Rand:
		return notGenesis("both sides gave the same random bytes")
	case g.A.Sign.Equal(g.B.Sign) || g.A.Sheet == g.B.Sheet:
		return notGenesis("both sides have the same keys")
	case g.TermLen < 1 || g.TermLen > MaxTerms:
		return notGenesis("terms of %d bytes", g.TermLen)
	}
	return nil
}

// ParseGenesis reads a genesis strictly with no, one (A's) or two signatures (A's, then B's);
// a signature that is there must be good. Sigs says how many there are: only two make a line.
//
// SPEC: REC-907
func ParseGenesis(b []byte) (*Genesis, error) {
	text, signed := b, bytes.Contains(b, []byte("\n\n"))
	var n wire.Note
	if signed {
		var err error
		if n, err = wire.ParseNote(b, MaxNote); err != nil {
			return nil, notGenesis("%v", err)
		}
		text = n.Text
	}
	g := &Genesis{}
	if err := g.read(string(text)); err != nil {
		return nil, err
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	if !bytes.Equal(g.Text(), text) {
		return nil, notGenesis("not its one spelling")
	}
	g.Hash, g.Sigs = wire.Leaf(text), len(n.Sigs)
	if !signed {
		return g, nil
	}
	g.Note = append([]byte(nil), b...)
	for i, s := range []Side{g.A, g.B}[:min(2, g.Sigs)] {
		if n.Sigs[i].Name != s.Party+"/sign" {
			return nil, notGenesis("signature %d is not by %s/sign", i+1, s.Party)
		}
		if err := n.Verify(s.Party+"/sign", s.Sign); err != nil {
			return nil, notGenesis("%v", err)
		}
	}
	if g.Sigs > 2 {
		return nil, notGenesis("%d signatures", g.Sigs)
	}
	return g, nil
}

func (g *Genesis) read(text string) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 6 || lines[0] != "parley/v1 genesis" {
		return notGenesis("its first line or lines are missing")
	}
	g.Line = strings.TrimPrefix(lines[1], "line ")
	var err error
	if g.A, err = readSide(lines[2]); err != nil {
		return err
	}
	if g.B, err = readSide(lines[3]); err != nil {
		return err
	}
	if g.Tag, err = wire.ParseHash(strings.TrimPrefix(lines[4], "tag ")); err != nil {
		return notGenesis("tag: %v", err)
	}
	f := strings.Split(lines[5], " ")
	if len(f) != 3 {
		return notGenesis("terms")
	}
	if g.TermLen, err = number(f[1]); err != nil {
		return notGenesis("terms: %v", err)
	}
	if g.Terms, err = wire.ParseHash(f[2]); err != nil {
		return notGenesis("terms: %v", err)
	}
	return nil
}

func readSide(l string) (s Side, err error) {
	f := strings.Split(l, " ")
	if len(f) != 5 {
		return s, notGenesis("a party's line")
	}
	s.Party = f[1]
	if s.Sheet, err = wire.ParseHash(f[2]); err != nil {
		return s, notGenesis("sheet: %v", err)
	}
	if s.Sign, err = wire.ParseKeyText(f[3]); err != nil {
		return s, notGenesis("sign: %v", err)
	}
	r, err := wire.ParseHash(f[4])
	if err != nil {
		return s, notGenesis("random bytes: %v", err)
	}
	s.Rand = r
	return s, nil
}

// SignA makes the note with A's signature: A has read it and confirmed the number.
func (g *Genesis) SignA(key ed25519.PrivateKey) error {
	if !Public(key).Equal(g.A.Sign) || g.Sigs != 0 {
		return notGenesis("A signs first, and once, with the key of its sheet")
	}
	note, err := wire.SignNote(g.Text(), g.A.Party+"/sign", key)
	if err != nil {
		return fmt.Errorf("couldn't sign the genesis: %w", err)
	}
	g.Note, g.Sigs = note, 1
	return nil
}

// SignB adds B's signature to A's: the line exists.
func (g *Genesis) SignB(key ed25519.PrivateKey) error {
	if !Public(key).Equal(g.B.Sign) || g.Sigs != 1 {
		return notGenesis("B signs the same bytes after A, with the key of its sheet")
	}
	note, err := wire.AddSignature(g.Note, g.B.Party+"/sign", key)
	if err != nil {
		return fmt.Errorf("couldn't sign the genesis: %w", err)
	}
	g.Note, g.Sigs = note, 2
	return nil
}

// Fits reports why the genesis does not say what these two sheets and terms say.
func (g *Genesis) Fits(a, b *Sheet, terms []byte) error {
	side := func(s Side, sh *Sheet) bool {
		return s.Party == sh.Party && s.Sheet == sh.Hash && s.Sign.Equal(sh.Sign)
	}
	switch {
	case !First(a, b) || !side(g.A, a) || !side(g.B, b):
		return notGenesis("it does not name the two sheets")
	case g.TermLen != len(terms) || g.Terms != wire.Sum(terms):
		return notGenesis("it does not name these terms")
	}
	return nil
}

// Side gives a party's side and its letter place (0 for A, 1 for B); ok is false for a stranger.
func (g *Genesis) Side(party string) (s Side, place int, ok bool) {
	switch party {
	case g.A.Party:
		return g.A, 0, true
	case g.B.Party:
		return g.B, 1, true
	}
	return Side{}, 0, false
}

// Letters gives the letters of A and of B in short IDs: their initials where they differ, else A and B.
//
// SPEC: REC-908
func (g *Genesis) Letters() [2]string {
	if g.A.Party[0] == g.B.Party[0] {
		return [2]string{"A", "B"}
	}
	return [2]string{strings.ToUpper(g.A.Party[:1]), strings.ToUpper(g.B.Party[:1])}
}

// Draw fills 32 random bytes.
func Draw(rand io.Reader) (b [32]byte, err error) {
	if _, err = io.ReadFull(rand, b[:]); err != nil {
		err = fmt.Errorf("couldn't draw random bytes: %w", err)
	}
	return b, err
}
