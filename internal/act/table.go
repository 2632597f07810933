// SPDX-License-Identifier: Apache-2.0

package act

import (
	"cmp"
	"time"
)

// Table is every verb, in the order of the help.
//
// SPEC: CLI-021
var Table = []Verb{
	{"confirm", "[NUMBER]", "Show the genesis in words and our number; take the number that the other end reads out.", "pairing", Confirm{}, 0},

	{"line suspend", "", "Suspend the line: no check is run; STOP, rings, messages and the record go on.", "node", LineStep{Step: "suspend"}, Touches | Person},
	{"line maintenance", "--until UNTIL", "State that the line is worked on until then.", "node", LineStep{Step: "maintenance"}, Touches | Person},
	{"line leave", "", "State that we leave this line.", "node", LineStep{Step: "leave"}, Touches | Person},
	{"line resume", "", "Take the line back into service where we had taken it out.", "node", LineStep{Step: "resume"}, Touches | Person},
	{"terms show", "", "The terms of the line in force, and what is proposed.", "node", TermsShow, 0},
	{"terms propose", "--from FROM", "Propose other terms, from a time at least 24 hours ahead.", "node", TermsPropose{}, Touches | Person | Both},
	{"terms accept", "ID", "Accept the terms that the other party has proposed.", "node", TermsAccept, Touches | Person | Both},

	{"path list", "", "The paths of both ends, and the issues of both sheets.", "node", PathList, 0},
	{"path add", "LABEL", "Add a path of ours; our next sheet says it to the other party.", "node", PathStep{Step: "add"}, Touches | Person | Both},
	{"path set", "LABEL", "Change a path of ours: our address on it, or where we find theirs.", "node", PathStep{Step: "set"}, Touches | Person | Both},
	{"path remove", "LABEL", "Remove a path of ours.", "node", PathStep{Step: "remove"}, Touches | Person | Both},
	{"key rotate", "", "Make new keys of ours; they are used once the other party has accepted them.", "node", KeyRotate, Touches | Person | Both},
	{"key revoke", "", "End our sign key, which was stolen: what it signed past a statement of ours is void.", "node", KeyRevoke{}, Touches | Person | Both},
	{"key accept", "ID", "Accept new keys of the other party, or addresses that wait, by the digits of its sheet.", "node", KeyAccept{}, Touches | Person | Both},

	{"officer add", "NAME…", "Enrol an officer, known by his Unix account.", "people", OfficerAdd{}, 0},
	{"officer edit", "OFFICER [NAME…]", "State anew what we stated of an officer of ours.", "people", OfficerAdd{Do: "officer.edit"}, Person},
	{"officer end", "ID", "State that an officer of ours is one no more.", "people", Finish{Do: "officer.end"}, Person},
	{"officer invite", "OFFICER", "Print a slip with which an officer makes a passkey, once and within ten minutes.", "people", Invite{}, 0},
	{"officer list", "", "The officers of both parties, and where they are signed on.", "people", OfficerList, 0},
	{"sign-on", "[OFFICER]", "Sign on at this terminal as the officer listed for this account.", "people", SignOn{}, 0},
	{"sign-off", "", "Sign off at this terminal.", "people", SignOff, Early},
	{"session list", "", "Who is signed on at the page, since when and from where.", "people", SessionList, 0},
	{"session end", "ID", "End a session of the page, at once.", "people", SessionEnd, 0},
	{"desk list", "", "The desks of this line, and how each stands.", "people", DeskList, 0},
	{"desk invite", "NAME…", "Print a slip with which a browser becomes a desk of that name, once and within ten minutes.", "people", DeskInvite{}, 0},
	{"desk rename", "DESK NAME…", "Give a desk another name.", "people", DeskRename{}, 0},
	{"desk end", "ID", "End a desk: its browser opens nothing any more, at once.", "people", DeskEnd, 0},
	{"note", "TEXT…", "Note something in the watch's log; it stays here unless it is shared.", "people", Watch{Step: "note"}, Touches | Person},
	{"handover give", "[TEXT…]", "Give the watch to who comes next, with what is open.", "people", Watch{Step: "give"}, Touches | Person},
	{"handover take", "[TEXT…]", "Take the watch over.", "people", Watch{Step: "take"}, Touches | Person},
	{"open", "", "Print a one-time link to this officer's page.", "people", Open, Person},

	{"status", "", "How the line stands; the first line can be read aloud.", "status", Status, Failed},
	{"card", "", "What an officer keeps beside the telephone: both sides' numbers, the checks, the paths.", "status", Card, 0},
	{"figures", "", "What the line was used for, how often it was tested, how long it was up.", "status", Figure{}, 0},
	{"alarm list", "", "The alarms.", "status", AlarmList, Failed},
	{"alarm ack", "[ID]", "Acknowledge an alarm; without an ID the most urgent one.", "status", AlarmAck, Touches | Failed},

	{"send", "TEXT… | --phrase CODE [FIELD=VALUE…]", "Send a message.", "messages", Send{}, Touches | Both},
	{"ack", "ID --read READ [FIELD=VALUE…]", "Acknowledge a message; say how it was read, read back what it asks for.", "messages", Ack{}, Touches},
	{"respond", "ID RESPONSE [TEXT…]", "Respond to a message.", "messages", Respond{}, Touches},
	{"relay", "ID --to POST --told NAME", "State that a message or a STOP was passed on: to which post, and who there was told.", "messages", Relay{}, Touches | Person},
	{"phrase list", "", "The coded phrases.", "messages", PhraseList{}, 0},
	{"phrase show", "CODE", "One coded phrase and its fields.", "messages", PhraseList{}, 0},
	{"inbox", "", "What waits for somebody here, by clock.", "messages", Inbox, 0},
	{"shown", "ID…", "State that items were drawn on this desk.", "messages", Shown{}, Person | Hidden},

	{"stop", "", "Send STOP, at once, from anybody.", "STOP", SendStop{}, Touches | Early},
	{"stop take", "ID", "Take a STOP: a person here has it.", "STOP", StopStep{Step: "take"}, Touches | Early},
	{"stop in-effect", "ID", "Say that what was to stop has stopped.", "STOP", StopStep{Step: "in-effect"}, Touches | Early},
	{"stop refuse", "ID --reason REASON", "Refuse a STOP, with the reason.", "STOP", StopStep{Step: "refuse"}, Touches | Early},
	{"stop lift", "ID", "Lift a STOP of ours.", "STOP", StopStep{Step: "lift"}, Touches | Early},

	{"ring", "", "Ring the other desk.", "calls", Ring{}, Touches | Early | Both},
	{"answer", "", "Answer the ringing.", "calls", Answer{}, Touches | Early | Both},
	{"decline", "[REASON…]", "Decline the ringing.", "calls", Decline{}, Touches | Early | Both},
	{"hang-up", "", "End the call, or cancel one's own ring.", "calls", HangUp{}, Touches | Early | Both},
	{"join", "", "Join the call from another desk of ours, to speak or to listen; both ends see who joins first.", "calls", Join{}, Touches | Early | Both},
	{"hold", "", "Hold the call: no sound goes until it is resumed; both ends see by whom and since when.", "calls", Hold, Touches | Early | Both},
	{"waiting", "ROLE", "Say at both ends for whom the call waits: linguist, principal, officer.", "calls", Waiting{}, Touches | Early | Both},
	{"resume", "", "Go on with a call that is held or waits.", "calls", Resume, Touches | Early | Both},
	{"replay", "", "Hear again, at this desk alone, the last minute of what they said where a call is recorded.", "calls", Replay, Touches | Early | Both},
	{"hand-over", "DESK", "Hand the call over to another desk of ours: it rings there, and moves once it is answered.", "calls", HandOver{}, Touches | Early | Both},
	{"type", "TEXT…", "Type a line beside the call: both ends see it at once, and it is recorded.", "calls", TypeLine{}, Touches | Early | Both},
	{"class", "ID CLASS", "State what a call or a message was.", "calls", Class{}, Touches | Person},
	{"call note", "[TEXT…]", "State a call that was held on the ordinary telephone.", "calls", CallNote{}, Touches | Person},
	{"calls", "", "The calls and what became of them.", "calls", Calls, 0},

	{"check now", "", "Check the line now.", "checks", CheckNow, Touches | Both},
	{"check confirm", "REPLY… | --decline", "Answer the other end's question of a check.", "checks", CheckConfirm{}, Touches | Person | Both},
	{"check note", "OUTCOME", "State what came of ringing their ordinary telephone.", "checks", CheckNote{}, Touches | Person},
	{"check phone", "now", "Ring their ordinary telephone over the trunk, and state what came of it.", "checks", CheckPhone{}, Touches | Person},
	{"checks", "", "Days tested, the streak, the last check.", "checks", Checks{}, 0},

	{"post add", "NAME… --org ORGANISATION --level N", "State an office: ours, theirs or a third party's.", "counterparts", PostAdd{}, Touches},
	{"post edit", "POST [NAME…]", "State anew what we stated of an office; what is not given stays.", "counterparts", PostAdd{Do: "post.edit"}, Touches | Person},
	{"post end", "ID", "State that an office that we stated is one no more.", "counterparts", Finish{Do: "post.end"}, Touches | Person},
	{"post list", "", "The offices and their counterparts.", "counterparts", PostList, 0},
	{"holder add", "POST NAME…", "State who holds an office.", "counterparts", HolderAdd{}, Touches | Person},
	{"holder end", "POST NAME…", "State that he holds it no more.", "counterparts", HolderEnd{}, Touches | Person},
	{"event add", "NAME… --when WHEN", "State an event to count from.", "counterparts", EventAdd{}, Touches},
	{"event edit", "EVENT [NAME…]", "State anew what we stated of an event.", "counterparts", EventAdd{Do: "event.edit"}, Touches | Person},
	{"event end", "ID", "State that an event of ours is none to count from.", "counterparts", Finish{Do: "event.end"}, Touches | Person},
	{"event list", "", "The events to count from.", "counterparts", EventList, 0},
	{"contact add", "KIND --when WHEN --basis BASIS [TEXT…]", "State a contact, or what one side said before everybody.", "counterparts", ContactAdd{}, Touches | Person},
	{"contact correct", "ID [TEXT…]", "State a contact as we know it, ours or theirs; what is not given stays.", "counterparts", ContactAdd{Do: "contact.correct"}, Touches | Person},
	{"contact confirm", "ID", "Confirm a contact that the other side stated; before: all that it stated before the line.", "counterparts", Saying{Do: "contact.confirm"}, Touches | Person},
	{"contact dispute", "ID [REASON…]", "Dispute a contact that the other side stated; before: all that it stated before the line.", "counterparts", Saying{Do: "contact.dispute"}, Touches | Person},
	{"concern raise", "ID TEXT…", "State what was raised at a contact.", "counterparts", ConcernRaise{}, Touches | Person},
	{"concern answer", "ID [REASON…]", "State that a concern was answered, and how.", "counterparts", Saying{Do: "concern.answer"}, Touches | Person},
	{"concern overtaken", "ID [REASON…]", "State that events have overtaken a concern.", "counterparts", Saying{Do: "concern.overtaken"}, Touches | Person},
	{"request record", "--by POST --with POST --when WHEN --basis BASIS", "State that a call or a meeting was sought.", "counterparts", RequestRecord{}, Touches | Person},
	{"request place", "--by POST --with POST", "Ask the other side for a call or a meeting, now and on the line.", "counterparts", RequestPlace{}, Touches | Person | Both},
	{"request again", "ID", "State that it was sought once more.", "counterparts", RequestAgain{Do: "request.again"}, Touches | Person},
	{"request renew", "ID", "Take up again a request that was withdrawn.", "counterparts", RequestAgain{Do: "request.renew"}, Touches | Person},
	{"request outcome", "ID OUTCOME", "State what became of a request, wherever it was answered.", "counterparts", RequestOutcome{}, Touches | Person},
	{"request correct", "ID OUTCOME", "State anew what we stated of a request.", "counterparts", RequestOutcome{Do: "request.correct"}, Touches | Person},
	{"request accept", "ID", "Accept a request of the other side, on the line.", "counterparts", RequestAnswer{Do: "request.accept"}, Touches | Person | Both},
	{"request decline", "ID", "Decline a request of the other side, on the line.", "counterparts", RequestAnswer{Do: "request.decline"}, Touches | Person | Both},
	{"request defer", "ID", "Put off a request of the other side, on the line.", "counterparts", RequestAnswer{Do: "request.defer"}, Touches | Person | Both},
	{"request counter", "ID", "Propose another time for a request of the other side.", "counterparts", RequestAnswer{Do: "request.counter"}, Touches | Person | Both},
	{"request confirm", "ID", "Confirm what the other side stated of a request; before: all that it stated before the line.", "counterparts", Saying{Do: "request.confirm"}, Touches | Person},
	{"request dispute", "ID [REASON…]", "Dispute what the other side stated of a request; before: all that it stated before the line.", "counterparts", Saying{Do: "request.dispute"}, Touches | Person},
	{"request withdraw", "ID [REASON…]", "Withdraw a request of ours.", "counterparts", Saying{Do: "request.withdraw"}, Touches | Person},
	{"readout file", "ID --point POINT", "File our account of a contact or a call, point by point; a later one replaces it.", "counterparts", ReadoutFile{}, Touches | Person},
	{"readout publish", "ID", "Make a readout of ours public, as a second person who may release.", "counterparts", ReadoutStep{Step: "publish"}, Touches | Person},
	{"readout shown", "ID --to TO", "State whom a readout was shown to.", "counterparts", ReadoutStep{Step: "shown"}, Touches | Person},
	{"readout except", "ID POINT TEXT…", "State an exception to a point of theirs.", "counterparts", ReadoutExcept{}, Touches | Person},
	{"readouts", "[ID]", "What each side says of a contact, side by side.", "counterparts", Readouts{}, 0},
	{"brief", "PAIR", "One page before a call: who spoke when, what each side said, how the line stands.", "status", Brief{}, 0},
	{"assess", "ID TEXT…", "Note what we make of something, for ourselves: it never leaves this node.", "counterparts", Assess{}, Touches | Person},
	{"contacts", "[PAIR…]", "When each pair last spoke, by whose word, and what was sought since.", "counterparts", Contacts{}, 0},
	{"requests", "", "What was sought, by whom, and what became of each attempt.", "counterparts", Requests{}, 0},
	{"raised", "", "The concerns that were raised, and what came back.", "counterparts", Raised{}, 0},

	{"log", "[WORDS…]", "The newest statements, or those that have these words.", "record", ReadLog{}, 0},
	{"find", "WORDS…", "Everything that people wrote with these words, our private statements too.", "record", Find{}, 0},
	{"show", "ID", "One statement, its item, and its bytes as signed.", "record", Show{}, 0},

	{"statement draft", "FILE --since SINCE", "Draft a statement for the press: sentences filled in from the record, beside what is opinion.", "record", PressDraft{}, Touches | Person},
	{"statement list", "", "What was drafted and released for the press.", "record", PressList, 0},
	{"statement release", "FILE", "Release a drafted statement for the press, as a file that anyone can check.", "record", PressRelease{}, Touches | Person},

	{Act: SetDesk{}, Rule: Early}, {Act: Notifier{}, Rule: Failed}, {Act: Export}, {Act: ExportAlone}, {Act: Verify}, {Act: ClaimAsk{}, Rule: Touches | Person}, {Act: Backup{}, Rule: Keeper},
}

// NotifierEvery is how often a notifier says that it is there.
const NotifierEvery = 5 * time.Second

// Plain is an act that says no more than its verb.
type Plain string

// The plain acts.
const (
	OfficerList Plain = "officer.list"
	SignOff     Plain = "sign-off"
	SessionList Plain = "session.list"
	DeskList    Plain = "desk.list"
	Open        Plain = "open" // asks for a one-time link to the signed-on officer's page
	CheckNow    Plain = "check.now"
	Hold        Plain = "hold"
	Resume      Plain = "resume"
	Replay      Plain = "replay"
	PostList    Plain = "post.list"
	EventList   Plain = "event.list"
	PressList   Plain = "statement.list"
	AlarmList   Plain = "alarm.list"
	Status      Plain = "status"
	Card        Plain = "card"
	TermsShow   Plain = "terms.show"
	PathList    Plain = "path.list"
	KeyRotate   Plain = "key.rotate"
	Inbox       Plain = "inbox"
	Calls       Plain = "calls"
	Export      Plain = "export"       // asks for the whole shared record of the line as one file's bytes
	ExportAlone Plain = "export.alone" // of the time for which it was alone
	Verify      Plain = "verify"       // asks whether that file would hold
)

// Item is an act that names no more than an item.
type Item struct {
	Do string `json:"-" flag:"-"`
	ID string `json:"id,omitempty" arg:"ID"`
}

// The acts on an item.
var (
	AlarmAck    = Item{Do: "alarm.ack"} // without an ID the most urgent one that waits
	TermsAccept = Item{Do: "terms.accept"}
	SessionEnd  = Item{Do: "session.end"}
	DeskEnd     = Item{Do: "desk.end"} // by its name
)

// Of names the item.
func (i Item) Of(id string) Item { i.ID = id; return i }

// The other acts. Times are UTC. IDs are short IDs (A7-42).
type (
	// OfficerAdd enrols an officer: he is known by the Unix account that he works from.
	OfficerAdd struct {
		Do       string   `json:"-" flag:"-"`                       // officer.edit, else it is a new one
		Replaces string   `json:"replaces,omitempty" arg:"OFFICER"` // the officer whom this states anew
		Name     string   `json:"name" arg:"NAME"`
		Account  string   `json:"account,omitempty" help:"Unix account (default: the caller's)"`
		Number   string   `json:"number,omitempty" help:"telephone number, for the counterpart"`
		Langs    []string `json:"langs,omitempty" default:"en" pick:"lang" help:"languages that the officer reads"`
		Releaser bool     `json:"releaser,omitempty" help:"may release what needs a second person"`
		Role     string   `json:"role,omitempty" of:"role" help:"what the person may do: officer, releaser, technician, reader (default: officer)"`
	}
	// Invite lets an officer make a passkey: with a code that works once.
	Invite struct {
		Officer string `json:"officer" arg:"OFFICER"`
		Anew    bool   `json:"anew,omitempty" help:"the passkeys that the officer has open nothing any more, at once"`
	}
	// DeskInvite lets a browser be a desk under a name that people know.
	DeskInvite struct {
		Name   string `json:"name" arg:"NAME"`
		Deputy bool   `json:"deputy,omitempty" help:"it rings after 20 seconds without an answer, each further deputy 10 seconds later"`
	}
	DeskRename struct {
		Desk string `json:"desk" arg:"DESK"`
		Name string `json:"name" arg:"NAME"`
	}
	// SignOn binds the caller's account and terminal to an officer listed for that account.
	SignOn struct {
		Officer string `json:"officer,omitempty" arg:"OFFICER"` // needed only where the account has several
	}
	// SetDesk arms (or disarms) the caller's desk: it can ring. Sound says whether and why not.
	SetDesk struct {
		Armed bool   `json:"armed"`
		Sound string `json:"sound,omitempty"` // ok, or why this desk has no sound
		Turn  int    `json:"turn,omitempty"`  // among the deputies, from 1: it rings later than the others
		Busy  bool   `json:"busy,omitempty"`  // its person is in a call on another line: a priority ring alone reaches him
		Page  string `json:"page,omitempty"`  // of one that is not armed: here, away, or "", gone
	}

	// Notifier says that a notifier is there, what it runs commands for, and for what the last one failed.
	Notifier struct {
		On     []string `json:"on"`
		Failed []string `json:"failed,omitempty"`
	}
	// Backup asks for the rows of a record of the line, to be copied; with Made it says that a copy of then was read back.
	Backup struct {
		DB   string    `json:"db,omitempty"` // the record's file: record.db, or alone.db of the time alone
		Made time.Time `json:"made,omitzero"`
	}

	// LineStep takes the line out of service by an act, or back into it.
	LineStep struct {
		Step   string    `json:"step" flag:"-" of:"line"`
		Until  time.Time `json:"until,omitzero" help:"until: 14:30Z, +2h, 2026-03-22T09:00Z"`
		Reason string    `json:"reason,omitempty" help:"why, for both boards"`
	}
	// PathStep adds, sets or removes a path; what is not given stays.
	PathStep struct {
		Step   string `json:"step" flag:"-" of:"path"`
		Label  string `json:"label" arg:"LABEL"`
		Bind   string `json:"bind,omitempty" help:"our address and port: 192.0.2.1:7443, over TCP tcp:192.0.2.1:443"`
		Reach  string `json:"reach,omitempty" help:"where the other party finds this path, where that is another address"`
		Remote string `json:"remote,omitempty" help:"where we find theirs, in place of what their sheet says; none: as it says"`
	}
	KeyRevoke struct {
		Past string `json:"past,omitempty" help:"the last statement of ours that stands (default: our newest)"`
	}
	KeyAccept struct {
		ID     string `json:"id" arg:"ID"`
		Digits string `json:"digits" help:"of their sheet, as read to you over another channel"`
	}
	TermsPropose struct {
		From     time.Time         `json:"from" help:"from when they hold: +48h, 2026-03-22T09:00Z"`
		Checks   []string          `json:"checks,omitempty" flag:"check" help:"UTC times of day of the checks: 09:00,21:00"`
		Officer  int               `json:"officer,omitempty" most:"240" help:"minutes that the officer's parts of a check may take"`
		Due      map[string]string `json:"due,omitempty" help:"a clock in seconds: FLASH.acknowledged=60"`
		Fallback []string          `json:"fallback,omitempty" help:"our telephones, for when the line is down"`
		Release  []string          `json:"release,omitempty" help:"what only an officer who may release states: suspend, press, none"`
		Seal     map[string]string `json:"seal,omitempty" help:"hours that bodies stay sealed: readout=48, readout=0"`
		Record   string            `json:"record,omitempty" of:"onoff" help:"whether calls are recorded, at both ends: on, off"`
	}
	// Watch notes something in the watch's log, gives the watch or takes it over.
	Watch struct {
		Step   string `json:"step" flag:"-" of:"watch"`
		Text   string `json:"text,omitempty" arg:"TEXT"`
		Shared bool   `json:"shared,omitempty" help:"for both parties to read"`
		Lang   string `json:"lang,omitempty" flag:"text-lang" help:"language of the text"`
	}

	Send struct {
		Kind       string            `json:"kind,omitempty" of:"kind"`
		Class      string            `json:"class,omitempty" of:"class"`
		Mark       string            `json:"mark,omitempty" of:"mark"`
		Precedence string            `json:"precedence,omitempty" of:"precedence"`
		Lang       string            `json:"lang,omitempty" flag:"text-lang" help:"language of the text"`
		Text       string            `json:"text,omitempty" arg:"TEXT"`
		Phrase     string            `json:"phrase,omitempty" help:"a coded phrase, with its FIELD=VALUE arguments"`
		Fields     map[string]string `json:"fields,omitempty" arg:"FIELD=VALUE"`
		ReadBack   []string          `json:"read_back,omitempty" help:"fields to be read back"`
		ReplyTo    string            `json:"reply_to,omitempty" help:"the message that this replies to"`
		To         string            `json:"to,omitempty" pick:"post" help:"action post"`
		Info       []string          `json:"info,omitempty" pick:"post" help:"info posts"`
		Respond    bool              `json:"respond,omitempty" help:"a response is asked for"`
		NotAfter   time.Time         `json:"not_after,omitzero" help:"no longer of use after: 09:41Z, +30m"`
	}
	Ack struct {
		ID     string            `json:"id" arg:"ID"`
		Read   string            `json:"read" of:"read"`
		Fields map[string]string `json:"fields,omitempty" arg:"FIELD=VALUE"`
	}
	Respond struct {
		ID    string    `json:"id" arg:"ID"`
		How   string    `json:"how" arg:"RESPONSE" of:"response"`
		Until time.Time `json:"until,omitzero" help:"stand by until: 09:41Z, +30m"`
		Text  string    `json:"text,omitempty" arg:"TEXT"`
		Lang  string    `json:"lang,omitempty" flag:"text-lang" help:"language of the text"`
	}
	// Shown states that items were drawn, unlocked, on the caller's desk.
	Shown struct {
		IDs []string `json:"ids" arg:"ID"`
	}
	Relay struct {
		ID   string `json:"id" arg:"ID" pick:"received"`
		To   string `json:"to" pick:"post" help:"the post that it was passed on to"`
		Told string `json:"told" help:"the name of who there was told"`
	}
	PhraseList struct {
		Code string `json:"code,omitempty" arg:"CODE"` // only this one: phrase show
	}

	SendStop struct {
		Place  string `json:"place,omitempty" help:"where (default: everywhere on this line)"`
		Reason string `json:"reason,omitempty" help:"why (default: danger, details follow)"`
		Mark   string `json:"mark,omitempty" of:"mark"`
		Class  string `json:"class,omitempty" flag:"-"` // test, from a telephone that tries its keys; else it is substantive
	}
	// StopStep is take, in-effect, refuse or lift of a STOP.
	StopStep struct {
		ID     string `json:"id" arg:"ID"`
		Step   string `json:"step" flag:"-" of:"step"`
		Reason string `json:"reason,omitempty" help:"why; a refusal must say it"`
	}

	Ring struct {
		Class    string `json:"class,omitempty" of:"class"`
		Mark     string `json:"mark,omitempty" of:"mark"`
		Priority string `json:"priority,omitempty" of:"priority" help:"a priority ring, and why: danger, incident, deadline"`
		Sound    string `json:"sound,omitempty" pick:"desk" help:"a tone that the node makes, since a terminal has no sound: 'tone 440'"`
	}
	Answer struct {
		Sound string `json:"sound,omitempty" pick:"desk" help:"a tone that the node makes, since a terminal has no sound: 'tone 440'"`
		Call  string `json:"call,omitempty" flag:"-"` // the call that was seen; another one is refused. Decline and HangUp have it too
	}
	Decline struct {
		Call    string    `json:"call,omitempty" flag:"-"`
		Reason  string    `json:"reason,omitempty" arg:"REASON"`
		StandBy time.Time `json:"stand_by_until,omitzero" help:"when to expect us: 09:41Z, +30m"`
	}
	// HangUp also cancels one's own ring.
	HangUp struct {
		Call  string `json:"call,omitempty" flag:"-"`
		Class string `json:"class,omitempty" of:"class" help:"what the call was: substantive, service, test"`
	}
	Join struct {
		As     string `json:"as,omitempty" of:"part" help:"who you are in the call: linguist (the default), principal, listener"`
		Listen bool   `json:"listen,omitempty" help:"hear the call and do not speak"`
	}
	// TypeLine is a line beside the call.
	TypeLine struct {
		Text string `json:"text" arg:"TEXT"`
	}
	Waiting struct {
		For string `json:"for" arg:"ROLE" of:"waits"`
	}
	HandOver struct {
		Desk string `json:"desk" arg:"DESK" pick:"armed"`
	}
	Class struct {
		ID    string `json:"id" arg:"ID"`
		Class string `json:"class" arg:"CLASS" of:"class"`
	}

	CheckConfirm struct {
		Answer  string `json:"answer,omitempty" arg:"REPLY"`
		Decline bool   `json:"decline,omitempty" help:"decline this check"`
	}

	// CheckNote is a test of the ordinary telephone: now, by who is signed on, where nothing else is said.
	CheckNote struct {
		Outcome string `json:"outcome" arg:"OUTCOME" of:"test"`
		At      string `json:"at,omitempty" help:"when, where that is not now: 2022-02-18T09:41Z"`
		By      string `json:"by,omitempty" help:"the officer of ours who rang, where that is another"`
	}
	// CheckPhone has the node ring their ordinary telephone.
	CheckPhone struct {
		When string `json:"when" arg:"now" of:"when"`
	}
	CallNote struct {
		With    []string `json:"with" pick:"post" help:"the posts whose people spoke, ours and theirs"`
		At      string   `json:"at,omitempty" help:"when it began, where that is not now: 2022-02-18T09:41Z"`
		Minutes int      `json:"minutes,omitempty" most:"1440" help:"how long it lasted"`
		Class   string   `json:"class,omitempty" of:"class" help:"what the call was: substantive, service, test"`
		Mark    string   `json:"mark,omitempty" of:"mark"`
		Text    string   `json:"text,omitempty" arg:"TEXT"`
		Lang    string   `json:"lang,omitempty" flag:"text-lang" help:"language of the text"`
	}

	PostAdd struct {
		Do       string            `json:"-" flag:"-"`                                // post.edit, else it is a new one
		Replaces string            `json:"replaces,omitempty" arg:"POST" pick:"post"` // the post that this states anew
		Name     string            `json:"name" arg:"NAME"`
		Org      string            `json:"org" help:"organisation: ministry, staff, presidency"`
		Level    int               `json:"level" most:"9" help:"1 (highest) to 5 (a line desk), or up to 9"`
		Of       string            `json:"of,omitempty" help:"whose it is, where it is not ours: the other party or a third, as france"`
		Theirs   bool              `json:"theirs,omitempty" help:"a post of the other party, as we know it"`
		Pair     string            `json:"pair,omitempty" pick:"post" help:"the counterpart's name or ID"`
		Deputy   string            `json:"deputy_of,omitempty" pick:"post" help:"the post whose deputy this is"`
		Names    map[string]string `json:"names,omitempty" flag:"name" help:"the name in another language: it=Ministro"`
		Address  map[string]string `json:"address,omitempty" help:"how its holder is addressed, per language: en=Minister"`
		Langs    []string          `json:"langs,omitempty" help:"languages that its holder speaks"`
		Number   string            `json:"number,omitempty" help:"telephone number"`
	}
	// Finish ends a thing of the register.
	Finish struct {
		Do     string `json:"-" flag:"-"` // officer.end post.end event.end
		Name   string `json:"name" arg:"ID"`
		On     string `json:"on,omitempty" help:"when: 2022-02-18"`
		Reason string `json:"reason,omitempty" help:"why"`
	}
	HolderAdd struct {
		Post string `json:"post" arg:"POST" pick:"post"`
		Name string `json:"name" arg:"NAME"`
		From string `json:"from,omitempty" help:"from when: 2022-02-18"`
	}
	HolderEnd struct {
		Post string `json:"post" arg:"POST" pick:"post"`
		Name string `json:"name" arg:"NAME"`
		On   string `json:"on,omitempty" help:"until when: 2022-02-18"`
	}
	EventAdd struct {
		Do       string            `json:"-" flag:"-"`                     // event.edit, else it is a new one
		Replaces string            `json:"replaces,omitempty" arg:"EVENT"` // the event that this states anew
		Name     string            `json:"name" arg:"NAME"`
		Names    map[string]string `json:"names,omitempty" flag:"name" help:"the name in another language: it=Invasione"`
		When     string            `json:"when" help:"2022-02-18, 2022-02-18T09:41Z or a span 2022-03-14/2022-03-20"`
	}
	ContactAdd struct {
		Do           string            `json:"-" flag:"-"` // contact.correct, else it is a new one
		Corrects     string            `json:"corrects,omitempty" arg:"ID"`
		Kind         string            `json:"kind" arg:"KIND" of:"contact"`
		When         string            `json:"when" help:"2022-02-18, 2022-02-18T09:41+01:00, a span 2022-03-14/2022-03-20, or ~2022-03-16"`
		Participants []string          `json:"participants,omitempty" flag:"with" pick:"post" help:"the posts that took part, of both parties; POST:2 for two people of it"`
		By           string            `json:"by,omitempty" pick:"post" help:"the post whose statement, letter or protest it is"`
		People       map[string]string `json:"people,omitempty" help:"who they were: POST=NAME; NAME"`
		Channel      string            `json:"channel,omitempty" of:"channel"`
		Place        string            `json:"place,omitempty" help:"where"`
		Host         string            `json:"host,omitempty" help:"the party whose guests the others were"`
		Quote        string            `json:"quote,omitempty" help:"the words as they were said"`
		Lang         string            `json:"lang,omitempty" flag:"text-lang" help:"language of the words"`
		Basis        string            `json:"basis" of:"basis" help:"how it is known: own (first hand), told-by, press"`
		Source       string            `json:"source,omitempty" help:"who told it, or which report"`
		Occasion     string            `json:"occasion,omitempty" pick:"contact" help:"the statement of what led to it"`
		Follows      string            `json:"follows,omitempty" pick:"contact" help:"the statement of what it follows"`
		Text         string            `json:"text,omitempty" arg:"TEXT"`
		Mark         string            `json:"mark,omitempty" of:"mark"`
		Private      bool              `json:"private,omitempty" help:"keep it in the private log"`
	}
	// Saying is what is said of a statement in a few words: yes, no, or what came of it.
	Saying struct {
		Do     string `json:"-" flag:"-"`
		ID     string `json:"id" arg:"ID"`
		Reason string `json:"reason,omitempty" arg:"REASON"`
	}
	ConcernRaise struct {
		ID   string `json:"id" arg:"ID"`
		Text string `json:"text" arg:"TEXT"`
		Lang string `json:"lang,omitempty" flag:"text-lang" help:"language of the words"`
	}
	RequestRecord struct {
		By       string `json:"by" pick:"post" help:"the post that seeks"`
		With     string `json:"with" pick:"post" help:"the post that is sought"`
		For      string `json:"for,omitempty" of:"sought"`
		When     string `json:"when" help:"2022-02-18, 2022-02-18T09:41+01:00, a span 2022-03-14/2022-03-20, or ~2022-03-16"`
		Standing bool   `json:"standing,omitempty" help:"open until withdrawn"`
		Way      string `json:"way,omitempty" of:"way"`
		Basis    string `json:"basis" of:"basis" help:"how it is known: own (first hand), told-by, press"`
		Source   string `json:"source,omitempty" help:"who told it, or which report"`
		Mark     string `json:"mark,omitempty" of:"mark"`
	}
	// RequestPlace asks for a call or a meeting on the line: what it does not say of a record of it follows from that.
	RequestPlace struct {
		By       string `json:"by" pick:"post" help:"the post that seeks"`
		With     string `json:"with" pick:"post" help:"the post that is sought"`
		For      string `json:"for,omitempty" of:"sought"`
		Standing bool   `json:"standing,omitempty" help:"open until withdrawn"`
		Mark     string `json:"mark,omitempty" of:"mark"`
	}
	// RequestAgain is a further attempt: now and first hand, where nothing else is said.
	RequestAgain struct {
		Do     string `json:"-" flag:"-"` // request.again request.renew
		ID     string `json:"id" arg:"ID" pick:"request"`
		When   string `json:"when,omitempty" help:"when, where that is not now"`
		Way    string `json:"way,omitempty" of:"way"`
		Basis  string `json:"basis,omitempty" of:"basis" help:"how it is known: own (first hand), told-by, press"`
		Source string `json:"source,omitempty" help:"who told it, or which report"`
	}
	RequestOutcome struct {
		Do      string    `json:"-" flag:"-"` // request.correct, else what was not stated yet
		ID      string    `json:"id" arg:"ID" pick:"request"`
		Outcome string    `json:"outcome" arg:"OUTCOME" of:"outcome"`
		ToldBy  string    `json:"told_by,omitempty" help:"who told us"`
		On      string    `json:"on,omitempty" help:"when: 2022-02-18, 2022-02-18T09:41Z or a span 2022-03-14/2022-03-20"`
		At      time.Time `json:"at,omitzero" help:"of what was accepted, for when: 2022-03-24T10:00Z"`
		Until   time.Time `json:"until,omitzero" help:"of what was deferred, until when"`
		Who     string    `json:"who,omitempty" help:"who answered"`
		Behalf  string    `json:"behalf,omitempty" of:"behalf" help:"on whose behalf: desk, office, principal"`
		Reason  string    `json:"reason,omitempty" help:"the reason as they gave it"`
	}
	// RequestAnswer answers a request of the other side on the line.
	RequestAnswer struct {
		Do     string    `json:"-" flag:"-"` // request.accept request.decline request.defer request.counter
		ID     string    `json:"id" arg:"ID" pick:"request"`
		At     time.Time `json:"at,omitzero" help:"for when: 2022-03-24T10:00Z"`
		Until  time.Time `json:"until,omitzero" help:"of what is put off, until when"`
		Who    string    `json:"who,omitempty" help:"who answers"`
		Behalf string    `json:"behalf,omitempty" of:"behalf" help:"on whose behalf: desk, office, principal"`
		Reason string    `json:"reason,omitempty" help:"why, for the other side"`
	}
	Assess struct {
		ID    string `json:"id" arg:"ID"`
		Text  string `json:"text" arg:"TEXT"`
		Basis string `json:"basis,omitempty" help:"the statement that it rests on"`
		Lang  string `json:"lang,omitempty" flag:"text-lang" help:"language of the words"`
	}

	ReadoutFile struct {
		ID     string   `json:"id" arg:"ID" pick:"contact"`
		Points []string `json:"points" flag:"point" whole:"yes" help:"'raised: …', 'answered/topic: …'; raised, answered, agreed, said, observed"`
		Lang   string   `json:"lang,omitempty" flag:"text-lang" help:"language of the points"`
	}
	// ReadoutStep publishes a readout, or states whom one was shown to.
	ReadoutStep struct {
		ID   string `json:"id" arg:"ID" pick:"readout"`
		Step string `json:"step" flag:"-" of:"readout"`
		To   string `json:"to,omitempty" help:"whom it was shown to"`
		On   string `json:"on,omitempty" help:"when: 2022-02-18, 2022-02-18T09:41Z or a span 2022-03-14/2022-03-20"`
	}
	ReadoutExcept struct {
		ID    string `json:"id" arg:"ID" pick:"readout"`
		Point int    `json:"point" arg:"POINT" most:"64" help:"which point, from 1"`
		Text  string `json:"text" arg:"TEXT"`
		Lang  string `json:"lang,omitempty" flag:"text-lang" help:"language of the text"`
	}
	Readouts struct {
		ID     string `json:"id,omitempty" arg:"ID"`
		Points string `json:"points,omitempty" of:"point" help:"only points of this sort: raised, answered, agreed, said, observed"`
		Shown  bool   `json:"shown,omitempty" help:"only whom they were shown to"`
		Since  string `json:"since,omitempty" help:"an event's name or a date"`
	}

	Brief struct {
		Pair  string `json:"pair" arg:"PAIR" pick:"post"`
		Since string `json:"since,omitempty" help:"an event's name or a date"`
	}
	Find struct {
		Words string `json:"words" arg:"WORDS"`
	}
	ReadLog struct {
		Words  string `json:"words,omitempty" arg:"WORDS"`
		Kind   string `json:"kind,omitempty" of:"about" help:"what it is about; traffic: messages, calls and STOPs as they began"`
		Person string `json:"person,omitempty" help:"whose it is: a name, or a part of it"`
		From   string `json:"from,omitempty" help:"not older: 2022-02-18 or 2022-02-18T09:41Z"`
		To     string `json:"to,omitempty" help:"not newer: 2022-02-18 or 2022-02-18T09:41Z"`
		Before string `json:"before,omitempty" help:"what came before this statement"`
		Last   int    `json:"last,omitempty" most:"1048576" help:"how many"`
		ICS309 bool   `json:"ics309,omitempty" help:"as a communications log: time, from, to, message, prepared by"`
	}
	Contacts struct {
		Pair    []string `json:"pair,omitempty" arg:"PAIR"`
		Since   string   `json:"since,omitempty" help:"an event's name or a date"`
		None    string   `json:"none_since,omitempty" help:"only the pairs that have not spoken since an event or a date"`
		Last    string   `json:"last,omitempty" help:"30d"`
		Org     string   `json:"org,omitempty" help:"only this organisation"`
		Level   int      `json:"level,omitempty" most:"9" help:"only levels 1 to N"`
		With    string   `json:"with,omitempty" pick:"post" help:"every contact of this post, with third parties too"`
		Dated   string   `json:"dated,omitempty" of:"dated" help:"only those dated so: instant, day, span"`
		Highest bool     `json:"highest,omitempty" help:"the highest contact alone"`
		CSV     bool     `json:"csv,omitempty" help:"a table for a spreadsheet"`
		HTML    bool     `json:"html,omitempty" help:"a page to print"`
		SVG     bool     `json:"svg,omitempty" help:"the calendar as a picture"`
	}
	Requests struct {
		Sought bool   `json:"sought,omitempty" help:"only those that are still sought"`
		For    string `json:"for,omitempty" of:"sought"`
		Since  string `json:"since,omitempty" help:"an event's name or a date"`
	}
	// ClaimAsk asks for a claim and the file that goes with it.
	ClaimAsk struct {
		Since   string   `json:"since"`
		Figures []string `json:"figures,omitempty" of:"figure"`
	}
	// PressDraft asks for a draft of a statement for the press. The file is the shell's.
	PressDraft struct {
		File    string   `json:"file,omitempty" arg:"FILE"`
		Since   string   `json:"since" help:"an event's name or a date"`
		Figures []string `json:"figures,omitempty" of:"figure" flag:"figure" help:"only these figures"`
		With    []string `json:"with,omitempty" pick:"post" help:"of the contacts only those of these posts"`
		Opinion string   `json:"opinion,omitempty" help:"the spokesman's own sentences, which nothing checks"`
		Lang    string   `json:"lang,omitempty" flag:"text-lang" help:"language of the text"`
	}
	// PressRelease releases the draft that reads as the page does.
	PressRelease struct {
		File string `json:"file,omitempty" arg:"FILE"`
		Page string `json:"page,omitempty" flag:"-"`
	}
	Raised struct {
		At string `json:"at,omitempty" help:"only at this contact"`
	}
	// Show asks for one statement and its item.
	Show struct {
		ID      string `json:"id" arg:"ID"`
		Private bool   `json:"private,omitempty" help:"with what we noted of it for ourselves"`
	}
	Checks struct {
		Since string `json:"since,omitempty" help:"an event's name or a date"`
	}
	// Figure asks for the figures of the line.
	Figure struct {
		Since string `json:"since,omitempty" help:"an event's name or a date"`
	}
	// Confirm is the pairing's: without a number it asks for the genesis in words and for our number to
	// read out; with the number that the other end read out it confirms.
	Confirm struct {
		Number string `json:"number,omitempty" arg:"NUMBER"`
		Refuse bool   `json:"refuse,omitempty" help:"do not sign this genesis"`
	}
)

func (Brief) Verb() string            { return "brief" }
func (p Plain) Verb() string          { return string(p) }
func (i Item) Verb() string           { return i.Do }
func (a OfficerAdd) Verb() string     { return cmp.Or(a.Do, "officer.add") }
func (Invite) Verb() string           { return "officer.invite" }
func (DeskInvite) Verb() string       { return "desk.invite" }
func (DeskRename) Verb() string       { return "desk.rename" }
func (SignOn) Verb() string           { return "sign-on" }
func (SetDesk) Verb() string          { return "desk" }
func (Backup) Verb() string           { return "backup" }
func (Send) Verb() string             { return "send" }
func (Ack) Verb() string              { return "ack" }
func (Respond) Verb() string          { return "respond" }
func (Shown) Verb() string            { return "shown" }
func (PhraseList) Verb() string       { return "phrase.list" }
func (SendStop) Verb() string         { return "stop" }
func (StopStep) Verb() string         { return "stop.step" }
func (Ring) Verb() string             { return "ring" }
func (Answer) Verb() string           { return "answer" }
func (Decline) Verb() string          { return "decline" }
func (HangUp) Verb() string           { return "hang-up" }
func (Join) Verb() string             { return "join" }
func (Waiting) Verb() string          { return "waiting" }
func (TypeLine) Verb() string         { return "type" }
func (HandOver) Verb() string         { return "hand-over" }
func (Class) Verb() string            { return "class" }
func (CheckPhone) Verb() string       { return "check.phone" }
func (CheckConfirm) Verb() string     { return "check.confirm" }
func (CheckNote) Verb() string        { return "check.note" }
func (CallNote) Verb() string         { return "call.note" }
func (a PostAdd) Verb() string        { return cmp.Or(a.Do, "post.add") }
func (a EventAdd) Verb() string       { return cmp.Or(a.Do, "event.add") }
func (a Finish) Verb() string         { return a.Do }
func (HolderAdd) Verb() string        { return "holder.add" }
func (HolderEnd) Verb() string        { return "holder.end" }
func (a ContactAdd) Verb() string     { return cmp.Or(a.Do, "contact.add") }
func (RequestRecord) Verb() string    { return "request.record" }
func (RequestPlace) Verb() string     { return "request.place" }
func (a RequestOutcome) Verb() string { return cmp.Or(a.Do, "request.outcome") }
func (ReadLog) Verb() string          { return "log" }
func (Contacts) Verb() string         { return "contacts" }
func (Confirm) Verb() string          { return "confirm" }
func (a Saying) Verb() string         { return a.Do }
func (ConcernRaise) Verb() string     { return "concern.raise" }
func (a RequestAgain) Verb() string   { return a.Do }
func (a RequestAnswer) Verb() string  { return a.Do }
func (Assess) Verb() string           { return "assess" }
func (Requests) Verb() string         { return "requests" }
func (Raised) Verb() string           { return "raised" }
func (Show) Verb() string             { return "show" }
func (LineStep) Verb() string         { return "line.step" }
func (PathStep) Verb() string         { return "path.step" }
func (KeyRevoke) Verb() string        { return "key.revoke" }
func (KeyAccept) Verb() string        { return "key.accept" }
func (Notifier) Verb() string         { return "notifier" }
func (TermsPropose) Verb() string     { return "terms.propose" }
func (Watch) Verb() string            { return "watch.step" }
func (Relay) Verb() string            { return "relay" }
func (ReadoutFile) Verb() string      { return "readout.file" }
func (ClaimAsk) Verb() string         { return "claim" }
func (PressDraft) Verb() string       { return "statement.draft" }
func (PressRelease) Verb() string     { return "statement.release" }
func (ReadoutStep) Verb() string      { return "readout.step" }
func (ReadoutExcept) Verb() string    { return "readout.except" }
func (Readouts) Verb() string         { return "readouts" }
func (Find) Verb() string             { return "find" }
func (Checks) Verb() string           { return "checks" }
func (Figure) Verb() string           { return "figures" }
