// SPDX-License-Identifier: Apache-2.0

package message

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"example.org/parley/hint"
	"example.org/parley/line"
	"example.org/parley/message/phrase"
	"example.org/parley/record"
	"example.org/parley/wire"
)

// unattributedLine is what a desk may send without anybody signed on: one line of this many bytes.
const unattributedLine = 240

// New is a message as its author wants it.
type New struct {
	Kind, Class, Mark, Precedence string // defaults: the phrase's kind or information, substantive, actual, ROUTINE
	Lang, Text                    string
	Phrase                        string
	Fields                        map[string]string // as typed
	ReadBack                      []string
	ReplyTo                       *record.Ref
	To                            string   // place of a post.added
	Info                          []string // places
	Respond                       bool
	NotAfter                      time.Time
	By                            Author
}

// Actor is who takes a step, for which party.
type Actor struct {
	Party string
	Author
}

func refuse(way, what string, args ...any) error {
	return &hint.Error{What: fmt.Sprintf(what, args...), Hint: way}
}

// NewDraft makes the draft of a message, or says what is wrong with it and the way out.
//
// SPEC: MSG-010, MSG-011, MSG-015
func NewDraft(n New, now time.Time) (record.Draft, error) {
	f := Facts{Precedence: strings.ToUpper(or(n.Precedence, "ROUTINE")), ReadBack: n.ReadBack, To: n.To, Info: n.Info,
		Respond: n.Respond, NotAfter: n.NotAfter.UTC().Truncate(time.Second), By: n.By}
	d := record.Draft{Class: or(n.Class, "substantive"), Mark: or(n.Mark, "actual")}
	if err := n.words(&d); err != nil {
		return d, err
	}
	kind := or(n.Kind, "information")
	if n.Phrase != "" {
		p, err := n.phrase(&f)
		if err != nil {
			return d, err
		}
		kind = or(n.Kind, p.Kind)
		if kind != p.Kind {
			return d, refuse("leave the kind out", "phrase %s is of kind %s, not %s", p.Code, p.Kind, kind)
		}
	}
	if !slices.Contains(KindNames, kind) {
		return d, refuse("one of: "+strings.Join(KindNames, ", "), "there is no kind of message %q", kind)
	}
	if n.ReplyTo != nil {
		d.Re = []record.Ref{*n.ReplyTo}
	}
	if !f.NotAfter.IsZero() && !f.NotAfter.After(now) {
		return d, refuse("give a later time, or none", "not-after %s has passed", f.NotAfter.Format(time.RFC3339))
	}
	if n.By.Officer == "" && (d.Text == nil || n.Phrase != "" || len(n.Text) > unattributedLine || strings.Contains(n.Text, "\n")) {
		return d, refuse("sign on first: parley sign-on", "without anybody signed on, a desk sends one line of at most %d bytes", unattributedLine)
	}
	if err := f.lawful(kind, d.Text != nil); err != nil {
		return d, refuse("see: parley send --help", "this message would not be valid: %v", err)
	}
	d.Kind, d.Facts = "message."+kind, f
	return d, fits(d, f)
}

func (n New) words(d *record.Draft) error {
	for _, c := range []struct {
		what, s string
		of      []string
	}{{"class", d.Class, Classes}, {"mark", d.Mark, Marks}} {
		if !slices.Contains(c.of, c.s) {
			return refuse("one of: "+strings.Join(c.of, ", "), "there is no %s %q", c.what, c.s)
		}
	}
	if text := strings.TrimSpace(n.Text); text != "" {
		d.Text = &record.Text{Lang: or(n.Lang, "en"), Text: text}
		if err := plain(text); err != nil {
			return err
		}
		if err := line.Lang(d.Text.Lang); err != nil {
			return refuse("as en or it", "%v", err)
		}
	} else if n.Phrase == "" {
		return refuse("write it, or choose a phrase: parley phrase list", "there is nothing to send: neither words nor a phrase")
	}
	return nil
}

// plain refuses what would be changed or obeyed rather than shown.
func plain(text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
		return refuse("take out control characters and what is not text", "this cannot be written: it is not plain text")
	}
	return nil
}

func (n New) phrase(f *Facts) (phrase.Phrase, error) {
	code := strings.ToUpper(strings.ReplaceAll(n.Phrase, "-", "_"))
	p, ok := phrase.Find(code)
	if !ok {
		return p, refuse("see: parley phrase list", "there is no phrase %q", n.Phrase)
	}
	fields, err := p.Canonical(n.Fields)
	var fe *phrase.FieldError
	if errors.As(err, &fe) {
		return p, refuse("see: parley phrase show "+p.Code, "%s: %s %s", p.Code, fe.Field, fe.Why)
	}
	f.Phrase, f.Fields = code, fields
	for _, name := range n.ReadBack {
		if _, ok := fields[name]; !ok {
			return p, refuse("fields that can be read back: "+strings.Join(filled(p, fields), ", "), "%s has no filled field %q to read back", code, name)
		}
	}
	return p, err
}

func filled(p phrase.Phrase, fields map[string]string) (names []string) {
	for _, f := range p.Fields {
		if _, ok := fields[f.Name]; ok {
			names = append(names, f.Name)
		}
	}
	return names
}

// fits checks what the precedence allows: words, and both bodies in the fragments of the lane.
//
// SPEC: MSG-010
func fits(d record.Draft, f Facts) error {
	if !UrgentPrecedence(f.Precedence) {
		return fitsIn(d, wire.MaxBody, "send it in parts")
	}
	if d.Text != nil {
		if n := len(strings.Fields(d.Text.Text)); n > UrgentWords {
			return refuse("shorten it, or send it as PRIORITY", "%s carries %d words at most; this has %d", f.Precedence, UrgentWords, n)
		}
	}
	return fitsIn(d, UrgentBodies, "shorten it, or send it as PRIORITY")
}

func fitsIn(d record.Draft, max int, way string) error {
	if d.Text != nil && len(d.Text.Text) > max-256 {
		return refuse(way, "this is %d bytes; at most %d fit", len(d.Text.Text), max)
	}
	n := 0
	for _, v := range []any{d.Facts, d.Text} {
		if t, ok := v.(*record.Text); ok {
			if t == nil {
				continue
			}
			v = *t
		}
		b, err := wire.EncodeBody(v, [32]byte{})
		if err != nil {
			return refuse("take out control characters and what is not text", "this cannot be written: %v", err)
		}
		n += len(b)
	}
	if n > max {
		return refuse(way, "this is %d bytes; at most %d fit", n, max)
	}
	return nil
}

func or(s, usual string) string {
	if s == "" {
		return usual
	}
	return s
}

// step begins the draft of a receiver's step.
func (s State) step(a Actor, name string, facts any, text *record.Text) (record.Draft, error) {
	d := record.Draft{Kind: "message." + name, Class: s.Class, Mark: s.Mark, Re: []record.Ref{s.Ref}, Facts: facts, Text: text}
	switch {
	case !s.Whole:
		return d, refuse("wait until it has arrived whole", "this message is not here yet")
	case a.Party == s.From:
		return d, refuse("the other side acknowledges it and responds", "this message is ours")
	case a.Officer == "":
		return d, refuse("sign on first: parley sign-on", "this needs a person")
	}
	if err := a.lawful(true); err != nil {
		return d, refuse("sign on again: parley sign-on", "%v", err)
	}
	if text != nil {
		if err := line.Lang(text.Lang); err != nil {
			return d, refuse("as en or it", "%v", err)
		}
		if err := plain(text.Text); err != nil {
			return d, err
		}
	}
	return d, fitsIn(d, UrgentBodies, "shorten it, or send the rest as a message")
}

// ShownDraft states that the message was drawn on a desk with an officer signed on.
func ShownDraft(s State, a Actor) (record.Draft, error) {
	return s.step(a, Shown, ShownFacts{By: a.Author}, nil)
}

// AckDraft acknowledges: read in the original, in a translation (translator: place of the officer, "" for the
// acknowledging one), or awaiting-linguist. What is asked to be read back must be typed and must match.
//
// SPEC: MSG-020, MSG-021
func AckDraft(s State, a Actor, read, translator string, typed map[string]string) (record.Draft, error) {
	f := AckFacts{Read: read, Translator: translator, By: a.Author}
	d, err := s.step(a, Acknowledged, f, nil)
	if err != nil {
		return d, err
	}
	if !slices.Contains(Reads, read) {
		return d, refuse("one of: "+strings.Join(Reads, ", "), "say how it was read, not %q", read)
	}
	if translator != "" {
		if _, err := line.ParsePlace(translator); err != nil || read != "translation" {
			return d, refuse("name an officer of the list, with --read translation", "the translator does not fit")
		}
	}
	if read == Linguist {
		if len(typed) > 0 {
			return d, refuse("read it back when it is understood", "awaiting the linguist, nothing is read back")
		}
		return d, nil
	}
	p, ok := phrase.Find(s.Facts.Phrase)
	if !ok && len(typed) > 0 {
		return d, refuse("leave the fields out", "this message asks for no read-back")
	}
	f.ReadBack = make(map[string]string, len(typed))
	for name, v := range typed {
		f.ReadBack[name] = v
		if field, ok := p.Field(name); ok {
			if c, err := field.Type.Parse(v); err == nil {
				f.ReadBack[name] = c
			}
		}
	}
	if d.Facts = f; ok {
		return d, differs(p.Differ(s.Facts.ReadBack, s.Facts.Fields, f.ReadBack), s.Facts.ReadBack, typed)
	}
	return d, nil
}

// differs says which fields do not match, never what they should be: the values are read, not copied.
func differs(fields, asked []string, typed map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	for _, name := range fields {
		if _, ok := typed[name]; !ok {
			return refuse("read the message, then type: "+strings.Join(asked, ", "), "the read-back of %s is missing", name)
		}
		if !slices.Contains(asked, name) {
			return refuse("type only: "+strings.Join(asked, ", "), "%s is not asked to be read back", name)
		}
	}
	return refuse("read the message again and type it as it stands there; if it still differs, ring and ask",
		"not acknowledged: the read-back differs in %s", strings.Join(fields, ", "))
}

// RespondDraft responds: will-comply, standby (until), cannot-comply, not-ours, or complied. It follows an
// acknowledgement that understood the message: a read-back cannot be gone round.
//
// SPEC: MSG-026
func RespondDraft(s State, a Actor, how string, until time.Time, text *record.Text, now time.Time) (record.Draft, error) {
	f := RespondFacts{How: how, Until: until.UTC().Truncate(time.Second), By: a.Author}
	name, facts := Responded, any(f)
	if how == Complied {
		name, facts = Complied, ShownFacts{By: a.Author}
	}
	d, err := s.step(a, name, facts, text)
	switch {
	case err != nil:
		return d, err
	case how != Complied && !slices.Contains(Responses, how):
		return d, refuse("one of: will-comply, standby, cannot-comply, not-ours, complied", "there is no response %q", how)
	case s.Understood == nil:
		return d, refuse("acknowledge it first: parley ack ID --read original", "this message is not acknowledged yet")
	case how == Standby && !until.After(now):
		return d, refuse("say until when: --until TIME", "standby needs a time that has not passed")
	case how != Standby && !until.IsZero():
		return d, refuse("leave it out", "only standby has a time until")
	}
	return d, nil
}

// RelayDraft states that the message was passed on to a post (its place).
func RelayDraft(s State, a Actor, to string) (record.Draft, error) {
	d, err := s.step(a, Relayed, RelayFacts{To: to, By: a.Author}, nil)
	if err != nil {
		return d, err
	}
	if _, err := line.ParsePlace(to); err != nil {
		return d, refuse("name a post: parley post list", "%v", err)
	}
	return d, nil
}
