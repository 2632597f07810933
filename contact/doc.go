// SPDX-License-Identifier: Apache-2.0

// Package contact gives meaning to statements about contacts between principals and about requests for
// them: who spoke with whom, when and by which channel; who was sought, and what became of it.
//
// Two kinds of item. A contact (contact.made) is a call, meeting, summons or letter between posts, dated
// as well as it is known: an instant, a day or a span of days (When). A request (request.placed) seeks a
// call or a meeting, once or standing; each request.outcome is what became of one attempt. An outcome that
// one side states is *stated by* that side until the other states the same of it (confirmed) or another
// (disputed); both are kept.
//
// Since counts over a window: for each pair of counterparts when they last spoke, and the three columns
// declined (an act), no reply and not reached, which are never added up. What straddles the beginning of
// the window counts neither before nor after it and is named so.
//
// It is not the line's own calls: what desks ring on the line is package call, and no contact. It knows
// posts only by place (package register states them) and reads no free text. Confirming, correcting and
// disputing a contact, withdrawing a request, concerns and readouts are kinds to come: a fold of this
// version does not see them.
//
// Spec: spec/contact.md.
package contact
