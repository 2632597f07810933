// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"slices"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// KindMade begins a contact.
const KindMade = "contact.made"

// Kinds of contact; the first two are also what a request may seek.
const (
	Call    = "call"
	Meeting = "meeting"
	Summons = "summons"
	Letter  = "letter"
)

// Channels of a contact.
const (
	ByLine      = "line" // principals speaking over this line; rings between desks are no contacts
	ByTelephone = "telephone"
	ByVideo     = "video"
	InPerson    = "in-person"
	ByLetter    = "letter"
)

// The words of contacts: what they are, what a request may seek, by which way.
var (
	Sorts    = []string{Call, Meeting, Summons, Letter}
	Sought   = []string{Call, Meeting}
	Channels = []string{ByLine, ByTelephone, ByVideo, InPerson, ByLetter}
)

// channels gives those that each kind of contact can have; the first is the usual one.
var channels = map[string][]string{
	Call:    {ByTelephone, ByLine, ByVideo},
	Meeting: {InPerson, ByVideo},
	Summons: {InPerson, ByVideo, ByTelephone},
	Letter:  {ByLetter},
}

// Limits of free words in facts, in bytes.
const (
	maxBasis        = 240
	maxReason       = 480
	maxParticipants = 16
)

// Contact is one contact as its author states it: the facts of contact.made, and what its fold adds.
type Contact struct {
	Posts   []record.Place `json:"-"` // the participants
	Entry   *record.Entry  `json:"-"`
	Party   string         `json:"-"` // who states it
	Mark    string         `json:"-"`
	Private bool           `json:"-"` // from a private log: shown here only

	Kind         string           `json:"kind"`         // call meeting summons letter
	When         statement.When   `json:"when"`         // instant, day or span
	Participants []string         `json:"participants"` // places of post.added, 2 to 16
	Channel      string           `json:"channel"`
	Basis        string           `json:"basis"` // how its author knows: own, press, a person
	ToldBy       string           `json:"told_by,omitempty"`
	By           statement.Author `json:"by"`
}

// Validate judges contact.made.
//
// SPEC: CNT-004 CNT-005
func (f Contact) Validate(e, _ *record.Entry) error {
	if err := statement.First(alone(e), statement.OneOf("kind of contact", f.Kind, Sorts),
		statement.OneOf("channel of a "+f.Kind, f.Channel, channels[f.Kind])); err != nil {
		return err
	}
	if n := len(f.Participants); n < 2 || n > maxParticipants {
		return statement.Refuse("", "%d participants, not 2 to %d", n, maxParticipants)
	}
	for i, p := range f.Participants {
		if _, err := record.ParsePlace(p); err != nil || slices.Contains(f.Participants[:i], p) {
			return statement.Refuse("", "participant %q is no post, or named twice", p)
		}
	}
	return how(f.When, f.Basis, f.ToldBy, f.By)
}

func alone(e *record.Entry) error { return statement.If(len(e.Re) > 0, "it begins its own item") }

// how judges when something was, and how its author knows.
func how(when statement.When, basis, told string, by statement.Author) error {
	return statement.First(statement.If(when.IsZero(), "its date is missing"), statement.Text("basis", basis, maxBasis),
		statement.Optional("told by", told, maxBasis), by.Validate())
}

func (s *State) made(e *record.Entry, c Contact) {
	c.Entry, c.Party, c.Mark, c.Private = e, e.Log.Party, e.Mark, e.Log.Private
	for _, p := range c.Participants {
		at, _ := record.ParsePlace(p)
		c.Posts = append(c.Posts, at)
	}
	s.Contact = &c
}

// MadeDraft makes contact.made of a party; channel "" is the usual one of the kind, mark "" is actual.
func MadeDraft(party string, f Contact, mark string, text *record.Text) (record.Draft, error) {
	if c := channels[f.Kind]; f.Channel == "" && c != nil {
		f.Channel = c[0]
	}
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: KindMade, Mark: mark, Facts: f, Text: text},
		"as: parley contact add call --when 2022-02-18 --with A1-4 --with A1-5 --basis own")
}
