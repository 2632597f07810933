// SPDX-License-Identifier: Apache-2.0

package register

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// Kinds lists the kinds of this package.
var Kinds = []statement.Kind{
	kind("line.genesis", (*Register).genesis),
	kind("officer.added", (*Register).officer),
	about("officer.revoked", (*Register).ended),
	kind("post.added", (*Register).post),
	about("post.ended", (*Register).ended),
	about("holder.added", (*Register).holder),
	about("holder.ended", (*Register).holderEnded),
	kind("event.added", (*Register).event),
	about("event.ended", (*Register).ended),
}

// kind is one that begins an item of the register.
func kind[F statement.Validator](name string, fold func(*Register, *record.Entry, F)) statement.Kind {
	return statement.New(statement.Kind{Kind: record.Kind{Name: name, Begins: true}, Class: "service"}, fold)
}

// about is one about a thing of the register, which its first re names.
func about[F statement.Validator](name string, fold func(*Register, *record.Entry, F)) statement.Kind {
	return statement.New(statement.Kind{Kind: record.Kind{Name: name}, Class: "service"}, fold)
}

// one: what begins an item of the register names at most the statement that it replaces.
func one(e *record.Entry) error {
	return statement.If(len(e.Re) > 1, "it names more than the statement that it replaces")
}

// Register is what both parties have stated about people, posts and events.
type Register struct {
	Genesis  map[string]*record.Entry // by party
	Officers []*Officer               // each list in canonical order
	Posts    []*Post
	Events   []*Event

	at     map[record.Place]thing        // by each statement that made one, or that it replaces
	firsts map[record.Place]record.Place // of what was stated anew again, where it folds
	left   []func()                      // what is said of holders, while it is built
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
	g.Officers, g.Posts, g.Events, g.at = current(g.Officers), current(g.Posts), current(g.Events), map[record.Place]thing{}
	g.firsts = map[record.Place]record.Place{}
	index(g, g.Officers)
	index(g, g.Posts)
	index(g, g.Events)
	for _, it := range items { // what is said of a thing, once it is there
		if it != nil && it.Begin != nil {
			if x := g.at[it.Begin.Place()]; x != nil {
				again := statement.Again(it)
				x.origin().Was = append(x.origin().Was, again...)
				for _, e := range again {
					g.at[e.Place()] = x
				}
			}
			maps.Copy(g.firsts, statement.Firsts(it))
			statement.Fold(Kinds, g, &record.Item{Begin: it.Begin, Entries: slices.DeleteFunc(slices.Clone(it.Entries), begins)})
		}
	}
	for _, f := range g.left {
		f()
	}
	g.left = nil
	g.pair()
	return g
}

func begins(e *record.Entry) bool {
	k, _ := statement.Find(Kinds, e.Kind)
	return k.Begins
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
	return statement.First(statement.If(len(e.Re) > 0, "it begins its own item"), statement.If(h != e.Log.Genesis || f.Hash != h.String(), "the genesis that it carries is not this line's"))
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
	By    *statement.Author `json:"by,omitempty"`
}

// Validate judges event.added.
//
// SPEC: MSG-044
func (v Event) Validate(e, _ *record.Entry) error {
	return statement.First(one(e), names(v.Name, v.Names), statement.If(v.When.IsZero(), "its date is missing"), v.By.Validate())
}

func (g *Register) event(e *record.Entry, v Event) {
	v.Origin = at(e)
	g.Events = append(g.Events, &v)
}

// EventDraft makes event.added of a party; was is the event that it replaces, nil for a new one.
func (g *Register) EventDraft(party string, v Event, mark string, was *Event) (record.Draft, error) {
	if was != nil {
		v = statement.Changed(*was, v)
	}
	v.Name = tidy(v.Name)
	re, err := fresh("an event", "parley event list", party, v.Name, g.Events, was, (*Event).known)
	if err != nil {
		return record.Draft{}, err
	}
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: "event.added", Mark: mark, Re: re, Facts: v}, "as: parley event add incursion --when 2022-02-24")
}

func (v *Event) known() []string { return v.standing(known(v.Name, v.Names)) }

// Title gives an event's name in a language, else the name that it was given first.
func (v *Event) Title(lang string) string { return in(lang, v.Names, v.Name) }

// FindEvent looks an event up by short ID or by name in any language.
func (g *Register) FindEvent(s string, short func(*record.Entry) string) (*Event, error) {
	return find("event", "parley event add NAME --when …", s, short, g.Events, (*Event).known)
}
