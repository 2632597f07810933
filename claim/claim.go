// SPDX-License-Identifier: Apache-2.0

package claim

import (
	"slices"
	"time"

	"example.org/parley/contact"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// KindMade is the kind of a claim.
const KindMade = "claim.made"

// Figures of a claim.
const (
	FigureTested   = "tested"
	FigureUsed     = "used"
	FigureContacts = "contacts"
	FigureRequests = "requests"
	FigurePhone    = "telephone"
)

// Figures lists them in the order of the report.
var Figures = []string{FigureTested, FigureUsed, FigureContacts, FigureRequests, FigurePhone}

// reads names the kinds whose facts each figure reads. They can be left out of no file.
//
// SPEC: CLM-006
var reads = map[string][]string{
	FigureTested:   {"check.opened", "check.joined", "check.closed", "check.noted", "line.suspended", "line.maintenance", "line.left", "line.resumed", "terms.proposed", "terms.accepted"},
	FigureUsed:     {"call.placed", "call.rang", "call.silent", "call.closed", "call.class", "call.noted"},
	FigureContacts: {"post.added", "contact.made", "contact.confirmed", "contact.disputed"},
	FigureRequests: {"post.added", "request.placed", "request.tried", "request.outcome", "request.confirmed", "request.disputed", "request.withdrawn"},
	FigurePhone:    {"check.noted"},
}

// Readers gives the figures that read the facts of a kind.
func Readers(kind string, of []string) (out []string) {
	for _, f := range of {
		if slices.Contains(reads[f], kind) {
			out = append(out, f)
		}
	}
	return out
}

// Claim are the facts of claim.made: since when it counts, as of when, and each figure that it claims.
type Claim struct {
	Since    time.Time        `json:"since"`
	At       time.Time        `json:"at"`
	Tested   *Tested          `json:"tested,omitempty"`
	Used     *Used            `json:"used,omitempty"`
	Contacts *[]Spoken        `json:"contacts,omitempty"`
	Requests *Attempts        `json:"requests,omitempty"`
	Phone    *Telephone       `json:"telephone,omitempty"`
	Press    *Press           `json:"press,omitempty"` // what may be read out to the press
	By       statement.Author `json:"by"`
}

// Tested is how the line was tested.
type Tested struct {
	From        time.Time `json:"from"`
	Days        int       `json:"days"`
	Tested      int       `json:"tested"`
	Streak      int       `json:"streak"`
	Suspended   int       `json:"suspended"`
	Maintenance int       `json:"maintenance"`
	Last        time.Time `json:"last,omitzero"`
	GapFrom     time.Time `json:"gap_from,omitzero"`
	GapTo       time.Time `json:"gap_to,omitzero"`
}

// Used is how often the line was used for substance.
type Used struct {
	From     time.Time `json:"from"`
	Messages int       `json:"messages"`
	Stops    int       `json:"stops"`
	Calls    int       `json:"calls"`
	Disputed int       `json:"disputed"` // of the calls, those whose class is
	Last     time.Time `json:"last,omitzero"`
}

// N is how often in all.
func (u *Used) N() int { return u.Messages + u.Stops + u.Calls }

// Spoken is when an office and its counterpart had a contact last, and how many since.
type Spoken struct {
	Ours      string         `json:"ours"` // places of the posts that stand for them
	Theirs    string         `json:"theirs"`
	Last      statement.When `json:"last,omitzero"`
	Kind      string         `json:"kind,omitempty"`
	Whose     string         `json:"whose,omitempty"` // word that is: ours theirs both disputed
	Since     contact.Count  `json:"since"`
	Straddles int            `json:"straddles"`
}

// Attempts are the attempts of requests by what became of them: of ours, of theirs.
type Attempts struct {
	Sought int                      `json:"sought"` // still
	Ours   map[string]contact.Count `json:"ours"`
	Theirs map[string]contact.Count `json:"theirs"`
}

// Telephone is how the ordinary telephone was tested: of each side, by its own word, how often what came of it.
type Telephone struct {
	From    time.Time      `json:"from"`
	Ours    map[string]int `json:"ours"` // by outcome
	Theirs  map[string]int `json:"theirs"`
	Last    time.Time      `json:"last,omitzero"` // that a person answered ours; so the gap
	GapFrom time.Time      `json:"gap_from,omitzero"`
	GapTo   time.Time      `json:"gap_to,omitzero"`
}

// slack is how long before its statement a claim may be worked out.
const slack = 10 * time.Minute

// Kinds lists the kinds of this package.
//
// SPEC: CLM-001
var Kinds = []statement.Kind{
	statement.New(statement.Kind{Kind: record.Kind{Name: KindMade, Begins: true}, Class: "service"}, func(m *Claim, _ *record.Entry, f Claim) { *m = f }),
	statement.New(statement.Kind{Kind: record.Kind{Name: KindDrafted, Begins: true}, Class: "service"}, func(m *Claim, _ *record.Entry, f Claim) { *m = f }),
}

// Validate judges a claim from itself alone.
func (m Claim) Validate(e, _ *record.Entry) error {
	return statement.First(m.By.Person(), m.Press.validate(e), statement.If(len(e.Re) > 0, "it begins its own item"), statement.Must("since", m.Since), statement.Must("at", m.At),
		statement.If(m.Since.After(m.At), "it counts since a time to come"), statement.If(len(m.Claimed()) == 0, "it claims no figure"),
		statement.If(!e.Time.IsZero() && (m.At.After(e.Time) || e.Time.Sub(m.At) > slack), "it is not as of the time of its statement"))
}

// Claimed names the figures that it claims.
func (m *Claim) Claimed() (out []string) {
	for _, f := range Figures {
		if m.Figure(f) != "" {
			out = append(out, f)
		}
	}
	return out
}

// Figure gives one figure as JSON in its one spelling, "" where it is not claimed.
func (m *Claim) Figure(name string) string {
	var v any
	switch {
	case name == FigureTested && m.Tested != nil:
		v = m.Tested
	case name == FigureUsed && m.Used != nil:
		v = m.Used
	case name == FigureContacts && m.Contacts != nil:
		v = *m.Contacts
	case name == FigureRequests && m.Requests != nil:
		v = m.Requests
	case name == FigurePhone && m.Phone != nil:
		v = m.Phone
	default:
		return ""
	}
	b, err := wire.EncodeObject(v)
	if err != nil {
		return ""
	}
	return string(b)
}
