// SPDX-License-Identifier: Apache-2.0

package statement

import (
	"example.org/parley/record"
)

// Knowns say how a person was known.
var Knowns = []string{"account", "account + link", "passkey", Unattributed}

// Unattributed is how nobody is known: the act came from an armed desk.
const Unattributed = "unattributed"

// Author is the person behind a statement, as it stands in the facts of every kind.
type Author struct {
	Officer string `json:"officer,omitempty"` // place of his officer.added, "" unattributed
	Known   string `json:"known"`             // account · account + link · passkey · unattributed
	Desk    string `json:"desk,omitempty"`
}

// Validate judges an author: an officer, or unattributed; nil where nobody is named.
//
// SPEC: MSG-004
func (a *Author) Validate() error {
	if a == nil {
		return nil
	}
	if err := OneOf("how its author is known", a.Known, Knowns); err != nil {
		return err
	}
	if (a.Officer == "") != (a.Known == Unattributed) {
		return Refuse("", "an officer, or unattributed: one of the two")
	}
	if a.Officer != "" {
		if _, err := record.ParsePlace(a.Officer); err != nil {
			return Refuse("", "officer: %v", err)
		}
	}
	return Optional("desk", a.Desk, 32)
}

// Person judges the author of what only a person may state.
func (a Author) Person() error {
	if err := a.Validate(); err != nil {
		return err
	}
	return If(a.Officer == "", "it needs a person: unattributed is not enough")
}

// Actor is who acts, for which party.
type Actor struct {
	Party string
	Author
}
