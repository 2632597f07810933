// SPDX-License-Identifier: Apache-2.0

package call

import (
	"errors"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Event is what a Machine steps on.
type Event interface{ event() }

type (
	// Ring is a person's act: ring the other end. While the other end rings here it answers.
	Ring struct {
		By                    statement.Author
		Class, Mark, Priority string // class and mark: "" is substantive, actual
		Codec                 string // of this desk, should two rings cross: opus (default) or pcmu
	}
	// Answer is a person's act; Codec names what this desk sends: opus (default) or pcmu.
	Answer struct {
		By    statement.Author
		Codec string
	}
	// Decline is a person's act.
	Decline struct {
		By      statement.Author
		Reason  string
		StandBy time.Time
	}
	// HangUp is a person's act; while one's own ring is out it cancels. Class, where given, is what he says of the call.
	HangUp struct {
		By    statement.Author
		Class string
	}
	// Got is a signal of the peer's, decoded, from an authenticated session.
	Got struct{ Signal Signal }
	// Desks says which desks of ours are armed, which of them are in a call on another line, and which
	// join at 20 seconds. It is sent whenever one of the three changes.
	Desks struct{ Armed, Busy, Deputies []string }
	// Heard says that frames of the call come (again); Silent that none came for 5 seconds.
	Heard  struct{ Voice uint16 }
	Silent struct{ Voice uint16 }
	// Broken says that this end cannot carry the call's sound any more: media, microphone or speaker.
	Broken struct{ Cause string }
	// Line says whether any path lives.
	Line struct{ Up bool }
	// PeerRun says that a session of another run of the peer is up: it may have forgotten everything.
	PeerRun struct{ Run string }
	// Goodbye says that the peer's node has said that it stops.
	Goodbye struct{}
	// Stop says that this node stops in an orderly way.
	Stop struct{}
	// Tick comes at least once a second, while anything is open every 100 ms.
	Tick struct{}
)

func (Ring) event()    {}
func (Answer) event()  {}
func (Decline) event() {}
func (HangUp) event()  {}
func (Got) event()     {}
func (Desks) event()   {}
func (Heard) event()   {}
func (Silent) event()  {}
func (Broken) event()  {}
func (Line) event()    {}
func (PeerRun) event() {}
func (Goodbye) event() {}
func (Stop) event()    {}
func (Tick) event()    {}

// Out is what a Machine asks of its node, in this order. Nothing of it waits for a disk.
type Out struct {
	Quiet   []string       // repetitions that end: answered, or their time is over
	Send    []Send         // over every live path
	Close   bool           // the desk's sound and the frames of the call that was
	Open    bool           // the desk's sound and the frames of the call that is, as Live says
	Drafts  []record.Draft // to be stated; it may fail or wait: the call goes on
	Changed bool           // Live gives something new
	Err     error          // an act that does not fit, for the person who did it
}

// Send is one signal; with Repeat it is repeated under that id until Quiet names it.
type Send struct {
	Signal Signal
	Repeat string // "": once
}

// Acts that do not fit.
var (
	ErrNotRinging = errors.New("nothing rings here")
	ErrNoCall     = errors.New("there is no call")
	ErrAct        = errors.New("the act names what a signal cannot carry")
	ErrRandom     = errors.New("no randomness for a call's id")
)
