// SPDX-License-Identifier: Apache-2.0

package pairing

import (
	"errors"
	"example.org/parley/party"
	"example.org/parley/wire"
)

// onNonce checks the commitment; then both numbers are known. SPEC: CLI-040
func (p *Pairing) onNonce(x message) (_ Effects, err error) {
	other := 1 - p.place
	if p.s.commit == nil || p.s.numbers[0] != "" || party.Commit(other, p.cfg.Theirs.Party, x.Value) != *p.s.commit {
		return Effects{}, wrongf("a nonce that was not committed to")
	}
	p.s.nonces[other] = x.Value
	if p.s.numbers, err = party.Numbers(p.s.nonces, p.sheets, p.s.use); err != nil {
		return Effects{}, err
	}
	if p.isA() {
		return p.writeDraft()
	}
	return Effects{Send: message{T: "nonce", Value: p.s.nonces[1]}.encode()}, nil
}

// writeDraft, at A: the genesis of this session.
func (p *Pairing) writeDraft() (Effects, error) {
	salt, err := party.Draw(p.cfg.Rand)
	if err != nil {
		return Effects{}, err
	}
	own, err := party.Draw(p.cfg.Rand)
	if err != nil {
		return Effects{}, err
	}
	if p.s.terms, err = p.cfg.Terms.Encode(salt); err != nil {
		return Effects{}, err
	}
	if p.s.draft, err = party.NewGenesis(p.cfg.Line, p.sheets, [2][32]byte{own, p.s.random}, p.s.tagKey, p.s.terms); err != nil {
		return Effects{}, err
	}
	return Effects{Send: message{T: "draft", Note: p.s.draft.Text(), Terms: p.s.terms, Value: p.s.tagKey}.encode()}, nil
}

// genesis reads the one that a message carries, with its terms and the handshake's key, and judges whether all fit.
func (p *Pairing) genesis(x message, sigs int) (*party.Genesis, error) {
	g, err := party.ParseGenesis(x.Note)
	if err == nil {
		err = g.Fits(p.sheets, x.Terms)
	}
	t, no := party.ParseTerms(x.Terms)
	if err = errors.Join(err, no); err != nil {
		return nil, wrongf("%v", err)
	}
	if t.Fallback == nil { // they are read before anybody signs
		return nil, wrongf("terms without their telephones")
	}
	if g.Sigs != sigs || wire.Sum(x.Value[:]) != g.Tag {
		return nil, wrongf("a genesis of %d signatures, not %d, or without its key", g.Sigs, sigs)
	}
	return g, nil
}

// onDraft, at B: what A proposes, judged before it is shown.
func (p *Pairing) onDraft(x message) error {
	if p.s.numbers[0] == "" || p.s.draft != nil {
		return wrongf("a draft out of turn")
	}
	g, err := p.genesis(x, 0)
	if err != nil {
		return err
	}
	if g.Parties[1].Rand != p.s.random {
		return wrongf("the draft does not carry our random bytes")
	}
	p.s.draft, p.s.terms, p.s.tagKey = g, x.Terms, x.Value
	return nil
}

// onSigned, at B: A has confirmed.
func (p *Pairing) onSigned(x message) (Effects, error) {
	g, err := party.ParseGenesis(x.Note)
	if err != nil {
		return Effects{}, wrongf("%v", err)
	}
	if p.s.draft == nil || g.Sigs != 1 || g.Hash != p.s.draft.Hash {
		return Effects{}, wrongf("A signed another genesis than it showed")
	}
	p.s.signed = g
	return p.finishB()
}

// finishB signs when both have confirmed. SPEC: CLI-043
func (p *Pairing) finishB() (Effects, error) {
	if p.s.signed == nil || !p.s.typed {
		return Effects{}, nil
	}
	if err := p.s.signed.SignNext(p.cfg.Key); err != nil {
		return Effects{}, err
	}
	p.made = &Made{Note: p.s.signed.Note, Terms: p.s.terms, TagKey: p.s.tagKey}
	return Effects{Keep: p.made, Send: p.doneMessage()}, nil
}

// onDone, at A: both signatures, perhaps from an earlier session. Our own signature in it says that we confirmed.
func (p *Pairing) onDone(x message) (Effects, error) {
	have := Effects{Send: message{T: "have"}.encode(), Done: true}
	if p.made != nil {
		return have, nil
	}
	if _, err := p.genesis(x, 2); err != nil {
		return Effects{}, err
	}
	p.made = &Made{Note: x.Note, Terms: x.Terms, TagKey: x.Value}
	have.Keep = p.made
	return have, nil
}
