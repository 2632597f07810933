// SPDX-License-Identifier: Apache-2.0

package check

import (
	"errors"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Event is what a Machine steps on.
type Event interface{ event() }

type (
	// Now is a person's act: check now.
	Now struct{ By statement.Author }
	// Stated says how a slot stands in the record, whenever that changes, and once for each after a start:
	// the machine has no memory of its own that a restart could lose.
	Stated struct{ State State }
	// Paths names every configured path; it is sent at the start and when they change.
	Paths struct{ Labels []string }
	// Receipt says that the receipt of our opened or joined came back by a path.
	Receipt struct{ Path string }
	// Loop is the result of the tone that Tone asked for.
	Loop struct {
		Path       string
		Sent, Back int // frames
		MS         int // median round trip
		LevelDB    int // of the tone that came back
		Why        string
	}
	// StopHeld says that the other node has receipted our STOP of class test; ID is its id.
	StopHeld struct{ ID string }
	// RingAnswered is a person's act: he answers the check's ring; Langs are the languages he reads.
	RingAnswered struct {
		By    statement.Author
		Langs []string
	}
	// Answered is a person's act: his answer to the question, a to d.
	Answered struct {
		By     statement.Author
		Answer string
	}
	// DeclinedBy is a person's act: he takes no part in this check.
	DeclinedBy struct{ By statement.Author }
	// Tick comes at least every few seconds.
	Tick struct{}
)

func (Now) event()          {}
func (Stated) event()       {}
func (Paths) event()        {}
func (Receipt) event()      {}
func (Loop) event()         {}
func (StopHeld) event()     {}
func (RingAnswered) event() {}
func (Answered) event()     {}
func (DeclinedBy) event()   {}
func (Tick) event()         {}

// Out is what a Machine asks of its node. Which desks' ring and whose tones it sends back, Live and Returns say.
type Out struct {
	Drafts  []record.Draft    // to be stated
	Over    string            // send our opened or joined again over this path alone
	Tone    string            // one second of tone over this path, under the slot's voice number, and its Loop
	Stop    bool              // a STOP of class test, of the slot
	Take    *statement.Author // he takes the other end's STOP of the slot
	Slot    Slot              // of Tone, Stop and Take
	Mark    string
	Changed bool  // Live gives something new
	Err     error // an act that does not fit
}

// Acts that do not fit.
var (
	ErrRunning = errors.New("a check is running")
	ErrNothing = errors.New("no check waits for this")
	ErrAnswer  = errors.New("an answer is a, b, c or d")
	ErrRandom  = errors.New("no randomness for a check's id")
)
