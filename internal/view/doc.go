// SPDX-License-Identifier: Apache-2.0

// Package view says what a person sees: state of a line in, a Desk of words, times and figures out.
//
// Everything that prints draws from here: the page's panels, the shell's text and --json, which prints a Desk as it is.
// The answer to a question is a Desk too, with the parts that were asked for; its text is a template of templates/shell.txt.
// What the domain has a type for is drawn as it is (an alarm, a path, a part of a check, an officer's facts); a type of
// this package is what only a screen needs.
//
// A state is a code for machines (State: "ringing-here"), the same in every language, and where its words take more than
// a look into the table, words for people beside it (Word: "RINGING THERE (2 desks)"). Times are UTC.
// A person's own words are never translated. Values inside them that were coded (a place, a time, a height) stand in
// spans of their own, so that a face can isolate them from the direction of the writing around them.
//
// The package is pure: it opens nothing, asks no clock and keeps no state. Build makes a Desk of an Input; the
// node fills the Input. Declined, no reply and not reached are three columns here and are counted separately.
//
// It knows no HTML but that of pages to print (contacts, and a Reading of a file by one who is no party). Its words are those of package words. The specification is spec/page.md.
package view
