// SPDX-License-Identifier: Apache-2.0

package service

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

var (
	t0    = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	amaro = statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account"}
)

// said makes entries of one party, one a minute.
type said struct {
	t *testing.T
	n int

	seen time.Time // what an acceptance had seen
}

func (s *said) entry(party, kind string, re *record.Entry, f any, text string) *record.Entry {
	s.t.Helper()
	b, err := wire.EncodeBody(f, [32]byte{1})
	if err != nil {
		s.t.Fatal(err)
	}
	s.n++
	h := record.Head{Log: &record.LogName{LogID: record.LogID{Party: party, Number: 1, Run: "aaaaaa"}}, Index: s.n, Time: t0.Add(time.Duration(s.n) * time.Minute), Kind: kind, Class: "service", Mark: "actual"}
	if re != nil {
		h.Re = []record.Ref{re.Ref()}
	}
	var words []byte
	if text != "" {
		if words, err = wire.EncodeBody(record.Text{Lang: "en", Text: text}, [32]byte{2}); err != nil {
			s.t.Fatal(err)
		}
	}
	e := record.NewEntry(h, nil, b, words)
	e.Leaf = wire.Sum([]byte{byte(s.n)})
	return e
}

func fold(begin *record.Entry, rest ...*record.Entry) State {
	return Fold(&record.Item{Begin: begin, Entries: append(rest, begin)})
}

// SPEC: SVC-003 SVC-004
func TestTimeOutOfServiceEndsAtItsTimeOrWhenItsPartyResumes(t *testing.T) {
	s := &said{t: t}
	open := s.entry("aurelia", "line.suspended", nil, Stated{By: amaro}, "")
	timed := s.entry("borealia", "line.maintenance", nil, Stated{Until: t0.Add(time.Hour), By: amaro}, "")
	again, first := s.entry("aurelia", "line.resumed", open, Stated{By: amaro}, ""), s.entry("aurelia", "line.resumed", open, Stated{By: amaro}, "")
	again.Time = t0.Add(3 * time.Hour)
	a, b := fold(open), fold(timed)
	if got := At([]State{b, a}, t0.Add(30*time.Minute)); len(got) != 2 || got[0].What != Suspended {
		t.Errorf("at half past: %+v", got)
	}
	if Away([]State{a, b}, t0) != "" || Away([]State{b}, t0.Add(time.Hour)) != "" || Away([]State{a, b}, t0.Add(90*time.Minute)) != Suspended {
		t.Error("it begins or ends at another time than was stated")
	}
	for range 20 {
		es := []*record.Entry{again, first, open}
		rand.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
		if got := Fold(&record.Item{Begin: open, Entries: es}); got.Ended != first || got.Stands(first.Time) || !got.Stands(first.Time.Add(-1)) {
			t.Fatalf("resumed: %+v", got)
		}
	}
	left := fold(s.entry("borealia", "line.left", nil, Stated{By: amaro}, ""))
	if Away([]State{left, a}, t0.Add(time.Hour)) != Suspended || At([]State{a, left}, t0.Add(time.Hour))[0].What != Left {
		t.Error("a party that has left is not shown first, or the line is not away")
	}
}

// SPEC: SVC-001 SVC-002
func TestStatementsOfTheLineRefuse(t *testing.T) {
	s := &said{t: t}
	theirs := s.entry("borealia", "line.suspended", nil, Stated{By: amaro}, "")
	note := s.entry("aurelia", "watch.noted", nil, Stated{By: amaro}, "all quiet")
	for name, e := range map[string]*record.Entry{
		"maintenance has an end":          s.entry("aurelia", "line.maintenance", nil, Stated{By: amaro}, ""),
		"of over 7 days":                  s.entry("aurelia", "line.maintenance", nil, Stated{Until: t0.AddDate(0, 0, 9), By: amaro}, ""),
		"ends before it begins":           s.entry("aurelia", "line.suspended", nil, Stated{Until: t0, By: amaro}, ""),
		"only a suspension":               s.entry("aurelia", "line.left", nil, Stated{Until: t0.Add(time.Hour), By: amaro}, ""),
		"it needs a person":               s.entry("aurelia", "line.suspended", nil, Stated{By: statement.Author{Known: "unattributed"}}, ""),
		"has itself taken out of service": s.entry("aurelia", "line.resumed", theirs, Stated{By: amaro}, ""),
		"no handover of its own":          s.entry("aurelia", "watch.taken", note, Stated{By: amaro}, ""),
		"a note has words":                s.entry("aurelia", "watch.noted", nil, Stated{By: amaro}, ""),
		"only a note, a handover and":     s.entry("aurelia", "line.resumed", theirs, Stated{By: amaro}, "words"),
		"open: ":                          s.entry("aurelia", "watch.given", nil, Stated{Open: []string{"A1-4"}, By: amaro}, ""),
		"only a handover names":           s.entry("aurelia", "watch.noted", nil, Stated{Open: []string{"aurelia/1.k7qx3m 1"}, By: amaro}, "x"),
	} {
		k, _ := statement.Find(Kinds, e.Kind)
		begin := map[string]*record.Entry{"line.resumed": theirs, "watch.taken": note}[e.Kind]
		if err := k.Validate(e, begin); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Draft("aurelia", "line.suspended", nil, Stated{Reason: "a\u202eb", By: amaro}, nil, "actual", t0); err == nil {
		t.Error("a reason that turns the direction of writing was drafted")
	}
	if _, err := Draft("aurelia", "line.maintenance", nil, Stated{Until: t0, By: amaro}, nil, "actual", t0); err == nil {
		t.Error("maintenance that is over was drafted")
	}
}

// FuzzFacts: whatever a peer states of the line, folding it is harmless.
func FuzzFacts(f *testing.F) {
	salt := `{"salt":"` + wire.Sum(nil).String() + `",`
	f.Add(0, salt+`"until":"2026-03-01T10:00:00Z","reason":"exercise","by":{"known":"unattributed"}}`)
	f.Add(5, salt+`"open":["aurelia/1.k7qx3m 1"],"by":{"officer":"aurelia/1.k7qx3m 1","known":"account"}}`)
	f.Fuzz(func(t *testing.T, n int, body string) {
		k := Kinds[uint(n)%uint(len(Kinds))]
		e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: "aurelia"}}, Kind: k.Name, Class: "service", Mark: "actual", Time: t0}, nil, []byte(body), nil)
		_ = k.Validate(e, nil)
		Away([]State{fold(e)}, t0)
	})
}
