// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"sync"
	"time"

	"example.org/parley/call"
	"example.org/parley/contact"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/verify"
	"example.org/parley/words"
)

// Reading is an export or a claim as a third party reads it: no node, no *us*, no clock of this machine.
//
// SPEC: CLI-052 CLI-053
type Reading struct {
	Lang    string
	Verdict string              // on whose word it stands is part of it
	Word    string              // under the verdict: by whose word each statement is
	Press   *verify.PressReport // what is read out to the press, of a claim that holds; nil: none
	How     string              // it was made
	Told    []string            // all of that as lines
	Head    []string            // of the report: what is wrong, the line, its parties, what was found of a claim
	Left    []string            // of the report: what cannot be known
	Parties [2]string           // the claimant first
	Alone   bool                // the second is only named
	Claim   bool                // a claim: no words, and facts only where figures read them
	Sound   *record.Record      // what is sound of the file; nil: no statement is shown

	whose map[record.Place][2]string // of contacts, requests and calls: what they say, and by whose word
}

// Read makes a reading of what the verifier found of a file.
func Read(rep verify.Report, sound *record.Record) *Reading {
	r := &Reading{Lang: rep.Lang(), Verdict: rep.First(), Head: append(rep.Why(), rep.Who()...), Left: rep.Left(), How: rep.How(), Told: rep.ForPress(), Alone: rep.Alone, Claim: rep.Claim != nil}
	for i, p := range rep.Parties {
		r.Parties[i] = p.Name
	}
	r.Word = words.T(r.Lang, "read.word")
	switch {
	case rep.Alone && len(rep.Parties) > 0:
		r.Parties[1], r.Word = rep.Named, words.T(r.Lang, "read.word.alone", rep.Parties[0].Name, rep.Named)
	case rep.Claim != nil:
		r.Parties = [2]string{rep.Claim.By, rep.Claim.Other}
	}
	if rep.Claim != nil {
		r.Press = rep.Claim.Press
	}
	if rep.Verdict != verify.DoesNotHold {
		r.Sound = sound
	}
	return r
}

//go:embed templates/read.html
var readPage string

//go:embed templates/read.css
var readStyle string

// readPages are the templates of the page, by language.
var readPages = sync.OnceValue(func() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, lang := range words.Langs() {
		all[lang] = template.Must(template.New("read").Funcs(Funcs(lang)).Parse(readPage))
	}
	return all
})

// Draw writes it as a text, or as a page that loads nothing and runs nothing: one statement after the other, so that it costs
// no more than the longest.
func (r *Reading) Draw(w io.Writer, page bool) error {
	lang := words.Lang(r.Lang)
	part := func(name string, x any) error {
		if page {
			return readPages()[lang].ExecuteTemplate(w, name, x)
		}
		return shell()[lang].ExecuteTemplate(w, "read."+name, x)
	}
	head := *r
	head.Head, head.Left = append([]string{}, r.Head...), nil
	if r.Sound != nil {
		head.Head = append(head.Head, r.window())
	}
	sum := sha256.Sum256([]byte(readStyle))
	top := map[string]any{"R": scrubbed(head), "Lang": lang, "Style": template.CSS(readStyle), "Policy": "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}
	if err := part("head", top); err != nil {
		return err
	}
	if err := r.Rows(func(row LogRow) error { return part("row", row) }); err != nil {
		return err
	}
	return part("left", scrubbed(append([]string{}, r.Left...)))
}

// window says from when to when it was stated, and how much by whom.
func (r *Reading) window() string {
	var first, last time.Time
	n := [2]int{}
	for _, l := range r.Sound.Logs() {
		for _, e := range r.Sound.Entries(l.Name.LogID, 0) {
			for i, p := range r.Parties {
				if e.Log.Party == p {
					n[i]++
				}
			}
			if !e.Time.IsZero() && (first.IsZero() || e.Time.Before(first)) {
				first = e.Time
			}
			if e.Time.After(last) {
				last = e.Time
			}
		}
	}
	return words.T(r.Lang, "read.window", full(first), full(last), r.Parties[0], n[0], r.Parties[1], n[1])
}

// full is an instant with its year and its seconds: on paper nothing is today.
func full(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// Rows draws the statements: each after all that its author knew, else by the times that their authors gave.
func (r *Reading) Rows(yield func(LogRow) error) error {
	if r.Sound == nil {
		return nil
	}
	never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) // every date is written with its year
	b := newBuilder(Input{Now: never, Us: r.Parties[0], Them: r.Parties[1], Alone: r.Alone, IDs: r.Sound.Names(), Register: register.Build(r.items(""))}, r.Lang)
	r.judge(b)
	for _, e := range r.Sound.InOrder() {
		if err := yield(scrubbed(r.row(b, e))); err != nil {
			return err
		}
	}
	return nil
}

// items are those whose beginning is about something; "" for all.
func (r *Reading) items(about string) (out []*record.Item) {
	for _, key := range r.Sound.Items() {
		if it := r.Sound.Item(key); it.Begin != nil && (about == "" || statement.About(it.Begin.Kind) == about) {
			out = append(out, it)
		}
	}
	return out
}

// judge finds by whose word each contact, each outcome of a request and each call stands.
func (r *Reading) judge(b builder) {
	r.whose = map[record.Place][2]string{}
	put := func(e *record.Entry, whose string, says ...string) {
		r.whose[e.Place()] = [2]string{join(says...), b.standing(whose, e)}
	}
	book := contact.NewBook(b.Us, b.Them)
	for _, about := range []string{"contact", "request"} {
		for _, it := range r.items(about) {
			s := contact.Fold(it, r.Sound)
			if book.Put(it.Key, s); s.Request == nil {
				continue
			}
			q := b.request(s.Request)
			for i, a := range s.Request.Attempts {
				x := q.Attempts[i]
				put(a.Entry, contact.ByUs, x.When, q.Kind, q.From+" → "+q.With, x.Channel, b.or("basis", a.Basis), a.Source)
				for _, o := range []*contact.Result{a.Result, a.Other} {
					if o != nil {
						put(o.Entry, a.Whose(b.Us), b.result(o))
					}
				}
			}
		}
	}
	book.Settle(b.Register, r.Sound)
	for _, c := range book.All() {
		x := b.contact(c)
		put(c.Entry, c.Whose, x.When, x.Kind, x.Channel, x.With, x.Place, x.Host, x.Quote, x.Basis, x.Source, x.Late)
	}
	for _, key := range r.Sound.Items() {
		if it := r.Sound.Item(key); statement.About(it.Entries[0].Kind) == "call" && call.Fold(it, r.Sound).Differ {
			for _, e := range it.Entries {
				r.whose[e.Place()] = [2]string{"", b.t("read.differ")}
			}
		}
	}
}

// result is what one side says became of an attempt.
func (b builder) result(o *contact.Result) string {
	said := []string{b.or("request", o.Outcome), b.date(o.On), o.Who, o.ToldBy, o.Reason}
	if o.Behalf != "" {
		said = append(said, b.or("behalf", o.Behalf))
	}
	if !o.At.IsZero() {
		said = append(said, b.t("for.when")+" "+full(o.At))
	}
	if !o.Until.IsZero() {
		said = append(said, b.t("until.when")+" "+full(o.Until))
	}
	return join(said...)
}

// standing says by whose word something stands, by the names of the parties.
func (b builder) standing(whose string, e *record.Entry) string {
	if whose == contact.Both || whose == contact.Differing {
		return b.or("whose", whose)
	}
	word := b.t("read.alone", e.Log.Party)
	if statement.BeforeOf(e) != nil {
		word = b.t("before.line", word)
	}
	return word
}

// row draws one statement. Of its state it says what the file shows: a receipt, or that there is none.
func (r *Reading) row(b builder, e *record.Entry) LogRow {
	if e.Receipt != nil { // its time is held against the clock of the party that received it
		b.Us = e.Receipt.By
	}
	row, said := b.logRow(e), r.whose[e.Place()]
	var dated struct {
		When statement.When `json:"when"`
	}
	if row.Says = cmp.Or(said[0], row.Says); said[0] == "" && json.Unmarshal(e.Facts(), &dated) == nil {
		row.Says = join(row.Says, b.date(dated.When))
	}
	if said[1] == "" && statement.BeforeOf(e) != nil {
		said[1] = b.standing(contact.ByUs, e)
	}
	state := b.or("log", row.State)
	switch {
	case row.State == "alone":
		state = ""
	case row.State != "held" && row.State != "recorded" && !(r.Claim && row.State == "absent"):
	case e.Receipt != nil:
		row.State, state = "held", b.t("read.held", e.Receipt.By, full(e.Receipt.Held))
	default:
		row.State, state = "recorded", b.t("read.unheld")
	}
	if r.Claim && e.Absent != "" { // a claim has no words, and few facts: nothing of that is missing
		row.Note = b.impossible(e.Time, e)
	}
	row.Whose = join(said[1], state)
	return row
}
