// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/claim"
	"example.org/parley/contact"
	"example.org/parley/message"
	"example.org/parley/readout"
	"example.org/parley/register"
	"example.org/parley/service"
	"example.org/parley/stop"
)

// Kinds is every kind of statement: the one list that the verifier judges by and the node writes by.
var Kinds = slices.Concat(register.Kinds, message.Kinds, stop.Kinds, call.Kinds, check.Kinds, contact.Kinds, service.Kinds, service.TermKinds, service.SheetKinds, readout.Kinds, claim.Kinds)
