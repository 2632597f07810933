// SPDX-License-Identifier: Apache-2.0

package contact_test

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"example.org/parley/contact"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
)

var update = flag.Bool("update", false, "write the answers of the stories")

// A story is dated by what it says, told by two parties, and asked by each: testdata/spring.txt reads itself.
// SPEC: CNT-013 CNT-014 CNT-015
func TestStoriesAreAnsweredAsWritten(t *testing.T) {
	b, err := os.ReadFile("testdata/spring.txt")
	if err != nil {
		t.Fatal(err)
	}
	s := &story{world: newWorld(t), posts: map[string]*record.Entry{}, events: map[string]statement.When{}, requests: map[string]*record.Entry{}}
	var out []string
	for text := range strings.Lines(string(b)) {
		text = strings.TrimRight(text, "\n")
		if strings.HasPrefix(text, "    ") {
			continue // an answer
		}
		out = append(out, text)
		if text == "" || text[0] == '#' {
			continue
		}
		for _, a := range s.tell(words(text)) {
			out = append(out, "    "+a)
		}
	}
	got := strings.Join(out, "\n") + "\n"
	if *update {
		os.WriteFile("testdata/spring.txt", []byte(got), 0o644)
	} else if got != string(b) {
		t.Errorf("the answers differ (-update writes them):\n%s", got)
	}
}

type story struct {
	*world
	posts    map[string]*record.Entry
	events   map[string]statement.When
	requests map[string]*record.Entry
}

// words splits at spaces, keeping what stands in quotes together.
func words(s string) (out []string) {
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

func (s *story) tell(w []string) []string {
	party := w[0]
	args, opt := []string{}, map[string]string{}
	for i := 2; i < len(w); i++ {
		if k, ok := strings.CutPrefix(w[i], "--"); ok {
			i++
			opt[k] = w[i]
		} else {
			args = append(args, w[i])
		}
	}
	switch w[1] {
	case "post": // ORG LEVEL NAME [--their NAME]
		s.post(party, args[0], args[1], args[2], opt["their"])
	case "event":
		d, err := new(register.Register).EventDraft(party, register.Event{Name: args[0], When: when(s.t, args[1])}, "", nil)
		s.state(party, d, err)
		s.events[args[0]] = when(s.t, args[1])
	case "contact": // KIND WHEN POST… [--id ID] [--corrects ID]
		f := contact.Contact{Kind: args[0], When: when(s.t, args[1]), Basis: opt["basis"], By: by()}
		for _, p := range args[2:] {
			f.Participants = append(f.Participants, contact.Participant{Post: s.place(p)})
		}
		var was *contact.Contact
		if c := opt["corrects"]; c != "" {
			s.deliver()
			was = s.folded(party, s.requests[c]).Contact
		}
		d, err := contact.MadeDraft(party, f, "", nil, was)
		s.requests[opt["id"]] = s.state(party, d, err)
	case "says": // ID yes|no
		s.deliver()
		e := s.requests[args[0]]
		d, err := contact.VerdictDraft(party, e, e, args[1] == "yes", contact.Verdict{By: by()})
		s.state(party, d, err)
	case "request": // ID FROM WITH WHEN
		f := contact.Request{From: s.place(args[1]), With: s.place(args[2]), When: when(s.t, args[3]),
			Basis: opt["basis"], Standing: opt["is"] == "standing", By: by()}
		d, err := contact.PlacedDraft(party, f, "", nil)
		s.requests[args[0]] = s.state(party, d, err)
	case "again": // ID WHEN
		s.deliver()
		d, err := contact.TriedDraft(s.folded(party, s.requests[args[0]]).Request, party, contact.Attempt{When: when(s.t, args[1]), Basis: contact.Own, By: by()}, false)
		s.state(party, d, err)
	case "outcome": // ID OUTCOME [--id ID]
		s.outcome(party, args, opt)
	case "asks": // [--since EVENT|DATE] [--org ORG] [--level N]
		s.deliver()
		return s.ask(party, opt)
	default:
		s.t.Fatalf("%q", w)
	}
	return nil
}

func (s *story) post(party, org, level, name, their string) {
	n, err := strconv.Atoi(level)
	if err != nil {
		s.t.Fatal(err)
	}
	d, err := new(register.Register).PostDraft(party, register.Post{Org: org, Name: name, Level: n}, "", nil)
	s.posts[name] = s.state(party, d, err)
	if their != "" {
		d, err := new(register.Register).PostDraft(party, register.Post{Org: org, Name: their, Level: n, Whose: map[string]string{"aurelia": "borealia", "borealia": "aurelia"}[party], Pair: s.place(name)}, "", nil)
		s.posts[their] = s.state(party, d, err)
	}
}

func (s *story) place(post string) string {
	e := s.posts[post]
	if e == nil {
		s.t.Fatalf("no post %q", post)
	}
	return e.Place().String()
}

func (s *story) outcome(party string, args []string, opt map[string]string) {
	s.deliver()
	about := s.requests[args[0]]
	f := contact.Result{Outcome: args[1], ToldBy: opt["told-by"], Reason: opt["reason"], By: by()}
	if on := opt["on"]; on != "" {
		f.On = when(s.t, on)
	}
	d, err := contact.OutcomeDraft(s.folded(party, about).Request, about, party, f)
	e := s.state(party, d, err)
	if id := opt["id"]; id != "" {
		s.requests[id] = e
	}
}

// folded is the item of a statement as a party has it.
func (s *story) folded(party string, e *record.Entry) contact.State {
	rec := s.side[party].rec
	return contact.Fold(rec.Item(rec.ItemOf(rec.At(e.Place()))), rec)
}

func (s *story) ask(party string, opt map[string]string) []string {
	since, ok := s.events[opt["since"]]
	if !ok && opt["since"] != "" {
		since = when(s.t, opt["since"])
	}
	q := s.query(party, since)
	q.Date = !ok
	q.Org = opt["org"]
	if l := opt["level"]; l != "" {
		q.Level, _ = strconv.Atoi(l)
	}
	f := contact.Since(q)
	out := render(f)
	if opt["all"] == "sought" {
		for _, r := range f.Sought {
			out = append(out, fmt.Sprintf("sought: %s since %s, %s", r.For, r.When, r.Status))
		}
	}
	return out
}
