// SPDX-License-Identifier: Apache-2.0

package record

import (
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"example.org/parley/wire"
)

// Limits of what is kept outside a log's joined entries.
const (
	maxGapLog   = 64
	maxGapParty = 256
	maxTwins    = 8
)

var emptyRoot = wire.Sum(nil)

// Log is one log as it is held here. Its fields are read-only to everybody else.
type Log struct {
	Name      LogName
	Size      int       // joined entries
	Root      wire.Hash // RFC 6962 root over them
	Whole     int       // below it every body is here, or of an inert entry
	Stored    int       // all entries held, over gaps too
	Claimed   int       // the largest size that anybody named; above Size something is missing here
	Station   string    // that opened it; "" while place 0 is missing or malformed
	Receipted int       // the largest all of a receipt of the other party whose root is ours
	Held      int       // the largest whole of these receipts
	latest    time.Time // that a joined entry names
	Turn      int       // when it last grew, of all logs of the record

	chain []*Entry           // joined
	gap   map[int]*Entry     // not joined, one a place
	twins []*Entry           // further texts at places of chain or gap
	tree  []wire.Hash        // compact range: perfect subtrees, largest first
	marks map[*Log][]mark    // what it says to have seen of each other log, rising
	early map[int][]*Receipt // receipts that name texts not held, by place, earliest first
	open  map[int][]claim    // what is said of its root at sizes above Size
	said  []claim            // what statements say of its root
	wrong []claim            // what is said of its root and is another than the one here
	// Where texts part the log into branches: the root above each text that is not on the chosen one,
	// and the earliest receipt that a choice was made with for it.
	parted map[wire.Hash]bool
	tried  [2]map[*Entry]*Receipt // by the text, by what is below it
}

// at gives the entry at a place.
func (l *Log) at(i int) *Entry {
	if i >= 0 && i < len(l.chain) {
		return l.chain[i]
	}
	return l.gap[i]
}

// text gives the entry with that leaf at a place.
func (l *Log) text(i int, leaf wire.Hash) *Entry {
	if e := l.at(i); e != nil && e.Leaf == leaf {
		return e
	}
	for _, e := range l.twins {
		if e.Index == i && e.Leaf == leaf {
			return e
		}
	}
	return nil
}

// RootAt gives the root at a size, false where that much is not joined here: each entry signs the root before it.
func (l *Log) RootAt(size int) (wire.Hash, bool) {
	switch {
	case size < 0 || size > l.Size:
		return wire.Hash{}, false
	case size == l.Size:
		return l.Root, true
	}
	return l.chain[size].Prev, true
}

// growTree adds a leaf to a compact range of that size and gives the new root: O(log n).
//
// SPEC: REC-009
func growTree(tree []wire.Hash, size int, leaf wire.Hash) ([]wire.Hash, wire.Hash) {
	h := leaf
	for ; size&1 == 1; size >>= 1 {
		h = wire.Hash(tlog.NodeHash(tlog.Hash(tree[len(tree)-1]), tlog.Hash(h)))
		tree = tree[:len(tree)-1]
	}
	tree = append(tree, h)
	root := h
	for i := len(tree) - 2; i >= 0; i-- {
		root = wire.Hash(tlog.NodeHash(tlog.Hash(tree[i]), tlog.Hash(root)))
	}
	return tree, root
}

// place puts a new entry where it belongs and says what it proves.
//
// SPEC: REC-010
func (r *Record) place(l *Log, e *Entry) *Evidence {
	l.Stored++
	l.Claimed = max(l.Claimed, e.Index+1)
	e.log, e.Log = l, &l.Name
	for _, rc := range l.early[e.Index] {
		if rc.Entry == e.Leaf {
			e.receipts = append(e.receipts, rc)
		}
	}
	if l.at(e.Index) != nil || l.parted[e.Prev] {
		l.twins = append(l.twins, e)
		r.rebuild(l)
		return r.evidenceAt(e)
	}
	if e.Index != l.Size || e.Prev != l.Root {
		l.gap[e.Index] = e
		r.gaps[l.Name.Party]++
		l.misfit()
		e.settle()
		r.judge(e)
		return r.evidenceAt(e)
	}
	e.settle()
	covers := r.join(l, e)
	r.judge(e)
	return r.drain(l, covers)
}

// drain joins what waited over the gap that has just been closed. covers says that a receipt waited for it.
func (r *Record) drain(l *Log, covers bool) (ev *Evidence) {
	for next := l.gap[l.Size]; next != nil; next = l.gap[l.Size] {
		if slices.ContainsFunc(l.twins, func(t *Entry) bool { return t.Index == l.Size }) {
			r.rebuild(l)
			return r.evidenceAt(next)
		}
		if next.Prev != l.Root {
			l.misfit()
			r.judge(next)
			ev = r.evidenceAt(next)
			break
		}
		delete(l.gap, l.Size)
		r.gaps[l.Name.Party]--
		covers = r.join(l, next) || covers
		r.judge(next)
	}
	l.advanceWhole()
	if covers {
		r.rejudge(l)
	}
	return ev
}

// join makes e, which fits, the newest joined entry, and applies the receipts that waited for it.
func (r *Record) join(l *Log, e *Entry) (covers bool) {
	l.tree, l.Root = growTree(l.tree, l.Size, e.Leaf)
	l.chain = append(l.chain, e)
	l.Size++
	l.Claimed = max(l.Claimed, l.Size)
	e.Joined = true
	if e.late = e.Time.Before(l.latest); !e.late {
		l.latest = e.Time
	}
	if e.Index == 0 {
		l.Station = e.Header().Station
	}
	r.remember(l, e)
	r.touchLog(l)
	for _, c := range l.open[l.Size] {
		l.weigh(c)
		if c.rc != nil {
			for _, e := range l.cover(c.rc) {
				r.touched = append(r.touched, e.item)
			}
			r.coverEnded(l, c.rc)
			covers = true
		}
	}
	delete(l.open, l.Size)
	return covers
}

// misfit marks the entry that stands next and does not fit.
func (l *Log) misfit() {
	if e := l.gap[l.Size]; e != nil && e.Prev != l.Root && e.Evidence == "" {
		e.Evidence = misfits
	}
}

func (l *Log) advanceWhole() {
	for l.Whole < l.Size && (l.chain[l.Whole].complete() || l.chain[l.Whole].barren || l.chain[l.Whole].sealed) {
		l.Whole++
	}
}

// Sealed reports whether its kind withholds bodies for a while.
//
// SPEC: REC-035
func (e *Entry) Sealed() bool { return e.sealed }

// complete reports whether every body that the header names is here.
func (e *Entry) complete() bool {
	return e.WantFacts == e.facts && e.WantText == e.text
}

// rebuild finds the joined entries of a log anew where it holds two texts at one place: the
// branch that the other party receipted, whichever came first here. It is rare and bounded. It gives
// the entries whose receipt or item changed.
//
// SPEC: REC-011
func (r *Record) rebuild(l *Log) (changed []*Entry) {
	all := slices.Concat(l.chain, l.twins)
	for _, e := range l.gap {
		all = append(all, e)
	}
	slices.SortFunc(all, compareEntries)
	r.gaps[l.Name.Party] -= len(l.gap)
	f := fork{map[int][]*Entry{}, map[*Entry]wire.Hash{}, l.allReceipts(all)}
	held, items := map[*Entry]*Receipt{}, map[*Entry]string{}
	for _, e := range all {
		f.at[e.Index] = append(f.at[e.Index], e)
		held[e], items[e] = e.Receipt, e.item
		e.Joined, e.Evidence, e.byWhole, e.Receipt = false, "", nil, nil
	}
	for _, d := range r.ends {
		d.settled = false
	}
	branch := f.best(0, nil, emptyRoot)
	l.chain, l.twins, l.tree, l.gap = nil, nil, nil, map[int]*Entry{}
	l.Size, l.Root, l.Whole, l.Station, l.Receipted, l.Held = 0, emptyRoot, 0, "", 0, 0
	l.marks, l.open, l.wrong, l.latest = nil, nil, nil, time.Time{}
	for _, e := range branch {
		r.join(l, e)
	}
	l.parted = map[wire.Hash]bool{}
	for e, root := range f.above {
		if !e.Joined {
			l.parted[root] = true
		}
	}
	l.fillGaps(f.at)
	r.gaps[l.Name.Party] += len(l.gap)
	for _, rc := range f.receipts {
		l.hear(claim{rc: rc})
		l.cover(rc)
	}
	for _, c := range l.said {
		l.hear(c)
	}
	for _, e := range all {
		e.settle()
		r.judge(e)
		if e.Receipt != held[e] || e.item != items[e] {
			r.touched = append(r.touched, e.item)
			changed = append(changed, e)
		}
	}
	l.advanceWhole()
	return changed
}

// fillGaps puts what is not on the chosen branch back and names it evidence.
func (l *Log) fillGaps(at map[int][]*Entry) {
	for i, texts := range at {
		for _, e := range texts {
			if len(texts) > 1 {
				e.Evidence = twoTexts
			}
			if e.Joined {
				continue
			}
			if i < l.Size && e.Evidence == "" {
				e.Evidence = misfits
			}
			if l.at(i) == nil {
				l.gap[i] = e
			} else {
				l.twins = append(l.twins, e)
			}
		}
	}
	slices.SortFunc(l.twins, compareEntries)
	l.misfit()
}

// fork chooses among the branches of a log.
type fork struct {
	at       map[int][]*Entry
	above    map[*Entry]wire.Hash // the root above each text that was looked at
	receipts []*Receipt
}

// best gives the entries from place i on that follow from the tree below.
func (f *fork) best(i int, tree []wire.Hash, root wire.Hash) []*Entry {
	var out []*Entry
	for ; ; i++ {
		var fit []*Entry
		for _, e := range f.at[i] {
			if e.Prev == root {
				fit = append(fit, e)
			}
		}
		if len(fit) == 0 {
			return out
		}
		if len(fit) > 1 {
			return append(out, f.choose(fit, tree)...)
		}
		out = append(out, fit[0])
		tree, root = growTree(tree, i, fit[0].Leaf)
		f.above[fit[0]] = root
	}
}

// choose takes the branch with the earliest receipt; without any, the one of the smaller leaf,
// which decides about no fold: neither text counts until one is receipted.
func (f *fork) choose(fit []*Entry, tree []wire.Hash) []*Entry {
	var best []*Entry
	var first *Receipt
	for _, e := range fit {
		t, root := growTree(slices.Clone(tree), e.Index, e.Leaf)
		f.above[e] = root
		branch := append([]*Entry{e}, f.best(e.Index+1, t, root)...)
		rc := f.earliest(branch)
		if best == nil || rc != nil && (first == nil || rc.before(first)) {
			best, first = branch, rc
		}
	}
	return best
}

// earliest gives the first receipt that covers an entry of a branch.
func (f *fork) earliest(branch []*Entry) *Receipt {
	var first *Receipt
	from, end := branch[0].Index, branch[0].Index+len(branch)
	for _, rc := range f.receipts {
		i := rc.Index
		hit := i >= from && i < end && branch[i-from].Leaf == rc.Entry
		// The root at all is signed by the entry above it; the branch's last root by nobody yet.
		hit = hit || rc.All > from && rc.All < end && branch[rc.All-from].Prev == rc.Root
		if hit && (first == nil || rc.before(first)) {
			first = rc
		}
	}
	return first
}

// decides reports whether a receipt can make another branch the chosen: it is for a text that is not
// on the chosen one, and earlier than those that a choice was made with. All others cost no choice.
//
// SPEC: REC-034
func (l *Log) decides(rc *Receipt) (yes bool) {
	if len(l.twins) == 0 {
		return false
	}
	for _, e := range append([]*Entry{l.gap[rc.Index], l.gap[rc.All]}, l.twins...) {
		if e == nil || e.Leaf != rc.Entry && (e.Index != rc.All || e.Prev != rc.Root) {
			continue
		}
		by := 0 // for the text itself
		if e.Leaf != rc.Entry {
			by = 1 // for what is below it: of several texts there it speaks for none
		}
		if was := l.tried[by][e]; was == nil || rc.before(was) {
			if l.tried[by] == nil {
				l.tried[by] = map[*Entry]*Receipt{}
			}
			l.tried[by][e], yes = rc, true
		}
	}
	return yes
}
