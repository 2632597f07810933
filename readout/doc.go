// SPDX-License-Identifier: Apache-2.0

// Package readout gives meaning to readouts: each side's own account of a contact, point by point.
//
// A readout is one side's alone. It is never merged with the other side's, and never agreed on: what both sides sign during
// a call is something else (points read back). A later version names the one that it replaces; both stay on record. Its
// side may publish it; whom it was shown to is stated; the other side may state an exception to one of its points.
//
// What it is about, a contact or a call of the line, is named by its first `re`. This package reads neither.
//
// Spec: spec/readout.md.
package readout
