// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"example.org/parley/record"
	"example.org/parley/statement"
)

// Kinds lists the kinds of this package.
var Kinds = []statement.Kind{
	statement.New(statement.Kind{Kind: record.Kind{Name: KindMade, Begins: true}, Class: "service"}, (*State).made),
	statement.New(statement.Kind{Kind: record.Kind{Name: KindPlaced, Begins: true}, Class: "service"}, (*State).placed),
	statement.New(statement.Kind{Kind: record.Kind{Name: KindOutcome}, Class: "service"}, (*State).outcome),
}

// State is what an item of this package is: exactly one of the two is set, or none while the beginning
// is not here.
type State struct {
	Contact *Contact
	Request *Request

	said []Attempt // every outcome of the request
}

// Fold gives the state of a contact or a request as a function of the set of its statements.
//
// SPEC: CNT-008
func Fold(it *record.Item, past statement.Past) (s State) {
	if it == nil {
		return s
	}
	statement.Fold(Kinds, &s, it)
	if r := s.Request; r != nil {
		for _, o := range s.said {
			if about(o, s.said) == nil {
				r.Attempts = append(r.Attempts, attempt(o, s.said, r.When, past))
			}
		}
		r.judge(past)
	}
	return s
}

// Column is the column of a figure that an outcome belongs to. Columns are never added up.
//
// SPEC: CNT-012
func Column(outcome string) string {
	if outcome == Lapsed {
		return NoReply
	}
	return outcome
}
