// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/parley/record"
	"example.org/parley/register"
)

// Offices are those that looking through all of them one by one would find.
//
// SPEC: CNT-014
func TestOfficesAreFoundByTheirNames(t *testing.T) {
	rnd := rand.New(rand.NewPCG(14, 1))
	for range 400 {
		reg := &register.Register{}
		for i := range 2 + rnd.IntN(30) {
			name := func() string {
				return []string{"Straße", "STRASSE", "Σίγμας", "ΣΊΓΜΑς", "Kelvin", "kelvin", "a", "b", "C", "c"}[rnd.IntN(10)]
			}
			p := &register.Post{Org: []string{"o", "O", "p"}[rnd.IntN(3)], Name: name(), Names: map[string]string{}, Level: 1 + rnd.IntN(3), Whose: []string{"", "them"}[rnd.IntN(2)]}
			for k := range rnd.IntN(3) {
				p.Names[fmt.Sprint("l", k)] = name()
			}
			p.Place, p.Party = record.Place{LogID: record.LogID{Party: "us"}, Index: i}, []string{"us", "them"}[rnd.IntN(2)]
			reg.Posts = append(reg.Posts, p)
		}
		var slow []*office
		of := map[record.Place]*office{}
		for _, p := range reg.Posts {
			i := slices.IndexFunc(slow, func(o *office) bool { return o.of == p.Of() && same(o.Post, p) })
			if i < 0 {
				i = len(slow)
				slow = append(slow, &office{Post: p, of: p.Of()})
			}
			if slow[i].Party != p.Of() && p.Party == p.Of() {
				slow[i].Post = p
			}
			of[p.Place] = slow[i]
		}
		b := NewBook("us", "them")
		b.Settle(reg, nil)
		for _, p := range reg.Posts {
			if got, want := b.office[p.Place], of[p.Place]; got.Post != want.Post || got.of != want.of {
				t.Fatalf("%s of %s: %s, not %s", p.Name, p.Org, got.Name, want.Name)
			}
		}
		if len(b.offices) != len(slow) {
			t.Fatalf("%d offices, not %d", len(b.offices), len(slow))
		}
	}
}
