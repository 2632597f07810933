// SPDX-License-Identifier: Apache-2.0

package party

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/parley/wire"
	"example.org/parley/words"
)

// Terms are what the two parties agree on for their line: the genesis binds their bytes.
type Terms struct {
	Purpose   map[string]string   `json:"purpose"`           // one sentence per language
	Area      string              `json:"area"`              // where the line is for
	Subject   string              `json:"subject"`           // what it is for
	Hours     string              `json:"hours"`             // 24/7, or in words
	Languages []string            `json:"languages"`         // that cross the line
	Access    string              `json:"access"`            // who may use the line
	Phones    string              `json:"fallback" toml:"-"` // hash of the piece that tells the telephones
	Fallback  map[string][]string `json:"-"`                 // telephone numbers by party, for when the line is down; nil where that is not here
	Policy    struct {
		// Due changes ladder clocks, in seconds, by precedence and step: {"FLASH": {"held": 15}}.
		Due map[string]map[string]int `json:"due,omitempty"`
		// Release names what only an officer who may release states: suspend, press.
		Release []string `json:"release,omitempty"`
		// Seal withholds bodies until both sides' are in, or for so many hours: {"readout": 48}.
		Seal map[string]int `json:"seal,omitempty"`
		// Record says that each end records the sound of every call.
		Record bool `json:"record,omitempty"`
	} `json:"policy"` // what the parties may change of the usual rules
	Schedule Schedule `json:"schedule"`
}

// What the terms may seal, and what they may keep to officers who may release.
var Sealable, Releasable = []string{"readout"}, []string{"suspend", "press"}

// ErrTerms is wrapped by every reason why a text is no terms.
var ErrTerms = errors.New("these terms cannot stand")

func notTerms(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrTerms, fmt.Sprintf(format, a...))
}

const maxTerm = 400 // bytes of a text of the terms

// DefaultTerms are safe terms for a line that nobody has written terms for.
func DefaultTerms() Terms {
	purpose := map[string]string{}
	for _, l := range words.Langs() {
		purpose[l] = words.T(l, "terms.purpose")
	}
	return Terms{
		Purpose: purpose, Area: "as agreed", Subject: "deconfliction", Hours: "24/7", Languages: words.Langs(),
		Access: "watch officers on duty", Fallback: map[string][]string{}, Schedule: Schedule{Checks: []string{"09:00"}, Officer: 30},
	}
}

// phones is the piece that tells the telephones of terms.
type phones struct {
	Fallback map[string][]string `json:"fallback"`
}

// Encode is the terms' body, one line of JSON, and behind it the piece that tells the telephones, each with a salt of its own
// that comes of 32 secret bytes. Where the telephones are not here they stay those of the piece that the terms name.
//
// SPEC: REC-909
func (t Terms) Encode(secret [32]byte) ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	salt := func(what string) [32]byte {
		return wire.Sum(fmt.Appendf(nil, "parley/v1 salt of %s\n%s", what, secret))
	}
	var piece []byte
	if t.Fallback != nil || t.Phones == "" {
		var err error
		if piece, err = wire.EncodeBody(phones{t.Fallback}, salt("telephones")); err != nil {
			return nil, notTerms("telephones: %v", err)
		}
		t.Phones, piece = wire.Sum(piece).String(), append([]byte("\n"), piece...)
	}
	b, err := wire.EncodeBody(t, salt("terms"))
	if err == nil && max(len(b), len(piece)) > MaxTerms {
		err = notTerms("over %d bytes", MaxTerms)
	}
	return append(b, piece...), err
}

// ParseTerms reads a terms body strictly, with the piece behind it where there is one.
func ParseTerms(b []byte) (Terms, error) {
	var t Terms
	text, piece := apart(b)
	if err := wire.DecodeStrict(text, MaxTerms, &t); err != nil {
		return t, notTerms("%v", err)
	}
	hash, err := wire.ParseHash(t.Phones)
	if err != nil {
		return t, notTerms("telephones: %v", err)
	}
	if piece != nil {
		var p phones
		if err := open(piece, hash, &p); err != nil {
			return t, notTerms("what tells the telephones is not what they name: %v", err)
		}
		if t.Fallback = p.Fallback; t.Fallback == nil {
			t.Fallback = map[string][]string{}
		}
	}
	return t, t.check()
}

func (t Terms) check() error {
	if len(t.Purpose) == 0 || len(t.Languages) == 0 || len(t.Languages) > 8 || len(t.Purpose) > 8 {
		return notTerms("a purpose and a language at least, eight at most")
	}
	for l, s := range t.Purpose {
		tag := (len(l) == 2 || len(l) == 3) && strings.Trim(l, "abcdefghijklmnopqrstuvwxyz") == ""
		if err := wire.Text("the purpose", s, maxTerm); err != nil || !tag || !slices.Contains(t.Languages, l) {
			return notTerms("the purpose in %q: %v", l, err)
		}
	}
	for _, s := range slices.Concat([]string{t.Area, t.Subject, t.Hours, t.Access}, t.Languages) {
		if err := wire.Text("area, subject, hours, access or language", s, maxTerm); err != nil {
			return notTerms("%v", err)
		}
	}
	for p, ns := range t.Fallback {
		if !wire.ValidName(p) || len(ns) > 4 {
			return notTerms("fallback numbers of %q", p)
		}
		for _, n := range ns {
			if strings.Trim(n, "+0123456789 -") != "" || n == "" {
				return notTerms("telephone number %q", n)
			}
		}
	}
	if len(t.Schedule.Checks) == 0 || len(t.Schedule.Checks) > 24 || t.Schedule.Officer < 1 || t.Schedule.Officer > 240 {
		return notTerms("1 to 24 checks a day, officer's parts within 1 to 240 minutes")
	}
	for _, c := range t.Schedule.Checks {
		if p, err := time.Parse("15:04", c); err != nil || p.Format("15:04") != c {
			return notTerms("time of a check %q", c)
		}
	}
	if !slices.IsSorted(t.Schedule.Checks) || len(slices.Compact(slices.Clone(t.Schedule.Checks))) != len(t.Schedule.Checks) {
		return notTerms("the checks of a day in order, none twice")
	}
	for i, r := range t.Policy.Release {
		if !slices.Contains(Releasable, r) || slices.Contains(t.Policy.Release[:i], r) {
			return notTerms("release of %q: what can be kept to officers who may release: %s", r, strings.Join(Releasable, ", "))
		}
	}
	for k, h := range t.Policy.Seal {
		if !slices.Contains(Sealable, k) || h < 1 || h > 30*24 {
			return notTerms("seal of %q for %d hours: %s, 1 to 720 hours", k, h, strings.Join(Sealable, ", "))
		}
	}
	for prec, steps := range t.Policy.Due {
		if !slices.Contains([]string{"FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"}, prec) {
			return notTerms("precedence %q", prec)
		}
		for step, sec := range steps {
			if !slices.Contains([]string{"held", "shown", "acknowledged", "responded"}, step) || sec < 1 || sec > 7*86400 {
				return notTerms("clock %s of %s", step, prec)
			}
		}
	}
	return nil
}
