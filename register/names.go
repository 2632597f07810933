// SPDX-License-Identifier: Apache-2.0

package register

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"example.org/parley/hint"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// alike pairs letters of Cyrillic and Greek with the Latin ones that are drawn the same.
var alike = strings.NewReplacer(
	"а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "у", "y", "х", "x", "і", "i", "ј", "j", "ѕ", "s", "ԁ", "d", "һ", "h", "ԛ", "q", "ԝ", "w",
	"А", "A", "В", "B", "Е", "E", "К", "K", "М", "M", "Н", "H", "О", "O", "Р", "P", "С", "C", "Т", "T", "У", "Y", "Х", "X", "І", "I", "Ј", "J", "Ѕ", "S",
	"Α", "A", "Β", "B", "Ε", "E", "Ζ", "Z", "Η", "H", "Ι", "I", "Κ", "K", "Μ", "M", "Ν", "N", "Ο", "O", "Ρ", "P", "Τ", "T", "Υ", "Y", "Χ", "X", "ο", "o", "ν", "v")

// tidy gives a name one way of writing: single spaces, composed letters.
func tidy(name string) string { return norm.NFC.String(strings.Join(strings.Fields(name), " ")) }

// Same reports whether two names read the same: whatever their letter case, spaces, way of composing letters, and
// alphabet where its letters are drawn alike.
//
// SPEC: MSG-046
func Same(a, b string) bool { return a != "" && read(a) == read(b) }

func read(name string) string {
	return strings.ToLower(alike.Replace(norm.NFKC.String(strings.Join(strings.Fields(name), " "))))
}

// in gives the name of a language, else the usual one.
func in(lang string, names map[string]string, usual string) string {
	if n := names[lang]; n != "" {
		return n
	}
	return usual
}

// names checks a name and a table of names per language.
func names(name string, m map[string]string) error {
	if err := statement.First(statement.Text("name", name, 120), statement.If(len(m) > 16, "a name in over 16 languages")); err != nil {
		return err
	}
	for lang, n := range m {
		if err := statement.First(statement.Lang(lang), statement.Text("name", n, 120)); err != nil {
			return err
		}
	}
	return nil
}

// langs checks a list of languages.
func langs(list []string) error {
	for _, l := range list {
		if err := statement.Lang(l); err != nil {
			return err
		}
	}
	return statement.If(len(list) > 16, "over 16 languages")
}

// known are all names of a thing, the usual one first.
func known(name string, m map[string]string) []string {
	return append([]string{name}, slices.Sorted(maps.Values(m))...)
}

// find gives the one thing that is meant, by short ID or name; none or several are refused, the several by their IDs, and
// what there is named. What names gives nothing for is passed over.
//
// SPEC: MSG-045
func find[T thing](what, way, s string, short func(*record.Entry) string, list []T, names func(T) []string) (none T, err error) {
	var found []T
	var ids, all []string
	for _, x := range list {
		known, o := names(x), x.origin()
		id := short(o.Entry)
		if known != nil && (strings.EqualFold(s, id) || slices.ContainsFunc(o.Was, func(e *record.Entry) bool { return strings.EqualFold(s, short(e)) })) {
			return x, nil
		}
		if len(known) > 0 && len(all) < 12 && !slices.Contains(all, known[0]) { // both sides may have stated it
			all = append(all, known[0])
		}
		if slices.ContainsFunc(known, func(n string) bool { return Same(n, s) }) {
			found, ids = append(found, x), append(ids, id)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if len(all) == 0 {
			return none, statement.Refuse("see: "+way, "there is no %s %q", hint.Term(what), s)
		}
		return none, statement.Choose(what, s, all)
	}
	return none, statement.Refuse("name it by its ID", "%q is the name of several: %s", s, strings.Join(ids, ", "))
}

// fresh refuses a name that reads like one of those that a party has stated already, and to replace what is not its own;
// else it gives the reference to what is replaced.
//
// SPEC: MSG-046 MSG-047
func fresh[T interface {
	thing
	comparable
}](what, way, party, name string, list []T, was T, names func(T) []string) ([]record.Ref, error) {
	var none T
	for _, x := range list {
		if x != was && x.origin().Party == party && slices.ContainsFunc(names(x), func(n string) bool { return Same(n, name) }) {
			return nil, statement.Refuse("see: "+way, "there is %s already that reads %q", hint.Term(what), name)
		}
	}
	if was == none {
		return nil, nil
	}
	return []record.Ref{was.origin().Entry.Ref()}, ownOnly(party, was.origin())
}
