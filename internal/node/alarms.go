// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/store"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/stop"
)

// tickAlarms says which conditions hold now. Each end finds them by itself, from the record and its
// sessions: none is sent. SPEC: ALM-010
func (l *Line) tickAlarms() {
	if l.now.Sub(l.alarmsAt) < 250*time.Millisecond {
		return
	}
	l.alarmsAt = l.now
	changes := l.alarms.Update(l.now, l.conditions())
	if len(changes) == 0 {
		return
	}
	l.dirty = true
	for _, c := range changes {
		l.log.Info("alarm", "id", c.Alarm.Name(), "what", c.What)
	}
	l.saveAlarms()
}

// saveAlarms keeps what a restart must not forget: latched stays latched.
func (l *Line) saveAlarms() {
	if l.dead == nil {
		r := store.Local("alarms", l.alarms.Snapshot())
		r.Reserve = true // that the disk is full is an alarm too
		l.tx.write(r)
	}
}

func both(en, it string) alarm.Words { return alarm.Words{EN: en, IT: it} }

func (l *Line) conditions() (cs []alarm.Condition) {
	add := func(id, key string, w alarm.Words) { cs = append(cs, alarm.Condition{ID: id, Key: key, Detail: w}) }
	why := ""
	if l.linkErr != nil {
		why = l.linkErr.Error()
	}
	for _, p := range l.link.Paths() {
		if why == "" && p.Why != nil {
			why = p.Why.Error()
		}
		if !p.WeHear || !p.TheyHear {
			n := both("path "+p.Label, "percorso "+p.Label)
			if p.WeHear {
				n = both("path "+p.Label+": they do not hear us", "percorso "+p.Label+": non ci sentono")
			}
			if p.Why != nil {
				n.EN, n.IT = n.EN+": "+p.Why.Error(), n.IT+": "+p.Why.Error()
			}
			add("A11", "path "+p.Label, n)
		}
	}
	switch {
	case l.carries():
	case l.peer.up:
		add("A1", "", both("they do not hear us on any path", "non ci sentono su nessun percorso"))
	default:
		add("A1", "", both(why, why))
	}
	if len(l.armed()) == 0 || l.present() == 0 {
		add("A2", "here", both("here", "qui"))
	}
	if l.peer.up && !l.peer.stateAt.IsZero() && (l.peer.state.Armed == 0 || l.peer.state.Present == 0) {
		add("A2", l.cfg.Them.Name, both("at "+l.cfg.Them.Name, "presso "+l.cfg.Them.Name))
	}
	l.checks.conditions(add)
	l.itemConditions(add)
	if n := len(l.rec.Evidence()); n > 0 {
		add("A7", "", both(fmt.Sprintf("%d on record", n), fmt.Sprintf("%d nel registro", n)))
	}
	l.lossConditions(add)
	if d := l.clocksApart(); d > clockApart {
		add("A6", "", both("ours and theirs differ by "+d.Round(time.Second).String(), "il nostro e il loro differiscono di "+d.Round(time.Second).String()))
	}
	if l.dead == nil && l.store.Full() {
		add("A9", "full", both("the disk is full", "il disco è pieno"))
	}
	if !l.deadSince.IsZero() {
		add("A16", "here", both("here", "qui"))
		add("A9", "", storeWords(l.dead, l.unread))
	}
	if w := l.peer.away.why; w != "" {
		add("A9", "room here", awayWords(l.cfg.Us.Name, w))
	}
	if w := l.peer.state.Away; w != "" && l.peer.up {
		add("A9", "room there", awayWords(l.cfg.Them.Name, w))
	}
	if r := l.peer.refused; !r.IsZero() && l.now.Sub(r) < refusedFor {
		add("A7", "refused", both("they refuse a statement of ours as unsound", "rifiutano come non valida una nostra dichiarazione"))
	}
	if u := l.peer.state.Unrecorded; !u.IsZero() && l.peer.up {
		add("A16", l.cfg.Them.Name, both("at "+l.cfg.Them.Name, "presso "+l.cfg.Them.Name))
	}
	return cs
}

// due lists the clocks of a message as they stand here, by the terms.
func (l *Line) due(s message.State, now time.Time) []statement.Clock {
	return message.Due(s, s.From == l.cfg.Us.Name, l.cfg.Due, now)
}

func (l *Line) itemConditions(add func(id, key string, w alarm.Words)) {
	for _, s := range states(l, l.open("message"), foldMessage) {
		if s.Expired(l.now) {
			continue
		}
		for _, c := range l.due(s, l.now) {
			if c.Overdue {
				id := l.rec.Short(s.Begin)
				add("A4", id, both(id+" not "+c.Step, id+": "+c.Step+" in ritardo"))
				break
			}
		}
	}
	for _, s := range l.stops.states() {
		if s.Class == "test" || !s.Open {
			continue
		}
		if slices.ContainsFunc(stop.Due(s, s.From == l.cfg.Us.Name, l.now), func(c statement.Clock) bool { return c.Overdue }) {
			add("A12", s.ID[:6], both("STOP of "+s.From, "STOP di "+s.From))
		}
	}
	for _, s := range states(l, l.open("call"), foldCall) {
		if s.Differ {
			add("A13", s.Call[:6], both("call of "+s.Began.Format("15:04Z"), "chiamata delle "+s.Began.Format("15:04Z")))
		}
	}
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
func (l *Line) lossConditions(add func(id, key string, w alarm.Words)) {
	for i, p := range []string{l.cfg.Us.Name, l.cfg.Them.Name} {
		s := l.lost[i]
		if s.n == 0 || l.now.Sub(s.at) >= lossShown {
			continue
		}
		en := fmt.Sprintf("%s did not hold %d statements of its own: its record was lost or is an older copy, or a second node runs with its keys", p, s.n)
		it := fmt.Sprintf("%s non aveva %d dichiarazioni proprie: il suo registro è andato perduto o è una copia più vecchia, o un secondo nodo usa le sue chiavi", p, s.n)
		if i == 0 {
			en, it = en+"; what was private, and who was signed on, does not come back", it+"; ciò che era privato, e chi era in servizio, non torna"
		}
		add("A7", p, both(en, it))
	}
	if l.store.Lost() {
		add("A7", "record.db", both("the record was gone at the start: the other end gives back what it holds, what was private does not come back", "il registro mancava all'avvio: l'altra parte ridà ciò che ha, ciò che era privato non torna"))
	}
}

var alarmActs = []handler{on((*Line).alarmAck)}

func (l *Line) alarmAck(who act.Who, _ string, a act.AlarmAck) (act.Reply, error) {
	name := l.officerName(who)
	if name == "" {
		name = "unattributed, " + who.Desk
	}
	c, err := l.alarms.Ack(a.ID, name, l.now)
	if errors.Is(err, alarm.ErrNoAlarm) {
		return act.Reply{}, &act.Error{What: "no such alarm waits for an acknowledgement", Hint: "see: parley alarm list"}
	}
	if err != nil {
		return act.Reply{}, err
	}
	l.dirty = true
	l.saveAlarms()
	return act.Reply{ID: c.Alarm.Name(), Text: c.Alarm.Name() + " acknowledged by " + name}, nil
}

// missed notes that something could not be recorded: the first statement after the repair names it.
func (l *Line) missed(kind string) {
	if len(l.unsaid) < 64 {
		l.unsaid = append(l.unsaid, l.now.Format("15:04:05Z ")+kind)
	}
	l.dirty = true
}

// owed is what was said over the session and could not be recorded.
type owed struct {
	draft record.Draft
	was   *record.Entry // as it was signed when the commit failed; nil where the store was dead already
}

// later keeps what could not be recorded, to be stated when the store works again.
func (l *Line) later(d record.Draft, was *record.Entry) {
	l.missed(d.Kind)
	if len(l.owed) < 64 {
		l.owed = append(l.owed, owed{d, was})
	}
}

// repaired states what was not recorded while the store failed: STOPs and calls, with their own times in
// their facts. What a failed commit left on the disk all the same is on record already. SPEC: NOD-006
func (l *Line) repaired(since time.Time) {
	if !since.IsZero() {
		l.log.Info("recorded again", "unrecorded", len(l.unsaid), "since", since)
	}
	all := l.owed
	l.unsaid, l.owed = nil, nil
	for _, o := range all {
		if o.was != nil && l.rec.ByRef(o.was.Ref()) != nil {
			continue
		}
		if _, err := l.state(o.draft); err != nil {
			l.log.Error("couldn't state what was not recorded", "kind", o.draft.Kind, "err", err)
		}
	}
}
