// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"example.org/parley/words"
)

// printer writes a view for a terminal.
type printer struct {
	strings.Builder
	lang string
	now  time.Time
}

func (p *printer) t(key string, args ...any) string { return words.T(p.lang, key, args...) }
func (p *printer) line(parts ...string)             { fmt.Fprintln(p, strings.Join(parts, " ")) }
func (p *printer) when(t time.Time) string          { return When(p.lang, t, p.now) }
func (p *printer) since(t time.Time) string         { return Since(p.lang, t, p.now) }

func (p *printer) clock(t time.Time) string { return Moment(p.lang, t, p.now) }

// table aligns rows in columns under their heads; without rows it says that there is nothing.
func (p *printer) table(heads []string, rows [][]string) {
	if len(rows) == 0 {
		p.line(p.t("text.none"))
		return
	}
	w := tabwriter.NewWriter(p, 2, 8, 2, ' ', 0)
	for _, r := range append([][]string{heads}, rows...) {
		for i := range r {
			r[i] = clean(r[i])
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(r, "\t"), "\t"))
	}
	w.Flush()
}

// Text is status for a terminal: first the sentences, then what is wrong, then the board.
func (v StatusView) Text() string {
	p := &printer{lang: v.Lang, now: v.AsOf}
	for _, s := range v.Sentences {
		p.line(clean(s))
	}
	if v.Unrecorded != nil {
		p.line(v.Unrecorded.Word)
	}
	p.line(clean(strings.ToUpper(v.Header.Party)+" ⇄ "+v.Header.Peer), Clock(v.AsOf), clean(v.Header.Word))
	for _, s := range v.Stops {
		p.stop(s)
	}
	for _, a := range v.Alarms {
		p.line("!", a.Word, a.Code, clean(a.Cause), p.since(a.Since), "·", clean(a.Do))
	}
	p.line()
	p.board(v.Liveness)
	p.line()
	p.line(p.t("call")+":", v.Call.Word, clean(join(v.Call.By, v.Call.OutcomeWas, v.Call.Differs, v.Call.ThereWord)))
	p.line(p.t("check")+":", v.Check.Word, "·", v.Check.Figures)
	return p.String()
}

// board is the two rows of liveness, as columns.
func (p *printer) board(l Liveness) {
	var rows [][]string
	for _, x := range l.Paths {
		we, they := p.t("layer."+updown(x.WeHear)), p.t("layer."+updown(x.TheyHear))
		if x.WeHear && x.RTTms > 0 {
			we += " " + Ms(x.RTTms)
		}
		rows = append(rows, []string{x.Label, we, they})
	}
	rows = append(rows, []string{p.t("station"), l.WeSee.Station.Word, l.TheySeeUs.Station.Word}, []string{p.t("desk"), l.WeSee.Desk.Word, l.TheySeeUs.Desk.Word},
		[]string{p.t("officer"), l.WeSee.Officer.Word, l.TheySeeUs.Officer.Word})
	p.table([]string{"", p.t("wesee"), p.t("theysee")}, rows)
	p.line(clean(l.Telephone))
}

func (p *printer) stop(s Stop) {
	from := p.t("stop.ours")
	if !s.Ours {
		from = p.t("stop.theirs", s.From)
	}
	head := "! STOP"
	if s.Class == "test" { // a part of a check: it must not look like one that stops something
		head = p.t("class.test") + " · STOP"
	}
	p.line(head, s.ID, clean(from), "·", s.Word, "·", clean(join(s.Scope, s.Reason)))
	p.line("   ", clean(p.ladder(s.Steps)))
	p.impossible(s.Impossible)
}

func (p *printer) impossible(word string) {
	if word != "" {
		p.line("   ", "!", clean(word))
	}
}

// ladder is the steps in one line.
func (p *printer) ladder(steps []Step) string {
	var out []string
	for _, s := range steps {
		w := s.Word
		switch s.State {
		case "done":
			w += " " + p.clock(s.At)
		case "late":
			w += " " + p.clock(s.At) + " " + p.t("step.late")
		case "due":
			w += " (" + p.t("step.due") + " " + p.clock(s.Due) + ")"
		case "overdue":
			w = p.t("step.overdue.since", w, p.since(s.Due))
		default:
			w = "(" + w + ")"
		}
		if n := join(s.By, s.Note); n != "" {
			w += " " + n
		}
		out = append(out, w)
	}
	return strings.Join(out, " – ")
}

func (p *printer) message(m Message) {
	dir := "<"
	if m.Ours {
		dir = ">"
	}
	head := []string{dir, m.Words.Precedence, m.ID, m.Words.Direction, "·", m.Words.Kind}
	if m.Class != "substantive" {
		head = append(head, "·", m.Words.Class)
	}
	if m.Mark != "actual" {
		head = append(head, "·", strings.ToUpper(m.Words.Mark))
	}
	p.line(clean(strings.Join(append(head, p.when(m.At), m.By), " ")))
	var text strings.Builder
	for _, s := range m.Spans {
		text.WriteString(s.Text)
	}
	for l := range strings.SplitSeq(text.String(), "\n") {
		p.line("   ", clean(l))
	}
	p.line("   ", clean(p.ladder(m.Steps)))
	p.impossible(m.Impossible)
	if len(m.ReadBack) > 0 {
		var names []string
		for _, f := range m.ReadBack {
			names = append(names, f.Word+" ("+f.Name+"=…)")
		}
		p.line("   ", p.t("readback")+":", strings.Join(names, ", "))
	}
}

// Text is the inbox for a terminal.
func (v InboxView) Text() string {
	p := &printer{lang: v.Lang, now: v.AsOf}
	if len(v.Stops)+len(v.Messages) == 0 && v.Question == nil {
		p.line(p.t("text.empty"))
	}
	for _, s := range v.Stops {
		p.stop(s)
	}
	for _, m := range v.Messages {
		p.message(m)
	}
	if v.More != "" {
		p.line(v.More)
	}
	if q := v.Question; q != nil {
		p.line(p.t("check.question")+":", clean(q.Text))
		for _, c := range q.Choices {
			p.line("   ", c.Code, "·", clean(c.Word))
		}
	}
	return p.String()
}

// Text is the record for a terminal.
func (v LogView) Text() string {
	p := &printer{lang: v.Lang, now: v.AsOf}
	p.log(v.Rows, false)
	return p.String()
}

// log is a table of statements; the code of their kind stands in it where one is shown with its bytes.
func (p *printer) log(list []LogRow, codes bool) {
	var rows [][]string
	for _, r := range list {
		state := p.t("log." + r.State)
		if !r.Held.IsZero() {
			state += " " + p.when(r.Held)
		}
		mark := ""
		if r.Mark == "exercise" {
			mark = p.t("mark.exercise")
		}
		row := []string{r.ID, p.when(r.At), r.Word, join(mark, r.Note), state}
		if codes {
			row = append(row, r.Kind)
		}
		rows = append(rows, row)
	}
	heads := []string{p.t("statement"), p.t("when"), p.t("what"), "", p.t("state")}
	if codes {
		heads = append(heads, p.t("kind"))
	}
	p.table(heads, rows)
}

// Text is one statement for a terminal: what it says, its item, and its bytes.
func (v ShowView) Text() string {
	p := &printer{lang: v.Lang, now: v.AsOf}
	switch {
	case v.Message != nil:
		p.message(*v.Message)
	case v.Stop != nil:
		p.stop(*v.Stop)
	case v.Call != nil:
		p.line(v.Call.ID, p.when(v.Call.At), clean(join(v.Call.Word, v.Call.Theirs)))
	case v.FreeText != "":
		p.line(clean(v.FreeText))
	}
	p.line()
	p.log(append([]LogRow{v.Row}, rest(v.Item, v.Row.ID)...), true)
	if len(v.Referenced) > 0 {
		p.line(p.t("text.refs")+":", strings.Join(v.Referenced, ", "))
	}
	for _, x := range [][2]string{{"text.header", v.Header}, {"text.facts", v.Facts}, {"text.receipt", v.Receipt}} {
		if x[1] == "" {
			continue
		}
		p.line()
		p.line(p.t(x[0]) + ":")
		for l := range strings.SplitSeq(strings.TrimRight(x[1], "\n"), "\n") {
			p.line("   ", clean(l))
		}
	}
	return p.String()
}

func rest(rows []LogRow, id string) []LogRow {
	var out []LogRow
	for _, r := range rows {
		if r.ID != id {
			out = append(out, r)
		}
	}
	return out
}

// Text is the calls for a terminal.
func (v CallsView) Text() string {
	p := &printer{lang: v.Lang, now: v.AsOf}
	var rows [][]string
	for _, r := range v.Rows {
		dir := "<"
		if r.Ours {
			dir = ">"
		}
		word := r.Word
		if r.Theirs != "" {
			word += "; " + p.t("theirs") + ": " + r.Theirs
		}
		word = join(word, r.Impossible)
		rows = append(rows, []string{dir + " " + r.ID, p.when(r.At), word, join(p.t("class."+r.Class), exercise(p, r.Mark)), fmt.Sprint(r.Seconds), fmt.Sprint(r.Lost), Ms(r.GapMS), r.By})
	}
	p.table([]string{p.t("text.id"), p.t("when"), p.t("outcome"), p.t("class"), p.t("seconds"), p.t("lost"), p.t("gap"), p.t("officer")}, rows)
	return p.String()
}

func exercise(p *printer, mark string) string {
	if mark == "exercise" {
		return p.t("mark.exercise")
	}
	return ""
}

// Text is the checks for a terminal: days, streak, last, and every slot.
func (v ChecksView) Text() string {
	p := &printer{lang: v.Lang, now: v.AsOf}
	p.line(v.Check.Figures)
	if !v.Check.Due.IsZero() {
		p.line(p.t("check.next"), p.when(v.Check.Due))
	}
	p.line()
	var rows [][]string
	for _, r := range v.Rows {
		rows = append(rows, []string{r.Day, p.when(r.At), r.Word, r.Theirs})
	}
	p.table([]string{p.t("text.day"), p.t("when"), p.t("outcome"), ""}, rows)
	return p.String()
}

// Text is the counterparts for a terminal.
func (v ContactsView) Text() string {
	p := &printer{lang: v.Lang, now: v.AsOf}
	if v.Sentence != "" {
		p.line(clean(v.Sentence))
	}
	p.line(clean(v.Window+" · "+v.Basis), exercise(p, map[bool]string{true: "exercise"}[v.Exercise]))
	p.line()
	var rows [][]string
	for _, r := range v.Pairs {
		last, days := r.LastSpoke, fmt.Sprint(r.Days)
		if last == "" {
			last, days = p.t("never"), "–"
		}
		still := "–"
		if r.Still {
			still = p.t("yes")
		}
		rows = append(rows, []string{r.Ours + " ⇄ " + r.Theirs, last, r.Channel, days, fmt.Sprint(r.Declined), fmt.Sprint(r.NoReply), fmt.Sprint(r.NotReached), still})
	}
	p.table([]string{p.t("pair"), p.t("lastspoke"), "", p.t("days"), p.t("declined"), p.t("noreply"), p.t("notreached"), p.t("still")}, rows)
	for _, c := range v.Contacts {
		p.line(clean(join(c.ID, c.When, c.Kind, c.Channel, strings.Join(c.With, ", "), c.Basis)))
	}
	for _, r := range v.Sought {
		p.line(clean(join(r.ID, r.For, r.From+" → "+r.With, r.Word)))
		for _, a := range r.Attempts {
			p.line("   ", clean(join(a.When, a.Word, a.ToldBy, a.Reason)))
		}
	}
	return p.String()
}

// Text is the alarms for a terminal.
func (v AlarmsView) Text() string {
	p := &printer{lang: v.Lang, now: v.AsOf}
	var rows [][]string
	for _, a := range v.Rows {
		rows = append(rows, []string{a.ID, a.Word, a.Cause, p.when(a.Since), a.AckedBy, a.Do})
	}
	p.table([]string{p.t("text.id"), p.t("state"), p.t("text.alarm"), p.t("since"), p.t("officer"), p.t("text.do")}, rows)
	return p.String()
}

// Text is the officers for a terminal.
func (v OfficersView) Text() string {
	p := &printer{lang: v.Lang}
	var rows [][]string
	for _, o := range v.Rows {
		releaser := ""
		if o.Releaser {
			releaser = p.t("yes")
		}
		rows = append(rows, []string{o.ID, o.Party, o.Name, o.Account, strings.Join(o.Langs, " "), releaser, o.Number, strings.Join(o.Desks, " ")})
	}
	p.table([]string{p.t("text.id"), p.t("text.party"), p.t("text.name"), p.t("text.account"), p.t("text.langs"), p.t("text.releaser"), p.t("text.number"), p.t("text.signedon")}, rows)
	return p.String()
}

// Text is the posts for a terminal.
func (v PostsView) Text() string {
	p := &printer{lang: v.Lang}
	var rows [][]string
	for _, o := range v.Rows {
		rows = append(rows, []string{o.ID, o.Party, o.Name, o.Org, fmt.Sprint(o.Level), o.Pair, o.Number})
	}
	p.table([]string{p.t("text.id"), p.t("text.party"), p.t("text.post"), p.t("text.org"), p.t("text.level"), p.t("text.counterpart"), p.t("text.number")}, rows)
	return p.String()
}

// Text is the phrasebook for a terminal.
func (v PhrasesView) Text() string {
	p := &printer{lang: v.Lang}
	var rows [][]string
	for _, f := range v.Rows {
		var names []string
		for _, x := range f.Fields {
			n := x.Name
			if x.Optional {
				n = "[" + n + "]"
			}
			names = append(names, n)
		}
		rows = append(rows, []string{f.Code, p.t("kind." + f.Kind), f.Word, strings.Join(names, " ")})
	}
	p.table([]string{p.t("text.code"), p.t("kind"), p.t("what"), p.t("text.fields")}, rows)
	return p.String()
}
