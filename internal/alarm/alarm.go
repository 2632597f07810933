// SPDX-License-Identifier: Apache-2.0

// Package alarm decides what a desk is alarmed about: one table of alarms, and a pure set of those that stand.
//
// The node says at each tick which conditions hold (Condition: an alarm of the table and a key, such as the
// path of A11 or the message of A4). Set raises an alarm when its condition has held for the row's delay,
// latches it until a person of the party acknowledges it, and shows it until its condition has been gone for
// the row's other delay. Acknowledged is for the whole party, by name. What returned unseen stays on the board,
// marked returned, until it is acknowledged: an alarm that nobody saw must not vanish.
// Snapshot and Restore carry the set over a restart: latched and acknowledged stay what they were.
//
// It is no statement and it sends nothing: what both ends are to be alarmed about (A3, A4, A12, A13) each end
// finds by itself from the record. Sounds are named here and made by the faces.
//
// Spec: spec/alarm.md (ALM).
package alarm

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Condition is something that holds now and is worth an alarm.
type Condition struct {
	ID     string    // of the table
	Key    string    // which path, whose messages; "" where there is but one. Never what a peer can invent
	Detail Detail    // in words, for the row: "path 1", "A7-42 not held"
	Count  int       // how many things it is about, where it counts; the most urgent is in Detail
	Newest time.Time // when the last of them joined it
}

// Name is how people name an alarm: A11/path 1.
func Name(id, key string) string {
	if key == "" {
		return id
	}
	return id + "/" + key
}

// The states of an alarm.
const (
	Raised       = "raised"       // its condition holds, nobody has acknowledged it
	Acknowledged = "acknowledged" // its condition holds
	Returned     = "returned"     // its condition is gone, nobody has acknowledged it
)

// Alarm is one that stands.
type Alarm struct {
	Row     Row       `json:"-"`
	ID      string    `json:"id"`
	Key     string    `json:"key,omitempty"`
	Detail  Detail    `json:"detail"`
	State   string    `json:"state"`
	Since   time.Time `json:"since"`         // when the condition began
	Raised  time.Time `json:"raised"`        // when the alarm was
	Gone    time.Time `json:"gone,omitzero"` // when the condition went; while it holds, zero
	AckedBy string    `json:"acked_by,omitempty"`
	AckedAt time.Time `json:"acked_at,omitzero"`
	Times   int       `json:"times"` // how often it was raised since it was last clear
	Count   int       `json:"count,omitzero"`
	Newest  time.Time `json:"newest,omitzero"`
	Hushed  bool      `json:"-"` // the alarm it is a consequence of stands: no sound
}

// Name is how people name it.
func (a Alarm) Name() string { return Name(a.ID, a.Key) }

// Sound is what it sounds now: high, medium, or "" for none.
func (a Alarm) Sound() string {
	if a.State != Raised || a.Hushed || a.Row.Sound == "none" {
		return ""
	}
	return a.Row.Sound
}

// Change is what an Update or an act did to one alarm.
type Change struct {
	Alarm Alarm
	What  string // raised acknowledged returned cleared
}

// Cleared is the Change of an alarm that left the board.
const Cleared = "cleared"

// ErrNoAlarm says that no such alarm waits for an acknowledgement.
var ErrNoAlarm = errors.New("no such alarm is waiting")

// Set is the alarms of one line at one party. It is owned by the line's loop. It drops none: it is bounded by the
// table and the keys, of which a peer makes no one.
//
// SPEC: ALM-008
type Set struct {
	alarms  map[string]*Alarm
	pending map[string]time.Time // conditions that have not held long enough yet, since when
}

// New makes an empty set.
func New() *Set { return &Set{alarms: map[string]*Alarm{}, pending: map[string]time.Time{}} }

// Update takes all conditions that hold now, and says what changed. A condition that is not named holds no longer.
//
// SPEC: ALM-002 ALM-003
func (s *Set) Update(now time.Time, conditions []Condition) []Change {
	now = now.UTC()
	var out []Change
	holds := map[string]bool{}
	for _, c := range conditions {
		row, ok := Find(c.ID)
		name := Name(c.ID, c.Key)
		if !ok || holds[name] {
			continue
		}
		holds[name] = true
		if ch, ok := s.hold(now, row, name, c); ok {
			out = append(out, ch)
		}
	}
	for name := range s.pending {
		if !holds[name] {
			delete(s.pending, name)
		}
	}
	for _, a := range s.sorted() {
		if !holds[a.Name()] {
			if ch, ok := s.gone(now, a); ok {
				out = append(out, ch)
			}
		}
	}
	return out
}

// hold takes one condition that holds.
func (s *Set) hold(now time.Time, row Row, name string, c Condition) (Change, bool) {
	a := s.alarms[name]
	if a != nil && a.State != Returned { // it stands
		more := c.Count > a.Count || c.Newest.After(a.Newest)
		a.Detail, a.Gone, a.Count, a.Newest = c.Detail, time.Time{}, c.Count, c.Newest
		if !more || a.State == Raised { // SPEC: ALM-009
			return Change{}, false
		}
		a.State, a.Raised, a.AckedBy, a.AckedAt = Raised, now, "", time.Time{} // nobody has seen what joined it
		a.Times++
		return Change{*a, Raised}, true
	}
	since, waiting := s.pending[name]
	if !waiting {
		since = now
	}
	if since.After(now) { // the clock was stepped back
		since = now
	}
	if now.Sub(since) < row.On {
		s.pending[name] = since
		return Change{}, false
	}
	delete(s.pending, name)
	if a == nil {
		a = &Alarm{Row: row, ID: c.ID, Key: c.Key}
		s.alarms[name] = a
	}
	a.State, a.Detail, a.Since, a.Raised, a.Gone, a.Count, a.Newest = Raised, c.Detail, since, now, time.Time{}, c.Count, c.Newest
	a.Times++
	return Change{*a, Raised}, true
}

// gone takes an alarm whose condition does not hold.
func (s *Set) gone(now time.Time, a *Alarm) (Change, bool) {
	if a.State == Returned {
		return Change{}, false
	}
	if a.Gone.IsZero() || a.Gone.After(now) {
		a.Gone = now
	}
	if now.Sub(a.Gone) < a.Row.Off {
		return Change{}, false
	}
	if a.State == Acknowledged {
		delete(s.alarms, a.Name())
		return Change{*a, Cleared}, true
	}
	a.State = Returned
	return Change{*a, Returned}, true
}

// Ack acknowledges one alarm by its name, or, with "", the most urgent that waits. It is for the whole party.
//
// SPEC: ALM-004
func (s *Set) Ack(name, who string, now time.Time) (Change, error) {
	if name == "" {
		for _, a := range s.List() {
			if a.State != Acknowledged {
				name = a.Name()
				break
			}
		}
	}
	a := s.alarms[name]
	if a == nil || a.State == Acknowledged {
		return Change{}, ErrNoAlarm
	}
	a.AckedBy, a.AckedAt = who, now.UTC()
	if a.State == Returned {
		delete(s.alarms, name)
		return Change{*a, Cleared}, nil
	}
	a.State = Acknowledged
	return Change{*a, Acknowledged}, nil
}

// List gives the alarms that stand: what waits for an acknowledgement first, then by priority, the oldest first.
//
// SPEC: ALM-006 ALM-007
func (s *Set) List() []Alarm {
	var out []Alarm
	for _, a := range s.sorted() {
		v := *a
		v.Hushed = a.Row.Under != "" && s.stands(a.Row.Under)
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b Alarm) int {
		return first(waits(a)-waits(b), int(a.Row.Priority-b.Row.Priority), a.Raised.Compare(b.Raised), number(a.ID)-number(b.ID), strings.Compare(a.Key, b.Key))
	})
	return out
}

// stands reports whether an alarm of that number stands and its condition holds.
func (s *Set) stands(id string) bool {
	for _, a := range s.alarms {
		if a.ID == id && a.State != Returned {
			return true
		}
	}
	return false
}

func waits(a Alarm) int {
	if a.State == Acknowledged {
		return 1
	}
	return 0
}

func number(id string) int {
	for i, r := range Table {
		if r.ID == id {
			return i
		}
	}
	return len(Table)
}

func first(orders ...int) int {
	for _, o := range orders {
		if o != 0 {
			return o
		}
	}
	return 0
}

func (s *Set) sorted() []*Alarm {
	out := make([]*Alarm, 0, len(s.alarms))
	for _, a := range s.alarms {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *Alarm) int { return strings.Compare(a.Name(), b.Name()) })
	return out
}

// Join takes in the alarms of another set that are not in this one.
func (s *Set) Join(o *Set) {
	for name, a := range o.alarms {
		if s.alarms[name] == nil {
			s.alarms[name] = a
		}
	}
}

// snapshot is the form on disk.
type snapshot struct {
	Alarms []*Alarm `json:"alarms"`
}

// Snapshot gives what a restart must not forget.
//
// SPEC: ALM-005
func (s *Set) Snapshot() []byte {
	b, _ := json.Marshal(snapshot{s.sorted()}) // plain data: it cannot fail
	return b
}

// Restore makes a set of a snapshot. What its table no longer knows is left out; what is malformed is an error,
// and the node begins with an empty set: conditions that still hold are raised again.
func Restore(b []byte) (*Set, error) {
	var snap snapshot
	if err := json.Unmarshal(b, &snap); err != nil {
		return nil, fmt.Errorf("couldn't read the alarms: %w", err)
	}
	s := New()
	for _, a := range snap.Alarms {
		if a == nil {
			return nil, errors.New("couldn't read the alarms: an empty row")
		}
		row, ok := Find(a.ID)
		if !ok {
			continue
		}
		switch a.State {
		case Raised, Acknowledged, Returned:
		default:
			return nil, fmt.Errorf("couldn't read the alarms: state %q", a.State)
		}
		a.Row = row
		s.alarms[a.Name()] = a
	}
	return s, nil
}
