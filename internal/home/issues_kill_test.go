// SPDX-License-Identifier: Apache-2.0

package home

import (
	"crypto/rand"
	"strings"
	"testing"

	"example.org/parley/party"
)

// A path that the other party does not have is one on which we are only found; the line goes on by the others.
//
// SPEC: SHT-007
func TestPathThatTheyDoNotHave(t *testing.T) {
	a, _ := paired(t)
	c := a.Config
	c.Paths = append(c.Paths, Path{Label: "3", Bind: "127.0.0.5:7443"})
	if _, err := a.Issue(c, nil); err != nil {
		t.Fatal(err)
	}
	a = again(t, a)
	for _, p := range a.Config.Paths {
		if _, _, err := a.Remote(p); err != nil {
			t.Error(err)
		}
	}
}

// A kill between the sheet that ends a stolen key and the change of keys leaves nobody who signs with the stolen one.
//
// SPEC: SHT-008
func TestStolenKeyIsLeftAfterAKill(t *testing.T) {
	a, _ := paired(t)
	log := a.Ours.Party + "/" + a.Genesis.Hash.Name() + "/1.aaaaaa"
	_, err := a.Issue(a.Config, rand.Reader, party.KeyEnd{Key: party.Public(a.Keys.Sign), Log: log, Size: 3})
	if err != nil {
		t.Fatal(err)
	}
	if a = again(t, a); a.Waits() {
		t.Error("killed before it went over: the stolen key is in use")
	}
}

// New keys that no sheet names are never put in the place of those in use.
//
// SPEC: SHT-004
func TestKeysThatNoSheetNamesAreNotUsed(t *testing.T) {
	a, _ := paired(t)
	if _, err := a.Issue(a.Config, rand.Reader); err != nil {
		t.Fatal(err)
	}
	a = again(t, a)
	k, _ := party.NewKeys(rand.Reader) // a revocation that was killed before its sheet
	if err := a.write("sign.key.next", party.EncodeSecret("sign", k.Sign)); err != nil {
		t.Fatal(err)
	}
	_ = a.Renew()
	if _, err := a.Again(); err != nil {
		t.Error(err)
	}
}

// An end that spoils every export, or leaves nobody to let in, is not taken.
//
// SPEC: SHT-002
func TestEndPastAnotherLineIsNotTaken(t *testing.T) {
	a, b := paired(t)
	log := a.Ours.Party + "/" + strings.Repeat("A", 43) + "/1.aaaaaa"
	s := &party.Sheet{Party: a.Ours.Party, Issue: 2, Before: a.Ours.Hash, Sign: a.Ours.Sign, Link: a.Ours.Link, Paths: a.Ours.Paths,
		Ends: []party.KeyEnd{{Key: a.Ours.Sign, Log: log, Size: 1}}}
	if err := s.SignSheet(a.Keys.Party); err != nil {
		t.Fatal(err)
	}
	s, err := party.ParseSheet(s.Note)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Take(s); err == nil {
		t.Error("taken: an end past a log of another line")
		if b = again(t, b); len(b.TheirIssues.LinkKeys()) == 0 {
			t.Error("no link key is left")
		}
	}
}
