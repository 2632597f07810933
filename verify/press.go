// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"example.org/parley/claim"
	"example.org/parley/record"
	"example.org/parley/words"
)

// PressReport is what a claim that holds says for the press.
type PressReport struct {
	Sentences []string     `json:"sentences"` // checked
	T         string       `json:"t"`
	Opinion   *record.Text `json:"opinion,omitempty"` // not checked
	Two       bool         `json:"two"`               // one officer drafted it, another released it
}

// opinion gives the spokesman's own sentences.
//
// SPEC: PRS-002
func (j *judgement) opinion(c *record.Entry) *record.Text {
	if _, _, text := c.Pieces(); c.WantText && text == nil {
		j.unknown("%s: the opinion is not here", c.Place())
		return nil
	}
	t, wrong := claim.Opinion(c)
	if wrong {
		j.wrong("%s: the opinion is not text in its form", c.Place())
	}
	return t
}

// press draws the sentences of a claim that holds.
//
// SPEC: PRS-005 PRS-006
func (j *judgement) press(made claim.Claim, opinion *record.Text) {
	c := j.Claim
	l := claim.Sides{Us: c.By, Them: c.Other}
	draw := func(lang string) []string { return made.Sentences(lang, l, j.Alone, j.rec) }
	c.Press = &PressReport{Sentences: draw(j.lang), T: claim.TLine(j.lang, l, c.T), Opinion: opinion, Two: made.Press.By.Officer != made.By.Officer}
	c.Lines = append(c.Lines, fmt.Sprintf("press %s released %s", made.Press.By.Officer, made.By.Officer))
	for _, s := range draw("en") {
		c.Lines = append(c.Lines, "sentence "+s)
	}
	if opinion != nil {
		c.Lines = append(c.Lines, fmt.Sprintf("opinion %s %s", opinion.Lang, opinion.Text))
	}
}

// tellPress writes a statement for the press for people: what was checked, then, each line set apart, what was not.
//
// SPEC: PRS-005
func (rep Report) tellPress(b *strings.Builder) {
	p := rep.Claim.Press
	if p == nil {
		return
	}
	fmt.Fprintln(b, rep.how(p))
	for _, s := range p.Sentences {
		fmt.Fprintf(b, "  %s: %s\n", rep.say("checked"), strings.Join(wrapped(s), "\n      "))
	}
	fmt.Fprintf(b, "  %s\n", strings.Join(wrapped(p.T), "\n      "))
	if p.Opinion != nil {
		fmt.Fprintf(b, "  %s:\n", rep.say("opinion, not checked"))
		for _, l := range wrapped(p.Opinion.Text) {
			fmt.Fprintf(b, "    > %s\n", l)
		}
	}
}

// wrapped breaks a text into lines short enough that a terminal begins none within it: what others wrote cannot look like a
// line of the report.
func wrapped(s string) (lines []string) {
	const most = 64
	line, wide := "", 0
	end := func() { lines, line, wide = append(lines, line), "", 0 }
	for _, w := range strings.Fields(s) {
		if n := utf8.RuneCountInString(w); line != "" && wide+1+n > most {
			end()
		} else if line != "" {
			line, wide = line+" ", wide+1
		}
		for _, r := range w {
			if wide >= most {
				end()
			}
			line += string(r)
			if wide++; r > 0x2ff { // it may be two columns wide
				wide++
			}
		}
	}
	return append(lines, line)
}

// HTML is the report as one page to print, which needs nothing beside it: a statement for the press above what was checked.
//
// SPEC: PRS-007
func (rep Report) HTML() string {
	var b strings.Builder
	esc, title := html.EscapeString, rep.say("what was checked of this file")
	var press *PressReport
	if rep.Claim != nil && rep.Claim.Press != nil {
		without := *rep.Claim
		press, without.Press, rep.Claim, title = rep.Claim.Press, nil, &without, rep.say("Statement for the press")
	}
	text := rep.String()
	verdict, _, _ := strings.Cut(text, "\n")
	fmt.Fprintf(&b, "<!doctype html>\n<html lang=%q>\n<meta charset=\"utf-8\">\n<title>%s</title>\n<style>body{font:12pt/1.4 serif;margin:2em;max-width:45em}pre{font:9pt/1.3 monospace;white-space:pre-wrap;overflow-wrap:anywhere}q{quotes:none;display:block;border-left:3px solid;padding-left:1em;overflow-wrap:anywhere}small{display:block}</style>\n<h1>%s</h1>\n<p><b>%s</b></p>\n", words.Lang(rep.lang), esc(title), esc(title), esc(verdict))
	if press != nil {
		fmt.Fprintf(&b, "<p>%s</p>\n<p><small>%s</small></p>\n<ul>\n", esc(rep.how(press)), esc(rep.say("checked")))
		for _, s := range press.Sentences {
			fmt.Fprintf(&b, "<li>%s</li>\n", esc(s))
		}
		fmt.Fprintf(&b, "</ul>\n<p>%s</p>\n", esc(press.T))
		if o := press.Opinion; o != nil {
			fmt.Fprintf(&b, "<p><small>%s</small></p>\n<p><q lang=%q dir=\"auto\">%s</q></p>\n", esc(rep.say("opinion, not checked")), o.Lang, esc(o.Text))
		}
		b.WriteString("<hr>\n")
	}
	fmt.Fprintf(&b, "<pre>%s</pre>\n</html>\n", esc(text))
	return b.String()
}

// how says by how many officers a statement for the press was made.
func (rep Report) how(p *PressReport) string {
	if p.Two {
		return rep.say("statement for the press, drafted by one officer and released by another")
	}
	return rep.say("statement for the press, drafted and released by one officer")
}
