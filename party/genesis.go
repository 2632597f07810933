// SPDX-License-Identifier: Apache-2.0

package party

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"example.org/parley/wire"
)

// Signer is one party as the genesis names it.
type Signer struct {
	Party string
	Sheet wire.Hash // hash of its sheet
	Sign  ed25519.PublicKey
	Rand  wire.Hash // its own random bytes: no line is ever made twice
}

// Genesis is the beginning of a line, written by A and signed by both; or of a line alone, on which A is by itself and B
// is only named.
type Genesis struct {
	Line    string
	Parties [2]Signer // A, the party with the smaller party hash, and B
	Tag     wire.Hash // SHA-256 of the silent handshake's key, which stays secret
	TermLen int
	Terms   wire.Hash // of the terms' bytes

	Note []byte    // as signed so far, byte for byte
	Hash wire.Hash // of its text: names the line in every log
	Sigs int       // good signatures: 0, 1 (A's) or 2
}

// Alone reports whether it is the genesis of a line alone: B has no key.
func (g *Genesis) Alone() bool { return g.Parties[1].Sign == nil }

// Signers are the parties whose signatures it needs: both, or A alone.
func (g *Genesis) Signers() []Signer {
	if g.Alone() {
		return g.Parties[:1]
	}
	return g.Parties[:]
}

// Complete reports whether it is signed by all who must have signed it, and so a line exists.
func (g *Genesis) Complete() bool { return g.Sigs == len(g.Signers()) }

// ErrGenesis is wrapped by every reason why a text is no genesis.
var ErrGenesis = errors.New("not a genesis")

func notGenesis(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrGenesis, fmt.Sprintf(format, a...))
}

// MaxTerms bounds the body of the terms.
const MaxTerms = 4096

// NewGenesis drafts the genesis of a line from both sheets; it is A's to write.
//
// SPEC: REC-906
func NewGenesis(line string, sheets [2]*Sheet, rand [2][32]byte, tagKey [32]byte, terms []byte) (*Genesis, error) {
	if !sheets[0].IsPartyA(sheets[1]) {
		return nil, notGenesis("A is the party with the smaller party hash")
	}
	g := &Genesis{Line: line, Tag: wire.Sum(tagKey[:]), TermLen: len(Bare(terms)), Terms: wire.Sum(Bare(terms))}
	for i, s := range sheets {
		g.Parties[i] = Signer{s.Party, s.Hash, s.Sign, rand[i]}
	}
	if err := g.Fits(sheets, terms); err != nil {
		return nil, err
	}
	return ParseGenesis(g.Text())
}

// NewAlone drafts the genesis of a line alone: of the party of the sheet, which names the other.
//
// SPEC: ALN-001
func NewAlone(line string, ours *Sheet, other string, rand [32]byte, terms []byte) (*Genesis, error) {
	g := &Genesis{Line: line, Parties: [2]Signer{{ours.Party, ours.Hash, ours.Sign, rand}, {Party: other}}, TermLen: len(Bare(terms)), Terms: wire.Sum(Bare(terms))}
	if _, err := ParseTerms(terms); err != nil {
		return nil, err
	}
	return ParseGenesis(g.Text())
}

// Text is the one spelling of the genesis, without signatures.
func (g *Genesis) Text() []byte {
	sort, rest := "genesis", fmt.Sprintf("tag %s", g.Tag)
	if g.Alone() {
		sort, rest = "alone", "B "+g.Parties[1].Party
	}
	b := fmt.Appendf(nil, "parley/v1 %s\nline %s\n", sort, g.Line)
	for i, s := range g.Signers() {
		b = fmt.Appendf(b, "%c %s %s %s %s\n", 'A'+i, s.Party, s.Sheet, wire.KeyText(s.Sign), s.Rand)
	}
	return fmt.Appendf(b, "%s\nterms %d %s\n", rest, g.TermLen, g.Terms)
}

// read takes the lines apart and judges them; spelling is judged by rendering again.
func (g *Genesis) read(text []byte) error {
	l := wire.ReadLines(text)
	alone := l.Line("parley/v1").OneOf("genesis", "alone") == "alone"
	g.Line = l.Line("line").Word()
	for i := range g.Parties {
		if l.Line(string(rune('A' + i))); alone && i == 1 {
			g.Parties[i].Party = l.Word()
			continue
		}
		g.Parties[i] = Signer{l.Word(), l.Hash(), l.Key(), l.Hash()}
	}
	if !alone {
		g.Tag = l.Line("tag").Hash()
	}
	g.TermLen, g.Terms = l.Line("terms").Number(), l.Hash()
	if err := l.End(); err != nil {
		return notGenesis("%v", err)
	}
	switch a, b := g.Parties[0], g.Parties[1]; {
	case !wire.ValidName(g.Line):
		return notGenesis("line %q", g.Line)
	case !wire.ValidName(a.Party) || !wire.ValidName(b.Party) || a.Party == b.Party:
		return notGenesis("two parties with two names")
	case a.Rand == b.Rand:
		return notGenesis("both sides gave the same random bytes")
	case a.Sign.Equal(b.Sign) || a.Sheet == b.Sheet:
		return notGenesis("both sides have the same keys")
	case g.TermLen < 1 || g.TermLen > MaxTerms:
		return notGenesis("terms of %d bytes", g.TermLen)
	case !bytes.Equal(g.Text(), text):
		return notGenesis("not its one spelling")
	}
	return nil
}

// ParseGenesis reads a genesis strictly with no, one (A's) or two signatures (A's, then B's);
// a signature that is there must be good. Sigs says how many there are: only two make a line.
//
// SPEC: REC-907
func ParseGenesis(b []byte) (*Genesis, error) {
	n, g := wire.Note{Text: b}, &Genesis{}
	if bytes.Contains(b, []byte("\n\n")) {
		var err error
		if n, err = wire.ParseNote(b, MaxNote); err != nil {
			return nil, notGenesis("%v", err)
		}
		g.Note = slices.Clone(b)
	}
	if err := g.read(n.Text); err != nil {
		return nil, err
	}
	if g.Hash, g.Sigs = wire.Leaf(n.Text), len(n.Sigs); g.Sigs > len(g.Signers()) {
		return nil, notGenesis("%d signatures", g.Sigs)
	}
	for i, s := range g.Parties[:g.Sigs] {
		if n.Sigs[i].Name != s.Party+"/sign" {
			return nil, notGenesis("signature %d is not by %s/sign", i+1, s.Party)
		}
		if err := n.Verify(s.Party+"/sign", s.Sign); err != nil {
			return nil, notGenesis("%v", err)
		}
	}
	return g, nil
}

// SignNext adds the signature whose turn it is: A's, who has read it and confirmed the number, then B's, with which
// the line exists.
func (g *Genesis) SignNext(key ed25519.PrivateKey) (err error) {
	if g.Complete() || !Public(key).Equal(g.Parties[g.Sigs].Sign) {
		return notGenesis("A signs first, then B the same bytes, each once and with the key of its sheet")
	}
	name := g.Parties[g.Sigs].Party + "/sign"
	note := g.Note
	if g.Sigs == 0 {
		note, err = wire.SignNote(g.Text(), name, key)
	} else {
		note, err = wire.AddSignature(g.Note, name, key)
	}
	if err != nil {
		return fmt.Errorf("couldn't sign the genesis: %w", err)
	}
	g.Note, g.Sigs = note, g.Sigs+1
	return nil
}

// Fits reports why the genesis does not say what these two sheets and terms say; of a line alone there is no sheet of B.
//
// SPEC: REC-906
func (g *Genesis) Fits(sheets [2]*Sheet, terms []byte) error {
	if g.Alone() != (sheets[1] == nil) || sheets[1] != nil && !sheets[0].IsPartyA(sheets[1]) {
		return notGenesis("it is not of these parties")
	}
	for i := range g.Signers() {
		if p, s := g.Parties[i], sheets[i]; p.Party != s.Party || p.Sheet != s.Hash || !p.Sign.Equal(s.Sign) {
			return notGenesis("it does not name the two sheets")
		}
		if len(sheets[i].Ends) > 0 { // of this line there was no log to name
			return notGenesis("the sheet of %s ends a sign key before there is a line", sheets[i].Party)
		}
	}
	if _, err := ParseTerms(terms); err != nil {
		return err
	}
	if bare := Bare(terms); g.TermLen != len(bare) || g.Terms != wire.Sum(bare) {
		return notGenesis("it does not name these terms")
	}
	return nil
}

// Place says which of the two a party is: 0 for A, 1 for B, -1 for a stranger.
func (g *Genesis) Place(party string) int {
	return slices.IndexFunc(g.Parties[:], func(s Signer) bool { return s.Party == party })
}

// Letters gives the letters of A and of B in short IDs: their initials where they differ, else A and B.
//
// Those of a line alone have an a after them.
//
// SPEC: REC-908 ALN-003
func (g *Genesis) Letters() [2]string {
	a, b := strings.ToUpper(g.Parties[0].Party[:1]), strings.ToUpper(g.Parties[1].Party[:1])
	switch {
	case g.Alone():
		return [2]string{a + "a", b + "a"}
	case a == b:
		return [2]string{"A", "B"}
	}
	return [2]string{a, b}
}

// Draw fills 32 random bytes.
func Draw(rand io.Reader) (b [32]byte, err error) {
	if _, err = io.ReadFull(rand, b[:]); err != nil {
		err = fmt.Errorf("couldn't draw random bytes: %w", err)
	}
	return b, err
}
