// SPDX-License-Identifier: Apache-2.0

package stop

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"example.org/parley/message/phrase"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// Draft makes stop.sent, of a press of the red key: f has its id (that of our STOP that is open, so that presses add
// up, else a new one), a reason or "" for danger, details follow, a place; d a class and a mark. Whatever was given
// that does not fit is cut or left out, never a reason to refuse: a STOP goes.
//
// SPEC: MSG-030, MSG-036
func Draft(d record.Draft, f Said) (record.Draft, error) {
	f.Scope = Everywhere
	f.Reason, f.Lang = reasonOf(cmp.Or(f.Reason, UsualReason), f.Lang)
	f.Place = statement.Tidy(f.Place, maxPlace)
	if c, err := phrase.Place.Parse(f.Place); err == nil {
		f.Place = c
	}
	f.By.Desk = statement.Tidy(f.By.Desk, maxName)
	d.Kind, d.Class, d.Mark, d.Facts = "stop.sent", among(d.Class, statement.Classes), among(d.Mark, statement.Marks), f
	return statement.Draft(Kinds, "", nil, d, "press F2 twice")
}

// StepDraft makes a step of a STOP: taken, relayed (to), in-effect, refused (reason) or lifted.
//
// SPEC: MSG-030
func StepDraft(s State, a statement.Actor, step, reason, lang, to string) (record.Draft, error) {
	step = cmp.Or(map[string]string{"take": Taken, "refuse": Refused, "lift": Lifted, "relay": Relayed}[step], step)
	f := Said{Party: s.From, ID: s.ID, To: statement.Tidy(to, maxReason), By: a.Author}
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
	case step == Taken && slices.ContainsFunc(s.Steps[Taken], func(t Step) bool { return !t.Copy }):
		return d, statement.Refuse("you can state: in-effect, refuse", "this STOP is taken")
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
	f := d.Facts.(Said)
	c.Party, c.ID, c.Reason, c.Place = cmp.Or(f.Party, party), f.ID, f.Reason, cmp.Or(f.Place, statement.Tidy(f.To, maxPlace))
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
	steps := maps.Clone(s.Steps) // what is recorded goes before what is only said
	if s.Steps = maps.Clone(s.Steps); s.Steps == nil {
		s.Steps = map[string][]Step{}
	}
	lifted := !s.Open
	for _, c := range copies {
		if s.ID != "" && (s.From != c.Party || s.ID != c.ID) {
			continue
		}
		s.From, s.ID, s.Class, s.Mark = c.Party, c.ID, cmp.Or(s.Class, c.Class), cmp.Or(s.Mark, c.Mark)
		if c.Step == Sent && (s.HeardAt.IsZero() || c.Time.Before(s.HeardAt)) {
			s.HeardAt = c.Time
		}
		if len(steps[c.Step]) > 0 {
			continue
		}
		st := Step{Name: c.Step, At: c.Time, Said: Said{Reason: c.Reason, Place: c.Place}, Copy: true, Who: c.By}
		switch c.Step {
		case Sent:
			s.Reason, s.Place, s.Recorded = cmp.Or(s.Reason, c.Reason), cmp.Or(s.Place, c.Place), s.HeardAt
		case Relayed: // a copy has one member for places
			st.To, st.Place = c.Place, ""
		}
		s.Steps[c.Step] = append(slices.Clip(s.Steps[c.Step]), st)
		lifted = lifted || c.Step == Lifted && !slices.ContainsFunc(s.Steps[Sent], func(p Step) bool { return p.At.After(c.Time) })
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
