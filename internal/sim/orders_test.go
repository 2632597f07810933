// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/store"
	"example.org/parley/internal/view"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/verify"
	"example.org/parley/wire"
)

const orders = 200

// rows reads what a node that is closed has on its disk: entries and receipts, and what is its own.
func rows(t testing.TB, db string) (shared, local []store.Row) {
	t.Helper()
	st, err := store.Open(db, store.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	err = st.Replay(func(r store.Row) error {
		if r.Kind == store.KindLocal || r.Kind == store.KindPrivate {
			local = append(local, r)
		} else {
			shared = append(shared, r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return shared, local
}

func (w *world) options() record.Options {
	o := record.Options{Genesis: w.line.genesis.Hash, Kinds: statement.Record(verify.Kinds)}
	for i := range o.Parties {
		p := w.sides[i].party(i)
		o.Parties[i] = record.Party{Name: p.Name, Letter: p.Letter, Keys: p.Keys}
	}
	return o
}

// digest takes rows into an empty record, and writes down all that must not depend on their order.
func digest(t testing.TB, o record.Options, rs []store.Row) string {
	t.Helper()
	rec := record.New(o)
	for _, r := range rs {
		var err error
		switch r.Kind {
		case store.KindEntry:
			_, err = rec.Add(r.A, r.B, r.C)
		case store.KindReceipt:
			var rc *record.Receipt
			if rc, err = o.CheckReceipt(r.A); err == nil {
				rec.ApplyReceipt(rc)
			}
		}
		if err != nil {
			t.Fatalf("%s %d: %v", r.Log, r.Index, err)
		}
	}
	var b strings.Builder
	for _, g := range rec.Logs() {
		fmt.Fprintln(&b, g.Name, g.Size, g.Root, g.Whole)
		for _, e := range rec.Entries(g.Name.LogID, 0) {
			held := wire.Hash{}
			if e.Receipt != nil {
				held = e.Receipt.Leaf()
			}
			fmt.Fprintln(&b, e.Ref(), e.Joined, e.Inert, e.Evidence, held, rec.ItemOf(e))
		}
	}
	for _, k := range rec.Items() {
		for _, e := range rec.Item(k).Entries {
			fmt.Fprintln(&b, "item", k, e.Ref())
		}
	}
	for _, ev := range rec.Evidence() {
		fmt.Fprintln(&b, ev)
	}
	return b.String()
}

// The statements and receipts of a whole conversation, as one end holds them, in 200 random orders: the record's digest is
// the same, and so is what a desk is shown by a node that took them in in that order, but for the order of its lists.
// SPEC: NOD-002
func TestOrders(t *testing.T) {
	t.Parallel()
	simulate(t, 77, func(w *world) {
		play(w, "all.txt")
		time.Sleep(time.Second)
		end := time.Now()
		w.close()
		s := w.sides[0]
		shared, local := rows(t, filepath.Join(s.dir, fmt.Sprint(s.life), "record.db"))
		if len(shared) < 80 {
			t.Fatalf("only %d rows", len(shared))
		}
		want := digest(t, w.options(), shared)
		var board string
		rnd := rand.New(rand.NewPCG(1, 1))
		for n := range orders {
			if n > 0 {
				rnd.Shuffle(len(shared), func(i, j int) { shared[i], shared[j] = shared[j], shared[i] })
			}
			if got := digest(t, w.options(), shared); got != want {
				t.Fatalf("order %d: another digest", n)
			}
			if n%5 > 0 && n > 5 && testing.Short() {
				continue
			}
			s.life++
			got := w.boardOf(s, shared, local, end)
			if board == "" {
				board = got
			} else if got != board {
				t.Fatalf("order %d: another board:\n%s\nwas\n%s", n, got, board)
			}
		}
	})
}

// boardOf starts a node over a store that holds rows in this order, and gives its view and its log as JSON, without
// what is of this moment.
func (w *world) boardOf(s *side, shared, local []store.Row, at time.Time) string {
	w.t.Helper()
	db := filepath.Join(s.dir, fmt.Sprint(s.life), "record.db")
	copyFiles(w.t, "none", filepath.Dir(db))
	st, err := store.Open(db, store.Options{Reserve: -1, VFS: s.disk.name})
	if err != nil {
		w.t.Fatal(err)
	}
	st.Append(1, append(append([]store.Row{}, shared...), local...))
	if c := <-st.Durable(); c.Err != nil {
		w.t.Fatal(c.Err)
	}
	if err := st.Close(); err != nil {
		w.t.Fatal(err)
	}
	s.open()
	defer s.stop()
	v := s.whole()
	r, err := s.act(act.Calls)
	if err != nil {
		w.t.Fatal(err)
	}
	slices.SortFunc(v.Messages, func(a, b view.Message) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(v.Stops, func(a, b view.StopCard) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(v.Calls, func(a, b view.Call) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(v.Log, func(a, b view.LogRow) int { return strings.Compare(a.ID, b.ID) })
	calls := strings.Split(r.Text, "\n")
	slices.Sort(calls)
	v.AsOf, v.Header, v.Liveness, v.Sentences = at, view.Header{}, view.Liveness{}, nil
	b, err := json.MarshalIndent([]any{v, calls}, "", " ")
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}
