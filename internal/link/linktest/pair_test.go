// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/internal/link"
)

// lineEnd is what a node asks of a line; both the real and the simulated end have it.
type lineEnd interface {
	Events() <-chan link.Event
	Signal(kind byte, b []byte)
	Repeat(id string, kind byte, pieces [][]byte)
	Done(id string)
	SendStream(b []byte) bool
	SendFrame(call uint16, seq uint32, frame []byte)
	SetAges(tick, commit time.Duration)
	Paths() []link.PathState
	Heard() (run string, clock time.Time, ok bool)
	Regreet(run string)
	Close(reason string) error
}

var _, _ lineEnd = (*link.Link)(nil), (*End)(nil)

func cfg(run string) link.Config {
	return link.Config{Run: run, Greeting: func() []byte { return []byte(run) }}
}

// told gathers all events of an end until it is closed.
type told struct {
	ups, downs, streams, streamDowns int
	lanes                            []string
	msgs                             []string
	changes                          []link.PathChange
}

func gather(e *End) *told {
	t := &told{}
	go func() {
		for ev := range e.Events() {
			switch ev := ev.(type) {
			case link.SessionUp:
				t.ups++
			case link.SessionDown:
				t.downs++
			case link.StreamUp:
				t.streams++
			case link.StreamDown:
				t.streamDowns++
			case link.Lane:
				t.lanes = append(t.lanes, string(ev.Payload))
			case link.Stream:
				t.msgs = append(t.msgs, string(ev.Payload))
			case link.PathChange:
				t.changes = append(t.changes, ev)
			}
		}
	}()
	return t
}

func TestWorldSilentMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := cfg("a1"), cfg("b1")
		a.Paths = make([]link.PathConfig, 2)
		w, ea, eb := Pair(a, b)
		ta, tb := gather(ea), gather(eb)
		nap(time.Second)
		if ta.ups != 2 || tb.ups != 2 || ta.streams != 1 || tb.streams != 1 {
			t.Fatalf("%+v %+v", ta, tb)
		}
		ea.SendStream([]byte("m1"))
		eb.Signal(16, []byte("ring"))
		nap(time.Second)
		if len(tb.msgs) != 1 || len(ta.lanes) != 2 {
			t.Fatalf("%+v %+v", ta, tb)
		}
		w.Cut(0, Both)
		w.Cut(1, Both)
		nap(3 * time.Second)
		if s := ea.Paths()[0]; s.WeHear || s.TheyHear || tb.streamDowns != 1 || ea.SendStream([]byte("x")) {
			t.Fatalf("%+v %+v", s, tb)
		}
		ea.Repeat("s", 17, [][]byte{[]byte("urgent")})
		nap(time.Minute)
		n := len(tb.lanes)
		w.Restore(1, Both)
		nap(70 * time.Millisecond)
		if n != 0 || len(tb.lanes) == 0 {
			t.Fatalf("urgent came %d times before and %d after", n, len(tb.lanes))
		}
		ea.Done("s")
		nap(time.Second)
		if ta.streams != 2 || tb.streams != 2 {
			t.Fatalf("%+v", ta)
		}
		eb.Close("maintenance")
		nap(time.Second)
		if s := ea.Paths()[1]; ta.downs != 1 || s.Goodbye != "maintenance" || s.WeHear {
			t.Fatalf("%+v %+v", ta, s)
		}
		ea.Close("")
	})
}

func TestWorldRestartAndFreeze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, ea, eb := Pair(cfg("a1"), cfg("b1"))
		ta := gather(ea)
		gather(eb)
		nap(time.Second)
		eb.Kill()
		nap(3 * time.Second)
		if s := ea.Paths()[0]; s.WeHear || ta.streamDowns != 1 {
			t.Fatalf("%+v", s)
		}
		eb2 := w.Open(cfg("b2"))
		tb := gather(eb2)
		nap(time.Second)
		if run, _, ok := ea.Heard(); run != "b2" || !ok || ta.ups != 2 || tb.streams != 1 {
			t.Fatalf("%v %+v %+v", run, ta, tb)
		}
		ea.Freeze(true)
		nap(10 * time.Second)
		if eb2.Paths()[0].WeHear {
			t.Error("a frozen end is heard")
		}
		ea.Freeze(false)
		nap(time.Second)
		if s := eb2.Paths()[0]; !s.WeHear || !s.TheyHear || tb.streams != 2 {
			t.Fatalf("%+v %+v", s, tb)
		}
		ea.Close("")
		eb2.Close("")
	})
}

func TestWorldOneWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := cfg("a1"), cfg("b1")
		a.Paths = make([]link.PathConfig, 2)
		w, ea, eb := Pair(a, b)
		gather(ea)
		gather(eb)
		nap(time.Second)
		w.Cut(0, AToB)
		nap(3 * time.Second)
		if sa, sb := ea.Paths()[0], eb.Paths()[0]; !sa.WeHear || sa.TheyHear || sb.WeHear || !sb.TheyHear {
			t.Errorf("%+v\n%+v", sa, sb)
		}
		w.Restore(0, AToB)
		nap(time.Second)
		if sa := ea.Paths()[0]; !sa.WeHear || !sa.TheyHear {
			t.Errorf("%+v", sa)
		}
		ea.Close("")
		eb.Close("")
	})
}

// nap sleeps and lets everything that is due happen.
func nap(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
