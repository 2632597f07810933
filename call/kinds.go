// SPDX-License-Identifier: Apache-2.0

package call

import (
	"fmt"
	"slices"
	"time"

	"example.org/parley/record"
	"example.org/parley/wire"
)

// maxFacts bounds the facts of a statement about a call.
const maxFacts = 4 << 10

// Kinds gives what the record must know of the statements about calls. They are grouped by the
// opening party and the call's id, whichever end stated first.
//
// SPEC: CAL-011
func Kinds() []record.Kind {
	var ks []record.Kind
	for _, name := range []string{KindPlaced, KindRang, KindClosed, KindClass} {
		ks = append(ks, record.Kind{Name: name, Begins: true, ItemID: itemID, Lawful: func(e, _ *record.Entry) error { return Lawful(e) }})
	}
	return ks
}

// facts decodes the facts of any statement about a call, strictly.
func facts(e *record.Entry) (opener, id string, f any, err error) {
	switch e.Kind {
	case KindPlaced:
		var p Placed
		err = wire.DecodeStrict(e.FactsB, maxFacts, &p)
		return p.Opener, p.Call, p, err
	case KindRang:
		var r Rang
		err = wire.DecodeStrict(e.FactsB, maxFacts, &r)
		return r.Opener, r.Call, r, err
	case KindClosed:
		var c Closed
		err = wire.DecodeStrict(e.FactsB, maxFacts, &c)
		return c.Opener, c.Call, c, err
	case KindClass:
		var c ClassFacts
		err = wire.DecodeStrict(e.FactsB, maxFacts, &c)
		return c.Opener, c.Call, c, err
	}
	return "", "", nil, fmt.Errorf("%q is not about a call", e.Kind)
}

func itemID(e *record.Entry) (party, id string, err error) {
	party, id, _, err = facts(e)
	if err == nil {
		_, err = ParseID(id)
	}
	return party, id, err
}

// Lawful says why a statement about a call is not valid, from itself alone.
//
// SPEC: CAL-012
func Lawful(e *record.Entry) error {
	opener, id, f, err := facts(e)
	if err != nil {
		return err
	}
	if _, err := ParseID(id); err != nil {
		return err
	}
	if !slices.Contains(classes[1:], e.Class) || !slices.Contains(marks[1:], e.Mark) {
		return fmt.Errorf("class %q, mark %q", e.Class, e.Mark)
	}
	if !Plain(opener) || e.Text != nil {
		return fmt.Errorf("a statement about a call names the opening party and has no text")
	}
	switch f := f.(type) {
	case Placed:
		return first(is(opener == e.Log.Party, "call.placed by the party that does not ring"), by(&f.By), name("priority", f.Priority, maxName), at(f.At))
	case Rang:
		return first(is(opener != e.Log.Party, "call.rang by the party that rings"), name("from", f.From, maxName),
			name("priority", f.Priority, maxName), desks(f.Desks), at(f.At))
	case Closed:
		return f.lawful()
	case ClassFacts:
		return by(&f.By)
	}
	return nil
}

func (c Closed) lawful() error {
	o := c.Outcome
	became := error(nil)
	if o.Became != "" {
		_, became = ParseID(o.Became)
	}
	return first(
		is(slices.Index(whats, o.What) >= slices.Index(whats, Answered), "an unknown outcome"),
		is((o.What == Failed) == (o.Cause != ""), "a cause stands with failed, and only there"),
		is(slices.Contains(causes, o.Cause), "an unknown cause"),
		is(o.What == Declined || o.Reason == "" && o.StandBy.IsZero(), "a reason stands only with declined"),
		is(o.Became == "" || o.What == Answered && o.Became != c.Call, "became stands with answered, and names another call"), became,
		is(slices.Contains(codecs, c.Codec), "an unknown codec"),
		is(o.Seconds >= 0 && o.Seconds < 1<<16, "seconds"),
		name("desk", o.Desk, maxName), name("there", c.There, maxName), name("reason", o.Reason, maxReason), name("ended_by", c.EndedBy, maxName),
		desks(o.Desks), by(c.By), at(c.Began), at(c.Ended), maybe(c.Answered), maybe(o.StandBy), c.Meters.lawful())
}

func (m *Meters) lawful() error {
	if m != nil && (m.Sent < 0 || m.Received < 0 || m.Lost < 0 || m.GapMS < 0) {
		return fmt.Errorf("a meter below nothing")
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func is(ok bool, why string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("not lawful: %s", why)
}

func name(what, v string, limit int) error {
	return is(v == "" || len(v) <= limit && Plain(v), what)
}

func by(a *Author) error {
	if a == nil {
		return nil
	}
	return first(name("officer", a.Officer, maxPlace), name("known", a.Known, maxName), name("desk", a.Desk, maxName))
}

func desks(ds []string) error {
	for _, d := range ds {
		if d == "" || name("desk", d, maxName) != nil {
			return is(false, "desks")
		}
	}
	return is(len(ds) <= maxDesks, "too many desks")
}

func at(t time.Time) error {
	return is(t.Location() == time.UTC && t.Year() >= 2000 && t.Year() <= 2099, "a time that is not UTC")
}

func maybe(t time.Time) error {
	if t.IsZero() {
		return nil
	}
	return at(t)
}

// ClassDraft drafts a later statement of a call's class.
func ClassDraft(s State, class string, by Author) (record.Draft, error) {
	if !slices.Contains(classes[1:], class) {
		return record.Draft{}, fmt.Errorf("a class is substantive, service or test: %w", ErrAct)
	}
	return record.Draft{Kind: KindClass, Class: class, Mark: s.Mark, Facts: ClassFacts{Opener: s.Opener, Call: s.Call, By: by}}, nil
}

// Orphan drafts the closing of a call that party us began and never closed: its node stopped in it.
// ok is false where there is nothing to close.
//
// SPEC: CAL-016
func Orphan(s State, us string, now time.Time) (d record.Draft, ok bool) {
	e := s.Caller
	if s.Called.Party == us {
		e = s.Called
	}
	if e.Party != us || e.Began == nil || e.Closed != nil {
		return d, false
	}
	return record.Draft{Kind: KindClosed, Class: e.Began.Class, Mark: e.Began.Mark, Facts: Closed{Opener: s.Opener, Call: s.Call,
		Outcome: Outcome{What: Failed, Cause: CauseNearNode}, Began: whole(e.Began.Time), Ended: whole(now)}}, true
}
