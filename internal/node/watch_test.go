// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/fault"
	"example.org/parley/internal/link"
	"example.org/parley/internal/recording"
	"example.org/parley/internal/store"
	"example.org/parley/internal/view"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/wire"
)

// wires is a session that nobody answers, as a test watches it.
type wires struct {
	noLink
	events chan link.Event
	sent   []byte // the sources of frames of ours
	clock  bool   // the other end's says the same as ours
}

func newWires() *wires {
	return &wires{noLink: noLink{{Label: "1", WeHear: true, TheyHear: true}}, events: make(chan link.Event, 64)}
}

func (w *wires) Heard() (string, time.Time, bool) { return "b", time.Now(), w.clock }

func (w *wires) Events() <-chan link.Event { return w.events }
func (w *wires) Close(string) error        { close(w.events); return nil }

// machine is what stands under a node under test.
type machine struct {
	step   atomic.Int64 // of the wall clock
	refuse atomic.Bool  // no sessions can be opened
	opened atomic.Int32
	now    *wires
	before func(db string) // a node is opened on it
	them   ed25519.PrivateKey
	terms  []byte
	tapes  recording.Options
}

// begin opens a node of aurelia, in a bubble.
func (m *machine) begin(t *testing.T) *Line {
	t.Helper()
	_, us, _ := ed25519.GenerateKey(nil)
	them, key, _ := ed25519.GenerateKey(nil)
	m.them = key
	began := time.Now()
	genesis, err := wire.SignNote([]byte("genesis\n"), "aurelia/sign", us)
	if err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "record.db")
	if m.before != nil {
		m.before(db)
	}
	l := Open(Config{
		Name: "north", DB: db, IsPartyA: true, Sheet: 1, Key: us, Genesis: wire.Leaf([]byte("genesis\n")), GenesisText: genesis,
		Us:    Party{Name: "aurelia", Letter: "A", Keys: []ed25519.PublicKey{us.Public().(ed25519.PublicKey)}},
		Them:  Party{Name: "borealia", Letter: "B", Keys: []ed25519.PublicKey{them}},
		Now:   func() time.Time { return time.Now().Add(time.Duration(m.step.Load())) },
		Boot:  func() time.Duration { return time.Since(began) },
		Terms: m.terms, Recording: m.tapes,
		Rand: rand.Reader, Log: slog.New(slog.DiscardHandler), Store: store.Options{Reserve: -1},
		Link: func(link.Config) (Link, error) {
			if m.refuse.Load() {
				return nil, errors.New("no such address")
			}
			m.opened.Add(1)
			m.now = newWires()
			return m.now, nil
		},
	})
	if err := l.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// The clock is stepped, and the sessions cannot be opened at first: they are tried again, nothing is claimed
// to be heard meanwhile, and a microphone that goes on speaks into nothing.
// SPEC: NOD-007
func TestSessionsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		l.Sound("watch", nil)
		var w sync.WaitGroup
		stop := make(chan struct{})
		l.calls.live.Store(&[]speaker{{desk: "watch", speaks: true}})
		l.calls.port.Open(1, "opus")
		w.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
					l.Microphone("watch", []byte{1})
				}
			}
		})
		m.refuse.Store(true)
		m.step.Add(int64(-time.Hour))
		time.Sleep(12 * time.Second)
		if n := alarmsOf(l, "A1"); n != 1 {
			t.Error("without sessions A1 stands", n, "times")
		}
		m.refuse.Store(false)
		time.Sleep(3 * time.Second)
		if m.opened.Load() != 2 {
			t.Error("the sessions were opened", m.opened.Load(), "times")
		}
		close(stop)
		w.Wait()
		l.Close()
	})
}

func alarmsOf(l *Line, code string) (n int) {
	for _, a := range l.View("en", "watch").Alarms {
		if a.ID == code {
			n++
		}
	}
	return n
}

// What a desk sees was handed out by the loop for another goroutine to draw: nothing of it changes while messages are
// stated, shown, held and answered behind it. Run it with -race too.
// SPEC: NOD-019
func TestWhatWasHandedOutToDrawNeverChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		who := act.Who{Desk: "watch", Account: "w"}
		do := func(a act.Act) act.Reply {
			t.Helper()
			r, err := l.Do(t.Context(), who, "en", a)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		do(act.OfficerAdd{Name: "Lt Astrid", Langs: []string{"en"}})
		who.Officer, who.Known = do(act.SignOn{}).ID, "account"
		sent := do(act.Send{Kind: "information", Text: "Convoy 4 leaves at noon."})
		stop := do(act.SendStop{})
		in, ok := l.look("watch")
		if !ok || len(in.Messages) != 1 || len(in.Stops) != 1 || len(in.Log) == 0 {
			t.Fatalf("handed out: %d messages, %d STOPs, %d statements", len(in.Messages), len(in.Stops), len(in.Log))
		}
		drawn := func() string {
			b, err := json.Marshal([]any{view.Build(in, "en"), view.Build(in, "it")})
			if err != nil {
				t.Error(err)
			}
			return string(b)
		}
		before := drawn()
		again := make(chan string)
		go func() {
			for range 50 {
				drawn()
			}
			again <- drawn()
		}()
		receipt := func(id string) {
			if err := l.in(t.Context(), l.events, func() {
				e, err := l.find(id)
				if err != nil {
					t.Error(err)
					return
				}
				rc, err := l.rec.Receipt(e, "borealia", "bbbbbb", 1, l.now, m.them)
				if err != nil {
					t.Error(err)
					return
				}
				l.receipt(rc, nil, -1)
			}); err != nil {
				t.Error(err)
			}
		}
		receipt(sent.ID)
		receipt(stop.ID)
		do(act.Send{Kind: "information", Text: "Convoy 5 leaves too.", ReplyTo: sent.ID})
		do(act.SendStop{Reason: "shots-fired"})
		do(act.StopStep{ID: stop.ID, Step: "lift", Reason: "it is over"})
		do(act.Ring{Class: "test"})
		do(act.SignOff)
		time.Sleep(time.Minute) // alarms come and go
		if now := <-again; now != before {
			t.Errorf("what was handed out has changed:\n%s\n%s", before, now)
		}
		if v := l.View("en", "watch"); len(v.Messages) != 2 || v.Stops[0].State != "lifted" || len(v.Alarms) == 0 {
			t.Errorf("the next look does not see it: %+v", v.Messages)
		}
	})
}

// A node that is started while the one before still ends waits for the record that it holds: it comes up starting,
// not unrecorded, and goes on when the record is free.
// SPEC: NOD-010
func TestAStartWaitsForTheNodeThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := machine{before: func(db string) {
			s, err := store.Open(db, store.Options{Reserve: -1})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				time.Sleep(3 * time.Second)
				s.Close()
			}()
		}}
		began := time.Now()
		l := m.begin(t) // it has been read
		if waited := time.Since(began); waited < 3*time.Second || waited > 4*time.Second {
			t.Errorf("read after %v", waited)
		}
		if v := l.View("en", "watch"); v.Unrecorded != "" || alarmsOf(l, "A16") > 0 {
			t.Errorf("it came up unrecorded: %s", v.Unrecorded)
		}
		l.Close()
	})
}

// A step that ends in a panic ends neither the node nor the line: who waits for it is told, the record is read anew, and what
// was on disk is there.
// SPEC: NOD-044
func TestAPanicEndsOneStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		run, rows := l.runName, l.store.Rows()
		l.post(func() { l.fromLink(link.Event{Kind: link.Stream, Then: func() { panic("a message of the peer") }}) })
		if _, err := l.step(t.Context(), func() (act.Reply, error) { panic("an act") }); err == nil {
			t.Error("who waits for it is told nothing")
		}
		if _, ok := l.look("watch"); !ok {
			t.Fatal("the line is gone")
		}
		if err := l.between(t.Context(), func() { panic("a look") }); err == nil {
			t.Error("a look that was given up seems whole")
		}
		time.Sleep(5 * time.Second)
		if err := l.in(t.Context(), l.events, func() {
			if l.disk.dead != nil || l.runName == run || l.store.Rows() < rows {
				t.Errorf("not read anew: %v, run %s, %d rows of %d", l.disk.dead, l.runName, l.store.Rows(), rows)
			}
		}); err != nil {
			t.Fatal(err)
		}
		var told error
		l.post(func() { // as if it happened while the record was being taken up for the first time
			l.disk.isRead = make(chan struct{})
			l.tx.then(func() {}, func(err error) { told = err })
			panic("once an effect was owed")
		})
		time.Sleep(5 * time.Second)
		if err := l.Read(t.Context()); err != nil || told == nil {
			t.Errorf("read %v; who waited for the step was told %v", err, told)
		}
		if s, state := l.stamp(&record.Item{Entries: []*record.Entry{nil}}, nil, time.Now()); s.key != "" || state != nil {
			t.Error("an item without meaning has one")
		}
		l.Close()
	})
}

// A statement of the other end by which a panic comes is named and refused, not taken again and again; where it is on the disk
// the record is read without it; where an item of people cannot be understood the others are.
// SPEC: NOD-044
func TestAPoisonStatementIsNamedAndLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		s := &waitingStream{wires: m.now}
		time.Sleep(time.Second)
		var said bytes.Buffer // read while nothing else runs
		poison := true
		kinds := l.opts.Load().Kinds
		k, was := kinds["officer.added"], kinds["officer.added"].Validate
		k.Validate = func(e, begin *record.Entry) error {
			if poison && e.Log.Party == "borealia" {
				panic("a poison")
			}
			return was(e, begin)
		}
		them := peerRun(&m, l)
		d, err := new(register.Register).OfficerDraft("borealia", register.Officer{Name: "Cpt Bruni", Langs: []string{"en"}}, "actual", nil)
		if err != nil {
			t.Fatal(err)
		}
		e, err := them.Append(d, time.Now(), record.PeerClock{}, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		note, facts, text := e.Pieces()
		comes := func() {
			t.Helper()
			b := wire.AppendFrame(nil, wire.Frame{Kind: wire.FrameEntry, Parts: [][]byte{note, facts, text}})
			l.post(func() { l.fromLink(link.Event{Kind: link.Stream, Then: l.prepare(b)}) })
			time.Sleep(5 * time.Second)
			synctest.Wait()
		}
		in := func(f func()) {
			t.Helper()
			if err := l.in(t.Context(), l.events, f); err != nil {
				t.Fatal(err)
			}
		}
		in(func() {
			kinds["officer.added"], l.link, l.log, l.peer.streams = k, s, slog.New(slog.NewTextHandler(&said, nil)), true
		})
		faults := fault.Count()
		comes()
		comes()
		in(func() {
			if l.disk.dead != nil || l.rec.ByRef(e.Ref()) != nil || fault.Count() != faults+1 {
				t.Errorf("dead %v, taken %v, %d panics", l.disk.dead, l.rec.ByRef(e.Ref()) != nil, fault.Count()-faults)
			}
			if want := e.Place().String(); !strings.Contains(said.String(), want) || !bytes.Contains(bytes.Join(s.sent, nil), []byte(e.Log.String()+" 0 a fault")) {
				t.Errorf("%s is not named, or not refused: %s", want, said.String())
			}
			poison = false
			clear(l.peer.poison)
		})
		comes()
		in(func() {
			if l.rec.ByRef(e.Ref()) == nil {
				t.Error("it is not taken though it is no poison")
			}
			poison = true
			l.fail(errGivenUp)
		})
		time.Sleep(10 * time.Second)
		in(func() {
			if l.disk.dead != nil || l.rec.ByRef(e.Ref()) != nil || !strings.Contains(said.String(), "the record is read without a row") {
				t.Errorf("dead %v, read %v: %s", l.disk.dead, l.rec.ByRef(e.Ref()) != nil, said.String())
			}
			if cs := fmt.Sprint(l.alteredConditions()); strings.Contains(cs, "A7") || !strings.Contains(cs, "A9 fault") {
				t.Errorf("our own fault is told as %s", cs)
			}
			good := &record.Item{Key: "good", Begin: e, Entries: []*record.Entry{e}}
			if l.build([]*record.Item{{Key: "bad", Begin: new(record.Entry), Entries: []*record.Entry{nil, e}}}) != nil || l.build([]*record.Item{good}) == nil {
				t.Error("what cannot be built is, or what can is not")
			}
		})
		l.Close()
	})
}
