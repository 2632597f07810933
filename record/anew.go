// SPDX-License-Identifier: Apache-2.0

package record

import (
	"slices"
)

// Anew is what a statement that was stated before the line says, so that it can be told from another under the same leaf.
type Anew struct {
	ID    string  // its author, its kind and the leaf that it had
	Says  string  // its facts, without the places that they name
	Names []Place // these
}

// again judges an entry, which is valid by itself where why is "", beside those that were stated anew under the same leaf: of
// one author and kind a leaf is one statement, and what is not that of the first in canonical order is not valid. Whatever an
// entry is inert for, it is asked: an earlier judging may have found it valid.
//
// SPEC: ALN-029 REC-015
func (r *Record) again(e *Entry, why string) string {
	k := r.o.Kinds[e.Kind]
	if k.Anew == nil || !e.facts || e.malformed {
		return why
	}
	fresh := e.anew == nil
	if fresh {
		if e.anew = k.Anew(e); e.anew == nil {
			e.anew = &Anew{} // it was not
		} else if e.log != nil {
			r.twins[e.anew.ID] = append(r.twins[e.anew.ID], e)
			for _, p := range e.anew.Names {
				r.naming[p] = append(r.naming[p], e)
			}
		}
	}
	if e.anew.ID == "" {
		return why
	}
	if e.log != nil { // else it is not stated yet
		r.fits(e, why == "" && (e.Evidence == "" || e.covered()))
	}
	if fresh && e.log != nil {
		r.renamed(e)
	}
	if first := r.first[e.anew.ID]; why == "" && first != nil && first != e && !r.alike(first, e) {
		return "another statement was stated anew under this leaf"
	}
	return why
}

// fits keeps which is the first under its leaf of those that are valid by themselves, and judges the others again where that is
// another.
func (r *Record) fits(e *Entry, fit bool) {
	id := e.anew.ID
	was := r.first[id]
	first := was
	switch {
	case fit && (was == nil || compareEntries(e, was) < 0):
		first = e
	case !fit && was == e:
		first = nil
		for _, m := range r.twins[id] {
			if m != e && m.fit && (first == nil || compareEntries(m, first) < 0) {
				first = m
			}
		}
	}
	e.fit = fit
	if first == was {
		return
	}
	r.first[id] = first
	for _, m := range r.twins[id] {
		if m != e {
			r.judge(m)
		}
	}
}

// renamed judges those again that name an entry, in their facts or in re, which they knew by its place alone until now, and
// with them all that stands under their leaf.
func (r *Record) renamed(e *Entry) {
	for _, d := range slices.Concat(r.naming[e.Place()], r.named[e.Leaf]) {
		if d.anew == nil || d.anew.ID == "" {
			continue
		}
		for _, m := range r.twins[d.anew.ID] {
			if m != e {
				r.judge(m)
			}
		}
	}
}

// alike reports whether two statements under one leaf say the same, of what is the same.
func (r *Record) alike(a, b *Entry) bool {
	meant := func(e *Entry, place Place, is string) string {
		if e != nil && e.anew != nil && e.anew.ID != "" && e.Place() == place {
			return e.anew.ID
		}
		return is
	}
	return a.Class == b.Class && a.Mark == b.Mark && a.anew.Says == b.anew.Says &&
		slices.EqualFunc(a.anew.Names, b.anew.Names, func(p, q Place) bool { return meant(r.At(p), p, p.String()) == meant(r.At(q), q, q.String()) }) &&
		slices.EqualFunc(a.Re, b.Re, func(p, q Ref) bool {
			return p == q || meant(r.ByRef(p), p.Place, p.String()) == meant(r.ByRef(q), q.Place, q.String())
		})
}
