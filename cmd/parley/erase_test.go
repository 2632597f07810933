// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link"
	"example.org/parley/internal/node"
	"example.org/parley/internal/store"
	"example.org/parley/internal/store/storetest"
	"example.org/parley/party"
)

// A line is erased only 7 days after it was left, by its typed name, once an archive of it was read back; the archive has all.
// SPEC: CLI-063
func TestALineIsErasedOnceItWasLeftAndArchived(t *testing.T) {
	h := home.Home{Dir: filepath.Join(t.TempDir(), "home")}
	l, err := h.InitAlone("north", home.DefaultConfig("aurelia", 0), "borealia", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(t.TempDir(), "north.backup")
	erase := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		code := run(t.Context(), append([]string{"--home", h.Dir, "--lang", "en", "line", "erase"}, args...), stdio{strings.NewReader(""), &out, &out})
		if _, err := os.Stat(l.Dir); (code == 0) != os.IsNotExist(err) {
			t.Errorf("code %d, the line: %v", code, err)
		}
		return out.String()
	}
	ago := 8 * 24 * time.Hour
	leave := func(step string, ago time.Duration) {
		t.Helper()
		c, err := node.Of(l.Alone, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		c.Now = func() time.Time { return time.Now().Add(-ago) }
		n := node.Open(c)
		defer n.Close()
		if err := n.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		if said := erase("north", "--archive", archive); !strings.Contains(said, "holds it") {
			t.Errorf("while a node has the record: %s", said)
		}
		who := act.Who{Account: "amaro", Desk: "pts/1", Known: "account", Keeper: true}
		r, err := n.Do(t.Context(), who, "en", act.OfficerAdd{Name: "Amaro " + step + ago.String(), Langs: []string{"en"}})
		if who.Officer = r.ID; err == nil {
			_, err = n.Do(t.Context(), who, "en", act.LineStep{Step: step})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if said := erase("north"); !strings.Contains(said, "where is it archived") {
		t.Error(said)
	}
	if said := erase("south", "--archive", archive); !strings.Contains(said, "no line") {
		t.Error(said)
	}
	leave("suspend", ago+time.Hour)
	if said := erase("north", "--archive", archive); !strings.Contains(said, "has not been left") {
		t.Error(said)
	}
	leave("leave", ago)
	leave("resume", ago-time.Hour)
	if said := erase("north", "--archive", archive); !strings.Contains(said, "has not been left") {
		t.Error(said)
	}
	leave("leave", ago-2*time.Hour)
	if said := mayErase(l, time.Now().Add(-2*24*time.Hour)); said == nil || !strings.Contains(said.Error(), "was left on") {
		t.Errorf("two days too early: %v", said)
	}
	if said := erase("north", "--archive", filepath.Join(l.Dir, "north.backup")); !strings.Contains(said, "erased with the line") {
		t.Error(said)
	}
	if said := erase("north", "--archive", archive); !strings.Contains(said, "is erased here") {
		t.Error(said)
	}
	if es, _ := os.ReadDir(filepath.Join(h.Dir, "lines")); len(es) > 0 {
		t.Errorf("left behind: %v", es)
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"--home", h.Dir, "restore", archive}, stdio{strings.NewReader(""), &out, &out}); code != 0 {
		t.Errorf("the archive: %s", out.String())
	}
	if _, err := h.Load("north"); err != nil {
		t.Error(err)
	}
}

// A line that two have signed is erased as one alone is, once it was left; the archive has its genesis.
// SPEC: CLI-063
func TestALineOfTwoIsErased(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { erased(t, "") })
	t.Run("postgres", func(t *testing.T) { // and its rows in the database, those of no other line
		p := storetest.Primary(t, false)
		other, err := store.Open(filepath.Join(t.TempDir(), "record.db"), store.Options{Postgres: storetest.URL(p), Name: "another"})
		if err != nil {
			t.Fatal(err)
		}
		other.Append(1, []store.Row{{Kind: store.KindEntry, Log: "x", A: []byte("x")}})
		if c := <-other.Durable(); c.Err != nil {
			t.Fatal(c.Err)
		}
		defer other.Close()
		before := erased(t, storetest.URL(p))
		if before == 0 {
			t.Error("its rows were not in the database")
		}
		for _, of := range []string{"parley_row", "parley_record", "parley_local"} {
			if n := p.Count(t, "SELECT count(*) FROM "+of+" WHERE name <> 'another'"); n != 0 {
				t.Errorf("%d rows are left in %s", n, of)
			}
		}
		if p.Count(t, "SELECT count(*) FROM parley_row WHERE name = 'another'") != 1 {
			t.Error("another line's rows are gone")
		}
	})
}

// erased leaves and erases a line of two, whose record is in a file or in that database, and gives how many rows it had.
func erased(t *testing.T, database string) (held int) {
	l, b := lines(t)
	if database != "" {
		config := filepath.Join(l.Dir, "config.toml")
		was, err := os.ReadFile(config)
		if err == nil {
			err = os.WriteFile(config, fmt.Appendf(nil, "store = %q\n%s", database, was), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	terms, err := l.Config.Terms.Encode([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	g, err := party.NewGenesis("north", l.Sheets(), [2][32]byte{{1}, {2}}, [32]byte{3}, terms)
	for _, of := range []*home.Line{l, b} {
		if err == nil {
			err = g.SignNext(of.Keys.Sign)
		}
	}
	if err == nil {
		err = l.SetGenesis(g.Note, terms, [32]byte{3})
	}
	if err == nil {
		l, err = l.Again()
	}
	if err != nil {
		t.Fatal(err)
	}
	h := home.Home{Dir: filepath.Dir(filepath.Dir(l.Dir))}
	archive := filepath.Join(t.TempDir(), "north.backup")
	erase := func() string {
		var out bytes.Buffer
		run(t.Context(), []string{"--home", h.Dir, "--lang", "en", "line", "erase", "north", "--archive", archive}, stdio{strings.NewReader(""), &out, &out})
		return out.String()
	}
	if said := erase(); !strings.Contains(said, "has not been left") {
		t.Error(said)
	}
	c, err := node.Of(l, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c.Now = func() time.Time { return time.Now().Add(-8 * 24 * time.Hour) }
	c.Link = func(link.Config) (node.Link, error) { return nil, errors.New("no network") }
	n := node.Open(c)
	if err := n.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	who := act.Who{Account: "amaro", Desk: "pts/1", Known: "account", Keeper: true}
	r, err := n.Do(t.Context(), who, "en", act.OfficerAdd{Name: "Amaro", Langs: []string{"en"}})
	if who.Officer = r.ID; err == nil {
		_, err = n.Do(t.Context(), who, "en", act.LineStep{Step: "leave"})
	}
	n.Close()
	if err != nil {
		t.Fatal(err)
	}
	c.Store.Look = database != ""
	s, err := store.Open(c.DB, c.Store)
	if err != nil {
		t.Fatal(err)
	}
	held = s.Rows()
	s.Close()
	if said := erase(); !strings.Contains(said, "is erased here") {
		t.Error(said)
	}
	if _, err := os.Stat(l.Dir); !os.IsNotExist(err) {
		t.Error("the line is there still", err)
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"--home", h.Dir, "restore", archive}, stdio{strings.NewReader(""), &out, &out}); code != 0 {
		t.Fatalf("the archive: %s", out.String())
	}
	if back, err := h.Load("north"); err != nil || back.Genesis == nil || back.Genesis.Hash != l.Genesis.Hash {
		t.Errorf("what comes back of the archive: %v", err)
	}
	return held
}
