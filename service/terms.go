// SPDX-License-Identifier: Apache-2.0

package service

import (
	"slices"
	"strings"
	"time"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// TermKinds are those by which the two parties change the terms of their line.
var TermKinds = []statement.Kind{
	statement.New(statement.Kind{Kind: record.Kind{Name: "terms.proposed", Begins: true}, Class: "service"}, (*Proposal).proposed),
	statement.New(statement.Kind{Kind: record.Kind{Name: "terms.accepted"}, Class: "service", NoText: true}, (*Proposal).accepted),
}

// ahead is how long before they begin new terms are proposed, at least.
const ahead = 24 * time.Hour

// Proposal is one proposal of new terms: the facts of terms.proposed, and what its fold adds.
type Proposal struct {
	Entry    *record.Entry               `json:"-"` // nil while it is not here
	Party    string                      `json:"-"`
	New      party.Terms                 `json:"-"`
	Accepted []*record.Entry             `json:"-"`
	told     map[*record.Entry]time.Time // the newest statement of the proposing party that an acceptance had seen

	Terms    string           `json:"terms"`                  // the whole new terms, one line of JSON as the genesis' are
	Fallback string           `json:"-" said:"fallback,4096"` // the piece that tells their telephones
	Replaces string           `json:"replaces"`               // SHA-256 of the terms that they replace
	From     time.Time        `json:"from"`
	By       statement.Author `json:"by"`
}

// Validate judges terms.proposed.
//
// SPEC: TRM-001
func (f Proposal) Validate(e, _ *record.Entry) error {
	_, bad := party.ParseTerms([]byte(f.Terms))
	_, hash := wire.ParseHash(f.Replaces)
	return statement.First(f.By.Person(), statement.If(len(e.Re) > 0, "it begins its own item"), statement.If(strings.Contains(f.Terms, "\n"), "terms of more than one line"), bad, hash, statement.Must("from", f.From),
		statement.If(!e.Time.IsZero() && f.From.Before(e.Time.Add(ahead)), "new terms begin 24 hours after they were proposed at the earliest"))
}

func (p *Proposal) proposed(e *record.Entry, f Proposal) {
	f.Entry, f.Party, f.Accepted = e, e.Log.Party, p.Accepted
	var err error
	if f.New, err = party.ParseTerms([]byte(f.Terms + "\n" + f.Fallback)); f.Fallback == "" || err != nil { // words decide nothing
		f.New, _ = party.ParseTerms([]byte(f.Terms))
	}
	*p = f
}

func (p *Proposal) accepted(e *record.Entry, _ Stated) { p.Accepted = append(p.Accepted, e) }

// FoldTerms gives a proposal as a function of the set of its statements; told is Told of the record.
//
// SPEC: TRM-003
func FoldTerms(it *record.Item, told func(by *record.Entry, of string) time.Time) (p Proposal) {
	statement.Fold(TermKinds, &p, it)
	if p.Entry == nil {
		return Proposal{}
	}
	p.told = map[*record.Entry]time.Time{}
	for _, e := range p.Accepted {
		p.told[e] = told(e, p.Party)
	}
	return p
}

// Hash names the new terms: the next proposal says that it replaces them.
func (p Proposal) Hash() wire.Hash { return wire.Sum([]byte(p.Terms)) }

// Counts reports whether an acceptance counts: the proposing party held it before the terms begin, and it had seen no statement
// of that party from then on, which would show the receipt to be of later than it says. known: no other receipt can change that.
//
// SPEC: TRM-002
func (p Proposal) Counts(e *record.Entry) (counts, known bool) {
	late := !p.told[e].Before(p.From)
	counts = !late && e.Receipt != nil && e.Receipt.Held.Before(p.From)
	return counts, counts || late
}

// Agreed reports whether an acceptance counts.
func (p Proposal) Agreed() bool {
	return slices.ContainsFunc(p.Accepted, func(e *record.Entry) bool { counts, _ := p.Counts(e); return counts })
}

// Chain gives the agreed changes of the terms in their order, each of which replaces the one before it, the first the terms
// of the genesis. Of two that replace the same terms, party A's counts; of two of one party, the first on its record.
//
// SPEC: TRM-004
func Chain(list []Proposal, genesis wire.Hash, partyA string) (out []Proposal) {
	var agreed []Proposal
	for _, p := range list {
		if p.Entry != nil && p.Agreed() {
			agreed = append(agreed, p)
		}
	}
	slices.SortFunc(agreed, func(a, b Proposal) int {
		if (a.Party == partyA) != (b.Party == partyA) {
			return map[bool]int{true: -1, false: 1}[a.Party == partyA]
		}
		return a.Entry.Place().Compare(b.Entry.Place())
	})
	at, from := genesis, time.Time{}
	for len(agreed) > 0 {
		i := slices.IndexFunc(agreed, func(p Proposal) bool { return p.Replaces == at.String() && !p.From.Before(from) })
		if i < 0 {
			break
		}
		p := agreed[i]
		out, at, from = append(out, p), p.Hash(), p.From
		agreed = slices.Delete(agreed, i, i+1)
	}
	return out
}

// InForce gives the last of a chain that has begun at an instant; nil: the genesis' terms hold.
func InForce(chain []Proposal, t time.Time) *Proposal {
	for i := range slices.Backward(chain) {
		if !chain[i].From.After(t) {
			return &chain[i]
		}
	}
	return nil
}

// For gives the terms by whose clocks an item goes: the last of the chain that was agreed in the past of its beginning and had
// begun by its author's time; nil: the genesis'.
//
// SPEC: TRM-005
func For(chain []Proposal, begin *record.Entry, past statement.Past) *Proposal {
	for i := range slices.Backward(chain) {
		if p := &chain[i]; !p.From.After(begin.Time) && slices.ContainsFunc(p.Accepted, func(e *record.Entry) bool { return past.Before(e, begin) }) {
			return p
		}
	}
	return nil
}

// ProposeDraft makes a proposal of a party.
func ProposeDraft(us string, f Proposal, mark string, now time.Time) (record.Draft, error) {
	if f.From = f.From.UTC().Truncate(time.Second); f.From.Before(now.Add(ahead)) {
		return record.Draft{}, statement.Refuse("give a later time: --from +48h", "new terms begin 24 hours after they were proposed at the earliest")
	}
	return statement.Draft(TermKinds, us, nil, record.Draft{Kind: "terms.proposed", Mark: mark, Facts: f}, "as: parley terms propose --from +48h --check 09:00,21:00")
}

// AcceptDraft accepts the other party's proposal.
func AcceptDraft(us string, p Proposal, by statement.Author, now time.Time) (record.Draft, error) {
	switch {
	case p.Party == us:
		return record.Draft{}, statement.Refuse("the other party accepts it", "this proposal is ours")
	case !p.From.After(now):
		return record.Draft{}, statement.Refuse("propose them anew: parley terms propose", "these terms were to begin at %s: it is too late to accept them", p.From.Format("2006-01-02 15:04Z"))
	}
	return statement.Draft(TermKinds, us, p.Entry, record.Draft{Kind: "terms.accepted", Mark: p.Entry.Mark, Facts: Stated{By: by}, Re: []record.Ref{p.Entry.Ref()}}, "as: parley terms accept ID")
}
