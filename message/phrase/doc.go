// SPDX-License-Identifier: Apache-2.0

// Package phrase is the phrasebook: coded phrases with typed fields, signed as codes and read by each
// side in its own language. At 03:00, without a linguist, they are what crosses.
//
// A phrase is a code (KEEP_CLEAR), the kind of message that it is, and its fields. Every field has a
// Type with one strict reader and one canonical form; Equal compares what a value means, so that
// 54.20N 18.40E and 54-12N 018-24E read back alike. Render draws a phrase in a language as spans:
// each coded value is a span of its own, which a page isolates, since a bidirectional paragraph
// would otherwise tear a hemisphere letter from its latitude.
//
// The words are in package words, one file a language, complete or the tests fail. Values are never put
// through a number formatter: ASCII digits, UTC, metres everywhere.
//
// It translates nothing: words that are not in a template never appear. Requirements: spec/message.md.
package phrase
