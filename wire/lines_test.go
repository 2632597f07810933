// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"strings"
	"testing"
)

// form is what the test below reads: its lines, one optional and one repeated.
type form struct {
	size int
	root Hash
	note string
	to   []string
}

func readForm(text string) (f form, err error) {
	l := ReadLines([]byte(text))
	l.Line("parley/v1").OneOf("form")
	l.Line("size")
	f.size, f.root = l.Number(), l.Hash()
	if l.Next("note") {
		f.note = l.Word()
	}
	for l.Next("to") {
		f.to = append(f.to, l.Word())
		l.Need(len(f.to) < 3)
	}
	return f, l.End()
}

// SPEC: REC-001
func TestLinesReadOneFormAndKeepTheFirstError(t *testing.T) {
	root := Sum(nil).String()
	good := "parley/v1 form\nsize 7 " + root + "\nnote here\nto a\nto b\n"
	f, err := readForm(good)
	if err != nil || fmt.Sprint(f) != fmt.Sprint(form{7, Sum(nil), "here", []string{"a", "b"}}) {
		t.Fatalf("%+v, %v", f, err)
	}
	for what, c := range map[string][3]string{
		"another first line":  {"form", "foam", "line parley/v1"},
		"another version":     {"parley/v1", "parley/v2", `it is written as "parley/v2", and this program reads parley/v1`},
		"a line missing":      {"size 7 " + root + "\n", "", "line size"},
		"a number not plain":  {"size 7", "size 07", "line size"},
		"a field missing":     {"size 7 " + root, "size 7", "line size"},
		"a field too many":    {root, root + " 1", "line size"},
		"more on the last":    {"to b", "to b c", "line to"},
		"one too many":        {"to b\n", "to b\nto c\n", "line to"},
		"a line out of order": {"note here\nto a", "to a\nnote here", "out of order: note"},
		"a line unknown":      {"to b\n", "to b\nfrom c\n", "out of order: from"},
		"no LF at its end":    {"to b\n", "to b", "out of order: to"},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		if _, err := readForm(bad); bad == good || err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add("parley/v1 form\nsize 7 " + Sum(nil).String() + "\nnote here\nto a\nto b\n")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := readForm(text)
		if err != nil {
			return
		}
		b := fmt.Appendln(nil, "parley/v1", "form")
		b = fmt.Appendln(b, "size", v.size, v.root)
		if v.note != "" {
			b = fmt.Appendln(b, "note", v.note)
		}
		for _, s := range v.to {
			b = fmt.Appendln(b, "to", s)
		}
		if string(b) != text {
			t.Errorf("%q was read and is written as %q", text, b)
		}
	})
}
