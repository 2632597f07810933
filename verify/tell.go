// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"example.org/parley/claim"
	"example.org/parley/contact"
)

// tell writes what was found of a claim for people. Every negative says of which record, and as of when.
//
// SPEC: CLM-010 CLM-011
func (rep Report) tell(b *strings.Builder) {
	c := rep.Claim
	say := func(f string, a ...any) { fmt.Fprintln(b, rep.say(f, a...)) }
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
			t := c.Facts.Tested
			say("  tested: %s: %d of %d days, %d running, the last on %s; longest gap %s to %s; suspended %d days, in maintenance %d", verdict, t.Tested, t.Days, t.Streak, rep.day(t.Last), rep.day(t.GapFrom), rep.day(t.GapTo), t.Suspended, t.Maintenance)
		case f.Name == claim.FigureUsed && c.Facts.Used.N() == 0:
			say("  used for substance: %s: never, on this record, as of T", verdict)
		case f.Name == claim.FigureUsed:
			u := c.Facts.Used
			say("  used for substance: %s: %d messages, %d STOPs, %d calls, the last on %s; class disputed of %d; on this record, as of T", verdict, u.Messages, u.Stops, u.Calls, rep.day(u.Last), u.Disputed)
		case f.Name == claim.FigureContacts:
			for _, p := range *c.Facts.Contacts {
				rep.pair(say, verdict, p)
			}
		case f.Name == claim.FigureRequests:
			say("  requests: %s: still sought %d, on this record, as of T", verdict, c.Facts.Requests.Sought)
			for i, columns := range []map[string]contact.Count{c.Facts.Requests.Ours, c.Facts.Requests.Theirs} {
				for _, column := range slices.Sorted(maps.Keys(columns)) {
					say("    by %s: %s %s", []string{c.By, c.Other}[i], rep.say(column), rep.count(columns[column]))
				}
			}
		}
	}
	rep.tellPress(b)
}

// pair tells of an office and its counterpart.
func (rep Report) pair(say func(f string, a ...any), verdict string, p claim.Spoken) {
	c := rep.Claim
	ours, theirs := c.posts[p.Ours], c.posts[p.Theirs]
	if p.Last.IsZero() {
		say("  %s with %s: %s: no contact, on this record, as of T", ours, theirs, verdict)
		return
	}
	say("  %s with %s: %s: last contact %s (%s, %s); since counting began %s", ours, theirs, verdict, p.Last, rep.say(p.Kind), rep.whose(p.Whose), rep.count(p.Since))
}

func (rep Report) whose(w string) string {
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

// count is a number by whose word it is.
func (rep Report) count(n contact.Count) string {
	return rep.say("%d (by both %d, by %s alone %d, by %s alone %d, disputed %d)", n.N(), n.Both, rep.Claim.By, n.Ours, rep.Claim.Other, n.Theirs, n.Disputed)
}

func (rep Report) day(t time.Time) string {
	if t.IsZero() {
		return rep.say("no day")
	}
	return second(t)
}
