// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/stop"
)

// questions are the verbs that are answered with a part of the desk.
var questions = map[string]func(b builder, d *Desk){
	"status": func(b builder, d *Desk) {
		*d = b.status()
		d.Stops = slices.DeleteFunc(d.Stops, func(s StopCard) bool { return !s.Stands })
	},
	"inbox":        builder.inbox,
	"card":         builder.card,
	"log":          func(b builder, d *Desk) { d.Log = b.log() },
	"terms.show":   func(b builder, d *Desk) { d.Sentences, d.Slots = b.Terms, b.Schedule },
	"path.list":    func(b builder, d *Desk) { d.Sentences, d.Issue, d.Soon = b.Terms, b.Issue, b.Soon },
	"brief":        builder.brief,
	"readouts":     builder.readouts,
	"find":         func(b builder, d *Desk) { d.Log = b.log() },
	"log.sheet":    builder.logSheet,
	"calls":        func(b builder, d *Desk) { d.Calls = b.calls() },
	"checks":       builder.slots,
	"figures":      func(b builder, d *Desk) { d.Check, d.Figures = b.check(), b.lineFigures() },
	"contacts":     builder.contacts,
	"requests":     builder.requests,
	"raised":       builder.raised,
	"alarm.list":   func(b builder, d *Desk) { d.Alarms = b.alarms() },
	"officer.list": builder.officers,
	"post.list":    builder.posts,
	"event.list":   builder.events,
	"phrase.list":  func(b builder, d *Desk) { d.Phrases = b.phrases() },

	"statement.list": func(b builder, d *Desk) { d.Press = b.Press },
}

// Answer answers a question by its verb.
func Answer(in Input, lang, verb string) Desk {
	b := newBuilder(in, lang)
	d := b.answer(verb)
	questions[verb](b, &d)
	return scrubbed(d)
}

// inbox is what waits for a person here, what is urgent first, then by clock. SPEC: PAG-026
func (b builder) inbox(d *Desk) {
	d.Check, d.More, d.Messages, d.Sentences = b.check(), b.more(), []Message{}, b.agreed()
	d.Stops = slices.DeleteFunc(b.stops(), func(s StopCard) bool { return !s.Stands || s.Ours })
	until := map[string]time.Time{}
	for _, m := range b.messages() {
		if u, yes := waits(m); yes {
			until[m.ID] = u
			d.Messages = append(d.Messages, m)
		}
	}
	last := func(yes bool) int { return map[bool]int{true: 1}[yes] }
	slices.SortStableFunc(d.Messages, func(x, y Message) int {
		dx, dy := until[x.ID], until[y.ID]
		return cmp.Or(last(y.Urgent)-last(x.Urgent), last(dx.IsZero())-last(dy.IsZero()), dx.Compare(dy)) // without a clock: last
	})
}

// waits says whether a message asks something of a person here, and until when.
func waits(m Message) (until time.Time, yes bool) {
	for _, s := range m.Steps {
		if (s.State == "due" || s.State == "overdue") && (until.IsZero() || s.Due.Before(until)) {
			until = s.Due
		}
	}
	return until, slices.ContainsFunc(m.Acts, func(a string) bool { return a == "ack" || a == "respond" || a == "comply" })
}

// slots are those of the checks that are over or should be, newest first.
func (b builder) slots(d *Desk) {
	d.Check, d.Figures, d.Checks = b.check(), b.lineFigures(), []check.State{}
	for _, s := range slices.Backward(b.Checks.Slots) {
		if s.Outcome != check.Pending || s.Overdue {
			d.Checks = append(d.Checks, bare(s))
		}
	}
}

func (b builder) short(e *record.Entry) string {
	if e == nil {
		return ""
	}
	return b.IDs.Short(e)
}

func (b builder) officers(d *Desk) {
	d.Officers = []Listed[register.Officer]{}
	for _, o := range b.Register.Officers {
		if id := b.IDs.ShortPlace(o.Place); o.Ended == nil {
			d.Officers = append(d.Officers, Listed[register.Officer]{ID: id, Party: o.Party, Facts: *o, Desks: b.SignedOn[id]})
		}
	}
}

// posts are by party and level.
func (b builder) posts(d *Desk) {
	d.Posts = []Listed[register.Post]{}
	for _, p := range b.Register.Posts {
		if p.Ended != nil {
			continue
		}
		var pairs []string
		for _, q := range p.Counterparts {
			pairs = append(pairs, b.post(q.String()))
		}
		f := *p
		f.Name, f.Names, f.Pair = p.Title(b.lang), nil, strings.Join(pairs, ", ")
		d.Posts = append(d.Posts, Listed[register.Post]{ID: b.IDs.ShortPlace(p.Place), Party: p.Of(), Facts: f})
	}
	slices.SortStableFunc(d.Posts, func(x, y Listed[register.Post]) int {
		return cmp.Or(cmp.Compare(x.Party, y.Party), cmp.Compare(x.Facts.Level, y.Facts.Level))
	})
}

func (b builder) events(d *Desk) {
	d.Events = []Listed[register.Event]{}
	for _, e := range b.Register.Events {
		if e.Ended == nil {
			f := *e
			f.Name, f.Names = e.Title(b.lang), nil
			d.Events = append(d.Events, Listed[register.Event]{ID: b.IDs.ShortPlace(e.Place), Party: e.Party, Facts: f})
		}
	}
	slices.SortStableFunc(d.Events, func(x, y Listed[register.Event]) int { return x.Facts.When.Earliest().Compare(y.Facts.When.Earliest()) })
}

// Show answers show: one statement as it was signed, the others of its item, and the item as it is drawn, where it has a
// state: the message, the STOP or the call; nil is none.
func Show(in Input, lang string, e *record.Entry, item *record.Item, m *message.State, s *stop.State, c *call.State, around Around) Desk {
	b := newBuilder(in, lang)
	d := b.answer("show")
	r := b.logRow(e)
	r.Leaf, r.Header, r.Facts = base64.StdEncoding.EncodeToString(e.Leaf[:]), string(e.Note()), string(e.Facts())
	if w := e.Words(); w != nil {
		r.Text = w.Text
	}
	said := e.Said()
	if e.Kind == contact.KindMade || e.Kind == contact.KindPlaced { // drawn whole below, in the reader's language
		said = nil
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		r.Text = strings.TrimPrefix(r.Text+"\n"+name+": "+said[name], "\n")
	}
	if e.Receipt != nil {
		r.Receipt = string(e.Receipt.Note())
	}
	d.Log = []LogRow{r}
	if item != nil {
		for _, x := range item.Entries {
			if x.Leaf != e.Leaf {
				d.Log = append(d.Log, b.logRow(x))
			}
		}
	}
	if m != nil && m.Begin != nil {
		d.Messages = []Message{b.message(*m)}
	}
	if s != nil && len(s.Steps[stop.Sent]) > 0 {
		d.Stops = []StopCard{b.stop(*s)}
	}
	if c != nil {
		d.Calls = []Call{b.pastCall(*c)}
		d.Calls[0].Text = b.wrote(c.Lines)
	}
	b.around(&d, around)
	return scrubbed(d)
}
