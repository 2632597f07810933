// SPDX-License-Identifier: Apache-2.0

package node

import (
	"slices"

	"example.org/parley/contact"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/readout"
	"example.org/parley/register"
)

// brief answers with one page about a post and its counterparts, to be read before a call. SPEC: RDO-009
func (l *Line) brief(who act.Who, lang string, a act.Brief) (act.Reply, error) {
	p, err := l.register().FindPost(a.Pair, l.cfg.Us.Name, l.rec.Short)
	if err != nil {
		return act.Reply{}, err
	}
	q, ev, err := l.asking(act.Contacts{Since: a.Since})
	if err != nil {
		return act.Reply{}, err
	}
	f := l.count(q)
	f.Pairs = slices.DeleteFunc(f.Pairs, func(x contact.PairFigure) bool { return !sameOffice(x.Ours, p) && !sameOffice(x.Theirs, p) })
	if len(f.Pairs) == 0 {
		return act.Reply{}, hint.New("name its counterpart: parley post add NAME --pair POST", "%s has no counterpart on record", p.Name)
	}
	f.Contacts, f.Sought = nil, nil
	for _, x := range f.Pairs {
		f.Contacts, f.Sought = append(f.Contacts, x.Since...), append(f.Sought, x.Sought...)
		if x.Last != nil && !slices.Contains(f.Contacts, x.Last) {
			f.Contacts = append([]*contact.Contact{x.Last}, f.Contacts...)
		}
	}
	in := l.input(who.Desk)
	l.alive(&in)
	in.Figures, in.Checks = l.figures(f.Since.Earliest())
	in.Contacts, in.ContactsSince, in.ContactsFrom, in.About = f, ev, a.Since, f.Contacts
	in.Readouts = slices.DeleteFunc(l.readouts(), func(r *readout.Readout) bool {
		return !slices.ContainsFunc(f.Contacts, func(c *contact.Contact) bool { return c.Entry.Leaf == r.About.Leaf })
	})
	in.Unseals = l.allUnseal(in.Readouts)
	return l.asked(in, lang, a)
}

// sameOffice reports whether two statements name one office: both parties may have stated it.
func sameOffice(a, b *register.Post) bool {
	return a.Place == b.Place || register.Same(a.Name, b.Name) && register.Same(a.Org, b.Org)
}
