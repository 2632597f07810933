// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.org/parley/wire"
)

// The first lines separate domains.
const (
	domainStatement = "parley/v1 statement"
	domainPrivate   = "parley/v1 private"
	domainReceipt   = "parley/v1 receipt"
)

// Limits of a header.
const (
	MaxSeen         = 16
	MaxRe           = 8
	MaxUrgent       = 5600 // note and bodies of a statement that travels as fragments
	maxUrgentBodies = 4096
)

var whys = []string{"first", "restart", "restore", "failed", "refused", "clock", "key"}

// lines reads the lines of a text one by one.
type lines struct{ rest string }

// take gives the value of the next line if its name is name.
func (l *lines) take(name string) (string, bool) {
	line, more, ok := strings.Cut(l.rest, "\n")
	if !ok {
		return "", false
	}
	v, ok := strings.CutPrefix(line, name+" ")
	if ok {
		l.rest = more
	}
	return v, ok
}

// ParseHeader reads the text of a statement. err says that its first four lines are not right: it
// is not sound. form says what else is wrong: it is inert, and only its first four lines are given.
//
// SPEC: REC-004 REC-025
func ParseHeader(text []byte) (st Statement, form string, err error) {
	l := &lines{string(text)}
	first, rest, _ := strings.Cut(l.rest, "\n")
	l.rest = rest
	if first != domainStatement && first != domainPrivate {
		return st, "", errors.New("its first line is not of a statement")
	}
	v, ok := l.take("log")
	if st.Log, err = ParseLogName(v); !ok || err != nil || st.Log.Private != (first == domainPrivate) {
		return Statement{}, "", errors.New("line log")
	}
	v, ok = l.take("index")
	if st.Index, err = parseNumber(v); !ok || err != nil {
		return st, "", errors.New("line index")
	}
	v, ok = l.take("prev")
	if st.Prev, err = wire.ParseHash(v); !ok || err != nil {
		return st, "", errors.New("line prev")
	}
	head := st
	if err := st.parseRest(l); err != nil {
		return head, err.Error(), nil
	}
	return st, "", nil
}

// parseRest reads the lines after the fourth.
//
// SPEC: REC-005
func (st *Statement) parseRest(l *lines) error {
	if v, ok := l.take("opened"); ok != (st.Index == 0) {
		return errors.New("line opened")
	} else if ok {
		station, why, _ := strings.Cut(v, " ")
		if !ValidParty(station) || !slices.Contains(whys, why) {
			return errors.New("line opened")
		}
		st.Opened = &Opened{share(station), share(why)}
	}
	if err := st.parseSeen(l); err != nil {
		return err
	}
	if err := st.parseFixed(l); err != nil {
		return err
	}
	for v, ok := l.take("re"); ok; v, ok = l.take("re") {
		r, err := ParseRef(v)
		if err != nil || len(st.Re) == MaxRe || slices.Contains(st.Re, r) {
			return errors.New("line re")
		}
		st.Re = append(st.Re, r)
	}
	var err error
	if st.Facts, err = parseBody(l, "facts"); err != nil {
		return err
	}
	if st.Text, err = parseBody(l, "text"); err != nil {
		return err
	}
	if l.rest != "" {
		line, _, _ := strings.Cut(l.rest, "\n")
		name, _, _ := strings.Cut(line, " ")
		return fmt.Errorf("a line unknown, twice or out of order: %.16s", name)
	}
	return nil
}

// parseSeen reads the lines of seen: own logs first, none twice, never its own.
//
// SPEC: REC-006
func (st *Statement) parseSeen(l *lines) error {
	peer := false
	for v, ok := l.take("seen"); ok; v, ok = l.take("seen") {
		p, id, n, h, err := parsePoint(v)
		s := Seen{p, id, n, h}
		own := p == st.Log.Party
		if err != nil || n < 1 || len(st.Seen) == MaxSeen || own && (peer || id == st.Log.LogID) {
			return errors.New("line seen")
		}
		if slices.ContainsFunc(st.Seen, func(o Seen) bool { return o.key() == s.key() }) {
			return errors.New("line seen: one log twice")
		}
		peer = peer || !own
		st.Seen = append(st.Seen, s)
	}
	return nil
}

// parseFixed reads heard, time, kind, class, mark.
func (st *Statement) parseFixed(l *lines) (err error) {
	v, ok := l.take("heard")
	if !ok {
		return errors.New("line heard")
	}
	if v != "none" {
		run, at, _ := strings.Cut(v, " ")
		t, err := parseTime(heldForm, at)
		if err != nil || !ValidRun(run) || t.Second()%10 != 0 {
			return errors.New("line heard")
		}
		st.Heard = Heard{share(run), t}
	}
	v, ok = l.take("time")
	if st.Time, err = parseTime(timeForm, v); !ok || err != nil {
		return errors.New("line time")
	}
	if st.Kind, ok = l.take("kind"); !ok || !ValidKind(st.Kind) {
		return errors.New("line kind")
	}
	if st.Class, ok = l.take("class"); !ok || !slices.Contains([]string{"substantive", "service", "test"}, st.Class) {
		return errors.New("line class")
	}
	if st.Mark, ok = l.take("mark"); !ok || st.Mark != "actual" && st.Mark != "exercise" {
		return errors.New("line mark")
	}
	st.Kind, st.Class, st.Mark = share(st.Kind), share(st.Class), share(st.Mark)
	return nil
}

func parseBody(l *lines, name string) (*Body, error) {
	v, ok := l.take(name)
	if !ok {
		return nil, nil
	}
	length, hash, _ := strings.Cut(v, " ")
	n, err := parseNumber(length)
	h, err2 := wire.ParseHash(hash)
	if err != nil || err2 != nil {
		return nil, errors.New("line " + name)
	}
	return &Body{n, h}, nil
}

// Encode gives the text of a statement, ready to be signed.
func (st *Statement) Encode() []byte {
	b := make([]byte, 0, 1024)
	line := func(name string, fields ...string) {
		b = append(b, name...)
		for _, f := range fields {
			b = append(append(b, ' '), f...)
		}
		b = append(b, '\n')
	}
	if st.Log.Private {
		line(domainPrivate)
	} else {
		line(domainStatement)
	}
	line("log", st.Log.String())
	line("index", strconv.Itoa(st.Index))
	line("prev", st.Prev.String())
	if st.Opened != nil {
		line("opened", st.Opened.Station, st.Opened.Why)
	}
	for _, s := range st.Seen {
		line("seen", s.String())
	}
	if st.Heard.Run == "" {
		line("heard", "none")
	} else {
		line("heard", st.Heard.Run, st.Heard.Time.UTC().Format(heldForm))
	}
	line("time", FormatTime(st.Time))
	line("kind", st.Kind)
	line("class", st.Class)
	line("mark", st.Mark)
	for _, r := range st.Re {
		line("re", r.String())
	}
	if st.Facts != nil {
		line("facts", strconv.Itoa(st.Facts.Len), st.Facts.Hash.String())
	}
	if st.Text != nil {
		line("text", strconv.Itoa(st.Text.Len), st.Text.Hash.String())
	}
	return b
}
