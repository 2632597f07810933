// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// steers says whether a character may move a cursor, hide, or turn the direction of the writing around it. The
// joiners of Arabic and Indian scripts, and the signs that are drawn, do not.
func steers(r rune) bool {
	if r < 0x80 {
		return r < ' ' || r == 0x7f
	}
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
		unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d' && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// clean takes those characters out of a text of one line: the words may be another party's. What stood between them
// stays, so that nothing is hidden. SPEC: PAG-027
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case !steers(r):
			return r
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return ' '
	}, s)
}

// cleanLines is clean for a text of several lines.
func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// cleanJSON writes them as JSON does: the value of the text stays as it was signed.
func cleanJSON(s string) string {
	var out strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		switch {
		case r == '\n' || !steers(r):
			out.WriteRune(r)
		case r > 0xffff: // a pair of halves
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

// scrubbed gives a view with every text in it clean. A field of several lines is marked `drawn:"lines"`, one of JSON
// `drawn:"json"`. Whatever a face prints has come through here. SPEC: PAG-027
func scrubbed[T any](v T) T {
	if all := reflect.ValueOf(&v).Elem(); unclean(all) {
		scrub(all, "")
	}
	return v
}

// unclean reports whether any text in v is to be cleaned, or has several lines: nearly none is.
func unclean(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return !utf8.ValidString(v.String()) || strings.ContainsFunc(v.String(), steers)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() && unclean(f) {
				return true
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if unclean(v.Index(i)) {
				return true
			}
		}
	case reflect.Pointer:
		return !v.IsNil() && unclean(v.Elem())
	}
	return false
}

// scrub changes v in place; slices and what pointers hold may be another's, and are copied.
func scrub(v reflect.Value, as string) {
	switch v.Kind() {
	case reflect.String:
		switch s := v.String(); {
		case !unclean(v):
		case as == "lines":
			v.SetString(cleanLines(s))
		case as == "json":
			v.SetString(cleanJSON(s))
		default:
			v.SetString(clean(s))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				scrub(f, cmp.Or(v.Type().Field(i).Tag.Get("drawn"), as))
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			return // nil stays nil
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		for i := range c.Len() {
			scrub(c.Index(i), as)
		}
		v.Set(c)
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(v.Elem())
		scrub(c.Elem(), as)
		v.Set(c)
	}
}
