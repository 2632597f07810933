// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"example.org/parley/call"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/verify"
)

// answered is a view that can be printed at the shell.
type answered interface{ Text() string }

func answer(v answered) (act.Reply, error) { return act.Reply{Text: v.Text(), Data: v}, nil }

// ask answers a question: what --json prints is what the page draws and the shell's table says.
// A terminal is a desk: what inbox and show draw there, with an officer signed on, is stated *shown*.
func (l *Line) ask(who act.Who, lang string, a act.Act) (act.Reply, error) {
	in := l.input(lang, who.Desk)
	switch a := a.(type) {
	case act.Status:
		return answer(view.StatusOf(in, lang))
	case act.Inbox:
		in.Messages = states(l, l.keys("message"), foldMessage)
		v := view.InboxOf(in, lang)
		return l.drawn(who, v, v.Messages...)
	case act.Log:
		if a.Last <= 0 {
			a.Last = 40
		}
		in.Log = l.newestEntries(a.Last)
		return answer(view.LogOf(in, lang))
	case act.Show:
		return l.showOne(who, lang, in, a)
	case act.Calls:
		return answer(view.CallsOf(in, lang))
	case act.Checks:
		return answer(view.ChecksOf(in, lang))
	case act.Contacts:
		f, err := l.counterparts(a)
		if err != nil {
			return act.Reply{}, err
		}
		since := strings.TrimSpace(a.Since + a.Last)
		if ev, err := l.register().FindEvent(a.Since, l.rec); err == nil && a.Since != "" {
			since = ev.Title(lang)
		}
		return answer(view.ContactsOf(in, lang, f, since))
	case act.AlarmList:
		return answer(view.AlarmsOf(in, lang))
	case act.OfficerList:
		return answer(view.OfficersOf(in, lang, l.signedOn()))
	case act.PostList:
		return answer(view.PostsOf(in, lang))
	case act.PhraseList:
		v := view.PhrasesOf(lang)
		if a.Code != "" {
			v.Rows = slices.DeleteFunc(v.Rows, func(p view.Phrase) bool { return p.Code != a.Code })
			if len(v.Rows) == 0 {
				return act.Reply{}, &act.Error{What: fmt.Sprintf("there is no phrase %q", a.Code), Hint: "see: parley phrase list"}
			}
		}
		return answer(v)
	}
	return act.Reply{}, &act.Error{What: fmt.Sprintf("this node cannot do %s", a.Verb()), Hint: "see: parley help"}
}

// drawn answers with messages that are drawn whole, and states those shown that were not yet.
func (l *Line) drawn(who act.Who, v answered, ms ...view.Message) (act.Reply, error) {
	if d := l.desks[who.Desk]; d != nil && d.on && who.Officer != "" && l.dead == nil {
		d.lastKey = l.now
		var ids []string
		for _, m := range ms {
			if !m.Ours {
				ids = append(ids, m.ID)
			}
		}
		if _, err := l.shown(who, act.Shown{IDs: ids}); err != nil {
			l.log.Warn("couldn't state what was shown", "err", err)
		}
	}
	return answer(v)
}

// showOne answers show ID: the statement, its item, and its bytes as they were signed.
func (l *Line) showOne(who act.Who, lang string, in view.Input, a act.Show) (act.Reply, error) {
	e, err := l.find(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	key := l.rec.ItemOf(e)
	var m *message.State
	var s *message.StopState
	var c *call.State
	head, _, _ := strings.Cut(e.Kind, ".")
	switch head {
	case "message":
		if st, ok := l.messageState(key); ok && st.Begin != nil {
			m = &st
		}
	case "stop":
		if st, ok := l.stops.state(key); ok {
			s = &st
		}
	case "call":
		if st, ok := fold(l, key, foldCall); ok {
			c = &st
		}
	}
	v := view.ShowOf(in, lang, e, l.item(key), m, s, c)
	if v.Message != nil {
		return l.drawn(who, v, *v.Message)
	}
	return answer(v)
}

// signedOn gives the desks of each officer, by his short ID.
func (l *Line) signedOn() map[string][]string {
	m := map[string][]string{}
	for _, n := range sortedKeys(l.desks) {
		if d := l.desks[n]; d.on {
			m[d.who.Officer] = append(m[d.who.Officer], n)
		}
	}
	return m
}

// export gives the whole shared record as one file that anyone can verify offline.
func (l *Line) export() (act.Reply, error) {
	x := verify.FromRecord(l.cfg.GenesisText, l.cfg.Terms, l.cfg.Sheets, l.rec)
	var b bytes.Buffer
	if err := verify.Write(&b, x); err != nil {
		return act.Reply{}, err
	}
	return act.Reply{Text: fmt.Sprintf("%d logs, %d bytes", len(x.Logs), b.Len()), Data: b.Bytes()}, nil
}

// classCall states later what class a call was.
func (l *Line) classCall(who act.Who, a act.Class) (act.Reply, error) {
	l.touchDesk(who)
	if err := l.person(who); err != nil {
		return act.Reply{}, err
	}
	e, err := l.find(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	s, ok := fold(l, l.rec.ItemOf(e), foldCall)
	if !ok || s.Call == "" {
		return act.Reply{}, &act.Error{What: fmt.Sprintf("%s is not a call", a.ID), Hint: "see: parley calls"}
	}
	if a.Class != "substantive" && a.Class != "service" && a.Class != "test" {
		return act.Reply{}, &act.Error{What: fmt.Sprintf("there is no class %q", a.Class), Hint: "one of: substantive, service, test"}
	}
	return l.reply(record.Draft{Kind: call.KindClass, Class: a.Class, Mark: s.Mark,
		Facts: call.ClassFacts{Opener: s.Opener, Call: s.Call, By: l.calls.author(who)}}, nil)
}
