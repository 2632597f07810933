// SPDX-License-Identifier: Apache-2.0

package stop

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"example.org/parley/statement"
	"example.org/parley/wire"
)

// MaxCopy bounds the first copy on the wire.
const MaxCopy = 800

const copyVersion = 2

// ErrCopy says that bytes are not the one spelling of a copy.
var ErrCopy = errors.New("not the copy of a STOP")

// Copy is the unsigned first copy of a STOP, or of a step of one, as it rides the session.
// The statement that follows repeats its id. What it says is the session's word, not the record's.
type Copy struct {
	Step   string    `json:"step"`  // sent taken relayed in-effect refused lifted
	Party  string    `json:"party"` // who sent the STOP
	ID     string    `json:"id"`    // 32 hex digits
	Time   time.Time `json:"time"`
	Reason string    `json:"reason,omitempty"` // sent and refused: must
	Place  string    `json:"place,omitempty"`  // sent: where; relayed: to whom
	Class  string    `json:"class"`
	Mark   string    `json:"mark"`
	By     string    `json:"by,omitempty"` // the officer's name as its node gives it, at most 32 bytes; "" unattributed
}

// Marshal writes a copy: its version in one byte, then its members as strict JSON.
//
// SPEC: MSG-035
func (c Copy) Marshal() ([]byte, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	b, err := wire.EncodeObject(c)
	return append([]byte{copyVersion}, b...), err
}

// ParseCopy reads only what Marshal writes.
//
// SPEC: MSG-035
func ParseCopy(b []byte) (c Copy, err error) {
	if len(b) == 0 || b[0] != copyVersion {
		return c, ErrCopy
	}
	if err := wire.DecodeObject(b[1:], MaxCopy-1, &c); err != nil {
		return Copy{}, fmt.Errorf("%w: %w", ErrCopy, err)
	}
	if err := c.validate(); err != nil {
		return Copy{}, fmt.Errorf("%w: %w", ErrCopy, err)
	}
	return c, nil
}

func (c Copy) validate() error {
	switch {
	case !slices.Contains([]string{Sent, Taken, Relayed, InEffect, Refused, Lifted}, c.Step):
		return fmt.Errorf("step %q", c.Step)
	case !slices.Contains(statement.Classes, c.Class) || !slices.Contains(statement.Marks, c.Mark):
		return fmt.Errorf("class %q or mark %q", c.Class, c.Mark)
	case id(c.ID) != nil || !wire.ValidName(c.Party):
		return errors.New("id or party")
	case c.Time.Year() < 2000 || c.Time.Year() > 2099 || c.Time != c.Time.UTC().Truncate(time.Microsecond):
		return errors.New("time")
	case c.Reason == "" && (c.Step == Sent || c.Step == Refused):
		return errors.New("its reason is missing")
	}
	return statement.First(statement.Optional("reason", c.Reason, maxReason), statement.Optional("place", c.Place, maxPlace), statement.Optional("name", c.By, maxName))
}
