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
func (p *Pairing) View(lang string) View {
	v := View{State: "waiting", Party: p.cfg.Ours.Party, Peer: p.cfg.Theirs.Party, Role: string(rune('A' + p.place)), Wrong: p.cfg.Wrong, Last: p.last}
	switch {
	case p.Locked():
		v.State = "locked"
	case p.made != nil:
		v.State = "signed"
	case p.Ready():
		v.State, v.Number, v.Hash = "ready", p.s.numbers[p.place], p.s.draft.Hash.String()
		if t, err := party.ParseTerms(p.s.terms); err == nil {
			v.Genesis = p.s.draft.Describe(lang, t)
		}
		if p.s.typed {
			v.State = "typed"
		}
	}
	return v
}

// Text is View in words.
func (p *Pairing) Text(lang string) string {
	v := p.View(lang)
	s := words.T(lang, "pairing."+v.State)
	if v.Last != "" {
		s += "\n" + words.T(lang, "pairing."+v.Last, v.Wrong)
	}
	if v.Number == "" {
		return s
	}
	return v.Genesis + "\n" + words.T(lang, "pairing.number", v.Number, v.Peer) + "\n" + s
}
