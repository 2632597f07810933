// SPDX-License-Identifier: Apache-2.0

package statement

import (
	"errors"
	"regexp"
	"strings"
	"time"
)

// ErrWhen says that a text is none of the forms of a date.
var ErrWhen = errors.New("not a date: write 2022-02-18, ~2022-02-18, 2022-03-14/2022-03-20 or 2022-02-18T14:05:00Z")

const (
	dayForm     = "2006-01-02"
	instantForm = "2006-01-02T15:04:05Z"
)

// When is a date as well as it is known: an instant, a day, a span of whole days, or about a day, all UTC.
// The zero When is no date.
type When struct {
	from  time.Time // its first instant
	to    time.Time // the first instant after it; equal to from for an instant
	about bool      // within aboutDays of the day in its middle
}

// aboutDays is how far from its day a date may be that is known about.
const aboutDays = 3

// At is the When of an instant, cut to whole seconds.
func At(t time.Time) When {
	t = t.UTC().Truncate(time.Second)
	return When{from: t, to: t}
}

// Day is the When of the UTC day that t lies in.
func Day(t time.Time) When {
	d := startOfDay(t)
	return When{from: d, to: d.AddDate(0, 0, 1)}
}

func startOfDay(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// ParseWhen reads the one spelling that String gives: an instant to the second, a day, or first/last day.
// SPEC: CNT-001
func ParseWhen(s string) (When, error) {
	w, err := parseWhen(s)
	if err != nil || w.String() != s || w.from.Year() < 1900 || w.Latest().Year() > 2099 {
		return When{}, Refuse("", "%v (not %q)", ErrWhen, s)
	}
	return w, nil
}

func parseWhen(s string) (When, error) {
	if day, ok := strings.CutPrefix(s, "~"); ok {
		d, err := time.Parse(dayForm, day)
		return When{d.AddDate(0, 0, -aboutDays), d.AddDate(0, 0, aboutDays+1), true}, err
	}
	if first, last, ok := strings.Cut(s, "/"); ok {
		f, err := time.Parse(dayForm, first)
		l, err2 := time.Parse(dayForm, last)
		if err != nil || err2 != nil || !l.After(f) {
			return When{}, ErrWhen
		}
		return When{from: f, to: l.AddDate(0, 0, 1)}, nil
	}
	if t, err := time.Parse(instantForm, s); err == nil {
		return At(t), nil
	}
	d, err := time.Parse(dayForm, s)
	return Day(d), err
}

var aDay = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// ReadWhen is ParseWhen for what people type: an instant may have an offset or leave out its seconds.
// SPEC: CNT-001
func ReadWhen(s string) (When, error) {
	s = strings.TrimSpace(s)
	if t, err := ReadInstant(s); err == nil {
		s = At(t).String()
	}
	w, err := ParseWhen(s)
	first, last, _ := strings.Cut(s, "/")
	for _, d := range []string{strings.TrimPrefix(first, "~"), last} {
		if _, bad := time.Parse(dayForm, d); bad != nil && aDay.MatchString(d) {
			return w, Refuse("look at the calendar", "there is no day %s", d)
		}
	}
	if err != nil && aDay.MatchString(first) && aDay.MatchString(last) && last <= first {
		return w, Refuse("write the first day, a slash and a later day; one day alone has no slash", "the span %s ends before it begins, or with its first day", s)
	}
	if err != nil {
		return w, Refuse("write an instant 2022-02-18T14:05Z, a day 2022-02-18, or a span of days 2022-03-14/2022-03-20, or ~2022-03-16 for within 3 days of it, of 1900 to 2099", "%q is not a date", s)
	}
	return w, nil
}

// instants are the ways in which people write an instant: ISO 8601 with an offset, a date-time group.
var instants = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04Z07"}

var group = regexp.MustCompile(`^(\d{6})Z ?([A-Z]{3}) ?(\d{2})$`)

// ReadInstant reads an instant as people write it, to the second: an offset or Z is never left out, for a time of day
// without one means something else at the other end.
// SPEC: MSG-012
func ReadInstant(s string) (time.Time, error) {
	s = strings.ToUpper(strings.Join(strings.Fields(s), " "))
	for _, form := range instants {
		if t, err := time.Parse(form, strings.Replace(s, " ", "T", 1)); err == nil {
			if t = t.UTC(); t.Nanosecond() == 0 {
				return t, nil
			}
		}
	}
	if m := group.FindStringSubmatch(s); m != nil {
		if t, err := time.Parse("021504 Jan 06", m[1]+" "+m[2]+" "+m[3]); err == nil {
			return t, nil
		}
	}
	return time.Time{}, Refuse("", "%q is no instant: write 2022-02-18T14:05Z, 2022-02-18T15:05+01:00 or 181405Z FEB 22", s)
}

var clock = regexp.MustCompile(`^([01]\d|2[0-3]):?([0-5]\d)Z?$`)

// ReadClock reads a time of day, which is UTC: 1430, 14:30, 14:30Z. It is the one nearest to at, or with next the first that
// is not before it. Whoever types it is shown the day that was meant.
// SPEC: MSG-017
func ReadClock(s string, at time.Time, next bool) (t time.Time, ok bool) {
	m := clock.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(s)))
	if m == nil {
		return t, false
	}
	t, _ = time.Parse(dayForm+" 1504", at.UTC().Format(dayForm)+" "+m[1]+m[2])
	for t.Before(at) && next || at.Sub(t) > 12*time.Hour {
		t = t.AddDate(0, 0, 1)
	}
	if t.Sub(at) > 12*time.Hour && !next {
		t = t.AddDate(0, 0, -1)
	}
	return t, true
}

// String gives the spelling that ParseWhen reads, "" for the zero When.
func (w When) String() string {
	switch {
	case w.IsZero():
		return ""
	case w.about:
		return "~" + w.Middle().Format(dayForm)
	case w.IsInstant():
		return w.from.Format(instantForm)
	case w.IsDay():
		return w.from.Format(dayForm)
	}
	return w.from.Format(dayForm) + "/" + w.to.AddDate(0, 0, -1).Format(dayForm)
}

// MarshalText and UnmarshalText let facts carry a When.
func (w When) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText is ParseWhen.
func (w *When) UnmarshalText(b []byte) (err error) {
	*w, err = ParseWhen(string(b))
	return err
}

// IsZero reports that there is no date.
func (w When) IsZero() bool { return w.from.IsZero() }

// IsInstant, IsDay: as well as that it is known.
func (w When) IsInstant() bool { return w.from.Equal(w.to) }

// IsDay reports a date known to the day.
func (w When) IsDay() bool { return w.to.Equal(w.from.AddDate(0, 0, 1)) }

// IsAbout reports a date that is known about a day.
func (w When) IsAbout() bool { return w.about }

// Middle is the day that a date is about.
func (w When) Middle() time.Time { return w.from.AddDate(0, 0, aboutDays) }

// Earliest is the first instant at which it may have been.
func (w When) Earliest() time.Time { return w.from }

// Latest is the last instant at which it may have been, to the second.
func (w When) Latest() time.Time {
	if w.IsInstant() {
		return w.from
	}
	return w.to.Add(-time.Second)
}

// Where a date lies from the beginning of a window.
const (
	SideBefore    = "before"
	SideSince     = "since"
	SideStraddles = "straddles" // it may have been before or after: it counts as neither
	SideNever     = "never"     // of a pair: nothing on record
)

// Side compares w with the beginning of a window; everything is since the zero When.
// SPEC: CNT-002
func (w When) Side(begin When) string {
	switch {
	case begin.IsZero() || w.from.After(begin.Latest()) || begin.IsInstant() && !w.from.Before(begin.from):
		return SideSince
	case w.Latest().Before(begin.from):
		return SideBefore
	}
	return SideStraddles
}

// Overlaps reports that w and v may have been at the same time.
func (w When) Overlaps(v When) bool { return !w.Latest().Before(v.from) && !v.Latest().Before(w.from) }

// Days counts the days between the UTC date of w and that of now: at least, and for a span at most.
// SPEC: CNT-003
func (w When) Days(now time.Time) (least, most int) {
	today := startOfDay(now)
	days := func(t time.Time) int { return max(0, int(today.Sub(startOfDay(t)).Hours()/24)) }
	return days(w.Latest()), days(w.from)
}
