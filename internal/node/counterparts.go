// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.org/parley/call"
	"example.org/parley/contact"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/store"
	"example.org/parley/internal/view"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/words"
)

var counterpartActs = append([]handler{
	on((*Line).contactAdd), on((*Line).contactAdd, act.ContactAdd{Do: "contact.correct"}), on((*Line).concernRaise),
	on((*Line).requestRecord), on((*Line).requestPlace), on((*Line).requestAgain, act.RequestAgain{Do: "request.again"}), on((*Line).requestAgain, act.RequestAgain{Do: "request.renew"}),
	on((*Line).requestOutcome), on((*Line).requestOutcome, act.RequestOutcome{Do: "request.correct"}), on((*Line).assess),
}, slices.Concat(
	ons((*Line).word, func(do string) act.Saying { return act.Saying{Do: do} }, "contact.confirm", "contact.dispute", "concern.answer", "concern.overtaken", "request.confirm", "request.dispute", "request.withdraw"),
	ons((*Line).requestAnswer, func(do string) act.RequestAnswer { return act.RequestAnswer{Do: do} }, "request.accept", "request.decline", "request.defer", "request.counter"))...)

// ons makes the handlers of acts that share a type.
func ons[A act.Act](f func(l *Line, who act.Who, lang string, a A) (act.Reply, error), of func(do string) A, verbs ...string) (hs []handler) {
	for _, v := range verbs {
		hs = append(hs, on(f, of(v)))
	}
	return hs
}

func (l *Line) contactAdd(who act.Who, lang string, a act.ContactAdd) (act.Reply, error) {
	n := names{l: l}
	f := contact.Contact{Kind: a.Kind, Channel: a.Channel, Place: a.Place, Host: a.Host, Basis: a.Basis, Source: a.Source,
		Occasion: n.of(a.Occasion), Follows: n.of(a.Follows), Participants: n.participants(a), By: l.author(who)}
	if a.When != "" || a.Corrects == "" {
		f.When = n.happened(a.When)
	}
	host := []string{"", l.cfg.Us.Name, l.cfg.Them.Name}
	if i := slices.IndexFunc(host, func(p string) bool { return register.Same(p, a.Host) }); i > 0 {
		f.Host = host[i]
	}
	if a.Quote != "" && a.Text != "" {
		n.err = statement.First(n.err, statement.Refuse("leave one of them out", "words that are quoted and words of your own cannot stand in one statement"))
	}
	var was *contact.Contact
	if a.Corrects != "" {
		e, err := l.findAny(a.Corrects)
		if n.err = statement.First(n.err, err); n.err != nil {
			return act.Reply{}, n.err
		}
		s, _ := fold[contact.State](l, l.rec.ItemOf(e))
		if was = s.Contact; was == nil && n.err == nil {
			n.err = hint.New("see: parley contacts", "%s is not a contact", a.Corrects)
		} else if was != nil {
			was = l.settled().Contact(e.Place())
		}
	}
	if n.err != nil {
		return act.Reply{}, n.err
	}
	mark := l.mark(a.Mark)
	d, err := contact.MadeDraft(l.cfg.Us.Name, f, mark, free(cmp.Or(a.Quote, a.Text), a.Lang, lang), was)
	if err == nil && (a.Private || was != nil && was.Private) {
		return l.statePrivate(d, lang)
	}
	return l.reply(d, err)
}

// free are free words in a language, else in that of who writes them; nil for none.
func free(text, said, lang string) *record.Text {
	if text == "" {
		return nil
	}
	return &record.Text{Lang: cmp.Or(said, words.Lang(lang)), Text: text}
}

// participants reads POST or POST:NUMBER, the post whose words they are first, and who they were.
func (n *names) participants(a act.ContactAdd) (out []contact.Participant) {
	people := map[string][]string{}
	for post, names := range a.People {
		for _, name := range strings.Split(names, ";") {
			people[n.post(post)] = append(people[n.post(post)], strings.TrimSpace(name))
		}
	}
	with := a.Participants
	if a.By != "" {
		with = append([]string{a.By}, with...)
	}
	for _, w := range with {
		p := contact.Participant{}
		if i := strings.LastIndex(w, ":"); i > 0 {
			if number, err := strconv.Atoi(w[i+1:]); err == nil {
				p.Number, w = number, w[:i]
			}
		}
		p.Post = n.post(w)
		p.Names = people[p.Post]
		out = append(out, p)
		delete(people, p.Post)
	}
	if len(people) > 0 && a.Corrects == "" {
		n.err = statement.First(n.err, hint.New("name the post with --with too", "people are named of a post that took no part"))
	}
	return out
}

// folded gives what a short ID names as it stands, and its statement.
func (n *names) folded(id string) (contact.State, *record.Entry) {
	e, err := n.l.find(id)
	if n.err = statement.First(n.err, err); err != nil {
		return contact.State{}, nil
	}
	s, _ := fold[contact.State](n.l, n.l.rec.ItemOf(e))
	return s, e
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
	f := contact.Request{For: a.For, When: n.happened(a.When), From: n.post(a.By), With: n.post(a.With), Standing: a.Standing, Way: a.Way, Basis: a.Basis, Source: a.Source, By: l.author(who)}
	return n.reply(func() (record.Draft, error) { return contact.PlacedDraft(l.cfg.Us.Name, f, l.mark(a.Mark), nil) })
}

// requestPlace asks for a call or a meeting on the line.
func (l *Line) requestPlace(who act.Who, lang string, a act.RequestPlace) (act.Reply, error) {
	return l.requestRecord(who, lang, act.RequestRecord{By: a.By, With: a.With, For: a.For, Standing: a.Standing, Mark: a.Mark,
		When: statement.At(l.now).String(), Way: contact.ByLine, Basis: contact.Own})
}

// request gives the request that a short ID is of.
func (n *names) request(id string) (*contact.Request, *record.Entry) {
	s, e := n.folded(id)
	if s.Request == nil && n.err == nil {
		n.err = hint.New("see: parley requests", "%s is not a request", id)
	}
	return s.Request, e
}

func (l *Line) requestAgain(who act.Who, _ string, a act.RequestAgain) (act.Reply, error) {
	n := names{l: l}
	r, _ := n.request(a.ID)
	f := contact.Attempt{When: statement.At(l.now), Way: a.Way, Basis: cmp.Or(a.Basis, contact.Own), Source: a.Source, By: l.author(who)}
	if a.When != "" {
		f.When = n.happened(a.When)
	}
	return n.reply(func() (record.Draft, error) { return contact.TriedDraft(r, l.cfg.Us.Name, f, a.Do == "request.renew") })
}

func (l *Line) requestOutcome(who act.Who, _ string, a act.RequestOutcome) (act.Reply, error) {
	n := names{l: l}
	r, e := n.request(a.ID)
	f := contact.Result{Outcome: a.Outcome, At: a.At, Until: a.Until, Who: a.Who, Behalf: a.Behalf, ToldBy: a.ToldBy, Reason: a.Reason, By: l.author(who)}
	if a.On != "" {
		f.On = n.happened(a.On)
	}
	if n.err != nil {
		return act.Reply{}, n.err
	}
	if x := r.Attempt(e); a.Do != "" && (x.Result == nil || x.Result.Entry.Log.Party != l.cfg.Us.Name) && (x.Other == nil || x.Other.Entry.Log.Party != l.cfg.Us.Name) {
		return act.Reply{}, hint.New("state it first: parley request outcome", "we have not stated yet what became of %s", a.ID)
	}
	return l.reply(contact.OutcomeDraft(r, e, l.cfg.Us.Name, f))
}

// requestAnswer answers a request of the other side: it is stated by who was sought, now.
//
// SPEC: CNT-022
func (l *Line) requestAnswer(who act.Who, _ string, a act.RequestAnswer) (act.Reply, error) {
	n := names{l: l}
	r, e := n.request(a.ID)
	if n.err == nil && r.Party == l.cfg.Us.Name {
		n.err = hint.New("what they answered is: parley request outcome", "this request is our own: the other side answers it")
	}
	if n.err == nil && !a.At.IsZero() && a.At.Before(l.now) {
		n.err = hint.New("give a time to come", "%s is past", statement.At(a.At))
	}
	outcome := map[string]string{"request.accept": contact.Accepted, "request.decline": contact.Declined, "request.defer": contact.Deferred, "request.counter": contact.CounterProposed}[a.Do]
	if n.err != nil {
		return act.Reply{}, n.err
	}
	f := contact.Result{Outcome: outcome, On: statement.At(l.now), At: a.At, Until: a.Until, Who: a.Who, Behalf: a.Behalf, Reason: a.Reason, By: l.author(who)}
	return l.reply(contact.OutcomeDraft(r, e, l.cfg.Us.Name, f))
}

func (l *Line) concernRaise(who act.Who, lang string, a act.ConcernRaise) (act.Reply, error) {
	n := names{l: l}
	s, _ := n.folded(a.ID)
	if s.Contact == nil && n.err == nil {
		n.err = hint.New("see: parley contacts", "%s is not a contact", a.ID)
	}
	return n.reply(func() (record.Draft, error) {
		return contact.RaisedDraft(l.cfg.Us.Name, s.Contact, contact.Concern{By: l.author(who)}, free(a.Text, a.Lang, lang))
	})
}

// word states a yes, a no or an end, of what the short ID names.
func (l *Line) word(who act.Who, lang string, a act.Saying) (act.Reply, error) {
	if a.ID == allBefore {
		return l.wordBefore(who, lang, a)
	}
	n := names{l: l}
	s, e := n.folded(a.ID)
	if n.err != nil {
		return act.Reply{}, n.err
	}
	us, v := l.cfg.Us.Name, contact.Verdict{Reason: a.Reason, By: l.author(who)}
	about, do, _ := strings.Cut(a.Do, ".")
	switch {
	case about == "contact" && s.Contact != nil:
		of := s.Contact
		if now := l.settled().Contact(of.Entry.Place()); now != nil {
			if of = now; of.Party == us && of.Other != nil && e.Place() != of.Entry.Place() { // one contact of two accounts: theirs is meant
				of = of.Other
			}
		}
		return l.reply(contact.VerdictDraft(us, of.Entry, of.Entry, do == "confirm", v))
	case about == "concern" && s.Contact != nil && e.Kind == contact.KindRaised:
		how := map[string]string{"answer": contact.Answered, "overtaken": contact.Overtaken}[do]
		v.Reason = ""
		return l.reply(contact.SettledDraft(us, s.Contact, e, how, v, free(a.Reason, "", lang)))
	case do == "withdraw" && s.Request != nil:
		return l.reply(contact.WithdrawnDraft(s.Request, us, v))
	case about == "request" && s.Request != nil:
		x := s.Request.Attempt(e)
		of := x.Result
		if x.Other != nil && (of == nil || of.Entry.Log.Party == us) {
			of = x.Other
		}
		if of == nil {
			return act.Reply{}, hint.New("say it yourself: parley request outcome", "nobody has stated yet what became of %s", a.ID)
		}
		return l.reply(contact.VerdictDraft(us, s.Request.Entry, of.Entry, do == "confirm", v))
	}
	return act.Reply{}, hint.New("see: parley contacts, parley requests, parley raised", "%s is no %s", a.ID, about)
}

// allBefore names, in the place of an ID, all that the other party stated before the line and that we have said nothing of.
const allBefore = "before"

// wordBefore confirms or disputes it, each by a statement of its own, as many at once as one step may. SPEC: ALN-027
func (l *Line) wordBefore(who act.Who, lang string, a act.Saying) (act.Reply, error) {
	var ids []string
	for _, s := range states[contact.State](l, l.keys("contact")) {
		switch {
		case a.Do == "contact.confirm" || a.Do == "contact.dispute":
			if s.Contact == nil || s.Contact.Party == l.cfg.Us.Name || statement.BeforeOf(s.Contact.Entry) == nil {
				continue
			}
			if c := l.settled().Contact(s.Contact.Entry.Place()); c != nil && c.Whose == contact.ByThem {
				ids = append(ids, l.rec.Short(c.Entry))
			}
		case s.Request != nil && (a.Do == "request.confirm" || a.Do == "request.dispute"):
			for _, x := range s.Request.Attempts {
				if o := x.Result; o != nil && o.Entry.Log.Party != l.cfg.Us.Name && x.Verdict == nil && x.Other == nil && statement.BeforeOf(o.Entry) != nil {
					ids = append(ids, l.rec.Short(o.Entry))
				}
			}
		}
	}
	if len(ids) == 0 {
		return act.Reply{}, hint.New("see: parley contacts, parley requests", "nothing that was stated before the line waits for our word")
	}
	done := ids[:min(len(ids), maxAtOnce)]
	for i, id := range done {
		a.ID = id
		if _, err := l.word(who, lang, a); err != nil && i == 0 {
			return act.Reply{}, err
		} else if err != nil { // what is stated is stated
			done = done[:i]
			break
		}
	}
	return act.Reply{Text: fmt.Sprintf(words.Say(lang, "%d statements recorded, %d are left"), len(done), len(ids)-len(done))}, nil
}

// maxAtOnce is how many one act confirms or disputes.
const maxAtOnce = 200

// assess notes what we make of something in our private log.
//
// SPEC: CNT-025
func (l *Line) assess(who act.Who, lang string, a act.Assess) (act.Reply, error) {
	n := names{l: l}
	f := contact.Assessment{About: n.of(a.ID), Basis: n.of(a.Basis), By: l.author(who)}
	d, err := contact.AssessedDraft(l.cfg.Us.Name, f, l.mark(""), free(a.Text, a.Lang, lang))
	if err = statement.First(n.err, err); err != nil {
		return act.Reply{}, err
	}
	return l.statePrivate(d, lang)
}

// window reads from when a question counts: an event's name, or a date. The event is nil for a date.
func (l *Line) window(since string) (q contact.Query, ev *register.Event, err error) {
	if since == "" {
		return q, nil, nil
	}
	q.Since, err = statement.ReadWhen(since)
	if q.Date = err == nil; err != nil {
		if len(since) > 4 && since[4] == '-' && strings.Trim(since[:4], "0123456789") == "" { // meant as a date
			return q, nil, err
		}
		if ev, err = l.register().FindEvent(since, l.rec.Short); err == nil {
			q.Since = ev.When
		}
	}
	return q, ev, err
}

// asking makes the query of a question about contacts.
func (l *Line) asking(a act.Contacts) (q contact.Query, ev *register.Event, err error) {
	switch since := cmp.Or(a.Since, a.None); {
	case since != "":
		if q, ev, err = l.window(since); err != nil {
			return q, nil, err
		}
	case a.Last != "":
		var n int
		if _, err := fmt.Sscanf(a.Last, "%dd", &n); err != nil || n < 1 || n > 36500 {
			return q, nil, hint.New("such as: --last 30d", "%q is not a number of days", a.Last)
		}
		q.Since, q.Date = statement.Day(l.now.AddDate(0, 0, -n)), true
	}
	q.Org, q.Level, q.Dated = a.Org, a.Level, a.Dated
	n := names{l: l}
	for _, name := range append(slices.Clone(a.Pair), a.With) {
		if name == "" {
			continue
		}
		if p := n.found(name); p != nil {
			q.With = append(q.With, p.Place)
		}
	}
	return q, ev, n.err
}

// settled is the book of contacts and requests as of now.
func (l *Line) settled() *contact.Book {
	l.sorted()
	l.book.Settle(l.register(), l.rec)
	return l.book
}

// near are the calls and meetings that are agreed for about now: of calls, those since whose time came near nobody has
// answered one on the line.
//
// SPEC: CNT-028
func (l *Line) near() (out []*contact.Request) {
	calls := states[call.State](l, newest(l.items.lists["call"], maxOver))
	for _, r := range l.book.Near(l.now) {
		answered := func(s call.State) bool {
			return s.Outcome.What == call.Answered && s.Class != "test" && !s.Answered.Before(r.Near)
		}
		if live := l.calls.m.Live(); r.For != contact.Call || live.State != call.Connected && !slices.ContainsFunc(calls, answered) {
			out = append(out, r)
		}
	}
	return out
}

func (l *Line) count(q contact.Query) contact.Figures {
	q.Book, q.Now = l.settled(), l.now
	return contact.Since(q)
}

func (l *Line) contacts(who act.Who, lang string, a act.Contacts) (act.Reply, error) {
	q, ev, err := l.asking(a)
	if err != nil {
		return act.Reply{}, err
	}
	in := l.at(l.outline(), who.Desk)
	l.alive(&in)
	in.Contacts = l.count(q)
	in.ContactsSince, in.ContactsFrom = ev, cmp.Or(a.Since, a.None)
	if in.ContactsFrom == "" && a.Last != "" {
		in.ContactsFrom = q.Since.String()
	}
	in.Ask = view.Asking{None: a.None, Dated: a.Dated, Highest: a.Highest, CSV: a.CSV, HTML: a.HTML, SVG: a.SVG}
	return l.asked(in, lang, a)
}

func (l *Line) requests(who act.Who, lang string, a act.Requests) (act.Reply, error) {
	q, ev, err := l.window(a.Since)
	if err != nil {
		return act.Reply{}, err
	}
	q.For = a.For
	in := l.at(l.outline(), who.Desk)
	l.alive(&in)
	in.Contacts, in.ContactsSince, in.ContactsFrom, in.Ask = l.count(q), ev, a.Since, view.Asking{Sought: a.Sought}
	return l.asked(in, lang, a)
}

func (l *Line) raised(who act.Who, lang string, a act.Raised) (act.Reply, error) {
	in := l.at(l.outline(), who.Desk)
	in.Raised = l.settled().Raised()
	if a.At != "" {
		n := names{l: l}
		s, e := n.folded(a.At)
		if n.err == nil && s.Contact == nil {
			n.err = hint.New("see: parley contacts", "%s is not a contact", a.At)
		}
		if n.err != nil {
			return act.Reply{}, n.err
		}
		in.Raised = nil
		if c := l.book.Contact(s.Contact.Entry.Place()); c != nil && e != nil {
			in.Raised = []*contact.Contact{c}
		}
	}
	return l.asked(in, lang, a)
}

// around gathers what stands around a contact or a request: what led to it, what followed, what we make of it.
func (l *Line) around(e *record.Entry, key string, private bool) (a view.Around) {
	s, ok := fold[contact.State](l, key)
	if !ok {
		return a
	}
	b := l.settled()
	linked := func(place string) *contact.Contact {
		p, _ := record.ParsePlace(place)
		return b.Contact(p)
	}
	if s.Contact != nil {
		at := s.Contact.Entry.Place()
		if a.Contact = b.Contact(at); a.Contact != nil {
			a.Occasion, a.Follows = linked(a.Contact.Occasion), linked(a.Contact.Follows)
			a.Occasioned, a.Followed = b.Linked(at)
		}
	}
	if a.Request = s.Request; private {
		a.Assessed = b.Assessments(e.Place())
	}
	return a
}

// lastEvent is the event that the board counts from: the newest stated.
func (l *Line) lastEvent() *register.Event {
	var last *register.Event
	for _, e := range l.register().Events {
		if e.Ended == nil && (last == nil || e.When.Earliest().After(last.When.Earliest())) {
			last = e
		}
	}
	return last
}
