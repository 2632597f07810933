// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// message finds the message of a short ID: of the message itself or of any step of it.
func (l *Line) message(id string) (message.State, error) {
	e, err := l.find(id)
	if err != nil {
		return message.State{}, err
	}
	s, ok := fold[message.State](l, l.rec.ItemOf(e))
	if !ok || s.Begin == nil || !message.IsMessage(s.Begin.Kind) {
		return s, hint.New("see: parley inbox", "%s is not a message", id)
	}
	return s, nil
}

var messageActs = []handler{on((*Line).send), on((*Line).ack), on((*Line).respond), on((*Line).shown)}

func (l *Line) send(who act.Who, lang string, a act.Send) (act.Reply, error) {
	d := record.Draft{Kind: a.Kind, Class: a.Class, Mark: l.mark(a.Mark), Text: &record.Text{Lang: cmp.Or(a.Lang, lang), Text: a.Text}}
	n := names{l: l}
	f := message.Facts{Precedence: a.Precedence, Phrase: a.Phrase, Fields: a.Fields, ReadBack: a.ReadBack, To: n.post(a.To), Info: n.posts(a.Info),
		Respond: a.Respond, NotAfter: a.NotAfter, By: l.author(who)}
	if a.ReplyTo != "" {
		s, err := l.message(a.ReplyTo)
		n.err = statement.First(err, n.err)
		d.Re = []record.Ref{s.Ref}
	}
	d, err := message.NewDraft(l.cfg.Us.Name, d, f, l.now)
	r, err := l.reply(d, statement.First(n.err, err))
	return l.warned(lang, r, err)
}

// ack acknowledges; what was not yet shown on this desk is stated shown first (a terminal is a desk).
func (l *Line) ack(who act.Who, _ string, a act.Ack) (act.Reply, error) {
	s, err := l.message(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	d, err := message.AckDraft(s, l.actor(who), a.Read, "", a.Fields)
	if err != nil {
		return act.Reply{}, err
	}
	if len(s.Steps[message.Shown]) == 0 {
		if _, err := l.show(who, s); err != nil {
			return act.Reply{}, err
		}
	}
	return l.reply(d, nil)
}

func (l *Line) respond(who act.Who, _ string, a act.Respond) (act.Reply, error) {
	s, err := l.message(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	var text *record.Text
	if a.Text != "" {
		text = &record.Text{Lang: cmp.Or(a.Lang, "en"), Text: a.Text}
	}
	d, err := message.RespondDraft(s, l.actor(who), a.How, a.Until, text, l.now)
	return l.reply(d, err)
}

// shown states *shown* for what a desk has drawn, unlocked, with an officer signed on; once a message.
func (l *Line) shown(who act.Who, _ string, a act.Shown) (act.Reply, error) {
	for _, id := range a.IDs {
		s, err := l.message(id)
		if err != nil || s.From == l.cfg.Us.Name || len(s.Steps[message.Shown]) > 0 || !s.Whole {
			continue
		}
		if _, err := l.show(who, s); err != nil {
			return act.Reply{}, err
		}
	}
	return act.Reply{}, nil
}

func (l *Line) show(who act.Who, s message.State) (*record.Entry, error) {
	if l.showing[s.Key] {
		return nil, nil // its statement is on its way to the disk
	}
	d, err := message.ShownDraft(s, l.actor(who))
	if err != nil {
		return nil, err
	}
	e, err := l.state(d)
	if err == nil {
		l.showing[s.Key] = true
	}
	return e, err
}
