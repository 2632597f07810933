// SPDX-License-Identifier: Apache-2.0

package record

import (
	"cmp"
	"slices"
)

// Restored gives the logs that were opened from an older copy: their first statement knows less of an earlier log of
// the same station than the other party has receipted. It is shown and counted, never an accusation.
//
// SPEC: REC-024
func (r *Record) Restored() map[*Log]bool {
	logs := slices.DeleteFunc(slices.Clone(r.sorted), func(l *Log) bool { return l.Size == 0 || l.Station == "" })
	slices.SortStableFunc(logs, func(a, b *Log) int {
		return cmp.Or(cmp.Compare(a.Name.Party, b.Name.Party), cmp.Compare(a.Station, b.Station), cmp.Compare(a.Name.Number, b.Name.Number), a.chain[0].Time.Compare(b.chain[0].Time))
	})
	out := map[*Log]bool{}
	for i, begin := 0, 0; i < len(logs); i++ {
		l := logs[i]
		if logs[begin].Name.Party != l.Name.Party || logs[begin].Station != l.Station {
			begin = i
		}
		if before := logs[begin:i]; len(before) > 0 && !(l.follows(before) && !out[before[len(before)-1]]) && r.lacks(l, before) {
			out[l] = true
		}
	}
	return out
}

// follows reports whether the first statement of a log names the newest log before it with all that is receipted of
// that. Then it knows what the first statement of that one knew, and no more need be asked.
func (l *Log) follows(before []*Log) bool {
	n := len(before)
	p := before[n-1]
	if p.Name.Number == l.Name.Number || n > 1 && before[n-2].Name.Number == p.Name.Number {
		return false
	}
	return slices.ContainsFunc(l.chain[0].seen, func(s sight) bool { return s.log == p && s.fits() && int(s.size) >= p.receiptedPlaces() })
}

// lacks reports whether the first statement of a log knows less of an earlier one than was receipted.
func (r *Record) lacks(l *Log, before []*Log) bool {
	past := r.pastOf(l.chain[0])
	return slices.ContainsFunc(before, func(o *Log) bool {
		earlier := o.Name.Number < l.Name.Number || o.chain[0].Time.Before(l.chain[0].Time)
		return earlier && past[o] < o.receiptedPlaces()
	})
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
