// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/verbs"
	"example.org/parley/words"
)

// The exit codes. SPEC: CLI-030
const (
	exitDone    = 0
	exitRefused = 1
	exitUnknown = 2 // CANNOT BE KNOWN
	exitUsage   = 64
	exitNoFile  = 66
	exitNotUp   = 69
)

// stdio is what a command reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// app is one call of the binary: its common flags.
type app struct {
	stdio
	dir, line, lang string
	json            bool
}

// exitError ends with a code; what is to be said has been said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// run is the whole program.
func run(ctx context.Context, args []string, io stdio) int {
	a := &app{stdio: io}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	return a.exit(root.ExecuteContext(ctx))
}

// exit says what went wrong, with the way out, and gives the code.
func (a *app) exit(err error) int {
	var code exitError
	var use *verbs.UsageError
	var refused *act.Error
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &use):
		a.complain(use.What, use.Hint)
		return exitUsage
	case errors.Is(err, control.ErrNotRunning):
		a.complain(err.Error(), "start it: "+called()+" serve --home "+a.dir)
		return exitNotUp
	case errors.As(err, &refused):
		a.complain(refused.Error(), refused.Hint)
		if refused.Wait {
			return exitNotUp
		}
	case strings.HasPrefix(err.Error(), "unknown command"):
		a.complain(err.Error(), "see: parley help")
		return exitUsage
	default:
		a.complain(err.Error(), "")
	}
	return exitRefused
}

// complain says what was refused and the way out. SPEC: CLI-037
func (a *app) complain(what, hint string) {
	fmt.Fprintln(a.err, "error:", what)
	if hint != "" {
		fmt.Fprintln(a.err, "hint:", hint)
	}
}

func (a *app) home() home.Home { return home.Home{Dir: a.dir} }

// root makes the tree of commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "parley", Short: "A deconfliction line that two parties run themselves",
		Long: `Parley is a deconfliction line between two parties who do not trust each other: each runs one node, nobody stands between.

Times are UTC. Items are named by their short ID (A7-42). What is printed is one view: --json prints it as it is.
Exit codes: 0 done or HOLDS · 1 refused or DOES NOT HOLD · 2 CANNOT BE KNOWN · 64 wrong usage · 66 no such file · 69 the node is not running, or is starting.`,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &verbs.UsageError{What: err.Error(), Hint: strings.TrimSpace(c.UseLine())}
	})
	f := root.PersistentFlags()
	f.StringVar(&a.dir, "home", home.Default(), "home directory (or PARLEY_HOME)")
	f.StringVar(&a.line, "line", "", "the line, where the home has several")
	f.StringVar(&a.lang, "lang", defaultLang(), "language: "+strings.Join(words.Langs(), ", "))
	f.BoolVar(&a.json, "json", false, "print the view as JSON")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(words.Langs(), a.lang) {
			return &verbs.UsageError{What: fmt.Sprintf("--lang %q", a.lang), Hint: "one of: " + strings.Join(words.Langs(), ", ")}
		}
		return nil
	}
	for _, g := range []string{"start", "node", "pairing", "people", "status", "messages", "STOP", "calls", "checks", "counterparts", "record"} {
		root.AddGroup(&cobra.Group{ID: g, Title: strings.ToUpper(g[:1]) + g[1:] + ":"})
	}
	a.addActs(root)
	for g, cs := range map[string][]*cobra.Command{
		"start": {a.try(), a.demo(), a.version()}, "node": {a.init(), a.serve()}, "pairing": {a.sheet(), a.pair(), a.confirm()},
		"people": {a.desk()}, "record": {a.export(), a.verify()},
	} {
		for _, c := range cs {
			c.GroupID = g
			root.AddCommand(c)
		}
	}
	return root
}

// defaultLang is the language of the environment, as other programs take it.
//
// SPEC: CLI-035
func defaultLang() string {
	lang := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	return words.Lang(lang[:min(2, len(lang))])
}

// nargs checks the count of arguments as a matter of usage.
func nargs(min, max int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < min:
			return &verbs.UsageError{What: c.Name() + ": something is missing", Hint: c.UseLine()}
		case len(args) > max:
			return &verbs.UsageError{What: fmt.Sprintf("%s: %q is too much", c.Name(), args[max]), Hint: c.UseLine()}
		}
		return nil
	}
}
