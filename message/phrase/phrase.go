// SPDX-License-Identifier: Apache-2.0

package phrase

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"example.org/parley/statement"
)

// Field is one typed blank of a phrase.
type Field struct {
	Name     string
	Type     Type
	Optional bool
}

// Phrase is one entry of the phrasebook.
type Phrase struct {
	Code   string
	Kind   string // warning information intention question answer request incident
	Fields []Field
}

func need(name string, t Type) Field { return Field{Name: name, Type: t} }
func may(name string, t Type) Field  { return Field{Name: name, Type: t, Optional: true} }

// book is the phrasebook, version 1. A code's fields never change their meaning: a new meaning is a new code.
var book = []Phrase{
	{"IS_THIS_YOURS", "question", []Field{need("object", Object), need("place", Place), may("time", Time), may("heading", Heading), may("height", Height)}},
	{"DO_YOU_SEE", "question", []Field{need("object", Object), need("place", Place), may("time", Time)}},
	{"FIRE_FROM_YOUR_SIDE", "question", []Field{need("place", Place), need("time", Time)}},
	{"YOUR_RADAR_TRACKS_US", "question", []Field{need("callsign", Callsign), need("place", Place), may("time", Time)}},
	{"THIS_IS_OURS", "answer", []Field{need("object", Object), need("place", Place), may("callsign", Callsign)}},
	{"NOT_OURS", "answer", []Field{need("object", Object), need("place", Place)}},
	{"SEEN", "answer", []Field{need("answer", YesNo), need("object", Object), need("place", Place)}},
	{"FIRE_NOT_OURS", "answer", []Field{need("place", Place), need("time", Time)}},
	{"KEEP_CLEAR", "request", []Field{need("place", Place), need("radius", Distance), may("from", Time), need("until", Time), may("height", Height)}},
	{"STOP_APPROACH", "request", []Field{need("object", Object), need("place", Place), may("distance", Distance)}},
	{"RING_US", "request", []Field{need("within", Duration)}},
	{"LET_PASS", "request", []Field{need("callsign", Callsign), need("object", Object), need("zone", Zone), need("until", Time)}},
	{"NO_HOSTILE_INTENT", "intention", []Field{need("object", Object), need("place", Place), may("callsign", Callsign), may("heading", Heading)}},
	{"RECOVERING_PEOPLE", "intention", []Field{need("number", Number), need("place", Place), need("until", Time)}},
	{"TURNING_AWAY", "intention", []Field{need("callsign", Callsign), need("heading", Heading), may("time", Time)}},
	{"ENTERING_ZONE", "intention", []Field{need("callsign", Callsign), need("zone", Zone), need("from", Time), need("until", Time)}},
	{"FIRING_EXERCISE", "warning", []Field{need("place", Place), need("radius", Distance), need("from", Time), need("until", Time), may("height", Height)}},
	{"LOST_CONTROL", "warning", []Field{need("object", Object), need("place", Place), need("time", Time), may("heading", Heading), may("height", Height)}},
	{"LEFT_ZONE", "information", []Field{need("callsign", Callsign), need("zone", Zone), need("time", Time)}},
	{"MEDICAL_FLIGHT", "information", []Field{need("callsign", Callsign), need("start", Place), need("end", Place), need("time", Time), may("height", Height)}},
	{"CROSSED_BY_MISTAKE", "incident", []Field{need("object", Object), need("place", Place), need("time", Time), may("heading", Heading)}},
	{"SHIP_IN_DISTRESS", "incident", []Field{need("callsign", Callsign), need("place", Place), need("number", Number)}},
}

// Book lists the phrasebook in its order.
func Book() []Phrase { return append([]Phrase(nil), book...) }

// Find gives the phrase of a code.
func Find(code string) (Phrase, bool) {
	for _, p := range book {
		if p.Code == code {
			return p, true
		}
	}
	return Phrase{}, false
}

// Field gives the field of a name.
func (p Phrase) Field(name string) (Field, bool) {
	for _, f := range p.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// FieldError says what is wrong with one field.
type FieldError struct{ Field, Why string }

func (e *FieldError) Error() string { return e.Field + " " + e.Why }

// Canonical checks the fields typed for a phrase and gives their canonical values.
//
// SPEC: MSG-011, MSG-012, MSG-016
func (p Phrase) Canonical(fields map[string]string) (map[string]string, error) {
	for _, name := range sorted(fields) {
		if _, ok := p.Field(name); !ok {
			return nil, &FieldError{name, fmt.Sprintf("is not a field of %s, which has: %s", p.Code, strings.Join(p.names(), ", "))}
		}
	}
	out := make(map[string]string, len(fields))
	for _, f := range p.Fields {
		v, ok := fields[f.Name]
		if !ok {
			if f.Optional {
				continue
			}
			return nil, &FieldError{f.Name, "is missing: write it as " + f.Type.Example()}
		}
		c, err := f.Type.Parse(v)
		if err != nil {
			return nil, &FieldError{f.Name, err.Error()}
		}
		out[f.Name] = c
	}
	return out, window(out)
}

// Validate reports why signed fields do not stand: they must be present, known and in canonical form already.
func (p Phrase) Validate(fields map[string]string) error {
	canonical, err := p.Canonical(fields)
	if err != nil {
		return err
	}
	for _, name := range sorted(fields) {
		if canonical[name] != fields[name] {
			return &FieldError{name, "is not in its canonical form " + canonical[name]}
		}
	}
	return nil
}

// Timely says why the window of a phrase is over already, at the time of sending.
//
// SPEC: MSG-016
func (p Phrase) Timely(fields map[string]string, now time.Time) error {
	if until, err := statement.ReadInstant(fields["until"]); err == nil && !until.After(now) {
		return &FieldError{"until", fields["until"] + " has passed: give a later time"}
	}
	return nil
}

// window says why fields from and until are no span of time.
func window(fields map[string]string) error {
	from, err := statement.ReadInstant(fields["from"])
	until, err2 := statement.ReadInstant(fields["until"])
	if err == nil && err2 == nil && !until.After(from) {
		return &FieldError{"until", fields["until"] + " is not after from, " + fields["from"]}
	}
	return nil
}

// Typed gives what was typed to be read back, in its canonical form where it has one.
func (p Phrase) Typed(typed map[string]string) map[string]string {
	out := make(map[string]string, len(typed))
	for name, v := range typed {
		out[name] = v
		if f, ok := p.Field(name); ok {
			if c, err := f.Type.Parse(v); err == nil {
				out[name] = c
			}
		}
	}
	return out
}

// Differ compares what was read back with the fields of the phrase and names, in the phrase's order, those
// that are missing, unreadable or mean something else, and any that were not asked for.
//
// SPEC: MSG-021
func (p Phrase) Differ(asked []string, fields, typed map[string]string) (differ []string) {
	for _, f := range p.Fields {
		v, given := typed[f.Name]
		want := false
		for _, a := range asked {
			want = want || a == f.Name
		}
		if want != given || want && !f.Type.Equal(fields[f.Name], v) {
			differ = append(differ, f.Name)
		}
	}
	for _, name := range sorted(typed) {
		if _, ok := p.Field(name); !ok {
			differ = append(differ, name)
		}
	}
	return differ
}

func (p Phrase) names() (names []string) {
	for _, f := range p.Fields {
		names = append(names, f.Name)
	}
	return names
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
