// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"example.org/parley/contact"
	"example.org/parley/readout"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
)

type obj = map[string]any

// history is what aurelia stated alone, in its order: posts, a holder, a contact with a concern, a request with an outcome, a readout.
func history(t *testing.T, w *world) (es []*record.Entry) {
	t.Helper()
	by := obj{"officer": "aurelia/1.abc123 1", "known": "account"}
	add := func(kind string, facts obj, text string, re ...*record.Entry) *record.Entry {
		d := record.Draft{Kind: kind, Class: "service", Mark: "actual", Facts: facts}
		for _, e := range re {
			d.Re = append(d.Re, e.Ref())
		}
		if text != "" {
			d.Text = &record.Text{Lang: "en", Text: text}
		}
		e := w.add(d)
		if e.Inert != "" {
			t.Fatalf("%s: %s", kind, e.Inert)
		}
		es = append(es, e)
		return e
	}
	p := add("post.added", obj{"org": "Ministry", "name": "Minister", "level": 1}, "")
	q := add("post.added", obj{"org": "Their ministry", "name": "Their minister", "level": 1, "of": "borealia", "pair": p.Place().String()}, "")
	add("holder.added", obj{"name": "A. Neri"}, "", p)
	c := add("contact.made", obj{"kind": "call", "when": "2026-02-18", "participants": []obj{{"post": p.Place().String()}, {"post": q.Place().String()}}, "channel": "telephone", "basis": "own", "by": by}, "")
	k := add("concern.raised", obj{"by": by}, "fishermen held", c)
	add("concern.answered", obj{"by": by}, "", c, k)
	r := add("request.placed", obj{"for": "call", "from": p.Place().String(), "with": q.Place().String(), "when": "2026-02-25", "basis": "own", "by": by}, "")
	add("request.outcome", obj{"outcome": "declined", "on": "2026-02-26", "by": by}, "", r)
	add("readout.filed", obj{"lang": "en", "points": []obj{{"sort": "observed", "text": "struck the table"}}, "by": by}, "", c)
	add("concern.raised", obj{"by": by}, "the boats too", c)
	return es
}

// anew states a history on the line of the two, in a run of its own.
func anew(t *testing.T, w *world, es []*record.Entry) (out []*record.Entry) {
	t.Helper()
	run := w.run(w.a, "aurelia", "restore")
	now := map[record.Ref]record.Ref{}
	for _, e := range es {
		d, ok, err := statement.Anew(e, now)
		if err != nil || !ok {
			t.Fatalf("%s: %v %v", e.Kind, ok, err)
		}
		is, err := run.Append(d, w.tick(), record.PeerClock{}, w.rand)
		if err != nil {
			t.Fatalf("%s: %v", e.Kind, err)
		}
		if b := statement.BeforeOf(is); b == nil || b.Leaf != e.Leaf || b.Place != e.Place().String() || !b.Time.Equal(e.Time.Truncate(time.Second)) {
			t.Errorf("%s: %+v", e.Kind, b)
		}
		now[e.Ref()] = is.Ref()
		out = append(out, is)
	}
	return out
}

// What is stated anew twice folds once, whichever of its places is named and in whatever order the statements come.
func TestWhatIsStatedAnewTwiceFoldsOnce(t *testing.T) {
	// SPEC: ALN-022 ALN-024
	alone, _ := alone(t)
	was := history(t, alone)
	w := newWorld(t)
	w.now = alone.now
	first := anew(t, w, was)
	second := anew(t, w, was)
	all := append(first, second...)
	run := w.run(w.a, "aurelia", "restart")
	about := func(kind string, facts obj, re ...*record.Entry) { // what is said of either place is said of the one
		d := record.Draft{Kind: kind, Class: "service", Mark: "actual", Facts: facts}
		for _, e := range re {
			d.Re = append(d.Re, e.Ref())
		}
		e, err := run.Append(d, w.tick(), record.PeerClock{}, w.rand)
		w.must(err)
		all = append(all, e)
	}
	by := obj{"officer": "aurelia/1.abc123 1", "known": "account"}
	about("holder.ended", obj{"on": "2026-03-01"}, first[0], second[2])
	about("concern.answered", obj{"by": by}, first[3], second[9])
	about("request.tried", obj{"when": "2026-02-27", "basis": "own", "by": by}, second[6])
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		r := record.New(w.o)
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, e := range w.a.Entries(w.a.Logs()[0].Name.LogID, 0) {
			if _, err := r.Add(e.Pieces()); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range all {
			if _, err := r.Add(e.Pieces()); err != nil {
				t.Fatal(err)
			}
		}
		var items []*record.Item
		contacts, requests, readouts := 0, 0, 0
		for _, key := range r.Items() {
			it := r.Item(key)
			items = append(items, it)
			s := contact.Fold(it, r)
			if c := s.Contact; c != nil {
				if contacts++; len(c.Concerns) != 2 || c.Concerns[0].Status != contact.Answered || c.Concerns[1].Status != contact.Answered {
					t.Errorf("round %d: concerns %+v", round, c.Concerns)
				}
			}
			if q := s.Request; q != nil {
				if requests++; len(q.Attempts) != 2 || q.Attempts[0].Outcome != contact.Declined {
					t.Errorf("round %d: attempts %+v", round, q.Attempts)
				}
			}
			if it.Begin != nil && it.Begin.Kind == "readout.filed" && readout.Fold(it) != nil {
				readouts++
			}
		}
		g := register.Build(items)
		if contacts != 1 || requests != 1 || readouts != 1 || len(g.Posts) != 2 || len(g.Posts[0].Holders) != 1 {
			t.Errorf("round %d: %d contacts, %d requests, %d readouts, %d posts", round, contacts, requests, readouts, len(g.Posts))
		}
		if len(g.Posts) == 2 && g.Posts[0].Holders[0].Ended == nil {
			t.Errorf("round %d: the holder did not end", round)
		}
		for i := range 2 {
			if a, b := g.Post(first[i].Place()), g.Post(second[i].Place()); a == nil || a != b {
				t.Errorf("round %d: the post of %s is not that of %s", round, first[i].Place(), second[i].Place())
			}
		}
		if len(g.Posts[0].Counterparts) != 1 {
			t.Errorf("round %d: counterparts %v", round, g.Posts[0].Counterparts)
		}
	}
}

// Where and when something was stated before the line is refused of what is not stated anew, of another party and of a
// time to come; and nobody takes another party's statement out by its leaf.
func TestBeforeTheLineIsItsOwnPartysWord(t *testing.T) {
	// SPEC: ALN-021 ALN-024
	alone, _ := alone(t)
	was := history(t, alone)
	w := newWorld(t)
	w.now = alone.now
	now := map[record.Ref]record.Ref{}
	d, _, err := statement.Anew(was[0], now)
	w.must(err)
	state := func(run *record.Run, d record.Draft) error {
		_, err := run.Append(d, w.tick(), record.PeerClock{}, w.rand)
		return err
	}
	w.must(state(w.wa, d))
	if err := state(w.wb, d); err == nil || !strings.Contains(err.Error(), "another party") {
		t.Errorf("of another party: %v", err)
	}
	good := obj{"org": "Staff", "name": "Chief", "level": 2}
	with := func(b obj) record.Draft {
		f := obj{"before": b}
		for k, v := range good {
			f[k] = v
		}
		return record.Draft{Kind: "post.added", Class: "service", Mark: "actual", Facts: f}
	}
	leaf := was[0].Leaf.String()
	for name, b := range map[string]obj{
		"no place": {"place": "aurelia", "leaf": leaf, "time": "2026-01-01T00:00:00Z"}, "no leaf": {"place": "borealia/1.abc123 1", "time": "2026-01-01T00:00:00Z"},
		"no time": {"place": "borealia/1.abc123 1", "leaf": leaf}, "a time to come": {"place": "borealia/1.abc123 1", "leaf": leaf, "time": "2099-01-01T00:00:00Z"},
		"another member": {"place": "borealia/1.abc123 1", "leaf": leaf, "time": "2026-01-01T00:00:00Z", "more": 1},
	} {
		if err := state(w.wb, with(b)); err == nil {
			t.Errorf("%s was stated", name)
		}
	}
	officer := record.Draft{Kind: "officer.added", Class: "service", Mark: "actual", Facts: obj{"name": "Lt Amaro", "before": obj{"place": "borealia/1.abc123 1", "leaf": leaf, "time": "2026-01-01T00:00:00Z"}}}
	if err := state(w.wb, officer); err == nil || !strings.Contains(err.Error(), "not stated anew") {
		t.Errorf("an officer: %v", err)
	}
	w.must(state(w.wb, with(obj{"place": "borealia/1.abc123 1", "leaf": leaf, "time": "2026-01-01T00:00:00Z"}))) // the leaf of aurelia's
	var items []*record.Item
	for _, r := range []*record.Record{w.a, w.b} {
		for _, key := range r.Items() {
			items = append(items, r.Item(key))
		}
	}
	if g := register.Build(items); len(g.Posts) != 2 {
		t.Errorf("%d posts", len(g.Posts))
	}
	if d, ok, err := statement.Anew(was[2], now); ok || err != nil { // its post was not stated anew
		t.Errorf("%+v %v %v", d, ok, err)
	}
}

// FuzzBefore: whatever stands in facts, nothing panics that reads where they were stated before the line.
func FuzzBefore(f *testing.F) {
	salt := `{"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`
	f.Add([]byte(salt + `,"org":"a","name":"b","level":1,"before":{"place":"aurelia/1.abc123 1","leaf":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","time":"2026-01-01T00:00:00Z"}}`))
	f.Add([]byte(salt + `,"pair":"aurelia/1.abc123 1"}`))
	f.Fuzz(func(t *testing.T, facts []byte) {
		e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: "aurelia", Number: 1, Run: "abc123"}}, Kind: "post.added", Class: "service", Mark: "actual"}, nil, facts, nil)
		b := statement.BeforeOf(e)
		k, _ := statement.Find(Kinds, e.Kind)
		if err := k.Validate(e, nil); err == nil && b != nil && b.Place == "" {
			t.Errorf("%+v", b)
		}
		_, _, _ = statement.Anew(e, map[record.Ref]record.Ref{e.Ref(): e.Ref()})
	})
}
