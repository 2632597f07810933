// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/stop"
)

// StatusOf answers status.
func StatusOf(in Input, lang string) StatusView {
	d := Build(in, lang)
	return StatusView{Line: d.Line, AsOf: d.AsOf, Header: d.Header, Sentences: d.Sentences, Unrecorded: d.Unrecorded, Alarms: d.Alarms, Stops: standing(d.Stops),
		Liveness: d.Liveness, Call: d.Call, Check: d.Check, Counterparts: d.Counterparts, Lang: d.Lang}
}

func standing(stops []Stop) []Stop {
	return slices.DeleteFunc(stops, func(s Stop) bool { return !s.Stands })
}

// InboxOf answers inbox: what waits for a person here, what is urgent first, then by clock. SPEC: PAG-026
func InboxOf(in Input, lang string) InboxView {
	b := newBuilder(in, lang)
	v := InboxView{Lang: b.lang, AsOf: in.Now.UTC(), Stops: []Stop{}, Messages: []Message{}, Question: b.check().Question}
	for _, s := range b.stops() {
		if s.Stands && !s.Ours {
			v.Stops = append(v.Stops, s)
		}
	}
	for _, m := range b.messages() {
		if _, yes := waits(m); yes {
			v.Messages = append(v.Messages, m)
		}
	}
	v.More = b.more()
	slices.SortStableFunc(v.Messages, func(x, y Message) int {
		if x.Urgent != y.Urgent {
			return map[bool]int{true: -1, false: 1}[x.Urgent]
		}
		dx, _ := waits(x)
		dy, _ := waits(y)
		if dx.IsZero() != dy.IsZero() { // without a clock: last
			return map[bool]int{true: 1, false: -1}[dx.IsZero()]
		}
		return dx.Compare(dy)
	})
	return drawn(v)
}

// LogOf answers log: the statements handed in, newest first.
func LogOf(in Input, lang string) LogView {
	b := newBuilder(in, lang)
	return drawn(LogView{Lang: b.lang, AsOf: in.Now.UTC(), Rows: b.log()})
}

// ShowOf answers show: one statement with its item. The states are those of its item, where it has one; a nil one is
// none. hide keeps what the message says back: its values are to be read back from elsewhere.
func ShowOf(in Input, lang string, e *record.Entry, item *record.Item, m *message.State, s *stop.State, c *call.State) ShowView {
	b := newBuilder(in, lang)
	v := ShowView{Lang: b.lang, AsOf: in.Now.UTC(), Row: b.logRow(e), Item: []LogRow{}, Leaf: base64.StdEncoding.EncodeToString(e.Leaf[:]), Header: string(e.Note()), Facts: string(e.FactsB)}
	if e.Words != nil {
		v.FreeText = e.Words.Text
	}
	if e.Receipt != nil {
		v.Receipt = string(e.Receipt.Note())
	}
	for _, r := range e.Re {
		v.Referenced = append(v.Referenced, b.IDs.ShortPlace(r.Place))
	}
	if item != nil {
		for _, x := range item.Entries {
			v.Item = append(v.Item, b.logRow(x))
		}
	}
	if m != nil && m.Begin != nil {
		x := b.message(*m)
		v.Message = &x
	}
	if s != nil && len(s.Presses) > 0 {
		x := b.stop(*s)
		v.Stop = &x
	}
	if c != nil {
		x := b.callRow(*c)
		v.Call = &x
	}
	return drawn(v)
}

// CallsOf answers calls.
func CallsOf(in Input, lang string) CallsView {
	b := newBuilder(in, lang)
	return drawn(CallsView{Lang: b.lang, AsOf: in.Now.UTC(), Rows: b.calls()})
}

// ChecksOf answers checks: every slot, newest first.
func ChecksOf(in Input, lang string) ChecksView {
	b := newBuilder(in, lang)
	v := ChecksView{Lang: b.lang, AsOf: in.Now.UTC(), Check: b.check(), Rows: []CheckRow{}}
	for _, d := range slices.Backward(in.Check.Figures.Days) {
		for _, s := range slices.Backward(d.Slots) {
			if s.Outcome != check.Pending || s.Overdue {
				v.Rows = append(v.Rows, b.slot(s))
			}
		}
	}
	return drawn(v)
}

// ContactsOf answers contacts; since is the event's title or the date that the figures count from.
func ContactsOf(in Input, lang string, f contact.Figures, since string) ContactsView {
	b := newBuilder(in, lang)
	v := ContactsView{Lang: b.lang, AsOf: in.Now.UTC(), Counterparts: b.counterparts(f, since), Contacts: []ContactRow{}, Sought: []RequestRow{}}
	for _, c := range f.Contacts {
		v.Contacts = append(v.Contacts, b.contact(c))
	}
	for _, r := range f.Sought {
		v.Sought = append(v.Sought, b.request(r))
	}
	if f.Level > 0 {
		v.Highest = b.t("level.n", f.Level)
	}
	return drawn(v)
}

func (b builder) contact(c *contact.Contact) ContactRow {
	r := ContactRow{When: b.date(c.When), Kind: b.or("contact", c.Kind), Channel: b.or("chan", c.Channel), Basis: c.Basis, ToldBy: c.ToldBy, Party: c.Party, Mark: c.Mark, Private: c.Private, With: []string{}}
	if c.Entry != nil {
		r.ID = b.IDs.Short(c.Entry)
	}
	for _, p := range c.Posts {
		r.With = append(r.With, b.post(p.String()))
	}
	return r
}

func (b builder) request(q *contact.Request) RequestRow {
	r := RequestRow{For: b.or("contact", q.For), From: b.post(q.FromPost.String()), With: b.post(q.WithPost.String()), When: b.date(q.When), Standing: q.Standing,
		Status: q.Status, Word: b.or("request", q.Status), Still: q.Sought, Party: q.Party, Mark: q.Mark, Attempts: []AttemptRow{}}
	if q.Entry != nil {
		r.ID = b.IDs.Short(q.Entry)
	}
	for _, a := range q.Attempts {
		r.Attempts = append(r.Attempts, AttemptRow{When: b.date(a.When), Outcome: a.Outcome, Word: b.or("request", a.Outcome), ToldBy: a.ToldBy, Reason: a.Reason, Party: a.Party,
			Standing: a.Standing})
	}
	return r
}

// AlarmsOf answers alarm list.
func AlarmsOf(in Input, lang string) AlarmsView {
	b := newBuilder(in, lang)
	return drawn(AlarmsView{Lang: b.lang, AsOf: in.Now.UTC(), Rows: b.alarms()})
}

// OfficersOf answers officer list; desks names the desks where an officer's short ID is signed on.
func OfficersOf(in Input, lang string, desks map[string][]string) OfficersView {
	b := newBuilder(in, lang)
	v := OfficersView{Lang: b.lang, Rows: []Officer{}}
	for _, o := range b.Register.Officers {
		if o.Revoked != nil {
			continue
		}
		id := b.IDs.ShortPlace(o.Place)
		v.Rows = append(v.Rows, Officer{ID: id, Name: o.Name, Party: o.Party, Account: o.Account, Number: o.Number, Langs: o.Langs, Releaser: o.Releaser, Desks: desks[id]})
	}
	return drawn(v)
}

// PostsOf answers post list, by party and level.
func PostsOf(in Input, lang string) PostsView {
	b := newBuilder(in, lang)
	v := PostsView{Lang: b.lang, Rows: []Post{}}
	for _, p := range b.Register.Posts {
		var pairs []string
		for _, q := range p.Counterparts {
			pairs = append(pairs, b.post(q.String()))
		}
		v.Rows = append(v.Rows, Post{ID: b.IDs.ShortPlace(p.Place), Name: p.Title(b.lang), Org: p.Org, Level: p.Level, Party: p.Of(b.Us, b.Them), Pair: strings.Join(pairs, ", "), Number: p.Number})
	}
	slices.SortStableFunc(v.Rows, func(x, y Post) int {
		return cmp.Or(cmp.Compare(x.Party, y.Party), cmp.Compare(x.Level, y.Level))
	})
	return drawn(v)
}

// PhrasesOf answers phrase list.
func PhrasesOf(lang string) PhrasesView {
	b := newBuilder(Input{}, lang)
	return PhrasesView{Lang: b.lang, Rows: b.phrases()}
}
