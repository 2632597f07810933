// SPDX-License-Identifier: Apache-2.0

package node

import (
	"strings"
	"testing"
)

// What a greeting says of the other end's program, however little or much it says.
//
// SPEC: NOD-042
func TestOtherVersion(t *testing.T) {
	for greeting, want := range map[string]string{
		"":                                "",
		"parley/1 sheet 1":                "",
		"parley/1 kinds " + kindsKnown:    "",
		"parley/1 kinds 00000000 version": "unknown",
		"parley/1 sheet 1 kinds 00000000": "unknown",
		"parley/1 kinds 00000000 version v2.0.0 last":                      "v2.0.0",
		"parley/1 kinds 00000000 version \x1b[2J":                          "[2J",
		"parley/1 kinds 00000000 version \x1b":                             "unknown",
		"parley/1 kinds 00000000 version " + strings.Repeat("9", 300):      strings.Repeat("9", 40),
		"parley/1 " + strings.Repeat("x y ", 500) + "kinds 0 version v2.0": "",
	} {
		if got := otherVersion([]byte(greeting)); got != want {
			t.Errorf("%.60q: %q, want %q", greeting, got, want)
		}
	}
}
