// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/fault"
	"example.org/parley/internal/view"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/words"
)

// register is what both parties have stated about people, posts and events, as far as it is on disk.
func (l *Line) register() *register.Register {
	list := l.keys("line")
	if l.reg == nil {
		var its []*record.Item
		for _, s := range list {
			if it, _ := l.item(s.key); it != nil && it.Begin != nil {
				its = append(its, it)
			}
		}
		if l.reg = l.build(its); l.reg == nil { // without those that alone cannot be built
			its = slices.DeleteFunc(its, func(it *record.Item) bool { return l.build([]*record.Item{it}) == nil })
			if l.reg = l.build(its); l.reg == nil {
				l.reg = register.Build(nil)
			}
		}
	}
	return l.reg
}

// build gives nil where the register cannot be made of items. SPEC: NOD-044
func (l *Line) build(its []*record.Item) (r *register.Register) {
	defer fault.Caught(l.log, "the register of people", func() {
		if len(its) == 1 {
			l.log.Error("an item is in no register: this program makes nothing of it", "item", its[0].Key)
		}
	})
	return register.Build(its)
}

// officerName is how a person is called on a board; "" for nobody.
func (l *Line) officerName(who act.Who) string {
	if o := l.register().OfficerAt(l.author(who).Officer); o != nil {
		return o.Name
	}
	return ""
}

var peopleActs = []handler{
	on((*Line).confirm), on((*Line).officerAdd), on((*Line).doSignOn), on((*Line).doSignOff, act.SignOff), on((*Line).doDesk), on((*Line).postAdd), on((*Line).eventAdd),
	on((*Line).officerAdd, act.OfficerAdd{Do: "officer.edit"}), on((*Line).postAdd, act.PostAdd{Do: "post.edit"}), on((*Line).eventAdd, act.EventAdd{Do: "event.edit"}),
	on((*Line).endOf, act.Finish{Do: "officer.end"}), on((*Line).endOf, act.Finish{Do: "post.end"}), on((*Line).endOf, act.Finish{Do: "event.end"}), on((*Line).holderAdd), on((*Line).holderEnd),
}

// confirm is the pairing's; here it is over.
func (l *Line) confirm(act.Who, string, act.Confirm) (act.Reply, error) {
	if l.cfg.Alone {
		return act.Reply{}, hint.New("enter the other party's sheet: parley pair FILE", "this line is alone: there is nothing to confirm yet")
	}
	return act.Reply{}, hint.New("see: parley status", "this line is paired with %s since %s: there is nothing left to confirm", l.cfg.Them.Name, l.began().Format("2006-01-02 15:04Z"))
}

func (l *Line) officerAdd(who act.Who, _ string, a act.OfficerAdd) (act.Reply, error) {
	f := register.Officer{Name: a.Name, Account: cmp.Or(a.Account, who.Account), Langs: a.Langs, Releaser: a.Releaser, Role: a.Role, Number: a.Number}
	var was *register.Officer
	var err error
	if a.Replaces != "" {
		f.Account = a.Account
		was, err = l.register().FindOfficer(a.Replaces, l.cfg.Us.Name, l.rec.Short)
	}
	d, bad := l.register().OfficerDraft(l.cfg.Us.Name, f, l.mark(""), was)
	return l.reply(d, statement.First(err, bad))
}

// Staff gives one of our people in office, by his ID, name or account; while the record is not read nobody, and no error.
func (l *Line) Staff(ref string) (p act.Staff, err error) {
	done := make(chan struct{})
	if l.in(context.Background(), l.looks, func() {
		defer close(done)
		l.begin()
		if l.disk.early(act.OfficerList) != nil {
			return
		}
		o, none := l.register().FindOfficer(ref, l.cfg.Us.Name, l.rec.Short)
		if err = none; err != nil {
			return
		}
		p = act.Staff{ID: l.rec.Short(o.Entry), Name: o.Name, Account: o.Account, Role: o.Is()}
	}) != nil {
		return p, nil
	}
	select {
	case <-done:
	case <-l.gone:
		return act.Staff{}, nil
	}
	return p, err
}

// doSignOn binds the caller's desk to an officer who is listed for his account. The reply's ID is the officer's.
func (l *Line) doSignOn(who act.Who, lang string, a act.SignOn) (act.Reply, error) {
	listed := l.register().ForAccount(l.cfg.Us.Name, who.Account)
	var o *register.Officer
	switch {
	case a.Officer != "":
		f, err := l.register().FindOfficer(a.Officer, l.cfg.Us.Name, l.rec.Short)
		if err != nil {
			return act.Reply{}, err
		}
		if f.Account != who.Account && who.Known != "passkey" { // the page has seen it
			return act.Reply{}, hint.New("see: parley officer list", "%s is not listed for the account %s", f.Name, who.Account)
		}
		o = f
	case len(listed) == 1:
		o = listed[0]
	case len(listed) == 0:
		return act.Reply{}, hint.New("enrol one: parley officer add NAME", "no officer is listed for the account %s", who.Account)
	default:
		var names []string
		for _, o := range listed {
			names = append(names, o.Name)
		}
		return act.Reply{}, hint.New("say which: parley sign-on NAME", "several officers are listed for this account: %s", strings.Join(names, ", "))
	}
	who.Officer = l.rec.Short(o.Entry)
	if who.Known == "" || who.Known == "unattributed" {
		who.Known = "account"
	}
	l.signOn(who)
	return act.Reply{ID: who.Officer, Text: fmt.Sprintf(words.Say(lang, "%s signed on at %s, known by %s"), o.Name, view.DeskName(lang, who.Desk), words.Or(lang, "known", who.Known))}, nil
}

func (l *Line) doSignOff(who act.Who, lang string, _ act.Plain) (act.Reply, error) {
	l.signOff(who)
	return act.Reply{Text: words.Say(lang, "signed off")}, nil
}

// doDesk arms the caller's desk, or disarms it. A desk that cannot ring says why.
func (l *Line) doDesk(who act.Who, lang string, a act.SetDesk) (act.Reply, error) {
	d := l.desks.of(who, l.now)
	if who.Officer != "" && !d.on {
		l.signOn(who)
	}
	l.arm(who, a)
	if a.Armed {
		return act.Reply{Text: fmt.Sprintf(words.Say(lang, "%s is armed"), view.DeskName(lang, who.Desk))}, nil
	}
	return act.Reply{Text: fmt.Sprintf(words.Say(lang, "%s is not armed"), view.DeskName(lang, who.Desk))}, nil
}

func (l *Line) postAdd(who act.Who, lang string, a act.PostAdd) (act.Reply, error) {
	n, g := names{l: l}, l.register()
	if a.Theirs && a.Of == "" {
		a.Of = l.cfg.Them.Name
	}
	whose, err := g.Whose(a.Of, l.cfg.Us.Name, l.cfg.Them.Name)
	by := l.author(who)
	f := register.Post{By: &by, Org: a.Org, Name: a.Name, Names: a.Names, Level: a.Level, Whose: whose, Number: a.Number, Pair: n.post(a.Pair), Deputy: n.post(a.Deputy), Address: a.Address, Langs: a.Langs}
	var was *register.Post
	var bad error
	if a.Replaces != "" {
		was, bad = g.FindPost(a.Replaces, l.cfg.Us.Name, l.rec.Short)
	}
	if err = statement.First(err, n.err, bad); err != nil {
		return act.Reply{}, err
	}
	d, err := g.PostDraft(l.cfg.Us.Name, f, l.mark(""), was)
	r, err := l.reply(d, err)
	if p, ok := d.Facts.(register.Post); ok && err == nil {
		r.Text = fmt.Sprintf(words.Say(lang, "%s recorded: a post of %s"), r.ID, cmp.Or(p.Whose, l.cfg.Us.Name))
	}
	return r, err
}

func (l *Line) eventAdd(who act.Who, _ string, a act.EventAdd) (act.Reply, error) {
	by := l.author(who)
	f, was := register.Event{By: &by, Name: a.Name, Names: a.Names}, (*register.Event)(nil)
	var bad, none error
	if a.When != "" || a.Replaces == "" {
		f.When, bad = statement.ReadWhen(a.When)
	}
	if a.Replaces != "" {
		was, none = l.register().FindEvent(a.Replaces, l.rec.Short)
	}
	d, err := l.register().EventDraft(l.cfg.Us.Name, f, l.mark(""), was)
	return l.reply(d, statement.First(bad, none, err))
}

// endOf ends an officer, a post or an event that we stated.
func (l *Line) endOf(_ act.Who, _ string, a act.Finish) (act.Reply, error) {
	g, us := l.register(), l.cfg.Us.Name
	var o *register.Origin
	var err error
	switch a.Do {
	case "officer.end":
		var x *register.Officer
		if x, err = g.FindOfficer(a.Name, us, l.rec.Short); err == nil {
			o = &x.Origin
		}
	case "post.end":
		var x *register.Post
		if x, err = g.FindPost(a.Name, us, l.rec.Short); err == nil {
			o = &x.Origin
		}
	default:
		var x *register.Event
		if x, err = g.FindEvent(a.Name, l.rec.Short); err == nil {
			o = &x.Origin
		}
	}
	n := names{l: l, err: err}
	on := n.day(a.On)
	return n.reply(func() (record.Draft, error) { return register.EndDraft(us, o, on, a.Reason, l.mark("")) })
}

func (l *Line) holderAdd(_ act.Who, _ string, a act.HolderAdd) (act.Reply, error) {
	n := names{l: l}
	p, from := n.found(a.Post), n.day(a.From)
	return n.reply(func() (record.Draft, error) {
		return register.HolderDraft(l.cfg.Us.Name, p, register.Holder{Name: a.Name, From: from}, l.mark(""))
	})
}

func (l *Line) holderEnd(_ act.Who, _ string, a act.HolderEnd) (act.Reply, error) {
	n := names{l: l}
	p, on := n.found(a.Post), n.day(a.On)
	return n.reply(func() (record.Draft, error) { return register.HolderEndDraft(l.cfg.Us.Name, p, a.Name, on, l.mark("")) })
}
