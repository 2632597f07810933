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
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Condition is something that holds now and is worth an alarm.
type Condition struct {
	ID     string    `json:"id"`              // of the table
	Key    string    `json:"key,omitempty"`   // which path, whose messages; "" where there is but one. Never what a peer can invent
	Detail Detail    `json:"detail"`          // in words, for the row: "path 1", "A7-42 not held"
	Count  int       `json:"count,omitzero"`  // how many things it is about, where it counts; the most urgent is in Detail
	Newest time.Time `json:"newest,omitzero"` // when the last of them joined it
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
	Cleared      = "cleared"      // it has left the board
)

// Alarm is one that stands.
type Alarm struct {
	Condition
	Row     Row       `json:"-"`
	State   string    `json:"state"`
	Since   time.Time `json:"since"`         // when the condition began
	Raised  time.Time `json:"raised"`        // when the alarm was
	Gone    time.Time `json:"gone,omitzero"` // when the condition went; while it holds, zero
	AckedBy string    `json:"acked_by,omitempty"`
	AckedAt time.Time `json:"acked_at,omitzero"`
	Times   int       `json:"times"` // how often it was raised since it was last clear

	// How it is drawn: the first two are List's, the words are those of the language in which it is drawn.
	Priority string `json:"priority,omitempty"` // high medium low
	Sound    string `json:"sound,omitempty"`    // what it sounds now: high, medium, or "" for none
	Cause    string `json:"cause,omitempty"`    // PATH 1 LOST
	Do       string `json:"do,omitempty"`       // what to do
	Word     string `json:"word,omitempty"`     // priority and state
}

// Name is how people name it.
func (a Alarm) Name() string { return Name(a.ID, a.Key) }

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

// Update takes all conditions that hold now, and gives the alarms that changed, each in its new state. A condition that
// is not named holds no longer.
//
// SPEC: ALM-002 ALM-003
func (s *Set) Update(now time.Time, conditions []Condition) []Alarm {
	now = now.UTC()
	var out []Alarm
	holds := map[string]bool{}
	for _, c := range conditions {
		row, ok := Find(c.ID)
		name := Name(c.ID, c.Key)
		if !ok || holds[name] {
			continue
		}
		holds[name] = true
		if s.hold(now, row, name, c) {
			out = append(out, *s.alarms[name])
		}
	}
	for name := range s.pending {
		if !holds[name] {
			delete(s.pending, name)
		}
	}
	for _, a := range s.sorted() {
		if !holds[a.Name()] {
			if s.gone(now, a) {
				out = append(out, *a)
			}
		}
	}
	return out
}

// hold takes one condition that holds, and reports whether it raised its alarm.
func (s *Set) hold(now time.Time, row Row, name string, c Condition) bool {
	a := s.alarms[name]
	if a != nil && a.State != Returned { // it stands
		more := c.Count > a.Count || c.Newest.After(a.Newest)
		a.Condition, a.Gone = c, time.Time{}
		if !more || a.State == Raised { // SPEC: ALM-009
			return false
		}
		a.State, a.Raised, a.AckedBy, a.AckedAt = Raised, now, "", time.Time{} // nobody has seen what joined it
		a.Times++
		return true
	}
	since, waiting := s.pending[name]
	if !waiting || since.After(now) { // the clock was stepped back
		since = now
	}
	if now.Sub(since) < row.On {
		s.pending[name] = since
		return false
	}
	delete(s.pending, name)
	if a == nil {
		a = &Alarm{Row: row}
		s.alarms[name] = a
	}
	a.Condition, a.State, a.Since, a.Raised, a.Gone = c, Raised, since, now, time.Time{}
	a.Times++
	return true
}

// gone takes an alarm whose condition does not hold, and reports whether that changed it.
func (s *Set) gone(now time.Time, a *Alarm) bool {
	if a.State == Returned {
		return false
	}
	if a.Gone.IsZero() || a.Gone.After(now) {
		a.Gone = now
	}
	if now.Sub(a.Gone) < a.Row.Off {
		return false
	}
	if a.State == Acknowledged {
		s.clear(a)
	} else {
		a.State = Returned
	}
	return true
}

func (s *Set) clear(a *Alarm) {
	a.State = Cleared
	delete(s.alarms, a.Name())
}

// Ack acknowledges one alarm by its name, or, with "", the most urgent that waits. It is for the whole party.
//
// SPEC: ALM-004
func (s *Set) Ack(name, who string, now time.Time) (Alarm, error) {
	if name == "" {
		list := s.List()
		if i := slices.IndexFunc(list, func(a Alarm) bool { return a.State != Acknowledged }); i >= 0 {
			name = list[i].Name()
		}
	}
	a := s.alarms[name]
	if a == nil || a.State == Acknowledged {
		return Alarm{}, ErrNoAlarm
	}
	a.AckedBy, a.AckedAt = who, now.UTC()
	if a.State == Returned {
		s.clear(a)
	} else {
		a.State = Acknowledged
	}
	return *a, nil
}

// List gives the alarms: those that hold and wait for an acknowledgement, those that hold and have one, those that are over;
// each by priority, the oldest first.
// The consequence of an alarm that stands is silent.
//
// SPEC: ALM-006 ALM-007
func (s *Set) List() []Alarm {
	var out []Alarm
	for _, a := range s.sorted() {
		v := *a
		v.Priority = a.Row.Priority.String()
		if a.State == Raised && a.Row.Sound != "none" && !s.stands(a.Row.Under) {
			v.Sound = a.Row.Sound
		}
		out = append(out, v)
	}
	place := map[string]int{Acknowledged: 1, Returned: 2}
	slices.SortStableFunc(out, func(a, b Alarm) int {
		return cmp.Or(place[a.State]-place[b.State], int(a.Row.Priority-b.Row.Priority), a.Raised.Compare(b.Raised), number(a.ID)-number(b.ID), strings.Compare(a.Key, b.Key))
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

func number(id string) int { return slices.IndexFunc(Table, func(r Row) bool { return r.ID == id }) }

// sorted gives them by name.
func (s *Set) sorted() []*Alarm {
	return slices.SortedFunc(maps.Values(s.alarms), func(a, b *Alarm) int { return strings.Compare(a.Name(), b.Name()) })
}

// Join takes in the alarms of another set that are not in this one.
func (s *Set) Join(o *Set) {
	for name, a := range o.alarms {
		if s.alarms[name] == nil {
			s.alarms[name] = a
		}
	}
}

// Snapshot gives what a restart must not forget: the set as it is on disk.
//
// SPEC: ALM-005
func (s *Set) Snapshot() []byte {
	b, _ := json.Marshal(map[string][]*Alarm{"alarms": s.sorted()}) // plain data: it cannot fail
	return b
}

// Restore makes a set of a snapshot. What its table no longer knows is left out; what is malformed is an error,
// and the node begins with an empty set: conditions that still hold are raised again.
func Restore(b []byte) (*Set, error) {
	var snap map[string][]*Alarm
	if err := json.Unmarshal(b, &snap); err != nil {
		return nil, fmt.Errorf("couldn't read the alarms: %w", err)
	}
	s := New()
	for _, a := range snap["alarms"] {
		if a == nil {
			return nil, errors.New("couldn't read the alarms: an empty row")
		}
		row, ok := Find(a.ID)
		if !ok {
			continue
		}
		if a.State != Raised && a.State != Acknowledged && a.State != Returned {
			return nil, fmt.Errorf("couldn't read the alarms: state %q", a.State)
		}
		a.Row = row
		s.alarms[a.Name()] = a
	}
	return s, nil
}
