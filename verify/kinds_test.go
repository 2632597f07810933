// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"encoding"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/parley/statement"
)

var update = flag.Bool("update", false, "write the list of kinds into the specification")

// TestKindsAreWritten: every kind stands once, and the specification gives each member of its facts.
//
// SPEC: MSG-002
func TestKindsAreWritten(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Kinds of statement and the members of their facts\n\nWritten by `go test ./verify -run TestKindsAreWritten -update` from the types. Facts are one line of strict JSON (REC-007), `salt` first; a member in\n" +
		"*italics* may be left out. *Begins*: it begins an item. *At once*: it goes over every live path without waiting for the stream (*by precedence*: as its facts\nsay). *Reserve*: it is still recorded when the disk is full. *Sealed*: its bodies are withheld for a while (REC-035). *Before*: it may also have the member\n`before` {`place`, `leaf`, `time` time}, of what was stated before the line (ALN-021). *In words*: it stands in the text and not in\nthe facts (CLM-007).\n\n" +
		"| kind | class | | members |\n|---|---|---|---|\n")
	seen := map[string]bool{}
	var last, names string
	row := func() {
		if names != "" {
			fmt.Fprintf(&b, "| %s %s\n", names, last)
		}
	}
	for _, k := range Kinds {
		if seen[k.Name] {
			t.Errorf("%s stands twice", k.Name)
		}
		seen[k.Name] = true
		var marks []string
		for _, m := range []struct {
			on   bool
			word string
		}{{k.Begins, "begins"}, {k.Urgent, "at once"}, {byFacts(k.Facts), "at once by precedence"}, {k.Reserve, "reserve"}, {k.Sealed, "sealed"}, {statement.Carried(k.Name), "before"}} {
			if m.on {
				marks = append(marks, m.word)
			}
		}
		class := k.Class
		if class == "" {
			class = "any"
		}
		rest := fmt.Sprintf("| %s | %s | %s |", class, strings.Join(marks, ", "), members(k.Facts, k.Name[strings.Index(k.Name, ".")+1:]))
		if rest == last { // kinds of one shape share a row
			names += ", `" + k.Name + "`"
			continue
		}
		row()
		names, last = "`"+k.Name+"`", rest
	}
	row()
	const file = "../spec/kinds.md"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != b.String() {
		t.Errorf("%s is not what the types say (%v): go test ./verify -run TestKindsAreWritten -update", file, err)
	}
}

func byFacts(t reflect.Type) bool {
	_, ok := reflect.New(t).Interface().(interface{ Urgent() bool })
	return ok
}

var text = reflect.TypeFor[encoding.TextMarshaler]()

// members gives the JSON members of a struct, each with its type. Facts that serve several steps say in tags which of
// them have a member: `must:"sent"`, the only ones unless `of:"any"` says that the others may; `of:"sent"`, those that may.
func members(t reflect.Type, step string) string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		said, words := f.Tag.Lookup("said")
		if name == "-" && !words || !f.IsExported() { // what a fold adds, never written
			continue
		}
		of, must := strings.Fields(f.Tag.Get("of")), strings.Fields(f.Tag.Get("must"))
		if len(of)+len(must) > 0 && !slices.Contains(of, "any") && !slices.Contains(append(of, must...), step) {
			continue
		}
		if words {
			said, _, _ = strings.Cut(said, ",")
			out = append(out, "*`"+said+"`* in words")
			continue
		}
		if f.Anonymous && name == "" {
			out = append(out, members(f.Type, step))
			continue
		}
		m := "`" + name + "`"
		if strings.HasPrefix(opts, "omit") && !slices.Contains(must, step) {
			m = "*" + m + "*"
		}
		if w := written(f.Type); w != "" {
			m += " " + w
		}
		out = append(out, m)
	}
	return strings.Join(out, ", ")
}

// written says how a member is written where it is not a text.
func written(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return written(t.Elem())
	case t.String() == "time.Time":
		return "time"
	case t.String() == "statement.When":
		return "date"
	case t.Implements(text) || t.Kind() == reflect.String:
		return ""
	case t.Kind() == reflect.Struct:
		return "{" + members(t, "") + "}"
	case t.Kind() == reflect.Slice:
		return "[" + written(t.Elem()) + "]"
	case t.Kind() == reflect.Map:
		return "{…}"
	case slices.Contains([]reflect.Kind{reflect.Int, reflect.Int64}, t.Kind()):
		return "number"
	case t.Kind() == reflect.Bool:
		return "true"
	}
	return t.String()
}
