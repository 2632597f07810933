// SPDX-License-Identifier: Apache-2.0

package story

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/parley/verify"
)

const twoOfficers = `@2022-03-01T07:00Z aurelia officer add "Lt Amaro" --langs en
@2022-03-01T07:00Z aurelia sign-on "Lt Amaro"
@2022-03-01T07:00Z borealia officer add "Maj Benz" --langs en,it
@2022-03-01T07:00Z borealia sign-on "Maj Benz"
`

// simulate plays a text and gives what was answered.
func simulate(t *testing.T, text string) (told []QuestionLine) {
	t.Helper()
	f, err := Read(text)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	began := time.Now()
	err = Simulate(t.Context(), t.TempDir(), &log, f, func(q QuestionLine) { told = append(told, q) })
	t.Logf("figure: played in %.1f s", time.Since(began).Seconds())
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	return told
}

// hold fails where an answer does not hold.
func hold(t *testing.T, told []QuestionLine) {
	t.Helper()
	for _, q := range told {
		if !q.Held {
			t.Errorf("? %s => %s\n%s", q.Question, q.Expected, q.Answer)
		}
	}
}

// Days without an event are skipped, and yet every day's check is run and answered at both ends.
func TestSimulatedDaysAreTested(t *testing.T) {
	// SPEC: NOD-028 CLI-048
	if testing.Short() {
		t.Skip("23 days, some seconds")
	}
	hold(t, simulate(t, twoOfficers+`! operators aurelia borealia answer
? @2022-03-23T18:00Z aurelia checks => 23 of 23
? borealia checks => 23 of 23
`))
}

// The story that is built in holds, whole.
func TestSpringHolds(t *testing.T) {
	// SPEC: CLI-049
	if testing.Short() {
		t.Skip("23 days, some seconds")
	}
	told := simulate(t, Built["spring"])
	hold(t, told)
	doc, err := os.ReadFile("../../doc/press.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range told { // what is said to the press is what the document says
		if i := strings.Index(q.Answer, "statement for the press,"); strings.Contains(q.Question, "verify spring.press") && (i < 0 || !strings.Contains(string(doc), q.Answer[i:])) {
			t.Errorf("doc/press.md says another thing than is released; see it with: go test ./internal/story -run TestPressOfTheSpring -update\n%s", q.Answer)
		}
	}
}

// Without officers who answer no day is tested, and a question that does not hold says so; a later one is asked all the same.
func TestSimulatedDaysWithoutOfficersAreNotTested(t *testing.T) {
	// SPEC: CLI-048
	told := simulate(t, twoOfficers+"? @2022-03-02T18:00Z aurelia checks => 2 of 2\n? borealia checks => 0 of 2; no operator\n? borealia show A1-999 => A1-999\n")
	if len(told) != 3 || told[0].Held || !told[1].Held || told[2].Held || !strings.Contains(told[2].Answer, "refused: ") {
		t.Errorf("%+v", told)
	}
}

// The story of the document is one, and so is what it says of mistakes.
func TestStoryOfTheDocumentHolds(t *testing.T) {
	// SPEC: CLI-047 CLI-048
	b, err := os.ReadFile("../../doc/stories.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(b), "```\n")
	if len(parts) != 5 {
		t.Fatalf("%d blocks", len(parts)/2)
	}
	told := simulate(t, parts[1])
	if hold(t, told); len(told) != 2 {
		t.Errorf("%d questions", len(told))
	}
	wrong := strings.NewReplacer("aurelia sign-on", "aurelia singe-on", "show $turn", "show $trun").Replace(parts[1])
	if _, err := Read(wrong); err == nil || err.Error()+"\n" != parts[3] {
		t.Errorf("%v", err)
	}
}

// Every mistake of a file is named by the number of its line.
func TestMistakesOfAStoryAreNamedByLine(t *testing.T) {
	// SPEC: CLI-047
	for _, x := range []struct {
		text string
		line int
		says string
	}{
		{twoOfficers + "@2022-03-01T06:00Z aurelia sign-off\n", 5, "2022-03-01T06:00Z is before the line above"},
		{twoOfficers + "@1 March aurelia sign-off\n", 5, "no date"},
		{twoOfficers + "@2022-03-01T08:00Z cardonia sign-off\n", 5, `neither a party`},
		{twoOfficers + "? cardonia status => calm\n", 5, `no party "cardonia"`},
		{twoOfficers + "cut 1\n", 5, "neither a party"},
		{twoOfficers + "! operators cardonia answer\n", 5, `no party "cardonia"`},
		{twoOfficers + "? aurelia status\n", 5, "has no answer"},
		{twoOfficers + "aurelia sign-of\n", 5, `no verb "sign-of"`},
		{twoOfficers + "aurelia\n", 5, "says nothing"},
		{twoOfficers + "aurelia send \"x\n", 5, "stands open"},
		{twoOfficers + "aurelia ack $m --read original\n", 5, "nothing is called $m"},
		{twoOfficers + "aurelia ack $m --read original\naurelia send x as $m\n", 5, "nothing is called $m"},
		{"@2022-02-29T07:00Z aurelia status\n", 1, "no date"},
	} {
		_, err := Read(x.text)
		var m Mistakes
		if !errors.As(err, &m) || len(m) != 1 || m[0].Line != x.line || !strings.Contains(m[0].What.Error(), x.says) {
			t.Errorf("%s: %v", x.says, err)
		}
	}
	for _, text := range []string{"", "# nothing\n", "aurelia status\n", "@2022-03-01T07:00Z aurelia status\n"} {
		if _, err := Read(text); err == nil || !strings.Contains(err.Error(), "two parties") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzStory: whatever stands in a file, it is read or its mistakes are named.
func FuzzStory(f *testing.F) {
	for _, s := range []string{twoOfficers, "? @2022-03-01T07:00Z a b => c; d", "@ ? !", "? @", "! operators", "@2022-03-01T07:00Z a/b c as $x\n@2022-03-01T07:00Z d/ $x.hash"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if file, err := Read(text); err == nil && (file.Parties[1] == "" || file.Begins.IsZero()) {
			t.Errorf("%+v", file)
		}
	})
}

// An act that is refused ends the story, at its line; so does a refusal that was expected and did not come.
func TestStoryEndsAtAnActThatIsRefused(t *testing.T) {
	// SPEC: CLI-048
	for line, holds := range map[string]bool{
		"aurelia ack A1-999 --read original":                                         false,
		"aurelia ack A1-999 --read original => contains A1-999":                      true,
		"aurelia/Reyes status":                                                       false,
		"aurelia officer add \"Ms Reyes\" --account press\naurelia/Reyes send hello": true,
		"aurelia send hello => contains refused":                                     false,
	} {
		f, err := Read(twoOfficers + line + "\n")
		if err != nil {
			t.Fatal(err)
		}
		if err := Simulate(t.Context(), t.TempDir(), t.Output(), f, func(QuestionLine) {}); (err == nil) != holds || err != nil && !strings.Contains(err.Error(), "line 5: ") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// The story of March 2022 holds under its own names.
func TestMarchStoryHolds(t *testing.T) {
	// SPEC: CLI-047 CLI-048
	if testing.Short() {
		t.Skip("23 days, some seconds")
	}
	b, err := os.ReadFile("testdata/march-2022.story")
	if err != nil {
		t.Fatal(err)
	}
	told := simulate(t, string(b))
	if hold(t, told); len(told) != 18 {
		t.Errorf("%d questions", len(told))
	}
}

// Both stories hold with their first party alone on the line too, and what it notes for itself is in no export.
func TestStoriesHoldAlone(t *testing.T) {
	// SPEC: CLI-056 ALN-013
	if testing.Short() {
		t.Skip("23 days, twice, some seconds")
	}
	march, err := os.ReadFile("testdata/march-2022.story")
	if err != nil {
		t.Fatal(err)
	}
	for text, questions := range map[string]int{string(march): 17, Built["spring"]: 22} { // of the 18, March asks one of the other party
		f, err := Read(text)
		if err != nil {
			t.Fatal(err)
		}
		f.Alone = true
		var log strings.Builder
		var told []QuestionLine
		dir := t.TempDir()
		if err := Simulate(t.Context(), dir, &log, f, func(q QuestionLine) { told = append(told, q) }); err != nil {
			t.Fatalf("%v\n%s", err, log.String())
		}
		if hold(t, told); len(told) != questions {
			t.Errorf("%d questions", len(told))
		}
		b, err := os.ReadFile(filepath.Join(dir, lineName+".parley"))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("tacitly admit")) || bytes.Contains(b, []byte("did not go as planned")) {
			t.Error("an export holds what is private")
		}
		if r := verify.Verify(bytes.NewReader(b), verify.Expected{}); r.Verdict != verify.Holds || !r.Alone {
			t.Errorf("%s", r)
		}
	}
}
