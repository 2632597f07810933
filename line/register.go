// SPDX-License-Identifier: Apache-2.0

package line

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.org/parley/hint"
	"example.org/parley/record"
)

// Build makes the register out of items of a record; items of other kinds are passed over. It is a function
// of their set: the order in which they are given decides nothing.
//
// SPEC: MSG-041, MSG-043
func Build(items []*record.Item) *Register {
	g := &Register{Genesis: map[string]*record.Entry{}}
	for _, it := range items {
		if it != nil && it.Begin != nil && it.Begin.FactsB != nil {
			g.add(it)
		}
	}
	slices.SortFunc(g.Officers, func(a, b *Officer) int { return compare(a.Place, b.Place) })
	slices.SortFunc(g.Posts, func(a, b *Post) int { return compare(a.Place, b.Place) })
	slices.SortFunc(g.Events, func(a, b *Event) int { return compare(a.Place, b.Place) })
	g.pair()
	return g
}

func (g *Register) add(it *record.Item) {
	b := it.Begin
	switch b.Kind {
	case "line.genesis":
		g.Genesis[b.Log.Party] = b
	case "officer.added":
		if f, here, err := decode[OfficerFacts](b); here && err == nil {
			o := &Officer{OfficerFacts: f, Place: b.Place(), Entry: b, Party: b.Log.Party}
			for _, e := range it.Entries {
				if e.Kind == "officer.revoked" && lawfulRevoked(e, b) == nil && (o.Revoked == nil || compare(e.Place(), o.Revoked.Place()) < 0) {
					o.Revoked = e
				}
			}
			g.Officers = append(g.Officers, o)
		}
	case "post.added":
		if f, here, err := decode[PostFacts](b); here && err == nil {
			g.Posts = append(g.Posts, &Post{PostFacts: f, Place: b.Place(), Entry: b, Party: b.Log.Party})
		}
	case "event.added":
		if f, here, err := decode[EventFacts](b); here && err == nil {
			g.Events = append(g.Events, &Event{EventFacts: f, Place: b.Place(), Entry: b, Party: b.Log.Party})
		}
	}
}

// pair links counterparts whichever end named the other; a post is no counterpart of its own side.
func (g *Register) pair() {
	for _, p := range g.Posts {
		at, err := ParsePlace(p.Pair)
		q := g.Post(at)
		// Two posts of one author face each other when one is theirs; of two authors, when both are own (or both theirs).
		if err != nil || q == nil || (p.Party == q.Party) == (p.Theirs == q.Theirs) {
			continue
		}
		for _, link := range [][2]*Post{{p, q}, {q, p}} {
			if !slices.Contains(link[0].Counterparts, link[1].Place) {
				link[0].Counterparts = append(link[0].Counterparts, link[1].Place)
			}
		}
	}
	for _, p := range g.Posts {
		slices.SortFunc(p.Counterparts, compare)
	}
}

// Of gives the party that holds the post, on a line between its author and other.
func (p *Post) Of(a, b string) string {
	if !p.Theirs {
		return p.Party
	}
	if p.Party == a {
		return b
	}
	return a
}

func compare(a, b record.Place) int { return strings.Compare(sortKey(a), sortKey(b)) }

func sortKey(p record.Place) string {
	return fmt.Sprintf("%s %010d %s %010d", p.Party, p.Number, p.Run, p.Index)
}

// Officer gives the officer of a place, nil where there is none.
func (g *Register) Officer(p record.Place) *Officer {
	return at(g.Officers, func(o *Officer) bool { return o.Place == p })
}

// Post gives the post of a place, nil where there is none.
func (g *Register) Post(p record.Place) *Post {
	return at(g.Posts, func(o *Post) bool { return o.Place == p })
}

// Event gives the event of a place, nil where there is none.
func (g *Register) Event(p record.Place) *Event {
	return at(g.Events, func(o *Event) bool { return o.Place == p })
}

func at[T any](list []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}

// OfficerAt gives the officer that facts name by place, nil where it is unknown or unattributed.
func (g *Register) OfficerAt(place string) *Officer {
	p, err := ParsePlace(place)
	if err != nil {
		return nil
	}
	return g.Officer(p)
}

// ForAccount lists a party's officers in office that work from a Unix account.
func (g *Register) ForAccount(party, account string) (os []*Officer) {
	for _, o := range g.Officers {
		if o.Party == party && o.Account == account && o.Revoked == nil {
			os = append(os, o)
		}
	}
	return os
}

// Title gives a post's name in a language, else the name that it was given first.
func (p *Post) Title(lang string) string { return in(lang, p.Names, p.Name) }

// Title gives an event's name in a language, else the name that it was given first.
func (e *Event) Title(lang string) string { return in(lang, e.Names, e.Name) }

func in(lang string, names map[string]string, usual string) string {
	if n := names[lang]; n != "" {
		return n
	}
	return usual
}

// Shorter gives the short ID of an entry: *record.Record.
type Shorter interface {
	Short(e *record.Entry) string
}

// FindOfficer looks an officer of a party up by short ID, name or account; "" as party means any.
func (g *Register) FindOfficer(s, party string, r Shorter) (*Officer, error) {
	return find("officer", "parley officer list", s, r, g.Officers, func(o *Officer) (*record.Entry, []string) {
		if party != "" && o.Party != party || o.Revoked != nil {
			return nil, nil
		}
		return o.Entry, []string{o.Name, o.Account}
	})
}

// FindPost looks a post up by short ID or by name in any language. Where both parties have stated the same
// post, the statement of the party given is meant.
func (g *Register) FindPost(s, party string, r Shorter) (*Post, error) {
	own := func(mine bool) (*Post, error) {
		return find("post", "parley post list", s, r, g.Posts, func(p *Post) (*record.Entry, []string) {
			if mine && p.Party != party {
				return nil, nil
			}
			return p.Entry, append(slices.Sorted(maps.Values(p.Names)), p.Name)
		})
	}
	if party != "" {
		if p, err := own(true); err == nil {
			return p, nil
		}
	}
	return own(false)
}

// FindEvent looks an event up by short ID or by name in any language.
func (g *Register) FindEvent(s string, r Shorter) (*Event, error) {
	return find("event", "parley event add NAME --when …", s, r, g.Events, func(e *Event) (*record.Entry, []string) {
		return e.Entry, append(slices.Sorted(maps.Values(e.Names)), e.Name)
	})
}

// find gives the one thing that is meant; none or several are refused, the several by their IDs.
//
// SPEC: MSG-045
func find[T any](what, way, s string, r Shorter, list []*T, names func(*T) (*record.Entry, []string)) (*T, error) {
	var found []*T
	var ids []string
	for _, x := range list {
		e, known := names(x)
		if e == nil {
			continue
		}
		id := r.Short(e)
		if strings.EqualFold(s, id) {
			return x, nil
		}
		if s != "" && slices.ContainsFunc(known, func(n string) bool { return strings.EqualFold(n, s) }) {
			found, ids = append(found, x), append(ids, id)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, &hint.Error{What: fmt.Sprintf("there is no %s %q", what, s), Hint: "see: " + way}
	}
	return nil, &hint.Error{What: fmt.Sprintf("%q is the name of several: %s", s, strings.Join(ids, ", ")), Hint: "name it by its ID"}
}
