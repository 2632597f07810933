// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"slices"
	"strings"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/words"
)

// handler carries out the acts of one verb in the loop.
type handler struct {
	verb string
	do   func(l *Line, who act.Who, lang string, a act.Act) (act.Reply, error)
}

// on makes the handler of one sort of act; where acts share a type, it is said which.
func on[A act.Act](f func(l *Line, who act.Who, lang string, a A) (act.Reply, error), which ...A) handler {
	var is A
	if len(which) > 0 {
		is = which[0]
	}
	return handler{is.Verb(), func(l *Line, who act.Who, lang string, a act.Act) (act.Reply, error) { return f(l, who, lang, a.(A)) }}
}

// handlers are those of every subject, each listed in its file.
var handlers = slices.Concat(peopleActs, messageActs, stopActs, callActs, checkActs, counterpartActs, serviceActs, readoutActs, termsActs, sheetActs, alarmActs, backupActs, questions)

// do carries out one act in the loop. Who may do it, and that it touches a desk, stands in its row of act.Table.
func (l *Line) do(who act.Who, lang string, a act.Act) (act.Reply, error) {
	if err := l.disk.early(a); err != nil {
		return act.Reply{}, err
	}
	if err := l.refuseAlone(a); err != nil {
		return act.Reply{}, err
	}
	if act.RuleOf(a)&act.Touches != 0 {
		l.desks.touched(who, l.now)
	}
	if err := l.may(who, a); err != nil {
		return act.Reply{}, err
	}
	for _, h := range handlers {
		if h.verb == a.Verb() {
			r, err := h.do(l, who, lang, a)
			return recorded(lang, r), err
		}
	}
	return act.Reply{}, hint.New("see: parley help", "this node cannot do %s", a.Verb())
}

// may refuses an act that needs somebody signed on.
func (l *Line) may(who act.Who, a act.Act) error {
	if act.RuleOf(a)&act.Person != 0 && who.Officer == "" {
		return hint.New("sign on first: parley sign-on", "this needs a person")
	}
	if act.RuleOf(a)&act.Keeper != 0 && !who.Keeper { // SPEC: BAK-006
		return hint.New("as that account: runuser -u parley -- parley backup FILE", "only the account whose home it is makes a backup of it")
	}
	if _, adds := a.(act.OfficerAdd); adds && who.Officer == "" && !who.Keeper && (who.Account == "" || l.register().Staffed(l.cfg.Us.Name)) { // SPEC: PAG-075
		return hint.New("sign on first: parley sign-on, or as that account: runuser -u parley -- parley officer add NAME", "an officer is enrolled by one who is signed on, or by the account of the node")
	}
	if who.Officer == "" || act.Anybodys(a) {
		return nil
	}
	o := l.register().OfficerAt(l.author(who).Officer)
	switch {
	case o == nil: // of another record of this line: what he states is unattributed
		return nil
	case o.Ended != nil: // SPEC: PAG-076
		return errNoMore
	}
	return act.May(o.Is(), a)
}

var errNoMore = hint.New("see: parley officer list", "who is signed on here is an officer no more")

// author is the person of an act as statements name him.
func (l *Line) author(who act.Who) statement.Author {
	a := statement.Author{Known: "unattributed", Desk: deskName(who.Desk)}
	if who.Officer == "" {
		return a
	}
	if e, err := l.rec.Find(who.Officer); err == nil {
		a.Officer, a.Known = e.Place().String(), who.Known
	}
	return a
}

// deskName cuts a desk's name to what a statement carries.
func deskName(s string) string {
	if len(s) > 32 {
		return strings.ToValidUTF8(s[:32], "")
	}
	return s
}

func (l *Line) actor(who act.Who) statement.Actor {
	return statement.Actor{Party: l.cfg.Us.Name, Author: l.author(who)}
}

// mark is the mark of what a person states: as he chose, else exercise in a demo, else actual.
func (l *Line) mark(chosen string) string {
	switch {
	case chosen != "":
		return chosen
	case l.cfg.Demo:
		return "exercise"
	}
	return "actual"
}

// names looks up what an act names; the first that is not there is the act's error.
type names struct {
	l   *Line
	err error
}

// reply states what is drafted, once every name was found.
func (n *names) reply(draft func() (record.Draft, error)) (act.Reply, error) {
	if n.err != nil {
		return act.Reply{}, n.err
	}
	return n.l.reply(draft())
}

// post gives the place of a post by name or short ID, "" for "".
func (n *names) post(name string) string {
	if name == "" {
		return ""
	}
	if p := n.found(name); p != nil {
		return p.Place.String()
	}
	return ""
}

func (n *names) posts(names []string) (places []string) {
	for _, name := range names {
		places = append(places, n.post(name))
	}
	return places
}

// found gives the post of a name, nil where there is none.
func (n *names) found(name string) *register.Post {
	p, err := n.l.register().FindPost(name, n.l.cfg.Us.Name, n.l.rec.Short)
	n.err = statement.First(n.err, err)
	return p
}

// of gives the place of the statement of a short ID, "" for "".
func (n *names) of(id string) string {
	if id == "" {
		return ""
	}
	e, err := n.l.find(id)
	if n.err = statement.First(n.err, err); err != nil {
		return ""
	}
	return e.Place().String()
}

// happened reads the date of what has been, as a person gives it.
//
// SPEC: CNT-016
func (n *names) happened(s string) statement.When {
	w, err := statement.ReadWhen(s)
	if err == nil && w.Earliest().After(n.l.now) {
		err = statement.Refuse("give the date at which it was; what is agreed is: parley request accept ID --at TIME", "%s is still to come", w)
	}
	n.err = statement.First(n.err, err)
	return w
}

// day reads a date that may be left out.
func (n *names) day(s string) (w statement.When) {
	if s != "" {
		var err error
		w, err = statement.ReadWhen(s)
		n.err = statement.First(n.err, err)
	}
	return w
}

// stated answers an act with the short ID of what it stated.
func (l *Line) stated(d record.Draft, err error) (act.Reply, *record.Entry, error) {
	if err != nil {
		return act.Reply{}, nil, err
	}
	e, err := l.state(d)
	if err != nil {
		return act.Reply{}, nil, err
	}
	return act.Reply{ID: l.rec.Short(e)}, e, nil
}

// recorded says of what was stated that it was, where nothing else is said.
func recorded(lang string, r act.Reply) act.Reply {
	if r.ID != "" && r.Text == "" {
		r.Text = fmt.Sprintf(words.Say(lang, "%s recorded"), r.ID)
	}
	return r
}

// reply is stated without the entry.
func (l *Line) reply(d record.Draft, err error) (act.Reply, error) {
	r, _, err := l.stated(d, err)
	return r, err
}
