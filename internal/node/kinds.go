// SPDX-License-Identifier: Apache-2.0

package node

import (
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/verify"
)

// urgent: these go at once over every live path, the others by the stream.
func urgent(e *record.Entry) bool {
	k, ok := statement.Find(verify.Kinds, e.Kind)
	return ok && k.Goes(e)
}

// reserved: what is still recorded when the disk is full (rulings: the record never silences the line).
func reserved(kind string) bool {
	k, _ := statement.Find(verify.Kinds, kind)
	return k.Reserve
}
