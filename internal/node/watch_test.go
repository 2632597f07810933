// SPDX-License-Identifier: Apache-2.0

package node

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/internal/link"
	"example.org/parley/internal/store"
	"example.org/parley/wire"
)

// wires is a session that nobody answers, as a test watches it.
type wires struct {
	noLink
	events chan link.Event
}

func newWires() *wires {
	return &wires{noLink: noLink{{Label: "1", WeHear: true, TheyHear: true}}, events: make(chan link.Event, 64)}
}

func (w *wires) Events() <-chan link.Event { return w.events }
func (w *wires) Close(string) error        { close(w.events); return nil }

// machine is what stands under a node under test.
type machine struct {
	step   atomic.Int64 // of the wall clock
	refuse atomic.Bool  // no sessions can be opened
	opened atomic.Int32
	now    *wires
	them   ed25519.PrivateKey
}

// begin opens a node of aurelia, in a bubble.
func (m *machine) begin(t *testing.T) *Line {
	t.Helper()
	_, us, _ := ed25519.GenerateKey(nil)
	them, key, _ := ed25519.GenerateKey(nil)
	m.them = key
	began := time.Now()
	l := Open(Config{
		Name: "north", DB: filepath.Join(t.TempDir(), "record.db"), First: true, Key: us, Genesis: wire.Leaf([]byte("genesis")),
		Us:   Party{Name: "aurelia", Letter: "A", SignKey: us.Public().(ed25519.PublicKey)},
		Them: Party{Name: "borealia", Letter: "B", SignKey: them},
		Now:  func() time.Time { return time.Now().Add(time.Duration(m.step.Load())) },
		Boot: func() time.Duration { return time.Since(began) },
		Rand: rand.Reader, Log: slog.New(slog.DiscardHandler), Store: store.Options{Reserve: -1},
		Link: func(string, func() []byte, func(uint16, uint32, []byte)) (Link, error) {
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
		l.calls.live.Store(&speaker{desk: "watch"})
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
		if a.Code == code {
			n++
		}
	}
	return n
}
