// SPDX-License-Identifier: Apache-2.0

package story

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"example.org/parley/words"
)

var update = flag.Bool("update", false, "write doc/story.md as it is told now")

// told are the questions of the spring as a person would ask them.
var asked = []struct{ person, typed string }{
	{"When did the ministers last speak?", `contacts $minister --since "the crossing"`},
	{"Have high officials of the ministry spoken with their counterparts since the crossing?", `contacts --org "Ministry of Defence" --level 2 --since "the crossing"`},
	{"How many calls were sought since then, and what became of them?", `requests --for call --since "the crossing"`},
	{"What is the highest contact since then?", `contacts --highest --since "the crossing"`},
	{"Who else has spoken with their president?", `contacts --with "President of Borealia" --since "the crossing"`},
	{"Was the line tested every day, and was it used?", `figures --since 2022-03-01`},
	{"What was raised at the summons, and was there an answer?", `raised --at $summons`},
	{"What occasioned the summons, and what followed it?", `show $summons`},
	{"What do the two sides say of the visit?", `readouts $visit`},
	{"Which dates are known only as a span, and from whom?", `contacts --dated span --since "the crossing"`},
}

// doc/story.md tells the spring with what this build answers, in each language.
func TestStoryIsToldAsItIsAnswered(t *testing.T) {
	// SPEC: CLI-049
	if testing.Short() {
		t.Skip("23 days, some seconds")
	}
	text, _, _ := strings.Cut(spring, "? @2022-03-23T18:00Z")
	text += "@2022-03-23T18:00Z aurelia status\n"
	for _, a := range asked {
		for _, lang := range words.Langs() {
			text += "? aurelia " + a.typed + " --lang " + lang + " => a\n"
		}
	}
	told := simulate(t, text)
	var out strings.Builder
	out.WriteString("# A spring between two parties\n\nAurelia and Borealia have had a line since 1 March 2022. Everybody and everything in this story is invented; [the file](../internal/story/spring.story) has\n" +
		"what each side entered, and `parley demo spring --once` plays it. On 23 March somebody asks at Aurelia's desk. These are the answers of this\nbuild, in each of its languages; a test holds them.\n")
	for i, a := range asked {
		fmt.Fprintf(&out, "\n## %s\n", a.person)
		for n, lang := range words.Langs() {
			cmd := "parley " + a.typed
			if lang != "en" {
				cmd += " --lang " + lang
			}
			fmt.Fprintf(&out, "```\n$ %s\n%s\n```\n", cmd, cut(told[i*len(words.Langs())+n].Answer))
		}
	}
	const path = "../../doc/story.md"
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil || string(b) != out.String() {
		t.Errorf("doc/story.md tells another story than is answered; see it with -update and git diff: %v", err)
	}
}

// cut leaves a statement's bytes out, which are another story each time.
func cut(s string) string {
	if i := strings.Index(s, "parley/v1"); i >= 0 {
		s = s[:strings.LastIndex(s[:i], "\n\n")]
	}
	return strings.TrimRight(regexp.MustCompile(`(?m)[ \t]+$`).ReplaceAllString(s, ""), "\n")
}
