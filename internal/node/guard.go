// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"errors"
	"time"

	"example.org/parley/internal/alarm"
	"example.org/parley/internal/store"
	"example.org/parley/record"
	"example.org/parley/words"
)

// What a peer may cost us. An honest line comes to none of these; a peer that does is named in the log, and what
// found no room may come again. SPEC: NOD-008
const (
	roomBurst = 256 << 10 // KiB of its statements and receipts at once: years of a line that comes back to a lost disk
	roomDay   = 16 << 10  // and each day
	newLog    = 32 << 10  // bytes that a new log counts for, beside those of its statements
	newName   = 1 << 10   // and one of which nothing is here, that a statement names
	lineBurst = 60        // lines of the log about what it sends
	lineDay   = 24 * 60
)

var (
	errQuota = errors.New("over what a peer may make this node keep: send it again later")
	errFull  = errors.New("the disk is full: send it again later")
)

// guard bounds what the peer makes this node keep, say and log. Its zero value is ready. Owned by the loop.
type guard struct {
	room   [2]allowance // of what only an emptier disk takes, and of what is always recorded
	saved  float64      // of both, what was used when they were kept on the disk last
	lines  allowance
	unsaid int // lines that were left out
}

// allowance is a burst that fills again over a day.
type allowance struct {
	Used float64   `json:"used"`
	At   time.Time `json:"at"`
}

func (a *allowance) take(now time.Time, n, burst, day int) bool {
	if d := now.Sub(a.At); d > 0 {
		a.Used, a.At = max(0, a.Used-float64(day)*d.Hours()/24), now
	}
	if a.Used+float64(n) > float64(burst) {
		return false
	}
	a.Used += float64(n)
	return true
}

// roomKey names the local value that keeps what was used of the room: a restart grants no new burst.
const roomKey = "room"

// saveRoom keeps what was used on the disk, once a MiB, with the rows that used it.
func (l *Line) saveRoom() {
	g := &l.peer.guard
	used := g.room[0].Used + g.room[1].Used
	if used-g.saved < 1<<10 {
		return
	}
	b, err := json.Marshal(g.room)
	if err != nil {
		return // plain data: it cannot fail
	}
	g.saved = used
	r := store.Local(roomKey, b)
	r.Reserve = true
	l.tx.write(nil, r)
}

// take counts bytes that the peer wants kept.
func (g *guard) take(now time.Time, bytes int, always bool) bool {
	i := 0
	if always {
		i = 1
	}
	return g.room[i].take(now, bytes>>10+1, roomBurst, roomDay)
}

// mayEnter says why a sound statement is not let in: one of the peer's that is new, or brings bodies that are.
func (l *Line) mayEnter(c *record.Checked, bytes int) error {
	if e := l.rec.ByRef(c.Ref()); e != nil && e.Absent == "" {
		return nil
	}
	if l.rec.Log(c.Ref().LogID) == nil {
		bytes += newLog
	}
	bytes += newName * l.rec.Nowhere(c)
	always := reserved(c.Kind())
	switch {
	case !always && !l.store.Spare():
		return errFull
	case c.Ref().Party != l.cfg.Us.Name && !l.peer.guard.take(l.now, bytes, always):
		return errQuota
	}
	return nil
}

// turnedAway is why something was not taken for want of room. SPEC: NOD-011
type turnedAway struct {
	why   string    // disk, quota; "": nothing
	again time.Time // when it is asked for again
	more  bool      // turned away since it was asked for
	until time.Time // when there is room for some of it; zero: that is not known
}

// Waits before what found no room is asked for again.
const (
	againFull  = 10 * time.Second // a full disk is looked at in any case
	againQuota = 10 * time.Minute
)

// turnAway notes that a statement found no room: both ends are alarmed until all was asked for again and was taken.
func (l *Line) turnAway(err error) {
	a, why, wait := &l.peer.away, "", againQuota
	switch {
	case errors.Is(err, errFull):
		why, wait = "disk", againFull
	case errors.Is(err, errQuota):
		why = "quota"
	default:
		return
	}
	if a.why != why || !a.more {
		*a = turnedAway{why: why, again: l.now.Add(wait), more: true}
		if why == "quota" {
			a.until = a.again
		}
		l.tellState()
		l.dirty = true
	}
}

// askAgain says again what we hold, once there may be room: what we lack is offered then. When nothing was turned away
// since, all is here.
func (l *Line) askAgain() {
	a := &l.peer.away
	if a.why == "" || l.now.Before(a.again) || !l.peer.streams || a.why == "disk" && !l.store.Spare() {
		return
	}
	if a.more {
		l.peer.toStream(l.x.Have())
		a.more, a.again = false, l.now.Add(againFull)
		return
	}
	*a = turnedAway{}
	l.tellState()
	l.dirty = true
}

// awayWords say what finds no room, at the end named, and until when.
func awayWords(party, why string, until time.Time) alarm.Detail {
	if _, ok := words.Get("en", "room."+why); !ok {
		why = "other" // of a later version of the line
	}
	when := "@room.until"
	if !until.IsZero() {
		when = until.Format("15:04Z")
	}
	return alarm.Say("at.room", party, when, "@room."+why)
}

// warn writes of the peer's doing to the log, as often as is good for the disk that keeps it.
func (l *Line) warn(msg string, args ...any) {
	g := &l.peer.guard
	if !g.lines.take(l.now, 1, lineBurst, lineDay) {
		g.unsaid++
		return
	}
	if g.unsaid > 0 {
		args = append(args, "left_out", g.unsaid)
		g.unsaid = 0
	}
	l.log.Warn(msg, args...)
}
