// SPDX-License-Identifier: Apache-2.0

// Package arch holds the house's rules as tests: who may import whom, what pure packages never
// touch, which words stand for one thing, and that every numbered requirement is cited by code and
// by a test. It parses the files itself: the test cache does not see what a command reads.
package arch

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
	"sync"
	"testing"
)

const module = "example.org/parley/"

// layers says of each package what of this module it may import besides what stands under `always`.
// A package that is not named here fails the test: say where it belongs.
var layers = map[string][]string{
	// Bytes and who. SPEC: NOD-020
	"wire":   {},
	"hint":   {},
	"words":  {},
	"party":  {"wire", "words"},
	"record": {"wire"},
	// Kinds of statement: never the node, never each other but for posts and the phrasebook.
	"statement":      {"hint", "wire", "record"},
	"register":       {"hint", "wire", "record", "statement"},
	"message":        {"wire", "record", "statement", "message/phrase"},
	"message/phrase": {"statement", "words"},
	"stop":           {"wire", "record", "statement", "message/phrase"},
	"call":           {"wire", "record", "statement"},
	"check":          {"wire", "party", "record", "statement", "words"},
	"contact":        {"record", "statement", "register"},
	"service":        {"wire", "party", "record", "statement"},
	"readout":        {"record", "statement"},
	"claim":          {"wire", "words", "party", "record", "statement", "register", "message", "call", "check", "contact", "service"},
	"verify":         {"claim", "wire", "words", "party", "record", "statement", "register", "message", "message/phrase", "stop", "call", "check", "contact", "service", "readout"},
	// Pure machines of the node.
	"internal/act":      {"claim", "hint", "statement", "message", "stop", "call", "check", "contact", "register", "service", "readout"},
	"internal/alarm":    {"words"},
	"internal/voice":    {},
	"internal/pairing":  {"wire", "party", "words"},
	"internal/exchange": {"wire", "record"},
	"internal/verbs":    {"hint", "internal/act"},
	"internal/view":     {"wire", "record", "statement", "register", "message", "message/phrase", "stop", "call", "check", "contact", "service", "readout", "verify", "internal/act", "internal/alarm", "words"},
	// The rim.
	"internal/store":           {"wire"},
	"internal/fault":           {},
	"internal/link":            {"wire", "internal/fault"},
	"internal/link/linktest":   {"wire", "internal/link"},
	"internal/link/memnet":     {"internal/link", "internal/link/linktest"},
	"internal/store/storetest": {},
	"internal/edge/web":        {"internal/fault", "internal/voice"},
	"internal/edge/phone":      {"call", "internal/act", "internal/fault", "internal/voice"},
	"internal/home":            {"hint", "wire", "party", "statement"},
	"internal/recording":       {"call", "wire", "internal/voice"},
	"internal/cert":            {"hint", "internal/home"},
	"internal/metrics":         {"internal/act", "internal/fault", "internal/view"},
	// The meeting place, and the faces that ask it.
	"internal/node":    {"claim", "hint", "wire", "party", "record", "statement", "register", "message", "message/phrase", "stop", "call", "check", "contact", "service", "readout", "verify", "internal/act", "internal/alarm", "internal/voice", "internal/exchange", "internal/view", "internal/store", "internal/link", "internal/fault", "internal/home", "internal/recording", "words"},
	"internal/page":    {"hint", "internal/act", "internal/fault", "internal/view", "words"},
	"internal/control": {"hint", "words", "internal/act", "internal/home"},
	"internal/backup":  {"hint", "wire", "internal/home", "internal/node", "internal/store"},
}

// top packages put the whole together or try it: nothing imports them, they may import all.
var top = []string{"internal/story", "internal/sim", "internal/e2e", "internal/bench", "internal/arch"}

// pure packages decide; only the rim opens sockets, files and clocks. SPEC: NOD-021
var pure = []string{"wire", "hint", "words", "party", "record", "statement", "register", "message", "message/phrase", "stop", "call", "check", "contact", "service", "readout",
	"internal/act", "internal/alarm", "internal/voice", "internal/pairing", "internal/exchange", "internal/view"}

var impure = []string{"net", "net/http", "os", "database/sql", "log/slog", "log", "os/exec", "syscall"}

type file struct {
	path, pkg string
	test      bool
	ast       *ast.File
	src       string
}

func root(t *testing.T) string {
	d, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// parsed reads every Go file once for all tests.
var parsed = sync.OnceValues(func() (out []file, err error) {
	top, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && p != top || d.Name() == "testdata" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, b, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(top, p)
		out = append(out, file{rel, filepath.ToSlash(filepath.Dir(rel)), strings.HasSuffix(p, "_test.go"), f, string(b)})
		return nil
	})
	return out, err
})

func files(t *testing.T) []file {
	t.Helper()
	fs, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func TestLayers(t *testing.T) {
	// SPEC: NOD-020
	for _, f := range files(t) {
		if f.test || strings.HasPrefix(f.pkg, "cmd/") || slices.Contains(top, f.pkg) {
			continue
		}
		may, known := layers[f.pkg]
		if !known {
			t.Errorf("%s: package %s has no layer: name it in internal/arch", f.path, f.pkg)
			continue
		}
		for _, im := range f.ast.Imports {
			p, _ := strconv.Unquote(im.Path.Value)
			if in, ours := strings.CutPrefix(p, module); ours && !slices.Contains(may, in) {
				t.Errorf("%s: %s must not import %s", f.path, f.pkg, in)
			}
		}
	}
}

// TestPublic: whoever checks the other party's work imports nothing internal.
func TestPublic(t *testing.T) {
	// SPEC: NOD-020
	for _, f := range files(t) {
		if f.test || strings.HasPrefix(f.pkg, "internal/") || strings.HasPrefix(f.pkg, "cmd/") {
			continue
		}
		for _, im := range f.ast.Imports {
			if strings.Contains(im.Path.Value, "/internal/") {
				t.Errorf("%s: a public package imports %s", f.path, im.Path.Value)
			}
		}
	}
}

func TestPure(t *testing.T) {
	// SPEC: NOD-021
	for _, f := range files(t) {
		if f.test || !slices.Contains(pure, f.pkg) {
			continue
		}
		for _, im := range f.ast.Imports {
			if p, _ := strconv.Unquote(im.Path.Value); slices.Contains(impure, p) {
				t.Errorf("%s: a pure package imports %s", f.path, p)
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: a pure package starts a goroutine", f.path)
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "NewTimer", "NewTicker", "AfterFunc"}, n.Sel.Name) {
					t.Errorf("%s: a pure package reads the clock: time.%s", f.path, n.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestHouse(t *testing.T) {
	// SPEC: NOD-022
	for _, f := range files(t) {
		if !strings.HasPrefix(f.src, "// SPDX-License-Identifier: Apache-2.0\n") {
			t.Errorf("%s: no SPDX header", f.path)
		}
		if n := strings.Count(f.src, "\n"); !f.test && n > 700 {
			t.Errorf("%s: %d lines: does the name hide two concepts?", f.path, n)
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" && !f.test {
				t.Errorf("%s: init()", f.path)
			}
		}
		if base := filepath.Base(f.pkg); slices.Contains([]string{"util", "utils", "models", "types", "common", "helpers"}, base) {
			t.Errorf("%s: a package named %s", f.path, base)
		}
	}
}

// overtaken are words that have another name in this field. Each row is its own pattern and where it is read.
var overtaken = []struct {
	pattern    *regexp.Regexp
	say, where string
}{
	{regexp.MustCompile(`(?i)\bposition desk\b|\boperator position\b`), "desk", "*"},
	{regexp.MustCompile(`(?i)\bcosignature\b|\bcheckpoint of (a|the) log\b|\bepoch of (a|the) log\b`), "receipt; a new log", "*"},
	{regexp.MustCompile(`(?i)\bevidence bundle\b|\brecord bundle\b`), "export", "*"},
	{regexp.MustCompile(`(?i)\bsenior watch officer\b`), "releaser", "*"},
	{regexp.MustCompile(`(?i)\bunanswered\b`), "one of the outcomes", "templates"},
	{regexp.MustCompile(`(?i)>\s*sent\s*<`), "recorded", "templates"},
}

func TestWords(t *testing.T) {
	// SPEC: NOD-023
	top := root(t)
	err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && p != top || d.Name() == "bin" || d.Name() == "arch" {
			return filepath.SkipDir
		}
		ext := filepath.Ext(p)
		if d.IsDir() || !slices.Contains([]string{".go", ".md", ".html", ".js", ".json", ".txt"}, ext) {
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(top, p)
		for _, w := range overtaken {
			if w.where == "templates" && ext != ".html" && ext != ".txt" {
				continue
			}
			if m := w.pattern.Find(b); m != nil {
				t.Errorf("%s: %q: say %s", rel, m, w.say)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var specID = regexp.MustCompile(`\b([A-Z]{3}-\d{3})\b`)

// TestSpec: every requirement of spec/ is cited by code and by a test, and nothing cites one that is not there.
func TestSpec(t *testing.T) {
	// SPEC: NOD-024
	defined := map[string]string{}
	specs, err := filepath.Glob(filepath.Join(root(t), "spec", "*.md"))
	if err != nil || len(specs) == 0 {
		t.Fatal("no spec", err)
	}
	def := regexp.MustCompile(`\*\*\[([A-Z]{3}-\d{3})\]\*\*`)
	for _, s := range specs {
		b, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range def.FindAllSubmatch(b, -1) {
			if was, twice := defined[string(m[1])]; twice {
				t.Errorf("%s is defined twice: %s and %s", m[1], was, filepath.Base(s))
			}
			defined[string(m[1])] = filepath.Base(s)
		}
	}
	code, tests := map[string]bool{}, map[string]bool{}
	cite := regexp.MustCompile(`SPEC: ?((?:[A-Z]{3}-\d{3}[ ,]*)+)`)
	for _, f := range files(t) {
		for _, m := range cite.FindAllStringSubmatch(f.src, -1) {
			for _, id := range specID.FindAllString(m[1], -1) {
				if _, ok := defined[id]; !ok {
					t.Errorf("%s cites %s, which no spec defines", f.path, id)
				}
				if f.test {
					tests[id] = true
				} else {
					code[id] = true
				}
			}
		}
		if f.pkg == "internal/arch" { // rules of the house: the test is the code
			for _, id := range specID.FindAllString(f.src, -1) {
				if strings.HasPrefix(id, "NOD-02") {
					code[id] = true
				}
			}
		}
	}
	everyText(t, func(rel, text string) { // what the page promises is kept by its script, its style and its templates
		if ext := filepath.Ext(rel); !strings.HasPrefix(rel, "internal/page/") || !slices.Contains([]string{".js", ".css", ".html"}, ext) {
			return
		}
		for _, m := range cite.FindAllStringSubmatch(text, -1) {
			for _, id := range specID.FindAllString(m[1], -1) {
				if _, ok := defined[id]; !ok {
					t.Errorf("%s cites %s, which no spec defines", rel, id)
				}
				code[id] = true
			}
		}
	})
	for id, where := range defined {
		if !code[id] {
			t.Errorf("%s (%s) is cited by no code", id, where)
		}
		if !tests[id] {
			t.Errorf("%s (%s) is cited by no test", id, where)
		}
	}
}
