// SPDX-License-Identifier: Apache-2.0

package record

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"example.org/parley/wire"
)

// RunConfig says who writes: one life of a node's process on a line, or a part of it.
type RunConfig struct {
	Party, Station string
	Why            string // first restart restore failed refused clock key
	Run            string // a name that nobody has used: NewRunName
	Key            ed25519.PrivateKey
}

// Run is the only writer of one log. It opens its log when it has something to say and never
// appends to another: so an honest party does not fork itself.
type Run struct {
	r       *Record
	c       RunConfig
	l       *Log // nil until it has said something
	last    time.Time
	past    map[*Log]int  // what its statements have said to be seen, with the past of that
	turn    int           // of the record's moves, up to which unsaid is complete
	unsaid  map[*Log]bool // logs that grew and were not named yet
	touched []string      // items that the last Append changed
}

// NewRunName draws a name for a run. It is empty where the source of randomness fails; a run of that name states nothing.
func NewRunName(rand io.Reader) string {
	var b [6]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return ""
	}
	for i := range b {
		b[i] = wire.RunLetters[b[i]%32]
	}
	return string(b[:])
}

// OpenRun begins a run. Its log opens with its first statement.
//
// SPEC: REC-020
func (r *Record) OpenRun(c RunConfig) *Run {
	w := &Run{r: r, c: c, past: map[*Log]int{}, unsaid: map[*Log]bool{}}
	if p := r.lastOf(c.Party, c.Station); p != nil {
		r.learn(w.past, p.log, p.Index)
		w.past[p.log] = p.Index // a statement does not name its own log: this run names that log first of all
		for _, s := range p.seen {
			if s.fits() {
				r.learn(w.past, s.log, int(s.size))
			}
		}
	}
	for _, l := range r.sorted {
		if l.Size > w.past[l] {
			w.unsaid[l] = true
		}
	}
	w.turn = r.Turn()
	return w
}

// lastOf gives the newest statement of a station of a party.
func (r *Record) lastOf(party, station string) *Entry {
	for _, l := range slices.Backward(r.sorted) {
		if l.Name.Party == party && l.Size > 0 && l.Station == station {
			return l.chain[l.Size-1]
		}
	}
	return nil
}

// Name is the run's name.
func (w *Run) Name() string { return w.c.Run }

// Append states a draft: it builds, signs and adds it. It writes nothing that a reader of its own
// version would find inert: then it returns an error and nothing has changed.
//
// SPEC: REC-021
func (w *Run) Append(d Draft, now time.Time, heard PeerClock, rand io.Reader) (*Entry, error) {
	facts, text, err := d.encode(rand)
	if err != nil {
		return nil, err
	}
	st := w.statement(d, now, heard)
	st.Facts, st.Text = bodyOf(facts), bodyOf(text)
	st.Seen = w.seen(&st, len(facts)+len(text))
	c, err := w.sign(&st, facts, text)
	if err != nil {
		return nil, err
	}
	trial := w.r.newEntry(c)
	if why := w.r.again(trial, w.r.verdict(trial, w.r.void(trial)).why); why != "" {
		return nil, fmt.Errorf("not valid: %s", why)
	}
	a, err := w.r.AddChecked(c)
	if err != nil {
		return nil, err
	}
	w.l, w.last, w.touched = a.Entry.log, a.Entry.Time, a.Touched
	for _, s := range a.Entry.seen {
		w.r.learn(w.past, s.log, int(s.size))
		delete(w.unsaid, s.log)
	}
	return a.Entry, nil
}

// Touched lists the items that the last Append changed: its own, and those that it names.
func (w *Run) Touched() []string { return w.touched }

// statement builds the header but for what follows from the bodies.
func (w *Run) statement(d Draft, now time.Time, heard PeerClock) Statement {
	st := Statement{
		Head: Head{
			Log:  &LogName{LogID{w.c.Party, 0, w.c.Run}, w.r.o.Genesis, w.r.o.Private},
			Prev: emptyRoot, Time: now.UTC().Truncate(time.Microsecond),
			Kind: d.Kind, Class: d.Class, Mark: d.Mark, Re: d.Re,
		},
		Heard: PeerClock{heard.Run, heard.Time.UTC().Truncate(10 * time.Second)},
	}
	if st.Time.Before(w.last) {
		st.Time = w.last
	}
	if w.l != nil {
		st.Log.LogID, st.Index, st.Prev = w.l.Name.LogID, w.l.Size, w.l.Root
		return st
	}
	st.Station, st.Why = cmp.Or(w.c.Station, "main"), w.c.Why
	// Only logs that are held: what the peer merely names could be any number.
	for _, l := range w.r.sorted {
		if l.Name.Party == w.c.Party {
			st.Log.Number = max(st.Log.Number, l.Name.Number)
		}
	}
	st.Log.Number++
	return st
}

func (d Draft) encode(rand io.Reader) (facts, text []byte, err error) {
	enc := func(v any) ([]byte, error) {
		var salt [32]byte
		if _, err := io.ReadFull(rand, salt[:]); err != nil {
			return nil, fmt.Errorf("couldn't draw a salt: %w", err)
		}
		return wire.EncodeBody(v, salt)
	}
	if d.Facts != nil {
		if facts, err = enc(d.Facts); err != nil {
			return nil, nil, err
		}
	}
	if d.Text != nil {
		if !utf8.ValidString(d.Text.Text) {
			return nil, nil, errors.New("the text is not valid UTF-8")
		}
		if text, err = enc(d.Text); err != nil {
			return nil, nil, err
		}
	}
	return facts, text, nil
}

func bodyOf(b []byte) *Body {
	if b == nil {
		return nil
	}
	return &Body{len(b), wire.Sum(b)}
}

// sign makes the note and reads it back: a header that its own reader refuses is never signed
// into the record.
func (w *Run) sign(st *Statement, facts, text []byte) (*Checked, error) {
	b := st.Encode()
	_, form, err := ParseHeader(b)
	if err != nil || form != "" {
		return nil, fmt.Errorf("couldn't state: %s", cmp.Or(form, fmt.Sprint(err)))
	}
	note, err := wire.SignNote(b, w.c.Party+"/sign", w.c.Key)
	if err != nil {
		return nil, fmt.Errorf("couldn't sign a statement: %w", err)
	}
	return w.r.o.CheckStored(note, facts, text)
}

// seen chooses what to say: the logs that grew since the party's last statement, own first, then
// the newest; what follows from one named is left out, and what does not fit is said later.
//
// SPEC: REC-022
func (w *Run) seen(st *Statement, bodies int) []Seen {
	for _, l := range w.r.Grown(w.turn) {
		w.unsaid[l] = true
	}
	w.turn = w.r.Turn()
	var logs []*Log
	for l := range w.unsaid {
		if l == w.l || l.Size <= w.past[l] {
			delete(w.unsaid, l)
		} else {
			logs = append(logs, l)
		}
	}
	slices.SortFunc(logs, func(a, b *Log) int {
		if mine := a.Name.Party == w.c.Party; mine != (b.Name.Party == w.c.Party) {
			if mine {
				return -1
			}
			return 1
		}
		return -compareLogs(a, b)
	})
	logs = w.leaveOut(logs[:min(len(logs), 4*MaxSeen)])
	return fitSeen(st, logs, bodies)
}

// leaveOut drops the logs whose size follows from another one of the list.
func (w *Run) leaveOut(logs []*Log) []*Log {
	if len(logs) < 2 {
		return logs
	}
	follows := map[*Log]bool{}
	for _, o := range logs {
		past := map[*Log]int{}
		w.r.learnAbove(past, w.past, o, o.Size)
		for _, l := range logs {
			follows[l] = follows[l] || l != o && past[l] >= l.Size
		}
	}
	return slices.DeleteFunc(logs, func(l *Log) bool { return follows[l] })
}

// fitSeen takes as many lines as the statement has room for.
func fitSeen(st *Statement, logs []*Log, bodies int) []Seen {
	room := wire.MaxText - len(st.Encode())
	if bodies <= maxUrgentBodies {
		room = min(room, MaxUrgent-bodies-len(st.Encode())-len(st.Log.Party)-len("\n— /sign \n")-92)
	}
	var out []Seen
	for _, l := range logs {
		s := Seen{l.Name.LogID, l.Size, l.Root}
		room -= len("seen \n") + len(s.String())
		if len(out) == MaxSeen || room < 0 {
			break
		}
		out = append(out, s)
	}
	return out
}
