// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"compress/flate"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"example.org/parley/check"
	"example.org/parley/record"
	"example.org/parley/stop"
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

// slot gives the eight statements of a slot that passed.
func (h *lived) slot(give func(string, record.Draft), due time.Time) {
	id := check.Slot{By: h.g.Parties[0].Party, ID: due.Format("2006-01-02T15:04:05Z")}
	for i, name := range []string{"aurelia", "borealia"} {
		give(name, record.Draft{Kind: []string{check.KindOpened, check.KindJoined}[i], Class: "test", Mark: "actual", Facts: check.OpenedFacts{Slot: id, At: due, Question: "q" + name[:1]}})
	}
	for _, name := range []string{"aurelia", "borealia"} {
		d, err := stop.Draft(record.Draft{Class: "test", Mark: "actual"}, stop.Said{ID: fmt.Sprintf("%032x", h.rnd.Uint64()), Check: id.Key(), By: watch})
		h.must(err)
		give(name, d)
		give(name, record.Draft{Kind: "watch.noted", Class: "service", Mark: "actual", Facts: map[string]any{"by": watch}, Text: &record.Text{Lang: "en", Text: "taken"}})
	}
	for _, name := range []string{"aurelia", "borealia"} {
		f := check.ClosedFacts{Slot: id, At: due.Add(time.Minute), Outcome: check.Passed}
		for _, p := range []string{check.PartPath, check.PartStation, check.PartVoice, check.PartStop, check.PartRing} {
			f.Parts = append(f.Parts, check.Part{Name: p, Result: check.OK})
		}
		f.Parts = append(f.Parts, check.Part{Name: check.PartQuestion, Result: check.OK, ID: "q" + other(name)[:1], Answer: "a", Lang: "en", By: &watch})
		give(name, record.Draft{Kind: check.KindClosed, Class: "test", Mark: "actual", Facts: f})
	}
}

// BenchmarkClaim gives what a claim over ten years of two checks a day costs: its size, plain and deflated, the time to make it,
// and to verify it as a multiple of the bare checks of its signatures.
func BenchmarkClaim(b *testing.B) {
	h := &lived{world: newWorld(b), rnd: rand.New(rand.NewPCG(1, 1))}
	h.since = h.now.Truncate(24 * time.Hour)
	n := 0
	give := func(name string, d record.Draft) {
		_, run := h.side(name)
		e, err := run.Append(d, h.tick(), record.PeerClock{}, h.rand)
		h.must(err)
		to, by := h.side(other(name))
		c, err := h.o.CheckStored(e.Pieces())
		h.must(err)
		a, err := to.AddChecked(c)
		h.must(err)
		if n++; n%240 == 0 {
			rc, err := to.Receipt(a.Entry, other(name), by.Name(), 1, h.tick(), h.keys[other(name)].Sign)
			h.must(err)
			to.ApplyReceipt(rc)
			from, _ := h.side(name)
			h.receive(from, rc.Note())
			h.wa, h.wb = h.run(h.a, "aurelia", "restart"), h.run(h.b, "borealia", "restart")
		}
	}
	for day := range 3650 {
		for _, hour := range []int{9, 21} {
			h.now = h.since.AddDate(0, 0, day+1).Add(time.Duration(hour) * time.Hour)
			h.slot(give, h.now)
		}
	}
	r, run := h.side("aurelia")
	start := time.Now()
	file := h.claimFile(r, h.made("aurelia", r, run, nil))
	made := time.Since(start)
	var z bytes.Buffer
	zw, _ := flate.NewWriter(&z, 6)
	_, _ = zw.Write(file)
	zw.Close()
	pieces, err := Read(bytes.NewReader(file))
	h.must(err)
	var notes []wire.Note
	for _, p := range pieces {
		if p.Kind == "entry" || p.Kind == "receipt" {
			note, err := wire.ParseNote(p.Bytes, wire.MaxNote)
			h.must(err)
			notes = append(notes, note)
		}
	}
	var bare, whole time.Duration
	for b.Loop() {
		start := time.Now()
		inOrder(slices.Values(notes), func(n wire.Note) func() {
			pub := h.keys[n.Sigs[0].Name[:len(n.Sigs[0].Name)-len("/sign")]].Sign.Public().(ed25519.PublicKey)
			_ = ed25519.Verify(pub, n.Text, n.Sigs[0].Sig)
			return func() {}
		})
		bare += time.Since(start)
		start = time.Now()
		if rep := Verify(bytes.NewReader(file), Expected{}); rep.Verdict != Holds {
			b.Fatal(rep)
		}
		whole += time.Since(start)
	}
	b.ReportMetric(float64(n), "statements")
	b.ReportMetric(float64(len(r.Logs())), "logs")
	b.ReportMetric(float64(len(file))/(1<<20), "MiB")
	b.ReportMetric(float64(z.Len())/(1<<20), "MiB-deflated")
	b.ReportMetric(made.Seconds(), "s-made")
	b.ReportMetric(float64(whole)/float64(bare), "x-ed25519")
}
