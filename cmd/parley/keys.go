// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/view"
	"example.org/parley/party"
)

// keys are the verbs of who keeps the party key off the machine.
//
// SPEC: SHT-014 SHT-015
func (a *app) keys() []*cobra.Command {
	seal := &cobra.Command{Use: "seal FILE", Short: "Put our party key into a file under a passphrase, and remove it here: a node does without it.", Args: nargs(1, 1)}
	seal.RunE = func(_ *cobra.Command, args []string) error {
		l, err := a.load()
		if err != nil {
			return err
		}
		pass, err := a.passphrase(true)
		if err == nil {
			err = l.SealKey(args[0], pass)
		}
		if err != nil {
			return err
		}
		return a.say(map[string]string{"line": l.Name, "file": args[0]},
			"The party key of the line %s is in %s, and in this home no more. Carry it away, with a copy at another place: without it no address and no key of ours can ever be changed. Backups that were made before still hold it.\n", l.Name, args[0])
	}
	var key, was string
	sign := &cobra.Command{Use: "sign FILE --key KEY", Short: "Sign the next issue of our sheet, on the machine where the party key is; it needs no home.", Args: nargs(1, 1)}
	sign.Flags().StringVar(&key, "key", "", "the file that key seal made")
	sign.Flags().StringVar(&was, "was", "", "the sheet that is ours now (parley sheet > FILE): it tells whether the keys are new")
	sign.RunE = func(_ *cobra.Command, args []string) error {
		if key == "" {
			return hint.Usage("parley key sign FILE --key KEY > SIGNED", "key sign: where is the key?")
		}
		b, err := small(args[0])
		sealed, err2 := small(key)
		if err == nil {
			err = err2
		}
		if err != nil {
			return err
		}
		s, err := party.ParseDraft(b)
		if err != nil {
			return hint.New("the file that the node named: sheet.unsigned", "%v", err)
		}
		if err := a.describe(s, was); err != nil {
			return err
		}
		pass, err := a.passphrase(false)
		if err != nil {
			return err
		}
		k, err := home.OpenKey(sealed, pass)
		if err == nil {
			s, err = party.SignDraft(b, k)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(a.err, a.tr("Its digits:\n  %s\n"), party.Digits(s.Hash))
		_, err = a.out.Write(s.Note)
		return err
	}
	forget := false
	take := &cobra.Command{Use: "take SIGNED", Short: "Go on by the next issue of our sheet, which the party key has signed elsewhere.", Args: nargs(0, 1)}
	take.Flags().BoolVar(&forget, "forget", false, "give up the issue that waits, in place of taking it")
	take.RunE = func(c *cobra.Command, args []string) error {
		if forget != (len(args) == 0) {
			return hint.Usage("parley key take SIGNED, or parley key take --forget", "key take: which?")
		}
		l, err := a.load()
		if err != nil {
			return err
		}
		if forget {
			if err := l.Forget(); err != nil {
				return err
			}
			return a.say(map[string]string{"line": l.Name}, "It is given up; nothing has changed.\n")
		}
		b, err := small(args[0])
		if err != nil {
			return err
		}
		s, err := l.TakeSigned(b)
		if err != nil {
			return err
		}
		data := map[string]any{"line": l.Name, "issue": s.Issue, "sheet_digits": party.Digits(s.Hash)}
		on, err := a.goesOn(c.Context(), s, 100)
		if err != nil {
			return err
		}
		if on {
			return a.say(data, "Sheet issue %d is ours, and the node goes on by it. Its digits:\n  %s\n", s.Issue, party.Digits(s.Hash))
		}
		return a.say(data, "Sheet issue %d is ours. A node that runs goes on by it, and states it, within a second. Its digits:\n  %s\n", s.Issue, party.Digits(s.Hash))
	}
	return []*cobra.Command{seal, sign, take}
}

// goesOn waits until a node that runs has stated an issue of our sheet and listens at its addresses: what it signs from then on
// is signed under that. What it still signed under a key that the issue ends would be void. False where no node runs.
func (a *app) goesOn(ctx context.Context, s *party.Sheet, looks int) (bool, error) {
	for range looks {
		var v view.Desk
		err := a.node().Ask(ctx, a.line, "en", act.PathList, &v)
		if err == nil && v.Issue >= s.Issue && !v.Soon {
			return true, nil
		}
		if errors.Is(err, control.ErrNotRunning) {
			return false, nil
		}
		if ctx.Err() != nil {
			break
		}
		pause(ctx, 100*time.Millisecond)
	}
	return false, hint.New("parley path list and its log say why; state nothing until it does", "sheet issue %d is ours, but the node does not go on by it yet", s.Issue)
}

// describe says what is to be signed; with the sheet before it, whether the keys are others.
//
// SPEC: SHT-015
func (a *app) describe(s *party.Sheet, was string) error {
	keys := a.tr("whether its keys are new is told by the sheet before: --was FILE")
	if was != "" {
		b, err := small(was)
		var before *party.Sheet
		if err == nil {
			before, err = party.ParseSheet(b)
		}
		if err == nil {
			err = s.Follows(before)
		}
		if err != nil {
			return hint.New("the sheet that is ours now: parley sheet > FILE", "the sheet of --was is not the one before: %v", err)
		}
		if keys = a.tr("keys as before"); !s.SameKeys(before) {
			keys = a.tr("NEW KEYS: sign them only if somebody of yours has asked for new keys")
		}
	}
	short := func(k ed25519.PublicKey) string { return party.Digits(party.Hash(k))[:27] } // four groups
	fmt.Fprintf(a.err, a.tr("To be signed: issue %d of the sheet of %s.\n"), s.Issue, s.Party)
	fmt.Fprintf(a.err, "  %s\n", keys)
	fmt.Fprintf(a.err, "  "+a.tr("sign key %s, link key %s")+"\n", short(s.Sign), short(s.Link))
	for _, p := range s.Paths {
		fmt.Fprintf(a.err, "  "+a.tr("path %s: %s")+"\n", p.Label, p)
	}
	for _, e := range s.Ends {
		fmt.Fprintf(a.err, "  "+a.tr("the sign key %s ends past %s %d")+"\n", short(e.Key), e.Log, e.Size)
	}
	return nil
}

// small reads a file that cannot be long.
func small(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, hint.New("", "the file cannot be read: %v", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, party.MaxSheet+1))
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", name, err)
	}
	return b, nil
}

// passphrase asks for one, twice where it is new and a person types it; without a terminal it is the first line that comes in.
func (a *app) passphrase(fresh bool) (string, error) {
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(a.in, 1024)).ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" && err != nil {
			return "", hint.Usage("type it at a terminal, or give it as the first line of the input", "there is no passphrase")
		}
		return line, nil
	}
	typed := ""
	for i, ask := range []string{"Passphrase: ", "Once more: "} {
		if i == 1 && !fresh {
			break
		}
		fmt.Fprint(a.err, a.tr(ask))
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(a.err)
		if err != nil {
			return "", fmt.Errorf("couldn't read the passphrase: %w", err)
		}
		if i == 1 && string(b) != typed {
			return "", hint.New("type the same one twice", "these are two passphrases")
		}
		typed = string(b)
	}
	return typed, nil
}
