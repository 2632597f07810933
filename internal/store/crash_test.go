// SPDX-License-Identifier: Apache-2.0

package store

import (
	"testing"

	"github.com/ncruces/go-sqlite3"
)

func openRaw(t *testing.T, path string) *sqlite3.Conn {
	c, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
