// SPDX-License-Identifier: Apache-2.0

package act

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"example.org/parley/call"
	"example.org/parley/contact"
	"example.org/parley/hint"
	"example.org/parley/message"
	"example.org/parley/statement"
	"example.org/parley/stop"
)

// words are the choices that an of tag names. They are the kinds' own. SPEC: CLI-023
var words = map[string][]string{
	"class": statement.Classes, "mark": statement.Marks, "kind": message.KindNames, "precedence": message.Precedences,
	"read": message.Reads, "response": append(slices.Clone(message.Responses), "complied"), "step": stop.Acts,
	"contact": contact.Sorts, "sought": contact.Sought, "channel": contact.Channels, "outcome": contact.Outcomes,
	"priority": call.Priorities,
}

// Member is one member of an act, as its tags describe it.
type Member struct {
	Index   int
	Flag    string // "" for none
	Arg     string // name of its positional, "" for none
	Words   []string
	Most    int
	Default []string // of a list
	Help    string
}

// Members reads the tags of an act's type.
func Members(t reflect.Type) (ms []Member) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		name, _, _ := strings.Cut(tag.Get("json"), ",")
		f := Member{Index: i, Flag: strings.ReplaceAll(name, "_", "-"), Arg: tag.Get("arg"), Words: words[tag.Get("of")],
			Help: tag.Get("help")}
		if d, ok := tag.Lookup("default"); ok {
			f.Default = []string{d}
		}
		f.Most, _ = strconv.Atoi(tag.Get("most"))
		if n, ok := tag.Lookup("flag"); ok || f.Arg != "" {
			f.Flag = strings.Trim(n, "-")
		}
		if f.Help == "" {
			f.Help = strings.Join(f.Words, ", ")
		}
		ms = append(ms, f)
	}
	return ms
}

// Check gives the act that p points to if its words are words of its kind, in their one spelling, and its numbers in
// their range.
func Check(p reflect.Value) (Act, error) {
	v := p.Elem()
	for _, f := range Members(v.Type()) {
		switch m := v.Field(f.Index); {
		case m.Kind() == reflect.Int && f.Most > 0 && (m.Int() < 0 || m.Int() > int64(f.Most)):
			return nil, hint.New("", "--%s %d: a number from 1 to %d", f.Flag, m.Int(), f.Most)
		case m.Kind() == reflect.String && len(f.Words) > 0 && m.String() != "":
			i := slices.IndexFunc(f.Words, func(w string) bool { return strings.EqualFold(w, m.String()) })
			if i < 0 {
				return nil, hint.New("", "%q: one of %s", m.String(), strings.Join(f.Words, ", "))
			}
			m.SetString(f.Words[i])
		}
	}
	return v.Interface().(Act), nil
}
