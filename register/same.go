// SPDX-License-Identifier: Apache-2.0

package register

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// alike pairs letters of Cyrillic and Greek with the Latin ones that are drawn the same.
var alike = strings.NewReplacer(
	"а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "у", "y", "х", "x", "і", "i", "ј", "j", "ѕ", "s", "ԁ", "d", "һ", "h", "ԛ", "q", "ԝ", "w",
	"А", "A", "В", "B", "Е", "E", "К", "K", "М", "M", "Н", "H", "О", "O", "Р", "P", "С", "C", "Т", "T", "У", "Y", "Х", "X", "І", "I", "Ј", "J", "Ѕ", "S",
	"Α", "A", "Β", "B", "Ε", "E", "Ζ", "Z", "Η", "H", "Ι", "I", "Κ", "K", "Μ", "M", "Ν", "N", "Ο", "O", "Ρ", "P", "Τ", "T", "Υ", "Y", "Χ", "X", "ο", "o", "ν", "v")

// tidy gives a name one way of writing: single spaces, composed letters.
func tidy(name string) string { return norm.NFC.String(strings.Join(strings.Fields(name), " ")) }

// Same reports whether two names read the same: whatever their letter case, spaces, way of composing letters, and
// alphabet where its letters are drawn alike.
//
// SPEC: MSG-046
func Same(a, b string) bool { return a != "" && read(a) == read(b) }

func read(name string) string {
	return strings.ToLower(alike.Replace(norm.NFKC.String(strings.Join(strings.Fields(name), " "))))
}
