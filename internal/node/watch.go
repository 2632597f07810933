// SPDX-License-Identifier: Apache-2.0

package node

import (
	"time"
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
	if first {
		return
	}
	if apart.Abs() <= clockStep {
		return
	}
	l.log.Error("the clock was stepped: this run ends, the sessions are opened anew", "by", apart)
	l.run, l.runName, l.why = nil, l.newRunName(), "clock"
	l.x.StreamDown()
	l.streamUp, l.outq = false, nil
	l.link.Close("clock")
	link, err := l.cfg.Link(l.runName, l.greeting, l.calls.onFrame)
	if err != nil {
		l.log.Error("couldn't open the sessions anew", "err", err)
		return
	}
	l.link = link
	l.reoffer()
	l.dirty = true
}

// watchDisk makes the reserve again once there is room.
func (l *Line) watchDisk() {
	if l.dead == nil && l.now.Sub(l.diskAt) >= diskEvery {
		l.diskAt = l.now
		l.store.Check()
	}
}

// clocksApart says by how much the peer's clock and ours differ, as far as its probes tell.
func (l *Line) clocksApart() time.Duration {
	_, theirs, ok := l.link.Heard()
	if !ok || !l.peer.up {
		return 0
	}
	return theirs.Sub(l.now).Abs()
}
