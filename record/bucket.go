// SPDX-License-Identifier: Apache-2.0

package record

import (
	"slices"
	"time"
)

func (r *Record) sortedPlaces(ps []Place) []Place {
	slices.SortFunc(ps, func(a, b Place) int { return compareKeys(a.key(), b.key()) })
	return ps
}

// Bucket limits how many logs a party may open: a burst, then so many a day, filled by a
// monotonic clock that the caller reads.
//
// SPEC: REC-016
type Bucket struct {
	Burst int
	Day   int // refilled each day
	left  float64
	at    time.Duration
	begun bool
}

// LogBucket is the rule for new logs: a burst of 60, then 48 a day.
func LogBucket() *Bucket { return &Bucket{Burst: 60, Day: 48} }

// Take reports whether there is room for one more at a reading of the monotonic clock, and takes it.
func (b *Bucket) Take(at time.Duration) bool {
	if !b.begun {
		b.left, b.begun = float64(b.Burst), true
	} else if at > b.at {
		b.left = min(float64(b.Burst), b.left+float64(b.Day)*float64(at-b.at)/float64(24*time.Hour))
	}
	b.at = max(b.at, at)
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// Restored reports whether a log was opened from an older copy: its first statement knows less of
// an earlier log of the same station than the other party has receipted. It is shown and counted,
// never an accusation.
//
// SPEC: REC-024
func (r *Record) Restored(l *Log) bool {
	if l.Size == 0 || l.Opened == nil {
		return false
	}
	first := l.chain[0]
	past := r.pastOf(first)
	for _, o := range r.sorted {
		if o == l || o.Name.Party != l.Name.Party || o.Size == 0 || o.Opened == nil || o.Opened.Station != l.Opened.Station {
			continue
		}
		earlier := o.Name.Number < l.Name.Number || o.Name.Number == l.Name.Number && o.chain[0].Time.Before(first.Time)
		if earlier && past[o.Name.key()] < o.receiptedPlaces() {
			return true
		}
	}
	return false
}

// receiptedPlaces gives the place above the highest that the other party receipted.
func (l *Log) receiptedPlaces() int {
	n := l.Receipted
	for i := l.Size - 1; i >= n; i-- {
		if len(l.chain[i].receipts) > 0 {
			return i + 1
		}
	}
	return n
}
