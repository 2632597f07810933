// SPDX-License-Identifier: Apache-2.0

package record

import (
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"

	"example.org/parley/wire"
)

// Cutoff ends a sign key of a party, by name: of what it signed stands the entry at Past and all that is in its past, and what the other
// party had receipted before it took the sheet that says so.
type Cutoff struct {
	Key   ed25519.PublicKey
	Past  Place
	Issue int // of the sheet that ends it
}

// ended is what is known here of the end of a key.
type ended struct {
	Cutoff
	party   string
	key     uint32
	past    map[*Log]int // how much of each log stands; nil: the entry at Past is not here
	settled bool         // all that the past of that entry names is here: it changes no more
}

// SetEnds says which keys of a party have ended, judges again what they signed, and gives the items whose set changed.
//
// SPEC: REC-036
func (r *Record) SetEnds(party string, ends []Cutoff) (touched []string) {
	r.touched = r.touched[:0]
	old := r.ends
	r.ends = slices.DeleteFunc(slices.Clone(old), func(d *ended) bool { return d.party == party })
	for _, end := range ends {
		d := &ended{Cutoff: end, party: party, key: wire.KeyHash(party+"/sign", end.Key)}
		same := func(o *ended) bool {
			return o.party == party && o.key == d.key && o.Past == d.Past && o.Issue == d.Issue
		}
		if i := slices.IndexFunc(old, same); i >= 0 {
			d = old[i] // what it says of those that are here is found already
		}
		r.ends = append(r.ends, d)
	}
	r.settleEnds()
	return r.takeTouched()
}

// settleEnds finds anew what stands of what ended keys signed, until nothing of it is missing.
func (r *Record) settleEnds() {
	for _, d := range r.ends {
		if d.settled {
			continue
		}
		var past map[*Log]int
		if last := r.At(d.Past); last != nil && last.Joined {
			past = r.pastOf(last)
			past[last.log] = last.Index + 1
			d.settled = !r.missing()
		}
		was := d.past
		if d.past = past; (was == nil) == (past == nil) && maps.Equal(was, past) {
			continue
		}
		for _, l := range r.sorted {
			if l.Name.Party == d.party {
				r.judgeEnded(d, l, was)
			}
		}
	}
}

// missing reports whether anything is named that is not here, of logs too of which nothing is.
func (r *Record) missing() bool {
	for _, l := range r.logs {
		if l.Claimed > l.Size {
			return true
		}
	}
	return false
}

// judgeEnded judges again what an ended key signed in a log and what the end means anew: not what stood before and stands.
func (r *Record) judgeEnded(d *ended, l *Log, was map[*Log]int) {
	from, to := d.past[l], len(l.chain)
	switch {
	case d.past == nil:
		from = was[l]
	case was != nil:
		from, to = min(was[l], d.past[l]), min(max(was[l], d.past[l]), len(l.chain))
	}
	all := slices.Clone(l.chain[min(from, to):to])
	for _, e := range l.gap {
		all = append(all, e)
	}
	for _, e := range append(all, l.twins...) {
		if e.key == d.key {
			r.judge(e)
		}
	}
	l.advanceWhole()
}

// beyond gives the end that an entry is signed past, nil where it stands or the end cannot be seen yet.
//
// SPEC: REC-036
func (r *Record) beyond(e *Entry) *ended {
	for _, d := range r.ends {
		if d.key != e.key || d.party != e.Log.Party || d.past == nil {
			continue
		}
		if aside := !e.Joined && e.Evidence != ""; aside || e.Index >= d.past[e.log] { // on no branch of its log it is in nobody's past
			return d
		}
	}
	return nil
}

// void says why an entry does not stand that was signed with an ended key, "" where it stands; where it stands because it
// was receipted before, it is disowned, whatever else it is inert for.
func (r *Record) void(e *Entry) string {
	end := r.beyond(e)
	if e.Disowned = 0; end == nil {
		return ""
	}
	if e.heldUnder(end.Issue) != nil {
		e.Disowned = end.Issue
		return ""
	}
	return fmt.Sprintf("use of a stolen key: sheet issue %d ended it before this", end.Issue)
}

// heldUnder gives a receipt of an entry that the other party made before it took an issue of its author's sheet; nil for none.
func (e *Entry) heldUnder(issue int) *Receipt {
	if e.byWhole != nil && e.byWhole.Sheet < issue {
		return e.byWhole
	}
	if i := slices.IndexFunc(e.receipts, func(rc *Receipt) bool { return rc.Sheet < issue }); i >= 0 {
		return e.receipts[i]
	}
	return nil
}

// Stands gives the receipt by which an entry stands that is disowned; nil of any other.
func (e *Entry) Stands() *Receipt { return e.heldUnder(e.Disowned) }

// Void gives a joined entry that an ended key signed and that no receipt holds from before; nil where there is none.
func (r *Record) Void() *Entry {
	if len(r.ends) == 0 {
		return nil
	}
	for _, l := range r.sorted {
		for _, e := range l.chain {
			if e.Disowned == 0 && r.beyond(e) != nil {
				return e
			}
		}
	}
	return nil
}

// coverEnded judges again what a receipt covers in a log and an ended key signed: what was receipted before the end stands.
func (r *Record) coverEnded(l *Log, rc *Receipt) (changed []*Entry) {
	if len(r.ends) == 0 {
		return nil
	}
	for i := min(rc.Whole, l.Size) - 1; i >= 0 && l.chain[i].byWhole == rc; i-- {
		if e := l.chain[i]; r.beyond(e) != nil {
			r.judge(e)
			changed = append(changed, e)
		}
	}
	return changed
}
