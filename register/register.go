// SPDX-License-Identifier: Apache-2.0

package register

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

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
func kind[F statement.Facts](name string, fold func(*Register, *record.Entry, F)) statement.Kind {
	return statement.New(statement.Kind{Kind: record.Kind{Name: name, Begins: true}, Class: "service"}, fold)
}

// alone: what begins an item of the register names nothing before it.
func alone(e *record.Entry) error { return statement.If(len(e.Re) > 0, "it begins its own item") }

// Stated is where a thing of the register was stated, and by whom.
type Stated struct {
	Place record.Place
	Entry *record.Entry
	Party string
}

func at(e *record.Entry) Stated { return Stated{e.Place(), e, e.Log.Party} }

func (s Stated) stated() Stated { return s }

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

// Shorter gives the short ID of an entry: *record.Record.
type Shorter interface {
	Short(e *record.Entry) string
}

// in gives the name of a language, else the usual one.
func in(lang string, names map[string]string, usual string) string {
	if n := names[lang]; n != "" {
		return n
	}
	return usual
}

// names checks a name and a table of names per language.
func names(name string, m map[string]string) error {
	if err := statement.First(statement.Text("name", name, 120), statement.If(len(m) > 16, "a name in over 16 languages")); err != nil {
		return err
	}
	for lang, n := range m {
		if err := statement.First(statement.Lang(lang), statement.Text("name", n, 120)); err != nil {
			return err
		}
	}
	return nil
}

// known are all names of a thing.
func known(name string, m map[string]string) []string {
	return append(slices.Sorted(maps.Values(m)), name)
}

// of gives the one of a list that stands at a place, nil where there is none.
func of[T interface{ stated() Stated }](list []T, p record.Place) (none T) {
	for _, x := range list {
		if x.stated().Place == p {
			return x
		}
	}
	return none
}

// find gives the one thing that is meant, by short ID or name; none or several are refused, the several by their IDs.
// What names gives nothing for is passed over.
//
// SPEC: MSG-045
func find[T interface{ stated() Stated }](what, way, s string, r Shorter, list []T, names func(T) []string) (none T, err error) {
	var found []T
	var ids []string
	for _, x := range list {
		known := names(x)
		id := r.Short(x.stated().Entry)
		if known != nil && strings.EqualFold(s, id) {
			return x, nil
		}
		if slices.ContainsFunc(known, func(n string) bool { return Same(n, s) }) {
			found, ids = append(found, x), append(ids, id)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return none, statement.Refuse("see: "+way, "there is no %s %q", what, s)
	}
	return none, statement.Refuse("name it by its ID", "%q is the name of several: %s", s, strings.Join(ids, ", "))
}

// fresh refuses a name that reads like one of those that a party has stated already.
//
// SPEC: MSG-046
func fresh[T interface{ stated() Stated }](what, party, name string, list []T, names func(T) []string) error {
	for _, x := range list {
		if x.stated().Party == party && slices.ContainsFunc(names(x), func(n string) bool { return Same(n, name) }) {
			return statement.Refuse("see: parley log", "there is %s already that reads %q", what, name)
		}
	}
	return nil
}
