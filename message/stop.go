// SPDX-License-Identifier: Apache-2.0

package message

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"example.org/parley/line"
	"example.org/parley/message/phrase"
	"example.org/parley/record"
)

// The steps of a STOP; lifted is its own party's, the others the receiver's.
const (
	StopWasSent     = "sent"
	StopWasTaken    = "taken"
	StopWasRelayed  = "relayed"
	StopIsInEffect  = "in-effect"
	StopWasRefused  = "refused"
	StopWasLifted   = "lifted"
	StopEverywhere  = "everywhere"
	StopUsualReason = "danger-details-follow"
)

// StopSteps lists the steps that follow stop.sent.
var StopSteps = []string{StopWasTaken, StopWasRelayed, StopIsInEffect, StopWasRefused, StopWasLifted}

// StopReasons lists the coded reasons; phrase.Reason draws them.
var StopReasons = []string{StopUsualReason, "people-in-danger", "fire-falling-on-us", "collision-risk",
	"not-our-forces", "cannot-reach-unit", "own-forces-in-danger", "not-understood"}

// NewStopID draws the random name of a STOP.
func NewStopID(rand io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("couldn't draw the name of a STOP: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// stopID groups the statements of one STOP by its party and id, whichever end stated first.
//
// SPEC: MSG-031
func stopID(e *record.Entry) (party, id string, err error) {
	if e.Kind == "stop.sent" {
		f, here, err := decode[StopFacts](e)
		if err != nil || !here {
			return "", "", errors.Join(err, absent(here))
		}
		return e.Log.Party, f.ID, nil
	}
	f, here, err := decode[StopStepFacts](e)
	if err != nil || !here {
		return "", "", errors.Join(err, absent(here))
	}
	return f.Party, f.ID, nil
}

func absent(here bool) error {
	if here {
		return nil
	}
	return errors.New("its facts are not here")
}

// lawfulStop judges every statement about a STOP from itself alone.
//
// SPEC: MSG-030
func lawfulStop(e, _ *record.Entry) error {
	if n := bodies(e); n > UrgentBodies {
		return fmt.Errorf("bodies of %d bytes, over %d", n, UrgentBodies)
	}
	step := strings.TrimPrefix(e.Kind, "stop.")
	if step == StopWasSent {
		f, here, err := decode[StopFacts](e)
		if err != nil || !here {
			return err
		}
		return f.lawful()
	}
	f, here, err := decode[StopStepFacts](e)
	if err != nil || !here {
		return err
	}
	if own := e.Log.Party == f.Party; own != (step == StopWasLifted) {
		return errors.New("only the party that sent a STOP lifts it, and only the other states its other steps")
	}
	return f.lawful(step)
}

func (f StopFacts) lawful() error {
	if !validID(f.ID) {
		return errors.New("its id is not 32 lower-case hex digits")
	}
	if f.Scope != StopEverywhere {
		return fmt.Errorf("scope %q is not known", f.Scope)
	}
	if f.Place != "" {
		if err := line.Clean("place", f.Place, maxStopPlace); err != nil {
			return err
		}
	}
	if f.Check != "" {
		if err := line.Clean("check", f.Check, 64); err != nil {
			return err
		}
	}
	return errors.Join(lawfulReason(f.Reason, f.Lang, true), f.By.lawful(false))
}

func (f StopStepFacts) lawful(step string) error {
	if !validID(f.ID) {
		return errors.New("its id is not 32 lower-case hex digits")
	}
	if (f.To != "") != (step == StopWasRelayed) {
		return errors.New("relayed names to whom, and nothing else does")
	}
	if f.To != "" {
		if err := line.Clean("to", f.To, maxReason); err != nil {
			return err
		}
	}
	return errors.Join(lawfulReason(f.Reason, f.Lang, step == StopWasRefused), f.By.lawful(false))
}

// lawfulReason: a code, or own words in a language.
func lawfulReason(reason, lang string, must bool) error {
	switch {
	case reason == "" && must:
		return errors.New("its reason is missing")
	case reason == "" || slices.Contains(StopReasons, reason):
		if lang != "" {
			return errors.New("a language without own words")
		}
		return nil
	}
	return errors.Join(line.Clean("reason", reason, maxReason), line.Lang(lang))
}

func validID(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}

// FoldStop gives what a STOP has come to, from the set of its statements and receipts.
//
// SPEC: MSG-032, MSG-033
func FoldStop(it *record.Item, r Past) StopState {
	s := StopState{Key: it.Key, Status: StopWasSent, Class: "test"}
	for _, e := range canonical(it.Entries) {
		if lawfulStop(e, nil) != nil || e.FactsB == nil {
			continue
		}
		if from, id, _ := stopID(e); s.ID != "" && (from != s.From || id != s.ID) {
			continue
		}
		step := StopStep{Name: strings.TrimPrefix(e.Kind, "stop."), Party: e.Log.Party, Ref: e.Ref(), Entry: e, At: e.Time}
		if e.Class != "test" {
			s.Class = e.Class
		}
		if s.Mark != "actual" {
			s.Mark = e.Mark
		}
		if step.Name == StopWasSent {
			f, _, _ := decode[StopFacts](e)
			step.Reason, step.Lang, step.Place, step.By = f.Reason, f.Lang, f.Place, f.By
			s.From, s.ID = e.Log.Party, f.ID
			s.press(step, f)
			continue
		}
		f, _, _ := decode[StopStepFacts](e)
		step.Reason, step.Lang, step.To, step.By = f.Reason, f.Lang, f.To, f.By
		s.From, s.ID = f.Party, f.ID
		list := s.list(step.Name)
		*list = append(*list, step)
	}
	s.tell(r)
	return s
}

// list gives the steps of a name.
func (s *StopState) list(step string) *[]StopStep {
	return map[string]*[]StopStep{StopWasSent: &s.Presses, StopWasTaken: &s.Taken, StopWasRelayed: &s.Relayed, StopIsInEffect: &s.Effect,
		StopWasRefused: &s.Refused, StopWasLifted: &s.Lifts}[step]
}

// press adds one stop.sent and the receipt that covers it.
func (s *StopState) press(step StopStep, f StopFacts) {
	s.Presses = append(s.Presses, step)
	if s.Recorded.IsZero() || step.At.Before(s.Recorded) {
		s.Recorded = step.At
	}
	if f.Check != "" {
		s.Check = f.Check
	}
	rc := step.Entry.Receipt
	if rc != nil && (s.Held == nil || rc.Held.Before(s.Held.At)) {
		s.Held = &StopStep{Name: Held, Party: rc.By, At: rc.Held}
	}
}

// tell chooses the words: refused beats in effect beats taken; lifted only when every press is in a lift's past.
func (s *StopState) tell(r Past) {
	for _, p := range newest(s.Presses, func(p StopStep) *record.Entry { return p.Entry }, r) {
		if s.Place == "" {
			s.Place = p.Place
		}
		if s.Reason == "" || s.Reason == StopUsualReason {
			s.Reason, s.Lang = p.Reason, p.Lang
		}
	}
	lifted := len(s.Lifts) > 0
	for _, p := range s.Presses {
		known := false
		for _, l := range s.Lifts {
			known = known || r.Before(p.Entry, l.Entry)
		}
		lifted = lifted && known
	}
	s.word(lifted)
}

func (s *StopState) word(lifted bool) {
	s.Open = !lifted
	for _, c := range []struct {
		when bool
		word string
	}{{lifted, StopWasLifted}, {len(s.Refused) > 0, StopWasRefused}, {len(s.Effect) > 0, StopIsInEffect}, {len(s.Taken) > 0, StopWasTaken}, {s.Held != nil, Held}} {
		if c.when {
			s.Status = c.word
			return
		}
	}
}

// Line draws the reason and place of a STOP in a language.
func (s StopState) Line(lang string) string {
	words := phrase.Reason(lang, s.Reason)
	if s.Place != "" {
		words += " · " + s.Place
	}
	return words
}

// DueStop lists the clocks of a STOP: held runs at its sender from recorded, the others at both ends from held.
// Of one of which only the copy is here they run at the receiver from the time that the copy names.
// One of class test belongs to its check and ends with it: only held is awaited.
//
// SPEC: MSG-034
func DueStop(s StopState, side Side, now time.Time) []Clock {
	var cs []Clock
	add := func(step string, start time.Time, allowed time.Duration, done []StopStep) {
		c := Clock{Step: step, Due: start.Add(allowed), Done: len(done) > 0}
		first := now
		for i, d := range done {
			if i == 0 || d.At.Before(first) {
				first = d.At
			}
		}
		c.Late = c.Done && first.After(c.Due)
		c.Overdue = !c.Done && s.Open && now.After(c.Due)
		if c.Done || s.Open {
			cs = append(cs, c)
		}
	}
	start := s.HeardAt
	if s.Held != nil {
		start = begun(s.Held.At, s.Recorded, now)
		add(Held, s.Recorded, 5*time.Second, []StopStep{*s.Held})
	} else if side == Sender || start.IsZero() {
		if side == Sender && !s.Recorded.IsZero() {
			add(Held, s.Recorded, 5*time.Second, nil)
		}
		return cs
	}
	if s.Class == "test" {
		return cs
	}
	ends := slices.Concat(s.Effect, s.Refused)
	add(StopWasTaken, start, time.Minute, slices.Concat(s.Taken, ends))
	add("effect", start, 5*time.Minute, ends)
	return cs
}

// tidy makes a text fit for a STOP: one line, no control or direction characters, at most max bytes.
func tidy(s string, max int) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ") {
		if b.Len()+utf8.RuneLen(r) > max {
			break
		}
		if !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r) {
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}
