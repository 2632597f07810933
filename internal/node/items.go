// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/stop"
)

// items sorts what is on disk by what it is about, each list in order of time. What was touched since it
// was asked last is put in its place again; all else stays, so that a long record costs a view nothing.
type items struct {
	stamps map[string]stamp
	lists  map[string][]stamp // by the first word of the kind: message stop call check contact line
}

// stamp is one item in its list.
type stamp struct {
	list string
	at   time.Time
	key  string
	open bool // its state may raise an alarm: a clock of it runs, or its ends differ
}

func compareStamps(a, b stamp) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.key, b.key)) }

// index sorts all items of a record that has been read, beside the loop.
func (l *Line) index(m *memory, now time.Time) {
	for _, key := range m.rec.Items() {
		if s := l.stamp(m.rec.Item(key), m.rec, now); s.list != "" {
			m.items.stamps[key] = s
			m.items.lists[s.list] = append(m.items.lists[s.list], s)
		}
	}
	for _, list := range m.items.lists {
		slices.SortFunc(list, compareStamps)
	}
}

// sorted gives the index as of now.
func (l *Line) sorted() *items {
	for key := range l.touched {
		s := l.stamp(l.item(key), l.rec, l.now)
		if s.list == "line" || l.items.stamps[key].list == "line" {
			l.reg = nil
		}
		l.items.put(key, s)
	}
	clear(l.touched)
	return l.items
}

// put moves an item to where it belongs now; without a list it is gone.
func (x *items) put(key string, s stamp) {
	was, had := x.stamps[key]
	if had && was == s {
		return
	}
	if had {
		list := x.lists[was.list]
		if i, ok := slices.BinarySearchFunc(list, was, compareStamps); ok {
			x.lists[was.list] = slices.Delete(list, i, i+1)
		}
		delete(x.stamps, key)
	}
	if s.list != "" {
		list := x.lists[s.list]
		i, _ := slices.BinarySearchFunc(list, s, compareStamps)
		x.lists[s.list], x.stamps[key] = slices.Insert(list, i, s), s
	}
}

// stamp says where an item belongs; a new kind of item is one more case here, its fold beside it.
func (l *Line) stamp(it *record.Item, r *record.Record, now time.Time) (s stamp) {
	if it == nil || len(it.Entries) == 0 {
		return s
	}
	s.key = it.Key
	kind := it.Entries[0].Kind
	if it.Begin != nil {
		kind = it.Begin.Kind
	}
	switch head, _, _ := strings.Cut(kind, "."); head {
	case "message":
		if m := foldMessage(it, r); m.Begin != nil {
			s.list, s.at = head, m.Recorded.At
			s.open = slices.ContainsFunc(l.due(m, now), func(c statement.Clock) bool { return !c.Done })
		}
	case "call":
		c := foldCall(it, r)
		s.list, s.at, s.open = head, c.Began, c.Differ
	case "check":
		s.list, s.at = head, foldCheck(it, r).Due
	case "stop":
		s.list = head
	case "contact", "request":
		s.list = "contact"
	default:
		if _, ok := statement.Find(register.Kinds, kind); ok {
			s.list = "line"
		}
	}
	return s
}

// keys lists the items of a kind in order of time.
func (l *Line) keys(list string) []stamp { return l.sorted().lists[list] }

// states folds items of a list.
func states[S any](l *Line, list []stamp, f func(*record.Item, *record.Record) S) []S {
	out := make([]S, 0, len(list))
	for _, k := range list {
		if s, ok := fold(l, k.key, f); ok {
			out = append(out, s)
		}
	}
	return out
}

// open lists what may raise an alarm.
func (l *Line) open(list string) (out []stamp) {
	for _, s := range l.keys(list) {
		if s.open {
			out = append(out, s)
		}
	}
	return out
}

// newest are the last n of a list, what a desk draws.
func newest(list []stamp, n int) []stamp { return list[max(0, len(list)-n):] }

func foldMessage(it *record.Item, r *record.Record) message.State { return message.Fold(it, r) }
func foldStop(it *record.Item, r *record.Record) stop.State       { return stop.Fold(it, r) }
func foldCall(it *record.Item, r *record.Record) call.State       { return call.Fold(it, r) }
func foldCheck(it *record.Item, r *record.Record) check.State     { return check.Fold(it, r) }
func foldContact(it *record.Item, r *record.Record) contact.State { return contact.Fold(it, r) }

func (l *Line) callStates() []call.State   { return states(l, l.keys("call"), foldCall) }
func (l *Line) checkStates() []check.State { return states(l, l.keys("check"), foldCheck) }

// contactStates gives the contacts and requests, those of our private log too.
func (l *Line) contactStates() (contacts []*contact.Contact, requests []*contact.Request) {
	add := func(s contact.State) {
		if s.Contact != nil {
			contacts = append(contacts, s.Contact)
		}
		if s.Request != nil {
			requests = append(requests, s.Request)
		}
	}
	for _, s := range states(l, l.keys("contact"), foldContact) {
		add(s)
	}
	for _, k := range l.priv.Items() {
		if it := l.priv.Item(k); !slices.ContainsFunc(it.Entries, func(e *record.Entry) bool { return !l.durable(e) }) {
			add(contact.Fold(it, l.priv))
		}
	}
	return contacts, requests
}
