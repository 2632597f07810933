// SPDX-License-Identifier: Apache-2.0

package register

import (
	"errors"
	"fmt"
	"slices"

	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// Kinds lists the kinds of this package.
var Kinds = []statement.Kind{
	kind("line.genesis", (*Register).genesis),
	kind("officer.added", (*Register).officer),
	statement.New(statement.Kind{Kind: record.Kind{Name: "officer.revoked"}, Class: "service"}, (*Register).revoked),
	kind("post.added", (*Register).post),
	kind("event.added", (*Register).event),
}

// kind is one that begins an item of the register.
func kind[F statement.Validator](name string, fold func(*Register, *record.Entry, F)) statement.Kind {
	return statement.New(statement.Kind{Kind: record.Kind{Name: name, Begins: true}, Class: "service"}, fold)
}

// alone: what begins an item of the register names nothing before it.
func alone(e *record.Entry) error { return statement.If(len(e.Re) > 0, "it begins its own item") }

// Origin is where a thing of the register was stated, and by whom.
type Origin struct {
	Place record.Place
	Entry *record.Entry
	Party string
}

func at(e *record.Entry) Origin { return Origin{e.Place(), e, e.Log.Party} }

func (o Origin) origin() Origin { return o }

// Register is what both parties have stated about people, posts and events.
type Register struct {
	Genesis  map[string]*record.Entry // by party
	Officers []*Officer               // each list in canonical order
	Posts    []*Post
	Events   []*Event
}

// Build makes the register out of items of a record; items of other kinds are passed over. It is a function
// of their set: the order in which they are given decides nothing.
//
// SPEC: MSG-041, MSG-043
func Build(items []*record.Item) *Register {
	g, all := &Register{Genesis: map[string]*record.Entry{}}, &record.Item{}
	for _, it := range items {
		if it != nil && it.Begin != nil {
			all.Entries = append(all.Entries, it.Begin)
		}
	}
	statement.Fold(Kinds, g, all)
	for _, it := range items { // what is said of an officer, once he is there
		if it != nil && it.Begin != nil {
			statement.Fold(Kinds, g, &record.Item{Begin: it.Begin, Entries: slices.DeleteFunc(slices.Clone(it.Entries), func(e *record.Entry) bool { return e == it.Begin })})
		}
	}
	g.pair()
	return g
}

// GenesisFacts are those of line.genesis, the first statement of each party's first log.
type GenesisFacts struct {
	Genesis string `json:"genesis"`         // the signed note, byte for byte
	Hash    string `json:"hash"`            // its hash in standard base64: the line's name in every log
	Terms   string `json:"terms,omitempty"` // the JSON body that the genesis names by its hash
}

// Validate: place 0 of a first log, carrying the very note whose hash is the line's name.
//
// SPEC: MSG-040
func (f GenesisFacts) Validate(e, _ *record.Entry) error {
	if e.Log.Number != 1 || e.Index != 0 {
		return errors.New("it stands only in place 0 of a party's first log")
	}
	n, err := wire.ParseNote([]byte(f.Genesis), wire.MaxNote)
	if err != nil {
		return err
	}
	h := wire.Leaf(n.Text)
	return statement.First(alone(e), statement.If(h != e.Log.Genesis || f.Hash != h.String(), "the genesis that it carries is not this line's"))
}

func (g *Register) genesis(e *record.Entry, _ GenesisFacts) { g.Genesis[e.Log.Party] = e }

// GenesisDraft makes line.genesis from the line's genesis: its hash and the note with both signatures.
func GenesisDraft(hash wire.Hash, note []byte) (record.Draft, error) {
	n, err := wire.ParseNote(note, wire.MaxNote)
	if err != nil || wire.Leaf(n.Text) != hash {
		return record.Draft{}, fmt.Errorf("couldn't state the genesis: the note is not that of %s: %v", hash, err)
	}
	return record.Draft{Kind: "line.genesis", Class: "service", Mark: "actual", Facts: GenesisFacts{Genesis: string(note), Hash: hash.String()}}, nil
}

// Event is something dated that contacts are counted from: the facts of event.added.
type Event struct {
	Origin `json:"-"`

	Name  string            `json:"name"`
	Names map[string]string `json:"names,omitempty"`
	When  statement.When    `json:"when"` // instant, day 2022-02-24 or span 2022-03-14/2022-03-20
}

// Validate judges event.added.
//
// SPEC: MSG-044
func (v Event) Validate(e, _ *record.Entry) error {
	return statement.First(alone(e), names(v.Name, v.Names), statement.If(v.When.IsZero(), "its date is missing"))
}

func (g *Register) event(e *record.Entry, v Event) {
	v.Origin = at(e)
	g.Events = append(g.Events, &v)
}

// EventDraft makes event.added of a party.
func (g *Register) EventDraft(party string, v Event, mark string) (record.Draft, error) {
	v.Name = tidy(v.Name)
	if err := fresh("an event", party, v.Name, g.Events, (*Event).known); err != nil {
		return record.Draft{}, err
	}
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: "event.added", Mark: mark, Facts: v}, "as: parley event add incursion --when 2022-02-24")
}

func (v *Event) known() []string { return known(v.Name, v.Names) }

// Title gives an event's name in a language, else the name that it was given first.
func (v *Event) Title(lang string) string { return in(lang, v.Names, v.Name) }

// FindEvent looks an event up by short ID or by name in any language.
func (g *Register) FindEvent(s string, short func(*record.Entry) string) (*Event, error) {
	return find("event", "parley event add NAME --when …", s, short, g.Events, (*Event).known)
}
