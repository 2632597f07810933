// SPDX-License-Identifier: Apache-2.0

package node

import (
	"slices"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/line"
	"example.org/parley/message"
	"example.org/parley/record"
)

// Kinds is the list of every kind of statement that this version writes and understands.
func Kinds() map[string]record.Kind {
	m := map[string]record.Kind{}
	for _, k := range slices.Concat(line.Kinds(), message.Kinds(), call.Kinds(), check.Kinds(), contact.Kinds()) {
		m[k.Name] = k
	}
	return m
}

// urgent: these go at once over every live path, the others by the stream.
func urgent(e *record.Entry) bool {
	switch e.Kind {
	case call.KindPlaced, call.KindRang, call.KindClosed, check.KindOpened, check.KindJoined, check.KindClosed:
		return true
	}
	return message.Urgent(e)
}
