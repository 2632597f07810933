// SPDX-License-Identifier: Apache-2.0

package record

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unique"

	"example.org/parley/wire"
)

const (
	timeForm = "2006-01-02T15:04:05.000000Z"
	heldForm = "2006-01-02T15:04:05Z"
)

var errForm = errors.New("not in its one form")

// Local gives number.run: 7.k7qx3m, which names a log among those of its party.
func (l LogID) Local() string { return strconv.Itoa(l.Number) + "." + l.Run }

// String gives party/number.run.
func (l LogID) String() string { return l.Party + "/" + l.Local() }

// Compare gives the canonical order: party, number, run.
func (l LogID) Compare(o LogID) int {
	return cmp.Or(cmp.Compare(l.Party, o.Party), cmp.Compare(l.Number, o.Number), cmp.Compare(l.Run, o.Run))
}

// String gives party/genesis/number.run, and /private after a private one.
func (n LogName) String() string {
	s := n.Party + "/" + n.Genesis.Name() + "/" + n.Local()
	if n.Private {
		s += "/private"
	}
	return s
}

// String gives party/number.run index.
func (p Place) String() string {
	return p.LogID.String() + " " + strconv.Itoa(p.Index)
}

// String gives the form of a line of re: party/number.run index leaf.
func (r Ref) String() string { return r.Place.String() + " " + r.Leaf.String() }

func (s Seen) String() string {
	return s.LogID.String() + " " + strconv.Itoa(s.Size) + " " + s.Root.String()
}

// Place is where the entry stands.
func (e *Entry) Place() Place { return Place{e.Log.LogID, e.Index} }

// Ref points at the entry.
func (e *Entry) Ref() Ref { return Ref{e.Place(), e.Leaf} }

// validKind reports whether s can name a kind: [a-z]{1,16}(\.[a-z-]{1,16})?
func validKind(s string) bool {
	a, b, dot := strings.Cut(s, ".")
	return wire.ValidWord(a, "") && (!dot || wire.ValidWord(b, "-"))
}

// ParseLogID reads party/number.run.
func ParseLogID(s string) (LogID, error) {
	party, local, _ := strings.Cut(s, "/")
	return ParseLocal(party, local)
}

// ParseLocal reads number.run of a party.
func ParseLocal(party, s string) (LogID, error) {
	num, run, _ := strings.Cut(s, ".")
	n, err := wire.ParseNumber(num)
	if err != nil || n < 1 || !wire.ValidRun(run) || !wire.ValidName(party) {
		return LogID{}, errForm
	}
	return LogID{share(party), n, share(run)}, nil
}

// share gives one copy of a word that stands in many statements, so that none keeps the text alive that it was read from.
func share(s string) string { return unique.Make(s).Value() }

// ParseLogName reads the name of a log.
func ParseLogName(s string) (LogName, error) {
	f := strings.Split(s, "/")
	if len(f) != 3 && (len(f) != 4 || f[3] != "private") {
		return LogName{}, errForm
	}
	g, err := wire.ParseHashName(f[1])
	if err != nil {
		return LogName{}, err
	}
	id, err := ParseLocal(f[0], f[2])
	return LogName{id, g, len(f) == 4}, err
}

// parseSeen takes the fields of a line of seen, and of re: party/number.run, a number, a hash.
func parseSeen(l *wire.Lines) Seen {
	return Seen{wire.Field(l, ParseLogID), l.Number(), l.Hash()}
}

// ParsePlace reads the one spelling of a place, party/number.run index: what String gives.
//
// SPEC: MSG-004
func ParsePlace(s string) (Place, error) {
	log, index, _ := strings.Cut(s, " ")
	n, err := wire.ParseNumber(index)
	id, err2 := ParseLogID(log)
	if err != nil || err2 != nil {
		return Place{}, fmt.Errorf("%q is not a place of the record: <party>/<number>.<run> <index>", s)
	}
	return Place{id, n}, nil
}

// Compare gives the canonical order: party, log number, run, index.
func (p Place) Compare(q Place) int {
	return cmp.Or(p.LogID.Compare(q.LogID), cmp.Compare(p.Index, q.Index))
}

func parseTime(s string) (time.Time, error) { return parseClock(timeForm, s) }
func parseHeld(s string) (time.Time, error) { return parseClock(heldForm, s) }

func parseClock(form, s string) (time.Time, error) {
	t, err := time.Parse(form, s)
	if err != nil || t.Format(form) != s || t.Year() < 2000 || t.Year() > 2099 {
		return time.Time{}, errForm
	}
	return t, nil
}

// compareEntries is the canonical order: party, log number, run, index, leaf.
func compareEntries(a, b *Entry) int {
	return cmp.Or(a.Place().Compare(b.Place()), compareHashes(a.Leaf, b.Leaf))
}

func compareHashes(a, b wire.Hash) int { return cmp.Compare(string(a[:]), string(b[:])) }
