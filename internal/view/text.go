// SPDX-License-Identifier: Apache-2.0

package view

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"text/template"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/message/phrase"
	"example.org/parley/statement"
	"example.org/parley/words"
)

//go:embed templates/shell.txt
var files embed.FS

// shell holds the templates of what the shell prints, by language; each question's is named for its verb.
var shell = sync.OnceValue(func() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, lang := range words.Langs() {
		all[lang] = template.Must(template.New("shell").Funcs(Funcs(lang)).ParseFS(files, "templates/*"))
	}
	return all
})

// Text is the answer to a question for a terminal. Cells of a row are parted by tabs, and stand in columns.
func (d Desk) Text() string {
	var drawn, out strings.Builder
	if err := shell()[words.Lang(d.Lang)].ExecuteTemplate(&drawn, d.question, d); err != nil {
		return err.Error()
	}
	if ask := d.Counterparts.Ask; d.Alone != "" && d.question != "status" && !ask.CSV && !ask.HTML && !ask.SVG {
		fmt.Fprintln(&out, d.Alone)
	}
	w := tabwriter.NewWriter(&out, 2, 8, 2, ' ', 0)
	apart, n := map[int]string{}, 0 // prose above a row, which breaks no column
	for line := range strings.Lines(drawn.String()) {
		if prose, ok := strings.CutPrefix(line, "\v"); ok {
			apart[n] += wrapped(strings.TrimSpace(prose))
			continue
		}
		fmt.Fprintln(w, strings.TrimRight(line, "\t\n"))
		n++
	}
	w.Flush()
	if len(apart) == 0 {
		return out.String()
	}
	lines := slices.Collect(strings.Lines(out.String()))
	for i := range lines {
		lines[i] = apart[i] + lines[i]
	}
	return strings.Join(lines, "")
}

// textWidth is how wide a table is at most, in columns of a terminal.
const textWidth = 100

// wrapped breaks a line between words where it is wider than a table.
func wrapped(s string) string {
	var out strings.Builder
	n := 0
	for _, w := range strings.Fields(s) {
		if l := len([]rune(w)); n > 0 && n+1+l > textWidth {
			out.WriteString("\n    ")
			n = 4
		} else if n > 0 {
			out.WriteString(" ")
			n++
		}
		out.WriteString(w)
		n += len([]rune(w))
	}
	return out.String() + "\n"
}

// heads are the heads of columns in two lines, the first word of each above the others, so that a column is no wider than what
// stands in it.
func heads(cells ...string) string {
	above, below := make([]any, len(cells)), make([]any, len(cells))
	for i, c := range cells {
		above[i], below[i], _ = strings.Cut(c, " ")
	}
	return row(above...) + "\n" + row(below...)
}

// When writes an instant with its day where that is not the desk's.
func (d Desk) When(t time.Time) string { return When(d.Lang, t, d.AsOf) }

// Since writes from when something lasts.
func (d Desk) Since(t time.Time) string { return Since(d.Lang, t, d.AsOf) }

// Moment writes an instant of today to the second, any other with its day.
func (d Desk) Moment(t time.Time) string { return Moment(d.Lang, t, d.AsOf) }

// With gives a template a thing together with the desk that it is drawn on.
func (d Desk) With(x any) any {
	return struct {
		Desk
		X any
	}{d, x}
}

// Funcs are what the templates of shell and page ask for, in a language.
func Funcs(lang string) map[string]any {
	return map[string]any{
		"t":         func(key string, args ...any) string { return words.T(lang, key, args...) },
		"code":      func(prefix, code string) string { return words.Or(lang, prefix, code) },
		"upper":     strings.ToUpper,
		"concat":    func(parts ...string) string { return strings.Join(parts, "") },
		"dots":      join,
		"lines":     func(s string) []string { return strings.Split(strings.TrimRight(s, "\n"), "\n") },
		"row":       row,
		"heads":     heads,
		"num":       func(n int) string { return strconv.Itoa(n) },
		"oneline":   func(s string) string { return strings.Join(strings.Fields(s), " ") },
		"backward":  func(rows []LogRow) []LogRow { out := slices.Clone(rows); slices.Reverse(out); return out },
		"has":       func(list []string, s string) bool { return slices.Contains(list, s) },
		"list":      func(list []string, sep string) string { return strings.Join(list, sep) },
		"plain":     Plain,
		"exercise":  func(mark string) string { return map[string]string{"exercise": words.T(lang, "mark.exercise")}[mark] },
		"clock":     Clock,
		"full":      full,
		"about":     statement.About,
		"ms":        Ms,
		"maxline":   func() int { return call.MaxLine },
		"layer":     func(up bool) Layer { return updown(lang, up) },
		"slot":      func(s check.State) string { return slotWord(lang, s) },
		"partstate": PartState,
		"partword":  func(r check.Part) string { return partWord(lang, r) },
		"partnote":  func(r check.Part) string { return partNote(lang, r) },
	}
}

func row(cells ...any) string {
	var out []string
	for _, c := range cells {
		out = append(out, fmt.Sprint(c))
	}
	return strings.Join(out, "\t")
}

// updown is whether a path is heard.
func updown(lang string, up bool) Layer {
	s := map[bool]string{true: "up", false: "down"}[up]
	return Layer{State: s, Word: words.T(lang, "layer."+s)}
}

// Plain is a text without the marks of its coded values.
func Plain(spans []phrase.Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}
