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
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/fault"
	"example.org/parley/message"
	"example.org/parley/readout"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/service"
	"example.org/parley/statement"
	"example.org/parley/stop"
)

// items sorts what is on disk by what it is about, each list in the order of arrival here: no author's clock moves
// anything. What was touched since it was asked last is put in its place again; all else stays, so that a long
// record costs a view nothing.
type items struct {
	stamps map[string]*stamp
	lists  map[string][]*stamp // by the first word of the kind: message stop call check contact line service watch readout terms sheet
	open   map[string][]*stamp // of each list what waits: the most urgent first, then as they came
	used   []*stamp            // the calls that used the line for substance
	moves  int                 // how often anything was moved

	late             []alarm.Condition // of these moves, between these times
	lateOf           int
	lateFrom, lateTo time.Time
}

// stamp is one item in its list. None is changed: another one takes its place.
type stamp struct {
	list string
	at   int // Arrived of the statement that begins it, or of the first that is here
	key  string
	open bool      // it waits for somebody: a step is to come, or its ends differ
	rank int       // of what waits: the lower the more urgent
	from string    // of a message, its party
	due  time.Time // when the first of its steps is overdue, or a call ended; zero: no clock runs
	step string    // that step
	till time.Time // of a message that is of no use later
	used time.Time // of a call, when it used the line for substance; zero: it did not
	both bool      // the ends differ about its class
}

func byArrival(a, b *stamp) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key)) }
func byUrgency(a, b *stamp) int { return cmp.Or(cmp.Compare(a.rank, b.rank), byArrival(a, b)) }

// moved gives a list with is in place of was; nil: there is none. What keeps its place moves nothing else, however long
// the list is.
func moved(list []*stamp, was, is *stamp, order func(a, b *stamp) int) []*stamp {
	if was != nil {
		i, ok := slices.BinarySearchFunc(list, was, order)
		if ok && is != nil && order(was, is) == 0 {
			list[i] = is
			return list
		}
		switch {
		case ok && i == 0: // what waits longest is answered first
			list[0] = nil
			list = list[1:]
		case ok:
			list = slices.Delete(list, i, i+1)
		}
	}
	if is != nil {
		i, _ := slices.BinarySearchFunc(list, is, order)
		list = slices.Insert(list, i, is)
	}
	return list
}

// index puts the items that a record's reading has touched in their places, beside the loop.
func (l *Line) index(m *memory, now time.Time) {
	for key := range m.touched {
		it, r := m.item(key)
		s, state := l.stamp(it, r, now)
		m.enter(key, s, state)
		m.items.put(key, s)
	}
	clear(m.touched)
}

// maxSorted is how many items each step of the loop sorts of those that were touched, as many as are released: a view and
// the alarms find few left.
const maxSorted = maxReleased

// sorted gives the index as of now.
func (l *Line) sorted() *items {
	for key := range l.touched {
		l.place(key)
	}
	return l.items
}

// sort sorts some of the items that were touched, before anybody asks for them.
func (l *Line) sort(most int) {
	var far []string
	for key := range l.touched {
		if most--; most < 0 {
			break
		}
		if l.atHand(key) {
			l.place(key)
		} else {
			far = append(far, key)
		}
	}
	l.fetch(far)
}

// atHand reports whether an item can be folded without the disk.
func (l *Line) atHand(key string) bool {
	it, _ := l.memory.item(key)
	return it == nil || !slices.ContainsFunc(it.Entries, func(e *record.Entry) bool { return !e.InMemory() })
}

// fetch sorts items once their words were read back, beside the loop: a disk that is slow holds up no step. One fetch at a
// time; what is not fetched now is touched still, or behind. SPEC: NOD-027
func (l *Line) fetch(keys []string) {
	if l.fetching || len(keys) == 0 {
		return
	}
	var es []*record.Entry // copies
	for _, key := range keys {
		if it, _ := l.item(key); it != nil {
			es = append(es, it.Entries...)
		}
	}
	m := l.memory
	l.fetching = true
	go func() {
		func() {
			defer fault.Caught(l.log, "reading back what is sorted")
			for _, e := range es {
				e.Pieces()
			}
		}()
		l.post(func() {
			if l.fetching = false; l.memory == m {
				l.placeAll(keys)
			}
		})
	}()
}

func (l *Line) placeAll(keys []string) {
	for _, key := range keys {
		l.place(key)
		l.dirty = true
	}
}

// maxLater is how many items each step sorts of those that one statement or receipt changed with many others, the newest
// first.
const maxLater = 8

// sortLater sorts some of them; what is left has steps of its own, and until then keeps its place. SPEC: NOD-027
func (l *Line) sortLater() {
	left := max(0, len(l.behind)-maxLater)
	var near, far []string
	for _, key := range l.behind[left:] {
		if l.atHand(key) {
			near = append(near, key)
		} else {
			far = append(far, key)
		}
	}
	l.behind = l.behind[:left]
	l.placeAll(near) // which may put others behind
	switch {
	case l.fetching && len(far) > 0: // the end of that fetch goes on
		l.behind = append(l.behind, far...)
	default:
		l.fetch(far)
		if len(l.behind) > 0 {
			l.goOn()
		}
	}
}

// place sorts one item.
func (l *Line) place(key string) {
	it, r := l.item(key)
	s, state := l.stamp(it, r, l.now)
	if state != nil && len(l.cache) < maxFolded { // what is seen does not give way to what only came
		l.cache[key] = state
	}
	l.enter(key, s, state)
	l.items.put(key, s)
	delete(l.touched, key)
	switch s.list {
	case "terms":
		l.agree()
	case "sheet":
		l.issued.look = true
	}
}

// enter enters a contact, a request or what we make of one into the book, or takes out what was one; of people, posts and
// events the register is built anew when it is asked for.
func (m *memory) enter(key string, s stamp, state any) {
	defer fault.Caught(m.l.log, "an entry of the book", func() { m.l.log.Error("an item is counted nowhere: this program makes nothing of it", "item", key) })
	was := m.items.listOf(key)
	if s.list == "line" || was == "line" {
		m.reg, m.tallied = nil, time.Time{}
	}
	if s.list == "contact" || was == "contact" {
		is, _ := state.(contact.State)
		m.book.Put(key, is)
		m.tallied = time.Time{}
	}
}

// listOf names the list of an item, "" for one that has none.
func (x *items) listOf(key string) string {
	if s := x.stamps[key]; s != nil {
		return s.list
	}
	return ""
}

// put moves an item to where it belongs now; without a list it is gone.
func (x *items) put(key string, s stamp) {
	was, is := x.stamps[key], &s
	if was != nil && *was == s {
		return
	}
	if x.stamps[key] = is; s.list == "" {
		is = nil
		delete(x.stamps, key)
	}
	if was != nil && is != nil && was.list != is.list {
		x.move(was, nil)
		was = nil
	}
	x.move(was, is)
}

// move puts is in the place of was in the lists of one kind.
func (x *items) move(was, is *stamp) {
	if was == nil && is == nil {
		return
	}
	x.moves++
	list := cmp.Or(was, is).list
	x.lists[list] = moved(x.lists[list], was, is, byArrival)
	of := func(s *stamp, in func(*stamp) bool) *stamp {
		if s == nil || !in(s) {
			return nil
		}
		return s
	}
	open, used := func(s *stamp) bool { return s.open }, func(s *stamp) bool { return !s.used.IsZero() }
	x.open[list] = moved(x.open[list], of(was, open), of(is, open), byUrgency)
	x.used = moved(x.used, of(was, used), of(is, used), byArrival)
}

// stamp says where an item belongs, and folds its state; a new kind of item is one more case here.
func (l *Line) stamp(it *record.Item, r *record.Record, now time.Time) (s stamp, state any) {
	defer fault.Caught(l.log, "the meaning of a statement", func() { // or it would be asked for again at each start
		s, state = stamp{}, nil
		l.log.Error("an item is shown nowhere: this program makes nothing of it", "item", it.Key)
	})
	if it == nil || len(it.Entries) == 0 {
		return s, nil
	}
	s.key = it.Key
	first := it.Begin
	if first == nil {
		first = slices.MinFunc(it.Entries, func(a, b *record.Entry) int { return cmp.Compare(a.Arrived, b.Arrived) })
	}
	kind := first.Kind
	s.at = first.Arrived
	switch head, _, _ := strings.Cut(kind, "."); head {
	case "message":
		m := message.Fold(it, r)
		if state = m; m.Begin != nil {
			s.list, s.rank, s.open = head, -slices.Index(message.Precedences, m.Facts.Precedence), m.Waits()
			s.from, s.till = m.From, m.Facts.NotAfter
			for _, c := range l.due(m, r, now) {
				s.run(c)
			}
		}
	case "call":
		c := call.Fold(it, r)
		state, s.list, s.open, s.due = c, head, c.Differ, c.Ended
		s.used, s.both = c.Substance()
	case "claim", "recording":
		s.list = head
	case "press":
		if first.Log.Private { // nobody else drafts for us
			s.list = head
		}
	case "check":
		state, s.list = check.Fold(it, r), head
	case "stop":
		st := stop.Fold(it, r)
		state, s.list, s.open = st, head, st.Open && st.Class != "test"
		s.rank = min(1, len(st.Steps[stop.Taken])+len(st.Steps[stop.InEffect])+len(st.Steps[stop.Refused]))
		for _, c := range stop.Due(st, st.From == l.cfg.Us.Name, now) {
			if !l.cfg.Alone {
				s.run(c)
			}
		}
	case "readout":
		f := readout.Fold(it)
		state, s.list = f, head
		s.open = f != nil && f.Sealed() && f.Party == l.cfg.Us.Name && f.Entry.Receipt == nil
	case "contact", "request", "concern", "assessment":
		state, s.list = contact.Fold(it, r), "contact"
	default:
		if _, ok := statement.Find(register.Kinds, kind); ok {
			s.list = "line"
		} else if _, ok := statement.Find(service.TermKinds, kind); ok {
			state, s.list = service.FoldTerms(it, r.Told), "terms"
		} else if head == "sheet" {
			state, s.list = service.FoldIssue(it), head
		} else if _, ok := statement.Find(service.Kinds, kind); ok {
			state, s.list = service.Fold(it), map[bool]string{true: "watch", false: "service"}[head == "watch"]
		}
	}
	return s, state
}

// run notes when a step that is to come is overdue.
func (s *stamp) run(c statement.Clock) {
	if !c.Done && (s.due.IsZero() || c.Due.Before(s.due)) {
		s.due, s.step = c.Due, c.Step
	}
}

// keys lists the items of a kind in the order in which they came.
func (l *Line) keys(list string) []*stamp { return l.sorted().lists[list] }

// states folds items of a list.
func states[S any](l *Line, list []*stamp) []S {
	out := make([]S, 0, len(list))
	for _, k := range list {
		if s, ok := fold[S](l, k.key); ok {
			out = append(out, s)
		}
	}
	return out
}

// open lists what waits: the most urgent first, then as they came.
func (l *Line) open(list string) []*stamp { return l.sorted().open[list] }

// Limits of what a desk draws of a list.
const (
	maxWaiting = 40 // of what waits; what is over it is counted, and comes as these are answered
	maxOver    = 25 // of what does not, the newest: the record's page has all
	maxLines   = 40 // of the newest statements
)

// newest are the last n of a list.
func newest(list []*stamp, n int) []*stamp { return list[max(0, len(list)-n):] }

// drawnOf picks what a desk draws of a list, in the order of arrival: all that waits, however much is newer, and the
// newest of the rest. What found no room is given too. SPEC: PAG-033
func (l *Line) drawnOf(list string) (out, over []*stamp) {
	waits := l.open(list)
	over = waits[min(len(waits), maxWaiting):]
	out = slices.Clone(waits[:len(waits)-len(over)])
	n := maxOver
	for _, s := range slices.Backward(l.keys(list)) {
		if n == 0 {
			break
		}
		if !s.open {
			out, n = append(out, s), n-1
		}
	}
	slices.SortFunc(out, byArrival)
	return out, over
}

func (l *Line) callStates() []call.State   { return states[call.State](l, l.keys("call")) }
func (l *Line) checkStates() []check.State { return states[check.State](l, l.keys("check")) }
