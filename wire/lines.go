// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strconv"
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

// Line goes on to the next line, which must have that name. A form of another version is refused as that: nothing of it is read.
//
// SPEC: REC-902
func (l *Lines) Line(name string) *Lines {
	if !l.Next(name) {
		l.name = name
		if v, _, _ := strings.Cut(l.rest, " "); l.err == nil && v != name && strings.HasPrefix(v, "parley/v") && strings.HasPrefix(name, "parley/v") {
			l.err = fmt.Errorf("it is written as %.20q, and this program reads %s", v, name)
		}
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

// OneOf takes the next field, which must be one of the words. It gives the word of the list: a part of the text
// would keep the whole text in memory.
func (l *Lines) OneOf(words ...string) string {
	i := slices.Index(words, l.Word())
	l.Need(i >= 0)
	return words[max(i, 0)]
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
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || len(s) > 1 && s[0] == '0' {
		return 0, ErrNumber
	}
	return int(n), nil
}

const (
	smallLetters = "abcdefghijklmnopqrstuvwxyz"
	// RunLetters are those of a run's name.
	RunLetters = "0123456789abcdefghjkmnpqrstvwxyz"
)

// ValidWord reports whether s is of 1 to 16 small letters, and of others of these.
func ValidWord(s, others string) bool {
	return s != "" && len(s) <= 16 && strings.Trim(s, smallLetters+others) == ""
}

// ValidName reports whether s can name a party, a station or a line: [a-z][a-z0-9-]{0,15}.
func ValidName(s string) bool { return ValidWord(s, "0123456789-") && s[0] >= 'a' }

// ValidRun reports whether s is six of the 32 letters that name a run.
func ValidRun(s string) bool { return len(s) == 6 && strings.Trim(s, RunLetters) == "" }
