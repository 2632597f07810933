// SPDX-License-Identifier: Apache-2.0

package story

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.org/parley/hint"
)

// Stage is where a script is played: two parties and the world around them.
type Stage interface {
	Do(party, line string) (id string, err error)             // an act, in the words of the command line
	Ask(party, question string) ([]string, error)             // what is seen, a line each
	Change(words []string) (names map[string]string, _ error) // what no party does
	Name(party, name string) (string, error)                  // what a name means there and now: ANSWER, STOP
	Wait(since time.Duration)                                 // until that long after the beginning
	Settle()                                                  // until what was just done has been done
}

// Script plays a conversation, a text of lines:
//
//	# a remark
//	== call: what it shows        a step; it is told when it has held, its names filled in, or with the last thing seen
//	@2m30s …                      this much after the beginning; without it, at once
//	@2022-03-01T07:00Z …          at that time, in a text that has a beginning
//	aurelia ring                  an act, in the words of the command line; it is to succeed
//	aurelia/Reyes release …       by a second officer, at a desk of his own
//	aurelia send … as $flash      its short ID has a name from here on
//	aurelia ack … => contains X   an act that is to be refused, in such words
//	? borealia status             a question
//	! cut 1                       the world's, as its stage understands it; the mark may be left out
//
// What was seen stands below its question, each line after a bar; so does the refusal of an act. "=> contains TEXT",
// "=> lacks TEXT", "=> nothing" and "=> ONE; OTHER", each of which is to be seen, stand on the line itself where not all is
// to be pinned. The form of a story's file, with its dates, is doc/stories.md.
type Script struct {
	Stage
	Parties  [2]string          // the two whose acts these are
	Alone    bool               // the first is by itself: what the second does and asks is left out, and questions hold as for it
	Begins   time.Time          // what dates are counted from; zero: the text has none
	Patience time.Duration      // on real time: how long a refused act and a question are tried again
	Update   bool               // write what was seen instead of holding it to what stands there
	Tell     func(Scene)        // each step as it ends; may be nil
	Answered func(QuestionLine) // each question, held or not; nil: one that does not hold ends the play

	names map[string]string
	lines []string
	out   []string // lines, with what was seen
	at    int      // line under way
	saw   []string
	step  *Scene
	began time.Time
}

// Scene is one step of a script, as --json prints it.
type Scene struct {
	Step string             `json:"step"`
	OK   bool               `json:"ok"`
	Says string             `json:"says"`
	MS   int64              `json:"ms"`
	Err  string             `json:"error,omitempty"`
	Call map[string]float64 `json:"call,omitempty"` // figures of a call that was listened to
}

// QuestionLine is a question of a story and what came of it, as --json prints it.
type QuestionLine struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
	Expected string `json:"expected"`
	Held     bool   `json:"held"`
}

// Play plays a text and gives it back with what was seen; it ends at the first line that does not hold.
func (s *Script) Play(ctx context.Context, text string) (string, error) {
	if s.names == nil {
		s.names = map[string]string{}
	}
	if s.Parties[0] == "" {
		s.Parties = [2]string{Aurelia, Borealia}
	}
	s.lines, s.out = strings.Split(strings.TrimSuffix(text, "\n"), "\n"), nil
	for s.at = 0; s.at < len(s.lines); s.at++ {
		l := s.lines[s.at]
		if strings.HasPrefix(l, "|") {
			continue
		}
		if err := ctx.Err(); err != nil {
			return "", err
		}
		s.out = append(s.out, l)
		if head, ok := strings.CutPrefix(l, "== "); ok {
			s.end(nil)
			name, says, _ := strings.Cut(head, ": ")
			s.step, s.began = &Scene{Step: name, Says: says}, time.Now()
		} else if err := s.line(ctx, l); err != nil {
			err = fmt.Errorf("line %d: %s: %w", s.at+1, l, err)
			s.end(err)
			return "", err
		}
	}
	s.end(nil)
	return strings.Join(s.out, "\n") + "\n", nil
}

// end tells the step that is over.
func (s *Script) end(err error) {
	if s.step == nil || s.Tell == nil {
		return
	}
	st := s.step
	s.step = nil
	st.OK, st.MS = err == nil, time.Since(s.began).Milliseconds()
	if st.Says == "" && len(s.saw) > 0 {
		st.Says = s.saw[0]
	}
	if st.Says, _ = s.fill("", st.Says); err != nil {
		st.Says, st.Err = "", err.Error()
	}
	s.Tell(*st)
}

var aName = regexp.MustCompile(`\$\w+(\.\w+)?`)

// fill puts what names mean in their place.
func (s *Script) fill(party, l string) (_ string, err error) {
	l = aName.ReplaceAllStringFunc(l, func(name string) string {
		if id, ok := s.names[name[1:]]; ok {
			return id
		}
		id, bad := s.Name(party, name[1:])
		err = errors.Join(err, bad)
		return id
	})
	return l, err
}

// said is one line of a text, taken apart.
type said struct {
	after  time.Duration // the beginning; of a line with neither a time nor a date 0
	timed  bool
	ask    bool
	party  string // whose act or question it is, with the desk: us/Reyes; "" for the world's
	words  string // the verb and what follows
	name   string // of what it states
	want   string
	pinned bool
}

// dated is the form of a date, in minutes.
const dated = "2006-01-02T15:04Z07:00"

// take takes a line apart; ok is false where it says nothing.
func (s *Script) take(l string) (x said, ok bool, err error) {
	if l = strings.TrimSpace(l); l == "" || strings.HasPrefix(l, "#") {
		return x, false, nil
	}
	when := func() error {
		rest, has := strings.CutPrefix(l, "@")
		if !has {
			return nil
		}
		at, rest, _ := strings.Cut(rest, " ")
		x.timed, l = true, strings.TrimSpace(rest)
		d, err := time.ParseDuration(at)
		if t, bad := time.Parse(dated, at); bad == nil && !s.Begins.IsZero() {
			d, err = t.Sub(s.Begins), nil
		} else if err != nil {
			err = hint.New("@2022-03-01T07:00Z", "%q is no time", at)
		}
		x.after = d
		return err
	}
	if err = when(); err != nil {
		return x, false, err
	}
	if rest, ask := strings.CutPrefix(l, "? "); ask {
		x.ask, l = true, strings.TrimSpace(rest)
		if err = when(); err != nil {
			return x, false, err
		}
	}
	l, x.want, x.pinned = strings.Cut(l, " => ")
	want, alone, differs := strings.Cut(x.want, " =>alone ")
	if x.want = want; s.Alone && differs {
		x.want = alone
	}
	if rest, world := strings.CutPrefix(l, "! "); world {
		x.words = rest
		return x, true, nil
	}
	first, rest, _ := strings.Cut(l, " ")
	name, _, _ := strings.Cut(first, "/")
	if x.words = l; x.ask || slices.Contains(s.Parties[:], name) {
		x.party = first
		x.words, x.name, _ = strings.Cut(strings.TrimSpace(rest), " as $")
	}
	return x, true, nil
}

func (s *Script) line(ctx context.Context, l string) error {
	x, ok, err := s.take(l)
	if err != nil || !ok {
		return err
	}
	if of, _, _ := strings.Cut(x.party, "/"); s.Alone && of == s.Parties[1] {
		return nil
	}
	if x.timed {
		s.Wait(x.after)
	}
	s.Settle()
	defer s.Settle()
	see := func() ([]string, error) {
		words, err := s.fill(x.party, x.words)
		if err != nil {
			return nil, err
		}
		return s.Ask(x.party, words)
	}
	switch {
	case x.ask && s.Answered != nil:
		s.answer(x, see)
		return nil
	case x.ask:
		return s.expect(ctx, see, x.want, x.pinned)
	case x.party != "":
		return s.act(ctx, x)
	}
	l, err = s.fill("", x.words)
	if err != nil {
		return err
	}
	names, err := s.Change(strings.Fields(l))
	for n, means := range names {
		s.names[n] = means
	}
	return err
}

// answer tells how a question was answered.
func (s *Script) answer(x said, see func() ([]string, error)) {
	saw, err := see()
	if err != nil {
		saw = Refused(err)
	}
	q := QuestionLine{Question: x.party + " " + x.words, Answer: strings.Join(saw, "\n"), Expected: x.want}
	q.Held = err == nil && holds(q.Answer, x.want)
	s.Answered(q)
}

// plain is a text as it is compared: without regard to case and to how wide a blank is.
func plain(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// holds reports whether every part of what is wanted occurs in what was seen.
func holds(saw, want string) bool {
	what, text, _ := strings.Cut(want, " ")
	switch {
	case want == "nothing":
		return saw == "" || strings.HasPrefix(plain(saw), want) && !strings.Contains(saw, "\n")
	case what == "contains":
		return strings.Contains(saw, text)
	case what == "lacks":
		return !strings.Contains(saw, text)
	}
	for part := range strings.SplitSeq(want, ";") {
		if !strings.Contains(plain(saw), plain(part)) {
			return false
		}
	}
	return true
}

// bars are what the file says was seen at the line under way.
func (s *Script) bars() (bars []string) {
	for i := s.at + 1; i < len(s.lines) && strings.HasPrefix(s.lines[i], "|"); i++ {
		bars = append(bars, strings.TrimPrefix(strings.TrimPrefix(s.lines[i], "|"), " "))
	}
	return bars
}

func (s *Script) act(ctx context.Context, x said) error {
	wrong := x.pinned || len(s.bars()) > 0
	var id string
	var refusal error
	err := s.patient(ctx, func() error {
		line, err := s.fill(x.party, x.words)
		if err != nil {
			return err
		}
		if id, refusal = s.Do(x.party, line); wrong {
			return nil
		}
		return refusal
	})
	switch {
	case refusal != nil && (wrong || s.Update):
		return s.expect(ctx, func() ([]string, error) { return Refused(refusal), nil }, x.want, x.pinned)
	case err != nil:
		return err
	case wrong && !s.Update:
		return errors.New("it was to be refused")
	case x.name != "" && id == "":
		return errors.New("it stated nothing")
	case x.name != "":
		s.names[x.name] = id
	}
	return nil
}

// Refused is how a refusal is seen.
func Refused(err error) []string {
	var e *hint.Error
	if errors.As(err, &e) && e.Hint != "" {
		return []string{"refused: " + e.What, "hint: " + e.Hint}
	}
	return []string{"refused: " + err.Error()}
}

// expect holds what is seen against the bars below the line, or against its "=>".
func (s *Script) expect(ctx context.Context, see func() ([]string, error), want string, pinned bool) error {
	bars := s.bars()
	err := s.patient(ctx, func() (err error) {
		if s.saw, err = see(); err != nil {
			return err
		}
		if len(s.saw) == 0 {
			s.saw = []string{"nothing"}
		}
		all := strings.Join(s.saw, "\n")
		switch {
		case !pinned && (s.Update || len(bars) > 0 && slices.Equal(s.saw, bars)), pinned && (want != "nothing" && holds(all, want) || all == want):
			return nil
		case !pinned:
			return fmt.Errorf("seen:\n%s\nwanted:\n%s", all, strings.Join(bars, "\n"))
		}
		return fmt.Errorf("seen:\n%s\nwanted: %s", all, want)
	})
	if err != nil || pinned {
		return err
	}
	for _, l := range s.saw {
		s.out = append(s.out, strings.TrimRight("| "+l, " "))
	}
	return nil
}

// patient tries again, on real time, until it holds.
func (s *Script) patient(ctx context.Context, try func() error) error {
	end := time.Now().Add(s.Patience)
	for {
		err := try()
		if err == nil || hint.Of(err).Usage || s.Patience == 0 || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(15 * time.Millisecond):
		}
	}
}
