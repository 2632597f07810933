// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"cmp"
	"maps"
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

	begin   statement.When           // of the window, while it is counted
	office  map[record.Place]*office // by each statement that names it
	offices []*office
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
	Last         *Contact // the newest of all, before the window too; nil: never on record
	Side         string   // where Last lies
	Days         int      // from Last to now: at least; -1 where there is none
	DaysMost     int      // at most: more than Days where Last is a span
	Since        []*Contact
	Straddling   []*Contact

	// What became of the attempts of requests that we placed, that they placed: by column, or straddles for those that may
	// have been before the window. They are never added up: refusal, silence and fault are three things.
	//
	// SPEC: CNT-012
	ByUs, ByThem map[string]Count
	Attempts     [2][]Attempt // those counted: ours, theirs

	Sought []*Request
}

// Count is a number of one thing by who states it; Ours are stated by us alone.
type Count struct{ Both, Ours, Theirs, Disputed int }

// N is the number whoever states it.
func (c Count) N() int { return c.Both + c.Ours + c.Theirs + c.Disputed }

// Since counts. A contact or an attempt counts where the whole of its date lies in the window; it reads no call
// of the line: desks that ring each other are no counterparts.
// SPEC: CNT-013
func Since(q Query) Figures {
	f := Figures{AsOf: q.Now.UTC(), Since: q.Since}
	if q.begin = q.Since; q.Date && !q.Since.IsZero() {
		q.begin = statement.At(q.Since.Earliest())
	}
	q.Contacts = slices.DeleteFunc(slices.Clone(q.Contacts), func(x *Contact) bool { return q.skips(x.Mark) || x.When.Earliest().After(q.Now) })
	slices.SortStableFunc(q.Contacts, older)
	q.Requests = slices.DeleteFunc(slices.Clone(q.Requests), func(x *Request) bool { return q.skips(x.Mark) })
	q.group()
	for _, x := range q.Contacts {
		f.contact(&q, x)
	}
	for _, r := range q.Requests {
		f.Exercise = f.Exercise || r.Mark == "exercise"
		if r.Sought {
			f.Sought = append(f.Sought, r)
		}
	}
	f.Pairs = q.pairs()
	return f
}

func older(a, b *Contact) int {
	return cmp.Or(a.When.Latest().Compare(b.When.Latest()), a.When.Earliest().Compare(b.When.Earliest()),
		strings.Compare(a.Entry.Place().String(), b.Entry.Place().String()))
}

// office is one post however many statements name it: both parties may have stated it.
type office struct {
	*register.Post        // the statement to show: that of its own party where there is one
	of             string // the party that holds it
	paired         []record.Place
}

func (q *Query) skips(mark string) bool { return q.Mark != "" && mark != q.Mark }

// group groups posts: the same party holds them, the same organisation, and a name in common.
// SPEC: CNT-014
func (q *Query) group() {
	q.office = map[record.Place]*office{}
	if q.Register == nil {
		return
	}
	for _, p := range q.Register.Posts {
		of := p.Of(q.Us, q.Them)
		i := slices.IndexFunc(q.offices, func(o *office) bool { return o.of == of && same(o.Post, p) })
		if i < 0 {
			i = len(q.offices)
			q.offices = append(q.offices, &office{Post: p, of: of})
		}
		o := q.offices[i]
		if o.Theirs && !p.Theirs {
			o.Post = p
		}
		o.paired = append(o.paired, p.Counterparts...)
		q.office[p.Place] = o
	}
	slices.SortStableFunc(q.offices, func(a, b *office) int { return cmp.Or(cmp.Compare(a.Level, b.Level), strings.Compare(a.Name, b.Name)) })
}

func same(a, b *register.Post) bool {
	if !strings.EqualFold(a.Org, b.Org) {
		return false
	}
	named := func(p *register.Post, name string) bool {
		return strings.EqualFold(p.Name, name) || slices.ContainsFunc(slices.Collect(maps.Values(p.Names)), func(n string) bool { return strings.EqualFold(n, name) })
	}
	return named(a, b.Name) || named(b, a.Name)
}

// asked reports whether an office is of the organisation and level that the question names.
func (q *Query) asked(o *office) bool {
	return (q.Org == "" || strings.EqualFold(o.Org, q.Org)) && (q.Level == 0 || o.Level <= q.Level)
}

// contact counts one contact for the whole, whoever its pair.
func (f *Figures) contact(q *Query, x *Contact) {
	asked := q.Org == "" && q.Level == 0
	var best [2]int // the highest level present of each side
	for _, p := range x.Posts {
		o := q.office[p]
		if o == nil {
			continue
		}
		asked = asked || q.asked(o)
		side := 0
		if o.of != q.Us {
			side = 1
		}
		if best[side] == 0 || o.Level < best[side] {
			best[side] = o.Level
		}
	}
	f.Exercise = f.Exercise || x.Mark == "exercise"
	f.Private = f.Private || x.Private
	switch x.When.Side(q.begin) {
	case statement.SideStraddles:
		if asked {
			f.Straddling = append(f.Straddling, x)
		}
	case statement.SideSince:
		if asked {
			f.Contacts = append(f.Contacts, x)
			f.By.add(x.Party, Stated, q.Us)
		}
		f.highest(x, best)
	}
}

// highest: the level of a contact is the one that both sides reached.
// SPEC: CNT-015
func (f *Figures) highest(x *Contact, best [2]int) {
	level := max(best[0], best[1])
	switch {
	case best[0] == 0 || best[1] == 0 || f.Level != 0 && level > f.Level:
		return
	case level != f.Level:
		f.Level, f.Highest = level, nil
	}
	f.Highest = append(f.Highest, x)
}

func (q *Query) pairs() (ps []PairFigure) {
	for _, ours := range q.offices {
		if ours.of != q.Us {
			continue
		}
		var done []*office
		for _, at := range ours.paired {
			theirs := q.office[at]
			if theirs == nil || theirs.of == q.Us || slices.Contains(done, theirs) || !q.asked(ours) && !q.asked(theirs) {
				continue
			}
			done = append(done, theirs)
			ps = append(ps, q.pair(ours, theirs))
		}
	}
	return ps
}

// pair counts for one office and its counterpart.
func (q *Query) pair(ours, theirs *office) PairFigure {
	p := PairFigure{Ours: ours.Post, Theirs: theirs.Post, Side: statement.SideNever, Days: -1, DaysMost: -1, ByUs: map[string]Count{}, ByThem: map[string]Count{}}
	for _, x := range q.Contacts {
		if !q.has(x.Posts, ours) || !q.has(x.Posts, theirs) {
			continue
		}
		p.Last, p.Side = x, x.When.Side(q.begin)
		p.Days, p.DaysMost = x.When.Days(q.Now)
		switch p.Side {
		case statement.SideSince:
			p.Since = append(p.Since, x)
		case statement.SideStraddles:
			p.Straddling = append(p.Straddling, x)
		}
	}
	for _, r := range q.Requests {
		from, with := q.office[r.FromPost], q.office[r.WithPost]
		switch {
		case from == ours && with == theirs:
			p.Attempts[0] = append(p.Attempts[0], q.attempts(r, p.ByUs)...)
		case from == theirs && with == ours:
			p.Attempts[1] = append(p.Attempts[1], q.attempts(r, p.ByThem)...)
		default:
			continue
		}
		if r.Sought {
			p.Sought = append(p.Sought, r)
		}
	}
	return p
}

func (q *Query) has(posts []record.Place, o *office) bool {
	return slices.ContainsFunc(posts, func(p record.Place) bool { return q.office[p] == o })
}

// attempts counts those of a request in their columns, and gives them.
func (q *Query) attempts(r *Request, columns map[string]Count) (counted []Attempt) {
	for _, a := range r.Attempts {
		column := Column(a.Outcome)
		switch side := a.When.Side(q.begin); {
		case side == statement.SideStraddles:
			column = side
		case side == statement.SideBefore || a.When.Earliest().After(q.Now):
			continue
		}
		n := columns[column]
		n.add(a.Party, a.Standing, q.Us)
		columns[column] = n
		counted = append(counted, a)
	}
	return counted
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
