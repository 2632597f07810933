// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/message/phrase"
	"example.org/parley/readout"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// call draws the call panel. SPEC: PAG-024
func (b builder) call() Call {
	c, l := b.Call, b.Live
	c.State, c.Word, c.Ours, c.Class, c.Mark, c.Priority, c.Desks, c.By = l.State, b.or("call", l.State), l.Out, l.Class, l.Mark, l.Priority, len(l.Rang), b.there(l.ThereBy, l.There)
	if l.ID != (call.ID{}) {
		c.ID = l.ID.String()
	}
	c.Acts, c.Since = []string{"hang-up"}, l.Began
	switch l.State {
	case "", call.Idle:
		return b.idle(c)
	case call.RingingHere:
		c.Acts, c.At = []string{"answer", "decline"}, b.ringsAt(l.Bell())
		if l.Later(b.Desk.Desk) {
			c.State, c.Word, c.Acts = "ringing-later", b.t("call.ringing-later"), []string{"answer"}
		}
	case call.RingingThere:
		c.Word, c.At = b.t("call.ringing-there", b.desks(len(l.Rang))), b.ringsAt(l.Rang)
	case call.Connected:
		c.Since, c.Out, c.In = l.Answered, b.meter(c.Out), b.meter(c.In)
		if c.Mute {
			c.Word = b.t("call.mute")
		} else if c.TheyMuted {
			c.Word = b.t("call.muted")
		}
		b.inCall(&c)
		b.recording(&c)
	}
	if l.State != call.Connected {
		c.Others = nil
		c.Out, c.In, c.Mute, c.TheyMuted, c.Recording = nil, nil, false, false, nil
	}
	if l.Priority != "" {
		c.By = join(b.t("call.priority", b.or("why", l.Priority)), c.By)
	}
	if at := l.By.Desk; at != "" && c.Talks == "" && b.Desk.Desk != "" && at != b.Desk.Desk && l.State != call.RingingHere { // SPEC: PAG-078
		switch who, named := b.there(l.By.Officer, ""), !unnamed(at); {
		case named && who != "":
			c.At = b.t("call.at", who, at)
		case named:
			c.At = b.t("call.at.desk", at)
		default:
			c.At = b.t("call.at.who", cmp.Or(who, b.t("desk.unnamed")))
		}
	}
	c.Seconds = seconds(c.Since, b.Now)
	return c
}

// recording says whether the call that is up is recorded, at which ends, and why not at another. SPEC: RCD-009
func (b builder) recording(c *Call) {
	if c.Recording == nil {
		return
	}
	r := *c.Recording
	if r.State == "off" || r.State == "both" {
		r.Word = b.t("recording." + r.State)
	} else {
		r.Word = b.t("recording."+r.State, b.t("record.why."+cmp.Or(r.Word, "on")))
	}
	c.Recording = &r
}

// ringsAt names the desks that ring, those that people have given a name.
func (b builder) ringsAt(desks []string) string {
	desks = slices.DeleteFunc(slices.Clone(desks), unnamed)
	if len(desks) == 0 {
		return ""
	}
	return b.t("call.rings-at", strings.Join(desks, ", "))
}

// there names who is at the far end: an officer on record by his name, whatever else they say as it is; the desk where
// nobody is named.
func (b builder) there(officer, desk string) string {
	if o := b.Register.OfficerAt(officer); o != nil {
		officer = o.Name
	}
	return cmp.Or(officer, DeskName(b.lang, desk))
}

// idle shows a call that is over by its outcome, for as long as a person may be looking at it.
func (b builder) idle(c Call) Call {
	unrecorded := c.Unrecorded
	c = Call{State: call.Idle, Word: b.t("call.idle"), Sound: c.Sound, Acts: []string{"ring"}}
	if b.Alone {
		c.Acts, c.Word, c.ThereWord = []string{}, b.t("alone.ring"), b.telephone()
		return c
	}
	if b.WeSee.Known && b.WeSee.Armed == 0 {
		c.ThereWord = b.t("silent.desk")
	}
	we := slices.ContainsFunc(b.Paths, func(p wire.PathState) bool { return p.WeHear })
	they := slices.ContainsFunc(b.Paths, func(p wire.PathState) bool { return p.TheyHear })
	if c.NoPath = len(b.Paths) > 0 && !(we && they); c.NoPath {
		c.Word = b.t(map[bool]string{true: "ans.deaf", false: "ans.down"}[we])
	}
	last := b.Live.Last
	if last == nil || b.Now.Sub(last.Ended) > 10*time.Minute {
		return c
	}
	c.State, c.Outcome, c.Class = "ended", code(last.Outcome), b.LastClass
	c.ID, c.Ours, c.Unrecorded = last.ID.String(), last.Out, unrecorded
	secs := 0
	for _, s := range b.Calls {
		if s.Call != c.ID {
			continue
		}
		secs = seconds(s.Answered, s.Ended)
		if us, them := b.ends(s); s.Differ {
			c.Differs = b.t("call.differs", b.outcome(us.Facts.Outcome, 0), b.outcome(them.Facts.Outcome, 0))
		}
	}
	c.OutcomeWas = b.t("out.last", b.outcome(last.Outcome, secs))
	c.Text, c.TextMore = b.texts(c.ID, b.Texts)
	if b.LastAsk && b.LastCall != "" && c.Outcome == call.Answered {
		c.ID, c.Acts = b.LastCall, append(c.Acts, "class")
	}
	return c
}

// ends gives both ends of a call, ours first.
func (b builder) ends(s call.State) (us, them call.End) {
	if s.Opener == b.Us {
		return s.Caller, s.Called
	}
	return s.Called, s.Caller
}

func (b builder) desks(n int) string {
	if n == 1 {
		return b.t("desks.1")
	}
	return b.t("desks.n", n)
}

func seconds(from, to time.Time) int {
	if from.IsZero() || to.Before(from) {
		return 0
	}
	return int(to.Sub(from) / time.Second)
}

// outcome says what became of a ring; a decline by whom, why and until when, a failure of what.
func (b builder) outcome(o call.Outcome, secs int) string {
	if o.What == "" {
		return b.t("out.open")
	}
	if o.Became != "" {
		return b.became(o.Became)
	}
	parts := []string{b.or("out", o.What)}
	if o.Cause != "" {
		parts[0] += ": " + b.or("cause", o.Cause)
	}
	if o.Desk != "" && o.What == call.Declined {
		parts = append(parts, b.t("out.by", DeskName(b.lang, o.Desk)))
	}
	parts = append(parts, o.Reason)
	if !o.StandBy.IsZero() {
		parts = append(parts, b.t("out.until", b.when(o.StandBy)))
	}
	if o.What == call.NoAnswer && o.Seconds > 0 {
		parts = append(parts, b.t("out.after", o.Seconds), b.desks(len(o.Desks)))
	}
	if secs > 0 {
		parts = append(parts, b.t("out.lasted", secs))
	}
	return join(parts...)
}

// became says into which call a ring went that crossed theirs: it was not answered itself. SPEC: PAG-024
func (b builder) became(id string) string {
	return b.t("out.became", cmp.Or(b.other(id), b.t("call.theirs")))
}

// other is the short ID of the call of that random id, where it is on record.
func (b builder) other(id string) string {
	if i := slices.IndexFunc(b.Calls, func(s call.State) bool { return s.Call == id }); i >= 0 && id != "" {
		return b.callID(b.Calls[i])
	}
	return ""
}

// code is the word of an outcome for machines: a ring that became another call was not answered twice.
func code(o call.Outcome) string {
	if o.Became != "" {
		return "became"
	}
	return o.What
}

// callID is the short ID of the first statement about a call.
func (b builder) callID(s call.State) string {
	for _, e := range []*record.Entry{s.Caller.Began, s.Called.Began, s.Caller.Closed, s.Called.Closed} {
		if e != nil {
			return b.IDs.Short(e)
		}
	}
	return ""
}

func (b builder) meter(m *Meter) *Meter {
	if m == nil {
		return nil
	}
	v := *m
	v.Word = b.t("meter.none")
	if m.Frames > 0 {
		v.Word = b.t("meter.word", int(m.Frames), int(m.Lost), Ms(m.LongestGapMS))
	}
	return &v
}

// calls draws the calls, newest first.
func (b builder) calls() []Call {
	out := []Call{}
	for _, s := range slices.Backward(b.Calls) {
		out = append(out, b.pastCall(s))
	}
	return out
}

func (b builder) pastCall(s call.State) Call {
	c := Call{ID: b.callID(s), Since: s.Began, Ours: s.Opener == b.Us, Class: s.Class, Mark: s.Mark, Outcome: code(s.Outcome), Became: b.other(s.Outcome.Became), Word: b.outcome(s.Outcome, 0),
		Seconds: seconds(s.Answered, s.Ended), In: &Meter{}}
	if s.Telephone {
		c.Word = b.t("call.telephone")
	}
	for _, e := range []*record.Entry{s.Caller.Began, s.Called.Began} {
		if e != nil && e.Log.Party == s.Opener {
			c.Impossible = b.impossible(c.Since, e)
		}
	}
	us, them := b.ends(s)
	if us.Facts.By != nil {
		c.By = b.author(*us.Facts.By)
	}
	c.People, c.With = b.wereIn(s)
	if s.Differ {
		c.Differs = b.outcome(them.Facts.Outcome, 0)
	}
	in := s.Voice[0]
	if c.Ours {
		in = s.Voice[1]
	}
	c.In.Lost, c.In.LongestGapMS = uint64(max(in.Lost, 0)), float64(max(in.GapMS, 0))
	return c
}

// check draws the daily test. SPEC: PAG-025
func (b builder) check() Check {
	c, f := b.Check, b.Checks
	c.Days, c.Of, c.Streak, c.Last, c.Parts = f.Tested, f.Days, f.Streak, nil, append([]check.Part{}, c.Parts...)
	if f.Last != nil {
		was := bare(*f.Last)
		c.Last = &was
	}
	if c.GapFrom, c.GapTo = f.Gap[0], f.Gap[1]; c.GapTo.Equal(f.Now) {
		c.GapTo = time.Time{}
	}
	c.Figures = b.t("check.figures", f.Tested, f.Days, f.Streak, b.dayTime(f.LastPassed), b.span(f.Gap[1].Sub(f.Gap[0])))
	for _, what := range []string{check.Suspended, check.Maintenance} {
		if n := f.Away[what]; n > 0 {
			c.Figures += b.t("check.days."+what, n)
		}
	}
	c.Figures += b.telephoneTests()
	if f := b.Before; f != nil && f.Days > 0 { // added to nothing. SPEC: ALN-023
		c.Figures += " · " + b.t("before.tests", f.Tested, f.Days, b.dayTime(f.LastPassed))
	}
	switch {
	case c.State != "": // running or waiting
		c.Word = b.or("check", c.State)
	case len(f.Overdue) > 0:
		c.State, c.Due = "overdue", f.Overdue[0].Due
		c.Word = b.t("check.word", b.t("check.overdue"), b.when(f.Overdue[0].Due))
	case f.Last != nil:
		c.State, c.Word = f.Last.Outcome, b.t("check.word", slotWord(b.lang, *f.Last), b.when(f.Last.Due))
	default:
		c.State, c.Word = "none", b.t("check.none")
	}
	return c
}

// telephoneTests says what the tests of the ordinary telephone came to, by whose notes, "" where there is none. SPEC: CHK-031
func (b builder) telephoneTests() (said string) {
	for _, p := range []string{b.Us, b.Them} {
		n := check.Counts(b.Checks.Tests, p)
		if len(n) == 0 {
			continue
		}
		var missed []string
		for _, o := range check.Outcomes {
			if n[check.NotReached] > 0 && n["test."+o] > 0 && check.Column(o) == check.NotReached {
				missed = append(missed, fmt.Sprintf("%s %d", b.t("test."+o), n["test."+o]))
			}
		}
		called, days := check.Called(b.Checks.Tests, p, b.Checks.From, b.Now)
		said += " · " + b.t("tests", p, called, days, n[check.Passed], Day(b.lang, b.Checks.From, b.Now), n[check.NoReply], n[check.Declined], n[check.NotReached])
		if len(missed) > 0 {
			said += " (" + strings.Join(missed, ", ") + ")"
		}
		if n["heard"] > 0 {
			said += " · " + b.t("tests.heard", n["heard"])
		}
	}
	return said
}

// dayTime is an instant with its day, today's too.
func (b builder) dayTime(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return Day(b.lang, t, b.Now) + t.UTC().Format(" 15:04Z")
}

// span is a time in whole hours, or in days where it is long.
func (b builder) span(d time.Duration) string {
	if h := int(d.Hours()); h >= 48 {
		return b.t("span.days", h/24)
	} else {
		return b.t("span.hours", h)
	}
}

// lineFigures draws what the line was used for and how long it was up.
func (b builder) lineFigures() (f LineFigures) {
	if b.Figures == nil {
		return f
	}
	f = *b.Figures
	f.Window = b.t("figures.window", b.dayTime(f.Since), b.dayTime(b.Now))
	switch f.UsedWord = b.t("used.never"); f.Used {
	case 0:
	case 1:
		f.UsedWord = b.t("used.once", b.dayTime(f.LastUsed))
	default:
		f.UsedWord = b.t("used.times", f.Used, b.dayTime(f.LastUsed))
	}
	if n := len(f.Disputed); n > 0 {
		f.UsedWord = join(f.UsedWord, b.t("used.disputed", n, strings.Join(f.Disputed, ", ")))
	}
	if a := f.Available; len(a) == 3 && !b.Alone {
		f.UpWord = b.t("available", percent(a[0].Percent), percent(a[1].Percent), percent(a[2].Percent), b.dayTime(a[2].Since))
	}
	return f
}

// percent never rounds up to 100.
func percent(p float64) string {
	if p >= 100 {
		return "100 %"
	}
	return fmt.Sprintf("%.2f %%", math.Floor(p*100)/100)
}

// bare is a slot without the statements behind it.
func bare(s check.State) check.State {
	s.Ends = nil
	return s
}

// PartState is how a part of a check stands: passed, failed, skipped or waiting.
func PartState(r check.Part) string {
	return cmp.Or(map[string]string{check.OK: "passed", check.Bad: "failed", check.None: "skipped"}[r.Result], "waiting")
}

func partWord(lang string, r check.Part) string {
	word := words.Or(lang, "part", r.Name)
	if r.Path != "" {
		word = words.T(lang, "part.word", word, r.Path)
	}
	return word
}

// partNote is what was measured, and why a part did not pass.
func partNote(lang string, r check.Part) string {
	switch {
	case r.Name == check.PartVoice && r.Sent > 0:
		return join(words.T(lang, "part.frames", r.Back, r.Sent, r.MS), r.Why)
	case r.MS > 0:
		return join(words.T(lang, "part.ms", r.MS), r.Why)
	}
	return r.Why
}

// slotWord is the outcome of a slot, with the parts that did not pass.
func slotWord(lang string, s check.State) string {
	if s.Heard {
		return words.T(lang, "test.heard")
	}
	if s.Test != "" {
		return words.T(lang, "test."+s.Test)
	}
	word := words.Or(lang, "check", s.Outcome)
	if len(s.Which) == 0 {
		return word
	}
	var names []string
	for _, w := range s.Which {
		part, path, _ := strings.Cut(w, " ")
		names = append(names, strings.TrimSpace(words.Or(lang, "part", part)+" "+path))
	}
	return words.T(lang, "check.which", word, strings.Join(names, ", "))
}

// log draws the statements, newest first.
func (b builder) log() []LogRow {
	out := []LogRow{}
	for _, e := range newestFirst(b.Log, (*record.Entry).Place, func(e *record.Entry) []record.Ref { return e.Re }) {
		out = append(out, b.logRow(e))
	}
	return out
}

// logRow draws one statement, valid or not; what makes it worth nothing is said.
func (b builder) logRow(e *record.Entry) LogRow {
	r := LogRow{ID: b.IDs.Short(e), At: e.Time, Party: e.Log.Party, Kind: e.Kind, Class: e.Class, Mark: e.Mark, State: "recorded", Word: b.logWord(e)}
	if e.Receipt != nil {
		r.State, r.Held = "held", e.Receipt.Held
	}
	switch {
	case e.Log.Private:
		r.State = "private"
	case b.Alone: // nobody else could hold it
		r.State = "alone"
	}
	switch {
	case e.Evidence != "":
		r.State, r.Note = "evidence", e.Evidence
	case strings.HasPrefix(e.Inert, record.UnknownKind): // SPEC: NOD-042
		r.State, r.Note = "unknown", b.t("log.upgrade", e.Kind)
	case e.Inert != "":
		r.State, r.Note = "inert", e.Inert
	case e.Absent == "later" && e.Sealed():
		r.State = "sealed"
	case e.Absent != "":
		r.State, r.Note = "absent", e.Absent
	}
	r.Note = join(b.impossible(e.Time, e), r.Note)
	if e.Disowned > 0 {
		r.Note = join(r.Note, b.t("log.disowned", e.Disowned))
	}
	b.said(&r, e)
	for _, x := range e.Re {
		r.Re = append(r.Re, b.IDs.ShortPlace(x.Place))
	}
	return r
}

// said adds who states something, and what it says, of its facts and words.
func (b builder) said(r *LogRow, e *record.Entry) {
	var f struct {
		By       statement.Author  `json:"by"`
		To       string            `json:"to"`
		Phrase   string            `json:"phrase"`
		Fields   map[string]string `json:"fields"`
		Place    string            `json:"place"`
		Reason   string            `json:"reason"`
		Name     string            `json:"name"`
		ToldBy   string            `json:"told_by"`
		Prec     string            `json:"precedence"`
		Outcome  string            `json:"outcome"`
		Read     string            `json:"read"`
		How      string            `json:"how"`
		Kind     string            `json:"kind"`
		Channel  string            `json:"channel"`
		Class    string            `json:"class"`
		Priority string            `json:"priority"`
		Told     string            `json:"told"`
		Open     []string          `json:"open"`
		Points   []readout.Point   `json:"points"`
		Text     string            `json:"text"`
		Until    time.Time         `json:"until"`
		From     string            `json:"from"`
		With     string            `json:"with"`
		Call     string            `json:"call"`
		Days     int               `json:"days"`

		Participants []contact.Participant `json:"participants"`
	}
	_ = json.Unmarshal(e.Facts(), &f) // what has another form says nothing here
	w := e.Said()
	f.Place, f.Reason, f.ToldBy = cmp.Or(f.Place, statement.Tidy(w["place"], 240)), cmp.Or(f.Reason, statement.Tidy(w["reason"], 480)), cmp.Or(f.ToldBy, statement.Tidy(w["told_by"], 240))
	if f.By.Known != "" {
		r.By = b.author(f.By)
	}
	r.To = b.post(f.To)
	said := []string{f.Name, b.with(&contact.Contact{Participants: f.Participants})}
	if f.From != "" && f.With != "" {
		said = append(said, b.post(f.From)+" → "+b.post(f.With))
	}
	if e.Kind == check.KindNoted {
		said, f.Outcome = append(said, b.t("test."+f.Outcome)), ""
	}
	for _, c := range [][2]string{{"prec", f.Prec}, {"out", f.Outcome}, {"check", f.Outcome}, {"request", f.Outcome}, {"read", f.Read}, {"how", f.How}, {"contact", f.Kind},
		{"chan", f.Channel}, {"class", f.Class}, {"why", f.Priority}} {
		if w, ok := words.Get(b.lang, c[0]+"."+c[1]); ok && !slices.Contains(said, w) {
			said = append(said, w)
		}
	}
	if spans, err := phrase.Render(b.lang, f.Phrase, f.Fields); err == nil {
		said = append(said, Plain(spans))
	}
	said = append(said, f.Place, phrase.Reason(b.lang, f.Reason), f.ToldBy, f.Told)
	if !f.Until.IsZero() {
		said = append(said, b.t("service.until", b.when(f.Until)))
	}
	for _, p := range f.Points {
		said = append(said, b.or("point", p.Sort)+": "+p.Text)
	}
	said = append(said, f.Text)
	for _, x := range f.Open {
		if p, err := record.ParsePlace(x); err == nil {
			said = append(said, b.IDs.ShortPlace(p))
		}
	}
	if t := e.Words(); t != nil {
		said = append(said, t.Text)
	}
	if e.Kind == call.KindLine {
		said = append(said, statement.Tidy(w["line"], 240))
		if gone := statement.Tidy(w["erased"], 400); gone != "" {
			said = append(said, b.t("line.erased", gone))
		}
	}
	if e.Kind == call.KindErased {
		said = append(said, b.t("record.erased", f.Call, f.Days))
	}
	r.Says = join(said...)
}

// Finder gives what says of a statement whether its row has all these words, in any letter case, and is by that person: what
// is searched is what is drawn.
func Finder(in Input, lang string, has []string, person string) func(*record.Entry) bool {
	b := newBuilder(in, lang)
	return func(e *record.Entry) bool {
		if len(has) == 0 && person == "" {
			return true
		}
		r := b.logRow(e)
		row := strings.ToLower(strings.Join([]string{r.Word, r.By, r.To, r.Says, r.Party, texts(e)}, "\n"))
		return strings.Contains(strings.ToLower(r.By), strings.ToLower(person)) &&
			!slices.ContainsFunc(has, func(w string) bool { return !strings.Contains(row, strings.ToLower(w)) && !strings.EqualFold(w, r.ID) })
	}
}

// texts are those of the facts of a statement, whatever its kind; its salt is none.
func texts(e *record.Entry) string {
	facts := map[string]any{}
	_ = json.Unmarshal(e.Facts(), &facts)
	delete(facts, "salt")
	facts["words"] = slices.Collect(maps.Values(e.Said()))
	var out []string
	var walk func(x any)
	walk = func(x any) {
		switch x := x.(type) {
		case string:
			out = append(out, x)
		case []string:
			out = append(out, x...)
		case []any:
			for _, y := range x {
				walk(y)
			}
		case map[string]any:
			for _, y := range x {
				walk(y)
			}
		}
	}
	walk(facts)
	return strings.Join(out, "\n")
}

// logWord is one line about a statement: that it is a test, its kind, what it is about, and how much of its words fits.
//
// SPEC: PAG-023
func (b builder) logWord(e *record.Entry) string {
	parts := []string{b.or("said", e.Kind)}
	if e.Class == "test" {
		parts = []string{b.t("class.test"), parts[0]}
	}
	if len(e.Re) > 0 {
		parts = append(parts, b.IDs.ShortPlace(e.Re[0].Place))
	}
	if t := e.Words(); t != nil {
		w := []rune(strings.Join(strings.Fields(t.Text), " "))
		if len(w) > 60 {
			w = append(w[:59], '…')
		}
		parts = append(parts, string(w))
	}
	return join(parts...)
}
