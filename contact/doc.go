// SPDX-License-Identifier: Apache-2.0

// Package contact gives meaning to statements about contacts between principals and about requests for
// them: who spoke with whom, when and by which channel; who was sought, and what became of it.
//
// Three kinds of item. A contact (contact.made) is between posts, or said by one before everybody, dated as well as it
// is known (statement.When); what the other side says of it, and what was raised at it, is stated about it. A request
// (request.placed) seeks a call or a meeting, once or standing; its statement is its first attempt, each request.tried a
// further one, and each attempt has what became of it as either side states it. An assessment (assessment.made) is a
// party's own reading, in its private log alone.
//
// Fold gives one item as it stands. A Book keeps all of them as they change, finds which statements are one contact and
// whose word each is, and answers Since: for each pair of counterparts when they last spoke, and the three columns
// declined (an act), no reply and not reached, which are counted separately. What straddles the beginning of the window
// counts neither before nor after it and is listed so.
//
// It is not the line's own calls: what desks ring on the line is package call, and no contact. It knows
// posts only by place (package register states them) and reads no free text.
//
// Spec: spec/contact.md.
package contact
