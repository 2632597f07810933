// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/wire"
)

// Verdict is the word about an export.
type Verdict string

// The three words.
const (
	Holds         Verdict = "HOLDS"
	DoesNotHold   Verdict = "DOES NOT HOLD"
	CannotBeKnown Verdict = "CANNOT BE KNOWN"
)

// Exit is the exit code of a verdict: 0, 1, 2.
func (v Verdict) Exit() int { return slices.Index([]Verdict{Holds, DoesNotHold, CannotBeKnown}, v) }

// Options say what the reader knows beforehand.
type Options struct {
	Expect wire.Hash              // a party hash that one of the two must have; zero: none expected
	Kinds  map[string]record.Kind // nil: Kinds()
}

// Report is what was found.
type Report struct {
	Verdict   Verdict       `json:"verdict"`
	Line      string        `json:"line,omitempty"`
	Parties   []PartyReport `json:"parties,omitempty"`
	Logs      []LogReport   `json:"logs,omitempty"`
	Wrong     []string      `json:"wrong,omitempty"`     // why it does not hold
	Unknown   []string      `json:"unknown,omitempty"`   // what it names and does not contain
	Unchecked []string      `json:"unchecked,omitempty"` // what no file can prove, or nobody asked
}

// PartyReport names one of the two.
type PartyReport struct {
	Name   string `json:"name"`
	Hash   string `json:"hash"`
	Digits string `json:"digits"`
}

// LogReport is what an export says of one log.
type LogReport struct {
	Log         string    `json:"log"`
	Size        int       `json:"size"`    // joined
	Entries     int       `json:"entries"` // all
	Inert       int       `json:"inert,omitempty"`
	First       time.Time `json:"first,omitzero"`
	Last        time.Time `json:"last,omitzero"`
	ReceiptedTo int       `json:"receipted_to"` // by the other party
	ReceiptedAt time.Time `json:"receipted_at,omitzero"`
	Restored    bool      `json:"restored,omitempty"`
	Declared    string    `json:"declared"`
}

// NoTallies stands where a tally would declare a log.
const NoTallies = "no tallies yet"

// Verify reads an export and says whether it holds.
//
// SPEC: REC-031 REC-032
func Verify(r io.Reader, o Options) Report {
	var rep Report
	x, err := Read(r)
	switch {
	case errors.Is(err, ErrFile):
		rep.wrong("%v", err)
	case err != nil:
		rep.unknown("%v", err)
	default:
		rep.export(x, o)
	}
	switch {
	case len(rep.Wrong) > 0:
		rep.Verdict = DoesNotHold
	case len(rep.Unknown) > 0:
		rep.Verdict = CannotBeKnown
	default:
		rep.Verdict = Holds
	}
	return rep
}

func (rep *Report) wrong(f string, a ...any) { rep.Wrong = append(rep.Wrong, fmt.Sprintf(f, a...)) }
func (rep *Report) unknown(f string, a ...any) {
	rep.Unknown = append(rep.Unknown, fmt.Sprintf(f, a...))
}

func (rep *Report) export(x Export, o Options) {
	g, sheets := rep.line(x, o)
	if g == nil {
		return
	}
	if o.Kinds == nil {
		o.Kinds = Kinds()
	}
	ro := record.Options{Genesis: g.Hash, Kinds: o.Kinds}
	letters := g.Letters()
	for i, s := range []party.Side{g.A, g.B} {
		ro.Parties[i] = record.Party{Name: s.Party, Letter: letters[i], Keys: []ed25519.PublicKey{s.Sign}}
		for _, sh := range sheets {
			if sh.Party == s.Party && !sh.Sign.Equal(s.Sign) {
				ro.Parties[i].Keys = append(ro.Parties[i].Keys, sh.Sign)
			}
		}
	}
	rec := record.New(ro)
	names := map[string]bool{}
	for _, l := range x.Logs {
		if names[l.Name] {
			rep.wrong("log %.64q twice", l.Name)
		}
		names[l.Name] = true
		rep.add(rec, l)
	}
	for _, ev := range rec.Evidence() {
		rep.wrong("%s/%s %d: %s: it speaks against a key of %s", ev.Log.Party, ev.Log.LogID, ev.Index, ev.Why, ev.Against)
	}
	for _, l := range rec.Wanted() {
		rep.unknown("%s/%s: %d entries are named, here are the first %d", l.Name.Party, l.Name.LogID, l.Claimed, l.Size)
	}
	for _, l := range rec.Logs() {
		rep.log(rec, l, o)
	}
}

// line checks genesis, terms and sheets: who the two are.
func (rep *Report) line(x Export, o Options) (*party.Genesis, []*party.Sheet) {
	g, err := party.ParseGenesis(x.Genesis)
	if err != nil || g.Sigs != 2 || !bytes.Equal(g.Note, x.Genesis) {
		rep.wrong("the genesis is not one that both have signed: %v", err)
		return nil, nil
	}
	rep.Line = g.Line
	var sheets []*party.Sheet
	newest := map[string]*party.Sheet{}
	for i, b := range x.Sheets {
		s, err := party.ParseSheet(b)
		if err != nil {
			rep.wrong("sheet %d: %v", i+1, err)
			return nil, nil
		}
		old := newest[s.Party]
		if old != nil {
			if err := s.Follows(old); err != nil {
				rep.wrong("sheet %d of %s: %v", s.Issue, s.Party, err)
			}
		}
		newest[s.Party] = s
		sheets = append(sheets, s)
	}
	first := [2]*party.Sheet{}
	for i, side := range []party.Side{g.A, g.B} {
		for _, s := range sheets {
			if s.Hash == side.Sheet {
				first[i] = s
			}
		}
		if first[i] == nil {
			rep.wrong("the sheet of %s that the genesis names is not here", side.Party)
			return nil, nil
		}
		rep.Parties = append(rep.Parties, PartyReport{side.Party, first[i].PartyHash().String(), party.Digits(first[i].PartyHash())})
	}
	for _, s := range sheets {
		if s.Party != g.A.Party && s.Party != g.B.Party {
			rep.wrong("a sheet of %s, who is no party of this line", s.Party)
		}
	}
	if err := g.Fits(first[0], first[1], x.Terms); err != nil {
		rep.wrong("the genesis does not fit sheets and terms: %v", err)
	}
	rep.expect(o, first)
	return g, sheets
}

func (rep *Report) expect(o Options, first [2]*party.Sheet) {
	switch {
	case o.Expect.IsZero():
		rep.Unchecked = append(rep.Unchecked, "whose keys these are: no party hash was given to expect")
	case o.Expect != first[0].PartyHash() && o.Expect != first[1].PartyHash():
		rep.wrong("neither party is the one expected")
	default:
		other := rep.Parties[0]
		if o.Expect == first[0].PartyHash() {
			other = rep.Parties[1]
		}
		rep.Unchecked = append(rep.Unchecked, "whose keys those of "+other.Name+" are: only the hash of the other party was given to expect")
	}
}

// add takes in one log of the file.
func (rep *Report) add(rec *record.Record, l Log) {
	if len(l.Entries) == 0 {
		rep.unknown("log %.64q is named, and nothing of it is here", l.Name)
	}
	for i, e := range l.Entries {
		a, err := rec.Add(e.Note, e.Facts, e.Text)
		var refused *record.Refusal
		switch {
		case errors.As(err, &refused):
			rep.wrong("%v", err)
			continue
		case err != nil:
			rep.unknown("entry %d of %s: %v", i, l.Name, err)
			continue
		case !a.New:
			rep.wrong("%s twice", a.Entry.Place())
		case a.BadBody:
			rep.wrong("%s: a body that its header does not name", a.Entry.Place())
		case a.Entry.Log.Party+"/"+a.Entry.Log.LogID.String() != l.Name:
			rep.wrong("%s stands in log %.64q", a.Entry.Place(), l.Name)
		}
	}
	for _, b := range l.Receipts {
		rc, err := rec.CheckReceipt(b)
		switch {
		case err != nil:
			rep.wrong("a receipt of %.64q: %v", l.Name, err)
			continue
		case rc.Log.Party+"/"+rc.Log.LogID.String() != l.Name:
			rep.wrong("a receipt of %s stands in log %.64q", rc.Entry.Place, l.Name)
		case rec.At(rc.Entry.Place) == nil:
			rep.unknown("%s is receipted and not here", rc.Entry.Place)
		case rec.ByRef(rc.Entry) == nil:
			rep.wrong("%s: a receipt for another text than the one here", rc.Entry.Place)
		}
		rec.ApplyReceipt(rc)
	}
}

// log reports one log, and what of it cannot be known.
func (rep *Report) log(rec *record.Record, l *record.Log, o Options) {
	out := LogReport{Log: l.Name.Party + "/" + l.Name.LogID.String(), Size: l.Size, Entries: l.Stored, Restored: rec.Restored(l), Declared: NoTallies}
	out.ReceiptedTo, out.ReceiptedAt = l.Receipted.Size, l.Receipted.Held
	for _, e := range rec.Entries(l.Name.Party, l.Name.LogID, 0) {
		if !e.Time.IsZero() {
			if out.First.IsZero() {
				out.First = e.Time
			}
			out.Last = e.Time
		}
		if e.Inert != "" {
			out.Inert++
		}
		if _, ok := o.Kinds[e.Kind]; !ok && e.Kind != "" {
			rep.unknown("%s: a kind that this verifier does not know: %s", e.Place(), e.Kind)
		}
		if e.Absent == "later" || e.Absent != "" && e.Inert == "" { // of one that is not valid too: its author wrote it
			rep.unknown("%s: a body is not here: %s", e.Place(), e.Absent)
		}
		for _, ref := range e.Re {
			if rec.At(ref.Place) != nil && rec.ByRef(ref) == nil {
				rep.unknown("%s names another text of %s than the one here", e.Place(), ref.Place)
			}
		}
	}
	rep.Logs = append(rep.Logs, out)
}

// String is the report for people, in English.
func (rep Report) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, rep.Verdict)
	for _, w := range rep.Wrong {
		fmt.Fprintln(&b, "  wrong:", w)
	}
	for _, w := range rep.Unknown {
		fmt.Fprintln(&b, "  cannot be known:", w)
	}
	if rep.Line != "" {
		fmt.Fprintln(&b, "line", rep.Line)
	}
	for _, p := range rep.Parties {
		fmt.Fprintf(&b, "  %s  party %s\n", p.Name, p.Hash)
	}
	for _, l := range rep.Logs {
		fmt.Fprintf(&b, "  %s  %d entries", l.Log, l.Entries)
		if l.Inert > 0 {
			fmt.Fprintf(&b, ", %d not valid", l.Inert)
		}
		if l.ReceiptedTo > 0 {
			fmt.Fprintf(&b, ", receipted to %d (%s)", l.ReceiptedTo, l.ReceiptedAt.UTC().Format("2006-01-02 15:04:05Z"))
		} else {
			fmt.Fprint(&b, ", not receipted")
		}
		if l.Restored {
			fmt.Fprint(&b, ", restored from an older copy")
		}
		fmt.Fprintf(&b, ", %s\n", l.Declared)
	}
	for _, u := range rep.Unchecked {
		fmt.Fprintln(&b, "  not checked:", u)
	}
	return b.String()
}
