// SPDX-License-Identifier: Apache-2.0

package verbs

import (
	"strings"
	"time"

	"github.com/spf13/pflag"

	"example.org/parley/internal/act"
)

// The words of flags that several verbs share.
var (
	classes     = []string{"substantive", "service", "test"}
	marks       = []string{"actual", "exercise"}
	kinds       = []string{"warning", "information", "intention", "question", "answer", "request", "incident"}
	precedences = []string{"ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"}
	outcomes    = []string{"accepted", "declined", "deferred", "counter-proposed", "lapsed", "no-reply", "not-reached"}
)

// plain is a verb without arguments and flags.
func plain(a act.Act) func(*pflag.FlagSet) Build {
	return func(*pflag.FlagSet) Build {
		return func(args []string, _ time.Time) (act.Act, error) { return a, want(args, 0, 0) }
	}
}

// table is every verb that is an act, in the order of the help.
//
// SPEC: CLI-021
var table = []Verb{
	{"officer add", "NAME", "Enrol an officer, known by his Unix account.", "people", officerAdd},
	{"officer list", "", "The officers of both parties, and where they are signed on.", "people", plain(act.OfficerList{})},
	{"sign-on", "[OFFICER]", "Sign on at this terminal as the officer listed for this account.", "people", signOn},
	{"sign-off", "", "Sign off at this terminal.", "people", plain(act.SignOff{})},
	{"open", "", "Print a one-time link to this officer's page.", "people", plain(act.Open{})},

	{"status", "", "How the line stands; the first line can be read aloud.", "status", plain(act.Status{})},
	{"alarm list", "", "The alarms.", "status", plain(act.AlarmList{})},
	{"alarm ack", "[ID]", "Acknowledge an alarm; without an ID the most urgent one.", "status", func(*pflag.FlagSet) Build {
		return id(0, func(id string) act.Act { return act.AlarmAck{ID: id} })
	}},

	{"send", "[TEXT | --phrase CODE FIELD=VALUE…]", "Send a message.", "messages", send},
	{"ack", "ID --read original|translation|awaiting-linguist [FIELD=VALUE…]", "Acknowledge a message; say how it was read, read back what it asks for.", "messages", ack},
	{"respond", "ID will-comply|standby|cannot-comply|not-ours|complied", "Respond to a message.", "messages", respond},
	{"phrase list", "", "The coded phrases.", "messages", plain(act.PhraseList{})},
	{"phrase show", "CODE", "One coded phrase and its fields.", "messages", func(*pflag.FlagSet) Build {
		return id(1, func(code string) act.Act { return act.PhraseList{Code: code} })
	}},
	{"inbox", "", "What waits for somebody here, by clock.", "messages", plain(act.Inbox{})},
	{"shown", "ID…", "State that items were drawn on this desk.", "messages", func(*pflag.FlagSet) Build {
		return func(args []string, _ time.Time) (act.Act, error) { return act.Shown{IDs: args}, want(args, 1, -1) }
	}},

	{"stop", "[--place PLACE] [--reason REASON]", "Send STOP, at once, from anybody.", "STOP", stop},
	{"stop take", "ID", "Take a STOP: a person here has it.", "STOP", stopStep("take")},
	{"stop in-effect", "ID", "Say that what was to stop has stopped.", "STOP", stopStep("in-effect")},
	{"stop refuse", "ID --reason REASON", "Refuse a STOP, with the reason.", "STOP", stopStep("refuse")},
	{"stop lift", "ID", "Lift a STOP of ours.", "STOP", stopStep("lift")},

	{"ring", "", "Ring the other desk.", "calls", ring},
	{"answer", "", "Answer the ringing.", "calls", func(fs *pflag.FlagSet) Build {
		sound := fs.String("sound", "", "microphone, test-voice or none")
		return func(args []string, _ time.Time) (act.Act, error) {
			s, err := one("sound", *sound, "microphone", "test-voice", "none")
			return act.Answer{Sound: s}, first(want(args, 0, 0), err)
		}
	}},
	{"decline", "[REASON]", "Decline the ringing.", "calls", func(fs *pflag.FlagSet) Build {
		until := fs.String("stand-by-until", "", "when to expect us: 09:41Z, +30m")
		return func(args []string, now time.Time) (act.Act, error) {
			t, err := When(*until, now)
			return act.Decline{Reason: strings.Join(args, " "), StandBy: t}, err
		}
	}},
	{"hang-up", "", "End the call, or cancel one's own ring.", "calls", func(fs *pflag.FlagSet) Build {
		class := fs.String("class", "", "what the call was: "+strings.Join(classes, ", "))
		return func(args []string, _ time.Time) (act.Act, error) {
			c, err := one("class", *class, classes...)
			return act.HangUp{Class: c}, first(want(args, 0, 0), err)
		}
	}},
	{"class", "ID substantive|service|test", "State what a call or a message was.", "calls", func(*pflag.FlagSet) Build {
		return func(args []string, _ time.Time) (act.Act, error) {
			if err := want(args, 2, 2); err != nil {
				return nil, err
			}
			c, err := one("class", args[1], classes...)
			return act.Class{ID: args[0], Class: c}, err
		}
	}},
	{"calls", "", "The calls and what became of them.", "calls", plain(act.Calls{})},

	{"check now", "", "Check the line now.", "checks", plain(act.CheckNow{})},
	{"check confirm", "[ANSWER | --decline]", "Answer the other end's question of a check.", "checks", func(fs *pflag.FlagSet) Build {
		decline := fs.Bool("decline", false, "decline this check")
		return func(args []string, _ time.Time) (act.Act, error) {
			if *decline == (len(args) > 0) {
				return nil, usage("", "an answer or --decline")
			}
			return act.CheckConfirm{Answer: strings.Join(args, " "), Decline: *decline}, nil
		}
	}},
	{"checks", "", "Days tested, the streak, the last check.", "checks", plain(act.Checks{})},

	{"post add", "NAME --org ORGANISATION --level N", "State an office, ours or theirs.", "counterparts", postAdd},
	{"post list", "", "The offices and their counterparts.", "counterparts", plain(act.PostList{})},
	{"event add", "NAME --when WHEN", "State an event to count from.", "counterparts", eventAdd},
	{"contact add", "call|meeting|summons|letter --when WHEN --with POST --with POST --basis BASIS [TEXT]", "State a contact between counterparts.", "counterparts", contactAdd},
	{"request record", "--by POST --with POST --when WHEN --basis BASIS", "State that a call or a meeting was sought.", "counterparts", requestRecord},
	{"request outcome", "ID " + strings.Join(outcomes, "|"), "State what became of a request.", "counterparts", requestOutcome},
	{"contacts", "", "When each pair last spoke, and what was sought since.", "counterparts", contacts},

	{"log", "", "The newest statements.", "record", func(fs *pflag.FlagSet) Build {
		last := fs.Int("last", 0, "how many")
		return func(args []string, _ time.Time) (act.Act, error) {
			if *last < 0 {
				return nil, usage("", "--last %d", *last)
			}
			return act.Log{Last: *last}, want(args, 0, 0)
		}
	}},
	{"show", "ID", "One statement, its item, and its bytes as signed.", "record", func(*pflag.FlagSet) Build {
		return id(1, func(id string) act.Act { return act.Show{ID: id} })
	}},
}

// first gives the first error.
func first(errs ...error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

// id is a verb with one argument, needed or not.
func id(min int, f func(string) act.Act) Build {
	return func(args []string, _ time.Time) (act.Act, error) {
		return f(strings.Join(args, " ")), want(args, min, 1)
	}
}
