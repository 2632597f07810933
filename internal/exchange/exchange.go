// SPDX-License-Identifier: Apache-2.0

// Package exchange is how two nodes come to hold the same logs.
//
// It is a pure machine: what the peer says it holds goes in, what it lacks comes out, and nothing
// here knows of sockets, disks or clocks. Three things make it work after any cut:
//
//   - at every new stream each side says what it holds (FrameHave): per log the joined size, its
//     root, and up to where every body is here. What follows from there is sent in order;
//   - a statement that must not wait also goes in fragments over every live path (urgent.go) and is
//     repeated by the link until its receipt is here;
//   - the receipt answers a statement, and is sent again whenever that statement comes again.
//
// Logs of both parties are offered: what a party lost with its disk is fetched back from the other.
// It is not the record (package record judges what is sound) and not the link (internal/link
// decides over which path). Spec: spec/exchange.md, EXC.
package exchange

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.org/parley/record"
	"example.org/parley/wire"
)

// ErrHave says that the peer's list of logs is malformed: the stream that carried it is ended.
var ErrHave = errors.New("malformed list of logs")

// MaxLogs bounds the logs that a peer may name in one list (record: 48 a day, so years of them).
const MaxLogs = 2048

type logKey struct {
	party string
	id    record.LogID
}

// Have is what a side says of one log.
type Have struct {
	Party string
	ID    record.LogID
	Size  int // joined entries
	Root  wire.Hash
	Whole int // below it every body is here
}

// Finding is what the peer's list tells of a log beyond what must be sent.
type Finding struct {
	Have
	Why string // "they hold more of our open log", "another root at a size that we hold"
}

// Exchange is the state of one line's exchange, owned by the loop.
type Exchange struct {
	rec     *record.Record
	us      string
	up      bool           // the peer's list has come on the stream that is up now
	cursor  map[logKey]int // next place to offer on this stream
	half    map[halfKey]*half
	halfSeq int
	again   map[logKey]int             // lowest place asked for again on this stream
	ahead   map[logKey][]*record.Entry // what Next offers, as far as it has been asked of the record
	theirs  map[logKey]int             // up to where we held the peer's logs when its list came: what comes later it has
}

// New makes the machine over a record; us is our party's name.
func New(rec *record.Record, us string) *Exchange {
	return &Exchange{rec: rec, us: us, half: map[halfKey]*half{}}
}

// Reset puts another record in place (after a failed commit it is replayed from the store). The stream
// goes on: what the peer has said and been sent was durable. The caller says again what we hold, for
// what came meanwhile and could not be kept.
func (x *Exchange) Reset(rec *record.Record) {
	x.rec, x.ahead = rec, map[logKey][]*record.Entry{}
}

// StreamUp begins on a new stream: it gives what we must say first.
// SPEC: EXC-003
func (x *Exchange) StreamUp() wire.Frame {
	x.up, x.cursor, x.again = false, map[logKey]int{}, map[logKey]int{}
	return x.Have()
}

// Have says what we hold, at the beginning of a stream or again on it.
func (x *Exchange) Have() wire.Frame {
	var b strings.Builder
	for _, l := range x.rec.Logs() {
		fmt.Fprintf(&b, "%s %d.%s %d %s %d\n", l.Name.Party, l.Name.Number, l.Name.Run, l.Size, l.Root, l.Whole)
	}
	return wire.Frame{Kind: wire.FrameHave, Parts: [][]byte{[]byte(b.String())}}
}

// StreamDown forgets the stream: nothing is offered until the next one has said what it holds.
func (x *Exchange) StreamDown() { x.up, x.cursor = false, nil }

// ParseHave reads the peer's list.
func ParseHave(b []byte) ([]Have, error) {
	var out []Have
	for line := range strings.SplitSeq(string(b), "\n") {
		if line == "" {
			continue
		}
		f := strings.Split(line, " ")
		if len(f) != 5 || len(out) >= MaxLogs {
			return nil, ErrHave
		}
		id, err := record.ParseLogID(f[1])
		if err != nil {
			return nil, ErrHave
		}
		root, err := wire.ParseHash(f[3])
		if err != nil {
			return nil, ErrHave
		}
		size, err1 := number(f[2])
		whole, err2 := number(f[4])
		if err1 != nil || err2 != nil || whole > size {
			return nil, ErrHave
		}
		out = append(out, Have{Party: f[0], ID: id, Size: size, Root: root, Whole: whole})
	}
	return out, nil
}

func number(s string) (int, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, ErrHave
	}
	return int(n), nil
}

// LostOf reports how many statements of the peer's own are held here that its list lacks. The log of its run that is
// under way is left out: what it states now may be here before the list that was written earlier. SPEC: EXC-010
func (x *Exchange) LostOf(list []byte, run string) (n int) {
	theirs, err := ParseHave(list)
	if err != nil {
		return 0
	}
	has := map[logKey]int{}
	for _, h := range theirs {
		has[logKey{h.Party, h.ID}] = h.Size
	}
	for _, l := range x.rec.Logs() {
		if l.Name.Party != x.us && l.Name.Run != run {
			n += max(0, l.Size-has[logKey{l.Name.Party, l.Name.LogID}])
		}
	}
	return n
}

// TheyHave takes the peer's list: from here on Next offers what it lacks. A list that shows less of our
// log than the peer has receipted is that of a disk lost: then receipts count no more, all is offered again.
// SPEC: EXC-004 EXC-005
func (x *Exchange) TheyHave(b []byte) ([]Finding, error) {
	list, err := ParseHave(b)
	if err != nil {
		return nil, err
	}
	var found []Finding
	x.up, x.cursor, x.again, x.theirs = true, map[logKey]int{}, map[logKey]int{}, map[logKey]int{}
	x.ahead = map[logKey][]*record.Entry{}
	for _, h := range list {
		ours := x.rec.Log(h.Party, h.ID)
		if ours == nil {
			continue // theirs to offer
		}
		x.cursor[logKey{h.Party, h.ID}] = min(h.Size, h.Whole)
		switch root, ok := x.rec.RootAt(h.Party, h.ID, h.Size); {
		case h.Size > ours.Size && h.Party == x.us:
			found = append(found, Finding{h, "they hold more of our log than we do"})
		case ok && root != h.Root:
			found = append(found, Finding{h, "another root at a size that we hold"})
		}
	}
	for _, l := range x.rec.Logs() {
		k := logKey{l.Name.Party, l.Name.LogID}
		from := x.cursor[k]
		es := x.rec.Entries(k.party, k.id, from)
		switch {
		case k.party != x.us && len(es) > 0:
			x.theirs[k] = es[len(es)-1].Index + 1
		case k.party == x.us && l.Receipted > from:
			x.again[k] = from
		}
	}
	return found, nil
}

// Next gives the next message for the stream, or false when the peer holds all that is durable here.
// The caller calls Sent once the link has taken it. durable says whether an entry is on our disk.
// SPEC: EXC-006
func (x *Exchange) Next(durable func(*record.Entry) bool) (wire.Frame, *record.Entry, bool) {
	if !x.up {
		return wire.Frame{}, nil, false
	}
	for _, l := range x.rec.Logs() {
		k := logKey{l.Name.Party, l.Name.LogID}
		for _, e := range x.next(k) {
			if !durable(e) || k.party != x.us && e.Index >= x.theirs[k] {
				break
			}
			if x.held(e) {
				x.Sent(e)
				continue
			}
			return wire.Frame{Kind: wire.FrameEntry, Parts: [][]byte{e.Note, e.FactsB, e.TextB}}, e, true
		}
	}
	return wire.Frame{}, nil, false
}

// next gives what is to be offered of a log; the record copies the rest of it, so it is asked for once a batch.
func (x *Exchange) next(k logKey) []*record.Entry {
	es := x.ahead[k]
	for len(es) > 0 && es[0].Index < x.cursor[k] {
		es = es[1:]
	}
	if len(es) == 0 {
		es = x.rec.Entries(k.party, k.id, x.cursor[k])
	}
	x.ahead[k] = es
	return es
}

// held: their receipt for our own entry is here, and nobody asked for it again.
func (x *Exchange) held(e *record.Entry) bool {
	from, asked := x.again[logKey{e.Log.Party, e.Log.LogID}]
	return e.Log.Party == x.us && e.Receipt != nil && !(asked && e.Index >= from)
}

// Sent moves past an entry that the link has taken.
func (x *Exchange) Sent(e *record.Entry) {
	if x.cursor != nil {
		x.cursor[logKey{e.Log.Party, e.Log.LogID}] = e.Index + 1
	}
}

// Wanted takes a peer's Want: the log is offered again from there on this stream.
func (x *Exchange) Wanted(b []byte) error {
	f := strings.Split(string(b), " ")
	if len(f) != 3 {
		return ErrHave
	}
	id, err := record.ParseLogID(f[1])
	if err != nil {
		return ErrHave
	}
	from, err := number(f[2])
	if err != nil {
		return err
	}
	k := logKey{f[0], id}
	if x.up && x.rec.Log(f[0], id) != nil && from < x.cursor[k] {
		x.cursor[k], x.again[k] = from, from
		delete(x.ahead, k)
	}
	return nil
}

// Answers chooses which of the entries that came need a receipt of their own: the highest place of
// each log whose bodies are whole below it answers all of them, those over a gap each answer for themselves.
// SPEC: EXC-007
func Answers(rec *record.Record, got []*record.Entry) []*record.Entry {
	best := map[logKey]*record.Entry{}
	var out []*record.Entry
	for _, e := range got {
		if l := rec.Log(e.Log.Party, e.Log.LogID); l == nil || e.Index >= l.Whole {
			out = append(out, e)
			continue
		}
		k := logKey{e.Log.Party, e.Log.LogID}
		if b := best[k]; b == nil || e.Index > b.Index {
			best[k] = e
		}
	}
	for _, e := range best {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *record.Entry) int {
		return cmp.Or(cmp.Compare(a.Log.Party, b.Log.Party), cmp.Compare(a.Log.Number, b.Log.Number), cmp.Compare(a.Log.Run, b.Log.Run), cmp.Compare(a.Index, b.Index))
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
