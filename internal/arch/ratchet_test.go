// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The ceilings of the product's size, counted over Go files without tests, of what the binary links. Each stands at what was reached: who lowers a
// figure lowers its ceiling, and nobody raises one without saying in the commit what was got for it.
const (
	maxCode  = 52_099 // lines that are neither blank nor comment
	maxTypes = 12.0   // types declared per 1,000 of those lines
	maxNames = 14     // exported type names that stand in two or more packages
	maxDeps  = 25     // modules that the binary uses directly
)

// TestSize holds the product's size below its ceilings. `make bench` prints the figures that it logs.
func TestSize(t *testing.T) {
	// SPEC: NOD-022
	code, types := 0, 0
	in, imports, linked := map[string]map[string]bool{}, map[string]bool{}, linkedBy(files(t), "cmd/parley", map[string]bool{})
	for _, f := range files(t) {
		if f.test || !linked[f.pkg] {
			continue
		}
		for line := range strings.SplitSeq(f.src, "\n") {
			if s := strings.TrimSpace(line); s != "" && !strings.HasPrefix(s, "//") {
				code++
			}
		}
		for _, im := range f.ast.Imports {
			p, _ := strconv.Unquote(im.Path.Value)
			imports[p] = true
		}
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, s := range g.Specs {
				types++
				if n := s.(*ast.TypeSpec).Name; n.IsExported() {
					if in[n.Name] == nil {
						in[n.Name] = map[string]bool{}
					}
					in[n.Name][f.pkg] = true
				}
			}
		}
	}
	var shared []string
	for _, n := range slices.Sorted(maps.Keys(in)) {
		if len(in[n]) > 1 {
			shared = append(shared, n)
		}
	}
	deps := required(t, imports)
	perThousand := float64(types) * 1000 / float64(code)
	t.Logf("figure: %d code lines, at most %d", code, maxCode)
	t.Logf("figure: %.1f types per 1,000 lines, at most %.1f", perThousand, maxTypes)
	t.Logf("figure: %d exported type names in two or more packages, at most %d", len(shared), maxNames)
	t.Logf("figure: %d direct dependencies linked, at most %d", len(deps), maxDeps)
	if code > maxCode {
		t.Errorf("%d lines of code: small is a feature, %d are allowed", code, maxCode)
	}
	if perThousand > maxTypes {
		t.Errorf("%.1f types per 1,000 lines, %.1f are allowed: does one concept have two types?", perThousand, maxTypes)
	}
	if len(shared) > maxNames {
		t.Errorf("%d exported type names stand in two or more packages, %d are allowed: %v", len(shared), maxNames, shared)
	}
	if len(deps) > maxDeps {
		t.Errorf("%d direct dependencies, %d are allowed: %v", len(deps), maxDeps, deps)
	}
}

// linkedBy adds a package of this module and those that it imports, itself or through another.
func linkedBy(fs []file, pkg string, all map[string]bool) map[string]bool {
	all[pkg] = true
	for _, f := range fs {
		if f.pkg != pkg || f.test {
			continue
		}
		for _, im := range f.ast.Imports {
			p, _ := strconv.Unquote(im.Path.Value)
			if p, ours := strings.CutPrefix(p, module); ours && !all[p] {
				linkedBy(fs, p, all)
			}
		}
	}
	return all
}

// required gives the direct requirements of go.mod that some file of the product imports.
func required(t *testing.T, imports map[string]bool) (mods []string) {
	b, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(string(b), -1) {
		for p := range imports {
			if p == m[1] || strings.HasPrefix(p, m[1]+"/") {
				mods = append(mods, m[1])
				break
			}
		}
	}
	return mods
}
