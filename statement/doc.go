// SPDX-License-Identifier: Apache-2.0

// Package statement is what every kind of statement shares: the person behind it, its dates and times, the one rule
// for a line of text, how a kind is judged and folded, and how a draft is refused.
//
// A kind is one value of Kind, made by New from its facts: how they are judged (Validate), how one statement changes
// the state of its item (Fold), whether it goes at once (Urgent) and is still recorded on a full disk (Reserve).
// The packages that give statements their meaning (register, message, stop, call, check, contact) list their kinds;
// package verify joins the lists into the one that node and verifier read.
//
// Validate and Fold are functions of the statement and of the beginning of its item alone: no clock, no arrival.
// What one side may state and the other would find not valid is refused by Draft before anything is signed.
//
// It knows no kind. It signs, stores and sends nothing: that is package record and the node.
// Requirements: spec/message.md, spec/contact.md (dates); the list of kinds and their members: spec/kinds.md.
package statement
