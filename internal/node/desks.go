// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/store"
	"example.org/parley/wire"
)

// Clocks of a desk (rulings: liveness).
const (
	stillThereAfter = 60 * time.Minute // without a key: asked
	stillThereFor   = 5 * time.Minute  // to answer
	tellEvery       = 10 * time.Second
)

// desk is a place where a person can be rung: a terminal or a page.
type desk struct {
	who     act.Who
	on      bool // an officer is signed on
	armed   bool
	turn    int       // among the deputies, from 1: it rings later than the others
	busy    bool      // its person is in a call on another line
	page    string    // of one that is not armed: act.Here, act.Away
	left    bool      // whoever armed it has gone, or its page: a call of it ends, unless it is back soon
	awayAt  time.Time // since when no page of it answers; zero: one does, or it needs none
	sounded bool      // it had sound until then: it is away until that is back
	sound   string    // "ok", or why it has no sound
	source  string    // microphone test-voice none
	lastKey time.Time
	tone    float64 // Hz of a tone that the node makes as its sound, 0 for none
}

// unable reports whether a desk's page is there and its sound does not pass.
func (d *desk) unable() bool { return d.sound == act.CannotSpeak || d.sound == act.CannotHear }

func (d *desk) present(now time.Time) bool {
	return d.on && now.Sub(d.lastKey) < stillThereAfter+stillThereFor
}

// desks are those of this end, by name.
type desks map[string]*desk

// of gives the caller's desk, new if need be.
func (ds desks) of(who act.Who, now time.Time) *desk {
	if who.Desk == "" {
		return &desk{who: who}
	}
	d := ds[who.Desk]
	if d == nil {
		d = &desk{who: who, lastKey: now}
		ds[who.Desk] = d
	}
	return d
}

// touched: a person acted at this desk.
func (ds desks) touched(who act.Who, now time.Time) *desk {
	d := ds.of(who, now)
	d.lastKey, d.left, d.awayAt = now, false, time.Time{}
	return d
}

// armed gives the desks that ring at once, and the deputies, which ring later, in their order; where deputies alone are armed they ring at
// once. SPEC: PAG-079
func (ds desks) armed() (names, deputies []string) {
	for _, n := range sortedKeys(ds) {
		switch {
		case ds[n].armed && ds[n].turn > 0:
			deputies = append(deputies, n)
		case ds[n].armed:
			names = append(names, n)
		}
	}
	slices.SortStableFunc(deputies, func(a, b string) int { return ds[a].turn - ds[b].turn })
	if len(names) == 0 {
		return deputies, nil
	}
	return names, deputies
}

// busy names those whose person is in a call on another line.
func (ds desks) busy() (names []string) {
	for _, n := range sortedKeys(ds) {
		if ds[n].busy {
			names = append(names, n)
		}
	}
	return names
}

// crew counts the desks as they are now; name names who is signed on.
func (ds desks) crew(now time.Time, name func(act.Who) string) (c crew) {
	for _, n := range sortedKeys(ds) {
		d := ds[n]
		if d.armed {
			c.Armed++
		}
		if d.armed && d.sound == act.NoSound {
			c.Silent++
		}
		if d.unable() && c.Unable == "" {
			c.Unable = d.sound
		}
		if !d.present(now) {
			continue
		}
		c.Present++
		if o := name(d.who); o != "" && !slices.Contains(c.Officers, o) {
			c.Officers = append(c.Officers, o)
		}
	}
	return c
}

func (l *Line) signOn(who act.Who) {
	d := l.desks.touched(who, l.now)
	o := l.register().OfficerAt(l.author(who).Officer)
	d.who, d.on = who, o == nil || o.Watches()
	l.desksChanged()
}

func (l *Line) signOff(who act.Who) {
	if d := l.desks[who.Desk]; d != nil {
		if d.nobody(); !who.Stays || !d.armed && !d.unable() && d.page == "" { // one that stays rings and answers on, or says still why it cannot
			d.armed = false
			delete(l.desks, who.Desk)
		}
	}
	l.desksChanged()
}

// nobody is signed on at a desk any more.
func (d *desk) nobody() {
	d.on = false
	d.who.Officer, d.who.Known, d.who.Account = "", "unattributed", ""
}

// noMore signs off whoever is an officer no more. SPEC: PAG-076
func (l *Line) noMore() {
	for _, d := range l.desks {
		if o := l.register().OfficerAt(l.author(d.who).Officer); o != nil && o.Ended != nil {
			d.nobody()
			l.desksChanged()
		}
	}
}

func (l *Line) arm(who act.Who, a act.SetDesk) {
	d := l.desks.of(who, l.now)
	was := d.armed || d.unable()
	same := d.armed == a.Armed && d.sound == a.Sound && d.turn == a.Turn && d.busy == a.Busy && d.page == a.Page
	d.armed, d.sound, d.turn, d.busy, d.page = a.Armed, a.Sound, a.Turn, a.Busy, a.Page
	there := d.armed || d.unable() // one whose sound alone does not pass is there: its call stands, and says that it has no sound
	d.left = !there && d.page == ""
	switch {
	case there, d.page == act.Here && !d.sounded:
		d.awayAt, d.sounded = time.Time{}, false
	case d.awayAt.IsZero() && (was || d.page != act.Here):
		d.awayAt, d.sounded = l.now, was
	}
	if !same {
		l.desksChanged()
	}
}

func (l *Line) desksChanged() {
	l.calls.desks()
	l.tellState()
	l.dirty = true
}

func (l *Line) tickDesks() {
	l.noMore()
	if l.peer.up && l.now.Sub(l.peer.toldAt) >= tellEvery {
		l.say(l.stateBytes())
	}
	heard := slices.ContainsFunc(l.link.Paths(), func(p wire.PathState) bool { return p.WeHear })
	if l.peer.up && !heard {
		l.peer.up = false
		l.peer.since = l.now
		l.calls.paths()
		l.dirty = true
	}
	if !l.peer.up && heard {
		l.peer.up, l.peer.since = true, l.now
		l.tellCopy()
		l.tellState()
		l.dirty = true
	}
}

// carries reports whether the line works in both directions, perhaps each over another path. SPEC: NOD-013
func (l *Line) carries() bool {
	ps := l.link.Paths()
	return slices.ContainsFunc(ps, func(p wire.PathState) bool { return p.WeHear }) &&
		slices.ContainsFunc(ps, func(p wire.PathState) bool { return p.TheyHear })
}

// crew counts our desks.
func (l *Line) crew() crew { return l.desks.crew(l.now, l.officerName) }

// crew is how many desks an end has armed and manned.
type crew struct {
	Armed    int      `json:"armed"`
	Silent   int      `json:"silent,omitempty"` // armed ones without sound: terminals
	Unable   string   `json:"unable,omitempty"` // why a desk whose page is there is not armed: its sound does not pass
	Present  int      `json:"present"`
	Officers []string `json:"officers,omitempty"` // present, by name; at most four are told
}

// peerDesks is what an end tells the other of its desks; it is its word, not a statement.
type peerDesks struct {
	crew
	Version    uint64    `json:"v"`
	Run        string    `json:"run"`
	Muted      bool      `json:"muted,omitempty"`    // the desk of the call that is up has its microphone off
	Records    string    `json:"records,omitempty"`  // of the call that is up: on, or why it is not recorded though it is to be
	Gone       []int     `json:"gone,omitempty"`     // sources of those in the call that is up of whose desk no page answers
	NoSound    bool      `json:"no_sound,omitempty"` // of the call that is up, a direction carries nothing, by this end's count
	Unrecorded time.Time `json:"unrecorded,omitzero"`
	Away       string    `json:"away,omitempty"`  // why not all of the other's statements find room: disk, quota
	Until      time.Time `json:"until,omitzero"`  // when some of it does
	Copy       time.Time `json:"copy,omitzero"`   // when the backup was made that this end was restored from
	Sheet      untaken   `json:"sheet,omitzero"`  // the issue of the other's sheet that this end does not take
	Twins      *twins    `json:"twins,omitempty"` // two nodes run with the other's keys, as this end sees them
}

// maxState is how many bytes an end reads of the other's word on its desks.
const maxState = 512

// tellState tells the peer at once that something about our desks or our store changed; it is
// repeated until the peer has it.
func (l *Line) tellState() {
	l.peer.told++
	if l.link != nil {
		l.repeat("state", l.stateBytes())
		l.peer.toldAt = l.now
	}
}

func (l *Line) stateBytes() []byte {
	s := peerDesks{crew: l.crew(), Version: l.peer.told, Run: l.runName, Gone: slices.Sorted(maps.Keys(l.calls.away[0])), NoSound: l.calls.mute, Muted: l.calls.muted(), Records: l.calls.told,
		Unrecorded: l.disk.since.Truncate(time.Second), Away: l.peer.away.why, Until: l.peer.away.until.Truncate(time.Second), Copy: l.backups.Copy.Truncate(time.Second), Sheet: l.issued.not, Twins: l.peer.twins(l.now)}
	s.Officers = s.Officers[:min(4, len(s.Officers))]
	l.peer.toldAt = l.now
	b, _ := json.Marshal(s)
	for len(b) > maxState && len(s.Officers) > 0 { // a name may be 120
		s.Officers = s.Officers[:len(s.Officers)-1]
		b, _ = json.Marshal(s)
	}
	return append([]byte{sigState}, b...)
}

// say sends a signal once over every live path.
func (l *Line) say(b []byte) { l.link.Signal(laneSignal, b) }

// stateFromPeer takes the peer's word on its desks, or its answer to ours.
func (l *Line) stateFromPeer(op byte, b []byte) {
	if op == sigStateOK {
		if v, k := binary.Uvarint(b); k > 0 && v == l.peer.told {
			l.done("state")
		}
		return
	}
	var s peerDesks
	if len(b) > maxState || json.Unmarshal(b, &s) != nil {
		return
	}
	if s.Unable != act.CannotHear && s.Unable != "" {
		s.Unable = act.CannotSpeak
	}
	if s.Records != "" && s.Records != recordsOn && !slices.Contains(call.RecordFaults, s.Records) {
		s.Records = call.RecordDisk
	}
	if s.Twins != nil {
		s.Twins.From = slices.DeleteFunc(s.Twins.From, func(a string) bool { _, err := netip.ParseAddrPort(a); return err != nil })
	}
	l.say(binary.AppendUvarint([]byte{sigStateOK}, s.Version))
	if s.Run == l.peer.state.Run && s.Version < l.peer.state.Version {
		return // an older word that came late
	}
	if was := l.peer.state; s.Armed != was.Armed || s.Silent != was.Silent || s.Unable != was.Unable || s.NoSound != was.NoSound || s.Muted != was.Muted || s.Records != was.Records || s.Present != was.Present || !s.Unrecorded.Equal(was.Unrecorded) {
		l.dirty = true
	}
	l.peer.state, l.peer.stateAt = s, l.now
	l.calls.absent(1, s.Gone)
}

// restoreLocal takes a local row at the start: what this node alone keeps.
func (l *Line) restoreLocal(r store.Row) {
	switch r.Log {
	case roomKey:
		g := &l.peer.guard
		if err := json.Unmarshal(r.A, &g.room); err != nil {
			l.log.Error("the room of the other party begins anew", "err", err)
		}
		g.saved = g.room[0].Used + g.room[1].Used
	case backupKey:
		if err := json.Unmarshal(r.A, &l.backups); err != nil {
			l.log.Error("when the newest backup was made is not known", "err", err)
		}
		if !l.backups.Copy.IsZero() && l.backups.Told.IsZero() {
			l.why = "restore"
		}
	case uptimeKey:
		if err := json.Unmarshal(r.A, &l.uptime); err != nil {
			l.log.Error("the time that the line carried is counted anew", "err", err)
		}
	case "alarms":
		a, err := alarm.Restore(r.A)
		if err != nil {
			l.log.Error("the alarms begin anew", "err", err)
			return
		}
		a.Join(l.alarms.Set)
		l.alarms.Set = a
	default:
		if id, ok := strings.CutPrefix(r.Log, endKey); ok {
			l.calls.restoreEnd(id, r.A)
		}
	}
}
