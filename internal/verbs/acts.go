// SPDX-License-Identifier: Apache-2.0

package verbs

import (
	"strings"
	"time"

	"github.com/spf13/pflag"

	"example.org/parley/internal/act"
)

func officerAdd(fs *pflag.FlagSet) Build {
	account := fs.String("account", "", "Unix account (default: the caller's)")
	number := fs.String("number", "", "telephone number, for the counterpart")
	langs := fs.StringSlice("langs", []string{"en"}, "languages that the officer reads")
	releaser := fs.Bool("releaser", false, "may release what needs a second person")
	return func(args []string, _ time.Time) (act.Act, error) {
		return act.OfficerAdd{Name: strings.Join(args, " "), Account: *account, Number: *number, Langs: *langs, Releaser: *releaser}, want(args, 1, -1)
	}
}

func signOn(*pflag.FlagSet) Build {
	return id(0, func(o string) act.Act { return act.SignOn{Officer: o} })
}

func send(fs *pflag.FlagSet) Build {
	kind := fs.String("kind", "", strings.Join(kinds, ", "))
	class := fs.String("class", "", strings.Join(classes, ", "))
	mark := fs.String("mark", "", strings.Join(marks, ", "))
	prec := fs.String("precedence", "", strings.Join(precedences, ", "))
	lang := fs.String("text-lang", "", "language of the text")
	phrase := fs.String("phrase", "", "a coded phrase, with its FIELD=VALUE arguments")
	readBack := fs.StringSlice("read-back", nil, "fields to be read back")
	replyTo := fs.String("reply-to", "", "the message that this replies to")
	to := fs.String("to", "", "action post")
	info := fs.StringSlice("info", nil, "info posts")
	resp := fs.Bool("respond", false, "a response is asked for")
	notAfter := fs.String("not-after", "", "no longer of use after: 09:41Z, +30m")
	return func(args []string, now time.Time) (act.Act, error) {
		s := act.Send{Lang: *lang, Phrase: *phrase, ReadBack: *readBack, ReplyTo: *replyTo, To: *to, Info: *info, Respond: *resp}
		var e1, e2, e3, e4, e5, e6 error
		s.Kind, e1 = one("kind", *kind, kinds...)
		s.Class, e2 = one("class", *class, classes...)
		s.Mark, e3 = one("mark", *mark, marks...)
		s.Precedence, e4 = one("precedence", *prec, precedences...)
		s.NotAfter, e5 = When(*notAfter, now)
		if *phrase != "" {
			s.Fields, e6 = pairs(args)
		} else if s.Text = strings.Join(args, " "); strings.TrimSpace(s.Text) == "" {
			e6 = usage("", "a text, or --phrase CODE with its fields")
		}
		return s, first(e1, e2, e3, e4, e5, e6)
	}
}

func ack(fs *pflag.FlagSet) Build {
	read := fs.String("read", "", "original, translation or awaiting-linguist")
	return func(args []string, _ time.Time) (act.Act, error) {
		if err := want(args, 1, -1); err != nil {
			return nil, err
		}
		r, err := one("read", *read, "original", "translation", "awaiting-linguist")
		if r == "" && err == nil {
			err = usage("", "say how it was read: --read original|translation|awaiting-linguist")
		}
		fields, err2 := pairs(args[1:])
		return act.Ack{ID: args[0], Read: r, Fields: fields}, first(err, err2)
	}
}

func respond(fs *pflag.FlagSet) Build {
	until := fs.String("until", "", "standby until: 09:41Z, +30m")
	lang := fs.String("text-lang", "", "language of the text")
	return func(args []string, now time.Time) (act.Act, error) {
		if err := want(args, 2, -1); err != nil {
			return nil, err
		}
		how, err := one("response", args[1], "will-comply", "standby", "cannot-comply", "not-ours", "complied")
		t, err2 := When(*until, now)
		return act.Respond{ID: args[0], How: how, Until: t, Text: strings.Join(args[2:], " "), Lang: *lang}, first(err, err2)
	}
}

func stop(fs *pflag.FlagSet) Build {
	place := fs.String("place", "", "where (default: everywhere on this line)")
	reason := fs.String("reason", "", "why (default: danger, details follow)")
	mark := fs.String("mark", "", strings.Join(marks, ", "))
	return func(args []string, _ time.Time) (act.Act, error) {
		m, err := one("mark", *mark, marks...)
		return act.Stop{Place: *place, Reason: *reason, Mark: m}, first(want(args, 0, 0), err)
	}
}

func stopStep(step string) func(*pflag.FlagSet) Build {
	return func(fs *pflag.FlagSet) Build {
		reason := fs.String("reason", "", "why")
		return func(args []string, _ time.Time) (act.Act, error) {
			if err := want(args, 1, 1); err != nil {
				return nil, err
			}
			if step == "refuse" && *reason == "" {
				return nil, usage("", "a refusal says why: --reason")
			}
			return act.StopStep{ID: args[0], Step: step, Reason: *reason}, nil
		}
	}
}

func ring(fs *pflag.FlagSet) Build {
	class := fs.String("class", "", strings.Join(classes, ", "))
	mark := fs.String("mark", "", strings.Join(marks, ", "))
	prio := fs.String("priority", "", "reason code of a priority ring")
	sound := fs.String("sound", "", "microphone, test-voice or none")
	return func(args []string, _ time.Time) (act.Act, error) {
		c, e1 := one("class", *class, classes...)
		m, e2 := one("mark", *mark, marks...)
		s, e3 := one("sound", *sound, "microphone", "test-voice", "none")
		return act.Ring{Class: c, Mark: m, Priority: *prio, Sound: s}, first(want(args, 0, 0), e1, e2, e3)
	}
}

func postAdd(fs *pflag.FlagSet) Build {
	org := fs.String("org", "", "organisation: ministry, staff, presidency")
	level := fs.Int("level", 0, "1 (highest) to 9")
	theirs := fs.Bool("theirs", false, "a post of the other party, as we know it")
	pair := fs.String("pair", "", "the counterpart's name or ID")
	names := fs.StringToString("name", nil, "the name in another language: it=Ministro")
	number := fs.String("number", "", "telephone number")
	return func(args []string, _ time.Time) (act.Act, error) {
		err := want(args, 1, -1)
		if err == nil && (*org == "" || *level < 1 || *level > 9) {
			err = usage("", "a post has an organisation and a level: --org, --level 1 to 9")
		}
		return act.PostAdd{Name: strings.Join(args, " "), Org: *org, Level: *level, Theirs: *theirs, Pair: *pair, Names: none(*names), Number: *number}, err
	}
}

// none makes an empty map nil: one spelling in JSON.
func none(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}

const whenHelp = "2022-02-18, 2022-02-18T09:41Z or a span 2022-03-14/2022-03-20"

func eventAdd(fs *pflag.FlagSet) Build {
	names := fs.StringToString("name", nil, "the name in another language: it=Invasione")
	when := fs.String("when", "", whenHelp)
	return func(args []string, _ time.Time) (act.Act, error) {
		err := want(args, 1, -1)
		if err == nil && *when == "" {
			err = usage("", "say when: --when")
		}
		return act.EventAdd{Name: strings.Join(args, " "), Names: none(*names), When: *when}, err
	}
}

func contactAdd(fs *pflag.FlagSet) Build {
	kind := fs.String("kind", "", "call, meeting, summons or letter")
	when := fs.String("when", "", whenHelp)
	with := fs.StringSlice("with", nil, "the posts that took part, of both parties")
	channel := fs.String("channel", "", "line, telephone, in-person or letter")
	basis := fs.String("basis", "", "how it is known")
	mark := fs.String("mark", "", strings.Join(marks, ", "))
	private := fs.Bool("private", false, "keep it in the private log")
	return func(args []string, _ time.Time) (act.Act, error) {
		if *kind == "" && len(args) > 0 {
			*kind, args = args[0], args[1:]
		}
		k, e1 := one("kind", *kind, "call", "meeting", "summons", "letter")
		c, e2 := one("channel", *channel, "line", "telephone", "in-person", "letter")
		m, e3 := one("mark", *mark, marks...)
		err := first(e1, e2, e3)
		if err == nil && (k == "" || *when == "" || len(*with) < 2 || *basis == "") {
			err = usage("", "a contact has a kind, a time, two posts at least and a basis")
		}
		return act.ContactAdd{Kind: k, When: *when, Participants: *with, Channel: c, Basis: *basis, Text: strings.Join(args, " "), Mark: m, Private: *private}, err
	}
}

func requestRecord(fs *pflag.FlagSet) Build {
	by := fs.String("by", "", "the post that seeks")
	with := fs.String("with", "", "the post that is sought")
	what := fs.String("for", "", "call or meeting")
	when := fs.String("when", "", whenHelp)
	standing := fs.Bool("standing", false, "open until withdrawn")
	basis := fs.String("basis", "", "how it is known")
	mark := fs.String("mark", "", strings.Join(marks, ", "))
	return func(args []string, _ time.Time) (act.Act, error) {
		f, e1 := one("for", *what, "call", "meeting")
		m, e2 := one("mark", *mark, marks...)
		err := first(want(args, 0, 0), e1, e2)
		if err == nil && (*by == "" || *with == "" || *when == "" || *basis == "") {
			err = usage("", "a request says by whom, with whom, when and on what basis")
		}
		return act.RequestRecord{By: *by, With: *with, For: f, When: *when, Standing: *standing, Basis: *basis, Mark: m}, err
	}
}

func requestOutcome(fs *pflag.FlagSet) Build {
	told := fs.String("told-by", "", "who told us")
	on := fs.String("on", "", "when: "+whenHelp)
	reason := fs.String("reason", "", "the reason as they gave it")
	mark := fs.String("mark", "", strings.Join(marks, ", "))
	return func(args []string, _ time.Time) (act.Act, error) {
		if err := want(args, 2, 2); err != nil {
			return nil, err
		}
		o, e1 := one("outcome", args[1], outcomes...)
		m, e2 := one("mark", *mark, marks...)
		return act.RequestOutcome{ID: args[0], Outcome: o, ToldBy: *told, On: *on, Reason: *reason, Mark: m}, first(e1, e2)
	}
}

func contacts(fs *pflag.FlagSet) Build {
	since := fs.String("since", "", "an event's name or a date")
	last := fs.String("last", "", "30d")
	org := fs.String("org", "", "only this organisation")
	level := fs.Int("level", 0, "only levels 1 to N")
	return func(args []string, _ time.Time) (act.Act, error) {
		if *level < 0 || *level > 9 {
			return nil, usage("", "--level 1 to 9")
		}
		return act.Contacts{Since: *since, Last: *last, Org: *org, Level: *level}, want(args, 0, 0)
	}
}
