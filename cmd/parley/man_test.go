// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the manual anew")

// TestManual holds doc/man/parley.1 to the tree of commands.
//
// SPEC: CLI-022
func TestManual(t *testing.T) {
	a := &app{stdio: stdio{strings.NewReader(""), io.Discard, io.Discard}}
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
		t.Errorf("doc/man/parley.1 is not what the commands say (%v): go test ./cmd/parley -run TestManual -update", err)
	}
}

// TestHelp: every command says in one sentence what it does, every flag what it is.
//
// SPEC: CLI-022
func TestHelp(t *testing.T) {
	a := &app{stdio: stdio{strings.NewReader(""), io.Discard, io.Discard}}
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

// manual draws one page of the whole tree, in the man macros.
func manual(root *cobra.Command) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ".\\\" Written by go test ./cmd/parley -run TestManual -update\n.TH PARLEY 1\n.SH NAME\nparley \\- %s\n", roff(root.Short))
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
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(strings.TrimSuffix(c.UseLine(), " [flags]")), roff(c.Short))
		if c.Long != "" {
			fmt.Fprintf(b, ".br\n%s\n", roff(c.Long))
		}
		if c.LocalNonPersistentFlags().HasAvailableFlags() {
			b.WriteString(".RS\n")
			flags(b, c.LocalNonPersistentFlags())
			b.WriteString(".RE\n")
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
func TestLanguageOfTheEnvironment(t *testing.T) {
	for _, c := range [][4]string{{"", "", "it_IT.UTF-8", "it"}, {"C", "", "it_IT.UTF-8", "en"}, {"it_IT", "", "C", "it"}, {"", "it", "C", "it"}, {"", "", "", "en"}} {
		t.Setenv("LC_ALL", c[0])
		t.Setenv("LC_MESSAGES", c[1])
		t.Setenv("LANG", c[2])
		if got := defaultLang(); got != c[3] {
			t.Errorf("%q: %s", c[:3], got)
		}
	}
}
