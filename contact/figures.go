// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"slices"
	"strings"
	"time"

	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
)

// Query is a question for Since.
type Query struct {
	Book  *Book
	Since statement.When // when the window begins; zero: all
	Date  bool           // Since is a plain date and its first day is in the window, not an event within that day
	Now   time.Time
	Org   string         // only posts of this organisation (in any letter case); "": all
	Level int            // only posts of level 1 to this; 0: all
	With  []record.Place // only what all these posts have to do with
	For   string         // only requests for this
	Dated string         // only contacts dated as well as this: instant day span (and about a day)
	Mark  string         // only what has this mark; "": both, and Figures says if exercise is among it

	begin statement.When // of the window, while it is counted
	with  []*office
}

// Begin is when the window begins: a plain date is in it, the day of an event is neither before nor after it.
func (q *Query) Begin() statement.When {
	if q.Date && !q.Since.IsZero() {
		return statement.At(q.Since.Earliest())
	}
	return q.Since
}

// Dates are how well a contact may be dated.
var Dates = []string{"instant", "day", "span"}

// Figures answer a question as of a time, over a window, on both sides' statements.
type Figures struct {
	AsOf       time.Time
	Since      statement.When
	Pairs      []PairFigure     // by level, then name
	Contacts   []*Contact       // since, with a post that the question asks for on either side; oldest first
	By         Count            // of Contacts: by whom they are stated
	Said       Count            // of all that is counted here, contacts and attempts
	Straddling []*Contact       // before or since, cannot be known
	Highest    []*Contact       // since, the highest between the parties, of all posts
	Level      int              // of Highest; 0: none
	Requests   []*Request       // with an attempt in the window or still sought, that the question asks for, by date
	ByUs       map[string]Count // attempts in the window, of ours, by column; Open for those without an outcome
	ByThem     map[string]Count
	Scheduled  []*Request // accepted for a time to come, or for the last hour
	Sought     []*Request // still sought now, of any pair
	Exercise   bool       // something of mark exercise is counted
	Private    bool       // something of a private log is counted: not for the other party
}

// PairFigure is what is on record of one office and its counterpart.
type PairFigure struct {
	Ours, Theirs *register.Post
	Last         *Contact // the newest of all, before the window too; nil: never on record
	Side         string   // where Last lies
	Days         int      // from Last to now: at least; -1 where there is none
	DaysMost     int      // at most: more than Days where Last is a span
	Since        []*Contact
	Straddling   []*Contact

	// What became of the attempts of requests that we placed, that they placed: by column, or straddles for those that may
	// have been before the window. They are counted separately: refusal, silence and fault are three things.
	//
	// SPEC: CNT-012
	ByUs, ByThem map[string]Count
	Attempts     [2][]*Attempt // those counted: ours, theirs

	Sought []*Request
}

// Count is a number of one thing by who states it; Ours are stated by us alone.
type Count struct {
	Both     int `json:"both"`
	Ours     int `json:"ours"`
	Theirs   int `json:"theirs"`
	Disputed int `json:"disputed"`
}

// Plus counts one more.
func (c Count) Plus(whose string) Count {
	c.add(whose)
	return c
}

// With is the sum of two numbers.
func (c Count) With(o Count) Count {
	return Count{c.Both + o.Both, c.Ours + o.Ours, c.Theirs + o.Theirs, c.Disputed + o.Disputed}
}

// N is the number whoever states it.
func (c Count) N() int { return c.Both + c.Ours + c.Theirs + c.Disputed }

func (c *Count) add(whose string) {
	switch whose {
	case Both:
		c.Both++
	case Differing:
		c.Disputed++
	case ByUs:
		c.Ours++
	default:
		c.Theirs++
	}
}

// Whose says whose word the outcome of an attempt is.
func (a *Attempt) Whose(us string) string {
	by := a.Entry
	if a.Result != nil {
		by = a.Result.Entry
	}
	switch {
	case a.Standing == Confirmed:
		return Both
	case a.Standing == Disputed:
		return Differing
	case by != nil && by.Log.Party == us:
		return ByUs
	}
	return ByThem
}

// Since counts. A contact or an attempt counts where the whole of its date lies in the window; it reads no call
// of the line: desks that ring each other are no counterparts. The book must be settled.
// SPEC: CNT-013
func Since(q Query) Figures {
	f := Figures{AsOf: q.Now.UTC(), Since: q.Since, ByUs: map[string]Count{}, ByThem: map[string]Count{}}
	if q.Book == nil {
		return f
	}
	q.begin = q.Begin()
	for _, p := range q.With {
		q.with = append(q.with, q.Book.office[p])
	}
	pairs := q.pairs(&f)
	for _, x := range q.Book.contacts {
		if !x.replaced && !q.skips(x.mark) && !x.at.Earliest().After(q.Now) {
			f.contact(&q, x, pairs)
		}
	}
	for i := range f.Pairs {
		if p := &f.Pairs[i]; p.Last != nil {
			p.Days, p.DaysMost = p.Last.When.Days(q.Now)
		}
	}
	for _, r := range q.Book.requests {
		if !q.skips(r.Mark) && (q.For == "" || q.For == r.For) {
			f.request(&q, r, pairs)
		}
	}
	return f
}

func (q *Query) skips(mark string) bool { return q.Mark != "" && mark != q.Mark }

// asked reports whether an office is of the organisation and level that the question names.
func (q *Query) asked(o *office) bool {
	return o != nil && (q.Org == "" || strings.EqualFold(o.Org, q.Org)) && (q.Level == 0 || o.Level <= q.Level)
}

// dated reports whether a date is known as the question asks.
func (q *Query) dated(w statement.When) bool {
	switch q.Dated {
	case "instant":
		return w.IsInstant()
	case "day":
		return w.IsDay()
	case "span":
		return !w.IsInstant() && !w.IsDay()
	}
	return true
}

// has reports whether all posts that the question names are among offices.
func (q *Query) has(offices []*office) bool {
	for _, o := range q.with {
		if o == nil || !slices.Contains(offices, o) {
			return false
		}
	}
	return true
}

// pairs lists the offices and their counterparts that the question asks for, and where each stands in the list.
func (q *Query) pairs(f *Figures) map[[2]*office]int {
	at := map[[2]*office]int{}
	for _, ours := range q.Book.offices {
		if ours.of != q.Book.us {
			continue
		}
		for _, p := range ours.paired {
			theirs := q.Book.office[p]
			pair := [2]*office{ours, theirs}
			if _, done := at[pair]; done || theirs == nil || theirs.of != q.Book.them || !q.asked(ours) && !q.asked(theirs) || !q.has(pair[:]) {
				continue
			}
			at[pair] = len(f.Pairs)
			f.Pairs = append(f.Pairs, PairFigure{Ours: ours.Post, Theirs: theirs.Post, Side: statement.SideNever, Days: -1, DaysMost: -1, ByUs: map[string]Count{}, ByThem: map[string]Count{}})
		}
	}
	return at
}

// contact counts one contact, for the whole and for its pairs.
func (f *Figures) contact(q *Query, x *account, pairs map[[2]*office]int) {
	side := x.at.Side(q.begin)
	var best [2]int // the highest level present of each side
	asked := false
	for _, o := range x.offices {
		i := 0
		switch o.of {
		case q.Book.us:
		case q.Book.them:
			i = 1
		default: // a third party's
			continue
		}
		asked = asked || q.asked(o)
		if best[i] == 0 || o.Level < best[i] {
			best[i] = o.Level
		}
	}
	between := best[0] != 0 && best[1] != 0
	asked = q.dated(x.at) && q.has(x.offices) && (q.Org == "" && q.Level == 0 || asked && between)
	if !x.public {
		f.pair(q, x, side, pairs)
	}
	if side == statement.SideBefore {
		return
	}
	if asked {
		f.Exercise, f.Private = f.Exercise || x.mark == "exercise", f.Private || x.Private
	}
	switch {
	case side == statement.SideStraddles:
		if asked {
			f.Straddling = append(f.Straddling, x.shown)
		}
		return
	case asked:
		f.Contacts = append(f.Contacts, x.shown)
		f.By.add(x.whose)
		f.Said.add(x.whose)
	}
	if between && !x.public {
		f.highest(x.shown, max(best[0], best[1]))
	}
}

// highest: the level of a contact is the one that both sides reached, whatever third party was there.
// SPEC: CNT-015
func (f *Figures) highest(x *Contact, level int) {
	switch {
	case f.Level != 0 && level > f.Level:
		return
	case level != f.Level:
		f.Level, f.Highest = level, nil
	}
	f.Highest = append(f.Highest, x)
}

// pair counts a contact for each pair that was there. Contacts come by date: the last is the newest.
func (f *Figures) pair(q *Query, x *account, side string, pairs map[[2]*office]int) {
	for _, ours := range x.offices {
		if ours.of != q.Book.us {
			continue
		}
		for _, theirs := range x.offices {
			i, is := pairs[[2]*office{ours, theirs}]
			if !is {
				continue
			}
			p := &f.Pairs[i]
			p.Last, p.Side = x.shown, side
			switch side {
			case statement.SideSince:
				p.Since = append(p.Since, x.shown)
			case statement.SideStraddles:
				p.Straddling = append(p.Straddling, x.shown)
			}
		}
	}
}

// request counts the attempts of a request, for the whole and for its pair.
func (f *Figures) request(q *Query, r *sought, pairs map[[2]*office]int) {
	if r.Sought && (len(q.with) == 0 || q.has([]*office{r.from, r.with})) {
		f.Sought = append(f.Sought, r.Request)
	}
	if !r.Scheduled.IsZero() && r.Scheduled.After(q.Now.Add(-AgreedAfter)) {
		f.Scheduled = append(f.Scheduled, r.Request)
	}
	if (q.Org != "" || q.Level != 0) && !q.asked(r.from) && !q.asked(r.with) || len(q.with) > 0 && !q.has([]*office{r.from, r.with}) {
		return
	}
	columns, turn := f.ByUs, 0
	if r.from == nil && r.Party == q.Book.them || r.from != nil && r.from.of == q.Book.them {
		columns, turn = f.ByThem, 1
	}
	pair := [2]*office{r.from, r.with}
	if turn == 1 {
		pair = [2]*office{r.with, r.from}
	}
	var p *PairFigure
	if i, is := pairs[pair]; is {
		p = &f.Pairs[i]
	}
	before := true
	for i := range r.Attempts {
		a := &r.Attempts[i]
		column, side := Column(a.Outcome), a.When.Side(q.begin)
		switch {
		case side == statement.SideStraddles:
			column = side
		case side == statement.SideBefore || a.When.Earliest().After(q.Now):
			continue
		case column == "" && r.Withdrawal != nil:
			column = Withdrawn
		case column == "":
			column = Open
		}
		before = false
		f.Exercise = f.Exercise || r.Mark == "exercise"
		whose := a.Whose(q.Book.us)
		count(columns, column, whose)
		f.Said.add(whose)
		if p == nil {
			continue
		}
		count([2]map[string]Count{p.ByUs, p.ByThem}[turn], column, whose)
		p.Attempts[turn] = append(p.Attempts[turn], a)
	}
	if !before || r.Sought {
		f.Requests = append(f.Requests, r.Request)
	}
	if p != nil && r.Sought {
		p.Sought = append(p.Sought, r.Request)
	}
}

func count(columns map[string]Count, column, whose string) {
	n := columns[column]
	n.add(whose)
	columns[column] = n
}
