// SPDX-License-Identifier: Apache-2.0

package call

import (
	"crypto/ed25519"
	"crypto/sha256"
	"math/rand"
	"testing"

	"example.org/parley/record"
	"example.org/parley/wire"
)

// TestDraftsOfACallHoldOnARecord takes the drafts of a whole call through a real record of both ends.
//
// SPEC: CAL-011
func TestDraftsOfACallHoldOnARecord(t *testing.T) {
	kinds := map[string]record.Kind{}
	for _, k := range Kinds {
		kinds[k.Name] = k.Kind
	}
	o := record.Options{Genesis: wire.Sum([]byte("g")), Kinds: kinds}
	keys := map[string]ed25519.PrivateKey{}
	for i, p := range []string{"aurelia", "borealia"} {
		seed := sha256.Sum256([]byte(p))
		keys[p] = ed25519.NewKeyFromSeed(seed[:])
		o.Parties[i] = record.Party{Name: p, Letter: string(p[0] - 32), Keys: []ed25519.PublicKey{keys[p].Public().(ed25519.PublicKey)}}
	}
	r, rnd := record.New(o), rand.New(rand.NewSource(1))
	w := newWorld(1)
	w.play(t, "@0 aurelia ring class=test\n@2 borealia answer\n@9 borealia hang-up class=service\n")
	item := ""
	for _, e := range w.ends {
		run := r.OpenRun(record.RunConfig{Party: e.name, Station: "main", Why: "first", Run: record.NewRunName(rnd), Key: keys[e.name]})
		for _, d := range e.all {
			got, err := run.Append(d, epoch, record.PeerClock{}, rnd)
			if err != nil || got.Inert != "" {
				t.Fatal(err, got)
			}
			item = r.ItemOf(got)
		}
	}
	if len(r.Items()) != 1 || len(r.Item(item).Entries) != 4 {
		t.Fatal(r.Items())
	}
	s := Fold(r.Item(item), r)
	if s.Outcome.What != Answered || s.Differ || s.Open || s.Class != "service" || !s.ClassDisputed || s.Outcome.Desk != "b1" || s.Caller.Party != "aurelia" || s.Called.Party != "borealia" {
		t.Errorf("%+v", s)
	}
}
