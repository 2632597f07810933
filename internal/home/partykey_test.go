// SPDX-License-Identifier: Apache-2.0

package home

import (
	"bytes"
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
