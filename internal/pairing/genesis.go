// SPDX-License-Identifier: Apache-2.0

package pairing

import (
	"example.org/parley/party"
	"example.org/parley/wire"
)

// onNonce checks the commitment; then both numbers are known. SPEC: CLI-040
func (m *Machine) onNonce(x message) (Out, error) {
	other := map[bool]string{true: "B", false: "A"}[m.a]
	if m.s.commit == nil || m.s.theirs != nil || len(x.Value) != 32 || party.Commit(other, m.cfg.Theirs.Party, [32]byte(x.Value)) != *m.s.commit {
		return Out{}, wrongf("a nonce that was not committed to")
	}
	n := [32]byte(x.Value)
	m.s.theirs = &n
	a, b := m.sheets()
	na, nb := m.s.nonce, n
	if !m.a {
		na, nb = nb, na
	}
	forA, forB, err := party.Numbers(na, nb, a, b, m.s.use)
	if err != nil {
		return Out{}, err
	}
	if !m.a {
		m.s.ourNum, m.s.wantNum = forB, forA
		return Out{Send: [][]byte{message{T: "nonce", Value: m.s.nonce[:]}.encode()}}, nil
	}
	m.s.ourNum, m.s.wantNum = forA, forB
	return m.writeDraft()
}

// writeDraft, at A: the genesis of this session.
func (m *Machine) writeDraft() (Out, error) {
	salt, err := party.Draw(m.cfg.Rand)
	if err != nil {
		return Out{}, err
	}
	own, err := party.Draw(m.cfg.Rand)
	if err != nil {
		return Out{}, err
	}
	if m.s.terms, err = m.cfg.Terms.Encode(salt); err != nil {
		return Out{}, err
	}
	a, b := m.sheets()
	if m.s.draft, err = party.NewGenesis(m.cfg.Line, a, b, own, m.s.random, m.s.tagKey, m.s.terms); err != nil {
		return Out{}, err
	}
	return Out{Send: [][]byte{message{T: "draft", Note: m.s.draft.Text(), Terms: m.s.terms, Value: m.s.tagKey[:]}.encode()}}, nil
}

// onDraft, at B: what A proposes, judged before it is shown.
func (m *Machine) onDraft(x message) error {
	if m.s.theirs == nil || m.s.draft != nil || len(x.Value) != 32 {
		return wrongf("a draft out of turn")
	}
	g, err := party.ParseGenesis(x.Note)
	if err != nil {
		return wrongf("%v", err)
	}
	a, b := m.sheets()
	if err := g.Fits(a, b, x.Terms); err != nil {
		return wrongf("%v", err)
	}
	if _, err := party.ParseTerms(x.Terms); err != nil {
		return wrongf("%v", err)
	}
	if g.Sigs != 0 || g.B.Rand != m.s.random || wire.Sum(x.Value) != g.Tag {
		return wrongf("the draft does not carry our random bytes or its key")
	}
	m.s.draft, m.s.terms, m.s.tagKey = g, x.Terms, [32]byte(x.Value)
	return nil
}

// onSigned, at B: A has confirmed.
func (m *Machine) onSigned(x message) (Out, error) {
	g, err := party.ParseGenesis(x.Note)
	if err != nil {
		return Out{}, wrongf("%v", err)
	}
	if m.s.draft == nil || g.Sigs != 1 || g.Hash != m.s.draft.Hash {
		return Out{}, wrongf("A signed another genesis than it showed")
	}
	m.s.signed = g
	return m.finishB()
}

// finishB signs when both have confirmed. SPEC: CLI-043
func (m *Machine) finishB() (Out, error) {
	if m.s.signed == nil || !m.s.typed {
		return Out{}, nil
	}
	if err := m.s.signed.SignB(m.cfg.Key); err != nil {
		return Out{}, err
	}
	m.made = &Made{Note: m.s.signed.Note, Terms: m.s.terms, TagKey: m.s.tagKey}
	return Out{Keep: m.made, Send: [][]byte{m.doneMessage()}}, nil
}

// onDone, at A: both signatures, perhaps from an earlier session. Our own signature in it says that we confirmed.
func (m *Machine) onDone(x message) (Out, error) {
	have := Out{Send: [][]byte{message{T: "have"}.encode()}, Done: true}
	if m.made != nil {
		return have, nil
	}
	g, err := party.ParseGenesis(x.Note)
	if err != nil {
		return Out{}, wrongf("%v", err)
	}
	a, b := m.sheets()
	if err := g.Fits(a, b, x.Terms); err != nil {
		return Out{}, wrongf("%v", err)
	}
	if g.Sigs != 2 || len(x.Value) != 32 || wire.Sum(x.Value) != g.Tag {
		return Out{}, wrongf("a genesis that is not whole")
	}
	m.made = &Made{Note: x.Note, Terms: x.Terms, TagKey: [32]byte(x.Value)}
	have.Keep = m.made
	return have, nil
}
