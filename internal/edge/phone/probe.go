// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"bytes"
	"embed"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"example.org/parley/internal/voice"
)

const (
	ringFor   = 60 * time.Second // then nobody answers
	toneIn    = 25 * time.Second // no ring tone until then: their exchange
	pressIn   = 30 * time.Second // from the answer to the asked key
	askEvery  = 10 * time.Second
	wordBytes = 45 * voice.FrameBytes
)

// What is said, two files a language: how they are made, of which texts, stands in clips/make. In the prompt the sentence comes
// first, then the nine keys; the other asks for the keys of STOP again.
//
//go:embed clips/*.ulaw
var clips embed.FS

// prompt asks for a key, in a language; nothing where there is no prompt in it.
func prompt(lang string, key byte) (frames [][voice.FrameBytes]byte) {
	all, err := clips.ReadFile("clips/" + lang + ".ulaw")
	if err != nil {
		return nil
	}
	words := len(all) - 9*wordBytes
	word := words + int(key-'1')*wordBytes
	return framesOf(append(bytes.Clone(all[:words]), all[word:word+wordBytes]...))
}

// says is a signal and the sentence of it, in a language. SPEC: PHN-040
func says(signal [][voice.FrameBytes]byte, lang, sentence string) [][voice.FrameBytes]byte {
	said, _ := clips.ReadFile("clips/" + lang + "-" + sentence + ".ulaw") // New has looked that the language is there
	return append(slices.Clone(signal), framesOf(said)...)
}

// framesOf cuts µ-law into frames.
func framesOf(b []byte) (frames [][voice.FrameBytes]byte) {
	for f := range slices.Chunk(b, voice.FrameBytes) {
		frames = append(frames, [voice.FrameBytes]byte(f))
	}
	return frames
}

// probe is one test of an ordinary telephone: it is rung over the trunk, and who answers is asked to press a key. It is pure.
type probe struct {
	l        *leg
	key      byte // that is asked for
	began    time.Time
	answered time.Time
	asked    time.Time
	pressed  bool
}

// newProbe begins a test of a leg that rings.
func newProbe(l *leg) *probe { return &probe{l: l, key: '1' + byte(rand.IntN(9)), began: l.a.now} }

// dialled is a telephone number as it is dialled: what people write between its digits is left out.
func dialled(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' || r == '*' || r == '#' {
			return r
		}
		return -1
	}, number)
}

// look says what came of it, "" while that is open, and whether the prompt is to be played now.
//
// SPEC: PHN-080
func (p *probe) look(now time.Time) (outcome string, play bool) {
	l := p.l
	switch {
	case l.state == up && l.theirs.events == 0: // no key can come, whoever presses it
		return "dead", false
	case l.state == up && p.answered.IsZero():
		p.answered, p.asked = now, now
		return "", true
	case p.pressed:
		return "answered", false
	case l.state == over && l.was == up && l.why != "no sound": // answered and hung up between two looks
		return "unproven", false
	case !p.answered.IsZero() && (l.state == over || now.Sub(p.answered) >= pressIn):
		return "unproven", false
	case l.state == up && now.Sub(p.asked) >= askEvery:
		p.asked = now
		return "", true
	case l.state == over:
		return refusedAs(l), false
	case l.state != up && l.rang.IsZero() && now.Sub(p.began) >= toneIn:
		if !l.invite.heard { // not a word of our own PBX
			return "dead", false
		}
		return "no-tone", false
	case l.state != up && !l.rang.IsZero() && now.Sub(l.rang) >= ringFor:
		return "no-answer", false
	}
	return "", false
}

// refusedAs is what a refusal says of their telephone, by its number and, where the trunk gives it, the cause of the network
// (Q.850).
//
// SPEC: PHN-080
func refusedAs(l *leg) string {
	switch l.cause {
	case 1, 28:
		return "no-number"
	case 17:
		return "busy"
	case 18, 19:
		return "no-answer"
	case 21:
		return "declined"
	case 20, 27, 34, 38, 41, 42:
		return "no-tone"
	}
	switch c := l.code; {
	case c == 603:
		return "declined"
	case c == 486 || c == 600:
		return "busy"
	case c == 404 || c == 410 || c == 484 || c == 604:
		return "no-number"
	case !l.rang.IsZero() && (c == 480 || c == 408 || c == 487):
		return "no-answer"
	case l.was == early && c == 408, c == 480 || c == 500 || c == 502 || c == 503 || c == 504:
		return "no-tone"
	}
	return "dead" // it does not answer, does not let us, or does not speak with us
}

// trial is a probe with its sound. Owned by the loop.
type trial struct {
	*probe
	m    *media
	done chan string
}

// Test rings an ordinary telephone and says what came of it, in the words of check.noted. It takes two minutes at most; one
// is made at a time, and none before it is known how the trunk stands. False where none was made. Hear gets what the far telephone
// says, in frames that are its own until it returns.
//
// SPEC: PHN-081
func (e *Trunk) Test(number string, hear func(frame []byte)) (outcome string, ok bool) {
	t := &trial{done: make(chan string, 1)}
	e.post(func() {
		m, err := openMedia(&e.cfg, e.log, hear, func(k byte) {
			e.post(func() { t.pressed = t.pressed || k == t.key })
		})
		switch {
		case e.trial != nil || err != nil || e.a.trunk.unknown():
			if err == nil {
				m.close()
			}
			close(t.done)
			return
		case !e.a.trunk.up:
			m.close()
			t.done <- "dead"
			return
		}
		t.m, t.probe = m, newProbe(e.a.call(dialled(number), m.addr(), false))
		e.trial = t
		e.wait.Go(m.read)
		e.wait.Go(m.pace)
	})
	select {
	case outcome, ok = <-t.done:
	case <-e.done:
	}
	return outcome, ok
}

// try looks at the test under way.
func (e *Trunk) try() {
	t := e.trial
	if t == nil {
		return
	}
	outcome, play := t.look(e.a.now)
	if play {
		t.m.speaks(t.l)
		t.m.play(prompt(e.cfg.Prompt, t.key))
	}
	if outcome != "" {
		e.trial = nil
		if t.l.state == up && t.l.theirs.events == 0 {
			e.log.Warn("their telephone answered, and our PBX passes no keys: no person can be told from a machine; set its DTMF mode towards this node to RFC 4733 (telephone-event)")
		}
		t.l.off(0, "")
		t.m.close()
		t.done <- outcome
	}
}
