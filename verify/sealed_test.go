// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"strings"
	"testing"

	"example.org/parley/contact"
	"example.org/parley/readout"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// What its author still withholds is left out of an export, which holds all the same; what the other party has said that it
// holds cannot be left out in silence.
//
// SPEC: REC-035
func TestVerifyTellsASealedBodyFromOneThatWasLeftOut(t *testing.T) {
	w := newWorld(t)
	amaro := w.state(w.a, w.wa, officer("Lt Amaro"))
	by := statement.Author{Officer: amaro.Place().String(), Known: "account"}
	made, err := contact.MadeDraft("aurelia", contact.Contact{Kind: contact.Call, When: statement.Day(w.now), Participants: []contact.Participant{{Post: "aurelia/1.k7qx3m 4"}, {Post: "aurelia/1.k7qx3m 5"}}, Basis: "own", By: by}, "", nil, nil)
	w.must(err)
	call := w.state(w.a, w.wa, made)
	d, err := readout.FiledDraft("aurelia", readout.KindSealed, call.Ref(), nil, readout.Readout{Lang: "en", Points: []readout.Point{{Sort: "raised", Text: "the fuel"}}, By: by}, "actual")
	w.must(err)
	e, err := w.wa.Append(d, w.tick(), record.PeerClock{}, w.rand)
	w.must(err)
	shut := func(x *record.Entry) bool { return x == e }
	receipt := func(facts []byte) {
		add, err := w.b.Add(e.Note(), facts, nil)
		w.must(err)
		rc, err := w.b.Receipt(add.Entry, "borealia", w.wb.Name(), 1, w.tick(), w.keys["borealia"].Sign)
		w.must(err)
		w.receive(w.a, rc.Note())
	}
	receipt(nil)
	w.state(w.a, w.wa, officer("Lt Bruni"))
	file := func(withheld func(*record.Entry) bool) []byte {
		var sheets [][]byte
		for _, s := range w.sheets {
			sheets = append(sheets, s.Note)
		}
		var b bytes.Buffer
		w.must(FromRecord(w.g.Note, w.terms, sheets, w.a, func(*record.Entry) bool { return true }, withheld)(&b))
		return b.Bytes()
	}
	f := file(shut)
	rep := judged(f, Expected{})
	if bytes.Contains(f, []byte("the fuel")) || rep.Verdict != Holds || !strings.Contains(strings.Join(rep.Notes, "\n"), "is sealed") {
		t.Errorf("sealed:\n%s", rep)
	}
	if rep.Logs[0].ReceiptedTo != rep.Logs[0].Size {
		t.Errorf("receipted to %d of %d: the sealed one stops the count", rep.Logs[0].ReceiptedTo, rep.Logs[0].Size)
	}
	if rep := judged(file(func(*record.Entry) bool { return false }), Expected{}); rep.Verdict != Holds || !strings.Contains(strings.Join(rep.Notes, "\n"), "no receipt here names its bodies") {
		t.Errorf("here, and never held by the other side:\n%s", rep)
	}
	receipt(e.Facts())
	if rep := judged(file(shut), Expected{}); rep.Verdict != CannotBeKnown {
		t.Errorf("left out though they hold it:\n%s", rep)
	}
	if f := file(func(*record.Entry) bool { return false }); judged(f, Expected{}).Verdict != Holds || !bytes.Contains(f, []byte("the fuel")) {
		t.Error("released, it is not in the export, or that does not hold")
	}
}
