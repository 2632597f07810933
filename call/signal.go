// SPDX-License-Identifier: Apache-2.0

package call

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"example.org/parley/statement"
	"example.org/parley/wire"
)

// SignalKind says what a signal is.
type SignalKind byte

// The signals of a call.
const (
	SigRing    SignalKind = 1 + iota // rings the other end's desks
	SigRinging                       // these desks of ours ring
	SigAnswer                        // a desk of ours has answered
	SigDecline                       // a desk of ours has declined
	SigCancel                        // the caller no longer rings: by a person, in time, by a fault, or it became another call
	SigHangUp                        // an answered call is over
	SigBusy                          // cannot ring: busy with us, busy elsewhere, or by policy
	SigNobody                        // cannot ring: no desk is armed
	SigStill                         // do you still hold this call?
	SigAck                           // I have that signal, and this is how the call stands here
	SigPeople                        // who is in the call at this end, and whether it is on hold or waits
)

// How a call stands at the end that acks: one of these, or an outcome.
const (
	Unknown = "unknown" // never heard of, or forgotten in a restart
	Ringing = "ringing"
	Talking = "talking"
)

// MaxSignal bounds a signal on the wire, its first byte 'c' included: with the byte that says what it is it fills one packet.
const MaxSignal = wire.LanePayload - 1

// Limits of a signal's texts, in bytes.
const (
	maxName   = 32  // desk, priority
	maxPlace  = 64  // officer
	maxReason = 200 // of a decline
	maxDesks  = 32
	maxWith   = 8 // posts that spoke
)

// The words of a signal; no sound is a matter of the record alone.
var (
	codecs = []string{Opus, ULaw, G722}
	stands = append([]string{Unknown, Ringing, Talking}, outcomes[:len(outcomes)-1]...)
)

// Signal is one packet of the session about one call.
type Signal struct {
	Kind     SignalKind `json:"-"`
	ID       ID         `json:"-"`
	Seq      uint32     `json:"-"` // grows with every new signal of a machine; a repetition bears its first
	Repeat   string     `json:"-"` // of one that goes out: it is repeated under this id until Out.Quiet names it; "": sent once
	Desk     string     `json:"desk,omitempty"`
	Officer  string     `json:"officer,omitempty"`
	Class    string     `json:"class,omitempty"`
	Mark     string     `json:"mark,omitempty"`
	Codec    string     `json:"codec,omitempty"` // of a ring the only one that its desk speaks, of an answer that of the call: Opus, ULaw or G722; of a roster what the call changes to
	Priority string     `json:"priority,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	StandBy  time.Time  `json:"stand_by_until,omitzero"` // whole seconds
	Seconds  int        `json:"seconds,omitempty"`
	Desks    []string   `json:"desks,omitempty"`
	What     string     `json:"stands,omitempty"` // how the call stands: an outcome, Unknown, Ringing or Talking
	Cause    string     `json:"cause,omitempty"`
	Of       SignalKind `json:"of,omitempty"`      // of an ack
	Became   ID         `json:"became,omitzero"`   // of a cancel: two rings crossed, this is the call now
	Version  int        `json:"version,omitempty"` // of a roster, and of its ack
	People   []Person   `json:"people,omitempty"`  // who is in the call at this end
	Held     int        `json:"held,omitempty"`    // it is on hold: one more than the source of who holds it
	Waiting  string     `json:"waiting,omitempty"` // the part of whom it waits for
}

// signals is the table of signals, in order of kind.
var signals = []struct {
	kind     SignalKind
	name     string
	must     []string // members that must stand in it
	may      []string // members that may
	repeated bool     // by the link, until answered
	by       string   // what answers it
}{
	{SigRing, "ring", []string{"desk", "class", "mark"}, []string{"officer", "codec", "priority"}, true, "ringing, answer, decline, busy, nobody-armed, ack; at party B also A's ring"},
	{SigRinging, "ringing", nil, []string{"desks"}, false, "sent again for each ring that comes again"},
	{SigAnswer, "answer", []string{"desk", "codec"}, []string{"officer"}, true, "ack, cancel"},
	{SigDecline, "decline", nil, []string{"desk", "officer", "reason", "stand_by_until"}, true, "ack"},
	{SigCancel, "cancel", []string{"stands"}, []string{"seconds", "cause", "became"}, true, "ack, answer, decline"},
	{SigHangUp, "hang-up", []string{"stands"}, []string{"cause", "desk", "officer"}, true, "ack"},
	{SigBusy, "busy", []string{"stands"}, []string{"cause"}, false, "sent again for each ring that comes again"},
	{SigNobody, "nobody-armed", nil, nil, false, "sent again for each ring that comes again"},
	{SigStill, "still", nil, nil, true, "ack"},
	{SigAck, "ack", []string{"of", "stands"}, []string{"cause", "version"}, false, "sent again for each signal that comes again"},
	{SigPeople, "people", []string{"version", "people"}, []string{"held", "waiting", "codec"}, true, "ack of the same version"},
}

func (k SignalKind) known() bool { return k >= SigRing && k <= SigPeople }

func (k SignalKind) String() string {
	if k.known() {
		return signals[k-1].name
	}
	return fmt.Sprintf("signal-%d", byte(k))
}

const head = 1 + 1 + 16 + 4 // 'c', kind, id, seq

// Encode gives the bytes of s: 'c', kind, id, seq, then its members as strict JSON.
// It cuts nothing: what is over a limit is refused.
//
// SPEC: CAL-001
func (s Signal) Encode() ([]byte, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	b := append(make([]byte, 0, 256), 'c', byte(s.Kind))
	b = append(b, s.ID[:]...)
	b = binary.BigEndian.AppendUint32(b, s.Seq)
	members, err := wire.EncodeObject(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignal, err)
	}
	return append(b, members...), nil
}

// Decode reads a signal strictly: known kinds and members only, in the one spelling that Encode gives them, none
// missing, none over its limit.
//
// SPEC: CAL-002
func Decode(b []byte) (s Signal, err error) {
	if len(b) < head || len(b) > MaxSignal || b[0] != 'c' {
		return s, fmt.Errorf("%w: %d bytes", ErrSignal, len(b))
	}
	s.Kind, s.ID, s.Seq = SignalKind(b[1]), ID(b[2:18]), binary.BigEndian.Uint32(b[18:head])
	if err := wire.DecodeObject(b[head:], MaxSignal, &s); err != nil {
		return s, fmt.Errorf("%w: %w", ErrSignal, err)
	}
	return s, s.validate()
}

// validate judges a signal by its row of the table.
func (s Signal) validate() error {
	if !s.Kind.known() {
		return fmt.Errorf("%w: kind %d", ErrSignal, s.Kind)
	}
	row := signals[s.Kind-1]
	for _, m := range []struct {
		name string
		here bool
		bad  error // what is wrong with it if it is here
	}{
		{"desk", s.Desk != "", statement.Text("desk", s.Desk, maxName)},
		{"officer", s.Officer != "", statement.Text("officer", s.Officer, maxPlace)},
		{"class", s.Class != "", statement.OneOf("class", s.Class, statement.Classes)},
		{"mark", s.Mark != "", statement.OneOf("mark", s.Mark, statement.Marks)},
		{"codec", s.Codec != "", statement.OneOf("codec", s.Codec, codecs)},
		{"priority", s.Priority != "", statement.Text("priority", s.Priority, maxName)},
		{"reason", s.Reason != "", statement.Text("reason", s.Reason, maxReason)},
		{"stand_by_until", !s.StandBy.IsZero(), statement.Time("stand_by_until", s.StandBy)},
		{"seconds", s.Seconds != 0, statement.If(s.Seconds < 0 || s.Seconds > math.MaxUint16, "%d seconds", s.Seconds)},
		{"desks", len(s.Desks) > 0, desks(s.Desks)},
		{"stands", s.What != "", statement.OneOf("stands", s.What, stands)},
		{"cause", s.Cause != "", statement.OneOf("cause", s.Cause, Causes)},
		{"of", s.Of != 0, statement.If(s.Of == SigAck || !s.Of.known(), "of %d", s.Of)},
		{"became", s.Became != ID{}, nil},
		{"version", s.Version != 0, statement.If(s.Version < 0 || s.Version > math.MaxUint16, "version %d", s.Version)},
		{"people", len(s.People) > 0, s.roster()},
		{"held", s.Held != 0, statement.If(!slices.ContainsFunc(s.People, func(p Person) bool { return p.Source == s.Held-1 }), "held by nobody")},
		{"waiting", s.Waiting != "", statement.OneOf("waiting", s.Waiting, WaitsFor)},
	} {
		must := slices.Contains(row.must, m.name)
		switch {
		case must && !m.here:
			return fmt.Errorf("%w: %s without %s", ErrSignal, row.name, m.name)
		case m.here && !must && !slices.Contains(row.may, m.name):
			return fmt.Errorf("%w: %s in %s", ErrSignal, m.name, row.name)
		case m.here && m.bad != nil:
			return fmt.Errorf("%w: %s: %w", ErrSignal, row.name, m.bad)
		}
	}
	return nil
}

// roster judges who is in a call at one end.
//
// SPEC: CAL-022
func (s Signal) roster() error {
	if len(s.People) > maxPeople {
		return statement.If(true, "%d people", len(s.People))
	}
	for i, p := range s.People {
		err := statement.First(statement.Text("desk", p.Desk, maxName), statement.Optional("officer", p.Officer, maxPlace),
			statement.OneOf("part", p.Part, append([]string{Holder}, Parts...)), statement.If((p.Part == Holder) != (p.Source == 0), "who has the call is source 0"),
			statement.If(p.Part == Listener && p.Speaks, "a listener speaks"), statement.If(p.Source >= maxPeople || i == 0 && p.Source != 0 || i > 0 && p.Source <= s.People[i-1].Source, "source %d", p.Source),
			statement.If(at(s.People, p.Desk) != i, "a desk twice"))
		if err != nil {
			return err
		}
	}
	return nil
}
