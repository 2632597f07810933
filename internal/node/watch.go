// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"slices"
	"time"

	"example.org/parley/call"
	"example.org/parley/internal/link"
	"example.org/parley/wire"
)

// Limits of what the machine under us may do unseen.
const (
	clockStep  = 2 * time.Second  // wall and boot clock may part by so much between two ticks
	clockApart = 30 * time.Second // our clock and the peer's
	diskEvery  = 10 * time.Second
)

// watchClock ends the run, drops the sessions and their keys when the wall clock was stepped, or this is
// a copy of a machine's memory: the one case in which an honest party could state two things at one
// place. What comes next stands in a new log that says why. SPEC: NOD-007
func (l *Line) watchClock() {
	wall, boot := l.cfg.Now().Round(0), l.cfg.Boot()
	apart := wall.Sub(l.tickWall) - (boot - l.tickBoot)
	first := l.tickWall.IsZero()
	l.tickWall, l.tickBoot = wall, boot
	if first || apart.Abs() <= clockStep {
		if !l.reconnectAt.IsZero() && !l.now.Before(l.reconnectAt) {
			l.reconnect()
		}
		return
	}
	l.log.Error("the clock was stepped: this run ends, the sessions are opened anew", "by", apart)
	l.run, l.runName, l.why = nil, l.newRunName(), "clock"
	l.x.StreamDown()
	l.peer.streams, l.peer.out = false, nil
	l.link.Close("clock")
	clear(l.signals) // the other end takes the calls of this run for ended
	l.forgetTimes()
	l.reconnect()
}

// reconnectAfter is how long the sessions are left before they are tried again: an address of ours may be gone.
const reconnectAfter = 2 * time.Second

// reconnect opens the sessions of this run, or tries again later and stands without sessions meanwhile.
func (l *Line) reconnect() {
	greeting := fmt.Appendf(nil, "parley/1 sheet %d kinds %s version %s codecs "+call.G722, l.cfg.Sheet, kindsKnown, ourVersion()) // the link greets with run and clock itself
	link, err := l.cfg.Link(link.Config{Run: l.runName, Greeting: func() []byte { return greeting }, OnFrame: l.calls.onFrame, Prepare: l.prepare})
	if err != nil {
		l.log.Error("couldn't open the sessions", "err", err)
		link, l.reconnectAt = unheard(l.link, l.now), l.now.Add(reconnectAfter)
	} else {
		l.reconnectAt = time.Time{}
	}
	l.linkErr = err
	l.setLink(link)
	clear(l.peer.repeating) // the link that repeated them is gone
	l.reoffer()
	l.dirty = true
}

// repeat sends a signal until its answer comes (done), over sessions that take the place of these too.
func (l *Line) repeat(id string, b []byte) {
	l.signals[id] = b
	l.link.Repeat(id, laneSignal, [][]byte{b})
}

func (l *Line) done(id string) {
	delete(l.signals, id)
	l.link.Done(id)
}

// setLink puts the sessions in place, for the loop and for the microphones.
func (l *Line) setLink(link Link) {
	for id, b := range l.signals {
		link.Repeat(id, laneSignal, [][]byte{b})
	}
	l.link = link
	l.calls.way.Store(&link)
}

// forgetTimes makes due at once what waits for a time of the clock that was stepped: stepped back by an hour,
// no alarm would be looked at for an hour.
func (l *Line) forgetTimes() {
	l.alarms.at, l.disk.checkedAt, l.disk.retryAt, l.peer.toldAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	l.checks.overAt, l.checks.counted, l.uptime.at = time.Time{}, time.Time{}, time.Time{}
	l.ordinary.looked, l.ordinary.tried = time.Time{}, time.Time{}
	if l.disk.commitAt.After(l.now) {
		l.disk.commitAt = l.now
	}
	clear(l.stops.resent)
}

// noLink stands where the sessions could not be opened: nothing is said and nothing heard.
type noLink []wire.PathState

func unheard(was Link, now time.Time) noLink {
	if was == nil {
		return nil
	}
	ps := slices.Clone(was.Paths())
	for i := range ps {
		ps[i] = wire.PathState{Label: ps[i].Label, Local: ps[i].Local, Remote: ps[i].Remote, Since: now, LastHeard: ps[i].LastHeard}
	}
	return ps
}

func (noLink) Events() <-chan link.Event                 { return nil }
func (noLink) Signal(byte, []byte)                       {}
func (noLink) SignalOn(int, byte, []byte)                {}
func (noLink) Repeat(string, byte, [][]byte)             {}
func (noLink) Done(string)                               {}
func (noLink) SendStream([]byte) bool                    { return false }
func (noLink) SendFrame(uint16, byte, uint32, []byte)    {}
func (noLink) SetAges(time.Duration, time.Duration)      {}
func (n noLink) Paths() []wire.PathState                 { return n }
func (noLink) Heard() (run string, at time.Time, _ bool) { return }
func (noLink) Regreet(string)                            {}
func (noLink) Close(string) error                        { return nil }

// watchDisk makes the reserve again once there is room.
func (l *Line) watchDisk() {
	if l.disk.dead != nil || l.now.Sub(l.disk.checkedAt) < diskEvery {
		return
	}
	l.disk.checkedAt = l.now
	l.store.Check()
}

// clocksApart says by how much the peer's clock and ours differ, if its probes tell.
func (l *Line) clocksApart() (d time.Duration, known bool) {
	_, theirs, ok := l.link.Heard()
	if !ok || !l.peer.up {
		return 0, false
	}
	return theirs.Sub(l.now).Abs(), true
}
