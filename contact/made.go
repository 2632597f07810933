// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf8"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// KindMade begins a contact.
const KindMade = "contact.made"

// Kinds of contact; the first two are also what a request may seek.
const (
	Call         = "call"
	Meeting      = "meeting"
	Summons      = "summons"
	Letter       = "letter"
	Demarche     = "demarche"
	Protest      = "protest"
	Public       = "public" // said by one side alone, before everybody
	Multilateral = "multilateral"
)

// Channels of a contact.
const (
	ByLine      = "line" // principals speaking over this line; rings between desks are no contacts
	ByTelephone = "telephone"
	ByVideo     = "video"
	InPerson    = "in-person"
	ByLetter    = "letter"
	InPublic    = "public"
)

// The words of contacts: what they are, what a request may seek, by which way, how their author knows.
var (
	Sorts    = []string{Call, Meeting, Summons, Letter, Demarche, Protest, Public, Multilateral}
	Sought   = []string{Call, Meeting}
	Channels = []string{ByLine, ByTelephone, ByVideo, InPerson, ByLetter, InPublic}
	Bases    = []string{Own, ToldBy, Press}
)

// How an author knows what he states.
const (
	Own    = "own" // first hand
	ToldBy = "told-by"
	Press  = "press"
)

// channels gives those that each kind of contact can have; the first is the usual one.
var channels = map[string][]string{
	Call:         {ByTelephone, ByLine, ByVideo},
	Meeting:      {InPerson, ByVideo},
	Summons:      {InPerson, ByVideo, ByTelephone},
	Letter:       {ByLetter},
	Demarche:     {InPerson, ByLetter, ByVideo, ByTelephone},
	Protest:      {ByLetter, InPerson, ByVideo, ByTelephone},
	Public:       {InPublic},
	Multilateral: {InPerson, ByVideo, ByTelephone},
}

// Limits of free words, in bytes; of a quote in characters.
const (
	maxParticipants = 16
	maxPeople       = 999
	maxQuote        = 4000
)

// lateAfter is how long after its latest instant a contact may be stated and is not called entered late.
const lateAfter = 24 * time.Hour

// Participant is one post at a contact, how many came of it, and who they were.
type Participant struct {
	Post   string   `json:"post"` // place of a post.added
	Number int      `json:"number,omitempty"`
	Names  []string `json:"-" said:"names,2000"`
}

// Contact is one contact as its author states it: the facts of contact.made, and what its fold adds. Its words are what was
// quoted, else what its author adds.
type Contact struct {
	Posts   []record.Place `json:"-"` // of the participants
	Entry   *record.Entry  `json:"-"`
	Party   string         `json:"-"` // who states it
	Mark    string         `json:"-"`
	Private bool           `json:"-"` // from a private log: shown here only
	Late    bool           `json:"-"` // stated over 24 h after its latest instant

	Concerns []Concern `json:"-"`

	Whose string   `json:"-"` // of a Book: us them both disputed
	Other *Contact `json:"-"` // of a Book: the other party's account of it, counted with it

	heard []Verdict // what the other party said of it
	names *record.Ref
	also  []record.Ref // where it stands too, having been stated anew again

	Kind         string           `json:"kind"`         // call meeting summons letter demarche protest public multilateral
	When         statement.When   `json:"when"`         // instant, day, span or about a day
	Participants []Participant    `json:"participants"` // the first is whose letter, protest or public statement it is
	Channel      string           `json:"channel"`
	Place        string           `json:"-" said:"place,240"`
	Host         string           `json:"-" said:"host,64"`    // the party whose guests the others are
	Basis        string           `json:"basis"`               // how its author knows: own told-by press
	Source       string           `json:"-" said:"source,240"` // who told it, or which report
	Occasion     string           `json:"occasion,omitempty"`  // place of the statement of what led to it
	Follows      string           `json:"follows,omitempty"`   // place of the statement of what it follows
	By           statement.Author `json:"by"`
}

// Validate judges contact.made.
//
// SPEC: CNT-004 CNT-005 CNT-018 CNT-019
func (f Contact) Validate(e, _ *record.Entry) error {
	least := cmp.Or(map[string]int{Public: 1, Multilateral: 3}[f.Kind], 2)
	if n := len(f.Participants); n < least || n > maxParticipants {
		return statement.Refuse("", "%d participants, not %d to %d", n, least, maxParticipants)
	}
	for i, p := range f.Participants {
		_, err := record.ParsePlace(p.Post)
		if err != nil || slices.ContainsFunc(f.Participants[:i], func(q Participant) bool { return p.Post == q.Post }) {
			return statement.Refuse("", "participant %q is no post, or named twice", p.Post)
		}
		if p.Number < 0 || p.Number > maxPeople {
			return statement.Refuse("", "%d people of one post, over %d", p.Number, maxPeople)
		}
	}
	return statement.First(corrects(e), statement.OneOf("kind of contact", f.Kind, Sorts),
		statement.OneOf("channel of a "+f.Kind, f.Channel, channels[f.Kind]),
		statement.If(f.Kind == Public && !e.WantText, wordless),
		place("its occasion", f.Occasion), place("what it follows", f.Follows), how(e, f.When, f.Basis, f.By))
}

// corrects: a contact begins its item and names at most the account that it corrects.
func corrects(e *record.Entry) error {
	return statement.If(len(e.Re) > 1, "it names more than the account that it corrects")
}

// how judges when something was, and how its author knows.
func how(e *record.Entry, when statement.When, basis string, by statement.Author) error {
	return statement.First(statement.If(when.IsZero(), "its date is missing"), statement.OneOf("basis", basis, Bases),
		statement.If(basis == ToldBy && !e.WantText, untold), by.Validate())
}

// What is missing where a statement that needs words has none.
const (
	untold   = "who told it is missing: its source"
	wordless = "a public statement needs its words"
)

func (s *State) made(e *record.Entry, c Contact) {
	c.Entry, c.Party, c.Mark, c.Private = e, e.Log.Party, e.Mark, e.Log.Private
	c.Late = e.Time.Sub(c.When.Latest()) > lateAfter
	for _, p := range c.Participants {
		at, _ := record.ParsePlace(p.Post)
		c.Posts = append(c.Posts, at)
	}
	if len(e.Re) > 0 {
		c.names = &e.Re[0]
	}
	s.accounts = append(s.accounts, &c)
}

// settle keeps what was said of the contact.
//
// SPEC: CNT-020
func (c *Contact) settle(s *State, past statement.Past) {
	c.Concerns = s.concerns
	for i := range c.Concerns {
		c.Concerns[i].settle(s, past)
	}
	for _, v := range s.verdicts {
		if statement.About(v.Entry.Kind) == "contact" && v.Entry.Log.Party != c.Party {
			c.heard = append(c.heard, v)
		}
	}
}

// Agree reports whether two accounts say the same of a contact: what it was, and a time at which it may have been.
func (c *Contact) Agree(o *Contact) bool { return c.Kind == o.Kind && c.When.Overlaps(o.When) }

// MadeDraft makes contact.made of a party; channel "" is the usual one of the kind, mark "" is actual. was is the account that
// it corrects, ours or the other party's, nil for none.
//
// SPEC: CNT-017
func MadeDraft(party string, f Contact, mark string, text *record.Text, was *Contact) (record.Draft, error) {
	d := record.Draft{Kind: KindMade, Mark: mark, Text: text}
	if was != nil {
		if channel := channels[f.Kind]; channel != nil && f.Channel == "" && !slices.Contains(channel, was.Channel) {
			f.Channel = channel[0]
		}
		f, d.Mark, d.Re = statement.Changed(*was, f), was.Mark, []record.Ref{was.Entry.Ref()}
		if text == nil {
			d.Text = was.Entry.Words()
		}
	}
	if c := channels[f.Kind]; f.Channel == "" && c != nil {
		f.Channel = c[0]
	}
	if d.Text != nil && utf8.RuneCountInString(d.Text.Text) > maxQuote {
		return d, statement.Refuse("quote what matters; the whole belongs into a message, or a file of yours", "its words are over %d characters", maxQuote)
	}
	d.Facts = f
	const way = "as: parley contact add call --when 2022-02-18 --with A1-4 --with A1-5 --basis own"
	if err := statement.First(statement.If(f.Kind == Public && d.Text == nil, wordless), statement.If(f.Basis == ToldBy && f.Source == "", untold)); err != nil {
		return d, statement.Refuse(way, "%v", err)
	}
	return statement.Draft(Kinds, party, nil, d, way)
}
