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

// seat is where a process sits, as the kernel tells; a row of the table says also which officer of which line signed on there.
type seat struct {
	Line    string `json:"line"`
	Account string `json:"account"`
	Desk    string `json:"desk"`    // pts/3, or session-4711 where there is no terminal
	Session string `json:"session"` // boot, session and start of its leader: a terminal's name comes back, this does not
	Officer string `json:"officer"` // short ID of his officer.added
}

func (s seat) who() act.Who {
	w := act.Who{Officer: s.Officer, Known: "account", Desk: s.Desk, Account: s.Account}
	if s.Officer == "" {
		w.Known = "unattributed"
	}
	return w
}

// table is desks.json: who is signed on where. It is on disk before a sign-on is answered.
type table struct {
	path string
	mu   sync.Mutex
	rows []seat // guarded by mu
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

func decodeRows(b []byte) ([]seat, error) {
	var rows []seat
	err := json.Unmarshal(b, &rows)
	return rows, err
}

// who says who sits there: an officer only in the very session in which he signed on.
//
// SPEC: CLI-011
func (t *table) who(line string, p seat) act.Who {
	p.Line = line
	for _, r := range t.all() {
		if p.Officer = r.Officer; r == p {
			return r.who()
		}
	}
	p.Officer = ""
	return p.who()
}

// set signs an officer on at a seat of a line (or off: officer ""), on disk before it returns.
func (t *table) set(line string, p seat, officer string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows := slices.DeleteFunc(slices.Clone(t.rows), func(r seat) bool { return r.Line == line && r.Desk == p.Desk })
	if officer != "" {
		p.Line, p.Officer = line, officer
		rows = append(rows, p)
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

// all gives the rows as they are now.
func (t *table) all() []seat {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.rows)
}
