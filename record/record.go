// SPDX-License-Identifier: Apache-2.0

package record

import (
	"iter"
	"maps"
	"slices"

	"example.org/parley/wire"
)

// Record is all logs of one line as they are held here. One goroutine owns it.
type Record struct {
	o       Options
	logs    map[LogID]*Log
	sorted  []*Log                 // by name
	moved   []*Log                 // in the order in which they last grew, newest last
	named   map[wire.Hash][]*Entry // by leaf, those whose first or second re points there
	items   map[string]*Item
	members map[string][]*Entry // by item key, those that an ItemID grouped, valid or not
	twins   map[string][]*Entry // by the ID of Anew
	first   map[string]*Entry   // of twins, of those that are valid by themselves
	naming  map[Place][]*Entry  // by place, the twins whose facts name it
	gaps    map[string]int      // entries over a gap, by party
	ends    []*ended            // of keys
	arrived []*Entry            // in that order
	touched []string
	names   *Names // nil: to be made again
	shelf   *shelf
}

// Added says what taking in a note changed.
type Added struct {
	Entry    *Entry
	New      bool      // it was not here before
	Bodies   bool      // a body arrived that was not here before
	BadBody  bool      // a body was given that the header does not name: dropped
	Evidence *Evidence // what it proves against its author's key
	Touched  []string  // keys of the items whose set changed
}

// New gives an empty record.
func New(o Options) *Record {
	r := &Record{
		o: o, logs: map[LogID]*Log{}, named: map[wire.Hash][]*Entry{}, items: map[string]*Item{},
		members: map[string][]*Entry{}, twins: map[string][]*Entry{}, first: map[string]*Entry{}, naming: map[Place][]*Entry{}, gaps: map[string]int{}, shelf: &shelf{rows: o.Rows},
	}
	for party, ends := range o.Ends {
		r.SetEnds(party, ends)
	}
	return r
}

// Add takes in a note with the bodies that came with it (nil: absent). An error is a *Refusal where
// the note is not sound, else one of ErrGap, ErrTwins: not kept, to be sent again.
//
// SPEC: REC-008
func (r *Record) Add(note, facts, text []byte) (Added, error) {
	c, err := r.o.Check(note, facts, text)
	if err != nil {
		return Added{}, err
	}
	return r.AddChecked(c)
}

// AddChecked takes in what Check found sound. What then stands here does not depend on the order in which it came.
//
// SPEC: REC-015
func (r *Record) AddChecked(c *Checked) (Added, error) {
	r.touched = r.touched[:0]
	l := r.logs[c.st.Log.LogID]
	if l != nil {
		if e := l.text(c.st.Index, c.leaf); e != nil {
			return Added{Entry: e, BadBody: c.badBody, Bodies: r.attach(l, e, c), Touched: r.takeTouched()}, nil
		}
	}
	if err := r.room(l, c); err != nil {
		return Added{}, err
	}
	if l == nil {
		l = r.log(c.st.Log.LogID)
	}
	e := r.newEntry(c)
	e.Arrived = len(r.arrived) + 1
	for _, s := range c.st.Seen {
		if r.o.party(s.Party) != nil {
			e.seen = append(e.seen, sight{r.log(s.LogID), int32(s.Size), s.Root})
		}
	}
	e.seen = slices.Clip(e.seen)
	r.arrived = append(r.arrived, e)
	if l.Stored == 0 {
		r.enlist(l)
	}
	for _, ref := range e.Re[:min(2, len(e.Re))] {
		r.named[ref.Leaf] = append(r.named[ref.Leaf], e)
	}
	ev := r.place(l, e)
	if r.claim(e); len(r.ends) > 0 {
		r.settleEnds()
	}
	return Added{Entry: e, New: true, Bodies: e.facts || e.text, BadBody: c.badBody, Evidence: ev, Touched: r.takeTouched()}, nil
}

// Nowhere counts the logs that a statement names and nobody has named here before: each costs memory for ever.
func (r *Record) Nowhere(c *Checked) (n int) {
	for _, s := range c.st.Seen {
		if r.logs[s.LogID] == nil {
			n++
		}
	}
	for _, ref := range c.st.Re {
		if r.logs[ref.LogID] == nil {
			n++
		}
	}
	return n
}

// AddStored takes in what a row of the store's holds, as CheckStored found it.
func (r *Record) AddStored(c *Checked, row int) (Added, error) {
	a, err := r.AddChecked(c)
	if e := a.Entry; err == nil && e.facts == (c.bytes.facts != nil) && e.text == (c.bytes.text != nil) {
		e.OnDisk(row)
	}
	return a, err
}

// newEntry makes an entry of what was checked; it stands nowhere yet.
func (r *Record) newEntry(c *Checked) *Entry {
	e := NewEntry(c.st.Head, c.bytes.note, c.bytes.facts, c.bytes.text)
	e.sealed = r.o.Kinds[e.Kind].Sealed
	e.key = c.key
	e.Leaf, e.Inert, e.malformed = c.leaf, c.form, c.form != ""
	e.Bodies, e.WantFacts, e.WantText = 0, c.st.Facts != nil, c.st.Text != nil
	for _, b := range []*Body{c.st.Facts, c.st.Text} {
		if b != nil {
			e.Bodies += b.Len
			if b.Len > wire.MaxBody {
				e.Absent = overLimit
			}
		}
	}
	e.setAbsent()
	e.bytes.shelf = r.shelf
	return e
}

// room says whether one more entry may be kept.
//
// SPEC: REC-016
func (r *Record) room(l *Log, c *Checked) error {
	switch {
	case (l == nil || l.Stored == 0) && c.st.Index == 0:
	case l != nil && l.at(c.st.Index) != nil:
		if len(l.twins) >= maxTwins {
			return ErrTwins
		}
	case l != nil && c.st.Index == l.Size && c.st.Prev == l.Root:
	case r.o.Whole: // it came in one file: what is not joined proves what it proves
	case l != nil && len(l.gap) >= maxGapLog || r.gaps[c.st.Log.Party] >= maxGapParty:
		return ErrGap
	}
	return nil
}

// attach keeps bodies that were not here before.
func (r *Record) attach(l *Log, e *Entry, c *Checked) bool {
	facts, text := !e.facts && c.bytes.facts != nil, !e.text && c.bytes.text != nil
	if !facts && !text {
		return false
	}
	p := *e.load()
	if p.note == nil {
		return false // it cannot be read back: the record is read anew, and the bodies come again
	}
	if facts {
		p.facts, e.facts = c.bytes.facts, true
	}
	if text {
		p.text, e.text = c.bytes.text, true
	}
	e.bytes.set(&p, 0)
	e.setAbsent()
	r.judge(e)
	l.advanceWhole()
	r.touched = append(r.touched, e.item, e.second)
	return true
}

const overLimit = "over limit"

// setAbsent says why a body is absent.
func (e *Entry) setAbsent() {
	switch {
	case e.Absent == overLimit:
	case e.complete():
		e.Absent = ""
	default:
		e.Absent = "later"
	}
}

// log gives the log of that name, begun empty where it is not known.
func (r *Record) log(id LogID) *Log {
	l := r.logs[id]
	if l == nil {
		l = &Log{Name: LogName{id, r.o.Genesis, r.o.Private}, Root: emptyRoot, gap: map[int]*Entry{}}
		r.logs[id] = l
	}
	return l
}

// enlist puts a log that has its first entry into the sorted list.
func (r *Record) enlist(l *Log) {
	i, _ := slices.BinarySearchFunc(r.sorted, l, compareLogs)
	r.sorted, r.names = slices.Insert(r.sorted, i, l), nil
}

func compareLogs(a, b *Log) int { return a.Name.Compare(b.Name.LogID) }

// Logs gives the logs of which anything is held, sorted by party, number, run.
func (r *Record) Logs() []*Log { return r.sorted }

// Turn counts the growth of all logs.
func (r *Record) Turn() int {
	if n := len(r.moved); n > 0 {
		return r.moved[n-1].Turn
	}
	return 0
}

// Grown gives the logs that grew after a turn, in the order in which they last grew.
func (r *Record) Grown(after int) []*Log {
	i := len(r.moved)
	for i > 0 && r.moved[i-1].Turn > after {
		i--
	}
	return r.moved[i:]
}

// Log gives one log, nil where nothing of it is held.
func (r *Record) Log(id LogID) *Log {
	if l := r.logs[id]; l != nil && l.Stored > 0 {
		return l
	}
	return nil
}

// Wanted gives the logs of which something is named (seen, receipted, over a gap) that is not
// joined here, with Claimed above Size; sorted.
func (r *Record) Wanted() []*Log {
	return slices.DeleteFunc(slices.SortedFunc(maps.Values(r.logs), compareLogs), func(l *Log) bool { return l.Claimed <= l.Size })
}

// At gives the entry at a place: the one of the log's own past where there are two; nil: none.
func (r *Record) At(p Place) *Entry {
	if l := r.logs[p.LogID]; l != nil {
		return l.at(p.Index)
	}
	return nil
}

// ByRef gives exactly the statement that is pointed at.
func (r *Record) ByRef(ref Ref) *Entry {
	if l := r.logs[ref.LogID]; l != nil {
		return l.text(ref.Index, ref.Leaf)
	}
	return nil
}

// Entries gives all that is held of a log from a place on, by index; second texts included.
func (r *Record) Entries(id LogID, from int) []*Entry {
	l := r.logs[id]
	if l == nil || from < 0 {
		return nil
	}
	var out []*Entry
	if from < len(l.chain) {
		out = append(out, l.chain[from:]...)
	}
	n := len(out)
	for i, e := range l.gap {
		if i >= from {
			out = append(out, e)
		}
	}
	for _, e := range l.twins {
		if e.Index >= from {
			out = append(out, e)
		}
	}
	if len(out) > n {
		slices.SortFunc(out[n:], compareEntries)
		if n > 0 && compareEntries(out[n], out[n-1]) < 0 {
			slices.SortFunc(out, compareEntries)
		}
	}
	return out
}

// Len is how many entries are held.
func (r *Record) Len() int { return len(r.arrived) }

// Arrived gives the entry that came as the n-th, from 1; nil: none.
func (r *Record) Arrived(n int) *Entry {
	if n < 1 || n > len(r.arrived) {
		return nil
	}
	return r.arrived[n-1]
}

// Newest gives all that is held, what came last first: the order for display, since an author's clock may say anything.
func (r *Record) Newest() iter.Seq2[int, *Entry] { return slices.Backward(r.arrived) }

func (r *Record) takeTouched() []string {
	if len(r.touched) == 0 {
		return nil
	}
	slices.Sort(r.touched)
	out := slices.Clone(slices.Compact(r.touched))
	return slices.DeleteFunc(out, func(k string) bool { return k == "" })
}
