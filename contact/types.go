// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"time"

	"example.org/parley/record"
)

// The kinds of statement.
const (
	KindMade    = "contact.made"    // begins a contact
	KindPlaced  = "request.placed"  // begins a request
	KindOutcome = "request.outcome" // what became of one attempt of a request
)

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

// Outcomes of an attempt.
const (
	Accepted        = "accepted"
	Declined        = "declined" // an act; the only one that may be called a refusal
	Deferred        = "deferred"
	CounterProposed = "counter-proposed"
	Lapsed          = "lapsed"      // no answer in its time: column no reply
	NoReply         = "no-reply"    // could have answered: column no reply
	NotReached      = "not-reached" // nobody armed, path or station down, failed
)

// Status of a request beyond its outcomes.
const (
	Open          = "open"            // no outcome yet
	DeclinedSoFar = "declined-so-far" // standing, every attempt declined: still sought
	Differs       = "differs"         // the two sides, or two statements neither of which knew the other, differ
)

// Standing of an attempt's outcome between the parties.
const (
	Stated    = "stated" // by one side only
	Confirmed = "confirmed"
	Disputed  = "disputed"
)

// Author is the person behind an act: the same three members as in the facts of every kind.
type Author struct {
	Officer string `json:"officer,omitempty"` // place of his officer.added, "": unattributed
	Known   string `json:"known"`             // account · account + link · unattributed
	Desk    string `json:"desk,omitempty"`
}

// MadeFacts are those of contact.made.
type MadeFacts struct {
	Kind         string   `json:"kind"`         // call meeting summons letter
	When         When     `json:"when"`         // instant, day or span
	Participants []string `json:"participants"` // places of post.added, 2 to 16
	Channel      string   `json:"channel"`
	Basis        string   `json:"basis"` // how its author knows: own, press, a person
	ToldBy       string   `json:"told_by,omitempty"`
	By           Author   `json:"by"`
}

// PlacedFacts are those of request.placed.
type PlacedFacts struct {
	For      string `json:"for"`  // call meeting
	From     string `json:"from"` // place of the post.added on whose behalf it is sought
	With     string `json:"with"` // place of the post.added that is sought
	When     When   `json:"when"` // since when, or when, it was placed
	Standing bool   `json:"standing,omitempty"`
	Basis    string `json:"basis"`
	ToldBy   string `json:"told_by,omitempty"`
	By       Author `json:"by"`
}

// OutcomeFacts are those of request.outcome; its first `re` names the request.placed.
type OutcomeFacts struct {
	Outcome string `json:"outcome"`
	// Attempt is the place of the other party's request.outcome that this one confirms or disputes;
	// "": an attempt of its own.
	Attempt string    `json:"attempt,omitempty"`
	On      *When     `json:"on,omitempty"`   // when it came about; absent: when the request was placed
	Until   time.Time `json:"until,omitzero"` // of deferred: until when
	ToldBy  string    `json:"told_by,omitempty"`
	Reason  string    `json:"reason,omitempty"` // as they gave it
	By      Author    `json:"by"`
}

// Past tells what a statement's author had before him: the only order that a fold may use.
type Past interface {
	Before(a, b *record.Entry) bool // a is in b's past
}

// State is what an item of this package is: exactly one of the two is set, or none while the beginning
// is not here.
type State struct {
	Contact *Contact
	Request *Request
}

// Contact is one contact as its author states it.
type Contact struct {
	MadeFacts
	Posts   []record.Place // the participants
	Entry   *record.Entry
	Party   string // who states it
	Mark    string
	Private bool // from a private log: shown here only
}

// Request is one request and what became of its attempts.
type Request struct {
	PlacedFacts
	FromPost, WithPost record.Place
	Entry              *record.Entry
	Party              string
	Mark               string
	Attempts           []Attempt // in canonical order of their statements
	Status             string    // an outcome, or open, declined-so-far, differs
	Sought             bool      // still sought
}

// Attempt is one attempt of a request and its outcome.
type Attempt struct {
	OutcomeFacts
	When     When // On, else the request's own
	Entry    *record.Entry
	Party    string // who states it
	Standing string // stated confirmed disputed
	Other    *OutcomeFacts
	OtherBy  *record.Entry // the other party's statement about it, nil while stated by one side
}

// Column is the column of a figure that an outcome belongs to. Columns are never added up.
// SPEC: CNT-012
func Column(outcome string) string {
	if outcome == Lapsed {
		return NoReply
	}
	return outcome
}
