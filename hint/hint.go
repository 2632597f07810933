// SPDX-License-Identifier: Apache-2.0

// Package hint is the error that a person can act on: what was refused, and the way out.
//
// The kinds of statement (register, message, contact) refuse a draft with it before anything is signed, the
// node and the faces print it as `error:` and `hint:`. It is written in English and keeps its format and arguments, so that
// a face can say it in the person's language. It is public because the kinds are: whoever checks
// the other party's work imports nothing internal.
//
// It is not for the outcomes of protocols, which are sentinels and types of their own package, nor for
// what only an operator reads, which is `couldn't <verb> <object>: %w`.
package hint

import (
	"errors"
	"fmt"
)

// Error is a refusal that a person can act on.
type Error struct {
	What string `json:"error"`
	Hint string `json:"hint,omitempty"`
	// Wait: it becomes possible by itself; whoever can wait asks again.
	Wait bool `json:"wait,omitempty"`
	// Usage: it was typed wrongly, whatever the state of the line.
	Usage bool `json:"usage,omitempty"`
	// Cause is what the machine said, for the operator: no officer's screen shows it.
	Cause string `json:"cause,omitempty"`

	what, way []any // of What and Hint: the format, then its arguments
}

// Term is an argument that names a thing and is said in the person's language too; what somebody typed is no Term.
type Term string

// New makes a refusal: the way out, "" for none, and what was refused.
func New(way, what string, args ...any) *Error {
	e := &Error{what: append([]any{what}, args...), way: []any{way}}
	return e.In("en", func(_, english string) string { return english })
}

// Usage makes one of what was typed wrongly.
func Usage(way, what string, args ...any) *Error {
	e := New(way, what, args...)
	e.Usage = true
	return e
}

// Later makes one that ends by itself.
func Later(way, what string, args ...any) *Error {
	e := New(way, what, args...)
	e.Wait = true
	return e
}

// Way sets a way out that has arguments.
func (e *Error) Way(way string, args ...any) *Error {
	e.Hint, e.way = fmt.Sprintf(way, args...), append([]any{way}, args...)
	return e
}

// Because says what the machine said.
func (e *Error) Because(err error) *Error {
	e.Cause = err.Error()
	return e
}

// Of gives the refusal that an error is or wraps, or makes one of it.
func Of(err error) *Error {
	var e *Error
	if !errors.As(err, &e) {
		e = New("", "%v", err)
	}
	return e
}

// In gives the error in another language; say translates a sentence or a format.
func (e *Error) In(lang string, say func(lang, english string) string) *Error {
	in := *e
	if e.what != nil {
		in.What, in.Hint = sprint(lang, say, e.what), sprint(lang, say, e.way)
	}
	return &in
}

func sprint(lang string, say func(lang, english string) string, format []any) string {
	if format[0] == "" {
		return ""
	}
	args := make([]any, len(format)-1)
	for i, a := range format[1:] {
		switch a := a.(type) {
		case *Error:
			args[i] = a.In(lang, say).What
		case error:
			args[i] = say(lang, a.Error())
		case Term:
			args[i] = say(lang, string(a))
		case interface{ In(lang string) string }:
			args[i] = a.In(lang)
		default:
			args[i] = a
		}
	}
	return fmt.Sprintf(say(lang, format[0].(string)), args...)
}

// Unwrap gives the errors that it names.
func (e *Error) Unwrap() (errs []error) {
	for _, a := range e.what {
		if err, ok := a.(error); ok {
			errs = append(errs, err)
		}
	}
	return errs
}

// Error says it to the operator.
func (e *Error) Error() string {
	if e.Cause == "" {
		return e.What
	}
	return e.What + " (" + e.Cause + ")"
}
