// SPDX-License-Identifier: Apache-2.0

package message

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"example.org/parley/line"
	"example.org/parley/record"
)

// MaxStopCopy bounds the first copy on the wire.
const MaxStopCopy = 300

const (
	stopCopyVersion = 1
	maxCopyBy       = 32
)

// stopOps gives the byte of each step in a copy: the index.
var stopOps = []string{"", StopWasSent, StopWasTaken, StopWasRelayed, StopIsInEffect, StopWasRefused, StopWasLifted}

// ErrStopCopy says that bytes are not the one spelling of a copy.
var ErrStopCopy = errors.New("not the copy of a STOP")

// Marshal writes a copy: version, step, class and mark, id, time in microseconds, then party, reason, place and
// name, each after its length in one byte.
//
// SPEC: MSG-035
func (c StopCopy) Marshal() ([]byte, error) {
	if err := c.lawful(); err != nil {
		return nil, err
	}
	id, err := hex.DecodeString(c.ID)
	if err != nil {
		return nil, err
	}
	flags := byte(slices.Index(Classes, c.Class)) | byte(slices.Index(Marks, c.Mark))<<2
	b := append(make([]byte, 0, MaxStopCopy), stopCopyVersion, byte(slices.Index(stopOps, c.Step)), flags)
	b = append(b, id...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Time.UnixMicro()))
	for _, s := range []string{c.Party, c.Reason, c.Place, c.By} {
		b = append(b, byte(len(s)))
		b = append(b, s...)
	}
	return b, nil
}

// ParseStopCopy reads only what Marshal writes.
//
// SPEC: MSG-035
func ParseStopCopy(b []byte) (c StopCopy, err error) {
	const head = 3 + 16 + 8
	if len(b) < head+4 || len(b) > MaxStopCopy || b[0] != stopCopyVersion || int(b[1]) >= len(stopOps) || b[2] > 7 || b[2]&3 == 3 {
		return c, ErrStopCopy
	}
	c.Step, c.Class, c.Mark, c.ID = stopOps[b[1]], Classes[b[2]&3], Marks[b[2]>>2], hex.EncodeToString(b[3:19])
	micros := binary.BigEndian.Uint64(b[19:head])
	if micros > 1<<52 {
		return StopCopy{}, ErrStopCopy
	}
	c.Time = time.UnixMicro(int64(micros)).UTC()
	rest := b[head:]
	for _, s := range []*string{&c.Party, &c.Reason, &c.Place, &c.By} {
		if len(rest) == 0 || len(rest) <= int(rest[0]) {
			return StopCopy{}, ErrStopCopy
		}
		*s, rest = string(rest[1:1+rest[0]]), rest[1+rest[0]:]
	}
	if len(rest) > 0 {
		return StopCopy{}, ErrStopCopy
	}
	if err := c.lawful(); err != nil {
		return StopCopy{}, fmt.Errorf("%w: %w", ErrStopCopy, err)
	}
	return c, nil
}

func (c StopCopy) lawful() error {
	switch {
	case slices.Index(stopOps, c.Step) < 1:
		return fmt.Errorf("step %q", c.Step)
	case !slices.Contains(Classes, c.Class) || !slices.Contains(Marks, c.Mark):
		return fmt.Errorf("class %q or mark %q", c.Class, c.Mark)
	case !validID(c.ID) || !record.ValidParty(c.Party):
		return errors.New("id or party")
	case c.Time.Year() < 2000 || c.Time.Year() > 2099 || c.Time != c.Time.UTC().Truncate(time.Microsecond):
		return errors.New("time")
	case c.Reason == "" && (c.Step == StopWasSent || c.Step == StopWasRefused):
		return errors.New("its reason is missing")
	}
	for _, t := range []struct {
		what, s string
		max     int
	}{{"reason", c.Reason, maxReason}, {"place", c.Place, maxStopPlace}, {"name", c.By, maxCopyBy}} {
		if t.s == "" {
			continue
		}
		if err := line.Clean(t.what, t.s, t.max); err != nil {
			return err
		}
	}
	return nil
}
