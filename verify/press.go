// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"example.org/parley/claim"
	"example.org/parley/record"
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
	l := claim.Sides{Us: c.By, Them: c.Other, Alone: j.Alone}
	draw := func(lang string) []string { return made.Sentences(lang, l, j.rec) }
	c.Press = &PressReport{Sentences: draw(j.lang), T: claim.TLine(j.lang, l, c.T), Opinion: opinion, Two: made.Press.By.Officer != made.By.Officer}
	c.Lines = append(c.Lines, fmt.Sprintf("press %s released %s", made.Press.By.Officer, made.By.Officer))
	for _, s := range draw("en") {
		c.Lines = append(c.Lines, "sentence "+s)
	}
	if opinion != nil {
		c.Lines = append(c.Lines, fmt.Sprintf("opinion %s %s", opinion.Lang, opinion.Text))
	}
}

// ForPress writes a statement for the press for people: what was checked, then what was not, each line of it set apart.
//
// SPEC: PRS-005
func (rep Report) ForPress() (out []string) {
	if rep.Claim == nil || rep.Claim.Press == nil {
		return nil
	}
	p := rep.Claim.Press
	out = append(out, rep.How())
	put := func(first, next, text string) {
		for _, l := range wrapped(text) {
			out = append(out, first+l)
			first = next
		}
	}
	for _, s := range p.Sentences {
		put("  "+string(rep.say("checked"))+": ", "      ", s)
	}
	put("  ", "      ", p.T)
	if p.Opinion != nil {
		out = append(out, "  "+string(rep.say("opinion, not checked"))+":")
		put("    > ", "    > ", p.Opinion.Text)
	}
	return out
}

// How says by how many officers a statement for the press was made; "" where it is none.
func (rep Report) How() string {
	switch {
	case rep.Claim == nil || rep.Claim.Press == nil:
		return ""
	case rep.Claim.Press.Two:
		return string(rep.say("statement for the press, drafted by one officer and released by another"))
	}
	return string(rep.say("statement for the press, drafted and released by one officer"))
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
