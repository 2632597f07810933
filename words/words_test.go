// SPDX-License-Identifier: Apache-2.0

package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// SPEC: PAG-001
func TestEveryLanguageHasEveryKey(t *testing.T) {
	verb := regexp.MustCompile(`%[a-z]|\{[a-z]+\}`)
	for _, lang := range Langs() {
		for k, en := range tables()["en"] {
			w, ok := tables()[lang][k]
			if !ok || strings.TrimSpace(w) == "" {
				t.Errorf("%s.toml has no words for %q", lang, k)
			}
			if a, b := verb.FindAllString(en, -1), verb.FindAllString(w, -1); !slices.Equal(a, b) {
				t.Errorf("%s.toml: %q takes %v, English %v", lang, k, b, a)
			}
		}
		for k := range tables()[lang] {
			if _, ok := tables()["en"][k]; !ok && !strings.HasPrefix(k, "english.") {
				t.Errorf("%s.toml has words for %q, English has none", lang, k)
			}
		}
	}
	if T("xx", "no such key") != "[no such key]" {
		t.Error("a key without words must be seen")
	}
}

// asks are the functions whose first text is a key, or a prefix of keys: methods t and or of the view, and of these packages.
var asks = map[string][]string{"words": {"T", "Or", "Get"}, "alarm": {"Say"}, "b": {"t", "or"}}

// says are the functions whose texts people read as errors and hints: how many of their first texts are sentences.
var says = map[string]int{"hint.New": 2, "hint.Usage": 2, "hint.Later": 2, "statement.Refuse": 2, "Refuse": 2, "bad": 2, "Way": 1, "a.tr": 1, "a.say": 2, "words.Say": 2, "statement.If": 2, "If": 2, "errors.New": 1,
	"statement.Draft": 5, "s.take": 5, "j.wrong": 1, "j.unknown": 1, "j.unchecked": 1, "j.note": 1, "rep.wrong": 1, "rep.unknown": 1, "rep.unchecked": 1, "rep.say": 1, "remark": 7, "r.draft": 5}

// bare is what is the same in every language: arguments alone, and a command line.
var bare = regexp.MustCompile(`^(\W|%[a-z])*$|^parley( [a-z-]+| [A-Z]+| %s)*$|^--[a-z-]+( [A-Z0-9=.:]+)?$|^couldn't `)

// operators are the packages whose errors are the operator's: no person at a desk is told them, but for their hints.
var operators = []string{"wire", "record", "verify", "internal/exchange", "internal/link", "internal/store", "internal/edge", "internal/story", "internal/pairing"}

// sentences calls f with every English sentence of an error, a hint, or the help of an act.
func sentences(t *testing.T, f func(where, english string)) {
	t.Helper()
	text := func(where string, e ast.Expr) {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if s, _ := strconv.Unquote(l.Value); !bare.MatchString(s) {
				f(where, s)
			}
		}
	}
	help := regexp.MustCompile(`help:"([^"]+)"`)
	goFiles(t, func(p string, src *ast.File) {
		operators := slices.ContainsFunc(operators, func(dir string) bool { return strings.HasPrefix(p, "../"+dir+"/") })
		ast.Inspect(src, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				name := ""
				switch fn := n.Fun.(type) {
				case *ast.Ident:
					name = fn.Name
				case *ast.SelectorExpr:
					name = fn.Sel.Name
					if x, ok := fn.X.(*ast.Ident); ok {
						name = x.Name + "." + name
					}
				}
				if operators && !strings.HasPrefix(name, "hint.") && !strings.HasPrefix(name, "j.") && !strings.HasPrefix(name, "rep.") {
					return true
				}
				for _, a := range n.Args[:min(says[name], len(n.Args))] {
					text(p, a)
				}
			case *ast.AssignStmt: // a way out that is chosen first
				for i, x := range n.Lhs {
					if id, ok := x.(*ast.Ident); ok && id.Name == "way" && len(n.Rhs) == len(n.Lhs) {
						text(p, n.Rhs[i])
					}
				}
			case *ast.Field:
				if n.Tag != nil {
					if m := help.FindStringSubmatch(n.Tag.Value); m != nil {
						f(p, m[1])
					}
				}
			case *ast.CompositeLit: // a row of act.Table
				if strings.HasSuffix(p, "act/table.go") && len(n.Elts) == 6 {
					text(p, n.Elts[2])
				}
			}
			return true
		})
	})
}

// Every language has every sentence of an error, a hint and an act's help, with the same arguments.
//
// SPEC: CLI-019
func TestEveryLanguageHasEverySentence(t *testing.T) {
	verb := regexp.MustCompile(`%(\[\d\])?[#+]?\d*[a-z]`)
	said := map[string]bool{}
	sentences(t, func(where, english string) {
		said[english] = true
		for _, lang := range Langs() {
			w, ok := Get(lang, "english."+english)
			switch {
			case lang == "en":
			case !ok:
				t.Errorf("%s.toml lacks, of %s:\n%q = %q", lang, where, "english."+english, "")
			case !slices.Equal(verb.FindAllString(english, -1), verb.FindAllString(w, -1)):
				t.Errorf("%s.toml: %q takes other arguments: %q", lang, english, w)
			}
		}
	})
	if len(said) < 200 {
		t.Errorf("only %d sentences were found: does the test still know how they are said?", len(said))
	}
}

// goFiles calls f with every Go file that is no test.
func goFiles(t *testing.T, f func(path string, src *ast.File)) {
	t.Helper()
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if n := d.Name(); d.IsDir() && p != ".." && (strings.HasPrefix(n, ".") || n == "bin" || n == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		src, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
		if err == nil {
			f(filepath.ToSlash(p), src)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// named calls f with every key that code and templates ask for by name.
func named(t *testing.T, f func(where, key string)) {
	t.Helper()
	inTemplate := regexp.MustCompile(`(?:\(|\{\{|= |-)\s*(?:t|word \.|code|t \(concat) "([^"]+)"`)
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); p != ".." && (strings.HasPrefix(n, ".") || n == "bin" || n == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		switch {
		case strings.Contains(p, "templates"):
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			for _, m := range inTemplate.FindAllStringSubmatch(string(b), -1) {
				f(p, m[1])
			}
		case strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go"):
			src, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(src, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				fn, ok := c.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if x, ok := fn.X.(*ast.Ident); !ok || !slices.Contains(asks[x.Name], fn.Sel.Name) {
					return true
				}
				for _, a := range c.Args {
					if l, ok := a.(*ast.BasicLit); ok && l.Kind == token.STRING {
						if k, _ := strconv.Unquote(l.Value); !slices.Contains(Langs(), k) {
							f(p, k)
							break
						}
					}
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A key that code or a template names has words; a prefix has some.
//
// SPEC: PAG-001
func TestEveryNamedKeyHasWords(t *testing.T) {
	n := 0
	named(t, func(where, key string) {
		n++
		if _, ok := Get("en", key); ok {
			return
		}
		for k := range tables()["en"] {
			if strings.HasPrefix(k, strings.TrimSuffix(key, ".")+".") {
				return
			}
		}
		t.Errorf("%s asks for %q, which has no words", where, key)
	})
	if n < 300 {
		t.Errorf("only %d keys were found: does the test still know how they are asked for?", n)
	}
}

// banned holds, a language, the words that rulings overtook, each with the keys where it may stand.
var banned = map[string][]struct {
	pattern string
	except  string
}{
	"en": {
		{`(?i)\bposition\b|\bbundle\b|\bofficial\b|\binterpreter\b`, `^$`},
		{`(?i)\blinks?\b`, `^(known\.|signin\.)`},
		{`(?i)\bunanswered\b|\bsought\b`, `^(still|request\.declined-so-far|sought\.(by|n)|press\.(sought|still)(\.none)?)$`},
		{`(?i)\bsent\b`, `^$`},
		{`(?i)\brefus`, `^(stop\.refuse|rung\.refused|stop\.word\.refused|said\.stop\.refused|genesis\.writes|pairing\.(they|we)?refused|at\.refused)$`},
		{`(?i)\bcosign|\bcheckpoint|\bepoch`, `^$`},
	},
	"it": {
		{`(?i)\binviato\b`, `^$`},
		{`(?i)\brifiut`, `^(english\.(Refuse a STOP|a refusal needs its reason|why; a refusal).*|stop\.refuse|rung\.refused|stop\.word\.refused|said\.stop\.refused|genesis\.writes|pairing\.(they|we)?refused|at\.refused)$`},
	},
}

// Refusal is an act: of a STOP, of a ring. No reply and not reached are never called so. SPEC: PAG-002
func TestNoWordIsOneThatTheRulingsOvertook(t *testing.T) {
	for lang, rows := range banned {
		for _, r := range rows {
			bad, ok := regexp.MustCompile(r.pattern), regexp.MustCompile(r.except)
			for k, w := range tables()[lang] {
				if bad.MatchString(w) && !ok.MatchString(k) {
					t.Errorf("%s %s: %q has a word that the rulings overtook (%s)", lang, k, w, r.pattern)
				}
			}
		}
	}
}
