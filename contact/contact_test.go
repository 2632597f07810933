// SPDX-License-Identifier: Apache-2.0

package contact_test

import (
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/contact"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

var allOutcomes = []string{contact.Accepted, contact.Declined, contact.Deferred, contact.CounterProposed,
	contact.Lapsed, contact.NoReply, contact.NotReached}

const postA, postB = "aurelia/1.k7qx3m 4", "aurelia/1.k7qx3m 5"

func placed(t testing.TB, standing bool) contact.Request {
	return contact.Request{For: contact.Call, From: postA, With: postB, When: when(t, "2022-02-25"), Standing: standing, Basis: "own", By: by()}
}

// ask begins a request by aurelia that both hold, and gives its entry.
func (w *world) ask(standing bool) *record.Entry {
	d, err := contact.PlacedDraft("aurelia", placed(w.t, standing), "", nil)
	e := w.state("aurelia", d, err)
	w.deliver()
	return e
}

func (w *world) request(party string, begin *record.Entry) *contact.Request {
	rec := w.side[party].rec
	return contact.Fold(rec.Item(rec.ItemOf(rec.At(begin.Place()))), rec).Request
}

// outcome states one about the request, or about another outcome of it.
func (w *world) outcome(party string, begin, about *record.Entry, what, on string) *record.Entry {
	w.t.Helper()
	f := contact.Attempt{Outcome: what, By: by()}
	if on != "" {
		d := when(w.t, on)
		f.On = &d
	}
	d, err := contact.OutcomeDraft(w.request(party, begin), about, party, f)
	return w.state(party, d, err)
}

// Every pair of outcomes: one after the other, and neither knowing the other; once and standing.
// SPEC: CNT-008 CNT-011
func TestPairsOfOutcomesComeToWhatTheTableSays(t *testing.T) {
	for _, x := range allOutcomes {
		for _, y := range allOutcomes {
			for _, standing := range []bool{false, true} {
				for _, knew := range []bool{true, false} {
					w := newWorld(t)
					b := w.ask(standing)
					w.outcome("aurelia", b, nil, x, "")
					if knew {
						w.deliver()
					}
					w.outcome("borealia", b, nil, y, "")
					w.deliver()
					want := y
					if !knew && x != y {
						want = contact.Differs
					}
					if standing && x == contact.Declined && y == x {
						want = contact.DeclinedSoFar
					}
					open := standing || slices.Contains([]string{contact.Deferred, contact.CounterProposed, contact.Differs}, want)
					for _, party := range []string{"aurelia", "borealia"} {
						if r := w.request(party, b); r.Status != want || r.Sought != open || len(r.Attempts) != 2 {
							t.Errorf("%s, %s (knew %v, standing %v): %s at %s, sought %v, want %s", x, y, knew, standing, r.Status, party, r.Sought, want)
						}
					}
				}
			}
		}
	}
}

// What one side states is stated by that side, until the other confirms or disputes it.
// SPEC: CNT-009 CNT-010
func TestOutcomeIsConfirmedOrDisputedByTheOtherSide(t *testing.T) {
	w := newWorld(t)
	b := w.ask(true)
	first := w.outcome("aurelia", b, nil, contact.Declined, "2022-03-01")
	second := w.outcome("aurelia", b, nil, contact.Declined, "2022-03-05")
	w.deliver()
	standing := func() string {
		var s []string
		for _, a := range w.request("aurelia", b).Attempts {
			s = append(s, a.Standing)
		}
		return strings.Join(s, " ")
	}
	if got := standing(); got != "stated stated" {
		t.Error(got)
	}
	w.outcome("borealia", b, first, contact.Declined, "")
	w.outcome("borealia", b, second, contact.NotReached, "")
	if got := standing(); got != "stated stated" {
		t.Errorf("before it arrived: %s", got)
	}
	w.deliver()
	if got := standing(); got != "confirmed disputed" {
		t.Error(got)
	}
	if r := w.request("aurelia", b); r.Status != contact.Differs || !r.Sought || r.Attempts[1].Other.Outcome != contact.NotReached {
		t.Errorf("%+v", r)
	}
	w.outcome("borealia", b, second, contact.Declined, "") // they take it back
	w.deliver()
	if r := w.request("borealia", b); standing() != "confirmed confirmed" || r.Status != contact.DeclinedSoFar {
		t.Errorf("%s %s", standing(), r.Status)
	}
	f := contact.Attempt{Outcome: contact.Accepted, By: by()}
	if _, err := contact.OutcomeDraft(w.request("aurelia", b), first, "aurelia", f); err == nil {
		t.Error("a side confirmed its own word")
	}
}

// An attempt that is entered late does not become the newest: dates order attempts.
// SPEC: CNT-011
func TestWhatIsEnteredLateCountsByItsDate(t *testing.T) {
	w := newWorld(t)
	b := w.ask(false)
	w.outcome("aurelia", b, nil, contact.NoReply, "2022-03-15")
	w.outcome("aurelia", b, nil, contact.Declined, "2022-03-01")
	if r := w.request("aurelia", b); r.Status != contact.NoReply {
		t.Error(r.Status)
	}
}

// The same set gives the same state whatever the order of delivery.
// SPEC: CNT-008
func TestSameStateInAnyOrder(t *testing.T) {
	w := newWorld(t)
	rnd := mrand.New(mrand.NewPCG(1, 2))
	var begins []*record.Entry
	for i := range 3 {
		begins = append(begins, w.ask(i%2 == 0))
	}
	for range 20 {
		b := begins[rnd.IntN(len(begins))]
		party := []string{"aurelia", "borealia"}[rnd.IntN(2)]
		about := (*record.Entry)(nil)
		if as := w.request(party, b).Attempts; len(as) > 0 && rnd.IntN(2) == 0 && as[0].Party != party {
			about = as[0].Entry
		}
		w.outcome(party, b, about, allOutcomes[rnd.IntN(len(allOutcomes))], "")
		if rnd.IntN(3) == 0 {
			w.deliver()
		}
	}
	w.deliver()
	want := picture(w.side["aurelia"].rec)
	for n := range 200 {
		rec := record.New(options())
		for _, i := range rnd.Perm(len(w.said)) {
			if _, err := rec.Add(w.said[i].Pieces()); err != nil {
				t.Fatal(err)
			}
		}
		if got := picture(rec); got != want {
			t.Fatalf("order %d:\n%s\nwant\n%s", n, got, want)
		}
	}
}

func picture(rec *record.Record) string {
	var b strings.Builder
	_, requests, _ := read(rec)
	for _, r := range requests {
		fmt.Fprintln(&b, r.Entry.Place(), r.Status, r.Sought)
		for _, a := range r.Attempts {
			fmt.Fprintln(&b, "  ", a.Entry.Place(), a.Outcome, a.Standing)
		}
	}
	return b.String()
}

// SPEC: CNT-012
func TestColumnsAreNeverAddedUp(t *testing.T) {
	got := map[string][]string{}
	for _, o := range allOutcomes {
		got[contact.Column(o)] = append(got[contact.Column(o)], o)
	}
	if fmt.Sprint(got[contact.Declined], got[contact.NoReply], got[contact.NotReached]) != "[declined] [lapsed no-reply] [not-reached]" {
		t.Error(got)
	}
}

// SPEC: CNT-004 CNT-005 CNT-006 CNT-007
func TestRecordRefusesWhatIsNotValid(t *testing.T) {
	w := newWorld(t)
	b := w.ask(false)
	made := contact.Contact{Kind: contact.Call, When: when(t, "2022-02-18"), Participants: []string{postA, postB},
		Channel: contact.ByTelephone, Basis: "press", By: by()}
	mk := func(f func(*contact.Contact)) contact.Contact { m := made; f(&m); return m }
	pl := func(f func(*contact.Request)) contact.Request { p := placed(t, false); f(&p); return p }
	long := strings.Repeat("x", 500)
	out := func(o string) contact.Attempt { return contact.Attempt{Outcome: o, By: by()} }
	late := out(contact.Accepted)
	late.Until = time.Date(2022, 3, 1, 0, 0, 0, 0, time.UTC)
	own := out(contact.Accepted)
	own.Attempt = "aurelia/1.k7qx3m 9"
	for _, c := range []struct {
		kind  string
		facts any
		re    bool
		good  bool
	}{
		{contact.KindMade, made, false, true},
		{contact.KindMade, made, true, false},
		{contact.KindMade, nil, false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Kind = "chat" }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Channel = contact.ByLetter }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.When = statement.When{} }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Participants = []string{postA} }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Participants = []string{postA, postA} }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Participants = []string{postA, "Minister"} }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Basis = "" }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Basis = "a\u202eb" }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.By.Known = "" }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.By.Officer = "Lt Amaro" }), false, false},
		{contact.KindMade, map[string]any{"kind": "call", "extra": "1"}, false, false},
		{contact.KindPlaced, placed(t, true), false, true},
		{contact.KindPlaced, placed(t, true), true, false},
		{contact.KindPlaced, pl(func(f *contact.Request) { f.For = contact.Letter }), false, false},
		{contact.KindPlaced, pl(func(f *contact.Request) { f.With = postA }), false, false},
		{contact.KindPlaced, pl(func(f *contact.Request) { f.ToldBy = long }), false, false},
		{contact.KindOutcome, out(contact.Declined), true, true},
		{contact.KindOutcome, out(contact.Declined), false, false},
		{contact.KindOutcome, out("refused"), true, false},
		{contact.KindOutcome, late, true, false},
		{contact.KindOutcome, own, true, false},
	} {
		d := record.Draft{Kind: c.kind, Class: "service", Mark: "actual", Facts: c.facts}
		if c.re {
			d.Re = []record.Ref{b.Ref()}
		}
		// Its author's own record refuses it, or says why it is not valid.
		e, err := w.side["aurelia"].run.Append(d, w.now, record.PeerClock{}, w.rand)
		if good := err == nil && e.Inert == ""; good != c.good {
			t.Errorf("%s %+v: %v, %+v", c.kind, c.facts, err, e)
		}
	}
	d, err := contact.OutcomeDraft(w.request("aurelia", b), nil, "aurelia", out(contact.Declined))
	d.Mark = "exercise"
	if e, err2 := w.side["aurelia"].run.Append(d, w.now, record.PeerClock{}, w.rand); err != nil || err2 == nil && e.Inert == "" {
		t.Errorf("an outcome of another mark than its request: %v %v", err, err2)
	}
}

// Drafts refuse with a hint what the other end would find not valid.
func TestDraftsRefuse(t *testing.T) {
	w := newWorld(t)
	r := w.request("aurelia", w.ask(false))
	for what, err := range map[string]error{
		"kind":    second(contact.MadeDraft("aurelia", contact.Contact{Kind: "chat"}, "", nil)),
		"facts":   second(contact.MadeDraft("aurelia", contact.Contact{Kind: contact.Call}, "", nil)),
		"mark":    second(contact.PlacedDraft("aurelia", placed(t, false), "drill", nil)),
		"outcome": second(contact.OutcomeDraft(r, nil, "aurelia", contact.Attempt{Outcome: "refused", By: by()})),
	} {
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second(_ record.Draft, err error) error { return err }

// A contact in the future, of another mark, or private is told apart.
func TestFiguresTellExerciseAndPrivateApart(t *testing.T) {
	w := newWorld(t)
	s := &story{world: w, posts: map[string]*record.Entry{}}
	for _, l := range []string{
		`aurelia post ministry 1 Minister --their Theirs`,
		`aurelia contact call 2022-03-01 Minister Theirs --basis own`,
		`aurelia contact call 2022-03-30 Minister Theirs --basis own`,
	} {
		s.tell(words(l))
	}
	q := w.query("aurelia", statement.When{})
	if f := contact.Since(q); len(f.Contacts) != 1 || f.Exercise || f.Private {
		t.Errorf("%d contacts, %+v", len(f.Contacts), f)
	}
	q.Contacts[0].Private, q.Contacts[0].Mark = true, "exercise"
	if f := contact.Since(q); !f.Exercise || !f.Private {
		t.Error("exercise and private are not told")
	}
	if q.Mark = "actual"; len(contact.Since(q).Contacts) != 0 {
		t.Error("an exercise counted as actual")
	}
	if f := contact.Since(contact.Query{}); len(f.Pairs) != 0 {
		t.Error("pairs out of nothing")
	}
}

func FuzzFacts(f *testing.F) {
	salt := `{"salt":"` + wire.Sum(nil).String() + `",`
	f.Add(0, salt+`"kind":"call","when":"2022-02-18","participants":["aurelia/1.k7qx3m 4","aurelia/1.k7qx3m 5"],"channel":"telephone","basis":"own","by":{"known":"unattributed"}}`)
	f.Add(1, salt+`"for":"call","from":"aurelia/1.k7qx3m 4","with":"aurelia/1.k7qx3m 5","when":"2022-02-18/2022-02-20","basis":"own","by":{"known":"unattributed"}}`)
	f.Add(2, salt+`"outcome":"declined","on":"2022-03-01T10:00:00Z","by":{"known":"unattributed"}}`)
	kinds := contact.Kinds
	f.Fuzz(func(t *testing.T, n int, body string) {
		e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: "aurelia"}}, Class: "service", Mark: "actual"}, nil, []byte(body), nil)
		k := kinds[uint(n)%uint(len(kinds))]
		e.Kind = k.Name
		if k.Name == contact.KindOutcome {
			e.Re = make([]record.Ref, 1)
		}
		if k.Validate(e, nil) != nil {
			return
		}
		st := contact.Fold(&record.Item{Begin: e, Entries: []*record.Entry{e}}, nil)
		if k.Begins && st.Contact == nil && st.Request == nil {
			t.Errorf("valid, and no state: %s", body)
		}
	})
}
