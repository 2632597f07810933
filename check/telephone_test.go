// SPDX-License-Identifier: Apache-2.0

package check

import (
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

var amaro = statement.Author{Officer: "aurelia/1.abc123 1", Known: "account"}

// test is a test of the ordinary telephone by a party.
func test(party string, at time.Time, outcome string) State {
	e := entry(party, at.Day()*100+at.Hour(), KindNoted, NotedFacts{Outcome: outcome, At: at, By: amaro})
	e.Time = at.Add(time.Minute)
	return Fold(&record.Item{Begin: e, Entries: []*record.Entry{e}}, order{})
}

// What came of a test counts in one column alone, and only a person who answers is a test that passed.
func TestColumnsOfTheTelephoneAreNeverAddedUp(t *testing.T) {
	// SPEC: CHK-030 CHK-031
	want := map[string]string{"answered": Passed, "unproven": NoReply, "no-answer": NoReply, "declined": Declined, "busy": NotReached, "no-number": NotReached, "no-tone": NotReached, "dead": NotReached}
	var all []State
	for i, o := range Outcomes {
		s := test("aurelia", day(2, 9, i), o)
		if s.Test != o || s.Outcome != want[o] || !s.Due.Equal(day(2, 9, i)) || s.Opener != "aurelia" {
			t.Errorf("%s: %+v", o, s)
		}
		all = append(all, s)
	}
	n := Counts(append(all, test("borealia", day(2, 10, 0), "answered")), "aurelia")
	if n[Passed] != 1 || n[NoReply] != 2 || n[Declined] != 1 || n[NotReached] != 4 || n["test.busy"] != 1 || len(want) != len(Outcomes) {
		t.Errorf("%v", n)
	}
	var pressed State
	f := NotedFacts{Outcome: "answered", At: day(2, 9, 0), Node: true, By: amaro}
	pressed.noted(entry("aurelia", 1, KindNoted, f), f)
	pressed.Opener = "aurelia"
	if n := Counts(append(all, pressed), "aurelia"); n[Passed] != 2 || n["heard"] != 1 { // an officer's word, beside a key that was pressed
		t.Errorf("%v", n)
	}
	for name, f := range map[string]NotedFacts{
		"another outcome": {Outcome: "refused", At: day(2, 9, 0), By: amaro}, "nobody": {Outcome: "busy", At: day(2, 9, 0), By: statement.Author{Known: "unattributed"}},
		"no time": {Outcome: "busy", By: amaro}, "ahead": {Outcome: "busy", At: day(2, 9, 1), By: amaro}, "rang": {Outcome: "busy", At: day(2, 9, 0), By: amaro, Rang: "Benz"},
	} {
		e := entry("aurelia", 0, KindNoted, f)
		e.Time = day(2, 9, 0)
		if f.Validate(e, nil) == nil {
			t.Errorf("%s is valid", name)
		}
	}
}

// A test stands for a due time; without one it is missed, and overdue until one is noted.
func TestTelephoneIsDueByTheSchedule(t *testing.T) {
	// SPEC: CHK-032 CHK-033
	answered := []State{test("aurelia", day(2, 8, 45), "answered"), test("aurelia", day(3, 15, 0), "answered"), test("aurelia", day(5, 9, 10), "answered")}
	for _, c := range []struct {
		name                 string
		states               []State
		now                  time.Time
		tested, days, streak int
		overdue, alarm       bool
	}{
		{"nothing was due yet", nil, day(2, 8, 0), 0, 0, 0, false, false},
		{"due, and time is left", nil, day(2, 9, 20), 0, 0, 0, false, false},
		{"nobody tested", nil, day(2, 9, 31), 0, 1, 0, true, true},
		{"tested a little before", answered[:1], day(2, 9, 31), 1, 1, 1, false, false},
		{"tested hours later", answered[:2], day(3, 15, 1), 2, 2, 2, false, false},
		{"a day left out", answered, day(5, 12, 0), 3, 4, 1, false, false},
		{"busy", append(answered[:2:2], test("aurelia", day(4, 9, 0), "busy")), day(4, 9, 31), 2, 3, 0, false, true},
		{"declined is an act", append(answered[:2:2], test("aurelia", day(4, 9, 0), "declined")), day(4, 9, 31), 2, 3, 0, false, false},
		{"busy, then answered", append(answered[:2:2], test("aurelia", day(4, 9, 0), "busy"), test("aurelia", day(4, 9, 5), "answered")), day(4, 9, 31), 3, 3, 3, false, false},
	} {
		f := Tests(c.states, daily, nil, day(1, 12, 0), c.now)
		if f.Tested != c.tested || f.Days != c.days || f.Streak != c.streak || len(f.Overdue) > 0 != c.overdue || len(f.Alarming()) > 0 != c.alarm {
			t.Errorf("%s: tested %d of %d days, %d in a row, overdue %v, alarming %v", c.name, f.Tested, f.Days, f.Streak, f.Overdue, f.Alarming())
		}
	}
	if f := Tests(answered, daily, nil, day(1, 12, 0), day(5, 12, 0)); f.Gap[1].Sub(f.Gap[0]) != 42*time.Hour+10*time.Minute {
		t.Errorf("gap %v", f.Gap)
	}
}

// On a line of two a test of the telephone is no slot, no day and no alarm of the line.
func TestTelephoneOfALineOfTwoIsCountedApart(t *testing.T) {
	// SPEC: CHK-034
	line := []State{passedOn(2, Passed), passedOn(3, Passed)}
	both := append(line, test("aurelia", day(3, 12, 0), "busy"), test("borealia", day(3, 12, 0), "answered"))
	a, b := Days(line, daily, nil, day(1, 12, 0), day(3, 13, 0)), Days(both, daily, nil, day(1, 12, 0), day(3, 13, 0))
	if a.Tested != b.Tested || a.Days != b.Days || len(a.Slots) != len(b.Slots) || len(b.Alarming()) > 0 || len(b.Tests) != 2 {
		t.Errorf("%+v\n%+v", a, b)
	}
}
