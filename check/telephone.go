// SPDX-License-Identifier: Apache-2.0

package check

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// columns are the four that a test of the ordinary telephone counts in, by what came of it; they are counted separately. Only
// a person who answers is a test that passed.
//
// SPEC: CHK-031
var columns = map[string]string{
	"answered": Passed, "unproven": NoReply, "no-answer": NoReply, "declined": Declined,
	"busy": NotReached, "no-number": NotReached, "no-tone": NotReached, "dead": NotReached,
}

// Column is the one of an outcome.
func Column(outcome string) string { return columns[outcome] }

// Outcomes are what may come of ringing their ordinary telephone.
var Outcomes = []string{"answered", "unproven", "no-answer", "busy", "declined", "no-number", "no-tone", "dead"}

// NotedFacts is the facts of check.noted.
type NotedFacts struct {
	Outcome string           `json:"outcome"`
	At      time.Time        `json:"at"`
	Rang    string           `json:"rang,omitempty"` // place of the officer.added of who rang, where that is not its author
	Node    bool             `json:"node,omitempty"` // the node rang, over its trunk: then no person need be behind it
	By      statement.Author `json:"by"`
}

// Validate judges check.noted.
//
// SPEC: CHK-030 CHK-036
func (f NotedFacts) Validate(e, _ *record.Entry) error {
	person := f.By.Person()
	if f.Node {
		person = statement.First(f.By.Validate(), statement.If(f.Rang != "", "the node rang, and an officer too"))
	}
	err := statement.First(statement.OneOf("outcome", f.Outcome, Outcomes), statement.Must("at", f.At), person,
		statement.If(!e.Time.IsZero() && f.At.After(e.Time), "it is dated after it was stated"))
	if err == nil && f.Rang != "" {
		_, err = record.ParsePlace(f.Rang)
	}
	return err
}

func (s *State) noted(e *record.Entry, f NotedFacts) {
	s.Slot, s.Due, s.Test, s.Outcome, s.Mark = Slot{e.Log.Party, e.Place().String()}, f.At, f.Outcome, columns[f.Outcome], e.Mark
	s.Heard = s.Outcome == Passed && !f.Node
}

// NoteDraft makes check.noted of a party.
func NoteDraft(party, mark string, f NotedFacts) (record.Draft, error) {
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: KindNoted, Mark: mark, Facts: f}, "as: parley check note answered")
}

// Counts is how many tests of a party came to what, by column and by outcome.
func Counts(tests []State, party string) map[string]int {
	n := map[string]int{}
	for _, s := range tests {
		if s.Opener == party {
			n[s.Outcome]++
			n["test."+s.Test]++
		}
		if s.Opener == party && s.Heard {
			n["heard"]++
		}
	}
	return n
}

// Called is on how many days a party tested it, of how many since a time; a day that has begun before it, or is not over,
// counts where it was tested.
//
// SPEC: CHK-037
func Called(tests []State, party string, from, now time.Time) (called, days int) {
	const day = 24 * time.Hour
	on := map[time.Time]bool{}
	for _, s := range tests {
		if s.Opener == party {
			on[s.Due.UTC().Truncate(day)] = true
		}
	}
	for d := from.UTC().Truncate(day); !d.After(now); d = d.Add(day) {
		if on[d] || !d.Before(from) && !d.Add(day).After(now) {
			days++
		}
	}
	return len(on), days
}

// Tests makes the figures of a line alone, whose ordinary telephone is tested at the times of the schedule: a test stands
// for the due time from the officers' time before which it was made until the next. away is as for Days.
//
// SPEC: CHK-015 CHK-032 CHK-033
func Tests(states []State, sch party.Schedule, away func(time.Time) string, from, now time.Time) Summary {
	f := Summary{From: from.UTC(), Now: now.UTC(), Away: map[string]int{}, Tests: Noted(states, from, now)}
	f.Slots = slices.Clone(f.Tests)
	due := sch.Slots(from, now.Add(24*time.Hour))
	for i, t := range due {
		until := t.Add(24 * time.Hour)
		if i+1 < len(due) {
			until = due[i+1].Add(-sch.At(due[i+1]).Window())
		}
		window := sch.At(t).Window()
		done := slices.ContainsFunc(f.Tests, func(s State) bool { return !s.Due.Before(t.Add(-window)) && s.Due.Before(until) })
		if t.After(now) || done {
			continue
		}
		f.Slots = append(f.Slots, none(t, sch, now))
	}
	return f.done(sch, away)
}

// Noted are the tests of the ordinary telephone in a window, oldest first; on a line of two they are counted apart.
//
// SPEC: CHK-034
func Noted(states []State, from, now time.Time) (out []State) {
	for _, s := range states {
		if s.Test != "" && !s.Due.Before(from) && !s.Due.After(now) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, inTime)
	return out
}

func inTime(a, b State) int {
	return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.Slot.Key(), b.Slot.Key()))
}
