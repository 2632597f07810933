// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"strings"
	"time"
)

// Langs lists the languages that have a whole table of words.
func Langs() []string { return []string{"en", "it"} }

// Lang gives the language itself where it has a table, else English.
func Lang(lang string) string {
	if _, ok := words[lang]; ok {
		return lang
	}
	return "en"
}

// words holds one complete table a language; written once, here. SPEC: PAG-001 PAG-002
var words = map[string]map[string]string{"en": wordsEN, "it": wordsIT}

// T gives the words for a key in a language, with its arguments set in. A key without words is given back
// in brackets, so that it is seen; the tests let none through.
func T(lang, key string, args ...any) string {
	w, ok := words[Lang(lang)][key]
	if !ok {
		return "[" + key + "]"
	}
	if len(args) == 0 {
		return w
	}
	return fmt.Sprintf(w, args...)
}

// Has says whether a key has words.
func Has(key string) bool { _, ok := wordsEN[key]; return ok }

// wordOr gives the words for a code, or the code itself where another version of the line coined it.
func wordOr(lang, prefix, code string) string {
	if code == "" {
		return ""
	}
	if w, ok := words[Lang(lang)][prefix+"."+code]; ok {
		return w
	}
	return code
}

// Clock writes an instant of today as the watch does: 14:02:31Z.
func Clock(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("15:04:05Z")
}

// When writes an instant with its day where that is not today: 18 Feb 09:00Z.
func When(lang string, t, now time.Time) string {
	if t.IsZero() {
		return "–"
	}
	t, now = t.UTC(), now.UTC()
	if sameDay(t, now) {
		return t.Format("15:04Z")
	}
	return Day(lang, t, now) + " " + t.Format("15:04Z")
}

// Since writes from when something lasts: since 14:01Z, since 18 Feb 14:01Z.
func Since(lang string, t, now time.Time) string {
	if sameDay(t, now) {
		return T(lang, "since.today", When(lang, t, now))
	}
	return T(lang, "since.day", When(lang, t, now))
}

// Day writes a day: 18 Feb, with its year where that is not this year's.
func Day(lang string, t, now time.Time) string {
	t = t.UTC()
	months := strings.Fields(T(lang, "months"))
	d := fmt.Sprintf("%d %s", t.Day(), months[int(t.Month())-1])
	if t.Year() != now.UTC().Year() {
		d += fmt.Sprintf(" %d", t.Year())
	}
	return d
}

func sameDay(a, b time.Time) bool {
	a, b = a.UTC(), b.UTC()
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// Ms writes a span of milliseconds.
func Ms(ms float64) string {
	if ms < 10 && ms != float64(int(ms)) {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}
