// SPDX-License-Identifier: Apache-2.0

package act

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// all lists every act once; Decode and the tests read it.
var all = []Act{
	OfficerAdd{}, OfficerList{}, SignOn{}, SignOff{}, Desk{}, Open{}, Send{}, Ack{}, Respond{}, Shown{},
	PhraseList{}, Stop{}, StopStep{}, Ring{}, Answer{}, Decline{}, HangUp{}, Class{}, CheckNow{}, CheckConfirm{},
	PostAdd{}, PostList{}, EventAdd{}, ContactAdd{}, RequestRecord{}, RequestOutcome{}, AlarmList{}, AlarmAck{},
	Status{}, Inbox{}, Log{}, Show{}, Calls{}, Checks{}, Contacts{}, Export{}, Confirm{},
}

// Verbs lists every verb that Decode knows.
func Verbs() []string {
	vs := make([]string, len(all))
	for i, a := range all {
		vs[i] = a.Verb()
	}
	return vs
}

// Decode makes an act of its verb and JSON arguments; unknown verbs and members are refused.
func Decode(verb string, args []byte) (Act, error) {
	for _, a := range all {
		if a.Verb() != verb {
			continue
		}
		p := reflect.New(reflect.TypeOf(a))
		if len(args) > 0 {
			dec := json.NewDecoder(bytes.NewReader(args))
			dec.DisallowUnknownFields()
			if err := dec.Decode(p.Interface()); err != nil {
				return nil, &Error{What: fmt.Sprintf("the arguments of %s could not be read: %v", verb, err)}
			}
		}
		return p.Elem().Interface().(Act), nil
	}
	return nil, &Error{What: fmt.Sprintf("there is no verb %q", verb), Hint: "see: parley help"}
}
