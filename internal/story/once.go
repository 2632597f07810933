// SPDX-License-Identifier: Apache-2.0

package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/view"
	"example.org/parley/message/phrase"
)

// Step is one step of the story, as --json prints it.
type Step struct {
	Step string  `json:"step"`
	OK   bool    `json:"ok"`
	Says string  `json:"says"`
	MS   int64   `json:"ms"`
	Err  string  `json:"error,omitempty"`
	Call *Sounds `json:"call,omitempty"`
}

// Sounds are the figures of the story's call.
type Sounds struct {
	SentHz       float64 `json:"sent_hz"`
	HeardHz      float64 `json:"heard_hz"`
	FramesLost   uint64  `json:"frames_lost"`
	LongestGapMS float64 `json:"longest_gap_ms"`
	Frames       uint64  `json:"frames"`
}

// Teller plays the story on a world and tells each step.
type Teller struct {
	W    *World
	Tone float64 // Hz of the call's tone
	Tell func(Step)
	desk [2]*control.Client // what keeps the desks armed
	call *Sounds
	flash,
	export string
}

// errNotYet says that what is waited for is not so yet.
var errNotYet = errors.New("not yet")

// Opening is the start of the story: pair, sign on, counterparts, one passed check.
func (t *Teller) Opening(ctx context.Context) error {
	return t.play(ctx, []step{
		{"pair", t.pair}, {"people", t.people}, {"counterparts", t.counterparts}, {"check", t.check},
	})
}

// Seat is its first half: two nodes that are paired, an officer at an armed desk of each.
func (t *Teller) Seat(ctx context.Context) error {
	return t.play(ctx, []step{{"pair", t.pair}, {"people", t.people}})
}

// Rest is what a visitor would try, without one.
func (t *Teller) Rest(ctx context.Context) error {
	return t.play(ctx, []step{
		{"flash", t.sendFlash}, {"read-back", t.readBack}, {"call", t.ring}, {"stop", t.stop},
		{"cables", t.cables}, {"kill", t.kill}, {"spoil", t.spoil}, {"verify", t.verify}, {"forge", t.forge}, {"ask", t.ask},
	})
}

type step struct {
	name string
	do   func(ctx context.Context) (string, error)
}

func (t *Teller) play(ctx context.Context, steps []step) error {
	for _, s := range steps {
		began := time.Now()
		t.call = nil
		says, err := s.do(ctx)
		st := Step{Step: s.name, OK: err == nil, Says: says, MS: time.Since(began).Milliseconds(), Call: t.call}
		if err != nil {
			st.Err = err.Error()
		}
		t.Tell(st)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func (t *Teller) a() *Side { return t.W.Sides[0] }
func (t *Teller) b() *Side { return t.W.Sides[1] }

// until asks again until f no longer says errNotYet, or the time is over.
func until(ctx context.Context, what string, d time.Duration, f func() error) error {
	end := time.Now().Add(d)
	for {
		err := f()
		if err == nil || !errors.Is(err, errNotYet) {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s: not within %v", what, d)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(15 * time.Millisecond):
		}
	}
}

// data decodes the view of an answer.
func data[T any](r control.Reply, err error) (v T, _ error) {
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(r.Data, &v)
}

func (t *Teller) sendFlash(ctx context.Context) (string, error) {
	r, err := t.W.Do(t.a(), "send", "--precedence", "FLASH", "--phrase", "IS_THIS_YOURS", "--read-back", "place", "--respond",
		"object=ship", "place=54.20N 18.40E", "time="+phrase.DTG(time.Now()))
	if err != nil {
		return "", err
	}
	t.flash = r.ID
	return fmt.Sprintf("%s: is this yours? recorded, then held at the far end", r.ID), t.step(ctx, t.a(), r.ID, "held")
}

// step waits until a message has reached a step, at a side.
func (t *Teller) step(ctx context.Context, s *Side, id, name string) error {
	return until(ctx, id+" "+name, 20*time.Second, func() error {
		v, err := data[view.ShowView](t.W.Act(s, act.Show{ID: id}))
		if err != nil || v.Message == nil {
			return errNotYet
		}
		for _, st := range v.Message.Steps {
			if st.Step == name && (st.State == "done" || st.State == "late") {
				return nil
			}
		}
		return errNotYet
	})
}

func (t *Teller) readBack(ctx context.Context) (string, error) {
	if err := until(ctx, "the message", 5*time.Second, func() error {
		if _, err := t.W.Act(t.b(), act.Show{ID: t.flash}); err != nil {
			return errNotYet
		}
		return nil
	}); err != nil {
		return "", err
	}
	_, err := t.W.Do(t.b(), "ack", t.flash, "--read", "translation", "place=54.20N 18.45E")
	if err == nil {
		return "", errors.New("a wrong read-back was accepted")
	}
	for _, argv := range [][]string{{"ack", t.flash, "--read", "translation", "place=54.20N 018.40E"}, {"respond", t.flash, "not-ours"}} {
		if _, err := t.W.Do(t.b(), argv...); err != nil {
			return "", err
		}
	}
	return "A wrong place is refused; the right one acknowledges; they respond: not ours.", t.step(ctx, t.a(), t.flash, "responded")
}

// ring plays a call with a tone, and pulls a cable in the middle of it.
func (t *Teller) ring(ctx context.Context) (string, error) {
	sound := fmt.Sprintf("tone %g", t.Tone)
	if _, err := t.W.Act(t.a(), act.Ring{Class: "test", Sound: sound}); err != nil {
		return "", err
	}
	phase := func(s *Side, state string) error {
		return until(ctx, s.Name+" "+state, 10*time.Second, func() error {
			v, err := data[view.StatusView](t.W.Act(s, act.Status{}))
			if err != nil || v.Call.State != state && !(state == "idle" && v.Call.State == "ended") {
				return errNotYet
			}
			return nil
		})
	}
	if err := phase(t.b(), "ringing-here"); err != nil {
		return "", err
	}
	if _, err := t.W.Act(t.b(), act.Answer{Sound: sound}); err != nil {
		return "", err
	}
	for _, s := range t.W.Sides {
		if err := phase(s, "connected"); err != nil {
			return "", err
		}
	}
	time.Sleep(1200 * time.Millisecond)
	t.W.Cables[0].Pull(true)
	time.Sleep(2500 * time.Millisecond)
	c := &Sounds{SentHz: t.Tone}
	v, err := data[view.StatusView](t.W.Act(t.b(), act.Status{}))
	if err != nil || v.Call.In == nil {
		return "", fmt.Errorf("no meters in the call: %v", err)
	}
	c.HeardHz = v.Call.In.Hz
	if _, err := t.W.Act(t.a(), act.HangUp{}); err != nil {
		return "", err
	}
	t.W.Cables[0].Pull(false)
	if err := phase(t.b(), "idle"); err != nil {
		return "", err
	}
	c.FramesLost, c.LongestGapMS, c.Frames = v.Call.In.Lost, v.Call.In.LongestGapMS, v.Call.In.Frames
	t.call = c
	switch {
	case math.Abs(c.HeardHz-c.SentHz) > 2:
		return "", fmt.Errorf("sent %g Hz, heard %g Hz", c.SentHz, c.HeardHz)
	case c.FramesLost > 0 || c.Frames < 100:
		return "", fmt.Errorf("%d frames lost of %d", c.FramesLost, c.Frames)
	}
	return fmt.Sprintf("A tone of %g Hz is heard as %.1f Hz; a cable is pulled: %d of %d frames lost.", c.SentHz, c.HeardHz, c.FramesLost, c.Frames), nil
}

func (t *Teller) stop(ctx context.Context) (string, error) {
	r, err := t.W.Do(t.a(), "stop", "--reason", "people-in-danger")
	if err != nil {
		return "", err
	}
	if err := t.stopIs(ctx, t.b(), "held", "sent"); err != nil {
		return "", err
	}
	for _, step := range []string{"take", "in-effect"} { // the newest that stands
		if _, err := t.W.Act(t.b(), act.StopStep{Step: step}); err != nil {
			return "", err
		}
	}
	if err := t.stopIs(ctx, t.a(), "in-effect"); err != nil {
		return "", err
	}
	if _, err := t.W.Do(t.b(), "stop", "lift", r.ID); err == nil {
		return "", errors.New("the party that did not send the STOP lifted it")
	}
	if _, err := t.W.Do(t.a(), "stop", "lift", r.ID); err != nil {
		return "", err
	}
	return "STOP: taken, in effect; only its own party lifts it.", t.stopIs(ctx, t.b(), "lifted")
}

func (t *Teller) stopIs(ctx context.Context, s *Side, states ...string) error {
	return until(ctx, s.Name+": STOP "+states[0], 10*time.Second, func() error {
		v, err := data[view.StatusView](t.W.Act(s, act.Status{}))
		if err != nil {
			return err
		}
		if states[0] == "lifted" && !slices.ContainsFunc(v.Stops, func(s view.Stop) bool { return s.Class != "test" }) {
			return nil // the status lists what stands
		}
		for _, st := range v.Stops {
			for _, want := range states {
				if st.Class != "test" && st.State == want {
					return nil
				}
			}
		}
		return errNotYet
	})
}

// cables pulls both: what is sent is recorded, not held, and loses nothing.
func (t *Teller) cables(ctx context.Context) (string, error) {
	for _, c := range t.W.Cables {
		c.Pull(true)
	}
	r, err := t.W.Do(t.a(), "send", "--precedence", "IMMEDIATE", "We hold our positions until 1500Z.")
	if err != nil {
		return "", err
	}
	time.Sleep(300 * time.Millisecond)
	v, err := data[view.ShowView](t.W.Act(t.a(), act.Show{ID: r.ID}))
	if err != nil || v.Row.State != "recorded" {
		return "", fmt.Errorf("with both cables out %s is %q: %v", r.ID, v.Row.State, err)
	}
	for _, c := range t.W.Cables {
		c.Pull(false)
	}
	return r.ID + ": recorded, not held, while both cables are out; held once one is in.", t.step(ctx, t.a(), r.ID, "held")
}

func (t *Teller) kill(ctx context.Context) (string, error) {
	r, err := t.W.Do(t.b(), "send", "Our patrol has turned back.", "--text-lang", "en")
	if err != nil {
		return "", err
	}
	t.W.Kill(t.b())
	if err := t.W.Start(t.b()); err != nil {
		return "", err
	}
	if _, err := t.Arm(); err != nil {
		return "", err
	}
	return r.ID + " was recorded; kill -9; the node is back and it is held.", t.step(ctx, t.a(), r.ID, "held")
}

// spoil starves a node's disk: a whole call works, shown as unrecorded.
func (t *Teller) spoil(ctx context.Context) (string, error) {
	if err := t.W.Spoil(t.b(), true); err != nil {
		return "", err
	}
	if _, err := t.W.Do(t.b(), "send", "this cannot be recorded"); err == nil {
		return "", errors.New("a statement was recorded on a spoilt disk")
	}
	if _, err := t.ring(ctx); err != nil {
		return "", fmt.Errorf("a call with a spoilt disk: %w", err)
	}
	for i, s := range t.W.Sides {
		v, err := data[view.StatusView](t.W.Act(s, act.Status{}))
		if err != nil || v.Unrecorded == nil || (i == 1) != v.Unrecorded.There.IsZero() {
			return "", fmt.Errorf("%s's desk does not say UNRECORDED: %v %w", s.Name, v.Unrecorded, err)
		}
	}
	t.call = nil
	if err := t.W.Spoil(t.b(), false); err != nil {
		return "", err
	}
	return "B's disk fails: nothing is signed, both desks say UNRECORDED, and a whole call works.", until(ctx, "the repair", 15*time.Second, func() error {
		if _, err := t.W.Do(t.b(), "send", "The disk is mended."); err != nil {
			return errNotYet
		}
		return nil
	})
}

// Export writes a side's record to a file and gives its path.
func (t *Teller) Export() (string, error) {
	file := filepath.Join(t.W.Dir, "north.parley")
	_ = os.Remove(file)
	_, err := t.W.Exec(t.a(), "export", file)
	return file, err
}

func (t *Teller) verify(context.Context) (string, error) {
	file, err := t.Export()
	if err != nil {
		return "", err
	}
	t.export = file
	out, err := t.W.Exec(t.a(), "verify", file)
	if err != nil || !strings.Contains(out, "HOLDS") {
		return "", fmt.Errorf("the export does not hold: %w: %s", err, out)
	}
	return strings.TrimSpace(strings.SplitN(out, "\n", 2)[0]), nil
}

// Forge copies an export with one byte of a text changed.
func Forge(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	b, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	i := strings.Index(string(b), "54.20N")
	if i < 0 {
		i = len(b) / 2
	}
	b[i+1] ^= 1
	return os.WriteFile(to, b, 0o600)
}

func (t *Teller) forge(context.Context) (string, error) {
	forged := strings.TrimSuffix(t.export, ".parley") + ".forged"
	if err := Forge(t.export, forged); err != nil {
		return "", err
	}
	defer os.Remove(forged)
	out, err := t.W.Exec(t.a(), "verify", forged)
	if err == nil || !strings.Contains(out, "DOES NOT HOLD") {
		return "", fmt.Errorf("a forged byte was not caught: %s", out)
	}
	return "One byte is forged: " + strings.TrimSpace(strings.SplitN(out, "\n", 2)[0]), nil
}

func (t *Teller) ask(ctx context.Context) (string, error) {
	v, err := data[view.StatusView](t.W.Act(t.a(), act.Status{}))
	if err != nil || len(v.Sentences) < 2 {
		return "", fmt.Errorf("the status says nothing: %w", err)
	}
	return strings.Join(v.Sentences, " "), nil
}
