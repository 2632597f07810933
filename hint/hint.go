// SPDX-License-Identifier: Apache-2.0

// Package hint is the error that a person can act on: what was refused, and the way out.
//
// The kinds of statement (register, message, contact) refuse a draft with it before anything is signed, the
// node and the faces print it as `error:` and `hint:`. It is public because the kinds are: whoever checks
// the other party's work imports nothing internal.
//
// It is not for the outcomes of protocols, which are sentinels and types of their own package, nor for
// what only an operator reads, which is `couldn't <verb> <object>: %w`.
package hint

// Error is a refusal that a person can act on.
type Error struct {
	What string `json:"error"`
	Hint string `json:"hint,omitempty"`
	// Wait: it becomes possible by itself; whoever can wait asks again.
	Wait bool `json:"wait,omitempty"`
	// Cause is what the machine said, for the operator: no officer's screen shows it.
	Cause string `json:"cause,omitempty"`
}

// Error says it to the operator.
func (e *Error) Error() string {
	if e.Cause == "" {
		return e.What
	}
	return e.What + " (" + e.Cause + ")"
}
