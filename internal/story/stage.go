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
	//go:embed rest.txt
	Rest string // what a visitor would try, without one
)

// patience is how long a question of the story may take to be answered as the text says.
const patience = 45 * time.Second

// Sounds are the figures of the story's call.
type Sounds struct {
	SentHz       float64 `json:"sent_hz"`
	HeardHz      float64 `json:"heard_hz"`
	FramesLost   uint64  `json:"frames_lost"`
	LongestGapMS float64 `json:"longest_gap_ms"`
	Frames       uint64  `json:"frames"`
}

// Play plays texts, one after the other, and tells each step as it ends.
func (w *World) Play(ctx context.Context, tell func(Step), texts ...string) error {
	s := &Script{Stage: w, Patience: patience, Tell: func(st Step) {
		st.Call, w.sounds = w.sounds, nil
		tell(st)
	}}
	for _, text := range texts {
		if _, err := s.Play(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// side finds a party's side.
func (w *World) side(party string) (*Side, error) {
	if s := w.Side(party); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("there is no party %q here", party)
}

// data decodes the view of an answer.
func data[T any](r act.Reply, err error) (v T, _ error) {
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(r.Data.(json.RawMessage), &v)
}

// Do is of Stage: it parses and does one act.
func (w *World) Do(party, line string) (string, error) {
	r, err := w.act(party, line)
	return r.ID, err
}

func (w *World) act(party, line string) (r act.Reply, err error) {
	s, err := w.side(party)
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
	s, err := w.side(party)
	if err != nil {
		return nil, err
	}
	f := strings.Fields(question)
	switch f[0] {
	case "ladder":
		v, err := data[view.Desk](w.Act(s, act.Show.Of(f[1])))
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
	case "export", "verify":
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
	s, err := w.side(party)
	if err != nil {
		return "", err
	}
	switch name {
	case "STOP":
		if v, err := data[view.Desk](w.Act(s, act.Status)); err != nil || len(v.Stops) > 0 {
			return v.Stops[0].ID, err
		}
	case "ANSWER":
		v, err := data[view.Desk](w.Act(s, act.Checks))
		if err != nil || v.Check.Question == nil {
			break
		}
		q, _ := check.FindQuestion(v.Check.Question.ID)
		return q.Answer, nil
	}
	return "", fmt.Errorf("nothing is called $%s", name)
}

// Wait is of Stage; the story is told in waits, not in times since its beginning.
func (w *World) Wait(d time.Duration) { time.Sleep(d) }

// Settle is of Stage: on real time there is no such moment.
func (w *World) Settle() {}

// Change is of Stage:
//
//	pair                     start both nodes, read each number out and type it at the other end
//	arm, kill, start, fail-disk, mend-disk PARTY
//	cut, restore CABLE
//	tone on|off              desks that ring or answer send a tone
//	hear PARTY               listen to the call there: $heard Hz, $lost of $frames frames; the tone must be the one sent
//	forge FROM TO            copy an export with one word changed; $forged is what
//	wait 300ms
func (w *World) Change(f []string) (map[string]string, error) {
	if f[0] == "pair" {
		return w.pair()
	}
	if len(f) < 2 {
		return nil, errors.New("what?")
	}
	switch s := w.Side(f[1]); {
	case f[0] == "cut" || f[0] == "restore":
		i := slices.IndexFunc(w.Cables, func(c *Cable) bool { return c.Label == f[1] })
		if i < 0 {
			return nil, fmt.Errorf("no cable %s", f[1])
		}
		w.Cables[i].Pull(f[0] == "cut")
		return nil, nil
	case f[0] == "tone":
		w.tone = f[1] == "on"
		return nil, nil
	case f[0] == "wait":
		d, err := time.ParseDuration(f[1])
		time.Sleep(d)
		return nil, err
	case f[0] == "forge" && len(f) == 3:
		what, err := Forge(f[1], f[2])
		return map[string]string{"forged": what}, err
	case s == nil:
		return nil, fmt.Errorf("nothing here does %s %s", f[0], f[1])
	case f[0] == "arm":
		return nil, w.Arm(slices.Index(w.Sides[:], s))
	case f[0] == "kill":
		w.Kill(s)
		return nil, nil
	case f[0] == "start":
		return nil, w.Start(s)
	case f[0] == "fail-disk" || f[0] == "mend-disk":
		return nil, w.Spoil(s, f[0] == "fail-disk")
	case f[0] == "hear":
		return w.hear(s)
	}
	return nil, fmt.Errorf("nothing here does %s", f[0])
}

// pair starts the nodes and types the numbers.
func (w *World) pair() (map[string]string, error) {
	for _, s := range w.Sides {
		if err := w.Start(s); err != nil {
			return nil, err
		}
	}
	names, numbers := map[string]string{}, [2]string{}
	for i, s := range w.Sides {
		for end := time.Now().Add(patience); numbers[i] == ""; time.Sleep(15 * time.Millisecond) {
			v, err := data[struct {
				Number string `json:"number"`
			}](w.Act(s, act.Confirm{}))
			if numbers[i] = v.Number; v.Number == "" && time.Now().After(end) {
				return nil, fmt.Errorf("%s has no number to read out: %w", s.Name, err)
			}
		}
		names["number_"+s.Name] = numbers[i]
	}
	for i, s := range w.Sides {
		if _, err := w.Act(s, act.Confirm{Number: numbers[1-i]}); err != nil {
			return nil, err
		}
	}
	w.paired = true
	return names, nil
}

// Arm arms a desk of a side: for as long as this process lives or until Disarm; in a world that stays, for good.
func (w *World) Arm(i int) error {
	if s := w.Sides[i]; w.Stay {
		cmd, err := w.spawn(s, "desk", "desk", "--sign-on", "--quiet")
		if err == nil {
			go func() { _ = cmd.Wait() }() // no zombie while we live
		}
		return err
	}
	w.Disarm(i)
	ctx, leave := context.WithCancel(context.Background())
	w.leave[i] = leave
	_, _, err := control.To(w.Sides[i].Home).Watch(ctx, lineName, "en", act.SetDesk{Armed: true, Sound: act.NoSound})
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
func (w *World) hear(s *Side) (map[string]string, error) {
	v, err := data[view.Desk](w.Act(s, act.Status))
	if err != nil || v.Call.In == nil {
		return nil, fmt.Errorf("no meters in the call: %w", err)
	}
	in := v.Call.In
	w.sounds = &Sounds{w.Tone, in.Hz, in.Lost, in.LongestGapMS, in.Frames}
	switch {
	case math.Abs(in.Hz-w.Tone) > 2:
		return nil, fmt.Errorf("sent %g Hz, heard %g Hz", w.Tone, in.Hz)
	case in.Lost > 0 || in.Frames < 100:
		return nil, fmt.Errorf("%d frames lost of %d", in.Lost, in.Frames)
	}
	return map[string]string{"sent": fmt.Sprintf("%g", w.Tone), "heard": fmt.Sprintf("%.1f", in.Hz),
		"lost": fmt.Sprint(in.Lost), "frames": fmt.Sprint(in.Frames)}, nil
}
