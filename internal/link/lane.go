// SPDX-License-Identifier: Apache-2.0

package link

import (
	"bytes"
	"crypto/rand"
	"net/netip"
	"time"

	"example.org/parley/internal/fault"
	"example.org/parley/wire"
)

// receive takes one datagram that looks like a lane packet. It runs in the reader of via and is the whole way in:
//
//  1. header, index, epoch, replay window: no crypto, no answer, for anything that does not fit
//  2. open in place; a bad tag is counted and ends nothing
//  3. count, wake the path, watch the address
//  4. voice straight to the node's callback; the link's own kinds; the rest as an event
//
// SPEC: LNK-001 NOD-044
func (l *Link) receive(via lane, pkt []byte, from netip.AddrPort) {
	defer fault.Caught(l.log, "a packet of the other end")
	epoch, index, counter, ok := wire.ParseLaneHeader(pkt)
	if !ok {
		l.stale.Add(1)
		return
	}
	s := (*l.table.Load())[index]
	if s == nil || s.via != via || s.epoch != epoch || s.dead.Load() || !s.window.fresh(counter) {
		l.stale.Add(1)
		return
	}
	nonce(s.rxNonce[:], &s.rxIV, counter)
	body, err := s.rx.Open(pkt[wire.LaneHeader:wire.LaneHeader], s.rxNonce[:], pkt[wire.LaneHeader:], pkt[:wire.LaneHeader])
	if err != nil {
		l.badTags.Add(1)
		return
	}
	now := l.now()
	newest := s.window.take(counter)
	s.heard(now, counter)
	if newest {
		s.watchAddress(from, len(pkt), now)
	}
	// SPEC: LNK-009
	if c := s.capOf(body); !c.packets.take(now, 1) || !c.bits.take(now, float64(8*(len(pkt)+overhead(from)))) {
		return
	}
	l.dispatch(s, body, from, newest, now)
}

// heard counts an authentic packet; the first one on a silent path wakes it.
func (s *session) heard(now time.Duration, counter uint64) {
	p := s.path
	p.lastRx.Store(int64(now))
	s.rxCount.Add(1)
	s.rxTop.Store(max(s.rxTop.Load(), counter))
	s.lastRx.Store(int64(now))
	if s.firstRx.Load() == 0 {
		s.firstRx.Store(int64(now))
	}
	if p.silent.Load() || p.leader.Load() != s {
		p.woken(s)
	}
}

func (l *Link) dispatch(s *session, body []byte, from netip.AddrPort, newest bool, now time.Duration) {
	switch kind := body[0]; kind {
	case wire.LaneVoice:
		if v, err := wire.ParseVoice(body); err == nil {
			l.frames(&v)
		}
	case wire.LaneProbe:
		if pr, err := wire.ParseProbe(body); err == nil && newest {
			l.probed(s, pr, now)
		}
	case wire.LaneChallenge:
		if len(body) == 9 {
			body[0] = wire.LaneResponse
			s.send(body, &from)
		}
	case wire.LaneResponse:
		if c := &s.candidate; len(body) == 9 && c.addr == from && c.addr.IsValid() && bytes.Equal(body[1:], c.token[:]) {
			l.moved(s, from)
			c.addr = netip.AddrPort{}
		}
	case wire.LaneWide:
		l.wide(s, body)
	case wire.LaneReport:
		if seen, err := wire.ParseReport(body); err == nil && newest {
			l.reported(seen)
		}
	case wire.LaneBye:
		l.bye(s, printable(body[1:]))
	default:
		if kind >= wire.LaneSignal && s.up.Load() {
			l.queue.put(Event{Kind: Lane, Path: s.path.num, Lane: kind, Payload: bytes.Clone(body[1:])})
		}
	}
}

const challengeSize = wire.LaneHeader + 9 + wire.LaneTag

// SPEC: LNK-008
func (s *session) watchAddress(from netip.AddrPort, n int, now time.Duration) {
	if *s.remote.Load() == from {
		return
	}
	c := &s.candidate
	if c.addr != from {
		c.addr, c.in, c.out, c.lastSent = from, 0, 0, now-time.Second
		rand.Read(c.token[:])
	}
	c.in += n
	if now-c.lastSent < 200*time.Millisecond || c.out+challengeSize > 3*c.in {
		return
	}
	c.lastSent = now
	c.out += challengeSize
	s.send(append([]byte{wire.LaneChallenge}, c.token[:]...), &from)
}

// moved takes a proven address. The QUIC connection may hang on the old one: it is replaced.
func (l *Link) moved(s *session, to netip.AddrPort) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.remote.Store(&to)
	if s.path.current == s {
		s.path.gen++ // what is made from now on is better
		s.conn.stale = true
		s.path.tellChange()
	}
}

// probed takes what the peer says of itself and of what it hears.
func (l *Link) probed(s *session, pr wire.Probe, now time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := s.path
	p.report.heard, p.report.at = pr.Heard, now
	if q := l.pathByLow(pr.Other); q != nil && q != p && now-q.report.at > probeEvery {
		q.report.heard, q.report.at = pr.OtherHeard, now
		q.judge(now)
	}
	p.stamp.value, p.stamp.at = pr.Stamp, now
	if pr.Hold < 6*time.Second && pr.Echo != 0 {
		if rtt := wire.StampAge(wire.Stamp(now), pr.Echo) - pr.Hold; rtt >= 0 {
			if p.rtt == 0 {
				p.rtt = rtt
			}
			p.rtt += (rtt - p.rtt) / 8
		}
	}
	p.delayed(wire.Stamp(now)-pr.Stamp, now)
	p.peerAges, p.peerAgeAt = [2]time.Duration{pr.Tick, pr.Commit}, now
	p.lossOut = float64(pr.Loss) / 255
	l.clock = time.Unix(int64(pr.Clock), 0).UTC()
	l.voiceTx.told(pr.Voice, pr.Queue)
	p.judge(now)
}

func (l *Link) pathByLow(low byte) *path {
	for index, s := range *l.table.Load() {
		if low != 0 && byte(index) == low {
			return s.path
		}
	}
	return nil
}

// probeIfDue sends a probe on the path's current session. Under mu.
// SPEC: LNK-010
func (p *path) probeIfDue(now time.Duration) {
	if p.current == nil || now < p.probeNext {
		return
	}
	if now-time.Duration(p.voiced.Load()) < probeEvery && now < p.probeNext+probeVoiced-probeEvery {
		return
	}
	p.probeNext += probeEvery
	if p.probeNext <= now {
		p.probeNext = now + probeEvery
	}
	var buf [wire.ProbeSize]byte
	p.current.send(wire.AppendProbe(buf[:0], p.probe(now)), nil)
}

func (p *path) probe(now time.Duration) wire.Probe {
	l := p.l
	pr := wire.Probe{
		Heard: now - time.Duration(p.lastRx.Load()), Stamp: wire.Stamp(now), Echo: p.stamp.value, Hold: now - p.stamp.at,
		Tick: l.ages[0] + now - l.agesAt, Commit: l.ages[1] + now - l.agesAt, Clock: uint32(l.cfg.Now().Unix()),
		Loss: byte(p.loss * 255), Voice: byte(l.voiceRx.said.Load()), Queue: p.delay.over,
	}
	p.otherTurn++
	for i := range l.paths {
		if q := l.paths[(i+p.otherTurn)%len(l.paths)]; q != p && q.current != nil {
			pr.Other, pr.OtherHeard = byte(q.current.txIndex), now-time.Duration(q.lastRx.Load())
			break
		}
	}
	return pr
}

// delayed follows the one-way delay over its least of the last 10–20 s; the two clocks need not agree.
func (p *path) delayed(diff uint32, now time.Duration) {
	d := &p.delay
	if !d.set || wire.StampAge(diff, d.base).Abs() > time.Minute {
		d.base, d.next, d.since, d.set = diff, diff, now, true
	}
	if wire.StampAge(diff, d.base) < 0 {
		d.base = diff
	}
	if wire.StampAge(diff, d.next) < 0 {
		d.next = diff
	}
	if now-d.since > 10*time.Second {
		d.base, d.next, d.since = d.next, diff, now
	}
	d.over = wire.StampAge(diff, d.base)
}

// bye ends what the peer said it ends: its sessions of that run on this path.
func (l *Link) bye(s *session, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := s.path
	p.left(s.conn.run, reason)
	for _, c := range p.conns {
		if c.run == s.conn.run {
			c.bye, c.why = true, reason
			go c.q.end(codeBye, "")
		}
	}
}

// left forgets the sessions of a run that said goodbye. Under mu.
func (p *path) left(run, reason string) {
	p.goodbye = reason
	p.drop(func(s *session) bool { return s.conn.run == run })
	p.choose()
	p.judge(p.l.now())
}
