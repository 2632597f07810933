// SPDX-License-Identifier: Apache-2.0

package view

import (
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/internal/alarm"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/stop"
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
	IDs      IDs
	Register *register.Register
	Desk     DeskIn

	Paths           []Path
	Fallback        []string // their telephones, for when the line is down
	WeSee           EndIn    // of them
	TheySee         EndIn    // of us, as they heard it last
	Unrecorded      time.Time
	UnrecordedThere time.Time // by their word
	Unread          bool      // the record could not be read since the node started
	Starting        string    // how far the node has read it, "" once it has

	Alarms []alarm.Alarm // of alarm.Set.List
	Call   CallIn
	Calls  []call.State

	Due          message.Allowances // of the terms
	Stops        []stop.State       // as stated, or as heard while no statement is here
	Messages     []message.State
	MoreMessages int // that wait and found no room
	MoreStops    int

	Check         CheckIn
	Contacts      contact.Figures
	ContactsSince *register.Event // that Contacts counts from; nil: all
	Log           []*record.Entry
}

// IDs gives short IDs: *record.Names.
type IDs interface {
	Short(e *record.Entry) string
	ShortPlace(p record.Place) string
}

// DeskIn is the desk that is drawn.
type DeskIn struct {
	Name    string
	Officer string // his name, "" when nobody is signed on
	Known   string // how: account · account + link · unattributed
	Armed   bool
	NoSound string // why it has no sound, "" when it has
	Langs   []string
}

// EndIn is one end as the other sees it.
type EndIn struct {
	Known    bool      // something was heard of it in this life of the session
	Station  string    // answers stuck goodbye not-reached unknown
	Since    time.Time // of Station
	Why      string    // of goodbye
	Armed    int       // desks
	Silent   int       // of them, those without sound
	Present  int       // officers signed on and present
	Officers []string  // their names, where known
}

// CallIn is the call as it stands at this end.
type CallIn struct {
	Live       call.Live
	Last       string    // short ID of the newest call on record, for its class
	LastClass  string    // what this end said of its class, "" nothing yet
	LastAsk    bool      // this end may still say what its class was
	Mute       bool      // connected, and a direction carries nothing, by either end's count
	Unrecorded bool      // a statement of it could not be committed
	Sound      string    // of this desk: microphone test-voice none
	NoRing     string    // why a ring will be heard by no one, in words of this package's tables: nobody-armed
	Out, In    *Meter    // while connected
	RingsSince time.Time // since it rings
}

// CheckIn is what the checks have come to.
type CheckIn struct {
	Figures  check.Summary
	From     time.Time    // of the line: days are counted from here
	Next     time.Time    // the next slot of the schedule
	Running  *check.State // the slot under way
	Waiting  *check.State // the slot that this end closed and the other may yet close
	Parts    []check.Part // of it, as far as they are known; else of the last
	Last     *check.State // the newest slot that both closed, or its time is over
	Question *Question
}
