// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

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

// spelt reads a time in the one spelling that EncodeBody gives it: no fraction that ends in a zero, no empty text, and not
// the instant that stands for one that is left out.
var spelt = json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, t *time.Time) error {
	s, err := d.ReadToken()
	if err != nil {
		return err
	}
	if *t, err = time.Parse(time.RFC3339Nano, s.String()); err == nil && (t.IsZero() || t.Format(time.RFC3339Nano) != s.String()) {
		err = fmt.Errorf("%w: a time in another spelling than its own", ErrBody)
	}
	return err
}))

// DecodeStrict decodes a body into v, a pointer to a struct or map. It refuses a body that does
// not begin with its salt, duplicate or unknown members, names in another case, null, fractions,
// numbers over 2^53, times in another spelling than their own, invalid UTF-8, lone surrogates, and control characters: so two
// readers cannot read two things.
//
// SPEC: REC-007
func DecodeStrict(body []byte, max int, v any) error {
	if err := checkSalt(body, max); err != nil {
		return err
	}
	// The reading below finds all that is no JSON, a name twice or not UTF-8, but in what follows the salt.
	members, more := bytes.CutPrefix(body[saltEnd:], []byte(","))
	if closed := bytes.HasPrefix(bytes.TrimLeft(members, " "), []byte("}")); closed == more {
		return fmt.Errorf("%w: no JSON", ErrBody)
	}
	if err := json.Unmarshal(append([]byte{'{'}, members...), v, json.RejectUnknownMembers(true), spelt); err != nil {
		return fmt.Errorf("%w: %w", ErrBody, err)
	}
	if reflect.TypeOf(v).Elem().Kind() != reflect.Struct && !jsontext.Value(body).IsValid() { // a struct has no member of that name
		return fmt.Errorf("%w: the salt twice", ErrBody)
	}
	return checkValues(body)
}

// checkSalt refuses a body that is too long, or does not begin with its salt.
func checkSalt(body []byte, max int) error {
	if len(body) > max {
		return fmt.Errorf("%w: over %d bytes", ErrBody, max)
	}
	if len(body) <= saltEnd || string(body[:len(saltPrefix)]) != saltPrefix || body[saltEnd-1] != '"' {
		return fmt.Errorf("%w: its first member is not a salt", ErrBody)
	}
	if _, err := ParseHash(string(body[len(saltPrefix) : saltEnd-1])); err != nil {
		return fmt.Errorf("%w: salt", ErrBody)
	}
	return nil
}

// checkBody refuses all that can be refused without knowing the type that a body is decoded into.
func checkBody(body []byte, max int) error {
	if err := checkSalt(body, max); err != nil {
		return err
	}
	if !jsontext.Value(body).IsValid() {
		return fmt.Errorf("%w: no JSON, a name twice, or not UTF-8", ErrBody)
	}
	return checkValues(body)
}

// checkValues refuses of valid JSON what the record has not.
func checkValues(b []byte) error {
	depth := 0
	for i := 0; i < len(b); i++ {
		c, why := b[i], ""
		switch {
		case c == '}' || c == ']':
			depth--
		case c == ',' || c == ':' || c == ' ' && depth > 0:
		case c <= ' ':
			why = "white space"
		case depth > maxDepth:
			why = "too deep"
		case c == '{' || c == '[':
			depth++
		case c == '"':
			for i++; b[i] != '"'; i++ {
				switch b[i] {
				case '\\':
					i++
				case 0x7f:
					why = "a control character"
				}
			}
		case c == 'n':
			why = "null"
		case c == '-' || c >= '0' && c <= '9':
			n := bytes.IndexAny(b[i:], ",]} ")
			if v, err := strconv.ParseInt(string(b[i:i+n]), 10, 64); err != nil || v > 1<<53 || v < -1<<53 || v == 0 && n > 1 {
				why = "not a whole number of at most 2^53: decimals are texts"
			}
			i += n - 1
		}
		if why != "" {
			return fmt.Errorf("%w: byte %d: %s", ErrBody, i, why)
		}
	}
	return nil
}
