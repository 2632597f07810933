// SPDX-License-Identifier: Apache-2.0

package service

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

var began = wire.Sum([]byte("the terms of the genesis"))

// propose gives a proposal of checks at a time, in place of other terms, and its acceptance held at a time.
func (s *said) propose(by, check string, replaces wire.Hash, from, held time.Time) Proposal {
	s.t.Helper()
	t := party.DefaultTerms()
	t.Schedule.Checks = []string{check}
	b, err := t.Encode([32]byte{3})
	if err != nil {
		s.t.Fatal(err)
	}
	other := map[string]string{"aurelia": "borealia", "borealia": "aurelia"}[by]
	p := s.entry(by, "terms.proposed", nil, Proposal{Terms: string(party.Bare(b)), Replaces: replaces.String(), From: from, By: amaro}, "")
	a := s.entry(other, "terms.accepted", p, Stated{By: amaro}, "")
	a.Receipt = &record.Receipt{By: by, Held: held}
	return FoldTerms(&record.Item{Begin: p, Entries: []*record.Entry{a, p}}, s.told)
}

func (s *said) told(*record.Entry, string) time.Time { return s.seen }

func checks(chain []Proposal) (out []string) {
	for _, p := range chain {
		out = append(out, p.New.Schedule.Checks...)
	}
	return out
}

// SPEC: TRM-002 TRM-003 TRM-004
func TestTermsAreAChainOfWhatWasAcceptedInTime(t *testing.T) {
	s := &said{t: t}
	two, three := t0.AddDate(0, 0, 2), t0.AddDate(0, 0, 3)
	first := s.propose("borealia", "10:00", began, two, t0.Add(time.Hour))
	s.seen = two // by a statement of its proposer's
	shown := s.propose("aurelia", "11:00", began, two, t0.Add(time.Hour))
	s.seen = two.Add(-1)
	for name, c := range map[string]struct {
		list []Proposal
		want string
	}{
		"one":                         {[]Proposal{first}, "10:00"},
		"of two party A's":            {[]Proposal{first, s.propose("aurelia", "11:00", began, two, t0.Add(time.Hour))}, "11:00"},
		"of two of one party":         {[]Proposal{first, s.propose("borealia", "12:00", began, two, t0.Add(time.Hour))}, "10:00"},
		"shown to be too late":        {[]Proposal{shown}, ""},
		"too late":                    {[]Proposal{s.propose("aurelia", "11:00", began, two, two)}, ""},
		"of other terms":              {[]Proposal{s.propose("aurelia", "11:00", wire.Sum(nil), two, t0.Add(time.Hour))}, ""},
		"one after another":           {[]Proposal{s.propose("aurelia", "13:00", first.Hash(), three, t0.Add(time.Hour)), first}, "10:00 13:00"},
		"the second not before first": {[]Proposal{first, s.propose("aurelia", "13:00", first.Hash(), two.Add(-time.Hour), t0.Add(time.Hour))}, "10:00"},
	} {
		for range 6 {
			rand.Shuffle(len(c.list), func(i, j int) { c.list[i], c.list[j] = c.list[j], c.list[i] })
			if got := strings.Join(checks(Chain(c.list, began, "aurelia")), " "); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	}
	chain := Chain([]Proposal{first}, began, "aurelia")
	if InForce(chain, two.Add(-1)) != nil || InForce(chain, two) == nil {
		t.Error("terms hold from another time than was agreed")
	}
}

// knows is a past: these are in everything's.
type knows []*record.Entry

func (k knows) Before(a, _ *record.Entry) bool { return slices.Contains(k, a) }

// SPEC: TRM-005
func TestClocksAreOfTheTermsAgreedInTheItemsPast(t *testing.T) {
	s := &said{t: t}
	two := t0.AddDate(0, 0, 2)
	p := s.propose("borealia", "10:00", began, two, t0.Add(time.Hour))
	chain := Chain([]Proposal{p}, began, "aurelia")
	at := func(d time.Duration) *record.Entry {
		return record.NewEntry(record.Head{Time: two.Add(d)}, nil, nil, nil)
	}
	if For(chain, at(0), knows(p.Accepted)) == nil {
		t.Error("the new terms are in its past and have begun")
	}
	if For(chain, at(-1), knows(p.Accepted)) != nil || For(chain, at(time.Hour), knows{}) != nil {
		t.Error("clocks of terms that had not begun, or that its author did not know")
	}
}

// SPEC: TRM-001
func TestProposalsRefuse(t *testing.T) {
	s := &said{t: t}
	good, _ := party.DefaultTerms().Encode([32]byte{3})
	mk := func(change func(*Proposal)) Proposal {
		p := Proposal{Terms: string(party.Bare(good)), Replaces: began.String(), From: t0.AddDate(0, 0, 3), By: amaro}
		change(&p)
		return p
	}
	for want, f := range map[string]Proposal{
		"":                 mk(func(*Proposal) {}),
		"one line":         mk(func(p *Proposal) { p.Terms = string(good) }),
		"24 hours":         mk(func(p *Proposal) { p.From = t0.Add(time.Hour) }),
		"terms":            mk(func(p *Proposal) { p.Terms = "{}" }),
		"it needs a per":   mk(func(p *Proposal) { p.By = statement.Author{Known: "unattributed"} }),
		"from is missing":  mk(func(p *Proposal) { p.From = time.Time{} }),
		"not 32 bytes":     mk(func(p *Proposal) { p.Replaces = "x" }),
		"terms: duplicate": mk(func(p *Proposal) { p.Terms = strings.Replace(p.Terms, "{", `{"area":"x",`, 1) }),
	} {
		e := s.entry("aurelia", "terms.proposed", nil, f, "")
		k, _ := statement.Find(TermKinds, e.Kind)
		err := k.Validate(e, nil)
		if (err == nil) != (want == "") {
			t.Errorf("%s: %v", want, err)
		}
	}
	p := s.propose("aurelia", "10:00", began, t0.AddDate(0, 0, 2), t0)
	if _, err := AcceptDraft("aurelia", p, amaro, t0); err == nil {
		t.Error("a party accepted its own proposal")
	}
	if _, err := AcceptDraft("borealia", p, amaro, p.From); err == nil {
		t.Error("terms were accepted once they were to hold")
	}
	if _, err := ProposeDraft("aurelia", Proposal{Terms: string(good), Replaces: began.String(), From: t0.Add(time.Hour), By: amaro}, "actual", t0); err == nil {
		t.Error("terms from within a day were proposed")
	}
}

// FuzzTerms: whatever a peer proposes, folding it is harmless.
func FuzzTerms(f *testing.F) {
	f.Add(`{"salt":"` + wire.Sum(nil).String() + `","terms":"{}","replaces":"` + began.String() + `","from":"2026-03-03T09:00:00Z","by":{"known":"unattributed"}}`)
	f.Fuzz(func(t *testing.T, body string) {
		e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: "aurelia"}}, Kind: "terms.proposed", Class: "service", Mark: "actual", Time: t0}, nil, []byte(body), nil)
		Chain([]Proposal{FoldTerms(&record.Item{Begin: e, Entries: []*record.Entry{e}}, (&said{}).told)}, began, "aurelia")
	})
}
