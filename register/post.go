// SPDX-License-Identifier: Apache-2.0

package register

import (
	"slices"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Post is an office, ours or theirs as we know it: the facts of post.added, and its counterparts.
type Post struct {
	Origin       `json:"-"`
	Counterparts []record.Place `json:"-"` // whichever end of the pair named the other

	Org    string            `json:"org"`
	Name   string            `json:"name"`
	Names  map[string]string `json:"names,omitempty"` // per language
	Level  int               `json:"level"`           // 1 highest … 9
	Theirs bool              `json:"theirs,omitempty"`
	Pair   string            `json:"pair,omitempty"` // place of the counterpart's post.added
	Number string            `json:"number,omitempty"`
}

// Validate judges post.added.
func (p Post) Validate(e, _ *record.Entry) error {
	err := statement.First(alone(e), statement.Text("organisation", p.Org, 64), names(p.Name, p.Names), number(p.Number),
		statement.If(p.Level < 1 || p.Level > 9, "level %d is not 1 to 9", p.Level))
	if err == nil && p.Pair != "" {
		_, err = record.ParsePlace(p.Pair)
	}
	return err
}

func (g *Register) post(e *record.Entry, p Post) {
	p.Origin = at(e)
	g.Posts = append(g.Posts, &p)
}

// PostDraft makes post.added of a party; Pair is the place of the counterpart's post.added.
func (g *Register) PostDraft(party string, p Post, mark string) (record.Draft, error) {
	p.Org, p.Name = tidy(p.Org), tidy(p.Name)
	if err := fresh("a post", party, p.Name, g.Posts, func(o *Post) []string {
		if o.Theirs != p.Theirs || !Same(o.Org, p.Org) {
			return nil
		}
		return o.known()
	}); err != nil {
		return record.Draft{}, err
	}
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: "post.added", Mark: mark, Facts: p},
		"as: parley post add Minister --org ministry --level 1 --theirs --pair A1-4")
}

// pair links counterparts whichever end named the other; a post is no counterpart of its own side.
func (g *Register) pair() {
	for _, p := range g.Posts {
		at, err := record.ParsePlace(p.Pair)
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
		slices.SortFunc(p.Counterparts, record.Place.Compare)
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

func (p *Post) known() []string { return known(p.Name, p.Names) }

// Title gives a post's name in a language, else the name that it was given first.
func (p *Post) Title(lang string) string { return in(lang, p.Names, p.Name) }

// Post gives the post of a place, nil where there is none.
func (g *Register) Post(p record.Place) *Post { return of(g.Posts, p) }

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
