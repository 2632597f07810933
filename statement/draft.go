// SPDX-License-Identifier: Apache-2.0

package statement

import (
	"cmp"
	"reflect"
	"strings"

	"example.org/parley/hint"
	"example.org/parley/record"
)

// Refuse is the error that a person can act on.
func Refuse(way, what string, args ...any) error {
	return hint.New(way, what, args...)
}

// Choose refuses a word that is none of a list, naming the list.
func Choose(what, s string, words []string) error {
	if OneOf(what, s, words) != nil {
		return hint.New("", "there is no %s %q", hint.Term(what), s).Way("one of: %s", strings.Join(words, ", "))
	}
	return nil
}

// Changed gives facts that replace old ones: a member that is not given stays as it was, and what is given of a table of
// names is added to it.
func Changed[F any](old, given F) F {
	v, was := reflect.ValueOf(&given).Elem(), reflect.ValueOf(old)
	for i := range v.NumField() {
		f, o := v.Field(i), was.Field(i)
		switch {
		case v.Type().Field(i).Tag.Get("json") == "-" && v.Type().Field(i).Tag.Get("said") == "" || !f.CanSet():
		case f.IsZero():
			f.Set(o)
		case f.Kind() == reflect.Map:
			for _, k := range o.MapKeys() {
				if !f.MapIndex(k).IsValid() {
					f.SetMapIndex(k, o.MapIndex(k))
				}
			}
		}
	}
	return given
}

// Draft refuses, before anything is signed, what the other end would find not valid; way says what would be right.
// A class or mark that is left out is the kind's own, else the first of its words.
func Draft(kinds []Kind, party string, begin *record.Entry, d record.Draft, way string) (record.Draft, error) {
	k, ok := Find(kinds, d.Kind)
	if !ok {
		return d, Refuse(way, "there is no kind of statement %q", d.Kind)
	}
	d.Class, d.Mark = cmp.Or(d.Class, k.Class, Classes[0]), cmp.Or(d.Mark, Marks[0])
	if err := First(Choose("class", d.Class, Classes), Choose("mark", d.Mark, Marks)); err != nil {
		return d, err
	}
	d, err := Say(d)
	if err != nil {
		return d, Refuse(way, "%v", err)
	}
	if d.Text != nil {
		if err := Words(d.Text.Text); err != nil {
			return d, Refuse("take out control characters and what is not text", "%v", err)
		}
		if err := Lang(d.Text.Lang); err != nil {
			return d, Refuse("as en or it", "%v", err)
		}
	}
	e, err := Trial(party, d)
	if err == nil {
		err = k.Validate(e, begin)
	}
	if err != nil {
		return d, Refuse(way, "%v", err)
	}
	return d, nil
}
