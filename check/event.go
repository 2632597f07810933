// SPDX-License-Identifier: Apache-2.0

package check

import (
	"errors"

	"example.org/parley/record"
)

// Event is what a Machine steps on.
type Event interface{ event() }

type (
	// Now is a person's act: check now.
	Now struct{ By Author }
	// Stated says how a slot stands in the record, whenever that changes, and once for each after a start:
	// the machine has no memory of its own that a restart could lose.
	Stated struct{ State State }
	// Paths names every configured path; it is sent at the start and when they change.
	Paths struct{ Labels []string }
	// Receipt says that the receipt of our opened or joined came back by a path.
	Receipt struct{ Path string }
	// Loop is the result of the tone that LoopTone asked for.
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
		By    Author
		Langs []string
	}
	// Answered is a person's act: his answer to the question, a to d.
	Answered struct {
		By     Author
		Answer string
	}
	// DeclinedBy is a person's act: he takes no part in this check.
	DeclinedBy struct{ By Author }
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

// Effect is what a Machine asks of its node.
type Effect interface{ effect() }

type (
	// Draft asks the node to state this.
	Draft struct{ record.Draft }
	// SendOver asks the node to send our opened or joined again, over this path alone.
	SendOver struct{ Path string }
	// LoopTone asks for one second of tone under a voice number over one path, and for its Loop.
	LoopTone struct {
		Path  string
		Voice uint16
	}
	// LoopOpen asks to send back, on the path they came by, frames of a voice number, until LoopClose.
	LoopOpen  struct{ Voice uint16 }
	LoopClose struct{ Voice uint16 }
	// StateStop asks for a STOP of class test; Check goes into its facts.
	StateStop struct{ Check, Mark string }
	// TakeStop asks for the taking of the other end's STOP of class test with that Check, by the person who answered.
	TakeStop struct {
		Check string
		By    Author
	}
	// RingDesks rings every armed desk as class test, also those armed later, until it is sent with On false.
	// A real call goes before it.
	RingDesks struct{ On bool }
	// Changed says that Live gives something new.
	Changed struct{}
	// Cannot answers an act that does not fit.
	Cannot struct{ Err error }
)

func (Draft) effect()     {}
func (SendOver) effect()  {}
func (LoopTone) effect()  {}
func (LoopOpen) effect()  {}
func (LoopClose) effect() {}
func (StateStop) effect() {}
func (TakeStop) effect()  {}
func (RingDesks) effect() {}
func (Changed) effect()   {}
func (Cannot) effect()    {}

// Acts that do not fit.
var (
	ErrRunning = errors.New("a check is running")
	ErrNothing = errors.New("no check waits for this")
	ErrAnswer  = errors.New("an answer is a, b, c or d")
	ErrRandom  = errors.New("no randomness for a check's id")
)
