// SPDX-License-Identifier: Apache-2.0

package statement

import (
	"reflect"
	"strconv"
	"strings"

	"example.org/parley/record"
)

// What people said in words stands in a statement's text, whose facts then hold only codes, places, dates and posts: who
// checks a figure needs no words. A field that is such a word has the tag `said:"<name>"`, and after a comma its limit in
// bytes where it has one; its JSON tag is "-".
//
// SPEC: CLM-007

// talks reports whether facts of a type have words.
func talks(t reflect.Type) (yes bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		_, is := f.Tag.Lookup("said")
		switch {
		case is:
			return true
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			yes = yes || talks(f.Type)
		}
	}
	return yes
}

// eachSaid goes through the words of a struct: their name, their limit, and the field.
func eachSaid(v reflect.Value, prefix string, f func(name string, limit int, v reflect.Value)) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		tag, is := field.Tag.Lookup("said")
		switch name, limit, _ := strings.Cut(tag, ","); {
		case is:
			n, _ := strconv.Atoi(limit)
			f(prefix+name, n, v.Field(i))
		case field.Anonymous && field.Type.Kind() == reflect.Struct && field.IsExported():
			eachSaid(v.Field(i), prefix, f)
		case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct && field.IsExported() && field.Tag.Get("json") != "-":
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			for j := range v.Field(i).Len() {
				eachSaid(v.Field(i).Index(j), prefix+name+"."+strconv.Itoa(j)+".", f)
			}
		}
	}
}

// Say puts the words of a draft's facts into its text.
func Say(d record.Draft) (record.Draft, error) {
	words := map[string]string{}
	var err error
	keep := func(name, s string, limit int) {
		if s != "" {
			what := name[strings.LastIndex(name, ".")+1:]
			words[name], err = s, First(err, Text(strings.ReplaceAll(what, "_", " "), s, limit))
		}
	}
	facts := reflect.Indirect(reflect.ValueOf(d.Facts))
	if facts.Kind() != reflect.Struct {
		return d, nil
	}
	eachSaid(facts, "", func(name string, limit int, v reflect.Value) {
		switch x := v.Interface().(type) {
		case string:
			keep(name, x, limit)
		case []string:
			keep(name, strings.Join(x, "; "), limit)
		case map[string]string:
			for k, s := range x {
				keep(name+"."+k, s, limit)
			}
		}
	})
	switch text := d.Text; {
	case len(words) > 0 && text == nil:
		d.Text = &record.Text{Lang: "und", Words: words}
	case text != nil:
		d.Text = &record.Text{Lang: text.Lang, Text: text.Text, Words: words}
	}
	return d, err
}

// hear gives facts back the words that stand in the text of their statement. What Text does not let stand is not drawn; no
// fold decides by a word.
func hear[F any](e *record.Entry, f *F) {
	words := e.Said()
	if words == nil {
		return
	}
	eachSaid(reflect.ValueOf(f).Elem(), "", func(name string, limit int, v reflect.Value) {
		switch v.Interface().(type) {
		case string:
			if s := words[name]; Text(name, s, limit) == nil {
				v.SetString(s)
			}
		case []string:
			if s := words[name]; Text(name, s, limit) == nil {
				v.Set(reflect.ValueOf(strings.Split(s, "; ")))
			}
		case map[string]string:
			m := map[string]string{}
			for k, s := range words {
				if k, ok := strings.CutPrefix(k, name+"."); ok && Text(name, s, limit) == nil {
					m[k] = s
				}
			}
			if len(m) > 0 {
				v.Set(reflect.ValueOf(m))
			}
		}
	})
}
