// SPDX-License-Identifier: Apache-2.0

package party

import (
	"testing"
	"time"
)

// SPEC: TRM-006
func TestSlotsAreOfTheScheduleInForceAtTheirTime(t *testing.T) {
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }
	s := Schedule{Checks: []string{"09:00"}, Officer: 30, Changes: []Change{{at(3, 9), Schedule{Checks: []string{"09:00", "21:00"}, Officer: 10}}, {at(5, 0), Schedule{Checks: []string{"12:00"}, Officer: 20}}}}
	got := s.Slots(at(1, 10), at(5, 23))
	want := []time.Time{at(2, 9), at(3, 9), at(3, 21), at(4, 9), at(4, 21), at(5, 12)}
	if len(got) != len(want) {
		t.Fatal(got)
	}
	for i := range want {
		if !got[i].Equal(want[i]) {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
	if s.At(at(3, 8)).Officer != 30 || s.At(at(3, 9)).Officer != 10 || s.At(at(9, 0)).Window() != 20*time.Minute || !s.Next(at(4, 22)).Equal(at(5, 12)) {
		t.Error("another schedule than was in force")
	}
}
