// SPDX-License-Identifier: Apache-2.0

package check

import (
	"time"

	"example.org/parley/statement"
)

// row gives the part that is not over yet, nil where there is none such.
func (m *Machine) row(part, path string) *Row {
	if m.cur == nil {
		return nil
	}
	for i := range m.cur.rows {
		if r := &m.cur.rows[i]; r.Part == part && r.Path == path && r.Result == "" {
			return r
		}
	}
	return nil
}

// end ends a part that runs; set says how.
func (m *Machine) end(part, path string, set func(*Row)) {
	if r := m.row(part, path); r != nil {
		set(r)
		m.changed()
	}
}

// advance starts what comes next: the machine's parts one after another, then the ring; and finishes when all are over.
//
// SPEC: CHK-002
func (m *Machine) advance() {
	c := m.cur
	if c == nil || !c.recorded {
		return
	}
	for i := range c.rows {
		r := &c.rows[i]
		if r.Result != "" {
			continue
		}
		if !m.part(r) {
			return
		}
	}
	m.finish()
}

// part works on one row; false while it is not over. The rows' order is the order of work.
func (m *Machine) part(r *Row) bool {
	c := m.cur
	start := func(limit time.Duration, ask func()) (late bool) {
		if c.sent.IsZero() {
			c.sent, m.out.Slot, m.out.Mark = m.now, c.slot, c.mark
			ask()
			m.changed()
		}
		return m.now.Sub(c.sent) >= limit
	}
	over := func(result, why string) bool {
		r.Result, r.Why, c.sent = result, why, time.Time{}
		m.changed()
		return true
	}
	switch r.Part {
	case PartPath:
		return start(waitReceipt, func() { m.out.Over = r.Path }) && over(Bad, "no receipt came by it")
	case PartStation:
		return false // until the other end joins, or the deadline
	case PartVoice:
		return start(waitLoop, func() { m.out.Tone = r.Path }) && over(Bad, "nothing came back")
	case PartStop:
		return start(waitStop, func() { m.out.Stop = true }) && over(Bad, "it was not held")
	case PartRing:
		if !c.ringing {
			c.ringing, c.rang = true, m.now
			m.changed()
		}
	}
	return false
}

// receipt may come by a path before or after its turn: that it came is what is tested.
func (m *Machine) receipt(path string) {
	c := m.cur
	if c == nil || !c.recorded {
		return
	}
	for i := range c.rows {
		if r := &c.rows[i]; r.Part == PartPath && r.Path == path && r.Result != OK {
			if r.Result == "" && !c.sent.IsZero() {
				r.MS = ms(m.now.Sub(c.sent))
			}
			if r.Result == "" {
				c.sent = time.Time{}
			}
			r.Result, r.Why = OK, ""
			m.changed()
			return
		}
	}
}

func (m *Machine) looped(e Loop) {
	m.end(PartVoice, e.Path, func(r *Row) {
		r.Result, r.Why, r.MS, r.Sent, r.Back, r.LevelDB = OK, "", e.MS, e.Sent, e.Back, e.LevelDB
		switch {
		case e.Why != "":
			r.Result, r.Why = Bad, e.Why
		case e.Sent == 0 || e.Back*10 < e.Sent*(10-lossTenth):
			r.Result, r.Why = Bad, "frames were lost"
		case e.LevelDB < toneDB-offDB || e.LevelDB > toneDB+offDB:
			r.Result, r.Why = Bad, "the tone came back at another level"
		}
		m.cur.sent = time.Time{}
	})
}

// answerRing takes the other end's STOP and asks its question.
//
// SPEC: CHK-006
func (m *Machine) answerRing(e RingAnswered) {
	c := m.cur
	if c == nil || !c.ringing {
		m.cannot(ErrNothing)
		return
	}
	m.stopRing()
	by := e.By
	m.end(PartRing, "", func(r *Row) { r.Result, r.MS, r.By = OK, ms(m.now.Sub(c.rang)), &by })
	m.out.Take, m.out.Slot, m.out.Mark = &by, c.slot, c.mark
	c.asked = language(e.Langs)
	if _, ok := FindQuestion(c.question); !ok {
		m.end(PartQuestion, "", func(r *Row) { r.Result, r.ID, r.Why = None, c.question, "unknown here" })
	} else if c.asked == "" {
		m.end(PartQuestion, "", func(r *Row) { r.Result, r.ID, r.Why = None, c.question, "language" })
	}
}

func (m *Machine) answer(e Answered) {
	c := m.cur
	if c == nil || c.asked == "" || m.row(PartQuestion, "") == nil {
		m.cannot(ErrNothing)
		return
	}
	if e.Answer < "a" || e.Answer > "d" || len(e.Answer) != 1 {
		m.cannot(ErrAnswer)
		return
	}
	by := e.By
	q, _ := FindQuestion(c.question)
	m.end(PartQuestion, "", func(r *Row) {
		r.Result, r.ID, r.Answer, r.Lang, r.By = OK, q.ID, e.Answer, c.asked, &by
		if q.Answer != e.Answer {
			r.Result, r.Why = Bad, "another answer was right"
		}
	})
}

// declined ends the officer's parts that are not over.
func (m *Machine) declined(by statement.Author) {
	c := m.cur
	if c == nil || !c.ringing && c.asked == "" {
		m.cannot(ErrNothing)
		return
	}
	m.stopRing()
	for _, p := range []string{PartRing, PartQuestion} {
		m.end(p, "", func(r *Row) { r.Result, r.Why, r.By = None, Declined, &by })
	}
}

func (m *Machine) stopRing() {
	if m.cur != nil && m.cur.ringing {
		m.cur.ringing = false
		m.changed()
	}
}

// finish states how the slot went at this end. What did not come to pass is failed where it is the machines'
// part, and none where it is the officer's.
//
// SPEC: CHK-003
func (m *Machine) finish() {
	c := m.cur
	m.stopRing()
	for i := range c.rows {
		r := &c.rows[i]
		switch {
		case r.Result != "":
		case r.Part == PartRing || r.Part == PartQuestion:
			r.Result = None
		case r.Part == PartStation:
			r.Result, r.Why = Bad, "it did not join"
		default:
			r.Result, r.Why = Bad, "it did not come to it"
		}
	}
	outcome, which := judge(c.rows)
	m.state(KindClosed, c.mark, Closed{Slot: c.slot, At: whole(m.now), Outcome: outcome, Which: which, Parts: c.rows})
	m.done[c.slot] = m.now
	m.cur = nil
}
