// SPDX-License-Identifier: Apache-2.0

package node

import (
	"maps"
	"slices"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/internal/exchange"
	"example.org/parley/internal/link"
	"example.org/parley/internal/store"
	"example.org/parley/record"
	"example.org/parley/wire"
)

// Lane kinds that the node uses, and the first byte of a signal.
const (
	laneSignal  = wire.LaneSignal
	laneUrgent  = wire.LaneUrgent
	laneReceipt = wire.LaneReceipt

	sigCall    = 'c' // call.Signal
	sigStop    = 's' // stop.Copy
	sigStopGot = 'S' // its answer: the far node has it
	sigState   = 'd' // desks, officers, unrecorded: deskState
	sigStateOK = 'D' // its answer
	sigCheck   = 'k' // a check's voice loop
	sigLetters = 't' // call.Letters, and its answer
)

// peerState is what is known of the far node from its sessions and its word.
type peerState struct {
	up      bool // at least one session lives
	run     string
	since   time.Time // of up
	goodbye string
	version string    // of its program, where that knows other kinds of statement than ours
	state   peerDesks // newest state it told
	stateAt time.Time
	told    uint64 // version of the state that we told last
	toldAt  time.Time
	strays  int // receipts taken of statements that are not here

	streams   bool                      // a bulk stream is up
	out       [][]byte                  // messages that it has not taken yet
	list      []byte                    // its list of logs that came before our record was read
	repeating map[record.Place]struct{} // urgent statements of ours whose receipt is awaited
	lost      [2]loss                   // of what we, and they, had stated

	guard   guard
	away    turnedAway
	refused time.Time // when it called a statement of ours unsound

	taking *record.Checked        // a statement that is being taken in
	poison map[wire.Hash]struct{} // those of which this program makes a panic

	left      []string          // its runs that another took the place of, the newest few
	from      map[string]string // of these and of the one that is here, where they came from
	returned  recurs            // one of them came back
	displaced recurs            // it gave our place to another run with our keys
}

// A run that another took the place of never comes back, nor does a living one lose its place to another, but for packets
// that were under way: two nodes that run with the same keys take the line from each other again and again.
type recurs struct {
	n         int // times, each within recurWithin of the one before
	since, at time.Time
}

const (
	recurWithin = time.Minute
	maxRecurs   = 3
	maxLeft     = 8
)

func (r *recurs) add(now time.Time) {
	if now.Sub(r.at) > recurWithin {
		r.n, r.since = 0, now
	}
	r.n, r.at = r.n+1, now
}

// twins are two nodes that run with one party's keys: since when, and the addresses that they come from.
type twins struct {
	Since time.Time `json:"since"`
	From  []string  `json:"from,omitempty"`
}

// twins of the other end, as far as its sessions show them.
func (p *peerState) twins(now time.Time) *twins {
	if !p.returned.stands(now) {
		return nil
	}
	from := slices.Sorted(maps.Values(p.from))
	from = slices.Compact(from)
	return &twins{p.returned.since.UTC().Truncate(time.Second), from[:min(len(from), 3)]}
}

func (r *recurs) stands(now time.Time) bool { return r.n > maxRecurs && now.Sub(r.at) <= recurWithin }

// greeted takes the run of a new session, and where it came from.
func (p *peerState) greeted(run, from string, now time.Time) {
	if from != "" {
		if p.from == nil {
			p.from = map[string]string{}
		}
		p.from[run] = from
	}
	if run == p.run {
		return
	}
	if slices.Contains(p.left, run) {
		p.returned.add(now)
	}
	p.left = append(slices.DeleteFunc(p.left, func(r string) bool { return r == run }), p.run)
	p.left, p.run = p.left[max(0, len(p.left)-maxLeft):], run
	maps.DeleteFunc(p.from, func(r, _ string) bool { return r != run && !slices.Contains(p.left, r) })
}

// fromLink takes one event of the sessions.
func (l *Line) fromLink(ev link.Event) {
	switch ev.Kind {
	case link.SessionUp, link.Greeted:
		l.sessionUp(ev)
	case link.SessionDown:
		if ev.Reason == link.AnotherRun {
			l.peer.displaced.add(l.now)
		}
		if ev.Bye {
			l.peer.goodbye = ev.Reason
			_ = l.calls.do(l.calls.m.Goodbye(l.now))
		}
		l.dirty = true
	case link.StreamUp:
		l.peer.streams, l.peer.out = true, nil
		l.greetStream()
	case link.StreamDown:
		l.peer.streams, l.peer.out, l.peer.list = false, nil, nil
		l.x.StreamDown()
	case link.StreamRoom: // the pump at the end of this step goes on
	case link.Stream:
		ev.Then()
	case link.Lane:
		l.lane(ev.Path, ev.Lane, ev.Payload)
	case link.PathChange:
		l.dirty = true
		l.calls.paths()
	}
}

func (l *Line) sessionUp(ev link.Event) {
	run := ev.Run
	l.log.Debug("session up", "run", run, "from", ev.From, "greeting", string(ev.Greeting))
	if !l.peer.up || l.peer.run != run {
		l.peer.since = l.now
		l.calls.peerRun(run)
	}
	l.peer.greeted(run, ev.From, l.now)
	l.peer.up, l.peer.goodbye, l.peer.version = true, "", otherVersion(ev.Greeting)
	l.calls.m.Wide = saysOf(ev.Greeting)["codecs"] == call.G722 // SPEC: CAL-035
	l.tellCopy()
	l.tellState()
	l.dirty = true
}

// greetStream begins the exchange on a stream that came up, with our list.
func (l *Line) greetStream() {
	if list := l.x.StreamUp(); !l.disk.unread { // a list of nothing would ask for everything
		l.peer.toStream(list)
	}
}

// Bounds of what the peer can make us keep. What is dropped is asked for again: its statement comes again, or its list.
const (
	maxOut      = 4096 // answers that the stream has not taken: a peer that asks and does not read gets no more
	maxStrays   = 4096 // receipts of statements that are not here, in one life of the node
	maxReceipts = 16   // of one statement
)

func (p *peerState) toStream(f wire.Frame) {
	if len(p.out) < maxOut {
		p.out = append(p.out, wire.AppendFrame(nil, f))
	}
}

// maxPumped is how many statements one step of the loop reads back and gives the stream.
const maxPumped = 8

// pump gives the stream what it takes: answers first, then what the peer lacks. SPEC: EXC-006
func (l *Line) pump() {
	if !l.peer.streams {
		return
	}
	for len(l.peer.out) > 0 {
		if !l.link.SendStream(l.peer.out[0]) {
			return
		}
		l.peer.out = l.peer.out[1:]
	}
	for range maxPumped {
		f, e, ok := l.x.Next(l.durable)
		if !ok || !l.link.SendStream(wire.AppendFrame(nil, f)) {
			return
		}
		l.x.Sent(e)
	}
	l.goOn()
}

// lane takes one sealed message of the lane.
func (l *Line) lane(path int, kind byte, b []byte) {
	switch kind {
	case laneUrgent:
		if f, ok := l.x.Fragment(b); ok {
			l.frame(f, path)()
		}
	case laneReceipt:
		rc, err := l.opts.Load().CheckReceipt(b)
		l.receipt(rc, err, path)
	case laneSignal:
		l.signal(path, b)
	}
}

func (l *Line) signal(path int, b []byte) {
	if len(b) == 0 {
		return
	}
	switch b[0] {
	case sigCall:
		l.calls.fromPeer(b[1:])
	case sigLetters:
		l.calls.lettersFromPeer(b[1:])
	case sigStop, sigStopGot:
		l.stops.fromPeer(b[0], b[1:])
	case sigState, sigStateOK:
		l.stateFromPeer(b[0], b[1:])
	case sigCheck:
		l.checks.fromPeer(path, b[1:])
	}
}

// prepare reads a message of the stream and checks what is signed in it, beside the loop; what it gives is for the
// loop. SPEC: NOD-027
func (l *Line) prepare(b []byte) func() {
	f, err := wire.ParseFrame(b)
	if err != nil {
		return func() { l.warn("a message of the stream was dropped", "err", err) }
	}
	return l.frame(f, -1)
}

// frame checks one message of the exchange, by the lane of a path or (-1) by the stream, and gives what it does in the
// loop. It reads nothing that changes.
func (l *Line) frame(f wire.Frame, path int) func() {
	part := f.Parts[0]
	switch f.Kind {
	case wire.FrameEntry:
		facts, text := body(f.Parts[1]), body(f.Parts[2])
		c, err := l.opts.Load().Check(part, facts, text)
		return func() { l.entry(c, err, len(part)+len(facts)+len(text), path) }
	case wire.FrameReceipt:
		rc, err := l.opts.Load().CheckReceipt(part)
		return func() { l.receipt(rc, err, path) }
	case wire.FrameHave:
		return func() { l.have(part) }
	case wire.FrameRefused:
		return func() { l.refused(string(part)) }
	}
	return func() { // FrameWant
		if err := l.x.Wanted(part); err != nil {
			l.warn("the peer asked for logs in a way that cannot be read", "err", err)
		}
	}
}

// have takes the peer's list, once the record has been read.
func (l *Line) have(list []byte) {
	if l.disk.unread {
		l.peer.list = list
		return
	}
	told, err := l.x.TheyHave(list, l.peer.run)
	if err != nil {
		l.warn("the peer's list of logs was dropped", "err", err)
		return
	}
	for _, h := range told.Found {
		l.found(h)
	}
	if told.Lost > 0 {
		l.peer.lost[1].add(l.now, told.Lost)
	}
	for _, g := range told.Unreceipted { // lost with the stream before, or come while its store failed
		if rc := l.newest[g]; rc != nil {
			l.peer.toStream(wire.Frame{Kind: wire.FrameReceipt, Parts: [][]byte{rc.Note()}})
		}
	}
	l.reoffer()
}

// found: what the peer's list shows beyond what it lacks. A peer that holds more of our open log than
// we do has seen another life of this run: the run ends, the next goes on under a new name.
func (l *Line) found(h exchange.Finding) {
	l.warn("the peer's list differs", "log", h.LogID.String(), "why", h.Why)
	if l.run != nil && h.Party == l.cfg.Us.Name && h.Run == l.runName {
		l.endRun("restore")
	}
}

// endRun goes on under a name that nobody has used; sessions go on and greet again under it.
func (l *Line) endRun(why string) {
	l.run, l.runName, l.why = nil, l.newRunName(), why
	l.link.Regreet(l.runName)
}

// refusedFor is how long a refusal is an alarm, and ends no other log of ours.
const refusedFor = time.Hour

// refused: the peer found an entry of ours not sound; that log ends here, and A7 says so. SPEC: NOD-012
func (l *Line) refused(line string) {
	l.warn("the peer refused an entry of ours", "what", line[:min(len(line), 200)])
	if l.run == nil || !strings.Contains(line, l.runName) {
		return
	}
	if l.peer.refused.IsZero() || l.now.Sub(l.peer.refused) > refusedFor { // a peer that lies makes us open no log a statement
		l.endRun("refused")
	}
	l.peer.refused = l.now
}

// entry takes a statement that came over the link, or comes again: as it was checked, or why it is not sound.
// SPEC: EXC-007
func (l *Line) entry(c *record.Checked, err error, bytes, path int) {
	if l.disk.dead != nil {
		return // nothing can be committed: no receipt, so the peer keeps and repeats it
	}
	if err == nil {
		err = l.mayEnter(c, bytes)
	}
	if err == nil {
		err = l.harmless(c)
	}
	var a record.Added
	if err == nil {
		l.peer.taking = c
		a, err = l.rec.AddChecked(c)
		l.peer.taking = nil
	}
	if err != nil {
		if r, ok := isRefusal(err); ok {
			l.peer.toStream(exchange.Refused(r))
		}
		l.turnAway(err)
		l.warn("a statement was not taken", "err", err)
		return
	}
	e := a.Entry
	if a.Evidence != nil {
		l.log.Error("evidence", "log", e.Log.String(), "index", e.Index, "what", e.Evidence)
	}
	fromThem := e.Log.Party == l.cfg.Them.Name
	if a.New && !fromThem {
		l.peer.lost[0].add(l.now, 1)
	}
	if !a.New && !a.Bodies {
		if fromThem {
			l.again(e, path)
		}
		return
	}
	l.saveRoom()
	l.keepEntry(e, store.KindEntry, true, a.Touched, func() {
		if fromThem {
			l.checks.durable(e)
		}
	})
	if fromThem {
		l.got = append(l.got, e)
		l.urgent = l.urgent || path >= 0
	}
}

// maxPoison bounds how many such statements are remembered.
const maxPoison = 64

// poisoned names the statement of which taking in a step was given up, so that it is refused when it comes again.
func (p *peerState) poisoned(l *Line) {
	if p.taking == nil {
		return
	}
	if len(p.poison) >= maxPoison || p.poison == nil {
		p.poison = map[wire.Hash]struct{}{}
	}
	p.poison[p.taking.Ref().Leaf] = struct{}{}
	l.log.Error("a statement is refused from now on: this program cannot take it in", "statement", p.taking.Place().String(), "kind", p.taking.Kind())
	p.taking = nil
}

// harmless refuses what was found to be a poison: its author ends that log there. SPEC: NOD-044
func (l *Line) harmless(c *record.Checked) error {
	if _, bad := l.peer.poison[c.Ref().Leaf]; bad {
		return &record.Refusal{Log: record.LogName{LogID: c.Place().LogID, Genesis: l.cfg.Genesis}, Index: c.Place().Index, Why: "a fault of the program here"}
	}
	return nil
}

func body(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// again answers a statement that came again with the receipt that was given.
func (l *Line) again(e *record.Entry, path int) {
	if !l.durable(e) {
		return // its first receipt is on its way to the disk
	}
	var rc *record.Receipt
	if ours := l.rec.Receipts(e); len(ours) > 0 {
		rc = ours[len(ours)-1]
	}
	if n := l.newest[e.Log.LogID]; rc == nil && n != nil && n.Whole > e.Index {
		rc = n
	}
	if rc == nil {
		l.got = append(l.got, e)
		return
	}
	if path >= 0 {
		l.link.SignalOn(path, laneReceipt, rc.Note()) // by the way it came: a check measures it
		return
	}
	l.sendReceipt(rc, false)
}

// What comes by the stream one by one is answered at once, atOnce times in a span of answerEvery; what comes faster waits
// for the end of the span, and one receipt answers all.
const (
	answerEvery = tickEvery / 2
	atOnce      = 8
)

// answer makes the receipts of what came; none is sent before the entries that it answers are on disk. SPEC: EXC-007
func (l *Line) answer() {
	if l.now.Sub(l.answered).Abs() >= answerEvery {
		l.answered, l.answers = l.now, 0
	}
	if len(l.got) == 0 || !l.urgent && l.answers >= atOnce {
		return
	}
	lane, got := l.urgent, l.got
	l.got, l.urgent, l.answers = nil, false, l.answers+1
	for _, e := range exchange.Answers(l.rec, got) {
		rc, err := l.rec.Receipt(e, l.cfg.Us.Name, l.runName, l.cfg.Sheet, l.now, l.cfg.Key)
		if err != nil {
			l.log.Error("couldn't make a receipt", "err", err)
			continue
		}
		l.tx.receipt(rc)
		l.tx.then(func() {
			l.touch(l.itemsOf(l.rec.ApplyReceipt(rc))...)
			l.keepOurs(rc)
			l.sendReceipt(rc, lane)
		}, nil)
	}
}

func (l *Line) sendReceipt(rc *record.Receipt, lane bool) {
	if lane || !l.peer.streams {
		l.link.Signal(laneReceipt, rc.Note())
		return
	}
	l.peer.toStream(wire.Frame{Kind: wire.FrameReceipt, Parts: [][]byte{rc.Note()}})
}

// receipt takes the peer's receipt for a statement of ours: the step *held*, once it is on our disk.
func (l *Line) receipt(rc *record.Receipt, err error, path int) {
	if l.disk.dead != nil {
		return
	}
	if err != nil || rc.By != l.cfg.Them.Name {
		l.warn("a receipt was dropped", "err", err)
		return
	}
	if _, coming := l.receipts[rc.Leaf()]; coming || l.rec.HasReceipt(rc) {
		l.covered(rc)
		l.checks.receiptBy(path, rc)
		return
	}
	switch e := l.rec.ByRef(rc.Of()); {
	case e == nil && l.peer.strays >= maxStrays, e != nil && len(l.rec.Receipts(e)) >= maxReceipts:
		l.log.Debug("one receipt too many was dropped", "log", rc.Log.String(), "index", rc.Index)
		return
	case e == nil:
		l.peer.strays++
	}
	if !l.peer.guard.take(l.now, len(rc.Note()), true) {
		l.warn("a receipt was not taken", "err", errQuota)
		l.turnAway(errQuota)
		return
	}
	l.receipts[rc.Leaf()] = struct{}{}
	l.tx.receipt(rc)
	l.tx.then(func() {
		delete(l.receipts, rc.Leaf())
		held := l.rec.ApplyReceipt(rc)
		l.touch(l.itemsOf(held)...)
		for _, e := range held {
			l.checks.held(e)
		}
		l.covered(rc)
		l.checks.receiptBy(path, rc)
		l.dirty = true
	}, nil)
}

// covered ends the repetition of what a receipt answers.
func (l *Line) covered(rc *record.Receipt) {
	for p := range l.peer.repeating {
		if p.LogID == rc.Log.LogID && (p.Index == rc.Index || p.Index < rc.Whole) {
			l.link.Done(urgentID(p))
			delete(l.peer.repeating, p)
		}
	}
}
