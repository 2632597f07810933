// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/message"
	"example.org/parley/message/phrase"
	"example.org/parley/statement"
	"example.org/parley/words"
)

// Echo is what a value was understood as, while it is typed.
type Echo struct {
	Name, Word string
	Text       string    // the value as it would be signed, "" where it was not understood
	Note       string    // the same value written otherwise; else the form that is understood
	At         time.Time // of a time
}

// Preview is a message as it would be read, while it is being written.
type Preview struct {
	Echoes       []Echo
	Theirs, Ours []phrase.Span
	Kind         string
	Back         []Echo // what they would be asked to type back
	Lacks        string // labels of what is missing, or was not understood
	Wrong        error  // why it would be refused
	Asks         string // its mark is another one than the call's
}

// Echoes says what the values of a form were understood as at an instant; of what is empty it says nothing. What the node
// signs goes through the same reader. SPEC: PAG-050
func Echoes(lang string, blanks []Blank, typed map[string]string, at time.Time) (out []Echo) {
	for _, b := range blanks {
		f, v := phrase.Field{Name: b.Name, Type: phrase.Type(b.Type)}, typed[b.Name]
		if strings.TrimSpace(v) == "" {
			continue
		}
		e := Echo{Name: b.Name, Word: b.Word, Note: b.Example}
		if c, err := f.Read(v, at); err == nil {
			e.Text, e.Note = phrase.Value(lang, f.Type, c), ""
			switch f.Type {
			case phrase.Place:
				e.Note = phrase.Minutes(c)
			case phrase.Time:
				e.At, _ = statement.ReadInstant(c)
			}
		}
		out = append(out, e)
	}
	return out
}

// Preview draws a message that is being written as each side would read it, and says what it lacks. SPEC: PAG-051
func (d Desk) Preview(s act.Send) (v Preview) {
	v.Asks, v.Kind = d.markAsked(s.Mark), cmp.Or(s.Kind, "information")
	p, coded := phrase.Find(s.Phrase)
	if !coded {
		v.Ours = []phrase.Span{{Text: strings.TrimSpace(s.Text)}}
		v.Theirs = v.Ours
		n := len(strings.Fields(s.Text))
		switch {
		case n == 0:
			v.Lacks = words.T(d.Lang, "text")
		case n > message.UrgentWords && message.UrgentPrecedence(s.Precedence):
			v.Wrong = statement.Refuse("", "%s carries %d words at most; this has %d", s.Precedence, message.UrgentWords, n)
		}
		return v
	}
	v.Kind = p.Kind
	b := newBuilder(Input{}, d.Lang)
	var blanks []Blank
	for _, f := range p.Fields {
		blanks = append(blanks, b.blank(f))
	}
	v.Echoes = Echoes(d.Lang, blanks, s.Fields, d.AsOf)
	for i, e := range v.Echoes {
		if !e.At.IsZero() {
			v.Echoes[i].Note = away(d.Lang, e.At.Sub(d.AsOf))
		}
	}
	understood, lacks := map[string]string{}, []string{}
	for _, f := range blanks {
		i := slices.IndexFunc(v.Echoes, func(e Echo) bool { return e.Name == f.Name })
		switch {
		case i >= 0 && v.Echoes[i].Text != "":
			understood[f.Name] = s.Fields[f.Name]
			if slices.Contains(s.ReadBack, f.Name) {
				v.Back = append(v.Back, v.Echoes[i])
			}
		case i >= 0 || !f.Optional:
			lacks = append(lacks, f.Word)
		}
	}
	v.Lacks = strings.Join(lacks, ", ")
	signed := p.Typed(understood, d.AsOf)
	if len(lacks) == 0 {
		if _, v.Wrong = p.Canonical(signed, d.AsOf); v.Wrong == nil {
			v.Wrong = p.Timely(signed, d.AsOf)
		}
	}
	v.Ours, v.Theirs = phrase.Draft(d.Lang, p, signed), phrase.Draft(d.Header.Reads, p, signed)
	return v
}

// markAsked asks about a mark that is not that of the call under way, or of the last one within the hour.
func (d Desk) markAsked(mark string) string {
	c := d.Call
	if c.State == "idle" || c.State == "ended" || c.State == "" {
		if len(d.Calls) == 0 {
			return ""
		}
		c = d.Calls[0]
	}
	if mark == "" || c.Mark == "" || c.Mark == mark || d.AsOf.Sub(c.Since) > time.Hour {
		return ""
	}
	return words.T(d.Lang, "mark.asked", d.When(c.Since), words.T(d.Lang, "mark."+c.Mark), words.T(d.Lang, "mark."+mark))
}

// EchoTime says what a time of an act was understood as.
func EchoTime(lang, typed string, now time.Time) Echo {
	t, err := act.When(typed, now)
	if err != nil || t.IsZero() {
		return Echo{Note: phrase.Time.Example()}
	}
	return Echo{Text: phrase.DTG(t), At: t, Note: away(lang, t.Sub(now))}
}

// away says how far a time is off, by which a wrong day is seen.
func away(lang string, d time.Duration) string {
	key, mins := "away.in", int(d.Round(time.Minute)/time.Minute)
	if mins < 0 {
		key, mins = "away.ago", -mins
	}
	span := fmt.Sprintf("%d min", mins%60)
	if mins >= 60 {
		span = fmt.Sprintf("%d h %s", mins/60, span)
	}
	return words.T(lang, key, span)
}
