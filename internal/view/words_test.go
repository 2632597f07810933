// SPDX-License-Identifier: Apache-2.0

package view

import (
	"testing"

	"example.org/parley/verify"
	"example.org/parley/words"
)

// Every kind of statement has its words: the table of the record shows no codes. SPEC: PAG-001
func TestEveryKindHasWords(t *testing.T) {
	for _, k := range verify.Kinds {
		if words.T("en", "said."+k.Name) == "[said."+k.Name+"]" {
			t.Errorf("no words for %s", k.Name)
		}
	}
}
