// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/call"
	"example.org/parley/internal/act"
	"example.org/parley/internal/voice"
)

// tape is a desk's ear: how many frames of which speaker it was given, and in which codec.
type tape struct {
	only, codec string
	heard       map[byte]int
}

func (t *tape) Only() string     { return t.only }
func (t *tape) Use(codec string) { t.codec = codec }
func (t *tape) WriteAt(_ uint32, source byte, _ uint32, _ []byte) error {
	t.heard[source]++
	return nil
}

// SendFrame keeps who spoke.
func (w *wires) SendFrame(_ uint16, source byte, _ uint32, _ []byte) { w.sent = append(w.sent, source) }

// Everybody in a call is heard once by all others, and nobody before the other end has said that it shows him; on hold
// nobody is. Who leaves, joins or takes the call over stops no frame of the others.
//
// SPEC: CAL-022 CAL-023 CAL-024 CAL-025 CAL-026 PAG-081 VOX-008
func TestPeopleInACallHearEachOtherOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		tapes := map[string]*tape{}
		do := func(desk string, a act.Act) {
			t.Helper()
			if _, err := l.Do(t.Context(), act.Who{Desk: desk, Known: "unattributed"}, "en", a); err != nil {
				t.Fatalf("%s: %s: %v", desk, a.Verb(), err)
			}
		}
		for _, desk := range []string{"a1", "a2", "a3", "tel"} {
			tapes[desk] = &tape{heard: map[byte]int{}}
			do(desk, act.SetDesk{Armed: true, Sound: "ok"})
			if desk == "tel" {
				tapes[desk].only = voice.ULaw
			}
			l.Sound(desk, tapes[desk])
		}
		id, version := call.ID{7}, 0
		theirs := func(s call.Signal) {
			t.Helper()
			version++
			s.ID, s.Seq = id, uint32(version)
			b, err := s.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if err := l.in(t.Context(), l.events, func() { l.calls.fromPeer(b) }); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		shown := func(version int) {
			theirs(call.Signal{Kind: call.SigAck, Of: call.SigPeople, What: call.Talking, Version: version})
		}
		n := uint32(0)
		hears := func(what, desk string, want map[string][]byte, sends ...byte) { // a frame of a desk of ours, or of a source of theirs
			t.Helper()
			n++
			time.Sleep(voice.FrameTime)
			for _, d := range tapes {
				clear(d.heard)
			}
			m.now.sent = nil
			if len(desk) == 1 {
				l.calls.onFrame(id.Voice(), desk[0]-'0', n, make([]byte, 80))
			} else {
				l.Microphone(desk, make([]byte, 80))
			}
			if !slices.Equal(m.now.sent, sends) {
				t.Errorf("%s: %s sends %v, not %v", what, desk, m.now.sent, sends)
			}
			for name, d := range tapes {
				if got := slices.Sorted(maps.Keys(d.heard)); !slices.Equal(got, want[name]) {
					t.Errorf("%s: of %s %s hears %v, not %v", what, desk, name, got, want[name])
				}
			}
		}
		if err := l.in(t.Context(), l.events, l.calls.paths); err != nil {
			t.Fatal(err)
		}
		theirs(call.Signal{Kind: call.SigRing, Desk: "b1", Class: "test", Mark: "actual"})
		for _, a := range []act.Act{act.Answer{Call: call.ID{8}.String()}, act.Decline{Call: call.ID{8}.String()}, act.HangUp{Call: call.ID{8}.String()}} { // of a call that is current no more
			if _, err := l.Do(t.Context(), act.Who{Desk: "a1", Known: "unattributed"}, "en", a); !errors.Is(err, call.ErrNoCall) {
				t.Errorf("%s of another call: %v", a.Verb(), err)
			}
		}
		do("a1", act.Answer{Sound: "headset"})
		hears("alone", "a1", nil, 0)
		hears("alone", "0", map[string][]byte{"a1": {0}})
		do("a2", act.Join{})
		hears("not shown", "a2", nil)
		hears("not shown", "a1", nil, 0)
		hears("not shown", "0", map[string][]byte{"a1": {0}})
		do("a3", act.Join{As: call.Listener})
		shown(1) // the first list: it has no third person
		hears("an old list", "a2", nil)
		shown(2)
		hears("shown", "a1", map[string][]byte{"a2": {4}, "a3": {4}}, 0)
		hears("shown", "a2", map[string][]byte{"a1": {5}, "a3": {5}}, 1)
		hears("a listener", "a3", nil)
		hears("shown", "0", map[string][]byte{"a1": {0}, "a2": {0}, "a3": {0}})
		hears("whom they did not name", "1", nil)
		them := []call.Person{{Desk: "b1", Part: call.Holder, Speaks: true}, {Source: 1, Desk: "b2", Part: call.Principal, Speaks: true}}
		theirs(call.Signal{Kind: call.SigPeople, Version: 1, People: them})
		hears("whom they named", "1", map[string][]byte{"a1": {1}, "a2": {1}, "a3": {1}})
		theirs(call.Signal{Kind: call.SigPeople, Version: 2, People: them, Held: 2})
		hears("held there", "a1", nil)
		hears("held there", "0", nil)
		time.Sleep(time.Minute)
		if v := l.View("en", "a1").Call; v.Word != "ON HOLD there, by b2" || v.Mute || len(v.People) != 5 || time.Since(v.Pauses[0].Since) < time.Minute {
			t.Errorf("held there: %+v", v)
		}
		theirs(call.Signal{Kind: call.SigPeople, Version: 3, People: them})
		do("a2", act.Hold)
		hears("held here", "1", nil)
		do("a1", act.Resume)
		shown(4)
		if _, err := l.Do(t.Context(), act.Who{Desk: "tel", Known: "unattributed"}, "en", act.Join{}); err == nil {
			t.Error("a telephone joined a call in Opus")
		}
		do("a2", act.HangUp{})
		hears("who left", "a1", map[string][]byte{"a3": {4}}, 0)
		hears("who left", "a2", nil)
		tapes["a3"].only = voice.Opus
		if _, err := l.Do(t.Context(), act.Who{Desk: "a1", Known: "unattributed"}, "en", act.HandOver{Desk: "tel"}); !errors.Is(err, call.ErrCodec) {
			t.Errorf("a call is handed to a telephone that a desk in it could not hear: %v", err)
		}
		tapes["a3"].only = ""
		do("a1", act.HandOver{Desk: "a2"})
		if v := l.View("en", "a2").Call; v.State != call.RingingHere || !slices.Equal(v.Acts, []string{"answer", "decline"}) {
			t.Errorf("where it rings: %+v", v)
		}
		hears("while it rings there", "a1", map[string][]byte{"a3": {4}}, 0)
		do("a2", act.Answer{Sound: "headset"})
		hears("until they show it", "a1", map[string][]byte{"a3": {4}}, 0)
		shown(6)
		hears("handed over", "a2", map[string][]byte{"a3": {4}}, 0)
		hears("handed over", "a1", nil)
		if tapes["a1"].codec != voice.Opus || l.calls.port.Meters(time.Now()).LongestGapMS > 200 {
			t.Errorf("%+v", l.calls.port.Meters(time.Now()))
		}
		do("a1", act.Join{Listen: true})
		shown(7)
		do("a2", act.SetDesk{}) // its page is closed: nobody of ours speaks any more
		time.Sleep(4 * time.Second)
		if v := l.View("en", "a3").Call; v.State != "ended" {
			t.Errorf("a call without a voice of ours is %s", v.State)
		}
		theirs(call.Signal{Kind: call.SigAck, Of: call.SigHangUp, What: call.Failed, Cause: call.CauseMedia})
		r, err := l.Do(t.Context(), act.Who{Desk: "a3", Known: "unattributed"}, "en", act.Calls)
		if err != nil {
			t.Fatal(err)
		}
		if text := r.Data.(interface{ Text() string }).Text(); !strings.Contains(text, "a3 (listener, listening") || !strings.Contains(text, "a1 (watch officer, speaking") {
			t.Error(text)
		}
		l.Close()
	})
}

// A call in Opus becomes one in G.711 once a telephone to which it was handed has it and the other end has seen so, or where the
// other end says so; frames of the other codec that are still on their way are not heard.
//
// A desk whose ear does not hear the codec of its call is gone.
//
// SPEC: CAL-021 CAL-025 CAL-036 PHN-054
func TestACallInOpusIsHandedToATelephone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ours := range []bool{true, false} {
			var m machine
			l := m.begin(t)
			time.Sleep(time.Second)
			do := func(desk string, a act.Act) {
				t.Helper()
				if _, err := l.Do(t.Context(), act.Who{Desk: desk, Known: "unattributed"}, "en", a); err != nil {
					t.Fatalf("%s: %s: %v", desk, a.Verb(), err)
				}
			}
			page, tel := &tape{heard: map[byte]int{}}, &tape{heard: map[byte]int{}, only: voice.ULaw}
			for desk, sink := range map[string]*tape{"page": page, "tel": tel} {
				do(desk, act.SetDesk{Armed: true, Sound: "ok"})
				l.Sound(desk, sink)
			}
			seq := uint32(0)
			theirs := func(s call.Signal) {
				t.Helper()
				seq++
				s.ID, s.Seq = call.ID{7}, seq
				b, err := s.Encode()
				if err != nil {
					t.Fatal(err)
				}
				if err := l.in(t.Context(), l.events, func() { l.calls.fromPeer(b) }); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
			}
			n := uint32(0)
			hears := func(sink *tape, bytes, want int) {
				t.Helper()
				n++
				time.Sleep(voice.FrameTime)
				clear(sink.heard)
				if l.calls.onFrame(call.ID{7}.Voice(), 0, n, make([]byte, bytes)); sink.heard[0] != want {
					t.Errorf("handed over here %v: of a frame of %d bytes %d are heard", ours, bytes, sink.heard[0])
				}
			}
			if err := l.in(t.Context(), l.events, l.calls.paths); err != nil {
				t.Fatal(err)
			}
			theirs(call.Signal{Kind: call.SigRing, Desk: "b1", Class: "test", Mark: "actual"})
			do("page", act.Answer{Sound: "headset"})
			hears(page, 80, 1)
			hears(page, voice.FrameBytes, 0) // theirs has changed, and we do not know yet
			sink := page
			if ours {
				do("page", act.HandOver{Desk: "tel"})
				do("tel", act.Answer{Sound: "telephone"})
				if page.codec != voice.Opus {
					t.Error("the call has changed before they have seen it")
				}
				theirs(call.Signal{Kind: call.SigAck, Of: call.SigPeople, What: call.Talking, Version: 1})
				sink = tel
			} else {
				theirs(call.Signal{Kind: call.SigPeople, Version: 1, Codec: call.ULaw, People: []call.Person{{Desk: "tel2", Part: call.Holder, Speaks: true}}})
			}
			if sink.codec != voice.ULaw {
				t.Errorf("handed over here %v: the codec is %q", ours, sink.codec)
			}
			hears(sink, voice.FrameBytes, 1)
			hears(sink, 80, 0)
			if m := l.calls.port.Meters(time.Now()); m.Lost > 0 || m.NotConstant > 0 {
				t.Errorf("%+v", m)
			}
			if v := l.calls.m.Live(); v.Codec != call.ULaw {
				t.Errorf("handed over here %v: the call's codec is %q", ours, v.Codec)
			}
			time.Sleep(10 * time.Second)
			if v := l.calls.m.Live(); v.State != call.Connected {
				t.Errorf("handed over here %v: it has ended: %+v", ours, v.Last)
			}
			sink.only = voice.Opus // its ear is another one now, and hears nothing of it
			time.Sleep(time.Second)
			if v := l.calls.m.Live(); v.State != call.Idle || v.Last == nil || v.Last.Outcome.What != call.Failed || v.Last.Outcome.Cause != call.CauseMedia {
				t.Errorf("handed over here %v: a desk that hears nothing of it stays in it: %+v", ours, v)
			}
			l.Close()
		}
	})
}

// Letters of one who has left the call, which come late, stand under his name and as broken off; the end of that line is taken.
//
// SPEC: CAL-031 CAL-032
func TestLateLettersOfWhoHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := machine{}
		l := m.begin(t)
		time.Sleep(time.Second)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		do := func(a act.Act) {
			t.Helper()
			_, err := l.Do(t.Context(), act.Who{Desk: "a1", Known: "unattributed"}, "en", a)
			must(err)
		}
		do(act.SetDesk{Armed: true, Sound: "ok"})
		id, seq := call.ID{7}, uint32(0)
		theirs := func(s call.Signal) {
			seq++
			s.ID, s.Seq = id, seq
			b, err := s.Encode()
			must(err)
			must(l.in(t.Context(), l.events, func() { l.calls.fromPeer(b) }))
		}
		must(l.in(t.Context(), l.events, l.calls.paths))
		theirs(call.Signal{Kind: call.SigRing, Desk: "b1", Class: "test", Mark: "actual"})
		do(act.Answer{})
		b1 := call.Person{Desk: "b1", Part: call.Holder, Speaks: true}
		theirs(call.Signal{Kind: call.SigPeople, Version: 1, People: []call.Person{b1, {Source: 1, Desk: "b2", Part: call.Linguist, Speaks: true}}})
		theirs(call.Signal{Kind: call.SigPeople, Version: 2, People: []call.Person{b1}})
		for _, c := range []struct {
			state byte
			says  string
		}{{call.Typing, "two sh"}, {call.Broken, "two ships"}} {
			b := call.Letters{Call: id, State: c.state, Source: 1, List: 1, Line: 1, Version: 1 + int(c.state), Parts: []string{c.says}}.Encode()
			must(l.in(t.Context(), l.events, func() { l.calls.lettersFromPeer(b) }))
			time.Sleep(time.Second)
			if got := l.View("en", "a1").Call.Text; len(got) != 1 || got[0].State != "broken" || got[0].Name != "b2" || got[0].Runs[0].Text != c.says {
				t.Errorf("%+v", got)
			}
		}
	})
}

// A desk whose page does not answer is away at both ends, and its call stands; one that is gone ends it, 2 s after it was away,
// and half a second after it was gone at least.
//
// SPEC: CAL-020
func TestACallStandsWhileItsDeskIsAway(t *testing.T) {
	for name, w := range map[string]struct {
		away, gone time.Duration // for how long, before the next
		stands     bool
	}{
		"a long time": {away: 6 * time.Second, stands: true}, "gone at once": {gone: 1800 * time.Millisecond, stands: true}, "gone": {gone: 2300 * time.Millisecond},
		"killed": {away: 1500 * time.Millisecond, gone: 800 * time.Millisecond}, "after a while": {away: 6 * time.Second, gone: 300 * time.Millisecond, stands: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var m machine
				l := m.begin(t)
				defer l.Close()
				time.Sleep(time.Second)
				do := func(a act.Act) {
					t.Helper()
					if _, err := l.Do(t.Context(), act.Who{Desk: "a1", Known: "unattributed"}, "en", a); err != nil {
						t.Fatalf("%s: %v", a.Verb(), err)
					}
				}
				do(act.SetDesk{Armed: true, Sound: "ok"})
				if err := l.in(t.Context(), l.events, func() {
					l.calls.paths()
					b, err := call.Signal{Kind: call.SigRing, ID: call.ID{7}, Seq: 1, Desk: "b1", Class: "test", Mark: "actual"}.Encode()
					if err != nil {
						t.Error(err)
					}
					l.calls.fromPeer(b)
				}); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				do(act.Answer{Sound: "headset"})
				paused := func() int {
					synctest.Wait()
					v := l.View("en", "a2").Call
					return len(v.Pauses)
				}
				if n := paused(); n != 0 {
					t.Errorf("%d pauses of a desk that is there", n)
				}
				if w.away > 0 {
					do(act.SetDesk{Page: act.Away})
					time.Sleep(w.away)
					if n := paused(); n != 1 {
						t.Errorf("%d pauses of a desk that is away", n)
					}
				}
				if w.gone > 0 {
					do(act.SetDesk{})
					time.Sleep(w.gone)
				}
				if is := l.View("en", "a2").Call.State; is == "connected" != w.stands {
					t.Errorf("the call is %s", is)
				}
				if w.stands {
					do(act.SetDesk{Page: act.Here})
					time.Sleep(time.Second)
					if n := paused(); n != 1 {
						t.Errorf("%d pauses of a desk whose sound is not back", n)
					}
					do(act.SetDesk{Armed: true, Sound: "ok"})
					time.Sleep(4 * time.Second)
					if n, is := paused(), l.View("en", "a2").Call.State; n != 0 || is != "connected" {
						t.Errorf("back: %d pauses, %s", n, is)
					}
					do(act.SetDesk{Page: act.Here}) // a person turns the sound off
					time.Sleep(time.Second)
					if n := paused(); n != 0 {
						t.Errorf("%d pauses of a desk whose page answers", n)
					}
				}
			})
		})
	}
}
