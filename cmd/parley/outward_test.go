// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"testing"
	"time"

	"example.org/parley/internal/view"
)

// A ring that nobody answers is told three times: at once, after 20 s, and after 60 s, whether the caller gives up before or
// after it was looked at.
//
// SPEC: CLI-070
func TestUnansweredRingIsToldThreeTimes(t *testing.T) {
	began := time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		at   []float64 // seconds at which it is seen ringing
		end  string    // the outcome that is seen then, a second later
		want []int
	}{
		{"the caller gives up before it is looked at", []float64{0, 20.5, 59.2}, "no-answer", []int{0, 20, 60}},
		{"and after it", []float64{0, 20.5, 60.1}, "no-answer", []int{0, 20, 60}},
		{"the caller is gone", []float64{0, 20.5, 60.1, 74}, "", []int{0, 20, 60}},
		{"the caller hangs up", []float64{0, 20.5, 40}, "cancelled", []int{0, 20}},
		{"it is answered", []float64{0, 20.5, 59.2}, "answered", []int{0, 20}},
	} {
		ring := &outside{argv: []string{"bell"}, queue: make(chan notice, maxQueued)}
		n := &notifier{on: map[string]*outside{"ring": ring}, told: map[string]bool{}}
		for _, s := range c.at {
			at := began.Add(time.Duration(s * float64(time.Second)))
			n.tell(view.Desk{Call: view.Call{State: "ringing-here", ID: "c1", Since: began}}, view.Desk{}, at)
			n.tell(view.Desk{Call: view.Call{State: "ringing-here", ID: "c1", Since: began}}, view.Desk{}, at)
		}
		for range 2 { // it is shown for a while
			n.tell(view.Desk{Call: view.Call{State: "ended", ID: "c1", Outcome: c.end}}, view.Desk{}, began.Add(2*time.Minute))
		}
		close(ring.queue)
		var got []int
		for e := range ring.queue {
			if got = append(got, e.Seconds); !e.At.Equal(began) || e.ID != "c1" {
				t.Errorf("%s: %+v", c.name, e)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: told after %v s, not %v", c.name, got, c.want)
		}
	}
	// A ring that was over before the notifier began is no ring.
	ring := &outside{argv: []string{"bell"}, queue: make(chan notice, maxQueued)}
	n := &notifier{on: map[string]*outside{"ring": ring}, told: map[string]bool{}}
	n.tell(view.Desk{Call: view.Call{State: "ended", ID: "c0", Outcome: "no-answer"}}, view.Desk{}, began)
	if len(ring.queue) != 0 {
		t.Error("a ring of before is told")
	}
}

// A STOP has another id once it is recorded: it is told once, and again where it was pressed again.
//
// SPEC: CLI-070
func TestAStopIsToldOnce(t *testing.T) {
	at := time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC)
	bell := &outside{argv: []string{"bell"}, queue: make(chan notice, maxQueued)}
	n := &notifier{on: map[string]*outside{"message": bell}, told: map[string]bool{}}
	for _, s := range []view.StopCard{
		{ID: "833b0592833b0592833b0592833b0592", Key: "833b0592833b0592833b0592833b0592", At: at, Count: 1},
		{ID: "B1-4", Key: "833b0592833b0592833b0592833b0592", At: at.Add(time.Second), Count: 1},
		{ID: "B1-4", Key: "833b0592833b0592833b0592833b0592", At: at.Add(time.Second), Count: 2},
	} {
		n.tell(view.Desk{}, view.Desk{Stops: []view.StopCard{s}}, at)
	}
	if len(bell.queue) != 2 {
		t.Errorf("it rang %d times, was pressed twice", len(bell.queue))
	}
}
