// SPDX-License-Identifier: Apache-2.0

package phrase

import (
	"maps"
	"regexp"
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
	return draw(language, p, fields), nil
}

// Draft draws a phrase while it is being written: a field that must be there and is not yet stands as its label.
//
// SPEC: PAG-051
func Draft(language string, p Phrase, fields map[string]string) []Span {
	all := maps.Clone(fields)
	for _, f := range p.Fields {
		if _, there := all[f.Name]; !there && !f.Optional {
			all[f.Name] = "" // no value of any type
		}
	}
	return draw(language, p, all)
}

func draw(language string, p Phrase, fields map[string]string) (spans []Span) {
	template := option.ReplaceAllStringFunc(words.T(language, "phrase.text."+p.Code), func(part string) string {
		if _, there := fields[blank.FindStringSubmatch(part)[1]]; !there {
			return ""
		}
		return strings.Trim(part, "[]")
	})
	at := 0
	text := func(end int) {
		if at < end {
			spans = append(spans, Span{Text: template[at:end]})
		}
	}
	for _, m := range blank.FindAllStringSubmatchIndex(template, -1) {
		text(m[0])
		name := template[m[2]:m[3]]
		f, _ := p.Field(name)
		s := Span{Text: Value(language, f.Type, fields[name]), Coded: true, Field: name}
		if fields[name] == "" {
			s = Span{Text: "… " + Label(language, name) + " …"}
		}
		spans, at = append(spans, s), m[1]
	}
	text(len(template))
	return spans
}

// A template has blanks, {place}; what stands in brackets is left out where the field of its first blank is.
var (
	blank  = regexp.MustCompile(`\{([^}]+)\}`)
	option = regexp.MustCompile(`\[[^]]*\]`)
)

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
