// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.org/parley/hint"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/verbs"
	"example.org/parley/words"
)

// The exit codes; verify adds 2, CANNOT BE KNOWN. SPEC: CLI-030
const (
	exitDone    = 0
	exitRefused = 1
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
	a := &app{stdio: io, lang: langOf(args)}
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
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, fs.ErrNotExist):
		a.complain(hint.Of(err))
		return exitNoFile
	case errors.Is(err, control.ErrNotRunning):
		a.complain(hint.New("", "%v", err).Way("start it: %s serve --home %s", called(), a.dir))
		return exitNotUp
	}
	e := hint.Of(err)
	a.complain(e)
	switch {
	case e.Usage:
		return exitUsage
	case e.Wait:
		return exitNotUp
	}
	return exitRefused
}

// complain says what was refused and the way out, in the person's language. SPEC: CLI-037 CLI-019
func (a *app) complain(e *hint.Error) {
	e = e.In(a.lang, words.Say)
	fmt.Fprintln(a.err, a.tr("error:"), e.Error())
	if e.Hint != "" {
		fmt.Fprintln(a.err, a.tr("hint:"), a.here(e.Hint))
	}
}

var nextVerb = regexp.MustCompile(`\bparley ([a-z])`)

// here makes the commands that a text names those of this home, where it is not the one that is taken without a word.
func (a *app) here(text string) string {
	if a.dir == home.Default() || strings.Contains(text, "--home") {
		return text
	}
	return nextVerb.ReplaceAllString(text, "parley --home "+strings.ReplaceAll(a.dir, "$", "$$")+" $1")
}

// tr gives an English sentence of the help in the person's language.
func (a *app) tr(english string) string { return words.Say(a.lang, english) }

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
		return verbs.FlagError(err).Way("see: %s", strings.TrimSpace("parley help"+strings.TrimPrefix(c.CommandPath(), "parley")))
	})
	unknown := func(c *cobra.Command, args []string) error {
		e := hint.Usage("see: parley help", "unknown command %q", strings.Join(args, " "))
		if like := c.SuggestionsFor(args[0]); len(like) > 0 {
			return e.Way("is it one of these? %s", strings.Join(like, ", "))
		}
		return e
	}
	root.SetHelpCommand(&cobra.Command{Use: "help [command]", Short: "Help about any command", RunE: func(_ *cobra.Command, args []string) error {
		c, rest, err := root.Find(args)
		if err != nil || len(rest) > 0 && len(args) > 0 {
			return unknown(root, args)
		}
		return c.Help()
	}})
	f := root.PersistentFlags()
	f.StringVar(&a.dir, "home", home.Default(), "home directory (or PARLEY_HOME)")
	f.StringVar(&a.line, "line", "", "the line, where the home has several")
	f.StringVar(&a.lang, "lang", cmp.Or(a.lang, defaultLang()), "language of what is printed")
	f.BoolVar(&a.json, "json", false, "print the view as JSON")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(words.Langs(), a.lang) {
			return hint.Usage("", "--lang %q", a.lang).Way("one of: %s", strings.Join(words.Langs(), ", "))
		}
		return nil
	}
	for _, g := range []string{"start", "node", "pairing", "people", "status", "messages", "STOP", "calls", "checks", "counterparts", "record"} {
		root.AddGroup(&cobra.Group{ID: g, Title: strings.ToUpper(g[:1]) + g[1:] + ":"})
	}
	root.Args = cobra.ArbitraryArgs
	root.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		return unknown(c, args[:1])
	}
	a.addActs(root)
	for g, cs := range map[string][]*cobra.Command{
		"start": {a.try(), a.demo(), a.version()}, "node": {a.setup(), a.init(), a.serve(), a.cert(), a.notify(), a.doctor(), a.ports(), a.backup(), a.restore(), a.recording()}, "pairing": {a.sheet(), a.pair()},
		"record": {a.export(), a.claim(), a.verify()},
	} {
		for _, c := range cs {
			c.GroupID = g
			root.AddCommand(c)
		}
	}
	read := a.read()
	read.GroupID = "record"
	root.AddCommand(read)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	a.speak(root)
	return root
}

// speak puts the help of a command, and of those below it, into the person's language. What cobra brings is named here.
//
// SPEC: CLI-019
func (a *app) speak(c *cobra.Command) {
	if c.Parent() != nil && c.Parent().Name() == "completion" {
		c.Long, c.Args = "", nargs(0, 0) // pages of English on each shell
	}
	c.DisableFlagsInUseLine = true
	c.InitDefaultHelpFlag()
	c.Flags().Lookup("help").Usage = "help for this verb"
	c.Short, c.Long = a.tr(c.Short), a.tr(c.Long)
	for _, fs := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
		fs.VisitAll(func(f *pflag.Flag) { f.Usage = a.tr(f.Usage) })
	}
	for _, g := range c.Groups() {
		g.Title = a.tr(g.Title)
	}
	for _, s := range c.Commands() {
		a.speak(s)
	}
	if c.Parent() == nil {
		template := c.UsageTemplate()
		for _, w := range cobraWords {
			template = strings.ReplaceAll(template, w, a.tr(w))
		}
		c.SetUsageTemplate(template)
	}
}

// cobraWords are the English of cobra's template.
var cobraWords = []string{"Usage:", "Aliases:", "Examples:", "Available Commands:", "Additional Commands:", "Global Flags:", "Flags:", "Additional help topics:",
	"Use \"", " [command] --help\" for more information about a command.", "[command]"}

// langOf is the language that the arguments ask for: the help is written before they are parsed.
func langOf(args []string) string {
	for i, arg := range args {
		if l, ok := strings.CutPrefix(arg, "--lang="); ok {
			return words.Lang(l)
		}
		if arg == "--lang" && i+1 < len(args) {
			return words.Lang(args[i+1])
		}
	}
	return defaultLang()
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
			return hint.Usage("", "%s: something is missing", c.Name()).Way("%s", c.UseLine())
		case len(args) > max:
			return hint.Usage("", "%s: %q is too much", c.Name(), args[max]).Way("%s", c.UseLine())
		}
		return nil
	}
}

// group makes a command that only holds others, and asks which where none of them is named.
func group(name, short string) *cobra.Command {
	return &cobra.Command{Use: name, Short: short, Args: cobra.ArbitraryArgs, RunE: func(c *cobra.Command, _ []string) error {
		var names []string
		for _, sub := range c.Commands() {
			names = append(names, sub.Name())
		}
		return hint.Usage("", "%s: which?", name).Way("parley %s %s", name, strings.Join(names, "|"))
	}}
}
