// SPDX-License-Identifier: Apache-2.0

package link

import (
	"encoding/binary"
	"time"

	"example.org/parley/wire"
)

// How often a packet of full size is tried on a path, and each end tells what it sees of all; sooner while something is amiss.
const (
	wideEvery = 10 * time.Second
	wideAgain = 2 * time.Second
	wideLost  = 4 // tries in a row
	never     = 65535 * time.Second
)

// narrow reports whether packets of full size do not pass: probes do, and bulk and a FLASH do not. Under mu.
func (p *path) narrow() bool { return p.wide.lost >= wideLost || p.wide.missing >= wideLost }

// reportDue tries packets of full size, and tells the peer what we see of each path, over all that are heard. Under mu.
// SPEC: LNK-046 LNK-047
func (l *Link) reportDue(now time.Duration) {
	every := wideEvery
	for _, p := range l.paths {
		if whole := p.weHear && p.theyHear; !whole || p.narrow() {
			if every = wideAgain; !whole {
				continue
			}
		}
		if w := &p.wide; !p.cfg.TCP && now >= w.next {
			if w.lost++; w.acked == w.sent || p.they == nil {
				w.lost = 0
			}
			if w.sent++; w.sent == 0 {
				w.sent++
			}
			if w.next = now + wideAgain; w.lost == 0 && w.acked+1 == w.sent && w.acked != 0 {
				w.next = now + wideEvery
			}
			var body [wire.LanePayload + 1]byte
			body[0] = wire.LaneWide
			binary.BigEndian.PutUint16(body[1:], w.sent)
			p.current.send(body[:], nil)
			l.reportNext = 0
		}
	}
	if now < l.reportNext {
		return
	}
	l.reportNext = now + every
	body := l.report(now)
	for _, p := range l.paths {
		if p.live() {
			p.current.send(body, nil)
		}
	}
}

func (l *Link) report(now time.Duration) []byte {
	var seen []wire.Sight
	for _, p := range l.paths {
		s := wire.Sight{Label: p.cfg.Label, Hears: p.weHear, Deaf: p.bind.down() != nil, Sent: p.wide.sent, Got: p.wide.got, Heard: never, Knocked: never}
		if p.current != nil {
			s.From = *p.current.remote.Load()
		}
		if at := time.Duration(p.lastRx.Load()); at != 0 {
			s.Heard = now - at
		}
		if at := time.Duration(p.knock.Load()); at != 0 {
			s.Knocked = now - at
		}
		seen = append(seen, s)
	}
	return wire.AppendReport(nil, seen)
}

// wide takes a packet of full size: the peer is told soon that it came.
func (l *Link) wide(s *session, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(body) == wire.LanePayload+1 {
		s.path.wide.got, l.reportNext = binary.BigEndian.Uint16(body[1:]), 0
	}
}

// reported takes what the peer sees of the paths, by their labels. Of its tries the one before is judged: the report of the
// newest may have come by a faster path.
func (l *Link) reported(seen []wire.Sight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.paths {
		for _, s := range seen {
			if s.Label != p.cfg.Label {
				continue
			}
			w := &p.wide
			if w.acked = s.Got; w.acked == w.sent {
				w.lost = 0
			}
			if s.Sent != w.said {
				if w.missing++; w.said == 0 || w.got == w.said || w.got == s.Sent {
					w.missing = 0
				}
				w.said = s.Sent
			}
			s.At = l.cfg.Now()
			p.they = &s
		}
	}
}
