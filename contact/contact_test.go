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
	"example.org/parley/register"
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
	f := contact.Result{Outcome: what, By: by()}
	if on != "" {
		f.On = when(w.t, on)
	}
	d, err := contact.OutcomeDraft(w.request(party, begin), about, party, f)
	return w.state(party, d, err)
}

// again states a further attempt.
func (w *world) again(party string, begin *record.Entry, on string) *record.Entry {
	w.t.Helper()
	d, err := contact.TriedDraft(w.request(party, begin), party, contact.Attempt{When: when(w.t, on), Basis: contact.Own, By: by()}, false)
	return w.state(party, d, err)
}

// Every pair of outcomes of one attempt, of one side each: the same confirms, another disputes; and of two attempts, one after
// the other, or neither knowing the other; once and standing.
// SPEC: CNT-008 CNT-010 CNT-011 CNT-021
func TestPairsOfOutcomesComeToWhatTheTableSays(t *testing.T) {
	for _, x := range allOutcomes {
		for _, y := range allOutcomes {
			for _, standing := range []bool{false, true} {
				for _, how := range []string{"one attempt", "knew", "did not know"} {
					w := newWorld(t)
					b := w.ask(standing)
					attempts, want := 1, y
					switch how {
					case "one attempt":
						w.outcome("aurelia", b, b, x, "")
						w.deliver()
						w.outcome("borealia", b, b, y, "")
					default:
						if attempts = 3; how == "knew" {
							w.outcome("aurelia", b, w.again("aurelia", b, "2022-02-25"), x, "")
							w.deliver()
							w.outcome("borealia", b, w.again("borealia", b, "2022-02-25"), y, "")
							break
						}
						mine, theirs := w.again("aurelia", b, "2022-02-25"), w.again("borealia", b, "2022-02-25")
						w.outcome("aurelia", b, mine, x, "")
						w.outcome("borealia", b, theirs, y, "")
					}
					w.deliver()
					if how != "knew" && x != y {
						want = contact.Differs
					}
					if standing && x == contact.Declined && y == x && attempts == 1 {
						want = contact.DeclinedSoFar
					}
					open := standing || slices.Contains([]string{contact.Deferred, contact.CounterProposed, contact.Differs}, want)
					for _, party := range []string{"aurelia", "borealia"} {
						if r := w.request(party, b); r.Status != want || r.Sought != open || len(r.Attempts) != attempts {
							t.Errorf("%s, %s (%s, standing %v): %s at %s, sought %v, %d attempts, want %s", x, y, how, standing, r.Status, party, r.Sought, len(r.Attempts), want)
						}
					}
				}
			}
		}
	}
}

// What one side states is stated by that side, until the other confirms or disputes it.
// SPEC: CNT-009 CNT-010 CNT-022
func TestOutcomeIsConfirmedOrDisputedByTheOtherSide(t *testing.T) {
	w := newWorld(t)
	b := w.ask(true)
	first := w.outcome("aurelia", b, b, contact.Declined, "2022-03-01")
	second := w.outcome("aurelia", b, w.again("aurelia", b, "2022-03-05"), contact.Declined, "2022-03-05")
	w.deliver()
	standing := func() string {
		var s []string
		for _, a := range w.request("aurelia", b).Attempts {
			s = append(s, a.Standing)
		}
		return strings.Join(s, " ")
	}
	says := func(party string, about *record.Entry, yes bool) {
		t.Helper()
		d, err := contact.VerdictDraft(party, b, about, yes, contact.Verdict{By: by()})
		w.state(party, d, err)
	}
	if got := standing(); got != "stated stated" {
		t.Error(got)
	}
	says("borealia", first, true)
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
	says("borealia", second, true) // they take it back
	w.deliver()
	if r := w.request("borealia", b); standing() != "confirmed confirmed" || r.Status != contact.DeclinedSoFar {
		t.Errorf("%s %s", standing(), r.Status)
	}
	says("borealia", first, false)
	w.deliver()
	if got := standing(); got != "disputed confirmed" {
		t.Error(got)
	}
	w.outcome("aurelia", b, first, contact.NotReached, "") // our newer word: what they disputed was another
	w.deliver()
	if r := w.request("borealia", b); r.Attempts[0].Outcome != contact.NotReached {
		t.Errorf("%+v", r.Attempts[0])
	}
	if _, err := contact.VerdictDraft("aurelia", b, first, true, contact.Verdict{By: by()}); err == nil {
		t.Error("a side confirmed its own word")
	}
}

// SPEC: CNT-023 CNT-024
func TestWithdrawnIsNotSoughtUntilItIsTakenUpAgain(t *testing.T) {
	w := newWorld(t)
	b := w.ask(true)
	if _, err := contact.WithdrawnDraft(w.request("borealia", b), "borealia", contact.Verdict{By: by()}); err == nil {
		t.Error("the other side withdrew it")
	}
	d, err := contact.WithdrawnDraft(w.request("aurelia", b), "aurelia", contact.Verdict{Reason: "they spoke", By: by()})
	w.state("aurelia", d, err)
	w.deliver()
	r := w.request("borealia", b)
	if r.Status != contact.Withdrawn || r.Sought {
		t.Errorf("%+v", r)
	}
	if f := contact.Since(w.query("aurelia", statement.When{})); f.ByUs[contact.Open].N() != 0 || f.ByUs[contact.Withdrawn].N() != 1 {
		t.Errorf("an attempt that was withdrawn counts as %+v", f.ByUs)
	}
	if _, err := contact.OutcomeDraft(r, b, "borealia", contact.Result{Outcome: contact.Declined, By: by()}); err == nil {
		t.Error("an outcome of what was withdrawn")
	}
	f := contact.Attempt{When: when(t, "2022-03-10"), Basis: contact.Own, By: by()}
	if _, err := contact.TriedDraft(r, "aurelia", f, false); err == nil {
		t.Error("tried again without being taken up again")
	}
	d, err = contact.TriedDraft(r, "aurelia", f, true)
	w.state("aurelia", d, err)
	w.deliver()
	if r = w.request("borealia", b); r.Status != contact.Open || !r.Sought || len(r.Attempts) != 2 {
		t.Errorf("%+v", r)
	}
	at := time.Date(2022, 3, 24, 10, 0, 0, 0, time.UTC)
	d, err = contact.OutcomeDraft(r, b, "borealia", contact.Result{Outcome: contact.Accepted, At: at, Behalf: "principal", By: by()})
	w.state("borealia", d, err)
	w.deliver()
	if r = w.request("aurelia", b); r.Status != contact.Accepted || !r.Scheduled.Equal(at) {
		t.Errorf("%+v", r)
	}
}

// An attempt that is entered late does not become the newest: dates order attempts.
// SPEC: CNT-011
func TestWhatIsEnteredLateCountsByItsDate(t *testing.T) {
	w := newWorld(t)
	b := w.ask(false)
	w.outcome("aurelia", b, w.again("aurelia", b, "2022-03-15"), contact.NoReply, "")
	w.outcome("aurelia", b, w.again("aurelia", b, "2022-03-01"), contact.Declined, "")
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
		as := w.request(party, b).Attempts
		a := as[rnd.IntN(len(as))]
		switch n := rnd.IntN(4); {
		case n == 0 && a.Result != nil && a.Result.Entry.Log.Party != party:
			d, err := contact.VerdictDraft(party, b, a.Result.Entry, rnd.IntN(2) == 0, contact.Verdict{By: by()})
			w.state(party, d, err)
		case n == 1:
			w.again(party, b, fmt.Sprintf("2022-03-%02d", 1+rnd.IntN(20)))
		default:
			w.outcome(party, b, a.Entry, allOutcomes[rnd.IntN(len(allOutcomes))], "")
		}
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
			fmt.Fprintln(&b, "  ", a.Entry.Place(), a.Outcome, a.Standing, a.Result != nil && a.Other != nil)
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
	made := contact.Contact{Kind: contact.Call, When: when(t, "2022-02-18"), Participants: []contact.Participant{{Post: postA}, {Post: postB}},
		Channel: contact.ByTelephone, Basis: "press", By: by()}
	mk := func(f func(*contact.Contact)) contact.Contact {
		m := made
		m.Participants = slices.Clone(made.Participants)
		f(&m)
		return m
	}
	pl := func(f func(*contact.Request)) contact.Request { p := placed(t, false); f(&p); return p }
	out := func(o string) contact.Result { return contact.Result{Outcome: o, By: by()} }
	late := out(contact.Accepted)
	late.Until = time.Date(2022, 3, 1, 0, 0, 0, 0, time.UTC)
	deferred := out(contact.Deferred)
	deferred.At = late.Until
	behalf := out(contact.Declined)
	behalf.Behalf = "nobody"
	for _, c := range []struct {
		kind  string
		facts any
		re    bool
		good  bool
	}{
		{contact.KindMade, made, false, true},
		{contact.KindMade, made, true, true}, // it corrects what it names
		{contact.KindMade, nil, false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Kind = "chat" }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Channel = contact.ByLetter }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.When = statement.When{} }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Participants = f.Participants[:1] }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Participants = []contact.Participant{{Post: postA}, {Post: postA}} }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Participants = []contact.Participant{{Post: postA}, {Post: "Minister"}} }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Basis = "" }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Basis = "a\u202eb" }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.By.Known = "" }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.By.Officer = "Lt Amaro" }), false, false},
		{contact.KindMade, map[string]any{"kind": "call", "extra": "1"}, false, false},
		{contact.KindPlaced, placed(t, true), false, true},
		{contact.KindPlaced, placed(t, true), true, false},
		{contact.KindPlaced, pl(func(f *contact.Request) { f.For = contact.Letter }), false, false},
		{contact.KindPlaced, pl(func(f *contact.Request) { f.With = postA }), false, false},
		{contact.KindPlaced, pl(func(f *contact.Request) { f.Basis = contact.ToldBy }), false, false}, // no words
		{contact.KindOutcome, out(contact.Declined), true, true},
		{contact.KindOutcome, out(contact.Declined), false, false},
		{contact.KindOutcome, out("refused"), true, false},
		{contact.KindOutcome, late, true, false},
		{contact.KindOutcome, deferred, true, false},
		{contact.KindOutcome, behalf, true, false},
		{contact.KindTried, contact.Attempt{When: when(t, "2022-03-01"), Basis: contact.Own, By: by()}, true, true},
		{contact.KindTried, contact.Attempt{When: when(t, "2022-02-01"), Basis: contact.Own, By: by()}, true, false},
		{contact.KindTried, contact.Attempt{When: when(t, "2022-03-01"), Basis: "hearsay", By: by()}, true, false},
		{contact.KindWithdrawn, contact.Verdict{By: by()}, true, true},
		{"request.confirmed", contact.Verdict{By: by()}, true, false},   // it names no outcome
		{contact.KindConfirmed, contact.Verdict{By: by()}, true, false}, // a request, and its own
		{contact.KindRaised, contact.Concern{By: by()}, true, false},    // no words
		{contact.KindMade, mk(func(f *contact.Contact) { f.Basis = contact.ToldBy }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Kind = contact.Multilateral; f.Channel = contact.InPerson }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Kind = contact.Public; f.Channel = contact.InPublic }), false, false}, // no words
		{contact.KindMade, mk(func(f *contact.Contact) { f.Participants[0].Number = -1 }), false, false},
		{contact.KindMade, mk(func(f *contact.Contact) { f.Occasion = "the day before" }), false, false},
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
	d, err := contact.OutcomeDraft(w.request("aurelia", w.ask(false)), b, "aurelia", out(contact.Declined))
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
		"kind":    second(contact.MadeDraft("aurelia", contact.Contact{Kind: "chat"}, "", nil, nil)),
		"facts":   second(contact.MadeDraft("aurelia", contact.Contact{Kind: contact.Call}, "", nil, nil)),
		"mark":    second(contact.PlacedDraft("aurelia", placed(t, false), "drill", nil)),
		"outcome": second(contact.OutcomeDraft(r, r.Entry, "aurelia", contact.Result{Outcome: "refused", By: by()})),
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
	s := &story{world: w, posts: map[string]*record.Entry{}, requests: map[string]*record.Entry{}}
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
	rec := w.side["aurelia"].rec
	for _, k := range rec.Items() {
		if st := contact.Fold(rec.Item(k), rec); st.Contact != nil {
			st.Contact.Private, st.Contact.Mark = true, "exercise"
			q.Book.Put(k, st)
		}
	}
	_, _, reg := read(rec)
	q.Book.Settle(reg, rec)
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
	f.Add(0, salt+`"kind":"call","when":"2022-02-18","participants":[{"post":"aurelia/1.k7qx3m 4","number":2},{"post":"aurelia/1.k7qx3m 5"}],"channel":"telephone","basis":"own","by":{"known":"unattributed"}}`)
	f.Add(6, salt+`"for":"call","from":"aurelia/1.k7qx3m 4","with":"aurelia/1.k7qx3m 5","when":"2022-02-18/2022-02-20","basis":"own","by":{"known":"unattributed"}}`)
	f.Add(7, salt+`"when":"~2022-03-01","basis":"press","by":{"known":"unattributed"}}`)
	f.Add(8, salt+`"outcome":"declined","on":"2022-03-01T10:00:00Z","by":{"known":"unattributed"}}`)
	f.Add(1, salt+`"reason":"no","by":{"known":"unattributed"}}`)
	f.Add(12, salt+`"about":"aurelia/1.k7qx3m 4","by":{"known":"unattributed"}}`)
	kinds := contact.Kinds
	f.Fuzz(func(t *testing.T, n int, body string) {
		e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: "aurelia"}}, Class: "service", Mark: "actual"}, nil, []byte(body), nil)
		k := kinds[uint(n)%uint(len(kinds))]
		e.Kind = k.Name
		if !k.Begins {
			e.Re = make([]record.Ref, 1+uint(n)%2)
		}
		if k.Validate(e, nil) != nil {
			return
		}
		st := contact.Fold(&record.Item{Begin: e, Entries: []*record.Entry{e}}, nobody{})
		if k.Begins && st.Contact == nil && st.Request == nil && st.Assessment == nil {
			t.Errorf("valid, and no state: %s", body)
		}
	})
}

// nobody knew anything.
type nobody struct{}

func (nobody) Before(a, b *record.Entry) bool { return false }

// What a book says is a function of the states in it, whatever was put before, in whatever order.
//
// SPEC: CNT-017 CNT-018 CNT-026
func TestBookIsTheSameWorkedOutFromNothing(t *testing.T) {
	w := newWorld(t)
	s := &story{world: w, posts: map[string]*record.Entry{}, requests: map[string]*record.Entry{}}
	s.tell(words(`aurelia post ministry 1 Minister --their Theirs`))
	s.tell(words(`aurelia post staff 2 Chief --their Chiefs`))
	w.deliver()
	rnd := mrand.New(mrand.NewPCG(3, 4))
	run := contact.NewBook("aurelia", "borealia")
	rec := w.side["aurelia"].rec
	var ids []string
	for n := range 60 {
		party := []string{"aurelia", "borealia"}[rnd.IntN(2)]
		day, pair := fmt.Sprintf("2022-03-%02d", 1+rnd.IntN(9)), []string{"Minister Theirs", "Chief Chiefs"}[rnd.IntN(2)]
		id := fmt.Sprint("c", n)
		line := fmt.Sprintf("%s contact call %s %s --basis own --id %s", party, day, pair, id)
		if len(ids) > 0 && rnd.IntN(3) == 0 {
			line += " --corrects " + ids[rnd.IntN(len(ids))]
		}
		s.tell(words(line))
		ids = append(ids, id)
		if about := ids[rnd.IntN(len(ids))]; rnd.IntN(3) == 0 && s.requests[about].Log.Party != party {
			s.tell(words(fmt.Sprintf("%s says %s %s", party, about, []string{"yes", "no"}[rnd.IntN(2)])))
		}
		w.deliver()
		if n%6 != 0 {
			continue
		}
		_, _, reg := read(rec)
		for _, k := range rec.Items() {
			if rnd.IntN(2) == 0 { // what changed comes in any order, and again and again
				run.Put(k, contact.Fold(rec.Item(k), rec))
			}
		}
		run.Settle(reg, rec)
		for _, k := range rec.Items() {
			run.Put(k, contact.Fold(rec.Item(k), rec))
		}
		run.Settle(reg, rec)
		got := fmt.Sprint(render(contact.Since(contact.Query{Book: run, Now: w.now})))
		want := fmt.Sprint(render(contact.Since(contact.Query{Book: w.book("aurelia"), Now: w.now})))
		if got != want {
			t.Fatalf("after %d: %s\nfrom nothing: %s", n, got, want)
		}
		there := contact.Since(contact.Query{Book: w.book("borealia"), Now: w.now})
		if here := contact.Since(contact.Query{Book: run, Now: w.now}); here.By.Both != there.By.Both || here.By.Disputed != there.By.Disputed || here.By.Ours != there.By.Theirs || len(here.Contacts) != len(there.Contacts) {
			t.Fatalf("after %d the two ends count %+v and %+v", n, here.By, there.By)
		}
	}
	for _, k := range rec.Items() {
		run.Put(k, contact.State{})
	}
	_, _, reg := read(rec)
	run.Settle(reg, rec)
	if f := contact.Since(contact.Query{Book: run, Now: w.now}); len(f.Contacts)+len(f.Requests) != 0 {
		t.Error("what was taken out is still counted")
	}
}

// What was raised is open until it is answered or overtaken; what led to a contact and what follows it is found at both ends of
// the connection; an assessment is of its own item.
//
// SPEC: CNT-019 CNT-020 CNT-025
func TestConcernsAndWhatFollowed(t *testing.T) {
	w := newWorld(t)
	s := &story{world: w, posts: map[string]*record.Entry{}, requests: map[string]*record.Entry{}}
	for _, l := range []string{
		`aurelia post ministry 1 Minister --their Theirs`,
		`aurelia contact summons 2022-03-21 Minister Theirs --basis press --id one`,
		`aurelia contact call 2022-03-23 Minister Theirs --basis own --id two`,
	} {
		s.tell(words(l))
	}
	one := s.requests["one"]
	text := &record.Text{Lang: "en", Text: "citizens who are held"}
	state := func(d record.Draft, err error) *record.Entry { return w.state("aurelia", d, err) }
	c := state(contact.RaisedDraft("aurelia", s.folded("aurelia", one).Contact, contact.Concern{By: by()}, text))
	f := contact.Contact{Kind: contact.Public, When: when(t, "2022-03-23"), Participants: []contact.Participant{{Post: s.place("Minister")}}, Basis: contact.Press, Follows: one.Place().String(), By: by()}
	public := state(contact.MadeDraft("aurelia", f, "", text, nil))
	f.Follows, f.Occasion = "", public.Place().String()
	state(contact.MadeDraft("aurelia", f, "", text, nil))
	if _, err := contact.MadeDraft("aurelia", f, "", &record.Text{Lang: "en", Text: strings.Repeat("x", 10_000)}, nil); err == nil {
		t.Error("a quote of 10,000 characters")
	}
	if _, err := contact.RaisedDraft("aurelia", s.folded("aurelia", one).Contact, contact.Concern{By: by()}, nil); err == nil {
		t.Error("a concern without words")
	}
	w.deliver()
	for _, party := range []string{"aurelia", "borealia"} {
		b := w.book(party)
		raised := b.Raised()
		if len(raised) != 1 || len(raised[0].Concerns) != 1 || raised[0].Concerns[0].Status != contact.Open || raised[0].Concerns[0].Answer != nil {
			t.Fatalf("%s: raised %+v", party, raised)
		}
		if !raised[0].Late || b.Contact(s.requests["two"].Place()).Late {
			t.Error("entered late: over 24 h after its latest instant")
		}
		if led, followed := b.Linked(one.Place()); len(led) != 0 || len(followed) != 1 || followed[0].Entry.Place() != public.Place() {
			t.Errorf("followed by %v", followed)
		}
		if led, _ := b.Linked(public.Place()); len(led) != 1 {
			t.Errorf("occasioned %v", led)
		}
	}
	d, err := contact.SettledDraft("borealia", s.folded("borealia", one).Contact, c, contact.Answered, contact.Verdict{By: by()}, text)
	e := w.state("borealia", d, err)
	w.deliver()
	if got := w.book("aurelia").Raised()[0].Concerns[0]; got.Status != contact.Answered || got.Answer.Place() != e.Place() {
		t.Errorf("%+v", got)
	}
	a := state(contact.AssessedDraft("aurelia", contact.Assessment{About: one.Place().String(), By: by()}, "", text))
	if got := w.book("aurelia").Assessments(one.Place()); len(got) != 1 || got[0].Entry.Place() != a.Place() {
		t.Errorf("%+v", got)
	}
	if _, err := contact.AssessedDraft("aurelia", contact.Assessment{About: "it", By: by()}, "", text); err == nil {
		t.Error("an assessment of nothing")
	}
}

// TestAccountsThatNameEachOtherByPlaceAreTwo: a peer may name a place of its own log that is yet to come, with any leaf. What
// is named is the statement of that leaf, and nothing goes round in a circle.
//
// SPEC: CNT-018 CLM-023
func TestAccountsThatNameEachOtherByPlaceAreTwo(t *testing.T) {
	w := newWorld(t)
	a := w.post("aurelia")
	b := w.post("borealia")
	w.deliver()
	made := func(re ...record.Ref) *record.Entry {
		d, err := contact.MadeDraft("borealia", contact.Contact{Kind: contact.Call, When: when(t, "2022-02-18"), Basis: contact.Own, By: by(),
			Participants: []contact.Participant{{Post: a.Place().String()}, {Post: b.Place().String()}}}, "", nil, nil)
		d.Re = re
		return w.state("borealia", d, err)
	}
	ahead := b.Ref()
	ahead.Index += 2
	first := made(ahead)
	if second := made(first.Ref()); second.Index != ahead.Index {
		t.Fatalf("the second stands at %s", second.Place())
	}
	w.deliver()
	done := make(chan int, 1)
	go func() { done <- len(contact.Since(w.query("aurelia", statement.When{})).Contacts) }()
	select {
	case n := <-done:
		if n != 1 {
			t.Errorf("%d contacts, not the one that corrects the other", n)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it goes round in a circle")
	}
}

func (w *world) post(party string) *record.Entry {
	d, err := new(register.Register).PostDraft(party, register.Post{Org: "ministry", Name: "Minister", Level: 1}, "", nil)
	return w.state(party, d, err)
}

// TestASecondCorrectionHidesNoAccountOfTheOtherSide: an account that names a correction stays with the contact when its author
// corrects the same account once more.
//
// SPEC: CNT-017 CLM-023
func TestASecondCorrectionHidesNoAccountOfTheOtherSide(t *testing.T) {
	w := newWorld(t)
	a, b := w.post("aurelia"), w.post("borealia")
	w.deliver()
	made := func(party, kind, day string, re ...record.Ref) *record.Entry {
		d, err := contact.MadeDraft(party, contact.Contact{Kind: kind, When: when(t, day), Basis: contact.Own, By: by(),
			Participants: []contact.Participant{{Post: a.Place().String()}, {Post: b.Place().String()}}}, "", nil, nil)
		d.Re = re
		defer w.deliver()
		return w.state(party, d, err)
	}
	first := made("aurelia", contact.Call, "2022-02-18")
	second := made("aurelia", contact.Call, "2022-02-19", first.Ref())
	made("borealia", contact.Meeting, "2022-03-03", second.Ref())
	made("aurelia", contact.Call, "2022-02-01", first.Ref())
	if f := contact.Since(w.query("aurelia", statement.When{})); len(f.Contacts) != 1 || f.Contacts[0].Whose != contact.Differing {
		t.Errorf("%d contacts, %+v", len(f.Contacts), f.Contacts)
	}
}
