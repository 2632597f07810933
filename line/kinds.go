// SPDX-License-Identifier: Apache-2.0

package line

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"example.org/parley/record"
	"example.org/parley/wire"
)

// Kinds lists the kinds of this package for the record.
func Kinds() []record.Kind {
	return []record.Kind{
		{Name: "line.genesis", Begins: true, Lawful: beginning(lawfulGenesis)},
		{Name: "officer.added", Begins: true, Lawful: beginning(func(_ *record.Entry, f OfficerFacts) error { return f.lawful() })},
		{Name: "officer.revoked", Lawful: lawfulRevoked},
		{Name: "post.added", Begins: true, Lawful: beginning(func(_ *record.Entry, f PostFacts) error { return f.lawful() })},
		{Name: "event.added", Begins: true, Lawful: beginning(func(_ *record.Entry, f EventFacts) error { return f.lawful() })},
	}
}

// decode reads an entry's facts; here is false while the body has not arrived, which judges nothing.
func decode[T any](e *record.Entry) (v T, here bool, err error) {
	if e.Facts == nil {
		return v, false, errors.New("its facts are missing")
	}
	if e.FactsB == nil {
		return v, false, nil
	}
	err = wire.DecodeStrict(e.FactsB, wire.MaxBody, &v)
	return v, err == nil, err
}

// beginning judges a statement that begins an item of the register.
func beginning[T any](lawful func(*record.Entry, T) error) func(e, begin *record.Entry) error {
	return func(e, _ *record.Entry) error {
		f, here, err := decode[T](e)
		if err != nil {
			return err
		}
		if len(e.Re) > 0 || e.Class != "service" {
			return errors.New("it begins its own item, of class service")
		}
		if !here {
			return nil
		}
		return lawful(e, f)
	}
}

// lawfulGenesis: place 0 of a first log, carrying the very note whose hash is the line's name.
//
// SPEC: MSG-040
func lawfulGenesis(e *record.Entry, f GenesisFacts) error {
	if e.Log.Number != 1 || e.Index != 0 {
		return errors.New("it stands only in place 0 of a party's first log")
	}
	n, err := wire.ParseNote([]byte(f.Genesis), wire.MaxNote)
	if err != nil {
		return err
	}
	if h := wire.Leaf(n.Text); h != e.Log.Genesis || f.Hash != h.String() {
		return errors.New("the genesis that it carries is not this line's")
	}
	return nil
}

func (f OfficerFacts) lawful() error {
	if err := Clean("name", f.Name, 120); err != nil {
		return err
	}
	if len(f.Langs) > 16 {
		return errors.New("over 16 languages")
	}
	for _, l := range f.Langs {
		if err := Lang(l); err != nil {
			return err
		}
	}
	return errors.Join(optional("account", f.Account, 64), number(f.Number))
}

// lawfulRevoked: a party revokes its own officers.
//
// SPEC: MSG-042
func lawfulRevoked(e, begin *record.Entry) error {
	f, here, err := decode[RevokeFacts](e)
	switch {
	case err != nil:
		return err
	case len(e.Re) == 0 || e.Class != "service":
		return errors.New("it names no officer, or is not of class service")
	case begin != nil && (begin.Kind != "officer.added" || begin.Log.Party != e.Log.Party):
		return errors.New("what it names is not an officer of its own party")
	case !here:
		return nil
	}
	return optional("reason", f.Reason, 240)
}

func (f PostFacts) lawful() error {
	if err := errors.Join(Clean("organisation", f.Org, 64), Clean("name", f.Name, 120), names("name", f.Names), number(f.Number)); err != nil {
		return err
	}
	if f.Level < 1 || f.Level > 9 {
		return fmt.Errorf("level %d is not 1 to 9", f.Level)
	}
	if f.Pair == "" {
		return nil
	}
	_, err := ParsePlace(f.Pair)
	return err
}

func (f EventFacts) lawful() error {
	if err := errors.Join(Clean("name", f.Name, 120), names("name", f.Names)); err != nil {
		return err
	}
	_, _, err := When(f.When)
	return err
}

var telephone = regexp.MustCompile(`^\+?[0-9][0-9 ()/-]{2,31}$`)

func number(s string) error {
	if s != "" && !telephone.MatchString(s) {
		return fmt.Errorf("telephone number %q", s)
	}
	return nil
}

// When reads an instant (2022-02-24T03:40:00Z), a day (2022-02-24) or a span of days (2022-03-14/2022-03-20), and
// gives its first moment and the moment after its last.
//
// SPEC: MSG-044
func When(s string) (from, to time.Time, err error) {
	first, last, isSpan := strings.Cut(s, "/")
	bad := fmt.Errorf("%q is no instant (2022-02-24T03:40Z), day (2022-02-24) or span of days (2022-03-14/2022-03-20)", s)
	if t, err := time.Parse("2006-01-02T15:04:05Z", s); err == nil && t.Format("2006-01-02T15:04:05Z") == s {
		return t, t, within(t, t, bad)
	}
	if !isSpan {
		last = first
	}
	from, err1 := time.Parse(time.DateOnly, first)
	to, err2 := time.Parse(time.DateOnly, last)
	if err1 != nil || err2 != nil || isSpan && !to.After(from) {
		return from, to, bad
	}
	return from, to.AddDate(0, 0, 1), within(from, to, bad)
}

func within(from, to time.Time, bad error) error {
	if from.Year() < 1900 || to.Year() > 2099 {
		return bad
	}
	return nil
}
