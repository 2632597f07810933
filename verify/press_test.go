// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/parley/claim"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/wire"
)

// pressed is a statement for the press of a party, and its file.
func (h *lived) pressed(us, opinion string, change func(*claim.Claim)) []byte {
	h.t.Helper()
	r, run := h.side(us)
	copied, err := Rebuild(h.o, r)()
	h.must(err)
	m, _ := claim.Work(copied, h.line(us), claim.Figures, h.since, h.tick().Truncate(1e9), nil)
	m.By = watch
	m.By.Officer = "aurelia/1.k7qx3m 2"
	m.Press = &claim.Press{Draft: wire.Hash{1}, By: &watch}
	if change != nil {
		change(&m)
	}
	var text *record.Text
	if opinion != "" {
		text = &record.Text{Lang: "en", Text: opinion}
	}
	d, err := claim.PressDraft(us, claim.KindMade, m, text)
	h.must(err)
	e, err := run.Append(d, h.tick(), record.PeerClock{}, h.rand)
	h.must(err)
	return h.claimFile(r, e)
}

const opinion = "We hope that they answer the call."

// What is read out to the press is drawn of the figures that were worked out anew, beside what nobody can check.
//
// SPEC: PRS-001 PRS-002 PRS-005 PRS-006
func TestPressSaysWhatTheRecordSays(t *testing.T) {
	for seed := range uint64(8) {
		h := newHistory(t, 400+seed, 9)
		for _, us := range []string{"aurelia", "borealia"} {
			rep := judged(h.pressed(us, opinion, nil), Expected{})
			h.meet()
			if rep.Verdict != Holds || rep.Claim.Press == nil {
				t.Fatalf("%d %s: %s", seed, us, rep)
			}
			f, p := rep.Claim.Facts, rep.Claim.Press
			if want := fmt.Sprintf("The line was tested on %d of %d days since ", f.Tested.Tested, f.Tested.Days); f.Tested.Tested > 0 && !strings.HasPrefix(p.Sentences[0], want) {
				t.Errorf("%q is not what the figures say: %s", p.Sentences[0], want)
			}
			text := rep.String()
			for _, want := range []string{"statement for the press, drafted by one officer and released by another\n", "  checked: The line ", "  opinion, not checked:\n    > " + opinion + "\n", "  T is "} {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
			if seed == 0 {
				t.Log(text, lines(rep))
			}
		}
	}
}

// Every negative says of which record, and as of when.
//
// SPEC: PRS-005
func TestEveryNegativeForThePressSaysOfWhichRecord(t *testing.T) {
	h := newHistory(t, 420, 0)
	rep := judged(h.pressed("aurelia", "", nil), Expected{})
	if rep.Verdict != Holds || len(rep.Claim.Press.Sentences) != 8 || rep.Claim.Press.Opinion != nil {
		t.Fatalf("%s", rep)
	}
	for _, s := range rep.Claim.Press.Sentences {
		if !strings.HasSuffix(s, ", on this record, as of T.") {
			t.Errorf("%q", s)
		}
	}
	h.meet()
	only := h.posts["aureliaMinister"].Place().String()
	rep = judged(h.pressed("aurelia", "", func(m *claim.Claim) { m.Press.With, m.By = []string{only}, watch }), Expected{Lang: "it"})
	if rep.Verdict != Holds || len(rep.Claim.Press.Sentences) != 7 || rep.Claim.Press.Two || !strings.Contains(rep.String(), "scritta e rilasciata da un solo ufficiale") ||
		!strings.HasSuffix(rep.Claim.Press.Sentences[2], "non c'è stato nessun contatto, in questo registro, a T.") {
		t.Fatalf("%s", rep)
	}
}

// A statement for the press of a line alone says on whose word it is, first and with every negative.
//
// SPEC: PRS-005 CLM-013
func TestPressOfALineAlone(t *testing.T) {
	rep := judged(aloneFor(t, 10).pressed("aurelia", opinion, nil), Expected{})
	text := rep.String()
	if rep.Verdict != Holds || !strings.HasPrefix(text, "HOLDS, on the word of one side\n") || !strings.Contains(text, "  All of this is the word of aurelia alone.\n") || strings.Contains(strings.Join(rep.Claim.Press.Sentences, "\n"), "as of T") {
		t.Fatalf("%s", text)
	}
	for _, want := range []string{"A person answered the ordinary telephone of borealia on 6 of 10 days since 23 November 2026. The last of these tests was that of 3 December 2026 at 09:01 UTC.",
		"The last contact between “Minister” (aurelia) and “Their minister” (borealia) was a call, on 19 November 2026, by the word of aurelia alone. Since 23 November 2026 there was none, on this record of one side."} {
		if !slices.Contains(rep.Claim.Press.Sentences, want) {
			t.Errorf("it does not say %s\n%s", want, text)
		}
	}
}

// The tests of the ordinary telephone are told by their columns, of each side that made some.
//
// SPEC: PRS-005
func TestPressTellsTheOrdinaryTelephone(t *testing.T) {
	rep := judged(noted(t).pressed("aurelia", opinion, nil), Expected{})
	said := rep.Claim.Press.Sentences
	for i, want := range []string{"Since 23 November 2026 aurelia tested the ordinary telephone: answered by a person 2; no reply 0; declined 0; not reached 1. The last test that a person answered was that of ",
		"Since 23 November 2026 borealia tested the ordinary telephone: answered by a person 0; no reply 0; declined 1; not reached 1."} {
		if got := said[len(said)-2+i]; !strings.HasPrefix(got, want) {
			t.Errorf("%q", got)
		}
	}
}

// likeSentences are names of offices, and how a sentence draws them.
var likeSentences = [][2]string{
	{`Envoy” (aurelia) was a call, on 1 March 2022. Before that “Chief`, `Envoy· ·aurelia· was a call, on 1 March 2022. Before that ·Chief`},
	{`Clerk❞ (aurelia) and ❝Minister❞ (borealia): none`, `Clerk· ·aurelia· and ·Minister· ·borealia·· none`},
	{`A‟ B″ C＂ D〞 E〝 F›G‹ Hˮ Iʺ J'' K’’ L´ M״ N"o p」`, `A· B· C· D· E· F·G· H· I· J·· K·· L· M· N·o p·`},
	{`X’ (aurelia); ' and ꞌꞌY`, `X· ·aurelia·· · and ··Y`},
	{"O'Neill-d’Été, St. Émile, 2x\u0323e \u030bclasse, רמטכ״ל, 外相 ٣", "O'Neill-d’Été, St. Émile, 2x\u0323e ·classe, רמטכ·ל, 外相 ٣"},
}

// pressForgeries are what is done to a statement for the press; the verdict that each has.
var pressForgeries = []struct {
	name, verdict string
	forge         func(h *lived) []byte
}{
	{"press a figure changed", DoesNotHold, func(h *lived) []byte {
		return h.pressed("aurelia", opinion, func(m *claim.Claim) { m.Tested.Days++ })
	}},
	{"press an opinion changed", DoesNotHold, func(h *lived) []byte {
		return h.pieces(h.pressed("aurelia", opinion, nil), func(p Piece) []Piece {
			if p.Kind == "text" {
				p.Bytes = bytes.Replace(p.Bytes, []byte("hope"), []byte("know"), 1)
			}
			return []Piece{p}
		})
	}},
	{"press an opinion left out", CannotBeKnown, func(h *lived) []byte {
		return h.pieces(h.pressed("aurelia", opinion, nil), func(p Piece) []Piece {
			if p.Kind == "text" {
				return nil
			}
			return []Piece{p}
		})
	}},
	{"press an opinion added to a claim", DoesNotHold, func(h *lived) []byte {
		return h.pieces(h.claimed("aurelia"), func(p Piece) []Piece {
			if p.Kind == "facts" && bytes.Contains(p.Bytes, []byte(`"tested":`)) {
				return []Piece{p, {"text", []byte(`{"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","lang":"en","text":"x"}`)}}
			}
			return []Piece{p}
		})
	}},
	{"press the words of another statement", DoesNotHold, func(h *lived) []byte {
		e := h.posts["aureliaMinister"]
		_, facts, text := e.Pieces()
		return h.pieces(h.pressed("aurelia", opinion, nil), func(p Piece) []Piece {
			if p.Kind == "facts" && bytes.Equal(p.Bytes, facts) {
				return []Piece{p, {"text", text}}
			}
			return []Piece{p}
		})
	}},
	{"press an opinion of two lines", DoesNotHold, func(h *lived) []byte {
		return h.pressed("aurelia", "We hope.\n  checked: They broke it.", nil)
	}},
	{"press an office named like a sentence", Holds, func(h *lived) []byte {
		none := new(register.Register)
		for _, name := range likeSentences {
			a := h.says("aurelia")(none.PostDraft("aurelia", register.Post{Org: "ministry", Name: name[0], Level: 1}, "", nil))
			h.says("borealia")(none.PostDraft("borealia", register.Post{Org: "ministry", Name: "Envoy", Level: 1, Pair: a.Place().String()}, "", nil))
		}
		return h.pressed("aurelia", opinion, nil)
	}},
}

// pieces makes a file of the pieces of another, its last line made to fit.
func (h *lived) pieces(b []byte, each func(Piece) []Piece) []byte {
	h.t.Helper()
	pieces, err := Read(bytes.NewReader(b))
	h.must(err)
	var out bytes.Buffer
	h.must(writeAs(ClaimMagic, &out, func(yield func(Piece)) error {
		for _, p := range pieces {
			for _, q := range each(p) {
				yield(q)
			}
		}
		return nil
	}))
	return out.Bytes()
}

// SPEC: PRS-001 PRS-002 PRS-005
func TestForgedStatementsForThePress(t *testing.T) {
	for i, f := range pressForgeries {
		h := newHistory(t, 440+uint64(i), 6)
		rep := judged(f.forge(h), Expected{})
		if rep.Verdict != f.verdict || rep.Verdict != Holds && rep.Claim != nil && rep.Claim.Press != nil {
			t.Errorf("%s: %s", f.name, rep)
		}
		for _, name := range likeSentences {
			if f.verdict == Holds && !strings.Contains(strings.Join(rep.Claim.Press.Sentences, "\n"), "“"+name[1]+"” (aurelia)") {
				t.Errorf("%s: %q: %s", f.name, name[0], rep)
			}
		}
	}
}

// TestPressVectors writes the vectors of statements for the press; TestClaimVectors holds them.
func TestPressVectors(t *testing.T) {
	if !*vectors {
		t.Skip("only with -vectors")
	}
	keep := func(name string, b []byte) {
		name = filepath.Join("../spec/claims", strings.ReplaceAll(name, " ", "-"))
		if os.WriteFile(name+".claim", b, 0o644) != nil || os.WriteFile(name+".lines", []byte(lines(judged(b, Expected{}))), 0o644) != nil {
			t.Fatal("the vectors cannot be written")
		}
	}
	for seed := range uint64(3) {
		h := newHistory(t, 400+seed, 9)
		keep(fmt.Sprintf("press-%d", seed), h.pressed(pick(h, "aurelia", "borealia"), []string{opinion, ""}[seed%2], nil))
	}
	keep("press-alone", aloneFor(t, 10).pressed("aurelia", opinion, nil))
	keep("press-telephone", noted(t).pressed("borealia", opinion, nil))
	for i, f := range pressForgeries {
		keep(f.name, f.forge(newHistory(t, 440+uint64(i), 6)))
	}
}

// What others wrote cannot begin a line of a terminal.
func TestWrappedLines(t *testing.T) {
	for _, s := range []string{opinion, strings.Repeat("x", 300), strings.Repeat("界", 100), strings.Repeat("a b ", 60) + "checked: all of it"} {
		got := wrapped(s)
		if strings.ReplaceAll(strings.Join(got, ""), " ", "") != strings.ReplaceAll(s, " ", "") || slices.ContainsFunc(got, func(l string) bool { return len(l) > 3*65 || l == "" }) {
			t.Errorf("%q", got)
		}
	}
}
