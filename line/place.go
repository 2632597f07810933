// SPDX-License-Identifier: Apache-2.0

package line

import (
	"errors"
	"strconv"
	"strings"

	"example.org/parley/record"
)

// ErrPlace says that a text is not the one spelling of a place.
var ErrPlace = errors.New("not a place of the record: <party>/<number>.<run> <index>")

// FormatPlace writes a place as facts carry it: aurelia/1.k7qx3m 14.
func FormatPlace(p record.Place) string { return p.String() }

// ParsePlace reads only what FormatPlace writes.
//
// SPEC: MSG-004
func ParsePlace(s string) (record.Place, error) {
	log, index, ok := strings.Cut(s, " ")
	party, id, ok2 := strings.Cut(log, "/")
	if !ok || !ok2 || !record.ValidParty(party) {
		return record.Place{}, ErrPlace
	}
	log2, err := record.ParseLogID(id)
	n, err2 := strconv.ParseInt(index, 10, 32)
	p := record.Place{Party: party, LogID: log2, Index: int(n)}
	if err != nil || err2 != nil || n < 0 || p.String() != s {
		return record.Place{}, ErrPlace
	}
	return p, nil
}
