// SPDX-License-Identifier: Apache-2.0

// Package verify is the offline verifier: it says of an export whether it holds.
//
// It is the other party's tool: it imports public packages only, asks nobody, needs no network,
// no home and no clock, and trusts no word of the file but what a key has signed. Which keys
// these are it takes from the file's own genesis; whose they are only the reader can know, who
// gives the party hash that he expects.
//
// export.go is the form of the file, verify.go the judgement, kinds.go the kinds that it knows. The
// signatures are checked on all processors (order.go), everything else in the order of the file.
//
// What it is not: it mends nothing, and it does not say that a file is complete. Where a log ends
// in the file, only what others name of it (receipts, seen, re) shows that it went on.
//
// Spec: spec/record.md, Exports.
package verify
