// SPDX-License-Identifier: Apache-2.0

package record

import (
	"maps"
	"slices"
	"strings"

	"example.org/parley/wire"
)

// valid reports whether the entry folds: it is not inert, its facts are here or sealed, and it is no second text
// that the other party has not receipted.
func (e *Entry) valid() bool {
	return e.Inert == "" && (e.WantFacts == e.facts || e.sealed) && (e.Evidence == "" || e.covered())
}

// judge finds anew whether an entry is valid and which items read it, and passes on what changes.
//
// SPEC: REC-013
func (r *Record) judge(e *Entry) {
	wasItem, wasInert := e.item, e.Inert
	e.barren = false
	if !e.malformed {
		e.Inert = ""
	}
	stolen := r.void(e)
	v := r.verdict(e, stolen)
	v.why = r.again(e, v.why)
	e.Inert, e.barren = v.why, v.barren
	item, second := v.item, v.second
	if !e.valid() {
		item, second = "", ""
	}
	r.group(e, v.group)
	r.move(e, item, second)
	if e.item != wasItem || e.Inert != wasInert || !e.asked {
		e.asked = true
		for _, d := range r.named[e.Leaf] {
			r.judge(d)
		}
	}
}

// verdict is what judge finds: a function of the entry and of the beginning of its item.
type verdict struct {
	why          string // it is inert, "" when it is valid
	barren       bool   // inert by itself, whatever its item is
	item, second string
	group        string // the item by an id in the facts
}

// UnknownKind begins what is said of an entry whose kind this version does not know: it is stored, receipted and handed on
// as any other, and folds into nothing here.
const UnknownKind = "a kind unknown here: "

func inert(why string) verdict { return verdict{why: why, barren: true} }

func (r *Record) verdict(e *Entry, stolen string) (v verdict) {
	kind, ok := r.o.Kinds[e.Kind]
	switch {
	case e.malformed:
		return inert(e.Inert)
	case e.Absent == overLimit:
		return inert("a body over the limit")
	case !ok:
		return inert(UnknownKind + e.Kind)
	case e.Joined && e.late:
		return inert("its time is before that of an entry below")
	case stolen != "":
		return inert(stolen)
	}
	if e.text {
		if _, err := decodeText(e.load().text); err != nil {
			return inert(err.Error())
		}
	}
	if e.WantFacts && !e.facts && !kind.Sealed {
		return v // it waits for its facts
	}
	begin, why := r.belongs(e, kind, &v)
	if v.why = why; why == "" {
		v.why = ask(kind, e, begin)
	}
	return v
}

func decodeText(b []byte) (*Text, error) {
	t := new(Text)
	if err := wire.DecodeStrict(b, wire.MaxBody, t); err != nil {
		return nil, err
	}
	if len(t.Lang) > 8 || !wire.ValidWord(t.Lang, "-") {
		return nil, errForm
	}
	return t, nil
}

// ours reports whether every party that a header names is of this line.
func (o *Options) ours(st *Statement) bool {
	return !slices.ContainsFunc(st.Seen, func(s Seen) bool { return o.party(s.Party) == nil }) &&
		!slices.ContainsFunc(st.Re, func(r Ref) bool { return o.party(r.Party) == nil })
}

// ask lets the kind validate the entry and gives why it is not valid, "" when it is. Where a kind has no Validate, the
// facts must be strict JSON all the same.
func ask(k Kind, e, begin *Entry) string {
	var err error
	switch {
	case k.Validate != nil:
		err = k.Validate(e, begin)
	case e.facts:
		var any map[string]any
		err = wire.DecodeStrict(e.Facts(), wire.MaxBody, &any)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// belongs finds the items of an entry and the beginning of its first one.
//
// SPEC: REC-014
func (r *Record) belongs(e *Entry, k Kind, v *verdict) (begin *Entry, why string) {
	if k.ItemID != nil {
		p, id, err := k.ItemID(e)
		if err != nil {
			return nil, err.Error()
		}
		if id != "" && r.o.party(p) == nil {
			return nil, "names a party that is not of this line"
		}
		if id != "" {
			head, _, _ := strings.Cut(k.Name, ".")
			v.item = head + " " + p + "#" + id // never the form of a reference, and none of another sort of item
			v.group = v.item
			if it := r.items[v.item]; it != nil && it.Begin != e && !k.Begins {
				begin = it.Begin
			}
			v.second = r.secondOf(e, k)
			return begin, ""
		}
	}
	v.second = r.secondOf(e, k)
	switch {
	case k.Begins:
		v.item = e.Ref().String()
		return nil, ""
	case len(e.Re) == 0:
		return nil, "it names no beginning"
	}
	begin = r.ByRef(e.Re[0])
	v.item = r.keyOf(e.Re[0])
	if begin == nil {
		return nil, ""
	}
	if b, ok := r.o.Kinds[begin.Kind]; ok && !b.Begins {
		return nil, "its first re is not the beginning of an item"
	}
	if begin.Inert != "" {
		return nil, "the beginning of its item is not valid"
	}
	if !begin.valid() {
		return nil, ""
	}
	return begin, ""
}

// secondOf is the other item that reads an entry, "" where there is none.
func (r *Record) secondOf(e *Entry, k Kind) string {
	switch {
	case k.Two && len(e.Re) > 1:
		return r.keyOf(e.Re[1])
	case k.Begins && len(e.Re) > 0:
		return r.keyOf(e.Re[0])
	}
	return ""
}

// keyOf gives the key of the item that a reference names.
func (r *Record) keyOf(ref Ref) string {
	if b := r.ByRef(ref); b != nil && b.item != "" {
		return b.item
	}
	return ref.String()
}

// group keeps the entries that an id in their facts makes one item, valid or not.
func (r *Record) group(e *Entry, key string) {
	if key != "" && !slices.Contains(r.members[key], e) {
		r.members[key] = append(r.members[key], e)
	}
}

// move puts an entry into its items and out of those where it was.
func (r *Record) move(e *Entry, item, second string) {
	if second == item {
		second = ""
	}
	if e.item == item && e.second == second {
		return
	}
	was, was2 := e.item, e.second
	e.item, e.second = item, second
	for _, k := range []string{was, was2} {
		if k != "" {
			r.leave(e, k)
		}
	}
	for _, k := range []string{item, second} {
		if k != "" {
			r.enter(e, k)
		}
	}
}

func (r *Record) enter(e *Entry, key string) {
	it := r.items[key]
	if it == nil {
		it = &Item{Key: key}
		r.items[key] = it
	}
	if i, found := slices.BinarySearchFunc(it.Entries, e, compareEntries); !found {
		it.Entries = slices.Insert(it.Entries, i, e)
	}
	r.begin(it)
	r.touched = append(r.touched, key)
}

func (r *Record) leave(e *Entry, key string) {
	it := r.items[key]
	if it == nil {
		return
	}
	if i, found := slices.BinarySearchFunc(it.Entries, e, compareEntries); found {
		it.Entries = slices.Delete(it.Entries, i, i+1)
	}
	r.begin(it)
	if len(it.Entries) == 0 {
		delete(r.items, key)
	}
	r.touched = append(r.touched, key)
}

// begin finds the beginning of an item: the first in canonical order whose kind begins, and whose
// own item it is. Where it changes, those grouped by an id are judged again.
func (r *Record) begin(it *Item) {
	was := it.Begin
	it.Begin = nil
	for _, e := range it.Entries {
		if e.item == it.Key && r.o.Kinds[e.Kind].Begins {
			it.Begin = e
			break
		}
	}
	if was == it.Begin {
		return
	}
	for _, m := range r.members[it.Key] {
		if !r.o.Kinds[m.Kind].Begins {
			r.judge(m)
		}
	}
}

// Item gives the set of valid entries about one thing, nil where there is none.
func (r *Record) Item(key string) *Item { return r.items[key] }

// ItemOf gives the key of the item of an entry, "" where it folds into none.
func (r *Record) ItemOf(e *Entry) string { return e.item }

// Items gives the keys of all items, sorted.
func (r *Record) Items() []string { return slices.Sorted(maps.Keys(r.items)) }
