// SPDX-License-Identifier: Apache-2.0

package party

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"example.org/parley/wire"
)

// Sheet is what a party tells the other of itself on one line, signed by its party key.
type Sheet struct {
	Party    string
	Issue    int       // from 1
	Before   wire.Hash // of the issue before; zero for the first
	PartyKey ed25519.PublicKey
	Sign     ed25519.PublicKey
	Link     ed25519.PublicKey
	Ends     []KeyEnd
	Ways     wire.Hash   // of the piece that tells the paths
	Paths    []SheetPath // nil where that is not here

	Note []byte    // as signed, byte for byte, and the piece behind it
	Hash wire.Hash // of its text
}

// KeyEnd ends a sign key: what is at most Size entries of Log, and in their past, stands.
type KeyEnd struct {
	Key  ed25519.PublicKey
	Log  string // party/genesis/number.run
	Size int
}

// SheetPath is one way to reach the party: a label that both ends share, its kind and an address.
type SheetPath struct {
	Label   string `json:"label"`
	Kind    string `json:"kind"`    // udp tcp
	Address string `json:"address"` // IP:port
}

// String is the address as a person types it: 192.0.2.1:7443, tcp:192.0.2.1:443.
func (p SheetPath) String() string {
	if p.Kind == "udp" {
		return p.Address
	}
	return p.Kind + ":" + p.Address
}

// ways is the piece that tells a sheet's paths.
type ways struct {
	Paths []SheetPath `json:"paths"`
}

// MaxNote bounds a genesis, and a sheet without the piece behind it; MaxSheet one with it, as a file.
const (
	MaxNote  = 4096
	MaxSheet = MaxNote + maxPiece + 2
)

// ErrSheet is wrapped by every reason why a text is no sheet.
var ErrSheet = errors.New("not a sheet")

func notSheet(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrSheet, fmt.Sprintf(format, a...))
}

// Text is the one spelling of the sheet, without signature.
//
// SPEC: REC-901
func (s *Sheet) Text() []byte {
	before := "none"
	if !s.Before.IsZero() {
		before = s.Before.String()
	}
	b := fmt.Appendf(nil, "parley/v1 sheet\nparty %s\nissue %d\nbefore %s\nparty-key %s\nsign %s\nlink %s\n",
		s.Party, s.Issue, before, wire.KeyText(s.PartyKey), wire.KeyText(s.Sign), wire.KeyText(s.Link))
	for _, e := range s.Ends {
		b = fmt.Appendf(b, "end sign %s past %s %d\n", wire.KeyText(e.Key), e.Log, e.Size)
	}
	return fmt.Appendf(b, "paths %s\n", s.Ways)
}

// read takes the lines apart; order, spacing and spelling are judged by rendering again.
func (s *Sheet) read(text []byte) error {
	l := wire.ReadLines(text)
	l.Line("parley/v1").OneOf("sheet")
	s.Party, s.Issue = l.Line("party").Word(), l.Line("issue").Number()
	s.Before = wire.Field(l.Line("before"), func(h string) (wire.Hash, error) {
		if h == "none" {
			return wire.Hash{}, nil
		}
		return wire.ParseHash(h)
	})
	s.PartyKey, s.Sign, s.Link = l.Line("party-key").Key(), l.Line("sign").Key(), l.Line("link").Key()
	for l.Next("end sign") {
		e := KeyEnd{Key: l.Key()}
		l.OneOf("past")
		e.Log, e.Size = l.Word(), l.Number()
		s.Ends = append(s.Ends, e)
	}
	s.Ways = l.Line("paths").Hash()
	if err := l.End(); err != nil {
		return notSheet("%v", err)
	}
	if err := s.check(); err != nil {
		return err
	}
	if string(s.Text()) != string(text) {
		return notSheet("not its one spelling")
	}
	return nil
}

// check says what a sheet's fields must be.
func (s *Sheet) check() error {
	switch {
	case !wire.ValidName(s.Party):
		return notSheet("party %q", s.Party)
	case s.Issue < 1 || (s.Issue == 1) != s.Before.IsZero():
		return notSheet("issue %d and its before line do not fit", s.Issue)
	case len(s.Ends) > 4 || len(s.Paths) > 8:
		return notSheet("more than 4 ends or 8 paths")
	}
	for _, e := range s.Ends {
		if e.Size < 1 || !validLog(e.Log, s.Party) {
			return notSheet("end of a sign key")
		}
	}
	for i, p := range s.Paths {
		a, err := netip.ParseAddrPort(p.Address)
		twice := slices.ContainsFunc(s.Paths[:i], func(o SheetPath) bool { return o.Label == p.Label })
		if err != nil || a.String() != p.Address || a.Addr().Zone() != "" || a.Port() == 0 || p.Kind != "udp" && p.Kind != "tcp" || p.Label == "" || !wire.ValidName("x"+p.Label) || twice {
			return notSheet("path %q", p.Label)
		}
	}
	return nil
}

// validLog checks party/genesis/number.run.
func validLog(s, party string) bool {
	f := strings.Split(s, "/")
	if len(f) != 3 || f[0] != party {
		return false
	}
	num, run, _ := strings.Cut(f[2], ".")
	_, err := wire.ParseHashName(f[1])
	_, err2 := wire.ParseNumber(num)
	return err == nil && err2 == nil && wire.ValidRun(run)
}

// SignSheet signs the sheet with the party key and reads it back; Note and Hash are set. The salt of what tells its paths
// comes of the key, which nobody else has.
func (s *Sheet) SignSheet(key ed25519.PrivateKey) error {
	s.PartyKey = Public(key)
	salt, err := hkdf.Key(sha256.New, key.Seed(), nil, fmt.Sprintf("parley/v1 paths\n%s %d %s\n", s.Party, s.Issue, s.Before), 32)
	if err != nil {
		return fmt.Errorf("couldn't salt the paths of the sheet: %w", err)
	}
	piece, err := wire.EncodeBody(ways{s.Paths}, [32]byte(salt))
	if err != nil {
		return notSheet("its paths: %v", err)
	}
	s.Ways = wire.Sum(piece)
	note, err := wire.SignNote(s.Text(), s.Party+"/party", key)
	if err != nil {
		return fmt.Errorf("couldn't sign the sheet: %w", err)
	}
	back, err := ParseSheet(slices.Concat(note, piece, []byte("\n")))
	if err != nil {
		return err
	}
	s.Note, s.Hash = back.Note, back.Hash
	return nil
}

// ParseSheet reads one sheet strictly, with the piece behind it where there is one, and checks its signature by its own
// party key.
// Whether that key is the right party's is what pairing finds out; see also Follows.
//
// SPEC: REC-902
func ParseSheet(b []byte) (*Sheet, error) {
	note, piece := apart(b)
	n, err := wire.ParseNote(note, MaxNote)
	if err != nil {
		return nil, notSheet("%v", err)
	}
	s := &Sheet{Note: slices.Clone(b), Hash: wire.Leaf(n.Text)}
	if err := s.read(n.Text); err != nil {
		return nil, err
	}
	if piece != nil {
		if err := s.tell(piece); err != nil {
			return nil, err
		}
	}
	if len(n.Sigs) != 1 {
		return nil, notSheet("%d signatures, not one", len(n.Sigs))
	}
	if err := n.Verify(s.Party+"/party", s.PartyKey); err != nil {
		return nil, notSheet("%v", err)
	}
	return s, nil
}

// tell reads the paths.
func (s *Sheet) tell(piece []byte) error {
	var w ways
	if err := open(piece, s.Ways, &w); err != nil {
		return notSheet("what tells its paths is not what it names: %v", err)
	}
	s.Paths = w.Paths
	return s.check()
}

// Draft is a sheet without its signature, for who keeps the party key; salt is of the piece that tells its paths.
func (s *Sheet) Draft(salt [32]byte) ([]byte, error) {
	piece, err := wire.EncodeBody(ways{s.Paths}, salt)
	if err != nil {
		return nil, notSheet("its paths: %v", err)
	}
	s.Ways = wire.Sum(piece)
	b := slices.Concat(s.Text(), piece, []byte("\n"))
	_, err = ParseDraft(b)
	return b, err
}

// ParseDraft reads what Draft made: who signs it sees first what it says.
func ParseDraft(b []byte) (*Sheet, error) {
	text, piece := apart(b)
	s := &Sheet{}
	if err := s.read(text); err != nil {
		return nil, err
	}
	return s, s.tell(piece)
}

// SignDraft signs what Draft made, with the key that it names.
func SignDraft(b []byte, key ed25519.PrivateKey) (*Sheet, error) {
	s, err := ParseDraft(b)
	if err != nil {
		return nil, err
	}
	if !s.PartyKey.Equal(Public(key)) {
		return nil, notSheet("it is another party's: its party key is not this one")
	}
	text, piece := apart(b)
	note, err := wire.SignNote(text, s.Party+"/party", key)
	if err != nil {
		return nil, fmt.Errorf("couldn't sign the sheet: %w", err)
	}
	return ParseSheet(slices.Concat(note, piece, []byte("\n")))
}

// SameKeys reports whether two sheets of a party name the same keys.
func (s *Sheet) SameKeys(o *Sheet) bool { return s.Sign.Equal(o.Sign) && s.Link.Equal(o.Link) }

// PartyHash is the party's name for ever.
func (s *Sheet) PartyHash() wire.Hash { return Hash(s.PartyKey) }

// IsPartyA reports whether this party is A beside the other: the one with the smaller party hash.
func (s *Sheet) IsPartyA(other *Sheet) bool {
	a, b := s.PartyHash(), other.PartyHash()
	return bytes.Compare(a[:], b[:]) < 0
}

// Follows reports why s may not follow old as the next issue of the same party: the same party key
// for ever, and the number and hash of the issue before.
//
// SPEC: REC-905
func (s *Sheet) Follows(old *Sheet) error {
	switch {
	case s.Party != old.Party || !s.PartyKey.Equal(old.PartyKey):
		return notSheet("issue %d is another party's", s.Issue)
	case s.Issue != old.Issue+1 || s.Before != old.Hash:
		return notSheet("issue %d does not follow issue %d", s.Issue, old.Issue)
	}
	return nil
}
