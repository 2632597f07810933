// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"example.org/parley/contact"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/words"
)

// maxDealings is how many contacts, requests and concerns an answer lists, the newest; the rest is counted.
const maxDealings = 200

// window is from when a question counts, and that in words.
func (b builder) window() (since, text string) {
	switch {
	case b.ContactsSince != nil:
		since = b.ContactsSince.Title(b.lang)
		return since, b.t("window.event", since)
	case b.ContactsFrom != "":
		return b.ContactsFrom, b.t("window.since", b.ContactsFrom)
	}
	return "", b.t("window.all")
}

// counterparts is the table of pairs and the sentence that matters most of it. SPEC: PAG-020
func (b builder) counterparts() Counterparts {
	f := b.Contacts
	c := Counterparts{Pairs: []Pair{}, Exercise: f.Exercise}
	c.Since, c.Window = b.window()
	c.Months, c.Tested = b.months(), b.days()
	said := f.Said
	for i, p := range f.Pairs {
		if p.Last != nil && p.Side == statement.SideBefore {
			said = said.Plus(p.Last.Whose)
		}
		v := b.pair(p)
		c.Pairs = append(c.Pairs, v)
		if i == 0 { // pairs come by level, then name: the first is the highest
			c.Sentence = b.spoken(v)
		}
	}
	c.Basis = b.basis(said)
	c.Scheduled = b.agreed()
	return c
}

// agreed are the calls and meetings that are accepted for a time.
func (b builder) agreed() (out []string) {
	for _, r := range b.Contacts.Scheduled {
		out = append(out, b.t("scheduled", b.or("contact", r.For), b.when(r.Scheduled), b.post(r.FromPost.String()), b.post(r.WithPost.String()), b.short(r.Entry)))
	}
	return out
}

// basis says on whose word figures rest: on both parties' only where both have stated all of it.
//
// SPEC: CNT-027
func (b builder) basis(n contact.Count) string {
	if n.Both > 0 && n.Both == n.N() {
		return b.t("basis.both", b.when(b.Contacts.AsOf))
	}
	return b.t("basis.apart", b.when(b.Contacts.AsOf), cmp.Or(b.by(n), b.t("nothing")))
}

// by says of a number who states it: each side alone, both, or neither way; one word where that is all of it.
func (b builder) by(n contact.Count) string {
	var out []string
	for _, x := range []struct {
		n     int
		whose string
	}{{n.Both, contact.Both}, {n.Ours, contact.ByUs}, {n.Theirs, contact.ByThem}, {n.Disputed, contact.Differing}} {
		switch {
		case x.n == n.N() && x.n > 0:
			return b.or("whose", x.whose)
		case x.n > 0:
			out = append(out, b.t("whose.n", b.or("whose", x.whose), x.n))
		}
	}
	return strings.Join(out, ", ")
}

// counted is a column of a figure with whose word it is.
func (b builder) counted(column string, n contact.Count) string {
	return strings.TrimSpace(b.t("counted", b.or("request", column), n.N(), b.by(n)))
}

func (b builder) pair(p contact.PairFigure) Pair {
	v := Pair{Ours: p.Ours.Title(b.lang), Theirs: p.Theirs.Title(b.lang), Org: p.Ours.Org, Level: p.Ours.Level, Days: p.Days, Before: p.Side == statement.SideBefore,
		Declined: p.ByUs[contact.Declined].N(), NoReply: p.ByUs[contact.NoReply].N(), NotReached: p.ByUs[contact.NotReached].N(),
		TheirsDeclined: p.ByThem[contact.Declined].N(), TheirsNoReply: p.ByThem[contact.NoReply].N(), TheirsNotReached: p.ByThem[contact.NotReached].N(), Still: len(p.Sought) > 0}
	v.Sought, v.TheirsSought, v.Marks = len(p.Attempts[0]), len(p.Attempts[1]), b.marks(p)
	v.Word = b.t("spoken.pair", v.Ours, v.Theirs)
	if v.Ours == v.Theirs {
		v.Word = b.t("spoken.same", v.Ours)
	}
	said := contact.Count{}
	if p.Last != nil {
		v.LastSpoke, v.Channel, v.Confirmed = b.date(p.Last.When), b.or("chan", p.Last.Channel), b.or("whose", p.Last.Whose)
		v.Date, v.Spoke = p.Last.When.String(), len(p.Since) > 0
		if !b.Contacts.Since.IsZero() { // else there is no before
			v.Side = b.or("side", p.Side)
		}
		said = said.Plus(p.Last.Whose)
	}
	for _, columns := range []map[string]contact.Count{p.ByUs, p.ByThem} {
		for _, n := range columns {
			said = said.With(n)
		}
	}
	var rest []string
	for i, columns := range []map[string]contact.Count{p.ByUs, p.ByThem} {
		for _, column := range []string{contact.Accepted, contact.Deferred, contact.CounterProposed, contact.Open, contact.Withdrawn, statement.SideStraddles} {
			if n := columns[column].N(); n > 0 {
				rest = append(rest, b.t([]string{"rest.ours", "rest.theirs"}[i], b.or("request", column), n))
			}
		}
	}
	v.Rest = join(rest...)
	v.Disputed = said.Disputed > 0 || slices.ContainsFunc(v.Marks, func(m Mark) bool { return m.Sort == contact.Disputed })
	if v.Whose = b.by(said); said.N() == 0 {
		v.Whose = ""
	}
	return v
}

// figures writes the columns that are not nought, side by side.
func (b builder) figures(declined, noReply, notReached int) string {
	var out []string
	for _, f := range []struct {
		key string
		n   int
	}{{"fig.declined", declined}, {"fig.noreply", noReply}, {"fig.notreached", notReached}} {
		if f.n > 0 {
			out = append(out, b.t(f.key, f.n))
		}
	}
	return strings.Join(out, ", ")
}

// spoken is the sentence of a pair, with the figures of what we sought and of what they sought apart.
func (b builder) spoken(v Pair) string {
	figs := b.figures(v.Declined, v.NoReply, v.NotReached)
	if theirs := b.figures(v.TheirsDeclined, v.TheirsNoReply, v.TheirsNotReached); theirs != "" {
		if figs != "" {
			figs += "; "
		}
		figs += b.t("fig.theirs", theirs)
	}
	tail := ""
	if figs != "" {
		tail = b.t("spoken.figures", figs)
	}
	if v.Whose != "" && (figs != "" || v.LastSpoke != "") { // of nothing there is nobody's word
		tail += ", " + v.Whose
	}
	switch {
	case v.LastSpoke == "":
		return b.t("spoken.never", v.Word, tail)
	case v.Days > 0:
		return b.t("spoken.not", v.Word, v.LastSpoke, tail)
	}
	return b.t("spoken.last", v.Word, v.LastSpoke, tail)
}

// newestOf are the last of a list, and how many are before them.
func newestOf[T any](list []T) ([]T, int) {
	n := max(0, len(list)-maxDealings)
	return list[n:], n
}

// older says of a list that it is the newest of more.
func (b builder) older(more int) string {
	if more == 0 {
		return ""
	}
	return join(b.t("more.older", maxDealings, maxDealings+more), b.t("more.since"))
}

func (b builder) contacts(d *Desk) {
	f := b.Contacts
	c := b.counterparts()
	c.Contacts, c.Sought, c.Straddling = []Dealing{}, []Dealing{}, []Dealing{}
	list, more := newestOf(f.Contacts)
	if b.Ask.Highest {
		list, more = newestOf(f.Highest)
	}
	c.Older = b.older(more)
	for _, x := range list {
		v := b.contact(x)
		v.Concerns = b.concerns(x)
		c.Contacts = append(c.Contacts, v)
	}
	for _, x := range f.Straddling {
		c.Straddling = append(c.Straddling, b.contact(x))
	}
	for _, r := range f.Sought {
		c.Sought = append(c.Sought, b.request(r))
	}
	if f.Level > 0 {
		c.Highest = b.t("level.n", f.Level)
	}
	if len(f.Contacts) == 0 {
		c.None = b.t("contacts.none", c.Window)
	}
	if b.Ask.None != "" {
		c.Pairs = slices.DeleteFunc(c.Pairs, func(p Pair) bool { return p.Spoke })
	}
	if b.Ask.Dated != "" {
		c.Dates = b.dates(f.Contacts)
	}
	c.Ask = b.Ask
	d.Counterparts = c
}

// dates are how the contacts of a list are dated, each date once with how many have it.
func (b builder) dates(list []*contact.Contact) (out []string) {
	n := map[string]int{}
	var order []string
	for _, x := range list {
		at := b.date(x.When)
		if n[at]++; n[at] == 1 {
			order = append(order, at)
		}
	}
	for _, at := range order {
		if n[at] > 1 {
			at = b.t("date.n", at, n[at])
		}
		out = append(out, at)
	}
	return out
}

// whose says by whose word something stands, and that it was stated before the line. SPEC: ALN-027
func (b builder) whose(whose string, e *record.Entry) string {
	word := b.or("whose", whose)
	if (whose == contact.ByUs || whose == contact.ByThem) && statement.BeforeOf(e) != nil {
		word = b.t("before.line", word)
	}
	return word
}

// contact draws one contact, with whose word it is. SPEC: CNT-018 CNT-019
func (b builder) contact(c *contact.Contact) Dealing {
	d := Dealing{ID: b.short(c.Entry), When: b.date(c.When), Kind: b.or("contact", c.Kind), Channel: b.or("chan", c.Channel), With: b.with(c), Basis: b.or("basis", c.Basis), Source: c.Source,
		Place: c.Place, Party: c.Party, Mark: c.Mark, Private: c.Private, Whose: c.Whose, WhoseWord: b.whose(c.Whose, c.Entry)}
	if c.Host != "" {
		d.Host = b.t("hosted", c.Host)
	}
	if c.Late {
		d.Late = b.t("late")
	}
	if c.Kind == contact.Public {
		d.Quote = b.quote(c)
	}
	if o := c.Other; o != nil && c.Whose == contact.Differing && !c.Agree(o) {
		d.Reason = b.t("differs.by", o.Party, b.or("contact", o.Kind), b.date(o.When))
	} else if c.Whose == contact.Differing {
		d.Reason = c.Disputes()
	}
	return d
}

// quote gives the words of a public statement.
func (b builder) quote(c *contact.Contact) string {
	if t := c.Entry.Words(); t != nil {
		return strings.Join(strings.Fields(t.Text), " ")
	}
	return ""
}

// with names the posts of a contact, how many came of each and who they were.
func (b builder) with(c *contact.Contact) string {
	var with []string
	for _, p := range c.Participants {
		name := b.post(p.Post)
		if p.Number > 1 {
			name = b.t("people.n", name, p.Number)
		}
		if len(p.Names) > 0 {
			name += " (" + strings.Join(p.Names, ", ") + ")"
		}
		with = append(with, name)
	}
	return strings.Join(with, ", ")
}

func (b builder) request(q *contact.Request) Dealing {
	r := Dealing{ID: b.short(q.Entry), When: b.date(q.When), Kind: b.or("contact", q.For), From: b.post(q.FromPost.String()), With: b.post(q.WithPost.String()), Basis: b.or("basis", q.Basis), Source: q.Source,
		Outcome: q.Status, Word: b.or("request", q.Status), Party: q.Party, Mark: q.Mark, Standing: q.Standing, Sought: q.Sought, At: q.Scheduled}
	if q.Withdrawal != nil {
		r.Reason = q.Withdrawal.Reason
	}
	open := contact.Open
	if q.Withdrawal != nil {
		open = contact.Withdrawn
	}
	for _, a := range q.Attempts {
		if a.Other == nil && a.Verdict != nil && a.Standing == contact.Disputed && q.Status == contact.Differs { // one side states an outcome, the other says no
			r.Word = b.or("whose", contact.Differing)
		}
		x := Dealing{ID: b.short(a.Entry), When: b.date(a.When), Outcome: cmp.Or(a.Outcome, open), Party: a.Entry.Log.Party, Whose: a.Standing}
		if a.Way != "" {
			x.Channel = b.or("way", a.Way)
		}
		x.Word = b.or("request", x.Outcome)
		if o := a.Result; o != nil {
			x.ToldBy, x.Reason, x.Party, x.WhoseWord, x.Until = o.ToldBy, o.Reason, o.Entry.Log.Party, b.whose(a.Whose(b.Us), o.Entry), o.Until
			if x.By = o.Who; o.Behalf != "" {
				x.Behalf = b.or("behalf", o.Behalf)
			}
			if !o.On.IsZero() {
				x.On = b.date(o.On)
			}
			if !o.At.IsZero() {
				x.At = o.At
			}
		}
		x.Meanwhile = b.meanwhile(a)
		if o := a.Other; o != nil && a.Standing == contact.Disputed {
			x.Differs = b.t("differs.of", o.Entry.Log.Party, b.or("request", o.Outcome))
		} else if v := a.Verdict; v != nil && a.Standing == contact.Disputed {
			x.Differs = v.Reason
		}
		r.Attempts = append(r.Attempts, x)
	}
	return r
}

// Hour is the hour of an instant, counted since 1970.
func Hour(t time.Time) int64 { return t.Unix() / 3600 }

// meanwhile is how the line stood while an attempt waited that nobody answered, so that silence is told from fault: the days
// of checks by the record, the time that it was up by this end's own count of whole hours, where it counted all of them.
//
// SPEC: CNT-029
func (b builder) meanwhile(a contact.Attempt) string {
	if a.Result == nil || contact.Column(a.Outcome) != contact.NoReply {
		return ""
	}
	from, to := a.When.Earliest(), a.Result.Entry.Time
	if !a.Result.On.IsZero() && a.Result.On.Latest().Before(to) {
		to = a.Result.On.Latest()
	}
	var out []string
	if passed, of := b.Checks.Between(from, to); of > 0 {
		out = append(out, b.t("meanwhile.checks", passed, of))
	}
	begin, end, up := max(Hour(from), Hour(b.Counted)), Hour(to)+1, time.Duration(0)
	for h, d := range b.Hours {
		if h >= begin && h < end {
			up += d
		}
	}
	first, last := time.Unix(begin*3600, 0), time.Unix(end*3600, 0)
	if first.Before(b.Counted) {
		first = b.Counted
	}
	if last.After(b.Now) {
		last = b.Now
	}
	if !from.Before(b.Counted.Truncate(time.Hour)) && !b.Counted.IsZero() && b.Now.Sub(from) < 31*24*time.Hour && last.After(first) {
		down := b.t("span.minutes", int((last.Sub(first) - up).Minutes()))
		if last.Sub(first)-up >= 2*time.Hour {
			down = b.span(last.Sub(first) - up)
		}
		out = append(out, b.t("meanwhile.up", percent(min(100, 100*float64(up)/float64(last.Sub(first)))), down))
	}
	return join(out...)
}

// requests are what each side sought, in its own direction; the columns are counted separately. SPEC: CNT-012
func (b builder) requests(d *Desk) {
	f := b.Contacts
	c := b.counterparts()
	c.Ask = b.Ask
	said := contact.Count{} // of what is listed here: whose word contacts are is no matter of this answer
	for i, side := range []map[string]contact.Count{f.ByUs, f.ByThem} {
		from, to := b.Us, b.Them
		if i == 1 {
			from, to = to, from
		}
		s := Side{From: from, To: to, Requests: []Dealing{}}
		n, theirs := 0, 0
		for column, x := range side {
			n += x.N()
			said = said.With(x)
			if column != contact.Open && column != contact.Withdrawn {
				theirs += x.Both + x.Disputed
				if to == b.Us {
					theirs += x.Ours
				} else {
					theirs += x.Theirs
				}
			}
		}
		s.Figures = []string{b.t("attempts.n", n)}
		for _, column := range []string{contact.Accepted, contact.Declined, contact.NoReply, contact.NotReached, contact.Deferred, contact.CounterProposed, contact.Open, contact.Withdrawn, statement.SideStraddles} {
			if x := side[column]; x.N() > 0 || slices.Contains([]string{contact.Accepted, contact.Declined, contact.NoReply, contact.NotReached}, column) {
				s.Figures = append(s.Figures, b.counted(column, x))
			}
		}
		if theirs == 0 && n > 0 && !b.Alone {
			s.Theirs = b.t("nothing.of", to)
		}
		sought := 0
		for _, r := range f.Requests {
			if b.of(r) != from {
				continue
			}
			if r.Sought {
				sought++
			}
			if !b.Ask.Sought || r.Sought {
				s.Requests = append(s.Requests, b.request(r))
			}
		}
		var more int
		s.Requests, more = newestOf(s.Requests)
		s.Older = b.older(more)
		s.Sought = b.t("sought.n", sought)
		c.Sides = append(c.Sides, s)
	}
	c.Basis = b.basis(said)
	d.Counterparts = c
}

// of gives the party that seeks.
func (b builder) of(r *contact.Request) string {
	if p := b.Register.Post(r.FromPost); p != nil {
		return p.Of()
	}
	return r.Party
}

// raised are the concerns, with how old each is and what came back. SPEC: CNT-020
func (b builder) raised(d *Desk) {
	c := Counterparts{Concerns: []Dealing{}, Ask: b.Ask}
	for _, x := range b.Raised {
		c.Concerns = append(c.Concerns, b.concerns(x)...)
	}
	var more int
	if c.Concerns, more = newestOf(c.Concerns); more > 0 {
		c.Older = b.t("more.older", maxDealings, maxDealings+more)
	}
	d.Counterparts = c
}

func (b builder) concerns(x *contact.Contact) (out []Dealing) {
	for _, c := range x.Concerns {
		v := Dealing{ID: b.short(c.Entry), When: b.date(x.When), Kind: b.or("contact", x.Kind), With: b.with(x), Party: c.Entry.Log.Party, Outcome: c.Status, Word: b.or("concern", c.Status), At: c.Entry.Time}
		if t := c.Entry.Words(); t != nil {
			v.Quote = t.Text
		}
		until := b.Now
		v.Answer = b.t("concern.none")
		if c.Answer != nil {
			until, v.Answer = c.Answer.Time, b.when(c.Answer.Time)
			if t := c.Answer.Words(); t != nil {
				v.Answer = t.Text
			}
		}
		least, most := x.When.Days(until)
		v.Age = b.t("days.n", least)
		if most > least {
			v.Age = b.t("days.span", least, most)
		}
		out = append(out, v)
	}
	return out
}

// link names a contact that another is linked with.
func (b builder) link(c *contact.Contact) string {
	about := join(b.date(c.When), b.or("contact", c.Kind), b.with(c))
	if c.Kind == contact.Public {
		return b.t("link", b.quote(c), join(b.short(c.Entry), about))
	}
	return b.t("link", about, b.short(c.Entry))
}

// around draws a contact or a request with what led to it, what followed, and what we note of it for ourselves.
//
// SPEC: CNT-019 CNT-025
func (b builder) around(d *Desk, a Around) {
	c := Counterparts{}
	if x := a.Contact; x != nil {
		v := b.contact(x)
		v.Concerns = b.concerns(x)
		for _, o := range a.Occasioned {
			v.Occasioned = append(v.Occasioned, b.link(o))
		}
		for _, o := range a.Followed {
			v.FollowedBy = append(v.FollowedBy, b.link(o))
		}
		if a.Occasion != nil {
			v.Occasion = b.link(a.Occasion)
		}
		if a.Follows != nil {
			v.Follows = b.link(a.Follows)
		}
		c.Contacts = []Dealing{v}
	}
	if a.Request != nil {
		c.Sought = []Dealing{b.request(a.Request)}
	}
	for _, x := range a.Assessed {
		if t := x.Entry.Words(); t != nil {
			c.Assessed = append(c.Assessed, join(t.Text, b.when(x.Entry.Time), b.author(x.By)))
		}
	}
	d.Counterparts = c
}

// Around is what show draws of a contact or a request.
type Around struct {
	Contact, Occasion, Follows *contact.Contact
	Occasioned, Followed       []*contact.Contact
	Request                    *contact.Request
	Assessed                   []*contact.Assessment
}

// CSV is the table of pairs for a spreadsheet.
func (d Desk) CSV() string {
	var out strings.Builder
	w := csv.NewWriter(&out)
	for i, r := range d.table() {
		if i > 0 && d.Counterparts.Pairs[i-1].Date != "" {
			r[3] = d.Counterparts.Pairs[i-1].Date // with its year, as a spreadsheet reads it
		}
		_ = w.Write(r)
	}
	w.Flush()
	return out.String()
}

// table is the matrix of pairs, its head first.
func (d Desk) table() (rows [][]string) {
	t := func(key string, args ...any) string { return words.T(d.Lang, key, args...) }
	three := []string{t("declined"), t("noreply"), t("notreached")}
	head := []string{t("pair"), t("text.org"), t("text.level"), t("lastspoke"), t("text.channel"), t("days"), t("text.side")}
	for _, col := range []string{"col.we", "col.they"} {
		for _, c := range three {
			head = append(head, t(col, c))
		}
	}
	rows = append(rows, append(head, t("still"), t("whose")))
	for _, p := range d.Counterparts.Pairs {
		r := []string{p.Ours + " / " + p.Theirs, p.Org, fmt.Sprint(p.Level), cmp.Or(p.LastSpoke, t("never")), p.Channel, "", p.Side}
		if p.Days >= 0 {
			r[5] = fmt.Sprint(p.Days)
		}
		for _, n := range []int{p.Declined, p.NoReply, p.NotReached, p.TheirsDeclined, p.TheirsNoReply, p.TheirsNotReached} {
			r = append(r, fmt.Sprint(n))
		}
		rows = append(rows, append(r, map[bool]string{true: t("yes"), false: ""}[p.Still], p.Whose))
	}
	for _, r := range rows { // a cell that a spreadsheet would take for a formula
		for i, c := range r {
			if strings.HasPrefix(c, "=") || strings.HasPrefix(c, "+") || strings.HasPrefix(c, "-") || strings.HasPrefix(c, "@") {
				r[i] = "'" + c
			}
		}
	}
	return rows
}

// HTML is the matrix and the calendar as one page to print.
func (d Desk) HTML() string {
	var out strings.Builder
	c := d.Counterparts
	esc := html.EscapeString
	fmt.Fprintf(&out, "<!doctype html>\n<html lang=%q>\n<meta charset=\"utf-8\">\n<title>%s</title>\n<style>body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}td,th{border:1px solid;padding:.2em .5em;text-align:left;overflow-wrap:anywhere}svg{width:100%%}</style>\n<h1>%s</h1>\n<p>%s</p>\n<p>%s · %s</p>\n<table>\n",
		d.Lang, esc(words.T(d.Lang, "spoke.who")), esc(words.T(d.Lang, "spoke.who")), esc(c.Sentence), esc(c.Window), esc(c.Basis))
	for i, r := range d.table() {
		cell := "td"
		if i == 0 {
			cell = "th"
		}
		out.WriteString("<tr>")
		for _, c := range r {
			fmt.Fprintf(&out, "<%s>%s</%s>", cell, esc(c), cell)
		}
		out.WriteString("</tr>\n")
	}
	out.WriteString("</table>\n" + d.SVG() + "</html>\n")
	return out.String()
}

// marksAs are the signs of the calendar: each sort has a form of its own, not only a colour.
var marksAs = map[string]string{"spoke": "●", "declined": "✕", contact.NoReply: "○", contact.NotReached: "–", contact.Disputed: "◐", "tested": "|", "missed": "▲"}

// SVG is the calendar: a row a pair, a mark a day, the line's tests below.
func (d Desk) SVG() string {
	var out strings.Builder
	c := d.Counterparts
	rows := append(slices.Clone(c.Pairs), Pair{Ours: words.T(d.Lang, "cal.line"), Marks: c.Tested})
	const day, high = 10, 26
	left := 260
	for _, p := range rows { // as wide as the longer of the two names, which stand one below the other where they are long
		left = max(left, 8*len([]rune(p.Ours))+20, 8*len([]rune(p.Theirs)))
	}
	fmt.Fprintf(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"%s\">\n",
		left+day*CalendarDays, high*(len(rows)+1)+10, html.EscapeString(words.T(d.Lang, "cal")))
	text := func(x, y int, s, title string) {
		fmt.Fprintf(&out, "<text x=\"%d\" y=\"%d\">%s<title>%s</title></text>\n", x, y, html.EscapeString(s), html.EscapeString(title))
	}
	for _, m := range c.Months {
		text(left+day*m.Day, 14, m.Word, m.Word)
	}
	for i, p := range rows {
		y := high*(i+1) + 14
		if name := strings.TrimSuffix(p.Ours+" / "+p.Theirs, " / "); 8*len([]rune(name)) <= left {
			text(0, y, name, name)
		} else {
			text(0, y-6, p.Ours+" /", name)
			text(0, y+7, p.Theirs, name)
		}
		for _, m := range p.Marks {
			at := y
			if m.Theirs {
				at += 8
			}
			text(left+day*m.Day, at, cmp.Or(marksAs[m.Sort], "·"), m.Word)
		}
	}
	out.WriteString("</svg>\n")
	return out.String()
}
