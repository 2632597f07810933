// SPDX-License-Identifier: Apache-2.0

package record

import (
	"cmp"
	"fmt"
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

// Evidence is what an honest node never signs: the key's owner lies, the key was stolen, or the node runs
// from a copy of its disk. The honest part of the record goes on all the same.
type Evidence struct {
	Against string // party
	Log     LogID
	Index   int
	Why     string
	by      string // leaves of the texts that prove it
}

func (e Evidence) String() string {
	return fmt.Sprintf("%s %d: %s %s", e.Log, e.Index, e.Why, e.by)
}

// evidenceAt gives what an entry proves, nil where it proves nothing.
func (r *Record) evidenceAt(e *Entry) *Evidence {
	if e.Evidence == "" {
		return nil
	}
	ev := &Evidence{Against: e.Log.Party, Log: e.Log.LogID, Index: e.Index, Why: e.Evidence}
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
	for _, l := range r.logs {
		for _, c := range l.wrong {
			out = append(out, c.evidence())
		}
	}
	slices.SortFunc(out, func(a, b Evidence) int {
		return cmp.Or(a.Log.Compare(b.Log), cmp.Compare(a.Index, b.Index), cmp.Compare(a.Why, b.Why), cmp.Compare(a.by, b.by))
	})
	return out
}

// claim is what a receipt, or a line of seen of an entry, says of the root of a log.
type claim struct {
	rc    *Receipt // or
	entry *Entry
	line  int // of seen
}

func (c claim) point() (size int, root wire.Hash) {
	if c.rc != nil {
		return c.rc.All, c.rc.Root
	}
	s := c.entry.seen[c.line]
	return int(s.size), s.root
}

// evidence makes the Evidence of a claim that names another root than the one here.
func (c claim) evidence() Evidence {
	if rc := c.rc; rc != nil {
		return Evidence{rc.By, rc.Log.LogID, rc.All, badRoot, rc.Leaf().String()}
	}
	e, of := c.entry, c.entry.seen[c.line].log.Name.LogID
	return Evidence{e.Log.Party, e.Log.LogID, e.Index, badSeen, of.String() + " " + e.Leaf.String()}
}

// claim keeps what an entry names of other logs. Another root than ours counts for nothing.
func (r *Record) claim(e *Entry) {
	if e.malformed {
		return
	}
	for i, s := range e.seen {
		c := claim{entry: e, line: i}
		s.log.said = append(s.log.said, c)
		s.log.hear(c)
	}
	for _, ref := range e.Re {
		l := r.log(ref.LogID)
		l.Claimed = max(l.Claimed, ref.Index+1)
	}
}

// hear compares a claim with the root here: now, or once that much of the log is joined.
func (l *Log) hear(c claim) {
	size, _ := c.point()
	l.Claimed = max(l.Claimed, size)
	if size <= l.Size {
		l.weigh(c)
		return
	}
	if l.open == nil {
		l.open = map[int][]claim{}
	}
	l.open[size] = append(l.open[size], c)
}

func (l *Log) weigh(c claim) {
	size, root := c.point()
	if ours, ok := l.RootAt(size); ok && ours != root {
		l.wrong = append(l.wrong, c)
	}
}
