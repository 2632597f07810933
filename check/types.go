// SPDX-License-Identifier: Apache-2.0

package check

import (
	"strings"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// The kinds of statement about a check. A slot costs a party at most four statements: opened or joined,
// a STOP of class test, its taking of the other's STOP, closed.
const (
	KindOpened = "check.opened"
	KindJoined = "check.joined"
	KindClosed = "check.closed"
	KindNoted  = "check.noted" // a test of the ordinary telephone, by hand
)

// Outcomes of a slot.
const (
	Passed     = "passed"
	Failed     = "failed"      // which: the parts
	NoOperator = "no-operator" // machine parts passed, no officer answered
	Declined   = "declined"    // an officer's act
	Missed     = "missed"      // a view: nobody opened it
	Pending    = "pending"     // a view: it runs
	NoReply    = "no-reply"    // of a test of the ordinary telephone, as the next
	NotReached = "not-reached"

	// Views of a scheduled slot that was due while the line was out of service, by a party's act: no fault.
	Suspended   = "suspended"
	Maintenance = "maintenance"
)

// Parts of a check.
const (
	PartStation  = "station"  // the other end joined
	PartPath     = "path"     // our statement's receipt came back over this path
	PartStop     = "stop"     // our STOP of class test was held, and taken
	PartVoice    = "voice"    // our tone came back over this path
	PartRing     = "ring"     // an officer of ours answered the ring
	PartQuestion = "question" // he answered the other end's question
)

// Slot names a check. It stands in every statement's facts and groups them: of two ends that open one slot
// at once, each simply has opened it. A scheduled slot is named by party A and its time.
type Slot struct {
	By string `json:"by"` // party A for the schedule's, else the party that asked
	ID string `json:"id"` // 2026-11-24T09:00:00Z, or 32 hexadecimal digits of one asked for now
}

const slotForm = "2006-01-02T15:04:05Z"

// Key is the slot as one text, as a STOP of its names it.
func (s Slot) Key() string { return s.By + "#" + s.ID }

// Time is the time of a scheduled slot; ok is false for one that was asked for now.
func (s Slot) Time() (t time.Time, ok bool) {
	t, err := time.Parse(slotForm, s.ID)
	return t, err == nil && t.Format(slotForm) == s.ID
}

// validate says why a slot has neither of its two forms.
func (s Slot) validate() error {
	_, timed := s.Time()
	return statement.First(statement.Text("the slot's party", s.By, maxText),
		statement.If(!timed && (len(s.ID) != 32 || strings.Trim(s.ID, "0123456789abcdef") != ""), "%q names no slot", s.ID))
}

// OpenedFacts is the facts of check.opened and check.joined.
type OpenedFacts struct {
	Slot     Slot              `json:"slot"`
	At       time.Time         `json:"at"`
	Question string            `json:"question"` // the id of the question that the OTHER end's officer is asked
	By       *statement.Author `json:"by,omitempty"`
}

// Part is one part's result: ok · failed · none (it did not come to that).
type Part struct {
	Name    string            `json:"part"`
	Path    string            `json:"path,omitempty"`
	Result  string            `json:"result"`
	Why     string            `json:"why,omitempty"`
	MS      int               `json:"ms,omitempty"`       // path: until the receipt; voice: round trip; ring: until the answer
	Sent    int               `json:"sent,omitempty"`     // voice: frames
	Back    int               `json:"back,omitempty"`     // voice: frames that came back
	LevelDB int               `json:"level_db,omitempty"` // voice: level of the tone that came back
	ID      string            `json:"id,omitempty"`       // stop: its random id; question: its id
	Answer  string            `json:"answer,omitempty"`   // question: the choice, a to d
	Lang    string            `json:"lang,omitempty"`     // question: the language it was asked in
	By      *statement.Author `json:"by,omitempty"`
}

// Results of a part.
const (
	OK   = "ok"
	Bad  = "failed"
	None = "none"
)

// ClosedFacts is the facts of check.closed: one end's parts and what it makes of them.
type ClosedFacts struct {
	Slot    Slot      `json:"slot"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome"`
	Which   []string  `json:"which,omitempty"` // of Failed: the parts that failed
	Parts   []Part    `json:"parts,omitempty"`
}

// Account is what one party says of a slot.
type Account struct {
	Party  string
	Opened *record.Entry // its opened or joined
	Facts  OpenedFacts
	Closed *record.Entry
	Result ClosedFacts // of Closed
}

// State is what the set of statements about one slot says.
type State struct {
	Slot    Slot      `json:"slot"`
	Due     time.Time `json:"due"` // the schedule's time, else when it was opened
	Mark    string    `json:"mark"`
	Opener  string    `json:"opener,omitempty"`  // who asked for it now, "" for the schedule
	Ends    []Account `json:"-"`                 // by party name; an end that said nothing is not there
	Outcome string    `json:"outcome"`           // both ends closed: the joint outcome; else Pending (View judges by the clock)
	Which   []string  `json:"which,omitempty"`   // of Failed
	Ended   time.Time `json:"ended,omitzero"`    // the later of the two closes
	Overdue bool      `json:"overdue,omitempty"` // of View: a scheduled slot that should be over, A3
	Test    string    `json:"test,omitempty"`    // of a test of the ordinary telephone: what came of it; it is no slot
	Heard   bool      `json:"heard,omitempty"`   // of one that a person answered: an officer's word, and no key that was pressed

	past statement.Past
}

// Summary is what `checks` prints: as of Now, since From, on both parties' statements.
type Summary struct {
	From, Now  time.Time
	Slots      []State        // oldest first
	Days       int            // UTC days since the first slot, those whose slots are over
	Tested     int            // of them, those with a passed slot
	Away       map[string]int // of Days, those whose slots were all due while the line was suspended or in maintenance, by that word
	Streak     int            // of them, those running up to today, or to the last that is over
	Gap        [2]time.Time   // the longest without a passed slot
	Last       *State         // the newest slot that is over
	LastPassed time.Time      // zero: never
	Overdue    []State        // unfinished business: A3 at both ends
	Tests      []State        // of the ordinary telephone, oldest first
}
