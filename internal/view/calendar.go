// SPDX-License-Identifier: Apache-2.0

package view

import (
	"time"

	"example.org/parley/check"
	"example.org/parley/contact"
)

// CalendarDays is how far back the calendar of the counterparts goes, today among them.
const CalendarDays = 90

// day is the place of a day in the calendar, below 0 what is older.
func (b builder) day(t time.Time) int {
	const day = 24 * time.Hour
	return CalendarDays - 1 - int(b.Now.UTC().Truncate(day).Sub(t.UTC().Truncate(day))/day)
}

// marks are the contacts of a pair and what became of its attempts, each at its first day. SPEC: PAG-056
func (b builder) marks(p contact.PairFigure) (out []Mark) {
	for _, c := range p.Since {
		if day := b.day(c.When.Earliest()); day >= 0 {
			out = append(out, Mark{day, "spoke", false, join(b.date(c.When), b.t("cal.spoke"))})
		}
	}
	for side, list := range p.Attempts {
		for _, a := range list {
			sort, word := contact.Column(a.Outcome), b.or("request", a.Outcome)
			if a.Standing == contact.Disputed {
				sort, word = contact.Disputed, join(word, b.t("cal.disputed"))
			}
			if day := b.day(a.When.Earliest()); day >= 0 {
				out = append(out, Mark{day, sort, side == 1, join(b.date(a.When), b.t([]string{"cal.ours", "cal.theirs"}[side]), word)})
			}
		}
	}
	return out
}

// months are where each month of the calendar begins.
func (b builder) months() (out []Mark) {
	now := b.Now.UTC()
	for i := range 4 {
		first := time.Date(now.Year(), now.Month()-time.Month(3-i), 1, 0, 0, 0, 0, time.UTC)
		if day := b.day(first); day >= 0 {
			m := Mark{Day: day, Sort: "month", Word: Day(b.lang, first, now)}
			if day > CalendarDays-20 { // beside today's there is no room for two dates
				m.Word = ""
			}
			out = append(out, m)
		}
	}
	return append(out, Mark{Day: CalendarDays - 1, Sort: "today", Word: b.t("cal.today", Day(b.lang, now, now))})
}

// days are those on which the line was to be tested.
func (b builder) days() (out []Mark) {
	for _, s := range b.Checks.Slots {
		day := b.day(s.Due)
		if day < 0 || s.Outcome == check.Pending && !s.Overdue {
			continue
		}
		m := Mark{Day: day, Sort: "missed", Word: join(Day(b.lang, s.Due, b.Now), slotWord(b.lang, s))}
		if s.Outcome == check.Passed {
			m.Sort = "tested"
		}
		if n := len(out) - 1; n >= 0 && out[n].Day == day { // a day is tested by one slot that passed
			if out[n].Sort == "tested" {
				continue
			}
			out = out[:n]
		}
		out = append(out, m)
	}
	return out
}
