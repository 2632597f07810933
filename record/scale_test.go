// SPDX-License-Identifier: Apache-2.0

package record

import (
	"testing"
	"time"
)

// Years of restarts: a statement, a question of order and a receipt stay cheap with many logs.
func TestManyLogs(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	p := newPair(t)
	a, b := New(p.o), New(p.o)
	const runs = 400
	var first, last, peer *Entry
	var slowest time.Duration
	for range runs {
		wa, wb := p.run(a, "aurelia", "restart"), p.run(b, "borealia", "restart")
		for range 3 {
			at := time.Now()
			last = p.say(wa, "message.question", "x")
			slowest = max(slowest, time.Since(at))
			give(t, b, last)
			p.receipt(b, wb, last, a)
			peer = p.say(wb, "message.shown", "", last)
			give(t, a, peer)
		}
		if first == nil {
			first = last
		}
		if n := len(last.Header().Seen); n > 4 {
			t.Fatalf("%d lines of seen in steady state", n)
		}
	}
	at := time.Now()
	if !a.Before(first, peer.in(a)) || a.Before(peer.in(a), first) {
		t.Error("order over many runs")
	}
	t.Logf("slowest append %v, Before over %d logs %v", slowest, 2*runs, time.Since(at))
	if digest(a) != digest(b) {
		t.Error("the two differ")
	}
}
