// SPDX-License-Identifier: Apache-2.0

package record

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"example.org/parley/wire"
)

// What an Evidence says.
const (
	twoTexts = "two texts at one place"
	misfits  = "its prev does not fit the entries below it"
	badSeen  = "it says to have seen another root than the one held here"
	badRoot  = "its receipt names another root than the one held here"
)

// Evidence is what speaks against a key: a liar, a thief or a copied memory. It never stops the
// honest part of the record.
type Evidence struct {
	Against string // party
	Log     LogName
	Index   int
	Why     string
	Notes   [][]byte
	by      string
}

func (e Evidence) String() string {
	return fmt.Sprintf("%s/%s %d: %s %s", e.Log.Party, e.Log.LogID, e.Index, e.Why, e.by)
}

// evidenceAt gives what an entry proves, nil where it proves nothing.
func (r *Record) evidenceAt(e *Entry) *Evidence {
	if e.Evidence == "" {
		return nil
	}
	ev := &Evidence{Against: e.Log.Party, Log: e.Log, Index: e.Index, Why: e.Evidence}
	texts := []*Entry{e}
	if l := e.log; e.Evidence == twoTexts {
		texts = []*Entry{l.at(e.Index)}
		for _, t := range l.twins {
			if t.Index == e.Index {
				texts = append(texts, t)
			}
		}
	}
	slices.SortFunc(texts, compareEntries)
	for _, t := range texts {
		ev.Notes = append(ev.Notes, t.Note)
		ev.by += t.Leaf.String()
	}
	return ev
}

// Evidence gives all evidence and disagreements, sorted.
//
// SPEC: REC-011
func (r *Record) Evidence() []Evidence {
	var out []Evidence
	for _, l := range r.sorted {
		seen := map[int]bool{}
		texts := slices.Clone(l.twins)
		if e := l.gap[l.Size]; e != nil {
			texts = append(texts, e)
		}
		for _, e := range texts {
			if ev := r.evidenceAt(e); ev != nil && (e.Evidence != twoTexts || !seen[e.Index]) {
				seen[e.Index] = true
				out = append(out, *ev)
			}
		}
	}
	out = slices.AppendSeq(out, maps.Values(r.claims))
	slices.SortFunc(out, func(a, b Evidence) int {
		return cmp.Or(compareKeys(a.Log.key(), b.Log.key()), cmp.Compare(a.Index, b.Index), cmp.Compare(a.Why, b.Why), cmp.Compare(a.by, b.by))
	})
	return out
}

// claim is what an entry or a receipt says of the root of another log.
type claim struct {
	size  int
	root  wire.Hash
	entry *Entry // or
	rc    *Receipt
}

// claim weighs what an entry says to have seen: another root than ours counts for nothing.
func (r *Record) claim(e *Entry) {
	if e.form != "" || !r.ours(e) {
		return
	}
	for _, s := range e.Seen {
		r.hear(s.key(), claim{s.Size, s.Root, e, nil})
	}
	for _, ref := range e.Re {
		l := r.log(ref.key())
		l.Claimed = max(l.Claimed, ref.Index+1)
	}
}

// hear weighs a claim now, or when that much of the log is joined.
func (r *Record) hear(k logKey, c claim) {
	l := r.log(k)
	l.Claimed = max(l.Claimed, c.size)
	if c.size <= l.Size {
		r.weigh(l, c)
		return
	}
	if l.open == nil {
		l.open = map[int][]claim{}
	}
	l.open[c.size] = append(l.open[c.size], c)
}

func (r *Record) weigh(l *Log, c claim) {
	if root, ok := l.rootAt(c.size); !ok || root == c.root {
		return
	}
	if c.rc != nil {
		leaf := c.rc.Leaf()
		r.claims[l.line0()+leaf.String()] = Evidence{c.rc.By, c.rc.Log, c.size, badRoot, [][]byte{c.rc.Note}, leaf.String()}
		return
	}
	by := l.line0() + c.entry.Leaf.String()
	r.claims[by] = Evidence{c.entry.Log.Party, c.entry.Log, c.entry.Index, badSeen, [][]byte{c.entry.Note}, by}
}

func (l *Log) line0() string { return l.Name.Party + "/" + l.Name.LogID.String() + " " }

// recheck weighs all claims about a log again after its branch was chosen anew.
func (r *Record) recheck(l *Log) {
	for k := range r.claims {
		if len(k) > len(l.line0()) && k[:len(l.line0())] == l.line0() {
			delete(r.claims, k)
		}
	}
	l.open = nil
	for _, o := range r.sorted {
		for _, e := range r.Entries(o.Name.Party, o.Name.LogID, 0) {
			for _, s := range e.Seen {
				if s.key() == l.Name.key() && e.form == "" && r.ours(e) {
					r.hear(s.key(), claim{s.Size, s.Root, e, nil})
				}
			}
		}
	}
	for _, rc := range l.allReceipts(r.Entries(l.Name.Party, l.Name.LogID, 0)) {
		r.hear(l.Name.key(), claim{rc.All, rc.Root, nil, rc})
	}
}
