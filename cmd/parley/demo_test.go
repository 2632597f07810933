// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"

	"example.org/parley/internal/story"
)

// What is typed for a telephone that is not there, or is no verb of one, gets the usage.
// SPEC: CLI-057
func TestTypedWrongForTheTelephones(t *testing.T) {
	var out bytes.Buffer
	a := &app{stdio: stdio{strings.NewReader("201 lit\n203 lift\n201\n"), &out, nil}, lang: "en"}
	a.handsets(&story.World{Phones: [2]*story.Handset{{Number: "201"}, {Number: "301"}}}, "the usage")
	if out.String() != strings.Repeat("the usage\n", 3) {
		t.Errorf("%q", out.String())
	}
}
