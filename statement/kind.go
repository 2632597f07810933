// SPDX-License-Identifier: Apache-2.0

package statement

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"example.org/parley/record"
	"example.org/parley/wire"
)

// Kind is what the record, the node and the verifier must know of one kind of statement. Its fields are limits of
// form; what its facts must say is the business of their Validate.
type Kind struct {
	record.Kind        // name and grouping; New adds Validate and ItemID
	Class       string // the one class that it has; "": any
	Max         int    // limit of both bodies together, 0: that of each
	NoText      bool   // it carries no free words
	Reserve     bool   // it is still recorded when the disk is full
	Urgent      bool   // it goes at once over every live path

	// Facts is the type of its facts: their members are drawn into spec/kinds.md.
	Facts reflect.Type

	urgent func(*record.Entry) bool
	fold   func(state any, e, begin *record.Entry)
}

// Validator are the facts of one kind, its coded part: Validate judges them within their entry, beside the beginning of
// its item (nil where it begins one, or the beginning is not here).
type Validator interface {
	Validate(e, begin *record.Entry) error
}

// New makes a kind of its facts; fold says what one valid statement of it changes in the state of its item.
// Facts that have a method Item name their item themselves (party and id); those that have a method Urgent say
// whether a statement goes at once.
func New[S any, F Validator](k Kind, fold func(s *S, e *record.Entry, f F)) Kind {
	k.Facts = reflect.TypeFor[F]()
	k.Validate = func(e, begin *record.Entry) error {
		if err := k.form(e); err != nil {
			return err
		}
		f, here, err := read[F](e)
		if err != nil || !here {
			return err
		}
		return First(f.Before.validate(e), f.Facts.Validate(e, begin))
	}
	talks := talks(k.Facts)
	k.fold = func(state any, e, begin *record.Entry) {
		if f, here, _ := Read[F](e); here && k.form(e) == nil && f.Validate(e, begin) == nil {
			if talks { // its words stand in nobody else's facts
				own, _ := decode[F](e.Facts())
				f = own.Facts
				hear(e, &f)
			}
			fold(state.(*S), e, f)
		}
	}
	if Carried(k.Name) {
		k.Kind.Anew = anew
	}
	type named interface {
		Item(*record.Entry) (party, id string)
	}
	var none F
	if _, ok := any(none).(named); ok {
		k.ItemID = func(e *record.Entry) (party, id string, err error) {
			f, here, err := Read[F](e)
			if err != nil || !here {
				return "", "", errors.Join(err, If(!here, "its facts are not here"))
			}
			party, id = any(f).(named).Item(e)
			return party, id, nil
		}
	}
	if k.Begins && Carried(k.Name) {
		k.ItemID = func(e *record.Entry) (party, id string, err error) {
			f, here, err := read[F](e)
			if err == nil && here {
				party, id = f.Before.item(e)
			}
			return party, id, err
		}
	}
	_, asks := any(none).(interface{ Urgent() bool })
	k.urgent = func(e *record.Entry) bool {
		if k.Urgent || !asks { // its facts need not be read
			return k.Urgent
		}
		f, here, _ := Read[F](e)
		return here && any(f).(interface{ Urgent() bool }).Urgent()
	}
	return k
}

// About is what a kind is about: the word before its dot.
func About(kind string) string {
	head, _, _ := strings.Cut(kind, ".")
	return head
}

// Goes reports whether an entry of this kind goes at once over every live path.
func (k Kind) Goes(e *record.Entry) bool { return k.urgent != nil && k.urgent(e) }

// form judges what the kind says of every statement of it.
func (k Kind) form(e *record.Entry) error {
	return First(
		If(!k.Begins && k.ItemID == nil && len(e.Re) == 0, "it names nothing that it is about"),
		OneOf("class", e.Class, Classes), OneOf("mark", e.Mark, Marks),
		If(k.Class != "" && e.Class != k.Class, "it is of class %s, not %s", e.Class, k.Class),
		If(k.NoText && e.WantText, "it carries words, and must not"),
		If(k.Max > 0 && e.Bodies > k.Max, "bodies of %d bytes, over %d", e.Bodies, k.Max),
	)
}

// Read decodes an entry's facts; here is false while the body has not arrived, which judges nothing.
func Read[F any](e *record.Entry) (F, bool, error) {
	f, here, err := read[F](e)
	return f.Facts, here, err
}

// read is Read with where they were stated before the line.
func read[F any](e *record.Entry) (f said[F], here bool, err error) {
	f, here, err = record.Once(e, decode[F])
	if !here {
		return f, false, If(!e.WantFacts, "its facts are missing")
	}
	return f, err == nil, err
}

func decode[F any](facts []byte) (f said[F], err error) {
	err = wire.DecodeStrict(facts, wire.MaxBody, &f)
	return f, err
}

// Find gives the kind of a name.
func Find(kinds []Kind, name string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// Fold lets each valid statement of an item change its state, in canonical order whatever the order of arrival.
func Fold[S any](kinds []Kind, s *S, it *record.Item) {
	entries := slices.Clone(it.Entries)
	slices.SortFunc(entries, func(a, b *record.Entry) int { return a.Place().Compare(b.Place()) })
	done := map[string]bool{}
	for _, e := range slices.Compact(entries) {
		if twice(done, e) {
			continue
		}
		if k, ok := Find(kinds, e.Kind); ok && k.fold != nil {
			begin := it.Begin
			if begin == e {
				begin = nil
			}
			k.fold(s, e, begin)
		}
	}
}

// Past tells what a statement's author had before him: the only order that a fold may use.
type Past interface {
	Before(a, b *record.Entry) bool // a is in b's past
}

// Newest gives the elements that precede no other of the list: several where none of them knew the other. What one that
// precedes another was found to precede is asked first: mostly it is the same for all.
func Newest[T any](list []T, before func(a, b T) bool) (out []T) {
	last := -1
	for _, a := range list {
		if last >= 0 && before(a, list[last]) {
			continue
		}
		for last = len(list) - 1; last >= 0 && !before(a, list[last]); last-- {
		}
		if last < 0 {
			out = append(out, a)
		}
	}
	return out
}

// NewestOf is Newest of what entries say: of one log only the last can be, so that a long list costs little.
func NewestOf[T any](list []T, entry func(T) *record.Entry, past Past) []T {
	last := map[record.LogID]int{}
	for _, x := range list {
		e := entry(x)
		last[e.Log.LogID] = max(last[e.Log.LogID], e.Index)
	}
	some := slices.DeleteFunc(slices.Clone(list), func(x T) bool {
		e := entry(x)
		return e.Index < last[e.Log.LogID] && e.Joined
	})
	return Newest(some, func(a, b T) bool { return past.Before(entry(a), entry(b)) })
}

// Oldest gives the elements that no other of the list precedes.
func Oldest[T any](list []T, before func(a, b T) bool) []T {
	return Newest(list, func(a, b T) bool { return before(b, a) })
}

// Trial is what a draft of a party would become, as far as a kind can judge it.
func Trial(party string, d record.Draft) (*record.Entry, error) {
	var facts, text []byte
	var err, err2 error
	if d.Facts != nil {
		facts, err = wire.EncodeBody(d.Facts, [32]byte{})
	}
	if d.Text != nil {
		text, err2 = wire.EncodeBody(*d.Text, [32]byte{})
	}
	h := record.Head{Log: &record.LogName{LogID: record.LogID{Party: party}}, Kind: d.Kind, Class: d.Class, Mark: d.Mark, Re: d.Re}
	if err := First(err, err2); err != nil {
		return nil, fmt.Errorf("this cannot be written: %w", err)
	}
	return record.NewEntry(h, nil, facts, text), nil
}

// Record gives what a record must know of kinds.
func Record(kinds []Kind) map[string]record.Kind {
	m := map[string]record.Kind{}
	for _, k := range kinds {
		m[k.Name] = k.Kind
	}
	return m
}
