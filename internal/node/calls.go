// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.org/parley/call"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/internal/voice"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/words"
)

// Sink is a desk's ear: a browser, through internal/edge/web, or a telephone. It must not block.
type Sink interface {
	// Only is the one codec that the desk speaks, "" where it speaks both (voice.Opus, voice.ULaw).
	Only() string
	// Use says what the desk speaks and hears from now on, before the first frame of it: the codec of a call that begins.
	Use(codec string)
	// WriteAt plays frame n of a speaker of a call: 0 to 3 are the other end's, 4 to 7 our own others.
	WriteAt(call uint32, source byte, n uint32, frame []byte) error
}

// calls joins the machine of a ring-down call with the session, the desks' sound and the record.
// port, live, way and heardAt serve the goroutines of the sound; the machine and what follows it are the loop's.
type calls struct {
	l       *Line
	port    voice.Port
	live    atomic.Pointer[[]speaker] // our desks in the call, whom the other end shows
	theirs  atomic.Uint32             // their sources that may be heard, a bit each: of those whom they named
	way     atomic.Pointer[Link]      // the sessions: the loop replaces them when the clock was stepped
	heardAt atomic.Int64              // newest frame of theirs, Unix nanoseconds
	using   sync.Mutex                // who is in the call, and the codecs of their ears, change together
	taping                            // what is recorded of the sound

	m           *call.Machine
	sinks       map[string]Sink
	voice       uint16 // call number that the sound is open for, 0 for none
	silent      bool
	mute        bool      // no frame goes, or none comes
	sentAt      time.Time // newest frame of ours
	sent        uint64
	held        bool                 // either end holds the call
	leftAt      map[string]time.Time // its desks that are gone, since when
	away        [2]map[int]time.Time // who of ours and of theirs is in it and has no page that answers, by source, since when
	texts       call.Texts           // typed beside the call that is up or was last
	typed       []string             // packets of its lines that are repeated, the oldest first
	lettersOver time.Time            // when it ended
	endTone     func()               // of the tone that is its sound; nil: there is none
	unrecorded  bool                 // of the call that is up or was last: a statement of it failed
}

// speaker is a desk of ours in the call.
type speaker struct {
	desk   string
	sink   Sink // nil: a desk without ears; frames are counted all the same
	source byte
	speaks bool
}

// play gives a frame to a desk's ear. A browser that cannot take it misses it: a late frame is worthless.
func (s *speaker) play(call uint16, source byte, seq uint32, frame []byte) {
	if s.sink != nil {
		_ = s.sink.WriteAt(uint32(call), source, seq, frame)
	}
}

func newCalls(l *Line) *calls {
	c := &calls{l: l, sinks: map[string]Sink{}, leftAt: map[string]time.Time{}}
	c.swept, c.kept = l.now, map[string]record.Draft{}
	c.live.Store(&[]speaker{})
	c.m = &call.Machine{Us: l.cfg.Us.Name, Them: l.cfg.Them.Name, IsPartyA: l.cfg.IsPartyA, Rand: l.cfg.Rand, Meters: c.meters, Down: l.now, Began: l.now}
	return c
}

// onFrame takes a frame of the lane, from its reader: no lock of the loop, no allocation. SPEC: VOX-001
func (c *calls) onFrame(call uint16, source byte, seq uint32, data []byte) {
	now := c.l.cfg.Now()
	if source < voice.Sources && c.theirs.Load()>>source&1 == 0 || !c.port.In(call, source, seq, data, now) {
		return
	}
	c.heardAt.Store(now.UnixNano())
	c.keep(1, source, seq, data, now)
	in := *c.live.Load()
	for i := range in {
		in[i].play(call, source, seq, data)
	}
}

// Microphone takes a frame of a desk's sound, from the goroutine of its edge. It goes out, and to our other desks in the
// call, only while that desk speaks in the call and its gate is open. SPEC: CAL-022
func (l *Line) Microphone(desk string, frame []byte) {
	c := l.calls
	in := *c.live.Load()
	for i := range in {
		me := &in[i]
		if me.desk != desk || !me.speaks {
			continue
		}
		n, seq, ok := c.port.Out(me.source, len(frame))
		if !ok {
			return
		}
		(*c.way.Load()).SendFrame(n, me.source, seq, frame)
		c.keep(0, me.source, seq, frame, l.cfg.Now())
		for j := range in {
			if j != i {
				in[j].play(n, voice.Sources+me.source, seq, frame)
			}
		}
		return
	}
}

// Sound gives a desk its ear, or takes it away (nil).
func (l *Line) Sound(desk string, s Sink) {
	l.post(func() {
		c := l.calls
		if s == nil {
			delete(c.sinks, desk)
		} else {
			c.sinks[desk] = s
		}
		c.admit()
	})
}

// Live says how the call stands, for any goroutine; idle while the line is ending.
func (l *Line) Live() (v call.Live) {
	v.State = call.Idle
	out := make(chan call.Live, 1)
	if l.in(context.Background(), l.looks, func() {
		v := l.calls.m.Live()
		if v.Last != nil {
			last := *v.Last
			v.Last = &last
		}
		out <- v
	}) != nil {
		return v
	}
	select {
	case v = <-out:
	case <-l.gone:
	}
	return v
}

// do does what the machine says; an act that does not fit comes back as an error.
func (c *calls) do(out call.Out) error {
	for _, id := range out.Quiet {
		c.l.done("c" + id)
	}
	for _, s := range out.Send {
		c.send(s)
	}
	if out.Close {
		c.close()
	}
	if out.Open {
		c.open(c.m.Live())
	}
	if out.Changed && c.voice != 0 {
		c.admit()
	}
	for _, d := range out.Drafts {
		c.draft(d)
	}
	c.l.dirty = c.l.dirty || out.Changed
	return out.Err
}

func (c *calls) send(s call.Signal) {
	b, err := s.Encode()
	if err != nil {
		c.l.log.Error("couldn't write a call signal", "err", err)
		return
	}
	b = append([]byte{sigCall}, b...)
	if s.Repeat == "" {
		c.l.say(b)
		return
	}
	c.l.repeat("c"+s.Repeat, b)
}

// draft states what happened; the call goes on whether or not it can be recorded. SPEC: NOD-006
func (c *calls) draft(d record.Draft) {
	if d.Kind == call.KindPlaced || d.Kind == call.KindRang {
		c.unrecorded = false // another call
	}
	if c.awaits(d) {
		return
	}
	c.state(d)
}

func (c *calls) state(d record.Draft) {
	if f, ok := d.Facts.(call.Closed); ok {
		c.forgetEnd(f.Call)
	}
	e, err := c.l.state(d)
	if err != nil {
		c.unrecorded = true
		c.l.later(d, nil)
		return
	}
	c.l.tx.then(func() {}, func(error) {
		c.unrecorded = true
		c.l.later(d, e)
	})
}

func (c *calls) open(live call.Live) {
	c.voice, c.silent, c.mute, c.sent, c.sentAt = live.ID.Voice(), false, false, 0, c.l.now
	c.port.Open(c.voice, live.Codec)
	c.texts.Begin(live.ID)
	for _, id := range c.typed { // of the call before: nobody answers them any more
		c.l.done(id)
	}
	c.typed, c.opened, c.heardOf = nil, c.l.now, c.l.now
	c.heardAt.Store(c.l.now.UnixNano())
	c.held = false
	desk := live.By.Desk
	c.record(live)
	c.tickTape()
	c.admit()
	if c.on.Load() != nil {
		_ = c.do(c.m.Narrow(c.l.now))
	}
	if d := c.l.desks[desk]; d != nil && d.tone > 0 {
		c.endTone = startTone(c.l, desk, d.tone)
	}
	if c.muted() {
		c.l.tellState()
	}
}

// admit gives the sound of the call that is up to the desks that both ends show in it, in its codec, and takes it from all
// others; on hold no frame goes either way.
func (c *calls) admit() {
	v := c.m.Live()
	in, theirs := []speaker{}, uint32(0)
	if c.voice != 0 && v.State == call.Connected {
		c.breakOff(v, v.Side[0].People, v.Side[1].People)
		for _, p := range v.Side[0].People {
			in = append(in, speaker{p.Desk, c.sinks[p.Desk], byte(p.Source), p.Speaks})
		}
		for _, p := range v.Side[1].People {
			if p.Speaks {
				theirs |= 1 << p.Source
			}
		}
		if held := !v.Side[0].Held.IsZero() || !v.Side[1].Held.IsZero(); held != c.held {
			c.held = held
			c.port.Allow(c.voice, !held, !held)
			c.paused()
		}
	}
	if r := c.on.Load(); len(in) > 0 && c.port.Use(v.Codec) && r != nil {
		r.Use(v.Codec)
		c.said.Store(new(voice.Recall)) // what was said before is of the other codec
	}
	c.using.Lock()
	for _, s := range in {
		if s.sink != nil {
			s.sink.Use(v.Codec)
		}
	}
	c.theirs.Store(theirs)
	before := *c.live.Swap(&in)
	c.using.Unlock()
	for desk := range c.replays {
		if !slices.ContainsFunc(in, func(s speaker) bool { return s.desk == desk }) {
			c.quiet(desk) // who has left the call hears it no more
		}
	}
	for _, s := range in {
		if !slices.ContainsFunc(before, func(was speaker) bool { return was.sink == s.sink }) {
			c.announce(s)
		}
	}
	for _, was := range before {
		if was.sink != nil && !slices.ContainsFunc(in, func(s speaker) bool { return s.sink == was.sink }) {
			was.sink.Use(voice.Opus)
		}
	}
}

func (c *calls) close() {
	if c.endTone != nil {
		c.endTone()
		c.endTone = nil
	}
	c.port.Close(c.l.now)
	c.recorded()
	was := c.muted()
	v := c.m.Live()
	if v.Last != nil {
		v = *v.Last
	}
	c.breakOff(v, nil, nil)
	c.lettersOver = c.l.now
	if c.voice = 0; was {
		c.l.tellState()
	}
	c.admit()
	c.setMute(false)
}

// meters are this end's figures for call.closed.
func (c *calls) meters() call.Counts {
	m := c.port.Meters(c.l.now)
	return call.Counts{Sent: int(m.Sent), Received: int(m.Received), Lost: int(m.Lost), GapMS: m.LongestGapMS}
}

// orphans closes the calls that this party began and never closed: its node stopped in them, or just after, and then states
// how they ended.
func (l *Line) orphans() {
	c := l.calls
	for _, s := range l.callStates() {
		d, open := call.Orphan(s, l.cfg.Us.Name, l.now)
		end, kept := c.kept[s.Call]
		if kept {
			d = end
		}
		if open {
			c.left(d)
		} else {
			c.forgetEnd(s.Call)
		}
	}
}

// silence is how long nothing may come before the call says that it is silent.
const silence = 5 * time.Second

// Both ends must see within three seconds that a call has no sound, or that its desk is gone. A desk of which a page is being
// loaded, or sound still comes, is away and not gone.
const (
	muteAfter = 2500 * time.Millisecond // without a frame
	comeBack  = 2 * time.Second         // for the desk of a call, since it was away
	goneFor   = 500 * time.Millisecond  // at least, however long it was away
)

// setMute keeps whether the call has sound, and tells the other end when that changes. SPEC: CAL-019
func (c *calls) setMute(mute bool) {
	if c.mute != mute {
		c.mute = mute
		c.l.tellState()
		c.l.dirty = true
	}
}

// muted reports whether the desk of the call that is up has its microphone off. SPEC: PAG-048
func (c *calls) muted() bool {
	d := c.l.desks[c.m.Live().By.Desk]
	return c.voice != 0 && d != nil && d.sound == act.Muted
}

// absent keeps who of an end is in the call that is up without a page that answers; the other end is told of ours.
func (c *calls) absent(end int, sources []int) {
	now := map[int]time.Time{}
	for _, s := range sources {
		now[s] = cmp.Or(c.away[end][s], c.l.now)
	}
	if was := c.away[end]; !maps.Equal(was, now) {
		if c.away[end], c.l.dirty = now, true; end == 0 {
			c.l.tellState()
		}
	}
}

// vacant ends what a desk of ours has left that is gone for good: its ring, its part in the call, or the call. Who is away
// meanwhile is shown at both ends.
//
// SPEC: CAL-020 CAL-023
func (c *calls) vacant() {
	v := c.m.Live()
	desks, away := []string{v.By.Desk}, []int(nil)
	if v.State == call.Connected {
		desks = nil
		for _, p := range v.Told() {
			desks = append(desks, p.Desk)
			if d := c.l.desks[p.Desk]; d != nil && !d.awayAt.IsZero() {
				away = append(away, p.Source)
			}
		}
	}
	c.absent(0, away)
	left := map[string]time.Time{}
	for _, desk := range desks {
		d := c.l.desks[desk]
		if desk == "" || v.State == call.Idle || v.State == call.RingingHere || d != nil && !d.left {
			continue
		}
		left[desk] = cmp.Or(c.leftAt[desk], c.l.now)
		away := left[desk]
		if d != nil {
			away = d.awayAt
		}
		switch over := c.l.now.Sub(away) >= comeBack && c.l.now.Sub(left[desk]) >= goneFor; {
		case over && v.State == call.Connected:
			_ = c.do(c.m.Gone(desk, c.l.now))
		case over:
			_ = c.do(c.m.Broken(call.CauseMedia, c.l.now))
		}
	}
	c.leftAt = left
	for _, p := range v.Side[0].People { // SPEC: CAL-036
		if c.m.Live().State == call.Connected && !hears(c.sinks[p.Desk], v.Codec) {
			_ = c.do(c.m.Gone(p.Desk, c.l.now))
		}
	}
}

func (c *calls) tick() {
	c.vacant()
	c.tickTape()
	if c.voice != 0 && c.held { // nothing is expected
		c.sentAt = c.l.now
		c.heardAt.Store(c.l.now.UnixNano())
		c.setMute(false)
	} else if c.voice != 0 {
		if n := c.port.Meters(c.l.now).Sent; n != c.sent {
			c.sent, c.sentAt = n, c.l.now
		}
		unheard := c.l.now.Sub(time.Unix(0, c.heardAt.Load()))
		c.setMute(unheard > muteAfter || c.l.now.Sub(c.sentAt) > muteAfter)
		quiet := unheard > silence
		if quiet != c.silent {
			c.silent = quiet
			_ = c.do(c.m.Hears(c.voice, !quiet, c.l.now))
		}
		c.l.dirty = true // meters move
	}
	_ = c.do(c.m.Tick(c.l.now))
	c.sendLetters()
}

func (c *calls) fromPeer(b []byte) {
	s, err := call.Decode(b)
	if err != nil {
		c.l.warn("a call signal was dropped", "err", err)
		return
	}
	_ = c.do(c.m.Got(s, c.l.now))
}

func (c *calls) desks() {
	armed, deputies := c.l.desks.armed()
	_ = c.do(c.m.Desks(armed, c.l.desks.busy(), deputies, c.l.now))
}

func (c *calls) paths() { _ = c.do(c.m.Line(c.l.carries(), c.l.now)) }

func (c *calls) peerRun(run string) { _ = c.do(c.m.PeerRun(run, c.l.now)) }

var callActs = []handler{
	on((*Line).ring), on((*Line).answerCall), on((*Line).decline), on((*Line).hangUp), on((*Line).classCall), on((*Line).joinCall),
	on((*Line).hold, act.Hold), on((*Line).resume, act.Resume), on((*Line).waitFor), on((*Line).handOver), on((*Line).typeLine), on((*Line).replay, act.Replay),
}

func (l *Line) ring(who act.Who, lang string, a act.Ring) (act.Reply, error) {
	only, err := l.only(who, a.Sound)
	if err != nil {
		return act.Reply{}, err
	}
	return l.callReply(who, lang, l.calls.do(l.calls.m.Ring(l.author(who), a.Class, l.mark(a.Mark), a.Priority, only, l.now)))
}

// callReply says in words how the call stands after an act, or how it ended; whether or not it can be recorded,
// the session has said it.
func (l *Line) callReply(who act.Who, lang string, err error) (act.Reply, error) {
	in := l.at(l.outline(), who.Desk)
	l.tx.draw = func(_ context.Context, recorded bool) (act.Reply, error) {
		c := view.Build(in, lang).Call
		r := act.Reply{Text: c.Word}
		if c.State == "ended" && c.OutcomeWas != "" {
			r.Text = c.OutcomeWas
		}
		if !recorded {
			r.Text += "; " + words.Say(lang, "UNRECORDED HERE")
		}
		return r, nil
	}
	return act.Reply{}, err
}

func (l *Line) answerCall(who act.Who, lang string, a act.Answer) (act.Reply, error) {
	only, err := l.only(who, a.Sound)
	if err != nil {
		return act.Reply{}, err
	}
	if err := l.calls.is(a.Call); err != nil {
		return act.Reply{}, err
	}
	if l.calls.m.Live().State != call.RingingHere && l.checks.ringing() {
		return act.Reply{Text: words.Say(lang, "the check's ring is answered: its question is on the desk")}, l.answerCheck(who)
	}
	return l.callReply(who, lang, l.calls.do(l.calls.m.Answer(l.author(who), only, l.now)))
}

// is refuses an act on a call that is current no more.
func (c *calls) is(id string) error {
	if id != "" && id != c.m.Live().ID.String() {
		return call.ErrNoCall
	}
	return nil
}

func (l *Line) decline(who act.Who, lang string, a act.Decline) (act.Reply, error) {
	if err := l.calls.is(a.Call); err != nil {
		return act.Reply{}, err
	}
	if l.calls.m.Live().State != call.RingingHere && l.checks.ringing() {
		a := act.CheckConfirm{Decline: true}
		if err := l.may(who, a); err != nil {
			return act.Reply{}, err
		}
		return l.checkConfirm(who, lang, a)
	}
	return l.callReply(who, lang, l.calls.do(l.calls.m.Decline(l.author(who), a.Reason, a.StandBy, l.now)))
}

func (l *Line) hangUp(who act.Who, lang string, a act.HangUp) (act.Reply, error) {
	if err := l.calls.is(a.Call); err != nil {
		return act.Reply{}, err
	}
	return l.callReply(who, lang, l.calls.do(l.calls.m.HangUp(l.author(who), a.Class, l.now)))
}

// only takes what a desk speaks with: a browser's microphone or test voice, a telephone, a tone that the node itself makes
// (tone HZ), or nothing; and gives the one codec that it speaks, if it is one. SPEC: CAL-021
func (l *Line) only(who act.Who, s string) (codec string, err error) {
	d := l.desks.of(who, l.now)
	d.tone = 0
	if s == "microphone" || s == "headset" || s == "test-voice" {
		d.source = s
	}
	switch {
	case s == "telephone "+voice.G722 && !l.disk.unread && !l.terms(l.now).Policy.Record: // what is recorded is G.711
		return voice.G722, nil
	case s == "telephone" || strings.HasPrefix(s, "telephone "):
		return voice.ULaw, nil
	}
	hz, tone := strings.CutPrefix(s, "tone ")
	if sink := l.calls.sinks[who.Desk]; !tone && sink != nil {
		return sink.Only(), nil
	} else if !tone {
		return "", nil
	}
	f, err := strconv.ParseFloat(hz, 64)
	if err != nil || f < 100 || f > 3900 {
		return "", hint.New("such as: --sound 'tone 440'", "a tone is between 100 and 3900 Hz")
	}
	d.tone = f
	return voice.ULaw, nil
}

// startTone sends a tone as a desk's sound, one frame every 20 ms, until end is called.
func startTone(l *Line, desk string, hz float64) (end func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(voice.FrameTime)
		defer tick.Stop()
		tone := voice.Tone{Hz: hz, LevelDB: -12}
		var buf [voice.FrameBytes]byte
		for n := uint32(0); ; n++ {
			select {
			case <-quit:
				return
			case <-tick.C:
				tone.Frame(n, &buf)
				l.Microphone(desk, buf[:])
			}
		}
	}()
	return func() { close(quit); <-gone }
}

// joinCall brings a desk of ours into the call. SPEC: CAL-022
func (l *Line) joinCall(who act.Who, lang string, a act.Join) (act.Reply, error) {
	if err := l.calls.fits(who.Desk); err != nil {
		return act.Reply{}, err
	}
	return l.callReply(who, lang, l.calls.do(l.calls.m.Join(l.author(who), a.As, a.Listen, l.now)))
}

// fits reports why a desk of ours cannot be in the call that is up.
func (c *calls) fits(desk string) error {
	d, v := c.l.desks[desk], c.m.Live()
	if d == nil || !d.armed {
		return call.ErrNoDesk
	}
	if v.State == call.Connected && !hears(c.sinks[desk], v.Codec) {
		return call.ErrCodec
	}
	return nil
}

// hears reports whether a desk's ear hears a codec; a call in G.722 is one in G.711 for who joins it.
func hears(s Sink, codec string) bool {
	return s == nil || s.Only() == "" || s.Only() == codec || s.Only() == voice.ULaw && codec == voice.G722
}

// Narrow makes a call in G.722 one in G.711: a telephone of ours has a key pressed, or hears G.722 no more.
func (l *Line) Narrow() { l.post(func() { _ = l.calls.do(l.calls.m.Narrow(l.now)) }) }

// changes reports whether the call can change to the codec of a telephone of ours: every desk of ours in it speaks that too.
// SPEC: CAL-021
func (c *calls) changes(desk string) bool {
	ok := c.sinks[desk].Only() == voice.ULaw
	for _, s := range *c.live.Load() {
		ok = ok && (s.sink == nil || s.sink.Only() != voice.Opus)
	}
	return ok
}

// hold and resume. SPEC: CAL-024
func (l *Line) hold(who act.Who, lang string, _ act.Plain) (act.Reply, error) {
	return l.callReply(who, lang, l.calls.do(l.calls.m.Hold(l.author(who), l.now)))
}

func (l *Line) resume(who act.Who, lang string, _ act.Plain) (act.Reply, error) {
	return l.callReply(who, lang, l.calls.do(l.calls.m.Resume(l.author(who), l.now)))
}

func (l *Line) waitFor(who act.Who, lang string, a act.Waiting) (act.Reply, error) {
	return l.callReply(who, lang, l.calls.do(l.calls.m.Waiting(l.author(who), a.For, l.now)))
}

// handOver gives the call to another desk of ours. SPEC: CAL-025
func (l *Line) handOver(who act.Who, lang string, a act.HandOver) (act.Reply, error) {
	if err := l.calls.fits(a.Desk); err != nil && !(errors.Is(err, call.ErrCodec) && l.calls.changes(a.Desk)) {
		return act.Reply{}, err
	}
	return l.callReply(who, lang, l.calls.do(l.calls.m.HandOver(l.author(who), a.Desk, l.now)))
}

// classCall states later what class a call was, or a message of theirs.
func (l *Line) classCall(who act.Who, _ string, a act.Class) (act.Reply, error) {
	e, err := l.find(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	if m, ok := fold[message.State](l, l.rec.ItemOf(e)); ok && m.Begin != nil {
		return l.reply(message.ClassDraft(m, l.actor(who), a.Class))
	}
	s, ok := fold[call.State](l, l.rec.ItemOf(e))
	if !ok || s.Call == "" {
		return act.Reply{}, hint.New("see: parley calls, parley log", "%s is neither a call nor a message", a.ID)
	}
	d, err := call.ClassDraft(l.cfg.Us.Name, s, a.Class, l.author(who))
	return l.reply(d, err)
}
