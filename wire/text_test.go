// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"testing"
	"unicode"
)

// Which characters a text may have is decided by the tables of the toolchain, and what they make valid is folded by two nodes that must agree.
// Where this fails, Go has the tables of another Unicode: let Seen and the drawing of names (claim/press.go) read tables of our own,
// made from those of 15.0.0 before the toolchain moves, and keep the table in spec/verify-claim.mjs as it is.
//
// SPEC: MSG-005 REC-015
func TestCharactersAreThoseOfUnicode15(t *testing.T) {
	if unicode.Version != "15.0.0" {
		t.Errorf("the tables are those of Unicode %s", unicode.Version)
	}
}
