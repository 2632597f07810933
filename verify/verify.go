// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/statement"
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
	Digits string                 // or the digits of one, as party.ParseDigits gives them
	Kinds  map[string]record.Kind // nil: those of Kinds
}

// Report is what was found.
type Report struct {
	Verdict   Verdict       `json:"verdict"`
	Unchecked []string      `json:"unchecked,omitempty"` // what no file can prove, or nobody asked
	Wrong     []string      `json:"wrong,omitempty"`     // why it does not hold
	Unknown   []string      `json:"unknown,omitempty"`   // what it names and does not contain
	Line      string        `json:"line,omitempty"`
	Parties   []PartyReport `json:"parties,omitempty"`
	Logs      []LogReport   `json:"logs,omitempty"`
	Notes     []string      `json:"notes,omitempty"` // what proves nothing and should be known
}

// PartyReport names one of the two.
type PartyReport struct {
	Name   string `json:"name"`
	Hash   string `json:"hash"`
	Digits string `json:"digits"`
}

// LogReport is what an export says of one log.
type LogReport struct {
	Log             string    `json:"log"`
	Size            int       `json:"size"`    // joined
	Entries         int       `json:"entries"` // all
	Inert           int       `json:"inert,omitempty"`
	First           time.Time `json:"first,omitzero"`
	Last            time.Time `json:"last,omitzero"`
	ReceiptedTo     int       `json:"receipted_to"` // held by the other party, with every body
	ReceiptedAt     time.Time `json:"receipted_at,omitzero"`
	WithoutBodiesTo int       `json:"without_bodies_to,omitempty"` // held by it without every body
	Restored        bool      `json:"restored,omitempty"`
}

// Verify reads an export and says whether it holds.
//
// SPEC: REC-031 REC-032
func Verify(r io.Reader, o Options) Report {
	rep := Report{Unchecked: []string{"whether this is all: a file cannot show that nothing was left out of it"}}
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

func (rep *Report) wrong(f string, a ...any)   { rep.Wrong = append(rep.Wrong, sentence(f, a)) }
func (rep *Report) unknown(f string, a ...any) { rep.Unknown = append(rep.Unknown, sentence(f, a)) }
func (rep *Report) note(f string, a ...any)    { rep.Notes = append(rep.Notes, sentence(f, a)) }

// sentence is what may be printed: whatever of the file is in it cannot steer a terminal.
func sentence(f string, a []any) string {
	var b strings.Builder
	for _, r := range fmt.Sprintf(f, a...) {
		if r < ' ' || r > '~' {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// judgement is an export whose genesis and sheets were found right, on the way to its report.
type judgement struct {
	*Report
	o      Options
	g      *party.Genesis
	sheets []*party.Sheet // from the one that the genesis names on
	ro     record.Options
	rec    *record.Record
}

func (rep *Report) export(x Export, o Options) {
	g, sheets := rep.line(x, o)
	if g == nil {
		return
	}
	if o.Kinds == nil {
		o.Kinds = statement.Record(Kinds)
	}
	j := judgement{Report: rep, o: o, g: g, sheets: sheets, ro: record.Options{Genesis: g.Hash, Kinds: o.Kinds}}
	letters := g.Letters()
	for i, s := range g.Parties {
		p := record.Party{Name: s.Party, Letter: letters[i]}
		for _, sh := range sheets {
			if sh.Party == s.Party {
				p.Keys = append(p.Keys, sh.Sign)
			}
		}
		j.ro.Parties[i] = p
	}
	j.rec = record.New(j.ro)
	j.entries(x.Logs)
	j.receipts(x.Logs)
	j.ends()
	for _, ev := range j.rec.Evidence() {
		rep.wrong("%s %d: %s: it speaks against a key of %s", ev.Log, ev.Index, ev.Why, ev.Against)
	}
	for _, l := range j.rec.Wanted() {
		rep.unknown("%s: %d entries are named, here are the first %d", l.Name.LogID, l.Claimed, l.Size)
	}
	j.numbers()
	for _, l := range j.rec.Logs() {
		j.log(l)
	}
}

// line checks genesis, terms and sheets: who the two are. It gives the sheets whose keys count.
//
// SPEC: REC-033
func (rep *Report) line(x Export, o Options) (*party.Genesis, []*party.Sheet) {
	g, err := party.ParseGenesis(x.Genesis)
	if err == nil && g.Sigs != 2 {
		err = errors.New("not both have signed it")
	}
	if err != nil {
		rep.wrong("the genesis: %v", err)
		return nil, nil
	}
	rep.Line = g.Line
	newest, named := map[string]*party.Sheet{}, map[string]*party.Sheet{}
	var sheets []*party.Sheet
	for i, b := range x.Sheets {
		s, err := party.ParseSheet(b)
		if err != nil {
			rep.wrong("sheet %d: %v", i+1, err)
			return nil, nil
		}
		place := g.Place(s.Party)
		if place < 0 {
			rep.wrong("a sheet of %s, who is no party of this line", s.Party)
		}
		if old := newest[s.Party]; old != nil {
			if err := s.Follows(old); err != nil {
				rep.wrong("sheet %d of %s: %v", s.Issue, s.Party, err)
			}
		}
		newest[s.Party] = s
		if place >= 0 && s.Hash == g.Parties[place].Sheet {
			named[s.Party] = s
		}
		if named[s.Party] != nil {
			sheets = append(sheets, s)
		}
	}
	for _, side := range g.Parties {
		s := named[side.Party]
		if s == nil {
			rep.wrong("the sheet of %s that the genesis names is not here", side.Party)
			return nil, nil
		}
		rep.Parties = append(rep.Parties, PartyReport{side.Party, s.PartyHash().String(), party.Digits(s.PartyHash())})
	}
	if err := g.Fits([2]*party.Sheet{named[g.Parties[0].Party], named[g.Parties[1].Party]}, x.Terms); err != nil {
		rep.wrong("the genesis does not fit sheets and terms: %v", err)
	}
	rep.expect(o)
	return g, sheets
}

// expect compares what the reader knows of the two beforehand.
func (rep *Report) expect(o Options) {
	if o.Expect.IsZero() && o.Digits == "" {
		rep.Unchecked = append(rep.Unchecked, "whose keys these are: no party hash was given to expect")
		return
	}
	i := slices.IndexFunc(rep.Parties, func(p PartyReport) bool { return p.Hash == o.Expect.String() || p.Digits == o.Digits })
	if i < 0 {
		rep.wrong("neither party is the one expected")
		return
	}
	if o.Digits != "" {
		rep.Unchecked = append(rep.Unchecked, "more than 132 bits of the party hash of "+rep.Parties[i].Name+": its digits say no more")
	}
	rep.Unchecked = append(rep.Unchecked, "whose keys those of "+rep.Parties[1-i].Name+" are: only the hash of the other party was given to expect")
}

// piece is a statement, or the note of a receipt, and the log in which it stands.
type piece struct {
	log string
	Entry
}

// entries takes in the statements of all logs; their signatures are checked on all processors.
func (j *judgement) entries(logs []Log) {
	var all []piece
	names := map[string]bool{}
	for _, l := range logs {
		if names[l.Name] {
			j.wrong("log %s twice", l.Name)
		}
		names[l.Name] = true
		if len(l.Entries) == 0 {
			j.unknown("log %s is named, and nothing of it is here", l.Name)
		}
		for _, e := range l.Entries {
			all = append(all, piece{l.Name, e})
		}
	}
	last := record.Place{}
	inOrder(len(all), func(i int) func() {
		c, err := j.ro.Check(all[i].Note, all[i].Facts, all[i].Text)
		if err != nil {
			return func() { j.wrong("%v", err) }
		}
		return func() {
			at := c.Place()
			if at.LogID.String() != all[i].log {
				j.wrong("%s stands in log %s", at, all[i].log)
			}
			if at.LogID == last.LogID && at.Index < last.Index {
				j.wrong("%s stands out of order, after %d", at, last.Index)
			}
			last = at
			switch a, err := j.rec.AddChecked(c); {
			case err != nil:
				j.unknown("%s: %v", at, err)
			case !a.New:
				j.wrong("%s twice", at)
			case a.BadBody:
				j.wrong("%s: a body that its header does not name", at)
			}
		}
	})
}

// receipts takes in those of all logs, the earliest first: so none changes what an earlier one decided.
//
// SPEC: REC-034
func (j *judgement) receipts(logs []Log) {
	var all []piece
	for _, l := range logs {
		for _, b := range l.Receipts {
			all = append(all, piece{l.Name, Entry{Note: b}})
		}
	}
	var good []*record.Receipt
	inOrder(len(all), func(i int) func() {
		rc, err := j.ro.CheckReceipt(all[i].Note)
		if err != nil {
			return func() { j.wrong("a receipt of %s: %v", all[i].log, err) }
		}
		return func() {
			if rc.Log.LogID.String() != all[i].log {
				j.wrong("a receipt of %s stands in log %s", rc.Of().Place, all[i].log)
			}
			j.receipt(rc)
			good = append(good, rc)
		}
	})
	slices.SortFunc(good, (*record.Receipt).Compare)
	for _, rc := range good {
		j.rec.ApplyReceipt(rc)
	}
}

// receipt compares what a receipt names with what is here.
func (j *judgement) receipt(rc *record.Receipt) {
	first := slices.IndexFunc(j.sheets, func(s *party.Sheet) bool { return s.Party == rc.Log.Party })
	switch e := j.rec.ByRef(rc.Of()); {
	case rc.Sheet < j.sheets[first].Issue:
		j.wrong("%s: a receipt under a sheet that was replaced before the genesis", rc.Of().Place)
	case !slices.ContainsFunc(j.sheets, func(s *party.Sheet) bool { return s.Party == rc.Log.Party && s.Issue == rc.Sheet }):
		j.unknown("%s is receipted under sheet %d of %s, which is not here", rc.Of().Place, rc.Sheet, rc.Log.Party)
	case e == nil && j.rec.At(rc.Of().Place) == nil:
		j.unknown("%s is receipted and not here", rc.Of().Place)
	case e == nil:
		j.wrong("%s: a receipt for another text than the one here", rc.Of().Place)
	case !e.WantFacts && strings.Contains(rc.Bodies, "facts"), !e.WantText && strings.Contains(rc.Bodies, "text"):
		j.wrong("%s: a receipt names a body that it does not have", rc.Of().Place)
	}
}

// ends applies what sheets say of sign keys that ended: what such a key signed counts up to that place
// of its log, and in the past of that.
//
// SPEC: REC-033
func (j *judgement) ends() {
	for _, s := range j.sheets {
		for _, end := range s.Ends {
			name, err := record.ParseLogName(end.Log)
			if err != nil || name.Genesis != j.g.Hash {
				j.wrong("sheet %d of %s ends a sign key past a log of another line", s.Issue, s.Party)
				continue
			}
			at := record.Place{LogID: name.LogID, Index: end.Size - 1}
			j.note("sheet %d of %s ends a sign key past %s %d", s.Issue, s.Party, at.LogID, end.Size)
			last := j.rec.At(at)
			if last == nil || !last.Joined {
				j.unknown("sheet %d of %s ends a sign key past %s %d, which is not here", s.Issue, s.Party, at.LogID, end.Size)
				continue
			}
			j.beyond(last, wire.KeyHash(s.Party+"/sign", end.Key))
		}
	}
}

// beyond names what the key that ended past an entry has signed elsewhere. Nothing says when a receipt was made.
func (j *judgement) beyond(last *record.Entry, key uint32) {
	by := func(note []byte) bool {
		n, err := wire.ParseNote(note, wire.MaxNote)
		return err == nil && n.Sigs[0].Key == key
	}
	receipts := 0
	for _, l := range j.rec.Logs() {
		for _, e := range j.rec.Entries(l.Name.LogID, 0) {
			if e.Log.Party == last.Log.Party && by(e.Note()) && e != last && !j.rec.Before(e, last) {
				j.wrong("%s is signed beyond the end of its key", e.Place())
			}
			for _, rc := range j.rec.Receipts(e) {
				if rc.By == last.Log.Party && by(rc.Note()) {
					receipts++
				}
			}
		}
	}
	if receipts > 0 {
		j.Unchecked = append(j.Unchecked, fmt.Sprintf("when %s made %d receipts under a key that has ended", last.Log.Party, receipts))
	}
}

// numbers looks for what must be there, the first log of each party, and names the numbers of logs that
// are not here: a party may skip one.
func (j *judgement) numbers() {
	for _, p := range j.Parties {
		first, last := false, 1
		for _, l := range j.rec.Logs() {
			if l.Name.Party != p.Name {
				continue
			}
			n := l.Name.Number
			first = first || n == 1
			if n > last+1 {
				j.note("%s: no log %d-%d here, which proves nothing", p.Name, last+1, n-1)
			}
			last = n
		}
		if !first {
			j.unknown("the first log of %s, who signed the genesis, is not here", p.Name)
		}
	}
}

// log reports one log, and what of it cannot be known.
func (j *judgement) log(l *record.Log) {
	out := LogReport{Log: l.Name.LogID.String(), Size: l.Size, Entries: l.Stored, Restored: j.rec.Restored(l)}
	for _, e := range j.rec.Entries(l.Name.LogID, 0) {
		if !e.Time.IsZero() {
			if out.First.IsZero() {
				out.First = e.Time
			}
			out.Last = e.Time
		}
		if e.Joined && e.Receipt != nil && out.ReceiptedTo == e.Index {
			out.ReceiptedTo++
			if e.Receipt.Held.After(out.ReceiptedAt) {
				out.ReceiptedAt = e.Receipt.Held
			}
		}
		if e.Inert != "" {
			out.Inert++
		}
		if _, ok := j.o.Kinds[e.Kind]; !ok && e.Kind != "" {
			j.unknown("%s: a kind that this verifier does not know: %s", e.Place(), e.Kind)
		}
		if e.Absent == "later" || e.Absent != "" && e.Inert == "" { // of one that is not valid too: its author wrote it
			j.unknown("%s: a body is not here: %s", e.Place(), e.Absent)
		}
		for _, ref := range e.Re {
			if j.rec.At(ref.Place) != nil && j.rec.ByRef(ref) == nil {
				j.unknown("%s names another text of %s than the one here", e.Place(), ref.Place)
			}
		}
	}
	if l.Receipted > out.ReceiptedTo {
		out.WithoutBodiesTo = l.Receipted
	}
	j.Logs = append(j.Logs, out)
}

// String is the report for people, in English.
func (rep Report) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, rep.Verdict)
	for _, part := range []struct {
		word  string
		lines []string
	}{{"not checked", rep.Unchecked}, {"wrong", rep.Wrong}, {"cannot be known", rep.Unknown}} {
		for _, s := range part.lines {
			fmt.Fprintf(&b, "  %s: %s\n", part.word, s)
		}
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
		if l.WithoutBodiesTo > 0 {
			fmt.Fprintf(&b, ", to %d without all words", l.WithoutBodiesTo)
		}
		if l.Restored {
			fmt.Fprint(&b, ", restored from an older copy")
		}
		fmt.Fprintln(&b)
	}
	for _, s := range rep.Notes {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	return b.String()
}
