// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"example.org/parley/check"
	"example.org/parley/internal/act"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/story"
)

// moment is what a question lets pass, so that what was just done has gone through disks and cables.
const moment = 100 * time.Millisecond

var update = flag.Bool("update", false, "write what was seen into the conversations")

// play plays a conversation of testdata on a world: a story.Script whose questions are sights (see_test.go) or verbs that
// only ask, looked at a tenth of a second after their time, and whose world does
//
//	cut 1 · restore 1 · cut 1 >   a path, both ways or > (from aurelia) or < (from borealia)
//	delay 1 300ms · loss 1 20%
//	kill, start, stop, lose PARTY · freeze, thaw PARTY · arm, disarm PARTY
//	fail-disk PARTY [after] · mend-disk PARTY · step-clock PARTY 10s
//	watch · schedule 09:00        both nodes with an officer at an armed desk; before it, the checks' times
//	due FLASH held 60             before watch: a clock of the terms, in seconds
func play(w *world, name string) {
	w.t.Helper()
	path := "testdata/" + name
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	s := &story.Script{Stage: stage{w}, Update: *update && !w.real}
	if w.real {
		s.Patience = 5 * time.Second
	}
	seen, err := s.Play(context.Background(), string(b))
	if err != nil {
		w.t.Fatalf("%s at %s: %v", name, w.ago(time.Now()), err)
	}
	if s.Update && !w.t.Failed() && seen != string(b) {
		if err := os.WriteFile(path, []byte(seen), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

// stage is a world as a story.Stage.
type stage struct{ w *world }

func (s stage) Wait(since time.Duration) { time.Sleep(time.Until(s.w.start.Add(since))) }
func (s stage) Settle()                  { s.w.settle() }

// running gives a party whose node runs.
func (s stage) running(party string) (*side, error) {
	if p := s.w.side(party); p != nil && p.line != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%s does not run", party)
}

func (s stage) Do(party, line string) (string, error) {
	p, err := s.running(party)
	if err != nil {
		return "", err
	}
	r, err := p.do(line)
	return r.ID, err
}

func (s stage) Name(party, name string) (string, error) {
	p, err := s.running(party)
	if err != nil {
		return "", err
	}
	switch v := p.view(); {
	case name == "STOP" && len(v.Stops) > 0: // the newest as this desk sees it, which may be on no record yet
		return v.Stops[0].ID, nil
	case name == "ANSWER" && v.Check.Question != nil:
		q, _ := check.FindQuestion(v.Check.Question.ID)
		return q.Answer, nil
	}
	return "", fmt.Errorf("nothing is called $%s", name)
}

func (s stage) Ask(party, question string) ([]string, error) {
	time.Sleep(moment)
	s.w.settle()
	p, err := s.running(party)
	if err != nil {
		return nil, err
	}
	what, arg, _ := strings.Cut(question, " ")
	if see, ok := sights[what]; ok {
		return see(p.view(), s.w, arg), nil
	}
	r, err := p.do(question)
	if err != nil {
		return story.Refused(err), nil
	}
	return strings.Split(strings.TrimSpace(r.Text), "\n"), nil
}

// world does what no party does.
func (s stage) Change(f []string) (map[string]string, error) {
	arg := ""
	if len(f) > 1 {
		arg = f[1]
	}
	if p := s.w.side(arg); p != nil {
		return nil, s.changeSide(p, f)
	}
	switch n, err := strconv.Atoi(arg); {
	case f[0] == "watch":
		s.w.watch()
		return nil, nil
	case f[0] == "schedule":
		s.w.schedule = f[1:]
		return nil, nil
	case f[0] == "due" && len(f) == 4:
		seconds, err := strconv.Atoi(f[3])
		s.w.due = map[string]map[string]int{f[1]: {f[2]: seconds}}
		return nil, err
	case err == nil && (n == 1 || n == 2):
		return nil, s.changePath(n-1, f)
	}
	return nil, errors.New("neither a party nor an act of the world")
}

func (s stage) changePath(n int, f []string) error {
	d := linktest.Both
	switch f[len(f)-1] {
	case ">":
		d = linktest.AToB
	case "<":
		d = linktest.BToA
	}
	switch f[0] {
	case "cut":
		s.w.net.cut(n, d)
	case "restore":
		s.w.net.restore(n, d)
	case "delay":
		by, err := time.ParseDuration(f[2])
		s.w.net.delay(n, d, by)
		return err
	case "loss":
		pct, err := strconv.Atoi(strings.TrimSuffix(f[2], "%"))
		s.w.net.loss(n, d, float64(pct)/100)
		return err
	default:
		return errors.New("a path does not do that")
	}
	return nil
}

func (s stage) changeSide(p *side, f []string) error {
	switch f[0] {
	case "kill":
		p.kill()
	case "start":
		p.open()
	case "stop":
		p.stop()
	case "lose":
		p.loseDisk()
	case "freeze", "thaw":
		p.freeze(f[0] == "freeze")
	case "fail-disk":
		p.disk.mood.Store(fails)
		if f[len(f)-1] == "after" {
			p.disk.mood.Store(failsAfter)
		}
	case "mend-disk":
		p.disk.mood.Store(works)
	case "step-clock":
		by, err := time.ParseDuration(f[2])
		p.step.Add(int64(by))
		return err
	case "certificate": // SPEC: PAG-066
		days, err := strconv.Atoi(strings.TrimSuffix(f[2], "d"))
		p.line.Certificate("line.ops.example", time.Now().Add(time.Duration(days)*24*time.Hour))
		return err
	case "arm", "disarm":
		sound := "ok"
		if len(f) > 2 {
			sound = strings.Join(f[2:], " ")
		}
		_, err := p.act(act.SetDesk{Armed: f[0] == "arm", Sound: sound})
		return err
	default:
		return errors.New("nobody does that to a party")
	}
	return nil
}
