// SPDX-License-Identifier: Apache-2.0

package line

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean says why a text of a coded body does not stand: empty, over max bytes, invalid, or with control
// characters or marks that turn the direction of writing. Such texts are drawn beside signed ones.
//
// SPEC: MSG-005
func Clean(what, s string, max int) error {
	switch {
	case s == "":
		return fmt.Errorf("%s is missing", what)
	case len(s) > max:
		return fmt.Errorf("%s is over %d bytes", what, max)
	case !utf8.ValidString(s):
		return fmt.Errorf("%s is not UTF-8", what)
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("%s begins or ends with a space", what)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return fmt.Errorf("%s has a control or direction character", what)
		}
	}
	return nil
}

// Lang says why a text is not a primary language tag.
func Lang(s string) error {
	if len(s) < 2 || len(s) > 3 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") != "" {
		return fmt.Errorf("language %q is not a tag of two or three letters", s)
	}
	return nil
}

// names checks a table of names per language.
func names(what string, m map[string]string) error {
	if len(m) > 16 {
		return fmt.Errorf("%s in over 16 languages", what)
	}
	for lang, n := range m {
		if err := Lang(lang); err != nil {
			return err
		}
		if err := Clean(what, n, 120); err != nil {
			return err
		}
	}
	return nil
}

// optional is Clean for a text that may be left out.
func optional(what, s string, max int) error {
	if s == "" {
		return nil
	}
	return Clean(what, s, max)
}
