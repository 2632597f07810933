// SPDX-License-Identifier: Apache-2.0

package call

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// How a line typed beside a call stands, in a packet of it; LettersGot is the answer to one.
const (
	Typing   byte = iota
	Finished      // by who typed it
	Broken        // off: the call ended, or he left it
	LettersGot
)

// Limits of the text beside a call.
const (
	MaxLine     = 240 // bytes of a line that stand; of those erased as many
	maxParts    = 64
	maxLines    = 400 // that an end types in one call
	lettersASec = 100 // packets of the other end that are taken in a second; the rest comes again
)

// Letters is one packet of the text beside a call: a line as it stands.
//
// SPEC: CAL-030
type Letters struct {
	Call    ID
	State   byte // Typing, Finished, Broken; LettersGot
	Source  int  // of who types, at the end that sends it
	List    int  // the newest of its people when the line was begun: who had the source then
	Line    int  // of his in this call, from 1
	Version int  // grows with each change of the line, from 1
	Cut     bool // more was erased than stands in Parts
	Parts   []string
}

// Encode gives the bytes of p.
func (p Letters) Encode() []byte {
	cut := byte(0)
	if p.Cut {
		cut = 1
	}
	b := append(make([]byte, 0, 64), p.State)
	b = append(append(b, p.Call[:]...), byte(p.Source), cut)
	b = binary.BigEndian.AppendUint16(b, uint16(p.List))
	b = binary.BigEndian.AppendUint16(b, uint16(p.Line))
	b = binary.BigEndian.AppendUint16(b, uint16(p.Version))
	for _, s := range p.Parts {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
	}
	return b
}

// DecodeLetters reads what Encode gives, and nothing else: parts stand and were erased in turn, none but the first is empty,
// and each is text as statements have it.
//
// SPEC: CAL-030
func DecodeLetters(b []byte) (p Letters, err error) {
	const head = 1 + 16 + 2 + 6
	if len(b) < head || b[0] > LettersGot || b[17] >= maxPeople || b[18] > 1 {
		return Letters{}, fmt.Errorf("%w: letters: head", ErrSignal)
	}
	p = Letters{Call: ID(b[1:17]), State: b[0], Source: int(b[17]), Cut: b[18] == 1,
		List: int(binary.BigEndian.Uint16(b[19:])), Line: int(binary.BigEndian.Uint16(b[21:])), Version: int(binary.BigEndian.Uint16(b[23:]))}
	size := [2]int{}
	for b = b[head:]; len(b) > 0; {
		if len(b) < 2 || len(p.Parts) == maxParts {
			return Letters{}, fmt.Errorf("%w: letters: parts", ErrSignal)
		}
		n := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; n > len(b) || n == 0 && len(p.Parts) > 0 {
			return Letters{}, fmt.Errorf("%w: letters: part", ErrSignal)
		}
		s := string(b[:n])
		size[len(p.Parts)%2] += n
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !wire.Seen(r) }) || max(size[0], size[1]) > MaxLine {
			return Letters{}, fmt.Errorf("%w: letters: text", ErrSignal)
		}
		p.Parts, b = append(p.Parts, s), b[n:]
	}
	if p.Line < 1 || p.Line > maxLines || p.Version < 1 || p.State == LettersGot && (p.Cut || p.Parts != nil) {
		return Letters{}, fmt.Errorf("%w: letters: numbers", ErrSignal)
	}
	return p, nil
}

// Typed is a line typed beside a call, as it stands here.
type Typed struct {
	Letters
	Ours  bool
	By    statement.Author // of ours; of theirs officer and desk are as they said
	Since time.Time
	At    time.Time // ours: its newest change
	Seen  bool      // ours: the other end has it as it stands
	Lost  bool      // ours: it is not stated, and will not be

	letters []letter // of ours
	dirty   bool     // what the other end has not been sent
}

// letter is one letter of a line.
type letter struct {
	r    rune
	gone bool
}

// Texts is the text beside the newest call of a line. It is owned by the line's loop; it is known to both ends, and
// forgotten with the next call: what was finished stands in the record.
//
// SPEC: CAL-031
type Texts struct {
	call   ID
	lines  []Typed
	second time.Time // in which took were taken of the other end
	took   int
}

// Acts that do not fit.
var (
	ErrManyLines = statement.Refuse("say it, or send it: parley send TEXT", "no more than %d lines of a party stand beside a call", maxLines)
	ErrLongLine  = statement.Refuse("make it two lines; it stands as it was", "a line has %d bytes at most", MaxLine)
	ErrListens   = statement.Refuse("", "a listener types nothing into a call")
)

// Begin begins the text beside a call.
func (t *Texts) Begin(id ID) { *t = Texts{call: id} }

// Lines gives the lines in the order in which they were begun; they do not change.
func (t *Texts) Lines() []Typed { return slices.Clone(t.lines) }

// last gives the newest line of a source, nil where it has none.
func (t *Texts) last(ours bool, source int) *Typed {
	for i := range slices.Backward(t.lines) {
		if l := &t.lines[i]; l.Ours == ours && l.Source == source {
			return l
		}
	}
	return nil
}

func (t *Texts) count(ours bool) (n int) {
	for _, l := range t.lines {
		if l.Ours == ours {
			n++
		}
	}
	return n
}

// Type says what stands now in the line that one of ours is typing; done ends the line, and gives it where anything was typed.
// What no screen may show is left out; what is over the length of a line is refused.
func (t *Texts) Type(p Person, value string, done bool, now time.Time) (line *Typed, err error) {
	if p.Part == Listener {
		return nil, ErrListens
	}
	if value = seen(value); len(value) > MaxLine {
		return nil, ErrLongLine
	}
	l := t.last(true, p.Source)
	if l == nil || l.State != Typing {
		n := 1
		if l != nil {
			n += l.Line
		}
		switch {
		case value == "":
			return nil, nil
		case t.count(true) >= maxLines:
			return nil, ErrManyLines
		}
		t.lines = append(t.lines, Typed{Ours: true, By: p.By, Since: now.UTC(), Letters: Letters{Call: t.call, Source: p.Source, List: p.list, Line: n}})
		l = &t.lines[len(t.lines)-1]
	}
	l.edit(value)
	l.By, l.At, l.Seen = p.By, now.UTC(), false
	if done = done || l.Version == math.MaxUint16-1; done {
		l.State = Finished
	}
	if l.dirty = true; !done {
		return nil, nil
	}
	return l, nil
}

// seen is what of a text may stand in a line.
func seen(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "") {
		if wire.Seen(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// edit makes value what stands of the line: what is between the beginning and the end that stay was erased, and stands there
// as such. Of what was erased the newest is kept.
func (l *Typed) edit(value string) {
	var at []int // of those that stand
	for i, x := range l.letters {
		if !x.gone {
			at = append(at, i)
		}
	}
	next, head, tail := []rune(value), 0, 0
	for head < len(next) && head < len(at) && next[head] == l.letters[at[head]].r {
		head++
	}
	for tail < len(next)-head && tail < len(at)-head && next[len(next)-1-tail] == l.letters[at[len(at)-1-tail]].r {
		tail++
	}
	for _, i := range at[head : len(at)-tail] {
		l.letters[i].gone = true
	}
	in := len(l.letters)
	if tail > 0 {
		in = at[len(at)-tail]
	}
	var typed []letter
	for _, r := range next[head : len(next)-tail] {
		typed = append(typed, letter{r: r})
	}
	l.letters = slices.Insert(l.letters, in, typed...)
	for l.Parts = parts(l.letters); len(l.Parts) > maxParts || erased(l.Parts) > MaxLine; l.Parts = parts(l.letters) {
		i := slices.IndexFunc(l.letters, func(x letter) bool { return x.gone })
		l.letters, l.Cut = slices.Delete(l.letters, i, i+1), true
	}
	l.Version++
}

// parts are letters as a packet has them: what stands, what was erased, what stands …
func parts(ls []letter) (ps []string) {
	for _, x := range ls {
		if len(ps) == 0 || (len(ps)%2 == 0) != x.gone {
			if len(ps) == 0 && x.gone {
				ps = append(ps, "")
			}
			ps = append(ps, "")
		}
		ps[len(ps)-1] += string(x.r)
	}
	return ps
}

func erased(ps []string) (n int) {
	for i := 1; i < len(ps); i += 2 {
		n += len(ps[i])
	}
	return n
}

// Said gives what stands of a line, and what was erased of it.
func (p Letters) Said() (line string, gone []string) {
	for i, s := range p.Parts {
		if i%2 == 0 {
			line += s
		} else if s = strings.TrimSpace(s); s != "" {
			gone = append(gone, s)
		}
	}
	return strings.TrimSpace(line), gone
}

// Draft is what a party states of a line in a call; ok is false where no letter of it is left to state.
func (l *Typed) Draft(opener, class, mark string) (d record.Draft, ok bool) {
	f := Written{Opener: opener, Call: l.Call.String(), By: l.By, Source: l.Source, Line: l.Line, At: whole(l.Since), Broken: l.State == Broken, Cut: l.Cut}
	f.Says, f.Erased = l.Said()
	d, err := statement.Say(record.Draft{Kind: KindLine, Class: class, Mark: mark, Facts: f})
	return d, err == nil && d.Text != nil
}

// Break breaks off the lines of those who are not in the call any more, and gives ours: nobody is in one that is over.
//
// SPEC: CAL-032
func (t *Texts) Break(ours, theirs []Person, now time.Time) (off []*Typed) {
	for i := range t.lines {
		l, in := &t.lines[i], theirs
		if l.Ours {
			in = ours
		}
		if l.State != Typing || slices.ContainsFunc(in, func(p Person) bool { return p.Source == l.Source && p.Desk == l.By.Desk }) {
			continue
		}
		if l.State = Broken; l.Ours {
			l.Version, l.At, l.dirty, l.Seen = l.Version+1, now.UTC(), true, false
			off = append(off, l)
		}
	}
	return off
}

// Due gives the packets that are to be sent: of each line what changed since the last that was sent of it, and that at most
// ten times a second by who asks every 100 ms.
func (t *Texts) Due() (out []Letters) {
	for i := range t.lines {
		if l := &t.lines[i]; l.dirty {
			l.dirty = false
			out = append(out, l.Letters)
		}
	}
	return out
}

// Answered takes the other end's answer, and reports whether it answers a line as it stands now.
func (t *Texts) Answered(p Letters) bool {
	for i := range t.lines {
		if l := &t.lines[i]; p.Call == t.call && l.Ours && l.Source == p.Source && l.Line == p.Line && l.Version == p.Version {
			l.Seen = true
			return true
		}
	}
	return false
}

// Got takes a packet of the other end about a line of one of those who are or were in the call there, the newest of a source
// last. It is answered where ok; what is not comes again.
func (t *Texts) Got(p Letters, in []Person, now time.Time) (answer Letters, ok bool) {
	if now.Sub(t.second) >= time.Second {
		t.second, t.took = now, 0
	}
	if t.took++; t.took > lettersASec || p.Call != t.call {
		return answer, false
	}
	answer = Letters{Call: p.Call, State: LettersGot, Source: p.Source, List: p.List, Line: p.Line, Version: p.Version}
	for i := range t.lines {
		l := &t.lines[i]
		if l.Ours || l.Source != p.Source || l.Line != p.Line {
			continue
		}
		if p.Version > l.Version && (l.State == Typing || l.State == Broken && p.State != Typing) {
			l.Letters = p
		}
		return answer, true
	}
	i := len(in) - 1 // who has the source now may not be who began the line
	for i >= 0 && (in[i].Source != p.Source || in[i].list > p.List) {
		i--
	}
	switch {
	case i < 0 || in[i].Part == Listener:
		return answer, false
	case t.count(false) < maxLines:
		t.lines = append(t.lines, Typed{Letters: p, By: statement.Author{Officer: in[i].Officer, Desk: in[i].Desk}, Since: now.UTC()})
	}
	return answer, true
}
