// SPDX-License-Identifier: Apache-2.0

package view

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"example.org/parley/internal/alarm"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/words"
)

// hostile clears a screen, sets a title, turns the writing round, rings, feeds lines and hides.
const hostile = "a\x1b[2J\x1b]0;t\a\u009b1m\u202eb\u2066\u200f\u061c\r\n\t\x00\u2028\ufeff\U000e0041\u00ad"

// walk calls f for each string that can be reached from v.
func walk(v reflect.Value, path, tag string, seen map[any]bool, f func(v reflect.Value, path, tag string)) {
	switch v.Kind() {
	case reflect.String:
		f(v, path, tag)
	case reflect.Struct:
		for i := range v.NumField() {
			if t := v.Type().Field(i); t.IsExported() {
				walk(v.Field(i), path+"."+t.Name, t.Tag.Get("drawn"), seen, f)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i), tag, seen, f)
		}
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Interface()] {
			seen[v.Interface()] = true
			walk(v.Elem(), path, tag, seen, f)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			e := reflect.New(v.Type().Elem()).Elem()
			e.Set(v.MapIndex(k))
			walk(e, path+"["+k.String()+"]", tag, seen, f)
			v.SetMapIndex(k, e)
		}
	}
}

// poison makes every string of an input hostile that is of a place in wanted, or all.
func poison(in *Input, wanted ...string) {
	walk(reflect.ValueOf(in).Elem(), "", "", map[any]bool{}, func(v reflect.Value, path, _ string) {
		hit := len(wanted) == 0
		for _, w := range wanted {
			hit = hit || strings.HasSuffix(path, w)
		}
		if hit && v.CanSet() {
			v.SetString(v.String() + hostile)
		}
	})
}

func steersSomewhere(v any) (out []string) {
	walk(reflect.ValueOf(v), "", "", map[any]bool{}, func(v reflect.Value, path, tag string) {
		for _, r := range v.String() {
			if r == '\n' && tag != "" || r == '\u200c' || r == '\u200d' {
				continue
			}
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' {
				out = append(out, fmt.Sprintf("%s: %q", path, v.String()))
				return
			}
		}
	})
	return out
}

// Whoever wrote it, nothing that is drawn moves a cursor or turns the writing. SPEC: PAG-027
func TestNothingDrawnSteers(t *testing.T) {
	people := []string{".Name", ".Org", ".Names[it]", ".Text", ".Lang", ".Langs[0]", ".Officers[0]", ".Officer", ".Desk", ".There", ".ThereBy", ".Reason", ".Place", ".Who", ".Args[0]", ".Why", ".NoSound", ".Number", ".Account", ".Channel", ".Basis", ".AckedBy"}
	for name, wanted := range map[string][]string{"people's words": people, "everything": nil} {
		in := world()
		in.Messages[0].Responded = []message.Step{{Name: message.Responded, At: now, How: "standby", Until: now, Entry: &record.Entry{Words: &record.Text{Lang: "en", Text: "soon"}}}}
		in.Messages[0].Response = &in.Messages[0].Responded[0]
		in.WeSee.Station, in.WeSee.Why, in.Alarms[0].Detail = "goodbye", "maintenance", alarm.Say("at.party", "x")
		in.Check.Question = &Question{ID: "q", Text: "what?", Lang: "en", Choices: []Choice{{Code: "a", Word: "this"}}}
		in.Log[0].FactsB = []byte(`{"salt":"","place":"` + "54N\u202e" + `"}`)
		poison(&in, wanted...)
		before, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range words.Langs() {
			show := ShowOf(in, lang, in.Log[0], nil, &in.Messages[0], &in.Stops[0], &in.Calls[0])
			views := []any{Build(in, lang), StatusOf(in, lang), InboxOf(in, lang), LogOf(in, lang), show, CallsOf(in, lang), ChecksOf(in, lang), ContactsOf(in, lang, in.Contacts, hostile),
				AlarmsOf(in, lang), OfficersOf(in, lang, map[string][]string{"A7-02": {hostile}}), PostsOf(in, lang)}
			for _, v := range views {
				for _, bad := range steersSomewhere(v) {
					t.Errorf("%s, %s, %T%s", name, lang, v, bad)
				}
				if p, ok := v.(interface{ Text() string }); ok && strings.ContainsFunc(p.Text(), func(r rune) bool { return r != '\n' && steers(r) }) {
					t.Errorf("%s, %s: %T steers the terminal: %q", name, lang, v, p.Text())
				}
			}
			var was, is map[string]string
			if json.Unmarshal(in.Log[0].FactsB, &was) != nil || json.Unmarshal([]byte(show.Facts), &is) != nil || was["place"] != is["place"] {
				t.Errorf("facts are drawn as %q", show.Facts)
			}
		}
		if after, _ := json.Marshal(in); string(after) != string(before) {
			t.Error("drawing changed what was handed in")
		}
	}
	if got := clean("می\u200cخواهم x\u00ady"); got != "می\u200cخواهم xy" {
		t.Errorf("a joiner of a script is no control: %q", got)
	}
}
