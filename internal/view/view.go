// SPDX-License-Identifier: Apache-2.0

package view

import "time"

// Desk is everything that one desk's person sees of one line.
type Desk struct {
	Line         string       `json:"line"`
	Lang         string       `json:"lang"` // language of every Word here: en, it
	AsOf         time.Time    `json:"as_of"`
	Demo         bool         `json:"demo,omitempty"` // counterparts and checks were seeded by a demo
	Header       Header       `json:"header"`
	Sentences    []string     `json:"sentences"` // status, fit to be read aloud; the first is the line's
	Unrecorded   *Unrecorded  `json:"unrecorded,omitempty"`
	Alarms       []Alarm      `json:"alarms"` // most urgent first
	Liveness     Liveness     `json:"liveness"`
	Call         Call         `json:"call"`
	Stops        []Stop       `json:"stops"`          // newest first
	Messages     []Message    `json:"messages"`       // newest first; all that waits is among them
	More         string       `json:"more,omitempty"` // what waits and found no room
	Check        Check        `json:"check"`
	Counterparts Counterparts `json:"counterparts"`
	Calls        []CallRow    `json:"calls"` // newest first
	Log          []LogRow     `json:"log"`   // newest first
	Compose      Compose      `json:"compose"`
}

// Header stands at the same place of every screen.
type Header struct {
	Party    string    `json:"party"`
	Peer     string    `json:"peer"`
	Clock    time.Time `json:"clock"`
	Officer  string    `json:"officer,omitempty"` // "" when nobody is signed on at this desk
	KnownHow string    `json:"known_how,omitempty"`
	Desk     string    `json:"desk,omitempty"`
	Armed    bool      `json:"armed"`
	Word     string    `json:"word"`                // "Lt Amaro signed on, known by account + link"
	NotArmed string    `json:"not_armed,omitempty"` // why this desk cannot ring, in words
	Stop     string    `json:"stop"`                // "", sent (ours stands), received (theirs stands)
}

// Unrecorded says that statements cannot be committed here; voice, ringing and STOP go on.
type Unrecorded struct {
	Here  time.Time `json:"here,omitzero"`  // since when here
	There time.Time `json:"there,omitzero"` // since when there, by their word
	Word  string    `json:"word"`
}

// Alarm is one row of the alarm table.
type Alarm struct {
	ID       string    `json:"id"` // A11/path 1
	Code     string    `json:"code"`
	Priority string    `json:"priority"` // high medium low
	State    string    `json:"state"`    // raised acknowledged returned
	Since    time.Time `json:"since"`
	Cause    string    `json:"cause"` // PATH 1 LOST
	Do       string    `json:"do"`    // what to do
	AckedBy  string    `json:"acked_by,omitempty"`
	Word     string    `json:"word"`            // priority and state in words
	Sound    string    `json:"sound,omitempty"` // high medium
}

// Liveness is the four layers, as we see them and as they see them of us.
type Liveness struct {
	WeSee     Side   `json:"we_see"`
	TheySeeUs Side   `json:"they_see_of_us"`
	Paths     []Path `json:"paths"`
	Telephone string `json:"telephone"` // theirs, for when the line is down
}

// Side is one row of the board: what one end knows of the other.
type Side struct {
	Known   bool       `json:"known"` // false: nothing was heard of it, and that is all that is known
	Station Layer      `json:"station"`
	Desk    Layer      `json:"desk"`
	Officer Layer      `json:"officer"`
	Paths   []PathWord `json:"paths"`
}

// PathWord is one path as one end hears it.
type PathWord struct {
	Path string `json:"path"`
	Layer
}

// Layer is one fact of liveness.
type Layer struct {
	State string    `json:"state"` // up down answers stuck goodbye not-reached armed present none unknown
	Word  string    `json:"word"`
	Since time.Time `json:"since,omitzero"`
}

// Path is one route, with what is measured on it.
type Path struct {
	Label     string    `json:"label"`
	WeHear    bool      `json:"we_hear"`
	TheyHear  bool      `json:"they_hear"`
	Since     time.Time `json:"since,omitzero"`
	RTTms     float64   `json:"rtt_ms,omitempty"`
	LossPct   float64   `json:"loss_pct,omitempty"`
	LastHeard time.Time `json:"last_heard,omitzero"`
	Word      string    `json:"word"`
}

// Call is the call panel.
type Call struct {
	State      string    `json:"state"` // idle calling ringing-there ringing-here connected ended
	Word       string    `json:"word"`  // READY, RINGING THERE (2 desks) …
	ID         string    `json:"id,omitempty"`
	Ours       bool      `json:"ours,omitempty"`
	Since      time.Time `json:"since,omitzero"`
	Seconds    int       `json:"seconds,omitempty"`
	Desks      int       `json:"desks,omitempty"` // that ring there, by their word
	By         string    `json:"by,omitempty"`    // who rang or answered at the far end
	Class      string    `json:"class,omitempty"`
	Mark       string    `json:"mark,omitempty"`
	Priority   string    `json:"priority,omitempty"`
	Sound      string    `json:"sound,omitempty"`    // microphone test-voice none
	Mute       bool      `json:"mute,omitempty"`     // connected, no sound: a direction carries nothing
	NoSound    string    `json:"no_sound,omitempty"` // why this desk has no sound, in words
	ThereWord  string    `json:"there,omitempty"`    // said before ringing: nobody is armed there
	Outcome    string    `json:"outcome,omitempty"`  // of the call that ended last
	OutcomeWas string    `json:"outcome_word,omitempty"`
	Differs    string    `json:"differs,omitempty"` // the two ends state different outcomes
	Unrecorded bool      `json:"unrecorded,omitempty"`
	Out        *Meter    `json:"you_to_them,omitempty"`
	In         *Meter    `json:"them_to_you,omitempty"`
	Acts       []string  `json:"acts"` // ring answer decline hang-up class
}

// Meter is one direction of the sound of a call.
type Meter struct {
	Level        int     `json:"level"` // 0…6, drawn as bars; -1 where it cannot be known
	Frames       uint64  `json:"frames"`
	Lost         uint64  `json:"lost"`
	LongestGapMS float64 `json:"longest_gap_ms"`
	Codec        string  `json:"codec,omitempty"`
	Hz           float64 `json:"hz,omitempty"` // of the tone that is heard, where it is one
	Word         string  `json:"word"`
}

// Step is one step of a ladder.
type Step struct {
	Step  string    `json:"step"`  // recorded held shown acknowledged responded complied · taken in-effect refused lifted
	Word  string    `json:"word"`  // in the language; what a cut line shows is RECORDED, NOT HELD
	State string    `json:"state"` // done due overdue late (done after its time) open (no clock)
	At    time.Time `json:"at,omitzero"`
	Due   time.Time `json:"due,omitzero"`
	By    string    `json:"by,omitempty"`
	Known string    `json:"known,omitempty"`
	Note  string    `json:"note,omitempty"` // how read, standby until, why
}

// Span is a piece of a text; a coded value is isolated from the writing around it.
type Span struct {
	Text  string `json:"text" drawn:"lines"`
	Coded bool   `json:"coded,omitempty"`
	Field string `json:"field,omitempty"` // the phrase's field that it fills
}

// Message is one message with its ladder.
type Message struct {
	ID         string    `json:"id"`
	Key        string    `json:"key"` // the item's key, fit for an element's id
	Ours       bool      `json:"ours"`
	At         time.Time `json:"at"`
	From       string    `json:"from"` // party
	By         string    `json:"by,omitempty"`
	Known      string    `json:"known,omitempty"`
	To         string    `json:"to,omitempty"`
	Info       []string  `json:"info,omitempty"`
	Precedence string    `json:"precedence"` // routine priority immediate flash
	Kind       string    `json:"kind"`
	Class      string    `json:"class"`
	Mark       string    `json:"mark"`
	Words      Words     `json:"words"`
	Lang       string    `json:"text_lang,omitempty"` // language of a free text
	Phrase     string    `json:"phrase,omitempty"`
	Spans      []Span    `json:"spans"`
	ReplyTo    string    `json:"reply_to,omitempty"`
	NotAfter   time.Time `json:"not_after,omitzero"`
	Steps      []Step    `json:"steps"`
	Summary    string    `json:"summary"` // the ladder in a few words: "held, not shown: overdue since 14:04Z"
	Overdue    bool      `json:"overdue,omitempty"`
	Urgent     bool      `json:"urgent,omitempty"` // FLASH or IMMEDIATE that waits for a person here
	Acts       []string  `json:"acts"`             // shown ack respond comply
	ReadBack   []Field   `json:"read_back,omitempty"`
	Differs    string    `json:"differs,omitempty"`    // the other end said different things and nothing proves which came last
	Impossible string    `json:"impossible,omitempty"` // At cannot be, in words
}

// Words are the words for a message's codes.
type Words struct {
	Precedence string `json:"precedence"`
	Kind       string `json:"kind"`
	Class      string `json:"class"`
	Mark       string `json:"mark"`
	Direction  string `json:"direction"`
}

// Field is one field of a phrase, to be filled or read back.
type Field struct {
	Name     string   `json:"name"`
	Word     string   `json:"word"`
	Type     string   `json:"type"` // place time height …
	Optional bool     `json:"optional,omitempty"`
	Example  string   `json:"example,omitempty"` // the form that is accepted
	Choices  []Choice `json:"choices,omitempty"`
}

// Choice is one value of a list, with its words.
type Choice struct {
	Code    string `json:"code"`
	Word    string `json:"word"`
	Default bool   `json:"default,omitempty"`
}

// Phrase is one coded phrase, as its composer sees it.
type Phrase struct {
	Code   string  `json:"code"`
	Kind   string  `json:"kind"`
	Word   string  `json:"word"` // the phrase with its fields named
	Fields []Field `json:"fields"`
}

// Compose is what the composer offers, with its defaults said in words.
type Compose struct {
	Precedences []Choice `json:"precedences"`
	Kinds       []Choice `json:"kinds"`
	Classes     []Choice `json:"classes"`
	Marks       []Choice `json:"marks"`
	Langs       []Choice `json:"langs"`
	Phrases     []Phrase `json:"phrases"`
	Default     string   `json:"default"` // "information, substantive, actual"
}

// Stop is one STOP, or many of one party shown as one card with a count.
type Stop struct {
	ID         string    `json:"id"` // short ID, or the random id while it is unrecorded
	Key        string    `json:"key"`
	Ours       bool      `json:"ours"`
	At         time.Time `json:"at"`
	From       string    `json:"from"`
	By         string    `json:"by,omitempty"`
	Scope      string    `json:"scope"`
	Place      string    `json:"place,omitempty"`
	Reason     string    `json:"reason"`
	Class      string    `json:"class"`
	Mark       string    `json:"mark"`
	Count      int       `json:"count"`
	State      string    `json:"state"` // sent held taken in-effect refused lifted
	Word       string    `json:"word"`
	Stands     bool      `json:"stands"` // not lifted
	Steps      []Step    `json:"steps"`
	Acts       []string  `json:"acts"` // take in-effect refuse lift
	Overdue    bool      `json:"overdue,omitempty"`
	Impossible string    `json:"impossible,omitempty"`
}

// Check is the daily test of the line.
type Check struct {
	State    string      `json:"state"` // none due running waiting passed failed no-operator declined missed overdue
	Word     string      `json:"word"`
	ID       string      `json:"id,omitempty"`
	Started  time.Time   `json:"started,omitzero"`
	Due      time.Time   `json:"due,omitzero"` // the next slot
	Parts    []CheckPart `json:"parts"`
	Last     *CheckRow   `json:"last,omitempty"`
	Days     int         `json:"days"`   // tested, of Of
	Of       int         `json:"of"`     // days since the line began
	Streak   int         `json:"streak"` // days running, passed
	Figures  string      `json:"figures"`
	Question *Question   `json:"question,omitempty"`
}

// CheckPart is one part of a check.
type CheckPart struct {
	Part  string `json:"part"`
	Word  string `json:"word"`
	State string `json:"state"` // passed failed waiting skipped
	Note  string `json:"note,omitempty"`
}

// Question is the other end's test question, to be answered by the officer here.
type Question struct {
	ID      string    `json:"id"`
	Text    string    `json:"text"`
	Lang    string    `json:"text_lang,omitempty"`
	Choices []Choice  `json:"choices,omitempty"`
	Until   time.Time `json:"until,omitzero"`
}

// CheckRow is one slot.
type CheckRow struct {
	ID      string    `json:"id,omitempty"`
	Day     string    `json:"day"`
	At      time.Time `json:"at,omitzero"`
	Outcome string    `json:"outcome"`
	Word    string    `json:"word"`
	Parts   string    `json:"parts,omitempty"`  // which parts did not pass
	Theirs  string    `json:"theirs,omitempty"` // their outcome where it differs
}

// Counterparts is the table of pairs. Its three columns are never added up.
type Counterparts struct {
	Since    string `json:"since,omitempty"` // event or date that the window begins at
	Window   string `json:"window"`          // in words
	Basis    string `json:"basis"`           // on whose statements
	Sentence string `json:"sentence,omitempty"`
	Exercise bool   `json:"exercise,omitempty"` // something of mark exercise is counted
	Pairs    []Pair `json:"pairs"`
}

// Pair is an office and its counterpart.
type Pair struct {
	Ours             string `json:"ours"`
	Theirs           string `json:"theirs"`
	Org              string `json:"org,omitempty"`
	Level            int    `json:"level,omitempty"`
	LastSpoke        string `json:"last_spoke"` // as precise as it is known; "" never on record
	Channel          string `json:"channel,omitempty"`
	Days             int    `json:"days"` // since they last spoke; -1 where they never did
	Before           bool   `json:"before_window,omitempty"`
	Declined         int    `json:"declined"` // attempts of ours, in the window
	NoReply          int    `json:"no_reply"`
	NotReached       int    `json:"not_reached"`
	TheirsDeclined   int    `json:"theirs_declined"` // attempts of theirs
	TheirsNoReply    int    `json:"theirs_no_reply"`
	TheirsNotReached int    `json:"theirs_not_reached"`
	Still            bool   `json:"still_sought"`
	Word             string `json:"word"`
	Confirmed        string `json:"confirmed,omitempty"` // stated by us · confirmed by them · disputed
}

// CallRow is one call of the past, as both ends state it.
type CallRow struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	Ours       bool      `json:"ours"`
	By         string    `json:"by,omitempty"`
	Class      string    `json:"class"`
	Mark       string    `json:"mark"`
	Outcome    string    `json:"outcome"` // became: both ends rang at once, and this ring became the call Became
	Became     string    `json:"became,omitempty"`
	Word       string    `json:"word"`
	Theirs     string    `json:"theirs,omitempty"` // their outcome, where it differs
	Seconds    int       `json:"seconds"`
	Lost       uint64    `json:"frames_lost"`
	GapMS      float64   `json:"longest_gap_ms"`
	Impossible string    `json:"impossible,omitempty"`
}

// LogRow is one statement in the order of the record.
type LogRow struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	Party string    `json:"party"`
	Kind  string    `json:"kind"`
	Class string    `json:"class"`
	Mark  string    `json:"mark"`
	Word  string    `json:"word"` // one line: the kind's words, after the word for a test where it is of that class
	Held  time.Time `json:"held,omitzero"`
	State string    `json:"state"` // held recorded inert evidence absent
	Note  string    `json:"note,omitempty"`
}
