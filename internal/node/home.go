// SPDX-License-Identifier: Apache-2.0

package node

import (
	"crypto/rand"
	"log/slog"
	"time"

	"example.org/parley/internal/home"
	"example.org/parley/party"
)

// Of is the configuration of a line that is in service, as its home holds it. Who starts it says what opens the sessions.
func Of(l *home.Line, log *slog.Logger) (Config, error) {
	terms, err := party.ParseTerms(l.Terms)
	if err != nil {
		return Config{}, err
	}
	sheets, place := l.Sheets(), l.Genesis.Place(l.Ours.Party)
	letters := l.Genesis.Letters()
	return Config{
		Name: l.Genesis.Line, DB: l.DB(), First: l.IsPartyA(), Key: l.Keys.Sign,
		Us:      Party{Name: l.Ours.Party, Letter: letters[place], SignKey: l.Ours.Sign},
		Them:    Party{Name: l.Theirs.Party, Letter: letters[1-place], SignKey: l.Theirs.Sign},
		Genesis: l.Genesis.Hash, GenesisText: l.Genesis.Note, Terms: l.Terms, Sheets: [][]byte{sheets[0].Note, sheets[1].Note}, Sheet: l.Theirs.Issue, Station: l.Config.Station,
		Schedule: terms.Schedule, Due: terms.Policy.Due, Fallback: terms.Fallback, Demo: l.Config.Demo, Now: time.Now, Rand: rand.Reader, Log: log,
	}, nil
}
