// SPDX-License-Identifier: Apache-2.0

// Package verbs is the one parser of the command line's acts: argv in, act.Act out.
//
// The shell, story files and the demo all use it, so what works in one works in the others. Each verb is a
// row of act.Table; its form and the tags of its act say which flags and arguments it has (form.go).
// cmd/parley makes its commands and completions of the same table.
//
// It checks form only: what is missing, misspelt or too much. Whether an act is valid on a line is said
// by the node. It asks no clock: relative times are counted from the now that it is given.
//
// Verbs that are no acts (init, pair, serve, verify, try …) are cmd/parley's own.
package verbs

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
)

// Find gives the verb that argv begins with, and the rest of argv.
func Find(argv []string) (act.Verb, []string, bool) {
	for n := min(2, len(argv)); n > 0; n-- {
		for _, v := range act.Table {
			if v.Name == strings.Join(argv[:n], " ") {
				return v, argv[n:], true
			}
		}
	}
	return act.Verb{}, nil, false
}

// Parse makes an act of a command line without the program's name.
//
// SPEC: CLI-020
func Parse(argv []string, now time.Time) (act.Act, error) {
	v, rest, ok := Find(argv)
	if !ok {
		return nil, hint.Usage("see: parley help", "there is no verb %q", strings.Join(argv[:min(2, len(argv))], " "))
	}
	fs := pflag.NewFlagSet(v.Name, pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	build := Bind(v, fs)
	if err := fs.Parse(rest); err != nil {
		return nil, hint.Usage("", "%s: %v", v.Name, FlagError(err)).Way("%s", Usage(v))
	}
	return build(fs.Args(), now)
}

// FlagError says in our words what the parser of flags refuses.
func FlagError(err error) *hint.Error {
	var unknown *pflag.NotExistError
	var lone *pflag.ValueRequiredError
	var value *pflag.InvalidValueError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown):
		return hint.Usage("", "unknown flag: --%s", unknown.GetSpecifiedName())
	case errors.As(err, &lone):
		return hint.Usage("", "the flag --%s needs a value", lone.GetSpecifiedName())
	case errors.As(err, &value):
		return hint.Usage("", "--%s %q is not understood", value.GetFlag().Name, value.GetValue())
	case errors.As(err, &syntax):
		return hint.Usage("", "%q is no flag", syntax.GetSpecifiedFlag())
	}
	return hint.Usage("", "%v", err)
}

var (
	typed  = regexp.MustCompile(`(?:"[^"]*"|'[^']*'|[^ \t"'])+`)
	quoted = regexp.MustCompile(`"([^"]*)"|'([^']*)'`)
)

// Split takes a line of a story file apart as a shell would: blanks separate, quotes keep together.
func Split(line string) (out []string, err error) {
	rest := typed.ReplaceAllString(line, "")
	if i := strings.IndexAny(rest, `"'`); i >= 0 {
		return nil, hint.Usage("close it", "a quote %c stands open", rest[i])
	}
	for _, w := range typed.FindAllString(line, -1) {
		out = append(out, quoted.ReplaceAllString(w, "$1$2"))
	}
	return out, nil
}

// pairs reads k=v arguments.
func pairs(args []string) (map[string]string, error) {
	if len(args) == 0 {
		return nil, nil
	}
	m := map[string]string{}
	for _, a := range args {
		k, v, ok := strings.Cut(a, "=")
		if _, twice := m[k]; !ok || k == "" || twice {
			return nil, hint.Usage("", "%q is not field=value, each field once", a)
		}
		m[k] = v
	}
	return m, nil
}
