// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"iter"
	"slices"

	"example.org/parley/wire"
)

// Record is all logs of one line as they are held here. One goroutine owns it.
type Record struct {
	o       Options
	logs    map[logKey]*Log
	sorted  []*Log // by name
	moved   []*Log // in the order in which they last grew, newest last
	named   map[Ref][]*Entry
	items   map[string]*Item
	members map[string][]*Entry // by item key, those that an ItemID grouped, valid or not
	gaps    map[string]int      // entries over a gap, by party
	arrived []*Entry            // in that order
	touched []string
	names   *Names // nil: to be made again
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
	return &Record{
		o: o, logs: map[logKey]*Log{}, named: map[Ref][]*Entry{}, items: map[string]*Item{},
		members: map[string][]*Entry{}, gaps: map[string]int{},
	}
}

// Check is Options.Check: it may be called from any goroutine.
func (r *Record) Check(note, facts, text []byte) (*Checked, error) {
	return r.o.Check(note, facts, text)
}

// CheckReceipt is Options.CheckReceipt: it may be called from any goroutine.
func (r *Record) CheckReceipt(note []byte) (*Receipt, error) { return r.o.CheckReceipt(note) }

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

// AddChecked takes in what Check found sound.
func (r *Record) AddChecked(c *Checked) (Added, error) {
	r.touched = r.touched[:0]
	l := r.logs[c.st.Log.key()]
	if l != nil {
		if e := l.text(c.st.Index, c.leaf); e != nil {
			a := Added{Entry: e, BadBody: c.badBody, Bodies: r.attach(l, e, c)}
			a.Touched = r.takeTouched()
			return a, nil
		}
	}
	if err := r.room(l, c); err != nil {
		return Added{}, err
	}
	if l == nil {
		l = r.log(c.st.Log.key())
	}
	e := &Entry{
		Statement: c.st, signed: c.signed, Leaf: c.leaf, FactsB: c.facts, TextB: c.text,
		Arrived: len(r.arrived) + 1, form: c.form,
	}
	r.arrived = append(r.arrived, e)
	e.setAbsent()
	if l.Stored == 0 {
		r.enlist(l)
	}
	for _, ref := range e.Re[:min(2, len(e.Re))] {
		r.named[ref] = append(r.named[ref], e)
	}
	ev := r.place(l, e)
	r.claim(e)
	a := Added{Entry: e, New: true, Bodies: c.facts != nil || c.text != nil, BadBody: c.badBody, Evidence: ev}
	a.Touched = r.takeTouched()
	return a, nil
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
	case l != nil && len(l.gap) >= maxGapLog || r.gaps[c.st.Log.Party] >= maxGapParty:
		return ErrGap
	}
	return nil
}

// attach keeps bodies that were not here before.
func (r *Record) attach(l *Log, e *Entry, c *Checked) bool {
	got := false
	if e.FactsB == nil && c.facts != nil {
		e.FactsB, got = c.facts, true
	}
	if e.TextB == nil && c.text != nil {
		e.TextB, got = c.text, true
	}
	if got {
		e.setAbsent()
		r.judge(e)
		l.advanceWhole()
		r.touched = append(r.touched, e.item, e.second)
	}
	return got
}

func (e *Entry) setAbsent() {
	e.Absent = ""
	switch over := e.overLimit(); {
	case over:
		e.Absent = "over limit"
	case e.Facts != nil && e.FactsB == nil, e.Text != nil && e.TextB == nil:
		e.Absent = "later"
	}
}

func (e *Entry) overLimit() bool {
	return e.Facts != nil && e.Facts.Len > wire.MaxBody || e.Text != nil && e.Text.Len > wire.MaxBody
}

// log gives the log of that name, begun empty where it is not known.
func (r *Record) log(k logKey) *Log {
	l := r.logs[k]
	if l == nil {
		l = &Log{Name: LogName{k.party, r.o.Genesis, k.id, r.o.Private}, Root: emptyRoot, gap: map[int]*Entry{}}
		r.logs[k] = l
	}
	return l
}

// enlist puts a log that has its first entry into the sorted list.
func (r *Record) enlist(l *Log) {
	i, _ := slices.BinarySearchFunc(r.sorted, l, func(a, b *Log) int { return compareKeys(a.Name.key(), b.Name.key()) })
	r.sorted, r.names = slices.Insert(r.sorted, i, l), nil
}

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
func (r *Record) Log(party string, id LogID) *Log {
	if l := r.logs[logKey{party, id}]; l != nil && l.Stored > 0 {
		return l
	}
	return nil
}

// Wanted gives the logs of which something is named (seen, receipted, over a gap) that is not
// joined here, with Claimed above Size; sorted.
func (r *Record) Wanted() []*Log {
	var out []*Log
	for _, l := range r.logs {
		if l.Claimed > l.Size {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b *Log) int { return compareKeys(a.Name.key(), b.Name.key()) })
	return out
}

// At gives the entry at a place: the one of the log's own past where there are two; nil: none.
func (r *Record) At(p Place) *Entry {
	if l := r.logs[p.key()]; l != nil {
		return l.at(p.Index)
	}
	return nil
}

// ByRef gives exactly the statement that is pointed at.
func (r *Record) ByRef(ref Ref) *Entry {
	if l := r.logs[ref.key()]; l != nil {
		return l.text(ref.Index, ref.Leaf)
	}
	return nil
}

// Entries gives all that is held of a log from a place on, by index; second texts included.
func (r *Record) Entries(party string, id LogID, from int) []*Entry {
	l := r.logs[logKey{party, id}]
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
		slices.SortFunc(out, compareEntries)
	}
	return out
}

// Newest gives all that is held, what came last first: the order for display, since an author's clock may say anything.
func (r *Record) Newest() iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		for _, e := range slices.Backward(r.arrived) {
			if !yield(e) {
				return
			}
		}
	}
}

func (r *Record) takeTouched() []string {
	if len(r.touched) == 0 {
		return nil
	}
	slices.Sort(r.touched)
	out := slices.Clone(slices.Compact(r.touched))
	return slices.DeleteFunc(out, func(k string) bool { return k == "" })
}

// Digest is a hash over the whole state: equal wherever the same set was added, in any order.
//
// SPEC: REC-015
func (r *Record) Digest() wire.Hash { return wire.Sum(r.dump()) }

// dump writes down all that must not depend on the order of arrival.
func (r *Record) dump() []byte {
	var b bytes.Buffer
	for _, l := range r.sorted {
		l.digest(&b)
	}
	for _, k := range r.Items() {
		it := r.items[k]
		b.WriteString("item " + k + "\n")
		for _, e := range it.Entries {
			b.WriteString(e.Ref().String() + "\n")
		}
	}
	for _, ev := range r.Evidence() {
		b.WriteString(ev.String() + "\n")
	}
	return b.Bytes()
}

// LogsDigest is the greeting's: SHA-256 over `name size root whole` lines of all logs, sorted.
func (r *Record) LogsDigest() wire.Hash {
	var b bytes.Buffer
	for _, l := range r.sorted {
		b.WriteString(l.line())
	}
	return wire.Sum(b.Bytes())
}
