// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/home"
	"example.org/parley/internal/store"
)

// none is the source of a home whose lines have no record yet.
func none(string, string, func(func() (store.Row, error)) error) error {
	return errors.New("there is no record")
}

func made(t testing.TB, party string, lines ...string) home.Home {
	t.Helper()
	h := home.Home{Dir: t.TempDir()}
	for i, n := range lines {
		if _, err := h.Init(n, home.DefaultConfig(party, i), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	if e := hint.Of(err); err == nil || !strings.Contains(e.What, want) || e.Hint == "" {
		t.Errorf("want a refusal with %q and a way out, got %v (%s)", want, err, e.Hint)
	}
}

// A backup replaces nothing but a lesser one of the same party, and leaves nothing beside it.
// SPEC: BAK-002 BAK-003
func TestABackupReplacesOnlyALesserOne(t *testing.T) {
	h := made(t, "aurelia", "north", "south")
	dir := t.TempDir()
	file := filepath.Join(dir, "a.backup")
	if _, err := Make(h, []string{"north", "south"}, file, time.Now(), none); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, err error, want string) {
		t.Helper()
		refused(t, err, want)
		if b, _ := os.ReadFile(file); !bytes.Equal(b, good) {
			t.Errorf("%s: the backup that was there is another", what)
		}
	}
	_, err = Make(h, []string{"north"}, file, time.Now(), none)
	same("one line of two", err, "a line south that this one has not")
	_, err = Make(made(t, "borealia", "north", "south"), []string{"north", "south"}, file, time.Now(), none)
	same("another party's", err, "another party's line")
	if err := os.WriteFile(filepath.Join(h.Dir, "lines", "north", "record.db"), []byte("no record"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Make(h, []string{"north", "south"}, file, time.Now(), none); err == nil {
		t.Error("a record that could not be copied is left out")
	}
	if err := os.Remove(filepath.Join(h.Dir, "lines", "north", "record.db")); err != nil {
		t.Fatal(err)
	}
	if err := mayReplace(file, &Contents{Rows: map[string]int{}}); err == nil {
		t.Error("an empty one may replace it")
	}
	for what, was := range map[string][]byte{"damaged": good[:len(good)/2], "absent": nil} {
		if os.Remove(file); was != nil {
			if err := os.WriteFile(file, was, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Make(h, []string{"north", "south"}, file, time.Now(), none); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	letter := filepath.Join(dir, "letter.txt")
	if err := os.WriteFile(letter, []byte("Dear sister"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Make(h, []string{"north"}, letter, time.Now(), none)
	refused(t, err, "is no backup")
	if es, _ := os.ReadDir(dir); len(es) != 2 {
		t.Errorf("left behind: %v", es)
	}
}

// Nothing is made of a backup in which any byte is another, that is cut off, or that goes on; nor in a home with lines.
// SPEC: BAK-002 BAK-007
func TestNothingIsRestoredOfADamagedBackup(t *testing.T) {
	h := made(t, "aurelia", "north")
	key := filepath.Join("tls", "line.ops.example", "key.pem")
	if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(h.Dir, key)), 0o700), os.WriteFile(filepath.Join(h.Dir, key), []byte("a key"), 0o600)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "a.backup")
	c, err := Make(h, []string{"north"}, file, time.Now(), none)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Restore(h, file)
	refused(t, err, "has lines already")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pad := 0 // bytes between the files' ends and their blocks' do not count
	for at := 0; at < len(good); at += 7 {
		bad := bytes.Clone(good)
		bad[at] ^= 0x20
		if _, err := unpack(bytes.NewReader(bad), ""); err == nil {
			pad++
			if good[at] != 0 && !bytes.Contains(good[max(0, at-512):at], []byte("ustar")) && !strings.ContainsAny(string(good[at]), "0123456789 ") {
				t.Errorf("byte %d (%q) changes nothing", at, good[at])
			}
		}
	}
	if pad > len(good)/2 {
		t.Errorf("%d of %d bytes do not count", pad, len(good)/7)
	}
	to := home.Home{Dir: t.TempDir()}
	for what, bad := range map[string][]byte{"cut": good[:len(good)-2048], "longer": append(bytes.Clone(good[:len(good)-1024]), good...)} {
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Restore(to, file)
		refused(t, err, "cannot be restored")
		if es, _ := os.ReadDir(to.Dir); len(es) > 0 {
			t.Errorf("%s: it left %v", what, es)
		}
	}
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(to.Dir, "lines"), 0o700); err != nil { // empty, as an erased line leaves it
		t.Fatal(err)
	}
	if _, err := Restore(to, file); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(to.Dir, key)); err != nil || string(b) != "a key" {
		t.Errorf("the page's certificate: %q %v", b, err)
	}
	was, err := h.Load("north")
	is, err2 := to.Load("north")
	if err != nil || err2 != nil || was.Ours.Hash != is.Ours.Hash || !was.Keys.Sign.Equal(is.Keys.Sign) || len(c.Lines()) != 1 {
		t.Error(err, err2)
	}
}

func FuzzUnpack(f *testing.F) {
	file := filepath.Join(f.TempDir(), "a.backup")
	if _, err := Make(made(f, "aurelia", "north"), []string{"north"}, file, time.Now(), none); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(bytes.Replace(b, []byte("lines/north/terms"), []byte("lines/../../terms"), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if _, err := unpack(bytes.NewReader(b), filepath.Join(dir, "in")); err == nil {
			_, err = unpack(io.MultiReader(bytes.NewReader(b)), "")
			if err != nil {
				t.Error("taken once only")
			}
		}
		if es, _ := os.ReadDir(dir); len(es) > 1 {
			t.Errorf("it wrote beside its directory: %v", es)
		}
	})
}
