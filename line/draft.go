// SPDX-License-Identifier: Apache-2.0

package line

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/parley/hint"
	"example.org/parley/record"
	"example.org/parley/wire"
)

// GenesisDraft makes line.genesis from the line's genesis: its hash and the note with both signatures.
func GenesisDraft(hash wire.Hash, note []byte) (record.Draft, error) {
	n, err := wire.ParseNote(note, wire.MaxNote)
	if err != nil {
		return record.Draft{}, fmt.Errorf("couldn't state the genesis: %w", err)
	}
	if wire.Leaf(n.Text) != hash {
		return record.Draft{}, fmt.Errorf("couldn't state the genesis: the note is another's than %s", hash)
	}
	return draft("line.genesis", GenesisFacts{Genesis: string(note), Hash: hash.String()}), nil
}

func draft(kind string, facts any) record.Draft {
	return record.Draft{Kind: kind, Class: "service", Mark: "actual", Facts: facts}
}

// marked checks facts and sets the mark of their draft.
func marked(kind, mark string, facts any, err error, way string) (record.Draft, error) {
	d := draft(kind, facts)
	if mark != "" {
		d.Mark = mark
	}
	if err == nil && d.Mark != "actual" && d.Mark != "exercise" {
		err, way = fmt.Errorf("there is no mark %q", mark), "one of: actual, exercise"
	}
	if err != nil {
		return d, &hint.Error{What: strings.ReplaceAll(err.Error(), "\n", "; "), Hint: way}
	}
	return d, nil
}

// OfficerDraft makes officer.added; mark "" is actual.
func OfficerDraft(f OfficerFacts, mark string) (record.Draft, error) {
	f.Name = strings.TrimSpace(f.Name)
	return marked("officer.added", mark, f, f.lawful(), "as: parley officer add 'Lt Amaro' --langs en,it --number '+390000000'")
}

// RevokeDraft makes officer.revoked.
func RevokeDraft(o *Officer, party, reason string) (record.Draft, error) {
	f := RevokeFacts{Reason: reason}
	err := optional("reason", reason, 240)
	switch {
	case o.Party != party:
		err = fmt.Errorf("%s is an officer of the other party", o.Name)
	case o.Revoked != nil:
		err = fmt.Errorf("%s is revoked already", o.Name)
	}
	d, err := marked("officer.revoked", "", f, err, "see: parley officer list")
	d.Re = []record.Ref{o.Entry.Ref()}
	return d, err
}

// PostDraft makes post.added; Pair is the place of the counterpart's post.added.
func PostDraft(f PostFacts, mark string) (record.Draft, error) {
	f.Org, f.Name = strings.TrimSpace(f.Org), strings.TrimSpace(f.Name)
	return marked("post.added", mark, f, f.lawful(), "as: parley post add Minister --org ministry --level 1 --theirs --pair A1-4")
}

// EventDraft makes event.added.
func EventDraft(f EventFacts, mark string) (record.Draft, error) {
	f.Name = strings.TrimSpace(f.Name)
	if t, err := time.Parse("2006-01-02T15:04Z", f.When); err == nil {
		f.When = t.Format("2006-01-02T15:04:05Z")
	}
	return marked("event.added", mark, f, f.lawful(), "as: parley event add incursion --when 2022-02-24")
}

// Reads reports whether an officer reads a language.
func (o *Officer) Reads(lang string) bool { return slices.Contains(o.Langs, lang) }
