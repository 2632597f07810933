// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"strings"
	"time"

	"example.org/parley/words"
)

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

// Moment is When for steps, which may be due in seconds: those of today to the second.
func Moment(lang string, t, now time.Time) string {
	if sameDay(t, now) {
		return Clock(t)
	}
	return When(lang, t, now)
}

// Since writes from when something lasts: since 14:01Z, since 18 Feb 14:01Z.
func Since(lang string, t, now time.Time) string {
	if sameDay(t, now) {
		return words.T(lang, "since.today", When(lang, t, now))
	}
	return words.T(lang, "since.day", When(lang, t, now))
}

// Day writes a day: 18 Feb, with its year where that is not this year's.
func Day(lang string, t, now time.Time) string {
	t = t.UTC()
	months := strings.Fields(words.T(lang, "months"))
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
