// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/parley/check"
	"example.org/parley/internal/act"
	"example.org/parley/internal/link/linktest"
)

// moment is what a question lets pass, so that what was just done has gone through disks and cables.
const moment = 100 * time.Millisecond

var update = flag.Bool("update", false, "write what was seen into the conversations")

// A conversation is a text of lines:
//
//	# a remark
//	@2m30s …                      this much after the beginning; without it, at once
//	aurelia ring                  an act, in the words of the command line; it is to succeed
//	aurelia send … as $flash      its short ID has a name from here on
//	? borealia ladder $flash      a question: a sight (see_test.go) or a verb that only asks
//	borealia stop take $STOP      the newest STOP as this desk sees it, which may be on no record yet
//	borealia check confirm $ANSWER   the right answer to the question that this desk is asked
//	cut 1 · restore 1 · cut 1 >   the world: a path, both ways or > (from aurelia) or < (from borealia);
//	                              delay 1 300ms · loss 1 20% · kill, start, stop, lose PARTY · freeze, thaw
//	                              PARTY · schedule 09:00 (before watch) · fail-disk PARTY [after] · mend-disk PARTY · step-clock PARTY 10s · arm, disarm PARTY
//
// What was seen stands below its question, each line after a bar, and is written there by -update; so is
// the refusal of an act. A question looks a tenth of a second after its time, so that what was just done has arrived. "=> contains TEXT", "=> lacks TEXT" and "=> nothing" on the line itself are for
// where not all is to be pinned.
type script struct {
	w     *world
	name  string
	lines []string // of the file
	out   []string // with what was seen
	names map[string]string
	at    int // line under way
}

func (s *script) fail(format string, a ...any) {
	s.w.t.Helper()
	s.w.t.Fatalf("%s:%d: %s\n\t%s", s.name, s.at+1, s.lines[s.at], fmt.Sprintf(format, a...))
}

// play plays a conversation of testdata on a world.
func play(w *world, name string) {
	w.t.Helper()
	path := "testdata/" + name
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	s := &script{w: w, name: name, lines: strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"), names: map[string]string{}}
	for s.at = 0; s.at < len(s.lines); s.at++ {
		if l := s.lines[s.at]; !strings.HasPrefix(l, "|") {
			s.out = append(s.out, l)
			s.line(l)
		}
	}
	if text := strings.Join(s.out, "\n") + "\n"; *update && !w.real && !w.t.Failed() && text != string(b) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (s *script) line(l string) {
	s.w.t.Helper()
	l = strings.TrimSpace(l)
	if l == "" || strings.HasPrefix(l, "#") {
		return
	}
	if rest, ok := strings.CutPrefix(l, "@"); ok {
		when, rest, _ := strings.Cut(rest, " ")
		d, err := time.ParseDuration(when)
		if err != nil {
			s.fail("%v", err)
		}
		time.Sleep(time.Until(s.w.start.Add(d)))
		l = strings.TrimSpace(rest)
	}
	s.w.settle()
	for name, id := range s.names {
		l = strings.ReplaceAll(l, name, id)
	}
	l, want, pinned := strings.Cut(l, " => ")
	switch {
	case strings.HasPrefix(l, "? "):
		time.Sleep(moment)
		s.w.settle()
		s.ask(strings.Fields(l[2:]), want, pinned)
	case s.w.side(strings.Fields(l)[0]) != nil:
		s.act(l)
	default:
		s.world(strings.Fields(l))
	}
	s.w.settle()
}

// expect holds what was seen against the bars below the line, or against its "=>".
func (s *script) expect(see func() []string, want string, pinned bool) {
	s.w.t.Helper()
	var bars []string
	for i := s.at + 1; i < len(s.lines) && strings.HasPrefix(s.lines[i], "|"); i++ {
		bars = append(bars, strings.TrimPrefix(strings.TrimPrefix(s.lines[i], "|"), " "))
	}
	fits := func(got []string) error {
		all := strings.Join(got, "\n")
		what, text, _ := strings.Cut(want, " ")
		switch {
		case !pinned && slices.Equal(got, bars) && (len(bars) > 0 || *update),
			what == "contains" && strings.Contains(all, text), what == "lacks" && !strings.Contains(all, text), want == "nothing" && all == want:
			return nil
		}
		if !pinned {
			want = strings.Join(bars, "\n")
		}
		return fmt.Errorf("seen at %s:\n%s\nwanted:\n%s", s.w.ago(time.Now()), all, want)
	}
	look := func() []string {
		if got := see(); len(got) > 0 {
			return got
		}
		return []string{"nothing"}
	}
	got := look()
	err := fits(got)
	for end := time.Now().Add(5 * time.Second); err != nil && s.w.real && time.Now().Before(end); err = fits(got) {
		time.Sleep(20 * time.Millisecond)
		got = look()
	}
	if err != nil && (pinned || !*update) {
		s.w.t.Errorf("%s:%d: %s\n%v", s.name, s.at+1, s.lines[s.at], err)
	}
	if pinned {
		return
	}
	if !*update {
		got = bars
	}
	for _, l := range got {
		s.out = append(s.out, strings.TrimRight("| "+l, " "))
	}
}

func (s *script) ask(f []string, want string, pinned bool) {
	s.w.t.Helper()
	side := s.w.side(f[0])
	if side == nil || side.line == nil || len(f) < 2 {
		s.fail("ask a party whose node runs")
	}
	if see, ok := sights[f[1]]; ok {
		s.expect(func() []string { return see(side.view(), s.w, strings.Join(f[2:], " ")) }, want, pinned)
		return
	}
	a := side.parse(f[1:])
	s.expect(func() []string {
		r, err := side.act(a)
		if err != nil {
			return refused(err)
		}
		return strings.Split(strings.TrimSpace(r.Text), "\n")
	}, want, pinned)
}

func refused(err error) []string {
	var e *act.Error
	if errors.As(err, &e) && e.Hint != "" {
		return []string{"refused: " + e.What, "hint: " + e.Hint}
	}
	return []string{"refused: " + err.Error()}
}

func (s *script) act(l string) {
	s.w.t.Helper()
	l, name, named := strings.Cut(l, " as $")
	party, rest, _ := strings.Cut(l, " ")
	side := s.w.side(party)
	if side.line == nil {
		s.fail("%s does not run", party)
	}
	if strings.Contains(rest, "$STOP") {
		rest = strings.ReplaceAll(rest, "$STOP", side.view().Stops[0].ID)
	}
	if strings.Contains(rest, "$ANSWER") {
		q := side.view().Check.Question
		if q == nil {
			s.fail("nothing is asked")
		}
		known, _ := check.FindQuestion(q.ID)
		rest = strings.ReplaceAll(rest, "$ANSWER", known.Answer)
	}
	r, err := side.do(rest)
	if err != nil {
		s.expect(func() []string { return refused(err) }, "", false)
		return
	}
	if s.at+1 < len(s.lines) && strings.HasPrefix(s.lines[s.at+1], "|") && !*update {
		s.fail("it was to be refused")
	}
	if named {
		if r.ID == "" {
			s.fail("it stated nothing")
		}
		s.names["$"+name] = r.ID
	}
}

// world does what no party does.
func (s *script) world(f []string) {
	s.w.t.Helper()
	arg := func(i int) string {
		if i >= len(f) {
			s.fail("something is missing")
		}
		return f[i]
	}
	path := func() (n int, d linktest.Direction) {
		n, err := strconv.Atoi(arg(1))
		if err != nil || n < 1 || n > 2 {
			s.fail("no such path")
		}
		d = linktest.Both
		switch f[len(f)-1] {
		case ">":
			d = linktest.AToB
		case "<":
			d = linktest.BToA
		}
		return n - 1, d
	}
	side := func() *side {
		p := s.w.side(arg(1))
		if p == nil {
			s.fail("no such party")
		}
		return p
	}
	switch f[0] {
	case "watch":
		s.w.watch()
	case "schedule":
		s.w.schedule = f[1:]
	case "cut":
		s.w.net.cut(path())
	case "restore":
		s.w.net.restore(path())
	case "delay":
		n, d := path()
		by, err := time.ParseDuration(arg(2))
		if err != nil {
			s.fail("%v", err)
		}
		s.w.net.delay(n, d, by)
	case "loss":
		n, d := path()
		pct, err := strconv.Atoi(strings.TrimSuffix(arg(2), "%"))
		if err != nil {
			s.fail("%v", err)
		}
		s.w.net.loss(n, d, float64(pct)/100)
	case "kill":
		side().kill()
	case "start":
		side().open()
	case "stop":
		side().stop()
	case "lose":
		side().loseDisk()
	case "freeze", "thaw":
		side().freeze(f[0] == "freeze")
	case "fail-disk":
		mood := int32(fails)
		if f[len(f)-1] == "after" {
			mood = failsAfter
		}
		side().disk.mood.Store(mood)
	case "mend-disk":
		side().disk.mood.Store(works)
	case "step-clock":
		by, err := time.ParseDuration(arg(2))
		if err != nil {
			s.fail("%v", err)
		}
		side().step.Add(int64(by))
	case "arm", "disarm":
		side().arm(f[0] == "arm")
	default:
		s.fail("neither a party nor an act of the world")
	}
}
