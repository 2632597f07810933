// SPDX-License-Identifier: Apache-2.0

// Package register gives meaning to statements about the line itself: its genesis, the officers of each
// party, posts and how they pair with the other party's, and the dated events that figures count from.
//
// Officers, posts and events are registers: they change how a statement is shown (its officer's name,
// *revoked officer*), never whether it counts. Each party states its own; a post of the other party is
// stated *as we know it* until that party states its own.
//
// Build makes the Register out of the items of a record; look-ups go by name, in any language given,
// or by short ID, and an ambiguous name is refused naming what it fits; a name that reads like one that is there is
// refused. Draft builders refuse what the
// other end would find not valid.
//
// It is not the sheet, not the keys and not the pairing (package party); it is not contacts (package
// contact), which build on posts and events. Requirements: spec/message.md, section "The line itself".
package register
