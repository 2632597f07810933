// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	legacy "github.com/go-json-experiment/json/v1"
)

// MaxBody is the limit of one body of a statement.
const MaxBody = 64 << 10

const maxDepth = 16

// ErrBody says that a body is not the strict JSON of the record, ErrObject that an object is not that of a session.
var (
	ErrBody   = errors.New("not a body in strict JSON")
	ErrObject = errors.New("not an object in strict JSON")
)

const (
	saltPrefix = `{"salt":"`
	saltEnd    = len(saltPrefix) + 44 + len(`"`)
)

// EncodeBody gives v as one line of JSON whose first member is the salt.
// It refuses what DecodeStrict would refuse, so that nobody writes what his peer cannot read.
func EncodeBody(v any, salt [32]byte) ([]byte, error) {
	b, err := EncodeObject(v)
	if err != nil {
		return nil, err
	}
	members, ok := bytes.CutPrefix(b, []byte("{"))
	if !ok {
		return nil, fmt.Errorf("%w: not an object", ErrBody)
	}
	out := append([]byte(saltPrefix), Hash(salt).String()...)
	out = append(out, '"')
	if len(members) > 1 {
		out = append(out, ',')
	}
	out = append(out, members...)
	return out, checkBody(out, MaxBody)
}

// EncodeObject gives v as one line of JSON without a salt: for what rides a session and is in no record.
func EncodeObject(v any) ([]byte, error) {
	b, err := json.Marshal(v, json.Deterministic(true), legacy.OmitEmptyWithLegacySemantics(true))
	if err != nil {
		return nil, fmt.Errorf("couldn't encode an object: %w", err)
	}
	return b, nil
}

// DecodeObject decodes into v, a pointer to a struct, the one spelling that EncodeObject gives it, at most max bytes.
//
// SPEC: CAL-002, MSG-035
func DecodeObject(b []byte, max int, v any) error {
	if len(b) > max {
		return fmt.Errorf("%w: over %d bytes", ErrObject, max)
	}
	if err := json.Unmarshal(b, v, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("%w: %w", ErrObject, err)
	}
	if again, err := EncodeObject(v); err != nil || !bytes.Equal(again, b) {
		return fmt.Errorf("%w: not in its one spelling", ErrObject)
	}
	return nil
}

// DecodeStrict decodes a body into v, a pointer to a struct or map. It refuses a body that does
// not begin with its salt, duplicate or unknown members, names in another case, null, fractions,
// numbers over 2^53, invalid UTF-8, lone surrogates, and control characters: so two readers
// cannot read two things.
//
// SPEC: REC-007
func DecodeStrict(body []byte, max int, v any) error {
	if err := checkBody(body, max); err != nil {
		return err
	}
	rest := append([]byte{'{'}, bytes.TrimPrefix(body[saltEnd:], []byte(","))...)
	if err := json.Unmarshal(rest, v, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("%w: %w", ErrBody, err)
	}
	return nil
}

// checkBody refuses all that can be refused without knowing the type that a body is decoded into.
func checkBody(body []byte, max int) error {
	if len(body) > max {
		return fmt.Errorf("%w: over %d bytes", ErrBody, max)
	}
	if len(body) <= saltEnd || string(body[:len(saltPrefix)]) != saltPrefix || body[saltEnd-1] != '"' {
		return fmt.Errorf("%w: its first member is not a salt", ErrBody)
	}
	if _, err := ParseHash(string(body[len(saltPrefix) : saltEnd-1])); err != nil {
		return fmt.Errorf("%w: salt", ErrBody)
	}
	if i := bytes.IndexFunc(body, func(r rune) bool { return r < 0x20 || r == 0x7f }); i >= 0 {
		return fmt.Errorf("%w: byte %d: a control character", ErrBody, i)
	}
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		depth := d.StackDepth()
		t, err := d.ReadToken()
		if errors.Is(err, io.EOF) && depth == 0 {
			return nil
		}
		if err == nil {
			err = checkToken(t, depth)
		}
		if err == nil && d.StackDepth() == 0 && d.InputOffset() != int64(len(body)) {
			err = errors.New("more after its end")
		}
		if err != nil {
			return fmt.Errorf("%w: byte %d: %w", ErrBody, d.InputOffset(), err)
		}
	}
}

func checkToken(t jsontext.Token, depth int) error {
	switch k := t.Kind(); {
	case k == 'n':
		return errors.New("null")
	case depth > maxDepth && k != '}' && k != ']':
		return errors.New("too deep")
	case k == '0':
		if n, err := strconv.ParseInt(t.String(), 10, 64); err != nil || n > 1<<53 || n < -1<<53 || t.String() == "-0" {
			return errors.New("not a whole number of at most 2^53: decimals are texts")
		}
	}
	return nil
}
