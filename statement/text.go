// SPDX-License-Identifier: Apache-2.0

package statement

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"example.org/parley/hint"
	"example.org/parley/wire"
)

// The words of every header.
var (
	Classes = []string{"substantive", "service", "test"} // the higher first
	Marks   = []string{"actual", "exercise"}
)

// Text says why a line of text does not stand in facts or on a screen beside signed words: the one rule of package wire, in
// words that a face can say in the person's language.
func Text(what, s string, max int) error {
	err := wire.Text(what, s, max)
	switch {
	case err == nil:
		return nil
	case len(s) > max:
		return Refuse("", "%s is over %d bytes", hint.Term(what), max)
	}
	return Refuse("", "%s"+strings.TrimPrefix(err.Error(), what), hint.Term(what))
}

// Optional is Text for what may be left out.
func Optional(what, s string, max int) error {
	if s == "" {
		return nil
	}
	return Text(what, s, max)
}

// Tidy makes of any text one that Text lets stand, or nothing: what does not fit is cut or left out.
func Tidy(s string, max int) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ") {
		if b.Len()+utf8.RuneLen(r) > max {
			break
		}
		if wire.Seen(r) {
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// Words says why free words cannot be written: they may have more than one line, and any direction of writing.
func Words(s string) error {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' || r == utf8.RuneError }) {
		return Refuse("", "this cannot be written: it is not text in UTF-8, or has control characters")
	}
	return nil
}

// Lang says why a text is not a primary language tag.
func Lang(s string) error {
	if len(s) < 2 || len(s) > 3 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") != "" {
		return Refuse("", "language %q is not a tag of two or three small letters, such as en", s)
	}
	return nil
}

// OneOf says why a word is none of a list.
func OneOf(what, s string, words []string) error {
	if !slices.Contains(words, s) {
		return Refuse("", "%s %q is none of: %s", hint.Term(what), s, strings.Join(words, ", "))
	}
	return nil
}

// Time says why an instant cannot stand in facts; one that is left out is zero.
func Time(what string, t time.Time) error {
	if !t.IsZero() && (t != t.UTC().Truncate(time.Second) || t.Year() < 2000 || t.Year() > 2099) {
		return Refuse("", "%s is not a whole second UTC of 2000 to 2099", what)
	}
	return nil
}

// Must is Time for what may not be left out.
func Must(what string, t time.Time) error {
	if t.IsZero() {
		return Refuse("", "%s is missing", what)
	}
	return Time(what, t)
}

// If gives an error where something holds.
func If(bad bool, why string, args ...any) error {
	if bad {
		return Refuse("", why, args...)
	}
	return nil
}

// First gives the first error of several.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
