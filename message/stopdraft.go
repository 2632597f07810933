// SPDX-License-Identifier: Apache-2.0

package message

import (
	"slices"
	"strings"
	"time"

	"example.org/parley/message/phrase"
	"example.org/parley/record"
)

// NewStop is a press of the red key. The id is that of our STOP that is open, so that presses add up, else a new one.
type NewStop struct {
	ID, Reason, Lang, Place string // Reason: a code, own words, or "" for danger, details follow
	Class, Mark             string // defaults: substantive, actual
	Check                   string // class test: the check that it belongs to
	By                      Author
}

// StopDraft makes stop.sent. Whatever was given that does not fit is cut or left out, never a reason to
// refuse: a STOP goes.
//
// SPEC: MSG-030, MSG-036
func StopDraft(n NewStop) (record.Draft, error) {
	f := StopFacts{ID: n.ID, Scope: StopEverywhere, Check: n.Check, By: n.By}
	f.Reason, f.Lang = reasonOf(or(n.Reason, StopUsualReason), n.Lang)
	f.Place = tidy(n.Place, maxStopPlace)
	if c, err := phrase.Place.Parse(f.Place); err == nil {
		f.Place = c
	}
	f.By.Desk = tidy(f.By.Desk, maxDesk)
	d := record.Draft{Kind: "stop.sent", Class: among(n.Class, Classes), Mark: among(n.Mark, Marks), Facts: f}
	if err := f.lawful(); err != nil {
		return d, refuse("press F2 twice", "%v", err)
	}
	return d, nil
}

// StopStepDraft makes a step of a STOP: taken, relayed (to), in-effect, refused (reason) or lifted.
//
// SPEC: MSG-030
func StopStepDraft(s StopState, a Actor, step, reason, lang, to string) (record.Draft, error) {
	step = or(map[string]string{"take": StopWasTaken, "refuse": StopWasRefused, "lift": StopWasLifted, "relay": StopWasRelayed}[step], step)
	f := StopStepFacts{Party: s.From, ID: s.ID, To: tidy(to, maxReason), By: a.Author}
	if reason != "" {
		f.Reason, f.Lang = reasonOf(reason, lang)
	}
	d := record.Draft{Kind: "stop." + step, Class: among(s.Class, Classes), Mark: among(s.Mark, Marks), Facts: f}
	switch {
	case !slices.Contains(StopSteps, step):
		return d, refuse("one of: take, in-effect, refuse, lift", "there is no step of a STOP %q", step)
	case step == StopWasLifted && a.Party != s.From:
		return d, refuse("ask them to lift it; you can state: take, in-effect, refuse", "only the party that sent a STOP lifts it")
	case step != StopWasLifted && a.Party == s.From:
		return d, refuse("the other side takes it; you can lift it", "this STOP is ours")
	case !s.Open && s.ID != "":
		return d, refuse("nothing is left to do", "this STOP is lifted")
	case step == StopWasRefused && f.Reason == "":
		return d, refuse("say why: --reason", "a refusal needs its reason")
	}
	if err := f.lawful(step); err != nil {
		return d, refuse("see: parley stop --help", "%v", err)
	}
	return d, nil
}

// Copy gives the first copy of what a draft states, to ride the session at once.
func (s StopState) Copy(d record.Draft, party, by string, now time.Time) StopCopy {
	c := StopCopy{Step: strings.TrimPrefix(d.Kind, "stop."), Party: party, Time: now.UTC().Truncate(time.Microsecond),
		Class: d.Class, Mark: d.Mark, By: tidy(by, maxCopyBy)}
	switch f := d.Facts.(type) {
	case StopFacts:
		c.ID, c.Reason, c.Place = f.ID, f.Reason, f.Place
	case StopStepFacts:
		c.Party, c.ID, c.Reason, c.Place = f.Party, f.ID, f.Reason, tidy(f.To, maxStopPlace)
	}
	return c
}

// Heard gives the state of a STOP of which only copies came over the session: what a board shows before
// any statement is here.
func Heard(copies []StopCopy) StopState {
	return StopState{Status: StopWasSent, Open: true}.With(copies)
}

// With adds to what is recorded what the session alone has said: each step that no statement here states yet.
// A lift counts for the presses that its party made before it, by that party's own clock.
//
// SPEC: MSG-037
func (s StopState) With(copies []StopCopy) StopState {
	recorded := map[string]bool{StopWasSent: len(s.Presses) > 0, StopWasTaken: len(s.Taken) > 0, StopWasRelayed: len(s.Relayed) > 0,
		StopIsInEffect: len(s.Effect) > 0, StopWasRefused: len(s.Refused) > 0, StopWasLifted: len(s.Lifts) > 0}
	lifted := !s.Open
	for _, c := range copies {
		if s.ID != "" && (s.From != c.Party || s.ID != c.ID) {
			continue
		}
		s.From, s.ID, s.Class, s.Mark = c.Party, c.ID, or(s.Class, c.Class), or(s.Mark, c.Mark)
		if c.Step == StopWasSent && (s.HeardAt.IsZero() || c.Time.Before(s.HeardAt)) {
			s.HeardAt = c.Time
		}
		if recorded[c.Step] {
			continue
		}
		st := StopStep{Name: c.Step, At: c.Time, Reason: c.Reason, Place: c.Place, Copy: true, Who: c.By}
		if c.Step == StopWasSent {
			s.Reason, s.Place, s.Recorded = or(s.Reason, c.Reason), or(s.Place, c.Place), s.HeardAt
		}
		list := s.list(c.Step)
		*list = append(slices.Clip(*list), st)
		lifted = lifted || c.Step == StopWasLifted && !slices.ContainsFunc(s.Presses, func(p StopStep) bool { return p.At.After(c.Time) })
	}
	s.word(lifted)
	return s
}

// reasonOf gives a coded reason, or own words that fit with their language.
func reasonOf(reason, lang string) (string, string) {
	if code := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(reason), " ", "-")); slices.Contains(StopReasons, code) {
		return code, ""
	}
	if reason = tidy(reason, maxReason); reason == "" {
		return StopUsualReason, ""
	}
	if len(lang) < 2 || len(lang) > 3 {
		lang = "en"
	}
	return reason, lang
}

// among gives s where it is one of the words, else the first of them.
func among(s string, words []string) string {
	if slices.Contains(words, s) {
		return s
	}
	return words[0]
}
