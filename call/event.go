// SPDX-License-Identifier: Apache-2.0

package call

import (
	"errors"
	"time"

	"example.org/parley/record"
)

// Event is what a Machine steps on.
type Event interface{ event() }

type (
	// Ring is a person's act: ring the other end. While the other end rings here it answers.
	Ring struct {
		By                    Author
		Class, Mark, Priority string // class and mark: "" is substantive, actual
		Codec                 string // of this desk, should two rings cross: opus (default) or pcmu
	}
	// Answer is a person's act; Codec names what this desk sends: opus (default) or pcmu.
	Answer struct {
		By    Author
		Codec string
	}
	// Decline is a person's act.
	Decline struct {
		By      Author
		Reason  string
		StandBy time.Time
	}
	// HangUp is a person's act; while one's own ring is out it cancels. Class, where given, is what he says of the call.
	HangUp struct {
		By    Author
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

// Effect is what a Machine asks of its node. None waits for a disk.
type Effect interface{ effect() }

type (
	// Send sends a signal over every live path; with Repeat it is repeated under that id until StopRepeat.
	Send struct {
		Signal Signal
		Repeat string // "": once
	}
	// StopRepeat ends a repetition: it was answered, or its time is over.
	StopRepeat struct{ Repeat string }
	// Bell says which desks ring now; none: the bell is off.
	Bell struct {
		Desks    []string
		Class    string
		Priority string
	}
	// Ringback says whether the caller's desk hears that it rings there.
	Ringback struct{ On bool }
	// MediaOpen connects the desk's sound with the frames of a call number; MediaClose ends that.
	MediaOpen struct {
		Voice       uint16
		Codec, Desk string
	}
	MediaClose struct{ Voice uint16 }
	// Draft asks the node to state this. It may fail or wait: the call goes on.
	Draft struct{ record.Draft }
	// Changed says that Live gives something new.
	Changed struct{}
	// Cannot answers an act that does not fit, for the person who did it.
	Cannot struct{ Err error }
)

func (Send) effect()       {}
func (StopRepeat) effect() {}
func (Bell) effect()       {}
func (Ringback) effect()   {}
func (MediaOpen) effect()  {}
func (MediaClose) effect() {}
func (Draft) effect()      {}
func (Changed) effect()    {}
func (Cannot) effect()     {}

// Acts that do not fit.
var (
	ErrNotRinging = errors.New("nothing rings here")
	ErrNoCall     = errors.New("there is no call")
	ErrAct        = errors.New("the act names what a signal cannot carry")
	ErrRandom     = errors.New("no randomness for a call's id")
)
