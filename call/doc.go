// SPDX-License-Identifier: Apache-2.0

// Package call is the ring between two desks: its signals, its machine, and what each end states of it afterwards.
//
// A call is not a statement. Ringing, answering, declining and hanging up are small sealed packets of the
// session (Signal), sent over every live path, repeated until answered; they wait for no disk and work while
// the record does not. Machine is the pure state machine of one end: an event in (a person's act, the peer's
// signal, desks, media, the line, a tick), effects out (signals, bells, media, drafts of statements).
// One rule orders every race: the called end decides. What its desk did before the caller's cancel arrived
// stands at both ends, though the two acts cross on their way: where it answered, a cancel makes the call crossed,
// without sound, and a caller whose wait had just ended is connected; where it declined, it is declined. Where two rings
// cross, party A's stays and both are connected.
//
// Beside it, in its own time, each end states call.placed or call.rang at once, call.silent where it counts no sound, and
// call.closed at the end (outcome, class in the header, meters, times, desks, officer), all with the call's random id. Fold reads
// the set of those statements: where the ends differ both stand, and A13 is raised.
//
// It is not the voice: frames go by internal/voice and the link, opaque. It is not a request between
// principals: that is package contact, with outcomes of its own counted separately from these.
//
// Spec: spec/call.md (CAL).
package call

import "errors"

// Sentinels of decoding.
var (
	ErrID     = errors.New("not a call id of 32 hexadecimal digits")
	ErrSignal = errors.New("not a call signal")
)
