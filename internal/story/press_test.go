// SPDX-License-Identifier: Apache-2.0

package story

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/parley/verify"
	"example.org/parley/words"
)

// doc/spring.press is what the spokesman of the spring released: it holds, and doc/press.md says what it says, in each language.
//
// SPEC: PRS-005 PRS-007 CLI-049
func TestPressOfTheSpring(t *testing.T) {
	const file, path = "../../doc/spring.press", "../../doc/press.md"
	if *update {
		f, err := Read(spring)
		dir := t.TempDir()
		if err == nil {
			err = Simulate(t.Context(), dir, io.Discard, f, func(QuestionLine) {})
		}
		var b []byte
		if err == nil {
			b, err = os.ReadFile(filepath.Join(dir, "spring.press"))
		}
		if err == nil {
			err = os.WriteFile(file, b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	out.WriteString("# A statement for the press\n\nOn 23 March Aurelia's spokesman drafts what may be read out ([the story](story.md)); a second officer reads the draft and releases it. Everybody in it is invented.\n\n" +
		"```\n$ parley statement draft spring.press --since \"the crossing\" --figure tested,used,contacts,requests --with \"Minister of Defence\" --opinion \"We go on asking …\"\n$ parley statement release spring.press         # the second officer, at another desk\n```\n\n" +
		"The file, [spring.press](spring.press), can be handed to anybody. Who has it needs no network and no trust in Aurelia: `parley verify spring.press`, or `node spec/verify-claim.mjs doc/spring.press`. A test holds\n" +
		"that both say HOLDS, and that this page is what they draw. `parley read --html spring.press` makes a page to print. [What it proves, and what it cannot](claim.md).\n")
	for _, lang := range words.Langs() {
		rep := verify.Verify(bytes.NewReader(b), verify.Expected{Lang: lang})
		if rep.Verdict != verify.Holds || rep.Claim == nil || rep.Claim.Press == nil || !rep.Claim.Press.Two {
			t.Fatalf("doc/spring.press: %s", rep)
		}
		text := rep.String()
		at := strings.LastIndex(text, map[string]string{"en": "statement for the press,", "it": "dichiarazione per la stampa,"}[lang])
		flags := ""
		if lang != "en" {
			flags = " --lang " + lang
		}
		fmt.Fprintf(&out, "\n```\n$ parley verify spring.press%s\n%s\n…\n%s```\n", flags, rep.Verdict, text[at:])
	}
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if is, err := os.ReadFile(path); err != nil || string(is) != out.String() {
		t.Errorf("doc/press.md says another thing than the file; see it with -update and git diff: %v", err)
	}
}
