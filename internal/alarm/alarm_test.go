// SPDX-License-Identifier: Apache-2.0

package alarm

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the table into the spec anew")

var t0 = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// TestEveryRow walks each alarm: raised after its delay, acknowledged, returned, and over a restart in each state.
//
// SPEC: ALM-002 ALM-003 ALM-004 ALM-005
func TestEveryRow(t *testing.T) {
	for _, row := range Table {
		t.Run(row.ID, func(t *testing.T) {
			s, now := New(), t0
			holds := []Condition{{ID: row.ID, Key: "k", Detail: Say("here")}}
			step := func(after time.Duration, cs []Condition, want string) {
				t.Helper()
				now = now.Add(after)
				s = restart(t, s)
				got := ""
				for _, ch := range s.Update(now, cs) {
					got += ch.State
				}
				if got != want {
					t.Fatalf("after %v: %q, want %q", now.Sub(t0), got, want)
				}
			}
			s.Update(now, holds)
			if row.On > 0 {
				if len(s.List()) != 0 {
					t.Fatal("raised before its delay")
				}
				s.Update(now.Add(row.On-time.Millisecond), nil) // it went in time
				s.Update(now.Add(row.On), holds)
				if len(s.List()) != 0 {
					t.Fatal("raised though it had gone")
				}
				now = now.Add(row.On)
				for _, ch := range s.Update(now.Add(row.On), holds) {
					if ch.State != Raised || ch.Since != now {
						t.Fatalf("%+v", ch)
					}
				}
				now = now.Add(row.On)
			}
			step(time.Second, holds, "") // it stands, and is not raised twice
			if l := s.List(); len(l) != 1 || l[0].State != Raised || l[0].Sound != strings.TrimSuffix(row.Sound, "none") {
				t.Fatalf("%+v", l)
			}
			if row.Off > 0 {
				step(time.Second, nil, "")
				step(row.Off-time.Second/2, nil, "")
				step(time.Second/2, nil, Returned)
			} else {
				step(time.Second, nil, Returned)
			}
			step(time.Hour, nil, "") // latched
			if l := s.List(); len(l) != 1 || l[0].State != Returned || l[0].Sound != "" {
				t.Fatalf("%+v", l)
			}
			if row.On > 0 {
				s.Update(now, holds)
				now = now.Add(row.On)
				s.Update(now, holds)
			} else {
				step(time.Second, holds, Raised)
			}
			if l := s.List(); l[0].Times != 2 {
				t.Fatalf("%+v", l)
			}
			if ch, err := s.Ack("", "Lt Amaro", now); err != nil || ch.State != Acknowledged {
				t.Fatal(ch, err)
			}
			if _, err := s.Ack(Name(row.ID, "k"), "Lt Amaro", now); !errors.Is(err, ErrNoAlarm) {
				t.Fatal(err)
			}
			step(time.Hour, holds, "")
			if l := s.List(); l[0].AckedBy != "Lt Amaro" || l[0].State != Acknowledged || l[0].Sound != "" {
				t.Fatalf("%+v", l)
			}
			s.Update(now.Add(time.Second), nil)
			now = now.Add(time.Second)
			if row.Off > 0 {
				step(row.Off, nil, Cleared)
			}
			if len(s.List()) != 0 {
				t.Fatal("an acknowledged alarm stays after its condition")
			}
		})
	}
}

// restart carries the set over, as a restart does.
func restart(t *testing.T, s *Set) *Set {
	t.Helper()
	n, err := Restore(s.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(n.List(), s.List()) {
		t.Fatalf("a restart changed\n%+v\nto\n%+v", s.List(), n.List())
	}
	n.pending = s.pending // the delay of what is not raised yet begins again; the walk does not test that
	return n
}

// TestClockBack: a clock that is stepped back by an hour delays an alarm by no more than its own delay, and its end no more.
func TestClockBack(t *testing.T) {
	s, cs := New(), []Condition{{ID: "A1"}}
	s.Update(t0, cs)
	back := t0.Add(-time.Hour)
	s.Update(back, cs)
	if ch := s.Update(back.Add(10*time.Second), cs); len(ch) != 1 || ch[0].State != Raised {
		t.Fatalf("%+v", ch)
	}
	s.Update(back.Add(11*time.Second), nil)
	back = back.Add(-time.Hour)
	s.Update(back, nil)
	if ch := s.Update(back.Add(2*time.Second), nil); len(ch) != 1 || ch[0].State != Returned {
		t.Fatalf("%+v", ch)
	}
}

// SPEC: ALM-004
func TestAckReturned(t *testing.T) {
	s := New()
	s.Update(t0, []Condition{{ID: "A13"}})
	s.Update(t0, nil)
	if ch, err := s.Ack("A13", "x", t0); err != nil || ch.State != Cleared || len(s.List()) != 0 {
		t.Fatal(ch, err)
	}
	if _, err := s.Ack("", "x", t0); !errors.Is(err, ErrNoAlarm) {
		t.Fatal(err)
	}
}

// SPEC: ALM-006 ALM-007
func TestOrderAndConsequences(t *testing.T) {
	s := New()
	cs := []Condition{{ID: "A15"}, {ID: "A11", Key: "path 2"}, {ID: "A11", Key: "path 1"}, {ID: "A13"}, {ID: "A4", Key: "A7-42"}, {ID: "A1"}, {ID: "A99"}}
	s.Update(t0, cs)
	s.Update(t0.Add(time.Minute), cs)
	if _, err := s.Ack("A4/A7-42", "x", t0); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range s.List() {
		got = append(got, a.Name())
		if strings.HasPrefix(a.ID, "A11") && a.Sound != "" {
			t.Errorf("%s sounds though the line is down", a.Name())
		}
	}
	if want := "A1 A13 A11/path 1 A11/path 2 A15 A4/A7-42"; strings.Join(got, " ") != want {
		t.Errorf("%s, want %s", got, want)
	}
	s.Update(t0.Add(2*time.Minute), []Condition{{ID: "A11", Key: "path 1"}})
	s.Update(t0.Add(3*time.Minute), []Condition{{ID: "A11", Key: "path 1"}})
	for _, a := range s.List() {
		if a.Name() == "A11/path 1" && a.State == Raised && a.Sound == "" {
			t.Error("hushed by an alarm that returned")
		}
	}
}

// What joins an alarm that was acknowledged raises it again; what leaves it does not. SPEC: ALM-008 ALM-009
func TestCount(t *testing.T) {
	s := New()
	of := func(n int, newest time.Time) []Condition {
		return []Condition{{ID: "A4", Key: "borealia", Count: n, Newest: newest}}
	}
	s.Update(t0, of(300, t0))
	for i, c := range []struct {
		n      int
		newest time.Time
		want   string
	}{{300, t0, ""}, {299, t0, ""}, {300, t0, Raised}, {300, t0.Add(time.Second), Raised}, {301, t0.Add(time.Second), Raised}} {
		if ch, err := s.Ack("", "Lt Amaro", t0); err != nil && i != 1 && i != 2 {
			t.Fatal(i, ch, err)
		}
		got := ""
		for _, ch := range s.Update(t0.Add(time.Minute), of(c.n, c.newest)) {
			got += ch.State
		}
		if l := s.List(); got != c.want || len(l) != 1 || l[0].Count != c.n || (l[0].AckedBy != "") != (c.want == "") {
			t.Errorf("%d: %q, want %q: %+v", i, got, c.want, l)
		}
	}
}

// SPEC: ALM-001
func TestTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("| alarm | cause | priority | on after | off after | shelve | consequence of | sound | what to do |\n|---|---|---|---|---|---|---|---|---|\n")
	for i, r := range Table {
		if r.ID != fmt.Sprintf("A%d", i+1) || r.Cause("it") == r.Cause("en") || r.Do("it") == r.Do("en") || r.Priority < High || r.Priority > Low {
			t.Errorf("row %d: %+v", i, r)
		}
		if r.Under != "" {
			if u, ok := Find(r.Under); !ok || u.Under != "" {
				t.Errorf("%s under %s", r.ID, r.Under)
			}
		}
		yes := map[bool]string{true: "yes", false: "no"}
		fmt.Fprintf(&b, "| %s | %s | %s | %v | %v | %s | %s | %s | %s |\n", r.ID, r.Cause("en"), r.Priority, r.On, r.Off, yes[r.Shelve], r.Under, r.Sound, r.Do("en"))
	}
	golden(t, "../../spec/alarm.md", "alarms", b.String())
}

// golden holds a table in a spec to what the code says.
func golden(t *testing.T, file, name, want string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	from, to := "<!-- table "+name+" -->\n", "<!-- end "+name+" -->"
	before, rest, ok := strings.Cut(string(raw), from)
	got, after, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table %s", file, name)
	}
	if got == want {
		return
	}
	if !*update {
		t.Fatalf("%s: the table %s is not what the code says; run with -update", file, name)
	}
	if err := os.WriteFile(file, []byte(before+from+want+to+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func FuzzRestore(f *testing.F) {
	s := New()
	s.Update(t0, []Condition{{ID: "A4", Key: "A7-42"}, {ID: "A13"}})
	f.Add(s.Snapshot())
	f.Add([]byte(`{"alarms":[null]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Restore(b)
		if err != nil {
			return
		}
		s.Update(t0, []Condition{{ID: "A4", Key: "A7-42"}})
		s.List()
		if _, err := Restore(s.Snapshot()); err != nil {
			t.Fatal(err)
		}
	})
}
