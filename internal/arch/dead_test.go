// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"os/exec"
	"testing"
)

// TestEveryFunctionIsReached: what tests alone call is no part of the product, and stands among the tests.
// SPEC: NOD-022
func TestEveryFunctionIsReached(t *testing.T) {
	if testing.Short() {
		t.Skip("it reads the whole program: some seconds of both processors")
	}
	cmd := exec.Command("go", "tool", "deadcode", "./cmd/parley")
	cmd.Dir = root(t)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: no way leads to these from main:\n%s", err, out)
	}
}
