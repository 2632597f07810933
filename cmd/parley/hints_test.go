// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What an error, a hint or a help tells people to type, they can type: its verbs and flags are those of the commands.
//
// SPEC: CLI-037
func TestHintsNameVerbsAndFlagsThatExist(t *testing.T) {
	verbs, flags := map[string]bool{"help": true, "completion": true}, map[string]bool{"help": true}
	var walk func(c *cobra.Command, path string)
	walk = func(c *cobra.Command, path string) {
		verbs[strings.TrimSpace(path)] = true
		c.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		c.PersistentFlags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		for _, s := range c.Commands() {
			walk(s, path+" "+s.Name())
		}
	}
	walk((&app{stdio: stdio{strings.NewReader(""), io.Discard, io.Discard}, lang: "en"}).root(), "")
	verb, flag := regexp.MustCompile(`\bparley ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?`), regexp.MustCompile(`(?:^|[\s('|:])--([a-z][a-z-]+)`)
	read := 0
	err := filepath.WalkDir(filepath.Join("..", ".."), func(p string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			s, err := strconv.Unquote(lit.Value)
			if err != nil || s == "parley page cookie\n" { // a label of what is signed
				return true
			}
			for _, m := range verb.FindAllStringSubmatch(s, -1) {
				read++
				if !verbs[m[1]] && !verbs[m[1]+" "+m[2]] {
					t.Errorf("%s: %q names the verb %q, which is not there", p, s, m[1])
				}
			}
			for _, m := range flag.FindAllStringSubmatch(s, -1) {
				read++
				if !flags[m[1]] {
					t.Errorf("%s: %q names the flag --%s, which is not there", p, s, m[1])
				}
			}
			return true
		})
		return nil
	})
	if err != nil || read < 50 {
		t.Fatalf("%d verbs and flags were read: %v", read, err)
	}
}
