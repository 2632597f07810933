// SPDX-License-Identifier: Apache-2.0

package story

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/parley/internal/home"
)

// The cell's first days by itself, and the day on which the other side joins.
const (
	daysAlone = `@2022-03-01T07:00Z aurelia officer add "Lt Amaro" --langs en
aurelia sign-on "Lt Amaro"
aurelia post add Minister --org Ministry --level 1
aurelia post add "Their minister" --theirs --org "Their ministry" --level 1 --pair Minister
@2022-03-01T09:02Z aurelia check note answered
@2022-03-02T09:05Z aurelia check note busy
@2022-03-02T09:20Z aurelia check note answered
@2022-03-03T09:01Z aurelia check note answered
@2022-03-03T10:00Z aurelia contact add call --when 2022-02-18 --with Minister,"Their minister" --channel telephone --basis own
aurelia request record --by Minister --with "Their minister" --for call --when 2022-02-25/2022-03-03 --standing --basis own as $sought
aurelia request outcome $sought declined --told-by "their protocol" --on 2022-03-03
@2022-03-03T10:30Z borealia officer add "Maj Benz"
`
	dayOfJoining = `@2022-04-01T07:00Z aurelia officer add "Lt Amaro" --langs en
aurelia sign-on "Lt Amaro"
@2022-04-01T07:00Z borealia officer add "Maj Benz" --langs en
borealia sign-on "Maj Benz"
`
)

// oneSide is what doc/one-side.md says: prose, and after it what is typed, by whom, and when.
var oneSide = []struct{ prose, party, typed string }{
	{"## The first days\nEvery morning somebody rings them by the ordinary telephone and notes what came of it: `parley check note answered`, or *busy*, *declined*, *no-answer*.\nWho spoke with whom, what was sought and what became of it is stated as on any line (`parley contact add`, `request record`, `request outcome`).\nThree days later the desk says:\n", "aurelia", "status"},
	{"Only a person who answers is a test; a declined call, no reply and what did not reach them are counted apart. A test that is overdue is an alarm (A3).\n", "aurelia", "checks"},
	{"", "aurelia", "requests"},
	{"What needs them is refused, with what to do instead:\n", "aurelia", "send hello"},
	{"", "aurelia", "ring"},
	{"A STOP stands here and says that nobody there has it. The record is a file that anybody checks, on the word of one side:\n", "aurelia", "verify cell.parley"},
}

var joined = []struct{ prose, party, typed string }{
	{"Borealia's officer has signed on, and sees what Aurelia stated alone, as that:\n", "borealia", "contacts --with Minister"},
	{"He disputes one outcome (`parley request dispute ID`), and confirms the contacts, all at once: `parley contact confirm before`. Aurelia then sees:\n", "aurelia", "contacts --with Minister"},
	{"The tests of the time alone stay a figure of that time, beside those of the line:\n", "aurelia", "checks"},
}

// doc/one-side.md says what this build answers to a party that is alone on its line, and to both when the other joins.
func TestOneSideIsToldAsItIsAnswered(t *testing.T) {
	// SPEC: ALN-013 ALN-020 ALN-027
	dir := t.TempDir()
	homes := [2]*home.Line{}
	config := func(i int) home.Config {
		c := home.DefaultConfig([]string{"aurelia", "borealia"}[i], i)
		c.Terms.Fallback["borealia"] = []string{"+39 06 555 0100"}
		return c
	}
	play := func(text string, alone bool, asks ...string) (answers []string) {
		t.Helper()
		f, err := Read(text + strings.Join(asks, ""))
		if err != nil {
			t.Fatal(err)
		}
		f.Alone = alone
		s := &Simulated{Dir: dir, Log: t.Output(), ctx: t.Context(), begins: f.Begins}
		if err := s.play(f, homes, func(q QuestionLine) { answers = append(answers, cut(q.Answer)) }); err != nil {
			t.Fatal(err)
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
		return answers
	}
	var err error
	a, b := home.Home{Dir: filepath.Join(dir, "aurelia")}, home.Home{Dir: filepath.Join(dir, "borealia")}
	if homes[0], err = a.InitAlone(lineName, config(0), "borealia", rand.Reader); err != nil {
		t.Fatal(err)
	}
	asks := []string{"? @2022-03-03T11:00Z aurelia export cell.parley => logs\n"}
	for _, x := range oneSide {
		asks = append(asks, "? "+x.party+" "+x.typed+" => a\n")
	}
	first := play(daysAlone, true, asks...)[1:]
	if homes[1], err = b.Init(lineName, config(1), rand.Reader); err != nil {
		t.Fatal(err)
	}
	then := play(dayOfJoining, false, "? @2022-04-01T08:00Z borealia contacts --with Minister => a\n", "borealia contact confirm before\n", "borealia request dispute before\n",
		"? @2022-04-01T08:10Z aurelia contacts --with Minister => a\n", "? aurelia checks => a\n")

	var out strings.Builder
	out.WriteString("# One willing side\n\nA line does not wait until the other side wants one. A ministry's cell starts today, with nobody's consent; what it records is its own word and says so everywhere; and\n" +
		"the history joins when the other side does. Everybody here is invented. The answers are those of this build: a test holds them. The rules: [spec/alone.md](../spec/alone.md).\n\n" +
		"## Today\n```\n$ parley init --party aurelia --alone --other borealia --telephone \"+39 06 555 0100\"\n$ parley serve\n```\nThat is all: the page and the shell work, no port is open to the network, and nobody is asked. An officer is enrolled and signs on (`parley officer add`, `parley sign-on`).\n\n")
	write := func(list []struct{ prose, party, typed string }, answers []string) {
		for i, x := range list {
			text := answers[i]
			if strings.HasPrefix(x.typed, "verify") { // keys, which are others each time, stand below
				text, _, _ = strings.Cut(text, "\nline ")
			}
			fmt.Fprintf(&out, "%s```\n$ parley %s\n%s\n```\n", x.prose, x.typed, text)
		}
	}
	write(oneSide, first)
	out.WriteString("\n## The day they join\nBoth give each other their sheets and read out the numbers, as on a new line ([doc/operate.md](operate.md)): `parley sheet`, `parley pair FILE`, `parley confirm`. The\n" +
		"cell goes on alone until both have signed. Then its node states its history anew, each statement once whatever happens meanwhile. Officers are enrolled again, private\nnotes stay where they were. Nothing but Aurelia's word says that it was stated before the line: Borealia may ask for the record of that time (`parley export --alone FILE`).\n")
	write(joined, then)
	out.WriteString("\nWhat it proves: that Aurelia stated all this, on its own word, and since when Borealia holds it. What it cannot prove: that Aurelia did not write its time alone on the day before it joined\n([threats](../spec/threats.md)).\n")
	const path = "../../doc/one-side.md"
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	is, err := os.ReadFile(path)
	if err != nil || string(is) != out.String() {
		t.Errorf("doc/one-side.md says another thing than is answered; see it with -update and git diff: %v", err)
	}
}
