// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"example.org/parley/internal/fault"
)

// TestMain: what a node gives up because this program failed at it fails here.
func TestMain(m *testing.M) {
	code := m.Run()
	if n := fault.Count(); n > 0 {
		fmt.Println("FAIL:", n, "panics were caught")
		code = 1
	}
	os.Exit(code)
}

// Every file of testdata is a conversation, played on simulated time.
// SPEC: ALM-010 NOD-001 NOD-002 NOD-003 NOD-004 NOD-005 NOD-006 NOD-007 NOD-013 EXC-003 EXC-004 EXC-007 EXC-009
// SPEC: CNT-016 CNT-028 CNT-029 REC-913 MSG-050 MSG-024 CAL-019 CAL-020 SVC-005 SVC-006 SVC-007 SVC-008 SVC-009 SVC-010 RDO-003 RDO-007 TRM-002 TRM-005 TRM-006 RDO-008 EXC-012 RDO-009 RDO-010
func TestConversations(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("testdata")
	if err != nil || len(files) == 0 {
		t.Fatal("no conversation", err)
	}
	for i, f := range files {
		t.Run(strings.TrimSuffix(f.Name(), ".txt"), func(t *testing.T) {
			simulate(t, uint64(i+1), func(w *world) { play(w, f.Name()) })
		})
	}
}
