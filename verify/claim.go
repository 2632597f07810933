// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"example.org/parley/claim"
	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// ClaimMagic is the first line of the file that goes with a claim.
const ClaimMagic = "parley/v1 claim"

// maxAhead is how far the other side's clock may be ahead of the claim's statement before the report says so.
const maxAhead = 10 * time.Minute

// ClaimReport is what was found of a claim.
type ClaimReport struct {
	ID      string         `json:"id"`
	By      string         `json:"by"` // the claimant
	Other   string         `json:"other"`
	Time    time.Time      `json:"time"`
	Facts   claim.Claim    `json:"facts"`
	Known   string         `json:"known,omitempty"` // the newest statement of the other side, "" where there is none
	T       time.Time      `json:"t,omitzero"`      // its time
	Ours    int            `json:"ours"`            // statements of the claimant
	After   int            `json:"after"`           // of them, those that the other side had not seen at T
	Held    int            `json:"receipted"`       // of them, those that it has receipted, at least
	Figures []FigureReport `json:"figures"`
	Press   *PressReport   `json:"press,omitempty"` // what may be read out, of a claim that holds
	Lines   []string       `json:"lines"`           // what two verifiers are compared by

	posts map[string]string // names by place
}

// FigureReport is one figure of a claim as it was worked out.
type FigureReport struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"`
	Found   string `json:"found,omitempty"`
}

// WriteClaim writes the file that goes with a claim: what is joined here in its past, and itself. It is listed now; each piece
// is read when it is written.
//
// SPEC: CLM-004 CLM-005 CLM-006
func WriteClaim(genesis, terms []byte, sheets [][]byte, r *record.Record, c *record.Entry, figures []string) func(io.Writer) error {
	var bare [][]byte // a claim tells nobody where a party is reached
	for _, s := range sheets {
		bare = append(bare, party.Bare(s))
	}
	return write(ClaimMagic, append(head(genesis, party.Bare(terms), bare), Piece{"claim", []byte(c.Ref().String())}), listed(r, func(l *record.Log) listing {
		out := listing{shut: map[*record.Entry]bool{}, bare: true, words: c}
		for _, e := range r.Entries(l.Name.LogID, 0) {
			if !e.Joined {
				continue
			}
			out.entries = append(out.entries, e)
			out.shut[e] = e != c && len(claim.Readers(e.Kind, figures)) == 0
			for _, rc := range rests(e) {
				if !slices.Contains(out.receipts, rc) {
					out.receipts = append(out.receipts, rc)
				}
			}
		}
		if all := r.LogReceipts(l.Name.LogID); len(all) > 0 {
			newest := slices.MaxFunc(all, func(a, b *record.Receipt) int { return cmp.Or(cmp.Compare(a.All, b.All), a.Compare(b)) })
			if !slices.Contains(out.receipts, newest) {
				out.receipts = append(out.receipts, newest)
			}
		}
		return out
	}))
}

// rests gives the receipts of an entry that figures rest on: by which terms are agreed, and by which what an ended key signed stands.
//
// SPEC: CLM-005
func rests(e *record.Entry) (out []*record.Receipt) {
	if e.Kind == "terms.accepted" && e.Receipt != nil {
		out = append(out, e.Receipt)
	}
	if rc := e.Stands(); rc != nil {
		out = append(out, rc)
	}
	return out
}

// Rebuild makes a record of what is joined in another: headers, the facts that figures read, and the receipts that figures rest
// on. It reads nothing that changes when what it lists was listed in the loop that owns the other.
func Rebuild(o record.Options, r *record.Record) func() (*record.Record, error) {
	var entries []*record.Entry
	var receipts []*record.Receipt
	had := map[*record.Receipt]bool{} // one receipt may be that of thousands
	for _, l := range r.Logs() {
		for _, e := range r.Entries(l.Name.LogID, 0) {
			if !e.Joined {
				continue
			}
			as := *e
			entries = append(entries, &as)
			for _, rc := range rests(e) {
				if !had[rc] {
					had[rc], receipts = true, append(receipts, rc)
				}
			}
		}
	}
	o.Rows = nil
	return func() (*record.Record, error) {
		out := record.New(o)
		for _, e := range entries {
			note, facts, _ := e.Pieces()
			if len(claim.Readers(e.Kind, claim.Figures)) == 0 {
				facts = nil
			}
			c, err := o.CheckStored(note, facts, nil)
			if err == nil {
				_, err = out.AddChecked(c)
			}
			if err != nil {
				return nil, fmt.Errorf("couldn't read statement %s back: %w", e.Place(), err)
			}
		}
		for _, rc := range receipts {
			read, err := o.CheckStoredReceipt(rc.Note())
			if err != nil {
				return nil, fmt.Errorf("couldn't read a receipt of %s back: %w", rc.Of().Place, err)
			}
			out.ApplyReceipt(read)
		}
		return out, nil
	}
}

// parseRef reads the place and leaf of the claim's statement.
func parseRef(s string) (ref record.Ref, err error) {
	i := strings.LastIndexByte(s, ' ')
	if ref.Place, err = record.ParsePlace(s[:max(i, 0)]); err == nil {
		ref.Leaf, err = wire.ParseHash(s[i+1:])
	}
	return ref, err
}

// claimed judges what a file says of a claim, once all of it is here and nothing else of it is wrong.
//
// SPEC: CLM-008 CLM-009 CLM-012
func (j *judgement) claimed() {
	c := j.rec.ByRef(*j.claim)
	made, here, err := claim.Claim{}, false, error(nil)
	if c != nil && c.Kind == claim.KindMade && c.Joined && c.Inert == "" {
		made, here, err = statement.Read[claim.Claim](c)
	}
	if !here || err != nil {
		j.wrong("the statement of the claim, %s, is not here or not valid", j.claim.Place)
		return
	}
	past, figures := j.rec.Past(c), made.Claimed()
	past[c.Log.LogID]++
	for _, l := range j.rec.Logs() {
		if l.Size > past[l.Name.LogID] {
			j.wrong("%s %d is not in the past of the claim", l.Name.LogID, past[l.Name.LogID])
		}
		for _, e := range j.rec.Entries(l.Name.LogID, 0) {
			if e != c && e.Facts() != nil && len(claim.Readers(e.Kind, figures)) == 0 {
				j.wrong("%s: facts that no figure of the claim reads", e.Place())
			}
			if _, _, text := e.Pieces(); e != c && text != nil {
				j.wrong("%s: a text that is not the claim's", e.Place())
			}
		}
	}
	opinion := j.opinion(c)
	if len(j.Wrong)+len(j.Unknown) > 0 {
		return
	}
	other := j.g.Parties[1-j.g.Place(c.Log.Party)].Party // of a line alone it has no sheet
	j.Claim = &ClaimReport{ID: j.rec.Short(c), By: c.Log.Party, Other: other, Time: c.Time, Facts: made, posts: map[string]string{}}
	j.known(c)
	j.figures(made, figures)
	if len(j.Wrong)+len(j.Unknown) == 0 && made.Press != nil {
		j.press(made, opinion)
	}
}

// known finds up to when the file is complete, and how much of it the other side has receipted.
//
// SPEC: CLM-010 CLM-011
func (j *judgement) known(c *record.Entry) {
	var last *record.Entry
	out, held := j.Claim, map[record.LogID]int{}
	for _, l := range j.rec.Logs() {
		ours := l.Name.Party == out.By
		if ours {
			out.Ours, out.Held, held[l.Name.LogID] = out.Ours+l.Size, out.Held+l.Receipted, l.Size
		}
		for _, e := range j.rec.Entries(l.Name.LogID, 0) {
			if !ours && e.Kind != "" && (last == nil || !e.Time.Before(last.Time)) {
				last = e
			}
			if p, here, _ := statement.Read[register.Post](e); e.Kind == "post.added" && here {
				out.posts[e.Place().String()] = p.Name
			}
		}
	}
	out.After = out.Ours
	lines := []string{"line " + j.Line, fmt.Sprintf("claim %s %s", c.Place(), stamp(c.Time)), fmt.Sprintf("since %s at %s", second(out.Facts.Since), second(out.Facts.At))}
	if last != nil {
		past := j.rec.Past(last)
		for id, size := range held {
			out.After -= min(size, past[id])
		}
		out.Known, out.T = j.rec.Short(last), last.Time
		lines = append(lines, fmt.Sprintf("known %s %s", last.Place(), stamp(last.Time)))
		if last.Time.After(c.Time.Add(maxAhead)) {
			j.note("the clock of %s is ahead: %s is dated after the claim", out.Other, out.Known)
		}
	}
	out.Lines = append(lines, fmt.Sprintf("ours %d after %d receipted %d", out.Ours, out.After, out.Held))
	for _, h := range j.holes {
		out.Lines = append(out.Lines, "holes "+h)
	}
}

func stamp(t time.Time) string  { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
func second(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// figures works each figure out and compares it with what the claim says.
//
// SPEC: CLM-012 CLM-013 CLM-029
func (j *judgement) figures(made claim.Claim, figures []string) {
	found, unknown := claim.Work(j.rec, claim.Sides{Us: j.Claim.By, Them: j.Claim.Other, First: j.g.Parties[0].Party, Terms: j.terms, Alone: j.Alone}, figures, made.Since, made.At, nil)
	for _, name := range figures {
		f := FigureReport{Name: name, Verdict: Holds, Found: found.Figure(name)}
		switch where, missing := unknown[name]; {
		case missing:
			f.Verdict, f.Found = CannotBeKnown, ""
			j.unknown("figure %s: what it reads of %s is not here", name, where)
		case f.Found != made.Figure(name):
			f.Verdict = DoesNotHold
			j.wrong("figure %s: it says %s, and the record comes to %s", name, made.Figure(name), f.Found)
		}
		j.Claim.Figures = append(j.Claim.Figures, f)
		j.Claim.Lines = append(j.Claim.Lines, strings.TrimRight(fmt.Sprintf("figure %s %s %s", name, f.Verdict, f.Found), " "))
	}
	j.Unchecked = j.Unchecked[1:] // whether this is all: it is, as of T
	j.unchecked("what %s keeps in private logs, and whether the two parties made the record up together", j.Claim.By)
	j.unchecked("what %s has stated after T", j.Claim.Other)
}
