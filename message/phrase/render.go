// SPDX-License-Identifier: Apache-2.0

package phrase

import (
	"fmt"
	"strings"
)

// Span is a piece of a rendered phrase. A coded value is a span of its own, so that a page can isolate it.
type Span struct {
	Text  string `json:"text"`
	Coded bool   `json:"coded,omitempty"`
	Field string `json:"field,omitempty"`
}

// Language is one language's file: complete, or the tests fail.
//
// SPEC: MSG-014
type Language struct {
	Code     string            // en
	Name     string            // English, in the language itself
	Title    map[string]string // code → a few words for lists
	Template map[string]string // code → the sentence; {field} draws a value, [ … ] only when its field is there
	Label    map[string]string // field name → its label in forms
	Word     map[string]string // yes, no, the objects
	Reason   map[string]string // reasons of STOP and of refusing it
}

// Languages lists the languages that the phrasebook speaks.
func Languages() []string { return []string{"en", "it"} }

// lang gives a language's file; a language that is not there is drawn in English.
func lang(code string) Language {
	if code == "it" {
		return italian
	}
	return english
}

// Render draws a phrase in a language. An unknown code or a field that is not valid is an error:
// nothing half-understood is ever drawn.
//
// SPEC: MSG-013
func Render(language, code string, fields map[string]string) ([]Span, error) {
	p, ok := Find(code)
	if !ok {
		return nil, fmt.Errorf("there is no phrase %q", code)
	}
	if err := p.Validate(fields); err != nil {
		return nil, err
	}
	l := lang(language)
	var spans []Span
	template := l.Template[code]
	for template != "" {
		open := strings.IndexByte(template, '[')
		if open < 0 {
			return l.draw(spans, p, template, fields), nil
		}
		end := open + strings.IndexByte(template[open:], ']')
		spans = l.draw(spans, p, template[:open], fields)
		if part := template[open+1 : end]; present(part, fields) {
			spans = l.draw(spans, p, part, fields)
		}
		template = template[end+1:]
	}
	return spans, nil
}

// Title gives a few words for a phrase in a list.
func Title(language, code string) string { return lang(language).Title[code] }

// Label gives a field's label in a form.
func Label(language, field string) string { return lang(language).Label[field] }

// Value draws one canonical value in a language.
func Value(language string, t Type, canonical string) string {
	return lang(language).value(t, canonical)
}

// Reason draws a coded reason of a STOP; own words come back as they are.
func Reason(language, reason string) string {
	if w, ok := lang(language).Reason[reason]; ok {
		return w
	}
	return reason
}

func (l Language) draw(spans []Span, p Phrase, template string, fields map[string]string) []Span {
	for template != "" {
		before, rest, found := strings.Cut(template, "{")
		if before != "" {
			spans = append(spans, Span{Text: before})
		}
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		f, _ := p.Field(name)
		spans = append(spans, Span{Text: l.value(f.Type, fields[name]), Coded: true, Field: name})
		template = after
	}
	return spans
}

func (l Language) value(t Type, v string) string {
	switch t {
	case YesNo, Object:
		return l.Word[v]
	case Height, Distance:
		return v + " m"
	}
	return v
}

// present reports whether the first field of an optional part is there.
func present(part string, fields map[string]string) bool {
	_, rest, _ := strings.Cut(part, "{")
	name, _, _ := strings.Cut(rest, "}")
	_, ok := fields[name]
	return ok
}
