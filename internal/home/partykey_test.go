// SPDX-License-Identifier: Apache-2.0

package home

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"example.org/parley/party"
)

// The party key goes into a file only whole and read back; then it is in the home no more, and the line loads without it.
//
// SPEC: SHT-014
func TestPartyKeyIsSealed(t *testing.T) {
	const pass = "correct horse battery staple"
	a, _ := paired(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "k.age")
	refused(t, a.SealKey(file, "too short"), "at least 12 characters")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, a.SealKey(file, pass), "already there")
	if err := a.SealKey(filepath.Join(dir, "no", "k.age"), pass); err == nil {
		t.Fatal("sealed to nowhere")
	}
	if again(t, a).Keys.Party == nil {
		t.Fatal("the key is gone and sealed nowhere")
	}
	file = filepath.Join(dir, "k2.age")
	if err := a.SealKey(file, pass); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(a.Dir, "party.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the key is still there", err)
	}
	b, err := os.ReadFile(file)
	if err != nil || bytes.Contains(b, party.EncodeSecret("party", a.Keys.Party)[20:]) {
		t.Error("the file tells the key", err)
	}
	if k, err := OpenKey(b, pass); err != nil || !k.Equal(a.Keys.Party) {
		t.Error(err)
	}
	if _, err := OpenKey(b, pass+"x"); err == nil {
		t.Error("another passphrase opened it")
	}
	b[len(b)-1] ^= 1
	if _, err := OpenKey(b, pass); err == nil {
		t.Error("a changed file opened")
	}
	refused(t, again(t, a).SealKey(filepath.Join(dir, "k3.age"), pass), "not in this home")
}

// An issue that waits changes nothing; it is taken signed, and only the one that waits; after a kill in between it is taken again.
//
// SPEC: SHT-015
func TestIssueWaitsForThePartyKey(t *testing.T) {
	a, b := paired(t)
	key := a.Keys.Party
	if err := a.SealKey(filepath.Join(t.TempDir(), "k.age"), "correct horse battery staple"); err != nil {
		t.Fatal(err)
	}
	a = again(t, a)
	c := a.Config
	c.Paths = append([]Path{}, c.Paths...)
	c.Paths[0].Bind = "127.0.0.5:7443"
	s, err := a.Issue(c, nil)
	if err != nil || s.Note != nil {
		t.Fatal(s, err)
	}
	a = again(t, a)
	if a.Ours.Issue != 1 || a.Config.Paths[0].Bind == "127.0.0.5:7443" {
		t.Fatal("it is in use unsigned")
	}
	_, err = a.Issue(c, nil)
	refused(t, err, "waits for its signature")
	draft, err := os.ReadFile(a.Unsigned())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := party.SignDraft(draft, key)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.TakeSigned(a.Ours.Note)
	refused(t, err, "not the issue that waits")
	unsigned := map[string][]byte{}
	for _, f := range []string{"sheet.unsigned", "config.next"} {
		unsigned[f], _ = a.read(f)
	}
	full := filepath.Join(a.Dir, "sheet.ours.2") // a directory of its name: it cannot be written
	if err := os.Mkdir(full, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := a.TakeSigned(signed.Note); err == nil {
		t.Fatal("an issue that could not be written was taken")
	}
	if b, err := a.read("config.toml"); err != nil || bytes.Contains(b, []byte("127.0.0.5:7443")) || a.waiting() == nil {
		t.Fatalf("the addresses of an issue that is not on disk are in use, or it waits no more: %v", err)
	}
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time as after a kill that left what had waited
		if s, err = a.TakeSigned(signed.Note); err != nil || s.Issue != 2 {
			t.Fatal(s, err)
		}
		a = again(t, a)
		if a.Ours.Hash != signed.Hash || a.Config.Paths[0].Bind != "127.0.0.5:7443" || a.Issued() {
			t.Fatal("it is not what the line goes by")
		}
		for f, b := range unsigned {
			if err := a.write(f, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := a.Forget(); err != nil {
		t.Fatal(err)
	}
	if err := a.Forget(); err == nil {
		t.Error("nothing waits")
	}
	if err := b.Take(s); err != nil {
		t.Error(err)
	}
}

// A revocation that waits unsigned leaves the keys of the issue before it, which the other party may accept meanwhile; given up,
// it leaves no key of its own behind.
//
// SPEC: SHT-004 SHT-015
func TestRevocationThatIsGivenUpLeavesTheKeysBefore(t *testing.T) {
	a, _ := paired(t)
	two, err := a.Issue(a.Config, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a = again(t, a)
	if err := os.Remove(filepath.Join(a.Dir, "party.key")); err != nil { // as if sealed
		t.Fatal(err)
	}
	a = again(t, a)
	if _, err := a.Issue(a.Config, rand.Reader, ended(a)); err != nil {
		t.Fatal(err)
	}
	if a = again(t, a); a.Ending() != 1 {
		t.Error("it is not told that the key ends")
	}
	if err := a.Forget(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(a.Dir, "*.unsigned")); len(left) > 0 {
		t.Error("left:", left)
	}
	if err := a.Renew(); err != nil {
		t.Fatal(err)
	}
	if a = again(t, a); !two.Sign.Equal(party.Public(a.Keys.Sign)) || a.Ending() != 0 {
		t.Error("the keys that they accepted are not in use")
	}
}

func ended(l *Line) party.KeyEnd {
	return party.KeyEnd{Key: party.Public(l.Keys.Sign), Log: l.Ours.Party + "/" + l.Genesis.Hash.Name() + "/1.aaaaaa", Size: 3}
}

// An issue that fails leaves the keys that wait.
//
// SPEC: SHT-004
func TestIssueThatFailsLeavesTheKeysThatWait(t *testing.T) {
	a, _ := paired(t)
	two, err := a.Issue(a.Config, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a = again(t, a)
	bad := ended(a)
	bad.Size = 0
	if _, err := a.Issue(a.Config, rand.Reader, bad); err == nil {
		t.Fatal("an issue that ends a key nowhere was made")
	}
	full := filepath.Join(a.Dir, "sheet.ours.3") // a directory of its name: it cannot be written
	if err := os.Mkdir(full, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Issue(a.Config, rand.Reader, ended(a)); err == nil {
		t.Fatal("an issue that cannot be written was made")
	}
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	if err := again(t, a).Renew(); err != nil {
		t.Fatal(err)
	}
	if a = again(t, a); !two.Sign.Equal(party.Public(a.Keys.Sign)) {
		t.Error("the keys that wait are gone")
	}
}

// Wherever an issue with new keys is cut short, the next start comes up whole: by the keys of before, or by the new ones.
//
// SPEC: SHT-004 SHT-008
func TestIssueWithNewKeysIsCutShort(t *testing.T) {
	for _, at := range []string{"sheet.ours.2", "sign.key.next", "link.key.next", ""} { // a directory in its place stops there
		a, _ := paired(t)
		old := a.Keys
		stop := filepath.Join(a.Dir, at)
		if at != "" {
			if err := os.MkdirAll(filepath.Join(stop, "x"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.Issue(a.Config, rand.Reader, ended(a)); (err == nil) != (at == "") {
			t.Fatal(at, err)
		}
		if at != "" {
			if err := os.RemoveAll(stop); err != nil {
				t.Fatal(err)
			}
		}
		a = again(t, a)
		if fresh := at != "sheet.ours.2"; a.Keys.Sign.Equal(old.Sign) == fresh || a.Keys.Link.Equal(old.Link) == fresh || a.Waits() {
			t.Errorf("%q: not whole", at)
		}
	}
}

// Keys of an issue that waits come into use with it; one whose keys are not here is not taken.
//
// SPEC: SHT-015
func TestIssueIsTakenWithItsKeys(t *testing.T) {
	a, _ := paired(t)
	key := a.Keys.Party
	if err := os.Remove(filepath.Join(a.Dir, "party.key")); err != nil { // as if sealed
		t.Fatal(err)
	}
	a = again(t, a)
	if _, err := a.Issue(a.Config, rand.Reader); err != nil {
		t.Fatal(err)
	}
	a = again(t, a)
	draft, err := os.ReadFile(a.Unsigned())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := party.SignDraft(draft, key)
	if err != nil {
		t.Fatal(err)
	}
	away := filepath.Join(t.TempDir(), "k")
	if err := os.Rename(filepath.Join(a.Dir, "link.key.unsigned"), away); err != nil {
		t.Fatal(err)
	}
	_, err = a.TakeSigned(signed.Note)
	refused(t, err, "its keys are not in this home")
	if err := os.Rename(away, filepath.Join(a.Dir, "link.key.unsigned")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.TakeSigned(signed.Note); err != nil {
		t.Fatal(err)
	}
	if a = again(t, a); !a.Waits() || a.Renew() != nil {
		t.Error("its keys do not wait for their acceptance")
	}
	if a = again(t, a); !signed.Link.Equal(party.Public(a.Keys.Link)) {
		t.Error("its keys are not in use")
	}
}

// A seal that is cut short, or cannot overwrite the key, leaves a line that loads and a key that is found nowhere or reported.
//
// SPEC: SHT-014
func TestSealThatIsCutShort(t *testing.T) {
	a, _ := paired(t)
	key, gone := filepath.Join(a.Dir, "party.key"), filepath.Join(a.Dir, "party.key.gone")
	if err := os.Rename(key, gone); err != nil { // the power was cut behind the first step
		t.Fatal(err)
	}
	if a = again(t, a); a.Keys.Party != nil {
		t.Error("the sealed key is in use")
	}
	if _, err := os.Stat(gone); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what was sealed is still there:", err)
	}
	a, _ = paired(t)
	key = filepath.Join(a.Dir, "party.key")
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(key, 0o700); err != nil { // it cannot be opened for writing
		t.Fatal(err)
	}
	refused(t, a.SealKey(filepath.Join(t.TempDir(), "k.age"), "correct horse battery staple"), "overwrite")
	if again(t, a).Keys.Party != nil {
		t.Error("the line does not load")
	}
}

// A take that was cut short between the sheet and the addresses is told by the addresses.
//
// SPEC: SHT-015
func TestAddressesThatCameAfterTheirSheetAreTold(t *testing.T) {
	a, _ := paired(t)
	c := a.Config
	c.Paths = append([]Path{}, c.Paths...)
	c.Paths[0].Bind = "127.0.0.5:7443"
	before, err := a.read("config.toml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Issue(c, nil); err != nil {
		t.Fatal(err)
	}
	after, _ := a.read("config.toml")
	if err := a.write("config.toml", before); err != nil { // as a kill left it, or the node read it in between
		t.Fatal(err)
	}
	node := again(t, a)
	if node.Issued() {
		t.Error("something came, though nothing did")
	}
	if err := a.write("config.toml", after); err != nil {
		t.Fatal(err)
	}
	if !node.Issued() || again(t, a).Issued() {
		t.Error("the node does not learn that it listens at the addresses of before")
	}
}
