// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"example.org/parley/claim"
	"example.org/parley/message"
	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/wire"
)

// subset is what a liar shows of a record: the entries that he keeps, with the receipts of these.
func (h *lived) subset(r *record.Record, keep func(*record.Entry) bool, receipts func(*record.Receipt) bool) *record.Record {
	h.t.Helper()
	out := record.New(h.o)
	for _, l := range r.Logs() {
		for _, e := range r.Entries(l.Name.LogID, 0) {
			if keep(e) {
				_, err := out.Add(e.Pieces())
				h.must(err)
			}
		}
	}
	for _, l := range out.Logs() {
		for _, rc := range r.LogReceipts(l.Name.LogID) {
			if receipts(rc) && out.ByRef(rc.Of()) != nil {
				h.receive(out, rc.Note())
			}
		}
	}
	return out
}

func all[T any](T) bool { return true }

// lie makes a claim that fits what a liar shows, in a new log of his under his own key, and its file.
func (h *lived) lie(us string, r *record.Record) []byte {
	return h.claimFile(r, h.made(us, r, h.run(r, us, "restart"), func(*claim.Claim) {}))
}

// some gives an entry of the claim's past that fits.
func (h *lived) some(r *record.Record, fits func(*record.Entry) bool) (e *record.Entry) {
	var of []*record.Entry
	for _, l := range r.Logs() {
		for _, e := range r.Entries(l.Name.LogID, 0) {
			if fits(e) {
				of = append(of, e)
			}
		}
	}
	if len(of) == 0 {
		return nil
	}
	return of[h.rnd.IntN(len(of))]
}

// cut leaves out what a party stated from some place of one of its logs on.
func (h *lived) cut(us, whose string) []byte {
	r, _ := h.side(us)
	from := h.some(r, func(e *record.Entry) bool { return e.Log.Party == whose && e.Index > 0 })
	return h.lie(us, h.subset(r, func(e *record.Entry) bool { return e.Log.LogID != from.Log.LogID || e.Index < from.Index }, all))
}

// edited changes one piece of an honest file, and makes its last line fit.
func (h *lived) edited(us string, fits func(Piece) bool, change func(*Piece) bool) []byte {
	b := h.claimed(us)
	h.meet()
	pieces, err := Read(bytes.NewReader(b))
	h.must(err)
	var at []int
	for i, p := range pieces {
		if fits(p) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil
	}
	i := at[h.rnd.IntN(len(at))]
	if change(&pieces[i]) {
		pieces = slices.Delete(pieces, i, i+1)
	}
	var out bytes.Buffer
	h.must(writeAs(ClaimMagic, &out, func(yield func(Piece)) error {
		for _, p := range pieces {
			yield(p)
		}
		return nil
	}))
	return out.Bytes()
}

func flip(h *lived) func(*Piece) bool {
	return func(p *Piece) bool {
		p.Bytes = bytes.Clone(p.Bytes)
		p.Bytes[h.rnd.IntN(len(p.Bytes))] ^= 1 << h.rnd.IntN(7)
		return false
	}
}

func leftOut(*Piece) bool { return true }

func of(kind string) func(Piece) bool { return func(p Piece) bool { return p.Kind == kind } }

// cloned is the record of a party beside which a copy of its node runs: the copy says something of substance to the other side,
// who goes on from it. seen: the reader is shown what the other side said then.
func (h *lived) cloned(us string, seen bool) []byte {
	r, _ := h.side(us)
	copied := h.subset(r, all[*record.Entry], all[*record.Receipt])
	twin := h.subset(r, all[*record.Entry], all[*record.Receipt])
	run := h.run(twin, us, "restart")
	d := record.Draft{Kind: "message.warning", Class: "substantive", Mark: "actual", Facts: message.Facts{Precedence: "FLASH", By: watch}, Text: &record.Text{Lang: "en", Text: "keep clear"}}
	e, err := run.Append(d, h.tick(), record.PeerClock{}, h.rand)
	h.must(err)
	theirs, theirRun := h.side(other(us))
	_, err = theirs.Add(e.Pieces())
	h.must(err)
	answer := h.saysAlone(other(us))(record.Draft{Kind: "watch.noted", Class: "service", Mark: "actual", Facts: map[string]any{"by": watch}, Text: &record.Text{Lang: "en", Text: "read"}}, nil)
	if rc, err := theirs.Receipt(theirs.At(e.Place()), other(us), theirRun.Name(), 1, h.tick(), h.keys[other(us)].Sign); err == nil {
		theirs.ApplyReceipt(rc)
	}
	if seen {
		_, err = copied.Add(answer.Pieces())
		h.must(err)
	}
	b := h.lie(us, copied)
	h.full = append(h.full, e, answer)
	_, err = r.Add(e.Pieces()) // the two copies meet
	h.must(err)
	h.meet()
	return b
}

// rewritten is a log of the claimant's signed anew without one statement, under the same name; what the other side says stays.
func (h *lived) rewritten(us string) []byte {
	r, _ := h.side(us)
	gone := h.some(r, func(e *record.Entry) bool {
		return e.Log.Party == us && e.Index > 0 && e.Index < r.Log(e.Log.LogID).Size-1
	})
	out := h.subset(r, func(e *record.Entry) bool { return e.Log.LogID != gone.Log.LogID || e.Index < gone.Index }, all)
	for _, e := range r.Entries(gone.Log.LogID, gone.Index+1) {
		st, l := e.Header(), out.Log(gone.Log.LogID)
		st.Index, st.Prev = l.Size, l.Root
		note, err := wire.SignNote(st.Encode(), us+"/sign", h.keys[us].Sign)
		h.must(err)
		_, facts, text := e.Pieces()
		_, err = out.Add(note, facts, text)
		h.must(err)
	}
	return h.lie(us, out)
}

// forgeries are the ways in which a claim can lie; nil: this history gives no occasion.
var forgeries = []struct {
	name  string
	forge func(h *lived, us string) []byte
}{
	{"a tail of ours left out", func(h *lived, us string) []byte { return h.cut(us, us) }},
	{"a tail of theirs left out", func(h *lived, us string) []byte { return h.cut(us, other(us)) }},
	{"their newest statement left out", func(h *lived, us string) []byte {
		r, _ := h.side(us)
		logs := slices.DeleteFunc(slices.Clone(r.Logs()), func(l *record.Log) bool { return l.Name.Party == us })
		last := logs[len(logs)-1]
		return h.lie(us, h.subset(r, func(e *record.Entry) bool { return e.Log.LogID != last.Name.LogID || e.Index < last.Size-1 }, all))
	}},
	{"a log left out", func(h *lived, us string) []byte {
		r, _ := h.side(us)
		if len(r.Logs()) < 4 { // each party's first, and one more of each
			h.restart(us)
		}
		gone := h.some(r, func(e *record.Entry) bool { return e.Log.Party == us }).Log.LogID
		return h.lie(us, h.subset(r, func(e *record.Entry) bool { return e.Log.LogID != gone }, all))
	}},
	{"a twin left out and seen", func(h *lived, us string) []byte { return h.cloned(us, true) }},
	{"a twin left out and not seen", func(h *lived, us string) []byte { return h.cloned(us, false) }},
	{"the receipts left out", func(h *lived, us string) []byte {
		r, _ := h.side(us)
		return h.lie(us, h.subset(r, all, func(*record.Receipt) bool { return false }))
	}},
	{"a receipt left out", func(h *lived, us string) []byte { return h.edited(us, of("receipt"), leftOut) }},
	{"facts left out", func(h *lived, us string) []byte { return h.edited(us, of("facts"), leftOut) }},
	{"facts changed", func(h *lived, us string) []byte { return h.edited(us, of("facts"), flip(h)) }},
	{"an entry left out", func(h *lived, us string) []byte { return h.edited(us, of("entry"), leftOut) }},
	{"an entry changed", func(h *lived, us string) []byte { return h.edited(us, of("entry"), flip(h)) }},
	{"a receipt changed", func(h *lived, us string) []byte { return h.edited(us, of("receipt"), flip(h)) }},
	{"a head changed", func(h *lived, us string) []byte {
		return h.edited(us, func(p Piece) bool { return strings.Contains("genesis terms sheet claim log", p.Kind) }, flip(h))
	}},
	{"a byte changed", func(h *lived, us string) []byte {
		b := h.claimed(us)
		h.meet()
		b[h.rnd.IntN(len(b))] ^= 1 << h.rnd.IntN(7)
		return b
	}},
	{"a figure changed", func(h *lived, us string) []byte {
		r, run := h.side(us)
		e := h.made(us, r, run, func(m *claim.Claim) {
			switch h.rnd.IntN(4) {
			case 0:
				m.Tested.Tested++
			case 1:
				m.Used.Messages++
			case 2:
				(*m.Contacts)[0].Since.Both++
			default:
				m.Requests.Sought++
			}
		})
		b := h.claimFile(r, e)
		h.meet()
		return b
	}},
	{"another line's genesis", func(h *lived, us string) []byte {
		sheets := [2]*party.Sheet{h.newest(h.g.Parties[0].Party), h.newest(h.g.Parties[1].Party)} // the same two, on a second line
		alien, err := party.NewGenesis("north", sheets, [2][32]byte{{8}, {9}}, [32]byte{3}, h.terms)
		h.must(err)
		for _, p := range alien.Parties {
			h.must(alien.SignNext(h.keys[p.Party].Sign))
		}
		return h.edited(us, of("genesis"), func(p *Piece) bool { p.Bytes = alien.Note; return false })
	}},
	{"a statement beside the past", func(h *lived, us string) []byte {
		r, run := h.side(us)
		e := h.made(us, r, run, nil)
		h.saysAlone(us)(record.Draft{Kind: "watch.noted", Class: "service", Mark: "actual", Facts: map[string]any{"by": watch}, Text: &record.Text{Lang: "en", Text: "later"}}, nil)
		b := h.claimFile(r, e)
		h.meet()
		return b
	}},
	{"a message dated before the window", func(h *lived, us string) []byte {
		r, _ := h.side(us)
		copied := h.subset(r, all, all)
		run, now := h.run(copied, us, "restart"), h.now
		e, err := run.Append(record.Draft{Kind: "message.warning", Class: "substantive", Mark: "actual", Facts: message.Facts{Precedence: "FLASH", By: watch}, Text: &record.Text{Lang: "en", Text: "keep clear"}}, h.since.AddDate(0, 0, -9), record.PeerClock{}, h.rand)
		h.must(err)
		h.now = now
		h.full = append(h.full, e)
		_, err = r.Add(e.Pieces())
		h.must(err)
		h.meet()
		rep := h.claimFile(r, h.made(us, r, h.run(r, us, "restart"), func(m *claim.Claim) { m.Used.Messages = 0 }))
		h.meet()
		return rep
	}},
	{"a log rewritten", func(h *lived, us string) []byte { return h.rewritten(us) }},
}

// restart opens a new log of a party.
func (h *lived) restart(us string) {
	r, _ := h.side(us)
	if run := h.run(r, us, "restart"); us == "aurelia" {
		h.wa = run
	} else {
		h.wb = run
	}
	h.says(us)(record.Draft{Kind: "watch.noted", Class: "service", Mark: "actual", Facts: map[string]any{"by": watch}, Text: &record.Text{Lang: "en", Text: "again"}}, nil)
}

// TestForgedClaims: of forged claims none holds that the full record contradicts. One that holds is complete up to the T that it
// prints: whatever the other side's statement of T had seen is in it, and it counts at least what was used by then.
//
// SPEC: CLM-005 CLM-008 CLM-009 CLM-010 CLM-012 CLM-013
func TestForgedClaims(t *testing.T) {
	n, most := map[string]int{}, 2000
	if testing.Short() {
		most = 200
	}
	holds := map[string]int{}
	for seed := uint64(500); ; seed++ {
		h := newHistory(t, seed, 8)
		for i := range 2 * len(forgeries) {
			f := forgeries[i%len(forgeries)]
			us := pick(h, "aurelia", "borealia")
			b := f.forge(h, us)
			if b == nil {
				continue
			}
			n[f.name]++
			if rep := judged(b, Expected{}); rep.Verdict == Holds {
				holds[f.name]++
				h.agrees(f.name, b, rep)
			}
			if most--; most == 0 {
				t.Log(n, "of them hold, as of an earlier T:", holds)
				return
			}
		}
	}
}

// agrees compares a claim that holds with the full record.
func (h *lived) agrees(name string, b []byte, rep Report) {
	h.t.Helper()
	full := h.subset(h.a, all[*record.Entry], all[*record.Receipt])
	for _, e := range h.full {
		_, _ = full.Add(e.Pieces())
	}
	pieces, err := Read(bytes.NewReader(b))
	h.must(err)
	here := map[wire.Hash]bool{}
	for _, p := range pieces {
		if p.Kind == "entry" {
			n, err := wire.ParseNote(p.Bytes, wire.MaxNote)
			h.must(err)
			here[wire.Leaf(n.Text)] = true
		}
	}
	at := h.some(full, func(e *record.Entry) bool { return full.Short(e) == rep.Claim.Known && e.Time.Equal(rep.Claim.T) })
	if at == nil {
		h.t.Fatalf("%s: it holds as of %s, which was never stated", name, rep.Claim.Known)
	}
	past := full.Past(at)
	before := h.subset(full, func(e *record.Entry) bool { return e == at || e.Index < past[e.Log.LogID] }, all)
	for _, l := range before.Logs() {
		for _, e := range before.Entries(l.Name.LogID, 0) {
			if !here[e.Leaf] {
				h.t.Fatalf("%s: it holds without %s, which %s had seen at T\n%s", name, e.Place(), rep.Claim.Other, rep)
			}
		}
	}
	m, _ := claim.Work(before, h.line(rep.Claim.By), claim.Figures, rep.Claim.Facts.Since, rep.Claim.Facts.At, nil)
	if got := rep.Claim.Facts.Used; got.N() < m.Used.N() {
		h.t.Fatalf("%s: used %d times, it says %d", name, m.Used.N(), got.N())
	}
}

// FuzzClaim: whatever a file says that it is a claim, reading it is harmless.
func FuzzClaim(f *testing.F) {
	h := newHistory(f, 1, 2)
	f.Add(h.claimed("aurelia"))
	h.meet()
	f.Add(h.pressed("aurelia", opinion, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if rep := judged(b, Expected{}); rep.Exit() < 0 || rep.String() == "" {
			t.Error(rep)
		}
	})
}
