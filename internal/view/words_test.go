// SPDX-License-Identifier: Apache-2.0

package view

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.org/parley/verify"
)

// SPEC: PAG-001
func TestWordsAreComplete(t *testing.T) {
	verb := regexp.MustCompile(`%[a-z]`)
	for _, lang := range Langs() {
		for k, en := range wordsEN {
			w, ok := words[lang][k]
			if !ok || strings.TrimSpace(w) == "" {
				t.Errorf("%s has no words for %q", lang, k)
			}
			if a, b := verb.FindAllString(en, -1), verb.FindAllString(w, -1); !slices.Equal(a, b) {
				t.Errorf("%s %q takes %v, English %v", lang, k, b, a)
			}
		}
		for k := range words[lang] {
			if !Has(k) {
				t.Errorf("%s has words for %q, English has none", lang, k)
			}
		}
	}
	if T("xx", "no such key") != "[no such key]" {
		t.Error("a key without words must be seen")
	}
}

// Every kind of statement has its words: the table of the record shows no codes. SPEC: PAG-001
func TestEveryKindHasWords(t *testing.T) {
	for _, k := range verify.Kinds {
		if !Has("said." + k.Name) {
			t.Errorf("no words for %s", k.Name)
		}
	}
}

// banned holds, a language, the words that rulings overtook, each with the keys where it may stand.
var banned = map[string][]struct {
	pattern string
	except  string
}{
	"en": {
		{`(?i)\bposition\b|\bbundle\b|\bofficial\b|\binterpreter\b`, `^$`},
		{`(?i)\blinks?\b`, `^(known\.|signin\.)`},
		{`(?i)\bunanswered\b|\bsought\b`, `^(still|request\.declined-so-far)$`},
		{`(?i)\bsent\b`, `^$`},
		{`(?i)\brefus`, `^(stop\.refuse|rung\.refused|stop\.word\.refused|said\.stop\.refused)$`},
		{`(?i)\bcosign|\bcheckpoint|\bepoch`, `^$`},
	},
	"it": {
		{`(?i)\binviato\b`, `^$`},
		{`(?i)\brifiut`, `^(stop\.refuse|rung\.refused|stop\.word\.refused|said\.stop\.refused)$`},
	},
}

// Refusal is an act: of a STOP, of a ring. No reply and not reached are never called so. SPEC: PAG-002
func TestWordsOfRulings(t *testing.T) {
	for lang, rows := range banned {
		for _, r := range rows {
			bad, ok := regexp.MustCompile(r.pattern), regexp.MustCompile(r.except)
			for k, w := range words[lang] {
				if bad.MatchString(w) && !ok.MatchString(k) {
					t.Errorf("%s %s: %q has a word that the rulings overtook (%s)", lang, k, w, r.pattern)
				}
			}
		}
	}
}
