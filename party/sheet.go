// SPDX-License-Identifier: Apache-2.0

package party

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"filippo.io/age"

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
	Courier  string // an age recipient
	Ends     []End
	Paths    []Path

	Note []byte    // as signed, byte for byte
	Hash wire.Hash // of its text
}

// End ends a sign key: what is at most Size entries of Log, and in their past, stands.
type End struct {
	Key  ed25519.PublicKey
	Log  string // party/genesis/number.run
	Size int
}

// Path is one way to reach the party: a label that both ends share, its kind and an address.
type Path struct {
	Label   string
	Kind    string // udp
	Address string // IP:port
}

// MaxNote bounds a sheet and a genesis as files.
const MaxNote = 4096

// ErrSheet is wrapped by every reason why a text is no sheet.
var ErrSheet = errors.New("not a sheet")

func notSheet(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrSheet, fmt.Sprintf(format, a...))
}

// Text is the one spelling of the sheet, without signature.
//
// SPEC: REC-901
func (s *Sheet) Text() []byte {
	var b strings.Builder
	before := "none"
	if !s.Before.IsZero() {
		before = s.Before.String()
	}
	fmt.Fprintf(&b, "parley/v1 sheet\nparty %s\nissue %d\nbefore %s\nparty-key %s\nsign %s\nlink %s\ncourier %s\n",
		s.Party, s.Issue, before, wire.KeyText(s.PartyKey), wire.KeyText(s.Sign), wire.KeyText(s.Link), s.Courier)
	for _, e := range s.Ends {
		fmt.Fprintf(&b, "end sign %s past %s %d\n", wire.KeyText(e.Key), e.Log, e.Size)
	}
	for _, p := range s.Paths {
		fmt.Fprintf(&b, "path %s %s %s\n", p.Label, p.Kind, p.Address)
	}
	return []byte(b.String())
}

// check says what a sheet's fields must be.
func (s *Sheet) check() error {
	if !ValidName(s.Party) {
		return notSheet("party %q", s.Party)
	}
	if s.Issue < 1 || (s.Issue == 1) != s.Before.IsZero() {
		return notSheet("issue %d and its before line do not fit", s.Issue)
	}
	if r, err := age.ParseX25519Recipient(s.Courier); err != nil || r.String() != s.Courier {
		return notSheet("courier is no age recipient")
	}
	if len(s.Ends) > 4 || len(s.Paths) > 8 {
		return notSheet("more than 4 ends or 8 paths")
	}
	for _, e := range s.Ends {
		if e.Size < 1 || !validLog(e.Log, s.Party) {
			return notSheet("end of a sign key")
		}
	}
	labels := map[string]bool{}
	for _, p := range s.Paths {
		a, err := netip.ParseAddrPort(p.Address)
		if err != nil || a.String() != p.Address || a.Addr().Zone() != "" || a.Port() == 0 || p.Kind != "udp" || !validLabel(p.Label) || labels[p.Label] {
			return notSheet("path %q", p.Label)
		}
		labels[p.Label] = true
	}
	return nil
}

func validLabel(s string) bool { return ValidName("x"+s) && s != "" }

// validLog checks party/genesis/number.run.
func validLog(s, party string) bool {
	f := strings.Split(s, "/")
	if len(f) != 3 || f[0] != party {
		return false
	}
	if _, err := wire.ParseHashName(f[1]); err != nil {
		return false
	}
	num, run, ok := strings.Cut(f[2], ".")
	if _, err := number(num); err != nil || !ok || len(run) != 6 {
		return false
	}
	return strings.Trim(run, "0123456789abcdefghjkmnpqrstvwxyz") == ""
}

// number reads a decimal below 2^31 without leading zero.
func number(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, errors.New("not a number")
	}
	return int(n), nil
}

// SignSheet signs the sheet with the party key and reads it back; Note and Hash are set.
func (s *Sheet) SignSheet(key ed25519.PrivateKey) error {
	s.PartyKey = Public(key)
	note, err := wire.SignNote(s.Text(), s.Party+"/party", key)
	if err != nil {
		return fmt.Errorf("couldn't sign the sheet: %w", err)
	}
	back, err := ParseSheet(note)
	if err != nil {
		return err
	}
	s.Note, s.Hash = back.Note, back.Hash
	return nil
}

// ParseSheet reads one sheet strictly and checks its signature by its own party key.
// Whether that key is the right party's is what pairing finds out; see also Follows.
//
// SPEC: REC-902
func ParseSheet(b []byte) (*Sheet, error) {
	n, err := wire.ParseNote(b, MaxNote)
	if err != nil {
		return nil, notSheet("%v", err)
	}
	s := &Sheet{Note: append([]byte(nil), b...), Hash: wire.Leaf(n.Text)}
	if err := s.read(string(n.Text)); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if string(s.Text()) != string(n.Text) {
		return nil, notSheet("not its one spelling")
	}
	if len(n.Sigs) != 1 {
		return nil, notSheet("%d signatures, not one", len(n.Sigs))
	}
	if err := n.Verify(s.Party+"/party", s.PartyKey); err != nil {
		return nil, notSheet("%v", err)
	}
	return s, nil
}

// read takes the lines apart; order, spacing and spelling are judged by rendering again.
func (s *Sheet) read(text string) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 8 || lines[0] != "parley/v1 sheet" {
		return notSheet("its first line or lines are missing")
	}
	var err error
	val := func(i int, name string) string {
		v, ok := strings.CutPrefix(lines[i], name+" ")
		if !ok && err == nil {
			err = notSheet("line %d is not %s", i+1, name)
		}
		return v
	}
	key := func(i int, name string) ed25519.PublicKey {
		k, e := wire.ParseKeyText(val(i, name))
		if e != nil && err == nil {
			err = notSheet("%s: %v", name, e)
		}
		return k
	}
	s.Party = val(1, "party")
	s.Issue, _ = number(val(2, "issue"))
	if v := val(3, "before"); v != "none" {
		var e error
		if s.Before, e = wire.ParseHash(v); e != nil && err == nil {
			err = notSheet("before: %v", e)
		}
	}
	s.PartyKey, s.Sign, s.Link = key(4, "party-key"), key(5, "sign"), key(6, "link")
	s.Courier = val(7, "courier")
	for _, l := range lines[8:] {
		if e := s.readTail(strings.Split(l, " ")); e != nil && err == nil {
			err = e
		}
	}
	return err
}

func (s *Sheet) readTail(f []string) error {
	switch {
	case len(f) == 6 && f[0] == "end" && f[1] == "sign" && f[3] == "past":
		k, err := wire.ParseKeyText(f[2])
		size, err2 := number(f[5])
		if err != nil || err2 != nil {
			return notSheet("end of a sign key")
		}
		s.Ends = append(s.Ends, End{Key: k, Log: f[4], Size: size})
	case len(f) == 4 && f[0] == "path":
		s.Paths = append(s.Paths, Path{Label: f[1], Kind: f[2], Address: f[3]})
	default:
		return notSheet("unknown line %q", f[0])
	}
	return nil
}

// PartyHash is the party's name for ever.
func (s *Sheet) PartyHash() wire.Hash { return Hash(s.PartyKey) }

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
