// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"strings"

	"example.org/parley/internal/act"
	"example.org/parley/message"
	"example.org/parley/record"
)

// do carries out one act in the loop. What each does stands in the file of its subject.
func (l *Line) do(who act.Who, lang string, a act.Act) (act.Reply, error) {
	if err := l.early(a); err != nil {
		return act.Reply{}, err
	}
	switch a := a.(type) {
	// people.go
	case act.OfficerAdd:
		return l.officerAdd(who, a)
	case act.SignOn:
		return l.doSignOn(who, a)
	case act.SignOff:
		l.signOff(who)
		return act.Reply{Text: "signed off"}, nil
	case act.Desk:
		return l.doDesk(who, a)
	case act.PostAdd:
		return l.postAdd(who, a)
	case act.EventAdd:
		return l.eventAdd(who, a)
	// messages.go
	case act.Send:
		return l.send(who, lang, a)
	case act.Ack:
		return l.ack(who, a)
	case act.Respond:
		return l.respond(who, a)
	case act.Shown:
		return l.shown(who, a)
	// stops.go
	case act.Stop:
		return l.stop(who, lang, a)
	case act.StopStep:
		return l.stopStep(who, lang, a)
	// calls.go
	case act.Ring:
		return l.ring(who, lang, a)
	case act.Answer:
		return l.answerCall(who, lang, a)
	case act.Decline:
		return l.decline(who, lang, a)
	case act.HangUp:
		return l.hangUp(who, lang, a)
	case act.Class:
		return l.classCall(who, a)
	// checks.go
	case act.CheckNow:
		return l.checkNow(who)
	case act.CheckConfirm:
		return l.checkConfirm(who, a)
	// counterparts.go
	case act.ContactAdd:
		return l.contactAdd(who, a)
	case act.RequestRecord:
		return l.requestRecord(who, a)
	case act.RequestOutcome:
		return l.requestOutcome(who, a)
	// alarms.go
	case act.AlarmAck:
		return l.alarmAck(who, a)
	case act.Export:
		return l.export()
	}
	return l.ask(who, lang, a) // asks.go: questions change nothing
}

// author is the person of an act as statements name him.
func (l *Line) author(who act.Who) message.Author {
	a := message.Author{Known: "unattributed", Desk: deskName(who.Desk)}
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

func (l *Line) actor(who act.Who) message.Actor {
	return message.Actor{Party: l.cfg.Us.Name, Author: l.author(who)}
}

// person refuses an act that needs somebody signed on.
func (l *Line) person(who act.Who) error {
	if who.Officer == "" {
		return &act.Error{What: "this needs a person", Hint: "sign on first: parley sign-on"}
	}
	return nil
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

// stated answers an act with the short ID of what it stated.
func (l *Line) stated(d record.Draft, err error) (act.Reply, *record.Entry, error) {
	if err != nil {
		return act.Reply{}, nil, err
	}
	e, err := l.state(d)
	if err != nil {
		return act.Reply{}, nil, err
	}
	id := l.rec.Short(e)
	return act.Reply{ID: id, Text: fmt.Sprintf("%s recorded", id)}, e, nil
}

// reply is stated without the entry.
func (l *Line) reply(d record.Draft, err error) (act.Reply, error) {
	r, _, err := l.stated(d, err)
	return r, err
}
