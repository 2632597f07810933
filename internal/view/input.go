// SPDX-License-Identifier: Apache-2.0

package view

import (
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/internal/alarm"
	"example.org/parley/message"
	"example.org/parley/readout"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/service"
	"example.org/parley/stop"
	"example.org/parley/wire"
)

// Input is what the node hands in: folds, registers, clocks and what the sessions say. Only what is durable may
// stand in it, except calls, liveness and the unsigned first copies of STOPs, which wait for no disk. Every list of
// items is in the order in which they came here.
type Input struct {
	Now      time.Time
	Line     string
	Us, Them string    // the parties' names
	Began    time.Time // the line, by our own clock: nothing of it is older
	Demo     bool
	Version  string            // of the peer's program, where it knows other kinds of statement than ours
	Joining  int               // statements of the time alone that are yet to be stated anew
	Before   *check.Summary    // tests of the time alone; nil: none
	Were     map[string]string // officers of the time alone, by their place in its record
	Alone    bool              // the other party is only named: all is on our word alone
	IDs      IDs
	Register *register.Register
	Desk     Header // of it, what the node knows: desk, officer, whether it is armed

	Paths           []wire.PathState
	Fallback        map[string][]string // telephones by party, for when the line is down
	Schedule        []string            // the times of day of the checks
	Service         []service.State     // what keeps the line out of service now, the weightiest first
	WeSee           Presence            // of them
	TheySee         Presence            // of us, as they heard it last
	Unrecorded      time.Time
	UnrecordedThere time.Time // by their word
	Unread          bool      // the record could not be read since the node started
	Starting        string    // how far the node has read it, as 5/10, "" once it has

	Alarms    []alarm.Alarm        // of alarm.Set.List
	Live      call.Live            // the call as it stands at this end
	Texts     []call.Typed         // typed beside it, or beside the one that was last
	Away      [2]map[int]time.Time // who is in it, ours and theirs, and has no page that answers, by source, since when
	Call      Call                 // of it, what the node knows: sound of this desk, meters, whether it is unrecorded
	LastCall  string               // short ID of the newest call on record, for its class
	LastClass string               // what this end said of its class, "" nothing yet
	LastAsk   bool                 // this end may still say what its class was
	Calls     []call.State

	Due          map[string]map[string]int            // of the terms
	Dues         map[string]map[string]map[string]int // by the key of a message that other terms than those hold for
	Terms        []string                             // in words
	Issue        int                                  // the newest of our sheet that is stated
	Soon         bool                                 // the node does not go by what is on disk yet, or cannot listen where it says
	Stops        []stop.State                         // as stated, or as heard while no statement is here
	Messages     []message.State
	MoreMessages int // that wait and found no room
	MoreStops    int

	Check         Check // the slot that is running or waits for the other end, its parts and question, when the next is due
	Checks        check.Summary
	Hours         map[int64]time.Duration // for how long the line carried, by this end's own count: of the newest hours (Hour)
	Counted       time.Time               // since when it counts
	Figures       *LineFigures            // of status and figures; nil: not asked for
	Contacts      contact.Figures
	ContactsSince *register.Event // that Contacts counts from; nil: all, or
	ContactsFrom  string          // the date that was asked for
	Readouts      []*readout.Readout
	About         []*contact.Contact   // what readouts may be about
	Unseals       map[string]time.Time // when the bodies of sealed readouts go in any case
	Points        string               // only this sort of point
	OnlyShown     bool                 // only whom readouts were shown to
	Ask           Asking
	Press         []PressText // of statement list
	Raised        []*contact.Contact
	Log           []*record.Entry
	SignedOn      map[string][]string // desks, by the short ID of the officer who is signed on there
}

// IDs gives short IDs: *record.Names.
type IDs interface {
	Short(e *record.Entry) string
	ShortPlace(p record.Place) string
}
