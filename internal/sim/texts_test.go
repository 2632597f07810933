// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
)

// texts gives, of an act that is right, one for each of its texts with something else in that place; which words and posts
// there are is no text.
func texts(a act.Act, bad string) map[string]act.Act {
	out := map[string]act.Act{}
	t := reflect.TypeOf(a)
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("of") != "" || f.Tag.Get("pick") != "" || f.Tag.Get("json") == "-" {
			continue
		}
		v := reflect.New(t).Elem()
		v.Set(reflect.ValueOf(a))
		switch x := v.Field(i).Interface().(type) {
		case string:
			v.Field(i).SetString(bad)
		case []string:
			if f.Name != "Points" {
				continue
			}
			v.Field(i).Set(reflect.ValueOf([]string{"raised/" + bad + ": x", "raised: " + bad}))
		case map[string]string:
			if len(x) == 0 {
				continue
			}
			m := map[string]string{}
			for k := range x {
				m[k] = bad
			}
			v.Field(i).Set(reflect.ValueOf(m))
		default:
			continue
		}
		out[f.Name] = v.Interface().(act.Act)
	}
	return out
}

// No text of a contact, a request, a readout, an act about the line or the watch's log is stated that another screen would not
// draw as it was meant, and markup is text in whatever is printed.
//
// SPEC: MSG-005 CLM-007
func TestNoTextIsStatedThatDrawsAnythingElse(t *testing.T) {
	simulate(t, 1, func(w *world) {
		w.watch()
		a, b := w.sides[0], w.sides[1]
		id := func(s *side, line string) string {
			r, err := s.do(line)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return r.ID
		}
		id(a, `post add Minister --org ministry --level 2`)
		id(a, `post add "Their minister" --theirs --org ministry --level 2 --pair Minister`)
		time.Sleep(2 * time.Second)
		theirs := id(b, `contact add meeting --when 2026-11-20 --with Minister,"Their minister" --basis own`)
		filed := id(b, `readout file `+theirs+` --point "raised: fuel"`)
		sent := id(b, `send "Will you come?"`)
		time.Sleep(2 * time.Second)
		ours := id(a, `contact add call --when 2026-11-18 --with Minister,"Their minister" --basis own`)
		concern := id(a, `concern raise `+ours+` fuel`)
		sought := id(a, `request record --by Minister --with "Their minister" --when 2026-11-19 --basis own`)
		with := []string{"Minister", "Their minister"}
		acts := []act.Act{
			act.PostAdd{Name: "Envoy", Org: "embassy", Level: 4, Names: map[string]string{"it": "Inviato"}, Address: map[string]string{"en": "Sir"}, Number: "+39 06 555 0100"},
			act.PostAdd{Name: "President", Of: "Cerulia", Org: "palace", Level: 1},
			act.HolderAdd{Post: "Minister", Name: "A. Roe"},
			act.EventAdd{Name: "Crossing", When: "2026-11-10", Names: map[string]string{"it": "Passaggio"}},
			act.ContactAdd{Kind: "meeting", When: "2026-11-17", Participants: with, Basis: "told-by", Source: "the embassy", Place: "Geneva", Host: "Aurelia", Text: "They met.", People: map[string]string{"Minister": "A. Roe"}},
			act.ContactAdd{Kind: "public", By: "Minister", When: "2026-11-17", Basis: "press", Source: "a newspaper", Quote: "No."},
			act.ConcernRaise{ID: ours, Text: "people who are held"},
			act.Saying{Do: "concern.answer", ID: concern, Reason: "they were freed"},
			act.Saying{Do: "contact.dispute", ID: theirs, Reason: "nobody was there"},
			act.RequestRecord{By: "Minister", With: "Their minister", When: "2026-11-21", Basis: "press", Source: "a newspaper"},
			act.RequestAgain{Do: "request.again", ID: sought, Basis: "told-by", Source: "the desk"},
			act.RequestOutcome{ID: sought, Outcome: "declined", Who: "an aide", ToldBy: "the desk", Reason: "not now"},
			act.Assess{ID: sought, Text: "they wait"},
			act.ReadoutFile{ID: ours, Points: []string{"raised: x"}},
			act.ReadoutStep{Step: "shown", ID: filed, To: "a newspaper"},
			act.ReadoutExcept{ID: filed, Point: 1, Text: "not so"},
			act.LineStep{Step: "suspend", Reason: "works"},
			act.Watch{Step: "note", Text: "all quiet"},
			act.Watch{Step: "give", Text: "all quiet", Shared: true},
			act.Relay{ID: sent, To: "Minister", Told: "the clerk"},
		}
		// Free words may be written in any direction: they are drawn without what turns others round.
		free := []string{"contact.add Text", "contact.add Quote", "concern.raise Text", "concern.answer Reason", "assess Text", "watch.step Text"}
		for what, bad := range map[string]string{"direction": "zq\u202ezq", "unseen": "zq\u200bzq", "control": "zq\x1b[2Jzq", "not UTF-8": "zq\xffzq", "long": strings.Repeat("zq", 70_000)} {
			for _, right := range acts {
				for field, wrong := range texts(right, bad) {
					turns := (what == "direction" || what == "unseen") && slices.Contains(free, right.Verb()+" "+field) && reflect.ValueOf(right).FieldByName(field).String() != ""
					if r, err := a.act(wrong); (err == nil) != turns {
						t.Errorf("%s %s: %s is stated as %q, %v", right.Verb(), field, what, r.ID, err)
					}
				}
			}
		}
		if r, err := a.do(`find zq`); err != nil || !strings.Contains(r.Text, "zqzq") || strings.ContainsAny(r.Text, "\u202e\u200b") {
			t.Errorf("%v: drawn as %q", err, r.Text)
		}
		const markup = `<b id=zz>&"'</b>`
		for _, right := range acts { // each is right but for its texts
			stated := false
			_, err := a.act(right)
			for _, as := range texts(right, markup) {
				_, no := a.act(as)
				stated = stated || no == nil
			}
			if err != nil && !stated || !stated && right.Verb() != "line.step" {
				t.Errorf("%s %+v: %v; with markup %v", right.Verb(), right, err, stated)
			}
		}
		for _, q := range []string{"contacts --html", "contacts --svg"} {
			if r, err := a.do(q); err != nil || strings.Contains(r.Text, "<b id") {
				t.Errorf("%s: %v: markup is not text: %s", q, err, r.Text)
			}
		}
	})
}
