// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

// Eight questions at most, each with its reason; a file of answers names no other.
// SPEC: CLI-062
func TestSetupAsksEightQuestionsAtMost(t *testing.T) {
	if len(questions) > 8 {
		t.Errorf("%d questions", len(questions))
	}
	for _, q := range questions {
		if q.ask == "" || q.why == "" || q.put == nil {
			t.Errorf("%s is not explained", q.key)
		}
	}
	if _, err := decodeAnswers([]byte("party = 7")); err == nil {
		t.Error("a number is a name")
	}
}

func FuzzDecodeAnswers(f *testing.F) {
	f.Add([]byte("party = \"aurelia\"\npaths = [\"1=192.0.2.1:7443\"]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		given, err := decodeAnswers(b)
		if err == nil && len(given) > len(questions) {
			t.Error("more answers than questions")
		}
	})
}
