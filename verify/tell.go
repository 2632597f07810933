// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"example.org/parley/check"
	"example.org/parley/claim"
	"example.org/parley/contact"
	"example.org/parley/words"
)

// tell writes what was found of a claim for people. Every negative says of which record, and as of when.
//
// SPEC: CLM-010 CLM-011
func (rep Report) tell() (out []string) {
	c := rep.Claim
	say := func(f string, a ...any) { out = append(out, string(rep.say(f, a...))) }
	say("claim %s of %s, made %s, counting since %s", c.ID, c.By, second(c.Time), second(c.Facts.Since))
	if c.Known == "" {
		say("  nothing that %s stated is here: all is the word of %s alone", c.Other, c.By)
	} else {
		say("  complete up to what %s had seen at T, %s by its clock, by its statement %s; after T the word of %s alone: %d of its %d statements", c.Other, second(c.T), c.Known, c.By, c.After, c.Ours)
		say("  %s has receipted at least %d of them", c.Other, c.Held)
	}
	for _, f := range c.Figures {
		verdict := rep.say(f.Verdict)
		switch {
		case f.Verdict != Holds:
			say("  %s: %s", rep.say(f.Name), verdict)
		case f.Name == claim.FigureTested:
			say("  tested: %s: %s", verdict, rep.tested(*c.Facts.Tested))
		case f.Name == claim.FigureUsed && c.Facts.Used.N() == 0:
			say("  used for substance: %s: never, on this record, as of T", verdict)
		case f.Name == claim.FigureUsed:
			say("  used for substance: %s: %s; on this record, as of T", verdict, rep.used(*c.Facts.Used))
		case f.Name == claim.FigureContacts:
			for _, p := range *c.Facts.Contacts {
				rep.pair(say, verdict, p)
			}
		case f.Name == claim.FigurePhone:
			say("  ordinary telephone: %s: %s", verdict, rep.telephone(*c.Facts.Phone))
		case f.Name == claim.FigureRequests:
			if n := c.Facts.Requests.Sought; n > 0 {
				say("  requests: %s: still sought %d, on this record, as of T", verdict, n)
			} else {
				say("  requests: %s: none is still sought, on this record, as of T", verdict)
			}
			for i, columns := range []map[string]contact.Count{c.Facts.Requests.Ours, c.Facts.Requests.Theirs} {
				for _, column := range slices.Sorted(maps.Keys(columns)) {
					say("    by %s: %s %s", []string{c.By, c.Other}[i], rep.say(column), rep.count(columns[column]))
				}
			}
		}
	}
	return out
}

// tested says on how many days it was; what there is none of is not said.
func (rep Report) tested(t claim.Tested) own {
	if t.Days == 0 {
		return rep.say("no day on which it was due is over")
	}
	said := []own{rep.say("%d of %d days", t.Tested, t.Days)}
	if t.Last.IsZero() {
		said = []own{rep.say("not once in %d days", t.Days)}
	} else {
		said = append(said, rep.say("%d running", t.Streak), rep.say("the last on %s", second(t.Last)))
	}
	said = append(said, rep.gap(t.GapFrom, t.GapTo)...)
	if t.Suspended > 0 {
		said = append(said, rep.say("suspended %d days", t.Suspended))
	}
	if t.Maintenance > 0 {
		said = append(said, rep.say("in maintenance %d days", t.Maintenance))
	}
	if rep.Alone {
		said = append(said, rep.say("by the ordinary telephone, answered by a person"))
	}
	return join(said, ", ")
}

func (rep Report) gap(from, to time.Time) []own {
	if from.IsZero() {
		return nil
	}
	return []own{rep.say("longest gap %s to %s", second(from), second(to))}
}

// used says how often, of what there was.
func (rep Report) used(u claim.Used) own {
	var said []own
	for _, x := range []struct {
		n         int
		one, many own
	}{{u.Messages, rep.say("1 message"), rep.say("%d messages", u.Messages)}, {u.Stops, rep.say("1 STOP"), rep.say("%d STOPs", u.Stops)}, {u.Calls, rep.say("1 call"), rep.say("%d calls", u.Calls)}} {
		switch x.n {
		case 0:
		case 1:
			said = append(said, x.one)
		default:
			said = append(said, x.many)
		}
	}
	said = append(said, rep.say("the last on %s", second(u.Last)))
	if u.Disputed > 0 {
		said = append(said, rep.say("class disputed of %d", u.Disputed))
	}
	return join(said, ", ")
}

// telephone says what came of the tests of the ordinary telephone, of each side by its own word, in columns that are counted separately.
func (rep Report) telephone(p claim.Telephone) own {
	var said []own
	for i, n := range []map[string]int{p.Ours, p.Theirs} {
		if len(n) == 0 {
			continue
		}
		columns := map[string]int{}
		var missed []own
		for _, o := range check.Outcomes {
			if columns[check.Column(o)] += n[o]; n[o] > 0 && check.Column(o) == check.NotReached {
				missed = append(missed, own(fmt.Sprintf("%s %d", words.T(rep.lang, "test."+o), n[o])))
			}
		}
		s := own(words.T(rep.lang, "tests", []string{rep.Claim.By, rep.Claim.Other}[i], columns[check.Passed], columns[check.NoReply], columns[check.Declined], columns[check.NotReached]))
		if len(missed) > 0 {
			s += " (" + join(missed, ", ") + ")"
		}
		if i == 0 && !p.Last.IsZero() {
			s += ", " + rep.say("the last on %s", second(p.Last))
		}
		if i == 0 {
			s = join(append([]own{s}, rep.gap(p.GapFrom, p.GapTo)...), ", ")
		}
		said = append(said, s)
	}
	if len(said) == 0 {
		return rep.say("no test of it is noted")
	}
	return join(said, "; ")
}

// pair tells of an office and its counterpart.
func (rep Report) pair(say func(f string, a ...any), verdict own, p claim.Spoken) {
	c := rep.Claim
	ours, theirs := own(strconv.QuoteToASCII(c.posts[p.Ours])), own(strconv.QuoteToASCII(c.posts[p.Theirs])) // no name reads like a line of ours
	if p.Last.IsZero() {
		say("  %s with %s: %s: no contact, on this record, as of T", ours, theirs, verdict)
		return
	}
	since := []own{rep.say("none since counting began")}
	if p.Since.N() > 0 {
		since[0] = rep.say("since counting began %s", rep.count(p.Since))
	}
	if p.Straddles > 0 {
		since = append(since, rep.say("before or after it %d", p.Straddles))
	}
	say("  %s with %s: %s: last contact %s (%s, %s); %s", ours, theirs, verdict, p.Last, rep.say(p.Kind), rep.whose(p.Whose), join(since, ", "))
}

func (rep Report) whose(w string) own {
	switch w {
	case "both":
		return rep.say("by both")
	case "ours":
		return rep.say("by %s alone", rep.Claim.By)
	case "theirs":
		return rep.say("by %s alone", rep.Claim.Other)
	}
	return rep.say("disputed")
}

// count is a number by whose word it is, of those whose word it is.
func (rep Report) count(n contact.Count) own {
	var said []own
	for _, x := range []struct {
		whose string
		n     int
	}{{"both", n.Both}, {"ours", n.Ours}, {"theirs", n.Theirs}, {"", n.Disputed}} {
		if x.n > 0 {
			said = append(said, own(fmt.Sprintf("%s %d", rep.whose(x.whose), x.n)))
		}
	}
	return own(fmt.Sprintf("%d (%s)", n.N(), join(said, ", ")))
}
