// SPDX-License-Identifier: Apache-2.0

// Package stop gives STOP its meaning: the one instruction that parties may send each other.
//
// A STOP is an item of its own: its party and a random id name it, so that a step may be stated before the statement
// that it is about has arrived. Fold turns the set of its statements and receipts into a State, Due adds its clocks.
// Copy is the unsigned first copy that rides the session at once, before any disk; Heard and With show what only the
// session has said beside what is recorded.
//
// Nothing that is given with a STOP keeps it from being sent: Draft cuts what does not fit.
//
// It sends nothing and knows no desk. Requirements: spec/message.md, section "STOP".
package stop
