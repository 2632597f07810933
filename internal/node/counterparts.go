// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"

	"example.org/parley/contact"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/store"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/words"
)

var counterpartActs = []handler{on((*Line).contactAdd), on((*Line).requestRecord), on((*Line).requestOutcome)}

func (l *Line) contactAdd(who act.Who, lang string, a act.ContactAdd) (act.Reply, error) {
	n := names{l: l}
	f := contact.Contact{Kind: a.Kind, When: n.happened(a.When), Participants: n.posts(a.Participants), Channel: a.Channel, Basis: a.Basis, By: l.author(who)}
	var text *record.Text
	if a.Text != "" {
		text = &record.Text{Lang: "en", Text: a.Text}
	}
	d, err := contact.MadeDraft(l.cfg.Us.Name, f, l.mark(a.Mark), text)
	if err = statement.First(n.err, err); a.Private && err == nil {
		return l.statePrivate(d, lang)
	}
	return l.reply(d, err)
}

// statePrivate states in our private log, which is exchanged with nobody.
func (l *Line) statePrivate(d record.Draft, lang string) (act.Reply, error) {
	if err := l.mayState(d.Kind); err != nil {
		return act.Reply{}, err
	}
	if l.privRun == nil {
		why := "restart"
		if len(l.priv.Logs()) == 0 {
			why = "first"
		}
		l.privRun = l.priv.OpenRun(record.RunConfig{Party: l.cfg.Us.Name, Station: l.cfg.Station, Why: why, Run: l.newRunName(), Key: l.cfg.Key})
	}
	e, err := l.privRun.Append(d, l.now, record.PeerClock{}, l.cfg.Rand)
	if err != nil {
		return act.Reply{}, err
	}
	l.keepEntry(e, store.KindPrivate, false, l.privRun.Touched(), func() {})
	id := l.priv.Short(e)
	return act.Reply{ID: id, Text: fmt.Sprintf(words.Say(lang, "%s recorded in the private log: it stays here"), id)}, nil
}

func (l *Line) requestRecord(who act.Who, _ string, a act.RequestRecord) (act.Reply, error) {
	n := names{l: l}
	f := contact.Request{For: a.For, When: n.happened(a.When), From: n.post(a.By), With: n.post(a.With), Standing: a.Standing, Basis: a.Basis, By: l.author(who)}
	d, err := contact.PlacedDraft(l.cfg.Us.Name, f, l.mark(a.Mark), nil)
	return l.reply(d, statement.First(n.err, err))
}

func (l *Line) requestOutcome(who act.Who, _ string, a act.RequestOutcome) (act.Reply, error) {
	e, err := l.find(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	s, _ := fold[contact.State](l, l.rec.ItemOf(e))
	if s.Request == nil {
		return act.Reply{}, hint.New("see: parley log", "%s is not a request", a.ID)
	}
	f := contact.Attempt{Outcome: a.Outcome, ToldBy: a.ToldBy, Reason: a.Reason, By: l.author(who)}
	n := names{l: l}
	if a.On != "" {
		w := n.happened(a.On)
		f.On = &w
	}
	d, err := contact.OutcomeDraft(s.Request, e, l.cfg.Us.Name, f)
	return l.reply(d, statement.First(n.err, err))
}

// counterparts counts since an event or a date.
func (l *Line) counterparts(a act.Contacts) (contact.Figures, error) {
	q := contact.Query{Org: a.Org, Level: a.Level}
	switch {
	case a.Since != "":
		w, err := statement.ReadWhen(a.Since)
		if q.Date = err == nil; err != nil {
			ev, err := l.register().FindEvent(a.Since, l.rec.Short)
			if err != nil {
				return contact.Figures{}, err
			}
			w = ev.When
		}
		q.Since = w
	case a.Last != "":
		var n int
		if _, err := fmt.Sscanf(a.Last, "%dd", &n); err != nil || n < 1 || n > 36500 {
			return contact.Figures{}, hint.New("such as: --last 30d", "%q is not a number of days", a.Last)
		}
		q.Since, q.Date = statement.Day(l.now.AddDate(0, 0, -n)), true
	}
	return l.count(q), nil
}

func (l *Line) count(q contact.Query) contact.Figures {
	q.Us, q.Them, q.Register, q.Now = l.cfg.Us.Name, l.cfg.Them.Name, l.register(), l.now
	q.Contacts, q.Requests = l.contactStates()
	return contact.Since(q)
}

// lastEvent is the event that the board counts from: the newest stated.
func (l *Line) lastEvent() *register.Event {
	var last *register.Event
	for _, e := range l.register().Events {
		if last == nil || e.When.Earliest().After(last.When.Earliest()) {
			last = e
		}
	}
	return last
}
