// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/wire"
)

// BenchmarkVerify gives what verifying an export costs, as a multiple of the bare checks of its signatures.
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	for i := range 10_000 { // the other end receipts every eighth
		d := officer(fmt.Sprintf("Lt Amaro %d", i))
		if i%8 == 0 {
			w.state(w.a, w.wa, d)
			continue
		}
		e, err := w.wa.Append(d, w.tick(), record.PeerClock{}, w.rand)
		w.must(err)
		_, err = w.b.Add(e.Pieces())
		w.must(err)
	}
	x := w.export()
	f := w.file(x)
	var notes []wire.Note
	for _, l := range x.Logs {
		for _, e := range l.Entries {
			n, err := wire.ParseNote(e.Note, wire.MaxNote)
			w.must(err)
			notes = append(notes, n)
		}
		for _, r := range l.Receipts {
			n, err := wire.ParseNote(r, wire.MaxNote)
			w.must(err)
			notes = append(notes, n)
		}
	}
	var bare, whole time.Duration
	for b.Loop() {
		start := time.Now()
		inOrder(slices.Values(notes), func(n wire.Note) func() {
			pub := w.keys[n.Sigs[0].Name[:len(n.Sigs[0].Name)-len("/sign")]].Sign.Public().(ed25519.PublicKey)
			ok := ed25519.Verify(pub, n.Text, n.Sigs[0].Sig)
			return func() {
				if !ok {
					b.Error("a signature does not hold")
				}
			}
		})
		bare += time.Since(start)
		start = time.Now()
		if rep := Verify(bytes.NewReader(f), Expected{}); rep.Verdict != Holds {
			b.Fatal(rep)
		}
		whole += time.Since(start)
	}
	b.ReportMetric(float64(whole)/float64(bare), "x-ed25519")
	b.ReportMetric(float64(len(notes))*float64(b.N)/whole.Seconds(), "notes/s")
}
