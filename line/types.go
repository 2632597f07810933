// SPDX-License-Identifier: Apache-2.0

package line

import "example.org/parley/record"

// GenesisFacts are those of line.genesis, the first statement of each party's first log.
type GenesisFacts struct {
	Genesis string `json:"genesis"`         // the signed note, byte for byte
	Hash    string `json:"hash"`            // its hash in standard base64: the line's name in every log
	Terms   string `json:"terms,omitempty"` // the JSON body that the genesis names by its hash
}

// OfficerFacts are those of officer.added.
type OfficerFacts struct {
	Name     string   `json:"name"`
	Account  string   `json:"account,omitempty"` // Unix account
	Langs    []string `json:"langs,omitempty"`   // languages he reads
	Releaser bool     `json:"releaser,omitempty"`
	Number   string   `json:"number,omitempty"` // telephone
}

// RevokeFacts are those of officer.revoked; its `re` names the officer.added.
type RevokeFacts struct {
	Reason string `json:"reason,omitempty"`
}

// PostFacts are those of post.added.
type PostFacts struct {
	Org    string            `json:"org"`
	Name   string            `json:"name"`
	Names  map[string]string `json:"names,omitempty"` // per language
	Level  int               `json:"level"`           // 1 highest … 9
	Theirs bool              `json:"theirs,omitempty"`
	Pair   string            `json:"pair,omitempty"` // place of the counterpart's post.added
	Number string            `json:"number,omitempty"`
}

// EventFacts are those of event.added.
type EventFacts struct {
	Name  string            `json:"name"`
	Names map[string]string `json:"names,omitempty"`
	When  string            `json:"when"` // instant, day 2022-02-24 or span 2022-03-14/2022-03-20
}

// Officer is a person whom a party has enrolled.
type Officer struct {
	OfficerFacts
	Place   record.Place
	Entry   *record.Entry
	Party   string
	Revoked *record.Entry // the first statement that revoked him, nil while in office
}

// Post is an office, ours or theirs as we know it, with its counterparts.
type Post struct {
	PostFacts
	Place        record.Place
	Entry        *record.Entry
	Party        string         // who stated it
	Counterparts []record.Place // whichever end of the pair named the other
}

// Event is something dated that contacts are counted from.
type Event struct {
	EventFacts
	Place record.Place
	Entry *record.Entry
	Party string
}

// Register is what both parties have stated about people, posts and events, in canonical order.
type Register struct {
	Genesis  map[string]*record.Entry // party → its line.genesis
	Officers []*Officer
	Posts    []*Post
	Events   []*Event
}
