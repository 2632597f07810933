// SPDX-License-Identifier: Apache-2.0

package record

import (
	"time"

	"example.org/parley/wire"
)

// LogID names one log of a line: the party, its number for the log, and the run that is its only writer.
type LogID struct {
	Party  string
	Number int    // from 1
	Run    string // 6 of 0123456789abcdefghjkmnpqrstvwxyz
}

// LogName names a log for ever: of which line, and whether it is one that is exchanged with nobody.
type LogName struct {
	LogID
	Genesis wire.Hash
	Private bool
}

// Place is where a statement stands on a line: shorter than a Ref, without the leaf.
type Place struct {
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
	LogID
	Size int // joined entries, at least 1
	Root wire.Hash
}

// PeerClock is the peer's run and clock as the author last heard it, the line `heard`; zero Run means `none`.
type PeerClock struct {
	Run  string
	Time time.Time // whole tens of seconds, rounded down
}

// Body is a header's line about facts or text: length in bytes and SHA-256.
type Body struct {
	Len  int
	Hash wire.Hash
}

// Head is what stays in memory of a header: what it is and what it names.
type Head struct {
	Log   *LogName
	Index int
	Prev  wire.Hash
	Time  time.Time // UTC, microseconds
	Kind  string    // message.question
	Class string    // substantive service test
	Mark  string    // actual exercise
	Re    []Ref     // at most 8; the first names the beginning of the item
}

// Statement is a parsed header.
type Statement struct {
	Head
	Station string // at place 0 of a log: who opened it, and why this run began
	Why     string // first restart restore failed refused clock key
	Seen    []Seen
	Heard   PeerClock
	Facts   *Body
	Text    *Body
}

// Text is a statement's free words. No fold ever decides by it.
type Text struct {
	Lang  string            `json:"lang"` // BCP 47 primary tag: en, it; und where it has words alone
	Text  string            `json:"text"`
	Words map[string]string `json:"words,omitempty"` // what was said in words beside the facts, by name
}

// Entry is one sound statement as held here: what its header says and what is known of it. Its bytes are in memory
// while it is new or in use, and else read back from the disk (see pieces.go). Its fields are set by Record, which
// alone writes what they point at; a copy stays as it was.
type Entry struct {
	Head
	Leaf      wire.Hash // its identity
	Arrived   int       // order of arrival here, for display only: no fold may read it
	Bodies    int       // length of both bodies together, as the header says
	WantFacts bool      // the header names facts
	WantText  bool      // the header names words
	Joined    bool      // every place below is here and prev is our root
	Absent    string    // why a body is absent: "", "over limit", "later"
	Disowned  int       // the issue of its author's sheet that ended its key before it; it stands, held before that; 0: none
	Inert     string    // why it folds to nothing, "" when it is valid
	Evidence  string    // set on the second text at one place and on an entry whose prev does not fit
	// Receipt is the earliest receipt of the other party that covers this entry with its bodies: the step *held*.
	Receipt *Receipt

	log       *Log
	key       uint32 // hash of the key that signed it
	seen      []sight
	facts     bool       // the body is here, in memory or on disk
	text      bool       // as facts
	malformed bool       // its header is, or names a party that is not of this line: Inert says what
	sealed    bool       // its kind is
	late      bool       // its time is before that of an entry below, where it is joined
	barren    bool       // inert by itself, whatever its item is
	asked     bool       // those that name it were judged with it here
	item      string     // key of its item, "" while it is in none
	second    string     // key of the second item that reads it too
	receipts  []*Receipt // those that name this leaf, earliest first
	byWhole   *Receipt   // the earliest whose whole is above this place
	bytes     *bytesOf
	anew      *Anew // nil: not asked yet; without an ID it was not stated before the line
	fit       bool  // of one stated anew: it is valid by itself
}

// sight is a line of seen, of a log as it is held here.
type sight struct {
	log  *Log
	size int32
	root wire.Hash
}

// Receipt is the receiver's signed word that it holds an entry durably.
type Receipt struct {
	Log    *LogName
	Index  int
	All    int
	Whole  int
	Sheet  int
	Entry  wire.Hash // leaf of the entry
	Root   wire.Hash
	By     string // party
	ByRun  string
	Bodies string    // facts | text | facts text | none
	Held   time.Time // whole seconds, UTC

	leaf  wire.Hash
	bytes *bytesOf
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
	// Sealed: its author withholds its bodies for a while. `whole` passes over it, it folds by its header alone, and it is held
	// only by a receipt that names its bodies.
	Sealed bool
	// Two: the item that the second re names reads a statement of this kind too (supersedes,
	// cancels, a contact made from an attempt).
	Two bool
	// ItemID gives the opening party and random id by which STOPs and calls are grouped
	// whichever end stated first; nil where `re` groups.
	ItemID func(e *Entry) (party, id string, err error)
	// Anew gives what a statement says that was stated before the line, nil where it was not; nil for kinds that never were.
	Anew func(e *Entry) *Anew
	// Validate says why the statement is not valid, judged from itself and the beginning of its item
	// (nil where it begins one or the beginning is not here yet). It decodes the facts strictly.
	Validate func(e, begin *Entry) error
}
