// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"example.org/parley/call"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/message"
	"example.org/parley/stop"
	"example.org/parley/verify"
)

// drawn answers with what f draws in the goroutine of who asked, of what was gathered here. SPEC: NOD-019
func (l *Line) drawn(f func(ctx context.Context) interface{ Text() string }) (act.Reply, error) {
	l.tx.draw = func(ctx context.Context, _ bool) act.Reply {
		v := f(ctx)
		return act.Reply{Text: v.Text(), Data: v}
	}
	return act.Reply{}, nil
}

// ask answers a question from what a desk sees: what --json prints is what the page draws and the shell's table says.
func ask[V interface{ Text() string }](which act.Plain, f func(in view.Input, lang string) V) handler {
	return on(func(l *Line, who act.Who, lang string, _ act.Plain) (act.Reply, error) {
		return draw(l, l.input(who.Desk), lang, f)
	}, which)
}

func draw[V interface{ Text() string }](l *Line, in view.Input, lang string, f func(in view.Input, lang string) V) (act.Reply, error) {
	return l.drawn(func(context.Context) interface{ Text() string } { return f(in, lang) })
}

// questions change nothing, but that a terminal is a desk: what inbox and show draw there before an officer who is signed
// on is stated *shown*. What goes into a pipe is drawn before nobody.
var questions = []handler{
	ask(act.Status, view.StatusOf), on((*Line).allCalls, act.Calls), ask(act.Checks, view.ChecksOf), ask(act.AlarmList, view.AlarmsOf),
	ask(act.PostList, view.PostsOf), on((*Line).officers, act.OfficerList), on((*Line).inbox, act.Inbox), on((*Line).logged), on((*Line).showOne, act.Show),
	on((*Line).contacts), on((*Line).phrases), on((*Line).export, act.Export),
}

func (l *Line) officers(who act.Who, lang string, _ act.Plain) (act.Reply, error) {
	on := l.signedOn()
	return draw(l, l.input(who.Desk), lang, func(in view.Input, lang string) view.OfficersView { return view.OfficersOf(in, lang, on) })
}

func (l *Line) inbox(who act.Who, lang string, _ act.Plain) (act.Reply, error) {
	in, shown := l.input(who.Desk), l.sees(who)
	return l.drawn(func(ctx context.Context) interface{ Text() string } {
		v := view.InboxOf(in, lang)
		shown(ctx, v.Messages...)
		return v
	})
}

func (l *Line) allCalls(who act.Who, lang string, _ act.Plain) (act.Reply, error) {
	in := l.input(who.Desk)
	in.Calls = l.callStates()
	return draw(l, in, lang, view.CallsOf)
}

func (l *Line) logged(who act.Who, lang string, a act.ReadLog) (act.Reply, error) {
	in := l.input(who.Desk)
	in.Log = l.newestEntries(cmp.Or(a.Last, 40))
	return draw(l, in, lang, view.LogOf)
}

func (l *Line) contacts(who act.Who, lang string, a act.Contacts) (act.Reply, error) {
	f, err := l.counterparts(a)
	if err != nil {
		return act.Reply{}, err
	}
	since := strings.TrimSpace(a.Since + a.Last)
	if ev, err := l.register().FindEvent(a.Since, l.rec); err == nil && a.Since != "" {
		since = ev.Title(lang)
	}
	return draw(l, l.input(who.Desk), lang, func(in view.Input, lang string) view.ContactsView { return view.ContactsOf(in, lang, f, since) })
}

func (l *Line) phrases(_ act.Who, lang string, a act.PhraseList) (act.Reply, error) {
	v := view.PhrasesOf(lang)
	if a.Code != "" {
		v.Rows = slices.DeleteFunc(v.Rows, func(p view.Phrase) bool { return p.Code != a.Code })
		if len(v.Rows) == 0 {
			return act.Reply{}, &act.Error{What: fmt.Sprintf("there is no phrase %q", a.Code), Hint: "see: parley phrase list"}
		}
	}
	return act.Reply{Text: v.Text(), Data: v}, nil
}

// sees gives what states messages *shown*, those that were not yet, once they are drawn whole before the officer who
// asked: where nobody sees them it does nothing.
func (l *Line) sees(who act.Who) func(context.Context, ...view.Message) {
	d := l.desks[who.Desk]
	if !who.Sees || d == nil || !d.on || who.Officer == "" || l.dead != nil {
		return func(context.Context, ...view.Message) {}
	}
	d.lastKey = l.now
	return func(ctx context.Context, ms ...view.Message) {
		var ids []string
		for _, m := range ms {
			if !m.Ours {
				ids = append(ids, m.ID)
			}
		}
		if _, err := l.step(ctx, func() (act.Reply, error) { return l.shown(who, "", act.Shown{IDs: ids}) }); err != nil {
			l.log.Warn("couldn't state what was shown", "err", err)
		}
	}
}

// showOne answers show ID: the statement, its item, and its bytes as they were signed.
func (l *Line) showOne(who act.Who, lang string, a act.Item) (act.Reply, error) {
	e, err := l.find(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	key, as := l.rec.ItemOf(e), *e
	var m *message.State
	var s *stop.State
	var c *call.State
	in := l.input(who.Desk)
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
			c, in.Calls = &st, l.callStates()
		}
	}
	item, shown := l.item(key), l.sees(who)
	return l.drawn(func(ctx context.Context) interface{ Text() string } {
		v := view.ShowOf(in, lang, &as, item, m, s, c)
		if v.Message != nil {
			shown(ctx, *v.Message)
		}
		return v
	})
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

// export gives the whole shared record as one file that anyone can verify offline. The loop only lists what is in it. SPEC: NOD-018
func (l *Line) export(act.Who, string, act.Plain) (act.Reply, error) {
	return act.Reply{Text: fmt.Sprintf("%d logs", len(l.rec.Logs())), File: verify.FromRecord(l.cfg.GenesisText, l.cfg.Terms, l.cfg.Sheets, l.rec)}, nil
}
