// SPDX-License-Identifier: Apache-2.0

package message

import (
	"slices"
	"strings"
	"time"

	"example.org/parley/message/phrase"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// Limits.
const (
	UrgentBodies = 4 << 10 // facts and text together of FLASH, IMMEDIATE and of steps
	UrgentWords  = 200     // of FLASH and IMMEDIATE
	maxInfo      = 16
)

// The words of a message's facts.
var (
	KindNames   = []string{"warning", "information", "intention", "question", "answer", "request", "incident"}
	Precedences = []string{"ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"} // rising
	Reads       = []string{"original", "translation", Linguist}
	Responses   = []string{"will-comply", Standby, "not-ours", "cannot-comply"} // from mild to strict
)

// Names of the rungs of the ladder.
const (
	Recorded     = "recorded"
	Held         = "held"
	Shown        = "shown"
	Acknowledged = "acknowledged"
	Responded    = "responded"
	Complied     = "complied"
	Relayed      = "relayed"
	Classed      = "classed"           // no rung: the receiver's word on its class, which stands in the header
	Linguist     = "awaiting-linguist" // a clock, and a way of reading
	Standby      = "standby"           // a clock, and a response
)

// Kinds lists the kinds of this package.
var Kinds = kinds()

func kinds() (ks []statement.Kind) {
	for _, k := range KindNames {
		ks = append(ks, statement.New(statement.Kind{Kind: record.Kind{Name: "message." + k, Begins: true}}, (*State).reply))
	}
	for _, step := range []string{Shown, Acknowledged, Responded, Complied, Relayed} {
		reserve := step != Complied && step != Relayed
		ks = append(ks, statement.New(statement.Kind{Kind: record.Kind{Name: "message." + step}, Max: UrgentBodies, Urgent: true, Reserve: reserve}, (*State).step))
	}
	return append(ks, statement.New(statement.Kind{Kind: record.Kind{Name: "message." + Classed}, Max: UrgentBodies, NoText: true}, (*State).step))
}

// UrgentPrecedence reports whether a precedence has the limits of what fits the lane.
func UrgentPrecedence(p string) bool { return p == "FLASH" || p == "IMMEDIATE" }

// IsMessage reports whether a kind begins a message.
func IsMessage(kind string) bool {
	k, ok := strings.CutPrefix(kind, "message.")
	return ok && slices.Contains(KindNames, k)
}

// Facts are the coded part of a message.
type Facts struct {
	Precedence string            `json:"precedence"` // ROUTINE PRIORITY IMMEDIATE FLASH
	Phrase     string            `json:"phrase,omitempty"`
	Fields     map[string]string `json:"fields,omitempty"`    // canonical values by field name
	ReadBack   []string          `json:"read_back,omitempty"` // fields to be read back
	To         string            `json:"to,omitempty"`        // place of a post.added
	Info       []string          `json:"info,omitempty"`
	Respond    bool              `json:"respond,omitempty"`  // a response is asked for
	NotAfter   time.Time         `json:"not_after,omitzero"` // of no use after; judged by the reader's clock
	By         statement.Author  `json:"by"`
}

// Urgent reports whether the message goes at once over every live path.
func (f Facts) Urgent() bool { return UrgentPrecedence(f.Precedence) }

// Validate judges a statement that begins a message.
//
// SPEC: MSG-001, MSG-002, MSG-010
func (f Facts) Validate(e, _ *record.Entry) error {
	if err := statement.First(statement.OneOf("precedence", f.Precedence, Precedences), f.By.Validate(),
		f.phrase(strings.TrimPrefix(e.Kind, "message."), e.WantText), statement.Time("not_after", f.NotAfter),
		statement.If(len(f.Info) > maxInfo, "over %d addressees for information", maxInfo)); err != nil {
		return err
	}
	for i, p := range append([]string{f.To}, f.Info...) {
		if _, err := record.ParsePlace(p); err != nil && (i > 0 || p != "") {
			return statement.Refuse("", "addressee: %v", err)
		}
	}
	if !f.Urgent() {
		return nil
	}
	return statement.First(
		statement.If(words(e) > UrgentWords, "%s of %d words, over %d", f.Precedence, words(e), UrgentWords),
		statement.If(e.Bodies > UrgentBodies, "%s with bodies of %d bytes, over %d", f.Precedence, e.Bodies, UrgentBodies))
}

func (f Facts) phrase(kind string, text bool) error {
	if f.Phrase == "" {
		return statement.First(statement.If(len(f.Fields) > 0, "fields without a phrase"),
			statement.If(len(f.ReadBack) > 0, "read-back without a phrase: only coded fields can be read back"), statement.If(!text, "neither a phrase nor words"))
	}
	p, ok := phrase.Find(f.Phrase)
	if !ok {
		return statement.Refuse("", "there is no phrase %q", f.Phrase)
	}
	if p.Kind != kind {
		return statement.Refuse("", "phrase %s is %s, not %s", p.Code, p.Kind, kind)
	}
	if err := p.Validate(f.Fields); err != nil {
		return statement.Refuse("", "phrase %s: %v", p.Code, err)
	}
	for i, name := range f.ReadBack {
		if _, ok := f.Fields[name]; !ok || slices.Contains(f.ReadBack[:i], name) {
			return statement.Refuse("", "read-back of %q, which is no filled field of the phrase, or twice", name)
		}
	}
	return nil
}

// words counts the free words of a statement.
func words(e *record.Entry) int {
	if t := e.Words(); t != nil {
		return len(strings.Fields(t.Text))
	}
	return 0
}

// StepFacts are those of the receiver's steps: who states it, and what the one step says besides: the tags draw
// spec/kinds.md, Validate holds them.
type StepFacts struct {
	Read       string            `json:"read,omitempty" must:"acknowledged"`     // original · translation · awaiting-linguist
	Translator string            `json:"translator,omitempty" of:"acknowledged"` // place of an officer.added; "": the acknowledging officer
	ReadBack   map[string]string `json:"read_back,omitempty" of:"acknowledged"`
	How        string            `json:"how,omitempty" must:"responded"` // will-comply · standby · cannot-comply · not-ours
	Until      time.Time         `json:"until,omitzero" of:"responded"`  // of standby
	To         string            `json:"to,omitempty" must:"relayed"`    // place of a post.added
	Told       string            `json:"told,omitempty" of:"relayed"`    // who there was told
	By         statement.Author  `json:"by"`
}

// Validate judges a receiver's step, against the message as far as it is here.
//
// SPEC: MSG-003 MSG-050
func (f StepFacts) Validate(e, begin *record.Entry) error {
	step := strings.TrimPrefix(e.Kind, "message.")
	if err := statement.First(
		statement.If(step != Acknowledged && (f.Read != "" || f.Translator != "" || f.ReadBack != nil), "only an acknowledgement says how it was read"),
		statement.If(step != Responded && (f.How != "" || !f.Until.IsZero()), "only a response says how, and until when"),
		statement.If(step != Relayed && f.To+f.Told != "", "only a relay names to whom"), statement.Optional("told", f.Told, 120), f.By.Person()); err != nil {
		return err
	}
	if begin != nil {
		if err := statement.First(statement.If(!IsMessage(begin.Kind), "it names a %s, not a message", begin.Kind),
			statement.If(e.Log.Party == begin.Log.Party, "only the receiving party states this step"),
			statement.If(e.Class != begin.Class && step != Classed || e.Mark != begin.Mark, "a step has the class and mark of its message")); err != nil {
			return err
		}
	}
	switch step {
	case Acknowledged:
		return f.acknowledged(begin)
	case Responded:
		return statement.First(statement.OneOf("response", f.How, Responses), statement.Time("until", f.Until),
			statement.If((f.How == Standby) == f.Until.IsZero(), "standby has a time until, and nothing else has"))
	case Relayed:
		if _, err := record.ParsePlace(f.To); err != nil {
			return statement.Refuse("", "to: %v", err)
		}
	}
	return nil
}

// acknowledged: what was read back must mean what the message says, or the acknowledgement is none.
//
// SPEC: MSG-020, MSG-021
func (f StepFacts) acknowledged(begin *record.Entry) error {
	if err := statement.OneOf("how it was read", f.Read, Reads); err != nil {
		return err
	}
	if f.Translator != "" {
		if _, err := record.ParsePlace(f.Translator); err != nil || f.Read != "translation" {
			return statement.Refuse("", "translator: not a place, or not read in a translation")
		}
	}
	if f.Read == Linguist {
		return statement.If(len(f.ReadBack) > 0, "awaiting the linguist, nothing is read back")
	}
	if begin == nil {
		return nil
	}
	m, here, err := statement.Read[Facts](begin)
	if err != nil || !here {
		return err
	}
	p, ok := phrase.Find(m.Phrase)
	if !ok {
		return statement.If(len(f.ReadBack) > 0, "the message has no coded fields to read back")
	}
	d := p.Differ(m.ReadBack, m.Fields, f.ReadBack)
	return statement.If(len(d) > 0, "the read-back differs: %s", strings.Join(d, ", "))
}
