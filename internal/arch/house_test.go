// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"go/ast"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// section is the part of a page from one heading to the next.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), page))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no part %q", page, heading)
	}
	part, _, _ := strings.Cut(rest, "\n## ")
	return part
}

// firstColumn gives what stands in backticks in the first column of a table.
func firstColumn(part string) map[string]bool {
	out := map[string]bool{}
	for line := range strings.SplitSeq(part, "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
				out[m[1]] = true
			}
		}
	}
	return out
}

// TestGoroutines: who starts a goroutine stands in ARCHITECTURE.md's table, and who stands there starts one.
func TestGoroutines(t *testing.T) {
	// SPEC: NOD-025
	named, starts := firstColumn(section(t, "ARCHITECTURE.md", "Goroutines")), map[string]bool{}
	for _, f := range files(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				starts[f.pkg] = true
			case *ast.CallExpr: // (*sync.WaitGroup).Go and its like
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" && len(n.Args) == 1 {
					starts[f.pkg] = true
				}
			}
			return true
		})
	}
	for p := range starts {
		if !named[p] {
			t.Errorf("%s starts a goroutine and is not in the table of ARCHITECTURE.md", p)
		}
	}
	for p := range named {
		if !starts[p] {
			t.Errorf("ARCHITECTURE.md: %s is in the table and starts no goroutine", p)
		}
	}
}

// TestDependencies: each module that go.mod uses directly has its line of why, and no other has one.
func TestDependencies(t *testing.T) {
	// SPEC: NOD-025
	b, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(string(b), -1) {
		direct[m[1]] = true
	}
	named := firstColumn(section(t, "ARCHITECTURE.md", "Direct dependencies"))
	if a, b := slices.Sorted(maps.Keys(direct)), slices.Sorted(maps.Keys(named)); !slices.Equal(a, b) {
		t.Errorf("go.mod uses directly\n%v\nARCHITECTURE.md gives reasons for\n%v", a, b)
	}
}

// TestArchitecture: the page is short, and what it names is there.
func TestArchitecture(t *testing.T) {
	// SPEC: NOD-025
	b, err := os.ReadFile(filepath.Join(root(t), "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\n"); n > 150 {
		t.Errorf("ARCHITECTURE.md has %d lines; 150 can be read", n)
	}
	for _, m := range regexp.MustCompile(`\b(?:[a-z0-9]+/)+[a-z_0-9]+\.(?:go|js|md|html|txt)\b`).FindAllString(string(b), -1) {
		if _, err := os.Stat(filepath.Join(root(t), m)); err == nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(root(t), "internal", m)); err != nil {
			t.Errorf("ARCHITECTURE.md names %s, which is not there", m)
		}
	}
	said := map[string]bool{}
	for _, f := range files(t) {
		if !said[f.pkg] && !strings.Contains(string(b), "`"+f.pkg+"`") {
			t.Errorf("ARCHITECTURE.md does not name %s", f.pkg)
		}
		said[f.pkg] = true
	}
}

// everyText calls f with each text file of the project.
func everyText(t *testing.T, f func(rel, text string)) {
	t.Helper()
	top := root(t)
	err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if (d.Name() == ".git" || d.Name() == ".cache" || d.Name() == "bin") && p != top {
				return filepath.SkipDir
			}
			return nil
		}
		if slices.Contains([]string{".png", ".parley", ".sum"}, filepath.Ext(p)) || !d.Type().IsRegular() || d.Name() == ".git" { // a worktree's is a file
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(top, p)
		f(rel, string(b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNoWorkshop: the product names nobody's workshop: no path of a machine that it was made on.
func TestNoWorkshop(t *testing.T) {
	// SPEC: NOD-023
	bad := regexp.MustCompile(`(?:^|[\s"'(=` + "`" + `])/(?:work|home/\w+|Users/\w+|root)/|\.\./shared/|/shared/` + `design`)
	everyText(t, func(rel, text string) {
		if m := bad.FindString(text); m != "" {
			t.Errorf("%s names %q", rel, m)
		}
	})
}

// TestLinks: what a page refers to in the project is there.
func TestLinks(t *testing.T) {
	// SPEC: NOD-025
	ref := regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)
	everyText(t, func(rel, text string) {
		if filepath.Ext(rel) != ".md" {
			return
		}
		for _, m := range ref.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root(t), filepath.Dir(rel), m[1])); err != nil {
				t.Errorf("%s refers to %s, which is not there", rel, m[1])
			}
		}
	})
}
