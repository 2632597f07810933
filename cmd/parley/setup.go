// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"example.org/parley/hint"
	"example.org/parley/internal/home"
	"example.org/parley/party"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// question is one of those that setup asks: what an answer does to the line to be made, which is then judged whole.
type question struct {
	key     string // of the file of answers
	ask     string
	why     string
	guess   func(*setup) string // of an empty answer; nil: there must be one
	put     func(*setup, string) error
	several bool // words, of which each is an answer
}

// setup is a line that is being described.
type setup struct {
	*app
	name string
	cfg  home.Config
}

// questions are at most eight. SPEC: CLI-062
var questions = []question{
	{key: "party", ask: "What is your side called?", why: "It stands in every statement and cannot be changed later. A letter, then letters, digits or -, 16 at most, all small: aurelia",
		put: func(s *setup, v string) error { s.cfg.Party = v; return nil }},
	{key: "other", ask: "What is the other side called?", why: "As it names itself, a letter, then letters, digits or -, 16 at most, all small: borealia. A sheet of anybody else will be refused.",
		put: func(s *setup, v string) error { s.cfg.Other = v; return nil }},
	{key: "line", ask: "What do both sides call the line?", why: "One word, the same at both ends: north",
		guess: func(s *setup) string { return cmp.Or(s.line, "line") },
		put:   func(s *setup, v string) error { s.name = v; return plain(v) }},
	{key: "paths", ask: "Over what does the other side reach this machine?", several: true,
		why: "One entry a path, LABEL=ADDRESS:PORT, with a blank between: radio=192.0.2.1:7443 fibre=198.51.100.1:7443. The label says what it runs over and is the same at both ends. Two that share no cable and no mast are best. If a router stands between: fibre=10.0.0.5:7443@198.51.100.1:7443. Where UDP does not pass, over TCP: web=tcp:192.0.2.1:443.",
		put: (*setup).paths},
	{key: "page", ask: "Where does the desk's page listen?", why: "127.0.0.1:7480 for a browser on this machine alone; or the name of this machine in the house and a port, line.ops.example:8443, which wants a certificate (see operate.md, A desk on another machine).",
		guess: func(s *setup) string { return s.cfg.Page.At },
		put:   func(s *setup, v string) error { s.cfg.Page.At = v; return nil }},
	{key: "telephones", ask: "On which ordinary telephones are you reached when the line is down?", several: true,
		why:   "Four at most, of digits, + and -, with a blank between: +00-555-0101. They stand in the terms that both sides sign.",
		guess: func(*setup) string { return "" },
		put: func(s *setup, v string) error {
			s.cfg.Terms.Fallback = map[string][]string{}
			if of := strings.Fields(v); len(of) > 0 {
				s.cfg.Terms.Fallback[s.cfg.Party] = of
			}
			return nil
		}},
	{key: "checks", ask: "At what times is the line tested every day?", several: true, why: "UTC, with a blank between: 09:00 21:00. Somebody sits at the desk at each end then.",
		guess: func(s *setup) string { return strings.Join(s.cfg.Terms.Schedule.Checks, " ") },
		put: func(s *setup, v string) error {
			s.cfg.Terms.Schedule.Checks = strings.Fields(v)
			return nil
		}},
	{key: "backup", ask: "In which directory are backups kept?", why: "One that nobody else reads, if possible on another disk: /srv/backup. Empty: each is given a name by hand. One older than 7 days is an alarm.",
		guess: func(*setup) string { return "" },
		put:   func(s *setup, v string) error { s.cfg.Backup.Place = v; return nil }},
}

// plain refuses what cannot name a party or a line.
func plain(name string) error {
	if !wire.ValidName(name) {
		return hint.New("a letter, then letters, digits or -, 16 at most, all small", "%q is no name", name)
	}
	return nil
}

// paths takes the routes. None is guessed: what another machine cannot reach stands on no sheet. SPEC: CLI-008
func (s *setup) paths(v string) error {
	s.cfg.Paths, s.cfg.SameMachine = nil, false
	for _, p := range strings.Fields(v) {
		one, err := pathOf(p)
		if err != nil {
			return err
		}
		s.cfg.Paths = append(s.cfg.Paths, one)
	}
	return nil
}

// pathOf reads LABEL=IP:PORT or LABEL=LOCAL@REACHED-AT, of TCP with tcp: before.
func pathOf(s string) (home.Path, error) {
	label, addr, ok := strings.Cut(s, "=")
	bind, reach, _ := strings.Cut(addr, "@")
	if !ok {
		return home.Path{}, hint.Usage("--path 1=192.0.2.1:7443", "init: path %q", s)
	}
	return home.Path{Label: label, Bind: bind, Reach: reach}, nil
}

// setup asks what a line needs, makes it, looks at it, and says what comes next.
//
// SPEC: CLI-062
func (a *app) setup() *cobra.Command {
	var file, group string
	c := &cobra.Command{Use: "setup", Short: "Make a line by eight questions, or go on with one: what comes next.", Args: nargs(0, 0)}
	c.Flags().StringVar(&file, "answers", "", "a file with the answers, in place of questions: party = \"aurelia\" …")
	c.Flags().StringVar(&group, "group", "", "whose accounts may use the node: officers each with an account of his own")
	c.RunE = func(c *cobra.Command, _ []string) error {
		others, err := a.home().Lines()
		if a.dir == "" {
			return err
		}
		if n, err := a.home().Pick(a.line); err == nil && file == "" {
			return a.next(n)
		}
		s := &setup{app: a, cfg: home.DefaultConfig("x", len(others))}
		if file != "" {
			err = s.answered(file)
		} else {
			err = s.asked()
		}
		if err == nil && group != "" {
			err = a.home().Share(group)
		}
		if err != nil {
			return err
		}
		if _, err := a.home().Init(s.name, s.cfg, rand.Reader); err != nil {
			return err
		}
		a.line = s.name
		return a.made(c.Context(), s)
	}
	return c
}

// made looks at the line that was made, and says what comes next.
func (a *app) made(ctx context.Context, s *setup) error {
	if !a.json {
		d := &doctor{app: a}
		d.look(ctx)
		fmt.Fprintf(a.out, "%s\n", d.text())
	}
	return a.next(s.name)
}

// take puts one answer and judges the line that it makes.
func (s *setup) take(q question, v string) error {
	if v == "" {
		if q.guess == nil {
			return hint.New("", "there must be an answer").Way("%s", s.tr(q.why))
		}
		v = q.guess(s)
	}
	name, cfg := s.name, s.cfg
	err := q.put(s, v)
	if err == nil {
		err = s.cfg.Check()
	}
	if err != nil { // what is refused is not kept
		s.name, s.cfg = name, cfg
	}
	return err
}

// asked asks at the terminal; what is not understood is asked again.
func (s *setup) asked() error {
	in := bufio.NewScanner(io.LimitReader(s.in, 1<<20))
	for i, q := range questions {
		for {
			fmt.Fprintf(s.err, "\n%d/%d  %s\n     %s\n", i+1, len(questions), s.tr(q.ask), s.tr(q.why))
			if q.key == "paths" {
				fmt.Fprintf(s.err, "     %s %s\n", s.tr("Addresses of this machine:"), strings.Join(addresses(), " "))
			}
			if q.guess != nil {
				fmt.Fprintf(s.err, "     [%s]\n", q.guess(s))
			}
			fmt.Fprint(s.err, "> ")
			if !in.Scan() {
				return hint.New("begin again: parley setup; or write the answers into a file: parley setup --answers FILE", "setup was left before the last question: nothing was made")
			}
			err := s.take(q, strings.TrimSpace(in.Text()))
			if err == nil {
				break
			}
			s.complain(hint.New("", "%s", hint.Of(err).In(s.lang, words.Say).Error()).Way("%s", s.tr(q.why))) // what is typed at a shell is no answer here
		}
	}
	return nil
}

// answered takes the answers of a file, in which everything that is asked has its name.
func (s *setup) answered(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return hint.New("see: parley help setup", "the answers cannot be read: %v", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return err
	}
	given, err := decodeAnswers(b)
	if err != nil {
		return err
	}
	for _, q := range questions {
		if err := s.take(q, given[q.key]); err != nil {
			e := hint.Of(err)
			return hint.New("", "%s: %v", q.key, e).Way("%v", errors.New(e.Hint))
		}
	}
	return nil
}

// decodeAnswers reads a file of answers; a list is the words of one answer.
func decodeAnswers(b []byte) (map[string]string, error) {
	var raw map[string]any
	if _, err := toml.Decode(string(b), &raw); err != nil {
		return nil, hint.New(`a line a question: party = "aurelia"`, "the answers cannot be read: %v", err)
	}
	given := map[string]string{}
	for k, v := range raw {
		i := slices.IndexFunc(questions, func(q question) bool { return q.key == k })
		if i < 0 {
			return nil, hint.New("party, other, line, paths, page, telephones, checks, backup", "no question is called %q", k)
		}
		var said []string
		switch v := v.(type) {
		case string:
			said = []string{v}
		case []any:
			for _, w := range v {
				word, ok := w.(string)
				if !ok || !questions[i].several || strings.ContainsAny(word, " \t\n") {
					return nil, hint.New(`telephones = ["+00-555-0101"]`, "%s: %v is no answer", k, w)
				}
				said = append(said, word)
			}
		default:
			return nil, hint.New(`party = "aurelia"`, "%s: %v is no answer", k, v)
		}
		given[k] = strings.Join(said, " ")
	}
	return given, nil
}

// addresses are those of this machine that another may reach.
func addresses() (out []string) {
	as, _ := net.InterfaceAddrs()
	for _, a := range as {
		p, err := netip.ParsePrefix(a.String())
		if ip := p.Addr(); err == nil && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && !ip.IsMulticast() {
			out = append(out, ip.String())
		}
	}
	return out
}

// next says what comes next on a line, as far as its files and its node tell.
func (a *app) next(name string) error {
	l, err := a.home().Load(name)
	if err != nil {
		return err
	}
	theirs, as, start, backup := cmp.Or(l.Config.Other, "their")+".sheet", "", "parley serve", "parley backup FILE"
	if a.dir == home.OfMachine { // its account reads no file of who types this
		theirs, as, start = "/tmp/"+theirs, "runuser -u parley -- ", "systemctl enable parley; systemctl start parley"
		if backup = as + backup; l.Config.Backup.Place != "" {
			backup = "systemctl enable parley-backup.timer; systemctl start parley-backup.timer"
		}
	}
	step, text := "", ""
	switch {
	case l.Theirs == nil && l.Alone == nil:
		step, text = "sheet", fmt.Sprintf(a.tr("Next, on the line %s:\n  1. %s   writes your sheet; carry it to the other side.\n  2. %s   enters theirs. Its digits must be those that they read to you from their own screen, over a channel that is not this line.\nThen once more: parley setup\n"),
			name, as+"parley sheet > "+l.Ours.Party+".sheet", as+"parley pair "+theirs)
	case l.Genesis == nil && l.Theirs != nil:
		step, text = "confirm", fmt.Sprintf(a.tr("Next, on the line %s, at both ends at the same time:\n  1. %s   starts the node.\n  2. %s   shows what is to be signed, and your number: read the number to them.\n  3. %s   with the number that they read to you.\nThen once more: parley setup\n"),
			name, start, as+"parley confirm", as+"parley confirm NUMBER")
	default:
		step, text = "people", fmt.Sprintf(a.tr("The line %s is made on both sides. Next:\n  1. %s   starts the node, if it does not run.\n  2. parley officer add NAME; parley sign-on; parley open   for the first officer, from his own account.\n     Each further one: %s; then sign-on and open from his account.\n  3. %s   and see doctor whenever something is wrong: parley doctor\n"),
			name, start, as+"parley officer add NAME --account ACCOUNT", backup)
	}
	return a.sayNext(map[string]string{"line": name, "party": l.Ours.Party, "next": step, "sheet_digits": party.Digits(l.Ours.Hash)}, "%s", text)
}
