// SPDX-License-Identifier: Apache-2.0

package home

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/parley/party"
)

// paired gives two lines with a genesis.
func paired(t *testing.T) (a, b *Line) {
	t.Helper()
	a, b = pair(t)
	terms, err := party.DefaultTerms().Encode([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	g, err := party.NewGenesis("north", a.Sheets(), [2][32]byte{{1}, {2}}, [32]byte{3}, terms)
	for _, l := range []*Line{a, b} {
		if err == nil {
			err = g.SignNext(l.Keys.Sign)
		}
	}
	for _, l := range []*Line{a, b} {
		if err == nil {
			err = l.SetGenesis(g.Note, terms, [32]byte{3})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return again(t, a), again(t, b)
}

func again(t *testing.T, l *Line) *Line {
	t.Helper()
	l, err := l.Again()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A line in service has further issues of both sheets, each once and in its order; the genesis stands by the first.
//
// SPEC: SHT-005 SHT-006
func TestIssuesFollowEachOther(t *testing.T) {
	a, b := paired(t)
	c := a.Config
	c.Paths = []Path{{Label: "1", Bind: "127.0.0.5:7443"}}
	two, err := a.Issue(c, nil)
	if err != nil || two.Issue != 2 {
		t.Fatal(two, err)
	}
	a = again(t, a)
	if a.Ours.Hash != two.Hash || a.Config.Paths[0].Bind != "127.0.0.5:7443" || a.Genesis == nil || len(a.Notes()) != 3 {
		t.Fatal("the second issue is not what the line goes by:", a.Ours.Issue, a.Config.Paths)
	}
	c.Paths[0].Remote = "127.0.0.9:7443"
	if s, err := a.Issue(c, nil); s != nil || err != nil {
		t.Fatal("an issue that says nothing new was made:", s, err)
	}
	a = again(t, a)
	c.Paths[0].Bind = "127.0.0.6:7443"
	three, err := a.Issue(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Take(three); err == nil {
		t.Fatal("the third issue was taken before the second")
	}
	for _, s := range []*party.Sheet{two, three} {
		if err := b.Take(s); err != nil {
			t.Fatal(err)
		}
		b = again(t, b)
	}
	for _, s := range []*party.Sheet{two, three, b.Ours} {
		if err := b.Take(s); err == nil {
			t.Fatalf("issue %d of %s was taken again", s.Issue, s.Party)
		}
	}
	if b.Theirs.Hash != three.Hash || b.TheirIssues[0].Hash != a.OurIssues[0].Hash {
		t.Fatal("the newest issue is not what the line goes by")
	}
	if err := os.WriteFile(filepath.Join(b.Dir, "sheet.theirs.3"), two.Note, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = b.Again()
	refused(t, err, "sheet.theirs.3 cannot be read")
}

// Whoever asks learns why a sheet is not taken.
//
// SPEC: SHT-010
func TestWhyASheetIsNotTaken(t *testing.T) {
	a, b := paired(t)
	c := a.Config
	c.Paths = slices.Clone(c.Paths)
	c.Paths[0].Bind = "127.0.0.5:7443"
	two, err := a.Issue(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.Config.SameMachine = false
	if err := b.Take(two); !errors.Is(err, ErrReach) {
		t.Error(err)
	}
	b.Config.SameMachine = true
	few := b.TheirIssues
	for len(b.TheirIssues) < maxIssues {
		b.TheirIssues = append(b.TheirIssues, b.Theirs)
	}
	if err := b.Take(two); !errors.Is(err, ErrMany) {
		t.Error(err)
	}
	if b.TheirIssues = few; b.Take(two) != nil {
		t.Error("it is not taken at all")
	}
}

// Whenever the change of keys is cut short, the line goes on by the one pair or by the other.
//
// SPEC: SHT-004
func TestKeysAreRenewedWholeOrNotAtAll(t *testing.T) {
	for name, stop := range map[string]func(t *testing.T, l *Line){
		"before": func(*testing.T, *Line) {},
		"between": func(t *testing.T, l *Line) {
			if err := os.Rename(filepath.Join(l.Dir, "sign.key.next"), filepath.Join(l.Dir, "sign.key")); err != nil {
				t.Fatal(err)
			}
		},
		"after": func(t *testing.T, l *Line) {
			if err := l.Renew(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := paired(t)
			old := a.Keys
			s, err := a.Issue(a.Config, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			a = again(t, a)
			_, err = a.Issue(a.Config, rand.Reader)
			refused(t, err, "wait until the other party has accepted")
			if !a.Waits() || !a.Keys.Sign.Equal(old.Sign) {
				t.Fatal("the new keys are in use already")
			}
			stop(t, a)
			a = again(t, a)
			if renewed := name != "before"; a.Waits() == renewed || a.Keys.Sign.Equal(old.Sign) == renewed || a.Keys.Link.Equal(old.Link) == renewed {
				t.Fatal("one key is new and the other is not, or neither is")
			}
			if err := b.Take(s); err != nil {
				t.Fatal(err)
			}
			b = again(t, b)
			if k, err := b.LinkKeys(); err != nil || len(k) != 2 || !k[0].Equal(s.Link) || !k[1].Equal(party.Public(old.Link)) {
				t.Fatal("not the new link key before the old one", err)
			}
			for left, met := range map[int]ed25519.PublicKey{2: party.Public(old.Link), 1: s.Link} {
				if err := b.Met(met); err != nil {
					t.Fatal(err)
				}
				if k, err := again(t, b).LinkKeys(); err != nil || len(k) != left || !k[0].Equal(s.Link) {
					t.Fatal("the link key of before is judged by another one than the newest", err, len(k))
				}
			}
			if k := b.TheirIssues.SignKeys(); len(k) != 2 || !k[0].Equal(s.Sign) {
				t.Fatal("not the new sign key before the old one")
			}
		})
	}
}

// A stolen key is ended with new ones at once; the other end takes the sheet as a file, once its digits were compared, and
// lets in nobody with the link key of before.
//
// SPEC: SHT-008 SHT-009
func TestStolenKeyIsEnded(t *testing.T) {
	a, b := paired(t)
	old := a.Keys
	log := a.Ours.Party + "/" + a.Genesis.Hash.Name() + "/1.aaaaaa"
	s, err := a.Issue(a.Config, rand.Reader, party.KeyEnd{Key: party.Public(old.Sign), Log: log, Size: 3})
	if err == nil {
		err = a.Renew()
	}
	if err != nil {
		t.Fatal(err)
	}
	if a = again(t, a); a.Waits() || a.Keys.Sign.Equal(old.Sign) {
		t.Fatal("the stolen key is in use")
	}
	refused(t, b.SetTheirs(s.Note, false), "its digits must be compared")
	if err := b.SetTheirs(s.Note, true); err != nil {
		t.Fatal(err)
	}
	b = again(t, b)
	if k := b.TheirIssues.LinkKeys(); len(k) != 1 || !k[0].Equal(s.Link) || !b.Entered(2) || b.Entered(3) {
		t.Fatal("the link key beside the stolen one lets somebody in")
	}
	if k := b.TheirIssues.SignKeys(); len(k) != 2 {
		t.Fatal("what the old key signed before its end is no longer sound")
	}
	refused(t, b.SetTheirs(s.Note, true), "paired already")
}

// What lies in a line's directory stands in the layout of the package's documentation.
func TestLayoutIsWritten(t *testing.T) {
	src, err := os.ReadFile("home.go")
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for l := range strings.Lines(string(src)) {
		if l, is := strings.CutPrefix(l, "//\tHOME/lines/NAME/"); is {
			written = append(written, strings.FieldsFunc(l, func(r rune) bool { return strings.ContainsRune(" ,:·\n", r) })...)
		}
	}
	a, b := paired(t)
	s, err := a.Issue(a.Config, rand.Reader)
	if err == nil {
		err = errors.Join(b.Take(s), b.Met(s.Link), a.SetState("pairing.json", nil), a.SetState("page.sessions", nil))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*Line{a, b} {
		es, err := os.ReadDir(l.Dir)
		if err != nil || len(es) < 10 {
			t.Fatal(es, err)
		}
		for _, e := range es {
			if !slices.ContainsFunc(written, func(p string) bool { ok, _ := filepath.Match(p, e.Name()); return ok }) {
				t.Errorf("%s stands nowhere", e.Name())
			}
		}
	}
}
