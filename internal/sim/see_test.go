// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/parley/internal/view"
)

// sights are the questions of a conversation: what a desk sees of one thing, a line each, no hashes and
// no names of runs. Times are seconds since the conversation began.
var sights = map[string]func(v view.Desk, w *world, arg string) []string{
	"ladder": seeLadder, "messages": seeMessages, "stops": seeStops, "call": seeCall, "calls": seeCalls,
	"alarms": seeAlarms, "they": seeThey, "paths": seePaths, "record": seeRecord, "unrecorded": seeUnrecorded,
	"check": seeCheck, "lines": seeLines,
}

// ago writes a moment as its distance from the beginning of the conversation.
func (w *world) ago(at time.Time) string {
	d := at.Sub(w.start).Round(time.Second)
	if d < 0 {
		return "-" + (-d).String()
	}
	return "+" + d.String()
}

func seeLadder(v view.Desk, w *world, id string) []string {
	for _, m := range v.Messages {
		if m.ID == id {
			return append([]string{seeMessage(m)}, seeSteps(w, m.Steps)...)
		}
	}
	for _, s := range v.Stops {
		if s.ID == id {
			return append([]string{seeStop(s)}, seeSteps(w, s.Steps)...)
		}
	}
	return []string{"nothing of that name"}
}

func seeMessage(m view.Message) string {
	var text strings.Builder
	for _, s := range m.Spans {
		text.WriteString(s.Text)
	}
	out := fmt.Sprintf("%s %s %s: %s", m.From, m.Precedence, m.Kind, text.String())
	if m.Overdue {
		out += " · OVERDUE"
	}
	if len(m.Acts) > 0 {
		out += " · may " + strings.Join(m.Acts, ", ")
	}
	return out
}

func seeSteps(w *world, steps []view.Progress) (out []string) {
	for _, s := range steps {
		l := "  " + s.Step + " " + s.State
		switch {
		case s.State == "done" || s.State == "late":
			l += " " + w.ago(s.At)
		case !s.Due.IsZero():
			l += " (due " + w.ago(s.Due) + ")"
		}
		for _, x := range []string{s.By, s.Note} {
			if x != "" {
				l += " · " + x
			}
		}
		out = append(out, l)
	}
	return out
}

func seeMessages(v view.Desk, _ *world, _ string) (out []string) {
	for _, m := range v.Messages {
		last := "nothing"
		for _, s := range m.Steps {
			if s.State == "done" || s.State == "late" {
				last = s.Step
			}
		}
		out = append(out, m.ID+" "+seeMessage(m)+" · "+last)
	}
	return out
}

func seeStop(s view.StopCard) string {
	out := fmt.Sprintf("STOP of %s, %s ×%d: %s · %s", s.From, s.State, s.Count, s.Scope, s.Reason)
	if s.Stands {
		out += " · stands"
	}
	if s.Overdue {
		out += " · OVERDUE"
	}
	if len(s.Acts) > 0 {
		out += " · may " + strings.Join(s.Acts, ", ")
	}
	return out
}

func seeStops(v view.Desk, w *world, _ string) (out []string) {
	for _, s := range v.Stops {
		out = append(out, seeStop(s))
		out = append(out, seeSteps(w, s.Steps)...)
	}
	return out
}

func seeCall(v view.Desk, w *world, _ string) []string {
	c := v.Call
	out := c.State
	for _, x := range []string{c.Outcome, c.Differs} {
		if x != "" {
			out += " · " + x
		}
	}
	if c.Desks > 0 {
		out += fmt.Sprintf(" · %d desk", c.Desks)
	}
	if c.ThereWord != "" {
		out += " · a ring would be heard by nobody"
	}
	if c.Mute {
		out += " · no sound"
	}
	for _, p := range c.Pauses {
		out += " · " + p.Word + " since " + w.ago(p.Since)
	}
	if c.Unrecorded {
		out += " · UNRECORDED"
	}
	return []string{out}
}

func seeLines(v view.Desk, w *world, _ string) (out []string) {
	for _, x := range v.Call.Text {
		said := ""
		for _, r := range x.Runs {
			if said += r.Text; r.Erased {
				said += " (erased)"
			}
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s: %s · %s · %s", x.Name, said, x.Word, x.ID)))
	}
	return out
}

func seeCalls(v view.Desk, _ *world, _ string) (out []string) {
	for _, c := range v.Calls {
		l := fmt.Sprintf("%s %s %s", c.ID, c.Class, c.Outcome)
		if c.Differs != "" {
			l += " · they say " + c.Differs
		}
		out = append(out, fmt.Sprintf("%s · %d s", l, c.Seconds))
	}
	return out
}

func seeAlarms(v view.Desk, _ *world, _ string) (out []string) {
	for _, a := range v.Alarms {
		out = append(out, a.Name()+" "+a.State)
	}
	return out
}

func seeCheck(v view.Desk, _ *world, _ string) []string {
	c := v.Check
	out := []string{fmt.Sprintf("%s, %d of %d days, %d in a row", c.State, c.Days, c.Of, c.Streak)}
	for _, p := range c.Parts {
		out = append(out, "  "+p.Name+" "+view.PartState(p))
	}
	if c.Question != nil {
		out = append(out, "  a question is asked")
	}
	return out
}

func seeThey(v view.Desk, _ *world, _ string) []string {
	l := func(s view.Presence) string {
		return fmt.Sprintf("station %s, desk %s, officer %s", s.Station.State, strings.TrimSpace(s.Desk.State+" "+s.Unable), s.Officer.State)
	}
	return []string{"we see: " + l(v.Liveness.WeSee), "they see of us: " + l(v.Liveness.TheySeeUs)}
}

func seePaths(v view.Desk, _ *world, _ string) (out []string) {
	for _, p := range v.Liveness.Paths {
		out = append(out, fmt.Sprintf("%s: we hear %v, they hear %v", p.Label, p.WeHear, p.TheyHear))
	}
	return out
}

// seeRecord lists the statements by log and place: two ends order those of one moment as they like.
func seeRecord(v view.Desk, _ *world, _ string) (out []string) {
	rows := slices.Clone(v.Log)
	place := func(id string) (party byte, log, index int) {
		_, _ = fmt.Sscanf(id[1:], "%d-%d", &log, &index)
		return id[0], log, index
	}
	slices.SortFunc(rows, func(a, b view.LogRow) int {
		p1, l1, i1 := place(a.ID)
		p2, l2, i2 := place(b.ID)
		return cmp.Or(cmp.Compare(p1, p2), cmp.Compare(l1, l2), cmp.Compare(i1, i2))
	})
	for _, r := range rows {
		l := fmt.Sprintf("%s %s %s", r.ID, r.Kind, r.State)
		if r.Note != "" {
			l += " · " + r.Note
		}
		out = append(out, l)
	}
	return out
}

func seeUnrecorded(v view.Desk, w *world, _ string) []string {
	var out []string
	if !v.UnrecordedHere.IsZero() {
		out = append(out, "here since "+w.ago(v.UnrecordedHere))
	}
	if !v.UnrecordedThere.IsZero() {
		out = append(out, "there since "+w.ago(v.UnrecordedThere))
	}
	return out
}
