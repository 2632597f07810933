// SPDX-License-Identifier: Apache-2.0

package check

import (
	"strings"
	"testing"
	"time"

	"example.org/parley/party"
	"example.org/parley/statement"
	"example.org/parley/words"
)

var by = statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account"}

func day(n, h, m int) time.Time { return time.Date(2026, 11, n, h, m, 0, 0, time.UTC) }

// SPEC: CHK-001 CHK-002 CHK-011 CHK-012
func TestDaily(t *testing.T) {
	p := newPair()
	p.run(day(12, 9, 40))
	p.check(t, "02 passed, 03 passed, 04 passed, 05 passed, 06 passed, 07 passed, 08 passed, 09 passed, 10 passed, 11 passed, 12 passed")
	f := p.days(0)
	if f.Streak != 11 || f.Tested != 11 || len(f.Alarming()) != 0 || f.LastPassed != day(12, 9, 0) {
		t.Errorf("%+v", f)
	}
	for _, party := range parties { // at most four statements a party and slot
		if n := strings.Count(strings.Join(p.log, "\n"), party+" states"); n != 11*4 {
			t.Errorf("%s made %d statements", party, n)
		}
	}
	if s := p.days(0); s.Days != 11 || s.Tested != 11 || s.Slots[0].Due != day(2, 9, 0) {
		t.Errorf("%+v", s)
	}
}

// SPEC: CHK-003 CHK-004 CHK-005 CHK-013
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(p *pair)
		want  string
		alarm bool
	}{
		{"nobody at borealia", func(p *pair) { p.person[1] = "away" }, "02 no-operator", true},
		{"declined", func(p *pair) { p.person[0] = "declines" }, "02 declined", false},
		{"a wrong answer", func(p *pair) { p.person[1] = "wrong" }, "02 failed question", true},
		{"no common language", func(p *pair) { p.reads[1] = []string{"ru"} }, "02 passed", false},
		{"path 2 is down", func(p *pair) { p.paths["2"] = false }, "02 failed path+voice", true},
		{"the line is down", func(p *pair) { p.up = false }, "02 failed path+station+stop+voice", true},
		{"borealia's node is off", func(p *pair) { p.off[1] = true }, "02 failed path+station+stop+voice", true},
		{"aurelia's node is off", func(p *pair) { p.off[0] = true }, "02 failed path+station+stop+voice", true},
		{"both are off", func(p *pair) { p.off[0], p.off[1] = true, true }, "02 missed", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair()
			p.run(day(2, 8, 59))
			c.do(p)
			p.run(day(2, 10, 10))
			for i := range p.m {
				if !p.off[i] && (len(p.days(i).Alarming()) > 0) != c.alarm {
					t.Errorf("%s: A3 is %v: %+v", parties[i], !c.alarm, p.days(i))
				}
			}
			for i := range p.off {
				if p.off[i] {
					p.off[i] = false
					p.start(i)
				}
			}
			p.up = true
			p.run(day(2, 11, 0))
			p.check(t, c.want)
			if p.days(0).Streak != map[bool]int{true: 1}[c.want == "02 passed"] {
				t.Errorf("%+v", p.days(0))
			}
			// the next passed check ends the alarm
			p.paths["2"], p.person, p.reads[1] = true, [2]string{"answers", "answers"}, []string{"it"}
			p.do(1, p.m[1].Now(by, p.now))
			p.run(day(2, 12, 0))
			p.check(t, c.want+", 02 passed")
			if f := p.days(1); len(f.Alarming()) != 0 || f.Streak != 1 {
				t.Errorf("%+v", f)
			}
		})
	}
}

// SPEC: CHK-007
func TestRestartInASlot(t *testing.T) {
	for _, at := range []time.Duration{5 * time.Second, 20 * time.Second, 45 * time.Second} {
		for i := range parties {
			p := newPair()
			p.person[1-i] = "away"
			p.run(day(2, 9, 0).Add(at))
			p.start(i)
			p.run(day(2, 9, 10))
			p.person[1-i] = "answers"
			p.run(day(2, 9, 40))
			p.check(t, "02 passed")
		}
	}
	p := newPair() // a restart after the time: what we opened is closed
	p.run(day(2, 9, 0).Add(10 * time.Second))
	p.off[0] = true
	p.run(day(2, 11, 0))
	p.off[0] = false
	p.start(0)
	p.run(day(2, 11, 10))
	p.check(t, "02 failed path+stop+voice")
}

// SPEC: CHK-002
func TestBothAskAtOnce(t *testing.T) {
	p := newPair()
	p.run(day(1, 15, 0))
	p.do(0, p.m[0].Now(by, p.now))
	p.do(1, p.m[1].Now(by, p.now))
	p.do(1, p.m[1].Now(by, p.now))
	p.run(day(1, 15, 20))
	p.check(t, "01 passed, 01 passed")
	if !strings.Contains(strings.Join(p.log, "\n"), "borealia cannot: a check is running") {
		t.Error("a second check now was begun")
	}
}

// SPEC: CHK-014
func TestAPeerCannotWriteOurRecordByChecks(t *testing.T) {
	p := newPair()
	p.run(day(1, 15, 0))
	for range 40 {
		p.do(1, p.m[1].Now(by, p.now))
		p.run(p.now.Add(time.Minute))
	}
	n := 0
	for _, l := range p.log {
		if strings.Contains(l, "aurelia states check.joined") {
			n++
		}
	}
	if n > joinsAnHour {
		t.Errorf("joined %d checks within the hour", n)
	}
}

// SPEC: CHK-006
func TestQuestions(t *testing.T) {
	seen, answers := map[string]bool{}, map[string]int{}
	for _, q := range Questions {
		if seen[q.ID] || q.Answer < "a" || q.Answer > "d" {
			t.Errorf("%+v", q)
		}
		seen[q.ID] = true
		answers[q.Answer]++
		for _, l := range words.Langs() {
			text, four := q.In(l)
			choices := map[string]bool{}
			for _, c := range four {
				choices[c] = c != ""
			}
			if strings.HasPrefix(text, "[") || choices["[question."+q.ID+".a]"] || len(choices) != 4 {
				t.Errorf("%s in %s", q.ID, l)
			}
		}
	}
	for a, n := range answers {
		if n > len(Questions)/2 {
			t.Errorf("%d answers are %s", n, a)
		}
	}
	if language([]string{"ru", "it"}) != "it" || language([]string{"ru"}) != "" || language(nil) != "" {
		t.Error("language")
	}
}

// SPEC: CHK-001
func TestSchedule(t *testing.T) {
	s := party.Schedule{Checks: []string{"09:00", "21:30"}}
	got := s.Slots(day(1, 9, 0), day(2, 9, 0))
	if len(got) != 2 || got[0] != day(1, 21, 30) || got[1] != day(2, 9, 0) {
		t.Error(got)
	}
	if s.Next(day(1, 21, 30)) != day(2, 9, 0) || !(party.Schedule{}).Next(began).IsZero() {
		t.Error("next")
	}
}
