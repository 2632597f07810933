// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"slices"
	"time"

	"example.org/parley/call"
	"example.org/parley/internal/act"
	"example.org/parley/words"
)

// Bounds of the text beside a call, so that what the other end does not answer stands in the way of nothing.
const (
	maxUnanswered = 16               // packets of lines that are repeated
	lettersLast   = 10 * time.Second // that they are repeated beyond the end of their call
	maxOwedLines  = 32               // statements owed to a store that failed, of which lines may be some
)

// Letters takes what stands now in the line that a desk of ours types beside the call, and whether it is finished, from any
// goroutine and in its order; refused is called where it does not fit. It waits for no disk. SPEC: CAL-031
func (l *Line) Letters(who act.Who, text string, done bool, refused func(error)) {
	l.post(func() {
		l.desks.touched(who, l.now)
		if err := l.calls.letters(who, text, done); err != nil {
			refused(err)
		}
	})
}

func (l *Line) typeLine(who act.Who, lang string, a act.TypeLine) (act.Reply, error) {
	if err := l.calls.letters(who, a.Text, true); err != nil {
		return act.Reply{}, err
	}
	stated := len(l.tx.rows) > 0
	l.tx.draw = func(_ context.Context, recorded bool) (act.Reply, error) {
		if !recorded || !stated {
			return act.Reply{Text: words.Say(lang, "UNRECORDED HERE")}, nil
		}
		return act.Reply{Text: words.Say(lang, "the line is recorded")}, nil
	}
	return act.Reply{}, nil
}

// letters is a person's act at a desk in the call; a finished line is stated at once.
func (c *calls) letters(who act.Who, text string, done bool) error {
	v, by := c.m.Live(), c.l.author(who)
	if v.State != call.Connected {
		return call.ErrNoCall
	}
	i := slices.IndexFunc(v.Side[0].People, func(p call.Person) bool { return p.Desk == by.Desk })
	if i < 0 {
		return call.ErrIn
	}
	p := v.Side[0].People[i]
	p.By = by
	line, err := c.texts.Type(p, text, done, c.l.now)
	if line != nil {
		c.stateLine(line, v)
	}
	c.l.dirty = true
	return err
}

// stateLine states a line that is finished or broken off. SPEC: CAL-033
func (c *calls) stateLine(line *call.Typed, v call.Live) {
	opener := c.l.cfg.Them.Name
	if v.Out {
		opener = c.l.cfg.Us.Name
	}
	d, ok := line.Draft(opener, v.Class, v.Mark)
	switch {
	case !ok:
	case len(c.l.disk.owed) < maxOwedLines:
		c.draft(d)
	default:
		c.unrecorded, line.Lost = true, true
		c.l.disk.missed++
	}
}

// sendLetters sends what was typed since the last tick, each line over every live path until it is answered.
func (c *calls) sendLetters() {
	for _, p := range c.texts.Due() {
		id := letterID(p)
		c.typed = append(slices.DeleteFunc(c.typed, func(was string) bool { return was == id }), id)
		c.l.repeat(id, append([]byte{sigLetters}, p.Encode()...))
	}
	n := maxUnanswered
	if c.voice == 0 && c.l.now.Sub(c.lettersOver) > lettersLast {
		n = 0
	}
	for len(c.typed) > n {
		c.l.done(c.typed[0])
		c.typed = c.typed[1:]
	}
}

func letterID(p call.Letters) string { return fmt.Sprintf("t%s/%d/%d", p.Call, p.Source, p.Line) }

// breakOff ends the lines of those who are in the call no more.
func (c *calls) breakOff(v call.Live, ours, theirs []call.Person) {
	for _, line := range c.texts.Break(ours, theirs, c.l.now) {
		c.stateLine(line, v)
	}
}

func (c *calls) lettersFromPeer(b []byte) {
	p, err := call.DecodeLetters(b)
	if err != nil {
		c.l.warn("letters beside a call were dropped", "err", err)
		return
	}
	if p.State == call.LettersGot {
		if c.texts.Answered(p) {
			id := letterID(p)
			c.l.done(id)
			c.typed = slices.DeleteFunc(c.typed, func(was string) bool { return was == id })
			c.l.dirty = true
		}
		return
	}
	v := c.m.Live()
	if answer, ok := c.texts.Got(p, v.Side[1].Ever(), c.l.now); ok {
		c.breakOff(v, v.Side[0].People, v.Side[1].People) // it may be of one who has left
		c.l.say(append([]byte{sigLetters}, answer.Encode()...))
		c.l.dirty = true
	}
}
