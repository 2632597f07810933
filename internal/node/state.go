// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/exchange"
	"example.org/parley/internal/store"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/verify"
	"example.org/parley/wire"
)

// options say whose record this is. A is the party with the smaller party hash: the order of the genesis.
func (c *Config) options(private bool) record.Options {
	p := func(p Party) record.Party {
		return record.Party{Name: p.Name, Letter: p.Letter, Keys: p.Keys} // of the other party of a line alone nothing is sound. SPEC: ALN-002
	}
	o := record.Options{Genesis: c.Genesis, Parties: [2]record.Party{p(c.Us), p(c.Them)}, Kinds: statement.Record(verify.Kinds), Ends: c.Ends, Private: private}
	if !c.IsPartyA {
		o.Parties[0], o.Parties[1] = o.Parties[1], o.Parties[0]
	}
	return o
}

func (l *Line) newRunName() string { return record.NewRunName(l.cfg.Rand) }

// spoke reports whether our party has ever stated anything on this line.
func (l *Line) spoke() bool {
	return slices.ContainsFunc(l.rec.Logs(), func(g *record.Log) bool { return g.Name.Party == l.cfg.Us.Name })
}

// openRun opens this run's log when it has something to say for the first time. The first
// statement of a party's first log carries the genesis. SPEC: NOD-003
func (l *Line) openRun() error {
	first := !l.spoke()
	if !first && l.why == "first" {
		l.why = "restore" // our past came back from the peer: this disk did not have it
	}
	l.run = l.rec.OpenRun(record.RunConfig{Party: l.cfg.Us.Name, Station: l.cfg.Station, Why: l.why, Run: l.runName, Key: l.cfg.Key})
	l.why = "failed"
	if !first {
		return nil
	}
	d, err := register.GenesisDraft(l.cfg.Genesis, l.cfg.GenesisText)
	if err != nil {
		return err
	}
	_, err = l.state(d)
	return err
}

var errDiskFull = hint.New("STOP, calls, acknowledgements and responses still are; free the disk", "the disk is full: this is not recorded")

// state signs a statement of ours. It is in memory now, and is said and shown when its commit is durable.
func (l *Line) state(d record.Draft) (*record.Entry, error) {
	if err := l.mayState(d.Kind); err != nil {
		return nil, err
	}
	if l.run == nil {
		if err := l.openRun(); err != nil {
			return nil, err
		}
	}
	e, err := l.run.Append(d, l.now, l.heard(), l.cfg.Rand)
	if err != nil {
		return nil, err
	}
	l.keepEntry(e, store.KindEntry, reserved(d.Kind), l.run.Touched(), func() {
		l.offer(e)
		l.checks.durable(e)
	})
	return e, nil
}

// mayState says why nothing of a kind can be recorded now.
func (l *Line) mayState(kind string) error {
	if l.disk.dead != nil {
		return l.disk.unrecorded()
	}
	if l.store.Full() && !reserved(kind) {
		return errDiskFull
	}
	return nil
}

// keepEntry writes a statement, or bodies of it that came later. Once they are on disk the items that it touched are drawn
// anew, and then is done.
func (l *Line) keepEntry(e *record.Entry, kind store.RowKind, reserve bool, touched []string, then func()) {
	l.volatile[e]++
	l.tx.entry(e, kind, reserve)
	l.tx.then(func() {
		if l.volatile[e]--; l.volatile[e] <= 0 {
			delete(l.volatile, e)
		}
		l.touch(touched...)
		l.touch(l.rec.ItemOf(e))
		l.dirty = true
		then()
	}, nil)
}

// heard is the peer's run and clock as they were last heard, for a statement's line of that name.
func (l *Line) heard() record.PeerClock {
	run, clock, ok := l.link.Heard()
	if !ok || !wire.ValidRun(run) {
		return record.PeerClock{}
	}
	return record.PeerClock{Run: run, Time: clock.UTC().Truncate(10 * time.Second)}
}

// offer sends a durable statement of ours: urgent ones over every live path until their receipt is
// here, all others (and these again after a cut) by the stream. SPEC: EXC-009 NOD-004
func (l *Line) offer(e *record.Entry) {
	if l.cfg.Alone || l.x.Held(e) || !urgent(e) {
		return
	}
	if pieces, ok := exchange.Urgent(e); ok {
		l.peer.repeating[e.Place()] = struct{}{}
		l.link.Repeat(urgentID(e.Place()), laneUrgent, pieces)
	}
}

// Bounds of reoffer: what is older goes by the stream.
const (
	reofferUrgent = 64
	reofferLooked = 4096
	maxReoffered  = 8 // looked at in one step, as many as may be read back from the disk
)

// reoffer repeats the urgent statements of ours that the peer does not hold, the newest first, a few a step: those of
// earlier lives of this node, and those that its list shows lost.
func (l *Line) reoffer() {
	l.unheld, l.toRepeat = nil, reofferUrgent
	look := reofferLooked
	if l.cfg.Alone {
		return
	}
	for _, g := range slices.Backward(l.rec.Grown(0)) {
		if g.Name.Party != l.cfg.Us.Name {
			continue
		}
		for _, e := range slices.Backward(l.rec.Entries(g.Name.LogID, max(0, g.Size-look))) {
			if look--; look <= 0 {
				return
			}
			if !l.x.Held(e) {
				l.unheld = append(l.unheld, e)
			}
		}
	}
}

// reofferSome goes on with that. SPEC: NOD-027
func (l *Line) reofferSome() {
	for n := 0; n < maxReoffered && len(l.unheld) > 0; n++ {
		e := l.unheld[0]
		l.unheld = l.unheld[1:]
		if _, on := l.peer.repeating[e.Place()]; on || l.x.Held(e) || !l.durable(e) {
			continue
		}
		l.offer(e)
		if _, on := l.peer.repeating[e.Place()]; on {
			l.toRepeat--
		}
		if l.toRepeat <= 0 {
			l.unheld = nil
		}
	}
	if len(l.unheld) > 0 {
		l.goOn()
	}
}

func urgentID(p record.Place) string { return fmt.Sprintf("u%s/%d", p.LogID, p.Index) }

// durable reports whether an entry is on our disk.
func (l *Line) durable(e *record.Entry) bool { return l.volatile[e] == 0 }

// touch drops the folded state of items that one step changed, to sort them anew: in this step, where they are few. One
// receipt may answer thousands, and one statement make thousands valid that came before it.
func (l *Line) touch(keys ...string) {
	for _, k := range keys {
		switch delete(l.cache, k); {
		case k == "":
		case len(keys) > maxSorted:
			l.behind = append(l.behind, k)
		default:
			l.touched[k] = struct{}{}
		}
	}
}

// itemsOf gives the items of statements.
func (l *Line) itemsOf(es []*record.Entry) (keys []string) {
	for _, e := range es {
		keys = append(keys, l.rec.ItemOf(e))
	}
	return slices.Compact(keys) // a message's steps follow each other in their log
}

// item is an item as far as it is on disk, which is what may be shown, and the record that it is of. It is a copy with
// copies of its entries: what is folded of it does not change while the record goes on. SPEC: NOD-019
func (l *Line) item(key string) (*record.Item, *record.Record) {
	it, r := l.memory.item(key)
	if it == nil {
		return nil, r
	}
	c := &record.Item{Key: it.Key}
	for _, e := range it.Entries {
		if !l.durable(e) {
			continue
		}
		as := *e
		c.Entries = append(c.Entries, &as)
		if e == it.Begin {
			c.Begin = &as
		}
	}
	if len(c.Entries) == 0 {
		return nil, r
	}
	return c, r
}

// maxFolded is how many items are kept folded.
const maxFolded = 4096

// fold gives an item's state through the cache, not ok where the item is of another kind.
func fold[S any](l *Line, key string) (s S, ok bool) {
	state, hit := l.cache[key]
	if !hit {
		it, r := l.item(key)
		_, state = l.stamp(it, r, l.now)
		l.keep(key, state)
	}
	s, ok = state.(S)
	return s, ok
}

// keep keeps the state of an item.
func (l *Line) keep(key string, state any) {
	for k := range l.cache { // any one gives way: what waits is folded often, and so comes back
		if len(l.cache) < maxFolded {
			break
		}
		delete(l.cache, k)
	}
	l.cache[key] = state
}

// find gives the entry of a short ID, with a hint for a person.
func (l *Line) find(id string) (*record.Entry, error) {
	e, err := l.rec.Find(id)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return nil, hint.New("see: parley log", "nothing here is called %s", id)
	case err != nil:
		return nil, hint.New("see: parley log", "%v", err)
	case !l.durable(e):
		return nil, hint.New("try again", "%s is not on disk yet", id)
	}
	return e, nil
}

// urgent: these go at once over every live path, the others by the stream.
func urgent(e *record.Entry) bool {
	k, ok := statement.Find(verify.Kinds, e.Kind)
	return ok && k.Goes(e)
}

// reserved: what is still recorded when the disk is full (rulings: the record never silences the line).
func reserved(kind string) bool {
	k, _ := statement.Find(verify.Kinds, kind)
	return k.Reserve
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
