// SPDX-License-Identifier: Apache-2.0

package node

import (
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/internal/link"
	"example.org/parley/record"
	"example.org/parley/wire"
)

// A peer that signs receipts of statements which nobody made, and asks without reading, fills neither memory nor disk.
// SPEC: NOD-005
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		id, err := record.ParseLogID("1.aaaaaa")
		if err != nil {
			t.Fatal(err)
		}
		name := record.LogName{Party: "aurelia", Genesis: l.cfg.Genesis, LogID: id}
		for i := range maxStrays + 100 {
			rc := record.Receipt{Log: name, Entry: record.Ref{Place: record.Place{Party: "aurelia", LogID: id, Index: i}, Leaf: wire.Leaf(nil)},
				Bodies: "none", Root: wire.Sum(nil), Sheet: 1, By: "borealia", ByRun: "bbbbbb", Held: l.now.Truncate(time.Second)}
			note, err := wire.SignNote(rc.Encode(), "borealia/sign", m.them)
			if err != nil {
				t.Fatal(err)
			}
			m.now.events <- link.Lane{Kind: wire.LaneReceipt, Payload: note}
		}
		m.now.events <- link.StreamUp{ID: 1}
		n, out := 0, 0
		time.Sleep(time.Second)
		if err := l.in(t.Context(), func() {
			for range 2 * maxOut {
				l.toStream(wire.Frame{Kind: wire.FrameReceipt, Parts: [][]byte{{1}}})
			}
			n, out = len(l.receipts), len(l.outq)
		}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n != maxStrays || out != maxOut {
			t.Errorf("%d receipts, %d messages wait", n, out)
		}
		l.Close()
	})
}
