// SPDX-License-Identifier: Apache-2.0

// Package act names every act that a person can do on a line: one struct a verb.
//
// The faces (shell, page, story) build these and hand them to the node; they travel as
// JSON {"verb": …, "args": …} over the control socket and the page's WebSocket alike, so there is
// one decoder and one list. What an act does stands in internal/node.
package act

import (
	"time"

	"example.org/parley/hint"
)

// Act is one act or question of a person.
type Act interface{ Verb() string }

// Who is the person behind an act, as the face knows him. Faces fill it; it never comes from the act's own bytes.
type Who struct {
	Officer string `json:"officer,omitempty"` // short ID of his officer.added, "" for unattributed
	Known   string `json:"known,omitempty"`   // account · account + link · unattributed
	Desk    string `json:"desk,omitempty"`    // the desk's name: pts/3, page-1
	Account string `json:"account,omitempty"` // Unix account
}

// Reply is what the node answers once the act's effects are on disk.
type Reply struct {
	ID   string `json:"id,omitempty"`   // short ID of what was stated
	Text string `json:"text,omitempty"` // one sentence for a person, in his language
	Data any    `json:"data,omitempty"` // a struct of internal/view, for questions
}

// Error is a refusal that a person can act on.
type Error = hint.Error

// The acts. Times are UTC. IDs are short IDs (A7-42).
type (
	// OfficerAdd enrols an officer: he is known by the Unix account that he works from.
	OfficerAdd struct {
		Name     string   `json:"name"`
		Account  string   `json:"account,omitempty"` // default: the caller's
		Number   string   `json:"number,omitempty"`  // telephone, for counterparts
		Langs    []string `json:"langs,omitempty"`   // languages he reads
		Releaser bool     `json:"releaser,omitempty"`
	}
	OfficerList struct{}
	// SignOn binds the caller's account and terminal to an officer listed for that account.
	SignOn struct {
		Officer string `json:"officer,omitempty"` // needed only where the account has several
	}
	SignOff struct{}
	// Desk arms (or disarms) the caller's desk: it can ring. Sound says whether and why not.
	Desk struct {
		Armed bool   `json:"armed"`
		Sound string `json:"sound,omitempty"` // ok, or why this desk has no sound
	}
	// Open asks for a one-time link to the signed-on officer's page.
	Open struct{}

	Send struct {
		Kind       string            `json:"kind,omitempty"`  // warning information intention question answer request incident
		Class      string            `json:"class,omitempty"` // substantive service test
		Mark       string            `json:"mark,omitempty"`  // actual exercise
		Precedence string            `json:"precedence,omitempty"`
		Lang       string            `json:"lang,omitempty"`
		Text       string            `json:"text,omitempty"`
		Phrase     string            `json:"phrase,omitempty"`
		Fields     map[string]string `json:"fields,omitempty"`
		ReadBack   []string          `json:"read_back,omitempty"`
		ReplyTo    string            `json:"reply_to,omitempty"`
		To         string            `json:"to,omitempty"`
		Info       []string          `json:"info,omitempty"`
		Respond    bool              `json:"respond,omitempty"` // a response is asked for
		NotAfter   time.Time         `json:"not_after,omitzero"`
	}
	Ack struct {
		ID     string            `json:"id"`
		Read   string            `json:"read"` // original · translation · awaiting-linguist
		Fields map[string]string `json:"fields,omitempty"`
	}
	Respond struct {
		ID    string    `json:"id"`
		How   string    `json:"how"` // will-comply · standby · cannot-comply · not-ours · complied
		Until time.Time `json:"until,omitzero"`
		Text  string    `json:"text,omitempty"`
		Lang  string    `json:"lang,omitempty"`
	}
	// Shown states that items were drawn, unlocked, on the caller's desk.
	Shown struct {
		IDs []string `json:"ids"`
	}
	PhraseList struct {
		Code string `json:"code,omitempty"` // only this one: phrase show
	}

	Stop struct {
		Place  string `json:"place,omitempty"`
		Reason string `json:"reason,omitempty"`
		Mark   string `json:"mark,omitempty"`
	}
	// StopStep is take, in-effect, refuse or lift of a STOP.
	StopStep struct {
		ID     string `json:"id"`
		Step   string `json:"step"` // take · in-effect · refuse · lift
		Reason string `json:"reason,omitempty"`
	}

	Ring struct {
		Class    string `json:"class,omitempty"`
		Mark     string `json:"mark,omitempty"`
		Priority string `json:"priority,omitempty"` // reason code
		Sound    string `json:"sound,omitempty"`    // microphone · test-voice · none
	}
	Answer struct {
		Sound string `json:"sound,omitempty"`
	}
	Decline struct {
		Reason  string    `json:"reason,omitempty"`
		StandBy time.Time `json:"stand_by_until,omitzero"`
	}
	HangUp struct {
		Class string `json:"class,omitempty"` // what he says of the call, if it changed
	} // also cancels one's own ring
	Class struct {
		ID    string `json:"id"`
		Class string `json:"class"`
	}

	CheckNow     struct{}
	CheckConfirm struct {
		Answer  string `json:"answer,omitempty"`
		Decline bool   `json:"decline,omitempty"`
	}

	PostAdd struct {
		Name   string            `json:"name"`
		Org    string            `json:"org"`
		Level  int               `json:"level"`            // 1 highest … 9
		Theirs bool              `json:"theirs,omitempty"` // a post of the other party, as we know it
		Pair   string            `json:"pair,omitempty"`   // the counterpart post's name or ID
		Names  map[string]string `json:"names,omitempty"`  // per language
		Number string            `json:"number,omitempty"`
	}
	PostList struct{}
	EventAdd struct {
		Name  string            `json:"name"`
		Names map[string]string `json:"names,omitempty"`
		When  string            `json:"when"` // instant, day 2022-02-24 or span 2022-03-14/2022-03-20
	}
	ContactAdd struct {
		Kind         string   `json:"kind"` // call meeting summons letter
		When         string   `json:"when"`
		Participants []string `json:"participants"`      // post names or IDs
		Channel      string   `json:"channel,omitempty"` // line telephone in-person letter
		Basis        string   `json:"basis"`
		Text         string   `json:"text,omitempty"`
		Mark         string   `json:"mark,omitempty"`
		Private      bool     `json:"private,omitempty"`
	}
	RequestRecord struct {
		By       string `json:"by"`
		With     string `json:"with"`
		For      string `json:"for,omitempty"` // call meeting
		When     string `json:"when"`
		Standing bool   `json:"standing,omitempty"`
		Basis    string `json:"basis"`
		Mark     string `json:"mark,omitempty"`
	}
	RequestOutcome struct {
		ID      string `json:"id"`
		Outcome string `json:"outcome"` // accepted declined deferred counter-proposed lapsed no-reply not-reached
		ToldBy  string `json:"told_by,omitempty"`
		On      string `json:"on,omitempty"`
		Reason  string `json:"reason,omitempty"`
		Mark    string `json:"mark,omitempty"`
	}

	AlarmList struct{}
	AlarmAck  struct {
		ID string `json:"id,omitempty"`
	} // "" = the most urgent unacknowledged one

	Status struct{}
	Inbox  struct{}
	Log    struct {
		Last int `json:"last,omitempty"`
	}
	Show struct {
		ID string `json:"id"`
	}
	Calls    struct{}
	Checks   struct{}
	Contacts struct {
		Since string `json:"since,omitempty"` // an event's name, or a date
		Last  string `json:"last,omitempty"`  // 30d
		Org   string `json:"org,omitempty"`
		Level int    `json:"level,omitempty"`
	}
	// Export asks for the whole shared record of the line as one file's bytes.
	Export struct{}
)

func (OfficerAdd) Verb() string     { return "officer.add" }
func (OfficerList) Verb() string    { return "officer.list" }
func (SignOn) Verb() string         { return "sign-on" }
func (SignOff) Verb() string        { return "sign-off" }
func (Desk) Verb() string           { return "desk" }
func (Open) Verb() string           { return "open" }
func (Send) Verb() string           { return "send" }
func (Ack) Verb() string            { return "ack" }
func (Respond) Verb() string        { return "respond" }
func (Shown) Verb() string          { return "shown" }
func (PhraseList) Verb() string     { return "phrase.list" }
func (Stop) Verb() string           { return "stop" }
func (StopStep) Verb() string       { return "stop.step" }
func (Ring) Verb() string           { return "ring" }
func (Answer) Verb() string         { return "answer" }
func (Decline) Verb() string        { return "decline" }
func (HangUp) Verb() string         { return "hang-up" }
func (Class) Verb() string          { return "class" }
func (CheckNow) Verb() string       { return "check.now" }
func (CheckConfirm) Verb() string   { return "check.confirm" }
func (PostAdd) Verb() string        { return "post.add" }
func (PostList) Verb() string       { return "post.list" }
func (EventAdd) Verb() string       { return "event.add" }
func (ContactAdd) Verb() string     { return "contact.add" }
func (RequestRecord) Verb() string  { return "request.record" }
func (RequestOutcome) Verb() string { return "request.outcome" }
func (AlarmList) Verb() string      { return "alarm.list" }
func (AlarmAck) Verb() string       { return "alarm.ack" }
func (Status) Verb() string         { return "status" }
func (Inbox) Verb() string          { return "inbox" }
func (Log) Verb() string            { return "log" }
func (Show) Verb() string           { return "show" }
func (Calls) Verb() string          { return "calls" }
func (Checks) Verb() string         { return "checks" }
func (Contacts) Verb() string       { return "contacts" }
func (Export) Verb() string         { return "export" }
