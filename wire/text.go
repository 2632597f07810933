// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Seen reports whether a character has a shape of its own and leaves the direction of its neighbours alone: a letter,
// mark, number, punctuation or symbol that Unicode does not let a font leave out. U+FFFD stands where text was lost.
func Seen(r rune) bool {
	return r == ' ' || unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != utf8.RuneError &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Text says why a line of text does not stand in facts or on a screen beside signed words: empty, over max bytes,
// not UTF-8, with a space at an end, or with what cannot be seen or turns the direction of writing.
//
// SPEC: MSG-005
func Text(what, s string, max int) error {
	switch {
	case s == "":
		return fmt.Errorf("%s is missing", what)
	case len(s) > max:
		return fmt.Errorf("%s is over %d bytes", what, max)
	case !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError):
		return fmt.Errorf("%s is not text in UTF-8", what)
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("%s begins or ends with a space", what)
	case strings.ContainsFunc(s, func(r rune) bool { return !Seen(r) }):
		return fmt.Errorf("%s has a control or direction character, or one that cannot be seen", what)
	}
	return nil
}
