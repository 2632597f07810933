// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"example.org/parley/call"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/recording"
	"example.org/parley/internal/store"
	"example.org/parley/internal/view"
	"example.org/parley/internal/voice"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// taping is what this end records of the call that is up, where the terms in force when its sound was opened say so.
type taping struct {
	on      atomic.Pointer[recording.Recorder] // for the goroutines of the sound; nil: nothing is recorded
	ended   map[string]*recording.Recorder     // of calls whose end is not stated yet
	closing map[string]func(*call.Recording)   // of these, what states the end of those that wait for their recording
	kept    map[string]record.Draft            // how those ended, on the disk too: of calls before the node was killed, as it is to be stated
	opened  time.Time                          // when the sound of the call that is up was
	agreed  bool                               // of that call
	barred  bool                               // of that call: no terms of about its time say that it is recorded
	waits   string                             // why its recording has not begun yet, though it may be to be recorded
	heardOf time.Time                          // when the other end said last how its recording goes, or had not to
	told    string                             // how the recording goes, as the other end was told
	stays   string                             // why what is to be erased is not: the key of its words
	said    atomic.Pointer[voice.Recall]       // of theirs, in memory; nil where nothing is recorded
	replays map[string]chan struct{}           // desks that hear it again, and what ends that
	turn    byte                               // of replays: each has speakers of its own
	newest  *recording.Recorder                // of this call, or the one before
	swept   time.Time                          // when was last looked for what is to be erased
}

// How an end tells the other that it records; else the word of a fault, "" where nothing is to be recorded.
const recordsOn = "on"

// ours says how our recording goes.
func (t *taping) ours(now time.Time) string {
	r := t.on.Load()
	if r == nil {
		return t.waits
	}
	if why := r.Fault(now); why != "" {
		return why
	}
	return recordsOn
}

// keep gives a frame to the recorder. It waits for nothing. SPEC: RCD-005
func (c *calls) keep(side, source byte, seq uint32, data []byte, at time.Time) {
	if len(data) == voice.WideBytes { // of a call that becomes one in G.711
		return
	}
	if r := c.on.Load(); r != nil {
		r.Frame(side, source, seq, data, at)
	}
	if r := c.said.Load(); r != nil && side == 1 {
		r.Keep(source, seq, data, at)
	}
}

// record begins the recording of the call whose sound is open, and says so to who hears it. What the terms are is not known
// before the record is read: until then nothing is recorded, and that is said. SPEC: RCD-001 RCD-006 RCD-009
func (c *calls) record(live call.Live) {
	c.waits = ""
	if c.l.disk.unread {
		c.waits = call.RecordUnread
		return
	}
	at := func(d time.Duration) bool { return c.l.terms(c.opened.Add(d)).Policy.Record }
	if c.agreed = at(0); !c.agreed {
		c.barred = !at(-clockApart) && !at(clockApart) // their clock may differ so much from ours
		return
	}
	if c.newest != nil && !c.newest.Over() {
		c.waits = call.RecordHangs
		return
	}
	o := c.l.cfg.Recording
	o.Us, o.Them, o.Now = c.l.cfg.Us.Name, c.l.cfg.Them.Name, c.l.cfg.Now
	c.newest = recording.Start(o, live.ID.String(), live.Codec, c.opened)
	c.on.Store(c.newest)
	c.said.Store(new(voice.Recall))
	for _, s := range *c.live.Load() {
		c.announce(s)
	}
}

// The tone that says at a telephone that a call is recorded; a page plays one of its own.
const (
	saidHz     = 1400
	saidFrames = 25
	saidAs     = 2 * voice.Sources // no speaker's: the tone's numbers would leave his own no place
)

// announce plays the tone to a desk that has come into a call that is recorded, if it is a telephone. SPEC: RCD-009
func (c *calls) announce(s speaker) {
	if c.on.Load() == nil || s.sink == nil || s.sink.Only() != voice.ULaw {
		return
	}
	n, from := c.voice, uint32(c.l.now.Sub(c.opened)/voice.FrameTime) // numbers of frames do not go back
	go func() {
		tick := time.NewTicker(voice.FrameTime)
		defer tick.Stop()
		tone := voice.Tone{Hz: saidHz, LevelDB: -18}
		var buf [voice.FrameBytes]byte
		for i := range uint32(saidFrames) {
			select {
			case <-c.l.gone:
				return
			case <-tick.C:
			}
			tone.Frame(i, &buf)
			s.play(n, saidAs, from+i, buf[:])
		}
	}()
}

// replay plays to a desk of the call, while the call goes on, what they said in the last minute, or ends that. It is kept
// only where recording is agreed: what can be heard again is a recording. SPEC: RCD-012
func (l *Line) replay(who act.Who, lang string, _ act.Plain) (act.Reply, error) {
	c := l.calls
	if c.replays[who.Desk] != nil {
		c.quiet(who.Desk)
		return l.callReply(who, lang, nil)
	}
	r := c.said.Load()
	if r == nil {
		return act.Reply{}, hint.New("what was said is kept only where both parties have agreed to record: parley terms show", "nothing of this call is kept")
	}
	in := *c.live.Load()
	i := slices.IndexFunc(in, func(s speaker) bool { return s.desk == who.Desk })
	if i < 0 {
		return act.Reply{}, call.ErrIn
	}
	if in[i].sink == nil || in[i].sink.Only() == voice.ULaw {
		return act.Reply{}, hint.New("at a page, with its sound on", "nothing can be heard again at this desk")
	}
	said := r.Last(l.now)
	if len(said) == 0 {
		return act.Reply{}, hint.New("", "they have said nothing yet")
	}
	if c.replays == nil {
		c.replays = map[string]chan struct{}{}
	}
	end := make(chan struct{})
	c.replays[who.Desk] = end
	c.turn = (c.turn + 1) % turns
	as, n := replayed+c.turn*voice.Sources, c.voice
	l.dirty = true
	go func() {
		again(said, in[i], n, as, end, l.gone)
		l.post(func() {
			if c.replays[who.Desk] == end {
				c.quiet(who.Desk)
			}
		})
	}()
	return l.callReply(who, lang, nil)
}

// quiet ends what a desk hears again.
func (c *calls) quiet(desk string) {
	close(c.replays[desk])
	delete(c.replays, desk)
	c.l.dirty = true
}

// replayed is the source of what their first speaker said before, beside those of who speaks now; of one replay after another
// the numbers of frames do not go back.
const (
	replayed = 2 * voice.Sources
	turns    = 32
)

// again plays what was said, at its pace, as speakers of their own.
func again(said []voice.Recalled, s speaker, n uint16, as byte, end, gone <-chan struct{}) {
	began := time.Now()
	for i := range said {
		at := said[i].At.Sub(said[0].At)
		select {
		case <-end:
			return
		case <-gone:
			return
		case <-time.After(at - time.Since(began)):
		}
		s.play(n, as+said[i].Source, said[i].Seq, said[i].Frame())
	}
}

// paused says that the call is held, or was.
func (c *calls) paused() {
	if r := c.on.Load(); r != nil {
		r.Held()
	}
}

// recorded ends the recording with the sound.
func (c *calls) recorded() {
	r := c.on.Swap(nil)
	if r != nil {
		r.End()
	} else if v := c.m.Live(); c.waits != "" && v.Last != nil {
		r = recording.Never(v.Last.ID.String(), c.waits)
	}
	if r != nil {
		if c.ended == nil {
			c.ended, c.closing = map[string]*recording.Recorder{}, map[string]func(*call.Recording){}
		}
		c.ended[r.Call()] = r
	}
	c.agreed, c.barred, c.waits = false, false, ""
	c.said.Store(nil)
	for desk := range c.replays {
		c.quiet(desk)
	}
	c.tickTape()
}

// lastWrites is how long the end of a call waits for its recording.
const lastWrites = time.Second

// awaits reports whether a draft is the end of a call whose recording is being ended: it is stated with what came of it.
// SPEC: RCD-008
func (c *calls) awaits(d record.Draft) bool {
	f, ok := d.Facts.(call.Closed)
	r := c.ended[f.Call]
	if !ok || r == nil {
		return false
	}
	c.keepEnd(f.Call, ending{d.Class, d.Mark, f})
	c.closing[f.Call] = func(what *call.Recording) {
		delete(c.ended, f.Call)
		delete(c.closing, f.Call)
		f.Recording = what
		d.Facts = f
		c.state(d)
	}
	go func() {
		what := r.Result(lastWrites)
		c.l.post(func() {
			if end := c.closing[f.Call]; end != nil {
				end(what)
			}
		})
	}()
	return true
}

// endKey begins the name of the local value that keeps how a call ended while its recording is being ended: a node that is
// killed meanwhile knows it.
const endKey = "end of "

// ending is such a value.
type ending struct {
	Class, Mark string
	Facts       call.Closed
}

// keepEnd keeps how a call ended. SPEC: CAL-016
func (c *calls) keepEnd(id string, v ending) {
	b, err := json.Marshal(v)
	if err != nil || c.l.disk.dead != nil {
		return
	}
	c.writeEnd(id, b)
	c.kept[id] = record.Draft{}
}

// forgetEnd forgets it: it is stated.
func (c *calls) forgetEnd(id string) {
	if _, kept := c.kept[id]; kept && c.l.disk.dead == nil {
		delete(c.kept, id)
		c.writeEnd(id, nil)
	}
}

func (c *calls) writeEnd(id string, b []byte) {
	r := store.Local(endKey+id, b)
	r.Reserve = true
	c.l.tx.write(nil, r)
}

// restoreEnd takes such a value at the start.
func (c *calls) restoreEnd(id string, b []byte) {
	var v ending
	if err := json.Unmarshal(b, &v); err != nil {
		c.l.log.Error("how a call ended before the node was killed is not known", "call", id, "err", err)
		return
	}
	c.kept[id] = record.Draft{Kind: call.KindClosed, Class: v.Class, Mark: v.Mark, Facts: v.Facts}
}

// stop states the ends of calls that wait for their recording: the node ends. SPEC: RCD-008
func (c *calls) stop() {
	for id, end := range c.closing {
		end(c.ended[id].Result(lastWrites))
	}
}

// left states the end of a call in which the node ended, or after which, with what lies on the disk of its recording: it is read beside the
// loop. SPEC: RCD-008
func (c *calls) left(d record.Draft) {
	f, dir := d.Facts.(call.Closed), c.l.cfg.Recording.Dir
	if dir == "" {
		c.state(d)
		return
	}
	go func() {
		switch k, err := recording.Of(dir, f.Call); {
		case err != nil:
			f.Recording = &call.Recording{Fault: call.RecordDisk}
		case len(k.Files) > 0:
			f.Recording = &call.Recording{Files: k.Files[:min(len(k.Files), call.MaxFiles)]}
		}
		d.Facts = f
		c.l.post(func() { c.state(d) })
	}()
}

// tickTape tells the other end when the recording goes otherwise.
func (c *calls) tickTape() {
	c.sweep()
	if c.waits != "" {
		c.record(c.m.Live())
	}
	if !c.agreed || !c.l.peer.up || c.theirTape() != "" {
		c.heardOf = c.l.now
	}
	if now := c.ours(c.l.now); now != c.told {
		c.told = now
		c.l.tellState()
		c.l.dirty = true
	}
}

// sweepEach is how often is looked for recordings whose time is over, first when the node has run so long: a clock that is
// wrong at a start has been noticed by then. What waits for the other end's clock is looked at sooner.
const (
	sweepEach  = time.Hour
	sweepAgain = time.Minute
)

// sweep looks for those, beside the loop. SPEC: RCD-010
func (c *calls) sweep() {
	l, o, now := c.l, c.l.cfg.Recording, c.l.now
	if o.Keep == 0 || now.Sub(c.swept) < sweepEach || l.disk.dead != nil {
		return
	}
	c.swept = now
	go func() {
		over, err := recording.Over(o.Dir, o.Keep, now)
		l.post(func() {
			if apart, known := l.clocksApart(); len(over) > 0 && (!known || apart > clockApart) { // a clock that was set wrong makes everything look old
				c.swept, c.stays = l.now.Add(sweepAgain-sweepEach), "at.recording-clock"
				return
			}
			c.erase(over, err)
		})
	}()
}

// erase marks what is erased, beside the loop: from then on nobody can keep it, so that what is stated of it holds. A file's
// time may be that of a clock that was wrong: what either end stated of the call counts, too. SPEC: RCD-010
func (c *calls) erase(over []recording.Kept, err error) {
	l, o := c.l, c.l.cfg.Recording
	ended, all := map[string]time.Time{}, []call.State(nil)
	if len(over) > 0 {
		all = l.callStates()
	}
	for _, s := range all {
		for _, end := range []call.End{s.Caller, s.Called} {
			if t := end.Facts.Ended; t.After(ended[s.Call]) && !t.After(l.now) {
				ended[s.Call] = t
			}
		}
	}
	over = slices.DeleteFunc(over, func(k recording.Kept) bool {
		return k.Erased.IsZero() && (c.newest != nil && c.newest.Call() == k.Call && !c.newest.Over() || l.now.Sub(ended[k.Call]) < o.Keep)
	})
	go func() {
		var marked []string
		for _, k := range over {
			var bad error
			if k.Erased.IsZero() { // else it is marked, and may have been stated
				bad = recording.Mark(o.Dir, k.Call)
			}
			if errors.Is(bad, recording.ErrHeld) {
				continue // somebody said meanwhile that it is kept
			}
			if err = errors.Join(err, bad); bad == nil {
				marked = append(marked, k.Call)
			}
		}
		l.post(func() { c.erased(marked, err) })
	}()
}

// erased states in the private log what is erased, and erases it once that is on disk; the hashes stay on record.
func (c *calls) erased(marked []string, err error) {
	l, o := c.l, c.l.cfg.Recording
	var gone []string
	for _, id := range marked {
		d, bad := statement.Draft(call.Kinds, l.cfg.Us.Name, nil, record.Draft{Kind: call.KindErased, Class: "service", Mark: l.mark(""), Facts: call.Erased{Call: id, Days: int(o.Keep / (24 * time.Hour))}}, "")
		if bad == nil && l.priv.Item("recording "+l.cfg.Us.Name+"#"+id) == nil {
			_, bad = l.statePrivate(d, "en")
		}
		if err = errors.Join(err, bad); bad == nil {
			gone = append(gone, id)
		}
	}
	l.tx.then(func() {
		go func() {
			for _, id := range gone {
				e := recording.Erase(o.Dir, id)
				if err = errors.Join(err, e); e == nil {
					l.log.Info("the recording of a call was erased: its time was over", "call", id, "kept", o.Keep)
				}
			}
			if err != nil {
				l.log.Error("recordings whose time is over stay", "err", err)
			}
			l.post(func() {
				if c.stays = ""; err != nil {
					c.stays = "at.recording-stays"
				}
			})
		}()
	}, nil)
}

// silentFor is how long an end may say nothing of its recording.
const silentFor = 2 * time.Second

// theirTape is how their recording goes, by their word.
func (c *calls) theirTape() string {
	if c.l.peer.up {
		return c.l.peer.state.Records
	}
	return ""
}

// recordConditions: a call that is to be recorded is not, here or there, or is without an agreement; what is to be erased is
// not. SPEC: RCD-006 RCD-010
func (c *calls) recordConditions(add func(id, key string, w alarm.Detail)) {
	if c.stays != "" {
		add("A9", "erase", alarm.Say(c.stays))
	}
	if why := c.ours(c.l.now); why != "" && why != recordsOn {
		add("A9", "recording", alarm.Say("at.recording", "@record.why."+why))
	}
	why := c.theirTape()
	if c.barred && why == recordsOn {
		add("A7", "recording there", alarm.Say("at.recording-against", c.l.cfg.Them.Name))
	}
	if why == "" && c.l.now.Sub(c.heardOf) >= silentFor {
		why = "silent"
	}
	if c.agreed && why != "" && why != recordsOn {
		add("A9", "recording there", alarm.Say("at.recording-there", c.l.cfg.Them.Name, "@record.why."+why))
	}
}

// tapeIn is how the call that is up is recorded, at both ends. SPEC: RCD-009
func (c *calls) tapeIn() *view.Layer {
	ours, theirs := c.ours(c.l.now), c.theirTape()
	state := view.Layer{State: "off"}
	switch {
	case ours == "" && theirs != recordsOn:
	case ours == recordsOn && theirs == recordsOn:
		state.State = "both"
	case ours == recordsOn:
		state.State, state.Word = "here", theirs
	case theirs == recordsOn:
		state.State, state.Word = "there", cmp.Or(ours, "off")
	default:
		state.State, state.Word = "none", ours
	}
	return &state
}
