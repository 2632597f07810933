// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/exchange"
	"example.org/parley/internal/view"
	"example.org/parley/internal/voice"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/stop"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// checks joins the machine of the daily check with the record, the paths and the desks. Owned by the loop.
type checks struct {
	l       *Line
	m       *check.Machine
	loop    *toneLoop
	opened  *record.Entry // our opened or joined of the slot that runs
	overAt  time.Time
	over    int           // the path by which its receipt is awaited, -1 for none
	states  []check.State // of all slots, nil: to be folded again
	figures check.Summary
	counted time.Time
}

// toneLoop is a tone of ours on its way out and back over one path.
type toneLoop struct {
	*voice.Loop
	label string
	path  int
	voice uint16
}

// Frames of the loop and how long is waited for the last to come back.
const (
	loopFrames = 50
	loopWait   = 2 * time.Second
	loopHead   = 1 + 1 + 2 + 4 // signal, out or back, voice number, frame number
	loopOut    = 0
	loopBack   = 1
)

func newChecks(l *Line) *checks {
	return &checks{l: l, over: -1, m: &check.Machine{
		Us: l.cfg.Us.Name, Them: l.cfg.Them.Name, IsPartyA: l.cfg.IsPartyA, Schedule: l.schedule(), From: l.began(), Mark: l.mark(""), Rand: l.cfg.Rand,
		Away: func(t time.Time) string { return l.away()(t) },
	}}
}

// began is when the line did, by our own clock: our statement of the genesis, or this start.
func (l *Line) began() time.Time {
	from := l.started
	for _, e := range l.register().Genesis {
		if e.Log.Party == l.cfg.Us.Name && e.Time.Before(from) {
			from = e.Time
		}
	}
	return from.Truncate(time.Second) // as the times of slots
}

// do does what the machine says; an act that does not fit comes back as an error.
func (c *checks) do(out check.Out) error {
	for _, d := range out.Drafts {
		c.draft(d)
	}
	if out.Over != "" {
		c.sendOver(out.Over)
	}
	if out.Tone != "" {
		c.loopTone(out.Tone, check.Voice(out.Slot, c.l.cfg.Us.Name))
	}
	if out.Stop {
		c.stateStop(out)
	}
	if out.Take != nil {
		c.takeStop(out)
	}
	c.l.dirty = c.l.dirty || out.Changed
	return out.Err
}

// ringing reports whether a check rings our desks.
func (c *checks) ringing() bool { return c.m.Live(c.l.now).Ringing }

func (c *checks) draft(d record.Draft) {
	e := c.state(d)
	c.over = -1 // the receipt that was awaited by one path is awaited no more
	if d.Kind != check.KindClosed {
		c.opened = e
	}
}

// state states something of a check; what cannot be recorded is counted, and no statement of it goes anywhere.
func (c *checks) state(d record.Draft) *record.Entry {
	e, err := c.l.state(d)
	if err != nil {
		c.l.disk.missed++
		return nil
	}
	c.l.tx.then(func() {}, func(error) {
		c.l.disk.missed++
		if c.opened == e {
			c.opened, c.over = nil, -1
		}
	})
	return e
}

// sendOver sends our opened again over one path alone; its receipt comes back by it.
func (c *checks) sendOver(label string) {
	if path := c.path(label); path >= 0 && c.opened != nil {
		c.over = path
		c.say()
	}
}

// say sends our opened over the path whose receipt is awaited.
func (c *checks) say() {
	c.overAt = c.l.now
	if pieces, ok := exchange.Urgent(c.opened); ok {
		for _, p := range pieces {
			c.l.link.SignalOn(c.over, laneUrgent, p)
		}
	}
}

// path gives the number of a path, -1 for none.
func (c *checks) path(label string) int {
	return slices.IndexFunc(c.l.link.Paths(), func(p wire.PathState) bool { return p.Label == label })
}

// receiptBy tells the machine by which path a receipt of our opened came.
func (c *checks) receiptBy(path int, rc *record.Receipt) {
	if path < 0 || c.over != path || c.opened == nil || rc.Log.LogID != c.opened.Log.LogID || rc.Index < c.opened.Index {
		return
	}
	c.over = -1
	_ = c.do(c.m.Receipt(c.l.link.Paths()[path].Label, c.l.now))
}

// loopTone sends a second of tone over one path, a frame every 20 ms, and measures what comes back.
func (c *checks) loopTone(label string, number uint16) {
	path := c.path(label)
	if path < 0 {
		return
	}
	c.loop = &toneLoop{&voice.Loop{Tone: voice.Tone{Hz: 1000, LevelDB: -12}, Frames: loopFrames}, label, path, number}
	c.frameOut(c.loop)
}

// frameOut sends the next frame of a tone, and another when that is due; after the last it waits for what comes back.
func (c *checks) frameOut(t *toneLoop) {
	if c.loop != t {
		return
	}
	var frame [voice.FrameBytes]byte
	wait, next := loopWait, c.loopDone
	if seq, ok := t.Next(c.l.now, &frame); ok {
		c.l.link.SignalOn(t.path, laneSignal, loopFrame(loopOut, t.voice, seq, frame[:]))
		wait, next = voice.FrameTime, c.frameOut
	}
	c.l.after(wait, func() { next(t) })
}

func loopFrame(op byte, number uint16, seq uint32, frame []byte) []byte {
	b := make([]byte, 0, loopHead+len(frame))
	b = append(b, sigCheck, op)
	b = binary.BigEndian.AppendUint16(b, number)
	b = binary.BigEndian.AppendUint32(b, seq)
	return append(b, frame...)
}

func (c *checks) loopDone(t *toneLoop) {
	if c.loop != t {
		return
	}
	c.loop = nil
	sent, back, trip, _, level := t.Result()
	_ = c.do(c.m.Looped(check.Part{Path: t.label, Sent: sent, Back: back, MS: int(trip.Milliseconds()), LevelDB: int(level)}, c.l.now))
}

// fromPeer sends a frame of the peer's tone back by the path that it came by, or measures one of ours that came back.
func (c *checks) fromPeer(path int, b []byte) {
	if len(b) != loopHead-1+voice.FrameBytes {
		return
	}
	number, seq, frame := binary.BigEndian.Uint16(b[1:]), binary.BigEndian.Uint32(b[3:]), b[loopHead-1:]
	switch {
	case b[0] == loopOut && c.m.Returns(number) && seq < voice.LoopFrames:
		c.l.link.SignalOn(path, laneSignal, loopFrame(loopBack, number, seq, frame))
	case b[0] == loopBack && c.loop != nil && c.loop.path == path && c.loop.voice == number:
		c.loop.Back(seq, frame, c.l.now)
	}
}

func (c *checks) stateStop(out check.Out) {
	id, err := stop.NewID(c.l.cfg.Rand)
	if err != nil {
		return
	}
	d, err := stop.Draft(record.Draft{Class: "test", Mark: out.Mark}, stop.Said{ID: id, Check: out.Slot.Key(), By: statement.Author{Known: "unattributed"}})
	if err != nil {
		c.l.log.Error("couldn't state the check's STOP", "err", err)
		return
	}
	c.state(d)
}

func (c *checks) takeStop(out check.Out) {
	for _, s := range c.l.stops.of(c.l.keys("stop")) {
		if s.From != c.l.cfg.Them.Name || s.Check != out.Slot.Key() || !s.Open || len(s.Steps[stop.Taken]) > 0 {
			continue
		}
		d, err := stop.StepDraft(s, statement.Actor{Party: c.l.cfg.Us.Name, Author: *out.Take}, "take", "", "", "")
		if err != nil {
			c.l.log.Warn("couldn't take the check's STOP", "err", err)
			continue
		}
		c.state(d)
	}
}

// durable tells the machine how a slot stands whenever a statement about it is on disk.
func (c *checks) durable(e *record.Entry) {
	if e.Kind == check.KindNoted {
		c.states = nil
	}
	if !isCheck(e.Kind) {
		return
	}
	c.states = nil
	if s, ok := fold[check.State](c.l, c.l.rec.ItemOf(e)); ok {
		_ = c.do(c.m.Stated(s, c.l.now))
	}
}

// isCheck reports whether a kind is about a slot; a test of the ordinary telephone is not.
func isCheck(kind string) bool {
	return kind == check.KindOpened || kind == check.KindJoined || kind == check.KindClosed
}

// held tells the machine that the other node has our STOP of class test.
func (c *checks) held(e *record.Entry) {
	if e.Kind != "stop.sent" || e.Log.Party != c.l.cfg.Us.Name {
		return
	}
	if s, ok := fold[stop.State](c.l, c.l.rec.ItemOf(e)); ok && s.Check != "" && s.Check == c.m.Live(c.l.now).Slot.Key() {
		_ = c.do(c.m.StopHeld(s.ID, c.l.now))
	}
}

// begin tells the machine its paths and every slot of the record: it has no memory of its own.
func (c *checks) begin() {
	var labels []string
	for _, p := range c.l.link.Paths() {
		labels = append(labels, p.Label)
	}
	_ = c.do(c.m.Paths(labels, c.l.now))
	for _, s := range c.l.checkStates() {
		if s.Test == "" {
			_ = c.do(c.m.Stated(s, c.l.now))
		}
	}
}

// resendAfter is how long the receipt by one path is awaited before the statement goes over it again.
const resendAfter = 300 * time.Millisecond

func (c *checks) tick() {
	if c.over >= 0 && c.l.now.Sub(c.overAt) >= resendAfter {
		c.say()
	}
	_ = c.do(c.m.Tick(c.l.now))
}

// days makes the figures of the checks since a time; of a line alone they are of the ordinary telephone.
func (l *Line) days(states []check.State, from time.Time) check.Summary {
	if l.cfg.Alone {
		return check.Tests(states, l.schedule(), l.away(), from, l.now)
	}
	return check.Days(states, l.schedule(), l.away(), from, l.now)
}

// count folds all slots, at most once a second while nothing changed.
func (c *checks) count() check.Summary {
	if c.states == nil || c.l.now.Sub(c.counted) >= time.Second {
		c.states, c.counted = c.l.checkStates(), c.l.now
		c.figures = c.l.days(c.states, c.l.began())
	}
	return c.figures
}

func (c *checks) conditions(add func(id, key string, w alarm.Detail)) {
	for _, s := range slices.Backward(c.count().Alarming()) { // the newest alone: it ends with the next that passed
		word := "@check." + s.Outcome
		if s.Test != "" {
			word = "@test." + s.Test
		}
		add("A3", "", alarm.Say("at.check", s.Due.Format("2006-01-02 15:04Z"), word))
		return
	}
}

// in is what a desk sees of the checks.
func (c *checks) in() view.Check {
	c.count()
	live := c.m.Live(c.l.now)
	running := live.Slot != check.Slot{}
	in := view.Check{Due: live.Due}
	var ours, last *check.State
	late, away := false, c.l.away()
	for i := range c.states {
		s := &c.states[i]
		switch v := s.View(c.m.Schedule, c.l.now); {
		case s.Test != "":
		case away(s.Due) != "" && v.Outcome != check.Passed: // out of service then
		case s.Due.After(c.l.now): // a time that its author invented
		case running && s.Slot == live.Slot:
			in.Started = s.Due
		case v.Outcome != check.Pending && (last == nil || s.Due.After(last.Due)):
			last = s
		case v.Outcome == check.Pending && s.Of(c.l.cfg.Us.Name).Closed != nil:
			ours, late = s, v.Overdue // over here, and yet to be closed there
		}
	}
	if ours != nil && last != nil && last.Due.After(ours.Due) {
		ours = nil
	}
	switch over := cmp.Or(ours, last); {
	case running:
		in.State, in.Parts = "running", live.Parts
		if in.Started.IsZero() {
			in.Started = live.Began
		}
	case over != nil:
		in.Parts = over.Of(c.l.cfg.Us.Name).Result.Parts
	}
	if !running && !late && ours != nil {
		in.State, in.Started = "waiting", ours.Due
	}
	if q, ok := check.FindQuestion(live.Question); ok && live.Lang != "" {
		text, choices := q.In(live.Lang)
		in.Question = &view.Asked{ID: q.ID, Text: text, Lang: live.Lang, Until: live.Until}
		for i, w := range choices {
			in.Question.Choices = append(in.Question.Choices, view.Choice{Code: string(rune('a' + i)), Word: w})
		}
	}
	return in
}

var checkActs = []handler{on((*Line).checkNow, act.CheckNow), on((*Line).checkConfirm), on((*Line).checkNote), on((*Line).callNote), on((*Line).checkPhone)}

// instant reads when something was that a person notes; now, where he does not say.
func (n *names) instant(s string) time.Time {
	if s == "" {
		return n.l.now.Truncate(time.Second)
	}
	w := n.happened(s)
	if n.err == nil && !w.IsInstant() {
		n.err = statement.Refuse("as 2022-02-18T09:41Z", "%s is no instant", w)
	}
	return w.Earliest()
}

// checkNote states a test of the ordinary telephone. SPEC: CHK-030
func (l *Line) checkNote(who act.Who, lang string, a act.CheckNote) (act.Reply, error) {
	n := names{l: l}
	f := check.NotedFacts{Outcome: a.Outcome, At: n.instant(a.At), By: l.author(who)}
	if a.By != "" {
		o, err := l.register().FindOfficer(a.By, l.cfg.Us.Name, l.rec.Short)
		if n.err = statement.First(n.err, err); err == nil {
			f.Rang = o.Place.String()
		}
	}
	return n.reply(func() (record.Draft, error) { return check.NoteDraft(l.cfg.Us.Name, l.mark(""), f) })
}

// callNote states a call on the ordinary telephone. SPEC: CHK-035
func (l *Line) callNote(who act.Who, lang string, a act.CallNote) (act.Reply, error) {
	n := names{l: l}
	id, err := stop.NewID(l.cfg.Rand) // 128 random bits
	f := call.Noted{Opener: l.cfg.Us.Name, Call: id, At: n.instant(a.At), Seconds: 60 * a.Minutes, With: n.posts(a.With), By: l.author(who)}
	if n.err = statement.First(n.err, err); n.err != nil {
		return act.Reply{}, n.err
	}
	var text *record.Text
	if a.Text != "" {
		text = &record.Text{Lang: cmp.Or(a.Lang, lang), Text: a.Text}
	}
	return l.reply(call.NoteDraft(l.cfg.Us.Name, a.Class, l.mark(a.Mark), f, text))
}

func (l *Line) checkNow(who act.Who, lang string, _ act.Plain) (act.Reply, error) {
	if l.disk.dead != nil {
		return act.Reply{}, l.disk.unrecorded()
	}
	return act.Reply{Text: words.Say(lang, "the check runs")}, l.checks.do(l.checks.m.Now(l.author(who), l.now))
}

// checkConfirm answers the check's ring, then the other end's question; or declines the check.
func (l *Line) checkConfirm(who act.Who, lang string, a act.CheckConfirm) (act.Reply, error) {
	c := l.checks
	if a.Decline {
		return act.Reply{Text: words.Say(lang, "declined")}, c.do(c.m.Decline(l.author(who), l.now))
	}
	if c.ringing() {
		if err := l.answerCheck(who); err != nil {
			return act.Reply{}, err
		}
	}
	if a.Answer == "" {
		return act.Reply{Text: words.Say(lang, "answered: the question is on the desk")}, nil
	}
	return act.Reply{Text: words.Say(lang, "confirmed")}, c.do(c.m.Answer(l.author(who), a.Answer, l.now))
}

// answerCheck answers the ring of a check: the person at the desk, and the languages that he reads.
func (l *Line) answerCheck(who act.Who) error {
	langs := []string{"en"}
	if o := l.register().OfficerAt(l.author(who).Officer); o != nil && len(o.Langs) > 0 {
		langs = o.Langs
	}
	return l.checks.do(l.checks.m.AnswerRing(l.author(who), langs, l.now))
}
