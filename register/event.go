// SPDX-License-Identifier: Apache-2.0

package register

import (
	"example.org/parley/record"
	"example.org/parley/statement"
)

// Event is something dated that contacts are counted from.
type Event struct {
	Stated
	EventFacts
}

// EventFacts are those of event.added.
type EventFacts struct {
	Name  string            `json:"name"`
	Names map[string]string `json:"names,omitempty"`
	When  statement.When    `json:"when"` // instant, day 2022-02-24 or span 2022-03-14/2022-03-20
}

// Validate judges event.added.
//
// SPEC: MSG-044
func (f EventFacts) Validate(e, _ *record.Entry) error {
	return statement.First(alone(e), names(f.Name, f.Names), statement.If(f.When.IsZero(), "its date is missing"))
}

func (g *Register) event(e *record.Entry, f EventFacts) {
	g.Events = append(g.Events, &Event{at(e), f})
}

// EventDraft makes event.added of a party.
func (g *Register) EventDraft(party string, f EventFacts, mark string) (record.Draft, error) {
	f.Name = tidy(f.Name)
	if err := fresh("an event", party, f.Name, g.Events, (*Event).known); err != nil {
		return record.Draft{}, err
	}
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: "event.added", Mark: mark, Facts: f}, "as: parley event add incursion --when 2022-02-24")
}

func (e *Event) known() []string { return known(e.Name, e.Names) }

// Title gives an event's name in a language, else the name that it was given first.
func (e *Event) Title(lang string) string { return in(lang, e.Names, e.Name) }

// Event gives the event of a place, nil where there is none.
func (g *Register) Event(p record.Place) *Event { return of(g.Events, p) }

// FindEvent looks an event up by short ID or by name in any language.
func (g *Register) FindEvent(s string, r Shorter) (*Event, error) {
	return find("event", "parley event add NAME --when …", s, r, g.Events, (*Event).known)
}
