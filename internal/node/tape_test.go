// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/call"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/recording"
	"example.org/parley/internal/voice"
	"example.org/parley/party"
)

// listener is a desk's ear, which several speakers are played to at once.
type listener struct {
	mu   sync.Mutex
	only string
	from map[byte]int
}

func (e *listener) Only() string { return e.only }
func (e *listener) Use(string)   {}
func (e *listener) WriteAt(_ uint32, source byte, _ uint32, _ []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.from[source]++
	return nil
}

// heard is how many frames of a speaker it was given.
func (e *listener) heard(source byte) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.from[source]
}

// What they said in the last minute is heard again at the desk that asks, at its pace and beside what they say now, until it
// is over, ended, or the call is; without an agreement to record nothing of a call is kept. The telephones of a call that is
// recorded hear a tone at its beginning.
//
// SPEC: RCD-006 RCD-009 RCD-012
func TestTheLastMinuteIsHeardAgain(t *testing.T) {
	for _, agreed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			terms := party.DefaultTerms()
			terms.Policy.Record = agreed
			m := machine{}
			m.terms, _ = terms.Encode([32]byte{1})
			m.tapes.Dir = filepath.Join(t.TempDir(), "recordings")
			l := m.begin(t)
			time.Sleep(time.Second)
			tapes := map[string]*listener{"a1": {from: map[byte]int{}}, "a2": {from: map[byte]int{}, only: voice.ULaw}}
			do := func(desk string, a act.Act) error {
				_, err := l.Do(t.Context(), act.Who{Desk: desk, Known: "unattributed"}, "en", a)
				return err
			}
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			for desk, s := range tapes {
				must(do(desk, act.SetDesk{Armed: true, Sound: "ok"}))
				l.Sound(desk, s)
			}
			id, seq := call.ID{7}, uint32(0)
			theirs := func(s call.Signal) {
				seq++
				s.ID, s.Seq = id, seq
				b, err := s.Encode()
				must(err)
				must(l.in(t.Context(), l.events, func() { l.calls.fromPeer(b) }))
				synctest.Wait()
			}
			must(l.in(t.Context(), l.events, l.calls.paths))
			theirs(call.Signal{Kind: call.SigRing, Desk: "b1", Class: "test", Mark: "actual", Codec: voice.ULaw})
			must(do("a1", act.Answer{Sound: "headset"}))
			must(do("a2", act.Join{}))
			theirs(call.Signal{Kind: call.SigAck, Of: call.SigPeople, What: call.Talking, Version: 1})
			time.Sleep(2 * time.Second)
			if n := tapes["a2"].heard(saidAs); agreed != (n > 0) || tapes["a1"].heard(saidAs) != 0 {
				t.Errorf("agreed %v: the telephone hears %d frames of the tone, the page %d", agreed, n, tapes["a1"].heard(saidAs))
			}
			tapes["a3"] = &listener{from: map[byte]int{}, only: voice.ULaw}
			must(do("a3", act.SetDesk{Armed: true, Sound: "ok"}))
			l.Sound("a3", tapes["a3"])
			was := tapes["a2"].heard(saidAs)
			must(do("a3", act.Join{}))
			theirs(call.Signal{Kind: call.SigAck, Of: call.SigPeople, What: call.Talking, Version: 2})
			time.Sleep(2 * time.Second)
			if n := tapes["a3"].heard(saidAs); agreed != (n > 0) || tapes["a2"].heard(saidAs) != was {
				t.Errorf("agreed %v: who lifts later hears %d frames of the tone", agreed, n)
			}
			silent := func() bool {
				return slices.ContainsFunc(l.View("en", "a1").Alarms, func(a alarm.Alarm) bool {
					return a.ID == "A9" && a.Key == "recording there" && strings.Contains(a.Detail.In("en"), "says nothing of a recording")
				})
			}
			if silent() != agreed {
				t.Errorf("agreed %v: an end that says nothing of its recording: alarm %v", agreed, silent())
			}
			must(l.in(t.Context(), l.events, func() { l.peer.up, l.peer.state.Records = true, recordsOn }))
			time.Sleep(time.Second)
			if raised := slices.ContainsFunc(l.View("en", "a1").Alarms, func(a alarm.Alarm) bool {
				return a.ID == "A7" && a.Detail.In("en") == "borealia records this call, and no terms that both parties signed say so"
			}); raised == agreed {
				t.Errorf("agreed %v: an end that says that it records: alarm %v", agreed, raised)
			}
			must(l.in(t.Context(), l.events, func() { l.peer.up, l.peer.state.Records = false, "" }))
			err := do("a1", act.Replay)
			if err == nil {
				t.Error("nothing was said, and it is heard again")
			}
			n := uint32(0)
			speak := func(seconds int) {
				for range seconds * 50 {
					l.calls.onFrame(id.Voice(), 0, n, make([]byte, 160))
					time.Sleep(voice.FrameTime)
					n++
				}
			}
			speak(70)
			if err = do("a1", act.Replay); !agreed {
				if err == nil || slices.Contains(l.View("en", "a1").Call.Acts, "replay") {
					t.Error("what is not to be recorded was kept")
				}
				return
			}
			must(err)
			if err := do("a2", act.Replay); err == nil {
				t.Error("a telephone cannot stop it")
			}
			if v := l.View("en", "a1").Call; !v.Replays || !slices.Contains(v.Acts, "replay") || l.View("en", "a2").Call.Replays {
				t.Errorf("%+v", v)
			}
			first := byte(replayed + voice.Sources)
			speak(10)
			if n := tapes["a1"].heard(first); n < 498 || n > 502 {
				t.Errorf("%d frames in ten seconds", n)
			}
			speak(60)
			if n := tapes["a1"].heard(first); n < 2998 || n > 3001 {
				t.Errorf("%d frames of a minute", n)
			}
			if tapes["a2"].heard(first) != 0 || l.View("en", "a1").Call.Replays {
				t.Errorf("another desk hears %d frames, or it is not over", tapes["a2"].heard(first))
			}
			must(do("a1", act.Replay))
			time.Sleep(time.Second)
			must(do("a1", act.Replay)) // enough
			time.Sleep(time.Second)
			if n := tapes["a1"].heard(first + voice.Sources); n < 48 || n > 52 {
				t.Errorf("%d frames in the second until it was ended", n)
			}
			tapes["a4"] = &listener{from: map[byte]int{}}
			must(do("a4", act.SetDesk{Armed: true, Sound: "ok"}))
			l.Sound("a4", tapes["a4"])
			must(do("a4", act.Join{}))
			theirs(call.Signal{Kind: call.SigAck, Of: call.SigPeople, What: call.Talking, Version: 3})
			must(do("a4", act.Replay))
			time.Sleep(time.Second)
			must(do("a4", act.HangUp{}))
			fourth := tapes["a4"].heard(first + 2*voice.Sources)
			if time.Sleep(5 * time.Second); fourth < 40 || tapes["a4"].heard(first+2*voice.Sources) > fourth+1 {
				t.Errorf("who has left the call heard %d frames, and %d later", fourth, tapes["a4"].heard(first+2*voice.Sources))
			}
			must(do("a1", act.Replay))
			theirs(call.Signal{Kind: call.SigHangUp, What: call.Answered})
			time.Sleep(time.Second)
			if n := tapes["a1"].heard(first + 3*voice.Sources); n > 2 || l.calls.said.Load() != nil {
				t.Errorf("%d frames after the call, and what was said is kept", n)
			}
		})
	}
}

// The node erases recordings whose time is over, and no other; what it cannot erase is an alarm.
//
// SPEC: RCD-010
func TestTheNodeErasesWhatWasKeptLongEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := machine{}
		m.tapes.Dir, m.tapes.Keep = filepath.Join(t.TempDir(), "recordings"), 30*24*time.Hour
		put := func(id string, days int) string {
			dir := filepath.Join(m.tapes.Dir, strings.Repeat(id, 32))
			f, at := filepath.Join(dir, "aurelia-0.ogg"), time.Now().Add(-time.Duration(days)*24*time.Hour)
			if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(f, []byte("x"), 0o600), os.Chtimes(f, at, at)); err != nil {
				t.Fatal(err)
			}
			return dir
		}
		old, young := put("a", 31), put("b", 29)
		marked, held := put("d", 29), put("e", 31) // the node was killed between the mark and the statement; somebody keeps it
		late := put("f", 31)                       // somebody who wanted to keep what was marked was killed: the mark stands
		if err := errors.Join(os.WriteFile(filepath.Join(marked, "erased"), nil, 0o600), os.WriteFile(filepath.Join(late, "erased"), nil, 0o600), os.WriteFile(filepath.Join(late, "hold"), nil, 0o600), recording.Hold(m.tapes.Dir, filepath.Base(held), true)); err != nil {
			t.Fatal(err)
		}
		l := m.begin(t)
		if err := l.in(t.Context(), l.events, func() { m.now.clock, l.peer.up = true, true }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(sweepEach - time.Second)
		sound := func(dir string) bool { fs, _ := filepath.Glob(filepath.Join(dir, "*.ogg")); return len(fs) > 0 }
		if !sound(old) {
			t.Error("a node that has just begun does not know whether its clock is right, and has erased it")
		}
		time.Sleep(2 * time.Second)
		if sound(old) {
			t.Error("it was not erased")
		}
		if !sound(young) {
			t.Error("it was erased too early")
		}
		if sound(marked) || sound(late) || !sound(held) {
			t.Errorf("the marked ones have sound %v %v, the kept one %v", sound(marked), sound(late), sound(held))
		}
		if err := l.in(t.Context(), l.events, func() {
			for dir, want := range map[string]bool{old: true, marked: true, late: true, young: false, held: false} {
				if got := l.priv.Item("recording aurelia#"+filepath.Base(dir)) != nil; got != want {
					t.Errorf("%s: that it was erased is stated: %v", filepath.Base(dir), got)
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		put("c", 31)
		if err := errors.Join(os.RemoveAll(m.tapes.Dir), os.WriteFile(m.tapes.Dir, nil, 0o600)); err != nil { // no directory any more
			t.Fatal(err)
		}
		time.Sleep(sweepEach + time.Second)
		if !slices.ContainsFunc(l.View("en", "").Alarms, func(a alarm.Alarm) bool { return a.ID == "A9" && a.Key == "erase" }) {
			t.Error("what cannot be erased is no alarm")
		}
	})
}
