// SPDX-License-Identifier: Apache-2.0

package node

import (
	"math"
	"slices"
	"time"

	"example.org/parley/call"
	"example.org/parley/contact"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/internal/voice"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/service"
	"example.org/parley/wire"
)

// input gathers what one desk sees in the midst of a step.
func (l *Line) input(desk string) view.Input { return l.at(*l.gather(), desk) }

// at is what was gathered, as one desk sees it now.
func (l *Line) at(in view.Input, desk string) view.Input {
	in.Now, in.Desk, in.Call.Sound = l.now, l.deskIn(desk), "none"
	if d := l.desks[desk]; d != nil {
		in.Call.Sound = d.source
		if d.tone > 0 {
			in.Call.Sound = "test-voice"
		}
		in.Call.Replays = l.calls.replays[desk] != nil
	}
	return in
}

// outline is what every desk sees besides lists: what one statement, or the call, is drawn of.
func (l *Line) outline() view.Input {
	in := view.Input{
		Line: l.cfg.Name, Us: l.cfg.Us.Name, Them: l.cfg.Them.Name, Demo: l.cfg.Demo, Alone: l.cfg.Alone, IDs: l.rec.Names(), Register: l.register(),
		WeSee: l.weSee(), TheySee: l.theySee(), Began: l.began(), Due: l.cfg.Due, Fallback: l.terms(l.now).Fallback,
		Service: service.At(l.services(), l.now), Schedule: l.terms(l.now).Schedule.Checks,
		Paths: l.paths(), Unrecorded: l.disk.since, Unread: l.disk.unread, Starting: l.disk.starting(), Alarms: l.alarms.List(),
	}
	if l.peer.up {
		in.UnrecordedThere, in.Version = l.peer.state.Unrecorded, l.peer.version
	}
	in.Before, in.Were = l.before, l.were
	if l.joining != nil {
		in.Joining = len(l.joining.todo)
	}
	l.callIn(&in)
	return in
}

// gather is what every desk sees: what is durable, in values that do not change. SPEC: NOD-001 NOD-019
func (l *Line) gather() *view.Input {
	in := l.outline()
	in.Checks, in.Check, in.Log = l.checks.count(), l.checks.in(), l.newestEntries(maxLines)
	messages, moreMessages := l.drawnOf("message")
	stops, moreStops := l.drawnOf("stop")
	calls, _ := l.drawnOf("call")
	in.Messages, in.Stops, in.Calls = states[message.State](l, messages), l.stops.of(stops), states[call.State](l, calls)
	in.Dues = l.dues(in.Messages)
	in.MoreMessages, in.MoreStops = len(moreMessages), len(moreStops)
	q := contact.Query{}
	if in.ContactsSince = l.lastEvent(); in.ContactsSince != nil {
		q.Since = in.ContactsSince.When
	}
	if minute := l.now.Truncate(time.Minute); !minute.Equal(l.tallied) { // a long book is not counted at every view
		l.tallied, l.tally = minute, l.count(q)
	}
	in.Contacts = l.tally
	return &in
}

func (l *Line) deskIn(name string) view.Header {
	d := l.desks[name]
	if d == nil {
		return view.Header{Desk: name, KnownHow: "unattributed"}
	}
	in := view.Header{Desk: name, Officer: l.officerName(d.who), KnownHow: d.who.Known, Armed: d.armed}
	if d.sound != "ok" && d.sound != act.Muted {
		in.NoSound = d.sound
	}
	return in
}

// stuckAfter is how old the peer's loop may be by its own probes before its station is called stuck.
const stuckAfter = 3 * time.Second

// seen is an end that answers, with its crew.
func (c crew) seen(known bool, since time.Time) view.Presence {
	return view.Presence{Known: known, Station: view.Layer{State: "answers", Since: since}, Armed: c.Armed, Silent: c.Silent, Unable: c.Unable, Present: c.Present, Officers: c.Officers}
}

// weSee is the other end, by its probes and its word.
func (l *Line) weSee() view.Presence {
	p := &l.peer
	if !p.up {
		state := "not-reached"
		if l.cfg.Alone {
			state = "alone"
		}
		if p.goodbye != "" {
			state = "goodbye"
		}
		return view.Presence{Station: view.Layer{State: state, Since: p.since}, Why: p.goodbye}
	}
	e := p.state.crew.seen(!p.stateAt.IsZero(), p.since)
	if slices.ContainsFunc(l.link.Paths(), func(p wire.PathState) bool { return p.WeHear && p.PeerTickAge > stuckAfter }) {
		e.Station.State = "stuck"
	}
	return e
}

// theySee is this end as the other hears it: what they say of our paths, and what we told of our desks.
func (l *Line) theySee() view.Presence {
	e := l.crew().seen(l.peer.up, l.peer.since)
	if l.cfg.Alone {
		e.Station.State = "alone"
	} else if !slices.ContainsFunc(l.link.Paths(), func(p wire.PathState) bool { return p.TheyHear }) {
		e.Station.State, e.Known = "not-reached", false
	}
	return e
}

// callIn gathers the call.
func (l *Line) callIn(in *view.Input) {
	c := l.calls
	in.Live, in.Call.Unrecorded = c.m.Live(), c.unrecorded
	in.Texts = c.texts.Lines()
	if in.Live.State == call.Idle && l.checks.ringing() { // a check rings like a call, as class test
		live := l.checks.m.Live(l.now)
		in.Live.State, in.Live.Class, in.Live.Mark, in.Live.Began = call.RingingHere, "test", live.Mark, live.Rang
	}
	if c.voice != 0 {
		m := c.port.Meters(l.now)
		heard := &view.Meter{Level: -1, Frames: m.Received, Lost: m.Lost, LongestGapMS: float64(m.LongestGapMS), Codec: in.Live.Codec}
		if hz, db, ok := c.port.Heard(0); ok {
			heard.Hz, heard.Level = hz, bars(db)
			if m.LevelDB <= voice.Silent {
				heard.Level = 0
			}
		}
		in.Call.In, in.Call.Out = heard, &view.Meter{Frames: m.Sent, Codec: in.Live.Codec, Level: -1}
		in.Call.Mute = c.mute || l.peer.up && l.peer.state.NoSound
		for _, n := range sortedKeys(l.desks) {
			if l.desks[n].armed {
				in.Call.Others = append(in.Call.Others, n)
			}
		}
		in.Call.Recording = c.tapeIn()
		in.Away = c.away
		in.Call.TheyMuted = l.peer.up && l.peer.state.Muted
	}
	for _, s := range states[call.State](l, newest(l.keys("call"), 1)) {
		end := s.Caller
		if s.Opener != l.cfg.Us.Name {
			end = s.Called
		}
		if end.Closed != nil {
			in.LastCall, in.LastClass = l.rec.Short(end.Closed), end.Class
			in.LastAsk = s.Outcome.What == call.Answered && l.now.Sub(s.Ended) < time.Hour
		}
	}
}

// bars turns a level into the six bars of a meter: -48 dB and below none, -6 dB and above all.
func bars(db float64) int { return int(math.Max(0, math.Min(6, math.Round((db+48)/7)))) }

// newestEntries lists copies of what is on record, in the order in which it came.
func (l *Line) newestEntries(n int) []*record.Entry {
	var out []*record.Entry
	for _, e := range l.rec.Newest() {
		if len(out) == n {
			break
		}
		if l.durable(e) {
			as := *e
			out = append(out, &as)
		}
	}
	slices.Reverse(out)
	return out
}

// paths are the paths, each with the key of the words that say why nothing goes there.
func (l *Line) paths() []wire.PathState {
	ps := l.link.Paths()
	for i := range ps {
		if ps[i].Why != nil {
			ps[i].Reason = netKey(ps[i].Why)
		}
	}
	return ps
}
