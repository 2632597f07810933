// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/stop"
	"example.org/parley/verify"
	"example.org/parley/words"
)

// drawn answers with what f draws in the goroutine of who asked, of what was gathered here. SPEC: NOD-019
func (l *Line) drawn(f func(ctx context.Context) view.Desk) (act.Reply, error) {
	l.tx.draw = func(ctx context.Context, _ bool) (act.Reply, error) {
		d := f(ctx)
		return act.Reply{Text: d.Text(), Data: d}, nil
	}
	return act.Reply{}, nil
}

// asked answers a question from what a desk sees: what --json prints is what the page draws and the shell's table says.
func (l *Line) asked(in view.Input, lang string, question act.Act) (act.Reply, error) {
	return l.drawn(func(context.Context) view.Desk { return view.Answer(in, lang, question.Verb()) })
}

// ask is the handler of a question without arguments; more, where there is one, gathers what it alone asks for.
func ask(which act.Plain, more func(l *Line, in *view.Input)) handler {
	return on(func(l *Line, who act.Who, lang string, a act.Plain) (act.Reply, error) {
		in := l.input(who.Desk)
		if more != nil {
			more(l, &in)
		}
		return l.asked(in, lang, a)
	}, which)
}

// questions change nothing, but that a terminal is a desk: what inbox and show draw there before an officer who is signed
// on is stated *shown*. What goes into a pipe is drawn before nobody.
var questions = []handler{
	ask(act.Status, func(l *Line, in *view.Input) { in.Figures, _ = l.figures(time.Time{}) }), ask(act.AlarmList, nil), ask(act.PostList, nil), ask(act.EventList, nil), on((*Line).card, act.Card), on((*Line).readoutsAsked), on((*Line).finds), on((*Line).brief),
	ask(act.Calls, func(l *Line, in *view.Input) { in.Calls = l.callStates() }),
	ask(act.OfficerList, func(l *Line, in *view.Input) { in.SignedOn = l.signedOn() }),
	on((*Line).inbox, act.Inbox), on((*Line).logged), on((*Line).showOne),
	on((*Line).contacts), on((*Line).requests), on((*Line).raised), on((*Line).askChecks), on((*Line).askFigures), on((*Line).phrases), on((*Line).export, act.Export), on((*Line).exportAlone, act.ExportAlone), on((*Line).claimed), on((*Line).pressDraft), on((*Line).pressRelease), on((*Line).pressList, act.PressList), on((*Line).verified, act.Verify),
}

func (l *Line) inbox(who act.Who, lang string, a act.Plain) (act.Reply, error) {
	in, shown := l.input(who.Desk), l.sees(who)
	in.Contacts.Scheduled = l.near()
	return l.drawn(func(ctx context.Context) view.Desk {
		d := view.Answer(in, lang, a.Verb())
		shown(ctx, d.Messages)
		return d
	})
}

// Limits of one page of the record: what is looked through for it outside the loop, and what the loop lists at a time.
const (
	maxRead = 1000
	maxLook = 10_000
)

// logged answers with the newest statements that fit, and where the next page begins. The loop lists those that may fit
// by their heads, some at a time; their words are read by who asks. SPEC: PAG-055
func (l *Line) logged(who act.Who, lang string, a act.ReadLog) (act.Reply, error) {
	return l.search(who, lang, a, map[bool]string{true: "log.sheet", false: a.Verb()}[a.ICS309], maxRead)
}

// maxFound is how many statements a search of everything gives.
const maxFound = 200

// finds looks through all that people wrote, to the beginning. SPEC: SVC-010
func (l *Line) finds(who act.Who, lang string, a act.Find) (act.Reply, error) {
	return l.search(who, lang, act.ReadLog{Words: a.Words, Last: maxFound}, a.Verb(), l.rec.Len())
}

// search answers a question with what fits, of as many of the newest statements as are to be read for it.
func (l *Line) search(who act.Who, lang string, a act.ReadLog, question string, reads int) (act.Reply, error) {
	at, before := l.rec.Len(), time.Time{}
	if a.Before != "" {
		e, err := l.find(a.Before)
		if err != nil {
			return act.Reply{}, err
		}
		at, before = e.Arrived-1, e.Time
	}
	var from, to time.Time
	for _, b := range []struct {
		said string
		t    *time.Time
		of   func(statement.When) time.Time
	}{{a.From, &from, statement.When.Earliest}, {a.To, &to, statement.When.Latest}} {
		if b.said == "" {
			continue
		}
		w, err := statement.ReadWhen(b.said)
		if err != nil {
			return act.Reply{}, err
		}
		*b.t = b.of(w)
	}
	fits := func(e *record.Entry) bool {
		return l.durable(e) && about(e, a.Kind) && !e.Time.Before(from) && (to.IsZero() || !e.Time.After(to))
	}
	in, most := l.input(who.Desk), cmp.Or(a.Last, 40)
	own := l.notes(func(e *record.Entry) bool { return fits(e) && (before.IsZero() || e.Time.Before(before)) })
	return l.drawn(func(ctx context.Context) view.Desk {
		read := view.Finder(in, lang, strings.Fields(a.Words), a.Person)
		in.Log = nil
		left := max(reads, most)
		for len(in.Log) < most && left > 0 && at > 0 {
			var some []*record.Entry
			was := at
			if err := l.between(ctx, func() { some, at = l.listed(at, min(left, most), fits) }); err != nil || was == at {
				break
			}
			for i, e := range some {
				left--
				if !read(e) {
					continue
				}
				if in.Log = append(in.Log, e); len(in.Log) == most {
					at = some[i].Arrived - 1
					break
				}
			}
		}
		slices.Reverse(in.Log)
		for _, e := range own { // where they belong by their time, as far back as the page goes
			i := slices.IndexFunc(in.Log, func(x *record.Entry) bool { return x.Time.After(e.Time) })
			if (i != 0 || at == 0) && read(e) {
				in.Log = slices.Insert(in.Log, cmp.Or(i+1, len(in.Log)+1)-1, e)
			}
		}
		d := view.Answer(in, lang, question)
		if at > 0 {
			_ = l.between(ctx, func() {
				if e := l.rec.Arrived(at + 1); e != nil {
					d.Older, d.Back = l.rec.Short(e), e.Time
				}
			})
		}
		return d
	})
}

// between runs f in the loop, between two of its steps, and waits for it.
func (l *Line) between(ctx context.Context, f func()) error {
	done, given := make(chan struct{}), true
	err := l.in(ctx, l.looks, func() {
		defer close(done)
		f()
		given = false
	})
	if err == nil {
		if <-done; given {
			err = errGivenUp
		}
	}
	return err
}

// about reports whether a statement is about something: one word of its kind, or the traffic of the line.
func about(e *record.Entry, what string) bool {
	head, rest, _ := strings.Cut(e.Kind, ".")
	if what == "traffic" {
		return head == "message" && slices.Contains(message.KindNames, rest) || e.Kind == "stop.sent" || e.Kind == "call.placed"
	}
	return what == "" || head == what
}

// listed gives copies of those that fit of what came before a place in the order of arrival, newest first, and how far it
// looked.
func (l *Line) listed(at, most int, fits func(*record.Entry) bool) (out []*record.Entry, to int) {
	at = min(at, l.rec.Len()) // another record may have taken its place
	for end := max(0, at-maxLook); at > end && len(out) < most; at-- {
		if e := l.rec.Arrived(at); fits(e) {
			as := *e
			out = append(out, &as)
		}
	}
	return out, at
}

// verified says of the whole shared record what the offline verifier says of its export. It holds the record a second time
// in memory while it does: one at a time. SPEC: PAG-053
func (l *Line) verified(act.Who, string, act.Plain) (act.Reply, error) {
	file := verify.FromRecord(l.cfg.GenesisText, l.cfg.Terms, l.cfg.Sheets, l.rec, l.durable, l.withheld)
	l.tx.draw = func(context.Context, bool) (act.Reply, error) {
		if !l.verifying.TryLock() {
			return act.Reply{}, hint.New("ask again when it has ended", "the record is being verified already")
		}
		defer l.verifying.Unlock()
		r, w := io.Pipe()
		go func() { w.CloseWithError(file(w)) }() // ends with the file, or with its reader
		defer r.Close()
		found := verify.Verify(r, verify.Expected{})
		return act.Reply{Text: found.String(), Data: found}, nil
	}
	return act.Reply{}, nil
}

func (l *Line) phrases(_ act.Who, lang string, a act.PhraseList) (act.Reply, error) {
	d := view.Answer(view.Input{}, lang, a.Verb())
	if a.Code != "" {
		d.Phrases = slices.DeleteFunc(d.Phrases, func(p view.Choice) bool { return p.Code != a.Code })
		if len(d.Phrases) == 0 {
			return act.Reply{}, hint.New("see: parley phrase list", "there is no phrase %q", a.Code)
		}
	}
	return act.Reply{Text: d.Text(), Data: d}, nil
}

// sees gives what states messages *shown*, those that were not yet, once they are drawn whole before the officer who
// asked: where nobody sees them it does nothing.
func (l *Line) sees(who act.Who) func(context.Context, []view.Message) {
	d := l.desks[who.Desk]
	if !who.Sees || d == nil || !d.on || who.Officer == "" || l.disk.dead != nil {
		return func(context.Context, []view.Message) {}
	}
	d.lastKey = l.now
	return func(ctx context.Context, ms []view.Message) {
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
func (l *Line) showOne(who act.Who, lang string, a act.Show) (act.Reply, error) {
	e, err := l.findAny(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	key, as := l.rec.ItemOf(e), *e
	var m *message.State
	var s *stop.State
	var c *call.State
	in := l.at(l.outline(), who.Desk)
	l.alive(&in)
	head, _, _ := strings.Cut(e.Kind, ".")
	switch head {
	case "message":
		if st, ok := fold[message.State](l, key); ok && st.Begin != nil {
			m, in.Dues = &st, l.dues([]message.State{st})
		}
	case "stop":
		if st, ok := fold[stop.State](l, key); ok {
			s = &st
		}
	case "call":
		if st, ok := fold[call.State](l, key); ok {
			c, in.Calls = &st, nil
			if st.Outcome.Became != "" { // it is named by its short ID
				in.Calls = l.callStates()
			}
		}
	}
	item, _ := l.item(key)
	shown, around := l.sees(who), l.around(&as, key, a.Private)
	return l.drawn(func(ctx context.Context) view.Desk {
		d := view.Show(in, lang, &as, item, m, s, c, around)
		if len(d.Messages) > 0 {
			shown(ctx, d.Messages)
		}
		return d
	})
}

// signedOn gives the desks of each officer, by his short ID.
func (l *Line) signedOn() map[string][]string {
	m := map[string][]string{}
	for _, n := range sortedKeys(l.desks) {
		if d := l.desks[n]; d.on {
			id := d.who.Officer
			if o := l.register().OfficerAt(l.author(d.who).Officer); o != nil {
				id = l.rec.Short(o.Entry)
			}
			m[id] = append(m[id], n)
		}
	}
	return m
}

// export gives the whole shared record as one file that anyone can verify offline. The loop only lists what is in it. SPEC: NOD-018
func (l *Line) export(_ act.Who, lang string, _ act.Plain) (act.Reply, error) {
	write := verify.FromRecord(l.cfg.GenesisText, l.cfg.Terms, l.cfg.Sheets, l.rec, l.durable, l.withheld)
	return act.Reply{Text: fmt.Sprintf(words.Say(lang, "%d logs"), len(l.rec.Logs())), File: func(w io.Writer) error {
		defer func() { go debug.FreeOSMemory() }() // what reading has left behind
		return write(w)
	}}, nil
}
