// SPDX-License-Identifier: Apache-2.0

package check

import (
	"slices"

	"example.org/parley/words"
)

// Question is a short text with something to read out of it: whoever reads the language answers it at
// once, whoever does not cannot guess it more often than one time in four. Its words are question.ID in package words.
type Question struct {
	ID     string
	Answer string // a b c d, the same in each language
}

// In gives the text and the four choices in a language.
func (q Question) In(lang string) (text string, choices [4]string) {
	for i := range choices {
		choices[i] = words.T(lang, "question."+q.ID+"."+string(rune('a'+i)))
	}
	return words.T(lang, "question."+q.ID), choices
}

// Questions is the table. An id is never used again for another question.
var Questions = []Question{
	{"q01", "c"}, {"q02", "a"}, {"q03", "d"}, {"q04", "b"}, {"q05", "c"}, {"q06", "a"},
	{"q07", "d"}, {"q08", "b"}, {"q09", "c"}, {"q10", "a"}, {"q11", "b"}, {"q12", "d"},
}

// FindQuestion gives a question of the table.
func FindQuestion(id string) (Question, bool) {
	i := slices.IndexFunc(Questions, func(q Question) bool { return q.ID == id })
	if i < 0 {
		return Question{}, false
	}
	return Questions[i], true
}

// language gives the first of an officer's languages in which questions exist, "" where there is none.
//
// SPEC: CHK-006
func language(reads []string) string {
	for _, l := range reads {
		if slices.Contains(words.Langs(), l) {
			return l
		}
	}
	return ""
}
