// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

type inner struct {
	Desk string `json:"desk"`
}

type facts struct {
	Word  string            `json:"word,omitempty"`
	N     int64             `json:"n,omitempty"`
	Ok    bool              `json:"ok,omitempty"`
	List  []inner           `json:"list,omitempty"`
	Map   map[string]string `json:"map,omitempty"`
	At    time.Time         `json:"at,omitzero"`
	Inner *inner            `json:"inner,omitempty"`
}

const saltText = `"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`

// SPEC: REC-007
func TestBodyIsReadAsItWasWritten(t *testing.T) {
	in := facts{Word: "<è> & \u2028", N: 1 << 53, Ok: true, List: []inner{{"x"}}, Map: map[string]string{"a": "b"}, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	b, err := EncodeBody(in, [32]byte{7})
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(string(b), "\n\r") || !strings.HasPrefix(string(b), `{"salt":"Bw`) {
		t.Errorf("not a line with its salt first: %s", b)
	}
	var out facts
	if err := DecodeStrict(b, MaxBody, &out); err != nil || out.Word != in.Word || out.N != in.N || !out.At.Equal(in.At) || len(out.List) != 1 {
		t.Errorf("back: %v %+v", err, out)
	}
	if b, err := EncodeBody(struct{}{}, [32]byte{}); err != nil || string(b) != "{"+saltText+"}" {
		t.Errorf("empty: %s %v", b, err)
	}
	for _, v := range []any{map[string]any{"x": 1.5}, map[string]any{"x": nil}, map[string]any{"salt": "x"}, []int{1}, 3, map[string]any{"x": 1 << 60}, map[string]any{"x": "\xff"}, map[string]any{"\xed\xa0\x80": "x"}} {
		if b, err := EncodeBody(v, [32]byte{}); err == nil {
			t.Errorf("written what cannot be read: %s", b)
		}
	}
}

// SPEC: REC-007
func TestBodyRefusesWhatTwoReadersReadAsTwoThings(t *testing.T) {
	for _, good := range []string{
		`{` + saltText + `}`, `{` + saltText + `,"word":"x"}`, `{` + saltText + `, "n": -5}`,
		`{` + saltText + `,"word":"\ud83d\ude00"}`, `{` + saltText + `,"list":[],"map":{}}`, `{` + saltText + `,"inner":{"desk":""}}`,
	} {
		if err := DecodeStrict([]byte(good), MaxBody, new(facts)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for name, bad := range map[string]string{
		"empty":              ``,
		"no salt":            `{"word":"x"}`,
		"salt not first":     `{"word":"x",` + saltText + `}`,
		"salt short":         `{"salt":"AAAA"}`,
		"salt not one form":  `{"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB="}`,
		"salt twice":         `{` + saltText + `,` + saltText + `}`,
		"twice":              `{` + saltText + `,"word":"x","word":"y"}`,
		"twice by escape":    `{` + saltText + `,"word":"x","wor\u0064":"y"}`,
		"another case":       `{` + saltText + `,"Word":"x"}`,
		"folded case":        `{` + saltText + `,"lıst":[]}`,
		"unknown":            `{` + saltText + `,"x":1}`,
		"unknown inside":     `{` + saltText + `,"inner":{"x":1}}`,
		"twice inside":       `{` + saltText + `,"map":{"a":"b","a":"c"}}`,
		"salt inside":        `{` + saltText + `,"inner":{"salt":"x"}}`,
		"null":               `{` + saltText + `,"word":null}`,
		"fraction":           `{` + saltText + `,"n":1.0}`,
		"exponent":           `{` + saltText + `,"n":1e3}`,
		"over 2^53":          `{` + saltText + `,"n":9007199254740993}`,
		"minus nought":       `{` + saltText + `,"n":-0}`,
		"leading nought":     `{` + saltText + `,"n":01}`,
		"invalid UTF-8":      `{` + saltText + `,"word":"` + "\xff" + `"}`,
		"surrogate in UTF-8": `{` + saltText + `,"word":"` + "\xed\xa0\x80" + `"}`,
		"lone surrogate":     `{` + saltText + `,"word":"\ud83d"}`,
		"low surrogate":      `{` + saltText + `,"word":"\ude00"}`,
		"control":            `{` + saltText + `,"word":"` + "\x01" + `"}`,
		"line feed":          "{" + saltText + ",\n\"word\":\"x\"}",
		"line feed at end":   `{` + saltText + "}\n",
		"more":               `{` + saltText + `}{}`,
		"comma":              `{` + saltText + `,}`,
		"wrong type":         `{` + saltText + `,"word":1}`,
		"not ended":          `{` + saltText + `,"word":"x"`,
		"too deep":           `{` + saltText + `,"word":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`,
	} {
		if err := DecodeStrict([]byte(bad), MaxBody, new(facts)); err == nil {
			t.Errorf("%s: taken: %s", name, bad)
		}
	}
	if err := DecodeStrict([]byte(`{`+saltText+`}`), 20, new(facts)); err == nil {
		t.Error("over the limit: taken")
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte(`{` + saltText + `,"word":"x","n":3,"list":[{"desk":"y"}],"map":{"a":"b"}}`))
	f.Add([]byte(`{` + saltText + `,"word":"\ud83d\ude00","at":"2026-01-02T03:04:05Z"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v facts
		if DecodeStrict(b, MaxBody, &v) != nil {
			return
		}
		if !json.Valid(b) {
			t.Errorf("taken, and no JSON: %q", b)
		}
		if _, err := EncodeBody(v, [32]byte{}); err != nil && !strings.Contains(err.Error(), "year") && !strings.Contains(err.Error(), "control") {
			t.Errorf("read and not written: %v", err)
		}
	})
}

// A time has one spelling, and none of it is the absence of one.
//
// SPEC: REC-007
func TestTimesOfABodyHaveOneSpelling(t *testing.T) {
	for spelt, ok := range map[string]bool{
		"2026-03-01T09:00:10Z": true, "2026-03-01T09:00:10.5Z": true, "2026-03-01T10:00:10+01:00": true,
		"2026-03-01T09:00:10.0Z": false, "2026-03-01T09:00:10.50Z": false, "2026-03-01T09:00:10,5Z": false, "2026-03-01T09:00:10+00:00": false, "2026-03-01T9:00:10Z": false,
		"2026-03-01T09:00:10z": false, "": false, "0001-01-01T00:00:00Z": false,
	} {
		var v struct {
			At time.Time `json:"at"`
		}
		if err := DecodeStrict([]byte(`{"salt":"`+Hash{1}.String()+`","at":"`+spelt+`"}`), MaxBody, &v); (err == nil) != ok {
			t.Errorf("%q: %v", spelt, err)
		}
	}
}
