// SPDX-License-Identifier: Apache-2.0

package stop

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/message/phrase"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// New is a press of the red key. The id is that of our STOP that is open, so that presses add up, else a new one.
type New struct {
	ID, Reason, Lang, Place string // Reason: a code, own words, or "" for danger, details follow
	Class, Mark             string // defaults: substantive, actual
	Check                   string // class test: the check that it belongs to
	By                      statement.Author
}

// Draft makes stop.sent. Whatever was given that does not fit is cut or left out, never a reason to
// refuse: a STOP goes.
//
// SPEC: MSG-030, MSG-036
func Draft(n New) (record.Draft, error) {
	f := Facts{ID: n.ID, Scope: Everywhere, Check: n.Check, By: n.By}
	f.Reason, f.Lang = reasonOf(cmp.Or(n.Reason, UsualReason), n.Lang)
	f.Place = statement.Tidy(n.Place, maxPlace)
	if c, err := phrase.Place.Parse(f.Place); err == nil {
		f.Place = c
	}
	f.By.Desk = statement.Tidy(f.By.Desk, maxName)
	return statement.Draft(Kinds, "", nil, record.Draft{Kind: "stop.sent", Class: among(n.Class, statement.Classes), Mark: among(n.Mark, statement.Marks), Facts: f}, "press F2 twice")
}

// StepDraft makes a step of a STOP: taken, relayed (to), in-effect, refused (reason) or lifted.
//
// SPEC: MSG-030
func StepDraft(s State, a statement.Actor, step, reason, lang, to string) (record.Draft, error) {
	step = cmp.Or(map[string]string{"take": Taken, "refuse": Refused, "lift": Lifted, "relay": Relayed}[step], step)
	f := StepFacts{Party: s.From, ID: s.ID, To: statement.Tidy(to, maxReason), By: a.Author}
	if reason != "" {
		f.Reason, f.Lang = reasonOf(reason, lang)
	}
	d := record.Draft{Kind: "stop." + step, Class: among(s.Class, statement.Classes), Mark: among(s.Mark, statement.Marks), Facts: f}
	switch {
	case !slices.Contains(Steps, step):
		return d, statement.Choose("step of a STOP", step, Acts)
	case step == Lifted && a.Party != s.From:
		return d, statement.Refuse("ask them to lift it; you can state: take, in-effect, refuse", "only the party that sent a STOP lifts it")
	case step != Lifted && a.Party == s.From:
		return d, statement.Refuse("the other side takes it; you can lift it", "this STOP is ours")
	case !s.Open && s.ID != "":
		return d, statement.Refuse("nothing is left to do", "this STOP is lifted")
	case step == Refused && f.Reason == "":
		return d, statement.Refuse("say why: --reason", "a refusal needs its reason")
	case step == Lifted && f.Reason == "":
		return d, statement.Refuse("say why it need stand no longer: --reason", "lifting a STOP needs its reason")
	}
	return statement.Draft(Kinds, a.Party, nil, d, "see: parley stop --help")
}

// Copy gives the first copy of what a draft states, to ride the session at once.
func (s State) Copy(d record.Draft, party, by string, now time.Time) Copy {
	c := Copy{Step: strings.TrimPrefix(d.Kind, "stop."), Party: party, Time: now.UTC().Truncate(time.Microsecond),
		Class: d.Class, Mark: d.Mark, By: statement.Tidy(by, maxName)}
	switch f := d.Facts.(type) {
	case Facts:
		c.ID, c.Reason, c.Place = f.ID, f.Reason, f.Place
	case StepFacts:
		c.Party, c.ID, c.Reason, c.Place = f.Party, f.ID, f.Reason, statement.Tidy(f.To, maxPlace)
	}
	return c
}

// Heard gives the state of a STOP of which only copies came over the session: what a board shows before
// any statement is here.
func Heard(copies []Copy) State {
	return State{Status: Sent, Open: true}.With(copies)
}

// With adds to what is recorded what the session alone has said: each step that no statement here states yet.
// A lift counts for the presses that its party made before it, by that party's own clock.
//
// SPEC: MSG-037
func (s State) With(copies []Copy) State {
	recorded := map[string]bool{Sent: len(s.Presses) > 0, Taken: len(s.Taken) > 0, Relayed: len(s.Relayed) > 0,
		InEffect: len(s.Effect) > 0, Refused: len(s.Refused) > 0, Lifted: len(s.Lifts) > 0}
	lifted := !s.Open
	for _, c := range copies {
		if s.ID != "" && (s.From != c.Party || s.ID != c.ID) {
			continue
		}
		s.From, s.ID, s.Class, s.Mark = c.Party, c.ID, cmp.Or(s.Class, c.Class), cmp.Or(s.Mark, c.Mark)
		if c.Step == Sent && (s.HeardAt.IsZero() || c.Time.Before(s.HeardAt)) {
			s.HeardAt = c.Time
		}
		if recorded[c.Step] {
			continue
		}
		st := Step{Name: c.Step, At: c.Time, Reason: c.Reason, Place: c.Place, Copy: true, Who: c.By}
		if c.Step == Sent {
			s.Reason, s.Place, s.Recorded = cmp.Or(s.Reason, c.Reason), cmp.Or(s.Place, c.Place), s.HeardAt
		}
		list := s.list(c.Step)
		*list = append(slices.Clip(*list), st)
		lifted = lifted || c.Step == Lifted && !slices.ContainsFunc(s.Presses, func(p Step) bool { return p.At.After(c.Time) })
	}
	s.word(lifted)
	return s
}

// reasonOf gives a coded reason, or own words that fit with their language.
func reasonOf(reason, lang string) (string, string) {
	if code := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(reason), " ", "-")); slices.Contains(Reasons, code) {
		return code, ""
	}
	if reason = statement.Tidy(reason, maxReason); reason == "" {
		return UsualReason, ""
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
