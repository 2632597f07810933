// SPDX-License-Identifier: Apache-2.0

package claim

import (
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
}

// work is one working out.
type work struct {
	Sides
	r       *record.Record
	since   time.Time
	now     time.Time
	from    time.Time
	unknown map[string]string
	items   map[string][]*record.Item      // by the first word of the kind of their beginning
	words   map[record.Ref][]*record.Entry // message.classed, by the message
}

// Work works out figures of the record, which holds what is in the past of the claim. The claim itself is none of them. What
// cannot be known is given by figure, with why. Private states are what the claimant has in private logs, for the node that
// asks itself whether they would change a figure.
//
// SPEC: CLM-002 CLM-014 CLM-015
func Work(r *record.Record, l Sides, figures []string, since, at time.Time, private []contact.State) (m Claim, unknown map[string]string) {
	w := &work{Sides: l, r: r, since: since, now: at, from: since, unknown: map[string]string{}, items: map[string][]*record.Item{}, words: map[record.Ref][]*record.Entry{}}
	w.begin(figures)
	m.Since, m.At = since, at
	for _, f := range figures {
		switch f {
		case FigureTested:
			m.Tested = w.tested()
		case FigureUsed:
			m.Used = w.used()
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
			if e.Joined && len(e.Re) > 0 && e.Kind == "message."+message.Classed {
				w.words[e.Re[0]] = append(w.words[e.Re[0]], e)
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
// SPEC: CLM-016 CLM-017 CLM-018 CLM-019
func (w *work) tested() *Tested {
	var states []check.State
	for _, it := range w.items["check"] {
		states = append(states, check.Fold(it, w.r))
	}
	var away []service.State
	for _, it := range w.items["line"] {
		if s := service.Fold(it); s.Begin != nil {
			away = append(away, s)
		}
	}
	s := check.Days(states, w.schedule(), func(t time.Time) string { return service.Away(away, t) }, w.from, w.now)
	return &Tested{From: s.From, Days: s.Days, Tested: s.Tested, Streak: s.Streak, Suspended: s.Away[check.Suspended], Maintenance: s.Away[check.Maintenance],
		Last: s.LastPassed, GapFrom: s.Gap[0], GapTo: s.Gap[1]}
}

// schedule is when checks were due: by the genesis' terms, and by what was agreed since.
func (w *work) schedule() party.Schedule {
	t, err := party.ParseTerms(w.Terms)
	if err != nil {
		w.unknown[FigureTested] = err.Error()
	}
	var list []service.Proposal
	for _, it := range w.items["terms"] {
		p := service.FoldTerms(it)
		for _, e := range p.Accepted {
			if p.Entry != nil && !p.From.After(w.now) && (e.Receipt == nil || !e.Receipt.Held.Before(p.From)) {
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

// used counts what used the line for substance: messages and STOPs by their header alone, whoever cannot read them.
//
// SPEC: CLM-020
func (w *work) used() *Used {
	u := &Used{From: w.from}
	hidden := w.hidden()
	count := func(n *int, t time.Time) bool {
		if t = t.Truncate(time.Second); t.IsZero() || t.Before(w.from) {
			return false
		}
		if *n++; t.After(u.Last) {
			u.Last = t
		}
		return true
	}
	for _, l := range w.r.Logs() {
		for _, e := range w.r.Entries(l.Name.LogID, 0) {
			switch {
			case !e.Joined || e.Mark != statement.Marks[0]:
			case message.IsMessage(e.Kind):
				if said := w.classed(e); (e.Class == statement.Classes[0] || said == statement.Classes[0]) && count(&u.Messages, hidden(e)) && said != "" && said != e.Class {
					u.Disputed++
				}
			case e.Kind == "stop.sent" && e.Class == statement.Classes[0]:
				count(&u.Stops, hidden(e))
			}
		}
	}
	for _, it := range w.items["call"] {
		if at, disputed := call.Fold(it, w.r).Substance(); count(&u.Calls, at) && disputed {
			u.Disputed++
		}
	}
	return u
}

// hidden gives when a message or a STOP counts: at its time, but what the claimant dates before counting begins counts as of
// then, unless the other side had seen it before then by its own word. A date alone takes nothing out of a claim.
func (w *work) hidden() func(e *record.Entry) time.Time {
	var seen map[record.LogID]int
	return func(e *record.Entry) time.Time {
		if e.Log.Party != w.Us || !e.Time.Before(w.from) {
			return e.Time
		}
		if seen == nil {
			seen = w.seenBefore()
		}
		if e.Index < seen[e.Log.LogID] {
			return e.Time
		}
		return w.from
	}
}

// seenBefore gives how much of each log the other side had seen by the last statement of each of its logs that is dated before
// counting begins.
func (w *work) seenBefore() map[record.LogID]int {
	seen := map[record.LogID]int{}
	for _, l := range w.r.Logs() {
		if l.Name.Party == w.Us {
			continue
		}
		var last *record.Entry
		for _, e := range w.r.Entries(l.Name.LogID, 0) {
			if e.Joined && e.Kind != "" && e.Time.Before(w.from) {
				last = e
			}
		}
		for id, n := range w.r.Past(last) {
			seen[id] = max(seen[id], n)
		}
	}
	return seen
}

// classed is the class that a message's receiver says it had: the newest word, of several the highest; "" for none.
func (w *work) classed(m *record.Entry) (class string) {
	words := slices.DeleteFunc(slices.Clone(w.words[m.Ref()]), func(e *record.Entry) bool { return e.Log.Party == m.Log.Party || e.Mark != m.Mark })
	for _, e := range statement.Newest(words, w.r.Before) {
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
