// SPDX-License-Identifier: Apache-2.0

package register

import (
	"slices"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Origin is where a thing of the register was stated, and by whom; what replaces others stands in their place.
type Origin struct {
	Place record.Place
	Entry *record.Entry
	Party string
	Was   []*record.Entry // the statements that it replaces, in canonical order
	Ended *record.Entry   // the first statement that ended it, nil while it stands
}

func at(e *record.Entry) Origin { return Origin{Place: e.Place(), Entry: e, Party: e.Log.Party} }

func (o *Origin) origin() *Origin { return o }

// thing is an officer, a post or an event.
type thing interface{ origin() *Origin }

// stated reports whether a statement made this thing, or one that it replaces.
func (o *Origin) stated(p record.Place) bool {
	return o.Place == p || slices.ContainsFunc(o.Was, func(e *record.Entry) bool { return e.Place() == p })
}

// standing are the names by which a thing is found: one that has ended is found by its ID alone.
func (o *Origin) standing(names []string) []string {
	if o.Ended != nil {
		return []string{}
	}
	return names
}

// current leaves of a list what stands: of statements that replace each other, however they do, the last in canonical
// order that none of their party replaces.
//
// SPEC: MSG-047
func current[T thing](list []T) (out []T) {
	by, first := map[record.Place]T{}, map[record.Place]record.Place{}
	for _, x := range list {
		by[x.origin().Place] = x
	}
	before := func(x T) (was T, ok bool) {
		if re := x.origin().Entry.Re; len(re) > 0 {
			was, ok = by[re[0].Place]
			ok = ok && was.origin().Party == x.origin().Party && was.origin().Entry.Leaf == re[0].Leaf // a place alone may be one that is yet to come
		}
		return was, ok
	}
	replaced, groups := map[record.Place]bool{}, map[record.Place][]T{}
	var order []record.Place
	for _, x := range list {
		at, walked := x.origin().Place, []record.Place(nil)
		for begin := x; ; {
			at = begin.origin().Place
			walked = append(walked, at)
			if known, ok := first[at]; ok {
				at = known
				break
			}
			was, ok := before(begin)
			if !ok {
				break
			}
			replaced[was.origin().Place], begin = true, was
		}
		for _, p := range walked {
			first[p] = at
		}
		if groups[at] == nil {
			order = append(order, at)
		}
		groups[at] = append(groups[at], x)
	}
	for _, at := range order {
		var last T
		for _, x := range groups[at] {
			if !replaced[x.origin().Place] {
				last = x
			}
		}
		o := last.origin()
		for _, x := range groups[at] {
			if e := x.origin().Entry; e != o.Entry {
				o.Was = append(o.Was, e)
			}
		}
		out = append(out, last)
	}
	return out
}

// ending are the facts of what ends a thing of the register, which its `re` names; of holder.ended the second one.
type ending struct {
	On     statement.When `json:"on,omitzero"`
	Reason string         `json:"reason,omitempty"`
}

// Validate: a party ends what it has stated itself.
//
// SPEC: MSG-042 MSG-049
func (f ending) Validate(e, begin *record.Entry) error {
	if e.Kind == "holder.ended" {
		return statement.First(statement.If(begin != nil && begin.Kind != "post.added", "what it names is no post"),
			statement.If(len(e.Re) != 2 || e.Re[1].Party != e.Log.Party, "it names a post, and a holder that its own party stated"), statement.Optional("reason", f.Reason, 240))
	}
	return statement.First(
		statement.If(begin != nil && (item(begin) != item(e) || begin.Log.Party != e.Log.Party), "what it names is no %s of its own party", item(e)),
		statement.Optional("reason", f.Reason, 240))
}

func item(e *record.Entry) string { return statement.About(e.Kind) }

func (g *Register) ended(e *record.Entry, _ ending) {
	x := g.at[e.Re[0].Place]
	if x == nil || item(x.origin().Entry) != item(e) {
		return
	}
	if o := x.origin(); o.Ended == nil || e.Place().Compare(o.Ended.Place()) < 0 {
		o.Ended = e
	}
}

// index finds the things of a list by each statement of theirs.
func index[T thing](g *Register, list []T) {
	for _, x := range list {
		g.at[x.origin().Place] = x
		for _, e := range x.origin().Was {
			g.at[e.Place()] = x
		}
	}
}

// of gives the one of a list that a place names, also by a statement that it replaces, nil where there is none. A register that
// was not built of items has no index.
func of[T thing](g *Register, list []T, p record.Place) (none T) {
	if g.at != nil {
		x, _ := g.at[p].(T)
		return x
	}
	for _, x := range list {
		if x.origin().stated(p) {
			return x
		}
	}
	return none
}

// EndDraft makes what ends a thing of a party: officer.revoked, post.ended or event.ended.
func EndDraft(party string, o *Origin, on statement.When, reason, mark string) (record.Draft, error) {
	kind := item(o.Entry) + ".ended"
	if _, ok := statement.Find(Kinds, kind); !ok {
		kind = item(o.Entry) + ".revoked"
	}
	if err := statement.If(o.Ended != nil, "it has ended already"); err != nil {
		return record.Draft{}, err
	}
	return statement.Draft(Kinds, party, o.Entry, record.Draft{Kind: kind, Mark: mark, Re: []record.Ref{o.Entry.Ref()}, Facts: ending{on, reason}}, "as: parley post end Minister --on 2022-03-01")
}

func ownOnly(party string, o *Origin) error {
	if o.Party != party {
		return statement.Refuse("state it as you know it, under a name of your own: parley post add", "this is a statement of %s: only they can change it", o.Party)
	}
	return nil
}
