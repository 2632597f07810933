// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/internal/link"
	"example.org/parley/internal/link/memnet"
	"example.org/parley/wire"
)

// simulated runs f with two real links on a network in memory, on simulated time.
func simulated(t *testing.T, paths int, f func(n *memnet.Net, a, b *node)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		ca, cb := memConfigs(n, paths)
		a, b := start(t, "aurelia", ca), start(t, "borealia", cb)
		nap(2 * time.Second)
		for _, x := range []*node{a, b} {
			for i, p := range x.Paths() {
				if !p.WeHear || !p.TheyHear || !p.Connected {
					t.Fatalf("%s: path %d did not come up: %+v", x.name, i, p)
				}
			}
		}
		f(n, a, b)
		a.Close("test over")
		b.Close("test over")
		nap(time.Second)
	})
}

func nap(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func nothing(from, to netip.AddrPort, b []byte) bool { return false }

// An idle path costs at most 8 kbit/s each way on the wire, QUIC and all.
// SPEC: LNK-010
func TestIdleBits(t *testing.T) {
	simulated(t, 1, func(n *memnet.Net, a, b *node) {
		n.Set(func(n *memnet.Net) { clear(n.Bytes) })
		nap(10 * time.Minute)
		n.Set(func(n *memnet.Net) {
			for from, bytes := range n.Bytes {
				if bits := bytes * 8 / 600; bits > 8000 {
					t.Errorf("%v sends %d bit/s", from, bits)
				} else {
					t.Logf("%v sends %d bit/s", from, bits)
				}
			}
		})
		if p := a.Paths()[0]; p.BitsOut > 8000 || p.BitsOut < 5000 || p.RTTms < 1 || p.RTTms > 3 || p.LossPct > 1 {
			t.Errorf("%+v", p)
		}
	})
}

// A minute without anything; then the first packets bring the path and what was repeated back, though no
// handshake has ended yet.
// SPEC: LNK-014 LNK-016
func TestSilentMinute(t *testing.T) {
	simulated(t, 2, func(n *memnet.Net, a, b *node) {
		n.Set(func(n *memnet.Net) { n.Filter = nothing })
		nap(1900 * time.Millisecond)
		if !a.Paths()[0].WeHear {
			t.Error("down before 2 s")
		}
		nap(300 * time.Millisecond)
		if p := a.Paths()[0]; p.WeHear || p.TheyHear {
			t.Errorf("still up after 2.2 s: %+v", p)
		}
		a.Repeat("flash", wire.LaneUrgent, [][]byte{[]byte("FLASH")})
		nap(time.Minute)
		if c := count(b, link.Lane, nil); c != 0 {
			t.Fatalf("%d packets through a cut line", c)
		}
		n.Set(func(n *memnet.Net) {
			n.Filter = func(_, _ netip.AddrPort, b []byte) bool { return wire.IsLane(b[0]) }
		})
		nap(110 * time.Millisecond) // the next probe, and one way
		if c := count(b, link.Lane, nil); c < 2 {
			t.Errorf("%d packets 110 ms after the cut, want one a path", c)
		}
		a.Done("flash")
		n.Set(func(n *memnet.Net) { n.Filter = nil })
		nap(4 * time.Second)
		if !a.SendStream([]byte("bulk")) {
			t.Error("no stream after the return")
		}
		nap(time.Second)
		if count(b, link.Stream, nil) != 1 {
			t.Error("the stream carried nothing")
		}
		for i := range 2 {
			if c := a.Conns(i); len(c) != 1 {
				t.Errorf("path %d has %d connections", i, len(c))
			}
		}
	})
}

// What is new does not wait behind what is repeated already, however much that is: what was said least often goes first,
// and of that the newest.
// SPEC: LNK-016
func TestNewRepeatPassesOldOnes(t *testing.T) {
	simulated(t, 1, func(n *memnet.Net, a, b *node) {
		for i := range 200 {
			a.Repeat(fmt.Sprint("old", i), wire.LaneUrgent, [][]byte{bytes.Repeat([]byte{byte(i)}, 1000)})
		}
		for range 3 {
			nap(400 * time.Millisecond)
			a.Repeat("flash", wire.LaneUrgent, [][]byte{[]byte("FLASH")})
			nap(100 * time.Millisecond)
			if count(b, link.Lane, func(ev link.Event) bool { return string(ev.Payload) == "FLASH" }) == 0 {
				t.Fatal("a new FLASH waits behind what is repeated")
			}
			a.Done("flash")
		}
		nap(8 * time.Second)
		for i := range 200 {
			if count(b, link.Lane, func(ev link.Event) bool { return len(ev.Payload) == 1000 && ev.Payload[0] == byte(i) }) == 0 {
				t.Errorf("%d never came", i)
			}
		}
	})
}

// Nothing of QUIC's for ten minutes: the lane does not care.
// SPEC: LNK-007
func TestLaneOutlivesConnection(t *testing.T) {
	simulated(t, 1, func(n *memnet.Net, a, b *node) {
		n.Set(func(n *memnet.Net) {
			n.Filter = func(_, _ netip.AddrPort, b []byte) bool { return wire.IsLane(b[0]) }
		})
		a.KillConns(0)
		nap(time.Second)
		b.KillConns(0)
		nap(10 * time.Minute)
		if count(a, link.SessionDown, nil) != 1 || len(a.Conns(0)) != 0 || !a.Paths()[0].Session {
			t.Fatalf("the connection lives: %v", a.Conns(0))
		}
		for _, x := range []*node{a, b} {
			if p := x.Paths()[0]; !p.WeHear || !p.TheyHear || p.Connected {
				t.Errorf("%s: %+v", x.name, p)
			}
		}
		b.Signal(wire.LaneSignal, []byte("ring"))
		nap(100 * time.Millisecond)
		if count(a, link.Lane, nil) != 1 {
			t.Error("no signal")
		}
		n.Set(func(n *memnet.Net) { n.Filter = nil })
		nap(6 * time.Second)
		if count(a, link.SessionUp, nil) != 2 || count(b, link.StreamUp, nil) != 2 {
			t.Error("no new connection")
		}
		nap(link.KeepOld + time.Second)
		if s := a.Sessions(0); s != 1 {
			t.Errorf("%d sessions, want the old one wiped", s)
		}
	})
}

// An hour's key is replaced without a packet lost.
// SPEC: LNK-006
func TestRekey(t *testing.T) {
	simulated(t, 1, func(n *memnet.Net, a, b *node) {
		nap(time.Hour + time.Minute)
		if c := count(a, link.SessionUp, nil); c != 2 {
			t.Errorf("%d sessions told, want 2", c)
		}
		if count(a, link.PathChange, func(e link.Event) bool { return !e.WeHear }) != 0 {
			t.Error("the path went down for a rekeying")
		}
		if c := a.Conns(0); len(c) != 1 || a.Sessions(0) != 1 {
			t.Errorf("%d connections, %d sessions", len(c), a.Sessions(0))
		}
	})
}

// One way of a path dies: both ends know which.
// SPEC: LNK-013 LNK-040
func TestOneWay(t *testing.T) {
	simulated(t, 2, func(n *memnet.Net, a, b *node) {
		n.Set(func(n *memnet.Net) {
			n.Filter = func(from, _ netip.AddrPort, _ []byte) bool { return from.String() != memA+"0" }
		})
		nap(3 * time.Second)
		pa, pb := a.Paths()[0], b.Paths()[0]
		if !pa.WeHear || pa.TheyHear {
			t.Errorf("A: %+v", pa)
		}
		if pb.WeHear || !pb.TheyHear {
			t.Errorf("B: %+v", pb)
		}
		if count(a, link.StreamDown, nil) != 1 || count(a, link.StreamUp, nil) != 2 {
			t.Error("the stream did not move")
		}
		nap(7 * time.Second) // who is not heard dials again, and the other end sees that it comes from there
		now, ka, kb := time.Now(), a.Paths()[0].Knocked, b.Paths()[0].Knocked
		if now.Sub(ka) > 4*time.Second || now.Sub(kb) < 9*time.Second {
			t.Errorf("greetings came to A %v and to B %v ago", now.Sub(ka), now.Sub(kb))
		}
		n.Set(func(n *memnet.Net) { n.Filter = nil })
		nap(time.Second)
		if p := a.Paths()[0]; !p.TheyHear {
			t.Errorf("A: %+v", p)
		}
	})
}

// What was caught on the wire and is played again does nothing; nor does it from elsewhere.
// SPEC: LNK-003 LNK-004
func TestOldPacketsPlayedAgainDoNothing(t *testing.T) {
	simulated(t, 1, func(n *memnet.Net, a, b *node) {
		var caught [][]byte
		n.Set(func(n *memnet.Net) {
			n.Filter = func(from, _ netip.AddrPort, b []byte) bool {
				if from.String() == memA+"0" {
					caught = append(caught, append([]byte(nil), b...))
				}
				return true
			}
		})
		a.KillConns(0) // handshakes as well
		a.Signal(wire.LaneSignal, []byte("ring"))
		nap(5 * time.Second)
		lanes, ups := count(b, link.Lane, nil), count(b, link.SessionUp, nil)
		n.Set(func(n *memnet.Net) { n.Filter, n.Bytes = nil, map[netip.AddrPort]int{} })
		nap(10 * time.Millisecond) // else the copy of a packet under way is the newer one, from a new address
		before := b.Sessions(0)
		evil, err := n.Listen(netip.MustParseAddrPort("10.9.9.9:1"))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range caught {
			evil.WriteMsgUDPAddrPort(p, nil, netip.MustParseAddrPort(memB+"0"))
		}
		nap(time.Second)
		evil.Close()
		if n, _, err := evil.ReadFromUDPAddrPort(make([]byte, 2000)); err == nil {
			t.Errorf("an answer of %d bytes to a player of old packets", n)
		}
		if count(b, link.Lane, nil) != lanes || count(b, link.SessionUp, nil) != ups || b.Sessions(0) != before {
			t.Error("old packets did something")
		}
		if lanes != 1 || len(caught) < 50 {
			t.Errorf("%d signals, %d packets caught", lanes, len(caught))
		}
	})
}

// A NAT gives A another address: B goes on there after a challenge, without a gap of 2 s, and makes a new connection.
// SPEC: LNK-008
func TestNewAddress(t *testing.T) {
	simulated(t, 1, func(n *memnet.Net, a, b *node) {
		out := netip.MustParseAddrPort("10.7.7.7:9")
		n.Set(func(n *memnet.Net) { n.NAT[netip.MustParseAddrPort(memA+"0")] = out })
		nap(5 * time.Second)
		if p := b.Paths()[0]; p.Remote != out || !p.WeHear || !p.TheyHear {
			t.Errorf("%+v", p)
		}
		down := func(e link.Event) bool { return !e.WeHear || !e.TheyHear }
		if count(a, link.PathChange, down) != 0 || count(b, link.PathChange, down) != 0 {
			t.Error("the path went down")
		}
		nap(20 * time.Second)
		if !b.SendStream([]byte("x")) {
			t.Fatal("no stream")
		}
		nap(2 * time.Second)
		if count(a, link.Stream, nil) != 1 {
			t.Error("nothing came")
		}
	})
}

// The peer comes back as another run.
// SPEC: LNK-012
func TestPeerRestarts(t *testing.T) {
	simulated(t, 1, func(n *memnet.Net, a, b *node) {
		n.Set(func(n *memnet.Net) { n.Filter = nothing }) // killed: it says nothing more
		b.Close("")
		nap(5 * time.Second)
		if a.Paths()[0].WeHear {
			t.Error("a dead peer is heard")
		}
		_, cb := memConfigs(n, 1)
		cb.Run = "b2yyyy"
		n.Set(func(n *memnet.Net) { n.Filter = nil })
		b2 := start(t, "borealia", cb)
		nap(4 * time.Second)
		run, clock, ok := a.Heard()
		if run != "b2yyyy" || !ok || clock.Before(time.Now().Add(-2*time.Second)) {
			t.Error(run, clock, ok)
		}
		if p := b2.Paths()[0]; !p.WeHear || !p.TheyHear || !b2.SendStream([]byte("again")) {
			t.Errorf("%+v", p)
		}
		b2.Regreet("b3zzzz")
		nap(time.Second)
		if run, _, _ := a.Heard(); run != "b3zzzz" || count(a, link.Greeted, nil) != 1 {
			t.Error("not greeted again", run)
		}
		b2.Close("maintenance until noon")
		nap(100 * time.Millisecond)
		if p := a.Paths()[0]; p.WeHear || p.Goodbye != "maintenance until noon" {
			t.Errorf("%+v", p)
		}
		if count(a, link.SessionDown, func(e link.Event) bool { return e.Bye && e.Reason == "maintenance until noon" }) != 1 {
			t.Error("no goodbye told")
		}
	})
}

// A hostile peer floods: the node sees no more than the caps let through, and the line lives.
// SPEC: LNK-009
func TestAFloodPassesNoMoreThanTheCaps(t *testing.T) {
	simulated(t, 1, func(n *memnet.Net, a, b *node) {
		a.Flood(0, 3000)
		nap(100 * time.Millisecond)
		if c := count(b, link.Lane, nil); c > 450 || c < 300 {
			t.Errorf("%d of 3000 packets passed, want about 400", c)
		}
		nap(5 * time.Second)
		if p := b.Paths()[0]; !p.WeHear {
			t.Errorf("%+v", p)
		}
	})
}

// Bytes of an authentic peer that mean nothing do nothing.
// SPEC: LNK-001
func TestOddBodies(t *testing.T) {
	simulated(t, 1, func(n *memnet.Net, a, b *node) {
		for kind := range 256 {
			for _, tail := range []string{"", "x", strings.Repeat("y", 23), strings.Repeat("z", 700)} {
				if byte(kind) != wire.LaneBye {
					a.SendRaw(0, append([]byte{byte(kind)}, tail...))
				}
			}
			nap(50 * time.Millisecond)
		}
		nap(time.Second)
		if p := b.Paths()[0]; !p.WeHear || !p.TheyHear {
			t.Errorf("%+v", p)
		}
	})
}

// The ages that a node tells grow while it says nothing more.
// SPEC: LNK-010
func TestToldAgesGrowWhileNothingIsTold(t *testing.T) {
	simulated(t, 1, func(n *memnet.Net, a, b *node) {
		a.SetAges(0, 3*time.Second)
		nap(4 * time.Second)
		p := b.Paths()[0]
		if p.PeerTickAge < 3800*time.Millisecond || p.PeerTickAge > 4200*time.Millisecond || p.PeerCommitAge < 6800*time.Millisecond {
			t.Errorf("%+v", p)
		}
	})
}

// The largest datagram of the path is 1,200 bytes: it comes up, and comes up again after a restart, and carries all.
// SPEC: LNK-022
func TestRestartWhereTheLargestDatagramIs1200(t *testing.T) {
	simulated(t, 1, func(n *memnet.Net, a, b *node) {
		largest := 0
		n.Set(func(n *memnet.Net) {
			n.Filter = func(_, _ netip.AddrPort, b []byte) bool { largest = max(largest, len(b)); return len(b) <= 1200 }
		})
		b.Close("restart")
		_, cb := memConfigs(n, 1)
		cb.Run = "b2yyyy"
		b2 := start(t, "borealia", cb)
		nap(4 * time.Second)
		if p := b2.Paths()[0]; !p.WeHear || !p.TheyHear || !p.Connected || !b2.SendStream(make([]byte, link.MaxMessage)) {
			t.Errorf("%+v", p)
		}
		nap(2 * time.Second)
		if count(a, link.Stream, nil) != 1 {
			t.Error("the stream carried nothing")
		}
		if largest > 1200 {
			t.Errorf("a datagram of %d bytes was sent", largest)
		}
		b2.Close("test over")
	})
}

// A node in service answers one that pairs still, by its greeting and nothing else, until the first session of the line.
// SPEC: LNK-024
func TestAnswersPairingUntilTheFirstSessionOfTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		ca, cb := memConfigs(n, 1)
		paired := 0
		pairing := [32]byte{7}
		ca.PairingTag, ca.Paired = &pairing, func() { paired++ }
		a := start(t, "aurelia", ca)
		pb := cb
		pb.Tag, pb.Pairing = pairing, true
		b := start(t, "borealia", pb)
		nap(4 * time.Second)
		greeted := func(e link.Event) bool { return string(e.Greeting) == "hello from aurelia" }
		if count(b, link.SessionUp, greeted) == 0 || count(a, link.SessionUp, nil) != 0 || a.Paths()[0].WeHear || paired != 0 {
			t.Errorf("%d greetings, %d sessions at the other end, paired %d", count(b, link.SessionUp, greeted), count(a, link.SessionUp, nil), paired)
		}
		b.Close("pairing")
		b = start(t, "borealia", cb)
		nap(4 * time.Second)
		if count(a, link.SessionUp, nil) != 1 || count(b, link.SessionUp, nil) != 1 || paired != 1 {
			t.Errorf("%d sessions of the line, paired %d", count(a, link.SessionUp, nil), paired)
		}
		b.Close("again")
		b = start(t, "borealia", pb)
		nap(20 * time.Second)
		if count(b, link.SessionUp, nil) != 0 || paired != 1 {
			t.Error("the pairing is answered on a line that has had its first session")
		}
		a.Close("")
		b.Close("")
		nap(time.Second)
	})
}

// A path on which small packets pass and those of full size do not is called narrow at both ends, each by its own direction; bulk
// moves to one that is not. Nothing of it is said of a path that is whole, and it ends when the packets pass again.
// SPEC: LNK-046
func TestNarrowPath(t *testing.T) {
	simulated(t, 2, func(n *memnet.Net, a, b *node) {
		nap(time.Minute)
		for _, x := range []*node{a, b} {
			for i, p := range x.Paths() {
				if p.NarrowIn || p.NarrowOut || p.They == nil {
					t.Fatalf("%s: path %d: %+v", x.name, i, p)
				}
			}
		}
		up := count(a, link.StreamUp, nil)
		old := wait(a, link.StreamUp, nil).Path
		from := netip.MustParseAddrPort(fmt.Sprint(memA, old))
		n.Set(func(n *memnet.Net) {
			n.Filter = func(f, _ netip.AddrPort, b []byte) bool { return f != from || len(b) < 1100 }
		})
		nap(30 * time.Second)
		pa, pb := a.Paths()[old], b.Paths()[old]
		if !pa.NarrowOut || pa.NarrowIn || !pb.NarrowIn || pb.NarrowOut || !pa.WeHear || !pa.TheyHear {
			t.Errorf("%+v\n%+v", pa, pb)
		}
		if p := a.Paths()[1-old]; p.NarrowIn || p.NarrowOut {
			t.Errorf("%+v", p)
		}
		if count(a, link.StreamUp, nil) != up+1 || wait(a, link.StreamUp, nil).Path == old {
			t.Error("bulk stays where it does not pass")
		}
		a.SendStream(make([]byte, 200<<10))
		nap(5 * time.Second)
		if count(b, link.Stream, nil) != 1 {
			t.Error("bulk does not pass")
		}
		n.Set(func(n *memnet.Net) { n.Filter = nil })
		nap(15 * time.Second)
		if p, q := a.Paths()[old], b.Paths()[old]; p.NarrowOut || q.NarrowIn {
			t.Errorf("%+v\n%+v", p, q)
		}
	})
}

// Of a path that is dead at this end the other end's word comes by the others: whether it hears us there, whether our greetings
// come, whether it can listen at all, and under which address it finds us.
// SPEC: LNK-047
func TestTheOtherEndTellsWhatItSees(t *testing.T) {
	simulated(t, 2, func(n *memnet.Net, a, b *node) {
		nap(20 * time.Second)
		if s := a.Paths()[0].They; s == nil || !s.Hears || s.Deaf || s.From.String() != memA+"0" {
			t.Fatalf("%+v", s)
		}
		deaf := netip.MustParseAddrPort(memA + "0")
		n.Set(func(n *memnet.Net) { n.Filter = func(_, to netip.AddrPort, _ []byte) bool { return to != deaf } })
		nap(20 * time.Second)
		if p := a.Paths()[0]; p.WeHear || p.They == nil || !p.They.Hears && p.They.Knocked > 10*time.Second || time.Since(p.They.At) > 5*time.Second {
			t.Errorf("%+v %+v", p, p.They)
		}
		if p := b.Paths()[0]; p.They == nil || p.They.Hears || p.They.Heard < 15*time.Second {
			t.Errorf("%+v %+v", p, p.They)
		}
	})
}
