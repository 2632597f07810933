// SPDX-License-Identifier: Apache-2.0

package party

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"example.org/parley/wire"
	"example.org/parley/words"
)

type world struct {
	ka, kb Keys
	a, b   *Sheet // a is A
}

func newWorld(t testing.TB) world {
	t.Helper()
	rnd := rand.NewChaCha8([32]byte{1})
	var w world
	mk := func(name, ip string) (Keys, *Sheet) {
		k, err := NewKeys(rnd)
		if err != nil {
			t.Fatal(err)
		}
		s := &Sheet{Party: name, Issue: 1, Sign: Public(k.Sign), Link: Public(k.Link),
			Paths: []SheetPath{{"1", "udp", ip + ":7443"}, {"2", "udp", "[2001:db8::1]:7443"}}}
		if err := s.SignSheet(k.Party); err != nil {
			t.Fatal(err)
		}
		return k, s
	}
	w.ka, w.a = mk("aurelia", "192.0.2.1")
	w.kb, w.b = mk("borealia", "198.51.100.7")
	if !w.a.IsPartyA(w.b) {
		w.a, w.b, w.ka, w.kb = w.b, w.a, w.kb, w.ka
	}
	return w
}

func (w world) genesis(t testing.TB) (*Genesis, []byte, Terms) {
	t.Helper()
	terms := DefaultTerms()
	terms.Fallback[w.a.Party] = []string{"+39 06 555 0100"}
	terms.Policy.Due = map[string]map[string]int{"FLASH": {"held": 10}}
	body, err := terms.Encode([32]byte{9})
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGenesis("north", [2]*Sheet{w.a, w.b}, [2][32]byte{{1}, {2}}, [32]byte{3}, body)
	if err != nil {
		t.Fatal(err)
	}
	return g, body, terms
}

// SPEC: REC-901 REC-902 REC-903
// A sheet that is signed elsewhere is the one that waited, byte for byte of its text; no other key and no changed draft signs.
// SPEC: SHT-015
func TestSheetIsSignedElsewhere(t *testing.T) {
	k, err := NewKeys(rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	s := &Sheet{Party: "aurelia", Issue: 2, Before: wire.Sum([]byte("x")), PartyKey: Public(k.Party), Sign: Public(k.Sign), Link: Public(k.Link),
		Paths: []SheetPath{{"1", "udp", "192.0.2.1:7443"}, {"web", "tcp", "192.0.2.1:443"}}}
	b, err := s.Draft([32]byte{7})
	if err != nil {
		t.Fatal(err)
	}
	got, err := SignDraft(b, k.Party)
	if err != nil || string(got.Text()) != string(s.Text()) || !slices.Equal(got.Paths, s.Paths) || got.Paths[1].String() != "tcp:192.0.2.1:443" {
		t.Fatal(got, err)
	}
	if _, err := SignDraft(b, k.Sign); err == nil {
		t.Error("another key signed")
	}
	for i := range b {
		bad := slices.Clone(b)
		bad[i] ^= 1
		if d, err := ParseDraft(bad); err == nil && string(d.Text()) == string(s.Text()) {
			t.Error("changed at", i)
		}
	}
}

// FuzzDraft: whatever is carried to the party key, reading and signing it is harmless.
func FuzzDraft(f *testing.F) {
	k, _ := NewKeys(rand.NewChaCha8([32]byte{1}))
	s := &Sheet{Party: "aurelia", Issue: 1, PartyKey: Public(k.Party), Sign: Public(k.Sign), Link: Public(k.Link), Paths: []SheetPath{{"1", "udp", "192.0.2.1:7443"}}}
	b, err := s.Draft([32]byte{7})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := SignDraft(b, k.Party); err == nil && string(Bare(s.Note)) == "" {
			t.Error("nothing was signed")
		}
	})
}

func TestSheetHasOneSpelling(t *testing.T) {
	w := newWorld(t)
	got, err := ParseSheet(w.a.Note)
	if err != nil {
		t.Fatal(err)
	}
	if got.Hash != w.a.Hash || got.PartyHash() != Hash(Public(w.ka.Party)) || len(got.Paths) != 2 {
		t.Fatalf("read back another sheet: %+v", got)
	}
	if want := wire.Sum([]byte("party-key " + wire.KeyText(got.PartyKey) + "\n")); got.PartyHash() != want {
		t.Fatal("party hash is not that of the party-key line")
	}
	sep := strings.LastIndex(string(w.a.Note), "\n\n") + 1
	text, sig := string(w.a.Note[:sep]), string(w.a.Note[sep:])
	for name, bad := range map[string]string{
		"other issue":    strings.Replace(text, "issue 1", "issue 2", 1) + sig,
		"leading zero":   strings.Replace(text, "issue 1", "issue 01", 1) + sig,
		"order":          strings.Replace(text, "issue 1\nbefore none", "before none\nissue 1", 1) + sig,
		"unknown line":   text + "fax 1\n" + sig,
		"double space":   strings.Replace(text, "party ", "party  ", 1) + sig,
		"no signature":   text,
		"two signatures": text + sig + strings.TrimPrefix(sig, "\n"),
		"other address":  strings.Replace(string(w.a.Note), ":7443", ":7444", 1),
		"no LF":          strings.TrimSuffix(string(w.a.Note), "\n"),
		"other paths":    string(Bare(w.a.Note)) + string(w.b.Note[len(Bare(w.b.Note)):]),
		"paths twice":    string(w.a.Note) + string(w.a.Note[len(Bare(w.a.Note)):]),
	} {
		if _, err := ParseSheet([]byte(bad)); !errors.Is(err, ErrSheet) {
			t.Errorf("%s: accepted, or %v", name, err)
		}
	}
}

// Who publishes a sheet or terms leaves out the piece that tells where a party is reached: it is the same sheet, and the same
// terms, and tells neither.
//
// SPEC: REC-913
func TestAddressesAndTelephonesAreLeftOut(t *testing.T) {
	w := newWorld(t)
	bare := Bare(w.a.Note)
	s, err := ParseSheet(bare)
	if err != nil || s.Hash != w.a.Hash || s.Paths != nil || strings.Contains(string(bare), "7443") || !strings.Contains(string(w.a.Note), ":7443") {
		t.Errorf("%v\n%s", err, bare)
	}
	if other := *w.a; other.SignSheet(w.ka.Party) != nil || other.Hash != w.a.Hash {
		t.Error("the same sheet signed again is another")
	}
	if moved := *w.a; true {
		moved.Paths = []SheetPath{{"1", "udp", "192.0.2.9:7443"}}
		if moved.SignSheet(w.ka.Party) != nil || moved.Hash == w.a.Hash {
			t.Error("another address is the same sheet")
		}
	}
	g, terms, was := w.genesis(t)
	bare = Bare(terms)
	x, err := ParseTerms(bare)
	if err != nil || x.Fallback != nil || strings.Contains(string(bare), "555") || g.Fits([2]*Sheet{s, w.b}, bare) != nil {
		t.Errorf("%v\n%s", err, bare)
	}
	if whole, err := ParseTerms(terms); err != nil || whole.Fallback[w.a.Party][0] != was.Fallback[w.a.Party][0] {
		t.Errorf("%v %v", whole.Fallback, err)
	}
	if again, err := x.Encode([32]byte{8}); err != nil || strings.Contains(string(again), "\n") {
		t.Errorf("who has no telephones names others: %s %v", again, err)
	} else if y, _ := ParseTerms(again); y.Phones != x.Phones {
		t.Error("who has no telephones names others")
	}
	for _, bad := range []string{strings.Replace(string(terms), "0100", "0101", 1), string(bare) + "\n{}", string(bare) + "\n", string(terms) + "\n"} {
		if _, err := ParseTerms([]byte(bad)); !errors.Is(err, ErrTerms) || g.Fits([2]*Sheet{w.a, w.b}, []byte(bad)) == nil {
			t.Errorf("%v: %s", err, bad)
		}
	}
}

// Under the points of small order one signature fits every text.
//
// SPEC: REC-912
func TestSheetsAndGenesisRefuseWeakKeys(t *testing.T) {
	w := newWorld(t)
	g, body, _ := w.genesis(t)
	for _, weak := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000", // the identity
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 2
		"0000000000000000000000000000000000000000000000000000000000000000", // order 4
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"0100000000000000000000000000000000000000000000000000000000000080", // the identity in other spellings
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0200000000000000000000000000000000000000000000000000000000000000", // no point
	} {
		key, err := hex.DecodeString(weak)
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string]func(s *Sheet){
			"sign": func(s *Sheet) { s.Sign = key },
			"link": func(s *Sheet) { s.Link = key },
			"end":  func(s *Sheet) { s.Ends = []KeyEnd{{key, s.Party + "/" + wire.Sum(nil).Name() + "/7.k7qx3m", 40}} },
		} {
			s := *w.a
			change(&s)
			if err := s.SignSheet(w.ka.Party); !errors.Is(err, ErrSheet) {
				t.Errorf("%s key %s is written: %v", name, weak, err)
			}
			note, err := wire.SignNote(s.Text(), s.Party+"/party", w.ka.Party)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ParseSheet(note); !errors.Is(err, ErrSheet) {
				t.Errorf("%s key %s is read: %v", name, weak, err)
			}
		}
		own := strings.Replace(string(w.a.Text()), wire.KeyText(w.a.PartyKey), wire.KeyText(key), 1)
		// For the identity this signature fits whatever stands above it.
		any := append([]byte{1}, make([]byte, 63)...)
		sig := binary.BigEndian.AppendUint32(nil, wire.KeyHash(w.a.Party+"/party", key))
		note := own + "\n— " + w.a.Party + "/party " + base64.StdEncoding.EncodeToString(append(sig, any...)) + "\n"
		if _, err := ParseSheet([]byte(note)); !errors.Is(err, ErrSheet) {
			t.Errorf("party key %s is read: %v", weak, err)
		}
		bad := strings.Replace(string(g.Text()), wire.KeyText(w.a.Sign), wire.KeyText(key), 1)
		if _, err := ParseGenesis([]byte(bad)); !errors.Is(err, ErrGenesis) {
			t.Errorf("a genesis with sign key %s is read: %v", weak, err)
		}
		a := *w.a
		a.Sign = key
		if _, err := NewGenesis("north", [2]*Sheet{&a, w.b}, [2][32]byte{{1}, {2}}, [32]byte{3}, body); !errors.Is(err, ErrGenesis) {
			t.Errorf("a genesis with sign key %s is written: %v", weak, err)
		}
	}
}

// SPEC: REC-905
func TestNextSheetFollowsTheOneBefore(t *testing.T) {
	w := newWorld(t)
	next := *w.a
	next.Issue, next.Before = 2, w.a.Hash
	next.Ends = []KeyEnd{{Public(w.ka.Sign), w.a.Party + "/" + wire.Sum(nil).Name() + "/7.k7qx3m", 40}}
	if err := next.SignSheet(w.ka.Party); err != nil {
		t.Fatal(err)
	}
	got, err := ParseSheet(next.Note)
	if err != nil || got.Follows(w.a) != nil || len(got.Ends) != 1 {
		t.Fatalf("issue 2 refused: %v %v", err, got.Follows(w.a))
	}
	if w.a.Follows(got) == nil || got.Follows(got) == nil || got.Follows(w.b) == nil {
		t.Fatal("a wrong issue follows")
	}
}

// SPEC: REC-904
func TestDigitsNameTheGroupThatIsWrong(t *testing.T) {
	h := wire.Sum([]byte("sheet"))
	d := Digits(h)
	if got, err := ParseDigits(strings.ReplaceAll(d, " ", "-")); err != nil || got != d || len(d) != 55 {
		t.Fatalf("%q %q %v", d, got, err)
	}
	if Digits(wire.Hash{}) == d || !strings.HasPrefix(Digits(wire.Hash{}), "00000") {
		t.Fatal("digits of zero")
	}
	flip := h
	flip[16] ^= 0x10 // the last of the 132 bits
	if Digits(flip) == d {
		t.Fatal("bit 132 is not in the digits")
	}
	for i, c := range []byte(d) { // every single slip and every swap of unlike neighbours is caught, and its group named
		if c == ' ' {
			continue
		}
		for n := byte('0'); n <= '9'; n++ {
			bad := []byte(d)
			bad[i] = n
			if _, err := ParseDigits(string(bad)); n != c && (err == nil || err.Error() != fmt.Sprintf("wrong as typed: group %d", i/7+1)) {
				t.Fatalf("slip %s: %v", bad, err)
			}
		}
		if i+1 < len(d) && d[i+1] != ' ' && d[i+1] != c {
			bad := []byte(d)
			bad[i], bad[i+1] = bad[i+1], bad[i]
			if _, err := ParseDigits(string(bad)); err == nil {
				t.Fatalf("swap %s accepted", bad)
			}
		}
	}
}

// SPEC: REC-906 REC-907 REC-908
func TestGenesisIsSignedByAThenB(t *testing.T) {
	w := newWorld(t)
	g, body, _ := w.genesis(t)
	if g.SignNext(w.kb.Sign) == nil {
		t.Fatal("signed out of turn")
	}
	if err := g.SignNext(w.ka.Sign); err != nil {
		t.Fatal(err)
	}
	half, err := ParseGenesis(g.Note)
	if err != nil || half.Sigs != 1 {
		t.Fatal(err)
	}
	if half.SignNext(w.ka.Sign) == nil {
		t.Fatal("A signed twice")
	}
	if err := half.SignNext(w.kb.Sign); err != nil {
		t.Fatal(err)
	}
	full, err := ParseGenesis(half.Note)
	if err != nil || full.Sigs != 2 || full.Hash != g.Hash || full.Fits([2]*Sheet{w.a, w.b}, body) != nil {
		t.Fatal(err, full.Fits([2]*Sheet{w.a, w.b}, body))
	}
	if full.Fits([2]*Sheet{w.b, w.a}, body) == nil || full.Fits([2]*Sheet{w.a, w.b}, append(body, ' ')) == nil {
		t.Fatal("fits what it does not name")
	}
	ends := *w.b // no log of this line was there to name when its sheets were exchanged
	ends.Ends = []KeyEnd{{Key: Public(w.kb.Sign), Log: w.b.Party + "/" + g.Hash.Name() + "/1.bbbbbb", Size: 1}}
	if err := ends.SignSheet(w.kb.Party); err != nil {
		t.Fatal(err)
	}
	if _, err := NewGenesis("north", [2]*Sheet{w.a, &ends}, [2][32]byte{{1}, {2}}, [32]byte{3}, body); err == nil || !strings.Contains(err.Error(), "ends a sign key") {
		t.Fatal("a genesis names a sheet that ends a key:", err)
	}
	if l := full.Letters(); l[0] == l[1] || (l[0] != "A" && l[0] != "B") {
		t.Fatal(l)
	}
	if _, err := ParseGenesis([]byte(strings.Replace(string(full.Note), "line north", "line south", 1))); !errors.Is(err, ErrGenesis) {
		t.Fatal("changed genesis accepted:", err)
	}
	if _, err := NewGenesis("north", [2]*Sheet{w.b, w.a}, [2][32]byte{{1}, {2}}, [32]byte{3}, body); err == nil {
		t.Fatal("B wrote the genesis")
	}
}

// SPEC: REC-909
func TestTermsRefuseWhatNobodyAgreesOn(t *testing.T) {
	for name, change := range map[string]func(*Terms){
		"bidi": func(x *Terms) { x.Area = "safe \u202e efas" },
		"unseen": func(x *Terms) {
			x.Purpose["en"] = "Keep a mis\u00adread\u2060 move from \u3164 becoming an escalation."
		},
		"turned":   func(x *Terms) { x.Access = "watch \u061cofficers" },
		"long":     func(x *Terms) { x.Hours = strings.Repeat("x", 401) },
		"clock":    func(x *Terms) { x.Policy.Due = map[string]map[string]int{"FLASH": {"read": 1}} },
		"check":    func(x *Terms) { x.Schedule.Checks = []string{"9:00"} },
		"number":   func(x *Terms) { x.Fallback["aurelia"] = []string{"call me"} },
		"language": func(x *Terms) { x.Purpose["fr"] = "Bonjour." },
		"tag":      func(x *Terms) { x.Languages, x.Purpose["english"] = append(x.Languages, "english"), "Hello." },
		"no words": func(x *Terms) { x.Purpose = nil },
	} {
		x := DefaultTerms()
		change(&x)
		if _, err := x.Encode([32]byte{}); !errors.Is(err, ErrTerms) {
			t.Errorf("%s: accepted", name)
		}
	}
	b, err := DefaultTerms().Encode([32]byte{4})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseTerms(b); err != nil {
		t.Fatal(err)
	}
}

// SPEC: REC-910
func TestDescribeSaysTheWholeGenesis(t *testing.T) {
	w := newWorld(t)
	g, _, terms := w.genesis(t)
	for _, lang := range words.Langs() {
		d := g.Describe(lang, terms)
		for _, must := range []string{"north", "aurelia", "borealia", terms.Purpose["it"], terms.Area, terms.Access, "+39 06 555 0100", "09:00",
			"FLASH", Digits(w.a.Hash), Digits(w.b.Hash), wire.KeyText(w.a.Sign), g.Hash.String()} {
			if !strings.Contains(d, must) {
				t.Errorf("%s: %q is not said", lang, must)
			}
		}
		if strings.Contains(d, "%!") || strings.Contains(d, "[genesis") {
			t.Error(d)
		}
	}
}

// SPEC: REC-911
func TestNumbersDependOnAllThatBothEndsKnow(t *testing.T) {
	w := newWorld(t)
	ab, nonces := [2]*Sheet{w.a, w.b}, [2][32]byte{{1}, {2}}
	n, err := Numbers(nonces, ab, make([]byte, 32))
	if err != nil || n[0] == n[1] || len(n[0]) != 6 || len(n[1]) != 6 {
		t.Fatal(n, err)
	}
	for i, f := range []func() ([2]string, error){
		func() ([2]string, error) { return Numbers([2][32]byte{{3}, {2}}, ab, make([]byte, 32)) },
		func() ([2]string, error) { return Numbers([2][32]byte{{1}, {3}}, ab, make([]byte, 32)) },
		func() ([2]string, error) { return Numbers(nonces, [2]*Sheet{w.b, w.a}, make([]byte, 32)) },
		func() ([2]string, error) { return Numbers(nonces, ab, make([]byte, 31)) },
	} {
		if x, _ := f(); x == n {
			t.Errorf("input %d changes nothing", i)
		}
	}
	if Commit(0, "aurelia", [32]byte{1}) == Commit(1, "aurelia", [32]byte{1}) {
		t.Error("a commitment can be reflected")
	}
}

func TestKeyFileIsOfOneRole(t *testing.T) {
	w := newWorld(t)
	k, err := DecodeSecret("sign", EncodeSecret("sign", w.ka.Sign))
	if err != nil || !k.Equal(w.ka.Sign) {
		t.Fatal(err)
	}
	if _, err := DecodeSecret("link", EncodeSecret("sign", w.ka.Sign)); err == nil {
		t.Fatal("a sign key was read as a link key")
	}
}

func FuzzParseSheet(f *testing.F) {
	f.Add(newWorld(f).a.Note)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ParseSheet(b); err == nil && !strings.HasPrefix(string(b), string(s.Text())) {
			t.Fatal("another spelling")
		}
	})
}

func FuzzParseGenesis(f *testing.F) {
	w := newWorld(f)
	g, _, _ := w.genesis(f)
	f.Add(g.Text())
	_ = g.SignNext(w.ka.Sign)
	f.Add(g.Note)
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, err := ParseGenesis(b); err == nil && !strings.HasPrefix(string(b), string(g.Text())) {
			t.Fatal("another spelling")
		}
	})
}

func FuzzParseTerms(f *testing.F) {
	b, _ := DefaultTerms().Encode([32]byte{})
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := ParseTerms(b); err == nil {
			if _, err := x.Encode([32]byte{}); err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
		}
	})
}

func FuzzParseDigits(f *testing.F) {
	f.Add(Digits(wire.Sum(nil)))
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDigits(s); err == nil {
			if e, err := ParseDigits(d); err != nil || e != d {
				t.Fatal("not stable")
			}
		}
	})
}

func FuzzDecodeSecret(f *testing.F) {
	f.Add([]byte("PARLEY-SECRET-KEY sign AAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = DecodeSecret("sign", b) })
}

// A line alone begins with the signature of the party that is here; the other is only named.
func TestGenesisOfALineAloneIsSignedByOneParty(t *testing.T) {
	// SPEC: ALN-001 ALN-003
	w := newWorld(t)
	body, err := DefaultTerms().Encode([32]byte{9})
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewAlone("north", w.b, w.a.Party, [32]byte{1}, body) // the one who would be B of a pair is A here
	if err != nil {
		t.Fatal(err)
	}
	if !g.Alone() || g.Complete() || g.SignNext(w.ka.Sign) == nil {
		t.Error("it is complete without a signature, or takes another party's")
	}
	if err := g.SignNext(w.kb.Sign); err != nil || !g.Complete() || g.SignNext(w.ka.Sign) == nil {
		t.Errorf("after its signature: %v", err)
	}
	again, err := ParseGenesis(g.Note)
	if err != nil || !again.Complete() || again.Hash != g.Hash || again.Fits([2]*Sheet{w.b}, body) != nil || again.Fits([2]*Sheet{w.a, w.b}, body) == nil || again.Fits([2]*Sheet{w.a}, body) == nil {
		t.Errorf("read again: %+v %v", again, err)
	}
	if l := g.Letters(); l[0] != strings.ToUpper(w.b.Party[:1])+"a" {
		t.Errorf("letters %v", l)
	}
	two, err := wire.AddSignature(g.Note, w.a.Party+"/sign", w.ka.Sign)
	if err != nil {
		t.Fatal(err)
	}
	text := string(g.Text())
	for what, bad := range map[string]string{
		"two signatures": string(two), "own name as the other": strings.Replace(text, "B "+w.a.Party, "B "+w.b.Party, 1), "a tag": strings.Replace(text, "terms ", "tag "+g.Terms.String()+"\nterms ", 1),
		"no other": strings.Replace(text, "B "+w.a.Party+"\n", "", 1), "a genesis of two": strings.Replace(text, "v1 alone", "v1 genesis", 1), "more of B": strings.Replace(text, "B "+w.a.Party, "B "+w.a.Party+" x", 1),
	} {
		if _, err := ParseGenesis([]byte(bad)); !errors.Is(err, ErrGenesis) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A sheet or a genesis of another version is refused by that version's name, never misread.
func TestAnotherVersionIsNamed(t *testing.T) {
	// SPEC: REC-902
	w := newWorld(t)
	g, _, _ := w.genesis(t)
	for sort, c := range map[string]struct {
		text []byte
		read func([]byte) error
	}{
		"sheet":   {w.a.Text(), func(b []byte) error { return new(Sheet).read(b) }},
		"genesis": {g.Text(), func(b []byte) error { return new(Genesis).read(b) }},
	} {
		if err := c.read(c.text); err != nil {
			t.Errorf("%s: %v", sort, err)
		}
		if err := c.read(bytes.Replace(c.text, []byte("parley/v1"), []byte("parley/v2"), 1)); err == nil || !strings.Contains(err.Error(), `"parley/v2"`) {
			t.Errorf("%s of another version: %v", sort, err)
		}
	}
}
