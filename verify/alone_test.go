// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
)

// add states something that nobody else holds.
func (w *world) add(d record.Draft) *record.Entry {
	w.t.Helper()
	e, err := w.wa.Append(d, w.tick(), record.PeerClock{}, w.rand)
	w.must(err)
	return e
}

// alone is the export of a line on which aurelia is alone, with some statements.
func alone(t testing.TB) (w *world, file []byte) {
	w = newParties(t)
	terms, err := party.DefaultTerms().Encode([32]byte{9})
	w.must(err)
	w.terms = terms
	ours := w.newest("aurelia")
	w.g, err = party.NewAlone("north", ours, "borealia", [32]byte{1}, terms)
	w.must(err)
	w.must(w.g.SignNext(w.keys["aurelia"].Sign))
	w.o = record.Options{Genesis: w.g.Hash, Kinds: statement.Record(Kinds), Parties: [2]record.Party{{Name: "aurelia", Letter: "Aa", Keys: []ed25519.PublicKey{ours.Sign}}, {Name: "borealia", Letter: "Ba"}}}
	w.a = record.New(w.o)
	w.wa = w.run(w.a, "aurelia", "first")
	d, err := register.GenesisDraft(w.g.Hash, w.g.Note)
	w.must(err)
	e := w.add(d)
	if id := w.a.Short(e); id != "Aa1-0" {
		t.Errorf("short ID %s", id)
	}
	d, err = new(register.Register).OfficerDraft("aurelia", register.Officer{Name: "Lt Amaro", Account: "amaro", Langs: []string{"en"}}, "actual", nil)
	w.must(err)
	w.add(d)
	var b bytes.Buffer
	all := func(*record.Entry) bool { return true }
	w.must(FromRecord(w.g.Note, terms, [][]byte{ours.Note}, w.a, all, func(*record.Entry) bool { return false })(&b))
	return w, b.Bytes()
}

// An export of a line alone is judged by the same rules, and says on whose word it holds.
func TestVerifyHoldsOnTheWordOfOneSide(t *testing.T) {
	// SPEC: ALN-004
	w, file := alone(t)
	r := Verify(bytes.NewReader(file), Expected{Party: w.newest("aurelia").PartyHash()})
	if r.Verdict != Holds || r.Exit() != 0 || !r.Alone || !strings.HasPrefix(r.String(), "HOLDS, on the word of one side\n") || !strings.Contains(r.String(), "nobody but aurelia held it") {
		t.Errorf("%s", r)
	}
	if r := Verify(bytes.NewReader(file), Expected{Party: w.newest("borealia").PartyHash()}); r.Verdict != DoesNotHold {
		t.Errorf("with the other party expected: %s", r)
	}
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 1
		if r := Verify(bytes.NewReader(bad), Expected{}); r.Verdict == Holds {
			t.Fatalf("byte %d changed: %s", i, r)
		}
	}
	if other := newWorld(t); strings.Contains(Verify(bytes.NewReader(other.file(other.export())), Expected{}).String(), "one side") {
		t.Error("a line of two is said to be of one side")
	}
}

// Nothing of the party that is only named is sound: no statement, no receipt.
func TestNothingOfTheOtherPartyIsSoundOnALineAlone(t *testing.T) {
	// SPEC: ALN-002
	w, _ := alone(t)
	them := w.o
	them.Parties[1].Keys = []ed25519.PublicKey{w.newest("borealia").Sign}
	b := record.New(them)
	run := b.OpenRun(record.RunConfig{Party: "borealia", Station: "main", Why: "first", Run: record.NewRunName(w.rand), Key: w.keys["borealia"].Sign})
	d, err := register.GenesisDraft(w.g.Hash, w.g.Note)
	w.must(err)
	e, err := run.Append(d, w.now, record.PeerClock{}, w.rand)
	w.must(err)
	if _, err := w.a.Add(e.Pieces()); err == nil {
		t.Error("a statement of borealia was taken in")
	}
	at := w.a.At(record.Place{LogID: w.a.Logs()[0].Name.LogID})
	rc, err := w.a.Receipt(at, "borealia", record.NewRunName(w.rand), 1, w.now, w.keys["borealia"].Sign)
	w.must(err)
	if _, err := w.o.CheckReceipt(rc.Note()); err == nil {
		t.Error("a receipt of borealia was taken in")
	}
}
