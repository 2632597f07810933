// SPDX-License-Identifier: Apache-2.0

package claim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// KindDrafted is the kind of a draft of a statement for the press. It stands in a private log.
//
// SPEC: PRS-003
const KindDrafted = "press.drafted"

const (
	maxWith    = 16   // posts that a statement for the press names
	maxOpinion = 2000 // bytes of the spokesman's own sentences
)

// Press says that a claim is a statement for the press. Its sentences have no numbers of their own.
type Press struct {
	Draft wire.Hash         `json:"draft,omitzero"` // leaf of the draft
	By    *statement.Author `json:"by,omitempty"`   // who drafted it
	With  []string          `json:"with,omitempty"` // of the contacts only those with one of these posts; empty: all
}

// validate judges what a claim says for the press; nil is a claim alone.
//
// SPEC: PRS-001 PRS-003
func (p *Press) validate(e *record.Entry) error {
	if p == nil {
		return statement.If(e.WantText || e.Kind == KindDrafted, "only a statement for the press has words")
	}
	made := e.Kind == KindMade
	err := statement.If(made != (p.By != nil) || made == p.Draft.IsZero(), "a release names who drafted it and what, a draft does not")
	if err == nil && made {
		err = p.By.Person()
	}
	err = statement.First(err, statement.If(len(p.With) > maxWith || len(slices.Compact(slices.Sorted(slices.Values(p.With)))) != len(p.With), "at most %d posts, none twice", maxWith))
	for _, at := range p.With {
		if _, no := record.ParsePlace(at); err == nil && no != nil {
			err = no
		}
	}
	return err
}

// PressDraft makes a claim of a party that is a statement for the press, or a draft of one; opinion is nil where there is none.
func PressDraft(party, kind string, m Claim, opinion *record.Text) (record.Draft, error) {
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: kind, Facts: m, Text: opinion}, "as: parley claim --since 2026-03-01 FILE")
}

// Opinion gives the spokesman's own sentences, nil where there are none; wrong: they are not in their form.
//
// SPEC: PRS-002
func Opinion(e *record.Entry) (t *record.Text, wrong bool) {
	if !e.WantText {
		return nil, false
	}
	t = e.Whole()
	wrong = t == nil || len(t.Words) > 0 || statement.Lang(t.Lang) != nil || statement.Text("opinion", t.Text, maxOpinion) != nil
	return t, wrong
}

// reader draws the sentences of a claim in a language.
type reader struct {
	Sides
	lang  string
	rec   *record.Record
	since string
}

// Sentences draws what a claim says, in sentences that can be read out; offices have their names of the record.
//
// SPEC: PRS-005
func (m *Claim) Sentences(lang string, l Sides, rec *record.Record) (out []string) {
	r := reader{Sides: l, lang: lang, rec: rec}
	r.since = r.day(m.Since)
	if m.Tested != nil {
		out = append(out, r.tested(m.Tested))
	}
	if m.Used != nil {
		out = append(out, r.used(m.Used))
	}
	if m.Contacts != nil {
		for _, p := range *m.Contacts {
			if m.Press == nil || len(m.Press.With) == 0 || slices.Contains(m.Press.With, p.Ours) || slices.Contains(m.Press.With, p.Theirs) {
				out = append(out, r.spoken(p))
			}
		}
	}
	if m.Requests != nil {
		out = append(out, r.sought(l.Us, m.Requests.Ours), r.sought(l.Them, m.Requests.Theirs))
		if n := m.Requests.Sought; n > 0 {
			out = append(out, r.t("still", n))
		} else {
			out = append(out, r.t("still.none", r.asOf()))
		}
	}
	if m.Phone != nil {
		out = append(out, r.telephone(m.Phone)...)
	}
	return out
}

func (r reader) t(key string, args ...any) string { return words.T(r.lang, "press."+key, args...) }

// asOf is said with every negative.
func (r reader) asOf() string {
	return r.t(map[bool]string{false: "asof", true: "asof.alone"}[r.Alone])
}

func (r reader) tested(t *Tested) (s string) {
	switch {
	case r.Alone && t.Days == 0:
		return r.t("phone.never", r.day(t.From), r.Them, r.asOf())
	case r.Alone && t.Tested == 0:
		return r.t("phone.none", r.Them, t.Days, r.day(t.From), r.asOf())
	case r.Alone:
		return r.t("phone", r.Them, t.Tested, t.Days, r.day(t.From)) + " " + r.t("phone.last", r.instant(t.Last))
	case t.Days == 0:
		return r.t("tested.never", r.day(t.From), r.asOf())
	case t.Tested == 0:
		s = r.t("tested.none", t.Days, r.day(t.From), r.asOf())
	default:
		s = r.t("tested", t.Tested, t.Days, r.day(t.From)) + " " + r.t("tested.last", r.instant(t.Last))
	}
	if t.Suspended+t.Maintenance > 0 {
		s += " " + r.t("tested.away", t.Suspended, t.Maintenance)
	}
	return s
}

func (r reader) used(u *Used) string {
	if u.N() == 0 {
		return r.t("used.never", r.day(u.From), r.asOf())
	}
	s := r.t("used", r.day(u.From), u.Messages, u.Stops, u.Calls, r.day(u.Last))
	if u.Disputed > 0 {
		s += " " + r.t("used.disputed", u.Disputed)
	}
	return s
}

func (r reader) spoken(p Spoken) string {
	ours, theirs := r.office(p.Ours, r.Us), r.office(p.Theirs, r.Them)
	if p.Last.IsZero() {
		return r.t("contact.none", ours, theirs, r.asOf())
	}
	s := r.t("contact", ours, theirs, r.t("kind."+p.Kind), r.when(p.Last), r.whose(p.Whose))
	if p.Since.N()+p.Straddles == 0 {
		return s + " " + r.t("since.none", r.since, r.asOf())
	}
	list := r.words(p.Since)
	if p.Straddles > 0 {
		list = append(list, r.t("straddles", p.Straddles))
	}
	return s + " " + r.t("since", r.since, strings.Join(list, ", "))
}

// telephone tells how the ordinary telephone was tested, by each side that did.
func (r reader) telephone(p *Telephone) (out []string) {
	for i, by := range []map[string]int{p.Ours, p.Theirs} {
		if len(by) == 0 {
			continue
		}
		n := map[string]int{}
		for outcome, k := range by {
			n[check.Column(outcome)] += k
		}
		s := r.t("tests", r.day(p.From), []string{r.Us, r.Them}[i], n[check.Passed], n[check.NoReply], n[check.Declined], n[check.NotReached])
		if i == 0 && !p.Last.IsZero() {
			s += " " + r.t("tests.last", r.instant(p.Last))
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		out = append(out, r.t("tests.none", r.day(p.From), r.asOf()))
	}
	return out
}

// columns are the attempts by what became of them: the first three are always told.
var columns = []string{contact.Declined, contact.NoReply, contact.NotReached, "accepted", "deferred", "counter-proposed", "open", "withdrawn", "straddles"}

func (r reader) sought(party string, by map[string]contact.Count) string {
	if len(by) == 0 {
		return r.t("sought.none", r.since, party, r.asOf())
	}
	var list []string
	for i, c := range columns {
		n := by[c].N()
		if i > 2 && n == 0 {
			continue
		}
		s := fmt.Sprint(words.T(r.lang, "request."+c), " ", n)
		if n > 0 {
			s += " (" + strings.Join(r.words(by[c]), ", ") + ")"
		}
		list = append(list, s)
	}
	return r.t("sought", party, r.since, strings.Join(list, "; "))
}

// words tells a count by whose word it is.
func (r reader) words(c contact.Count) (out []string) {
	for i, n := range []int{c.Both, c.Ours, c.Theirs, c.Disputed} {
		if n > 0 {
			out = append(out, fmt.Sprint(n, " ", r.whose([]string{"both", "ours", "theirs", "disputed"}[i])))
		}
	}
	return out
}

func (r reader) whose(w string) string {
	switch w {
	case "ours":
		return r.t("alone", r.Us)
	case "theirs":
		return r.t("alone", r.Them)
	}
	return r.t(w)
}

// feigned are letters that look like marks.
var feigned = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x2b0, Hi: 0x2ff, Stride: 1}, {Lo: 0x374, Hi: 0x374, Stride: 1}, {Lo: 0x7f4, Hi: 0x7f5, Stride: 1}, {Lo: 0xa78b, Hi: 0xa78c, Stride: 1}}}

func letter(c rune) bool { return unicode.IsLetter(c) && !unicode.Is(feigned, c) }

// drawn is the name of an office as a sentence has it: with nothing that could look like its end, so that it may not read like a
// sentence of its own.
//
// SPEC: PRS-005
func drawn(name string) string {
	var b strings.Builder
	all, word := []rune(name), false // behind a letter and its marks
	for i, c := range all {
		switch {
		case letter(c):
			word = true
		case word && unicode.IsMark(c):
		case word && (c == '\'' || c == '’') && i+1 < len(all) && letter(all[i+1]):
			word = false
		default:
			if word = false; !unicode.IsDigit(c) && !strings.ContainsRune(" ,.-", c) {
				c = '·'
			}
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (r reader) office(place, party string) string {
	at, _ := record.ParsePlace(place)
	p, _, _ := statement.Read[register.Post](r.rec.At(at))
	return "“" + drawn(cmp.Or(p.Names[r.lang], p.Name)) + "” (" + party + ")"
}

func (r reader) day(t time.Time) string {
	t = t.UTC()
	return fmt.Sprint(t.Day(), " ", strings.Fields(words.T(r.lang, "press.months"))[t.Month()-1], " ", t.Year())
}

func (r reader) instant(t time.Time) string {
	return r.t("instant", r.day(t), t.UTC().Format("15:04"))
}

func (r reader) when(w statement.When) string {
	switch {
	case w.IsAbout():
		return r.t("about", r.day(w.Middle()))
	case w.IsDay():
		return r.t("on", r.day(w.Earliest()))
	case w.IsInstant():
		return r.t("on", r.instant(w.Earliest()))
	}
	return r.t("between", r.day(w.Earliest()), r.day(w.Latest()))
}

// TLine says as of when a statement for the press is, "" for the time of the other side's newest statement.
func TLine(lang string, l Sides, t time.Time) string {
	if t.IsZero() {
		return words.T(lang, "press.t.none", l.Us)
	}
	r := reader{lang: lang}
	return r.t("t", r.instant(t), l.Them, l.Us)
}

// Otherwise gives the first sentence of a draft that reads otherwise now, and how; "" twice where none does.
func Otherwise(drafted, now []string) (was, is string) {
	for i := range max(len(drafted), len(now)) {
		was, is = "–", "–"
		if i < len(drafted) {
			was = drafted[i]
		}
		if i < len(now) {
			is = now[i]
		}
		if was != is {
			return was, is
		}
	}
	return "", ""
}
