// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"reflect"
	"testing"
)

func TestFrameRoundTrip(t *testing.T) {
	// SPEC: EXC-001
	f := Frame{Kind: FrameEntry, Parts: [][]byte{[]byte("note"), {}, []byte("text")}}
	g, err := ParseFrame(AppendFrame(nil, f))
	if err != nil || !reflect.DeepEqual(f, g) {
		t.Fatalf("got %v, %v", g, err)
	}
	for name, b := range map[string][]byte{
		"empty": {}, "unknown kind": {9}, "long part": {3, 200, 1}, "trailing": append(AppendFrame(nil, f), 0), "missing part": {2, 0, 0},
	} {
		if _, err := ParseFrame(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestFragmentRoundTrip(t *testing.T) {
	// SPEC: EXC-002
	f := Fragment{Party: "aurelia", Log: "7.k7qx3m", Index: 42, I: 1, N: 3, Data: []byte("piece")}
	g, err := ParseFragment(AppendFragment(nil, f))
	if err != nil || !reflect.DeepEqual(f, g) {
		t.Fatalf("got %v, %v", g, err)
	}
	f.I = 3
	if _, err := ParseFragment(AppendFragment(nil, f)); err == nil {
		t.Error("a piece beyond the count was accepted")
	}
}

func FuzzParseFrame(f *testing.F) {
	f.Add(AppendFrame(nil, Frame{Kind: FrameHave, Parts: [][]byte{[]byte("x")}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if fr, err := ParseFrame(b); err == nil {
			if g, err := ParseFrame(AppendFrame(nil, fr)); err != nil || !reflect.DeepEqual(fr, g) {
				t.Fatal("does not read back")
			}
		}
	})
}

func FuzzParseFragment(f *testing.F) {
	f.Add(AppendFragment(nil, Fragment{Party: "a", Log: "1.aaaaaa", N: 1, Data: []byte("d")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if fr, err := ParseFragment(b); err == nil && !bytes.Equal(fr.Data, b[len(b)-len(fr.Data):]) {
			t.Fatal("data is not the tail")
		}
	})
}
