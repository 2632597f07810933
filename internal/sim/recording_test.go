// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/parley/call"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/recording"
	"example.org/parley/internal/voice"
	"example.org/parley/party"
	"example.org/parley/verify"
)

// agreedToRecord is a line whose parties have agreed to record, a day ago.
func (w *world) agreedToRecord() {
	w.t.Helper()
	for _, s := range w.sides {
		s.tapes.Dir = filepath.Join(s.dir, "recordings")
	}
	w.schedule = []string{"07:10"}
	w.watch()
	id := strings.Fields(w.sides[0].must("terms propose --from +24h1m --record on"))[0]
	time.Sleep(time.Second)
	w.sides[1].must("terms accept " + id)
	time.Sleep(time.Second)
}

// aDayOn steps both clocks to when the new terms hold.
func (w *world) aDayOn() {
	for _, s := range w.sides {
		s.step.Add(int64(25 * time.Hour))
	}
	time.Sleep(10 * time.Second)
}

// talk holds a call of two test tones for so long.
func (w *world) talk(d time.Duration, meanwhile func()) {
	w.t.Helper()
	w.sides[0].must("ring")
	time.Sleep(time.Second)
	w.sides[1].must("answer")
	time.Sleep(d)
	meanwhile()
	w.sides[0].must("hang-up")
	time.Sleep(5 * time.Second)
}

// Nothing is recorded before the terms say so. Then each end records what both said, says so all the time, and states what it
// has: the verifier reads it.
//
// SPEC: RCD-001 RCD-002 RCD-003 RCD-008 RCD-009
func TestRecordingByAgreement(t *testing.T) {
	simulate(t, 21, func(w *world) {
		w.agreedToRecord()
		a := w.sides[0]
		if said := a.text("terms show"); !strings.Contains(said, "Recording of calls: off") || !strings.Contains(said, "Recording of calls: agreed") {
			t.Error(said)
		}
		w.talk(3*time.Second, func() {
			for _, s := range w.sides {
				if r := s.view().Call.Recording; r == nil || r.State != "off" || r.Word != "not recorded, at either end" {
					t.Errorf("%s before the terms hold: %+v", s.name, r)
				}
			}
		})
		if _, err := os.Stat(a.tapes.Dir); err == nil {
			t.Error("a call was recorded before the terms held")
		}
		w.aDayOn()
		w.talk(10*time.Second, func() {
			for _, s := range w.sides {
				if r := s.view().Call.Recording; r == nil || r.State != "both" || r.Word != "RECORDED AT BOTH ENDS" || !strings.Contains(s.view().Text(), "RECORDED AT BOTH ENDS") {
					t.Errorf("%s: %+v", s.name, r)
				}
			}
		})
		for _, s := range w.sides {
			kept, err := recording.List(s.tapes.Dir, true)
			if err != nil || len(kept) != 1 || len(kept[0].Files) != 2 {
				t.Fatalf("%s: %+v, %v", s.name, kept, err)
			}
			said := a.stated()[s.name]
			if said == nil || len(said.Files) != 2 || said.Fault != "" || said.Dropped != 0 {
				t.Fatalf("%s: %+v", s.name, said)
			}
			for _, f := range said.Files {
				on := kept[0].Files[0]
				if on.Name != f.Name {
					on = kept[0].Files[1]
				}
				if on.SHA256 != f.SHA256 || on.Bytes != f.Bytes || f.MS < 9500 || f.MS > 10_500 {
					t.Errorf("%s: %+v, on the disk %+v", s.name, f, on)
				}
				hears440(t, filepath.Join(s.tapes.Dir, kept[0].Call, f.Name))
			}
		}
	})
}

// A call of two telephones with G.722 is in that, and in G.711 once somebody joins. A call that is to be recorded is in G.711, at
// both ends, also where one of them holds by its clock that it is not.
//
// SPEC: CAL-035
func TestTwoTelephonesWithG722(t *testing.T) {
	simulate(t, 26, func(w *world) {
		w.agreedToRecord()
		const ring, answer = "ring --sound 'telephone g722'", "answer --sound 'telephone g722'"
		talk := func(ring, answer, codec string, meanwhile func()) {
			t.Helper()
			w.sides[0].must(ring)
			time.Sleep(time.Second)
			w.sides[1].must(answer)
			time.Sleep(2 * time.Second)
			for _, s := range w.sides {
				if c := s.view().Call; c.In == nil || c.In.Codec != codec {
					t.Errorf("%s, %s: %s hears %+v", ring, answer, s.name, c.In)
				}
			}
			meanwhile()
			w.sides[0].must("hang-up")
			time.Sleep(5 * time.Second)
		}
		talk(ring, answer, "g722", func() {
			if _, err := w.sides[1].line.Do(context.Background(), act.Who{Desk: "b2", Known: "account"}, "en", act.SetDesk{Armed: true, Sound: "ok"}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.sides[1].line.Do(context.Background(), act.Who{Desk: "b2", Known: "account"}, "en", act.Join{}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			for _, s := range w.sides {
				if c := s.view().Call; c.In.Codec != "pcmu" {
					t.Errorf("somebody joined, and %s hears %+v", s.name, c.In)
				}
			}
		})
		talk(ring, "answer --sound telephone", "pcmu", func() {})
		talk("ring --sound telephone", answer, "pcmu", func() {})
		w.sides[0].step.Add(int64(24*time.Hour + 30*time.Second)) // by its clock they record, by the other's not yet
		time.Sleep(10 * time.Second)
		talk("ring --sound 'telephone g722'", answer, "pcmu", func() {})
		w.sides[0].step.Add(int64(-24*time.Hour - 30*time.Second))
		w.aDayOn()
		talk(ring, answer, "pcmu", func() {})
	})
}

// hears440 measures the tone of a WAV.
func hears440(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if hz, db := voice.Find(b[len(b)-voice.Rate:]); hz < 436 || hz > 444 || db < -13.5 || db > -10.5 {
		t.Errorf("%s: %.1f Hz, %.1f dB", filepath.Base(path), hz, db)
	}
}

// stated is what each party's newest call.closed says of its recording.
func (s *side) stated() map[string]*call.Recording {
	s.w.t.Helper()
	out := map[string]*call.Recording{}
	for party, f := range s.closed() {
		out[party] = f.Recording
	}
	return out
}

// closed is each party's newest call.closed, as this side exports it and the verifier reads it.
func (s *side) closed() map[string]call.Closed {
	s.w.t.Helper()
	var file bytes.Buffer
	r, err := s.act(act.Export)
	if err == nil {
		err = r.File(&file)
	}
	if err != nil {
		s.w.t.Fatal(err)
	}
	rep, rec := verify.Open(&file, verify.Expected{})
	if rep.Verdict != verify.Holds {
		s.w.t.Fatalf("%v", rep)
	}
	out := map[string]call.Closed{}
	for _, e := range rec.Newest() {
		var f call.Closed
		if _, had := out[e.Log.Party]; e.Kind == call.KindClosed && !had {
			if err := json.Unmarshal(e.Facts(), &f); err != nil || e.Inert != "" {
				s.w.t.Fatal(err, e.Inert)
			}
			out[e.Log.Party] = f
		}
	}
	return out
}

// A node that is killed in a call states, when it is back, what lies there of its recording.
//
// SPEC: RCD-008
func TestAKilledNodeStatesWhatItHasRecorded(t *testing.T) {
	simulate(t, 23, func(w *world) {
		w.agreedToRecord()
		w.aDayOn()
		a := w.sides[0]
		a.must("ring")
		time.Sleep(time.Second)
		w.sides[1].must("answer")
		time.Sleep(5 * time.Second)
		a.kill()
		a.open()
		time.Sleep(30 * time.Second)
		r := a.stated()["aurelia"]
		if r == nil || len(r.Files) != 2 || r.Files[0].Bytes < 20_000 || r.Files[0].MS != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// A node that is killed after a call had ended, while the disk still ends its recording, states how the call ended, with what
// lies there: it knows both.
//
// SPEC: CAL-016 RCD-008
func TestAKillAfterTheEndOfACallKeepsHowItEnded(t *testing.T) {
	simulate(t, 27, func(w *world) {
		a, b := w.sides[0], w.sides[1]
		a.tapes.Create = func(path string) (io.WriteCloser, error) {
			f, err := os.Create(path)
			return slow{f, 400 * time.Millisecond}, err
		}
		w.agreedToRecord()
		w.aDayOn()
		a.must("ring --class service")
		time.Sleep(time.Second)
		b.must("answer")
		time.Sleep(5 * time.Second)
		a.must("hang-up")
		time.Sleep(200 * time.Millisecond)
		if _, ok := b.closed()["aurelia"]; ok {
			t.Error("the end is stated before the recording has ended: this test kills too late")
		}
		a.kill()
		a.open()
		time.Sleep(30 * time.Second)
		f := b.closed()["aurelia"]
		if f.What != call.Answered || f.EndedBy != "aurelia" || f.Meters == nil || f.Ended.Sub(f.Answered) > 6*time.Second || f.Recording == nil || len(f.Recording.Files) != 2 {
			t.Errorf("%+v, of the recording %+v", f, f.Recording)
		}
		a.kill()
		a.open()
		if time.Sleep(30 * time.Second); b.closed()["aurelia"].Ended != f.Ended {
			t.Error("it was stated twice")
		}
	})
}

// Recordings whose time is over are erased, and it is stated in the private log first; not while the two ends' clocks differ, by
// which nothing can be told, and nothing of the call that is up.
//
// SPEC: RCD-010
func TestRecordingsAreErasedByAClockThatIsRight(t *testing.T) {
	simulate(t, 28, func(w *world) {
		const days = 24 * time.Hour
		for _, s := range w.sides {
			s.tapes.Keep = 30 * days
		}
		w.agreedToRecord()
		w.aDayOn()
		w.talk(2*time.Second, func() {})
		a := w.sides[0]
		kept := func(s *side) (out []recording.Kept) {
			out, err := recording.List(s.tapes.Dir, false)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		stated := func() int {
			r, err := a.act(act.ReadLog{})
			said, bad := json.Marshal(r.Data)
			if err = errors.Join(err, bad); err != nil {
				t.Fatal(err)
			}
			return strings.Count(string(said), "call "+kept(a)[0].Call+"; it was kept for 30 days")
		}
		step := func(d time.Duration, sides ...*side) {
			for _, s := range sides {
				s.step.Add(int64(d))
			}
			time.Sleep(30 * time.Second)
		}
		step(40*days, a)
		if k := kept(a); len(k) != 1 || len(k[0].Files) != 2 || stated() != 0 {
			t.Errorf("erased by a clock that is wrong: %+v", k)
		}
		waits := func() bool {
			return slices.ContainsFunc(a.view().Alarms, func(x alarm.Alarm) bool { return x.ID == "A9" && x.Key == "erase" && x.Gone.IsZero() })
		}
		if !waits() {
			t.Error("that they are not erased is no alarm")
		}
		step(40*days, w.sides[1])
		time.Sleep(time.Minute)
		if waits() {
			t.Error("the alarm stays")
		}
		for _, s := range w.sides {
			if k := kept(s); len(k) != 1 || k[0].Erased.IsZero() || len(k[0].Files) != 0 {
				t.Errorf("%s: its time is over: %+v", s.name, k)
			}
		}
		step(58*time.Minute, w.sides[:]...)
		a.must("ring")
		time.Sleep(time.Second)
		w.sides[1].must("answer")
		left := func(when string) { // the files of this world are dated by a clock of 35 days before
			for _, s := range w.sides {
				if k := kept(s); len(k) != 2 || len(k[0].Files)+len(k[1].Files) != 2 {
					t.Errorf("%s: %s: %+v", when, s.name, k)
				}
			}
		}
		time.Sleep(2 * time.Minute)
		left("in the call")
		if v := a.view().Call; v.State != call.Connected {
			t.Errorf("the call did not outlast its test: %+v", v)
		}
		a.must("hang-up")
		time.Sleep(5 * time.Second)
		step(2*time.Hour, w.sides[:]...)
		left("after it")
		if strings.Count(a.text("log"), "recording of a call erased") != 1 || stated() != 1 {
			t.Error(a.text("log"))
		}
	})
}

// stuck is a file whose disk does not answer.
type stuck struct {
	io.WriteCloser
	until chan struct{}
}

func (f stuck) Write(b []byte) (int, error) {
	<-f.until
	return f.WriteCloser.Write(b)
}

// A disk that hangs in the call is an alarm at both ends within two seconds, and costs the call nothing.
//
// SPEC: RCD-005 RCD-006 RCD-009
func TestARecorderThatFailsIsSaidAndHeardByNobody(t *testing.T) {
	simulate(t, 22, func(w *world) {
		a, b := w.sides[0], w.sides[1]
		free := make(chan struct{})
		var once sync.Once
		a.tapes.Create = func(path string) (io.WriteCloser, error) {
			f, err := os.Create(path)
			return stuck{f, free}, err
		}
		defer once.Do(func() { close(free) })
		w.agreedToRecord()
		w.aDayOn()
		w.sides[0].must("ring")
		time.Sleep(time.Second)
		w.sides[1].must("answer")
		time.Sleep(2 * time.Second)
		for s, want := range map[*side]string{a: "this call is not recorded here: the disk does not answer", b: "aurelia does not record this call: the disk does not answer"} {
			v := s.view()
			found := false
			for _, x := range v.Alarms {
				found = found || x.ID == "A9" && x.Detail.In("en") == want
			}
			if !found {
				t.Errorf("%s: no alarm: %+v", s.name, v.Alarms)
			}
		}
		if v := b.view().Call; v.Recording.Word != "RECORDED HERE; they do not record: the disk does not answer" {
			t.Errorf("%+v", v.Recording)
		}
		if v := a.view().Call; v.Recording.Word != "RECORDED THERE; not recorded here: the disk does not answer" {
			t.Errorf("%+v", v.Recording)
		}
		time.Sleep(8 * time.Second)
		for _, s := range w.sides {
			if in := s.view().Call.In; in == nil || in.Lost != 0 || in.Frames < 450 || in.LongestGapMS > 60 {
				t.Errorf("%s hears %+v", s.name, in)
			}
		}
		a.must("hang-up")
		time.Sleep(5 * time.Second)
		said := b.stated()
		if r := said["aurelia"]; r == nil || r.Fault != call.RecordHangs || r.Dropped == 0 || len(r.Files) != 0 {
			t.Errorf("%+v", r)
		}
		if r := said["borealia"]; r == nil || r.Fault != "" || len(r.Files) != 2 {
			t.Errorf("%+v", r)
		}
		once.Do(func() { close(free) })
		time.Sleep(time.Second)
	})
}

// whyA9 is what a side's alarms say of recordings.
func (s *side) whyA9() (out []string) {
	for _, x := range s.view().Alarms {
		if x.ID == "A9" && x.Gone.IsZero() && strings.Contains(x.Key, "recording") {
			out = append(out, x.Detail.In("en"))
		}
	}
	return out
}

// Before the record is read nobody knows what the parties have agreed on: nothing is recorded, whatever the genesis says, and
// it is said. Once it is read the call is recorded as they agreed.
//
// SPEC: RCD-001 RCD-006
func TestNothingIsRecordedByTermsThatWereNotRead(t *testing.T) {
	for _, agreed := range []bool{true, false} {
		simulate(t, 23, func(w *world) {
			a, b := w.sides[0], w.sides[1]
			for _, s := range w.sides {
				s.tapes.Dir = filepath.Join(s.dir, "recordings")
			}
			if agreed {
				w.agreedToRecord()
			} else {
				w.recordsFromTheGenesis()
				w.schedule = []string{"07:10"}
				w.watch()
				id := strings.Fields(a.must("terms propose --from +24h1m --record off"))[0]
				time.Sleep(time.Second)
				b.must("terms accept " + id)
				time.Sleep(time.Second)
			}
			w.aDayOn()
			a.kill()
			a.disk.mood.Store(fails)
			a.open()
			a.arm(true)
			time.Sleep(10 * time.Second)
			b.must("ring")
			time.Sleep(time.Second)
			a.must("answer")
			time.Sleep(5 * time.Second)
			if kept, err := recording.List(a.tapes.Dir, false); err != nil || len(kept) != 0 {
				t.Errorf("agreed %t: recorded by terms that were not read: %+v, %v", agreed, kept, err)
			}
			const why = "the record is not read: whether it is to be recorded is not known"
			if got := a.whyA9(); len(got) != 1 || got[0] != "this call is not recorded here: "+why {
				t.Errorf("agreed %t: alarms here: %q", agreed, got)
			}
			if got := b.whyA9(); agreed != (len(got) == 1 && got[0] == "aurelia does not record this call: "+why) {
				t.Errorf("agreed %t: alarms there: %q", agreed, got)
			}
			a.must("hang-up")
			time.Sleep(time.Second)
			b.must("ring")
			time.Sleep(time.Second)
			a.must("answer")
			time.Sleep(5 * time.Second)
			a.disk.mood.Store(works)
			time.Sleep(10 * time.Second)
			if r := b.stated()["aurelia"]; r == nil || r.Fault != call.RecordUnread || len(r.Files) != 0 {
				t.Errorf("agreed %t: a call that ended before states %+v", agreed, r)
			}
			kept, err := recording.List(a.tapes.Dir, false)
			if err != nil || agreed != (len(kept) == 1) {
				t.Errorf("agreed %t: once it is read: %+v, %v", agreed, kept, err)
			}
			for _, s := range w.sides {
				if got := s.whyA9(); len(got) != 0 {
					t.Errorf("agreed %t: %s still: %q", agreed, s.name, got)
				}
			}
			b.must("hang-up")
			time.Sleep(5 * time.Second)
		})
	}
}

// recordsFromTheGenesis is a line whose parties agreed to record when they paired.
func (w *world) recordsFromTheGenesis() {
	w.t.Helper()
	l, d := *w.line, party.DefaultTerms()
	d.Policy.Record = true
	terms, err := d.Encode([32]byte{9})
	if err == nil {
		l.terms = terms
		l.genesis, err = party.NewGenesis("north", l.sheets, [2][32]byte{{1}, {2}}, [32]byte{3}, terms)
	}
	for _, k := range l.keys {
		if err == nil {
			err = l.genesis.SignNext(k.Sign)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.line = &l
}

// A node that is stopped in a recorded call, or just after it, states what it has of it.
//
// SPEC: RCD-008
func TestAStopStatesWhatWasRecorded(t *testing.T) {
	for _, after := range []bool{false, true} {
		simulate(t, 24, func(w *world) {
			a, b := w.sides[0], w.sides[1]
			a.tapes.Create = func(path string) (io.WriteCloser, error) {
				f, err := os.Create(path)
				return slow{f, 300 * time.Millisecond}, err
			}
			w.agreedToRecord()
			w.aDayOn()
			a.must("ring")
			time.Sleep(time.Second)
			b.must("answer")
			time.Sleep(5 * time.Second)
			if after {
				a.must("hang-up")
			}
			a.stop()
			a.open()
			time.Sleep(10 * time.Second)
			if r := b.stated()["aurelia"]; r == nil || r.Fault != "" || len(r.Files) != 2 || r.Files[0].SHA256 == "" || r.Files[0].MS < 4000 {
				t.Errorf("hung up before %t: %+v", after, r)
			}
		})
	}
}

// A call that begins while the recording of the one before still waits for the disk is recorded once that is over.
//
// SPEC: RCD-005 RCD-006
func TestACallAfterACallIsRecorded(t *testing.T) {
	simulate(t, 26, func(w *world) {
		a := w.sides[0]
		a.tapes.Create = func(path string) (io.WriteCloser, error) {
			f, err := os.Create(path)
			return slow{f, 4 * time.Second}, err
		}
		w.agreedToRecord()
		w.aDayOn()
		for range 2 {
			a.must("ring")
			time.Sleep(time.Second)
			w.sides[1].must("answer")
			time.Sleep(500 * time.Millisecond)
			if r := a.view().Call.Recording; r == nil || r.State != "both" && r.State != "there" {
				t.Errorf("%+v", r)
			}
			time.Sleep(15 * time.Second)
			if r := a.view().Call.Recording; r == nil || r.State != "both" {
				t.Errorf("%+v", r)
			}
			a.must("hang-up")
			time.Sleep(time.Second)
		}
		time.Sleep(20 * time.Second)
		if kept, err := recording.List(a.tapes.Dir, false); err != nil || len(kept) != 2 || len(kept[1].Files) != 2 {
			t.Errorf("%+v, %v", kept, err)
		}
	})
}

// slow is a file that takes a moment to be ended.
type slow struct {
	io.WriteCloser
	takes time.Duration
}

func (f slow) Close() error {
	time.Sleep(f.takes)
	return f.WriteCloser.Close()
}

// What is typed beside a call is said to be recorded only where it is; a line that is too long is refused.
//
// SPEC: CAL-030 CAL-033
func TestALineIsRecordedOnlyWhereItIs(t *testing.T) {
	simulate(t, 25, func(w *world) {
		w.watch()
		time.Sleep(5 * time.Second)
		a, b := w.sides[0], w.sides[1]
		a.must("ring")
		time.Sleep(time.Second)
		b.must("answer")
		time.Sleep(time.Second)
		if _, err := a.do("type " + strings.Repeat("a", 600)); err == nil || !strings.Contains(err.Error(), "240 bytes") {
			t.Errorf("600 bytes: %v", err)
		}
		if r, err := a.do("type we hold fire"); err != nil || r.Text != "the line is recorded" {
			t.Errorf("%q, %v", r.Text, err)
		}
		a.disk.mood.Store(fails)
		for i := range 40 {
			if r, err := a.do("type line"); err != nil || r.Text != "UNRECORDED HERE" {
				t.Errorf("line %d on a dead disk: %q, %v", i, r.Text, err)
			}
		}
		states := map[string]int{}
		for _, l := range a.view().Call.Text {
			states[l.State]++
		}
		if states["lost"] == 0 || states["lost"]+states["finished"] != 30 {
			t.Errorf("%v", states)
		}
		a.disk.mood.Store(works)
		time.Sleep(10 * time.Second)
		a.must("hang-up")
		time.Sleep(time.Second)
	})
}
