// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/service"
	"example.org/parley/statement"
	"example.org/parley/stop"
	"example.org/parley/words"
)

var serviceActs = []handler{on((*Line).lineStep), on((*Line).watchStep), on((*Line).relay)}

// services are what the parties have stated of the line itself.
func (l *Line) services() []service.State { return states[service.State](l, l.keys("service")) }

// away says of any instant why the line was out of service then, "" where it was not. It sorts nothing: every tick asks.
// SPEC: SVC-005
func (l *Line) away() func(time.Time) string {
	list := states[service.State](l, l.items.lists["service"])
	return func(t time.Time) string { return service.Away(list, t) }
}

// lineStep suspends the line, takes it into maintenance, leaves it, or resumes what we have so stated.
func (l *Line) lineStep(who act.Who, lang string, a act.LineStep) (act.Reply, error) {
	f := service.Stated{Until: a.Until, Reason: a.Reason, By: l.author(who)}
	if kind, ok := service.Acts[a.Step]; ok {
		if o := l.register().OfficerAt(f.By.Officer); slices.Contains(l.terms(l.now).Policy.Release, "suspend") && (o == nil || !o.Releases()) {
			return act.Reply{}, hint.New("see: parley officer list, parley terms show", "by the terms of this line only an officer who may release takes it out of service")
		}
		return l.reply(service.Draft(l.cfg.Us.Name, kind, nil, f, nil, l.mark(""), l.now))
	}
	var r act.Reply
	var theirs string
	for _, s := range service.At(l.services(), l.now) {
		if s.Party != l.cfg.Us.Name {
			theirs = view.OutOfService(lang, s, l.now)
			continue
		}
		d, err := service.Draft(l.cfg.Us.Name, "line.resumed", s.Begin, f, nil, s.Begin.Mark, l.now)
		if r, err = l.reply(d, err); err != nil {
			return r, err
		}
	}
	if r.ID == "" && theirs != "" {
		return r, hint.New("", "what the other party has stated it takes back itself: %s", theirs)
	}
	if r.ID == "" {
		return r, hint.New("see: parley status", "the line is in service")
	}
	return r, nil
}

// stateOwn states in our private log, or for both parties to read.
func (l *Line) stateOwn(d record.Draft, err error, shared bool, lang string) (act.Reply, error) {
	if err == nil && !shared {
		return l.statePrivate(d, lang)
	}
	return l.reply(d, err)
}

// watchStep notes something in the watch's log, gives the watch with what is open, or takes it over.
func (l *Line) watchStep(who act.Who, lang string, a act.Watch) (act.Reply, error) {
	if a.Step == "note" {
		d, err := service.Draft(l.cfg.Us.Name, "watch.noted", nil, service.Stated{By: l.author(who)}, free(a.Text, a.Lang, lang), l.mark(""), l.now)
		return l.stateOwn(d, err, a.Shared, lang)
	}
	f, open := service.Stated{By: l.author(who)}, l.waiting()
	var ids []string
	for _, e := range open {
		ids = append(ids, l.rec.Short(e))
	}
	said := cmp.Or(strings.Join(ids, ", "), words.Say(lang, "nothing"))
	kind, about := "watch.given", (*record.Entry)(nil)
	shared := a.Shared
	if a.Step == "take" {
		for _, s := range states[service.State](l, l.keys("watch")) {
			if s.What == service.Given && s.Party == l.cfg.Us.Name && s.Ended == nil {
				about, shared = s.Begin, !s.Begin.Log.Private
			}
		}
		if about == nil {
			return act.Reply{}, hint.New("give it first: parley handover give", "no watch waits to be taken over")
		}
		kind = "watch.taken"
	} else {
		for _, e := range open {
			f.Open = append(f.Open, e.Place().String())
		}
	}
	d, err := service.Draft(l.cfg.Us.Name, kind, about, f, free(a.Text, a.Lang, lang), l.mark(""), l.now)
	r, err := l.stateOwn(d, err, shared, lang)
	if err == nil {
		r.Text = fmt.Sprintf(words.Say(lang, "%s recorded; open: %s"), r.ID, said)
	}
	return r, err
}

// maxHanded is how much of what is open a handover names.
const maxHanded = 64

// waiting are the beginnings of what waits for somebody here: STOPs, messages and calls.
func (l *Line) waiting() (out []*record.Entry) {
	for _, list := range []string{"stop", "message", "call"} {
		for _, s := range l.open(list) {
			if it, _ := l.item(s.key); it != nil && it.Begin != nil && len(out) < maxHanded {
				out = append(out, it.Begin)
			}
		}
	}
	return out
}

// relay states that a message or a STOP was passed on to a post, and who was told. SPEC: SVC-008
func (l *Line) relay(who act.Who, lang string, a act.Relay) (act.Reply, error) {
	n := names{l: l}
	to := n.post(a.To)
	if n.err != nil {
		return act.Reply{}, n.err
	}
	s, err := l.message(a.ID)
	if err == nil {
		return l.reply(message.RelayDraft(s, l.actor(who), to, a.Told))
	}
	st, no := l.stops.find(a.ID)
	if no != nil {
		return act.Reply{}, err
	}
	post := l.register().Post(n.place(to))
	d, err := stop.StepDraft(st, l.actor(who), "relay", "", lang, a.Told+", "+post.Title(lang))
	if err != nil {
		return act.Reply{}, err
	}
	return l.stopState(st, d, who, lang)
}

// place reads the place that post gave.
func (n *names) place(s string) record.Place {
	p, err := record.ParsePlace(s)
	n.err = statement.First(n.err, err)
	return p
}

// notes are copies of the newest of our private statements that fit, oldest first. SPEC: SVC-007
func (l *Line) notes(fits func(*record.Entry) bool) (out []*record.Entry) {
	for _, e := range l.priv.Newest() {
		if len(out) == maxRead {
			break
		}
		if fits(e) {
			as := *e
			out = append(out, &as)
		}
	}
	slices.Reverse(out)
	return out
}

// findAny is find for what only reads: our private statements too. Nothing shared may name one, so no act on both boards uses it.
func (l *Line) findAny(id string) (*record.Entry, error) {
	e, err := l.priv.Find(id)
	if err == nil && l.durable(e) {
		return e, nil
	}
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return nil, hint.New("see: parley log", "%v", err)
	}
	return l.find(id)
}

// warned adds to what was stated that the line is not in service.
func (l *Line) warned(lang string, r act.Reply, err error) (act.Reply, error) {
	if out := service.At(l.services(), l.now); err == nil && len(out) > 0 {
		r.Text = fmt.Sprintf(words.Say(lang, "%s recorded and goes; but the line is not in service: %s"), r.ID, view.OutOfService(lang, out[0], l.now))
	}
	return r, err
}

// card answers with what is kept beside the telephone.
func (l *Line) card(who act.Who, lang string, a act.Plain) (act.Reply, error) {
	return l.asked(l.input(who.Desk), lang, a)
}
