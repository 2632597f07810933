// SPDX-License-Identifier: Apache-2.0

package pairing

import (
	"fmt"

	"example.org/parley/party"
)

// words are what confirm says, per language; a test reads that both tables have every key.
var words = map[string]map[string]string{
	"en": {
		"waiting":     "PAIRING: waiting for the other end. It must have entered our sheet, and its node must run.",
		"ready":       "Read the genesis. Then type the number that the OTHER end reads out to you: parley confirm NUMBER",
		"typed":       "Their number is right. Waiting for the other end to type ours.",
		"signed":      "The genesis is signed by both. The line goes into service once the other end has shown that it holds it.",
		"confirmed":   "you have confirmed it already: your signature is with the other end",
		"locked":      "PAIRING LOCKED: three numbers were wrong",
		"lockedhint":  "find out why first; then both make and enter a new issue of the sheet: parley sheet --next > FILE, parley pair FILE",
		"number":      "OUR NUMBER IS %s. Read it out to %s over a channel that is not this line.",
		"wrong":       "the number is wrong; this session has ended",
		"wronghint":   "type the number that the other end shows, not your own; both have new numbers now: parley confirm",
		"refused":     "Refused: this genesis is not signed. The other end is told.",
		"theirwrong":  "The other end typed a wrong number: %d of 3. Both numbers are new.",
		"ourwrong":    "A wrong number was typed here: %d of 3. Both numbers are new.",
		"theyrefused": "The other end refused the genesis before this one (%d wrong numbers so far).",
		"werefused":   "The genesis before this one was refused here (%d wrong numbers so far).",
		"unpaired":    "this line is not in service yet: its pairing is not confirmed",
	},
	"it": {
		"waiting":     "ABBINAMENTO: in attesa dell'altro capo. Deve avere inserito il nostro foglio e il suo nodo deve essere attivo.",
		"ready":       "Leggere l'atto. Poi digitare il numero che l'ALTRO capo detta: parley confirm NUMERO",
		"typed":       "Il loro numero è giusto. In attesa che l'altro capo digiti il nostro.",
		"signed":      "L'atto è firmato da entrambi. La linea entra in servizio quando l'altro capo ha mostrato di averlo.",
		"confirmed":   "è già stato confermato: la firma è presso l'altro capo",
		"locked":      "ABBINAMENTO BLOCCATO: tre numeri sbagliati",
		"lockedhint":  "prima capire perché; poi entrambi emettono e inseriscono un nuovo foglio: parley sheet --next > FILE, parley pair FILE",
		"number":      "IL NOSTRO NUMERO È %s. Dettarlo a %s per un canale che non sia questa linea.",
		"wrong":       "il numero è sbagliato; questa sessione è finita",
		"wronghint":   "digitare il numero mostrato dall'altro capo, non il proprio; ora entrambi hanno numeri nuovi: parley confirm",
		"refused":     "Rifiutato: questo atto non viene firmato. L'altro capo ne è informato.",
		"theirwrong":  "L'altro capo ha digitato un numero sbagliato: %d su 3. Entrambi i numeri sono nuovi.",
		"ourwrong":    "Qui è stato digitato un numero sbagliato: %d su 3. Entrambi i numeri sono nuovi.",
		"theyrefused": "L'altro capo ha rifiutato l'atto precedente (%d numeri sbagliati finora).",
		"werefused":   "L'atto precedente è stato rifiutato qui (%d numeri sbagliati finora).",
		"unpaired":    "questa linea non è ancora in servizio: l'abbinamento non è confermato",
	},
}

// Words are the words of one language, English where it has no table.
func Words(lang string) map[string]string {
	if w, ok := words[lang]; ok {
		return w
	}
	return words["en"]
}

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
	w, v := Words(lang), m.View(lang)
	s := w[v.State]
	if v.Last != "" {
		s += "\n" + fmt.Sprintf(w[v.Last], v.Wrong)
	}
	if v.Number == "" {
		return s
	}
	return v.Genesis + "\n" + fmt.Sprintf(w["number"], v.Number, v.Peer) + "\n" + s
}
