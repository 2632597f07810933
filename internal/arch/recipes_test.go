// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.org/parley/check"
	"example.org/parley/internal/alarm"
	"example.org/parley/party"
	"example.org/parley/verify"
	"example.org/parley/words"
)

// The recipes of CONTRIBUTING.md, each followed by a test as a newcomer would follow it: what he forgets, it names.

// heads are what a kind can be of: the word before its dot.
var heads = []string{"line", "officer", "post", "holder", "event", "message", "stop", "call", "check", "contact", "concern", "request", "assessment", "watch", "readout", "terms", "sheet", "claim", "press", "recording"}

// TestRecipeKind: a kind of statement of the one list stands in a spec and in a fold.
func TestRecipeKind(t *testing.T) {
	// SPEC: NOD-026
	specs := ""
	everyText(t, func(rel, text string) {
		if strings.HasPrefix(rel, "spec/") {
			specs += text
		}
	})
	folded := ""
	for _, f := range files(t) {
		if f.path == filepath.Join("internal", "node", "items.go") || f.path == filepath.Join("register", "register.go") {
			folded += f.src
		}
	}
	for _, kind := range verify.Kinds {
		k := kind.Name
		head, step, ok := strings.Cut(k, ".")
		if !ok || !slices.Contains(heads, head) {
			t.Errorf("%s: a kind is item.step; %q is no item known here", k, head)
		}
		if !strings.Contains(specs, "`"+k+"`") {
			t.Errorf("%s stands in no spec", k)
		}
		if !strings.Contains(folded, `"`+head+`"`) && !strings.Contains(folded, `"`+k+`"`) && step != "genesis" && step != "revoked" {
			t.Errorf("%s is folded nowhere: internal/node/items.go or register/register.go", k)
		}
	}
}

// TestRecipeAlarm: a row has its words, and its condition in the node, or ARCHITECTURE.md says that it has none yet.
func TestRecipeAlarm(t *testing.T) {
	// SPEC: NOD-026
	raised := map[string]bool{}
	for _, f := range files(t) {
		if f.pkg == "internal/node" && !f.test {
			for _, m := range regexp.MustCompile(`\b(?:add|sum)\("(A\d+)"`).FindAllStringSubmatch(f.src, -1) {
				raised[m[1]] = true
			}
		}
	}
	later := map[string]bool{}
	for line := range strings.SplitSeq(section(t, "ARCHITECTURE.md", "What is thin"), "\n") {
		if strings.HasPrefix(line, "- **Alarms**") {
			for _, id := range regexp.MustCompile(`\bA\d+\b`).FindAllString(line, -1) {
				later[id] = true
			}
		}
	}
	for _, r := range alarm.Table {
		for _, lang := range words.Langs() {
			if strings.HasPrefix(r.Cause(lang), "[") || strings.HasPrefix(r.Do(lang), "[") {
				t.Errorf("%s has no words, or does not say what to do, in %s", r.ID, lang)
			}
		}
		if raised[r.ID] == later[r.ID] {
			t.Errorf("%s: a condition in internal/node is %v, said to be missing by ARCHITECTURE.md is %v", r.ID, raised[r.ID], later[r.ID])
		}
		delete(raised, r.ID)
	}
	for id := range raised {
		t.Errorf("internal/node raises %s, which has no row", id)
	}
}

// TestRecipeLanguage: a language is its file of words. Whatever asks for a language says it in each of them.
func TestRecipeLanguage(t *testing.T) {
	// SPEC: NOD-026
	g, terms := &party.Genesis{Line: "north"}, party.DefaultTerms()
	for _, lang := range words.Langs() {
		if lang == "en" {
			continue
		}
		if terms.Purpose[lang] == "" || !slices.Contains(terms.Languages, lang) {
			t.Errorf("the terms' purpose has no %s", lang)
		}
		if g.Describe(lang, terms) == g.Describe("en", terms) {
			t.Errorf("the genesis is not described in %s", lang)
		}
		for _, q := range check.Questions {
			a, _ := q.In(lang)
			if b, _ := q.In("en"); a == b {
				t.Errorf("question %s is not asked in %s", q.ID, lang)
			}
		}
		for _, r := range alarm.Table {
			if r.Do(lang) == r.Do("en") {
				t.Errorf("%s does not say what to do in %s", r.ID, lang)
			}
		}
	}
	for _, f := range files(t) {
		if !f.test && regexp.MustCompile(`"it"`).MatchString(f.src) {
			t.Errorf("%s names a language: package words lists them", f.path)
		}
	}
}

// TestRecipes: each recipe of CONTRIBUTING.md names tests that exist.
func TestRecipes(t *testing.T) {
	// SPEC: NOD-026
	have := testNames(t)
	b, err := os.ReadFile(filepath.Join(root(t), "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(b), -1)
	for _, n := range append(named, "TestRecipeKind", "TestRecipeKindCost", "TestRecipeAlarm", "TestRecipeLanguage") {
		if !have[n] {
			t.Errorf("CONTRIBUTING.md names %s, which is not there", n)
		}
		if !strings.Contains(string(b), n) {
			t.Errorf("CONTRIBUTING.md does not name %s", n)
		}
	}
}

// TestThreats: each threat is shown by tests that exist.
func TestThreats(t *testing.T) {
	// SPEC: NOD-026
	have := testNames(t)
	b, err := os.ReadFile(filepath.Join(root(t), "spec", "threats.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		cells := strings.Split(line, "|")
		if !strings.HasPrefix(line, "| T") || len(cells) != 8 {
			continue
		}
		rows++
		names := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`).FindAllString(cells[5], -1)
		if len(names) == 0 {
			t.Errorf("%s is shown by no test", cells[1])
		}
		for _, n := range names {
			if !have[n] {
				t.Errorf("%s names %s, which is not there", cells[1], n)
			}
		}
	}
	if rows < 20 {
		t.Errorf("%d threats", rows)
	}
}

func testNames(t *testing.T) map[string]bool {
	have := map[string]bool{}
	for _, f := range files(t) {
		if f.test {
			for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(f.src, -1) {
				have[m[1]] = true
			}
		}
	}
	return have
}

// TestRecipeKindCost: a kind of statement with its verb is a few lines in few files. It is counted on event.added and
// event add: every declaration of theirs, and every other line that names them. Words are a line a language besides.
func TestRecipeKindCost(t *testing.T) {
	// SPEC: NOD-026
	const maxLines, maxFiles = 60, 3
	named := regexp.MustCompile(`"event"|event\.add|event add|EventAdd|eventAdd|EventDraft|\*Register\)\.event\b|\[\]\*Event\b`)
	own := regexp.MustCompile(`^(Event|EventDraft|FindEvent|EventAdd|eventAdd|event)$`)
	where := []string{"register", "internal/act", "internal/node"}
	lines := map[string]int{}
	for _, f := range files(t) {
		if f.test {
			continue
		}
		ours := map[int]bool{}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			name := ""
			switch n := n.(type) {
			case *ast.FuncDecl:
				if name = n.Name.Name; n.Recv != nil && !own.MatchString(name) {
					at := n.Recv.List[0].Type
					name = strings.TrimPrefix(f.src[at.Pos()-f.ast.FileStart:at.End()-f.ast.FileStart], "*")
				}
			case *ast.TypeSpec:
				name = n.Name.Name
			}
			if own.MatchString(name) {
				from := 1 + strings.Count(f.src[:n.Pos()-f.ast.FileStart], "\n")
				for i := range 1 + strings.Count(f.src[n.Pos()-f.ast.FileStart:n.End()-f.ast.FileStart], "\n") {
					ours[from+i] = true
				}
			}
			return slices.Contains(where, f.pkg)
		})
		for i, line := range strings.Split(f.src, "\n") {
			if s := strings.TrimSpace(line); s != "" && !strings.HasPrefix(s, "//") && (ours[i+1] || named.MatchString(s)) {
				lines[f.path]++
			}
		}
	}
	sum := 0
	for _, n := range lines {
		sum += n
	}
	t.Logf("figure: a kind of statement with its verb: %d lines in %d Go files, at most %d in %d: %v", sum, len(lines), maxLines, maxFiles, lines)
	if sum > maxLines || len(lines) > maxFiles {
		t.Errorf("event.added with event add costs %d lines in %d files: %v", sum, len(lines), lines)
	}
	if sum < 30 {
		t.Errorf("%d lines: what makes up event.added is no longer found by its names", sum)
	}
	everyText(t, func(rel, text string) {
		if n := strings.Count(text, "event.added"); strings.HasPrefix(rel, "words/") && strings.HasSuffix(rel, ".toml") && n != 1 {
			t.Errorf("%s: %d lines for one kind", rel, n)
		}
	})
}
