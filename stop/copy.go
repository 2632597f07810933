// SPDX-License-Identifier: Apache-2.0

package stop

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// MaxCopy bounds the first copy on the wire.
const MaxCopy = 300

const copyVersion = 1

// ops gives the byte of each step in a copy: the index.
var ops = []string{"", Sent, Taken, Relayed, InEffect, Refused, Lifted}

// ErrCopy says that bytes are not the one spelling of a copy.
var ErrCopy = errors.New("not the copy of a STOP")

// Copy is the unsigned first copy of a STOP, or of a step of one, as it rides the session.
// The statement that follows repeats its id. What it says is the session's word, not the record's.
type Copy struct {
	Step   string // sent taken relayed in-effect refused lifted
	Party  string // who sent the STOP
	ID     string // 32 hex digits
	Time   time.Time
	Reason string // sent and refused: must
	Place  string // sent: where; relayed: to whom
	Class  string
	Mark   string
	By     string // the officer's name as its node gives it, at most 32 bytes; "" unattributed
}

// Marshal writes a copy: version, step, class and mark, id, time in microseconds, then party, reason, place and
// name, each after its length in one byte.
//
// SPEC: MSG-035
func (c Copy) Marshal() ([]byte, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	id, err := hex.DecodeString(c.ID)
	if err != nil {
		return nil, err
	}
	flags := byte(slices.Index(statement.Classes, c.Class)) | byte(slices.Index(statement.Marks, c.Mark))<<2
	b := append(make([]byte, 0, MaxCopy), copyVersion, byte(slices.Index(ops, c.Step)), flags)
	b = append(b, id...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Time.UnixMicro()))
	for _, s := range []string{c.Party, c.Reason, c.Place, c.By} {
		b = append(b, byte(len(s)))
		b = append(b, s...)
	}
	return b, nil
}

// ParseCopy reads only what Marshal writes.
//
// SPEC: MSG-035
func ParseCopy(b []byte) (c Copy, err error) {
	const head = 3 + 16 + 8
	if len(b) < head+4 || len(b) > MaxCopy || b[0] != copyVersion || int(b[1]) >= len(ops) || b[2] > 7 || b[2]&3 == 3 {
		return c, ErrCopy
	}
	c.Step, c.Class, c.Mark, c.ID = ops[b[1]], statement.Classes[b[2]&3], statement.Marks[b[2]>>2], hex.EncodeToString(b[3:19])
	micros := binary.BigEndian.Uint64(b[19:head])
	if micros > 1<<52 {
		return Copy{}, ErrCopy
	}
	c.Time = time.UnixMicro(int64(micros)).UTC()
	rest := b[head:]
	for _, s := range []*string{&c.Party, &c.Reason, &c.Place, &c.By} {
		if len(rest) == 0 || len(rest) <= int(rest[0]) {
			return Copy{}, ErrCopy
		}
		*s, rest = string(rest[1:1+rest[0]]), rest[1+rest[0]:]
	}
	if len(rest) > 0 {
		return Copy{}, ErrCopy
	}
	if err := c.validate(); err != nil {
		return Copy{}, fmt.Errorf("%w: %w", ErrCopy, err)
	}
	return c, nil
}

func (c Copy) validate() error {
	switch {
	case slices.Index(ops, c.Step) < 1:
		return fmt.Errorf("step %q", c.Step)
	case !slices.Contains(statement.Classes, c.Class) || !slices.Contains(statement.Marks, c.Mark):
		return fmt.Errorf("class %q or mark %q", c.Class, c.Mark)
	case id(c.ID) != nil || !record.ValidParty(c.Party):
		return errors.New("id or party")
	case c.Time.Year() < 2000 || c.Time.Year() > 2099 || c.Time != c.Time.UTC().Truncate(time.Microsecond):
		return errors.New("time")
	case c.Reason == "" && (c.Step == Sent || c.Step == Refused):
		return errors.New("its reason is missing")
	}
	return statement.First(statement.Optional("reason", c.Reason, maxReason), statement.Optional("place", c.Place, maxPlace), statement.Optional("name", c.By, maxName))
}
