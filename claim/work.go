// SPDX-License-Identifier: Apache-2.0

package claim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/message"
	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/service"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// Sides are what a claim must know of its line.
type Sides struct {
	Us, Them string // the claimant, the other side
	First    string // party A
	Terms    []byte // of the genesis
	Alone    bool   // the other side is only named: what is tested is its ordinary telephone
}

// work is one working out.
type work struct {
	Sides
	r       *record.Record
	since   time.Time
	now     time.Time
	from    time.Time
	unknown map[string]string
	items   map[string][]*record.Item // by the first word of the kind of their beginning
}

// Work works out figures of the record, which holds what is in the past of the claim. The claim itself is none of them. What
// cannot be known is given by figure, with why. Private states are what the claimant has in private logs, for the node that
// asks itself whether they would change a figure.
//
// SPEC: CLM-002 CLM-014 CLM-015
func Work(r *record.Record, l Sides, figures []string, since, at time.Time, private []contact.State) (m Claim, unknown map[string]string) {
	w := &work{Sides: l, r: r, since: since, now: at, from: since, unknown: map[string]string{}, items: map[string][]*record.Item{}}
	w.begin(figures)
	m.Since, m.At = since, at
	for _, f := range figures {
		switch f {
		case FigureTested:
			m.Tested = w.tested()
		case FigureUsed:
			m.Used = w.used()
		case FigurePhone:
			m.Phone = w.telephone()
		}
	}
	if slices.Contains(figures, FigureContacts) || slices.Contains(figures, FigureRequests) {
		found := w.counterparts(private)
		if slices.Contains(figures, FigureContacts) {
			m.Contacts = pairs(found)
		}
		if slices.Contains(figures, FigureRequests) {
			m.Requests = &Attempts{len(found.Sought), found.ByUs, found.ByThem}
		}
	}
	return m, w.unknown
}

// begin finds when counting begins, the items, and what is missing.
//
// SPEC: CLM-012 CLM-015
func (w *work) begin(figures []string) {
	var began time.Time
	for _, l := range w.r.Logs() {
		for _, e := range w.r.Entries(l.Name.LogID, 0) {
			if e.Kind == "line.genesis" && e.Joined && e.Log.Number == 1 && e.Index == 0 && (began.IsZero() || e.Time.Before(began)) {
				began = e.Time
			}
			if e.WantFacts && e.Inert == "" && e.Facts() == nil {
				for _, f := range Readers(e.Kind, figures) {
					w.unknown[f] = e.Place().String()
				}
			}
		}
	}
	if began = began.Truncate(time.Second); began.After(w.from) {
		w.from = began
	}
	for _, key := range w.r.Items() {
		if it := w.r.Item(key); it.Begin != nil {
			head := statement.About(it.Begin.Kind)
			w.items[head] = append(w.items[head], it)
		}
	}
}

// tested counts the days on which the line was tested.
//
// SPEC: CLM-016 CLM-017 CLM-018 CLM-019 CLM-032
func (w *work) tested() *Tested {
	var away []service.State
	for _, it := range w.items["line"] {
		if s := service.Fold(it); s.Begin != nil {
			away = append(away, s)
		}
	}
	figures := check.Days
	if w.Alone {
		figures = check.Tests
	}
	s := figures(w.checks(), w.schedule(), func(t time.Time) string { return service.Away(away, t) }, w.from, w.now)
	return &Tested{From: s.From, Days: s.Days, Tested: s.Tested, Streak: s.Streak, Suspended: s.Away[check.Suspended], Maintenance: s.Away[check.Maintenance],
		Last: s.LastPassed, GapFrom: s.Gap[0], GapTo: s.Gap[1]}
}

func (w *work) checks() (states []check.State) {
	for _, it := range w.items["check"] {
		states = append(states, check.Fold(it, w.r))
	}
	return states
}

// telephone counts the tests of the ordinary telephone.
//
// SPEC: CLM-031
func (w *work) telephone() *Telephone {
	out := &Telephone{From: w.from.UTC(), Ours: map[string]int{}, Theirs: map[string]int{}}
	var ours []check.State
	for _, s := range check.Noted(w.checks(), w.from, w.now) {
		if s.Opener != w.Us {
			out.Theirs[s.Test]++
			continue
		}
		out.Ours[s.Test]++
		ours = append(ours, s)
	}
	s := check.Gaps(ours, w.now)
	out.Last, out.GapFrom, out.GapTo = s.LastPassed, s.Gap[0], s.Gap[1]
	return out
}

// schedule is when checks were due: by the genesis' terms, and by what was agreed since.
func (w *work) schedule() party.Schedule {
	t, err := party.ParseTerms(w.Terms)
	if err != nil {
		w.unknown[FigureTested] = err.Error()
	}
	var list []service.Proposal
	for _, it := range w.items["terms"] {
		p := service.FoldTerms(it, w.r.Told)
		for _, e := range p.Accepted {
			if _, known := p.Counts(e); p.Entry != nil && !p.From.After(w.now) && !known {
				w.unknown[FigureTested] = e.Place().String()
			}
		}
		list = append(list, p)
	}
	s := t.Schedule
	for _, p := range service.Chain(list, wire.Sum(party.Bare(w.Terms)), w.First) {
		s.Changes = append(s.Changes, party.Change{From: p.From, Schedule: p.New.Schedule})
	}
	return s
}

// kindStop is a STOP: its header alone counts here, and its meaning is no matter.
const kindStop = "stop.sent"

// used counts what used the line for substance.
//
// SPEC: CLM-020
func (w *work) used() *Used {
	u := &Used{From: w.from}
	count := func(n *int, t time.Time, disputed bool) {
		if t = t.Truncate(time.Second); t.IsZero() || t.Before(w.from) {
			return
		}
		if *n++; t.After(u.Last) {
			u.Last = t
		}
		if disputed {
			u.Disputed++
		}
	}
	var all []*record.Entry
	for _, l := range w.r.Logs() {
		for _, e := range w.r.Entries(l.Name.LogID, 0) {
			if Weighs(e.Kind) {
				all = append(all, e)
			}
		}
	}
	Stated(w.r, all, w.Us, w.from, func(e *record.Entry, at time.Time, disputed bool) {
		n := &u.Messages
		if e.Kind == kindStop {
			n = &u.Stops
		}
		count(n, at, disputed)
	})
	for _, it := range w.items["call"] {
		at, disputed := call.Fold(it, w.r).Substance()
		count(&u.Calls, at, disputed)
	}
	return u
}

// Weighs reports whether a statement of a kind is asked by Stated: a message, a STOP, or a word on the class of a message.
func Weighs(kind string) bool {
	return kind == kindStop || message.IsMessage(kind) || kind == "message."+message.Classed
}

// Stated gives the messages and STOPs that used the line for substance since a time, of all statements of a record that weigh, by
// their headers alone, valid or not, whoever cannot read them: when each counts, and whether its receiver calls it another class. A message or a STOP counts
// at its time; what the claimant dates before counting begins counts as of then, unless the other side had seen it before then
// by its own word. A date alone takes nothing out of a claim.
//
// SPEC: CLM-020 CHK-022 MSG-050
func Stated(r *record.Record, all []*record.Entry, us string, from time.Time, each func(e *record.Entry, at time.Time, disputed bool)) {
	words := map[record.Ref][]*record.Entry{} // message.classed, by the message
	var counts []*record.Entry
	for _, e := range all {
		switch {
		case !e.Joined:
		case e.Kind != "message."+message.Classed:
			counts = append(counts, e)
		case len(e.Re) > 0:
			words[e.Re[0]] = append(words[e.Re[0]], e)
		}
	}
	var seen map[record.LogID]int
	for _, e := range counts {
		if e.Mark != statement.Marks[0] {
			continue
		}
		said := e.Class
		if e.Kind != kindStop {
			said = cmp.Or(classed(r, e, words[e.Ref()]), said)
		}
		if e.Class != statement.Classes[0] && said != statement.Classes[0] {
			continue
		}
		at := e.Time
		if e.Log.Party == us && at.Before(from) {
			if seen == nil {
				seen = seenBefore(r, us, from)
			}
			if e.Index >= seen[e.Log.LogID] {
				at = from
			}
		}
		if !at.Before(from) {
			each(e, at, said != e.Class)
		}
	}
}

// seenBefore gives how much of each log the other side had seen by the last statement of each of its logs that is dated before
// counting begins.
func seenBefore(r *record.Record, us string, from time.Time) map[record.LogID]int {
	seen := map[record.LogID]int{}
	for _, l := range r.Logs() {
		if l.Name.Party == us {
			continue
		}
		var last *record.Entry
		for _, e := range r.Entries(l.Name.LogID, 0) {
			if e.Joined && e.Kind != "" && e.Time.Before(from) {
				last = e
			}
		}
		for id, n := range r.Past(last) {
			seen[id] = max(seen[id], n)
		}
	}
	return seen
}

// classed is the class that a message's receiver says it had: the newest word, of several the highest; "" for none.
func classed(r *record.Record, m *record.Entry, words []*record.Entry) (class string) {
	words = slices.DeleteFunc(slices.Clone(words), func(e *record.Entry) bool { return e.Log.Party == m.Log.Party || e.Mark != m.Mark })
	for _, e := range statement.NewestOf(words, func(e *record.Entry) *record.Entry { return e }, r) {
		if class == "" || slices.Index(statement.Classes, e.Class) < slices.Index(statement.Classes, class) {
			class = e.Class
		}
	}
	return class
}

// counterparts asks the book of contacts and requests.
//
// SPEC: CLM-021 CLM-023 CLM-024 CLM-026 CLM-027 CLM-028 CLM-030
func (w *work) counterparts(private []contact.State) contact.Figures {
	book := contact.NewBook(w.Us, w.Them)
	for _, head := range []string{"contact", "request"} {
		for _, it := range w.items[head] {
			book.Put(it.Key, contact.Fold(it, w.r))
		}
	}
	for i, s := range private {
		book.Put("private "+strings.Repeat("+", i), s)
	}
	book.Settle(register.Build(w.items["post"]), w.r)
	return contact.Since(contact.Query{Book: book, Since: statement.At(w.since), Now: w.now, Mark: statement.Marks[0]})
}

// pairs gives what the figures say of each pair.
//
// SPEC: CLM-022 CLM-025
func pairs(f contact.Figures) *[]Spoken {
	out := []Spoken{}
	slices.SortFunc(f.Pairs, func(a, b contact.PairFigure) int {
		if n := a.Ours.Place.Compare(b.Ours.Place); n != 0 {
			return n
		}
		return a.Theirs.Place.Compare(b.Theirs.Place)
	})
	for _, p := range f.Pairs {
		x := Spoken{Ours: p.Ours.Place.String(), Theirs: p.Theirs.Place.String(), Straddles: len(p.Straddling)}
		if p.Last != nil {
			x.Last, x.Kind, x.Whose = p.Last.When, p.Last.Kind, whose[p.Last.Whose]
		}
		for _, c := range p.Since {
			x.Since = x.Since.Plus(c.Whose)
		}
		out = append(out, x)
	}
	return &out
}

var whose = map[string]string{contact.ByUs: "ours", contact.ByThem: "theirs", contact.Both: "both", contact.Differing: "disputed"}
