// SPDX-License-Identifier: Apache-2.0

// Package act names every act that a person can do on a line: one struct an act, one row a verb.
//
// The faces (shell, page, story) build these and hand them to the node. They travel as a verb and its arguments in JSON:
// over the control socket as POST /VERB, over the page's WebSocket as {"t": "act", "verb": …, "args": …}. Decode is the
// one decoder of both. The struct's tags say how the command line writes it (internal/verbs reads them) and what its words may be:
//
//	json:"name"     the member, and the flag's name unless flag says another; flag:"-" is no flag
//	arg:"ID"        the positional of that name in a verb's row
//	of:"class"      one of these words, which are the kinds' own (words.go)
//	whole:"yes"     each of a list is taken as it is, commas and all
//	most:"9"        a number from 1 to 9 · default:"en"
//	pick:"post"     a form offers these: posts, requests that are still sought, what was received, languages; desk: the desk itself says it
//	help:"…"        what the flag is
//
// What an act does stands in internal/node.
package act

import (
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"example.org/parley/hint"
)

// NoSound is the sound of an armed desk that has none: a terminal.
const NoSound = "a terminal has no sound"

// Muted is the sound of a desk that works and whose person has turned the microphone off.
const Muted = "muted"

// CannotSpeak and CannotHear are the sound of a desk whose page is there and lets it sound, and whose sound does not pass:
// to the node, or from it. It is not armed, and not gone.
const (
	CannotSpeak = "cannot speak"
	CannotHear  = "cannot hear"
)

// Here and Away are the page of a desk that is not armed: one answers, and has no sound; none answers for a moment, and one is being
// loaded, or sound of the desk still comes. Of a desk that has neither it has gone.
const (
	Here = "here"
	Away = "away"
)

// Faults are what may be wrong with the sound of a desk whose page is there.
var Faults = []string{CannotSpeak, CannotHear, "microphone lost", "no microphone", "microphone refused"}

// Act is one act or question of a person.
type Act interface{ Verb() string }

// Who is the person behind an act, as the face knows him. Faces fill it; it never comes from the act's own bytes.
type Who struct {
	Officer string `json:"officer,omitempty"` // short ID of his officer.added, "" for unattributed
	Known   string `json:"known,omitempty"`   // account · account + link · passkey · unattributed
	Desk    string `json:"desk,omitempty"`    // the desk's name: pts/3, page-1
	Account string `json:"account,omitempty"` // Unix account
	Stays   bool   `json:"stays,omitempty"`   // the desk is one whether or not somebody is signed on
	Sees    bool   `json:"-"`                 // what is answered is drawn before him: it counts as shown
	Keeper  bool   `json:"-"`                 // the account whose home it is
}

// Reply is what the node answers once the act's effects are on disk.
type Reply struct {
	ID   string `json:"id,omitempty"`   // short ID of what was stated
	Text string `json:"text,omitempty"` // one sentence for a person, in his language
	Data any    `json:"data,omitempty"` // a struct of internal/view, for questions
	// File writes the file that is the answer. It is called where it is sent, outside the loop of the line, and is never in memory whole.
	File func(io.Writer) error `json:"-"`
}

// Came is what came of an act on one of several lines.
type Came struct {
	Line string `json:"line"`
	Reply
	Error *hint.Error `json:"error,omitempty"`
}

// The rule of a verb says who may do its act, and what else a face or the node must know of it: a sum of these. Zero is a
// question that anybody may ask.
const (
	Touches = 1 << iota // a person acted at this desk: it is present
	Person              // somebody must be signed on
	Hidden              // not in the shell's help
	Early               // may be done before the record has been read
	Failed              // may be done where the record cannot be read
	Both                // needs the other party at the line: refused on a line alone
	Keeper              // only the account whose home it is may do it: with it goes what is private
)

// Verb is one row of the table. An act without its name is a verb that the shell makes itself.
type Verb struct {
	Name  string // at the command line: "officer add"
	Args  string // its form, as the help shows it: what it must have, then in brackets what it may; | parts alternatives
	Short string // one sentence
	Group string // of the help
	Act   Act    // with what the verb itself says
	Rule  int
}

// Members are those of the verb's act that a person fills in, with what its form says that there must be.
func (v Verb) Members() (ms []Member) {
	for _, m := range Members(reflect.TypeOf(v.Act)) {
		m.Must = slices.ContainsFunc(strings.Fields(v.Args), func(part string) bool {
			return m.Arg != "" && strings.TrimSuffix(part, "…") == m.Arg || m.Flag != "" && part == "--"+m.Flag
		})
		if m.Step() {
			m.Must = true
		}
		if m.Flag != "" || m.Step() || m.Arg != "" && strings.Contains(v.Args, m.Arg) {
			ms = append(ms, m)
		}
	}
	return ms
}

// Of gives the row of a verb, by the first that makes it.
func Of(verb string) (v Verb, ok bool) {
	i := slices.IndexFunc(Table, func(v Verb) bool { return v.Act.Verb() == verb })
	if i < 0 {
		return v, false
	}
	return Table[i], true
}

// RuleOf gives the rule of an act.
func RuleOf(a Act) int {
	v, _ := Of(a.Verb())
	return v.Rule
}

// Encode gives the arguments of an act, which Decode takes.
func Encode(a Act) ([]byte, error) {
	if _, plain := a.(Plain); plain {
		return []byte("{}"), nil
	}
	return json.Marshal(a)
}

// Decode makes an act of its verb and JSON arguments; unknown verbs, members and words are refused.
func Decode(verb string, args []byte) (Act, error) {
	if v, ok := Of(verb); ok {
		p := reflect.New(reflect.TypeOf(v.Act))
		into := p.Interface()
		if plain, ok := v.Act.(Plain); ok {
			p.Elem().Set(reflect.ValueOf(plain))
			into = new(struct{})
		} else if do := p.Elem().FieldByName("Do"); do.IsValid() { // acts that share a type
			do.Set(reflect.ValueOf(v.Act).FieldByName("Do"))
		}
		if len(args) > 0 {
			if err := json.Unmarshal(args, into, json.RejectUnknownMembers(true)); err != nil {
				return nil, hint.New("", "the arguments of %s could not be read: %v", verb, err)
			}
		}
		return Check(p)
	}
	return nil, hint.New("see: parley help", "there is no verb %q", verb)
}
