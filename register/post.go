// SPDX-License-Identifier: Apache-2.0

package register

import (
	"cmp"
	"slices"
	"strings"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Post is an office, of its author's party, or of another as the author knows it: the facts of post.added, its
// counterparts and who holds it.
type Post struct {
	Origin       `json:"-"`
	Counterparts []record.Place `json:"-"` // whichever end of the pair named the other
	Holders      []Holder       `json:"-"` // by the day from which they hold it

	Org     string            `json:"org"`
	Name    string            `json:"name"`
	Names   map[string]string `json:"names,omitempty"` // per language
	Level   int               `json:"level"`           // 1 highest … 9
	Whose   string            `json:"of,omitempty"`    // the party that it is of, where that is not the author's: the other, or a third
	Pair    string            `json:"pair,omitempty"`  // place of the counterpart's post.added
	Deputy  string            `json:"deputy_of,omitempty"`
	Address map[string]string `json:"-" said:"address,120"` // how its holder is addressed, per language
	Langs   []string          `json:"langs,omitempty"`      // languages that its holder speaks
	Number  string            `json:"-" said:"number,40"`
	By      *statement.Author `json:"by,omitempty"`
}

// Validate judges post.added.
//
// SPEC: MSG-048
func (p Post) Validate(e, _ *record.Entry) error {
	err := statement.First(one(e), statement.Text("organisation", p.Org, 64), names(p.Name, p.Names),
		statement.If(p.Level < 1 || p.Level > 9, "level %d is not 1 to 9", p.Level),
		statement.Optional("whose post it is", p.Whose, 64), statement.If(p.Whose == e.Log.Party, "a post of its author's own party names no party"),
		langs(p.Langs), p.By.Validate())
	for _, at := range []string{p.Pair, p.Deputy} {
		if err == nil && at != "" {
			_, err = record.ParsePlace(at)
		}
	}
	return err
}

func (g *Register) post(e *record.Entry, p Post) {
	p.Origin = at(e)
	g.Posts = append(g.Posts, &p)
}

// PostDraft makes post.added of a party; Pair and Deputy are places of post.added, was is the post that it replaces, nil for
// a new one.
func (g *Register) PostDraft(party string, p Post, mark string, was *Post) (record.Draft, error) {
	if was != nil {
		p = statement.Changed(*was, p)
	}
	if err := statement.First(number(p.Number), names(p.Name, p.Address)); err != nil {
		return record.Draft{}, err
	}
	p.Org, p.Name = tidy(p.Org), tidy(p.Name)
	re, err := fresh("a post", "parley post list", party, p.Name, g.Posts, was, func(o *Post) []string {
		if o.Whose != p.Whose || !Same(o.Org, p.Org) {
			return nil
		}
		return o.standing(known(o.Name, o.Names))
	})
	if err != nil {
		return record.Draft{}, err
	}
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: "post.added", Mark: mark, Re: re, Facts: p},
		"as: parley post add Minister --org ministry --level 1 --theirs --pair A1-4")
}

// Whose gives the party that is meant by a name, as it stands in facts: "" is us, a third party that is known keeps its
// spelling. A name that only reads like another is refused.
//
// SPEC: MSG-048
func (g *Register) Whose(name, us, them string) (string, error) {
	name = tidy(name)
	known := []string{us, them}
	for _, p := range g.Posts {
		known = append(known, p.Of())
	}
	for i, k := range known {
		switch {
		case !Same(k, name):
		case !strings.EqualFold(k, name):
			return "", statement.Refuse("write it as it stands there, or so that nobody mixes the two up", "%q reads like %q, and is another name", name, k)
		case i == 0 || k == us:
			return "", nil
		default:
			return k, nil
		}
	}
	return name, nil
}

// pair links counterparts whichever end named the other; a post is no counterpart of its own side.
func (g *Register) pair() {
	for _, p := range g.Posts {
		at, err := record.ParsePlace(p.Pair)
		q := g.Post(at)
		if err != nil || q == nil || p.Of() == q.Of() {
			continue
		}
		for _, link := range [][2]*Post{{p, q}, {q, p}} {
			if !slices.Contains(link[0].Counterparts, link[1].Place) {
				link[0].Counterparts = append(link[0].Counterparts, link[1].Place)
			}
		}
	}
	for _, p := range g.Posts {
		slices.SortFunc(p.Counterparts, record.Place.Compare)
	}
}

// Of gives the party that the post is of.
func (p *Post) Of() string { return cmp.Or(p.Whose, p.Party) }

// known are the names of a post, also with its organisation, which tells two of one name apart.
func (p *Post) known() (all []string) {
	all = known(p.Name, p.Names)
	for _, n := range all {
		all = append(all, n+", "+p.Org)
	}
	return p.standing(all)
}

// Title gives a post's name in a language, else the name that it was given first.
func (p *Post) Title(lang string) string { return in(lang, p.Names, p.Name) }

// Post gives the post of a place, nil where there is none.
func (g *Register) Post(p record.Place) *Post { return of(g, g.Posts, p) }

// FindPost looks a post up by short ID or by name in any language. Where both parties have stated the same
// post, the statement of the party given is meant.
func (g *Register) FindPost(s, party string, short func(*record.Entry) string) (*Post, error) {
	own, err := find("post", "parley post list", s, short, g.Posts, func(p *Post) []string {
		if p.Party != party {
			return nil
		}
		return p.known()
	})
	if err == nil {
		return own, nil
	}
	return find("post", "parley post list", s, short, g.Posts, (*Post).known)
}

// Holder is a person who holds a post, as a party states it: the facts of holder.added.
type Holder struct {
	Entry *record.Entry  `json:"-"`
	Until statement.When `json:"-"` // of holder.ended, zero: he holds it
	Ended *record.Entry  `json:"-"` // the first that ended it, in canonical order

	Name string         `json:"name"`
	From statement.When `json:"from,omitzero"`
}

// Validate judges holder.added, whose re names the post.
//
// SPEC: MSG-049
func (h Holder) Validate(_, begin *record.Entry) error {
	return statement.First(statement.If(begin != nil && begin.Kind != "post.added", "what it names is no post"), statement.Text("name", h.Name, 120))
}

func (g *Register) holder(e *record.Entry, h Holder) {
	if p := g.Post(e.Re[0].Place); p != nil {
		h.Entry = e
		p.Holders = append(p.Holders, h)
		slices.SortStableFunc(p.Holders, func(a, b Holder) int {
			return cmp.Or(a.From.Earliest().Compare(b.From.Earliest()), a.Entry.Place().Compare(b.Entry.Place()))
		})
	}
}

// holderEnded waits for the whole register: the holder may stand in an item that comes later.
func (g *Register) holderEnded(e *record.Entry, f ending) {
	g.left = append(g.left, func() {
		p, holder := g.Post(e.Re[0].Place), e.Re[1].Place
		if first, again := g.firsts[holder]; again {
			holder = first
		}
		for i := 0; p != nil && i < len(p.Holders); i++ {
			if h := &p.Holders[i]; h.Entry.Place() == holder && (h.Ended == nil || e.Place().Compare(h.Ended.Place()) < 0) {
				h.Ended, h.Until = e, f.On
			}
		}
	})
}

// Holder names who holds the post now, "" where nobody is known.
func (p *Post) Holder() string {
	for _, h := range slices.Backward(p.Holders) {
		if h.Ended == nil {
			return h.Name
		}
	}
	return ""
}

// HolderDraft makes holder.added about a post.
func HolderDraft(party string, p *Post, h Holder, mark string) (record.Draft, error) {
	h.Name = tidy(h.Name)
	return statement.Draft(Kinds, party, p.Entry, record.Draft{Kind: "holder.added", Mark: mark, Re: []record.Ref{p.Entry.Ref()}, Facts: h},
		"as: parley holder add Minister 'J. Doe' --from 2022-02-01")
}

// HolderEndDraft makes holder.ended about the holder of that name whom the party stated.
func HolderEndDraft(party string, p *Post, name string, on statement.When, mark string) (record.Draft, error) {
	i := slices.IndexFunc(p.Holders, func(h Holder) bool { return Same(h.Name, name) && h.Entry.Log.Party == party && h.Ended == nil })
	if i < 0 {
		return record.Draft{}, statement.Refuse("see: parley post list", "%s does not hold this post by any statement of ours", name)
	}
	return statement.Draft(Kinds, party, p.Entry, record.Draft{Kind: "holder.ended", Mark: mark, Re: []record.Ref{p.Entry.Ref(), p.Holders[i].Entry.Ref()}, Facts: ending{On: on}},
		"as: parley holder end Minister 'J. Doe' --on 2022-03-01")
}
