// SPDX-License-Identifier: Apache-2.0

package statement_test

import (
	"strings"
	"testing"
	"time"

	"example.org/parley/statement"
)

func when(t testing.TB, s string) statement.When {
	t.Helper()
	w, err := statement.ParseWhen(s)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// SPEC: CNT-001
func TestWhenHasOneSpelling(t *testing.T) {
	for _, s := range []string{"2022-02-18", "2022-03-14/2022-03-20", "2022-02-18T14:05:00Z", "2024-02-29", "2021-12-31/2022-01-01", "~2022-03-16"} {
		if w := when(t, s); w.String() != s {
			t.Errorf("%s became %s", s, w)
		}
	}
	for _, s := range []string{"", "2022-2-18", "2022-02-30", "18.02.2022", "2022-02-18/2022-02-18", "2022-02-20/2022-02-18",
		"2022-02-18T14:05Z", "2022-02-18T14:05:00+01:00", "2022-02-18T14:05:00.5Z", "1822-02-18", "2022-02-18 ", "2022-02-18/", "2022-02-18T24:00:00Z", "~", "~2022-03-16/2022-03-20", "~2022-02-30", "~2022-03-16T10:00:00Z", "~~2022-03-16"} {
		if w, err := statement.ParseWhen(s); err == nil {
			t.Errorf("%q was read as %s", s, w)
		}
	}
	if w := when(t, "~2022-03-16"); !w.IsAbout() || w.IsDay() || w.Earliest().Format(time.DateOnly) != "2022-03-13" || w.Latest().Format(time.DateOnly) != "2022-03-19" {
		t.Errorf("about 16 March is %s to %s", w.Earliest(), w.Latest())
	}
	for s, why := range map[string]string{"2023-02-29": "no day", "~2023-02-29": "no day", "2022-03-20/2022-03-14": "ends before", "2022-03-14/2022-03-14": "ends before", "2022-03-14/2022-02-30": "no day"} {
		if _, err := statement.ReadWhen(s); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{"2022-02-18T15:05+01:00", "2022-02-18T19:50:00+0545", "2022-02-18T04:05-10"} {
		if w, err := statement.ReadWhen(s); err != nil || w.String() != "2022-02-18T14:05:00Z" {
			t.Error(s, w, err)
		}
	}
	if w, err := statement.ReadWhen(" 2022-02-18T14:05Z"); err != nil || w.String() != "2022-02-18T14:05:00Z" {
		t.Error(w, err)
	}
}

// SPEC: CNT-002
func TestWhenStraddlesAWindow(t *testing.T) {
	for _, c := range []struct {
		when, begin string
		want        string
	}{
		{"2022-02-23", "2022-02-24", statement.SideBefore},
		{"2022-02-25", "2022-02-24", statement.SideSince},
		{"2022-02-24", "2022-02-24", statement.SideStraddles},
		{"2022-02-20/2022-02-26", "2022-02-24", statement.SideStraddles},
		{"2022-02-24T10:00:00Z", "2022-02-24", statement.SideStraddles},
		{"2022-02-24", "2022-02-24T03:40:00Z", statement.SideStraddles},
		{"2022-02-24T03:39:59Z", "2022-02-24T03:40:00Z", statement.SideBefore},
		{"2022-02-24T03:40:00Z", "2022-02-24T03:40:00Z", statement.SideSince},
		{"2022-02-18/2022-02-23", "2022-02-24T00:00:00Z", statement.SideBefore},
		{"2022-02-24", "2022-02-24T00:00:00Z", statement.SideSince},
	} {
		if got := when(t, c.when).Side(when(t, c.begin)); got != c.want {
			t.Errorf("%s from %s on: %s, want %s", c.when, c.begin, got, c.want)
		}
	}
	if when(t, "2022-02-18").Side(statement.When{}) != statement.SideSince {
		t.Error("of all time")
	}
}

// SPEC: CNT-003
func TestDaysAreAtLeastAndAtMost(t *testing.T) {
	now := time.Date(2022, 3, 23, 0, 0, 1, 0, time.UTC)
	for s, want := range map[string][2]int{
		"2022-02-18": {33, 33}, "2022-03-23": {0, 0}, "2022-03-14/2022-03-20": {3, 9},
		"2022-03-22T23:59:59Z": {1, 1}, "2022-03-20/2022-03-26": {0, 3},
	} {
		if l, m := when(t, s).Days(now); [2]int{l, m} != want {
			t.Errorf("%s: %d to %d, want %v", s, l, m, want)
		}
	}
}

func FuzzWhen(f *testing.F) {
	for _, s := range []string{"2022-02-18", "2022-03-14/2022-03-20", "2022-02-18T14:05:00Z", "0000-00-00/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, err := statement.ParseWhen(s)
		if err == nil && (w.String() != s || w.IsZero() || w.Latest().Before(w.Earliest())) {
			t.Errorf("%q was read as %s", s, w)
		}
	})
}
