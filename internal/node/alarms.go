// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"example.org/parley/call"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/link"
	"example.org/parley/internal/store"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/stop"
	"example.org/parley/words"
)

// alarms are those that stand here, and when their conditions were looked at last.
type alarms struct {
	*alarm.Set
	at   time.Time
	cert struct { // of this line's page; its end is zero where there is none
		name string
		ends time.Time
	}
}

// warn are the days before its end at which a certificate is an alarm, each anew. SPEC: PAG-066
var warn = []int{1, 7, 30}

// Certificate says until when the page of this line has one.
func (l *Line) Certificate(name string, ends time.Time) {
	l.post(func() { l.alarms.cert.name, l.alarms.cert.ends = name, ends })
}

// certificate is the alarm of one that ends.
func (l *Line) certificate(add func(id, key string, w alarm.Detail)) {
	c := &l.alarms.cert
	left := c.ends.Sub(l.now)
	if c.ends.IsZero() {
		return
	}
	if left <= 0 {
		add("A8", "certificate over", alarm.Say("at.certificate.over", c.name))
		return
	}
	for _, days := range warn {
		if left <= time.Duration(days)*24*time.Hour {
			add("A8", fmt.Sprintf("certificate %d", days), alarm.Say("at.certificate", c.name, int(left/(24*time.Hour))))
			return
		}
	}
}

// tickAlarms says which conditions hold now. Each end finds them by itself, from the record and its
// sessions: none is sent. SPEC: ALM-010
func (l *Line) tickAlarms() {
	if l.now.Sub(l.alarms.at) < 250*time.Millisecond {
		return
	}
	l.alarms.at = l.now
	changes := l.alarms.Update(l.now, l.conditions())
	if len(changes) == 0 {
		return
	}
	l.dirty = true
	for _, c := range changes {
		l.log.Info("alarm", "id", c.Name(), "what", c.State)
	}
	l.saveAlarms()
}

// soundConditions: the sound of a desk whose page is there does not pass, or its microphone does not work. SPEC: ALM-021
func (l *Line) soundConditions(add func(id, key string, w alarm.Detail)) {
	for _, n := range sortedKeys(l.desks) {
		d := l.desks[n]
		if !slices.Contains(act.Faults, d.sound) {
			continue
		}
		name := n
		if !d.who.Stays { // no person gave it its name
			name = cmp.Or(l.officerName(d.who), "@at.here")
		}
		add("A10", strings.TrimPrefix(name, "@at."), alarm.Say("at.desk", name, "@sound.why."+d.sound))
	}
}

// notifier is what runs commands outside this process for what happens here. A line may have several.
type notifier struct {
	act.Notifier
	who       string    // its session, and what it runs
	first, at time.Time // when it was heard of, first and last
}

// maxNotifiers are those that are kept: one that was not heard of for longest goes first.
const maxNotifiers = 16

// sorts of events that a notifier runs a command for.
var sorts = []string{"ring", "alarm", "message"}

// notified takes a notifier's word of itself.
func (l *Line) notified(who act.Who, _ string, a act.Notifier) (act.Reply, error) {
	for _, s := range append(slices.Clone(a.On), a.Failed...) {
		if !slices.Contains(sorts, s) || len(a.On) > len(sorts) || len(a.Failed) > len(sorts) {
			return act.Reply{}, hint.New("see: parley notify --help", "there is no event %q", s)
		}
	}
	n := notifier{a, who.Account + " " + who.Desk + " " + strings.Join(a.On, " "), l.now, l.now}
	if i := slices.IndexFunc(l.notifiers, func(o notifier) bool { return o.who == n.who }); i >= 0 {
		n.first = l.notifiers[i].first
		l.notifiers[i] = n
	} else {
		l.notifiers = append(l.notifiers, n)
	}
	slices.SortFunc(l.notifiers, func(a, b notifier) int { return b.at.Compare(a.at) })
	l.notifiers = l.notifiers[:min(len(l.notifiers), maxNotifiers)]
	return act.Reply{}, nil
}

// replaced drops the notifiers that are gone and that another took the place of: it runs the same, and began later.
func (l *Line) replaced(gone func(notifier) bool) {
	taken, all := map[string]bool{}, slices.Clone(l.notifiers)
	l.notifiers = slices.DeleteFunc(l.notifiers, func(n notifier) bool {
		i := slices.IndexFunc(all, func(o notifier) bool {
			return gone(n) && !gone(o) && !taken[o.who] && o.first.After(n.at) && slices.Equal(o.On, n.On)
		})
		if i >= 0 {
			taken[all[i].who] = true
		}
		return i >= 0
	})
}

// notifierConditions: nobody outside this room is told. SPEC: ALM-020
func (l *Line) notifierConditions(add func(id, key string, w alarm.Detail)) {
	gone := func(n notifier) bool { return l.now.Sub(n.at) > 3*act.NotifierEvery }
	l.replaced(gone)
	none := len(l.notifiers) == 0 && l.cfg.Notifier && l.now.Sub(l.started) > 3*act.NotifierEvery
	if none || slices.ContainsFunc(l.notifiers, gone) {
		add("A14", "gone", alarm.Say("at.notifier-gone"))
	}
	for _, s := range sorts {
		if slices.ContainsFunc(l.notifiers, func(n notifier) bool { return !gone(n) && slices.Contains(n.Failed, s) }) {
			add("A14", s, alarm.Say("at.notifier-failed", "@about.event."+s))
		}
	}
}

// saveAlarms keeps what a restart must not forget: latched stays latched.
func (l *Line) saveAlarms() {
	if l.disk.dead == nil {
		r := store.Local("alarms", l.alarms.Snapshot())
		r.Reserve = true // that the disk is full is an alarm too
		l.tx.write(nil, r)
	}
}

func (l *Line) conditions() (cs []alarm.Condition) {
	add := func(id, key string, w alarm.Detail) { cs = append(cs, alarm.Condition{ID: id, Key: key, Detail: w}) }
	why := alarm.Detail{}
	if l.linkErr != nil {
		why = alarm.Say(netKey(l.linkErr))
	}
	for _, p := range l.link.Paths() {
		if why.Key == "" && p.Why != nil {
			why = alarm.Say(netKey(p.Why))
		}
		if p.WeHear && p.TheyHear && (p.NarrowIn || p.NarrowOut) {
			add("A11", "path "+p.Label, alarm.Say("at.path-narrow", p.Label))
		}
		if !p.WeHear || !p.TheyHear {
			n := alarm.Say("at.path", p.Label)
			if p.WeHear {
				n = alarm.Say("at.path-unheard", p.Label)
			}
			if p.Why != nil {
				n = alarm.Say("at.path-why", p.Label, "@"+netKey(p.Why))
			}
			add("A11", "path "+p.Label, n)
		}
	}
	switch {
	case l.carries(), l.cfg.Alone: // SPEC: ALN-013
	case l.peer.up:
		add("A1", "", alarm.Say("at.unheard"))
	default:
		add("A1", "", why)
	}
	if c := l.crew(); c.Armed == 0 || c.Present == 0 {
		add("A2", "here", alarm.Say("at.here"))
	}
	if l.peer.up && !l.peer.stateAt.IsZero() && (l.peer.state.Armed == 0 || l.peer.state.Present == 0) {
		add("A2", l.cfg.Them.Name, alarm.Say("at.party", l.cfg.Them.Name))
	}
	l.checks.conditions(add)
	l.soundConditions(add)
	l.calls.recordConditions(add)
	cs = append(cs, l.itemConditions()...)
	l.certificate(add)
	if n := len(l.rec.Evidence()); n > 0 {
		add("A7", "", alarm.Say("at.records", n))
	}
	l.lossConditions(add)
	cs = append(cs, l.alteredConditions()...)
	l.sheetConditions(add)
	l.notifierConditions(add)
	l.backupConditions(add)
	if d, _ := l.clocksApart(); d > clockApart {
		add("A6", "", alarm.Say("at.clocks", d.Round(time.Second)))
	}
	if l.disk.dead == nil && l.store.Full() {
		add("A9", "full", alarm.Say("at.full"))
	}
	if !l.disk.since.IsZero() {
		add("A16", "here", alarm.Say("at.here"))
		if !errors.Is(l.disk.dead, record.ErrAltered) { // that is A7
			add("A9", "", storeWords(l.disk.dead, l.disk.unread))
		}
	}
	if w := l.peer.away.why; w != "" {
		add("A9", "room here", awayWords(l.cfg.Us.Name, w, l.peer.away.until))
	}
	if w := l.peer.state.Away; w != "" && l.peer.up {
		add("A9", "room there", awayWords(l.cfg.Them.Name, w, l.peer.state.Until))
	}
	if r := l.peer.refused; !r.IsZero() && l.now.Sub(r) < refusedFor {
		add("A7", "refused", alarm.Say("at.refused"))
	}
	if u := l.peer.state.Unrecorded; !u.IsZero() && l.peer.up {
		add("A16", l.cfg.Them.Name, alarm.Say("at.party", l.cfg.Them.Name))
	}
	return cs
}

// maxNamed is how many places an alarm names.
const maxNamed = 8

// alteredConditions names what was signed and lies otherwise on our disk, whoever changed it. SPEC: NOD-014
func (l *Line) alteredConditions() (cs []alarm.Condition) {
	if slices.Contains(slices.Collect(maps.Values(l.disk.altered)), false) {
		cs = append(cs, alarm.Condition{ID: "A9", Key: "fault", Detail: alarm.Say("at.fault")})
	}
	names := map[string][]string{}
	for _, r := range l.left {
		log, err := record.ParseLogName(r.Log)
		of, key := l.rec, "altered"
		switch r.Kind {
		case store.KindPrivate:
			of = l.priv
		case store.KindReceipt:
			key = "altered receipt"
		}
		name := of.ShortPlace(record.Place{LogID: log.LogID, Index: r.Index})
		if err != nil { // its place was altered too
			name = fmt.Sprintf("%q", r.Log)
		}
		names[key] = append(names[key], name)
	}
	for key, is := range names {
		at := map[string]string{"altered": "at.altered", "altered receipt": "at.altered-receipt"}[key]
		cs = append(cs, alarm.Condition{ID: "A7", Key: key, Detail: alarm.Say(at, strings.Join(is[:min(len(is), maxNamed)], ", "), l.cfg.Us.Name), Count: len(is)})
	}
	return cs
}

// netKey names the words that say to an officer why the network does not carry; what the system said is in the log.
// SPEC: NOD-017
func netKey(err error) string {
	for name, is := range map[string][]error{
		"absent": {syscall.ECONNREFUSED}, "route": {syscall.ENETUNREACH, syscall.ENETDOWN}, "host": {syscall.EHOSTUNREACH, syscall.EHOSTDOWN},
		"not-here": {syscall.EADDRNOTAVAIL}, "in-use": {syscall.EADDRINUSE}, "permission": {fs.ErrPermission}, "timeout": {os.ErrDeadlineExceeded, context.DeadlineExceeded, syscall.ETIMEDOUT},
		"closed": {io.EOF, syscall.ECONNRESET}, "stranger": {link.ErrPeer}, "refused": {link.ErrRefused},
	} {
		if slices.ContainsFunc(is, func(e error) bool { return errors.Is(err, e) }) {
			return "at.net." + name
		}
	}
	if name := new(net.DNSError); errors.As(err, &name) {
		return "at.net.name"
	}
	return "at.net.other"
}

// due lists the clocks of a message as they stand here, by the terms.
func (l *Line) due(s message.State, past statement.Past, now time.Time) []statement.Clock {
	return message.Due(s, s.From == l.cfg.Us.Name, l.dueOf(s, past), now)
}

// sum adds what is due to the condition of its alarm and cause: a peer makes as many of a cause as it likes.
func sum(id string, cs *[]alarm.Condition, key string, due time.Time, w func() alarm.Detail) {
	i := slices.IndexFunc(*cs, func(c alarm.Condition) bool { return c.ID == id && c.Key == key })
	if i < 0 { // what is most urgent comes first, and names the alarm
		i, *cs = len(*cs), append(*cs, alarm.Condition{ID: id, Key: key, Detail: w()})
	}
	c := &(*cs)[i]
	if c.Count++; due.After(c.Newest) {
		c.Newest = due
	}
}

// overdue gives the conditions of the messages of which a step is overdue. It goes through all that waits only when something
// moved, or the time of one has come: a tick costs little, however much a peer makes wait. SPEC: NOD-027
func (l *Line) overdue() []alarm.Condition {
	waits, x := l.open("message"), l.items
	if x.lateOf == x.moves && !l.now.Before(x.lateFrom) && !l.now.After(x.lateTo) {
		return x.late
	}
	x.late, x.lateOf, x.lateFrom, x.lateTo = nil, x.moves, l.now, l.now.Add(time.Hour)
	for _, k := range waits {
		for _, t := range [2]time.Time{k.due, k.till} {
			if !l.now.After(t) && t.Before(x.lateTo) {
				x.lateTo = t
			}
		}
		if k.due.IsZero() || !l.now.After(k.due) || !k.till.IsZero() && l.now.After(k.till) {
			continue
		}
		sum("A4", &x.late, k.from, k.due, func() alarm.Detail {
			it, r := l.item(k.key)
			return alarm.Say("at.step", r.Short(it.Begin), "@rung."+k.step)
		})
	}
	return x.late
}

// itemConditions gives one condition a cause, whatever number of items it is about.
func (l *Line) itemConditions() []alarm.Condition {
	cs := slices.Clone(l.overdue())
	for _, s := range l.stops.of(l.open("stop")) {
		if l.cfg.Alone {
			break
		}
		due := stop.Due(s, s.From == l.cfg.Us.Name, l.now)
		if i := slices.IndexFunc(due, func(c statement.Clock) bool { return c.Overdue }); i >= 0 && s.Class != "test" && s.Open {
			sum("A12", &cs, s.From, due[i].Due, func() alarm.Detail { return alarm.Say("at.stop", s.From) })
		}
	}
	for _, r := range l.near() {
		sum("A17", &cs, "", r.Scheduled, func() alarm.Detail {
			title := func(p record.Place) string { // an alarm's words are kept, whatever is stated of the posts since
				if x := l.register().Post(p); x != nil {
					return x.Title("")
				}
				return l.rec.Names().ShortPlace(p)
			}
			return alarm.Say("at.agreed", l.rec.Short(r.Entry), r.Scheduled.Format("15:04Z"), title(r.FromPost), title(r.WithPost))
		})
	}
	for _, k := range l.open("call") {
		sum("A13", &cs, "", k.due, func() alarm.Detail {
			s, _ := fold[call.State](l, k.key)
			return alarm.Say("at.call", s.Began.Format("15:04Z"))
		})
	}
	return cs
}

// loss counts statements that their own author did not hold any more.
type loss struct {
	n  int
	at time.Time // of the newest
}

// lossShown is how long after the newest of them the condition holds.
const lossShown = time.Hour

func (s *loss) add(now time.Time, n int) {
	if now.Sub(s.at) >= lossShown {
		s.n = 0
	}
	s.n, s.at = s.n+n, now
}

// lossConditions say that an end did not hold what it had stated itself: its record was lost, is an older copy that
// came back, or two nodes run with its keys. Each end finds it by itself, from what comes back and from the lists.
// SPEC: NOD-015
func (l *Line) lossConditions(add func(id, key string, w alarm.Detail)) {
	for i, said := range []string{"at.loss.ours", "at.loss"} {
		p, s := []string{l.cfg.Us.Name, l.cfg.Them.Name}[i], l.peer.lost[i]
		if s.n > 0 && l.now.Sub(s.at) < lossShown {
			add("A7", p, alarm.Say(said, p, s.n))
		}
	}
	ours := l.peer.state.Twins // where two of ours come from, only the other end can see
	if d := l.peer.displaced; d.stands(l.now) && (ours == nil || l.now.Sub(l.peer.stateAt) > recurWithin) {
		ours = &twins{Since: d.since}
	} else if !d.stands(l.now) {
		ours = nil
	}
	for i, t := range []*twins{ours, l.peer.twins(l.now)} {
		if p := []string{l.cfg.Us.Name, l.cfg.Them.Name}[i]; t != nil && len(t.From) > 0 {
			add("A7", "two "+p, alarm.Say("at.twins.from", p, t.Since.Format("15:04:05Z"), strings.Join(t.From, ", ")))
		} else if t != nil {
			add("A7", "two "+p, alarm.Say("at.twins", p, t.Since.Format("15:04:05Z")))
		}
	}
	if l.store.Lost() {
		add("A7", "record.db", alarm.Say("at.loss.record"))
	}
}

var alarmActs = []handler{on((*Line).alarmAck, act.AlarmAck), on((*Line).notified)}

func (l *Line) alarmAck(who act.Who, lang string, a act.Item) (act.Reply, error) {
	name := l.officerName(who)
	if name == "" {
		name = words.T(lang, "known.unattributed") + ", " + who.Desk
	}
	c, err := l.alarms.Ack(a.ID, name, l.now)
	if errors.Is(err, alarm.ErrNoAlarm) {
		return act.Reply{}, hint.New("see: parley alarm list", "no such alarm waits for an acknowledgement")
	}
	if err != nil {
		return act.Reply{}, err
	}
	l.dirty = true
	l.saveAlarms()
	return act.Reply{ID: c.Name(), Text: fmt.Sprintf(words.Say(lang, "%s acknowledged by %s"), c.Name(), name)}, nil
}

// later keeps what was said over the session and could not be recorded, to be stated when the store works again. was is
// the statement whose commit failed, nil where the store was dead already: what that commit left on the disk all the
// same is on record.
func (l *Line) later(d record.Draft, was *record.Entry) {
	l.dirty = true
	l.disk.missed++
	if len(l.disk.owed) >= 64 {
		return
	}
	l.disk.owed = append(l.disk.owed, func() {
		if was != nil && l.rec.ByRef(was.Ref()) != nil {
			return
		}
		if _, err := l.state(d); errors.Is(err, errDiskFull) {
			l.later(d, nil)
		} else if err != nil {
			l.log.Error("couldn't state what was not recorded", "kind", d.Kind, "err", err)
		}
	})
}

// stateOwed states, once the disk has room again, what found none: a full store works on, and is not opened anew.
//
// SPEC: NOD-006
func (l *Line) stateOwed() {
	if len(l.disk.owed) > 0 && l.disk.dead == nil && !l.store.Full() {
		l.repaired(time.Time{})
	}
}

// repaired states what was not recorded while the store failed: STOPs and calls, with their own times in
// their facts. SPEC: NOD-006
func (l *Line) repaired(since time.Time) {
	if !since.IsZero() {
		l.log.Info("recorded again", "unrecorded", l.disk.missed, "since", since)
	}
	all := l.disk.owed
	l.disk.missed, l.disk.owed = 0, nil
	for _, state := range all {
		state()
	}
}
