// SPDX-License-Identifier: Apache-2.0

package record

import (
	"time"

	"example.org/parley/wire"
)

// LogID names one log of a party: the run that is its only writer, and its number.
type LogID struct {
	Number int    // from 1
	Run    string // 6 of 0123456789abcdefghjkmnpqrstvwxyz
}

// LogName names a log for ever: party, line and run.
type LogName struct {
	Party   string
	Genesis wire.Hash
	LogID
	Private bool // a log that is exchanged with nobody
}

// Place is where a statement stands on a line: shorter than a Ref, without the leaf.
type Place struct {
	Party string
	LogID
	Index int // from 0
}

// Ref points at one statement: a line of `re`.
type Ref struct {
	Place
	Leaf wire.Hash
}

// Seen is one line of `seen`: how much of another log stood joined at the author.
type Seen struct {
	Party string
	LogID
	Size int // joined entries, at least 1
	Root wire.Hash
}

// Heard is the peer's run and clock as its author last heard it; zero Run means `none`.
type Heard struct {
	Run  string
	Time time.Time // whole tens of seconds, rounded down
}

// Opened stands in place 0 of a log: by which station, and why this run began.
type Opened struct {
	Station string
	Why     string // first restart restore failed refused clock key
}

// Body is a header's line about facts or text: length in bytes and SHA-256.
type Body struct {
	Len  int
	Hash wire.Hash
}

// Statement is a parsed header.
type Statement struct {
	Log    LogName
	Index  int
	Prev   wire.Hash
	Opened *Opened
	Seen   []Seen
	Heard  Heard
	Time   time.Time // UTC, microseconds
	Kind   string    // message.question
	Class  string    // substantive service test
	Mark   string    // actual exercise
	Re     []Ref     // at most 8; the first names the beginning of the item
	Facts  *Body
	Text   *Body
}

// Text is a statement's free words. No fold ever reads it.
type Text struct {
	Lang string `json:"lang"` // BCP 47 primary tag: en, it
	Text string `json:"text"`
}

// Entry is one sound statement as held here: header, bytes, bodies and what is known of it.
// The fields are set by Record, which alone writes what they point at; a copy stays as it was.
type Entry struct {
	Statement
	signed           // the signature of its note
	Leaf   wire.Hash // its identity
	FactsB []byte    // the JSON body, nil where absent
	TextB  []byte    // the JSON body, nil where absent
	Absent string    // why a body is absent: "", "over limit", "erased", "later"
	Joined bool      // every place below is here and prev is our root
	Inert  string    // why it folds to nothing, "" when it is valid
	// Receipt is the earliest receipt of the other party that covers this entry with its bodies: the step *held*.
	Receipt *Receipt
	// Evidence is set on the second text at one place and on an entry whose prev does not fit.
	Evidence string
	Arrived  int // order of arrival here, for display only: no fold may read it
	// Words is the decoded text body, nil where it is absent or malformed. No fold may read it.
	Words *Text

	log      *Log
	form     string     // what is wrong with the header below its fourth line, "" when nothing is
	item     string     // key of its item, "" while it is in none
	second   string     // key of the second item that reads it too
	barren   bool       // inert by itself, whatever its item is
	asked    bool       // those that name it were judged with it here
	receipts []*Receipt // those that name this leaf
	byWhole  *Receipt   // the earliest whose whole is above this place
}

// Bodies is the length of both bodies together.
func (e *Entry) Bodies() (n int) {
	for _, b := range []*Body{e.Facts, e.Text} {
		if b != nil {
			n += b.Len
		}
	}
	return n
}

// Receipt is the receiver's signed word that it holds an entry durably.
type Receipt struct {
	Log    LogName
	Entry  Ref
	Bodies string // facts | text | facts text | none
	All    int
	Root   wire.Hash
	Whole  int
	Sheet  int
	By     string // party
	ByRun  string
	Held   time.Time // whole seconds, UTC

	signed
	leaf wire.Hash
}

// Draft is what an author wants to state; Run.Append makes it a statement.
type Draft struct {
	Kind, Class, Mark string
	Re                []Ref
	Facts             any   // marshalled to one line of JSON, salt added; nil: no facts
	Text              *Text // nil: no text
}

// Item is the set of valid statements about one thing, in canonical order
// (party, log number, run, index), never in order of arrival.
type Item struct {
	Key     string // unique on a line
	Begin   *Entry // nil while the beginning is not here
	Entries []*Entry
}

// Kind is what the record must know of a kind to judge and to group; its meaning stays with its package.
type Kind struct {
	Name string // message.question
	// Begins: a statement of this kind begins an item; where it has a `re` (a reply), the item
	// that its first re names reads it too.
	Begins bool
	// Two: the item that the second re names reads a statement of this kind too (supersedes,
	// cancels, a contact made from an attempt).
	Two bool
	// ItemID gives the opening party and random id by which STOPs and calls are grouped
	// whichever end stated first; nil where `re` groups.
	ItemID func(e *Entry) (party, id string, err error)
	// Validate says why the statement is not valid, judged from itself and the beginning of its item
	// (nil where it begins one or the beginning is not here yet). It decodes the facts strictly.
	Validate func(e, begin *Entry) error
}
