// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/contact"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/service"
	"example.org/parley/statement"
)

// A step that is overdue is an alarm that names it, though the words of its message cannot be read back from the disk now.
// SPEC: ALM-010
func TestAnOverdueStepIsNamedThoughItsWordsCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		r, err := l.Do(t.Context(), act.Who{Desk: "watch", Account: "amaro"}, "en", act.Send{Kind: "information", Precedence: "FLASH", Text: "The convoy leaves at noon"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		var found []alarm.Condition
		inLoop(t, l, func() {
			for key := range l.sorted().stamps {
				l.cache[key] = message.State{} // what a fold gives without the words
			}
			found = l.itemConditions()
		})
		want := alarm.Say("at.step", r.ID, "@rung.held").In("en")
		if len(found) != 1 || found[0].ID != "A4" || found[0].Detail.In("en") != want {
			t.Errorf("%+v, want %s", found, want)
		}
		l.Close()
	})
}

// An act that names a statement of another kind is refused, and hides nothing of it.
// SPEC: NOD-019
func TestActOnAnotherKindHidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		who := act.Who{Desk: "watch", Account: "amaro"}
		do := func(a act.Act) (act.Reply, error) { return l.Do(t.Context(), who, "en", a) }
		if _, err := do(act.OfficerAdd{Name: "Lt Amaro"}); err != nil {
			t.Fatal(err)
		}
		r, err := do(act.SignOn{})
		if err != nil {
			t.Fatal(err)
		}
		who.Officer, who.Known = r.ID, "account"
		if r, err = do(act.Send{Kind: "information", Text: "The convoy leaves at noon"}); err != nil {
			t.Fatal(err)
		}
		for name, a := range map[string]act.Act{"class": act.Class{ID: r.ID, Class: "test"}, "take": act.StopStep{ID: r.ID, Step: "take"}, "outcome": act.RequestOutcome{ID: r.ID, Outcome: "declined"}} {
			if err := l.in(t.Context(), l.events, func() { clear(l.cache) }); err != nil { // as others push it out
				t.Fatal(err)
			}
			if _, err := do(a); err == nil {
				t.Errorf("%s of a message is taken", name)
			}
			if n := len(l.View("en", "watch").Messages); n != 1 {
				t.Errorf("after %s of it %d messages are drawn", name, n)
			}
		}
		l.Close()
	})
}

// officer enrols an officer and signs him on at a desk; what he does there is to succeed.
func officer(t *testing.T, l *Line) func(act.Act) act.Reply {
	t.Helper()
	who := act.Who{Desk: "watch", Account: "amaro"}
	do := func(a act.Act) act.Reply {
		t.Helper()
		r, err := l.Do(t.Context(), who, "en", a)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	do(act.OfficerAdd{Name: "Lt Amaro", Langs: []string{"en"}})
	who.Officer, who.Known = do(act.SignOn{}).ID, "account"
	return do
}

// One statement that makes very many others valid, or one receipt for many, changes very many items: each step of the loop
// sorts a few of them, and in the end all are sorted, though nothing else happens.
// SPEC: NOD-027
func TestVeryManyChangedItemsAreSortedAFewAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		do := officer(t, l)
		const n = 200
		for range n {
			do(act.Send{Kind: "information", Text: "The convoy leaves at noon"})
		}
		time.Sleep(time.Second)
		inLoop(t, l, func() {
			keys := []string{}
			for _, s := range slices.Clone(l.keys("message")) {
				keys = append(keys, s.key)
				l.items.put(s.key, stamp{})
			}
			l.touch(keys...)
			l.sorted()
			if did := len(l.items.lists["message"]); did > 0 {
				t.Errorf("%d were sorted for who asks", did)
			}
			l.sortLater()
			if did := len(l.items.lists["message"]); did != maxLater {
				t.Errorf("%d were sorted at the end of the step", did)
			}
		})
		time.Sleep(time.Second)
		inLoop(t, l, func() {
			if len(l.behind) > 0 || len(l.items.lists["message"]) != n || len(l.open("message")) != n {
				t.Errorf("%d left, %d sorted, %d that wait", len(l.behind), len(l.items.lists["message"]), len(l.open("message")))
			}
		})
		l.Close()
	})
}

// What the parties have agreed on has all that waits sorted anew, a few a step; where they have agreed on nothing new, nothing
// is sorted: however much waits, a start takes a ring at once.
// SPEC: NOD-027
func TestWhatWaitsIsSortedAFewAStepWhenTermsChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		do := officer(t, l)
		do(act.TermsPropose{From: l.cfg.Now().Add(48 * time.Hour), Checks: []string{"10:00"}, Officer: 30})
		const n = 60
		for range n {
			do(act.Send{Kind: "information", Text: "The convoy leaves at noon"})
		}
		time.Sleep(time.Second)
		inLoop(t, l, func() {
			l.sorted()
			if l.agree(); len(l.touched)+len(l.behind) != 0 {
				t.Errorf("nothing was agreed on: %d touched, %d behind", len(l.touched), len(l.behind))
			}
			other := []service.Proposal{{Terms: "{}", From: l.now}}
			l.agreed.Store(&other)
			if l.agree(); len(l.touched) != 0 || len(l.behind) != n {
				t.Errorf("other terms: %d touched, %d behind", len(l.touched), len(l.behind))
			}
			l.agreed.Store(&other)
			l.behind = []string{l.keys("terms")[0].key}
			if l.sortLater(); len(l.behind) != n {
				t.Errorf("terms among what is behind: %d behind then", len(l.behind))
			}
		})
		time.Sleep(time.Second)
		inLoop(t, l, func() {
			if len(l.behind) > 0 || len(l.open("message")) != n {
				t.Errorf("%d left, %d wait", len(l.behind), len(l.open("message")))
			}
		})
		l.Close()
	})
}

// What is overdue is looked for among all that waits only when something moved, or the time of one has come.
// SPEC: NOD-027
func TestATickDoesNotGoThroughAllThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		do := officer(t, l)
		for range 3 {
			do(act.Send{Kind: "warning", Precedence: "FLASH", Text: "Turn back"})
			time.Sleep(100 * time.Second)
		}
		overdue := func() (n int, at *alarm.Condition) {
			inLoop(t, l, func() {
				for _, o := range l.overdue() {
					n += o.Count
				}
				if n > 0 {
					at = &l.items.late[0]
				}
			})
			return n, at
		}
		do(act.Send{Kind: "warning", Precedence: "FLASH", Text: "Turn back"})
		n, before := overdue()
		if n != 3 {
			t.Fatalf("%d are overdue", n)
		}
		time.Sleep(time.Second)
		if n, at := overdue(); n != 3 || at != before {
			t.Errorf("%d, looked for again though nothing moved: %v", n, at != before)
		}
		time.Sleep(time.Minute)
		if n, _ := overdue(); n != 4 {
			t.Errorf("%d are overdue when the time of the last has come", n)
		}
		m.step.Store(-int64(time.Hour))
		time.Sleep(time.Second)
		if n, _ := overdue(); n != 0 {
			t.Errorf("%d are overdue when the clock was set back", n)
		}
		l.Close()
	})
}

// A receipt that answers several statements of one item has it sorted once.
// SPEC: NOD-027
func TestOneReceiptSortsAnItemOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		do := officer(t, l)
		id := do(act.Send{Kind: "information", Text: "The convoy leaves at noon"}).ID
		other := do(act.Send{Kind: "information", Text: "The convoy has left"}).ID
		inLoop(t, l, func() {
			a, _ := l.find(id)
			b, _ := l.find(other)
			if keys := l.itemsOf([]*record.Entry{a, a, a, b}); len(keys) != 2 || keys[0] == keys[1] {
				t.Errorf("sorted are %v", keys)
			}
		})
		l.Close()
	})
}

// The first of a list leaves it without moving the others.
func TestTheFirstOfAListMovesNoOther(t *testing.T) {
	all := []*stamp{{key: "a"}, {key: "b"}, {key: "c"}}
	list := moved(slices.Clone(all), all[0], nil, byArrival)
	if !slices.Equal(list, all[1:]) || cap(list) > cap(all)-1 {
		t.Errorf("%d left, room for %d", len(list), cap(list))
	}
	list = moved(list, all[2], nil, byArrival)
	if list = moved(list, nil, all[0], byArrival); !slices.Equal(list, all[:2]) {
		t.Errorf("%v", list)
	}
}

// Urgent statements that the peer has lost are offered again a few a step, the newest first, since to tell which are urgent
// they may have to be read back.
// SPEC: NOD-027 NOD-004
func TestWhatWasLostThereIsOfferedAFewAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		do := officer(t, l)
		for range reofferUrgent + 2*maxReoffered {
			do(act.Send{Kind: "warning", Precedence: "FLASH", Text: "Turn back"})
		}
		newest := do(act.Send{Kind: "warning", Precedence: "FLASH", Text: "Turn back"}).ID
		time.Sleep(time.Second)
		inLoop(t, l, func() {
			clear(l.peer.repeating)
			l.reoffer()
			l.reofferSome()
			e, err := l.find(newest)
			if err != nil {
				t.Fatal(err)
			}
			if _, on := l.peer.repeating[e.Place()]; len(l.peer.repeating) > maxReoffered || !on {
				t.Errorf("%d in one step, the newest %v", len(l.peer.repeating), on)
			}
		})
		time.Sleep(time.Second)
		inLoop(t, l, func() {
			if len(l.peer.repeating) != reofferUrgent || len(l.unheld) > 0 {
				t.Errorf("%d in the end, %d left", len(l.peer.repeating), len(l.unheld))
			}
		})
		l.Close()
	})
}

// What the board counts of contacts is counted again when one of them, a post or an event changes, and a minute later; not at
// every view.
// SPEC: CNT-026
func TestBoardCountsContactsAgainWhenOneChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		do := officer(t, l)
		ours := do(act.PostAdd{Name: "Minister", Org: "Ministry", Level: 2}).ID
		theirs := do(act.PostAdd{Name: "Secretary", Org: "War Office", Level: 2, Theirs: true, Pair: ours}).ID
		pairs := func() (n int, last *contact.Contact) {
			inLoop(t, l, func() {
				for _, p := range l.gather().Contacts.Pairs {
					n, last = n+1, p.Last
				}
			})
			return n, last
		}
		if n, last := pairs(); n != 1 || last != nil {
			t.Fatalf("%d pairs, %v", n, last)
		}
		do(act.ContactAdd{Kind: "call", When: "2000-01-01", Participants: []string{ours, theirs}, Basis: "press", Source: "a paper"})
		if _, last := pairs(); last == nil {
			t.Error("a contact that was just entered is not counted")
		}
		inLoop(t, l, func() { l.tally = contact.Figures{} })
		if n, _ := pairs(); n != 0 {
			t.Error("nothing has changed, and all is counted again")
		}
		time.Sleep(time.Minute)
		if n, _ := pairs(); n != 1 {
			t.Error("a minute later it is not counted again")
		}
		l.Close()
	})
}

// Items whose words lie on the disk alone are sorted once these were read beside the loop: no step waits for them.
//
// SPEC: NOD-027
func TestNoStepReadsBackWhatIsSorted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		defer l.Close()
		time.Sleep(time.Second)
		long := strings.Repeat("The convoy leaves at noon. ", 300)
		var first *record.Entry
		for range 14 {
			inLoop(t, l, func() {
				for range 50 {
					d, err := message.NewDraft("aurelia", record.Draft{Text: &record.Text{Lang: "en", Text: long}}, message.Facts{By: statement.Author{Officer: "aurelia/1.aaaaaa 1", Known: "account"}}, l.now)
					e, bad := l.state(d)
					if err != nil || bad != nil {
						t.Error(err, bad)
						return
					}
					first = cmp.Or(first, e)
				}
			})
			time.Sleep(time.Second)
		}
		if t.Failed() {
			return
		}
		key := l.rec.ItemOf(first)
		for _, put := range []func(){func() { l.touched[key] = struct{}{} }, func() { l.behind = append(l.behind, key) }} {
			inLoop(t, l, func() {
				if first.InMemory() {
					t.Error("all is in memory")
					return
				}
				delete(l.cache, key)
				put()
				l.sort(maxSorted)
				l.sortLater()
				if first.InMemory() || !l.fetching {
					t.Error("the loop has read it back")
				}
			})
			time.Sleep(time.Second)
			inLoop(t, l, func() {
				if _, on := l.touched[key]; on || len(l.behind) > 0 || l.fetching || !first.InMemory() {
					t.Errorf("it is not sorted: touched %v, behind %d, fetching %v", on, len(l.behind), l.fetching)
				}
				for i := range 6000 { // it gives way to others again
					if e := l.rec.Arrived(i + 1); e != nil && e != first {
						e.Pieces()
					}
				}
			})
		}
	})
}
