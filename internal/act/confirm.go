// SPDX-License-Identifier: Apache-2.0

package act

// Confirm is the pairing's: without a number it asks for the genesis in words and for our number to
// read out; with the number that the other end read out it confirms. A line in service refuses it.
type Confirm struct {
	Number string `json:"number,omitempty"`
	Refuse bool   `json:"refuse,omitempty"` // B does not sign this genesis
}

func (Confirm) Verb() string { return "confirm" }
