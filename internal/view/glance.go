// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/internal/alarm"
	"example.org/parley/wire"
)

// Glance is one of the three answers at the head of a desk: is the line up, is somebody there, does anything wait.
type Glance struct {
	Tone   string    `json:"tone,omitempty"` // "" for calm, high medium flash ring go
	Mark   string    `json:"mark"`           // the shape that is drawn: up one down alone · person outline struck unknown voice · stop flash bell alarm tray
	Word   string    `json:"word"`           // two to four words, read from two metres
	Detail string    `json:"detail"`
	Count  int       `json:"count,omitempty"` // of what waits, inside its shape
	Since  time.Time `json:"since,omitzero"`  // a clock that runs up
	Until  time.Time `json:"until,omitzero"`  // one that runs down
}

// answers are the three of a desk, in their order. SPEC: PAG-018 PAG-057
func (b builder) answers(d *Desk) []Glance {
	return []Glance{b.isUp(d), b.isThere(d), b.waits(d)}
}

// isUp answers for the line.
func (b builder) isUp(d *Desk) Glance {
	heard, heardThere, both := false, false, 0
	for _, p := range b.Paths {
		heard, heardThere = heard || p.WeHear, heardThere || p.TheyHear
		if p.WeHear && p.TheyHear {
			both++
		}
	}
	tested := b.tested()
	a := Glance{Mark: "up", Word: b.t("ans.up"), Detail: b.t("ans.paths", max(both, 1), len(b.Paths), tested)}
	switch {
	case b.Starting != "":
		a.Tone, a.Word, a.Detail = "medium", b.t("ans.starting"), b.t("ans.rows", b.Starting)
	case b.Alone:
		a.Mark, a.Word, a.Detail = "alone", b.t("ans.alone"), b.t("ans.alone.tested", tested)
		if len(b.Checks.Overdue) > 0 {
			a.Tone = "medium"
		}
	case heard && heardThere:
		if both < len(b.Paths) {
			a.Mark = "one"
		}
		if len(b.Checks.Overdue) > 0 {
			a.Tone, a.Mark = "medium", "clock"
		}
		if len(b.Service) > 0 {
			a = Glance{Tone: "medium", Mark: "suspended", Word: b.t("ans." + b.Service[0].What), Detail: OutOfService(b.lang, b.Service[0], b.Now)}
		}
	case heard:
		a.Tone, a.Mark, a.Word, a.Detail = "high", "down", b.t("ans.deaf"), b.t("cut.recorded")
	case !slices.ContainsFunc(b.Paths, func(p wire.PathState) bool { return !p.LastHeard.IsZero() }):
		a.Tone, a.Mark, a.Word, a.Detail = "medium", "alone", b.t("ans.never"), d.Liveness.Telephone
	default:
		a.Tone, a.Mark, a.Word, a.Detail = "high", "down", b.t("ans.down"), d.Liveness.Telephone
	}
	if len(b.Service) > 0 && a.Mark != "suspended" && b.Starting == "" { // down, and announced to be
		a.Detail = join(OutOfService(b.lang, b.Service[0], b.Now), a.Detail)
	}
	if d.Unrecorded != "" && b.Starting == "" {
		a.Word, a.Detail = b.t("ans.unrecorded", a.Word), d.Unrecorded
		if a.Tone == "" {
			a.Tone = "medium"
		}
	}
	return a
}

// recorded says in a word or two whether the call that is up is recorded: on a small screen its panel is not always in view.
// SPEC: RCD-009
func (b builder) recorded(c Call) string {
	if c.Recording == nil || c.Recording.State == "off" {
		return ""
	}
	return b.t("recording.short." + c.Recording.State)
}

// isThere answers for the people at the other end.
func (b builder) isThere(d *Desk) Glance {
	there := d.Liveness.WeSee
	desks := there.Desk.Word
	switch c := d.Call; {
	case c.State == "connected" && c.Elsewhere:
		return Glance{Mark: "voice", Word: b.t("ans.elsewhere"), Detail: join(c.At, c.By), Since: c.Since}
	case c.State == "connected" && len(c.Pauses) > 0:
		return Glance{Tone: "medium", Mark: "voice", Word: c.Pauses[0].Word, Detail: join(b.recorded(c), c.By), Since: c.Pauses[0].Since}
	case c.State == "connected" && c.Mute:
		return Glance{Tone: "medium", Mark: "voice", Word: b.t("ans.nosound"), Detail: join(b.recorded(c), c.By), Since: c.Since}
	case c.State == "connected" && c.TheyMuted:
		return Glance{Tone: "medium", Mark: "voice", Word: b.t("ans.muted"), Detail: join(b.recorded(c), c.By), Since: c.Since}
	case c.State == "connected":
		lost := uint64(0)
		if c.In != nil {
			lost = c.In.Lost
		}
		return Glance{Tone: "go", Mark: "voice", Word: b.t("ans.with", strings.ToUpper(cmp.Or(c.By, d.Header.Peer))), Detail: join(b.recorded(c), b.t("ans.frames", lost)), Since: c.Since}
	case b.Alone:
		return Glance{Mark: "unknown", Word: there.Station.Word, Detail: d.Liveness.Telephone}
	case !there.Known || there.Desk.State == "unknown":
		return Glance{Mark: "unknown", Word: b.t("ans.unknown"), Detail: there.Station.Word}
	case there.Station.State == "stuck":
		return Glance{Tone: "medium", Mark: "unknown", Word: b.t("ans.stuck"), Detail: there.Station.Word}
	case there.Armed == 0:
		return Glance{Tone: "medium", Mark: "struck", Word: b.t("ans.nobody"), Detail: b.t("silent.desk")}
	case there.Desk.State == "nosound":
		return Glance{Tone: "medium", Mark: "outline", Word: b.t("ans.silent"), Detail: desks}
	case len(there.Officers) > 0:
		return Glance{Mark: "person", Word: b.t("ans.there", strings.ToUpper(there.Officers[0])), Detail: b.t("ans.desks", desks)}
	}
	return Glance{Mark: "outline", Word: b.t("ans.armed"), Detail: b.t("ans.unsigned", desks)}
}

// waits answers for this desk: the most urgent kind that waits for a person here.
func (b builder) waits(d *Desk) Glance {
	stops, flash, urgent, alarms, high := 0, 0, 0, 0, false
	var until time.Time
	sooner := func(steps []Progress) {
		if t := Due(steps); !t.IsZero() && (until.IsZero() || t.Before(until)) {
			until = t
		}
	}
	for _, s := range d.Stops {
		if s.Stands && !s.Ours && slices.Contains(s.Acts, "take") {
			stops += max(1, s.Count)
			sooner(s.Steps)
		}
	}
	for _, m := range d.Messages {
		if !m.Urgent {
			continue
		}
		if m.Precedence == "FLASH" {
			flash++
		} else {
			urgent++
		}
		sooner(m.Steps)
	}
	for _, a := range d.Alarms {
		if a.State == "raised" {
			alarms++
			high = high || a.Priority == "high"
		}
	}
	also := ""
	if alarms > 0 {
		also = b.t("ans.also", alarms)
	}
	switch {
	case stops > 0 && flash > 0:
		return Glance{Tone: "high", Mark: "stop", Count: stops + flash, Word: b.t("ans.stop+flash"), Detail: b.t("ans.stop+flash.do") + also}
	case stops > 0:
		return Glance{Tone: "high", Mark: "stop", Count: stops, Word: b.t("ans.stop"), Detail: b.t("ans.stop.do") + also, Until: until}
	case flash > 0:
		return Glance{Tone: "flash", Mark: "flash", Count: flash, Word: b.t("ans.flash"), Detail: b.t("ans.flash.do") + also, Until: until}
	case d.Call.State == "ringing-here":
		return Glance{Tone: "ring", Mark: "bell", Word: b.t("ans.ring", strings.ToUpper(d.Header.Peer)), Detail: b.t("ans.ring.do")}
	case alarms > 0:
		a := Glance{Tone: "medium", Mark: "alarm", Count: alarms, Word: b.t("ans.alarm"), Detail: b.t("ans.alarm.do")}
		if high {
			a.Tone = "high"
		}
		return a
	case urgent > 0:
		return Glance{Tone: "medium", Mark: "flash", Count: urgent, Word: b.t("ans.urgent"), Detail: b.t("ans.flash.do"), Until: until}
	case d.Check.Question != nil:
		return Glance{Tone: "medium", Mark: "tray", Word: b.t("ans.question"), Detail: b.t("ans.question.do")}
	case d.Header.NoSound != "":
		return Glance{Tone: "medium", Mark: "bell", Word: b.t("ans.unarmed"), Detail: d.Header.NoSound}
	}
	if c := d.Call; c.Outcome == call.Failed {
		return Glance{Tone: "medium", Mark: "voice", Word: b.t("ans.failed"), Detail: c.OutcomeWas}
	}
	return Glance{Mark: "tray", Word: b.t("ans.nothing"), Detail: b.t("ans.nothing.do")}
}

// Due is when the next step that waits is due, or was; zero when none waits by a clock.
func Due(steps []Progress) (t time.Time) {
	for _, s := range steps {
		if (s.State == "due" || s.State == "overdue") && !s.Due.IsZero() && (t.IsZero() || s.Due.Before(t)) {
			t = s.Due
		}
	}
	return t
}

// Active are the alarms whose cause stands.
func (d Desk) Active() []alarm.Alarm {
	return slices.DeleteFunc(slices.Clone(d.Alarms), func(a alarm.Alarm) bool { return a.State == alarm.Returned })
}

// Over are the alarms that are over and not yet acknowledged, drawn as one line.
func (d Desk) Over() []alarm.Alarm {
	return slices.DeleteFunc(slices.Clone(d.Alarms), func(a alarm.Alarm) bool { return a.State != alarm.Returned })
}
