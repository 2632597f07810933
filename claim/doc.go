// SPDX-License-Identifier: Apache-2.0

// Package claim is what a party claims of its line and anybody recomputes: *tested daily since 1 March, never used for
// substance, the ministers last spoke on 18 February*.
//
// A claim is a statement (claim.made) that says figures of the record in its own past. The one piece of code that works
// them out is here: a node makes a claim by it, the offline verifier checks one by it. It reads headers and the facts of a
// few kinds, never words.
//
// It is not the file that goes with a claim, nor the judgement of it: that is package verify. And it decides nothing about
// what is true: a figure is what two parties have stated.
//
// Spec: spec/claim.md.
package claim
