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
	"example.org/parley/service"
	"example.org/parley/statement"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// The three words of a verdict.
const (
	Holds         = "HOLDS"
	DoesNotHold   = "DOES NOT HOLD"
	CannotBeKnown = "CANNOT BE KNOWN"
)

// Expected is what the reader knows beforehand.
type Expected struct {
	Party  wire.Hash              // that one of the two must have; zero: none expected
	Digits string                 // or the digits of one, as party.ParseDigits gives them
	Kinds  map[string]record.Kind // nil: those of Kinds
	Lang   string                 // of the sentences of the report; "" is English
}

// Report is what was found.
type Report struct {
	Verdict   string        `json:"verdict"`
	Unchecked []string      `json:"unchecked,omitempty"` // what no file can prove, or nobody asked
	Wrong     []string      `json:"wrong,omitempty"`     // why it does not hold
	Unknown   []string      `json:"unknown,omitempty"`   // what it names and does not contain
	Alone     bool          `json:"alone,omitempty"`     // it is of a line alone: all is the word of one side
	Named     string        `json:"named,omitempty"`     // the other party of a line alone, who has signed nothing
	Line      string        `json:"line,omitempty"`
	Parties   []PartyReport `json:"parties,omitempty"`
	Logs      []LogReport   `json:"logs,omitempty"`
	Notes     []string      `json:"notes,omitempty"` // what proves nothing and should be known
	Claim     *ClaimReport  `json:"claim,omitempty"` // of a claim whose file is as it should be

	lang string
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

// Exit is the exit code of the verdict: 0, 1, 2.
func (rep Report) Exit() int {
	return slices.Index([]string{Holds, DoesNotHold, CannotBeKnown}, rep.Verdict)
}

// Verify reads an export or a claim and says whether it holds.
//
// SPEC: REC-031 REC-032 ALN-004
func Verify(r io.Reader, o Expected) Report {
	rep, _ := Open(r, o)
	return rep
}

// Open is Verify that also gives what is sound of the file; nil, where its genesis or its sheets are not right.
func Open(r io.Reader, o Expected) (Report, *record.Record) {
	rep := Report{lang: o.Lang}
	rep.unchecked("whether this is all: a file cannot show that nothing was left out of it")
	rec, err := rep.export(newReader(r), o)
	switch {
	case errors.Is(err, ErrFile):
		rep.wrong("%v", err)
	case err != nil:
		rep.unknown("%v", err)
	}
	switch {
	case len(rep.Wrong) > 0:
		rep.Verdict = DoesNotHold
	case len(rep.Unknown) > 0:
		rep.Verdict = CannotBeKnown
	default:
		rep.Verdict = Holds
	}
	rep.Wrong, rep.Unknown, rep.Notes = rep.cut(rep.Wrong), rep.cut(rep.Unknown), rep.cut(rep.Notes)
	return rep, rec
}

func (rep *Report) wrong(f string, a ...any)     { rep.add(&rep.Wrong, f, a) }
func (rep *Report) unknown(f string, a ...any)   { rep.add(&rep.Unknown, f, a) }
func (rep *Report) unchecked(f string, a ...any) { rep.add(&rep.Unchecked, f, a) }
func (rep *Report) note(f string, a ...any)      { rep.add(&rep.Notes, f, a) }

func (rep *Report) add(to *[]string, f string, a []any) { *to = append(*to, string(rep.say(f, a...))) }

// mostReasons is how many of a sort are told; the others are counted.
const mostReasons = 100

func (rep *Report) cut(all []string) []string {
	if n := len(all) - mostReasons; n > 0 {
		return append(all[:mostReasons:mostReasons], string(rep.say("and %d more", n)))
	}
	return all
}

// own are words of this program, in which whatever is of the file has been made harmless.
type own string

// say is what may be printed: whatever of the file is in it cannot steer a terminal.
func (rep *Report) say(f string, a ...any) own {
	for i, x := range a {
		switch x.(type) {
		case int, own:
		default:
			a[i] = seen(fmt.Sprint(x))
		}
	}
	return own(fmt.Sprintf(words.Say(rep.lang, f), a...))
}

func join(said []own, between string) own {
	var s []string
	for _, x := range said {
		s = append(s, string(x))
	}
	return own(strings.Join(s, between))
}

// seen writes out what is not plain ASCII.
func seen(s string) string {
	var b strings.Builder
	for _, r := range s {
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
	g      *party.Genesis
	sheets []*party.Sheet // from the one that the genesis names on
	ro     record.Options
	rec    *record.Record

	names    map[string]bool // of the logs so far
	log      string          // under way
	last     record.Place    // of the statement before
	receipts []*record.Receipt
	terms    []byte
	claim    *record.Ref // nil: it is an export
	holes    []string    // numbers of logs that are skipped
	newest   time.Time   // of a statement
}

// export judges the head of a file, then its statements and receipts while they are read, then the whole. A file that
// ends in an error is judged no further.
func (rep *Report) export(d *reader, o Expected) (*record.Record, error) {
	head := map[string][][]byte{}
	p, err := d.next()
	for ; err == nil && p.Kind != "log"; p, err = d.next() {
		head[p.Kind] = append(head[p.Kind], p.Bytes)
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	j := rep.line(head, o)
	if j == nil {
		return nil, nil
	}
	if d.claim {
		ref, bad := parseRef(string(append(head["claim"], nil)[0]))
		if bad != nil {
			rep.wrong("the place of the claim: %v", bad)
			return nil, nil
		}
		j.claim = &ref
	}
	inOrder(func(yield func(signed) bool) {
		var st signed
		for ; err == nil; p, err = d.next() {
			switch p.Kind {
			case "facts":
				st.facts = p.Bytes
			case "text":
				st.text = p.Bytes
			default:
				if st.kind != "" {
					yield(st)
				}
				st = signed{kind: p.Kind, note: p.Bytes}
			}
		}
		if st.kind != "" {
			yield(st)
		}
	}, j.check)
	if err != io.EOF {
		return nil, err
	}
	j.whole()
	return j.rec, nil
}

// signed is a statement with its bodies, a receipt, or the name of the log that begins here.
type signed struct {
	kind              string // entry receipt log
	note, facts, text []byte
}

// check finds whether one is sound, on any processor, and gives what then is to be done with it in order.
func (j *judgement) check(st signed) func() {
	switch st.kind {
	case "log":
		return func() { j.begin(string(st.note)) }
	case "receipt":
		rc, err := j.ro.CheckReceipt(st.note)
		return func() {
			if err != nil {
				j.wrong("a receipt of %s: %v", j.log, err)
				return
			}
			if rc.Log.LogID.String() != j.log {
				j.wrong("a receipt of %s stands in log %s", rc.Of().Place, j.log)
			}
			j.receipts = append(j.receipts, rc)
		}
	}
	c, err := j.ro.Check(st.note, st.facts, st.text)
	return func() {
		if j.names[j.log] = true; err != nil {
			j.wrong("%v", err)
		} else {
			j.entry(c)
		}
	}
}

// begin goes on to a log.
func (j *judgement) begin(log string) {
	j.empty()
	if _, twice := j.names[log]; twice {
		j.wrong("log %s twice", log)
	}
	j.log, j.names[log] = log, false
}

// empty says that nothing of the log that ends here was in the file.
func (j *judgement) empty() {
	if any, ok := j.names[j.log]; ok && !any {
		j.unknown("log %s is named, and nothing of it is here", j.log)
	}
}

// entry takes in a sound statement.
func (j *judgement) entry(c *record.Checked) {
	at := c.Place()
	if at.LogID.String() != j.log {
		j.wrong("%s stands in log %s", at, j.log)
	}
	if at.LogID == j.last.LogID && at.Index < j.last.Index {
		j.wrong("%s stands out of order, after %d", at, j.last.Index)
	}
	j.last = at
	switch a, err := j.rec.AddChecked(c); {
	case err != nil:
		j.unknown("%s: %v", at, err)
	case !a.New:
		j.wrong("%s twice", at)
	case a.BadBody:
		j.wrong("%s: a body that its header does not name", at)
	}
}

// whole judges what can be judged when all is here. Receipts are taken in the earliest first: so none changes what an
// earlier one decided.
//
// SPEC: REC-034
func (j *judgement) whole() {
	j.empty()
	for _, rc := range j.receipts {
		j.receipt(rc)
	}
	slices.SortFunc(j.receipts, (*record.Receipt).Compare)
	for _, rc := range j.receipts {
		j.rec.ApplyReceipt(rc)
	}
	j.ends()
	for _, ev := range j.rec.Evidence() {
		j.wrong("%s %d: %s: it speaks against a key of %s", ev.Log, ev.Index, ev.Why, ev.Against)
	}
	for _, l := range j.rec.Wanted() {
		j.unknown("%s: %d entries are named, here are the first %d", l.Name.LogID, l.Claimed, l.Size)
	}
	j.numbers()
	restored := j.rec.Restored()
	for _, l := range j.rec.Logs() {
		j.reportLog(l, restored[l])
	}
	for _, l := range j.Logs {
		if l.ReceiptedAt.After(j.newest.Add(24 * time.Hour)) {
			j.note("%s: its receipt says %s, more than a day after the newest statement here", l.Log, second(l.ReceiptedAt))
		}
	}
	if j.claim != nil {
		j.claimed()
	} else {
		j.issues()
	}
}

// line checks genesis, terms and sheets: who the two are, and whose keys count. nil: nothing more can be judged.
//
// SPEC: REC-033
func (rep *Report) line(head map[string][][]byte, o Expected) *judgement {
	first := func(kind string) []byte { return append(head[kind], nil)[0] }
	g, err := party.ParseGenesis(first("genesis"))
	if err == nil && !g.Complete() {
		err = errors.New("not both have signed it")
	}
	if err != nil {
		rep.wrong("the genesis: %v", err)
		return nil
	}
	rep.Line = g.Line
	j := &judgement{Report: rep, g: g, terms: first("terms"), ro: record.Options{Genesis: g.Hash, Kinds: o.Kinds, Whole: true}, names: map[string]bool{}}
	if o.Kinds == nil {
		j.ro.Kinds = statement.Record(Kinds)
	}
	var named [2]*party.Sheet
	newest := map[string]*party.Sheet{}
	letters := g.Letters()
	for i, b := range head["sheet"] {
		s, err := party.ParseSheet(b)
		if err != nil {
			rep.wrong("sheet %d: %v", i+1, err)
			return nil
		}
		if old := newest[s.Party]; old != nil {
			if err := s.Follows(old); err != nil {
				rep.wrong("sheet %d of %s: %v", s.Issue, s.Party, err)
			}
		}
		newest[s.Party] = s
		at := g.Place(s.Party)
		if at < 0 || at >= len(g.Signers()) {
			rep.wrong("a sheet of %s, who is no party of this line", s.Party)
			continue
		}
		if s.Hash == g.Parties[at].Sheet {
			named[at] = s
		}
		if named[at] != nil {
			j.sheets, j.ro.Parties[at].Keys = append(j.sheets, s), append(j.ro.Parties[at].Keys, s.Sign)
		}
	}
	j.ro.Parties[1].Name = g.Parties[1].Party // of a line alone it has no key: nothing of it is sound
	if rep.Alone = g.Alone(); rep.Alone {
		rep.Named = g.Parties[1].Party
		rep.unchecked("when this was written: nobody but %s held it, who could write all of it anew until it was shown to somebody", g.Parties[0].Party)
	}
	for i, p := range g.Signers() {
		if named[i] == nil {
			rep.wrong("the sheet of %s that the genesis names is not here", p.Party)
			return nil
		}
		j.ro.Parties[i].Name, j.ro.Parties[i].Letter = p.Party, letters[i]
		rep.Parties = append(rep.Parties, PartyReport{p.Party, named[i].PartyHash().String(), party.Digits(named[i].PartyHash())})
	}
	if whole := slices.ContainsFunc(slices.Concat(head["sheet"], head["terms"]), func(b []byte) bool { return len(party.Bare(b)) < len(b) }); whole && head["claim"] != nil {
		rep.wrong("a claim that tells addresses or telephones: its sheets and terms stand without them") // SPEC: CLM-004
	}
	if err := g.Fits(named, first("terms")); err != nil {
		rep.wrong("the genesis does not fit sheets and terms: %v", err)
	}
	rep.expect(o)
	j.ro.Ends = Ends(j.sheets)
	j.rec = record.New(j.ro)
	return j
}

// Ends are the ends of sign keys that sheets name, by party: for node and verifier alike.
func Ends(sheets []*party.Sheet) map[string][]record.Cutoff {
	out := map[string][]record.Cutoff{}
	for _, s := range sheets {
		for _, e := range s.Ends {
			if name, err := record.ParseLogName(e.Log); err == nil {
				out[s.Party] = append(out[s.Party], record.Cutoff{Key: e.Key, Past: record.Place{LogID: name.LogID, Index: e.Size - 1}, Issue: s.Issue})
			}
		}
	}
	return out
}

// expect compares what the reader knows of the two beforehand.
func (rep *Report) expect(o Expected) {
	if o.Party.IsZero() && o.Digits == "" {
		rep.unchecked("whose keys these are: no party hash was given to expect")
		return
	}
	i := slices.IndexFunc(rep.Parties, func(p PartyReport) bool { return p.Hash == o.Party.String() || p.Digits == o.Digits })
	if i < 0 {
		rep.wrong("neither party is the one expected")
		return
	}
	if o.Digits != "" {
		rep.unchecked("more than 132 bits of the party hash of %s: its digits say no more", rep.Parties[i].Name)
	}
	if !rep.Alone {
		rep.unchecked("whose keys those of %s are: only the hash of the other party was given to expect", rep.Parties[1-i].Name)
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
				switch {
				case e.Disowned > 0:
					j.note("%s is signed beyond the end of its key: receipted before, it stands, disowned by sheet %d of %s", e.Place(), e.Disowned, e.Log.Party)
				case j.claim != nil: // its file has not every receipt: who left out the one that holds it would have it void
					j.wrong("%s is signed beyond the end of its key: void, use of a stolen key, or its receipt was left out", e.Place())
				default:
					j.note("%s is signed beyond the end of its key: void, use of a stolen key", e.Place())
				}
			}
			for _, rc := range j.rec.Receipts(e) {
				if rc.By == last.Log.Party && by(rc.Note()) {
					receipts++
				}
			}
		}
	}
	if receipts > 0 {
		j.unchecked("when %s made %d receipts under a key that has ended", last.Log.Party, receipts)
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
				j.holes = append(j.holes, fmt.Sprintf("%s %d-%d", p.Name, last+1, n-1))
			}
			last = n
		}
		if !first {
			j.unknown("the first log of %s, who signed the genesis, is not here", p.Name)
		}
	}
}

// issues looks for the sheets that the statements of an export name: one that is left out may end a key.
//
// SPEC: REC-031
func (j *judgement) issues() {
	for _, key := range j.rec.Items() {
		s := service.FoldIssue(j.rec.Item(key))
		here := s.Entry == nil || slices.ContainsFunc(j.sheets, func(sh *party.Sheet) bool { return sh.Party == s.Party && sh.Hash.String() == s.Hash })
		switch {
		case here:
		case s.Accepted != nil:
			j.unknown("issue %d of the sheet of %s, which both have taken, is not here", s.Issue, s.Party)
		default:
			j.note("issue %d of the sheet of %s, which %s names, is not here: it may end a key", s.Issue, s.Party, s.Entry.Place())
		}
	}
}

// reportLog reports one log, and what of it cannot be known.
func (j *judgement) reportLog(l *record.Log, restored bool) {
	out, early := LogReport{Log: l.Name.LogID.String(), Size: l.Size, Entries: l.Stored, Restored: restored}, false
	for _, e := range j.rec.Entries(l.Name.LogID, 0) {
		if !e.Time.IsZero() {
			if out.First.IsZero() {
				out.First = e.Time
			}
			out.Last = e.Time
		}
		if e.Joined && out.ReceiptedTo == e.Index && (e.Receipt != nil || e.Sealed() && e.Index < l.Held) {
			out.ReceiptedTo++
			if e.Receipt != nil && e.Receipt.Held.After(out.ReceiptedAt) {
				out.ReceiptedAt = e.Receipt.Held
			}
		}
		if e.Inert != "" {
			out.Inert++
		}
		if e.Time.After(j.newest) {
			j.newest = e.Time
		}
		if !early && e.Receipt != nil && e.Receipt.Held.Before(e.Time.Add(-maxAhead)) {
			early = true // said of the first alone
			j.note("%s: its receipt says %s, before it was written by its author's clock", e.Place(), second(e.Receipt.Held))
		}
		if _, ok := j.ro.Kinds[e.Kind]; !ok && e.Kind != "" && !j.stranger(e) {
			j.unknown("%s: a kind that this verifier does not know: %s", e.Place(), e.Kind)
		}
		switch {
		case j.claim != nil: // bodies are looked for by the figures that read them
		case e.Sealed() && e.Receipt == nil && (e.Absent == "later" || e.Absent == ""): // nobody has said that he held its bodies, here or not
			j.note("%s is sealed: no receipt here names its bodies", e.Place())
		case e.Absent == "later" || e.Absent != "" && e.Inert == "": // of one that is not valid too: its author wrote it
			j.unknown("%s: a body is not here: %s", e.Place(), e.Absent)
		}
		for _, ref := range e.Re {
			if j.rec.At(ref.Place) != nil && j.rec.ByRef(ref) == nil && !j.stranger(e) {
				j.unknown("%s names another text of %s than the one here", e.Place(), ref.Place)
			}
		}
	}
	if l.Receipted > out.ReceiptedTo {
		out.WithoutBodiesTo = l.Receipted
	}
	if j.claim == nil {
		j.Logs = append(j.Logs, out)
	}
}

// stranger reports whether a header names a party of another line: nothing that it says is looked for.
func (j *judgement) stranger(e *record.Entry) bool {
	st := e.Header()
	return slices.ContainsFunc(st.Seen, func(s record.Seen) bool { return j.g.Place(s.Party) < 0 }) ||
		slices.ContainsFunc(st.Re, func(r record.Ref) bool { return j.g.Place(r.Party) < 0 })
}

// First is the verdict, and on whose word it stands where that is one side's.
func (rep Report) First() string {
	if rep.Alone && rep.Verdict == Holds {
		return string(rep.say("%s, on the word of one side", rep.Verdict))
	}
	return rep.Verdict
}

// under are reasons of the report, each after its word.
func under(word own, reasons []string) (out []string) {
	for _, s := range reasons {
		out = append(out, "  "+string(word)+": "+s)
	}
	return out
}

// Lang is the language of its sentences.
func (rep Report) Lang() string { return words.Lang(rep.lang) }

// Why is what is wrong with it.
func (rep Report) Why() []string { return under(rep.say("wrong"), rep.Wrong) }

// Left is what it leaves open: what cannot be known, what was not checked, what proves nothing and should be known.
func (rep Report) Left() []string {
	return slices.Concat(under(rep.say("cannot be known"), rep.Unknown), under(rep.say("not checked"), rep.Unchecked), under(rep.say("note"), rep.Notes))
}

// Who is the line, its parties, and what was found of a claim.
func (rep Report) Who() (out []string) {
	if rep.Line != "" {
		out = append(out, string(rep.say("line %s", rep.Line)))
	}
	for _, p := range rep.Parties {
		out = append(out, string(rep.say("  %s  party %s", p.Name, p.Hash)))
	}
	if rep.Claim != nil {
		out = append(out, rep.tell()...)
	}
	return out
}

// void says, right below the verdict, how much of what holds means nothing.
func (rep Report) void() []string {
	all, inert := 0, 0
	for _, l := range rep.Logs {
		all, inert = all+l.Entries, inert+l.Inert
	}
	if inert == 0 {
		return nil
	}
	return []string{"  " + string(rep.say("%d of %d statements are not valid and count for nothing", inert, all))}
}

// String is the report for people, in the language that was asked for.
func (rep Report) String() string {
	out := slices.Concat([]string{rep.First()}, rep.void(), under(rep.say("not checked"), rep.Unchecked), rep.Why(), under(rep.say("cannot be known"), rep.Unknown), rep.Who(), rep.ForPress())
	for _, l := range rep.Logs {
		s := rep.say("  %s  %d entries", l.Log, l.Entries)
		if l.Inert > 0 {
			s += rep.say(", %d not valid", l.Inert)
		}
		if l.ReceiptedTo > 0 {
			s += rep.say(", receipted to %d (%s)", l.ReceiptedTo, l.ReceiptedAt.UTC().Format("2006-01-02 15:04:05Z"))
		} else {
			s += rep.say(", not receipted")
		}
		if l.WithoutBodiesTo > 0 {
			s += rep.say(", to %d without all words", l.WithoutBodiesTo)
		}
		if l.Restored {
			s += rep.say(", restored from an older copy")
		}
		out = append(out, string(s))
	}
	for _, s := range rep.Notes {
		out = append(out, "  "+s)
	}
	return strings.Join(out, "\n") + "\n"
}
