// SPDX-License-Identifier: Apache-2.0

// Package exchange is how two nodes come to hold the same logs.
//
// It is a pure machine: what the peer says it holds goes in, what it lacks comes out, and nothing
// here knows of sockets, disks or clocks. Three things make it work after any cut:
//
//   - at every new stream each side says what it holds (list.go): of its newest logs the joined size, its
//     root, up to where every body is here and up to where it is receipted, of the older ones a sum, and
//     more of these only where the sums differ. What follows from there is sent, newest log first;
//   - a statement that must not wait also goes in fragments over every live path (urgent.go) and is
//     repeated by the link until its receipt is here;
//   - the receipt answers a statement, and is sent again whenever that statement comes again.
//
// Logs of both parties are offered: what a party lost with its disk is fetched back from the other.
// It is not the record (package record judges what is sound) and not the link (internal/link
// decides over which path). Spec: spec/exchange.md, EXC.
package exchange

import (
	"fmt"
	"slices"
	"strings"

	"example.org/parley/record"
	"example.org/parley/wire"
)

// Finding is what the peer's list tells of a log beyond what must be sent.
type Finding struct {
	Have
	Why string // "they hold more of our open log", "another root at a size that we hold"
}

// Told is what a list of the peer's tells beyond what it lacks of ours.
type Told struct {
	Found []Finding
	// Lost counts the statements of the peer's own that are held here and its list lacks.
	Lost int
	// Unreceipted are logs of the peer's own for which it does not have the newest receipt of ours.
	Unreceipted []record.LogID
}

// Bounds of what waits on a stream.
const (
	maxAsked   = 32 // spans that are asked for and not answered
	maxAnswers = 64 // answers to the peer's asking that the stream has not taken; what is over is dropped
)

// Exchange is the state of one line's exchange, owned by the loop.
type Exchange struct {
	rec      *record.Record
	us       string
	up       bool                 // the peer's list has come on the stream that is up now
	cursor   map[record.LogID]int // next place to offer on this stream
	half     map[record.Place]*half
	halfSeq  int
	again    map[record.LogID]int             // lowest place asked for again on this stream
	ahead    map[record.LogID][]*record.Entry // what Next offers, as far as it has been asked of the record
	theirs   map[record.LogID]int             // up to where we held the peer's logs when its list came: what comes later it has
	todo     []record.LogID                   // logs of which something may be lacking there, in the order of offering
	turn     int                              // of the record's growth, up to which todo is complete; 0: to be made anew
	asks     []span                           // where the sums differ: asked for, the first `asked` of them already
	asked    int
	Withheld func(*record.Entry) bool // its bodies are sealed and not yet to be sent; nil: none is
	released []*record.Entry          // sealed and offered with their bodies, though the peer has their headers
	offered  map[*record.Entry]bool   // those that were, on this stream
	out      []wire.Frame             // what is asked and answered, before any statement
}

// New makes the machine over a record; us is our party's name.
func New(rec *record.Record, us string) *Exchange {
	return &Exchange{rec: rec, us: us, half: map[record.Place]*half{}}
}

// Reset puts another record in place (after a failed commit it is replayed from the store). The stream
// goes on: what the peer has said and been sent was durable. The caller says again what we hold, for
// what came meanwhile and could not be kept.
func (x *Exchange) Reset(rec *record.Record) {
	x.rec, x.ahead, x.todo, x.turn = rec, map[record.LogID][]*record.Entry{}, nil, 0
	x.released, x.offered = nil, map[*record.Entry]bool{}
}

// StreamUp begins on a new stream: it gives what we must say first.
// SPEC: EXC-003
func (x *Exchange) StreamUp() wire.Frame {
	x.forget()
	x.up = false
	return x.Have()
}

func (x *Exchange) forget() {
	x.cursor, x.again, x.theirs = map[record.LogID]int{}, map[record.LogID]int{}, map[record.LogID]int{}
	x.ahead, x.todo, x.turn = map[record.LogID][]*record.Entry{}, nil, 0
	x.asks, x.asked, x.out = nil, 0, nil
	x.released, x.offered = nil, map[*record.Entry]bool{}
}

// Have says what we hold, at the beginning of a stream or again on it.
func (x *Exchange) Have() wire.Frame { return say(summary(x.rec.Logs())) }

// StreamDown forgets the stream: nothing is offered until the next one has said what it holds.
func (x *Exchange) StreamDown() { x.up, x.cursor = false, nil }

// TheyHave takes a list of the peer's: the whole, or of a span that was asked for. From here on Next offers what
// it lacks. A list that shows less of our log than the peer has receipted is that of a disk lost: then receipts
// count no more, all is offered again. run is the peer's that is under way: what it states now may be here
// before the list that was written earlier.
// SPEC: EXC-004 EXC-005 EXC-010
func (x *Exchange) TheyHave(b []byte, run string) (t Told, err error) {
	told, err := parseList(b)
	if err != nil || x.cursor == nil {
		return t, err
	}
	logs := x.rec.Logs()
	if told.of == nil {
		answers := x.out
		x.forget()
		x.up = true
		for _, f := range answers {
			if f.Kind == wire.FrameHave {
				x.out = append(x.out, f)
			}
		}
	} else {
		i := slices.Index(x.asks[:x.asked], *told.of)
		if i < 0 {
			return t, nil // nobody asked, or a newer list has come
		}
		x.asks, x.asked = slices.Delete(x.asks, i, i+1), x.asked-1
		logs = told.of.in(logs)
	}
	has, differ := map[record.LogID]Have{}, map[record.LogID]bool{}
	for _, h := range told.logs {
		has[h.LogID] = h
		x.cursor[h.LogID] = min(h.Size, h.Whole) // what comes of it later, the peer has
	}
	for _, s := range told.sums {
		ours := s.in(logs)
		same := sumOf(ours) == s.hash
		for _, l := range ours {
			if same {
				has[l.Name.LogID] = haveOf(l)
			}
			differ[l.Name.LogID] = !same
		}
		if !same && len(ours) > 0 {
			x.asks = append(x.asks, s.span)
		}
	}
	for _, l := range logs {
		if k := l.Name.LogID; !differ[k] {
			x.known(l, has[k], run, &t)
		}
	}
	x.todo, x.turn = nil, 0
	x.ask()
	return t, nil
}

// ask puts questions about the spans whose sums differ, a bounded number at a time.
func (x *Exchange) ask() {
	for ; x.asked < min(maxAsked, len(x.asks)); x.asked++ {
		x.out = append(x.out, wire.Frame{Kind: wire.FrameWant, Parts: [][]byte{x.asks[x.asked].append(nil)}})
	}
}

// known notes what the peer holds of a log, nothing where h is empty.
func (x *Exchange) known(l *record.Log, h Have, run string, t *Told) {
	k, from := l.Name.LogID, min(h.Size, h.Whole)
	x.cursor[k] = from
	switch root, ok := l.RootAt(h.Size); {
	case h.Size > l.Size && k.Party == x.us:
		t.Found = append(t.Found, Finding{h, "they hold more of our log than we do"})
	case h.Size > 0 && ok && root != h.Root:
		t.Found = append(t.Found, Finding{h, "another root at a size that we hold"})
	}
	if k.Party == x.us {
		if l.Receipted > from {
			x.again[k] = from
		}
		return
	}
	if es := x.rec.Entries(k, from); len(es) > 0 {
		x.theirs[k] = es[len(es)-1].Index + 1
	}
	if k.Run != run {
		t.Lost += max(0, l.Size-h.Size)
	}
	if h.Held < l.Held {
		t.Unreceipted = append(t.Unreceipted, l.Name.LogID)
	}
}

// Wanted takes the peer's asking for more of a span: it is answered before any statement.
func (x *Exchange) Wanted(b []byte) error {
	s, err := parseSpan(strings.Split(string(b), " "))
	if err != nil {
		return err
	}
	if x.cursor != nil && len(x.out) < maxAnswers {
		x.out = append(x.out, say(narrower(s, s.in(x.rec.Logs()))))
	}
	return nil
}

// Next gives the next message for the stream, or false when the peer holds all that is durable here, or what it lacks
// cannot be read back from the disk. The entry is nil where it is no statement. The caller calls Sent once the link has taken it. durable says whether an entry
// is on our disk. The log that grew last goes first: what is urgent now does not wait behind what is old.
// SPEC: EXC-004 EXC-006
func (x *Exchange) Next(durable func(*record.Entry) bool) (wire.Frame, *record.Entry, bool) {
	if x.cursor != nil && len(x.out) > 0 {
		return x.out[0], nil, true
	}
	if !x.up {
		return wire.Frame{}, nil, false
	}
	for ; len(x.released) > 0; x.released = x.released[1:] {
		if e := x.released[0]; e.Receipt == nil && x.cursor[e.Log.LogID] > e.Index {
			f, ok := x.frame(e)
			return f, e, ok
		}
	}
	x.fill()
	for i := 0; i < len(x.todo); {
		e, waits := x.offer(x.todo[i], durable)
		switch {
		case e != nil:
			f, ok := x.frame(e)
			return f, e, ok
		case waits:
			i++
		default:
			delete(x.ahead, x.todo[i])
			x.todo = slices.Delete(x.todo, i, i+1)
		}
	}
	return wire.Frame{}, nil, false
}

// Release offers a sealed statement with its bodies, once a stream until it is held: the peer has its header, and its list
// does not say that the bodies are lacking.
//
// SPEC: EXC-012
func (x *Exchange) Release(e *record.Entry) {
	if x.up && e.Receipt == nil && !x.offered[e] {
		x.offered[e], x.released = true, append(x.released, e)
	}
}

// frame gives false when the statement cannot be read back from the disk.
func (x *Exchange) frame(e *record.Entry) (wire.Frame, bool) {
	f, ok := entryFrame(e)
	if x.Withheld != nil && x.Withheld(e) {
		f.Parts[1], f.Parts[2] = nil, nil
	}
	return f, ok
}

func entryFrame(e *record.Entry) (wire.Frame, bool) {
	note, facts, text := e.Pieces()
	return wire.Frame{Kind: wire.FrameEntry, Parts: [][]byte{note, facts, text}}, note != nil
}

// fill brings todo up to what the record holds now, the log that grew last first.
func (x *Exchange) fill() {
	logs := x.rec.Grown(x.turn)
	if x.turn == 0 {
		logs = x.rec.Logs()
	}
	logs = slices.DeleteFunc(slices.Clone(logs), func(l *record.Log) bool {
		return x.cursor[l.Name.LogID] >= l.Size && l.Stored == l.Size || slices.ContainsFunc(x.asks, func(s span) bool { return s.has(l) })
	})
	slices.SortStableFunc(logs, func(a, b *record.Log) int { return b.Turn - a.Turn })
	var grown []record.LogID
	for _, l := range logs {
		grown = append(grown, l.Name.LogID)
	}
	if len(grown) > 0 {
		x.todo = append(grown, slices.DeleteFunc(x.todo, func(k record.LogID) bool { return slices.Contains(grown, k) })...)
	}
	x.turn = max(1, x.rec.Turn())
}

// offer gives the next entry of a log that the peer lacks, or that one waits for the disk.
func (x *Exchange) offer(k record.LogID, durable func(*record.Entry) bool) (next *record.Entry, waits bool) {
	if k.Party != x.us && x.cursor[k] >= x.theirs[k] {
		return nil, false
	}
	for _, e := range x.next(k) {
		switch {
		case !durable(e):
			return nil, true
		case k.Party != x.us && e.Index >= x.theirs[k]:
			return nil, false
		case !x.Held(e):
			return e, false
		}
		x.Sent(e)
	}
	return nil, false
}

// next gives what is to be offered of a log; the record copies the rest of it, so it is asked for once a batch.
func (x *Exchange) next(k record.LogID) []*record.Entry {
	es := x.ahead[k]
	for len(es) > 0 && es[0].Index < x.cursor[k] {
		es = es[1:]
	}
	if len(es) == 0 {
		es = x.rec.Entries(k, x.cursor[k])
	}
	x.ahead[k] = es
	return es
}

// Held reports that their receipt for our own entry is here, and that their list did not show it lost.
func (x *Exchange) Held(e *record.Entry) bool {
	from, asked := x.again[e.Log.LogID]
	return e.Log.Party == x.us && e.Receipt != nil && !(asked && e.Index >= from)
}

// Sent moves past what the link has taken.
func (x *Exchange) Sent(e *record.Entry) {
	switch {
	case e == nil:
		x.out = x.out[min(1, len(x.out)):]
	case len(x.released) > 0 && x.released[0] == e:
		x.released = x.released[1:]
	case x.cursor != nil:
		x.cursor[e.Log.LogID] = e.Index + 1
	}
}

// Answers chooses which of the entries that came need a receipt of their own: the highest place of
// each log whose bodies are whole below it answers all of them, those over a gap and sealed ones each answer for themselves.
// SPEC: EXC-007
func Answers(rec *record.Record, got []*record.Entry) []*record.Entry {
	best := map[record.LogID]*record.Entry{}
	var out []*record.Entry
	for _, e := range got {
		if l := rec.Log(e.Log.LogID); l == nil || e.Index >= l.Whole || e.Sealed() {
			out = append(out, e)
			continue
		}
		if b := best[e.Log.LogID]; b == nil || e.Index > b.Index {
			best[e.Log.LogID] = e
		}
	}
	for _, e := range best {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *record.Entry) int {
		return a.Place().Compare(b.Place())
	})
	return slices.Compact(out)
}

// Refused tells the owner of a log that an entry of his is not sound, so that he ends that log.
func Refused(r *record.Refusal) wire.Frame {
	why := strings.Map(func(c rune) rune {
		if c < 0x20 || c > 0x7e {
			return '?'
		}
		return c
	}, r.Why)
	return wire.Frame{Kind: wire.FrameRefused, Parts: [][]byte{fmt.Appendf(nil, "%s %d %s", r.Log, r.Index, why)}}
}
