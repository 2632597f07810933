// SPDX-License-Identifier: Apache-2.0

package alarm

import "time"

// Priority orders alarms; a lower value is more urgent.
type Priority int

// The priorities.
const (
	High Priority = 1 + iota
	Medium
	Low
)

func (p Priority) String() string {
	switch p {
	case High:
		return "high"
	case Medium:
		return "medium"
	}
	return "low"
}

// Words is a text in every language of the product.
type Words struct{ EN, IT string }

// In gives the text in a language; English where the language is not there.
func (w Words) In(lang string) string {
	if lang == "it" {
		return w.IT
	}
	return w.EN
}

// Row is one alarm of the table.
type Row struct {
	ID       string
	Priority Priority
	On, Off  time.Duration // how long the condition must stand, or be gone, before the alarm is raised, or returns
	Shelve   bool          // may be shelved
	Under    string        // while that alarm stands this one is its consequence: listed under it, silent
	Sound    string        // high medium none
	Cause    Words
	Do       Words
}

// Table lists every alarm, in order of its number.
//
// SPEC: ALM-001
var Table = []Row{
	{"A1", High, 10 * time.Second, 2 * time.Second, false, "", "high",
		Words{"line down", "linea interrotta"},
		Words{"Use the fallback telephone of the line; call the technician; what you record waits and goes by itself.",
			"Usate il telefono di riserva della linea; chiamate il tecnico; quanto registrate attende e parte da sé."}},
	{"A2", High, 20 * time.Second, 0, false, "", "high",
		Words{"nobody armed or present", "nessuna postazione armata o presidiata"},
		Words{"Sign on and turn the sound on at one desk.", "Prendete servizio e attivate il suono a una postazione."}},
	{"A3", Medium, 0, 0, true, "A1", "medium",
		Words{"check failed or overdue", "prova fallita o in ritardo"},
		Words{"Look at the parts of the check; run one now: parley check now.", "Guardate le parti della prova; fatene una ora: parley check now."}},
	{"A4", High, 0, 0, false, "", "high",
		Words{"a step is overdue", "un passo è in ritardo"},
		Words{"Ours: read the item and take the step. Theirs: ring them and ask.", "Nostro: leggete e compite il passo. Loro: chiamateli e chiedete."}},
	{"A5", High, 0, 0, true, "", "medium",
		Words{"notices conflict", "avvisi in conflitto"},
		Words{"Compare the two notices; ring them.", "Confrontate i due avvisi; chiamateli."}},
	{"A6", Medium, 10 * time.Second, 10 * time.Second, true, "", "medium",
		Words{"clock", "orologio"},
		Words{"Compare this machine's clock with a source you trust.", "Confrontate l'orologio di questa macchina con una fonte fidata."}},
	{"A7", High, 0, 0, false, "", "high",
		Words{"record disagreement or evidence", "registro discorde o prova di manomissione"},
		Words{"Export the record, change nothing, tell your superior: a liar, a thief or a copied memory.",
			"Esportate il registro, non cambiate nulla, avvertite il superiore: un bugiardo, un ladro o una memoria copiata."}},
	{"A8", High, 0, 0, false, "", "medium",
		Words{"key, sheet, certificate or phrasebook", "chiave, scheda, certificato o frasario"},
		Words{"Compare the sheet's digits with them over another channel.", "Confrontate con loro le cifre della scheda per altra via."}},
	{"A9", High, 0, 0, true, "", "medium",
		Words{"storage or backup", "memoria o copia di riserva"},
		Words{"Free space on the disk or replace it; the line itself goes on.", "Liberate spazio sul disco o sostituitelo; la linea prosegue."}},
	{"A10", Medium, 5 * time.Second, 2 * time.Second, true, "", "medium",
		Words{"sound device", "dispositivo audio"},
		Words{"Check headset and browser permission, or use another desk.", "Controllate cuffie e permesso del browser, o usate un'altra postazione."}},
	{"A11", Medium, 30 * time.Second, 5 * time.Second, true, "A1", "medium",
		Words{"one path lost", "un percorso perduto"},
		Words{"Tell the technician. What other path is up carries all.", "Avvertite il tecnico. Se un altro percorso è attivo, porta tutto."}},
	{"A12", High, 0, 0, false, "", "high",
		Words{"STOP not taken", "STOP non preso in carico"},
		Words{"Ours: ring them, then the fallback telephone. Theirs: take it now.", "Nostro: chiamateli, poi il telefono di riserva. Loro: prendetelo in carico ora."}},
	{"A13", Medium, 0, 0, true, "", "medium",
		Words{"the ends state different outcomes", "le due parti dichiarano esiti diversi"},
		Words{"Both statements stand. Ring them and clear it up.", "Restano entrambe le dichiarazioni. Chiamateli e chiarite."}},
	{"A14", Medium, 0, 0, true, "", "medium",
		Words{"notifier failed", "avvisatore guasto"},
		Words{"Nobody outside this room was told. Look at on_alarm in the configuration.", "Nessuno fuori da questa stanza è stato avvertito. Guardate on_alarm nella configurazione."}},
	{"A15", Low, 0, 0, true, "", "none",
		Words{"attribution: an act without a person", "attribuzione: un atto senza persona"},
		Words{"Sign on and own what was done unattributed.", "Prendete servizio e fate vostro quanto fatto senza nome."}},
	{"A16", High, 0, 0, false, "", "high",
		Words{"unrecorded", "non registrato"},
		Words{"Ringing, voice and STOP go on. Keep a log on paper; repair the disk.", "Chiamate, voce e STOP proseguono. Tenete un registro su carta; riparate il disco."}},
}

// Find gives the row of an alarm.
func Find(id string) (Row, bool) {
	for _, r := range Table {
		if r.ID == id {
			return r, true
		}
	}
	return Row{}, false
}
