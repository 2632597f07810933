// SPDX-License-Identifier: Apache-2.0

package message

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"example.org/parley/message/phrase"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// unattributedLine is what a desk may send without anybody signed on: one line of this many bytes.
const unattributedLine = 240

// NewDraft makes the draft of a message of a party, or says what is wrong with it and the way out. What d and f leave
// out is the phrase's kind or information, substantive, actual, ROUTINE; the kind has no prefix, fields are as typed,
// and the first Re is the message that it replies to.
//
// SPEC: MSG-010, MSG-011, MSG-015
func NewDraft(party string, d record.Draft, f Facts, now time.Time) (record.Draft, error) {
	f.Precedence, f.NotAfter = strings.ToUpper(cmp.Or(f.Precedence, "ROUTINE")), f.NotAfter.UTC().Truncate(time.Second)
	if d.Text != nil {
		d.Text = &record.Text{Lang: cmp.Or(d.Text.Lang, "en"), Text: strings.TrimSpace(d.Text.Text)}
		if d.Text.Text == "" {
			d.Text = nil
		}
	}
	if d.Text == nil && f.Phrase == "" {
		return d, statement.Refuse("write it, or choose a phrase: parley phrase list", "there is nothing to send: neither words nor a phrase")
	}
	kind := cmp.Or(d.Kind, "information")
	if f.Phrase != "" {
		p, err := f.code(now)
		if err != nil {
			return d, err
		}
		if kind = cmp.Or(d.Kind, p.Kind); kind != p.Kind {
			return d, statement.Refuse("leave the kind out", "phrase %s is of kind %s, not %s", p.Code, p.Kind, kind)
		}
	}
	d.Kind, d.Facts = "message."+kind, f
	switch {
	case !slices.Contains(KindNames, kind):
		return d, statement.Choose("kind of message", kind, KindNames)
	case !f.NotAfter.IsZero() && !f.NotAfter.After(now):
		return d, statement.Refuse("give a later time, or none", "not-after %s has passed", f.NotAfter.Format(time.RFC3339))
	case f.By.Officer == "" && (d.Text == nil || f.Phrase != "" || len(d.Text.Text) > unattributedLine || strings.Contains(d.Text.Text, "\n")):
		return d, statement.Refuse("sign on first: parley sign-on", "without anybody signed on, a desk sends one line of at most %d bytes", unattributedLine)
	}
	if err := fits(d, f); err != nil {
		return d, err
	}
	return statement.Draft(Kinds, party, nil, d, "see: parley send --help")
}

// code puts the phrase and what was typed into its fields in their one form.
func (f *Facts) code(now time.Time) (phrase.Phrase, error) {
	f.Phrase = strings.ToUpper(strings.ReplaceAll(f.Phrase, "-", "_"))
	p, ok := phrase.Find(f.Phrase)
	if !ok {
		return p, statement.Refuse("see: parley phrase list", "there is no phrase %q", f.Phrase)
	}
	fields, err := p.Canonical(f.Fields, now)
	if err == nil {
		err = p.Timely(fields, now)
	}
	if err != nil {
		return p, statement.Refuse("see: parley phrase show CODE", "%s: %v", p.Code, err)
	}
	f.Fields = fields
	for _, name := range f.ReadBack {
		if _, ok := fields[name]; !ok {
			return p, statement.Refuse("fields that can be read back: "+strings.Join(slices.Sorted(maps.Keys(fields)), ", "), "%s has no filled field %q to read back", p.Code, name)
		}
	}
	return p, nil
}

// fits says the limit that a precedence sets before anything is signed: words, and bytes of the text.
//
// SPEC: MSG-010
func fits(d record.Draft, f Facts) error {
	max, way := wire.MaxBody, "send it in parts"
	if f.Urgent() {
		max, way = UrgentBodies, "shorten it, or send it as PRIORITY"
	}
	n := 256 // what stands around the words
	if d.Text != nil {
		n += len(d.Text.Text)
		if w := len(strings.Fields(d.Text.Text)); f.Urgent() && w > UrgentWords {
			return statement.Refuse(way, "%s carries %d words at most; this has %d", f.Precedence, UrgentWords, w)
		}
	}
	if e, err := statement.Trial("", d); err == nil {
		n = e.Bodies
	}
	if n > max {
		return statement.Refuse(way, "this is %d bytes; at most %d fit", n, max)
	}
	return nil
}

// may says who takes a step: a person of the receiving party, once the message is here.
func (s State) may(a statement.Actor) error {
	switch {
	case !s.Whole:
		return statement.Refuse("wait until it has arrived whole", "this message is not here yet")
	case a.Party == s.From:
		return statement.Refuse("the other side acknowledges it and responds", "this message is ours")
	case a.Officer == "":
		return statement.Refuse("sign on first: parley sign-on", "this needs a person")
	}
	return nil
}

// take makes the draft of a receiver's step.
func (s State) take(a statement.Actor, name string, facts StepFacts, text *record.Text, way string) (record.Draft, error) {
	if err := s.may(a); err != nil {
		return record.Draft{}, err
	}
	facts.By = a.Author
	d := record.Draft{Kind: "message." + name, Class: s.Class, Mark: s.Mark, Re: []record.Ref{s.Ref}, Facts: facts, Text: text}
	return statement.Draft(Kinds, a.Party, s.Begin, d, way)
}

// ShownDraft states that the message was drawn on a desk with an officer signed on.
func ShownDraft(s State, a statement.Actor) (record.Draft, error) {
	return s.take(a, Shown, StepFacts{}, nil, "sign on again: parley sign-on")
}

// RelayDraft states that the message was passed on to a post (its place), and who there was told.
func RelayDraft(s State, a statement.Actor, to, told string) (record.Draft, error) {
	return s.take(a, Relayed, StepFacts{To: to, Told: told}, nil, "name a post and who was told: parley relay ID --to POST --told NAME")
}

// ClassDraft states what class the message was, as its receiver says.
func ClassDraft(s State, a statement.Actor, class string) (record.Draft, error) {
	s.Class = class
	return s.take(a, Classed, StepFacts{}, nil, "see: parley class --help")
}

// AckDraft acknowledges: read in the original, in a translation (translator: place of the officer, "" for the
// acknowledging one), or awaiting-linguist. What is asked to be read back must be typed and must match.
//
// SPEC: MSG-020, MSG-021
func AckDraft(s State, a statement.Actor, read, translator string, typed map[string]string) (record.Draft, error) {
	f := StepFacts{Read: read, Translator: translator}
	if err := statement.First(s.may(a), statement.Choose("way to say how it was read:", read, Reads)); err != nil {
		return record.Draft{}, err
	}
	if read == Linguist && len(typed) > 0 {
		return record.Draft{}, statement.Refuse("read it back when it is understood", "awaiting the linguist, nothing is read back")
	}
	p, ok := phrase.Find(s.Facts.Phrase)
	if !ok && len(typed) > 0 {
		return record.Draft{}, statement.Refuse("leave the fields out", "this message asks for no read-back")
	}
	if read != Linguist && ok {
		f.ReadBack = p.Typed(typed, s.Recorded.At)
		if err := differs(p.Differ(s.Facts.ReadBack, s.Facts.Fields, f.ReadBack), s.Facts.ReadBack, typed); err != nil {
			return record.Draft{}, err
		}
	}
	return s.take(a, Acknowledged, f, nil, "see: parley ack --help")
}

// differs says which fields do not match, never what they should be: the values are read, not copied.
func differs(fields, asked []string, typed map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	for _, name := range fields {
		if _, ok := typed[name]; !ok {
			return statement.Refuse("read the message, then type: "+strings.Join(asked, ", "), "the read-back of %s is missing", name)
		}
		if !slices.Contains(asked, name) {
			return statement.Refuse("type only: "+strings.Join(asked, ", "), "%s is not asked to be read back", name)
		}
	}
	return statement.Refuse("read the message again and type it as it stands there; if it still differs, ring and ask",
		"not acknowledged: the read-back differs in %s", strings.Join(fields, ", "))
}

// RespondDraft responds: will-comply, standby (until), cannot-comply, not-ours, or complied. It follows an
// acknowledgement that understood the message: a read-back cannot be gone round.
//
// SPEC: MSG-026
func RespondDraft(s State, a statement.Actor, how string, until time.Time, text *record.Text, now time.Time) (record.Draft, error) {
	var d record.Draft
	if err := s.may(a); err != nil {
		return d, err
	}
	switch {
	case how != Complied && !slices.Contains(Responses, how):
		return d, statement.Choose("response", how, append(slices.Clone(Responses), Complied))
	case s.Understood == nil:
		return d, statement.Refuse("acknowledge it first: parley ack ID --read original", "this message is not acknowledged yet")
	case how == Standby && !until.After(now):
		return d, statement.Refuse("say until when: --until TIME", "standby needs a time that has not passed")
	case how != Standby && !until.IsZero():
		return d, statement.Refuse("leave it out", "only standby has a time until")
	}
	step, f := Complied, StepFacts{}
	if how != Complied {
		step, f = Responded, StepFacts{How: how, Until: until.UTC().Truncate(time.Second)}
	}
	return s.take(a, step, f, text, "shorten it, or send the rest as a message")
}
