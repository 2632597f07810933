// SPDX-License-Identifier: Apache-2.0

package record

import (
	"slices"
	"sort"
	"time"
)

// mark says that from a place on a log's writer knew another log up to a size: a line of seen or
// of re, kept only where it says more than the one before, or where that one does not prove true yet.
type mark struct {
	index, size int32
	most        int32 // size, or that of a mark before it which is greater
	line        int16 // of seen, or of Re
	re          bool
}

// remember keeps what a joined entry says to have seen.
func (r *Record) remember(l *Log, e *Entry) {
	add := func(k *Log, m mark) {
		if k == l {
			return
		}
		ms := l.marks[k]
		if m.most = m.size; len(ms) > 0 {
			last := ms[len(ms)-1]
			if last.size >= m.size && r.proves(l.chain[last.index], last) {
				return
			}
			m.most = max(m.size, last.most)
		}
		if l.marks == nil {
			l.marks = map[*Log][]mark{}
		}
		l.marks[k] = append(ms, m)
	}
	for i, s := range e.seen {
		add(s.log, mark{int32(e.Index), s.size, 0, int16(i), false})
	}
	for i, ref := range e.Re {
		if r.o.party(ref.Party) != nil {
			add(r.log(ref.LogID), mark{int32(e.Index), int32(ref.Index) + 1, 0, int16(i), true})
		}
	}
}

// known gives how much of a log the writer of l knew below a size of l, as far as it proves true.
func (r *Record) known(l *Log, size int, k *Log) int {
	ms := l.marks[k]
	n := sort.Search(len(ms), func(i int) bool { return int(ms[i].index) >= size })
	known := int32(0)
	for _, m := range slices.Backward(ms[:n]) {
		if known >= m.most {
			break
		}
		if m.size > known && r.proves(l.chain[m.index], m) {
			known = m.size
		}
	}
	return int(known)
}

// proves reports whether what a line of an entry names is here as it says.
func (r *Record) proves(e *Entry, m mark) bool {
	if m.re {
		return r.ByRef(e.Re[m.line]) != nil
	}
	return e.seen[m.line].fits()
}

// fits reports whether a line of seen names a root that we hold at that size.
func (s sight) fits() bool {
	root, ok := s.log.RootAt(int(s.size))
	return ok && root == s.root
}

// learn widens a past by one log up to a size, and by the past of that.
func (r *Record) learn(past map[*Log]int, l *Log, size int) { r.learnAbove(past, nil, l, size) }

// learnAbove is learn, leaving out what is below floor, which is a past itself.
func (r *Record) learnAbove(past, floor map[*Log]int, l *Log, size int) {
	type step struct {
		l    *Log
		size int
	}
	for todo := []step{{l, size}}; len(todo) > 0; {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s.l == nil || s.size <= max(past[s.l], floor[s.l]) {
			continue
		}
		past[s.l] = s.size
		for k := range s.l.marks {
			if n := r.known(s.l, s.size, k); n > max(past[k], floor[k]) {
				todo = append(todo, step{k, n})
			}
		}
		if e := s.l.at(s.size - 1); e != nil && !e.Joined {
			for _, ref := range e.Re {
				todo = append(todo, step{r.logs[ref.LogID], ref.Index + 1})
			}
		}
	}
}

// pastOf gives how much of each log is in the past of an entry, itself left out.
func (r *Record) pastOf(e *Entry) map[*Log]int {
	past := map[*Log]int{}
	r.learn(past, e.log, e.Index)
	past[e.log] = e.Index
	for _, s := range e.seen {
		if s.fits() {
			r.learn(past, s.log, int(s.size))
		}
	}
	for _, ref := range e.Re {
		if r.ByRef(ref) != nil {
			r.learn(past, r.logs[ref.LogID], ref.Index+1)
		}
	}
	return past
}

// Past gives how many joined entries of each log are in the past of an entry, itself left out.
func (r *Record) Past(e *Entry) map[LogID]int {
	out := map[LogID]int{}
	if e == nil {
		return out
	}
	for l, n := range r.pastOf(e) {
		out[l.Name.LogID] = n
	}
	return out
}

// Told gives the time of the newest statement of a party that an entry had seen: of each of its logs the last.
func (r *Record) Told(e *Entry, party string) (t time.Time) {
	for l, n := range r.pastOf(e) {
		if n = min(n, l.Size); n > 0 && l.Name.Party == party && l.chain[n-1].Time.After(t) {
			t = l.chain[n-1].Time
		}
	}
	return t
}

// Before reports whether a is in the past of b: below it in its log, seen, named in re, or in the
// past of one of these. Nothing else proves an order: no clock, no arrival.
//
// SPEC: REC-012
func (r *Record) Before(a, b *Entry) bool {
	switch {
	case a == nil || b == nil || a == b || b.log == nil:
		return false
	case slices.Contains(b.Re, a.Ref()):
		return true
	case !a.Joined && a.Evidence != "":
		return false // it is on no branch of its log, so nobody's statement can name it
	case a.log == b.log:
		return a.Index < b.Index
	}
	// Most questions end at the line that b's own log says of a's.
	if r.known(b.log, min(b.Index+1, b.log.Size), a.log) > a.Index {
		return true
	}
	return r.pastOf(b)[a.log] > a.Index
}

// touchLog moves a log to the end of those that grew.
func (r *Record) touchLog(l *Log) {
	n := len(r.moved)
	if n > 0 && r.moved[n-1] == l {
		l.Turn++
		return
	}
	turn := r.Turn() + 1
	if i := slices.Index(r.moved, l); i >= 0 {
		r.moved = slices.Delete(r.moved, i, i+1)
	}
	l.Turn, r.moved = turn, append(r.moved, l)
}

// InOrder lists all that is held, each statement after those that it names, by seen and re, and below it in its log; what
// knew nothing of each other, by the times that their authors gave.
func (r *Record) InOrder() []*Entry {
	var all []*Entry
	for _, l := range r.sorted {
		all = append(all, r.Entries(l.Name.LogID, 0)...)
	}
	slices.SortStableFunc(all, func(a, b *Entry) int { return a.Time.Compare(b.Time) })
	out, next := make([]*Entry, 0, len(all)), make(map[*Entry]int, len(all)) // next: which one that it names is to be looked at
	for _, e := range all {
		if next[e] > 0 {
			continue
		}
		for todo := []*Entry{e}; len(todo) > 0; {
			e := todo[len(todo)-1]
			i := next[e]
			if next[e]++; i > len(e.seen)+len(e.Re) {
				out, todo = append(out, e), todo[:len(todo)-1]
			} else if p := r.below(e, i); p != nil && next[p] == 0 {
				todo = append(todo, p)
			}
		}
	}
	return out
}

// below is the i-th of what an entry names, if it is here: what stands below it, what it saw last, what it is about.
func (r *Record) below(e *Entry, i int) *Entry {
	switch n := len(e.seen); {
	case i == 0 && e.Index > 0:
		return r.At(Place{e.Log.LogID, e.Index - 1})
	case i == 0:
		return nil
	case i <= n && e.seen[i-1].fits():
		return e.seen[i-1].log.at(int(e.seen[i-1].size) - 1)
	case i <= n:
		return nil
	default:
		return r.ByRef(e.Re[i-1-n])
	}
}
