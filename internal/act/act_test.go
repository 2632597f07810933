// SPDX-License-Identifier: Apache-2.0

package act

import (
	"reflect"
	"testing"
)

// SPEC: CLI-023
func TestDecodeRefusesWhatNoFaceWouldWrite(t *testing.T) {
	for _, c := range [][2]string{
		{"fly", `{}`}, {"status", `{"id":"A1-1"}`}, {"status", `[]`}, {"show", `{"id":"A1-1","id":"A1-2"}`}, {"show", `{"ID":"A1-1"}`}, {"show", `{"id":"A1-1"} {}`},
		{"show", "{\"id\":\"\xff\"}"}, {"show", `{"do":"alarm.ack"}`}, {"stop.step", `{"id":"A1-1","step":"forget"}`}, {"log", `{"last":-1}`},
	} {
		if a, err := Decode(c[0], []byte(c[1])); err == nil {
			t.Errorf("%s %s: taken as %+v", c[0], c[1], a)
		}
	}
}

// What a face encodes, the node decodes: acts that share a type are told apart.
//
// SPEC: CLI-021
func TestEveryActIsTheSameOnceDecoded(t *testing.T) {
	for _, a := range []Act{Status, SignOff, Show{ID: "A1-1"}, Saying{Do: "request.withdraw", ID: "A1-1"}, PostAdd{Do: "post.edit", Replaces: "A1-1"}, AlarmAck, AlarmAck.Of("A1/x"), StopStep{ID: "A1-3", Step: "lift"}, Send{Text: "x", Precedence: "FLASH"}, SetDesk{Armed: true}} {
		b, err := Encode(a)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(a.Verb(), b); err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("%s %s: %+v %v, want %+v", a.Verb(), b, got, err, a)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("send", []byte(`{"text":"hello"}`))
	f.Fuzz(func(t *testing.T, verb string, b []byte) {
		if a, err := Decode(verb, b); err == nil && a.Verb() != verb {
			t.Errorf("%q is taken as %+v", verb, a)
		}
	})
}
