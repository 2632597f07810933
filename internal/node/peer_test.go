// SPDX-License-Identifier: Apache-2.0

package node

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/internal/link"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// A peer that signs receipts of statements which nobody made, and asks without reading, fills neither memory nor disk.
// SPEC: NOD-005
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		id, err := record.ParseLogID("aurelia/1.aaaaaa")
		if err != nil {
			t.Fatal(err)
		}
		name := &record.LogName{LogID: id, Genesis: l.cfg.Genesis}
		for i := range maxStrays + 100 {
			rc := record.Receipt{Log: name, Index: i, Entry: wire.Leaf(nil),
				Bodies: "none", Root: wire.Sum(nil), Sheet: 1, By: "borealia", ByRun: "bbbbbb", Held: l.now.Truncate(time.Second)}
			note, err := wire.SignNote(rc.Encode(), "borealia/sign", m.them)
			if err != nil {
				t.Fatal(err)
			}
			m.now.events <- link.Event{Kind: link.Lane, Lane: wire.LaneReceipt, Payload: note}
		}
		m.now.events <- link.Event{Kind: link.StreamUp, ID: 1}
		n, out := 0, 0
		time.Sleep(time.Second)
		if err := l.in(t.Context(), l.events, func() {
			for range 2 * maxOut {
				l.peer.toStream(wire.Frame{Kind: wire.FrameReceipt, Parts: [][]byte{{1}}})
			}
			n, out = len(l.rec.LogReceipts(id)), len(l.peer.out)
		}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n != maxStrays || out != maxOut {
			t.Errorf("%d receipts, %d messages wait", n, out)
		}
		l.Close()
	})
}

// A log of which nothing is here costs the peer that names it room, as it costs this node memory; named again it costs nothing.
//
// SPEC: NOD-008
func TestANamedLogCostsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		check := func(index int, prev wire.Hash, names int) *record.Checked {
			st := record.Statement{Head: record.Head{Log: &record.LogName{LogID: record.LogID{Party: "borealia", Number: 1, Run: "bbbbbb"}, Genesis: l.cfg.Genesis},
				Index: index, Prev: prev, Time: l.now.Truncate(time.Microsecond), Kind: "nobody.knows", Class: "service", Mark: "actual"}}
			if index == 0 {
				st.Station, st.Why = "main", "first"
			}
			for i := range names {
				st.Seen = append(st.Seen, record.Seen{LogID: record.LogID{Party: "borealia", Number: 100 + i, Run: "cccccc"}, Size: 1, Root: wire.Sum([]byte{byte(i)})})
			}
			note, err := wire.SignNote(st.Encode(), "borealia/sign", m.them)
			if err != nil {
				t.Fatal(err)
			}
			c, err := l.opts.Load().Check(note, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		used := func(index int) (kib float64) {
			if err := l.in(t.Context(), l.events, func() {
				prev := wire.Sum(nil)
				if index > 0 {
					prev = l.rec.Logs()[len(l.rec.Logs())-1].Root
				}
				c, was := check(index, prev, 9), l.peer.guard.room[0].Used+l.peer.guard.room[1].Used
				if err := l.mayEnter(c, 500); err != nil {
					t.Error(err)
				}
				kib = l.peer.guard.room[0].Used + l.peer.guard.room[1].Used - was
				if _, err := l.rec.AddChecked(c); err != nil {
					t.Error(err)
				}
			}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return kib
		}
		if kib := used(0); kib < 32+9 || kib > 32+9+1 {
			t.Errorf("a log, and nine names: %.1f KiB", kib)
		}
		if kib := used(1); kib > 1 {
			t.Errorf("the same nine again: %.1f KiB", kib)
		}
		l.Close()
	})
}

// waitingStream is a session that keeps what the node puts on its stream.
type waitingStream struct {
	*wires
	sent [][]byte
}

func (s *waitingStream) SendStream(b []byte) bool { s.sent = append(s.sent, b); return true }

// What found no room is asked for again when there may be some, and is an alarm until nothing is turned away any more.
// SPEC: NOD-011
func TestWhatFoundNoRoomIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		s := &waitingStream{wires: m.now}
		do := func(f func()) {
			t.Helper()
			if err := l.in(t.Context(), l.events, f); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		haves := func() (n int) {
			do(func() {
				for _, b := range s.sent {
					if f, err := wire.ParseFrame(b); err == nil && f.Kind == wire.FrameHave {
						n++
					}
				}
			})
			return n
		}
		do(func() { l.setLink(s); l.peer.streams = true })
		for _, x := range []struct {
			err  error
			why  string
			wait time.Duration
		}{{errFull, "disk", againFull}, {errQuota, "quota", againQuota}} {
			before := haves()
			do(func() { l.turnAway(x.err) })
			time.Sleep(x.wait / 2)
			if haves() != before || l.peer.away.why != x.why || alarmsOf(l, "A9") != 1 {
				t.Errorf("%s: asked too early, or no alarm", x.why)
			}
			if w := awayWords("aurelia", x.why, l.peer.away.until).In("en"); !strings.Contains(w, "until "+map[string]string{"disk": "it is freed", "quota": l.peer.away.again.Format("15:04Z")}[x.why]) {
				t.Errorf("%s: the alarm does not say until when: %s", x.why, w)
			}
			time.Sleep(x.wait/2 + 2*tickEvery)
			if haves() != before+1 || l.peer.away.why != x.why {
				t.Errorf("%s: not asked for again", x.why)
			}
			do(func() { l.turnAway(x.err) }) // there is no room yet
			time.Sleep(x.wait + 2*tickEvery)
			if haves() != before+2 {
				t.Errorf("%s: asked for again once only", x.why)
			}
			time.Sleep(againFull + 2*tickEvery)
			if l.peer.away.why != "" {
				t.Errorf("%s stands though nothing is turned away", x.why)
			}
		}
		l.Close()
	})
}

// A peer that calls every statement unsound makes us begin one log, and is an alarm.
// SPEC: NOD-012
func TestALyingRefusalOpensOneLogAndIsAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		runs := map[string]bool{}
		for i := range 26 {
			if err := l.in(t.Context(), l.events, func() {
				l.run = l.rec.OpenRun(record.RunConfig{Party: "aurelia", Station: "main", Why: "test", Run: l.runName, Key: l.cfg.Key})
				l.refused("aurelia/1." + l.runName + " 0 nonsense")
				runs[l.runName] = true
			}); err != nil {
				t.Fatal(i, err)
			}
			time.Sleep(time.Second)
		}
		if len(runs) != 1 || alarmsOf(l, "A7") != 1 {
			t.Errorf("%d logs after 26 lies, A7 stands %d times", len(runs), alarmsOf(l, "A7"))
		}
		l.Close()
	})
}

// What comes by the stream is read and its signature checked while the loop does something else; and the effects of a
// commit of bulk are carried out some at a time, so that what is urgent comes between them.
// SPEC: NOD-027
func TestBulkHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		held := make(chan struct{})
		l.post(func() { <-held }) // the loop is busy
		time.Sleep(time.Second)
		them := record.New(*l.opts.Load()).OpenRun(record.RunConfig{Party: "borealia", Station: "main", Why: "first", Run: "bbbbbb", Key: m.them})
		var then []func()
		for i := range 2 * maxWaiting {
			d, err := message.NewDraft("borealia", record.Draft{Kind: "information", Text: &record.Text{Lang: "en", Text: fmt.Sprint("Convoy ", i)}}, message.Facts{By: statement.Author{Known: "unattributed"}}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			e, err := them.Append(d, time.Now(), record.PeerClock{}, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			note, facts, text := e.Pieces()
			then = append(then, l.prepare(wire.AppendFrame(nil, wire.Frame{Kind: wire.FrameEntry, Parts: [][]byte{note, facts, text}})))
		}
		close(held)
		if err := l.in(t.Context(), l.events, func() {
			for _, f := range then {
				f()
				l.commit()
			}
			n := len(l.disk.waiting)
			l.disk.upTo = l.disk.seq // as a commit of all of them says
			if more := l.release(); !more || n != len(then) || n-len(l.disk.waiting) != maxReleased {
				t.Errorf("of %d statements %d waited, %d after one step, more: %v", len(then), n, len(l.disk.waiting), more)
			}
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if v := l.View("en", "watch"); len(v.Messages) != maxWaiting || len(l.disk.waiting) > 0 {
			t.Errorf("%d messages drawn, %d steps wait", len(v.Messages), len(l.disk.waiting))
		}
		l.Close()
	})
}

// What comes one by one is answered at once, what comes in bulk by a receipt for all of it; one that was not made before
// the node ended is made at its next start.
// SPEC: EXC-007
func TestOneReceiptAnswersBulk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		them := peerRun(&m, l)
		var last *record.Entry
		take := func() {
			last = peerSays(t, &m, l, them, "The convoy leaves at noon.")
			note, facts, text := last.Pieces()
			c, err := l.opts.Load().Check(note, facts, text)
			inLoop(t, l, func() { l.entry(c, err, len(note), -1) })
		}
		receipts := func() (n int) {
			inLoop(t, l, func() { n = len(l.rec.LogReceipts(last.Log.LogID)) })
			return n
		}
		take()
		if n := receipts(); n != 1 {
			t.Errorf("%d receipts for the first statement", n)
		}
		time.Sleep(time.Second)
		for range 50 {
			take()
		}
		time.Sleep(time.Second)
		if n := receipts(); n > 1+atOnce+1 {
			t.Errorf("%d receipts for 50 statements that came at once", n-1)
		}
		was := receipts()
		for range 4 { // as who sends, waits until it is held, and sends again
			time.Sleep(10 * time.Millisecond)
			take()
			if n := receipts(); n != was+1 {
				t.Errorf("one that came 10 ms after another has %d receipts at once, not one", n-was)
			}
			was = receipts()
		}
		inLoop(t, l, func() {
			if e := l.rec.ByRef(last.Ref()); e == nil || e.Receipt == nil {
				t.Error("the newest is not held")
			}
		})
		take()
		take()
		inLoop(t, l, func() { l.fail(errStopped) }) // its receipt has not been made
		time.Sleep(10 * time.Second)
		inLoop(t, l, func() {
			if e := l.rec.ByRef(last.Ref()); e == nil || e.Receipt == nil {
				t.Errorf("what came before the failure is not held: %v", e)
			}
		})
		l.Close()
	})
}
