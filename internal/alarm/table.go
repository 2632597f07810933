// SPDX-License-Identifier: Apache-2.0

package alarm

import (
	"fmt"
	"strings"
	"time"

	"example.org/parley/words"
)

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

// Detail says in words what an alarm is about: a key of package words and its arguments, of which one that begins
// with @ is a key itself.
type Detail struct {
	Key  string   `json:"key,omitempty"`
	Args []string `json:"args,omitempty"`
}

// Say makes a detail.
func Say(key string, args ...any) Detail {
	d := Detail{Key: key}
	for _, a := range args {
		d.Args = append(d.Args, fmt.Sprint(a))
	}
	return d
}

// In gives the words in a language.
func (d Detail) In(lang string) string {
	if d.Key == "" {
		return ""
	}
	var args []any
	for _, a := range d.Args {
		if key, ok := strings.CutPrefix(a, "@"); ok {
			a = words.T(lang, key)
		}
		args = append(args, a)
	}
	return words.T(lang, d.Key, args...)
}

// Row is one alarm of the table.
type Row struct {
	ID       string
	Priority Priority
	On, Off  time.Duration // how long the condition must stand, or be gone, before the alarm is raised, or returns
	Shelve   bool          // may be shelved
	Under    string        // while that alarm stands this one is its consequence: listed under it, silent
	Sound    string        // high medium none
}

// Cause says what is wrong, Do what to do about it.
func (r Row) Cause(lang string) string { return words.T(lang, "alarm."+r.ID+".cause") }
func (r Row) Do(lang string) string    { return words.T(lang, "alarm."+r.ID+".do") }

// Table lists every alarm, in order of its number; its words are under alarm.ID in package words.
//
// SPEC: ALM-001
var Table = []Row{
	{"A1", High, 10 * time.Second, 2 * time.Second, false, "", "high"},
	{"A2", High, 20 * time.Second, 0, false, "", "high"},
	{"A3", Medium, 0, 0, true, "A1", "medium"},
	{"A4", High, 0, 0, false, "", "high"},
	{"A5", High, 0, 0, true, "", "medium"},
	{"A6", Medium, 10 * time.Second, 10 * time.Second, true, "", "medium"},
	{"A7", High, 0, 0, false, "", "high"},
	{"A8", High, 0, 0, false, "", "medium"},
	{"A9", High, 0, 0, true, "", "medium"},
	{"A10", Medium, 3 * time.Second, 2 * time.Second, true, "", "medium"},
	{"A11", Medium, 30 * time.Second, 5 * time.Second, true, "A1", "medium"},
	{"A12", High, 0, 0, false, "", "high"},
	{"A13", Medium, 0, 0, true, "", "medium"},
	{"A14", Medium, 0, 0, true, "", "medium"},
	{"A15", Low, 0, 0, true, "", "none"},
	{"A16", High, 0, 0, false, "", "high"},
	{"A17", Medium, 0, 0, true, "", "medium"},
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
