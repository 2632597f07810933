// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"example.org/parley/internal/alarm"
	"example.org/parley/message/phrase"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// builder carries what every part needs.
type builder struct {
	Input
	lang string
}

// Build makes what a desk sees. SPEC: PAG-017
func Build(in Input, lang string) Desk {
	b := newBuilder(in, lang)
	d := b.status()
	d.MoreWait = b.MoreMessages + b.MoreStops
	d.Messages, d.More, d.Calls, d.Log = b.messages(), b.more(), b.calls(), b.log()
	d.Answers = b.answers(&d)
	return scrubbed(d)
}

// status is the desk without its lists.
func (b builder) status() Desk {
	d := b.answer("status")
	d.Line, d.Demo, d.Alarms, d.Liveness, d.Stops, d.Check = b.Line, b.Demo, b.alarms(), b.liveness(), b.stops(), b.check()
	d.Unrecorded, d.UnrecordedHere, d.UnrecordedThere = b.unrecorded(), b.Unrecorded, b.UnrecordedThere
	d.Counterparts = b.counterparts()
	d.Call = b.call()
	d.Header, d.Service = b.header(d.Stops), b.service()
	d.Figures, d.Sentences = b.lineFigures(), b.sentences(d.Counterparts)
	if b.Figures != nil {
		d.Sentences = append(d.Sentences, b.t("used.line", d.Figures.UsedWord, b.dayTime(d.Figures.Since)))
	}
	return d
}

// answer begins the answer to a question.
func (b builder) answer(question string) Desk {
	d := Desk{question: question, Lang: b.lang, AsOf: b.Now.UTC()}
	if b.Alone { // SPEC: ALN-013
		d.Alone = b.t("alone", b.Them)
	}
	return d
}

func newBuilder(in Input, lang string) builder {
	if in.Register == nil {
		in.Register = &register.Register{}
	}
	return builder{in, words.Lang(lang)}
}

func (b builder) t(key string, args ...any) string { return words.T(b.lang, key, args...) }
func (b builder) or(prefix, code string) string    { return words.Or(b.lang, prefix, code) }
func (b builder) when(t time.Time) string          { return When(b.lang, t, b.Now) }
func (b builder) since(t time.Time) string         { return Since(b.lang, t, b.Now) }

// newestFirst turns a list round that is in the order of arrival. What answers another never stands below it,
// whichever came first. SPEC: PAG-033
func newestFirst[T any](list []T, place func(T) record.Place, answers func(T) []record.Ref) []T {
	at := make(map[record.Place]int, len(list))
	for i, x := range list {
		at[place(x)] = i
	}
	out, done := make([]T, 0, len(list)), make([]bool, len(list))
	var put func(i int)
	put = func(i int) {
		if done[i] {
			return
		}
		done[i] = true
		for _, r := range answers(list[i]) {
			if j, here := at[r.Place]; here {
				put(j)
			}
		}
		out = append(out, list[i])
	}
	for i := range list {
		put(i)
	}
	slices.Reverse(out)
	return out
}

// slack is what an honest clock may be wrong by before its time is called impossible.
const slack = 5 * time.Minute

// impossible says so where an author's time cannot be: after the statement was held here, ahead of our clock, or a
// day and more before the line began. SPEC: PAG-034
func (b builder) impossible(t time.Time, e *record.Entry) string {
	latest, came := b.Now, ""
	if e != nil && e.Receipt != nil && e.Receipt.By == b.Us {
		latest, came = e.Receipt.Held, b.t("time.came", b.when(e.Receipt.Held))
	}
	if t.IsZero() || !t.After(latest.Add(slack)) && (b.Began.IsZero() || t.After(b.Began.AddDate(0, 0, -1))) {
		return ""
	}
	return b.t("time.impossible", t.UTC().Format("2006-01-02 15:04Z")) + came
}

// more says how much waits that found no room.
func (b builder) more() string {
	if b.MoreMessages+b.MoreStops == 0 {
		return ""
	}
	return b.t("more", b.MoreMessages, b.MoreStops)
}

// DeskName is a desk as people know it: by the name that they gave it or its terminal has, never by what a node calls it.
func DeskName(lang, desk string) string {
	if unnamed(desk) {
		return words.T(lang, "desk.unnamed")
	}
	return desk
}

// unnamed reports whether a node calls a desk so, and no person.
func unnamed(desk string) bool {
	return strings.HasPrefix(desk, "page-") || strings.HasPrefix(desk, "session-")
}

// who names the person behind a statement: his name and how he was known, or unattributed with his desk.
func (b builder) who(officer, known, desk string) string {
	name := ""
	if o := b.Register.OfficerAt(officer); o != nil {
		name = o.Name
	}
	if name = cmp.Or(name, b.Were[officer]); name == "" {
		name = b.or("known", known)
		name = join(name, DeskName(b.lang, desk))
	}
	return name
}

func (b builder) header(stops []StopCard) Header {
	h := b.Desk
	h.Party, h.Peer, h.Word = b.Us, b.Them, b.t("header.nobody")
	if h.Officer != "" {
		h.Word = b.t("header.on", h.Officer, b.or("known", h.KnownHow))
	}
	h.Reads, h.NoSound = b.reads(), b.or("sound.why", h.NoSound)
	for _, s := range stops {
		if s.Stands && (h.Stop == "" || !s.Ours) {
			h.Stop = map[bool]string{true: "ours", false: "theirs"}[s.Ours]
		}
	}
	return h
}

// logSheet is the record to be printed, with who prints it and where.
func (b builder) logSheet(d *Desk) {
	d.Log, d.Header = b.log(), b.header(nil)
	d.Header.Desk = DeskName(b.lang, d.Header.Desk)
}

// reads is the language in which the other end reads a coded phrase: the first that an officer of theirs has given and that
// is there, of one who is present before any other.
func (b builder) reads() string {
	reads := ""
	for _, o := range b.Register.Officers {
		i := slices.IndexFunc(o.Langs, func(l string) bool { return slices.Contains(words.Langs(), l) })
		if o.Party == b.Them && o.Ended == nil && i >= 0 && (reads == "" || slices.Contains(b.WeSee.Officers, o.Name)) {
			reads = o.Langs[i]
		}
	}
	return cmp.Or(reads, "en")
}

// sentences are the status, fit to be read aloud: the line, what a cut means, who has not spoken. SPEC: PAG-018
func (b builder) sentences(c Counterparts) (out []string) {
	var up int
	var heard, heardThere bool
	var down, deaf time.Time
	for _, p := range b.Paths {
		heard, heardThere = heard || p.WeHear, heardThere || p.TheyHear
		switch {
		case p.WeHear && p.TheyHear:
			up++
		case p.WeHear && p.Since.After(deaf):
			deaf = p.Since
		case !p.WeHear && p.LastHeard.After(down):
			down = p.LastHeard
		}
	}
	tested := b.tested()
	if b.Version != "" {
		defer func() { out = append(out, b.t("line.versions", b.Version)) }()
	}
	for _, s := range b.Service {
		out = append(out, b.t("service.sentence", OutOfService(b.lang, s, b.Now)))
	}
	switch {
	case b.Alone:
		out = append(out, b.t("line.alone", b.Them, tested))
	case heard && heardThere: // perhaps each way over another path
		out = append(out, b.t("line.up", max(up, 1), len(b.Paths), tested))
	case heard:
		out = append(out, b.t("line.deaf", b.since(deaf), tested), b.t("cut.recorded"))
	case down.IsZero():
		out = append(out, b.t("line.never", tested), b.t("cut.recorded"))
	default:
		out = append(out, b.t("line.down", b.since(down), tested), b.t("cut.recorded"))
	}
	if b.Joining > 0 {
		out = append(out, b.t("joining", b.Joining))
	}
	if heard && heardThere && b.WeSee.Known && b.WeSee.Armed == 0 {
		out = append(out, b.t("silent.desk"))
	}
	out = append(out, c.Scheduled...) // the reminder, at both ends. SPEC: CNT-023
	if c.Sentence != "" {
		out = append(out, c.Sentence)
	}
	return out
}

// tested says when the line was tested last.
func (b builder) tested() string {
	f := b.Checks
	switch {
	case b.Check.State == "running":
		return b.t("tested.running")
	case b.Check.State == "waiting":
		return b.t("tested.waiting")
	case len(f.Overdue) > 0:
		return b.t("tested.overdue", b.since(f.Overdue[0].Due))
	case f.LastPassed.IsZero():
		return b.t("tested.never")
	case sameDay(f.LastPassed, b.Now):
		return b.t("tested.today", b.when(f.LastPassed))
	}
	return b.t("tested.last", b.when(f.LastPassed))
}

// unrecorded says where statements cannot be committed.
func (b builder) unrecorded() string {
	var said []string
	if !b.Unrecorded.IsZero() {
		said = append(said, b.t("unrecorded.here", b.since(b.Unrecorded)))
	}
	switch {
	case b.Starting != "":
		n, of, _ := strings.Cut(b.Starting, "/")
		said = append(said, b.t("unread.starting", n, of))
	case b.Unread:
		said = append(said, b.t("unread.failed"))
	}
	if !b.UnrecordedThere.IsZero() {
		said = append(said, b.t("unrecorded.there", b.since(b.UnrecordedThere)))
	}
	return strings.Join(said, " ")
}

// alarms gives each the words of how it is drawn.
func (b builder) alarms() []alarm.Alarm {
	out := append([]alarm.Alarm{}, b.Alarms...)
	for i := range out {
		a := &out[i]
		a.Cause, a.Do, a.Word = strings.ToUpper(a.Row.Cause(b.lang)), a.Row.Do(b.lang), b.or("prio", a.Priority)
		if a.State == alarm.Returned {
			a.Cause = b.t("alarm.over", a.Row.Cause(b.lang))
		}
		if a.State != alarm.Raised {
			a.Word += ", " + b.or("astate", a.State)
		}
		if a.ID == "A1" || a.ID == "A12" {
			a.Do += " " + b.telephone()
		}
		if a.ID == "A2" && a.Key != "here" {
			a.Do = b.t("alarm.A2.there") + " " + b.telephone()
		}
		if a.ID == "A3" && b.Alone { // there are no parts to look at, and nothing to run
			a.Do = b.t("alone.test")
		}
		if d := a.Detail.In(b.lang); d != "" {
			a.Cause += ": " + d
		}
		if a.Count > 1 {
			a.Cause += b.t("times", a.Count)
		}
	}
	return out
}

// telephone says where they are reached when the line is down, as the terms have it, and where we are. SPEC: PAG-036
func (b builder) telephone() string {
	said := b.t("telephone.none")
	if n := b.Fallback[b.Them]; len(n) > 0 {
		said = b.t(map[bool]string{true: "alone.telephone", false: "telephone"}[b.Alone], b.Them, strings.Join(n, ", "))
	}
	if n := b.Fallback[b.Us]; len(n) > 0 {
		said += " " + b.t("telephone.ours", strings.Join(n, ", "))
	}
	return said
}

func (b builder) liveness() Liveness {
	l := Liveness{Paths: []wire.PathState{}, Telephone: b.telephone(), WeSee: b.presence(b.WeSee), TheySeeUs: b.presence(b.TheySee)}
	for _, p := range b.Paths {
		p.Label, p.Word = b.t("path.n", p.Label), updown(b.lang, p.WeHear).Word+" / "+updown(b.lang, p.TheyHear).Word
		if p.Reason != "" {
			p.Reason = b.t(p.Reason)
		}
		l.Paths = append(l.Paths, p)
	}
	return l
}

func (b builder) layer(state string) Layer { return Layer{State: state, Word: b.or("layer", state)} }

// presence adds the words for station, desk and officer of one end. Of an end that is not reached nothing else can be
// known. SPEC: PAG-019
func (b builder) presence(e Presence) Presence {
	switch state := e.Station.State; {
	case state == "":
		e.Station = b.layer("unknown")
	case state == "stuck":
		e.Station.Word = b.t("layer.stuck-since", b.since(e.Station.Since))
	case state == "goodbye" && e.Why != "":
		e.Station.Word = b.t("layer.goodbye-why", e.Why)
	default:
		e.Station.Word = b.or("layer", state)
	}
	if !e.Known || e.Station.State == "not-reached" || e.Station.State == "goodbye" {
		e.Desk, e.Officer = b.layer("unknown"), b.layer("unknown")
		return e
	}
	e.Desk, e.Officer = b.layer("unarmed"), b.layer("nobody")
	switch {
	case e.Armed == 0 && e.Unable != "":
		e.Desk.Word = b.or("unable", e.Unable)
	case e.Armed > 0 && e.Silent == e.Armed:
		e.Desk = Layer{State: "nosound", Word: b.t("armed.silent", e.Armed)}
	case e.Armed > 0:
		e.Desk = Layer{State: "armed", Word: b.t("armed.n", e.Armed)}
	}
	if len(e.Officers) > 0 {
		e.Officer = Layer{State: "present", Word: strings.Join(e.Officers, ", ")}
	} else if e.Present > 0 {
		e.Officer = b.layer("present")
	}
	return e
}

// Composer lists what the composer offers.
func Composer(lang string) Compose {
	b := newBuilder(Input{}, lang)
	list := func(prefix, usual string, codes ...string) []Choice {
		var cs []Choice
		for _, c := range codes {
			cs = append(cs, Choice{Code: c, Word: b.or(prefix, c), Default: c == usual})
		}
		return cs
	}
	var langs []Choice
	for _, l := range words.Langs() {
		langs = append(langs, Choice{Code: l, Word: words.T(l, "lang.name"), Default: l == b.lang})
	}
	return Compose{
		Precedences: list("prec", "ROUTINE", "ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"),
		Kinds:       list("kind", "information", "warning", "information", "intention", "question", "answer", "request", "incident"),
		Classes:     list("class", "substantive", "substantive", "service", "test"),
		Marks:       list("mark", "actual", "actual", "exercise"),
		Langs:       langs,
		Phrases:     b.phrases(),
		Default:     b.t("compose.is", b.t("kind.information"), b.t("class.substantive"), b.t("mark.actual")),
	}
}

func (b builder) phrases() []Choice {
	var out []Choice
	for _, p := range phrase.Book() {
		c := Choice{Code: p.Code, Kind: p.Kind, Word: phrase.Title(b.lang, p.Code)}
		for _, f := range p.Fields {
			c.Blanks = append(c.Blanks, b.blank(f))
		}
		out = append(out, c)
	}
	return out
}

func (b builder) blank(f phrase.Field) Blank {
	v := Blank{Name: f.Name, Word: phrase.Label(b.lang, f.Name), Type: string(f.Type), Optional: f.Optional}
	values := map[phrase.Type][]string{phrase.Object: phrase.Objects, phrase.YesNo: {"yes", "no"}}[f.Type]
	for _, c := range values {
		v.Choices = append(v.Choices, Choice{Code: c, Word: phrase.Value(b.lang, f.Type, c)})
	}
	if len(values) == 0 {
		v.Example = f.Type.Example()
	}
	return v
}

// date writes a date as well as it is known.
func (b builder) date(w statement.When) string {
	switch {
	case w.IsZero():
		return ""
	case w.IsInstant():
		return When(b.lang, w.Earliest(), b.Now)
	case w.IsAbout():
		return b.t("span.about", Day(b.lang, w.Middle(), b.Now))
	case w.IsDay():
		return Day(b.lang, w.Earliest(), b.Now)
	}
	return b.t("span.to", Day(b.lang, w.Earliest(), b.Now), Day(b.lang, w.Latest(), b.Now))
}

func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// elementKey makes an item's key fit for the id of an element.
func elementKey(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:8])
}
