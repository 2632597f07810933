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
		Stops    []Stop    `json:"stops"`
		Messages []Message `json:"messages"`
		Question *Question `json:"question,omitempty"`
	}
	// LogView answers log.
	LogView struct {
		Lang string   `json:"lang"`
		Rows []LogRow `json:"rows"`
	}
	// ShowView answers show ID: one statement, its item, and its bytes as signed.
	ShowView struct {
		Lang       string    `json:"lang"`
		Row        LogRow    `json:"row"`
		Item       []LogRow  `json:"item"`
		Message    *Message  `json:"message,omitempty"`
		Stop       *Stop     `json:"stop,omitempty"`
		Call       *CallRow  `json:"call,omitempty"`
		Check      *CheckRow `json:"check,omitempty"`
		Leaf       string    `json:"leaf"`
		Header     string    `json:"header"`
		Facts      string    `json:"facts,omitempty"`
		FreeText   string    `json:"text,omitempty"`
		Receipt    string    `json:"receipt,omitempty"`
		Referenced []string  `json:"re,omitempty"`
	}
	// CallsView answers calls.
	CallsView struct {
		Lang string    `json:"lang"`
		Rows []CallRow `json:"rows"`
	}
	// ChecksView answers checks: days, streak, last, and every slot.
	ChecksView struct {
		Lang  string     `json:"lang"`
		Check Check      `json:"check"`
		Rows  []CheckRow `json:"rows"`
	}
	// ContactsView answers contacts.
	ContactsView struct {
		Lang string    `json:"lang"`
		AsOf time.Time `json:"as_of"`
		Counterparts
	}
	// AlarmsView answers alarm list.
	AlarmsView struct {
		Lang string  `json:"lang"`
		Rows []Alarm `json:"rows"`
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
