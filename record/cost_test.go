// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"example.org/parley/wire"
)

// allocated counts the bytes that a function allocates: unlike its time they do not depend on the machine.
func allocated(f func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}

// second signs another text at the place of an entry.
func (p *pair) second(e *Entry) []byte {
	p.t.Helper()
	n, err := wire.ParseNote(e.Note(), wire.MaxNote)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.sign(string(bytes.Replace(n.Text, []byte("mark actual"), []byte("mark exercise"), 1)))
}

// A log with two texts at a far place takes in what stands below at the cost of any other log.
//
// SPEC: REC-034
func TestEntriesBelowAForkCostWhatOthersCost(t *testing.T) {
	cost := func(n int, at func(n int) int) float64 {
		p := newPair(t)
		a, b := New(p.o), New(p.o)
		w := p.run(a, "aurelia", "first")
		var all []*Entry
		for range n {
			all = append(all, p.say(w, "message.question", "x"))
		}
		e := all[at(n)]
		give(t, b, e)
		p.receipt(b, p.run(b, "borealia", "first"), e) // so that this text is the chosen one
		if _, err := b.Add(p.second(e), nil, nil); err != nil {
			t.Fatal(err)
		}
		return allocated(func() {
			for i := 0; i+1 < n; i += 2 { // each pair in the wrong order
				give(t, b, all[i+1])
				give(t, b, all[i])
			}
		})
	}
	for name, at := range map[string]func(n int) int{"first": func(int) int { return 0 }, "last": func(n int) int { return n - 1 }} {
		if few, many := cost(100, at), cost(400, at); many > 6*few {
			t.Errorf("two texts at the %s place: four times the entries cost %.1f times as much", name, many/few)
		}
	}
}

// SPEC: REC-034
func TestReceiptsOverAForkCostWhatOthersCost(t *testing.T) {
	cost := func(n int) float64 {
		p := newPair(t)
		a, b := New(p.o), New(p.o)
		w := p.run(a, "aurelia", "first")
		var all []*Entry
		for range 3 {
			all = append(all, p.say(w, "message.question", "x"))
			give(t, b, all[len(all)-1])
		}
		c, err := b.Add(p.second(all[1]), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		root, _ := b.Log(all[0].Log.LogID).RootAt(1)
		var rcs []*Receipt
		for i := range n {
			for _, e := range []*Entry{all[1], c.Entry} {
				rcs = append(rcs, &Receipt{Log: e.Log, Index: e.Index, Entry: e.Leaf, Bodies: "facts", All: 1, Root: root, Whole: 1, Sheet: 1, By: "borealia",
					ByRun: "k7qx3m", Held: p.now.Add(time.Duration(i) * time.Second)})
			}
		}
		return allocated(func() {
			for _, rc := range rcs {
				b.ApplyReceipt(rc)
			}
		})
	}
	if few, many := cost(250), cost(1000); many > 6*few {
		t.Errorf("four times the receipts cost %.1f times as much", many/few)
	}
}

// Which of thousands of logs were restored is found at a cost that grows as they do.
//
// SPEC: REC-024
func TestRestoredCostsAsManyLogsAsThereAre(t *testing.T) {
	cost := func(n int) float64 {
		p := newPair(t)
		r := New(p.o)
		var by *Run
		for i := range n {
			e := p.say(p.run(r, "aurelia", "restart"), "message.question", "x")
			if i == 0 {
				by = p.run(r, "borealia", "first")
			}
			p.receipt(r, by, e)
		}
		return allocated(func() {
			if restored := r.Restored(); len(restored) > 0 {
				t.Errorf("%d logs of an honest station are called restored", len(restored))
			}
		})
	}
	// One log costs some bytes, and asking each about all before it millions; the runtime itself now and then takes some thousands.
	if few, many := cost(100), cost(400); many > 6*few+64<<10 {
		t.Errorf("four times the logs cost %.1f times as much", many/few)
	}
}
