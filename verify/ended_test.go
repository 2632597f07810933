// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"

	"example.org/parley/claim"
	"example.org/parley/party"
	"example.org/parley/record"
)

// endedBehind is a history after which aurelia ends its first key past its first statement: the other side held all that the key
// signed since. It gives the key.
func endedBehind(t testing.TB) (*lived, ed25519.PrivateKey) {
	h := newHistory(t, 701, 9)
	h.note("aurelia", "substantive", "")
	at, old := h.g.Place("aurelia"), h.keys["aurelia"].Sign
	h.reissue("aurelia", party.KeyEnd{Key: party.Public(old), Log: h.logOf("aurelia").Name.String(), Size: 1})
	h.o.Parties[at].Keys = append([]ed25519.PublicKey{h.newest("aurelia").Sign}, h.o.Parties[at].Keys...)
	h.o.Ends = Ends(h.sheets)
	h.a, h.b = h.subset(h.a, all[*record.Entry], all[*record.Receipt]), h.subset(h.b, all[*record.Entry], all[*record.Receipt])
	h.wa, h.wb = h.run(h.a, "aurelia", "key"), h.run(h.b, "borealia", "restart")
	h.note("aurelia", "substantive", "")
	h.meet()
	return h, old
}

// logOf is the first log of a party.
func (h *lived) logOf(name string) *record.Log {
	return h.a.Logs()[slices.IndexFunc(h.a.Logs(), func(l *record.Log) bool { return l.Name.Party == name })]
}

// kept is a claim's file with some of its pieces.
func (h *lived) kept(b []byte, keep func(Piece) bool) []byte {
	pieces, err := Read(bytes.NewReader(b))
	h.must(err)
	var out bytes.Buffer
	h.must(writeAs(ClaimMagic, &out, func(yield func(Piece)) error {
		for _, p := range pieces {
			if keep(p) {
				yield(p)
			}
		}
		return nil
	}))
	return out.Bytes()
}

// TestClaimHoldsPastTheEndOfAKey: what the other side had receipted before a key ended stands in the claims of both as in the record, by
// the receipts that go with them. Without these no claim holds, nor with what none of them holds.
//
// SPEC: CLM-003 CLM-005 CLM-008 REC-036
func TestClaimHoldsPastTheEndOfAKey(t *testing.T) {
	h, old := endedBehind(t)
	for _, us := range []string{"aurelia", "borealia"} {
		r, _ := h.side(us)
		b := h.claimed(us)
		rep := judged(b, Expected{})
		if rep.Verdict != Holds || !strings.Contains(rep.String(), "disowned by sheet 2 of aurelia") {
			t.Fatalf("%s: %s", us, rep)
		}
		made := rep.Claim.Facts
		want, _ := claim.Work(r, h.line(us), claim.Figures, made.Since, made.At, nil)
		for _, f := range claim.Figures {
			if made.Figure(f) != want.Figure(f) {
				t.Errorf("%s: it says %s, and the whole record %s", us, made.Figure(f), want.Figure(f))
			}
		}
		if want.Used.N() < 3 {
			t.Errorf("of %d uses the ended key signed none", want.Used.N())
		}
		wants(t, judged(h.kept(b, func(p Piece) bool { return p.Kind != "receipt" }), Expected{}), DoesNotHold, "beyond the end of its key")
		h.meet()
	}
	o := h.o
	o.Ends = nil
	copied := record.New(o)
	for _, l := range h.a.Logs() {
		for _, e := range h.a.Entries(l.Name.LogID, 0) {
			_, err := copied.Add(e.Pieces())
			h.must(err)
		}
	}
	thief := copied.OpenRun(record.RunConfig{Party: "aurelia", Station: "main", Why: "restore", Run: record.NewRunName(h.rand), Key: old})
	e, err := thief.Append(officer("Lt Thief"), h.tick(), record.PeerClock{}, h.rand)
	h.must(err)
	_, err = h.a.Add(e.Pieces())
	h.must(err)
	if copied, err := Rebuild(h.o, h.a)(); err != nil || copied.Void() == nil || copied.Void().Leaf != e.Leaf {
		t.Error("what an ended key signs last is not found", err)
	}
	wants(t, judged(h.claimFile(h.a, h.made("aurelia", h.a, h.wa, nil)), Expected{}), DoesNotHold, "void, use of a stolen key, or its receipt was left out")
}
