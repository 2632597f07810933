// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.org/parley/wire"
)

// ErrNotFound is wrapped where a short ID names nothing that is here.
var ErrNotFound = errors.New("nothing here is called")

// Names gives short IDs as they are with the logs that are held. It never changes, and any goroutine may ask it.
type Names struct {
	o    *Options
	runs map[LogID][]string // by party and number, the runs that have it
}

// Names gives the short IDs as they are now.
func (r *Record) Names() *Names {
	if r.names == nil {
		r.names = &Names{&r.o, map[LogID][]string{}}
		for _, l := range r.sorted {
			k := LogID{Party: l.Name.Party, Number: l.Name.Number}
			r.names.runs[k] = append(r.names.runs[k], l.Name.Run)
		}
	}
	return r.names
}

// Short gives the short ID of an entry: A7-42.
func (r *Record) Short(e *Entry) string { return r.Names().Short(e) }

// ShortPlace gives the short ID of a place.
func (r *Record) ShortPlace(p Place) string { return r.Names().ShortPlace(p) }

// Short gives the short ID of an entry: A7-42.
func (n *Names) Short(e *Entry) string { return n.short(e.Place(), e.Log.Private) }

// ShortPlace gives the short ID of a place of this record.
func (n *Names) ShortPlace(p Place) string { return n.short(p, n.o.Private) }

// short gives the party's letter, log number, place; where the number is known to be double,
// with as many letters of the run as tell the logs apart, two at least: A7.k7-42. Those of private
// logs, which have numbers of their own, have a p after the letter: Ap7-42.
//
// SPEC: REC-023
func (n *Names) short(p Place, private bool) string {
	s := n.o.letter(p.Party, private) + strconv.Itoa(p.Number)
	need := 0
	for _, run := range n.runs[LogID{Party: p.Party, Number: p.Number}] {
		if run != p.Run && private == n.o.Private {
			need = max(need, 2, common(run, p.Run)+1)
		}
	}
	if need > 0 {
		s += "." + p.Run[:min(need, len(p.Run))]
	}
	return s + "-" + strconv.Itoa(p.Index)
}

func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func (o *Options) letter(party string, private bool) string {
	s := party
	if p := o.party(party); p != nil {
		s = p.Letter
	}
	if private {
		s += "p"
	}
	return s
}

// Find gives the entry that a short ID names. A bare form of a double number is refused.
//
// SPEC: REC-023
func (r *Record) Find(short string) (*Entry, error) {
	party, number, run, index, ok := r.parseShort(short)
	if !ok {
		return nil, fmt.Errorf("%w %s", ErrNotFound, short)
	}
	var hits []Place
	for id, l := range r.logs {
		if id.Party == party && id.Number == number && strings.HasPrefix(id.Run, run) && l.Stored > 0 {
			hits = append(hits, Place{id, index})
		}
	}
	if len(hits) > 1 {
		slices.SortFunc(hits, Place.Compare)
		var names []string
		for _, p := range hits {
			names = append(names, r.ShortPlace(p))
		}
		return nil, fmt.Errorf("%s names several: %s", short, strings.Join(names, ", "))
	}
	if len(hits) == 1 {
		if e := r.At(hits[0]); e != nil {
			return e, nil
		}
	}
	return nil, fmt.Errorf("%w %s", ErrNotFound, short)
}

func (r *Record) parseShort(s string) (party string, number int, run string, index int, ok bool) {
	head, place, ok := strings.Cut(strings.ToLower(s), "-")
	index, err := wire.ParseNumber(place)
	if !ok || err != nil {
		return
	}
	for _, p := range r.o.Parties {
		rest, found := strings.CutPrefix(head, strings.ToLower(r.o.letter(p.Name, r.o.Private)))
		if !found {
			continue
		}
		num, run, _ := strings.Cut(rest, ".")
		if number, err = wire.ParseNumber(num); err == nil && number > 0 {
			return p.Name, number, run, index, true
		}
	}
	return "", 0, "", 0, false
}
