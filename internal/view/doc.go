// SPDX-License-Identifier: Apache-2.0

// Package view says what a person sees: state of a line in, a struct of words, times and figures out.
//
// Everything that prints draws from here: the page's panels, the tables of the shell and --json, which prints
// these structs as they are. Their JSON names are stable: a name is added, never changed or taken away.
//
// Every fact stands twice where it is needed twice: as a code for machines (State: "ringing-here"), the same in
// every language, and as words for people (Word: "RINGING HERE"), in the language asked for. Times are UTC.
// A person's own words are never translated. Values inside them that were coded (a place, a time, a height) stand in
// spans of their own, so that a face can isolate them from the direction of the writing around them.
//
// The package is pure: it opens nothing, asks no clock and keeps no state. Build makes a Desk of an Input; the
// node fills the Input. Declined, no reply and not reached are three columns here and are never added up.
//
// It is not a template and knows no HTML. Its words are those of package words. The specification is spec/page.md.
package view
