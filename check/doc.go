// SPDX-License-Identifier: Apache-2.0

// Package check is the test of the line: on an agreed schedule, and whenever somebody asks.
//
// A slot has parts. The machine's: each end's statement goes over each path in turn and its receipt comes back
// by it; a tone goes over each path, is looped by the far node and measured; a STOP of class test is held. The
// officer's, within the terms' minutes: every desk of both ends rings, the answer takes the other end's STOP, and
// the officer answers a question that the other end chose, in a language that he reads. Each end states at most
// four statements: opened or joined, the STOP, its taking of the other's STOP, closed with the parts as rows.
//
// A slot is passed only when both ends say so. Otherwise it failed (which parts), found no operator, or was
// declined; what nobody opened was missed. None of these is ever added to another. Machine is pure and runs one
// slot at a time from Stated (what the record says of the slot, so that a restart is no second path); Fold reads
// the set of statements about one slot; Days makes the figures that `checks` prints: days, streak, last, overdue.
//
// It is not use of the line: its statements are of class test and its ring states no call.*.
//
// Spec: spec/check.md (CHK).
package check
