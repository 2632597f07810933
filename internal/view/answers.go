// SPDX-License-Identifier: Apache-2.0

package view

import "time"

// The answers to questions: what act.Reply.Data holds and --json prints.
type (
	// StatusView answers status; its first sentence can be read aloud.
	StatusView struct {
		Line         string       `json:"line"`
		AsOf         time.Time    `json:"as_of"`
		Header       Header       `json:"header"`
		Sentences    []string     `json:"sentences"`
		Unrecorded   *Unrecorded  `json:"unrecorded,omitempty"`
		Alarms       []Alarm      `json:"alarms"`
		Stops        []Stop       `json:"stops"`
		Liveness     Liveness     `json:"liveness"`
		Call         Call         `json:"call"`
		Check        Check        `json:"check"`
		Counterparts Counterparts `json:"counterparts"`
		Lang         string       `json:"lang"`
	}
	// InboxView answers inbox: what waits for a person here, by clock.
	InboxView struct {
		Lang     string    `json:"lang"`
		AsOf     time.Time `json:"as_of"`
		Stops    []Stop    `json:"stops"`
		Messages []Message `json:"messages"`
		More     string    `json:"more,omitempty"`
		Question *Question `json:"question,omitempty"`
	}
	// LogView answers log.
	LogView struct {
		Lang string    `json:"lang"`
		AsOf time.Time `json:"as_of"`
		Rows []LogRow  `json:"rows"`
	}
	// ShowView answers show ID: one statement, its item, and what was signed, clean as everything is that is drawn.
	ShowView struct {
		Lang       string    `json:"lang"`
		AsOf       time.Time `json:"as_of"`
		Row        LogRow    `json:"row"`
		Item       []LogRow  `json:"item"`
		Message    *Message  `json:"message,omitempty"`
		Stop       *Stop     `json:"stop,omitempty"`
		Call       *CallRow  `json:"call,omitempty"`
		Check      *CheckRow `json:"check,omitempty"`
		Leaf       string    `json:"leaf"`
		Header     string    `json:"header" drawn:"lines"`
		Facts      string    `json:"facts,omitempty" drawn:"json"`
		FreeText   string    `json:"text,omitempty" drawn:"lines"`
		Receipt    string    `json:"receipt,omitempty" drawn:"lines"`
		Referenced []string  `json:"re,omitempty"`
	}
	// CallsView answers calls.
	CallsView struct {
		Lang string    `json:"lang"`
		AsOf time.Time `json:"as_of"`
		Rows []CallRow `json:"rows"`
	}
	// ChecksView answers checks: days, streak, last, and every slot.
	ChecksView struct {
		Lang  string     `json:"lang"`
		AsOf  time.Time  `json:"as_of"`
		Check Check      `json:"check"`
		Rows  []CheckRow `json:"rows"`
	}
	// ContactsView answers contacts.
	ContactsView struct {
		Lang string    `json:"lang"`
		AsOf time.Time `json:"as_of"`
		Counterparts
		Contacts []ContactRow `json:"contacts"`          // in the window, oldest first
		Sought   []RequestRow `json:"sought"`            // still sought now
		Highest  string       `json:"highest,omitempty"` // level that both sides reached, in the window
	}
	// AlarmsView answers alarm list.
	AlarmsView struct {
		Lang string    `json:"lang"`
		AsOf time.Time `json:"as_of"`
		Rows []Alarm   `json:"rows"`
	}
	// OfficersView answers officer list.
	OfficersView struct {
		Lang string    `json:"lang"`
		Rows []Officer `json:"rows"`
	}
	// PostsView answers post list.
	PostsView struct {
		Lang string `json:"lang"`
		Rows []Post `json:"rows"`
	}
	// PhrasesView answers phrase list.
	PhrasesView struct {
		Lang string   `json:"lang"`
		Rows []Phrase `json:"rows"`
	}
)

// Officer is one officer of either party.
type Officer struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Party    string   `json:"party"`
	Account  string   `json:"account,omitempty"`
	Number   string   `json:"number,omitempty"`
	Langs    []string `json:"langs,omitempty"`
	Releaser bool     `json:"releaser,omitempty"`
	Desks    []string `json:"desks,omitempty"` // where he is signed on now
}

// Post is one office.
type Post struct {
	ID     string `json:"id"`
	Name   string `json:"name"` // in the language asked for, else as given
	Org    string `json:"org"`
	Level  int    `json:"level"`
	Party  string `json:"party"`
	Pair   string `json:"pair,omitempty"`
	Number string `json:"number,omitempty"`
}

// ContactRow is one contact, as its author states it.
type ContactRow struct {
	ID      string   `json:"id"`
	When    string   `json:"when"`
	Kind    string   `json:"kind"`
	Channel string   `json:"channel"`
	With    []string `json:"with"`
	Basis   string   `json:"basis"`
	ToldBy  string   `json:"told_by,omitempty"`
	Party   string   `json:"party"`
	Mark    string   `json:"mark"`
	Private bool     `json:"private,omitempty"`
}

// RequestRow is one request and its attempts.
type RequestRow struct {
	ID       string       `json:"id"`
	For      string       `json:"for"`
	From     string       `json:"from"`
	With     string       `json:"with"`
	When     string       `json:"when"`
	Standing bool         `json:"standing"`
	Status   string       `json:"status"`
	Word     string       `json:"word"`
	Still    bool         `json:"still_sought"`
	Party    string       `json:"party"`
	Mark     string       `json:"mark"`
	Attempts []AttemptRow `json:"attempts"`
}

// AttemptRow is one attempt of a request and what became of it.
type AttemptRow struct {
	When     string `json:"when"`
	Outcome  string `json:"outcome"`
	Word     string `json:"word"`
	ToldBy   string `json:"told_by,omitempty"`
	Reason   string `json:"reason,omitempty"` // as they gave it
	Party    string `json:"party"`
	Standing string `json:"standing"` // stated confirmed disputed
}
