// SPDX-License-Identifier: Apache-2.0

package view

import (
	"testing"

	"example.org/parley/call"
)

// Two rings that crossed are two rows, one answered; the other says what it became. SPEC: PAG-024
func TestCrossedRings(t *testing.T) {
	in := world()
	in.Calls = append(in.Calls, call.State{Opener: "borealia", Call: "02", Class: "test", Called: call.End{Party: "aurelia", Began: entry("aurelia", "call.rang", 31, at("09:00:20"))},
		Outcome: call.Outcome{What: call.Answered, Became: "01"}, Began: at("09:00:20")})
	rows := Build(in, "en").Calls
	if rows[0].Word != "answered" || rows[1].Word != "both rang at once: it became A7-30" || rows[1].Outcome != "became" || rows[1].Became != "A7-30" {
		t.Errorf("crossed rings read %q and %+v", rows[0].Word, rows[1])
	}
}
