// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
)

// Query is a question for Since.
type Query struct {
	Us, Them string // the parties, as the asker stands
	Register *register.Register
	Contacts []*Contact
	Requests []*Request
	Since    statement.When // when the window begins; zero: all
	Date     bool           // Since is a plain date and its first day is in the window, not an event within that day
	Now      time.Time
	Org      string // only posts of this organisation (in any letter case); "": all
	Level    int    // only posts of level 1 to this; 0: all
	Mark     string // only what has this mark; "": both, and Figures says if exercise is among it
}

// Figures answer a question as of a time, over a window, on both sides' statements.
type Figures struct {
	AsOf       time.Time
	Since      statement.When
	Pairs      []PairFigure // by level, then name
	Contacts   []*Contact   // since, with a post that the question asks for on either side; oldest first
	By         Count        // of Contacts: by whom they are stated
	Straddling []*Contact   // before or since, cannot be known
	Highest    []*Contact   // since, the highest between the parties, of all posts
	Level      int          // of Highest; 0: none
	Sought     []*Request   // still sought now, of any pair
	Exercise   bool         // something of mark exercise is counted
	Private    bool         // something of a private log is counted: not for the other party
}

// PairFigure is what is on record of one office and its counterpart.
type PairFigure struct {
	Ours, Theirs *register.Post
	Last         *Contact       // the newest of all, before the window too; nil: never on record
	Side         statement.Side // where Last lies
	Days         int            // from Last to now: at least; -1 where there is none
	DaysMost     int            // at most: more than Days where Last is a span
	Since        []*Contact
	Straddling   []*Contact
	ByUs, ByThem Columns // of requests that we placed, that they placed
	Sought       []*Request
}

// Columns are what became of attempts. They are never added up: refusal, silence and fault are three things.
// SPEC: CNT-012
type Columns struct {
	Accepted, Declined, NoReply, NotReached, Deferred, CounterProposed Count

	Straddling int // attempts that may have been before the window: in no column
}

// Count is a number of one thing by who states it; Ours are stated by us alone.
type Count struct{ Both, Ours, Theirs, Disputed int }

// N is the number whoever states it.
func (c Count) N() int { return c.Both + c.Ours + c.Theirs + c.Disputed }

// Since counts. A contact or an attempt counts where the whole of its date lies in the window; it reads no call
// of the line: desks that ring each other are no counterparts.
// SPEC: CNT-013
func Since(q Query) Figures {
	c := counter{Query: q, begin: q.Since, f: Figures{AsOf: q.Now.UTC(), Since: q.Since}}
	if q.Date && !q.Since.IsZero() {
		c.begin = statement.At(q.Since.Earliest())
	}
	c.contacts = slices.DeleteFunc(slices.Clone(q.Contacts), func(x *Contact) bool { return c.skip(x.Mark) || x.When.Earliest().After(q.Now) })
	slices.SortStableFunc(c.contacts, older)
	c.requests = slices.DeleteFunc(slices.Clone(q.Requests), func(x *Request) bool { return c.skip(x.Mark) })
	c.offices()
	for _, x := range c.contacts {
		c.contact(x)
	}
	for _, r := range c.requests {
		c.f.Exercise = c.f.Exercise || r.Mark == "exercise"
		if r.Sought {
			c.f.Sought = append(c.f.Sought, r)
		}
	}
	c.pairs()
	return c.f
}

func older(a, b *Contact) int {
	return cmp.Or(a.When.Latest().Compare(b.When.Latest()), a.When.Earliest().Compare(b.When.Earliest()),
		strings.Compare(a.Entry.Place().String(), b.Entry.Place().String()))
}

// counter is one counting.
type counter struct {
	Query
	begin    statement.When
	f        Figures
	contacts []*Contact
	requests []*Request
	office   map[record.Place]*office
	list     []*office
}

// office is one post however many statements name it: both parties may have stated it.
type office struct {
	*register.Post        // the statement to show: that of its own party where there is one
	of             string // the party that holds it
	paired         []record.Place
}

func (c *counter) skip(mark string) bool { return c.Mark != "" && mark != c.Mark }

// offices groups posts: the same party holds them, the same organisation, and a name in common.
// SPEC: CNT-014
func (c *counter) offices() {
	c.office = map[record.Place]*office{}
	if c.Register == nil {
		return
	}
	for _, p := range c.Register.Posts {
		of := p.Of(c.Us, c.Them)
		i := slices.IndexFunc(c.list, func(o *office) bool { return o.of == of && same(o.Post, p) })
		if i < 0 {
			i = len(c.list)
			c.list = append(c.list, &office{Post: p, of: of})
		}
		o := c.list[i]
		if o.Theirs && !p.Theirs {
			o.Post = p
		}
		o.paired = append(o.paired, p.Counterparts...)
		c.office[p.Place] = o
	}
	slices.SortStableFunc(c.list, func(a, b *office) int { return cmp.Or(cmp.Compare(a.Level, b.Level), strings.Compare(a.Name, b.Name)) })
}

func same(a, b *register.Post) bool {
	if !strings.EqualFold(a.Org, b.Org) {
		return false
	}
	if strings.EqualFold(a.Name, b.Name) {
		return true
	}
	for _, x := range a.Names {
		if strings.EqualFold(x, b.Name) {
			return true
		}
	}
	for _, y := range b.Names {
		if strings.EqualFold(y, a.Name) {
			return true
		}
	}
	return false
}

// asked reports whether an office is of the organisation and level that the question names.
func (c *counter) asked(o *office) bool {
	return (c.Org == "" || strings.EqualFold(o.Org, c.Org)) && (c.Level == 0 || o.Level <= c.Level)
}

// contact counts one contact for the whole, whoever its pair.
func (c *counter) contact(x *Contact) {
	asked := c.Org == "" && c.Level == 0
	var best [2]int // the highest level present of each side
	for _, p := range x.Posts {
		o := c.office[p]
		if o == nil {
			continue
		}
		asked = asked || c.asked(o)
		side := 0
		if o.of != c.Us {
			side = 1
		}
		if best[side] == 0 || o.Level < best[side] {
			best[side] = o.Level
		}
	}
	c.f.Exercise = c.f.Exercise || x.Mark == "exercise"
	c.f.Private = c.f.Private || x.Private
	switch x.When.Side(c.begin) {
	case statement.SideStraddles:
		if asked {
			c.f.Straddling = append(c.f.Straddling, x)
		}
	case statement.SideSince:
		if asked {
			c.f.Contacts = append(c.f.Contacts, x)
			c.f.By.add(x.Party, Stated, c.Us)
		}
		c.highest(x, best)
	}
}

// highest: the level of a contact is the one that both sides reached.
// SPEC: CNT-015
func (c *counter) highest(x *Contact, best [2]int) {
	level := max(best[0], best[1])
	switch {
	case best[0] == 0 || best[1] == 0 || c.f.Level != 0 && level > c.f.Level:
		return
	case level != c.f.Level:
		c.f.Level, c.f.Highest = level, nil
	}
	c.f.Highest = append(c.f.Highest, x)
}

func (c *counter) pairs() {
	for _, ours := range c.list {
		if ours.of != c.Us {
			continue
		}
		var done []*office
		for _, at := range ours.paired {
			theirs := c.office[at]
			if theirs == nil || theirs.of == c.Us || slices.Contains(done, theirs) || !c.asked(ours) && !c.asked(theirs) {
				continue
			}
			done = append(done, theirs)
			c.f.Pairs = append(c.f.Pairs, c.pair(ours, theirs))
		}
	}
}

// pair counts for one office and its counterpart.
func (c *counter) pair(ours, theirs *office) PairFigure {
	p := PairFigure{Ours: ours.Post, Theirs: theirs.Post, Side: statement.SideNever, Days: -1, DaysMost: -1}
	for _, x := range c.contacts {
		if !c.has(x.Posts, ours) || !c.has(x.Posts, theirs) {
			continue
		}
		p.Last, p.Side = x, x.When.Side(c.begin)
		p.Days, p.DaysMost = x.When.Days(c.Now)
		switch p.Side {
		case statement.SideSince:
			p.Since = append(p.Since, x)
		case statement.SideStraddles:
			p.Straddling = append(p.Straddling, x)
		}
	}
	for _, r := range c.requests {
		from, with := c.office[r.FromPost], c.office[r.WithPost]
		switch {
		case from == ours && with == theirs:
			c.attempts(r, &p.ByUs)
		case from == theirs && with == ours:
			c.attempts(r, &p.ByThem)
		default:
			continue
		}
		if r.Sought {
			p.Sought = append(p.Sought, r)
		}
	}
	return p
}

func (c *counter) has(posts []record.Place, o *office) bool {
	return slices.ContainsFunc(posts, func(p record.Place) bool { return c.office[p] == o })
}

func (c *counter) attempts(r *Request, cols *Columns) {
	for _, a := range r.Attempts {
		switch a.When.Side(c.begin) {
		case statement.SideStraddles:
			cols.Straddling++
		case statement.SideSince:
			if !a.When.Earliest().After(c.Now) {
				cols.of(a.Outcome).add(a.Party, a.Standing, c.Us)
			}
		}
	}
}

// of gives the column of an outcome.
func (c *Columns) of(outcome string) *Count {
	switch Column(outcome) {
	case Accepted:
		return &c.Accepted
	case Declined:
		return &c.Declined
	case NoReply:
		return &c.NoReply
	case Deferred:
		return &c.Deferred
	case CounterProposed:
		return &c.CounterProposed
	}
	return &c.NotReached
}

func (c *Count) add(party, standing, us string) {
	switch {
	case standing == Confirmed:
		c.Both++
	case standing == Disputed:
		c.Disputed++
	case party == us:
		c.Ours++
	default:
		c.Theirs++
	}
}
