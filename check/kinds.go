// SPDX-License-Identifier: Apache-2.0

package check

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode"

	"example.org/parley/record"
	"example.org/parley/wire"
)

const (
	maxFacts = 16 << 10
	maxRows  = 40
	maxText  = 64
)

// Kinds gives what the record must know of the statements about checks; slots group them.
//
// SPEC: CHK-008
func Kinds() []record.Kind {
	var ks []record.Kind
	for _, name := range []string{KindOpened, KindJoined, KindClosed} {
		ks = append(ks, record.Kind{Name: name, Begins: true, ItemID: itemID, Lawful: func(e, _ *record.Entry) error { return Lawful(e) }})
	}
	return ks
}

func decodeOpened(e *record.Entry) (o Opened, err error) {
	err = wire.DecodeStrict(e.FactsB, maxFacts, &o)
	return o, err
}

func decodeClosed(e *record.Entry) (c Closed, err error) {
	err = wire.DecodeStrict(e.FactsB, maxFacts, &c)
	return c, err
}

func itemID(e *record.Entry) (party, id string, err error) {
	var s Slot
	if e.Kind == KindClosed {
		c, e2 := decodeClosed(e)
		s, err = c.Slot, e2
	} else {
		o, e2 := decodeOpened(e)
		s, err = o.Slot, e2
	}
	if err == nil && !s.lawful() {
		err = errors.New("not a slot")
	}
	return s.By, s.ID, err
}

// Lawful says why a statement about a check is not valid, from itself alone.
//
// SPEC: CHK-009
func Lawful(e *record.Entry) error {
	if _, _, err := itemID(e); err != nil {
		return err
	}
	if e.Class != "test" || e.Text != nil {
		return errors.New("a check is of class test and has no text")
	}
	if e.Kind != KindClosed {
		o, _ := decodeOpened(e)
		if !plain(o.Question) || !utc(o.At) || !o.By.lawful() {
			return errors.New("not a lawful opening of a check")
		}
		return nil
	}
	c, _ := decodeClosed(e)
	return c.lawful()
}

func (c Closed) lawful() error {
	if !utc(c.At) || len(c.Parts) > maxRows {
		return errors.New("not a lawful closing of a check")
	}
	for _, r := range c.Parts {
		if err := r.lawful(); err != nil {
			return err
		}
	}
	if out, which := judge(c.Parts); out != c.Outcome || !slices.Equal(which, c.Which) {
		return fmt.Errorf("its parts say %s %v, not %s %v", out, which, c.Outcome, c.Which)
	}
	return nil
}

func (r Row) lawful() error {
	parts := []string{PartStation, PartPath, PartStop, PartVoice, PartRing, PartQuestion}
	for _, s := range []string{r.Path, r.Why, r.ID, r.Lang} {
		if s != "" && !plain(s) {
			return errors.New("a text of a part")
		}
	}
	switch {
	case !slices.Contains(parts, r.Part), !slices.Contains([]string{OK, Bad, None}, r.Result), !r.By.lawful():
		return errors.New("not a part of a check")
	case r.MS < 0 || r.Sent < 0 || r.Back < 0:
		return errors.New("a measure below nothing")
	case !slices.Contains([]string{"", "a", "b", "c", "d"}, r.Answer):
		return errors.New("an answer that is not one of four")
	}
	return nil
}

func (a *Author) lawful() bool {
	return a == nil || (a.Officer == "" || plain(a.Officer)) && (a.Desk == "" || plain(a.Desk)) && (a.Known == "" || plain(a.Known))
}

func plain(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 || r == unicode.ReplacementChar {
			return false
		}
	}
	return s != "" && len(s) <= maxText
}

func utc(t time.Time) bool {
	return t.Location() == time.UTC && t.Year() >= 2000 && t.Year() <= 2099
}

// judge gives one end's outcome from its parts, and which failed.
//
// SPEC: CHK-003
func judge(rows []Row) (outcome string, which []string) {
	declined := false
	done := map[string]bool{}
	for _, r := range rows {
		if r.Result == Bad {
			which = append(which, r.Part)
		}
		done[r.Part] = done[r.Part] || r.Result == OK
		declined = declined || r.Why == Declined && r.Result == None
	}
	for _, p := range []string{PartStation, PartPath, PartVoice, PartStop} { // what is not there did not pass
		if !done[p] {
			which = append(which, p)
		}
	}
	slices.Sort(which)
	which = slices.Compact(which)
	switch {
	case len(which) > 0:
		return Failed, which
	case declined:
		return Declined, nil
	case !done[PartRing]:
		return NoOperator, nil
	}
	// what was left undone beside an answered ring is a question that was not answered
	for _, r := range rows {
		if r.Part == PartQuestion && r.Result == None && r.Why == "" {
			return NoOperator, nil
		}
	}
	return Passed, nil
}
