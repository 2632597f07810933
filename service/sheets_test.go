// SPDX-License-Identifier: Apache-2.0

package service

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// second is the second issue of a party's sheet.
func second(t *testing.T, name string) *party.Sheet {
	t.Helper()
	key := func(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(b), 32))) }
	s := &party.Sheet{Party: name, Issue: 2, Before: wire.Sum([]byte("the first")), Sign: party.Public(key('s')), Link: party.Public(key('l')),
		Paths: []party.SheetPath{{Label: "1", Kind: "udp", Address: "192.0.2.7:7443"}}}
	if err := s.SignSheet(key('p')); err != nil {
		t.Fatal(err)
	}
	return s
}

// SPEC: SHT-001
func TestStatedSheetIsTheOneThatIsNamed(t *testing.T) {
	s, sh := &said{t: t}, second(t, "aurelia")
	d, err := IssueDraft("aurelia", sh, true, statement.Author{Known: statement.Unattributed}, "actual")
	if err != nil || len(d.Text.Words["sheet"]) == 0 {
		t.Fatal(d, err)
	}
	good := Issue{Party: "aurelia", Issue: 2, Hash: sh.Hash.String(), Whole: base64.StdEncoding.EncodeToString(sh.Note)}
	if got, err := good.Sheet(); err != nil || got.Hash != sh.Hash || got.Paths[0].Address != "192.0.2.7:7443" {
		t.Fatal(got, err)
	}
	for name, change := range map[string]func(*Issue){
		"of the other party": func(i *Issue) { i.Party = "borealia" },
		"another number":     func(i *Issue) { i.Issue = 3 },
		"another hash":       func(i *Issue) { i.Hash = wire.Sum(nil).String() },
		"not base64":         func(i *Issue) { i.Whole = "?" },
		"nothing":            func(i *Issue) { i.Whole = "" },
		"changed":            func(i *Issue) { i.Whole = base64.StdEncoding.EncodeToString(append([]byte("x"), sh.Note...)) },
	} {
		bad := good
		change(&bad)
		if _, err := bad.Sheet(); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for want, f := range map[string]Issue{
		"":               {Issue: 2, Hash: sh.Hash.String(), By: amaro},
		"each later":     {Issue: 1, Hash: sh.Hash.String(), By: amaro},
		"not 32 bytes":   {Issue: 2, Hash: "x", By: amaro},
		"how its author": {Issue: 2, Hash: sh.Hash.String()},
	} {
		e := s.entry("aurelia", "sheet.issued", nil, f, "")
		k, _ := statement.Find(SheetKinds, e.Kind)
		if err := k.Validate(e, nil); (err == nil) != (want == "") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// SPEC: SHT-003
func TestOnlyTheOtherPartyAcceptsNewKeys(t *testing.T) {
	s, sh := &said{t: t}, second(t, "aurelia")
	begin := s.entry("aurelia", "sheet.issued", nil, Issue{Issue: 2, Hash: sh.Hash.String(), Keys: true, By: amaro}, "")
	terms := s.entry("aurelia", "terms.accepted", begin, Stated{By: amaro}, "")
	ours := s.entry("aurelia", "sheet.accepted", begin, Stated{By: amaro}, "")
	nobody := s.entry("borealia", "sheet.accepted", begin, Stated{By: statement.Author{Known: statement.Unattributed}}, "")
	theirs := s.entry("borealia", "sheet.accepted", begin, Stated{By: amaro}, "")
	for _, order := range [][]*record.Entry{{begin, terms, ours, nobody, theirs}, {theirs, nobody, ours, terms, begin}} {
		is := FoldIssue(&record.Item{Begin: begin, Entries: order})
		if is.Entry != begin || is.Accepted != theirs || !is.Keys || is.Party != "aurelia" {
			t.Errorf("%+v", is)
		}
	}
	if is := FoldIssue(&record.Item{Begin: begin, Entries: []*record.Entry{begin, ours, nobody}}); is.Accepted != nil {
		t.Error("keys were accepted by who may not")
	}
	if _, err := TakeDraft("aurelia", FoldIssue(&record.Item{Begin: begin, Entries: []*record.Entry{begin}}), amaro); err == nil {
		t.Error("a party accepted its own keys")
	}
}

// FuzzIssue: whatever a peer states of its sheet, folding and reading it is harmless.
func FuzzIssue(f *testing.F) {
	f.Add(`{"salt":"`+wire.Sum(nil).String()+`","issue":2,"sheet":"`+wire.Sum(nil).String()+`","by":{"known":"unattributed"}}`, "AAAA")
	f.Fuzz(func(t *testing.T, body, whole string) {
		e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: "aurelia"}}, Kind: "sheet.issued", Class: "service", Mark: "actual", Time: t0}, nil, []byte(body), nil)
		is := FoldIssue(&record.Item{Begin: e, Entries: []*record.Entry{e}})
		is.Whole = whole
		_, _ = is.Sheet()
	})
}
