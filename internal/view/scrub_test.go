// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"example.org/parley/contact"
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
				walk(v.Field(i), path+"."+t.Name, cmp.Or(t.Tag.Get("drawn"), tag), seen, f)
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
	people := []string{".Name", ".Org", ".Names[it]", ".Text", ".Lang", ".Langs[0]", ".Officers[0]", ".Officer", ".Desk", ".There", ".ThereBy", ".Reason", ".Place", ".Who", ".Args[0]", ".Why", ".NoSound", ".Number", ".Account", ".ContactsFrom", ".Channel", ".Basis", ".AckedBy"}
	for name, wanted := range map[string][]string{"people's words": people, "everything": nil} {
		in := world()
		responded := message.Step{Name: message.Responded, At: now, StepFacts: message.StepFacts{How: "standby", Until: now}, Entry: saying(entry("borealia", "message.responded", 50, now), hostile)}
		in.Messages[0].Begin = saying(in.Messages[0].Begin, hostile)
		in.Messages[0].Steps, in.Messages[0].Response = map[string][]message.Step{message.Responded: {responded}}, &responded
		in.WeSee.Station.State, in.WeSee.Why, in.Alarms[0].Detail = "goodbye", "maintenance", alarm.Say("at.party", "x")
		in.Check.Question = &Asked{ID: "q", Text: "what?", Lang: "en", Choices: []Choice{{Code: "a", Word: "this"}}}
		in.Log[0] = record.NewEntry(in.Log[0].Head, in.Log[0].Note(), []byte(`{"salt":"","place":"`+"54N\u202e"+`"}`), nil)
		in.Contacts.Contacts, in.SignedOn = []*contact.Contact{in.Contacts.Pairs[0].Last}, map[string][]string{"A7-02": {hostile}}
		poison(&in, wanted...)
		before, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range words.Langs() {
			show := Show(in, lang, in.Log[0], nil, &in.Messages[0], &in.Stops[0], &in.Calls[0], Around{})
			views := []Desk{Build(in, lang), show}
			for verb := range questions {
				views = append(views, Answer(in, lang, verb))
			}
			for _, v := range views {
				for _, bad := range steersSomewhere(v) {
					t.Errorf("%s, %s, %s%s", name, lang, v.question, bad)
				}
				if text := v.Text(); strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && steers(r) }) {
					t.Errorf("%s, %s: %s steers the terminal: %q", name, lang, v.question, text)
				}
			}
			var was, is map[string]string
			if json.Unmarshal(in.Log[0].Facts(), &was) != nil || json.Unmarshal([]byte(show.Log[0].Facts), &is) != nil || was["place"] != is["place"] {
				t.Errorf("facts are drawn as %q", show.Log[0].Facts)
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
