// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
)

// Lines reads a signed text line by line and each line field by field, in the one order of its form. The first thing
// that is not as it must be is its error; what is read after it is empty, so a reader asks once, at the end.
type Lines struct {
	rest, line string // what follows the line under way; what is left of that one
	name       string // of the line under way
	err        error
}

// ReadLines begins to read a text that CheckText accepts.
func ReadLines(text []byte) *Lines { return &Lines{rest: string(text)} }

// Next goes on to the next line if it has that name.
func (l *Lines) Next(name string) bool {
	if l.Err() != nil {
		return false
	}
	line, more, ok := strings.Cut(l.rest, "\n")
	value, found := strings.CutPrefix(line, name+" ")
	if !ok || !found {
		return false
	}
	l.rest, l.line, l.name = more, value, name
	return true
}

// Line goes on to the next line, which must have that name.
func (l *Lines) Line(name string) *Lines {
	if !l.Next(name) {
		l.name = name
		l.Need(false)
	}
	return l
}

// Word takes the next field of the line.
func (l *Lines) Word() string {
	l.Need(l.line != "")
	if l.err != nil {
		return ""
	}
	w, more, another := strings.Cut(l.line, " ")
	l.Need(!another || more != "")
	l.line = more
	return w
}

// OneOf takes the next field, which must be one of the words.
func (l *Lines) OneOf(words ...string) string {
	w := l.Word()
	for _, o := range words {
		if w == o {
			return o
		}
	}
	l.Need(false)
	return ""
}

// Field takes the next field as parse reads it.
func Field[T any](l *Lines, parse func(string) (T, error)) (v T) {
	w := l.Word()
	if l.err != nil {
		return v
	}
	v, err := parse(w)
	if err != nil {
		l.err = fmt.Errorf("line %s: %w", l.name, err)
	}
	return v
}

// Number takes a number in its one spelling.
func (l *Lines) Number() int { return Field(l, ParseNumber) }

// Hash takes a hash.
func (l *Lines) Hash() Hash { return Field(l, ParseHash) }

// Key takes a public key.
func (l *Lines) Key() ed25519.PublicKey { return Field(l, ParseKeyText) }

// More reports whether the line has fields left.
func (l *Lines) More() bool { return l.line != "" && l.err == nil }

// Need refuses the line under way if something that must be so is not.
func (l *Lines) Need(ok bool) {
	if !ok && l.err == nil {
		l.err = errors.New("line " + l.name)
	}
}

// Err is the first error so far; a line that has fields left is one.
func (l *Lines) Err() error {
	l.Need(!l.More())
	return l.err
}

// End is the first error of the whole text; lines that nobody took are one.
func (l *Lines) End() error {
	if err := l.Err(); err != nil || l.rest == "" {
		return err
	}
	line, _, _ := strings.Cut(l.rest, "\n")
	name, _, _ := strings.Cut(line, " ")
	l.err = fmt.Errorf("a line unknown, twice or out of order: %.16s", name)
	return l.err
}

// ErrNumber says that a text is not the one spelling of a number.
var ErrNumber = errors.New("not a number below 2³¹ without leading zero")

// ParseNumber takes decimals without leading zero, below 2³¹.
func ParseNumber(s string) (int, error) {
	if s == "" || len(s) > 10 || len(s) > 1 && s[0] == '0' {
		return 0, ErrNumber
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, ErrNumber
		}
		n = n*10 + int(c-'0')
	}
	if n >= 1<<31 {
		return 0, ErrNumber
	}
	return n, nil
}
