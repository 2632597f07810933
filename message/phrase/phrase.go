// SPDX-License-Identifier: Apache-2.0

package phrase

import (
	_ "embed"
	"maps"
	"slices"
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

//go:embed book.txt
var bookText string

var book = parseBook(bookText)

func parseBook(text string) (book []Phrase) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if words[0] == "#" {
			continue
		}
		p := Phrase{Code: words[0], Kind: words[1]}
		for _, w := range words[2:] {
			name, optional := strings.CutSuffix(w, "?")
			name, t, named := strings.Cut(name, ":")
			if !named {
				t = name
			}
			p.Fields = append(p.Fields, Field{name, Type(t), optional})
		}
		book = append(book, p)
	}
	return book
}

// Book lists the phrasebook in its order.
func Book() []Phrase { return slices.Clone(book) }

// Find gives the phrase of a code.
func Find(code string) (Phrase, bool) {
	i := slices.IndexFunc(book, func(p Phrase) bool { return p.Code == code })
	if i < 0 {
		return Phrase{}, false
	}
	return book[i], true
}

// Field gives the field of a name.
func (p Phrase) Field(name string) (Field, bool) {
	i := slices.IndexFunc(p.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return p.Fields[i], true
}

// Read is Parse for what a person types at an instant: a time of day may stand without its day. The ends of a window are
// still to come; any other time is the nearest.
//
// SPEC: MSG-017
func (f Field) Read(typed string, at time.Time) (canonical string, err error) {
	if t, ok := statement.ReadClock(typed, at, f.Name == "from" || f.Name == "until"); ok && f.Type == Time && !at.IsZero() {
		return DTG(t), nil
	}
	return f.Type.Parse(typed)
}

// Canonical checks the fields typed for a phrase at an instant and gives their canonical values.
//
// SPEC: MSG-011, MSG-012, MSG-016
func (p Phrase) Canonical(fields map[string]string, at time.Time) (map[string]string, error) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if _, ok := p.Field(name); !ok {
			return nil, statement.Refuse("", "%s is not a field of %s, which has: %s", name, p.Code, strings.Join(p.names(), ", "))
		}
	}
	out := make(map[string]string, len(fields))
	for _, f := range p.Fields {
		v, ok := fields[f.Name]
		if !ok {
			if f.Optional {
				continue
			}
			return nil, statement.Refuse("", "%s is missing: write it as %s", f.Name, f.Type.Example())
		}
		c, err := f.Read(v, at)
		if err != nil {
			return nil, statement.Refuse("", "%s %v", f.Name, err)
		}
		out[f.Name] = c
	}
	return out, window(out)
}

// Validate reports why signed fields do not stand: they must be present, known and in canonical form already.
func (p Phrase) Validate(fields map[string]string) error {
	canonical, err := p.Canonical(fields, time.Time{})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if canonical[name] != fields[name] {
			return statement.Refuse("", "%s is not in its canonical form %s", name, canonical[name])
		}
	}
	return nil
}

// Timely says why the window of a phrase is over already, at the time of sending.
//
// SPEC: MSG-016
func (p Phrase) Timely(fields map[string]string, now time.Time) error {
	if until, err := statement.ReadInstant(fields["until"]); err == nil && !until.After(now) {
		return statement.Refuse("", "until %s has passed: give a later time", fields["until"])
	}
	return nil
}

// window says why fields from and until are no span of time.
func window(fields map[string]string) error {
	from, err := statement.ReadInstant(fields["from"])
	until, err2 := statement.ReadInstant(fields["until"])
	if err == nil && err2 == nil && !until.After(from) {
		return statement.Refuse("", "until %s is not after from, %s", fields["until"], fields["from"])
	}
	return nil
}

// Typed gives what was typed to be read back of a message of an instant, in its canonical form where it has one.
func (p Phrase) Typed(typed map[string]string, of time.Time) map[string]string {
	out := make(map[string]string, len(typed))
	for name, v := range typed {
		out[name] = v
		if f, ok := p.Field(name); ok {
			if c, err := f.Read(v, of); err == nil {
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
		if want := slices.Contains(asked, f.Name); want != given || want && !f.Type.Equal(fields[f.Name], v) {
			differ = append(differ, f.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(typed)) {
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
