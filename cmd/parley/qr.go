// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"rsc.io/qr"
)

// drawQR draws a text as a QR code of two rows a line, dark on light whatever the terminal's colours are.
func drawQR(text string) string {
	c, err := qr.Encode(text, qr.L)
	if err != nil {
		return "" // the text stands above it
	}
	const quiet = 4 // modules, as readers want them
	var b strings.Builder
	for y := -quiet; y < c.Size+quiet; y += 2 {
		b.WriteString("\x1b[30;47m")
		for x := -quiet; x < c.Size+quiet; x++ {
			b.WriteString(map[[2]bool]string{{false, false}: " ", {true, false}: "▀", {false, true}: "▄", {true, true}: "█"}[[2]bool{c.Black(x, y), c.Black(x, y+1)}])
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}
