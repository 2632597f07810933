// SPDX-License-Identifier: Apache-2.0

package node

import (
	"testing"
	"time"
)

// SPEC: NOD-008
func TestAllowance(t *testing.T) {
	var g guard
	now, kept := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), 0
	for range 400 << 10 {
		if g.take(now, 1000, false) {
			kept++
		}
	}
	if kept != roomBurst || !g.take(now, 1000, true) {
		t.Errorf("%d KiB at once; a step is counted apart", kept)
	}
	kept = 0
	for i := range 24 * 3600 {
		if g.take(now.Add(time.Duration(i+1)*time.Second), 1000, false) {
			kept++
		}
	}
	if kept < roomDay-1 || kept > roomDay+1 {
		t.Errorf("%d KiB in a day", kept)
	}
	if g.take(now.Add(-time.Hour), 1000, false) {
		t.Error("a clock that goes back makes room")
	}
}

// A restart grants no new burst: what was used is kept on the disk.
// SPEC: NOD-008
func TestRoomIsKeptOverARestart(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	var l, again Line
	for l.peer.guard.take(now, 1<<20, false) {
		l.saveRoom()
	}
	if n := len(l.tx.rows); n < 100 || n > roomBurst>>10 {
		t.Errorf("it was kept %d times", n)
	}
	again.restoreLocal(l.tx.rows[len(l.tx.rows)-1])
	if again.peer.guard.take(now.Add(time.Minute), 4<<20, false) {
		t.Error("the restart granted a new burst")
	}
}
