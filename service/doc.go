// SPDX-License-Identifier: Apache-2.0

// Package service gives meaning to what a party states of the line itself and of its own watch.
//
// A line is in service, suspended, in maintenance or left; each is an act of one party, dated by its author, and ends at
// its time or when the same party resumes. None of them is a fault: no check is run meanwhile, and STOP, rings, messages and
// the record go on. Where both parties have suspended the line, both resume it.
//
// The watch notes what it wants remembered and hands over what is open. These stand in a party's private log unless it
// shares them.
//
// It is not liveness: that a path, a station or a desk is down is seen by each end, and is stated by nobody here.
//
// Spec: spec/service.md.
package service
