// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"strings"

	"example.org/parley/words"
)

// urgency is the order of what may wait at a desk, by mark and tone, the most urgent first. SPEC: PAG-041
var urgency = []string{"stop/high", "flash/flash", "bell/ring", "alarm/high", "alarm/medium", "flash/medium", "tray/medium", "bell/medium"}

// rank is the place of a third answer in that order; what does not wait comes last.
func (g Glance) rank() int {
	if i := slices.Index(urgency, g.Mark+"/"+g.Tone); i >= 0 {
		return i
	}
	return len(urgency)
}

// NotInService is the desk of a line that nothing answers for: what is known of it is why.
func NotInService(lang, name, why string) Desk {
	return Desk{Lang: lang, Line: name, Header: Header{Peer: name}, Answers: []Glance{
		{Tone: "high", Mark: "down", Word: words.T(lang, "ans.off"), Detail: why}, {Mark: "unknown", Word: words.T(lang, "ans.unknown")}, {Mark: "tray", Word: words.T(lang, "ans.nothing")}}}
}

// Overall gives the three answers for all lines of a home: on how many each is well, and which are not. The third names
// the most urgent kind that waits on any of them, and counts the lines. SPEC: PAG-041
func Overall(lang string, desks []Desk) []Glance {
	all := []Glance{{Mark: "up"}, {Mark: "person"}, {Mark: "tray", Word: words.T(lang, "ans.nothing"), Detail: words.T(lang, "ans.nothing.do")}}
	well := []string{"up one clock", "person voice", "tray"}
	var not [3][]string
	for _, d := range desks {
		for i, g := range d.Answers {
			if i < 2 && strings.Contains(well[i], g.Mark) || i == 2 && g.rank() == len(urgency) {
				continue
			}
			say, name := g.Word, strings.ToUpper(d.Header.Peer)
			if !strings.Contains(say, name) {
				say = words.T(lang, "board.of", name, say)
			}
			not[i] = append(not[i], say)
			switch {
			case i == 2 && g.rank() < all[2].rank():
				all[2] = Glance{Tone: g.Tone, Mark: g.Mark, Word: g.Word}
			case i < 2 && (g.Tone == "high" || all[i].Tone == ""):
				all[i].Tone, all[i].Mark = g.Tone, g.Mark
			}
		}
	}
	for i, key := range []string{"board.up", "board.there"} {
		all[i].Word = words.T(lang, key, len(desks)-len(not[i]), len(desks))
	}
	all[2].Count = len(not[2])
	for i, which := range not {
		if len(which) > 0 {
			all[i].Detail = strings.Join(which, " · ")
		}
	}
	return all
}
