// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"rsc.io/qr"

	"example.org/parley/hint"
	"example.org/parley/internal/home"
	"example.org/parley/party"
	"example.org/parley/words"
)

// paper is what the pages to print are made of: our sheet on A4, an officer's card on A6.
type paper struct {
	Lang  string
	Line  *home.Line
	Terms party.Terms // of a line in service
	Card  bool
}

// T says a sentence in the language of the page; Digits gives a hash as groups to be read out; Code draws the sheet as a QR code.
func (p paper) T(key string, args ...any) string { return words.T(p.Lang, "paper."+key, args...) }
func (p paper) Sheet() string                    { return party.Digits(p.Line.Ours.Hash) }
func (p paper) Ours() string                     { return party.Digits(p.Line.Ours.PartyHash()) }
func (p paper) Theirs() string                   { return party.Digits(p.Line.Theirs.PartyHash()) }
func (p paper) Note() string                     { return string(p.Line.Ours.Note) }
func (p paper) Phones(of string) string {
	return cmp.Or(strings.Join(p.Terms.Fallback[of], ", "), "____________________")
}
func (p paper) Checks() string { return strings.Join(p.Terms.Schedule.Checks, ", ") }
func (p paper) Keys() []string {
	return []string{"ring", "answer", "stop", "taken", "mute", "sounds", "down"}
}

func (p paper) Code() (template.HTML, error) {
	c, err := qr.Encode(p.Note(), qr.L)
	if err != nil {
		return "", fmt.Errorf("couldn't draw the sheet as a QR code: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="-4 -4 %d %d" shape-rendering="crispEdges" role="img" aria-label="QR"><path d="`, c.Size+8, c.Size+8)
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			n := 0
			for x+n < c.Size && c.Black(x+n, y) {
				n++
			}
			if n > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x, y, n, n)
				x += n
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String()), nil // of numbers alone
}

var paperPage = template.Must(template.New("").Parse(`<!doctype html><html lang="{{.Lang}}"><head><meta charset="utf-8"><title>Parley</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><style>
@page{size:{{if .Card}}105mm 148mm;margin:7mm{{else}}A4;margin:18mm{{end}}}
body{font:{{if .Card}}8pt/1.3{{else}}11pt/1.4{{end}} sans-serif;color:#000;background:#fff;margin:0 auto;max-width:{{if .Card}}91mm{{else}}174mm{{end}}}
h1{font-size:1.5em;margin:0 0 .4em}dl{margin:0}dt{font-weight:bold;margin-top:.5em}dd{margin:0}
.n{font-family:monospace;font-size:1.15em;overflow-wrap:anywhere}svg{display:block;width:92mm;margin:6mm auto 0}
</style></head><body>{{if .Card}}<h1>Parley: {{.Line.Ours.Party}} – {{.Line.Theirs.Party}}</h1><dl>
{{range .Keys}}<dt>{{$.T .}}</dt><dd>{{$.T (printf "%s.do" .)}}</dd>{{end}}
<dt>{{.T "phone" .Line.Theirs.Party}}</dt><dd class="n">{{.Phones .Line.Theirs.Party}}</dd>
<dt>{{.T "phone" .Line.Ours.Party}}</dt><dd class="n">{{.Phones .Line.Ours.Party}}</dd>
<dt>{{.T "checks"}}</dt><dd class="n">{{.Checks}}</dd>
<dt>{{.T "party" .Line.Theirs.Party}}</dt><dd class="n">{{.Theirs}}</dd>
<dt>{{.T "party" .Line.Ours.Party}}</dt><dd class="n">{{.Ours}}</dd></dl>{{else}}<h1>{{.T "sheet" .Line.Ours.Party .Line.Ours.Issue}}</h1><p>{{.T "how"}}</p><dl>
<dt>{{.T "digits"}}</dt><dd class="n">{{.Sheet}}</dd>
<dt>{{.T "party" .Line.Ours.Party}}</dt><dd class="n">{{.Ours}}</dd>
<dt>{{.T "paths"}}</dt>{{range .Line.Ours.Paths}}<dd class="n">{{.Label}}: {{.}}</dd>{{end}}</dl>{{.Code}}<p>{{.T "code"}}</p>{{end}}</body></html>
`))

// write draws the page: HTML, or of the sheet plain text too.
//
// SPEC: CLI-065
func (p paper) write(w io.Writer, text bool) error {
	if !text {
		return paperPage.Execute(w, p)
	}
	lines := []string{p.T("sheet", p.Line.Ours.Party, p.Line.Ours.Issue), "", p.T("how"), "", p.T("digits"), "  " + p.Sheet(), p.T("party", p.Line.Ours.Party), "  " + p.Ours(), p.T("paths")}
	for _, s := range p.Line.Ours.Paths {
		lines = append(lines, "  "+s.Label+": "+s.String())
	}
	lines = slices.Concat(lines, []string{"", p.Note()})
	_, err := fmt.Fprint(w, strings.Join(lines, "\n"))
	return err
}

// card prints what an officer keeps beside the telephone.
func (a *app) card() error {
	l, err := a.load()
	if err != nil {
		return err
	}
	if l.Genesis == nil {
		return hint.New("pair first: parley setup", "this line is not paired yet")
	}
	terms, err := party.ParseTerms(l.Terms)
	if err != nil {
		return fmt.Errorf("couldn't read the terms: %w", err)
	}
	return paper{Lang: a.lang, Line: l, Terms: terms, Card: true}.write(a.out, false)
}
