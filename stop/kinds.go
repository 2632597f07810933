// SPDX-License-Identifier: Apache-2.0

package stop

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// The steps of a STOP; sent and lifted are its own party's, the others the receiver's.
const (
	Sent        = "sent"
	Held        = "held" // never a statement: the receiver's receipt
	Taken       = "taken"
	Relayed     = "relayed"
	InEffect    = "in-effect"
	Refused     = "refused"
	Lifted      = "lifted"
	Everywhere  = "everywhere"
	UsualReason = "danger-details-follow"
)

// Steps lists the steps that follow stop.sent.
var Steps = []string{Taken, Relayed, InEffect, Refused, Lifted}

// Acts lists the words in which a person asks for a step.
var Acts = []string{"take", "in-effect", "refuse", "lift"}

// Reasons lists the coded reasons; phrase.Reason draws them.
var Reasons = []string{UsualReason, "people-in-danger", "fire-falling-on-us", "collision-risk",
	"not-our-forces", "cannot-reach-unit", "own-forces-in-danger", "not-understood"}

const (
	maxBodies = 4 << 10
	maxReason = 120
	maxPlace  = 96
	maxName   = 32
)

// Kinds lists the kinds of this package.
var Kinds = kinds()

func kinds() []statement.Kind {
	ks := []statement.Kind{kind(Sent, true, (*State).sent)}
	for _, s := range Steps {
		ks = append(ks, kind(s, false, (*State).step))
	}
	return ks
}

func kind[F statement.Facts](step string, begins bool, fold func(*State, *record.Entry, F)) statement.Kind {
	return statement.New(statement.Kind{Kind: record.Kind{Name: "stop." + step, Begins: begins}, Max: maxBodies, Urgent: true, Reserve: true}, fold)
}

// Is reports whether a kind is of a STOP.
func Is(kind string) bool { return strings.HasPrefix(kind, "stop.") }

// Facts are those of stop.sent.
type Facts struct {
	ID     string           `json:"id"`     // 128 random bits, 32 lower-case hex digits; the unsigned first copy has the same
	Scope  string           `json:"scope"`  // everywhere
	Reason string           `json:"reason"` // a code of Reasons, or own words
	Lang   string           `json:"lang,omitempty"`
	Place  string           `json:"place,omitempty"`
	Check  string           `json:"check,omitempty"` // class test: the check that it belongs to and ends with
	By     statement.Author `json:"by"`
}

// StepFacts are those of stop.taken, relayed, in-effect, refused and lifted.
type StepFacts struct {
	Party  string           `json:"party"` // who sent the STOP
	ID     string           `json:"id"`
	Reason string           `json:"reason,omitempty"` // refused: must; lifted: may
	Lang   string           `json:"lang,omitempty"`
	To     string           `json:"to,omitempty"` // relayed: place of a post.added, or words
	By     statement.Author `json:"by"`
}

// NewID draws the random name of a STOP.
func NewID(rand io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("couldn't draw the name of a STOP: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// Item groups the statements of one STOP by its party and id, whichever end stated first.
//
// SPEC: MSG-031
func (f Facts) Item(e *record.Entry) (party, id string) { return e.Log.Party, f.ID }

// Item is that of the STOP that the step is about.
func (f StepFacts) Item(*record.Entry) (party, id string) { return f.Party, f.ID }

// Validate judges stop.sent from itself alone.
//
// SPEC: MSG-030
func (f Facts) Validate(*record.Entry, *record.Entry) error {
	return statement.First(id(f.ID), statement.If(f.Scope != Everywhere, "scope %q is not known", f.Scope),
		statement.Optional("place", f.Place, maxPlace), statement.Optional("check", f.Check, 64), reason(f.Reason, f.Lang, true), f.By.Validate())
}

// Validate judges a step from itself alone.
//
// SPEC: MSG-030
func (f StepFacts) Validate(e, _ *record.Entry) error {
	step := strings.TrimPrefix(e.Kind, "stop.")
	return statement.First(id(f.ID),
		statement.If((e.Log.Party == f.Party) != (step == Lifted), "only the party that sent a STOP lifts it, and only the other states its other steps"),
		statement.If((f.To != "") != (step == Relayed), "relayed names to whom, and nothing else does"),
		statement.Optional("to", f.To, maxReason), reason(f.Reason, f.Lang, step == Refused), f.By.Validate())
}

// reason judges a code, or own words in a language.
func reason(reason, lang string, must bool) error {
	if reason == "" || slices.Contains(Reasons, reason) {
		return statement.First(statement.If(reason == "" && must, "its reason is missing"), statement.If(lang != "", "a language without own words"))
	}
	return statement.First(statement.Text("reason", reason, maxReason), statement.Lang(lang))
}

func id(s string) error {
	return statement.If(len(s) != 32 || strings.Trim(s, "0123456789abcdef") != "", "its id is not 32 lower-case hex digits")
}
