// SPDX-License-Identifier: Apache-2.0

package node

import (
	"slices"
	"time"

	"example.org/parley/check"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/voice"
	"example.org/parley/words"
)

// ordinary is the other party's ordinary telephone as this node tests it, where telephones are joined to it.
type ordinary struct {
	ringing bool
	failed  bool      // the last try made no test, which is told once
	tried   time.Time // the due time for which it was rung last
	looked  time.Time
}

// secondRings is how long after a due time party B rings theirs, so that the two ends of a line do not ring each other at once.
const secondRings = 5 * time.Minute

// number is their ordinary telephone, as the terms name it; "" where they name none.
func (l *Line) number() string {
	if n := l.terms(l.now).Fallback[l.cfg.Them.Name]; len(n) > 0 {
		return n[0]
	}
	return ""
}

// checkPhone rings their ordinary telephone; what comes of it is stated once that is known. SPEC: CHK-036
func (l *Line) checkPhone(who act.Who, lang string, _ act.CheckPhone) (act.Reply, error) {
	switch {
	case l.cfg.Telephone == nil:
		return act.Reply{}, hint.New("ring them by hand and say what came of it: parley check note; to join telephones: doc/telephones.md", "no telephones are joined to this node")
	case l.number() == "":
		return act.Reply{}, hint.New("theirs stands in the terms: parley terms show", "the terms name no telephone of theirs")
	case l.ordinary.ringing:
		return act.Reply{}, hint.New("what comes of it: parley checks", "their telephone is being rung")
	}
	if !l.ringOrdinary(who) {
		return act.Reply{}, hint.New("what is wrong with it: parley doctor; ring them by hand and say what came of it: parley check note", "the trunk of the telephones is not open, and their telephone is not rung")
	}
	text := words.Say(lang, "their telephone is rung; what comes of it is recorded: parley checks")
	hears := "you hear it at this desk; where a person speaks: parley check note answered"
	if s := l.calls.sinks[who.Desk]; s == nil || s.Only() != "" {
		hears = "this desk has no sound: you do not hear it"
	}
	return act.Reply{Text: text + "; " + words.Say(lang, hears)}, nil
}

// ringOrdinary rings it beside the loop and states what came of it; false where it cannot be rung now.
func (l *Line) ringOrdinary(who act.Who) bool {
	ring := l.cfg.Telephone()
	if ring == nil {
		l.notRung(who)
		return false
	}
	l.ordinary.ringing = true
	number := l.number()
	hear, deaf := l.calls.overhears(who.Desk)
	go func() {
		outcome, ok := ring(number, hear)
		l.post(func() {
			deaf()
			if l.ordinary.ringing = false; !ok {
				l.notRung(who)
				return
			}
			l.ordinary.failed = false
			f := check.NotedFacts{Outcome: outcome, At: l.now.Truncate(time.Second), Node: true, By: l.author(who)}
			d, err := check.NoteDraft(l.cfg.Us.Name, l.mark(""), f)
			if err != nil {
				l.log.Error("a test of their telephone could not be stated", "outcome", outcome, "err", err)
				return
			}
			if e, err := l.state(d); err != nil {
				l.later(d, nil)
			} else {
				l.tx.then(func() {}, func(error) { l.later(d, e) })
			}
			l.dirty = true
		})
	}()
	return true
}

// overheard is a call number that no call has: of what is heard of a telephone that is tested.
const overheard = 1 << 20

// overhears lets a desk hear their telephone while it is tested, and be heard by nobody; a call that it is in comes first. Deaf
// ends that.
//
// SPEC: CHK-038
func (c *calls) overhears(desk string) (hear func(frame []byte), deaf func()) {
	s, n := c.sinks[desk], uint32(0)
	use := func(codec string) bool {
		c.using.Lock()
		defer c.using.Unlock()
		free := s != nil && s.Only() == "" && !slices.ContainsFunc(*c.live.Load(), func(x speaker) bool { return x.desk == desk })
		if free {
			s.Use(codec)
		}
		return free
	}
	return func(frame []byte) {
		if n++; use(voice.ULaw) {
			_ = s.WriteAt(overheard, 0, n, frame) // a late frame is worthless
		}
	}, func() { use(voice.Opus) }
}

// notRung: no test could be made; one that was due still is. A person's try is told each time, the node's own once.
func (l *Line) notRung(who act.Who) {
	if !l.ordinary.failed || who.Officer != "" {
		l.log.Warn("their telephone was not rung: no test could be made")
	}
	l.ordinary.failed, l.ordinary.tried = true, time.Time{}
}

// tickOrdinary rings it at each due time of the line's checks that nobody of ours has tested, once. SPEC: CHK-036
func (l *Line) tickOrdinary() {
	if l.cfg.Telephone == nil || l.ordinary.ringing || l.number() == "" {
		return
	}
	if l.now.Sub(l.ordinary.looked) < 10*time.Second {
		return
	}
	l.ordinary.looked = l.now
	now := l.now
	if !l.cfg.Alone && !l.cfg.IsPartyA {
		now = now.Add(-secondRings)
	}
	from := now.Add(-time.Hour)
	if from.Before(l.began()) {
		from = l.began()
	}
	slots := l.schedule().Slots(from, now)
	if len(slots) == 0 {
		return
	}
	due := slots[len(slots)-1]
	if away := l.away(); !due.After(l.ordinary.tried) || away(due) != "" || away(l.now) != "" { // SPEC: SVC-005 CHK-015
		return
	}
	l.ordinary.tried = due
	for _, s := range check.Noted(l.checkStates(), due.Add(-l.schedule().At(due).Window()), l.now) {
		if s.Opener == l.cfg.Us.Name {
			return // somebody has
		}
	}
	l.ringOrdinary(act.Who{Desk: "telephone"})
}
