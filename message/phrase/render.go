// SPDX-License-Identifier: Apache-2.0

package phrase

import (
	"strings"

	"example.org/parley/statement"
	"example.org/parley/words"
)

// Span is a piece of a rendered phrase. A coded value is a span of its own, so that a page can isolate it.
type Span struct {
	Text  string `json:"text"`
	Coded bool   `json:"coded,omitempty"`
	Field string `json:"field,omitempty"`
}

// Render draws a phrase in a language. An unknown code or a field that is not valid is an error:
// nothing half-understood is ever drawn. The words are in package words, for every language or its tests fail.
//
// SPEC: MSG-013, MSG-014
func Render(language, code string, fields map[string]string) ([]Span, error) {
	p, ok := Find(code)
	if !ok {
		return nil, statement.Refuse("", "there is no phrase %q", code)
	}
	if err := p.Validate(fields); err != nil {
		return nil, err
	}
	var spans []Span
	template := words.T(language, "phrase.text."+code)
	for template != "" {
		open := strings.IndexByte(template, '[')
		if open < 0 {
			return draw(language, spans, p, template, fields), nil
		}
		end := open + strings.IndexByte(template[open:], ']')
		spans = draw(language, spans, p, template[:open], fields)
		if part := template[open+1 : end]; present(part, fields) {
			spans = draw(language, spans, p, part, fields)
		}
		template = template[end+1:]
	}
	return spans, nil
}

// Title gives a few words for a phrase in a list.
func Title(language, code string) string { return words.T(language, "phrase.title."+code) }

// Label gives a field's label in a form.
func Label(language, field string) string { return words.T(language, "phrase.label."+field) }

// Value draws one canonical value in a language.
func Value(language string, t Type, canonical string) string {
	switch t {
	case YesNo, Object:
		return words.T(language, "phrase.word."+canonical)
	case Height, Distance:
		return canonical + " m"
	}
	return canonical
}

// Reason draws a coded reason of a STOP; own words come back as they are.
func Reason(language, reason string) string {
	return words.Or(language, "reason", reason)
}

func draw(language string, spans []Span, p Phrase, template string, fields map[string]string) []Span {
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
		spans = append(spans, Span{Text: Value(language, f.Type, fields[name]), Coded: true, Field: name})
		template = after
	}
	return spans
}

// present reports whether the first field of an optional part is there.
func present(part string, fields map[string]string) bool {
	_, rest, _ := strings.Cut(part, "{")
	name, _, _ := strings.Cut(rest, "}")
	_, ok := fields[name]
	return ok
}
