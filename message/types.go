// SPDX-License-Identifier: Apache-2.0

package message

import (
	"time"

	"example.org/parley/record"
)

// Past tells what a statement's author had before him: the only order that a fold may use.
type Past interface {
	Before(a, b *record.Entry) bool // a is in b's past
}

// Author is the person behind a statement, as it stands in its facts.
type Author struct {
	Officer string `json:"officer,omitempty"` // place of his officer.added, as line.FormatPlace writes it, "" unattributed
	Known   string `json:"known"`             // account · account + link · unattributed
	Desk    string `json:"desk,omitempty"`
}

// Facts are the coded part of a message.
type Facts struct {
	Precedence string            `json:"precedence"` // ROUTINE PRIORITY IMMEDIATE FLASH
	Phrase     string            `json:"phrase,omitempty"`
	Fields     map[string]string `json:"fields,omitempty"`    // canonical values by field name
	ReadBack   []string          `json:"read_back,omitempty"` // fields to be read back
	To         string            `json:"to,omitempty"`        // place of a post.added
	Info       []string          `json:"info,omitempty"`
	Respond    bool              `json:"respond,omitempty"`  // a response is asked for
	NotAfter   time.Time         `json:"not_after,omitzero"` // of no use after; judged by the reader's clock
	By         Author            `json:"by"`
}

// Facts of the steps.
type (
	// ShownFacts also serve message.complied.
	ShownFacts struct {
		By Author `json:"by"`
	}
	AckFacts struct {
		Read       string            `json:"read"`                 // original · translation · awaiting-linguist
		Translator string            `json:"translator,omitempty"` // place of an officer.added; "": the acknowledging officer
		ReadBack   map[string]string `json:"read_back,omitempty"`
		By         Author            `json:"by"`
	}
	RespondFacts struct {
		How   string    `json:"how"`            // will-comply · standby · cannot-comply · not-ours
		Until time.Time `json:"until,omitzero"` // of standby
		By    Author    `json:"by"`
	}
	RelayFacts struct {
		To string `json:"to"` // place of a post.added
		By Author `json:"by"`
	}
)

// Names of the rungs of the ladder.
const (
	Recorded     = "recorded"
	Held         = "held"
	Shown        = "shown"
	Acknowledged = "acknowledged"
	Responded    = "responded"
	Complied     = "complied"
	Relayed      = "relayed"
	Linguist     = "awaiting-linguist" // a clock, and a way of reading
	Standby      = "standby"           // a clock, and a response
)

// Step is one fact on the ladder: a statement, or (held) the receiver's receipt.
type Step struct {
	Name     string // recorded held shown acknowledged responded complied relayed
	Party    string
	Ref      record.Ref // zero for held
	Entry    *record.Entry
	At       time.Time // its author's word; held of the receipt
	By       Author
	Read     string   // acknowledged: original translation awaiting-linguist
	Whose    string   // acknowledged in a translation: place of the translating officer
	ReadBack []string // acknowledged: the fields read back, which matched
	How      string   // responded: will-comply standby cannot-comply not-ours
	Until    time.Time
	To       string // relayed: place of the post
}

// State is what one message has come to: a function of the set of its statements and receipts.
type State struct {
	Key     string
	Begin   *record.Entry
	Ref     record.Ref
	From    string       // the sending party
	Kind    string       // warning information intention question answer request incident
	ReplyTo *record.Ref  // the beginning of the message that this one replies to: its first re
	Replies []record.Ref // messages that reply to this one
	Class   string
	Mark    string
	Facts   Facts
	HasText bool
	Whole   bool // the beginning and its facts are here

	Recorded     Step
	Held         *Step
	Shown        []Step // each list: canonical order; more than one when several desks stated it
	Acknowledged []Step
	Responded    []Step
	Complied     []Step
	Relayed      []Step

	Understood *Step // the acknowledgement that counts: read in the original or a translation
	Awaiting   *Step // received, not yet understood: set only while nobody has understood it
	Response   *Step // the response that counts
	// Contradicted: the receiver said different things and nothing proves which came last
	// (or it said that it cannot comply after it had complied); views show them all.
	Contradicted bool
}

// Rung is one row of the ladder as a person sees it.
type Rung struct {
	Step  string
	Done  bool
	First Step // representative, when Done
	Count int
}

// Clock is a step that is due, or was.
type Clock struct {
	Step    string // held shown acknowledged responded · awaiting-linguist · standby; STOP: held taken effect
	Due     time.Time
	Done    bool
	Overdue bool // not done and past due
	Late    bool // done after its time: overdue on arrival
}

// Side says where we stand towards an item.
type Side int

const (
	Sender Side = iota
	Receiver
)

// StopFacts are those of stop.sent.
type StopFacts struct {
	ID     string `json:"id"`     // 128 random bits, 32 lower-case hex digits; the unsigned first copy has the same
	Scope  string `json:"scope"`  // everywhere
	Reason string `json:"reason"` // a code of StopReasons, or own words
	Lang   string `json:"lang,omitempty"`
	Place  string `json:"place,omitempty"`
	Check  string `json:"check,omitempty"` // class test: the check that it belongs to and ends with
	By     Author `json:"by"`
}

// StopStepFacts are those of stop.taken, relayed, in-effect, refused and lifted.
type StopStepFacts struct {
	Party  string `json:"party"` // who sent the STOP
	ID     string `json:"id"`
	Reason string `json:"reason,omitempty"` // refused: must; lifted: may
	Lang   string `json:"lang,omitempty"`
	To     string `json:"to,omitempty"` // relayed: place of a post.added, or words
	By     Author `json:"by"`
}

// StopState is what one STOP has come to.
type StopState struct {
	Key     string
	From    string // the party that sent it
	ID      string
	Class   string
	Mark    string
	Presses []StopStep // every stop.sent of this id; its length is the count
	Reason  string     // of the newest press that gives one, else the first's
	Lang    string
	Place   string
	Check   string

	Recorded time.Time // of the first press by its author's word; zero while only steps are here
	HeardAt  time.Time // when its first copy over the session says that it was sent; zero without one
	Held     *StopStep
	Taken    []StopStep
	Relayed  []StopStep
	Effect   []StopStep
	Refused  []StopStep
	Lifts    []StopStep

	// Status is the one word: sent · held · taken · in-effect · refused · lifted.
	Status string
	// Open until its party has lifted every press of it.
	Open bool
}

// StopStep is one statement about a STOP.
type StopStep struct {
	Name   string // sent held taken relayed in-effect refused lifted
	Party  string
	Ref    record.Ref
	Entry  *record.Entry
	At     time.Time
	Reason string
	Lang   string // of own words
	Place  string
	To     string
	By     Author
	Copy   bool   // said over the session only: no statement of this step is here
	Who    string // of a copy: the officer's name as his node gave it
}

// StopCopy is the unsigned first copy of a STOP, or of a step of one, as it rides the session.
// The statement that follows repeats its id. What it says is the session's word, not the record's.
type StopCopy struct {
	Step   string // sent taken relayed in-effect refused lifted
	Party  string // who sent the STOP
	ID     string // 32 hex digits
	Time   time.Time
	Reason string // sent and refused: must
	Place  string // sent: where; relayed: to whom
	Class  string
	Mark   string
	By     string // the officer's name as its node gives it, at most 32 bytes; "" unattributed
}
