// SPDX-License-Identifier: Apache-2.0

package record

// Restored reports whether a log was opened from an older copy: its first statement knows less of
// an earlier log of the same station than the other party has receipted. It is shown and counted,
// never an accusation.
//
// SPEC: REC-024
func (r *Record) Restored(l *Log) bool {
	if l.Size == 0 || l.Station == "" {
		return false
	}
	first := l.chain[0]
	past := r.pastOf(first)
	for _, o := range r.sorted {
		if o == l || o.Name.Party != l.Name.Party || o.Size == 0 || o.Station != l.Station {
			continue
		}
		earlier := o.Name.Number < l.Name.Number || o.Name.Number == l.Name.Number && o.chain[0].Time.Before(first.Time)
		if earlier && past[o] < o.receiptedPlaces() {
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
