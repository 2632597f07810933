// SPDX-License-Identifier: Apache-2.0

package story

import (
	"context"
	"fmt"
	"time"

	"example.org/parley/check"
	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/view"
)

// pair confirms the line at both ends: the genesis in words, two numbers, each typed at the other end.
func (t *Teller) pair(ctx context.Context) (string, error) {
	for _, s := range t.W.Sides {
		if err := t.W.Start(s); err != nil {
			return "", err
		}
	}
	var numbers [2]string
	for i, s := range t.W.Sides {
		err := until(ctx, "the numbers", 45*time.Second, func() error {
			v, err := data[struct {
				Number string `json:"number"`
			}](t.W.Act(s, act.Confirm{}))
			if err != nil || v.Number == "" {
				return errNotYet
			}
			numbers[i] = v.Number
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	for i, s := range t.W.Sides {
		if _, err := t.W.Act(s, act.Confirm{Number: numbers[1-i]}); err != nil {
			return "", err
		}
	}
	for _, s := range t.W.Sides {
		if err := until(ctx, "the line", 45*time.Second, func() error {
			v, err := data[view.StatusView](t.W.Act(s, act.Status{}))
			if err != nil || len(v.Liveness.Paths) < 2 || !v.Liveness.Paths[0].WeHear || !v.Liveness.Paths[1].WeHear {
				return errNotYet
			}
			return nil
		}); err != nil {
			return "", err
		}
	}
	t.W.paired = true
	return fmt.Sprintf("%s reads out %s, %s reads out %s; each types the other's. Two paths are up.", Aurelia, numbers[0], Borealia, numbers[1]), nil
}

func (t *Teller) people(context.Context) (string, error) {
	who := [2]string{"Lt Amaro", "Cpt Bruni"}
	langs := [2]string{"en", "it,en"}
	for i, s := range t.W.Sides {
		for _, argv := range [][]string{{"officer", "add", who[i], "--langs", langs[i]}, {"sign-on"}} {
			if _, err := t.W.Do(s, argv...); err != nil {
				return "", err
			}
		}
	}
	return t.Arm()
}

// Arm arms a desk a side for as long as this process lives, or Disarm.
func (t *Teller) Arm() (string, error) {
	for i, s := range t.W.Sides {
		c, err := control.Dial(s.Home)
		if err != nil {
			return "", err
		}
		if t.desk[i] != nil {
			t.desk[i].Close()
		}
		t.desk[i] = c
		if _, err := c.Do(lineName, "en", act.Desk{Armed: true, Sound: "ok"}); err != nil {
			return "", err
		}
	}
	return "Lt Amaro and Cpt Bruni have signed on; a desk is armed at each end.", nil
}

// Disarm takes the terminal's desks away: in the demo the pages are the desks.
func (t *Teller) Disarm() {
	for i, c := range t.desk {
		if c != nil {
			c.Close()
			t.desk[i] = nil
		}
	}
}

// counterparts enters what was before the line, late and marked exercise: by the ordinary verbs.
func (t *Teller) counterparts(context.Context) (string, error) {
	year := time.Now().UTC().Year()
	if time.Now().UTC().YearDay() < 100 {
		year--
	}
	d := func(md string) string { return fmt.Sprintf("%d-%s", year, md) }
	add := func(argv ...string) (id string, err error) {
		r, err := t.W.Do(t.a(), argv...)
		return r.ID, err
	}
	pair := func(name, org, level, it string) (ours, theirs string, err error) {
		post := []string{"post", "add", name, "--org", org, "--level", level, "--name", "it=" + it}
		if ours, err = add(post...); err == nil {
			theirs, err = add(append(post, "--theirs", "--pair", ours)...)
		}
		return ours, theirs, err
	}
	m, theirM, err := pair("Minister of Defence", "ministry", "1", "Ministro della Difesa")
	if err != nil {
		return "", err
	}
	c, theirC, err := pair("Chief of Staff", "staff", "2", "Capo di Stato maggiore")
	if err != nil {
		return "", err
	}
	var request string
	for _, argv := range [][]string{
		{"contact", "add", "call", "--when", d("02-11"), "--with", c, "--with", theirC, "--channel", "telephone", "--basis", "own"},
		{"contact", "add", "call", "--when", d("02-18"), "--with", m, "--with", theirM, "--channel", "telephone", "--basis", "own"},
		{"event", "add", "crossing", "--when", d("02-24"), "--name", "it=passaggio"},
		{"request", "record", "--by", m, "--with", theirM, "--when", d("02-26"), "--standing", "--basis", "own"},
	} {
		if request, err = add(argv...); err != nil {
			return "", err
		}
	}
	for _, on := range []string{"02-27", "03-04", "03-15"} {
		if _, err := add("request", "outcome", request, "declined", "--told-by", "their desk", "--on", d(on)); err != nil {
			return "", err
		}
	}
	v, err := data[view.ContactsView](t.W.Do(t.a(), "contacts", "--since", "crossing"))
	if err != nil {
		return "", err
	}
	if len(v.Pairs) != 2 || v.Sentence == "" {
		return "", fmt.Errorf("%d pairs of counterparts: %q", len(v.Pairs), v.Sentence)
	}
	return v.Sentence, nil
}

// check runs one check; the officers answer each other's question.
func (t *Teller) check(ctx context.Context) (string, error) {
	if _, err := t.W.Do(t.a(), "check", "now"); err != nil {
		return "", err
	}
	var last, parts string
	for _, s := range t.W.Sides {
		err := until(ctx, s.Name+"'s check", 25*time.Second, func() error {
			for _, s := range t.W.Sides {
				t.answerCheck(s)
			}
			v, err := data[view.ChecksView](t.W.Act(s, act.Checks{}))
			if err != nil {
				return err
			}
			parts = fmt.Sprint(v.Check.State, v.Check.Parts)
			if v.Check.State != "passed" {
				if v.Check.State == "failed" || v.Check.State == "no-operator" || v.Check.State == "declined" {
					return fmt.Errorf("the check ended %s: %s", v.Check.State, v.Check.Word)
				}
				return errNotYet
			}
			last = v.Check.Figures
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("%w: %s", err, parts)
		}
	}
	return "Both ends: the check passed. " + last, nil
}

// answerCheck is the story's officer: he answers the check's ring, reads the question and knows the answer.
func (t *Teller) answerCheck(s *Side) {
	v, err := data[view.ChecksView](t.W.Act(s, act.Checks{}))
	if err != nil {
		return
	}
	answer := ""
	if v.Check.Question != nil {
		q, _ := check.FindQuestion(v.Check.Question.ID)
		answer = q.Answer
	}
	_, _ = t.W.Act(s, act.CheckConfirm{Answer: answer}) // refused while it does not ring yet
}
