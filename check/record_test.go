// SPDX-License-Identifier: Apache-2.0

package check

import (
	"crypto/ed25519"
	"crypto/sha256"
	"math/rand"
	"testing"

	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// TestDraftsOfChecksHoldOnARecord states again what two ends stated of a week of checks, in a real record, and makes the figures from it.
//
// SPEC: CHK-008 CHK-011
func TestDraftsOfChecksHoldOnARecord(t *testing.T) {
	kinds := map[string]record.Kind{}
	for _, k := range Kinds {
		kinds[k.Name] = k.Kind
	}
	o := record.Options{Genesis: wire.Sum([]byte("g")), Kinds: kinds}
	p := newPair()
	p.run(day(8, 10, 0))
	rnd := rand.New(rand.NewSource(1))
	runs := map[string]*record.Run{}
	keys := map[string]ed25519.PrivateKey{}
	for i, name := range parties {
		seed := sha256.Sum256([]byte(name))
		keys[name] = ed25519.NewKeyFromSeed(seed[:])
		o.Parties[i] = record.Party{Name: name, Letter: string(name[0] - 32), Keys: []ed25519.PublicKey{keys[name].Public().(ed25519.PublicKey)}}
	}
	r := record.New(o)
	for _, name := range parties {
		runs[name] = r.OpenRun(record.RunConfig{Party: name, Station: "main", Why: "first", Run: record.NewRunName(rnd), Key: keys[name]})
	}
	for _, e := range p.have[0] {
		var facts any
		if e.Kind == KindClosed {
			facts, _, _ = statement.Read[ClosedFacts](e)
		} else {
			facts, _, _ = statement.Read[OpenedFacts](e)
		}
		got, err := runs[e.Log.Party].Append(record.Draft{Kind: e.Kind, Class: e.Class, Mark: e.Mark, Facts: facts}, e.Time, record.PeerClock{}, rnd)
		if err != nil || got.Inert != "" {
			t.Fatal(err, got.Inert)
		}
	}
	var states []State
	for _, key := range r.Items() {
		s := Fold(r.Item(key), r)
		if "check "+s.Slot.Key() != key {
			t.Errorf("%s is the item %s", s.Slot.Key(), key)
		}
		states = append(states, s)
	}
	if f := Days(states, daily, nil, began, p.now); f.Streak != 7 || len(f.Alarming()) != 0 {
		t.Errorf("%+v", f)
	}
}
