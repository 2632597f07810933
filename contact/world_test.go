// SPDX-License-Identifier: Apache-2.0

package contact_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"example.org/parley/contact"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// world is a line of two parties with their records; what one states the other holds at deliver.
type world struct {
	t    testing.TB
	now  time.Time
	rand io.Reader
	side map[string]*side
	said []*record.Entry
}

type side struct {
	name string
	rec  *record.Record
	run  *record.Run
}

func options() record.Options {
	o := record.Options{Genesis: wire.Sum([]byte("genesis")), Kinds: map[string]record.Kind{}}
	for _, k := range slices.Concat(register.Kinds, contact.Kinds) {
		o.Kinds[k.Name] = k.Kind
	}
	for i, name := range []string{"aurelia", "borealia"} {
		o.Parties[i] = record.Party{Name: name, Letter: string(name[0] - 32), Keys: []ed25519.PublicKey{key(name).Public().(ed25519.PublicKey)}}
	}
	return o
}

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, now: time.Date(2022, 3, 23, 9, 0, 0, 0, time.UTC), side: map[string]*side{}}
	w.rand = mrand.NewChaCha8(sha256.Sum256([]byte(t.Name())))
	for _, name := range []string{"aurelia", "borealia"} {
		s := &side{name: name, rec: record.New(options())}
		s.run = s.rec.OpenRun(record.RunConfig{Party: name, Station: "main", Why: "first", Run: record.NewRunName(w.rand), Key: key(name)})
		w.side[name] = s
	}
	return w
}

func (w *world) state(party string, d record.Draft, err error) *record.Entry {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	w.now = w.now.Add(time.Second)
	e, err := w.side[party].run.Append(d, w.now, record.PeerClock{}, w.rand)
	if err != nil {
		w.t.Fatal(err)
	}
	if e.Inert != "" {
		w.t.Fatalf("%s is not valid: %s", d.Kind, e.Inert)
	}
	w.said = append(w.said, e)
	return e
}

// deliver brings every statement to both.
func (w *world) deliver() {
	w.t.Helper()
	for _, e := range w.said {
		for _, s := range w.side {
			if _, err := s.rec.Add(e.Pieces()); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

func by() statement.Author { return statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account"} }

// read folds everything of a record.
func read(rec *record.Record) (contacts []*contact.Contact, requests []*contact.Request, reg *register.Register) {
	var items []*record.Item
	for _, k := range rec.Items() {
		it := rec.Item(k)
		items = append(items, it)
		st := contact.Fold(it, rec)
		if st.Contact != nil {
			contacts = append(contacts, st.Contact)
		}
		if st.Request != nil {
			requests = append(requests, st.Request)
		}
	}
	return contacts, requests, register.Build(items)
}

// book is what a party has on record, worked out from nothing.
func (w *world) book(party string) *contact.Book {
	rec := w.side[party].rec
	b := contact.NewBook(party, map[string]string{"aurelia": "borealia", "borealia": "aurelia"}[party])
	for _, k := range rec.Items() {
		b.Put(k, contact.Fold(rec.Item(k), rec))
	}
	_, _, reg := read(rec)
	b.Settle(reg, rec)
	return b
}

func (w *world) query(party string, since statement.When) contact.Query {
	return contact.Query{Book: w.book(party), Since: since, Now: w.now}
}

func when(t testing.TB, s string) statement.When {
	t.Helper()
	w, err := statement.ParseWhen(s)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// render writes figures as a duty officer would check them.
func render(f contact.Figures) (out []string) {
	say := func(form string, a ...any) { out = append(out, fmt.Sprintf(form, a...)) }
	since := f.Since.String()
	if since == "" {
		since = "always"
	}
	say("as of %s, since %s", f.AsOf.Format(time.DateOnly), since)
	for _, p := range f.Pairs {
		last := "never on record"
		if p.Last != nil {
			last = fmt.Sprintf("last %s by %s, %s, %s", p.Last.When, p.Last.Channel, days(p), p.Side)
		}
		say("%s / %s: %s; declined %s, no reply %s, not reached %s%s", p.Ours.Name, p.Theirs.Name, last,
			count(p.ByUs[contact.Declined]), count(p.ByUs[contact.NoReply]), count(p.ByUs[contact.NotReached]), more(p))
		if len(p.ByThem) > 0 {
			say("  they sought us: declined %s, no reply %s, not reached %s", count(p.ByThem[contact.Declined]), count(p.ByThem[contact.NoReply]), count(p.ByThem[contact.NotReached]))
		}
	}
	say("contacts %d: stated by us %d, by them %d, by both %d, disputed %d", len(f.Contacts), f.By.Ours, f.By.Theirs, f.By.Both, f.By.Disputed)
	for _, c := range f.Straddling {
		say("before or since, not known: %s %s", c.Kind, c.When)
	}
	for _, c := range f.Highest {
		say("highest: level %d, %s %s", f.Level, c.Kind, c.When)
	}
	return out
}

func days(p contact.PairFigure) string {
	if p.Days == p.DaysMost {
		return fmt.Sprintf("%d days", p.Days)
	}
	return fmt.Sprintf("%d to %d days", p.Days, p.DaysMost)
}

func count(c contact.Count) string {
	s := fmt.Sprint(c.N())
	for _, x := range []struct {
		n int
		w string
	}{{c.Both, "confirmed"}, {c.Ours, "stated by us"}, {c.Theirs, "stated by them"}, {c.Disputed, "disputed"}} {
		if x.n > 0 {
			s += fmt.Sprintf(" (%d %s)", x.n, x.w)
		}
	}
	return s
}

func more(p contact.PairFigure) (s string) {
	if n := p.ByUs[contact.Accepted].N(); n > 0 {
		s += fmt.Sprintf(", accepted %d", n)
	}
	if n := p.ByUs[statement.SideStraddles].N(); n > 0 {
		s += fmt.Sprintf(", before or since %d", n)
	}
	for _, r := range p.Sought {
		s += fmt.Sprintf("; %s: %s, still sought", r.For, r.Status)
	}
	return s
}
