// SPDX-License-Identifier: Apache-2.0

package story

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.org/parley/internal/home"
)

// The questions of the spring are asked of a party that is alone, and again after the other has joined: what was stated anew is
// answered as before. Tests of the time alone and notes of its private logs are not stated anew: the answer names the tests so.
//
// SPEC: ALN-022 ALN-023
func TestTheQuestionsAreAnsweredAfterJoiningAsBefore(t *testing.T) {
	dir := t.TempDir()
	homes := [2]*home.Line{}
	config := func(i int) home.Config {
		c := home.DefaultConfig([]string{"aurelia", "borealia"}[i], i)
		c.Terms.Fallback["borealia"] = []string{"+39 06 555 0100"}
		return c
	}
	play := func(dir, text string, alone bool) (out []QuestionLine) {
		t.Helper()
		for i, name := range []string{"aurelia", "borealia"} {
			l, err := home.Home{Dir: filepath.Join(dir, name)}.Load(lineName)
			if homes[i] = l; err != nil && !(alone && i == 1) {
				t.Fatal(err)
			}
		}
		f, err := Read(text)
		if err != nil {
			t.Fatal(err)
		}
		f.Alone = alone
		s := &Simulated{Dir: dir, Log: t.Output(), ctx: t.Context(), begins: f.Begins}
		if err := s.play(f, homes, func(q QuestionLine) { out = append(out, q) }); err != nil {
			t.Fatal(err)
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	var err error
	a, b := home.Home{Dir: filepath.Join(dir, "aurelia")}, home.Home{Dir: filepath.Join(dir, "borealia")}
	if homes[0], err = a.InitAlone(lineName, config(0), "borealia", rand.Reader); err != nil {
		t.Fatal(err)
	}
	before := play(dir, spring, true)
	for _, q := range before {
		if !q.Held {
			t.Errorf("alone: %s\n%s", q.Question, q.Answer)
		}
	}
	if homes[1], err = b.Init(lineName, config(1), rand.Reader); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir() // the same two, for the second time of joining
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	_ = filepath.WalkDir(other, func(path string, d os.DirEntry, err error) error { // keys are their owner's alone
		if err == nil && !d.IsDir() {
			err = os.Chmod(path, 0o600)
		}
		return err
	})
	joining := strings.NewReplacer("2022-04-01", "2022-03-24").Replace(dayOfJoining)
	listed := play(dir, joining+"? @2022-03-24T08:00Z aurelia contacts --since \"the crossing\" => summons\n? aurelia contacts --highest --since \"the crossing\" => level\n", false)
	named := func(what string) string {
		for _, q := range listed {
			if m := regexp.MustCompile(`(?m)^(A\d+-\d+) · .*` + what).FindStringSubmatch(q.Answer); m != nil {
				return m[1]
			}
		}
		t.Fatalf("no contact is %s:\n%s", what, listed[0].Answer)
		return ""
	}
	ids := strings.NewReplacer("$summons", named("summons"), "$visit", named("meeting · in person"))

	var again strings.Builder
	asked := 0
	for _, l := range strings.Split(spring, "\n") {
		q, ok := strings.CutPrefix(l, "? ")
		q = strings.TrimPrefix(q, "@2022-03-23T18:00Z ")
		if !ok || !strings.HasPrefix(q, "aurelia ") || strings.Contains(q, "--private") || strings.Contains(q, "FILE") {
			continue
		}
		q, _, _ = strings.Cut(q, " =>alone")
		switch verb := strings.Fields(q)[1]; verb {
		case "checks", "figures": // the tests of the time alone are named so, and added to nothing
			q = "aurelia " + verb + " => tested 0 of 0 days; alone, before the line: tested 23 of 23 days, last 23 Mar 09:"
		case "export", "verify", "claim", "statement", "read", "release":
			continue // files of another line
		}
		q = strings.NewReplacer("$minister", `"Minister of Defence"`, "$chief", `"Chief of Staff"`).Replace(ids.Replace(q))
		if strings.Contains(q, "$") {
			continue
		}
		asked++
		again.WriteString("? " + q + "\n")
	}
	after := play(other, joining+strings.Replace(again.String(), "? ", "? @2022-03-24T08:30Z ", 1), false)
	for _, q := range after {
		if !q.Held {
			t.Errorf("joined: %s\n%s", q.Question, q.Answer)
		}
		if strings.Contains(q.Answer, "account · ") {
			t.Errorf("an author has no name: %s\n%s", q.Question, q.Answer)
		}
	}
	if len(after) != asked || asked < 14 {
		t.Errorf("%d questions of %d were asked again", len(after), asked)
	}
}
