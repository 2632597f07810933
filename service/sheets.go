// SPDX-License-Identifier: Apache-2.0

package service

import (
	"encoding/base64"
	"fmt"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// SheetKinds are those by which a party makes its next sheet known, and the other takes its new keys.
var SheetKinds = []statement.Kind{
	statement.New(statement.Kind{Kind: record.Kind{Name: "sheet.issued", Begins: true}, Class: "service"}, (*Issue).issued),
	statement.New(statement.Kind{Kind: record.Kind{Name: "sheet.accepted"}, Class: "service", NoText: true}, (*Issue).accepted),
}

// Issue is one issue of a party's sheet: the facts of sheet.issued, and what its fold adds.
type Issue struct {
	Entry    *record.Entry `json:"-"` // nil while it is not here
	Party    string        `json:"-"`
	Accepted *record.Entry `json:"-"` // the other party's word that it has taken the new keys; nil: none

	Issue int              `json:"issue"`                // from 2
	Hash  string           `json:"sheet"`                // of its text
	Keys  bool             `json:"keys,omitempty"`       // its keys are others than those of the issue before
	Whole string           `json:"-" said:"sheet,12288"` // the sheet as signed, in base64
	By    statement.Author `json:"by"`
}

// Validate judges sheet.issued.
//
// SPEC: SHT-001
func (f Issue) Validate(e, _ *record.Entry) error {
	_, hash := wire.ParseHash(f.Hash)
	return statement.First(f.By.Validate(), statement.If(len(e.Re) > 0, "it begins its own item"), hash,
		statement.If(f.Issue < 2 || f.Issue > 1<<20, "the sheet of the genesis comes with the pairing, each later issue has the next number"))
}

func (s *Issue) issued(e *record.Entry, f Issue) {
	f.Entry, f.Party, f.Accepted = e, e.Log.Party, s.Accepted
	*s = f
}

func (s *Issue) accepted(e *record.Entry, _ Stated) {
	if s.Accepted == nil {
		s.Accepted = e
	}
}

// FoldIssue gives an issue as a function of the set of its statements.
func FoldIssue(it *record.Item) (s Issue) {
	statement.Fold(SheetKinds, &s, it)
	if s.Entry == nil {
		return Issue{}
	}
	return s
}

// Sheet reads the sheet that came with the statement, which must be the one that its facts name.
//
// SPEC: SHT-001
func (s Issue) Sheet() (*party.Sheet, error) {
	b, err := base64.StdEncoding.DecodeString(s.Whole)
	if err != nil {
		return nil, fmt.Errorf("the sheet of issue %d cannot be read: %w", s.Issue, err)
	}
	sh, err := party.ParseSheet(b)
	if err == nil && (sh.Party != s.Party || sh.Issue != s.Issue || sh.Hash.String() != s.Hash) {
		err = fmt.Errorf("%w: the statement names another one", party.ErrSheet)
	}
	return sh, err
}

// IssueDraft makes a sheet of ours known.
func IssueDraft(us string, s *party.Sheet, keys bool, by statement.Author, mark string) (record.Draft, error) {
	f := Issue{Issue: s.Issue, Hash: s.Hash.String(), Keys: keys, Whole: base64.StdEncoding.EncodeToString(s.Note), By: by}
	return statement.Draft(SheetKinds, us, nil, record.Draft{Kind: "sheet.issued", Mark: mark, Facts: f}, "as: parley path set 1 --bind 192.0.2.1:7443")
}

// TakeDraft says that a person here has taken the other party's new keys.
//
// SPEC: SHT-003
func TakeDraft(us string, s Issue, by statement.Author) (record.Draft, error) {
	return statement.Draft(SheetKinds, us, s.Entry, record.Draft{Kind: "sheet.accepted", Mark: s.Entry.Mark, Facts: Stated{By: by}, Re: []record.Ref{s.Entry.Ref()}}, "as: parley key accept ID --digits …")
}
