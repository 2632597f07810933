// SPDX-License-Identifier: Apache-2.0

package party

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"example.org/parley/wire"
)

// Verhoeff's tables: multiplication in the dihedral group D5, and the permutation by place.
// They catch every single wrong digit and every swap of two neighbours.
var (
	verhoeffD = [10]string{"0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
		"5987604321", "6598710432", "7659821043", "8765932104", "9876543210"}
	verhoeffP = [8]string{"0123456789", "1576283094", "5803796142", "8916043527",
		"9453126870", "4286573901", "2793806415", "7046913258"}
	verhoeffInv = "0432156789"
)

// verhoeff folds the digits from the right; with shift 1 it is one step short: room for the check digit.
func verhoeff(s string, shift int) byte {
	c := byte(0)
	for i := range len(s) {
		d := s[len(s)-1-i] - '0'
		c = verhoeffD[c][verhoeffP[(i+shift)%8][d]-'0'] - '0'
	}
	return c
}

// Digits spells the first 132 bits of h for people: 40 decimal digits in eight groups of five,
// each group followed by its check digit. They carry a sheet (sheet digits) or a party (party digits).
//
// SPEC: REC-904
func Digits(h wire.Hash) string {
	n := new(big.Int).SetBytes(h[:17])
	n.Rsh(n, 4)
	all := fmt.Sprintf("%040s", n.String())
	groups := make([]string, 8)
	for i := range groups {
		g := all[5*i : 5*i+5]
		groups[i] = g + string(verhoeffInv[verhoeff(g, 1)])
	}
	return strings.Join(groups, " ")
}

// ErrDigits says that a text does not have the form of digits.
var ErrDigits = errors.New("the digits are eight groups of six")

// ParseDigits reads typed digits, however spaced, and gives their one spelling or says which groups are wrong.
func ParseDigits(s string) (string, error) {
	flat := strings.NewReplacer(" ", "", "\n", "", "\t", "", "-", "", "\r", "").Replace(s)
	if len(flat) != 48 || strings.Trim(flat, "0123456789") != "" {
		return "", ErrDigits
	}
	var bad []string
	groups := make([]string, 8)
	for i := range groups {
		groups[i] = flat[6*i : 6*i+6]
		if verhoeff(groups[i], 0) != 0 {
			bad = append(bad, strconv.Itoa(i+1))
		}
	}
	if bad != nil {
		return "", fmt.Errorf("wrong as typed: group %s", strings.Join(bad, ", "))
	}
	return strings.Join(groups, " "), nil
}
