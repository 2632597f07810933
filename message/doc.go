// SPDX-License-Identifier: Apache-2.0

// Package message gives messages between two desks their meaning, with their ladder of acknowledgement.
//
// A message is one item: the statement that begins it (message.warning … message.incident) and the
// receiver's steps about it (shown, acknowledged, responded, complied, relayed). The step *held* is
// never a statement: it is the receiver's receipt. Fold turns the set of an item's statements into a
// State; it reads no clock, no order of arrival and no free words, and what came first matters only
// where the record proves it. Due adds the clocks of the message's precedence, usual or as the terms say.
//
// Coded phrases and their typed fields live in message/phrase. Builders (NewDraft, AckDraft, …) refuse
// what the other end would find not valid, saying why and the way out.
//
// It is not where statements are signed, stored or sent: package record and the node do that.
// Requirements: spec/message.md; the tables of steps: spec/message-steps.md.
package message
