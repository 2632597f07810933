// SPDX-License-Identifier: Apache-2.0

package check

import "slices"

// Asked is a question in one language.
type Asked struct {
	Text    string
	Choices [4]string
}

// Question is a short text with something to read out of it: whoever reads the language answers it at
// once, whoever does not cannot guess it more often than one time in four.
type Question struct {
	ID     string
	Answer string // a b c d, the same in each language
	In     map[string]Asked
}

// Languages of the questions.
var languages = []string{"en", "it"}

// Questions is the table. An id is never used again for another question.
var Questions = []Question{
	q("q01", "c", "Three boats left the harbour; two came back before noon. How many are still out?", "none", "three", "one", "two",
		"Tre barche lasciarono il porto; due tornarono prima di mezzogiorno. Quante sono ancora fuori?", "nessuna", "tre", "una", "due"),
	q("q02", "a", "The convoy goes north until the bridge and then turns east. Which way does it go after the bridge?", "east", "north", "west", "south",
		"Il convoglio va a nord fino al ponte e poi piega a est. Dove va dopo il ponte?", "est", "nord", "ovest", "sud"),
	q("q03", "d", "The green lamp is out, the red lamp is lit, the white lamp blinks. Which lamp is lit without a break?", "none", "the green", "the white", "the red",
		"La lampada verde è spenta, la rossa è accesa, la bianca lampeggia. Quale lampada è accesa di continuo?", "nessuna", "la verde", "la bianca", "la rossa"),
	q("q04", "b", "The doctor speaks to the pilot about the weather. Who listens?", "the doctor", "the pilot", "the weather", "nobody",
		"Il medico parla al pilota del tempo. Chi ascolta?", "il medico", "il pilota", "il tempo", "nessuno"),
	q("q05", "c", "The well is deeper than the ditch and shallower than the shaft. Which is the deepest?", "the ditch", "the well", "the shaft", "they are alike",
		"Il pozzo è più profondo del fosso e meno del cunicolo. Qual è il più profondo?", "il fosso", "il pozzo", "il cunicolo", "sono uguali"),
	q("q06", "a", "The meeting of Tuesday was moved two days later. On which day is it?", "Thursday", "Sunday", "Tuesday", "Wednesday",
		"La riunione di martedì è stata spostata due giorni dopo. In che giorno è?", "giovedì", "domenica", "martedì", "mercoledì"),
	q("q07", "d", "All windows are shut but the one above the door. Which one is open?", "none", "all", "the one beside the door", "the one above the door",
		"Tutte le finestre sono chiuse tranne quella sopra la porta. Quale è aperta?", "nessuna", "tutte", "quella accanto alla porta", "quella sopra la porta"),
	q("q08", "b", "Do not ring the bell before the flag is down. What comes first?", "the bell", "the flag goes down", "both at once", "neither",
		"Non suonate la campana prima che la bandiera sia ammainata. Che cosa viene prima?", "la campana", "la bandiera scende", "entrambe insieme", "nessuna delle due"),
	q("q09", "c", "The older brother is a baker, the younger a tailor, their sister a teacher. Who makes bread?", "the sister", "the younger brother", "the older brother", "nobody",
		"Il fratello maggiore è fornaio, il minore sarto, la sorella maestra. Chi fa il pane?", "la sorella", "il fratello minore", "il fratello maggiore", "nessuno"),
	q("q10", "a", "Yesterday it snowed, today it rains, tomorrow the sun shines. What is the weather today?", "rain", "snow", "sun", "fog",
		"Ieri nevicava, oggi piove, domani splende il sole. Che tempo fa oggi?", "pioggia", "neve", "sole", "nebbia"),
	q("q11", "b", "Half of the twelve lorries are loaded. How many are empty?", "twelve", "six", "none", "four",
		"Metà dei dodici autocarri è carica. Quanti sono vuoti?", "dodici", "sei", "nessuno", "quattro"),
	q("q12", "d", "Nobody but the guard has the key to the store. Who can open it?", "everybody", "nobody", "the storekeeper", "the guard",
		"Nessuno tranne la guardia ha la chiave del deposito. Chi può aprirlo?", "tutti", "nessuno", "il magazziniere", "la guardia"),
}

func q(id, answer, en, a, b, c, d, it, ia, ib, ic, id2 string) Question {
	return Question{ID: id, Answer: answer, In: map[string]Asked{"en": {en, [4]string{a, b, c, d}}, "it": {it, [4]string{ia, ib, ic, id2}}}}
}

// FindQuestion gives a question of the table.
func FindQuestion(id string) (Question, bool) {
	i := slices.IndexFunc(Questions, func(q Question) bool { return q.ID == id })
	if i < 0 {
		return Question{}, false
	}
	return Questions[i], true
}

// language gives the first of an officer's languages in which questions exist, "" where there is none.
//
// SPEC: CHK-006
func language(reads []string) string {
	for _, l := range reads {
		if slices.Contains(languages, l) {
			return l
		}
	}
	return ""
}
