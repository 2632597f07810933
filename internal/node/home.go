// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/home"
	"example.org/parley/internal/recording"
	"example.org/parley/internal/store"
	"example.org/parley/party"
	"example.org/parley/verify"
)

// Of is the configuration of a line that is in service, as its home holds it. Who starts it says what opens the sessions;
// of a line alone (home.Line.Alone) there are none.
func Of(l *home.Line, log *slog.Logger) (Config, error) {
	terms, err := party.ParseTerms(l.Terms)
	if err != nil {
		return Config{}, err
	}
	place := l.Genesis.Place(l.Ours.Party)
	letters := l.Genesis.Letters()
	us, them := l.Genesis.Parties[place], l.Genesis.Parties[1-place]
	c := Config{
		Name: l.Genesis.Line, DB: l.DB(), IsPartyA: place == 0, Key: l.Keys.Sign, Alone: l.Genesis.Alone(),
		Us:      Party{Name: us.Party, Letter: letters[place], Keys: l.OurIssues.SignKeys()},
		Them:    Party{Name: them.Party, Letter: letters[1-place], Keys: l.TheirIssues.SignKeys()},
		Genesis: l.Genesis.Hash, GenesisText: l.Genesis.Note, Terms: l.Terms, Station: l.Config.Station,
		Schedule: terms.Schedule, Due: terms.Policy.Due, Fallback: terms.Fallback, Demo: l.Config.Demo, Notifier: l.Config.Notifier, BackupEvery: l.Config.BackupEvery(), Now: time.Now, Rand: rand.Reader, Log: log,
		Store: store.Options{ReserveFile: l.Reserve(), Postgres: l.Config.Store, Name: fmt.Sprintf("%s/%x", us.Party, l.Genesis.Hash)},
	}
	if c.Store.Postgres != "" {
		if err := store.CheckPostgres(c.Store.Postgres); err != nil {
			return Config{}, hint.New(`store = "postgres://USER@HOST/DATABASE?sslmode=verify-full" in config.toml`, "store: %v", err)
		}
	}
	c.Sheets, c.Ends = l.Notes(), verify.Ends(slices.Concat(l.OurIssues, l.TheirIssues))
	if c.Alone {
		return c, nil
	}
	c.Sheet, c.Home = l.Theirs.Issue, l
	c.Recording = recording.Options{Dir: filepath.Join(l.Dir, recording.Place), Keep: time.Duration(cmp.Or(l.Config.Recording.KeepDays, 30)) * 24 * time.Hour}
	if c.Recording.To, err = l.Config.RecordTo(); err != nil {
		return Config{}, err
	}
	if l.Alone != nil {
		before, err := Of(l.Alone, log)
		c.Before = &before
		return c, err
	}
	return c, nil
}
