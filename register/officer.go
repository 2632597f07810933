// SPDX-License-Identifier: Apache-2.0

package register

import (
	"regexp"
	"slices"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Officer is a person whom a party has enrolled: the facts of officer.added, and what the register knows besides.
type Officer struct {
	Origin `json:"-"`

	Name     string   `json:"name"`
	Account  string   `json:"account,omitempty"` // Unix account
	Langs    []string `json:"langs,omitempty"`   // languages he reads
	Releaser bool     `json:"releaser,omitempty"`
	Role     string   `json:"role,omitempty"`   // one of Roles; "": an officer, or a releaser as Releaser says
	Number   string   `json:"number,omitempty"` // telephone
}

// Roles are what a person of a party may be: who stands watch, he who besides releases what needs a second person, who
// keeps the line running, and who reads.
var Roles = []string{"officer", "releaser", "technician", "reader"}

// Is gives his role.
func (o *Officer) Is() string {
	switch {
	case o.Role != "":
		return o.Role
	case o.Releaser:
		return "releaser"
	}
	return "officer"
}

// Watches reports whether he stands watch: he is present where he is signed on.
func (o *Officer) Watches() bool { return o.Is() == "officer" || o.Is() == "releaser" }

// Releases reports whether he may release what needs a second person.
func (o *Officer) Releases() bool { return o.Is() == "releaser" }

// Validate judges officer.added.
func (o Officer) Validate(e, _ *record.Entry) error {
	return statement.First(one(e), statement.Text("name", o.Name, 120), langs(o.Langs), statement.If(o.Role != "" && !slices.Contains(Roles, o.Role), "there is no role %q", o.Role), statement.Optional("account", o.Account, 64), number(o.Number))
}

func (g *Register) officer(e *record.Entry, o Officer) {
	o.Origin = at(e)
	g.Officers = append(g.Officers, &o)
}

// OfficerDraft makes officer.added of a party; mark "" is actual, was is whom it replaces, nil for a new one.
func (g *Register) OfficerDraft(party string, o Officer, mark string, was *Officer) (record.Draft, error) {
	if was != nil {
		o = statement.Changed(*was, o)
	}
	o.Name = tidy(o.Name)
	re, err := fresh("an officer", "parley officer list", party, o.Name, g.Officers, was, func(o *Officer) []string { return o.known(party) })
	if err != nil {
		return record.Draft{}, err
	}
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: "officer.added", Mark: mark, Re: re, Facts: o},
		"as: parley officer add 'Lt Amaro' --langs en,it --number '+390000000'")
}

// known are the names of an officer in office, of a party or ("") of any.
func (o *Officer) known(party string) []string {
	if party != "" && o.Party != party || o.Ended != nil {
		return nil
	}
	return []string{o.Name, o.Account}
}

// Officer gives the officer of a place, nil where there is none.
func (g *Register) Officer(p record.Place) *Officer { return of(g, g.Officers, p) }

// OfficerAt gives the officer that facts name by place, nil where it is unknown or unattributed.
func (g *Register) OfficerAt(place string) *Officer {
	p, err := record.ParsePlace(place)
	if err != nil {
		return nil
	}
	return g.Officer(p)
}

// ForAccount lists a party's officers in office that work from a Unix account.
func (g *Register) ForAccount(party, account string) (os []*Officer) {
	for _, o := range g.Officers {
		if o.Party == party && o.Account == account && o.Ended == nil {
			os = append(os, o)
		}
	}
	return os
}

// Staffed reports whether a party has an officer in office.
func (g *Register) Staffed(party string) bool {
	return slices.ContainsFunc(g.Officers, func(o *Officer) bool { return o.Party == party && o.Ended == nil })
}

// FindOfficer looks an officer of a party up by short ID, name or account; "" as party means any.
func (g *Register) FindOfficer(s, party string, short func(*record.Entry) string) (*Officer, error) {
	return find("officer", "parley officer list", s, short, g.Officers, func(o *Officer) []string { return o.known(party) })
}

var telephone = regexp.MustCompile(`^\+?[0-9][0-9 ()/-]{2,31}$`)

func number(s string) error {
	return statement.If(s != "" && !telephone.MatchString(s), "telephone number %q has other than digits, spaces, ()/- and a + before them", s)
}
