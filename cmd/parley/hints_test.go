// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.org/parley/internal/verbs"
)

// texts calls f with every text that may tell people what to type: the strings of the code, the words of each language,
// the documents.
func texts(t *testing.T, f func(where, text string)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", ".."), func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir() && (d.Name() == ".cache" || d.Name() == "spec"): // specifications say what an act is, not what is typed
			return cmp.Or(err, fs.SkipDir)
		case filepath.Ext(p) == ".md" || filepath.Ext(p) == ".toml":
			b, err := os.ReadFile(p)
			for line := range strings.Lines(string(b)) {
				if !strings.Contains(line, "for parley for the") { // cobra's prose of completion
					f(p, line)
				}
			}
			return err
		case filepath.Ext(p) != ".go" || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		src, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(src, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && !slices.Contains([]string{"parley page cookie\n", "parley check "}, s) { // labels of what is hashed
					f(p, s)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What an error, a hint, a help or a document tells people to type, they can type: its verbs are those of the commands, its
// flags those of the very verb that they follow, or of any command where they stand alone. The first word of verbs (officer) is none by itself, and what follows it makes one.
//
// SPEC: CLI-037
func TestHintsNameVerbsAndFlagsThatExist(t *testing.T) {
	root, flags := (&app{stdio: stdio{strings.NewReader(""), io.Discard, io.Discard}, lang: "en"}).root(), map[string]bool{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		c.PersistentFlags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		for _, s := range c.Commands() {
			walk(s)
		}
	}
	walk(root)
	is := func(first, second string) bool {
		c, _, err := root.Find([]string{first})
		if err != nil || c == root {
			return false
		}
		if !c.HasSubCommands() {
			return true
		}
		_, _, verb := verbs.Find([]string{first})
		verb = verb || first == "desk" // a command of the shell's own, which has verbs beneath it
		return second == "" && verb || slices.ContainsFunc(c.Commands(), func(s *cobra.Command) bool { return s.Name() == second })
	}
	if !is("stop", "take") || !is("stop", "") || is("stop", "make") || is("officer", "") || is("officer", "fly") || is("fly", "") || !is("init", "north") {
		t.Fatal("what is a verb is not known")
	}
	has := func(name, first, second string) bool {
		c, _, err := root.Find(slices.DeleteFunc([]string{first, second}, func(s string) bool { return s == "" }))
		return err == nil && (c.Flags().Lookup(name) != nil || c.InheritedFlags().Lookup(name) != nil)
	}
	if !has("place", "stop", "") || has("digits", "send", "") || !has("langs", "officer", "add") || !has("home", "officer", "add") {
		t.Fatal("what flags a verb has is not known")
	}
	verb, flag := regexp.MustCompile(`\bparley ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?`), regexp.MustCompile(`(?:^|[\s('|:`+"`"+`])--([a-z][a-z0-9-]+)`)
	read := map[string]int{}
	texts(t, func(where, s string) {
		for _, m := range verb.FindAllStringSubmatch(s, -1) {
			read[filepath.Ext(where)]++
			if !is(m[1], m[2]) {
				t.Errorf("%s: %q names the verb %q, which is not there", where, s, m[0])
			}
		}
		at := verb.FindAllStringSubmatchIndex(s, -1)
		for i, m := range at {
			rest := s[m[1]:]
			if i+1 < len(at) {
				rest = s[m[1]:at[i+1][0]]
			}
			if end := strings.IndexAny(rest, "`;"); end >= 0 { // another command, or words about this one
				rest = rest[:end]
			}
			word := func(g int) string { return s[max(0, m[2*g]):max(0, m[2*g+1])] }
			for _, f := range flag.FindAllStringSubmatch(rest, -1) {
				read["after a verb"]++
				if !has(f[1], word(1), word(2)) {
					t.Errorf("%s: %q: parley %s %s has no flag --%s", where, s, word(1), word(2), f[1])
				}
			}
		}
		for _, m := range flag.FindAllStringSubmatch(s, -1) {
			read[filepath.Ext(where)]++
			if !flags[m[1]] {
				t.Errorf("%s: %q names the flag --%s, which is not there", where, s, m[1])
			}
		}
	})
	if read[".go"] < 50 || read[".toml"] < 50 || read[".md"] < 20 || read["after a verb"] < 200 {
		t.Fatalf("verbs and flags that were read: %v", read)
	}
}
