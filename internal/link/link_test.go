// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"testing"

	"example.org/parley/internal/link"
)

func TestConnect(t *testing.T) {
	a, b := direct(t)
	exchanged(t, a, b)
	a.Close("going home")
	if down := wait(b, link.SessionDown, nil); !down.Bye || down.Reason != "going home" {
		t.Errorf("%+v", down)
	}
}

// exchanged has two links that have just met say all that there is to say.
func exchanged(t *testing.T, a, b *node) {
	t.Helper()
	for _, n := range []*node{a, b} {
		up := wait(n, link.SessionUp, nil)
		if up.Path != 0 || len(up.Greeting) < 10 {
			t.Errorf("%s: %+v", n.name, up)
		}
	}
	ua, ub := wait(a, link.StreamUp, nil), wait(b, link.StreamUp, nil)
	if ua.ID != ub.ID {
		t.Error("the ends name the stream differently")
	}
	if !a.SendStream([]byte("one")) || !a.SendStream([]byte("two")) || !b.SendStream([]byte("three")) {
		t.Error("stream took nothing")
	}
	for n, want := range map[*node][]string{a: {"three"}, b: {"one", "two"}} {
		for _, w := range want {
			if got := wait(n, link.Stream, nil); string(got.Payload) != w {
				t.Errorf("%s got %q, want %q", n.name, got.Payload, w)
			}
		}
	}
	b.Signal(16, []byte("ring"))
	if got := wait(a, link.Lane, nil); string(got.Payload) != "ring" || got.Lane != 16 {
		t.Errorf("%+v", got)
	}
	a.Repeat("x", 17, [][]byte{[]byte("p1"), []byte("p2")})
	for i := range 6 {
		want := []string{"p1", "p2"}[i%2]
		if got := wait(b, link.Lane, nil); string(got.Payload) != want {
			t.Errorf("%+v", got)
		}
	}
	a.Done("x")
}
