// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxBody is the limit of one body of a statement.
const MaxBody = 64 << 10

const maxDepth = 16

// ErrBody says that a body is not the strict JSON of the record.
var ErrBody = errors.New("not a body in strict JSON")

const saltPrefix = `{"salt":"`

// EncodeBody gives v as one line of JSON whose first member is the salt.
// It refuses what DecodeStrict would refuse, so that nobody writes what his peer cannot read.
func EncodeBody(v any, salt [32]byte) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("couldn't encode a body: %w", err)
	}
	b := bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	if len(b) < 2 || b[0] != '{' {
		return nil, fmt.Errorf("%w: not an object", ErrBody)
	}
	out := append([]byte(saltPrefix), Hash(salt).String()...)
	out = append(out, '"')
	if len(b) > 2 {
		out = append(out, ',')
	}
	out = append(out, b[1:]...)
	t := reflect.TypeOf(v)
	if err := checkBody(out, MaxBody, t); err != nil {
		return nil, err
	}
	return out, nil
}

// DecodeStrict decodes a body into v, a pointer to a struct or map. It refuses a body that does
// not begin with its salt, duplicate or unknown members, names in another case, null, fractions,
// numbers over 2^53, invalid UTF-8, lone surrogates, and control characters: so two readers
// cannot read two things.
//
// SPEC: REC-007
func DecodeStrict(body []byte, max int, v any) error {
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Pointer {
		return errors.New("wire: DecodeStrict needs a pointer")
	}
	if err := checkBody(body, max, t.Elem()); err != nil {
		return err
	}
	rest := body[len(saltPrefix)+44+1:]
	if rest[0] == ',' {
		rest = rest[1:]
	}
	if err := json.Unmarshal(append([]byte{'{'}, rest...), v); err != nil {
		return fmt.Errorf("%w: %w", ErrBody, err)
	}
	return nil
}

func checkBody(body []byte, max int, t reflect.Type) error {
	if len(body) > max {
		return fmt.Errorf("%w: over %d bytes", ErrBody, max)
	}
	n := len(saltPrefix)
	if len(body) < n+44+2 || string(body[:n]) != saltPrefix || body[n+44] != '"' {
		return fmt.Errorf("%w: its first member is not a salt", ErrBody)
	}
	if _, err := ParseHash(string(body[n : n+44])); err != nil {
		return fmt.Errorf("%w: salt", ErrBody)
	}
	s := scanner{b: body}
	if err := s.value(t, 0, true); err != nil {
		return fmt.Errorf("%w: byte %d: %w", ErrBody, s.i, err)
	}
	if s.i != len(body) {
		return fmt.Errorf("%w: more after its end", ErrBody)
	}
	return nil
}

// scanner walks JSON once, beside the type that it will be decoded into.
type scanner struct {
	b []byte
	i int
}

var (
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// plain gives the type below pointers; nil where encoding/json asks the type itself.
func plain(t reflect.Type) reflect.Type {
	for t != nil {
		if p := reflect.PointerTo(t); p.Implements(jsonUnmarshaler) || p.Implements(textUnmarshaler) {
			return nil
		}
		if t.Kind() != reflect.Pointer {
			return t
		}
		t = t.Elem()
	}
	return nil
}

func (s *scanner) space() {
	for s.i < len(s.b) && s.b[s.i] == ' ' {
		s.i++
	}
}

func (s *scanner) peek() byte {
	s.space()
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) value(t reflect.Type, depth int, top bool) error {
	if depth > maxDepth {
		return errors.New("too deep")
	}
	t = plain(t)
	switch c := s.peek(); {
	case c == '{':
		return s.object(t, depth, top)
	case c == '[':
		return s.array(t, depth)
	case c == '"':
		_, err := s.str()
		return err
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	for _, w := range []string{"true", "false"} {
		if bytes.HasPrefix(s.b[s.i:], []byte(w)) {
			s.i += len(w)
			return nil
		}
	}
	return errors.New("neither object, list, text, number, true nor false")
}

func (s *scanner) object(t reflect.Type, depth int, top bool) error {
	s.i++
	known, open := members(t)
	seen := map[string]bool{}
	for {
		if len(seen) == 0 && s.peek() == '}' {
			s.i++
			return nil
		}
		if s.peek() != '"' {
			return errors.New("no member name")
		}
		name, err := s.str()
		if err != nil {
			return err
		}
		ft, ok := known[name]
		salt := top && len(seen) == 0 && name == "salt"
		switch {
		case seen[name] || (top && len(seen) > 0 && name == "salt"):
			return fmt.Errorf("member %q twice", name)
		case !ok && !open && !salt:
			return fmt.Errorf("unknown member %q", name)
		case !ok && t != nil && t.Kind() == reflect.Map:
			ft = t.Elem()
		}
		seen[name] = true
		if s.peek() != ':' {
			return errors.New("no colon")
		}
		s.i++
		if err := s.value(ft, depth+1, false); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.i++
			if s.peek() == '}' {
				return errors.New("a comma too many")
			}
		case '}':
			s.i++
			return nil
		default:
			return errors.New("no comma")
		}
	}
}

func (s *scanner) array(t reflect.Type, depth int) error {
	s.i++
	var et reflect.Type
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		et = t.Elem()
	}
	if s.peek() == ']' {
		s.i++
		return nil
	}
	for {
		if err := s.value(et, depth+1, false); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.i++
		case ']':
			s.i++
			return nil
		default:
			return errors.New("no comma")
		}
	}
}

// members gives the exact names that a struct takes; open where the type names none.
func members(t reflect.Type) (known map[string]reflect.Type, open bool) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, true
	}
	known = make(map[string]reflect.Type, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case tag == "-":
		case f.Anonymous && tag == "":
			if inner := plain(f.Type); inner != nil && inner.Kind() == reflect.Struct {
				m, _ := members(inner)
				for k, v := range m {
					known[k] = v
				}
			}
		case !f.IsExported():
		case tag != "":
			known[tag] = f.Type
		default:
			known[f.Name] = f.Type
		}
	}
	return known, false
}

func (s *scanner) number() error {
	start := s.i
	if s.b[s.i] == '-' {
		s.i++
	}
	digits := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	d := string(s.b[digits:s.i])
	if d == "" || len(d) > 1 && d[0] == '0' || d == "0" && start != digits {
		return errors.New("not a whole number")
	}
	if s.i < len(s.b) && (s.b[s.i] == '.' || s.b[s.i] == 'e' || s.b[s.i] == 'E') {
		return errors.New("a fraction or an exponent: decimals are texts")
	}
	if n, err := strconv.ParseUint(d, 10, 64); err != nil || n > 1<<53 {
		return errors.New("a number over 2^53")
	}
	return nil
}

// str walks a text and gives its value.
func (s *scanner) str() (string, error) {
	start := s.i
	s.i++
	escaped := false
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			if !escaped {
				return string(s.b[start+1 : s.i-1]), nil
			}
			var out string
			err := json.Unmarshal(s.b[start:s.i], &out)
			return out, err
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return "", err
			}
		case c < 0x20 || c == 0x7f:
			return "", errors.New("a control character")
		default:
			r, n := utf8.DecodeRune(s.b[s.i:])
			if r == utf8.RuneError && n <= 1 {
				return "", errors.New("invalid UTF-8")
			}
			s.i += n
		}
	}
	return "", errors.New("a text without end")
}

func (s *scanner) escape() error {
	if s.i+1 >= len(s.b) {
		return errors.New("a text without end")
	}
	c := s.b[s.i+1]
	if c != 'u' {
		if !strings.ContainsRune(`"\/bfnrt`, rune(c)) {
			return errors.New("an unknown escape")
		}
		s.i += 2
		return nil
	}
	r, err := s.hex(s.i)
	if err != nil {
		return err
	}
	s.i += 6
	switch {
	case r >= 0xdc00 && r < 0xe000:
		return errors.New("a lone surrogate")
	case r >= 0xd800 && r < 0xdc00:
		low, err := s.hex(s.i)
		if err != nil || low < 0xdc00 || low >= 0xe000 {
			return errors.New("a lone surrogate")
		}
		s.i += 6
	}
	return nil
}

func (s *scanner) hex(i int) (uint64, error) {
	if i+6 > len(s.b) || s.b[i] != '\\' || s.b[i+1] != 'u' {
		return 0, errors.New("no escape")
	}
	return strconv.ParseUint(string(s.b[i+2:i+6]), 16, 32)
}
