// SPDX-License-Identifier: Apache-2.0

package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
)

// row binds an account at a terminal, in one session, to an officer of a line.
type row struct {
	Line    string `json:"line"`
	Account string `json:"account"`
	Desk    string `json:"desk"`
	Session string `json:"session"`
	Officer string `json:"officer"` // short ID of his officer.added
}

func (r row) who() act.Who {
	return act.Who{Officer: r.Officer, Known: "account", Desk: r.Desk, Account: r.Account}
}

// table is desks.json: who is signed on where. It is on disk before a sign-on is answered.
type table struct {
	path string
	mu   sync.Mutex
	rows []row // guarded by mu
}

// openTable reads the table; one that cannot be read is empty and says why: every officer signs on again.
//
// SPEC: CLI-016
func openTable(path string) (*table, error) {
	t := &table{path: path}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err == nil {
		t.rows, err = decodeRows(b)
	}
	return t, err
}

func decodeRows(b []byte) ([]row, error) {
	var rows []row
	err := json.Unmarshal(b, &rows)
	return rows, err
}

// who says who sits there: an officer only in the very session in which he signed on.
//
// SPEC: CLI-011
func (t *table) who(line string, p Peer) act.Who {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.rows {
		if r.Line == line && r.Account == p.Account && r.Desk == p.Desk && r.Session == p.Session {
			return r.who()
		}
	}
	return act.Who{Known: "unattributed", Desk: p.Desk, Account: p.Account}
}

// set signs an officer on at a desk (or off: officer ""), on disk before it returns.
func (t *table) set(line string, p Peer, officer string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows := slices.DeleteFunc(slices.Clone(t.rows), func(r row) bool { return r.Line == line && r.Desk == p.Desk })
	if officer != "" {
		rows = append(rows, row{Line: line, Account: p.Account, Desk: p.Desk, Session: p.Session, Officer: officer})
	}
	b, err := json.MarshalIndent(rows, "", " ")
	if err != nil {
		return fmt.Errorf("couldn't write the signed-on desks: %w", err)
	}
	if err := home.WriteFile(t.path, append(b, '\n')); err != nil {
		return err
	}
	t.rows = rows
	return nil
}

// ended gives the rows whose session is over.
func (t *table) ended() []row {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []row
	for _, r := range t.rows {
		if sessionEnded(r.Session) {
			out = append(out, r)
		}
	}
	return out
}

// of gives the rows of a line.
func (t *table) of(line string) []row {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.rows), func(r row) bool { return r.Line != line })
}
