// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/record"
)

// call draws the call panel. SPEC: PAG-024
func (b builder) call() Call {
	in, l := b.Input.Call, b.Input.Call.Live
	c := Call{State: l.State, Word: b.or("call", l.State), Ours: l.Out, Class: l.Class, Mark: l.Mark, Priority: l.Priority, Desks: len(l.Rang), Sound: in.Sound,
		NoSound: b.Desk.NoSound, Unrecorded: in.Unrecorded, By: b.there(l.ThereBy, l.There), Acts: []string{}}
	if c.State == "" {
		c.State, c.Word = call.Idle, b.t("call.idle")
	}
	if l.ID != (call.ID{}) {
		c.ID = l.ID.String()
	}
	switch c.State {
	case call.Idle:
		b.idle(&c)
		return c
	case call.RingingHere:
		c.Since, c.Acts = l.Began, append(c.Acts, "answer", "decline")
	case call.RingingThere:
		c.Word, c.Since = b.t("call.ringing-there", b.desks(len(l.Rang))), l.Began
		c.Acts = append(c.Acts, "hang-up")
	case call.Connected:
		c.Since, c.Acts = l.Answered, append(c.Acts, "hang-up")
		c.Out, c.In = b.meter(in.Out), b.meter(in.In)
		if c.Mute = in.Mute; c.Mute {
			c.Word = b.t("call.mute")
		}
	default:
		c.Since, c.Acts = l.Began, append(c.Acts, "hang-up")
	}
	if l.Priority != "" {
		c.By = join(b.t("call.priority", b.or("why", l.Priority)), c.By)
	}
	c.Seconds = seconds(c.Since, b.Now)
	return c
}

// there names who is at the far end: an officer on record by his name, whatever else they say as it is.
func (b builder) there(officer, desk string) string {
	if o := b.Register.OfficerAt(officer); o != nil {
		officer = o.Name
	}
	return join(officer, desk)
}

// idle shows a call that is over by its outcome, for as long as a person may be looking at it.
func (b builder) idle(c *Call) {
	in := b.Input.Call
	c.Unrecorded = false
	c.Acts = append(c.Acts, "ring")
	if b.WeSee.Known && b.WeSee.Armed == 0 || in.NoRing == call.NobodyArmed {
		c.ThereWord = b.t("silent.desk")
	}
	last := in.Live.Last
	if last == nil || b.Now.Sub(last.Ended) > 10*time.Minute {
		return
	}
	c.State, c.Word, c.Outcome, c.Class = "ended", b.t("call.ended"), code(last.Outcome), in.LastClass
	c.ID, c.Ours, c.Unrecorded = last.ID.String(), last.Out, in.Unrecorded
	secs := 0
	for _, s := range b.Calls {
		if s.Call != c.ID {
			continue
		}
		secs = seconds(s.Answered, s.Ended)
		if s.Differ {
			c.Differs = b.differs(s)
		}
	}
	c.OutcomeWas = b.t("out.last", b.outcome(last.Outcome, secs))
	if in.LastAsk && in.Last != "" && c.Outcome == call.Answered {
		c.ID, c.Acts = in.Last, append(c.Acts, "class")
	}
}

func (b builder) differs(s call.State) string {
	us, them := s.Caller, s.Called
	if s.Opener != b.Us {
		us, them = them, us
	}
	return b.t("call.differs", b.outcome(us.Facts.Outcome, 0), b.outcome(them.Facts.Outcome, 0))
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
		parts = append(parts, b.t("out.by", o.Desk))
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
	if short := b.other(id); short != "" {
		return b.t("out.became", short)
	}
	return b.t("out.became", b.t("call.theirs"))
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
func (b builder) calls() []CallRow {
	out := []CallRow{}
	for _, s := range slices.Backward(b.Calls) {
		out = append(out, b.callRow(s))
	}
	return out
}

func (b builder) callRow(s call.State) CallRow {
	r := CallRow{ID: b.callID(s), At: s.Began, Ours: s.Opener == b.Us, Class: s.Class, Mark: s.Mark, Outcome: code(s.Outcome), Became: b.other(s.Outcome.Became), Seconds: seconds(s.Answered, s.Ended)}
	r.Word = b.outcome(s.Outcome, 0)
	if s.Outcome.What == "" && s.Open {
		r.Word = b.t("out.open")
	}
	for _, e := range []*record.Entry{s.Caller.Began, s.Called.Began} {
		if e != nil && e.Log.Party == s.Opener {
			r.Impossible = b.impossible(r.At, e)
		}
	}
	us, them := s.Caller, s.Called
	in := s.Voice[1]
	if !r.Ours {
		us, them, in = s.Called, s.Caller, s.Voice[0]
	}
	if us.Facts.By != nil {
		r.By = b.who(us.Facts.By.Officer, us.Facts.By.Known, us.Facts.By.Desk)
	}
	if s.Differ {
		r.Theirs = b.outcome(them.Facts.Outcome, 0)
	}
	if in.Lost > 0 {
		r.Lost = uint64(in.Lost)
	}
	if in.GapMS > 0 {
		r.GapMS = float64(in.GapMS)
	}
	return r
}

// check draws the daily test. SPEC: PAG-025
func (b builder) check() Check {
	in, f := b.Input.Check, b.Input.Check.Figures
	c := Check{State: "none", Word: b.t("check.none"), Due: in.Next, Days: f.Tested, Of: len(f.Days), Streak: f.Streak, Parts: []CheckPart{}}
	last := "–"
	if !f.LastPassed.IsZero() {
		last = b.when(f.LastPassed)
	}
	c.Figures = b.t("check.figures", f.Tested, len(f.Days), f.Streak, last)
	switch {
	case in.Running != nil:
		c.State, c.Word, c.Started = "running", b.t("check.running"), in.Running.Due
	case in.Waiting != nil:
		c.State, c.Word, c.Started = "waiting", b.t("check.waiting"), in.Waiting.Due
	case len(f.Overdue) > 0:
		c.State, c.Due = "overdue", f.Overdue[0].Due
		c.Word = b.t("check.word", b.t("check.overdue"), b.when(f.Overdue[0].Due))
	case f.Last != nil:
		r := b.slot(*f.Last)
		c.State, c.Word = r.Outcome, b.t("check.word", r.Word, b.when(r.At))
	}
	if f.Last != nil {
		r := b.slot(*f.Last)
		c.Last = &r
	}
	for _, p := range in.Parts {
		c.Parts = append(c.Parts, b.part(p))
	}
	c.Question = in.Question
	return c
}

func (b builder) part(r check.Part) CheckPart {
	p := CheckPart{Part: r.Name, Word: b.or("part", r.Name), State: map[string]string{check.OK: "passed", check.Bad: "failed", check.None: "skipped"}[r.Result], Note: r.Why}
	if p.State == "" {
		p.State = "waiting"
	}
	if r.Path != "" {
		p.Word = b.t("part.word", p.Word, r.Path)
	}
	switch {
	case r.Name == check.PartVoice && r.Sent > 0:
		p.Note = join(b.t("part.frames", r.Back, r.Sent, r.MS), r.Why)
	case r.MS > 0:
		p.Note = join(b.t("part.ms", r.MS), r.Why)
	}
	return p
}

func (b builder) slot(s check.State) CheckRow {
	r := CheckRow{ID: s.Slot.ID, Day: s.Due.UTC().Format("2006-01-02"), At: s.Due, Outcome: s.Outcome, Word: b.or("check", s.Outcome)}
	if len(s.Which) > 0 {
		var names []string
		for _, w := range s.Which {
			part, path, _ := strings.Cut(w, " ")
			names = append(names, strings.TrimSpace(b.or("part", part)+" "+path))
		}
		r.Parts = strings.Join(names, ", ")
		r.Word = b.t("check.which", r.Word, r.Parts)
	}
	return r
}

// log draws the statements, newest first.
func (b builder) log() []LogRow {
	out := []LogRow{}
	for _, e := range newestFirst(b.Input.Log, (*record.Entry).Place, func(e *record.Entry) []record.Ref { return e.Re }) {
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
	case e.Evidence != "":
		r.State, r.Note = "evidence", e.Evidence
	case e.Inert != "":
		r.State, r.Note = "inert", e.Inert
	case e.Absent != "":
		r.State, r.Note = "absent", e.Absent
	}
	r.Note = join(b.impossible(e.Time, e), r.Note)
	return r
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
	if e.Words != nil {
		w := []rune(strings.Join(strings.Fields(e.Words.Text), " "))
		if len(w) > 60 {
			w = append(w[:59], '…')
		}
		parts = append(parts, string(w))
	}
	return join(parts...)
}
