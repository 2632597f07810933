// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"go/ast"
	"path"
	"strings"
	"testing"
)

// Methods that libraries call by interfaces of their own.
var called = " Error Is Len Less Swap MarshalText UnmarshalText UnmarshalTOML ReadFrom WriteTo SetDeadline Unwrap "

// What the test of a house's own PBX takes of internal/story beside the telephones of the demo.
var ofTests = " Wire Space Behind "

// TestEveryFunctionIsMentioned: what tests alone call is no part of the product, and stands among the tests. A function must be
// named by another package with this one's name, or in this one; a method by anybody, or by an interface; those of page and view
// may be named by a template.
//
// SPEC: NOD-022
func TestEveryFunctionIsMentioned(t *testing.T) {
	linked, named := linkedBy(files(t), "cmd/parley", map[string]bool{}), map[string]int{}
	decls := map[string]file{}
	for _, f := range files(t) {
		if f.test || !linked[f.pkg] {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				named["."+n.Sel.Name]++
				if x, ok := n.X.(*ast.Ident); ok {
					named[x.Name+"."+n.Sel.Name]++
				}
			case *ast.Ident:
				named[f.pkg+" "+n.Name]++
			case *ast.InterfaceType:
				for _, m := range n.Methods.List {
					for _, name := range m.Names {
						named["."+name.Name]++
					}
				}
			}
			return true
		})
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			switch {
			case !ok || fn.Name.Name == "main" || fn.Name.Name == "init" || f.pkg == "internal/story" && strings.Contains(ofTests, " "+fn.Name.Name+" "):
			case fn.Recv == nil:
				decls[f.pkg+" "+fn.Name.Name] = f
			case !strings.Contains(called, " "+fn.Name.Name+" ") && f.pkg != "internal/page" && f.pkg != "internal/view":
				decls["."+fn.Name.Name] = f
			}
		}
	}
	for name, f := range decls {
		pkg, fn, _ := strings.Cut(name, " ")
		if fn != "" && named[name] < 2 && named[path.Base(pkg)+"."+fn] == 0 || fn == "" && named[name] == 0 {
			t.Errorf("%s: %s is named by no file of the product: is it of the tests?", f.path, name)
		}
	}
	if len(decls) < 2000 {
		t.Errorf("%d functions were looked at", len(decls))
	}
}
