// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/line"
	"example.org/parley/message"
	"example.org/parley/record"
)

// Kinds gives every kind of statement that this verifier can judge.
func Kinds() map[string]record.Kind {
	m := map[string]record.Kind{}
	for _, k := range slices.Concat(line.Kinds(), message.Kinds(), call.Kinds(), check.Kinds(), contact.Kinds()) {
		m[k.Name] = k
	}
	return m
}
