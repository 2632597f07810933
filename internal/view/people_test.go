// SPDX-License-Identifier: Apache-2.0

package view

import (
	"strings"
	"testing"

	"example.org/parley/call"
	"example.org/parley/statement"
)

// Letters of the other end are unsigned. What stands as in the record is what its statement says.
//
// SPEC: CAL-032 CAL-033
func TestWhatStandsAsRecordedIsWhatTheRecordHas(t *testing.T) {
	id := call.ID{7}
	e := entry("borealia", call.KindLine, 3, at("14:00:00"))
	for _, typed := range []string{"we will fire", "we will not fire"} {
		in := world()
		in.Calls = []call.State{{Call: id.String(), Lines: []call.LineEntry{{Entry: e, Written: call.Written{Call: id.String(), By: statement.Author{Desk: "b1"}, Line: 1, At: at("14:00:00"), Says: "we will fire"}}}}}
		b := builder{Input: in, lang: "en"}
		got, _ := b.texts(id.String(), []call.Typed{{Letters: call.Letters{Call: id, State: call.Finished, Line: 1, Version: 2, Parts: []string{typed}}, By: statement.Author{Desk: "elsewhere"}}})
		if len(got) != 1 || got[0].State != "recorded" || got[0].ID != "B7-03" || len(got[0].Runs) != 1 || got[0].Runs[0].Text != "we will fire" || strings.Contains(got[0].Name, "elsewhere") {
			t.Fatalf("%+v", got)
		}
		if differs := typed != "we will fire"; got[0].Differ != differs || differs != strings.Contains(got[0].Word, "we will not fire") {
			t.Errorf("typed %q: %+v", typed, got[0])
		}
	}
}

// A desk draws the newest lines of its own call, whatever came between, and says how many it leaves out.
//
// SPEC: PAG-085
func TestLinesOfACallThatAreLeftOutAreCounted(t *testing.T) {
	here, other := call.ID{7}, call.ID{8}
	var lines []call.Typed
	for i := range maxTexts + 2 {
		lines = append(lines, call.Typed{Letters: call.Letters{Call: here, State: call.Finished, Line: i + 1, Version: 1, Parts: []string{"x"}}})
	}
	for i := range maxTexts {
		lines = append(lines, call.Typed{Letters: call.Letters{Call: other, State: call.Finished, Line: i + 1, Version: 1, Parts: []string{"y"}}})
	}
	b := builder{Input: world(), lang: "en"}
	if got, more := b.texts(here.String(), lines); len(got) != maxTexts || !strings.Contains(more, ": 2.") {
		t.Errorf("%d lines are drawn, and of the rest: %q", len(got), more)
	}
	if got, more := b.texts(other.String(), lines); len(got) != maxTexts || more != "" {
		t.Errorf("%d lines are drawn, and of the rest: %q", len(got), more)
	}
}

// A terminal's board shows what is typed beside a call while it is typed, with what was erased, the newest five lines.
//
// SPEC: CAL-032
func TestATerminalShowsLettersAsTheyAreTyped(t *testing.T) {
	id := call.ID{7}
	in := world()
	in.Live = call.Live{State: call.Connected, ID: id}
	for i := range 7 {
		in.Texts = append(in.Texts, call.Typed{Letters: call.Letters{Call: id, State: call.Typing, Line: i + 1, Version: 1, Parts: []string{"two s", "hpi", "hips"}}, By: statement.Author{Desk: "Watch room"}})
	}
	in.Texts[6].Parts = []string{"tw"}
	d := Answer(in, "en", "status")
	if text := d.Text(); strings.Count(text, "Watch room: two s[erased: hpi]hips (typing)\n") != 4 || !strings.Contains(text, "Watch room: tw (typing)\n") {
		t.Error(text)
	}
}
