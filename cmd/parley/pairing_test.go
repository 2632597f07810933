// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link"
	"example.org/parley/internal/pairing"
)

// lines makes two lines that hold each other's sheet; the first is A.
func lines(t testing.TB) (a, b *home.Line) {
	t.Helper()
	mk := func(name string) *home.Line {
		l, err := home.Home{Dir: t.TempDir()}.Init("north", home.DefaultConfig(name, 0), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	a, b = mk("aurelia"), mk("borealia")
	if err := errors.Join(a.SetTheirs(b.Ours.Note, false), b.SetTheirs(a.Ours.Note, false)); err != nil {
		t.Fatal(err)
	}
	if !a.IsPartyA() {
		a, b = b, a
	}
	a.Config.Terms.Fallback = map[string][]string{a.Ours.Party: {"+39 1"}}
	b.Config.Terms.Fallback = map[string][]string{b.Ours.Party: {"+39 2"}}
	return a, b
}

// pipe is a link in memory.
type pipe struct {
	ev   chan link.Event
	peer *pipe
	once sync.Once
}

func newPipes() (a, b *pipe) {
	a, b = &pipe{ev: make(chan link.Event, 64)}, &pipe{ev: make(chan link.Event, 64)}
	a.peer, b.peer = b, a
	x := []byte(fmt.Sprint(time.Now().UnixNano()))
	for _, p := range []*pipe{a, b} {
		p.ev <- link.Event{Kind: link.SessionUp, Greeting: []byte(pairingGreeting), Exporter: func(string, []byte, int) ([]byte, error) { return x, nil }}
		p.ev <- link.Event{Kind: link.StreamUp, ID: 7}
	}
	return a, b
}

func (p *pipe) Events() <-chan link.Event { return p.ev }
func (p *pipe) SendStream(b []byte) bool {
	p.peer.ev <- link.Event{Kind: link.Stream, ID: 7, Payload: b}
	return true
}
func (p *pipe) Close(string) error {
	p.once.Do(func() { p.peer.ev <- link.Event{Kind: link.StreamDown, ID: 7} })
	return nil
}

// SPEC: CLI-042 CLI-043
func TestPairingCountsAWrongNumberAndEndsInOneGenesis(t *testing.T) {
	a, b := lines(t)
	var mu sync.Mutex
	var waiting [2]chan pairLink
	dial := func(i int) func() (pairLink, error) { // both ends dial: who comes second makes the pair
		return func() (pairLink, error) {
			mu.Lock()
			if c := waiting[i]; c != nil {
				waiting[i] = nil
				mu.Unlock()
				return <-c, nil
			}
			pa, pb := newPipes()
			mine, other := pairLink(pa), pairLink(pb)
			waiting[1-i] = make(chan pairLink, 1)
			waiting[1-i] <- other
			mu.Unlock()
			return mine, nil
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var ds [2]*pairDriver
	errs := make(chan error, 2)
	for i, l := range []*home.Line{a, b} {
		d, err := newPairing(l, dial(i), rand.Reader, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ds[i] = d
		go func() { errs <- d.Run(ctx) }()
	}
	ready := func(i int) pairing.View {
		t.Helper()
		for range 500 {
			r, err := ds[i].Do(ctx, act.Who{}, "en", act.Confirm{})
			if err != nil {
				t.Fatal(err)
			}
			if v := r.Data.(pairing.View); v.State == "ready" {
				if !strings.Contains(r.Text, v.Number) || !strings.Contains(v.Genesis, "borealia") {
					t.Fatal(r.Text)
				}
				return v
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatal("never ready")
		return pairing.View{}
	}
	va := ready(0)
	ready(1)
	var e *hint.Error
	if _, err := ds[0].Do(ctx, act.Who{}, "en", act.Ring{}); !errors.As(err, &e) {
		t.Fatal("rang on a line that is not there", err)
	}
	if _, err := ds[0].Do(ctx, act.Who{}, "en", act.Confirm{Number: va.Number}); !errors.As(err, &e) {
		t.Fatal("own number:", err)
	}
	time.Sleep(2 * settle)
	va, vb := ready(0), ready(1)
	if va.Wrong != 1 || vb.Wrong != 1 {
		t.Fatal("not counted at both ends", va.Wrong, vb.Wrong)
	}
	for i, n := range []string{vb.Number, va.Number} {
		if _, err := ds[i].Do(ctx, act.Who{}, "it", act.Confirm{Number: n}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if a.Genesis == nil || b.Genesis == nil || a.Genesis.Hash != b.Genesis.Hash || a.TagKey != b.TagKey || signedOnly(b) || !signedOnly(a) {
		t.Fatal("no common genesis")
	}
}

// Paths of one local address share its socket; each is dialled where the config says, else where their sheet does.
// SPEC: LNK-045
func TestPathsOfOneAddressShareItsSocket(t *testing.T) {
	a, _ := lines(t)
	a.Config.Paths = []home.Path{{Label: "1", Bind: "127.0.0.1:7443"}, {Label: "2", Bind: "127.0.0.1:7443", Remote: "192.0.2.7:7443"}, {Label: "3", Bind: "127.0.0.3:7443", Remote: "192.0.2.8:7443"}}
	c, err := (&service{}).linkConfig(a)
	if err != nil || len(c.Binds) != 2 || len(c.Paths) != 3 || c.Paths[1].Bind != 0 || c.Paths[2].Bind != 1 || c.Paths[0].Remote.String() != a.Theirs.Paths[0].Address || c.Paths[1].Remote.String() != "192.0.2.7:7443" {
		t.Errorf("%+v %v", c, err)
	}
	a.Config.Paths[2].Bind, a.Config.Paths[0].Bind = "tcp:127.0.0.3:443", "tcp:127.0.0.1:7443"
	if _, err := (&service{}).linkConfig(a); err == nil { // theirs is over UDP: nobody would answer there
		t.Error("a path over TCP to one over UDP")
	}
	if c, err = (&service{}).linkConfig(&home.Line{Config: home.Config{Paths: a.Config.Paths[1:]}, Keys: a.Keys, Ours: a.Ours, Theirs: a.Theirs, TheirIssues: a.TheirIssues}); err != nil || !c.Paths[1].TCP || c.Paths[0].TCP || c.Binds[1].Port() != 443 {
		t.Errorf("%+v %v", c, err)
	}
}

// What goes wrong with one message of a pairing ends that session of it.
func TestAPanicEndsOnePairingSession(t *testing.T) {
	// SPEC: NOD-044
	d := &pairDriver{log: slog.New(slog.DiscardHandler)}
	if o, err := d.event(link.Event{Kind: link.SessionUp, Greeting: []byte(pairingGreeting)}); !o.End || err != nil { // it has no exporter
		t.Errorf("%+v %v", o, err)
	}
}
