// SPDX-License-Identifier: Apache-2.0

package call

import (
	"encoding/hex"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// The kinds of statement about a call.
const (
	KindPlaced = "call.placed" // the caller, at once
	KindRang   = "call.rang"   // the called end, at once
	KindSilent = "call.silent" // each end, in a call that was answered and carries no sound
	KindClosed = "call.closed" // each end, when it is over
	KindClass  = "call.class"  // each end, later: what it says of the class
	KindLine   = "call.line"   // each end, in the call: a line that one of its people typed
	KindNoted  = "call.noted"  // either party: a call on the ordinary telephone, held and over

	KindErased = "recording.erased" // each end, in its private log: what it had recorded of a call is there no more
)

// ID is a call's random 128-bit name, the same at both ends.
type ID [16]byte

// ParseID reads what String gives: 32 lower-case hexadecimal digits.
func ParseID(s string) (id ID, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) || hex.EncodeToString(b) != s {
		return ID{}, ErrID
	}
	copy(id[:], b)
	return id, nil
}

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText gives what String gives.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText gives.
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseID(string(b))
	return err
}

// Voice is the 16-bit call number that the call's frames carry; never 0.
func (id ID) Voice() uint16 {
	h := wire.Sum(id[:])
	if n := uint16(h[0])<<8 | uint16(h[1]); n != 0 {
		return n
	}
	return 1
}

// What became of a ring: the row of outcomes, told apart and counted separately.
const (
	Answered      = "answered"
	NoSound       = "no-sound"       // answered, and in one direction or both no frame ever went
	Declined      = "declined"       // an act: by which desk, reason, stand by until
	NoAnswer      = "no-answer"      // seconds, desks that rang
	NobodyArmed   = "nobody-armed"   // their node answers, no desk of theirs can ring
	BusyWithUs    = "busy-with-us"   // the two ends are in a call already
	BusyElsewhere = "busy-elsewhere" // every armed desk of theirs is in a call on another line
	Cancelled     = "cancelled"      // by the caller, before it was answered
	Crossed       = "crossed"        // cancelled here and answered there at once: no sound, both say who did what
	Failed        = "failed"         // with a cause
)

// Causes of Failed.
const (
	CausePath       = "path"
	CauseMedia      = "media"
	CauseMicrophone = "microphone"
	CauseSpeaker    = "speaker"
	CauseFarNode    = "far-node"
	CauseNearNode   = "near-node" // stated by the end whose own node stopped or restarted in the call
	CausePolicy     = "policy"
)

// The codecs of a call.
const (
	Opus = "opus" // of browsers, constant bit rate
	G722 = "g722" // of two telephones alone; of a ring: its desk speaks it, and G.711
	ULaw = "pcmu" // G.711 µ-law: of telephones, and of what a node makes itself; browsers speak it too
)

// Priorities are the reason codes of a priority ring that a person chooses from.
var Priorities = []string{"danger", "incident", "deadline"}

// outcomes and Causes list the words above.
var (
	outcomes = []string{Answered, Declined, NoAnswer, NobodyArmed, BusyWithUs, BusyElsewhere, Cancelled, Crossed, Failed, NoSound}
	Causes   = []string{CausePath, CauseMedia, CauseMicrophone, CauseSpeaker, CauseFarNode, CauseNearNode, CausePolicy}
)

// Outcome is what became of a ring, as one end states it.
type Outcome struct {
	What    string    `json:"outcome"`
	Cause   string    `json:"cause,omitempty"`         // of Failed
	Desk    string    `json:"desk,omitempty"`          // the desk that answered or declined
	Reason  string    `json:"-" said:"reason,200"`     // of Declined, as they gave it
	StandBy time.Time `json:"stand_by_until,omitzero"` // of Declined
	Seconds int       `json:"seconds,omitempty"`       // how long it rang
	Desks   []string  `json:"desks,omitempty"`         // the desks that rang
	Became  string    `json:"became,omitempty"`        // two rings crossed: the call that this ring became
}

// Word is the facts of what an end states of a call that is not over, and of its class later, which stands in the header.
// The tags draw spec/kinds.md, Validate holds them.
type Word struct {
	Opener   string            `json:"opener"` // the party that rings
	Call     string            `json:"call"`
	By       *statement.Author `json:"by,omitempty" must:"placed class"`
	From     string            `json:"from,omitempty" of:"rang"`  // their desk, as they said
	Desks    []string          `json:"desks,omitempty" of:"rang"` // ours that rang
	Priority string            `json:"priority,omitempty" of:"placed rang"`
	At       time.Time         `json:"at,omitzero" must:"placed rang silent"`
}

// Written is the facts of call.line: what one of those in the call typed, and what he erased of it.
type Written struct {
	Opener string           `json:"opener"`
	Call   string           `json:"call"`
	By     statement.Author `json:"by"`
	Source int              `json:"source,omitempty"` // of who typed it
	Line   int              `json:"line"`             // of his in this call, from 1
	At     time.Time        `json:"at"`               // its first letter
	Broken bool             `json:"broken,omitempty"` // it was not finished: the call ended, or he left it
	Cut    bool             `json:"cut,omitempty"`    // more was erased than stands here
	Says   string           `json:"-" said:"line,240"`
	Erased []string         `json:"-" said:"erased,400"`
}

// Noted is the facts of call.noted. The class stands in the header; who spoke, in words, in the text.
type Noted struct {
	Opener  string           `json:"opener"` // the party that states it
	Call    string           `json:"call"`
	At      time.Time        `json:"at"`
	Seconds int              `json:"seconds,omitempty"`
	With    []string         `json:"with"` // places of the posts whose people spoke
	By      statement.Author `json:"by"`
}

// Counts is what one end counted of a call's voice: 20 ms frames sent, and of those expected from
// the other end how many came, were lost, and the longest stretch without any.
type Counts struct {
	Sent     int `json:"sent"`
	Received int `json:"received"`
	Lost     int `json:"lost"`
	GapMS    int `json:"gap_ms"`
}

// silent reports whether a direction carried nothing. SPEC: CAL-019
func (m *Counts) silent() bool { return m != nil && (m.Sent == 0 || m.Received == 0) }

// Closed is the facts of call.closed. The class stands in the header.
type Closed struct {
	Opener string `json:"opener"`
	Call   string `json:"call"`
	Outcome
	There    string            `json:"there,omitempty"`    // theirs, as they said
	By       *statement.Author `json:"by,omitempty"`       // our person in it, with his desk
	Codec    string            `json:"codec,omitempty"`    // opus g722 pcmu
	EndedBy  string            `json:"ended_by,omitempty"` // the party whose person ended it; "": neither
	Began    time.Time         `json:"began"`
	Answered time.Time         `json:"answered,omitzero"` // when our sound was opened
	Ended    time.Time         `json:"ended"`
	Meters   *Counts           `json:"meters,omitempty"`
	With     []Joined          `json:"with,omitempty"` // ours who were in it, where it was more than one
	// Recording is what this end has recorded of its sound; none where the parties have not agreed to record.
	Recording *Recording `json:"recording,omitempty"`
}

// Why an end does not record a call that is to be recorded.
const (
	RecordFull    = "full"    // no room on the disk
	RecordRefused = "refused" // the directory or its files cannot be written
	RecordHangs   = "hangs"   // the disk does not answer
	RecordDisk    = "disk"    // another fault of the disk
	RecordLong    = "long"    // the recording of this call has become as long as one may be
	RecordUnread  = "unread"  // the record is not read: whether the call is to be recorded is not known
	RecordMany    = "many"    // the recordings that are kept take as much room as they may
)

// RecordFaults lists them.
var RecordFaults = []string{RecordFull, RecordRefused, RecordHangs, RecordDisk, RecordLong, RecordMany, RecordUnread}

// MaxFiles is how many files of a recording are named.
const MaxFiles = 8

// Recording is what an end has recorded of the sound of a call. Its files lie at that end, in a directory of the call's id.
type Recording struct {
	Files   []RecordFile `json:"files,omitempty"`
	Dropped int          `json:"dropped,omitempty"` // frames that are in no file: the disk was too slow or failed, or they came after their place was written
	Fault   string       `json:"fault,omitempty"`   // why it ended before the call, or never began: full refused hangs disk long many unread
}

// RecordFile is one speaker's sound: PARTY-SOURCE, with a number where his codec changed, .ogg or .wav.
type RecordFile struct {
	Name   string `json:"name"`
	FromMS int    `json:"from_ms,omitempty"` // where in the call it begins
	MS     int    `json:"ms,omitempty"`      // how much sound it holds; not known where the node ended in the call
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"` // of the file as it lies there, in hexadecimal digits
}

// Erased is the facts of recording.erased.
type Erased struct {
	Call string `json:"call"`
	Days int    `json:"days"` // that its party keeps recordings
}

// End is one party's word about a call.
type End struct {
	Party  string
	Began  *record.Entry // its call.placed or call.rang
	Closed *record.Entry // nil: it has not closed it (yet)
	Facts  Closed        // of Closed
	Class  string        // what it says of the class, "" while it says nothing
	at     time.Time     // of Began
	silent bool          // it has stated that the call carries no sound
	mute   time.Time     // when it stated that first
	Unsure bool          // it states two outcomes and neither is in the other's past
}

// LineEntry is a line typed beside a call, as it stands in the record.
type LineEntry struct {
	Written
	Entry *record.Entry
}

// State is what the set of statements about one call says.
type State struct {
	Opener, Call  string
	Mark          string
	Priority      string
	Caller        End
	Called        End
	Open          bool      // an end that began it has not closed it
	Outcome       Outcome   // what to show: the called end decides between answer, decline and cancel; while it is open, NoSound or nothing
	Differ        bool      // the ends state outcomes that cannot both be true: A13
	Telephone     bool      // it was held on the ordinary telephone, as one end notes it
	Class         string    // the higher of the two; substantive where one end says nothing
	ClassDisputed bool      // the two ends state different classes
	Began         time.Time // by the caller's clock, else the called end's
	Answered      time.Time
	Ended         time.Time
	Lines         []LineEntry // that were typed beside it, in the order of their first letters
	Voice         [2]Counts   // caller → called, called → caller: sent by the one's count, the rest by the other's; -1: not stated

	ends [2][]End // caller, called: one for each statement that says a class (Began), and maybe closes the call
	past statement.Past
}
