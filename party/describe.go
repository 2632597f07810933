// SPDX-License-Identifier: Apache-2.0

package party

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.org/parley/wire"
)

// words of Describe, per language; a test reads that every table has every key.
var genesisWords = map[string]map[string]string{
	"en": {
		"title": "Genesis of the line %s between %s and %s", "purpose": "Purpose (%s)", "area": "Area", "subject": "Subject",
		"hours": "Hours", "languages": "Languages", "access": "Who may use it", "fallback": "Telephones of %s if the line is down",
		"none": "none given", "checks": "Checked every day at (UTC)", "officer": "The officers' parts of a check", "minutes": "within %d minutes",
		"clock": "Clock changed: %s, %s", "seconds": "%d seconds", "usual": "Clocks", "usualv": "the usual ones, none changed",
		"sheet": "Sheet digits of %s (%s)", "key": "Sign key of %s", "tag": "Handshake key's hash", "hash": "Hash of this genesis",
		"writes": "%s writes and signs it first; %s signs the same bytes or refuses.",
	},
	"it": {
		"title": "Atto costitutivo della linea %s tra %s e %s", "purpose": "Scopo (%s)", "area": "Area", "subject": "Oggetto",
		"hours": "Orario", "languages": "Lingue", "access": "Chi può usarla", "fallback": "Telefoni di %s se la linea è interrotta",
		"none": "nessuno indicato", "checks": "Verifica ogni giorno alle (UTC)", "officer": "Le parti degli ufficiali in una verifica", "minutes": "entro %d minuti",
		"clock": "Termine cambiato: %s, %s", "seconds": "%d secondi", "usual": "Termini", "usualv": "quelli consueti, nessuno cambiato",
		"sheet": "Cifre del foglio di %s (%s)", "key": "Chiave di firma di %s", "tag": "Hash della chiave di handshake", "hash": "Hash di questo atto",
		"writes": "%s lo scrive e firma per prima; %s firma gli stessi byte oppure rifiuta.",
	},
}

// Describe says the whole genesis in words, one line a fact: what an officer reads before typing the number.
//
// SPEC: REC-910
func (g *Genesis) Describe(lang string, t Terms) string {
	w, ok := genesisWords[lang]
	if !ok {
		w = genesisWords["en"]
	}
	var b strings.Builder
	row := func(k, v string) {
		if v == "" {
			v = w["none"]
		}
		fmt.Fprintf(&b, "  %s: %s\n", k, v)
	}
	fmt.Fprintf(&b, w["title"]+"\n", g.Line, g.A.Party, g.B.Party)
	for _, l := range slices.Sorted(maps.Keys(t.Purpose)) {
		row(fmt.Sprintf(w["purpose"], l), t.Purpose[l])
	}
	row(w["area"], t.Area)
	row(w["subject"], t.Subject)
	row(w["hours"], t.Hours)
	row(w["languages"], strings.Join(t.Languages, ", "))
	row(w["access"], t.Access)
	for _, s := range []Side{g.A, g.B} {
		row(fmt.Sprintf(w["fallback"], s.Party), strings.Join(t.Fallback[s.Party], ", "))
	}
	row(w["checks"], strings.Join(t.Schedule.Checks, ", "))
	row(w["officer"], fmt.Sprintf(w["minutes"], t.Schedule.Officer))
	if len(t.Policy.Due) == 0 {
		row(w["usual"], w["usualv"])
	}
	for _, p := range slices.Sorted(maps.Keys(t.Policy.Due)) {
		for _, s := range slices.Sorted(maps.Keys(t.Policy.Due[p])) {
			row(fmt.Sprintf(w["clock"], p, s), fmt.Sprintf(w["seconds"], t.Policy.Due[p][s]))
		}
	}
	for i, s := range []Side{g.A, g.B} {
		row(fmt.Sprintf(w["sheet"], s.Party, string(rune('A'+i))), Digits(s.Sheet))
		row(fmt.Sprintf(w["key"], s.Party), wire.KeyText(s.Sign))
	}
	row(w["tag"], g.Tag.String())
	row(w["hash"], g.Hash.String())
	fmt.Fprintf(&b, w["writes"]+"\n", g.A.Party, g.B.Party)
	return b.String()
}
