// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"time"

	"example.org/parley/record"
)

// What a peer may cost us. An honest line comes to none of these; a peer that does is named in the log, and what
// found no room may come again. SPEC: NOD-008
const (
	roomBurst = 256 << 10 // KiB of its statements and receipts at once: years of a line that comes back to a lost disk
	roomDay   = 16 << 10  // and each day
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
	lines  allowance
	unsaid int // lines that were left out
}

// allowance is a burst that fills again over a day.
type allowance struct {
	used float64
	at   time.Time
}

func (a *allowance) take(now time.Time, n, burst, day int) bool {
	if d := now.Sub(a.at); d > 0 {
		a.used, a.at = max(0, a.used-float64(day)*d.Hours()/24), now
	}
	if a.used+float64(n) > float64(burst) {
		return false
	}
	a.used += float64(n)
	return true
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
	if e := l.rec.ByRef(c.Ref()); c.Ref().Party == l.cfg.Us.Name || e != nil && e.Absent == "" {
		return nil
	}
	always := reserved(c.Kind())
	switch {
	case l.store.Full() && !always:
		return errFull
	case !l.peer.guard.take(l.now, bytes, always):
		return errQuota
	}
	return nil
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
