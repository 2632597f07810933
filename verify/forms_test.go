// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/claim"
	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/service"
	"example.org/parley/wire"
)

// raw states facts as they are spelt, in a log of its own, whether or not a node would; %AT% in them is its time.
func (h *lived) raw(name, kind, class, facts string, re ...record.Ref) *record.Entry {
	h.t.Helper()
	h.meet()
	r, _ := h.side(name)
	at := h.tick()
	d := record.Draft{Kind: "watch.noted", Class: "service", Mark: "actual", Facts: map[string]any{"by": watch}, Text: &record.Text{Lang: "en", Text: "x"}}
	e, err := h.run(h.subset(r, all[*record.Entry], all[*record.Receipt]), name, "restart").Append(d, at, record.PeerClock{}, h.rand)
	h.must(err)
	facts = strings.NewReplacer("%AT%", at.Format("2006-01-02T15:04:05"), "%SALT%", `"salt":"`+wire.Hash{7}.String()+`"`,
		"%BY%", `"by":{"officer":"aurelia/1.k7qx3m 1","known":"account"}`).Replace(facts)
	st := e.Header()
	st.Kind, st.Class, st.Re, st.Text = kind, class, re, nil
	st.Facts = &record.Body{Len: len(facts), Hash: wire.Sum([]byte(facts))}
	note, err := wire.SignNote(st.Encode(), name+"/sign", h.keys[name].Sign)
	h.must(err)
	var body []byte // nothing is what the wire carries of nothing
	if facts != "" {
		body = []byte(facts)
	}
	a, err := r.Add(note, body, nil)
	h.must(err)
	h.meet()
	return a.Entry
}

// factsOf gives the facts of a claim that holds.
func factsOf(t *testing.T, name string, b []byte) claim.Claim {
	t.Helper()
	rep := judged(b, Expected{})
	if rep.Verdict != Holds || rep.Claim == nil {
		t.Fatalf("%s: %s", name, rep)
	}
	return rep.Claim.Facts
}

// noting is a history with one check.noted of each spelling.
func noting(facts ...string) func(testing.TB) []byte {
	return func(t testing.TB) []byte {
		h := newHistory(t, 800, 1)
		for _, f := range facts {
			h.raw("aurelia", check.KindNoted, "test", f)
		}
		return h.claimed("aurelia")
	}
}

// hours are terms with two checks a day.
func hours(change func(*party.Terms)) []byte {
	t := party.DefaultTerms()
	t.Schedule.Checks = []string{"09:00", "21:00"}
	change(&t)
	b, err := t.Encode([32]byte{8})
	if err != nil {
		panic(err)
	}
	return b
}

// agreeing is a history in which borealia accepts what aurelia proposes. Where that is agreed today does not count yet: its second check is
// still to come.
func agreeing(h *lived, terms string) []byte {
	h.now = h.now.Truncate(24 * time.Hour).Add(15 * time.Hour)
	p := h.raw("aurelia", "terms.proposed", "service", proposal(h, terms))
	h.raw("borealia", "terms.accepted", "service", "{%SALT%,%BY%}", p.Ref())
	h.now = h.now.Add(96 * time.Hour)
	return h.claimed("aurelia")
}

func proposal(h *lived, terms string) string {
	b, err := wire.EncodeBody(service.Proposal{Terms: terms, Replaces: wire.Sum(party.Bare(h.terms)).String(), From: h.now.Truncate(time.Hour).Add(48 * time.Hour), By: watch}, [32]byte{1})
	h.must(err)
	return string(b)
}

// forms are what both verifiers must read as one thing: how many days count in the figure of tests, and how many tests of the
// ordinary telephone.
var forms = []struct {
	name        string
	file        func(testing.TB) []byte
	tests, days int
}{
	{"terms that both have accepted", func(t testing.TB) []byte {
		return agreeing(newHistory(t, 800, 1), string(party.Bare(hours(func(*party.Terms) {}))))
	}, 0, 4},
	{"terms that set some clocks", func(t testing.TB) []byte {
		some := func(t *party.Terms) {
			t.Policy.Due = map[string]map[string]int{"FLASH": {"held": 15}, "ROUTINE": {"responded": 604800, "shown": 60}, "PRIORITY": {}}
		}
		h := newHistory(t, 800, 1, hours(some)...)
		return agreeing(h, string(party.Bare(hours(func(t *party.Terms) { some(t); t.Policy.Seal = map[string]int{"readout": 48} }))))
	}, 0, 5},
	{"terms with a purpose in no language", func(t testing.TB) []byte {
		b := strings.Replace(string(party.Bare(hours(func(*party.Terms) {}))), `"languages":["en"`, `"languages":["english","en"`, 1)
		return agreeing(newHistory(t, 800, 1), strings.Replace(b, `"purpose":{`, `"purpose":{"english":"x",`, 1))
	}, 0, 5},
	{"terms with the telephones behind them", func(t testing.TB) []byte {
		return agreeing(newHistory(t, 800, 1), string(hours(func(*party.Terms) {})))
	}, 0, 5},
	{"terms whose acceptance is receipted under a date of before", func(t testing.TB) []byte {
		h := newHistory(t, 800, 1)
		h.now = h.now.Truncate(24 * time.Hour).Add(15 * time.Hour)
		p, early := h.raw("aurelia", "terms.proposed", "service", proposal(h, string(party.Bare(hours(func(*party.Terms) {}))))), h.tick()
		h.now = h.now.Add(72 * time.Hour)
		h.raw("aurelia", "watch.noted", "service", "{%SALT%,%BY%}")
		e := h.raw("borealia", "terms.accepted", "service", "{%SALT%,%BY%}", p.Ref())
		rc, err := h.a.Receipt(h.a.At(e.Place()), "aurelia", h.wa.Name(), 1, early, h.keys["aurelia"].Sign)
		h.must(err)
		h.receive(h.a, rc.Note())
		h.receive(h.b, rc.Note())
		h.now = h.now.Add(24 * time.Hour)
		return h.claimed("aurelia")
	}, 0, 5},
	{"tests that the node made", noting(
		`{%SALT%,"outcome":"answered","at":"%AT%Z","node":true,%BY%}`,
		`{%SALT%,"outcome":"answered","at":"%AT%Z","node":true,"by":{"officer":"","known":"unattributed"}}`,
		`{%SALT%,"outcome":"answered","at":"%AT%Z","node":false,%BY%}`,
		`{%SALT%,"outcome":"answered","at":"%AT%Z","by":{"officer":"","known":"unattributed"}}`,
		`{%SALT%,"outcome":"answered","at":"%AT%Z","node":true,"rang":"aurelia/1.k7qx3m 1",%BY%}`,
		`{%SALT%,"outcome":"answered","at":"%AT%Z","node":1,%BY%}`), 3, 1},
	{"spellings of the salt", noting(
		`{%SALT%,"outcome":"answered","at":"%AT%Z",%BY% }`,
		`{%SALT%, "outcome" : "answered","at":"%AT%Z",%BY%}`,
		`{%SALT% ,"outcome":"answered","at":"%AT%Z",%BY%}`,
		`{ %SALT%,"outcome":"answered","at":"%AT%Z",%BY%}`,
		strings.Replace(`{%SALT%,"outcome":"answered","at":"%AT%Z",%BY%}`, "%SALT%", `"salt": "`+wire.Hash{7}.String()+`"`, 1),
		strings.Replace(`{%SALT%,"outcome":"answered","at":"%AT%Z",%BY%}`, "%SALT%", `"s\u0061lt":"`+wire.Hash{7}.String()+`"`, 1),
		strings.Replace(`{%SALT%,"outcome":"answered","at":"%AT%Z",%BY%}`, "%SALT%", `"salt":"\u0042`+wire.Hash{7}.String()[1:]+`"`, 1)), 2, 1},
	{"spellings of a time", noting(
		`{%SALT%,"outcome":"answered","at":"%AT%\u005a",%BY%}`,
		`{%SALT%,"outcome":"answered","at":"%AT%.0Z",%BY%}`,
		`{%SALT%,"outcome":"answered","at":"%AT%.000Z",%BY%}`,
		`{%SALT%,"outcome":"answered","at":"%AT%,0Z",%BY%}`,
		`{%SALT%,"outcome":"answered","at":"%AT%+00:00",%BY%}`,
		`{%SALT%,"outcome":"answered","at":"",%BY%}`,
		`{%SALT%,"outcome":"answered","at":"%AT%Z","rang":"",%BY%}`), 2, 1},
	{"characters of another Unicode", noting(
		`{%SALT%,"outcome":"answered","at":"%AT%Z","by":{"officer":"aurelia/1.k7qx3m 1","known":"account","desk":"\ud807\udf02"}}`,
		`{%SALT%,"outcome":"answered","at":"%AT%Z","by":{"officer":"aurelia/1.k7qx3m 1","known":"account","desk":"\ud87a\udff0"}}`,
		`{%SALT%,"outcome":"answered","at":"%AT%Z","by":{"officer":"aurelia/1.k7qx3m 1","known":"account","desk":"\ud833\udcd6"}}`,
		`{%SALT%,"outcome":"answered","at":"%AT%Z","by":{"officer":"aurelia/1.k7qx3m 1","known":"account","desk":"a\u3164"}}`,
		`{%SALT%,"outcome":"answered","at":"%AT%Z","by":{"officer":"aurelia/1.k7qx3m 1","known":"account","desk":"a\ufe0f"}}`), 1, 1},
	{"what names a stranger", func(t testing.TB) []byte {
		h := newHistory(t, 800, 1)
		of := h.posts["aureliaMinister"].Ref()
		of.Leaf = wire.Hash{9}
		stranger := record.Ref{Place: record.Place{LogID: record.LogID{Party: "cardonia", Number: 1, Run: "cccccc"}}, Leaf: wire.Hash{9}}
		h.raw("aurelia", check.KindNoted, "test", `{%SALT%,"outcome":"answered","at":"%AT%Z",%BY%}`, of, stranger)
		h.raw("aurelia", "nothing.known", "test", `{%SALT%}`, stranger)
		return h.claimed("aurelia")
	}, 0, 1},
	{"a log of number 0", noting(
		`{%SALT%,"outcome":"answered","at":"%AT%Z","rang":"aurelia/0.k7qx3m 1",%BY%}`,
		`{%SALT%,"outcome":"answered","at":"%AT%Z","rang":"aurelia/1.k7qx3m 0",%BY%}`), 1, 1},
	{"calls of several people that are recorded", func(t testing.TB) []byte {
		h := newHistory(t, 800, 1)
		for i, more := range []string{
			`,"with":[{%BY%,"part":"officer","speaks":true,"from":"%AT%Z","until":"%AT%Z"},{%BY%,"part":"linguist","from":"%AT%Z","until":"%AT%Z"}]`,
			`,"recording":{"files":[{"name":"aurelia-0.ogg","bytes":5,"sha256":"` + strings.Repeat("0a", 32) + `"},{"name":"aurelia-1-2.wav.sealed","from_ms":1,"ms":1,"bytes":0,"sha256":"` + strings.Repeat("0a", 32) + `"}],"dropped":1,"fault":"full"}`,
			strings.Repeat(" ", 4096) + `,"desks":["` + strings.Repeat("a", 32) + strings.Repeat(`","`+strings.Repeat("é", 16), 7) + `"],"there":"` + strings.Repeat(`\u00e9`, 16) + `","with":[` + strings.Repeat(`{%BY%,"part":"principal","from":"%AT%Z","until":"%AT%Z"},`, 7) +
				`{%BY%,"part":"officer","from":"%AT%Z","until":"%AT%Z"}],"recording":{"files":[` + `{"name":"aurelia-0.ogg","bytes":5,"sha256":"` + strings.Repeat("0a", 32) + `"}]}`,
			`,"recording":{"files":[` + `{"name":"aurelia-0.ogg","bytes":5,"sha256":"` + strings.Repeat("0a", 32) + `"},{"name":"aurelia-0.ogg","bytes":5,"sha256":"` + strings.Repeat("0a", 32) + `"}]}`,
			`,"with":[{%BY%,"part":"guest","from":"%AT%Z","until":"%AT%Z"}]`,
			`,"with":[{%BY%,"part":"listener","speaks":true,"from":"%AT%Z","until":"%AT%Z"}]`,
			`,"with":[{%BY%,"part":"listener","from":"%AT%Z","until":"2026-01-01T00:00:00Z"}]`,
			`,"recording":{"files":[{"name":"../x.ogg","bytes":5,"sha256":"` + strings.Repeat("0a", 32) + `"}]}`,
			`,"recording":{"fault":"tired"}`,
			`,"recording":{"dropped":-1}`,
		} {
			h.raw("aurelia", call.KindClosed, "substantive", fmt.Sprintf(`{%%SALT%%,"opener":"aurelia","call":"%032x","outcome":"answered","began":"%%AT%%Z","answered":"%%AT%%Z","ended":"%%AT%%Z"`, i)+more+`}`)
		}
		h.saysAlone("aurelia")(record.Draft{Kind: call.KindLine, Class: "substantive", Mark: "actual", Text: &record.Text{Lang: "en", Text: "x"},
			Facts: call.Written{Opener: "aurelia", Call: fmt.Sprintf("%032x", 0), Line: 1, At: h.now.Truncate(time.Second), By: watch}}, nil)
		return h.claimed("aurelia")
	}, 0, 1},
	{"a body of no bytes", noting(``, `{%SALT%,"outcome":"answered","at":"%AT%Z",%BY%}`), 1, 1},
	{"a time that is there and empty", func(t testing.TB) []byte {
		h := newHistory(t, 800, 1)
		p := h.raw("aurelia", "request.placed", "service", `{%SALT%,"for":"call","from":"`+h.posts["aureliaMinister"].Place().String()+`","with":"`+h.posts["borealiaMinister"].Place().String()+`","when":"2026-11-23","basis":"own",%BY%}`)
		h.raw("aurelia", "request.outcome", "service", `{%SALT%,"outcome":"accepted","on":"",%BY%}`, p.Ref())
		h.raw("aurelia", "line.suspended", "service", `{%SALT%,"until":"",%BY%}`)
		h.pass(h.now.Truncate(time.Hour), check.NoOperator)
		return h.claimed("aurelia")
	}, 0, 1},
}

// spoilt are files that tell more than a claim does, or of whom it is not.
var spoilt = []struct {
	name string
	file func(testing.TB) []byte
}{
	{"sheets that tell their paths", func(t testing.TB) []byte {
		h, n := newHistory(t, 800, 1), 0
		return h.pieces(h.claimed("aurelia"), func(p Piece) []Piece {
			if p.Kind == "sheet" {
				p.Bytes, n = h.sheets[n].Note, n+1
			}
			return []Piece{p}
		})
	}},
	{"terms that tell the telephones", func(t testing.TB) []byte {
		h := newHistory(t, 800, 1)
		return h.pieces(h.claimed("aurelia"), func(p Piece) []Piece {
			if p.Kind == "terms" {
				p.Bytes = h.terms
			}
			return []Piece{p}
		})
	}},
	{"a sheet of the other on a line alone", func(t testing.TB) []byte {
		h := aloneFor(t, 3)
		return h.pieces(h.claimed("aurelia"), func(p Piece) []Piece {
			if p.Kind == "claim" {
				return []Piece{{"sheet", party.Bare(h.newest("borealia").Note)}, p}
			}
			return []Piece{p}
		})
	}},
}

// SPEC: CLM-004 CLM-008 ALN-004
func TestSpoiltFilesOfClaimsDoNotHold(t *testing.T) {
	for _, f := range spoilt {
		if rep := judged(f.file(t), Expected{}); rep.Verdict != DoesNotHold || rep.Claim != nil {
			t.Errorf("%s: %s", f.name, rep)
		}
	}
}

// TestFormsThatBothVerifiersRead: what each of them counts, and what none does.
//
// SPEC: CLM-014 CLM-030
func TestFormsThatBothVerifiersRead(t *testing.T) {
	for _, f := range forms {
		got := factsOf(t, f.name, f.file(t))
		if n := got.Phone.Ours["answered"]; n != f.tests || got.Tested.Days != f.days {
			t.Errorf("%s: %d tests of the telephone, %d days", f.name, n, got.Tested.Days)
		}
	}
}
