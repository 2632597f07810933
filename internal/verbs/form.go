// SPDX-License-Identifier: Apache-2.0

package verbs

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
)

// Bind defines the flags of a verb, which fill an act of it once they are parsed; build adds the positional arguments.
func Bind(v act.Verb, fs *pflag.FlagSet) (build func(args []string, now time.Time) (act.Act, error)) {
	p := reflect.New(reflect.TypeOf(v.Act))
	p.Elem().Set(reflect.ValueOf(v.Act))
	fields := act.Members(p.Type().Elem())
	moments := map[string]*string{} // flags that are times: they are counted from the now of build
	for _, f := range fields {
		if f.Flag == "" {
			continue
		}
		switch m := p.Elem().Field(f.Index).Addr().Interface().(type) {
		case *string:
			fs.StringVar(m, f.Flag, "", f.Help)
		case *bool:
			fs.BoolVar(m, f.Flag, false, f.Help)
		case *int:
			fs.IntVar(m, f.Flag, 0, f.Help)
		case *[]string:
			if f.Whole {
				fs.StringArrayVar(m, f.Flag, nil, f.Help)
				continue
			}
			fs.StringSliceVar(m, f.Flag, slices.Clone(f.Default), f.Help)
		case *map[string]string:
			fs.StringToStringVar(m, f.Flag, nil, f.Help)
		case *time.Time:
			moments[f.Flag] = fs.String(f.Flag, "", f.Help)
		}
	}
	return func(args []string, now time.Time) (act.Act, error) {
		err := written(fs, args)
		if err == nil {
			err = fill(v, p.Elem(), fields, fs, args)
		}
		for _, f := range fields {
			if s := moments[f.Flag]; s != nil && err == nil {
				*p.Elem().Field(f.Index).Addr().Interface().(*time.Time), err = act.When(*s, now)
			}
		}
		var a act.Act
		if err == nil {
			a, err = act.Check(p)
		}
		return a, explain(v, err)
	}
}

// written refuses what is not text, before it goes anywhere.
func written(fs *pflag.FlagSet, args []string) (err error) {
	const what = "%s is not text in UTF-8"
	fs.Visit(func(f *pflag.Flag) {
		if !utf8.ValidString(f.Value.String()) {
			err = hint.Usage("", what, "--"+f.Name)
		}
	})
	for _, a := range args {
		if !utf8.ValidString(a) {
			err = hint.Usage("", what, fmt.Sprintf("%q", a))
		}
	}
	return err
}

// explain makes a matter of usage of a refusal: it names the verb and shows its form.
func explain(v act.Verb, err error) error {
	if err == nil {
		return nil
	}
	e := hint.Of(err)
	if e.Hint == "" {
		e = hint.New("", "%s: %v", v.Name, e).Way("%s", Usage(v))
	}
	e.Usage = true
	return e
}

// fill puts the positional arguments where the form says, and refuses what is missing or too much.
func fill(v act.Verb, p reflect.Value, fields []act.Member, fs *pflag.FlagSet, args []string) error {
	parts := form(v, fs)
	for i := 0; i < len(parts); i++ {
		part := parts[i]
		if name, is := strings.CutPrefix(part, "--"); is {
			if !fs.Changed(name) || fs.Lookup(name).Value.String() == "" {
				return hint.Usage("", "%s is missing", part)
			}
			if fs.Lookup(name).Value.Type() != "bool" {
				i++ // the word that stands for its value
			}
			continue
		}
		name := strings.Trim(part, "[]")
		name, many := strings.CutSuffix(name, "…")
		if len(args) == 0 && !strings.HasPrefix(part, "[") {
			if _, other, ok := strings.Cut(v.Args, " | "); ok {
				return hint.Usage("", "a %s, or %s", strings.ToLower(name), other)
			}
			return hint.Usage("", "%s is missing", name)
		}
		if len(args) == 0 {
			continue
		}
		take := args
		if !many {
			take = args[:1]
		}
		args = args[len(take):]
		at := slices.IndexFunc(fields, func(f act.Member) bool { return f.Arg == name })
		if err := put(p.Field(fields[at].Index), take); err != nil {
			return err
		}
	}
	if len(args) > 0 {
		return hint.Usage("", "%q is too much", args[0])
	}
	var blank error
	fs.Visit(func(f *pflag.Flag) { // what was given as nothing is not what was left out
		if strings.TrimSpace(f.Value.String()) == "" && f.Value.Type() == "string" {
			blank = hint.Usage("", "--%s: nothing but blanks", f.Name)
		}
	})
	return blank
}

// form gives the parts of the alternative that the flags have chosen, else of the first.
func form(v act.Verb, fs *pflag.FlagSet) []string {
	alternatives := strings.Split(v.Args, " | ")
	for _, a := range alternatives {
		name, _, _ := strings.Cut(strings.TrimPrefix(a, "--"), " ")
		if strings.HasPrefix(a, "--") && len(alternatives) > 1 && fs.Changed(name) {
			return strings.Fields(a)
		}
	}
	return strings.Fields(alternatives[0])
}

// put sets a member of an act from arguments.
func put(m reflect.Value, args []string) (err error) {
	switch m := m.Addr().Interface().(type) {
	case *string:
		if *m = strings.Join(args, " "); strings.TrimSpace(*m) == "" {
			err = hint.Usage("", "nothing but blanks")
		}
	case *[]string:
		*m = args
	case *int:
		if *m, err = strconv.Atoi(args[0]); err != nil {
			err = hint.Usage("", "%q is no number", args[0])
		}
	case *map[string]string:
		*m, err = pairs(args)
	}
	return err
}

// Usage is the verb's form, with its words for the choices.
func Usage(v act.Verb) string {
	fields, parts := act.Members(reflect.TypeOf(v.Act)), strings.Fields(v.Args)
	for i, part := range parts {
		for _, f := range fields {
			after := i > 0 && parts[i-1] == "--"+f.Flag && f.Flag != ""
			if len(f.Words) > 0 && (part == f.Arg || after) {
				parts[i] = strings.Join(f.Words, "|")
			}
		}
	}
	return strings.TrimSpace("parley " + v.Name + " " + strings.Join(parts, " "))
}
