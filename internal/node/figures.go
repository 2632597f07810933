// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"maps"
	"time"

	"example.org/parley/check"
	"example.org/parley/claim"
	"example.org/parley/internal/act"
	"example.org/parley/internal/store"
	"example.org/parley/internal/view"
	"example.org/parley/record"
)

// uptime is for how long the line carried, by this end's own count: in each hour of the newest days, and in all.
// SPEC: CHK-023
type uptime struct {
	Since time.Time               `json:"since"` // counting began
	Hours map[int64]time.Duration `json:"hours"` // by view.Hour
	All   time.Duration           `json:"all"`

	at    time.Time // when it counted last
	up    bool      // as it was then
	saved time.Time
}

const (
	uptimeKey  = "uptime"
	uptimeKept = 31 * 24      // hours that are kept one by one
	uptimeSave = time.Hour    // how often it is written
	uptimeGap  = 2 * idleTick // in a longer time nobody counted
	uptimeDay  = 24 * time.Hour
	uptimeMost = 30 * 24 * time.Hour
)

// countUptime counts the time since it counted last, if the line carried then and the loop was awake.
func (l *Line) countUptime() {
	u := &l.uptime
	if l.disk.unread {
		return
	}
	if u.Since.IsZero() {
		u.Since, u.Hours = l.now, map[int64]time.Duration{}
	}
	if d := l.now.Sub(u.at); u.up && !u.at.IsZero() && d > 0 && d <= uptimeGap {
		u.Hours[view.Hour(l.now)] += d
		u.All += d
	}
	u.at, u.up = l.now, l.carries()
	if len(u.Hours) > uptimeKept {
		maps.DeleteFunc(u.Hours, func(h int64, _ time.Duration) bool { return h < view.Hour(l.now)-uptimeKept })
	}
}

// tickUptime counts, and writes now and then what was counted.
func (l *Line) tickUptime() {
	if l.countUptime(); l.now.Sub(l.uptime.saved) >= uptimeSave && l.disk.dead == nil {
		l.saveUptime()
	}
}

// saveUptime keeps it on the disk.
func (l *Line) saveUptime() {
	b, err := json.Marshal(l.uptime)
	if err != nil || l.uptime.Since.IsZero() {
		return // plain data: it cannot fail
	}
	l.uptime.saved = l.now
	r := store.Local(uptimeKey, b)
	r.Reserve = true
	l.tx.write(nil, r)
}

// alive adds how the line stood: what a request that nobody answered is told by. SPEC: CNT-029
func (l *Line) alive(in *view.Input) {
	l.countUptime()
	in.Checks, in.Hours, in.Counted = l.checks.count(), maps.Clone(l.uptime.Hours), l.uptime.Since
}

// share is the part of a time until now in which the line carried: of the newest, from a full hour on.
func (u *uptime) share(last time.Duration, now time.Time) view.Share {
	from := now.Add(-last).Truncate(time.Hour)
	up := u.All
	if last == 0 || from.Before(u.Since) {
		from = u.Since
	} else {
		up = 0
		for h, d := range u.Hours {
			if h >= view.Hour(from) {
				up += d
			}
		}
	}
	s := view.Share{Since: from}
	if all := now.Sub(from); all > 0 {
		s.Percent = min(100, 100*float64(up)/float64(all))
	}
	return s
}

// figures are those of the line since a time; zero: since it began.
func (l *Line) figures(since time.Time) (*view.LineFigures, check.Summary) {
	l.countUptime()
	from := l.began()
	if since.After(from) {
		from = since.Truncate(time.Second)
	}
	f := &view.LineFigures{Since: from}
	count := func(e *record.Entry, at time.Time, disputed bool) {
		f.Used++
		if at.After(f.LastUsed) {
			f.LastUsed = at
		}
		if disputed {
			f.Disputed = append(f.Disputed, l.rec.Short(e))
		}
	}
	for ; l.looked < l.rec.Len(); l.looked++ { // what came since it was asked last
		if e := l.rec.Arrived(l.looked + 1); e != nil && claim.Weighs(e.Kind) {
			l.weighed = append(l.weighed, e)
		}
	}
	claim.Stated(l.rec, l.weighed, l.cfg.Us.Name, from, func(e *record.Entry, at time.Time, disputed bool) {
		if l.durable(e) {
			count(e, at, disputed)
		}
	})
	for _, k := range l.sorted().used {
		if it, _ := l.item(k.key); it != nil && !k.used.Before(from) {
			count(firstOf(it), k.used, k.both)
		}
	}
	for _, last := range []time.Duration{uptimeDay, uptimeMost, 0} {
		f.Available = append(f.Available, l.uptime.share(last, l.now))
	}
	return f, l.days(l.checkStates(), from)
}

// firstOf is the statement by which an item is named.
func firstOf(it *record.Item) *record.Entry {
	if it.Begin != nil {
		return it.Begin
	}
	return it.Entries[0]
}

// counted answers checks and figures. SPEC: CHK-021
func (l *Line) counted(who act.Who, lang string, a act.Act, since string) (act.Reply, error) {
	q, _, err := l.window(since)
	if err != nil {
		return act.Reply{}, err
	}
	in := l.input(who.Desk)
	in.Figures, in.Checks = l.figures(q.Since.Earliest())
	return l.asked(in, lang, a)
}

func (l *Line) askFigures(who act.Who, lang string, a act.Figure) (act.Reply, error) {
	return l.counted(who, lang, a, a.Since)
}

func (l *Line) askChecks(who act.Who, lang string, a act.Checks) (act.Reply, error) {
	return l.counted(who, lang, a, a.Since)
}
