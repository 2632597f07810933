// SPDX-License-Identifier: Apache-2.0

package story

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/parley/check"
	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/verbs"
	"example.org/parley/internal/view"
	"example.org/parley/message/phrase"
)

// The texts of the story.
var (
	//go:embed seat.txt
	Seat string // two paired nodes, an officer at an armed desk of each
	//go:embed opening.txt
	Opening string // counterparts from before the line, and one check that passed
	//go:embed after.txt
	after string // the same two officers, in homes that have a story behind them
	//go:embed rest.txt
	Rest string // what a visitor would try, without one
)

// patience is how long a question of the story may take to be answered as the text says.
const patience = 45 * time.Second

// Play plays texts, one after the other, and tells each step as it ends.
func (w *World) Play(ctx context.Context, tell func(Scene), texts ...string) error {
	s := &Script{Stage: w, Patience: patience, Tell: func(st Scene) {
		st.Call, w.heard = w.heard, nil
		tell(st)
	}}
	for _, text := range texts {
		if _, err := s.Play(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// data decodes the view of an answer.
func data[T any](r act.Reply, err error) (v T, _ error) {
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(r.Data.(json.RawMessage), &v)
}

// Do is of Stage: it parses and does one act; aurelia/Sgt_Vela is another officer at a desk of his own.
func (w *World) Do(party, line string) (string, error) {
	if of, officer, is := strings.Cut(party, "/"); is {
		s, err := w.site(of)
		if err == nil && w.seats[party] == nil {
			err = w.sit(s, party, strings.ReplaceAll(officer, "_", " "))
		}
		if err == nil {
			err = w.seats[party](line)
		}
		return "", err
	}
	r, err := w.act(party, line)
	return r.ID, err
}

func (w *World) act(party, line string) (r act.Reply, err error) {
	s, err := w.site(party)
	if err != nil {
		return r, err
	}
	argv, err := verbs.Split(line)
	if err != nil {
		return r, err
	}
	a, err := verbs.Parse(argv, time.Now())
	if err != nil {
		return r, err
	}
	if w.tone { // nobody speaks here
		sound := fmt.Sprintf("tone %g", w.Tone)
		switch a.(type) {
		case act.Ring:
			a = act.Ring{Class: "test", Sound: sound}
		case act.Answer:
			a = act.Answer{Sound: sound}
		}
	}
	return w.Act(s, a)
}

// Ask is of Stage: the ladder of a message, what the binary says itself, or what a verb answers.
func (w *World) Ask(party, question string) ([]string, error) {
	s, err := w.site(party)
	if err != nil {
		return nil, err
	}
	f := strings.Fields(question)
	switch f[0] {
	case "ladder":
		v, err := data[view.Desk](w.Act(s, act.Show{ID: f[1]}))
		if err != nil || len(v.Messages) == 0 {
			return nil, err
		}
		reached := "reached"
		for _, st := range v.Messages[0].Steps {
			if st.State == "done" || st.State == "late" {
				reached += ", " + st.Step
			}
		}
		return []string{reached}, nil
	case "export", "claim", "verify", "read":
		out, err := w.Exec(s, f...)
		if out != "" { // what does not hold is said, and is an exit code
			err = nil
		}
		return strings.Split(strings.TrimSpace(out), "\n"), err
	}
	r, err := w.act(party, question)
	return strings.Split(strings.TrimSpace(r.Text), "\n"), err
}

// Name is of Stage.
func (w *World) Name(party, name string) (string, error) {
	switch name {
	case "DIR":
		return w.Dir, nil
	case "NOW":
		return phrase.DTG(time.Now()), nil
	case "YEAR": // of the winter before
		return strconv.Itoa(time.Now().UTC().AddDate(0, 0, -100).Year()), nil
	}
	if of, ok := strings.CutPrefix(name, "number_"); ok {
		return w.number(of)
	}
	s, err := w.site(party)
	if err != nil {
		return "", err
	}
	switch name {
	case "STOP":
		v, err := data[view.Desk](w.Act(s, act.Status))
		if err != nil {
			return "", err
		}
		if len(v.Stops) > 0 {
			return v.Stops[0].ID, nil
		}
	case "ANSWER":
		v, err := data[view.Desk](w.Act(s, act.Checks{}))
		if err != nil || v.Check.Question == nil {
			break
		}
		q, _ := check.FindQuestion(v.Check.Question.ID)
		return q.Answer, nil
	}
	return "", fmt.Errorf("nothing is called $%s", name)
}

// number is what a party reads out while the two pair.
func (w *World) number(party string) (string, error) {
	s, err := w.site(party)
	if err != nil || w.numbers[party] != "" {
		return w.numbers[party], err
	}
	v, err := data[struct {
		Number string `json:"number"`
	}](w.Act(s, act.Confirm{}))
	if v.Number == "" {
		return "", errors.Join(fmt.Errorf("%s has no number to read out", party), err)
	}
	w.numbers[party] = v.Number
	return v.Number, nil
}

// Wait is of Stage; the story is told in waits, not in times since its beginning.
func (w *World) Wait(d time.Duration) { time.Sleep(d) }

// Settle is of Stage: on real time there is no such moment.
func (w *World) Settle() {}

// Change is of Stage:
//
//	arm, kill, start, freeze, thaw, fail-disk, mend-disk PARTY
//	cut, restore CABLE
//	tone on|off              desks that ring or answer send a tone
//	hear PARTY               listen to the call there: $heard Hz, $lost of $frames frames; the tone must be the one sent
//	forge FROM TO            copy an export with one word changed; $forged is what
//	wait 300ms
func (w *World) Change(f []string) (map[string]string, error) {
	if len(f) < 2 {
		return nil, errors.New("what?")
	}
	switch f[0] {
	case "cut", "restore":
		c, err := w.cable(f[1])
		if err != nil {
			return nil, err
		}
		if f[0] == "cut" {
			c.Cut(linktest.Both)
		} else {
			c.Restore(linktest.Both)
		}
		return nil, nil
	case "tone":
		w.tone = f[1] == "on"
		return nil, nil
	case "wait":
		d, err := time.ParseDuration(f[1])
		time.Sleep(d)
		return nil, err
	case "forge":
		lie, _, err := Forge(f[1], f[len(f)-1])
		return map[string]string{"forged": lie[0] + " becomes " + lie[1]}, err
	}
	s, err := w.site(f[1])
	if err != nil {
		return nil, err
	}
	switch f[0] {
	case "arm":
		return nil, w.Arm(slices.Index(w.Sites[:], s))
	case "kill":
		w.Kill(s)
		return nil, nil
	case "start":
		return nil, w.Start(s)
	case "freeze", "thaw":
		return nil, w.Freeze(s, f[0] == "freeze")
	case "fail-disk", "mend-disk":
		return nil, w.Spoil(s, f[0] == "fail-disk")
	case "hear":
		return w.hear(s)
	}
	return nil, fmt.Errorf("nothing here does %s", f[0])
}

// Arm arms a desk of a side: for as long as this process lives or until Disarm; in a world that stays, for good.
func (w *World) Arm(i int) error {
	if s := w.Sites[i]; w.Stay {
		cmd, err := w.spawn(s, "desk", "desk", "--sign-on", "--quiet")
		if err == nil {
			go func() { _ = cmd.Wait() }() // no zombie while we live
		}
		return err
	}
	w.Disarm(i)
	ctx, leave := context.WithCancel(context.Background())
	w.leave[i] = leave
	_, _, err := control.To(w.Sites[i].Home).Watch(ctx, lineName, "en", act.SetDesk{Armed: true, Sound: act.NoSound})
	return err
}

// Disarm takes that desk away.
func (w *World) Disarm(i int) {
	if w.leave[i] != nil {
		w.leave[i]()
		w.leave[i] = nil
	}
}

// hear listens to the call at a side.
func (w *World) hear(s *Site) (map[string]string, error) {
	v, err := data[view.Desk](w.Act(s, act.Status))
	if err != nil {
		return nil, err
	}
	if v.Call.In == nil {
		return nil, errors.New("no meters in the call")
	}
	in := v.Call.In
	w.heard = map[string]float64{"sent_hz": w.Tone, "heard_hz": in.Hz, "frames_lost": float64(in.Lost), "longest_gap_ms": in.LongestGapMS, "frames": float64(in.Frames)}
	switch {
	case math.Abs(in.Hz-w.Tone) > 2:
		return nil, fmt.Errorf("sent %g Hz, heard %g Hz", w.Tone, in.Hz)
	case in.Lost > 0 || in.Frames < 100:
		return nil, fmt.Errorf("%d frames lost of %d", in.Lost, in.Frames)
	}
	return map[string]string{"sent": fmt.Sprintf("%g", w.Tone), "heard": fmt.Sprintf("%.1f", in.Hz),
		"lost": fmt.Sprint(in.Lost), "frames": fmt.Sprint(in.Frames)}, nil
}
