// SPDX-License-Identifier: Apache-2.0

package story

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/verbs"
	"example.org/parley/wire"
)

// File is a story as it stands in a file, read and checked: a Script's text with dates, and what it says of its whole.
type File struct {
	Text    string
	Parties [2]string // in the order in which they are named
	Begins  time.Time
	Alone   bool     // it is to be played by the first party alone
	answers []string // whose officers answer the line's checks
}

// Built are the stories that are built in.
var Built = map[string]string{"spring": spring}

//go:embed spring.story
var spring string

// When the spring ends: at six in the evening of that day.
const (
	springEnds  = "2022-03-23"
	uptoEvening = 18 * time.Hour
)

// Mistake is what is wrong with a line of a story's file.
type Mistake struct {
	Line int
	What error
}

// Mistakes are those of a file, as one error.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	var out []string
	for _, x := range m {
		l := fmt.Sprintf("line %d: %v", x.Line, x.What)
		if way := hint.Of(x.What).Hint; way != "" {
			l += " (" + way + ")"
		}
		out = append(out, l)
	}
	return strings.Join(out, "\n")
}

// own are the questions that no node is asked.
var own = []string{"export", "claim", "verify", "read"}

// Read reads a story's file and names every mistake by its line, before anything is played.
//
// SPEC: CLI-047
func Read(text string) (*File, error) {
	f := &File{Text: text}
	lines := strings.Split(text, "\n")
	if err := f.head(lines); err != nil {
		return nil, err
	}
	var wrong Mistakes
	s, names, now := &Script{Parties: f.Parties, Begins: f.Begins}, map[string]bool{}, time.Duration(0)
	for n, l := range lines {
		x, ok, err := s.take(l)
		switch {
		case err != nil || !ok:
		case x.timed && x.after < now:
			err = hint.New("a story goes on in the order of its dates", "%s is before the line above", f.Begins.Add(x.after).UTC().Format(dated))
		case x.ask && x.want == "":
			err = hint.New("? PARTY VERB … => what is to be answered", "the question has no answer")
		default:
			err = f.check(x, names)
		}
		if x.timed {
			now = max(now, x.after)
		}
		if err != nil {
			wrong = append(wrong, Mistake{n + 1, err})
		} else if x.name != "" {
			names[x.name] = true
		}
	}
	if len(wrong) > 0 {
		return f, wrong
	}
	return f, nil
}

// head finds the two parties and the beginning: the first date, and the first word of lines with a date and of questions.
func (f *File) head(lines []string) error {
	for n, l := range lines {
		l = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(l), "? "))
		at, rest, isDated := strings.Cut(strings.TrimPrefix(l, "@"), " ")
		if !strings.HasPrefix(l, "@") || !isDated {
			continue
		}
		t, err := time.Parse(dated, at)
		if err != nil {
			return Mistakes{{n + 1, hint.New("@2022-03-01T07:00Z", "%q is no date", at)}}
		}
		if f.Begins.IsZero() {
			f.Begins = t.UTC()
		}
		name, _, _ := strings.Cut(strings.Fields(rest + " ?")[0], "/")
		switch i := slices.Index(f.Parties[:], ""); {
		case slices.Contains(f.Parties[:], name) || i < 0:
		case !wire.ValidName(name):
			return Mistakes{{n + 1, hint.New("a letter, then letters, digits or -, 16 at most, all small", "%q cannot name a party", name)}}
		default:
			f.Parties[i] = name
		}
	}
	if f.Parties[1] == "" {
		return hint.New("@2022-03-01T07:00Z aurelia officer add NAME, and a line of the other party: see doc/stories.md", "the story does not name two parties in its dated lines")
	}
	return nil
}

// check holds a line against the parser of the shell.
func (f *File) check(x said, names map[string]bool) error {
	party, _, _ := strings.Cut(x.party, "/")
	words := strings.Fields(x.words)
	switch {
	case len(words) == 0:
		return hint.New("PARTY VERB …, see: parley help", "the line says nothing")
	case x.party == "" && words[0] == "operators" && words[len(words)-1] == "answer":
		f.answers = words[1 : len(words)-1]
		for _, p := range f.answers {
			if !slices.Contains(f.Parties[:], p) {
				return f.nobody(p)
			}
		}
		return nil
	case x.party == "":
		return hint.New("", "%q is neither a party nor the story's own", words[0]).Way("a line begins with %s or %s, with ?, or is: ! operators %[1]s %[2]s answer", f.Parties[0], f.Parties[1])
	case !slices.Contains(f.Parties[:], party):
		return f.nobody(party)
	}
	var unknown error
	line := aName.ReplaceAllStringFunc(x.words, func(name string) string {
		if of, isHash := strings.CutSuffix(name[1:], ".hash"); !names[name[1:]] && !(isHash && slices.Contains(f.Parties[:], of)) {
			unknown = hint.New("", "nothing is called %s", name).Way("a line above it names what it states: … as %s", name)
		}
		return "A1-1"
	})
	line, _ = cutLang(line)
	argv, err := verbs.Split(line)
	if err == nil && !slices.Contains(own, argv[0]) {
		_, err = verbs.Parse(argv, f.Begins.Add(x.after))
	}
	if err != nil {
		return err
	}
	return unknown
}

// played are the parties that take part.
//
// SPEC: CLI-056
func (f *File) played() []string {
	if f.Alone {
		return f.Parties[:1]
	}
	return f.Parties[:]
}

func (f *File) nobody(party string) error {
	return hint.New("", "the story has no party %q", party).Way("its parties are %s and %s", f.Parties[0], f.Parties[1])
}
