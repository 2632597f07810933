// SPDX-License-Identifier: Apache-2.0

package check

import (
	"slices"
	"time"

	"example.org/parley/statement"
)

// part gives the part that is not over yet, nil where there is none such.
func (m *Machine) part(name, path string) *Part {
	if m.cur == nil {
		return nil
	}
	i := slices.IndexFunc(m.cur.Parts, func(p Part) bool { return p.Name == name && p.Path == path && p.Result == "" })
	if i < 0 {
		return nil
	}
	return &m.cur.Parts[i]
}

// end ends a part that runs; set says how.
func (m *Machine) end(name, path string, set func(*Part)) {
	if p := m.part(name, path); p != nil {
		set(p)
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
	for i := range c.Parts {
		if p := &c.Parts[i]; p.Result == "" && !m.work(p) {
			return
		}
	}
	m.finish()
}

// work works on one part; false while it is not over.
func (m *Machine) work(p *Part) bool {
	c := m.cur
	late := func(limit time.Duration, why string, ask func()) bool {
		if c.sent.IsZero() {
			c.sent, m.out.Slot, m.out.Mark = m.now, c.Slot, c.Mark
			ask()
			m.changed()
		}
		if m.now.Sub(c.sent) < limit {
			return false
		}
		p.Result, p.Why, c.sent = Bad, why, time.Time{}
		m.changed()
		return true
	}
	switch p.Name {
	case PartPath:
		return late(waitReceipt, "no receipt came by it", func() { m.out.Over = p.Path })
	case PartStation: // until the other end joins, or the deadline
	case PartVoice:
		return late(waitLoop, "nothing came back", func() { m.out.Tone = p.Path })
	case PartStop:
		return late(waitStop, "it was not held", func() { m.out.Stop = true })
	case PartRing:
		if !c.Ringing {
			c.Ringing, c.Rang = true, m.now
			m.changed()
		}
	}
	return false
}

// Receipt says that the receipt of our opened or joined came back by a path, before or after its turn: that it came is
// what is tested.
func (m *Machine) Receipt(path string, now time.Time) Out {
	return m.step(now, func() {
		c := m.cur
		if c == nil || !c.recorded {
			return
		}
		for i := range c.Parts {
			if p := &c.Parts[i]; p.Name == PartPath && p.Path == path && p.Result != OK {
				if p.Result == "" && !c.sent.IsZero() {
					p.MS = ms(m.now.Sub(c.sent))
				}
				if p.Result == "" {
					c.sent = time.Time{}
				}
				p.Result, p.Why = OK, ""
				m.changed()
				return
			}
		}
	})
}

// Looped is the result of the tone that Out.Tone asked for: path, frames sent and back, median round trip and level.
func (m *Machine) Looped(got Part, now time.Time) Out {
	return m.step(now, func() {
		m.end(PartVoice, got.Path, func(p *Part) {
			got.Name, got.Result = PartVoice, Bad
			switch {
			case got.Back == 0:
				got.Why = "nothing came back"
			case got.Back*10 < got.Sent*(10-lossTenth):
				got.Why = "frames were lost"
			case got.LevelDB < toneDB-offDB || got.LevelDB > toneDB+offDB:
				got.Why = "the tone came back at another level"
			default:
				got.Result = OK
			}
			*p, m.cur.sent = got, time.Time{}
		})
	})
}

// StopHeld says that the other node has receipted our STOP of class test.
func (m *Machine) StopHeld(id string, now time.Time) Out {
	return m.step(now, func() { m.end(PartStop, "", func(p *Part) { p.Result, p.ID = OK, id }) })
}

// AnswerRing is a person's act: he answers the check's ring, in which he takes the other end's STOP and is asked its
// question; langs are the languages that he reads.
//
// SPEC: CHK-006
func (m *Machine) AnswerRing(by statement.Author, langs []string, now time.Time) Out {
	return m.step(now, func() {
		c := m.cur
		if c == nil || !c.Ringing {
			m.cannot(ErrNothing)
			return
		}
		m.stopRing()
		m.end(PartRing, "", func(p *Part) { p.Result, p.MS, p.By = OK, ms(m.now.Sub(c.Rang)), &by })
		m.out.Take, m.out.Slot, m.out.Mark = &by, c.Slot, c.Mark
		c.Lang = language(langs)
		why := ""
		if _, ok := FindQuestion(c.Question); !ok {
			why = "unknown here"
		} else if c.Lang == "" {
			why = "language"
		}
		if why != "" {
			m.end(PartQuestion, "", func(p *Part) { p.Result, p.ID, p.Why = None, c.Question, why })
		}
	})
}

// Answer is a person's act: his answer to the question, a to d.
func (m *Machine) Answer(by statement.Author, answer string, now time.Time) Out {
	return m.step(now, func() {
		c := m.cur
		switch {
		case c == nil || c.Lang == "" || m.part(PartQuestion, "") == nil:
			m.cannot(ErrNothing)
		case answer < "a" || answer > "d" || len(answer) != 1:
			m.cannot(ErrAnswer)
		default:
			m.end(PartQuestion, "", func(p *Part) {
				p.Result, p.ID, p.Answer, p.Lang, p.By = OK, c.Question, answer, c.Lang, &by
				if q, _ := FindQuestion(c.Question); q.Answer != answer {
					p.Result, p.Why = Bad, "another answer was right"
				}
			})
		}
	})
}

// Decline is a person's act: he takes no part in this check, which ends the officer's parts that are not over.
func (m *Machine) Decline(by statement.Author, now time.Time) Out {
	return m.step(now, func() {
		if c := m.cur; c == nil || !c.Ringing && c.Lang == "" {
			m.cannot(ErrNothing)
			return
		}
		m.stopRing()
		for _, name := range []string{PartRing, PartQuestion} {
			m.end(name, "", func(p *Part) { p.Result, p.Why, p.By = None, Declined, &by })
		}
	})
}

func (m *Machine) stopRing() {
	if m.cur != nil && m.cur.Ringing {
		m.cur.Ringing = false
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
	for i := range c.Parts {
		p := &c.Parts[i]
		switch {
		case p.Result != "":
		case p.Name == PartRing || p.Name == PartQuestion:
			p.Result = None
		case p.Name == PartStation:
			p.Result, p.Why = Bad, "it did not join"
		default:
			p.Result, p.Why = Bad, "it did not come to it"
		}
	}
	outcome, which := judge(c.Parts)
	m.state(KindClosed, c.Mark, ClosedFacts{Slot: c.Slot, At: whole(m.now), Outcome: outcome, Which: which, Parts: c.Parts})
	m.done[c.Slot] = m.now
	m.cur = nil
}
