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
//	aurelia ring                  an act, in the words of the command line; it is to succeed
//	aurelia send … as $flash      its short ID has a name from here on
//	aurelia ack … => contains X   an act that is to be refused, in such words
//	? borealia status             a question
//	cut 1                         the world's, as its stage understands it
//
// What was seen stands below its question, each line after a bar; so does the refusal of an act. "=> contains TEXT",
// "=> lacks TEXT" and "=> nothing" on the line itself are for where not all is to be pinned.
type Script struct {
	Stage
	Patience time.Duration // on real time: how long a refused act and a question are tried again
	Update   bool          // write what was seen instead of holding it to what stands there
	Tell     func(Scene)   // each step as it ends; may be nil

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

// Play plays a text and gives it back with what was seen; it ends at the first line that does not hold.
func (s *Script) Play(ctx context.Context, text string) (string, error) {
	if s.names == nil {
		s.names = map[string]string{}
	}
	s.lines, s.out = strings.Split(strings.TrimSuffix(text, "\n"), "\n"), nil
	for s.at = 0; s.at < len(s.lines); s.at++ {
		l := s.lines[s.at]
		if strings.HasPrefix(l, "|") {
			continue
		}
		s.out = append(s.out, l)
		if head, ok := strings.CutPrefix(l, "== "); ok {
			s.end(nil)
			name, says, _ := strings.Cut(head, ": ")
			s.step, s.began = &Scene{Step: name, Says: says}, time.Now()
		} else if err := s.line(ctx, strings.TrimSpace(l)); err != nil {
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

var aName = regexp.MustCompile(`\$\w+`)

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

func (s *Script) line(ctx context.Context, l string) error {
	if l == "" || strings.HasPrefix(l, "#") {
		return nil
	}
	if rest, ok := strings.CutPrefix(l, "@"); ok {
		when, rest, _ := strings.Cut(rest, " ")
		d, err := time.ParseDuration(when)
		if err != nil {
			return err
		}
		s.Wait(d)
		l = strings.TrimSpace(rest)
	}
	s.Settle()
	defer s.Settle()
	l, want, pinned := strings.Cut(l, " => ")
	question := strings.HasPrefix(l, "? ")
	first, rest, _ := strings.Cut(strings.TrimPrefix(l, "? "), " ")
	switch {
	case question:
		return s.expect(ctx, func() ([]string, error) {
			rest, err := s.fill(first, rest)
			if err != nil {
				return nil, err
			}
			return s.Ask(first, rest)
		}, want, pinned)
	case first == "aurelia" || first == "borealia":
		return s.act(ctx, first, rest, want, pinned)
	}
	l, err := s.fill("", l)
	if err != nil {
		return err
	}
	names, err := s.Change(strings.Fields(l))
	for n, means := range names {
		s.names[n] = means
	}
	return err
}

// bars are what the file says was seen at the line under way.
func (s *Script) bars() (bars []string) {
	for i := s.at + 1; i < len(s.lines) && strings.HasPrefix(s.lines[i], "|"); i++ {
		bars = append(bars, strings.TrimPrefix(strings.TrimPrefix(s.lines[i], "|"), " "))
	}
	return bars
}

func (s *Script) act(ctx context.Context, party, l, want string, pinned bool) error {
	l, name, named := strings.Cut(l, " as $")
	wrong := pinned || len(s.bars()) > 0
	var id string
	var refusal error
	err := s.patient(ctx, func() error {
		line, err := s.fill(party, l)
		if err != nil {
			return err
		}
		if id, refusal = s.Do(party, line); wrong {
			return nil
		}
		return refusal
	})
	switch {
	case refusal != nil && (wrong || s.Update):
		return s.expect(ctx, func() ([]string, error) { return Refused(refusal), nil }, want, pinned)
	case err != nil:
		return err
	case wrong && !s.Update:
		return errors.New("it was to be refused")
	case named && id == "":
		return errors.New("it stated nothing")
	case named:
		s.names[name] = id
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
		what, text, _ := strings.Cut(want, " ")
		switch {
		case !pinned && (s.Update || len(bars) > 0 && slices.Equal(s.saw, bars)),
			what == "contains" && strings.Contains(all, text), what == "lacks" && !strings.Contains(all, text), want == "nothing" && all == want:
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
