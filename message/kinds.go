// SPDX-License-Identifier: Apache-2.0

package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/parley/line"
	"example.org/parley/message/phrase"
	"example.org/parley/record"
	"example.org/parley/wire"
)

// Limits.
const (
	UrgentBodies = 4 << 10 // facts and text together of FLASH, IMMEDIATE, steps and STOP
	UrgentWords  = 200     // of FLASH and IMMEDIATE
	maxInfo      = 16
	maxDesk      = 32
	maxReason    = 120
	maxStopPlace = 96
)

// The words of a message's facts.
var (
	KindNames   = []string{"warning", "information", "intention", "question", "answer", "request", "incident"}
	Precedences = []string{"ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"} // rising
	Classes     = []string{"substantive", "service", "test"}
	Marks       = []string{"actual", "exercise"}
	Reads       = []string{"original", "translation", Linguist}
	Responses   = []string{"will-comply", Standby, "not-ours", "cannot-comply"} // from mild to strict
	StopActs    = []string{"take", "in-effect", "refuse", "lift"}
	Knowns      = []string{"account", "account + link", "unattributed"}
)

// Kinds lists the kinds of this package for the record.
func Kinds() []record.Kind {
	var ks []record.Kind
	for _, k := range KindNames {
		ks = append(ks, record.Kind{Name: "message." + k, Begins: true, Lawful: lawfulMessage})
	}
	for _, step := range []string{Shown, Acknowledged, Responded, Complied, Relayed} {
		ks = append(ks, record.Kind{Name: "message." + step, Lawful: lawfulStep})
	}
	ks = append(ks, record.Kind{Name: "stop.sent", Begins: true, ItemID: stopID, Lawful: lawfulStop})
	for _, step := range StopSteps {
		ks = append(ks, record.Kind{Name: "stop." + step, ItemID: stopID, Lawful: lawfulStop})
	}
	return ks
}

// Urgent reports whether an entry of this package goes at once over every path: FLASH, IMMEDIATE, the steps of
// every message, and whatever concerns a STOP.
func Urgent(e *record.Entry) bool {
	if !IsMessage(e.Kind) {
		return IsStop(e.Kind) || strings.HasPrefix(e.Kind, "message.")
	}
	f, here, _ := decode[Facts](e)
	return here && UrgentPrecedence(f.Precedence)
}

// UrgentPrecedence reports whether a precedence has the limits of what fits the lane.
func UrgentPrecedence(p string) bool { return p == "FLASH" || p == "IMMEDIATE" }

// IsMessage reports whether a kind begins a message.
func IsMessage(kind string) bool {
	k, ok := strings.CutPrefix(kind, "message.")
	return ok && slices.Contains(KindNames, k)
}

// IsStop reports whether a kind is of a STOP.
func IsStop(kind string) bool { return strings.HasPrefix(kind, "stop.") }

// decode reads an entry's facts; here is false while the body has not arrived, which judges nothing.
func decode[T any](e *record.Entry) (v T, here bool, err error) {
	if e.Facts == nil {
		return v, false, errors.New("its facts are missing")
	}
	if e.FactsB == nil {
		return v, false, nil
	}
	err = wire.DecodeStrict(e.FactsB, wire.MaxBody, &v)
	return v, err == nil, err
}

func bodies(e *record.Entry) int {
	n := 0
	for _, b := range []*record.Body{e.Facts, e.Text} {
		if b != nil {
			n += b.Len
		}
	}
	return n
}

// lawfulMessage judges a statement that begins a message.
//
// SPEC: MSG-001, MSG-002, MSG-010
func lawfulMessage(e, _ *record.Entry) error {
	f, here, err := decode[Facts](e)
	if err != nil {
		return err
	}
	if !here {
		return nil
	}
	if err := f.lawful(strings.TrimPrefix(e.Kind, "message."), e.Text != nil); err != nil {
		return err
	}
	if !UrgentPrecedence(f.Precedence) {
		return nil
	}
	if n := bodies(e); n > UrgentBodies {
		return fmt.Errorf("%s with bodies of %d bytes, over %d", f.Precedence, n, UrgentBodies)
	}
	if n := words(e.TextB); n > UrgentWords {
		return fmt.Errorf("%s of %d words, over %d", f.Precedence, n, UrgentWords)
	}
	return nil
}

// lawful judges what facts say by themselves.
func (f Facts) lawful(kind string, text bool) error {
	if !slices.Contains(Precedences, f.Precedence) {
		return fmt.Errorf("precedence %q is none of %s", f.Precedence, strings.Join(Precedences, ", "))
	}
	if err := f.By.lawful(false); err != nil {
		return err
	}
	if err := f.lawfulPhrase(kind, text); err != nil {
		return err
	}
	for i, p := range append([]string{f.To}, f.Info...) {
		if i == 0 && p == "" {
			continue
		}
		if _, err := line.ParsePlace(p); err != nil {
			return fmt.Errorf("addressee: %w", err)
		}
	}
	if len(f.Info) > maxInfo {
		return fmt.Errorf("over %d addressees for information", maxInfo)
	}
	return lawfulTime("not_after", f.NotAfter)
}

func (f Facts) lawfulPhrase(kind string, text bool) error {
	if f.Phrase == "" {
		switch {
		case len(f.Fields) > 0:
			return errors.New("fields without a phrase")
		case len(f.ReadBack) > 0:
			return errors.New("read-back without a phrase: only coded fields can be read back")
		case !text:
			return errors.New("neither a phrase nor words")
		}
		return nil
	}
	p, ok := phrase.Find(f.Phrase)
	if !ok {
		return fmt.Errorf("there is no phrase %q", f.Phrase)
	}
	if p.Kind != kind {
		return fmt.Errorf("phrase %s is %s, not %s", p.Code, p.Kind, kind)
	}
	if err := p.Lawful(f.Fields); err != nil {
		return fmt.Errorf("phrase %s: %w", p.Code, err)
	}
	for i, name := range f.ReadBack {
		if _, ok := f.Fields[name]; !ok || slices.Contains(f.ReadBack[:i], name) {
			return fmt.Errorf("read-back of %q, which is no filled field of the phrase, or twice", name)
		}
	}
	return nil
}

// lawful judges an author; a person is needed unless desks may state it unattributed.
func (a Author) lawful(person bool) error {
	if !slices.Contains(Knowns, a.Known) {
		return fmt.Errorf("how its author is known (%q) is none of %s", a.Known, strings.Join(Knowns, ", "))
	}
	if (a.Officer == "") != (a.Known == "unattributed") {
		return errors.New("an officer, or unattributed: one of the two")
	}
	if person && a.Officer == "" {
		return errors.New("it needs a person: unattributed is not enough")
	}
	if a.Officer != "" {
		if _, err := line.ParsePlace(a.Officer); err != nil {
			return fmt.Errorf("officer: %w", err)
		}
	}
	if a.Desk == "" {
		return nil
	}
	return line.Clean("desk", a.Desk, maxDesk)
}

func lawfulTime(what string, t time.Time) error {
	if t.IsZero() {
		return nil
	}
	if t != t.UTC().Truncate(time.Second) || t.Year() < 2000 || t.Year() > 2099 {
		return fmt.Errorf("%s is not a whole second UTC of 2000–2099", what)
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

// lawfulStep judges a receiver's step, against the message as far as it is here.
//
// SPEC: MSG-003, MSG-020
func lawfulStep(e, begin *record.Entry) error {
	if len(e.Re) == 0 {
		return errors.New("it names no message")
	}
	if n := bodies(e); n > UrgentBodies {
		return fmt.Errorf("bodies of %d bytes, over %d", n, UrgentBodies)
	}
	if begin != nil {
		switch {
		case !IsMessage(begin.Kind):
			return fmt.Errorf("it names a %s, not a message", begin.Kind)
		case e.Log.Party == begin.Log.Party:
			return errors.New("only the receiving party states this step")
		case e.Class != begin.Class || e.Mark != begin.Mark:
			return errors.New("a step has the class and mark of its message")
		}
	}
	switch strings.TrimPrefix(e.Kind, "message.") {
	case Acknowledged:
		return lawfulAck(e, begin)
	case Responded:
		f, here, err := decode[RespondFacts](e)
		if err != nil || !here {
			return err
		}
		return f.lawful()
	case Relayed:
		f, here, err := decode[RelayFacts](e)
		if err != nil || !here {
			return err
		}
		if _, err := line.ParsePlace(f.To); err != nil {
			return fmt.Errorf("to: %w", err)
		}
		return f.By.lawful(true)
	}
	f, here, err := decode[ShownFacts](e)
	if err != nil || !here {
		return err
	}
	return f.By.lawful(true)
}

// lawfulAck: what was read back must mean what the message says, or the acknowledgement is none.
//
// SPEC: MSG-020, MSG-021
func lawfulAck(e, begin *record.Entry) error {
	f, here, err := decode[AckFacts](e)
	if err != nil || !here {
		return err
	}
	if !slices.Contains(Reads, f.Read) {
		return fmt.Errorf("how it was read (%q) is none of %s", f.Read, strings.Join(Reads, ", "))
	}
	if f.Translator != "" {
		if _, err := line.ParsePlace(f.Translator); err != nil || f.Read != "translation" {
			return errors.New("translator: not a place, or not read in a translation")
		}
	}
	if err := f.By.lawful(true); err != nil {
		return err
	}
	if f.Read == Linguist {
		if len(f.ReadBack) > 0 {
			return errors.New("awaiting the linguist, nothing is read back")
		}
		return nil
	}
	if begin == nil {
		return nil
	}
	m, here, err := decode[Facts](begin)
	if err != nil || !here {
		return err
	}
	p, ok := phrase.Find(m.Phrase)
	if !ok {
		if len(f.ReadBack) > 0 {
			return errors.New("the message has no coded fields to read back")
		}
		return nil
	}
	if d := p.Differ(m.ReadBack, m.Fields, f.ReadBack); len(d) > 0 {
		return fmt.Errorf("the read-back differs: %s", strings.Join(d, ", "))
	}
	return nil
}

func (f RespondFacts) lawful() error {
	if !slices.Contains(Responses, f.How) {
		return fmt.Errorf("response %q is none of %s", f.How, strings.Join(Responses, ", "))
	}
	if (f.How == Standby) == f.Until.IsZero() {
		return errors.New("standby has a time until, and nothing else has")
	}
	if err := lawfulTime("until", f.Until); err != nil {
		return err
	}
	return f.By.lawful(true)
}
