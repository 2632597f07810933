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
	"example.org/parley/wire"
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

func kinds() (ks []statement.Kind) {
	for _, s := range append([]string{Sent}, Steps...) {
		ks = append(ks, statement.New(statement.Kind{Kind: record.Kind{Name: "stop." + s, Begins: s == Sent}, Max: maxBodies, Urgent: true, Reserve: true}, (*State).add))
	}
	return ks
}

// Said are the facts of every statement about a STOP; the tags draw spec/kinds.md, Validate holds them.
type Said struct {
	Party  string           `json:"party,omitempty" must:"taken relayed in-effect refused lifted"` // who sent the STOP
	ID     string           `json:"id"`                                                            // 128 random bits, 32 lower-case hex digits; the unsigned first copy has the same
	Scope  string           `json:"scope,omitempty" must:"sent"`                                   // everywhere
	Reason string           `json:"reason,omitempty" must:"sent refused" of:"any"`                 // a code of Reasons, or own words
	Lang   string           `json:"lang,omitempty"`                                                // of own words
	Place  string           `json:"place,omitempty" of:"sent"`
	Check  string           `json:"check,omitempty" of:"sent"`   // of class test: the check that it belongs to and ends with
	To     string           `json:"to,omitempty" must:"relayed"` // place of a post.added, or words
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
func (f Said) Item(e *record.Entry) (party, id string) {
	if e.Kind == "stop.sent" {
		return e.Log.Party, f.ID
	}
	return f.Party, f.ID
}

// Validate judges a statement about a STOP from itself alone.
//
// SPEC: MSG-030
func (f Said) Validate(e, _ *record.Entry) error {
	step := strings.TrimPrefix(e.Kind, "stop.")
	if step == Sent {
		if err := statement.First(statement.If(f.Party != "", "its party is whose log it stands in"), statement.If(f.Scope != Everywhere, "scope %q is not known", f.Scope)); err != nil {
			return err
		}
	} else if err := statement.First(statement.If(!wire.ValidName(f.Party), "it does not say whose STOP"), statement.If(f.Scope+f.Place+f.Check != "", "only stop.sent has scope, place and check"),
		statement.If((e.Log.Party == f.Party) != (step == Lifted), "only the party that sent a STOP lifts it, and only the other states its other steps")); err != nil {
		return err
	}
	return statement.First(id(f.ID), statement.If((f.To != "") != (step == Relayed), "relayed names to whom, and nothing else does"),
		statement.Optional("place", f.Place, maxPlace), statement.Optional("check", f.Check, 64), statement.Optional("to", f.To, maxReason),
		reason(f.Reason, f.Lang, step == Sent || step == Refused), f.By.Validate())
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
