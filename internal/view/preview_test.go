// SPDX-License-Identifier: Apache-2.0

package view

import (
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
)

// What is written is drawn as each side reads it, each value as it was understood, and what is missing is named.
//
// SPEC: PAG-050 PAG-051
func TestPreviewSaysWhatTheyWillRead(t *testing.T) {
	d := Desk{Lang: "en", AsOf: time.Date(2026, 11, 24, 3, 22, 8, 0, time.UTC), Header: Header{Reads: "it"}, Call: Call{State: "idle"},
		Calls: []Call{{Since: time.Date(2026, 11, 24, 3, 9, 0, 0, time.UTC), Mark: "actual"}}}
	s := act.Send{Phrase: "KEEP_CLEAR", Mark: "exercise", Fields: map[string]string{"place": "54.20N 018.40E", "until": "1430"}, ReadBack: []string{"place", "until"}}
	v := d.Preview(s)
	if v.Lacks != "Radius, metres" || !strings.Contains(Plain(v.Ours), "… Radius, metres …") || len(v.Back) != 2 || v.Wrong != nil {
		t.Errorf("without its radius: lacks %q, %q, %v, %v", v.Lacks, Plain(v.Ours), v.Back, v.Wrong)
	}
	if v.Asks != "The call at 03:09Z was actual; this is marked exercise. Is that meant?" {
		t.Errorf("asked: %q", v.Asks)
	}
	s.Fields["radius"], s.Mark = "5000 m", "actual"
	v = d.Preview(s)
	want := map[string]Echo{"place": {Text: "54.20N 18.40E", Note: "54° 12.0′ N, 18° 24.0′ E"}, "radius": {Text: "5000 m"}, "until": {Text: "241430Z NOV 26", Note: "in 11 h 8 min", At: time.Date(2026, 11, 24, 14, 30, 0, 0, time.UTC)}}
	for _, e := range v.Echoes {
		if w := want[e.Name]; e.Text != w.Text || e.Note != w.Note || !e.At.Equal(w.At) {
			t.Errorf("%s was echoed as %+v", e.Name, e)
		}
	}
	if len(v.Echoes) != 3 || v.Lacks != "" || v.Wrong != nil || v.Asks != "" {
		t.Errorf("%+v", v)
	}
	if theirs := Plain(v.Theirs); !strings.Contains(theirs, "241430Z NOV 26") || theirs == Plain(v.Ours) {
		t.Errorf("they read %q, we %q", theirs, Plain(v.Ours))
	}
	s.Fields["radius"], s.Fields["until"] = "5 km", "231430Z NOV 26"
	v = d.Preview(s)
	if v.Lacks != "Radius, metres" {
		t.Errorf("5 km is no radius: %q", v.Lacks)
	}
	s.Fields["radius"] = "5000"
	if v = d.Preview(s); v.Wrong == nil {
		t.Error("a window that is over is not named")
	}
	if v = d.Preview(act.Send{Text: strings.Repeat("word ", 201), Precedence: "FLASH"}); v.Wrong == nil || v.Lacks != "" {
		t.Error("a FLASH of 201 words is not named")
	}
	if v = d.Preview(act.Send{}); v.Lacks != "Text" {
		t.Errorf("nothing is lacking of nothing: %q", v.Lacks)
	}
}
