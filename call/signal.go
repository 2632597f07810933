// SPDX-License-Identifier: Apache-2.0

package call

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"example.org/parley/statement"
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
)

// How a call stands at the end that acks: one of these, or an outcome.
const (
	Unknown = "unknown" // never heard of, or forgotten in a restart
	Ringing = "ringing"
	Talking = "talking"
)

// MaxSignal bounds a signal on the wire, its first byte 'c' included.
const MaxSignal = 512

// Limits of a signal's texts, in bytes.
const (
	maxName   = 32  // desk, priority
	maxPlace  = 64  // officer
	maxReason = 200 // of a decline
	maxDesks  = 8
)

// Signal is one packet of the session about one call.
type Signal struct {
	Kind     SignalKind
	ID       ID
	Seq      uint32 // grows with every new signal of a machine; a repetition bears its first
	Desk     string
	Officer  string
	Class    string
	Mark     string
	Codec    string // opus pcmu
	Priority string
	Reason   string
	StandBy  time.Time // whole seconds
	Seconds  int
	Desks    []string
	What     string // how the call stands: an outcome, Unknown, Ringing or Talking
	Cause    string
	Of       SignalKind // of an ack
	Became   ID         // of a cancel: two rings crossed, this is the call now
}

// field tags, in the order of the wire.
const (
	tagDesk = 1 + iota
	tagOfficer
	tagClass
	tagMark
	tagCodec
	tagPriority
	tagReason
	tagStandBy
	tagSeconds
	tagDesks // may repeat
	tagWhat
	tagCause
	tagOf
	tagBecame
)

// Words that travel as their number; 0 is never sent.
var (
	classes = append([]string{""}, statement.Classes...)
	marks   = append([]string{""}, statement.Marks...)
	codecs  = []string{"", "opus", "pcmu"}
	whats   = append([]string{"", Unknown, Ringing, Talking}, outcomes[:len(outcomes)-1]...) // NoSound is a matter of the record alone
	causes  = append([]string{""}, Causes...)
)

// Row is what the table of signals says of one kind.
type Row struct {
	Kind     SignalKind
	Name     string
	Must     []byte // fields that must stand in it
	May      []byte // fields that may
	Repeated bool   // by the link, until answered
	By       string // what answers it
}

// Signals is the table of signals, in order of kind.
var Signals = []Row{
	{SigRing, "ring", []byte{tagDesk, tagClass, tagMark}, []byte{tagOfficer, tagPriority}, true, "ringing, answer, decline, busy, nobody-armed, ack; at party B also A's ring"},
	{SigRinging, "ringing", nil, []byte{tagDesks}, false, "sent again for each ring that comes again"},
	{SigAnswer, "answer", []byte{tagDesk, tagCodec}, []byte{tagOfficer}, true, "ack, cancel"},
	{SigDecline, "decline", nil, []byte{tagDesk, tagOfficer, tagReason, tagStandBy}, true, "ack"},
	{SigCancel, "cancel", []byte{tagWhat}, []byte{tagSeconds, tagCause, tagBecame}, true, "ack, answer, decline"},
	{SigHangUp, "hang-up", []byte{tagWhat}, []byte{tagCause, tagDesk, tagOfficer}, true, "ack"},
	{SigBusy, "busy", []byte{tagWhat}, []byte{tagCause}, false, "sent again for each ring that comes again"},
	{SigNobody, "nobody-armed", nil, nil, false, "sent again for each ring that comes again"},
	{SigStill, "still", nil, nil, true, "ack"},
	{SigAck, "ack", []byte{tagOf, tagWhat}, []byte{tagCause}, false, "sent again for each signal that comes again"},
}

func (k SignalKind) row() (Row, bool) {
	if k < SigRing || int(k) > len(Signals) {
		return Row{}, false
	}
	return Signals[k-1], true
}

func (k SignalKind) String() string {
	if r, ok := k.row(); ok {
		return r.Name
	}
	return fmt.Sprintf("signal-%d", byte(k))
}

const head = 1 + 1 + 16 + 4 // 'c', kind, id, seq

// Encode gives the bytes of s: 'c', kind, id, seq, then fields as tag, length, value by rising tag.
// It cuts nothing: what is over a limit is refused.
//
// SPEC: CAL-001
func (s Signal) Encode() ([]byte, error) {
	if _, ok := s.Kind.row(); !ok {
		return nil, fmt.Errorf("%w: kind %d", ErrSignal, s.Kind)
	}
	b := append(make([]byte, 0, 128), 'c', byte(s.Kind))
	b = append(b, s.ID[:]...)
	b = binary.BigEndian.AppendUint32(b, s.Seq)
	text := func(tag byte, v string) {
		if v != "" {
			b = append(b, tag, byte(min(len(v), 255)))
			b = append(b, v...)
		}
	}
	word := func(tag byte, words []string, v string) {
		if v != "" {
			b = append(b, tag, 1, byte(max(slices.Index(words, v), 0)))
		}
	}
	text(tagDesk, s.Desk)
	text(tagOfficer, s.Officer)
	word(tagClass, classes, s.Class)
	word(tagMark, marks, s.Mark)
	word(tagCodec, codecs, s.Codec)
	text(tagPriority, s.Priority)
	text(tagReason, s.Reason)
	if !s.StandBy.IsZero() {
		b = append(b, tagStandBy, 8)
		b = binary.BigEndian.AppendUint64(b, uint64(s.StandBy.Unix()))
	}
	if s.Seconds != 0 {
		b = append(b, tagSeconds, 2, byte(s.Seconds>>8), byte(s.Seconds))
	}
	for _, d := range s.Desks {
		b = append(b, tagDesks, byte(min(len(d), 255)))
		b = append(b, d...)
	}
	word(tagWhat, whats, s.What)
	word(tagCause, causes, s.Cause)
	if s.Of != 0 {
		b = append(b, tagOf, 1, byte(s.Of))
	}
	if s.Became != (ID{}) {
		b = append(b, tagBecame, 16)
		b = append(b, s.Became[:]...)
	}
	if _, err := Decode(b); err != nil {
		return nil, err
	}
	return b, nil
}

// Decode reads a signal strictly: known kinds and fields only, each in its order, none missing, none over its limit.
//
// SPEC: CAL-002
func Decode(b []byte) (s Signal, err error) {
	if len(b) < head || len(b) > MaxSignal || b[0] != 'c' {
		return s, fmt.Errorf("%w: %d bytes", ErrSignal, len(b))
	}
	s.Kind = SignalKind(b[1])
	row, ok := s.Kind.row()
	if !ok {
		return s, fmt.Errorf("%w: kind %d", ErrSignal, b[1])
	}
	copy(s.ID[:], b[2:18])
	s.Seq = binary.BigEndian.Uint32(b[18:22])
	var seen [tagBecame + 1]bool
	last := byte(0)
	for rest := b[head:]; len(rest) > 0; {
		if len(rest) < 2 || len(rest) < 2+int(rest[1]) {
			return s, fmt.Errorf("%w: a field is cut", ErrSignal)
		}
		tag, v := rest[0], rest[2:2+int(rest[1])]
		rest = rest[2+len(v):]
		if tag < last || tag == last && tag != tagDesks || !slices.Contains(row.Must, tag) && !slices.Contains(row.May, tag) {
			return s, fmt.Errorf("%w: field %d in %s", ErrSignal, tag, row.Name)
		}
		last, seen[tag] = tag, true
		if !s.take(tag, v) {
			return s, fmt.Errorf("%w: value of field %d in %s", ErrSignal, tag, row.Name)
		}
	}
	for _, tag := range row.Must {
		if !seen[tag] {
			return s, fmt.Errorf("%w: %s without field %d", ErrSignal, row.Name, tag)
		}
	}
	return s, nil
}

// take sets one field; false where its value is not valid.
func (s *Signal) take(tag byte, v []byte) bool {
	text := func(to *string, limit int) bool {
		*to = string(v)
		return statement.Text("text", *to, limit) == nil
	}
	word := func(to *string, words []string) bool {
		if len(v) != 1 || v[0] == 0 || int(v[0]) >= len(words) {
			return false
		}
		*to = words[v[0]]
		return true
	}
	switch tag {
	case tagDesk:
		return text(&s.Desk, maxName)
	case tagOfficer:
		return text(&s.Officer, maxPlace)
	case tagClass:
		return word(&s.Class, classes)
	case tagMark:
		return word(&s.Mark, marks)
	case tagCodec:
		return word(&s.Codec, codecs)
	case tagPriority:
		return text(&s.Priority, maxName)
	case tagReason:
		return text(&s.Reason, maxReason)
	case tagStandBy:
		return len(v) == 8 && s.setStandBy(binary.BigEndian.Uint64(v))
	case tagSeconds:
		if len(v) == 2 {
			s.Seconds = int(binary.BigEndian.Uint16(v))
		}
		return s.Seconds > 0
	case tagDesks:
		var d string
		ok := text(&d, maxName)
		s.Desks = append(s.Desks, d)
		return ok && len(s.Desks) <= maxDesks
	case tagWhat:
		return word(&s.What, whats)
	case tagCause:
		return word(&s.Cause, causes)
	case tagOf:
		if len(v) != 1 || SignalKind(v[0]) < SigRing || SignalKind(v[0]) >= SigAck {
			return false
		}
		s.Of = SignalKind(v[0])
		return true
	case tagBecame:
		copy(s.Became[:], v)
		return len(v) == 16 && s.Became != ID{}
	}
	return false
}

func (s *Signal) setStandBy(unix uint64) bool {
	const from, to = 946684800, 4102444800 // 2000 to 2099
	if unix < from || unix >= to {
		return false
	}
	s.StandBy = time.Unix(int64(unix), 0).UTC()
	return true
}
