// SPDX-License-Identifier: Apache-2.0

package home

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.org/parley/hint"
	"example.org/parley/party"
	"example.org/parley/wire"
)

// A line in service changes its addresses and keys by further issues of its sheet. The issue that the genesis names stays
// in sheet.ours and sheet.theirs; each later one stands beside it under its number. New keys are drawn into sign.key.unsigned and
// link.key.unsigned, and once a sheet on disk names them wait in sign.key.next and link.key.next until the other party has
// accepted them.

// Why a sheet of the other party is not taken, wrapped by what Take answers.
var (
	ErrReach = errors.New("one of its addresses cannot be reached from here")
	ErrMany  = fmt.Errorf("%d issues of one sheet: no more are taken", maxIssues)
	ErrEnds  = errors.New("it ends a sign key past a log of another line, or every key by which its party could be let in")
)

// maxIssues is how many issues of the other party's sheet are taken on one line.
const maxIssues = 512

// Issues are the sheets of one party, from the one that the genesis names to the newest.
type Issues []*party.Sheet

// Newest is the last of them.
func (is Issues) Newest() *party.Sheet { return is[len(is)-1] }

// loadIssues reads the issues that follow the one that the genesis names.
//
// SPEC: SHT-006
func (l *Line) loadIssues(file string, first *party.Sheet) (Issues, error) {
	out := Issues{first}
	for {
		name := file + "." + strconv.Itoa(out.Newest().Issue+1)
		b, err := l.read(name)
		if errors.Is(err, fs.ErrNotExist) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		s, err := party.ParseSheet(b)
		if err == nil {
			err = s.Follows(out.Newest())
		}
		if err != nil {
			return nil, damaged(name, err)
		}
		out = append(out, s)
	}
}

// Again reads the line anew: what runs by it goes on with what changed on disk.
func (l *Line) Again() (*Line, error) {
	return Home{filepath.Dir(filepath.Dir(l.Dir))}.Load(l.Name)
}

// Notes are the sheets of both parties as signed: A's, then B's, each in the order of its issues.
func (l *Line) Notes() (out [][]byte) {
	sheets := [2]Issues{l.OurIssues, l.TheirIssues}
	if l.Theirs != nil && !l.IsPartyA() {
		slices.Reverse(sheets[:])
	}
	for _, s := range slices.Concat(sheets[0], sheets[1]) {
		out = append(out, s.Note)
	}
	return out
}

// SignKeys are the sign keys of issues, newest first, each once.
func (is Issues) SignKeys() []ed25519.PublicKey {
	return is.keys(len(is), func(s *party.Sheet) ed25519.PublicKey { return s.Sign })
}

// LinkKeys are the link keys by which their owner may be met: the newest, then the one before it, for as long as he has
// not come with the newest; but none of a sheet whose sign key was stolen.
//
// SPEC: SHT-008
func (is Issues) LinkKeys() []ed25519.PublicKey {
	stands := slices.DeleteFunc(slices.Clone(is), func(s *party.Sheet) bool {
		return slices.ContainsFunc(is, func(o *party.Sheet) bool {
			return slices.ContainsFunc(o.Ends, func(e party.KeyEnd) bool { return e.Key.Equal(s.Sign) })
		})
	})
	return stands.keys(2, func(s *party.Sheet) ed25519.PublicKey { return s.Link })
}

// LinkKeys are those by which the other party may be met now: the newest alone, once he has come with it.
//
// SPEC: SHT-004
func (l *Line) LinkKeys() ([]ed25519.PublicKey, error) {
	keys := l.TheirIssues.LinkKeys()
	met, err := l.State(metFile)
	if len(keys) > 0 && bytes.Equal(met, []byte(wire.KeyText(keys[0]))) {
		keys = keys[:1]
	}
	return keys, err
}

// Met keeps that the other party has come with a link key: what was before it lets nobody in any more, after a start either.
func (l *Line) Met(key ed25519.PublicKey) error {
	return l.SetState(metFile, []byte(wire.KeyText(key)))
}

const metFile = "link.met"

func (is Issues) keys(most int, of func(*party.Sheet) ed25519.PublicKey) (out []ed25519.PublicKey) {
	for _, s := range slices.Backward(is) {
		k := of(s)
		if len(out) < most && !slices.ContainsFunc(out, func(o ed25519.PublicKey) bool { return o.Equal(k) }) {
			out = append(out, k)
		}
	}
	return out
}

// Waits reports whether our newest sheet names keys that are not in use yet.
func (l *Line) Waits() bool { return !l.Ours.Sign.Equal(party.Public(l.Keys.Sign)) }

// Issue makes the next issue of our sheet with the configuration c and, where rand is given, with new keys, and ends keys that
// were stolen; it is on disk, and c with it, when Issue returns. Where nothing that stands on a sheet differs only c is kept,
// and there is no issue. Where the party key is not here it has no Note yet, and waits for its signature.
//
// SPEC: SHT-001 SHT-004 SHT-008
func (l *Line) Issue(c Config, rand io.Reader, ends ...party.KeyEnd) (*party.Sheet, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := l.waiting(); err != nil {
		return nil, err
	}
	if l.Waits() && rand != nil && len(ends) == 0 {
		if _, err := os.Stat(filepath.Join(l.Dir, "sign.key.next")); err != nil {
			return nil, hint.New("end the keys that are in use, and make others: parley key revoke", "the keys of issue %d are not in this home: it is an older copy", l.Ours.Issue)
		}
		return nil, hint.New("they compare its digits and say: parley key accept", "the keys of issue %d wait until the other party has accepted them", l.Ours.Issue)
	}
	next := &party.Sheet{Party: l.Ours.Party, Issue: l.Ours.Issue + 1, Before: l.Ours.Hash, Sign: l.Ours.Sign, Link: l.Ours.Link, Ends: ends, Paths: c.sheetPaths()}
	var files []file
	if rand != nil {
		k, err := party.NewKeys(rand)
		if err != nil {
			return nil, err
		}
		files = []file{{"sign.key.unsigned", party.EncodeSecret("sign", k.Sign)}, {"link.key.unsigned", party.EncodeSecret("link", k.Link)}}
		next.Sign, next.Link = party.Public(k.Sign), party.Public(k.Link)
	} else if slices.Equal(next.Paths, l.Ours.Paths) {
		return nil, l.write("config.toml", c.encode())
	}
	if l.Keys.Party == nil {
		draft, err := l.draft(next)
		if err != nil {
			return nil, err
		}
		return next, l.writeAll(append(files, file{"config.next", c.encode()}, file{"sheet.unsigned", draft})...)
	}
	if err := next.SignSheet(l.Keys.Party); err != nil {
		return nil, err
	}
	if err := l.writeAll(append(files, file{fmt.Sprintf("sheet.ours.%d", next.Issue), next.Note}, file{"config.toml", c.encode()})...); err != nil {
		return nil, err
	}
	return next, l.adopt(next)
}

// adopt puts the keys that were drawn for a sheet of ours, which is on disk, in the place of those that wait for their
// acceptance. A kill before it is made good by the next Load.
//
// SPEC: SHT-004
func (l *Line) adopt(s *party.Sheet) error {
	for role, named := range map[string]ed25519.PublicKey{"sign": s.Sign, "link": s.Link} {
		k, err := l.key(role, ".unsigned")
		if errors.Is(err, fs.ErrNotExist) || err == nil && !named.Equal(party.Public(k)) {
			continue // drawn for a sheet that waits, or that a kill left unmade
		}
		name := filepath.Join(l.Dir, role+".key")
		if err == nil {
			err = errors.Join(os.Rename(name+".unsigned", name+".next"), SyncDir(l.Dir))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("couldn't keep the new %s key: %w", role, err)
		}
	}
	return nil
}

// key reads a private key: the one in use, or with ".next" or ".unsigned" one that waits.
func (l *Line) key(role, which string) (ed25519.PrivateKey, error) {
	b, err := l.secret(role + ".key" + which)
	if err != nil {
		return nil, err
	}
	k, err := party.DecodeSecret(role, b)
	if err != nil {
		return nil, damaged(role+".key"+which, err)
	}
	return k, nil
}

// Take keeps the other party's next sheet. What it says is judged by whoever asks: new addresses are taken at once, new
// keys when a person has accepted them.
//
// SPEC: SHT-002 SHT-005
func (l *Line) Take(s *party.Sheet) error {
	if err := s.Follows(l.Theirs); err != nil {
		return hint.New("", "%v", err).Way("ask the other party for the issues between, and enter each: parley sheet --issue %d", l.Theirs.Issue+1)
	}
	if len(l.TheirIssues) >= maxIssues {
		return ErrMany
	}
	for _, e := range s.Ends { // every export carries the sheet: of another line's log the verifier says DOES NOT HOLD
		if !strings.HasPrefix(e.Log, s.Party+"/"+l.Genesis.Hash.Name()+"/") {
			return ErrEnds
		}
	}
	if len(slices.Concat(l.TheirIssues, Issues{s}).LinkKeys()) == 0 {
		return ErrEnds
	}
	if err := l.theyReach(s); err != nil {
		return errors.Join(ErrReach, err)
	}
	return l.write(fmt.Sprintf("sheet.theirs.%d", s.Issue), s.Note)
}

// Entered reports whether an issue of the other party's sheet is on disk.
func (l *Line) Entered(issue int) bool {
	_, err := os.Stat(filepath.Join(l.Dir, fmt.Sprintf("sheet.theirs.%d", issue)))
	return err == nil
}

// Renew goes over to the keys of our newest sheet. A kill between its two steps is made good by the next Load.
//
// SPEC: SHT-004
func (l *Line) Renew() error {
	ours, err := l.loadIssues("sheet.ours", l.OurIssues[0])
	if err != nil {
		return err
	}
	if err := l.adopt(ours.Newest()); err != nil {
		return err
	}
	for role, named := range map[string]ed25519.PublicKey{"sign": ours.Newest().Sign, "link": ours.Newest().Link} {
		k, err := l.key(role, ".next")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && !named.Equal(party.Public(k)) { // left from another copy of this home
			err = hint.New("make others: parley key revoke", "the new %s key is not the one that issue %d names", role, ours.Newest().Issue)
		}
		if err != nil {
			return err
		}
	}
	for _, role := range []string{"sign", "link"} {
		name := filepath.Join(l.Dir, role+".key")
		if err := os.Rename(name+".next", name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("couldn't go over to the new %s key: %w", role, err)
		}
	}
	return SyncDir(l.Dir)
}

// loadKeys reads the keys.
func (l *Line) loadKeys() error {
	for role, k := range map[string]*ed25519.PrivateKey{"party": &l.Keys.Party, "sign": &l.Keys.Sign, "link": &l.Keys.Link} {
		var err error
		if *k, err = l.key(role, ""); role == "party" && errors.Is(err, fs.ErrNotExist) { // it is kept elsewhere
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ended reports whether a sheet of ours ends a sign key of ours.
func (l *Line) ended(k ed25519.PrivateKey) bool {
	return slices.ContainsFunc(l.OurIssues, func(s *party.Sheet) bool {
		return slices.ContainsFunc(s.Ends, func(e party.KeyEnd) bool { return e.Key.Equal(party.Public(k)) })
	})
}

// settleKeys judges the keys by our sheets.
func (l *Line) settleKeys() error {
	if err := l.adopt(l.Ours); err != nil {
		return err
	}
	used := func(s *party.Sheet) bool { return s.Sign.Equal(party.Public(l.Keys.Sign)) }
	i := slices.IndexFunc(l.OurIssues, used)
	if i < 0 || l.Ours.Party != l.Config.Party {
		return damaged("sheet.ours", errors.New("it does not name the keys and party of this line"))
	}
	if l.OurIssues[i].Link.Equal(party.Public(l.Keys.Link)) && !l.ended(l.Keys.Sign) {
		return nil
	}
	if err := l.Renew(); err != nil { // the sign key was renewed, and the link key not yet; or neither, and it has ended
		return err
	}
	if err := l.loadKeys(); err != nil {
		return err
	}
	if i = slices.IndexFunc(l.OurIssues, used); i < 0 || !l.OurIssues[i].Link.Equal(party.Public(l.Keys.Link)) {
		return damaged("link.key", errors.New("it is not the key that our sheet names"))
	}
	return nil
}
