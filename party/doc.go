// SPDX-License-Identifier: Apache-2.0

// Package party says who the two parties of a line are: their keys, the sheet on which each makes
// its keys known to the other, the digits by which people carry a sheet, the numbers by which two
// officers confirm a pairing, and the genesis that both sign when it is confirmed.
//
// It is public because the offline verifier and the other party's own tools need it, and pure:
// it opens no file and no socket and asks no clock. Randomness comes as an io.Reader.
//
// What it is not: it keeps no key on disk (internal/home does), it leads no pairing
// (internal/pairing does), and it knows no statement (record does).
//
// The forms are those of spec/record.md: every text is a signed note over printable ASCII with
// exactly one spelling, which is enforced by rendering what was parsed and comparing the bytes.
package party
