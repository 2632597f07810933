// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.org/parley/hint"
	"example.org/parley/internal/home"
	"example.org/parley/party"
)

// init makes a line in the home.
func (a *app) init() *cobra.Command {
	var name, page, edge, group, other string
	var same, alone bool
	var paths, telephones []string
	c := &cobra.Command{Use: "init --party NAME --path LABEL=IP:PORT", Short: "Make a line in the home: its keys, config and sheet.", Args: nargs(0, 0)}
	c.Flags().StringVar(&name, "party", "", "our name, as it stands in every statement")
	c.Flags().BoolVar(&alone, "alone", false, "begin before the other party does: a record on our word alone")
	c.Flags().StringVar(&other, "other", "", "with --alone: the name of the other party")
	c.Flags().StringArrayVar(&telephones, "telephone", nil, "with --alone: an ordinary telephone of theirs, as the terms name it")
	c.Flags().StringArrayVar(&paths, "path", nil, "a route, LABEL=IP:PORT or LABEL=LOCAL@REACHED-AT, over TCP LABEL=tcp:IP:PORT; once a path")
	c.Flags().StringVar(&page, "page", "", "where browsers ask the desks' page: a loopback address, or NAME:PORT over TLS")
	c.Flags().StringVar(&edge, "edge", "", "address of the browsers' sound, UDP and TCP: loopback (beside a page over TLS: its port), or an address of this machine")
	c.Flags().BoolVar(&same, "same-machine", false, "both parties run on this machine, to try it: loopback addresses")
	c.Flags().StringVar(&group, "group", "", "whose accounts may use the node: officers each with an account of his own")
	c.RunE = func(*cobra.Command, []string) error {
		switch {
		case name == "":
			return hint.Usage("parley init --party NAME --path 1=192.0.2.1:7443", "init: whose line is it?")
		case alone != (other != "") || len(telephones) > 0 && !alone:
			return hint.Usage("parley init --party NAME --alone --other THEIRS", "init: --alone and --other go together")
		case len(paths) == 0 && !same && !alone:
			return hint.Usage("--path 1=192.0.2.1:7443, once a path; to try both parties on one machine: --same-machine", "init: where does the other party reach us?")
		}
		others, _ := a.home().Lines() // no home yet: none
		cfg := home.DefaultConfig(name, len(others))
		cfg.SameMachine = same || alone && len(paths) == 0
		if page != "" {
			cfg.Page.At = page
		}
		if edge != "" {
			cfg.Edge = edge
		}
		if len(paths) > 0 {
			cfg.Paths = nil
		}
		for _, p := range paths {
			one, err := pathOf(p)
			if err != nil {
				return err
			}
			cfg.Paths = append(cfg.Paths, one)
		}
		line := a.line
		if line == "" {
			line = "line"
		}
		if group != "" {
			if err := a.home().Share(group); err != nil {
				return err
			}
		}
		if alone {
			cfg.Terms.Fallback[other] = telephones
			return a.initAlone(line, cfg, other)
		}
		l, err := a.home().Init(line, cfg, rand.Reader)
		if err != nil {
			return err
		}
		return a.sayNext(map[string]string{"line": line, "party": name, "dir": l.Dir, "sheet_digits": party.Digits(l.Ours.Hash)},
			"The line %s of %s is made in %s.\nNext: give the other party your sheet (parley sheet > FILE) and enter theirs (parley pair FILE).\n", line, name, l.Dir)
	}
	return c
}

// initAlone makes a line of which the other party is only named.
func (a *app) initAlone(line string, cfg home.Config, other string) error {
	l, err := a.home().InitAlone(line, cfg, other, rand.Reader)
	if err != nil {
		return err
	}
	return a.sayNext(map[string]string{"line": line, "party": cfg.Party, "dir": l.Dir, "alone_with": other},
		"The line %s of %s is made in %s, on your word alone: %s has no node on it.\nNext: parley serve. The record joins when they do: parley sheet > FILE, parley pair FILE.\n", line, cfg.Party, l.Dir, other)
}

// say prints words, or with --json the fields.
func (a *app) say(fields any, format string, args ...any) error {
	if a.json {
		return a.printJSON(fields)
	}
	_, err := fmt.Fprintf(a.out, a.tr(format), args...)
	return err
}

// sayNext says something with what comes next: commands of this home.
func (a *app) sayNext(fields any, format string, args ...any) error {
	return a.say(fields, "%s", a.here(fmt.Sprintf(a.tr(format), args...)))
}

// load reads the line meant.
func (a *app) load() (*home.Line, error) {
	name, err := a.home().Pick(a.line)
	if err != nil {
		return nil, err
	}
	return a.home().Load(name)
}

// sheet prints our sheet: on standard output exactly its bytes, the digits for people beside it.
func (a *app) sheet() *cobra.Command {
	var next bool
	var issue int
	var as string
	c := &cobra.Command{Use: "sheet", Short: "Print our sheet, to be carried to the other party.", Args: nargs(0, 0)}
	c.Flags().BoolVar(&next, "next", false, "make the next issue first: other addresses, or after a locked pairing")
	c.Flags().StringVar(&as, "print", "", "as one page to print: html, with the sheet as a QR code, or text")
	c.Flags().IntVar(&issue, "issue", 0, "an earlier issue, where the other party lacks it (default: the newest)")
	c.RunE = func(*cobra.Command, []string) error {
		l, err := a.load()
		if err == nil && issue > 0 {
			i := slices.IndexFunc(l.OurIssues, func(s *party.Sheet) bool { return s.Issue == issue })
			if i < 0 {
				return hint.New("see: parley path list", "there is no issue %d of our sheet here", issue)
			}
			l.Ours = l.OurIssues[i]
		}
		if err == nil && next {
			err = l.NextIssue()
			if err == nil {
				err = l.SetState(pairingState, nil)
			}
		}
		if err != nil {
			return err
		}
		switch as {
		case "":
		case "html", "text":
			return paper{Lang: a.lang, Line: l}.write(a.out, as == "text")
		default:
			return hint.Usage("parley sheet --print html > FILE, or text", "sheet: how is it printed?")
		}
		if a.json {
			return a.printJSON(map[string]string{"sheet": string(l.Ours.Note), "sheet_digits": party.Digits(l.Ours.Hash), "party_digits": party.Digits(l.Ours.PartyHash()), "party_hash": l.Ours.PartyHash().String()})
		}
		fmt.Fprintf(a.err, a.tr("Sheet digits of %s, issue %d (to be compared over another channel):\n  %s\nParty digits:\n  %s\n"),
			l.Ours.Party, l.Ours.Issue, party.Digits(l.Ours.Hash), party.Digits(l.Ours.PartyHash()))
		_, err = a.out.Write(l.Ours.Note)
		return err
	}
	return c
}

// pair enters the other party's sheet.
func (a *app) pair() *cobra.Command {
	var digits string
	c := &cobra.Command{Use: "pair SHEET", Short: "Enter the other party's sheet; on a line in service, its next issue.", Args: nargs(1, 1)}
	c.Flags().StringVar(&digits, "digits", "", "refuse the sheet unless these are its digits, as read on paper or over a telephone")
	c.RunE = func(_ *cobra.Command, args []string) error {
		f, err := os.Open(args[0])
		if err != nil {
			return hint.New("the other party makes it: parley sheet > FILE", "the sheet cannot be read: %v", err)
		}
		defer f.Close()
		note, err := io.ReadAll(io.LimitReader(f, party.MaxSheet+1))
		if err != nil {
			return fmt.Errorf("couldn't read the sheet: %w", err)
		}
		l, err := a.load()
		if err == nil {
			err = checkDigits(note, digits)
		}
		if err != nil {
			return err
		}
		old := l.Theirs
		if err := l.SetTheirs(note, digits != ""); err != nil {
			return err
		}
		if l.Genesis != nil {
			return a.say(map[string]string{"party": l.Theirs.Party}, "The next issue of the sheet of %s is entered. A node that runs takes it within a second.\n", l.Theirs.Party)
		}
		if old == nil || old.Hash != l.Theirs.Hash { // only another sheet unlocks a pairing
			if err := l.SetState(pairingState, nil); err != nil {
				return err
			}
		}
		role := "B"
		if l.IsPartyA() {
			role = "A"
		}
		return a.sayNext(map[string]string{"party": l.Theirs.Party, "sheet_digits": party.Digits(l.Theirs.Hash), "we_are": role},
			"The sheet of %s is entered. Its digits:\n  %s\nWe are %s on this line. Next, at both ends: parley serve, then parley confirm.\n", l.Theirs.Party, party.Digits(l.Theirs.Hash), role)
	}
	return c
}

// checkDigits compares typed digits with the sheet's.
func checkDigits(note []byte, typed string) error {
	if typed == "" {
		return nil
	}
	d, err := party.ParseDigits(typed)
	if err != nil {
		return hint.Usage("read them once more: eight groups of six", "--digits: %v", err)
	}
	s, err := party.ParseSheet(note)
	if err == nil && party.Digits(s.Hash) != d {
		return hint.New("the sheet is another one, or was changed on its way: do not enter it", "the digits are not those of this sheet")
	}
	return nil // what is no sheet at all is refused where it is entered
}

// release is the version that a release was built as.
var release string

// version says what was built.
func (a *app) version() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "The version of this binary and what it was built with.", Args: nargs(0, 0), RunE: func(*cobra.Command, []string) error {
		v := map[string]string{"format": "parley/v1"}
		if b, ok := debug.ReadBuildInfo(); ok {
			v["go"], v["version"] = b.GoVersion, b.Main.Version
			for _, s := range b.Settings {
				if s.Key == "vcs.revision" {
					v["revision"] = s.Value
				}
			}
		}
		if release != "" {
			v["version"] = release
		}
		of := strings.TrimSpace(v["version"] + " " + v["revision"])
		return a.say(v, "parley %s, format %s, %s\n", of, v["format"], v["go"])
	}}
}
