// SPDX-License-Identifier: Apache-2.0

package record

import (
	"fmt"
	"slices"

	"example.org/parley/wire"
)

// Limits of a header.
const (
	MaxSeen         = 16
	MaxRe           = 8
	MaxUrgent       = 5600 // note and bodies of a statement that travels as fragments
	maxUrgentBodies = 4096
)

var whys = []string{"first", "restart", "restore", "failed", "refused", "clock", "key"}

// ParseHeader reads the text of a statement. err says that its first four lines are not right: it
// is not sound. form says what else is wrong: it is inert, and only its first four lines are given.
//
// SPEC: REC-004 REC-025
func ParseHeader(text []byte) (st Statement, form string, err error) {
	l := wire.ReadLines(text)
	private := l.Line("parley/v1").OneOf("statement", "private") == "private"
	st.Log = new(LogName)
	l.Line("log")
	name := wire.Field(l, ParseLogName)
	l.Need(name.Private == private)
	if err := l.Err(); err != nil {
		return st, "", err
	}
	*st.Log = name
	st.Index = l.Line("index").Number()
	st.Prev = l.Line("prev").Hash()
	if err := l.Err(); err != nil {
		return st, "", err
	}
	head := st
	st.parseRest(l)
	if err := l.End(); err != nil {
		return head, err.Error(), nil
	}
	return st, "", nil
}

// parseRest reads the lines after the fourth.
//
// SPEC: REC-005 REC-006
func (st *Statement) parseRest(l *wire.Lines) {
	if st.Index == 0 {
		l.Line("opened")
		st.Station, st.Why = share(l.Word()), l.OneOf(whys...)
		l.Need(wire.ValidName(st.Station))
	}
	peer := false // own logs come first, none twice, never its own
	for l.Next("seen") {
		s := parseSeen(l)
		own := s.Party == st.Log.Party
		l.Need(s.Size > 0 && len(st.Seen) < MaxSeen && !(own && (peer || s.LogID == st.Log.LogID)))
		l.Need(!slices.ContainsFunc(st.Seen, func(o Seen) bool { return o.LogID == s.LogID }))
		peer = peer || !own
		st.Seen = append(st.Seen, s)
	}
	l.Line("heard")
	if run := l.Word(); run != "none" {
		l.Need(wire.ValidRun(run))
		st.Heard = PeerClock{share(run), wire.Field(l, parseHeld)}
		l.Need(st.Heard.Time.Second()%10 == 0)
	}
	l.Line("time")
	st.Time = wire.Field(l, parseTime)
	st.Kind = share(l.Line("kind").Word())
	l.Need(validKind(st.Kind))
	st.Class = l.Line("class").OneOf("substantive", "service", "test")
	st.Mark = l.Line("mark").OneOf("actual", "exercise")
	for l.Next("re") {
		s := parseSeen(l)
		r := Ref{Place{s.LogID, s.Size}, s.Root}
		l.Need(len(st.Re) < MaxRe && !slices.Contains(st.Re, r))
		st.Re = append(st.Re, r)
	}
	st.Facts, st.Text = parseBody(l, "facts"), parseBody(l, "text")
}

func parseBody(l *wire.Lines, name string) *Body {
	if !l.Next(name) {
		return nil
	}
	b := &Body{l.Number(), l.Hash()}
	l.Need(b.Len > 0) // on the wire an empty body is none
	return b
}

// Encode gives the text of a statement, ready to be signed.
func (st *Statement) Encode() []byte {
	sort := "statement"
	if st.Log.Private {
		sort = "private"
	}
	b := fmt.Appendln(make([]byte, 0, 1024), "parley/v1", sort)
	b = fmt.Appendln(b, "log", st.Log)
	b = fmt.Appendln(b, "index", st.Index)
	b = fmt.Appendln(b, "prev", st.Prev)
	if st.Station != "" {
		b = fmt.Appendln(b, "opened", st.Station, st.Why)
	}
	for _, s := range st.Seen {
		b = fmt.Appendln(b, "seen", s)
	}
	if st.Heard.Run == "" {
		b = fmt.Appendln(b, "heard", "none")
	} else {
		b = fmt.Appendln(b, "heard", st.Heard.Run, st.Heard.Time.UTC().Format(heldForm))
	}
	b = fmt.Appendln(b, "time", st.Time.UTC().Format(timeForm))
	b = fmt.Appendln(b, "kind", st.Kind)
	b = fmt.Appendln(b, "class", st.Class)
	b = fmt.Appendln(b, "mark", st.Mark)
	for _, r := range st.Re {
		b = fmt.Appendln(b, "re", r)
	}
	if st.Facts != nil {
		b = fmt.Appendln(b, "facts", st.Facts.Len, st.Facts.Hash)
	}
	if st.Text != nil {
		b = fmt.Appendln(b, "text", st.Text.Len, st.Text.Hash)
	}
	return b
}
