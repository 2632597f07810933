// SPDX-License-Identifier: Apache-2.0

package register

import (
	"regexp"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Officer is a person whom a party has enrolled: the facts of officer.added, and what the register knows besides.
type Officer struct {
	Origin  `json:"-"`
	Revoked *record.Entry `json:"-"` // the first statement that revoked him, nil while in office

	Name     string   `json:"name"`
	Account  string   `json:"account,omitempty"` // Unix account
	Langs    []string `json:"langs,omitempty"`   // languages he reads
	Releaser bool     `json:"releaser,omitempty"`
	Number   string   `json:"number,omitempty"` // telephone
}

// Validate judges officer.added.
func (o Officer) Validate(e, _ *record.Entry) error {
	if err := statement.First(alone(e), statement.Text("name", o.Name, 120), statement.If(len(o.Langs) > 16, "over 16 languages"),
		statement.Optional("account", o.Account, 64), number(o.Number)); err != nil {
		return err
	}
	for _, l := range o.Langs {
		if err := statement.Lang(l); err != nil {
			return err
		}
	}
	return nil
}

func (g *Register) officer(e *record.Entry, o Officer) {
	o.Origin = at(e)
	g.Officers = append(g.Officers, &o)
}

// OfficerDraft makes officer.added of a party; mark "" is actual.
func (g *Register) OfficerDraft(party string, o Officer, mark string) (record.Draft, error) {
	o.Name = tidy(o.Name)
	if err := fresh("an officer", party, o.Name, g.Officers, func(o *Officer) []string { return o.known(party) }); err != nil {
		return record.Draft{}, err
	}
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: "officer.added", Mark: mark, Facts: o},
		"as: parley officer add 'Lt Amaro' --langs en,it --number '+390000000'")
}

// revocation are the facts of officer.revoked; its `re` names the officer.added.
type revocation struct {
	Reason string `json:"reason,omitempty"`
}

// Validate: a party revokes its own officers.
//
// SPEC: MSG-042
func (f revocation) Validate(e, begin *record.Entry) error {
	return statement.First(
		statement.If(begin != nil && (begin.Kind != "officer.added" || begin.Log.Party != e.Log.Party), "what it names is not an officer of its own party"),
		statement.Optional("reason", f.Reason, 240))
}

func (g *Register) revoked(e *record.Entry, _ revocation) {
	for _, o := range g.Officers {
		if len(e.Re) > 0 && o.Place == e.Re[0].Place && (o.Revoked == nil || e.Place().Compare(o.Revoked.Place()) < 0) {
			o.Revoked = e
		}
	}
}

// known are the names of an officer in office, of a party or ("") of any.
func (o *Officer) known(party string) []string {
	if party != "" && o.Party != party || o.Revoked != nil {
		return nil
	}
	return []string{o.Name, o.Account}
}

// Officer gives the officer of a place, nil where there is none.
func (g *Register) Officer(p record.Place) *Officer { return of(g.Officers, p) }

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
		if o.Party == party && o.Account == account && o.Revoked == nil {
			os = append(os, o)
		}
	}
	return os
}

// FindOfficer looks an officer of a party up by short ID, name or account; "" as party means any.
func (g *Register) FindOfficer(s, party string, short func(*record.Entry) string) (*Officer, error) {
	return find("officer", "parley officer list", s, short, g.Officers, func(o *Officer) []string { return o.known(party) })
}

var telephone = regexp.MustCompile(`^\+?[0-9][0-9 ()/-]{2,31}$`)

func number(s string) error {
	return statement.If(s != "" && !telephone.MatchString(s), "telephone number %q has other than digits, spaces, ()/- and a + before them", s)
}
