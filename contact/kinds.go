// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"errors"
	"fmt"
	"slices"

	"example.org/parley/line"
	"example.org/parley/record"
	"example.org/parley/wire"
)

// Limits of free words in facts, in bytes.
const (
	maxBasis        = 240
	maxReason       = 480
	maxParticipants = 16
)

// channels that a kind of contact can have; the first is the usual one.
var channels = map[string][]string{
	Call:    {ByTelephone, ByLine, ByVideo},
	Meeting: {InPerson, ByVideo},
	Summons: {InPerson, ByVideo, ByTelephone},
	Letter:  {ByLetter},
}

// The words of contacts: what they are, what a request may seek, by which way, and the outcomes of an attempt in the
// order of the columns.
var (
	Sorts    = []string{Call, Meeting, Summons, Letter}
	Sought   = []string{Call, Meeting}
	Channels = []string{ByLine, ByTelephone, ByVideo, InPerson, ByLetter}
	Outcomes = []string{Accepted, Declined, Deferred, CounterProposed, Lapsed, NoReply, NotReached}
)

// Kinds lists the kinds of this package for the record.
func Kinds() []record.Kind {
	return []record.Kind{
		{Name: KindMade, Begins: true, Lawful: beginning(MadeFacts.lawful)},
		{Name: KindPlaced, Begins: true, Lawful: beginning(PlacedFacts.lawful)},
		{Name: KindOutcome, Lawful: lawfulOutcome},
	}
}

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

// beginning judges a statement that begins a contact or a request.
// SPEC: CNT-004
func beginning[T any](lawful func(T) error) func(e, begin *record.Entry) error {
	return func(e, _ *record.Entry) error {
		f, here, err := decode[T](e)
		switch {
		case err != nil:
			return err
		case len(e.Re) > 0 || e.Class != "service":
			return errors.New("it begins its own item, of class service")
		case !here:
			return nil
		}
		return lawful(f)
	}
}

// SPEC: CNT-005
func (f MadeFacts) lawful() error {
	if !slices.Contains(channels[f.Kind], f.Channel) {
		return fmt.Errorf("there is no %q by %q", f.Kind, f.Channel)
	}
	if n := len(f.Participants); n < 2 || n > maxParticipants {
		return fmt.Errorf("%d participants, not 2 to %d", n, maxParticipants)
	}
	seen := map[string]bool{}
	for _, p := range f.Participants {
		if _, err := line.ParsePlace(p); err != nil || seen[p] {
			return errors.Join(err, fmt.Errorf("participant %q is no post, or named twice", p))
		}
		seen[p] = true
	}
	return errors.Join(dated(f.When), line.Clean("basis", f.Basis, maxBasis), optional("told by", f.ToldBy, maxBasis), f.By.lawful())
}

// SPEC: CNT-006
func (f PlacedFacts) lawful() error {
	if f.For != Call && f.For != Meeting {
		return fmt.Errorf("a request is for a call or a meeting, not for %q", f.For)
	}
	_, err1 := line.ParsePlace(f.From)
	_, err2 := line.ParsePlace(f.With)
	if err1 != nil || err2 != nil || f.From == f.With {
		return errors.New("a request is from one post with another")
	}
	return errors.Join(dated(f.When), line.Clean("basis", f.Basis, maxBasis), optional("told by", f.ToldBy, maxBasis), f.By.lawful())
}

// lawfulOutcome: it names a request, has its mark, and confirms only what the other party stated.
// SPEC: CNT-007 CNT-010
func lawfulOutcome(e, begin *record.Entry) error {
	f, here, err := decode[OutcomeFacts](e)
	switch {
	case err != nil:
		return err
	case len(e.Re) == 0 || e.Class != "service":
		return errors.New("it names no request, or is not of class service")
	case begin != nil && begin.Kind != KindPlaced:
		return errors.New("what it names is no request")
	case begin != nil && begin.Mark != e.Mark:
		return errors.New("its mark is not that of its request")
	case !here:
		return nil
	case f.Attempt != "":
		p, err := line.ParsePlace(f.Attempt)
		if err != nil || p.Party == e.Log.Party {
			return errors.New("only the other party's outcome can be confirmed or disputed")
		}
	}
	return f.lawful()
}

func (f OutcomeFacts) lawful() error {
	switch {
	case !slices.Contains(Outcomes, f.Outcome):
		return fmt.Errorf("there is no outcome %q", f.Outcome)
	case !f.Until.IsZero() && f.Outcome != Deferred && f.Outcome != CounterProposed:
		return errors.New("only what is deferred or counter-proposed has a time until which")
	case f.On != nil && f.On.IsZero():
		return errors.New("its date is missing")
	}
	return errors.Join(optional("told by", f.ToldBy, maxBasis), optional("reason", f.Reason, maxReason), f.By.lawful())
}

func (a Author) lawful() error {
	if a.Officer != "" {
		if _, err := line.ParsePlace(a.Officer); err != nil {
			return err
		}
	}
	return errors.Join(line.Clean("how its author is known", a.Known, 40), optional("desk", a.Desk, 64))
}

func dated(w When) error {
	if w.IsZero() {
		return errors.New("its date is missing")
	}
	return nil
}

func optional(what, s string, max int) error {
	if s == "" {
		return nil
	}
	return line.Clean(what, s, max)
}
