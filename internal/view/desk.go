// SPDX-License-Identifier: Apache-2.0

package view

import (
	"time"

	"example.org/parley/check"
	"example.org/parley/internal/alarm"
	"example.org/parley/message/phrase"
	"example.org/parley/register"
	"example.org/parley/wire"
)

// Desk is everything that one desk's person sees of one line. The answer to a question is a Desk with the parts that
// were asked for; Text prints it for a terminal.
type Desk struct {
	Lang            string        `json:"lang"` // language of every Word here: en, it
	AsOf            time.Time     `json:"as_of"`
	Line            string        `json:"line,omitempty"`
	Demo            bool          `json:"demo,omitempty"`  // counterparts and checks were seeded by a demo
	Alone           string        `json:"alone,omitempty"` // of a line alone: that all is on our word, in words
	Header          Header        `json:"header,omitzero"`
	Answers         []Glance      `json:"answers,omitzero"`          // is the line up, is somebody there, does anything wait
	Service         []Service     `json:"service,omitzero"`          // what keeps the line out of service, by an act: none of it is a fault
	Issue           int           `json:"issue,omitempty"`           // of path list: the newest issue of our sheet that is stated
	Soon            bool          `json:"soon,omitempty"`            // and the node does not go by what is on disk yet, or cannot listen there
	Sentences       []string      `json:"sentences,omitzero"`        // status, fit to be read aloud; the first is the line's
	Unrecorded      string        `json:"unrecorded,omitempty"`      // statements cannot be committed, in words; voice, ringing and STOP go on
	NoPage          string        `json:"no_page,omitempty"`         // of status at a shell: why browsers find no page, in words
	UnrecordedHere  time.Time     `json:"unrecorded_here,omitzero"`  // since when here
	UnrecordedThere time.Time     `json:"unrecorded_there,omitzero"` // since when there, by their word
	Alarms          []alarm.Alarm `json:"alarms,omitzero"`           // most urgent first
	Liveness        Liveness      `json:"liveness,omitzero"`
	Call            Call          `json:"call,omitzero"`
	Stops           []StopCard    `json:"stops,omitzero"`      // newest first
	Messages        []Message     `json:"messages,omitzero"`   // newest first; all that waits is among them
	More            string        `json:"more,omitempty"`      // what waits and found no room
	MoreWait        int           `json:"more_wait,omitempty"` // how many items that is
	Check           Check         `json:"check,omitzero"`
	Figures         LineFigures   `json:"figures,omitzero"`
	Counterparts    Counterparts  `json:"counterparts,omitzero"`
	Calls           []Call        `json:"calls,omitzero"`  // newest first
	Log             []LogRow      `json:"log,omitzero"`    // newest first
	Older           string        `json:"older,omitempty"` // of a page of the record: the next is what came before this one
	Back            time.Time     `json:"back,omitzero"`   // when that one was stated

	// Of questions alone.
	Checks   []check.State              `json:"checks,omitzero"` // every slot, newest first
	Officers []Listed[register.Officer] `json:"officers,omitzero"`
	Posts    []Listed[register.Post]    `json:"posts,omitzero"`
	Events   []Listed[register.Event]   `json:"events,omitzero"`
	Phrases  []Choice                   `json:"phrases,omitzero"`

	Readouts   []FiledReadout    `json:"readouts,omitzero"`   // by contact, oldest first
	Press      []PressText       `json:"press,omitzero"`      // newest first
	Points     []Remark          `json:"points,omitzero"`     // of the newest version of each, side by side
	Telephones map[string]string `json:"telephones,omitzero"` // by party, of the terms
	Slots      []string          `json:"slots,omitzero"`      // times of day of the checks

	question string // its verb, and the name of the template of its text
}

// Header stands at the same place of every screen. The node hands in what it knows of the desk.
type Header struct {
	Party    string `json:"party"`
	Peer     string `json:"peer"`
	Officer  string `json:"officer,omitempty"`   // his name, "" when nobody is signed on at this desk
	KnownHow string `json:"known_how,omitempty"` // account · account + link · passkey · unattributed
	Desk     string `json:"desk,omitempty"`
	Armed    bool   `json:"armed"`
	NoSound  string `json:"no_sound,omitempty"` // why the desk has no sound, "" when it has
	Word     string `json:"word"`               // "Lt Amaro signed on, known by account + link"
	Stop     string `json:"stop"`               // "", ours (ours stands), theirs
	Reads    string `json:"reads"`              // language that they read: of an officer present there, else of one of theirs
}

// Liveness is the four layers, as we see them and as they see them of us.
type Liveness struct {
	WeSee     Presence         `json:"we_see"`
	TheySeeUs Presence         `json:"they_see_of_us"`
	Paths     []wire.PathState `json:"paths"`
	Telephone string           `json:"telephone"` // theirs, for when the line is down
}

// Presence is one end as the other sees it. The node hands in its facts; the words are added here.
type Presence struct {
	Known    bool     `json:"known"` // something was heard of it in this life of the session; else that is all that is known
	Station  Layer    `json:"station"`
	Why      string   `json:"why,omitempty"` // of goodbye
	Desk     Layer    `json:"desk"`
	Armed    int      `json:"armed"`            // desks
	Silent   int      `json:"silent"`           // of them, those without sound
	Unable   string   `json:"unable,omitempty"` // of a desk that is not armed though its page is there: cannot speak, cannot hear
	Officer  Layer    `json:"officer"`
	Present  int      `json:"present"`            // officers signed on and present
	Officers []string `json:"officers,omitempty"` // their names, where known
}

// Layer is one fact of liveness.
type Layer struct {
	State string    `json:"state"` // up down answers stuck goodbye not-reached armed nosound unarmed present nobody unknown
	Word  string    `json:"word"`
	Since time.Time `json:"since,omitzero"`
}

// Call is one call: in the panel the one that stands or ended last, else one of the past, as both ends state it.
type Call struct {
	State      string    `json:"state,omitempty"` // in the panel: idle calling ringing-there ringing-here ringing-later (at other desks of ours; its turn as a deputy is to come) connected ended
	Word       string    `json:"word"`            // READY, RINGING THERE (2 desks) …; of one of the past its outcome
	ID         string    `json:"id,omitempty"`
	Ours       bool      `json:"ours,omitempty"`
	Since      time.Time `json:"since,omitzero"` // in the panel of its state, else when it began
	Seconds    int       `json:"seconds,omitempty"`
	Desks      int       `json:"desks,omitempty"` // that ring there, by their word
	By         string    `json:"by,omitempty"`    // in the panel who rang or answered at the far end, else our person
	At         string    `json:"at,omitempty"`    // in the panel, where another desk of ours has it: who, and at which desk
	Class      string    `json:"class,omitempty"`
	Mark       string    `json:"mark,omitempty"`
	Priority   string    `json:"priority,omitempty"`
	Sound      string    `json:"sound,omitempty"` // of this desk: microphone test-voice none
	Mute       bool      `json:"mute,omitempty"`  // connected, no sound: a direction carries nothing, by either end's count
	TheyMuted  bool      `json:"they_muted,omitempty"`
	Elsewhere  bool      `json:"elsewhere,omitempty"` // connected at other desks of ours: this one may join
	Recording  *Layer    `json:"recording,omitempty"` // connected: off both here there none
	ThereWord  string    `json:"there,omitempty"`     // said before ringing: nobody is armed there
	NoPath     bool      `json:"no_path,omitempty"`   // a ring would fail: nothing is heard on any path
	Outcome    string    `json:"outcome,omitempty"`   // of the call that is over; became: both ends rang at once, and this ring became the call Became
	Became     string    `json:"became,omitempty"`
	OutcomeWas string    `json:"outcome_word,omitempty"`
	Differs    string    `json:"differs,omitempty"`    // the two ends state different outcomes
	Unrecorded bool      `json:"unrecorded,omitempty"` // a statement of it could not be committed
	Impossible string    `json:"impossible,omitempty"`
	Out        *Meter    `json:"you_to_them,omitempty"`
	In         *Meter    `json:"them_to_you,omitempty"`
	People     []InCall  `json:"people,omitempty"`  // who is, or was, in it, by each end's word
	With       string    `json:"with,omitempty"`    // of one of the past, those in words
	Pauses     []Layer   `json:"pauses,omitempty"`  // on hold, waiting for somebody: at which end, since when
	Replays    bool      `json:"replays,omitempty"` // this desk hears again what they said
	Talks      string    `json:"talks,omitempty"`   // the codec, where this desk is in it
	Speaks     bool      `json:"speaks,omitempty"`  // and speaks
	Others     []string  `json:"others,omitempty"`  // desks of ours that it can be handed over to
	Acts       []string  `json:"acts,omitempty"`    // ring answer decline hang-up leave class join hold resume waiting replay hand-over

	Text     []TypedLine `json:"text,omitempty"`      // typed beside it
	TextMore string      `json:"text_more,omitempty"` // how much of it stands above
	Types    bool        `json:"types,omitempty"`     // this desk may type there now
}

// Amiss says that a call is up and is not one in which both sides hear each other: no sound, on hold, or they are muted.
// SPEC: PAG-094
func (c Call) Amiss() bool {
	return c.Mute || c.State == "connected" && (c.TheyMuted || len(c.Pauses) > 0)
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

// Progress is one step of a ladder.
type Progress struct {
	Step  string    `json:"step"`  // recorded held shown acknowledged responded complied · taken in-effect refused lifted
	Word  string    `json:"word"`  // in the language; what a cut line shows is RECORDED, NOT HELD
	State string    `json:"state"` // done due overdue late (done after its time) open (no clock)
	At    time.Time `json:"at,omitzero"`
	Due   time.Time `json:"due,omitzero"`
	By    string    `json:"by,omitempty"`
	Known string    `json:"known,omitempty"`
	Note  string    `json:"note,omitempty"` // how read, standby until, why
}

// Message is one message with its ladder.
type Message struct {
	ID         string        `json:"id"`
	Key        string        `json:"key"` // the item's key, fit for an element's id
	Ours       bool          `json:"ours"`
	At         time.Time     `json:"at"`
	From       string        `json:"from"` // party
	By         string        `json:"by,omitempty"`
	Known      string        `json:"known,omitempty"`
	To         string        `json:"to,omitempty"`
	Info       []string      `json:"info,omitempty"`
	Precedence string        `json:"precedence"` // ROUTINE PRIORITY IMMEDIATE FLASH
	Kind       string        `json:"kind"`
	Class      string        `json:"class"`
	Mark       string        `json:"mark"`
	Direction  string        `json:"direction"`           // to borealia, from borealia
	Lang       string        `json:"text_lang,omitempty"` // language of a free text
	Phrase     string        `json:"phrase,omitempty"`
	Spans      []phrase.Span `json:"spans" drawn:"lines"` // a coded value stands in one of its own
	ReplyTo    string        `json:"reply_to,omitempty"`
	NotAfter   time.Time     `json:"not_after,omitzero"`
	Steps      []Progress    `json:"steps"`
	Summary    string        `json:"summary"` // the ladder in a few words: "held, not shown: overdue since 14:04Z"
	Overdue    bool          `json:"overdue,omitempty"`
	Urgent     bool          `json:"urgent,omitempty"` // FLASH or IMMEDIATE that waits for a person here
	Acts       []string      `json:"acts"`             // shown ack respond comply
	ReadBack   []Blank       `json:"read_back,omitempty"`
	Differs    string        `json:"differs,omitempty"`    // the other end said different things and nothing proves which came last
	Impossible string        `json:"impossible,omitempty"` // At cannot be, in words
}

// Blank is one field of a phrase, to be filled or read back.
type Blank struct {
	Name     string   `json:"name"`
	Word     string   `json:"word"`
	Type     string   `json:"type"` // place time height …
	Optional bool     `json:"optional,omitempty"`
	Example  string   `json:"example,omitempty"` // the form that is accepted
	Choices  []Choice `json:"choices,omitempty"`
}

// Choice is one value of a list, with its words. A phrase is chosen too: it has a kind, and blanks to fill.
type Choice struct {
	Code    string  `json:"code"`
	Word    string  `json:"word"`
	Default bool    `json:"default,omitempty"`
	Kind    string  `json:"kind,omitempty"`
	Blanks  []Blank `json:"blanks,omitempty"`
}

// Compose is what the composer offers, with its defaults said in words.
type Compose struct {
	Precedences, Kinds, Classes, Marks, Langs, Phrases []Choice
	Default                                            string // "information, substantive, actual"
}

// StopCard is one STOP, or many of one party shown as one card with a count.
type StopCard struct {
	ID         string     `json:"id"` // short ID, or the random id while it is unrecorded
	Key        string     `json:"key"`
	Ours       bool       `json:"ours"`
	At         time.Time  `json:"at"`
	From       string     `json:"from"`
	By         string     `json:"by,omitempty"`
	Scope      string     `json:"scope"`
	Place      string     `json:"place,omitempty"`
	Reason     string     `json:"reason"`
	Class      string     `json:"class"`
	Mark       string     `json:"mark"`
	Count      int        `json:"count"`
	State      string     `json:"state"` // sent held taken in-effect refused lifted
	Word       string     `json:"word"`
	Stands     bool       `json:"stands"` // not lifted
	Steps      []Progress `json:"steps"`
	Acts       []string   `json:"acts"` // take in-effect refuse lift
	Overdue    bool       `json:"overdue,omitempty"`
	Impossible string     `json:"impossible,omitempty"`
}

// Check is the daily test of the line. The node hands in the slot that runs or waits, its parts and its question.
type Check struct {
	State    string       `json:"state"` // none due running waiting passed failed no-operator declined missed overdue
	Word     string       `json:"word"`
	Started  time.Time    `json:"started,omitzero"`
	Due      time.Time    `json:"due,omitzero"` // the next slot
	Parts    []check.Part `json:"parts"`        // of the slot, as far as they are known; else of the last
	Last     *check.State `json:"last,omitempty"`
	Days     int          `json:"days"`              // tested, of Of
	Of       int          `json:"of"`                // days since the line began
	Streak   int          `json:"streak"`            // days running, passed
	GapFrom  time.Time    `json:"gap_from,omitzero"` // the longest without a passed check
	GapTo    time.Time    `json:"gap_to,omitzero"`   // zero: it lasts
	Figures  string       `json:"figures"`
	Question *Asked       `json:"question,omitempty"`
}

// LineFigures are those of the line's use since a time; how often it was tested stands in Check. The node hands in what
// it counted, the words are added here.
type LineFigures struct {
	Since     time.Time `json:"since"`
	Window    string    `json:"window"`             // since when, and as of when
	Used      int       `json:"used"`               // for substance
	LastUsed  time.Time `json:"last_used,omitzero"` // when it was, last
	Disputed  []string  `json:"disputed,omitempty"` // of these, items whose ends state different classes
	UsedWord  string    `json:"used_word"`          // never used for substance
	Available []Share   `json:"available"`          // in the last 24 hours, 30 days, and in all
	UpWord    string    `json:"available_word"`
}

// Share is the part of a time until now in which the line was up, by this end's own count.
type Share struct {
	Since   time.Time `json:"since"`
	Percent float64   `json:"percent"`
}

// Asked is the other end's test question, to be answered by the officer here.
type Asked struct {
	ID      string    `json:"id"`
	Text    string    `json:"text"`
	Lang    string    `json:"text_lang,omitempty"`
	Choices []Choice  `json:"choices,omitempty"`
	Until   time.Time `json:"until,omitzero"`
}

// Counterparts is the table of pairs. Its three columns are counted separately.
type Counterparts struct {
	Since    string `json:"since,omitempty"` // event or date that the window begins at
	Window   string `json:"window"`          // in words
	Basis    string `json:"basis"`           // on whose statements
	Sentence string `json:"sentence,omitempty"`
	Exercise bool   `json:"exercise,omitempty"` // something of mark exercise is counted
	Pairs    []Pair `json:"pairs"`
	Months   []Mark `json:"months,omitempty"` // of the calendar: where each begins
	Tested   []Mark `json:"tested,omitempty"` // the line, a day each

	Scheduled []string `json:"scheduled,omitempty"` // calls and meetings that are agreed for a time to come

	// Of questions alone.
	Contacts   []Dealing `json:"contacts,omitzero"`   // in the window, oldest first
	Straddling []Dealing `json:"straddling,omitzero"` // in the window or before it, cannot be known
	None       string    `json:"none,omitempty"`      // no contact in the window, in words
	Older      string    `json:"older,omitempty"`     // that a list is the newest of more
	Dates      []string  `json:"dates,omitempty"`     // how they are dated
	Sought     []Dealing `json:"sought,omitzero"`     // requests still sought now
	Highest    string    `json:"highest,omitempty"`   // level that both sides reached, in the window
	Sides      []Side    `json:"sides,omitempty"`     // requests of ours, of theirs
	Concerns   []Dealing `json:"concerns,omitzero"`
	Assessed   []string  `json:"assessed,omitempty"` // what we make of it, for ourselves
	Ask        Asking    `json:"-"`
}

// Side is what one side sought of the other. Its figures are counted separately.
type Side struct {
	From     string    `json:"from"`
	To       string    `json:"to"`
	Figures  []string  `json:"figures"`          // attempts in the window, and what became of them, with whose word it is
	Theirs   string    `json:"answer,omitempty"` // the side that was sought has stated nothing of it
	Sought   string    `json:"sought"`           // how many are still sought
	Requests []Dealing `json:"requests"`
	Older    string    `json:"older,omitempty"`
}

// Asking is how a question about counterparts is answered.
type Asking struct {
	None, Dated    string
	Highest        bool
	Sought         bool
	CSV, HTML, SVG bool
}

// Dealing is one contact, one request, or one attempt of a request, as its author states it.
type Dealing struct {
	ID       string    `json:"id,omitempty"`
	When     string    `json:"when"`
	Kind     string    `json:"kind,omitempty"` // in words; of a request, what it is for
	Channel  string    `json:"channel,omitempty"`
	From     string    `json:"from,omitempty"`
	With     string    `json:"with,omitempty"`
	Basis    string    `json:"basis,omitempty"`
	ToldBy   string    `json:"told_by,omitempty"`
	Reason   string    `json:"reason,omitempty"` // as they gave it
	Outcome  string    `json:"outcome,omitempty"`
	Word     string    `json:"word,omitempty"` // for Outcome
	Party    string    `json:"party"`
	Mark     string    `json:"mark,omitempty"`
	Whose    string    `json:"whose,omitempty"`    // of a contact: us them both disputed; of an attempt: stated confirmed disputed
	Standing bool      `json:"standing,omitempty"` // of a request: open until withdrawn
	Sought   bool      `json:"still_sought,omitempty"`
	Private  bool      `json:"private,omitempty"`
	Attempts []Dealing `json:"attempts,omitempty"`

	WhoseWord  string    `json:"whose_word,omitempty"`
	Source     string    `json:"source,omitempty"`
	Place      string    `json:"place,omitempty"`
	Host       string    `json:"host,omitempty"`
	Quote      string    `json:"quote,omitempty" drawn:"lines"` // of a public statement, a concern
	Late       string    `json:"entered_late,omitempty"`
	Meanwhile  string    `json:"meanwhile,omitempty"` // of an attempt that nobody answered: how the line stood while it waited
	Differs    string    `json:"differs,omitempty"`   // what the other side states instead
	On         string    `json:"on,omitempty"`
	At         time.Time `json:"at,omitzero"` // for when it was accepted; of a concern, when it was stated
	Until      time.Time `json:"until,omitzero"`
	By         string    `json:"by,omitempty"` // who answered
	Behalf     string    `json:"behalf,omitempty"`
	Age        string    `json:"age,omitempty"` // of a concern: how long it has been, or was, open
	Answer     string    `json:"answer,omitempty" drawn:"lines"`
	Occasion   string    `json:"occasion,omitempty"`
	Occasioned []string  `json:"occasioned,omitempty"`
	Follows    string    `json:"follows,omitempty"`
	FollowedBy []string  `json:"followed_by,omitempty"`
	Concerns   []Dealing `json:"concerns,omitempty"`
}

// Listed is one thing of the register under its short ID.
type Listed[F any] struct {
	ID    string   `json:"id"`
	Party string   `json:"party"`
	Facts F        `json:"facts"`           // a post's in the language asked for
	Desks []string `json:"desks,omitempty"` // where an officer is signed on now
}

// Pair is an office and its counterpart.
type Pair struct {
	Ours             string `json:"ours"`
	Theirs           string `json:"theirs"`
	Org              string `json:"org,omitempty"`
	Level            int    `json:"level,omitempty"`
	LastSpoke        string `json:"last_spoke"`     // as precise as it is known; "" never on record
	Date             string `json:"date,omitempty"` // of LastSpoke, in ISO 8601
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
	Sought           int    `json:"attempts,omitempty"` // of ours in all, in the window, whatever became of them
	TheirsSought     int    `json:"theirs_attempts,omitempty"`
	Word             string `json:"word"`
	Confirmed        string `json:"confirmed,omitempty"` // of the last contact: stated by us · stated by them · confirmed by both · disputed
	Whose            string `json:"whose,omitempty"`     // of all that is said of the pair
	Rest             string `json:"rest,omitempty"`      // what became of the attempts that no column counts
	Side             string `json:"side,omitempty"`      // where the last contact lies: before or since
	Spoke            bool   `json:"spoke,omitempty"`     // in the window
	Disputed         bool   `json:"disputed,omitempty"`
	Marks            []Mark `json:"marks,omitempty"`
}

// Mark is one mark of the calendar, of the last CalendarDays days.
type Mark struct {
	Day    int    `json:"day"`  // from 0; the last is today
	Sort   string `json:"sort"` // spoke declined no-reply not-reached disputed · tested missed · month today
	Theirs bool   `json:"theirs,omitempty"`
	Word   string `json:"word"`
}

// LogRow is one statement in the order of the record.
type LogRow struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	Party string    `json:"party"`
	Kind  string    `json:"kind"`
	Class string    `json:"class"`
	Mark  string    `json:"mark"`
	Word  string    `json:"word"`                         // one line: the kind's words, after the word for a test where it is of that class
	By    string    `json:"by,omitempty"`                 // the person behind it
	To    string    `json:"to,omitempty"`                 // of a message, its action post
	Says  string    `json:"says,omitempty" drawn:"lines"` // what it says, whole: words, a phrase in the reader's language, an outcome
	Held  time.Time `json:"held,omitzero"`
	State string    `json:"state"` // held recorded inert evidence absent
	Note  string    `json:"note,omitempty"`
	Whose string    `json:"whose,omitempty"` // of a file that a third party reads: by whose word a contact or an outcome stands

	// Of the statement that was asked for: what was signed, clean as everything is that is drawn.
	Leaf    string   `json:"leaf,omitempty"`
	Header  string   `json:"header,omitempty" drawn:"lines"`
	Facts   string   `json:"facts,omitempty" drawn:"json"`
	Text    string   `json:"text,omitempty" drawn:"lines"`
	Receipt string   `json:"receipt,omitempty" drawn:"lines"`
	Re      []string `json:"re,omitempty"`
}
