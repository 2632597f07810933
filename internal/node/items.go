// SPDX-License-Identifier: Apache-2.0

package node

import (
	"slices"
	"strings"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/message"
	"example.org/parley/record"
)

// items sorts the keys of what is on disk by what it is about: the list of folds. A new kind of item
// is one more field here, its fold beside it.
type items struct {
	messages, stops, calls, checks, contacts []string
}

// sorted gives the index, built again after something was touched.
func (l *Line) sorted() *items {
	if l.items != nil {
		return l.items
	}
	x := &items{}
	for _, key := range l.rec.Items() {
		it := l.item(key)
		if it == nil || len(it.Entries) == 0 {
			continue
		}
		kind := it.Entries[0].Kind
		if it.Begin != nil {
			kind = it.Begin.Kind
		}
		head, _, _ := strings.Cut(kind, ".")
		switch head {
		case "message":
			x.messages = append(x.messages, key)
		case "stop":
			x.stops = append(x.stops, key)
		case "call":
			x.calls = append(x.calls, key)
		case "check":
			x.checks = append(x.checks, key)
		case "contact", "request":
			x.contacts = append(x.contacts, key)
		}
	}
	l.items = x
	return x
}

// states folds every item of a list.
func states[S any](l *Line, keys []string, f func(*record.Item, *record.Record) S) []S {
	out := make([]S, 0, len(keys))
	for _, k := range keys {
		if s, ok := fold(l, k, f); ok {
			out = append(out, s)
		}
	}
	return out
}

func foldMessage(it *record.Item, r *record.Record) message.State  { return message.Fold(it, r) }
func foldStop(it *record.Item, r *record.Record) message.StopState { return message.FoldStop(it, r) }
func foldCall(it *record.Item, r *record.Record) call.State        { return call.Fold(it, r) }
func foldCheck(it *record.Item, r *record.Record) check.State      { return check.Fold(it, r) }
func foldContact(it *record.Item, r *record.Record) contact.State  { return contact.Fold(it, r) }

func (l *Line) messageStates() []message.State {
	out := states(l, l.sorted().messages, foldMessage)
	out = slices.DeleteFunc(out, func(s message.State) bool { return s.Begin == nil })
	slices.SortStableFunc(out, func(a, b message.State) int { return a.Recorded.At.Compare(b.Recorded.At) })
	return out
}

func (l *Line) callStates() []call.State {
	out := states(l, l.sorted().calls, foldCall)
	slices.SortStableFunc(out, func(a, b call.State) int { return a.Began.Compare(b.Began) })
	return out
}

func (l *Line) checkStates() []check.State {
	out := states(l, l.sorted().checks, foldCheck)
	slices.SortStableFunc(out, func(a, b check.State) int { return a.Due.Compare(b.Due) })
	return out
}

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
	for _, s := range states(l, l.sorted().contacts, foldContact) {
		add(s)
	}
	for _, k := range l.priv.Items() {
		add(contact.Fold(l.priv.Item(k), l.priv))
	}
	return contacts, requests
}
