// SPDX-License-Identifier: Apache-2.0

// Package record is the common memory of a line: logs of signed statements, receipts, evidence.
//
// A log is one run of one writer. Each statement signs the RFC 6962 root of its log's past and
// names what its author had seen of the other logs; the other party answers it with a signed
// receipt. A Record holds all logs of one line (or one party's private ones) and says of each
// statement whether it is sound, joined, inert or evidence, whether it is held by the other
// party, and to which item it belongs. All of that is a function of the set of statements and
// receipts, never of the order in which they arrived.
//
// What it is not: it stores nothing (internal/store does), sends nothing (internal/exchange
// does), reads no clock and knows no kind of statement: the kinds are handed in as a table
// (Options.Kinds) and their meaning stays with their packages. It never forgets: a failed commit
// is answered by throwing the Record away and adding everything again.
//
// The way through: check.go reads one note (form, signature; may run on any goroutine), record.go
// takes it in, chain.go joins it to its log or finds evidence, receipt.go says who holds it,
// judge.go says whether it folds and into which item, past.go answers what its author knew,
// run.go writes one's own. One goroutine owns a Record; only Check may be called from others.
//
// Spec: spec/record.md.
package record
