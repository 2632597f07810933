// SPDX-License-Identifier: Apache-2.0

package contact_test

import (
	"crypto/sha256"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"example.org/parley/contact"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// long is a register of pairs and n states of contacts and requests over ten years, half of each side.
func long(tb testing.TB, n int) (*register.Register, []contact.State) {
	reg := &register.Register{}
	rnd := mrand.New(mrand.NewPCG(5, 6))
	entry := func(party string, i int, at time.Time) *record.Entry {
		e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: party, Number: 1, Run: "aaaaaa"}}, Index: i, Time: at, Kind: contact.KindMade, Class: "service", Mark: "actual"}, nil, nil, nil)
		e.Leaf = wire.Hash(sha256.Sum256(fmt.Appendf(nil, "%s%d", party, i)))
		return e
	}
	var posts [2][]record.Place
	now := time.Date(2032, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range 24 {
		e := entry("aurelia", i, now)
		p := &register.Post{Org: fmt.Sprint("org ", i%5), Name: fmt.Sprint("post ", i/2), Level: 1 + i/6, Origin: register.Origin{Place: e.Place(), Entry: e, Party: "aurelia"}}
		if i%2 == 1 {
			p.Org, p.Whose = "their "+p.Org, "borealia"
			was := reg.Posts[i-1]
			p.Counterparts, was.Counterparts = []record.Place{was.Place}, []record.Place{p.Place}
		}
		reg.Posts = append(reg.Posts, p)
		posts[i%2] = append(posts[i%2], p.Place)
	}
	var states []contact.State
	for i := range n {
		party := []string{"aurelia", "borealia"}[rnd.IntN(2)]
		at := now.AddDate(0, 0, -rnd.IntN(3650))
		e, pair := entry(party, 100+i, at), rnd.IntN(12)
		if i%4 == 0 {
			e.Kind = contact.KindPlaced
			r := &contact.Request{FromPost: posts[0][pair], WithPost: posts[1][pair], Entry: e, Party: party, Mark: "actual", Status: contact.Open, For: contact.Call, When: statement.Day(at)}
			r.Attempts = []contact.Attempt{{Entry: e, When: r.When, Outcome: contact.Declined, Standing: contact.Stated}}
			states = append(states, contact.State{Request: r})
			continue
		}
		c := &contact.Contact{Posts: []record.Place{posts[0][pair], posts[1][pair]}, Entry: e, Party: party, Mark: "actual", Kind: contact.Sorts[rnd.IntN(4)], When: statement.Day(at), Channel: contact.ByTelephone, Basis: contact.Own}
		states = append(states, contact.State{Contact: c})
	}
	return reg, states
}

// cpu is the time that this process has computed: what else the machine does is not in it.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Every question over 50,000 contacts and requests is answered fast enough for a person who waits, and after one more of them
// as if all were worked out from nothing.
//
// SPEC: CNT-026
func TestQuestionsOverALongRecord(t *testing.T) {
	n := 50_000
	if testing.Short() {
		n = 5000
	}
	reg, states := long(t, n)
	b, past := contact.NewBook("aurelia", "borealia"), nobody{}
	for i, s := range states[1:] {
		b.Put(fmt.Sprint(i+1), s)
	}
	b.Settle(reg, past)
	now := time.Date(2032, 3, 1, 0, 0, 0, 0, time.UTC)
	since := when(t, "2022-06-01")
	worst := time.Duration(0)
	took := func(what string, f func()) {
		best := time.Hour
		for range 3 { // the machine may be busy with something else
			began := cpu()
			f()
			best = min(best, cpu()-began)
		}
		t.Logf("figure: %s over %d contacts and requests: %s", what, n, best.Round(10*time.Microsecond))
		worst = max(worst, best)
	}
	took("one more statement, and who last spoke", func() {
		b.Put("0", contact.State{})
		b.Settle(reg, past)
		b.Put("0", states[0])
		b.Settle(reg, past)
		contact.Since(contact.Query{Book: b, Now: now, Since: since})
	})
	for what, q := range map[string]contact.Query{
		"who last spoke": {Since: since}, "one organisation": {Since: since, Org: "org 1", Level: 2}, "one pair": {With: reg.Posts[0].Counterparts},
		"all": {}, "requests": {For: contact.Call, Since: since}, "dated to a span": {Dated: "span"},
	} {
		q.Book, q.Now = b, now
		took(what, func() { contact.Since(q) })
	}
	took("concerns", func() { b.Raised() })
	took("what followed", func() { b.Linked(states[1].Contact.Entry.Place()) })
	fresh := contact.NewBook("aurelia", "borealia")
	for i, s := range states {
		fresh.Put(fmt.Sprint(i), s)
	}
	fresh.Settle(reg, past)
	for _, q := range []contact.Query{{Since: since}, {Org: "org 2"}, {}} {
		q.Now = now
		q.Book = b
		got := fmt.Sprint(render(contact.Since(q)))
		q.Book = fresh
		if want := fmt.Sprint(render(contact.Since(q))); got != want {
			t.Error("what is kept answers something else than what is worked out from nothing")
		}
	}
	const most = 50 * time.Millisecond // of a machine that does nothing else
	t.Logf("figure: the slowest: %s, at most %s for all of 50,000", worst.Round(10*time.Microsecond), most)
	if os.Getenv("PARLEY_BENCH") != "" && worst > most {
		t.Errorf("the slowest question took %s, over %s", worst, most)
	}
}
