// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"example.org/parley/wire"
)

// Times by which a path is probed, judged, dialled and called down (spec/link.md).
const (
	clockStep   = 20 * time.Millisecond
	probeEvery  = 100 * time.Millisecond
	probeVoiced = 500 * time.Millisecond // beside voice
	downAfter   = 2 * time.Second
	keepOld     = 3 * time.Second // an old session receives on after its successor's first packet
	dialEvery   = 3 * time.Second
	dialStagger = 250 * time.Millisecond // B lets A go first
	dialLasts   = 12 * time.Second
	dialsAtOnce = 4
	rekeyAfter  = time.Hour
)

// path is one route. Fields without a note are under Link.mu.
type path struct {
	l    *Link
	num  int
	cfg  PathConfig
	bind bind

	lastRx   atomic.Int64            // link clock; 0: never
	knock    atomic.Int64            // of the newest greeting from the path's far address; 0: never
	silent   atomic.Bool             // called down: the next packet must wake it
	leader   atomic.Pointer[session] // where a packet is expected; one of another session may change where B sends
	voiced   atomic.Int64            // when voice last went out
	bytesOut atomic.Uint64

	current  *session   // where we send
	sessions []*session // current and older ones that may still receive
	conns    []*conn
	told     bool // SessionUp was the last told
	epoch    byte

	weHear, theyHear bool
	since            time.Duration
	gen              uint64 // times that the path broke
	report           struct{ heard, at time.Duration }
	goodbye          string
	unfound          error // the peer's host name leads nowhere, or nobody answers there over TCP

	needing  bool
	dialNext time.Duration
	dials    map[int]context.CancelFunc // in flight
	dialled  int                        // ever

	probeNext time.Duration
	otherTurn int
	stamp     struct {
		value uint32
		at    time.Duration
	}
	rtt   time.Duration
	delay struct {
		base, next uint32
		since      time.Duration
		set        bool
		over       time.Duration
	}
	lossOut   float64
	peerAges  [2]time.Duration
	peerAgeAt time.Duration

	repeatBits, repeatPackets bucket

	wide struct {
		next          time.Duration
		sent, acked   uint16 // number of ours; the newest that they got
		got, said     uint16 // the newest of theirs that came; the newest that they say they sent
		lost, missing int    // tries in a row that did not arrive there, and here
	}
	they *wire.Sight // what they last said of the path

	second  time.Duration // when the figures below were last made
	counted struct {
		s      *session
		n, top uint64
		out    uint64
	}
	loss    float64
	bitsOut float64
}

func newPath(l *Link, num int, cfg PathConfig) *path {
	p := &path{l: l, num: num, cfg: cfg, dials: map[int]context.CancelFunc{}, repeatBits: full(256_000), repeatPackets: full(200)}
	p.silent.Store(true)
	return p
}

// clockLoop is the one goroutine that does what is due.
func (l *Link) clockLoop() {
	ticks, stop := l.cfg.Ticker(clockStep)
	defer stop()
	last := l.now()
	for {
		select {
		case <-ticks:
		case <-l.ctx.Done():
			return
		}
		l.locked(func() {
			now := l.now()
			if gap := now - last; gap > time.Second {
				l.stoodStill(gap)
			}
			last = now
			l.tick(now)
		})
	}
}

// stoodStill takes out a time in which we were frozen: what we did not hear in it says nothing of the peer.
// SPEC: LNK-019
func (l *Link) stoodStill(gap time.Duration) {
	for _, p := range l.paths {
		if at := p.lastRx.Load(); at != 0 && !p.silent.Load() {
			p.lastRx.CompareAndSwap(at, at+int64(gap))
			p.report.at += gap
		}
	}
}

func (l *Link) tick(now time.Duration) {
	for _, p := range l.paths {
		p.judge(now)
		p.retire(now)
		p.figures(now)
		p.probeIfDue(now)
		p.dialIfDue(now)
	}
	l.repeatDue(now)
	l.reportDue(now)
	l.bulkDue(now)
}

// judge decides what the path is, and tells who must know.
// SPEC: LNK-013
func (p *path) judge(now time.Duration) {
	l := p.l
	at := time.Duration(p.lastRx.Load())
	weHear := p.current != nil && at != 0 && now-at < downAfter
	theyHear := p.current != nil && p.report.at != 0 && now-p.report.at < downAfter && p.report.heard < downAfter
	p.silent.Store(!weHear)
	if weHear == p.weHear && theyHear == p.theyHear {
		return
	}
	if (p.weHear && !weHear) || (p.theyHear && !theyHear) {
		p.gen++
		if k := l.bulk; k != nil && k.conn.path == p { // the stream moves off the path
			l.endBulk(k)
		}
	}
	returned := weHear && !p.weHear || theyHear && !p.theyHear
	p.weHear, p.theyHear, p.since = weHear, theyHear, now
	l.setOut()
	if returned {
		for _, r := range l.repeats { // all is due on a path that has just returned
			r.next[p.num], r.sent[p.num] = 0, 0
		}
		l.repeatDue(now)
	}
	p.tellChange()
}

func (p *path) tellChange() {
	p.l.queue.put(Event{Kind: PathChange, Path: p.num, WeHear: p.weHear, TheyHear: p.theyHear})
}

// woken is called by a reader at the first packet on a silent path, and at one of another session than the leader.
// SPEC: LNK-014
func (p *path) woken(s *session) {
	p.l.mu.Lock()
	defer p.l.mu.Unlock()
	p.leader.Store(s)
	if !p.l.cfg.IsPartyA && p.current != s {
		p.choose()
	}
	p.judge(p.l.now())
}

// live reports whether at least one end hears the other on the path.
func (p *path) live() bool { return p.current != nil && (p.weHear || p.theyHear) }

// setOut makes the list that voice reads: the live paths, or all with keys where none is live. Under mu.
func (l *Link) setOut() {
	var live, all []*session
	for _, p := range l.paths {
		if p.current == nil {
			continue
		}
		all = append(all, p.current)
		if p.live() {
			live = append(live, p.current)
		}
	}
	if len(live) == 0 {
		live = all
	}
	l.out.Store(&live)
}

// choose takes the best session as current; A ends the connections that lost. Under mu.
func (p *path) choose() {
	var best *session
	for _, s := range p.sessions {
		if s.ready.Load() && (best == nil || s.better(best)) {
			best = s
		}
	}
	p.current = best
	for _, c := range p.conns {
		lost := best != nil && c != best.conn && c.up && (p.l.cfg.IsPartyA || c.run != best.conn.run)
		if lost {
			why, wait := "replaced", time.Duration(0)
			if c.run != best.conn.run {
				why = AnotherRun
			} else if p.cfg.TCP { // its session ends with it, and what they sent last is on the way
				wait = keepOld
			}
			time.AfterFunc(wait, func() {
				var again bool
				p.l.locked(func() { again = p.current == c.sess }) // the other one has failed meanwhile
				if !again {
					c.q.end(codeReplaced, why)
				}
			})
		}
	}
	p.l.setOut()
}

// better orders two sessions of a path. A decides; B sends where it last heard A, so that the ends cannot disagree.
// SPEC: LNK-015
func (s *session) better(o *session) bool {
	a, b, l := s.conn, o.conn, s.path.l
	switch {
	case a.run != b.run && (a.run == l.peerRun) != (b.run == l.peerRun):
		return a.run == l.peerRun
	case !l.cfg.IsPartyA:
		return s.lastRx.Load() > o.lastRx.Load()
	case a.dead != b.dead:
		return b.dead
	case a.gen != b.gen:
		return a.gen > b.gen
	case a.byA != b.byA && (a.born-b.born).Abs() < 10*time.Second:
		return a.byA
	}
	return a.born > b.born
}

// retire wipes sessions whose successor was heard 3 s ago, once they are silent, and never keeps more than six. One that
// is newer than where we send waits for its first packet: the peer may have chosen it and reach us on no path yet.
// SPEC: LNK-006
func (p *path) retire(now time.Duration) {
	if len(p.sessions) < 2 || p.current == nil {
		return
	}
	first := time.Duration(p.current.firstRx.Load())
	left := len(p.sessions)
	p.drop(func(s *session) bool {
		quiet := now-time.Duration(s.lastRx.Load()) > time.Second || now-first > 10*keepOld
		waits := s.born > p.current.born && !s.conn.dead
		old := !waits && first != 0 && now-first > keepOld && quiet && s.ready.Load() || left > 6
		left--
		return s != p.current && old
	})
}

// drop wipes the sessions that are gone.
func (p *path) drop(gone func(*session) bool) {
	p.sessions = slices.DeleteFunc(p.sessions, func(s *session) bool {
		if !gone(s) {
			return false
		}
		s.dead.Store(true)
		p.l.setTable(s, false)
		return true
	})
}

// figures makes loss and bits once a second.
func (p *path) figures(now time.Duration) {
	dt := now - p.second
	if dt < time.Second {
		return
	}
	p.second = now
	out := p.bytesOut.Load()
	p.bitsOut = float64(out-p.counted.out) * 8 / dt.Seconds()
	p.counted.out = out
	s := p.current
	if s == nil {
		return
	}
	n, top := s.rxCount.Load(), s.rxTop.Load()
	if sent := float64(top - p.counted.top); p.counted.s == s && sent > 0 {
		lost := min(max(1-float64(n-p.counted.n)/sent, 0), 1)
		p.loss += (lost - p.loss) * min(1, sent/50)
	}
	p.counted.s, p.counted.n, p.counted.top = s, n, top
}

func (p *path) dialIfDue(now time.Duration) {
	if !p.cfg.Remote.IsValid() && p.cfg.Host == "" || p.l.closed {
		return
	}
	limit := rekeyAfter
	if !p.l.cfg.IsPartyA {
		limit += 5 * time.Minute
	}
	c := p.best() // what saw the path break may hang on what it lost
	was := p.needing
	p.needing = !p.weHear || !p.theyHear || c == nil || c.stale || c.gen < p.gen || now-c.born > limit
	if !p.needing {
		return
	}
	if !was && !p.l.cfg.IsPartyA {
		p.dialNext = max(p.dialNext, now+dialStagger)
	}
	if now >= p.dialNext && len(p.dials) < dialsAtOnce {
		p.dialNext = now + dialEvery
		p.dialled++
		ctx, cancel := context.WithTimeout(p.l.ctx, dialLasts)
		p.dials[p.dialled] = cancel
		n := p.dialled
		to, host := p.cfg.Remote, p.cfg.Host
		if s := p.current; s != nil && p.dialled%2 == 0 && !p.cfg.TCP {
			to, host = *s.remote.Load(), "" // where the peer was last, if its address has changed
		}
		p.l.wg.Go(func() { p.l.dial(ctx, n, p, to, host) })
	}
}

// best is the living connection of the current session, or any.
func (p *path) best() (best *conn) {
	for _, c := range p.conns {
		if c.up && (best == nil || p.current != nil && c == p.current.conn) {
			best = c
		}
	}
	return best
}

// Refused are what came to the line's ports and was not taken, by why, since the link was opened: packets and connections
// without the line's mark (strangers), handshakes under a key that is not the other end's (wrong_keys), packets that are
// altered or of another key (altered), and packets that are late, came twice or are of a session that is over (late).
//
// SPEC: LNK-001 LNK-004
func (l *Link) Refused() map[string]uint64 {
	return map[string]uint64{"strangers": l.strangers.Load(), "wrong_keys": l.wrongKeys.Load(), "altered": l.badTags.Load(), "late": l.stale.Load()}
}

// Paths is the state of every path, in the order of Config.Paths.
func (l *Link) Paths() []wire.PathState {
	l.mu.Lock()
	defer l.mu.Unlock()
	states := make([]wire.PathState, len(l.paths))
	for i, p := range l.paths {
		states[i] = p.state(l.now())
	}
	return states
}

func (p *path) state(now time.Duration) wire.PathState {
	st := wire.PathState{Label: p.cfg.Label, Remote: p.cfg.Remote, Session: p.current != nil, Connected: p.best() != nil,
		WeHear: p.weHear, TheyHear: p.theyHear, Since: p.l.start.Add(p.since), RTTms: float64(p.rtt.Microseconds()/100) / 10, LossPct: p.loss * 100,
		BitsOut: p.bitsOut, Goodbye: p.goodbye}
	if p.bind != nil {
		st.Local = p.bind.addr()
		st.Why = p.bind.down()
		if st.Shut = st.Why != nil; !st.Shut && !p.weHear {
			st.Why = p.unfound
		}
	}
	if p.current != nil {
		st.Remote = *p.current.remote.Load()
	}
	st.NarrowOut, st.NarrowIn, st.They = p.wide.lost >= wideLost, p.wide.missing >= wideLost, p.they
	if at := time.Duration(p.lastRx.Load()); at != 0 {
		st.LastHeard = p.l.start.Add(at)
	}
	if at := time.Duration(p.knock.Load()); at != 0 && !(st.WeHear && st.TheyHear) {
		st.Knocked = p.l.start.Add(at)
	}
	if p.peerAgeAt != 0 {
		st.PeerTickAge = p.peerAges[0] + now - p.peerAgeAt
		st.PeerCommitAge = p.peerAges[1] + now - p.peerAgeAt
	}
	return st
}
