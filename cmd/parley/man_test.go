// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.org/parley/words"
)

var update = flag.Bool("update", false, "write the manual anew")

// TestManualIsThatOfTheCommands holds doc/man/parley.1 to the tree of commands.
//
// SPEC: CLI-022
func TestManualIsThatOfTheCommands(t *testing.T) {
	a := &app{stdio: stdio{strings.NewReader(""), io.Discard, io.Discard}, lang: "en"}
	want := manual(a.root())
	file := filepath.Join("..", "..", "doc", "man", "parley.1")
	got, err := os.ReadFile(file)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("doc/man/parley.1 is not what the commands say (%v): go test ./cmd/parley -run TestManualIsThatOfTheCommands -update", err)
	}
}

// TestEveryCommandAndFlagSaysWhatItIs: every command says in one sentence what it does, every flag what it is.
//
// SPEC: CLI-022
func TestEveryCommandAndFlagSaysWhatItIs(t *testing.T) {
	a := &app{stdio: stdio{strings.NewReader(""), io.Discard, io.Discard}, lang: "en"}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || len(c.Short) > 100 {
			t.Errorf("%s: help of %d bytes", c.CommandPath(), len(c.Short))
		}
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: --%s says nothing", c.CommandPath(), f.Name)
			}
		})
		for _, s := range c.Commands() {
			walk(s)
		}
	}
	walk(a.root())
}

// The help is whole in every language, what cobra brings and the titles included.
//
// SPEC: CLI-019
func TestHelpIsWholeInEveryLanguage(t *testing.T) {
	a := &app{stdio: stdio{strings.NewReader(""), io.Discard, io.Discard}, lang: "en"}
	english := slices.Clone(cobraWords)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		english = append(english, c.Short, c.Long)
		for _, g := range c.Groups() {
			english = append(english, g.Title)
		}
		for _, fs := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
			fs.VisitAll(func(f *pflag.Flag) { english = append(english, f.Usage) })
		}
		for _, s := range c.Commands() {
			walk(s)
		}
	}
	walk(a.root())
	choices := regexp.MustCompile(`^[a-zA-Z-]+(, [a-zA-Z-]+)*$|^[a-z-]+(\|[a-z-]+)*$`)
	for _, lang := range words.Langs() {
		for _, s := range english {
			if _, ok := words.Get(lang, "english."+s); lang != "en" && !ok && s != "" && !choices.MatchString(s) {
				t.Errorf("%s.toml lacks\n%q = %q", lang, "english."+s, "")
			}
		}
	}
}

// manual draws one page of the whole tree, in the man macros.
func manual(root *cobra.Command) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ".\\\" Written by go test ./cmd/parley -run TestManualIsThatOfTheCommands -update\n.TH PARLEY 1\n.SH NAME\nparley \\- %s\n", roff(root.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B parley\n[\\fIflags\\fR] \\fIverb\\fR [\\fIarguments\\fR]\n.SH DESCRIPTION\n%s\n", roff(root.Long))
	b.WriteString(".SH FLAGS\n")
	flags(&b, root.PersistentFlags())
	for _, g := range root.Groups() {
		fmt.Fprintf(&b, ".SH %s\n", strings.ToUpper(strings.TrimSuffix(g.Title, ":")))
		for _, c := range root.Commands() {
			if c.GroupID == g.ID {
				command(&b, c)
			}
		}
	}
	b.WriteString(".SH ENVIRONMENT\n.TP\n.B PARLEY_HOME\nthe home directory\n.TP\n.B LC_ALL, LC_MESSAGES, LANG\nItalian where the first that is set begins with it, else English\n")
	b.WriteString(".SH FILES\n.TP\n.I ~/.parley/lines/NAME\na line: its keys, config.toml, sheets, genesis and record.db\n.TP\n.I ~/.parley/control.sock\nwhere the node answers the verbs\n")
	return b.Bytes()
}

// command draws a verb, or the verbs under it.
func command(b *bytes.Buffer, c *cobra.Command) {
	subs := c.Commands()
	if len(subs) == 0 || c.Name() == "stop" {
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(c.UseLine()), roff(c.Short))
		if c.Long != "" {
			fmt.Fprintf(b, ".br\n%s\n", roff(c.Long))
		}
		var own bytes.Buffer
		if flags(&own, c.LocalNonPersistentFlags()); own.Len() > 0 {
			fmt.Fprintf(b, ".RS\n%s.RE\n", own.Bytes())
		}
	}
	for _, s := range subs {
		if !s.Hidden {
			command(b, s)
		}
	}
}

func flags(b *bytes.Buffer, fs *pflag.FlagSet) {
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(b, ".TP\n.B \\-\\-%s\n", roff(strings.TrimSpace(f.Name+" "+kind)))
		fmt.Fprintln(b, roff(usage))
	})
}

// roff writes text so that the macros take none of it for theirs.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n\n", "\n.PP\n").Replace(s)
	for _, c := range []string{"'", "."} {
		if strings.HasPrefix(s, c) {
			s = `\&` + s
		}
	}
	return s
}

// SPEC: CLI-035
func TestLanguageIsThatOfTheEnvironment(t *testing.T) {
	for _, c := range [][4]string{{"", "", "it_IT.UTF-8", "it"}, {"C", "", "it_IT.UTF-8", "en"}, {"it_IT", "", "C", "it"}, {"", "it", "C", "it"}, {"", "", "", "en"}} {
		t.Setenv("LC_ALL", c[0])
		t.Setenv("LC_MESSAGES", c[1])
		t.Setenv("LANG", c[2])
		if got := defaultLang(); got != c[3] {
			t.Errorf("%q: %s", c[:3], got)
		}
	}
}
