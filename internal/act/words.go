// SPDX-License-Identifier: Apache-2.0

package act

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/claim"
	"example.org/parley/contact"
	"example.org/parley/hint"
	"example.org/parley/message"
	"example.org/parley/readout"
	"example.org/parley/register"
	"example.org/parley/service"
	"example.org/parley/statement"
	"example.org/parley/stop"
)

// words are the choices that an of tag names. They are the kinds' own. SPEC: CLI-023
var words = map[string][]string{
	"class": statement.Classes, "mark": statement.Marks, "kind": message.KindNames, "precedence": message.Precedences,
	"read": message.Reads, "response": append(slices.Clone(message.Responses), "complied"), "step": stop.Acts,
	"contact": contact.Sorts, "sought": contact.Sought, "figure": claim.Figures, "channel": contact.Channels, "outcome": contact.Outcomes, "basis": contact.Bases, "way": contact.Ways, "behalf": contact.Behalfs, "dated": contact.Dates,
	"priority": call.Priorities, "part": call.Parts, "waits": call.WaitsFor, "about": about(message.Kinds, stop.Kinds, call.Kinds, check.Kinds, contact.Kinds, register.Kinds, service.Kinds, service.TermKinds, service.SheetKinds, readout.Kinds, claim.Kinds),
	"line": append(slices.Sorted(maps.Keys(service.Acts)), "resume"), "watch": {"note", "give", "take"}, "path": {"add", "set", "remove"},
	"onoff": {"on", "off"}, "role": register.Roles, "readout": {"publish", "shown"}, "point": readout.Sorts, "test": check.Outcomes, "when": {"now"},
}

// Words are the choices that an of tag names.
func Words(of string) []string { return words[of] }

// Member is one member of an act, as its tags describe it.
type Member struct {
	Index   int
	Name    string // in JSON
	Sort    string // text, texts, pairs, number, yes or time
	Of      string // what its words are of
	Pick    string // what a form offers for it
	Flag    string // "" for none
	Arg     string // name of its positional, "" for none
	Words   []string
	Most    int
	Whole   bool     // each of a list is taken whole, commas and all
	Default []string // of a list
	Help    string
	Must    bool // of Verb.Members: an act must have it
}

// Step reports whether it is the word that several verbs of one act differ in: the shell's verb says it, a form asks for it.
func (m Member) Step() bool { return m.Flag == "" && m.Arg == "" && len(m.Words) > 0 }

// about lists what a statement may be about: the first words of all kinds, and traffic, which is some of them.
func about(lists ...[]statement.Kind) []string {
	out := []string{"traffic"}
	for _, k := range slices.Concat(lists...) {
		if head, _, _ := strings.Cut(k.Name, "."); !slices.Contains(out, head) {
			out = append(out, head)
		}
	}
	return out
}

// sorts are the types that a member may have.
var sorts = map[reflect.Type]string{
	reflect.TypeFor[string](): "text", reflect.TypeFor[[]string](): "texts", reflect.TypeFor[map[string]string](): "pairs",
	reflect.TypeFor[int](): "number", reflect.TypeFor[bool](): "yes", reflect.TypeFor[time.Time](): "time",
}

// Members reads the tags of an act's type.
func Members(t reflect.Type) (ms []Member) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		name, _, _ := strings.Cut(tag.Get("json"), ",")
		f := Member{Index: i, Name: name, Sort: sorts[t.Field(i).Type], Of: tag.Get("of"), Pick: tag.Get("pick"), Flag: strings.ReplaceAll(name, "_", "-"), Arg: tag.Get("arg"), Words: words[tag.Get("of")],
			Help: tag.Get("help")}
		if d, ok := tag.Lookup("default"); ok {
			f.Default = []string{d}
		}
		f.Whole = tag.Get("whole") != ""
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
