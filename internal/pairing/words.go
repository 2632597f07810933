// SPDX-License-Identifier: Apache-2.0

package pairing

import (
	"example.org/parley/party"
	"example.org/parley/words"
)

// View answers confirm.
type View struct {
	State   string `json:"state"` // waiting ready typed signed locked
	Party   string `json:"party"`
	Peer    string `json:"peer"`
	Role    string `json:"role"`              // A or B
	Number  string `json:"number,omitempty"`  // ours, to be read out
	Genesis string `json:"genesis,omitempty"` // in words
	Hash    string `json:"hash,omitempty"`
	Wrong   int    `json:"wrong"` // numbers so far
	Last    string `json:"last,omitempty"`
}

// View is what confirm shows.
func (m *Machine) View(lang string) View {
	v := View{State: "waiting", Party: m.cfg.Ours.Party, Peer: m.cfg.Theirs.Party, Role: m.role(), Wrong: m.wrong, Last: m.last}
	switch {
	case m.Locked():
		v.State = "locked"
	case m.made != nil:
		v.State = "signed"
	case m.Ready():
		v.State, v.Number, v.Hash = "ready", m.s.ourNum, m.s.draft.Hash.String()
		if t, err := party.ParseTerms(m.s.terms); err == nil {
			v.Genesis = m.s.draft.Describe(lang, t)
		}
		if m.s.typed {
			v.State = "typed"
		}
	}
	return v
}

// Text is View in words.
func (m *Machine) Text(lang string) string {
	v := m.View(lang)
	s := words.T(lang, "pairing."+v.State)
	if v.Last != "" {
		s += "\n" + words.T(lang, "pairing."+v.Last, v.Wrong)
	}
	if v.Number == "" {
		return s
	}
	return v.Genesis + "\n" + words.T(lang, "pairing.number", v.Number, v.Peer) + "\n" + s
}
