// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"example.org/parley/contact"
	"example.org/parley/internal/view"
	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/verify"
	"example.org/parley/wire"
)

// shell runs parley as a shell does.
func shell(args ...string) (code int, out string) {
	var b bytes.Buffer
	code = run(context.Background(), args, stdio{strings.NewReader(""), &b, &b})
	return code, b.String()
}

// loads is whatever a page could load or run.
var loads = regexp.MustCompile(`(?i)<script|<img|<link|<iframe|<object|<svg|\ssrc=|\shref=|\son[a-z]+=|url\(|@import`)

// Every vector of a claim is printed, honest or forged: its verdict first, its code that of verify, each statement once where it
// holds and none where it does not.
//
// SPEC: CLI-052 CLI-053 CLI-054
func TestReadPrintsEveryClaim(t *testing.T) {
	files, _ := filepath.Glob("../../spec/claims/*.claim")
	if len(files) < 20 {
		t.Fatal("no vectors")
	}
	codes := map[int]int{}
	for _, f := range files {
		want, verified := shell("verify", f)
		code, out := shell("read", f)
		codes[code]++
		first, _, _ := strings.Cut(out, "\n")
		if code != want || !strings.HasPrefix(verified, first+"\n") {
			t.Errorf("%s: verify %d %.20q, read %d %q", f, want, verified, code, first)
		}
		b, _ := os.ReadFile(f)
		statements := bytes.Count(b, []byte("\nparley/v1 statement\n"))
		shown := len(regexp.MustCompile(`(?m)^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ|–) · [AB]a?\d+`).FindAllString(out, -1))
		if none := strings.Contains(out, "No statement is shown"); code == 1 && (shown > 0 || !none) || code != 1 && (shown != statements || none) {
			t.Errorf("%s: code %d, %d statements of %d", f, code, shown, statements)
		}
		_, verified = shell("verify", f, "--lang", "it")
		first, _, _ = strings.Cut(verified, "\n")
		code, page := shell("read", f, "--html", "--lang", "it")
		if code != want || loads.MatchString(page) || !strings.Contains(page, "<h1>"+first+"</h1>") || !strings.Contains(page, "style-src &#39;sha256-") {
			t.Errorf("%s: the page: %d\n%.900s", f, code, page)
		}
	}
	if codes[0] == 0 || codes[1] == 0 || codes[2] == 0 {
		t.Errorf("not every verdict: %v", codes)
	}
}

// told is an export of a line alone with statements that its party makes up.
func told(t *testing.T, drafts ...record.Draft) string {
	t.Helper()
	return toldBy(t, len(drafts), func(i int) record.Draft { return drafts[i] })
}

// toldBy is told of n statements. A leaf of 1 in a reference stands for the statement before, a leaf of 2 for the first of them.
func toldBy(t *testing.T, n int, draft func(i int) record.Draft) string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	random, now := rand.NewChaCha8([32]byte{7}), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	k, err := party.NewKeys(random)
	must(err)
	s := &party.Sheet{Party: "aurelia", Issue: 1, Sign: party.Public(k.Sign), Link: party.Public(k.Link), Paths: []party.SheetPath{{Label: "1", Kind: "udp", Address: "192.0.2.1:7443"}}}
	must(s.SignSheet(k.Party))
	terms, err := party.DefaultTerms().Encode([32]byte{9})
	must(err)
	g, err := party.NewAlone("north", s, "borealia", [32]byte{1}, terms)
	must(err)
	must(g.SignNext(k.Sign))
	rec := record.New(record.Options{Genesis: g.Hash, Kinds: statement.Record(verify.Kinds), Parties: [2]record.Party{{Name: "aurelia", Letter: "Aa", Keys: []ed25519.PublicKey{s.Sign}}, {Name: "borealia", Letter: "Ba"}}})
	r := rec.OpenRun(record.RunConfig{Party: "aurelia", Station: "main", Why: "first", Run: record.NewRunName(random), Key: k.Sign})
	d, err := register.GenesisDraft(g.Hash, g.Note)
	must(err)
	_, err = r.Append(d, now, record.PeerClock{}, random)
	must(err)
	refs := map[wire.Hash]record.Ref{}
	for i := range n {
		d := draft(i)
		var re []record.Ref
		for _, ref := range d.Re {
			re = append(re, refs[ref.Leaf])
		}
		d.Re = re
		e, err := r.Append(d, now.Add(time.Duration(i)*time.Second), record.PeerClock{}, random)
		must(err)
		refs[wire.Hash{1}] = e.Ref()
		if i == 0 {
			refs[wire.Hash{2}] = e.Ref()
		}
	}
	path := filepath.Join(t.TempDir(), "told.parley")
	f, err := os.Create(path)
	must(err)
	all := func(*record.Entry) bool { return true }
	must(verify.FromRecord(g.Note, terms, [][]byte{s.Note}, rec, all, func(*record.Entry) bool { return false })(f))
	must(f.Close())
	return path
}

// note is a note of the watch in any words, as a dishonest node may state it.
func note(text string) record.Draft {
	by := map[string]any{"known": "account", "officer": "aurelia/1.k7qx3m 1"}
	return record.Draft{Kind: "watch.noted", Class: "service", Mark: "actual", Facts: map[string]any{"by": by}, Text: &record.Text{Lang: "en", Text: text}}
}

// Words that would be a script, or would steer a terminal, are words.
//
// SPEC: CLI-054
func TestReadIsHarmless(t *testing.T) {
	post := register.Post{Org: "ministry", Name: `<b onclick="x()">Minister</b>`, Level: 1}
	d, err := new(register.Register).PostDraft("aurelia", post, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	path := told(t, note(`</td><script src="//x.example">alert(1)</script>`), note("over\u202egnirw and \u009b2J"), d, note("{{.R.Sound}} &amp;"))
	code, page := shell("read", path, "--html")
	if code != 0 || strings.Contains(page, "<script") || strings.Contains(page, "<b ") || !strings.Contains(page, "&lt;script src=") || !strings.Contains(page, "&lt;b onclick=") || !strings.Contains(page, "{{.R.Sound}} &amp;amp;") {
		t.Errorf("%d\n%s", code, page)
	}
	code, out := shell("read", path)
	if first := "HOLDS, on the word of one side\nAll of it is the word of aurelia. borealia has signed none of it, and held none of it.\n"; code != 0 || !strings.HasPrefix(out, first) {
		t.Errorf("%d\n%s", code, out)
	}
	for _, text := range []string{page, out} {
		if strings.ContainsAny(text, "\u202e\u009b\x1b") || strings.Contains(text, "borealia alone") || strings.Contains(text, "held by") {
			t.Errorf("it steers, or says more than is there:\n%s", text)
		}
	}
}

// What became of it is what the file holds: a contact, its request and the outcome on one side's word; in English and Italian.
//
// SPEC: CLI-052
func TestReadSaysByWhoseWord(t *testing.T) {
	by := statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account"}
	f := contact.Contact{Kind: contact.Call, Channel: contact.ByTelephone, When: statement.Day(time.Date(2026, 2, 18, 0, 0, 0, 0, time.UTC)), Basis: contact.Own, By: by,
		Participants: []contact.Participant{{Post: "aurelia/1.k7qx3m 7"}, {Post: "aurelia/1.k7qx3m 8"}}}
	d, err := contact.MadeDraft("aurelia", f, "actual", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := told(t, d, note("a quiet night"))
	for lang, want := range map[string][]string{
		"en": {"18 Feb 2026 · call · by telephone", "stated by aurelia alone", "a quiet night", "What this file leaves open", "borealia 0."},
		"it": {"18 feb 2026 · ", "dichiarato dalla sola aurelia", "a quiet night", "Ciò che questo file lascia aperto"},
	} {
		_, out := shell("read", path, "--lang", lang)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: %q is not in\n%s", lang, w, out)
			}
		}
	}
	if code, out := shell("read", path, "--json"); code != 0 || !strings.Contains(out, `"statements": [`) || !strings.Contains(out, `"whose": "stated by aurelia alone"`) {
		t.Errorf("%d %s", code, out)
	}
	if code, _ := shell("read", path+".none"); code != 66 {
		t.Errorf("a file that is not there: %d", code)
	}
}

// A file that is too long is not read to its end, and one that is long costs as much as it is long.
//
// SPEC: CLI-054
func TestReadIsBounded(t *testing.T) {
	if n, err := io.Copy(io.Discard, &bounded{iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 300))), 200}); err == nil || n != 200 {
		t.Errorf("%d bytes were read, %v", n, err)
	}
	by := statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account"}
	day := statement.Day(time.Date(2026, 2, 18, 0, 0, 0, 0, time.UTC))
	posts := []contact.Participant{{Post: "aurelia/1.k7qx3m 7"}, {Post: "aurelia/1.k7qx3m 8"}}
	must := func(d record.Draft, err error) record.Draft {
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	none, first := new(register.Register), []record.Ref{{Leaf: wire.Hash{2}}}
	for shape, draft := range map[string]func(i int) record.Draft{
		"notes": func(i int) record.Draft { return note(fmt.Sprint("note ", i)) },
		"officers": func(i int) record.Draft {
			return must(none.OfficerDraft("aurelia", register.Officer{Name: fmt.Sprint("Lt ", i), Langs: []string{"en"}}, "actual", nil))
		},
		"posts": func(i int) record.Draft {
			return must(none.PostDraft("aurelia", register.Post{Org: "o", Name: fmt.Sprint("p", i), Level: 1}, "", nil))
		},
		"one day": func(i int) record.Draft {
			return must(contact.MadeDraft("aurelia", contact.Contact{Kind: contact.Call, Channel: contact.ByTelephone, When: day, Basis: contact.Own, By: by, Participants: posts}, "actual", nil, nil))
		},
		"outcomes": func(i int) record.Draft {
			if i == 0 {
				return must(contact.PlacedDraft("aurelia", contact.Request{For: contact.Call, From: posts[0].Post, With: posts[1].Post, When: day, Basis: contact.Own, By: by}, "", nil))
			}
			return record.Draft{Kind: "request.outcome", Class: "service", Mark: "actual", Re: first, Facts: contact.Result{Outcome: "declined", By: by}}
		},
	} {
		drawn := func(n int) float64 {
			path := toldBy(t, n, draft)
			return testing.AllocsPerRun(1, func() {
				f, _ := os.Open(path)
				defer f.Close()
				if err := view.Read(verify.Open(f, verify.Expected{})).Draw(io.Discard, true); err != nil {
					t.Error(err)
				}
			})
		}
		if few, many := drawn(200), drawn(800); many > 5*few {
			t.Errorf("%s: 200 statements cost %.0f allocations, 800 %.0f", shape, few, many)
		}
	}
}
