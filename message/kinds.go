// SPDX-License-Identifier: Apache-2.0

package message

import (
	"encoding/json"
	"errors"
	"fmt"
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
	Linguist     = "awaiting-linguist" // a clock, and a way of reading
	Standby      = "standby"           // a clock, and a response
)

// Kinds lists the kinds of this package.
var Kinds = kinds()

func kinds() (ks []statement.Kind) {
	for _, k := range KindNames {
		ks = append(ks, statement.New(statement.Kind{Kind: record.Kind{Name: "message." + k, Begins: true}}, (*State).reply))
	}
	return append(ks, step(Shown, true, (*State).shown), step(Acknowledged, true, (*State).acknowledged), step(Responded, true, (*State).responded),
		step(Complied, false, (*State).complied), step(Relayed, false, (*State).relayed))
}

func step[F statement.Facts](name string, reserve bool, fold func(*State, *record.Entry, F)) statement.Kind {
	return statement.New(statement.Kind{Kind: record.Kind{Name: "message." + name}, Max: UrgentBodies, Urgent: true, Reserve: reserve}, fold)
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
		f.phrase(strings.TrimPrefix(e.Kind, "message."), e.Text != nil), statement.Time("not_after", f.NotAfter),
		statement.If(len(f.Info) > maxInfo, "over %d addressees for information", maxInfo)); err != nil {
		return err
	}
	for i, p := range append([]string{f.To}, f.Info...) {
		if _, err := record.ParsePlace(p); err != nil && (i > 0 || p != "") {
			return fmt.Errorf("addressee: %w", err)
		}
	}
	if !f.Urgent() {
		return nil
	}
	return statement.First(
		statement.If(words(e.TextB) > UrgentWords, "%s of %d words, over %d", f.Precedence, words(e.TextB), UrgentWords),
		statement.If(e.Bodies() > UrgentBodies, "%s with bodies of %d bytes, over %d", f.Precedence, e.Bodies(), UrgentBodies))
}

func (f Facts) phrase(kind string, text bool) error {
	if f.Phrase == "" {
		return statement.First(statement.If(len(f.Fields) > 0, "fields without a phrase"),
			statement.If(len(f.ReadBack) > 0, "read-back without a phrase: only coded fields can be read back"), statement.If(!text, "neither a phrase nor words"))
	}
	p, ok := phrase.Find(f.Phrase)
	if !ok {
		return fmt.Errorf("there is no phrase %q", f.Phrase)
	}
	if p.Kind != kind {
		return fmt.Errorf("phrase %s is %s, not %s", p.Code, p.Kind, kind)
	}
	if err := p.Validate(f.Fields); err != nil {
		return fmt.Errorf("phrase %s: %w", p.Code, err)
	}
	for i, name := range f.ReadBack {
		if _, ok := f.Fields[name]; !ok || slices.Contains(f.ReadBack[:i], name) {
			return fmt.Errorf("read-back of %q, which is no filled field of the phrase, or twice", name)
		}
	}
	return nil
}

// words counts the words of a text body that is here; an absent one counts none.
func words(body []byte) int {
	var t struct {
		Text string `json:"text"`
	}
	if body == nil || json.Unmarshal(body, &t) != nil {
		return 0
	}
	return len(strings.Fields(t.Text))
}

// Facts of the steps.
type (
	// ShownFacts also serve message.complied.
	ShownFacts struct {
		By statement.Author `json:"by"`
	}
	AckFacts struct {
		Read       string            `json:"read"`                 // original · translation · awaiting-linguist
		Translator string            `json:"translator,omitempty"` // place of an officer.added; "": the acknowledging officer
		ReadBack   map[string]string `json:"read_back,omitempty"`
		By         statement.Author  `json:"by"`
	}
	RespondFacts struct {
		How   string           `json:"how"`            // will-comply · standby · cannot-comply · not-ours
		Until time.Time        `json:"until,omitzero"` // of standby
		By    statement.Author `json:"by"`
	}
	RelayFacts struct {
		To string           `json:"to"` // place of a post.added
		By statement.Author `json:"by"`
	}
)

// aStep judges what holds of every receiver's step, against the message as far as it is here.
//
// SPEC: MSG-003
func aStep(e, begin *record.Entry, by statement.Author) error {
	if begin == nil {
		return by.Person()
	}
	return statement.First(statement.If(!IsMessage(begin.Kind), "it names a %s, not a message", begin.Kind),
		statement.If(e.Log.Party == begin.Log.Party, "only the receiving party states this step"),
		statement.If(e.Class != begin.Class || e.Mark != begin.Mark, "a step has the class and mark of its message"), by.Person())
}

// Validate judges message.shown and message.complied.
func (f ShownFacts) Validate(e, begin *record.Entry) error { return aStep(e, begin, f.By) }

// Validate judges message.responded.
func (f RespondFacts) Validate(e, begin *record.Entry) error {
	return statement.First(aStep(e, begin, f.By), statement.OneOf("response", f.How, Responses), statement.Time("until", f.Until),
		statement.If((f.How == Standby) == f.Until.IsZero(), "standby has a time until, and nothing else has"))
}

// Validate judges message.relayed.
func (f RelayFacts) Validate(e, begin *record.Entry) error {
	if _, err := record.ParsePlace(f.To); err != nil {
		return fmt.Errorf("to: %w", err)
	}
	return aStep(e, begin, f.By)
}

// Validate: what was read back must mean what the message says, or the acknowledgement is none.
//
// SPEC: MSG-020, MSG-021
func (f AckFacts) Validate(e, begin *record.Entry) error {
	if err := statement.First(statement.OneOf("how it was read", f.Read, Reads), aStep(e, begin, f.By)); err != nil {
		return err
	}
	if f.Translator != "" {
		if _, err := record.ParsePlace(f.Translator); err != nil || f.Read != "translation" {
			return errors.New("translator: not a place, or not read in a translation")
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
