// SPDX-License-Identifier: Apache-2.0

// Package wire holds the bytes that two parties exchange and owns no meaning.
//
// It has four parts, each a pure decoder and encoder that a stranger may feed with anything:
//
//   - notes: signed texts in one strict spelling of the C2SP signed note (note.go);
//   - bodies: one line of JSON with a salt, and strictly one reading (json.go);
//   - frames: length-framed messages of a session's stream (frame.go);
//   - packets: the header of the lane's sealed packets (packet.go).
//
// What it is not: it opens no socket, reads no clock, keeps no state, and knows neither kinds of
// statement nor parties. A decoder never allocates by a length that it has not yet received.
//
// Two spellings of one thing are the root of most forgeries, so every decoder accepts exactly one:
// a hash that does not re-encode to itself, a space too many, a member twice, a name in another
// case, a surrogate without its pair are refused, not repaired.
//
// Spec: spec/record.md.
package wire
