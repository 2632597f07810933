// SPDX-License-Identifier: Apache-2.0

package service

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// What a party states of the line itself, by what takes it out of service. The weightier stands first.
const (
	Left        = "left"
	Suspended   = "suspended"
	Maintenance = "maintenance"
)

// States lists them.
var States = []string{Left, Suspended, Maintenance}

// Acts are the words in which a person takes a line out of service, and what he states by each; resume takes it back.
var Acts = map[string]string{"suspend": "line.suspended", "maintenance": "line.maintenance", "leave": "line.left"}

// What the watch states of its own hours.
const (
	Noted = "noted"
	Given = "given"
)

const (
	maxOpen        = 64
	maxMaintenance = 7 * 24 * time.Hour
)

// Kinds lists the kinds of this package.
var Kinds = kinds()

func kinds() (ks []statement.Kind) {
	for _, name := range []string{"line.suspended", "line.maintenance", "line.left", "line.resumed", "watch.noted", "watch.given", "watch.taken"} {
		begins := name != "line.resumed" && name != "watch.taken"
		ks = append(ks, statement.New(statement.Kind{Kind: record.Kind{Name: name, Begins: begins}, Class: "service", Max: 8 << 10}, (*State).add))
	}
	return ks
}

// step is the word after the dot of a kind.
func step(kind string) string {
	_, s, _ := strings.Cut(kind, ".")
	return s
}

// Stated are the facts of every statement of this package; the tags draw spec/kinds.md, Validate holds them.
type Stated struct {
	Until  time.Time        `json:"until,omitzero" must:"maintenance" of:"suspended"`
	Reason string           `json:"-" said:"reason,240"`
	Open   []string         `json:"open,omitempty" of:"given"` // places of what the watch hands over open
	By     statement.Author `json:"by"`
}

// Validate judges a statement about the line or the watch.
//
// SPEC: SVC-001 SVC-002 SVC-007
func (f Stated) Validate(e, begin *record.Entry) error {
	what := step(e.Kind)
	if err := statement.First(f.By.Person(), statement.Time("until", f.Until),
		statement.If(what == Maintenance && f.Until.IsZero(), "maintenance has an end"),
		statement.If(what != Maintenance && what != Suspended && !f.Until.IsZero(), "only a suspension and maintenance end at a time"),
		statement.If(what != Given && len(f.Open) > 0, "only a handover names what is open"), statement.If(len(f.Open) > maxOpen, "over %d that are open", maxOpen),
		statement.If(what == Noted && !e.WantText, "a note has words"),
		statement.If(e.WantText && !slices.Contains(append([]string{Noted, Given}, States...), what), "only a note, a handover and what takes a line out of service have words"),
		f.ends(e)); err != nil {
		return err
	}
	for _, p := range f.Open {
		if _, err := record.ParsePlace(p); err != nil {
			return statement.Refuse("", "open: %v", err)
		}
	}
	switch {
	case what == "resumed" && begin != nil:
		return statement.If(!slices.Contains(States, step(begin.Kind)) || begin.Log.Party != e.Log.Party, "a party resumes what it has itself taken out of service")
	case what == "accepted" && begin != nil:
		offers := map[string]string{"terms.accepted": "terms.proposed", "sheet.accepted": "sheet.issued"}
		return statement.If(begin.Kind != offers[e.Kind] || begin.Log.Party == e.Log.Party, "a party accepts what the other has proposed")
	case what == "taken" && begin != nil:
		return statement.If(begin.Kind != "watch.given" || begin.Log.Party != e.Log.Party, "what it names is no handover of its own party")
	}
	return nil
}

// ends says why a time out of service ends wrongly; a draft has no time of its own yet.
func (f Stated) ends(e *record.Entry) error {
	if f.Until.IsZero() || e.Time.IsZero() {
		return nil
	}
	return statement.First(statement.If(!f.Until.After(e.Time), "it ends before it begins"),
		statement.If(step(e.Kind) == Maintenance && f.Until.Sub(e.Time) > maxMaintenance, "maintenance of over 7 days"))
}

// State is one time out of service, one note or one handover.
type State struct {
	What  string // one of States, Noted or Given
	Party string
	Begin *record.Entry // nil while it is not here
	Facts Stated
	Ended *record.Entry // the first that resumed the line or took the watch over; nil: none
	ended []*record.Entry
}

// Fold gives what the set of an item's statements says.
//
// SPEC: SVC-003
func Fold(it *record.Item) (s State) {
	statement.Fold(Kinds, &s, it)
	if s.Begin == nil {
		return State{}
	}
	for _, e := range s.ended {
		if s.Ended == nil || e.Time.Before(s.Ended.Time) {
			s.Ended = e
		}
	}
	s.ended = nil
	return s
}

func (s *State) add(e *record.Entry, f Stated) {
	switch k := step(e.Kind); k {
	case "resumed", "taken":
		s.ended = append(s.ended, e)
	default:
		s.What, s.Party, s.Begin, s.Facts = k, e.Log.Party, e, f
	}
}

// Until is when a time out of service ends or ended, zero where that is not known.
func (s State) Until() time.Time {
	if s.Ended != nil && (s.Facts.Until.IsZero() || s.Ended.Time.Before(s.Facts.Until)) {
		return s.Ended.Time
	}
	return s.Facts.Until
}

// last is Until for comparing: what has no end lasts longest.
func (s State) last() time.Time {
	if u := s.Until(); !u.IsZero() {
		return u
	}
	return time.Unix(1<<40, 0)
}

// Stands reports whether a time out of service holds at an instant.
func (s State) Stands(t time.Time) bool {
	u := s.Until()
	return s.Begin != nil && slices.Contains(States, s.What) && !t.Before(s.Begin.Time) && (u.IsZero() || t.Before(u))
}

// At gives what keeps the line out of service at an instant, the weightiest first, then what lasts longest; nil where it is in
// service.
//
// SPEC: SVC-004
func At(list []State, t time.Time) (out []State) {
	for _, s := range list {
		if s.Stands(t) {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b State) int {
		return cmp.Or(slices.Index(States, a.What)-slices.Index(States, b.What), b.last().Compare(a.last()), a.Begin.Place().Compare(b.Begin.Place()))
	})
	return out
}

// Away is the word for what keeps the line out of service at an instant: suspended (a party that has left is away for good)
// or maintenance, "" in service. A check that is due then is not run.
//
// SPEC: SVC-005
func Away(list []State, t time.Time) string {
	switch out := At(list, t); {
	case len(out) == 0:
		return ""
	case out[0].What == Left:
		return Suspended
	default:
		return out[0].What
	}
}

// Draft makes a statement about the line or the watch; begin is what it ends.
func Draft(party, kind string, begin *record.Entry, f Stated, text *record.Text, mark string, now time.Time) (record.Draft, error) {
	f.Until = f.Until.UTC().Truncate(time.Second)
	if !f.Until.IsZero() {
		if err := f.ends(record.NewEntry(record.Head{Kind: kind, Time: now}, nil, nil, nil)); err != nil {
			return record.Draft{}, statement.Refuse("give the time at which it ends: --until 14:30Z, --until +2h", "%v", err)
		}
	}
	d := record.Draft{Kind: kind, Mark: mark, Facts: f, Text: text}
	if begin != nil {
		d.Re = []record.Ref{begin.Ref()}
	}
	way := "as: parley line suspend --until +2h --reason exercise"
	if text != nil {
		way = "quote what matters; the whole belongs into a message, or a file of yours"
	}
	return statement.Draft(Kinds, party, begin, d, way)
}
