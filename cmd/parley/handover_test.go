// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	mrand "math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link/memnet"

	"example.org/parley/internal/pairing"
)

// house is one party's home in a simulated world: its node can be killed, and goes on with the files as they were.
type house struct {
	t    *testing.T
	net  *memnet.Net
	addr netip.AddrPort
	dir  string // of the life under way
	life int
	svc  *service
	stop context.CancelFunc
	done chan struct{}
}

// houses are the homes of two parties that hold each other's sheet; the first is A.
func houses(t *testing.T, n *memnet.Net) (hs [2]*house) {
	t.Helper()
	var ls [2]*home.Line
	dirs := [2]string{t.TempDir(), t.TempDir()}
	for i, name := range []string{"aurelia", "borealia"} {
		c := home.DefaultConfig(name, 0)
		c.Page.At, c.Edge, c.Paths[0].Bind = "", "", fmt.Sprintf("10.0.0.%d:7443", i+1)
		l, err := home.Home{Dir: filepath.Join(dirs[i], "0")}.Init("north", c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		ls[i] = l
	}
	if err := errors.Join(ls[0].SetTheirs(ls[1].Ours.Note, false), ls[1].SetTheirs(ls[0].Ours.Note, false)); err != nil {
		t.Fatal(err)
	}
	for i, l := range ls {
		h := &house{t: t, net: n, addr: netip.MustParseAddrPort(l.Config.Paths[0].Bind), dir: dirs[i]}
		if l.IsPartyA() {
			hs[0] = h
		} else {
			hs[1] = h
		}
	}
	return hs
}

func (h *house) home() home.Home { return home.Home{Dir: filepath.Join(h.dir, fmt.Sprint(h.life))} }

func (h *house) start() {
	h.t.Helper()
	began := time.Now()
	h.svc = &service{home: h.home(), names: []string{"north"}, log: slog.New(slog.DiscardHandler), lines: map[string]control.Doer{}, down: map[string]error{}, listen: h.net.Listen,
		boot: func() time.Duration { return time.Since(began) }}
	var err error
	if h.svc.ctl, err = control.Listen(h.svc.home, h.svc.find, h.svc.log); err != nil {
		h.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(h.t.Context())
	h.stop, h.done = stop, make(chan struct{})
	go func() {
		defer close(h.done)
		if err := h.svc.line(ctx, "north"); err != nil && ctx.Err() == nil {
			h.t.Errorf("the line ended: %v", err)
		}
	}()
}

// end ends the node in an orderly way.
func (h *house) end() {
	h.stop()
	<-h.done
}

// kill ends it as kill -9 does: the next life has the files as they are at this instant, and the other end hears no more.
func (h *house) kill() {
	synctest.Wait()
	was := h.home().Dir
	h.life++
	lines := filepath.Join(h.home().Dir, "lines")
	if err := os.CopyFS(lines, os.DirFS(filepath.Join(was, "lines"))); err != nil {
		h.t.Fatal(err)
	}
	files, _ := filepath.Glob(lines + "/north/*")
	for _, f := range files { // CopyFS lets others read, and keys that others may read are refused
		if err := os.Chmod(f, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	h.net.Unplug(h.addr)
	h.end()
}

// confirm asks the pairing, and gives its view.
func (h *house) confirm(number string) (v pairing.View, err error) {
	_, l, err := h.svc.find("north")
	if err != nil {
		return v, err
	}
	r, err := l.Do(h.t.Context(), act.Who{}, "en", act.Confirm{Number: number})
	if err == nil {
		v, _ = r.Data.(pairing.View)
	}
	return v, err
}

// within waits in simulated time.
func within(t *testing.T, d time.Duration, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(d); !cond(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}

// up reports whether the line is in service here and heard both ways.
func (h *house) up() bool {
	_, l, _ := h.svc.find("north")
	f, ok := l.(*face)
	if !ok {
		return false
	}
	v := f.Line.View("en", "")
	for _, p := range v.Liveness.Paths {
		if p.WeHear && p.TheyHear {
			if len(f.Refused()["line"]) == 0 { // SPEC: NOD-040
				h.t.Error("the packets that the line's ports refuse are told nowhere")
			}
			return true
		}
	}
	return false
}

// ready waits until both ends have a number to read out.
func ready(t *testing.T, hs [2]*house) (numbers [2]string) {
	t.Helper()
	within(t, time.Minute, "both ends show a number", func() bool {
		for i, h := range hs {
			v, err := h.confirm("")
			if err != nil || v.State != "ready" {
				return false
			}
			numbers[i] = v.Number
		}
		return true
	})
	return numbers
}

// cut loses all packets from one end, or (-1) all, for a time.
func cut(n *memnet.Net, from netip.AddrPort, d time.Duration) {
	n.Set(func(n *memnet.Net) {
		n.Filter = func(f, _ netip.AddrPort, _ []byte) bool { return from.IsValid() && f != from }
	})
	time.AfterFunc(d, func() { n.Set(func(n *memnet.Net) { n.Filter = nil }) })
}

var troubles = map[string]func(n *memnet.Net, hs [2]*house){
	"packets from A are lost for 0.3 s": func(n *memnet.Net, hs [2]*house) { cut(n, hs[0].addr, 300*time.Millisecond) },
	"packets from B are lost for 0.3 s": func(n *memnet.Net, hs [2]*house) { cut(n, hs[1].addr, 300*time.Millisecond) },
	"all packets are lost for 20 s":     func(n *memnet.Net, hs [2]*house) { cut(n, netip.AddrPort{}, 20*time.Second) },
	"A is killed":                       func(n *memnet.Net, hs [2]*house) { hs[0].kill(); hs[0].start() },
	"B is killed":                       func(n *memnet.Net, hs [2]*house) { hs[1].kill(); hs[1].start() },
}

// pairings are pairings with one of these troubles each, at a random instant from the first number typed on.
func pairings(t *testing.T, rounds int) {
	names := slices.Sorted(maps.Keys(troubles))
	for n := range rounds {
		name, last, at := names[n%len(names)], mrand.IntN(2), mrand.N(2*time.Second)
		synctest.Test(t, func(t *testing.T) { pairThrough(t, last, at-time.Second, troubles[name]) })
		if t.Failed() {
			t.Fatalf("round %d: %s, %c types last, %v after the first number", n, name, 'A'+last, at)
		}
		if n%20 == 19 || n == rounds-1 {
			t.Logf("%d pairings, each with a cut or a kill: every line is up", n+1)
		}
	}
}

// SPEC: CLI-043 CLI-044
func TestPairingSurvivesCutsAndKillsAtRandom(t *testing.T) {
	pairings(t, 10) // two hundred in a soak
}

func TestSoakPairing(t *testing.T) {
	if os.Getenv("PARLEY_SOAK") == "" {
		t.Skip("make soak")
	}
	pairings(t, 200)
}

// Whatever is cut or killed, and at whatever instant after the last number: the line comes into service at both ends.
// SPEC: CLI-043 CLI-044
func TestPairingSurvivesACutAndAKillAtEveryInstant(t *testing.T) {
	instants := []time.Duration{0, 500, 1500, 2500, 20_000, 200_000, 510_000, 1_000_000}
	for name, trouble := range troubles {
		for last := range 2 {
			t.Run(fmt.Sprintf("%s, %c types last", name, 'A'+last), func(t *testing.T) {
				for _, at := range instants {
					synctest.Test(t, func(t *testing.T) { pairThrough(t, last, at*time.Microsecond, trouble) })
				}
			})
		}
	}
}

func pairThrough(t *testing.T, last int, at time.Duration, trouble func(*memnet.Net, [2]*house)) {
	n := memnet.New()
	hs := houses(t, n)
	for _, h := range hs {
		h.start()
		defer func() { h.end() }()
	}
	numbers := ready(t, hs)
	if _, err := hs[1-last].confirm(numbers[last]); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second + min(at, 0))
	if at < 0 {
		trouble(n, hs)
		time.Sleep(-at)
	}
	if _, err := hs[last].confirm(numbers[1-last]); err != nil && at >= 0 { // else the session may be gone, and new numbers are read
		t.Fatal(err)
	}
	if at >= 0 {
		time.Sleep(at)
		trouble(n, hs)
	}
	again := false
	within(t, 2*time.Minute, fmt.Sprintf("the line is up at both ends after a trouble %v after the last number", at), func() bool {
		if !again && toldAnew(hs) { // nothing was signed by both: the officers read new numbers to each other
			again = true
			numbers := ready(t, hs)
			for i, h := range hs {
				if _, err := h.confirm(numbers[1-i]); err != nil {
					t.Fatal(err)
				}
			}
		}
		return hs[0].up() && hs[1].up()
	})
	a, errA := hs[0].home().Load("north")
	b, errB := hs[1].home().Load("north")
	if errA != nil || errB != nil || a.Genesis.Hash != b.Genesis.Hash || signedOnly(a) || signedOnly(b) {
		t.Fatalf("at %v: not one genesis, or not over: %v %v", at, errA, errB)
	}
}

// toldAnew reports whether both ends show new numbers: the session ended before B had signed.
func toldAnew(hs [2]*house) bool {
	for _, h := range hs {
		if v, err := h.confirm(""); err != nil || v.State != "ready" {
			return false
		}
	}
	return true
}

// A kill between two writes of the genesis: what is there is less than a genesis, or all of it.
// SPEC: CLI-043 CLI-044
func TestPairingSurvivesAKillBetweenTwoWrites(t *testing.T) {
	files := []string{pairingState, "terms", "tag.key", "genesis"} // in the order in which they are written
	for who := range 2 {
		for kept := range len(files) + 1 {
			synctest.Test(t, func(t *testing.T) {
				n := memnet.New()
				hs := houses(t, n)
				for _, h := range hs {
					h.start()
				}
				numbers := ready(t, hs)
				_, errA := hs[0].confirm(numbers[1])
				time.Sleep(time.Second)
				_, errB := hs[1].confirm(numbers[0])
				if errA != nil || errB != nil {
					t.Fatal(errA, errB)
				}
				time.Sleep(500 * time.Microsecond) // B has signed, done is under way
				if who == 0 {
					time.Sleep(time.Millisecond)
				}
				for _, h := range hs {
					h.kill()
				}
				for _, f := range files[kept:] {
					if err := os.Remove(filepath.Join(hs[who].home().Dir, "lines", "north", f)); err != nil {
						t.Fatal(err)
					}
				}
				for _, h := range hs {
					h.start()
					defer func() { h.end() }()
				}
				if who == 1 && kept < len(files) { // B had not signed
					numbers := ready(t, hs)
					for i, h := range hs {
						if _, err := h.confirm(numbers[1-i]); err != nil {
							t.Fatal(err)
						}
					}
				}
				within(t, 2*time.Minute, fmt.Sprintf("the line is up, %d of %d files written by %c", kept, len(files), 'A'+who), func() bool { return hs[0].up() && hs[1].up() })
			})
		}
	}
}
